/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block_linear.c: one affine layer: multinomial or binary logistic regression, or least squares. */
#include "model/block.h"

#include <string.h>

static const char *const losses[] = { "xent", "logistic", "squared", NULL };

static const AssayParam params[] = {
  { .name = "inputs", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1e9, .help = "features of an example", .flags = ASSAY_PARAM_REQUIRED },
  { .name = "outputs", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1e9, .help = "classes, or numbers predicted" },
  { .name = "bias", .type = ASSAY_PARAM_BOOL, .def.b = TRUE, .help = "whether there is an intercept" },
  { .name = "loss", .type = ASSAY_PARAM_CHOICE, .def.s = "xent", .choices = losses,
    .help = "xent: softmax cross-entropy; logistic: two classes, one logit; squared: half the squared error" },
  { .name = "name", .type = ASSAY_PARAM_STRING, .def.s = "fc", .help = "module name in checkpoints" },
  { .name = NULL }
};

static gboolean
build (const AssayValues *config, gint64 batch, AssayGraph *graph, GError **error)
{
  gint64 in = assay_values_get_int (config, "inputs"), out = assay_values_get_int (config, "outputs");
  const char *loss = assay_values_get_string (config, "loss");
  gboolean squared = strcmp (loss, "squared") == 0;
  guint x = assay_graph_add_input (graph, "x", FALSE, ASSAY_SHAPE (batch, in));
  guint y = assay_graph_add_input (graph, "y", !squared, squared ? ASSAY_SHAPE (batch, out) : ASSAY_SHAPE (batch));
  guint logits;

  (void) error;
  logits = assay_block_add_linear (graph, assay_values_get_string (config, "name"), x, in, strcmp (loss, "logistic") ? out : 1,
                               assay_values_get_bool (config, "bias"), (AssayInit) { 0 });
  assay_graph_set_loss (graph, assay_graph_add_node (graph, squared ? "squared_loss" : strcmp (loss, "logistic") ? "xent" : "logistic_loss",
                                                     "loss", ASSAY_IN (logits, y), ASSAY_NO_ATTRS));
  return TRUE;
}

ASSAY_BLOCK_DEFINE (linear) = { .name = "linear", .help = "one affine layer: logistic regression or least squares",
                                .data = ASSAY_DATA_FEATURES, .params = params, .build = build };
