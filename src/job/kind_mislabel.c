/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_mislabel.c: makes a share of the labels wrong, trains again, and looks whether self-influence finds them. */
#include "base/error.h"
#include "base/json.h"
#include "influence/mislabel.h"
#include "job/cost_meter.h"
#include "job/influence_task.h"
#include "job/training_cost.h"

#include <string.h>

#define GIB 1073741824.0

static const double inspected[] = { 0.05, 0.1, 0.2, 0.3, 0.5 };

static const AssayParam params[] = {
  { "method", ASSAY_PARAM_STRING, .def.s = "cg", .metavar = "NAME", .help = "whose self-influence ranks the examples" },
  ASSAY_SUBJECT_PARAMS,
  ASSAY_INFLUENCE_TASK_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "would wrong labels of a fifth of the people stand first?", "assay mislabel people.assay --model-name logistic --share 0.2 --method exact" },
  { NULL, NULL }
};

static gpointer
make_sections (gpointer unused)
{
  GArray *sections = g_array_new (TRUE, TRUE, sizeof (AssayJobSection));
  const AssayJobSection own = { NULL, NULL, "what is made wrong", assay_mislabel_params };

  (void) unused;
  g_array_append_val (sections, own);
  for (const AssayJobSection *s = assay_influence_task_sections (); s->params != NULL; s++)
    g_array_append_vals (sections, s, 1);
  return g_array_free (sections, FALSE);
}

static const AssayJobSection *
get_sections (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_sections, NULL);
}

static void
state_free (gpointer data)
{
  assay_subject_free (data);
}

static gboolean
complete (AssayJob *job, GError **error)
{
  if (strcmp (assay_values_get_string (assay_job_get_values (job), "measure"), "loss") == 0)
    return TRUE;
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "the influence of examples on their own losses is asked about: without --measure");
  return FALSE;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  AssaySubject *subject;

  if (assay_method_find (assay_values_get_string (assay_job_get_values (job), "method"), error) == NULL)
    return FALSE;
  subject = assay_subject_open (job, context, error);
  context->state = subject;
  context->free_state = state_free;
  if (subject != NULL && subject->training == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model %s: a model that was trained in this case expected, whose training can be repeated; it was imported",
                 subject->object->name);
  return subject != NULL && subject->training != NULL;
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const AssaySubject *subject = context->state;
  const AssayTraining training = { .model = subject->model, .dataset = subject->dataset, .train = subject->train, .N = subject->n_train,
                                   .options = subject->training, .n_order = subject->order ? subject->order->n : 0 };

  (void) job;
  (void) error;
  assay_job_plan_add (plan, assay_training_cost (&training, FALSE), 0, 0,
                      "train on %" G_GINT64_FORMAT " examples with wrong labels among them, and ask each about itself", subject->n_train);
  return TRUE;
}

static json_t *
estimate_to_json (AssayEstimate e)
{
  return json_pack ("{s:o, s:o, s:o}", "estimate", assay_json_number (e.value), "lo", assay_json_number (e.lo), "hi", assay_json_number (e.hi));
}

static json_t *
detection_to_json (const AssayMislabelDetection *d)
{
  json_t *found = json_array ();

  for (gsize k = 0; k < G_N_ELEMENTS (inspected); k++)
    json_array_append_new (found, json_pack ("{s:f, s:f, s:f}", "inspected", inspected[k], "found", assay_mislabel_found (d, d->self, inspected[k]), "found_by_loss",
                                             assay_mislabel_found (d, d->loss, inspected[k])));
  return json_pack ("{s:I, s:I, s:o, s:o, s:o}", "train_examples", (json_int_t) d->n_train, "wrong_labels", (json_int_t) d->n_wrong, "auc",
                    estimate_to_json (d->by_self), "auc_by_loss", estimate_to_json (d->by_loss), "found", found);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssaySubject *subject = context->state;
  const AssayValues *values = assay_job_get_values (job);
  const AssayMethod *method = assay_method_find (assay_values_get_string (values, "method"), error);
  AssayCostMeter meter = assay_cost_meter_start ();
  g_autoptr (AssayModel) model = assay_subject_make_start (subject, context->cas, error);
  AssayTraining training = { .model = model, .dataset = subject->dataset, .train = subject->train, .N = subject->n_train, .options = subject->training,
                             .order = subject->order ? subject->order->place : NULL, .n_order = subject->order ? subject->order->n : 0,
                             .backend = context->backend };
  g_autoptr (AssayMislabelDetection) detection = NULL;
  json_t *document, *more;

  if (model == NULL)
    return NULL;
  detection = assay_mislabel_detect (&training, method, assay_job_get_section (job, "method"), assay_job_get_table (job, assay_mislabel_params),
                                     assay_values_get_int (values, "walk-batch"), (gsize) (assay_values_get_double (values, "walk-memory") * GIB),
                                     context->progress, error);
  if (detection == NULL)
    return NULL;
  document = detection_to_json (detection);
  more = json_pack ("{s:s, s:s, s:s, s:o}", "model", subject->object->name, "data", subject->data->name, "method", method->name, "cost",
                    assay_cost_meter_stop (&meter));
  json_object_update (document, more);
  json_decref (more);
  return document;
}

/* --- for people ---------------------------------------------------------------------------------------------------- */

static void
add_auc (const json_t *document, const char *key, const char *name, AssayView *view)
{
  const json_t *auc = json_object_get (document, key);
  g_autofree char *value = assay_view_number (assay_json_get_number (auc, "estimate"), 4), *lo = assay_view_number (assay_json_get_number (auc, "lo"), 4);
  g_autofree char *hi = assay_view_number (assay_json_get_number (auc, "hi"), 4);

  assay_view_add_field (view, name, "%s [%s, %s]", value, lo, hi);
}

static void
view (const json_t *document, AssayView *view)
{
  gsize k;
  json_t *point;

  assay_view_add_text (view, "Model %s, trained again with %" G_GINT64_FORMAT " of its %" G_GINT64_FORMAT " labels made wrong. How well a ranking tells these from the others "
                       "(area under the receiver operating characteristic; 0.5 is chance):", assay_json_get_text (document, "model"),
                       (gint64) json_integer_value (json_object_get (document, "wrong_labels")),
                       (gint64) json_integer_value (json_object_get (document, "train_examples")));
  add_auc (document, "auc", assay_json_get_text (document, "method"), view);
  add_auc (document, "auc_by_loss", "the loss alone", view);
  assay_view_begin_table (view, ">inspected, %|>found, %|>found by loss, %");
  json_array_foreach (json_object_get (document, "found"), k, point)
    {
      assay_view_add_cell_number (view, 100 * assay_json_get_number (point, "inspected"), 3);
      assay_view_add_cell_number (view, 100 * assay_json_get_number (point, "found"), 3);
      assay_view_add_cell_number (view, 100 * assay_json_get_number (point, "found_by_loss"), 3);
    }
}

ASSAY_JOB_KIND_DEFINE (mislabel) = {
  .name = "mislabel", .group = ASSAY_JOB_GROUP_QUESTION, .help = "whether wrong labels would be found by their influence on themselves",
  .description = "A share of the training labels is made wrong at random, the model is trained again as it was, and every training example is asked for its influence on its "
                 "own loss. Whose label is wrong should stand first: the answer is how well that ranking tells wrong labels from right ones, and how many of them stand "
                 "among the first that a person would look at. Ranking by the loss alone stands beside it.\n\n"
                 "Nothing of the case is changed; the model with wrong labels is not kept. For looking through real labels see assay influence --self.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = get_sections,
  .complete = complete, .resolve = resolve, .plan = plan, .run = run, .view = view,
};
