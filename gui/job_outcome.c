/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_outcome.c: the outcome's view is made on a thread of its own, since some documents are large. */
#include "gui/job_outcome.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/case_contents.h"
#include "gui/view_box.h"
#include "job/command.h"

#include <glib/gi18n.h>
#include <string.h>

char *
assay_job_began_words (AssayJobProcess *process)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_iso8601 (assay_job_process_get_utc (process), NULL), local = NULL, now = g_date_time_new_now_local ();

  if (utc == NULL)
    return g_strdup ("");
  local = g_date_time_to_local (utc);
  if (g_date_time_get_year (local) == g_date_time_get_year (now) && g_date_time_get_day_of_year (local) == g_date_time_get_day_of_year (now))
    return g_date_time_format (local, "%H:%M");
  return g_date_time_format (local, _("%e %b, %H:%M"));
}

/* --- the view ------------------------------------------------------------------------------------------------------ */

/* Of a job file the document says which kind it was. */
static const AssayJobKind *
find_kind (AssayJobProcess *process)
{
  const char *schema = assay_json_get_text (assay_job_process_get_document (process), "schema");
  const AssayJobKind *kind = g_str_has_prefix (schema, "assay.") ? assay_job_kind_find (schema + strlen ("assay."), NULL) : NULL;

  return kind ? kind : assay_job_kind_find (assay_job_process_get_kind (process), NULL);
}

typedef struct { const AssayJobKind *kind; json_t *document; } Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  json_decref (question->document);
  g_free (question);
}

static void
make_view (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Question *question = data;
  AssayView *view = assay_view_new ();

  (void) source;
  (void) cancellable;
  question->kind->view (question->document, view);
  g_task_return_pointer (task, view, (GDestroyNotify) assay_view_free);
}

static void
on_view (GObject *source, GAsyncResult *result, gpointer unused)
{
  AssayView *view = g_task_propagate_pointer (G_TASK (result), NULL);

  (void) unused;
  if (view != NULL)
    adw_bin_set_child (ADW_BIN (source), assay_view_box_new (view));
  assay_view_free (view);
}

/* Below a line an empty place, which is filled when the view has been made. Nothing where there is no result. */
static void
add_result (GtkBox *box, AssayJobProcess *process)
{
  GtkWidget *place;
  const AssayJobKind *kind = find_kind (process);
  AssayJobState state = assay_job_process_get_state (process);
  g_autoptr (GTask) task = NULL;
  Question *question;

  if (kind == NULL || kind->view == NULL || (state != ASSAY_JOB_DONE && state != ASSAY_JOB_FOUND))
    return;
  place = adw_bin_new ();
  gtk_box_append (box, gtk_separator_new (GTK_ORIENTATION_HORIZONTAL));
  gtk_box_append (box, place);
  question = g_new0 (Question, 1);
  question->kind = kind;
  question->document = json_incref ((json_t *) assay_job_process_get_document (process));
  task = g_task_new (place, NULL, on_view, NULL);
  g_task_set_task_data (task, question, question_free);
  g_task_run_in_thread (task, make_view);
}

/* --- the window ---------------------------------------------------------------------------------------------------- */

static const char *
exit_meaning (int status)
{
  for (const AssayExitStatus *s = assay_command_exit_statuses; s->meaning != NULL; s++)
    if (s->status == status)
      return s->meaning;
  return NULL;
}

static AssayView *
make_head (AssayJobProcess *process)
{
  AssayView *view = assay_view_new ();
  g_autofree char *began = assay_job_began_words (process), *took = assay_view_seconds (assay_job_process_get_seconds (process));
  int status = assay_job_process_get_exit_status (process);

  assay_view_add_field (view, _("Command"), "%s", assay_job_process_get_command (process));
  if (began[0] != '\0')
    assay_view_add_field (view, _("Began"), "%s", began);
  assay_view_add_field (view, assay_job_process_is_over (process) ? _("Took") : _("Runs for"), "%s", took);
  assay_view_add_field (view, _("Outcome"), "%s", assay_job_process_get_words (process));
  if (status >= 0 && exit_meaning (status) != NULL)
    assay_view_add_field (view, _("Exit status"), "%d: %s", status, exit_meaning (status));
  return view;
}

static void
add_notes (GtkBox *box, const json_t *document)
{
  gsize k;
  json_t *note;

  json_array_foreach (json_object_get (document, "notes"), k, note)
    {
      g_autofree char *visible = assay_text_escape (json_string_value (note) ? json_string_value (note) : "", TRUE);
      GtkWidget *label = gtk_label_new (visible);

      gtk_label_set_xalign (GTK_LABEL (label), 0);
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_widget_add_css_class (label, "dim-label");
      gtk_box_append (box, label);
    }
}

/* What it did one after the other. */
static GtkWidget *
make_log (AssayJobProcess *process)
{
  const GPtrArray *stages = assay_job_process_get_stages (process);
  GtkWidget *expander = gtk_expander_new (_("Log"));
  g_autoptr (AssayView) view = assay_view_new ();

  assay_view_begin_table (view, _(">after|stage|got to|>took"));
  for (guint k = 0; k < stages->len; k++)
    {
      const AssayJobStage *stage = stages->pdata[k];
      g_autofree char *began = assay_view_seconds (stage->began), *took = assay_view_seconds (stage->ended - stage->began);

      assay_view_add_cell (view, began);
      assay_view_add_cell (view, stage->name);
      assay_view_add_cell (view, stage->reached);
      assay_view_add_cell (view, took);
    }
  gtk_expander_set_child (GTK_EXPANDER (expander), assay_view_box_new (view));
  gtk_expander_set_expanded (GTK_EXPANDER (expander), assay_job_process_get_state (process) == ASSAY_JOB_FAILED);
  gtk_widget_set_visible (expander, stages->len > 0);
  return expander;
}

static GtkWidget *
make_body (AssayJobProcess *process)
{
  GtkWidget *scrolled = gtk_scrolled_window_new (), *clamp = adw_clamp_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 18);
  g_autoptr (AssayView) head = make_head (process);

  gtk_box_append (GTK_BOX (box), assay_view_box_new (head));
  gtk_box_append (GTK_BOX (box), make_log (process));
  add_notes (GTK_BOX (box), assay_job_process_get_document (process));
  add_result (GTK_BOX (box), process);
  gtk_widget_set_margin_top (box, 18);
  gtk_widget_set_margin_bottom (box, 24);
  gtk_widget_set_margin_start (box, 24);
  gtk_widget_set_margin_end (box, 24);
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), 1100);
  adw_clamp_set_child (ADW_CLAMP (clamp), box);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), clamp);
  gtk_widget_set_vexpand (scrolled, TRUE);
  return scrolled;
}

void
assay_job_outcome_show (GtkWindow *parent, AssayJobProcess *process)
{
  GtkWidget *window = adw_window_new (), *content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), *bar = adw_header_bar_new ();
  GtkWidget *body = make_body (process);
  GtkEventController *keys = gtk_shortcut_controller_new ();
  const char *path = assay_job_process_get_case (process);
  g_autofree char *name = path ? assay_case_display_name (path) : g_strdup (""), *title = g_strdup_printf (_("Outcome of %s"), assay_job_process_get_kind (process));

  adw_header_bar_set_title_widget (ADW_HEADER_BAR (bar), adw_window_title_new (title, name));
  gtk_box_append (GTK_BOX (content), bar);
  gtk_box_append (GTK_BOX (content), body);
  adw_window_set_content (ADW_WINDOW (window), content);
  gtk_window_set_title (GTK_WINDOW (window), title);
  gtk_window_set_default_size (GTK_WINDOW (window), 860, 620);
  gtk_window_set_transient_for (GTK_WINDOW (window), parent);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (window), TRUE);
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys), gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0),
                                                                                          gtk_named_action_new ("window.close")));
  gtk_widget_add_controller (window, keys);
  gtk_window_set_focus (GTK_WINDOW (window), body);     /* not the first text, which would be shown as selected */
  gtk_window_present (GTK_WINDOW (window));
}
