/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-checkpoint_rwkvcpp.c: models of RWKV that other programs made give the logits that those have; written as files of rwkv.cpp and of the transformers
 * library, with the names and shapes that each has, a model is the same function; what is no such model is refused by its name.
 */
#include "influence/reference_rounding.h"
#include "model/checkpoint.h"
#include "model/decoder.h"
#include "store/safetensors.h"

#include "../store/rwkvcpp_writer.h"
#include "../store/store_test.h"

#include <math.h>

#define T 24

static char *scratch;

/* A tensor of the files: what trained it, and what the transformers library calls it. The rest of a name of a layer follows "blocks.N.". */
typedef struct { const char *theirs, *library; gboolean is_row; } Name;

static const Name whole[] = {
  { "emb.weight", "rwkv.embeddings.weight", FALSE }, { "blocks.0.ln0.weight", "rwkv.blocks.0.pre_ln.weight", FALSE }, { "blocks.0.ln0.bias", "rwkv.blocks.0.pre_ln.bias", FALSE },
  { "ln_out.weight", "rwkv.ln_out.weight", FALSE }, { "ln_out.bias", "rwkv.ln_out.bias", FALSE }, { "head.weight", "head.weight", FALSE },
};

static const Name layered[] = {
  { "ln1.weight", "ln1.weight", FALSE }, { "ln1.bias", "ln1.bias", FALSE }, { "ln2.weight", "ln2.weight", FALSE }, { "ln2.bias", "ln2.bias", FALSE },
  { "att.time_decay", "attention.time_decay", FALSE }, { "att.time_first", "attention.time_first", FALSE }, { "att.time_mix_k", "attention.time_mix_key", TRUE },
  { "att.time_mix_v", "attention.time_mix_value", TRUE }, { "att.time_mix_r", "attention.time_mix_receptance", TRUE }, { "att.key.weight", "attention.key.weight", FALSE },
  { "att.value.weight", "attention.value.weight", FALSE }, { "att.receptance.weight", "attention.receptance.weight", FALSE },
  { "att.output.weight", "attention.output.weight", FALSE }, { "ffn.time_mix_k", "feed_forward.time_mix_key", TRUE },
  { "ffn.time_mix_r", "feed_forward.time_mix_receptance", TRUE }, { "ffn.key.weight", "feed_forward.key.weight", FALSE },
  { "ffn.receptance.weight", "feed_forward.receptance.weight", FALSE }, { "ffn.value.weight", "feed_forward.value.weight", FALSE },
};

/* What only a model with heads has. */
static const Name headed[] = { { "att.ln_x.weight", "attention.ln_x.weight", FALSE }, { "att.ln_x.bias", "attention.ln_x.bias", FALSE } };

enum { V = 29, C = 6, I = 8, F = 11, H = 4, L = 2 };
#define CONFIG "\"vocabulary\": 29, \"context\": 48, \"width\": 6, \"layers\": 2, \"inner\": 8, \"mlp\": 11, \"token-reduction\": \"mean\""
static const char *const configs[] = { "{" CONFIG "}", "{" CONFIG ", \"heads\": 4}" };  /* versions 4 and 5.1 */

/* --- a drawn model --------------------------------------------------------------------------------------------------------- */

/* Numbers of single precision. */
static AssayModel *
draw (gboolean with_heads)
{
  json_auto_t *config = json_loads (configs[with_heads], 0, NULL);
  GError *error = NULL;
  AssayModel *model = assay_model_new ("rwkv", config, ASSAY_F64, &error);
  double *theta;

  g_assert_no_error (error);
  assay_model_init (model, 17);
  theta = assay_model_get_theta (model);
  for (gint64 p = 0; p < assay_model_get_n_params (model); p++)
    theta[p] = (double) (float) (theta[p] + 0.3 * sin (0.7 * (double) p));
  return model;
}

/* The parameter of that name of the library, in f32. Owns: the caller. */
static float *
get_numbers (AssayModel *model, const char *library, AssayShape *shape)
{
  AssayGraph *layout = assay_model_get_layout (model);
  const guint value = assay_graph_find (layout, g_str_has_prefix (library, "rwkv.") ? library + 5 : library);
  const AssayGraphValue *p = assay_graph_get_value (layout, value);
  const double *theta = (const double *) assay_model_get_theta (model) + p->offset;
  float *numbers = g_new (float, assay_shape_count (&p->shape));

  for (gint64 i = 0; i < assay_shape_count (&p->shape); i++)
    numbers[i] = (float) theta[i];
  *shape = p->shape;
  return numbers;
}

static void
add_layered (GPtrArray *names, GArray *is_row, int layer, const Name *name)
{
  g_ptr_array_add (names, g_strdup_printf ("blocks.%d.%s", layer, name->theirs));
  g_ptr_array_add (names, g_strdup_printf ("rwkv.blocks.%d.%s", layer, name->library));
  g_array_append_val (is_row, name->is_row);
}

/* Names of both programs, new strings in pairs. */
static GPtrArray *
list_names (gboolean with_heads, GArray *is_row)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (gsize k = 0; k < G_N_ELEMENTS (whole); k++)
    {
      g_ptr_array_add (names, g_strdup (whole[k].theirs));
      g_ptr_array_add (names, g_strdup (whole[k].library));
      g_array_append_val (is_row, whole[k].is_row);
    }
  for (int layer = 0; layer < L; layer++)
    {
      for (gsize k = 0; k < G_N_ELEMENTS (layered); k++)
        add_layered (names, is_row, layer, &layered[k]);
      for (gsize k = 0; with_heads && k < G_N_ELEMENTS (headed); k++)
        add_layered (names, is_row, layer, &headed[k]);
    }
  return names;
}

/* What a test has other than the healthy file. */
typedef struct {
  const char *without, *renamed_to;     /* a tensor that is not there, or has another name */
  const char *spoilt;                   /* one whose first number is `number` */
  float number;
  gint32 vocabulary, layers;            /* 0: the model's own */
  gint32 type;                          /* of matrices */
  gboolean with_heads;
} Change;

static gboolean
has_heads (const AssayModel *model)
{
  return assay_values_get_int (assay_model_get_config (model), "heads") > 0;
}

/* Rates and bonuses as the programs compute with them; those of heads have two axes more. */
static void
convert (gboolean with_heads, const char *name, float *numbers, AssayShape *shape)
{
  gboolean is_rate = g_str_has_suffix (name, ".time_decay"), is_bonus = g_str_has_suffix (name, ".time_first");

  for (gint64 i = 0; i < shape->dim[0] && (is_rate || (is_bonus && with_heads)); i++)
    numbers[i] = is_bonus ? expf (numbers[i]) : with_heads ? (float) exp (-exp ((double) numbers[i])) : -expf (numbers[i]);
  if (with_heads && (is_rate || is_bonus))
    *shape = ASSAY_SHAPE (H, 1, 1);
}

static char *
write_bin (AssayModel *model, const Change *change)
{
  g_autoptr (GArray) is_row = g_array_new (FALSE, FALSE, sizeof (gboolean));
  g_autoptr (GPtrArray) names = list_names (has_heads (model), is_row);
  g_autoptr (GByteArray) bytes = rwkvcpp_begin (101, change->vocabulary ? change->vocabulary : V, C, change->layers ? change->layers : L);
  char *path;

  for (guint k = 0; k < names->len; k += 2)
    {
      const char *name = names->pdata[k];
      AssayShape shape;
      g_autofree float *numbers = get_numbers (model, names->pdata[k + 1], &shape);

      convert (has_heads (model), name, numbers, &shape);
      if (g_strcmp0 (change->spoilt, name) == 0)
        numbers[0] = change->number;
      if (g_strcmp0 (change->without, name) == 0)
        name = change->renamed_to;
      if (name != NULL)
        rwkvcpp_add (bytes, name, shape.rank, shape.dim, shape.rank == 2 ? change->type : RWKVCPP_F32, numbers);
    }
  path = g_build_filename (scratch, "model.bin", NULL);
  save (path, bytes->data, bytes->len);
  return path;
}

static char *
write_library (AssayModel *model)
{
  static const char config[] = "{\"model_type\": \"rwkv\", \"vocab_size\": 29, \"context_length\": 48, \"hidden_size\": 6, \"attention_hidden_size\": 8, \"intermediate_size\": 11, "
                               "\"num_hidden_layers\": 2, \"layer_norm_epsilon\": 1e-5, \"rescale_every\": 6, \"tie_word_embeddings\": false}";
  g_autoptr (GArray) is_row = g_array_new (FALSE, FALSE, sizeof (gboolean)), tensors = g_array_new (FALSE, TRUE, sizeof (AssaySafetensor));
  g_autoptr (GPtrArray) names = list_names (FALSE, is_row), kept = g_ptr_array_new_with_free_func (g_free);
  char *folder = g_build_filename (scratch, "library", NULL);
  g_autofree char *path = g_build_filename (folder, "config.json", NULL), *weights = g_build_filename (folder, "model.safetensors", NULL);
  GError *error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (assay_file_write (path, config, strlen (config), NULL));
  for (guint k = 0; k < names->len; k += 2)
    {
      AssayShape shape;
      float *numbers = get_numbers (model, names->pdata[k + 1], &shape);
      AssaySafetensor tensor = { .name = names->pdata[k + 1], .type = ASSAY_STORE_F32, .data = numbers, .n_elements = (guint64) assay_shape_count (&shape) };

      if (g_array_index (is_row, gboolean, k / 2))
        shape = ASSAY_SHAPE (1, 1, C);
      g_ptr_array_add (kept, numbers);
      tensor.rank = shape.rank;
      memcpy (tensor.dims, shape.dim, sizeof (gint64) * shape.rank);
      tensor.bytes = tensor.n_elements * sizeof (float);
      g_array_append_val (tensors, tensor);
    }
  assay_safetensors_write (weights, (AssaySafetensor *) (void *) tensors->data, tensors->len, NULL, &error);
  g_assert_no_error (error);
  return folder;
}

/* --- the same function ------------------------------------------------------------------------------------------------------ */

static AssayModel *
open_as (const char *path, AssayDtype dtype)
{
  const AssayCheckpointOptions options = { .has_dtype = TRUE, .dtype = dtype };
  GError *error = NULL;
  AssayModel *model = assay_checkpoint_load_path (path, &options, &error);

  g_assert_no_error (error);
  return model;
}

static void
compute (AssayModel *model, double *logits)
{
  AssayBackend *backend = assay_backend_cpu_new (1);
  GError *error = NULL;
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (model, T, backend, &error);
  gint32 tokens[T];

  g_assert_no_error (error);
  for (gint t = 0; t < T; t++)
    tokens[t] = (gint32) ((t * 37 + 11) % V);
  assay_decoder_feed (decoder, tokens, T, TRUE, logits, &error);
  g_assert_no_error (error);
  g_clear_pointer (&decoder, assay_decoder_free);
  assay_backend_free (backend);
}

/* Biggest difference of logits. */
static double
compare (AssayModel *a, AssayModel *b)
{
  double x[T * V], y[T * V], worst = 0;

  compute (a, x);
  compute (b, y);
  for (gint64 i = 0; i < T * V; i++)
    worst = fmax (worst, fabs (x[i] - y[i]));
  return worst;
}

/* e^w is off by three roundings of 2^-24 in a file, so that w is by 3 2^-24. What is left of a state, e^(-e^w), is off by one of its own: w by 2^-24 / e^w, where
 * e^w is above e^-5.3 = 1 / 200. A logit of size 1 moves by no more than such steps of some dozens of rates and bonuses, 1e-4. Everything else is what it was. */
static void
test_file (gconstpointer data)
{
  const gboolean with_heads = GPOINTER_TO_INT (data);
  g_autoptr (AssayModel) model = draw (with_heads);
  g_autofree char *path = write_bin (model, &(Change) { .type = RWKVCPP_F32 });
  g_autoptr (AssayModel) back = open_as (path, ASSAY_F64);
  AssayGraph *layout = assay_model_get_layout (model);
  const double *before = assay_model_get_theta (model), *after = assay_model_get_theta (back);

  g_assert_cmpstr (json_string_value (json_object_get (assay_model_get_card (back), "format")), ==, "rwkv.cpp");
  g_assert_true (assay_model_is_token_mean (back));
  g_assert_cmpstr (json_string_value (json_object_get (assay_model_get_card (back), "model_type")), ==, with_heads ? "rwkv5.1" : "rwkv4");
  g_assert_cmpfloat (compare (model, back), <, 1e-4);
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      gboolean is_rate = g_str_has_suffix (p->name, ".time_decay"), is_bonus = with_heads && g_str_has_suffix (p->name, ".time_first");

      for (gint64 i = p->offset; p->role == ASSAY_VALUE_PARAM && i < p->offset + assay_shape_count (&p->shape); i++)
        g_assert_cmpfloat (fabs (before[i] - after[i]), <=, is_rate ? (with_heads ? 200 : 3) * 0x1p-24 : is_bonus ? 3 * 0x1p-24 : 0);
    }
}

/* Matrices in f16 are what f16 makes of them; vectors are not stored so. */
static void
test_half (void)
{
  g_autoptr (AssayModel) model = draw (FALSE);
  g_autofree char *path = write_bin (model, &(Change) { .type = RWKVCPP_F16 });
  g_autoptr (AssayModel) back = open_as (path, ASSAY_F64);
  AssayGraph *layout = assay_model_get_layout (model);
  const double *before = assay_model_get_theta (model), *after = assay_model_get_theta (back);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      for (gint64 i = p->offset; p->role == ASSAY_VALUE_PARAM && p->shape.rank > 1 && i < p->offset + assay_shape_count (&p->shape); i++)
        {
          guint16 half;
          double expected;

          g_assert_true (assay_store_convert (ASSAY_STORE_F16, &half, ASSAY_STORE_F64, &before[i], 1, NULL));
          g_assert_true (assay_store_convert (ASSAY_STORE_F64, &expected, ASSAY_STORE_F16, &half, 1, NULL));
          g_assert_cmpfloat (after[i], ==, expected);
        }
    }
  g_assert_cmpint (json_integer_value (json_object_get (json_object_get (assay_model_get_card (back), "stored_types"), "f16")), ==, 2 + 7 * L);
}

static void
test_library (void)
{
  g_autoptr (AssayModel) model = draw (FALSE), with_heads = draw (TRUE);
  g_autofree char *folder = write_library (model), *again = g_build_filename (scratch, "again", NULL);
  g_autoptr (AssayModel) read = open_as (folder, ASSAY_F64), back = NULL;
  const char *family = NULL;
  GError *error = NULL;

  g_assert_cmpfloat (compare (model, read), ==, 0);
  g_assert_true (assay_checkpoint_export_directory (read, again, NULL, &family, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (family, ==, "RWKV");
  back = open_as (again, ASSAY_F64);
  g_assert_cmpfloat (compare (read, back), ==, 0);
  g_assert_false (assay_checkpoint_export_directory (with_heads, again, NULL, &family, &error));
  expect_error (&error, ASSAY_ERROR_UNSUPPORTED, "one that a family of the transformers library has", "rwkv found");
}

/* --- what is refused -------------------------------------------------------------------------------------------------------- */

static void
test_refused (void)
{
  static const struct { Change change; AssayErrorCode code; const char *first, *second; } cases[] = {
    { { .without = "ln_out.bias" }, ASSAY_ERROR_INPUT, "tensors of 1232 numbers expected from the header, 1226 found", NULL },
    { { .without = "ln_out.bias", .renamed_to = "ln_out.bios" }, ASSAY_ERROR_INPUT, "tensor ln_out.bias (6) expected", "none of that name" },
    { { .without = "blocks.1.att.key.weight", .renamed_to = "blocks.1.att.kay.weight" }, ASSAY_ERROR_INPUT, "tensor blocks.1.att.key.weight (8,6) expected", NULL },
    { { .without = "blocks.0.att.key.weight" }, ASSAY_ERROR_INPUT, "tensor blocks.0.att.key.weight expected", NULL },
    { { .layers = 1 }, ASSAY_ERROR_INPUT, "blocks.1.", "no part of a model of RWKV" },
    { { .layers = 0x7fffffff }, ASSAY_ERROR_INPUT, "byte 16: tensors of 2147483647 layers expected", "42 tensors found" },
    { { .layers = 3 }, ASSAY_ERROR_INPUT, "numbers expected from the header", NULL },
    { { .vocabulary = 28 }, ASSAY_ERROR_INPUT, "tensor emb.weight: shape (28,6) expected", "(29,6) found" },
    { { .vocabulary = 100000000 }, ASSAY_ERROR_INPUT, "numbers expected from the header", NULL },
    { { .spoilt = "blocks.1.att.time_decay", .number = 0.25f }, ASSAY_ERROR_INPUT, "blocks.1.att.time_decay: numbers below 0 expected", "0.25 found at element 0" },
    { { .spoilt = "head.weight", .number = NAN }, ASSAY_ERROR_NAN, "head.weight", "element 0" },
    { { .without = "blocks.0.ln0.bias", .renamed_to = "blocks.0.att.gate.weight" }, ASSAY_ERROR_UNSUPPORTED, "blocks.0.att.gate.weight", "version 5.2 found" },
    { { .without = "blocks.0.ln0.bias", .renamed_to = "blocks.0.att.time_maa_x" }, ASSAY_ERROR_UNSUPPORTED, "blocks.0.att.time_maa_x", "version 6 found" },
    { { .without = "blocks.0.ln0.bias", .renamed_to = "blocks.0.att.k_k" }, ASSAY_ERROR_UNSUPPORTED, "blocks.0.att.k_k", "version 7 found" },
    { { .spoilt = "blocks.1.att.time_decay", .number = 1, .with_heads = TRUE }, ASSAY_ERROR_INPUT, "blocks.1.att.time_decay: numbers between 0 and 1 expected", "1 found at element 0" },
    { { .spoilt = "blocks.0.att.time_first", .number = -1, .with_heads = TRUE }, ASSAY_ERROR_INPUT, "blocks.0.att.time_first: numbers above 0 expected", "-1 found at element 0" },
    { { .without = "blocks.0.att.time_decay", .renamed_to = "blocks.0.att.time_decline", .with_heads = TRUE }, ASSAY_ERROR_INPUT, "tensor blocks.0.att.time_decay expected", NULL },
    { { .without = "blocks.0.att.ln_x.weight", .renamed_to = "blocks.0.att.ln_y.weight", .with_heads = TRUE }, ASSAY_ERROR_INPUT, "tensor blocks.0.att.time_decay: shape (8) expected", "(4) found" },
  };
  g_autoptr (AssayModel) model = draw (FALSE), with_heads = draw (TRUE);

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autofree char *path = write_bin (cases[k].change.with_heads ? with_heads : model, &cases[k].change);
      GError *error = NULL;

      g_assert_null (assay_checkpoint_load_path (path, NULL, &error));
      expect_error (&error, cases[k].code, cases[k].first, cases[k].second);
    }
}

/* --- models of others ------------------------------------------------------------------------------------------------------- */

#define N 3                     /* tokens of the prompt */

static const struct { const char *model, *logits; } published[] = {
  { "rwkv_tiny/tiny-rwkv-4v0-660K-FP32.bin", "rwkv_tiny/expected-logits-4v0-660K.bin" },
  { "rwkv_tiny/tiny-rwkv-5v1-730K-FP32.bin", "rwkv_tiny/expected-logits-5v1-730K.bin" },
};

static char *
find_real (const char *name)
{
  const char *data = g_getenv ("ASSAY_TEST_DATA");
  g_autofree char *beside = g_test_build_filename (G_TEST_DIST, "..", "shared", "data", NULL);

  return g_build_filename (data != NULL ? data : beside, name, NULL);
}

/* The logits of another program, which computes in f32: they may be off by its own roundings, bound, and so may ours in f32. */
static void
test_published (gconstpointer data)
{
  enum { BYTES = 256 };
  const gsize k = GPOINTER_TO_SIZE (data);
  static const gint32 prompt[N] = { '"', 'i', 'n' };
  g_autofree char *path = find_real (published[k].model), *expected_path = find_real (published[k].logits);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (AssayModel) model = NULL, narrow = NULL;
  AssayBackend *backend;
  double logits[N * BYTES], in_f32[N * BYTES], most = 0, most_in_f32 = 0;
  const float *expected;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_autofree char *text = g_strdup_printf ("%s is not there", path);

      g_test_skip (text);
      return;
    }
  bytes = assay_file_read (expected_path, BYTES * sizeof (float), NULL);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, BYTES * sizeof (float));
  expected = g_bytes_get_data (bytes, NULL);
  backend = assay_backend_cpu_new (1);
  model = open_as (path, ASSAY_F64);
  narrow = open_as (path, ASSAY_F32);
  g_assert_true (assay_rounding_read_logits (model, N, prompt, backend, logits, NULL));
  g_assert_true (assay_rounding_read_logits (narrow, N, prompt, backend, in_f32, NULL));
  for (gint64 v = 0; v < BYTES; v++)
    {
      const gint64 at = (N - 1) * BYTES + v;
      const double difference = fabs (logits[at] - (double) expected[v]), difference_in_f32 = fabs (in_f32[at] - (double) expected[v]);
      double bound;

      g_assert_true (assay_rounding_bound (model, N, prompt, at, backend, &bound, NULL));
      g_assert_cmpfloat (difference, <=, bound * 0x1p-24);
      g_assert_cmpfloat (difference_in_f32, <=, 2 * bound * 0x1p-24);
      most = fmax (most, difference);
      most_in_f32 = fmax (most_in_f32, difference_in_f32);
    }
  g_test_message ("%s: logits differ by at most %.3g, in f32 by %.3g", published[k].model, most, most_in_f32);
  g_assert_cmpfloat (most, <, 1e-5);                              /* of logits up to 10: what rounding alone explains, and no more */
  g_assert_cmpfloat (most_in_f32, <, 1e-5);
  assay_backend_free (backend);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  scratch = g_dir_make_tmp ("assay-rwkv-XXXXXX", NULL);
  g_test_add_data_func ("/checkpoint_rwkvcpp/a file is the model that it was written of", GINT_TO_POINTER (FALSE), test_file);
  g_test_add_data_func ("/checkpoint_rwkvcpp/one with heads, too", GINT_TO_POINTER (TRUE), test_file);
  g_test_add_func ("/checkpoint_rwkvcpp/matrices of half precision are what that makes of them", test_half);
  g_test_add_func ("/checkpoint_rwkvcpp/a directory of the transformers library is it too, and is written again", test_library);
  g_test_add_func ("/checkpoint_rwkvcpp/what is no such model is refused by its name", test_refused);
  for (gsize k = 0; k < G_N_ELEMENTS (published); k++)
    {
      g_autofree char *base = g_path_get_basename (published[k].model), *name = g_strdup_printf ("/checkpoint_rwkvcpp/logits of another program: %s", base);

      g_test_add_data_func (name, GSIZE_TO_POINTER (k), test_published);
    }
  status = g_test_run ();
  remove_tree (scratch);
  g_free (scratch);
  return status;
}
