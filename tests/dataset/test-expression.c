/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-expression.c: the language of filters and targets. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/expression.h"

#include <math.h>
#include <string.h>

/* Row 1 has no n; the mark N/A of row 2 is a text that can be asked for. */
static const char rows[] = "n,m,s,hours-per-week,odd ` name\n1,10,low,40,a\n,20,high,50,b\n-3,30,N/A,60,c\n7,40,it's,70,d\n";

static AssayTable *
make_table (void)
{
  return fixture_csv (rows);
}

/* One letter a row: t(rue), f(alse), u(nknown). */
static void
expect (const char *text, const char *wanted)
{
  g_autoptr (AssayTable) table = make_table ();
  GError *error = NULL;
  g_autoptr (AssayExpression) e = assay_expression_new (text, table, &error);
  GString *found = g_string_new (NULL);

  if (error != NULL)
    g_error ("%s: %s", text, error->message);
  g_assert_cmpint (assay_expression_get_type (e), ==, ASSAY_EXPRESSION_BOOLEAN);
  for (gint64 row = 0; row < 4; row++)
    {
      AssayExpressionValue value;

      g_assert_true (assay_expression_eval (e, row, &value, &error));
      g_string_append_c (found, value.missing ? 'u' : value.boolean ? 't' : 'f');
    }
  if (strcmp (found->str, wanted) != 0)
    g_error ("%s: %s expected, got %s", text, wanted, found->str);
  g_string_free (found, TRUE);
}

static void
test_comparison (void)
{
  expect ("n > 0", "tuft");
  expect ("n == 7", "fuft");
  expect ("n = 7", "fuft");
  expect ("n != 7", "tutf");
  expect ("n <> 7", "tutf");
  expect ("-5 <= n < 7", "tutf");
  expect ("n between -3 and 1", "tutf");
  expect ("n not between -3 and 1", "fuft");
  expect ("m > 1.5e1 and m<=30", "fttf");
  expect ("s < 'low'", "fttt");
}

static void
test_text (void)
{
  expect ("s == 'N/A'", "fftf");
  expect ("s != 'N/A'", "ttft");
  expect ("s != \"N/A\"", "ttft");
  expect ("s == 'it''s'", "ffft");
  expect ("s == \"it's\"", "ffft");
  expect ("s in ('low', 'high')", "ttff");
  expect ("s in {'low'}", "tfff");
  expect ("s not in ['low','N/A']", "ftft");
  expect ("n in (1, 7)", "tuft");
  expect ("'low' == s", "tfff");
}

static void
test_logic (void)
{
  expect ("n > 0 and m > 10", "fuft");
  expect ("n > 0 && m > 10", "fuft");
  expect ("n > 0 & m > 10", "fuft");
  expect ("n > 0 or m > 10", "tttt");
  expect ("n > 0 || m > 25", "tutt");
  expect ("(n > 0) | (m > 25)", "tutt");
  expect ("not n > 0", "futf");
  expect ("!(n > 0)", "futf");
  expect ("NOT n > 0 AND m > 10", "futf");                        /* not binds tighter than and, which binds tighter than or */
  expect ("m == 10 or m == 20 and n == 7", "tuff");
  expect ("n > 0 and false", "ffff");
  expect ("n > 0 or true", "tttt");
  expect ("missing(n)", "ftff");
  expect ("missing (s)", "fftf");
  expect ("n is missing or s is missing", "fttf");
  expect ("n is not missing", "tftt");
  expect ("(n > 0) == (m > 25)", "fuft");
}

static void
test_arithmetic (void)
{
  expect ("n + 2 * 3 == 7", "tuff");
  expect ("(n + 2) * 3 == 9", "tuff");
  expect ("n - 1 - 1 == 5", "fuft");
  expect ("m / 10 / 2 == 0.5", "tfff");
  expect ("-n == 3", "futf");
  expect ("- - n == +1", "tuff");
  expect ("n*n > m", "fuft");
}

static void
test_names (void)
{
  expect ("hours-per-week > 45", "fttt");                         /* the longest name wins over a difference */
  expect ("`hours-per-week`>45", "fttt");
  expect ("`odd `` name` == 'b'", "ftff");
  expect ("odd ` name == 'b'", "ftff");
}

static void
test_number_results (void)
{
  g_autoptr (AssayTable) table = make_table ();
  GError *error = NULL;
  g_autoptr (AssayExpression) sum = assay_expression_new ("n + m", table, &error), column = assay_expression_new (" (n) ", table, &error);
  AssayExpressionValue value;

  g_assert_no_error (error);
  g_assert_cmpint (assay_expression_get_type (sum), ==, ASSAY_EXPRESSION_NUMBER);
  g_assert_null (assay_expression_get_column (sum));
  g_assert_true (assay_expression_get_column (column) == assay_table_peek_column (table, "n"));
  g_assert_true (assay_expression_uses (sum, assay_table_peek_column (table, "m")));
  g_assert_false (assay_expression_uses (sum, assay_table_peek_column (table, "s")));
  g_assert_true (assay_expression_eval (sum, 0, &value, &error));
  g_assert_cmpfloat (value.number, ==, 11);
  g_assert_true (assay_expression_eval (sum, 1, &value, &error));
  g_assert_true (value.missing);
}

static void
test_filter (void)
{
  g_autoptr (AssayTable) table = make_table ();
  GError *error = NULL;
  g_autoptr (AssayExpression) e = assay_expression_new ("n > 0", table, &error), number = assay_expression_new ("n", table, &error);
  gint64 n_unknown = 0;
  g_autoptr (GArray) kept = assay_expression_filter (e, &n_unknown, &error);

  g_assert_no_error (error);
  g_assert_cmpint (kept->len, ==, 2);
  g_assert_cmpint (g_array_index (kept, gint64, 1), ==, 3);
  g_assert_cmpint (n_unknown, ==, 1);
  g_assert_null (assay_expression_filter (number, NULL, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "a condition expected", NULL);
}

static void
test_not_finite (void)
{
  g_autoptr (AssayTable) table = make_table ();
  GError *error = NULL;
  g_autoptr (AssayExpression) e = assay_expression_new ("1 / (n - 1) > 0", table, &error);
  AssayExpressionValue value;

  g_assert_false (assay_expression_eval (e, 0, &value, &error));
  fixture_refused (&error, ASSAY_ERROR_NAN, "table.csv line 2", "position 3", "not finite", NULL);
}

static void
test_refusals (void)
{
  static const struct { const char *text; int code; const char *fragments[3]; } bad[] = {
    { "n > 'x'", ASSAY_ERROR_INPUT, { "position 3", "column \"n\" (a number)", "without quotes" } },
    { "s == 3", ASSAY_ERROR_INPUT, { "position 3", "column \"s\" (text)", "in quotes" } },
    { "s in ('a', 3)", ASSAY_ERROR_INPUT, { "position 12" } },
    { "\"odd ` name\" > 2", ASSAY_ERROR_INPUT, { "position 14", "back quotes" } },
    { "'n' == m", ASSAY_ERROR_INPUT, { "position 5", "a column is written without quotes" } },
    { "'s' == 'Low'", ASSAY_ERROR_INPUT, { "position 5", "the same for every row", "back quotes" } },
    { "s == true", ASSAY_ERROR_INPUT, { "position 3", "in quotes" } },
    { "n == true", ASSAY_ERROR_INPUT, { "position 3", "1 for true" } },
    { "s == Low", ASSAY_ERROR_NOT_FOUND, { "position 6", "no column \"Low\"", "put in quotes" } },
    { "hours_per_week > 1", ASSAY_ERROR_NOT_FOUND, { "position 1", "did you mean \"hours-per-week\"", "the columns are n, m, s" } },
    { "n >", ASSAY_ERROR_INPUT, { "position 4", "the end found" } },
    { "n > 1 m", ASSAY_ERROR_INPUT, { "position 7", "an operator or the end expected", "\"m\"" } },
    { "n > 1)", ASSAY_ERROR_INPUT, { "position 6", "\")\"" } },
    { "(n > 1", ASSAY_ERROR_INPUT, { "an operator or ) expected", "the end" } },
    { "", ASSAY_ERROR_INPUT, { "position 1", "the end" } },
    { "s == 'x", ASSAY_ERROR_INPUT, { "position 6", "never closed" } },
    { "`n > 1", ASSAY_ERROR_INPUT, { "position 1", "never closed" } },
    { "n and m", ASSAY_ERROR_INPUT, { "position 1", "and needs a condition", "x == 1" } },
    { "not n", ASSAY_ERROR_INPUT, { "not needs a condition" } },
    { "s + 1 > 2", ASSAY_ERROR_INPUT, { "position 1", "+ needs a number" } },
    { "-s == 1", ASSAY_ERROR_INPUT, { "- needs a number" } },
    { "n in 3", ASSAY_ERROR_INPUT, { "position 6", "a list" } },
    { "n in (1, 2", ASSAY_ERROR_INPUT, { "the end of the list" } },
    { "n between 1", ASSAY_ERROR_INPUT, { "and, as in" } },
    { "n is 3", ASSAY_ERROR_INPUT, { "missing after is" } },
    { "1 is missing", ASSAY_ERROR_INPUT, { "only a column" } },
    { "n > 1e999", ASSAY_ERROR_INPUT, { "position 5", "a finite decimal number" } },
    { "n > 3x", ASSAY_ERROR_INPUT, { "position 5", "\"3x\"" } },
    { "n > 0x10", ASSAY_ERROR_INPUT, { "position 5", "\"0x10\"" } },
    { "(n > 1) < true", ASSAY_ERROR_INPUT, { "conditions have no order" } },
    { "n > 1 \xff", ASSAY_ERROR_INPUT, { "not UTF-8" } },
    { "'\xc3\xa9' == 'e' x", ASSAY_ERROR_INPUT, { "position 12" } },   /* characters, not bytes */
  };
  g_autoptr (AssayTable) table = make_table ();

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      GError *error = NULL;

      if (assay_expression_new (bad[k].text, table, &error) != NULL)
        g_error ("\"%s\" was accepted", bad[k].text);
      fixture_refused (&error, bad[k].code, bad[k].fragments[0], bad[k].fragments[1], bad[k].fragments[2], NULL);
    }
}

static void
test_depth (void)
{
  g_autoptr (AssayTable) table = make_table ();
  static const char *const openings[] = { "(", "- ", "not ", "!" };
  GError *error = NULL;

  for (gsize k = 0; k < G_N_ELEMENTS (openings); k++)
    {
      GString *text = g_string_new (NULL);

      for (guint i = 0; i < 3000; i++)
        g_string_append (text, openings[k]);
      g_string_append (text, "n");
      g_assert_null (assay_expression_new (text->str, table, &error));
      fixture_refused (&error, ASSAY_ERROR_INPUT, "levels", NULL);
      g_string_free (text, TRUE);
    }
}

/* A long sum is a deep tree on the left. */
static void
test_long (void)
{
  g_autoptr (AssayTable) table = make_table ();
  GString *text = g_string_new ("n");
  g_autoptr (AssayExpression) e = NULL;
  GError *error = NULL;
  AssayExpressionValue value;

  for (guint i = 0; i < 8000; i++)
    g_string_append (text, "+1");
  e = assay_expression_new (text->str, table, &error);
  g_assert_no_error (error);
  g_assert_true (assay_expression_eval (e, 0, &value, &error));
  g_assert_cmpfloat (value.number, ==, 8001);
  for (guint i = 0; i < 1000; i++)
    g_string_append (text, "+1");
  g_assert_null (assay_expression_new (text->str, table, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "at most 16384 bytes", NULL);
  g_string_free (text, TRUE);
}

/* --- many rows at once --------------------------------------------------------------------------------------------- */

static void
append_value (GString *out, GRand *rand, guint depth)
{
  static const char *const atoms[] = { "n", "m", "`hours-per-week`", "0", "1", "7", "-2.5" };

  if (depth == 0 || g_rand_boolean (rand))
    {
      g_string_append (out, atoms[g_rand_int_range (rand, 0, G_N_ELEMENTS (atoms))]);
      return;
    }
  g_string_append (out, g_rand_boolean (rand) ? "(" : "-(");
  append_value (out, rand, depth - 1);
  g_string_append_printf (out, " %c ", "+-*/"[g_rand_int_range (rand, 0, 4)]);
  append_value (out, rand, depth - 1);
  g_string_append_c (out, ')');
}

static void
append_condition (GString *out, GRand *rand, guint depth)
{
  static const char *const comparisons[] = { "==", "!=", "<", "<=", ">", ">=" };
  static const char *const plain[] = { "s == 'low'", "s in ('high', 'N/A')", "s < 'it''s'", "s not in {'low'}", "missing(n)", "n is not missing", "s == s",
                                       "s in (s, 'low')", "true", "(n > 1) == (m > 15)", "n in (1, 7, m)", "m in (n, 30)" };

  if (depth > 0 && g_rand_boolean (rand))
    {
      g_string_append (out, g_rand_boolean (rand) ? "(" : "not (");
      append_condition (out, rand, depth - 1);
      g_string_append (out, g_rand_boolean (rand) ? " and " : " or ");
      append_condition (out, rand, depth - 1);
      g_string_append_c (out, ')');
    }
  else if (g_rand_boolean (rand))
    g_string_append (out, plain[g_rand_int_range (rand, 0, G_N_ELEMENTS (plain))]);
  else
    {
      append_value (out, rand, 2);
      g_string_append_printf (out, " %s ", comparisons[g_rand_int_range (rand, 0, G_N_ELEMENTS (comparisons))]);
      append_value (out, rand, 2);
    }
}

/* The table's rows over and over, past the end of a block. */
static AssayTable *
make_long_table (guint copies)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *body = strchr (rows, '\n') + 1;

  g_string_append_len (text, rows, body - rows);
  for (guint k = 0; k < copies; k++)
    g_string_append (text, body);
  return fixture_csv (text->str);
}

/* Divisions by zero are among them: some fail, and then at the same row with the same words. */
static void
test_mark (void)
{
  g_autoptr (AssayTable) table = make_long_table (300);
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  gint64 n = assay_table_get_n_rows (table);
  g_autofree guint8 *state = g_malloc (n);
  guint failed = 0;

  for (guint trial = 0; trial < 1000; trial++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GError) error = NULL, fault = NULL;
      g_autoptr (AssayExpression) expression = NULL;
      gint64 first = g_rand_int_range (rand, 0, 3), row;

      append_condition (text, rand, 3);
      expression = assay_expression_new (text->str, table, &error);
      g_assert_no_error (error);
      for (row = first; row < n; row++)
        {
          AssayExpressionValue value;

          if (!assay_expression_eval (expression, row, &value, &error))
            break;
          state[row - first] = value.missing ? ASSAY_EXPRESSION_UNKNOWN : value.boolean;
        }
      {
        g_autofree guint8 *found = g_malloc (n);

        g_assert_true (assay_expression_mark (expression, first, n - first, found, &fault) == (error == NULL));
        if (error != NULL)
          g_assert_cmpstr (fault->message, ==, error->message);
        else
          g_assert_cmpmem (found, n - first, state, n - first);
      }
      failed += error != NULL;
    }
  g_assert_cmpuint (failed, >, 10);
  g_assert_cmpuint (failed, <, 500);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/expression/comparisons chain, and a missing number is unknown", test_comparison);
  g_test_add_func ("/expression/text compares as written, marks included", test_text);
  g_test_add_func ("/expression/logic has three values and the usual precedence", test_logic);
  g_test_add_func ("/expression/arithmetic goes from the left", test_arithmetic);
  g_test_add_func ("/expression/names with odd characters are found", test_names);
  g_test_add_func ("/expression/numbers come back with their column", test_number_results);
  g_test_add_func ("/expression/a filter keeps what is true and counts what is unknown", test_filter);
  g_test_add_func ("/expression/a division by zero names its row and place", test_not_finite);
  g_test_add_func ("/expression/faults name the position and what was expected", test_refusals);
  g_test_add_func ("/expression/depth is bounded", test_depth);
  g_test_add_func ("/expression/length is bounded and a long sum works", test_long);
  g_test_add_func ("/expression/many rows at once are as each alone, faults included", test_mark);
  return g_test_run ();
}
