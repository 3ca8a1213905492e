/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dial.h: a question, a number from 0 to 1 with its interval on an arc, and the word for it. One dial is one question: nothing merges two.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include <adwaita.h>

#define ASSAY_TYPE_DIAL (assay_dial_get_type ())
G_DECLARE_FINAL_TYPE (AssayDial, assay_dial, ASSAY, DIAL, AdwBin)

/* The property "question" is set in the .ui. */

/* word: the verdict; basis: what it rests on. estimate NaN: nothing was measured, and the arc is empty. */
void assay_dial_set (AssayDial *self, double estimate, double lo, double hi, const char *word, const char *basis);
