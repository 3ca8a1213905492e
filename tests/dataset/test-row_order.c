/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-row_order.c: filtered and sorted rows are those that a slow and simple way finds. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/expression.h"
#include "dataset/row_order.h"

#include <math.h>
#include <string.h>

/* Numbers with few and with many digits, negative ones, both zeros, repeats, holes; texts that repeat. */
static AssayTable *
make_table (guint n, guint seed)
{
  static const char *const words[] = { "delta", "alpha", "", "Beta", "ä", "alpha beta", "?" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GString) text = g_string_new ("small,wide,word\n");

  for (guint k = 0; k < n; k++)
    {
      char wide[G_ASCII_DTOSTR_BUF_SIZE];
      double value = g_rand_int_range (rand, 0, 10) == 0 ? -0.0 : (g_rand_double (rand) - 0.5) * pow (10, g_rand_int_range (rand, -300, 300));

      if (g_rand_int_range (rand, 0, 8) > 0)
        g_string_append_printf (text, "%d", g_rand_int_range (rand, -5, 5));
      g_string_append_printf (text, ",%s,%s\n", g_ascii_dtostr (wide, sizeof wide, value), words[g_rand_int_range (rand, 0, G_N_ELEMENTS (words))]);
    }
  return fixture_csv (text->str);
}

static int
compare_at (const AssayColumn *column, gint64 a, gint64 b, gboolean descending)
{
  gboolean ma = assay_column_is_missing (column, a), mb = assay_column_is_missing (column, b);
  int order;

  if (ma || mb)
    return ma - mb;                     /* whatever they are spelled like */
  if (column->type == ASSAY_COLUMN_NUMBER)
    order = (column->number[a] > column->number[b]) - (column->number[a] < column->number[b]);
  else
    order = strcmp (column->levels->pdata[column->code[a]], column->levels->pdata[column->code[b]]);
  return descending ? -order : order;
}

/* Each neighbour pair is in order, equals in the table's order: with the right set of rows that is the whole property. */
static void
assert_sorted (const AssayRowOrder *order, const AssayColumn *column, gboolean descending)
{
  for (gint64 place = 1; place < order->n; place++)
    {
      gint64 a = assay_row_order_get (order, place - 1), b = assay_row_order_get (order, place);
      int found = compare_at (column, a, b, descending);

      g_assert_true (found < 0 || (found == 0 && a < b));
    }
}

static void
assert_same_rows (const AssayRowOrder *order, const GArray *rows)
{
  g_autofree guint8 *seen = g_new0 (guint8, 100000);

  g_assert_cmpint (order->n, ==, rows->len);
  for (guint k = 0; k < rows->len; k++)
    seen[g_array_index (rows, gint64, k)] = 1;
  for (gint64 place = 0; place < order->n; place++)
    {
      g_assert_true (seen[assay_row_order_get (order, place)]);
      seen[assay_row_order_get (order, place)] = 0;
    }
}

static void
test_sorted (void)
{
  static const char *const columns[] = { "small", "wide", "word" };
  g_autoptr (AssayTable) table = make_table (3000, 5);
  g_autoptr (AssayExpression) expression = assay_expression_new ("small > -2 and word != 'delta'", table, NULL);
  gint64 n_unknown;
  g_autoptr (GArray) kept = assay_expression_filter (expression, &n_unknown, NULL);

  for (guint c = 0; c < G_N_ELEMENTS (columns); c++)
    for (gboolean descending = FALSE; descending <= TRUE; descending++)
      for (gboolean filtered = FALSE; filtered <= TRUE; filtered++)
        {
          const AssayColumn *column = assay_table_find_column (table, columns[c], NULL);
          g_autoptr (GError) error = NULL;
          g_autoptr (AssayRowOrder) order = assay_row_order_new (table, filtered ? "small > -2 and word != 'delta'" : NULL, column, descending, NULL, &error);

          g_assert_no_error (error);
          assert_sorted (order, column, descending);
          if (filtered)
            assert_same_rows (order, kept);
          g_assert_cmpint (order->n, ==, filtered ? kept->len : 3000);
          g_assert_cmpint (order->n_unknown, ==, filtered ? n_unknown : 0);
          for (gint64 place = 0; place < order->n; place += 97)
            g_assert_cmpint (assay_row_order_find (order, assay_row_order_get (order, place)), ==, place);
        }
}

static void
test_plain (void)
{
  g_autoptr (AssayTable) table = make_table (10, 6);
  g_autoptr (AssayRowOrder) all = assay_row_order_new (table, NULL, NULL, FALSE, NULL, NULL);
  g_autoptr (AssayRowOrder) none = assay_row_order_new (table, "small > 100", NULL, FALSE, NULL, NULL);

  g_assert_null (all->row);
  g_assert_cmpint (all->n, ==, 10);
  g_assert_cmpint (assay_row_order_get (all, 7), ==, 7);
  g_assert_cmpint (assay_row_order_find (all, 10), ==, -1);
  g_assert_cmpint (none->n, ==, 0);
  g_assert_cmpint (assay_row_order_find (none, 3), ==, -1);
}

static void
test_refused (void)
{
  g_autoptr (AssayTable) table = make_table (50, 7);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  AssayColumn tokens = { .name = (char *) "text", .type = ASSAY_COLUMN_TOKENS };
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_row_order_new (table, "smal > 1", NULL, FALSE, NULL, &error));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "smal", NULL);
  g_assert_null (assay_row_order_new (table, "small + 1", NULL, FALSE, NULL, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "condition", NULL);
  g_assert_null (assay_row_order_new (table, NULL, &tokens, FALSE, NULL, &error));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "text", "tokens", NULL);
  g_cancellable_cancel (cancellable);
  g_assert_null (assay_row_order_new (table, NULL, assay_table_get_column (table, 0), FALSE, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/row-order/sorted rows are in order, equal ones in the table's, missing ones last", test_sorted);
  g_test_add_func ("/row-order/without filter and sort nothing is listed", test_plain);
  g_test_add_func ("/row-order/what cannot be filtered or sorted is refused, a cancelled one ends", test_refused);
  return g_test_run ();
}
