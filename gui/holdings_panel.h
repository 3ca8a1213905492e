/* SPDX-License-Identifier: GPL-3.0-or-later */
/* holdings_panel.h: what is in a case, in groups, with rows and bytes; each object leads to the page that shows it and to where it comes from.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/case_contents.h"

#include <adwaita.h>

#define ASSAY_TYPE_HOLDINGS_PANEL (assay_holdings_panel_get_type ())
G_DECLARE_FINAL_TYPE (AssayHoldingsPanel, assay_holdings_panel, ASSAY, HOLDINGS_PANEL, AdwBin)

void assay_holdings_panel_show (AssayHoldingsPanel *self, AssayCaseContents *contents);
