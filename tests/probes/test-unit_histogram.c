/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-unit_histogram.c: the bins cover the line without gap or overlap, and every half-precision number lies in its own. */
#include "probes/unit_histogram.h"
#include "probes/unit_kernel.h"
#include "probes/unit_tally.h"

#include <math.h>
#include <string.h>

static void
test_edges (void)
{
  g_assert_true (isinf (assay_unit_histogram_edge (0)) && assay_unit_histogram_edge (0) < 0);
  g_assert_true (isinf (assay_unit_histogram_edge (256)) && assay_unit_histogram_edge (256) > 0);
  for (guint e = 0; e < 256; e++)
    g_assert_true (e == ASSAY_UNIT_ZERO_BIN ? assay_unit_histogram_edge (e + 1) == assay_unit_histogram_edge (e)
                                            : assay_unit_histogram_edge (e + 1) > assay_unit_histogram_edge (e));
  g_assert_cmpfloat (assay_unit_histogram_edge (1), ==, -1.75 * 32768);
  g_assert_cmpfloat (assay_unit_histogram_edge (126), ==, -1.5 / 65536);
  g_assert_cmpfloat (assay_unit_histogram_edge (129), ==, 1.5 / 65536);
  g_assert_cmpfloat (assay_unit_histogram_edge (255), ==, 65536);
}

/* Each edge and its two neighbours among the doubles. */
static void
test_ends (void)
{
  for (guint e = 1; e < 256; e++)
    {
      double x = assay_unit_histogram_edge (e);
      gboolean positive = e > ASSAY_UNIT_ZERO_BIN + 1;

      if (e == ASSAY_UNIT_ZERO_BIN || e == ASSAY_UNIT_ZERO_BIN + 1)
        continue;
      g_assert_cmpuint (assay_unit_histogram_find (x), ==, positive ? e : e - 1);
      g_assert_cmpuint (assay_unit_histogram_find (nextafter (x, -INFINITY)), ==, e - 1);
      g_assert_cmpuint (assay_unit_histogram_find (nextafter (x, INFINITY)), ==, e);
    }
  g_assert_cmpuint (assay_unit_histogram_find (0.0), ==, ASSAY_UNIT_ZERO_BIN);
  g_assert_cmpuint (assay_unit_histogram_find (-0.0), ==, ASSAY_UNIT_ZERO_BIN);
  g_assert_cmpuint (assay_unit_histogram_find (0x1p-1074), ==, ASSAY_UNIT_ZERO_BIN + 1);
  g_assert_cmpuint (assay_unit_histogram_find (-0x1p-1074), ==, ASSAY_UNIT_ZERO_BIN - 1);
  g_assert_cmpuint (assay_unit_histogram_find (1e300), ==, 255);
  g_assert_cmpuint (assay_unit_histogram_find (-1e300), ==, 0);
}

/* Keys are in the order of the numbers, and lead back to them. */
static void
test_keys (void)
{
  static const struct { AssayStoreType type; gint least, most; } types[] = {
    { ASSAY_STORE_F16, ASSAY_KEY_LEAST_F16, ASSAY_KEY_MOST_F16 }, { ASSAY_STORE_BF16, ASSAY_KEY_LEAST_BF16, ASSAY_KEY_MOST_BF16 } };

  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    for (guint bits = 0; bits < 65536; bits++)
      {
        guint16 stored = (guint16) bits;
        gint16 key = assay_key_of_bits (stored);
        double value;

        g_assert_true (assay_store_convert (ASSAY_STORE_F64, &value, types[t].type, &stored, 1, NULL));
        g_assert_cmpint (isfinite (value) != 0, ==, key >= types[t].least && key <= types[t].most);
        if (!isfinite (value))
          continue;
        g_assert_cmpfloat (assay_unit_key_value (types[t].type, key), ==, value);
        if (key > types[t].least)
          g_assert_cmpfloat (assay_unit_key_value (types[t].type, (gint16) (key - 1 - (key == 0))), <, value);    /* -1 would be -0 */
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/histogram/edges ascend and only the bin of zero has no width", test_edges);
  g_test_add_func ("/histogram/the end of a bin nearer to zero belongs to it", test_ends);
  g_test_add_func ("/histogram/keys of all 16-bit numbers order them and lead back", test_keys);
  return g_test_run ();
}
