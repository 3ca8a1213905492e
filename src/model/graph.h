/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph.h: a static graph of operations: a flat array of nodes in the order of evaluation, and the values between them.
 *
 * Built once for a configuration and a batch size, then immutable; values of no size or of more than any machine holds are refused.
 * Parameters are slices of one flat vector theta, so gradients, products and scores have the type of theta. A builder's first error
 * sticks: later calls do nothing and assay_graph_finish reports it.
 * Ownership: the graph owns everything in it. Thread rule: immutable after assay_graph_finish, then shared freely.
 */
#pragma once

#include "ops/op.h"

#define ASSAY_NO_VALUE G_MAXUINT

typedef enum { ASSAY_VALUE_PARAM, ASSAY_VALUE_INPUT, ASSAY_VALUE_RESULT, ASSAY_VALUE_SAVED } AssayValueRole;

/* How a fresh parameter is drawn. */
typedef enum { ASSAY_INIT_ZERO, ASSAY_INIT_ONE, ASSAY_INIT_NORMAL, ASSAY_INIT_UNIFORM, ASSAY_INIT_LOG_PLACE, ASSAY_INIT_STEP, ASSAY_INIT_PLACE, ASSAY_INIT_RATE } AssayInitKind;
/* NORMAL: standard deviation; UNIFORM: half width; LOG_PLACE: log (1 + place on the last axis); STEP: what softplus makes a step between
 * a thousandth and a tenth of, evenly in its logarithm; PLACE: place on the last axis in lengths of it; RATE: logarithm of a rate of decay, from -5 to 3
 * evenly over the last axis. */
typedef struct { AssayInitKind kind; double scale; } AssayInit;

typedef struct {
  char *name;                   /* parameters: the checkpoint's name; results: the node's; saved: "node.h" */
  AssayValueRole role;
  gboolean is_index;            /* gint32 */
  gboolean is_active;           /* depends on a parameter: has a tangent, and an adjoint where the loss depends on it */
  gboolean reaches_loss;
  AssayShape shape;
  gint64 offset;                /* PARAM: first element in theta */
  AssayInit init;               /* PARAM */
  guint node;                   /* RESULT, SAVED: who writes it */
  const double *constant;       /* INPUT: the same numbers in every walk, which nobody has to set; NULL: an input of the caller's, or zeros */
  gboolean is_frozen;           /* INPUT: a parameter of the base of adapters (adapters.h), whose numbers are the adapters' */
  gboolean is_zero;             /* INPUT: 0 where nobody sets it */
} AssayGraphValue;

typedef struct {
  const AssayOp *op;
  guint n_in, n_out;
  guint in[ASSAY_OP_MAX_IN], out[ASSAY_OP_MAX_OUT];
  AssayShape in_shape[ASSAY_OP_MAX_IN], out_shape[ASSAY_OP_MAX_OUT];
  double attr[ASSAY_OP_MAX_ATTRS];
} AssayGraphNode;

typedef struct _AssayGraph AssayGraph;
typedef struct _AssayAdapters AssayAdapters;

AssayGraph *assay_graph_new        (void);
AssayGraph *assay_graph_ref        (AssayGraph *graph);
void        assay_graph_unref      (AssayGraph *graph);

/* The input of that name, added after this, becomes a parameter: it is a slice of theta and has tangents and adjoints like any other. */
void        assay_graph_make_parameter (AssayGraph *graph, const char *input);
/* Parameters that are added after this and are frozen by the adapters (NULL: none) become constants; modules get theirs from assay_block_add_linear. The graph refers to them. */
void        assay_graph_set_adapters (AssayGraph *graph, AssayAdapters *adapters);
const AssayAdapters *assay_graph_get_adapters (const AssayGraph *graph);
guint       assay_graph_add_input  (AssayGraph *graph, const char *name, gboolean is_index, AssayShape shape);
/* An input whose numbers belong to the graph; values (elements of the shape), copied. */
guint       assay_graph_add_constant (AssayGraph *graph, const char *name, AssayShape shape, const double *values);
/* An input, of indices or numbers, that is 0 everywhere unless a walk binds something else. */
guint       assay_graph_add_zeros  (AssayGraph *graph, const char *name, gboolean is_index, AssayShape shape);
/* Appends the parameter to theta. */
guint       assay_graph_add_param  (AssayGraph *graph, const char *name, AssayShape shape, AssayInit init);
/* Appends a node and returns its result. Attributes not given take their defaults. */
guint       assay_graph_add_node   (AssayGraph *graph, const char *op, const char *name, guint n_in, const guint *in,
                                    guint n_attr, const double *attr);
#define ASSAY_IN(...) (sizeof ((guint[]) { __VA_ARGS__ }) / sizeof (guint)), (const guint[]) { __VA_ARGS__ }
#define ASSAY_ATTRS(...) (sizeof ((double[]) { __VA_ARGS__ }) / sizeof (double)), (const double[]) { __VA_ARGS__ }
#define ASSAY_NO_ATTRS 0, NULL
/* Names the loss node's result (one loss per example) and what enters it. The op must be a LOSS. The first loss that is set stays the
 * model's own; a later one stands in its place (measure.h). */
void        assay_graph_set_loss   (AssayGraph *graph, guint loss);
/* FALSE with the first error of the building. */
gboolean    assay_graph_finish     (AssayGraph *graph, GError **error);

guint       assay_graph_get_n_values (const AssayGraph *graph);
guint       assay_graph_get_n_nodes  (const AssayGraph *graph);
const AssayGraphValue *assay_graph_get_value (const AssayGraph *graph, guint value);
const AssayGraphNode  *assay_graph_get_node  (const AssayGraph *graph, guint node);
gint64      assay_graph_get_n_params (const AssayGraph *graph);        /* P: elements of theta */
guint       assay_graph_get_loss     (const AssayGraph *graph);
guint       assay_graph_get_own_loss (const AssayGraph *graph);        /* what the model trains on */
guint       assay_graph_get_logits   (const AssayGraph *graph);        /* input 0 of its own loss */
gboolean    assay_graph_has_failed   (const AssayGraph *graph);        /* an error of the building sticks */
/* The saved loss per position, or ASSAY_NO_VALUE. */
guint       assay_graph_get_token_loss (const AssayGraph *graph);
/* The value of that name, or ASSAY_NO_VALUE. */
guint       assay_graph_find         (const AssayGraph *graph, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayGraph, assay_graph_unref)
