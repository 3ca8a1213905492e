/* SPDX-License-Identifier: GPL-3.0-or-later */
/* escape_html.h: text on its way into an HTML page.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* Appends text as character data or as the value of a quoted attribute: &, <, >, quotes are references; control characters and those that change
 * the direction of text become visible, as everywhere (base/text.h). */
void assay_html_append (GString *out, const char *text);
