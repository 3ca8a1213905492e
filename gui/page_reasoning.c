/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_reasoning.c: whether written reasoning is really used for the answer. */
#include "gui/empty_state.h"
#include "gui/page.h"
#include "gui/proposal.h"

#include <glib/gi18n.h>

#define ASSAY_TYPE_REASONING_PAGE (assay_reasoning_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayReasoningPage, assay_reasoning_page, ASSAY, REASONING_PAGE, AssayPage)

struct _AssayReasoningPage {
  AssayPage parent_instance;
  AssayEmptyState *empty;
};

G_DEFINE_FINAL_TYPE (AssayReasoningPage, assay_reasoning_page, ASSAY_TYPE_PAGE)

static void
show_case (AssayPage *page)
{
  g_autofree char *command = assay_proposal_for ("cot", assay_page_get_contents (page));

  assay_empty_state_set_command (ASSAY_REASONING_PAGE (page)->empty, command);
}

static void
assay_reasoning_page_class_init (AssayReasoningPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  ASSAY_PAGE_CLASS (klass)->show_case = show_case;
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_reasoning.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, empty);
}

static void
assay_reasoning_page_init (AssayReasoningPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

ASSAY_PAGE_DEFINE (reasoning) = {
  .name = "reasoning", .title = N_("Reasoning"), .icon = "assay-reasoning-symbolic",
  .purpose = N_("Whether written reasoning is really used for the answer"),
  .get_type = assay_reasoning_page_get_type,
};
