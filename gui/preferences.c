/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preferences.c: theme, start, jobs. */
#include "gui/preferences.h"

#include <glib/gi18n.h>

static void
on_theme (AdwComboRow *row, GParamSpec *spec, AssaySettings *settings)
{
  (void) spec;
  if ((int) adw_combo_row_get_selected (row) != (int) assay_settings_get_theme (settings))
    assay_settings_set_theme (settings, (AssayAppearance) adw_combo_row_get_selected (row));
}

static void
on_threads (GtkSpinButton *button, AssaySettings *settings)
{
  assay_settings_set_threads (settings, gtk_spin_button_get_value_as_int (button));
}

static void
on_restore (GtkSwitch *toggle, GParamSpec *spec, AssaySettings *settings)
{
  (void) spec;
  assay_settings_set_restore (settings, gtk_switch_get_active (toggle));
}

static GtkWidget *
make_row (const char *title, const char *subtitle, GtkWidget *control)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  gtk_widget_set_valign (control, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), control);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), control);
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  return row;
}

static AdwPreferencesGroup *
add_group (AdwPreferencesPage *page, const char *title)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());

  adw_preferences_group_set_title (group, title);
  adw_preferences_page_add (page, group);
  return group;
}

void
assay_preferences_show (GtkWindow *parent, AssaySettings *settings)
{
  AdwPreferencesWindow *window = ADW_PREFERENCES_WINDOW (adw_preferences_window_new ());
  AdwPreferencesPage *page = ADW_PREFERENCES_PAGE (adw_preferences_page_new ());
  g_autoptr (GtkStringList) themes = gtk_string_list_new ((const char *[]) { _("Like the system"), _("Light"), _("Dark"), NULL });
  GtkWidget *theme = adw_combo_row_new (), *restore = gtk_switch_new (), *threads = gtk_spin_button_new_with_range (0, 1024, 1);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (theme), _("Theme"));
  adw_combo_row_set_model (ADW_COMBO_ROW (theme), G_LIST_MODEL (themes));
  adw_combo_row_set_selected (ADW_COMBO_ROW (theme), assay_settings_get_theme (settings));
  gtk_switch_set_active (GTK_SWITCH (restore), assay_settings_get_restore (settings));
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (threads), assay_settings_get_threads (settings));
  g_signal_connect_object (theme, "notify::selected", G_CALLBACK (on_theme), settings, 0);
  g_signal_connect_object (restore, "notify::active", G_CALLBACK (on_restore), settings, 0);
  g_signal_connect_object (threads, "value-changed", G_CALLBACK (on_threads), settings, 0);
  adw_preferences_group_add (add_group (page, _("Appearance")), theme);
  adw_preferences_group_add (add_group (page, _("Start")),
                             make_row (_("Open the last case"), _("With the page and the selection it was left at"), restore));
  adw_preferences_group_add (add_group (page, _("Jobs")),
                             make_row (_("Compute threads"), _("0: one for each processor. Results do not depend on it."), threads));
  adw_preferences_window_add (window, page);
  adw_preferences_window_set_search_enabled (window, FALSE);
  gtk_window_set_default_size (GTK_WINDOW (window), 560, 460);
  gtk_window_set_modal (GTK_WINDOW (window), TRUE);
  gtk_window_set_transient_for (GTK_WINDOW (window), parent);
  gtk_window_present (GTK_WINDOW (window));
}
