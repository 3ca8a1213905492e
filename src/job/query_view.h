/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query_view.h: scores of queries for people, each beside its unit, its solve and its interval.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/view.h"

#include <jansson.h>

/* document: what kind "influence" answers. */
void assay_query_view (const json_t *document, AssayView *view);

/* A table of described scores; the columns that none of them has are left out. certified: with lo and hi. */
void assay_query_view_scores (const json_t *scores, gboolean certified, AssayView *view);

/* "train:17, id 4711, people.csv row 18" from a described example. Owns: the caller. */
char *assay_query_name (const json_t *example);
