/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress_bar.c: a line redrawn in place. */
#include "cli/progress_bar.h"

#include "base/text.h"
#include "cli/text.h"
#include "job/view.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_USEC 100000
#define BAR_CELLS 20

struct _AssayProgressBar {
  gboolean visible;
  char *stage;
  gint64 stage_started, drawn;
  guint64 stage_first;          /* done at the first report: a resumed stage does not begin at 0 */
  gsize width;                  /* columns of the line on screen */
};

AssayProgressBar *
assay_progress_bar_new (gboolean quiet)
{
  AssayProgressBar *bar = g_new0 (AssayProgressBar, 1);

  bar->visible = !quiet && isatty (STDERR_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
  return bar;
}

static guint
terminal_columns (void)
{
  struct winsize size;

  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void
draw (AssayProgressBar *bar, const char *line)
{
  gsize width = assay_text_width (line);

  fprintf (stderr, "\r%s%*s\r", line, (int) (bar->width > width ? bar->width - width : 0), "");
  fflush (stderr);
  bar->width = width;
}

void
assay_progress_bar_yield (AssayProgressBar *bar)
{
  if (bar->width > 0)
    draw (bar, "");
  bar->visible = FALSE;
}

void
assay_progress_bar_free (AssayProgressBar *bar)
{
  if (bar == NULL)
    return;
  assay_progress_bar_yield (bar);
  g_free (bar->stage);
  g_free (bar);
}

static void
append_cells (GString *line, double fraction)
{
  guint full = (guint) (fraction * BAR_CELLS + 0.5);

  g_string_append (line, " [");
  for (guint k = 0; k < BAR_CELLS; k++)
    g_string_append_c (line, k < full ? '#' : '.');
  g_string_append_printf (line, "] %3d %%", (int) (100 * fraction));
}

/* Without a unit done and total are shares of a whole, and their rate says nothing. */
static void
append_rate (GString *line, const AssayProgressState *state)
{
  double rate = (double) (state->done - state->first) / state->seconds;
  g_autofree char *speed = assay_view_number (rate, 3);

  if (state->unit != NULL)
    g_string_append_printf (line, ", %s/s", speed);
  if (state->total > state->done)
    {
      g_autofree char *left = assay_view_seconds ((double) (state->total - state->done) / rate);

      g_string_append_printf (line, ", %s left", left);
    }
}

char *
assay_progress_bar_format (const AssayProgressState *state, guint columns)
{
  GString *line = g_string_new (state->stage);
  g_autofree char *safe = NULL;

  if (state->total > 0)
    append_cells (line, (double) MIN (state->done, state->total) / (double) state->total);
  if (state->unit != NULL && state->total > 0)
    g_string_append_printf (line, "  %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " %s", state->done, state->total, state->unit);
  else if (state->unit != NULL)
    g_string_append_printf (line, "  %" G_GUINT64_FORMAT " %s", state->done, state->unit);
  if (state->seconds >= 0.5 && state->done > state->first)
    append_rate (line, state);
  if (state->note != NULL)
    g_string_append_printf (line, "  %s", state->note);
  safe = assay_text_escape (line->str, FALSE);
  g_string_assign (line, safe);
  while (line->len > 0 && assay_text_width (line->str) + 1 > columns)       /* the last column would wrap on some terminals */
    g_string_truncate (line, g_utf8_prev_char (line->str + line->len) - line->str);
  return g_string_free (line, FALSE);
}

void
assay_progress_bar_report (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  AssayProgressBar *bar = data;
  gint64 now = g_get_monotonic_time ();
  g_autofree char *line = NULL;

  if (!bar->visible)
    return;
  if (g_strcmp0 (stage, bar->stage) != 0)
    {
      g_free (bar->stage);
      bar->stage = g_strdup (stage);
      bar->stage_started = now;
      bar->stage_first = done;
      bar->drawn = 0;
    }
  if (now - bar->drawn < REDRAW_USEC)
    return;
  bar->drawn = now;
  line = assay_progress_bar_format (&(AssayProgressState) { .stage = stage, .unit = unit, .note = note, .first = bar->stage_first, .done = done,
                                                           .total = total, .seconds = 1e-6 * (double) (now - bar->stage_started) },
                                    terminal_columns ());
  draw (bar, line);
}
