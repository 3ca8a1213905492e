/* SPDX-License-Identifier: GPL-3.0-or-later */
/* columns.c: arrays of JSON objects, turned on their side. */
#include "report/columns.h"

#include <math.h>

const json_t *
assay_columns_find (const json_t *object, const char *path)
{
  g_auto (GStrv) keys = g_strsplit (path, ".", -1);

  for (char **key = keys; *key != NULL && object != NULL; key++)
    object = json_object_get (object, *key);
  return object;
}

double
assay_columns_get (const json_t *object, const char *path)
{
  const json_t *value = assay_columns_find (object, path);

  return json_is_number (value) ? json_number_value (value) : NAN;
}

guint
assay_columns_add_numbers (AssayResultTable *table, const AssayResultColumn *about, const json_t *items, const char *path)
{
  gsize n = json_array_size (items);
  g_autofree double *values = g_new (double, n + 1);

  for (gsize k = 0; k < n; k++)
    values[k] = assay_columns_get (json_array_get (items, k), path);
  return assay_result_table_add_numbers (table, about, values);
}

guint
assay_columns_add_counts (AssayResultTable *table, const AssayResultColumn *about, const json_t *items, const char *path)
{
  gsize n = json_array_size (items);
  g_autofree gint64 *values = g_new (gint64, n + 1);

  for (gsize k = 0; k < n; k++)
    {
      const json_t *value = assay_columns_find (json_array_get (items, k), path);

      values[k] = json_is_integer (value) ? json_integer_value (value) : -1;
    }
  return assay_result_table_add_counts (table, about, values);
}

guint
assay_columns_add_texts (AssayResultTable *table, const AssayResultColumn *about, const json_t *items, const char *path)
{
  gsize n = json_array_size (items);
  g_autofree const char **values = g_new (const char *, n + 1);

  for (gsize k = 0; k < n; k++)
    values[k] = json_string_value (assay_columns_find (json_array_get (items, k), path));
  return assay_result_table_add_texts (table, about, values);
}

guint
assay_columns_add_number (AssayResultTable *table, const AssayResultColumn *about, double value)
{
  return assay_result_table_add_numbers (table, about, &value);
}

guint
assay_columns_add_count (AssayResultTable *table, const AssayResultColumn *about, gint64 value)
{
  return assay_result_table_add_counts (table, about, &value);
}
