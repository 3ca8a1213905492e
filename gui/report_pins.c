/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_pins.c: rows of pinned claims. */
#include "gui/report_pins.h"

#include "base/json.h"
#include "base/text.h"

#include <glib/gi18n.h>
#include <string.h>

#define CLAIM_KEY "assay-claim"

static const char *
get_claim (GtkWidget *row)
{
  return g_object_get_data (G_OBJECT (row), CLAIM_KEY);
}

static GtkWidget *
make_button (const char *icon, const char *words, const char *action, GVariant *target)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_set_tooltip_text (button, words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (button), target);
  return button;
}

/* --- order ----------------------------------------------------------------------------------------------------------- */

static GdkContentProvider *
drag_begins (GtkDragSource *source, double x, double y, GtkWidget *row)
{
  (void) source;
  (void) x;
  (void) y;
  return gdk_content_provider_new_typed (G_TYPE_STRING, get_claim (row));
}

/* What is dropped on a row takes its place. */
static gboolean
dropped (GtkDropTarget *target, const GValue *value, double x, double y, GtkWidget *row)
{
  (void) target;
  (void) x;
  (void) y;
  if (strcmp (g_value_get_string (value), get_claim (row)) == 0)
    return FALSE;
  return gtk_widget_activate_action (row, "report.move", "(sx)", g_value_get_string (value), (gint64) gtk_list_box_row_get_index (GTK_LIST_BOX_ROW (row)) + 1);
}

static void
add_dragging (GtkWidget *row)
{
  GtkDragSource *source = gtk_drag_source_new ();
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_STRING, GDK_ACTION_MOVE);

  gtk_drag_source_set_actions (source, GDK_ACTION_MOVE);
  g_signal_connect (source, "prepare", G_CALLBACK (drag_begins), row);
  g_signal_connect (target, "drop", G_CALLBACK (dropped), row);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (source));
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (target));
}

static void
add_key (GtkEventController *controller, guint key, const char *claim, gint64 place)
{
  GtkShortcut *shortcut = gtk_shortcut_new (gtk_keyval_trigger_new (key, GDK_ALT_MASK), gtk_named_action_new ("report.move"));

  gtk_shortcut_set_arguments (shortcut, g_variant_new ("(sx)", claim, place));
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller), shortcut);
}

/* place from 0, of n. */
static void
add_order (GtkWidget *row, const char *claim, gsize place, gsize n)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();
  GtkWidget *up = make_button ("go-up-symbolic", _("Earlier in the summary (Alt+Up)"), "report.move", g_variant_new ("(sx)", claim, (gint64) place));
  GtkWidget *down = make_button ("go-down-symbolic", _("Later in the summary (Alt+Down)"), "report.move", g_variant_new ("(sx)", claim, (gint64) place + 2));

  if (place > 0)
    add_key (keys, GDK_KEY_Up, claim, (gint64) place);
  else
    gtk_actionable_set_action_name (GTK_ACTIONABLE (up), NULL);
  if (place + 1 < n)
    add_key (keys, GDK_KEY_Down, claim, (gint64) place + 2);
  else
    gtk_actionable_set_action_name (GTK_ACTIONABLE (down), NULL);
  gtk_widget_set_sensitive (up, place > 0);
  gtk_widget_set_sensitive (down, place + 1 < n);
  gtk_widget_add_controller (row, keys);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), up);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), down);
  add_dragging (row);
}

/* --- rows ------------------------------------------------------------------------------------------------------------ */

static GtkWidget *
make_row (const AssayReportDraft *draft, const json_t *pin, gsize place, gsize n)
{
  const char *id = assay_json_get_text (pin, "claim");
  const AssayClaim *claim = assay_document_find_claim (draft->document, id);
  g_autofree char *sentence = claim ? assay_prose_dup_plain (claim->sentence) : g_strdup (_("The case no longer makes this claim")), *visible = NULL, *name = NULL;
  GtkWidget *row = adw_action_row_new ();

  visible = assay_text_escape (sentence, FALSE);
  name = assay_text_escape (id, FALSE);
  g_object_set_data_full (G_OBJECT (row), CLAIM_KEY, g_strdup (id), g_free);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), visible);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 3);
  gtk_widget_set_tooltip_text (row, name);
  if (n > 1)
    add_order (row, id, place, n);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), make_button ("list-remove-symbolic", _("Take from the summary"), "report.unpin", g_variant_new_string (id)));
  return row;
}

/* The claim whose row has the keyboard's focus, or NULL. Owns: the caller. */
static char *
dup_focused (GtkListBox *list)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (list)));
  GtkWidget *row = focus && gtk_widget_is_ancestor (focus, GTK_WIDGET (list)) ? GTK_IS_LIST_BOX_ROW (focus) ? focus
                   : gtk_widget_get_ancestor (focus, GTK_TYPE_LIST_BOX_ROW) : NULL;

  return row ? g_strdup (get_claim (row)) : NULL;
}

void
assay_report_pins_show (GtkListBox *list, const AssayReportDraft *draft)
{
  g_autofree char *focused = gtk_widget_get_root (GTK_WIDGET (list)) ? dup_focused (list) : NULL;
  GtkListBoxRow *old;
  gsize k;
  json_t *pin;

  while ((old = gtk_list_box_get_row_at_index (list, 0)) != NULL)
    gtk_list_box_remove (list, GTK_WIDGET (old));
  json_array_foreach (draft->pins, k, pin)
    {
      GtkWidget *row = make_row (draft, pin, k, json_array_size (draft->pins));

      gtk_list_box_append (list, row);
      if (focused != NULL && strcmp (focused, get_claim (row)) == 0)
        gtk_widget_grab_focus (row);
    }
}
