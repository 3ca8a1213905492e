/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain_flips.c: which single change of one column, to a value that somebody in the training split has, decides otherwise. */
#include "job/explain.h"

#include "base/json.h"
#include "run/predict.h"

#include <math.h>
#include <stdlib.h>

#define MAX_LISTED 20           /* levels that flip, in the answer */

/* What the model says with one value in place. */
typedef struct {
  gint64 example;               /* the first who has the value */
  gint64 count;                 /* how many in the training split have it */
  double number;                /* of a number column; NaN: missing, or a level */
  double toward;                /* the margin that speaks for what was decided */
  double probability;           /* of the class that is decided then */
  gint64 class;
  gboolean is_own, flips;
} Trial;

typedef struct {
  const AssayExplain *explain;
  const AssayExplainDecision *decision;
  gint64 example, column;
  const double *x;
  double own;                   /* the person's number; NaN: missing, or a level */
  Trial *trial;
  gint64 n;
} Trials;

static gboolean
is_own_value (const Trials *trials, const AssayObservedValues *values, gint64 m)
{
  const AssayColumnRange *range = &trials->explain->range[trials->column];

  for (gint64 k = 0; k < range->n; k++)
    if (values->features[m * range->n + k] != trials->x[range->first + k])
      return FALSE;
  return TRUE;
}

static gboolean
run_trials (Trials *trials, GError **error)
{
  const AssayExplain *explain = trials->explain;
  const AssayObservedValues *values = &explain->observed[trials->column];
  g_autofree double *logits = g_new (double, values->M * explain->V);
  g_autofree char *text = assay_explain_dup_value (explain, trials->column, trials->example, trials->x, &trials->own);

  if (!assay_observed_try (values, &explain->range[trials->column], explain->margin, trials->x, logits, error))
    return FALSE;
  trials->n = values->M;
  trials->trial = g_new0 (Trial, values->M);
  for (gint64 m = 0; m < values->M; m++)
    {
      Trial *t = &trials->trial[m];
      g_autofree char *value = assay_explain_dup_value (explain, trials->column, values->example[m], trials->x, &t->number);

      t->example = values->example[m];
      t->count = values->count[m];
      t->toward = trials->decision->sign * assay_margin_of_logits (explain->margin, &trials->decision->choice, logits + m * explain->V);
      t->class = assay_explain_get_class (explain, logits + m * explain->V);
      t->probability = assay_predict_probability (logits + m * explain->V, explain->V, t->class);
      t->is_own = is_own_value (trials, values, m);
      t->flips = !t->is_own && t->class != trials->decision->decided;
    }
  return TRUE;
}

static json_t *
trial_to_json (const Trials *trials, const Trial *t)
{
  const AssayExplain *explain = trials->explain;
  g_autofree char *value = assay_explain_dup_value (explain, trials->column, t->example, trials->x, NULL);
  g_autofree char *class = assay_subject_name_class (explain->subject, t->class);

  return json_pack ("{s:s, s:o, s:o, s:s, s:f, s:f, s:I}", "value", value, "value_number", assay_json_number (t->number), "change",
                    assay_json_number (t->number - trials->own), "class", class, "probability", t->probability, "margin",
                    trials->decision->sign * t->toward, "people", (json_int_t) t->count);
}

/* The flip by the smallest change upwards (direction 1) or downwards (-1); NULL where there is none. */
static const Trial *
find_smallest (const Trials *trials, double direction)
{
  const Trial *best = NULL;

  for (gint64 m = 0; m < trials->n; m++)
    {
      const Trial *t = &trials->trial[m];
      double change = direction * (t->number - trials->own);

      if (t->flips && change > 0 && (best == NULL || change < direction * (best->number - trials->own)))
        best = t;
    }
  return best;
}

/* Of all other values the one that brings the margin nearest to a flip, or furthest beyond. */
static const Trial *
find_furthest (const Trials *trials)
{
  const Trial *best = NULL;

  for (gint64 m = 0; m < trials->n; m++)
    if (!trials->trial[m].is_own && (best == NULL || trials->trial[m].toward < best->toward))
      best = &trials->trial[m];
  return best;
}

static json_t *
optional_to_json (const Trials *trials, const Trial *t)
{
  return t ? trial_to_json (trials, t) : json_null ();
}

static int
by_margin (gconstpointer a, gconstpointer b)
{
  const Trial *x = *(const Trial *const *) a, *y = *(const Trial *const *) b;

  if (x->toward != y->toward)
    return x->toward > y->toward ? -1 : 1;                        /* the one nearest to what was decided first: the mildest flip */
  return x->example < y->example ? -1 : x->example > y->example;
}

static json_t *
levels_to_json (const Trials *trials)
{
  g_autoptr (GPtrArray) flips = g_ptr_array_new ();
  json_t *list = json_array ();

  for (gint64 m = 0; m < trials->n; m++)
    if (trials->trial[m].flips)
      g_ptr_array_add (flips, &trials->trial[m]);
  g_ptr_array_sort (flips, by_margin);
  for (guint k = 0; k < flips->len && k < MAX_LISTED; k++)
    json_array_append_new (list, trial_to_json (trials, flips->pdata[k]));
  return list;
}

/* Where the margin is a line in the number, the change at which it is 0, observed or not. */
static json_t *
find_exact_change (const Trials *trials)
{
  const AssayExplain *explain = trials->explain;
  const AssayColumnRange *range = &explain->range[trials->column];
  g_autofree double *weight = g_new (double, explain->D);
  double slope;

  if (range->n != 1 || isnan (trials->own) || assay_margin_get_n_classes (explain->margin) != 2
      || !assay_margin_get_slope (explain->margin, &trials->decision->choice, weight))
    return json_null ();
  slope = weight[range->first] / (assay_explain_unscale (explain, range->first, 1) - assay_explain_unscale (explain, range->first, 0));
  return assay_json_number (-trials->decision->margin / slope);
}

static json_t *
column_to_json (const Trials *trials)
{
  const AssayExplain *explain = trials->explain;
  g_autofree char *value = assay_explain_dup_value (explain, trials->column, trials->example, trials->x, NULL);
  gboolean by_level = explain->column[trials->column].by_level;
  gint64 flips = 0, tried = 0;

  for (gint64 m = 0; m < trials->n; m++)
    {
      flips += trials->trial[m].flips;
      tried += !trials->trial[m].is_own;
    }
  return json_pack ("{s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "column", explain->column[trials->column].name, "value", value, "tried",
                    (json_int_t) tried, "flips", (json_int_t) flips, "up", by_level ? json_null () : optional_to_json (trials, find_smallest (trials, 1)),
                    "down", by_level ? json_null () : optional_to_json (trials, find_smallest (trials, -1)), "levels", by_level ? levels_to_json (trials)
                    : json_null (), "furthest", optional_to_json (trials, find_furthest (trials)), "exact_change", by_level ? json_null ()
                    : find_exact_change (trials));
}

static json_t *
not_applicable (const char *reason)
{
  return json_pack ("{s:s}", "not_applicable", reason);
}

json_t *
assay_explain_flips (AssayExplain *explain, const AssayExplainDecision *decision, gint64 example, const double *x, GError **error)
{
  json_t *columns;

  if (!explain->is_table)
    return not_applicable ("a single pixel is no fact about anything: flips are of columns of a table");
  if (!decision->decides)
    return not_applicable ("the model predicts a number and decides nothing");
  columns = json_array ();
  for (gint64 c = 0; c < explain->C; c++)
    {
      Trials trials = { .explain = explain, .decision = decision, .example = example, .column = c, .x = x };

      if (!run_trials (&trials, error))
        {
          json_decref (columns);
          return NULL;
        }
      json_array_append_new (columns, column_to_json (&trials));
      g_free (trials.trial);
    }
  return json_pack ("{s:o}", "columns", columns);
}
