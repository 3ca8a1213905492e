/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imported_scores.h: scores that another program computed, by the name they have in the case.
 *
 * They are objects "scores" imported/NAME whose metadata say "imported": true. As a method they are called imported:NAME.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "influence/score.h"
#include "job/subject.h"

#define ASSAY_IMPORTED_METHOD "imported:"

/* The NAME in imported:NAME; NULL for any other method. */
const char           *assay_imported_scores_name (const char *method);

/* Their rows for these examples of the data set (n_query). object receives the object (the caller's). Errors: NOT_FOUND, also for a query that they say nothing
 * of, with its name; INPUT for scores of another model or other training examples. */
AssayInfluenceScores *assay_imported_scores_load (AssayCase *cas, const char *name, const AssaySubject *subject, const gint64 *query, gint64 n_query,
                                                  AssayObject **object, GError **error);
/* The examples that they were asked about. Errors: NOT_FOUND. Elements are gint64. */
GArray               *assay_imported_scores_list_queries (AssayCase *cas, const char *name, GError **error);
