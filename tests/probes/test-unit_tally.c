/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-unit_tally.c: a tally says what sorting says, however the rows were cut, ordered and merged. */
#include "recordings.h"

#include "base/rng.h"
#include "probes/unit_kernel.h"

#include <math.h>

#define ROWS 1000
#define BANDS 4

static const AssayStoreType types[] = { ASSAY_STORE_F16, ASSAY_STORE_BF16, ASSAY_STORE_F32, ASSAY_STORE_F64 };

static gint64
add_rows (AssayUnitTally *tally, const Numbers *numbers, gint64 first, gint64 n)
{
  g_autofree gint16 *keys = g_new (gint16, n);
  g_autofree guint16 *bits = g_new (guint16, n);
  const AssayUnitBlock block = { n, numbers->example + first, numbers->position + first, FALSE };
  AssayUnitBlock ascending = block;

  ascending.ascending = TRUE;
  for (gint64 i = 1; i < n; i++)
    ascending.ascending &= block.example[i - 1] * 3 + block.position[i - 1] < block.example[i] * 3 + block.position[i];
  if (!assay_unit_tally_counts (numbers->type))
    return assay_unit_tally_add (tally, NULL, numbers->value + first, &ascending);
  g_assert_true (assay_store_convert (numbers->type, bits, ASSAY_STORE_F64, numbers->value + first, (gsize) n, NULL));
  for (gint64 i = 0; i < n; i++)
    keys[i] = assay_key_of_bits (bits[i]);
  return assay_unit_tally_add (tally, keys, NULL, &ascending);
}

static AssayUnitTally *
new_tally (const Numbers *numbers, gint64 k)
{
  GError *error = NULL;
  AssayUnitTally *tally = assay_unit_tally_new (numbers->type, k, &error);

  g_assert_no_error (error);
  return tally;
}

/* With one column a tally's values are numbers->value itself. */
static void
assert_tally (AssayUnitTally *tally, const Numbers *numbers, gint64 k, AssayUnitStatistics *s)
{
  AssayUnit expected, found = { .twin = -1 };

  numbers_measure (numbers, 0, (guint) MIN (k, numbers->R), BANDS, 0, &expected);
  assay_unit_tally_finish (tally, BANDS, &found.s);
  g_assert_cmpint ((gint64) assay_unit_tally_get_best (tally, TRUE)->n, ==, MIN (k, numbers->R));
  found.largest = assay_unit_tally_get_best (tally, TRUE)->row;
  found.smallest = assay_unit_tally_get_best (tally, FALSE)->row;
  assert_unit (&found, &expected, (guint) MIN (k, numbers->R), BANDS, 0);
  if (s->n > 0)
    {
      g_assert_cmpmem (&s->mean, sizeof s->mean, &found.s.mean, sizeof s->mean);
      g_assert_cmpmem (&s->variance, sizeof s->variance, &found.s.variance, sizeof s->variance);
    }
  *s = found.s;
  unit_clear (&expected);
  assay_unit_tally_reset (tally);
}

static void
test_blocks (void)
{
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    for (guint64 seed = 0; seed < 3; seed++)
      {
        g_autoptr (Numbers) numbers = numbers_new (ROWS, 1, types[t], seed);
        g_autoptr (AssayUnitTally) tally = new_tally (numbers, 40);
        AssayUnitStatistics s = { .n = 0 };

        for (gint64 step = 1; step <= ROWS; step = step * 7 + 3)
          {
            assay_unit_tally_reset (tally);
            for (gint64 first = 0; first < ROWS; first += step)
              g_assert_cmpint (add_rows (tally, numbers, first, MIN (step, ROWS - first)), ==, -1);
            assert_tally (tally, numbers, 40, &s);
          }
        numbers_shuffle (numbers, seed);                          /* s holds the unshuffled bits */
        for (gint64 first = 0; first < ROWS; first += 100)
          add_rows (tally, numbers, first, 100);
        assert_tally (tally, numbers, 40, &s);
      }
}

static void
test_merge (void)
{
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    {
      g_autoptr (Numbers) numbers = numbers_new (ROWS, 1, types[t], 5);
      g_autoptr (AssayUnitTally) whole = new_tally (numbers, 30);
      AssayUnitStatistics s = { .n = 0 };

      add_rows (whole, numbers, 0, ROWS);
      assert_tally (whole, numbers, 30, &s);
      for (guint cut = 1; cut < 1000; cut += 333)
        {
          g_autoptr (AssayUnitTally) a = new_tally (numbers, 30), b = new_tally (numbers, 30), none = new_tally (numbers, 30);

          add_rows (a, numbers, 0, cut);
          add_rows (b, numbers, cut, ROWS - cut);
          g_assert_true (assay_unit_tally_merge (b, none));
          g_assert_true (assay_unit_tally_merge (b, a));          /* the later half first */
          assert_tally (b, numbers, 30, &s);
        }
    }
}

/* All equal, all zero, one row, more asked for than there are, none asked for. */
static void
test_corners (void)
{
  static const gint64 wanted[] = { 0, 1, 7, 50 };

  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    for (guint shape = 0; shape < 4; shape++)
      for (guint w = 0; w < G_N_ELEMENTS (wanted); w++)
        {
          g_autoptr (Numbers) numbers = numbers_new (shape == 3 ? 1 : 20, 1, types[t], 9);
          g_autoptr (AssayUnitTally) tally = new_tally (numbers, wanted[w]);
          AssayUnitStatistics s = { .n = 0 };

          for (gint64 i = 0; shape < 3 && i < 20; i++)
            numbers_set (numbers, i, 0, shape == 0 ? 2.5 : shape == 1 ? (i % 2 ? 0.0 : -0.0) : i % 2 ? 1 : -1);
          add_rows (tally, numbers, 0, numbers->R);
          assert_tally (tally, numbers, wanted[w], &s);
          if (shape == 0)
            g_assert_true (s.mean == 2.5 && s.variance == 0);
          if (shape == 1)
            g_assert_true (s.nonzero == 0 && s.mean == 0 && s.band[0].count == 0);
        }
}

/* A column much longer than the search's list, with ties at both ends only. */
static void
test_many_ties (void)
{
  g_autoptr (Numbers) numbers = numbers_new (5000, 1, ASSAY_STORE_F16, 2);
  g_autoptr (AssayUnitTally) tally = new_tally (numbers, 100);
  AssayUnitStatistics s = { .n = 0 };

  for (gint64 i = 0; i < 5000; i++)
    numbers_set (numbers, i, 0, i % 50 == 0 ? 1 : 0);             /* like a rectified unit: 4,900 ties at the bottom */
  add_rows (tally, numbers, 0, 5000);
  assert_tally (tally, numbers, 100, &s);
  numbers_shuffle (numbers, 1);
  add_rows (tally, numbers, 0, 2500);
  add_rows (tally, numbers, 2500, 2500);
  assert_tally (tally, numbers, 100, &s);
}

static void
test_unfit (void)
{
  static const double unfit[] = { NAN, INFINITY, -INFINITY };

  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    for (guint k = 0; k < G_N_ELEMENTS (unfit); k++)
      {
        g_autoptr (Numbers) numbers = numbers_new (ROWS, 1, types[t], 1);
        g_autoptr (AssayUnitTally) tally = new_tally (numbers, 5);
        AssayUnitStatistics s = { .n = 0 };

        numbers_set (numbers, 700, 0, unfit[k]);
        g_assert_cmpint (add_rows (tally, numbers, 0, 400), ==, -1);
        g_assert_cmpint (add_rows (tally, numbers, 400, 600), ==, 300);
        assay_unit_tally_reset (tally);                           /* of use again */
        numbers_set (numbers, 700, 0, 1);
        add_rows (tally, numbers, 0, ROWS);
        assert_tally (tally, numbers, 5, &s);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tally/statistics, ties and bands are those of sorting, in any blocks and any order", test_blocks);
  g_test_add_func ("/tally/halves merged give the bits of the whole", test_merge);
  g_test_add_func ("/tally/constant, zero, single and short columns", test_corners);
  g_test_add_func ("/tally/thousands of ties are settled by example and position", test_many_ties);
  g_test_add_func ("/tally/the first value that is not finite is named", test_unfit);
  return g_test_run ();
}
