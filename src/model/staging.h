/* SPDX-License-Identifier: GPL-3.0-or-later */
/* staging.h: what lies between a walk on a device and callers, whose arrays are the host's: inputs and vectors on their way in, vectors and what may be read on
 * their way back.
 *
 * A walk's vectors are theta, gradient, direction and product, flat, of its graph's parameters. One that is in the backend's memory is used where it is; of the
 * others the device has a copy, and what a walk adds to is brought first. Everything that the caller may read afterwards is copied once, when the walk ends, so that a failure is that walk's.
 * Ownership: the backend outlives it. Thread rule: that of the walk.
 */
#pragma once

#include "model/plan.h"

typedef enum { ASSAY_VECTOR_THETA, ASSAY_VECTOR_GRADIENT, ASSAY_VECTOR_DIRECTION, ASSAY_VECTOR_PRODUCT, ASSAY_N_VECTORS } AssayVector;

typedef struct _AssayStaging AssayStaging;

/* K: directions and products at once, as the plan has them. keep: as assay_plan_new has it; those, the losses of examples and positions, and their tangents, can be read. */
AssayStaging *assay_staging_new        (AssayGraph *graph, const AssayPlan *plan, AssayDtype dtype, gint64 K, AssayBackend *backend, const guint *keep);
void          assay_staging_free       (AssayStaging *staging);

/* From here on host is what is copied to the device before each walk. */
void          assay_staging_set_input  (AssayStaging *staging, guint value, const void *host);
/* Copies all that were set, and writes into inputs (values) where the device has them. Errors: NO_MEMORY. */
gboolean      assay_staging_send_inputs (AssayStaging *staging, const void **inputs, GError **error);

/* The device's n vectors, one behind another; with the host's numbers in them unless only their room is asked for. NULL and no error where host is NULL. */
gboolean      assay_staging_send       (AssayStaging *staging, AssayVector vector, gint64 n, const void *host, gboolean only_room, void **there, GError **error);
gboolean      assay_staging_fetch      (AssayStaging *staging, AssayVector vector, gint64 n, void *host, GError **error);

/* Copies what can be read out of the walk's arena. */
gboolean      assay_staging_fetch_all  (AssayStaging *staging, const char *arena, GError **error);
/* From here on that copy is not made at the end of a walk, and assay_staging_get has none. */
void          assay_staging_leave      (AssayStaging *staging, AssayPlane plane, guint value);
/* From here on a primal can be had while the walk goes on, by assay_staging_fetch_one: nothing when there is no such buffer. */
void          assay_staging_offer      (AssayStaging *staging, const AssayPlan *plan, guint value);
gboolean      assay_staging_fetch_one  (AssayStaging *staging, guint value, const char *arena, GError **error);
/* The copy, or NULL when it is none of those. */
const void   *assay_staging_get        (const AssayStaging *staging, AssayPlane plane, guint value);
/* What the caller bound as that input. */
const void   *assay_staging_get_input  (const AssayStaging *staging, guint value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayStaging, assay_staging_free)
