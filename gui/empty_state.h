/* SPDX-License-Identifier: GPL-3.0-or-later */
/* empty_state.h: what a page shows while the case lacks its data: what would be here, the command that makes it, a button that asks for it.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include <adwaita.h>

#define ASSAY_TYPE_EMPTY_STATE (assay_empty_state_get_type ())
G_DECLARE_FINAL_TYPE (AssayEmptyState, assay_empty_state, ASSAY, EMPTY_STATE, AdwBin)

/* Properties "icon-name", "title", "description": our own words, set in the .ui. */

/* A command line that a job can be made of; NULL: none is offered. */
void assay_empty_state_set_command (AssayEmptyState *self, const char *command);
