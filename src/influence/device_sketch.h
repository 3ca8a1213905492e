/* SPDX-License-Identifier: GPL-3.0-or-later */
/* device_sketch.h: gradients projected from both sides where a device has the sides. Internal to this floor: side_projection.c.
 *
 * For each module that stays there (AssayModulePass): both sides of all positions of a micro-batch times their signs, then an outer product summed over the
 * positions of each example. The features of all of them lie side by side there (B,F) and are fetched once a micro-batch.
 * Numerics: everything is in the type of the walk; with a rounding compute the sides are rounded to tf32, signs are not. An example's bits depend neither on the
 * micro-batch nor on its mates.
 * Cost: 2 n (ko rows + ki columns + ko ki) flops for an example of n positions and a module; 2 K n numbers of the sketched sides and B F features of memory.
 * Shape letters: as side_projection.h; B examples of a micro-batch. Ownership: the caller clears it. Thread rule: that of the backend.
 */
#pragma once

#include "hessian/module_pass.h"
#include "influence/side_projection.h"

typedef struct {
  const AssaySideProjection *projection;
  AssayBackend *device;         /* NULL: nothing stays */
  AssayDtype dtype;
  AssayCompute compute;
  void **row, **column;         /* (modules): signs of the sides, of those that stay; NULL: the module does not */
  double *scale;                /* (modules): of the signs */
  void *left, *right;           /* (B n, ko), (B n, ki) of the largest */
  void *features, *fetched;     /* (B,F), there and here */
} AssayDeviceSketch;

/* marks (modules): those that stay. Errors: NO_MEMORY. */
gboolean assay_device_sketch_open  (AssayDeviceSketch *sketch, const AssaySideProjection *projection, const AssayPoint *point, gint64 B, const gboolean *marks,
                                    GError **error);
/* A module that stays: its features, there. Errors: those of the device. */
gboolean assay_device_sketch_add   (AssayDeviceSketch *sketch, const AssayModuleBatch *batch, GError **error);
/* feature (B,F): what was added, at its places; the others are left as they are. */
gboolean assay_device_sketch_fetch (AssayDeviceSketch *sketch, gint64 B, double *feature, GError **error);
void     assay_device_sketch_clear (AssayDeviceSketch *sketch);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayDeviceSketch, assay_device_sketch_clear)
