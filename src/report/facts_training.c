/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts_training.c: how the model was trained, what that took, and what using it takes. */
#include "report/facts_private.h"

#include "base/json.h"
#include "model/plan.h"

#include <math.h>
#include <string.h>

static const json_t *
get_provenance (const AssayReportAnswer *training)
{
  return json_object_get (training->meta, "provenance");
}

static double
get_measured (const AssayReportAnswer *training, const char *name)
{
  return assay_json_get_number (json_object_get (get_provenance (training), "measured"), name);
}

/* --- settings and end -------------------------------------------------------------------------------------------------- */

static gboolean
fill_configuration (const AssayFacts *facts, AssayField *field, GError **error)
{
  const json_t *options;
  g_autofree char *members = NULL;

  (void) error;
  if (!assay_facts_need_model (facts, field))
    return TRUE;
  options = json_object_get (json_object_get (facts->object->meta, "training"), "options");
  if (options == NULL)
    {
      assay_field_set_not_computed (field, "model %s was not trained in this case", facts->object->name);
      return TRUE;
    }
  members = assay_facts_describe_members (options);
  assay_field_set_text (field, ASSAY_FIELD_DERIVED, members);
  assay_facts_cite (field, facts->object, facts->training ? facts->training->command : NULL);
  return TRUE;
}

static gboolean
fill_result (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "reason", "ended", NULL, ASSAY_VALUE_TEXT }, { "steps", "steps", NULL, ASSAY_VALUE_COUNT },
    { "loss", "loss", "nats", ASSAY_VALUE_NUMBER }, { "objective", "objective", "nats", ASSAY_VALUE_NUMBER },
    { "gradient_norm", "norm of the gradient", NULL, ASSAY_VALUE_NUMBER },
  };
  const json_t *document;

  (void) error;
  if (!assay_facts_need_training (facts, field))
    return TRUE;
  document = facts->training->document;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  assay_field_add_text (field, assay_json_get_text (document, "reason"));
  assay_field_add_count (field, json_integer_value (json_object_get (document, "steps")));
  assay_field_add_number (field, assay_json_get_number (document, "loss"));
  assay_field_add_number (field, assay_json_get_number (document, "objective"));
  assay_field_add_number (field, assay_json_get_number (document, "gradient_norm"));
  assay_facts_cite_answer (field, facts->training);
  return TRUE;
}

/* --- what it took ------------------------------------------------------------------------------------------------------ */

static gboolean
fill_operations (const AssayFacts *facts, AssayField *field, GError **error)
{
  g_autoptr (GPtrArray) stages = NULL;
  double sum = 0;

  if (!assay_facts_need_model (facts, field))
    return TRUE;
  if ((stages = assay_facts_list_stages (facts, error)) == NULL)
    return FALSE;
  for (guint k = 0; k < stages->len; k++)
    {
      const AssayObject *stage = stages->pdata[k];
      double operations = assay_json_get_number (json_object_get (stage->meta, "result"), "operations");

      if (isnan (operations))
        {
          assay_field_set_not_computed (field, "the operations of model %s were not counted: it was %s", stage->name,
                                        json_object_get (stage->meta, "training") ? "trained by a version that did not count" : "brought into the case");
          return TRUE;
        }
      sum += operations;
      assay_facts_cite (field, stage, NULL);
    }
  assay_field_set_number (field, ASSAY_FIELD_MEASURED, sum);
  assay_field_set_method (field, "additions and multiplications of the model's operations in every step, all stages together, as the operations count "
                          "themselves; the optimizer's own arithmetic and the evaluations are not in it", 1);
  return TRUE;
}

static gboolean
fill_duration (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "stage", "stage", NULL, ASSAY_VALUE_TEXT }, { "seconds", "time", "s", ASSAY_VALUE_NUMBER },
    { "threads", "threads", NULL, ASSAY_VALUE_COUNT }, { "cpu_seconds", "processor time of the job", "s", ASSAY_VALUE_NUMBER },
  };
  g_autoptr (GPtrArray) stages = NULL;

  if (!assay_facts_need_training (facts, field))
    return TRUE;
  if ((stages = assay_facts_list_stages (facts, error)) == NULL)
    return FALSE;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  for (guint k = 0; k < stages->len; k++)
    {
      const AssayObject *stage = stages->pdata[k];
      const AssayReportAnswer *training = assay_facts_find_training (facts->source, stage);

      if (training == NULL || isnan (get_measured (training, "training_seconds")))
        {
          assay_field_set_not_computed (field, "the time of the training of model %s was not kept", stage->name);
          return TRUE;
        }
      assay_field_add_text (field, stage->name);
      assay_field_add_number (field, get_measured (training, "training_seconds"));
      assay_field_add_count (field, json_integer_value (json_object_get (get_provenance (training), "threads")));
      assay_field_add_number (field, assay_json_get_number (get_provenance (training), "cpu_seconds"));
      assay_facts_cite_answer (field, training);
    }
  assay_field_set_method (field, "time of the steps, all runs of an interrupted training together; processor time of the last run, with its evaluation", 1);
  return TRUE;
}

static gboolean
fill_machine (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "processor", "processor", NULL, ASSAY_VALUE_TEXT }, { "processors", "processors", NULL, ASSAY_VALUE_COUNT },
    { "threads", "threads used", NULL, ASSAY_VALUE_COUNT }, { "memory", "memory", "bytes", ASSAY_VALUE_COUNT },
    { "accelerators", "accelerators", NULL, ASSAY_VALUE_COUNT },
  };
  const json_t *machine;

  (void) error;
  if (!assay_facts_need_training (facts, field))
    return TRUE;
  machine = json_object_get (get_provenance (facts->training), "machine");
  if (json_string_value (json_object_get (machine, "processor")) == NULL)
    {
      assay_field_set_not_computed (field, "the training did not record its machine");
      return TRUE;
    }
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  assay_field_add_text (field, assay_json_get_text (machine, "processor"));
  assay_field_add_count (field, json_integer_value (json_object_get (machine, "processors")));
  assay_field_add_count (field, json_integer_value (json_object_get (get_provenance (facts->training), "threads")));
  assay_field_add_count (field, json_integer_value (json_object_get (machine, "memory_bytes")));
  assay_field_add_count (field, 0);                               /* this program computes on processors alone */
  assay_field_set_method (field, "as the operating system names it, in the last run of the training", 1);
  assay_facts_cite_answer (field, facts->training);
  return TRUE;
}

static gboolean
fill_energy (const AssayFacts *facts, AssayField *field, GError **error)
{
  (void) error;
  if (assay_facts_need_training (facts, field))
    assay_field_set_not_computed (field, "the program reads no meter; it follows from compute.duration once a person states compute.power, the mean "
                                  "electrical power in watts");
  return TRUE;
}

/* --- what using it takes ----------------------------------------------------------------------------------------------- */

static AssayPlan *
plan_one (const AssayFacts *facts, GError **error)
{
  g_autoptr (AssayGraph) graph = assay_model_build (facts->model, 1, error);

  return graph ? assay_plan_new (graph, ASSAY_WALK_FORWARD, assay_model_get_dtype (facts->model), NULL) : NULL;
}

static gboolean
fill_memory (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = { { "what", "what", NULL, ASSAY_VALUE_TEXT }, { "bytes", "memory", "bytes", ASSAY_VALUE_COUNT } };
  g_autoptr (AssayPlan) plan = NULL;

  if (!assay_facts_need_model (facts, field))
    return TRUE;
  if ((plan = plan_one (facts, error)) == NULL)
    return FALSE;
  assay_field_begin_rows (field, ASSAY_FIELD_DERIVED, columns, G_N_ELEMENTS (columns));
  assay_field_add_text (field, "parameters");
  assay_field_add_count (field, assay_model_get_n_params (facts->model) * (gint64) assay_dtype_width (assay_model_get_dtype (facts->model)));
  assay_field_add_text (field, "evaluation of one example");
  assay_field_add_count (field, (gint64) assay_plan_get_bytes (plan));
  assay_field_set_method (field, "sizes of the buffers that an evaluation of one example at a time needs", 1);
  assay_facts_cite (field, facts->object, NULL);
  return TRUE;
}

static gboolean
fill_inference (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "task", "task", NULL, ASSAY_VALUE_TEXT }, { "examples", "examples", NULL, ASSAY_VALUE_COUNT },
    { "seconds", "time for one", "s", ASSAY_VALUE_NUMBER }, { "operations", "operations for one", NULL, ASSAY_VALUE_NUMBER },
    { "rate", "operations per second", NULL, ASSAY_VALUE_NUMBER },
  };
  g_autoptr (AssayPlan) plan = NULL;
  double n, seconds, operations;

  if (!assay_facts_need_training (facts, field))
    return TRUE;
  n = get_measured (facts->training, "evaluation_examples");
  seconds = get_measured (facts->training, "evaluation_seconds") / n;
  if (!isfinite (seconds) || seconds <= 0)
    {
      assay_field_set_not_computed (field, "the training did not keep the time of its evaluation");
      return TRUE;
    }
  if ((plan = plan_one (facts, error)) == NULL)
    return FALSE;
  operations = assay_plan_get_cost (plan, FALSE).flops;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  assay_field_add_text (field, "loss and prediction of every example of every split, in batches");
  assay_field_add_count (field, (gint64) n);
  assay_field_add_number (field, seconds);
  assay_field_add_number (field, operations);
  assay_field_add_number (field, operations / seconds);
  assay_field_set_method (field, "time of the evaluation at the end of the training, shared out over its examples, on the hardware of compute.machine", 1);
  assay_facts_cite_answer (field, facts->training);
  return TRUE;
}

const AssayFact assay_facts_of_training[] = {
  { "training.configuration", fill_configuration },
  { "training.result", fill_result },
  { "compute.operations", fill_operations },
  { "compute.duration", fill_duration },
  { "compute.machine", fill_machine },
  { "compute.memory", fill_memory },
  { "compute.energy", fill_energy },
  { "inference.benchmark", fill_inference },
  { NULL, NULL }
};
