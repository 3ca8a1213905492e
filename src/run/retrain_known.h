/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retrain_known.h: retrainings that a case has already, set by set, whatever list of sets they were made for. Internal to this floor.
 *
 * Equal trainings of equal queries without equal sets have equal bits, so a longer list of sets begins with the rows of a shorter one.
 * Shape letters: Q queries. Thread rule: as the store's: one call at a time on a case.
 */
#pragma once

#include "run/retrain.h"

#define ASSAY_RETRAIN_IDENTITY "retraining"     /* in the metadata: the document of run/identity.h, "sets" and "queries" */

/* How one set's training ended. */
typedef struct {
  gint64 steps, outcome;
  double gradient_norm;
  double query_loss[];          /* (Q) */
} AssayRetrainRow;

/* Names a set by the places it leaves out, in their order. */
gint64      assay_retrain_set_digest (const AssayRetrainSet *set);

/* Rows by set digest, from the finished objects "retraining" of the case whose metadata are these but for the sets. Values are owned by the
 * table. Errors: those of the store. */
GHashTable *assay_retrain_known_new  (AssayCase *store, const json_t *meta, gint64 Q, GError **error);
