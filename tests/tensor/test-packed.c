/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-packed.c: products with rounded weights against the definition, with bounds from the roundings, in every instruction set; what their bits
 * may depend on; and what is lost by rounding.
 *
 * Bounds of y_o - sum_k x_k W_ok, with |W - W~| <= d_k and |x - x~| <= e_k:  sum_k (|x| d + |W| e + d e), and of the sum in f32 another
 * gamma_n sum_k |x~| |W~| with n its roundings. bf16: d = 2^-9 |W|, e alike. int8: half a scale, and a scale is the largest of 64 divided by 127; its own
 * two roundings move a number by at most 127 times half a scale 2^-23.
 */
#include "config.h"

#include "base/isa.h"
#include "base/rng.h"
#include "tensor/compare.h"
#include "tensor/packed.h"
#include "tensor/packed_kernel.h"

#include <math.h>
#include <string.h>

typedef struct {
  gint64 N, I, O;
  float *x, *W, *bias, *y;
} Problem;

static float *
draw (gint64 n, guint64 seed)
{
  AssayRng rng = assay_rng_new (seed, 0);
  float *v = g_new (float, n);

  for (gint64 i = 0; i < n; i++)
    v[i] = (float) (assay_rng_normal (&rng) * (i % 7 == 3 ? 1e-3 : 1));
  return v;
}

static Problem
make_problem (gint64 N, gint64 I, gint64 O)
{
  return (Problem) { N, I, O, draw (N * I, 1), draw (O * I, 2), draw (O, 3), draw (N * O, 4) };
}

static void
clear_problem (Problem *p)
{
  g_free (p->x);
  g_free (p->W);
  g_free (p->bias);
  g_free (p->y);
}

static void
solve (const Problem *p, AssayPackedType type, AssayWorkers *workers, gint64 first, gint64 n, float *y)
{
  g_autoptr (AssayPacked) packed = assay_packed_new (type, p->W, p->O, p->I, workers, NULL);

  g_assert_nonnull (packed);
  assay_packed_multiply (packed, workers, n, p->x + first * p->I, p->bias, y);
}

/* Largest change of entry k of a vector (I) by rounding. */
static double
get_change (AssayPackedType type, const float *v, gint64 I, gint64 k)
{
  const gint64 first = k / 64 * 64;
  double most = 0;

  if (type == ASSAY_PACKED_BF16)
    return 0x1p-9 * fabs (v[k]);
  for (gint64 i = first; i < MIN (first + 64, I); i++)
    most = fmax (most, fabs (v[i]));
  return most / 254 * (1 + 127 * 0x1p-22);
}

static void
check_problem (const Problem *p, AssayPackedType type)
{
  const double gamma = assay_gamma (p->I + 8, 0x1p-24);

  solve (p, type, NULL, 0, p->N, p->y);
  for (gint64 i = 0; i < p->N; i++)
    for (gint64 o = 0; o < p->O; o++)
      {
        const float *x = p->x + i * p->I, *w = p->W + o * p->I;
        double sum = p->bias[o], bound = gamma * fabs (p->bias[o]);

        for (gint64 k = 0; k < p->I; k++)
          {
            const double d = get_change (type, w, p->I, k), e = get_change (type, x, p->I, k);

            sum += (double) x[k] * w[k];
            bound += fabs (x[k]) * d + fabs (w[k]) * e + d * e + gamma * (fabs (x[k]) + e) * (fabs (w[k]) + d);
          }
        if (!(fabs (p->y[i * p->O + o] - sum) <= bound))
          g_error ("%s, %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT ": (%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ") is %.9g and should be %.9g within %.3g",
                   assay_packed_type_names[type], p->N, p->I, p->O, i, o, p->y[i * p->O + o], sum, bound);
      }
}

static void
test_definition (gconstpointer isa)
{
  static const gint64 sizes[][3] = { { 1, 1, 1 }, { 1, 64, 32 }, { 1, 65, 33 }, { 3, 63, 31 }, { 6, 130, 70 }, { 7, 200, 5 }, { 50, 1090, 40 }, { 200, 70, 33 }, { 0, 5, 5 } };

  g_assert_true (assay_isa_set (isa, NULL));
  for (gsize s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (AssayPackedType type = 0; type < ASSAY_N_PACKED_TYPES; type++)
      {
        Problem p = make_problem (sizes[s][0], sizes[s][1], sizes[s][2]);

        check_problem (&p, type);
        clear_problem (&p);
      }
}

static void
test_bits (gconstpointer isa)
{
  Problem p = make_problem (250, 200, 170);
  g_autofree float *y = g_new (float, p.N * p.O);

  g_assert_true (assay_isa_set (isa, NULL));
  for (AssayPackedType type = 0; type < ASSAY_N_PACKED_TYPES; type++)
    {
      solve (&p, type, NULL, 0, p.N, p.y);
      for (guint threads = 2; threads <= 5; threads++)
        {
          g_autoptr (AssayWorkers) workers = assay_workers_new (threads);

          solve (&p, type, workers, 0, p.N, y);
          g_assert_cmpmem (y, p.N * p.O * sizeof *y, p.y, p.N * p.O * sizeof *y);
          solve (&p, type, workers, 77, 1, y);
          g_assert_cmpmem (y, p.O * sizeof *y, p.y + 77 * p.O, p.O * sizeof *y);
          solve (&p, type, workers, 30, 8, y);
          g_assert_cmpmem (y, 8 * p.O * sizeof *y, p.y + 30 * p.O, 8 * p.O * sizeof *y);
        }
    }
  clear_problem (&p);
}

static void
test_nan (gconstpointer isa)
{
  Problem p = make_problem (9, 130, 40);

  g_assert_true (assay_isa_set (isa, NULL));
  memset (p.W, 0, p.O * p.I * sizeof *p.W);
  p.x[4 * p.I + 129] = NAN;
  p.x[6 * p.I + 2] = INFINITY;
  for (AssayPackedType type = 0; type < ASSAY_N_PACKED_TYPES; type++)
    {
      solve (&p, type, NULL, 0, p.N, p.y);
      for (gint64 i = 0; i < p.N; i++)
        for (gint64 o = 0; o < p.O; o++)
          g_assert_true (i == 4 || i == 6 ? isnan (p.y[i * p.O + o]) : p.y[i * p.O + o] == p.bias[o]);
    }
  clear_problem (&p);
}

/* Every table of kernels that this processor runs, those too that a better one hides. */
static void
test_same_bits_everywhere (void)
{
#ifdef ASSAY_HAVE_X86
  static const struct { const AssayPackedKernels *kernels; const char *isa; gboolean dot; } tables[] = {
    { &assay_packed_kernels_x86_64_v3, "x86-64-v3", FALSE }, { &assay_packed_kernels_x86_64_v4, "x86-64-v4", FALSE }, { &assay_packed_kernels_x86_64_dot, "x86-64-v4", TRUE } };
  Problem p = make_problem (13, 330, 75);
  const gsize bytes = (75 + 31) / 32 * 6 * ASSAY_PACKED_BYTES_INT8;
  g_autofree guint8 *panels = g_malloc0 (bytes), *same = g_malloc0 (bytes);
  g_autofree float *y = g_new (float, p.N * p.O);
  double lost = 0, all = 0;

  memset (p.y, 0, p.N * p.O * sizeof *p.y);
  assay_packed_kernels_baseline.pack_int8 (0, p.O, p.I, p.W, panels, &lost, &all);
  assay_packed_kernels_baseline.int8 (p.N, p.I, p.O, panels, p.x, p.y, p.O);
  for (gsize t = 0; t < G_N_ELEMENTS (tables); t++)
    {
      if (!g_strv_contains (assay_isa_list (), tables[t].isa)
          || (tables[t].dot && !(__builtin_cpu_supports ("avx512vnni") && __builtin_cpu_supports ("avx512bf16"))))
        continue;
      tables[t].kernels->pack_int8 (0, p.O, p.I, p.W, same, &lost, &all);
      g_assert_cmpmem (same, bytes, panels, bytes);
      memset (y, 0, p.N * p.O * sizeof *y);
      tables[t].kernels->int8 (p.N, p.I, p.O, panels, p.x, y, p.O);
      g_assert_cmpmem (y, p.N * p.O * sizeof *y, p.y, p.N * p.O * sizeof *y);
    }
  clear_problem (&p);
#else
  g_test_skip ("one table of kernels");
#endif
}

static void
test_lost (void)
{
  Problem p = make_problem (1, 640, 64);

  for (AssayPackedType type = 0; type < ASSAY_N_PACKED_TYPES; type++)
    {
      g_autoptr (AssayPacked) packed = assay_packed_new (type, p.W, p.O, p.I, NULL, NULL);
      double lost, all, squares = 0, bound = 0;

      assay_packed_get_error (packed, &lost, &all);
      for (gint64 o = 0; o < p.O; o++)
        for (gint64 k = 0; k < p.I; k++)
          {
            squares += (double) p.W[o * p.I + k] * p.W[o * p.I + k];
            bound += pow (get_change (type, p.W + o * p.I, p.I, k), 2);
          }
      g_assert_cmpfloat_with_epsilon (all, squares, 1e-9 * squares);
      g_assert_cmpfloat (lost, >, 0.05 * bound);                  /* uniform: a third of the largest, less where numbers are small */
      g_assert_cmpfloat (lost, <=, bound);
      g_assert_cmpuint (assay_packed_get_bytes (packed), ==, type == ASSAY_PACKED_INT8 ? 64 * (640 + 4 * 10) : 64 * 640 * 2);
    }
  clear_problem (&p);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/packed/int8 has the same bits in every instruction set", test_same_bits_everywhere);
  g_test_add_func ("/packed/what rounding takes is added up", test_lost);
  for (const char *const *isa = assay_isa_list (); *isa != NULL; isa++)
    {
      g_autofree char *definition = g_strdup_printf ("/packed/%s/products are those of the definition, within the roundings", *isa);
      g_autofree char *bits = g_strdup_printf ("/packed/%s/bits depend neither on the crew nor on the neighbours", *isa);
      g_autofree char *nan = g_strdup_printf ("/packed/%s/a number that is not finite spoils its row alone", *isa);

      g_test_add_data_func (definition, *isa, test_definition);
      g_test_add_data_func (bits, *isa, test_bits);
      g_test_add_data_func (nan, *isa, test_nan);
    }
  return g_test_run ();
}
