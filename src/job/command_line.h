/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command_line.h: a command line becomes global options and a job, by the declared tables alone.
 *
 * GNU conventions: --name VALUE, --name=VALUE, -o VALUE, -oVALUE, flags --name and --no-name, options anywhere, `--` ends them.
 * Thread rule: pure functions.
 */
#pragma once

#include "job/spec.h"

typedef struct {
  AssayValues *globals;
  const AssayJobKind *command;  /* NULL: none was named */
  AssayJob *job;                /* not yet frozen; NULL without a command */
} AssayCommandLine;

/* Errors: USAGE. On failure `line` still holds what was understood, so that an error can be told in the form asked for. */
gboolean assay_command_line_parse (AssayCommandLine *line, int argc, const char *const *argv, GError **error);
void     assay_command_line_clear (AssayCommandLine *line);

/* The command line as it may be typed again: arguments quoted for the shell. Owns: the caller. */
char    *assay_command_line_quote (int argc, const char *const *argv);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayCommandLine, assay_command_line_clear)
