/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_columns.c: counts, estimates, and the rates as stats/confusion.h declares them. */
#include "report/audit_columns.h"

#include "report/columns.h"
#include "stats/confusion.h"

#define COUNT    ASSAY_AUDIT_COLUMN_COUNT
#define NUMBER   ASSAY_AUDIT_COLUMN_NUMBER
#define ESTIMATE ASSAY_AUDIT_COLUMN_ESTIMATE

static const AssayAuditColumn common[] = {
  { "rows", "rows", COUNT, "rows", "rows, with known score and outcome or not" },
  { "missing_score", "missing_score", COUNT, "score missing", "rows whose score is not known" },
  { "missing_outcome", "missing_outcome", COUNT, "outcome missing", "rows whose outcome is not known" },
  { "n", "n", COUNT, "n", "rows with known score and outcome" },
  { "positives", "positives", COUNT, "positives", "of n, those whose outcome is true" },
  { "scored", "selection.denominator", COUNT, "scored", "rows whose score is known" },
  { "selected", "selection.numerator", COUNT, "selected", "of these, those with the favourable decision, or above the median score" },
  { "true_positives", "confusion.true_positives", COUNT, "TP", "decided true, outcome true" },
  { "false_positives", "confusion.false_positives", COUNT, "FP", "decided true, outcome false" },
  { "true_negatives", "confusion.true_negatives", COUNT, "TN", "decided false, outcome false" },
  { "false_negatives", "confusion.false_negatives", COUNT, "FN", "decided false, outcome true" },
  { "selection", "selection", ESTIMATE, "selected", "selected among the scored; Wilson" },
};

static const AssayAuditColumn of_part[] = {
  { "auroc", "discrimination.auroc", ESTIMATE, "AUC", "area under the ROC curve; DeLong" },
  { "gini", "discrimination.gini", ESTIMATE, "Gini", "2 AUC - 1" },
  { "kolmogorov_smirnov", "discrimination.kolmogorov_smirnov", ESTIMATE, "KS", "largest distance of the two distributions; Dvoretzky-Kiefer-Wolfowitz" },
  { "kolmogorov_smirnov_threshold", "discrimination.kolmogorov_smirnov.threshold", NUMBER, "KS at", "score from which on the distance is largest" },
  { "brier", "brier", ESTIMATE, "Brier", "mean squared error of the probability; Student" },
  { "log_loss", "log_loss", ESTIMATE, "log loss", "mean of minus the logarithm of the probability of what came true, in nats; Student" },
  { "calibration_error", "calibration.error", ESTIMATE, "calibration error", "expected calibration error over the bins; mirrored bootstrap" },
  { "calibration_error_by_luck", "calibration.error_by_luck", NUMBER, "by luck", "mean error of as many outcomes drawn with the probabilities" },
  { "calibration_error_by_luck_95", "calibration.error_by_luck_95", NUMBER, "by luck, 95 %", "error that 95 of 100 such draws stay below" },
  { "excess", "calibration.excess", ESTIMATE, "excess", "mean probability less the share that came true; Student" },
  { "calibration_intercept", "calibration.intercept", ESTIMATE, "intercept", "of outcomes on log odds, by maximum likelihood; Wald" },
  { "calibration_slope", "calibration.slope", ESTIMATE, "slope", "of outcomes on log odds, by maximum likelihood; Wald" },
  { "median_score", "median_score", NUMBER, "median", "score above which a row counts as selected, where nobody decides" },
};

static const AssayAuditColumn of_group[] = {
  { "impact_ratio", "impact", ESTIMATE, "impact ratio", "share selected over that of the group with the highest; score interval" },
  { "auroc", "auroc", ESTIMATE, "AUC", "area under the ROC curve; DeLong" },
  { "brier", "brier", ESTIMATE, "Brier", "mean squared error of the probability; Student" },
  { "excess", "excess", ESTIMATE, "excess", "mean probability less the share that came true; Student" },
  { "auroc_difference", "differences.auroc", ESTIMATE, "AUC difference", "less that of the baseline group; square and add" },
  { "brier_difference", "differences.brier", ESTIMATE, "Brier difference", "less that of the baseline group; square and add" },
  { "excess_difference", "differences.excess", ESTIMATE, "excess difference", "less that of the baseline group; square and add" },
};

/* The two counts behind a rate. */
static void
add_counts (GArray *columns, AssayRate rate)
{
  static const struct { const char *suffix, *words; } sides[] = { { "numerator", "counted" }, { "denominator", "out of" } };

  for (gsize k = 0; k < G_N_ELEMENTS (sides); k++)
    {
      g_autofree char *name = g_strdup_printf ("%s_%s", assay_rate_name (rate), sides[k].suffix);
      g_autofree char *path = g_strdup_printf ("rates.%s.%s", assay_rate_name (rate), sides[k].suffix);
      g_autofree char *title = g_strdup_printf ("%s, %s", assay_rate_title (rate), sides[k].words);
      AssayAuditColumn column = { g_intern_string (name), g_intern_string (path), COUNT, g_intern_string (title), assay_rate_definition (rate) };

      g_array_append_val (columns, column);
    }
}

static void
add_rates (GArray *columns, gboolean differences)
{
  for (AssayRate rate = 0; rate < ASSAY_N_RATES; rate++)
    {
      const char *name = assay_rate_name (rate);
      g_autofree char *label = g_strconcat (name, differences ? "_difference" : "", NULL);
      g_autofree char *path = g_strconcat (differences ? "differences." : "rates.", name, NULL);
      g_autofree char *title = g_strconcat (assay_rate_title (rate), differences ? " difference" : "", NULL);
      g_autofree char *words = g_strconcat (assay_rate_definition (rate), differences ? ", less that of the baseline group; Newcombe" : "; Wilson", NULL);
      AssayAuditColumn column = { g_intern_string (label), g_intern_string (path), ESTIMATE, g_intern_string (title), g_intern_string (words) };

      g_array_append_val (columns, column);
      if (!differences)
        add_counts (columns, rate);
    }
}

static gpointer
make_columns (gpointer groups)
{
  GArray *columns = g_array_new (TRUE, TRUE, sizeof (AssayAuditColumn));

  g_array_append_vals (columns, common, G_N_ELEMENTS (common));
  add_rates (columns, FALSE);
  if (groups == NULL)
    g_array_append_vals (columns, of_part, G_N_ELEMENTS (of_part));
  else
    {
      g_array_append_vals (columns, of_group, G_N_ELEMENTS (of_group));
      add_rates (columns, TRUE);
    }
  return g_array_free (columns, FALSE);
}

const AssayAuditColumn *
assay_audit_columns_of_part (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_columns, NULL);
}

const AssayAuditColumn *
assay_audit_columns_of_group (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_columns, GINT_TO_POINTER (1));
}

const json_t *
assay_audit_columns_find (const json_t *object, const char *path)
{
  const json_t *found = assay_columns_find (object, path);

  return json_is_null (found) ? NULL : found;
}
