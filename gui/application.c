/* SPDX-License-Identifier: GPL-3.0-or-later */
/* application.c: command line, files, keys, preferences, about. */
#include "gui/application.h"

#include "gui/about.h"
#include "gui/preferences.h"
#include "gui/window.h"

#include <glib/gi18n.h>

struct _AssayApplication {
  AdwApplication parent_instance;
  AssaySettings *settings;
  AssayJobList *jobs;
};

G_DEFINE_FINAL_TYPE (AssayApplication, assay_application, ADW_TYPE_APPLICATION)

AssaySettings *
assay_application_get_settings (AssayApplication *self)
{
  return self->settings;
}

AssayJobList *
assay_application_get_jobs (AssayApplication *self)
{
  return self->jobs;
}

/* --- windows ------------------------------------------------------------------------------------------------------- */

/* The window that shows the case, else one without a case, else a new one. */
static AssayWindow *
find_window (AssayApplication *self, const char *path)
{
  AssayWindow *empty = NULL;

  for (GList *node = gtk_application_get_windows (GTK_APPLICATION (self)); node != NULL; node = node->next)
    {
      AssayOpenCase *cas;

      if (!ASSAY_IS_WINDOW (node->data))
        continue;
      cas = assay_window_get_case (node->data);
      if (cas != NULL && g_strcmp0 (assay_open_case_get_path (cas), path) == 0)
        return node->data;
      if (cas == NULL)
        empty = node->data;
    }
  return empty ? empty : assay_window_new (self);
}

static void
show_case (AssayApplication *self, const char *path)
{
  g_autofree char *whole = assay_case_path_from (path);
  AssayWindow *window = find_window (self, whole);

  if (assay_window_get_case (window) == NULL)
    assay_window_open (window, whole);
  gtk_window_present (GTK_WINDOW (window));
}

static void
assay_application_activate (GApplication *application)
{
  AssayApplication *self = ASSAY_APPLICATION (application);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));
  g_autofree char *last = assay_settings_get_last (self->settings);

  if (window == NULL)
    {
      window = GTK_WINDOW (assay_window_new (self));
      if (assay_settings_get_restore (self->settings) && last[0] != '\0')
        assay_window_open (ASSAY_WINDOW (window), last);
    }
  gtk_window_present (window);
}

static void
assay_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  (void) hint;
  for (int k = 0; k < n_files; k++)
    {
      g_autofree char *path = g_file_get_path (files[k]);

      if (path != NULL)
        show_case (ASSAY_APPLICATION (application), path);
    }
}

static int
assay_application_command_line (GApplication *application, GApplicationCommandLine *line)
{
  int argc;
  g_auto (GStrv) argv = g_application_command_line_get_arguments (line, &argc);

  if (argc < 2)
    g_application_activate (application);
  for (int k = 1; k < argc; k++)
    {
      g_autoptr (GFile) file = g_application_command_line_create_file_for_arg (line, argv[k]);

      g_application_open (application, &file, 1, "");
    }
  return 0;
}

/* --- actions ------------------------------------------------------------------------------------------------------- */

static void
act_new_window (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  gtk_window_present (GTK_WINDOW (assay_window_new (data)));
}

static void
act_preferences (GSimpleAction *action, GVariant *value, gpointer data)
{
  AssayApplication *self = data;

  (void) action;
  (void) value;
  assay_preferences_show (gtk_application_get_active_window (GTK_APPLICATION (self)), self->settings);
}

static void
act_about (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  assay_about_show (gtk_application_get_active_window (data));
}

static void
act_quit (GSimpleAction *action, GVariant *value, gpointer data)
{
  (void) action;
  (void) value;
  for (GList *windows = gtk_application_get_windows (data), *next; windows != NULL; windows = next)
    {
      next = windows->next;
      gtk_window_close (windows->data);
    }
}

static const GActionEntry entries[] = {
  { .name = "new-window", .activate = act_new_window },
  { .name = "preferences", .activate = act_preferences },
  { .name = "about", .activate = act_about },
  { .name = "quit", .activate = act_quit },
};

static const struct { const char *action; const char *keys[3]; } keys[] = {
  { "app.quit", { "<Control>q" } },
  { "app.new-window", { "<Control>n" } },
  { "app.preferences", { "<Control>comma" } },
  { "win.open", { "<Control>o" } },
  { "win.close-case", { "<Control><Shift>w" } },
  { "window.close", { "<Control>w" } },
  { "win.palette", { "<Control>k" } },
  { "win.back", { "<Alt>Left" } },
  { "win.forward", { "<Alt>Right" } },
  { "win.refresh", { "F5", "<Control>r" } },
  { "win.copy-command", { "<Control><Shift>c" } },
  { "win.copy-view", { "<Control><Shift>l" } },
  { "win.export-table", { "<Control>e" } },
  { "win.show-origin", { "<Control>i" } },
  { "page.search", { "<Control>f" } },
};

static void
set_keys (AssayApplication *self)
{
  for (gsize k = 0; k < G_N_ELEMENTS (keys); k++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), keys[k].action, keys[k].keys);
  for (int k = 0; assay_page_list ()[k] != NULL && k < 9; k++)
    {
      g_autofree char *action = g_strconcat ("win.go::", assay_page_list ()[k]->name, NULL), *key = g_strdup_printf ("<Control>%d", k + 1);

      gtk_application_set_accels_for_action (GTK_APPLICATION (self), action, (const char *[]) { key, NULL });
    }
}

static void
apply_theme (AssayApplication *self)
{
  static const AdwColorScheme schemes[] = { ADW_COLOR_SCHEME_DEFAULT, ADW_COLOR_SCHEME_FORCE_LIGHT, ADW_COLOR_SCHEME_FORCE_DARK };

  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), schemes[assay_settings_get_theme (self->settings)]);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

/* Made by glib-compile-resources from the files that local.mk lists. */
void assay_workbench_register_resource (void);

static void
assay_application_startup (GApplication *application)
{
  AssayApplication *self = ASSAY_APPLICATION (application);

  G_APPLICATION_CLASS (assay_application_parent_class)->startup (application);
  self->settings = assay_settings_new ();
  self->jobs = assay_job_list_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  set_keys (self);
  apply_theme (self);
  g_signal_connect_swapped (self->settings, "changed::theme", G_CALLBACK (apply_theme), self);
}

static void
assay_application_shutdown (GApplication *application)
{
  AssayApplication *self = ASSAY_APPLICATION (application);

  G_APPLICATION_CLASS (assay_application_parent_class)->shutdown (application);
  g_clear_object (&self->jobs);
  g_clear_object (&self->settings);
}

static void
assay_application_class_init (AssayApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  assay_workbench_register_resource ();
  application_class->startup = assay_application_startup;
  application_class->shutdown = assay_application_shutdown;
  application_class->activate = assay_application_activate;
  application_class->open = assay_application_open;
  application_class->command_line = assay_application_command_line;
}

static void
assay_application_init (AssayApplication *self)
{
  g_application_add_main_option (G_APPLICATION (self), "version", 0, 0, G_OPTION_ARG_NONE, _("Print the version"), NULL);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), "[CASE…]");
  g_application_set_option_context_summary (G_APPLICATION (self), _("Opens each CASE in a window; without one, the case that was open last."));
}

AssayApplication *
assay_application_new (void)
{
  return g_object_new (ASSAY_TYPE_APPLICATION, "application-id", ASSAY_APPLICATION_ID, "resource-base-path", "/org/assay/Workbench", "flags",
                       G_APPLICATION_HANDLES_COMMAND_LINE | G_APPLICATION_HANDLES_OPEN, NULL);
}
