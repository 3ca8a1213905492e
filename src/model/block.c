/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block.c: the registry of architectures, and the two pieces that most of them share. */
#include "model/block.h"

#include "base/error.h"
#include "model/adapters.h"

#include <math.h>
#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayBlock assay_block_##name;
#include "model/blocks.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_block_##name,
static const AssayBlock *const blocks[] = {
#include "model/blocks.def"
  NULL };
#undef ASSAY_REGISTER

const char *const assay_block_activations[] = { "none", "relu", "tanh", "sigmoid", "gelu", "gelu_tanh", "gelu_quick", "silu", "relu_squared", NULL };
const char *const assay_block_reductions[] = { "sum", "mean", NULL };

const AssayBlock *const *
assay_block_list (void)
{
  return blocks;
}

const AssayBlock *
assay_block_find (const char *name, GError **error)
{
  const char *names[G_N_ELEMENTS (blocks)] = { NULL };
  g_autofree char *all = NULL;

  for (gsize i = 0; blocks[i] != NULL; i++)
    {
      if (strcmp (blocks[i]->name, name) == 0)
        return blocks[i];
      names[i] = blocks[i]->name;
    }
  all = g_strjoinv (", ", (char **) names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "architecture: one of %s expected, \"%s\" found", all, name);
  return NULL;
}

/* y <- y + (alpha / r) B A x                                                                    name: of the sum */
static guint
add_adapters (AssayGraph *graph, const AssayAdapters *adapters, const char *name, guint x, gint64 in, gint64 out, guint y)
{
  const gint64 r = assay_adapters_get_rank (adapters);
  g_autofree char *a = g_strconcat (name, ".lora_A", NULL), *b = g_strconcat (name, ".lora_B", NULL), *scaled = g_strconcat (name, ".lora", NULL);
  g_autofree char *a_name = g_strconcat (a, ".weight", NULL), *b_name = g_strconcat (b, ".weight", NULL);
  const AssayInit evenly = { ASSAY_INIT_UNIFORM, 1 / sqrt ((double) in) };
  guint low = assay_graph_add_node (graph, "linear", a, ASSAY_IN (x, assay_graph_add_param (graph, a_name, ASSAY_SHAPE (r, in), evenly)), ASSAY_NO_ATTRS);
  guint back = assay_graph_add_node (graph, "linear", b, ASSAY_IN (low, assay_graph_add_param (graph, b_name, ASSAY_SHAPE (out, r), (AssayInit) { 0 })), ASSAY_NO_ATTRS);

  back = assay_graph_add_node (graph, "scale", scaled, ASSAY_IN (back), ASSAY_ATTRS (assay_adapters_get_scale (adapters)));
  return assay_graph_add_node (graph, "add", name, ASSAY_IN (y, back), ASSAY_NO_ATTRS);
}

guint
assay_block_add_linear (AssayGraph *graph, const char *name, guint x, gint64 in, gint64 out, gboolean bias, AssayInit init)
{
  const AssayAdapters *adapters = assay_graph_get_adapters (graph);
  gboolean is_adapted = adapters != NULL && assay_adapters_match (adapters, name);
  g_autofree char *weight_name = g_strconcat (name, ".weight", NULL), *bias_name = g_strconcat (name, ".bias", NULL);
  g_autofree char *node = is_adapted ? g_strconcat (name, ".base", NULL) : g_strdup (name);
  guint weight = assay_graph_add_param (graph, weight_name, ASSAY_SHAPE (out, in), init), y;

  if (bias)
    y = assay_graph_add_node (graph, "linear", node, ASSAY_IN (x, weight, assay_graph_add_param (graph, bias_name, ASSAY_SHAPE (out), (AssayInit) { 0 })), ASSAY_NO_ATTRS);
  else
    y = assay_graph_add_node (graph, "linear", node, ASSAY_IN (x, weight), ASSAY_NO_ATTRS);
  return is_adapted ? add_adapters (graph, adapters, name, x, in, out, y) : y;
}

guint
assay_block_add_activation (AssayGraph *graph, const char *activation, const char *name, guint x)
{
  if (strcmp (activation, "none") == 0)
    return x;
  return assay_graph_add_node (graph, activation, name, ASSAY_IN (x), ASSAY_NO_ATTRS);
}
