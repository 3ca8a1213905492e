/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_groups.h: the groups of an audit in a section: exact counts, rates, impact ratios, differences, a figure, and claims about the largest.
 *
 * Thread rule: one report at a time.
 */
#pragma once

#include "report/audit_table.h"

/* Every grouping in every part. FALSE: the audit has no groups, and nothing was added. */
gboolean assay_audit_tell_groups (const AssayAuditTelling *telling);
