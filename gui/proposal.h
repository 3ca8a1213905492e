/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proposal.h: the command that an empty page offers: of a kind of job, for what the case has already.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "gui/case_contents.h"

/* "assay units demo.assay"; NULL where this program has no such kind of job. Owns: the caller. */
char *assay_proposal_for (const char *kind, const AssayCaseContents *contents);
