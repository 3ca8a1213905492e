/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c: filtered and limited lists of rows. */
#include "dataset/rows.h"

#include "base/error.h"
#include "dataset/expression.h"

static void
clear_drop (gpointer data)
{
  g_free (((AssayDrop *) data)->reason);
}

GArray *
assay_drops_new (void)
{
  GArray *drops = g_array_new (FALSE, FALSE, sizeof (AssayDrop));

  g_array_set_clear_func (drops, clear_drop);
  return drops;
}

void
assay_drops_count (GArray *drops, gint64 n, const char *format, ...)
{
  AssayDrop drop = { .n_rows = n };
  va_list args;

  if (n == 0)
    return;
  va_start (args, format);
  drop.reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_array_append_val (drops, drop);
}

gboolean
assay_rows_check (const GArray *rows, const GArray *drops, const char *advice, GError **error)
{
  g_autoptr (GString) why = g_string_new (NULL);

  if (rows->len > 0)
    return TRUE;
  for (guint k = 0; k < drops->len; k++)
    {
      const AssayDrop *drop = &g_array_index (drops, AssayDrop, k);

      g_string_append_printf (why, "%s %" G_GINT64_FORMAT " rows because %s", k ? "," : ":", drop->n_rows, drop->reason);
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "no row is left%s; %s", why->str, advice);
  return FALSE;
}

GArray *
assay_rows_select (AssayTable *table, const char *filter, GArray *drops, GError **error)
{
  gint64 n = assay_table_get_n_rows (table), n_unknown = 0;
  g_autoptr (AssayExpression) expression = NULL;
  g_autoptr (GArray) rows = NULL;

  if (n > G_MAXUINT32)                                            /* what a GArray can hold */
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "at most %u rows expected, %" G_GINT64_FORMAT " found", G_MAXUINT32, n);
      return NULL;
    }
  if (filter == NULL)
    {
      rows = g_array_sized_new (FALSE, FALSE, sizeof (gint64), n);
      for (gint64 row = 0; row < n; row++)
        g_array_append_val (rows, row);
      return g_steal_pointer (&rows);
    }
  expression = assay_expression_new (filter, table, error);
  if (expression != NULL)
    rows = assay_expression_filter (expression, &n_unknown, error);
  if (rows == NULL)
    {
      g_prefix_error (error, "filter: ");
      return NULL;
    }
  assay_drops_count (drops, n - rows->len - n_unknown, "the filter is false");
  assay_drops_count (drops, n_unknown, "the filter meets a missing value");
  return assay_rows_check (rows, drops, "ask for fewer conditions", error) ? g_steal_pointer (&rows) : NULL;
}

void
assay_rows_limit (const AssayTable *table, GArray *rows, gint64 limit, GArray *drops)
{
  g_autofree gint64 *count = g_new0 (gint64, assay_table_get_n_splits (table));
  guint kept = 0;

  if (limit == 0)
    return;
  for (guint i = 0; i < rows->len; i++)
    {
      gint64 row = g_array_index (rows, gint64, i);

      if (count[assay_table_get_split (table, row)]++ < limit)
        g_array_index (rows, gint64, kept++) = row;
    }
  assay_drops_count (drops, rows->len - kept, "of the limit of %" G_GINT64_FORMAT " examples a split", limit);
  g_array_set_size (rows, kept);
}
