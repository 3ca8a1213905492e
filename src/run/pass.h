/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pass.h: a model meets examples: one batch of a data set bound to one walk of the model's graph.
 *
 * A pass has a fixed batch size; assay_pass_bind gathers examples into its buffers, then the exec walks. Work over many examples
 * goes through a feed: fixed-order batches of one size, the last one smaller with a pass of its own, so that nothing is padded.
 * Shape letters: B batch, P parameters.
 * Ownership: a pass holds references to dataset and graph, not to the model: theta is given to each walk.
 * Thread rule: one thread at a time per pass.
 */
#pragma once

#include "dataset/dataset.h"
#include "model/exec.h"
#include "model/model.h"
#include "run/length_buckets.h"

typedef struct _AssayPass AssayPass;

/* keep: as for assay_plan_new. Errors: the data set does not fit the model (kind, shape, classes), in words; memory. */
AssayPass *assay_pass_new      (const AssayModel *model, AssayDataset *dataset, AssayWalk walk, AssayDtype dtype, gint64 batch,
                                AssayBackend *backend, const guint *keep, GError **error);
/* positions: 0, or so many first ones of each example of tokens: for examples whose targets behind them do not count, in a model whose positions do not look
 * ahead, losses and derivatives are those of all positions. */
AssayPass *assay_pass_new_walk (const AssayModel *model, AssayDataset *dataset, const AssayWalkSpec *spec, gint64 batch, gint64 positions, AssayBackend *backend,
                                GError **error);
void       assay_pass_free     (AssayPass *pass);

/* Gathers the pass's B examples. No allocation. */
void       assay_pass_bind     (AssayPass *pass, const gint64 *examples);
/* Of each example of tokens that is bound only the target at that position counts, with the weight that it has among all: over all positions the losses, and
 * their gradients, add up to the example's. Until the next bind. */
void       assay_pass_single_out (AssayPass *pass, gint64 position);
AssayExec *assay_pass_get_exec (AssayPass *pass);
gint64     assay_pass_get_batch (const AssayPass *pass);
/* What is bound: tokens, targets and weights, or features and targets. */
const AssayBatch *assay_pass_get_data (const AssayPass *pass);

/* Loss b of the last walk, as a double. */
double     assay_pass_get_loss (const AssayPass *pass, gint64 b);
/* FALSE, with an ASSAY_ERROR_NAN that names the example and what was being done, when a loss of the last walk is not finite. */
gboolean   assay_pass_check_losses (const AssayPass *pass, const gint64 *examples, const char *doing, GError **error);

/* Bytes that a pass over `batch` examples takes: its arena and its data. */
gboolean   assay_pass_measure  (const AssayModel *model, AssayWalk walk, AssayDtype dtype, gint64 batch, const guint *keep, guint64 *bytes,
                                GError **error);
/* The same of assay_pass_new_walk, of all positions. backend: NULL, or the one that it would be on. */
gboolean   assay_pass_measure_walk (const AssayModel *model, const AssayWalkSpec *spec, gint64 batch, const AssayBackend *backend, guint64 *bytes, GError **error);
/* The largest most / 2^k whose pass takes at most 256 MiB, or 1; 0 on error. It depends on model, walk, type and `most` alone. */
gint64     assay_pass_choose_batch (const AssayModel *model, AssayWalk walk, AssayDtype dtype, gint64 most, const guint *keep,
                                    GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayPass, assay_pass_free)

typedef struct _AssayFeed AssayFeed;

/* A feed over passes of at most `batch` examples. */
AssayFeed *assay_feed_new      (const AssayModel *model, AssayDataset *dataset, AssayWalk walk, AssayDtype dtype, gint64 batch,
                                AssayBackend *backend, const guint *keep, GError **error);
/* Over passes of assay_pass_new_walk; spec's keep is copied. */
AssayFeed *assay_feed_new_walk (const AssayModel *model, AssayDataset *dataset, const AssayWalkSpec *spec, gint64 batch, AssayBackend *backend, GError **error);
void       assay_feed_free     (AssayFeed *feed);
/* From here on batches are walked at the length of the first bucket that their examples fit into, by passes that are made on first use of that length. For
 * models of tokens that do not look ahead; borrowed. */
void       assay_feed_set_buckets (AssayFeed *feed, const AssayLengthBuckets *buckets);
/* The pass for the next min (batch, n) examples, bound to them; made on first use of that size. */
AssayPass *assay_feed_bind     (AssayFeed *feed, const gint64 *examples, gint64 n, GError **error);
gint64     assay_feed_get_batch (const AssayFeed *feed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayFeed, assay_feed_free)
