/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window_actions.c: what a window can be asked to do, by a menu, a key, the palette, a page or a test. */
#include "gui/window.h"

#include "base/text.h"
#include "gui/command_palette.h"
#include "gui/model_opening.h"
#include "gui/provenance_window.h"
#include "gui/table_export.h"

#include <glib/gi18n.h>

static void
act_go (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  if (assay_page_find (g_variant_get_string (value, NULL)) != NULL)
    assay_session_go_to (assay_window_get_session (data), g_variant_get_string (value, NULL));
}

static gboolean
parse_selected (const char *name, AssaySelected *what)
{
  for (int k = 0; k < ASSAY_SELECTED_N; k++)
    if (g_strcmp0 (name, assay_selected_name (k)) == 0)
      {
        *what = k;
        return TRUE;
      }
  return FALSE;
}

static void
act_follow (GSimpleAction *action, GVariant *value, gpointer data)
{
  const char *page, *kind, *reference;
  AssaySelected what;

  (void) action;
  g_variant_get (value, "(&s&s&s)", &page, &kind, &reference);
  if (assay_page_find (page) != NULL && parse_selected (kind, &what))
    assay_session_follow (assay_window_get_session (data), page, what, reference);
}

static void
act_select (GSimpleAction *action, GVariant *value, gpointer data)
{
  const char *kind, *reference;
  AssaySelected what;

  (void) action;
  g_variant_get (value, "(&s&s)", &kind, &reference);
  if (parse_selected (kind, &what))
    assay_session_select (assay_window_get_session (data), what, reference[0] ? reference : NULL);
}

static void
act_clear_selection (GSimpleAction *action, GVariant *value, gpointer data)
{
  g_autofree char *before = assay_place_to_text (assay_session_get_place (assay_window_get_session (data))), *undo = NULL, *after = NULL;

  (void) action;
  (void) value;
  assay_session_clear (assay_window_get_session (data));
  after = assay_place_to_text (assay_session_get_place (assay_window_get_session (data)));
  if (g_str_equal (before, after))
    return;
  undo = g_strconcat ("win.go-to-view::", before, NULL);
  assay_window_tell (data, _("Selection cleared"), _("_Undo"), undo);
}

static void
act_back (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  assay_session_go_back (assay_window_get_session (data));
}

static void
act_forward (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  assay_session_go_forward (assay_window_get_session (data));
}

/* --- cases --------------------------------------------------------------------------------------------------------- */

static void
on_folder_chosen (GtkNativeDialog *dialog, int response, AssayWindow *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file ? g_file_get_path (file) : NULL;

  if (path != NULL)
    assay_window_open (self, path);
  g_object_unref (dialog);
}

static void
act_open (GSimpleAction *action, GVariant *value, gpointer data)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_("Open a Case"), GTK_WINDOW (data), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Open"), NULL);

  (void) action;
  (void) value;
  g_signal_connect (dialog, "response", G_CALLBACK (on_folder_chosen), data);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
act_open_path (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  assay_window_open (data, g_variant_get_string (value, NULL));
}

static void
act_open_model (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  assay_model_opening_take (data, g_variant_get_string (value, NULL));
}

static void
act_choose_model (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  assay_model_opening_choose (data);
}

static void
act_reopen (GSimpleAction *action, GVariant *value, gpointer data)
{
  AssayOpenCase *cas = assay_window_get_case (data);
  g_autofree char *path = cas ? g_strdup (assay_open_case_get_path (cas)) : NULL;

  (void) action;
  (void) value;
  if (path != NULL)
    assay_window_open (data, path);
}

static void
act_close_case (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  assay_window_close_case (data);
}

static void
act_refresh (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  if (assay_window_get_case (data) != NULL)
    assay_open_case_refresh (assay_window_get_case (data));
}

static void
act_forget_recent (GSimpleAction *action, GVariant *value, gpointer data)
{
  const char *path = g_variant_get_string (value, NULL);
  g_autofree char *undo = g_strconcat ("win.remember-recent::", path, NULL);

  (void) action;
  assay_settings_remove_recent (assay_application_get_settings (assay_window_get_application (data)), path);
  assay_window_tell (data, _("Taken from the list; the case itself is untouched"), _("_Undo"), undo);
}

static void
act_remember_recent (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  assay_settings_add_recent (assay_application_get_settings (assay_window_get_application (data)), g_variant_get_string (value, NULL));
}

static void
act_show_sidebar (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  assay_window_show_sidebar (data);
}

static void
act_palette (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  assay_command_palette_show (data);
}

/* --- what is shown, elsewhere -------------------------------------------------------------------------------------- */

static void
copy (AssayWindow *self, const char *text, const char *said)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  assay_window_tell (self, said, NULL, NULL);
}

static void
act_copy_command (GSimpleAction *action, GVariant *value, gpointer data)
{
  g_autofree char *command = assay_window_get_page (data) ? assay_page_dup_command (assay_window_get_page (data)) : NULL;

  (void) action;
  (void) value;
  if (command != NULL)
    copy (data, command, _("Command copied"));
  else
    assay_window_tell (data, _("No single command makes what this page shows now"), NULL, NULL);
}

static void
act_copy_view (GSimpleAction *action, GVariant *value, gpointer data)
{
  g_autofree char *text = assay_place_to_text (assay_session_get_place (assay_window_get_session (data)));

  (void) action;
  (void) value;
  copy (data, text, _("Link to this view copied; Ctrl+K takes it back"));
}

static void
act_copy_text (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  copy (data, g_variant_get_string (value, NULL), _("Copied"));
}

static void
act_go_to_view (GSimpleAction *action, GVariant *value, gpointer data)
{
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayPlace) place = assay_place_from_text (g_variant_get_string (value, NULL), &fault);

  (void) action;
  if (place == NULL)
    assay_window_tell (data, fault->message, NULL, NULL);
  else if (assay_page_find (place->page) == NULL)
    assay_window_tell (data, _("This view names a page that this version does not have"), NULL, NULL);
  else
    assay_session_set_place (assay_window_get_session (data), place);
}

static void
act_export_table (GSimpleAction *action, GVariant *value, gpointer data)
{
  json_t *table = assay_window_get_page (data) ? assay_page_make_table (assay_window_get_page (data)) : NULL;

  (void) action;
  (void) value;
  if (table == NULL)
    assay_window_tell (data, _("This page shows no table now"), NULL, NULL);
  else
    assay_table_export_ask (GTK_WINDOW (data), table);
}

static void
show_origin (AssayWindow *self, const char *object)
{
  AssayOpenCase *cas = assay_window_get_case (self);
  AssayCaseContents *contents = cas ? assay_open_case_get_contents (cas) : NULL;
  AssayJobList *jobs = assay_application_get_jobs (assay_window_get_application (self));

  if (contents != NULL && assay_provenance_window_show (GTK_WINDOW (self), contents, jobs, object) == NULL)
    assay_window_tell (self, _("The case has no such object any more"), NULL, NULL);
}

static void
act_provenance (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  show_origin (data, g_variant_get_string (value, NULL));
}

static void
act_show_origin (GSimpleAction *action, GVariant *value, gpointer data)
{
  g_autofree char *object = assay_window_get_page (data) ? assay_page_dup_object (assay_window_get_page (data)) : NULL;

  (void) action;
  (void) value;
  if (object != NULL)
    show_origin (data, object);
  else
    assay_window_tell (data, _("Nothing of the case is shown here now"), NULL, NULL);
}

/* --- jobs ---------------------------------------------------------------------------------------------------------- */

static AssayJobProcess *
run (AssayWindow *self, GVariant *command)
{
  AssayApplication *application = assay_window_get_application (self);
  g_autoptr (GError) fault = NULL;
  AssayJobProcess *process = assay_job_list_start (assay_application_get_jobs (application), g_variant_get_string (command, NULL),
                                                   assay_settings_get_threads (assay_application_get_settings (application)), &fault);

  if (process == NULL)
    assay_window_tell (self, fault->message, NULL, NULL);
  return process;
}

static void
act_run (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  if (run (data, value) != NULL && assay_window_get_case (data) != NULL)
    assay_window_tell (data, _("Job started"), _("_Watch"), "win.go::jobs");
}

/* For a page that shows the job itself. */
static void
act_run_quietly (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  run (data, value);
}

/* Pages with a form take the command; until the person starts it there nothing runs. */
static void
act_propose (GSimpleAction *action, GVariant *value, gpointer data)
{
  AssayPage *jobs = assay_window_find_page (data, "jobs");

  (void) action;
  assay_session_go_to (assay_window_get_session (data), "jobs");
  if (jobs != NULL)
    gtk_widget_activate_action_variant (GTK_WIDGET (jobs), "jobs.propose", value);
}

static void
act_tell (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  assay_window_tell (data, g_variant_get_string (value, NULL), NULL, NULL);
}

static void
act_tell_undo (GSimpleAction *action, GVariant *value, gpointer data)
{
  const char *text, *button, *undo;

  (void) action;
  g_variant_get (value, "(&s&s&s)", &text, &button, &undo);
  assay_window_tell (data, text, button, undo);
}

/* Pinning is the page Report's business, wherever the claim was seen. */
static void
act_pin (GSimpleAction *action, GVariant *claim, gpointer data)
{
  AssayPage *page = assay_window_find_page (data, "report");
  const char *name = g_str_equal (g_action_get_name (G_ACTION (action)), "pin") ? "report.pin" : "report.unpin";

  if (page != NULL && assay_page_get_reader (page) != NULL)
    gtk_widget_activate_action (GTK_WIDGET (page), name, "s", g_variant_get_string (claim, NULL));
}

static const GActionEntry entries[] = {
  { .name = "go", .activate = act_go, .parameter_type = "s" },
  { .name = "follow", .activate = act_follow, .parameter_type = "(sss)" },
  { .name = "select", .activate = act_select, .parameter_type = "(ss)" },
  { .name = "clear-selection", .activate = act_clear_selection },
  { .name = "back", .activate = act_back },
  { .name = "forward", .activate = act_forward },
  { .name = "open", .activate = act_open },
  { .name = "open-path", .activate = act_open_path, .parameter_type = "s" },
  { .name = "open-model", .activate = act_open_model, .parameter_type = "s" },
  { .name = "choose-model", .activate = act_choose_model },
  { .name = "reopen", .activate = act_reopen },
  { .name = "close-case", .activate = act_close_case },
  { .name = "refresh", .activate = act_refresh },
  { .name = "forget-recent", .activate = act_forget_recent, .parameter_type = "s" },
  { .name = "remember-recent", .activate = act_remember_recent, .parameter_type = "s" },
  { .name = "show-sidebar", .activate = act_show_sidebar },
  { .name = "palette", .activate = act_palette },
  { .name = "copy-command", .activate = act_copy_command },
  { .name = "copy-view", .activate = act_copy_view },
  { .name = "copy-text", .activate = act_copy_text, .parameter_type = "s" },
  { .name = "go-to-view", .activate = act_go_to_view, .parameter_type = "s" },
  { .name = "provenance", .activate = act_provenance, .parameter_type = "s" },
  { .name = "show-origin", .activate = act_show_origin },
  { .name = "export-table", .activate = act_export_table },
  { .name = "pin", .activate = act_pin, .parameter_type = "s" },
  { .name = "unpin", .activate = act_pin, .parameter_type = "s" },
  { .name = "run", .activate = act_run, .parameter_type = "s" },
  { .name = "run-quietly", .activate = act_run_quietly, .parameter_type = "s" },
  { .name = "propose", .activate = act_propose, .parameter_type = "s" },
  { .name = "tell", .activate = act_tell, .parameter_type = "s" },
  { .name = "tell-undo", .activate = act_tell_undo, .parameter_type = "(sss)" },
};

void
assay_window_add_actions (AssayWindow *self)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
}

static void
enable (AssayWindow *self, const char *name, gboolean is_enabled)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), name)), is_enabled);
}

void
assay_window_update_actions (AssayWindow *self)
{
  AssayOpenCase *cas = assay_window_get_case (self);
  AssaySession *session = assay_window_get_session (self);
  gboolean is_open = cas != NULL && assay_open_case_get_state (cas) == ASSAY_CASE_OPEN;
  static const char *const of_case[] = { "go", "follow", "select", "clear-selection", "refresh", "show-sidebar", "copy-command", "copy-view", "go-to-view",
                                         "provenance", "export-table", "propose" };

  for (gsize k = 0; k < G_N_ELEMENTS (of_case); k++)
    enable (self, of_case[k], is_open);
  enable (self, "back", is_open && assay_session_can_go_back (session));
  enable (self, "forward", is_open && assay_session_can_go_forward (session));
  enable (self, "show-origin", is_open && assay_window_get_page (self) != NULL && assay_page_has_objects (assay_window_get_page (self)));
  enable (self, "reopen", cas != NULL);
  enable (self, "close-case", cas != NULL);
}
