/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_edit.c: the reasoning bench of the window: from an edit of a step to the frame that shows the model's new answer.
 *
 *   xvfb-run bench/chain_edit CASE [EDITS]        GDK_BACKEND=x11 GSK_RENDERER=cairo for software rendering; the case has an answer of `assay cot`
 */
#include "gui/chain_bench_view.h"

#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assay_workbench_register_resource (void);

typedef struct {
  gboolean answered, drawn;
  double asked_ms;              /* from question to answer, as the bench says it */
} Seen;

static int
compare (gconstpointer a, gconstpointer b)
{
  return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

static void
on_after_paint (GdkFrameClock *clock, Seen *seen)
{
  (void) clock;
  seen->drawn = seen->answered;
}

static void
on_label (GtkLabel *label, GParamSpec *spec, Seen *seen)
{
  const char *words = strstr (gtk_label_get_text (label), "answered in ");

  (void) spec;
  if (words == NULL)
    return;
  seen->asked_ms = g_ascii_strtod (words + strlen ("answered in "), NULL);
  seen->answered = TRUE;
  gtk_widget_queue_draw (GTK_WIDGET (label));
}

static void
watch_labels (GtkWidget *widget, Seen *seen)
{
  if (GTK_IS_LABEL (widget))
    g_signal_connect (widget, "notify::label", G_CALLBACK (on_label), seen);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    watch_labels (child, seen);
}

static void
fail_on (GError *error)
{
  if (error == NULL)
    return;
  fprintf (stderr, "bench: %s\n", error->message);
  exit (1);
}

static AssayReasoningAnswer *
read_answer (const char *path)
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (path, ASSAY_CASE_READ, &error);
  AssayReasoningAnswer *answer;

  fail_on (error);
  answer = assay_reasoning_answer_read (cas, NULL, NULL, &error);
  fail_on (error);
  return answer;
}

/* Another value, drawn, for a step, drawn: always one that the chain did not have. */
static char *
draw_edit (AssayRng *rng, AssayReasoningAnswer *answer, gint64 chain, guint n_values)
{
  g_auto (GStrv) steps = assay_reasoning_answer_list_steps (answer, chain);
  guint place = (guint) assay_rng_below (rng, g_strv_length (steps)), value = (guint) g_ascii_strtoull (steps[place], NULL, 10);

  value = (value + 1 + (guint) assay_rng_below (rng, n_values - 1)) % n_values;
  g_free (steps[place]);
  steps[place] = g_strdup_printf ("%u", value);
  return g_strjoinv (" ", steps);
}

int
main (int argc, char **argv)
{
  int n_edits = argc > 2 ? atoi (argv[2]) : 200;
  g_autofree double *edit = g_new (double, n_edits), *ask = g_new (double, n_edits);
  AssayReasoningAnswer *answer;
  AssayRng rng;
  GtkWidget *window, *scrolled, *view;
  Seen seen = { FALSE, FALSE, 0 };

  if (argc < 2 || n_edits < 1)
    {
      fprintf (stderr, "usage: chain_edit CASE [EDITS]\n");
      return 2;
    }
  if (!gtk_init_check ())
    {
      fprintf (stderr, "no display\n");
      return 77;
    }
  adw_init ();
  assay_workbench_register_resource ();
  answer = read_answer (argv[1]);
  rng = assay_rng_new (0, assay_rng_stream ("edits", 0));
  window = gtk_window_new ();
  view = g_object_new (ASSAY_TYPE_CHAIN_BENCH_VIEW, NULL);
  gtk_window_set_default_size (GTK_WINDOW (window), 760, 480);
  scrolled = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_window_set_child (GTK_WINDOW (window), scrolled);
  gtk_window_present (GTK_WINDOW (window));
  watch_labels (view, &seen);
  g_signal_connect (gtk_widget_get_frame_clock (window), "after-paint", G_CALLBACK (on_after_paint), &seen);
  for (int k = 0; k < n_edits; k++)
    {
      gint64 chain = (gint64) assay_rng_below (&rng, (guint64) answer->n), begin;
      g_autofree char *steps = draw_edit (&rng, answer, chain, (guint) answer->organism.p);

      assay_chain_bench_view_set_chain (ASSAY_CHAIN_BENCH_VIEW (view), answer, chain);
      for (gint64 end = g_get_monotonic_time () + 200000; g_get_monotonic_time () < end;)       /* as it was written stands there */
        if (!g_main_context_iteration (NULL, FALSE))
          g_usleep (500);
      seen = (Seen) { FALSE, FALSE, 0 };
      begin = g_get_monotonic_time ();
      assay_chain_bench_view_edit (ASSAY_CHAIN_BENCH_VIEW (view), steps);
      while (!seen.drawn)
        g_main_context_iteration (NULL, TRUE);
      edit[k] = 1e-3 * (double) (g_get_monotonic_time () - begin);
      ask[k] = seen.asked_ms;
    }
  qsort (edit, (gsize) n_edits, sizeof *edit, compare);
  qsort (ask, (gsize) n_edits, sizeof *ask, compare);
  printf ("edit to the frame that shows the answer  %6.1f ms median, %.1f worst of %d\n", edit[n_edits / 2], edit[n_edits - 1], n_edits);
  printf ("of these, question to answer             %6.1f ms median, %.1f worst\n", ask[n_edits / 2], ask[n_edits - 1]);
  assay_reasoning_answer_unref (answer);
  return 0;
}
