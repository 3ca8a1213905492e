/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c: which characters are shown as their number. */
#include "base/text.h"

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
assay_text_escape_bytes (const char *text, gsize length, gboolean keep_lines)
{
  const char *end = text + length;
  GString *out = g_string_sized_new (length);

  while (text < end)
    {
      gunichar c = g_utf8_get_char_validated (text, end - text);

      if (c == (gunichar) -1 || c == (gunichar) -2 || c == 0)
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
assay_text_escape (const char *text, gboolean keep_lines)
{
  return assay_text_escape_bytes (text, strlen (text), keep_lines);
}

char *
assay_text_number (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE], format[8];

  for (int digits = 1; digits <= 17; digits++)
    {
      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (text, sizeof text, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  return g_strdup (text);
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
