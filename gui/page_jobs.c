/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_jobs.c: jobs that run or ended lately, and the start of new ones. */
#include "gui/job_row.h"
#include "gui/page.h"

#include "job/spec.h"

#include <glib/gi18n.h>

#define ASSAY_TYPE_JOBS_PAGE (assay_jobs_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayJobsPage, assay_jobs_page, ASSAY, JOBS_PAGE, AssayPage)

struct _AssayJobsPage {
  AssayPage parent_instance;
  GtkListBox *running;
  GtkEditable *command;
  gboolean is_bound;
};

G_DEFINE_FINAL_TYPE (AssayJobsPage, assay_jobs_page, ASSAY_TYPE_PAGE)

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  return assay_job_row_new (assay_page_get_jobs (data), item);
}

static void
show_case (AssayPage *page)
{
  AssayJobsPage *self = ASSAY_JOBS_PAGE (page);
  g_autofree char *quoted = assay_job_quote_word (assay_page_get_contents (page)->path), *command = g_strdup_printf ("assay verify %s", quoted);

  if (!self->is_bound)
    gtk_list_box_bind_model (self->running, G_LIST_MODEL (assay_page_get_jobs (page)), make_row, self, NULL);
  self->is_bound = TRUE;
  if (gtk_editable_get_text (self->command)[0] == '\0')
    gtk_editable_set_text (self->command, command);
}

/* Of the action jobs.propose: a command to look at and to start. */
static void
propose (GtkWidget *widget, const char *name, GVariant *command)
{
  AssayJobsPage *self = ASSAY_JOBS_PAGE (widget);

  (void) name;
  gtk_editable_set_text (self->command, g_variant_get_string (command, NULL));
  gtk_widget_grab_focus (GTK_WIDGET (self->command));
}

static void
start (AssayJobsPage *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.run", "s", gtk_editable_get_text (self->command));
}

static void
assay_jobs_page_class_init (AssayJobsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  ASSAY_PAGE_CLASS (klass)->show_case = show_case;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_jobs.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayJobsPage, running);
  gtk_widget_class_bind_template_child (widget_class, AssayJobsPage, command);
  gtk_widget_class_bind_template_callback (widget_class, start);
  gtk_widget_class_install_action (widget_class, "jobs.propose", "s", propose);
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
