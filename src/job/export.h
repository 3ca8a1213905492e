/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export.h: one object of a case as one file for other programs, with the identity of every example beside its numbers.
 *
 *   .csv           one table: scores in long form (a line for each query and example), a matrix with labelled rows, or series side by side
 *   .npy           one array, as stored (bf16 as f32)
 *   .h5            all arrays with their axes, and /examples: split, index, key, file and row of every example of the data set
 *   .safetensors   the parameters of a model
 *   a directory    a language model in the files of the transformers library, with the tokenizer that its data were made with
 * A file appears whole or not at all.
 * Shape letters: Q queries, N training examples. Thread rule: one export at a time.
 */
#pragma once

#include "base/progress.h"
#include "dataset/dataset.h"
#include "store/reader.h"

typedef struct _AssayModel AssayModel;

typedef struct {
  AssayCase *cas;
  AssayObject *object;
  AssayReader *reader;
  AssayDataset *dataset;        /* of the examples that the object speaks of; NULL: it speaks of none */
  AssayTable *table;
  GPtrArray *arrays;            /* paths that are no coordinates; strings of the reader */
  gint64 first, n;              /* rows to write; n -1: all of them */
  gint64 unit;                  /* the column to write; -1: all of them */
} AssayExport;

/* The object of that kind and name; name NULL: the newest of the kind. Errors: NOT_FOUND; those of the store and of the data set. */
AssayExport *assay_export_open  (AssayCase *cas, const char *kind, const char *name, GError **error);
void         assay_export_free  (AssayExport *source);

/* Of a recording only that unit (-1: all) at every row, or only the rows of that example (SPLIT:INDEX, id:VALUE; NULL: all).
 * Errors: USAGE where it is no recording of activations; NOT_FOUND for an example that has no rows; those of the store. */
gboolean     assay_export_restrict (AssayExport *source, gint64 unit, const char *example, GError **error);

/* Writes path in the format of its name. array: the one to write where a format holds one; NULL: the only one.
 * Errors: USAGE for a name that says no format, a format that does not fit, or an array to be chosen; those of the store. */
gboolean     assay_export_write (const AssayExport *source, const char *array, const char *path, AssayProgress *progress, GError **error);

/* The model of the object; adapters are merged into the weights of their base. Owns: the caller. */
AssayModel  *assay_export_load_model (const AssayExport *source, GError **error);
/* Whether a model of that name is written as a directory: no format of one file has its end. */
gboolean     assay_export_is_directory (const AssayExport *source, const char *path);
/* Writes it. told gets "family" and "tokenizer" (null: not known). Errors: UNSUPPORTED for a model that the transformers library has not; those of the store. */
gboolean     assay_export_directory (const AssayExport *source, const char *directory, json_t *told, GError **error);

/* --- for the formats ----------------------------------------------------------------------------------------------- */

/* The array to write: the one named, or the only one with two axes, or the only one. */
const char  *assay_export_choose (const AssayExport *source, const char *array, GError **error);
/* Coordinates of an axis: path of the array that holds them, or NULL: they count from 0. */
const char  *assay_export_find_axis (const AssayExport *source, const char *axis);

/* Errors: USAGE, NOT_FOUND where the unit that is to be written is none of the array's. */
gboolean     assay_export_check_unit (const AssayExport *source, const char *path, const AssayArrayInfo *info, GError **error);

gboolean     assay_export_csv (const AssayExport *source, const char *array, const char *path, AssayProgress *progress, GError **error);
gboolean     assay_export_h5  (const AssayExport *source, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayExport, assay_export_free)
