/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset_store.c: one description of a column's arrays, walked once to write and once to read. */
#include "dataset/dataset_store.h"

#include "base/error.h"
#include "base/mem.h"
#include "store/reader.h"
#include "store/shard.h"

#include <string.h>

/* Layout of the meta data and arrays below. */
#define TABLE_FORMAT 1
#define TOKENIZER "/tokenizer/document"

static const struct { const char *word; AssayOriginUnit unit; } units[] = {
  { "line", ASSAY_ORIGIN_LINE }, { "record", ASSAY_ORIGIN_RECORD }, { "byte", ASSAY_ORIGIN_BYTE },
};

/* A plain word can be an HDF5 name and cannot be an axis. */
static char *
array_name (const AssayColumn *column, guint k)
{
  gboolean plain = g_ascii_isalpha (*column->name) && strlen (column->name) <= 64 && strcmp (column->name, "row") != 0
                   && !g_str_has_prefix (column->name, "column_");

  for (const char *p = column->name; *p && plain; p++)
    plain = g_ascii_isalnum (*p) || *p == '_' || *p == '-';
  return plain ? g_strdup (column->name) : g_strdup_printf ("column_%u", k + 1);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

typedef struct {
  const AssayTable *table;
  AssayShardWriter *writer;
  gint64 n;
} Save;

/* An array along the rows; b and c are further axes, 0: none. */
static gboolean
put_rows (Save *save, const char *group, const char *name, const char *long_name, const char *description, AssayStoreType type,
          const char *b_axis, gint64 b, const char *c_axis, gint64 c, const void *values, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/%s/%s", group, name);
  AssayArraySpec spec = {
    .path = path, .type = type, .rank = 1 + (b > 0) + (c > 0), .dims = { save->n, b, c }, .axes = { "row", b_axis, c_axis },
    .long_name = long_name, .description = description,
  };

  return assay_shard_writer_put (save->writer, &spec, type, values, error);
}

static gboolean
put_strings (Save *save, const char *path, const char *axis, const char *long_name, const char *description, const GPtrArray *texts,
             GError **error)
{
  AssayArraySpec spec = {
    .path = path, .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { texts->len }, .axes = { axis }, .long_name = long_name,
    .description = description, .redactable = TRUE,
  };

  return assay_shard_writer_put_text (save->writer, &spec, (const char *const *) texts->pdata, error);
}

static gboolean
put_levels (Save *save, const AssayColumn *column, const char *name, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/levels/%s", name), *axis = g_strdup_printf ("%s.level", name);

  return column->levels == NULL
         || put_strings (save, path, axis, column->name, "text of each code, by first appearance", column->levels, error);
}

/* Whether each target is the next token of its row, the last one's aside. */
static gboolean
targets_follow (const AssayColumn *column, gint64 n)
{
  const gint64 T = column->length;

  for (gint64 row = 0; row < n; row++)
    if (memcmp (column->target + row * T, column->token + row * T + 1, sizeof (gint32) * (gsize) (T - 1)) != 0)
      return FALSE;
  return TRUE;
}

/* Where targets are the tokens that follow, only the last ones, which are not among the tokens. */
static gboolean
put_targets (Save *save, const AssayColumn *column, const char *name, const char *axis, GError **error)
{
  g_autoptr (AssayBuffer) last = NULL;

  if (!targets_follow (column, save->n))
    return put_rows (save, "targets", name, column->name, "the token to be predicted at each position", ASSAY_STORE_I32, axis, column->length, NULL, 0, column->target, error);
  last = assay_mem_new (gint32, (guint64) save->n, error);
  for (gint64 row = 0; last != NULL && row < save->n; row++)
    ((gint32 *) last)[row] = column->target[(row + 1) * column->length - 1];
  return last != NULL && put_rows (save, "targets", name, column->name, "the token to be predicted at the last position; at each other one it is the next token",
                                   ASSAY_STORE_I32, NULL, 0, NULL, 0, last, error);
}

/* One byte each where they are 0 and 1. */
static gboolean
put_weights (Save *save, const AssayColumn *column, const char *name, const char *axis, GError **error)
{
  const gint64 count = save->n * column->length;
  const char *description = "weight of each target's loss";
  g_autoptr (AssayBuffer) narrow = NULL;

  if (column->weight == NULL)
    return TRUE;
  for (gint64 k = 0; k < count; k++)
    if (column->weight[k] != 0 && column->weight[k] != 1)
      return put_rows (save, "weights", name, column->name, description, ASSAY_STORE_F32, axis, column->length, NULL, 0, column->weight, error);
  narrow = assay_mem_new (guint8, (guint64) count, error);
  for (gint64 k = 0; narrow != NULL && k < count; k++)
    ((guint8 *) narrow)[k] = (guint8) column->weight[k];
  return narrow != NULL && put_rows (save, "weights", name, column->name, description, ASSAY_STORE_U8, axis, column->length, NULL, 0, narrow, error);
}

static gboolean
put_values (Save *save, const AssayColumn *column, const char *name, GError **error)
{
  g_autofree char *first = NULL, *second = NULL;

  switch (column->type)
    {
    case ASSAY_COLUMN_NUMBER:
      return put_rows (save, "columns", name, column->name, "numbers; NaN where missing", ASSAY_STORE_F64, NULL, 0, NULL, 0, column->number, error);
    case ASSAY_COLUMN_TEXT:
      return put_rows (save, "columns", name, column->name, "index into /levels", ASSAY_STORE_I32, NULL, 0, NULL, 0, column->code, error);
    case ASSAY_COLUMN_LABEL:
      return put_rows (save, "columns", name, column->name, "class from 0", ASSAY_STORE_I32, NULL, 0, NULL, 0, column->code, error);
    case ASSAY_COLUMN_IMAGE:
      first = g_strdup_printf ("%s.height", name);
      second = g_strdup_printf ("%s.width", name);
      return put_rows (save, "columns", name, column->name, "grey values", ASSAY_STORE_U8, first, column->height, second, column->width,
                       column->pixel, error);
    case ASSAY_COLUMN_TOKENS:
      first = g_strdup_printf ("%s.position", name);
      return put_rows (save, "columns", name, column->name, "input tokens, index into /levels", ASSAY_STORE_I32, first, column->length, NULL, 0,
                       column->token, error)
             && put_targets (save, column, name, first, error) && put_weights (save, column, name, first, error);
    }
  g_assert_not_reached ();
}

static gboolean
put_column (Save *save, const AssayColumn *column, const char *name, GError **error)
{
  return put_values (save, column, name, error) && put_levels (save, column, name, error)
         && (column->missing == NULL
             || put_rows (save, "missing", name, column->name, "is the cell missing?", ASSAY_STORE_BOOL, NULL, 0, NULL, 0, column->missing, error));
}

static gboolean
put_origin (Save *save, GError **error)
{
  const AssayTable *table = save->table;
  g_autoptr (AssayBuffer) row = assay_mem_new (gint64, save->n, error), file = NULL, split = NULL;
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();

  if (row == NULL || (file = assay_mem_new (gint32, save->n, error)) == NULL || (split = assay_mem_new (gint32, save->n, error)) == NULL)
    return FALSE;
  for (gint64 i = 0; i < save->n; i++)
    {
      ((gint64 *) row)[i] = assay_table_get_source_row (table, i);
      ((gint32 *) file)[i] = assay_table_get_file_index (table, i);
      ((gint32 *) split)[i] = assay_table_get_split (table, i);
      if (assay_table_get_id_column (table) != NULL)
        g_ptr_array_add (ids, (gpointer) assay_table_get_id (table, i));
    }
  return put_rows (save, "origin", "source_row", "source row", "line, record or byte of the source file, from 1", ASSAY_STORE_I64, NULL, 0, NULL, 0, row, error)
         && put_rows (save, "origin", "file", "source file", "index into the files of the meta data", ASSAY_STORE_I32, NULL, 0, NULL, 0, file, error)
         && put_rows (save, "origin", "split", "split", "index into the splits of the meta data", ASSAY_STORE_I32, NULL, 0, NULL, 0, split, error)
         && (ids->len == 0 || put_strings (save, "/origin/id", "row", "key", "value of the key column, as written", ids, error));
}

static gboolean
put_tokenizer (Save *save, GError **error)
{
  const json_t *document = assay_table_get_tokenizer (save->table);
  g_autofree char *text = document ? json_dumps (document, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
  AssayArraySpec spec = {
    .path = TOKENIZER, .type = ASSAY_STORE_U8, .rank = 1, .dims = { text ? (gint64) strlen (text) : 0 }, .axes = { "tokenizer.byte" },
    .long_name = "tokenizer", .description = "bytes of the JSON document of the tokenizer that the tokens came from",
  };

  return document == NULL || assay_shard_writer_put (save->writer, &spec, ASSAY_STORE_U8, text, error);
}

static json_t *
describe_column (const AssayColumn *column, const char *name)
{
  return json_pack ("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "name", column->name, "type", assay_column_type_name (column->type),
                    "array", name, "missing", (json_int_t) column->n_missing, "classes", (json_int_t) column->n_classes,
                    "height", (json_int_t) column->height, "width", (json_int_t) column->width, "length", (json_int_t) column->length);
}

static json_t *
describe_table (const AssayTable *table)
{
  json_t *columns = json_array (), *splits = json_array (), *files = json_array (), *notes = json_array ();
  const json_t *options = assay_table_get_options (table);
  const char *id = assay_table_get_id_column (table);

  for (guint k = 0; k < assay_table_get_n_columns (table); k++)
    {
      g_autofree char *name = array_name (assay_table_get_column (table, k), k);

      json_array_append_new (columns, describe_column (assay_table_get_column (table, k), name));
    }
  for (guint k = 0; k < assay_table_get_n_splits (table); k++)
    json_array_append_new (splits, json_string (assay_table_get_split_name (table, k)));
  for (guint k = 0; k < assay_table_get_n_files (table); k++)
    json_array_append_new (files, json_pack ("{s:s, s:s?}", "name", assay_table_get_file_name (table, k), "sha256",
                                             assay_table_get_file_sha256 (table, k)));
  for (guint k = 0; k < assay_table_get_notes (table)->len; k++)
    json_array_append_new (notes, json_string (assay_table_get_notes (table)->pdata[k]));
  return json_pack ("{s:i, s:I, s:s, s:s?, s:s, s:o, s:o, s:o, s:o, s:o}", "table_format", TABLE_FORMAT,
                    "rows", (json_int_t) assay_table_get_n_rows (table), "unit", assay_origin_unit_name (assay_table_get_origin_unit (table)),
                    "id", id, "missing", assay_missing_policy_name (assay_table_get_missing_policy (table)), "columns", columns,
                    "splits", splits, "files", files, "notes", notes, "options", options ? json_deep_copy (options) : json_null ());
}

AssayObject *
assay_table_save (const AssayTable *table, AssayCase *cas, const char *name, GError **error)
{
  json_t *meta = describe_table (table);
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, ASSAY_DATA_KIND, name, meta, error);
  Save save = { table, writer, assay_table_get_n_rows (table) };

  json_decref (meta);
  if (writer == NULL)
    return NULL;
  for (guint k = 0; k < assay_table_get_n_columns (table); k++)
    {
      const AssayColumn *column = assay_table_get_column (table, k);
      g_autofree char *array = array_name (column, k);

      if (!put_column (&save, column, array, error))
        return NULL;
    }
  if (!put_origin (&save, error) || !put_tokenizer (&save, error))
    return NULL;
  assay_shard_writer_set_rows (writer, save.n);
  return assay_shard_writer_commit (writer, error);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

typedef struct {
  AssayReader *reader;
  const char *name;             /* of the object, for messages */
  gint64 n;
  AssayTable *table;
} Load;

static gboolean
no_table (const Load *load, const char *what, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "data \"%s\": %s; import the data again", load->name, what);
  return FALSE;
}

/* Reads an array into out, after checking that it has n x count elements. */
static gboolean
get_array (const Load *load, const char *group, const char *name, gint64 count, AssayStoreType type, gpointer out, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/%s/%s", group, name), *what = NULL;
  AssayArrayInfo info;
  gint64 elements = 1;

  if (!assay_reader_describe (load->reader, path, &info, error))
    return FALSE;
  for (guint k = 0; k < info.rank; k++)
    elements *= info.dims[k];                                     /* the shard's digest vouches for them; they fit a file */
  if (elements == load->n * count)
    return assay_reader_read (load->reader, path, type, out, error);
  what = g_strdup_printf ("%s has %" G_GINT64_FORMAT " elements, %" G_GINT64_FORMAT " expected", path, elements, load->n * count);
  return no_table (load, what, error);
}

static gboolean
has_array (const Load *load, const char *group, const char *name)
{
  g_autofree char *path = g_strdup_printf ("/%s/%s", group, name);

  return assay_reader_has (load->reader, path);
}

static GPtrArray *
get_strings (const Load *load, const char *path, GError **error)
{
  g_auto (GStrv) texts = assay_reader_read_text (load->reader, path, error);
  GPtrArray *array;

  if (texts == NULL)
    return NULL;
  array = g_ptr_array_new_with_free_func (g_free);
  for (char **text = texts; *text != NULL; text++)
    {
      g_ptr_array_add (array, *text);
      *text = NULL;
    }
  return array;
}

/* Every index lies below n_values. */
static gboolean
check_codes (const Load *load, const AssayColumn *column, const gint32 *codes, gint64 count, gint64 n_values, GError **error)
{
  g_autofree char *what = NULL;

  for (gint64 i = 0; i < count; i++)
    if (codes[i] < 0 || codes[i] >= n_values)
      {
        what = g_strdup_printf ("column \"%s\" has code %d, but %" G_GINT64_FORMAT " levels", column->name, codes[i], n_values);
        return no_table (load, what, error);
      }
  return TRUE;
}

/* Targets, or the last of each row alone: the others are the tokens that follow. */
static gboolean
get_targets (const Load *load, AssayColumn *column, const char *name, GError **error)
{
  const gint64 T = column->length;
  g_autofree char *path = g_strdup_printf ("/targets/%s", name);
  g_autoptr (AssayBuffer) last = NULL;
  AssayArrayInfo info;

  if (!assay_reader_describe (load->reader, path, &info, error))
    return FALSE;
  if (info.rank != 1)
    return get_array (load, "targets", name, T, ASSAY_STORE_I32, column->target, error);
  last = assay_mem_new (gint32, (guint64) load->n, error);
  if (last == NULL || !get_array (load, "targets", name, 1, ASSAY_STORE_I32, last, error))
    return FALSE;
  for (gint64 row = 0; row < load->n; row++)
    {
      memcpy (column->target + row * T, column->token + row * T + 1, sizeof (gint32) * (gsize) (T - 1));
      column->target[(row + 1) * T - 1] = ((const gint32 *) last)[row];
    }
  return TRUE;
}

static gboolean
get_values (const Load *load, AssayColumn *column, const char *name, GError **error)
{
  gint64 n = load->n, vocabulary = column->levels ? column->levels->len : 0;

  switch (column->type)
    {
    case ASSAY_COLUMN_NUMBER:
      return get_array (load, "columns", name, 1, ASSAY_STORE_F64, column->number, error);
    case ASSAY_COLUMN_TEXT:
      return get_array (load, "columns", name, 1, ASSAY_STORE_I32, column->code, error)
             && check_codes (load, column, column->code, n, vocabulary, error);
    case ASSAY_COLUMN_LABEL:
      return get_array (load, "columns", name, 1, ASSAY_STORE_I32, column->code, error)
             && check_codes (load, column, column->code, n, column->n_classes, error);
    case ASSAY_COLUMN_IMAGE:
      return get_array (load, "columns", name, column->height * column->width, ASSAY_STORE_U8, column->pixel, error);
    case ASSAY_COLUMN_TOKENS:
      if (has_array (load, "weights", name))
        {
          column->weight = assay_mem_new (float, n * column->length, error);
          if (column->weight == NULL || !get_array (load, "weights", name, column->length, ASSAY_STORE_F32, column->weight, error))
            return FALSE;
        }
      return get_array (load, "columns", name, column->length, ASSAY_STORE_I32, column->token, error)
             && get_targets (load, column, name, error)
             && check_codes (load, column, column->token, n * column->length, vocabulary, error)
             && check_codes (load, column, column->target, n * column->length, vocabulary, error);
    }
  g_assert_not_reached ();
}

static gboolean
parse_type (const char *word, AssayColumnType *type)
{
  for (AssayColumnType t = ASSAY_COLUMN_NUMBER; t <= ASSAY_COLUMN_TOKENS; t++)
    if (strcmp (assay_column_type_name (t), word) == 0)
      {
        *type = t;
        return TRUE;
      }
  return FALSE;
}

static gboolean
load_column (const Load *load, const json_t *meta, GError **error)
{
  const char *name, *type_word, *array;
  json_int_t n_missing, classes, height, width, length;
  AssayColumnType type;
  g_autoptr (AssayColumn) column = NULL;
  g_autofree char *levels_path = NULL;

  if (json_unpack ((json_t *) meta, "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "name", &name, "type", &type_word, "array", &array, "missing",
                   &n_missing, "classes", &classes, "height", &height, "width", &width, "length", &length) != 0
      || !parse_type (type_word, &type))
    return no_table (load, "the description of a column is not complete", error);
  column = assay_column_new (name, type);
  column->n_classes = classes;
  column->height = height;
  column->width = width;
  column->length = length;
  if (!assay_column_allocate (column, load->n, error))
    return FALSE;
  levels_path = g_strdup_printf ("/levels/%s", array);
  if (assay_reader_has (load->reader, levels_path) && (column->levels = get_strings (load, levels_path, error)) == NULL)
    return FALSE;
  if (n_missing > 0)
    {
      column->n_missing = n_missing;
      column->missing = assay_mem_new (guint8, load->n, error);
      if (column->missing == NULL || !get_array (load, "missing", array, 1, ASSAY_STORE_BOOL, column->missing, error))
        return FALSE;
    }
  return get_values (load, column, array, error) && assay_table_take_column (load->table, g_steal_pointer (&column), error);
}

static gboolean
load_files_and_splits (const Load *load, const json_t *meta, GError **error)
{
  json_t *files = json_object_get (meta, "files"), *splits = json_object_get (meta, "splits"), *item;
  g_autoptr (AssayBuffer) row = assay_mem_new (gint64, load->n, error), file = NULL, split = NULL;
  GPtrArray *names;
  gsize k;

  if (row == NULL || (file = assay_mem_new (gint32, load->n, error)) == NULL || (split = assay_mem_new (gint32, load->n, error)) == NULL
      || !get_array (load, "origin", "source_row", 1, ASSAY_STORE_I64, row, error) || !get_array (load, "origin", "file", 1, ASSAY_STORE_I32, file, error)
      || !get_array (load, "origin", "split", 1, ASSAY_STORE_I32, split, error))
    return FALSE;
  json_array_foreach (files, k, item)
    {
      const char *name = json_string_value (json_object_get (item, "name"));

      assay_table_add_file (load->table, name ? name : "?", json_string_value (json_object_get (item, "sha256")));
    }
  for (gint64 i = 0; i < load->n; i++)
    {
      gint32 f = ((gint32 *) file)[i], s = ((gint32 *) split)[i];

      if (f < 0 || f >= (gint64) json_array_size (files) || s < 0 || s >= (gint64) json_array_size (splits))
        return no_table (load, "a row names a file or a split that is not there", error);
      assay_table_set_origin (load->table, i, f, ((gint64 *) row)[i]);
    }
  names = g_ptr_array_new_with_free_func (g_free);
  json_array_foreach (splits, k, item)
    g_ptr_array_add (names, g_strdup (json_is_string (item) ? json_string_value (item) : "?"));
  assay_table_take_splits (load->table, names, g_steal_pointer (&split));
  return TRUE;
}

static gboolean
load_record (const Load *load, const json_t *meta, GError **error)
{
  const char *id = json_string_value (json_object_get (meta, "id")), *policy = json_string_value (json_object_get (meta, "missing"));
  json_t *options = json_object_get (meta, "options"), *note;
  gsize k;

  for (AssayMissingPolicy p = ASSAY_MISSING_DROP; p <= ASSAY_MISSING_REFUSE; p++)
    if (g_strcmp0 (policy, assay_missing_policy_name (p)) == 0)
      assay_table_set_missing_policy (load->table, p);
  if (json_is_object (options))
    assay_table_take_options (load->table, json_deep_copy (options));
  json_array_foreach (json_object_get (meta, "notes"), k, note)
    if (json_is_string (note))
      assay_table_add_note (load->table, "%s", json_string_value (note));
  if (id != NULL)
    {
      GPtrArray *ids = get_strings (load, "/origin/id", error);

      if (ids == NULL)
        return FALSE;
      assay_table_take_ids (load->table, id, ids);
      if (ids->len != load->n)
        return no_table (load, "the keys are not as many as the rows", error);
    }
  return TRUE;
}

static gboolean
load_table (Load *load, GError **error)
{
  const json_t *meta = assay_reader_get_meta (load->reader), *column;
  json_int_t format = json_integer_value (json_object_get (meta, "table_format"));
  const char *unit = json_string_value (json_object_get (meta, "unit"));
  AssayOriginUnit origin = ASSAY_ORIGIN_RECORD;
  gsize k;

  load->n = json_integer_value (json_object_get (meta, "rows"));
  if (format > TABLE_FORMAT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_VERSION, "data \"%s\": table format %d expected, %" JSON_INTEGER_FORMAT " found; use a newer Assay",
                   load->name, TABLE_FORMAT, format);
      return FALSE;
    }
  if (format < 1 || load->n < 1 || unit == NULL)
    return no_table (load, "this object holds no table", error);
  for (guint u = 0; u < G_N_ELEMENTS (units); u++)
    if (strcmp (units[u].word, unit) == 0)
      origin = units[u].unit;
  load->table = assay_table_new (load->n, origin, error);
  if (load->table == NULL)
    return FALSE;
  json_array_foreach (json_object_get (meta, "columns"), k, column)
    if (!load_column (load, column, error))
      return FALSE;
  return load_files_and_splits (load, meta, error) && load_record (load, meta, error);
}

/* The newest object of any name. */
static AssayObject *
newest (AssayCase *cas, GError **error)
{
  g_autoptr (GPtrArray) objects = assay_case_list (cas, ASSAY_DATA_KIND, NULL);
  AssayObject *best = NULL;

  for (guint k = 0; k < objects->len; k++)
    {
      AssayObject *object = objects->pdata[k];

      if (best == NULL || object->sequence > best->sequence)
        best = object;
    }
  if (best != NULL)
    return assay_object_ref (best);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s holds no data yet; import some", assay_case_get_path (cas));
  return NULL;
}

AssayTable *
assay_table_load (AssayCase *cas, const char *name, GError **error)
{
  g_autoptr (AssayObject) object = name ? assay_case_lookup (cas, ASSAY_DATA_KIND, name, error) : newest (cas, error);
  g_autoptr (AssayReader) reader = object ? assay_reader_new (cas, object, error) : NULL;
  Load load = { .reader = reader };

  if (reader == NULL)
    return NULL;
  load.name = object->name;
  if (!load_table (&load, error))
    g_clear_pointer (&load.table, assay_table_unref);
  return load.table;
}

/* --- the tokenizer ------------------------------------------------------------------------------------------------ */

json_t *
assay_table_load_tokenizer_document (AssayCase *cas, AssayObject *data, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_new (cas, data, error);
  g_autoptr (AssayBuffer) bytes = NULL;
  AssayArrayInfo info;
  json_t *document;

  if (reader == NULL)
    return NULL;
  if (!assay_reader_has (reader, TOKENIZER))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "data %s: the tokenizer of a text expected, none was kept with it; import the text with --tokenizer PATH", data->name);
      return NULL;
    }
  if (!assay_reader_describe (reader, TOKENIZER, &info, error) || (bytes = assay_mem_new (char, info.dims[0], error)) == NULL
      || !assay_reader_read (reader, TOKENIZER, ASSAY_STORE_U8, bytes, error))
    return NULL;
  document = json_loadb (bytes, (gsize) info.dims[0], JSON_ALLOW_NUL, NULL);
  if (document == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "data %s: its tokenizer is no JSON document; import the data again", data->name);
  return document;
}

AssayTokenizer *
assay_table_load_tokenizer (AssayCase *cas, AssayObject *data, GError **error)
{
  json_auto_t *document = assay_table_load_tokenizer_document (cas, data, error);
  g_autofree char *source = g_strdup_printf ("the tokenizer of data %s", data->name);

  return document ? assay_tokenizer_new (document, source, error) : NULL;
}
