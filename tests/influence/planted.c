/* SPDX-License-Identifier: GPL-3.0-or-later */
/* planted.c: a bank of single sets, filled by way of a bank from elsewhere. */
#include "planted.h"

Planted *
planted_new (gint64 S, guint R, gint64 Q, const double *seed_change, const double *predicted)
{
  Planted *planted = g_new0 (Planted, 1);
  gint64 N = S + 1;                                               /* no set leaves out everybody */
  g_autofree gint64 *number = g_new (gint64, N), *query = g_new (gint64, Q);
  g_autofree double *base = g_new0 (double, R * Q), *loss = g_new (double, S * R * Q);
  g_autoptr (AssayBank) bank = NULL;
  GError *error = NULL;

  for (gint64 i = 0; i < N; i++)
    number[i] = i;
  for (gint64 q = 0; q < Q; q++)
    query[q] = q;
  for (gint64 s = 0; s < S; s++)
    for (guint r = 0; r < R; r++)
      for (gint64 q = 0; q < Q; q++)
        loss[(s * R + r) * Q + q] = seed_change[(r * S + s) * Q + q];
  bank = assay_bank_new (number, N, query, Q, base, R, &error);
  g_assert_no_error (error);
  g_assert_true (assay_bank_add_family (bank, "planted", number, S, 1, loss, &error));
  planted->truth = assay_ground_truth_new (Q);
  assay_ground_truth_add_bank (planted->truth, bank);
  g_assert_true (assay_ground_truth_take_bank (planted->truth, bank, query, &error));
  planted->scores = assay_influence_scores_new (Q, N, FALSE, FALSE, &error);
  g_assert_no_error (error);
  planted->scores->unit = ASSAY_UNIT_RELATIVE;
  for (gint64 q = 0; q < Q; q++)
    for (gint64 s = 0; s < S; s++)
      planted->scores->value[q * N + s] = predicted[s * Q + q];
  return planted;
}

void
planted_free (Planted *planted)
{
  if (planted == NULL)
    return;
  assay_ground_truth_free (planted->truth);
  assay_influence_scores_free (planted->scores);
  g_free (planted);
}
