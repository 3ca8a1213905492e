/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_units.c: what single neurons respond to, and what they write. */
#include "gui/empty_state.h"
#include "gui/page.h"
#include "gui/proposal.h"

#include <glib/gi18n.h>

#define ASSAY_TYPE_UNITS_PAGE (assay_units_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayUnitsPage, assay_units_page, ASSAY, UNITS_PAGE, AssayPage)

struct _AssayUnitsPage {
  AssayPage parent_instance;
  AssayEmptyState *empty;
};

G_DEFINE_FINAL_TYPE (AssayUnitsPage, assay_units_page, ASSAY_TYPE_PAGE)

static void
show_case (AssayPage *page)
{
  g_autofree char *command = assay_proposal_for ("units", assay_page_get_contents (page));

  assay_empty_state_set_command (ASSAY_UNITS_PAGE (page)->empty, command);
}

static void
assay_units_page_class_init (AssayUnitsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  ASSAY_PAGE_CLASS (klass)->show_case = show_case;
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_units.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayUnitsPage, empty);
}

static void
assay_units_page_init (AssayUnitsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

ASSAY_PAGE_DEFINE (units) = {
  .name = "units", .title = N_("Units"), .icon = "assay-units-symbolic",
  .purpose = N_("What single neurons respond to, and what they write"),
  .get_type = assay_units_page_get_type,
};
