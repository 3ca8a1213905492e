/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_case.h: reads one reference case: a model with weights, data and expected numbers made by another implementation.
 *
 * A case is a folder: case.json (architecture, parameters, loss, dampings, tracin), model.safetensors, data.safetensors and
 * expected.safetensors; ekfac.safetensors, dattri.safetensors and checkpoints.safetensors where there are any. The kinds are
 * logistic, mlp, cnn, transformer_gpt2 and transformer_llama, of any size. Everything is read in double precision.
 * Shape letters: N training examples, Q queries, T positions, P parameters.
 * Ownership: the case owns everything in it. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/method.h"
#include "store/safetensors.h"

typedef struct {
  char *name, *path;
  json_t *document;             /* case.json */
  char *document_path;          /* for messages */
  AssayModel *model;
  AssayDataset *dataset;        /* splits train and query */
  gint64 N, Q, T, P;            /* T 0: one prediction per example */
  double l2;
  AssaySafetensors *model_file, *data_file, *expected;
  AssaySafetensors *ekfac, *dattri, *checkpoints;       /* NULL: the case has none */
} AssayReferenceCase;

/* Errors: NOT_FOUND, INPUT, SHAPE: one line that names the file and the key or tensor, what was expected and what was found. */
AssayReferenceCase *assay_reference_case_open (const char *path, GError **error);
void                assay_reference_case_free (AssayReferenceCase *self);

/* A number of case.json by its path of keys ("dampings", "ggn", "d0"), which ends with NULL. */
gboolean    assay_reference_case_get_number (const AssayReferenceCase *self, double *value, GError **error,
                                             ...) G_GNUC_NULL_TERMINATED;

/* Reads the tensor of that name into values, checking its shape. Errors: NOT_FOUND, SHAPE, INPUT. */
gboolean    assay_reference_case_read (const AssayReferenceCase *self, const AssaySafetensors *file, const char *name,
                                       AssayShape shape,
                                       double *values, GError **error);

/* Reads "prefix<parameter>" for every parameter into vector (P). *present FALSE, and no error, when there is not one of them. */
gboolean    assay_reference_case_read_vector (const AssayReferenceCase *self, const AssaySafetensors *file, const char *prefix,
                                              double *vector, gboolean *present, GError **error);
/* Sets the error for tensors "prefix<parameter>" that must be in a file. Returns FALSE. */
gboolean    assay_reference_case_refuse_missing (const AssayReferenceCase *self, const char *file_name, const char *prefix,
                                                 GError **error);
/* The whole numbers of a tensor, each in 0 .. below-1. */
gboolean    assay_reference_case_read_indices (const AssayReferenceCase *self, const AssaySafetensors *file, const char *name,
                                               AssayShape shape,
                                               gint64 below, gint32 *values, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayReferenceCase, assay_reference_case_free)
