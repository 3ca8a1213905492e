/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sweep.h: one kind of walk over all examples of a point, micro-batch after micro-batch. Internal to this floor.
 *
 * As many micro-batches as the point's memory allows keep a walk of their own, prepared once (primals, and adjoints for the Hessian);
 * the others share one and are prepared each time. Kept or not, a micro-batch gives the same bits. A device that has less memory than that keeps fewer, and
 * where a walk's results are of one example each (FORWARD, TANGENT) its micro-batches become smaller; both change no bits.
 * Shape letters: N examples, B examples of a micro-batch, P parameters.
 * Ownership: a sweep copies theta and the list of examples. Thread rule: one thread at a time. Nothing allocates after assay_sweep_new and
 * assay_sweep_widen.
 */
#pragma once

#include "hessian/point.h"

typedef struct _AssaySweep AssaySweep;

/* Walks are made for one direction at a time. dtype: the point's, or C128. A HESSIAN sweep of a point without memory walks HESSIAN_COLD. */
AssaySweep *assay_sweep_new        (const AssayPoint *point, AssayWalk walk, AssayDtype dtype, GError **error);
void        assay_sweep_free       (AssaySweep *sweep);

/* From here on walks are applied along up to K directions at once, or along as many as let one walk take no more than `memory`, and fit on the device; walks are
 * made and prepared anew. Nothing is done on the processor, where it saves no time, where K was asked for before, and for walks that are not applied. More
 * than ASSAY_SWEEP_BLOCK counts as that. Errors: NO_MEMORY. */
#define ASSAY_SWEEP_BLOCK 16            /* products are large by then */
gboolean    assay_sweep_widen      (AssaySweep *sweep, gint64 K, gsize memory, GError **error);
gint64      assay_sweep_get_block  (const AssaySweep *sweep);             /* directions at once */

gint64      assay_sweep_get_n      (const AssaySweep *sweep);             /* N */
gint64      assay_sweep_get_n_params (const AssaySweep *sweep);           /* P */
guint       assay_sweep_get_n_batches (const AssaySweep *sweep);
guint       assay_sweep_get_n_kept (const AssaySweep *sweep);
/* The first example of a micro-batch, and how many there are. */
gint64      assay_sweep_get_range  (const AssaySweep *sweep, guint batch, gint64 *n);
/* theta (P) of the walks, in the backend's memory. Whoever writes to it must not use a sweep that keeps. */
void       *assay_sweep_get_theta  (AssaySweep *sweep);

/* The walk of a micro-batch, its data bound. */
AssayExec  *assay_sweep_bind       (AssaySweep *sweep, guint batch, GError **error);
/* The same, prepared at theta with weight 1 on every example. */
AssayExec  *assay_sweep_prepare    (AssaySweep *sweep, guint batch, GError **error);

/* After a result of this micro-batch that was not finite: walks it once more, looking at every tensor, and sets the error that names
 * the first one with its example. weights (B) as they were given, or NULL; direction (P) or NULL: prepare only. what: the operator. */
void        assay_sweep_locate_nan (AssaySweep *sweep, guint batch, const char *what, const void *weights, const void *direction,
                                    void *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySweep, assay_sweep_free)
