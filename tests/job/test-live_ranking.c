/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question at other dampings out of an index: intervals that hold what the method itself gives there, and places that move. */
#include "job/live_ranking.h"

#include "base/error.h"
#include "base/json.h"
#include "fixtures.h"
#include "influence/score_store.h"

#include <math.h>
#include <string.h>

/* A model and the answer of a method about train:3, the second of two queries. */
static char *
ask (Folder *folder, const char *method, const char *name, const char *value)
{
  json_t *document = folder_answer (folder, "influence", "query", "train:0", "query", "train:3", "method", method, name, value, NULL);
  char *scores = g_strdup (assay_json_get_text (document, "scores_object"));

  json_decref (document);
  return scores;
}

static AssayCase *
open_case (const Folder *folder)
{
  GError *error = NULL;
  AssayCase *cas = assay_case_open (folder->cas, ASSAY_CASE_READ, &error);

  g_assert_no_error (error);
  return cas;
}

/* The job of those scores. */
static AssayObject *
find_job (AssayCase *cas, const char *scores)
{
  g_autoptr (GPtrArray) jobs = assay_case_list (cas, "job", "influence/");

  for (guint k = 0; k < jobs->len; k++)
    {
      AssayObject *job = jobs->pdata[k];
      const json_t *output = json_array_get (json_object_get (job->meta, "outputs"), json_array_size (json_object_get (job->meta, "outputs")) - 1);

      if (strcmp (assay_json_get_text (output, "name"), scores) == 0)
        return assay_object_ref (job);
    }
  g_assert_not_reached ();
}

static AssayLiveSource *
find_source (AssayCase *cas, const char *scores)
{
  GError *error = NULL;
  g_autoptr (AssayObject) job = find_job (cas, scores);
  AssayLiveSource *source = assay_live_source_find (cas, job, "people", &error);

  g_assert_no_error (error);
  return source;
}

/* The place of each score among those of its sign, counted the slow way. */
static gint64
place_of (const AssayLiveScores *scores, gint64 i)
{
  gint64 place = 1;

  for (gint64 j = 0; j < scores->N; j++)
    if (scores->score[i] * scores->score[j] > 0)
      place += fabs (scores->score[j]) > fabs (scores->score[i]) || (fabs (scores->score[j]) == fabs (scores->score[i]) && j < i);
  return scores->score[i] > 0 ? place : scores->score[i] < 0 ? -place : 0;
}

/* Each score of the method lies where the index says. */
static void
check_against (AssayCase *cas, const char *name, const AssayLiveScores *live)
{
  GError *error = NULL;
  g_autoptr (AssayInfluenceScores) scores = assay_influence_scores_load (cas, name, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (scores->n_train, ==, live->N);
  for (gint64 i = 0; i < live->N; i++)
    {
      const double exact = scores->value[scores->n_train + i];  /* of the second query */

      g_assert_cmpfloat (live->lo[i], <=, exact);
      g_assert_cmpfloat (exact, <=, live->hi[i]);
      g_assert_cmpfloat (live->hi[i] - live->lo[i], <, 0.1 * scores->value[scores->n_train + 3]);      /* an interval that says something */
    }
}

static void
test_live (Folder *folder, gconstpointer method)
{
  GError *error = NULL;
  g_autofree char *asked = NULL, *other = NULL, *command = NULL;
  g_autoptr (AssayCase) cas = NULL;
  g_autoptr (AssayLiveSource) source = NULL;
  g_autoptr (AssayLiveRanking) ranking = NULL;
  g_autoptr (AssayLiveScores) same = NULL, moved = NULL;
  const char *basis = strcmp (method, "shampoo") == 0 ? "shampoo" : strcmp (method, "diagonal") == 0 ? "diagonal" : "kronecker";
  gint64 n_moved = 0;

  folder_train (folder, "people");
  asked = ask (folder, method, "damping", "0.1");
  other = ask (folder, method, "damping", "4");
  json_decref (folder_answer (folder, "index", "basis", basis, NULL));
  cas = open_case (folder);
  source = find_source (cas, asked);
  g_assert_cmpstr (source->method->name, ==, method);
  g_assert_cmpfloat (source->damping, ==, 0.1);
  g_assert_nonnull (source->index);
  command = assay_live_source_dup_command (source, 4, &error);
  g_assert_no_error (error);
  g_test_message ("%s; %s", command, source->index_command);
  g_assert_nonnull (strstr (command, "assay influence "));
  g_assert_nonnull (strstr (command, " --damping 4"));
  g_assert_nonnull (strstr (command, " --query train:0 --query train:3"));

  ranking = assay_live_ranking_open (cas, source, 1, &error);
  g_assert_no_error (error);
  same = assay_live_ranking_get (ranking, 0.1, &error);
  moved = assay_live_ranking_get (ranking, 4, &error);
  g_assert_no_error (error);
  check_against (cas, asked, same);
  check_against (cas, other, moved);
  g_assert_cmpfloat (fabs (moved->added / same->added - 40), <, 1e-10);
  for (gint64 i = 0; i < same->N; i++)
    {
      g_assert_cmpint (same->before[i], ==, place_of (same, i));
      g_assert_cmpint (moved->before[i], ==, same->before[i]);
      n_moved += place_of (moved, i) != moved->before[i];
    }
  g_assert_cmpint (n_moved, >, 0);
  g_assert_null (assay_live_ranking_open (cas, source, 2, &error));     /* two were asked */
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_clear_error (&error);
}

static void
test_absent (Folder *folder, gconstpointer unused)
{
  g_autofree char *diagonal = NULL, *empirical = NULL, *cg = NULL;
  g_autoptr (AssayCase) cas = NULL;
  g_autoptr (AssayLiveSource) none = NULL, other = NULL, fits = NULL;

  (void) unused;
  folder_train (folder, "people");
  diagonal = ask (folder, "diagonal", "damping", "0.1");
  empirical = ask (folder, "ekfac", "fisher", "empirical");
  cg = ask (folder, "cg", "damping", "0.1");
  json_decref (folder_answer (folder, "index", NULL));
  cas = open_case (folder);
  g_assert_null (find_source (cas, cg));
  none = find_source (cas, diagonal);
  g_assert_null (none->index);                                  /* that there is one in another basis is of no use */
  g_assert_nonnull (strstr (none->index_command, "assay index "));
  g_assert_nonnull (strstr (none->index_command, " --basis diagonal"));
  other = find_source (cas, empirical);
  g_assert_null (other->index);                                 /* of other factors */
  g_assert_nonnull (strstr (other->index_command, " --fisher empirical"));
  json_decref (folder_answer (folder, "index", "fisher", "empirical", NULL));
  g_clear_pointer (&cas, assay_case_free);
  cas = open_case (folder);
  fits = find_source (cas, empirical);
  g_assert_nonnull (fits->index);
}

/* An index need not be called as the model is. */
static void
test_named (Folder *folder, gconstpointer unused)
{
  g_autofree char *scores = NULL;
  g_autoptr (AssayCase) cas = NULL;
  g_autoptr (AssayLiveSource) source = NULL, other = NULL;
  g_autoptr (AssayObject) job = NULL;

  (void) unused;
  folder_train (folder, "people");
  scores = ask (folder, "ekfac", "damping", "0.1");
  json_decref (folder_answer (folder, "index", "name", "mine", NULL));
  cas = open_case (folder);
  source = find_source (cas, scores);
  g_assert_cmpstr (source->index, ==, "mine");
  job = find_job (cas, scores);
  other = assay_live_source_find (cas, job, "others", NULL);
  g_assert_null (other->index);
}

static void
test_precision (Folder *folder, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *scores = NULL;
  g_autoptr (AssayCase) cas = NULL;
  g_autoptr (AssayLiveSource) source = NULL;

  (void) unused;
  folder_train (folder, "people");
  scores = ask (folder, "ekfac", "factor-precision", "f32");
  json_decref (folder_answer (folder, "index", "factor-precision", "f64", NULL));
  cas = open_case (folder);
  source = find_source (cas, scores);
  g_assert_null (assay_live_ranking_open (cas, source, 0, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_nonnull (strstr (error->message, "--factor-precision f32"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define CASE(name, method, func) g_test_add ("/live-ranking/" name, Folder, method, folder_set_up, func, folder_tear_down)
  CASE ("ekfac's scores at another damping lie where the index says", "ekfac", test_live);
  CASE ("kfac's do", "kfac", test_live);
  CASE ("shampoo's do", "shampoo", test_live);
  CASE ("and the diagonal's", "diagonal", test_live);
  CASE ("an index of another basis or of other factors is none, and the command that makes the right one is known", NULL, test_absent);
  CASE ("an index with a name of its own is found, for its own model only", NULL, test_named);
  CASE ("an index in another precision is refused by name", NULL, test_precision);
  return g_test_run ();
}
