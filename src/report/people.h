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

/* Takes out of all commands, of answers and in fields, whose records were asked about ("--example RECORD") and where files lie on a machine, for a report
 * that is not for internal readers. Once the fields are filled: people confirm drafts as they are. */
void  assay_report_hide_people (const AssayReport *report);
