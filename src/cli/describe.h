/* SPDX-License-Identifier: GPL-3.0-or-later */
/* describe.h: declared parameters in words, the same in help and manual.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/kind.h"

/* What stands for the value: "FILE", "N", ... NULL for a flag. */
const char *assay_describe_metavar  (const AssayParam *param);
/* Help with range, choices, unit and default: "queries of a block, 1 to 64 (default: 8)". Owns: the caller. */
char       *assay_describe_param    (const AssayParam *param);
/* "CASE [OPTION]... FILE...": what follows the command's name. Owns: the caller. */
char       *assay_describe_synopsis (const AssayJobKind *command);
/* "With --method cg (damped conjugate gradients)": the title of a section. Owns: the caller. */
char       *assay_describe_section (const AssayJobKind *command, const AssayJobSection *section);
/* The command's sections, never NULL; ends with NULL params. */
const AssayJobSection *assay_describe_sections (const AssayJobKind *command);
