/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_document.c: structures to JSON. */
#include "job/units_document.h"

#include "base/json.h"
#include "dataset/token_text.h"
#include "job/subject.h"

#include <math.h>
#include <string.h>

#define CONTEXT 8               /* tokens shown on either side */
#define CONTEXT_PIECES 16       /* where they are pieces of words */

/* --- names ----------------------------------------------------------------------------------------------------------- */

static char *
name_in (const GPtrArray *names, gint64 index, const char *what)
{
  return names && index >= 0 && index < names->len ? g_strdup (names->pdata[index]) : g_strdup_printf ("%s %" G_GINT64_FORMAT, what, index);
}

char *
assay_units_document_name (const AssayUnitNames *names, AssayUnitSideKind kind, gint64 index)
{
  AssayShape shape = assay_dataset_get_shape (names->dataset);

  switch (kind)
    {
    case ASSAY_SIDE_TOKENS:
      return name_in (assay_dataset_get_class_names (names->dataset), index, "token");
    case ASSAY_SIDE_OUTPUT:
      return name_in (assay_dataset_get_class_names (names->dataset), index, names->has_positions ? "token" : "output");
    case ASSAY_SIDE_INPUT:
      if (shape.rank == 3 && !names->has_positions)
        return g_strdup_printf ("pixel %" G_GINT64_FORMAT ",%" G_GINT64_FORMAT, index / shape.dim[2] % shape.dim[1], index % shape.dim[2]);
      return name_in (assay_dataset_get_term_names (names->dataset), index, "column");
    default:
      return g_strdup_printf ("%" G_GINT64_FORMAT, index);
    }
}

typedef struct {
  gint64 T;
  gint32 *token;
} Sequence;

static Sequence
read_sequence (const AssayUnitNames *names, gint64 example)
{
  Sequence s = { .T = assay_dataset_get_shape (names->dataset).dim[0] };
  AssayBatch batch = { .dtype = ASSAY_F32 };

  s.token = g_new (gint32, s.T);
  batch.token = s.token;
  assay_dataset_fill (names->dataset, &example, 1, &batch);
  return s;
}

/* The token at the position, and what stands around it. */
static void
add_tokens (const AssayUnitNames *names, const AssayUnitRow *row, gboolean with_context, json_t *object)
{
  const GPtrArray *vocabulary = assay_dataset_get_class_names (names->dataset);
  const AssayTokenTextStyle style = assay_token_text_find_style (vocabulary);
  const gint64 around = style == ASSAY_TOKEN_TEXT_JOINED ? CONTEXT_PIECES : CONTEXT, n = assay_dataset_get_length (names->dataset, row->example);
  Sequence s = read_sequence (names, row->example);
  gint64 at = CLAMP (row->position, 0, s.T - 1), first = MAX (0, at - around), end = CLAMP (at + 1 + around, at + 1, MAX (n, at + 1));
  g_autofree char *token = assay_token_text_join (style, vocabulary, s.token + at, 1);
  g_autofree char *before = assay_token_text_join (style, vocabulary, s.token + first, at - first);
  g_autofree char *after = assay_token_text_join (style, vocabulary, s.token + at + 1, end - at - 1);

  json_object_set_new (object, "token", json_string (token));
  if (with_context)
    json_object_set_new (object, "context", json_pack ("{s:s, s:s, s:s, s:b, s:b, s:b, s:b}", "before", before, "token", token, "after", after, "begins_earlier",
                                                       first > 0, "goes_on", end < n, "space_before",
                                                       at > first && assay_token_text_has_space (style, vocabulary, s.token[at]), "space_after",
                                                       end > at + 1 && assay_token_text_has_space (style, vocabulary, s.token[at + 1])));
  g_free (s.token);
}

static json_t *
describe_row (const AssayUnitRow *row, const AssayUnitNames *names, gboolean with_context)
{
  gint64 index;
  const char *split = assay_dataset_get_split_of (names->dataset, row->example, &index);
  json_t *object = json_pack ("{s:o, s:I, s:i, s:s?, s:I, s:s?}", "value", assay_json_number (row->value), "example", (json_int_t) row->example, "position",
                              (int) row->position, "split", split, "index", (json_int_t) index, "id", assay_dataset_get_id (names->dataset, row->example));

  if (names->has_positions)
    add_tokens (names, row, with_context, object);
  else if (with_context)
    {
      g_autofree char *text = assay_dataset_describe (names->dataset, row->example);

      json_object_set_new (object, "text", json_string (text));
    }
  return object;
}

static json_t *
describe_rows (const AssayUnitRow *rows, guint n, const AssayUnitNames *names, gboolean with_context)
{
  json_t *list = json_array ();

  for (guint k = 0; k < n; k++)
    json_array_append_new (list, describe_row (&rows[k], names, with_context));
  return list;
}

/* --- sides ----------------------------------------------------------------------------------------------------------- */

static json_t *
describe_effects (const AssayUnitEffects *e, const AssayUnitEffect *list, guint n, const AssayUnitNames *names)
{
  json_t *all = json_array ();

  for (guint k = 0; k < n; k++)
    {
      g_autofree char *name = assay_units_document_name (names, e->kind, list[k].index);

      json_array_append_new (all, json_pack ("{s:s, s:I, s:o}", "name", name, "index", (json_int_t) list[k].index, "weight", assay_json_number (list[k].weight)));
    }
  return all;
}

/* What kind of side it is; with the strongest weights of a unit where unit is not negative. */
static json_t *
describe_side (const AssayUnitEffects *e, const AssayUnitNames *names, gint64 unit)
{
  json_t *side;

  if (e == NULL)
    return json_null ();
  side = json_pack ("{s:s, s:s?, s:s?, s:s?, s:s?, s:b}", "kind", assay_unit_side_get_word (e->kind), "reason", e->reason, "through", e->through, "of", e->of,
                    "norm", e->norm, "centred", e->centred);
  if (unit < 0 || e->kind == ASSAY_SIDE_MISSING)
    return side;
  json_object_set_new (side, "positive", describe_effects (e, e->positive + unit * e->k, e->n_positive[unit], names));
  json_object_set_new (side, "negative", describe_effects (e, e->negative + unit * e->k, e->n_negative[unit], names));
  return side;
}

static json_t *
describe_reads (const AssayTapUnits *tap, const AssayUnitNames *names, gint64 unit)
{
  json_t *reads = json_array ();

  for (guint s = ASSAY_TAP_READS; s <= ASSAY_TAP_READS_2; s++)
    if (tap->side[s] != NULL)
      json_array_append_new (reads, describe_side (tap->side[s], names, unit));
  return reads;
}

/* --- ablation -------------------------------------------------------------------------------------------------------- */

static json_t *
describe_estimate (const AssayEstimate *e)
{
  return json_pack ("{s:o, s:o, s:o}", "value", assay_json_number (e->value), "lo", assay_json_number (e->lo), "hi", assay_json_number (e->hi));
}

static json_t *
describe_ablated (const AssayUnitAblated *a)
{
  return json_pack ("{s:o, s:o, s:o, s:{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o}}", "loss_change", describe_estimate (&a->loss), "logit_change",
                    describe_estimate (&a->logit), "accuracy_change", describe_estimate (&a->accuracy), "control", "n", (json_int_t) a->n_controls,
                    "loss_change", describe_estimate (&a->control_loss), "logit_change", describe_estimate (&a->control_logit), "accuracy_change",
                    describe_estimate (&a->control_accuracy), "least", assay_json_number (a->control_least), "most", assay_json_number (a->control_most),
                    "at_least_as_much", (json_int_t) a->n_as_much, "p", assay_json_number (a->p));
}

static json_t *
describe_ablations (const AssayUnitAblations *a)
{
  json_t *object, *controls = json_array (), *units = json_array ();

  if (a == NULL)
    {
      json_decref (controls);
      json_decref (units);
      return json_null ();
    }
  for (guint k = 0; k < a->controls->len; k++)
    json_array_append_new (controls, json_integer (g_array_index (a->controls, gint64, k)));
  for (guint k = 0; k < a->ablated->len; k++)
    json_array_append_new (units, json_integer (g_array_index (a->ablated, AssayUnitAblated, k).unit));
  object = json_pack ("{s:s, s:I, s:I, s:I, s:o, s:o, s:f, s:o, s:o}", "replaced_by", "mean over the recording", "examples", (json_int_t) a->N,
                      "recorded_examples", (json_int_t) a->n_recorded, "predictions", (json_int_t) a->n_predictions, "loss", assay_json_number (a->loss),
                      "accuracy", assay_json_number (a->accuracy), "level", ASSAY_UNIT_ABLATION_LEVEL, "units", units, "control_units", controls);
  json_object_set_new (object, "together", a->has_together ? describe_ablated (&a->together) : json_null ());
  json_object_set_new (object, "together_missing", a->together_missing ? json_string (a->together_missing) : json_null ());
  return object;
}

/* --- units ----------------------------------------------------------------------------------------------------------- */

static json_t *
list_counts (const gint64 *count, guint n)
{
  json_t *list = json_array ();

  for (guint k = 0; k < n; k++)
    json_array_append_new (list, json_integer (count[k]));
  return list;
}

static json_t *
list_numbers (const double *x, guint n)
{
  json_t *list = json_array ();

  for (guint k = 0; k < n; k++)
    json_array_append_new (list, assay_json_number (x[k]));
  return list;
}

json_t *
assay_units_document_edges (void)
{
  double edge[ASSAY_UNIT_BINS + 1];

  for (guint e = 0; e <= ASSAY_UNIT_BINS; e++)
    edge[e] = assay_unit_histogram_edge (e);
  return list_numbers (edge, ASSAY_UNIT_BINS + 1);
}

static json_t *
describe_bands (const AssayUnits *units, gint64 unit, const AssayUnitNames *names, gboolean with_context)
{
  const AssayUnit *u = &units->unit[unit];
  json_t *bands = json_array ();

  for (guint b = 0; b < units->n_bands; b++)
    json_array_append_new (bands, json_pack ("{s:o, s:o, s:I, s:o}", "lo", assay_json_number (u->s.band[b].lo), "hi", assay_json_number (u->s.band[b].hi), "count",
                                             (json_int_t) u->s.band[b].count, "examples",
                                             describe_rows (u->drawn + b * units->band_rows, u->n_drawn[b], names, with_context)));
  return bands;
}

static json_t *
describe_similar (const AssayUnits *units, gint64 unit)
{
  json_t *list = json_array ();

  for (guint k = 0; k < units->pairs->len; k++)
    {
      const AssayUnitPair *pair = &g_array_index (units->pairs, AssayUnitPair, k);

      if (unit < 0)
        json_array_append_new (list, json_pack ("{s:I, s:I, s:f}", "unit", (json_int_t) pair->unit, "other", (json_int_t) pair->other, "cosine", pair->cosine));
      else if (pair->unit == unit || pair->other == unit)
        json_array_append_new (list, json_pack ("{s:I, s:f}", "unit", (json_int_t) (pair->unit == unit ? pair->other : pair->unit), "cosine", pair->cosine));
    }
  return list;
}

/* A unit that is an output of the model has a name: the token or class that it stands for. */
static json_t *
name_unit (const AssayTapUnits *tap, const AssayUnitNames *names, gint64 unit)
{
  g_autofree char *name = NULL;

  if (g_strcmp0 (names->output, tap->units->tap) != 0 || unit >= assay_dataset_get_n_classes (names->dataset) || tap->units->C == 1)
    return json_null ();
  name = assay_units_document_name (names, ASSAY_SIDE_OUTPUT, unit);
  return json_string (name);
}

static json_t *
describe_statistics (const AssayTapUnits *tap, const AssayUnitNames *names, gint64 unit)
{
  const AssayUnit *u = &tap->units->unit[unit];
  json_t *object = json_pack ("{s:s, s:I, s:I, s:I, s:f, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:b, s:o}", "tap", tap->units->tap, "unit", (json_int_t) unit, "rows",
                    (json_int_t) u->s.n, "nonzero", (json_int_t) u->s.nonzero, "density", (double) u->s.nonzero / (double) u->s.n, "mean",
                    assay_json_number (u->s.mean), "variance", assay_json_number (u->s.variance), "standard_deviation",
                    assay_json_number (sqrt (u->s.variance)), "min", assay_json_number (u->s.least), "max", assay_json_number (u->s.most), "distinct_values",
                    (json_int_t) u->s.n_distinct, "dead", assay_unit_is_dead (u), "constant", assay_unit_is_constant (u), "duplicate_of",
                    u->twin >= 0 ? json_integer (u->twin) : json_null ());

  if (u->s.n_distinct < 0)
    json_object_set_new (object, "distinct_values", json_null ());
  json_object_set_new (object, "name", name_unit (tap, names, unit));
  return object;
}

json_t *
assay_units_document_unit (const AssayTapUnits *tap, const AssayUnitNames *names, gint64 unit, gboolean with_context)
{
  const AssayUnit *u = &tap->units->unit[unit];
  const AssayUnitAblated *ablated = assay_unit_ablations_find (tap->ablations, unit);
  json_t *object = describe_statistics (tap, names, unit);

  json_object_set_new (object, "quantiles", list_numbers (u->s.quantile, ASSAY_UNIT_N_QUANTILES));
  json_object_set_new (object, "histogram", list_counts (u->s.count, ASSAY_UNIT_BINS));
  json_object_set_new (object, "top", describe_rows (u->largest, tap->units->n_best, names, with_context));
  json_object_set_new (object, "bottom", describe_rows (u->smallest, tap->units->n_best, names, with_context));
  json_object_set_new (object, "bands", describe_bands (tap->units, unit, names, with_context));
  json_object_set_new (object, "reads", describe_reads (tap, names, unit));
  json_object_set_new (object, "writes", describe_side (tap->side[ASSAY_TAP_WRITES], names, unit));
  json_object_set_new (object, "similar", describe_similar (tap->units, unit));
  json_object_set_new (object, "ablation", ablated ? describe_ablated (ablated) : json_null ());
  json_object_set_new (object, "basis", json_string (ablated ? "ablation" : "description only: no ablation was run"));
  return object;
}

/* --- taps ------------------------------------------------------------------------------------------------------------ */

static double
effect_of (const AssayTapUnits *tap, gint64 unit)
{
  const AssayUnitAblated *a = assay_unit_ablations_find (tap->ablations, unit);

  return a ? fabs (a->loss.value) : -1;
}

static int
compare_units (gconstpointer a, gconstpointer b, gpointer data)
{
  const AssayTapUnits *tap = data;
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  double of_x = effect_of (tap, x), of_y = effect_of (tap, y), vary_x = tap->units->unit[x].s.variance, vary_y = tap->units->unit[y].s.variance;

  if (of_x != of_y)
    return of_x > of_y ? -1 : 1;
  if (vary_x != vary_y)
    return vary_x > vary_y ? -1 : 1;
  return x < y ? -1 : x > y;
}

GArray *
assay_units_document_rank (const AssayTapUnits *tap)
{
  GArray *order = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 u = 0; u < tap->units->C; u++)
    g_array_append_val (order, u);
  g_array_sort_with_data (order, compare_units, (gpointer) tap);
  return order;
}

static json_t *
describe_ranked (const AssayTapUnits *tap, const AssayUnitNames *names, gint64 unit)
{
  const AssayUnit *u = &tap->units->unit[unit];
  const AssayUnitAblated *ablated = assay_unit_ablations_find (tap->ablations, unit);
  json_t *object = describe_statistics (tap, names, unit);

  json_object_set_new (object, "top", describe_rows (u->largest, MIN (tap->units->n_best, 1), names, FALSE));
  json_object_set_new (object, "reads", describe_reads (tap, names, unit));
  json_object_set_new (object, "writes", describe_side (tap->side[ASSAY_TAP_WRITES], names, unit));
  json_object_set_new (object, "ablation", ablated ? describe_ablated (ablated) : json_null ());
  return object;
}

json_t *
assay_units_document_tap (const AssayTapUnits *tap, const AssayUnitNames *names, guint n_ranked)
{
  const AssayUnits *units = tap->units;
  g_autoptr (GArray) order = assay_units_document_rank (tap);
  gint64 dead = 0, constant = 0, duplicates = 0;
  json_t *ranking = json_array (), *object;

  for (gint64 u = 0; u < units->C; u++)
    {
      dead += assay_unit_is_dead (&units->unit[u]);
      constant += assay_unit_is_constant (&units->unit[u]);
      duplicates += units->unit[u].twin >= 0;
    }
  for (guint k = 0; k < MIN (order->len, n_ranked); k++)
    json_array_append_new (ranking, describe_ranked (tap, names, g_array_index (order, gint64, k)));
  object = json_pack ("{s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:f, s:s?, s:o}", "tap", units->tap, "units", (json_int_t) units->C, "rows", (json_int_t) units->R,
                      "type", assay_store_type_word (units->type), "dead", (json_int_t) dead, "constant", (json_int_t) constant, "duplicates",
                      (json_int_t) duplicates, "similar_bound", units->similar, "similar_missing", units->similar_missing, "similar",
                      describe_similar (units, -1));
  json_object_set_new (object, "reads", describe_reads (tap, names, -1));
  json_object_set_new (object, "writes", describe_side (tap->side[ASSAY_TAP_WRITES], names, -1));
  json_object_set_new (object, "ablation", describe_ablations (tap->ablations));
  json_object_set_new (object, "ranking", ranking);
  return object;
}
