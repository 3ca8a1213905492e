/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_files.h: what the stages of a comparison with a directory of the transformers library share: its files, its numbers, and the model.
 * Internal to it.
 *
 * A quantity that the files do not hold is not compared, and that is no error.
 * Ownership: the files' owner clears them. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/reference_recipe.h"
#include "model/checkpoint.h"

#include <jansson.h>

#define ASSAY_REFERENCE_CHECKPOINT_FILE "expected.json"

typedef struct {
  const char *directory;
  char *document_path, *tensors_path;
  json_t *document;
  AssaySafetensors *tensors;
  AssayReferenceCompareFunc func;
  gpointer data;
  AssayBackend *backend;
  AssayProgress *progress;
} AssayReferenceFiles;

/* Reads both files of c->directory. */
gboolean    assay_reference_files_open  (AssayReferenceFiles *c, GError **error);
void        assay_reference_files_clear (AssayReferenceFiles *c);

/* The directory's model in f64. context: positions of an example. */
AssayModel *assay_reference_files_load  (const AssayReferenceFiles *c, gint64 context, GError **error);

/* Compares with the tensor of that name, of n numbers. */
gboolean    assay_reference_files_compare (const AssayReferenceFiles *c, const char *name, gint64 n, const double *ours, double bound, GError **error);
/* Compares a vector (P) with the tensors `before` and the names of the weights. */
gboolean    assay_reference_files_compare_vector (const AssayReferenceFiles *c, const AssayModel *model, const char *before, const double *ours, double bound,
                                                  GError **error);
/* The numbers of a tensor, which must be there and of that many. Owns: the caller, g_free. */
double     *assay_reference_files_read  (const AssayReferenceFiles *c, const char *name, gint64 n, GError **error);
/* Whole numbers of a tensor: tokens and the like; *n of them. Owns: the caller. */
gint32     *assay_reference_files_read_tokens (const AssayReferenceFiles *c, const char *name, gint64 *n, GError **error);
/* values (n) of a list in the document; where: what the list is called. */
gboolean    assay_reference_files_read_numbers (const AssayReferenceFiles *c, const char *where, const json_t *list, gint64 n, double *values, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayReferenceFiles, assay_reference_files_clear)
