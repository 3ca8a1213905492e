/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_deeds.h: the journal of a case as what people did: one entry for each command, not for each record.
 *
 * Thread rule: pure functions; the reader's thread, since files are read.
 */
#pragma once

#include "gui/case_account.h"

/* A GPtrArray of AssayDeed, the newest first. With an error it holds what could be read before the damage. Owns: the caller. */
GPtrArray *assay_case_deeds_read (const char *path, GError **error);
