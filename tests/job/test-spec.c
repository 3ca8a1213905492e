/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-spec.c: parameters find their sections, documents are read strictly, and the identity is of what matters. */
#include "base/error.h"
#include "job/spec.h"

#include <string.h>

static AssayJob *
make (const char *kind)
{
  AssayJob *job = assay_job_new (assay_job_kind_find (kind, NULL));

  assay_job_set_case (job, "a.assay");
  return job;
}

static void
set (AssayJob *job, const char *name, const char *text)
{
  GError *error = NULL;

  assay_job_set_text (job, name, text, &error);
  g_assert_no_error (error);
}

static void
freeze (AssayJob *job)
{
  GError *error = NULL;

  assay_job_freeze (job, &error);
  g_assert_no_error (error);
}

/* --- sections ------------------------------------------------------------------------------------------------------ */

static void
test_order (void)
{
  g_autoptr (AssayJob) job = make ("influence");

  set (job, "max-iterations", "7");                               /* before anybody knows the method */
  set (job, "query", "train:0");
  set (job, "method", "cg");
  freeze (job);
  g_assert_cmpint (assay_values_get_int (assay_job_get_section (job, "method"), "max-iterations"), ==, 7);
}

static void
test_wrong_section (void)
{
  g_autoptr (AssayJob) job = make ("influence");
  g_autoptr (GError) error = NULL;

  set (job, "query", "train:0");
  set (job, "method", "dot");
  set (job, "solver", "minres");
  g_assert_false (assay_job_freeze (job, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_cmpstr (error->message, ==, "solver: belongs to method cg, not to dot");
}

static void
test_defaults_yield (void)
{
  g_autoptr (AssayJob) job = make ("influence");
  const char *const five[] = { "5", NULL }, *const nine[] = { "9", NULL }, *const method[] = { "dot", NULL };
  GError *error = NULL;

  set (job, "query", "train:0");
  set (job, "top", "3");
  set (job, "max-iterations", "7");
  set (job, "method", "cg");
  g_assert_true (assay_job_set_default (job, "top", five, &error));
  g_assert_true (assay_job_set_default (job, "max-iterations", nine, &error));
  g_assert_true (assay_job_set_default (job, "method", method, &error));
  freeze (job);
  g_assert_cmpint (assay_values_get_int (assay_job_get_values (job), "top"), ==, 3);
  g_assert_cmpstr (assay_values_get_string (assay_job_get_values (job), "method"), ==, "cg");
  g_assert_cmpint (assay_values_get_int (assay_job_get_section (job, "method"), "max-iterations"), ==, 7);
}

static void
test_defaults_of_other_sections (void)
{
  g_autoptr (AssayJob) job = make ("influence");
  const char *const nine[] = { "9", NULL };
  GError *error = NULL;

  set (job, "query", "train:0");
  set (job, "method", "dot");
  g_assert_true (assay_job_set_default (job, "max-iterations", nine, &error));
  freeze (job);                                                   /* a setting for cg is no mistake of a dot job */
}

static void
test_regressions_use_newton (void)
{
  g_autoptr (AssayJob) plain = make ("train"), told = make ("train"), network = make ("train");
  static const char *const optimizers[] = { "newton", "sgd", "adamw" };
  AssayJob *jobs[] = { plain, told, network };

  set (told, "optimizer", "sgd");
  set (network, "model", "mlp");
  for (gsize k = 0; k < G_N_ELEMENTS (jobs); k++)
    {
      json_t *document, *parameters;

      freeze (jobs[k]);
      document = assay_job_to_json (jobs[k]);
      parameters = json_object_get (document, "parameters");
      g_assert_cmpstr (json_string_value (json_object_get (parameters, "optimizer")), ==, optimizers[k]);
      json_decref (document);
    }
}

static void
test_needed (void)
{
  g_autoptr (AssayJob) no_query = make ("influence"), no_case = assay_job_new (assay_job_kind_find ("examples", NULL));
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_job_freeze (no_query, &error));
  g_assert_true (g_str_has_prefix (error->message, "--query is needed: "));
  g_clear_error (&error);
  g_assert_false (assay_job_freeze (no_case, &error));
  g_assert_true (g_str_has_prefix (error->message, "CASE is needed: "));
}

/* --- identity ------------------------------------------------------------------------------------------------------ */

static char *
identity (const char *cas, const char *top, const char *query, const char *damping)
{
  g_autoptr (AssayJob) job = make ("influence");

  assay_job_set_case (job, cas);
  set (job, "query", query);
  set (job, "method", "cg");
  set (job, "top", top);
  if (damping != NULL)
    set (job, "damping", damping);
  freeze (job);
  return assay_job_get_identity (job);
}

static void
test_identity (void)
{
  g_autofree char *one = identity ("a.assay", "10", "train:0", NULL), *moved = identity ("b.assay", "10", "train:0", NULL);
  g_autofree char *shorter = identity ("a.assay", "3", "train:0", NULL), *other = identity ("a.assay", "10", "train:1", NULL);
  g_autofree char *damped = identity ("a.assay", "10", "train:0", "0.1");

  g_assert_cmpuint (strlen (one), ==, 64);
  g_assert_cmpstr (one, ==, moved);                               /* where the case lies does not matter */
  g_assert_cmpstr (one, ==, shorter);                             /* nor how much is shown */
  g_assert_cmpstr (one, !=, other);
  g_assert_cmpstr (one, !=, damped);
}

static void
test_inputs_count (void)
{
  g_autoptr (AssayJob) a = make ("info"), b = make ("info"), c = make ("info");
  g_autofree char *one = NULL, *two = NULL, *three = NULL;

  freeze (a);
  freeze (b);
  freeze (c);
  assay_job_add_input_file (b, "file", "x.csv", "00");
  assay_job_add_input_file (c, "file", "x.csv", "01");
  one = assay_job_get_identity (a);
  two = assay_job_get_identity (b);
  three = assay_job_get_identity (c);
  g_assert_cmpstr (one, !=, two);
  g_assert_cmpstr (two, !=, three);
}

/* --- documents ----------------------------------------------------------------------------------------------------- */

static AssayJob *
read_text (const char *text, GError **error)
{
  json_t *document = json_loads (text, JSON_REJECT_DUPLICATES, NULL);
  AssayJob *job;

  g_assert_nonnull (document);
  job = assay_job_from_json (document, "job.json", error);
  json_decref (document);
  return job;
}

static void
test_round_trip (void)
{
  g_autoptr (AssayJob) job = make ("influence"), again = NULL, wrapped = NULL;
  g_autofree char *first = NULL, *second = NULL, *third = NULL;
  GError *error = NULL;
  json_t *document, *outer;

  set (job, "query", "train:0");
  set (job, "query", "id:x");
  set (job, "method", "cg");
  set (job, "damping", "0.1");
  freeze (job);
  document = assay_job_to_json (job);
  again = assay_job_from_json (document, "job.json", &error);
  g_assert_no_error (error);
  outer = json_pack ("{s:s, s:o}", "schema", "assay.plan", "job", document);
  wrapped = assay_job_from_json (outer, "plan.json", &error);
  g_assert_no_error (error);
  json_decref (outer);
  first = assay_job_get_identity (job);
  second = assay_job_get_identity (again);
  third = assay_job_get_identity (wrapped);
  g_assert_cmpstr (first, ==, second);
  g_assert_cmpstr (first, ==, third);
  g_assert_cmpstr (assay_values_get_list (assay_job_get_values (again), "query")[1], ==, "id:x");
  g_assert_cmpstr (assay_job_get_case (again), ==, "a.assay");
}

static void
test_refused_documents (void)
{
  static const struct { const char *text; int code; const char *fragment; } bad[] = {
    { "[]", ASSAY_ERROR_INPUT, "\"schema\": \"assay.job\"" },
    { "{\"schema\": \"other\"}", ASSAY_ERROR_INPUT, "other found" },
    { "{\"schema\": \"assay.job\", \"version\": 2, \"kind\": \"info\"}", ASSAY_ERROR_VERSION, "newer" },
    { "{\"schema\": \"assay.job\", \"version\": 1, \"kind\": \"inof\"}", ASSAY_ERROR_USAGE, "did you mean \"info\"?" },
    { "{\"schema\": \"assay.job\", \"version\": 1, \"kind\": \"info\", \"cased\": 1}", ASSAY_ERROR_INPUT, "did you mean \"case\"?" },
    { "{\"schema\": \"assay.job\", \"version\": 1, \"kind\": \"info\", \"case\": 1}", ASSAY_ERROR_INPUT, "must be a string" },
    { "{\"schema\": \"assay.job\", \"version\": 1, \"kind\": \"info\", \"case\": \"x\", \"parameters\": {\"histori\": true}}", ASSAY_ERROR_USAGE,
      "did you mean \"history\"?" },
    { "{\"schema\": \"assay.job\", \"version\": 1, \"kind\": \"info\", \"case\": \"x\", \"parameters\": {\"history\": 1}}", ASSAY_ERROR_USAGE,
      "true or false expected" },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      g_autoptr (GError) error = NULL;
      AssayJob *job = read_text (bad[k].text, &error);

      g_assert_null (job);
      g_assert_error (error, ASSAY_ERROR, bad[k].code);
      g_assert_nonnull (strstr (error->message, bad[k].fragment));
      g_assert_true (g_str_has_prefix (error->message, "job.json: "));
    }
}

static void
test_pinned_inputs (void)
{
  g_autoptr (AssayJob) job = read_text ("{\"schema\": \"assay.job\", \"version\": 1, \"kind\": \"info\", \"case\": \"x\", \"inputs\": "
                                        "[{\"role\": \"data\", \"file\": \"x.csv\", \"sha256\": \"00\"}]}", NULL);
  g_autoptr (AssayJob) same = read_text ("{\"schema\": \"assay.job\", \"version\": 1, \"kind\": \"info\", \"case\": \"x\", \"inputs\": "
                                         "[{\"role\": \"data\", \"file\": \"x.csv\", \"sha256\": \"00\"}]}", NULL);
  g_autoptr (GError) error = NULL;

  assay_job_add_input_file (same, "data", "x.csv", "00");
  g_assert_true (assay_job_check_inputs (same, NULL));
  assay_job_add_input_file (job, "data", "x.csv", "01");
  g_assert_false (assay_job_check_inputs (job, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
}

/* The influence job that stands behind a validation is the one a person would have asked for. */
static void
test_related (void)
{
  g_autoptr (AssayJob) validation = make ("validate"), asked = make ("influence"), related = NULL;
  g_autofree char *wanted = NULL, *found = NULL;
  GError *error = NULL;

  set (validation, "query", "train:3");
  set (validation, "query", "id:7");
  set (validation, "damping", "0.5");
  set (validation, "groups", "7");
  freeze (validation);
  assay_job_add_input_file (validation, "data", "x.csv", "00");
  set (asked, "query", "train:3");
  set (asked, "query", "id:7");
  set (asked, "damping", "0.5");
  freeze (asked);
  assay_job_add_input_file (asked, "data", "x.csv", "00");
  related = assay_job_new_related (validation, assay_job_kind_find ("influence", NULL), NULL, &error);
  g_assert_no_error (error);
  wanted = assay_job_get_identity (asked);
  found = assay_job_get_identity (related);
  g_assert_cmpstr (found, ==, wanted);
  g_assert_cmpstr (assay_job_get_case (related), ==, "a.assay");
}

/* Several methods bring in a section each; an option that they share goes to all of them, and one that only one has to that one. */
static void
test_several_sections (void)
{
  g_autoptr (AssayJob) job = make ("validate"), again = NULL, wrong = make ("validate");
  g_autofree char *identity = NULL, *other = NULL;
  g_autoptr (GError) error = NULL;
  json_t *document;

  set (job, "query", "train:3");
  set (job, "method", "exact,dot,cg");
  set (job, "damping", "0.5");
  set (job, "max-iterations", "7");
  freeze (job);
  for (guint m = 0; m < 2; m++)
    {
      json_t *instead = json_pack ("{s:s}", "method", m == 0 ? "exact" : "cg");
      g_autoptr (AssayJob) related = assay_job_new_related (job, assay_job_kind_find ("influence", NULL), instead, &error);

      g_assert_no_error (error);
      g_assert_cmpfloat (assay_values_get_double (assay_job_get_section (related, "method"), "damping"), ==, 0.5);
      json_decref (instead);
    }
  document = assay_job_to_json (job);
  again = assay_job_from_json (document, "job.json", &error);
  g_assert_no_error (error);
  identity = assay_job_get_identity (job);
  other = assay_job_get_identity (again);
  g_assert_cmpstr (identity, ==, other);
  json_decref (document);
  set (wrong, "query", "train:3");
  set (wrong, "method", "exact,dot");
  set (wrong, "max-iterations", "7");
  g_assert_false (assay_job_freeze (wrong, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

static void
test_command (void)
{
  g_autoptr (AssayJob) job = make ("influence"), plain = make ("info");
  g_autofree char *command = NULL, *other = NULL;

  set (job, "method", "cg");
  set (job, "query", "train:0");
  set (job, "query", "train:where name == 'it''s'");
  set (job, "query", "train:where cost > $1");
  set (job, "mean", "yes");
  set (job, "damping", "0.1");
  assay_job_set_case (job, "my case.assay");
  freeze (job);
  command = assay_job_describe_command (job);
  g_assert_cmpstr (command, ==, "assay influence \"my case.assay\" --query train:0 --query \"train:where name == 'it''s'\" "
                   "--query 'train:where cost > $1' --mean --method cg --damping 0.1");
  freeze (plain);
  other = assay_job_describe_command (plain);
  g_assert_cmpstr (other, ==, "assay info a.assay");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spec/a parameter may be given before what it belongs to", test_order);
  g_test_add_func ("/spec/a parameter of a method that was not chosen is refused by name", test_wrong_section);
  g_test_add_func ("/spec/settings yield to what was given", test_defaults_yield);
  g_test_add_func ("/spec/settings of another method are passed over", test_defaults_of_other_sections);
  g_test_add_func ("/spec/regressions are minimised by newton unless told otherwise", test_regressions_use_newton);
  g_test_add_func ("/spec/what is needed is asked for by the name it is typed with", test_needed);
  g_test_add_func ("/spec/the identity is of what is computed and not of where or how it is shown", test_identity);
  g_test_add_func ("/spec/inputs count by content", test_inputs_count);
  g_test_add_func ("/spec/a job survives its document, alone or inside a plan", test_round_trip);
  g_test_add_func ("/spec/bad documents are refused with their name", test_refused_documents);
  g_test_add_func ("/spec/pinned inputs must be the ones there are", test_pinned_inputs);
  g_test_add_func ("/spec/several methods bring in a section each", test_several_sections);
  g_test_add_func ("/spec/a job is a command line that the shell reads back", test_command);
  g_test_add_func ("/spec/a related job asks the same of another kind", test_related);
  return g_test_run ();
}
