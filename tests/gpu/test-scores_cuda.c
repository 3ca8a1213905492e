/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inner products of vectors with examples' gradients where modules stay on a device: the processor's to rounding, and the same bits whatever examples, vectors
 * and memory there are beside. On the host's stand-in for a device, whose memory can be made smaller. */
#include "world.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/factors_forms.h"
#include "hessian/gradient.h"
#include "hessian/module_scores.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

#define Q 3
#define ENOUGH ((gsize) 1 << 32)

static void (*set_memory) (gsize bytes);

/* A matrix of more elements than an inner product is summed by at once, and one that does not fill whole rows of 16 bytes. */
static const WorldCase wide = { "wide mlp", "mlp", "{\"widths\": [90, 101, 3], \"activations\": [\"tanh\"]}" };

static World *
open_world (const WorldCase *c, AssayDtype dtype, gboolean on_device)
{
  World *w = world_new (c, 1);

  w->point.dtype = dtype;
  if (on_device)
    {
      assay_backend_free (w->backend);
      w->backend = w->point.backend = assay_backend_cuda_new (CUDA_MODULE, 0, 1, NULL);
      g_assert_nonnull (w->backend);
    }
  return w;
}

static void
score (World *w, gint64 n, const double *X, AssayScoreRoute route, double *scores, double *by_module)
{
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
  GError *error = NULL;

  assay_module_scores (&w->point, modules, n, X, route, scores, by_module, NULL, &error);
  g_assert_no_error (error);
}

/* Both are off by what a product may be off by, relative to ||x|| ||g||. */
static void
check_near (const World *w, const double *X, const double *squared_norm, gint64 modules, const double *found, const double *expected)
{
  const double bound = assay_point_get_product_error (&w->point) + 1e-12;

  for (gint64 k = 0; k < modules * Q * w->N; k++)
    {
      const gint64 q = k / w->N % Q, i = k % w->N;
      double square = 0;

      for (gint64 p = 0; p < w->P; p++)
        square += X[q * w->P + p] * X[q * w->P + p];
      if (!(fabs (found[k] - expected[k]) <= bound * sqrt (square * squared_norm[i])))
        g_error ("vector %d, example %d: %.17g expected, %.17g found", (int) q, (int) i, expected[k], found[k]);
    }
}

static void
check_case (const WorldCase *c, AssayDtype dtype)
{
  g_autoptr (World) here = open_world (c, ASSAY_F64, FALSE), there = open_world (c, dtype, TRUE);
  g_autoptr (AssayModules) modules = assay_modules_new (here->model, NULL);
  g_autoptr (AssayBuffer) X = world_draw (here, 6, Q);
  const gint64 n = Q * here->N;
  g_autofree double *expected = g_new (double, n), *found = g_new (double, n), *of_modules = g_new (double, n * modules->n), *by_module = g_new (double, n * modules->n);
  g_autofree double *again = g_new (double, n), *norm = g_new (double, here->N), *norm_there = g_new (double, here->N);
  GError *error = NULL;

  g_assert_true (assay_module_squared_norms (&here->point, norm, NULL, &error));
  g_assert_true (assay_module_squared_norms (&there->point, norm_there, NULL, &error));
  for (gint64 i = 0; i < here->N; i++)
    g_assert_cmpfloat (fabs (norm[i] - norm_there[i]), <=, 3 * assay_point_get_product_error (&there->point) * norm[i]);
  score (here, Q, X, ASSAY_ROUTE_FORM, expected, of_modules);
  for (AssayScoreRoute route = ASSAY_ROUTE_CHEAPER; route <= ASSAY_ROUTE_POSITIONS; route++)
    {
      score (there, Q, X, route, found, by_module);
      check_near (there, X, norm, 1, found, expected);
      check_near (there, X, norm, modules->n, by_module, of_modules);
      score (there, Q, X, route, again, NULL);
      g_assert_cmpmem (again, n * sizeof *again, found, n * sizeof *found);
    }
}

static void
test_scores (gconstpointer data)
{
  const AssayDtype dtype = GPOINTER_TO_INT (data);

  for (const WorldCase *c = world_cases; dtype == ASSAY_F64 && c->name != NULL; c++)
    check_case (c, dtype);
  check_case (&world_cases[7], dtype);
  check_case (&wide, dtype);
}

/* One example beside 0, 4, 8 others; one vector beside 0 and 2. */
static void
check_bits (const WorldCase *c, AssayDtype dtype, AssayCompute compute, AssayScoreRoute route)
{
  static const gint64 sizes[] = { 1, 5, 9 };
  g_autoptr (World) w = open_world (c, dtype, TRUE);
  g_autoptr (AssayBuffer) X = world_draw (w, 6, Q);
  const gint64 *examples = w->point.examples, N = w->N;
  g_autofree double *whole = g_new (double, Q * N), *some = g_new (double, Q * N), *norm = g_new (double, N), *of_some = g_new (double, N);

  w->point.compute = compute;
  score (w, Q, X, route, whole, NULL);
  g_assert_true (assay_module_squared_norms (&w->point, norm, NULL, NULL));
  for (guint k = 0; k < G_N_ELEMENTS (sizes); k++)
    for (gint64 first = 0; first < N; first += sizes[k])
      {
        const gint64 n = MIN (sizes[k], N - first);

        w->point.examples = examples + first;
        w->point.n_examples = n;
        score (w, Q, X, route, some, NULL);
        for (gint64 q = 0; q < Q; q++)
          g_assert_cmpmem (some + q * n, n * sizeof *some, whole + q * N + first, n * sizeof *whole);
        g_assert_true (assay_module_squared_norms (&w->point, of_some, NULL, NULL));
        g_assert_cmpmem (of_some, n * sizeof *of_some, norm + first, n * sizeof *norm);
      }
  w->point.examples = examples;
  w->point.n_examples = N;
  for (gint64 q = 0; q < Q; q++)
    {
      score (w, 1, (double *) X + q * w->P, route, some, NULL);
      g_assert_cmpmem (some, N * sizeof *some, whole + q * N, N * sizeof *whole);
    }
}

static void
test_bits (gconstpointer data)
{
  const AssayScoreRoute route = GPOINTER_TO_INT (data);

  check_bits (&world_cases[7], ASSAY_F64, ASSAY_COMPUTE_FULL, route);
  check_bits (&wide, ASSAY_F32, ASSAY_COMPUTE_FULL, route);
  check_bits (&wide, ASSAY_F32, ASSAY_COMPUTE_TF32, route);
  check_bits (&wide, ASSAY_F32, ASSAY_COMPUTE_BF16, route);
}

static gboolean
tries (World *w, const double *X, AssayCompute compute, double *scores, GError **error)
{
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);

  w->point.compute = compute;
  return assay_module_scores (&w->point, modules, Q, X, ASSAY_ROUTE_FORM, scores, NULL, NULL, error);
}

/* The walks' own rounding is judged where they are tested, that of products in test-modules_cuda: here, that what is asked for arrives. */
static void
test_compute (void)
{
  g_autoptr (World) w = open_world (&world_cases[7], ASSAY_F32, TRUE);
  g_autoptr (AssayBuffer) X = world_draw (w, 6, Q);
  const gint64 n = Q * w->N;
  g_autofree double *full = g_new (double, n), *less = g_new (double, n);

  g_assert_true (tries (w, X, ASSAY_COMPUTE_FULL, full, NULL));
  for (AssayCompute compute = ASSAY_COMPUTE_BF16; compute <= ASSAY_COMPUTE_TF32; compute++)
    {
      g_assert_true (tries (w, X, compute, less, NULL));
      g_assert_cmpint (memcmp (less, full, n * sizeof *full), !=, 0);
      for (guint k = 0; k < 2; k++)                               /* on the processor, in f64 */
        {
          g_autoptr (World) other = open_world (&world_cases[7], k == 0 ? ASSAY_F32 : ASSAY_F64, k == 1);
          g_autoptr (GError) error = NULL;

          g_assert_false (tries (other, X, compute, less, &error));
          g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
          g_assert_nonnull (strstr (error->message, "walks in f32 on a CUDA device expected"));
        }
    }
}

/* Several walks, and more examples than are held at once: the same example has the same score wherever it stands. */
static void
test_many (void)
{
  const gint64 n = 1111;
  g_autoptr (World) w = open_world (&world_cases[3], ASSAY_F32, TRUE);
  g_autoptr (AssayBuffer) X = world_draw (w, 6, Q);
  g_autofree gint64 *examples = g_new (gint64, n);
  g_autofree double *few = g_new (double, Q * w->N), *many = g_new (double, Q * n);

  for (AssayScoreRoute route = ASSAY_ROUTE_FORM; route <= ASSAY_ROUTE_POSITIONS; route++)
    {
      AssayPoint all = w->point;
      g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);

      for (gint64 i = 0; i < n; i++)
        examples[i] = w->examples[i % w->N];
      all.examples = examples;
      all.n_examples = n;
      score (w, Q, X, route, few, NULL);
      g_assert_true (assay_module_scores (&all, modules, Q, X, route, many, NULL, NULL, NULL));
      for (gint64 k = 0; k < Q * n; k++)
        g_assert_cmpmem (&many[k], sizeof *many, &few[k / n * w->N + k % n % w->N], sizeof *few);
    }
}

/* The same factors, whose spectrum is positive: each form is at most ||g||^2 / lambda. */
static void
test_forms (void)
{
  static const gint64 sizes[] = { 10, 3 };
  const AssayFactorsOptions options = { .basis = ASSAY_FACTORS_KRONECKER, .is_empirical = TRUE };
  const AssayFactorsDamping damping = { .mode = ASSAY_DAMPING_ABSOLUTE, .value = 0.01 };

  for (const WorldCase *c = &world_cases[5]; c < &world_cases[8]; c++)
    {
      g_autoptr (World) here = open_world (c, ASSAY_F64, FALSE), there = open_world (c, ASSAY_F64, TRUE);
      g_autoptr (AssayFactors) factors = assay_factors_fit (&here->point, &options, NULL, NULL);
      g_autoptr (AssayFactorsInverse) inverse = assay_factors_inverse_new (factors, ASSAY_SPECTRUM_FITTED, &damping, here->backend->workers, NULL);
      g_autofree double *expected = g_new (double, here->N), *whole = g_new (double, here->N), *some = g_new (double, here->N), *norm = g_new (double, here->N);

      g_assert_true (assay_factors_forms (inverse, ASSAY_SPECTRUM_FITTED, &here->point, expected, NULL, NULL));
      g_assert_true (assay_module_squared_norms (&here->point, norm, NULL, NULL));
      for (guint k = 0; k < G_N_ELEMENTS (sizes); k++)
        {
          there->point.n_examples = sizes[k];
          g_assert_true (assay_factors_forms (inverse, ASSAY_SPECTRUM_FITTED, &there->point, k ? some : whole, NULL, NULL));
        }
      g_assert_cmpmem (some, 3 * sizeof *some, whole, 3 * sizeof *whole);
      for (gint64 i = 0; i < here->N; i++)
        g_assert_cmpfloat (fabs (whole[i] - expected[i]), <=, 3 * assay_point_get_product_error (&there->point) * norm[i] / damping.value);
    }
}

/* Scores of examples as queries, of one step or of vectors that were made before. */
static void
score_queries (World *w, AssayFactorsInverse *inverse, gint64 first, gint64 n, AssayScoreRoute route, double *scores)
{
  AssayPoint queries = w->point;
  GError *error = NULL;

  queries.examples += first;
  queries.n_examples = n;
  assay_module_scores_of_queries (&w->point, inverse, &queries, route, scores, NULL, &error);
  g_assert_no_error (error);
}

/* |x_q| is at most |g_q| / lambda: what both ways are off by, relative to |g_q| |g_i| / lambda, are a few products. */
static void
check_queries (const WorldCase *c, AssayFactorsBasis basis, AssayDtype dtype)
{
  const AssayFactorsOptions options = { .basis = basis, .is_empirical = TRUE };
  const AssayFactorsDamping damping = { .mode = ASSAY_DAMPING_ABSOLUTE, .value = 0.01 };
  g_autoptr (World) here = open_world (c, ASSAY_F64, FALSE), there = open_world (c, dtype, TRUE);
  g_autoptr (AssayFactors) factors = assay_factors_fit (&here->point, &options, NULL, NULL);
  g_autoptr (AssayFactorsInverse) inverse = assay_factors_inverse_new (factors, ASSAY_SPECTRUM_FITTED, &damping, here->backend->workers, NULL);
  const gint64 N = here->N;
  g_autoptr (AssayBuffer) X = assay_mem_alloc_array (N * here->P, sizeof (double), NULL);
  g_autofree double *expected = g_new (double, N * N), *found = g_new (double, N * N), *alone = g_new (double, N), *norm = g_new (double, N);
  World *worlds[] = { here, there };

  g_assert_true (assay_gradient_rows (&here->point, X, NULL, NULL) && assay_module_squared_norms (&here->point, norm, NULL, NULL));
  assay_factors_inverse_apply (inverse, N, X, X);
  g_assert_true (assay_module_scores (&here->point, factors->modules, N, X, ASSAY_ROUTE_CHEAPER, expected, NULL, NULL, NULL));
  for (gsize k = 0; k < G_N_ELEMENTS (worlds); k++)
    {
      const double bound = 5 * assay_point_get_product_error (&worlds[k]->point) / damping.value;

      score_queries (worlds[k], inverse, 0, N, ASSAY_ROUTE_CHEAPER, found);
      for (gint64 i = 0; i < N * N; i++)
        if (!(fabs (found[i] - expected[i]) <= bound * sqrt (norm[i / N] * norm[i % N])))
          g_error ("%s, query %d, example %d: %.17g expected, %.17g found", c->name, (int) (i / N), (int) (i % N), expected[i], found[i]);
    }
  score_queries (there, inverse, 0, N, ASSAY_ROUTE_FORM, found);
  for (gint64 q = 0; q < N; q += 3)                               /* no other queries beside it */
    {
      score_queries (there, inverse, q, 1, ASSAY_ROUTE_FORM, alone);
      g_assert_cmpmem (alone, N * sizeof *alone, found + q * N, N * sizeof *found);
    }
}

static void
test_queries (gconstpointer data)
{
  const AssayDtype dtype = GPOINTER_TO_INT (data);

  for (const WorldCase *c = &world_cases[5]; c < &world_cases[8]; c++)
    check_queries (c, ASSAY_FACTORS_KRONECKER, dtype);
  check_queries (&wide, ASSAY_FACTORS_IDENTITY, dtype);
}

/* The queries' vectors and their walks do not fit at once. */
static void
test_memory_of_queries (void)
{
  const AssayFactorsOptions options = { .basis = ASSAY_FACTORS_KRONECKER, .is_empirical = TRUE };
  const AssayFactorsDamping damping = { .mode = ASSAY_DAMPING_ABSOLUTE, .value = 0.01 };
  g_autoptr (World) w = open_world (&world_cases[7], ASSAY_F64, TRUE);
  g_autoptr (AssayFactors) factors = assay_factors_fit (&w->point, &options, NULL, NULL);
  g_autoptr (AssayFactorsInverse) inverse = assay_factors_inverse_new (factors, ASSAY_SPECTRUM_FITTED, &damping, w->backend->workers, NULL);
  const gint64 n = w->N * w->N;
  g_autofree double *whole = g_new (double, n), *little = g_new (double, n);
  AssayWorkers *workers = w->backend->workers;
  guint refused = 0;

  score_queries (w, inverse, 0, w->N, ASSAY_ROUTE_FORM, whole);
  w->backend->workers = NULL;                                     /* the inverse's too */
  assay_backend_free (w->backend);
  w->backend = w->point.backend = assay_backend_cuda_new (CUDA_MODULE, 0, 1, NULL);
  for (gsize bytes = 1 << 16;; bytes += bytes / 8, refused++)
    {
      g_autoptr (GError) error = NULL;

      set_memory (bytes);
      if (assay_module_scores_of_queries (&w->point, inverse, &w->point, ASSAY_ROUTE_FORM, little, NULL, &error))
        break;
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
    }
  set_memory (ENOUGH);
  g_assert_cmpuint (refused, >, 0);
  g_assert_cmpmem (little, n * sizeof *little, whole, n * sizeof *whole);
  assay_workers_free (workers);
}

/* So little memory that the vectors do not fit at once, nor the gradients that wait for them. */
static void
test_memory (void)
{
  enum { MANY = 40 };
  g_autoptr (World) w = open_world (&world_cases[7], ASSAY_F64, TRUE);
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
  g_autoptr (AssayBuffer) X = world_draw (w, 6, MANY);
  const gint64 n = MANY * w->N;
  g_autofree double *whole = g_new (double, n), *little = g_new (double, n), *of_modules = g_new (double, n * modules->n), *by_module = g_new (double, n * modules->n);
  gint64 staying = 0;
  gsize bytes = 1 << 16;

  for (guint m = 0; m < modules->n; m++)
    if (g_str_equal (modules->module[m].kind, "linear"))
      staying += modules->module[m].rows * modules->module[m].columns;
  score (w, MANY, X, ASSAY_ROUTE_CHEAPER, whole, of_modules);
  assay_backend_free (w->backend);                                /* whose pool has room for all by now */
  w->backend = w->point.backend = assay_backend_cuda_new (CUDA_MODULE, 0, 1, NULL);
  for (;; bytes += bytes / 4)
    {
      g_autoptr (GError) error = NULL;

      set_memory (bytes);
      if (assay_module_scores (&w->point, modules, MANY, X, ASSAY_ROUTE_CHEAPER, little, by_module, NULL, &error))
        break;
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
    }
  set_memory (ENOUGH);
  g_assert_cmpuint (bytes, <, MANY * staying * sizeof (double));
  g_assert_cmpmem (little, n * sizeof *little, whole, n * sizeof *whole);
  g_assert_cmpmem (by_module, n * modules->n * sizeof *by_module, of_modules, n * modules->n * sizeof *of_modules);
}

int
main (int argc, char **argv)
{
  gpointer module = dlopen (CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);

  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (module);
  *(gpointer *) &set_memory = dlsym (module, "emulation_set_memory");
  g_assert_nonnull (set_memory);
  g_test_add_data_func ("/scores/by both ways and by module they are the processor's, in f64", GINT_TO_POINTER (ASSAY_F64), test_scores);
  g_test_add_data_func ("/scores/and in f32", GINT_TO_POINTER (ASSAY_F32), test_scores);
  g_test_add_data_func ("/scores/gradients that are formed have the same products beside any others", GINT_TO_POINTER (ASSAY_ROUTE_FORM), test_bits);
  g_test_add_data_func ("/scores/and so have positions", GINT_TO_POINTER (ASSAY_ROUTE_POSITIONS), test_bits);
  g_test_add_func ("/scores/products in less than f32 are made where asked for, on a device and in f32 alone", test_compute);
  g_test_add_func ("/scores/an example's are the same in any walk, and however many examples are held", test_many);
  g_test_add_func ("/scores/and self-influence by factors is the processor's, beside any others", test_forms);
  g_test_add_data_func ("/scores/vectors of queries that are made there, in f64, score as those of the processor", GINT_TO_POINTER (ASSAY_F64), test_queries);
  g_test_add_data_func ("/scores/and so they do in f32", GINT_TO_POINTER (ASSAY_F32), test_queries);
  g_test_add_func ("/scores/little memory changes no bits of those either", test_memory_of_queries);
  g_test_add_func ("/scores/little memory changes no bits", test_memory);
  return g_test_run ();
}
