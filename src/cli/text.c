/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c: width and wrapping. */
#include "cli/text.h"

gsize
assay_text_width (const char *text)
{
  gsize width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      if (!g_unichar_iszerowidth (c))
        width += g_unichar_iswide (c) ? 2 : 1;
    }
  return width;
}

void
assay_text_wrap (GString *out, const char *text, guint indent, guint width)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  gsize column = indent;

  for (guint k = 0; words[k] != NULL; k++)
    {
      gsize w = assay_text_width (words[k]);

      if (k > 0 && column + 1 + w > width)
        {
          g_string_append_printf (out, "\n%*s", (int) indent, "");
          column = indent;
        }
      else if (k > 0)
        {
          g_string_append_c (out, ' ');
          column++;
        }
      g_string_append (out, words[k]);
      column += w;
    }
}
