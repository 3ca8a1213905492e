/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command_palette.c: a list of actions and an entry that narrows it. */
#include "gui/command_palette.h"

#include "base/text.h"
#include "gui/case_contents.h"
#include "job/kind.h"
#include "job/spec.h"

#include <glib/gi18n.h>
#include <string.h>

#define PREFIX "assay-view:"

typedef struct {
  AssayWindow *window;          /* which the palette never outlives: it is transient for it and destroyed with it */
  GtkWindow *dialog;
  GtkListBox *list;
  GtkEditable *entry;
} Palette;

guint
assay_command_palette_score (const char *text, const char *query)
{
  g_autofree char *folded = g_utf8_casefold (text, -1), *asked = g_utf8_casefold (query, -1);
  g_auto (GStrv) words = g_strsplit_set (asked, " \t", -1);
  guint score = 1;

  for (guint k = 0; words[k] != NULL; k++)
    {
      const char *found = words[k][0] ? strstr (folded, words[k]) : folded;

      if (found == NULL)
        return 0;
      score += found == folded ? 4 : found[-1] == ' ' ? 3 : 1;
    }
  return score;
}

static void
add (Palette *palette, const char *icon, const char *title, const char *subtitle, const char *action)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *name = gtk_label_new (title), *more;
  GtkApplication *application = GTK_APPLICATION (assay_window_get_application (palette->window));
  g_auto (GStrv) keys = gtk_application_get_accels_for_action (application, action);
  g_autofree char *whole = g_strconcat (title, " ", subtitle ? subtitle : "", NULL);

  gtk_box_append (GTK_BOX (box), gtk_image_new_from_icon_name (icon));
  gtk_box_append (GTK_BOX (box), name);
  more = gtk_label_new (subtitle);
  gtk_label_set_ellipsize (GTK_LABEL (more), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_xalign (GTK_LABEL (more), 0);
  gtk_widget_set_hexpand (more, TRUE);
  gtk_widget_add_css_class (more, "dim-label");
  gtk_box_append (GTK_BOX (box), more);
  if (keys[0] != NULL)
    {
      guint key;
      GdkModifierType modifiers;
      g_autofree char *shown = gtk_accelerator_parse (keys[0], &key, &modifiers) ? gtk_accelerator_get_label (key, modifiers) : NULL;
      GtkWidget *label = gtk_label_new (shown);

      gtk_widget_add_css_class (label, "dim-label");
      gtk_widget_add_css_class (label, "caption");
      gtk_box_append (GTK_BOX (box), label);
    }
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, whole, -1);
  g_object_set_data_full (G_OBJECT (row), "action", g_strdup (action), g_free);
  g_object_set_data_full (G_OBJECT (row), "text", g_steal_pointer (&whole), g_free);
  gtk_list_box_append (palette->list, row);
}

/* --- what there is ------------------------------------------------------------------------------------------------- */

static const struct { const char *icon, *title, *action; } plain[] = {
  { "go-previous-symbolic", N_("Back"), "win.back" },
  { "go-next-symbolic", N_("Forward"), "win.forward" },
  { "edit-copy-symbolic", N_("Copy as Command"), "win.copy-command" },
  { "edit-copy-symbolic", N_("Copy Link to This View"), "win.copy-view" },
  { "document-save-symbolic", N_("Export Table…"), "win.export-table" },
  { "assay-origin-symbolic", N_("Where Does This Come From?"), "win.show-origin" },
  { "edit-clear-symbolic", N_("Clear Selection"), "win.clear-selection" },
  { "view-refresh-symbolic", N_("Look Again"), "win.refresh" },
  { "folder-open-symbolic", N_("Open Case…"), "win.open" },
  { "folder-open-symbolic", N_("Open Model…"), "win.choose-model" },
  { "window-close-symbolic", N_("Close Case"), "win.close-case" },
  { "window-new-symbolic", N_("New Window"), "app.new-window" },
  { "preferences-system-symbolic", N_("Preferences"), "app.preferences" },
  { "input-keyboard-symbolic", N_("Keyboard Shortcuts"), "win.show-help-overlay" },
  { "help-about-symbolic", N_("About Assay Workbench"), "app.about" },
};

static void
add_jobs (Palette *palette, const char *path)
{
  g_autofree char *quoted = assay_job_quote_word (path);

  for (const AssayJobKind *const *kind = assay_job_kind_list (); *kind != NULL; kind++)
    if ((*kind)->access == ASSAY_JOB_READS_CASE || (*kind)->access == ASSAY_JOB_WRITES_CASE)
      {
        g_autofree char *title = g_strdup_printf (_("New job: %s"), (*kind)->name);
        g_autofree char *command = g_strdup_printf ("assay %s %s", (*kind)->name, quoted);
        g_autoptr (GVariant) target = g_variant_ref_sink (g_variant_new_string (command));
        g_autofree char *action = g_action_print_detailed_name ("win.propose", target);

        add (palette, "assay-jobs-symbolic", title, (*kind)->help, action);
      }
}

static void
fill (Palette *palette)
{
  AssayOpenCase *cas = assay_window_get_case (palette->window);
  gboolean is_open = cas != NULL && assay_open_case_get_state (cas) == ASSAY_CASE_OPEN;
  g_auto (GStrv) recent = assay_settings_get_recent (assay_application_get_settings (assay_window_get_application (palette->window)));

  for (const AssayPageInfo *const *info = assay_page_list (); is_open && *info != NULL; info++)
    {
      g_autofree char *action = g_strconcat ("win.go::", (*info)->name, NULL);

      add (palette, (*info)->icon, _((*info)->title), _((*info)->purpose), action);
    }
  for (gsize k = 0; k < G_N_ELEMENTS (plain); k++)
    add (palette, plain[k].icon, _(plain[k].title), NULL, plain[k].action);
  if (is_open)
    add_jobs (palette, assay_open_case_get_path (cas));
  for (guint k = 0; recent[k] != NULL; k++)
    {
      g_autofree char *name = assay_case_display_name (recent[k]), *title = g_strdup_printf (_("Open %s"), name);
      g_autofree char *where = assay_text_escape (recent[k], FALSE);
      g_autoptr (GVariant) target = g_variant_ref_sink (g_variant_new_string (recent[k]));
      g_autofree char *action = g_action_print_detailed_name ("win.open-path", target);

      add (palette, "assay-case-symbolic", title, where, action);
    }
}

/* --- choosing ------------------------------------------------------------------------------------------------------ */

static gboolean
is_wanted (GtkListBoxRow *row, gpointer data)
{
  Palette *palette = data;

  return assay_command_palette_score (g_object_get_data (G_OBJECT (row), "text"), gtk_editable_get_text (palette->entry)) > 0;
}

static int
compare_rows (GtkListBoxRow *a, GtkListBoxRow *b, gpointer data)
{
  Palette *palette = data;
  const char *query = gtk_editable_get_text (palette->entry);

  return (int) assay_command_palette_score (g_object_get_data (G_OBJECT (b), "text"), query)
         - (int) assay_command_palette_score (g_object_get_data (G_OBJECT (a), "text"), query);
}

/* The first row that is shown. */
static GtkListBoxRow *
first_row (Palette *palette)
{
  GtkListBoxRow *row;

  for (int k = 0; (row = gtk_list_box_get_row_at_index (palette->list, k)) != NULL; k++)
    if (gtk_widget_get_child_visible (GTK_WIDGET (row)))
      return row;
  return NULL;
}

static void
activate (Palette *palette, const char *detailed)
{
  g_autofree char *name = NULL;
  g_autoptr (GVariant) target = NULL;
  GtkWidget *window = GTK_WIDGET (palette->window);

  if (!g_action_parse_detailed_name (detailed, &name, &target, NULL))
    return;
  gtk_window_destroy (palette->dialog);
  gtk_widget_activate_action_variant (window, name, target);
}

static void
on_search (GtkSearchEntry *entry, Palette *palette)
{
  (void) entry;
  gtk_list_box_invalidate_filter (palette->list);
  gtk_list_box_invalidate_sort (palette->list);
  gtk_list_box_select_row (palette->list, first_row (palette));
}

static void
on_row (GtkListBox *list, GtkListBoxRow *row, Palette *palette)
{
  (void) list;
  activate (palette, g_object_get_data (G_OBJECT (row), "action"));
}

/* A link to a view that was copied goes there. */
static void
on_enter (GtkSearchEntry *entry, Palette *palette)
{
  const char *text = gtk_editable_get_text (palette->entry);
  GtkListBoxRow *row = gtk_list_box_get_selected_row (palette->list);

  (void) entry;
  if (g_str_has_prefix (text, PREFIX))
    {
      g_autoptr (GVariant) target = g_variant_ref_sink (g_variant_new_string (text));
      g_autofree char *action = g_action_print_detailed_name ("win.go-to-view", target);

      activate (palette, action);
    }
  else if (row != NULL)
    activate (palette, g_object_get_data (G_OBJECT (row), "action"));
}

static gboolean
on_key (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType modifiers, Palette *palette)
{
  GtkListBoxRow *row = gtk_list_box_get_selected_row (palette->list);
  int step = key == GDK_KEY_Down ? 1 : key == GDK_KEY_Up ? -1 : 0;

  (void) controller;
  (void) code;
  (void) modifiers;
  if (step == 0)
    return GDK_EVENT_PROPAGATE;
  while (row != NULL)
    {
      row = gtk_list_box_get_row_at_index (palette->list, gtk_list_box_row_get_index (row) + step);
      if (row != NULL && gtk_widget_get_child_visible (GTK_WIDGET (row)))
        break;
    }
  if (row != NULL)
    {
      graphene_point_t corner;
      GtkAdjustment *adjustment = gtk_list_box_get_adjustment (palette->list);

      gtk_list_box_select_row (palette->list, row);
      if (adjustment != NULL && gtk_widget_compute_point (GTK_WIDGET (row), GTK_WIDGET (palette->list), &GRAPHENE_POINT_INIT (0, 0), &corner))
        gtk_adjustment_clamp_page (adjustment, corner.y, corner.y + gtk_widget_get_height (GTK_WIDGET (row)));
    }
  return GDK_EVENT_STOP;
}

static void
on_stop (GtkSearchEntry *entry, Palette *palette)
{
  (void) entry;
  gtk_window_destroy (palette->dialog);
}

void
assay_command_palette_show (AssayWindow *window)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/org/assay/Workbench/command_palette.ui");
  GtkEventController *keys = gtk_event_controller_key_new ();
  Palette *palette = g_new0 (Palette, 1);

  palette->window = window;
  palette->dialog = GTK_WINDOW (gtk_builder_get_object (builder, "palette"));
  palette->list = GTK_LIST_BOX (gtk_builder_get_object (builder, "list"));
  palette->entry = GTK_EDITABLE (gtk_builder_get_object (builder, "entry"));
  fill (palette);
  gtk_list_box_set_filter_func (palette->list, is_wanted, palette, NULL);
  gtk_list_box_set_sort_func (palette->list, compare_rows, palette, NULL);
  g_signal_connect (palette->entry, "search-changed", G_CALLBACK (on_search), palette);
  g_signal_connect (palette->entry, "activate", G_CALLBACK (on_enter), palette);
  g_signal_connect (palette->entry, "stop-search", G_CALLBACK (on_stop), palette);
  g_signal_connect (palette->list, "row-activated", G_CALLBACK (on_row), palette);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), palette);
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  gtk_widget_add_controller (GTK_WIDGET (palette->entry), keys);
  g_object_set_data_full (G_OBJECT (palette->dialog), "palette", palette, g_free);
  gtk_window_set_transient_for (palette->dialog, GTK_WINDOW (window));
  gtk_list_box_select_row (palette->list, first_row (palette));
  gtk_window_present (palette->dialog);
}
