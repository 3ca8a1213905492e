/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_strip.c: one job in a few words with its bar. */
#include "gui/job_strip.h"

#include <glib/gi18n.h>

struct _AssayJobStrip {
  AdwBin parent_instance;
  GtkRevealer *revealer;
  GtkLabel *title, *words;
  GtkProgressBar *bar;
  AssayJobList *jobs;
  char *path;
};

G_DEFINE_FINAL_TYPE (AssayJobStrip, assay_job_strip, ADW_TYPE_BIN)

static AssayJobProcess *
find_job (AssayJobStrip *self)
{
  AssayJobProcess *process = self->path ? assay_job_list_find_running (self->jobs, self->path) : NULL;

  return process ? process : assay_job_list_find_running (self->jobs, NULL);
}

static void
update (AssayJobStrip *self)
{
  AssayJobProcess *process = find_job (self);
  guint n = assay_job_list_count_running (self->jobs);
  g_autofree char *title = NULL;

  gtk_revealer_set_reveal_child (self->revealer, process != NULL);
  if (process == NULL)
    return;
  title = n > 1 ? g_strdup_printf (_("%s and %u more"), assay_job_process_get_kind (process), n - 1) : g_strdup (assay_job_process_get_kind (process));
  gtk_label_set_text (self->title, title);
  gtk_label_set_text (self->words, assay_job_process_get_words (process));
  if (assay_job_process_get_fraction (process) < 0)
    gtk_progress_bar_pulse (self->bar);
  else
    gtk_progress_bar_set_fraction (self->bar, assay_job_process_get_fraction (process));
}

static void
on_job_changed (AssayJobList *jobs, AssayJobProcess *process, AssayJobStrip *self)
{
  (void) jobs;
  (void) process;
  update (self);
}

static void
assay_job_strip_dispose (GObject *object)
{
  AssayJobStrip *self = ASSAY_JOB_STRIP (object);

  if (self->jobs != NULL)
    g_signal_handlers_disconnect_by_data (self->jobs, self);
  g_clear_object (&self->jobs);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (assay_job_strip_parent_class)->dispose (object);
}

static void
assay_job_strip_class_init (AssayJobStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_job_strip_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/job_strip.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayJobStrip, revealer);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStrip, title);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStrip, words);
  gtk_widget_class_bind_template_child (widget_class, AssayJobStrip, bar);
}

static void
assay_job_strip_init (AssayJobStrip *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
assay_job_strip_set_jobs (AssayJobStrip *self, AssayJobList *jobs)
{
  g_set_object (&self->jobs, jobs);
  g_signal_connect (jobs, "changed", G_CALLBACK (on_job_changed), self);
  g_signal_connect (jobs, "ended", G_CALLBACK (on_job_changed), self);
  g_signal_connect_object (jobs, "items-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
}

void
assay_job_strip_set_case (AssayJobStrip *self, const char *path)
{
  g_free (self->path);
  self->path = g_strdup (path);
  update (self);
}
