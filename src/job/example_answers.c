/* SPDX-License-Identifier: GPL-3.0-or-later */
/* example_answers.c: one walk over all examples. */
#include "job/example_answers.h"

#include "dataset/cell_value.h"
#include "job/view.h"
#include "model/checkpoint.h"
#include "run/evaluate.h"

#include <math.h>

#define DIGITS 4
#define ANSWER "model_answer"
#define RIGHT "model_right"
#define LOSS "model_loss"

gboolean
assay_example_answers_is_column (const char *name)
{
  return g_strv_contains ((const char *const[]) { ANSWER, RIGHT, LOSS, NULL }, name);
}

char *
assay_example_answers_dup_text (const AssayColumn *column, gint64 row, gsize max_characters)
{
  return column->type == ASSAY_COLUMN_NUMBER && assay_example_answers_is_column (column->name) && !assay_column_is_missing (column, row)
         ? assay_view_number (column->number[row], DIGITS) : assay_cell_dup_text (column, row, max_characters);
}

double
assay_example_answers_cost (const AssayExampleIndex *index)
{
  AssayShape shape;
  double positions;

  if (index->model == NULL)
    return 0;
  shape = assay_dataset_get_shape (index->dataset);
  positions = assay_dataset_get_kind (index->dataset) == ASSAY_DATASET_TOKENS ? (double) shape.dim[0] : 1;
  return 2 * (double) index->model->bytes / sizeof (float) * positions * (double) assay_dataset_get_n (index->dataset);
}

/* A column with a value for each row that is an example, missing elsewhere. value: (examples) */
static gboolean
add_numbers (AssayExampleIndex *self, const char *name, const double *value, GError **error)
{
  gint64 n = assay_table_get_n_rows (self->table);
  AssayColumn *column;

  if (assay_table_peek_column (self->table, name) != NULL)
    return TRUE;
  column = assay_column_new (name, ASSAY_COLUMN_NUMBER);
  if (!assay_column_allocate (column, n, error))
    {
      assay_column_free (column);
      return FALSE;
    }
  for (gint64 row = 0; row < n; row++)
    column->number[row] = NAN;
  for (gint64 example = 0; example < assay_dataset_get_n (self->dataset); example++)
    column->number[assay_dataset_get_row (self->dataset, example)] = value[example];
  for (gint64 row = 0; row < n; row++)
    if (isnan (column->number[row]) && !assay_column_set_missing (column, row, n, error))
      {
        assay_column_free (column);
        return FALSE;
      }
  return assay_table_take_column (self->table, column, error);
}

/* Names of classes or tokens; NULL: numbers are shown. */
static const GPtrArray *
find_names (const AssayExampleIndex *self)
{
  const AssayColumn *tokens = assay_table_first_of (self->table, ASSAY_COLUMN_TOKENS);

  return assay_dataset_get_kind (self->dataset) == ASSAY_DATASET_TOKENS ? tokens ? tokens->levels : NULL : assay_dataset_get_class_names (self->dataset);
}

static gboolean
add_names (AssayExampleIndex *self, const char *name, const double *answer, const GPtrArray *names, GError **error)
{
  gint64 n = assay_table_get_n_rows (self->table);
  AssayColumn *column;
  gint32 none = (gint32) names->len;

  if (assay_table_peek_column (self->table, name) != NULL)
    return TRUE;
  column = assay_column_new (name, ASSAY_COLUMN_TEXT);
  if (!assay_column_allocate (column, n, error))
    {
      assay_column_free (column);
      return FALSE;
    }
  column->levels = g_ptr_array_new_with_free_func (g_free);
  for (guint k = 0; k < names->len; k++)
    g_ptr_array_add (column->levels, g_strdup (names->pdata[k]));
  g_ptr_array_add (column->levels, g_strdup (""));
  for (gint64 row = 0; row < n; row++)
    column->code[row] = none;
  for (gint64 example = 0; example < assay_dataset_get_n (self->dataset); example++)
    if (answer[example] >= 0 && answer[example] < names->len)
      column->code[assay_dataset_get_row (self->dataset, example)] = (gint32) answer[example];
  for (gint64 row = 0; row < n; row++)
    if (column->code[row] == none && !assay_column_set_missing (column, row, n, error))
      {
        assay_column_free (column);
        return FALSE;
      }
  return assay_table_take_column (self->table, column, error);
}

gboolean
assay_example_answers_add (AssayExampleIndex *self, AssayCase *cas, AssayBackend *backend, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayModel) model = NULL;
  g_autoptr (AssayEvaluator) evaluator = NULL;
  g_autofree gint64 *examples = NULL;
  g_autofree double *loss = NULL, *right = NULL, *answer = NULL;
  const GPtrArray *names;
  AssayEvaluation result;
  gint64 n;

  if (self->model == NULL)
    return TRUE;
  model = assay_checkpoint_load_object (cas, self->model, error);
  if (model == NULL)
    return FALSE;
  n = assay_dataset_get_n (self->dataset);
  examples = g_new (gint64, n + 1);
  loss = g_new (double, n + 1);
  right = g_new (double, n + 1);
  answer = g_new (double, n + 1);
  for (gint64 k = 0; k < n; k++)
    examples[k] = k;
  evaluator = assay_evaluator_new (model, self->dataset, 0, backend, error);
  if (evaluator == NULL
      || !assay_evaluator_run (evaluator, assay_model_get_theta (model), examples, n, &(AssayEachExample) { loss, right, answer }, &result, progress, error))
    return FALSE;
  names = result.n_predictions > 0 ? find_names (self) : NULL;
  return (names ? add_names (self, ANSWER, answer, names, error) : add_numbers (self, ANSWER, answer, error))
         && (result.n_predictions == 0 || add_numbers (self, RIGHT, right, error)) && add_numbers (self, LOSS, loss, error);
}
