/* SPDX-License-Identifier: GPL-3.0-or-later */
/* people.h: how a report names an example of the data. Only the profile internal shows whose record it is; all others show a pseudonym that only
 * the holder of the case can resolve.
 *
 * Thread rule: pure functions of the case's salt.
 */
#pragma once

#include "report/section.h"

/* example: {"split", "index", "id", "file", "row"}, or an entry of scores with "example" in place of split and index, which is of the training
 * split. "train:17, id 4711, people.csv row 18" or "record 0f3a…" (16 digits). Owns: the caller. */
char *assay_report_name_example (const AssayReport *report, const json_t *example);

/* Takes out of the commands of all answers whose records were asked about, for a source whose report is not for internal readers: "--example RECORD". */
void  assay_report_hide_people (AssayReportSource *source);
