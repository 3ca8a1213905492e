/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_damping.c: from a position of the slider to a ranking, and the jobs that it offers. */
#include "gui/influence_damping.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/job_cost.h"
#include "job/live_ranking.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* Powers of ten: multiples of the mean eigenvalue; around what was asked where that is absolute. */
#define LOWEST (-6.0)
#define HIGHEST 2.0
#define AROUND 4.0
#define HALF_TICK 0.005         /* positions have two digits */

/* A question with what answers it at any damping. */
typedef struct {
  gatomicrefcount count;
  AssayInfluenceQuestion *question;
  AssayExampleIndex *examples;
  AssayLiveSource *source;      /* read before anything is shown; immutable */
  AssayLiveRanking *ranking;    /* NULL: not read yet */
} Live;

struct _AssayInfluenceDamping {
  AdwBin parent_instance;
  GtkStack *stack;
  GtkLabel *value, *state, *offer;
  GtkRange *slider;
  GtkWidget *back, *compute, *make;
  AssayJobList *jobs;
  AssayCaseReader *reader;
  AssayJobProcess *process;     /* that was started from here, while it runs */
  Live *live;                   /* what is shown; NULL: nothing, and this is not visible */
  AssayInfluenceAnswer *ranking;        /* what is shown; NULL: the answer itself */
  char *command;                /* of what is shown */
  double wanted;                /* NaN: nothing waits */
  gboolean is_busy, is_quiet, is_away;  /* is_away: the slider does not stand where it was asked */
  GCancellable *finding, *costing;
};

G_DEFINE_FINAL_TYPE (AssayInfluenceDamping, assay_influence_damping, ADW_TYPE_BIN)

enum { RANKED, ANSWERED, N_SIGNALS };
static guint signals[N_SIGNALS];

static Live *
live_ref (Live *live)
{
  g_atomic_ref_count_inc (&live->count);
  return live;
}

static void
live_unref (gpointer data)
{
  Live *live = data;

  if (live == NULL || !g_atomic_ref_count_dec (&live->count))
    return;
  assay_influence_question_unref (live->question);
  assay_example_index_unref (live->examples);
  assay_live_source_free (live->source);
  assay_live_ranking_free (live->ranking);
  g_free (live);
}

/* --- positions ----------------------------------------------------------------------------------------------------------- */

static gboolean
is_relative (const Live *live)
{
  return live->source->mode != ASSAY_DAMPING_ABSOLUTE;
}

static void
get_range (const Live *live, double *lower, double *upper)
{
  const double asked = live->source->damping, place = asked > 0 ? log10 (asked) : LOWEST;

  *lower = is_relative (live) || asked == 0 ? MIN (LOWEST, floor (place)) : floor (place) - AROUND;
  *upper = is_relative (live) || asked == 0 ? MAX (HIGHEST, ceil (place)) : ceil (place) + AROUND;
}

/* Where the slider stands for what was asked: a damping of 0 has the lower end. */
static double
get_asked_place (const Live *live)
{
  double lower, upper;

  get_range (live, &lower, &upper);
  return live->source->damping > 0 ? log10 (live->source->damping) : lower;
}

/* What is shown is what is computed: three digits. */
static double
get_damping (AssayInfluenceDamping *self)
{
  g_autofree char *text = assay_view_number (pow (10, gtk_range_get_value (self->slider)), 3);

  return self->is_away ? g_ascii_strtod (text, NULL) : self->live->source->damping;
}

static char *
describe (const Live *live, double damping, double added)
{
  g_autofree char *number = assay_view_number (damping, 3), *mean = assay_view_number (added, 3);

  if (!is_relative (live))
    return g_strdup (number);
  if (isnan (added))
    return g_strdup_printf (live->source->mode == ASSAY_DAMPING_BLOCK ? _("%s × each block's mean eigenvalue") : _("%s × the mean eigenvalue"), number);
  return g_strdup_printf (live->source->mode == ASSAY_DAMPING_BLOCK ? _("%s × each block's mean eigenvalue (%s on average)") : _("%s × the mean eigenvalue (%s)"),
                          number, mean);
}

static void
show_value (AssayInfluenceDamping *self, double added)
{
  g_autofree char *text = describe (self->live, get_damping (self), added);

  gtk_label_set_text (self->value, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->slider), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
}

static void
show_buttons (AssayInfluenceDamping *self)
{
  gtk_widget_set_sensitive (self->back, self->is_away);
  gtk_widget_set_sensitive (self->compute, self->command != NULL && self->process == NULL);
  gtk_widget_set_tooltip_text (self->compute, self->command ? self->command : _("Move the slider first"));
  gtk_widget_set_sensitive (self->make, self->process == NULL);
}

/* Takes the ranking. */
static void
show_ranking (AssayInfluenceDamping *self, AssayInfluenceAnswer *ranking)
{
  AssayInfluenceAnswer *before = self->ranking;

  self->ranking = ranking;
  if (before != NULL || ranking != NULL)
    g_signal_emit (self, signals[RANKED], 0);
  assay_influence_answer_free (before);
}

static void
show_state (AssayInfluenceDamping *self, const char *text)
{
  g_autofree char *visible = assay_text_escape (text, FALSE);

  gtk_label_set_text (self->state, visible);
}

static void
show_as_asked (AssayInfluenceDamping *self)
{
  self->wanted = (double) NAN;
  g_clear_pointer (&self->command, g_free);
  show_value (self, (double) NAN);
  show_state (self, _("As it was asked: the scores are the method's own. Move the slider to see what another damping makes of them."));
  show_buttons (self);
  show_ranking (self, NULL);
}

/* --- a ranking ----------------------------------------------------------------------------------------------------------- */

typedef struct {
  Live *live;
  double damping;
  double added;                 /* out */
} Request;

static Request *
request_new (Live *live, double damping)
{
  Request *request = g_new0 (Request, 1);

  *request = (Request) { live_ref (live), damping, (double) NAN };
  return request;
}

static void
request_free (gpointer data)
{
  Request *request = data;

  live_unref (request->live);
  g_free (request);
}

/* On a thread of the pool. */
static void
rank (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  GError *error = NULL;
  g_autoptr (AssayLiveScores) scores = assay_live_ranking_get (request->live->ranking, request->damping, &error);

  (void) source;
  (void) cancellable;
  if (scores == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  request->added = scores->added;
  g_task_return_pointer (task, assay_influence_answer_new_live (request->live->question, request->live->examples, scores),
                         (GDestroyNotify) assay_influence_answer_free);
}

static void ask_next (AssayInfluenceDamping *self);

static void
show_failure (AssayInfluenceDamping *self, const GError *fault)
{
  self->wanted = (double) NAN;
  show_state (self, fault->message);
  show_ranking (self, NULL);
}

static void
on_ranked (GObject *source, GAsyncResult *result, gpointer data)
{
  AssayInfluenceDamping *self = ASSAY_INFLUENCE_DAMPING (source);
  const Request *request = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) fault = NULL;
  AssayInfluenceAnswer *ranking = g_task_propagate_pointer (G_TASK (result), &fault);

  (void) data;
  self->is_busy = FALSE;
  if (self->live != request->live || !self->is_away)
    assay_influence_answer_free (ranking);
  else if (ranking == NULL)
    show_failure (self, fault);
  else
    {
      if (isnan (self->wanted))
        show_value (self, request->added);
      show_state (self, _("From the index: each score lies within its interval. ▲ ▼ say how far an example moved since the damping that was asked."));
      show_ranking (self, ranking);
    }
  ask_next (self);
}

/* A request of the case's reader. */
typedef struct { AssayInfluenceDamping *self; Live *live; } Reading;

static Reading *
reading_new (AssayInfluenceDamping *self, Live *live)
{
  Reading *reading = g_new (Reading, 1);

  *reading = (Reading) { g_object_ref (self), live_ref (live) };
  return reading;
}

/* An AssayReadFunc of a Live. */
static gpointer
open_ranking (AssayCase *cas, gconstpointer data, GCancellable *cancellable, GError **error)
{
  const Live *live = data;

  (void) cancellable;
  return assay_live_ranking_open (cas, live->source, live->question->query, error);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Reading *opening = data;
  g_autoptr (AssayInfluenceDamping) self = opening->self;
  g_autoptr (GError) fault = NULL;
  AssayLiveRanking *ranking = assay_case_reader_finish (ASSAY_CASE_READER (source), result, &fault);

  self->is_busy = FALSE;
  if (ranking == NULL && opening->live == self->live)
    show_failure (self, fault);
  opening->live->ranking = ranking;
  live_unref (opening->live);
  ask_next (self);
}

/* The index is read when the slider first moves: until then nobody may want it. */
static void
ask_next (AssayInfluenceDamping *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->is_busy || isnan (self->wanted) || self->live == NULL)
    return;
  self->is_busy = TRUE;
  if (self->live->ranking == NULL)
    {
      show_state (self, _("Reading the index…"));
      assay_case_reader_ask (self->reader, open_ranking, live_ref (self->live), live_unref, (GDestroyNotify) assay_live_ranking_free, NULL, on_opened,
                             reading_new (self, self->live));
      return;
    }
  task = g_task_new (self, NULL, on_ranked, NULL);
  g_task_set_task_data (task, request_new (self->live, self->wanted), request_free);
  self->wanted = (double) NAN;
  g_task_run_in_thread (task, rank);
}

static void
on_moved (AssayInfluenceDamping *self)
{
  if (self->is_quiet || self->live == NULL || self->live->source->index == NULL)
    return;
  self->is_away = fabs (gtk_range_get_value (self->slider) - get_asked_place (self->live)) >= HALF_TICK;
  if (!self->is_away)
    {
      show_as_asked (self);
      return;
    }
  self->wanted = get_damping (self);
  g_free (self->command);
  self->command = assay_live_source_dup_command (self->live->source, self->wanted, NULL);
  show_value (self, (double) NAN);
  show_buttons (self);
  ask_next (self);
}

static void
on_back (AssayInfluenceDamping *self)
{
  gtk_range_set_value (self->slider, get_asked_place (self->live));
}

/* --- jobs ---------------------------------------------------------------------------------------------------------------- */

static void
run (AssayInfluenceDamping *self, const char *command)
{
  AssayJobProcess *running;

  gtk_widget_activate_action (GTK_WIDGET (self), "win.run-quietly", "s", command);
  running = assay_job_list_find_running (self->jobs, assay_case_reader_get_path (self->reader));
  g_set_object (&self->process, running);
  show_buttons (self);
}

static void
on_compute (AssayInfluenceDamping *self)
{
  if (self->command != NULL)
    run (self, self->command);
}

static void
on_make (AssayInfluenceDamping *self)
{
  run (self, self->live->source->index_command);
}

/* A new index is found when the case has been read again; so are new scores, which are wanted now. */
static void
on_ended (AssayJobList *jobs, AssayJobProcess *process, AssayInfluenceDamping *self)
{
  const char *scores;

  (void) jobs;
  if (process != self->process)
    return;
  scores = assay_json_get_text (assay_job_process_get_document (process), "scores_object");
  show_state (self, assay_job_process_get_words (process));
  if (scores[0] != '\0')
    g_signal_emit (self, signals[ANSWERED], 0, scores);
  g_clear_object (&self->process);
  show_buttons (self);
}

static void
on_cost (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayInfluenceDamping) self = data;
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayJobCost) cost = assay_job_cost_finish (result, &fault);
  g_autofree char *visible = fault ? assay_text_escape (fault->message, FALSE) : NULL;
  g_autofree char *text = NULL;

  (void) source;
  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  text = cost ? g_strdup_printf (_("With an index of its gradients this case would show the ranking at any damping at once. Making one: %s."), cost->words)
              : g_steal_pointer (&visible);
  gtk_label_set_text (self->offer, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->offer), cost ? cost->steps : NULL);
}

/* --- a question ---------------------------------------------------------------------------------------------------------- */

static void
show_slider (AssayInfluenceDamping *self)
{
  double lower, upper, asked = get_asked_place (self->live);

  get_range (self->live, &lower, &upper);
  self->is_quiet = TRUE;
  gtk_range_set_range (self->slider, lower, upper);
  gtk_range_set_increments (self->slider, 0.1, 1);
  gtk_scale_clear_marks (GTK_SCALE (self->slider));
  for (double place = lower; place <= upper; place += 2)
    {
      g_autofree char *text = assay_view_number (pow (10, place), 3);

      gtk_scale_add_mark (GTK_SCALE (self->slider), place, GTK_POS_BOTTOM, text);
    }
  gtk_scale_add_mark (GTK_SCALE (self->slider), asked, GTK_POS_TOP, _("asked"));
  if (!self->is_away)
    gtk_range_set_value (self->slider, asked);
  self->is_quiet = FALSE;
  gtk_stack_set_visible_child_name (self->stack, "slider");
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
  if (self->is_away)
    on_moved (self);
  else
    show_as_asked (self);
}

static void
show_offer (AssayInfluenceDamping *self)
{
  gtk_label_set_text (self->offer, _("With an index of its gradients this case would show the ranking at any damping at once."));
  gtk_stack_set_visible_child_name (self->stack, "offer");
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
  show_buttons (self);
  gtk_widget_set_tooltip_text (self->make, self->live->source->index_command);
  g_clear_object (&self->costing);
  self->costing = g_cancellable_new ();
  assay_job_cost_ask (self->live->source->index_command, self->costing, on_cost, g_object_ref (self));
}

/* Back to where nothing is known of a question. */
static void
forget (AssayInfluenceDamping *self)
{
  self->is_away = FALSE;
  self->wanted = (double) NAN;
  g_clear_pointer (&self->command, g_free);
  g_clear_pointer (&self->live, live_unref);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  show_ranking (self, NULL);
}

/* An AssayReadFunc of a Live. NULL without an error: nothing to offer. */
static gpointer
find_source (AssayCase *cas, gconstpointer data, GCancellable *cancellable, GError **error)
{
  const AssayInfluenceQuestion *question = ((const Live *) data)->question;
  g_autoptr (AssayObject) made = question->job ? assay_case_lookup (cas, "job", question->job, error) : NULL;

  (void) cancellable;
  return made ? assay_live_source_find (cas, made, question->model, error) : NULL;
}

/* What is shown of a question stays until this is there; where the index is still the same one, what was read of it stays, too. */
static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Reading *finding = data;
  g_autoptr (AssayInfluenceDamping) self = finding->self;
  g_autoptr (GError) fault = NULL;
  Live *found = finding->live;

  found->source = assay_case_reader_finish (ASSAY_CASE_READER (source), result, &fault);
  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || (found->source != NULL && found->source->index != NULL && self->live != NULL && g_strcmp0 (self->live->source->index, found->source->index) == 0))
    live_unref (found);
  else if (found->source == NULL)
    {
      live_unref (found);
      forget (self);
    }
  else
    {
      live_unref (self->live);
      self->live = found;
      if (found->source->index == NULL)
        show_offer (self);
      else
        show_slider (self);
    }
}

static void
cancel (GCancellable **cancellable)
{
  if (*cancellable != NULL)
    g_cancellable_cancel (*cancellable);
  g_clear_object (cancellable);
}

void
assay_influence_damping_set (AssayInfluenceDamping *self, AssayCaseReader *reader, const AssayInfluenceAnswer *answer)
{
  const AssayInfluenceQuestion *question = answer->question;
  Live *live = g_new0 (Live, 1);

  cancel (&self->finding);
  cancel (&self->costing);
  if (self->live != NULL && (strcmp (self->live->question->reference, question->reference) != 0 || self->reader != reader))
    forget (self);
  g_atomic_ref_count_init (&live->count);
  live->question = assay_influence_question_ref (answer->question);
  live->examples = assay_example_index_ref (answer->index);
  g_set_object (&self->reader, reader);
  self->finding = g_cancellable_new ();
  assay_case_reader_ask (reader, find_source, live_ref (live), live_unref, (GDestroyNotify) assay_live_source_free, self->finding, on_found,
                         reading_new (self, live));
  live_unref (live);
}

const AssayInfluenceAnswer *
assay_influence_damping_get_ranking (AssayInfluenceDamping *self)
{
  return self->ranking;
}

const char *
assay_influence_damping_get_command (AssayInfluenceDamping *self)
{
  return self->ranking ? self->command : NULL;
}

/* --- the object ---------------------------------------------------------------------------------------------------------- */

void
assay_influence_damping_set_jobs (AssayInfluenceDamping *self, AssayJobList *jobs)
{
  if (self->jobs != NULL)
    return;
  self->jobs = g_object_ref (jobs);
  g_signal_connect (jobs, "ended", G_CALLBACK (on_ended), self);
}

static void
assay_influence_damping_dispose (GObject *object)
{
  AssayInfluenceDamping *self = ASSAY_INFLUENCE_DAMPING (object);

  cancel (&self->finding);
  cancel (&self->costing);
  if (self->jobs != NULL)
    g_signal_handlers_disconnect_by_data (self->jobs, self);
  g_clear_object (&self->jobs);
  g_clear_object (&self->reader);
  g_clear_object (&self->process);
  g_clear_pointer (&self->live, live_unref);
  g_clear_pointer (&self->command, g_free);
  G_OBJECT_CLASS (assay_influence_damping_parent_class)->dispose (object);
}

/* The ranking stays for as long as a list may show it. */
static void
assay_influence_damping_finalize (GObject *object)
{
  assay_influence_answer_free (ASSAY_INFLUENCE_DAMPING (object)->ranking);
  G_OBJECT_CLASS (assay_influence_damping_parent_class)->finalize (object);
}

static void
assay_influence_damping_class_init (AssayInfluenceDampingClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_influence_damping_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_influence_damping_finalize;
  signals[RANKED] = g_signal_new ("ranked", ASSAY_TYPE_INFLUENCE_DAMPING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ANSWERED] = g_signal_new ("answered", ASSAY_TYPE_INFLUENCE_DAMPING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/influence_damping.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceDamping, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceDamping, value);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceDamping, state);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceDamping, offer);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceDamping, slider);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceDamping, back);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceDamping, compute);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceDamping, make);
  gtk_widget_class_bind_template_callback (widget_class, on_moved);
  gtk_widget_class_bind_template_callback (widget_class, on_back);
  gtk_widget_class_bind_template_callback (widget_class, on_compute);
  gtk_widget_class_bind_template_callback (widget_class, on_make);
}

static void
assay_influence_damping_init (AssayInfluenceDamping *self)
{
  self->wanted = (double) NAN;
  gtk_widget_init_template (GTK_WIDGET (self));
}
