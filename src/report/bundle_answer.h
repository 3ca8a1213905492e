/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_answer.h: the verification of a bundle as both programs offer it, `assay verify` and the small `assay-verify`: one table of options, one
 * answer.
 *
 * Ownership: the caller. Thread rule: as for the verification.
 */
#pragma once

#include "base/param.h"
#include "report/bundle_verify.h"

/* key, tsa-certificate, number, content. */
extern const AssayParam assay_bundle_params[];

/* What --json prints of the bundle, with its sentences for people. *exit_status is 0, 1 or 5, and *reason says why it is not 0 (NULL: it is).
 * values: of a table that has these parameters. New reference. Errors: those of the verification. */
json_t *assay_bundle_answer (const char *directory, const AssayValues *values, AssayProgress *progress, int *exit_status, char **reason, GError **error);
