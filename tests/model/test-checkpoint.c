/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-checkpoint.c: weights come back as they went, and wrong files are refused by name. */
#include "base/error.h"
#include "model/checkpoint.h"
#include "store/safetensors.h"

#include "../store/store_test.h"

#include <math.h>
#include <string.h>

static char *scratch;

static AssayModel *
new_model (AssayDtype dtype)
{
  json_t *config = json_pack ("{s:i, s:i}", "inputs", 3, "outputs", 2);
  AssayModel *model = assay_model_new ("linear", config, dtype, NULL);

  json_decref (config);
  g_assert_nonnull (model);
  for (gint64 p = 0; p < 8; p++)
    if (dtype == ASSAY_F64)
      ((double *) assay_model_get_theta (model))[p] = 0.1 * (double) p - 0.3;
    else
      ((float *) assay_model_get_theta (model))[p] = 0.1f * (float) p - 0.3f;
  return model;
}

static void
assert_same (AssayModel *a, AssayModel *b)
{
  gsize bytes = 8 * assay_dtype_width (assay_model_get_dtype (a));
  json_t *spec_a = assay_model_get_spec (a), *spec_b = assay_model_get_spec (b);

  g_assert_true (json_equal (spec_a, spec_b));
  g_assert_cmpmem (assay_model_get_theta (a), bytes, assay_model_get_theta (b), bytes);
  json_decref (spec_a);
  json_decref (spec_b);
}

static void
test_directory (void)
{
  static const AssayDtype dtypes[] = { ASSAY_F32, ASSAY_F64 };
  g_autofree char *folder = g_build_filename (scratch, "made", "by", "saving", NULL);

  for (guint t = 0; t < G_N_ELEMENTS (dtypes); t++)
    {
      const AssayCheckpointOptions shorter = { .context = 3 }, wide = { .has_dtype = TRUE, .dtype = ASSAY_F64 };
      g_autoptr (AssayModel) model = new_model (dtypes[t]), back = NULL, asked = NULL, copy = NULL;
      GError *error = NULL;

      assay_checkpoint_save_directory (model, folder, &error);
      g_assert_no_error (error);
      back = assay_checkpoint_load_directory (folder, NULL, &error);
      g_assert_no_error (error);
      assert_same (model, back);
      asked = assay_checkpoint_load_directory (folder, &wide, &error);
      g_assert_no_error (error);
      copy = assay_model_copy (model, ASSAY_F64, &error);
      g_assert_no_error (error);
      assert_same (copy, asked);
      g_assert_null (assay_checkpoint_load_directory (folder, &shorter, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
      g_clear_error (&error);
    }
}

static void
test_case_object (void)
{
  g_autofree char *path = g_build_filename (scratch, "objects.assay", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayCase) store = assay_case_create (path, &error);
  g_autoptr (AssayModel) model = new_model (ASSAY_F64), back = NULL;
  g_autoptr (AssayObject) object = NULL;
  json_t *meta = json_pack ("{s:s}", "made_by", "a test");

  g_assert_no_error (error);
  object = assay_checkpoint_commit (model, store, "model", "tiny", meta, &error);
  g_assert_no_error (error);
  g_assert_cmpint (json_object_size (meta), ==, 1);
  g_assert_cmpstr (json_string_value (json_object_get (object->meta, "made_by")), ==, "a test");
  back = assay_checkpoint_load_object (store, object, &error);
  g_assert_no_error (error);
  assert_same (model, back);
  json_decref (meta);
}

/* Writes tensors named, typed and shaped as told; all elements are value. */
typedef struct { const char *name; AssayStoreType type; guint rank; gint64 dims[3]; double value; } Entry;

static char *
write_file (const Entry *entries, guint n)
{
  char *path = g_build_filename (scratch, "weights.safetensors", NULL);
  g_autofree AssaySafetensor *tensors = g_new0 (AssaySafetensor, n);
  double wide[64];
  g_autofree char *bytes = g_malloc (n * sizeof wide);
  GError *error = NULL;

  for (guint i = 0; i < n; i++)
    {
      gint64 count = 1;

      for (guint k = 0; k < entries[i].rank; k++)
        count *= entries[i].dims[k];
      for (gint64 k = 0; k < count; k++)
        wide[k] = entries[i].value;
      tensors[i] = (AssaySafetensor) { .name = entries[i].name, .type = entries[i].type, .rank = entries[i].rank, .n_elements = count,
                                       .data = bytes + i * sizeof wide, .bytes = count * assay_store_type_width (entries[i].type) };
      memcpy (tensors[i].dims, entries[i].dims, sizeof entries[i].dims);
      if (entries[i].type == ASSAY_STORE_I32)
        memset (bytes + i * sizeof wide, 0, sizeof wide);
      else
        g_assert_true (assay_store_convert (entries[i].type, bytes + i * sizeof wide, ASSAY_STORE_F64, wide, count, &error));
    }
  assay_safetensors_write (path, tensors, n, NULL, &error);
  g_assert_no_error (error);
  return path;
}

static void
test_conversion (void)
{
  static const Entry entries[] = { { "ckpt0.fc.weight", ASSAY_STORE_F16, 2, { 2, 3 }, 0.5 }, { "ckpt0.fc.bias", ASSAY_STORE_BF16, 1, { 2 }, -2 },
                                   { "ckpt1.fc.bias", ASSAY_STORE_F32, 1, { 2 }, 9 } };
  g_autofree char *path = write_file (entries, G_N_ELEMENTS (entries));
  g_autoptr (AssayModel) model = new_model (ASSAY_F64);
  const double *theta = assay_model_get_theta (model);
  GError *error = NULL;

  assay_checkpoint_read_safetensors (model, path, "ckpt0.", &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (theta[0], ==, 0.5);
  g_assert_cmpfloat (theta[7], ==, -2);
}

static void
refuse (const Entry *entries, guint n, int code, const char *text)
{
  g_autofree char *path = write_file (entries, n);
  g_autoptr (AssayModel) model = new_model (ASSAY_F32), untouched = new_model (ASSAY_F32);
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_checkpoint_read_safetensors (model, path, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, code);
  if (strstr (error->message, text) == NULL || !g_str_has_prefix (error->message, path))
    g_error ("expected \"%s\" in: %s", text, error->message);
  assert_same (model, untouched);
}

static void
test_refusals (void)
{
  static const Entry weight = { "fc.weight", ASSAY_STORE_F32, 2, { 2, 3 }, 1 }, bias = { "fc.bias", ASSAY_STORE_F32, 1, { 2 }, 1 };
  static const Entry transposed = { "fc.weight", ASSAY_STORE_F32, 2, { 3, 2 }, 1 }, deep = { "fc.weight", ASSAY_STORE_F32, 3, { 1, 2, 3 }, 1 };
  static const Entry whole = { "fc.bias", ASSAY_STORE_I32, 1, { 2 }, 1 }, stranger = { "fc2.bias", ASSAY_STORE_F32, 1, { 2 }, 1 };
  static const Entry infinite = { "fc.bias", ASSAY_STORE_F32, 1, { 2 }, INFINITY };

  refuse ((Entry[]) { weight }, 1, ASSAY_ERROR_INPUT, "parameter fc.bias (2) expected, there is no tensor of that name");
  refuse ((Entry[]) { transposed, bias }, 2, ASSAY_ERROR_INPUT, "parameter fc.weight: shape (2,3) expected, (3,2) found");
  refuse ((Entry[]) { deep, bias }, 2, ASSAY_ERROR_INPUT, "parameter fc.weight: shape (2,3) expected, (1,2,3) found");
  refuse ((Entry[]) { weight, whole }, 2, ASSAY_ERROR_INPUT, "parameter fc.bias: f64, f32, f16 or bf16 expected, i32 found");
  refuse ((Entry[]) { weight, bias, stranger }, 3, ASSAY_ERROR_INPUT, "tensor fc2.bias is not a parameter of this model");
  refuse ((Entry[]) { weight, infinite }, 2, ASSAY_ERROR_NAN, "parameter fc.bias is not finite at element 0");
}

#define CNN(height, width, conv, fc)                                                                                            \
  "{\"architecture\": \"cnn\", \"config\": {\"input\": [1, " height ", " width "], \"conv\": [{\"out\": 2, " conv "}], \"fc\": [" fc "]}}"

static void
test_bad_config (void)
{
  static const struct { const char *text, *expected; } files[] = {
    { "{\"architecture\": \"linear\", ", "line 1 column" },
    { "[]", "an object with \"architecture\" and \"config\" expected" },
    { "{\"architecture\": \"perceptron\", \"config\": {}}", "\"perceptron\" found" },
    { "{\"architecture\": \"linear\", \"config\": {\"input\": 3}}", "input" },
    { "{\"architecture\": \"mlp\", \"config\": {\"widths\": [3, 4, 2], \"activations\": [\"softmax\"]}}", "\"softmax\" found" },
    { CNN ("8", "0", "\"kernel\": 3", "2"), "input" },
    { CNN ("8", "8", "\"kernel\": 2.5", "2"), "conv layer 1: kernel" },
    { CNN ("8", "8", "\"kernel\": 3, \"padding\": -1", "2"), "conv layer 1: padding" },
    { CNN ("8", "8", "\"kernel\": 3, \"activation\": \"swish\"", "2"), "\"swish\" found" },
    { CNN ("8", "8", "\"kernel\": 3, \"pool\": {\"kind\": \"sum\"}", "2"), "\"sum\" found" },
    { CNN ("8", "8", "\"kernel\": 3, \"pool\": {\"kind\": \"max\", \"stride\": \"two\"}", "2"), "pool: stride" },
    { CNN ("8", "8", "\"kernel\": 3, \"pool\": {\"kind\": \"average\", \"kernel\": 0}", "2"), "pool: kernel" },
    { CNN ("8", "8", "\"kernel\": 3, \"groups\": 0", "2"), "conv layer 1: groups" },
    { CNN ("8", "8", "\"kernel\": 3, \"groups\": 3", "2"), "groups: a divisor of its 1 channels in and 2 out expected, 3 found" },
    { CNN ("8", "8", "\"kernel\": 3, \"strid\": 2", "2"), "conv layer 1: there is no key \"strid\"; did you mean \"stride\"?" },
    { CNN ("8", "8", "\"kernel\": 3, \"activation\": 1", "2"), "conv layer 1: activation: one of" },
    { CNN ("8", "8", "\"kernel\": 3, \"pool\": \"max\"", "2"), "conv layer 1, pool: a JSON object" },
    { CNN ("8", "8", "\"kernel\": 3, \"pool\": {\"size\": 2}", "2"), "conv layer 1, pool: there is no key" },
    { CNN ("8", "8", "\"kernel\": 3, \"padding\": 4611686018427387904", "2"), "conv1: padding: a value from 0 to" },
    { CNN ("8", "8", "\"kernel\": 3", "\"two\""), "fc" },
    { "{\"architecture\": \"linear\", \"config\": {\"inputs\": 3}, \"dtype\": 64}", "\"dtype\" as a string" },
  };
  g_autofree char *folder = g_build_filename (scratch, "bad", NULL), *config = g_build_filename (folder, "config.json", NULL);
  g_autoptr (AssayModel) model = new_model (ASSAY_F32);
  g_autoptr (GError) missing = NULL;

  g_assert_true (assay_checkpoint_save_directory (model, folder, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (config, files[i].text, -1, NULL));
      g_assert_null (assay_checkpoint_load_directory (folder, NULL, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
      if (strstr (error->message, files[i].expected) == NULL || !g_str_has_prefix (error->message, config))
        g_error ("expected \"%s\" in: %s", files[i].expected, error->message);
    }
  g_assert_cmpint (g_unlink (config), ==, 0);
  g_assert_null (assay_checkpoint_load_directory (folder, NULL, &missing));
  g_assert_error (missing, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
}

/* --- as the transformers library writes ------------------------------------------------------------------------------ */

static const char gpt2_config[] =
  "{\"model_type\": \"gpt2\", \"vocab_size\": 5, \"n_positions\": 3, \"n_embd\": 4, \"n_layer\": 1, \"n_head\": 2, \"n_inner\": null,"
  " \"activation_function\": \"gelu_new\", \"layer_norm_epsilon\": 1e-5, \"scale_attn_weights\": true}";

/* Tensor k holds 1000 k, 1000 k + 1, ... in its stored order. */
static void
write_gpt2 (const char *folder, const char *config, const char *prefix, gboolean with_head)
{
  static const struct { const char *name; gint64 dims[2]; } shapes[] = {
    { "h.0.attn.c_attn.weight", { 4, 12 } }, { "h.0.attn.c_attn.bias", { 12 } }, { "h.0.attn.c_proj.weight", { 4, 4 } },
    { "h.0.attn.c_proj.bias", { 4 } }, { "h.0.ln_1.weight", { 4 } }, { "h.0.ln_1.bias", { 4 } }, { "h.0.ln_2.weight", { 4 } },
    { "h.0.ln_2.bias", { 4 } }, { "h.0.mlp.c_fc.weight", { 4, 16 } }, { "h.0.mlp.c_fc.bias", { 16 } }, { "h.0.mlp.c_proj.weight", { 16, 4 } },
    { "h.0.mlp.c_proj.bias", { 4 } }, { "ln_f.weight", { 4 } }, { "ln_f.bias", { 4 } }, { "wpe.weight", { 3, 4 } }, { "wte.weight", { 5, 4 } },
  };
  static float values[G_N_ELEMENTS (shapes) + 1][64];
  char *names[G_N_ELEMENTS (shapes) + 1];
  AssaySafetensor tensors[G_N_ELEMENTS (shapes) + 1] = { 0 };
  g_autofree char *path = g_build_filename (folder, "config.json", NULL), *weights = g_build_filename (folder, "model.safetensors", NULL);
  gsize n = G_N_ELEMENTS (shapes);
  GError *error = NULL;

  for (gsize k = 0; k < n; k++)
    {
      names[k] = g_strconcat (prefix, shapes[k].name, NULL);
      tensors[k] = (AssaySafetensor) { .name = names[k], .type = ASSAY_STORE_F32, .rank = shapes[k].dims[1] ? 2 : 1, .data = values[k],
                                       .dims = { shapes[k].dims[0], shapes[k].dims[1] },
                                       .n_elements = shapes[k].dims[0] * MAX (1, shapes[k].dims[1]) };
      tensors[k].bytes = tensors[k].n_elements * sizeof (float);
      for (guint64 i = 0; i < tensors[k].n_elements; i++)
        values[k][i] = (float) (1000 * k + i);
    }
  if (with_head)
    {
      tensors[n] = tensors[n - 1];
      tensors[n].name = "lm_head.weight";
      tensors[n].data = memcpy (values[n], values[n - 1], sizeof values[n]);
    }
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  assay_safetensors_write (weights, tensors, n + with_head, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (path, config, -1, NULL));
  for (gsize k = 0; k < n; k++)
    g_free (names[k]);
}

static float
get_weight (AssayModel *model, const char *name, gint64 i)
{
  AssayGraph *layout = assay_model_get_layout (model);

  return ((float *) assay_model_get_theta (model))[assay_graph_get_value (layout, assay_graph_find (layout, name))->offset + i];
}

static void
test_gpt2 (void)
{
  g_autofree char *folder = g_build_filename (scratch, "gpt2", NULL);
  static const struct { const char *prefix; gboolean with_head; } forms[] = { { "transformer.", FALSE }, { "", FALSE }, { "transformer.", TRUE } };

  for (gsize k = 0; k < G_N_ELEMENTS (forms); k++)
    {
      g_autoptr (AssayModel) model = NULL;
      GError *error = NULL;

      write_gpt2 (folder, gpt2_config, forms[k].prefix, forms[k].with_head);
      model = assay_checkpoint_load_directory (folder, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (assay_model_is_token_mean (model));
      g_assert_cmpfloat (get_weight (model, "h.0.attn.c_attn.weight", 1), ==, 12);   /* stored (in, out) */
      g_assert_cmpfloat (get_weight (model, "h.0.mlp.c_proj.weight", 16), ==, 10001);
      g_assert_cmpfloat (get_weight (model, "wte.weight", 7), ==, 15007);
      g_assert_cmpfloat (get_weight (model, "ln_f.bias", 3), ==, 13003);
    }
}

static void
test_gpt2_refused (void)
{
  static const struct { const char *from, *to, *says; } cases[] = {
    { "\"gpt2\"", "\"opt\"", "model_type: one of bert, gpt2, gpt_neox, llama, mistral, qwen2, qwen3, mamba, rwkv expected, \"opt\" found" },
    { "gelu_new", "mish", "activation_function: gelu_new" },
    { "\"scale_attn_weights\": true", "\"scale_attn_weights\": 1", "scale_attn_weights: true or false expected, 1 found" },
    { "\"n_head\": 2", "\"n_head\": 3", "width 4 must be a multiple of heads 3" },
    { "\"n_layer\": 1", "\"n_layer\": 1000000", "layers: a value from 0 to 1000 expected, 1000000 found" },
    { "\"n_embd\": 4", "\"n_embd\": 8", "shape (5,8) expected from config.json, (5,4) found" },
    { "\"n_layer\": 1", "\"n_layer\": 2", "h.1.ln_1.weight (4) expected, there is none" },
    { "\"vocab_size\": 5", "\"vocab_size\": -1", "vocab_size: a positive integer" },
  };
  g_autofree char *folder = g_build_filename (scratch, "gpt2", NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (GString) config = g_string_new (gpt2_config);
      g_autoptr (GError) error = NULL;

      g_assert_cmpuint (g_string_replace (config, cases[k].from, cases[k].to, 0), ==, 1);
      write_gpt2 (folder, config->str, "transformer.", FALSE);
      g_assert_null (assay_checkpoint_load_directory (folder, NULL, &error));
      if (strstr (error->message, cases[k].says) == NULL)
        g_error ("expected \"%s\" in: %s", cases[k].says, error->message);
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  scratch = g_dir_make_tmp ("assay-checkpoint-XXXXXX", NULL);
  g_test_add_func ("/checkpoint/a directory gives back spec and bits", test_directory);
  g_test_add_func ("/checkpoint/an object of a case gives back spec and bits", test_case_object);
  g_test_add_func ("/checkpoint/half types are converted and a prefix chooses", test_conversion);
  g_test_add_func ("/checkpoint/missing, unknown, misshapen and infinite weights are refused by name", test_refusals);
  g_test_add_func ("/checkpoint/a config that says nothing sensible is refused", test_bad_config);
  g_test_add_func ("/checkpoint/GPT-2 as the transformers library writes it, its matrices turned", test_gpt2);
  g_test_add_func ("/checkpoint/what would be another function than config.json says is refused", test_gpt2_refused);
  status = g_test_run ();
  remove_tree (scratch);
  g_free (scratch);
  return status;
}
