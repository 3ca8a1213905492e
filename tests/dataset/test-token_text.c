/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-token_text.c: tokens read as the text that they came from. */
#include "dataset/token_text.h"

static GPtrArray *
make (const char *const *spelling)
{
  GPtrArray *vocabulary = g_ptr_array_new ();

  for (; *spelling != NULL; spelling++)
    g_ptr_array_add (vocabulary, (char *) *spelling);
  return vocabulary;
}

static void
assert_reads (const char *const *spelling, const char *text, gint64 n, const gint32 *token)
{
  g_autoptr (GPtrArray) vocabulary = make (spelling);
  g_autofree char *found = assay_token_text_join (assay_token_text_find_style (vocabulary), vocabulary, token, n);

  g_assert_cmpstr (found, ==, text);
}
#define ASSERT_READS(spelling, text, ...) assert_reads (spelling, text, sizeof ((gint32[]) { __VA_ARGS__ }) / 4, (gint32[]) { __VA_ARGS__ })

static void
test_styles (void)
{
  static const char *const pieces[] = { "The", " c", "at", "<0x0A>", "<0xC3>", "<0xA9>", NULL };
  static const char *const word_pieces[] = { "[CLS]", "un", "##seen", "thing", NULL };
  static const char *const letters[] = { "a", "b", " ", "\xc3\xa9", NULL };
  static const char *const words[] = { "BOS", "7", "<0x0A>", NULL };

  ASSERT_READS (pieces, "The cat\nThe", 0, 1, 2, 3, 0);
  ASSERT_READS (word_pieces, "[CLS] unseen thing", 0, 1, 2, 3);
  ASSERT_READS (letters, "ab \xc3\xa9", 0, 1, 2, 3);
  ASSERT_READS (words, "BOS 7 <0x0A>", 0, 1, 2);
}

static void
test_bytes (void)
{
  static const char *const pieces[] = { " a", "<0xC3>", "<0xA9>", "<0xG0>", NULL };

  ASSERT_READS (pieces, "\xc3\xa9", 1, 2);
  ASSERT_READS (pieces, " a\xef\xbf\xbd", 0, 1);                  /* half a character */
  ASSERT_READS (pieces, "<0xG0>", 3);
}

static void
test_numbers (void)
{
  const gint32 tokens[] = { 5, -1 };
  static const char *const one[] = { " a", NULL };
  g_autofree char *none = assay_token_text_join (assay_token_text_find_style (NULL), NULL, tokens, 1);

  g_assert_cmpstr (none, ==, "token 5");
  ASSERT_READS (one, "token 5 atoken -1", 5, 0, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/token-text/pieces of words, words, and letters are put together as they are meant", test_styles);
  g_test_add_func ("/token-text/spelled bytes become characters, and what is none is marked", test_bytes);
  g_test_add_func ("/token-text/a number without a spelling is called by its number", test_numbers);
  return g_test_run ();
}
