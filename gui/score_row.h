/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_row.h: one ranked example: its name and look (words, and a picture where it is one), its score with its interval, and a bar as long as the score is large.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/influence_answer.h"

#include <gtk/gtk.h>

#define ASSAY_TYPE_SCORE_ROW (assay_score_row_get_type ())
G_DECLARE_FINAL_TYPE (AssayScoreRow, assay_score_row, ASSAY, SCORE_ROW, GtkListBoxRow)

/* picture NULL: none. share: length of the bar, 0 to 1. An entry that is an interval is shown as one, with how far it moved. */
GtkWidget  *assay_score_row_new           (const AssayInfluenceEntry *entry, GdkPaintable *picture, double share);
const char *assay_score_row_get_reference (AssayScoreRow *self);
