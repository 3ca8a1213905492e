/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_view.c: the window's table with ten million rows: how long until it is drawn, how long a jump to a random row takes, and the memory.
 *
 *   xvfb-run bench/table_view [ROWS]        GDK_BACKEND=x11 GSK_RENDERER=cairo for software rendering
 */
#include "gui/data_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JUMPS 60
#define COLUMNS 6

static AssayExampleIndex *
make_index (gint64 n)
{
  AssayExampleIndex *index = g_new0 (AssayExampleIndex, 1);

  g_atomic_ref_count_init (&index->count);
  index->table = assay_table_new (n, ASSAY_ORIGIN_RECORD, NULL);
  index->index = g_new (gint64, n);
  index->split_of = g_new0 (gint32, n);
  index->split = g_strdupv ((char *[]) { (char *) "train", NULL });
  for (guint c = 0; c < COLUMNS; c++)
    {
      g_autofree char *name = g_strdup_printf ("column %u", c);
      AssayColumn *column = assay_column_new (name, ASSAY_COLUMN_NUMBER);

      if (!assay_column_allocate (column, n, NULL))
        exit (4);
      for (gint64 row = 0; row < n; row++)
        column->number[row] = (double) ((row * (gint64) (c + 7)) % 1000);
      assay_table_take_column (index->table, column, NULL);
    }
  for (gint64 row = 0; row < n; row++)
    index->index[row] = row;
  return index;
}

/* Until the next frame has been drawn. */
static void
on_after_paint (GdkFrameClock *clock, gboolean *drawn)
{
  (void) clock;
  *drawn = TRUE;
}

static double
wait_for_frame (GtkWidget *window, gint64 begin)
{
  gboolean drawn = FALSE;
  GdkFrameClock *clock = gtk_widget_get_frame_clock (window);
  gulong handler = g_signal_connect (clock, "after-paint", G_CALLBACK (on_after_paint), &drawn);

  gdk_frame_clock_request_phase (clock, GDK_FRAME_CLOCK_PHASE_PAINT);
  while (!drawn)
    g_main_context_iteration (NULL, TRUE);
  g_signal_handler_disconnect (clock, handler);
  return 1e-3 * (double) (g_get_monotonic_time () - begin);
}

static long
resident_kilobytes (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL) || (line = strstr (text, "VmRSS:")) == NULL)
    return -1;
  return strtol (line + 6, NULL, 10);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

int
main (int argc, char **argv)
{
  gint64 n = argc > 1 ? g_ascii_strtoll (argv[1], NULL, 10) : 10000000, begin;
  AssayExampleIndex *index = make_index (n);
  AssayDataTable *table;
  GtkWidget *window;
  GtkWidget *list;
  double jump[JUMPS], sum = 0, opened, select;
  guint64 state = 1;
  long before;

  if (!gtk_init_check ())
    {
      fprintf (stderr, "no display\n");
      return 77;
    }
  adw_init ();
  window = gtk_window_new ();
  table = g_object_new (ASSAY_TYPE_DATA_TABLE, NULL);
  gtk_window_set_default_size (GTK_WINDOW (window), 1280, 800);
  gtk_window_set_child (GTK_WINDOW (window), GTK_WIDGET (table));
  gtk_window_present (GTK_WINDOW (window));
  wait_for_frame (window, g_get_monotonic_time ());
  before = resident_kilobytes ();
  begin = g_get_monotonic_time ();
  assay_data_table_set_index (table, index);
  assay_data_table_take_order (table, assay_row_order_new (index->table, NULL, NULL, FALSE, NULL, NULL));
  opened = wait_for_frame (window, begin);
  for (int k = 0; k < 5; k++)
    wait_for_frame (window, begin);
  list = gtk_widget_get_last_child (gtk_widget_get_first_child (gtk_widget_get_first_child (GTK_WIDGET (table))));
  for (int k = 0; k < JUMPS; k++)
    {
      state = state * 6364136223846793005u + 1442695040888963407u;
      begin = g_get_monotonic_time ();
      gtk_widget_activate_action (list, "list.scroll-to-item", "u", (guint) ((state >> 33) % (guint64) n));
      jump[k] = wait_for_frame (window, begin);
      sum += jump[k];
    }
  begin = g_get_monotonic_time ();
  assay_data_table_select (table, n / 2);
  select = wait_for_frame (window, begin);
  qsort (jump, JUMPS, sizeof *jump, compare);
  printf ("%" G_GINT64_FORMAT " rows of %d columns\n", n, COLUMNS);
  printf ("open         %8.1f ms to the frame that shows it\n", opened);
  printf ("jump         %8.1f ms median, %.1f mean, %.1f worst of %d\n", jump[JUMPS / 2], sum / JUMPS, jump[JUMPS - 1], JUMPS);
  printf ("select       %8.1f ms\n", select);
  printf ("memory       %8.1f MB more than before\n", (double) (resident_kilobytes () - before) / 1024);
  return 0;
}
