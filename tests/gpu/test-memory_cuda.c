/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device with less memory than was counted on: fewer walks are kept, fewer examples walked at once, and the bits are the same; where that does not help
 * it is said what would. On the host's stand-in, whose memory can be made smaller. */
#include "world.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/curvature.h"
#include "hessian/gradient.h"
#include "hessian/sweep.h"

#include <dlfcn.h>
#include <string.h>

#define ENOUGH ((gsize) 1 << 32)
#define BLOCK 3

static void (*set_memory) (gsize bytes);

/* The fourth case is a model of tokens; its walks go to a device. */
static World *
open_world (void)
{
  World *w = world_new (&world_cases[6], 1);
  GError *error = NULL;

  assay_backend_free (w->backend);
  w->backend = w->point.backend = assay_backend_cuda_new (CUDA_MODULE, 0, 1, &error);
  g_assert_no_error (error);
  w->point.batch = 10;
  return w;
}

/* Bytes of device memory from `first` on, growing, until func has gone well. */
static void
grow (World *w, gboolean (*func) (World *w, double *out, GError **error), double *out, guint *n_refused)
{
  *n_refused = 0;
  for (gsize bytes = 1 << 12;; bytes += bytes / 16)
    {
      g_autoptr (GError) error = NULL;

      g_assert_cmpuint (bytes, <, ENOUGH);
      set_memory (bytes);
      if (func (w, out, &error))
        break;
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
      ++*n_refused;
    }
  set_memory (ENOUGH);
}

static gboolean
multiply (World *w, double *out, GError **error)
{
  g_autoptr (AssayLinop) op = assay_curvature_open ("gauss-newton", &w->point, error);
  g_autoptr (AssayBuffer) X = world_draw (w, 5, BLOCK);

  return op != NULL && assay_linop_apply (op, BLOCK, X, out, error);
}

static gboolean
derive (World *w, double *out, GError **error)
{
  g_autoptr (AssayBuffer) X = world_draw (w, 5, BLOCK);

  return assay_gradient_along (&w->point, BLOCK, X, out, NULL, error);
}

static void
check_bits (gboolean (*func) (World *w, double *out, GError **error), gint64 n, gint64 batch, gsize memory)
{
  g_autofree double *whole = g_new0 (double, n), *little = g_new0 (double, n);
  guint refused;

  for (guint k = 0; k < 2; k++)
    {
      g_autoptr (World) w = open_world ();
      GError *error = NULL;

      w->point.batch = batch;
      w->point.memory = memory;
      if (k == 1)
        grow (w, func, little, &refused);
      else
        func (w, whole, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpuint (refused, >, 0);
  g_assert_cmpmem (little, n * sizeof *little, whole, n * sizeof *whole);
}

static void
test_products (void)
{
  g_autoptr (World) w = world_new (&world_cases[6], 1);

  check_bits (multiply, BLOCK * w->P, 2, G_MAXSIZE);
}

static void
test_derivatives (void)
{
  g_autoptr (World) w = world_new (&world_cases[6], 1);

  check_bits (derive, BLOCK * w->N, 10, 0);                           /* one direction at a time */
  check_bits (derive, BLOCK * w->N, 10, G_MAXSIZE);                   /* in a block */
}

/* As many directions at once as a walk has memory for. */
static void
test_blocks (void)
{
  g_autoptr (World) w = open_world ();
  guint64 two;

  g_assert_true (assay_pass_measure_walk (w->model, &(AssayWalkSpec) { .walk = ASSAY_WALK_GAUSS_NEWTON, .dtype = ASSAY_F64, .K = 2 }, 10, NULL, &two, NULL));
  for (guint k = 0; k < 4; k++)
    {
      static const gint64 asked[] = { 3, 3, 4, 1000 }, expected[] = { 1, 2, 2, ASSAY_SWEEP_BLOCK };
      const gsize memory[] = { 0, two, two, G_MAXSIZE };
      g_autoptr (AssaySweep) sweep = assay_sweep_new (&w->point, ASSAY_WALK_GAUSS_NEWTON, ASSAY_F64, NULL);
      GError *error = NULL;

      g_assert_true (assay_sweep_widen (sweep, asked[k], memory[k], &error));
      g_assert_no_error (error);
      g_assert_cmpint (assay_sweep_get_block (sweep), ==, expected[k]);
    }
}

/* Walks of ten do not fit where walks of fewer do. */
static void
test_smaller (void)
{
  g_autoptr (World) w = open_world ();
  g_autoptr (AssaySweep) all = assay_sweep_new (&w->point, ASSAY_WALK_TANGENT, ASSAY_F64, NULL), some = NULL;
  g_autoptr (GError) error = NULL;
  guint64 bytes, one;

  g_assert_cmpuint (assay_sweep_get_n_batches (all), ==, 1);
  g_clear_pointer (&all, assay_sweep_free);
  g_assert_true (assay_pass_measure (w->model, ASSAY_WALK_TANGENT, ASSAY_F64, 10, NULL, &bytes, NULL)
                 && assay_pass_measure (w->model, ASSAY_WALK_TANGENT, ASSAY_F64, 1, NULL, &one, NULL));
  assay_backend_free (w->backend);                                /* whose pool has room for ten by now */
  w->backend = w->point.backend = assay_backend_cuda_new (CUDA_MODULE, 0, 1, NULL);
  set_memory (bytes);
  some = assay_sweep_new (&w->point, ASSAY_WALK_TANGENT, ASSAY_F64, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (assay_sweep_get_n_batches (some), >, 1);
  g_clear_pointer (&some, assay_sweep_free);
  assay_backend_free (w->backend);
  w->backend = w->point.backend = assay_backend_cuda_new (CUDA_MODULE, 0, 1, NULL);
  set_memory (one / 2);
  some = assay_sweep_new (&w->point, ASSAY_WALK_GRADIENT, ASSAY_F64, &error);
  g_assert_null (some);
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (error->message, "give a smaller --walk-batch"));
  set_memory (ENOUGH);
}

int
main (int argc, char **argv)
{
  gpointer module = dlopen (CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);

  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (module);
  *(gpointer *) &set_memory = dlsym (module, "emulation_set_memory");
  g_assert_nonnull (set_memory);
  g_test_add_func ("/memory/products have the same bits however few walks the device can keep", test_products);
  g_test_add_func ("/memory/derivatives have the same bits however few examples fit", test_derivatives);
  g_test_add_func ("/memory/walks take as many directions at once as there is memory for", test_blocks);
  g_test_add_func ("/memory/fewer examples are walked at once, and where that is not possible it is said what is", test_smaller);
  return g_test_run ();
}
