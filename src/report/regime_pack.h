/* SPDX-License-Identifier: GPL-3.0-or-later */
/* regime_pack.h: one pack, strictly read. Internal to this floor: see report/regime.h.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "report/regime.h"

/* fields: the declared ones, which items may name. Errors: NOT_FOUND, IO; INPUT naming file and item. Owns: the caller. */
AssayRegime *assay_regime_read (const char *path, const AssayFieldSet *fields, GError **error);
void         assay_regime_free (AssayRegime *regime);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRegime, assay_regime_free)
