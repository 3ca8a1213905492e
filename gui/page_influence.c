/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_influence.c: which training examples caused a behaviour: the ranking of both signs, its checks, and what leaving them out really did. */
#include "gui/chart.h"
#include "gui/empty_state.h"
#include "gui/example_detail.h"
#include "gui/influence_ask.h"
#include "gui/influence_damping.h"
#include "gui/influence_facts.h"
#include "gui/influence_figures.h"
#include "gui/influence_parts.h"
#include "gui/influence_pin.h"
#include "gui/page.h"
#include "gui/score_lists.h"
#include "gui/score_row.h"

#include "base/text.h"
#include "job/spec.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define ASSAY_TYPE_INFLUENCE_PAGE (assay_influence_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayInfluencePage, assay_influence_page, ASSAY, INFLUENCE_PAGE, AssayPage)

#define ASK "ask:"              /* before a query that has no answer yet */

struct _AssayInfluencePage {
  AssayPage parent_instance;
  GtkStack *stack;
  AssayEmptyState *empty;
  GtkLabel *failure, *title, *sign, *refusal, *raising_head, *lowering_head;
  GtkDropDown *choice;
  AssayFacts *facts;
  AssayInfluenceAsk *ask;
  AssayInfluenceDamping *damping;
  GtkRevealer *ask_revealer;
  GtkWidget *body, *validation, *lists, *validate, *pin, *examples;
  GtkListBox *raising, *lowering;
  AssayChart *removals, *pairs, *parts;
  AssayExampleDetail *detail;
  GPtrArray *questions;         /* AssayInfluenceQuestion; NULL: not read yet */
  AssayInfluenceQuestion *wanted;       /* whose answer is shown or under way */
  AssayInfluenceAnswer *answer;
  GCancellable *listing, *loading, *reading, *breaking;
  char *path;                   /* of the case that questions are of */
  AssayScoreLists *ranking;     /* fills the two lists */
  gboolean is_quiet, is_asking;
};

G_DEFINE_FINAL_TYPE (AssayInfluencePage, assay_influence_page, ASSAY_TYPE_PAGE)

/* --- the answer ---------------------------------------------------------------------------------------------------- */

/* No scores without what they are worth. */
static void
show_head (GtkLabel *label, const AssayInfluenceAnswer *answer, const char *what, gint64 n, guint shown)
{
  g_autofree char *all = assay_view_count (n), *some = assay_view_count (shown);
  g_autofree char *count = n > shown ? g_strdup_printf (_("%s of %s"), some, all) : g_strdup (all);
  const char *worth = answer->is_from_index ? _("from the index, not validated at this damping")
                      : answer->correlation ? answer->correlation : _("not validated");
  g_autofree char *text = g_strdup_printf (_("%s (%s) · %s"), what, count, worth);

  gtk_label_set_text (label, text);
}

static void
show_validate (AssayInfluencePage *self, const AssayInfluenceAnswer *answer)
{
  g_autofree char *command = assay_influence_question_dup_validation (answer->question, self->path);

  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->validate), "s", command);
  gtk_widget_set_visible (self->validate, answer->validity == NULL && answer->question->asked[0] != '\0');
}

/* The answer's own, or where the slider stands. */
static void
show_ranking (AssayInfluencePage *self)
{
  const AssayInfluenceAnswer *ranking = assay_influence_damping_get_ranking (self->damping);
  gboolean is_of_loss = assay_influence_question_is_of_loss (self->answer->question);

  ranking = ranking ? ranking : self->answer;
  gtk_widget_set_sensitive (self->pin, ranking == self->answer && ranking->has_converged && ranking->n > 0);
  show_head (self->raising_head, ranking, is_of_loss ? _("Taking it out raises the loss") : _("Taking it out raises it"), ranking->n_raising, ranking->raising->len);
  show_head (self->lowering_head, ranking, is_of_loss ? _("Taking it out lowers the loss") : _("Taking it out lowers it"), ranking->n_lowering, ranking->lowering->len);
  assay_score_lists_show (self->ranking, ranking);
}

static char *
describe_question (const AssayInfluenceAnswer *answer)
{
  if (!assay_influence_question_is_of_loss (answer->question))
    return g_strdup_printf (_("What moves %s on %s"), answer->question->measure, answer->title);
  return g_strdup_printf (answer->question->n_examples > 1 ? _("What caused the mean loss on %s") : _("What caused the loss on %s"), answer->title);
}

static void
show_answer (AssayInfluencePage *self)
{
  const AssayInfluenceAnswer *answer = self->answer;
  g_autofree char *text = describe_question (answer);
  g_autofree char *visible = assay_text_escape (text, FALSE), *sign = assay_influence_describe_sign (answer->question);
  g_autofree char *refusal = g_strdup_printf (_("The scores are withheld: the solve did not converge (%s). A larger damping or more iterations "
                                                "may mend that."), answer->reason ? answer->reason : "");
  g_autoptr (AssayFigure) removals = assay_influence_figure_removals (answer), pairs = assay_influence_figure_pairs (answer);

  gtk_label_set_text (self->title, visible);
  gtk_label_set_text (self->sign, sign);
  gtk_label_set_text (self->refusal, refusal);
  gtk_widget_set_visible (GTK_WIDGET (self->refusal), !answer->has_converged);
  gtk_widget_set_visible (self->lists, answer->has_converged);
  assay_influence_show_facts (answer, self->facts);
  show_validate (self, answer);
  assay_influence_damping_set_jobs (self->damping, assay_page_get_jobs (ASSAY_PAGE (self)));
  assay_influence_damping_set (self->damping, assay_page_get_reader (ASSAY_PAGE (self)), answer);
  show_ranking (self);
  assay_chart_set_figure (self->removals, removals);
  assay_chart_set_figure (self->pairs, pairs);
  assay_chart_set_command (self->removals, answer->removal_command);
  assay_chart_set_command (self->pairs, answer->validity_command);
  gtk_widget_set_visible (self->validation, pairs != NULL);
  gtk_widget_set_visible (self->body, TRUE);
  gtk_stack_set_visible_child_name (self->stack, "answer");
}

static void
show_failure (AssayInfluencePage *self, const GError *fault)
{
  g_autofree char *visible = assay_text_escape (fault->message, FALSE);

  gtk_label_set_text (self->failure, visible);
  gtk_stack_set_visible_child_name (self->stack, "failed");
}

static void
on_parts (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayInfluencePage) self = data;
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayInfluenceParts) parts = assay_case_reader_finish (ASSAY_CASE_READER (source), result, &fault);
  g_autoptr (AssayFigure) figure = NULL;

  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  figure = parts ? assay_influence_parts_make_figure (parts) : NULL;
  assay_chart_set_figure (self->parts, figure);
  assay_chart_set_command (self->parts, self->answer ? self->answer->question->command : NULL);
}

/* Where the score of the chosen example comes from, where that was asked for. */
static void
show_parts (AssayInfluencePage *self, const char *reference)
{
  AssayCaseReader *reader = assay_page_get_reader (ASSAY_PAGE (self));

  if (reader == NULL || self->answer == NULL || !self->answer->has_converged || reference == NULL
      || assay_influence_damping_get_ranking (self->damping) != NULL)   /* parts are of the answer's damping */
    {
      assay_chart_set_figure (self->parts, NULL);
      return;
    }
  assay_case_reader_ask (reader, assay_influence_parts_read, assay_influence_parts_request_new (self->answer->question, self->answer->index, reference),
                         (GDestroyNotify) assay_influence_parts_request_free, (GDestroyNotify) assay_influence_parts_free,
                         assay_page_renew (&self->breaking), on_parts, g_object_ref (self));
}

static void
show_example (AssayInfluencePage *self)
{
  const char *reference = assay_session_get (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_EXAMPLE);
  AssayExampleIndex *index = self->answer ? self->answer->index : NULL;
  gint64 row = index && reference ? assay_example_index_find (index, reference) : -1;

  assay_example_detail_show (self->detail, index, row);
  show_parts (self, row >= 0 ? reference : NULL);
  gtk_widget_set_visible (self->examples, row >= 0);
  if (row >= 0)
    gtk_actionable_set_action_target (GTK_ACTIONABLE (self->examples), "(sss)", "examples", "example", reference);
}

static void
on_ranked (AssayInfluencePage *self)
{
  if (self->answer == NULL)
    return;
  show_ranking (self);
  show_example (self);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayInfluencePage) self = data;
  g_autoptr (GError) fault = NULL;
  AssayInfluenceAnswer *answer = assay_case_reader_finish (ASSAY_CASE_READER (source), result, &fault);

  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer == NULL)
    {
      show_failure (self, fault);
      return;
    }
  assay_score_lists_stop (self->ranking);
  assay_influence_answer_free (self->answer);
  self->answer = answer;
  show_answer (self);
  show_example (self);
}

static void
on_examples (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayInfluencePage) self = data;
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayExampleIndex) index = assay_case_examples_finish (ASSAY_CASE_EXAMPLES (source), result, &fault);
  AssayCaseReader *reader = assay_page_get_reader (ASSAY_PAGE (self));

  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED) || reader == NULL)
    return;
  if (index == NULL)
    show_failure (self, fault);
  else
    assay_case_reader_ask (reader, assay_influence_answer_read, assay_influence_request_new (self->wanted, index),
                           (GDestroyNotify) assay_influence_request_free, (GDestroyNotify) assay_influence_answer_free, assay_page_renew (&self->reading), on_answer, g_object_ref (self));
}

/* --- which question ------------------------------------------------------------------------------------------------ */

static AssayInfluenceQuestion *
find_question (AssayInfluencePage *self, const char *reference)
{
  for (guint k = 0; reference != NULL && k < self->questions->len; k++)
    {
      AssayInfluenceQuestion *question = self->questions->pdata[k];

      if (strcmp (question->reference, reference) == 0)
        return question;
    }
  return NULL;
}

/* The newest answer to just this query. */
static AssayInfluenceQuestion *
find_asked (AssayInfluencePage *self, const char *query)
{
  for (guint k = 0; k < self->questions->len; k++)
    {
      AssayInfluenceQuestion *question = self->questions->pdata[k];

      if (strcmp (question->asked, query) == 0)
        return question;
    }
  return NULL;
}

static void
want (AssayInfluencePage *self, AssayInfluenceQuestion *question)
{
  AssayCaseExamples *examples = assay_page_get_examples (ASSAY_PAGE (self));
  guint position;

  if (g_ptr_array_find (self->questions, question, &position))
    {
      self->is_quiet = TRUE;
      gtk_drop_down_set_selected (self->choice, position);
      self->is_quiet = FALSE;
    }
  if (self->answer != NULL && strcmp (self->answer->question->reference, question->reference) == 0)
    {
      gtk_stack_set_visible_child_name (self->stack, "answer");
      show_example (self);
      return;
    }
  g_clear_pointer (&self->wanted, assay_influence_question_unref);
  self->wanted = assay_influence_question_ref (question);
  if (examples != NULL)
    assay_case_examples_ask (examples, NULL, question->model, assay_page_renew (&self->loading), on_examples, g_object_ref (self));
}

static void
propose (AssayInfluencePage *self, const char *query)
{
  assay_influence_ask_set_jobs (self->ask, assay_page_get_jobs (ASSAY_PAGE (self)));
  assay_influence_ask_set (self->ask, self->path, query);
}

/* The session says which question; "ask:train:17" is one that may have to be asked first. */
static void
show_place (AssayInfluencePage *self)
{
  AssaySession *session = assay_page_get_session (ASSAY_PAGE (self));
  const char *reference = assay_session_get (session, ASSAY_SELECTED_QUERY);
  const char *query = reference && g_str_has_prefix (reference, ASK) ? reference + strlen (ASK) : NULL;
  AssayInfluenceQuestion *question;

  if (self->questions == NULL)
    return;
  question = query ? find_asked (self, query) : find_question (self, reference);
  if (query != NULL && question == NULL)
    propose (self, query);
  gtk_revealer_set_reveal_child (self->ask_revealer, self->is_asking || (query != NULL && question == NULL));
  if (question == NULL && self->questions->len > 0)
    question = self->questions->pdata[0];
  if (question != NULL)
    want (self, question);
  else
    gtk_stack_set_visible_child_name (self->stack, query != NULL || self->is_asking ? "answer" : "empty");
}

static void
on_chosen (AssayInfluencePage *self)
{
  guint position = gtk_drop_down_get_selected (self->choice);

  if (!self->is_quiet && self->questions != NULL && position < self->questions->len)
    assay_session_select (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_QUERY,
                          ((AssayInfluenceQuestion *) self->questions->pdata[position])->reference);
}

static void
fill_choice (AssayInfluencePage *self)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  for (guint k = 0; k < self->questions->len; k++)
    {
      const AssayInfluenceQuestion *question = self->questions->pdata[k];
      g_autofree char *place = g_strdup_printf (_(", %d of %d"), (int) question->query + 1, (int) question->n_queries);
      g_autofree char *name = g_strdup_printf ("%s%s · %s", question->asked[0] ? question->asked : question->scores,
                                               question->n_queries > 1 ? place : "", question->method);
      g_autofree char *visible = assay_text_escape (name, FALSE);

      gtk_string_list_append (names, visible);
    }
  self->is_quiet = TRUE;
  gtk_drop_down_set_model (self->choice, G_LIST_MODEL (names));
  self->is_quiet = FALSE;
}

static void
on_questions (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayInfluencePage) self = data;
  g_autoptr (GError) fault = NULL;
  GPtrArray *questions = assay_case_reader_finish (ASSAY_CASE_READER (source), result, &fault);

  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (questions == NULL)
    {
      show_failure (self, fault);
      return;
    }
  g_clear_pointer (&self->questions, g_ptr_array_unref);
  self->questions = questions;
  gtk_widget_set_visible (GTK_WIDGET (self->choice), questions->len > 0);
  fill_choice (self);
  show_place (self);
}

static void
show_case (AssayPage *page)
{
  AssayInfluencePage *self = ASSAY_INFLUENCE_PAGE (page);
  AssayCaseContents *contents = assay_page_get_contents (page);
  g_autofree char *quoted = assay_job_quote_word (contents->path), *command = NULL;

  assay_score_lists_stop (self->ranking);
  g_clear_pointer (&self->answer, assay_influence_answer_free);         /* validations and retrainings may be new */
  if (g_strcmp0 (self->path, contents->path) != 0)
    {
      g_clear_pointer (&self->questions, g_ptr_array_unref);
      g_free (self->path);
      self->path = g_strdup (contents->path);
      self->is_asking = FALSE;
      gtk_widget_set_visible (self->body, FALSE);
    }
  command = g_strdup_printf ("assay influence %s --query train:0", quoted);
  assay_empty_state_set_command (self->empty, assay_case_contents_count (contents, "model") > 0 ? command : NULL);
  if (self->questions == NULL)
    gtk_stack_set_visible_child_name (self->stack, "loading");
  assay_case_reader_ask (assay_page_get_reader (page), assay_influence_questions_read, NULL, NULL, (GDestroyNotify) g_ptr_array_unref,
                         assay_page_renew (&self->listing), on_questions, g_object_ref (self));
}

static void
follow (AssayPage *page)
{
  AssayInfluencePage *self = ASSAY_INFLUENCE_PAGE (page);

  show_place (self);
  show_example (self);
}

static void
on_row (GtkListBox *list, GtkListBoxRow *row, AssayInfluencePage *self)
{
  (void) list;
  assay_session_select (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_EXAMPLE, assay_score_row_get_reference (ASSAY_SCORE_ROW (row)));
}

/* About what is selected, also where that has an answer: by another method, or with another damping. */
static void
on_new (AssayInfluencePage *self)
{
  const char *example = assay_session_get (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_EXAMPLE);

  propose (self, example ? example : "train:0");
  self->is_asking = TRUE;
  gtk_revealer_set_reveal_child (self->ask_revealer, TRUE);
}

static void
on_not_asked (AssayInfluencePage *self)
{
  AssaySession *session = assay_page_get_session (ASSAY_PAGE (self));
  const char *query = assay_session_get (session, ASSAY_SELECTED_QUERY);

  self->is_asking = FALSE;
  if (query != NULL && g_str_has_prefix (query, ASK))
    assay_session_select (session, ASSAY_SELECTED_QUERY, NULL);
  gtk_revealer_set_reveal_child (self->ask_revealer, FALSE);
}

/* The list of questions may not have it yet: then it is shown when the case has been read again. */
static void
on_answered (AssayInfluencePage *self, const char *scores)
{
  g_autofree char *reference = g_strconcat (scores, "#0", NULL);

  self->is_asking = FALSE;
  gtk_revealer_set_reveal_child (self->ask_revealer, FALSE);
  assay_session_select (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_QUERY, reference);
}

/* The same query of another damping. */
static void
on_computed (AssayInfluencePage *self, const char *scores)
{
  g_autofree char *reference = g_strdup_printf ("%s#%" G_GINT64_FORMAT, scores, self->answer ? self->answer->question->query : 0);

  assay_session_select (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_QUERY, reference);
}

static void
on_pin (AssayInfluencePage *self)
{
  if (self->answer != NULL)
    assay_influence_pin (ASSAY_PAGE (self), self->answer->question);
}

/* --- the same elsewhere -------------------------------------------------------------------------------------------- */

static char *
dup_command (AssayPage *page)
{
  AssayInfluencePage *self = ASSAY_INFLUENCE_PAGE (page);
  const char *live = assay_influence_damping_get_command (self->damping);

  return live != NULL ? g_strdup (live) : self->answer ? g_strdup (self->answer->question->command) : NULL;
}

static char *
dup_object (AssayPage *page)
{
  const AssayInfluenceAnswer *answer = ASSAY_INFLUENCE_PAGE (page)->answer;

  return answer ? g_strconcat ("scores/", answer->question->scores, NULL) : NULL;
}

static json_t *
make_table (AssayPage *page)
{
  AssayInfluencePage *self = ASSAY_INFLUENCE_PAGE (page);

  const AssayInfluenceAnswer *live = assay_influence_damping_get_ranking (self->damping);

  return live != NULL || self->answer != NULL ? assay_influence_answer_make_table (live ? live : self->answer) : NULL;
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

static void
assay_influence_page_dispose (GObject *object)
{
  AssayInfluencePage *self = ASSAY_INFLUENCE_PAGE (object);
  GCancellable **requests[] = { &self->listing, &self->loading, &self->reading, &self->breaking };

  g_clear_pointer (&self->ranking, assay_score_lists_free);
  for (gsize k = 0; k < G_N_ELEMENTS (requests); k++)
    {
      if (*requests[k] != NULL)
        g_cancellable_cancel (*requests[k]);
      g_clear_object (requests[k]);
    }
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->questions, g_ptr_array_unref);
  g_clear_pointer (&self->wanted, assay_influence_question_unref);
  g_clear_pointer (&self->answer, assay_influence_answer_free);
  G_OBJECT_CLASS (assay_influence_page_parent_class)->dispose (object);
}

static void
assay_influence_page_class_init (AssayInfluencePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_influence_page_dispose;
  page_class->show_case = show_case;
  page_class->follow = follow;
  page_class->dup_command = dup_command;
  page_class->dup_object = dup_object;
  page_class->make_table = make_table;
  g_type_ensure (ASSAY_TYPE_CHART);
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  g_type_ensure (ASSAY_TYPE_EXAMPLE_DETAIL);
  g_type_ensure (ASSAY_TYPE_FACTS);
  g_type_ensure (ASSAY_TYPE_INFLUENCE_ASK);
  g_type_ensure (ASSAY_TYPE_INFLUENCE_DAMPING);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_influence.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, empty);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, failure);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, title);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, sign);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, refusal);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, raising_head);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, lowering_head);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, choice);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, facts);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, ask);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, ask_revealer);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, damping);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, lists);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, body);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, validation);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, pin);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, examples);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, validate);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, raising);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, lowering);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, removals);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, pairs);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, parts);
  gtk_widget_class_bind_template_child (widget_class, AssayInfluencePage, detail);
  gtk_widget_class_bind_template_callback (widget_class, on_chosen);
  gtk_widget_class_bind_template_callback (widget_class, on_new);
  gtk_widget_class_bind_template_callback (widget_class, on_not_asked);
  gtk_widget_class_bind_template_callback (widget_class, on_answered);
  gtk_widget_class_bind_template_callback (widget_class, on_pin);
  gtk_widget_class_bind_template_callback (widget_class, on_ranked);
  gtk_widget_class_bind_template_callback (widget_class, on_computed);
}

static void
assay_influence_page_init (AssayInfluencePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->ranking = assay_score_lists_new (self->raising, self->lowering);
  g_signal_connect (self->raising, "row-activated", G_CALLBACK (on_row), self);
  g_signal_connect (self->lowering, "row-activated", G_CALLBACK (on_row), self);
}

ASSAY_PAGE_DEFINE (influence) = {
  .name = "influence", .title = N_("Influence"), .icon = "assay-influence-symbolic",
  .purpose = N_("Which training examples caused a behaviour, and how sure that is"),
  .get_type = assay_influence_page_get_type,
  .results_of = (const char *const []) { "influence", "validate", "retrain", NULL },
};
