/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_prompt.c: a language model of the case asked in words: how it goes on with a text, and how likely it finds one. */
#include "gui/application.h"
#include "gui/completion_view.h"
#include "gui/empty_state.h"
#include "gui/language_choices.h"
#include "gui/page.h"
#include "gui/prompt_commands.h"
#include "gui/wrap_box.h"

#include "base/json.h"
#include "base/text.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <string.h>

#define PALE 36000              /* of 65535: how strongly the prompt is drawn before its continuation */

#define ASSAY_TYPE_PROMPT_PAGE (assay_prompt_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayPromptPage, assay_prompt_page, ASSAY, PROMPT_PAGE, AssayPage)

/* A question that was put to the program, with the texts as they were then. */
typedef struct {
  AssayJobProcess *process;     /* while it runs */
  char *model, *prompt, *completion;
} Question;

struct _AssayPromptPage {
  AssayPage parent_instance;
  GtkStack *stack;
  AssayEmptyState *no_model, *no_text;
  GtkDropDown *models;
  GtkTextView *prompt, *completion;
  GtkSpinButton *most, *temperature, *seed, *top_k, *top_p;
  GtkWidget *generate, *stop, *continuation, *measured_panel;
  GtkLabel *progress, *text, *outcome, *measuring_words, *measured_of;
  AssayCompletionView *tokens;
  GPtrArray *names;             /* of the models that can be asked */
  AssayJobList *jobs;           /* once the page was seen */
  Question going_on, measuring;
  char *uuid, *written, *command;       /* of the case; behind the prompt; of what was asked last */
  json_t *measured;             /* the document that is shown, or NULL */
};

G_DEFINE_FINAL_TYPE (AssayPromptPage, assay_prompt_page, ASSAY_TYPE_PAGE)

static void
question_clear (Question *question)
{
  g_clear_object (&question->process);
  g_clear_pointer (&question->model, g_free);
  g_clear_pointer (&question->prompt, g_free);
  g_clear_pointer (&question->completion, g_free);
}

/* --- what stands in the form ------------------------------------------------------------------------------------------- */

/* Owns: the caller. */
static char *
dup_text (GtkTextView *view)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
}

/* NULL: none. */
static const char *
chosen_model (AssayPromptPage *self)
{
  guint k = gtk_drop_down_get_selected (self->models);

  return k < self->names->len ? self->names->pdata[k] : NULL;
}

static AssayPromptDrawing
read_drawing (AssayPromptPage *self)
{
  return (AssayPromptDrawing) { .most = gtk_spin_button_get_value_as_int (self->most), .temperature = gtk_spin_button_get_value (self->temperature),
                                .seed = gtk_spin_button_get_value_as_int (self->seed), .top_k = gtk_spin_button_get_value_as_int (self->top_k),
                                .top_p = gtk_spin_button_get_value (self->top_p) };
}

static void
update_actions (AssayPromptPage *self)
{
  GtkTextBuffer *completion = gtk_text_view_get_buffer (self->completion);
  const gboolean is_drawn = gtk_spin_button_get_value (self->temperature) > 0;

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "prompt.generate", self->going_on.process == NULL && chosen_model (self) != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "prompt.stop", self->going_on.process != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "prompt.take", self->written != NULL && self->written[0] != '\0');
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "prompt.measure", self->measuring.process == NULL && chosen_model (self) != NULL
                                                                      && gtk_text_buffer_get_char_count (completion) > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "prompt.influence", self->measured != NULL && self->measuring.process == NULL);
  gtk_widget_set_visible (self->stop, self->going_on.process != NULL);
  gtk_widget_set_visible (self->generate, self->going_on.process == NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (self->seed), is_drawn);
  gtk_widget_set_sensitive (GTK_WIDGET (self->top_k), is_drawn);
  gtk_widget_set_sensitive (GTK_WIDGET (self->top_p), is_drawn);
}

/* --- asking the program ------------------------------------------------------------------------------------------------ */

static void
say (GtkLabel *label, const char *text, gboolean is_problem)
{
  g_autofree char *visible = assay_text_escape (text, FALSE);

  gtk_label_set_text (label, visible);
  if (is_problem)
    gtk_widget_add_css_class (GTK_WIDGET (label), "assay-bad");
  else
    gtk_widget_add_css_class (GTK_WIDGET (label), "dim-label");
  gtk_widget_remove_css_class (GTK_WIDGET (label), is_problem ? "dim-label" : "assay-bad");
}

/* Takes command. */
static void
ask (AssayPromptPage *self, Question *question, char *command, GtkLabel *words)
{
  AssaySettings *settings = assay_application_get_settings (ASSAY_APPLICATION (g_application_get_default ()));
  g_autoptr (GError) fault = NULL;
  AssayJobProcess *process = assay_job_list_start (self->jobs, command, (guint) assay_settings_get_threads (settings), &fault);

  g_free (self->command);
  self->command = command;
  g_set_object (&question->process, process);
  say (words, process ? assay_job_process_get_words (process) : fault->message, process == NULL);
  update_actions (self);
}

/* With the form's model and prompt. Borrows from the question. */
static AssayPromptAsked
begin (AssayPromptPage *self, Question *question)
{
  question_clear (question);
  question->model = g_strdup (chosen_model (self));
  question->prompt = dup_text (self->prompt);
  return (AssayPromptAsked) { assay_page_get_contents (ASSAY_PAGE (self))->path, question->model, question->prompt };
}

static void
act_generate (GtkWidget *widget, const char *name, GVariant *parameter)
{
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (widget);
  AssayPromptDrawing drawing = read_drawing (self);
  AssayPromptAsked asked;

  (void) name;
  (void) parameter;
  asked = begin (self, &self->going_on);
  g_clear_pointer (&self->written, g_free);
  gtk_widget_set_visible (self->continuation, FALSE);
  ask (self, &self->going_on, assay_prompt_command_generate (&asked, &drawing), self->progress);
}

static void
act_stop (GtkWidget *widget, const char *name, GVariant *parameter)
{
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (widget);

  (void) name;
  (void) parameter;
  if (self->going_on.process != NULL)
    assay_job_process_stop (self->going_on.process);
}

static void
act_measure (GtkWidget *widget, const char *name, GVariant *parameter)
{
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (widget);
  AssayPromptAsked asked;

  (void) name;
  (void) parameter;
  asked = begin (self, &self->measuring);
  self->measuring.completion = dup_text (self->completion);
  ask (self, &self->measuring, assay_prompt_command_measure (&asked, self->measuring.completion), self->measuring_words);
}

static void
act_take (GtkWidget *widget, const char *name, GVariant *parameter)
{
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (widget);

  (void) name;
  (void) parameter;
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->prompt), self->going_on.prompt, -1);        /* which it was written behind */
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->completion), self->written, -1);
  gtk_widget_grab_focus (GTK_WIDGET (self->completion));
}

static void
act_influence (GtkWidget *widget, const char *name, GVariant *parameter)
{
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (widget);
  const AssayPromptAsked asked = { assay_page_get_contents (ASSAY_PAGE (self))->path, self->measuring.model, assay_json_get_text (self->measured, "prompt") };
  g_autofree char *command = assay_prompt_command_influence (&asked, assay_json_get_text (self->measured, "completion"));

  (void) name;
  (void) parameter;
  gtk_widget_activate_action (widget, "win.propose", "s", command);
}

/* --- what it writes ---------------------------------------------------------------------------------------------------- */

/* The prompt pale, what was written behind it as it is. */
static void
show_written (AssayPromptPage *self, const char *written)
{
  g_autofree char *before = assay_text_escape (self->going_on.prompt, TRUE), *behind = assay_text_escape (written, TRUE);
  g_autofree char *all = g_strconcat (before, behind, NULL);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  PangoAttribute *pale = pango_attr_foreground_alpha_new (PALE), *whole = pango_attr_insert_hyphens_new (FALSE);

  pale->end_index = (guint) strlen (before);
  pango_attr_list_insert (attributes, pale);
  pango_attr_list_insert (attributes, whole);
  gtk_label_set_text (self->text, all);
  gtk_label_set_attributes (self->text, attributes);
  gtk_widget_set_visible (self->continuation, TRUE);
}

static const char *
finish_words (const char *finish)
{
  static const struct { const char *finish, *words; } all[] = {
    { "length", N_("as many as were asked for") }, { "end", N_("it ended the text itself") }, { "stop", N_("it came to a stop") },
    { "context", N_("the model's context is full") },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (all); k++)
    if (strcmp (finish, all[k].finish) == 0)
      return _(all[k].words);
  return finish;
}

static char *
describe_outcome (const json_t *document)
{
  g_autofree char *nats = assay_view_number (assay_json_get_number (document, "log_probability"), 4);
  g_autofree char *count = assay_view_count ((gint64) json_array_size (json_object_get (document, "tokens")));

  return g_strdup_printf (_("%s tokens: %s. Log-probability of these choices: %s nats."), count, finish_words (assay_json_get_text (document, "finish")), nats);
}

static void
generation_ended (AssayPromptPage *self, AssayJobProcess *process)
{
  const json_t *document = assay_job_process_get_document (process);
  const char *whole = json_string_value (json_object_get (document, "text"));
  AssayJobState state = assay_job_process_get_state (process);
  g_autofree char *outcome = NULL;

  self->written = g_strdup (whole ? whole : assay_job_process_get_text (process));
  say (self->progress, state == ASSAY_JOB_FAILED ? assay_job_process_get_words (process) : "", state == ASSAY_JOB_FAILED);
  if (whole == NULL && self->written[0] == '\0')
    return;
  outcome = whole ? describe_outcome (document) : g_strdup (_("Stopped; this is what it had written."));
  show_written (self, self->written);
  gtk_label_set_text (self->outcome, outcome);
}

/* --- how likely a text is ---------------------------------------------------------------------------------------------- */

static void
show_measured (AssayPromptPage *self)
{
  g_autofree char *prompt = assay_text_escape (assay_json_get_text (self->measured, "prompt"), FALSE);
  g_autofree char *completion = assay_text_escape (assay_json_get_text (self->measured, "completion"), FALSE);
  g_autofree char *of = prompt[0] != '\0' ? g_strdup_printf (_("\"%s\" behind \"%s\""), completion, prompt) : g_strdup_printf ("\"%s\"", completion);

  gtk_label_set_text (self->measured_of, of);
  assay_completion_view_show (self->tokens, self->measured);
  gtk_widget_set_visible (self->measured_panel, TRUE);
}

static void
measure_ended (AssayPromptPage *self, AssayJobProcess *process)
{
  json_t *document = (json_t *) assay_job_process_get_document (process);
  const gboolean is_answer = json_is_array (json_object_get (document, "tokens"));

  say (self->measuring_words, is_answer ? "" : assay_job_process_get_words (process), assay_job_process_get_state (process) == ASSAY_JOB_FAILED);
  json_decref (self->measured);
  self->measured = is_answer ? json_incref (document) : NULL;
  gtk_widget_set_visible (self->measured_panel, is_answer);
  if (is_answer)
    show_measured (self);
}

/* --- following the jobs ------------------------------------------------------------------------------------------------ */

static void
on_changed (AssayJobList *jobs, AssayJobProcess *process, AssayPromptPage *self)
{
  (void) jobs;
  if (process == self->going_on.process)
    {
      say (self->progress, assay_job_process_get_words (process), FALSE);
      if (assay_job_process_get_text (process)[0] != '\0')
        show_written (self, assay_job_process_get_text (process));
      gtk_label_set_text (self->outcome, "");
    }
  else if (process == self->measuring.process)
    say (self->measuring_words, assay_job_process_get_words (process), FALSE);
}

static void
on_ended (AssayJobList *jobs, AssayJobProcess *process, AssayPromptPage *self)
{
  g_autoptr (AssayJobProcess) ended = g_object_ref (process);

  (void) jobs;
  if (process == self->going_on.process)
    {
      g_clear_object (&self->going_on.process);
      generation_ended (self, ended);
    }
  else if (process == self->measuring.process)
    {
      g_clear_object (&self->measuring.process);
      measure_ended (self, ended);
    }
  update_actions (self);
}

static void
watch_jobs (AssayPromptPage *self)
{
  self->jobs = g_object_ref (assay_page_get_jobs (ASSAY_PAGE (self)));
  g_signal_connect_object (self->jobs, "changed", G_CALLBACK (on_changed), self, 0);
  g_signal_connect_object (self->jobs, "ended", G_CALLBACK (on_ended), self, 0);
}

/* --- the case ---------------------------------------------------------------------------------------------------------- */

/* Nothing of another case is shown; what somebody typed stays. */
static void
forget_answers (AssayPromptPage *self)
{
  question_clear (&self->going_on);
  question_clear (&self->measuring);
  g_clear_pointer (&self->written, g_free);
  g_clear_pointer (&self->command, g_free);
  json_decref (self->measured);
  self->measured = NULL;
  say (self->progress, "", FALSE);
  say (self->measuring_words, "", FALSE);
  gtk_widget_set_visible (self->continuation, FALSE);
  gtk_widget_set_visible (self->measured_panel, FALSE);
}

static void
show_models (AssayPromptPage *self)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  const char *before = gtk_drop_down_get_selected_item (self->models) ? gtk_string_object_get_string (gtk_drop_down_get_selected_item (self->models)) : NULL;
  g_autofree char *kept = g_strdup (before);
  guint chosen = 0;

  for (guint k = 0; k < self->names->len; k++)
    {
      g_autofree char *visible = assay_text_escape (self->names->pdata[k], FALSE);

      gtk_string_list_append (names, visible);
      if (g_strcmp0 (visible, kept) == 0)
        chosen = k;
    }
  gtk_drop_down_set_model (self->models, G_LIST_MODEL (names));
  gtk_drop_down_set_selected (self->models, chosen);
}

static void
show_case (AssayPage *page)
{
  static const char *const states[] = { [ASSAY_LANGUAGE_HAS_SOME] = "prompt", [ASSAY_LANGUAGE_HAS_NO_MODEL] = "no-model", [ASSAY_LANGUAGE_HAS_NO_TEXT] = "no-text" };
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (page);
  const AssayCaseContents *contents = assay_page_get_contents (page);
  const char *uuid = contents->uuid ? contents->uuid : contents->path;
  AssayLanguageHolding holding;
  g_autofree char *command = NULL;

  if (self->jobs == NULL)
    watch_jobs (self);
  if (g_strcmp0 (self->uuid, uuid) != 0)
    {
      forget_answers (self);
      g_free (self->uuid);
      self->uuid = g_strdup (uuid);
    }
  g_ptr_array_unref (self->names);
  self->names = assay_language_choices_list (contents, &holding);
  command = assay_language_choices_propose (contents, holding);
  assay_empty_state_set_command (self->no_model, command);
  assay_empty_state_set_command (self->no_text, command);
  show_models (self);
  gtk_stack_set_visible_child_name (self->stack, states[holding]);
  update_actions (self);
}

/* Of what was asked last; before that, of what the form would ask. */
static char *
dup_command (AssayPage *page)
{
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (page);
  const AssayPromptDrawing drawing = read_drawing (self);
  g_autofree char *prompt = dup_text (self->prompt);

  if (self->command != NULL || chosen_model (self) == NULL)
    return g_strdup (self->command);
  return assay_prompt_command_generate (&(AssayPromptAsked) { assay_page_get_contents (page)->path, chosen_model (self), prompt }, &drawing);
}

static char *
dup_object (AssayPage *page)
{
  const char *model = chosen_model (ASSAY_PROMPT_PAGE (page));

  return model ? g_strconcat ("model/", model, NULL) : NULL;
}

static json_t *
make_table (AssayPage *page)
{
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (page);

  return self->measured ? assay_completion_table (self->measured) : NULL;
}

/* --- the page ---------------------------------------------------------------------------------------------------------- */

/* Ctrl+Return, which a text would take for a new line. */
static void
add_key (GtkTextView *view, const char *action)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys), gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Return, GDK_CONTROL_MASK),
                                                                                          gtk_named_action_new (action)));
  gtk_widget_add_controller (GTK_WIDGET (view), keys);
}

static void
assay_prompt_page_dispose (GObject *object)
{
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (object);

  question_clear (&self->going_on);
  question_clear (&self->measuring);
  g_clear_object (&self->jobs);
  G_OBJECT_CLASS (assay_prompt_page_parent_class)->dispose (object);
}

static void
assay_prompt_page_finalize (GObject *object)
{
  AssayPromptPage *self = ASSAY_PROMPT_PAGE (object);

  g_ptr_array_unref (self->names);
  g_free (self->uuid);
  g_free (self->written);
  g_free (self->command);
  json_decref (self->measured);
  G_OBJECT_CLASS (assay_prompt_page_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, no_model);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, no_text);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, models);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, prompt);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, completion);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, most);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, temperature);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, seed);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, top_k);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, top_p);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, generate);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, stop);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, continuation);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, measured_panel);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, progress);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, text);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, outcome);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, measuring_words);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, measured_of);
  gtk_widget_class_bind_template_child (widget_class, AssayPromptPage, tokens);
}

static void
assay_prompt_page_class_init (AssayPromptPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_prompt_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_prompt_page_finalize;
  page_class->show_case = show_case;
  page_class->dup_command = dup_command;
  page_class->dup_object = dup_object;
  page_class->make_table = make_table;
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  g_type_ensure (ASSAY_TYPE_WRAP_BOX);
  g_type_ensure (ASSAY_TYPE_COMPLETION_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_prompt.ui");
  bind_children (widget_class);
  gtk_widget_class_install_action (widget_class, "prompt.generate", NULL, act_generate);
  gtk_widget_class_install_action (widget_class, "prompt.stop", NULL, act_stop);
  gtk_widget_class_install_action (widget_class, "prompt.measure", NULL, act_measure);
  gtk_widget_class_install_action (widget_class, "prompt.take", NULL, act_take);
  gtk_widget_class_install_action (widget_class, "prompt.influence", NULL, act_influence);
}

static void
assay_prompt_page_init (AssayPromptPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->names = g_ptr_array_new_with_free_func (g_free);
  add_key (self->prompt, "prompt.generate");
  add_key (self->completion, "prompt.measure");
  g_signal_connect_object (gtk_text_view_get_buffer (self->completion), "changed", G_CALLBACK (update_actions), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->temperature, "value-changed", G_CALLBACK (update_actions), self, G_CONNECT_SWAPPED);
  update_actions (self);
}

ASSAY_PAGE_DEFINE (prompt) = {
  .name = "prompt", .title = N_("Prompt"), .icon = "assay-prompt-symbolic",
  .purpose = N_("How a language model goes on with a text, and how likely it finds one"),
  .get_type = assay_prompt_page_get_type,
};
