/* SPDX-License-Identifier: GPL-3.0-or-later */
/* device_index.h: a gradient index in the memory of a device, which looks at all rows there and lets those leave that may be among the k largest of a query.
 * Internal to this floor: index_search.h.
 *
 * Every row is multiplied whole. What comes back are the rows whose upper end is not below a threshold that the k-th largest lower end is not below: all that
 * are left, and some more.
 * Numerics: scores and bounds have the roundings of the plain loops over the same bytes and floats (kernels/index_scores.cu, index_candidates.cu), so that
 * intervals hold as they do here.
 * Cost: 2 N D operations of bytes and 2 N F of floats a query, F features of a row; 8 bytes a row and a query beside the index.
 * Shape letters: as gradient_index.h. Ownership: the index itself is not needed after it was sent; the device outlives this. Thread rule: that of the backend.
 */
#pragma once

#include "influence/index_tile.h"
#include "tensor/backend.h"

typedef struct _AssayDeviceIndex AssayDeviceIndex;

/* Errors: NO_MEMORY; those of the device. */
AssayDeviceIndex *assay_device_index_new  (const AssayGradientIndex *index, AssayBackend *device, GError **error);
void              assay_device_index_free (AssayDeviceIndex *self);

/* n rows of query q, ascending, with their scores and bounds in the query's unit. All NULL where n is more than there was room for. */
typedef void (*AssayDeviceIndexFunc) (gint64 q, gint64 n, const gint32 *rows, const float *sum, const float *bound, gpointer data);

/* Calls func for each of Q queries, tiles of ASSAY_INDEX_TILE of them each. is_signed: the largest scores, else the largest magnitudes; room: for rows of a
 * query. Errors: NO_MEMORY; those of the device. */
gboolean          assay_device_index_find (AssayDeviceIndex *self, gint64 Q, AssayIndexTile *const *tiles, gint64 k, gboolean is_signed, gint64 room,
                                           AssayDeviceIndexFunc func, gpointer data, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayDeviceIndex, assay_device_index_free)
