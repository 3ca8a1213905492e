/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reference_data.c: what other implementations computed, where it is: the cases below reference, the language models below hf_tiny, of
 * ASSAY_TEST_DATA or ../shared/data. */
#include "influence/reference.h"

#include <stdlib.h>

#include <string.h>

static char *
find_data (void)
{
  const char *given = g_getenv ("ASSAY_TEST_DATA");

  return given ? g_strdup (given) : g_build_filename (g_test_get_dir (G_TEST_DIST), "..", "shared", "data", NULL);
}

static void
test_case (gconstpointer name)
{
  g_autofree char *data = find_data (), *path = g_build_filename (data, name, NULL), *document = g_build_filename (path, "model.safetensors", NULL);
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
  static const char *const names[] = { "reference/logistic", "reference/mlp", "reference/cnn", "reference/transformer_gpt2",
                                       "reference/transformer_llama", "hf_tiny/gpt2", "hf_tiny/gpt_neox", "hf_tiny/llama", "hf_tiny/mistral",
                                       "hf_tiny/qwen2", "hf_tiny/mamba", "hf_tiny/bert" };

  g_test_init (&argc, &argv, NULL);
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *path = g_strdup_printf ("/reference data/%s agrees within its bounds", strchr (names[k], '/') + 1);

      g_test_add_data_func (path, names[k], test_case);
    }
  return g_test_run ();
}
