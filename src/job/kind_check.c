/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_check.c: does Assay compute what it says, on the case's own model, or on reference cases of other implementations? */
#include "base/error.h"
#include "base/json.h"
#include "hessian/linop_check.h"
#include "influence/reference.h"
#include "job/model_check.h"
#include "job/subject.h"

#include <math.h>
#include <string.h>

static const char *const dtypes[] = { "f64", "f32", NULL };

static const AssayParam params[] = {
  { "reference", ASSAY_PARAM_STRING, .metavar = "DIR", .flags = ASSAY_PARAM_FILE,
    .help = "compare with a reference case, a recipe, or every one in a folder, instead" },
  ASSAY_MODEL_CHECK_PARAMS,
  { "examples", ASSAY_PARAM_INT, .def.i = 8, .min = 1, .max = 1e6, .help = "training examples that the operators are checked on" },
  { "check-dtype", ASSAY_PARAM_CHOICE, .def.s = "f64", .choices = dtypes, .help = "precision of the walks checked" },
  { "seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the random directions" },
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "gradients and curvature products of the case's model, against oracles", "assay check people.assay" },
  { "what a checkpoint is, and evidence that it is computed as where it was made", "assay check story" },
  { "the same, with the loss of a text of yours", "assay check --model story --text sentence.txt" },
  { NULL, NULL }
};

static const char *
get_reference (const AssayJob *job)
{
  return assay_values_get_string (assay_job_get_values (job), "reference");
}

static gboolean
complete (AssayJob *job, GError **error)
{
  const gboolean has_model = assay_model_check_is_asked (job);
  const int n = has_model + (get_reference (job) != NULL) + (assay_job_get_case (job) != NULL);

  if (n == 1)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "one of CASE, --model PATH and --reference DIR is needed, %d found", n);
  return FALSE;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  if (context->cas == NULL)
    return TRUE;
  context->state = assay_subject_open (job, context, error);
  context->free_state = (GDestroyNotify) assay_subject_free;
  return context->state != NULL;
}

/* Takes the summary. */
static json_t *
with_finding (json_t *summary, gboolean passed, const char *finding)
{
  if (!passed)
    json_object_set_new (summary, ASSAY_JOB_FINDING, json_string (finding));
  return summary;
}

static json_t *
check_reference (AssayJob *job, AssayJobContext *context, GError **error)
{
  g_autoptr (GPtrArray) results = assay_reference_check (get_reference (job), context->backend, context->progress, error);
  g_autofree char *failure = results ? assay_reference_describe_failure (results) : NULL;

  return results ? with_finding (assay_reference_to_json (results), failure == NULL, failure) : NULL;
}

static json_t *
check_case (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssaySubject *subject = context->state;
  const AssayValues *values = assay_job_get_values (job);
  gint64 n = MIN (assay_values_get_int (values, "examples"), subject->n_train);
  AssayPoint point = { .model = subject->model, .dataset = subject->dataset, .examples = subject->train, .n_examples = n, .batch = n,
                       .dtype = strcmp (assay_values_get_string (values, "check-dtype"), "f64") == 0 ? ASSAY_F64 : ASSAY_F32,
                       .memory = (gsize) 1 << 30, .backend = context->backend };
  g_autoptr (GPtrArray) table = assay_check_table_new ();
  gboolean passed;

  if (!assay_curvature_check (&point, (guint64) assay_values_get_int (values, "seed"), table, context->progress, error))
    return NULL;
  passed = assay_check_table_has_passed (table);
  return with_finding (json_pack ("{s:s, s:I, s:b, s:o}", "model", subject->object->name, "examples", (json_int_t) n, "passed", passed, "checks",
                                  assay_check_table_to_json (table)),
                       passed, "an operator failed its own check: do not trust scores of this model");
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  if (context->cas != NULL)
    return check_case (job, context, error);
  return get_reference (job) != NULL ? check_reference (job, context, error) : assay_model_check_run (job, context, error);
}

/* --- for people ---------------------------------------------------------------------------------------------------- */

static void
add_row (AssayView *view, const json_t *row, const char *value_key)
{
  const json_t *value = json_object_get (row, value_key), *bound = json_object_get (row, "bound"), *passed = json_object_get (row, "passed");

  assay_view_add_cell (view, json_string_value (json_object_get (row, "name")));
  assay_view_add_cell_number (view, json_is_number (value) ? json_number_value (value) : (double) NAN, 3);
  assay_view_add_cell_number (view, json_is_number (bound) ? json_number_value (bound) : (double) NAN, 3);
  assay_view_add_cell (view, json_is_true (passed) ? "passed" : json_is_false (passed) ? "FAILED" : "not compared");
}

static void
view_reference (const json_t *cases, AssayView *view)
{
  gint64 passed = 0, compared = 0, left = 0;
  gsize k, q;
  json_t *item, *quantity;

  json_array_foreach (cases, k, item)
    {
      passed += json_is_true (json_object_get (item, "passed"));
      compared += json_integer_value (json_object_get (item, "compared"));
      left += (gint64) json_array_size (json_object_get (item, "quantities"));
      assay_view_add_heading (view, "%s: %s", json_string_value (json_object_get (item, "name")),
                              json_is_true (json_object_get (item, "passed")) ? "passed" : "FAILED");
      assay_view_begin_table (view, "quantity|>relative error|>bound|");
      json_array_foreach (json_object_get (item, "quantities"), q, quantity)
        add_row (view, quantity, "relative_error");
    }
  left -= compared;
  assay_view_add_heading (view, "%" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT " %s passed: %" G_GINT64_FORMAT " quantities compared, %" G_GINT64_FORMAT
                          " left out (inputs, and what Assay does not compute)", passed, json_array_size (cases),
                          json_array_size (cases) == 1 ? "case" : "cases", compared, left);
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *cases = json_object_get (document, "cases");
  gsize k;
  json_t *check;

  if (cases != NULL || json_object_get (document, "card") != NULL)
    {
      if (cases != NULL)
        view_reference (cases, view);
      else
        assay_model_check_view (document, view);
      return;
    }
  assay_view_add_text (view, "model %s on %d of its training examples", json_string_value (json_object_get (document, "model")),
                       (int) json_integer_value (json_object_get (document, "examples")));
  assay_view_begin_table (view, "check|>found|>bound|");
  json_array_foreach (json_object_get (document, "checks"), k, check)
    add_row (view, check, "value");
}

ASSAY_JOB_KIND_DEFINE (check) = {
  .name = "check", .group = ASSAY_JOB_GROUP_CHECK, .help = "check a case's derivatives, a checkpoint, or both against reference numbers",
  .description = "With CASE: the operators test themselves on the case's own model and data: linearity, symmetry, the Hessian product against "
                 "the complex step, gradients against differences. With --reference DIR: losses, gradients, products, influence and "
                 "retraining are compared, quantity by quantity, with numbers that other implementations computed; DIR is one reference case or "
                 "a folder of them. Of a language model in the files of the transformers library these are logits, residual streams, losses, gradients and "
                 "products, the tokens of texts, and the logits in f32 within what their roundings allow. A quantity that is not compared has no error and does not count.\n\n"
                 "With --model PATH, or PATH in the place of CASE, a checkpoint that somebody else made says what it is: architecture, sizes, types, what was left out, "
                 "digests. A language model is then walked in double precision: against logits that another program computed (--logits), token by token against all at "
                 "once, with another last token, and in f32, whose difference must lie within the bound that is derived from its roundings: rounding falls by eight "
                 "orders in double precision, a mistake does not. The mean loss of a text is told beside that of even odds.\n\n"
                 "The exit status is 1 when anything fails.",
  .examples = examples, .access = ASSAY_JOB_READS_CASE, .case_is_optional = TRUE, .params = params, .get_sections = assay_subject_sections,
  .complete = complete, .resolve = resolve, .run = run, .view = view,
};
