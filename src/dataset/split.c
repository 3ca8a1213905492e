/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split.c: the rules that assign rows to splits. Every rule but `column` and `file` is an order of the rows and a list of parts. Rows in
 * which the rule's column is missing are a split of their own. */
#include "dataset/split.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "dataset/design.h"
#include "dataset/source.h"

#include <math.h>
#include <string.h>

/* More different values than this are no split. */
#define MAX_SPLITS 1000

#define RULES "NAME, random:PARTS, order:PARTS, time:COLUMN:PARTS, time:COLUMN<VALUE, column:COLUMN or file, " \
              "with PARTS such as train=0.8,test=0.2 or train=5000,test=rest"

typedef enum { PART_COUNT, PART_FRACTION, PART_REST } PartKind;

typedef struct {
  char *name;
  PartKind kind;
  double fraction;
  gint64 count;                 /* rows: given, or resolved */
} Part;

static void
clear_part (gpointer data)
{
  g_free (((Part *) data)->name);
}

static gboolean
check_name (const char *name, const char *where, GError **error)
{
  g_autofree char *visible = assay_source_visible (name);
  const char *why = NULL;

  if (*name == '\0')
    why = "is empty";
  else if (strchr (name, ':') != NULL)
    why = "has a colon";
  else if (strcmp (name, visible) != 0)
    why = "has control characters";
  else if (strcmp (name, "id") == 0)
    why = "stands for the key in id:VALUE";
  if (why == NULL)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: the name \"%s\"%s%s %s; choose another", visible, where ? " of " : "",
               where ? where : "", why);
  return FALSE;
}

static gboolean
bad_rule (const char *rule, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: \"%s\" is no rule; expected " RULES, rule);
  return FALSE;
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

static gboolean
parse_part (const char *text, Part *part, GError **error)
{
  const char *equals = strchr (text, '=');
  const char *value = equals ? equals + 1 : "";
  char *end = NULL;

  *part = (Part) { .name = g_strndup (text, equals ? (gsize) (equals - text) : strlen (text)) };
  g_strstrip (part->name);
  if (strcmp (value, "rest") == 0)
    part->kind = PART_REST;
  else if (*value != '\0' && strspn (value, "0123456789") == strlen (value) && strlen (value) < 18)
    {
      part->kind = PART_COUNT;
      part->count = g_ascii_strtoll (value, NULL, 10);
    }
  else
    {
      part->kind = PART_FRACTION;
      part->fraction = g_ascii_strtod (value, &end);
      if (end == value || *end != '\0' || !(part->fraction >= 0 && part->fraction <= 1))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: \"%s\": NAME=FRACTION (0 to 1), NAME=COUNT or NAME=rest expected", text);
          g_clear_pointer (&part->name, g_free);
          return FALSE;
        }
    }
  if (check_name (part->name, NULL, error))
    return TRUE;
  g_clear_pointer (&part->name, g_free);
  return FALSE;
}

/* Turns fractions into rows: the boundaries are rounded, so that fractions of sum 1 share out every row. */
static gboolean
resolve_parts (GArray *parts, gint64 n, GError **error)
{
  double sum = 0;
  gint64 before = 0, given = 0;
  Part *rest = NULL;

  for (guint k = 0; k < parts->len; k++)
    {
      Part *part = &g_array_index (parts, Part, k);

      if (part->kind == PART_REST && rest != NULL)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: \"%s\" and \"%s\" are both the rest; one part can be", rest->name, part->name);
          return FALSE;
        }
      if (part->kind == PART_REST)
        rest = part;
      if (part->kind == PART_FRACTION)
        {
          gint64 boundary;

          sum += part->fraction;
          boundary = (gint64) floor (MIN (sum, 2) * (double) n + 0.5);
          part->count = boundary - before;
          before = boundary;
        }
      given = MIN (given + MIN (part->count, n + 1), n + 1);      /* no sum leaves 63 bits */
    }
  if (rest != NULL && given <= n)
    {
      rest->count = n - given;
      given = n;
    }
  if (given == n)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: the parts add up to %s the %" G_GINT64_FORMAT " rows; %s",
               given > n ? "more than" : "fewer than", n, given > n ? "make one smaller" : "give one part as NAME=rest");
  return FALSE;
}

static GArray *
parse_parts (const char *text, gint64 n, GError **error)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, TRUE, sizeof (Part));
  g_auto (GStrv) pieces = g_strsplit (text, ",", -1);

  g_array_set_clear_func (parts, clear_part);
  for (char **piece = pieces; *piece != NULL; piece++)
    {
      Part part;

      if (!parse_part (*piece, &part, error))
        return NULL;
      g_array_append_val (parts, part);
      for (guint k = 0; k + 1 < parts->len; k++)
        if (strcmp (g_array_index (parts, Part, k).name, part.name) == 0)
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: \"%s\" is there twice", part.name);
            return NULL;
          }
    }
  return resolve_parts (parts, n, error) ? g_steal_pointer (&parts) : NULL;
}

/* Splits and their names, taken by the table. Rows of code -1 (n_missing of them) are those without a value of the column. */
static void
take_splits (AssayTable *table, GPtrArray *names, gint32 *split, const AssayColumn *column, gint64 n_missing)
{
  if (n_missing > 0)
    {
      for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
        if (split[row] < 0)
          split[row] = names->len;
      g_ptr_array_add (names, g_strdup (ASSAY_LEVEL_MISSING));
      assay_table_add_note (table, "column \"%s\" is missing in %" G_GINT64_FORMAT " rows: they are the split " ASSAY_LEVEL_MISSING, column->name,
                            n_missing);
    }
  assay_table_take_splits (table, names, split);
}

/* The first n rows of the order given go to the parts one after another; column: the others lack a value of it. */
static gboolean
share_out (AssayTable *table, const gint64 *order, gint64 n, const AssayColumn *column, const char *text, GError **error)
{
  gint64 N = assay_table_get_n_rows (table), done = 0;
  g_autoptr (GArray) parts = parse_parts (text, n, error);
  g_autoptr (AssayBuffer) split = NULL;
  GPtrArray *names;

  if (parts == NULL)
    return FALSE;
  split = assay_mem_new (gint32, N, error);
  if (split == NULL)
    return FALSE;
  names = g_ptr_array_new_with_free_func (g_free);
  for (gint64 i = n; i < N; i++)
    ((gint32 *) split)[order[i]] = -1;
  for (guint k = 0; k < parts->len; k++)
    {
      Part *part = &g_array_index (parts, Part, k);

      g_ptr_array_add (names, g_steal_pointer (&part->name));
      for (gint64 i = 0; i < part->count; i++)
        ((gint32 *) split)[order[done++]] = k;
    }
  take_splits (table, names, g_steal_pointer (&split), column, N - n);
  return TRUE;
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

static gint64 *
row_order (gint64 n, GError **error)
{
  gint64 *order = assay_mem_new (gint64, n, error);

  for (gint64 row = 0; order != NULL && row < n; row++)
    order[row] = row;
  return order;
}

static gboolean
split_in_order (AssayTable *table, const char *parts, const guint64 *seed, GError **error)
{
  gint64 n = assay_table_get_n_rows (table);
  g_autoptr (AssayBuffer) order = row_order (n, error);

  if (order == NULL)
    return FALSE;
  if (seed != NULL)
    {
      AssayRng rng = assay_rng_new (*seed, assay_rng_stream ("split", 0));

      assay_rng_shuffle (&rng, order, n);
    }
  return share_out (table, order, n, NULL, parts, error);
}

static gboolean
is_iso_date (const char *text)
{
  static const char form[] = "dddd-dd-dd";

  for (guint k = 0; form[k]; k++)
    if (form[k] == 'd' ? !g_ascii_isdigit (text[k]) : text[k] != form[k])
      return FALSE;
  return text[10] == '\0' || text[10] == 'T' || text[10] == ' ';
}

/* Number and ISO-date columns can be ordered. */
static const AssayColumn *
find_time_column (const AssayTable *table, const char *name, GError **error)
{
  const AssayColumn *column = assay_table_find_column (table, name, error);

  if (column == NULL)
    return NULL;
  if (column->type != ASSAY_COLUMN_NUMBER && column->type != ASSAY_COLUMN_TEXT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: column \"%s\" holds %s; a number or date column expected", name,
                   assay_column_type_name (column->type));
      return NULL;
    }
  for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
    {
      g_autofree char *where = NULL;

      if (column->type != ASSAY_COLUMN_TEXT || assay_column_is_missing (column, row) || is_iso_date (column->levels->pdata[column->code[row]]))
        continue;
      where = assay_table_describe_row (table, row);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: column \"%s\" is no date of the form YYYY-MM-DD; a split by time needs numbers or "
                   "dates", where, column->name);
      return NULL;
    }
  return column;
}

static int
compare_rows (gconstpointer a, gconstpointer b, gpointer data)
{
  const AssayColumn *column = data;
  gint64 i = *(const gint64 *) a, j = *(const gint64 *) b;
  int order = assay_column_is_missing (column, i) - assay_column_is_missing (column, j);

  if (order != 0 || assay_column_is_missing (column, i))
    return order != 0 ? order : (i > j) - (i < j);
  if (column->type == ASSAY_COLUMN_NUMBER)
    order = (column->number[i] > column->number[j]) - (column->number[i] < column->number[j]);
  else
    order = strcmp (column->levels->pdata[column->code[i]], column->levels->pdata[column->code[j]]);
  return order != 0 ? order : (i > j) - (i < j);
}

static gboolean
split_by_order (AssayTable *table, const char *name, const char *parts, GError **error)
{
  const AssayColumn *column = find_time_column (table, name, error);
  gint64 n = assay_table_get_n_rows (table);
  g_autoptr (AssayBuffer) order = NULL;

  if (column == NULL)
    return FALSE;
  order = row_order (n, error);
  if (order == NULL)
    return FALSE;
  g_qsort_with_data (order, n, sizeof (gint64), compare_rows, (gpointer) column);
  return share_out (table, order, n - column->n_missing, column, parts, error);
}

static gboolean
split_by_threshold (AssayTable *table, const char *name, const char *value, GError **error)
{
  const AssayColumn *column = find_time_column (table, name, error);
  gint64 n = assay_table_get_n_rows (table);
  GPtrArray *names;
  gint32 *split;
  double threshold;
  char *end = NULL;

  if (column == NULL)
    return FALSE;
  threshold = g_ascii_strtod (value, &end);
  if (column->type == ASSAY_COLUMN_NUMBER ? end == value || *end != '\0' || isnan (threshold) : !is_iso_date (value))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: column \"%s\" needs a %s to be compared with, \"%s\" found", name,
                   column->type == ASSAY_COLUMN_NUMBER ? "number" : "date of the form YYYY-MM-DD", value);
      return FALSE;
    }
  split = assay_mem_new (gint32, n, error);
  if (split == NULL)
    return FALSE;
  for (gint64 row = 0; row < n; row++)
    split[row] = assay_column_is_missing (column, row) ? -1
                 : column->type == ASSAY_COLUMN_NUMBER ? column->number[row] >= threshold
                 : strcmp (column->levels->pdata[column->code[row]], value) >= 0;
  names = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (names, g_strdup ("train"));
  g_ptr_array_add (names, g_strdup ("test"));
  take_splits (table, names, split, column, column->n_missing);
  return TRUE;
}

static gboolean
split_by_time (AssayTable *table, const char *text, const char *rule, GError **error)
{
  const char *mark = strchr (text, '<'), *colon = strrchr (text, ':');
  g_autofree char *name = NULL;

  if (mark == NULL && colon == NULL)
    return bad_rule (rule, error);
  name = g_strndup (text, (mark ? mark : colon) - text);
  g_strstrip (name);
  if (mark == NULL)
    return split_by_order (table, name, colon + 1, error);
  for (mark++; *mark == ' '; mark++)
    ;
  return split_by_threshold (table, name, mark, error);
}

/* The split's name of a row that has a value. A new string. */
typedef char *(*NameFunc) (const AssayTable *table, const AssayColumn *column, gint64 row);

static char *
name_by_column (G_GNUC_UNUSED const AssayTable *table, const AssayColumn *column, gint64 row)
{
  if (column->type == ASSAY_COLUMN_NUMBER)
    return g_strdup_printf ("%.15g", column->number[row]);
  return column->levels ? g_strdup (column->levels->pdata[column->code[row]]) : g_strdup_printf ("%d", column->code[row]);
}

static char *
name_by_file (const AssayTable *table, G_GNUC_UNUSED const AssayColumn *column, gint64 row)
{
  g_auto (GStrv) parts = g_strsplit (assay_table_get_file (table, row), ".", 2);

  return g_strdup (parts[0]);
}

static gboolean
split_by_name (AssayTable *table, const AssayColumn *column, NameFunc name_of, GError **error)
{
  gint64 n = assay_table_get_n_rows (table);
  g_autoptr (AssayLevels) levels = assay_levels_new ();
  g_autoptr (AssayBuffer) split = assay_mem_new (gint32, n, error);

  if (split == NULL)
    return FALSE;
  for (gint64 row = 0; row < n; row++)
    {
      g_autofree char *name = NULL, *where = NULL;
      gint32 code;

      if (column != NULL && assay_column_is_missing (column, row))
        {
          ((gint32 *) split)[row] = -1;
          continue;
        }
      name = name_of (table, column, row);
      code = assay_levels_code (levels, name, strlen (name));
      if (code >= MAX_SPLITS)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: more than %d different values; choose another column", MAX_SPLITS);
          return FALSE;
        }
      where = assay_table_describe_row (table, row);
      if (!check_name (name, where, error))
        return FALSE;
      ((gint32 *) split)[row] = code;
    }
  take_splits (table, assay_levels_steal (levels), g_steal_pointer (&split), column, column ? column->n_missing : 0);
  return TRUE;
}

static gboolean
split_by_column (AssayTable *table, const char *name, GError **error)
{
  const AssayColumn *column = assay_table_find_column (table, name, error);

  if (column == NULL)
    return FALSE;
  if (column->type == ASSAY_COLUMN_IMAGE || column->type == ASSAY_COLUMN_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "split: column \"%s\" holds %s; a text, number or label column expected", name,
                   assay_column_type_name (column->type));
      return FALSE;
    }
  return split_by_name (table, column, name_by_column, error);
}

gboolean
assay_split_apply (AssayTable *table, const char *rule, guint64 seed, GError **error)
{
  const char *colon = strchr (rule, ':');
  g_autofree char *kind = NULL;
  GPtrArray *names;

  if (strcmp (rule, "file") == 0)
    return split_by_name (table, NULL, name_by_file, error);
  if (colon == NULL)
    {
      if (!check_name (rule, NULL, error))
        return FALSE;
      names = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (names, g_strdup (rule));
      assay_table_take_splits (table, names, NULL);
      return TRUE;
    }
  kind = g_strndup (rule, colon - rule);
  if (strcmp (kind, "random") == 0)
    return split_in_order (table, colon + 1, &seed, error);
  if (strcmp (kind, "order") == 0)
    return split_in_order (table, colon + 1, NULL, error);
  if (strcmp (kind, "time") == 0)
    return split_by_time (table, colon + 1, rule, error);
  if (strcmp (kind, "column") == 0)
    return split_by_column (table, colon + 1, error);
  return bad_rule (rule, error);
}
