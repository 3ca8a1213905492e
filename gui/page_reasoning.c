/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_reasoning.c: whether written reasoning is really used for the answer: judged chains, one of them in full, and a bench to edit it. */
#include "gui/chain_bench_view.h"
#include "gui/chain_figures.h"
#include "gui/chain_list.h"
#include "gui/chain_probes.h"
#include "gui/dial.h"
#include "gui/empty_state.h"
#include "gui/gradually.h"
#include "gui/page.h"
#include "gui/proposal.h"
#include "gui/reasoning_figures.h"

#include "base/json.h"
#include "base/text.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>


#define ASSAY_TYPE_REASONING_PAGE (assay_reasoning_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayReasoningPage, assay_reasoning_page, ASSAY, REASONING_PAGE, AssayPage)

struct _AssayReasoningPage {
  AssayPage parent_instance;
  GtkStack *stack;
  AssayEmptyState *empty, *failed;
  GtkActionable *influence;
  GtkLabel *summary, *pair_text, *chain_text, *chain_answer, *known;
  GtkWidget *pair;
  GtkDropDown *order;
  AssayChainList *chains;
  GtkScrolledWindow *scroll;
  AssayDial *used_dial, *disclosed_dial;
  AssayChainBenchView *bench;
  AssayChainFigures *figures;
  AssayChainProbes *probes;
  GCancellable *reading;
  gpointer reader;              /* of the answer's case; only compared */
  AssayReasoningAnswer *answer; /* NULL: none yet */
  gint64 shown;                 /* chain, -1: none */
  guint later;                  /* source, while a chain is to be shown */
  gint64 same_text[2];          /* a decorative one and a used one, where `pair` is visible */
};

G_DEFINE_FINAL_TYPE (AssayReasoningPage, assay_reasoning_page, ASSAY_TYPE_PAGE)

/* --- one chain ------------------------------------------------------------------------------------------------------- */

static void
set_escaped (GtkLabel *label, const char *text)
{
  g_autofree char *visible = assay_text_escape (text, FALSE);

  gtk_label_set_text (label, visible);
}

/* What the verdicts rest on. */
static char *
describe_basis (const AssayReasoningAnswer *answer)
{
  const json_t *instrument = json_object_get (answer->document, "instrument"), *certificate = json_object_get (instrument, "certificate");
  const char *family;

  if (!json_is_true (json_object_get (instrument, "is_calibrated")))
    return g_strdup_printf (_("not calibrated: %s"), assay_json_get_text (instrument, "reason"));
  family = json_is_true (json_object_get (certificate, "of_this_model")) ? _("this model")
           : json_is_true (json_object_get (certificate, "same_family")) ? _("same shape and family of data") : _("same shape, another family of data");
  return g_strdup_printf (_("calibrated on the certified %s (%s)"), assay_json_get_text (certificate, "model"), family);
}

static void
show_dials (AssayReasoningPage *self, const json_t *whole)
{
  const json_t *used = json_object_get (whole, "used");
  g_autofree char *basis = describe_basis (self->answer), *visible = assay_text_escape (basis, FALSE);

  assay_dial_set (self->used_dial, assay_json_get_number (used, "estimate"), assay_json_get_number (used, "lo"), assay_json_get_number (used, "hi"),
                  assay_json_get_text (used, "verdict"), visible);
  assay_dial_set (self->disclosed_dial, (double) NAN, (double) NAN, (double) NAN, assay_json_get_text (whole, "disclosed"),
                  _("Another question: no answer to the first says anything about it."));
}

static char *
describe_reading (const json_t *whole, const char *probe)
{
  gsize k;
  json_t *one;

  json_array_foreach (json_object_get (whole, "probes"), k, one)
    if (strcmp (assay_json_get_text (one, "name"), probe) == 0)
      {
        g_autofree char *value = assay_reasoning_write (one, "value"), *control = assay_reasoning_write (one, "control");

        return g_strdup_printf (_("%s (control %s)"), value, control);
      }
  return g_strdup (_("not probed"));
}

static void
show_known (AssayReasoningPage *self, const json_t *whole)
{
  g_autofree char *before = describe_reading (whole, "prechain"), *late = describe_reading (whole, "position");
  g_autofree char *words = g_strdup_printf (_("before the first step %s; at the answer, with no step read, %s"), before, late);

  gtk_label_set_text (self->known, words);
}

static void
show_chain (AssayReasoningPage *self, gint64 chain)
{
  json_t *whole = assay_reasoning_answer_describe (self->answer, chain);
  g_autofree char *example = assay_reasoning_answer_dup_example (self->answer, chain), *words = NULL;
  g_autofree char *query = g_strconcat ("ask:", example, NULL);

  self->shown = chain;
  gtk_actionable_set_action_target (self->influence, "(sss)", "influence", "query", query);
  set_escaped (self->chain_text, assay_json_get_text (whole, "text"));
  words = g_strdup_printf (_("answers %s with probability %.3f; without any chain %s. Example %s."), assay_json_get_text (whole, "answer"),
                           assay_json_get_number (whole, "p_full"), assay_json_get_text (whole, "answer_without_chain"), example);
  set_escaped (self->chain_answer, words);
  show_dials (self, whole);
  show_known (self, whole);
  assay_chain_list_select (self->chains, chain);
  assay_chain_bench_view_set_chain (self->bench, self->answer, chain);
  assay_chain_figures_set_chain (self->figures, self->answer, whole);
  assay_chain_probes_set_chain (self->probes, self->answer, whole);
  json_decref (whole);
}

/* By a person: everything else follows. */
static void
choose_chain (AssayReasoningPage *self, gint64 chain)
{
  g_autofree char *example = assay_reasoning_answer_dup_example (self->answer, chain);

  if (chain != self->shown)
    show_chain (self, chain);
  assay_session_select (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_EXAMPLE, example);
}

static void
chain_picked (AssayReasoningPage *self, gint64 chain)
{
  choose_chain (self, chain);
}

static void
show_decorative (AssayReasoningPage *self)
{
  choose_chain (self, self->same_text[0]);
}

static void
show_used (AssayReasoningPage *self)
{
  choose_chain (self, self->same_text[1]);
}

static void
order_chosen (AssayReasoningPage *self)
{
  assay_chain_list_set_order (self->chains, (AssayChainOrder) gtk_drop_down_get_selected (self->order));
}

static void
scroll_to (AssayReasoningPage *self, GtkWidget *widget)
{
  GtkWidget *content = gtk_widget_get_parent (widget);
  double x, y;

  if (gtk_widget_translate_coordinates (widget, content, 0, 0, &x, &y))
    gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroll), y);
}

static void
point_chosen (AssayReasoningPage *self, const char *probe, gint64 point)
{
  assay_chain_probes_show_edits (self->probes, probe, point);
  scroll_to (self, GTK_WIDGET (self->probes));
}

static void
try_edit (AssayReasoningPage *self, const char *steps)
{
  assay_chain_bench_view_edit (self->bench, steps);
  scroll_to (self, GTK_WIDGET (self->bench));
}

/* --- all of them ----------------------------------------------------------------------------------------------------- */

static void
show_summary (AssayReasoningPage *self)
{
  static const char *const verdicts[] = { "used", "partly used", "decorative", "cannot tell" };
  g_autoptr (GString) words = g_string_new (NULL);
  gint64 count[G_N_ELEMENTS (verdicts)] = { 0 };
  g_autofree char *text = NULL;

  for (gint64 i = 0; i < self->answer->n; i++)
    {
      const char *verdict = assay_json_get_text (json_object_get (assay_reasoning_answer_get (self->answer, i), "used"), "verdict");

      for (gsize k = 0; k < G_N_ELEMENTS (verdicts); k++)
        count[k] += strcmp (verdict, verdicts[k]) == 0;
    }
  g_string_append_printf (words, _("%" G_GINT64_FORMAT " chains of model %s:"), self->answer->n, assay_json_get_text (self->answer->document, "model"));
  for (gsize k = 0; k < G_N_ELEMENTS (verdicts); k++)
    if (count[k] > 0)
      g_string_append_printf (words, "%s %" G_GINT64_FORMAT " %s", words->str[words->len - 1] == ':' ? "" : ",", count[k], verdicts[k]);
  set_escaped (self->summary, words->str);
  gtk_widget_set_visible (self->pair, assay_reasoning_answer_find_pair (self->answer, self->same_text));
  if (gtk_widget_get_visible (self->pair))
    {
      text = assay_reasoning_answer_dup_text (self->answer, self->same_text[0]);
      set_escaped (self->pair_text, text);
    }
}

/* The selected example's chain; else the one that was shown; else one that teaches. */
static void
show_selected (AssayReasoningPage *self)
{
  const char *example = assay_session_get (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_EXAMPLE);
  gint64 chain = assay_reasoning_answer_find_example (self->answer, example);

  if (chain < 0)
    chain = self->shown >= 0 ? self->shown : gtk_widget_get_visible (self->pair) ? self->same_text[0] : 0;
  if (chain != self->shown && chain < self->answer->n)
    show_chain (self, chain);
}

/* The chain is shown in the frame after that of the list: both together take longer than a frame may. */
static gboolean
show_selected_later (gpointer data)
{
  AssayReasoningPage *self = data;

  if (self->answer != NULL)
    show_selected (self);
  return FALSE;
}

static void
show_answer (AssayReasoningPage *self, AssayReasoningAnswer *answer)
{
  gboolean is_same = self->answer != NULL && strcmp (self->answer->object, answer->object) == 0;

  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
  self->answer = assay_reasoning_answer_ref (answer);
  gtk_stack_set_visible_child_name (self->stack, "chains");
  if (is_same)                  /* something else came into the case: what is on the bench stays there */
    return;
  self->shown = -1;
  assay_chain_list_set_answer (self->chains, answer);
  show_summary (self);
  assay_gradually_begin (&self->later, FALSE, show_selected_later, self);
}

static void
answer_read (GObject *reader, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayReasoningPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayReasoningAnswer) answer = assay_case_reader_finish (ASSAY_CASE_READER (reader), result, &error);
  g_autofree char *visible = NULL, *markup = NULL;

  if (answer != NULL && answer->n > 0)
    show_answer (self, answer);
  else if (answer != NULL)
    gtk_stack_set_visible_child_name (self->stack, "empty");
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      visible = assay_text_escape (error->message, FALSE);
      markup = g_markup_escape_text (visible, -1);
      g_object_set (self->failed, "description", markup, NULL);
      gtk_stack_set_visible_child_name (self->stack, "failed");
    }
}

static gboolean
has_judgement (const AssayCaseContents *contents)
{
  for (guint k = 0; k < contents->objects->len; k++)
    {
      const AssayObject *object = contents->objects->pdata[k];

      if (strcmp (object->kind, "job") == 0 && g_str_has_prefix (object->name, "cot/"))
        return TRUE;
    }
  return FALSE;
}

static void
forget (AssayReasoningPage *self)
{
  assay_chain_list_set_answer (self->chains, NULL);
  assay_chain_bench_view_set_chain (self->bench, NULL, 0);
  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
  self->shown = -1;
}

static void
show_case (AssayPage *page)
{
  AssayReasoningPage *self = ASSAY_REASONING_PAGE (page);
  AssayCaseContents *contents = assay_page_get_contents (page);
  GCancellable *cancellable = assay_page_renew (&self->reading);
  g_autofree char *command = assay_proposal_for ("cot", contents);

  if (self->reader != (gpointer) assay_page_get_reader (page))
    forget (self);
  self->reader = assay_page_get_reader (page);
  assay_empty_state_set_command (self->empty, command);
  assay_empty_state_set_command (self->failed, command);
  if (!has_judgement (contents))
    {
      forget (self);
      gtk_stack_set_visible_child_name (self->stack, "empty");
      return;
    }
  if (self->answer == NULL)
    gtk_stack_set_visible_child_name (self->stack, "reading");
  assay_case_reader_ask (assay_page_get_reader (page), assay_reasoning_answer_read, NULL, NULL, (GDestroyNotify) assay_reasoning_answer_unref, cancellable,
                         answer_read, g_object_ref (self));
}

static void
follow (AssayPage *page)
{
  AssayReasoningPage *self = ASSAY_REASONING_PAGE (page);

  if (self->answer != NULL)
    show_selected (self);
}

static char *
dup_command (AssayPage *page)
{
  AssayReasoningPage *self = ASSAY_REASONING_PAGE (page);

  return self->answer != NULL ? assay_reasoning_answer_dup_command (self->answer, self->shown)
                              : assay_proposal_for ("cot", assay_page_get_contents (page));
}

static char *
dup_object (AssayPage *page)
{
  const AssayReasoningAnswer *answer = ASSAY_REASONING_PAGE (page)->answer;

  return answer ? g_strconcat ("cot/", assay_json_get_text (answer->document, "cot_object"), NULL) : NULL;
}

static json_t *
make_table (AssayPage *page)
{
  AssayReasoningPage *self = ASSAY_REASONING_PAGE (page);

  return self->answer != NULL ? assay_reasoning_answer_make_table (self->answer) : NULL;
}

/* --- the page -------------------------------------------------------------------------------------------------------- */

static void
assay_reasoning_page_dispose (GObject *object)
{
  AssayReasoningPage *self = ASSAY_REASONING_PAGE (object);

  assay_gradually_stop (&self->later);
  g_cancellable_cancel (self->reading);
  g_clear_object (&self->reading);
  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
  G_OBJECT_CLASS (assay_reasoning_page_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, empty);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, failed);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, summary);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, pair);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, pair_text);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, order);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, chains);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, scroll);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, chain_text);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, chain_answer);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, influence);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, used_dial);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, disclosed_dial);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, known);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, bench);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, figures);
  gtk_widget_class_bind_template_child (widget_class, AssayReasoningPage, probes);
}

static void
assay_reasoning_page_class_init (AssayReasoningPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_reasoning_page_dispose;
  page_class->show_case = show_case;
  page_class->follow = follow;
  page_class->dup_command = dup_command;
  page_class->dup_object = dup_object;
  page_class->make_table = make_table;
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  g_type_ensure (ASSAY_TYPE_CHAIN_LIST);
  g_type_ensure (ASSAY_TYPE_CHAIN_BENCH_VIEW);
  g_type_ensure (ASSAY_TYPE_CHAIN_FIGURES);
  g_type_ensure (ASSAY_TYPE_CHAIN_PROBES);
  g_type_ensure (ASSAY_TYPE_DIAL);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_reasoning.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, chain_picked);
  gtk_widget_class_bind_template_callback (widget_class, show_decorative);
  gtk_widget_class_bind_template_callback (widget_class, show_used);
  gtk_widget_class_bind_template_callback (widget_class, order_chosen);
  gtk_widget_class_bind_template_callback (widget_class, point_chosen);
  gtk_widget_class_bind_template_callback (widget_class, try_edit);
}

static void
assay_reasoning_page_init (AssayReasoningPage *self)
{
  self->shown = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
}

ASSAY_PAGE_DEFINE (reasoning) = {
  .name = "reasoning", .title = N_("Reasoning"), .icon = "assay-reasoning-symbolic",
  .purpose = N_("Whether written reasoning is really used for the answer"),
  .get_type = assay_reasoning_page_get_type,
  .results_of = (const char *const []) { "cot", "certify", NULL },
};
