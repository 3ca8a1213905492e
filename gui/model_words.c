/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_words.c: an architecture as a sentence. */
#include "gui/model_card.h"

#include "base/json.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <string.h>

static char *
count (const json_t *config, const char *key)
{
  return assay_view_count (json_integer_value (json_object_get (config, key)));
}

/* "784, 128 and 10" */
static char *
join_numbers (const json_t *list)
{
  GString *text = g_string_new (NULL);
  gsize k, n = json_array_size (list);
  json_t *item;

  json_array_foreach (list, k, item)
    {
      g_autofree char *number = assay_view_count (json_integer_value (item));

      g_string_append_printf (text, "%s%s", k == 0 ? "" : k + 1 == n ? _(" and ") : ", ", number);
    }
  return g_string_free (text, FALSE);
}

static char *
describe_transformer (const json_t *config)
{
  g_autofree char *layers = count (config, "layers"), *width = count (config, "width"), *heads = count (config, "heads");
  g_autofree char *context = count (config, "context"), *vocabulary = count (config, "vocabulary");

  return g_strdup_printf (_("A transformer of %s layers, %s wide, with %s attention heads in each. It reads up to %s tokens out of %s and predicts the next."),
                          layers, width, heads, context, vocabulary);
}

static char *
describe_linear (const json_t *config)
{
  g_autofree char *inputs = count (config, "inputs"), *outputs = count (config, "outputs");
  const char *loss = assay_json_get_text (config, "loss");

  if (strcmp (loss, "squared") == 0)
    return g_strdup_printf (_("A linear regression: %s weighted inputs, squared error."), inputs);
  if (strcmp (loss, "logistic") == 0)
    return g_strdup_printf (_("A logistic regression: %s weighted inputs, two classes."), inputs);
  return g_strdup_printf (_("A softmax regression: %s weighted inputs, %s classes."), inputs, outputs);
}

static char *
describe_mlp (const json_t *config)
{
  const json_t *widths = json_object_get (config, "widths");
  g_autofree char *all = join_numbers (widths);

  return g_strdup_printf (_("A fully connected network of %d layers; from input to output %s units wide."), (int) json_array_size (widths) - 1, all);
}

static char *
describe_cnn (const json_t *config)
{
  g_autofree char *widths = join_numbers (json_object_get (config, "fc"));

  return g_strdup_printf (_("A convolutional network: %d layers of convolutions, then fully connected ones %s units wide."),
                          (int) json_array_size (json_object_get (config, "conv")), widths);
}

char *
assay_model_describe (const json_t *spec)
{
  static const struct { const char *architecture; char *(*describe) (const json_t *config); } words[] = {
    { "transformer", describe_transformer }, { "linear", describe_linear }, { "mlp", describe_mlp }, { "cnn", describe_cnn },
  };
  const char *architecture = assay_json_get_text (spec, "architecture");

  for (gsize k = 0; k < G_N_ELEMENTS (words); k++)
    if (strcmp (architecture, words[k].architecture) == 0)
      return words[k].describe (json_object_get (spec, "config"));
  return architecture[0] ? g_strdup_printf (_("A model of the architecture %s."), architecture) : g_strdup (_("A model whose record does not say what it is."));
}
