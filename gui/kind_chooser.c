/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_chooser.c: all commands in a popover. */
#include "gui/kind_chooser.h"

#include "gui/job_form.h"
#include "job/command.h"

#include <glib/gi18n.h>
#include <string.h>

struct _AssayKindChooser {
  AdwBin parent_instance;
  GtkMenuButton *button;
  GtkLabel *name, *help;
  GtkEditable *search;
  GtkListBox *list;
};

G_DEFINE_FINAL_TYPE (AssayKindChooser, assay_kind_chooser, ADW_TYPE_BIN)

enum { CHOSEN, N_SIGNALS };
static guint signals[N_SIGNALS];

static const AssayJobKind *
row_kind (GtkListBoxRow *row)
{
  return g_object_get_data (G_OBJECT (row), "kind");
}

static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, AssayKindChooser *self)
{
  (void) list;
  gtk_menu_button_popdown (self->button);
  assay_kind_chooser_set (self, row_kind (row));
  g_signal_emit (self, signals[CHOSEN], 0, row_kind (row)->name);
}

static gboolean
matches (GtkListBoxRow *row, gpointer data)
{
  g_auto (GStrv) words = g_strsplit (gtk_editable_get_text (ASSAY_KIND_CHOOSER (data)->search), " ", -1);
  g_autofree char *all = g_strconcat (row_kind (row)->name, " ", row_kind (row)->help, " ", assay_job_group_title (row_kind (row)->group), NULL);
  g_autofree char *folded = g_utf8_casefold (all, -1);

  for (char **word = words; *word != NULL; word++)
    {
      g_autofree char *wanted = g_utf8_casefold (*word, -1);

      if (strstr (folded, wanted) == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
on_search_changed (AssayKindChooser *self)
{
  gtk_list_box_invalidate_filter (self->list);
}

/* Return takes the first that is left. */
static void
on_search_activated (AssayKindChooser *self)
{
  for (int k = 0; gtk_list_box_get_row_at_index (self->list, k) != NULL; k++)
    if (matches (gtk_list_box_get_row_at_index (self->list, k), self))
      {
        on_row_activated (self->list, gtk_list_box_get_row_at_index (self->list, k), self);
        return;
      }
}

static void
put_header (GtkListBoxRow *row, GtkListBoxRow *before, gpointer unused)
{
  GtkWidget *title;

  (void) unused;
  if (before != NULL && row_kind (before)->group == row_kind (row)->group)
    {
      gtk_list_box_row_set_header (row, NULL);
      return;
    }
  title = gtk_label_new (assay_job_group_title (row_kind (row)->group));
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_widget_set_margin_top (title, before ? 12 : 3);
  gtk_widget_set_margin_bottom (title, 3);
  gtk_widget_set_margin_start (title, 9);
  gtk_widget_add_css_class (title, "caption-heading");
  gtk_widget_add_css_class (title, "dim-label");
  gtk_list_box_row_set_header (row, title);
}

static void
add_kind (AssayKindChooser *self, const AssayJobKind *kind)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 1), *name = gtk_label_new (kind->name);
  g_autofree char *sentence = assay_job_form_sentence (kind->help), *label = g_strdup_printf ("%s: %s", kind->name, sentence);
  GtkWidget *help = gtk_label_new (sentence);

  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_widget_add_css_class (name, "heading");
  gtk_label_set_xalign (GTK_LABEL (help), 0);
  gtk_label_set_wrap (GTK_LABEL (help), TRUE);
  gtk_label_set_width_chars (GTK_LABEL (help), 48);
  gtk_label_set_max_width_chars (GTK_LABEL (help), 48);
  gtk_widget_add_css_class (help, "caption");
  gtk_widget_add_css_class (help, "dim-label");
  gtk_box_append (GTK_BOX (box), name);
  gtk_box_append (GTK_BOX (box), help);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  g_object_set_data (G_OBJECT (row), "kind", (gpointer) kind);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_list_box_append (self->list, row);
}

static void
on_popover_shown (AssayKindChooser *self)
{
  gtk_editable_set_text (self->search, "");
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

/* When it opens first: the page is there sooner without it. */
static void
make_popover (GtkMenuButton *button, gpointer data)
{
  AssayKindChooser *self = data;
  GtkWidget *popover = gtk_popover_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *scrolled = gtk_scrolled_window_new ();
  GtkWidget *search = gtk_search_entry_new (), *none = gtk_label_new (_("No kind of job is called so"));

  self->search = GTK_EDITABLE (search);
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_accessible_update_property (GTK_ACCESSIBLE (search), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Search kinds of jobs"), -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Kinds of jobs"), -1);
  g_object_set (search, "placeholder-text", _("Search kinds of jobs"), NULL);
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "assay-choices");
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_NONE);
  for (int group = 0; group < ASSAY_JOB_GROUP_N; group++)
    for (const AssayJobKind *const *kind = assay_command_list (); *kind != NULL; kind++)
      if ((int) (*kind)->group == group)
        add_kind (self, *kind);
  gtk_list_box_set_header_func (self->list, put_header, NULL, NULL);
  gtk_list_box_set_filter_func (self->list, matches, self, NULL);
  gtk_widget_set_margin_top (none, 18);
  gtk_widget_set_margin_bottom (none, 18);
  gtk_list_box_set_placeholder (self->list, none);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scrolled), 420);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), GTK_WIDGET (self->list));
  gtk_box_append (GTK_BOX (box), search);
  gtk_box_append (GTK_BOX (box), scrolled);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  g_signal_connect_swapped (search, "search-changed", G_CALLBACK (on_search_changed), self);
  g_signal_connect_swapped (search, "activate", G_CALLBACK (on_search_activated), self);
  g_signal_connect (self->list, "row-activated", G_CALLBACK (on_row_activated), self);
  g_signal_connect_swapped (popover, "show", G_CALLBACK (on_popover_shown), self);
  gtk_menu_button_set_popover (button, popover);
  gtk_menu_button_set_create_popup_func (button, NULL, NULL, NULL);
}

static GtkWidget *
make_face (AssayKindChooser *self)
{
  GtkWidget *face = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10), *arrow = gtk_image_new_from_icon_name ("pan-down-symbolic");

  self->name = GTK_LABEL (gtk_label_new (_("Choose a kind of job")));
  self->help = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_add_css_class (GTK_WIDGET (self->name), "heading");
  gtk_widget_add_css_class (GTK_WIDGET (self->help), "dim-label");
  gtk_label_set_ellipsize (self->help, PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (self->help, 0);
  gtk_widget_set_hexpand (GTK_WIDGET (self->help), TRUE);
  gtk_box_append (GTK_BOX (face), GTK_WIDGET (self->name));
  gtk_box_append (GTK_BOX (face), GTK_WIDGET (self->help));
  gtk_box_append (GTK_BOX (face), arrow);
  return face;
}

void
assay_kind_chooser_set (AssayKindChooser *self, const AssayJobKind *kind)
{
  g_autofree char *sentence = assay_job_form_sentence (kind->help), *label = g_strdup_printf (_("Kind of job: %s"), kind->name);

  gtk_label_set_text (self->name, kind->name);
  gtk_label_set_text (self->help, sentence);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), sentence);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
assay_kind_chooser_class_init (AssayKindChooserClass *klass)
{
  signals[CHOSEN] = g_signal_new ("chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
assay_kind_chooser_init (AssayKindChooser *self)
{
  self->button = GTK_MENU_BUTTON (gtk_menu_button_new ());
  gtk_menu_button_set_child (self->button, make_face (self));
  gtk_menu_button_set_create_popup_func (self->button, make_popover, self, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Kind of job"), -1);
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->button));
}
