/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_overview.c: what a case is, what it holds, and whether it can be trusted. */
#include "gui/page.h"

#include "base/text.h"
#include "job/spec.h"
#include "job/view.h"

#include <glib/gi18n.h>

#define ASSAY_TYPE_OVERVIEW_PAGE (assay_overview_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayOverviewPage, assay_overview_page, ASSAY, OVERVIEW_PAGE, AssayPage)

struct _AssayOverviewPage {
  AssayPage parent_instance;
  GtkLabel *name, *path;
  AdwPreferencesGroup *holds;
  GPtrArray *rows;              /* of holds, which owns them */
};

G_DEFINE_FINAL_TYPE (AssayOverviewPage, assay_overview_page, ASSAY_TYPE_PAGE)

static void
add_object (AssayOverviewPage *self, const AssayObject *object)
{
  GtkWidget *row = adw_action_row_new (), *size;
  g_autofree char *name = assay_text_escape (object->name, FALSE), *bytes = assay_view_bytes ((double) object->bytes), *rows = assay_view_count (object->rows);
  g_autofree char *subtitle = g_strdup_printf (_("%s · %s rows"), object->kind, rows);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), object->rows > 0 ? subtitle : object->kind);
  size = gtk_label_new (bytes);
  gtk_widget_add_css_class (size, "dim-label");
  gtk_widget_add_css_class (size, "numeric");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), size);
  adw_preferences_group_add (self->holds, row);
  g_ptr_array_add (self->rows, row);
}

static void
show_case (AssayPage *page)
{
  AssayOverviewPage *self = ASSAY_OVERVIEW_PAGE (page);
  AssayCaseContents *contents = assay_page_get_contents (page);
  g_autofree char *path = assay_text_escape (contents->path, FALSE);

  gtk_label_set_text (self->name, contents->name);
  gtk_label_set_text (self->path, path);
  for (guint k = 0; k < self->rows->len; k++)
    adw_preferences_group_remove (self->holds, self->rows->pdata[k]);
  g_ptr_array_set_size (self->rows, 0);
  for (guint k = 0; k < contents->objects->len; k++)
    add_object (self, contents->objects->pdata[k]);
}

static char *
dup_command (AssayPage *page)
{
  g_autofree char *quoted = assay_job_quote_word (assay_page_get_contents (page)->path);

  return g_strdup_printf ("assay info %s", quoted);
}

static json_t *
make_table (AssayPage *page)
{
  AssayCaseContents *contents = assay_page_get_contents (page);
  json_t *rows = json_array ();

  for (guint k = 0; k < contents->objects->len; k++)
    {
      const AssayObject *object = contents->objects->pdata[k];

      json_array_append_new (rows, json_pack ("[s, s, I, I]", object->kind, object->name, (json_int_t) object->rows, (json_int_t) object->bytes));
    }
  return json_pack ("{s:[s, s, s, s], s:o}", "columns", "kind", "name", "rows", "bytes", "rows", rows);
}

static void
assay_overview_page_finalize (GObject *object)
{
  g_ptr_array_unref (ASSAY_OVERVIEW_PAGE (object)->rows);
  G_OBJECT_CLASS (assay_overview_page_parent_class)->finalize (object);
}

static void
assay_overview_page_class_init (AssayOverviewPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = assay_overview_page_finalize;
  page_class->show_case = show_case;
  page_class->dup_command = dup_command;
  page_class->make_table = make_table;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_overview.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, name);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, path);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, holds);
}

static void
assay_overview_page_init (AssayOverviewPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->rows = g_ptr_array_new ();
}

ASSAY_PAGE_DEFINE (overview) = {
  .name = "overview", .title = N_("Overview"), .icon = "assay-overview-symbolic",
  .purpose = N_("What this case is, what it holds, and whether it can be trusted"),
  .get_type = assay_overview_page_get_type,
};
