/* SPDX-License-Identifier: GPL-3.0-or-later */
/* design_target.c: the target of a design, and how its values become classes. */
#include "dataset/design_target.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/rows.h"
#include "dataset/source.h"

#include <string.h>

/* A target with more different values than this is no class. */
#define MAX_CLASSES 1000

void
assay_target_clear (AssayTarget *target)
{
  g_clear_pointer (&target->label, assay_mem_free);
  g_clear_pointer (&target->real, assay_mem_free);
  g_clear_pointer (&target->class_names, g_ptr_array_unref);
}

gboolean
assay_target_drop_missing (AssayTable *table, const AssayExpression *expression, GArray *rows, GArray *drops, GError **error)
{
  const AssayColumn *column = assay_expression_get_column (expression);
  guint kept = 0;

  for (guint i = 0; i < rows->len; i++)
    {
      gint64 row = g_array_index (rows, gint64, i);
      AssayExpressionValue value;

      if (!assay_expression_eval (expression, row, &value, error))
        {
          g_prefix_error (error, "target: ");
          return FALSE;
        }
      if (!value.missing && (column == NULL || !assay_column_is_missing (column, row)))
        {
          g_array_index (rows, gint64, kept++) = row;
          continue;
        }
      if (assay_table_get_missing_policy (table) == ASSAY_MISSING_REFUSE)
        {
          g_autofree char *where = assay_table_describe_row (table, row);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: the target is missing, and the policy for missing values is refuse", where);
          return FALSE;
        }
    }
  assay_drops_count (drops, rows->len - kept, "the target is missing");
  g_array_set_size (rows, kept);
  return assay_rows_check (rows, drops, "name another target", error);
}

/* Value at the i-th row; the evaluation succeeded there before. */
static AssayExpressionValue
value_at (const AssayExpression *expression, const GArray *rows, guint i)
{
  AssayExpressionValue value = { 0 };

  assay_expression_eval (expression, g_array_index (rows, gint64, i), &value, NULL);
  return value;
}

static AssayTargetKind
choose_kind (const AssayExpression *expression, AssayTargetKind kind, const GArray *rows)
{
  const AssayColumn *column = assay_expression_get_column (expression);

  if (kind != ASSAY_TARGET_AUTO)
    return kind;
  if (assay_expression_get_type (expression) != ASSAY_EXPRESSION_NUMBER || (column != NULL && column->type == ASSAY_COLUMN_LABEL))
    return ASSAY_TARGET_CLASS;
  for (guint i = 0; i < rows->len; i++)
    {
      double y = value_at (expression, rows, i).number;

      if (y != 0 && y != 1)
        return ASSAY_TARGET_REAL;
    }
  return ASSAY_TARGET_CLASS;
}

static gboolean
fill_real (AssayTarget *target, const AssayExpression *expression, const GArray *rows, GError **error)
{
  AssayExpressionType type = assay_expression_get_type (expression);

  if (type == ASSAY_EXPRESSION_TEXT)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "target: text found where a real number is to be predicted; choose a number "
                           "column, or a model of classes");
      return FALSE;
    }
  target->real = assay_mem_new (double, rows->len, error);
  if (target->real == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    {
      AssayExpressionValue value = value_at (expression, rows, i);

      target->real[i] = type == ASSAY_EXPRESSION_BOOLEAN ? value.boolean : value.number;
    }
  return TRUE;
}

/* --- classes ------------------------------------------------------------------------------------------------------ */

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
too_many_classes (GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "target: more than %d different values are no classes; choose a model of a real target, or "
               "a comparison such as x > 5", MAX_CLASSES);
  return FALSE;
}

/* Numbers: the different values, ascending, named as written. */
static gboolean
fill_numbers (AssayTarget *target, const AssayExpression *expression, const GArray *rows, GError **error)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_double_hash, g_double_equal, g_free, NULL);

  for (guint i = 0; i < rows->len; i++)
    {
      double y = value_at (expression, rows, i).number + 0.0;     /* -0 becomes 0 */

      if (g_hash_table_contains (seen, &y))
        continue;
      if (values->len == MAX_CLASSES)
        return too_many_classes (error);
      g_hash_table_add (seen, g_memdup2 (&y, sizeof y));
      g_array_append_val (values, y);
    }
  g_array_sort (values, compare_numbers);
  for (guint c = 0; c < values->len; c++)
    g_ptr_array_add (target->class_names, g_strdup_printf ("%.15g", g_array_index (values, double, c)));
  for (guint i = 0; i < rows->len; i++)
    {
      double y = value_at (expression, rows, i).number + 0.0;
      const double *at = bsearch (&y, values->data, values->len, sizeof (double), compare_numbers);

      target->label[i] = at - (const double *) (gconstpointer) values->data;
    }
  return TRUE;
}

/* Texts: the different ones, in byte order. */
static gboolean
fill_texts (AssayTarget *target, const AssayExpression *expression, const GArray *rows, GError **error)
{
  g_autoptr (GHashTable) codes = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();

  for (guint i = 0; i < rows->len; i++)
    {
      const char *text = value_at (expression, rows, i).text;

      if (!g_hash_table_add (codes, (gpointer) text))
        continue;
      if (texts->len == MAX_CLASSES)
        return too_many_classes (error);
      g_ptr_array_add (texts, (gpointer) text);
    }
  g_ptr_array_sort (texts, compare_texts);
  for (guint c = 0; c < texts->len; c++)
    {
      g_hash_table_replace (codes, texts->pdata[c], GUINT_TO_POINTER (c));
      g_ptr_array_add (target->class_names, g_strdup (texts->pdata[c]));
    }
  for (guint i = 0; i < rows->len; i++)
    target->label[i] = GPOINTER_TO_UINT (g_hash_table_lookup (codes, value_at (expression, rows, i).text));
  return TRUE;
}

/* Labels: the column's own classes, whether the rows have them all or not. */
static void
fill_labels (AssayTarget *target, const AssayColumn *column, const GArray *rows)
{
  for (gint64 c = 0; c < column->n_classes; c++)
    g_ptr_array_add (target->class_names, column->levels ? g_strdup (column->levels->pdata[c]) : g_strdup_printf ("%" G_GINT64_FORMAT, c));
  for (guint i = 0; i < rows->len; i++)
    target->label[i] = column->code[g_array_index (rows, gint64, i)];
}

static void
fill_conditions (AssayTarget *target, const AssayExpression *expression, const GArray *rows)
{
  g_ptr_array_add (target->class_names, g_strdup ("false"));
  g_ptr_array_add (target->class_names, g_strdup ("true"));
  for (guint i = 0; i < rows->len; i++)
    target->label[i] = value_at (expression, rows, i).boolean;
}

static gboolean
check_two_classes (const AssayTarget *target, guint n, GError **error)
{
  g_autofree char *only = NULL;

  for (guint i = 1; i < n; i++)
    if (target->label[i] != target->label[0])
      return TRUE;
  only = assay_source_visible (target->class_names->pdata[target->label[0]]);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "target: \"%s\" in every row kept; at least two classes expected", only);
  return FALSE;
}

static gboolean
fill_classes (AssayTarget *target, const AssayExpression *expression, const GArray *rows, GError **error)
{
  const AssayColumn *column = assay_expression_get_column (expression);
  AssayExpressionType type = assay_expression_get_type (expression);
  gboolean ok = TRUE;

  target->class_names = g_ptr_array_new_with_free_func (g_free);
  target->label = assay_mem_new (gint32, rows->len, error);
  if (target->label == NULL)
    return FALSE;
  if (column != NULL && column->type == ASSAY_COLUMN_LABEL)
    fill_labels (target, column, rows);
  else if (type == ASSAY_EXPRESSION_BOOLEAN)
    fill_conditions (target, expression, rows);
  else if (type == ASSAY_EXPRESSION_TEXT)
    ok = fill_texts (target, expression, rows, error);
  else
    ok = fill_numbers (target, expression, rows, error);
  return ok && check_two_classes (target, rows->len, error);
}

gboolean
assay_target_fill (AssayTarget *target, const AssayExpression *expression, AssayTargetKind kind, const GArray *rows, GError **error)
{
  g_auto (AssayTarget) made = { .kind = choose_kind (expression, kind, rows) };

  if (!(made.kind == ASSAY_TARGET_REAL ? fill_real (&made, expression, rows, error) : fill_classes (&made, expression, rows, error)))
    return FALSE;
  *target = made;
  made = (AssayTarget) { 0 };
  return TRUE;
}
