/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command_palette.h: everything a window can be asked to do, found by typing a few letters of it. Thread rule: the main thread. */
#pragma once

#include "gui/window.h"

void assay_command_palette_show (AssayWindow *window);

/* How well the words of a query fit a text: each must be in it, at the beginning of a word for the best; 0: not at all. Pure. */
guint assay_command_palette_score (const char *text, const char *query);
