/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_pins.h: the pinned claims as rows that are put into order by dragging, by buttons and by Alt+Up and Alt+Down.
 *
 * What a person does with a row is asked by the actions "report.move" (sx: claim, place from 1) and "report.unpin" (s).
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/report_draft.h"

#include <adwaita.h>

/* Rows for the draft's pins; the one that had the keyboard's focus has it again. */
void assay_report_pins_show (GtkListBox *list, const AssayReportDraft *draft);
