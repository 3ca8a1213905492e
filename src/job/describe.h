/* SPDX-License-Identifier: GPL-3.0-or-later */
/* describe.h: declared parameters in words, the same in help and manual.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/kind.h"

/* What stands for the value: "FILE", "N", ... NULL for a flag. */
const char *assay_describe_metavar  (const AssayParam *param);
/* Help with choices, range, unit and default: "examples walked at once; 1 to 64 examples (default: 8)". Owns: the caller. */
char       *assay_describe_param    (const AssayParam *param);
/* "CASE [OPTION]... FILE...": what follows the command's name. Owns: the caller. */
char       *assay_describe_synopsis (const AssayJobKind *command);
/* "With --method cg (damped conjugate gradients)": the title of a section. Owns: the caller. */
char       *assay_describe_section (const AssayJobKind *command, const AssayJobSection *section);
/* A command line in lines of at most `width` columns where its words allow it: broken before options, for the shell to join again; lines
 * after the first are indented by that many spaces. Owns: the caller. */
char       *assay_describe_example (const char *command, guint indent, guint width);
/* The command's sections, never NULL; ends with NULL params. */
const AssayJobSection *assay_describe_sections (const AssayJobKind *command);
