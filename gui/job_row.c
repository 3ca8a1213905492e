/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_row.c: a job's row follows its process. */
#include "gui/job_row.h"

#include "base/text.h"
#include "gui/case_contents.h"

#include <glib/gi18n.h>

struct _AssayJobRow {
  GtkListBoxRow parent_instance;
  GtkImage *mark;
  GtkSpinner *spinner;
  GtkStack *sign;
  GtkLabel *title, *words, *command;
  GtkProgressBar *bar;
  GtkWidget *stop, *again, *copy, *forget;
  AssayJobList *jobs;
  AssayJobProcess *process;
};

G_DEFINE_FINAL_TYPE (AssayJobRow, assay_job_row, GTK_TYPE_LIST_BOX_ROW)

static const struct { const char *icon, *style, *word; } states[] = {
  [ASSAY_JOB_RUNNING] = { "assay-jobs-symbolic", "accent", N_("Running") },
  [ASSAY_JOB_STOPPING] = { "assay-jobs-symbolic", "accent", N_("Stopping") },
  [ASSAY_JOB_DONE] = { "assay-passed-symbolic", "assay-good", N_("Done") },
  [ASSAY_JOB_FOUND] = { "assay-unknown-symbolic", "assay-warn", N_("Done, with a finding") },
  [ASSAY_JOB_STOPPED] = { "media-playback-pause-symbolic", "dim-label", N_("Stopped") },
  [ASSAY_JOB_FAILED] = { "assay-failed-symbolic", "assay-bad", N_("Failed") },
};

static char *
describe_title (AssayJobProcess *process)
{
  const char *path = assay_job_process_get_case (process);
  g_autofree char *name = path ? assay_case_display_name (path) : NULL;
  const char *kind = assay_job_process_get_kind (process), *word = _(states[assay_job_process_get_state (process)].word);

  return name ? g_strdup_printf ("%s · %s · %s", kind, name, word) : g_strdup_printf ("%s · %s", kind, word);
}

static void
update (AssayJobRow *self)
{
  AssayJobState state = assay_job_process_get_state (self->process);
  gboolean is_over = assay_job_process_is_over (self->process);
  g_autofree char *title = describe_title (self->process);

  gtk_stack_set_visible_child (self->sign, is_over ? GTK_WIDGET (self->mark) : GTK_WIDGET (self->spinner));
  gtk_spinner_set_spinning (self->spinner, !is_over);
  gtk_image_set_from_icon_name (self->mark, states[state].icon);
  gtk_widget_set_css_classes (GTK_WIDGET (self->mark), (const char *[]) { states[state].style, NULL });
  gtk_label_set_text (self->title, title);
  gtk_label_set_text (self->words, assay_job_process_get_words (self->process));
  gtk_widget_set_visible (GTK_WIDGET (self->bar), !is_over);
  if (assay_job_process_get_fraction (self->process) >= 0)
    gtk_progress_bar_set_fraction (self->bar, assay_job_process_get_fraction (self->process));
  else if (!is_over)
    gtk_progress_bar_pulse (self->bar);
  gtk_widget_set_visible (self->stop, !is_over);
  gtk_widget_set_sensitive (self->stop, state == ASSAY_JOB_RUNNING);
  gtk_widget_set_visible (self->again, is_over && state != ASSAY_JOB_DONE);
  gtk_widget_set_tooltip_text (self->again, state == ASSAY_JOB_STOPPED ? _("Go on where it was") : _("Run it again"));
  gtk_widget_set_visible (self->forget, is_over);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
}

static void
on_stop (GtkButton *button, AssayJobRow *self)
{
  (void) button;
  assay_job_process_stop (self->process);
}

static void
on_forget (GtkButton *button, AssayJobRow *self)
{
  (void) button;
  assay_job_list_forget (self->jobs, self->process);
}

static void
assay_job_row_dispose (GObject *object)
{
  AssayJobRow *self = ASSAY_JOB_ROW (object);

  if (self->process != NULL)
    g_signal_handlers_disconnect_by_data (self->process, self);
  g_clear_object (&self->process);
  g_clear_object (&self->jobs);
  G_OBJECT_CLASS (assay_job_row_parent_class)->dispose (object);
}

static void
assay_job_row_class_init (AssayJobRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_job_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/job_row.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, mark);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, sign);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, title);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, words);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, command);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, bar);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, stop);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, again);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, copy);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, forget);
}

static void
assay_job_row_init (AssayJobRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self->stop, "clicked", G_CALLBACK (on_stop), self);
  g_signal_connect (self->forget, "clicked", G_CALLBACK (on_forget), self);
}

GtkWidget *
assay_job_row_new (AssayJobList *jobs, AssayJobProcess *process)
{
  AssayJobRow *self = g_object_new (ASSAY_TYPE_JOB_ROW, NULL);
  g_autofree char *command = assay_text_escape (assay_job_process_get_command (process), FALSE);

  self->jobs = g_object_ref (jobs);
  self->process = g_object_ref (process);
  gtk_label_set_text (self->command, command);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->copy), "s", assay_job_process_get_command (process));
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->again), "s", assay_job_process_get_command (process));
  g_signal_connect_swapped (process, "changed", G_CALLBACK (update), self);
  update (self);
  return GTK_WIDGET (self);
}
