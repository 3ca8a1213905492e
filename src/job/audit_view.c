/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_view.c: draws the answer of an audit. */
#include "job/audit_view.h"

#include "base/json.h"
#include "report/audit_columns.h"

#include <math.h>
#include <string.h>

/* "44.8"; NULL where there is no number. */
static char *
percent (double share)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return isnan (share) ? NULL : g_strdup (g_ascii_formatd (text, sizeof text, "%.1f", 100 * share));
}

/* "805 of 1,795, 44.8 % [42.6, 47.2]" */
static char *
describe_share (const json_t *share)
{
  g_autofree char *value = percent (assay_json_get_number (share, "value")), *lo = percent (assay_json_get_number (share, "lo"));
  g_autofree char *hi = percent (assay_json_get_number (share, "hi"));
  g_autofree char *part = assay_view_count (json_integer_value (json_object_get (share, "numerator")));
  g_autofree char *whole = assay_view_count (json_integer_value (json_object_get (share, "denominator")));

  if (value == NULL)
    return g_strdup ("- (of nobody)");
  return lo ? g_strdup_printf ("%s of %s, %s %% [%s, %s]", part, whole, value, lo, hi) : g_strdup_printf ("%s of %s, %s %%", part, whole, value);
}

/* "0.702 [0.690, 0.714]" */
static char *
describe_estimate (const json_t *e)
{
  double value = assay_json_get_number (e, "value"), low = assay_json_get_number (e, "lo"), high = assay_json_get_number (e, "hi");
  g_autofree char *number = assay_view_number (value, 4), *lo = assay_view_number (low, 4), *hi = assay_view_number (high, 4);

  return isnan (low) || isnan (high) ? g_strdup (number) : g_strdup_printf ("%s [%s, %s]", number, lo, hi);
}

static void
add_estimate (AssayView *view, const char *name, const json_t *object, const char *path, const char *more)
{
  const json_t *e = assay_audit_columns_find (object, path);
  g_autofree char *text = e ? describe_estimate (e) : NULL;

  if (text != NULL)
    assay_view_add_field (view, name, "%s%s", text, more ? more : "");
}

static void
add_share (AssayView *view, const char *name, const json_t *object, const char *path)
{
  const json_t *share = assay_audit_columns_find (object, path);
  g_autofree char *text = share ? describe_share (share) : NULL;

  if (text != NULL)
    assay_view_add_field (view, name, "%s", text);
}

static void
add_count (AssayView *view, const char *name, const json_t *object, const char *path)
{
  const json_t *count = assay_audit_columns_find (object, path);
  g_autofree char *text = count ? assay_view_count (json_integer_value (count)) : NULL;

  if (text != NULL)
    assay_view_add_field (view, name, "%s", text);
}

static void
view_part (const json_t *part, AssayView *view)
{
  const json_t *calibration = assay_audit_columns_find (part, "calibration");
  const char *reason = json_string_value (assay_audit_columns_find (calibration, "line_reason"));
  g_autofree char *by_luck = assay_view_number (assay_json_get_number (calibration, "error_by_luck"), 3);
  g_autofree char *by_luck_95 = assay_view_number (assay_json_get_number (calibration, "error_by_luck_95"), 3);
  g_autofree char *luck = g_strdup_printf (" (luck alone shows %s, seldom more than %s)", by_luck, by_luck_95);

  assay_view_add_heading (view, "%s: %s", assay_json_get_text (part, "name"), assay_json_get_text (part, "role"));
  add_count (view, "rows", part, "rows");
  add_count (view, "score missing", part, "missing_score");
  add_count (view, "outcome missing", part, "missing_outcome");
  add_share (view, "outcome true", part, "rates.prevalence");
  add_share (view, "selected", part, "selection");
  add_share (view, "accuracy", part, "rates.accuracy");
  add_share (view, "false positives", part, "rates.false_positive_rate");
  add_share (view, "false negatives", part, "rates.false_negative_rate");
  add_share (view, "right when decided true", part, "rates.positive_predictive_value");
  add_estimate (view, "AUC", part, "discrimination.auroc", NULL);
  add_estimate (view, "Gini", part, "discrimination.gini", NULL);
  add_estimate (view, "Kolmogorov-Smirnov", part, "discrimination.kolmogorov_smirnov", NULL);
  add_estimate (view, "Brier score", part, "brier", NULL);
  if (json_is_string (json_object_get (part, "log_loss_reason")))
    assay_view_add_field (view, "log loss", "%s", assay_json_get_text (part, "log_loss_reason"));
  else
    add_estimate (view, "log loss", part, "log_loss", " nats");
  add_estimate (view, "calibration error", part, "calibration.error", luck);
  add_estimate (view, "probability in excess", part, "calibration.excess", NULL);
  if (reason != NULL)
    assay_view_add_field (view, "calibration line", "none: %s", reason);
  else
    {
      add_estimate (view, "calibration intercept", part, "calibration.intercept", NULL);
      add_estimate (view, "calibration slope", part, "calibration.slope", NULL);
    }
}

/* --- groups ------------------------------------------------------------------------------------------------------------------ */

static char *
join_texts (const json_t *texts, const char *between)
{
  GString *joined = g_string_new (NULL);
  gsize k;
  json_t *text;

  json_array_foreach (texts, k, text)
    g_string_append_printf (joined, "%s%s", k > 0 ? between : "", json_string_value (text));
  return g_string_free (joined, FALSE);
}

static void
add_cell_share (AssayView *view, const json_t *group, const char *path)
{
  const json_t *share = assay_audit_columns_find (group, path);
  g_autofree char *value = percent (assay_json_get_number (share, "value"));
  g_autofree char *part = assay_view_count (json_integer_value (json_object_get (share, "numerator")));
  g_autofree char *whole = assay_view_count (json_integer_value (json_object_get (share, "denominator")));
  g_autofree char *text = value ? g_strdup_printf ("%s of %s (%s %%)", part, whole, value) : g_strdup ("-");

  assay_view_add_cell (view, text);
}

static void
add_cell_impact (AssayView *view, const json_t *group)
{
  const json_t *impact = json_object_get (group, "impact");
  gboolean has_members = json_integer_value (assay_audit_columns_find (group, "selection.denominator")) > 0;
  g_autofree char *ratio = assay_view_number (assay_json_get_number (impact, "value"), 3);
  g_autofree char *text = g_strdup_printf ("%s%s%s%s", ratio, json_is_true (json_object_get (impact, "is_highest")) ? " highest" : "",
                                           json_is_true (json_object_get (impact, "is_below_four_fifths")) ? " below 4/5" : "",
                                           has_members && json_is_true (json_object_get (impact, "is_small")) ? " small" : "");

  assay_view_add_cell (view, text);
}

static void
view_grouping (const json_t *grouping, const char *part, AssayView *view)
{
  const json_t *groups = json_object_get (grouping, "groups");
  gboolean decided = assay_audit_columns_find (json_array_get (groups, 0), "rates") != NULL;
  gboolean ranked = assay_audit_columns_find (json_array_get (groups, 0), "auroc") != NULL;
  gint64 left_out = json_integer_value (json_object_get (grouping, "empty_left_out"));
  g_autofree char *columns = join_texts (json_object_get (grouping, "columns"), " and "), *count = assay_view_count (left_out);
  g_autofree char *header = g_strdup_printf ("group|>rows|>selected|>impact ratio%s%s", decided ? "|>false positives|>false negatives" : "", ranked ? "|>AUC" : "");
  gsize k;
  json_t *group;

  assay_view_add_heading (view, "%s by %s", part, columns);
  assay_view_begin_table (view, header);
  json_array_foreach (groups, k, group)
    {
      gboolean is_unknown = json_is_true (json_object_get (group, "is_unknown"));
      g_autofree char *labels = is_unknown ? g_strdup ("(missing)") : join_texts (json_object_get (group, "labels"), ", ");
      g_autofree char *rows = assay_view_count (json_integer_value (json_object_get (group, "rows")));

      if (is_unknown && json_integer_value (json_object_get (group, "rows")) == 0)
        continue;
      assay_view_add_cell (view, labels);
      assay_view_add_cell (view, rows);
      add_cell_share (view, group, "selection");
      add_cell_impact (view, group);
      if (decided)
        {
          add_cell_share (view, group, "rates.false_positive_rate");
          add_cell_share (view, group, "rates.false_negative_rate");
        }
      if (ranked)
        assay_view_add_cell_number (view, assay_json_get_number (json_object_get (group, "auroc"), "value"), 3);
    }
  if (left_out > 0)
    assay_view_add_text (view, "%s combinations that nobody belongs to are not listed.", count);
}

/* --- challengers --------------------------------------------------------------------------------------------------------------- */

static void
view_challenger (const json_t *challenger, AssayView *view)
{
  gsize k;
  json_t *part;

  assay_view_add_heading (view, "challenger: %s\n%s", assay_json_get_text (challenger, "name"), assay_json_get_text (challenger, "rule"));
  assay_view_begin_table (view, "part|>AUC|>model's gain|>Brier|>model's gain|>log loss|>model's gain");
  json_array_foreach (json_object_get (challenger, "parts"), k, part)
    {
      static const char *const measures[] = { "auroc", "brier", "log_loss" };

      assay_view_add_cell (view, assay_json_get_text (part, "name"));
      for (gsize m = 0; m < G_N_ELEMENTS (measures); m++)
        {
          g_autofree char *gain = describe_estimate (json_object_get (json_object_get (part, "gain"), measures[m]));

          assay_view_add_cell_number (view, assay_json_get_number (json_object_get (part, measures[m]), "value"), 4);
          assay_view_add_cell (view, gain);
        }
    }
}

static void
view_against_training (const json_t *document, AssayView *view)
{
  gsize k;
  json_t *part;

  json_array_foreach (json_object_get (document, "against_training"), k, part)
    {
      assay_view_add_heading (view, "%s less %s", assay_json_get_text (part, "name"), assay_json_get_text (part, "training"));
      add_estimate (view, "AUC", part, "auroc", NULL);
      add_estimate (view, "Brier score", part, "brier", NULL);
      add_estimate (view, "log loss", part, "log_loss", " nats");
      add_estimate (view, "accuracy", part, "accuracy", NULL);
    }
}

void
assay_audit_view (const json_t *document, AssayView *view)
{
  const json_t *of = json_object_get (document, "outcome");
  const char *outcome = json_is_string (json_object_get (of, "expression")) ? assay_json_get_text (of, "expression") : assay_json_get_text (of, "target");
  const char *score = assay_json_get_text (json_object_get (document, "score"), "expression");
  gsize p, k;
  json_t *part, *item;

  assay_view_add_text (view, "%s", assay_json_get_text (document, "statement"));
  if (*score != '\0')
    assay_view_add_field (view, "score", "%s", score);
  if (*outcome != '\0')
    assay_view_add_field (view, "outcome", "%s", outcome);
  assay_view_add_field (view, "selected", "%s", assay_json_get_text (document, "selected_means"));
  if (json_is_string (json_object_get (document, "filter")))
    assay_view_add_field (view, "rows where", "%s", assay_json_get_text (document, "filter"));
  json_array_foreach (json_object_get (document, "parts"), p, part)
    {
      view_part (part, view);
      json_array_foreach (json_object_get (part, "groupings"), k, item)
        view_grouping (item, assay_json_get_text (part, "name"), view);
    }
  view_against_training (document, view);
  json_array_foreach (json_object_get (document, "challengers"), k, item)
    view_challenger (item, view);
}
