/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts.h: fields that the program fills by itself from a case: what the model is, what it was made of and how, what was measured, what was not;
 * and drafts of what a person has to confirm.
 *
 * A fact is one line of a table in a file facts_*.c: a field's id and the function that fills it. It counts, measures or derives from what is
 * stored, names that as evidence, or says why it cannot.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "base/progress.h"
#include "report/regime.h"
#include "report/source.h"

/* Fills the fields about the model of that name; NULL: the newest model of the case. A case without a model has facts, too. Fields that are not
 * declared in the set are passed over. Errors: NOT_FOUND (no such model); those of the store; cancelled. */
gboolean assay_facts_fill (AssayFieldSet *fields, const AssayReportSource *source, const char *model, AssayProgress *progress, GError **error);

/* The whole way: the fields of the regimes' catalogue, filled from the case, then by the fields file (report/fields_file.h; NULL: none), then narrowed
 * to the audience. Errors: also those of the file. Owns: the caller. */
AssayFieldSet *assay_facts_gather (const AssayRegimeSet *regimes, const AssayReportSource *source, const char *model, const char *fields_file,
                                   AssayAudience audience, AssayProgress *progress, GError **error);

/* Fields that the program can fill or draft, NULL-terminated. Owns: the caller (g_free). */
const char **assay_facts_list (void);

/* Fields that follow from others, some of which people state: energy from power and time, emissions from energy. Called once the values are in. */
void     assay_facts_derive (AssayFieldSet *fields);
