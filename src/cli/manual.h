/* SPDX-License-Identifier: GPL-3.0-or-later */
/* manual.h: the manual page and the shell completion, made from the declared tables.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* mdoc source of assay(1). date: "November 25, 2025". Owns: the caller. */
char *assay_manual_page       (const char *date);
/* Completion for bash. Owns: the caller. */
char *assay_manual_completion (void);
/* The examples of all commands, one command line each, in the order of a working session. Owns: the caller. */
char *assay_manual_examples   (void);
