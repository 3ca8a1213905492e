/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_panel.h: the model of a case as a card: what it is, how it was made, how its training went; of several, one is chosen.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include <adwaita.h>

#define ASSAY_TYPE_MODEL_PANEL (assay_model_panel_get_type ())
G_DECLARE_FINAL_TYPE (AssayModelPanel, assay_model_panel, ASSAY, MODEL_PANEL, AdwBin)

/* models: of AssayModelCard; a reference is taken. The model that was chosen stays so while it is there. */
void  assay_model_panel_show       (AssayModelPanel *self, GPtrArray *models);
/* "model/NAME" of the one that is shown; NULL: none. Owns: the caller. */
char *assay_model_panel_dup_object (AssayModelPanel *self);
