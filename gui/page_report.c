/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_report.c: what is pinned, what is missing, and the signed document. */
#include "gui/empty_state.h"
#include "gui/page.h"
#include "gui/proposal.h"

#include <glib/gi18n.h>

#define ASSAY_TYPE_REPORT_PAGE (assay_report_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayReportPage, assay_report_page, ASSAY, REPORT_PAGE, AssayPage)

struct _AssayReportPage {
  AssayPage parent_instance;
  AssayEmptyState *empty;
};

G_DEFINE_FINAL_TYPE (AssayReportPage, assay_report_page, ASSAY_TYPE_PAGE)

static void
show_case (AssayPage *page)
{
  g_autofree char *command = assay_proposal_for ("report", assay_page_get_contents (page));

  assay_empty_state_set_command (ASSAY_REPORT_PAGE (page)->empty, command);
}

static void
assay_report_page_class_init (AssayReportPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  ASSAY_PAGE_CLASS (klass)->show_case = show_case;
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_report.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, empty);
}

static void
assay_report_page_init (AssayReportPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

ASSAY_PAGE_DEFINE (report) = {
  .name = "report", .title = N_("Report"), .icon = "assay-report-symbolic",
  .purpose = N_("What is pinned, what is missing, and the signed document"),
  .get_type = assay_report_page_get_type,
};
