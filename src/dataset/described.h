/* SPDX-License-Identifier: GPL-3.0-or-later */
/* described.h: how a data set is made of data of the case, kept as a small document by every model, recording and score made of it:
 *
 *   {"name", "content_roots", "derive", "target", "split"}        derive holds only what was given
 *
 * Where texts were asked about, "prompts" holds them (dataset/prompts.h), and the data set has them behind its own examples.
 * It rebuilds the data set, so that indices mean the same as then, and refuses when the data are other values now.
 * Thread rule: as the store's.
 */
#pragma once

#include "dataset/dataset.h"
#include "dataset/derive.h"
#include "store/case.h"

/* New reference. */
json_t       *assay_described_new  (const AssayObject *data, const AssayValues *derive, AssayTargetKind target, const char *split);

/* The data set of such a description; data and table (may be NULL) receive what it is made of. where names who asks.
 * Errors: NOT_FOUND; DAMAGED; INPUT when the data are no longer what they were; those of the derivation. Owns: the caller. */
AssayDataset *assay_described_load (AssayCase *cas, const json_t *described, const char *where, AssayObject **data, AssayTable **table,
                                    GError **error);
