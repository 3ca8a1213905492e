/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-rng.c: known answers of Philox4x32-10, and what is drawn from it.
 *
 * Seeds are fixed, so nothing here depends on chance; bounds are five standard deviations of the statistic for a true random source.
 */
#include "base/rng.h"

#include <math.h>
#include <string.h>

/* Known answers of the generator's authors (Random123, kat_vectors: philox4x32 10). */
static void
test_known_answers (void)
{
  static const struct { guint64 seed, stream, position; guint32 block[4]; } known[] = {
    { 0, 0, 0, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { G_MAXUINT64, G_MAXUINT64, G_MAXUINT64, { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { G_GUINT64_CONSTANT (0x299f31d0a4093822), G_GUINT64_CONSTANT (0x0370734413198a2e), G_GUINT64_CONSTANT (0x85a308d3243f6a88),
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (known); k++)
    {
      AssayRng rng = assay_rng_new (known[k].seed, known[k].stream), wide;

      rng.position = known[k].position;
      wide = rng;
      for (guint i = 0; i < 4; i++)
        g_assert_cmphex (assay_rng_u32 (&rng), ==, known[k].block[i]);
      g_assert_cmphex (assay_rng_u64 (&wide), ==, known[k].block[0] | (guint64) known[k].block[1] << 32);
    }
}

static void
test_pure_function (void)
{
  AssayRng a = assay_rng_new (5, 6), b;
  guint32 drawn[100];

  for (guint i = 0; i < 100; i++)
    drawn[i] = assay_rng_u32 (&a);
  for (guint i = 0; i < 100; i += 4)                              /* any block, without the ones before it */
    {
      b = assay_rng_new (5, 6);
      b.position = i / 4;
      g_assert_cmphex (assay_rng_u32 (&b), ==, drawn[i]);
    }
  b = assay_rng_new (5, 6);
  for (guint i = 0; i < 37; i++)
    assay_rng_u32 (&b);
  a = b;                                                          /* a copy goes on from where the original is */
  for (guint i = 37; i < 100; i++)
    {
      g_assert_cmphex (assay_rng_u32 (&a), ==, drawn[i]);
      g_assert_cmphex (assay_rng_u32 (&b), ==, drawn[i]);
    }
}

#define DRAWS 100000

static void
test_uniform (void)
{
  AssayRng rng = assay_rng_new (1, assay_rng_stream ("uniform", 0));
  guint cells[64] = { 0 };
  double mean = 0, chi2 = 0;

  for (guint i = 0; i < DRAWS; i++)
    {
      double u = assay_rng_uniform (&rng);

      g_assert_true (u >= 0 && u < 1);
      mean += u / DRAWS;
      cells[(guint) (u * 64)]++;
    }
  for (guint c = 0; c < 64; c++)
    chi2 += (cells[c] - DRAWS / 64.0) * (cells[c] - DRAWS / 64.0) / (DRAWS / 64.0);
  g_assert_cmpfloat (fabs (mean - 0.5), <, 5 * sqrt (1 / 12.0 / DRAWS));
  g_assert_cmpfloat (fabs (chi2 - 63), <, 5 * sqrt (2 * 63.0));
}

static void
test_normal (void)
{
  AssayRng rng = assay_rng_new (2, assay_rng_stream ("normal", 0));
  double m1 = 0, m2 = 0, m4 = 0, within = 0;

  for (guint i = 0; i < DRAWS; i++)
    {
      double z = assay_rng_normal (&rng);

      g_assert_true (isfinite (z));
      m1 += z / DRAWS;
      m2 += z * z / DRAWS;
      m4 += z * z * z * z / DRAWS;
      within += fabs (z) < 1;
    }
  g_assert_cmpfloat (fabs (m1), <, 5 * sqrt (1.0 / DRAWS));
  g_assert_cmpfloat (fabs (m2 - 1), <, 5 * sqrt (2.0 / DRAWS));   /* var z^2 = 2, var z^4 = 96 */
  g_assert_cmpfloat (fabs (m4 - 3), <, 5 * sqrt (96.0 / DRAWS));
  g_assert_cmpfloat (fabs (within / DRAWS - erf (sqrt (0.5))), <, 5 * sqrt (0.25 / DRAWS));
}

static void
test_below (void)
{
  AssayRng rng = assay_rng_new (3, 0);
  guint cells[7] = { 0 };
  double chi2 = 0, upper = 0;
  const guint64 n = (G_GUINT64_CONSTANT (1) << 63) + (G_GUINT64_CONSTANT (1) << 62);   /* r % n would fall below 2^62 half the time */

  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (assay_rng_below (&rng, 1), ==, 0);
  for (guint i = 0; i < DRAWS; i++)
    {
      guint64 r = assay_rng_below (&rng, 7);

      g_assert_cmpuint (r, <, 7);
      cells[r]++;
    }
  for (guint c = 0; c < 7; c++)
    chi2 += (cells[c] - DRAWS / 7.0) * (cells[c] - DRAWS / 7.0) / (DRAWS / 7.0);
  g_assert_cmpfloat (fabs (chi2 - 6), <, 5 * sqrt (12.0));
  for (guint i = 0; i < DRAWS; i++)
    {
      guint64 r = assay_rng_below (&rng, n);

      g_assert_cmpuint (r, <, n);
      upper += r >= n / 3;
    }
  g_assert_cmpfloat (fabs (upper / DRAWS - 2.0 / 3), <, 5 * sqrt (2.0 / 9 / DRAWS));
}

static void
test_shuffle (void)
{
  AssayRng rng = assay_rng_new (4, 0);
  guint at[5][5] = { { 0 } };
  const guint rounds = 20000;

  for (guint k = 0; k < rounds; k++)
    {
      gint64 items[5] = { 0, 1, 2, 3, 4 };
      guint seen = 0;

      assay_rng_shuffle (&rng, items, 5);
      for (guint i = 0; i < 5; i++)
        {
          seen |= 1u << items[i];
          at[items[i]][i]++;
        }
      g_assert_cmphex (seen, ==, 31);
    }
  for (guint i = 0; i < 5; i++)
    for (guint j = 0; j < 5; j++)
      g_assert_cmpfloat (fabs (at[i][j] - rounds / 5.0), <, 5 * sqrt (rounds * 0.16));
  assay_rng_shuffle (&rng, NULL, 0);
}

static void
test_streams (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  static const char *const purposes[] = { "", "batch", "batcg", "dropout" };

  for (gsize p = 0; p < G_N_ELEMENTS (purposes); p++)
    for (guint64 i = 0; i < 1000; i++)
      {
        guint64 *key = g_new (guint64, 1);

        *key = assay_rng_stream (purposes[p], i);
        g_assert_cmphex (*key, ==, assay_rng_stream (purposes[p], i));
        g_assert_true (g_hash_table_add (seen, key));
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rng/Philox gives its authors' known answers", test_known_answers);
  g_test_add_func ("/rng/a number is a function of seed, stream and position alone", test_pure_function);
  g_test_add_func ("/rng/uniform numbers fill [0, 1) evenly", test_uniform);
  g_test_add_func ("/rng/normal numbers have the moments of the normal distribution", test_normal);
  g_test_add_func ("/rng/numbers below n are even, however large n is", test_below);
  g_test_add_func ("/rng/a shuffle is a permutation, every place as likely", test_shuffle);
  g_test_add_func ("/rng/streams of other names or numbers differ", test_streams);
  return g_test_run ();
}
