/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_csv.c: tables of text, one record a line: CSV and its cousins.
 *
 * Two passes over the bytes: the first checks every record and counts what each column's cells are, the second fills the
 * columns. A column is a number column when every cell that is not missing is a number. One stray word among numbers is an
 * error, not a text column: see decide_type.
 */
#include "dataset/cell.h"
#include "dataset/csv_scan.h"
#include "dataset/format_reader.h"

#include "base/error.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

/* Where a kind of cell was first met. */
typedef struct {
  gint64 count;
  guint file;
  gint64 line;
  char *excerpt;
} Sighting;

typedef struct {
  char *name;
  gboolean must_be_number, must_be_text;
  Sighting seen[ASSAY_CELL_TEXT + 1];
  AssayColumn *column;          /* second pass */
  AssayLevels *levels;
} Field;

typedef struct {
  const GPtrArray *sources;
  const AssayValues *options;
  const char *const *marks;
  char delimiter;
  gboolean has_header;
  GArray *fields;               /* Field */
  gint64 n_rows;
  guint id;                     /* index of the key column, or G_MAXUINT */
  GPtrArray *ids;
  AssayTable *table;
} Job;

static void
clear_field (gpointer data)
{
  Field *field = data;

  g_free (field->name);
  for (guint k = 0; k <= ASSAY_CELL_TEXT; k++)
    g_free (field->seen[k].excerpt);
  assay_column_free (field->column);
  assay_levels_free (field->levels);
}

static Field *
get_field (const Job *job, gsize k)
{
  return &g_array_index (job->fields, Field, k);
}

static const char *
file_name (const Job *job, guint file)
{
  return ((const AssaySource *) job->sources->pdata[file])->name;
}

static AssayRecognition
recognise (const AssaySource *source)
{
  static const char *const extensions[] = { "csv", "tsv", "tab", "data", "dat" };

  for (guint k = 0; k < G_N_ELEMENTS (extensions); k++)
    if (assay_source_has_extension (source, extensions[k]))
      return ASSAY_RECOGNISE_NAME;
  return ASSAY_RECOGNISE_NO;
}

/* --- header ------------------------------------------------------------------------------------------------------- */

/* Takes the name. What no terminal should obey is written out: the name will stand in messages. */
static void
add_field (Job *job, char *name)
{
  Field field = { .name = assay_source_visible (name) };

  g_free (name);
  g_array_append_val (job->fields, field);
}

/* The names given by --columns, or none. */
static void
take_given_names (Job *job)
{
  const char *list = assay_values_get_string (job->options, "columns");
  g_auto (GStrv) names = list ? g_strsplit (list, ",", -1) : NULL;

  for (guint k = 0; names != NULL && names[k] != NULL; k++)
    add_field (job, g_strdup (g_strstrip (names[k])));
}

static gboolean
check_names (const Job *job, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize k = 0; k < job->fields->len; k++)
    {
      const char *name = get_field (job, k)->name;
      gpointer before;

      if (g_hash_table_lookup_extended (seen, name, NULL, &before))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line 1: columns %u and %" G_GSIZE_FORMAT " have one name, \"%s\"; "
                       "rename one", file_name (job, 0), GPOINTER_TO_UINT (before), k + 1, name);
          return FALSE;
        }
      g_hash_table_insert (seen, (gpointer) name, GSIZE_TO_POINTER (k + 1));
    }
  return TRUE;
}

/* Is this cell of a later header the name of field k? An empty one fits any. */
static gboolean
is_name (const Job *job, gsize k, const AssayCsvCell *cell)
{
  g_autofree char *text = g_strndup (cell->text, cell->length), *name = assay_source_visible (text);

  return *name == '\0' || strcmp (name, get_field (job, k)->name) == 0;
}

static gboolean
looks_like_data (const AssayCsvCell *cells, gsize n)
{
  static const char *const no_marks[] = { NULL };
  double number;

  for (gsize k = 0; k < n; k++)
    if (assay_cell_classify (cells[k].text, cells[k].length, no_marks, &number) != ASSAY_CELL_NUMBER)
      return FALSE;
  return TRUE;
}

/* First file: names; further files: the same names again. */
static gboolean
take_header (Job *job, guint file, const AssayCsvCell *cells, gsize n, GError **error)
{
  if (file == 0 && job->fields->len == 0)
    {
      if (strcmp (assay_values_get_string (job->options, "header"), "auto") == 0 && looks_like_data (cells, n))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line 1: column names expected, numbers found; say --header no, or "
                       "--header yes if they are the names", file_name (job, 0));
          return FALSE;
        }
      for (gsize k = 0; k < n; k++)
        add_field (job, cells[k].length > 0 ? g_strndup (cells[k].text, cells[k].length)
                   : g_strdup_printf ("column_%" G_GSIZE_FORMAT, k + 1));
      return TRUE;
    }
  if (assay_values_is_set (job->options, "columns"))
    return TRUE;
  for (gsize k = 0; k < MAX (n, job->fields->len); k++)
    if (k >= n || k >= job->fields->len || !is_name (job, k, &cells[k]))
      {
        g_autofree char *found = k < n ? assay_source_excerpt (cells[k].text, cells[k].length) : g_strdup ("nothing");

        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line 1: column %" G_GSIZE_FORMAT " is %s, but %s%s%s in %s; files of one "
                     "import have the same columns", file_name (job, file), k + 1, found, k < job->fields->len ? "\"" : "",
                     k < job->fields->len ? get_field (job, k)->name : "nothing", k < job->fields->len ? "\"" : "", file_name (job, 0));
        return FALSE;
      }
  return TRUE;
}

/* --- walking the records ------------------------------------------------------------------------------------------ */

typedef gboolean (*RecordFunc) (Job *job, guint file, gint64 line, gint64 row, const AssayCsvCell *cells, GError **error);

static gboolean
check_count (Job *job, guint file, gint64 line, gsize n, GError **error)
{
  if (job->fields->len == 0)                                      /* no header and no names: the first record counts */
    for (gsize k = 0; k < n; k++)
      add_field (job, g_strdup_printf ("c%" G_GSIZE_FORMAT, k + 1));
  if (n == job->fields->len)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %" G_GINT64_FORMAT ": %u cells expected, %" G_GSIZE_FORMAT " found",
               file_name (job, file), line, job->fields->len, n);
  return FALSE;
}

static gboolean
walk_file (Job *job, guint file, gint64 *row, RecordFunc func, GError **error)
{
  g_autoptr (AssayCsvScanner) scanner = assay_csv_scanner_new (job->sources->pdata[file], job->delimiter);
  const AssayCsvCell *cells;
  gsize n;
  gint64 line;
  gboolean header = job->has_header;
  AssayCsvStatus status;

  while ((status = assay_csv_scanner_next (scanner, &cells, &n, &line, error)) == ASSAY_CSV_RECORD)
    {
      if (header)
        {
          header = FALSE;
          if (!take_header (job, file, cells, n, error))
            return FALSE;
          continue;
        }
      if (!check_count (job, file, line, n, error) || !func (job, file, line, (*row)++, cells, error))
        return FALSE;
    }
  return status == ASSAY_CSV_END;
}

/* --- first pass: what are the columns? ---------------------------------------------------------------------------- */

static gboolean
sight_record (Job *job, guint file, gint64 line, G_GNUC_UNUSED gint64 row, const AssayCsvCell *cells, G_GNUC_UNUSED GError **error)
{
  for (guint k = 0; k < job->fields->len; k++)
    {
      double number;
      AssayCellKind kind = assay_cell_classify (cells[k].text, cells[k].length, job->marks, &number);
      Sighting *seen = &get_field (job, k)->seen[kind];

      if (seen->count++ == 0 && kind != ASSAY_CELL_NUMBER)
        {
          seen->file = file;
          seen->line = line;
          seen->excerpt = assay_source_excerpt (cells[k].text, cells[k].length);
        }
    }
  return TRUE;
}

static gboolean
refuse_cell (const Job *job, const Field *field, AssayCellKind kind, const char *why, GError **error)
{
  const Sighting *seen = &field->seen[kind];

  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %" G_GINT64_FORMAT ": column \"%s\": %s %s", file_name (job, seen->file),
               seen->line, field->name, seen->excerpt, why);
  return FALSE;
}

/* Is a word among numbers more likely a slip than a level? One alone, or at most one cell in twenty. */
static gboolean
is_slip (gint64 words, gint64 numbers)
{
  return words > 0 && numbers >= 2 && (words == 1 || words <= numbers / 19);
}

static gboolean
decide_type (Job *job, guint k, AssayColumnType *type, GError **error)
{
  Field *field = get_field (job, k);
  const Sighting *seen = field->seen;
  gint64 words = seen[ASSAY_CELL_TEXT].count, numbers = seen[ASSAY_CELL_NUMBER].count, large = seen[ASSAY_CELL_LONG_INTEGER].count;

  *type = ASSAY_COLUMN_TEXT;
  if (field->must_be_text)
    return TRUE;
  if (field->must_be_number && words > 0)
    return refuse_cell (job, field, ASSAY_CELL_TEXT, "is not a number, and the column was declared to hold numbers", error);
  if (field->must_be_number && large > 0)
    return refuse_cell (job, field, ASSAY_CELL_LONG_INTEGER, "has more digits than a double keeps; leave the column as text", error);
  if (numbers + large + seen[ASSAY_CELL_TOO_LARGE].count == 0 && !field->must_be_number)
    return TRUE;
  if (is_slip (words, numbers) && k != job->id)
    return refuse_cell (job, field, ASSAY_CELL_TEXT, "is not a number, though nearly all other cells of the column are; correct it, declare "
                        "it with --missing-mark, or say --text for this column", error);
  if (words > 0)
    {
      assay_table_add_note (job->table, "column \"%s\" is text: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " cells are no numbers, the first "
                            "%s at line %" G_GINT64_FORMAT, field->name, words, job->n_rows - seen[ASSAY_CELL_MISSING].count,
                            seen[ASSAY_CELL_TEXT].excerpt, seen[ASSAY_CELL_TEXT].line);
      return TRUE;
    }
  if (seen[ASSAY_CELL_NOT_FINITE].count > 0)
    return refuse_cell (job, field, ASSAY_CELL_NOT_FINITE, "is not a finite number; correct it, or declare it with --missing-mark", error);
  if (seen[ASSAY_CELL_TOO_LARGE].count > 0)
    return refuse_cell (job, field, ASSAY_CELL_TOO_LARGE, "is too large for a double (above 1.8e308)", error);
  if (large > 0)
    {
      assay_table_add_note (job->table, "column \"%s\" is text: %s at line %" G_GINT64_FORMAT " has more digits than a double keeps",
                            field->name, seen[ASSAY_CELL_LONG_INTEGER].excerpt, seen[ASSAY_CELL_LONG_INTEGER].line);
      return TRUE;
    }
  *type = ASSAY_COLUMN_NUMBER;
  return TRUE;
}

/* Options that name a column name one that is there. */
static Field *
find_option_field (const Job *job, const char *option, const char *name, GError **error)
{
  g_autofree const char **names = g_new0 (const char *, job->fields->len + 1);
  const char *near;

  for (guint k = 0; k < job->fields->len; k++)
    {
      names[k] = get_field (job, k)->name;
      if (strcmp (names[k], name) == 0)
        return get_field (job, k);
    }
  near = assay_param_nearest (name, names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: --%s names a column \"%s\" that is not there%s%s%s", file_name (job, 0), option,
               name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
  return NULL;
}

static gboolean
apply_column_options (Job *job, GError **error)
{
  const char *id = assay_values_get_string (job->options, "id");

  for (const char *const *name = assay_values_get_list (job->options, "number"); *name != NULL; name++)
    {
      Field *field = find_option_field (job, "number", *name, error);

      if (field == NULL)
        return FALSE;
      field->must_be_number = TRUE;
    }
  for (const char *const *name = assay_values_get_list (job->options, "text"); *name != NULL; name++)
    {
      Field *field = find_option_field (job, "text", *name, error);

      if (field == NULL)
        return FALSE;
      field->must_be_text = TRUE;
    }
  job->id = G_MAXUINT;
  if (id != NULL)
    {
      Field *field = find_option_field (job, "id", id, error);

      if (field == NULL)
        return FALSE;
      job->id = field - get_field (job, 0);
      if (field->seen[ASSAY_CELL_MISSING].count > 0)
        return refuse_cell (job, field, ASSAY_CELL_MISSING, "means missing, but the key column needs a value in every row", error);
    }
  return TRUE;
}

/* --- second pass: fill -------------------------------------------------------------------------------------------- */

static gboolean
prepare_columns (Job *job, GError **error)
{
  job->table = assay_table_new (job->n_rows, ASSAY_ORIGIN_LINE, error);
  if (job->table == NULL)
    return FALSE;
  for (guint k = 0; k < job->fields->len; k++)
    {
      Field *field = get_field (job, k);
      AssayColumnType type;

      if (!decide_type (job, k, &type, error))
        return FALSE;
      field->column = assay_column_new (field->name, type);
      if (!assay_column_allocate (field->column, job->n_rows, error))
        return FALSE;
      if (type == ASSAY_COLUMN_TEXT)
        field->levels = assay_levels_new ();
    }
  for (guint file = 0; file < job->sources->len; file++)
    assay_table_add_file (job->table, file_name (job, file), ((const AssaySource *) job->sources->pdata[file])->sha256);
  if (job->id != G_MAXUINT)
    job->ids = g_ptr_array_new_with_free_func (g_free);
  return TRUE;
}

static gboolean
fill_cell (Job *job, Field *field, gint64 row, const AssayCsvCell *cell, GError **error)
{
  double number = NAN;
  AssayCellKind kind = assay_cell_classify (cell->text, cell->length, job->marks, &number);

  if (kind == ASSAY_CELL_MISSING && !assay_column_set_missing (field->column, row, job->n_rows, error))
    return FALSE;
  if (field->column->type == ASSAY_COLUMN_NUMBER)
    {
      field->column->number[row] = number;
      return TRUE;
    }
  field->column->code[row] = assay_levels_code (field->levels, cell->text, cell->length);
  if (field->column->code[row] >= 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "column \"%s\": more than %d different texts", field->name, G_MAXINT32);
  return FALSE;
}

static gboolean
fill_record (Job *job, guint file, gint64 line, gint64 row, const AssayCsvCell *cells, GError **error)
{
  for (guint k = 0; k < job->fields->len; k++)
    if (!fill_cell (job, get_field (job, k), row, &cells[k], error))
      return FALSE;
  assay_table_set_origin (job->table, row, file, line);
  if (job->id != G_MAXUINT)
    g_ptr_array_add (job->ids, g_strndup (cells[job->id].text, cells[job->id].length));
  return TRUE;
}

static gboolean
finish_columns (Job *job, GError **error)
{
  for (guint k = 0; k < job->fields->len; k++)
    {
      Field *field = get_field (job, k);

      if (field->levels != NULL)
        field->column->levels = assay_levels_steal (field->levels);
      if (field->column->n_missing == job->n_rows)
        assay_table_add_note (job->table, "column \"%s\" is missing in every row", field->name);
      if (!assay_table_take_column (job->table, g_steal_pointer (&field->column), error))
        return FALSE;
    }
  if (job->ids != NULL)
    assay_table_take_ids (job->table, get_field (job, job->id)->name, g_steal_pointer (&job->ids));
  return TRUE;
}

/* --- the reader --------------------------------------------------------------------------------------------------- */

static char
choose_delimiter (const Job *job)
{
  static const struct { const char *name; char c; } known[] = { { "comma", ',' }, { "semicolon", ';' }, { "tab", '\t' }, { "space", ' ' } };
  const char *name = assay_values_get_string (job->options, "delimiter");
  const AssaySource *source = job->sources->pdata[0];

  for (guint k = 0; k < G_N_ELEMENTS (known); k++)
    if (strcmp (known[k].name, name) == 0)
      return known[k].c;
  return assay_csv_guess_delimiter (source, !assay_source_has_extension (source, "csv"));
}

static gboolean
walk_all (Job *job, RecordFunc func, gint64 *n_rows, GError **error)
{
  *n_rows = 0;
  for (guint file = 0; file < job->sources->len; file++)
    {
      gint64 before = *n_rows;

      if (!walk_file (job, file, n_rows, func, error))
        return FALSE;
      if (*n_rows == before)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s, no data rows", file_name (job, file),
                       job->has_header ? "a header only" : "empty lines only");
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
run (Job *job, GError **error)
{
  const char *header = assay_values_get_string (job->options, "header");
  gint64 again;

  for (guint file = 0; file < job->sources->len; file++)
    if (!assay_source_check_text (job->sources->pdata[file], error))
      return FALSE;
  take_given_names (job);
  job->has_header = strcmp (header, "yes") == 0 || (strcmp (header, "auto") == 0 && job->fields->len == 0);
  job->delimiter = choose_delimiter (job);
  return walk_all (job, sight_record, &job->n_rows, error) && check_names (job, error) && apply_column_options (job, error)
         && prepare_columns (job, error) && walk_all (job, fill_record, &again, error) && finish_columns (job, error);
}

static AssayTable *
read_csv (const GPtrArray *sources, const AssayValues *options, GError **error)
{
  Job job = { .sources = sources, .options = options, .marks = assay_cell_get_marks (options), .id = G_MAXUINT };
  gboolean ok;

  job.fields = g_array_new (FALSE, TRUE, sizeof (Field));
  g_array_set_clear_func (job.fields, clear_field);
  ok = run (&job, error);
  g_array_unref (job.fields);
  g_clear_pointer (&job.ids, g_ptr_array_unref);
  if (!ok)
    g_clear_pointer (&job.table, assay_table_unref);
  return job.table;
}

const AssayFormatReader assay_format_reader_csv = {
  .name = "csv",
  .help = "tables of text separated by commas, semicolons, tabs or blanks",
  .recognise = recognise,
  .read = read_csv,
};
