/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_export.c: settings of the export as a command, its job, and the verdicts. */
#include "gui/report_export.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/field_answers.h"
#include "gui/page.h"
#include "gui/report_choice.h"
#include "gui/report_fields.h"
#include "gui/report_outcome.h"
#include "gui/report_rules.h"
#include "job/spec.h"
#include "report/field.h"

#include <glib/gi18n.h>
#include <string.h>

#define MOST_NAMES 99           /* tried for a directory that is not there yet */

struct _AssayReportExport {
  AdwBin parent_instance;
  AdwComboRow *profile, *rules;
  AdwExpanderRow *refused, *regimes, *formats;
  AdwActionRow *fields_row, *key_row;
  AssayReportOutcome *outcome;
  AssayReportDraft *draft;      /* NULL: none */
  GPtrArray *refused_rows;      /* borrowed of the row */
  GPtrArray *regime_checks, *format_checks;     /* report_choice.h */
  char *key;                    /* path, or NULL: unsigned */
  char *new_key;                /* that is being made, or NULL */
  gulong ended, changed;        /* handlers of the job list */
};

G_DEFINE_FINAL_TYPE (AssayReportExport, assay_report_export, ADW_TYPE_BIN)

typedef enum { RULES_NONE, RULES_STRICT, RULES_FINAL } Rules;

static AssayPage *
get_page (AssayReportExport *self)
{
  return ASSAY_PAGE (gtk_widget_get_ancestor (GTK_WIDGET (self), ASSAY_TYPE_PAGE));
}

static const char *
get_case_path (AssayReportExport *self)
{
  return assay_page_get_contents (get_page (self))->path;
}

/* --- the command ----------------------------------------------------------------------------------------------------- */

static void
append_option (GString *command, const char *option, const char *value)
{
  g_autofree char *quoted = value ? assay_job_quote_word (value) : NULL;

  if (quoted != NULL && *value != '\0')
    g_string_append_printf (command, " --%s %s", option, quoted);
}

/* The command that exports into a directory; NULL: its default. */
static char *
make_command (AssayReportExport *self, const char *directory)
{
  static const char *const rules[] = { "", " --strict", " --final" };
  g_autofree char *cas = assay_job_quote_word (get_case_path (self)), *formats = assay_report_choice_join (self->format_checks), *fields = NULL;
  GString *command = g_string_new (NULL);

  g_string_append_printf (command, "assay report %s --profile %s", cas, assay_audience_words[adw_combo_row_get_selected (self->profile)]);
  append_option (command, "format", *formats != '\0' ? formats : "html,pdf,json,csv,markdown,notebook");
  assay_report_choice_append (command, "regime", self->regime_checks);
  if (self->draft != NULL && self->draft->answers != NULL)
    fields = assay_report_draft_dup_fields_path (get_case_path (self));
  append_option (command, "fields", fields);
  append_option (command, "out", directory);
  append_option (command, "key", self->key);
  g_string_append (command, rules[adw_combo_row_get_selected (self->rules)]);
  return g_string_free (command, FALSE);
}

char *
assay_report_export_dup_command (AssayReportExport *self)
{
  return make_command (self, NULL);
}

static void
run (AssayReportExport *self, const char *command)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.run-quietly", "s", command);
}

/* --- what is shown of the draft -------------------------------------------------------------------------------------- */

static void
show_refused (AssayReportExport *self)
{
  assay_report_rules_show (self->refused, self->refused_rows, self->draft, adw_combo_row_get_selected (self->rules) == RULES_FINAL, self->key != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->refused), self->draft != NULL && adw_combo_row_get_selected (self->rules) != RULES_NONE);
}

static void
show_fields (AssayReportExport *self)
{
  guint open = assay_field_answers_count_open (self->draft->asked), drafts = assay_field_answers_count_drafts (self->draft->asked);
  g_autofree char *words = self->draft->fault ? g_strdup_printf (_("The file of the fields was left out: %s"), self->draft->fault)
                           : g_strdup_printf (_("%u drafts to confirm, %u to state"), drafts, open);
  g_autofree char *visible = assay_text_escape (words, FALSE);

  adw_action_row_set_subtitle (self->fields_row, visible);
}

/* The draft beside it is that of internal readers. */
static void
show_readers (AssayReportExport *self)
{
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->profile), adw_combo_row_get_selected (self->profile) == ASSAY_AUDIENCE_INTERNAL
                               ? _("sees names, as here") : _("sees pseudonyms"));
}

void
assay_report_export_set_draft (AssayReportExport *self, AssayReportDraft *draft, gboolean is_new)
{
  AssayReportDraft *before = self->draft;

  self->draft = draft ? assay_report_draft_ref (draft) : NULL;
  assay_report_draft_unref (before);
  if (is_new)
    assay_report_outcome_clear (self->outcome);
  show_refused (self);
  if (draft == NULL)
    return;
  show_fields (self);
  assay_report_choice_show_regimes (self->regimes, self->regime_checks, draft->meters);
}

/* --- fields ---------------------------------------------------------------------------------------------------------- */

static void
fields_saved (AssayReportFields *fields, const char *fault, AssayReportExport *self)
{
  (void) fields;
  assay_page_tell (get_page (self), "%s", fault ? fault : _("The fields are saved beside the case"));
  gtk_widget_activate_action (GTK_WIDGET (self), "report.refresh", NULL);
}

static void
act_fields (GtkWidget *widget, const char *name, GVariant *value)
{
  AssayReportExport *self = ASSAY_REPORT_EXPORT (widget);
  g_autofree char *path = assay_report_draft_dup_fields_path (get_case_path (self));
  GtkWidget *window;

  (void) name;
  (void) value;
  if (self->draft == NULL)
    return;
  window = assay_report_fields_new (self->draft, path);
  gtk_window_set_transient_for (GTK_WINDOW (window), GTK_WINDOW (gtk_widget_get_root (widget)));
  g_signal_connect_object (window, "saved", G_CALLBACK (fields_saved), self, 0);
  gtk_window_present (GTK_WINDOW (window));
}

/* --- the key --------------------------------------------------------------------------------------------------------- */

static void
set_key (AssayReportExport *self, const char *path)
{
  g_autofree char *visible = assay_text_escape (path, FALSE);

  g_free (self->key);
  self->key = g_strdup (path);
  adw_action_row_set_subtitle (self->key_row, visible);
  assay_report_outcome_set_key (self->outcome, path);
  show_refused (self);
}

static char *
dup_chosen (GtkNativeDialog *dialog, int response)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;

  return file ? g_file_get_path (file) : NULL;
}

static void
key_chosen (GtkNativeDialog *dialog, int response, AssayReportExport *self)
{
  g_autofree char *path = dup_chosen (dialog, response);

  if (path != NULL)
    set_key (self, path);
  g_object_unref (dialog);
}

static void
new_key_chosen (GtkNativeDialog *dialog, int response, AssayReportExport *self)
{
  g_autofree char *path = dup_chosen (dialog, response);

  if (path != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "report.make-key-at", "s", path);
  g_object_unref (dialog);
}

static GtkFileChooserNative *
make_dialog (GtkWidget *widget, const char *title, GtkFileChooserAction action, const char *button)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (title, GTK_WINDOW (gtk_widget_get_root (widget)), action, button, NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  return dialog;
}

static void
act_choose_key (GtkWidget *widget, const char *name, GVariant *value)
{
  GtkFileChooserNative *dialog = make_dialog (widget, _("Key That Signs the Report"), GTK_FILE_CHOOSER_ACTION_OPEN, _("_Choose"));

  (void) name;
  (void) value;
  g_signal_connect_object (dialog, "response", G_CALLBACK (key_chosen), widget, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
act_make_key (GtkWidget *widget, const char *name, GVariant *value)
{
  GtkFileChooserNative *dialog = make_dialog (widget, _("Where to Keep the New Key"), GTK_FILE_CHOOSER_ACTION_SAVE, _("_Make Key"));

  (void) name;
  (void) value;
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), "signer.pem");
  g_signal_connect_object (dialog, "response", G_CALLBACK (new_key_chosen), widget, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
act_make_key_at (GtkWidget *widget, const char *name, GVariant *value)
{
  AssayReportExport *self = ASSAY_REPORT_EXPORT (widget);
  g_autofree char *quoted = assay_job_quote_word (g_variant_get_string (value, NULL)), *command = g_strdup_printf ("assay keygen %s", quoted);

  (void) name;
  g_free (self->new_key);
  self->new_key = g_variant_dup_string (value, NULL);
  run (self, command);
}

/* --- export ---------------------------------------------------------------------------------------------------------- */

static void
export_to (AssayReportExport *self, const char *path)
{
  g_autofree char *command = make_command (self, path);

  assay_report_outcome_clear (self->outcome);
  run (self, command);
}

static void
export_chosen (GtkNativeDialog *dialog, int response, AssayReportExport *self)
{
  g_autofree char *path = dup_chosen (dialog, response);

  if (path != NULL)
    export_to (self, path);
  g_object_unref (dialog);
}

/* "people-report", or "people-report-2" where that is there. */
static char *
suggest_name (const char *parent, const char *name)
{
  char *suggestion = g_strconcat (name, "-report", NULL);

  for (guint k = 2; k <= MOST_NAMES; k++)
    {
      g_autofree char *path = g_build_filename (parent, suggestion, NULL);

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        break;
      g_free (suggestion);
      suggestion = g_strdup_printf ("%s-report-%u", name, k);
    }
  return suggestion;
}

static void
act_export (GtkWidget *widget, const char *name, GVariant *value)
{
  AssayCaseContents *contents = assay_page_get_contents (get_page (ASSAY_REPORT_EXPORT (widget)));
  GtkFileChooserNative *dialog = make_dialog (widget, _("Export Report"), GTK_FILE_CHOOSER_ACTION_SAVE, _("_Export"));
  g_autofree char *parent = g_path_get_dirname (contents->path), *suggestion = suggest_name (parent, contents->name);
  g_autoptr (GFile) folder = g_file_new_for_path (parent);

  (void) name;
  (void) value;
  gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), suggestion);
  g_signal_connect_object (dialog, "response", G_CALLBACK (export_chosen), widget, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* (s path): the same without asking where. */
static void
act_export_to (GtkWidget *widget, const char *name, GVariant *path)
{
  (void) name;
  export_to (ASSAY_REPORT_EXPORT (widget), g_variant_get_string (path, NULL));
}

/* --- jobs ------------------------------------------------------------------------------------------------------------ */

static gboolean
is_export (AssayReportExport *self, AssayJobProcess *job)
{
  return assay_page_get_contents (get_page (self)) != NULL && g_strcmp0 (assay_job_process_get_kind (job), "report") == 0
         && g_strcmp0 (assay_job_process_get_case (job), get_case_path (self)) == 0;
}

static void
job_changed (AssayReportExport *self, AssayJobProcess *job)
{
  if (is_export (self, job) && !assay_job_process_is_over (job))
    assay_report_outcome_show_progress (self->outcome, job);
}

static void
job_ended (AssayReportExport *self, AssayJobProcess *job)
{
  if (is_export (self, job))
    assay_report_outcome_show_export (self->outcome, job);
  else if (g_strcmp0 (assay_job_process_get_kind (job), "keygen") == 0 && self->new_key != NULL)
    {
      if (assay_job_process_get_state (job) == ASSAY_JOB_DONE)
        set_key (self, self->new_key);
      else
        assay_page_tell (get_page (self), "%s", assay_job_process_get_words (job));
      g_clear_pointer (&self->new_key, g_free);
    }
  else
    assay_report_outcome_job_ended (self->outcome, job);
}

/* --- the widget ------------------------------------------------------------------------------------------------------ */

static void
map (GtkWidget *widget)
{
  AssayReportExport *self = ASSAY_REPORT_EXPORT (widget);
  AssayJobList *jobs = assay_page_get_jobs (get_page (self));

  if (self->ended == 0)
    {
      self->ended = g_signal_connect_object (jobs, "ended", G_CALLBACK (job_ended), self, G_CONNECT_SWAPPED);
      self->changed = g_signal_connect_object (jobs, "changed", G_CALLBACK (job_changed), self, G_CONNECT_SWAPPED);
    }
  GTK_WIDGET_CLASS (assay_report_export_parent_class)->map (widget);
}

static void
assay_report_export_dispose (GObject *object)
{
  g_clear_pointer (&ASSAY_REPORT_EXPORT (object)->draft, assay_report_draft_unref);
  G_OBJECT_CLASS (assay_report_export_parent_class)->dispose (object);
}

static void
assay_report_export_finalize (GObject *object)
{
  AssayReportExport *self = ASSAY_REPORT_EXPORT (object);

  g_ptr_array_unref (self->refused_rows);
  g_ptr_array_unref (self->regime_checks);
  g_ptr_array_unref (self->format_checks);
  g_free (self->key);
  g_free (self->new_key);
  G_OBJECT_CLASS (assay_report_export_parent_class)->finalize (object);
}

static void
assay_report_export_class_init (AssayReportExportClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_report_export_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_report_export_finalize;
  widget_class->map = map;
  g_type_ensure (ASSAY_TYPE_REPORT_OUTCOME);
  gtk_widget_class_install_action (widget_class, "report.export", NULL, act_export);
  gtk_widget_class_install_action (widget_class, "report.export-to", "s", act_export_to);
  gtk_widget_class_install_action (widget_class, "report.choose-key", NULL, act_choose_key);
  gtk_widget_class_install_action (widget_class, "report.make-key", NULL, act_make_key);
  gtk_widget_class_install_action (widget_class, "report.make-key-at", "s", act_make_key_at);
  gtk_widget_class_install_action (widget_class, "report.fields", NULL, act_fields);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/report_export.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayReportExport, profile);
  gtk_widget_class_bind_template_child (widget_class, AssayReportExport, rules);
  gtk_widget_class_bind_template_child (widget_class, AssayReportExport, refused);
  gtk_widget_class_bind_template_child (widget_class, AssayReportExport, regimes);
  gtk_widget_class_bind_template_child (widget_class, AssayReportExport, formats);
  gtk_widget_class_bind_template_child (widget_class, AssayReportExport, fields_row);
  gtk_widget_class_bind_template_child (widget_class, AssayReportExport, key_row);
  gtk_widget_class_bind_template_child (widget_class, AssayReportExport, outcome);
  gtk_widget_class_bind_template_callback (widget_class, show_refused);
  gtk_widget_class_bind_template_callback (widget_class, show_readers);
}

static void
assay_report_export_init (AssayReportExport *self)
{
  self->refused_rows = g_ptr_array_new ();
  self->regime_checks = g_ptr_array_new ();
  self->format_checks = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  show_readers (self);
  assay_report_choice_add_formats (self->formats, self->format_checks);
}
