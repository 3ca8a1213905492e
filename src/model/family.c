/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family.c: the registry of families, and what their configurations have in common. */
#include "model/family.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayFamily assay_family_##name;
#include "model/families.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_family_##name,
static const AssayFamily *const families[] = {
#include "model/families.def"
  NULL };
#undef ASSAY_REGISTER

const AssayFamily *
assay_family_find (const char *model_type, GError **error)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (gsize k = 0; families[k] != NULL; k++)
    {
      g_autofree char *types = g_strjoinv (", ", (char **) families[k]->model_types);

      if (g_strv_contains (families[k]->model_types, model_type))
        return families[k];
      g_string_append_printf (all, "%s%s", k > 0 ? ", " : "", types);
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "model_type: one of %s expected, \"%s\" found", all->str, model_type);
  return NULL;
}

/* --- members of a configuration ------------------------------------------------------------------------------------------ */

gboolean
assay_family_get_size (const json_t *config, const char *key, json_int_t *value, GError **error)
{
  json_t *member = json_object_get (config, key);

  *value = json_integer_value (member);
  if (json_is_integer (member) && *value > 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a positive integer expected", key);
  return FALSE;
}

gboolean
assay_family_get_size_or (const json_t *config, const char *key, json_int_t otherwise, json_int_t *value, GError **error)
{
  json_t *member = json_object_get (config, key);

  *value = otherwise;
  return member == NULL || json_is_null (member) || assay_family_get_size (config, key, value, error);
}

double
assay_family_get_number_or (const json_t *config, const char *key, double otherwise)
{
  json_t *member = json_object_get (config, key);

  return json_is_number (member) ? json_number_value (member) : otherwise;
}

gboolean
assay_family_expect_switch (const json_t *config, const char *key, gboolean expected, GError **error)
{
  if (assay_json_get_switch (config, key, expected) == expected)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: %s expected; a model with another value computes another function than this program's", key,
               expected ? "true" : "false");
  return FALSE;
}

static const struct { const char *theirs, *ours; } activations[] = {
  { "gelu_new", "gelu_tanh" }, { "gelu_pytorch_tanh", "gelu_tanh" }, { "gelu_fast", "gelu_tanh" }, { "gelu", "gelu" }, { "relu", "relu" },
  { "silu", "silu" }, { "swish", "silu" }, { "tanh", "tanh" },
};

const char *
assay_family_get_activation (const json_t *config, const char *key, GError **error)
{
  const char *name = assay_json_get_text (config, key);

  for (gsize k = 0; k < G_N_ELEMENTS (activations); k++)
    if (strcmp (activations[k].theirs, name) == 0)
      return activations[k].ours;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: gelu_new, gelu, relu, silu or tanh expected, \"%s\" found", key,
               name[0] != '\0' ? name : "nothing");
  return NULL;
}

gboolean
assay_family_choose_context (gint64 has, gint64 *context, GError **error)
{
  if (*context == 0)
    *context = has;
  if (*context <= has)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "context: at most the model's %" G_GINT64_FORMAT " positions expected, %" G_GINT64_FORMAT " found", has,
               *context);
  return FALSE;
}

/* --- rotary positions ----------------------------------------------------------------------------------------------------- */

/* What scaling by `factor` multiplies rotated queries and keys by. Source: 2309.00071, equation 22. */
static double
yarn_magnitude (double factor, double scale)
{
  return factor <= 1 ? 1 : 0.1 * scale * log (factor) + 1;
}

static void
add_llama3 (const json_t *rope, json_int_t positions, json_t *ours)
{
  json_object_set_new (ours, "rope-scaling", json_string ("llama3"));
  json_object_set_new (ours, "rope-low", json_real (assay_family_get_number_or (rope, "low_freq_factor", 1)));
  json_object_set_new (ours, "rope-high", json_real (assay_family_get_number_or (rope, "high_freq_factor", 4)));
  json_object_set_new (ours, "rope-original", json_real (assay_family_get_number_or (rope, "original_max_position_embeddings", (double) positions)));
}

static void
add_yarn (const json_t *rope, json_int_t positions, double factor, json_t *ours)
{
  double mscale = assay_family_get_number_or (rope, "mscale", 0), all = assay_family_get_number_or (rope, "mscale_all_dim", 0);
  double magnitude = mscale != 0 && all != 0 ? yarn_magnitude (factor, mscale) / yarn_magnitude (factor, all) : yarn_magnitude (factor, 1);

  json_object_set_new (ours, "rope-scaling", json_string ("yarn"));
  json_object_set_new (ours, "rope-low", json_real (assay_family_get_number_or (rope, "beta_slow", 1)));
  json_object_set_new (ours, "rope-high", json_real (assay_family_get_number_or (rope, "beta_fast", 32)));
  json_object_set_new (ours, "rope-original", json_real (assay_family_get_number_or (rope, "original_max_position_embeddings", (double) positions)));
  json_object_set_new (ours, "rope-magnitude", json_real (assay_family_get_number_or (rope, "attention_factor", magnitude)));
}

/* rope_type, "type" in old files: what it does within the positions of the model. */
static gboolean
add_scaling (const json_t *rope, json_int_t positions, json_t *ours, GError **error)
{
  const char *type = assay_json_get_text (rope, json_object_get (rope, "rope_type") ? "rope_type" : "type");
  double original = assay_family_get_number_or (rope, "original_max_position_embeddings", (double) positions);
  double factor = assay_family_get_number_or (rope, "factor", (double) positions / original);

  if (type[0] == '\0' || strcmp (type, "default") == 0 || strcmp (type, "dynamic") == 0)      /* dynamic: beyond those positions only */
    return TRUE;
  json_object_set_new (ours, "rope-factor", json_real (factor));
  if (strcmp (type, "linear") == 0)
    json_object_set_new (ours, "rope-scaling", json_string ("linear"));
  else if (strcmp (type, "llama3") == 0)
    add_llama3 (rope, positions, ours);
  else if (strcmp (type, "yarn") == 0)
    {
      add_yarn (rope, positions, factor, ours);
      return assay_family_expect_switch (rope, "truncate", TRUE, error);
    }
  else
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "rope_type: default, linear, dynamic, llama3 or yarn expected, \"%s\" found", type);
      return FALSE;
    }
  return TRUE;
}

gboolean
assay_family_add_rope (const json_t *config, json_int_t head_size, json_int_t positions, json_t *ours, GError **error)
{
  const json_t *parameters = json_object_get (config, "rope_parameters"), *scaling = json_object_get (config, "rope_scaling");
  const json_t *rope = json_is_object (parameters) ? parameters : scaling;
  double theta = assay_family_get_number_or (config, "rope_theta", assay_family_get_number_or (config, "rotary_emb_base", 10000));
  double share = assay_family_get_number_or (config, "partial_rotary_factor", assay_family_get_number_or (config, "rotary_pct", 1));
  json_int_t turned;

  if (json_is_object (json_object_get (rope, "full_attention")) || json_is_object (json_object_get (rope, "sliding_attention")))
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "rope_parameters: one set for all layers expected, one for each type of layer found");
      return FALSE;
    }
  theta = assay_family_get_number_or (rope, "rope_theta", theta);
  share = assay_family_get_number_or (rope, "partial_rotary_factor", share);
  turned = (json_int_t) ((double) head_size * share);
  if (!(share > 0 && share <= 1) || turned < 2 || turned % 2 != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "partial_rotary_factor: an even number of a head's %" JSON_INTEGER_FORMAT " channels expected, "
                   "%" JSON_INTEGER_FORMAT " found", head_size, turned);
      return FALSE;
    }
  json_object_set_new (ours, "positions", json_string ("rotary"));
  json_object_set_new (ours, "rope-theta", json_real (theta));
  json_object_set_new (ours, "rope-size", json_integer (turned == head_size ? 0 : turned));
  return add_scaling (rope, positions, ours, error);
}
