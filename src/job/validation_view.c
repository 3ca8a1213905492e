/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_view.c: draws the answer of a validation job. */
#include "job/validation_view.h"

#include "base/json.h"
#include "job/query_view.h"
#include "job/spec.h"

#include <math.h>
#include <string.h>

#define MEBI 1048576.0

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

/* "0.987 [0.981, 0.992]"; without an interval only the value. key: the name of the value. */
static char *
estimate_text (const json_t *estimate, const char *key, char *(*format) (double value))
{
  double number = assay_json_get_number (estimate, key), low = assay_json_get_number (estimate, "lo");
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

/* What is measured of a query, and what its changes are in: of documents from before there was anything but the loss, that. */
static const char *
get_measure (const json_t *document)
{
  const char *measure = assay_json_get_text (document, "measure");

  return measure[0] != '\0' ? measure : "loss";
}

static const char *
get_unit (const json_t *document)
{
  const char *unit = assay_json_get_text (document, "change_unit");

  return unit[0] != '\0' ? unit : "nats";
}

/* --- agreement ----------------------------------------------------------------------------------------------------- */

static const char *
judge (const json_t *agreement)
{
  double lo = assay_json_get_number (agreement, "lo"), hi = assay_json_get_number (agreement, "hi");

  if (isnan (lo) || isnan (hi))
    return "too few retrainings to tell";
  if (lo > 0)
    return "predictions follow retraining";
  return hi < 0 ? "predictions run against retraining" : "no agreement that could be told from chance";
}

/* The control is one deal of the scores: an interval of 95 % misses 0 once in twenty times by itself. */
static const char *
judge_control (const json_t *control)
{
  double lo = assay_json_get_number (control, "lo"), hi = assay_json_get_number (control, "hi");

  return lo > 0 || hi < 0 ? " (not around 0: try another --set-seed before trusting either)" : "";
}

static void
view_scale (const json_t *agreement, const char *unit, AssayView *view)
{
  g_autofree char *change = assay_view_number (assay_json_get_number (agreement, "change"), 3);
  g_autofree char *band = assay_view_number (assay_json_get_number (agreement, "band"), 3);
  g_autofree char *slope = assay_view_number (assay_json_get_number (agreement, "slope"), 3);

  if (isnan (assay_json_get_number (agreement, "band")))
    {
      assay_view_add_field (view, "off by", "no band: scores of this method have no unit, or were not given for all");
      return;
    }
  assay_view_add_field (view, "off by", "at most %s %s in 95 of 100 predictions, where 95 of 100 changes are at most %s", band, unit, change);
  assay_view_add_field (view, "scale", "a predicted change of 1 was one of %s (1: right)", slope);
}

static void
view_diverged (const json_t *agreement, AssayView *view)
{
  gsize n = json_array_size (json_object_get (agreement, "diverged"));

  if (n > 0)
    assay_view_add_field (view, "left aside", "%" G_GSIZE_FORMAT " %s whose retraining diverged", n, n == 1 ? "set" : "sets");
}

static void
view_single (const json_t *one, gint64 n_query, const char *unit, AssayView *view)
{
  const json_t *control = json_object_get (json_object_get (one, "control"), "pearson");
  g_autofree char *correlation = estimate_text (one, "correlation", format_correlation);
  g_autofree char *of_ranks = estimate_text (json_object_get (one, "spearman"), "value", format_correlation);
  g_autofree char *by_chance = estimate_text (control, "value", format_correlation);

  assay_view_add_heading (view, "Leaving one example out, %" G_GINT64_FORMAT " times: %s", count_of (one, "sets"), judge (one));
  assay_view_add_field (view, "mean correlation", "%s over %" G_GINT64_FORMAT " %s", correlation, n_query, n_query == 1 ? "query" : "queries");
  assay_view_add_field (view, "of ranks", "%s", of_ranks);
  assay_view_add_field (view, "control", "%s with the scores dealt out to the examples at random%s", by_chance, judge_control (control));
  view_scale (one, unit, view);
  view_diverged (one, view);
}

static void
view_ceiling (const json_t *family, AssayView *view)
{
  g_autofree char *ceiling = format_correlation (assay_json_get_number (family, "ceiling"));
  g_autofree char *share = format_correlation (assay_json_get_number (family, "share_of_ceiling"));
  const char *reason = assay_json_get_text (family, "ceiling_reason");

  if (isnan (assay_json_get_number (family, "ceiling")))
    assay_view_add_field (view, "ceiling", "unknown: %s", reason);
  else if (count_of (family, "seeds") > 1)
    assay_view_add_field (view, "ceiling", "%s by %" G_GINT64_FORMAT " seeds, of which it reaches %s", ceiling, count_of (family, "seeds"), share);
  else
    assay_view_add_field (view, "ceiling", "%s: %s", ceiling, reason);
}

static void
view_family (const json_t *family, gint64 n_query, const char *unit, AssayView *view)
{
  const json_t *control = json_object_get (json_object_get (family, "control"), "spearman");
  g_autofree char *lds = estimate_text (family, "estimate", format_correlation);
  g_autofree char *pearson = estimate_text (json_object_get (family, "pearson"), "value", format_correlation);
  g_autofree char *by_chance = estimate_text (control, "value", format_correlation);
  g_autofree char *other = estimate_text (json_object_get (family, "other_query"), "value", format_correlation);

  assay_view_add_heading (view, "Leaving out %" G_GINT64_FORMAT " examples at a time (%s), %" G_GINT64_FORMAT " times: %s", count_of (family, "size"),
                          assay_json_get_text (family, "name"), count_of (family, "sets"), judge (family));
  assay_view_add_field (view, "lds", "%s over %" G_GINT64_FORMAT " %s", lds, n_query, n_query == 1 ? "query" : "queries");
  view_ceiling (family, view);
  assay_view_add_field (view, "significant", "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " %s", count_of (family, "significant_queries"), n_query,
                        n_query == 1 ? "query" : "queries");
  assay_view_add_field (view, "correlation", "%s", pearson);
  assay_view_add_field (view, "control", "%s with the scores dealt out to the examples at random%s", by_chance, judge_control (control));
  if (n_query > 1)
    assay_view_add_field (view, "other query", "%s against what was measured of another query: not specific to a query", other);
  view_scale (family, unit, view);
  view_diverged (family, view);
}

/* --- what is ranked highest ---------------------------------------------------------------------------------------- */

static void
view_difference (const json_t *qld, const char *measure, const char *unit, AssayView *view)
{
  g_autofree char *rise = estimate_text (json_object_get (qld, "rise"), "value", format_change);
  g_autofree char *random = estimate_text (json_object_get (qld, "random_rise"), "value", format_change);
  g_autofree char *difference = estimate_text (qld, "estimate", format_change);
  gboolean is_of_all = strcmp (assay_json_get_text (qld, "ranking"), "set") == 0;
  double lo = assay_json_get_number (qld, "lo");
  g_autofree char *rises = g_strdup_printf ("%s rises by", measure);

  assay_view_add_heading (view, "Leaving out the %" G_GINT64_FORMAT " %s ranked highest for %s: %s", count_of (qld, "size"),
                          count_of (qld, "size") == 1 ? "example" : "examples", is_of_all ? "all queries together" : "each query",
                          lo > 0 ? "they matter more than random ones" : "no more than random ones, as far as can be told");
  assay_view_add_field (view, rises, "%s %s in the mean", rise, unit);
  assay_view_add_field (view, "random groups", "%s %s, mean of %" G_GINT64_FORMAT " groups", random, unit, count_of (qld, "random_groups"));
  assay_view_add_field (view, "qld", "%s %s", difference, unit);
}

static void
view_curve (const json_t *curve, const char *measure, const char *unit, AssayView *view)
{
  const json_t *points = json_object_get (curve, "points"), *least = json_object_get (curve, "brittleness");
  gsize k, n = 0;
  json_t *point, *size;

  assay_view_add_heading (view, "Leaving out more and more of what is ranked highest: rise of the %s, %s", measure, unit);
  assay_view_begin_table (view, ">left out|highest|random|difference");
  json_array_foreach (points, k, point)
    {
      g_autofree char *rise = estimate_text (json_object_get (point, "rise"), "value", format_change);
      g_autofree char *random = estimate_text (json_object_get (point, "random_rise"), "value", format_change);
      g_autofree char *difference = estimate_text (point, "estimate", format_change);

      assay_view_add_cell_number (view, assay_json_get_number (point, "size"), 15);
      assay_view_add_cell (view, rise);
      assay_view_add_cell (view, random);
      assay_view_add_cell (view, difference);
    }
  json_array_foreach (least, k, size)
    n += json_is_integer (size);
  if (json_is_array (least))
    assay_view_add_field (view, "brittle", "the label of %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " queries loses its majority within the curve", n,
                          json_array_size (least));
}

static void
view_stability (const json_t *stability, AssayView *view)
{
  g_autofree char *overlap = format_correlation (assay_json_get_number (stability, "min_jaccard"));
  gsize n = json_array_size (json_object_get (stability, "variants"));

  if (n == 0)
    assay_view_add_field (view, "stability", "nothing of this method could be varied");
  else
    assay_view_add_field (view, "stability", "the %" G_GINT64_FORMAT " scores of largest magnitude overlap by %s in the mean, at the worst of %" G_GSIZE_FORMAT
                          " variants (Jaccard)", count_of (stability, "top"), overlap, n);
  for (gsize k = 0; k < n; k++)
    {
      g_autofree char *one = format_correlation (json_number_value (json_array_get (json_object_get (stability, "overlaps"), k)));

      assay_view_add_field (view, "", "%s with %s", one, json_string_value (json_array_get (json_object_get (stability, "variants"), k)));
    }
  for (gsize k = 0; k < json_array_size (json_object_get (stability, "refused")); k++)
    assay_view_add_field (view, "not varied", "%s", json_string_value (json_array_get (json_object_get (stability, "refused"), k)));
}

/* The least number of training examples of a query that can be told from those outside: as many as bring their p, adjusted over all, under the limit when
 * each is the least that so many outside allow. The factor is for the rounding of a limit that is met exactly. */
static gint64
count_needed (const json_t *document, const json_t *control)
{
  double limit = 1 - assay_json_get_number (document, "level");

  return (gint64) ceil (assay_json_get_number (document, "train_examples") * assay_json_get_number (control, "least_p") / limit * (1 - 1e-9));
}

static void
view_non_members (const json_t *document, const json_t *control, gint64 n_query, AssayView *view)
{
  g_autofree char *area = estimate_text (control, "area", format_correlation), *mean = assay_view_number (assay_json_get_number (control, "significant_examples"), 3);
  const char *refused = assay_json_get_text (control, "refused");
  double lo = assay_json_get_number (control, "lo"), hi = assay_json_get_number (control, "hi");
  gint64 needed = count_needed (document, control);

  if (refused[0] != '\0')
    {
      assay_view_add_field (view, "non-members", "not asked: %s", refused);
      return;
    }
  assay_view_add_field (view, "non-members", "a training example has a larger score than one of %" G_GINT64_FORMAT " that the model never saw with the chance %s: %s",
                        count_of (control, "examples"), area,
                        lo > 0.5 ? "larger than by itself" : hi < 0.5 ? "smaller: magnitude tells nothing of having been trained on" : "no larger than by itself");
  assay_view_add_field (view, "beyond them", "%s training examples a query in the mean, for %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " queries any", mean,
                        count_of (control, "queries_with_significant"), n_query);
  if (needed > 1)
    assay_view_add_field (view, "", "fewer than %" G_GINT64_FORMAT " a query cannot show with so few from outside", needed);
}

static void
view_random_weights (const json_t *control, gint64 n_query, AssayView *view)
{
  g_autofree char *lds = estimate_text (control, "estimate", format_correlation);
  const char *refused = assay_json_get_text (control, "refused");

  if (refused[0] != '\0')
    {
      assay_view_add_field (view, "random weights", "not asked: %s", refused);
      return;
    }
  assay_view_add_field (view, "random weights", "lds %s; %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " queries significant: what scores of an untrained model reach", lds,
                        count_of (control, "significant_queries"), n_query);
}

static void
view_grade (const json_t *grade, AssayView *view)
{
  static const struct { const char *letter, *words; } meanings[] = {
    { "A", "verified by retraining" }, { "B", "certified solve, and agreement above half of the ceiling" }, { "C", "a ranking only" }, { "D", "abstain" } };
  const char *letter = assay_json_get_text (grade, "letter");
  gsize k;
  json_t *reason;

  if (letter[0] == '\0')
    return;
  for (k = 0; k < G_N_ELEMENTS (meanings); k++)
    if (strcmp (meanings[k].letter, letter) == 0)
      assay_view_add_heading (view, "Grade %s: %s", letter, meanings[k].words);
  json_array_foreach (json_object_get (grade, "reasons"), k, reason)
    assay_view_add_text (view, "%s", json_string_value (reason));
}

/* --- query by query ------------------------------------------------------------------------------------------------ */

static void
add_correlation (const json_t *agreement, const char *kind, gsize query, AssayView *view)
{
  const json_t *entry = json_array_get (json_object_get (agreement, "per_query"), query);
  g_autofree char *text = estimate_text (json_object_get (entry, kind), "value", format_correlation);

  assay_view_add_cell (view, text);
}

static void
view_queries (const json_t *document, AssayView *view)
{
  const json_t *one = json_object_get (document, "loo"), *lds = json_object_get (document, "lds"), *qld = json_object_get (document, "qld");
  g_autofree char *columns = g_strconcat ("query", json_is_object (one) ? "|one left out" : "", json_is_object (lds) ? "|groups left out, ranks|>q" : "",
                                          json_is_object (qld) ? "|>highest|>random|>p" : "", NULL);
  gsize q;
  json_t *query;

  if (json_is_object (qld))
    assay_view_add_heading (view, "Query by query: correlation; rise of the %s without what is ranked highest and without random examples, %s", get_measure (document),
                            get_unit (document));
  else
    assay_view_add_heading (view, "Query by query: correlation");
  assay_view_begin_table (view, columns);
  json_array_foreach (json_object_get (document, "queries"), q, query)
    {
      g_autofree char *name = assay_query_name (query);
      const json_t *rise = json_array_get (json_object_get (qld, "per_query"), q);

      assay_view_add_cell (view, name);
      if (json_is_object (one))
        add_correlation (one, "pearson", q, view);
      if (json_is_object (lds))
        {
          add_correlation (lds, "spearman", q, view);
          assay_view_add_cell_number (view, assay_json_get_number (json_array_get (json_object_get (lds, "per_query"), q), "q"), 3);
        }
      if (!json_is_object (qld))
        continue;
      assay_view_add_cell_number (view, assay_json_get_number (rise, "rise"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (rise, "random_rise"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (rise, "p"), 3);
    }
}

static void
view_solves (const json_t *solver, AssayView *view)
{
  g_autofree char *worst = assay_view_number (assay_json_get_number (solver, "worst_true_residual"), 2);

  assay_view_add_field (view, "solves", "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " converged; worst true residual %s", count_of (solver, "converged"),
                        count_of (solver, "solves"), worst);
}

static void
view_cost (const json_t *cost, AssayView *view)
{
  g_autofree char *seconds = assay_view_number (assay_json_get_number (cost, "seconds"), 2), *cpu = assay_view_number (assay_json_get_number (cost, "cpu_seconds"), 2);
  g_autofree char *peak = assay_view_number (assay_json_get_number (cost, "peak_bytes") / MEBI, 3);

  assay_view_add_field (view, "cost of scoring", "%s s, %s s of processor time, %s MiB at most", seconds, cpu, peak);
}

/* --- one method, or several ---------------------------------------------------------------------------------------- */

static void
view_introduction (const json_t *document, const char *method, AssayView *view)
{
  gint64 n_query = (gint64) json_array_size (json_object_get (document, "queries"));
  const char *bank = assay_json_get_text (document, "bank");
  double level = assay_json_get_number (document, "level");

  assay_view_add_text (view, "Scores of %s for model %s, against what %" G_GINT64_FORMAT " retrainings did to the %s of %" G_GINT64_FORMAT " %s. "
                       "Intervals in brackets: %g %%.", method, assay_json_get_text (document, "model"), count_of (document, "retrainings"), get_measure (document), n_query,
                       n_query == 1 ? "query" : "queries", isnan (level) ? 95 : 100 * level);
  if (json_is_object (json_object_get (document, "choosing")))
    assay_view_add_text (view, "Held out: options were chosen on %" G_GINT64_FORMAT " other queries, which are in none of these numbers.",
                         (gint64) json_array_size (json_object_get (json_object_get (document, "choosing"), "queries")));
  if (bank[0] != '\0')
    assay_view_add_text (view, "Subsets of the bank %s; losses: %s.", bank, assay_json_get_text (document, "measured"));
}

/* "damping 0.01"; options one after the other. */
static char *
describe_options (const json_t *options)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *name;
  json_t *value;

  json_object_foreach ((json_t *) options, name, value)
    {
      g_autofree char *word = json_is_string (value) ? g_strdup (json_string_value (value))
                              : json_is_number (value) ? assay_view_number (json_number_value (value), 6) : g_strdup (json_is_true (value) ? "true" : "false");

      g_string_append_printf (text, "%s%s %s", text->len > 0 ? ", " : "", name, word);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
view_choice (const json_t *document, AssayView *view)
{
  const json_t *chosen = json_object_get (document, "chosen");
  g_autofree char *options = describe_options (chosen);
  gint64 n = (gint64) json_array_size (json_object_get (json_object_get (document, "choosing"), "queries"));
  gsize k;
  json_t *candidate;

  if (!json_is_object (chosen))
    {
      assay_view_add_text (view, "The method has no such option: nothing was chosen.");
      return;
    }
  assay_view_add_heading (view, "Chosen on %" G_GINT64_FORMAT " other queries: %s", n, options);
  assay_view_begin_table (view, "candidate|lds over the queries that chose");
  json_array_foreach (json_object_get (document, "candidates"), k, candidate)
    {
      g_autofree char *words = describe_options (json_object_get (candidate, "options")), *lds = estimate_text (candidate, "estimate", format_correlation);
      const char *refused = assay_json_get_text (candidate, "refused");

      assay_view_add_cell (view, words);
      assay_view_add_cell (view, refused[0] != '\0' ? refused : lds);
    }
}

static void
view_row (const json_t *method, gboolean has_choice, AssayView *view)
{
  const json_t *lds = json_object_get (method, "lds"), *qld = json_object_get (method, "qld"), *one = json_object_get (method, "loo");
  const json_t *cost = json_object_get (method, "cost");
  g_autofree char *of_lds = estimate_text (lds, "estimate", format_correlation), *of_qld = estimate_text (qld, "estimate", format_change);
  g_autofree char *of_one = estimate_text (one, "correlation", format_correlation), *ceiling = format_correlation (assay_json_get_number (method, "ceiling"));

  assay_view_add_cell (view, assay_json_get_text (method, "method"));
  if (has_choice)
    {
      g_autofree char *chosen = describe_options (json_object_get (method, "chosen"));

      assay_view_add_cell (view, chosen);
    }
  if (json_object_get (method, "refused") != NULL)
    {
      for (guint k = 0; k < 8; k++)
        assay_view_add_cell (view, k == 0 ? "not asked" : "");
      return;
    }
  assay_view_add_cell (view, json_is_object (lds) ? of_lds : "");
  assay_view_add_cell (view, json_is_object (lds) ? ceiling : "");
  assay_view_add_cell (view, json_is_object (qld) ? of_qld : "");
  assay_view_add_cell (view, json_is_object (one) ? of_one : "");
  assay_view_add_cell (view, assay_json_get_text (json_object_get (method, "grade"), "letter"));
  assay_view_add_cell_number (view, assay_json_get_number (cost, "seconds"), 3);
  assay_view_add_cell_number (view, assay_json_get_number (cost, "cpu_seconds"), 3);
  assay_view_add_cell_number (view, assay_json_get_number (cost, "peak_bytes") / MEBI, 3);
}

static void
view_table (const json_t *document, AssayView *view)
{
  const json_t *methods = json_object_get (document, "methods");
  gboolean has_choice = json_is_object (json_object_get (document, "choosing"));
  g_autofree char *columns = NULL;
  gsize m;
  json_t *method;

  view_introduction (document, "several methods", view);
  columns = g_strdup_printf ("method|%slds|>ceiling|qld, %s|leave-one-out|grade|>seconds|>CPU s|>MiB", has_choice ? "chosen|" : "", get_unit (document));
  assay_view_begin_table (view, columns);
  json_array_foreach (methods, m, method)
    view_row (method, has_choice, view);
  json_array_foreach (methods, m, method)
    if (json_object_get (method, "refused") != NULL)
      {
        g_autofree char *name = g_strconcat (assay_json_get_text (method, "method"), ": ", NULL);
        const char *refused = assay_json_get_text (method, "refused");

        assay_view_add_text (view, "%s%s", g_str_has_prefix (refused, name) ? "" : name, refused);       /* a method's own messages begin with it */
      }
}

void
assay_validation_view (const json_t *document, AssayView *view)
{
  const json_t *one = json_object_get (document, "loo"), *qld = json_object_get (document, "qld");
  const char *measure = get_measure (document), *unit = get_unit (document);
  gint64 n_query = (gint64) json_array_size (json_object_get (document, "queries"));
  g_autofree char *cas = NULL, *name = NULL;
  gsize f;
  json_t *family;

  if (json_is_array (json_object_get (document, "methods")))
    {
      view_table (document, view);
      return;
    }
  view_introduction (document, assay_json_get_text (document, "method"), view);
  if (json_is_object (json_object_get (document, "solver")))
    view_solves (json_object_get (document, "solver"), view);
  if (json_is_object (json_object_get (document, "cost")))
    view_cost (json_object_get (document, "cost"), view);
  if (json_is_object (json_object_get (document, "choosing")))
    view_choice (document, view);
  json_array_foreach (json_object_get (document, "families"), f, family)
    if (json_is_object (family))
      view_family (family, n_query, unit, view);
  if (json_is_object (one))
    view_single (one, n_query, unit, view);
  if (json_is_object (qld))
    view_difference (qld, measure, unit, view);
  if (json_is_object (json_object_get (document, "curve")))
    view_curve (json_object_get (document, "curve"), measure, unit, view);
  if (json_is_object (json_object_get (document, "stability")))
    view_stability (json_object_get (document, "stability"), view);
  if (json_is_object (json_object_get (document, "random_weights")))
    view_random_weights (json_object_get (document, "random_weights"), n_query, view);
  if (json_is_object (json_object_get (document, "non_members")))
    view_non_members (document, json_object_get (document, "non_members"), n_query, view);
  view_grade (json_object_get (document, "grade"), view);
  if (n_query > 1)
    view_queries (document, view);
  cas = assay_job_quote_word (json_string_value (json_object_get (document, "case")));
  name = assay_job_quote_word (json_string_value (json_object_get (document, "validation_object")));
  assay_view_add_heading (view, "All numbers: validation/%s\nAs a file:\nassay export %s validation --object %s --out FILE.h5",
                          json_string_value (json_object_get (document, "validation_object")), cas, name);
}
