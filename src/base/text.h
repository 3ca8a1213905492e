/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.h: data on its way to a terminal, a window or a document: what would hide, move or steer text becomes visible.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* Every control character (C0 but line feed where keep_lines, DEL, C1), every character that changes the direction of text or takes no
 * room, and every byte that is not UTF-8 is shown as \xNN or \u{NNNN}. The result is valid UTF-8. Owns: the caller. */
char *assay_text_escape      (const char *text, gboolean keep_lines);
/* The same of a number of bytes, where NUL is a control character like others. Owns: the caller. */
char *assay_text_escape_bytes (const char *text, gsize length, gboolean keep_lines);

/* A finite number by the fewest digits that read back as the same number, the same in every locale. Owns: the caller. */
char *assay_text_number      (double value);

/* JSON text as jansson writes it, with DEL, C1 and direction controls as \uNNNN. Owns: the caller. */
char *assay_text_escape_json (const char *json);
