/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_score.c: columns of some data as the score of a model that is not here. */
#include "job/audit.h"

#include "base/error.h"
#include "dataset/dataset_store.h"
#include "dataset/derive.h"
#include "dataset/rows.h"
#include "job/spec.h"

#include <math.h>
#include <string.h>

json_t *
assay_audit_list_columns (const AssayExpression *expression, AssayTable *table)
{
  json_t *columns = json_array ();

  for (guint k = 0; k < assay_table_get_n_columns (table); k++)
    {
      const AssayColumn *column = assay_table_get_column (table, k);

      if (assay_expression_uses (expression, column))
        json_array_append_new (columns, json_string (column->name));
    }
  return columns;
}

AssayExpression *
assay_audit_parse (const char *what, const char *text, AssayTable *table, GError **error)
{
  const AssayColumn *column = assay_table_peek_column (table, text);
  g_autoptr (GString) quoted = g_string_new ("`");
  AssayExpression *expression;

  for (const char *p = text; column != NULL && *p != '\0'; p++)
    g_string_append_printf (quoted, *p == '`' ? "``" : "%c", *p);
  g_string_append_c (quoted, '`');
  expression = assay_expression_new (column ? quoted->str : text, table, error);
  if (expression == NULL)
    g_prefix_error (error, "%s: ", what);
  return expression;
}

/* What the writer of a text may have meant. */
static gboolean
refuse_text (const char *what, const char *text, const AssayExpression *expression, GError **error)
{
  const AssayColumn *column = assay_expression_get_column (expression);
  const char *level = column && column->levels && column->levels->len > 0 ? column->levels->pdata[0] : NULL;
  g_autofree char *advice = level && strlen (level) <= 40 && strchr (level, '\'') == NULL ? g_strdup_printf ("%s == '%s'", text, level) : NULL;

  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: text found; a condition such as %s says which values count as yes", what,
               advice ? advice : "column == 'value'");
  return FALSE;
}

static gboolean
prefix_fault (const char *what, GError **error)
{
  g_prefix_error (error, "%s: ", what);
  return FALSE;
}

/* Values at the rows, NaN where unknown, or where a cell that is read is missing. */
static gboolean
read_values (const char *what, const AssayExpression *expression, const AssayAuditPart *part, double *out, GError **error)
{
  for (gint64 i = 0; i < part->n; i++)
    {
      AssayExpressionValue value;

      if (!assay_expression_eval (expression, part->row[i], &value, error))
        return prefix_fault (what, error);
      if (value.missing || assay_expression_reads_missing (expression, part->row[i]))
        out[i] = NAN;
      else
        out[i] = value.type == ASSAY_EXPRESSION_BOOLEAN ? value.boolean : value.number;
    }
  return TRUE;
}

static gboolean
read_outcomes (AssayAudit *audit, AssayAuditPart *part, const char *text, GError **error)
{
  g_autoptr (AssayExpression) expression = assay_audit_parse ("outcome", text, audit->table, error);
  g_autofree double *value = g_new (double, part->n);

  if (expression == NULL)
    return FALSE;
  if (assay_expression_get_type (expression) == ASSAY_EXPRESSION_TEXT)
    return refuse_text ("outcome", text, expression, error);
  if (!read_values ("outcome", expression, part, value, error))
    return FALSE;
  for (gint64 i = 0; i < part->n; i++)
    {
      if (!isnan (value[i]) && value[i] != 0 && value[i] != 1)
        {
          g_autofree char *where = assay_table_describe_row (audit->table, part->row[i]);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "outcome: %s: 0 or 1 expected, %.15g found; a condition such as %s == %.15g says which "
                       "values count as yes", where, value[i], text, value[i]);
          return FALSE;
        }
      part->outcome[i] = isnan (value[i]) ? -1 : value[i] == 1;
    }
  audit->outcome = json_pack ("{s:s, s:o}", "expression", text, "columns", assay_audit_list_columns (expression, audit->table));
  audit->has_outcomes = TRUE;
  return TRUE;
}

static gboolean
check_probabilities (const AssayAudit *audit, const AssayAuditPart *part, GError **error)
{
  for (gint64 i = 0; i < part->n; i++)
    if (!isnan (part->score[i]) && !(part->score[i] >= 0 && part->score[i] <= 1))
      {
        g_autofree char *where = assay_table_describe_row (audit->table, part->row[i]);

        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "score: %s: a probability from 0 to 1 expected, %.15g found", where, part->score[i]);
        return FALSE;
      }
  return TRUE;
}

static const char *
kind_words (const AssayAudit *audit)
{
  static const char *const words[] = { "decision", "ranking", "probability" };

  return words[audit->kind];
}

/* A condition decides; a number of 0 and 1 alone does too, unless more was said of it. */
static gboolean
read_scores (AssayAudit *audit, AssayAuditPart *part, const AssayValues *options, GError **error)
{
  const char *text = assay_values_get_string (options, "score");
  gboolean is_probability = assay_values_get_bool (options, "probability"), only_two = TRUE;
  g_autoptr (AssayExpression) expression = assay_audit_parse ("score", text, audit->table, error);
  g_autofree double *value = g_new (double, part->n);
  AssayExpressionType type;

  if (expression == NULL)
    return FALSE;
  type = assay_expression_get_type (expression);
  if (type == ASSAY_EXPRESSION_TEXT)
    return refuse_text ("score", text, expression, error);
  if (type == ASSAY_EXPRESSION_BOOLEAN && (is_probability || !isnan (audit->threshold)))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: the score is a condition, which is a decision already", is_probability ? "probability" : "threshold");
      return FALSE;
    }
  if (!read_values ("score", expression, part, value, error))
    return FALSE;
  for (gint64 i = 0; i < part->n; i++)
    only_two = only_two && (isnan (value[i]) || value[i] == 0 || value[i] == 1);
  audit->kind = is_probability ? ASSAY_AUDIT_PROBABILITY
                : type == ASSAY_EXPRESSION_BOOLEAN || (only_two && isnan (audit->threshold)) ? ASSAY_AUDIT_DECISION : ASSAY_AUDIT_RANKING;
  audit->has_decisions = audit->kind == ASSAY_AUDIT_DECISION || !isnan (audit->threshold);
  for (gint64 i = 0; i < part->n; i++)
    if (audit->kind == ASSAY_AUDIT_DECISION)
      part->decision[i] = isnan (value[i]) ? -1 : value[i] == 1;
    else
      part->score[i] = value[i];
  audit->score = json_pack ("{s:s, s:o, s:s}", "expression", text, "columns", assay_audit_list_columns (expression, audit->table), "kind",
                            kind_words (audit));
  return audit->kind != ASSAY_AUDIT_PROBABILITY || check_probabilities (audit, part, error);
}

/* Of the options that make a data set of a table only the filter says something about a score. */
static gboolean
refuse_derivation (const AssayValues *derive, GError **error)
{
  for (const AssayParam *p = assay_derive_params; p->name != NULL; p++)
    if (strcmp (p->name, "filter") != 0 && assay_values_is_set (derive, p->name))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: is for models of the case; --score audits an outside score", p->name);
        return FALSE;
      }
  return TRUE;
}

gboolean
assay_audit_open_score (AssayAudit *audit, AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job), *derive = assay_job_get_table (job, assay_derive_params);
  const char *outcome = assay_values_get_string (values, "outcome");
  g_autoptr (GArray) rows = NULL;
  AssayAuditPart *part;

  if (!refuse_derivation (derive, error))
    return FALSE;
  audit->data = assay_subject_find_data (context->cas, assay_values_get_string (values, "data"), error);
  if (audit->data == NULL)
    return FALSE;
  assay_job_add_input_object (job, "data", audit->data);
  audit->table = assay_table_load (context->cas, audit->data->name, error);
  rows = audit->table ? assay_rows_select (audit->table, assay_values_get_string (derive, "filter"), audit->drops, error) : NULL;
  if (rows == NULL)
    return FALSE;
  part = assay_audit_part_new ("all rows", "rows of the data", rows->len);
  memcpy (part->row, rows->data, rows->len * sizeof (gint64));
  g_ptr_array_add (audit->parts, part);
  if (!read_scores (audit, part, values, error) || (outcome != NULL && !read_outcomes (audit, part, outcome, error)))
    return FALSE;
  assay_audit_decide (audit, values, part);
  return TRUE;
}
