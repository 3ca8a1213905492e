/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_report.c: the report that the case would give: what is pinned, what is missing, and the export of the signed document. */
#include "gui/document_view.h"
#include "gui/empty_state.h"
#include "gui/page.h"
#include "gui/proposal.h"

#include "base/json.h"
#include "base/text.h"
#include "job/pins.h"
#include "job/spec.h"
#include "report/field.h"

#include <glib/gi18n.h>
#include <string.h>

#define ASSAY_TYPE_REPORT_PAGE (assay_report_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayReportPage, assay_report_page, ASSAY, REPORT_PAGE, AssayPage)

struct _AssayReportPage {
  AssayPage parent_instance;
  GtkStack *stack;
  AssayEmptyState *empty;
  AdwStatusPage *failed;
  AdwComboRow *profile;
  AdwActionRow *key_row;
  GtkSwitch *strict;
  GtkBox *exported;
  GtkLabel *exported_words;
  GtkListBox *pinned, *sections;
  GtkScrolledWindow *scroll;
  AssayDocumentView *view;
  AssayReportDraft *draft;      /* NULL: none yet */
  GCancellable *reading;
  gpointer reader;              /* of the draft's case; only compared */
  guint64 seen;                 /* newest object of that case that is no pin */
  char *key;                    /* path, or NULL: unsigned */
  char *bundle;                 /* the directory exported last, or NULL */
  gulong ended;                 /* handler of the job list */
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

static GtkWidget *
make_button (const char *icon, const char *words, const char *action, GVariant *target)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_set_tooltip_text (button, words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (button), target);
  return button;
}

static GtkWidget *
make_pin_row (const AssayReportDraft *draft, const json_t *pin, gsize place)
{
  const char *id = assay_json_get_text (pin, "claim");
  const AssayClaim *claim = assay_document_find_claim (draft->document, id);
  g_autofree char *sentence = claim ? assay_prose_dup_plain (claim->sentence) : g_strdup (_("The case no longer makes this claim")), *visible = NULL, *name = NULL;
  GtkWidget *row = adw_action_row_new ();

  visible = assay_text_escape (sentence, FALSE);
  name = assay_text_escape (id, FALSE);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), visible);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 3);
  gtk_widget_set_tooltip_text (row, name);
  if (place > 0)
    adw_action_row_add_suffix (ADW_ACTION_ROW (row), make_button ("go-up-symbolic", _("Earlier in the summary"), "report.move",
                                                                  g_variant_new ("(sx)", id, (gint64) place)));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), make_button ("list-remove-symbolic", _("Take from the summary"), "report.unpin", g_variant_new_string (id)));
  return row;
}

static void
remove_rows (GtkListBox *list)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (list, 0)) != NULL)
    gtk_list_box_remove (list, GTK_WIDGET (row));
}

static void
show_pins (AssayReportPage *self)
{
  gsize k;
  json_t *pin;

  remove_rows (self->pinned);
  json_array_foreach (self->draft->pins, k, pin)
    gtk_list_box_append (self->pinned, make_pin_row (self->draft, pin, k));
}

/* --- the document ---------------------------------------------------------------------------------------------------- */

static void
show_sections (AssayReportPage *self)
{
  const GPtrArray *sections = self->draft->document->sections;

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
set_draft (AssayReportPage *self, AssayReportDraft *draft)
{
  gboolean is_same = self->draft != NULL && self->draft->document == draft->document;
  AssayReportDraft *before = self->draft;

  self->draft = assay_report_draft_ref (draft);
  assay_document_view_set_draft (self->view, draft);
  show_pins (self);
  if (!is_same)
    show_sections (self);
  assay_report_draft_unref (before);
  gtk_stack_set_visible_child_name (self->stack, "document");
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
      g_clear_pointer (&self->draft, assay_report_draft_unref);
      assay_document_view_set_draft (self->view, NULL);
      gtk_widget_set_visible (GTK_WIDGET (self->exported), FALSE);
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
  assay_case_reader_ask (assay_page_get_reader (page), assay_report_draft_read, kept ? assay_report_draft_ref (kept) : NULL,
                         (GDestroyNotify) assay_report_draft_unref, (GDestroyNotify) assay_report_draft_unref, assay_page_renew (&self->reading), draft_read,
                         g_object_ref (self));
}

static void
follow (AssayPage *page)
{
  const char *claim = assay_session_get (assay_page_get_session (page), ASSAY_SELECTED_CLAIM);

  if (claim != NULL && ASSAY_REPORT_PAGE (page)->draft != NULL)
    scroll_to (ASSAY_REPORT_PAGE (page), claim);
}

/* --- export ---------------------------------------------------------------------------------------------------------- */

/* The command that exports into a directory; NULL: its default. */
static char *
make_command (AssayReportPage *self, const char *directory)
{
  g_autofree char *cas = assay_job_quote_word (assay_page_get_contents (ASSAY_PAGE (self))->path);
  g_autofree char *out = directory ? assay_job_quote_word (directory) : NULL, *key = self->key ? assay_job_quote_word (self->key) : NULL;
  GString *command = g_string_new (NULL);

  g_string_append_printf (command, "assay report %s --profile %s", cas, assay_audience_words[adw_combo_row_get_selected (self->profile)]);
  if (out != NULL)
    g_string_append_printf (command, " --out %s", out);
  if (key != NULL)
    g_string_append_printf (command, " --key %s", key);
  if (gtk_switch_get_active (self->strict))
    g_string_append (command, " --strict");
  return g_string_free (command, FALSE);
}

static char *
dup_command (AssayPage *page)
{
  return make_command (ASSAY_REPORT_PAGE (page), NULL);
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

static void
export_chosen (GtkNativeDialog *dialog, int response, AssayReportPage *self)
{
  g_autoptr (GFile) folder = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = folder ? g_file_get_path (folder) : NULL, *command = path ? make_command (self, path) : NULL;

  if (command != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.run", "s", command);
  g_object_unref (dialog);
}

static void
act_export (GtkWidget *widget, const char *name, GVariant *value)
{
  AssayReportPage *self = ASSAY_REPORT_PAGE (widget);
  AssayCaseContents *contents = assay_page_get_contents (ASSAY_PAGE (widget));
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_("Export Report"), GTK_WINDOW (gtk_widget_get_root (widget)), GTK_FILE_CHOOSER_ACTION_SAVE,
                                                              _("_Export"), NULL);
  g_autofree char *suggestion = g_strconcat (contents->name, "-report", NULL), *parent = g_path_get_dirname (contents->path);
  g_autoptr (GFile) folder = g_file_new_for_path (parent);

  (void) name;
  (void) value;
  gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), suggestion);
  g_signal_connect (dialog, "response", G_CALLBACK (export_chosen), self);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* (s path): the same without asking where. */
static void
act_export_to (GtkWidget *widget, const char *name, GVariant *path)
{
  g_autofree char *command = make_command (ASSAY_REPORT_PAGE (widget), g_variant_get_string (path, NULL));

  (void) name;
  gtk_widget_activate_action (widget, "win.run", "s", command);
}

static void
key_chosen (GtkNativeDialog *dialog, int response, AssayReportPage *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *visible = NULL;

  if (file != NULL)
    {
      g_free (self->key);
      self->key = g_file_get_path (file);
      visible = assay_text_escape (self->key, FALSE);
      adw_action_row_set_subtitle (self->key_row, visible);
    }
  g_object_unref (dialog);
}

static void
act_choose_key (GtkWidget *widget, const char *name, GVariant *value)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_("Key That Signs the Report"), GTK_WINDOW (gtk_widget_get_root (widget)),
                                                              GTK_FILE_CHOOSER_ACTION_OPEN, _("_Choose"), NULL);

  (void) name;
  (void) value;
  g_signal_connect (dialog, "response", G_CALLBACK (key_chosen), widget);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
act_verify (GtkWidget *widget, const char *name, GVariant *value)
{
  g_autofree char *quoted = assay_job_quote_word (ASSAY_REPORT_PAGE (widget)->bundle), *command = g_strdup_printf ("assay verify %s", quoted);

  (void) name;
  (void) value;
  gtk_widget_activate_action (widget, "win.run", "s", command);
}

static void
act_open (GtkWidget *widget, const char *name, GVariant *value)
{
  g_autofree char *page = g_build_filename (ASSAY_REPORT_PAGE (widget)->bundle, "report.html", NULL), *uri = g_filename_to_uri (page, NULL, NULL);

  (void) name;
  (void) value;
  gtk_show_uri (GTK_WINDOW (gtk_widget_get_root (widget)), uri, GDK_CURRENT_TIME);
}

static void
tell_bundle (AssayReportPage *self, const char *words)
{
  g_autofree char *visible = assay_text_escape (words, TRUE);

  gtk_label_set_text (self->exported_words, visible);
  gtk_widget_set_visible (GTK_WIDGET (self->exported), TRUE);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "report.verify", self->bundle != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "report.open", self->bundle != NULL);
}

static void
report_ended (AssayReportPage *self, const json_t *document, AssayJobProcess *job)
{
  const char *out = document ? assay_json_get_text (document, "out") : "";
  g_autofree char *words = NULL;

  g_clear_pointer (&self->bundle, g_free);
  if (out[0] == '\0')
    {
      tell_bundle (self, assay_job_process_get_words (job));
      return;
    }
  self->bundle = g_canonicalize_filename (out, NULL);
  words = g_strdup_printf (_("%s\n%d claims, %d numbers with a proof each; %s"), self->bundle, (int) json_integer_value (json_object_get (document, "claims")),
                           (int) json_integer_value (json_object_get (document, "numbers")),
                           json_is_true (json_object_get (document, "signed")) ? _("signed") : _("unsigned"));
  tell_bundle (self, words);
}

static void
job_ended (AssayReportPage *self, AssayJobProcess *job)
{
  const char *kind = assay_job_process_get_kind (job), *cas = assay_job_process_get_case (job);
  AssayCaseContents *contents = assay_page_get_contents (ASSAY_PAGE (self));

  if (contents == NULL)
    return;
  if (g_strcmp0 (kind, "report") == 0 && g_strcmp0 (cas, contents->path) == 0)
    report_ended (self, assay_job_process_get_document (job), job);
  else if (g_strcmp0 (kind, "verify") == 0 && self->bundle != NULL && strstr (assay_job_process_get_command (job), self->bundle) != NULL)
    tell_bundle (self, assay_job_process_get_words (job));
}

/* --- the page -------------------------------------------------------------------------------------------------------- */

static void
map (GtkWidget *widget)
{
  AssayReportPage *self = ASSAY_REPORT_PAGE (widget);

  if (self->ended == 0)
    self->ended = g_signal_connect_object (assay_page_get_jobs (ASSAY_PAGE (self)), "ended", G_CALLBACK (job_ended), self, G_CONNECT_SWAPPED);
  GTK_WIDGET_CLASS (assay_report_page_parent_class)->map (widget);
}

static void
assay_report_page_dispose (GObject *object)
{
  AssayReportPage *self = ASSAY_REPORT_PAGE (object);

  g_cancellable_cancel (self->reading);
  g_clear_object (&self->reading);
  g_clear_pointer (&self->draft, assay_report_draft_unref);
  G_OBJECT_CLASS (assay_report_page_parent_class)->dispose (object);
}

static void
assay_report_page_finalize (GObject *object)
{
  AssayReportPage *self = ASSAY_REPORT_PAGE (object);

  g_free (self->key);
  g_free (self->bundle);
  G_OBJECT_CLASS (assay_report_page_parent_class)->finalize (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "report.pin", "s", act_pin);
  gtk_widget_class_install_action (widget_class, "report.unpin", "s", act_pin);
  gtk_widget_class_install_action (widget_class, "report.move", "(sx)", act_move);
  gtk_widget_class_install_action (widget_class, "report.export", NULL, act_export);
  gtk_widget_class_install_action (widget_class, "report.export-to", "s", act_export_to);
  gtk_widget_class_install_action (widget_class, "report.choose-key", NULL, act_choose_key);
  gtk_widget_class_install_action (widget_class, "report.verify", NULL, act_verify);
  gtk_widget_class_install_action (widget_class, "report.open", NULL, act_open);
}

static void
assay_report_page_class_init (AssayReportPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_report_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_report_page_finalize;
  widget_class->map = map;
  page_class->show_case = show_case;
  page_class->follow = follow;
  page_class->dup_command = dup_command;
  page_class->dup_object = dup_object;
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  g_type_ensure (ASSAY_TYPE_DOCUMENT_VIEW);
  install_actions (widget_class);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_report.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, empty);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, failed);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, profile);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, key_row);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, strict);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, exported);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, exported_words);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, pinned);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, sections);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, scroll);
  gtk_widget_class_bind_template_child (widget_class, AssayReportPage, view);
  gtk_widget_class_bind_template_callback (widget_class, go_to_section);
  gtk_widget_class_bind_template_callback (widget_class, toggle_pin);
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
