/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exec.h: walks a planned graph: losses, gradients, tangents, exact Hessian- and Gauss-Newton-vector products.
 *
 * One exec is one graph (so one batch size), one walk, one type, one backend. Everything is allocated when it is made; a walk
 * allocates nothing. Vectors theta, gradient, direction and product are flat, in the graph's parameter order, of the exec's type.
 *
 *   prepare   FORWARD, TANGENT, GAUSS_NEWTON: losses;   GRADIENT: losses and gradient;   HESSIAN: losses and adjoints
 *   apply     TANGENT: derivative of every loss along a direction;   HESSIAN(_COLD), GAUSS_NEWTON: product with a direction
 *
 * On a device inputs and buffers are still the caller's and the host's, and are copied around each walk (staging.h). So are vectors, unless the caller
 * keeps them in the backend's memory: then they stay there.
 *
 * The objective that is differentiated is sum_b weight_b loss_b.
 * Ownership: inputs, theta and vectors stay the caller's; they must be valid until the walk that uses them returns (theta and
 * inputs: until the last apply). Thread rule: one walk at a time per exec.
 * Cost: assay_exec_get_cost.
 * Source: Pearlmutter 1994; Schraudolph 2002 for the Gauss-Newton product; the manual's chapter on exact products.
 */
#pragma once

#include "model/packed_weights.h"
#include "model/plan.h"

typedef struct _AssayExec AssayExec;

/* keep: see assay_plan_new. Errors: not enough memory, with the bytes asked for. */
AssayExec  *assay_exec_new        (AssayGraph *graph, AssayWalk walk, AssayDtype dtype, AssayBackend *backend, const guint *keep,
                                   GError **error);
/* spec: is_narrow is found here. Errors: those of assay_walk_spec_check, too. */
AssayExec  *assay_exec_new_walk   (AssayGraph *graph, const AssayWalkSpec *spec, AssayBackend *backend, GError **error);
void        assay_exec_free       (AssayExec *exec);

AssayGraph *assay_exec_get_graph  (const AssayExec *exec);

/* Binds data of an INPUT value: contiguous, of the exec's type or gint32. In place of a constant of the graph, too. */
void        assay_exec_set_input  (AssayExec *exec, guint value, const void *data);
/* When on, every step's result is looked through, and the first NaN or infinity ends the walk with an ASSAY_ERROR_NAN that names the
 * tensor, the rule and the element. Costs one read of each result. */
void        assay_exec_set_check  (AssayExec *exec, gboolean check);
/* After such an error: the example of the batch that it is in, or -1 for a tensor without examples (a parameter). */
gint64      assay_exec_get_fault  (const AssayExec *exec);

/* On a device func gets a copy, which goes back, and can read no other buffers than those of assay_exec_set_edit_reads; what it does to data that are bound as
 * inputs is brought along. An intervention: func sees the value (of the exec's type, in the graph's shape) right after it was computed from theta and inputs, and
 * may change it in place, before anything reads it: ablation, patching, steering. One for each value; func NULL takes it away again.
 * Everything that is computed later in the walk follows from what func leaves. Rules of adjoints and tangents do not see the edit: it is
 * meant for walk FORWARD. Not of a value that a device stores in bf16: kept ones are not. */
typedef void (*AssayExecEdit) (const AssayGraphValue *value, void *data, gpointer user_data);
void        assay_exec_set_edit   (AssayExec *exec, guint value, AssayExecEdit func, gpointer user_data);
/* Primals that the edit of that value reads (assay_exec_get_buffer): kept ones, or what the rule that makes the value reads or writes. ASSAY_NO_VALUE ends
 * them; at most 4. */
void        assay_exec_set_edit_reads (AssayExec *exec, guint value, const guint *reads);

/* From here on linear layers multiply by these weights in the place of theta's. NULL: by theta's again. weights stays the caller's. Errors: UNSUPPORTED
 * for another walk than FORWARD or another type than f32: derivatives are of the weights as they are. */
gboolean    assay_exec_set_packed (AssayExec *exec, const AssayPackedWeights *weights, GError **error);
/* From here on walk FORWARD computes the last `rows` rows of value alone (0: none; all where it is no result of "linear"), at their place in its buffer,
 * and nothing that follows from it, the loss neither. */
void        assay_exec_set_wanted (AssayExec *exec, guint value, gint64 rows);

/* weights (B), or NULL: ones. gradient (P): walk GRADIENT writes it, HESSIAN too unless it is NULL; accumulate adds to it. */
gboolean    assay_exec_prepare    (AssayExec *exec, const void *theta, const void *weights, void *gradient, gboolean accumulate,
                                   GError **error);
/* Walk FORWARD of positions that follow `position` others: state holds, for each node, what AssayOp.state asked for of `capacity` positions, NULL for
 * nodes that keep nothing; they read and extend it. decoder.h does it in order. */
gboolean    assay_exec_continue   (AssayExec *exec, const void *theta, gint64 position, gint64 capacity, void *const *state, GError **error);
/* direction (P); product (P), written or added to; NULL with walk TANGENT. */
gboolean    assay_exec_apply      (AssayExec *exec, const void *direction, void *product, gboolean accumulate, GError **error);
/* The same along n directions (n,P), n at most the exec's K: values are read, and weights multiplied, for all of them step by step. products (n,P). Each has the bits
 * of apply. */
gboolean    assay_exec_apply_block (AssayExec *exec, gint64 n, const void *directions, void *products, gboolean accumulate, GError **error);

/* A buffer of the last walk; valid until the next one. The primal of an input is what was bound. NULL when the plan does not hold it; on a device only losses,
 * their tangents and what was asked to be kept are there. */
const void *assay_exec_get_buffer (const AssayExec *exec, AssayPlane plane, guint value);
/* On a device: from here on that kept buffer stays there and is not copied; get_there: where, or the device's copy of an input, or the parameter within theta. */
void        assay_exec_leave      (AssayExec *exec, AssayPlane plane, guint value);
const void *assay_exec_get_there  (const AssayExec *exec, AssayPlane plane, guint value);
const void *assay_exec_get_loss   (const AssayExec *exec);                     /* (B) */
const void *assay_exec_get_loss_tangent (const AssayExec *exec);               /* (B), after apply of TANGENT */
/* The buffer of TANGENT that direction k of the last block has. */
const void *assay_exec_get_tangent (const AssayExec *exec, gint64 k, guint value);
gsize       assay_exec_get_bytes  (const AssayExec *exec);                     /* arena and scratch */
AssayCost   assay_exec_get_cost   (const AssayExec *exec, gboolean apply);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayExec, assay_exec_free)
