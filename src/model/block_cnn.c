/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block_cnn.c: LeNet-style networks: convolutions with activation and pooling, then fully connected layers. */
#include "model/block.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  { .name = "input", .type = ASSAY_PARAM_JSON, .help = "channels, height, width, for example [1, 28, 28]", .flags = ASSAY_PARAM_REQUIRED },
  { .name = "conv", .type = ASSAY_PARAM_JSON, .flags = ASSAY_PARAM_REQUIRED,
    .help = "layers: {\"out\", \"kernel\", \"stride\", \"padding\", \"groups\", \"activation\", \"pool\": {\"kind\": max|average|none, \"kernel\", \"stride\"}}" },
  { .name = "fc", .type = ASSAY_PARAM_JSON, .help = "widths after the flattened maps, the number of classes last", .flags = ASSAY_PARAM_REQUIRED },
  { .name = "fc-activation", .type = ASSAY_PARAM_CHOICE, .def.s = "relu", .choices = assay_block_activations,
    .help = "between fully connected layers" },
  { .name = "bias", .type = ASSAY_PARAM_BOOL, .def.b = TRUE, .help = "whether layers have a bias" },
  { .name = NULL }
};

static gint64
get_int (const json_t *object, const char *key, gint64 def)
{
  const json_t *value = json_object_get (object, key);

  return value ? json_integer_value (value) : def;
}

static const char *
get_word (const json_t *object, const char *key, const char *def)
{
  const char *word = json_string_value (json_object_get (object, key));

  return word ? word : def;
}

/* One convolution with what follows it. *shape is that of x, then of the result. */
static guint
add_conv (AssayGraph *graph, const json_t *layer, gsize index, gboolean bias, guint x, AssayShape *shape)
{
  gint64 groups = get_int (layer, "groups", 1), in = shape->dim[1] / groups, out = get_int (layer, "out", 0), k = get_int (layer, "kernel", 0);
  const json_t *pool = json_object_get (layer, "pool");
  const char *kind = get_word (pool, "kind", "none");
  g_autofree char *name = g_strdup_printf ("conv%" G_GSIZE_FORMAT, index), *act = g_strdup_printf ("conv%" G_GSIZE_FORMAT ".act", index);
  g_autofree char *weight = g_strconcat (name, ".weight", NULL), *bias_name = g_strconcat (name, ".bias", NULL);
  g_autofree char *pool_name = g_strconcat (name, ".pool", NULL);
  guint ids[3] = { x, assay_graph_add_param (graph, weight, ASSAY_SHAPE (out, in, k, k),
                                             (AssayInit) { ASSAY_INIT_UNIFORM, 1 / sqrt ((double) in * (double) k * (double) k) }) };

  if (bias)
    ids[2] = assay_graph_add_param (graph, bias_name, ASSAY_SHAPE (out), (AssayInit) { 0 });
  x = assay_graph_add_node (graph, "conv2d", name, bias ? 3 : 2, ids,
                            ASSAY_ATTRS (get_int (layer, "stride", 1), get_int (layer, "padding", 0), (double) groups));
  x = assay_block_add_activation (graph, get_word (layer, "activation", "relu"), act, x);
  if (strcmp (kind, "none") != 0)
    x = assay_graph_add_node (graph, strcmp (kind, "max") == 0 ? "max_pool" : "avg_pool", pool_name, ASSAY_IN (x),
                              ASSAY_ATTRS (get_int (pool, "kernel", 2), get_int (pool, "stride", get_int (pool, "kernel", 2))));
  if (x != ASSAY_NO_VALUE)
    *shape = assay_graph_get_value (graph, x)->shape;
  return x;
}

/* object[key] must be a whole number of at least `least`, or absent where it is optional. */
static gboolean
check_size (const json_t *object, const char *key, gint64 least, gboolean optional, const char *where, GError **error)
{
  const json_t *value = json_object_get (object, key);

  if ((value == NULL && optional) || (json_is_integer (value) && json_integer_value (value) >= least))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "cnn: %s: %s: a whole number, %" G_GINT64_FORMAT " or more, expected", where, key, least);
  return FALSE;
}

/* object[key] must be one of the choices, or absent. */
static gboolean
check_word (const json_t *object, const char *key, const char *const *choices, const char *where, GError **error)
{
  const json_t *value = json_object_get (object, key);
  const char *word = json_string_value (value);
  g_autofree char *all = NULL;

  if (value == NULL || (word != NULL && g_strv_contains (choices, word)))
    return TRUE;
  all = g_strjoinv (", ", (char **) choices);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "cnn: %s: %s: one of %s expected, %s%s%s found", where, key, all, word ? "\"" : "",
               word ? word : "what is no string", word ? "\"" : "");
  return FALSE;
}

/* A JSON object that has no other keys than these. */
static gboolean
check_keys (const json_t *object, const char *const *keys, const char *where, GError **error)
{
  const char *key, *near;
  json_t *value;

  if (!json_is_object (object))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "cnn: %s: a JSON object expected", where);
      return FALSE;
    }
  json_object_foreach ((json_t *) object, key, value)
    if (!g_strv_contains (keys, key))
      {
        near = assay_param_nearest (key, keys);
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, near ? "cnn: %s: there is no key \"%s\"; did you mean \"%s\"?"
                     : "cnn: %s: there is no key \"%s\"", where, key, near);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_pool (const json_t *pool, const char *where, GError **error)
{
  static const char *const keys[] = { "kind", "kernel", "stride", NULL }, *const kinds[] = { "none", "max", "average", NULL };

  return pool == NULL
         || (check_keys (pool, keys, where, error) && check_word (pool, "kind", kinds, where, error)
             && check_size (pool, "kernel", 1, TRUE, where, error) && check_size (pool, "stride", 1, TRUE, where, error));
}

static gboolean
check_conv (const json_t *layer, gsize index, GError **error)
{
  static const char *const keys[] = { "out", "kernel", "stride", "padding", "groups", "activation", "pool", NULL };
  g_autofree char *where = g_strdup_printf ("conv layer %" G_GSIZE_FORMAT, index), *of_pool = g_strconcat (where, ", pool", NULL);

  return check_keys (layer, keys, where, error) && check_size (layer, "out", 1, FALSE, where, error)
         && check_size (layer, "kernel", 1, FALSE, where, error) && check_size (layer, "stride", 1, TRUE, where, error)
         && check_size (layer, "padding", 0, TRUE, where, error) && check_size (layer, "groups", 1, TRUE, where, error)
         && check_word (layer, "activation", assay_block_activations, where, error)
         && check_pool (json_object_get (layer, "pool"), of_pool, error);
}

/* channels: what the layer is given, then what it gives. */
static gboolean
check_groups (const json_t *layer, gsize index, gint64 *channels, GError **error)
{
  gint64 in = *channels, groups = get_int (layer, "groups", 1);

  *channels = get_int (layer, "out", 0);
  if (in % groups == 0 && *channels % groups == 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "cnn: conv layer %" G_GSIZE_FORMAT ": groups: a divisor of its %" G_GINT64_FORMAT " channels in and %"
               G_GINT64_FORMAT " out expected, %" G_GINT64_FORMAT " found", index, in, *channels, groups);
  return FALSE;
}

static gboolean
are_sizes (const json_t *list, gsize least)
{
  gsize n = json_array_size (list);

  for (gsize i = 0; i < json_array_size (list); i++)
    n -= json_integer_value (json_array_get (list, i)) <= 0;
  return n == json_array_size (list) && n >= least;
}

static gboolean
check_config (const json_t *input, const json_t *conv, const json_t *fc, GError **error)
{
  gint64 channels;

  if (json_array_size (input) != 3 || !are_sizes (input, 3) || !json_is_array (conv) || !are_sizes (fc, 1))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "cnn: input of three positive sizes, a list conv and a list fc of positive sizes expected");
      return FALSE;
    }
  channels = json_integer_value (json_array_get (input, 0));
  for (gsize i = 0; i < json_array_size (conv); i++)
    if (!check_conv (json_array_get (conv, i), i + 1, error) || !check_groups (json_array_get (conv, i), i + 1, &channels, error))
      return FALSE;
  return TRUE;
}

static gboolean
build (const AssayValues *config, gint64 batch, AssayGraph *graph, GError **error)
{
  const json_t *input = assay_values_get_json (config, "input"), *conv = assay_values_get_json (config, "conv");
  const json_t *fc = assay_values_get_json (config, "fc");
  gboolean bias = assay_values_get_bool (config, "bias");
  AssayShape shape;
  gsize i;
  json_t *item;
  gint64 width;
  guint h, y;

  if (!check_config (input, conv, fc, error))
    return FALSE;
  shape = ASSAY_SHAPE (batch, json_integer_value (json_array_get (input, 0)), json_integer_value (json_array_get (input, 1)),
                       json_integer_value (json_array_get (input, 2)));
  h = assay_graph_add_input (graph, "x", FALSE, shape);
  y = assay_graph_add_input (graph, "y", TRUE, ASSAY_SHAPE (batch));
  json_array_foreach ((json_t *) conv, i, item)
    h = add_conv (graph, item, i + 1, bias, h, &shape);
  h = assay_graph_add_node (graph, "flatten", "flatten", ASSAY_IN (h), ASSAY_NO_ATTRS);
  width = assay_shape_count (&shape) / batch;
  json_array_foreach ((json_t *) fc, i, item)
    {
      g_autofree char *name = g_strdup_printf ("fc%" G_GSIZE_FORMAT, i + 1), *act = g_strdup_printf ("fc%" G_GSIZE_FORMAT ".act", i + 1);

      h = assay_block_add_linear (graph, name, h, width, json_integer_value (item), bias,
                              (AssayInit) { ASSAY_INIT_UNIFORM, 1 / sqrt ((double) width) });
      if (i + 1 < json_array_size (fc))
        h = assay_block_add_activation (graph, assay_values_get_string (config, "fc-activation"), act, h);
      width = json_integer_value (item);
    }
  assay_graph_set_loss (graph, assay_graph_add_node (graph, "xent", "loss", ASSAY_IN (h, y), ASSAY_NO_ATTRS));
  return TRUE;
}

ASSAY_BLOCK_DEFINE (cnn) = { .name = "cnn", .help = "convolutions with pooling, then fully connected layers", .data = ASSAY_DATA_FEATURES,
                             .params = params, .build = build };
