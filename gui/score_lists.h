/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_lists.h: fills the two lists of a ranking, of those that raise and those that lower: the rows that are seen first at once, the others a few
 * in each of the next frames, for all of them together take longer than a frame may.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/influence_answer.h"

#include <gtk/gtk.h>

typedef struct _AssayScoreLists AssayScoreLists;

/* The lists must outlive it. */
AssayScoreLists *assay_score_lists_new  (GtkListBox *raising, GtkListBox *lowering);
void             assay_score_lists_free (AssayScoreLists *self);
/* Instead of what is there. The answer must stay until all rows are there, another one is shown, or assay_score_lists_stop. */
void             assay_score_lists_show (AssayScoreLists *self, const AssayInfluenceAnswer *answer);
void             assay_score_lists_stop (AssayScoreLists *self);
