/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_measures.h: what an audit measured on each part as a whole, in a section: exact counts, rates, discrimination, calibration with a figure.
 *
 * Thread rule: one report at a time.
 */
#pragma once

#include "report/audit_table.h"

/* Tables, figures and claims of all parts. The table of parts, which further tables may cite. */
const AssayResultTable *assay_audit_tell_measures (const AssayAuditTelling *telling);
/* What the audit is of, which rows it has, and what was said of them, for the section's beginning. */
void                    assay_audit_tell_rows     (const AssayAuditTelling *telling);
