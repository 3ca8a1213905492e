/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_jsonl.c: one JSON object a line. Members become columns; those of an inner object are named outer.inner.
 *
 * Numbers make a number column, true and false one of 1 and 0, strings a text column, lists a text column of their JSON. A
 * member that is null, absent or a string that is a declared mark is missing. One member has one type in all lines. With a
 * tokenizer, members that are texts become token sequences (jsonl_documents.h).
 * Two passes: the first checks and finds the columns, the second fills them.
 */
#include "dataset/cell.h"
#include "dataset/format_reader.h"
#include "dataset/jsonl_documents.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

#define MAX_DEPTH 16
#define MAX_FIELDS 4096
/* Whole numbers beyond this are not exact in a double. */
#define EXACT_INTEGER ((json_int_t) 1 << 53)

typedef enum { KIND_NONE, KIND_NUMBER, KIND_BOOLEAN, KIND_STRING, KIND_LIST } Kind;

static const char *const kind_names[] = { "nothing", "a number", "true or false", "a string", "a list" };

typedef struct {
  char *name;
  Kind kind;
  gint64 line;                  /* where the kind was first seen */
  guint file;
  gint64 row;                   /* last row that had the member: it comes once a row */
  gint64 filled;                /* last row that had a value for it */
  AssayJsonlRole role;          /* of a text that becomes tokens */
  AssayColumn *column;
  AssayLevels *levels;
} Field;

typedef struct Job Job;
typedef gboolean (*MemberFunc) (Job *job, Field *field, const json_t *value, GError **error);

struct Job {
  const GPtrArray *sources;
  const AssayValues *options;
  const char *const *marks;
  const char *id;
  gboolean wants_tokens;
  GPtrArray *fields;            /* Field, in order of first appearance */
  GHashTable *by_name;
  MemberFunc func;
  AssayTable *table;
  GPtrArray *ids;
  gint64 n_rows;
  const AssaySource *source;    /* where we are */
  guint file;
  gint64 line, row;
};

static void
free_field (gpointer data)
{
  Field *field = data;

  g_free (field->name);
  assay_column_free (field->column);
  assay_levels_free (field->levels);
  g_free (field);
}

static gboolean
fault (const Job *job, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fault (const Job *job, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %" G_GINT64_FORMAT ": %s", job->source->name, job->line, text);
  return FALSE;
}

static AssayRecognition
recognise (const AssaySource *source)
{
  if (assay_source_has_extension (source, "jsonl") || assay_source_has_extension (source, "ndjson"))
    return ASSAY_RECOGNISE_NAME;
  return source->bytes[0] == '{' ? ASSAY_RECOGNISE_CONTENT : ASSAY_RECOGNISE_NO;
}

/* --- walking ------------------------------------------------------------------------------------------------------ */

static Field *
need_field (Job *job, const char *name, GError **error)
{
  Field *field = g_hash_table_lookup (job->by_name, name);

  if (field != NULL)
    return field;
  if (job->fields->len == MAX_FIELDS)
    {
      fault (job, error, "more than %d different members; expected the same members in every line", MAX_FIELDS);
      return NULL;
    }
  field = g_new0 (Field, 1);
  field->name = g_strdup (name);
  field->row = field->filled = -1;
  field->role = job->wants_tokens ? assay_jsonl_documents_find_role (job->options, name) : ASSAY_JSONL_ROLES;
  g_ptr_array_add (job->fields, field);
  g_hash_table_insert (job->by_name, field->name, field);
  return field;
}

static gboolean
walk_object (Job *job, const json_t *object, const char *prefix, guint depth, GError **error)
{
  const char *key;
  json_t *value;

  if (depth > MAX_DEPTH)
    return fault (job, error, "objects inside objects more than %d deep", MAX_DEPTH);
  json_object_foreach ((json_t *) object, key, value)
    {
      g_autofree char *own = assay_source_visible (key), *name = prefix ? g_strconcat (prefix, ".", own, NULL) : g_strdup (own);
      Field *field;

      if (json_is_object (value))
        {
          if (!walk_object (job, value, name, depth + 1, error))
            return FALSE;
          continue;
        }
      field = need_field (job, name, error);
      if (field == NULL)
        return FALSE;
      if (field->row == job->row)
        return fault (job, error, "member \"%s\" comes twice", name);
      field->row = job->row;
      if (!json_is_null (value) && !job->func (job, field, value, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
walk_line (Job *job, const char *text, gsize length, GError **error)
{
  json_error_t where;
  json_t *object = json_loadb (text, length, JSON_REJECT_DUPLICATES, &where);
  gboolean ok;

  if (object == NULL)
    return fault (job, error, "a JSON object expected: %s (byte %d of the line)", assay_json_show_fault (&where), where.position);
  ok = json_is_object (object) ? walk_object (job, object, NULL, 1, error) : fault (job, error, "a JSON object expected, another value found");
  json_decref (object);
  return ok;
}

static gboolean
is_blank (const char *text, const char *end)
{
  while (text < end && g_ascii_isspace (*text))
    text++;
  return text == end;
}

/* Calls func for every member of every line, and end_row (may be NULL) after each line. */
static gboolean
walk (Job *job, MemberFunc func, gboolean (*end_row) (Job *job, GError **error), GError **error)
{
  job->func = func;
  job->row = 0;
  for (guint k = 0; k < job->fields->len; k++)
    ((Field *) job->fields->pdata[k])->row = ((Field *) job->fields->pdata[k])->filled = -1;
  for (job->file = 0; job->file < job->sources->len; job->file++)
    {
      const char *p, *end;
      gint64 before = job->row;

      job->source = job->sources->pdata[job->file];
      job->line = 1;
      p = (const char *) job->source->bytes;
      end = p + job->source->size;
      for (; p < end && !is_blank (p, end); job->line++, job->row++)
        {
          const char *stop = memchr (p, '\n', end - p);

          stop = stop ? stop : end;
          if (is_blank (p, stop))
            return fault (job, error, "an empty line; a JSON object expected");
          if (!walk_line (job, p, stop - p, error) || (end_row != NULL && !end_row (job, error)))
            return FALSE;
          p = MIN (stop + 1, end);
        }
      if (job->row == before)
        return fault (job, error, "a JSON object expected, empty lines only found");
    }
  return TRUE;
}

/* --- first pass --------------------------------------------------------------------------------------------------- */

static Kind
kind_of (const json_t *value)
{
  switch (json_typeof (value))
    {
    case JSON_INTEGER:
    case JSON_REAL:
      return KIND_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
      return KIND_BOOLEAN;
    case JSON_STRING:
      return KIND_STRING;
    case JSON_ARRAY:
      return KIND_LIST;
    default:
      return KIND_NONE;
    }
}

/* In a text that becomes tokens every word means itself. */
static gboolean
is_mark (const Job *job, const Field *field, const json_t *value)
{
  return field->role == ASSAY_JSONL_ROLES && json_is_string (value) && assay_cell_is_mark (json_string_value (value), json_string_length (value), job->marks);
}

static gboolean
sight_member (Job *job, Field *field, const json_t *value, GError **error)
{
  Kind kind = kind_of (value);

  if (is_mark (job, field, value))
    return TRUE;                                                  /* a mark says nothing about the type */
  if (json_is_integer (value) && (json_integer_value (value) > EXACT_INTEGER || json_integer_value (value) < -EXACT_INTEGER))
    return fault (job, error, "member \"%s\": %" JSON_INTEGER_FORMAT " has more digits than a double keeps; write it as a string", field->name,
                  json_integer_value (value));
  if (field->role != ASSAY_JSONL_ROLES && kind != KIND_STRING)
    return fault (job, error, "member \"%s\": a string expected, %s found", field->name, kind_names[kind]);
  if (field->kind == KIND_NONE)
    {
      field->kind = kind;
      field->line = job->line;
      field->file = job->file;
    }
  if (field->kind == kind)
    return TRUE;
  return fault (job, error, "member \"%s\": %s expected as in %s line %" G_GINT64_FORMAT ", %s found", field->name, kind_names[field->kind],
                ((const AssaySource *) job->sources->pdata[field->file])->name, field->line, kind_names[kind]);
}

/* --- second pass -------------------------------------------------------------------------------------------------- */

static gboolean
prepare (Job *job, GError **error)
{
  guint64 bytes = 0;

  for (guint k = 0; k < job->sources->len; k++)
    bytes += ((const AssaySource *) job->sources->pdata[k])->size;
  job->n_rows = job->row;
  if ((guint64) job->n_rows * job->fields->len > 16 * bytes + (1 << 20))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %u different members in %" G_GINT64_FORMAT " lines, nearly all absent; expected the "
                   "same members in every line", ((const AssaySource *) job->sources->pdata[0])->name, job->fields->len, job->n_rows);
      return FALSE;
    }
  if (job->id != NULL && !g_hash_table_contains (job->by_name, job->id))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: --id names a member \"%s\" that is not there",
                   ((const AssaySource *) job->sources->pdata[0])->name, job->id);
      return FALSE;
    }
  job->table = assay_table_new (job->n_rows, ASSAY_ORIGIN_LINE, error);
  if (job->table == NULL)
    return FALSE;
  for (guint k = 0; k < job->sources->len; k++)
    {
      const AssaySource *source = job->sources->pdata[k];

      assay_table_add_file (job->table, source->name, source->sha256);
    }
  for (guint k = 0; k < job->fields->len; k++)
    {
      Field *field = job->fields->pdata[k];
      gboolean number = field->kind == KIND_NUMBER || field->kind == KIND_BOOLEAN;

      field->column = assay_column_new (field->name, number ? ASSAY_COLUMN_NUMBER : ASSAY_COLUMN_TEXT);
      field->levels = number ? NULL : assay_levels_new ();
      if (!assay_column_allocate (field->column, job->n_rows, error))
        return FALSE;
    }
  if (job->id != NULL)
    job->ids = g_ptr_array_new_full (job->n_rows, g_free);
  return TRUE;
}

static gboolean
set_text (const Job *job, Field *field, const char *text, gsize length, GError **error)
{
  field->column->code[job->row] = assay_levels_code (field->levels, text, length);
  return field->column->code[job->row] >= 0 || fault (job, error, "member \"%s\": more than %d different texts", field->name, G_MAXINT32);
}

static char *
key_text (const json_t *value)
{
  if (json_is_string (value))
    return g_strdup (json_string_value (value));
  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  return NULL;
}

static gboolean
fill_member (Job *job, Field *field, const json_t *value, GError **error)
{
  gboolean missing = is_mark (job, field, value);

  field->filled = job->row;
  if (job->id != NULL && !missing && strcmp (field->name, job->id) == 0)
    {
      char *key = key_text (value);

      if (key == NULL)
        return fault (job, error, "key member \"%s\": a string or a whole number expected", job->id);
      g_ptr_array_add (job->ids, key);
    }
  if (missing && !assay_column_set_missing (field->column, job->row, job->n_rows, error))
    return FALSE;
  if (field->column->type == ASSAY_COLUMN_NUMBER)
    {
      field->column->number[job->row] = missing ? NAN : field->kind == KIND_BOOLEAN ? json_is_true (value) : json_number_value (value);
      return TRUE;
    }
  if (json_is_string (value))
    return set_text (job, field, json_string_value (value), json_string_length (value), error);
  {
    char *list = json_dumps (value, JSON_COMPACT | JSON_ENCODE_ANY);
    gboolean ok = list != NULL && set_text (job, field, list, strlen (list), error);

    free (list);
    return ok;
  }
}

/* A member that is absent or null is missing here. */
static gboolean
end_row (Job *job, GError **error)
{
  assay_table_set_origin (job->table, job->row, job->file, job->line);
  if (job->id != NULL && job->ids->len != job->row + 1)
    return fault (job, error, "key member \"%s\" is missing; it needs a value in every line", job->id);
  for (guint k = 0; k < job->fields->len; k++)
    {
      Field *field = job->fields->pdata[k];

      if (field->filled == job->row)
        continue;
      if (!assay_column_set_missing (field->column, job->row, job->n_rows, error))
        return FALSE;
      if (field->column->type == ASSAY_COLUMN_NUMBER)
        field->column->number[job->row] = NAN;
      else if (!set_text (job, field, "", 0, error))
        return FALSE;
    }
  return TRUE;
}

/* texts: those that become tokens, which stay the fields'. */
static gboolean
take_columns (Job *job, AssayColumn **texts, GError **error)
{
  for (guint k = 0; k < job->fields->len; k++)
    {
      Field *field = job->fields->pdata[k];

      if (field->levels != NULL)
        field->column->levels = assay_levels_steal (field->levels);
      if (field->role != ASSAY_JSONL_ROLES)
        texts[field->role] = field->column;
      else if (!assay_table_take_column (job->table, g_steal_pointer (&field->column), error))
        return FALSE;
    }
  if (job->id != NULL)
    assay_table_take_ids (job->table, job->id, g_steal_pointer (&job->ids));
  return TRUE;
}

static AssayTable *
read_jsonl (const GPtrArray *sources, const AssayValues *options, GError **error)
{
  Job job = { .sources = sources, .options = options, .marks = assay_cell_get_marks (options), .id = assay_values_get_string (options, "id"),
              .wants_tokens = assay_jsonl_documents_are_wanted (options) };
  AssayColumn *texts[ASSAY_JSONL_ROLES] = { NULL };
  gboolean ok = TRUE;

  for (guint k = 0; k < sources->len && ok; k++)
    ok = assay_source_check_text (sources->pdata[k], error);
  job.fields = g_ptr_array_new_with_free_func (free_field);
  job.by_name = g_hash_table_new (g_str_hash, g_str_equal);
  ok = ok && walk (&job, sight_member, NULL, error) && prepare (&job, error) && walk (&job, fill_member, end_row, error)
       && take_columns (&job, texts, error);
  if (ok && job.wants_tokens)
    ok = (job.table = assay_jsonl_documents_make (job.table, texts, options, error)) != NULL;
  g_hash_table_unref (job.by_name);
  g_ptr_array_unref (job.fields);
  g_clear_pointer (&job.ids, g_ptr_array_unref);
  if (!ok)
    g_clear_pointer (&job.table, assay_table_unref);
  return job.table;
}

const AssayFormatReader assay_format_reader_jsonl = {
  .name = "jsonl",
  .help = "JSON lines: one object a line, its members as columns",
  .recognise = recognise,
  .read = read_jsonl,
};
