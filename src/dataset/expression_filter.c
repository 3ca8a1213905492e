/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expression_filter.c: a condition over many rows at once: the tree is walked once for a block of rows, not once for each row.
 *
 * Where a calculation in a block is not finite the block is walked row by row instead, because only then it is known whether that
 * calculation counts (it does not where `and`, `or` or `in` had decided before), and which row is to be named.
 */
#include "base/error.h"
#include "dataset/expression_syntax.h"

#include <math.h>
#include <string.h>

#define BLOCK 1024

/* One node with what it is worth for the rows of a block. */
typedef struct _Lane Lane;
struct _Lane {
  const AssayNode *node;
  Lane **children;
  guint n_children;
  const double *number;         /* NUMBER: of the column itself, or own_number */
  const guint8 *missing;        /* NULL: none is */
  double *own_number;
  guint8 *truth, *own_missing;
  guint8 *of_level;             /* a condition on one text column: 1 for each level where it holds */
};

static void
lane_free (Lane *lane)
{
  for (guint k = 0; k < lane->n_children; k++)
    lane_free (lane->children[k]);
  g_free (lane->children);
  g_free (lane->own_number);
  g_free (lane->truth);
  g_free (lane->own_missing);
  g_free (lane->of_level);
  g_free (lane);
}

static gboolean
is_text_column (const AssayNode *node)
{
  return node->kind == NODE_COLUMN && node->type == ASSAY_EXPRESSION_TEXT;
}

static gboolean
holds (AssayNodeKind kind, int order)
{
  switch (kind)
    {
    case NODE_EQUAL: case NODE_IN:
      return order == 0;
    case NODE_UNEQUAL:
      return order != 0;
    case NODE_LESS:
      return order < 0;
    case NODE_LESS_EQUAL:
      return order <= 0;
    case NODE_GREATER:
      return order > 0;
    default:
      return order >= 0;
    }
}

/* A comparison of one text column with literals is decided once for each level. */
static void
decide_levels (Lane *lane)
{
  const AssayNode *node = lane->node, *column = node->children->pdata[0];
  const GPtrArray *levels = column->column->levels;

  lane->of_level = g_new0 (guint8, levels->len + 1);
  for (guint level = 0; level < levels->len; level++)
    for (guint k = 1; k < node->children->len; k++)
      lane->of_level[level] |= holds (node->kind, strcmp (levels->pdata[level], ((const AssayNode *) node->children->pdata[k])->text));
}

static gboolean
is_level_condition (const AssayNode *node)
{
  if ((node->kind < NODE_EQUAL || node->kind > NODE_IN) || !is_text_column (node->children->pdata[0]))
    return FALSE;
  for (guint k = 1; k < node->children->len; k++)
    if (((const AssayNode *) node->children->pdata[k])->kind != NODE_TEXT)
      return FALSE;
  return TRUE;
}

static Lane *
lane_new (const AssayNode *node)
{
  Lane *lane = g_new0 (Lane, 1);

  lane->node = node;
  lane->own_missing = g_new0 (guint8, BLOCK);
  if (node->type == ASSAY_EXPRESSION_NUMBER)
    lane->own_number = g_new0 (double, BLOCK);
  else if (node->type == ASSAY_EXPRESSION_BOOLEAN)
    lane->truth = g_new0 (guint8, BLOCK);
  if (is_level_condition (node))
    decide_levels (lane);
  else if (node->children != NULL && node->kind != NODE_MISSING)
    {
      lane->n_children = node->children->len;
      lane->children = g_new0 (Lane *, lane->n_children);
      for (guint k = 0; k < lane->n_children; k++)
        lane->children[k] = lane_new (node->children->pdata[k]);
    }
  return lane;
}

/* --- blocks -------------------------------------------------------------------------------------------------------- */

static void
join_missing (Lane *lane, const Lane *a, const Lane *b, gint64 n)
{
  lane->missing = NULL;
  if (a->missing == NULL && b->missing == NULL)
    return;
  for (gint64 i = 0; i < n; i++)
    lane->own_missing[i] = (a->missing ? a->missing[i] : 0) | (b->missing ? b->missing[i] : 0);
  lane->missing = lane->own_missing;
}

static void
walk_column (Lane *lane, gint64 first, gint64 n)
{
  const AssayColumn *column = lane->node->column;

  lane->missing = NULL;
  if (column->type == ASSAY_COLUMN_NUMBER)
    {
      lane->number = column->number + first;
      lane->missing = column->missing ? column->missing + first : NULL;
      return;
    }
  for (gint64 i = 0; column->levels == NULL && i < n; i++)
    lane->own_number[i] = column->code[first + i];
  lane->number = lane->own_number;
}

#define COMPARE(op) for (gint64 i = 0; i < n; i++) lane->truth[i] = x[i] op y[i]; break

static void
compare_numbers (Lane *lane, const double *x, const double *y, gint64 n)
{
  switch (lane->node->kind)
    {
    case NODE_EQUAL:
      COMPARE (==);
    case NODE_UNEQUAL:
      COMPARE (!=);
    case NODE_LESS:
      COMPARE (<);
    case NODE_LESS_EQUAL:
      COMPARE (<=);
    case NODE_GREATER:
      COMPARE (>);
    default:
      COMPARE (>=);
    }
}

static const char *
text_at (const Lane *lane, gint64 row)
{
  const AssayNode *node = lane->node;

  return node->kind == NODE_TEXT ? node->text : node->column->levels->pdata[node->column->code[row]];
}

/* Rare: conditions with each other, or two text columns. */
static int
order_at (const Lane *a, const Lane *b, gint64 first, gint64 i)
{
  if (a->node->type == ASSAY_EXPRESSION_TEXT)
    return strcmp (text_at (a, first + i), text_at (b, first + i));
  if (a->node->type == ASSAY_EXPRESSION_NUMBER)
    return (a->number[i] > b->number[i]) - (a->number[i] < b->number[i]);
  return a->truth[i] - b->truth[i];
}

static void
walk_comparison (Lane *lane, gint64 first, gint64 n)
{
  const Lane *a = lane->children[0], *b = lane->children[1];

  if (a->node->type == ASSAY_EXPRESSION_NUMBER)
    compare_numbers (lane, a->number, b->number, n);
  else
    for (gint64 i = 0; i < n; i++)
      lane->truth[i] = holds (lane->node->kind, order_at (a, b, first, i));
  join_missing (lane, a, b, n);
}

static void
walk_in (Lane *lane, gint64 first, gint64 n)
{
  const Lane *wanted = lane->children[0];

  memset (lane->truth, 0, n);
  memset (lane->own_missing, 0, n);
  for (guint k = 1; k < lane->n_children; k++)
    {
      const Lane *member = lane->children[k];

      for (gint64 i = 0; i < n; i++)
        {
          gboolean missing = (wanted->missing ? wanted->missing[i] : 0) | (member->missing ? member->missing[i] : 0);

          lane->own_missing[i] |= missing;
          lane->truth[i] |= !missing && order_at (wanted, member, first, i) == 0;
        }
    }
  for (gint64 i = 0; i < n; i++)
    lane->own_missing[i] &= !lane->truth[i];
  lane->missing = lane->own_missing;
}

static void
walk_levels (Lane *lane, gint64 first, gint64 n)
{
  const gint32 *code = ((const AssayNode *) lane->node->children->pdata[0])->column->code + first;

  for (gint64 i = 0; i < n; i++)
    lane->truth[i] = lane->of_level[code[i]];
  lane->missing = NULL;
}

/* decisive: 0 for and, 1 for or. */
static void
walk_logic (Lane *lane, guint8 decisive, gint64 n)
{
  const Lane *a = lane->children[0], *b = lane->children[1];
  gboolean any = a->missing != NULL || b->missing != NULL;

  if (decisive)
    for (gint64 i = 0; i < n; i++)
      lane->truth[i] = a->truth[i] | b->truth[i];
  else
    for (gint64 i = 0; i < n; i++)
      lane->truth[i] = a->truth[i] & b->truth[i];
  for (gint64 i = 0; any && i < n; i++)
    {
      guint8 ma = a->missing ? a->missing[i] : 0, mb = b->missing ? b->missing[i] : 0;
      gboolean decided = (!ma && a->truth[i] == decisive) || (!mb && b->truth[i] == decisive);

      lane->own_missing[i] = (ma | mb) && !decided;
      lane->truth[i] = decided ? decisive : !decisive;
    }
  lane->missing = any ? lane->own_missing : NULL;
}

/* FALSE where a value that is there is not finite. */
static gboolean
walk_arithmetic (Lane *lane, gint64 n)
{
  const Lane *a = lane->children[0], *b = lane->children[1];
  double *out = lane->own_number;
  gboolean finite = TRUE;

  switch (lane->node->kind)
    {
    case NODE_ADD:
      for (gint64 i = 0; i < n; i++)
        out[i] = a->number[i] + b->number[i];
      break;
    case NODE_SUBTRACT:
      for (gint64 i = 0; i < n; i++)
        out[i] = a->number[i] - b->number[i];
      break;
    case NODE_MULTIPLY:
      for (gint64 i = 0; i < n; i++)
        out[i] = a->number[i] * b->number[i];
      break;
    default:
      for (gint64 i = 0; i < n; i++)
        out[i] = a->number[i] / b->number[i];
      break;
    }
  join_missing (lane, a, b, n);
  for (gint64 i = 0; i < n; i++)
    finite &= isfinite (out[i]) || (lane->missing != NULL && lane->missing[i]);
  lane->number = out;
  return finite;
}

static void
walk_literal (Lane *lane, gint64 n)
{
  lane->missing = NULL;
  lane->number = lane->own_number;
  for (gint64 i = 0; i < n; i++)
    if (lane->node->kind == NODE_NUMBER)
      lane->own_number[i] = lane->node->number;
    else if (lane->node->kind == NODE_TRUTH)
      lane->truth[i] = lane->node->truth;
}

static void
walk_missing (Lane *lane, gint64 first, gint64 n)
{
  const AssayColumn *column = ((const AssayNode *) lane->node->children->pdata[0])->column;

  lane->missing = NULL;
  for (gint64 i = 0; i < n; i++)
    lane->truth[i] = assay_column_is_missing (column, first + i);
}

static void
walk_opposite (Lane *lane, gint64 n)
{
  const Lane *child = lane->children[0];

  lane->missing = child->missing;
  lane->number = lane->own_number;
  if (lane->node->kind == NODE_NOT)
    for (gint64 i = 0; i < n; i++)
      lane->truth[i] = !child->truth[i];
  else
    for (gint64 i = 0; i < n; i++)
      lane->own_number[i] = -child->number[i];
}

/* FALSE: this block has to be walked row by row. */
static gboolean
walk (Lane *lane, gint64 first, gint64 n)
{
  for (guint k = 0; k < lane->n_children; k++)
    if (!walk (lane->children[k], first, n))
      return FALSE;
  switch (lane->node->kind)
    {
    case NODE_NUMBER: case NODE_TEXT: case NODE_TRUTH:
      walk_literal (lane, n);
      break;
    case NODE_COLUMN:
      walk_column (lane, first, n);
      break;
    case NODE_MISSING:
      walk_missing (lane, first, n);
      break;
    case NODE_NOT: case NODE_NEGATE:
      walk_opposite (lane, n);
      break;
    case NODE_AND:
      walk_logic (lane, FALSE, n);
      break;
    case NODE_OR:
      walk_logic (lane, TRUE, n);
      break;
    case NODE_ADD: case NODE_SUBTRACT: case NODE_MULTIPLY: case NODE_DIVIDE:
      return walk_arithmetic (lane, n);
    case NODE_IN:
      (lane->of_level ? walk_levels : walk_in) (lane, first, n);
      break;
    case NODE_EQUAL: case NODE_UNEQUAL: case NODE_LESS: case NODE_LESS_EQUAL: case NODE_GREATER: case NODE_GREATER_EQUAL:
      (lane->of_level ? walk_levels : walk_comparison) (lane, first, n);
      break;
    }
  return TRUE;
}

static gboolean
mark_rows (const AssayExpression *expression, gint64 first, gint64 n, guint8 *state, GError **error)
{
  for (gint64 i = 0; i < n; i++)
    {
      AssayExpressionValue value;

      if (!assay_expression_eval (expression, first + i, &value, error))
        return FALSE;
      state[i] = value.missing ? ASSAY_EXPRESSION_UNKNOWN : value.boolean;
    }
  return TRUE;
}

gboolean
assay_expression_mark (const AssayExpression *expression, gint64 first, gint64 n, guint8 *state, GError **error)
{
  Lane *root;
  gboolean ok = TRUE;

  if (assay_expression_get_type (expression) != ASSAY_EXPRESSION_BOOLEAN)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "expression: a condition expected, such as age >= 18");
      return FALSE;
    }
  root = lane_new (assay_expression_get_root (expression));
  for (gint64 at = 0; ok && at < n; at += BLOCK)
    {
      gint64 rows = MIN (BLOCK, n - at);

      if (!walk (root, first + at, rows))
        ok = mark_rows (expression, first + at, rows, state + at, error);
      else
        for (gint64 i = 0; i < rows; i++)
          state[at + i] = root->missing != NULL && root->missing[i] ? ASSAY_EXPRESSION_UNKNOWN : root->truth[i];
    }
  lane_free (root);
  return ok;
}

GArray *
assay_expression_filter (const AssayExpression *expression, gint64 *n_unknown, GError **error)
{
  gint64 n = assay_table_get_n_rows (assay_expression_get_table (expression)), missing = 0;
  g_autofree guint8 *state = g_malloc (n > 0 ? n : 1);
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (!assay_expression_mark (expression, 0, n, state, error))
    return NULL;
  for (gint64 row = 0; row < n; row++)
    {
      missing += state[row] == ASSAY_EXPRESSION_UNKNOWN;
      if (state[row] == ASSAY_EXPRESSION_TRUE)
        g_array_append_val (rows, row);
    }
  if (n_unknown != NULL)
    *n_unknown = missing;
  return g_steal_pointer (&rows);
}
