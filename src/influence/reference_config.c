/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_config.c: one function for each kind of case. */
#include "influence/reference_config.h"

#include "base/error.h"

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

/* A key that may be absent: then the default of the kind holds. */
static gboolean
take_bool (const Reader *r, const char *key, const char *name, gboolean def, GError **error)
{
  json_t *value = json_object_get (r->architecture, key);

  if (value != NULL && !json_is_boolean (value))
    return refuse (r, key, "true or false", value, error);
  json_object_set_new (r->config, name, json_boolean (value ? json_is_true (value) : def));
  return TRUE;
}

static gboolean
take_word (const Reader *r, const char *key, const char *name, const char *def, GError **error)
{
  json_t *value = json_object_get (r->architecture, key);

  if (value != NULL && !json_is_string (value))
    return refuse (r, key, "a word", value, error);
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
is_word (const json_t *value)
{
  return json_is_string (value);
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
  return take_int (r, "in", "inputs", error) && take_int (r, "classes", "outputs", error) && take_bool (r, "bias", "bias", TRUE, error)
         && take_module (r, error);
}

static gboolean
read_mlp (const Reader *r, GError **error)
{
  json_t *acts = json_object_get (r->architecture, "acts");

  if (!take_sizes (r, "widths", "widths", 2, error))
    return FALSE;
  if (!is_list_of (acts, 0, is_word) || json_array_size (acts) + 2 != json_array_size (json_object_get (r->config, "widths")))
    return refuse (r, "acts", "one word for each hidden layer", acts, error);
  json_object_set (r->config, "activations", acts);
  return take_bool (r, "bias", "bias", TRUE, error);
}

static gboolean
read_cnn (const Reader *r, GError **error)
{
  json_t *conv = json_object_get (r->architecture, "conv"), *layers = json_array (), *fc, *layer;
  gsize i;

  json_object_set_new (r->config, "conv", layers);
  if (!is_list_of (conv, 0, is_object))
    return refuse (r, "conv", "a list of layers", conv, error);
  json_array_foreach (conv, i, layer)
    {
      static const char *const keys[] = { "out", "kernel", "stride", "padding", "pool" };
      json_t *copy = json_object (), *act = json_object_get (layer, "act");

      json_array_append_new (layers, copy);
      for (gsize k = 0; k < G_N_ELEMENTS (keys); k++)
        if (json_object_get (layer, keys[k]) != NULL)
          json_object_set (copy, keys[k], json_object_get (layer, keys[k]));
      if (!json_is_string (act))
        return refuse (r, "conv[].act", "a word", act, error);
      json_object_set (copy, "activation", act);
    }
  /* The first width is what the maps flatten to; the shapes of the parameters are checked against ours. */
  if (!take_sizes (r, "input", "input", 3, error) || !take_sizes (r, "fc", "fc", 2, error))
    return FALSE;
  fc = json_copy (json_object_get (r->config, "fc"));
  json_array_remove (fc, 0);
  json_object_set_new (r->config, "fc", fc);
  return take_word (r, "fc_act", "fc-activation", "none", error) && take_bool (r, "bias", "bias", TRUE, error);
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
  return read_transformer (r, error) && take_word (r, "act", "activation", "gelu_tanh", error)
         && take_bool (r, "bias", "bias", TRUE, error) && take_bool (r, "tied", "tied", TRUE, error);
}

static gboolean
read_llama (const Reader *r, GError **error)
{
  json_object_set_new (r->config, "names", json_string ("llama"));
  json_object_set_new (r->config, "norm", json_string ("rmsnorm"));
  json_object_set_new (r->config, "positions", json_string ("rotary"));
  json_object_set_new (r->config, "gated", json_true ());
  return read_transformer (r, error) && take_int (r, "kv_heads", "kv-heads", error) && take_number (r, "rope_theta", "rope-theta", error)
         && take_word (r, "act", "activation", "silu", error) && take_bool (r, "bias", "bias", FALSE, error)
         && take_bool (r, "tied", "tied", FALSE, error);
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
