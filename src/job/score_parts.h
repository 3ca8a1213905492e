/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_parts.h: scores that several processes compute together: each its run of the training examples or of the queries, and one puts them together.
 *
 * A method that can is cut by training examples, others by queries, at places that change no bit of a score. A part is an object "scores-part"
 * MODEL/METHOD/IDENTITY/FIRST-END; parts of different cuts may overlap, and what they overlap in is equal.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "job/influence_task.h"

/* Computes what is missing of the run that is context's shard, and commits it. Errors: USAGE for what cannot be cut; those of the method; of the store. */
gboolean              assay_score_parts_share (const AssayInfluenceSetup *setup, const AssayJob *job, AssayJobContext *context, const AssaySubject *subject,
                                               AssayShare *share, GError **error);
/* The scores, where the case has parts of them; what is missing is computed now. NULL without an error: there are no parts. */
AssayInfluenceScores *assay_score_parts_load  (const AssayInfluenceSetup *setup, const AssayJob *job, AssayJobContext *context, const AssaySubject *subject,
                                               GError **error);
