/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-real_math.c: the functions against libm's of the next type, in units of the last place: over the whole range of floats,
 * and over doubles of every exponent. */
#include "base/isa.h"
#include "base/rng.h"
#include "config.h"

#include "real_math_instance.h"

#include "ops/op.h"
#include "ops/real_math.h"

#define CHUNK 4096

typedef struct {
  const char *name;
  gsize offset;                 /* of the loop in RealMathLoops */
  double (*reference) (double);
  double ulp;                   /* what real_math.h promises */
} Function;

static const Function functions[] = {
  { "exp", G_STRUCT_OFFSET (RealMathLoops, exp), exp, 1.5 },
  { "tanh", G_STRUCT_OFFSET (RealMathLoops, tanh), tanh, 2 },
  { "erf", G_STRUCT_OFFSET (RealMathLoops, erf), erf, 3 },
};

static const RealMathLoops *
get_loops (const char *isa)
{
#ifdef ASSAY_HAVE_X86
  if (g_str_equal (isa, "x86-64-v4"))
    return &real_math_loops_x86_64_v4;
  if (g_str_equal (isa, "x86-64-v3"))
    return &real_math_loops_x86_64_v3;
#endif
  g_assert_cmpstr (isa, ==, "baseline");
  return &real_math_loops_baseline;
}

static RealMathLoop
get_loop (const RealMathLoops *loops, const Function *f)
{
  return G_STRUCT_MEMBER (RealMathLoop, loops, f->offset);
}

/* The distance of two floats at y. */
static double
last_place (double y)
{
  int exponent;

  frexp (y, &exponent);
  return ldexp (1, MAX (exponent - 24, -149));
}

static void
check_chunk (const Function *f, RealMathLoop loop, const float *x, gsize n)
{
  float y[CHUNK];

  loop (y, x, n);
  for (gsize i = 0; i < n; i++)
    {
      double exact = f->reference (x[i]);
      gboolean overflows = fabs (exact) >= 0x1.ffffffp127;        /* rounds to infinity */

      if (isnan (x[i]) ? isnan (y[i]) : overflows ? isinf (y[i]) && (y[i] > 0) == (exact > 0)
                                      : fabs (y[i] - exact) <= f->ulp * last_place (exact))
        continue;
      g_test_message ("%s (%a): %a expected, %a found", f->name, x[i], exact, y[i]);
      g_test_fail ();
      return;
    }
}

static void
test_range (gconstpointer isa)
{
  guint64 step = g_getenv ("ASSAY_TEST_LONG") ? 17 : 997;         /* both odd: every exponent and sign is met */

  for (gsize k = 0; k < G_N_ELEMENTS (functions); k++)
    for (guint64 bits = 0; bits <= G_MAXUINT32;)
      {
        float x[CHUNK];
        gsize n = 0;

        for (; n < CHUNK && bits <= G_MAXUINT32; bits += step)
          x[n++] = assay_float_from_bits (bits);
        check_chunk (&functions[k], get_loop (get_loops (isa), &functions[k]), x, n);
      }
}

static void
test_edges (gconstpointer isa)
{
  static const float edges[] = {
    0.0f, -0.0f, 0x1p-149f, -0x1p-149f, 0x1p-126f, -0x1.fffffep-127f, INFINITY, -INFINITY, NAN, -NAN, 0x1.fffffep127f, -0x1.fffffep127f,
    0x1.62e42ep6f, 0x1.62e43p6f,                                  /* largest x whose exp is finite, and its neighbour */
    -0x1.5d58ap6f, -0x1.5d589ep6f,                                /* exp x at the smallest normal number */
    -0x1.9fe368p6f, -0x1.9fe36ap6f, -104.0f, -0x1.a00002p6f,      /* exp x at the smallest subnormal number, and where it is cut */
    89.0f, 0x1.640002p6f, 0.625f, 0x1.3ffffep-1f, 0.9f, 0x1.ccccccp-1f, 4.0f, 0x1.000002p2f, -0.625f, -0.9f, -4.0f, 1.0f, -1.0f,
  };

  for (gsize k = 0; k < G_N_ELEMENTS (functions); k++)
    {
      RealMathLoop loop = get_loop (get_loops (isa), &functions[k]);
      float x[64], y[64];

      check_chunk (&functions[k], loop, edges, G_N_ELEMENTS (edges));
      for (gsize i = 0; i < G_N_ELEMENTS (edges); i++)
        for (gsize n = 1; n < 64; n += 20)                        /* the same answer from vector lanes and from the loop's tail */
          {
            float alone;

            for (gsize j = 0; j < n; j++)
              x[j] = edges[i];
            loop (&alone, x, 1);
            loop (y, x, n);
            for (gsize j = 0; j < n; j++)
              g_assert_true (isnan (alone) ? isnan (y[j]) : fabsf (alone - y[j]) <= 2 * last_place (alone) || y[j] == alone);
          }
    }
}

static void
test_odd (gconstpointer isa)
{
  for (gsize k = 1; k < G_N_ELEMENTS (functions); k++)            /* tanh and erf */
    for (float x = 0; x < 5; x += 0x1.8p-9f)
      {
        float pair[2] = { x, -x }, y[2];

        get_loop (get_loops (isa), &functions[k]) (y, pair, 2);
        g_assert_cmpfloat (y[0], ==, -y[1]);
      }
}

/* --- double -------------------------------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  gsize offset;
  long double (*reference) (long double);
  long double ulp;
} doubles[] = {
  { "exp", G_STRUCT_OFFSET (RealMathLoops, exp_f64), expl, 1.5L },
  { "tanh", G_STRUCT_OFFSET (RealMathLoops, tanh_f64), tanhl, 3 },
};

static void
check_doubles (gsize k, RealMathLoopF64 loop, const double *x, gsize n)
{
  double y[CHUNK];

  loop (y, x, n);
  for (gsize i = 0; i < n; i++)
    {
      long double exact = doubles[k].reference (x[i]), place;
      int exponent;

      frexpl (exact, &exponent);
      place = ldexpl (1, MAX (exponent - 53, -1074));
      if (isnan (x[i]) ? isnan (y[i]) : fabsl (exact) >= 0x1.fffffffffffff8p1023L ? isinf (y[i])
                                      : fabsl (y[i] - exact) <= doubles[k].ulp * place)
        continue;
      g_test_message ("%s (%a): %La expected, %a found", doubles[k].name, x[i], exact, y[i]);
      g_test_fail ();
      return;
    }
}

static void
test_doubles (gconstpointer isa)
{
  static const double edges[] = { 0, -0.0, 0x1p-1074, -0x1p-1074, 0x1p-1022, INFINITY, -INFINITY, NAN, DBL_MAX, -DBL_MAX, 0x1.62e42fefa39efp9,
                                  0x1.62e42fefa39f0p9, -0x1.6232bdd7abcd2p9, -0x1.74385446d71c3p9, -0x1.74910d52d3053p9, -746, 710, 22, -22, 1, -1 };
  guint n_chunks = g_getenv ("ASSAY_TEST_LONG") ? 4000 : 60;
  AssayRng rng = assay_rng_new (1, assay_rng_stream ("doubles", 0));

  for (gsize k = 0; k < G_N_ELEMENTS (doubles); k++)
    {
      RealMathLoopF64 loop = G_STRUCT_MEMBER (RealMathLoopF64, get_loops (isa), doubles[k].offset);

      check_doubles (k, loop, edges, G_N_ELEMENTS (edges));
      for (guint chunk = 0; chunk < n_chunks; chunk++)
        {
          double x[CHUNK];

          for (gsize i = 0; i < CHUNK; i++)                       /* sizes spread over exponents, most of them where the functions bend */
            x[i] = (assay_rng_uniform (&rng) - 0.5) * exp2 (60 * assay_rng_uniform (&rng) - (chunk % 2 ? 48 : 1000 * assay_rng_uniform (&rng)));
          check_doubles (k, loop, x, CHUNK);
        }
    }
}

static void
test_complex_erf (void)
{
  for (double x = -3; x <= 3; x += 0.25)
    {
      double complex w = assay_erf_c128 (CMPLX (x, 1e-30));

      g_assert_cmpfloat (creal (w), ==, erf (x));
      g_assert_cmpfloat_with_epsilon (cimag (w) / 1e-30, M_2_SQRTPI * exp (-x * x), 4 * DBL_EPSILON);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (const char *const *isa = assay_isa_list (); *isa != NULL; isa++)
    {
      g_autofree char *range = g_strdup_printf ("/real_math/%s/every function keeps its error over all floats", *isa);
      g_autofree char *edges = g_strdup_printf ("/real_math/%s/infinities, NaN, overflow and subnormals come out right", *isa);
      g_autofree char *odd = g_strdup_printf ("/real_math/%s/tanh and erf are odd", *isa);
      g_autofree char *in_double = g_strdup_printf ("/real_math/%s/functions in double keep their error", *isa);

      g_test_add_data_func (range, *isa, test_range);
      g_test_add_data_func (edges, *isa, test_edges);
      g_test_add_data_func (odd, *isa, test_odd);
      g_test_add_data_func (in_double, *isa, test_doubles);
    }
  g_test_add_func ("/real_math/the oracle's erf has value and slope of erf", test_complex_erf);
  return g_test_run ();
}
