/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import_scores.c: an array of another program becomes scores of a case. */
#include "job/import_measured.h"

#include "base/error.h"
#include "influence/score_store.h"
#include "job/imported_scores.h"
#include "store/array_file.h"

#include <math.h>
#include <string.h>

static const char *const units[] = { "nats", "relative", NULL };
static const char *const signs[] = { "helpful", "harmful", NULL };

const AssayParam assay_import_scores_params[] = {
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example", .flags = ASSAY_PARAM_REQUIRED,
    .help = "what the scores are about, in their order; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  { "axes", ASSAY_PARAM_STRING, .def.s = "query,train", .metavar = "NAMES",
    .help = "axes of the array in their order; query and train once each, over any other (module, token, ...) it is summed" },
  { "array", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "which array of the file, where it has several" },
  { "unit", ASSAY_PARAM_CHOICE, .def.s = "relative", .choices = units, .help = "nats: changes of the loss for each removed example; relative: a ranking" },
  { "sign", ASSAY_PARAM_CHOICE, .def.s = "helpful", .choices = signs,
    .help = "what a positive score means: removing the example raises the query's loss (helpful), or lowers it (harmful)" },
  { "program", ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "what computed them, with its version" },
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

typedef enum { AXIS_QUERY, AXIS_TRAIN, AXIS_SUMMED } Axis;

/* Roles of the array's axes. */
static gboolean
read_axes (const char *text, const AssayArrayFile *array, Axis *axis, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  guint n = g_strv_length (names), count[3] = { 0 };

  if (n != array->rank)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: the %u axes \"%s\" expected, %u found; give --axes as the file has them", array->label, n, text,
                   array->rank);
      return FALSE;
    }
  for (guint k = 0; k < n; k++)
    {
      axis[k] = strcmp (names[k], "query") == 0 ? AXIS_QUERY : strcmp (names[k], "train") == 0 ? AXIS_TRAIN : AXIS_SUMMED;
      count[axis[k]]++;
    }
  if (count[AXIS_QUERY] == 1 && count[AXIS_TRAIN] == 1)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "axes: \"query\" and \"train\" once each expected, \"%s\" found", text);
  return FALSE;
}

static gboolean
check_lengths (const AssayArrayFile *array, const Axis *axis, gint64 Q, gint64 N, GError **error)
{
  for (guint k = 0; k < array->rank; k++)
    {
      gint64 wanted = axis[k] == AXIS_QUERY ? Q : axis[k] == AXIS_TRAIN ? N : array->dims[k];

      if (array->dims[k] == wanted)
        continue;
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: axis %u: scores of %" G_GINT64_FORMAT " %s expected, %" G_GINT64_FORMAT " found", array->label, k,
                   wanted, axis[k] == AXIS_QUERY ? "queries (--query)" : "training examples", array->dims[k]);
      return FALSE;
    }
  return TRUE;
}

/* Adds every element to its query and training example, in the order of the file. */
static gboolean
fill (const AssayArrayFile *array, const Axis *axis, double sign, AssayInfluenceScores *scores, GError **error)
{
  gint64 at[ASSAY_STORE_MAX_RANK] = { 0 };

  for (gint64 i = 0; i < scores->n_query * scores->n_train; i++)
    scores->value[i] = 0;
  for (guint64 e = 0; e < array->n_elements; e++)
    {
      gint64 query = 0, train = 0;

      for (guint k = 0; k < array->rank; k++)
        {
          query = axis[k] == AXIS_QUERY ? at[k] : query;
          train = axis[k] == AXIS_TRAIN ? at[k] : train;
        }
      if (!isfinite (array->values[e]))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: query %" G_GINT64_FORMAT ", training example %" G_GINT64_FORMAT ": a finite number expected, %g "
                       "found", array->label, query, train, array->values[e]);
          return FALSE;
        }
      scores->value[query * scores->n_train + train] += sign * array->values[e];
      for (guint k = array->rank; k-- > 0 && ++at[k] == array->dims[k];)
        at[k] = 0;
    }
  return TRUE;
}

static AssayInfluenceScores *
make_scores (const AssayArrayFile *array, const AssayValues *options, gint64 Q, const AssaySubject *subject, GError **error)
{
  double sign = strcmp (assay_values_get_string (options, "sign"), "helpful") == 0 ? 1 : -1;
  gint64 N = subject->n_train;
  Axis axis[ASSAY_STORE_MAX_RANK];
  g_autoptr (AssayInfluenceScores) scores = NULL;

  if (!read_axes (assay_values_get_string (options, "axes"), array, axis, error) || !check_lengths (array, axis, Q, N, error)
      || (scores = assay_influence_scores_new (Q, N, FALSE, FALSE, error)) == NULL || !fill (array, axis, sign, scores, error))
    return NULL;
  scores->unit = strcmp (assay_values_get_string (options, "unit"), "nats") == 0 ? ASSAY_UNIT_NATS : ASSAY_UNIT_RELATIVE;
  scores->counterfactual = "not stated: computed elsewhere";
  scores->interval_reason = "computed elsewhere: nothing is known of the solve";
  scores->l2 = subject->l2;
  return g_steal_pointer (&scores);
}

json_t *
assay_import_scores (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error)
{
  const AssayValues *options = assay_job_get_section (job, "what"), *values = assay_job_get_values (job);
  const char *name = assay_values_get_string (values, "name"), *program = assay_values_get_string (options, "program");
  g_autofree char *object_name = g_strconcat ("imported/", name, NULL), *method = g_strconcat (ASSAY_IMPORTED_METHOD, name, NULL);
  g_autoptr (GArray) queries = assay_subject_find_examples (subject->dataset, assay_values_get_list (options, "query"), error);
  g_autoptr (AssayArrayFile) array
    = queries ? assay_array_file_read (assay_values_get_list (values, "file")[0], assay_values_get_string (options, "array"), error) : NULL;
  g_autoptr (AssayInfluenceScores) scores = array ? make_scores (array, options, queries->len, subject, error) : NULL;
  AssayInfluenceTask task = { .model = subject->model, .dataset = subject->dataset, .train = subject->train, .n_train = subject->n_train,
                              .query = queries ? (const gint64 *) queries->data : NULL, .n_query = queries ? queries->len : 0, .l2 = subject->l2 };
  AssayObject *object;
  json_t *extra;

  if (scores == NULL)
    return NULL;
  extra = json_pack ("{s:b, s:s?, s:o}", "imported", TRUE, "program", program, "subject", assay_subject_to_json (subject));
  object = assay_influence_scores_save (context->cas, object_name, scores, &task, method, NULL, extra, error);
  json_decref (extra);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s?, s:I, s:I}", "what", "scores", "name", name, "method", method, "model", subject->object->name, "unit",
                    scores->unit, "program", program, "queries", (json_int_t) scores->n_query, "train_examples", (json_int_t) scores->n_train);
}
