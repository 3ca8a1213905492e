/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-overview.c: what a case says of itself, without a display: models in words, checks, losses, the journal, what to do next, where things come
 * from. */
#include "gui/case_account.h"
#include "gui/case_proposals.h"
#include "gui/object_place.h"
#include "gui/provenance_walk.h"
#include "job/spec.h"
#include "store/shard.h"

#include <glib/gstdio.h>
#include <string.h>

/* --- a case -------------------------------------------------------------------------------------------------------- */

typedef struct { char *folder, *path; AssayCase *cas; } Fixture;

static void
set_up (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  (void) unused;
  f->folder = g_dir_make_tmp ("assay-overview-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->folder, "a case.assay", NULL);
  f->cas = assay_case_create (f->path, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_autofree char *quoted = g_shell_quote (f->folder), *command = g_strconcat ("rm -rf ", quoted, NULL);

  (void) unused;
  assay_case_free (f->cas);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (f->folder);
  g_free (f->path);
}

/* Takes meta. An object with one number in it, and a job's summary where there is one. */
static AssayObject *
put (Fixture *f, const char *kind, const char *name, json_t *meta, const char *summary)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (f->cas, kind, name, meta, &error);
  AssayObject *object;

  g_assert_no_error (error);
  if (summary != NULL)
    assay_shard_writer_put_text (writer, &(AssayArraySpec) { .path = "/job/summary", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { 1 }, .axes = { "document" } },
                                 &summary, &error);
  else
    assay_shard_writer_put (writer, &(AssayArraySpec) { .path = "/values", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 1 } }, ASSAY_STORE_F64,
                            &(double) { 1 }, &error);
  g_assert_no_error (error);
  object = assay_shard_writer_commit (writer, &error);
  g_assert_no_error (error);
  json_decref (meta);
  return object;
}

/* A job that was given an object and made another. */
static void
put_job (Fixture *f, const char *name, const char *kind, const AssayObject *given, const AssayObject *made, const char *summary)
{
  g_autofree char *quoted = assay_job_quote_word (f->path), *line = g_strdup_printf ("assay %s %s --x", kind, quoted);
  json_t *inputs = given ? json_pack ("[{s:s, s:s, s:s, s:[s]}]", "role", "data", "kind", given->kind, "name", given->name, "content_roots",
                                      given->parts[0]->content_root) : json_array ();
  json_t *outputs = made ? json_pack ("[{s:s, s:s, s:I}]", "kind", made->kind, "name", made->name, "sequence", (json_int_t) made->sequence) : json_array ();
  json_t *meta = json_pack ("{s:s, s:{s:s, s:s, s:o, s:{s:[s], s:s}}, s:o, s:{s:s, s:s}}", "identity", name, "job", "kind", kind, "case", f->path, "inputs", inputs,
                            "parameters", "query", "test:where x > 1", "method", "cg", "outputs", outputs, "provenance", "command_line", line, "started_utc",
                            "2026-01-02T03:04:05Z");

  assay_object_unref (put (f, "job", name, meta, summary ? summary : "{}"));
}

static AssayCaseContents *
read_contents (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  AssayCaseContents *contents = assay_case_contents_read (f->cas, NULL, NULL, &error);

  g_assert_no_error (error);
  return contents;
}

static AssayCaseAccount *
read_account (Fixture *f, const AssayCaseContents *contents)
{
  g_autoptr (GError) error = NULL;
  AssayCaseAccount *account = assay_case_account_read (f->cas, contents, NULL, &error);

  g_assert_no_error (error);
  return account;
}

static json_t *
transformer (void)
{
  return json_pack ("{s:s, s:s, s:{s:i, s:i, s:i, s:i, s:i}}", "architecture", "transformer", "dtype", "f32", "config", "layers", 2, "width", 32, "heads", 4,
                    "context", 8, "vocabulary", 15);
}

/* --- tests --------------------------------------------------------------------------------------------------------- */

static void
test_words (void)
{
  static const struct { const char *json, *words; } all[] = {
    { "{\"architecture\":\"linear\",\"config\":{\"inputs\":11,\"outputs\":2,\"loss\":\"logistic\"}}", "A logistic regression: 11 weighted inputs, two classes." },
    { "{\"architecture\":\"mlp\",\"config\":{\"widths\":[784,128,10]}}", "A fully connected network of 2 layers; from input to output 784, 128 and 10 units wide." },
    { "{\"architecture\":\"toy\"}", "A model of the architecture toy." },
    { "{}", "A model whose record does not say what it is." },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (all); k++)
    {
      json_t *spec = json_loads (all[k].json, 0, NULL);
      g_autofree char *words = assay_model_describe (spec);

      g_assert_cmpstr (words, ==, all[k].words);
      json_decref (spec);
    }
}

static void
test_origin (Fixture *f, gconstpointer unused)
{
  g_autoptr (AssayObject) data = put (f, "data", "main", json_pack ("{s:[{s:s, s:s}]}", "files", "name", "people.csv", "sha256", "abc"), NULL);
  g_autoptr (AssayObject) model = put (f, "model", "m", json_pack ("{s:o}", "model", transformer ()), NULL);
  g_autoptr (AssayCaseContents) contents = NULL, later = NULL;
  g_autoptr (GPtrArray) steps = NULL, lost = NULL, none = NULL;
  const AssayProvenanceStep *step;
  g_autofree char *quoted = assay_job_quote_word (f->path), *command = g_strdup_printf ("assay train %s --x", quoted);

  (void) unused;
  put_job (f, "train/1", "train", data, model, NULL);
  contents = read_contents (f);
  steps = assay_provenance_walk (contents, "model", "m");
  g_assert_cmpuint (steps->len, ==, 3);
  step = steps->pdata[0];
  g_assert_cmpstr (step->name, ==, "model/m");
  g_assert_cmpstr (step->digest, ==, model->parts[0]->content_root);
  g_assert_cmpstr (step->command, ==, command);
  step = steps->pdata[1];
  g_assert_cmpstr (step->name, ==, "data/main");
  g_assert_cmpstr (step->role, ==, "data");
  g_assert_nonnull (step->object);
  step = steps->pdata[2];
  g_assert_true (step->is_file);
  g_assert_cmpstr (step->name, ==, "people.csv");
  g_assert_cmpstr (step->digest, ==, "abc");

  /* Other data of that name: what the model was made of is not what the case has now. */
  {
    g_autoptr (AssayObject) other = put (f, "data", "main", json_object (), "{\"other\": 1}");

    later = read_contents (f);
    lost = assay_provenance_walk (later, "model", "m");
    g_assert_cmpuint (lost->len, ==, 2);
    step = lost->pdata[1];
    g_assert_null (step->object);
    g_assert_cmpstr (step->digest, ==, data->parts[0]->content_root);
    g_assert_cmpstr (step->digest, !=, other->parts[0]->content_root);
  }
  none = assay_provenance_walk (later, "model", "another");
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_moved (Fixture *f, gconstpointer unused)
{
  g_autoptr (AssayCaseContents) contents = NULL;
  const AssayObject *job;
  g_autofree char *command = NULL, *same = NULL;

  (void) unused;
  put_job (f, "units/1", "units", NULL, NULL, NULL);
  contents = read_contents (f);
  job = assay_case_contents_find (contents, "job", "units/1");
  command = assay_provenance_dup_command (job, "/elsewhere/it is.assay");
  g_assert_cmpstr (command, ==, "assay units \"/elsewhere/it is.assay\" --x");
  same = assay_provenance_dup_command (job, NULL);
  g_assert_true (strstr (same, f->path) != NULL);
}

static const AssayProposal *
find_proposal (const GPtrArray *proposals, const char *kind)
{
  g_autofree char *prefix = g_strdup_printf ("assay %s ", kind);

  for (guint k = 0; k < proposals->len; k++)
    if (g_str_has_prefix (((AssayProposal *) proposals->pdata[k])->command, prefix))
      return proposals->pdata[k];
  return NULL;
}

static void
test_proposals (Fixture *f, gconstpointer unused)
{
  g_autoptr (AssayCaseContents) empty = read_contents (f), full = NULL;
  g_autoptr (GPtrArray) first = assay_case_proposals_make (empty), next = NULL;
  g_autoptr (AssayObject) data = NULL, model = NULL, scores = NULL;

  (void) unused;
  g_assert_cmpuint (first->len, ==, 1);
  g_assert_nonnull (find_proposal (first, "import"));
  data = put (f, "data", "main", json_pack ("{s:[{s:s, s:s}]}", "columns", "name", "tokens", "type", "tokens"), NULL);
  model = put (f, "model", "m", json_pack ("{s:o}", "model", transformer ()), NULL);
  scores = put (f, "scores", "m/cg/1", json_object (), NULL);
  put_job (f, "influence/1", "influence", data, scores, NULL);
  full = read_contents (f);
  next = assay_case_proposals_make (full);
  g_assert_null (find_proposal (next, "import"));
  g_assert_null (find_proposal (next, "audit"));        /* of tables alone */
  g_assert_nonnull (find_proposal (next, "record"));
  g_assert_true (g_str_has_suffix (find_proposal (next, "validate")->command, " --method cg --query \"test:where x > 1\""));
}

static const AssaySelfCheck *
find_check (const AssayCaseAccount *account, const char *of)
{
  for (guint k = 0; k < account->checks->len; k++)
    if (strcmp (((AssaySelfCheck *) account->checks->pdata[k])->of, of) == 0)
      return account->checks->pdata[k];
  return NULL;
}

static void
test_checks (Fixture *f, gconstpointer unused)
{
  g_autoptr (AssayCaseContents) contents = NULL;
  g_autoptr (AssayCaseAccount) account = NULL;
  g_autofree char *words = NULL;

  (void) unused;
  put_job (f, "certify/1", "certify", NULL, NULL, "{\"accepted\": true, \"worst_gap\": 0.01, \"accepted_when\": {\"worst_gap_at_most\": 0.02}}");
  put_job (f, "certify/2", "certify", NULL, NULL, "{\"accepted\": false, \"worst_gap\": 0.5, \"accepted_when\": {\"worst_gap_at_most\": 0.02}}");
  put_job (f, "cot/1", "cot", NULL, NULL, "{\"instrument\": {\"is_calibrated\": false, \"reason\": \"no certificate\", \"instances\": 0}}");
  put_job (f, "explain/1", "explain", NULL, NULL, "{\"packets\": [{\"check\": {\"residual\": 1e-9, \"tolerance\": 1e-6, \"converged\": true}},"
           " {\"check\": {\"residual\": null, \"tolerance\": 1e-6, \"converged\": true}}]}");
  put_job (f, "retrain/1", "retrain", NULL, NULL, "{\"scores_object\": \"s\", \"sets\": [{\"kind\": \"chosen\", \"predicted\": -0.2, \"measured\": -0.1},"
           " {\"kind\": \"control\", \"predicted\": 0, \"measured\": 0.15}]}");
  put_job (f, "explain/2", "explain", NULL, NULL, "no JSON");
  contents = read_contents (f);
  account = read_account (f, contents);
  g_assert_cmpint (find_check (account, "job/certify/1")->mark, ==, ASSAY_MARK_PASSED);
  g_assert_cmpstr (find_check (account, "job/certify/1")->bound, ==, "at most 0.02");
  g_assert_cmpint (find_check (account, "job/certify/2")->mark, ==, ASSAY_MARK_FAILED);
  g_assert_cmpint (find_check (account, "job/cot/1")->mark, ==, ASSAY_MARK_UNKNOWN);    /* no green tick for what is not calibrated */
  g_assert_cmpint (find_check (account, "job/explain/1")->mark, ==, ASSAY_MARK_FAILED); /* a residual that is no number has not passed */
  g_assert_cmpint (find_check (account, "job/explain/2")->mark, ==, ASSAY_MARK_FAILED);
  g_assert_cmpint (find_check (account, "job/retrain/1")->mark, ==, ASSAY_MARK_FAILED); /* less than a random group did */
  words = assay_self_checks_describe (account->checks);
  g_assert_cmpstr (words, ==, "4 failed, 1 passed, 1 not checked");
}

static void
test_on_demand (void)
{
  json_t *sound = json_loads ("{\"sound\": true, \"damaged\": 0, \"objects\": 3, \"bytes\": 10}", 0, NULL);
  json_t *damaged = json_loads ("{\"sound\": false, \"damaged\": 2, \"objects\": 3, \"bytes\": 10}", 0, NULL);
  json_t *oracles = json_loads ("{\"passed\": false, \"checks\": [{\"name\": \"a\", \"value\": 1e-9, \"bound\": 1e-8, \"passed\": true},"
                                " {\"name\": \"b\", \"value\": 1, \"bound\": 1e-8, \"passed\": false}]}", 0, NULL);
  g_autoptr (AssaySelfCheck) none = assay_self_check_of_verify (NULL, FALSE, "/x y"), passed = assay_self_check_of_verify (sound, FALSE, "/x");
  g_autoptr (AssaySelfCheck) older = assay_self_check_of_verify (sound, TRUE, "/x"), bad = assay_self_check_of_verify (damaged, TRUE, "/x");
  g_autoptr (AssaySelfCheck) oracle = assay_self_check_of_oracles (oracles, FALSE, "/x");

  g_assert_cmpint (none->mark, ==, ASSAY_MARK_UNKNOWN);
  g_assert_cmpstr (none->command, ==, "assay verify \"/x y\"");
  g_assert_cmpint (passed->mark, ==, ASSAY_MARK_PASSED);
  g_assert_cmpint (older->mark, ==, ASSAY_MARK_UNKNOWN);
  g_assert_cmpint (bad->mark, ==, ASSAY_MARK_FAILED);
  g_assert_cmpint (oracle->mark, ==, ASSAY_MARK_FAILED);
  g_assert_true (g_str_has_prefix (oracle->found, "1 of 2 failed; b"));
  json_decref (sound);
  json_decref (damaged);
  json_decref (oracles);
}

static void
test_losses (Fixture *f, gconstpointer unused)
{
  g_autoptr (AssayObject) data = put (f, "data", "main", json_object (), NULL), model = put (f, "model", "m", json_pack ("{s:o}", "model", transformer ()), NULL);
  g_autoptr (AssayCaseContents) contents = NULL;
  g_autoptr (AssayCaseAccount) account = NULL;
  g_autofree char *first = g_build_filename (f->path, data->parts[0]->file, NULL), *second = g_build_filename (f->path, model->parts[0]->file, NULL);
  g_autoptr (GError) error = NULL;

  (void) unused;
  put_job (f, "train/1", "train", data, model, NULL);
  contents = read_contents (f);
  account = read_account (f, contents);
  g_assert_cmpuint (account->losses->len, ==, 0);
  g_clear_pointer (&account, assay_case_account_unref);
  g_assert_cmpint (g_unlink (first), ==, 0);
  g_file_set_contents (second, "short", -1, &error);
  g_assert_no_error (error);
  account = read_account (f, contents);
  g_assert_cmpuint (account->losses->len, ==, 2);
  g_assert_cmpstr (((AssayLoss *) account->losses->pdata[0])->object, ==, "data/main");
  g_assert_null (((AssayLoss *) account->losses->pdata[0])->command);
  g_assert_cmpstr (((AssayLoss *) account->losses->pdata[1])->object, ==, "model/m");
  g_assert_true (g_str_has_prefix (((AssayLoss *) account->losses->pdata[1])->command, "assay train"));
}

static void
test_journal (Fixture *f, gconstpointer unused)
{
  g_autoptr (AssayCaseContents) contents = NULL;
  g_autoptr (AssayCaseAccount) account = NULL, broken = NULL;
  g_autofree char *journal = g_build_filename (f->path, "journal", "00000001.journal", NULL), *text = NULL;
  const AssayDeed *deed;
  gsize n;

  (void) unused;
  assay_case_set_command_line (f->cas, "assay one");
  for (int k = 0; k < 5; k++)
    {
      g_autofree char *name = g_strdup_printf ("d%d", k);

      assay_object_unref (put (f, "data", name, json_object (), NULL));
    }
  assay_case_set_command_line (f->cas, "assay two");
  assay_object_unref (put (f, "data", "other", json_object (), NULL));
  contents = read_contents (f);
  account = read_account (f, contents);
  g_assert_cmpuint (account->deeds->len, ==, 2);
  deed = account->deeds->pdata[0];
  g_assert_cmpstr (deed->command, ==, "assay two");
  g_assert_cmpstr (deed->what, ==, "data/other");
  deed = account->deeds->pdata[1];
  g_assert_cmpstr (deed->command, ==, "assay one");
  g_assert_cmpstr (deed->what, ==, "data/d0, data/d1, data/d2 and 2 more");
  g_assert_null (account->journal_fault);

  g_assert_true (g_file_get_contents (journal, &text, &n, NULL));
  text[40] ^= 1;                /* of the first record */
  g_assert_true (g_file_set_contents (journal, text, (gssize) n, NULL));
  broken = read_account (f, contents);
  g_assert_nonnull (broken->journal_fault);
}

static void
test_places (Fixture *f, gconstpointer unused)
{
  g_autoptr (AssayObject) scores = put (f, "scores", "m/cg/1", json_object (), NULL), odd = put (f, "novelty", "x", json_object (), NULL);
  AssayObjectPlace place = assay_object_get_place (scores);

  (void) unused;
  g_assert_cmpstr (place.page, ==, "influence");
  g_assert_cmpstr (place.kind, ==, "query");
  g_assert_cmpstr (place.reference, ==, "m/cg/1#0");
  g_assert_cmpint (assay_object_get_group (scores), ==, ASSAY_GROUP_SCORES);
  g_assert_cmpint (assay_object_get_group (odd), ==, ASSAY_GROUP_OTHER);
  g_assert_null (assay_object_get_place (odd).page);
  g_free (place.reference);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/architectures are said in words", test_words);
  g_test_add ("/origin/an object leads to its maker, its inputs and the files they came from", Fixture, NULL, set_up, test_origin, tear_down);
  g_test_add ("/origin/a command names the case where it lies today", Fixture, NULL, set_up, test_moved, tear_down);
  g_test_add ("/proposals/each step is offered once what it needs is there", Fixture, NULL, set_up, test_proposals, tear_down);
  g_test_add ("/checks/what failed, what passed and what nobody calibrated", Fixture, NULL, set_up, test_checks, tear_down);
  g_test_add_func ("/checks/one that is older than the case says nothing of the rest", test_on_demand);
  g_test_add ("/losses/files that are missing or short are named with what follows", Fixture, NULL, set_up, test_losses, tear_down);
  g_test_add ("/journal/records of one command are one deed, and damage is said", Fixture, NULL, set_up, test_journal, tear_down);
  g_test_add ("/places/objects lead to the page that shows them", Fixture, NULL, set_up, test_places, tear_down);
  return g_test_run ();
}
