/* SPDX-License-Identifier: GPL-3.0-or-later */
/* live_ranking.h: one question's scores at any damping, out of a gradient index, while a person moves a slider.
 *
 * The scores of a method on curvature factors (influence/factored.h) at another damping take one reading of the index (influence/index_influence.h) and
 * none of the data: each is known within an interval, and exact only after the job itself was run at that damping.
 * Shape letters: N training examples. Ownership: each object owns what it holds. Thread rule: one call at a time, from any thread; the case is used
 * only while one is found or opened.
 */
#pragma once

#include "influence/factored.h"
#include "job/spec.h"

/* What there is for scores of the case. */
typedef struct {
  AssayJob *job;                /* that made them */
  const AssayFactoredMethod *method;
  AssayDampingMode mode;
  double damping;               /* as it was asked for, in the unit of the mode */
  char *index;                  /* of the case, in the method's basis; NULL: none */
  char *index_command;          /* "assay index ...": makes one for these scores */
} AssayLiveSource;

/* made: the job of kind influence that made them; model: what they are of. NULL without an error: by a method that no index is for. Errors: those of reading a job back. */
AssayLiveSource  *assay_live_source_find (AssayCase *cas, const AssayObject *made, const char *model, GError **error);
void              assay_live_source_free (AssayLiveSource *source);
/* The command line that computes the same question at that damping. Errors: those of a parameter. Owns: the caller. */
char             *assay_live_source_dup_command (const AssayLiveSource *source, double damping, GError **error);

/* All scores of a question at one damping; lo and hi are what the index says of them. */
typedef struct {
  gint64 N;
  double damping;               /* in the unit of the mode */
  double added;                 /* on the eigenvalues beside l2, in the mean over all parameters */
  double *score, *lo, *hi;      /* (N) */
  gint64 *before;               /* (N): the place at the damping that was asked for, by this index: 1, 2, ... of those above 0, -1, -2, ... of those below */
} AssayLiveScores;

void              assay_live_scores_free (AssayLiveScores *scores);

typedef struct _AssayLiveRanking AssayLiveRanking;

/* Reads model, data, index and the query's gradient. Errors: INPUT for an index that is of other curvature factors than the scores; those of
 * assay_subject_open, assay_index_load and of the walk. */
AssayLiveRanking *assay_live_ranking_open (AssayCase *cas, const AssayLiveSource *source, gint64 query, GError **error);
void              assay_live_ranking_free (AssayLiveRanking *self);
/* Cost: P divisions, one reading of the index, and the allocation of the answer. Errors: USAGE where nothing is left to invert; memory; NAN. */
AssayLiveScores  *assay_live_ranking_get  (AssayLiveRanking *self, double damping, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLiveSource, assay_live_source_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLiveScores, assay_live_scores_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLiveRanking, assay_live_ranking_free)
