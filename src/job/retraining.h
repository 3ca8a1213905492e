/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retraining.h: a subject's training, ready to be repeated without some of its examples.
 *
 * Finished retrainings are kept in the case as objects "retraining" MODEL/DIGEST/SETS, the digest over the model by content and the queries: a
 * job that was stopped goes on with the next one, and jobs that ask for the same sets share them, whatever else they compute.
 * Ownership: a set-up owns what its members point to, less the subject. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/ground_truth.h"
#include "job/shard.h"
#include "job/subject.h"
#include "store/recorder.h"

typedef struct {
  AssayTraining training;
  AssayModel *start;
  char *name;                   /* MODEL/DIGEST, the prefix of the kept retrainings */
  AssayTrainPlace place;
  AssayRecorderShare share;      /* of place, where it is set */
  AssayRetrainSource source;    /* retrain_data of a task whose retrain is assay_ground_truth_retrain */
} AssayRetrainingSetup;

/* query (n_query): examples of the data set, borrowed. Errors: USAGE for a model that was not trained in this case. */
AssayRetrainingSetup *assay_retraining_setup_new  (const AssaySubject *subject, const AssayJobContext *context, const gint64 *query,
                                                   gint64 n_query, GError **error);
/* Asks for another measure of the queries (model/measure.h) than their loss; its retrainings are kept apart. measured is borrowed. */
void                  assay_retraining_setup_set_measure (AssayRetrainingSetup *setup, const AssayModel *measured, const char *measure);
void                  assay_retraining_setup_free (AssayRetrainingSetup *setup);
/* From now on its banks of retrainings are only done in part, the share's, and say in it what is there; what they measure says nothing. share is borrowed. */
void                  assay_retraining_setup_set_share (AssayRetrainingSetup *setup, AssayShare *share);
/* For plans: floating-point operations of one retraining, estimated where its steps are not known beforehand. */
double                assay_retraining_setup_get_flops (const AssayRetrainingSetup *setup);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRetrainingSetup, assay_retraining_setup_free)
