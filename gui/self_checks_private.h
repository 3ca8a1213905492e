/* SPDX-License-Identifier: GPL-3.0-or-later */
/* self_checks_private.h: what the files that read checks share. Thread rule: the reader's thread. */
#pragma once

#include "gui/self_checks.h"

typedef struct {
  AssayCase *cas;
  const AssayCaseContents *contents;
  GPtrArray *checks;
} AssayCheckReading;

/* Appends one; texts are copied. Owns: the list. */
AssaySelfCheck *assay_self_check_add    (GPtrArray *checks, const char *what, const char *of, AssayMark mark, const char *why);
/* Takes found and bound. */
void            assay_self_check_measured (AssaySelfCheck *check, char *found, char *bound);
void            assay_self_check_link   (AssaySelfCheck *check, const char *page, const char *kind, const char *reference);
/* A check that could not be looked at. */
void            assay_self_check_add_unreadable (GPtrArray *checks, const char *what, const char *of, const GError *fault);

/* Of the scores and of what they were held against: self_checks_influence.c. */
void            assay_self_checks_of_scores (AssayCheckReading *reading, AssayObject *scores);
/* Of the answers of stored jobs: certificates, explanations, verdicts on chains: self_checks_answers.c. */
void            assay_self_checks_of_job    (AssayCheckReading *reading, AssayObject *job);
