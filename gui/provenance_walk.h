/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance_walk.h: where an object of a case comes from: the command that made it, what that was given, and what made those.
 *
 * Everything is said from the snapshot of the catalogue: nothing is read, so the main thread may ask.
 * Ownership: steps hold references. Thread rule: pure functions.
 */
#pragma once

#include "gui/case_contents.h"

typedef struct {
  guint depth;                  /* 0: the object asked about; 1: what its maker was given; ... */
  char *role;                   /* what it was to the step that it was given to: "data"; "" at depth 0 */
  char *name;                   /* "scores/dose/cg/2580e113b2ed"; of a file from outside: its name */
  AssayObject *object;          /* NULL: a file from outside, or superseded: the case has another one of that name now */
  gboolean is_file;             /* from outside */
  char *digest;                 /* content root, of a file its SHA-256; NULL: not known */
  AssayObject *job;             /* that made it; NULL: no stored job did */
  char *command;                /* the command line of that job, in the case as it lies today; NULL: not known */
} AssayProvenanceStep;

/* From the object up, breadth first, each thing once. Empty: the case has no such object. Owns: the caller. */
GPtrArray *assay_provenance_walk     (const AssayCaseContents *contents, const char *kind, const char *name);

/* The stored job that made the object, or NULL. Owns: the contents. */
const AssayObject *assay_provenance_find_job (const AssayCaseContents *contents, const AssayObject *object);

/* The command line that a job was started with, for the case at this path; NULL: the record has none. Owns: the caller. */
char      *assay_provenance_dup_command (const AssayObject *job, const char *path);
