/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_store.h: gradient indexes kept in a case, built in steps that a stop does not undo, and the check that they belong.
 *
 * An object of kind "index-coordinates" has /index/slot (P) and /index/floor (modules), see index_coordinates.h; one of kind "index" and the same
 * name has a row for each training example: /index/codes (N, blocks 256), /index/scale, /index/error and /index/norm (N, blocks),
 * /index/left_out (N, groups + 1), whose last column is alpha; see gradient_index.h. The metadata of both hold "identity", as that of the
 * factors, the factors' name, and the number of dimensions.
 * Thread rule: as the store's.
 */
#pragma once

#include "influence/factors_store.h"
#include "influence/index_build.h"
#include "influence/method.h"

/* An index as it was built, with what it was built from. */
typedef struct {
  AssayFactors *factors;
  AssayIndexCoordinates *coordinates;
  AssayGradientIndex *rows;
} AssayStoredIndex;

/* MODEL/BASIS/DIGITS: of what it depends on. Owns: the caller. */
char        *assay_index_make_name (const char *model_name, const AssayFactors *factors, const json_t *identity, gint64 D);

/* Builds the index of a task's training examples under that name, or finishes one that was begun; one that is complete is taken as it is.
 * Errors: those of assay_index_build_rows and of the store; INTERRUPTED or TERMINATED with the rows so far committed. Owns: the caller. */
AssayObject *assay_index_build     (const AssayInfluenceTask *task, AssayFactors *factors, const char *factors_name, const json_t *identity, gint64 D,
                                    const char *name, AssayProgress *progress, GError **error);

/* The newest complete index of the task's model in that basis, or that of the given name. Errors: NOT_FOUND with what to do; INPUT when it is not
 * complete or in another basis. Owns: the caller. */
AssayObject *assay_index_find      (const AssayInfluenceTask *task, AssayFactorsBasis basis, const char *given, GError **error);
/* Reads it into memory. Errors: INPUT when it belongs to another model, other data or other factors; memory; of the store. Owns: the caller. */
AssayStoredIndex *assay_index_load (const AssayInfluenceTask *task, const AssayObject *object, AssayProgress *progress, GError **error);
void         assay_stored_index_free (AssayStoredIndex *index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayStoredIndex, assay_stored_index_free)
