/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reference_data.c: what other implementations computed, where it is: the cases below reference, the language models below hf_tiny, of
 * ASSAY_TEST_DATA or ../shared/data. */
#include "influence/reference.h"

#include <glib/gstdio.h>
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
      if (strcmp (q->name, "long.logits in f32") == 0)            /* a derived bound that a wrong kernel does not keep */
        g_assert_true (q->relative_error > 0x1p-26 && q->bound < 1e-4);
    }
  g_assert_true (result->passed);
  g_assert_cmpint (result->n_compared, >, 30);
  assay_backend_free (backend);
}

/* A copy of a language model's directory, with one number of its document changed. */
static void
copy_spoilt (const char *from, const char *to, const char *member, gboolean in_tokenizer)
{
  g_autoptr (GDir) dir = g_dir_open (from, 0, NULL);
  g_autofree char *document = g_build_filename (to, "expected.json", NULL);
  const char *name;
  json_t *expected, *item;
  char *text;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *source = g_build_filename (from, name, NULL), *target = g_build_filename (to, name, NULL), *contents = NULL;
      gsize n;

      g_assert_true (g_file_get_contents (source, &contents, &n, NULL) && g_file_set_contents (target, contents, (gssize) n, NULL));
    }
  expected = json_load_file (document, JSON_ALLOW_NUL, NULL);
  item = in_tokenizer ? json_array_get (json_object_get (expected, "tokenizer"), 5) : json_object_get (expected, "batch");
  if (in_tokenizer)
    json_array_append_new (json_object_get (item, member), json_integer (1));
  else
    json_array_set_new (json_array_get (json_object_get (item, member), 0), 3, json_integer (1));
  text = json_dumps (expected, JSON_COMPACT);
  g_assert_true (g_file_set_contents (document, text, -1, NULL));
  free (text);
  json_decref (expected);
}

static void
test_spoilt (void)
{
  static const struct { const char *member; gboolean in_tokenizer; const char *says; } cases[] = {
    { "ids", TRUE, "tokenizer.ids, text 5 differs from the reference by 1, its bound is 0" },
    { "ids_with_special", TRUE, "tokenizer.ids_with_special, text 5 differs" },
    { "mlm_labels", FALSE, "batch.mlm_loss differs from the reference" },
  };
  g_autofree char *data = find_data (), *from = g_build_filename (data, "hf_tiny", "bert", NULL);

  if (!g_file_test (from, G_FILE_TEST_IS_DIR))
    {
      g_autofree char *reason = g_strdup_printf ("%s is not here", from);

      g_test_skip (reason);
      return;
    }
  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autofree char *to = g_dir_make_tmp ("assay-spoilt-XXXXXX", NULL), *failure = NULL;
      AssayBackend *backend = assay_backend_cpu_new (0);
      g_autoptr (GPtrArray) results = NULL;
      g_autoptr (GDir) dir = NULL;
      const char *name;
      GError *error = NULL;

      copy_spoilt (from, to, cases[k].member, cases[k].in_tokenizer);
      results = assay_reference_check (to, backend, NULL, &error);
      g_assert_no_error (error);
      failure = assay_reference_describe_failure (results);
      if (failure == NULL || strstr (failure, cases[k].says) == NULL)
        g_error ("expected \"%s\" in: %s", cases[k].says, failure ? failure : "nothing");
      dir = g_dir_open (to, 0, NULL);
      while ((name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *path = g_build_filename (to, name, NULL);

          g_remove (path);
        }
      g_remove (to);
      assay_backend_free (backend);
    }
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
  g_test_add_func ("/reference data/a token or a label that differs is found and named", test_spoilt);
  return g_test_run ();
}
