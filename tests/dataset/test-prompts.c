/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-prompts.c: texts asked about, behind the examples of a data set. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/derive.h"
#include "dataset/prompts.h"

#include <string.h>

typedef struct { AssayTable *table; AssayDataset *dataset; AssayTokenizer *tokenizer; } Room;

/* Windows of five characters: "abcab", "cabca" in train and "test". */
static void
enter (Room *room, gconstpointer unused)
{
  g_autofree char *path = fixture_write ("p.txt", "abcabcabcabcabca", -1);
  g_autoptr (AssayValues) values = assay_values_new (assay_derive_params);
  GError *error = NULL;

  (void) unused;
  room->table = fixture_import (path, "context", "5", NULL);
  room->dataset = assay_dataset_derive (room->table, values, ASSAY_TARGET_AUTO, &error);
  g_assert_no_error (error);
  room->tokenizer = assay_tokenizer_new (assay_table_get_tokenizer (room->table), "p.txt", &error);
  g_assert_no_error (error);
}

static void
leave (Room *room, gconstpointer unused)
{
  (void) unused;
  assay_tokenizer_free (room->tokenizer);
  assay_dataset_unref (room->dataset);
  assay_table_unref (room->table);
}

static AssayDataset *
add (Room *room, const char *prompt, const char *completion, GError **error)
{
  json_auto_t *prompts = json_pack ("[{s:s, s:s}]", "prompt", prompt, "completion", completion);

  return assay_dataset_add_prompts (room->dataset, room->tokenizer, prompts, error);
}

static void
test_added (Room *room, gconstpointer unused)
{
  static const gint32 token[] = { 0, 1, 2, 0, 0 }, target[] = { 1, 2, 0, 0, 0 };
  static const double weight[] = { 0, 1, 1, 0, 0 };
  GError *error = NULL;
  g_autoptr (AssayDataset) longer = add (room, "ab", "ca", &error);
  gint32 tokens[5], targets[5], before[5], after[5];
  double weights[5];
  gint64 n = assay_dataset_get_n (room->dataset), index;
  AssayBatch batch = { .dtype = ASSAY_F64, .token = tokens, .target = targets, .weight = weights };

  (void) unused;
  g_assert_no_error (error);
  g_assert_cmpint (assay_dataset_get_n (longer), ==, n + 1);
  g_assert_cmpstr (assay_dataset_get_split_of (longer, n, &index), ==, ASSAY_PROMPTS_SPLIT);
  g_assert_cmpint (index, ==, 0);
  assay_dataset_fill (longer, &n, 1, &batch);
  g_assert_cmpmem (tokens, sizeof tokens, token, sizeof token);
  g_assert_cmpmem (targets, sizeof targets, target, sizeof target);
  g_assert_cmpmem (weights, sizeof weights, weight, sizeof weight);
  for (gint64 example = 0; example < n; example++)                /* the others are what they were */
    {
      batch.token = before;
      assay_dataset_fill (room->dataset, &example, 1, &batch);
      batch.token = after;
      assay_dataset_fill (longer, &example, 1, &batch);
      g_assert_cmpmem (before, sizeof before, after, sizeof after);
      g_assert_cmpfloat (weights[4], ==, 1);
      g_assert_cmpint (assay_dataset_get_row (longer, example), ==, assay_dataset_get_row (room->dataset, example));
    }
}

static void
test_refusals (Room *room, gconstpointer unused)
{
  static const struct { const char *prompt, *completion, *says; } cases[] = {
    { "ab", "", "prompt:0: completion: a token to predict expected, none found among 2" },
    { "", "a", "a token to predict expected, none found among 1" },
    { "abc", "abca", "at most 6 tokens expected" },
    { "a", "bd", "characters of the vocabulary expected, \"d\" found at byte 2" },
  };
  g_autoptr (AssayTable) numbers = fixture_csv ("a,b\n1,2\n3,4\n");
  g_autoptr (AssayValues) values = assay_values_new (assay_derive_params);
  GError *error = NULL;

  (void) unused;
  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_assert_null (add (room, cases[k].prompt, cases[k].completion, &error));
      fixture_refused (&error, ASSAY_ERROR_INPUT, cases[k].says, NULL);
    }
  assay_dataset_unref (room->dataset);
  g_assert_true (assay_values_set_text (values, "target", "a", &error));
  room->dataset = assay_dataset_derive (numbers, values, ASSAY_TARGET_REAL, &error);
  g_assert_no_error (error);
  g_assert_null (add (room, "a", "b", &error));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "--query SPLIT:INDEX", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/prompts/a text stands behind the examples, its prompt without weight", Room, NULL, enter, test_added, leave);
  g_test_add ("/prompts/what is no question is refused", Room, NULL, enter, test_refusals, leave);
  return g_test_run ();
}
