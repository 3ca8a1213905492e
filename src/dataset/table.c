/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c: columns, origins and splits of imported rows. */
#include "dataset/table.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/param.h"
#include "dataset/source.h"

#include <string.h>

/* How many column names an error lists. */
#define LISTED_NAMES 40

typedef struct {
  char *name;
  char *sha256;
} SourceFile;

struct _AssayTable {
  gatomicrefcount refs;
  gint64 n_rows;
  GPtrArray *columns;
  GHashTable *by_name;          /* name of a column -> AssayColumn */
  GArray *files;                /* SourceFile */
  AssayOriginUnit unit;
  gint32 *file;                 /* (N) */
  gint64 *source_row;           /* (N) */
  char *id_column;
  GPtrArray *ids;               /* (N) or NULL */
  GPtrArray *split_names;
  gint32 *split;                /* (N) or NULL: all in the first */
  AssayMissingPolicy missing;
  json_t *options, *tokenizer;
  GPtrArray *notes;
};

static void
clear_file (gpointer data)
{
  SourceFile *file = data;

  g_free (file->name);
  g_free (file->sha256);
}

AssayTable *
assay_table_new (gint64 n_rows, AssayOriginUnit unit, GError **error)
{
  g_autoptr (AssayTable) table = g_new0 (AssayTable, 1);

  g_atomic_ref_count_init (&table->refs);
  table->n_rows = n_rows;
  table->unit = unit;
  table->columns = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_column_free);
  table->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  table->files = g_array_new (FALSE, TRUE, sizeof (SourceFile));
  g_array_set_clear_func (table->files, clear_file);
  table->split_names = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (table->split_names, g_strdup ("train"));
  table->notes = g_ptr_array_new_with_free_func (g_free);
  table->file = assay_mem_new (gint32, n_rows, error);
  if (table->file == NULL)
    return NULL;
  table->source_row = assay_mem_new (gint64, n_rows, error);
  if (table->source_row == NULL)
    return NULL;
  return g_steal_pointer (&table);
}

AssayTable *
assay_table_ref (AssayTable *table)
{
  g_atomic_ref_count_inc (&table->refs);
  return table;
}

void
assay_table_unref (AssayTable *table)
{
  if (table == NULL || !g_atomic_ref_count_dec (&table->refs))
    return;
  g_ptr_array_unref (table->columns);
  g_hash_table_unref (table->by_name);
  g_array_unref (table->files);
  assay_mem_free (table->file);
  assay_mem_free (table->source_row);
  g_free (table->id_column);
  g_clear_pointer (&table->ids, g_ptr_array_unref);
  g_ptr_array_unref (table->split_names);
  assay_mem_free (table->split);
  json_decref (table->options);
  json_decref (table->tokenizer);
  g_ptr_array_unref (table->notes);
  g_free (table);
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

AssayColumn *
assay_column_new (const char *name, AssayColumnType type)
{
  AssayColumn *column = g_new0 (AssayColumn, 1);

  column->name = g_strdup (name);
  column->type = type;
  return column;
}

void
assay_column_free (AssayColumn *column)
{
  if (column == NULL)
    return;
  g_free (column->name);
  assay_mem_free (column->missing);
  assay_mem_free (column->number);
  assay_mem_free (column->code);
  g_clear_pointer (&column->levels, g_ptr_array_unref);
  assay_mem_free (column->pixel);
  assay_mem_free (column->token);
  assay_mem_free (column->target);
  assay_mem_free (column->weight);
  g_free (column);
}

/* rows x a x b elements of a width, refused when 63 bits cannot count them. */
static gpointer
allocate_array (const char *name, gint64 rows, gint64 a, gint64 b, gsize width, GError **error)
{
  guint64 n, bytes;

  if (rows < 0 || a < 0 || b < 0 || !assay_size_mul (a, b, &n) || !assay_size_mul (n, rows, &n)
      || !assay_size_mul (n, width, &bytes) || bytes > G_MAXINT64)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "column \"%s\": %" G_GINT64_FORMAT " rows of %" G_GINT64_FORMAT " x %"
                   G_GINT64_FORMAT " values are more than 63 bits can count", name, rows, a, b);
      return NULL;
    }
  return assay_mem_alloc (bytes, error);
}

gboolean
assay_column_allocate (AssayColumn *column, gint64 n_rows, GError **error)
{
  switch (column->type)
    {
    case ASSAY_COLUMN_NUMBER:
      column->number = allocate_array (column->name, n_rows, 1, 1, sizeof (double), error);
      return column->number != NULL;
    case ASSAY_COLUMN_TEXT:
    case ASSAY_COLUMN_LABEL:
      column->code = allocate_array (column->name, n_rows, 1, 1, sizeof (gint32), error);
      return column->code != NULL;
    case ASSAY_COLUMN_IMAGE:
      column->pixel = allocate_array (column->name, n_rows, column->height, column->width, 1, error);
      return column->pixel != NULL;
    case ASSAY_COLUMN_TOKENS:
      column->token = allocate_array (column->name, n_rows, column->length, 1, sizeof (gint32), error);
      if (column->token == NULL)
        return FALSE;
      column->target = allocate_array (column->name, n_rows, column->length, 1, sizeof (gint32), error);
      return column->target != NULL;
    }
  g_assert_not_reached ();
}

gboolean
assay_column_set_missing (AssayColumn *column, gint64 row, gint64 n_rows, GError **error)
{
  if (column->missing == NULL)
    {
      column->missing = assay_mem_new (guint8, n_rows, error);
      if (column->missing == NULL)
        return FALSE;
    }
  column->n_missing += !column->missing[row];
  column->missing[row] = 1;
  return TRUE;
}

gboolean
assay_table_take_column (AssayTable *table, AssayColumn *column, GError **error)
{
  if (g_hash_table_contains (table->by_name, column->name))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "column \"%s\" is there twice; give each column its own name", column->name);
      assay_column_free (column);
      return FALSE;
    }
  g_hash_table_insert (table->by_name, column->name, column);
  g_ptr_array_add (table->columns, column);
  return TRUE;
}

gint64
assay_table_get_n_rows (const AssayTable *table)
{
  return table->n_rows;
}

guint
assay_table_get_n_columns (const AssayTable *table)
{
  return table->columns->len;
}

const AssayColumn *
assay_table_get_column (const AssayTable *table, guint k)
{
  return table->columns->pdata[k];
}

const AssayColumn *
assay_table_peek_column (const AssayTable *table, const char *name)
{
  return g_hash_table_lookup (table->by_name, name);
}

const AssayColumn *
assay_table_find_column (const AssayTable *table, const char *name, GError **error)
{
  const AssayColumn *column = assay_table_peek_column (table, name);
  g_autofree const char **names = NULL;
  g_autofree char *list = NULL;
  const char *near;

  if (column != NULL)
    return column;
  names = g_new0 (const char *, table->columns->len + 1);
  for (guint k = 0; k < table->columns->len; k++)
    names[k] = assay_table_get_column (table, k)->name;
  near = assay_param_nearest (name, names);
  if (table->columns->len > LISTED_NAMES)
    names[LISTED_NAMES] = NULL;
  list = g_strjoinv (", ", (char **) names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "no column \"%s\"%s%s%s the columns are %s%s", name,
               near ? "; did you mean \"" : "", near ? near : "", near ? "\"? If not," : ";", list,
               table->columns->len > LISTED_NAMES ? ", and more" : "");
  return NULL;
}

const AssayColumn *
assay_table_first_of (const AssayTable *table, AssayColumnType type)
{
  for (guint k = 0; k < table->columns->len; k++)
    if (assay_table_get_column (table, k)->type == type)
      return assay_table_get_column (table, k);
  return NULL;
}

const char *
assay_column_type_name (AssayColumnType type)
{
  static const char *const names[] = {
    [ASSAY_COLUMN_NUMBER] = "number", [ASSAY_COLUMN_TEXT] = "text", [ASSAY_COLUMN_LABEL] = "label",
    [ASSAY_COLUMN_IMAGE] = "image", [ASSAY_COLUMN_TOKENS] = "tokens",
  };

  return names[type];
}

/* --- origins ------------------------------------------------------------------------------------------------------ */

gint32
assay_table_add_file (AssayTable *table, const char *name, const char *sha256)
{
  SourceFile file = { g_strdup (name), g_strdup (sha256) };

  g_array_append_val (table->files, file);
  return table->files->len - 1;
}

void
assay_table_set_origin (AssayTable *table, gint64 row, gint32 file, gint64 source_row)
{
  table->file[row] = file;
  table->source_row[row] = source_row;
}

guint
assay_table_get_n_files (const AssayTable *table)
{
  return table->files->len;
}

const char *
assay_table_get_file_name (const AssayTable *table, guint file)
{
  return g_array_index (table->files, SourceFile, file).name;
}

const char *
assay_table_get_file_sha256 (const AssayTable *table, guint file)
{
  return g_array_index (table->files, SourceFile, file).sha256;
}

gint32
assay_table_get_file_index (const AssayTable *table, gint64 row)
{
  return table->file[row];
}

const char *
assay_table_get_file (const AssayTable *table, gint64 row)
{
  return assay_table_get_file_name (table, table->file[row]);
}

gint64
assay_table_get_source_row (const AssayTable *table, gint64 row)
{
  return table->source_row[row];
}

AssayOriginUnit
assay_table_get_origin_unit (const AssayTable *table)
{
  return table->unit;
}

const char *
assay_origin_unit_name (AssayOriginUnit unit)
{
  static const char *const names[] = {
    [ASSAY_ORIGIN_LINE] = "line", [ASSAY_ORIGIN_RECORD] = "record", [ASSAY_ORIGIN_BYTE] = "byte",
  };

  return names[unit];
}

void
assay_table_take_ids (AssayTable *table, const char *column, GPtrArray *ids)
{
  table->id_column = g_strdup (column);
  table->ids = ids;
}

const char *
assay_table_get_id (const AssayTable *table, gint64 row)
{
  return table->ids ? table->ids->pdata[row] : NULL;
}

const char *
assay_table_get_id_column (const AssayTable *table)
{
  return table->id_column;
}

char *
assay_table_describe_row (const AssayTable *table, gint64 row)
{
  g_autofree char *id = assay_table_get_id (table, row) ? assay_source_visible (assay_table_get_id (table, row)) : NULL;

  return g_strdup_printf ("%s %s %" G_GINT64_FORMAT "%s%s%s", assay_table_get_file (table, row), assay_origin_unit_name (table->unit),
                          table->source_row[row], id ? " (id " : "", id ? id : "", id ? ")" : "");
}

/* --- splits ------------------------------------------------------------------------------------------------------- */

void
assay_table_take_splits (AssayTable *table, GPtrArray *names, gint32 *split)
{
  g_ptr_array_unref (table->split_names);
  assay_mem_free (table->split);
  table->split_names = names;
  table->split = split;
}

guint
assay_table_get_n_splits (const AssayTable *table)
{
  return table->split_names->len;
}

const char *
assay_table_get_split_name (const AssayTable *table, guint split)
{
  return table->split_names->pdata[split];
}

guint
assay_table_get_split (const AssayTable *table, gint64 row)
{
  return table->split ? table->split[row] : 0;
}

/* --- record of the import ----------------------------------------------------------------------------------------- */

void
assay_table_set_missing_policy (AssayTable *table, AssayMissingPolicy policy)
{
  table->missing = policy;
}

AssayMissingPolicy
assay_table_get_missing_policy (const AssayTable *table)
{
  return table->missing;
}

const char *
assay_missing_policy_name (AssayMissingPolicy policy)
{
  static const char *const names[] = {
    [ASSAY_MISSING_DROP] = "drop", [ASSAY_MISSING_LEVEL] = "level", [ASSAY_MISSING_REFUSE] = "refuse",
  };

  return names[policy];
}

void
assay_table_take_options (AssayTable *table, json_t *options)
{
  json_decref (table->options);
  table->options = options;
}

const json_t *
assay_table_get_options (const AssayTable *table)
{
  return table->options;
}

void
assay_table_take_tokenizer (AssayTable *table, json_t *document)
{
  json_decref (table->tokenizer);
  table->tokenizer = document;
}

const json_t *
assay_table_get_tokenizer (const AssayTable *table)
{
  return table->tokenizer;
}

void
assay_table_add_note (AssayTable *table, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (table->notes, g_strdup_vprintf (format, args));
  va_end (args);
}

const GPtrArray *
assay_table_get_notes (const AssayTable *table)
{
  return table->notes;
}

static json_t *
report_column (const AssayColumn *column)
{
  json_t *object = json_pack ("{s:s, s:s, s:I}", "name", column->name, "type", assay_column_type_name (column->type),
                              "missing", (json_int_t) column->n_missing);

  switch (column->type)
    {
    case ASSAY_COLUMN_NUMBER:
      break;
    case ASSAY_COLUMN_TEXT:
      json_object_set_new (object, "levels", json_integer (column->levels->len));
      break;
    case ASSAY_COLUMN_LABEL:
      json_object_set_new (object, "classes", json_integer (column->n_classes));
      break;
    case ASSAY_COLUMN_IMAGE:
      json_object_set_new (object, "shape", json_pack ("[I, I]", (json_int_t) column->height, (json_int_t) column->width));
      break;
    case ASSAY_COLUMN_TOKENS:
      json_object_set_new (object, "length", json_integer (column->length));
      json_object_set_new (object, "vocabulary", json_integer (column->levels->len));
      break;
    }
  return object;
}

json_t *
assay_table_report (const AssayTable *table)
{
  json_t *columns = json_array (), *splits = json_object (), *files = json_array (), *notes = json_array ();
  g_autofree gint64 *count = g_new0 (gint64, table->split_names->len);

  for (guint k = 0; k < table->columns->len; k++)
    json_array_append_new (columns, report_column (assay_table_get_column (table, k)));
  for (gint64 row = 0; row < table->n_rows; row++)
    count[assay_table_get_split (table, row)]++;
  for (guint k = 0; k < table->split_names->len; k++)
    json_object_set_new (splits, assay_table_get_split_name (table, k), json_integer (count[k]));
  for (guint k = 0; k < table->files->len; k++)
    json_array_append_new (files, json_pack ("{s:s, s:s?}", "name", assay_table_get_file_name (table, k),
                                             "sha256", assay_table_get_file_sha256 (table, k)));
  for (guint k = 0; k < table->notes->len; k++)
    json_array_append_new (notes, json_string (table->notes->pdata[k]));
  return json_pack ("{s:I, s:s?, s:s, s:o, s:o, s:o, s:o}", "rows", (json_int_t) table->n_rows, "id", table->id_column,
                    "missing", assay_missing_policy_name (table->missing), "columns", columns, "splits", splits, "files", files,
                    "notes", notes);
}

/* --- levels ------------------------------------------------------------------------------------------------------- */

struct _AssayLevels {
  GPtrArray *spellings;
  GHashTable *codes;            /* spelling -> code + 1 */
  GString *key;                 /* the text looked up, closed by 0 */
};

AssayLevels *
assay_levels_new (void)
{
  AssayLevels *levels = g_new0 (AssayLevels, 1);

  levels->spellings = g_ptr_array_new_with_free_func (g_free);
  levels->codes = g_hash_table_new (g_str_hash, g_str_equal);
  levels->key = g_string_new (NULL);
  return levels;
}

void
assay_levels_free (AssayLevels *levels)
{
  if (levels == NULL)
    return;
  g_clear_pointer (&levels->spellings, g_ptr_array_unref);
  g_hash_table_unref (levels->codes);
  g_string_free (levels->key, TRUE);
  g_free (levels);
}

gint32
assay_levels_code (AssayLevels *levels, const char *text, gsize length)
{
  guint code;
  char *spelling;

  g_string_truncate (levels->key, 0);
  g_string_append_len (levels->key, text, length);
  code = GPOINTER_TO_UINT (g_hash_table_lookup (levels->codes, levels->key->str));
  if (code > 0)
    return code - 1;
  if (levels->spellings->len == G_MAXINT32)
    return -1;
  spelling = g_strdup (levels->key->str);
  g_ptr_array_add (levels->spellings, spelling);
  g_hash_table_insert (levels->codes, spelling, GUINT_TO_POINTER (levels->spellings->len));
  return levels->spellings->len - 1;
}

GPtrArray *
assay_levels_steal (AssayLevels *levels)
{
  g_hash_table_remove_all (levels->codes);
  return g_steal_pointer (&levels->spellings);
}
