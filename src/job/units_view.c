/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_view.c: draws the answer of a units job. */
#include "job/units_view.h"

#include "base/json.h"
#include "job/spec.h"

#include <math.h>
#include <string.h>

#define FEW 3                   /* names of tokens and columns in a cell */
#define BAR 24                  /* characters of a histogram's longest bar */
#define BINS 256
#define ZERO_BIN 127

char *
assay_units_view_dup_line (const json_t *object, const char *key)
{
  g_autoptr (GString) line = g_string_new (assay_json_get_text (object, key));

  g_string_replace (line, "\n", "\u21b5", 0);
  return g_string_free (g_steal_pointer (&line), FALSE);
}

static gint64
count_of (const json_t *object, const char *key)
{
  return json_integer_value (json_object_get (object, key));
}

static gboolean
is_true (const json_t *object, const char *key)
{
  return json_is_true (json_object_get (object, key));
}

static char *
number (const json_t *object, const char *key, guint digits)
{
  return assay_view_number (assay_json_get_number (object, key), digits);
}

/* "+0.012 [0.008, 0.016]", or "-" for none. */
static char *
estimate (const json_t *e, guint digits)
{
  double at = assay_json_get_number (e, "value");
  g_autofree char *value = assay_view_number (at, digits), *lo = number (e, "lo", digits), *hi = number (e, "hi", digits);

  if (!isfinite (at))
    return g_strdup ("-");
  return isfinite (assay_json_get_number (e, "lo")) ? g_strdup_printf ("%s%s [%s, %s]", at > 0 ? "+" : "", value, lo, hi)
                                                    : g_strdup_printf ("%s%s", at > 0 ? "+" : "", value);
}

/* "train:17", with the position and the token where there are some. */
static char *
place (const json_t *row)
{
  const char *token = json_string_value (json_object_get (row, "token")), *id = json_string_value (json_object_get (row, "id"));
  g_autofree char *example = g_strdup_printf ("%s:%" G_GINT64_FORMAT, assay_json_get_text (row, "split"), count_of (row, "index"));

  if (token != NULL)
    return g_strdup_printf ("%s @%" G_GINT64_FORMAT, example, count_of (row, "position"));
  return id ? g_strdup_printf ("%s (id %s)", example, id) : g_steal_pointer (&example);
}

/* The first few names of a side: "7 3 EQ". */
static char *
names_of (const json_t *effects, gsize most)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize k;
  json_t *effect;

  json_array_foreach (effects, k, effect)
    if (k < most)
      {
        g_autofree char *name = assay_units_view_dup_line (effect, "name");

        g_string_append_printf (text, "%s%s", k > 0 ? ", " : "", name);
      }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* --- a tap ------------------------------------------------------------------------------------------------------------- */

/* "13", or "13 COT" where it has a name. */
static char *
name_unit (const json_t *unit)
{
  const char *name = json_string_value (json_object_get (unit, "name"));

  return name ? g_strdup_printf ("%" G_GINT64_FORMAT " %s", count_of (unit, "unit"), name) : g_strdup_printf ("%" G_GINT64_FORMAT, count_of (unit, "unit"));
}

static const char *
mark (const json_t *unit)
{
  if (is_true (unit, "dead"))
    return "dead";
  if (is_true (unit, "constant"))
    return "constant";
  return json_is_integer (json_object_get (unit, "duplicate_of")) ? "duplicate" : "";
}

static const char *
what_side (const json_t *side)
{
  const char *kind = assay_json_get_text (side, "kind");

  return strcmp (kind, "tokens") == 0 ? "tokens" : strcmp (kind, "input") == 0 ? "columns" : strcmp (kind, "output") == 0 ? "outputs" : "units";
}

static gboolean
has_side (const json_t *side)
{
  return json_is_object (side) && strcmp (assay_json_get_text (side, "kind"), "missing") != 0;
}

static void
view_ranking (const json_t *tap, AssayView *view)
{
  const json_t *reads = json_array_get (json_object_get (tap, "reads"), 0), *writes = json_object_get (tap, "writes");
  gboolean ablated = json_is_object (json_object_get (tap, "ablation"));
  g_autoptr (GString) columns = g_string_new (">unit|>active|>mean|>deviation|>largest|largest at");
  gsize k;
  json_t *unit;

  if (has_side (reads))
    g_string_append_printf (columns, "|reads (%s)", what_side (reads));
  if (has_side (writes))
    g_string_append_printf (columns, "|writes (%s)", what_side (writes));
  g_string_append_printf (columns, "%s|", ablated ? "|loss without it, nats|>p" : "");
  assay_view_begin_table (view, columns->str);
  json_array_foreach (json_object_get (tap, "ranking"), k, unit)
    {
      const json_t *top = json_array_get (json_object_get (unit, "top"), 0), *effect = json_object_get (unit, "ablation");
      g_autofree char *token = json_is_string (json_object_get (top, "token")) ? assay_units_view_dup_line (top, "token") : NULL;
      g_autofree char *active = g_strdup_printf ("%.3g %%", 100 * assay_json_get_number (unit, "density")), *number_of_unit = NULL, *where = NULL, *at = NULL;
      g_autofree char *change = json_is_object (effect) ? estimate (json_object_get (effect, "loss_change"), 2) : g_strdup ("not ablated");
      g_autofree char *read = names_of (json_object_get (json_array_get (json_object_get (unit, "reads"), 0), "positive"), FEW);
      g_autofree char *written = names_of (json_object_get (json_object_get (unit, "writes"), "positive"), FEW);

      number_of_unit = name_unit (unit);
      at = top ? place (top) : g_strdup ("");
      where = token ? g_strdup_printf ("%s in %s", token, at) : g_strdup (at);
      assay_view_add_cell (view, number_of_unit);
      assay_view_add_cell (view, active);
      assay_view_add_cell_number (view, assay_json_get_number (unit, "mean"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (unit, "standard_deviation"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (unit, "max"), 3);
      assay_view_add_cell (view, where);
      if (has_side (reads))
        assay_view_add_cell (view, read);
      if (has_side (writes))
        assay_view_add_cell (view, written);
      if (ablated)
        {
          assay_view_add_cell (view, change);
          assay_view_add_cell_number (view, json_is_object (effect) ? assay_json_get_number (json_object_get (effect, "control"), "p") : (double) NAN, 2);
        }
      assay_view_add_cell (view, mark (unit));
    }
}

static void
view_together (const json_t *ablation, AssayView *view)
{
  const json_t *together = json_object_get (ablation, "together"), *control = json_object_get (together, "control");
  g_autofree char *change = NULL, *controls = NULL, *p = NULL;

  if (!json_is_object (together))
    return;
  change = estimate (json_object_get (together, "loss_change"), 3);
  controls = estimate (json_object_get (control, "loss_change"), 3);
  p = number (control, "p", 2);
  assay_view_add_field (view, "together", "the %" G_GSIZE_FORMAT " ablated units at once change the loss by %s nats; %" G_GINT64_FORMAT
                        " random sets of as many: %s (p %s)", json_array_size (json_object_get (ablation, "units")), change, count_of (control, "n"), controls, p);
}

static void
view_ablation_of_tap (const json_t *tap, AssayView *view)
{
  const json_t *ablation = json_object_get (tap, "ablation");
  g_autofree char *loss = NULL;

  if (!json_is_object (ablation))
    {
      assay_view_add_field (view, "ablation", "none was run: this describes the units and does not say that any of them matters");
      return;
    }
  loss = number (ablation, "loss", 4);
  assay_view_add_field (view, "ablation", "%" G_GSIZE_FORMAT " units, each replaced by its mean, over %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                        " recorded examples; loss as it is %s nats", json_array_size (json_object_get (ablation, "units")), count_of (ablation, "examples"),
                        count_of (ablation, "recorded_examples"), loss);
  view_together (ablation, view);
}

static void
view_tap (const json_t *tap, AssayView *view)
{
  const json_t *similar = json_object_get (tap, "similar");
  const char *missing = json_string_value (json_object_get (tap, "similar_missing"));
  g_autofree char *rows = assay_view_count (count_of (tap, "rows")), *units = assay_view_count (count_of (tap, "units"));
  gsize ranked = json_array_size (json_object_get (tap, "ranking"));

  assay_view_add_heading (view, "%s: %s units over %s rows", assay_json_get_text (tap, "tap"), units, rows);
  assay_view_add_field (view, "dead", "%" G_GINT64_FORMAT " (never other than 0), %" G_GINT64_FORMAT " constant, %" G_GINT64_FORMAT
                        " the same as another at every row", count_of (tap, "dead"), count_of (tap, "constant"), count_of (tap, "duplicates"));
  if (missing != NULL)
    assay_view_add_field (view, "similar", "not looked for: %s", missing);
  else if (assay_json_get_number (tap, "similar_bound") > 0)
    assay_view_add_field (view, "similar", "%" G_GSIZE_FORMAT " pairs whose activations have a cosine of %g or more in size", json_array_size (similar),
                          assay_json_get_number (tap, "similar_bound"));
  view_ablation_of_tap (tap, view);
  view_ranking (tap, view);
  if ((gint64) ranked < count_of (tap, "units"))
    assay_view_add_text (view, "The first %" G_GSIZE_FORMAT " of %s: those ablated by the size of the change, then by how much they vary. All: --json", ranked, units);
}

/* --- one unit ---------------------------------------------------------------------------------------------------------- */

/* "... a b [c] d e ..." */
static char *
strip (const json_t *row)
{
  const json_t *context = json_object_get (row, "context");
  g_autofree char *before = NULL, *token = NULL, *after = NULL;

  if (!json_is_object (context))
    return g_strdup (assay_json_get_text (row, "text"));
  before = assay_units_view_dup_line (context, "before");
  token = assay_units_view_dup_line (context, "token");
  after = assay_units_view_dup_line (context, "after");
  return g_strdup_printf ("%s%s%s[%s]%s%s%s", is_true (context, "begins_earlier") ? "... " : "", before, is_true (context, "space_before") ? " " : "", token,
                          is_true (context, "space_after") ? " " : "", after, is_true (context, "goes_on") ? " ..." : "");
}

static void
add_row (const json_t *row, AssayView *view)
{
  g_autofree char *where = place (row), *text = strip (row);

  assay_view_add_cell_number (view, assay_json_get_number (row, "value"), 4);
  assay_view_add_cell (view, where);
  assay_view_add_cell (view, text);
}

static void
view_rows (const json_t *rows, const char *title, AssayView *view)
{
  gsize k;
  json_t *row;

  if (json_array_size (rows) == 0)
    return;
  assay_view_add_heading (view, "%s", title);
  assay_view_begin_table (view, ">activation|example|text");
  json_array_foreach (rows, k, row)
    add_row (row, view);
}

static void
view_bands (const json_t *page, AssayView *view)
{
  const json_t *bands = json_object_get (page, "bands");
  gsize b, k;
  json_t *band, *row;

  if (json_array_size (bands) == 0)
    return;
  assay_view_add_heading (view, "Drawn from %" G_GSIZE_FORMAT " equal shares of the activations other than 0, largest first", json_array_size (bands));
  assay_view_begin_table (view, "from - to|>rows|>activation|example|text");
  for (b = json_array_size (bands); b-- > 0;)
    {
      g_autofree char *lo = NULL, *hi = NULL, *range = NULL, *count = NULL;

      band = json_array_get (bands, b);
      lo = number (band, "lo", 3);
      hi = number (band, "hi", 3);
      range = g_strdup_printf ("%s - %s", lo, hi);
      count = assay_view_count (count_of (band, "count"));
      json_array_foreach (json_object_get (band, "examples"), k, row)
        {
          assay_view_add_cell (view, k == 0 ? range : "");
          assay_view_add_cell (view, k == 0 ? count : "");
          add_row (row, view);
        }
    }
}

/* Where a row of the shown histogram begins: at a power of two, and around zero. */
static gboolean
begins_octave (const json_t *edges, guint bin)
{
  int exponent;

  return bin == 0 || (bin >= ZERO_BIN - 1 && bin <= ZERO_BIN + 2)
         || frexp (fabs (json_number_value (json_array_get (edges, bin))), &exponent) == 0.5;
}

/* Bins of one octave together, those that hold anything. */
static void
view_histogram (const json_t *document, const json_t *page, AssayView *view)
{
  const json_t *count = json_object_get (page, "histogram"), *edges = json_object_get (document, "histogram_edges");
  gint64 rows[BINS] = { 0 }, most = 1;
  guint begin[BINS + 1], n = 0;

  for (guint b = 0; b < BINS; b++)
    {
      if (begins_octave (edges, b))
        begin[n++] = b;
      rows[n - 1] += json_integer_value (json_array_get (count, b));
      most = MAX (most, rows[n - 1]);
    }
  begin[n] = BINS;
  assay_view_add_heading (view, "Histogram");
  assay_view_begin_table (view, ">from|>to|>rows|");
  for (guint k = 0; k < n; k++)
    {
      g_autofree char *bar = g_strnfill ((gsize) ceil ((double) (BAR * rows[k]) / (double) most), '#'), *shown = assay_view_count (rows[k]);

      if (rows[k] == 0)
        continue;
      assay_view_add_cell_number (view, begin[k] > 0 ? json_number_value (json_array_get (edges, begin[k])) : (double) -INFINITY, 3);
      assay_view_add_cell_number (view, begin[k + 1] < BINS ? json_number_value (json_array_get (edges, begin[k + 1])) : (double) INFINITY, 3);
      assay_view_add_cell (view, shown);
      assay_view_add_cell (view, bar);
    }
}

static void
view_side (const json_t *side, const char *verb, AssayView *view)
{
  g_autofree char *most = NULL, *least = NULL;

  if (!has_side (side))
    {
      assay_view_add_field (view, verb, "not available: %s", assay_json_get_text (side, "reason"));
      return;
    }
  most = names_of (json_object_get (side, "positive"), G_MAXSIZE);
  least = names_of (json_object_get (side, "negative"), G_MAXSIZE);
  assay_view_add_field (view, verb, "%s%s%s by %s; up: %s; down: %s", what_side (side), json_is_string (json_object_get (side, "of")) ? " of " : "",
                        json_is_string (json_object_get (side, "of")) ? assay_json_get_text (side, "of") : "", assay_json_get_text (side, "through"),
                        *most ? most : "none", *least ? least : "none");
}

static void
view_ablation (const json_t *page, AssayView *view)
{
  const json_t *ablation = json_object_get (page, "ablation"), *control = json_object_get (ablation, "control");
  g_autofree char *loss = NULL, *logit = NULL, *accuracy = NULL, *by_control = NULL, *least = NULL, *most = NULL, *p = NULL;

  assay_view_add_heading (view, "Replaced by its mean");
  if (!json_is_object (ablation))
    {
      assay_view_add_text (view, "Description only: no ablation was run. --ablate %" G_GINT64_FORMAT " runs it.", count_of (page, "unit"));
      return;
    }
  loss = estimate (json_object_get (ablation, "loss_change"), 3);
  logit = estimate (json_object_get (ablation, "logit_change"), 3);
  accuracy = estimate (json_object_get (ablation, "accuracy_change"), 3);
  by_control = estimate (json_object_get (control, "loss_change"), 3);
  least = number (control, "least", 2);
  most = number (control, "most", 2);
  p = number (control, "p", 2);
  assay_view_add_field (view, "loss", "%s nats in the mean of an example", loss);
  assay_view_add_field (view, "target's logit", "%s", logit);
  assay_view_add_field (view, "right answers", "%s", accuracy);
  if (count_of (control, "n") > 0)
    assay_view_add_field (view, "control", "%" G_GINT64_FORMAT " random other units change the loss by %s nats in the mean, from %s to %s; %" G_GINT64_FORMAT
                          " of them by as much (p %s)", count_of (control, "n"), by_control, least, most, count_of (control, "at_least_as_much"), p);
}

static void
view_page (const json_t *document, const json_t *page, AssayView *view)
{
  const json_t *quantiles = json_object_get (page, "quantiles"), *reads = json_object_get (page, "reads");
  g_autofree char *name = name_unit (page), *nonzero = assay_view_count (count_of (page, "nonzero")), *rows = assay_view_count (count_of (page, "rows"));
  g_autofree char *mean = number (page, "mean", 4), *deviation = number (page, "standard_deviation", 4), *least = number (page, "min", 4);
  g_autofree char *most = number (page, "max", 4), *low = NULL, *middle = NULL, *high = NULL;
  gsize k;
  json_t *side;

  low = assay_view_number (json_number_value (json_array_get (quantiles, 2)), 3);
  middle = assay_view_number (json_number_value (json_array_get (quantiles, 4)), 3);
  high = assay_view_number (json_number_value (json_array_get (quantiles, 6)), 3);
  assay_view_add_heading (view, "Unit %s of %s%s%s", name, assay_json_get_text (page, "tap"), mark (page)[0] ? ": " : "", mark (page));
  assay_view_add_field (view, "active", "%s of %s rows (density %.4g)", nonzero, rows, assay_json_get_number (page, "density"));
  if (json_is_number (json_array_get (quantiles, 4)))
    assay_view_add_field (view, "activation", "mean %s, deviation %s, from %s to %s; quantiles .05 %s, .5 %s, .95 %s", mean, deviation, least, most, low, middle, high);
  else
    assay_view_add_field (view, "activation", "mean %s, deviation %s, from %s to %s; quantiles are not known of a summary", mean, deviation, least, most);
  if (json_is_integer (json_object_get (page, "duplicate_of")))
    assay_view_add_field (view, "the same as", "unit %" G_GINT64_FORMAT ", at every row", count_of (page, "duplicate_of"));
  json_array_foreach (json_object_get (page, "similar"), k, side)
    assay_view_add_field (view, "like", "unit %" G_GINT64_FORMAT ", cosine %.4f", count_of (side, "unit"), assay_json_get_number (side, "cosine"));
  json_array_foreach (reads, k, side)
    view_side (side, "reads", view);
  view_side (json_object_get (page, "writes"), "writes", view);
  view_ablation (page, view);
  view_rows (json_object_get (page, "top"), "Largest activations", view);
  view_rows (json_object_get (page, "bottom"), "Smallest activations", view);
  view_bands (page, view);
  view_histogram (document, page, view);
}

void
assay_units_view (const json_t *document, AssayView *view)
{
  const json_t *page = json_object_get (document, "page");
  g_autofree char *cas = assay_job_quote_word (json_string_value (json_object_get (document, "case")));
  gsize k;
  json_t *tap;

  if (json_is_object (page))
    {
      view_page (document, page, view);
      return;
    }
  assay_view_add_text (view, "Units of recording %s of model %s.", assay_json_get_text (document, "recording"), assay_json_get_text (document, "model"));
  json_array_foreach (json_object_get (document, "taps"), k, tap)
    view_tap (tap, view);
  tap = json_array_get (json_object_get (document, "taps"), 0);
  assay_view_add_text (view, "One unit: assay units %s --tap %s --unit %" G_GINT64_FORMAT, cas, assay_json_get_text (tap, "tap"),
                       count_of (json_array_get (json_object_get (tap, "ranking"), 0), "unit"));
}
