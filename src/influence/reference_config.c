/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_config.c: one function for each kind of case. */
#include "influence/reference_config.h"

#include "base/error.h"
#include "model/block.h"

#include <string.h>

/* What a builder reads from and writes to. */
typedef struct {
  const json_t *document, *architecture;
  const char *file;
  json_t *config;
} Reader;

gboolean
assay_reference_config_refuse (const char *file, const char *key, const char *expected, const json_t *found, GError **error)
{
  char *text = found ? json_dumps (found, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s: %s expected, %.60s found", file, key, expected,
               text ? text : "nothing");
  free (text);
  return FALSE;
}

gboolean
assay_reference_config_get_int (const json_t *document, const char *file, const char *section, const char *key, gint64 *value,
                                GError **error)
{
  const json_t *found = json_object_get (section ? json_object_get (document, section) : document, key);
  g_autofree char *path = section ? g_strconcat (section, ".", key, NULL) : g_strdup (key);

  if (!json_is_integer (found) || json_integer_value (found) <= 0)
    return assay_reference_config_refuse (file, path, "a positive whole number", found, error);
  *value = json_integer_value (found);
  return TRUE;
}

static gboolean
refuse (const Reader *r, const char *key, const char *expected, const json_t *found, GError **error)
{
  g_autofree char *path = g_strconcat ("architecture.", key, NULL);

  return assay_reference_config_refuse (r->file, path, expected, found, error);
}

/* config[name] <- architecture[key], a size. */
static gboolean
take_int (const Reader *r, const char *key, const char *name, GError **error)
{
  gint64 value;

  if (!assay_reference_config_get_int (r->document, r->file, "architecture", key, &value, error))
    return FALSE;
  json_object_set_new (r->config, name, json_integer (value));
  return TRUE;
}

static gboolean
take_number (const Reader *r, const char *key, const char *name, GError **error)
{
  json_t *value = json_object_get (r->architecture, key);

  if (!json_is_number (value))
    return refuse (r, key, "a number", value, error);
  json_object_set_new (r->config, name, json_real (json_number_value (value)));
  return TRUE;
}

/* The entry of `parameters` whose name ends so; NULL: there is none. */
static const json_t *
find_parameter (const Reader *r, const char *suffix)
{
  const json_t *list = json_object_get (r->document, "parameters");

  for (gsize i = 0; i < json_array_size (list); i++)
    {
      const char *name = json_string_value (json_object_get (json_array_get (list, i), "name"));

      if (name != NULL && g_str_has_suffix (name, suffix))
        return json_array_get (list, i);
    }
  return NULL;
}

/* A key that may be absent: then the list of parameters says it, and without a list the kind. */
static gboolean
take_bool (const Reader *r, const char *key, gboolean listed, gboolean def, GError **error)
{
  json_t *value = json_object_get (r->architecture, key);

  if (value != NULL && !json_is_boolean (value))
    return refuse (r, key, "true or false", value, error);
  if (json_array_size (json_object_get (r->document, "parameters")) > 0)
    def = listed;
  json_object_set_new (r->config, key, json_boolean (value ? json_is_true (value) : def));
  return TRUE;
}

static gboolean
take_bias (const Reader *r, const char *suffix, gboolean def, GError **error)
{
  return take_bool (r, "bias", find_parameter (r, suffix) != NULL, def, error);
}

static gboolean
take_tied (const Reader *r, gboolean def, GError **error)
{
  return take_bool (r, "tied", find_parameter (r, "lm_head.weight") == NULL, def, error);
}

static gboolean
expect_activation (const Reader *r, const char *key, const json_t *found, GError **error)
{
  g_autofree char *words = NULL, *expected = NULL;

  if (json_is_string (found) && g_strv_contains (assay_block_activations, json_string_value (found)))
    return TRUE;
  words = g_strjoinv (", ", (char **) assay_block_activations);
  expected = g_strconcat ("one of ", words, NULL);
  return refuse (r, key, expected, found, error);
}

/* The activation under a key that may be absent. */
static gboolean
take_activation (const Reader *r, const char *key, const char *name, const char *def, GError **error)
{
  json_t *value = json_object_get (r->architecture, key);

  if (value != NULL && !expect_activation (r, key, value, error))
    return FALSE;
  json_object_set_new (r->config, name, json_string (value ? json_string_value (value) : def));
  return TRUE;
}

static gboolean
is_list_of (const json_t *list, gsize least, gboolean (*is_member) (const json_t *))
{
  if (!json_is_array (list) || json_array_size (list) < least)
    return FALSE;
  for (gsize i = 0; i < json_array_size (list); i++)
    if (!is_member (json_array_get (list, i)))
      return FALSE;
  return TRUE;
}

static gboolean
is_size (const json_t *value)
{
  return json_is_integer (value) && json_integer_value (value) > 0;
}

static gboolean
is_object (const json_t *value)
{
  return json_is_object (value);
}

static gboolean
take_sizes (const Reader *r, const char *key, const char *name, gsize least, GError **error)
{
  json_t *value = json_object_get (r->architecture, key);

  if (!is_list_of (value, least, is_size))
    return refuse (r, key, "a list of positive whole numbers", value, error);
  json_object_set (r->config, name, value);
  return TRUE;
}

/* The module whose parameters come first: a logistic case may call its layer as it likes. */
static gboolean
take_module (const Reader *r, GError **error)
{
  json_t *name = json_object_get (json_array_get (json_object_get (r->document, "parameters"), 0), "name");
  const char *text = json_string_value (name);
  g_autofree char *module = NULL;

  if (text == NULL || !g_str_has_suffix (text, ".weight"))
    return assay_reference_config_refuse (r->file, "parameters[0].name", "MODULE.weight", name, error);
  module = g_strndup (text, strlen (text) - strlen (".weight"));
  json_object_set_new (r->config, "name", json_string (module));
  return TRUE;
}

static gboolean
read_logistic (const Reader *r, GError **error)
{
  json_object_set_new (r->config, "loss", json_string ("xent"));
  return take_int (r, "in", "inputs", error) && take_int (r, "classes", "outputs", error) && take_bias (r, ".bias", TRUE, error)
         && take_module (r, error);
}

static gboolean
read_mlp (const Reader *r, GError **error)
{
  json_t *acts = json_object_get (r->architecture, "acts");

  if (!take_sizes (r, "widths", "widths", 2, error))
    return FALSE;
  if (!json_is_array (acts) || json_array_size (acts) + 2 != json_array_size (json_object_get (r->config, "widths")))
    return refuse (r, "acts", "one word for each hidden layer", acts, error);
  for (gsize i = 0; i < json_array_size (acts); i++)
    if (!expect_activation (r, "acts", json_array_get (acts, i), error))
      return FALSE;
  json_object_set (r->config, "activations", acts);
  return take_bias (r, ".bias", TRUE, error);
}

/* layer[key] is a whole number of at least `least`; absent is fine where `optional`. */
static gboolean
expect_size (const Reader *r, const json_t *layer, const char *section, const char *key, gint64 least, gboolean optional, GError **error)
{
  json_t *value = json_object_get (layer, key);
  g_autofree char *name = g_strconcat (section, ".", key, NULL);

  if ((value == NULL && optional) || (json_is_integer (value) && json_integer_value (value) >= least))
    return TRUE;
  return refuse (r, name, least > 0 ? "a positive whole number" : "a whole number, 0 or more,", value, error);
}

static gboolean
expect_pool (const Reader *r, const json_t *pool, GError **error)
{
  static const char *const kinds[] = { "none", "max", "average", NULL };
  json_t *kind = json_object_get (pool, "kind");

  if (pool == NULL)
    return TRUE;
  if (!json_is_string (kind) || !g_strv_contains (kinds, json_string_value (kind)))
    return refuse (r, "conv[].pool.kind", "one of none, max, average", kind, error);
  return strcmp (json_string_value (kind), "none") == 0
         || (expect_size (r, pool, "conv[].pool", "kernel", 1, FALSE, error) && expect_size (r, pool, "conv[].pool", "stride", 1, TRUE, error));
}

/* One convolution that reads *channels maps; *channels becomes what it writes. */
static gboolean
read_conv (const Reader *r, const json_t *layer, json_t *copy, gint64 *channels, GError **error)
{
  static const char *const keys[] = { "out", "kernel", "stride", "padding", "pool" };
  json_t *act = json_object_get (layer, "act"), *in = json_object_get (layer, "in");

  if (!expect_size (r, layer, "conv[]", "out", 1, FALSE, error) || !expect_size (r, layer, "conv[]", "kernel", 1, FALSE, error)
      || !expect_size (r, layer, "conv[]", "stride", 1, TRUE, error) || !expect_size (r, layer, "conv[]", "padding", 0, TRUE, error)
      || !expect_activation (r, "conv[].act", act, error) || !expect_pool (r, json_object_get (layer, "pool"), error))
    return FALSE;
  if (in != NULL && json_integer_value (in) != *channels)
    {
      g_autofree char *expected = g_strdup_printf ("%" G_GINT64_FORMAT " channels", *channels);

      return refuse (r, "conv[].in", expected, in, error);
    }
  for (gsize k = 0; k < G_N_ELEMENTS (keys); k++)
    if (json_object_get (layer, keys[k]) != NULL)
      json_object_set (copy, keys[k], json_object_get (layer, keys[k]));
  json_object_set (copy, "activation", act);
  *channels = json_integer_value (json_object_get (layer, "out"));
  return TRUE;
}

/* fc[0] is what the maps flatten to: the inputs of fc1, whose shape is checked against our model's. */
static gboolean
take_fc (const Reader *r, GError **error)
{
  json_t *widths = json_object_get (r->architecture, "fc"), *ours, *shape = json_object_get (find_parameter (r, "fc1.weight"), "shape");

  if (!is_list_of (widths, 2, is_size))
    return refuse (r, "fc", "a list of positive whole numbers", widths, error);
  if (shape != NULL && !json_equal (json_array_get (widths, 0), json_array_get (shape, 1)))
    return refuse (r, "fc", "the inputs of fc1 first", widths, error);
  ours = json_copy (widths);
  json_array_remove (ours, 0);
  json_object_set_new (r->config, "fc", ours);
  return TRUE;
}

static gboolean
read_cnn (const Reader *r, GError **error)
{
  json_t *conv = json_object_get (r->architecture, "conv"), *layers = json_array (), *layer;
  gint64 channels;
  gsize i;

  json_object_set_new (r->config, "conv", layers);
  if (!take_sizes (r, "input", "input", 3, error))
    return FALSE;
  channels = json_integer_value (json_array_get (json_object_get (r->config, "input"), 0));
  if (!is_list_of (conv, 0, is_object))
    return refuse (r, "conv", "a list of layers", conv, error);
  json_array_foreach (conv, i, layer)
    {
      json_t *copy = json_object ();

      json_array_append_new (layers, copy);
      if (!read_conv (r, layer, copy, &channels, error))
        return FALSE;
    }
  return take_fc (r, error) && take_activation (r, "fc_act", "fc-activation", "none", error) && take_bias (r, ".bias", TRUE, error);
}

/* "sum": weight 1 at every position; "mean": weight 1/T. */
static gboolean
take_reduction (const Reader *r, GError **error)
{
  json_t *loss = json_object_get (r->document, "loss"), *word = json_object_get (loss, "token_reduction");
  json_t *weight = json_object_get (loss, "token_weight");
  const char *text = json_string_value (word);
  double T = json_integer_value (json_object_get (r->architecture, "T"));

  if (text == NULL || (strcmp (text, "sum") != 0 && strcmp (text, "mean") != 0))
    return assay_reference_config_refuse (r->file, "loss.token_reduction", "\"sum\" or \"mean\"", word, error);
  if (!json_is_number (weight) || json_number_value (weight) != (strcmp (text, "sum") == 0 ? 1 : 1 / T))
    return assay_reference_config_refuse (r->file, "loss.token_weight", "1 for sum, 1/T for mean", weight, error);
  json_object_set (r->config, "token-reduction", word);
  return TRUE;
}

static gboolean
read_transformer (const Reader *r, GError **error)
{
  return take_int (r, "V", "vocabulary", error) && take_int (r, "T", "context", error) && take_int (r, "d", "width", error)
         && take_int (r, "layers", "layers", error) && take_int (r, "heads", "heads", error) && take_int (r, "ffn", "mlp", error)
         && take_number (r, "eps", "eps", error) && take_reduction (r, error);
}

static gboolean
read_gpt2 (const Reader *r, GError **error)
{
  json_object_set_new (r->config, "names", json_string ("gpt2"));
  json_object_set_new (r->config, "norm", json_string ("layernorm"));
  json_object_set_new (r->config, "positions", json_string ("learned"));
  json_object_set_new (r->config, "gated", json_false ());
  return read_transformer (r, error) && take_activation (r, "act", "activation", "gelu_tanh", error)
         && take_bias (r, "attn.c_attn.bias", TRUE, error) && take_tied (r, TRUE, error);
}

static gboolean
read_llama (const Reader *r, GError **error)
{
  json_object_set_new (r->config, "names", json_string ("llama"));
  json_object_set_new (r->config, "norm", json_string ("rmsnorm"));
  json_object_set_new (r->config, "positions", json_string ("rotary"));
  json_object_set_new (r->config, "gated", json_true ());
  return read_transformer (r, error) && take_int (r, "kv_heads", "kv-heads", error) && take_number (r, "rope_theta", "rope-theta", error)
         && take_activation (r, "act", "activation", "silu", error) && take_bias (r, "self_attn.q_proj.bias", FALSE, error)
         && take_tied (r, FALSE, error);
}

static const struct {
  const char *kind, *architecture;
  gboolean (*read) (const Reader *r, GError **error);
} kinds[] = {
  { "logistic", "linear", read_logistic },
  { "mlp", "mlp", read_mlp },
  { "cnn", "cnn", read_cnn },
  { "transformer_gpt2", "transformer", read_gpt2 },
  { "transformer_llama", "transformer", read_llama },
};

gboolean
assay_reference_config_read (const json_t *document, const char *file, const char **architecture, json_t **config, GError **error)
{
  json_t *kind = json_object_get (document, "kind"), *sizes = json_object_get (document, "architecture");
  Reader r = { .document = document, .architecture = sizes, .file = file };

  if (!json_is_object (sizes))
    return assay_reference_config_refuse (file, "architecture", "an object", sizes, error);
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    if (json_is_string (kind) && strcmp (json_string_value (kind), kinds[k].kind) == 0)
      {
        r.config = json_object ();
        if (!kinds[k].read (&r, error))
          {
            json_decref (r.config);
            return FALSE;
          }
        *architecture = kinds[k].architecture;
        *config = r.config;
        return TRUE;
      }
  return assay_reference_config_refuse (file, "kind", "logistic, mlp, cnn, transformer_gpt2 or transformer_llama", kind, error);
}
