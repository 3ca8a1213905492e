/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_program.h: the program `assay`, which runs all jobs. Thread rule: pure functions. */
#pragma once

#include <glib.h>

/* Path of the program `assay`: beside this one, else on the search path. NULL with an error. Owns: the caller. */
char  *assay_find_program       (GError **error);
/* The words of a command line with the program's path in front and some options behind it. Errors: INPUT when it is no command of this program;
 * NOT_FOUND when the program is not there. Owns: the caller. */
char **assay_job_make_arguments (const char *command, const char *const *options, GError **error);
