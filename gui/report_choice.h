/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_choice.h: formats and regimes of an export as rows with a check button each; regimes with a meter of how much of them is answered.
 *
 * The buttons of a choice are in an array, borrowed of their rows. The last one that is chosen stays chosen.
 * Thread rule: the main thread.
 */
#pragma once

#include <adwaita.h>
#include <jansson.h>

void  assay_report_choice_add_formats  (AdwExpanderRow *expander, GPtrArray *checks);
/* meters: of a draft (report_draft.h). Rows are made once; later only their meters change. */
void  assay_report_choice_show_regimes (AdwExpanderRow *expander, GPtrArray *checks, const json_t *meters);

/* The chosen words between commas; "" when all are chosen. Owns: the caller. */
char *assay_report_choice_join         (const GPtrArray *checks);
/* " --option WORD" for each chosen one; nothing when all are. */
void  assay_report_choice_append       (GString *command, const char *option, const GPtrArray *checks);
