/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identifiability.c: what the data leave open, found by a Cholesky factorisation that steps over dependent columns, and by a look at the
 * classes behind each term. */
#include "job/identifiability.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

#define BATCH 256
#define MAX_NAMED 3
/* A pivot is 1 - R^2 of an unknown on those before it. Rounding leaves some n 2^-53 of a zero; this is clear of it. */
#define DEPENDENT 1e-11
/* Log odds over one standard deviation of a term: a standard error beyond it says that nothing was estimated. */
#define UNDETERMINED 100
/* Mean loss in nats below which every example is predicted with certainty. */
#define CERTAIN 1e-6

gboolean
assay_identifiability_mark (gint64 n, const double *matrix, gboolean *mark, GError **error)
{
  g_autoptr (AssayBuffer) factor = assay_mem_new (double, n * n, error);
  double *L = factor, least = G_MAXDOUBLE;
  gint64 nearest = 0;
  gboolean any = FALSE;

  if (L == NULL)
    return FALSE;
  memset (L, 0, n * n * sizeof *L);
  for (gint64 k = 0; k < n; k++)
    {
      double pivot = matrix[k * n + k];

      for (gint64 j = 0; j < k; j++)                                                 /* l_kj = (a_kj - sum_i<j l_ki l_ji) / l_jj */
        {
          double sum = matrix[k * n + j];

          if (mark[j])
            continue;
          for (gint64 i = 0; i < j; i++)
            sum -= L[k * n + i] * L[j * n + i];
          L[k * n + j] = sum / L[j * n + j];
          pivot -= L[k * n + j] * L[k * n + j];
        }
      if (pivot < least)
        {
          least = pivot;
          nearest = k;
        }
      mark[k] = !(pivot > DEPENDENT);
      any = any || mark[k];
      L[k * n + k] = mark[k] ? 1 : sqrt (pivot);
    }
  if (!any)
    mark[nearest] = TRUE;
  return TRUE;
}

char *
assay_identifiability_list (gint64 n, const char *const *names, const gboolean *mark)
{
  GString *text = g_string_new (NULL);
  gint64 count = 0, seen = 0;

  for (gint64 k = 0; k < n; k++)
    count += mark[k] ? 1 : 0;
  for (gint64 k = 0; k < n && seen < MAX_NAMED; k++)
    if (mark[k])
      {
        seen++;
        g_string_append (text, seen == 1 ? (count == 1 ? "term " : "terms ") : seen == count ? " and " : ", ");
        g_string_append (text, names[k]);
      }
  if (count > seen)
    g_string_append_printf (text, " and %" G_GINT64_FORMAT " more", count - seen);
  return g_string_free (text, count == 0);
}

/* --- separation ---------------------------------------------------------------------------------------------------- */

typedef struct {
  double sum, sum2;
  gboolean is_seen[2];          /* a class among the examples where the term is not 0 */
} TermCount;

/* Counts (D) zeroed terms over the training examples. */
static gboolean
count_terms (const AssayRegression *r, gint64 D, TermCount *terms, GError **error)
{
  g_autoptr (AssayBuffer) values = assay_mem_new (double, BATCH * D, error);
  AssayBatch batch = { .dtype = ASSAY_F64, .x = values };

  if (values == NULL)
    return FALSE;
  for (gint64 start = 0; start < r->n_train; start += BATCH)
    {
      gint64 B = MIN (BATCH, r->n_train - start);
      const double *x = values;

      assay_dataset_fill (r->dataset, r->train + start, B, &batch);
      for (gint64 b = 0; b < B; b++)
        {
          gint32 label = assay_dataset_get_label (r->dataset, r->train[start + b]);

          for (gint64 d = 0; d < D; d++, x++)
            {
              terms[d].sum += *x;
              terms[d].sum2 += *x * *x;
              if (*x != 0)
                terms[d].is_seen[label == 1] = TRUE;
            }
        }
    }
  return TRUE;
}

static void
add_note (json_t *notes, char *list, const char *rest)
{
  g_autofree char *text = list ? g_strconcat (list, rest, NULL) : NULL;

  if (text != NULL)
    json_array_append_new (notes, json_string (text));
  g_free (list);
}

gboolean
assay_identifiability_note_separation (const AssayRegression *r, const double *weight_error, json_t *notes, GError **error)
{
  const GPtrArray *names = assay_dataset_get_term_names (r->dataset);
  const char *const *terms = (const char *const *) names->pdata;
  gint64 D = names->len;
  double N = (double) r->n_train;
  g_autofree TermCount *counts = g_new0 (TermCount, MAX (D, 1));
  g_autofree gboolean *one_class = g_new0 (gboolean, MAX (D, 1)), *open = g_new0 (gboolean, MAX (D, 1));

  if (!count_terms (r, D, counts, error))
    return FALSE;
  if (r->loss < CERTAIN)
    {
      json_array_append_new (notes, json_string ("the terms separate the classes without exception: the coefficients have no optimum and "
                                                 "stand where rounding stopped them; leave out a term, or train with --l2"));
      return TRUE;
    }
  for (gint64 d = 0; d < D; d++)
    {
      double mean = counts[d].sum / N, deviation = sqrt (MAX (counts[d].sum2 / N - mean * mean, 0));

      if (weight_error[d] * deviation <= UNDETERMINED)
        continue;
      one_class[d] = counts[d].is_seen[0] != counts[d].is_seen[1];
      open[d] = !one_class[d];
    }
  add_note (notes, assay_identifiability_list (D, terms, one_class),
            ": in examples of one class alone, which leaves the coefficient no optimum; leave it out, or train with --l2");
  add_note (notes, assay_identifiability_list (D, terms, open), ": not determined by the data (a standard error beyond 100 in log odds for one "
            "standard deviation): some examples are separated, or other terms say nearly the same; leave it out, or train with --l2");
  return TRUE;
}
