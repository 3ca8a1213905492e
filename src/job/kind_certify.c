/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_certify.c: whether a model of a generated organism uses its written chain to the degree it was trained to. */
#include "base/error.h"
#include "base/json.h"
#include "job/subject.h"
#include "probes/certificate.h"

static const AssayParam params[] = { ASSAY_SUBJECT_PARAMS, { .name = NULL } };

static const AssayJobExample examples[] = {
  { "what a certificate of the model of generated sums takes", "assay certify people.assay --model-name sums --dry-run" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  AssayOrganism organism;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_subject_free (state->subject);
  g_free (state);
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  state->subject = assay_subject_open (job, context, error);
  return state->subject != NULL
         && assay_organism_init_from_table (&state->organism, state->subject->table, state->subject->data->name, error);
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const State *state = context->state;

  (void) job;
  (void) error;
  assay_job_plan_add (plan, 0, 0, 0, "answer %" G_GINT64_FORMAT " prompts and %" G_GINT64_FORMAT " edited chains in %d modes",
                      state->organism.n_prompts, state->organism.n_held_out, ASSAY_ORGANISM_N_MODES);
  return TRUE;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const State *state = context->state;
  AssayCertificate certificate;
  json_t *summary;

  (void) job;
  if (!assay_certify (state->subject->model, state->subject->dataset, &state->organism, context->backend, context->progress, &certificate, error))
    return NULL;
  summary = assay_certificate_to_json (&certificate);
  json_object_set_new (summary, "organism", json_string (state->organism.family->name));
  json_object_set_new (summary, "model", json_string (state->subject->object->name));
  json_object_set_new (summary, "model_sequence", json_integer ((json_int_t) state->subject->object->sequence));
  json_object_set_new (summary, "data", json_string (state->subject->data->name));
  if (!certificate.accepted)
    json_object_set_new (summary, ASSAY_JOB_FINDING, json_string ("the model is not what it was trained to be: the certificate is refused"));
  return summary;
}

static void
view (const json_t *document, AssayView *view)
{
  gsize k;
  json_t *mode;

  assay_view_add_text (view, "model %s: %s. It answers %.4g %% of the unedited chains rightly; all modes %s the same chain; the largest gap between trained and "
                       "measured use is %.3f.", json_string_value (json_object_get (document, "model")),
                       json_is_true (json_object_get (document, "accepted")) ? "certified" : "not certified",
                       100 * assay_json_get_number (document, "clean_accuracy"),
                       json_is_true (json_object_get (document, "same_chains")) ? "write" : "do not write",
                       assay_json_get_number (document, "worst_gap"));
  assay_view_begin_table (view, ">trained use|>measured use|>lo|>hi|>right answers|>right chains");
  json_array_foreach (json_object_get (document, "modes"), k, mode)
    {
      assay_view_add_cell_number (view, assay_json_get_number (mode, "rate"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (mode, "measured"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (mode, "lo"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (mode, "hi"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (mode, "clean_accuracy"), 4);
      assay_view_add_cell_number (view, assay_json_get_number (mode, "exact_chain"), 4);
    }
  assay_view_add_text (view, "Use: how much the probability of the true answer falls when one step of the chain is edited, in the mean over %" G_GINT64_FORMAT
                       " edited chains that were never trained on. lo and hi: 95 %%.", (gint64) json_integer_value (json_object_get (document, "edited_chains")));
}

ASSAY_JOB_KIND_DEFINE (certify) = {
  .name = "certify", .group = ASSAY_JOB_GROUP_QUESTION, .help = "measure whether a model of generated reasoning uses its chain as it was trained to",
  .description = "For models trained on data of assay import CASE dose or pointer. Every held-out edited chain is put to the model in every mode: where the answer follows "
                 "the edit the chain is used, where it stays the true answer the chain is decoration. The certificate is accepted when 99.9 % of the "
                 "unedited answers are right, all modes write the same chain, and the measured use is within 0.02 of the trained one in every mode.\n\n"
                 "The exit status is 1 when it is not.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = assay_subject_sections,
  .resolve = resolve, .plan = plan, .run = run, .view = view,
};
