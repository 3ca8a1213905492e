/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_damping.h: a slider for the damping of an answered question: all documents ranked anew while it moves, out of the case's gradient index.
 *
 * Where the method has no index it is not seen; where the case has none yet, it offers to make one. Rankings are computed beside the main loop, one at a
 * time, and the newest position follows: those in between may be passed over.
 *
 * "ranked" is emitted when what assay_influence_damping_get_ranking gives is another one; what it gave before is valid until the emission ends.
 * "answered" is emitted with the name of the scores when the question was computed exactly at another damping.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/case_reader.h"
#include "gui/influence_answer.h"
#include "gui/job_list.h"

#include <adwaita.h>

#define ASSAY_TYPE_INFLUENCE_DAMPING (assay_influence_damping_get_type ())
G_DECLARE_FINAL_TYPE (AssayInfluenceDamping, assay_influence_damping, ASSAY, INFLUENCE_DAMPING, AdwBin)

/* Where its jobs are followed; once. */
void                        assay_influence_damping_set_jobs    (AssayInfluenceDamping *self, AssayJobList *jobs);
/* The question that an answer is to, read from that reader; the same question keeps the slider where it is. */
void                        assay_influence_damping_set         (AssayInfluenceDamping *self, AssayCaseReader *reader, const AssayInfluenceAnswer *answer);
/* NULL: the damping is that of the answer. Borrowed. */
const AssayInfluenceAnswer *assay_influence_damping_get_ranking (AssayInfluenceDamping *self);
/* The command that computes what the slider shows; NULL: it is the answer's own. Borrowed. */
const char                 *assay_influence_damping_get_command (AssayInfluenceDamping *self);
