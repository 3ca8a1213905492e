/* SPDX-License-Identifier: GPL-3.0-or-later */
/* escape_html.c: character references for everything that could be markup. */
#include "report/escape_html.h"

#include "base/text.h"

void
assay_html_append (GString *out, const char *text)
{
  g_autofree char *visible = assay_text_escape (text, TRUE);

  for (const char *c = visible; *c != '\0'; c++)
    switch (*c)
      {
      case '&': g_string_append (out, "&amp;"); break;
      case '<': g_string_append (out, "&lt;"); break;
      case '>': g_string_append (out, "&gt;"); break;
      case '"': g_string_append (out, "&quot;"); break;
      case '\'': g_string_append (out, "&#39;"); break;
      default: g_string_append_c (out, *c);
      }
}
