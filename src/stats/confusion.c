/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confusion.c: one table says what each rate counts. */
#include "stats/confusion.h"

/* Cells of the table by bit. */
enum { TP = 1, FP = 2, TN = 4, FN = 8, ALL = 15 };

static const struct {
  const char *name, *title, *definition;
  guint numerator, denominator;
} rates[ASSAY_N_RATES] = {
  [ASSAY_RATE_SELECTION] = { "selection_rate", "selection rate", "decided true among all", TP | FP, ALL },
  [ASSAY_RATE_PREVALENCE] = { "prevalence", "prevalence", "outcome true among all", TP | FN, ALL },
  [ASSAY_RATE_ACCURACY] = { "accuracy", "accuracy", "decision and outcome agree among all", TP | TN, ALL },
  [ASSAY_RATE_TRUE_POSITIVE] = { "true_positive_rate", "true positive rate", "decided true among those whose outcome is true", TP, TP | FN },
  [ASSAY_RATE_FALSE_NEGATIVE] = { "false_negative_rate", "false negative rate", "decided false among those whose outcome is true", FN, TP | FN },
  [ASSAY_RATE_FALSE_POSITIVE] = { "false_positive_rate", "false positive rate", "decided true among those whose outcome is false", FP, FP | TN },
  [ASSAY_RATE_TRUE_NEGATIVE] = { "true_negative_rate", "true negative rate", "decided false among those whose outcome is false", TN, FP | TN },
  [ASSAY_RATE_POSITIVE_VALUE] = { "positive_predictive_value", "positive predictive value", "outcome true among those decided true", TP, TP | FP },
  [ASSAY_RATE_NEGATIVE_VALUE] = { "negative_predictive_value", "negative predictive value", "outcome false among those decided false", TN, TN | FN },
};

AssayConfusion
assay_confusion_count (const guint8 *decision, const guint8 *outcome, gint64 n)
{
  AssayConfusion c = { 0 };

  for (gint64 i = 0; i < n; i++)
    {
      c.true_positives += decision[i] && outcome[i];
      c.false_positives += decision[i] && !outcome[i];
      c.true_negatives += !decision[i] && !outcome[i];
      c.false_negatives += !decision[i] && outcome[i];
    }
  return c;
}

static gint64
sum_cells (const AssayConfusion *c, guint cells)
{
  return (cells & TP ? c->true_positives : 0) + (cells & FP ? c->false_positives : 0) + (cells & TN ? c->true_negatives : 0)
         + (cells & FN ? c->false_negatives : 0);
}

gint64
assay_confusion_get_n (const AssayConfusion *c)
{
  return sum_cells (c, ALL);
}

const char *
assay_rate_name (AssayRate rate)
{
  return rates[rate].name;
}

const char *
assay_rate_title (AssayRate rate)
{
  return rates[rate].title;
}

const char *
assay_rate_definition (AssayRate rate)
{
  return rates[rate].definition;
}

gint64
assay_confusion_get_part (const AssayConfusion *c, AssayRate rate, gint64 *denominator)
{
  *denominator = sum_cells (c, rates[rate].denominator);
  return sum_cells (c, rates[rate].numerator);
}

AssayEstimate
assay_confusion_get_rate (const AssayConfusion *c, AssayRate rate, double level)
{
  gint64 n, k = assay_confusion_get_part (c, rate, &n);

  return assay_estimate_proportion (k, n, level);
}
