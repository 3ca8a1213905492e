/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_jobs.c: jobs that run or ended lately, and beside them the form of a new one. */
#include "gui/job_row.h"
#include "gui/job_start.h"
#include "gui/page.h"

#include <glib/gi18n.h>

#define ASSAY_TYPE_JOBS_PAGE (assay_jobs_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayJobsPage, assay_jobs_page, ASSAY, JOBS_PAGE, AssayPage)

struct _AssayJobsPage {
  AssayPage parent_instance;
  GtkStack *stack;
  GtkLabel *count;
  GtkWidget *clear;
  GtkListBox *running;
  AssayJobStart *start;
  AssayJobList *jobs;           /* once the page was seen */
};

G_DEFINE_FINAL_TYPE (AssayJobsPage, assay_jobs_page, ASSAY_TYPE_PAGE)

static const char *
get_path (AssayJobsPage *self)
{
  AssayCaseContents *contents = assay_page_get_contents (ASSAY_PAGE (self));

  return contents ? contents->path : NULL;
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  GtkWidget *row = assay_job_row_new (assay_page_get_jobs (data), item);

  assay_job_row_set_case (ASSAY_JOB_ROW (row), get_path (data));
  return row;
}

static void
update_count (AssayJobsPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->jobs)), running = assay_job_list_count_running (self->jobs);
  g_autofree char *words = running > 0 ? g_strdup_printf (g_dngettext (NULL, "%u job runs", "%u jobs run", running), running) : g_strdup (_("No job runs"));

  gtk_label_set_text (self->count, words);
  gtk_widget_set_visible (self->clear, n > running);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "jobs" : "empty");
}

static void
on_items_changed (AssayJobsPage *self)
{
  update_count (self);
}

/* The case may have the answer now, or is free for another writer. */
static void
on_ended (AssayJobsPage *self)
{
  update_count (self);
  if (assay_page_get_contents (ASSAY_PAGE (self)) != NULL)
    assay_job_start_ask (self->start);
}

static void
watch_jobs (AssayJobsPage *self)
{
  self->jobs = g_object_ref (assay_page_get_jobs (ASSAY_PAGE (self)));
  gtk_list_box_bind_model (self->running, G_LIST_MODEL (self->jobs), make_row, self, NULL);
  g_signal_connect_object (self->jobs, "items-changed", G_CALLBACK (on_items_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->jobs, "ended", G_CALLBACK (on_ended), self, G_CONNECT_SWAPPED);
}

static void
show_case (AssayPage *page)
{
  AssayJobsPage *self = ASSAY_JOBS_PAGE (page);

  if (self->jobs == NULL)
    watch_jobs (self);
  for (int k = 0; gtk_list_box_get_row_at_index (self->running, k) != NULL; k++)
    assay_job_row_set_case (ASSAY_JOB_ROW (gtk_list_box_get_row_at_index (self->running, k)), get_path (self));
  update_count (self);
  assay_job_start_set_case (self->start, assay_page_get_contents (page), assay_page_get_session (page));
}

static void
on_clear (AssayJobsPage *self)
{
  for (guint k = g_list_model_get_n_items (G_LIST_MODEL (self->jobs)); k > 0; k--)
    {
      g_autoptr (AssayJobProcess) process = g_list_model_get_item (G_LIST_MODEL (self->jobs), k - 1);

      assay_job_list_forget (self->jobs, process);
    }
}

/* Of the action jobs.propose: a command to look at and to start. */
static void
act_propose (GtkWidget *widget, const char *name, GVariant *command)
{
  (void) name;
  assay_job_start_propose (ASSAY_JOBS_PAGE (widget)->start, g_variant_get_string (command, NULL));
}

static void
act_start (GtkWidget *widget, const char *name, GVariant *nothing)
{
  (void) name;
  (void) nothing;
  assay_job_start_run (ASSAY_JOBS_PAGE (widget)->start);
}

static char *
dup_command (AssayPage *page)
{
  return g_strdup (assay_job_start_get_command (ASSAY_JOBS_PAGE (page)->start));
}

static json_t *
make_table (AssayPage *page)
{
  GListModel *jobs = G_LIST_MODEL (assay_page_get_jobs (page));
  json_t *rows = json_array ();

  for (guint k = 0; k < g_list_model_get_n_items (jobs); k++)
    {
      g_autoptr (AssayJobProcess) process = g_list_model_get_item (jobs, k);
      const char *path = assay_job_process_get_case (process);

      json_array_append_new (rows, json_pack ("[s, s?, s, s, i, f, s]", assay_job_process_get_kind (process), path, assay_job_process_get_command (process),
                                              assay_job_process_get_utc (process), assay_job_process_get_exit_status (process),
                                              assay_job_process_get_seconds (process), assay_job_process_get_words (process)));
    }
  return json_pack ("{s:[s, s, s, s, s, s, s], s:o}", "columns", "kind", "case", "command", "began", "exit_status", "seconds", "words", "rows", rows);
}

static void
assay_jobs_page_dispose (GObject *object)
{
  g_clear_object (&ASSAY_JOBS_PAGE (object)->jobs);
  G_OBJECT_CLASS (assay_jobs_page_parent_class)->dispose (object);
}

static void
assay_jobs_page_class_init (AssayJobsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_jobs_page_dispose;
  page_class->show_case = show_case;
  page_class->dup_command = dup_command;
  page_class->make_table = make_table;
  g_type_ensure (ASSAY_TYPE_JOB_START);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_jobs.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayJobsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayJobsPage, count);
  gtk_widget_class_bind_template_child (widget_class, AssayJobsPage, clear);
  gtk_widget_class_bind_template_child (widget_class, AssayJobsPage, running);
  gtk_widget_class_bind_template_child (widget_class, AssayJobsPage, start);
  gtk_widget_class_bind_template_callback (widget_class, on_clear);
  gtk_widget_class_install_action (widget_class, "jobs.propose", "s", act_propose);
  gtk_widget_class_install_action (widget_class, "jobs.start", NULL, act_start);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Return, GDK_CONTROL_MASK, "jobs.start", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_KP_Enter, GDK_CONTROL_MASK, "jobs.start", NULL);
}

static void
assay_jobs_page_init (AssayJobsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

ASSAY_PAGE_DEFINE (jobs) = {
  .name = "jobs", .title = N_("Jobs"), .icon = "assay-jobs-symbolic",
  .purpose = N_("Start, watch, stop and resume what computes"),
  .get_type = assay_jobs_page_get_type,
};
