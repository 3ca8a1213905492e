/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.h: how wide text is on a terminal, and how it is broken into lines.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* Columns that UTF-8 text takes on a terminal. */
gsize assay_text_width   (const char *text);

/* Appends text in lines of at most `width` columns, each after `indent` spaces; the first line begins where the string stands. */
void  assay_text_wrap    (GString *out, const char *text, guint indent, guint width);
