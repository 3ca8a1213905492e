/* SPDX-License-Identifier: GPL-3.0-or-later */
/* example_detail.c: an example's pane. */
#include "gui/example_detail.h"

#include "base/text.h"
#include "gui/grey_image.h"
#include "gui/token_strip.h"
#include "job/example_answers.h"

#include <glib/gi18n.h>

#define PICTURE 224             /* pixels of the longer side, about */
#define MAX_FIELDS 400
#define MAX_TEXT 4000           /* characters of a value; the exported table has it whole */

struct _AssayExampleDetail {
  AdwBin parent_instance;
  GtkStack *stack;
  GtkLabel *name, *origin;
  GtkBox *content;
  GtkGrid *fields;
  GtkButton *influence, *copy;
};

G_DEFINE_FINAL_TYPE (AssayExampleDetail, assay_example_detail, ADW_TYPE_BIN)

static void
clear (GtkWidget *box)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (box)) != NULL)
    gtk_widget_unparent (child);
}

/* --- what an example looks like ------------------------------------------------------------------------------------ */

static void
on_token (AssayTokenStrip *strip, gint64 token, gpointer unused)
{
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, token);

  (void) unused;
  gtk_widget_activate_action (GTK_WIDGET (strip), "win.select", "(ss)", "token", number);
}

static GtkWidget *
make_picture (const AssayColumn *column, gint64 row)
{
  gint64 side = MAX (column->height, column->width);
  guint scale = (guint) CLAMP (PICTURE / MAX (side, 1), 1, 16);
  g_autoptr (GdkTexture) texture = assay_grey_image_new (column->pixel + row * column->height * column->width, column->height, column->width, scale);
  GtkWidget *picture = gtk_picture_new_for_paintable (GDK_PAINTABLE (texture));

  gtk_picture_set_can_shrink (GTK_PICTURE (picture), FALSE);
  gtk_widget_set_halign (picture, GTK_ALIGN_START);
  gtk_widget_add_css_class (picture, "assay-picture");
  gtk_picture_set_alternative_text (GTK_PICTURE (picture), _("Picture of the example"));
  return picture;
}

static void
show_content (AssayExampleDetail *self, const AssayTable *table, gint64 row)
{
  clear (GTK_WIDGET (self->content));
  for (guint k = 0; k < assay_table_get_n_columns (table); k++)
    {
      const AssayColumn *column = assay_table_get_column (table, k);

      if (column->type == ASSAY_COLUMN_IMAGE)
        gtk_box_append (self->content, make_picture (column, row));
      else if (column->type == ASSAY_COLUMN_TOKENS)
        {
          AssayTokenStrip *strip = g_object_new (ASSAY_TYPE_TOKEN_STRIP, NULL);

          assay_token_strip_show (strip, column, row);
          g_signal_connect (strip, "selected", G_CALLBACK (on_token), NULL);
          gtk_box_append (self->content, GTK_WIDGET (strip));
        }
    }
}

/* Pango would put a hyphen where it breaks a word, as if the data had one. */
static void
forbid_hyphens (GtkWidget *label)
{
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_insert_hyphens_new (FALSE));
  gtk_label_set_attributes (GTK_LABEL (label), attributes);
}

static void
add_field (AssayExampleDetail *self, int line, const char *name, const char *value)
{
  g_autofree char *visible_name = assay_text_escape (name, FALSE), *visible = assay_text_escape (value, TRUE);
  GtkWidget *left = gtk_label_new (visible_name), *right = gtk_label_new (visible);

  gtk_label_set_xalign (GTK_LABEL (left), 0);
  gtk_label_set_yalign (GTK_LABEL (left), 0);
  gtk_label_set_wrap (GTK_LABEL (left), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (left), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars (GTK_LABEL (left), 22);
  gtk_widget_add_css_class (left, "dim-label");
  gtk_label_set_xalign (GTK_LABEL (right), 0);
  gtk_label_set_wrap (GTK_LABEL (right), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (right), PANGO_WRAP_WORD_CHAR);
  forbid_hyphens (right);
  gtk_label_set_selectable (GTK_LABEL (right), TRUE);
  gtk_widget_set_hexpand (right, TRUE);
  gtk_widget_add_css_class (right, "numeric");
  gtk_accessible_update_property (GTK_ACCESSIBLE (right), GTK_ACCESSIBLE_PROPERTY_LABEL, visible_name, -1);
  gtk_grid_attach (self->fields, left, 0, line, 1, 1);
  gtk_grid_attach (self->fields, right, 1, line, 1, 1);
}

static void
show_fields (AssayExampleDetail *self, const AssayTable *table, gint64 row)
{
  int line = 0;

  clear (GTK_WIDGET (self->fields));
  for (int answers = 1; answers >= 0; answers--)          /* what the model makes of it stands first */
    for (guint k = 0; k < assay_table_get_n_columns (table) && line < MAX_FIELDS; k++)
      {
        const AssayColumn *column = assay_table_get_column (table, k);
        g_autofree char *text = NULL;

        if (column->type == ASSAY_COLUMN_IMAGE || column->type == ASSAY_COLUMN_TOKENS || assay_example_answers_is_column (column->name) != answers)
          continue;
        text = assay_example_answers_dup_text (column, row, MAX_TEXT);
        add_field (self, line++, column->name, assay_column_is_missing (column, row) && text[0] == '\0' ? _("missing") : text);
      }
}

void
assay_example_detail_show (AssayExampleDetail *self, AssayExampleIndex *index, gint64 row)
{
  g_autofree char *reference = NULL, *name = NULL, *origin = NULL, *visible = NULL, *query = NULL;

  gtk_stack_set_visible_child_name (self->stack, index != NULL && row >= 0 ? "example" : "none");
  if (index == NULL || row < 0)
    return;
  reference = assay_example_index_dup_reference (index, row);
  query = g_strconcat ("ask:", reference, NULL);
  name = assay_text_escape (reference ? reference : _("left out by the model"), FALSE);
  origin = assay_table_describe_row (index->table, row);
  visible = assay_text_escape (origin, FALSE);
  gtk_label_set_text (self->name, name);
  gtk_label_set_text (self->origin, visible);
  gtk_widget_set_sensitive (GTK_WIDGET (self->influence), reference != NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (self->copy), reference != NULL);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->copy), "s", reference ? reference : "");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->influence), "(sss)", "influence", "query", query);
  show_content (self, index->table, row);
  show_fields (self, index->table, row);
}

static void
assay_example_detail_class_init (AssayExampleDetailClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/example_detail.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayExampleDetail, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayExampleDetail, name);
  gtk_widget_class_bind_template_child (widget_class, AssayExampleDetail, origin);
  gtk_widget_class_bind_template_child (widget_class, AssayExampleDetail, content);
  gtk_widget_class_bind_template_child (widget_class, AssayExampleDetail, fields);
  gtk_widget_class_bind_template_child (widget_class, AssayExampleDetail, influence);
  gtk_widget_class_bind_template_child (widget_class, AssayExampleDetail, copy);
}

static void
assay_example_detail_init (AssayExampleDetail *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
