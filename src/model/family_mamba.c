/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family_mamba.c: Mamba, the first of that name. It has no positions, so that any context will do. */
#include "model/family.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

#define CONTEXT 2048            /* what published models were trained on */

/* A number, or "auto": a sixteenth of the width. */
static gboolean
get_rank (const json_t *config, json_int_t C, json_int_t *R, GError **error)
{
  *R = (C + 15) / 16;
  return strcmp (assay_json_get_text (config, "time_step_rank"), "auto") == 0 || assay_family_get_size_or (config, "time_step_rank", *R, R, error);
}

static json_t *
configure (const json_t *config, gint64 context, GError **error)
{
  json_int_t V, C, L, I, S, K, R;
  const char *activation;

  if (!assay_family_get_size (config, "vocab_size", &V, error) || !assay_family_get_size (config, "hidden_size", &C, error)
      || !assay_family_get_size (config, "num_hidden_layers", &L, error)
      || !assay_family_get_size_or (config, "intermediate_size", (json_int_t) (assay_family_get_number_or (config, "expand", 2, error) * (double) C), &I, error)
      || !assay_family_get_size (config, "state_size", &S, error) || !assay_family_get_size_or (config, "conv_kernel", 4, &K, error)
      || !get_rank (config, C, &R, error) || (activation = assay_family_get_activation (config, "hidden_act", "silu", error)) == NULL)
    return NULL;
  return json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s, s:b, s:b, s:b, s:b, s:s}", "vocabulary", V, "context",
                    (json_int_t) (context ? context : CONTEXT), "width", C, "layers", L, "inner", I, "state", S, "kernel", K, "rank", R, "eps",
                    assay_family_get_number_or (config, "layer_norm_epsilon", 1e-5, error), "activation", activation, "silu-gate", 1, "bias",
                    assay_family_get_switch_or (config, "use_bias", FALSE, error), "conv-bias", assay_family_get_switch_or (config, "use_conv_bias", TRUE, error),
                    "tied", assay_family_get_switch_or (config, "tie_word_embeddings", TRUE, error), "token-reduction", "mean");
}

static json_t *
describe (const AssayValues *config)
{
  const gint64 C = assay_values_get_int (config, "width"), I = assay_values_get_int (config, "inner"), R = assay_values_get_int (config, "rank");
  const gint64 inner = I ? I : 2 * C;

  if (inner % C != 0)                                             /* that library counts the channels of a mixer in widths */
    return NULL;
  return json_pack ("{s:s, s:[s], s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:f, s:b, s:b, s:b}", "model_type", "mamba", "architectures", "MambaForCausalLM", "vocab_size",
                    (json_int_t) assay_values_get_int (config, "vocabulary"), "hidden_size", (json_int_t) C, "num_hidden_layers",
                    (json_int_t) assay_values_get_int (config, "layers"), "intermediate_size", (json_int_t) inner, "expand", (json_int_t) (inner / C), "state_size",
                    (json_int_t) assay_values_get_int (config, "state"), "conv_kernel", (json_int_t) assay_values_get_int (config, "kernel"), "time_step_rank",
                    (json_int_t) (R ? R : (C + 15) / 16), "hidden_act", assay_family_name_activation (assay_values_get_string (config, "activation")), "layer_norm_epsilon",
                    assay_values_get_double (config, "eps"), "use_bias", assay_values_get_bool (config, "bias"), "use_conv_bias", assay_values_get_bool (config, "conv-bias"),
                    "tie_word_embeddings", assay_values_get_bool (config, "tied"));
}

static const char *const model_types[] = { "mamba", NULL };
static const AssayStoredEnd layouts[] = { { .end = NULL } };
static const char *const ignored[] = { NULL };

ASSAY_FAMILY_DEFINE (mamba) = { .name = "Mamba", .model_types = model_types, .architecture = "mamba", .configure = configure, .describe = describe, .prefix = "backbone.",
                                .layouts = layouts, .ignored = ignored, .embedding = "embeddings.weight", .head = "lm_head.weight" };
