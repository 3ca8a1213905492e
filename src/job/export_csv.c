/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_csv.c: tables for spreadsheets and data frames. */
#include "job/export.h"

#include "base/error.h"
#include "base/mem.h"
#include "store/csv_writer.h"

#include <string.h>

#define BLOCK_VALUES ((gint64) 1 << 20)

/* Columns that name an example of the data set. */
static const char *const example_columns[] = { "split", "index", "id", "file", "source_row" };

static void
write_example_header (AssayCsvWriter *csv, const char *prefix)
{
  for (gsize k = 0; k < G_N_ELEMENTS (example_columns); k++)
    {
      g_autofree char *name = g_strconcat (prefix, example_columns[k], NULL);

      assay_csv_writer_text (csv, name);
    }
}

static void
write_text_or_empty (AssayCsvWriter *csv, const char *text)
{
  if (text != NULL)
    assay_csv_writer_text (csv, text);
  else
    assay_csv_writer_empty (csv);
}

static void
write_example (AssayCsvWriter *csv, const AssayExport *source, gint64 example)
{
  gint64 index = 0, row = assay_dataset_get_row (source->dataset, example);

  write_text_or_empty (csv, assay_dataset_get_split_of (source->dataset, example, &index));
  assay_csv_writer_int (csv, index);
  write_text_or_empty (csv, assay_dataset_get_id (source->dataset, example));
  write_text_or_empty (csv, assay_table_get_file (source->table, row));
  assay_csv_writer_int (csv, assay_table_get_source_row (source->table, row));
}

/* Coordinates (n) of an axis as whole numbers. */
static gboolean
read_axis (const AssayExport *source, const char *axis, gint64 n, gint64 *values, GError **error)
{
  const char *path = assay_export_find_axis (source, axis);
  AssayArrayInfo info;

  for (gint64 i = 0; i < n; i++)
    values[i] = i;
  if (path == NULL)
    return TRUE;
  return assay_reader_describe (source->reader, path, &info, error)
         && (info.type == ASSAY_STORE_TEXT || info.dims[0] != n || assay_reader_read (source->reader, path, ASSAY_STORE_I64, values, error));
}

/* Numbers that name an example of the data set, where the axis or array is called so. */
static gboolean
names_examples (const AssayExport *source, const char *name)
{
  return source->dataset != NULL && (strcmp (name, "example") == 0 || strcmp (name, "query") == 0);
}

static gboolean
check_examples (const AssayExport *source, const gint64 *values, gint64 n, GError **error)
{
  for (gint64 i = 0; i < n; i++)
    if (values[i] < 0 || values[i] >= assay_dataset_get_n (source->dataset))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s/%s: names example %" G_GINT64_FORMAT ", the data set has %" G_GINT64_FORMAT,
                     source->object->kind, source->object->name, values[i], assay_dataset_get_n (source->dataset));
        return FALSE;
      }
  return TRUE;
}

/* --- scores: long form --------------------------------------------------------------------------------------------- */

/* What scores may have beside their values: /scores/NAME, a column each. */
static const char *const beside[] = { "lo", "hi", "se_sample", "se_seed" };

typedef struct {
  gint64 Q, N;
  gboolean are_means;           /* a query is the mean over several examples: query holds its number */
  gint64 *query, *example;      /* examples of the data set */
  double *value;                /* (N) of one query */
  double *more[G_N_ELEMENTS (beside)];  /* (N) likewise; NULL: none */
} Scores;

static gboolean
read_scores_row (const AssayExport *source, const Scores *s, gint64 q, GError **error)
{
  gint64 start[2] = { q, 0 }, count[2] = { 1, s->N };

  for (gsize k = 0; k < G_N_ELEMENTS (beside); k++)
    {
      g_autofree char *path = g_strconcat ("/scores/", beside[k], NULL);

      if (s->more[k] != NULL && !assay_reader_read_box (source->reader, path, start, count, ASSAY_STORE_F64, s->more[k], error))
        return FALSE;
    }
  return assay_reader_read_box (source->reader, "/scores/value", start, count, ASSAY_STORE_F64, s->value, error);
}

static gboolean
write_scores_row (AssayCsvWriter *csv, const AssayExport *source, const Scores *s, gint64 q, GError **error)
{
  for (gint64 i = 0; i < s->N; i++)
    {
      if (s->are_means)
        assay_csv_writer_int (csv, s->query[q]);
      else
        write_example (csv, source, s->query[q]);
      write_example (csv, source, s->example[i]);
      assay_csv_writer_double (csv, s->value[i]);
      for (gsize k = 0; k < G_N_ELEMENTS (beside); k++)
        if (s->more[k] != NULL)
          assay_csv_writer_double (csv, s->more[k][i]);
      if (!assay_csv_writer_end_row (csv, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_scores (AssayCsvWriter *csv, const AssayExport *source, const Scores *s, AssayProgress *progress, GError **error)
{
  if (s->are_means)
    assay_csv_writer_text (csv, "question");
  else
    write_example_header (csv, "query_");
  write_example_header (csv, "example_");
  assay_csv_writer_text (csv, "score");
  for (gsize k = 0; k < G_N_ELEMENTS (beside); k++)
    if (s->more[k] != NULL)
      assay_csv_writer_text (csv, beside[k]);
  if (!assay_csv_writer_end_row (csv, error))
    return FALSE;
  for (gint64 q = 0; q < s->Q; q++)
    {
      if (assay_progress_is_cancelled (progress, error) || !read_scores_row (source, s, q, error) || !write_scores_row (csv, source, s, q, error))
        return FALSE;
      assay_progress_report (progress, "writing", q + 1, s->Q, "queries", NULL);
    }
  return TRUE;
}

static gboolean
export_scores (AssayCsvWriter *csv, const AssayExport *source, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBuffer) query = NULL, example = NULL, numbers = NULL;
  AssayArrayInfo info;
  Scores s = { 0 };

  if (!assay_reader_describe (source->reader, "/scores/value", &info, error))
    return FALSE;
  s.are_means = strcmp (info.axes[0], "query") != 0;
  s.Q = info.dims[0];
  s.N = info.dims[1];
  query = assay_mem_new (gint64, s.Q, error);
  example = query ? assay_mem_new (gint64, s.N, error) : NULL;
  numbers = example ? assay_mem_new (double, (1 + G_N_ELEMENTS (beside)) * s.N, error) : NULL;
  if (numbers == NULL)
    return FALSE;
  s.query = query;
  s.example = example;
  s.value = numbers;
  for (gsize k = 0; k < G_N_ELEMENTS (beside); k++)
    {
      g_autofree char *path = g_strconcat ("/scores/", beside[k], NULL);

      if (assay_reader_has (source->reader, path))
        s.more[k] = s.value + (gint64) (1 + k) * s.N;
    }
  return read_axis (source, info.axes[0], s.Q, s.query, error) && read_axis (source, info.axes[1], s.N, s.example, error)
         && (s.are_means || check_examples (source, s.query, s.Q, error)) && check_examples (source, s.example, s.N, error)
         && write_scores (csv, source, &s, progress, error);
}

/* --- a matrix, or series of one length ----------------------------------------------------------------------------- */

typedef struct {
  const char *path, *name;      /* name: what the columns are called */
  gint64 width, first;          /* columns: 1, or those of the matrix; the first of them */
  double *block;                /* (rows of a block, width) */
} Column;

typedef struct {
  const char *axis;             /* of the rows */
  gint64 rows, first, end;      /* those that are written: first .. end - 1 */
  gint64 *labels;               /* (rows) */
  gint64 *examples;             /* (rows) the example of each row, or NULL */
  GArray *columns;              /* Column */
} Table;

static void
column_clear (gpointer data)
{
  assay_mem_free (((Column *) data)->block);
}

/* The last part of the path where the array is beside the matrix or says which row it is; else the path: a norm is no gradient. */
static const char *
column_name (const char *path, const char *matrix)
{
  const char *name = strrchr (path, '/') + 1;
  gsize group = name - path;

  return strncmp (path, matrix, group) == 0 || g_str_has_prefix (path, "/index/") ? name : path + 1;
}

/* Joins every numeric array of one axis that runs along the rows, then the matrix. */
static gboolean
collect_columns (const AssayExport *source, const char *matrix, Table *table, GError **error)
{
  for (guint k = 0; k < source->arrays->len; k++)
    {
      const char *path = source->arrays->pdata[k];
      Column column = { .path = path, .name = column_name (path, matrix), .width = 1 };
      AssayArrayInfo info;

      if (!assay_reader_describe (source->reader, path, &info, error))
        return FALSE;
      if (info.rank == 1 && info.type != ASSAY_STORE_TEXT && strcmp (info.axes[0], table->axis) == 0 && strcmp (path, matrix) != 0)
        g_array_append_val (table->columns, column);
    }
  return TRUE;
}

static gboolean
describe_table (const AssayExport *source, const char *main, Table *table, GError **error)
{
  Column column = { .path = main, .name = strrchr (main, '/') + 1, .width = 1 };
  AssayArrayInfo info;

  if (!assay_reader_describe (source->reader, main, &info, error))
    return FALSE;
  if (info.rank < 1 || info.rank > 2 || info.type == ASSAY_STORE_TEXT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: numbers along one or two axes fit a .csv file; write .npy or .h5", main);
      return FALSE;
    }
  table->axis = info.axes[0];
  table->rows = info.dims[0];
  table->first = source->first;
  table->end = source->n >= 0 ? source->first + source->n : table->rows;
  if (!assay_export_check_unit (source, main, &info, error))
    return FALSE;
  column.first = MAX (source->unit, 0);
  column.width = info.rank == 2 && source->unit < 0 ? info.dims[1] : 1;
  if (!collect_columns (source, main, table, error))
    return FALSE;
  g_array_append_val (table->columns, column);
  return TRUE;
}

/* Which example each row is of: the rows' own coordinates, or an array that says so. */
static gboolean
read_labels (const AssayExport *source, Table *table, GError **error)
{
  table->labels = assay_mem_new (gint64, table->rows, error);
  if (table->labels == NULL || !read_axis (source, table->axis, table->rows, table->labels, error))
    return FALSE;
  if (source->dataset == NULL)
    return TRUE;
  table->examples = assay_mem_new (gint64, table->rows, error);
  if (table->examples == NULL)
    return FALSE;
  if (names_examples (source, table->axis))
    {
      memcpy (table->examples, table->labels, table->rows * sizeof (gint64));
      return check_examples (source, table->examples, table->rows, error);
    }
  for (guint k = 0; k < table->columns->len; k++)
    {
      const Column *column = &g_array_index (table->columns, Column, k);

      if (strcmp (column->name, "example") == 0)
        return assay_reader_read (source->reader, column->path, ASSAY_STORE_I64, table->examples, error)
               && check_examples (source, table->examples, table->rows, error);
    }
  g_clear_pointer (&table->examples, assay_mem_free);
  return TRUE;
}

static void
write_header (AssayCsvWriter *csv, const Table *table)
{
  assay_csv_writer_text (csv, table->axis);
  if (table->examples != NULL)
    write_example_header (csv, "");
  for (guint k = 0; k < table->columns->len; k++)
    {
      const Column *column = &g_array_index (table->columns, Column, k);

      for (gint64 c = 0; c < column->width; c++)
        {
          g_autofree char *name = column->width > 1 || column->first > 0 ? g_strdup_printf ("%s_%" G_GINT64_FORMAT, column->name, column->first + c)
                                                                         : g_strdup (column->name);

          assay_csv_writer_text (csv, name);
        }
    }
}

static gboolean
write_rows (AssayCsvWriter *csv, const AssayExport *source, const Table *table, gint64 first, gint64 n, GError **error)
{
  for (guint k = 0; k < table->columns->len; k++)
    {
      const Column *column = &g_array_index (table->columns, Column, k);
      gint64 start[2] = { first, column->first }, count[2] = { n, column->width };

      if (!assay_reader_read_box (source->reader, column->path, start, count, ASSAY_STORE_F64, column->block, error))
        return FALSE;
    }
  for (gint64 i = 0; i < n; i++)
    {
      assay_csv_writer_int (csv, table->labels[first + i]);
      if (table->examples != NULL)
        write_example (csv, source, table->examples[first + i]);
      for (guint k = 0; k < table->columns->len; k++)
        {
          const Column *column = &g_array_index (table->columns, Column, k);

          for (gint64 c = 0; c < column->width; c++)
            assay_csv_writer_double (csv, column->block[i * column->width + c]);
        }
      if (!assay_csv_writer_end_row (csv, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_table (AssayCsvWriter *csv, const AssayExport *source, Table *table, AssayProgress *progress, GError **error)
{
  gint64 width = 0, block;

  for (guint k = 0; k < table->columns->len; k++)
    width += g_array_index (table->columns, Column, k).width;
  block = CLAMP (BLOCK_VALUES / MAX (width, 1), 1, MAX (table->end - table->first, 1));
  for (guint k = 0; k < table->columns->len; k++)
    {
      Column *column = &g_array_index (table->columns, Column, k);

      column->block = assay_mem_alloc_array (block * column->width, sizeof (double), error);
      if (column->block == NULL)
        return FALSE;
    }
  write_header (csv, table);
  if (!assay_csv_writer_end_row (csv, error))
    return FALSE;
  for (gint64 first = table->first; first < table->end; first += block)
    {
      gint64 n = MIN (block, table->end - first);

      if (assay_progress_is_cancelled (progress, error) || !write_rows (csv, source, table, first, n, error))
        return FALSE;
      assay_progress_report (progress, "writing", first + n - table->first, table->end - table->first, "rows", NULL);
    }
  return TRUE;
}

static gboolean
export_table (AssayCsvWriter *csv, const AssayExport *source, const char *array, AssayProgress *progress, GError **error)
{
  Table table = { .columns = g_array_new (FALSE, TRUE, sizeof (Column)) };
  gboolean ok;

  g_array_set_clear_func (table.columns, column_clear);
  ok = describe_table (source, array, &table, error) && read_labels (source, &table, error) && write_table (csv, source, &table, progress, error);
  assay_mem_free (table.labels);
  assay_mem_free (table.examples);
  g_array_unref (table.columns);
  return ok;
}

/* Series of one length, as a training's log, need no choice: any of them stands for all. */
static const char *
choose (const AssayExport *source, const char *array, GError **error)
{
  AssayArrayInfo first, info;

  for (guint k = 0; array == NULL && k < source->arrays->len; k++)
    {
      if (!assay_reader_describe (source->reader, source->arrays->pdata[k], &info, error))
        return NULL;
      if (k == 0)
        first = info;
      if (info.rank != 1 || strcmp (info.axes[0], first.axes[0]) != 0)
        break;
      if (k + 1 == source->arrays->len)
        return source->arrays->pdata[k];
    }
  return assay_export_choose (source, array, error);
}

gboolean
assay_export_csv (const AssayExport *source, const char *array, const char *path, AssayProgress *progress, GError **error)
{
  gboolean is_scores = strcmp (source->object->kind, "scores") == 0 && array == NULL && source->dataset != NULL;
  const char *chosen = is_scores ? NULL : choose (source, array, error);
  g_autoptr (AssayCsvWriter) csv = NULL;

  if (!is_scores && chosen == NULL)
    return FALSE;
  csv = assay_csv_writer_new (path, error);
  if (csv == NULL)
    return FALSE;
  if (!(is_scores ? export_scores (csv, source, progress, error) : export_table (csv, source, chosen, progress, error)))
    return FALSE;
  return assay_csv_writer_commit (csv, error);
}
