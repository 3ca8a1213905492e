/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradients that are projected from both sides on a device: the processor's features to rounding, whatever stays there; the same bits alone, in any batch and
 * with little memory; nothing of positions that do not count. On the host's stand-in for a device, whose memory can be made smaller. */
#include "world.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/gradient.h"
#include "hessian/module_pass.h"
#include "influence/side_projection.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

#define K 3                     /* numbers of a side: some sides have fewer, most more */
#define ENOUGH ((gsize) 1 << 32)
#define GPT2 7
#define MAMBA 9

static const AssayParam params[] = { ASSAY_SIDE_PROJECTION_PARAMS, { .name = NULL } };

static void (*set_memory) (gsize bytes);

static World *
open_world (guint which, gboolean on_device)
{
  World *w = world_new (&world_cases[which], 1);
  GError *error = NULL;

  if (on_device)
    {
      assay_backend_free (w->backend);
      w->backend = w->point.backend = assay_backend_cuda_new (CUDA_MODULE, 0, 1, &error);
      g_assert_no_error (error);
    }
  return w;
}

static AssayInfluenceTask
get_task (const World *w, AssayDtype dtype, gint64 batch)
{
  return (AssayInfluenceTask) { .model = w->model, .dataset = w->dataset, .train = w->examples, .n_train = w->N, .query = w->examples, .n_query = 1, .batch = batch,
                                .is_single_precision = dtype == ASSAY_F32, .backend = w->backend };
}

/* Features (n,F) of the examples. NULL with an error. */
static double *
project (const World *w, AssayDtype dtype, gint64 batch, AssayCompute compute, const gint64 *examples, gint64 n, gint64 *F, GError **error)
{
  const AssayInfluenceTask task = get_task (w, dtype, batch);
  g_autoptr (AssayValues) options = assay_values_new (params);
  g_auto (AssaySideProjection) projection = { 0 };
  g_autoptr (AssayBuffer) feature = NULL;

  if (!assay_values_set_text (options, "projection", G_STRINGIFY (K), error) || !assay_values_set_text (options, "compute", assay_compute_names[compute], error)
      || !assay_side_projection_open (&projection, &task, options, error))
    return NULL;
  *F = projection.F;
  feature = assay_mem_alloc_array (n * projection.F, sizeof (double), error);
  g_assert_nonnull (feature);
  return assay_side_projection_collect_features (&projection, examples, n, feature, NULL, error) ? g_steal_pointer (&feature) : NULL;
}

static double *
must_project (const World *w, AssayDtype dtype, gint64 batch, AssayCompute compute, const gint64 *examples, gint64 n, gint64 *F)
{
  GError *error = NULL;
  double *feature = project (w, dtype, batch, compute, examples, n, F, &error);

  g_assert_no_error (error);
  return feature;
}

/* --- how far apart they may be --------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssayModules *modules;
  double *size;                 /* (N,modules): sum over uses and positions of |r_t|_1 |c_t|_1 */
} Sizes;

static double
sum_sizes (const double *x, gint64 n)
{
  double sum = 0;

  for (gint64 i = 0; x != NULL && i < n; i++)
    sum += fabs (x[i]);
  return x != NULL ? sum : 1;                                     /* one-hot */
}

static gboolean
take_sizes (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  const Sizes *s = data;

  (void) error;
  for (gint64 b = 0; b < batch->B; b++)
    for (guint u = 0; u < batch->module->n_uses; u++)
      {
        const AssayModuleParts *parts = &batch->parts[u];
        const gint64 n = parts->use->positions, rows = batch->module->rows, columns = batch->module->columns;

        for (gint64 t = b * n; t < (b + 1) * n; t++)
          s->size[(batch->first + b) * s->modules->n + batch->index] += sum_sizes (parts->row ? (const double *) parts->row + t * rows : NULL, rows)
                                                                        * sum_sizes ((const double *) parts->column + t * columns, columns);
      }
  return TRUE;
}

/* Each of two walks gives D within product_error of ||g||, and no norm of S is above the square root of its rows; then three sums of at most rows, columns and
 * positions terms, no entry of S above 1. */
static double
get_bound (const AssayModule *module, AssayDtype dtype, double product_error, double squared_norm, double size)
{
  const double u = dtype == ASSAY_F32 ? 0x1p-24 : 0x1p-53;
  gint64 positions = 0;

  for (guint k = 0; k < module->n_uses; k++)
    positions += module->uses[k].positions;
  return 2 * product_error * sqrt (squared_norm * (double) (module->rows * module->columns)) + 2 * (double) (module->rows + module->columns + positions + 4) * u * size;
}

static void
test_features (gconstpointer data)
{
  const AssayDtype dtype = GPOINTER_TO_INT (data);

  for (guint which = 0; world_cases[which].name != NULL; which++)
    {
      g_autoptr (World) here = open_world (which, FALSE), there = open_world (which, TRUE);
      g_autoptr (AssayModules) modules = assay_modules_new (here->model, NULL);
      g_autoptr (AssayModulePass) pass = assay_module_pass_new (&here->point, modules, FALSE, 0, NULL);
      g_autofree double *size = g_new0 (double, here->N * modules->n), *squared_norm = g_new0 (double, here->N);
      Sizes sizes = { modules, size };
      gint64 F, F_there;
      g_autoptr (AssayBuffer) a = must_project (here, dtype, 4, ASSAY_COMPUTE_FULL, here->examples, here->N, &F);
      g_autoptr (AssayBuffer) b = must_project (there, dtype, 4, ASSAY_COMPUTE_FULL, there->examples, there->N, &F_there);
      const double *expected = a, *found = b;
      AssayPoint point = here->point;

      point.dtype = dtype;
      g_assert_true (assay_module_pass_run (pass, take_sizes, &sizes, "sizes", NULL, NULL));
      g_assert_true (assay_gradient_squared_norms (&here->point, squared_norm, NULL, NULL));
      g_assert_cmpint (F, ==, F_there);
      for (gint64 i = 0; i < here->N; i++)
        for (guint m = 0; m < modules->n; m++)
          {
            const AssayModule *module = &modules->module[m];
            const double bound = get_bound (module, dtype, assay_point_get_product_error (&point), squared_norm[i], size[i * modules->n + m]);

            for (gint64 f = MIN (K, module->rows) * MIN (K, module->columns); f > 0; f--, expected++, found++)
              if (!(fabs (*found - *expected) <= bound))
                g_error ("%s, %s, example %" G_GINT64_FORMAT ": %.17g, %.17g expected within %.3g", world_cases[which].name, module->name, i, *found, *expected, bound);
          }
    }
}

/* --- the same bits ----------------------------------------------------------------------------------------------------------------- */

/* Each example alone and among others, in both orders. */
static void
check_bits (guint which, AssayDtype dtype, AssayCompute compute)
{
  static const gint64 batches[] = { 1, 3, 10 };
  g_autoptr (World) w = open_world (which, TRUE);
  g_autofree gint64 *turned = g_new (gint64, w->N);
  gint64 F;
  g_autoptr (AssayBuffer) all = must_project (w, dtype, 4, compute, w->examples, w->N, &F);

  for (gint64 i = 0; i < w->N; i++)
    turned[i] = w->examples[w->N - 1 - i];
  for (guint k = 0; k < G_N_ELEMENTS (batches); k++)
    {
      g_autoptr (AssayBuffer) other = must_project (w, dtype, batches[k], compute, turned, w->N, &F);

      for (gint64 i = 0; i < w->N; i++)
        g_assert_cmpmem ((double *) other + (w->N - 1 - i) * F, F * sizeof (double), (double *) all + i * F, F * sizeof (double));
    }
}

static void
test_bits (void)
{
  for (guint dtype = 0; dtype < 2; dtype++)
    {
      check_bits (GPT2, dtype ? ASSAY_F32 : ASSAY_F64, ASSAY_COMPUTE_FULL);
      check_bits (MAMBA, dtype ? ASSAY_F32 : ASSAY_F64, ASSAY_COMPUTE_FULL);
    }
  check_bits (GPT2, ASSAY_F32, ASSAY_COMPUTE_TF32);
  check_bits (GPT2, ASSAY_F32, ASSAY_COMPUTE_BF16);
}

/* Bytes of device memory, growing, until the features come; they are those of a device with enough. */
static gsize
find_memory (gint64 batch, guint *n_refused)
{
  gint64 F;
  World *whole = open_world (GPT2, TRUE);
  g_autoptr (AssayBuffer) expected = must_project (whole, ASSAY_F64, batch, ASSAY_COMPUTE_FULL, whole->examples, whole->N, &F);
  gsize bytes;

  world_free (whole);                                             /* and what its device's pool holds */
  *n_refused = 0;
  for (bytes = 1 << 14;; bytes += bytes / 8, ++*n_refused)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (World) w = open_world (GPT2, TRUE);
      g_autoptr (AssayBuffer) found = NULL;

      set_memory (bytes);
      found = project (w, ASSAY_F64, batch, ASSAY_COMPUTE_FULL, w->examples, w->N, &F, &error);
      set_memory (ENOUGH);
      if (found != NULL)
        {
          g_assert_cmpmem (found, w->N * F * sizeof (double), expected, w->N * F * sizeof (double));
          return bytes;
        }
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
      g_assert_cmpuint (bytes, <, ENOUGH);
    }
}

static void
test_memory (void)
{
  g_autoptr (World) w = open_world (GPT2, FALSE);
  g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
  guint refused;
  const gsize all = find_memory (10, &refused);
  guint64 bytes;

  g_assert_cmpuint (refused, >, 0);
  g_assert_cmpint (assay_module_pass_measure (w->model, modules, w->backend, ASSAY_F64, 10, &bytes, NULL), ==, 10);
  g_assert_cmpuint (all, <, bytes);                               /* that walks of ten take */
}

/* --- what stays, and what does not count ---------------------------------------------------------------------------------------------- */

static void
test_stays (void)
{
  static const struct { guint which; gboolean all; } cases[] = { { GPT2, TRUE }, { GPT2 + 1, TRUE }, { MAMBA, FALSE } };

  for (guint k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (World) w = open_world (cases[k].which, TRUE);
      g_autoptr (AssayModules) modules = assay_modules_new (w->model, NULL);
      g_autofree gboolean *marks = g_new0 (gboolean, modules->n);
      g_autoptr (AssayModulePass) pass = assay_module_pass_new_each (&w->point, modules, marks, NULL);
      guint stay = 0;

      for (guint m = 0; m < modules->n; m++)
        stay += marks[m];
      g_assert_cmpuint (stay, >, 0);
      g_assert_true ((stay == modules->n) == cases[k].all);
      g_assert_cmpint (assay_module_pass_get_batch (pass), ==, w->point.batch);
    }
}

/* The last targets do not count, whatever tokens stand there. */
static void
test_masked (void)
{
  enum { N = 3, T = 6, V = 11 };
  g_autoptr (World) w = open_world (GPT2, TRUE);
  gint32 token[N * T], target[N * T];
  float weight[N * T];
  gint64 examples[N] = { 0, 1, 2 }, F;
  double *feature[2];

  for (guint k = 0; k < 2; k++)
    {
      for (gint32 i = 0; i < N * T; i++)
        {
          weight[i] = i % T < 3 + i / T ? 1 : 0;
          token[i] = (weight[i] > 0 ? 3 * i + 1 : 5 * i + 4 * (gint32) k) % V;
          target[i] = (7 * i + 2) % V;
        }
      assay_dataset_unref (w->dataset);
      w->dataset = assay_dataset_new_from_token_arrays (N, T, V, token, target, weight, "train", 0, NULL, NULL);
      feature[k] = must_project (w, ASSAY_F32, 2, ASSAY_COMPUTE_FULL, examples, N, &F);
    }
  g_assert_cmpmem (feature[0], N * F * sizeof (double), feature[1], N * F * sizeof (double));
  assay_mem_free (feature[0]);
  assay_mem_free (feature[1]);
}

/* Rounded products are of f32 on a device. */
static void
test_refused (void)
{
  g_autoptr (World) here = open_world (GPT2, FALSE), there = open_world (GPT2, TRUE);
  gint64 F;

  for (guint k = 0; k < 2; k++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (project (k == 0 ? here : there, k == 0 ? ASSAY_F32 : ASSAY_F64, 4, ASSAY_COMPUTE_TF32, here->examples, here->N, &F, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
    }
}

int
main (int argc, char **argv)
{
  gpointer module = dlopen (CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);

  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (module);
  *(gpointer *) &set_memory = dlsym (module, "emulation_set_memory");
  g_assert_nonnull (set_memory);
  g_test_add_func ("/sketch/all modules of GPT-2 and LLaMA stay on the device, of other architectures some", test_stays);
  g_test_add_data_func ("/sketch/features of every architecture are the processor's in f64", GINT_TO_POINTER (ASSAY_F64), test_features);
  g_test_add_data_func ("/sketch/and in f32", GINT_TO_POINTER (ASSAY_F32), test_features);
  g_test_add_func ("/sketch/an example has the same bits alone and among others", test_bits);
  g_test_add_func ("/sketch/with less memory fewer are walked at once, to the same bits", test_memory);
  g_test_add_func ("/sketch/positions that do not count contribute exactly nothing", test_masked);
  g_test_add_func ("/sketch/rounded products are refused where there are none", test_refused);
  return g_test_run ();
}
