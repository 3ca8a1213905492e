/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_parts.h: where one score comes from: by position, module or head, where the scores were broken down.
 *
 * Ownership: parts own everything in them. Thread rule: read on the reader's thread, then immutable.
 */
#pragma once

#include "gui/influence_question.h"
#include "job/example_index.h"
#include "report/figure.h"

typedef struct {
  char *reference;              /* of the training example: "train:17" */
  char *by;                     /* "token", "module", "head"; NULL: the scores were not broken down, or not of this example */
  gint64 n;
  char **names;                 /* (n), then NULL; of positions the tokens there */
  double *value;                /* (n); their sum is the score */
  char *unit;
} AssayInfluenceParts;

typedef struct {
  AssayInfluenceQuestion *question;
  AssayExampleIndex *index;
  char *reference;
} AssayInfluencePartsRequest;

/* An AssayReadFunc of an AssayInfluencePartsRequest. */
gpointer                    assay_influence_parts_read (AssayCase *cas, gconstpointer request, GCancellable *cancellable, GError **error);
void                        assay_influence_parts_free (AssayInfluenceParts *self);

/* NULL where there are no parts. New reference. */
AssayFigure                *assay_influence_parts_make_figure (const AssayInfluenceParts *self);

/* Takes nothing over: holds references. */
AssayInfluencePartsRequest *assay_influence_parts_request_new  (AssayInfluenceQuestion *question, AssayExampleIndex *index, const char *reference);
void                        assay_influence_parts_request_free (AssayInfluencePartsRequest *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayInfluenceParts, assay_influence_parts_free)
