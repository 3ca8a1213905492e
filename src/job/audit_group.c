/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_group.c: groups by the values of columns and expressions, and the intersections of several. */
#include "job/audit.h"

#include "base/error.h"
#include "job/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NUMBERS 50          /* different numbers that still are groups */
#define MAX_LEVELS 1000
#define MAX_CELLS 1000          /* of an intersection; of more only those with members are listed */
#define MAX_COLUMNS 6

/* One column's groups. */
typedef struct {
  char *name;                   /* as it was asked for */
  GPtrArray *labels;            /* in order */
  gint32 *code;                 /* (rows of the table), -1 missing */
} Axis;

static void
axis_free (gpointer data)
{
  Axis *axis = data;

  g_free (axis->name);
  g_ptr_array_unref (axis->labels);
  g_free (axis->code);
  g_free (axis);
}

/* --- one column ---------------------------------------------------------------------------------------------------------- */

static gboolean
refuse_many (const Axis *axis, gboolean numbers, GError **error)
{
  if (numbers)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "group: %s: more than %d different numbers are no groups; a condition such as %s < 25 makes two",
                 axis->name, MAX_NUMBERS, axis->name);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "group: %s: more than %d different texts are no groups; a condition such as %s == 'value' makes two",
                 axis->name, MAX_LEVELS, axis->name);
  return FALSE;
}

/* What a value is called; numbers in the shortest form that people write. */
static char *
label_of (const AssayExpressionValue *value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  switch (value->type)
    {
    case ASSAY_EXPRESSION_BOOLEAN:
      return g_strdup (value->boolean ? "true" : "false");
    case ASSAY_EXPRESSION_NUMBER:
      return g_strdup (g_ascii_formatd (text, sizeof text, "%.15g", value->number + 0.0));
    case ASSAY_EXPRESSION_TEXT:
      return g_strdup (value->text);
    }
  g_assert_not_reached ();
}

static int
by_bytes (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static int
by_number (gconstpointer a, gconstpointer b)
{
  double x = g_ascii_strtod (*(const char *const *) a, NULL), y = g_ascii_strtod (*(const char *const *) b, NULL);

  return (x > y) - (x < y);
}

/* All labels in order, and each row's place among them. rows: labels of the rows, NULL where missing. */
static void
finish_axis (Axis *axis, const char *const *rows, gint64 n, gboolean numbers)
{
  g_autoptr (GHashTable) place = g_hash_table_new (g_str_hash, g_str_equal);

  g_ptr_array_sort (axis->labels, numbers ? by_number : by_bytes);
  for (guint k = 0; k < axis->labels->len; k++)
    g_hash_table_insert (place, axis->labels->pdata[k], GUINT_TO_POINTER (k));
  axis->code = g_new (gint32, n);
  for (gint64 row = 0; row < n; row++)
    axis->code[row] = rows[row] ? (gint32) GPOINTER_TO_UINT (g_hash_table_lookup (place, rows[row])) : -1;
}

static gboolean
collect_axis (Axis *axis, const AssayExpression *expression, AssayTable *table, GError **error)
{
  gint64 n = assay_table_get_n_rows (table);
  gboolean numbers = assay_expression_get_type (expression) == ASSAY_EXPRESSION_NUMBER;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree const char **rows = g_new0 (const char *, MAX (n, 1));

  for (gint64 row = 0; row < n; row++)
    {
      AssayExpressionValue value;
      g_autofree char *label = NULL;

      if (!assay_expression_eval (expression, row, &value, error))
        {
          g_prefix_error (error, "group: ");
          return FALSE;
        }
      if (value.missing || assay_expression_reads_missing (expression, row))
        continue;
      label = label_of (&value);
      rows[row] = g_hash_table_lookup (seen, label);
      if (rows[row] != NULL)
        continue;
      if (axis->labels->len == (numbers ? MAX_NUMBERS : MAX_LEVELS))
        return refuse_many (axis, numbers, error);
      rows[row] = label;
      g_hash_table_add (seen, label);
      g_ptr_array_add (axis->labels, g_steal_pointer (&label));
    }
  if (assay_expression_get_type (expression) == ASSAY_EXPRESSION_BOOLEAN)
    for (guint truth = 0; truth < 2; truth++)
      if (!g_hash_table_contains (seen, truth ? "true" : "false"))
        g_ptr_array_add (axis->labels, g_strdup (truth ? "true" : "false"));
  finish_axis (axis, rows, n, numbers);
  return TRUE;
}

static Axis *
axis_new (const char *text, AssayTable *table, GError **error)
{
  g_autoptr (AssayExpression) expression = assay_audit_parse ("group", text, table, error);
  Axis *axis;

  if (expression == NULL)
    return NULL;
  axis = g_new0 (Axis, 1);
  axis->name = g_strdup (text);
  axis->labels = g_ptr_array_new_with_free_func (g_free);
  if (collect_axis (axis, expression, table, error))
    return axis;
  axis_free (axis);
  return NULL;
}

/* --- combinations ---------------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssayAudit *audit;
  GPtrArray *axes;              /* Axis */
  const char *const *baselines;
} Reading;

/* The cell of a row among all combinations; -1 when a value is missing. */
static gint64
cell_of (const Reading *reading, const guint *member, guint n, gint64 row)
{
  gint64 cell = 0;

  for (guint k = 0; k < n; k++)
    {
      const Axis *axis = reading->axes->pdata[member[k]];

      if (axis->code[row] < 0)
        return -1;
      cell = cell * axis->labels->len + axis->code[row];
    }
  return cell;
}

static char **
labels_of_cell (const Reading *reading, const guint *member, guint n, gint64 cell)
{
  char **labels = g_new0 (char *, n + 1);

  for (guint k = n; k-- > 0;)
    {
      const Axis *axis = reading->axes->pdata[member[k]];

      labels[k] = g_strdup (axis->labels->pdata[cell % axis->labels->len]);
      cell /= axis->labels->len;
    }
  return labels;
}

/* How many rows of all parts are in each cell. */
static GHashTable *
count_cells (const Reading *reading, const guint *member, guint n)
{
  GHashTable *count = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  for (guint p = 0; p < reading->audit->parts->len; p++)
    {
      const AssayAuditPart *part = reading->audit->parts->pdata[p];

      for (gint64 i = 0; i < part->n; i++)
        {
          gint64 cell = cell_of (reading, member, n, part->row[i]);
          gsize before = GPOINTER_TO_SIZE (g_hash_table_lookup (count, &cell));

          if (cell >= 0)
            g_hash_table_insert (count, g_memdup2 (&cell, sizeof cell), GSIZE_TO_POINTER (before + 1));
        }
    }
  return count;
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* The cells that are listed, ascending: all, or those with members. */
static GArray *
list_cells (const Reading *reading, const guint *member, guint n, GHashTable *count, gint64 *left_out)
{
  GArray *cells = g_array_new (FALSE, FALSE, sizeof (gint64));
  double all = 1;
  GHashTableIter iter;
  gpointer key;

  for (guint k = 0; k < n; k++)
    all *= ((const Axis *) reading->axes->pdata[member[k]])->labels->len;
  *left_out = 0;
  if (n == 1 || all <= MAX_CELLS)
    for (gint64 cell = 0; cell < (gint64) all; cell++)
      g_array_append_val (cells, cell);
  else
    {
      g_hash_table_iter_init (&iter, count);
      while (g_hash_table_iter_next (&iter, &key, NULL))
        g_array_append_vals (cells, key, 1);
      g_array_sort (cells, ascending);
      *left_out = (gint64) fmin (all, 9e15) - cells->len;
    }
  return cells;
}

/* The group that was asked for with every column of the grouping, else the largest; the first of equals. */
static gint64
find_baseline (const AssayAuditGrouping *grouping, const Reading *reading, const GArray *cells, GHashTable *count)
{
  gint64 largest = -1;
  gsize most = 0;

  for (gint64 g = 0; g < grouping->G; g++)
    {
      gsize members = GPOINTER_TO_SIZE (g_hash_table_lookup (count, &g_array_index (cells, gint64, g)));
      guint asked = 0;

      for (guint k = 0; k < grouping->n_columns; k++)
        {
          g_autofree char *wanted = g_strconcat (grouping->columns[k], "=", grouping->labels[g][k], NULL);

          asked += g_strv_contains (reading->baselines, wanted);
        }
      if (asked == grouping->n_columns)
        return g;
      if (members > most)
        {
          most = members;
          largest = g;
        }
    }
  return largest;
}

static AssayAuditGrouping *
grouping_new (const Reading *reading, const guint *member, guint n)
{
  AssayAuditGrouping *grouping = g_new0 (AssayAuditGrouping, 1);
  gint64 rows = assay_table_get_n_rows (reading->audit->table);
  g_autoptr (GHashTable) count = count_cells (reading, member, n);
  g_autoptr (GArray) cells = list_cells (reading, member, n, count, &grouping->n_left_out);

  grouping->n_columns = n;
  grouping->columns = g_new0 (char *, n + 1);
  for (guint k = 0; k < n; k++)
    grouping->columns[k] = g_strdup (((const Axis *) reading->axes->pdata[member[k]])->name);
  grouping->G = cells->len;
  grouping->labels = g_new0 (char **, grouping->G);
  for (gint64 g = 0; g < grouping->G; g++)
    grouping->labels[g] = labels_of_cell (reading, member, n, g_array_index (cells, gint64, g));
  grouping->code = g_new (gint64, MAX (rows, 1));
  for (gint64 row = 0; row < rows; row++)
    {
      gint64 cell = cell_of (reading, member, n, row);
      const gint64 *at = cell < 0 ? NULL : bsearch (&cell, cells->data, cells->len, sizeof cell, ascending);

      grouping->code[row] = at ? at - (const gint64 *) (gconstpointer) cells->data : -1;
    }
  grouping->baseline = find_baseline (grouping, reading, cells, count);
  return grouping;
}

/* --- all together ---------------------------------------------------------------------------------------------------------- */

/* Each baseline names a group that was asked for, and one of its values. */
static gboolean
check_baseline (const Reading *reading, const char *text, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);

  for (guint k = 0; k < reading->axes->len; k++)
    {
      const Axis *axis = reading->axes->pdata[k];
      gsize length = strlen (axis->name);

      if (strncmp (text, axis->name, length) != 0 || text[length] != '=')
        {
          g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", axis->name);
          continue;
        }
      if (g_ptr_array_find_with_equal_func (axis->labels, text + length + 1, g_str_equal, NULL))
        return TRUE;
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "baseline: %s has no group \"%s\"; the first of its %u is \"%s\"", axis->name,
                   text + length + 1, axis->labels->len, axis->labels->len > 0 ? (const char *) axis->labels->pdata[0] : "");
      return FALSE;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "baseline: COLUMN=GROUP of a --group expected, \"%s\" found%s%s", text,
               known->len > 0 ? "; the groups are by " : "", known->str);
  return FALSE;
}

/* Every column alone, then every set of two or more: small sets first, then in the order of the options. */
static void
add_groupings (AssayAudit *audit, const Reading *reading)
{
  for (guint size = 1; size <= reading->axes->len; size++)
    for (guint set = 1; set < 1u << reading->axes->len; set++)
      {
        guint member[MAX_COLUMNS], n = 0;

        for (guint k = 0; k < reading->axes->len; k++)
          if (set >> k & 1)
            member[n++] = k;
        if (n == size)
          g_ptr_array_add (audit->groupings, grouping_new (reading, member, n));
      }
}

gboolean
assay_audit_read_groups (AssayAudit *audit, const AssayValues *options, GError **error)
{
  const char *const *groups = assay_values_get_list (options, "group");
  g_autoptr (GPtrArray) axes = g_ptr_array_new_with_free_func (axis_free);
  Reading reading = { audit, axes, assay_values_get_list (options, "baseline") };

  if (g_strv_length ((char **) groups) > MAX_COLUMNS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "group: at most %d together expected, %u found; audit the others apart", MAX_COLUMNS,
                   g_strv_length ((char **) groups));
      return FALSE;
    }
  for (const char *const *group = groups; *group != NULL; group++)
    {
      Axis *axis;

      if (g_strv_contains (group + 1, *group))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "group: %s is there twice", *group);
          return FALSE;
        }
      axis = axis_new (*group, audit->table, error);
      if (axis == NULL)
        return FALSE;
      g_ptr_array_add (axes, axis);
    }
  for (const char *const *baseline = reading.baselines; *baseline != NULL; baseline++)
    if (!check_baseline (&reading, *baseline, error))
      return FALSE;
  add_groupings (audit, &reading);
  return TRUE;
}
