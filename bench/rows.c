/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c: filter and sort of ten million rows, as the window's table does them in its worker.
 *
 *   bench/rows [ROWS]
 *
 */
#include "dataset/row_order.h"

#include <stdio.h>
#include <stdlib.h>

#define TRIALS 5

static AssayTable *
make_table (gint64 n)
{
  AssayTable *table = assay_table_new (n, ASSAY_ORIGIN_RECORD, NULL);
  AssayColumn *real = assay_column_new ("real", ASSAY_COLUMN_NUMBER), *small = assay_column_new ("small", ASSAY_COLUMN_NUMBER);
  AssayColumn *word = assay_column_new ("word", ASSAY_COLUMN_TEXT);
  guint64 state = 1;

  if (!assay_column_allocate (real, n, NULL) || !assay_column_allocate (small, n, NULL) || !assay_column_allocate (word, n, NULL))
    exit (4);
  word->levels = g_ptr_array_new_with_free_func (g_free);
  for (guint k = 0; k < 1000; k++)
    g_ptr_array_add (word->levels, g_strdup_printf ("word %u", (k * 7919) % 1000));
  for (gint64 row = 0; row < n; row++)
    {
      state = state * 6364136223846793005u + 1442695040888963407u;
      real->number[row] = (double) (state >> 11) / 9007199254740992.0 - 0.5;
      small->number[row] = (double) (state >> 40 & 127);
      word->code[row] = (gint32) (state >> 20 & 511);
    }
  assay_table_take_column (table, real, NULL);
  assay_table_take_column (table, small, NULL);
  assay_table_take_column (table, word, NULL);
  return table;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

static void
measure (AssayTable *table, const char *what, const char *filter, const char *column)
{
  double seconds[TRIALS];
  gint64 n = 0;

  for (int trial = 0; trial < TRIALS; trial++)
    {
      gint64 begin = g_get_monotonic_time ();
      g_autoptr (AssayRowOrder) order = assay_row_order_new (table, filter, column ? assay_table_peek_column (table, column) : NULL, FALSE, NULL, NULL);

      seconds[trial] = 1e-6 * (double) (g_get_monotonic_time () - begin);
      n = order->n;
    }
  qsort (seconds, TRIALS, sizeof *seconds, compare);
  printf ("%-46s %8.3f s  %11" G_GINT64_FORMAT " rows\n", what, seconds[TRIALS / 2], n);
}

int
main (int argc, char **argv)
{
  gint64 n = argc > 1 ? g_ascii_strtoll (argv[1], NULL, 10) : 10000000;
  g_autoptr (AssayTable) table = make_table (n);

  printf ("%" G_GINT64_FORMAT " rows, median of %d, one thread\n", n, TRIALS);
  measure (table, "filter real > 0.1", "real > 0.1", NULL);
  measure (table, "filter (two numbers, a list of words)", "real > 0.1 and small < 100 or word in ('word 7', 'word 9')", NULL);
  measure (table, "sort by a number with all its digits", NULL, "real");
  measure (table, "sort by a small integer", NULL, "small");
  measure (table, "sort by a word", NULL, "word");
  measure (table, "filter, then sort", "small < 64", "real");
  return 0;
}
