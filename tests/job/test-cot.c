/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-cot.c: chains judged in a case: without a certificate, with one, with that of another model, and again from the store. */
#include "fixtures.h"

#include "../probes/compiled.h"
#include "base/error.h"
#include "base/json.h"
#include "dataset/dataset_store.h"
#include "dataset/described.h"
#include "model/checkpoint.h"
#include "probes/cot_record.h"

#include <math.h>
#include <string.h>

static double
number_of (const json_t *object, const char *key)
{
  return assay_json_get_number (object, key);
}

static const char *
text_of (const json_t *object, const char *key)
{
  return assay_json_get_text (object, key);
}

/* Generated data of one step in the case, made if need be. */
static void
make_data (const Folder *folder, const char *family, const char *size, const char *of)
{
  if (!g_file_test (folder->cas, G_FILE_TEST_EXISTS))
    json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", family, size, of, "steps", "1", "held-out", "0.1", NULL));
}

/* A model of the sums, as a training would leave it: with what its data are. */
static void
put_model (const Folder *folder, const char *name, AssayModel *(*make) (const AssayOrganism *organism))
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_WRITE, &error);
  g_autoptr (AssayObject) data = assay_case_lookup (cas, "data", "dose", &error), object = NULL;
  g_autoptr (AssayTable) table = assay_table_load (cas, "dose", &error);
  g_autoptr (AssayValues) derive = assay_values_new (assay_derive_params);
  g_autoptr (AssayModel) model = NULL;
  AssayOrganism organism;
  json_t *meta;

  g_assert_no_error (error);
  g_assert_true (assay_organism_init_from_table (&organism, table, "dose", &error));
  model = make (&organism);
  meta = json_pack ("{s:o}", "data", assay_described_new (data, derive, ASSAY_TARGET_AUTO, "train"));
  object = assay_checkpoint_commit (model, cas, "model", name, meta, &error);
  g_assert_no_error (error);
  json_decref (meta);
}

static AssayModel *
make_noise (const AssayOrganism *organism)
{
  return compiled_noise (organism, 1);
}

/* Two sums of one step: p = 11 prompts in 5 modes. */
static void
make_compiled (const Folder *folder, gboolean certify)
{
  make_data (folder, "dose", "modulus", "11");
  put_model (folder, "sums", compiled_dose);
  if (certify)
    json_decref (folder_answer (folder, "certify", "model-name", "sums", NULL));
}

/* Everything that an outside reader relies on is there, and in range. */
static void
check_instances (const json_t *document)
{
  gsize k, p;
  json_t *instance, *probe;

  g_assert_cmpuint (json_array_size (json_object_get (document, "instances")), ==, (gsize) number_of (document, "asked"));
  json_array_foreach (json_object_get (document, "instances"), k, instance)
    {
      const json_t *used = json_object_get (instance, "used");

      g_assert_cmpstr (text_of (instance, "disclosed"), ==, "not tested");
      g_assert_true (g_strv_contains ((const char *const[]) { "used", "partly used", "decorative", "cannot tell", NULL }, text_of (used, "verdict")));
      g_assert_nonnull (json_object_get (used, "estimate"));
      if (json_is_number (json_object_get (used, "estimate")))
        g_assert_true (0 <= number_of (used, "lo") && number_of (used, "lo") <= number_of (used, "estimate")
                       && number_of (used, "estimate") <= number_of (used, "hi") && number_of (used, "hi") <= 1);
      g_assert_cmpuint (json_array_size (json_object_get (instance, "probes")), >=, 1);
      json_array_foreach (json_object_get (instance, "probes"), p, probe)
        {
          g_assert_true (json_is_string (json_object_get (probe, "name")));
          for (gsize name = 0; name < 4; name++)
            g_assert_nonnull (json_object_get (probe, ((const char *const[]) { "value", "lo", "hi", "control" })[name]));
          g_assert_cmpint (json_is_number (json_object_get (probe, "value")), ==, json_is_number (json_object_get (probe, "lo")));
          if (json_is_number (json_object_get (probe, "lo")))
            g_assert_true (number_of (probe, "lo") <= number_of (probe, "value") && number_of (probe, "value") <= number_of (probe, "hi"));
        }
    }
}

static gint64
count_verdicts (const json_t *document, double mode, const char *verdict)
{
  gsize k;
  json_t *one;

  json_array_foreach (json_object_get (document, "modes"), k, one)
    if (number_of (one, "mode") == mode)
      return json_integer_value (json_object_get (json_object_get (json_object_get (one, "used"), "verdicts"), verdict));
  return -1;
}

static void
test_refusal (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) job = NULL;
  GError *error = NULL;
  json_t *document;
  gsize k;
  json_t *instance;

  (void) unused;
  make_data (folder, "dose", "modulus", "11");
  put_model (folder, "sums", make_noise);
  document = folder_answer (folder, "cot", "model-name", "sums", NULL);
  check_instances (document);
  g_assert_false (json_is_true (json_object_get (json_object_get (document, "instrument"), "is_calibrated")));
  g_assert_nonnull (strstr (text_of (json_object_get (document, "instrument"), "reason"), "has no certificate"));
  json_array_foreach (json_object_get (document, "instances"), k, instance)
    {
      g_assert_cmpstr (text_of (json_object_get (instance, "used"), "verdict"), ==, "cannot tell");
      g_assert_true (json_is_null (json_object_get (json_object_get (instance, "used"), "estimate")));
    }
  json_decref (document);
  json_decref (folder_answer (folder, "certify", "model-name", "sums", NULL));    /* refused: its weights are noise */
  document = folder_answer (folder, "cot", "model-name", "sums", "probe", "swap", "probe", "early", NULL);
  g_assert_nonnull (strstr (text_of (json_object_get (document, "instrument"), "reason"), "was refused"));
  g_assert_cmpuint (json_array_size (json_object_get (json_array_get (json_object_get (document, "instances"), 0), "probes")), ==, 2);
  json_decref (document);

  job = folder_job (folder, "cot", "model-name", "sums", "calibrate-on", "sums", NULL);
  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "was refused its certificate"));
  g_clear_error (&error);
  g_clear_pointer (&job, assay_job_free);
  job = folder_job (folder, "cot", "model-name", "sums", "probe", "none", NULL);
  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_nonnull (strstr (error->message, "early, mistakes"));
  g_clear_error (&error);
}

static void
test_other_data (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) job = NULL;
  GError *error = NULL;

  (void) unused;
  folder_train (folder, "m");
  job = folder_job (folder, "cot", "model-name", "m", NULL);
  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "generated by assay import CASE dose or pointer expected"));
  g_clear_error (&error);
}

/* The record in the case says what the document says. */
static void
check_record (const Folder *folder, const json_t *document)
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_READ, &error);
  g_autoptr (AssayCotRecord) record = assay_cot_record_load (cas, text_of (document, "cot_object"), &error);
  const json_t *instance = json_array_get (json_object_get (document, "instances"), 3);

  g_assert_no_error (error);
  g_assert_cmpint (record->E, ==, (gint64) number_of (document, "edits"));
  for (gint64 p = 0; p < record->P; p++)
    {
      const json_t *probe = json_array_get (json_object_get (instance, "probes"), (gsize) p);

      g_assert_cmpstr (record->probe[p], ==, text_of (probe, "name"));
      if (isfinite (record->soft[3 * (3 * record->P + p)]))
        g_assert_cmpfloat (record->soft[3 * (3 * record->P + p)], ==, number_of (probe, "value"));
    }
  g_assert_cmpfloat (assay_cot_record_get_use (record, 3, ASSAY_COT_ALL).estimate, ==, number_of (json_object_get (instance, "used"), "estimate"));
}

static void
test_certified (Folder *folder, gconstpointer unused)
{
  json_t *certificate, *document, *again, *shown, *edited;
  const json_t *instrument;

  (void) unused;
  make_compiled (folder, FALSE);
  certificate = folder_answer (folder, "certify", "model-name", "sums", NULL);
  g_assert_true (json_is_true (json_object_get (certificate, "accepted")));
  json_decref (certificate);
  document = folder_answer (folder, "cot", "model-name", "sums", NULL);
  check_instances (document);
  check_record (folder, document);
  instrument = json_object_get (document, "instrument");
  g_assert_true (json_is_true (json_object_get (instrument, "is_calibrated")));
  g_assert_true (json_is_true (json_object_get (json_object_get (instrument, "certificate"), "of_this_model")));
  g_assert_cmpuint (strlen (text_of (json_object_get (instrument, "certificate"), "identity")), ==, 64);
  g_assert_cmpfloat (number_of (json_object_get (json_object_get (instrument, "fused"), "ends"), "value"), ==, 1);
  g_assert_cmpfloat (number_of (json_object_get (json_object_get (instrument, "independent"), "middle"), "value"), ==, 1);
  g_assert_cmpint (count_verdicts (document, 0, "decorative"), ==, 11);
  g_assert_cmpint (count_verdicts (document, 0.5, "partly used"), ==, 11);
  g_assert_cmpint (count_verdicts (document, 1, "used"), ==, 11);

  again = folder_answer (folder, "cot", "model-name", "sums", NULL);
  g_assert_true (json_equal (json_object_get (again, "instances"), json_object_get (document, "instances")));    /* from the store */
  json_decref (again);
  shown = folder_answer (folder, "cot", "model-name", "sums", "instance", "3", NULL);
  g_assert_cmpstr (text_of (shown, "identity"), ==, text_of (document, "identity"));      /* what is shown is outside the identity */
  g_assert_cmpuint (json_array_size (json_object_get (json_object_get (shown, "shown"), "curves")), >=, 3);
  g_assert_cmpuint (json_array_size (json_object_get (json_object_get (shown, "shown"), "edits")), >, 20);
  json_decref (shown);
  edited = folder_answer (folder, "cot", "model-name", "sums", "example", "edited:0-4", "example", "test:8", NULL);
  check_instances (edited);
  g_assert_cmpfloat (number_of (edited, "measured"), ==, 55 + 5); /* the model's own chains calibrate, whatever is asked about */
  json_decref (edited);
  json_decref (document);
}

/* A model without a certificate is judged by the newest one of its shape; one of another shape is not. */
static void
test_other_model (Folder *folder, gconstpointer unused)
{
  json_t *document;
  const json_t *certificate;

  (void) unused;
  make_compiled (folder, TRUE);
  put_model (folder, "twin", compiled_dose);
  document = folder_answer (folder, "cot", "model-name", "twin", NULL);
  check_instances (document);
  certificate = json_object_get (json_object_get (document, "instrument"), "certificate");
  g_assert_cmpstr (text_of (certificate, "model"), ==, "sums");
  g_assert_false (json_is_true (json_object_get (certificate, "of_this_model")));
  g_assert_true (json_is_true (json_object_get (certificate, "same_family")));
  g_assert_cmpint (count_verdicts (document, 1, "used"), ==, 11);
  json_decref (document);
  put_model (folder, "other", make_noise);                        /* 12 wide */
  document = folder_answer (folder, "cot", "model-name", "other", NULL);
  g_assert_nonnull (strstr (text_of (json_object_get (document, "instrument"), "reason"), "no other certified model of its shape"));
  json_decref (document);
}

static void
test_threads (Folder *folder, gconstpointer unused)
{
  json_t *answer[2];

  (void) unused;
  make_compiled (folder, TRUE);
  for (guint threads = 1; threads <= 2; threads++)
    {
      g_autoptr (AssayJob) job = folder_job (folder, "cot", "model-name", "sums", NULL);
      g_autoptr (AssayJobOutcome) outcome = NULL;
      AssayJobOptions options = { .threads = threads, .force = TRUE };
      GError *error = NULL;

      g_assert_true (assay_job_freeze (job, &error));
      outcome = assay_job_run (job, &options, &error);
      g_assert_no_error (error);
      answer[threads - 1] = json_incref (json_object_get (outcome->document, "instances"));
    }
  g_assert_true (json_equal (answer[0], answer[1]));
  json_decref (answer[0]);
  json_decref (answer[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add (name, Folder, NULL, folder_set_up, test, folder_tear_down)
  ADD ("/job/cot/without an accepted certificate every verdict is that nothing can be told", test_refusal);
  ADD ("/job/cot/a model of other data is refused", test_other_data);
  ADD ("/job/cot/a certified model parts used chains from decorative ones, and its record says the same", test_certified);
  ADD ("/job/cot/a certificate of another model of the same shape is taken, and said to be one", test_other_model);
  ADD ("/job/cot/the number of threads changes no bit", test_threads);
#undef ADD
  return g_test_run ();
}
