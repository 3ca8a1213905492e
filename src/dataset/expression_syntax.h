/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expression_syntax.h: the tree of an expression, between its parser and its evaluation. Inside the dataset floor only.
 *
 * Ownership: a node owns its children and its text. Thread rule: immutable once parsed.
 */
#pragma once

#include "dataset/expression.h"

typedef enum {
  NODE_NUMBER, NODE_TEXT, NODE_TRUTH,           /* literals */
  NODE_COLUMN,
  NODE_MISSING,                                 /* missing (column) */
  NODE_NOT, NODE_AND, NODE_OR,
  NODE_EQUAL, NODE_UNEQUAL, NODE_LESS, NODE_LESS_EQUAL, NODE_GREATER, NODE_GREATER_EQUAL,
  NODE_IN,                                      /* the first child among the others */
  NODE_NEGATE, NODE_ADD, NODE_SUBTRACT, NODE_MULTIPLY, NODE_DIVIDE
} AssayNodeKind;

typedef struct _AssayNode AssayNode;
struct _AssayNode {
  AssayNodeKind kind;
  AssayExpressionType type;
  guint position;               /* in characters from 1, for messages */
  double number;
  gboolean truth;
  char *text;
  const AssayColumn *column;
  GPtrArray *children;          /* AssayNode; NULL: none */
};

/* Parses and types the text. NULL with an error as of assay_expression_new. */
AssayNode *assay_node_parse (const char *text, const AssayTable *table, GError **error);
AssayNode *assay_node_ref   (AssayNode *node);
void       assay_node_free  (AssayNode *node);

/* Of a compiled expression; borrowed. */
const AssayNode *assay_expression_get_root  (const AssayExpression *expression);
AssayTable      *assay_expression_get_table (const AssayExpression *expression);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayNode, assay_node_free)
