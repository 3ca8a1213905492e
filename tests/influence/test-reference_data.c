/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reference_data.c: the reference cases of other implementations, where they are: ASSAY_TEST_DATA/reference or ../shared/data/reference. */
#include "influence/reference.h"

#include <stdlib.h>

static char *
find_data (void)
{
  const char *given = g_getenv ("ASSAY_TEST_DATA");

  return given ? g_build_filename (given, "reference", NULL)
               : g_build_filename (g_test_get_dir (G_TEST_DIST), "..", "shared", "data", "reference", NULL);
}

static void
test_case (gconstpointer name)
{
  g_autofree char *data = find_data (), *path = g_build_filename (data, name, NULL), *document = g_build_filename (path, "case.json", NULL);
  AssayBackend *backend;
  const AssayReferenceResult *result;
  g_autoptr (GPtrArray) results = NULL;
  GError *error = NULL;

  if (!g_file_test (document, G_FILE_TEST_EXISTS))
    {
      g_autofree char *reason = g_strdup_printf ("%s is not here", document);

      g_test_skip (reason);
      return;
    }
  backend = assay_backend_cpu_new (0);
  results = assay_reference_check (path, backend, NULL, &error);
  g_assert_no_error (error);
  result = results->pdata[0];
  for (guint i = 0; i < result->quantities->len; i++)
    {
      const AssayReferenceQuantity *q = result->quantities->pdata[i];

      if (q->is_compared && !q->passed)
        g_test_message ("%s: error %g, bound %g", q->name, q->relative_error, q->bound);
    }
  g_assert_true (result->passed);
  g_assert_cmpint (result->n_compared, >, 30);
  assay_backend_free (backend);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "logistic", "mlp", "cnn", "transformer_gpt2", "transformer_llama" };

  g_test_init (&argc, &argv, NULL);
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *path = g_strdup_printf ("/reference data/%s agrees within its bounds", names[k]);

      g_test_add_data_func (path, names[k], test_case);
    }
  return g_test_run ();
}
