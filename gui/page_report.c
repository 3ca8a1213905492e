/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_report.c: the report that the case would give: what is pinned, what is missing, and the export of the signed document. */
#include "gui/document_view.h"
#include "gui/empty_state.h"
#include "gui/gradually.h"
#include "gui/page.h"
#include "gui/proposal.h"
#include "gui/report_export.h"
#include "gui/report_pins.h"

#include "base/text.h"
#include "job/pins.h"

#include <glib/gi18n.h>
#include <string.h>

#define ASSAY_TYPE_REPORT_PAGE (assay_report_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayReportPage, assay_report_page, ASSAY, REPORT_PAGE, AssayPage)

struct _AssayReportPage {
  AssayPage parent_instance;
  GtkStack *stack;
  AssayEmptyState *empty;
  AdwStatusPage *failed;
  AssayReportExport *export;
  GtkListBox *pinned, *sections;
  GtkScrolledWindow *scroll;
  AssayDocumentView *view;
  AssayReportDraft *draft;      /* NULL: none yet */
  guint n_shown, showing;       /* parts of the page that show it; source, while there are more */
  GCancellable *reading;
  gboolean is_new;              /* another document than that whose sections are listed */
  gpointer reader;              /* of the draft's case; only compared */
  guint64 seen;                 /* newest object of that case that is no pin */
};

G_DEFINE_FINAL_TYPE (AssayReportPage, assay_report_page, ASSAY_TYPE_PAGE)

/* --- pins ------------------------------------------------------------------------------------------------------------ */

static void set_draft (AssayReportPage *self, AssayReportDraft *draft);

static void
change_done (GObject *reader, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayReportPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayReportDraft) draft = assay_case_reader_finish (ASSAY_CASE_READER (reader), result, &error);

  if (draft != NULL)
    set_draft (self, draft);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      assay_page_tell (ASSAY_PAGE (self), "%s", error->message);
      assay_document_view_set_draft (self->view, self->draft);     /* the button goes back */
    }
}

/* A claim that the draft does not have may have come into the case since: then the document is made anew. */
static void
ask_for_change (AssayReportPage *self, const char *claim, gboolean is_removal, gint64 place)
{
  gboolean is_known = self->draft != NULL && assay_document_find_claim (self->draft->document, claim) != NULL;

  assay_case_reader_ask (assay_page_get_reader (ASSAY_PAGE (self)), assay_pin_change_apply,
                         assay_pin_change_new (is_known || is_removal ? self->draft : NULL, claim, is_removal, place, NULL),
                         (GDestroyNotify) assay_pin_change_free, (GDestroyNotify) assay_report_draft_unref, NULL, change_done, g_object_ref (self));
}

/* With a way back: the opposite. */
static void
tell_change (AssayReportPage *self, const char *claim, gboolean is_removal)
{
  g_autofree char *action = g_action_print_detailed_name (is_removal ? "win.pin" : "win.unpin", g_variant_new_string (claim));

  gtk_widget_activate_action (GTK_WIDGET (self), "win.tell-undo", "(sss)", is_removal ? _("Taken from the summary") : _("Pinned to the summary"), _("_Undo"),
                              action);
}

static void
toggle_pin (AssayReportPage *self, const char *claim, gboolean was_pinned)
{
  ask_for_change (self, claim, was_pinned, 0);
  tell_change (self, claim, was_pinned);
}

static void
act_pin (GtkWidget *widget, const char *name, GVariant *claim)
{
  ask_for_change (ASSAY_REPORT_PAGE (widget), g_variant_get_string (claim, NULL), strcmp (name, "report.unpin") == 0, 0);
}

/* (claim, place) */
static void
act_move (GtkWidget *widget, const char *name, GVariant *value)
{
  const char *claim;
  gint64 place;

  (void) name;
  g_variant_get (value, "(&sx)", &claim, &place);
  ask_for_change (ASSAY_REPORT_PAGE (widget), claim, FALSE, place);
}

/* --- the document ---------------------------------------------------------------------------------------------------- */

static void
remove_rows (GtkListBox *list)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (list, 0)) != NULL)
    gtk_list_box_remove (list, GTK_WIDGET (row));
}

static void
show_sections (AssayReportPage *self)
{
  const GPtrArray *sections = self->draft->document->sections;

  if (!self->is_new)
    return;
  self->is_new = FALSE;
  remove_rows (self->sections);
  for (guint k = 0; k < sections->len; k++)
    {
      const AssaySection *section = sections->pdata[k];
      g_autofree char *title = g_strdup_printf ("%u. %s", section->number, section->title);
      GtkWidget *label = gtk_label_new (title);

      gtk_label_set_xalign (GTK_LABEL (label), 0);
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_list_box_append (self->sections, label);
    }
}

static void
scroll_to (AssayReportPage *self, const char *id)
{
  GtkWidget *widget = assay_document_view_find (self->view, id);
  double x, y;

  if (widget != NULL && gtk_widget_translate_coordinates (widget, GTK_WIDGET (self->view), 0, 0, &x, &y))
    gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroll), y);
}

static void
go_to_section (AssayReportPage *self, GtkListBoxRow *row)
{
  const GPtrArray *sections = self->draft->document->sections;
  int k = gtk_list_box_row_get_index (row);

  if (k >= 0 && (guint) k < sections->len)
    scroll_to (self, ((const AssaySection *) sections->pdata[k])->id);
}

static void
show_document (AssayReportPage *self)
{
  assay_document_view_set_draft (self->view, self->draft);
}

static void
show_pins (AssayReportPage *self)
{
  assay_report_pins_show (self->pinned, self->draft);
}

static void
show_export (AssayReportPage *self)
{
  assay_report_export_set_draft (self->export, self->draft, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->export), TRUE);
}

/* All parts together take longer than a frame may: one is shown in each. */
static gboolean
show_next (gpointer data)
{
  static void (*const parts[]) (AssayReportPage *self) = { show_pins, show_document, show_export, show_sections };
  AssayReportPage *self = data;

  parts[self->n_shown++] (self);
  return self->n_shown < G_N_ELEMENTS (parts);
}

static void
set_draft (AssayReportPage *self, AssayReportDraft *draft)
{
  AssayReportDraft *before = self->draft;

  self->is_new |= before == NULL || before->document != draft->document;
  self->draft = assay_report_draft_ref (draft);
  assay_report_draft_unref (before);
  gtk_stack_set_visible_child_name (self->stack, "document");
  self->n_shown = 0;
  show_next (self);
  assay_gradually_begin (&self->showing, FALSE, show_next, self);
}

static void
draft_read (GObject *reader, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayReportPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayReportDraft) draft = assay_case_reader_finish (ASSAY_CASE_READER (reader), result, &error);
  g_autofree char *visible = NULL;

  if (draft != NULL)
    {
      set_draft (self, draft);
      return;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  visible = assay_text_escape (error->message, FALSE);
  adw_status_page_set_description (self->failed, visible);
  gtk_stack_set_visible_child_name (self->stack, "failed");
}

/* kept: one whose document stays, or NULL. */
static void
read_draft (AssayReportPage *self, AssayReportDraft *kept)
{
  assay_case_reader_ask (assay_page_get_reader (ASSAY_PAGE (self)), assay_report_draft_read, kept ? assay_report_draft_ref (kept) : NULL,
                         (GDestroyNotify) assay_report_draft_unref, (GDestroyNotify) assay_report_draft_unref, assay_page_renew (&self->reading), draft_read,
                         g_object_ref (self));
}

/* Pins change the summary alone. */
static guint64
find_newest (const AssayCaseContents *contents)
{
  guint64 newest = 0;

  for (guint k = 0; k < contents->objects->len; k++)
    {
      const AssayObject *object = contents->objects->pdata[k];

      if (strcmp (object->kind, ASSAY_PIN_KIND) != 0)
        newest = MAX (newest, object->parts[object->n_parts - 1]->sequence);
    }
  return newest;
}

static void
show_case (AssayPage *page)
{
  AssayReportPage *self = ASSAY_REPORT_PAGE (page);
  guint64 newest = find_newest (assay_page_get_contents (page));
  gboolean is_same = self->reader == (gpointer) assay_page_get_reader (page);
  AssayReportDraft *kept = self->draft != NULL && is_same && self->seen == newest ? self->draft : NULL;
  g_autofree char *command = NULL;

  self->seen = newest;
  self->reader = assay_page_get_reader (page);
  if (!is_same)
    {
      assay_gradually_stop (&self->showing);
      g_clear_pointer (&self->draft, assay_report_draft_unref);
      assay_document_view_set_draft (self->view, NULL);
      assay_report_export_set_draft (self->export, NULL, TRUE);
    }

  if (assay_page_get_contents (page)->objects->len == 0)
    {
      command = assay_proposal_for ("import", assay_page_get_contents (page));
      assay_empty_state_set_command (self->empty, command);
      gtk_stack_set_visible_child_name (self->stack, "empty");
      return;
    }
  if (self->draft == NULL)
    gtk_stack_set_visible_child_name (self->stack, "reading");
  read_draft (self, kept);
}

static void
follow (AssayPage *page)
{
  const char *claim = assay_session_get (assay_page_get_session (page), ASSAY_SELECTED_CLAIM);

  if (claim != NULL && ASSAY_REPORT_PAGE (page)->draft != NULL)
    scroll_to (ASSAY_REPORT_PAGE (page), claim);
}

static char *
dup_command (AssayPage *page)
{
  return assay_report_export_dup_command (ASSAY_REPORT_PAGE (page)->export);
}

/* The evidence of the claim that is selected. */
static char *
dup_object (AssayPage *page)
{
  const AssayReportDraft *draft = ASSAY_REPORT_PAGE (page)->draft;
  const char *id = assay_session_get (assay_page_get_session (page), ASSAY_SELECTED_CLAIM);
  const AssayClaim *claim = id && draft ? assay_document_find_claim (draft->document, id) : NULL;

  return claim ? g_strdup (claim->object) : NULL;
}

/* What people state was written anew: so is the document. */
static void
act_refresh (GtkWidget *widget, const char *name, GVariant *value)
{
  (void) name;
  (void) value;
  read_draft (ASSAY_REPORT_PAGE (widget), NULL);
}

/* --- the page -------------------------------------------------------------------------------------------------------- */

static void
assay_report_page_dispose (GObject *object)
{
  AssayReportPage *self = ASSAY_REPORT_PAGE (object);

  assay_gradually_stop (&self->showing);
  g_cancellable_cancel (self->reading);
  g_clear_object (&self->reading);
  g_clear_pointer (&self->draft, assay_report_draft_unref);
  G_OBJECT_CLASS (assay_report_page_parent_class)->dispose (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "report.pin", "s", act_pin);
  gtk_widget_class_install_action (widget_class, "report.unpin", "s", act_pin);
  gtk_widget_class_install_action (widget_class, "report.move", "(sx)", act_move);
  gtk_widget_class_install_action (widget_class, "report.refresh", NULL, act_refresh);
}

static void
assay_report_page_class_init (AssayReportPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_report_page_dispose;
  page_class->show_case = show_case;
  page_class->follow = follow;
  page_class->dup_command = dup_command;
  page_class->dup_object = dup_object;
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  g_type_ensure (ASSAY_TYPE_DOCUMENT_VIEW);
  g_type_ensure (ASSAY_TYPE_REPORT_EXPORT);
  install_actions (widget_class);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_report.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, empty);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, failed);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, export);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, pinned);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, sections);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, scroll);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, view);
  gtk_widget_class_bind_template_callback (widget_class, go_to_section);
  gtk_widget_class_bind_template_callback (widget_class, toggle_pin);
  gtk_widget_class_bind_template_callback (widget_class, scroll_to);
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
  .results_of = (const char *const []) { "report", "pin", "coverage", "audit", "explain", NULL },
};
