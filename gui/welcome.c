/* SPDX-License-Identifier: GPL-3.0-or-later */
/* welcome.c: the first thing that a person sees. */
#include "gui/welcome.h"

#include "base/text.h"
#include "gui/case_contents.h"
#include "job/spec.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

struct _AssayWelcome {
  AdwBin parent_instance;
  GtkStack *demo_stack;
  GtkButton *build, *stop;
  GtkLabel *demo_hint, *words, *problem;
  GtkProgressBar *bar;
  AdwPreferencesGroup *recent;
  GPtrArray *rows;              /* of the recent cases; the group owns them */
  AssaySettings *settings;
  AssayJobList *jobs;
  AssayJobProcess *demo;        /* the job that builds the demonstration, while it runs */
  char *path;                   /* of the demonstration */
  gboolean is_stopped;          /* it was, by the button, and is not finished */
};

G_DEFINE_FINAL_TYPE (AssayWelcome, assay_welcome, ADW_TYPE_BIN)

char *
assay_welcome_demonstration_path (void)
{
  const char *documents = g_get_user_special_dir (G_USER_DIRECTORY_DOCUMENTS);

  if (documents != NULL && g_file_test (documents, G_FILE_TEST_IS_DIR))
    return g_build_filename (documents, "demonstration.assay", NULL);
  return g_build_filename (g_get_user_data_dir (), "assay", "demonstration.assay", NULL);
}

/* "~/Documents/x" of a path below the home directory. */
static char *
shorten (const char *path)
{
  const char *home = g_get_home_dir ();
  g_autofree char *shown = assay_text_escape (path, FALSE);

  return g_str_has_prefix (shown, home) && shown[strlen (home)] == '/' ? g_strconcat ("~", shown + strlen (home), NULL) : g_steal_pointer (&shown);
}

/* --- recent cases -------------------------------------------------------------------------------------------------- */

static void
add_recent (AssayWelcome *self, const char *path)
{
  GtkWidget *row = adw_action_row_new (), *forget = gtk_button_new_from_icon_name ("window-close-symbolic");
  g_autofree char *name = assay_case_display_name (path), *where = shorten (path);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), where);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 1);
  adw_action_row_set_icon_name (ADW_ACTION_ROW (row), "assay-case-symbolic");
  gtk_widget_set_valign (forget, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (forget, "flat");
  gtk_widget_add_css_class (forget, "circular");
  gtk_widget_set_tooltip_text (forget, _("Take from this list"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (forget), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Take from this list"), -1);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (forget), "win.forget-recent");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (forget), "s", path);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), forget);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name ("go-next-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (row), "win.open-path");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (row), "s", path);
  adw_preferences_group_add (self->recent, row);
  g_ptr_array_add (self->rows, row);
}

static void
update_recent (AssayWelcome *self)
{
  g_auto (GStrv) recent = assay_settings_get_recent (self->settings);

  for (guint k = 0; k < self->rows->len; k++)
    adw_preferences_group_remove (self->recent, self->rows->pdata[k]);
  g_ptr_array_set_size (self->rows, 0);
  for (guint k = 0; recent[k] != NULL; k++)
    add_recent (self, recent[k]);
  gtk_widget_set_visible (GTK_WIDGET (self->recent), recent[0] != NULL);
}

/* --- the demonstration --------------------------------------------------------------------------------------------- */

static void
show_state (AssayWelcome *self)
{
  g_autofree char *where = shorten (self->path);
  g_autofree char *hint = self->demo != NULL ? g_strdup_printf (_("It opens by itself when it is finished, and is kept in %s."), where)
                          : self->is_stopped ? g_strdup_printf (_("Stopped. What is finished is in %s; opened again it goes on from there."), where)
                          : g_file_test (self->path, G_FILE_TEST_IS_DIR) ? g_strdup_printf (_("It is in %s; what is missing of it is made first."), where)
                          : g_strdup_printf (_("It takes about two minutes and is kept in %s."), where);
  const char *state = self->demo ? "building" : "offer";
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  gboolean had_focus = root != NULL && (gtk_root_get_focus (root) == NULL || gtk_widget_get_focus_child (GTK_WIDGET (self->demo_stack)) != NULL);
  gboolean changes = g_strcmp0 (gtk_stack_get_visible_child_name (self->demo_stack), state) != 0;

  gtk_stack_set_visible_child_name (self->demo_stack, state);
  if (changes && had_focus)
    gtk_widget_grab_focus (GTK_WIDGET (self->demo ? self->stop : self->build));
  gtk_label_set_text (self->demo_hint, hint);
  if (self->demo == NULL)
    return;
  gtk_label_set_text (self->words, assay_job_process_get_words (self->demo));
  gtk_widget_set_sensitive (GTK_WIDGET (self->stop), assay_job_process_get_state (self->demo) == ASSAY_JOB_RUNNING);
  if (assay_job_process_get_fraction (self->demo) >= 0)
    gtk_progress_bar_set_fraction (self->bar, assay_job_process_get_fraction (self->demo));
}

static void
show_problem (AssayWelcome *self, const char *text)
{
  gtk_label_set_text (self->problem, text ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), text != NULL);
}

static void
on_job_changed (AssayJobList *jobs, AssayJobProcess *process, AssayWelcome *self)
{
  (void) jobs;
  if (process == self->demo)
    show_state (self);
}

static void
on_job_ended (AssayJobList *jobs, AssayJobProcess *process, AssayWelcome *self)
{
  AssayJobState state = assay_job_process_get_state (process);
  g_autoptr (AssayJobProcess) demo = NULL;

  (void) jobs;
  if (process != self->demo)
    return;
  demo = g_steal_pointer (&self->demo);
  self->is_stopped = state == ASSAY_JOB_STOPPED;
  show_state (self);
  if (state == ASSAY_JOB_DONE || state == ASSAY_JOB_FOUND)
    {
      if (gtk_widget_get_mapped (GTK_WIDGET (self)))
        gtk_widget_activate_action (GTK_WIDGET (self), "win.open-path", "s", self->path);
    }
  else if (!self->is_stopped)
    show_problem (self, assay_job_process_get_words (demo));
}

static void
on_build (GtkButton *button, AssayWelcome *self)
{
  g_autofree char *folder = g_path_get_dirname (self->path), *quoted = assay_job_quote_word (self->path);
  g_autofree char *command = g_strdup_printf ("assay demo %s", quoted);
  g_autoptr (GError) fault = NULL;

  (void) button;
  g_mkdir_with_parents (folder, 0755);
  show_problem (self, NULL);
  self->demo = assay_job_list_start (self->jobs, command, assay_settings_get_threads (self->settings), &fault);
  if (self->demo != NULL)
    g_object_ref (self->demo);
  else
    show_problem (self, fault->message);
  show_state (self);
}

static void
on_stop (GtkButton *button, AssayWelcome *self)
{
  (void) button;
  if (self->demo != NULL)
    assay_job_process_stop (self->demo);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

static void
assay_welcome_dispose (GObject *object)
{
  AssayWelcome *self = ASSAY_WELCOME (object);

  if (self->jobs != NULL)
    g_signal_handlers_disconnect_by_data (self->jobs, self);
  g_clear_object (&self->jobs);
  g_clear_object (&self->settings);
  g_clear_object (&self->demo);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (assay_welcome_parent_class)->dispose (object);
}

static void
assay_welcome_class_init (AssayWelcomeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_welcome_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/welcome.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayWelcome, demo_stack);
  gtk_widget_class_bind_template_child (widget_class, AssayWelcome, build);
  gtk_widget_class_bind_template_child (widget_class, AssayWelcome, stop);
  gtk_widget_class_bind_template_child (widget_class, AssayWelcome, demo_hint);
  gtk_widget_class_bind_template_child (widget_class, AssayWelcome, words);
  gtk_widget_class_bind_template_child (widget_class, AssayWelcome, problem);
  gtk_widget_class_bind_template_child (widget_class, AssayWelcome, bar);
  gtk_widget_class_bind_template_child (widget_class, AssayWelcome, recent);
}

static void
assay_welcome_init (AssayWelcome *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->rows = g_ptr_array_new ();
  self->path = assay_welcome_demonstration_path ();
  g_signal_connect (self->build, "clicked", G_CALLBACK (on_build), self);
  g_signal_connect (self->stop, "clicked", G_CALLBACK (on_stop), self);
}

void
assay_welcome_set_services (AssayWelcome *self, AssaySettings *settings, AssayJobList *jobs)
{
  self->settings = g_object_ref (settings);
  self->jobs = g_object_ref (jobs);
  self->demo = assay_job_list_find_running (jobs, self->path);
  if (self->demo != NULL)
    g_object_ref (self->demo);
  g_signal_connect (jobs, "changed", G_CALLBACK (on_job_changed), self);
  g_signal_connect (jobs, "ended", G_CALLBACK (on_job_ended), self);
  g_signal_connect_object (settings, "changed::recent", G_CALLBACK (update_recent), self, G_CONNECT_SWAPPED);
  update_recent (self);
  show_state (self);
}
