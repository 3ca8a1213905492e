/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.h: the subcommands: every kind of job, and the few that are none.
 *
 * Help, manual page, completion and the parser all read these tables.
 * Thread rule: constants.
 */
#pragma once

#include "job/kind.h"

/* Options that every command takes. */
extern const AssayParam assay_command_globals[];

/* All commands in the order in which help shows them, NULL-terminated: job kinds and `run`, whose functions are NULL. */
const AssayJobKind *const *assay_command_list (void);

/* NULL with an error that suggests the nearest. */
const AssayJobKind *assay_command_find (const char *name, GError **error);

/* The command that runs a job file. */
extern const AssayJobKind assay_command_run;

typedef struct { int status; const char *meaning; } AssayExitStatus;
/* Ends with a NULL meaning. */
extern const AssayExitStatus assay_command_exit_statuses[];
