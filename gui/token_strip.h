/* SPDX-License-Identifier: GPL-3.0-or-later */
/* token_strip.h: the tokens of an example side by side, each a word to select. Thread rule: the main thread. */
#pragma once

#include "dataset/table.h"

#include <adwaita.h>

#define ASSAY_TYPE_TOKEN_STRIP (assay_token_strip_get_type ())
G_DECLARE_FINAL_TYPE (AssayTokenStrip, assay_token_strip, ASSAY, TOKEN_STRIP, AdwBin)

/* Tokens are numbered from 0; the last is the one that nothing follows. "selected" is emitted with the number of the token that a person
 * chose. A long text is one label in which nothing is selected. */
void assay_token_strip_show   (AssayTokenStrip *self, const AssayColumn *column, gint64 row);
/* -1: none. Emits nothing. */
void assay_token_strip_select (AssayTokenStrip *self, gint64 token);
