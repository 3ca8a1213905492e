/* SPDX-License-Identifier: GPL-3.0-or-later */
/* withheld.h: what a reader is not to be told is told nowhere: not by another field, by a section that speaks of the same thing, by a command or by
 * a file name in it.
 *
 * A section whose subject is a field names it in its kind (`tells`) and is left out when it is withheld; one that speaks of several asks, block by
 * block. Either way the report says so among what was not done. Texts that give a withheld value away (names of files, digests) are
 * taken out of everything that sections read before they do.
 * Thread rule: that of the report.
 */
#pragma once

#include "report/section.h"

#define ASSAY_WITHHELD_TEXT "[withheld]"

/* Takes withheld texts out of the source and the fields; once both are filled, before sections are written. */
void     assay_report_hide_withheld   (AssayReport *report);

/* TRUE when one of the fields (ids between spaces) is withheld; then what the part is, `what`, goes onto the list of what was not done. */
gboolean assay_report_leaves_out      (AssayReport *report, const char *fields, const char *what);
/* Why the first withheld one of the fields is withheld, or NULL: none is. Owns: the report. */
const char *assay_report_get_withheld (const AssayReport *report, const char *fields);

/* A section that says nothing: whoever pinned a claim of it is told so. name: of the section's kind. */
void     assay_report_set_unsaid      (AssayReport *report, const char *name);
/* The claim would stand in a section that says nothing to this reader. */
gboolean assay_report_is_unsaid       (const AssayReport *report, const char *claim);
