/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_rules.h: rows that say what the rules of a report would refuse. Thread rule: the main thread. */
#pragma once

#include "gui/report_draft.h"

#include <adwaita.h>

/* What would be refused, as rows of an expander; rows: those it has, which are replaced. is_final: by --final, else by --strict. is_signed: a key is
 * chosen. draft NULL: nothing is known yet. */
void       assay_report_rules_show         (AdwExpanderRow *expander, GPtrArray *rows, const AssayReportDraft *draft, gboolean is_final, gboolean is_signed);
