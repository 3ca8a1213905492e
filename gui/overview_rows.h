/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overview_rows.h: the plain lists of the page Overview: what is lost, what is not done yet, who did what.
 *
 * Each returns a new list for its place on the page. Thread rule: the main thread.
 */
#pragma once

#include "gui/case_account.h"

#include <adwaita.h>

/* NULL: nothing is lost. */
GtkWidget *assay_overview_losses    (const AssayCaseAccount *account);
/* NULL: all is done. */
GtkWidget *assay_overview_proposals (const AssayCaseContents *contents);
GtkWidget *assay_overview_journal   (AssayCaseAccount *account);
