/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_ask.c: a small form and a dry run. */
#include "gui/influence_ask.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/job_cost.h"
#include "influence/breakdown.h"
#include "influence/method.h"
#include "job/spec.h"

#include <glib/gi18n.h>
#include <string.h>

#define SETTLE_MSEC 350

struct _AssayInfluenceAsk {
  AdwBin parent_instance;
  GtkEditable *query, *damping;
  AdwComboRow *method, *by;
  GtkSwitch *mean;
  GtkLabel *cost, *words;
  GtkWidget *start, *stop;
  GtkProgressBar *bar;
  char *path, *proposed;        /* proposed: the query that was set last, whatever the person made of it */
  AssayJobList *jobs;
  AssayJobProcess *process;     /* while it runs */
  GCancellable *asking;
  guint settle;
};

G_DEFINE_FINAL_TYPE (AssayInfluenceAsk, assay_influence_ask, ADW_TYPE_BIN)

enum { CLOSED, ANSWERED, N_SIGNALS };
static guint signals[N_SIGNALS];

static const AssayMethod *
chosen_method (AssayInfluenceAsk *self)
{
  return assay_method_list ()[adw_combo_row_get_selected (self->method)];
}

static gboolean
has_damping (const AssayMethod *method)
{
  for (const AssayParam *p = method->params; p != NULL && p->name != NULL; p++)
    if (strcmp (p->name, "damping") == 0)
      return TRUE;
  return FALSE;
}

/* Owns: the caller. */
static char *
make_command (AssayInfluenceAsk *self)
{
  g_autofree char *path = assay_job_quote_word (self->path), *query = assay_job_quote_word (gtk_editable_get_text (self->query));
  GString *command = g_string_new (NULL);
  const char *damping = gtk_editable_get_text (self->damping);

  g_string_append_printf (command, "assay influence %s --query %s", path, query);
  if (gtk_switch_get_active (self->mean))
    g_string_append (command, " --mean");
  g_string_append_printf (command, " --method %s", chosen_method (self)->name);
  if (adw_combo_row_get_selected (self->by) > 0)
    g_string_append_printf (command, " --by %s", assay_breakdown_choices[adw_combo_row_get_selected (self->by)]);
  if (damping[0] != '\0' && has_damping (chosen_method (self)))
    {
      g_autofree char *value = assay_job_quote_word (damping);

      g_string_append_printf (command, " --damping %s", value);
    }
  return g_string_free (command, FALSE);
}

/* --- what it would take -------------------------------------------------------------------------------------------- */

static void
on_cost (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayInfluenceAsk) self = data;
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayJobCost) cost = assay_job_cost_finish (result, &fault);
  g_autofree char *visible = fault ? assay_text_escape (fault->message, FALSE) : NULL;

  (void) source;
  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_label_set_text (self->cost, cost ? cost->words : visible);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->cost), cost ? cost->steps : NULL);
  gtk_widget_set_sensitive (self->start, cost != NULL && self->process == NULL);
}

static gboolean
on_settled (gpointer data)
{
  AssayInfluenceAsk *self = data;
  g_autofree char *command = make_command (self);

  self->settle = 0;
  if (self->asking != NULL)
    g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
  self->asking = g_cancellable_new ();
  assay_job_cost_ask (command, self->asking, on_cost, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
ask_cost (AssayInfluenceAsk *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->damping), has_damping (chosen_method (self)));
  if (self->path == NULL)
    return;
  gtk_label_set_text (self->cost, _("…"));
  gtk_widget_set_sensitive (self->start, FALSE);
  g_clear_handle_id (&self->settle, g_source_remove);
  self->settle = g_timeout_add (SETTLE_MSEC, on_settled, self);
}

/* --- running it ---------------------------------------------------------------------------------------------------- */

static void
show_process (AssayInfluenceAsk *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->bar), self->process != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->words), self->process != NULL);
  gtk_widget_set_visible (self->stop, self->process != NULL);
  gtk_widget_set_visible (self->start, self->process == NULL);
  if (self->process == NULL)
    return;
  gtk_label_set_text (self->words, assay_job_process_get_words (self->process));
  if (assay_job_process_get_fraction (self->process) >= 0)
    gtk_progress_bar_set_fraction (self->bar, assay_job_process_get_fraction (self->process));
  else
    gtk_progress_bar_pulse (self->bar);
}

static void
on_changed (AssayJobList *jobs, AssayJobProcess *process, AssayInfluenceAsk *self)
{
  (void) jobs;
  if (process == self->process)
    show_process (self);
}

static void
on_ended (AssayJobList *jobs, AssayJobProcess *process, AssayInfluenceAsk *self)
{
  g_autoptr (AssayJobProcess) ended = NULL;
  const char *scores;

  (void) jobs;
  if (process != self->process)
    return;
  ended = g_steal_pointer (&self->process);
  show_process (self);
  gtk_widget_set_sensitive (self->start, TRUE);
  gtk_label_set_text (self->cost, assay_job_process_get_words (ended));
  scores = assay_json_get_text (assay_job_process_get_document (ended), "scores_object");
  if (scores[0] != '\0')
    g_signal_emit (self, signals[ANSWERED], 0, scores);
}

static void
start (AssayInfluenceAsk *self)
{
  g_autofree char *command = make_command (self);

  gtk_widget_activate_action (GTK_WIDGET (self), "win.run-quietly", "s", command);
  self->process = assay_job_list_find_running (self->jobs, self->path);
  if (self->process != NULL)
    g_object_ref (self->process);
  show_process (self);
}

static void
stop (AssayInfluenceAsk *self)
{
  if (self->process != NULL)
    assay_job_process_stop (self->process);
}

static void
on_close (AssayInfluenceAsk *self)
{
  g_signal_emit (self, signals[CLOSED], 0);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

static void
assay_influence_ask_dispose (GObject *object)
{
  AssayInfluenceAsk *self = ASSAY_INFLUENCE_ASK (object);

  g_clear_handle_id (&self->settle, g_source_remove);
  if (self->asking != NULL)
    g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
  if (self->jobs != NULL)
    g_signal_handlers_disconnect_by_data (self->jobs, self);
  g_clear_object (&self->jobs);
  g_clear_object (&self->process);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->proposed, g_free);
  G_OBJECT_CLASS (assay_influence_ask_parent_class)->dispose (object);
}

static void
assay_influence_ask_class_init (AssayInfluenceAskClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_influence_ask_dispose;
  signals[CLOSED] = g_signal_new ("closed", ASSAY_TYPE_INFLUENCE_ASK, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ANSWERED] = g_signal_new ("answered", ASSAY_TYPE_INFLUENCE_ASK, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/influence_ask.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, query);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, damping);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, by);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, method);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, mean);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, cost);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, words);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, start);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, stop);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluenceAsk, bar);
  gtk_widget_class_bind_template_callback (widget_class, ask_cost);
  gtk_widget_class_bind_template_callback_full (widget_class, "on_start", G_CALLBACK (start));
  gtk_widget_class_bind_template_callback_full (widget_class, "on_stop", G_CALLBACK (stop));
  gtk_widget_class_bind_template_callback (widget_class, on_close);
}

static void
assay_influence_ask_init (AssayInfluenceAsk *self)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint usual = 0;

  for (guint k = 0; assay_method_list ()[k] != NULL; k++)
    {
      g_autofree char *line = g_strdup_printf ("%s – %s", assay_method_list ()[k]->name, assay_method_list ()[k]->help);

      if (strcmp (assay_method_list ()[k]->name, "cg") == 0)
        usual = k;
      gtk_string_list_append (names, line);
    }
  gtk_widget_init_template (GTK_WIDGET (self));
  adw_combo_row_set_model (self->method, G_LIST_MODEL (names));
  adw_combo_row_set_selected (self->method, usual);
}

void
assay_influence_ask_set_jobs (AssayInfluenceAsk *self, AssayJobList *jobs)
{
  if (self->jobs != NULL)
    return;
  self->jobs = g_object_ref (jobs);
  g_signal_connect (jobs, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect (jobs, "ended", G_CALLBACK (on_ended), self);
}

void
assay_influence_ask_set (AssayInfluenceAsk *self, const char *path, const char *query)
{
  if (g_strcmp0 (self->path, path) == 0 && g_strcmp0 (self->proposed, query) == 0)
    return;
  g_free (self->path);
  g_free (self->proposed);
  self->path = g_strdup (path);
  self->proposed = g_strdup (query);
  gtk_editable_set_text (self->query, query);
  ask_cost (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->query));
}
