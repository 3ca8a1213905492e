/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param_entry.c: an entry and the buttons beside it. */
#include "gui/param_entry.h"

#include "base/text.h"
#include "gui/case_choices.h"
#include "gui/job_form.h"
#include "job/describe.h"

#include <glib/gi18n.h>
#include <string.h>

struct _AssayParamEntry {
  AdwBin parent_instance;
  const AssayParam *param;
  AssayParamOffer offer;
  gpointer data;
  GtkEditable *entry;
};

G_DEFINE_FINAL_TYPE (AssayParamEntry, assay_param_entry, ADW_TYPE_BIN)

/* --- what can be offered beside a text ----------------------------------------------------------------------------- */

static void
on_choice_activated (GtkListBox *box, GtkListBoxRow *row, AssayParamEntry *self)
{
  GtkWidget *popover = gtk_widget_get_ancestor (GTK_WIDGET (box), GTK_TYPE_POPOVER);

  gtk_editable_set_text (self->entry, g_object_get_data (G_OBJECT (row), "value"));
  gtk_popover_popdown (GTK_POPOVER (popover));
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

static GtkWidget *
make_choice (const AssayChoice *choice)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 1);
  g_autofree char *visible = assay_text_escape (choice->value, FALSE), *words = choice->words ? assay_text_escape (choice->words, FALSE) : NULL;
  GtkWidget *value = gtk_label_new (visible);

  gtk_label_set_xalign (GTK_LABEL (value), 0);
  gtk_box_append (GTK_BOX (box), value);
  if (words != NULL)
    {
      GtkWidget *note = gtk_label_new (words);

      gtk_label_set_xalign (GTK_LABEL (note), 0);
      gtk_label_set_wrap (GTK_LABEL (note), TRUE);
      gtk_label_set_max_width_chars (GTK_LABEL (note), 44);
      gtk_widget_add_css_class (note, "caption");
      gtk_widget_add_css_class (note, "dim-label");
      gtk_box_append (GTK_BOX (box), note);
    }
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  g_object_set_data_full (G_OBJECT (row), "value", g_strdup (choice->value), g_free);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, visible, -1);
  return row;
}

/* Made when it opens: what the case has is another thing after a job. */
static void
fill_menu (GtkMenuButton *button, gpointer data)
{
  AssayParamEntry *self = data;
  GtkWidget *popover = gtk_popover_new (), *scrolled = gtk_scrolled_window_new (), *list = gtk_list_box_new (), *none = gtk_label_new (_("The case has none yet"));
  g_autoptr (GPtrArray) choices = self->offer (self->param, self->data);

  for (guint k = 0; k < choices->len; k++)
    gtk_list_box_append (GTK_LIST_BOX (list), make_choice (choices->pdata[k]));
  gtk_list_box_set_placeholder (GTK_LIST_BOX (list), none);
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (list, "assay-choices");
  gtk_accessible_update_property (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("What can be chosen"), -1);
  g_signal_connect (list, "row-activated", G_CALLBACK (on_choice_activated), self);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scrolled), TRUE);
  gtk_scrolled_window_set_propagate_natural_width (GTK_SCROLLED_WINDOW (scrolled), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scrolled), 320);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), list);
  gtk_popover_set_child (GTK_POPOVER (popover), scrolled);
  gtk_menu_button_set_popover (button, popover);
}

static GtkWidget *
make_menu (AssayParamEntry *self)
{
  GtkWidget *menu = gtk_menu_button_new ();
  g_autofree char *title = assay_job_form_title (self->param->name), *label = g_strdup_printf (_("Choose: %s"), title);

  gtk_menu_button_set_create_popup_func (GTK_MENU_BUTTON (menu), fill_menu, self, NULL);
  gtk_widget_set_tooltip_text (menu, _("Choose from what there is"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (menu), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  return menu;
}

static void
on_file_chosen (GtkNativeDialog *dialog, int response, AssayParamEntry *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file ? g_file_get_path (file) : NULL;

  if (path != NULL)
    gtk_editable_set_text (self->entry, path);
  g_object_unref (dialog);
}

/* A path that is written may be new; where the table says DIR or BUNDLE, a folder is looked for. */
static void
on_browse (AssayParamEntry *self)
{
  const char *metavar = assay_describe_metavar (self->param);
  GtkFileChooserAction action = self->param->flags & ASSAY_PARAM_WRITTEN ? GTK_FILE_CHOOSER_ACTION_SAVE
                                : strcmp (metavar, "DIR") == 0 || strcmp (metavar, "BUNDLE") == 0 ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER
                                : GTK_FILE_CHOOSER_ACTION_OPEN;
  g_autofree char *title = assay_job_form_title (self->param->name);
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (title, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), action, _("_Choose"), NULL);

  g_signal_connect_object (dialog, "response", G_CALLBACK (on_file_chosen), self, 0);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

/* The default, or else the form of what is expected. */
static char *
make_placeholder (const AssayParam *p)
{
  const char *metavar = assay_describe_metavar (p);
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (p->flags & ASSAY_PARAM_REQUIRED)
    return g_strdup_printf (_("%s, required"), metavar);
  if (p->type == ASSAY_PARAM_INT && !(p->flags & ASSAY_PARAM_OPTIONAL))
    return g_strdup_printf ("%" G_GINT64_FORMAT, p->def.i);
  if (p->type == ASSAY_PARAM_DOUBLE && !(p->flags & ASSAY_PARAM_OPTIONAL))
    return g_strdup (g_ascii_formatd (text, sizeof text, "%g", p->def.d));
  return g_strdup (p->type == ASSAY_PARAM_STRING && p->def.s != NULL && p->def.s[0] != '\0' ? p->def.s : metavar);
}

static GtkWidget *
make_browse (AssayParamEntry *self)
{
  GtkWidget *browse = gtk_button_new_from_icon_name ("document-open-symbolic");

  gtk_widget_set_tooltip_text (browse, _("Look for it"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (browse), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Look for it"), -1);
  g_signal_connect_swapped (browse, "clicked", G_CALLBACK (on_browse), self);
  return browse;
}

static void
assay_param_entry_class_init (AssayParamEntryClass *klass)
{
  (void) klass;
}

static void
assay_param_entry_init (AssayParamEntry *self)
{
  (void) self;
}

GtkEditable *
assay_param_entry_get_editable (AssayParamEntry *self)
{
  return self->entry;
}

GtkWidget *
assay_param_entry_new (const AssayParam *param, const char *text, AssayParamOffer offer, gpointer data)
{
  AssayParamEntry *self = g_object_new (ASSAY_TYPE_PARAM_ENTRY, NULL);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0), *entry = gtk_entry_new ();
  g_autofree char *placeholder = make_placeholder (param);

  self->param = param;
  self->offer = offer;
  self->data = data;
  self->entry = GTK_EDITABLE (entry);
  gtk_widget_add_css_class (line, "linked");
  gtk_entry_set_placeholder_text (GTK_ENTRY (entry), placeholder);
  gtk_editable_set_text (self->entry, text);
  gtk_editable_set_width_chars (self->entry, 10);
  gtk_editable_set_max_width_chars (self->entry, 10);
  gtk_widget_set_hexpand (entry, TRUE);
  gtk_box_append (GTK_BOX (line), entry);
  if (offer != NULL)
    gtk_box_append (GTK_BOX (line), make_menu (self));
  if (param->flags & ASSAY_PARAM_FILE)
    gtk_box_append (GTK_BOX (line), make_browse (self));
  adw_bin_set_child (ADW_BIN (self), line);
  return GTK_WIDGET (self);
}
