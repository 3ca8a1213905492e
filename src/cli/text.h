/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.h: data on its way to a terminal or a pipe: control characters become visible, widths are known.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* Every control character (C0 but line feed where keep_lines, DEL, C1), every character that changes the direction of text, and every
 * byte that is not UTF-8 is shown as \xNN or \u{NNNN}. Owns: the caller. */
char *assay_text_escape  (const char *text, gboolean keep_lines);

/* JSON text as jansson writes it, with DEL, C1 and direction controls as \uNNNN. Owns: the caller. */
char *assay_text_escape_json (const char *json);

/* Columns that UTF-8 text takes on a terminal. */
gsize assay_text_width   (const char *text);

/* Appends text in lines of at most `width` columns, each after `indent` spaces; the first line begins where the string stands. */
void  assay_text_wrap    (GString *out, const char *text, guint indent, guint width);
