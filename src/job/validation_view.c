/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_view.c: draws the answer of a validation job. */
#include "job/validation_view.h"

#include "base/json.h"
#include "job/query_view.h"
#include "job/spec.h"

#include <math.h>

static gint64
count_of (const json_t *object, const char *key)
{
  return json_integer_value (json_object_get (object, key));
}

/* A correlation has as many decimals whatever its size; a change of loss has as many digits. */
static char *
format_correlation (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (text, sizeof text, "%.3f", value));
}

static char *
format_change (double value)
{
  return assay_view_number (value, 3);
}

/* "0.987 [0.981, 0.992]"; without an interval only the value. */
static char *
estimate_text (const json_t *estimate, char *(*format) (double value))
{
  double number = assay_json_get_number (estimate, "value"), low = assay_json_get_number (estimate, "lo");
  double high = assay_json_get_number (estimate, "hi");
  g_autofree char *value = NULL, *lo = NULL, *hi = NULL;

  if (isnan (number))
    return g_strdup ("undefined");
  value = format (number);
  if (isnan (low) || isnan (high))
    return g_steal_pointer (&value);
  lo = format (low);
  hi = format (high);
  return g_strdup_printf ("%s [%s, %s]", value, lo, hi);
}

/* --- agreement ----------------------------------------------------------------------------------------------------- */

static const char *
judge (const json_t *agreement)
{
  const json_t *pearson = json_object_get (agreement, "pearson");
  double lo = assay_json_get_number (pearson, "lo"), hi = assay_json_get_number (pearson, "hi");

  if (isnan (lo) || isnan (hi))
    return "too few retrainings to tell";
  if (lo > 0)
    return "predictions follow retraining";
  return hi < 0 ? "predictions run against retraining" : "no agreement that could be told from chance";
}

/* The control is one deal of the scores: an interval of 95 % misses 0 once in twenty times by itself. */
static const char *
judge_control (const json_t *agreement)
{
  const json_t *control = json_object_get (json_object_get (agreement, "control"), "pearson");
  double lo = assay_json_get_number (control, "lo"), hi = assay_json_get_number (control, "hi");

  return lo > 0 || hi < 0 ? " (not around 0: try another --seed before trusting either)" : "";
}

static void
view_agreement (const json_t *agreement, gint64 n_query, const char *title, AssayView *view)
{
  const json_t *control = json_object_get (agreement, "control");
  g_autofree char *pearson = estimate_text (json_object_get (agreement, "pearson"), format_correlation);
  g_autofree char *spearman = estimate_text (json_object_get (agreement, "spearman"), format_correlation);
  g_autofree char *by_chance = estimate_text (json_object_get (control, "pearson"), format_correlation);
  g_autofree char *change = assay_view_number (assay_json_get_number (agreement, "change"), 3);
  g_autofree char *band = assay_view_number (assay_json_get_number (agreement, "band"), 3);
  g_autofree char *slope = assay_view_number (assay_json_get_number (agreement, "slope"), 3);

  assay_view_add_heading (view, "%s: %s", title, judge (agreement));
  assay_view_add_field (view, "mean correlation", "%s over %" G_GINT64_FORMAT " %s", pearson, n_query, n_query == 1 ? "query" : "queries");
  assay_view_add_field (view, "of ranks", "%s", spearman);
  assay_view_add_field (view, "control", "%s with the scores dealt out to the examples at random%s", by_chance, judge_control (agreement));
  if (isnan (assay_json_get_number (agreement, "band")))
    {
      assay_view_add_field (view, "off by", "no band: scores of this method have no unit, or were not given for all");
      return;
    }
  assay_view_add_field (view, "off by", "at most %s nats in 95 of 100 predictions, where 95 of 100 changes are at most %s nats", band, change);
  assay_view_add_field (view, "scale", "a predicted change of 1 was one of %s (1: right)", slope);
}

/* --- the groups ranked first --------------------------------------------------------------------------------------- */

static gint64
count_ahead (const json_t *top)
{
  double least = 1 / (double) (count_of (top, "random_groups") + 1);
  gint64 n = 0;
  gsize q;
  json_t *query;

  json_array_foreach (json_object_get (top, "per_query"), q, query)
    n += assay_json_get_number (query, "p") <= 1.000001 * least;
  return n;
}

static void
view_top (const json_t *document, const json_t *top, AssayView *view)
{
  g_autofree char *change = estimate_text (json_object_get (top, "change"), format_change);
  g_autofree char *random = estimate_text (json_object_get (top, "random_change"), format_change);
  g_autofree char *difference = estimate_text (json_object_get (top, "difference"), format_change);
  double lo = assay_json_get_number (json_object_get (top, "difference"), "lo");

  assay_view_add_heading (view, "Leaving out the %" G_GINT64_FORMAT " examples ranked most helpful to a query: %s", count_of (document, "group_size"),
                          lo > 0 ? "they matter more than random ones" : "no more than random ones, as far as can be told");
  assay_view_add_field (view, "loss rises by", "%s nats in the mean", change);
  assay_view_add_field (view, "random groups", "%s nats", random);
  assay_view_add_field (view, "difference", "%s nats", difference);
  assay_view_add_field (view, "ahead of all", "the loss of %" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT " rose more than without any of %" G_GINT64_FORMAT
                        " random groups", count_ahead (top), json_array_size (json_object_get (top, "per_query")), count_of (top, "random_groups"));
}

/* --- query by query ------------------------------------------------------------------------------------------------ */

static void
add_correlation (const json_t *agreement, gsize query, AssayView *view)
{
  g_autofree char *text = estimate_text (json_object_get (json_array_get (json_object_get (agreement, "per_query"), query), "pearson"),
                                         format_correlation);

  assay_view_add_cell (view, text);
}

static void
view_queries (const json_t *document, AssayView *view)
{
  const json_t *one = json_object_get (document, "leave_one_out"), *groups = json_object_get (document, "groups");
  const json_t *top = json_object_get (document, "top_removal");
  g_autofree char *columns = g_strconcat ("query", json_is_object (one) ? "|one left out" : "", json_is_object (groups) ? "|groups left out" : "",
                                          json_is_object (top) ? "|>most helpful|>random|>p" : "", NULL);
  gsize q;
  json_t *query;

  assay_view_add_heading (view, "Query by query: correlation%s",
                          json_is_object (top) ? "; rise of the loss without the most helpful group and without random ones, nats" : "");
  assay_view_begin_table (view, columns);
  json_array_foreach (json_object_get (document, "queries"), q, query)
    {
      g_autofree char *name = assay_query_name (query);
      const json_t *removal = json_array_get (json_object_get (top, "per_query"), q);

      assay_view_add_cell (view, name);
      if (json_is_object (one))
        add_correlation (one, q, view);
      if (json_is_object (groups))
        add_correlation (groups, q, view);
      if (!json_is_object (top))
        continue;
      assay_view_add_cell_number (view, assay_json_get_number (removal, "change"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (removal, "random_change"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (removal, "p"), 3);
    }
}

static void
view_solves (const json_t *solver, AssayView *view)
{
  g_autofree char *worst = assay_view_number (assay_json_get_number (solver, "worst_true_residual"), 2);

  assay_view_add_field (view, "solves", "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " converged; worst true residual %s", count_of (solver, "converged"),
                        count_of (solver, "solves"), worst);
}

void
assay_validation_view (const json_t *document, AssayView *view)
{
  const json_t *one = json_object_get (document, "leave_one_out"), *groups = json_object_get (document, "groups");
  const json_t *top = json_object_get (document, "top_removal");
  gint64 n_query = (gint64) json_array_size (json_object_get (document, "queries"));
  g_autofree char *cas = assay_job_quote_word (json_string_value (json_object_get (document, "case")));
  g_autofree char *name = assay_job_quote_word (json_string_value (json_object_get (document, "validation_object")));

  assay_view_add_text (view, "Scores of %s for model %s, against what %" G_GINT64_FORMAT " retrainings did to the loss of %" G_GINT64_FORMAT " %s. "
                       "Intervals in brackets: %g %%.", json_string_value (json_object_get (document, "method")),
                       json_string_value (json_object_get (document, "model")), count_of (document, "retrainings"), n_query,
                       n_query == 1 ? "query" : "queries", 100 * assay_json_get_number (document, "level"));
  if (json_is_object (json_object_get (document, "solver")))
    view_solves (json_object_get (document, "solver"), view);
  if (json_is_object (one))
    {
      g_autofree char *title = g_strdup_printf ("Leaving one example out, %" G_GINT64_FORMAT " times", count_of (one, "sets"));

      view_agreement (one, n_query, title, view);
    }
  if (json_is_object (groups))
    {
      g_autofree char *title = g_strdup_printf ("Leaving out %" G_GINT64_FORMAT " examples at random, %" G_GINT64_FORMAT " times",
                                                count_of (document, "group_size"), count_of (groups, "sets"));

      view_agreement (groups, n_query, title, view);
    }
  if (json_is_object (top))
    view_top (document, top, view);
  if (n_query > 1)
    view_queries (document, view);
  assay_view_add_heading (view, "All numbers: validation/%s\nAs a file:\nassay export %s validation --object %s --out FILE.h5",
                          json_string_value (json_object_get (document, "validation_object")), cas, name);
}
