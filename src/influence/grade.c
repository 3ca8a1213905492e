/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grade.c: conditions and their words. */
#include "influence/grade.h"

#include <math.h>

#define HALF 0.5                /* of the ceiling */
#define LEAST_SIGNAL 2

void
assay_grade_clear (AssayGrade *grade)
{
  g_clear_pointer (&grade->reasons, g_ptr_array_unref);
}

static void G_GNUC_PRINTF (2, 3)
add_reason (AssayGrade *grade, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (grade->reasons, g_strdup_vprintf (format, args));
  va_end (args);
}

static void
abstain (AssayGrade *grade, AssayAbstention why)
{
  grade->letter = 'D';
  grade->abstentions |= why;
}

/* Numbers in reasons are the same in every locale. */
static char *
format_number (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (text, sizeof text, "%.3f", value));
}

/* Whether the interval of the score of largest magnitude holds 0. */
static gboolean
spans_zero (const AssayInfluenceScores *scores, gint64 query)
{
  const double *value = scores->value + query * scores->n_train;
  gint64 first = -1;

  for (gint64 i = 0; i < scores->n_train; i++)
    if (!isnan (value[i]) && (first < 0 || fabs (value[i]) > fabs (value[first])))
      first = i;
  return first >= 0 && !(scores->lo[query * scores->n_train + first] > 0 || scores->hi[query * scores->n_train + first] < 0);
}

static void
judge_scores (AssayGrade *grade, const AssayInfluenceScores *scores)
{
  gint64 Q = scores->n_query;

  for (gint64 q = 0; q < Q; q++)
    {
      grade->n_spanning += scores->lo != NULL && spans_zero (scores, q);
      grade->n_unsolved += !assay_influence_scores_has_converged (scores, q);
    }
  if (2 * grade->n_spanning > Q)
    {
      abstain (grade, ASSAY_ABSTAIN_INTERVAL);
      add_reason (grade, "the interval of the first score holds 0 for %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " queries", grade->n_spanning, Q);
    }
  if (2 * grade->n_unsolved > Q)
    {
      abstain (grade, ASSAY_ABSTAIN_RESIDUAL);
      add_reason (grade, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " solves ended with a residual over their limit", grade->n_unsolved, Q);
    }
}

static void
judge_agreement (AssayGrade *grade, const AssayAgreement *lds, const AssayCeiling *ceiling)
{
  g_autofree char *lo = format_number (lds->mean_spearman.lo), *hi = format_number (lds->mean_spearman.hi);

  if (ceiling->n_seeds > 1 && !(ceiling->signal_to_noise >= LEAST_SIGNAL))
    {
      g_autofree char *ratio = format_number (ceiling->signal_to_noise);

      abstain (grade, ASSAY_ABSTAIN_NOISE);
      add_reason (grade, "what leaving examples out does is %s times the noise of %u seeds, 2 expected", ratio, ceiling->n_seeds);
    }
  if (!(lds->mean_spearman.lo > 0))
    {
      abstain (grade, ASSAY_ABSTAIN_AGREEMENT);
      if (isnan (lds->mean_spearman.lo))
        add_reason (grade, "too few retrainings for an interval of the lds");
      else
        add_reason (grade, "the interval of the lds, %s to %s, is not above 0", lo, hi);
    }
}

static gboolean
is_certified (const AssayInfluenceScores *scores)
{
  return scores->lo != NULL && scores->interval_kind == ASSAY_INTERVAL_SOLVE && assay_influence_scores_has_converged (scores, -1);
}

static void
choose_letter (AssayGrade *grade, const AssayInfluenceScores *scores, const AssayAgreement *lds, const AssayCeiling *ceiling, const AssayLossDifference *d)
{
  gboolean follows = lds->mean_spearman.lo > HALF * ceiling->value, verified = d != NULL && d->n_random > 0 && d->estimate.lo > 0;
  gboolean certified = is_certified (scores);
  const char *what = scores->measure == NULL || assay_influence_scores_are_of_losses (scores) ? "the loss" : scores->measure;
  g_autofree char *lo = format_number (lds->mean_spearman.lo), *best = format_number (ceiling->value);

  grade->letter = !follows ? 'C' : verified ? 'A' : certified ? 'B' : 'C';
  add_reason (grade, follows ? "the lower limit of the lds, %s, is above half of the ceiling %s" : "the lower limit of the lds, %s, is not above half of the ceiling %s",
              lo, best);
  if (verified)
    add_reason (grade, "leaving out the examples ranked highest raised %s more than leaving out random ones", what);
  else if (d == NULL || d->n_random == 0)
    add_reason (grade, "the examples ranked highest were not left out to see");
  else
    add_reason (grade, "leaving out the examples ranked highest was not shown to raise %s more than leaving out random ones", what);
  add_reason (grade, certified ? "every solve ended with a certified interval" : "scores have no certified interval");
}

void
assay_grade_init (AssayGrade *grade, const AssayInfluenceScores *scores, const AssayAgreement *lds, const AssayCeiling *ceiling,
                  const AssayLossDifference *difference)
{
  *grade = (AssayGrade) { .reasons = g_ptr_array_new_with_free_func (g_free) };
  if (lds->n_sets == 0)
    {
      add_reason (grade, "no subsets were measured: there is no lds to rest a grade on");
      return;
    }
  judge_scores (grade, scores);
  judge_agreement (grade, lds, ceiling);
  if (grade->abstentions == 0)
    choose_letter (grade, scores, lds, ceiling, difference);
}
