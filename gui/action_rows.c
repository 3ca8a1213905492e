/* SPDX-License-Identifier: GPL-3.0-or-later */
/* action_rows.c: rows with values and buttons. */
#include "gui/action_rows.h"

#include "base/text.h"

#define VALUE_WIDTH 28          /* characters in a line of a value */

GtkWidget *
assay_action_row_new (const char *title, const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *name = assay_text_escape (title, FALSE), *below = subtitle ? assay_text_escape (subtitle, FALSE) : NULL;

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  if (below != NULL)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), below);
  return row;
}

static GtkWidget *
make_label (const char *text)
{
  g_autofree char *visible = assay_text_escape (text, FALSE);
  GtkWidget *label = gtk_label_new (visible);

  gtk_label_set_xalign (GTK_LABEL (label), 1);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_RIGHT);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_width_chars (GTK_LABEL (label), (int) MIN (g_utf8_strlen (visible, -1), VALUE_WIDTH));
  gtk_label_set_max_width_chars (GTK_LABEL (label), VALUE_WIDTH);
  gtk_widget_add_css_class (label, "numeric");
  return label;
}

void
assay_action_row_add_value (GtkWidget *row, const char *value, const char *below)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2), *note;

  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  if (value != NULL && value[0] != '\0')
    gtk_box_append (GTK_BOX (box), make_label (value));
  if (below != NULL && below[0] != '\0')
    {
      note = make_label (below);
      gtk_widget_add_css_class (note, "caption");
      gtk_widget_add_css_class (note, "dim-label");
      gtk_box_append (GTK_BOX (box), note);
    }
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), box);
}

static GtkWidget *
add (GtkWidget *row, GtkWidget *button, const char *action, GVariant *target)
{
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (button), target);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  return button;
}

GtkWidget *
assay_action_row_add_icon (GtkWidget *row, const char *icon, const char *name, const char *action, GVariant *target)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  return add (row, button, action, target);
}

GtkWidget *
assay_action_row_add_button (GtkWidget *row, const char *label, const char *tooltip, const char *action, GVariant *target)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);
  g_autofree char *visible = tooltip ? assay_text_escape (tooltip, FALSE) : NULL;

  gtk_widget_set_tooltip_text (button, visible);
  return add (row, button, action, target);
}
