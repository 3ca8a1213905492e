/* SPDX-License-Identifier: GPL-3.0-or-later */
/* length_buckets.c: the best cuts of a histogram of lengths, by dynamic programming over its upper ends.
 *
 *   W_k (j) = min over i < j of  W_{k-1} (i) + j (examples of lengths i+1 .. j):  positions that k buckets walk for the examples up to length j
 */
#include "run/length_buckets.h"

#define CLASSES 1024            /* lengths that are told apart: more are rounded up to a multiple */

typedef struct {
  gint64 step, M, longest;      /* a class is of `step` lengths; classes 1 .. M occur */
  gint64 *upto;                 /* (M+1) examples of class j and below */
} Histogram;

static void
count_lengths (Histogram *h, const AssayDataset *dataset, const gint64 *examples, gint64 N)
{
  h->step = (assay_dataset_get_shape (dataset).dim[0] + CLASSES - 1) / CLASSES;
  h->upto = g_new0 (gint64, CLASSES + 1);
  for (gint64 i = 0; i < N; i++)
    {
      gint64 length = assay_dataset_get_length (dataset, examples[i]);

      h->upto[(length + h->step - 1) / h->step]++;
      h->longest = MAX (h->longest, length);
    }
  h->M = (h->longest + h->step - 1) / h->step;
  for (gint64 j = 1; j <= h->M; j++)
    h->upto[j] += h->upto[j - 1];
}

/* cut (n+1,M+1): where the last of k buckets up to class j begins. */
static void
find_cuts (const Histogram *h, guint n, gint64 *cut)
{
  gint64 row = h->M + 1;
  g_autofree gint64 *walked = g_new (gint64, (n + 1) * row);      /* W_k (j), in steps */

  for (gint64 j = 0; j <= h->M; j++)
    walked[j] = j == 0 ? 0 : G_MAXINT64;
  for (guint k = 1; k <= n; k++)
    for (gint64 j = 0; j <= h->M; j++)
      {
        walked[k * row + j] = j == 0 ? 0 : G_MAXINT64;
        for (gint64 i = 0; i < j; i++)
          {
            gint64 before = walked[(k - 1) * row + i], all = before < G_MAXINT64 ? before + j * (h->upto[j] - h->upto[i]) : G_MAXINT64;

            if (all < walked[k * row + j])
              {
                walked[k * row + j] = all;
                cut[k * row + j] = i;
              }
          }
      }
}

AssayLengthBuckets
assay_length_buckets_choose (const AssayDataset *dataset, const gint64 *examples, gint64 N, guint n)
{
  Histogram h = { 0 };
  AssayLengthBuckets buckets = { 0 }, backwards = { 0 };
  g_autofree gint64 *cut = NULL, *upto = NULL;

  g_return_val_if_fail (assay_dataset_get_kind (dataset) == ASSAY_DATASET_TOKENS, buckets);
  g_return_val_if_fail (N >= 1 && n >= 1 && n <= ASSAY_LENGTH_BUCKETS_MOST, buckets);
  count_lengths (&h, dataset, examples, N);
  upto = h.upto;
  cut = g_new0 (gint64, (n + 1) * (h.M + 1));
  find_cuts (&h, n, cut);
  for (gint64 j = h.M, i; j > 0; j = i, n--)
    {
      i = cut[n * (h.M + 1) + j];
      if (upto[j] > upto[i])                                      /* fewer lengths than buckets leave some empty */
        backwards.length[backwards.n++] = MIN (j * h.step, h.longest);
    }
  for (buckets.n = 0; buckets.n < backwards.n; buckets.n++)
    buckets.length[buckets.n] = backwards.length[backwards.n - 1 - buckets.n];
  return buckets;
}

guint
assay_length_buckets_find (const AssayLengthBuckets *buckets, const AssayDataset *dataset, const gint64 *examples, gint64 n)
{
  guint k = 0;

  for (gint64 i = 0; i < n; i++)
    while (k + 1 < buckets->n && buckets->length[k] < assay_dataset_get_length (dataset, examples[i]))
      k++;
  return k;
}
