/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c: escaping, width and wrapping. */
#include "cli/text.h"

#include <string.h>

static gboolean
turns_direction (gunichar c)
{
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Line and paragraph separators, the byte order mark and the zero-width characters hide or move text as well. */
static gboolean
is_invisible (gunichar c)
{
  return c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0x200b || c == 0x2060 || turns_direction (c);
}

static gboolean
is_control (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

char *
assay_text_escape (const char *text, gboolean keep_lines)
{
  GString *out = g_string_new (NULL);

  while (*text != '\0')
    {
      gunichar c = g_utf8_get_char_validated (text, -1);

      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          g_string_append_printf (out, "\\x%02x", (guchar) *text++);
          continue;
        }
      if (c == '\n' && keep_lines)
        g_string_append_c (out, '\n');
      else if (is_control (c))
        g_string_append_printf (out, "\\x%02x", c);
      else if (is_invisible (c))
        g_string_append_printf (out, "\\u{%04x}", c);
      else
        g_string_append_unichar (out, c);
      text = g_utf8_next_char (text);
    }
  return g_string_free (out, FALSE);
}

char *
assay_text_escape_json (const char *json)
{
  GString *out = g_string_sized_new (strlen (json));

  for (; *json != '\0'; json = g_utf8_next_char (json))
    {
      gunichar c = g_utf8_get_char (json);

      if (c != '\n' && (is_control (c) || is_invisible (c)))
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_unichar (out, c);
    }
  return g_string_free (out, FALSE);
}

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
