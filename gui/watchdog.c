/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watchdog.c: looks at the clock whenever the main loop begins and ends to wait. */
#include "gui/watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VARIABLE "ASSAY_WORKBENCH_WATCHDOG"
#define LONG_MSEC 50.0
#define MAX_STALLS 100

typedef struct { double msec, cpu_msec; } Span;

typedef struct { Span span; char *page; } Longest;

static struct {
  char *file;                   /* NULL: nothing is measured */
  char *page;
  gboolean is_watching;         /* from the first frame with a case until its window is gone */
  double start_msec;
  Span woke, drawing;           /* when the turn began; when the frame that is being drawn did */
  Span drawn;                   /* what was drawn in this turn */
  Longest stall, work;          /* with the frames, and without */
  GString *stalls;
  guint n_stalls;
} dog;

static double
read_clock (clockid_t clock)
{
  struct timespec now;

  return clock_gettime (clock, &now) == 0 ? 1e3 * (double) now.tv_sec + 1e-6 * (double) now.tv_nsec : 0;
}

static Span
read_clocks (void)
{
  return (Span) { read_clock (CLOCK_MONOTONIC), read_clock (CLOCK_THREAD_CPUTIME_ID) };
}

/* Since the kernel made this process, of which it says the time in ticks since it started itself. */
static double
measure_since_start (void)
{
  g_autofree char *text = NULL;
  const char *fields;
  guint64 ticks = 0;

  if (!g_file_get_contents ("/proc/self/stat", &text, NULL, NULL) || (fields = strrchr (text, ')')) == NULL
      || sscanf (fields + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" G_GUINT64_FORMAT, &ticks) != 1)
    return 0;
  return read_clock (CLOCK_BOOTTIME) - 1e3 * (double) ticks / (double) sysconf (_SC_CLK_TCK);
}

/* The same in every locale. */
static void
append_line (GString *text, const char *name, const double *msec, guint n, const char *page)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, name);
  for (guint k = 0; k < n; k++)
    g_string_append_printf (text, " %s", g_ascii_formatd (number, sizeof number, "%.1f", msec[k]));
  g_string_append_printf (text, " %s\n", page);
}

static void
keep_longest (Longest *longest, Span span)
{
  if (span.msec <= longest->span.msec)
    return;
  longest->span = span;
  g_free (longest->page);
  longest->page = g_strdup (dog.page ? dog.page : "none");
}

static void
end_turn (void)
{
  Span now = read_clocks (), busy = { now.msec - dog.woke.msec, now.cpu_msec - dog.woke.cpu_msec };

  if (busy.msec > LONG_MSEC && dog.n_stalls++ < MAX_STALLS)
    append_line (dog.stalls, "stall", (double[]) { busy.msec, busy.cpu_msec, dog.drawn.msec }, 3, dog.page ? dog.page : "none");
  keep_longest (&dog.stall, busy);
  keep_longest (&dog.work, (Span) { busy.msec - dog.drawn.msec, busy.cpu_msec - dog.drawn.cpu_msec });
}

static int
poll_and_look (GPollFD *fds, guint n, int timeout)
{
  int result;

  if (dog.is_watching && dog.woke.msec > 0)
    end_turn ();
  result = g_poll (fds, n, timeout);
  dog.drawn = (Span) { 0, 0 };
  dog.woke = read_clocks ();
  return result;
}

static void
on_before_paint (void)
{
  dog.drawing = read_clocks ();
}

static void
on_after_paint (void)
{
  Span now = read_clocks ();

  dog.drawn.msec += now.msec - dog.drawing.msec;
  dog.drawn.cpu_msec += now.cpu_msec - dog.drawing.cpu_msec;
  if (dog.is_watching)
    return;
  if (dog.start_msec <= 0)
    dog.start_msec = measure_since_start ();
  dog.is_watching = TRUE;
  dog.woke = (Span) { 0, 0 };   /* the turn that began before is part of the start */
}

void
assay_watchdog_start (void)
{
  const char *file = g_getenv (VARIABLE);

  if (file == NULL || file[0] == '\0')
    return;
  dog.file = g_strdup (file);
  dog.stalls = g_string_new (NULL);
  g_main_context_set_poll_func (NULL, poll_and_look);
}

void
assay_watchdog_set_page (const char *name)
{
  if (dog.file == NULL)
    return;
  g_free (dog.page);
  dog.page = g_strdup (name);
}

/* What is taken down after it keeps nobody waiting. */
static void
on_unmap (void)
{
  dog.is_watching = FALSE;
}

void
assay_watchdog_case_shown (GtkWidget *window)
{
  GdkFrameClock *clock = dog.file ? gtk_widget_get_frame_clock (window) : NULL;

  if (clock == NULL || g_object_get_data (G_OBJECT (clock), VARIABLE) != NULL)
    return;
  g_object_set_data (G_OBJECT (clock), VARIABLE, &dog);
  g_signal_connect (clock, "before-paint", G_CALLBACK (on_before_paint), NULL);
  g_signal_connect (clock, "after-paint", G_CALLBACK (on_after_paint), NULL);
  g_signal_connect (window, "unmap", G_CALLBACK (on_unmap), NULL);
  gtk_widget_queue_draw (window);
}

static void
append_longest (GString *text, const char *name, Longest *longest)
{
  if (longest->page != NULL)
    append_line (text, name, (double[]) { longest->span.msec, longest->span.cpu_msec }, 2, longest->page);
  g_clear_pointer (&longest->page, g_free);
}

gboolean
assay_watchdog_stop (GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *file = g_steal_pointer (&dog.file);

  if (file == NULL)
    return TRUE;
  if (dog.start_msec > 0)
    g_string_append_printf (text, "start_ms %.0f\n", dog.start_msec);
  append_longest (text, "longest_stall_ms", &dog.stall);
  append_longest (text, "longest_work_ms", &dog.work);
  g_string_append (text, dog.stalls->str);
  g_string_free (dog.stalls, TRUE);
  g_clear_pointer (&dog.page, g_free);
  return g_file_set_contents (file, text->str, (gssize) text->len, error);
}
