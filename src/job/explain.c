/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c: columns, references and decisions. */
#include "job/explain.h"

#include "base/error.h"
#include "job/spec.h"
#include "run/predict.h"

#include <math.h>
#include <string.h>

#define BLOCK 256

const AssayParam assay_explain_params[] = {
  { "example", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example", .flags = ASSAY_PARAM_REQUIRED,
    .help = "whose decision is explained; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  { "against", ASSAY_PARAM_STRING, .def.s = "mean", .metavar = "REFERENCE",
    .help = "what contributions are measured from: mean (of the training split), base (reference levels, mean numbers; black), or an example" },
  { "threshold", ASSAY_PARAM_DOUBLE, .flags = ASSAY_PARAM_OPTIONAL, .min = 1e-12, .max = 1 - 1e-12,
    .help = "probability from which on the second of two classes is decided (default: the likelier class)" },
  { "orders", ASSAY_PARAM_INT, .def.i = 200, .min = 0, .max = 100000, .flags = ASSAY_PARAM_ADVANCED, .help = "random orders that the deletion of columns is held against" },
  { "nearest", ASSAY_PARAM_INT, .def.i = 5, .min = 0, .max = 1000, .unit = "examples", .help = "training examples that the model sees as most alike" },
  { "gradients", ASSAY_PARAM_INT, .def.i = 40000, .min = 8, .max = 1e9, .flags = ASSAY_PARAM_ADVANCED, .help = "at most, for one person's contributions where they are integrated" },
  { "seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .flags = ASSAY_PARAM_ADVANCED, .help = "of the random orders" },
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

void
assay_explain_free (AssayExplain *explain)
{
  if (explain == NULL)
    return;
  for (gint64 c = 0; explain->column != NULL && c < explain->C; c++)
    {
      g_free (explain->column[c].name);
      g_free (explain->column[c].reference_level);
    }
  g_free (explain->column);
  g_free (explain->range);
  g_free (explain->reference_words);
  g_free (explain->reference);
  g_free (explain->train_mean);
  assay_observed_free (explain->observed, explain->C);
  assay_neighbours_free (explain->neighbours);
  g_clear_pointer (&explain->scores, g_ptr_array_unref);
  assay_margin_free (explain->margin);
  g_clear_pointer (&explain->examples, g_array_unref);
  assay_subject_free (explain->subject);
  g_free (explain);
}

/* --- columns ----------------------------------------------------------------------------------------------------------------- */

static void
add_table_columns (AssayExplain *explain, const GArray *inputs)
{
  explain->is_table = TRUE;
  for (guint k = 0; k < inputs->len; k++)
    {
      const AssayDesignInput *input = &g_array_index (inputs, AssayDesignInput, k);

      if (input->n == 0)
        continue;
      explain->range[explain->C] = (AssayColumnRange) { input->first, input->n };
      explain->column[explain->C++] = (AssayExplainColumn) { g_strdup (input->column->name), input->column, input->by_level, NULL };
    }
}

/* Pixels by row and column from 0, other features by number. */
static void
add_features (AssayExplain *explain)
{
  AssayShape shape = assay_dataset_get_shape (explain->subject->dataset);

  for (gint64 d = 0; d < explain->D; d++)
    {
      char *name = shape.rank == 3 ? g_strdup_printf ("pixel (%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")", d / shape.dim[2] % shape.dim[1], d % shape.dim[2])
                                   : g_strdup_printf ("feature %" G_GINT64_FORMAT, d);

      explain->range[d] = (AssayColumnRange) { d, 1 };
      explain->column[d] = (AssayExplainColumn) { name, NULL, FALSE, NULL };
    }
  explain->C = explain->D;
}

static void
find_columns (AssayExplain *explain)
{
  const GArray *inputs = assay_dataset_get_inputs (explain->subject->dataset);

  explain->D = assay_margin_get_size (explain->margin);
  explain->V = assay_margin_get_width (explain->margin);
  explain->range = g_new0 (AssayColumnRange, explain->D);
  explain->column = g_new0 (AssayExplainColumn, explain->D);
  if (inputs != NULL)
    add_table_columns (explain, inputs);
  else
    add_features (explain);
}

void
assay_explain_read (const AssayExplain *explain, gint64 example, double *x)
{
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x };

  assay_dataset_fill (explain->subject->dataset, &example, 1, &batch);
}

/* --- references -------------------------------------------------------------------------------------------------------------- */

/* The level of a coded column that has no term: that of the first example all of whose terms are 0. */
static void
look_for_levels (AssayExplain *explain, gint64 example, const double *x)
{
  for (gint64 c = 0; c < explain->C; c++)
    {
      gboolean is_reference = explain->column[c].by_level && explain->column[c].reference_level == NULL;

      for (gint64 k = 0; is_reference && k < explain->range[c].n; k++)
        is_reference = fabs (assay_explain_unscale (explain, explain->range[c].first + k, x[explain->range[c].first + k])) < 0.5;
      if (is_reference)
        explain->column[c].reference_level = assay_explain_dup_value (explain, c, example, x, NULL);
    }
}

static void
find_train_mean (AssayExplain *explain)
{
  const AssaySubject *subject = explain->subject;
  g_autofree double *x = g_new (double, BLOCK * explain->D);

  explain->train_mean = g_new0 (double, explain->D);
  for (gint64 done = 0; done < subject->n_train; done += BLOCK)
    {
      gint64 n = MIN (BLOCK, subject->n_train - done);
      AssayBatch batch = { .dtype = ASSAY_F64, .x = x };

      assay_dataset_fill (subject->dataset, subject->train + done, n, &batch);
      for (gint64 i = 0; i < n; i++)
        {
          look_for_levels (explain, subject->train[done + i], x + i * explain->D);
          for (gint64 d = 0; d < explain->D; d++)
            explain->train_mean[d] += x[i * explain->D + d];
        }
    }
  for (gint64 d = 0; d < explain->D; d++)
    explain->train_mean[d] /= (double) subject->n_train;
}

/* What a feature is where its raw value is `raw`. */
static double
scale (const AssayExplain *explain, gint64 feature, double raw)
{
  const double *deviation, *mean = assay_dataset_get_scale (explain->subject->dataset, &deviation);

  return mean ? (raw - mean[feature]) / deviation[feature] : raw;
}

double
assay_explain_unscale (const AssayExplain *explain, gint64 feature, double x)
{
  const double *deviation, *mean = assay_dataset_get_scale (explain->subject->dataset, &deviation);

  return mean ? x * deviation[feature] + mean[feature] : x;
}

/* Reference levels have no term of their own: all of a column's are 0. */
static void
put_base (AssayExplain *explain)
{
  for (gint64 d = 0; d < explain->D; d++)
    explain->reference[d] = explain->is_table ? explain->train_mean[d] : 0;
  for (gint64 c = 0; explain->is_table && c < explain->C; c++)
    for (gint64 k = explain->column[c].by_level ? 0 : 1; k < explain->range[c].n; k++)
      explain->reference[explain->range[c].first + k] = scale (explain, explain->range[c].first + k, 0);
}

static gboolean
find_reference (AssayExplain *explain, const char *against, GError **error)
{
  const AssaySubject *subject = explain->subject;
  const char *const references[] = { against, NULL };
  g_autoptr (GArray) found = NULL;
  g_autofree char *where = NULL;

  explain->reference = g_memdup2 (explain->train_mean, explain->D * sizeof (double));
  explain->reference_example = -1;
  explain->reference_kind = "mean";
  explain->reference_words = g_strdup_printf ("the mean of every input over the %" G_GINT64_FORMAT " examples of split %s", subject->n_train,
                                              subject->train_split);
  if (strcmp (against, "mean") == 0)
    return TRUE;
  g_free (explain->reference_words);
  if (strcmp (against, "base") == 0)
    {
      explain->reference_kind = "base";
      explain->reference_words = g_strdup (explain->is_table ? "the reference level of every coded column, and the training mean of every number" : "black");
      put_base (explain);
      return TRUE;
    }
  explain->reference_words = NULL;
  found = assay_subject_find_examples (subject->dataset, references, error);
  if (found == NULL)
    {
      g_prefix_error (error, "against: mean, base or an example expected: ");
      return FALSE;
    }
  explain->reference_kind = "example";
  explain->reference_example = g_array_index (found, gint64, 0);
  if (found->len != 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "against: %s: one example expected, %u found", against, found->len);
      return FALSE;
    }
  where = assay_dataset_describe (subject->dataset, explain->reference_example);
  explain->reference_words = g_strdup_printf ("the example %s", where);
  assay_explain_read (explain, explain->reference_example, explain->reference);
  return TRUE;
}

/* --- values for people --------------------------------------------------------------------------------------------------------- */

static char *
dup_number (double value, guint digits)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE], format[16];

  g_snprintf (format, sizeof format, "%%.%ug", digits);
  return g_strdup (g_ascii_formatd (text, sizeof text, format, value + 0.0));
}

char *
assay_explain_dup_value (const AssayExplain *explain, gint64 column, gint64 example, const double *x, double *number)
{
  const AssayColumn *of = explain->column[column].column;
  gint64 row = assay_dataset_get_row (explain->subject->dataset, example);
  double value = of == NULL ? x[explain->range[column].first] : of->type == ASSAY_COLUMN_NUMBER ? of->number[row] : (double) NAN;

  if (number != NULL)
    *number = value;
  if (of != NULL && assay_column_is_missing (of, row))
    return g_strdup (ASSAY_LEVEL_MISSING);
  if (of == NULL || of->type == ASSAY_COLUMN_NUMBER)
    return dup_number (value, of == NULL ? 4 : 15);
  return of->levels ? g_strdup (of->levels->pdata[of->code[row]]) : g_strdup_printf ("%d", of->code[row]);
}

typedef struct { const char *level; double share; gint64 order; } Share;

static int
largest_share (const void *a, const void *b)
{
  const Share *x = a, *y = b;

  if (x->share != y->share)
    return x->share > y->share ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

static const char *
name_reference_level (const AssayExplain *explain, gint64 column)
{
  const char *level = explain->column[column].reference_level;

  return level ? level : "the reference level";
}

/* "Male 81 %, Female 19 %": levels by their share in the reference; the column's reference level has what the terms leave. */
static char *
dup_mixture (const AssayExplain *explain, gint64 column)
{
  const AssayColumnRange *range = &explain->range[column];
  const GPtrArray *names = assay_dataset_get_term_names (explain->subject->dataset);
  gsize prefix = strlen (explain->column[column].name) + strlen (" = ");
  g_autofree Share *share = g_new (Share, range->n + 1);
  GString *text = g_string_new (NULL);
  double rest = 1;

  for (gint64 k = 0; k < range->n; k++)
    {
      share[k] = (Share) { (const char *) names->pdata[range->first + k] + prefix, assay_explain_unscale (explain, range->first + k,
                                                                                                          explain->reference[range->first + k]), k };
      rest -= share[k].share;
    }
  share[range->n] = (Share) { name_reference_level (explain, column), rest, range->n };
  qsort (share, range->n + 1, sizeof *share, largest_share);
  for (gint64 k = 0; k <= range->n && k < 3; k++)
    if (share[k].share > 5e-4)
      {
        g_autofree char *percent = dup_number (100 * share[k].share, 3);

        g_string_append_printf (text, "%s%s %s %%", text->len > 0 ? ", " : "", share[k].level, percent);
      }
  if (range->n + 1 > 3)
    g_string_append (text, ", ...");
  return g_string_free (text, FALSE);
}

char *
assay_explain_dup_reference (const AssayExplain *explain, gint64 column, double *number)
{
  gint64 first = explain->range[column].first;

  if (explain->reference_example >= 0)
    return assay_explain_dup_value (explain, column, explain->reference_example, explain->reference, number);
  *number = explain->column[column].by_level ? (double) NAN : assay_explain_unscale (explain, first, explain->reference[first]);
  if (!explain->column[column].by_level)
    return dup_number (*number, 6);
  if (strcmp (explain->reference_kind, "base") == 0)
    return g_strdup (name_reference_level (explain, column));
  return dup_mixture (explain, column);
}

/* --- decisions ----------------------------------------------------------------------------------------------------------------- */

static gint64
find_largest (const double *logits, gint64 V, gint64 except)
{
  gint64 best = -1;

  for (gint64 v = 0; v < V; v++)
    if (v != except && (best < 0 || logits[v] > logits[best]))
      best = v;
  return best;
}

gint64
assay_explain_get_class (const AssayExplain *explain, const double *logits)
{
  gint64 n = assay_margin_get_n_classes (explain->margin);
  const AssayMarginChoice choice = { 1, 0, explain->offset };
  double margin;

  if (n == 0)
    return -1;
  if (n > 2)
    return find_largest (logits, explain->V, -1);
  margin = assay_margin_of_logits (explain->margin, &choice, logits);
  return margin > 0 || (margin == 0 && explain->has_threshold);
}

AssayExplainDecision
assay_explain_decide (const AssayExplain *explain, const double *logits)
{
  gint64 n = assay_margin_get_n_classes (explain->margin);
  AssayExplainDecision d = { .choice = { 1, 0, explain->offset }, .decides = n > 0, .decided = assay_explain_get_class (explain, logits), .sign = 1,
                             .probability = NAN };

  if (n == 2)
    {
      d.against = 1 - d.decided;
      d.sign = d.decided == 1 ? 1 : -1;
    }
  else if (n > 2)
    {
      d.against = find_largest (logits, explain->V, d.decided);
      d.choice = (AssayMarginChoice) { d.decided, d.against, 0 };
    }
  if (n > 0)
    d.probability = assay_predict_probability (logits, explain->V, d.decided);
  d.margin = assay_margin_of_logits (explain->margin, &d.choice, logits);
  return d;
}

/* --- opening --------------------------------------------------------------------------------------------------------------------- */

static gboolean
check_model (const AssayExplain *explain, GError **error)
{
  const AssaySubject *subject = explain->subject;
  gint64 classes;

  if (assay_dataset_get_kind (subject->dataset) == ASSAY_DATASET_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model %s reads tokens: decisions of models of tables and images can be explained",
                   subject->object->name);
      return FALSE;
    }
  classes = assay_predict_get_width (subject->model);
  if (!explain->has_threshold || (assay_dataset_get_target_kind (subject->dataset) == ASSAY_TARGET_CLASS && classes <= 2))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "threshold: model %s %s; a threshold is for a yes or no", subject->object->name,
               classes > 2 ? "tells more than two classes apart" : "predicts a number");
  return FALSE;
}

AssayExplain *
assay_explain_open (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  g_autoptr (AssayExplain) explain = g_new0 (AssayExplain, 1);

  explain->has_threshold = assay_values_is_set (values, "threshold");
  if (explain->has_threshold)
    explain->offset = log (assay_values_get_double (values, "threshold")) - log1p (-assay_values_get_double (values, "threshold"));
  explain->subject = assay_subject_open (job, context, error);
  if (explain->subject == NULL || !check_model (explain, error))
    return NULL;
  explain->examples = assay_subject_find_examples (explain->subject->dataset, assay_values_get_list (values, "example"), error);
  if (explain->examples == NULL)
    return NULL;
  explain->margin = assay_margin_new (explain->subject->model, context->backend, error);
  if (explain->margin == NULL)
    return NULL;
  find_columns (explain);
  find_train_mean (explain);
  if (!find_reference (explain, assay_values_get_string (values, "against"), error))
    return NULL;
  explain->scores = assay_explain_find_scores (context->cas, explain->subject, explain->examples, error);
  for (guint q = 0; explain->scores != NULL && q < explain->scores->len; q++)
    {
      const GArray *list = explain->scores->pdata[q];

      for (guint k = 0; k < list->len; k++)
        assay_job_add_input_object (job, "scores", g_array_index (list, AssayExplainScores, k).object);
    }
  return explain->scores ? g_steal_pointer (&explain) : NULL;
}

gboolean
assay_explain_prepare (AssayExplain *explain, const AssayValues *options, AssayJobContext *context, GError **error)
{
  const AssaySubject *subject = explain->subject;

  if (explain->is_table && assay_margin_has_classes (explain->margin))
    {
      explain->observed = assay_observed_new (subject->dataset, subject->train, subject->n_train, explain->range, explain->C, context->progress, error);
      if (explain->observed == NULL)
        return FALSE;
    }
  if (assay_values_get_int (options, "nearest") == 0)
    return TRUE;
  explain->neighbours = assay_neighbours_new (subject->model, subject->dataset, subject->train, subject->n_train,
                                              (const gint64 *) (gconstpointer) explain->examples->data, explain->examples->len,
                                              assay_values_get_int (options, "nearest"), context->backend, context->progress, error);
  return explain->neighbours != NULL;
}
