/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy.h: NumPy's .npy files, version 1.0, C order, little-endian.
 *
 * Thread rule: any thread.
 */
#pragma once

#include <glib.h>

#include "store/types.h"

typedef struct {
  AssayStoreType type;
  guint          rank;
  gint64         dims[ASSAY_STORE_MAX_RANK];
  guint64        n_elements;
  void          *data;          /* aligned */
} AssayNpy;

/* Any numeric type but bf16, which NumPy does not know. */
gboolean  assay_npy_write (const char *path, AssayStoreType type, guint rank, const gint64 *dims, const void *data,
                           GError **error);
/* Versions 1.0 and 2.0. Errors: INPUT with file and byte offset; Fortran order and object arrays are refused. */
AssayNpy *assay_npy_read  (const char *path, GError **error);
void      assay_npy_free  (AssayNpy *self);

gboolean  assay_npy_is_integer  (const AssayNpy *self);
/* Element i of an array of integers; those above 2^63 - 1 become that. */
gint64    assay_npy_get_integer (const AssayNpy *self, guint64 i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayNpy, assay_npy_free)
