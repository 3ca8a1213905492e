/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c: numbers and members with a word for nothing. */
#include "base/json.h"

#include <math.h>

json_t *
assay_json_number (double value)
{
  return isfinite (value) ? json_real (value) : json_null ();
}

double
assay_json_get_number (const json_t *object, const char *key)
{
  const json_t *value = json_object_get (object, key);

  return json_is_number (value) ? json_number_value (value) : (double) NAN;
}

gboolean
assay_json_get_switch (const json_t *object, const char *key, gboolean otherwise)
{
  const json_t *value = json_object_get (object, key);

  return json_is_boolean (value) ? json_is_true (value) : otherwise;
}

const char *
assay_json_get_text (const json_t *object, const char *key)
{
  const char *text = json_string_value (json_object_get (object, key));

  return text ? text : "";
}

/* The library quotes what it found, and may cut a character in two. */
const char *
assay_json_show_fault (json_error_t *fault)
{
  for (char *p = fault->text; *p != '\0';)
    if (g_utf8_get_char_validated (p, -1) < 0x110000 && g_unichar_isprint (g_utf8_get_char (p)))
      p = g_utf8_next_char (p);
    else
      *p++ = '?';
  return fault->text;
}
