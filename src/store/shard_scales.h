/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_scales.h: dimension scales of a shard: which axes exist, which arrays use them, and the two lists that tie them together.
 *
 * A scale lives in the group of the arrays that use it, under the axis' name; a group whose arrays use an axis of the same name and
 * length from elsewhere gets a hard link to it. So xarray, h5py and h5web all find the coordinates beside the array.
 * Thread rule: the store's thread only. Internal to this floor.
 */
#pragma once

#include "store/shard_file.h"

typedef struct _AssayScaledArray AssayScaledArray;

void     assay_scaled_array_free       (AssayScaledArray *self);
void     assay_shard_axes_free         (AssayShardFile *self);

/* Path of axis name in the group of the array at array_path. Owns: the caller. */
char    *assay_shard_axis_path         (const char *array_path, const char *name);

/* Remembers a new array; finds or makes its axes, but for the growing first one. Errors: SHAPE when an axis has another length. */
gboolean assay_shard_scales_add_array  (AssayShardFile *self, const AssayArraySpec *spec, gboolean extendable, GError **error);
/* Makes the dataset at path a scale. */
gboolean assay_shard_scales_add_axis   (AssayShardFile *self, hid_t dataset, const char *path, gint64 n, GError **error);
/* Writes DIMENSION_LIST, REFERENCE_LIST and each group's plot attributes. */
gboolean assay_shard_scales_finish     (AssayShardFile *self, GError **error);
