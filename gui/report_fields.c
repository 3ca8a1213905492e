/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_fields.c: rows of fields, their answers, and the file. */
#include "gui/report_fields.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/field_answers.h"
#include "gui/gradually.h"

#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>


struct _AssayReportFields {
  AdwPreferencesWindow parent_instance;
  AssayFieldAnswers *answers;
  char *path;
  AdwPreferencesGroup *sign_off, *drafts, *open, *answered, *computed;
  guint next, source;           /* the field whose row is made next */
};

G_DEFINE_FINAL_TYPE (AssayReportFields, assay_report_fields, ADW_TYPE_PREFERENCES_WINDOW)

enum { SAVED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- one field ------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayReportFields *self;
  guint k;
  AdwExpanderRow *row;
  AdwComboRow *choice;
  AdwEntryRow *text;
  AssayAnswerKind kinds[ASSAY_ANSWER_CONFIRMED + 1];    /* of the choices, in their order */
  guint n_kinds;
} Field;

static const char *const kind_words[] = {
  N_("Not answered"), N_("Stated by me"), N_("Does not apply, because"), N_("Withheld, because"), N_("The draft is right"),
};

/* "waits for a person", "computed from the case", or the answer that was given here. */
static const char *
describe_state (const json_t *asked, AssayAnswerKind kind)
{
  static const char *const now[] = { NULL, N_("stated by you"), N_("does not apply, you say"), N_("withheld by you"), N_("draft, confirmed by you") };
  const char *state = assay_json_get_text (asked, "state");

  if (kind != ASSAY_ANSWER_NONE)
    return _(now[kind]);
  if (json_is_true (json_object_get (asked, "is_draft")))
    return _("draft, waits for a confirmation");
  if (strcmp (state, "not-computed") == 0)
    return strcmp (assay_json_get_text (asked, "class"), "A") == 0 ? _("not computed") : _("waits for a person");
  return strcmp (assay_json_get_text (asked, "class"), "A") == 0 ? _("computed from the case") : _("answered");
}

static void
show_answer (Field *field)
{
  AssayAnswerKind kind = assay_field_answers_get_kind (field->self->answers, field->k);

  adw_expander_row_set_subtitle (field->row, describe_state (assay_field_answers_get_asked (field->self->answers, field->k), kind));
  gtk_widget_set_visible (GTK_WIDGET (field->text), kind != ASSAY_ANSWER_NONE && kind != ASSAY_ANSWER_CONFIRMED);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (field->text), kind == ASSAY_ANSWER_STATED ? _("What you state") : _("Why"));
}

static void
answer_changed (Field *field)
{
  guint selected = adw_combo_row_get_selected (field->choice);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *utc = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");

  if (selected >= field->n_kinds)
    return;
  assay_field_answers_set (field->self->answers, field->k, field->kinds[selected], gtk_editable_get_text (GTK_EDITABLE (field->text)), utc);
  show_answer (field);
}

static void
add_kind (Field *field, GtkStringList *words, AssayAnswerKind kind)
{
  gtk_string_list_append (words, _(kind_words[kind]));
  field->kinds[field->n_kinds++] = kind;
}

/* What the program has computed can only be withheld. */
static GtkStringList *
list_kinds (Field *field, const json_t *asked)
{
  GtkStringList *words = gtk_string_list_new (NULL);
  gboolean is_computed = strcmp (assay_json_get_text (asked, "class"), "A") == 0;

  add_kind (field, words, ASSAY_ANSWER_NONE);
  if (json_is_string (json_object_get (asked, "digest")) || assay_field_answers_get_kind (field->self->answers, field->k) == ASSAY_ANSWER_CONFIRMED)
    add_kind (field, words, ASSAY_ANSWER_CONFIRMED);
  if (!is_computed)
    {
      add_kind (field, words, ASSAY_ANSWER_STATED);
      add_kind (field, words, ASSAY_ANSWER_NOT_APPLICABLE);
    }
  add_kind (field, words, ASSAY_ANSWER_WITHHELD);
  return words;
}

static GtkWidget *
make_question (const json_t *asked)
{
  g_autofree char *asks = assay_text_escape (assay_json_get_text (asked, "asks"), FALSE), *shows = assay_text_escape (assay_json_get_text (asked, "shows"), FALSE);
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), asks);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 6);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), shows);
  return row;
}

/* The inside of a row is made when it is opened for the first time. */
static void
fill_row (Field *field)
{
  const json_t *asked = assay_field_answers_get_asked (field->self->answers, field->k);
  AssayAnswerKind kind = assay_field_answers_get_kind (field->self->answers, field->k);
  const char *unit = json_string_value (json_object_get (asked, "unit"));
  g_autoptr (GtkStringList) words = NULL;

  if (field->choice != NULL)
    return;
  words = list_kinds (field, asked);
  field->choice = ADW_COMBO_ROW (adw_combo_row_new ());
  field->text = ADW_ENTRY_ROW (adw_entry_row_new ());
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (field->choice), _("Answer"));
  adw_combo_row_set_model (field->choice, G_LIST_MODEL (words));
  for (guint k = 0; k < field->n_kinds; k++)
    if (field->kinds[k] == kind)
      adw_combo_row_set_selected (field->choice, k);
  gtk_editable_set_text (GTK_EDITABLE (field->text), assay_field_answers_get_text (field->self->answers, field->k));
  adw_expander_row_add_row (field->row, make_question (asked));
  adw_expander_row_add_row (field->row, GTK_WIDGET (field->choice));
  adw_expander_row_add_row (field->row, GTK_WIDGET (field->text));
  show_answer (field);
  if (unit != NULL)
    gtk_widget_set_tooltip_text (GTK_WIDGET (field->text), unit);
  g_signal_connect_swapped (field->choice, "notify::selected", G_CALLBACK (answer_changed), field);
  g_signal_connect_swapped (field->text, "changed", G_CALLBACK (answer_changed), field);
}

static AdwPreferencesGroup *
find_group (AssayReportFields *self, const json_t *asked, AssayAnswerKind kind)
{
  const char *id = assay_json_get_text (asked, "id");

  if (g_str_has_prefix (id, "report.") || strcmp (id, "governance.sign_off") == 0)
    return self->sign_off;
  if (strcmp (assay_json_get_text (asked, "class"), "A") == 0)
    return self->computed;
  if (kind != ASSAY_ANSWER_NONE)
    return self->answered;
  return json_is_true (json_object_get (asked, "is_draft")) ? self->drafts : strcmp (assay_json_get_text (asked, "state"), "not-computed") == 0 ? self->open
                                                                                                                                             : self->answered;
}

static void
add_field (AssayReportFields *self, guint k)
{
  const json_t *asked = assay_field_answers_get_asked (self->answers, k);
  AssayAnswerKind kind = assay_field_answers_get_kind (self->answers, k);
  g_autofree char *title = assay_text_escape (assay_json_get_text (asked, "title"), FALSE);
  Field *field = g_new0 (Field, 1);

  title[0] = g_ascii_toupper (title[0]);
  field->self = self;
  field->k = k;
  field->row = ADW_EXPANDER_ROW (adw_expander_row_new ());
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (field->row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (field->row), title);
  adw_expander_row_set_subtitle (field->row, describe_state (asked, kind));
  adw_preferences_group_add (find_group (self, asked, kind), GTK_WIDGET (field->row));
  g_signal_connect_swapped (field->row, "notify::expanded", G_CALLBACK (fill_row), field);
  g_object_set_data_full (G_OBJECT (field->row), "field", field, g_free);
}

static gboolean
add_next (gpointer data)
{
  AssayReportFields *self = data;

  if (self->next < assay_field_answers_get_n (self->answers))
    add_field (self, self->next++);
  return self->next < assay_field_answers_get_n (self->answers);
}

/* --- the file -------------------------------------------------------------------------------------------------------- */

static void
file_written (GObject *file, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayReportFields) self = data;
  g_autoptr (GError) error = NULL;

  g_file_replace_contents_finish (G_FILE (file), result, NULL, &error);
  g_signal_emit (self, signals[SAVED], 0, error ? error->message : NULL);
}

static void
write_file (AssayReportFields *self)
{
  json_t *document = assay_field_answers_make_file (self->answers);
  char *text = json_dumps (document, JSON_INDENT (2) | JSON_PRESERVE_ORDER);
  g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (text, strlen (text), free, text);
  g_autoptr (GFile) file = g_file_new_for_path (self->path);

  g_file_replace_contents_bytes_async (file, bytes, NULL, TRUE, G_FILE_CREATE_NONE, NULL, file_written, g_object_ref (self));
  json_decref (document);
}

/* What would not be accepted keeps the window open, and says why. */
static gboolean
close_request (GtkWindow *window)
{
  AssayReportFields *self = ASSAY_REPORT_FIELDS (window);
  g_autofree char *fault = assay_field_answers_is_changed (self->answers) ? assay_field_answers_dup_fault (self->answers) : NULL;

  if (fault != NULL)
    {
      adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self), adw_toast_new (fault));
      return GDK_EVENT_STOP;
    }
  if (assay_field_answers_is_changed (self->answers))
    write_file (self);
  return GTK_WINDOW_CLASS (assay_report_fields_parent_class)->close_request (window);
}

/* --- the window ------------------------------------------------------------------------------------------------------ */

static void
author_changed (GtkEditable *entry, AssayReportFields *self)
{
  assay_field_answers_set_author (self->answers, gtk_editable_get_text (entry));
}

static AdwPreferencesGroup *
add_group (AdwPreferencesPage *page, const char *title, const char *description)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());

  adw_preferences_group_set_title (group, title);
  adw_preferences_group_set_description (group, description);
  adw_preferences_page_add (page, group);
  return group;
}

static AdwPreferencesPage *
add_page (AssayReportFields *self, const char *title, const char *icon)
{
  AdwPreferencesPage *page = ADW_PREFERENCES_PAGE (adw_preferences_page_new ());

  adw_preferences_page_set_title (page, title);
  adw_preferences_page_set_icon_name (page, icon);
  adw_preferences_window_add (ADW_PREFERENCES_WINDOW (self), page);
  return page;
}

static void
add_pages (AssayReportFields *self)
{
  AdwPreferencesPage *sign_off = add_page (self, _("Sign-Off"), "document-edit-symbolic"), *stated = add_page (self, _("Statements"), "view-list-symbolic"),
                     *computed = add_page (self, _("Computed"), "emblem-system-symbolic");
  AdwPreferencesGroup *author = add_group (sign_off, _("You"), _("Your name stands beside everything that you state or confirm here."));
  GtkWidget *entry = adw_entry_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (entry), _("Name and role"));
  gtk_editable_set_text (GTK_EDITABLE (entry), assay_field_answers_get_author (self->answers));
  g_signal_connect (entry, "changed", G_CALLBACK (author_changed), self);
  adw_preferences_group_add (author, entry);
  self->sign_off = add_group (sign_off, _("Sign-Off"), _("Who answers for the report. The program signs nobody off."));
  self->drafts = add_group (stated, _("Drafts to Confirm"), _("The program wrote these from the case. A final report needs every one confirmed by a person."));
  self->open = add_group (stated, _("To Be Stated"), _("Only people know these. What nobody answers is printed as waiting for a person, never as a blank."));
  self->answered = add_group (stated, _("Answered"), NULL);
  self->computed = add_group (computed, _("Computed from the Case"), _("Nobody can state these otherwise. They can be withheld: then nothing else in the report tells them."));
}

static void
assay_report_fields_dispose (GObject *object)
{
  AssayReportFields *self = ASSAY_REPORT_FIELDS (object);

  assay_gradually_stop (&self->source);
  G_OBJECT_CLASS (assay_report_fields_parent_class)->dispose (object);
}

static void
assay_report_fields_finalize (GObject *object)
{
  AssayReportFields *self = ASSAY_REPORT_FIELDS (object);

  assay_field_answers_free (self->answers);
  g_free (self->path);
  G_OBJECT_CLASS (assay_report_fields_parent_class)->finalize (object);
}

static void
assay_report_fields_class_init (AssayReportFieldsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = assay_report_fields_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_report_fields_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = close_request;
  signals[SAVED] = g_signal_new ("saved", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
assay_report_fields_init (AssayReportFields *self)
{
  gtk_window_set_title (GTK_WINDOW (self), _("Fields of the Report"));
  gtk_window_set_default_size (GTK_WINDOW (self), 760, 680);
}

GtkWidget *
assay_report_fields_new (const AssayReportDraft *draft, const char *path)
{
  AssayReportFields *self = g_object_new (ASSAY_TYPE_REPORT_FIELDS, "modal", TRUE, "search-enabled", TRUE, NULL);

  self->answers = assay_field_answers_new (draft->asked, draft->answers);
  self->path = g_strdup (path);
  add_pages (self);
  assay_gradually_begin (&self->source, TRUE, add_next, self);
  return GTK_WIDGET (self);
}
