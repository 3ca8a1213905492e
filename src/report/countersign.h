/* SPDX-License-Identifier: GPL-3.0-or-later */
/* countersign.h: adding to a bundle that is written already: another signer, or an authority's time stamp. Nothing that is there changes.
 *
 * Thread rule: any thread, one at a time per bundle.
 */
#pragma once

#include "base/progress.h"
#include "report/signing_key.h"

/* Verifies the bundle first: what is altered is not vouched for. added receives the new directory, relative to the bundle. Errors: CHECK_FAILED for
 * an altered bundle, USAGE when the key has signed it already, those of writing. Owns: the caller, added. */
gboolean assay_bundle_countersign (const char *directory, const AssaySigningKey *key, AssayProgress *progress, char **added, GError **error);

/* The answer of an authority to the request of one of the signers. Errors: also INPUT when it answers none of them. */
gboolean assay_bundle_add_time_stamp (const char *directory, const char *token, AssayProgress *progress, char **added, GError **error);
