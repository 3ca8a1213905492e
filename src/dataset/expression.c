/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expression.c: values of a parsed expression, row by row. */
#include "dataset/expression.h"

#include "base/error.h"
#include "dataset/expression_syntax.h"

#include <math.h>
#include <string.h>

struct _AssayExpression {
  AssayTable *table;
  AssayNode *root;
};

AssayExpression *
assay_expression_new (const char *text, AssayTable *table, GError **error)
{
  AssayNode *root = assay_node_parse (text, table, error);
  AssayExpression *expression;

  if (root == NULL)
    return NULL;
  expression = g_new0 (AssayExpression, 1);
  expression->table = assay_table_ref (table);
  expression->root = root;
  return expression;
}

void
assay_expression_free (AssayExpression *expression)
{
  if (expression == NULL)
    return;
  assay_node_free (expression->root);
  assay_table_unref (expression->table);
  g_free (expression);
}

const AssayNode *
assay_expression_get_root (const AssayExpression *expression)
{
  return expression->root;
}

AssayTable *
assay_expression_get_table (const AssayExpression *expression)
{
  return expression->table;
}

AssayExpressionType
assay_expression_get_type (const AssayExpression *expression)
{
  return expression->root->type;
}

const AssayColumn *
assay_expression_get_column (const AssayExpression *expression)
{
  return expression->root->kind == NODE_COLUMN ? expression->root->column : NULL;
}

static gboolean
node_uses (const AssayNode *node, const AssayColumn *column)
{
  if (node->column == column)
    return TRUE;
  for (guint k = 0; node->children != NULL && k < node->children->len; k++)
    if (node_uses (node->children->pdata[k], column))
      return TRUE;
  return FALSE;
}

gboolean
assay_expression_uses (const AssayExpression *expression, const AssayColumn *column)
{
  return node_uses (expression->root, column);
}

static gboolean
node_reads_missing (const AssayNode *node, gint64 row)
{
  if (node->kind == NODE_MISSING)
    return FALSE;
  if (node->kind == NODE_COLUMN)
    return assay_column_is_missing (node->column, row);
  for (guint k = 0; node->children != NULL && k < node->children->len; k++)
    if (node_reads_missing (node->children->pdata[k], row))
      return TRUE;
  return FALSE;
}

gboolean
assay_expression_reads_missing (const AssayExpression *expression, gint64 row)
{
  return node_reads_missing (expression->root, row);
}

/* --- evaluation --------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssayTable *table;
  gint64 row;
} Point;

static const AssayExpressionValue unknown = { .type = ASSAY_EXPRESSION_BOOLEAN, .missing = TRUE };

static AssayExpressionValue
truth (gboolean boolean)
{
  return (AssayExpressionValue) { .type = ASSAY_EXPRESSION_BOOLEAN, .boolean = boolean };
}

static gboolean eval (const AssayNode *node, Point at, AssayExpressionValue *value, GError **error);

static void
eval_column (const AssayColumn *column, gint64 row, AssayExpressionValue *value)
{
  if (column->type == ASSAY_COLUMN_NUMBER)
    {
      value->missing = assay_column_is_missing (column, row);
      value->number = column->number[row];
    }
  else if (column->levels != NULL)
    value->text = column->levels->pdata[column->code[row]];
  else
    value->number = column->code[row];
}

/* -1, 0 or 1 as a is less than, equal to or greater than b, of one type and both known. */
static int
order_of (const AssayExpressionValue *a, const AssayExpressionValue *b)
{
  switch (a->type)
    {
    case ASSAY_EXPRESSION_NUMBER:
      return (a->number > b->number) - (a->number < b->number);
    case ASSAY_EXPRESSION_TEXT:
      return strcmp (a->text, b->text);
    case ASSAY_EXPRESSION_BOOLEAN:
      return a->boolean - b->boolean;
    }
  g_assert_not_reached ();
}

static gboolean
eval_comparison (const AssayNode *node, Point at, AssayExpressionValue *value, GError **error)
{
  AssayExpressionValue a, b;
  int order;

  if (!eval (node->children->pdata[0], at, &a, error) || !eval (node->children->pdata[1], at, &b, error))
    return FALSE;
  *value = unknown;
  if (a.missing || b.missing)
    return TRUE;
  order = order_of (&a, &b);
  switch (node->kind)
    {
    case NODE_EQUAL:
      *value = truth (order == 0);
      break;
    case NODE_UNEQUAL:
      *value = truth (order != 0);
      break;
    case NODE_LESS:
      *value = truth (order < 0);
      break;
    case NODE_LESS_EQUAL:
      *value = truth (order <= 0);
      break;
    case NODE_GREATER:
      *value = truth (order > 0);
      break;
    default:
      *value = truth (order >= 0);
      break;
    }
  return TRUE;
}

/* Three-valued: `decisive` (false for and, true for or) from either side decides, else unknown from either side does. */
static gboolean
eval_logic (const AssayNode *node, gboolean decisive, Point at, AssayExpressionValue *value, GError **error)
{
  AssayExpressionValue a, b;

  if (!eval (node->children->pdata[0], at, &a, error))
    return FALSE;
  *value = a;
  if (!a.missing && a.boolean == decisive)
    return TRUE;
  if (!eval (node->children->pdata[1], at, &b, error))
    return FALSE;
  if (!b.missing && b.boolean == decisive)
    *value = b;
  else
    *value = a.missing ? a : b;
  return TRUE;
}

static gboolean
eval_in (const AssayNode *node, Point at, AssayExpressionValue *value, GError **error)
{
  AssayExpressionValue wanted, member;
  gboolean any_missing = FALSE;

  if (!eval (node->children->pdata[0], at, &wanted, error))
    return FALSE;
  for (guint k = 1; k < node->children->len; k++)
    {
      if (!eval (node->children->pdata[k], at, &member, error))
        return FALSE;
      any_missing |= member.missing;
      if (!wanted.missing && !member.missing && order_of (&wanted, &member) == 0)
        {
          *value = truth (TRUE);
          return TRUE;
        }
    }
  *value = wanted.missing || any_missing ? unknown : truth (FALSE);
  return TRUE;
}

static gboolean
eval_arithmetic (const AssayNode *node, Point at, AssayExpressionValue *value, GError **error)
{
  AssayExpressionValue a, b;

  if (!eval (node->children->pdata[0], at, &a, error) || !eval (node->children->pdata[1], at, &b, error))
    return FALSE;
  value->missing = a.missing || b.missing;
  if (value->missing)
    return TRUE;
  switch (node->kind)
    {
    case NODE_ADD:
      value->number = a.number + b.number;
      break;
    case NODE_SUBTRACT:
      value->number = a.number - b.number;
      break;
    case NODE_MULTIPLY:
      value->number = a.number * b.number;
      break;
    default:
      value->number = a.number / b.number;
      break;
    }
  if (isfinite (value->number))
    return TRUE;
  {
    g_autofree char *where = assay_table_describe_row (at.table, at.row);

    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: the calculation at position %u of the expression is not finite (%g and %g)", where,
                 node->position, a.number, b.number);
  }
  return FALSE;
}

static gboolean
eval (const AssayNode *node, Point at, AssayExpressionValue *value, GError **error)
{
  *value = (AssayExpressionValue) { .type = node->type };
  switch (node->kind)
    {
    case NODE_NUMBER:
      value->number = node->number;
      return TRUE;
    case NODE_TEXT:
      value->text = node->text;
      return TRUE;
    case NODE_TRUTH:
      value->boolean = node->truth;
      return TRUE;
    case NODE_COLUMN:
      eval_column (node->column, at.row, value);
      return TRUE;
    case NODE_MISSING:
      value->boolean = assay_column_is_missing (((const AssayNode *) node->children->pdata[0])->column, at.row);
      return TRUE;
    case NODE_NOT:
      if (!eval (node->children->pdata[0], at, value, error))
        return FALSE;
      value->boolean = !value->boolean;
      return TRUE;
    case NODE_NEGATE:
      if (!eval (node->children->pdata[0], at, value, error))
        return FALSE;
      value->number = -value->number;
      return TRUE;
    case NODE_AND:
      return eval_logic (node, FALSE, at, value, error);
    case NODE_OR:
      return eval_logic (node, TRUE, at, value, error);
    case NODE_IN:
      return eval_in (node, at, value, error);
    case NODE_ADD: case NODE_SUBTRACT: case NODE_MULTIPLY: case NODE_DIVIDE:
      return eval_arithmetic (node, at, value, error);
    case NODE_EQUAL: case NODE_UNEQUAL: case NODE_LESS: case NODE_LESS_EQUAL: case NODE_GREATER: case NODE_GREATER_EQUAL:
      return eval_comparison (node, at, value, error);
    }
  g_assert_not_reached ();
}

gboolean
assay_expression_eval (const AssayExpression *expression, gint64 row, AssayExpressionValue *value, GError **error)
{
  return eval (expression->root, (Point) { expression->table, row }, value, error);
}
