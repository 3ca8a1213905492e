/* SPDX-License-Identifier: GPL-3.0-or-later */
/* query_values.h: what a task measures of its queries, at any theta: forward walks in the task's precision.
 *
 * Shape letters: Q queries, P parameters. Ownership: borrows the task. Thread rule: one run at a time.
 */
#pragma once

#include "influence/method.h"

typedef struct _AssayQueryValues AssayQueryValues;

/* Errors: those of assay_pass_new. */
AssayQueryValues *assay_query_values_new  (const AssayInfluenceTask *task, GError **error);
void              assay_query_values_free (AssayQueryValues *self);
/* value (Q) at theta (P); of a query over several examples the mean. Errors: NAN, naming the example. */
gboolean          assay_query_values_run  (AssayQueryValues *self, const double *theta, double *value, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayQueryValues, assay_query_values_free)
