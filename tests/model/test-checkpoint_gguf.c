/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-checkpoint_gguf.c: models written as GGUF files, with the names, orders of rows and keys of those files, compute what they computed before; what
 * a file says that this program does not do is refused by its name. Weights of the transformers library are those that the tests have at hand.
 */
#include "model/checkpoint.h"
#include "model/decoder.h"

#include "../store/gguf_writer.h"
#include "../store/store_test.h"

#include <math.h>

#define TENSOR_F32 0
#define T 24

static char *scratch;

typedef struct { const char *ours, *theirs; } Name;

/* Ends of our names and what the files have for them; the rest of a name is the layer. */
static const Name names[] = {
  { "model.embed_tokens.", "token_embd." }, { "model.norm.", "output_norm." }, { "lm_head.", "output." }, { "model.layers.", "blk." },
  { ".input_layernorm.", ".attn_norm." }, { ".post_attention_layernorm.", ".ffn_norm." }, { ".self_attn.q_proj.", ".attn_q." },
  { ".self_attn.k_proj.", ".attn_k." }, { ".self_attn.v_proj.", ".attn_v." }, { ".self_attn.o_proj.", ".attn_output." }, { ".self_attn.q_norm.", ".attn_q_norm." },
  { ".self_attn.k_norm.", ".attn_k_norm." }, { ".mlp.gate_proj.", ".ffn_gate." }, { ".mlp.up_proj.", ".ffn_up." }, { ".mlp.down_proj.", ".ffn_down." },
  { "wte.", "token_embd." }, { "wpe.", "position_embd." }, { "ln_f.", "output_norm." }, { "h.", "blk." }, { ".ln_1.", ".attn_norm." }, { ".ln_2.", ".ffn_norm." },
  { ".attn.c_attn.", ".attn_qkv." }, { ".attn.c_proj.", ".attn_output." }, { ".mlp.c_fc.", ".ffn_up." }, { ".mlp.c_proj.", ".ffn_down." },
  { "embed_in.", "token_embd." }, { "embed_out.", "output." }, { "final_layer_norm.", "output_norm." }, { "layers.", "blk." },
  { ".attention.query_key_value.", ".attn_qkv." }, { ".attention.dense.", ".attn_output." }, { ".mlp.dense_h_to_4h.", ".ffn_up." },
  { ".mlp.dense_4h_to_h.", ".ffn_down." }, { "embeddings.", "token_embd." }, { "norm_f.", "output_norm." }, { ".norm.", ".attn_norm." },
  { ".mixer.in_proj.", ".ssm_in." }, { ".mixer.conv1d.", ".ssm_conv1d." }, { ".mixer.x_proj.", ".ssm_x." }, { ".mixer.dt_proj.", ".ssm_dt." },
  { ".mixer.A_log", ".ssm_a" }, { ".mixer.D", ".ssm_d" }, { ".mixer.out_proj.", ".ssm_out." },
};

static char *
spell (const char *ours)
{
  GString *name = g_string_new (ours);

  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    if (names[k].ours[0] == '.' ? strstr (name->str, names[k].ours) != NULL : g_str_has_prefix (name->str, names[k].ours))
      g_string_replace (name, names[k].ours, names[k].theirs, 1);
  return g_string_free (name, FALSE);
}

/* --- writing ------------------------------------------------------------------------------------------------------------------------ */

/* Row 2 i of a head is its row i, and row 2 i + 1 its row i + size / 2. */
static void
permute (const float *in, gint64 heads, gint64 size, gint64 columns, float *out)
{
  for (gint64 h = 0; h < heads; h++)
    for (gint64 i = 0; i < size; i++)
      memcpy (out + (h * size + i) * columns, in + (h * size + i / 2 + i % 2 * (size / 2)) * columns, columns * sizeof *out);
}

/* What the file calls the architecture, and whether rows of its queries and keys are moved. */
typedef struct { const char *architecture; gboolean permutes; } As;

static gint64
size_of (const AssayModel *model, const char *name)
{
  return assay_values_get_int (assay_model_get_config (model), name);
}

static void
add_parameter (GgufWriter *w, AssayModel *model, const AssayGraphValue *p, const As *as)
{
  g_autofree char *name = spell (p->name);
  gint64 n = assay_shape_count (&p->shape), columns = n / p->shape.dim[0];
  const double *theta = (const double *) assay_model_get_theta (model) + p->offset;
  g_autofree float *values = g_new (float, n), *permuted = g_new (float, n);
  guint64 dims[3];
  guint rank = 0;

  for (gint64 i = 0; i < n; i++)
    values[i] = (float) (g_str_has_suffix (p->name, "A_log") ? -exp (theta[i]) : theta[i]);
  memcpy (permuted, values, n * sizeof *values);
  if (as->permutes && (strstr (name, ".attn_q.") != NULL || strstr (name, ".attn_k.") != NULL))
    {
      gint64 heads = size_of (model, strstr (name, ".attn_q.") != NULL ? "heads" : "kv-heads");

      permute (values, heads, p->shape.dim[0] / heads, columns, permuted);
    }
  for (guint k = p->shape.rank; k-- > 0;)
    if (p->shape.rank < 3 || p->shape.dim[k] != 1)
      dims[rank++] = (guint64) p->shape.dim[k];
  gguf_add_tensor (w, name, rank, dims, TENSOR_F32, permuted, n * sizeof *permuted);
}

static void
add_parameters (GgufWriter *w, AssayModel *model, const As *as)
{
  AssayGraph *layout = assay_model_get_layout (model);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    if (assay_graph_get_value (layout, v)->role == ASSAY_VALUE_PARAM)
      add_parameter (w, model, assay_graph_get_value (layout, v), as);
}

static void
add_size (GgufWriter *w, const As *as, const char *key, gint64 value)
{
  g_autofree char *full = g_strconcat (as->architecture, ".", key, NULL);

  gguf_add_whole (w, full, GGUF_U32, value);
}

static void
add_number (GgufWriter *w, const As *as, const char *key, double value)
{
  g_autofree char *full = g_strconcat (as->architecture, ".", key, NULL);

  gguf_add_float (w, full, (float) value);
}

static void
add_keys (GgufWriter *w, AssayModel *model, const As *as)
{
  const AssayValues *config = assay_model_get_config (model);
  gint64 C = size_of (model, "width");

  gguf_add_text (w, "general.architecture", as->architecture);
  add_size (w, as, "block_count", size_of (model, "layers"));
  add_size (w, as, "embedding_length", C);
  add_size (w, as, "context_length", size_of (model, "context"));
  if (strcmp (as->architecture, "mamba") == 0)
    {
      add_size (w, as, "feed_forward_length", 0);
      add_size (w, as, "attention.head_count", 0);
      add_size (w, as, "ssm.inner_size", size_of (model, "inner"));
      add_size (w, as, "ssm.state_size", size_of (model, "state"));
      add_size (w, as, "ssm.conv_kernel", size_of (model, "kernel"));
      add_size (w, as, "ssm.time_step_rank", size_of (model, "rank"));
      add_number (w, as, "attention.layer_norm_rms_epsilon", assay_values_get_double (config, "eps"));
      return;
    }
  add_size (w, as, "feed_forward_length", size_of (model, "mlp"));
  add_size (w, as, "attention.head_count", size_of (model, "heads"));
  if (size_of (model, "kv-heads") != 0)
    add_size (w, as, "attention.head_count_kv", size_of (model, "kv-heads"));
  if (size_of (model, "head-size") != 0)
    {
      add_size (w, as, "attention.key_length", size_of (model, "head-size"));
      add_size (w, as, "attention.value_length", size_of (model, "head-size"));
    }
  if (size_of (model, "rope-size") != 0)
    add_size (w, as, "rope.dimension_count", size_of (model, "rope-size"));
  if (size_of (model, "window") != 0)
    add_size (w, as, "attention.sliding_window", size_of (model, "window"));
  if (strcmp (assay_values_get_string (config, "positions"), "rotary") == 0)
    add_number (w, as, "rope.freq_base", assay_values_get_double (config, "rope-theta"));
  if (strcmp (as->architecture, "gptneox") == 0)
    gguf_add_whole (w, "gptneox.use_parallel_residual", GGUF_BOOL, assay_values_get_bool (config, "parallel"));
  add_number (w, as, strcmp (assay_values_get_string (config, "norm"), "rmsnorm") == 0 ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon",
              assay_values_get_double (config, "eps"));
}

static char *
finish (GgufWriter *w, const char *name)
{
  g_autoptr (GBytes) bytes = gguf_end (w);
  char *path = g_build_filename (scratch, name, NULL);

  save (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return path;
}

static char *
write_model (AssayModel *model, const As *as, const char *name)
{
  GgufWriter w = gguf_begin ();

  add_keys (&w, model, as);
  add_parameters (&w, model, as);
  return finish (&w, name);
}

/* --- the same function ------------------------------------------------------------------------------------------------------------------- */

/* (T,V) logits of the first T of some tokens. */
static double *
compute (AssayModel *model, gint64 *V)
{
  AssayBackend *backend = assay_backend_cpu_new (1);
  GError *error = NULL;
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (model, T, backend, &error);
  gint32 tokens[T];
  double *logits;

  g_assert_no_error (error);
  *V = assay_decoder_get_size (decoder);
  for (gint t = 0; t < T; t++)
    tokens[t] = (gint32) ((t * 37 + 11) % *V);
  logits = g_new (double, T * *V);
  assay_decoder_feed (decoder, tokens, T, TRUE, logits, &error);
  g_assert_no_error (error);
  g_clear_pointer (&decoder, assay_decoder_free);
  assay_backend_free (backend);
  return logits;
}

/* Biggest difference of logits, the biggest of which is written to *size. */
static double
compare (AssayModel *a, AssayModel *b, double *size)
{
  gint64 V, W;
  g_autofree double *x = compute (a, &V), *y = compute (b, &W);
  double worst = 0;

  g_assert_cmpint (V, ==, W);
  *size = 0;
  for (gint64 i = 0; i < T * V; i++)
    {
      worst = MAX (worst, fabs (x[i] - y[i]));
      *size = MAX (*size, fabs (x[i]));
    }
  return worst;
}

static AssayModel *
open_f64 (const char *path)
{
  const AssayCheckpointOptions options = { .has_dtype = TRUE, .dtype = ASSAY_F64 };
  GError *error = NULL;
  AssayModel *model = assay_checkpoint_load_path (path, &options, &error);

  g_assert_no_error (error);
  return model;
}

static void
expect_same (AssayModel *model, const As *as, const char *name, double bound)
{
  g_autofree char *path = write_model (model, as, name);
  g_autoptr (AssayModel) back = open_f64 (path);
  double size, worst = compare (model, back, &size);

  g_test_message ("%s: logits up to %.3g differ by at most %.3g", name, size, worst);
  g_assert_cmpfloat (worst, <=, bound);
  g_assert_cmpfloat (size, >, 1e-3);
}

#define LLAMA "\"vocabulary\": 61, \"context\": 48, \"width\": 32, \"layers\": 2, \"heads\": 4, \"kv-heads\": 2, \"mlp\": 40, \"norm\": \"rmsnorm\", \"positions\": \"rotary\", " \
  "\"activation\": \"silu\", \"gated\": true, \"bias\": false, \"names\": \"llama\", \"token-reduction\": \"mean\", \"eps\": 1e-5"
#define BOUND 1e-12

/* Models of every architecture, whose numbers are drawn. */
static const struct { As as; const char *name, *block, *config; double bound; } drawn[] = {
  { { "llama", TRUE }, "llama", "transformer", "{" LLAMA ", \"head-size\": 8, \"rope-theta\": 500000.0, \"tied\": false}", BOUND },
  { { "llama", TRUE }, "llama with biases, tied", "transformer", "{" LLAMA ", \"rope-theta\": 10000.0, \"qkv-bias\": true, \"output-bias\": true, \"mlp-bias\": true, \"tied\": true}",
    BOUND },
  { { "llama", TRUE }, "mistral", "transformer", "{" LLAMA ", \"rope-theta\": 10000.0, \"window\": 7, \"tied\": false}", BOUND },
  { { "qwen2", FALSE }, "qwen2", "transformer", "{" LLAMA ", \"rope-theta\": 1000000.0, \"qkv-bias\": true, \"tied\": true}", BOUND },
  { { "qwen3", FALSE }, "qwen3", "transformer", "{" LLAMA ", \"head-size\": 12, \"rope-theta\": 1000000.0, \"head-norm\": true, \"tied\": false}", BOUND },
  { { "gpt2", FALSE }, "gpt2", "transformer", "{\"vocabulary\": 61, \"context\": 48, \"width\": 32, \"layers\": 2, \"heads\": 4, \"mlp\": 48, \"eps\": 1e-5}", BOUND },
  { { "gpt2", FALSE }, "gpt2 with a head", "transformer",
    "{\"vocabulary\": 61, \"context\": 48, \"width\": 32, \"layers\": 2, \"heads\": 4, \"mlp\": 48, \"eps\": 1e-5, \"tied\": false}", BOUND },
  { { "gptneox", FALSE }, "gptneox", "transformer",
    "{\"vocabulary\": 61, \"context\": 48, \"width\": 32, \"layers\": 2, \"heads\": 2, \"mlp\": 48, \"eps\": 1e-5, \"positions\": \"rotary\", \"rope-size\": 4, \"parallel\": true, "
    "\"activation\": \"gelu\", \"names\": \"gpt-neox\", \"tied\": false}", BOUND },
  { { "gptneox", FALSE }, "gptneox, one after the other", "transformer",
    "{\"vocabulary\": 61, \"context\": 48, \"width\": 32, \"layers\": 2, \"heads\": 2, \"mlp\": 48, \"eps\": 1e-5, \"positions\": \"rotary\", \"parallel\": false, "
    "\"activation\": \"gelu\", \"names\": \"gpt-neox\", \"tied\": false}", BOUND },
  /* -exp (A_log) is stored in single precision. */
  { { "mamba", FALSE }, "mamba", "mamba",
    "{\"vocabulary\": 61, \"context\": 48, \"width\": 32, \"layers\": 2, \"inner\": 64, \"state\": 8, \"kernel\": 4, \"rank\": 2, \"eps\": 1e-5, \"tied\": true}", 1e-6 },
};

/* Numbers of single precision, none of them 0 or 1. */
static AssayModel *
draw (const char *block, const char *text)
{
  json_t *config = json_loads (text, 0, NULL);
  GError *error = NULL;
  AssayModel *model = assay_model_new (block, config, ASSAY_F64, &error);
  double *theta;

  g_assert_no_error (error);
  json_decref (config);
  assay_model_init (model, 17);
  theta = assay_model_get_theta (model);
  for (gint64 p = 0; p < assay_model_get_n_params (model); p++)
    theta[p] = (double) (float) (3 * theta[p] + 0.05 * sin (0.7 * (double) p));
  return model;
}

static void
test_drawn (gconstpointer data)
{
  gsize k = GPOINTER_TO_SIZE (data);
  g_autoptr (AssayModel) model = draw (drawn[k].block, drawn[k].config);

  expect_same (model, &drawn[k].as, drawn[k].name, drawn[k].bound);
}

/* Without the permutation it would be another function: the test can fail. */
static void
test_rows (void)
{
  const As as = { "llama", FALSE };
  g_autoptr (AssayModel) model = draw ("transformer", drawn[0].config);
  g_autofree char *path = write_model (model, &as, "unpermuted");
  g_autoptr (AssayModel) back = open_f64 (path);
  double size;

  g_assert_cmpfloat (compare (model, back, &size), >, 1e-4);
}

static char *
find_real (const char *name)
{
  const char *data = g_getenv ("ASSAY_TEST_DATA");
  g_autofree char *beside = g_test_build_filename (G_TEST_DIST, "..", "shared", "data", NULL);

  return g_build_filename (data != NULL ? data : beside, name, NULL);
}

static const struct { As as; const char *name; double bound; } stored[] = {
  { { "llama", TRUE }, "hf_tiny/llama", BOUND }, { { "llama", TRUE }, "hf_tiny/mistral", BOUND }, { { "qwen2", FALSE }, "hf_tiny/qwen2", BOUND },
  { { "gpt2", FALSE }, "hf_tiny/gpt2", BOUND }, { { "gptneox", FALSE }, "hf_tiny/gpt_neox", BOUND }, { { "mamba", FALSE }, "hf_tiny/mamba", 2e-6 },
};

static void
test_stored (gconstpointer data)
{
  gsize k = GPOINTER_TO_SIZE (data);
  g_autofree char *path = find_real (stored[k].name), *base = g_path_get_basename (path);
  g_autoptr (AssayModel) model = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autofree char *text = g_strdup_printf ("%s is not there", path);

      g_test_skip (text);
      return;
    }
  model = open_f64 (path);
  expect_same (model, &stored[k].as, base, stored[k].bound);
}

/* --- scaled positions ---------------------------------------------------------------------------------------------------------------- */

static void
test_scaling (void)
{
  static const As as = { "llama", TRUE };
  g_autoptr (AssayModel) model = draw ("transformer", "{" LLAMA ", \"rope-theta\": 10000.0, \"rope-scaling\": \"yarn\", \"rope-factor\": 4.0, \"rope-low\": 1.0, \"rope-high\": 32.0, "
                                       "\"rope-original\": 16.0, \"rope-magnitude\": 1.1386294361119891}");
  g_autoptr (AssayModel) linear = draw ("transformer", "{" LLAMA ", \"rope-theta\": 10000.0, \"rope-scaling\": \"linear\", \"rope-factor\": 2.5}");
  GgufWriter w = gguf_begin (), v = gguf_begin ();
  g_autofree char *path = NULL, *other = NULL;
  g_autoptr (AssayModel) back = NULL, second = NULL;
  double size;

  add_keys (&w, model, &as);
  gguf_add_text (&w, "llama.rope.scaling.type", "yarn");
  add_number (&w, &as, "rope.scaling.factor", 4);
  add_size (&w, &as, "rope.scaling.original_context_length", 16);
  add_parameters (&w, model, &as);
  path = finish (&w, "yarn");
  back = open_f64 (path);
  g_assert_cmpfloat (compare (model, back, &size), <=, BOUND);
  add_keys (&v, linear, &as);
  add_number (&v, &as, "rope.scale_linear", 2.5);
  add_parameters (&v, linear, &as);
  other = finish (&v, "linear");
  second = open_f64 (other);
  g_assert_cmpfloat (compare (linear, second, &size), <=, BOUND);
}

/* The factors of llama3 as converters work them out, in single precision. */
static void
add_factors (GgufWriter *w, float theta, float scale, float original, float spoilt)
{
  const guint64 dims[1] = { 4 };
  float factors[4];

  for (int i = 0; i < 4; i++)
    {
      float wave = 2 * (float) G_PI * powf (theta, (float) (2 * i) / 8.0f), smooth = (original / wave - 1) / 3;

      factors[i] = wave < original / 4 ? 1 : wave > original ? scale : 1 / ((1 - smooth) / scale + smooth);
    }
  factors[2] += spoilt;
  gguf_add_tensor (w, "rope_freqs.weight", 1, dims, TENSOR_F32, factors, sizeof factors);
}

static char *
write_factors (AssayModel *model, float theta, float original, gboolean says_original, float spoilt)
{
  static const As as = { "llama", TRUE };
  GgufWriter w = gguf_begin ();

  add_keys (&w, model, &as);
  if (says_original)
    add_size (&w, &as, "rope.scaling.original_context_length", (gint64) original);
  add_parameters (&w, model, &as);
  add_factors (&w, theta, 8, original, spoilt);
  return finish (&w, "factors");
}

static void
test_factors (void)
{
  static const struct { float theta, original; gboolean says; const char *config; } cases[] = {
    { 500000, 8192, FALSE, "{" LLAMA ", \"rope-theta\": 500000.0, \"rope-scaling\": \"llama3\", \"rope-factor\": 8.0, \"rope-low\": 1.0, \"rope-high\": 4.0, \"rope-original\": 8192.0}" },
    { 10000, 1000, TRUE, "{" LLAMA ", \"rope-theta\": 10000.0, \"rope-scaling\": \"llama3\", \"rope-factor\": 8.0, \"rope-low\": 1.0, \"rope-high\": 4.0, \"rope-original\": 1000.0}" },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (AssayModel) model = draw ("transformer", cases[k].config);
      g_autofree char *path = write_factors (model, cases[k].theta, cases[k].original, cases[k].says, 0), *spoilt = NULL;
      g_autoptr (AssayModel) back = open_f64 (path);
      GError *error = NULL;
      double size;

      g_assert_cmpfloat (compare (model, back, &size), <=, BOUND);
      spoilt = write_factors (model, cases[k].theta, cases[k].original, cases[k].says, 0.01f);
      g_assert_null (assay_checkpoint_load_path (spoilt, NULL, &error));
      expect_error (&error, ASSAY_ERROR_UNSUPPORTED, "rope_freqs.weight", "llama3");
    }
}

/* --- quantised weights ------------------------------------------------------------------------------------------------------------------ */

/* A matrix of Q8_0 beside those of single precision: numbers of the file, not of the matrix it was made of. */
static void
test_quantised (void)
{
  static const As as = { "gpt2", FALSE };
  g_autoptr (AssayModel) model = draw ("transformer", "{\"vocabulary\": 61, \"context\": 48, \"width\": 32, \"layers\": 1, \"heads\": 4, \"mlp\": 48, \"eps\": 1e-5}");
  AssayGraph *layout = assay_model_get_layout (model);
  const AssayGraphValue *embedding = assay_graph_get_value (layout, assay_graph_find (layout, "wte.weight"));
  double *theta = (double *) assay_model_get_theta (model) + embedding->offset;
  const guint64 dims[2] = { 32, 61 };
  g_autofree guint8 *blocks = g_new (guint8, 61 * 34);
  g_autofree char *path = NULL;
  g_autoptr (AssayModel) back = NULL;
  GgufWriter w = gguf_begin ();
  double size;

  for (gint row = 0; row < 61; row++)
    {
      blocks[row * 34] = 0x00;
      blocks[row * 34 + 1] = 0x1c;                              /* 2^-8 */
      for (gint i = 0; i < 32; i++)
        {
          blocks[row * 34 + 2 + i] = (guint8) (row * 7 + i * 29);
          theta[row * 32 + i] = (gint8) (row * 7 + i * 29) / 256.0;
        }
    }
  add_keys (&w, model, &as);
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p == embedding)
        gguf_add_tensor (&w, "token_embd.weight", 2, dims, 8, blocks, 61 * 34);
      else if (p->role == ASSAY_VALUE_PARAM)
        add_parameter (&w, model, p, &as);
    }
  path = finish (&w, "quantised");
  back = open_f64 (path);
  g_assert_cmpfloat (compare (model, back, &size), <=, BOUND);
}

/* --- refusals ------------------------------------------------------------------------------------------------------------------------------- */

static void add_window (GgufWriter *w) { gguf_add_whole (w, "qwen2.attention.sliding_window", GGUF_U32, 7); }
static void add_wide_window (GgufWriter *w) { gguf_add_whole (w, "qwen2.attention.sliding_window", GGUF_U32, 48); }
static void add_experts (GgufWriter *w) { gguf_add_whole (w, "qwen2.expert_count", GGUF_U32, 8); }
static void add_no_experts (GgufWriter *w) { gguf_add_whole (w, "qwen2.expert_count", GGUF_U32, 0); }
static void add_unknown (GgufWriter *w) { gguf_add_whole (w, "qwen2.some_new_thing", GGUF_U32, 0); }
static void add_acausal (GgufWriter *w) { gguf_add_whole (w, "qwen2.attention.causal", GGUF_BOOL, 0); }
static void add_longrope (GgufWriter *w) { gguf_add_text (w, "qwen2.rope.scaling.type", "longrope"); }
static void add_value_length (GgufWriter *w) { gguf_add_whole (w, "qwen2.attention.value_length", GGUF_U32, 4); }
static void add_odd_turn (GgufWriter *w) { gguf_add_whole (w, "qwen2.rope.dimension_count", GGUF_U32, 3); }
static void add_adapter (GgufWriter *w) { gguf_add_text (w, "general.type", "adapter"); }
static void add_parts (GgufWriter *w) { gguf_add_whole (w, "split.count", GGUF_U16, 3); }
static void add_stranger (GgufWriter *w) { const guint64 dims[1] = { 1 }; gguf_add_tensor (w, "blk.0.attn_sinks.weight", 1, dims, TENSOR_F32, "\0\0\0\0", 4); }
static void add_other_layout (GgufWriter *w) { gguf_add_text (w, "qwen2.tensor_data_layout", "another"); }

static const struct { void (*add) (GgufWriter *w); AssayErrorCode code; const char *first, *second; } refused[] = {
  { add_window, ASSAY_ERROR_UNSUPPORTED, "qwen2.attention.sliding_window", "not said" },
  { add_experts, ASSAY_ERROR_UNSUPPORTED, "qwen2.expert_count: 0 expected, 8 found", NULL },
  { add_unknown, ASSAY_ERROR_UNSUPPORTED, "key qwen2.some_new_thing: is not known", NULL },
  { add_acausal, ASSAY_ERROR_UNSUPPORTED, "qwen2.attention.causal: 1 expected, 0 found", NULL },
  { add_longrope, ASSAY_ERROR_UNSUPPORTED, "rope_type", "\"longrope\" found" },
  { add_value_length, ASSAY_ERROR_UNSUPPORTED, "attention.value_length", "8, 4 and 8 found" },
  { add_odd_turn, ASSAY_ERROR_UNSUPPORTED, "rope.dimension_count", "8, 8 and 3 found" },
  { add_adapter, ASSAY_ERROR_UNSUPPORTED, "general.type", "\"adapter\" found" },
  { add_parts, ASSAY_ERROR_UNSUPPORTED, "split.count", "one of 3 parts" },
  { add_stranger, ASSAY_ERROR_INPUT, "blk.0.attn_sinks.weight is no part", NULL },
  { add_other_layout, ASSAY_ERROR_UNSUPPORTED, "tensor_data_layout", "\"another\" found" },
  { .add = add_no_experts }, { .add = add_wide_window },        /* no harm */
};

static void
test_refused (void)
{
  static const As as = { "qwen2", FALSE };
  g_autoptr (AssayModel) model = draw ("transformer", drawn[3].config);

  for (gsize k = 0; k < G_N_ELEMENTS (refused); k++)
    {
      GgufWriter w = gguf_begin ();
      g_autofree char *path = NULL;
      g_autoptr (AssayModel) back = NULL;
      GError *error = NULL;

      add_keys (&w, model, &as);
      refused[k].add (&w);
      add_parameters (&w, model, &as);
      path = finish (&w, "refused");
      back = assay_checkpoint_load_path (path, NULL, &error);
      if (refused[k].first == NULL)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_null (back);
      g_test_message ("%s", error->message);
      g_assert_true (g_str_has_prefix (error->message, path));
      expect_error (&error, refused[k].code, refused[k].first, refused[k].second);
    }
}

/* Files that are no such model at all, or not all of one. */
static void
test_files (void)
{
  static const As as = { "qwen2", FALSE }, unknown = { "gemma3", FALSE };
  const AssayCheckpointOptions longer = { .context = 49 }, shorter = { .context = 8 };
  g_autoptr (AssayModel) model = draw ("transformer", drawn[3].config), back = NULL;
  g_autofree char *other = write_model (model, &unknown, "gemma"), *path = write_model (model, &as, "whole"), *vocabulary = NULL;
  GgufWriter w = gguf_begin ();
  GError *error = NULL;

  g_assert_null (assay_checkpoint_load_path (other, NULL, &error));
  expect_error (&error, ASSAY_ERROR_UNSUPPORTED, "one of llama, qwen2, qwen3, gpt2, gptneox, mamba expected", "\"gemma3\" found");
  g_assert_null (assay_checkpoint_load_path (path, &longer, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "at most the model's 48 positions", "49 found");
  back = assay_checkpoint_load_path (path, &shorter, &error);
  g_assert_no_error (error);
  g_assert_true (assay_model_get_context (back) == 8 && assay_model_get_dtype (back) == ASSAY_F32);
  add_keys (&w, model, &as);
  vocabulary = finish (&w, "vocabulary");
  g_assert_null (assay_checkpoint_load_path (vocabulary, NULL, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "a file without tensors", "--tokenizer");
}

/* Keys of a model beside the tensors of another. */
static void
test_shapes (void)
{
  static const As as = { "qwen2", FALSE };
  static const struct { const char *config, *first, *second; } cases[] = {
    { "{" LLAMA ", \"qkv-bias\": true, \"mlp\": 32}", "tensor blk.0.ffn_gate.weight: shape (32,32) expected", "(40,32) found" },
    { "{" LLAMA ", \"qkv-bias\": true, \"mlp\": 90000}", "tensors of 172", "numbers expected from the keys" },
    { "{" LLAMA ", \"qkv-bias\": true, \"layers\": 900}", "numbers expected from the keys", "found" },
  };
  g_autoptr (AssayModel) model = draw ("transformer", drawn[3].config);

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      json_t *config = json_loads (cases[k].config, 0, NULL);
      GError *error = NULL;
      g_autoptr (AssayModel) claimed = assay_model_new ("transformer", config, ASSAY_F64, &error);
      g_autofree char *path = NULL;
      GgufWriter w = gguf_begin ();

      g_assert_no_error (error);
      json_decref (config);
      add_keys (&w, claimed, &as);
      add_parameters (&w, model, &as);
      path = finish (&w, "shapes");
      g_assert_null (assay_checkpoint_load_path (path, NULL, &error));
      g_test_message ("%s", error->message);
      expect_error (&error, ASSAY_ERROR_INPUT, cases[k].first, cases[k].second);
    }
}

/* Keys that are needed, one by one. */
static void
test_needed (void)
{
  GgufWriter w = gguf_begin ();
  const guint64 dims[2] = { 4, 4 };
  const float zeros[16] = { 0 };
  g_autofree char *path = NULL;
  GError *error = NULL;

  gguf_add_text (&w, "general.architecture", "llama");
  gguf_add_whole (&w, "llama.block_count", GGUF_F32, 0);
  gguf_add_tensor (&w, "token_embd.weight", 2, dims, TENSOR_F32, zeros, sizeof zeros);
  path = finish (&w, "needed");
  g_assert_null (assay_checkpoint_load_path (path, NULL, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "key llama.block_count: a whole number expected", "type f32 found");
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  scratch = g_dir_make_tmp ("assay-gguf-XXXXXX", NULL);
  for (gsize k = 0; k < G_N_ELEMENTS (drawn); k++)
    {
      g_autofree char *path = g_strdup_printf ("/checkpoint_gguf/the same function: %s", drawn[k].name);

      g_test_add_data_func (path, GSIZE_TO_POINTER (k), test_drawn);
    }
  for (gsize k = 0; k < G_N_ELEMENTS (stored); k++)
    {
      g_autofree char *name = g_path_get_basename (stored[k].name), *path = g_strdup_printf ("/checkpoint_gguf/the same function as its directory: %s", name);

      g_test_add_data_func (path, GSIZE_TO_POINTER (k), test_stored);
    }
  g_test_add_func ("/checkpoint_gguf/rows of queries and keys are where neighbours turn", test_rows);
  g_test_add_func ("/checkpoint_gguf/positions that were stretched after training", test_scaling);
  g_test_add_func ("/checkpoint_gguf/factors of llama3 are known as such, others are refused", test_factors);
  g_test_add_func ("/checkpoint_gguf/quantised weights are the numbers that the file stands for", test_quantised);
  g_test_add_func ("/checkpoint_gguf/what would compute another function is refused by its name", test_refused);
  g_test_add_func ("/checkpoint_gguf/other architectures, vocabularies and more context are said", test_files);
  g_test_add_func ("/checkpoint_gguf/tensors of another model are said, and memory is not taken for what keys claim", test_shapes);
  g_test_add_func ("/checkpoint_gguf/a key of another type is said", test_needed);
  status = g_test_run ();
  remove_tree (scratch);
  g_free (scratch);
  return status;
}
