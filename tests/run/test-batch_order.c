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

/* Group of a place: uneven, some of them empty. */
static guint8
get_group (gint64 place)
{
  return (guint8) (place * place % 7 % 5);
}

static AssayBatchOrder *
make_grouped (gint64 N, gint64 B)
{
  AssayBatchOrder *order = assay_batch_order_new (N, B, 7, NULL);
  g_autofree guint8 *group = g_new (guint8, N);

  for (gint64 i = 0; i < N; i++)
    group[i] = get_group (i);
  g_assert_true (assay_batch_order_group (order, group, 5, NULL));
  return order;
}

/* In an epoch's own batches, sorted, a border between two of five groups falls into at most four; beside them those that two epochs share may mix. */
static void
test_groups (void)
{
  for (gint64 N = 1; N <= 40; N += 3)
    for (gint64 B = 1; B <= N; B++)
      {
        g_autoptr (AssayBatchOrder) order = make_grouped (N, B);
        g_autofree gint64 *seen = g_new0 (gint64, N), *places = g_new (gint64, B);
        gint64 taken = 0, mixed = 0, shared = 0;

        for (gint64 s = 0; s < 3 * N; s++)
          {
            gboolean mixes = FALSE;

            assay_batch_order_get (order, s, places);
            shared += taken / N != (taken + B - 1) / N;
            for (gint64 b = 0; b < B; b++, taken++)
              {
                g_assert_cmpint (seen[places[b]], ==, taken / N);
                seen[places[b]]++;
                mixes |= get_group (places[b]) != get_group (places[0]);
              }
            mixed += mixes;
          }
        for (gint64 i = 0; i < N; i++)
          g_assert_cmpint (seen[i], ==, 3 * B);
        g_assert_cmpint (mixed, <=, 4 * 3 * B + shared);
      }
}

static void
test_group_turns (void)
{
  g_autoptr (AssayBatchOrder) forwards = make_grouped (23, 4), anyhow = make_grouped (23, 4);
  gint64 all[40][4], one[4];
  gboolean falls = FALSE;

  for (gint64 s = 0; s < 40; s++)
    {
      assay_batch_order_get (forwards, s, all[s]);
      falls |= s > 0 && s < 5 && get_group (all[s][0]) < get_group (all[s - 1][0]);
    }
  g_assert_true (falls);                                          /* short sequences do not all come first */
  for (gint64 k = 0; k < 40; k++)
    {
      gint64 s = k * 17 % 40;

      assay_batch_order_get (anyhow, s, one);
      g_assert_cmpmem (one, sizeof one, all[s], sizeof all[s]);
    }
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
  g_test_add_func ("/batch order/places of a group share batches, and come once in each epoch", test_groups);
  g_test_add_func ("/batch order/groups take shuffled turns that do not depend on what was asked before", test_group_turns);
  g_test_add_func ("/batch order/a given order is followed step by step", test_given);
  g_test_add_func ("/batch order/a given order with a place outside, or too short, is refused", test_given_refused);
  return g_test_run ();
}
