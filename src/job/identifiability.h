/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identifiability.h: which coefficients of a regression the data do not determine, in words: terms that follow from others, terms that
 * separate the classes.
 *
 * Shape letters: n unknowns, D terms, P parameters. Thread rule: reentrant.
 */
#pragma once

#include "job/coefficients.h"

/* Marks what cannot be told from the unknowns before it: those whose column of the matrix is, to rounding, a combination of earlier
 * unmarked ones; at least the nearest to one is marked. matrix (n,n): symmetric positive semi-definite with ones on its diagonal, or
 * zeros for unknowns without effect, which are marked too.
 * Cost: n^3/3 flops, n^2 doubles. */
gboolean assay_identifiability_mark (gint64 n, const double *matrix, gboolean *mark, GError **error);

/* "term a", "terms a and b", "terms a, b, c and 4 more"; NULL when none is marked. A new string. */
char    *assay_identifiability_list (gint64 n, const char *const *names, const gboolean *mark);

/* Appends remarks on a logistic regression of two classes whose terms separate them, where likelihood has no maximum. weight_error (D):
 * standard errors of the terms' coefficients.
 * Cost: one pass over the data. */
gboolean assay_identifiability_note_separation (const AssayRegression *regression, const double *weight_error, json_t *notes, GError **error);
