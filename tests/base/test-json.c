/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-json.c: what JSON cannot hold becomes null, and null reads back as what it was. */
#include "base/json.h"

#include <math.h>

static void
test_round_trip (void)
{
  json_t *object = json_pack ("{s:o, s:o, s:o, s:o, s:i}", "half", assay_json_number (0.5), "nan", assay_json_number (NAN), "infinite",
                              assay_json_number (-INFINITY), "tiny", assay_json_number (5e-324), "whole", 3);

  g_assert_cmpfloat (assay_json_get_number (object, "half"), ==, 0.5);
  g_assert_cmpfloat (assay_json_get_number (object, "tiny"), ==, 5e-324);
  g_assert_cmpfloat (assay_json_get_number (object, "whole"), ==, 3);
  g_assert_true (json_is_null (json_object_get (object, "nan")));
  g_assert_true (json_is_null (json_object_get (object, "infinite")));
  g_assert_true (isnan (assay_json_get_number (object, "nan")));
  g_assert_true (isnan (assay_json_get_number (object, "missing")));
  g_assert_true (isnan (assay_json_get_number (NULL, "half")));
  json_decref (object);
}

static void
test_text (void)
{
  json_t *object = json_pack ("{s:s, s:i}", "word", "yes", "number", 3);

  g_assert_cmpstr (assay_json_get_text (object, "word"), ==, "yes");
  g_assert_cmpstr (assay_json_get_text (object, "number"), ==, "");
  g_assert_cmpstr (assay_json_get_text (object, "missing"), ==, "");
  g_assert_true (isnan (assay_json_get_number (object, "word")));
  json_decref (object);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/what is not finite is null, and reads back as no number", test_round_trip);
  g_test_add_func ("/json/what is missing or of another type is an empty text or no number", test_text);
  return g_test_run ();
}
