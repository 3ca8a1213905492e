/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ground_truth.h: what really happened to the queries when examples were left out: a bank of retrainings, and who was left out in each.
 *
 *   change[s, q] = mean over seeds r of ( f_q (retrained without set s, seed r) - f_q (retrained with all, seed r) )
 *
 * The training with all examples is repeated in the bank too, so that both sides come from the same procedure. A seed draws the first parameters (where they
 * were drawn) and the order of the batches; seed 0 is the model's own training. A retraining that diverges counts in no mean: a set of which none ended well
 * has the change NaN.
 * Shape letters: S sets, R seeds, Q queries, N training examples.
 * Ownership: the bank owns its arrays. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/bank.h"
#include "influence/method.h"

typedef enum {
  ASSAY_REMOVAL_ONE,            /* a single example */
  ASSAY_REMOVAL_RANDOM,         /* a random group */
  ASSAY_REMOVAL_TOP             /* the examples ranked most helpful to one query */
} AssayRemovalKind;

typedef struct {
  AssayRemovalKind kind;
  gint64 query;                 /* TOP: index into the task's queries, or -1: all of them; else -1 */
  guint family;                 /* RANDOM: number of its family; else 0 */
  gint64 *place;                /* places in task->train, ascending */
  gint64 n;
} AssayRemoval;

typedef struct {
  GArray *removals;             /* AssayRemoval */
  GPtrArray *families;          /* names of the families of random groups, each of one size */
  gint64 n_query;
  guint n_seeds;                /* R; 1 unless set */
  double *base;                 /* (Q) losses after training with all, mean over the seeds; NULL before the bank has run */
  double *change;               /* (S,Q) */
  double *seed_change;          /* (R,S,Q); NaN where that training diverged */
} AssayGroundTruth;

AssayGroundTruth *assay_ground_truth_new  (gint64 n_query);
void              assay_ground_truth_free (AssayGroundTruth *truth);

/* Adds a set; places are copied and sorted. */
void     assay_ground_truth_add        (AssayGroundTruth *truth, AssayRemovalKind kind, gint64 query, const gint64 *place,
                                        gint64 n);
/* `count` single examples out of N without repetition (all when there are no more), from the stream of the seed. */
void     assay_ground_truth_add_ones   (AssayGroundTruth *truth, gint64 N, gint64 count, guint64 seed);
/* A family of `count` random groups of `size`, each without repetition; equal seeds and sizes begin with equal groups. Returns its number. */
guint    assay_ground_truth_add_groups (AssayGroundTruth *truth, gint64 N, gint64 count, gint64 size, guint64 seed);
/* The sets of a bank: those of one example as ONE, others as families of its names. */
void     assay_ground_truth_add_bank   (AssayGroundTruth *truth, const AssayBank *bank);
/* What the bank measured of these sets, for the bank's queries of these numbers (Q). The sets must be those that assay_ground_truth_add_bank added. */
gboolean assay_ground_truth_take_bank  (AssayGroundTruth *truth, const AssayBank *bank, const gint64 *query, GError **error);

/* The sets with what was measured of the queries of these numbers (n_query): of a bank that has run. Errors: memory. */
AssayGroundTruth *assay_ground_truth_pick (const AssayGroundTruth *truth, const gint64 *query, gint64 n_query, GError **error);

/* Retrains without every set, and once with all, with each of n_seeds seeds. Errors: USAGE when the task's training is not known, or has no seeds and
 * several are asked for; those of the retrainings. */
gboolean assay_ground_truth_run        (AssayGroundTruth *truth, const AssayInfluenceTask *task, AssayProgress *progress,
                                        GError **error);

/* An AssayInfluenceTask.retrain for trainings of run/train.h; data: this. Each list of sets is kept under a name of its own, "NAME/" and
 * a digest of the list, so that a list that was retrained before is read back whatever came between. */
typedef struct {
  AssayRetraining spec;         /* query and Q: the task's own */
  const AssayTrainPlace *place; /* where finished retrainings are kept, or NULL */
  gboolean start_is_drawn;      /* the first parameters came from start_seed, and another seed draws others */
  guint64 start_seed;
} AssayRetrainSource;

/* The name under which assay_ground_truth_retrain kept the sets of a bank that has run. Owns: the caller. */
char    *assay_ground_truth_dup_kept_name (const AssayGroundTruth *truth, const AssayTrainPlace *place);

gboolean assay_ground_truth_retrain    (gpointer data, const AssayRetrainSet *sets, gint64 K, double *query_loss,
                                        AssayProgress *progress,
                                        GError **error);
/* An AssayInfluenceTask.retrain_seed: the same with the training's seed raised by so much. */
gboolean assay_ground_truth_retrain_seed (gpointer data, guint seed, const AssayRetrainSet *sets, gint64 K, double *query_loss,
                                          AssayProgress *progress, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayGroundTruth, assay_ground_truth_free)
