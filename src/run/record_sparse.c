/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_sparse.c: activations of at least a size, as rows of (unit, value): entries go to one recorder for each tap, where rows end to another one.
 *
 * The recorder of the rows is never ahead of the entries when it commits on purpose; where it is after a kill, or the entries are, what is missing is walked
 * again and what is there already is left out: everything is a function of the model and the examples.
 */
#include "run/record.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/record_walk.h"
#include "run/recording.h"
#include "store/reader.h"

#include <math.h>
#include <string.h>

#define KEEP_UP_SECONDS 30
#define LINE 32                 /* numbers that are passed over at once */
#define SOME 16384              /* numbers that are rounded and looked through while they are near */

typedef struct {
  AssayRecorder *entries;
  gint64 C, end;                /* entries of all rows so far */
  gint64 there;                 /* entries that were committed before: not appended again */
  gint64 row;                   /* of the batch: rows handed over */
  gint64 *ends;                 /* (rows of a batch) */
  double *lo, *hi;              /* (C) what is kept, for a device */
} Tap;

typedef struct {
  const AssayRecording *r;
  AssayRecordWalk *walk;
  AssayStoreType type;
  double threshold;
  Tap *tap;
  AssayRecordBounds *bounds;    /* (taps) */
  guint n_taps;
  AssayRecorder *rows;
  gint64 row, there;            /* rows so far, and those that were committed before */
  const gint64 *example;
  const gint32 *position;
  gint64 n;                     /* rows of the batch */
  guint8 *rounded;              /* (SOME or C) as stored, */
  double *number;               /* as read back, */
  gint32 *unit;                 /* and what is kept of them */
  guint8 *kept;
  gint64 last;                  /* when what waited was committed last */
} Sparse;

/* --- recorders ------------------------------------------------------------------------------------------------------------- */

static gboolean
open_entries (Sparse *s, guint k, json_t *meta, GError **error)
{
  const AssayRecordTap *tap = assay_record_walk_get_taps (s->walk)->pdata[k];
  g_autofree char *name = g_strconcat (s->r->name, "/", tap->name, NULL);
  const AssayArraySpec arrays[] = {
    { .path = "/entries/unit", .type = ASSAY_STORE_I32, .rank = 1, .axes = { "entry" }, .long_name = "unit", .description = "channel of the tap" },
    { .path = "/entries/value", .type = s->type, .rank = 1, .axes = { "entry" }, .long_name = tap->name, .description = "activation" } };

  s->tap[k].C = tap->C;
  s->tap[k].ends = assay_mem_new (gint64, assay_record_walk_get_most_rows (s->walk), error);
  s->tap[k].entries = s->tap[k].ends ? assay_recorder_new (s->r->store, "sparse-entries", name, meta, arrays, G_N_ELEMENTS (arrays), error) : NULL;
  return s->tap[k].entries != NULL;
}

static gboolean
set_bounds (Sparse *s, guint k, GError **error)
{
  Tap *tap = &s->tap[k];

  tap->lo = assay_mem_new (double, tap->C, error);
  tap->hi = tap->lo ? assay_mem_new (double, tap->C, error) : NULL;
  for (gint64 c = 0; tap->hi != NULL && c < tap->C; c++)
    {
      tap->lo[c] = -s->threshold;
      tap->hi[c] = s->threshold;
    }
  s->bounds[k] = (AssayRecordBounds) { tap->lo, tap->hi };
  return tap->hi != NULL;
}

static gboolean
open_rows (Sparse *s, json_t *meta, GError **error)
{
  const GPtrArray *taps = assay_record_walk_get_taps (s->walk);
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autofree AssayArraySpec *arrays = g_new0 (AssayArraySpec, taps->len + 2);

  for (guint k = 0; k < taps->len; k++)
    {
      char *path = g_strconcat ("/end/", ((AssayRecordTap *) taps->pdata[k])->name, NULL);

      g_ptr_array_add (strings, path);
      arrays[k] = (AssayArraySpec) { .path = path, .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" }, .long_name = "end of the row",
                                     .description = "entries of this row and of those before it: they lie in front of this one" };
    }
  arrays[taps->len] = (AssayArraySpec) { .path = "/index/example", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" }, .long_name = "example of the row" };
  arrays[taps->len + 1] = (AssayArraySpec) { .path = "/index/position", .type = ASSAY_STORE_I32, .rank = 1, .axes = { "row" },
                                             .long_name = "position of the row in its example" };
  s->rows = assay_recorder_new (s->r->store, "sparse", s->r->name, meta, arrays, taps->len + 2, error);
  return s->rows != NULL;
}

static gboolean
allocate (Sparse *s, GError **error)
{
  gint64 most = SOME;

  for (guint k = 0; k < s->n_taps; k++)
    most = MAX (most, s->tap[k].C);
  s->rounded = assay_mem_alloc_array ((guint64) most, assay_store_type_width (s->type), error);
  s->number = s->rounded ? assay_mem_new (double, most, error) : NULL;
  s->unit = s->number ? assay_mem_new (gint32, most, error) : NULL;
  s->kept = s->unit ? assay_mem_alloc_array ((guint64) most, assay_store_type_width (s->type), error) : NULL;
  return s->kept != NULL;
}

/* --- where an earlier run stopped ------------------------------------------------------------------------------------------- */

/* The end of a row; 0 before the first. */
static gboolean
read_end (AssayReader *reader, const char *path, gint64 row, gint64 *end, GError **error)
{
  const gint64 start[] = { row - 1 }, count[] = { 1 };

  *end = 0;
  return row == 0 || assay_reader_read_box (reader, path, start, count, ASSAY_STORE_I64, end, error);
}

/* Lowers *row to the last whose entries are all there. */
static gboolean
lower_row (AssayReader *reader, const char *path, gint64 there, gint64 *row, GError **error)
{
  gint64 lo = 0, hi = *row, end;

  while (lo < hi)
    {
      gint64 middle = lo + (hi - lo + 1) / 2;

      if (!read_end (reader, path, middle, &end, error))
        return FALSE;
      if (end <= there)
        lo = middle;
      else
        hi = middle - 1;
    }
  *row = lo;
  return TRUE;
}

static gboolean
find_start (Sparse *s, GError **error)
{
  const GPtrArray *taps = assay_record_walk_get_taps (s->walk);
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (AssayReader) reader = NULL;

  s->there = s->row = assay_recorder_get_committed (s->rows);
  for (guint k = 0; k < s->n_taps; k++)
    s->tap[k].there = assay_recorder_get_committed (s->tap[k].entries);
  if (s->there == 0)
    return TRUE;
  object = assay_case_lookup (s->r->store, "sparse", s->r->name, error);
  reader = object ? assay_reader_new (s->r->store, object, error) : NULL;
  for (guint pass = 0; reader != NULL && pass < 2; pass++)        /* first which row, then where its entries begin */
    for (guint k = 0; k < s->n_taps; k++)
      {
        g_autofree char *path = g_strconcat ("/end/", ((AssayRecordTap *) taps->pdata[k])->name, NULL);

        if (pass == 0 ? !lower_row (reader, path, s->tap[k].there, &s->row, error) : !read_end (reader, path, s->row, &s->tap[k].end, error))
          return FALSE;
      }
  return reader != NULL;
}

/* --- rows of a batch --------------------------------------------------------------------------------------------------------- */

static gboolean
begin_batch (gpointer data, const gint64 *example, const gint32 *position, gint64 n, GError **error)
{
  Sparse *s = data;

  (void) error;
  s->example = example;
  s->position = position;
  s->n = n;
  for (guint k = 0; k < s->n_taps; k++)
    s->tap[k].row = 0;
  return TRUE;
}

/* Few are large: most lines are passed over without looking at each number. */
static gboolean
has_large (const double *number, gint64 n, double threshold)
{
  gint any = 0;

  for (gint64 c = 0; c < n; c++)
    any |= fabs (number[c]) >= threshold;
  return any;
}

static gint64
find_large (Sparse *s, gint64 C, const double *number, const guint8 *rounded)
{
  const gsize width = assay_store_type_width (s->type);
  gint64 n = 0;

  for (gint64 first = 0; first < C; first += LINE)
    {
      const gint64 end = MIN (first + LINE, C);

      for (gint64 c = has_large (number + first, end - first, s->threshold) ? first : end; c < end; c++)
        if (fabs (number[c]) >= s->threshold)
          {
            s->unit[n] = (gint32) c;
            memcpy (s->kept + (gsize) n++ * width, rounded + (gsize) c * width, width);
          }
    }
  return n;
}

/* What is kept of one row; entries that are in the case already are counted alone. */
static gboolean
take_row (Sparse *s, Tap *tap, const double *number, const guint8 *rounded, GError **error)
{
  const gsize width = assay_store_type_width (s->type);
  gint64 n = find_large (s, tap->C, number, rounded), skip;

  skip = CLAMP (tap->there - tap->end, 0, n);
  tap->end += n;
  tap->ends[tap->row++] = tap->end;
  return n == skip || (assay_recorder_append (tap->entries, 0, ASSAY_STORE_I32, s->unit + skip, n - skip, error)
                       && assay_recorder_append (tap->entries, 1, s->type, s->kept + (gsize) skip * width, n - skip, error));
}

static gboolean
take_rows (gpointer data, guint k, AssayStoreType from, gconstpointer x, gint64 n, GError **error)
{
  Sparse *s = data;
  Tap *tap = &s->tap[k];
  const gsize width = assay_store_type_width (s->type);
  gint64 some = MAX (1, SOME / tap->C);

  for (gint64 row = 0; row < n; row += some)
    {
      const gint64 m = MIN (some, n - row);
      const char *here = (const char *) x + (gsize) (row * tap->C) * assay_store_type_width (from);

      if (!assay_store_convert (s->type, s->rounded, from, here, (gsize) (m * tap->C), error)
          || !assay_store_convert (ASSAY_STORE_F64, s->number, s->type, s->rounded, (gsize) (m * tap->C), error))
        return FALSE;
      for (gint64 i = 0; i < m; i++)
        if (!take_row (s, tap, s->number + i * tap->C, s->rounded + (gsize) (i * tap->C) * width, error))
          return FALSE;
    }
  return TRUE;
}

/* What a device found of a batch. */
static gboolean
take_entries (gpointer data, guint k, const AssayRecordEntries *e, GError **error)
{
  Sparse *s = data;
  Tap *tap = &s->tap[k];
  const gint64 n = e->end[e->n - 1] - e->before, skip = CLAMP (tap->there - tap->end, 0, n);
  const char *value = e->value;

  for (; tap->row < e->n; tap->row++)
    tap->ends[tap->row] = tap->end + e->end[tap->row] - e->before;
  tap->end += n;
  return n == skip || (assay_recorder_append (tap->entries, 0, ASSAY_STORE_I32, e->channel + skip, n - skip, error)
                       && assay_recorder_append (tap->entries, 1, e->type, value + (gsize) skip * assay_store_type_width (e->type), n - skip, error));
}

static const AssayRecordBounds *
get_bounds (gpointer data)
{
  return ((const Sparse *) data)->bounds;
}

/* Entries before the rows that need them. */
static gboolean
commit (Sparse *s, GError **error)
{
  for (guint k = 0; k < s->n_taps; k++)
    if (!assay_recorder_flush (s->tap[k].entries, error))
      return FALSE;
  return assay_recorder_flush (s->rows, error);
}

static gboolean
end_batch (gpointer data, GError **error)
{
  Sparse *s = data;
  gint64 skip = CLAMP (s->there - s->row, 0, s->n), now = g_get_monotonic_time ();

  s->row += s->n;
  for (guint k = 0; s->n > skip && k < s->n_taps; k++)
    if (!assay_recorder_append (s->rows, k, ASSAY_STORE_I64, s->tap[k].ends + skip, s->n - skip, error))
      return FALSE;
  if (s->n > skip
      && (!assay_recorder_append (s->rows, s->n_taps, ASSAY_STORE_I64, s->example + skip, s->n - skip, error)
          || !assay_recorder_append (s->rows, s->n_taps + 1, ASSAY_STORE_I32, s->position + skip, s->n - skip, error)))
    return FALSE;
  if (now - s->last < KEEP_UP_SECONDS * G_USEC_PER_SEC)
    return TRUE;
  s->last = now;
  return commit (s, error);
}

/* --- the whole --------------------------------------------------------------------------------------------------------------- */

static gboolean
walk (Sparse *s, gint64 n_rows, AssayProgress *progress, GError **error)
{
  const AssayRecordSink sink = { .type = s->type, .index = begin_batch, .rows = take_rows, .batch = end_batch, .bounds = get_bounds, .entries = take_entries, .data = s };
  g_autoptr (GError) fault = NULL;

  s->last = g_get_monotonic_time ();
  if (assay_record_walk_run (s->walk, s->row, n_rows, &sink, progress, &fault))
    return TRUE;
  if ((g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED) || g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_TERMINATED)) && !commit (s, NULL))
    g_prefix_error (&fault, "what was recorded last could not be committed; ");
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

static gboolean
finish (Sparse *s, GError **error)
{
  for (guint k = 0; k < s->n_taps; k++)
    {
      g_autoptr (AssayObject) entries = assay_recorder_finish (s->tap[k].entries, error);

      if (entries == NULL)
        return FALSE;
    }
  return TRUE;
}

static AssayObject *
record (Sparse *s, gint64 n_rows, json_t *meta, AssayProgress *progress, GError **error)
{
  gboolean fine = TRUE;

  s->n_taps = assay_record_walk_get_taps (s->walk)->len;
  s->tap = g_new0 (Tap, s->n_taps);
  s->bounds = g_new0 (AssayRecordBounds, s->n_taps);
  for (guint k = 0; fine && k < s->n_taps; k++)
    fine = open_entries (s, k, meta, error) && set_bounds (s, k, error);
  if (!fine || !open_rows (s, meta, error) || !allocate (s, error) || !find_start (s, error) || !walk (s, n_rows, progress, error) || !finish (s, error))
    return NULL;
  return assay_recorder_finish (s->rows, error);
}

static void
sparse_clear (Sparse *s)
{
  for (guint k = 0; s->tap != NULL && k < s->n_taps; k++)
    {
      assay_recorder_free (s->tap[k].entries);
      assay_mem_free (s->tap[k].ends);
      assay_mem_free (s->tap[k].lo);
      assay_mem_free (s->tap[k].hi);
    }
  assay_recorder_free (s->rows);
  assay_record_walk_free (s->walk);
  assay_mem_free (s->rounded);
  assay_mem_free (s->number);
  assay_mem_free (s->unit);
  assay_mem_free (s->kept);
  g_free (s->bounds);
  g_free (s->tap);
}

AssayObject *
assay_record_sparse (const AssayRecording *r, AssayProgress *progress, GError **error)
{
  AssayRecordShare all = { .end = r->N };
  Sparse s = { .r = r, .type = assay_record_get_type (r), .threshold = assay_values_get_double (r->options, "threshold") };
  AssayObject *object = NULL;
  json_t *meta = NULL;

  if (s.threshold > 0)
    all.rows = assay_record_choose_rows (r, error);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "threshold: a number above 0 expected for sparse rows, %g found; give --threshold X", s.threshold);
  s.walk = all.rows ? assay_record_walk_new (r, all.rows, error) : NULL;
  if (s.walk != NULL && assay_recording_find (r, "sparse", &all, &meta))
    object = g_steal_pointer (&all.object);
  else if (s.walk != NULL)
    object = record (&s, all.rows->n, meta, progress, error);
  json_decref (meta);
  sparse_clear (&s);
  assay_record_share_clear (&all);
  return object;
}
