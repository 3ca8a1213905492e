/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expression_parse.c: from text to a typed tree, by recursive descent; one function for each level of precedence.
 *
 *   or < and < not < comparison, in, between, is < sum < product < sign < value
 */
#include "dataset/expression_syntax.h"

#include "base/error.h"
#include "dataset/cell.h"

#include <math.h>
#include <string.h>

#define MAX_DEPTH 100
/* Evaluation recurses at most once per character. */
#define MAX_LENGTH 16384

typedef struct {
  const char *text, *p;
  const AssayTable *table;
  guint depth;
} Parser;

static AssayNode *parse_or (Parser *s, GError **error);
static AssayNode *parse_sum (Parser *s, GError **error);

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static AssayNode *
new_node (AssayNodeKind kind, AssayExpressionType type, guint position)
{
  AssayNode *node = g_rc_box_new0 (AssayNode);

  node->kind = kind;
  node->type = type;
  node->position = position;
  return node;
}

AssayNode *
assay_node_ref (AssayNode *node)
{
  return g_rc_box_acquire (node);
}

static void
clear_node (gpointer data)
{
  AssayNode *node = data;

  g_free (node->text);
  g_clear_pointer (&node->children, g_ptr_array_unref);
}

void
assay_node_free (AssayNode *node)
{
  if (node != NULL)
    g_rc_box_release_full (node, clear_node);
}

/* Takes the child. */
static void
add_child (AssayNode *node, AssayNode *child)
{
  if (node->children == NULL)
    node->children = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_node_free);
  g_ptr_array_add (node->children, child);
}

/* Takes a and b (b may be NULL). */
static AssayNode *
join (AssayNodeKind kind, AssayExpressionType type, guint position, AssayNode *a, AssayNode *b)
{
  AssayNode *node = new_node (kind, type, position);

  add_child (node, a);
  if (b != NULL)
    add_child (node, b);
  return node;
}

/* --- characters --------------------------------------------------------------------------------------------------- */

static guint
position_of (const Parser *s, const char *p)
{
  return g_utf8_pointer_to_offset (s->text, p) + 1;
}

static gboolean
fault_at (guint position, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fault_at (guint position, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "expression, position %u: %s", position, what);
  return FALSE;
}

static void
skip_space (Parser *s)
{
  while (g_ascii_isspace (*s->p))
    s->p++;
}

static gboolean
is_word_character (char c)
{
  return g_ascii_isalnum (c) || c == '_' || (guchar) c >= 0x80;
}

/* What stands here, for a message. */
static char *
found_here (const Parser *s)
{
  const char *end = s->p;

  if (*s->p == '\0')
    return g_strdup ("the end");
  while (is_word_character (*end))
    end++;
  if (end == s->p)
    end = g_utf8_next_char (end);
  return g_strdup_printf ("\"%.*s\"", (int) MIN (end - s->p, 40), s->p);
}

static gboolean
expected (const Parser *s, const char *what, GError **error)
{
  g_autofree char *found = found_here (s);

  return fault_at (position_of (s, s->p), error, "%s expected, %s found", what, found);
}

static gboolean
take_symbol (Parser *s, const char *symbol)
{
  skip_space (s);
  if (strncmp (s->p, symbol, strlen (symbol)) != 0)
    return FALSE;
  s->p += strlen (symbol);
  return TRUE;
}

/* A keyword in any case, as a whole word. */
static gboolean
at_word (Parser *s, const char *word)
{
  gsize n = strlen (word);

  skip_space (s);
  return g_ascii_strncasecmp (s->p, word, n) == 0 && !is_word_character (s->p[n]);
}

static gboolean
take_word (Parser *s, const char *word)
{
  if (!at_word (s, word))
    return FALSE;
  s->p += strlen (word);
  return TRUE;
}

/* Text up to the closing quote, which is doubled to stand inside. NULL with an error when it is never closed. */
static char *
read_quoted (Parser *s, GError **error)
{
  const char *opened = s->p;
  char quote = *s->p++;
  GString *text = g_string_new (NULL);

  for (; *s->p != '\0'; s->p++)
    {
      if (*s->p == quote && s->p[1] != quote)
        {
          s->p++;
          return g_string_free (text, FALSE);
        }
      if (*s->p == quote)
        s->p++;
      g_string_append_c (text, *s->p);
    }
  g_string_free (text, TRUE);
  fault_at (position_of (s, opened), error, "the %c that begins here is never closed", quote);
  return NULL;
}

/* --- types -------------------------------------------------------------------------------------------------------- */

static const char *
type_words (AssayExpressionType type)
{
  static const char *const words[] = {
    [ASSAY_EXPRESSION_BOOLEAN] = "a condition", [ASSAY_EXPRESSION_NUMBER] = "a number", [ASSAY_EXPRESSION_TEXT] = "text",
  };

  return words[type];
}

static char *
describe_node (const AssayNode *node)
{
  if (node->kind == NODE_COLUMN)
    return g_strdup_printf ("column \"%s\" (%s)", node->column->name, type_words (node->type));
  if (node->kind == NODE_NUMBER)
    return g_strdup_printf ("the number %.15g", node->number);
  if (node->kind == NODE_TEXT)
    return g_strdup_printf ("the text '%s'", node->text);
  return g_strdup (type_words (node->type));
}

static gboolean
names_column (const Parser *s, const AssayNode *node)
{
  return node->kind == NODE_TEXT && assay_table_peek_column (s->table, node->text) != NULL;
}

/* What the writer of a column and a value of another type may have meant. */
static const char *
advise (const AssayNode *column, const AssayNode *value)
{
  if (value->kind == NODE_TEXT)
    return "; write a number without quotes";
  if (value->kind == NODE_NUMBER || (value->kind == NODE_TRUTH && column->type == ASSAY_EXPRESSION_TEXT))
    return "; put the value in quotes";
  return value->kind == NODE_TRUTH ? "; write 1 for true and 0 for false" : "";
}

static gboolean
check_comparable (const Parser *s, const AssayNode *a, const AssayNode *b, gboolean ordered, guint position, GError **error)
{
  g_autofree char *left = NULL, *right = NULL;
  const char *advice = "";

  /* Two texts in quotes never depend on the row: where one is a column's name, the column was meant. */
  gboolean constant = a->kind == NODE_TEXT && b->kind == NODE_TEXT && (names_column (s, a) || names_column (s, b));

  if (a->type == b->type && !constant && !(ordered && a->type == ASSAY_EXPRESSION_BOOLEAN))
    return TRUE;
  left = describe_node (a);
  right = describe_node (b);
  if (constant)
    return fault_at (position, error, "%s compared with %s is the same for every row; a column is written without quotes, or in `back quotes`",
                     left, right);
  if (a->type == b->type)
    return fault_at (position, error, "conditions have no order; numbers or texts expected");
  if (names_column (s, a) || names_column (s, b))
    advice = "; a column is written without quotes, or in `back quotes`";
  else if (a->kind == NODE_COLUMN || b->kind == NODE_COLUMN)
    advice = a->kind == NODE_COLUMN ? advise (a, b) : advise (b, a);
  return fault_at (position, error, "%s cannot be compared with %s%s", left, right, advice);
}

static gboolean
check_type (const AssayNode *node, AssayExpressionType type, const char *operator, GError **error)
{
  g_autofree char *found = NULL;

  if (node->type == type)
    return TRUE;
  found = describe_node (node);
  return fault_at (node->position, error, "%s needs %s, %s found%s", operator, type_words (type), found,
                   type == ASSAY_EXPRESSION_BOOLEAN && node->type == ASSAY_EXPRESSION_NUMBER ? "; compare it, as in x == 1" : "");
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static AssayNode *
column_node (const AssayColumn *column, guint position, GError **error)
{
  AssayExpressionType type = ASSAY_EXPRESSION_NUMBER;
  AssayNode *node;

  if (column->type == ASSAY_COLUMN_IMAGE || column->type == ASSAY_COLUMN_TOKENS)
    {
      fault_at (position, error, "column \"%s\" holds %s and cannot stand in an expression", column->name,
                assay_column_type_name (column->type));
      return NULL;
    }
  if (column->type == ASSAY_COLUMN_TEXT || (column->type == ASSAY_COLUMN_LABEL && column->levels != NULL))
    type = ASSAY_EXPRESSION_TEXT;
  node = new_node (NODE_COLUMN, type, position);
  node->column = column;
  return node;
}

/* The longest column name that stands here and ends with its word. */
static const AssayColumn *
longest_column (const Parser *s)
{
  const AssayColumn *best = NULL;
  gsize length = 0;

  for (guint k = 0; k < assay_table_get_n_columns (s->table); k++)
    {
      const AssayColumn *column = assay_table_get_column (s->table, k);
      gsize n = strlen (column->name);

      if (n > length && strncmp (s->p, column->name, n) == 0 && !is_word_character (s->p[n]))
        {
          best = column;
          length = n;
        }
    }
  return best;
}

/* A column by name or in back quotes. */
static AssayNode *
parse_column (Parser *s, GError **error)
{
  guint position;
  const AssayColumn *column;
  g_autofree char *name = NULL;
  const char *end;

  skip_space (s);
  position = position_of (s, s->p);
  if (*s->p == '`')
    {
      name = read_quoted (s, error);
      if (name == NULL)
        return NULL;
      column = assay_table_find_column (s->table, name, error);
    }
  else if ((column = longest_column (s)) != NULL)
    s->p += strlen (column->name);
  else
    {
      for (end = s->p; is_word_character (*end) || *end == '.'; end++)
        ;
      name = g_strndup (s->p, end - s->p);
      if (*name == '\0')
        {
          expected (s, "a column, a number or a quoted text", error);
          return NULL;
        }
      column = assay_table_find_column (s->table, name, error);
    }
  if (column != NULL)
    return column_node (column, position, error);
  g_prefix_error (error, "expression, position %u: ", position);
  if (error != NULL && name != NULL)
    {
      char *message = g_strconcat ((*error)->message, "; a text value is put in quotes", NULL);

      g_free ((*error)->message);
      (*error)->message = message;
    }
  return NULL;
}

static AssayNode *
parse_number (Parser *s, GError **error)
{
  guint position = position_of (s, s->p);
  gboolean whole;
  const char *end = assay_cell_scan_number (s->p, s->p + strlen (s->p), &whole);
  double value = g_ascii_strtod (s->p, NULL);
  AssayNode *node;

  if (end == s->p || is_word_character (*end) || !isfinite (value))
    {
      expected (s, "a finite decimal number", error);
      return NULL;
    }
  node = new_node (NODE_NUMBER, ASSAY_EXPRESSION_NUMBER, position);
  node->number = value;
  s->p = end;
  return node;
}

static AssayNode *
parse_missing_call (Parser *s, guint position, GError **error)
{
  AssayNode *column;

  if (!take_symbol (s, "("))
    {
      expected (s, "( after missing", error);
      return NULL;
    }
  column = parse_column (s, error);
  if (column == NULL)
    return NULL;
  if (!take_symbol (s, ")"))
    {
      expected (s, ")", error);
      assay_node_free (column);
      return NULL;
    }
  return join (NODE_MISSING, ASSAY_EXPRESSION_BOOLEAN, position, column, NULL);
}

static gboolean
at_call (const Parser *s, const char *word)
{
  const char *p = s->p + strlen (word);

  while (g_ascii_isspace (*p))
    p++;
  return *p == '(';
}

static AssayNode *
parse_value (Parser *s, GError **error)
{
  guint position;
  AssayNode *node;

  skip_space (s);
  position = position_of (s, s->p);
  if (take_symbol (s, "("))
    {
      node = parse_or (s, error);
      if (node != NULL && !take_symbol (s, ")"))
        {
          expected (s, "an operator or )", error);
          g_clear_pointer (&node, assay_node_free);
        }
      return node;
    }
  if (*s->p == '\'' || *s->p == '"')
    {
      char *text = read_quoted (s, error);

      if (text == NULL)
        return NULL;
      node = new_node (NODE_TEXT, ASSAY_EXPRESSION_TEXT, position);
      node->text = text;
      return node;
    }
  if (g_ascii_isdigit (*s->p) || (*s->p == '.' && g_ascii_isdigit (s->p[1])))
    return parse_number (s, error);
  if (at_word (s, "missing") && at_call (s, "missing"))
    {
      take_word (s, "missing");
      return parse_missing_call (s, position, error);
    }
  if (longest_column (s) == NULL && (at_word (s, "true") || at_word (s, "false")))
    {
      node = new_node (NODE_TRUTH, ASSAY_EXPRESSION_BOOLEAN, position);
      node->truth = take_word (s, "true");
      if (!node->truth)
        take_word (s, "false");
      return node;
    }
  return parse_column (s, error);
}

/* --- arithmetic --------------------------------------------------------------------------------------------------- */

static AssayNode *
parse_sign (Parser *s, GError **error)
{
  guint position;
  AssayNode *node;

  skip_space (s);
  position = position_of (s, s->p);
  if (!take_symbol (s, "-"))
    return take_symbol (s, "+") ? parse_sign (s, error) : parse_value (s, error);
  if (++s->depth > MAX_DEPTH)
    {
      fault_at (position, error, "more than %d levels", MAX_DEPTH);
      return NULL;
    }
  node = parse_sign (s, error);
  s->depth--;
  if (node == NULL)
    return NULL;
  if (!check_type (node, ASSAY_EXPRESSION_NUMBER, "-", error))
    {
      assay_node_free (node);
      return NULL;
    }
  if (node->kind == NODE_NUMBER)
    {
      node->number = -node->number;
      return node;
    }
  return join (NODE_NEGATE, ASSAY_EXPRESSION_NUMBER, position, node, NULL);
}

typedef AssayNode *(*ParseFunc) (Parser *s, GError **error);

/* operand (symbol operand)*, from the left. */
static AssayNode *
parse_left (Parser *s, ParseFunc operand, const char *const *symbols, const AssayNodeKind *kinds, GError **error)
{
  g_autoptr (AssayNode) left = operand (s, error);

  while (left != NULL)
    {
      guint position, k;
      g_autoptr (AssayNode) right = NULL;

      skip_space (s);
      position = position_of (s, s->p);
      for (k = 0; symbols[k] != NULL; k++)
        if (take_symbol (s, symbols[k]))
          break;
      if (symbols[k] == NULL)
        break;
      right = operand (s, error);
      if (right == NULL || !check_type (left, ASSAY_EXPRESSION_NUMBER, symbols[k], error)
          || !check_type (right, ASSAY_EXPRESSION_NUMBER, symbols[k], error))
        return NULL;
      left = join (kinds[k], ASSAY_EXPRESSION_NUMBER, position, g_steal_pointer (&left), g_steal_pointer (&right));
    }
  return g_steal_pointer (&left);
}

static AssayNode *
parse_product (Parser *s, GError **error)
{
  static const char *const symbols[] = { "*", "/", NULL };
  static const AssayNodeKind kinds[] = { NODE_MULTIPLY, NODE_DIVIDE };

  return parse_left (s, parse_sign, symbols, kinds, error);
}

static AssayNode *
parse_sum (Parser *s, GError **error)
{
  static const char *const symbols[] = { "+", "-", NULL };
  static const AssayNodeKind kinds[] = { NODE_ADD, NODE_SUBTRACT };

  return parse_left (s, parse_product, symbols, kinds, error);
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

/* Longer symbols first. */
static const struct { const char *symbol; AssayNodeKind kind; } comparisons[] = {
  { "==", NODE_EQUAL }, { "!=", NODE_UNEQUAL }, { "<>", NODE_UNEQUAL }, { "<=", NODE_LESS_EQUAL }, { ">=", NODE_GREATER_EQUAL },
  { "=", NODE_EQUAL }, { "<", NODE_LESS }, { ">", NODE_GREATER },
};

static AssayNode *
negate_if (gboolean negated, guint position, AssayNode *node)
{
  return negated ? join (NODE_NOT, ASSAY_EXPRESSION_BOOLEAN, position, node, NULL) : node;
}

/* x (op y)*: a chain a < b < c means a < b and b < c. */
static AssayNode *
parse_chain (Parser *s, AssayNode *first, GError **error)
{
  g_autoptr (AssayNode) left = assay_node_ref (first), all = NULL;

  for (;;)
    {
      guint position, k;
      AssayNode *right, *one;

      skip_space (s);
      position = position_of (s, s->p);
      for (k = 0; k < G_N_ELEMENTS (comparisons); k++)
        if (take_symbol (s, comparisons[k].symbol))
          break;
      if (k == G_N_ELEMENTS (comparisons))
        return g_steal_pointer (&all);
      right = parse_sum (s, error);
      if (right == NULL)
        return NULL;
      if (!check_comparable (s, left, right, comparisons[k].kind > NODE_UNEQUAL, position, error))
        {
          assay_node_free (right);
          return NULL;
        }
      one = join (comparisons[k].kind, ASSAY_EXPRESSION_BOOLEAN, position, g_steal_pointer (&left), assay_node_ref (right));
      left = right;
      all = all == NULL ? one : join (NODE_AND, ASSAY_EXPRESSION_BOOLEAN, position, g_steal_pointer (&all), one);
    }
}

static AssayNode *
parse_in (Parser *s, AssayNode *value, guint position, GError **error)
{
  static const char *const brackets[][2] = { { "(", ")" }, { "{", "}" }, { "[", "]" } };
  g_autoptr (AssayNode) node = new_node (NODE_IN, ASSAY_EXPRESSION_BOOLEAN, position);
  guint k;

  add_child (node, assay_node_ref (value));
  for (k = 0; k < G_N_ELEMENTS (brackets); k++)
    if (take_symbol (s, brackets[k][0]))
      break;
  if (k == G_N_ELEMENTS (brackets))
    {
      expected (s, "a list such as ('a', 'b') after in", error);
      return NULL;
    }
  do
    {
      AssayNode *member = parse_sum (s, error);

      if (member == NULL)
        return NULL;
      add_child (node, member);
      if (!check_comparable (s, value, member, FALSE, member->position, error))
        return NULL;
    }
  while (take_symbol (s, ","));
  if (take_symbol (s, brackets[k][1]))
    return g_steal_pointer (&node);
  expected (s, "a comma or the end of the list", error);
  return NULL;
}

/* x between a and b: a <= x and x <= b. */
static AssayNode *
parse_between (Parser *s, AssayNode *value, guint position, GError **error)
{
  g_autoptr (AssayNode) low = parse_sum (s, error), high = NULL;

  if (low == NULL)
    return NULL;
  if (!take_word (s, "and"))
    {
      expected (s, "and, as in `x between 1 and 5`,", error);
      return NULL;
    }
  high = parse_sum (s, error);
  if (high == NULL || !check_comparable (s, value, low, TRUE, low->position, error)
      || !check_comparable (s, value, high, TRUE, high->position, error))
    return NULL;
  return join (NODE_AND, ASSAY_EXPRESSION_BOOLEAN, position,
               join (NODE_LESS_EQUAL, ASSAY_EXPRESSION_BOOLEAN, position, g_steal_pointer (&low), assay_node_ref (value)),
               join (NODE_LESS_EQUAL, ASSAY_EXPRESSION_BOOLEAN, position, assay_node_ref (value), g_steal_pointer (&high)));
}

static AssayNode *
parse_is (Parser *s, AssayNode *value, guint position, GError **error)
{
  gboolean negated = take_word (s, "not");

  if (!take_word (s, "missing") && !take_word (s, "null"))
    {
      expected (s, "missing after is", error);
      return NULL;
    }
  if (value->kind != NODE_COLUMN)
    {
      fault_at (value->position, error, "only a column can be asked whether it is missing");
      return NULL;
    }
  return negate_if (negated, position, join (NODE_MISSING, ASSAY_EXPRESSION_BOOLEAN, position, assay_node_ref (value), NULL));
}

static AssayNode *
parse_comparison (Parser *s, GError **error)
{
  g_autoptr (AssayNode) value = parse_sum (s, error), node = NULL;
  guint position;
  const char *before;
  gboolean negated;

  if (value == NULL)
    return NULL;
  skip_space (s);
  position = position_of (s, s->p);
  if (take_word (s, "is"))
    return parse_is (s, value, position, error);
  before = s->p;
  negated = take_word (s, "not");
  if (take_word (s, "in"))
    node = parse_in (s, value, position, error);
  else if (take_word (s, "between"))
    node = parse_between (s, value, position, error);
  else
    {
      s->p = before;
      for (guint k = 0; k < G_N_ELEMENTS (comparisons); k++)
        {
          skip_space (s);
          if (g_str_has_prefix (s->p, comparisons[k].symbol))
            return parse_chain (s, value, error);
        }
      return g_steal_pointer (&value);
    }
  return node ? negate_if (negated, position, g_steal_pointer (&node)) : NULL;
}

static AssayNode *
parse_not (Parser *s, GError **error)
{
  guint position;
  AssayNode *node;

  skip_space (s);
  position = position_of (s, s->p);
  if (!(*s->p == '!' && s->p[1] != '=' && take_symbol (s, "!")) && !take_word (s, "not"))
    return parse_comparison (s, error);
  if (++s->depth > MAX_DEPTH)
    {
      fault_at (position, error, "more than %d levels", MAX_DEPTH);
      return NULL;
    }
  node = parse_not (s, error);
  s->depth--;
  if (node == NULL)
    return NULL;
  if (!check_type (node, ASSAY_EXPRESSION_BOOLEAN, "not", error))
    {
      assay_node_free (node);
      return NULL;
    }
  return join (NODE_NOT, ASSAY_EXPRESSION_BOOLEAN, position, node, NULL);
}

/* operand (word operand)*, where the word may also be one of two symbols. */
static AssayNode *
parse_logic (Parser *s, ParseFunc operand, AssayNodeKind kind, const char *word, const char *twice, const char *once, GError **error)
{
  g_autoptr (AssayNode) left = operand (s, error);

  while (left != NULL)
    {
      guint position;
      g_autoptr (AssayNode) right = NULL;

      skip_space (s);
      position = position_of (s, s->p);
      if (!take_symbol (s, twice) && !take_symbol (s, once) && !take_word (s, word))
        break;
      right = operand (s, error);
      if (right == NULL || !check_type (left, ASSAY_EXPRESSION_BOOLEAN, word, error)
          || !check_type (right, ASSAY_EXPRESSION_BOOLEAN, word, error))
        return NULL;
      left = join (kind, ASSAY_EXPRESSION_BOOLEAN, position, g_steal_pointer (&left), g_steal_pointer (&right));
    }
  return g_steal_pointer (&left);
}

static AssayNode *
parse_and (Parser *s, GError **error)
{
  return parse_logic (s, parse_not, NODE_AND, "and", "&&", "&", error);
}

static AssayNode *
parse_or (Parser *s, GError **error)
{
  AssayNode *node;

  if (++s->depth > MAX_DEPTH)
    {
      fault_at (position_of (s, s->p), error, "more than %d levels of parentheses", MAX_DEPTH);
      return NULL;
    }
  node = parse_logic (s, parse_and, NODE_OR, "or", "||", "|", error);
  s->depth--;
  return node;
}

AssayNode *
assay_node_parse (const char *text, const AssayTable *table, GError **error)
{
  Parser s = { .text = text, .p = text, .table = table };
  g_autoptr (AssayNode) node = NULL;

  if (!g_utf8_validate (text, -1, NULL))
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "expression: not UTF-8");
      return NULL;
    }
  if (strlen (text) > MAX_LENGTH)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "expression: at most %d bytes expected, %" G_GSIZE_FORMAT " found", MAX_LENGTH,
                   strlen (text));
      return NULL;
    }
  node = parse_or (&s, error);
  if (node == NULL)
    return NULL;
  skip_space (&s);
  if (*s.p == '\0')
    return g_steal_pointer (&node);
  expected (&s, "an operator or the end", error);
  return NULL;
}
