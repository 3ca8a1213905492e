/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_measure.c: a recording in stripes of units and blocks of rows, shared out to the workers by narrow strips of units.
 *
 * Where a stripe's rows fit into memory, a worker does everything about a unit while its column is near; otherwise the counts of all units
 * of the stripe wait until the last block, and the blocks are read once more for the draws.
 */
#include "probes/units.h"

#include "base/error.h"
#include "base/mem.h"
#include "probes/unit_draw.h"
#include "probes/unit_kernel.h"
#include "probes/unit_similarity.h"

#include <math.h>
#include <string.h>

#define STRIPE 256              /* units read together: a tile of the store is as wide */
#define STRIP 32                /* units of a stripe that a worker takes at once: a cache line of 16-bit values */
#define MOST_ROWS G_MAXUINT32   /* that counts of 32 bits can count */
#define MOST_BLOCK (1 << 20)    /* rows of a block where not all fit */

typedef enum { WHOLE, ADD, FINISH, DRAW } Phase;

/* The first number that is not finite, in the order of example, position, unit. */
typedef struct { gboolean found, no_memory; gint64 example, unit; gint32 position; } Fault;

typedef struct {
  AssayUnits *units;
  AssayReader *reader;
  char *path;
  AssayStoreType as;            /* the type that blocks are read as */
  gboolean counted;
  gint64 R;
  gint64 *example;              /* (R) */
  gint32 *position;             /* (R) */
  guint64 *priority;            /* (R) */
  guint32 *order;               /* (R) each block's rows by priority, counted from its first */

  gint64 width, block;          /* units of a stripe, rows of a block */
  gint64 first_unit, n_units;   /* of the stripe under way */
  AssayUnitBlock rows;          /* of the block under way */
  gint64 first_row;
  Phase phase;
  char *buffer;                 /* (block, width) */
  char **strips;                /* of each worker: (STRIP, block) keys or values */
  AssayUnitTally **tallies;     /* of each worker, or of each unit of the stripe */
  guint n_workers, n_tallies;
  guint64 *drawn;               /* (width, n_bands, band_rows) priorities of what is drawn */
  GMutex mutex;
  Fault fault;
} Walk;

/* --- what is read once ----------------------------------------------------------------------------------------------- */

static gboolean
read_index (Walk *w, GError **error)
{
  w->example = assay_mem_new (gint64, w->R, error);
  w->position = w->example ? assay_mem_new (gint32, w->R, error) : NULL;
  w->priority = w->position ? assay_mem_new (guint64, w->R, error) : NULL;
  w->order = w->priority ? assay_mem_new (guint32, w->R, error) : NULL;
  return w->order != NULL && assay_reader_read (w->reader, "/index/example", ASSAY_STORE_I64, w->example, error)
         && assay_reader_read (w->reader, "/index/position", ASSAY_STORE_I32, w->position, error);
}

static void
draw_priorities (Walk *w)
{
  for (gint64 i = 0; i < w->R; i++)
    w->priority[i] = assay_unit_draw_priority (w->units->draw_seed, w->example[i], w->position[i]);
  for (gint64 first = 0; first < w->R; first += w->block)
    assay_unit_draw_sort (w->priority + first, MIN (w->block, w->R - first), w->order + first);
}

static gboolean
is_ascending (const gint64 *example, const gint32 *position, gint64 n)
{
  for (gint64 i = 1; i < n; i++)
    if (example[i] < example[i - 1] || (example[i] == example[i - 1] && position[i] <= position[i - 1]))
      return FALSE;
  return TRUE;
}

/* As wide and as high as memory allows; kept values need all rows of a unit at once. */
static void
choose_sizes (Walk *w, gsize memory)
{
  gsize width = assay_store_type_width (w->as);

  if (w->counted)
    {
      w->width = MIN (STRIPE, w->units->C);
      w->block = CLAMP ((gint64) (memory / (STRIPE * width)), 1, MAX (w->R, 1));
      if (w->block < w->R)
        w->block = MIN (w->block, MOST_BLOCK);
    }
  else
    {
      w->block = MAX (w->R, 1);
      w->width = CLAMP ((gint64) (memory / ((gsize) w->block * width)), 1, MIN (STRIPE, w->units->C));
    }
}

static gboolean
allocate (Walk *w, GError **error)
{
  gsize draws = (gsize) MAX (1, w->units->n_bands * w->units->band_rows);

  w->n_tallies = w->block < w->R ? (guint) w->width : w->n_workers;
  w->tallies = g_new0 (AssayUnitTally *, w->n_tallies);
  w->strips = g_new0 (char *, w->n_workers);
  w->buffer = assay_mem_alloc_array ((guint64) w->block * (guint64) w->width, assay_store_type_width (w->as), error);
  w->drawn = w->buffer ? assay_mem_new (guint64, (gsize) w->width * draws, error) : NULL;
  if (w->drawn == NULL)
    return FALSE;
  for (guint k = 0; k < w->n_workers; k++)
    if ((w->strips[k] = assay_mem_alloc_array ((guint64) w->block * STRIP, w->counted ? sizeof (gint16) : sizeof (double), error)) == NULL)
      return FALSE;
  for (guint k = 0; k < w->n_tallies; k++)
    if ((w->tallies[k] = assay_unit_tally_new (w->units->type, w->units->n_best, error)) == NULL)
      return FALSE;
  return TRUE;
}

static void
walk_clear (Walk *w)
{
  for (guint k = 0; k < w->n_tallies; k++)
    assay_unit_tally_free (w->tallies[k]);
  for (guint k = 0; w->strips != NULL && k < w->n_workers; k++)
    assay_mem_free (w->strips[k]);
  g_free (w->tallies);
  g_free (w->strips);
  g_free (w->path);
  assay_mem_free (w->buffer);
  assay_mem_free (w->drawn);
  assay_mem_free (w->example);
  assay_mem_free (w->position);
  assay_mem_free (w->priority);
  assay_mem_free (w->order);
  g_mutex_clear (&w->mutex);
}

/* --- one unit -------------------------------------------------------------------------------------------------------- */

static gboolean
comes_before (const Fault *fault, gint64 example, gint32 position, gint64 unit)
{
  if (fault->example != example)
    return fault->example < example;
  return fault->position != position ? fault->position < position : fault->unit < unit;
}

static void
note_fault (Walk *w, gint64 row, gint64 unit)
{
  g_mutex_lock (&w->mutex);
  if (row == -2)
    w->fault.no_memory = TRUE;
  else if (!w->fault.found || !comes_before (&w->fault, w->rows.example[row], w->rows.position[row], unit))
    w->fault = (Fault) { TRUE, w->fault.no_memory, w->rows.example[row], unit, w->rows.position[row] };
  g_mutex_unlock (&w->mutex);
}

static void
finish_unit (Walk *w, AssayUnitTally *tally, gint64 unit)
{
  AssayUnit *u = &w->units->unit[unit];
  const AssayUnitBest *largest = assay_unit_tally_get_best (tally, TRUE), *smallest = assay_unit_tally_get_best (tally, FALSE);

  assay_unit_tally_finish (tally, w->units->n_bands, &u->s);
  memcpy (u->largest, largest->row, w->units->n_best * sizeof *u->largest);
  memcpy (u->smallest, smallest->row, w->units->n_best * sizeof *u->smallest);
}

static AssayUnitDraw
draw_of (const Walk *w, gint64 unit)
{
  AssayUnit *u = &w->units->unit[unit];

  return (AssayUnitDraw) { .s = &u->s, .E = w->units->band_rows, .n = u->n_drawn, .rows = u->drawn,
                           .priority = w->drawn + (unit - w->first_unit) * w->units->n_bands * w->units->band_rows };
}

static void
draw_unit (Walk *w, gint64 unit, const gint16 *keys, const double *values)
{
  AssayUnitDraw draw = draw_of (w, unit);

  assay_unit_draw_add (&draw, w->units->type, keys, values, &w->rows, w->priority + w->first_row, w->order + w->first_row);
}

static void
meet_unit (Walk *w, gint64 unit, const gint16 *keys, const double *values, guint worker)
{
  AssayUnitTally *tally = w->tallies[w->phase == WHOLE ? worker : (guint) (unit - w->first_unit)];
  gint64 unfit;

  if (w->phase == DRAW)
    {
      draw_unit (w, unit, keys, values);
      return;
    }
  if (w->phase == WHOLE)
    assay_unit_tally_reset (tally);
  unfit = assay_unit_tally_add (tally, keys, values, &w->rows);
  if (unfit != -1)
    note_fault (w, unfit, unit);
  else if (w->phase == WHOLE)
    {
      finish_unit (w, tally, unit);
      draw_unit (w, unit, keys, values);
    }
}

static void
meet_strip (gsize strip, guint worker, gpointer data)
{
  Walk *w = data;
  gint64 first = (gint64) strip * STRIP, n = MIN (STRIP, w->n_units - first);
  gint16 *keys = w->counted ? (gint16 *) w->strips[worker] : NULL;
  double *values = w->counted ? NULL : (double *) w->strips[worker];

  if (w->phase == FINISH)
    {
      for (gint64 u = first; u < first + n; u++)
        finish_unit (w, w->tallies[u], w->first_unit + u);
      return;
    }
  if (w->counted)
    assay_unit_kernels_get ()->order ((const guint16 *) w->buffer + first, w->rows.n, w->n_units, n, keys, w->block);
  else
    for (gint64 i = 0; i < w->rows.n; i++)
      for (gint64 u = 0; u < n; u++)
        values[u * w->block + i] = ((const double *) w->buffer)[i * w->n_units + first + u];
  for (gint64 u = 0; u < n; u++)
    meet_unit (w, w->first_unit + first + u, keys ? keys + u * w->block : NULL, values ? values + u * w->block : NULL, worker);
}

/* --- stripes and blocks ---------------------------------------------------------------------------------------------- */

static gboolean
check_fault (const Walk *w, GError **error)
{
  const AssayObject *object = assay_reader_get_object (w->reader);

  if (w->fault.found)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "recording %s: %s: example %" G_GINT64_FORMAT " position %d unit %" G_GINT64_FORMAT
                 " is not a finite number; record it again", object->name, w->units->tap, w->fault.example, w->fault.position, w->fault.unit);
  else if (w->fault.no_memory)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "recording %s: %s: no memory for the values of a unit; record it as f16", object->name,
                 w->units->tap);
  return !w->fault.found && !w->fault.no_memory;
}

static gboolean
run_phase (Walk *w, Phase phase, AssayWorkers *workers, GError **error)
{
  w->phase = phase;
  assay_workers_run (workers, (gsize) ((w->n_units + STRIP - 1) / STRIP), meet_strip, w);
  return check_fault (w, error);
}

static gboolean
run_blocks (Walk *w, Phase phase, AssayWorkers *workers, AssayProgress *progress, GError **error)
{
  for (gint64 first = 0; first < w->R; first += w->block)
    {
      gint64 start[2] = { first, w->first_unit }, count[2] = { MIN (w->block, w->R - first), w->n_units };

      if (assay_progress_is_cancelled (progress, error)
          || !assay_reader_read_box (w->reader, w->path, start, count, w->as, w->buffer, error))
        return FALSE;
      w->first_row = first;
      w->rows = (AssayUnitBlock) { count[0], w->example + first, w->position + first, is_ascending (w->example + first, w->position + first, count[0]) };
      if (!run_phase (w, phase, workers, error))
        return FALSE;
    }
  return TRUE;
}

static void
finish_draws (Walk *w)
{
  for (gint64 u = w->first_unit; u < w->first_unit + w->n_units; u++)
    {
      AssayUnitDraw draw = draw_of (w, u);

      assay_unit_draw_finish (&draw);
    }
}

static gboolean
run_stripe (Walk *w, AssayWorkers *workers, AssayProgress *progress, GError **error)
{
  if (w->block >= w->R && !run_blocks (w, WHOLE, workers, progress, error))
    return FALSE;
  if (w->block < w->R)
    {
      for (guint k = 0; k < w->n_tallies; k++)
        assay_unit_tally_reset (w->tallies[k]);
      if (!run_blocks (w, ADD, workers, progress, error) || !run_phase (w, FINISH, workers, error)
          || !run_blocks (w, DRAW, workers, progress, error))
        return FALSE;
    }
  finish_draws (w);
  return TRUE;
}

static gboolean
walk (Walk *w, AssayWorkers *workers, AssayProgress *progress, GError **error)
{
  for (w->first_unit = 0; w->first_unit < w->units->C; w->first_unit += w->width)
    {
      w->n_units = MIN (w->width, w->units->C - w->first_unit);
      if (!run_stripe (w, workers, progress, error))
        return FALSE;
      assay_progress_report (progress, "measuring units", (guint64) (w->first_unit + w->n_units), (guint64) w->units->C, "units", w->units->tap);
    }
  return TRUE;
}

static gboolean
check_shape (AssayReader *reader, const char *tap, const AssayArrayInfo *info, GError **error)
{
  const char *name = assay_reader_get_object (reader)->name;

  if (info->rank != 2 || assay_store_type_width (info->type) == 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "recording %s: %s: numbers with two axes (row, unit) expected, %u axes of %s found", name, tap,
                 info->rank, assay_store_type_word (info->type));
  else if (info->dims[0] == 0 || info->dims[0] > MOST_ROWS)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "recording %s: %s: 1 to %u rows expected, %" G_GINT64_FORMAT " found", name, tap, MOST_ROWS,
                 info->dims[0]);
  else
    return TRUE;
  return FALSE;
}

AssayUnits *
assay_units_measure (AssayReader *reader, const char *tap, const AssayValues *options, gsize memory, AssayWorkers *workers, AssayProgress *progress,
                     GError **error)
{
  Walk w = { .reader = reader, .path = g_strconcat ("/activations/", tap, NULL), .n_workers = assay_workers_get_count (workers) };
  g_autoptr (AssayUnits) units = NULL;
  AssayArrayInfo info;
  gboolean fine;

  g_mutex_init (&w.mutex);
  fine = assay_units_check_tap (reader, tap, error) && assay_reader_describe (reader, w.path, &info, error)
         && check_shape (reader, tap, &info, error);
  if (fine)
    {
      w.R = info.dims[0];
      w.counted = assay_unit_tally_counts (info.type);
      w.as = w.counted ? info.type : ASSAY_STORE_F64;
      units = assay_units_new (tap, w.R, info.dims[1], (guint) MIN (assay_values_get_int (options, "top"), w.R),
                               (guint) assay_values_get_int (options, "bands"), (guint) assay_values_get_int (options, "band-examples"), error);
      fine = units != NULL;
    }
  if (fine)
    {
      w.units = units;
      units->type = info.type;
      units->draw_seed = (guint64) assay_values_get_int (options, "draw-seed");
      choose_sizes (&w, memory);
      fine = read_index (&w, error) && allocate (&w, error);
    }
  if (fine)
    {
      draw_priorities (&w);
      fine = walk (&w, workers, progress, error)
             && assay_unit_similarity_find (units, reader, assay_values_get_double (options, "similar"), workers, progress, error);
    }
  walk_clear (&w);
  return fine ? g_steal_pointer (&units) : NULL;
}
