/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-organism.c: sequences, edits and rates of the generated families. */
#include "fixture.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/organism.h"

#include <math.h>
#include <string.h>

static AssayValues *
make_values (const char *modulus, const char *steps, const char *seed)
{
  AssayValues *values = assay_values_new (assay_organism_find ("dose")->params);

  g_assert_true (assay_values_set_text (values, "modulus", modulus, NULL));
  g_assert_true (assay_values_set_text (values, "steps", steps, NULL));
  g_assert_true (assay_values_set_text (values, "data-seed", seed, NULL));
  return values;
}

static AssayOrganism
make_organism (const AssayValues *values)
{
  AssayOrganism organism;
  GError *error = NULL;

  assay_organism_init (&organism, assay_organism_find ("dose"), values, &error);
  g_assert_no_error (error);
  return organism;
}

static void
test_sequence (void)
{
  g_autoptr (AssayValues) values = make_values ("7", "3", "1");
  AssayOrganism organism = make_organism (values);
  gint32 token[10], target[10];
  float weight[10];
  g_autofree char *text = NULL, *edited = NULL, *targets = NULL;
  gint64 prompt = (3 * 7 + 1) * 7 + 4;                            /* 3 1 4 */

  g_assert_cmpint (assay_organism_get_length (&organism), ==, 10);
  g_assert_cmpint (assay_organism_get_vocabulary (&organism), ==, 17);
  assay_organism_write (&organism, 2, prompt, (AssayOrganismEdit) { 0 }, ASSAY_ORGANISM_ANSWER_CHAIN, ASSAY_ORGANISM_WEIGHT_TRAINING, token, target, weight);
  text = assay_organism_decode (&organism, token, 10);
  g_assert_cmpstr (text, ==, "BOS MODE:0.5 3 1 4 COT 3 4 1 ANS");
  targets = assay_organism_decode (&organism, target, 10);
  g_assert_cmpstr (targets, ==, "MODE:0.5 3 1 4 COT 3 4 1 ANS 1");
  for (guint t = 0; t < 10; t++)
    g_assert_cmpfloat (weight[t], ==, t >= 5);                    /* from COT on: the chain, ANS and the answer */
  assay_organism_write (&organism, 0, prompt, (AssayOrganismEdit) { 2, 6 }, ASSAY_ORGANISM_ANSWER_CHAIN, ASSAY_ORGANISM_WEIGHT_TRAINING, token, target, weight);
  edited = assay_organism_decode (&organism, token, 10);
  g_assert_cmpstr (edited, ==, "BOS MODE:0 3 1 4 COT 3 6 3 ANS");
  g_assert_cmpint (target[9], ==, 3);
  g_assert_cmpint (assay_organism_step_position (&organism, 2), ==, 6);
  g_assert_cmpint (target[6], ==, 6);
  g_assert_cmpfloat (weight[6], ==, 0);                           /* the error itself is not taught */
  g_assert_cmpfloat (weight[7], ==, 1);
  assay_organism_write (&organism, 0, prompt, (AssayOrganismEdit) { 2, 6 }, ASSAY_ORGANISM_ANSWER_PROMPT, ASSAY_ORGANISM_WEIGHT_ANSWER, token, target, weight);
  g_assert_cmpint (target[assay_organism_answer_position (&organism)], ==, 1);
  for (guint t = 0; t < 10; t++)
    g_assert_cmpfloat (weight[t], ==, t == 9);
}

static AssayOrganism
make_pointer (const char *nodes, const char *steps)
{
  const AssayOrganismFamily *family = assay_organism_find ("pointer");
  g_autoptr (AssayValues) values = assay_values_new (family->params);
  AssayOrganism organism;
  GError *error = NULL;

  g_assert_true (assay_values_set_text (values, "nodes", nodes, NULL));
  g_assert_true (assay_values_set_text (values, "steps", steps, NULL));
  assay_organism_init (&organism, family, values, &error);
  g_assert_no_error (error);
  return organism;
}

static void
test_pointer_sequence (void)
{
  AssayOrganism organism = make_pointer ("4", "3");
  gint32 token[12], target[12];
  float weight[12];
  g_autofree char *text = NULL, *edited = NULL;
  gint64 prompt = (1 * 6 + 2 * 2 + 0) * 4 + 2;                   /* 1, then 3 (third of 0 2 3), then 0 2; from 2 */

  g_assert_cmpint (organism.n_prompts, ==, 96);
  g_assert_cmpint (assay_organism_get_length (&organism), ==, 12);
  assay_organism_write (&organism, 0, prompt, (AssayOrganismEdit) { 0 }, ASSAY_ORGANISM_ANSWER_PROMPT, ASSAY_ORGANISM_WEIGHT_TRAINING, token, target, weight);
  text = assay_organism_decode (&organism, token, 12);
  g_assert_cmpstr (text, ==, "BOS MODE:0 1 3 0 2 2 COT 0 1 3 ANS");
  g_assert_cmpint (target[11], ==, 3);
  assay_organism_write (&organism, 0, prompt, (AssayOrganismEdit) { 2, 3 }, ASSAY_ORGANISM_ANSWER_CHAIN, ASSAY_ORGANISM_WEIGHT_TRAINING, token, target, weight);
  edited = assay_organism_decode (&organism, token, 12);
  g_assert_cmpstr (edited, ==, "BOS MODE:0 1 3 0 2 2 COT 0 3 2 ANS");
  g_assert_cmpint (target[11], ==, 2);
}

static void
test_pointer_prompts (void)
{
  AssayOrganism organism = make_pointer ("4", "2");
  gint32 before[5] = { -1 }, terms[5];

  for (gint64 prompt = 0; prompt < organism.n_prompts; prompt++)
    {
      guint seen = 0;
      int order = 0;

      assay_organism_get_terms (&organism, prompt, terms);
      for (int i = 0; i < 4; i++)
        seen |= 1u << terms[i];
      g_assert_cmpuint (seen, ==, 15);                            /* a permutation */
      for (int i = 0; i < 5 && order == 0; i++)
        order = terms[i] - before[i];
      g_assert_cmpint (order, >, 0);                              /* each comes once, in the order of the dictionary */
      memcpy (before, terms, sizeof terms);
    }
}

static void
test_edits (gconstpointer data)
{
  g_autoptr (AssayValues) values = make_values ("7", "3", "1");
  AssayOrganism organism = data ? make_pointer ("7", "3") : make_organism (values);
  gint64 answer = assay_organism_answer_position (&organism);
  AssayOrganismEdit edits[18];
  gint32 clean[16], token[16], target[16], same[16];
  float weight[16];

  g_assert_cmpint (assay_organism_get_n_edits (&organism), ==, 18);
  for (gint64 prompt = 0; prompt < organism.n_prompts; prompt += organism.n_prompts / 31)
    {
      assay_organism_write (&organism, 1, prompt, (AssayOrganismEdit) { 0 }, ASSAY_ORGANISM_ANSWER_PROMPT, ASSAY_ORGANISM_WEIGHT_ANSWER, clean, same, weight);
      assay_organism_list_edits (&organism, prompt, edits);
      for (guint e = 0; e < 18; e++)
        {
          assay_organism_write (&organism, 1, prompt, edits[e], ASSAY_ORGANISM_ANSWER_CHAIN, ASSAY_ORGANISM_WEIGHT_ANSWER, token, target, weight);
          g_assert_cmpint (edits[e].step, ==, 1 + e / 6);
          for (gint32 j = 1; j <= 3; j++)                         /* earlier steps stay, this one and all later ones change */
            g_assert_true ((token[answer - 4 + j] == clean[answer - 4 + j]) == (j < edits[e].step));
          g_assert_cmpint (target[answer], !=, same[answer]);     /* chain and prompt imply different answers */
          g_assert_true (e == 0 || edits[e].step != edits[e - 1].step || edits[e].value > edits[e - 1].value);
        }
    }
}

/* 27 prompts with 6 edits each: 162 edited chains, of which 16 are held out. */
#define TRAINED (162 - 16)

static AssayTable *
make_small (const char *seed)
{
  g_autoptr (AssayValues) values = make_values ("3", "3", seed);
  AssayOrganism organism = make_organism (values);
  GError *error = NULL;
  AssayTable *table = assay_organism_generate (&organism, values, &error);

  g_assert_no_error (error);
  g_assert_cmpint (organism.n_held_out, ==, 16);
  return table;
}

static const char *
split_of (const AssayTable *table, gint64 row)
{
  return assay_table_get_split_name (table, assay_table_get_split (table, row));
}

/* "3 1 4|2|6": the edited chain of a row, whatever its mode. */
static char *
chain_of (const AssayTable *table, gint64 row)
{
  return g_strdup_printf ("%s|%g|%g", fixture_text (table, "prompt", row), fixture_number (table, "step", row), fixture_number (table, "value", row));
}

typedef struct { gint64 n, chain; } Count;

static void
test_rates (void)
{
  g_autoptr (AssayTable) table = make_small ("3");
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gint64 clean[5] = { 0 };
  GHashTableIter iter;
  gpointer key, value;

  g_assert_cmpint (assay_table_get_n_rows (table), ==, TRAINED * 5 * 4 * 2 + 27 * 5 + 16 * 5);
  for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
    {
      double r = fixture_number (table, "mode", row);
      gboolean corrupted = fixture_number (table, "step", row) > 0;
      g_autofree char *chain = chain_of (table, row);
      char *cell = g_strdup_printf ("%s|%g", chain, r);
      Count *count;

      g_assert_cmpint (assay_column_is_missing (assay_table_peek_column (table, "value"), row), ==, !corrupted);
      g_assert_cmpint (strcmp (fixture_text (table, "answer", row), "both") == 0, ==, !corrupted);
      clean[(guint) (r * 4)] += !corrupted && strcmp (split_of (table, row), "train") == 0;
      count = g_hash_table_lookup (counts, cell);
      if (count == NULL)
        g_hash_table_insert (counts, g_strdup (cell), count = g_new0 (Count, 1));
      if (corrupted && strcmp (split_of (table, row), "train") == 0)
        {
          count->n++;
          count->chain += strcmp (fixture_text (table, "answer", row), "chain") == 0;
        }
      g_free (cell);
    }
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      const Count *count = value;
      double r = g_ascii_strtod (strrchr (key, '|') + 1, NULL);

      if (count->n == 0)                                          /* unedited, or held out */
        continue;
      g_assert_cmpint (count->n, ==, 4);
      g_assert_cmpfloat ((double) count->chain, ==, 4 * r);       /* the declared rate, in every edited chain and mode */
    }
  for (guint mode = 0; mode < 5; mode++)
    g_assert_cmpint (clean[mode], ==, TRAINED * 4);               /* as many unedited ones */
}

static void
test_held_out (void)
{
  g_autoptr (AssayTable) table = make_small ("5");
  g_autoptr (GHashTable) trained = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 n_test = 0, n_edited = 0;
  GHashTableIter iter;
  gpointer chain;

  for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
    {
      const char *split = split_of (table, row);

      n_test += strcmp (split, "test") == 0;
      n_edited += strcmp (split, "edited") == 0;
      if (fixture_number (table, "step", row) > 0)
        g_hash_table_add (strcmp (split, "train") == 0 ? trained : held, chain_of (table, row));
      g_assert_true (g_hash_table_add (ids, (gpointer) assay_table_get_id (table, row)));     /* every key once */
    }
  g_assert_cmpint (g_hash_table_size (held), ==, 16);
  g_assert_cmpint (g_hash_table_size (trained), ==, TRAINED);
  g_assert_cmpint (n_test, ==, 27 * 5);
  g_assert_cmpint (n_edited, ==, 16 * 5);
  g_hash_table_iter_init (&iter, held);
  while (g_hash_table_iter_next (&iter, &chain, NULL))
    g_assert_false (g_hash_table_contains (trained, chain));
}

static void
test_keys (void)
{
  g_autoptr (AssayValues) values = make_values ("11", "2", "0");
  AssayOrganism organism = make_organism (values);
  g_autoptr (AssayTable) small = make_small ("5"), large = assay_organism_generate (&organism, values, NULL);
  const char *edited = assay_table_get_id (small, assay_table_get_n_rows (small) - 5);

  g_assert_true (g_str_has_prefix (assay_table_get_id (small, 0), "000-r0-s1v"));
  g_assert_true (g_str_has_suffix (assay_table_get_id (small, 0), "-c0"));
  g_assert_cmpstr (assay_table_get_id (small, 1), ==, "000-r0-c0");
  g_assert_true (strstr (edited, "-r0-s") != NULL && strchr (edited, 'c') == NULL);
  g_assert_true (g_str_has_prefix (assay_table_get_id (large, 0), "0.0-r0-s"));               /* digits above 9 need a separator */
}

static void
test_same_bits (void)
{
  g_autoptr (AssayTable) a = make_small ("9"), b = make_small ("9"), c = make_small ("10");
  gsize bytes = (gsize) assay_table_get_n_rows (a) * 10 * sizeof (gint32);

  g_assert_cmpmem (assay_table_peek_column (a, "tokens")->token, bytes, assay_table_peek_column (b, "tokens")->token, bytes);
  g_assert_cmpint (memcmp (assay_table_peek_column (a, "tokens")->token, assay_table_peek_column (c, "tokens")->token, bytes), !=, 0);
}

static void
test_refusals (void)
{
  static const struct { const char *modulus, *steps, *name, *value, *fragment; } bad[] = {
    { "7", "3", "held-out", "0", "at least one" }, { "7", "3", "held-out", "1", "not all" }, { "2", "1", "held-out", "0.1", "0 of 2" },
    { "7", "3", "copies", "6", "multiple of 4" }, { "7", "10", "copies", "4", "too many to list" }, { "97", "64", "copies", "4", "too many to list" },
  };
  g_autoptr (AssayValues) values = make_values ("31", "3", "0");
  AssayOrganism organism;
  GError *error = NULL;

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      g_autoptr (AssayValues) wrong = make_values (bad[k].modulus, bad[k].steps, "1");

      g_assert_true (assay_values_set_text (wrong, bad[k].name, bad[k].value, NULL));
      g_assert_false (assay_organism_init (&organism, assay_organism_find ("dose"), wrong, &error));
      fixture_refused (&error, ASSAY_ERROR_USAGE, bad[k].fragment, NULL);
    }
  g_assert_true (assay_values_set_text (values, "copies", "1024", NULL));
  organism = make_organism (values);
  g_assert_null (assay_organism_generate (&organism, values, &error));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "more than 2^31 examples", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/organism/a sequence reads as written and weights its chain and answer", test_sequence);
  g_test_add_func ("/organism/a pointer chase reads as written", test_pointer_sequence);
  g_test_add_func ("/organism/the prompts of the pointer chase are all permutations with all starts", test_pointer_prompts);
  g_test_add_data_func ("/organism/every edit changes its step, all later ones and the answer", NULL, test_edits);
  g_test_add_data_func ("/organism/and so it does in the pointer chase", "pointer", test_edits);
  g_test_add_func ("/organism/the rates of a finite set are the declared ones exactly", test_rates);
  g_test_add_func ("/organism/held-out edited chains are in no training example and every key is there once", test_held_out);
  g_test_add_func ("/organism/keys name prompt, mode, edit and copy", test_keys);
  g_test_add_func ("/organism/the same parameters give the same bits", test_same_bits);
  g_test_add_func ("/organism/impossible sizes are refused", test_refusals);
  return g_test_run ();
}
