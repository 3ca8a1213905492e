/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.h: what is walked, in which order, and where every buffer lives, all decided before the first kernel runs.
 *
 * A plan is one schedule of (rule, node) steps in two phases: `prepare` runs once for a batch, `apply` once for each direction.
 * A buffer is a (plane, value) pair; it lives from the first step that touches it to the last, or to the end of the plan when apply
 * reads what prepare wrote. Buffers whose lives do not meet share memory.
 * Planes: PRIMAL values, ADJOINT dX, TANGENT rX, TANGENT_ADJOINT rdX (for the Gauss-Newton product: the adjoint of the tangents).
 * Thread rule: immutable.
 */
#pragma once

#include "model/graph.h"

typedef enum { ASSAY_PRIMAL, ASSAY_ADJOINT, ASSAY_TANGENT, ASSAY_TANGENT_ADJOINT, ASSAY_N_PLANES } AssayPlane;

/* What a plan can do. */
typedef enum {
  ASSAY_WALK_FORWARD,           /* prepare: losses */
  ASSAY_WALK_GRADIENT,          /* prepare: losses and gradient */
  ASSAY_WALK_TANGENT,           /* prepare: primals kept; apply: derivatives of every loss along a direction */
  ASSAY_WALK_HESSIAN,           /* prepare: primals and adjoints kept; apply: Hessian-vector product */
  ASSAY_WALK_HESSIAN_COLD,      /* apply: everything in one walk, nothing kept */
  ASSAY_WALK_GAUSS_NEWTON       /* prepare: primals kept; apply: Gauss-Newton-vector product */
} AssayWalk;

typedef struct {
  AssayRule rule;
  guint node;
  gboolean is_gauss_newton;     /* a BWD (or GGN) step whose adjoints live in the TANGENT_ADJOINT plane */
  guint fresh;                  /* inputs whose adjoint this step defines */
} AssayPlanStep;

typedef struct _AssayPlan AssayPlan;

/* All about a walk but its graph. */
typedef struct {
  AssayWalk walk;
  AssayDtype dtype;
  gint64 K;                     /* directions that apply takes at once; below 2: one */
  AssayCompute compute;         /* of a walk in f32: how linear layers form their products; on a device BF16 is that of attention, and of what is stored, too */
  gboolean is_narrow;           /* values between operations are stored in bf16 where all that make and read them take them so: on a device alone */
  const guint *keep;
} AssayWalkSpec;

/* Whether such a walk on that backend, which may be NULL for the processor, stores values in bf16. */
gboolean   assay_walk_spec_is_narrow (const AssayWalkSpec *spec, const AssayBackend *backend);
/* Errors: UNSUPPORTED for a compute that is not FULL of another type than f32, on the processor for tf32 and for walks that are applied, too. */
gboolean   assay_walk_spec_check  (const AssayWalkSpec *spec, const AssayBackend *backend, GError **error);

/* keep: NULL or values (ASSAY_NO_VALUE-terminated) whose primal must still be readable after prepare; as ASSAY_KEEP_ADJOINT (value) its
 * adjoint, for walks that have one. */
#define ASSAY_KEEP_ADJOINT(value) ((guint) (value) | 1u << 31)
AssayPlan *assay_plan_new     (AssayGraph *graph, AssayWalk walk, AssayDtype dtype, const guint *keep);
/* Buffers of TANGENT and TANGENT_ADJOINT are K, one behind another. What is kept, losses and what an op saves of them are never narrow. */
AssayPlan *assay_plan_new_walk (AssayGraph *graph, const AssayWalkSpec *spec);
void       assay_plan_free    (AssayPlan *plan);

/* Steps 0 .. n_prepare-1 are prepare, the others apply. */
const AssayPlanStep *assay_plan_get_steps (const AssayPlan *plan, guint *n_prepare, guint *n_steps);
gsize      assay_plan_get_bytes (const AssayPlan *plan);         /* of the arena */
/* Byte offset of a buffer in the arena, or G_MAXSIZE when the plan never needs it. */
gsize      assay_plan_get_offset (const AssayPlan *plan, AssayPlane plane, guint value);
/* Bytes from the buffer of one direction to that of the next: 0 in planes that have one for all. */
gsize      assay_plan_get_apart  (const AssayPlan *plan, AssayPlane plane, guint value);
/* K, or 0 where nothing is applied. */
gint64     assay_plan_get_n_directions (const AssayPlan *plan);
/* Whether its buffers, in all planes, hold numbers of bf16. */
gboolean   assay_plan_is_narrow (const AssayPlan *plan, guint value);
AssayCost  assay_plan_get_cost (const AssayPlan *plan, gboolean apply);         /* of one direction */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayPlan, assay_plan_free)
