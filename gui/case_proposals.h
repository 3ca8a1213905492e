/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_proposals.h: what has not been done with a case yet: what is then missing, and the command that would do it.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "gui/case_contents.h"

typedef struct {
  char *what;                   /* "Influence scores" */
  char *why;                    /* what cannot be said without it */
  char *command;                /* for "win.propose" */
} AssayProposal;

/* In the order in which one would do it; things that need something else first come after it, and only once that is there. A GPtrArray of
 * AssayProposal that releases its members. Owns: the caller. */
GPtrArray *assay_case_proposals_make (const AssayCaseContents *contents);
