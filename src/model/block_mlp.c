/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block_mlp.c: fully connected layers fc1 .. fcL with an activation after each but the last. */
#include "model/block.h"

#include "base/error.h"

#include <math.h>

static const AssayParam params[] = {
  { .name = "widths", .type = ASSAY_PARAM_JSON, .help = "inputs, hidden widths and outputs, for example [784, 128, 10]",
    .flags = ASSAY_PARAM_REQUIRED },
  { .name = "activations", .type = ASSAY_PARAM_LIST, .help = "one for each hidden layer; one alone serves all (default relu)" },
  { .name = "bias", .type = ASSAY_PARAM_BOOL, .def.b = TRUE, .help = "whether layers have a bias" },
  { .name = NULL }
};

static gboolean
build (const AssayValues *config, gint64 batch, AssayGraph *graph, GError **error)
{
  const json_t *widths = assay_values_get_json (config, "widths");
  const char *const *acts = assay_values_get_list (config, "activations");
  gsize n = json_array_size (widths), n_acts = g_strv_length ((char **) acts);
  guint h, y;

  for (gsize l = 0; l < n; l++)
    if (json_integer_value (json_array_get (widths, l)) <= 0)
      n = 0;
  if (n < 2 || (n_acts > 1 && n_acts != n - 2))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "mlp: widths must be two or more positive numbers, and activations none, one, "
                   "or one for each hidden layer");
      return FALSE;
    }
  for (gsize l = 0; l < n_acts; l++)
    if (!g_strv_contains (assay_block_activations, acts[l]))
      {
        g_autofree char *all = g_strjoinv (", ", (char **) assay_block_activations);

        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "mlp: activations: each one of %s expected, \"%s\" found", all, acts[l]);
        return FALSE;
      }
  h = assay_graph_add_input (graph, "x", FALSE, ASSAY_SHAPE (batch, json_integer_value (json_array_get (widths, 0))));
  y = assay_graph_add_input (graph, "y", TRUE, ASSAY_SHAPE (batch));
  for (gsize l = 1; l < n; l++)
    {
      gint64 in = json_integer_value (json_array_get (widths, l - 1)), out = json_integer_value (json_array_get (widths, l));
      g_autofree char *name = g_strdup_printf ("fc%" G_GSIZE_FORMAT, l), *act = g_strdup_printf ("act%" G_GSIZE_FORMAT, l);

      h = assay_block_add_linear (graph, name, h, in, out, assay_values_get_bool (config, "bias"),
                              (AssayInit) { ASSAY_INIT_UNIFORM, 1 / sqrt ((double) in) });
      if (l + 1 < n)
        h = assay_block_add_activation (graph, n_acts == 0 ? "relu" : acts[n_acts == 1 ? 0 : l - 1], act, h);
    }
  assay_graph_set_loss (graph, assay_graph_add_node (graph, "xent", "loss", ASSAY_IN (h, y), ASSAY_NO_ATTRS));
  return TRUE;
}

ASSAY_BLOCK_DEFINE (mlp) = { .name = "mlp", .help = "fully connected layers", .data = ASSAY_DATA_FEATURES, .params = params,
                             .build = build };
