/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-batch_order.c: every example once an epoch, whatever the batch; the same batches whichever way they are asked for. */
#include "base/error.h"
#include "run/batch_order.h"

#include <string.h>

static void
test_once_an_epoch (void)
{
  for (gint64 N = 1; N <= 13; N++)
    for (gint64 B = 1; B <= N; B++)
      {
        g_autoptr (AssayBatchOrder) order = assay_batch_order_new (N, B, 7, NULL);
        g_autofree gint64 *seen = g_new0 (gint64, N), *places = g_new (gint64, B);
        gint64 steps = 3 * N, taken = 0;                          /* B steps of N make whole epochs: 3 B of them */

        for (gint64 s = 0; s < steps; s++)
          {
            assay_batch_order_get (order, s, places);
            for (gint64 b = 0; b < B; b++)
              {
                g_assert_cmpint (places[b], >=, 0);
                g_assert_cmpint (places[b], <, N);
                g_assert_cmpint (seen[places[b]], ==, taken / N);  /* once in each epoch */
                seen[places[b]]++;
                taken++;
              }
          }
        for (gint64 i = 0; i < N; i++)
          g_assert_cmpint (seen[i], ==, 3 * B);
      }
}

static void
test_any_step (void)
{
  g_autoptr (AssayBatchOrder) forwards = assay_batch_order_new (11, 4, 7, NULL), anyhow = assay_batch_order_new (11, 4, 7, NULL);
  gint64 all[40][4], one[4];

  for (gint64 s = 0; s < 40; s++)
    assay_batch_order_get (forwards, s, all[s]);
  for (gint64 k = 0; k < 40; k++)
    {
      gint64 s = k * 17 % 40;

      assay_batch_order_get (anyhow, s, one);
      g_assert_cmpmem (one, sizeof one, all[s], sizeof all[s]);
    }
}

static void
test_seeds (void)
{
  g_autoptr (AssayBatchOrder) a = assay_batch_order_new (20, 10, 1, NULL), b = assay_batch_order_new (20, 10, 2, NULL);
  gint64 first[10], other[10], later[10];

  assay_batch_order_get (a, 0, first);
  assay_batch_order_get (b, 0, other);
  assay_batch_order_get (a, 2, later);
  g_assert_cmpint (memcmp (first, other, sizeof first), !=, 0);
  g_assert_cmpint (memcmp (first, later, sizeof first), !=, 0);
}

static void
test_whole (void)
{
  g_autoptr (AssayBatchOrder) order = assay_batch_order_new (6, 6, 1, NULL);
  gint64 places[6];

  assay_batch_order_get (order, 5, places);
  for (gint64 i = 0; i < 6; i++)
    g_assert_cmpint (places[i], ==, i);
}

static void
test_given (void)
{
  static const gint64 list[] = { 2, 0, 1, 1, 3 };
  g_autoptr (AssayBatchOrder) order = assay_batch_order_new_given (list, 5, 4, 2, NULL);
  gint64 places[2];

  for (gint64 step = 1; step >= 0; step--)
    {
      assay_batch_order_get (order, step, places);
      g_assert_cmpmem (places, sizeof places, list + 2 * step, sizeof places);
    }
}

static void
test_given_refused (void)
{
  static const gint64 list[] = { 2, 4 };
  g_autoptr (GError) outside = NULL, few = NULL;

  g_assert_null (assay_batch_order_new_given (list, 2, 4, 2, &outside));
  g_assert_error (outside, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_nonnull (strstr (outside->message, "entry 1: a training example from 0 to 3 expected, 4 found"));
  g_assert_null (assay_batch_order_new_given (list, 1, 4, 2, &few));
  g_assert_error (few, ASSAY_ERROR, ASSAY_ERROR_INPUT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/batch order/every example comes once in each epoch", test_once_an_epoch);
  g_test_add_func ("/batch order/a step's batch does not depend on what was asked before", test_any_step);
  g_test_add_func ("/batch order/seeds and epochs shuffle differently", test_seeds);
  g_test_add_func ("/batch order/a batch of all is not shuffled", test_whole);
  g_test_add_func ("/batch order/a given order is followed step by step", test_given);
  g_test_add_func ("/batch order/a given order with a place outside, or too short, is refused", test_given_refused);
  return g_test_run ();
}
