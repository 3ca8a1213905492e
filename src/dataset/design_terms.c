/* SPDX-License-Identifier: GPL-3.0-or-later */
/* design_terms.c: the list of terms, reference levels, and dummy coding. */
#include "dataset/design_terms.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/source.h"

#include <math.h>
#include <string.h>

/* A text column with more levels than this is no term unless it is named. */
#define MAX_DEFAULT_LEVELS 50
/* How many levels an error lists. */
#define LISTED_LEVELS 20

static void
clear_term (gpointer data)
{
  AssayTerm *term = data;

  g_free (term->reference);
  assay_mem_free (term->values);
  assay_mem_free (term->term_of);
}

static void
add_note (GPtrArray *notes, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add_note (GPtrArray *notes, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (notes, g_strdup_vprintf (format, args));
  va_end (args);
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

/* Cuts "a, `odd, name`, b" at its commas. NULL with an error. */
static GPtrArray *
split_list (const char *text, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (const char *p = text;;)
    {
      const char *end;

      while (g_ascii_isspace (*p))
        p++;
      if (*p == '`')
        {
          end = strchr (p + 1, '`');
          if (end == NULL)
            {
              g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "terms: the ` before \"%s\" is never closed", p + 1);
              return NULL;
            }
          g_ptr_array_add (names, g_strndup (p + 1, end - p - 1));
          for (end++; g_ascii_isspace (*end); end++)
            ;
        }
      else
        {
          end = p + strcspn (p, ",");
          g_ptr_array_add (names, g_strchomp (g_strndup (p, end - p)));
        }
      if (*(const char *) names->pdata[names->len - 1] == '\0' || (*end != ',' && *end != '\0'))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "terms: a column name expected before \"%s\"", *end ? end : "the end");
          return NULL;
        }
      if (*end == '\0')
        return g_steal_pointer (&names);
      p = end + 1;
    }
}

static AssayTerm *
find_term (GArray *terms, const AssayColumn *column)
{
  for (guint k = 0; k < terms->len; k++)
    if (g_array_index (terms, AssayTerm, k).column == column)
      return &g_array_index (terms, AssayTerm, k);
  return NULL;
}

static gboolean
add_named_terms (GArray *terms, const AssayTable *table, const char *list, GError **error)
{
  g_autoptr (GPtrArray) names = split_list (list, error);

  for (guint k = 0; names != NULL && k < names->len; k++)
    {
      AssayTerm term = { .column = assay_table_find_column (table, names->pdata[k], error) };

      if (term.column == NULL)
        {
          g_prefix_error (error, "terms: ");
          return FALSE;
        }
      if (term.column->type == ASSAY_COLUMN_IMAGE || term.column->type == ASSAY_COLUMN_TOKENS)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "terms: column \"%s\" holds %s; a number, text or label column expected",
                       term.column->name, assay_column_type_name (term.column->type));
          return FALSE;
        }
      if (find_term (terms, term.column) != NULL)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "terms: column \"%s\" is there twice", term.column->name);
          return FALSE;
        }
      g_array_append_val (terms, term);
    }
  return names != NULL;
}

/* Every number and text column but the key, the target's, and texts of very many levels. */
static void
add_default_terms (GArray *terms, const AssayTable *table, gboolean (*is_target) (const AssayColumn *, gpointer), gpointer data,
                   GPtrArray *notes)
{
  const char *id = assay_table_get_id_column (table);

  for (guint k = 0; k < assay_table_get_n_columns (table); k++)
    {
      AssayTerm term = { .column = assay_table_get_column (table, k) };

      if ((term.column->type != ASSAY_COLUMN_NUMBER && term.column->type != ASSAY_COLUMN_TEXT)
          || (id != NULL && strcmp (term.column->name, id) == 0) || is_target (term.column, data))
        continue;
      if (term.column->type == ASSAY_COLUMN_TEXT && term.column->levels->len > MAX_DEFAULT_LEVELS)
        {
          add_note (notes, "column \"%s\" has %u levels and is no term unless --terms names it", term.column->name, term.column->levels->len);
          continue;
        }
      if (term.column->n_missing == assay_table_get_n_rows (table))
        continue;
      g_array_append_val (terms, term);
    }
}

static gboolean
apply_reference (GArray *terms, const AssayTable *table, const char *text, GError **error)
{
  const AssayColumn *column = NULL;
  const char *equals = NULL;
  g_autofree char *name = NULL;
  AssayTerm *term;

  /* A column's name may hold an equals sign itself: the first cut that names a column counts. */
  for (const char *p = strchr (text, '='); p != NULL && column == NULL; p = strchr (p + 1, '='))
    {
      g_free (name);
      name = g_strstrip (g_strndup (text, p - text));
      column = assay_table_peek_column (table, name);
      equals = p;
    }
  if (equals == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "reference: COLUMN=LEVEL expected, \"%s\" found", text);
      return FALSE;
    }
  if (column == NULL)
    {
      assay_table_find_column (table, name, error);
      g_prefix_error (error, "reference: ");
      return FALSE;
    }
  term = find_term (terms, column);
  if (term == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "reference: column \"%s\" is not among the terms", name);
      return FALSE;
    }
  if (term->reference != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "reference: column \"%s\" has two, \"%s\" and \"%s\"", name, term->reference, equals + 1);
      return FALSE;
    }
  term->reference = g_strstrip (g_strdup (equals + 1));
  return TRUE;
}

GArray *
assay_terms_parse (const AssayTable *table, const AssayDesignSpec *spec, gboolean (*is_target) (const AssayColumn *column, gpointer data),
                   gpointer data, GPtrArray *notes, GError **error)
{
  g_autoptr (GArray) terms = g_array_new (FALSE, TRUE, sizeof (AssayTerm));

  g_array_set_clear_func (terms, clear_term);
  if (spec->terms == NULL)
    add_default_terms (terms, table, is_target, data, notes);
  else if (!add_named_terms (terms, table, spec->terms, error))
    return NULL;
  if (terms->len == 0)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "terms: no usable column is left; name some with --terms");
      return NULL;
    }
  for (const char *const *r = spec->references; r != NULL && *r != NULL; r++)
    if (!apply_reference (terms, table, *r, error))
      return NULL;
  for (guint k = 0; k < terms->len; k++)
    {
      AssayTerm *term = &g_array_index (terms, AssayTerm, k);

      term->by_level = term->column->type != ASSAY_COLUMN_NUMBER || term->reference != NULL;
      if (spec->terms != NULL && is_target (term->column, data))
        add_note (notes, "term \"%s\" is a column of the target: the model can read the answer from it", term->column->name);
    }
  return g_steal_pointer (&terms);
}

/* --- levels ------------------------------------------------------------------------------------------------------- */

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* The different values of a number column, ascending. */
static gboolean
collect_values (AssayTerm *term, const gint64 *rows, gint64 n, GError **error)
{
  gint64 count = 0, kept = 0;

  term->values = assay_mem_new (double, n, error);
  if (term->values == NULL)
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    if (!assay_column_is_missing (term->column, rows[i]))
      term->values[count++] = term->column->number[rows[i]];
  qsort (term->values, count, sizeof (double), compare_numbers);
  for (gint64 i = 0; i < count; i++)
    if (kept == 0 || term->values[i] != term->values[kept - 1])
      term->values[kept++] = term->values[i];
  term->n_values = kept;
  return TRUE;
}

/* The last category is that of missing cells. */
static gint64
category_of (const AssayTerm *term, gint64 row)
{
  gint64 low = 0, high = term->n_values;

  if (assay_column_is_missing (term->column, row))
    return term->n_categories - 1;
  if (term->column->type != ASSAY_COLUMN_NUMBER)
    return term->column->code[row];
  while (high - low > 1)
    {
      gint64 middle = low + (high - low) / 2;

      if (term->values[middle] <= term->column->number[row])
        low = middle;
      else
        high = middle;
    }
  return low;
}

static char *
category_name (const AssayTerm *term, gint64 category)
{
  if (category == term->n_categories - 1)
    return g_strdup (ASSAY_LEVEL_MISSING);
  if (term->column->type == ASSAY_COLUMN_NUMBER)
    return g_strdup_printf ("%.15g", term->values[category]);
  return term->column->levels ? assay_source_visible (term->column->levels->pdata[category]) : g_strdup_printf ("%" G_GINT64_FORMAT, category);
}

typedef struct {
  gint64 category;
  char *name;
} Level;

static void
clear_level (gpointer data)
{
  g_free (((Level *) data)->name);
}

static int
compare_levels (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Level *) a)->name, ((const Level *) b)->name);
}

/* The levels that the rows have: texts in byte order, numbers ascending, missing last. */
static GArray *
levels_present (const AssayTerm *term, const gint64 *rows, gint64 n)
{
  g_autofree guint8 *present = g_new0 (guint8, term->n_categories);
  GArray *levels = g_array_new (FALSE, FALSE, sizeof (Level));

  g_array_set_clear_func (levels, clear_level);
  for (gint64 i = 0; i < n; i++)
    present[category_of (term, rows[i])] = 1;
  for (gint64 c = 0; c + 1 < term->n_categories; c++)
    if (present[c])
      {
        Level level = { c, category_name (term, c) };

        g_array_append_val (levels, level);
      }
  if (term->column->type == ASSAY_COLUMN_TEXT)
    g_array_sort (levels, compare_levels);
  if (present[term->n_categories - 1])
    {
      Level level = { term->n_categories - 1, g_strdup (ASSAY_LEVEL_MISSING) };

      g_array_append_val (levels, level);
    }
  return levels;
}

/* Index of the reference level, or -1 with an error that lists the levels. */
static gint64
find_reference (const AssayTerm *term, const GArray *levels, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);
  char *end = NULL;
  double number;

  if (term->reference == NULL)
    return 0;
  number = g_ascii_strtod (term->reference, &end);
  for (guint k = 0; k < levels->len; k++)
    {
      const Level *level = &g_array_index (levels, Level, k);

      if (strcmp (level->name, term->reference) == 0)
        return k;
      if (term->column->type == ASSAY_COLUMN_NUMBER && level->category < term->n_values && *end == '\0' && end != term->reference
          && term->values[level->category] == number)
        return k;
    }
  for (guint k = 0; k < levels->len && k < LISTED_LEVELS; k++)
    g_string_append_printf (list, "%s\"%s\"", k ? ", " : "", g_array_index (levels, Level, k).name);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "reference: column \"%s\" has no level \"%s\" in the rows kept; its levels are %s%s",
               term->column->name, term->reference, list->str, levels->len > LISTED_LEVELS ? ", and more" : "");
  return -1;
}

static gboolean
layout_levels (AssayTerm *term, const gint64 *rows, gint64 n, GPtrArray *names, GPtrArray *notes, GError **error)
{
  g_autoptr (GArray) levels = NULL;
  gint64 reference;

  if (term->column->type == ASSAY_COLUMN_NUMBER && !collect_values (term, rows, n, error))
    return FALSE;
  term->n_categories = 1 + (term->column->type == ASSAY_COLUMN_NUMBER ? term->n_values
                            : term->column->type == ASSAY_COLUMN_TEXT ? (gint64) term->column->levels->len : term->column->n_classes);
  levels = levels_present (term, rows, n);
  reference = find_reference (term, levels, error);
  if (reference < 0)
    return FALSE;
  term->term_of = assay_mem_new (gint64, term->n_categories, error);
  if (term->term_of == NULL)
    return FALSE;
  for (gint64 c = 0; c < term->n_categories; c++)
    term->term_of[c] = -1;
  for (guint k = 0; k < levels->len; k++)
    {
      const Level *level = &g_array_index (levels, Level, k);

      if (k == reference)
        continue;
      term->term_of[level->category] = term->first + term->n_terms++;
      g_ptr_array_add (names, g_strdup_printf ("%s = %s", term->column->name, level->name));
    }
  if (term->n_terms == 0)
    add_note (notes, "column \"%s\" has one level in the rows kept, \"%s\", and gives no term", term->column->name,
              g_array_index (levels, Level, 0).name);
  return TRUE;
}

static void
layout_number (AssayTerm *term, const gint64 *rows, gint64 n, GPtrArray *names, GPtrArray *notes)
{
  gboolean constant = TRUE;

  for (gint64 i = 0; i < n; i++)
    {
      gboolean missing = assay_column_is_missing (term->column, rows[i]);

      term->indicator |= missing;
      constant &= !missing && term->column->number[rows[i]] == term->column->number[rows[0]];
    }
  if (constant)
    add_note (notes, "term \"%s\" is %.15g in every row kept: it cannot be told from the intercept", term->column->name,
              term->column->number[rows[0]]);
  g_ptr_array_add (names, g_strdup (term->column->name));
  if (term->indicator)
    g_ptr_array_add (names, g_strdup_printf ("%s = %s", term->column->name, ASSAY_LEVEL_MISSING));
  term->n_terms = term->indicator ? 2 : 1;
}

gboolean
assay_terms_layout (GArray *terms, const gint64 *rows, gint64 n, GPtrArray *names, GPtrArray *notes, GError **error)
{
  for (guint k = 0; k < terms->len; k++)
    {
      AssayTerm *term = &g_array_index (terms, AssayTerm, k);

      term->first = names->len;
      if (!term->by_level)
        layout_number (term, rows, n, names, notes);
      else if (!layout_levels (term, rows, n, names, notes, error))
        return FALSE;
    }
  if (names->len > 0)
    return TRUE;
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "terms: every column has one level only in the rows kept; nothing is left to learn from");
  return FALSE;
}

void
assay_terms_fill (const GArray *terms, gint64 row, double *x)
{
  for (guint k = 0; k < terms->len; k++)
    {
      const AssayTerm *term = &g_array_index (terms, AssayTerm, k);

      if (term->by_level)
        {
          gint64 at = term->term_of[category_of (term, row)];

          if (at >= 0)
            x[at] = 1;
        }
      else if (!assay_column_is_missing (term->column, row))
        x[term->first] = term->column->number[row];
      else
        x[term->first + 1] = 1;
    }
}
