/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reasoning.c: judged chains as the page reads them, their figures, and a bench that answers the newest question. The model is compiled: what its
 * chains are worth is known. */
#include "gui/chain_asker.h"
#include "gui/reasoning_figures.h"

#include "../job/fixtures.h"
#include "../probes/compiled.h"
#include "base/error.h"
#include "base/json.h"
#include "dataset/dataset_store.h"
#include "dataset/described.h"
#include "model/checkpoint.h"

#include <math.h>
#include <string.h>

/* The dose organism of one step, p = 11, with a model that follows its chain exactly as its mode says. */
static void
make_chains (Folder *folder, gconstpointer unused)
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = NULL;
  g_autoptr (AssayObject) data = NULL, object = NULL;
  g_autoptr (AssayTable) table = NULL;
  g_autoptr (AssayValues) derive = assay_values_new (assay_derive_params);
  g_autoptr (AssayModel) model = NULL;
  AssayOrganism organism;
  json_t *meta;

  folder_set_up (folder, unused);
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "dose", "modulus", "11", "steps", "1", "held-out", "0.1", NULL));
  cas = assay_case_open (folder->cas, ASSAY_CASE_WRITE, &error);
  g_assert_no_error (error);
  data = assay_case_lookup (cas, "data", "dose", &error);
  table = assay_table_load (cas, "dose", &error);
  g_assert_no_error (error);
  g_assert_true (assay_organism_init_from_table (&organism, table, "dose", &error));
  model = compiled_dose (&organism);
  meta = json_pack ("{s:o}", "data", assay_described_new (data, derive, ASSAY_TARGET_AUTO, "train"));
  object = assay_checkpoint_commit (model, cas, "model", "sums", meta, &error);
  g_assert_no_error (error);
  json_decref (meta);
}

static AssayReasoningAnswer *
read_answer (const Folder *folder, GError **error)
{
  GError *fault = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_READ, &fault);

  g_assert_no_error (fault);
  return assay_reasoning_answer_read (cas, NULL, NULL, error);
}

/* Certified and judged. */
static AssayReasoningAnswer *
judge (const Folder *folder)
{
  GError *error = NULL;
  AssayReasoningAnswer *answer;

  json_decref (folder_answer (folder, "certify", "model-name", "sums", NULL));
  json_decref (folder_answer (folder, "cot", "model-name", "sums", NULL));
  answer = read_answer (folder, &error);
  g_assert_no_error (error);
  return answer;
}

static void
test_none (Folder *folder, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  (void) unused;
  g_assert_null (read_answer (folder, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "assay cot"));
}

static void
test_answer (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayReasoningAnswer) answer = judge (folder);
  g_autofree char *prompt = NULL, *text = NULL, *other = NULL, *example = NULL;
  g_auto (GStrv) steps = NULL;
  gint64 pair[2];
  json_t *table = assay_reasoning_answer_make_table (answer);

  (void) unused;
  g_assert_cmpint (answer->n, ==, 55);                          /* 11 prompts in 5 modes */
  g_assert_nonnull (strstr (answer->command, folder->cas));
  g_assert_cmpint (json_array_size (json_object_get (table, "rows")), ==, 55);
  for (gint64 i = 0; i < answer->n; i++)
    {
      g_autofree char *own = assay_reasoning_answer_dup_example (answer, i);

      g_assert_cmpint (assay_reasoning_answer_find_example (answer, own), ==, i);
    }
  g_assert_cmpint (assay_reasoning_answer_find_example (answer, "train:999999"), ==, -1);
  g_assert_cmpint (assay_reasoning_answer_find_example (answer, NULL), ==, -1);

  g_assert_true (assay_reasoning_answer_find_pair (answer, pair));
  text = assay_reasoning_answer_dup_text (answer, pair[0]);
  other = assay_reasoning_answer_dup_text (answer, pair[1]);
  g_assert_cmpstr (text, ==, other);                            /* the same text, and not the same use */
  g_assert_cmpfloat (assay_json_get_number (json_object_get (assay_reasoning_answer_get (answer, pair[0]), "used"), "hi"), <=, 0.2);
  g_assert_cmpfloat (assay_json_get_number (json_object_get (assay_reasoning_answer_get (answer, pair[1]), "used"), "lo"), >=, 0.8);
  steps = assay_reasoning_answer_list_steps (answer, pair[0]);
  g_assert_cmpuint (g_strv_length (steps), ==, 1);
  prompt = assay_reasoning_answer_dup_prompt (answer, pair[0]);
  g_assert_true (g_str_has_prefix (prompt, "BOS MODE:0 ") && g_str_has_suffix (prompt, " COT"));
  json_decref (table);
}

static void
test_figures (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayReasoningAnswer) answer = judge (folder);
  json_t *whole = assay_reasoning_answer_describe (answer, 0);
  g_autoptr (AssayFigure) early = assay_reasoning_figure_curve (answer, whole, "early"), mistakes = assay_reasoning_figure_curve (answer, whole, "mistakes");
  g_autoptr (AssayFigure) steps = assay_reasoning_figure_steps (answer, whole, "mistakes");
  json_t *number = json_pack ("{s:f, s:n}", "small", -0.001, "none");
  g_autofree char *small = assay_reasoning_write (number, "small"), *none = assay_reasoning_write (number, "none");

  (void) unused;
  g_assert_cmpuint (assay_figure_get_n_series (early), ==, 3);
  g_assert_cmpuint (assay_figure_get_n_data (early, 0), ==, 2); /* none kept, one kept */
  g_assert_cmpint (assay_reasoning_figure_get_point (answer, whole, "early", 0, 1), ==, 1);
  g_assert_cmpuint (assay_figure_get_n_data (mistakes, 2), ==, 4);      /* the budget */
  for (gsize k = 0; k < 4; k++)
    g_assert_cmpint (assay_reasoning_figure_get_point (answer, whole, "mistakes", 2, k), ==, 1);
  g_assert_cmpint (assay_reasoning_figure_get_point (answer, whole, "mistakes", 2, 4), ==, -1);
  g_assert_cmpuint (assay_figure_get_n_data (steps, 0), ==, 1);
  g_assert_null (assay_reasoning_figure_curve (answer, whole, "prechain"));     /* reads states: no curve */
  g_assert_null (assay_reasoning_figure_curve (answer, whole, "no such probe"));
  g_assert_null (assay_reasoning_figure_steps (answer, whole, "swap")); /* one step has nothing to swap with */
  g_assert_cmpstr (small, ==, "0.00");
  g_assert_cmpstr (none, ==, "–");
  json_decref (number);
  json_decref (whole);
}

/* --- the bench ------------------------------------------------------------------------------------------------------- */

typedef struct { guint n; gint32 answer; double p; char *message; GMainLoop *loop; } Heard;

static void
heard (Heard *heard, AssayChainAnswer *answer, const char *message, gint64 microseconds)
{
  g_assert_cmpint (microseconds, >=, 0);
  heard->n++;
  heard->answer = answer ? answer->answer : -1;
  heard->p = answer ? answer->p[answer->answer] : (double) NAN;
  g_free (heard->message);
  heard->message = g_strdup (message);
  g_main_loop_quit (heard->loop);
}

static void
test_bench (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayReasoningAnswer) answer = judge (folder);
  g_autoptr (AssayChainAsker) asker = assay_chain_asker_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Heard told = { .loop = loop };

  (void) unused;
  g_signal_connect_swapped (asker, "answered", G_CALLBACK (heard), &told);
  assay_chain_asker_ask (asker, answer, "BOS MODE:1 3 COT", "3");
  g_main_loop_run (loop);
  g_assert_cmpint (told.answer, ==, 3);
  assay_chain_asker_ask (asker, answer, "BOS MODE:1 3 COT", "7");
  g_main_loop_run (loop);
  g_assert_cmpint (told.answer, ==, 7);                         /* used: the answer follows the edit */
  assay_chain_asker_ask (asker, answer, "BOS MODE:0 3 COT", "7");
  g_main_loop_run (loop);
  g_assert_cmpint (told.answer, ==, 3);                         /* decorative: it does not */
  g_assert_null (told.message);

  assay_chain_asker_ask (asker, answer, "BOS MODE:1 3 COT", "seven");
  g_main_loop_run (loop);
  g_assert_cmpint (told.answer, ==, -1);
  g_assert_nonnull (strstr (told.message, "\"seven\""));        /* names the word, and those there are */
  g_assert_nonnull (strstr (told.message, "0 to 10"));
  assay_chain_asker_ask (asker, answer, "BOS MODE:1 3 COT", "3 4 5");
  g_main_loop_run (loop);
  g_assert_cmpint (told.answer, ==, -1);                        /* too long */
  g_free (told.message);
}

static void
test_newest (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayReasoningAnswer) answer = judge (folder);
  g_autoptr (AssayChainAsker) asker = assay_chain_asker_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Heard told = { .loop = loop };

  (void) unused;
  g_signal_connect_swapped (asker, "answered", G_CALLBACK (heard), &told);
  for (int value = 0; value <= 10; value++)
    {
      g_autofree char *chain = g_strdup_printf ("%d", value);

      assay_chain_asker_ask (asker, answer, "BOS MODE:1 3 COT", chain);
    }
  g_main_loop_run (loop);
  g_assert_cmpuint (told.n, ==, 1);                             /* of eleven questions the last is answered */
  g_assert_cmpint (told.answer, ==, 10);
  assay_chain_asker_ask (asker, answer, "BOS MODE:1 3 COT", "5");
  assay_chain_asker_forget (asker);
  assay_chain_asker_ask (asker, answer, "BOS MODE:1 3 COT", "4");
  g_main_loop_run (loop);                                       /* the forgotten one was under way before it */
  g_assert_cmpuint (told.n, ==, 2);
  g_assert_cmpint (told.answer, ==, 4);
  g_free (told.message);
}

static void
test_distribution (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayReasoningAnswer) answer = judge (folder);
  GError *error = NULL;
  g_autoptr (AssayChainAnswer) before = assay_chain_bench_ask_text (answer->bench, "BOS MODE:1 3 COT", "3", &error);
  g_autoptr (AssayChainAnswer) now = assay_chain_bench_ask_text (answer->bench, "BOS MODE:1 3 COT", "7", &error);
  g_autoptr (AssayFigure) alone = NULL, both = NULL;

  (void) unused;
  g_assert_no_error (error);
  alone = assay_reasoning_figure_answers (answer, before, NULL);
  both = assay_reasoning_figure_answers (answer, before, now);
  g_assert_cmpuint (assay_figure_get_n_data (both, 0), ==, 11);
  g_assert_cmpuint (assay_figure_get_n_data (both, 1), ==, 11);
  g_assert_nonnull (strstr (assay_figure_get_reading (both), "answers 3"));
  g_assert_nonnull (strstr (assay_figure_get_reading (both), "now 7"));
  g_assert_null (strstr (assay_figure_get_reading (alone), "now"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/gui/reasoning/a case without judged chains says which command makes them", Folder, NULL, make_chains, test_none, folder_tear_down);
  g_test_add ("/gui/reasoning/chains are found by example, and a used one beside a decorative one of the same text", Folder, NULL, make_chains, test_answer,
              folder_tear_down);
  g_test_add ("/gui/reasoning/figures have mean, control and every edit, and know their points", Folder, NULL, make_chains, test_figures, folder_tear_down);
  g_test_add ("/gui/reasoning/an edit changes the answer where the chain is used, and an unknown word is named", Folder, NULL, make_chains, test_bench,
              folder_tear_down);
  g_test_add ("/gui/reasoning/only the newest question is answered", Folder, NULL, make_chains, test_newest, folder_tear_down);
  g_test_add ("/gui/reasoning/the distribution stands beside the one before", Folder, NULL, make_chains, test_distribution, folder_tear_down);
  return g_test_run ();
}
