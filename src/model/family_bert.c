/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family_bert.c: BERT, with the head that predicts masked tokens or bare; old files call gain and bias of a norm gamma and beta. */
#include "model/family.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

static const char *const with_head[] = { "BertForMaskedLM", "BertForPreTraining", NULL };
static const char *const bare[] = { "BertModel", NULL };

/* FALSE in *has_head for the bare model. What other heads a model may have predicts something else. */
static gboolean
read_head (const json_t *config, gboolean *has_head, GError **error)
{
  const json_t *names = json_object_get (config, "architectures");
  const char *name = json_string_value (json_array_get (names, 0));

  *has_head = name == NULL || g_strv_contains (with_head, name);
  if (*has_head || g_strv_contains (bare, name))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "architectures: BertForMaskedLM, BertForPreTraining or BertModel expected, \"%s\" found", name);
  return FALSE;
}

static gboolean
check_positions (const json_t *config, GError **error)
{
  const char *type = assay_json_get_text (config, "position_embedding_type");

  if (type[0] == '\0' || strcmp (type, "absolute") == 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "position_embedding_type: absolute expected, \"%s\" found", type);
  return FALSE;
}

static json_t *
configure (const json_t *config, gint64 context, GError **error)
{
  json_int_t V, T, C, L, H, F, types;
  const char *activation;
  gboolean has_head;

  if (!assay_family_get_size (config, "vocab_size", &V, error) || !assay_family_get_size (config, "max_position_embeddings", &T, error)
      || !assay_family_get_size (config, "hidden_size", &C, error) || !assay_family_get_size (config, "num_hidden_layers", &L, error)
      || !assay_family_get_size (config, "num_attention_heads", &H, error) || !assay_family_get_size (config, "intermediate_size", &F, error)
      || !assay_family_get_size_or (config, "type_vocab_size", 2, &types, error) || !assay_family_expect_switch (config, "is_decoder", FALSE, error)
      || !assay_family_expect_switch (config, "add_cross_attention", FALSE, error) || !check_positions (config, error) || !read_head (config, &has_head, error)
      || (activation = assay_family_get_activation (config, "hidden_act", "gelu", error)) == NULL || !assay_family_choose_context (T, &context, error))
    return NULL;
  return json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s, s:s, s:b, s:s}", "vocabulary", V, "context", (json_int_t) context, "positions-size", T,
                    "width", C, "layers", L, "heads", H, "mlp", F, "types", types, "eps",
                    assay_family_get_number_or (config, "layer_norm_eps", 1e-12, error), "activation", activation, "head", has_head ? "masked-lm" : "none", "tied",
                    assay_family_get_switch_or (config, "tie_word_embeddings", TRUE, error), "token-reduction", "mean");
}

static const char *const model_types[] = { "bert", NULL };
static const AssayStoredEnd layouts[] = { { .end = NULL } };
static const AssayStoredTwin twins[] = {
  { "LayerNorm.weight", "LayerNorm.gamma" }, { "LayerNorm.bias", "LayerNorm.beta" }, { "cls.predictions.bias", "cls.predictions.decoder.bias" }, { .ours = NULL }
};
/* The pooler and the sentence classifier read the last layer and change nothing before them; of positions and types old files hold the defaults. */
static const char *const ignored[] = { "pooler.dense.weight", "pooler.dense.bias", "cls.seq_relationship.weight", "cls.seq_relationship.bias",
                                       "embeddings.position_ids", "embeddings.token_type_ids", NULL };

ASSAY_FAMILY_DEFINE (bert) = { .name = "BERT", .model_types = model_types, .architecture = "encoder", .configure = configure, .prefix = "bert.",
                               .layouts = layouts, .ignored = ignored, .twins = twins, .embedding = "embeddings.word_embeddings.weight",
                               .head = "cls.predictions.decoder.weight" };
