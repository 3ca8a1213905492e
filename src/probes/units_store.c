/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_store.c: structures to columns, and back. */
#include "probes/units_store.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/shard.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const char *const side_names[ASSAY_TAP_N_SIDES] = { "reads", "reads_2", "writes" };

const char *
assay_tap_side_get_name (guint side)
{
  return side_names[side];
}

AssayTapUnits *
assay_tap_units_new (void)
{
  return g_new0 (AssayTapUnits, 1);
}

void
assay_tap_units_free (AssayTapUnits *tap)
{
  if (tap == NULL)
    return;
  assay_units_free (tap->units);
  for (guint k = 0; k < ASSAY_TAP_N_SIDES; k++)
    assay_unit_effects_free (tap->side[k]);
  assay_unit_ablations_free (tap->ablations);
  g_free (tap);
}

/* --- one column at a time, in either direction ------------------------------------------------------------------------- */

/* A writer or a reader; a column of the structures and its array meet in `buffer`. */
typedef struct {
  AssayShardWriter *writer;     /* NULL: reading */
  AssayReader *reader;
  char *buffer;
  gint64 room;                  /* elements of 8 bytes */
} Door;

static void
door_clear (Door *door)
{
  assay_mem_free (door->buffer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Door, door_clear)

static gboolean
make_room (Door *door, gint64 n, GError **error)
{
  if (n <= door->room)
    return TRUE;
  assay_mem_free (door->buffer);
  door->room = 0;
  door->buffer = assay_mem_alloc_array ((guint64) n, 8, error);
  door->room = door->buffer ? n : 0;
  return door->buffer != NULL;
}

/* An array of 8-byte elements, doubles or gint64; nothing is kept of an empty one. */
static gboolean
pass_array (Door *door, const char *path, AssayStoreType type, guint rank, const gint64 *dims, const char *const *axes, const char *unit,
            const char *description, GError **error)
{
  AssayArraySpec spec = { .path = path, .type = type, .rank = rank, .long_name = strrchr (path, '/') + 1, .units = unit, .description = description };
  AssayArrayInfo info;
  gint64 n = 1;

  for (guint k = 0; k < rank; k++)
    {
      spec.dims[k] = dims[k];
      spec.axes[k] = axes[k];
      n *= dims[k];
    }
  if (n == 0)
    return TRUE;
  if (door->writer != NULL)
    return assay_shard_writer_put (door->writer, &spec, type, door->buffer, error);
  if (!assay_reader_describe (door->reader, path, &info, error))
    return FALSE;
  if (info.rank != rank || memcmp (info.dims, dims, rank * sizeof *dims) != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "units %s: %s: its shape is not what its metadata say", assay_reader_get_object (door->reader)->name,
                   path);
      return FALSE;
    }
  return assay_reader_read (door->reader, path, type, door->buffer, error);
}

/* A member of n structures, `stride` bytes apart; integer members of 4 or 8 bytes, doubles. */
typedef enum { DOUBLE, LONG, INT } Member;

static gboolean
pass_column (Door *door, const char *path, Member member, gpointer first, gsize stride, guint rank, const gint64 *dims, const char *const *axes,
             const char *unit, const char *description, GError **error)
{
  gint64 n = 1;
  char *at = first;

  for (guint k = 0; k < rank; k++)
    n *= dims[k];
  if (!make_room (door, n, error))
    return FALSE;
  for (gint64 i = 0; door->writer != NULL && i < n; i++)
    {
      gint64 whole = member == INT ? *(gint32 *) (at + (gsize) i * stride) : member == LONG ? *(gint64 *) (at + (gsize) i * stride) : 0;

      memcpy (door->buffer + i * 8, member == DOUBLE ? (void *) (at + (gsize) i * stride) : &whole, 8);
    }
  if (!pass_array (door, path, member == DOUBLE ? ASSAY_STORE_F64 : ASSAY_STORE_I64, rank, dims, axes, unit, description, error))
    return FALSE;
  for (gint64 i = 0; door->reader != NULL && i < n; i++)
    if (member == INT)
      {
        gint64 whole;

        memcpy (&whole, door->buffer + i * 8, 8);
        *(gint32 *) (at + (gsize) i * stride) = (gint32) whole;
      }
    else
      memcpy (at + (gsize) i * stride, door->buffer + i * 8, 8);
  return TRUE;
}

/* --- statistics -------------------------------------------------------------------------------------------------------- */

static gboolean
pass_statistics (Door *door, AssayUnits *units, GError **error)
{
  static const struct { const char *path; gsize offset; Member member; const char *description; } columns[] = {
    { "/statistics/mean", offsetof (AssayUnit, s.mean), DOUBLE, "mean activation over the rows" },
    { "/statistics/variance", offsetof (AssayUnit, s.variance), DOUBLE, "mean squared distance from the mean" },
    { "/statistics/least", offsetof (AssayUnit, s.least), DOUBLE, "smallest activation" },
    { "/statistics/most", offsetof (AssayUnit, s.most), DOUBLE, "largest activation" },
    { "/statistics/nonzero", offsetof (AssayUnit, s.nonzero), LONG, "rows where the unit is not 0" },
    { "/statistics/distinct", offsetof (AssayUnit, s.n_distinct), LONG, "different values that occur; -1: not known, of a summary" },
    { "/statistics/twin", offsetof (AssayUnit, twin), LONG, "the lowest unit with the same activation at every row; -1: none, or dead, or constant" } };
  const char *const axes[] = { "unit", "quantile_probability" }, *const bins[] = { "unit", "bin" };
  AssayUnit *first = units->unit;

  for (gsize k = 0; k < G_N_ELEMENTS (columns); k++)
    if (!pass_column (door, columns[k].path, columns[k].member, (char *) first + columns[k].offset, sizeof *first, 1, &units->C, axes, "1",
                      columns[k].description, error))
      return FALSE;
  for (gint64 u = 0; u < units->C; u++)
    {
      first[u].s.n = units->R;
      first[u].s.n_bands = units->n_bands;
    }
  if (!make_room (door, units->C * ASSAY_UNIT_BINS, error))
    return FALSE;
  for (gint64 u = 0; u < units->C; u++)
    memcpy (door->buffer + u * sizeof first->s.count, first[u].s.count, sizeof first->s.count);
  if (!pass_array (door, "/histogram/count", ASSAY_STORE_I64, 2, (gint64[]) { units->C, ASSAY_UNIT_BINS }, bins, "1",
                   "rows in each bin between two edges; the bin between the two edges 0 holds exact zeros", error))
    return FALSE;
  for (gint64 u = 0; u < units->C; u++)
    memcpy (first[u].s.count, door->buffer + u * sizeof first->s.count, sizeof first->s.count);
  for (gint64 u = 0; u < units->C; u++)
    memcpy (door->buffer + u * sizeof first->s.quantile, first[u].s.quantile, sizeof first->s.quantile);
  if (!pass_array (door, "/statistics/quantile", ASSAY_STORE_F64, 2, (gint64[]) { units->C, ASSAY_UNIT_N_QUANTILES }, axes, "1",
                   "the least value with at least that share of the rows at or below it", error))
    return FALSE;
  for (gint64 u = 0; u < units->C; u++)
    memcpy (first[u].s.quantile, door->buffer + u * sizeof first->s.quantile, sizeof first->s.quantile);
  return TRUE;
}

/* Axes whose numbers are not 0, 1, 2, ... */
static gboolean
put_axes (AssayShardWriter *writer, GError **error)
{
  const AssayArraySpec probability = { .path = "/quantile_probability", .type = ASSAY_STORE_F64, .rank = 1, .dims = { ASSAY_UNIT_N_QUANTILES },
                                       .long_name = "share of the rows", .units = "1" };
  const AssayArraySpec edge = { .path = "/histogram/edges", .type = ASSAY_STORE_F64, .rank = 1, .dims = { ASSAY_UNIT_BINS + 1 }, .axes = { "edge" },
                                .long_name = "edges of the bins", .description = "the end of a bin nearer to 0 belongs to it" };
  double edges[ASSAY_UNIT_BINS + 1];

  for (guint e = 0; e <= ASSAY_UNIT_BINS; e++)
    edges[e] = assay_unit_histogram_edge (e);
  return assay_shard_writer_put_axis (writer, &probability, ASSAY_STORE_F64, assay_unit_quantiles, error)
         && assay_shard_writer_put (writer, &edge, ASSAY_STORE_F64, edges, error);
}

/* --- rows, bands, pairs ------------------------------------------------------------------------------------------------ */

/* value, example and position of lists of rows that lie `n` to a unit, at an offset into the units' common memory. */
static gboolean
pass_rows (Door *door, AssayUnits *units, const char *group, gsize offset, guint rank, const gint64 *dims, const char *const *axes,
           const char *description, GError **error)
{
  gsize n = 1, of_unit = 2 * (gsize) units->n_best + (gsize) units->n_bands * units->band_rows;
  g_autofree char *value = g_strconcat ("/", group, "/value", NULL), *example = g_strconcat ("/", group, "/example", NULL);
  g_autofree char *position = g_strconcat ("/", group, "/position", NULL);
  AssayUnitRow *rows;
  gboolean fine;

  for (guint k = 1; k < rank; k++)
    n *= (gsize) dims[k];
  rows = assay_mem_new (AssayUnitRow, (gsize) units->C * n + 1, error);
  if (rows == NULL)
    return FALSE;
  for (gint64 u = 0; u < units->C; u++)
    memcpy (rows + u * n, units->rows + u * of_unit + offset, n * sizeof *rows);
  fine = pass_column (door, value, DOUBLE, &rows->value, sizeof *rows, rank, dims, axes, "1", description, error)
         && pass_column (door, example, LONG, &rows->example, sizeof *rows, rank, dims, axes, "1", "number of the example in the data set", error)
         && pass_column (door, position, INT, &rows->position, sizeof *rows, rank, dims, axes, "1", "position in the example", error);
  for (gint64 u = 0; fine && u < units->C; u++)
    memcpy (units->rows + u * of_unit + offset, rows + u * n, n * sizeof *rows);
  assay_mem_free (rows);
  return fine;
}

/* What is not drawn holds no row. */
static void
blank_undrawn (AssayUnits *units)
{
  for (gint64 u = 0; u < units->C; u++)
    for (guint b = 0; b < units->n_bands; b++)
      for (guint k = units->unit[u].n_drawn[b]; k < units->band_rows; k++)
        units->unit[u].drawn[b * units->band_rows + k] = (AssayUnitRow) { (double) NAN, -1, -1 };
}

typedef struct { double lo, hi; gint64 count, drawn; } Band;

static gboolean
pass_bands (Door *door, AssayUnits *units, GError **error)
{
  const char *const axes[] = { "unit", "band" };
  const gint64 dims[] = { units->C, units->n_bands };
  g_autofree Band *bands = g_new0 (Band, units->C * units->n_bands);
  gboolean fine;

  for (gint64 u = 0; u < units->C; u++)
    for (guint b = 0; b < units->n_bands; b++)
      {
        const AssayUnitBand *band = &units->unit[u].s.band[b];

        bands[u * units->n_bands + b] = (Band) { band->lo, band->hi, band->count, units->unit[u].n_drawn[b] };
      }
  fine = pass_column (door, "/bands/lo", DOUBLE, &bands->lo, sizeof *bands, 2, dims, axes, "1", "smallest value of the band; NaN: it is empty", error)
         && pass_column (door, "/bands/hi", DOUBLE, &bands->hi, sizeof *bands, 2, dims, axes, "1", "largest value of the band", error)
         && pass_column (door, "/bands/count", LONG, &bands->count, sizeof *bands, 2, dims, axes, "1", "rows of the band", error)
         && pass_column (door, "/bands/drawn", LONG, &bands->drawn, sizeof *bands, 2, dims, axes, "1", "rows drawn from it", error);
  for (gint64 u = 0; fine && u < units->C; u++)
    for (guint b = 0; b < units->n_bands; b++)
      {
        const Band *band = &bands[u * units->n_bands + b];

        units->unit[u].s.band[b] = (AssayUnitBand) { band->lo, band->hi, band->count };
        units->unit[u].n_drawn[b] = (guint) CLAMP (band->drawn, 0, (gint64) units->band_rows);
      }
  return fine;
}

static gboolean
pass_lists (Door *door, AssayUnits *units, GError **error)
{
  const char *const rank_axes[] = { "unit", "rank" }, *const draw_axes[] = { "unit", "band", "draw" };
  const gint64 best[] = { units->C, units->n_best }, drawn[] = { units->C, units->n_bands, units->band_rows };
  AssayUnitPair *pair = (AssayUnitPair *) units->pairs->data;
  const gint64 n_pairs = units->pairs->len;
  const char *const pair_axes[] = { "pair" };

  return pass_rows (door, units, "largest", 0, 2, best, rank_axes, "largest activations, the largest first; equal ones by example, then position", error)
         && pass_rows (door, units, "smallest", units->n_best, 2, best, rank_axes, "smallest activations, the smallest first", error)
         && pass_bands (door, units, error)
         && pass_rows (door, units, "drawn", 2 * (gsize) units->n_best, 3, drawn, draw_axes, "rows drawn from each band, the largest value first", error)
         && (n_pairs == 0
             || (pass_column (door, "/similar/unit", LONG, &pair->unit, sizeof *pair, 1, &n_pairs, pair_axes, "1", "a unit", error)
                 && pass_column (door, "/similar/other", LONG, &pair->other, sizeof *pair, 1, &n_pairs, pair_axes, "1", "one like it", error)
                 && pass_column (door, "/similar/cosine", DOUBLE, &pair->cosine, sizeof *pair, 1, &n_pairs, pair_axes, "1",
                                 "cosine of their activations", error)));
}

/* --- sides ------------------------------------------------------------------------------------------------------------- */

static gboolean
pass_effects (Door *door, AssayUnitEffects *e, guint side, gboolean positive, GError **error)
{
  g_autofree char *axis = g_strconcat (side_names[side], "_rank", NULL);
  const char *const axes[] = { "unit", axis };
  const gint64 dims[] = { e->C, e->k };
  AssayUnitEffect *list = positive ? e->positive : e->negative;
  guint *n = positive ? e->n_positive : e->n_negative;
  g_autofree char *index = g_strdup_printf ("/%s/%s", side_names[side], positive ? "positive" : "negative"), *weight = g_strconcat (index, "_weight", NULL);

  for (gint64 u = 0; door->writer != NULL && u < e->C; u++)
    for (guint k = n[u]; k < e->k; k++)
      list[u * e->k + k] = (AssayUnitEffect) { -1, (double) NAN };
  if (!pass_column (door, index, LONG, &list->index, sizeof *list, 2, dims, axes, "1", "token, column, unit or output; -1: no more", error)
      || !pass_column (door, weight, DOUBLE, &list->weight, sizeof *list, 2, dims, axes, "1", "its weight", error))
    return FALSE;
  for (gint64 u = 0; door->reader != NULL && u < e->C; u++)
    for (n[u] = 0; n[u] < e->k && list[u * e->k + n[u]].index >= 0; n[u]++)
      ;
  return TRUE;
}

static gboolean
pass_sides (Door *door, AssayTapUnits *tap, GError **error)
{
  for (guint s = 0; s < ASSAY_TAP_N_SIDES; s++)
    if (tap->side[s] != NULL && tap->side[s]->kind != ASSAY_SIDE_MISSING
        && (!pass_effects (door, tap->side[s], s, TRUE, error) || !pass_effects (door, tap->side[s], s, FALSE, error)))
      return FALSE;
  return TRUE;
}

/* --- ablation ---------------------------------------------------------------------------------------------------------- */

static gboolean
pass_ablations (Door *door, AssayUnitAblated *rows, gint64 n, GError **error)
{
#define AT(name) offsetof (AssayUnitAblated, name)
  static const struct { const char *name; gsize offset; Member member; const char *unit, *description; } columns[] = {
    { "unit", AT (unit), LONG, "1", "the unit that was replaced by its mean; -1: all of them together" },
    { "loss", AT (loss.value), DOUBLE, "nats", "mean change of the loss of an example" },
    { "loss_lo", AT (loss.lo), DOUBLE, "nats", "lower end of its interval" },
    { "loss_hi", AT (loss.hi), DOUBLE, "nats", "upper end of its interval" },
    { "logit", AT (logit.value), DOUBLE, "1", "mean change of the target's logit" },
    { "logit_lo", AT (logit.lo), DOUBLE, "1", "lower end of its interval" },
    { "logit_hi", AT (logit.hi), DOUBLE, "1", "upper end of its interval" },
    { "accuracy", AT (accuracy.value), DOUBLE, "1", "change of the share of right answers" },
    { "accuracy_lo", AT (accuracy.lo), DOUBLE, "1", "lower end of its interval" },
    { "accuracy_hi", AT (accuracy.hi), DOUBLE, "1", "upper end of its interval" },
    { "n_controls", AT (n_controls), LONG, "1", "random other units (sets of as many units) that were replaced likewise" },
    { "control_loss", AT (control_loss.value), DOUBLE, "nats", "mean change of the loss by the controls" },
    { "control_loss_lo", AT (control_loss.lo), DOUBLE, "nats", "lower end of its interval" },
    { "control_loss_hi", AT (control_loss.hi), DOUBLE, "nats", "upper end of its interval" },
    { "control_logit", AT (control_logit.value), DOUBLE, "1", "mean change of the target's logit by the controls" },
    { "control_logit_lo", AT (control_logit.lo), DOUBLE, "1", "lower end of its interval" },
    { "control_logit_hi", AT (control_logit.hi), DOUBLE, "1", "upper end of its interval" },
    { "control_accuracy", AT (control_accuracy.value), DOUBLE, "1", "change of the share of right answers by the controls" },
    { "control_accuracy_lo", AT (control_accuracy.lo), DOUBLE, "1", "lower end of its interval" },
    { "control_accuracy_hi", AT (control_accuracy.hi), DOUBLE, "1", "upper end of its interval" },
    { "control_least", AT (control_least), DOUBLE, "nats", "smallest change of the loss by one control" },
    { "control_most", AT (control_most), DOUBLE, "nats", "largest change of the loss by one control" },
    { "n_as_much", AT (n_as_much), LONG, "1", "controls whose change of the loss is at least as large in size" },
    { "p", AT (p), DOUBLE, "1", "share of units with such a change, the unit itself counted" } };
#undef AT
  const char *const axes[] = { "ablated" };

  for (gsize k = 0; n > 0 && k < G_N_ELEMENTS (columns); k++)
    {
      g_autofree char *path = g_strconcat ("/ablation/", columns[k].name, NULL);

      if (!pass_column (door, path, columns[k].member, (char *) rows + columns[k].offset, sizeof *rows, 1, &n, axes, columns[k].unit,
                        columns[k].description, error))
        return FALSE;
    }
  for (gint64 i = 0; i < n; i++)
    rows[i].loss.level = rows[i].logit.level = rows[i].accuracy.level = rows[i].control_loss.level = rows[i].control_logit.level
      = rows[i].control_accuracy.level = ASSAY_UNIT_ABLATION_LEVEL;
  return TRUE;
}

/* --- metadata ---------------------------------------------------------------------------------------------------------- */

static json_t *
describe_side (const AssayUnitEffects *e)
{
  if (e == NULL)
    return json_null ();
  return json_pack ("{s:s, s:b, s:s?, s:s?, s:s?, s:s?, s:b, s:I, s:i}", "kind", assay_unit_side_get_word (e->kind), "is_write", e->is_write, "reason",
                    e->reason, "through", e->through, "of", e->of, "norm", e->norm, "centred", e->centred, "n", (json_int_t) e->n, "k", (int) e->k);
}

static json_t *
describe_ablations (const AssayUnitAblations *a)
{
  json_t *controls;

  if (a == NULL)
    return json_null ();
  controls = json_array ();
  for (guint k = 0; k < a->controls->len; k++)
    json_array_append_new (controls, json_integer (g_array_index (a->controls, gint64, k)));
  return json_pack ("{s:I, s:I, s:I, s:o, s:o, s:f, s:i, s:b, s:s?, s:o}", "examples", (json_int_t) a->N, "recorded", (json_int_t) a->n_recorded,
                    "predictions", (json_int_t) a->n_predictions, "loss", assay_json_number (a->loss), "accuracy", assay_json_number (a->accuracy), "level",
                    ASSAY_UNIT_ABLATION_LEVEL, "units", (int) a->ablated->len, "together", a->has_together, "together_missing", a->together_missing,
                    "controls", controls);
}

static json_t *
describe (const AssayTapUnits *tap, json_t *extra)
{
  const AssayUnits *u = tap->units;
  json_t *sides = json_object (), *meta = extra ? json_copy (extra) : json_object ();

  for (guint s = 0; s < ASSAY_TAP_N_SIDES; s++)
    json_object_set_new (sides, side_names[s], describe_side (tap->side[s]));
  json_object_set_new (meta, "units", json_pack ("{s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:I, s:f, s:s?, s:I, s:o, s:o}", "tap", u->tap, "type",
                                                 assay_store_type_word (u->type), "rows", (json_int_t) u->R, "count", (json_int_t) u->C, "top", (int) u->n_best,
                                                 "bands", (int) u->n_bands, "band_examples", (int) u->band_rows, "draw_seed", (json_int_t) u->draw_seed,
                                                 "similar", u->similar, "similar_missing", u->similar_missing, "pairs", (json_int_t) u->pairs->len, "sides",
                                                 sides, "ablation", describe_ablations (tap->ablations)));
  return meta;
}

AssayObject *
assay_tap_units_save (const AssayTapUnits *tap, AssayCase *cas, const char *kind, const char *name, json_t *extra, GError **error)
{
  json_t *meta = describe (tap, extra);
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, kind, name, meta, error);
  g_autoptr (GArray) ablated = tap->ablations ? g_array_copy (tap->ablations->ablated) : g_array_new (FALSE, FALSE, sizeof (AssayUnitAblated));
  g_auto (Door) door = { .writer = writer };

  json_decref (meta);
  if (tap->ablations != NULL && tap->ablations->has_together)
    g_array_append_val (ablated, tap->ablations->together);
  blank_undrawn (tap->units);
  if (writer == NULL || !put_axes (writer, error) || !pass_statistics (&door, tap->units, error) || !pass_lists (&door, tap->units, error)
      || !pass_sides (&door, (AssayTapUnits *) tap, error) || !pass_ablations (&door, (AssayUnitAblated *) ablated->data, ablated->len, error))
    return NULL;
  assay_shard_writer_set_rows (writer, tap->units->C);
  return assay_shard_writer_commit (writer, error);
}

/* --- reading it back --------------------------------------------------------------------------------------------------- */

static gint64
whole (const json_t *object, const char *key)
{
  return json_integer_value (json_object_get (object, key));
}

static AssayUnits *
new_units (const json_t *said, GError **error)
{
  const char *tap = assay_json_get_text (said, "tap");
  gint64 rows = whole (said, "rows"), count = whole (said, "count"), top = whole (said, "top"), bands = whole (said, "bands");
  gint64 band_examples = whole (said, "band_examples"), pairs = whole (said, "pairs");
  g_autoptr (AssayUnits) units = NULL;

  if (rows < 1 || count < 1 || top < 0 || top > G_MAXINT32 || bands < 0 || bands > ASSAY_UNIT_MOST_BANDS || band_examples < 0 || band_examples > 1e6
      || pairs < 0 || pairs > G_MAXINT32)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "units %s: its metadata do not say how many units it has", tap);
      return NULL;
    }
  units = assay_units_new (tap, rows, count, (guint) top, (guint) bands, (guint) band_examples, error);
  if (units == NULL)
    return NULL;
  assay_store_type_parse (assay_json_get_text (said, "type"), &units->type);
  units->draw_seed = (guint64) whole (said, "draw_seed");
  units->similar = assay_json_get_number (said, "similar");
  units->similar_missing = g_strdup (json_string_value (json_object_get (said, "similar_missing")));
  g_array_set_size (units->pairs, (guint) pairs);
  return g_steal_pointer (&units);
}

static AssayUnitEffects *
new_effects (const json_t *said, gint64 C, GError **error)
{
  AssayUnitSideKind kind = ASSAY_SIDE_MISSING;
  gint64 k = CLAMP (whole (said, "k"), 0, G_MAXINT32);
  AssayUnitEffects *e;

  for (guint w = 0; w < ASSAY_N_SIDES; w++)
    if (strcmp (assay_unit_side_get_word (w), assay_json_get_text (said, "kind")) == 0)
      kind = w;
  e = assay_unit_effects_new (kind, C, whole (said, "n"), (guint) k, error);
  if (e == NULL)
    return NULL;
  e->is_write = json_is_true (json_object_get (said, "is_write"));
  e->centred = json_is_true (json_object_get (said, "centred"));
  e->reason = g_strdup (json_string_value (json_object_get (said, "reason")));
  e->through = g_strdup (json_string_value (json_object_get (said, "through")));
  e->of = g_strdup (json_string_value (json_object_get (said, "of")));
  e->norm = g_strdup (json_string_value (json_object_get (said, "norm")));
  return e;
}

static AssayUnitAblations *
load_ablations (Door *door, const json_t *said, GError **error)
{
  g_autoptr (AssayUnitAblations) a = g_new0 (AssayUnitAblations, 1);
  gint64 n = CLAMP (whole (said, "units"), 0, G_MAXINT32 - 1);
  gsize k;
  json_t *control;

  a->N = whole (said, "examples");
  a->n_recorded = whole (said, "recorded");
  a->n_predictions = whole (said, "predictions");
  a->loss = assay_json_get_number (said, "loss");
  a->accuracy = assay_json_get_number (said, "accuracy");
  a->has_together = json_is_true (json_object_get (said, "together"));
  a->together_missing = g_strdup (json_string_value (json_object_get (said, "together_missing")));
  a->controls = g_array_new (FALSE, FALSE, sizeof (gint64));
  json_array_foreach (json_object_get (said, "controls"), k, control)
    {
      gint64 unit = json_integer_value (control);

      g_array_append_val (a->controls, unit);
    }
  a->ablated = g_array_new (FALSE, TRUE, sizeof (AssayUnitAblated));
  g_array_set_size (a->ablated, (guint) (n + a->has_together));
  if (!pass_ablations (door, (AssayUnitAblated *) a->ablated->data, n + a->has_together, error))
    return NULL;
  if (a->has_together)
    a->together = g_array_index (a->ablated, AssayUnitAblated, n);
  g_array_set_size (a->ablated, (guint) n);
  return g_steal_pointer (&a);
}

AssayTapUnits *
assay_tap_units_load (AssayCase *cas, AssayObject *object, GError **error)
{
  const json_t *said = json_object_get (object->meta, "units"), *sides = json_object_get (said, "sides"), *ablation = json_object_get (said, "ablation");
  g_autoptr (AssayReader) reader = assay_reader_new (cas, object, error);
  g_autoptr (AssayTapUnits) tap = assay_tap_units_new ();
  g_auto (Door) door = { .reader = reader };

  if (reader == NULL || (tap->units = new_units (said, error)) == NULL)
    return NULL;
  for (guint s = 0; s < ASSAY_TAP_N_SIDES; s++)
    if (json_is_object (json_object_get (sides, side_names[s]))
        && (tap->side[s] = new_effects (json_object_get (sides, side_names[s]), tap->units->C, error)) == NULL)
      return NULL;
  if (!pass_statistics (&door, tap->units, error) || !pass_lists (&door, tap->units, error) || !pass_sides (&door, tap, error))
    return NULL;
  if (json_is_object (ablation) && (tap->ablations = load_ablations (&door, ablation, error)) == NULL)
    return NULL;
  return g_steal_pointer (&tap);
}
