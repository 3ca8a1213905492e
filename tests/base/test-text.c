/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-text.c: nothing in data steers a terminal, turns the direction of text or hides. */
#include "base/text.h"

static void
assert_taken (char *found, const char *expected)
{
  g_assert_cmpstr (found, ==, expected);
  g_free (found);
}

static void
test_escape (void)
{
  assert_taken (assay_text_escape ("plain, naïve, 日本", FALSE), "plain, naïve, 日本");
  assert_taken (assay_text_escape ("\033[31mred", FALSE), "\\x1b[31mred");
  assert_taken (assay_text_escape ("a\nb\tc\r", FALSE), "a\\x0ab\\x09c\\x0d");
  assert_taken (assay_text_escape ("a\nb\r", TRUE), "a\nb\\x0d");
  assert_taken (assay_text_escape ("\xff\xc3", FALSE), "\\xff\\xc3");                     /* not UTF-8 */
  assert_taken (assay_text_escape ("\xc2\x9b" "31m", FALSE), "\\x9b31m");                   /* C1: a terminal may take it for ESC [ */
  assert_taken (assay_text_escape ("a\u202eb\u200bc", FALSE), "a\\u{202e}b\\u{200b}c");    /* turns and hides text */
  assert_taken (assay_text_escape_json ("{\"a\": \"\u202e\x7f\"}\n"), "{\"a\": \"\\u202e\\u007f\"}\n");
}

static void
test_bytes (void)
{
  assert_taken (assay_text_escape_bytes ("a\0b", 3, FALSE), "a\\x00b");
  assert_taken (assay_text_escape_bytes ("日本", 4, FALSE), "日\\xe6");                   /* cut within a character */
  assert_taken (assay_text_escape_bytes ("", 0, FALSE), "");
}

static void
test_number (void)
{
  assert_taken (assay_text_number (0.1), "0.1");
  assert_taken (assay_text_number (-3), "-3");
  assert_taken (assay_text_number (1.0 / 3), "0.3333333333333333");
  assert_taken (assay_text_number (0.1 + 0.2), "0.30000000000000004");
  assert_taken (assay_text_number (1e300), "1e+300");
}

/* Whatever comes in, text comes out. */
static void
test_noise (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  char bytes[64];

  for (guint trial = 0; trial < 2000; trial++)
    {
      g_autofree char *found = NULL;

      for (gsize k = 0; k < sizeof bytes; k++)
        bytes[k] = (char) g_rand_int_range (rand, 0, 256);
      found = assay_text_escape_bytes (bytes, sizeof bytes, FALSE);
      g_assert_true (g_utf8_validate (found, -1, NULL));
      for (const char *p = found; *p != '\0'; p = g_utf8_next_char (p))
        g_assert_false (g_unichar_iscntrl (g_utf8_get_char (p)));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/controls, directions and broken bytes are shown by number", test_escape);
  g_test_add_func ("/text/NUL and a cut character are shown by number", test_bytes);
  g_test_add_func ("/text/a number is as short as reads back", test_number);
  g_test_add_func ("/text/any bytes become text without a control character", test_noise);
  return g_test_run ();
}
