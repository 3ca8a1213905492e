/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help.h: --help, made from the declared tables.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/kind.h"

/* command NULL: the program's own help. Owns: the caller. */
char *assay_help_text (const AssayJobKind *command);
