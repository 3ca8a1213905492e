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
