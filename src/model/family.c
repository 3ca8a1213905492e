/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family.c: the registry of families, and what their configurations have in common. */
#include "model/family.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
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

json_t *
assay_family_configure (const AssayFamily *family, const json_t *config, gint64 context, GError **error)
{
  const json_t *quantised = json_object_get (config, "quantization_config");
  GError *first = NULL;
  json_t *ours;

  if (quantised != NULL && !json_is_null (quantised))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "quantization_config: none expected, quant_method \"%s\" found; convert the weights to bf16, f16 or f32",
                   assay_json_get_text (quantised, "quant_method"));
      return NULL;
    }
  ours = family->configure (config, context, &first);
  if (first == NULL)
    return ours;
  json_decref (ours);
  g_propagate_error (error, first);
  return NULL;
}

const AssayFamily *const *
assay_family_list (void)
{
  return families;
}

AssayStoredLayout
assay_family_find_layout (const AssayFamily *family, const char *name)
{
  for (const AssayStoredEnd *end = family->layouts; end->end != NULL; end++)
    if (g_str_has_suffix (name, end->end))
      return end->layout;
  return ASSAY_STORED_AS_OURS;
}

AssayShape
assay_family_stored_shape (AssayStoredLayout layout, const AssayShape *ours)
{
  if (layout == ASSAY_STORED_INPUT_MAJOR)
    return ASSAY_SHAPE (ours->dim[1], ours->dim[0]);
  return layout == ASSAY_STORED_AS_ONE_ROW ? ASSAY_SHAPE (1, 1, ours->dim[0]) : *ours;
}

gboolean
assay_family_stores_by_head (const AssayFamily *family)
{
  for (const AssayStoredEnd *end = family->layouts; end->end != NULL; end++)
    if (end->layout == ASSAY_STORED_BY_HEAD)
      return TRUE;
  return FALSE;
}

/* --- members of a configuration ------------------------------------------------------------------------------------------ */

/* The first error stays: what is read later may be wrong because of it. */
static void
refuse (const char *key, const char *expected, const json_t *found, GError **error)
{
  g_autofree char *cut = NULL;
  char *text;

  if (*error != NULL)
    return;
  text = found ? json_dumps (found, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_COMPACT) : NULL;
  cut = text && strlen (text) > 40 ? g_strdup_printf ("%.40s...", text) : g_strdup (text ? text : "nothing");
  free (text);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s expected, %s found", key, expected, cut);
}

gboolean
assay_family_get_size (const json_t *config, const char *key, json_int_t *value, GError **error)
{
  json_t *member = json_object_get (config, key);

  *value = json_integer_value (member);
  if (json_is_integer (member) && *value > 0)
    return TRUE;
  refuse (key, "a positive integer", member, error);
  return FALSE;
}

gboolean
assay_family_get_size_or (const json_t *config, const char *key, json_int_t otherwise, json_int_t *value, GError **error)
{
  json_t *member = json_object_get (config, key);

  *value = otherwise;
  return member == NULL || json_is_null (member) || assay_family_get_size (config, key, value, error);
}

gboolean
assay_family_get_count_or (const json_t *config, const char *key, json_int_t otherwise, json_int_t *value, GError **error)
{
  json_t *member = json_object_get (config, key);

  *value = json_is_integer (member) ? json_integer_value (member) : otherwise;
  if ((json_is_integer (member) && *value >= 0) || member == NULL || json_is_null (member))
    return TRUE;
  refuse (key, "a whole number from 0 on", member, error);
  return FALSE;
}

double
assay_family_get_number_or (const json_t *config, const char *key, double otherwise, GError **error)
{
  json_t *member = json_object_get (config, key);

  if (json_is_number (member))
    return json_number_value (member);
  if (member != NULL && !json_is_null (member))
    refuse (key, "a number", member, error);
  return otherwise;
}

gboolean
assay_family_get_switch_or (const json_t *config, const char *key, gboolean otherwise, GError **error)
{
  json_t *member = json_object_get (config, key);

  if (json_is_boolean (member))
    return json_is_true (member);
  if (member != NULL && !json_is_null (member))
    refuse (key, "true or false", member, error);
  return otherwise;
}

gboolean
assay_family_expect_switch (const json_t *config, const char *key, gboolean expected, GError **error)
{
  gboolean found = assay_family_get_switch_or (config, key, expected, error);

  if (*error == NULL && found != expected)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: %s expected; a model with another value computes another function than this program's", key,
                 expected ? "true" : "false");
  return *error == NULL;
}

static const struct { const char *theirs, *ours; } activations[] = {
  { "gelu_new", "gelu_tanh" }, { "gelu", "gelu" }, { "gelu_pytorch_tanh", "gelu_tanh" }, { "gelu_fast", "gelu_tanh" }, { "gelu_accurate", "gelu_tanh" },
  { "gelu_python_tanh", "gelu_tanh" }, { "gelu_python", "gelu" }, { "quick_gelu", "gelu_quick" }, { "relu", "relu" }, { "relu2", "relu_squared" },
  { "silu", "silu" }, { "swish", "silu" }, { "sigmoid", "sigmoid" }, { "tanh", "tanh" }, { "linear", "none" },
};

const char *
assay_family_get_activation (const json_t *config, const char *key, const char *otherwise, GError **error)
{
  const json_t *member = json_object_get (config, key);
  const char *name = member ? assay_json_get_text (config, key) : otherwise;
  g_autoptr (GString) all = g_string_new (NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (activations); k++)
    {
      if (strcmp (activations[k].theirs, name) == 0)
        return activations[k].ours;
      g_string_append_printf (all, "%s%s", k == 0 ? "" : k + 1 < G_N_ELEMENTS (activations) ? ", " : " or ", activations[k].theirs);
    }
  if (*error == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: %s expected, \"%s\" found", key, all->str, name[0] != '\0' ? name : "no word");
  return NULL;
}

gboolean
assay_family_choose_context (gint64 has, gint64 *context, GError **error)
{
  if (*context == 0)
    *context = has;
  if (*context <= has)
    return TRUE;
  if (*error == NULL)
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
set_number (json_t *ours, const char *name, double value)
{
  json_object_set_new (ours, name, json_real (value));
}

static void
add_llama3 (const json_t *rope, double original, json_t *ours, GError **error)
{
  json_object_set_new (ours, "rope-scaling", json_string ("llama3"));
  set_number (ours, "rope-low", assay_family_get_number_or (rope, "low_freq_factor", 1, error));
  set_number (ours, "rope-high", assay_family_get_number_or (rope, "high_freq_factor", 4, error));
  set_number (ours, "rope-original", original);
}

static void
add_yarn (const json_t *rope, double original, double factor, json_t *ours, GError **error)
{
  double mscale = assay_family_get_number_or (rope, "mscale", 0, error), all = assay_family_get_number_or (rope, "mscale_all_dim", 0, error);
  double magnitude = mscale != 0 && all != 0 ? yarn_magnitude (factor, mscale) / yarn_magnitude (factor, all) : yarn_magnitude (factor, 1);

  json_object_set_new (ours, "rope-scaling", json_string (assay_family_get_switch_or (rope, "truncate", TRUE, error) ? "yarn" : "yarn-exact"));
  set_number (ours, "rope-low", assay_family_get_number_or (rope, "beta_slow", 1, error));
  set_number (ours, "rope-high", assay_family_get_number_or (rope, "beta_fast", 32, error));
  set_number (ours, "rope-original", original);
  set_number (ours, "rope-magnitude", assay_family_get_number_or (rope, "attention_factor", magnitude, error));
}

/* rope_type, "type" in old files: what it does within the positions of the model. */
static void
add_scaling (const json_t *config, const json_t *rope, json_int_t positions, json_t *ours, GError **error)
{
  const char *key = json_object_get (rope, "rope_type") ? "rope_type" : "type", *type = assay_json_get_text (rope, key);
  double original = assay_family_get_number_or (config, "original_max_position_embeddings",
                                                assay_family_get_number_or (rope, "original_max_position_embeddings", (double) positions, error), error);
  double factor = assay_family_get_number_or (rope, "factor", (double) positions / original, error);

  if (json_object_get (rope, key) == NULL || strcmp (type, "default") == 0 || strcmp (type, "dynamic") == 0)  /* dynamic: beyond those positions only */
    return;
  set_number (ours, "rope-factor", factor);
  if (strcmp (type, "linear") == 0)
    json_object_set_new (ours, "rope-scaling", json_string ("linear"));
  else if (strcmp (type, "llama3") == 0)
    add_llama3 (rope, original, ours, error);
  else if (strcmp (type, "yarn") == 0)
    add_yarn (rope, original, factor, ours, error);
  else if (*error == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: default, linear, dynamic, llama3 or yarn expected, \"%s\" found", key, type);
}

/* What holds the scaling: the word of version 4 where it says something, as the library has it. */
static const json_t *
find_rope (const json_t *config, GError **error)
{
  const json_t *parameters = json_object_get (config, "rope_parameters"), *scaling = json_object_get (config, "rope_scaling");

  if (scaling != NULL && !json_is_null (scaling) && !json_is_object (scaling))
    refuse ("rope_scaling", "an object", scaling, error);
  if (parameters != NULL && !json_is_null (parameters) && !json_is_object (parameters))
    refuse ("rope_parameters", "an object", parameters, error);
  return json_object_size (scaling) > 0 ? scaling : parameters;
}

/* Channels of a head that turn; 0 with an error. */
static json_int_t
count_turned (json_int_t head_size, double share, GError **error)
{
  json_int_t turned = share > 0 && share <= 1 ? (json_int_t) ((double) head_size * share) : 0;

  if (turned >= 2 && turned % 2 == 0)
    return turned;
  if (*error == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "partial_rotary_factor: an even number of a head's %" JSON_INTEGER_FORMAT " channels expected, "
                 "%g of them found, %" JSON_INTEGER_FORMAT, head_size, share, turned);
  return 0;
}

gboolean
assay_family_add_rope (const json_t *config, const AssayRopeWords *words, json_int_t head_size, json_int_t positions, json_t *ours, GError **error)
{
  const json_t *rope = find_rope (config, error);
  double theta = assay_family_get_number_or (rope, "rope_theta", assay_family_get_number_or (config, words->theta, 10000, error), error);
  double share = assay_family_get_number_or (rope, "partial_rotary_factor", assay_family_get_number_or (config, words->share, words->otherwise_share, error), error);
  json_int_t turned = count_turned (head_size, share, error);

  if (*error == NULL && (json_is_object (json_object_get (rope, "full_attention")) || json_is_object (json_object_get (rope, "sliding_attention"))))
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "rope_parameters: one set for all layers expected, one for each type of layer found");
  json_object_set_new (ours, "positions", json_string ("rotary"));
  set_number (ours, "rope-theta", theta);
  json_object_set_new (ours, "rope-size", json_integer (turned == head_size ? 0 : turned));
  add_scaling (config, rope, positions, ours, error);
  return *error == NULL;
}

/* --- the way back --------------------------------------------------------------------------------------------------------- */

const char *
assay_family_name_activation (const char *ours)
{
  for (gsize k = 0; k < G_N_ELEMENTS (activations); k++)
    if (strcmp (activations[k].ours, ours) == 0)
      return activations[k].theirs;
  return ours;
}

void
assay_family_describe_rope (const AssayValues *config, json_t *theirs)
{
  static const struct { const char *scaling, *theirs, *ours; } members[] = {
    { "llama3", "low_freq_factor", "rope-low" }, { "llama3", "high_freq_factor", "rope-high" }, { "llama3", "original_max_position_embeddings", "rope-original" },
    { "yarn", "beta_slow", "rope-low" }, { "yarn", "beta_fast", "rope-high" }, { "yarn", "original_max_position_embeddings", "rope-original" },
    { "yarn", "attention_factor", "rope-magnitude" },
  };
  const char *scaling = assay_values_get_string (config, "rope-scaling");
  json_t *rope;

  json_object_set_new (theirs, "rope_theta", json_real (assay_values_get_double (config, "rope-theta")));
  if (strcmp (scaling, "none") == 0)
    return;
  rope = json_pack ("{s:s, s:f}", "rope_type", scaling, "factor", assay_values_get_double (config, "rope-factor"));
  for (gsize k = 0; k < G_N_ELEMENTS (members); k++)
    if (strcmp (members[k].scaling, scaling) == 0)
      {
        const double value = assay_values_get_double (config, members[k].ours);
        gboolean is_count = g_str_has_prefix (members[k].theirs, "original");

        json_object_set_new (rope, members[k].theirs, is_count ? json_integer ((json_int_t) value) : json_real (value));
      }
  json_object_set_new (theirs, "rope_scaling", rope);
}
