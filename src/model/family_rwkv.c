/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family_rwkv.c: RWKV, version 4. It has no positions, so that any context will do.
 *
 * "rescale_every" is how that library keeps float16 from overflowing: outputs of layers are halved, and the residual stream with them, which a norm takes
 * back. The weights in the files are those from before, so that nothing is to be done here; only eps is then another beside a smaller variance.
 */
#include "model/family.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

#define CONTEXT 1024            /* what published models were trained on */

static json_t *
configure (const json_t *config, gint64 context, GError **error)
{
  json_int_t V, C, L, I, F, T;

  if (!assay_family_get_size (config, "vocab_size", &V, error) || !assay_family_get_size (config, "hidden_size", &C, error)
      || !assay_family_get_size (config, "num_hidden_layers", &L, error) || !assay_family_get_size_or (config, "attention_hidden_size", C, &I, error)
      || !assay_family_get_size_or (config, "intermediate_size", 4 * C, &F, error) || !assay_family_get_size_or (config, "context_length", CONTEXT, &T, error))
    return NULL;
  return json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:b, s:s}", "vocabulary", V, "context", context ? (json_int_t) context : T, "width", C, "layers", L, "inner", I,
                    "mlp", F, "eps", assay_family_get_number_or (config, "layer_norm_epsilon", 1e-5, error), "tied",
                    assay_family_get_switch_or (config, "tie_word_embeddings", FALSE, error), "token-reduction", "mean");
}

static json_t *
describe (const AssayValues *config)
{
  const gint64 C = assay_values_get_int (config, "width"), I = assay_values_get_int (config, "inner"), F = assay_values_get_int (config, "mlp");

  if (assay_values_get_int (config, "heads") > 0)                 /* which that library does not have */
    return NULL;
  return json_pack ("{s:s, s:[s], s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:i, s:b}", "model_type", "rwkv", "architectures", "RwkvForCausalLM", "vocab_size",
                    (json_int_t) assay_values_get_int (config, "vocabulary"), "context_length", (json_int_t) assay_values_get_int (config, "context"), "hidden_size",
                    (json_int_t) C, "num_hidden_layers", (json_int_t) assay_values_get_int (config, "layers"), "attention_hidden_size", (json_int_t) (I ? I : C),
                    "intermediate_size", (json_int_t) (F ? F : 4 * C), "layer_norm_epsilon", assay_values_get_double (config, "eps"), "rescale_every", 0,
                    "tie_word_embeddings", assay_values_get_bool (config, "tied"));
}

static const char *const model_types[] = { "rwkv", NULL };
static const AssayStoredEnd layouts[] = {
  { ".time_mix_key", ASSAY_STORED_AS_ONE_ROW }, { ".time_mix_value", ASSAY_STORED_AS_ONE_ROW }, { ".time_mix_receptance", ASSAY_STORED_AS_ONE_ROW }, { .end = NULL }
};
static const char *const ignored[] = { NULL };

ASSAY_FAMILY_DEFINE (rwkv) = { .name = "RWKV", .model_types = model_types, .architecture = "rwkv", .configure = configure, .describe = describe, .prefix = "rwkv.",
                               .layouts = layouts, .ignored = ignored, .embedding = "embeddings.weight", .head = "head.weight" };
