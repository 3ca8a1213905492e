/* SPDX-License-Identifier: GPL-3.0-or-later */
/* standard_input.h: standard input as a file, for what is read more than once: hashed for a job's identity, then imported.
 *
 * Thread rule: one thread.
 */
#pragma once

#include "base/progress.h"

/* The name in place of a file's. */
#define ASSAY_STANDARD_INPUT "-"

/* Reads standard input to its end into a scratch file named "standard input", as messages then call it. Owns: the caller, who forgets it.
 * Errors: IO, NO_SPACE; INTERRUPTED where somebody asks to stop meanwhile. */
char *assay_standard_input_keep   (AssayProgress *progress, GError **error);
/* Removes the file; NULL-safe. Frees path. */
void  assay_standard_input_forget (char *path);
