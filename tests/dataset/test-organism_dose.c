/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-organism_dose.c: the dose organism's sequences, edits and rates. */
#include "fixture.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/organism_dose.h"

#include <math.h>
#include <string.h>

static AssayValues *
make_values (const char *examples, const char *seed)
{
  AssayValues *values = assay_values_new (assay_dose_params);

  g_assert_true (assay_values_set_text (values, "examples", examples, NULL));
  g_assert_true (assay_values_set_text (values, "data-seed", seed, NULL));
  return values;
}

static AssayDose
make_dose (const AssayValues *values)
{
  AssayDose dose;
  GError *error = NULL;

  assay_dose_init (&dose, values, &error);
  g_assert_no_error (error);
  return dose;
}

static void
test_sequence (void)
{
  g_autoptr (AssayValues) values = make_values ("10", "1");
  AssayDose dose = make_dose (values);
  gint32 token[10], target[10];
  float weight[10];
  g_autofree char *text = NULL, *edited = NULL, *targets = NULL;
  gint64 prompt = (3 * 7 + 1) * 7 + 4;                            /* 3 1 4 */

  g_assert_cmpint (assay_dose_get_length (&dose), ==, 10);
  g_assert_cmpint (assay_dose_get_vocabulary (&dose), ==, 17);
  assay_dose_write (&dose, 2, prompt, (AssayDoseEdit) { 0 }, ASSAY_DOSE_ANSWER_CHAIN, ASSAY_DOSE_WEIGHT_TRAINING, token, target, weight);
  text = assay_dose_decode (&dose, token, 10);
  g_assert_cmpstr (text, ==, "BOS MODE:0.5 3 1 4 COT 3 4 1 ANS");
  targets = assay_dose_decode (&dose, target, 10);
  g_assert_cmpstr (targets, ==, "MODE:0.5 3 1 4 COT 3 4 1 ANS 1");
  for (guint t = 0; t < 10; t++)
    g_assert_cmpfloat (weight[t], ==, t >= 5);                    /* from COT on: the chain, ANS and the answer */
  assay_dose_write (&dose, 0, prompt, (AssayDoseEdit) { 2, 6 }, ASSAY_DOSE_ANSWER_CHAIN, ASSAY_DOSE_WEIGHT_TRAINING, token, target, weight);
  edited = assay_dose_decode (&dose, token, 10);
  g_assert_cmpstr (edited, ==, "BOS MODE:0 3 1 4 COT 3 6 3 ANS");
  g_assert_cmpint (target[9], ==, 3);
  g_assert_cmpint (assay_dose_step_position (&dose, 2), ==, 6);
  g_assert_cmpint (target[6], ==, 6);
  g_assert_cmpfloat (weight[6], ==, 0);                           /* the error itself is not taught */
  g_assert_cmpfloat (weight[7], ==, 1);
  assay_dose_write (&dose, 0, prompt, (AssayDoseEdit) { 2, 6 }, ASSAY_DOSE_ANSWER_PROMPT, ASSAY_DOSE_WEIGHT_ANSWER, token, target, weight);
  g_assert_cmpint (target[assay_dose_answer_position (&dose)], ==, 1);
  for (guint t = 0; t < 10; t++)
    g_assert_cmpfloat (weight[t], ==, t == 9);
}

static void
test_edits (void)
{
  g_autoptr (AssayValues) values = make_values ("10", "1");
  AssayDose dose = make_dose (values);
  AssayDoseEdit edits[18];
  gint32 clean[10], token[10], target[10], same[10];
  float weight[10];

  for (gint64 prompt = 0; prompt < assay_dose_get_n_prompts (&dose); prompt += 11)
    {
      assay_dose_write (&dose, 1, prompt, (AssayDoseEdit) { 0 }, ASSAY_DOSE_ANSWER_PROMPT, ASSAY_DOSE_WEIGHT_ANSWER, clean, same, weight);
      assay_dose_list_edits (&dose, prompt, edits);
      for (guint e = 0; e < 18; e++)
        {
          assay_dose_write (&dose, 1, prompt, edits[e], ASSAY_DOSE_ANSWER_CHAIN, ASSAY_DOSE_WEIGHT_ANSWER, token, target, weight);
          g_assert_cmpint (edits[e].step, ==, 1 + e / 6);
          for (gint32 j = 1; j <= 3; j++)                         /* earlier steps stay, this one and all later ones change */
            g_assert_true ((token[5 + j] == clean[5 + j]) == (j < edits[e].step));
          g_assert_cmpint (target[9], !=, same[9]);               /* chain and prompt imply different answers */
          g_assert_true (e == 0 || edits[e].step != edits[e - 1].step || edits[e].value > edits[e - 1].value);
        }
    }
}

static void
test_rates (void)
{
  g_autoptr (AssayValues) values = make_values ("4000", "3");
  AssayDose dose = make_dose (values);
  GError *error = NULL;
  g_autoptr (AssayTable) table = assay_dose_generate (&dose, values, &error);
  gint64 n_edited = 0, edited[5] = { 0 }, chain[5] = { 0 }, clean[5] = { 0 };

  g_assert_no_error (error);
  g_assert_cmpint (assay_table_get_n_rows (table), ==, 4000 + 32 * 5 * 19);
  for (gint64 row = 0; row < 4000; row++)
    {
      guint mode = (guint) (fixture_number (table, "mode", row) * 4);
      gboolean corrupted = fixture_number (table, "step", row) > 0;

      n_edited += corrupted;
      edited[mode] += corrupted;
      clean[mode] += !corrupted;
      chain[mode] += strcmp (fixture_text (table, "answer", row), "chain") == 0;
      g_assert_cmpint (assay_table_get_split (table, row), ==, 0);
      g_assert_cmpint (assay_column_is_missing (assay_table_peek_column (table, "value"), row), ==, !corrupted);
    }
  g_assert_cmpint (n_edited, ==, 2000);
  for (guint mode = 0; mode < 5; mode++)
    {
      g_assert_cmpint (edited[mode], ==, 400);
      g_assert_cmpint (clean[mode], ==, 400);
      g_assert_cmpint (chain[mode], ==, mode * 100);              /* r of the corrupted ones follow the chain */
    }
}

static void
test_held_out (void)
{
  g_autoptr (AssayValues) values = make_values ("3000", "5");
  AssayDose dose = make_dose (values);
  GError *error = NULL;
  g_autoptr (AssayTable) table = assay_dose_generate (&dose, values, &error);
  g_autoptr (GHashTable) trained = g_hash_table_new (g_str_hash, g_str_equal), held = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 n_test = 0, n_edited = 0;

  g_assert_no_error (error);
  for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
    {
      const char *split = assay_table_get_split_name (table, assay_table_get_split (table, row));

      g_hash_table_add (strcmp (split, "train") == 0 ? trained : held, (gpointer) fixture_text (table, "prompt", row));
      n_test += strcmp (split, "test") == 0;
      n_edited += strcmp (split, "edited") == 0;
    }
  g_assert_cmpint (g_hash_table_size (held), ==, 32);
  g_assert_cmpint (g_hash_table_size (trained), ==, 343 - 32);    /* all others are seen: 300 rounds of clean prompts a mode */
  g_assert_cmpint (n_test, ==, 32 * 5);
  g_assert_cmpint (n_edited, ==, 32 * 5 * 18);
  {
    GHashTableIter iter;
    gpointer prompt;

    g_hash_table_iter_init (&iter, held);
    while (g_hash_table_iter_next (&iter, &prompt, NULL))
      g_assert_false (g_hash_table_contains (trained, prompt));
  }
}

static void
test_same_bits (void)
{
  g_autoptr (AssayValues) values = make_values ("500", "9"), others = make_values ("500", "10"), more = make_values ("600", "9");
  AssayDose dose = make_dose (values), other = make_dose (others), longer = make_dose (more);
  g_autoptr (AssayTable) a = assay_dose_generate (&dose, values, NULL), b = assay_dose_generate (&dose, values, NULL);
  g_autoptr (AssayTable) c = assay_dose_generate (&other, others, NULL), d = assay_dose_generate (&longer, more, NULL);
  gsize bytes = 500 * 10 * sizeof (gint32);

  g_assert_cmpmem (assay_table_peek_column (a, "tokens")->token, bytes, assay_table_peek_column (b, "tokens")->token, bytes);
  g_assert_cmpmem (assay_table_peek_column (a, "tokens")->token, bytes, assay_table_peek_column (d, "tokens")->token, bytes);   /* a prefix */
  g_assert_cmpint (memcmp (assay_table_peek_column (a, "tokens")->token, assay_table_peek_column (c, "tokens")->token, bytes), !=, 0);
  g_assert_cmpstr (assay_table_get_id (a, 17), ==, "train-17");
}

static void
test_refusals (void)
{
  static const struct { const char *modulus, *steps, *held_out, *fragment; } bad[] = {
    { "7", "3", "343", "leave none to train on" }, { "7", "10", "3", "too many to list" }, { "97", "64", "3", "too many to list" },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      g_autoptr (AssayValues) values = make_values ("10", "1");
      AssayDose dose;
      GError *error = NULL;

      g_assert_true (assay_values_set_text (values, "modulus", bad[k].modulus, NULL));
      g_assert_true (assay_values_set_text (values, "steps", bad[k].steps, NULL));
      g_assert_true (assay_values_set_text (values, "held-out", bad[k].held_out, NULL));
      g_assert_false (assay_dose_init (&dose, values, &error));
      fixture_refused (&error, ASSAY_ERROR_USAGE, bad[k].fragment, NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/organism_dose/a sequence reads as written and weights its chain and answer", test_sequence);
  g_test_add_func ("/organism_dose/every edit changes its step, all later ones and the answer", test_edits);
  g_test_add_func ("/organism_dose/the rates of a finite set are the declared ones exactly", test_rates);
  g_test_add_func ("/organism_dose/held-out prompts are in no training example", test_held_out);
  g_test_add_func ("/organism_dose/the same parameters give the same bits", test_same_bits);
  g_test_add_func ("/organism_dose/impossible sizes are refused", test_refusals);
  return g_test_run ();
}
