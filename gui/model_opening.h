/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_opening.h: a model of others that somebody drops on a window or chooses there: into its case, or into a case that is made for it.
 *
 * Nothing is imported before the person starts the job whose form is filled in then. Thread rule: the main thread.
 */
#pragma once

#include "gui/window.h"

/* A case is opened, a model is proposed for import, of anything else the window says that it is neither. */
void assay_model_opening_take   (AssayWindow *window, const char *path);
/* Asks for the folder of a model. */
void assay_model_opening_choose (AssayWindow *window);
