/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_task.c: fills an AssayInfluenceTask. */
#include "job/influence_task.h"

#include "dataset/derive.h"
#include "influence/breakdown.h"
#include "influence/score_store.h"
#include "influence/task.h"
#include "job/cost_meter.h"
#include "job/probe_direction.h"
#include "job/score_parts.h"
#include "model/checkpoint.h"

#include <math.h>
#include <string.h>

#define GIB 1073741824.0

const char *const assay_influence_precisions[] = { "f64", "f32", NULL };

void
assay_influence_setup_free (AssayInfluenceSetup *setup)
{
  if (setup == NULL)
    return;
  assay_model_free (setup->measured);
  assay_trajectory_free (setup->trajectory);
  g_free (setup->optimizer_scale);
  assay_retraining_setup_free (setup->retraining);
  g_free (setup);
}

/* Whether the case has some of a training made elsewhere (job/import_checkpoints.h); then they are inputs of the job. */
static gboolean
find_imported (AssayJob *job, AssayCase *cas, const AssaySubject *subject, AssayObject **optimizer)
{
  g_autofree char *prefix = g_strconcat (subject->object->name, "/step-", NULL);
  g_autoptr (GPtrArray) list = assay_case_list (cas, "checkpoint", prefix), states = assay_case_list (cas, "optimizer", prefix);
  gint64 latest = -1;

  for (guint k = 0; k < list->len; k++)
    assay_job_add_input_object (job, "checkpoint", list->pdata[k]);
  for (guint k = 0; k < states->len; k++)
    {
      AssayObject *state = states->pdata[k];
      gint64 step = json_integer_value (json_object_get (state->meta, "step"));

      assay_job_add_input_object (job, "optimizer", state);
      if (step <= latest)
        continue;
      latest = step;
      g_clear_pointer (optimizer, assay_object_unref);
      *optimizer = assay_object_ref (state);
    }
  return list->len > 0;
}

/* 1 / (sqrt (v / (1 - beta2^t)) + eps) */
static gboolean
load_optimizer (AssayInfluenceSetup *setup, AssayCase *cas, AssayObject *state, GError **error)
{
  g_autoptr (AssayModel) moment = assay_checkpoint_load_object (cas, state, error);
  double step = json_number_value (json_object_get (state->meta, "step")), beta2 = json_number_value (json_object_get (state->meta, "beta2"));
  double epsilon = json_number_value (json_object_get (state->meta, "epsilon")), correction = 1 - pow (beta2, step);
  gint64 P = moment ? assay_model_get_n_params (moment) : 0;

  if (moment == NULL)
    return FALSE;
  setup->optimizer_scale = g_new (double, P);
  assay_model_read_theta (moment, setup->optimizer_scale);
  for (gint64 j = 0; j < P; j++)
    {
      double size = sqrt (setup->optimizer_scale[j] / correction) + epsilon;

      setup->optimizer_scale[j] = size > 0 ? 1 / size : 0;
    }
  setup->task.optimizer_scale = setup->optimizer_scale;
  return TRUE;
}

/* Checkpoints count where the training kept some; a method that needs them says so itself. */
static gboolean
load_trajectory (AssayInfluenceSetup *setup, AssayJob *job, const AssayJobContext *context, const AssaySubject *subject, GError **error)
{
  g_autoptr (AssayObject) optimizer = NULL;

  if (subject->training == NULL && !find_imported (job, context->cas, subject, &optimizer))
    return TRUE;
  if (subject->training != NULL && assay_values_get_int (subject->training, "checkpoints") == 0)
    return TRUE;
  if (optimizer != NULL && !load_optimizer (setup, context->cas, optimizer, error))
    return FALSE;
  setup->trajectory = assay_trajectory_load (context->cas, subject->object->name, error);
  if (setup->trajectory == NULL)
    return FALSE;
  setup->task.checkpoint = (const double *const *) setup->trajectory->theta;
  setup->task.checkpoint_rate = setup->trajectory->rate;
  setup->task.n_checkpoints = setup->trajectory->n;
  return TRUE;
}

/* For methods that retrain. */
static gboolean
add_retraining (AssayInfluenceSetup *setup, const AssayJobContext *context, const AssaySubject *subject, GError **error)
{
  if (subject->training == NULL)
    return TRUE;
  setup->retraining = assay_retraining_setup_new (subject, context, setup->task.query, setup->task.n_query, error);
  if (setup->retraining == NULL)
    return FALSE;
  setup->task.retrain = assay_ground_truth_retrain;
  setup->task.retrain_seed = setup->retraining->source.spec.start ? assay_ground_truth_retrain_seed : NULL;     /* whole-batch: nothing is drawn */
  setup->task.retrain_data = &setup->retraining->source;
  setup->task.training = &setup->retraining->training;
  setup->task.start = setup->retraining->source.spec.start;
  return TRUE;
}

static gboolean
add_measure (AssayInfluenceSetup *setup, AssayJob *job, AssayCase *cas, const char *text, GError **error)
{
  g_autoptr (AssayMeasure) measure = assay_measure_parse (text, error);
  g_autoptr (AssayObject) probe = NULL;

  if (measure == NULL || measure->kind == ASSAY_MEASURE_KIND_LOSS)
    return measure != NULL;
  if (measure->kind == ASSAY_MEASURE_KIND_PROBE)
    {
      probe = assay_probe_direction_load (cas, measure, error);
      if (probe == NULL)
        return FALSE;
      assay_job_add_input_object (job, "probe", probe);
    }
  setup->measured = assay_model_new_measured (setup->task.model, measure, error);
  if (setup->measured == NULL)
    return FALSE;
  setup->task.measured = setup->measured;
  setup->task.measure = g_intern_string (text);
  if (setup->retraining != NULL)
    assay_retraining_setup_set_measure (setup->retraining, setup->measured, text);
  return TRUE;
}

/* Models and gradients that the method's options name are inputs of the job: others under the same names are another job. */
static gboolean
add_named_models (AssayJob *job, AssayCase *cas, GError **error)
{
  const AssayValues *options = assay_job_get_section (job, "method");

  for (const AssayParam *p = options ? assay_values_get_table (options) : NULL; p != NULL && p->name != NULL; p++)
    if (p->type == ASSAY_PARAM_LIST && (g_strcmp0 (p->names, "model") == 0 || g_strcmp0 (p->names, "gradients") == 0))
      for (const char *const *name = assay_values_get_list (options, p->name); *name != NULL; name++)
        {
          g_autoptr (AssayObject) object = assay_case_lookup (cas, p->names, *name, error);

          if (object == NULL)
            return FALSE;
          assay_job_add_input_object (job, *name, object);
        }
  return TRUE;
}

AssayInfluenceSetup *
assay_influence_setup_new (AssayJob *job, AssayJobContext *context, AssaySubject *subject, const gint64 *query, gint64 n_query, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  AssayInfluenceSetup *setup = g_new0 (AssayInfluenceSetup, 1);

  setup->task = (AssayInfluenceTask) {
    .model = subject->model, .dataset = subject->dataset, .train = subject->train, .n_train = subject->n_train, .query = query,
    .n_query = n_query, .l2 = subject->l2, .batch = assay_values_get_int (values, "walk-batch"),
    .is_single_precision = strcmp (assay_values_get_string (values, "precision"), "f32") == 0,
    .memory = (gsize) (assay_values_get_double (values, "walk-memory") * GIB), .backend = context->backend,
    .store = context->cas, .model_name = subject->object->name,
  };
  setup->task.sum_batch = assay_influence_task_choose_sum_batch (&setup->task);
  if (!load_trajectory (setup, job, context, subject, error) || !add_retraining (setup, context, subject, error)
      || !add_measure (setup, job, context->cas, assay_values_get_string (values, "measure"), error) || !add_named_models (job, context->cas, error))
    {
      assay_influence_setup_free (setup);
      return NULL;
    }
  return setup;
}

/* What the case has of it; NULL without an error: nothing. */
static AssayInfluenceScores *
load_scores (AssayCase *cas, const char *name, const char *identity, AssayObject **object, GError **error)
{
  g_autoptr (AssayObject) found = assay_case_has (cas, "scores", name) ? assay_case_lookup (cas, "scores", name, error) : NULL;
  AssayInfluenceScores *scores;

  if (found == NULL || g_strcmp0 (json_string_value (json_object_get (found->meta, "job")), identity) != 0)
    return NULL;
  scores = assay_influence_scores_load (cas, name, NULL, error);
  if (scores != NULL)
    *object = g_steal_pointer (&found);
  return scores;
}

void
assay_influence_name_measure (const AssayInfluenceTask *task, AssayInfluenceScores *scores)
{
  gboolean is_mean = task->query_size > 1;
  g_autofree char *words = g_strconcat (is_mean ? "mean " : "", task->measure, NULL);

  if (task->measure == NULL)
    scores->measure = is_mean ? ASSAY_MEASURE_MEAN_LOSS : ASSAY_MEASURE_LOSS;
  else
    scores->measure = g_intern_string (words);
  if (strcmp (scores->unit, ASSAY_UNIT_NATS) == 0)
    scores->unit = assay_influence_task_get_unit (task);
}

AssayInfluenceScores *
assay_influence_compute (const AssayInfluenceTask *asked, const AssayJob *job, AssayProgress *progress, GError **error)
{
  const AssayValues *values = assay_job_get_values (job), *options = assay_job_get_section (job, "method");
  const AssayMethod *method = assay_method_find (assay_values_get_string (values, "method"), error);
  const char *by = assay_values_get_string (values, "by");
  const AssayInfluenceTask scored = assay_influence_task_narrow (asked);
  AssayInfluenceTask task = *asked;
  g_autoptr (AssayInfluenceScores) scores = NULL;
  gint64 unit;

  if (assay_values_get_bool (values, "self"))
    return assay_method_score_self (method, &task, options, progress, error);
  task.keep_directions = strcmp (by, "none") != 0;
  scores = method->score (&task, options, progress, error);
  if (scores == NULL)
    return NULL;
  assay_influence_name_measure (&task, scores);
  unit = method->flags & ASSAY_METHOD_CUTS_EXAMPLES ? task.n_query : assay_method_get_query_unit (method, &task, options);
  if (task.keep_directions && (scores->parts = assay_breakdown_new (&scored, scores, by, unit, progress, error)) == NULL)
    return NULL;
  return g_steal_pointer (&scores);
}

/* Put together where parts of it are there. */
static AssayInfluenceScores *
compute (const AssayInfluenceSetup *setup, const AssayJob *job, AssayJobContext *context, const AssaySubject *subject, GError **error)
{
  GError *fault = NULL;
  AssayInfluenceScores *scores = assay_score_parts_load (setup, job, context, subject, &fault);

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return NULL;
    }
  return scores ? scores : assay_influence_compute (&setup->task, job, context->progress, error);
}

AssayInfluenceScores *
assay_influence_setup_score (const AssayInfluenceSetup *setup, const AssayJob *job, AssayJobContext *context, const AssaySubject *subject,
                             gboolean reuse, AssayObject **object, GError **error)
{
  const AssayMethod *method = assay_method_find (assay_values_get_string (assay_job_get_values (job), "method"), error);
  const AssayValues *options = assay_job_get_section (job, "method");
  gboolean is_self = assay_values_get_bool (assay_job_get_values (job), "self");
  g_autofree char *identity = assay_job_get_identity (job);
  g_autofree char *name = g_strdup_printf ("%s/%s/%.12s", subject->object->name, method->name, identity);
  g_autoptr (AssayInfluenceScores) scores = NULL;
  GError *fault = NULL;
  AssayCostMeter meter;
  json_t *extra, *cost;

  scores = reuse ? load_scores (context->cas, name, identity, object, &fault) : NULL;
  if (scores != NULL)
    return g_steal_pointer (&scores);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return NULL;
    }
  meter = assay_cost_meter_start ();
  scores = compute (setup, job, context, subject, error);
  cost = assay_cost_meter_stop (&meter);
  if (scores == NULL)
    {
      json_decref (cost);
      return NULL;
    }
  if (!is_self)
    assay_influence_name_measure (&setup->task, scores);
  extra = json_pack ("{s:s, s:o, s:o}", "job", identity, "subject", assay_subject_to_json (subject), "cost", cost);
  *object = assay_influence_scores_save (context->cas, name, scores, &setup->task, method->name, options, extra, error);
  json_decref (extra);
  return *object ? g_steal_pointer (&scores) : NULL;
}

char *
assay_influence_describe_failures (const AssayInfluenceScores *scores, const char *const *query)
{
  gint64 failed = 0, first = 0;
  const char *reason;

  for (gint64 q = 0; q < scores->n_query; q++)
    if (!assay_influence_scores_has_converged (scores, q))
      first = failed++ == 0 ? q : first;
  if (failed == 0)
    return NULL;
  if (strcmp (scores->measure, ASSAY_MEASURE_SELF) == 0)
    return g_strdup_printf ("solves of examples for themselves did not converge (the worst: %s); how many the notes say",
                            assay_solve_reason_name (scores->solves[0].reason));
  reason = assay_solve_reason_name (scores->solves[first].reason);
  return g_strdup_printf ("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " solves did not converge (the first for query %" G_GINT64_FORMAT " of %s: %s); "
                          "their scores are marked: they are not the influence%s", failed, scores->n_query, first, query[0], reason,
                          scores->lo != NULL ? ", which only the intervals hold" : "");
}

static gpointer
make_sections (gpointer unused)
{
  GArray *sections = g_array_new (TRUE, TRUE, sizeof (AssayJobSection));
  AssayJobSection data = { NULL, NULL, "the data of an imported model", assay_derive_params };

  (void) unused;
  g_array_append_val (sections, data);
  for (const AssayMethod *const *method = assay_method_list (); *method != NULL; method++)
    {
      AssayJobSection section = { "method", (*method)->name, (*method)->help, (*method)->params };

      g_array_append_val (sections, section);
    }
  return g_array_free (sections, FALSE);
}

const AssayJobSection *
assay_influence_task_sections (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_sections, NULL);
}
