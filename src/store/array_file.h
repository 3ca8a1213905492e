/* SPDX-License-Identifier: GPL-3.0-or-later */
/* array_file.h: one array of numbers from a file of another program: .npy, safetensors or HDF5, told apart by their first bytes.
 *
 * Ownership: the array owns its values. Thread rule: any thread; HDF5 work runs on the store's own thread.
 */
#pragma once

#include <glib.h>

#include "store/types.h"

typedef struct {
  char   *label;                /* the file, and the array in it: for messages */
  guint   rank;
  gint64  dims[ASSAY_STORE_MAX_RANK];
  guint64 n_elements;
  double *values;               /* row-major */
} AssayArrayFile;

/* name: which array of the file (HDF5: its path); NULL: the only one there is. Integers above 2^53 round.
 * Errors: NOT_FOUND, PERMISSION, IO; INPUT for a file of no such format, several arrays and no name, texts or other values that are no numbers; SHAPE for more
 * axes than are kept. Owns: the caller. */
AssayArrayFile *assay_array_file_read (const char *path, const char *name, GError **error);
void            assay_array_file_free (AssayArrayFile *array);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayArrayFile, assay_array_file_free)
