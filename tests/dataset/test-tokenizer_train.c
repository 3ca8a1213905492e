/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-tokenizer_train.c: what is learnt is what counting everything again for every token gives. */
#include "base/error.h"
#include "dataset/tokenizer.h"
#include "dataset/tokenizer_train.h"

#include <string.h>

static json_t *
learn (const char *const *texts, const char *const *special, gint64 size, gint64 least)
{
  GError *error = NULL;
  g_autoptr (AssayTokenTrainer) trainer = assay_token_trainer_new ("gpt2", special, &error);
  json_t *document;

  g_assert_no_error (error);
  for (; *texts != NULL; texts++)
    {
      assay_token_trainer_add (trainer, *texts, strlen (*texts), &error);
      g_assert_no_error (error);
    }
  document = assay_token_trainer_learn (trainer, size, least, NULL, &error);
  g_assert_no_error (error);
  return document;
}

static const char *
get_merge (const json_t *document, size_t k)
{
  return json_string_value (json_array_get (json_object_get (json_object_get (document, "model"), "merges"), k));
}

static json_int_t
get_number (const json_t *document, const char *spelling)
{
  const json_t *number = json_object_get (json_object_get (json_object_get (document, "model"), "vocab"), spelling);

  return number ? json_integer_value (number) : -1;
}

static void
test_by_hand (void)
{
  json_auto_t *document = learn ((const char *const[]) { "aaab aaab abc", NULL }, NULL, 260, 2);

  g_assert_cmpint (get_number (document, "!"), ==, 0);            /* the first character that stands for a byte */
  g_assert_cmpint (get_number (document, "a"), ==, 'a' - '!');
  g_assert_cmpstr (get_merge (document, 0), ==, "a a");           /* four times; so often as none else */
  g_assert_cmpstr (get_merge (document, 1), ==, "a b");           /* three times, one of them behind "aa" */
  g_assert_cmpstr (get_merge (document, 2), ==, "aa ab");         /* twice; of smaller numbers than what follows would have */
  g_assert_cmpstr (get_merge (document, 3), ==, NULL);
  g_assert_cmpint (get_number (document, "aaab"), ==, 258);
}

/* Of pieces that are runs of letters: the most frequent pair, counted from the start for every token. */
static void
test_counted_again (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  json_auto_t *document = NULL;
  guint32 state = 12345;
  size_t n;

  for (int w = 0; w < 400; w++)
    {
      g_autoptr (GString) word = g_string_new (NULL);

      for (int i = 0; i < 2 + w % 7; i++)
        {
          state = state * 1664525u + 1013904223u;
          g_string_append_c (word, (char) ('a' + (state >> 24) % 4));
        }
      g_string_append_printf (text, "%s%s", w > 0 ? "\n" : "", word->str);
      g_ptr_array_add (words, g_strdup_printf (" %s ", word->str));       /* symbols between spaces, below */
    }
  document = learn ((const char *const[]) { text->str, NULL }, NULL, 320, 2);
  n = json_array_size (json_object_get (json_object_get (document, "model"), "merges"));
  g_assert_cmpint (n, >, 40);
  for (guint w = 0; w < words->len; w++)
    {
      const char *word = words->pdata[w];
      GString *apart = g_string_new (" ");

      for (const char *p = word + 1; *p != ' '; p++)
        g_string_append_printf (apart, "%c ", *p);
      g_free (words->pdata[w]);
      words->pdata[w] = g_string_free (apart, FALSE);
    }
  for (size_t k = 0; k < n; k++)
    {
      g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_auto (GStrv) pair = g_strsplit (get_merge (document, k), " ", 2);
      g_autofree char *found = g_strdup_printf (" %s %s ", pair[0], pair[1]);
      GHashTableIter iter;
      gpointer key, value;
      int own, most = 0;

      for (guint w = 0; w < words->len; w++)
        {
          g_auto (GStrv) symbols = g_strsplit (words->pdata[w], " ", -1);

          for (guint i = 1; symbols[i] != NULL && symbols[i + 1] != NULL && symbols[i + 1][0] != '\0'; i++)
            {
              char *both = g_strdup_printf (" %s %s ", symbols[i], symbols[i + 1]);

              g_hash_table_insert (counts, both, GINT_TO_POINTER (GPOINTER_TO_INT (g_hash_table_lookup (counts, both)) + 1));
            }
        }
      g_hash_table_iter_init (&iter, counts);
      while (g_hash_table_iter_next (&iter, &key, &value))
        most = MAX (most, GPOINTER_TO_INT (value));
      own = GPOINTER_TO_INT (g_hash_table_lookup (counts, found));
      g_assert_cmpint (own, ==, most);
      for (guint w = 0; w < words->len; w++)
        {
          g_auto (GStrv) symbols = g_strsplit (words->pdata[w], " ", -1);
          GString *next = g_string_new (" ");

          for (guint i = 1; symbols[i] != NULL && symbols[i][0] != '\0'; i++)
            {
              gboolean joins = symbols[i + 1] != NULL && strcmp (symbols[i], pair[0]) == 0 && strcmp (symbols[i + 1], pair[1]) == 0;

              g_string_append_printf (next, "%s%s ", symbols[i], joins ? symbols[i + 1] : "");
              i += joins;
            }
          g_free (words->pdata[w]);
          words->pdata[w] = g_string_free (next, FALSE);
        }
    }
}

/* Nothing is learnt across a special token, and the result reads a text back. */
static void
test_special (void)
{
  json_auto_t *document = learn ((const char *const[]) { "ab<|end|>ab<|end|>ab", NULL }, (const char *const[]) { "<|end|>", NULL }, 260, 2);
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = assay_tokenizer_new (document, "learnt", &error);
  g_autoptr (GArray) ids = NULL;
  g_autofree char *text = NULL;
  gint64 first;
  gsize n;

  g_assert_no_error (error);
  g_assert_cmpint (get_number (document, "<|end|>"), ==, 0);
  g_assert_cmpstr (get_merge (document, 0), ==, "a b");
  g_assert_cmpstr (get_merge (document, 1), ==, NULL);
  ids = assay_tokenizer_encode_continuation (tokenizer, "", "ab<|end|>\xc3\xa9", &first, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ids->len, ==, 4);
  g_assert_cmpint (g_array_index (ids, gint32, 0), ==, 257);
  g_assert_cmpint (g_array_index (ids, gint32, 1), ==, 0);
  text = assay_tokenizer_decode (tokenizer, (const gint32 *) (void *) ids->data, ids->len, &n);
  g_assert_cmpstr (text, ==, "ab<|end|>\xc3\xa9");
  g_assert_cmpint (first, ==, 0);
  g_array_unref (ids);
  ids = assay_tokenizer_encode_continuation (tokenizer, "ab<|end|>a", "bab", &first, &error);       /* ab <|end|> ab ab: the third crosses the border */
  g_assert_no_error (error);
  g_assert_cmpint (ids->len, ==, 4);
  g_assert_cmpint (first, ==, 2);
}

static void
test_refusals (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenTrainer) trainer = NULL;

  g_assert_null (assay_token_trainer_new ("gpt2", (const char *const[]) { "<x>", "<x>", NULL }, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_null (assay_token_trainer_new ("gpt2", (const char *const[]) { "x", NULL }, &error));
  g_assert_cmpstr (error->message, ==, "special: UTF-8 of several characters expected, number 0 is the spelling of a byte, which is a token already");
  g_clear_error (&error);
  g_assert_null (assay_token_trainer_new ("gpt2", (const char *const[]) { "<x>", "a\xff", NULL }, &error));
  g_assert_cmpstr (error->message, ==, "special: UTF-8 of several characters expected, number 1 is no UTF-8");
  g_clear_error (&error);
  g_assert_null (assay_token_trainer_new ("gpt9", NULL, &error));
  g_clear_error (&error);
  trainer = assay_token_trainer_new ("llama3", (const char *const[]) { "<x>", NULL }, &error);
  g_assert_no_error (error);
  g_assert_false (assay_token_trainer_add (trainer, "ab\xff", 3, &error));
  g_assert_cmpstr (error->message, ==, "UTF-8 expected, byte 2 is 0xff");
  g_clear_error (&error);
  g_assert_null (assay_token_trainer_learn (trainer, 256, 1, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tokenizer_train/pairs in their order, by hand", test_by_hand);
  g_test_add_func ("/tokenizer_train/the most frequent pair every time", test_counted_again);
  g_test_add_func ("/tokenizer_train/special tokens", test_special);
  g_test_add_func ("/tokenizer_train/what cannot be learnt is refused", test_refusals);
  return g_test_run ();
}
