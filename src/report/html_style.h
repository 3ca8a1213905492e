/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html_style.h: the style sheet of report.html, which stands in the page itself; the page's policy allows no other.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* Layout, type and colours for screen and paper, light and dark, and those of the figures. Owns: the caller. */
char *assay_html_dup_style (void);
