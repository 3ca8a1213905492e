/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writer_csv.c: tables/PATH.csv, one for each result table: all its numbers, unrounded (store/csv_writer.h). */
#include "report/writer.h"
#include "store/csv_writer.h"

#include <math.h>

static void
add_cell (AssayCsvWriter *out, const AssayResultTable *table, guint column, gint64 row)
{
  double value;

  switch (assay_result_table_get_type (table, column))
    {
    case ASSAY_RESULT_TEXTS:
      assay_csv_writer_text (out, assay_result_table_get_texts (table, column)[row]);
      break;
    case ASSAY_RESULT_COUNTS:
      assay_csv_writer_int (out, assay_result_table_get_counts (table, column)[row]);
      break;
    case ASSAY_RESULT_NUMBERS:
      value = assay_result_table_get_numbers (table, column)[row];
      if (isnan (value))
        assay_csv_writer_empty (out);
      else
        assay_csv_writer_double (out, value);
      break;
    }
}

static GString *
table_to_csv (const AssayResultTable *table)
{
  g_autoptr (AssayCsvWriter) out = assay_csv_writer_new_text ();
  guint n = assay_result_table_get_n_columns (table);

  for (guint k = 0; k < n; k++)
    assay_csv_writer_text (out, assay_result_table_get_column (table, k)->name);
  assay_csv_writer_end_row (out, NULL);
  for (gint64 row = 0; row < assay_result_table_get_n_rows (table); row++)
    {
      for (guint k = 0; k < n; k++)
        add_cell (out, table, k, row);
      assay_csv_writer_end_row (out, NULL);
    }
  return assay_csv_writer_steal_text (out);
}

static gboolean
write_document (const AssayDocument *document, GPtrArray *files, GError **error)
{
  (void) error;
  for (guint k = 0; k < assay_results_get_n_tables (document->results); k++)
    {
      const AssayResultTable *table = assay_results_get_table (document->results, k);
      g_autofree char *name = g_strdup (assay_result_table_get_path (table)), *path = NULL;

      path = g_strdup_printf ("tables/%s.csv", g_strdelimit (name, "/", '.'));
      assay_written_files_add_text (files, path, table_to_csv (table));
    }
  return TRUE;
}

ASSAY_WRITER_DEFINE (csv) = { .name = "csv", .help = "tables/*.csv: the numbers of every table, unrounded", .write = write_document };
