/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results.c: tables of typed columns, and how one element of them is named and rounded. */
#include "report/results.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#define NOT_COMPUTED "not computed"

typedef struct {
  AssayResultColumn about;
  AssayResultType type;
  union { double *numbers; gint64 *counts; char **texts; } values;
  GHashTable *reasons;          /* row -> string; NULL: none */
} Column;

struct _AssayResultTable {
  char *path, *title;
  AssayResultSource source;
  gint64 n_rows;
  GPtrArray *columns;           /* Column */
};

struct _AssayResults {
  GPtrArray *tables;            /* AssayResultTable */
};

static void
column_free (gpointer data)
{
  Column *column = data;

  g_free ((char *) column->about.name);
  g_free ((char *) column->about.long_name);
  g_free ((char *) column->about.unit);
  g_free ((char *) column->about.description);
  if (column->type == ASSAY_RESULT_TEXTS)
    g_strfreev (column->values.texts);
  else
    g_free (column->values.numbers);
  g_clear_pointer (&column->reasons, g_hash_table_unref);
  g_free (column);
}

static void
table_free (gpointer data)
{
  AssayResultTable *table = data;

  g_free (table->path);
  g_free (table->title);
  g_free ((char *) table->source.object);
  g_free ((char *) table->source.content_root);
  g_free ((char *) table->source.command);
  g_free ((char *) table->source.method);
  g_ptr_array_unref (table->columns);
  g_free (table);
}

AssayResults *
assay_results_new (void)
{
  AssayResults *results = g_new0 (AssayResults, 1);

  results->tables = g_ptr_array_new_with_free_func (table_free);
  return results;
}

void
assay_results_free (AssayResults *results)
{
  if (results == NULL)
    return;
  g_ptr_array_unref (results->tables);
  g_free (results);
}

/* A path that is the beginning of another would be a group and hold columns at once. */
static gboolean
path_is_free (const AssayResults *results, const char *path)
{
  for (guint k = 0; k < results->tables->len; k++)
    {
      const char *other = ((const AssayResultTable *) results->tables->pdata[k])->path;
      gsize n = MIN (strlen (path), strlen (other));

      if (strncmp (path, other, n) == 0 && (path[n] == '\0' || path[n] == '/') && (other[n] == '\0' || other[n] == '/'))
        return FALSE;
    }
  return TRUE;
}

AssayResultTable *
assay_results_add_table (AssayResults *results, const char *path, const char *title, gint64 n_rows, const AssayResultSource *source)
{
  AssayResultTable *table;

  g_assert (path[0] != '\0' && strspn (path, "abcdefghijklmnopqrstuvwxyz0123456789_-/") == strlen (path) && path_is_free (results, path));
  table = g_new0 (AssayResultTable, 1);
  table->path = g_strdup (path);
  table->title = g_strdup (title);
  table->n_rows = n_rows;
  table->columns = g_ptr_array_new_with_free_func (column_free);
  if (source != NULL)
    table->source = (AssayResultSource) { g_strdup (source->object), g_strdup (source->content_root), g_strdup (source->command),
                                          g_strdup (source->method) };
  g_ptr_array_add (results->tables, table);
  return table;
}

AssayResultTable *
assay_results_find_table (AssayResults *results, const char *path)
{
  for (guint k = 0; k < results->tables->len; k++)
    if (strcmp (((const AssayResultTable *) results->tables->pdata[k])->path, path) == 0)
      return results->tables->pdata[k];
  return NULL;
}

guint
assay_results_get_n_tables (const AssayResults *results)
{
  return results->tables->len;
}

const AssayResultTable *
assay_results_get_table (const AssayResults *results, guint k)
{
  return results->tables->pdata[k];
}

static guint
add_column (AssayResultTable *table, const AssayResultColumn *about, AssayResultType type, Column **added)
{
  Column *column = g_new0 (Column, 1);

  column->about = (AssayResultColumn) { g_strdup (about->name), g_strdup (about->long_name ? about->long_name : about->name),
                                        g_strdup (about->unit), g_strdup (about->description) };
  column->type = type;
  g_ptr_array_add (table->columns, column);
  *added = column;
  return table->columns->len - 1;
}

guint
assay_result_table_add_numbers (AssayResultTable *table, const AssayResultColumn *about, const double *values)
{
  Column *column;
  guint k = add_column (table, about, ASSAY_RESULT_NUMBERS, &column);

  column->values.numbers = g_memdup2 (values, (gsize) table->n_rows * sizeof *values);
  return k;
}

guint
assay_result_table_add_counts (AssayResultTable *table, const AssayResultColumn *about, const gint64 *values)
{
  Column *column;
  guint k = add_column (table, about, ASSAY_RESULT_COUNTS, &column);

  column->values.counts = g_memdup2 (values, (gsize) table->n_rows * sizeof *values);
  return k;
}

guint
assay_result_table_add_texts (AssayResultTable *table, const AssayResultColumn *about, const char *const *values)
{
  Column *column;
  guint k = add_column (table, about, ASSAY_RESULT_TEXTS, &column);

  column->values.texts = g_new0 (char *, (gsize) table->n_rows + 1);
  for (gint64 row = 0; row < table->n_rows; row++)
    column->values.texts[row] = g_strdup (values[row] ? values[row] : "");
  return k;
}

static Column *
get_column (const AssayResultTable *table, guint k)
{
  g_assert (k < table->columns->len);
  return table->columns->pdata[k];
}

void
assay_result_table_set_reason (AssayResultTable *table, guint k, gint64 row, const char *reason)
{
  Column *column = get_column (table, k);

  if (column->reasons == NULL)
    column->reasons = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  g_hash_table_replace (column->reasons, g_memdup2 (&row, sizeof row), g_strdup (reason));
}

const char *
assay_result_table_get_path (const AssayResultTable *table)
{
  return table->path;
}

const char *
assay_result_table_get_title (const AssayResultTable *table)
{
  return table->title;
}

const AssayResultSource *
assay_result_table_get_source (const AssayResultTable *table)
{
  return &table->source;
}

gint64
assay_result_table_get_n_rows (const AssayResultTable *table)
{
  return table->n_rows;
}

guint
assay_result_table_get_n_columns (const AssayResultTable *table)
{
  return table->columns->len;
}

const AssayResultColumn *
assay_result_table_get_column (const AssayResultTable *table, guint k)
{
  return &get_column (table, k)->about;
}

AssayResultType
assay_result_table_get_type (const AssayResultTable *table, guint k)
{
  return get_column (table, k)->type;
}

const double *
assay_result_table_get_numbers (const AssayResultTable *table, guint k)
{
  const Column *column = get_column (table, k);

  return column->type == ASSAY_RESULT_NUMBERS ? column->values.numbers : NULL;
}

const gint64 *
assay_result_table_get_counts (const AssayResultTable *table, guint k)
{
  const Column *column = get_column (table, k);

  return column->type == ASSAY_RESULT_COUNTS ? column->values.counts : NULL;
}

const char *const *
assay_result_table_get_texts (const AssayResultTable *table, guint k)
{
  const Column *column = get_column (table, k);

  return column->type == ASSAY_RESULT_TEXTS ? (const char *const *) column->values.texts : NULL;
}

const char *
assay_result_table_get_reason (const AssayResultTable *table, guint k, gint64 row)
{
  const Column *column = get_column (table, k);

  return column->reasons ? g_hash_table_lookup (column->reasons, &row) : NULL;
}

/* --- one element ----------------------------------------------------------------------------------------------------- */

AssayNumber
assay_number_new (const AssayResultTable *table, guint k, gint64 row, AssayNumberFormat format, guint digits)
{
  const Column *column = get_column (table, k);

  g_assert (column->type != ASSAY_RESULT_TEXTS && row >= 0 && row < table->n_rows);
  if (column->type == ASSAY_RESULT_COUNTS)
    format = ASSAY_NUMBER_COUNT;
  else if (format == ASSAY_NUMBER_SIGNIFICANT)
    digits = MAX (digits, 1);
  return (AssayNumber) { table, k, row, format, MIN (digits, 17) };
}

double
assay_number_get_value (const AssayNumber *number)
{
  const Column *column;

  if (number->table == NULL)
    return NAN;
  column = get_column (number->table, number->column);
  return column->type == ASSAY_RESULT_COUNTS ? (double) column->values.counts[number->row] : column->values.numbers[number->row];
}

gboolean
assay_number_exists (const AssayNumber *number)
{
  return isfinite (assay_number_get_value (number));
}

char *
assay_number_dup_id (const AssayNumber *number)
{
  return g_strdup_printf ("%s/%s[%" G_GINT64_FORMAT "]", number->table->path, get_column (number->table, number->column)->about.name,
                          number->row);
}

/* The C library prints the exact binary value and rounds half to even; the locale must not choose the point. */
static char *
print (const char *format, guint digits, long double value)
{
  static locale_t plain;
  static gsize once;
  locale_t before;
  char *text;

  if (g_once_init_enter (&once))
    {
      plain = newlocale (LC_ALL_MASK, "C", (locale_t) 0);
      g_once_init_leave (&once, 1);
    }
  before = uselocale (plain);
  text = g_strdup_printf (format, (int) digits, value);
  uselocale (before);
  return text;
}

/* 7,214 of "7214", "-7214" or "7214.50". */
static char *
group_thousands (const char *plain)
{
  GString *grouped = g_string_new (NULL);
  gsize sign = plain[0] == '-', n = strspn (plain + sign, "0123456789");

  g_string_append_len (grouped, plain, (gssize) sign);
  for (gsize i = 0; i < n; i++)
    {
      if (i > 0 && (n - i) % 3 == 0)
        g_string_append_c (grouped, ',');
      g_string_append_c (grouped, plain[sign + i]);
    }
  g_string_append (grouped, plain + sign + n);
  return g_string_free (grouped, FALSE);
}

/* As many digits as asked for, without an exponent where a person would write none. */
static char *
print_significant (double value, guint digits)
{
  g_autofree char *scientific = NULL;
  const char *e;
  int exponent;

  if (value == 0)
    return g_strdup ("0");
  scientific = print ("%.*Le", digits - 1, (long double) value);
  e = strchr (scientific, 'e');
  exponent = (int) g_ascii_strtoll (e + 1, NULL, 10);
  if (exponent >= -5 && exponent < (int) digits)
    return print ("%.*Lf", (guint) ((int) digits - 1 - exponent), (long double) value);
  return g_strdup_printf ("%.*se%d", (int) (e - scientific), scientific, exponent);
}

/* "-0.00" says a sign that the digits do not have. */
static char *
drop_sign_of_zero (char *text)
{
  if (text[0] == '-' && strspn (text + 1, "0.") == strlen (text + 1))
    memmove (text, text + 1, strlen (text));
  return text;
}

char *
assay_number_display_count (gint64 value)
{
  g_autofree char *plain = g_strdup_printf ("%" G_GINT64_FORMAT, value);

  return group_thousands (plain);
}

char *
assay_number_display_number (double value, AssayNumberFormat format, guint digits)
{
  g_autofree char *plain = NULL;

  if (!isfinite (value))
    return g_strdup (NOT_COMPUTED);
  switch (format)
    {
    case ASSAY_NUMBER_SIGNIFICANT:
      return print_significant (value, digits);
    case ASSAY_NUMBER_PERCENT:
      /* 100 times a double is exact in an extended one, so this rounds once. */
      plain = drop_sign_of_zero (print ("%.*Lf", digits, 100.0L * (long double) value));
      return g_strconcat (plain, " %", NULL);
    default:
      plain = drop_sign_of_zero (print ("%.*Lf", format == ASSAY_NUMBER_COUNT ? 0 : digits, (long double) value));
      return group_thousands (plain);
    }
}

char *
assay_number_dup_display (const AssayNumber *number)
{
  const Column *column = number->table != NULL ? get_column (number->table, number->column) : NULL;

  if (column != NULL && column->type == ASSAY_RESULT_COUNTS)
    return assay_number_display_count (column->values.counts[number->row]);
  return assay_number_display_number (assay_number_get_value (number), number->format, number->digits);
}

static const char *const format_words[] = { "count", "decimals", "significant", "percent" };

const char *
assay_number_format_word (AssayNumberFormat format)
{
  return format_words[format];
}

gboolean
assay_number_format_parse (const char *word, AssayNumberFormat *format)
{
  for (gsize k = 0; k < G_N_ELEMENTS (format_words); k++)
    if (strcmp (format_words[k], word) == 0)
      {
        *format = (AssayNumberFormat) k;
        return TRUE;
      }
  return FALSE;
}
