/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_overview.c: what a case is, what it holds, and whether it can be trusted. Each panel is a file of its own. */
#include "gui/page.h"

#include "base/text.h"
#include "gui/case_account.h"
#include "gui/checks_panel.h"
#include "gui/gradually.h"
#include "gui/holdings_panel.h"
#include "gui/model_panel.h"
#include "gui/overview_rows.h"
#include "job/spec.h"

#include <glib/gi18n.h>
#include <string.h>

#define ASSAY_TYPE_OVERVIEW_PAGE (assay_overview_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayOverviewPage, assay_overview_page, ASSAY, OVERVIEW_PAGE, AssayPage)

struct _AssayOverviewPage {
  AssayPage parent_instance;
  GtkLabel *name, *path, *verdict, *notes, *failure;
  AssayModelPanel *model;
  AssayChecksPanel *checks;
  AssayHoldingsPanel *holdings;
  AdwBin *losses, *proposals, *journal;
  AssayCaseContents *shown;     /* what was asked about last */
  AssayCaseAccount *account;    /* what is shown of it; NULL: not read yet */
  guint n_made, making;         /* panels that are there; source, while there are more */
  GCancellable *reading;
};

G_DEFINE_FINAL_TYPE (AssayOverviewPage, assay_overview_page, ASSAY_TYPE_PAGE)

static void
show_verdict (AssayOverviewPage *self)
{
  g_autofree char *checks = assay_checks_panel_describe (self->checks), *text = g_strdup_printf (_("Self-checks: %s"), checks);

  gtk_label_set_text (self->verdict, text);
}

static void
show_models (AssayOverviewPage *self)
{
  assay_model_panel_show (self->model, self->account->models);
}

static void
show_losses (AssayOverviewPage *self)
{
  adw_bin_set_child (self->losses, assay_overview_losses (self->account));
  gtk_widget_set_visible (GTK_WIDGET (self->losses), adw_bin_get_child (self->losses) != NULL);
}

static void
show_checks (AssayOverviewPage *self)
{
  assay_checks_panel_show (self->checks, self->shown, self->account->checks);
  gtk_widget_set_visible (GTK_WIDGET (self->checks), TRUE);
  show_verdict (self);
}

static void
show_journal (AssayOverviewPage *self)
{
  adw_bin_set_child (self->journal, assay_overview_journal (self->account));
}

static void
show_holdings (AssayOverviewPage *self)
{
  assay_holdings_panel_show (self->holdings, self->shown);
  gtk_widget_set_visible (GTK_WIDGET (self->holdings), TRUE);
}

static void
show_proposals (AssayOverviewPage *self)
{
  adw_bin_set_child (self->proposals, assay_overview_proposals (self->shown));
  gtk_widget_set_visible (GTK_WIDGET (self->proposals), adw_bin_get_child (self->proposals) != NULL);
}

/* All panels together take longer than a frame may: one is made in each, from the top. */
static gboolean
show_next (gpointer data)
{
  static void (*const panels[]) (AssayOverviewPage *self) = { show_losses, show_models, show_checks, show_holdings, show_proposals, show_journal };
  AssayOverviewPage *self = data;

  panels[self->n_made++] (self);
  return self->n_made < G_N_ELEMENTS (panels);
}

static void
show_account (AssayOverviewPage *self, AssayCaseAccount *account)
{
  assay_gradually_stop (&self->making);
  g_clear_pointer (&self->account, assay_case_account_unref);
  self->account = assay_case_account_ref (account);
  self->n_made = 0;
  if (show_next (self))
    assay_gradually_begin (&self->making, FALSE, show_next, self);
}

/* Nothing of another case stands here while this one is read. */
static void
hide_account (AssayOverviewPage *self)
{
  gtk_label_set_text (self->verdict, "");
  gtk_widget_set_visible (GTK_WIDGET (self->model), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->losses), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->proposals), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->checks), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->holdings), FALSE);
  adw_bin_set_child (self->journal, NULL);
}

static void
on_account (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayOverviewPage) self = data;
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayCaseAccount) account = assay_case_reader_finish (ASSAY_CASE_READER (source), result, &fault);
  g_autofree char *visible = fault ? assay_text_escape (fault->message, FALSE) : NULL;

  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_label_set_text (self->failure, visible ? visible : "");
  gtk_widget_set_visible (GTK_WIDGET (self->failure), visible != NULL);
  if (account != NULL)
    show_account (self, account);
  else
    {
      show_holdings (self);
      show_proposals (self);
    }
}

/* What opening found and mended, or left alone. */
static void
show_notes (AssayOverviewPage *self, const AssayCaseContents *contents)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint k = 0; k < contents->notes->len; k++)
    {
      g_autofree char *note = assay_text_escape (contents->notes->pdata[k], FALSE);

      g_string_append_printf (text, "%s%s", k > 0 ? "\n" : "", note);
    }
  gtk_label_set_text (self->notes, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->notes), text->len > 0);
}

static void
show_case (AssayPage *page)
{
  AssayOverviewPage *self = ASSAY_OVERVIEW_PAGE (page);
  AssayCaseContents *contents = assay_page_get_contents (page);
  g_autofree char *path = assay_text_escape (contents->path, FALSE);

  gtk_label_set_text (self->name, contents->name);
  gtk_label_set_text (self->path, path);
  show_notes (self, contents);
  assay_checks_panel_set_jobs (self->checks, assay_page_get_jobs (page));
  if (self->shown == contents)
    return;
  if (self->shown == NULL || strcmp (self->shown->path, contents->path) != 0)
    hide_account (self);
  g_clear_pointer (&self->shown, assay_case_contents_unref);
  self->shown = assay_case_contents_ref (contents);
  assay_gradually_stop (&self->making);           /* of what was there before */
  assay_case_reader_ask (assay_page_get_reader (page), assay_case_account_read, assay_case_contents_ref (contents), (GDestroyNotify) assay_case_contents_unref,
                         (GDestroyNotify) assay_case_account_unref, assay_page_renew (&self->reading), on_account, g_object_ref (self));
}

static char *
dup_command (AssayPage *page)
{
  g_autofree char *quoted = assay_job_quote_word (assay_page_get_contents (page)->path);

  return g_strdup_printf ("assay info %s", quoted);
}

static char *
dup_object (AssayPage *page)
{
  return assay_model_panel_dup_object (ASSAY_OVERVIEW_PAGE (page)->model);
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
assay_overview_page_dispose (GObject *object)
{
  AssayOverviewPage *self = ASSAY_OVERVIEW_PAGE (object);

  if (self->reading != NULL)
    g_cancellable_cancel (self->reading);
  g_clear_object (&self->reading);
  assay_gradually_stop (&self->making);
  g_clear_pointer (&self->account, assay_case_account_unref);
  g_clear_pointer (&self->shown, assay_case_contents_unref);
  G_OBJECT_CLASS (assay_overview_page_parent_class)->dispose (object);
}

static void
assay_overview_page_class_init (AssayOverviewPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_overview_page_dispose;
  page_class->show_case = show_case;
  page_class->dup_command = dup_command;
  page_class->dup_object = dup_object;
  page_class->make_table = make_table;
  g_type_ensure (ASSAY_TYPE_MODEL_PANEL);
  g_type_ensure (ASSAY_TYPE_CHECKS_PANEL);
  g_type_ensure (ASSAY_TYPE_HOLDINGS_PANEL);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_overview.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, name);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, path);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, verdict);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, notes);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, failure);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, model);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, checks);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, holdings);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, losses);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, proposals);
  gtk_widget_class_bind_template_child (widget_class, AssayOverviewPage, journal);
  gtk_widget_class_bind_template_callback (widget_class, show_verdict);
}

static void
assay_overview_page_init (AssayOverviewPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

ASSAY_PAGE_DEFINE (overview) = {
  .name = "overview", .title = N_("Overview"), .icon = "assay-overview-symbolic",
  .purpose = N_("What this case is, what it holds, and whether it can be trusted"),
  .get_type = assay_overview_page_get_type,
  .results_of = (const char *const []) { "new", "import", "train", "demo", "info", "verify", "check", NULL },
};
