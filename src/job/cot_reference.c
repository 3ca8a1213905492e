/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot_reference.c: looks through the certificates of a case, and through the prompts of a split. */
#include "job/cot_reference.h"

#include "base/error.h"
#include "base/json.h"
#include "dataset/described.h"
#include "job/runner.h"
#include "model/checkpoint.h"

#include <math.h>
#include <string.h>

static void
cot_model_free (AssayCotModel *model)
{
  if (model == NULL)
    return;
  g_clear_pointer (&model->object, assay_object_unref);
  assay_model_free (model->model);
  assay_dataset_unref (model->dataset);
  assay_table_unref (model->table);
  g_free (model);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCotModel, cot_model_free)

void
assay_cot_reference_free (AssayCotReferenceCase *reference)
{
  if (reference == NULL)
    return;
  json_decref (reference->certificate);
  g_clear_pointer (&reference->job, assay_object_unref);
  cot_model_free (reference->other);
  g_free (reference->reason);
  g_free (reference);
}

/* --- certificates ----------------------------------------------------------------------------------------------------- */

/* The newest certify job of exactly this model, or NULL. */
static AssayObject *
find_job (AssayCase *cas, const AssayObject *model, json_t **summary)
{
  g_autoptr (GPtrArray) jobs = assay_case_list (cas, "job", "certify/");
  AssayObject *newest = NULL;

  *summary = NULL;
  for (guint k = 0; k < jobs->len; k++)
    {
      AssayObject *job = jobs->pdata[k];
      json_t *read = assay_job_read_summary (cas, job, NULL);

      if (read != NULL && json_integer_value (json_object_get (read, "model_sequence")) == (json_int_t) model->sequence
          && (newest == NULL || job->sequence > newest->sequence))
        {
          json_decref (*summary);
          *summary = json_incref (read);
          newest = job;
        }
      json_decref (read);
    }
  return newest ? assay_object_ref (newest) : NULL;
}

/* What two models must have in common. New reference. */
static json_t *
shape_of (const AssayModel *model)
{
  json_t *spec = assay_model_get_spec (model), *config = json_object_get (spec, "config");

  json_object_del (config, "vocabulary");
  json_object_del (config, "context");
  json_object_del (spec, "dtype");
  return spec;
}

static gboolean
same_shape (const AssayModel *a, const AssayModel *b)
{
  json_t *one = shape_of (a), *other = shape_of (b);
  gboolean same = json_equal (one, other);

  json_decref (one);
  json_decref (other);
  return same;
}

static AssayCotModel *
load_model (AssayCase *cas, AssayObject *object, GError **error)
{
  g_autoptr (AssayCotModel) loaded = g_new0 (AssayCotModel, 1);
  const json_t *described = json_object_get (object->meta, "data");

  loaded->object = assay_object_ref (object);
  loaded->model = assay_checkpoint_load_object (cas, object, error);
  if (loaded->model == NULL)
    return NULL;
  loaded->dataset = assay_described_load (cas, described, object->name, NULL, &loaded->table, error);
  if (loaded->dataset == NULL || !assay_organism_init_from_table (&loaded->organism, loaded->table, assay_json_get_text (described, "name"), error))
    return NULL;
  return g_steal_pointer (&loaded);
}

/* TRUE when the job accepted the model. */
static gboolean
is_accepted (const json_t *summary)
{
  return json_is_true (json_object_get (summary, "accepted"));
}

/* A certified model of that name. */
static gboolean
take_given (AssayCotReferenceCase *reference, AssayCase *cas, const AssaySubject *subject, const char *given, GError **error)
{
  g_autoptr (AssayObject) object = assay_case_lookup (cas, "model", given, error);

  if (object == NULL)
    return FALSE;
  reference->job = find_job (cas, object, &reference->certificate);
  if (!is_accepted (reference->certificate))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "calibrate-on: model %s %s; a certified one expected", given,
                   reference->job ? "was refused its certificate" : "has no certificate (assay certify makes one)");
      return FALSE;
    }
  if (object->sequence == subject->object->sequence)
    return TRUE;
  reference->other = load_model (cas, object, error);
  if (reference->other == NULL)
    return FALSE;
  if (same_shape (reference->other->model, subject->model))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "calibrate-on: model %s has another shape than %s: what a probe's number means would not carry over",
               given, subject->object->name);
  return FALSE;
}

/* The newest other model that fits, or nothing. */
static void
take_any (AssayCotReferenceCase *reference, AssayCase *cas, const AssaySubject *subject)
{
  g_autoptr (GPtrArray) models = assay_case_list (cas, "model", NULL);
  guint64 newest = 0;

  for (guint k = 0; k < models->len; k++)
    {
      AssayObject *object = models->pdata[k];
      json_t *summary;
      g_autoptr (AssayObject) job = find_job (cas, object, &summary);
      g_autoptr (AssayCotModel) loaded = is_accepted (summary) && object->sequence > newest ? load_model (cas, object, NULL) : NULL;

      if (loaded != NULL && same_shape (loaded->model, subject->model))
        {
          newest = object->sequence;
          cot_model_free (reference->other);
          reference->other = g_steal_pointer (&loaded);
          g_clear_pointer (&reference->job, assay_object_unref);
          reference->job = g_steal_pointer (&job);
          json_decref (reference->certificate);
          reference->certificate = json_incref (summary);
        }
      json_decref (summary);
    }
}

AssayCotReferenceCase *
assay_cot_reference_find (AssayCase *cas, const AssaySubject *subject, const char *given, GError **error)
{
  g_autoptr (AssayCotReferenceCase) reference = g_new0 (AssayCotReferenceCase, 1);
  gboolean was_refused;

  if (given != NULL)
    return take_given (reference, cas, subject, given, error) ? g_steal_pointer (&reference) : NULL;
  reference->job = find_job (cas, subject->object, &reference->certificate);
  if (is_accepted (reference->certificate))
    return g_steal_pointer (&reference);
  was_refused = reference->job != NULL;
  g_clear_pointer (&reference->job, assay_object_unref);
  g_clear_pointer (&reference->certificate, json_decref);
  take_any (reference, cas, subject);
  if (reference->certificate == NULL)
    reference->reason = g_strdup_printf ("model %s %s, and no other certified model of its shape is in the case", subject->object->name,
                                         was_refused ? "was refused its certificate" : "has no certificate (assay certify makes one)");
  return g_steal_pointer (&reference);
}

/* --- instances -------------------------------------------------------------------------------------------------------- */

static gboolean
find_columns (AssayDataset *dataset, const AssayColumn **mode, const AssayColumn **prompt, GError **error)
{
  AssayTable *table = assay_dataset_get_table (dataset);

  *mode = table ? assay_table_peek_column (table, "mode") : NULL;
  *prompt = table ? assay_table_peek_column (table, "prompt") : NULL;
  if (*mode != NULL && (*mode)->type == ASSAY_COLUMN_NUMBER && *prompt != NULL && (*prompt)->type == ASSAY_COLUMN_TEXT)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "cot: data of a generated organism expected, with a number column \"mode\" and a text column \"prompt\"");
  return FALSE;
}

GArray *
assay_cot_choose_examples (AssayDataset *dataset, const char *split, gint64 most, GError **error)
{
  const AssayColumn *mode, *prompt;
  gint64 n, wanted, n_prompts = 0;
  const gint64 *examples = assay_dataset_get_split (dataset, split, &n, error);
  g_autofree gint64 *order = NULL;
  GArray *chosen;

  if (examples == NULL || !find_columns (dataset, &mode, &prompt, error))
    return NULL;
  order = g_new (gint64, prompt->levels->len + 1);
  for (guint k = 0; k < prompt->levels->len; k++)
    order[k] = -1;
  for (gint64 k = 0; k < n; k++)
    {
      gint32 code = prompt->code[assay_dataset_get_row (dataset, examples[k])];

      if (order[code] < 0)
        order[code] = n_prompts++;
    }
  wanted = n <= most ? n_prompts : CLAMP (most * n_prompts / n, 1, n_prompts);
  chosen = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (gint64 k = 0; k < n; k++)
    {
      gint64 at = order[prompt->code[assay_dataset_get_row (dataset, examples[k])]];

      if (at * wanted / n_prompts != (at + 1) * wanted / n_prompts)        /* wanted of n_prompts, in even steps */
        g_array_append_val (chosen, examples[k]);
    }
  return chosen;
}

AssayChainTask *
assay_cot_make_task (AssayDataset *dataset, const AssayOrganism *organism, AssayChainReader *reader, const GArray *examples, guint64 seed, gint64 budget,
                     GError **error)
{
  gint64 n = examples->len, T = assay_organism_get_length (organism);
  const gint64 *example = (const gint64 *) (gpointer) examples->data;
  g_autofree gint32 *tokens = g_new (gint32, n * T);
  g_autofree gint64 *prompts = g_new (gint64, n);
  AssayBatch batch = { .dtype = ASSAY_F32, .token = tokens };
  const AssayColumn *mode, *prompt;

  if (!find_columns (dataset, &mode, &prompt, error))
    return NULL;
  assay_dataset_fill (dataset, example, n, &batch);
  for (gint64 i = 0; i < n; i++)
    prompts[i] = prompt->code[assay_dataset_get_row (dataset, example[i])];
  return assay_chain_task_new (organism, reader, tokens, example, prompts, n, seed, budget, error);
}

double *
assay_cot_list_rates (AssayDataset *dataset, const GArray *examples)
{
  const AssayColumn *mode = assay_table_peek_column (assay_dataset_get_table (dataset), "mode");
  double *rate = g_new (double, examples->len + 1);

  for (guint i = 0; i < examples->len; i++)
    rate[i] = mode->number[assay_dataset_get_row (dataset, g_array_index (examples, gint64, i))];
  return rate;
}

double *
assay_cot_list_truth (const json_t *certificate, const double *rate, gint64 n)
{
  const json_t *modes = json_object_get (certificate, "modes");
  double *truth = g_new (double, n + 1);
  gsize k;
  json_t *mode;

  for (gint64 i = 0; i < n; i++)
    {
      truth[i] = (double) NAN;
      json_array_foreach (modes, k, mode)
        if (assay_json_get_number (mode, "rate") == rate[i])
          truth[i] = assay_json_get_number (mode, "measured");
    }
  return truth;
}
