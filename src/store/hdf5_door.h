/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hdf5_door.h: HDF5 as the store uses it: identifiers that close themselves, errors in words, the profile of our files, and files
 * that are built in memory.
 *
 * A shard is built by HDF5's core driver in a buffer of ours and written to disk by ourselves. So the library never meets a full
 * disk (after a failed close it crashes in its own shutdown), and every write and its return value are in our hands.
 *
 * Thread rule: the store's thread only (store/io_thread.h). Internal to this floor.
 */
#pragma once

#include <glib.h>
#include <hdf5.h>

#include "store/types.h"

typedef hid_t AssayHid;
void assay_hid_close (AssayHid id);
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (AssayHid, assay_hid_close, H5I_INVALID_HID)

static inline AssayHid
assay_hid_steal (AssayHid *id)
{
  AssayHid stolen = *id;

  *id = H5I_INVALID_HID;
  return stolen;
}

/* Once, before anything else: no exit handler, no plugins, no printing. */
void     assay_hdf5_open_library (void);

/* Sets an error from the library's error stack: "FILE: cannot WHAT: cause". Always returns FALSE. */
gboolean assay_hdf5_fail         (GError **error, const char *file, const char *what);

/* --- a file in memory --- */

typedef struct {
  guint8  *bytes;
  gsize    capacity;
  gboolean starved;             /* the memory asked for was not there */
} AssayFileImage;

/* An empty file. The image must stay where it is until assay_file_image_clear. */
hid_t    assay_hdf5_create_image (AssayFileImage *image, GError **error);
/* Bytes of the file, once it is closed. */
gsize    assay_file_image_size   (const AssayFileImage *image);
/* Gives the memory back; the next image may reuse it. */
void     assay_file_image_clear  (AssayFileImage *image);

/* Opens a file of ours for reading. */
hid_t    assay_hdf5_open_file    (const char *path, GError **error);
/* The same for the bytes of one, which are copied. label appears in messages. */
hid_t    assay_hdf5_open_bytes   (GBytes *bytes, const char *label, GError **error);

/* What a name in a group stands for; H5I_INVALID_HID for what lies elsewhere (soft and external links). */
hid_t    assay_hdf5_open_child   (hid_t group, const char *name);
/* Whether the values of an array lie in its own file. */
gboolean assay_hdf5_is_inside    (hid_t dataset);

/* --- types --- */

/* Memory and file type alike. Owns: the caller. */
hid_t    assay_hdf5_type         (AssayStoreType type);
/* What a dataset holds; FALSE for a type we do not write. */
gboolean assay_hdf5_type_of      (hid_t dataset, AssayStoreType *type);

/* Bytes of an array of that shape, counting an empty axis as one element; FALSE when they leave 63 bits. Sizes in a file are anybody's. */
gboolean assay_hdf5_measure      (AssayStoreType type, int rank, const hsize_t *dims, guint64 *bytes);

/* --- attributes --- */

gboolean assay_hdf5_set_text     (hid_t object, const char *name, const char *value);
gboolean assay_hdf5_set_texts    (hid_t object, const char *name, const char *const *values, gsize n);
gboolean assay_hdf5_set_i64      (hid_t object, const char *name, gint64 value);
gboolean assay_hdf5_set_f64      (hid_t object, const char *name, double value);
gboolean assay_hdf5_set_bool     (hid_t object, const char *name, gboolean value);
/* NULL when there is none or it is of another type. Owns: the caller. */
char    *assay_hdf5_dup_text     (hid_t object, const char *name);
gboolean assay_hdf5_get_i64      (hid_t object, const char *name, gint64 *value);
gboolean assay_hdf5_get_f64      (hid_t object, const char *name, double *value);

/* Names of the links of a group, sorted by bytes. Owns: the caller. */
char   **assay_hdf5_list_links   (hid_t group);
/* Names of the attributes of an object, sorted by bytes. Owns: the caller. */
char   **assay_hdf5_list_attributes (hid_t object);
