/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader.h: reading one object of a case; its parts appear as one.
 *
 * An array whose first axis is the object's row axis runs through all parts. Each part is compared with the journal (size and
 * SHA-256) before HDF5 opens it, once per open case.
 *
 * Thread rule: any thread; HDF5 work runs on the store's own thread, the caller sleeps meanwhile.
 */
#pragma once

#include "store/case.h"
#include "store/types.h"

typedef struct _AssayReader AssayReader;

typedef struct {
  AssayStoreType type;
  guint          rank;
  gint64         dims[ASSAY_STORE_MAX_RANK];
  const char    *axes[ASSAY_STORE_MAX_RANK];    /* never NULL below rank */
  const char    *long_name, *units, *description;
} AssayArrayInfo;

/* The case must outlive the reader. Errors: DAMAGED, naming the file, when a part is missing or not what was
 * committed. */
AssayReader *assay_reader_new       (AssayCase *cas, AssayObject *object, GError **error);
/* assay_case_lookup and assay_reader_new in one. */
AssayReader *assay_reader_open      (AssayCase *cas, const char *kind, const char *name, GError **error);
void         assay_reader_free      (AssayReader *self);

AssayObject *assay_reader_get_object (AssayReader *self);
json_t      *assay_reader_get_meta  (AssayReader *self);

/* Paths of all arrays, axes included, sorted, NULL-terminated. Owns: the reader. */
const char *const *assay_reader_list (AssayReader *self);
gboolean     assay_reader_has       (AssayReader *self, const char *path);
/* Strings in info are the reader's. Errors: NOT_FOUND. */
gboolean     assay_reader_describe  (AssayReader *self, const char *path, AssayArrayInfo *info, GError **error);

/* The whole array, row-major, converted. out holds the product of the dims. Errors: NOT_FOUND, UNSUPPORTED, IO. */
gboolean     assay_reader_read      (AssayReader *self, const char *path, AssayStoreType as, void *out, GError **error);
/* The box start[k] .. start[k]+count[k]-1 of each axis: rows, columns, or both. Errors: also SHAPE when outside. */
gboolean     assay_reader_read_box  (AssayReader *self, const char *path, const gint64 *start, const gint64 *count,
                                     AssayStoreType as, void *out, GError **error);
/* All strings of a text array, NULL-terminated. Owns: the caller (g_strfreev). */
char       **assay_reader_read_text (AssayReader *self, const char *path, GError **error);

/* Attributes of the array or group at path. Owns: the caller. */
char        *assay_reader_dup_text  (AssayReader *self, const char *path, const char *name, GError **error);
gboolean     assay_reader_get_number (AssayReader *self, const char *path, const char *name, double *value,
                                      GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayReader, assay_reader_free)
