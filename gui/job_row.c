/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_row.c: a job's row follows its process. */
#include "gui/job_row.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/case_contents.h"
#include "gui/job_outcome.h"
#include "gui/page.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <string.h>

struct _AssayJobRow {
  GtkListBoxRow parent_instance;
  GtkImage *mark;
  GtkSpinner *spinner;
  GtkStack *sign;
  GtkLabel *title, *state, *words, *command, *times;
  GtkProgressBar *bar;
  GtkWidget *stop, *again, *show, *outcome, *edit, *copy, *forget;
  AssayJobList *jobs;
  AssayJobProcess *process;
  char *path;                   /* of the case that the window shows; NULL: none */
};

G_DEFINE_FINAL_TYPE (AssayJobRow, assay_job_row, GTK_TYPE_LIST_BOX_ROW)

static const struct { const char *icon, *style, *word, *again; } states[] = {
  [ASSAY_JOB_RUNNING] = { "assay-jobs-symbolic", "accent", N_("Running"), NULL },
  [ASSAY_JOB_STOPPING] = { "assay-jobs-symbolic", "accent", N_("Stopping"), NULL },
  [ASSAY_JOB_DONE] = { "assay-passed-symbolic", "assay-good", N_("Done"), NULL },
  [ASSAY_JOB_FOUND] = { "assay-unknown-symbolic", "assay-warn", N_("Done, with a finding"), N_("_Run Again") },
  [ASSAY_JOB_STOPPED] = { "media-playback-pause-symbolic", "dim-label", N_("Stopped"), N_("_Resume") },
  [ASSAY_JOB_FAILED] = { "assay-failed-symbolic", "assay-bad", N_("Failed"), N_("_Run Again") },
};

static char *
describe_title (AssayJobProcess *process)
{
  const char *path = assay_job_process_get_case (process);
  g_autofree char *name = path ? assay_case_display_name (path) : NULL, *kind = assay_text_escape (assay_job_process_get_kind (process), FALSE);

  return name ? g_strdup_printf ("%s · %s", kind, name) : g_strdup (kind);
}

static char *
describe_times (AssayJobProcess *process)
{
  g_autofree char *began = assay_job_began_words (process), *took = assay_view_seconds (assay_job_process_get_seconds (process));

  if (began[0] == '\0')
    return g_strdup ("");
  return g_strdup_printf (assay_job_process_is_over (process) ? _("%s · took %s") : _("%s · for %s"), began, took);
}

/* A job that is over may outlive its case. */
static gboolean
case_is_gone (AssayJobProcess *process)
{
  const char *path = assay_job_process_get_case (process);

  return path != NULL && assay_job_process_is_over (process) && !g_file_test (path, G_FILE_TEST_EXISTS);
}

/* A report that was verified stands in the place of a case, and cannot be opened as one. */
static gboolean
has_case (const char *path)
{
  g_autofree char *marker = path ? g_build_filename (path, "assay-case.json", NULL) : NULL;

  return marker != NULL && g_file_test (marker, G_FILE_TEST_EXISTS);
}

/* All that its words would say stands elsewhere in the row. */
static gboolean
is_plainly_done (AssayJobProcess *process)
{
  return assay_job_process_get_state (process) == ASSAY_JOB_DONE && !json_is_true (json_object_get (assay_job_process_get_document (process), "from_store"));
}

static void
update_buttons (AssayJobRow *self, gboolean is_gone)
{
  AssayJobState state = assay_job_process_get_state (self->process);
  gboolean is_over = assay_job_process_is_over (self->process), has_result = state == ASSAY_JOB_DONE || state == ASSAY_JOB_FOUND;
  const AssayPageInfo *page = assay_page_find_result (assay_job_process_get_kind (self->process));
  const char *path = assay_job_process_get_case (self->process);
  gboolean is_here = g_strcmp0 (path, self->path) == 0;

  gtk_widget_set_visible (self->stop, !is_over);
  gtk_widget_set_sensitive (self->stop, state == ASSAY_JOB_RUNNING);
  gtk_widget_set_visible (self->again, states[state].again != NULL && !is_gone);
  if (states[state].again != NULL)
    gtk_button_set_label (GTK_BUTTON (self->again), _(states[state].again));
  gtk_widget_set_tooltip_text (self->again, state == ASSAY_JOB_STOPPED ? _("The same command goes on where it was") : _("Start the same command once more"));
  gtk_widget_set_visible (self->show, has_result && !is_gone && (is_here ? page != NULL : has_case (path)));
  gtk_button_set_label (GTK_BUTTON (self->show), is_here ? _("S_how") : _("_Open Case"));
  gtk_widget_set_tooltip_text (self->show, is_here && page != NULL ? _(page->title) : path);
  gtk_widget_set_visible (self->forget, is_over);
}

static void
update (AssayJobRow *self)
{
  AssayJobState state = assay_job_process_get_state (self->process);
  gboolean is_over = assay_job_process_is_over (self->process), is_gone = case_is_gone (self->process);
  g_autofree char *title = describe_title (self->process), *times = describe_times (self->process), *label = NULL, *words = NULL;

  label = g_strdup_printf ("%s · %s", title, _(states[state].word));
  words = is_gone ? g_strdup_printf (_("%s. Its case is no longer there"), assay_job_process_get_words (self->process))
                  : g_strdup (assay_job_process_get_words (self->process));
  gtk_stack_set_visible_child (self->sign, is_over ? GTK_WIDGET (self->mark) : GTK_WIDGET (self->spinner));
  gtk_spinner_set_spinning (self->spinner, !is_over);
  gtk_image_set_from_icon_name (self->mark, states[state].icon);
  gtk_widget_set_css_classes (GTK_WIDGET (self->mark), (const char *[]) { states[state].style, NULL });
  gtk_label_set_text (self->title, title);
  gtk_label_set_text (self->state, _(states[state].word));
  gtk_widget_set_css_classes (GTK_WIDGET (self->state), (const char *[]) { "caption-heading", states[state].style, NULL });
  gtk_label_set_text (self->words, words);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->words), words);
  gtk_widget_set_visible (GTK_WIDGET (self->words), is_gone || !is_plainly_done (self->process));
  gtk_label_set_text (self->times, times);
  gtk_widget_set_visible (GTK_WIDGET (self->bar), !is_over);
  if (assay_job_process_get_fraction (self->process) >= 0)
    gtk_progress_bar_set_fraction (self->bar, assay_job_process_get_fraction (self->process));
  else if (!is_over)
    gtk_progress_bar_pulse (self->bar);
  update_buttons (self, is_gone);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* --- what can be done ---------------------------------------------------------------------------------------------- */

static void
on_stop (AssayJobRow *self)
{
  assay_job_process_stop (self->process);
}

/* The new job takes the place of this one. */
static void
on_again (AssayJobRow *self)
{
  g_autoptr (AssayJobList) jobs = g_object_ref (self->jobs);
  g_autoptr (AssayJobProcess) before = g_object_ref (self->process), newest = NULL;

  gtk_widget_activate_action (GTK_WIDGET (self), "win.run-quietly", "s", assay_job_process_get_command (before));
  newest = g_list_model_get_item (G_LIST_MODEL (jobs), 0);
  if (newest != before)
    assay_job_list_forget (jobs, before);
}

/* To the page, with the scores selected that the job made. */
static void
on_show (AssayJobRow *self)
{
  const AssayPageInfo *page = assay_page_find_result (assay_job_process_get_kind (self->process));
  const char *scores = assay_json_get_text (assay_job_process_get_document (self->process), "scores_object");
  g_autofree char *query = g_strconcat (scores, "#0", NULL);

  if (g_strcmp0 (assay_job_process_get_case (self->process), self->path) != 0)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.open-path", "s", assay_job_process_get_case (self->process));
  else if (scores[0] != '\0')
    gtk_widget_activate_action (GTK_WIDGET (self), "win.follow", "(sss)", page->name, assay_selected_name (ASSAY_SELECTED_QUERY), query);
  else
    gtk_widget_activate_action (GTK_WIDGET (self), "win.go", "s", page->name);
}

static void
on_outcome (AssayJobRow *self)
{
  assay_job_outcome_show (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), self->process);
}

static void
on_forget (AssayJobRow *self)
{
  assay_job_list_forget (self->jobs, self->process);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

static void
assay_job_row_dispose (GObject *object)
{
  AssayJobRow *self = ASSAY_JOB_ROW (object);

  if (self->process != NULL)
    g_signal_handlers_disconnect_by_data (self->process, self);
  g_clear_object (&self->process);
  g_clear_object (&self->jobs);
  g_clear_pointer (&self->path, g_free);
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
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, state);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, words);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, command);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, times);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, bar);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, stop);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, again);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, show);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, outcome);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, edit);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, copy);
  gtk_widget_class_bind_template_child (widget_class, AssayJobRow, forget);
}

static void
assay_job_row_init (AssayJobRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->stop, "clicked", G_CALLBACK (on_stop), self);
  g_signal_connect_swapped (self->again, "clicked", G_CALLBACK (on_again), self);
  g_signal_connect_swapped (self->show, "clicked", G_CALLBACK (on_show), self);
  g_signal_connect_swapped (self->outcome, "clicked", G_CALLBACK (on_outcome), self);
  g_signal_connect_swapped (self->forget, "clicked", G_CALLBACK (on_forget), self);
}

void
assay_job_row_set_case (AssayJobRow *self, const char *path)
{
  g_free (self->path);
  self->path = g_strdup (path);
  update (self);
}

GtkWidget *
assay_job_row_new (AssayJobList *jobs, AssayJobProcess *process)
{
  AssayJobRow *self = g_object_new (ASSAY_TYPE_JOB_ROW, NULL);
  g_autofree char *command = assay_text_escape (assay_job_process_get_command (process), FALSE);

  self->jobs = g_object_ref (jobs);
  self->process = g_object_ref (process);
  gtk_label_set_text (self->command, command);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->command), command);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->copy), "s", assay_job_process_get_command (process));
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->edit), "s", assay_job_process_get_command (process));
  g_signal_connect_swapped (process, "changed", G_CALLBACK (update), self);
  update (self);
  return GTK_WIDGET (self);
}
