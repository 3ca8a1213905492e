/* SPDX-License-Identifier: GPL-3.0-or-later */
/* self_checks.h: every check that a case keeps beside its numbers: what was found, what it must not exceed, and what follows.
 *
 * A check that nobody made is in the list too, as "not checked", with the command that would make it: an instrument without a calibration never
 * counts as passed.
 * Ownership: a check owns its strings. Thread rule: made on the reader's thread or, from a job's document, on the main one; then immutable.
 */
#pragma once

#include "gui/case_contents.h"
#include "gui/facts.h"

typedef struct {
  char *what;                   /* "Solve behind the influence scores" */
  char *of;                     /* the object concerned, "kind/name"; "" for the case as a whole */
  char *found;                  /* "residual 7.2e-07"; "" where nothing was measured */
  char *bound;                  /* "at most 1e-06"; "" where there is none */
  AssayMark mark;               /* never ASSAY_MARK_NONE */
  char *why;                    /* what is checked and what follows from it, for people */
  char *page, *kind, *reference; /* where the number is shown: for win.follow; page NULL: nowhere */
  char *command;                /* that makes the check, or makes it again; NULL: none */
} AssaySelfCheck;

/* All that the case's objects say; a GPtrArray of AssaySelfCheck. What cannot be read is a failed check with the reason. Owns: the caller. */
GPtrArray      *assay_self_checks_read      (AssayCase *cas, const AssayCaseContents *contents, GCancellable *cancellable);

/* From the documents of `assay verify` and `assay check`, as a job printed them; NULL: nobody ran it. is_older: the case has more in it since.
 * Owns: the caller. */
AssaySelfCheck *assay_self_check_of_verify  (const json_t *document, gboolean is_older, const char *path);
AssaySelfCheck *assay_self_check_of_oracles (const json_t *document, gboolean is_older, const char *path);

void            assay_self_check_free       (AssaySelfCheck *check);

/* "3 passed, 1 failed, 2 not checked". Owns: the caller. */
char           *assay_self_checks_describe  (const GPtrArray *checks);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySelfCheck, assay_self_check_free)
