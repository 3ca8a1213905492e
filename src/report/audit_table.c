/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_table.c: columns that some row has, cells of counts and shares, and claims of what stands in them. */
#include "report/audit_table.h"

#include "base/json.h"
#include "report/audit_columns.h"
#include "report/columns.h"

#include <math.h>
#include <string.h>

/* --- result tables ----------------------------------------------------------------------------------------------------------------- */

static gboolean
any_has (const json_t *items, const char *path)
{
  gsize k;
  json_t *item;

  json_array_foreach (items, k, item)
    if (assay_audit_columns_find (item, path) != NULL)
      return TRUE;
  return FALSE;
}

static const char *
reason_of (const json_t *item, const AssayAuditColumn *column)
{
  const char *line = json_string_value (assay_audit_columns_find (item, "calibration.line_reason"));

  if (strncmp (column->name, "calibration_", 12) == 0 && line != NULL)
    return line;
  if (strcmp (column->name, "log_loss") == 0 && json_is_string (json_object_get (item, "log_loss_reason")))
    return assay_json_get_text (item, "log_loss_reason");
  if (strcmp (column->name, "impact_ratio") == 0)
    return json_is_true (json_object_get (item, "is_unknown")) ? "of no known group" : "nobody to compare";
  if (strstr (column->name, "_difference") != NULL)
    return json_is_true (json_object_get (item, "is_baseline")) ? "the baseline" : "nobody to compare";
  return "nobody to count";
}

static void
add_numbers (AssayResultTable *table, const AssayAuditColumn *column, const char *suffix, const char *member, const json_t *items)
{
  g_autofree char *name = g_strconcat (column->name, suffix, NULL), *title = g_strconcat (column->title, *suffix ? ", " : "", *suffix ? member : "", NULL);
  g_autofree char *path = member ? g_strdup_printf ("%s.%s", column->path, member) : g_strdup (column->path);
  const AssayResultColumn about = { name, title, NULL, *suffix ? NULL : column->description };
  guint added = assay_columns_add_numbers (table, &about, items, path);
  const double *value = assay_result_table_get_numbers (table, added);

  for (gsize k = 0; k < json_array_size (items); k++)
    if (isnan (value[k]))
      assay_result_table_set_reason (table, added, (gint64) k, reason_of (json_array_get (items, k), column));
}

static void
add_column (AssayResultTable *table, const AssayAuditColumn *column, const json_t *items)
{
  const AssayResultColumn about = { column->name, column->title, NULL, column->description };

  switch (column->type)
    {
    case ASSAY_AUDIT_COLUMN_COUNT:
      assay_columns_add_counts (table, &about, items, column->path);
      break;
    case ASSAY_AUDIT_COLUMN_NUMBER:
      add_numbers (table, column, "", NULL, items);
      break;
    case ASSAY_AUDIT_COLUMN_ESTIMATE:
      add_numbers (table, column, "", "value", items);
      add_numbers (table, column, "_lo", "lo", items);
      add_numbers (table, column, "_hi", "hi", items);
      break;
    }
}

static void
add_columns (AssayResultTable *table, const AssayAuditColumn *columns, const json_t *items)
{
  for (; columns->name != NULL; columns++)
    if (any_has (items, columns->path))
      add_column (table, columns, items);
}

AssayResultTable *
assay_audit_table_new (const AssayAuditTelling *telling, const char *name, const char *title, const json_t *items)
{
  AssayResultSource source = assay_report_answer_as_source (telling->answer, "exact counts");
  g_autofree char *path = g_strconcat (telling->id, "/", name, NULL);

  return assay_results_add_table (telling->report->document->results, path, title, (gint64) json_array_size (items), &source);
}

void
assay_audit_table_add_estimates (AssayResultTable *table, const AssayResultColumn *about, const json_t *items, const char *path, const char *reason)
{
  static const struct { const char *suffix, *member; } ends[] = { { "", "value" }, { "_lo", "lo" }, { "_hi", "hi" } };

  for (gsize e = 0; e < G_N_ELEMENTS (ends); e++)
    {
      g_autofree char *name = g_strconcat (about->name, ends[e].suffix, NULL), *at = g_strdup_printf ("%s.%s", path, ends[e].member);
      g_autofree char *title = e == 0 ? g_strdup (about->long_name) : g_strdup_printf ("%s, %s", about->long_name, ends[e].member);
      guint column = assay_columns_add_numbers (table, &(AssayResultColumn) { name, title, about->unit, e == 0 ? about->description : NULL }, items, at);
      const double *value = assay_result_table_get_numbers (table, column);

      for (gsize k = 0; k < json_array_size (items); k++)
        if (isnan (value[k]))
          assay_result_table_set_reason (table, column, (gint64) k, reason);
    }
}

AssayResultTable *
assay_audit_table_of_parts (const AssayAuditTelling *telling)
{
  const json_t *parts = json_object_get (telling->answer->document, "parts");
  AssayResultTable *table = assay_audit_table_new (telling, "parts", "what was measured on each part", parts);

  assay_columns_add_texts (table, &(AssayResultColumn) { "part", "part", NULL, NULL }, parts, "name");
  add_columns (table, assay_audit_columns_of_part (), parts);
  return table;
}

static char *
join_labels (const json_t *group)
{
  GString *text = g_string_new (NULL);
  gsize k;
  json_t *label;

  if (json_is_true (json_object_get (group, "is_unknown")))
    g_string_append (text, "unknown");
  else
    json_array_foreach (json_object_get (group, "labels"), k, label)
      g_string_append_printf (text, "%s%s", k > 0 ? ", " : "", json_string_value (label));
  return g_string_free (text, FALSE);
}

static const json_t *
get_grouping (const AssayAuditTelling *telling, gsize part, gsize grouping)
{
  return json_array_get (json_object_get (json_array_get (json_object_get (telling->answer->document, "parts"), part), "groupings"), grouping);
}

AssayResultTable *
assay_audit_table_of_groups (const AssayAuditTelling *telling, gsize part, gsize grouping)
{
  const json_t *groups = json_object_get (get_grouping (telling, part, grouping), "groups");
  g_autofree char *name = g_strdup_printf ("part-%" G_GSIZE_FORMAT "/groups-%" G_GSIZE_FORMAT, part + 1, grouping + 1);
  AssayResultTable *table = assay_audit_table_new (telling, name, "counts, rates and ratios of each group", groups);
  g_autoptr (GPtrArray) labels = g_ptr_array_new_with_free_func (g_free);
  gsize k;
  json_t *group;

  json_array_foreach (groups, k, group)
    g_ptr_array_add (labels, join_labels (group));
  g_ptr_array_add (labels, NULL);
  assay_result_table_add_texts (table, &(AssayResultColumn) { "group", "group", NULL, NULL }, (const char *const *) labels->pdata);
  add_columns (table, assay_audit_columns_of_group (), groups);
  return table;
}

/* --- cells ---------------------------------------------------------------------------------------------------------------------------- */

int
assay_audit_table_find (const AssayResultTable *table, const char *name)
{
  for (guint k = 0; k < assay_result_table_get_n_columns (table); k++)
    if (strcmp (assay_result_table_get_column (table, k)->name, name) == 0)
      return (int) k;
  return -1;
}

AssayNumber
assay_audit_table_cite (const AssayResultTable *table, const char *name, gint64 row, AssayNumberFormat format, guint digits)
{
  int column = assay_audit_table_find (table, name);

  return column < 0 ? ASSAY_NO_NUMBER : assay_number_new (table, (guint) column, row, format, digits);
}

static void
add_estimate (AssayProse *cell, const AssayResultTable *table, const char *name, gint64 row, AssayNumberFormat format, guint digits)
{
  g_autofree char *lo_name = g_strconcat (name, "_lo", NULL), *hi_name = g_strconcat (name, "_hi", NULL);
  const AssayNumber value = assay_audit_table_cite (table, name, row, format, digits), lo = assay_audit_table_cite (table, lo_name, row, format, digits);
  const AssayNumber hi = assay_audit_table_cite (table, hi_name, row, format, digits);

  if (value.table == NULL)
    {
      assay_prose_add (cell, "not measured");
      return;
    }
  assay_prose_add_number (cell, value);
  if (!assay_number_exists (&value))
    {
      const char *reason = assay_result_table_get_reason (table, value.column, row);

      if (reason != NULL)
        assay_prose_add_format (cell, " (%s)", reason);
      return;
    }
  if (!assay_number_exists (&lo) || !assay_number_exists (&hi))
    return;
  assay_prose_add (cell, " [");
  assay_prose_add_number (cell, lo);
  assay_prose_add (cell, ", ");
  assay_prose_add_number (cell, hi);
  assay_prose_add (cell, "]");
}

AssayProse *
assay_audit_cell_estimate (const AssayResultTable *table, const char *name, gint64 row, AssayNumberFormat format, guint digits)
{
  AssayProse *cell = assay_prose_new ();

  add_estimate (cell, table, name, row, format, digits);
  return cell;
}

AssayProse *
assay_audit_cell_share (const AssayResultTable *table, const char *name, const char *numerator, const char *denominator, gint64 row)
{
  g_autofree char *above = numerator ? g_strdup (numerator) : g_strconcat (name, "_numerator", NULL);
  g_autofree char *below = denominator ? g_strdup (denominator) : g_strconcat (name, "_denominator", NULL);
  const AssayNumber whole = assay_audit_table_cite (table, below, row, ASSAY_NUMBER_COUNT, 0);
  AssayProse *cell = assay_prose_new ();

  if (whole.table == NULL)
    {
      assay_prose_add (cell, "not measured");
      return cell;
    }
  assay_prose_add_number (cell, assay_audit_table_cite (table, above, row, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (cell, " of ");
  assay_prose_add_number (cell, whole);
  if (assay_number_get_value (&whole) > 0)
    {
      assay_prose_add (cell, ", ");
      add_estimate (cell, table, name, row, ASSAY_NUMBER_PERCENT, 1);
    }
  return cell;
}

void
assay_audit_add_counts (AssayProse *text, const AssayResultTable *table, const char *rate, gint64 row)
{
  g_autofree char *above = g_strconcat (rate, "_numerator", NULL), *below = g_strconcat (rate, "_denominator", NULL);

  assay_prose_add_number (text, assay_audit_table_cite (table, above, row, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (text, " of ");
  assay_prose_add_number (text, assay_audit_table_cite (table, below, row, ASSAY_NUMBER_COUNT, 0));
}

/* --- words and claims ------------------------------------------------------------------------------------------------------------------- */

char *
assay_audit_dup_level (const json_t *document)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strconcat (g_ascii_formatd (text, sizeof text, "%.4g", 100 * assay_json_get_number (document, "level")), " %", NULL);
}

static gboolean
is_of_model (const json_t *document)
{
  return strcmp (assay_json_get_text (document, "subject"), "model") == 0;
}

char *
assay_audit_dup_part (const json_t *document, gsize part)
{
  const json_t *object = json_array_get (json_object_get (document, "parts"), part);
  const char *name = assay_json_get_text (object, "name");

  return is_of_model (document) ? g_strdup_printf ("split %s (%s)", name, assay_json_get_text (object, "role")) : g_strdup (name);
}

const char *
assay_audit_subject (const json_t *document)
{
  return is_of_model (document) ? "the model" : "the outside score";
}

GPtrArray *
assay_audit_list (const AssayReport *report, gboolean of_models)
{
  GPtrArray *answers = assay_report_source_list (report->source, "audit");

  for (guint k = answers->len; k-- > 0;)
    if (is_of_model (((const AssayReportAnswer *) answers->pdata[k])->document) != of_models)
      g_ptr_array_remove_index (answers, k);
  return answers;
}

void
assay_audit_add_claim (const AssayAuditTelling *telling, AssayClaim *claim, const AssayResultTable *table, const char *name, gint64 row,
                       AssayNumberFormat format, guint digits, const char *interval, gint64 n)
{
  const json_t *document = telling->answer->document;
  g_autofree char *lo = g_strconcat (name, "_lo", NULL), *hi = g_strconcat (name, "_hi", NULL), *level = assay_audit_dup_level (document);

  claim->value = assay_audit_table_cite (table, name, row, format, digits);
  claim->lo = assay_audit_table_cite (table, lo, row, format, digits);
  claim->hi = assay_audit_table_cite (table, hi, row, format, digits);
  claim->interval = g_strdup_printf ("%s, %s", level, interval);
  if (!assay_number_exists (&claim->lo) || !assay_number_exists (&claim->hi))
    claim->reason = g_strdup ("no interval: an end of it is not finite");
  claim->n = n;
  claim->seeds = -1;
  claim->method = g_strconcat ("exact counts; ", interval, NULL);
  claim->command = g_strdup (telling->answer->command);
  claim->object = g_strconcat ("audit/", assay_json_get_text (document, "audit_object"), NULL);
  assay_section_add_claim (telling->section, claim);
}
