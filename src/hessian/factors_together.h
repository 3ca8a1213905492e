/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_together.h: sums of ranks that stay on their devices. Internal to this floor.
 *
 * All ranks make the same calls at the same time. Ownership: everything is the caller's. Thread rule: that of the collective.
 */
#pragma once

#include "base/collective.h"
#include "hessian/factors.h"

/* Whether all ranks have a device of their own, a library by which these send to each other, and room there (has_room, of this one): then they have joined.
 * Errors: those of the ranks; IO of the library, which ends all of them. Cost: a short message around the ring for each rank; the first time what the library
 * takes to connect them. */
gboolean assay_factors_join_ranks (AssayCollective *ranks, AssayBackend *device, gboolean has_room, gboolean *has_joined, GError **error);

/* Of sums and total (width) on the device. */
AssayCollectiveLane assay_factors_lane_of_device (AssayBackend *device, gint64 width, double *sums, double *total);
