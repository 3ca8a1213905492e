/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products against those that PyTorch computed in float64 for the same models and data (shared/data/reference). */
#include "base/mem.h"
#include "hessian/curvature.h"
#include "hessian/gradient.h"
#include "influence/reference_case.h"
#include "tensor/compare.h"

#define BOUND 1e-11

static const char *const names[] = { "logistic", "mlp", "cnn", "transformer_gpt2", "transformer_llama" };

/* $ASSAY_TEST_DATA, or the shared data beside the source tree. */
static char *
find_case (const char *name)
{
  const char *data = g_getenv ("ASSAY_TEST_DATA"), *source = g_getenv ("ASSAY_SRCDIR");
  g_autofree char *beside = g_build_filename (source ? source : ".", "..", "shared", "data", NULL);

  return g_build_filename (data ? data : beside, "reference", name, NULL);
}

static void
expect (const AssayReferenceCase *c, const char *prefix, const double *product, double *expected)
{
  gboolean present;
  GError *error = NULL;
  AssayComparison compared;

  assay_reference_case_read_vector (c, c->expected, prefix, expected, &present, &error);
  g_assert_no_error (error);
  g_assert_true (present);
  compared = assay_compare (product, expected, c->P);
  g_test_message ("%s %s: relative error %.2g", c->name, prefix, compared.relative);
  g_assert_cmpfloat (compared.max_reference, >, 0);
  g_assert_cmpfloat (compared.relative, <=, BOUND);
}

static void
test_case (gconstpointer data)
{
  static const struct { const char *prefix, *curvature; } kinds[] = {
    { "h", "hessian" }, { "h", "complex-step" }, { "ggn", "gauss-newton" }, { "ef", "fisher" } };
  g_autofree char *path = find_case (data);
  g_autoptr (AssayReferenceCase) c = NULL;
  g_autoptr (AssayBackend) backend = NULL;
  g_autoptr (AssayBuffer) v = NULL, product = NULL, expected = NULL;
  const gint64 *train;
  GError *error = NULL;
  gint64 n;
  AssayPoint point;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autofree char *message = g_strdup_printf ("%s is not there", path);

      g_test_skip (message);
      return;
    }
  c = assay_reference_case_open (path, &error);
  g_assert_no_error (error);
  backend = assay_backend_cpu_new (2);
  train = assay_dataset_get_split (c->dataset, "train", &n, &error);
  g_assert_no_error (error);
  point = (AssayPoint) { .model = c->model, .dataset = c->dataset, .examples = train, .n_examples = n, .dtype = ASSAY_F64, .batch = 64,
                         .memory = 1 << 20, .backend = backend };
  v = assay_mem_new (double, c->P, NULL);
  product = assay_mem_new (double, c->P, NULL);
  expected = assay_mem_new (double, c->P, NULL);
  g_assert_true (assay_gradient_mean (&point, product, NULL, &error));
  expect (c, "grad.", product, expected);
  for (guint d = 0; d < 2; d++)
    {
      g_autofree char *direction = g_strdup_printf ("v%u.", d);
      gboolean present;

      g_assert_true (assay_reference_case_read_vector (c, c->expected, direction, v, &present, &error));
      g_assert_true (present);
      for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
        {
          g_autofree char *prefix = g_strdup_printf ("%sv%u.", kinds[k].prefix, d);
          g_autoptr (AssayLinop) op = assay_curvature_open (kinds[k].curvature, &point, &error);

          g_assert_no_error (error);
          g_assert_true (assay_linop_apply (op, 1, v, product, &error));
          expect (c, prefix, product, expected);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strdup_printf ("/reference products/%s agrees with PyTorch", names[i]);

      g_test_add_data_func (path, names[i], test_case);
    }
  return g_test_run ();
}
