/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_outcome.c: the bundle that was exported, and its verdicts. */
#include "gui/report_outcome.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/facts.h"
#include "gui/job_form.h"
#include "job/spec.h"

#include <glib/gi18n.h>
#include <string.h>

struct _AssayReportOutcome {
  AdwBin parent_instance;
  GtkProgressBar *progress;
  GtkLabel *words, *reservation;
  GtkListBox *verdicts;
  GtkBox *buttons;
  char *key;                    /* NULL: none */
  char *bundle;                 /* the directory, or NULL: nothing was exported */
  guint scrolling, frames_left; /* until what came is scrolled to */
  gboolean is_signed;
};

G_DEFINE_FINAL_TYPE (AssayReportOutcome, assay_report_outcome, ADW_TYPE_BIN)

/* --- parts ----------------------------------------------------------------------------------------------------------- */

static void
remove_verdicts (AssayReportOutcome *self)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->verdicts, 0)) != NULL)
    gtk_list_box_remove (self->verdicts, GTK_WIDGET (row));
  gtk_widget_set_visible (GTK_WIDGET (self->verdicts), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->reservation), FALSE);
}

static void
add_verdict (AssayReportOutcome *self, AssayMark mark, const char *sentence)
{
  /* "1. Unaltered: 12 files ...": the word is the title, the rest stands below. */
  const char *start = strstr (sentence, ". ") ? strstr (sentence, ". ") + 2 : sentence, *colon = strchr (start, ':');
  g_autofree char *title = colon ? g_strndup (start, (gsize) (colon - start)) : g_strdup (start);
  g_autofree char *visible = assay_text_escape (title, FALSE), *rest = assay_text_escape (colon ? colon + 1 + strspn (colon + 1, " ") : "", FALSE);
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), visible);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), rest);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), assay_mark_new (mark));
  gtk_list_box_append (self->verdicts, row);
}

static void
show_words (AssayReportOutcome *self, const char *words, gboolean is_fault)
{
  g_autofree char *visible = assay_text_escape (words, TRUE);

  gtk_label_set_text (self->words, visible);
  gtk_widget_set_visible (GTK_WIDGET (self->words), TRUE);
  if (is_fault)
    gtk_widget_add_css_class (GTK_WIDGET (self->words), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->words), "error");
}

/* By the second frame it has its place. */
static gboolean
scroll_into_view (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  AssayReportOutcome *self = ASSAY_REPORT_OUTCOME (widget);
  GtkWidget *window = gtk_widget_get_ancestor (widget, GTK_TYPE_SCROLLED_WINDOW), *content;
  double y;

  (void) clock;
  (void) data;
  if (self->frames_left-- > 0)
    return G_SOURCE_CONTINUE;
  content = window ? gtk_scrolled_window_get_child (GTK_SCROLLED_WINDOW (window)) : NULL;
  if (content != NULL && GTK_IS_VIEWPORT (content))
    content = gtk_viewport_get_child (GTK_VIEWPORT (content));
  if (content != NULL && gtk_widget_translate_coordinates (widget, content, 0, 0, NULL, &y))
    gtk_adjustment_clamp_page (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (window)), y, y + gtk_widget_get_height (widget));
  self->scrolling = 0;
  return G_SOURCE_REMOVE;
}

/* What was asked for is seen, also where the window is low. */
static void
reveal (AssayReportOutcome *self)
{
  self->frames_left = 2;
  if (self->scrolling == 0)
    self->scrolling = gtk_widget_add_tick_callback (GTK_WIDGET (self), scroll_into_view, NULL, NULL);
}

static void
show_buttons (AssayReportOutcome *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->buttons), self->bundle != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "report.sign", self->bundle != NULL && self->key != NULL && !self->is_signed);
}

void
assay_report_outcome_clear (AssayReportOutcome *self)
{
  g_clear_pointer (&self->bundle, g_free);
  self->is_signed = FALSE;
  remove_verdicts (self);
  gtk_widget_set_visible (GTK_WIDGET (self->progress), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->words), FALSE);
  show_buttons (self);
}

void
assay_report_outcome_set_key (AssayReportOutcome *self, const char *key)
{
  g_free (self->key);
  self->key = g_strdup (key);
  show_buttons (self);
}

/* --- the commands ---------------------------------------------------------------------------------------------------- */

static void
run (AssayReportOutcome *self, const char *command)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.run-quietly", "s", command);
}

static void
verify (AssayReportOutcome *self)
{
  g_autofree char *bundle = assay_job_quote_word (self->bundle), *half = self->key ? g_strconcat (self->key, ".pub", NULL) : NULL, *key = NULL, *command = NULL;

  if (half != NULL && g_file_test (half, G_FILE_TEST_EXISTS))
    key = assay_job_quote_word (half);
  command = key ? g_strdup_printf ("assay verify %s --key %s", bundle, key) : g_strdup_printf ("assay verify %s", bundle);
  run (self, command);
}

static void
act_verify (GtkWidget *widget, const char *name, GVariant *value)
{
  (void) name;
  (void) value;
  if (ASSAY_REPORT_OUTCOME (widget)->bundle != NULL)
    verify (ASSAY_REPORT_OUTCOME (widget));
}

static void
act_sign (GtkWidget *widget, const char *name, GVariant *value)
{
  AssayReportOutcome *self = ASSAY_REPORT_OUTCOME (widget);
  g_autofree char *bundle = assay_job_quote_word (self->bundle), *key = assay_job_quote_word (self->key);
  g_autofree char *command = g_strdup_printf ("assay sign %s --key %s", bundle, key);

  (void) name;
  (void) value;
  run (self, command);
}

/* Formats are the person's choice: what there is of them, the easiest to read first. */
static void
act_open (GtkWidget *widget, const char *name, GVariant *value)
{
  static const char *const files[] = { "report.html", "report.pdf", "report.md", "report.ipynb", "report.json", "." };

  (void) name;
  (void) value;
  for (gsize k = 0; k < G_N_ELEMENTS (files); k++)
    {
      g_autofree char *path = g_build_filename (ASSAY_REPORT_OUTCOME (widget)->bundle, files[k], NULL), *uri = NULL;

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      uri = g_filename_to_uri (path, NULL, NULL);
      gtk_show_uri (GTK_WINDOW (gtk_widget_get_root (widget)), uri, GDK_CURRENT_TIME);
      return;
    }
}

/* --- what jobs say --------------------------------------------------------------------------------------------------- */

void
assay_report_outcome_show_progress (AssayReportOutcome *self, AssayJobProcess *job)
{
  double fraction = assay_job_process_get_fraction (job);

  gtk_widget_set_visible (GTK_WIDGET (self->progress), TRUE);
  if (fraction >= 0)
    gtk_progress_bar_set_fraction (self->progress, fraction);
  else
    gtk_progress_bar_pulse (self->progress);
  show_words (self, assay_job_process_get_words (job), FALSE);
}

/* What was refused, one a line, after what the job says itself. */
static char *
list_refused (const json_t *document, const char *words)
{
  GString *text = g_string_new (words);
  gsize k;
  json_t *refusal;

  json_array_foreach (json_object_get (document, "refused"), k, refusal)
    g_string_append_printf (text, "\n%s: %s", assay_json_get_text (refusal, "where"), assay_json_get_text (refusal, "text"));
  return g_string_free (text, FALSE);
}

void
assay_report_outcome_show_export (AssayReportOutcome *self, AssayJobProcess *job)
{
  const json_t *document = assay_job_process_get_document (job);
  const char *out = document ? assay_json_get_text (document, "out") : "";
  g_autofree char *words = NULL;

  assay_report_outcome_clear (self);
  if (out[0] == '\0')
    {
      words = list_refused (document, assay_job_process_get_words (job));
      show_words (self, words, TRUE);
      reveal (self);
      return;
    }
  self->bundle = g_canonicalize_filename (out, NULL);
  self->is_signed = json_is_true (json_object_get (document, "signed"));
  words = g_strdup_printf (_("%s\n%d claims, %d numbers with a proof each"), self->bundle, (int) json_integer_value (json_object_get (document, "claims")),
                           (int) json_integer_value (json_object_get (document, "numbers")));
  show_words (self, words, FALSE);
  show_buttons (self);
  verify (self);
}

static void
show_verdicts (AssayReportOutcome *self, const json_t *document)
{
  const json_t *sentences = json_object_get (document, "sentences");
  const char *signer = assay_json_get_text (document, "signer"), *time = assay_json_get_text (document, "time");
  const AssayMark marks[] = { json_is_true (json_object_get (document, "unaltered")) ? ASSAY_MARK_PASSED : ASSAY_MARK_FAILED,
                              strcmp (signer, "known") == 0 ? ASSAY_MARK_PASSED : ASSAY_MARK_UNKNOWN,
                              strcmp (time, "independent") == 0 ? ASSAY_MARK_PASSED : ASSAY_MARK_UNKNOWN };
  gsize n = json_array_size (sentences);

  remove_verdicts (self);
  for (gsize k = 0; k < MIN (n, G_N_ELEMENTS (marks)); k++)
    add_verdict (self, marks[k], json_string_value (json_array_get (sentences, k)));
  gtk_widget_set_visible (GTK_WIDGET (self->verdicts), n > 0);
  if (n > G_N_ELEMENTS (marks))
    gtk_label_set_text (self->reservation, json_string_value (json_array_get (sentences, n - 1)));
  gtk_widget_set_visible (GTK_WIDGET (self->reservation), n > G_N_ELEMENTS (marks));
  self->is_signed = strcmp (signer, "unsigned") != 0;
  show_buttons (self);
  reveal (self);
}

/* verify takes the bundle in the place of a case, sign by a name of its own. */
static gboolean
is_about_bundle (AssayReportOutcome *self, AssayJobProcess *job)
{
  g_autoptr (AssayJobForm) form = assay_job_form_parse (assay_job_process_get_command (job), NULL);
  const char *const *bundle = form ? assay_job_form_get_texts (form, "bundle") : NULL;
  g_autofree char *path = bundle ? g_canonicalize_filename (bundle[0], NULL) : g_strdup (assay_job_process_get_case (job));

  return g_strcmp0 (path, self->bundle) == 0;
}

void
assay_report_outcome_job_ended (AssayReportOutcome *self, AssayJobProcess *job)
{
  const char *kind = assay_job_process_get_kind (job);
  const json_t *document = assay_job_process_get_document (job);

  if (self->bundle == NULL || !is_about_bundle (self, job))
    return;
  if (g_strcmp0 (kind, "verify") == 0 && document != NULL && json_is_array (json_object_get (document, "sentences")))
    show_verdicts (self, document);
  else if (g_strcmp0 (kind, "verify") == 0)
    show_words (self, assay_job_process_get_words (job), TRUE);
  else if (g_strcmp0 (kind, "sign") == 0 && assay_job_process_get_state (job) == ASSAY_JOB_DONE)
    verify (self);
  else if (g_strcmp0 (kind, "sign") == 0)
    show_words (self, assay_job_process_get_words (job), TRUE);
}

/* --- the widget ------------------------------------------------------------------------------------------------------ */

static void
assay_report_outcome_finalize (GObject *object)
{
  AssayReportOutcome *self = ASSAY_REPORT_OUTCOME (object);

  g_free (self->key);
  g_free (self->bundle);
  G_OBJECT_CLASS (assay_report_outcome_parent_class)->finalize (object);
}

static void
assay_report_outcome_class_init (AssayReportOutcomeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = assay_report_outcome_finalize;
  gtk_widget_class_install_action (widget_class, "report.verify", NULL, act_verify);
  gtk_widget_class_install_action (widget_class, "report.sign", NULL, act_sign);
  gtk_widget_class_install_action (widget_class, "report.open", NULL, act_open);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/report_outcome.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayReportOutcome, progress);
  gtk_widget_class_bind_template_child (widget_class, AssayReportOutcome, words);
  gtk_widget_class_bind_template_child (widget_class, AssayReportOutcome, reservation);
  gtk_widget_class_bind_template_child (widget_class, AssayReportOutcome, verdicts);
  gtk_widget_class_bind_template_child (widget_class, AssayReportOutcome, buttons);
}

static void
assay_report_outcome_init (AssayReportOutcome *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  assay_report_outcome_clear (self);
}
