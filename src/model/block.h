/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block.h: an architecture: a table of parameters and a function that builds its graph. One block_*.c and one line in local.mk each.
 *
 * Inputs have fixed names, so that a data set can be bound to any architecture:
 *   features:  "x" (B, ...)   "y" labels gint32 (B), or targets (B, outputs) with a squared loss
 *   tokens:    "tokens" gint32 (B,T)   "targets" gint32 (B,T)   "weight" (B,T): 0 where a position does not count
 *              Some have more that is 0 where nobody binds it: "token_types" gint32 (B,T).
 * Results keep the names of the modules, so that a tap is a name ("h.0.mlp.act").
 */
#pragma once

#include "model/graph.h"

typedef enum { ASSAY_DATA_FEATURES, ASSAY_DATA_TOKENS } AssayDataKind;

typedef struct {
  const char *name, *help;
  AssayDataKind data;
  gboolean looks_ahead;         /* a position depends on those behind it: nothing is generated, and no position is without influence on the loss */
  const AssayParam *params;
  /* Adds inputs, parameters, nodes and the loss. Errors stick to the graph; only what the graph cannot see is set here. */
  gboolean (*build) (const AssayValues *config, gint64 batch, AssayGraph *graph, GError **error);
} AssayBlock;

#define ASSAY_BLOCK_DEFINE(symbol)                                                                                      \
  extern const AssayBlock assay_block_##symbol;                                                                         \
  const AssayBlock assay_block_##symbol

const AssayBlock *assay_block_find (const char *name, GError **error);
const AssayBlock *const *assay_block_list (void);                 /* NULL-terminated */

/* For builders: y = W x + b with parameters "name.weight" [out, in] and "name.bias"; the node is called name. Where the graph has adapters for
 * it, they are added, and name is the sum. */
guint assay_block_add_linear (AssayGraph *graph, const char *name, guint x, gint64 in, gint64 out, gboolean bias, AssayInit init);
/* y = phi (x); activation is the op's name or "none". */
guint assay_block_add_activation (AssayGraph *graph, const char *activation, const char *name, guint x);
/* The activations that architectures may name. */
extern const char *const assay_block_activations[];
extern const char *const assay_block_reductions[];

/* Parameters that architectures of tokens share, for their tables. */
#define ASSAY_BLOCK_TOKENS \
  { .name = "vocabulary", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1e8, .flags = ASSAY_PARAM_REQUIRED, .help = "distinct tokens" }, \
  { .name = "context", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1e7, .unit = "tokens", .flags = ASSAY_PARAM_REQUIRED, .help = "positions of an example" }
#define ASSAY_BLOCK_POSITIONS_SIZE \
  { .name = "positions-size", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e7, .unit = "tokens", .flags = ASSAY_PARAM_ADVANCED, \
    .help = "rows of the table of learned positions; 0: as many as context" }
#define ASSAY_BLOCK_TIED \
  { .name = "tied", .type = ASSAY_PARAM_BOOL, .def.b = TRUE, .help = "whether the head is the embedding" }
#define ASSAY_BLOCK_REDUCTION \
  { .name = "token-reduction", .type = ASSAY_PARAM_CHOICE, .def.s = "sum", .choices = assay_block_reductions, \
    .help = "loss of an example: sum or mean over its counted positions" }
