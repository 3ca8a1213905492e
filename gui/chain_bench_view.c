/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_bench_view.c: entries whose words, in their order, are the chain; an empty entry is a step that is not there. */
#include "gui/chain_bench_view.h"

#include "base/text.h"
#include "gui/chain_asker.h"
#include "gui/chart_drawing.h"
#include "gui/reasoning_figures.h"

#include <glib/gi18n.h>
#include <string.h>

struct _AssayChainBenchView {
  AdwBin parent_instance;
  GtkCheckButton *follow;
  GtkLabel *prompt, *error, *reading;
  GtkFlowBox *steps;
  AssayChartDrawing *answers;
  AssayReasoningAnswer *answer; /* NULL: nothing is on the bench */
  char *prompt_words;           /* from BOS to COT */
  char **written;               /* the steps as the model wrote them */
  GPtrArray *entries;           /* GtkEditable, which the flow box owns */
  GPtrArray *history;           /* char **: what the steps were before each change */
  char **current;               /* what the entries held when last looked at */
  AssayChainAsker *first, *asker;       /* of the chain as written, and of what became of it */
  AssayChainAnswer *before;     /* the answer behind the chain as written; NULL: not known yet */
  gboolean is_filling;          /* the entries are changed by us */
  guint noting, changed_step;   /* source, or 0; the step that was typed in */
};

G_DEFINE_FINAL_TYPE (AssayChainBenchView, assay_chain_bench_view, ADW_TYPE_BIN)

/* --- what the entries say ---------------------------------------------------------------------------------------------- */

static char **
read_steps (AssayChainBenchView *self)
{
  char **steps = g_new0 (char *, self->entries->len + 1);

  for (guint j = 0; j < self->entries->len; j++)
    steps[j] = g_strstrip (g_strdup (gtk_editable_get_text (self->entries->pdata[j])));
  return steps;
}

static void
fill_entries (AssayChainBenchView *self, char *const *steps)
{
  guint n = g_strv_length ((char **) steps);

  self->is_filling = TRUE;
  for (guint j = 0; j < self->entries->len; j++)
    {
      const char *text = j < n ? steps[j] : "";

      if (strcmp (gtk_editable_get_text (self->entries->pdata[j]), text) != 0)
        gtk_editable_set_text (self->entries->pdata[j], text);
    }
  self->is_filling = FALSE;
}

static void
ask_with (AssayChainBenchView *self, AssayChainAsker *asker, char **steps)
{
  g_autofree char *chain = g_strjoinv (" ", steps);

  assay_chain_asker_ask (asker, self->answer, self->prompt_words, chain);
}

static void
ask (AssayChainBenchView *self)
{
  ask_with (self, self->asker, self->current);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "bench.undo", self->history->len > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "bench.reset", !g_strv_equal ((const char *const *) self->current, (const char *const *) self->written));
}

/* The entries hold something else now. */
static void
note_change (AssayChainBenchView *self)
{
  char **now = read_steps (self);

  if (g_strv_equal ((const char *const *) now, (const char *const *) self->current))
    {
      g_strfreev (now);
      return;
    }
  g_ptr_array_add (self->history, self->current);
  self->current = now;
  ask (self);
}

static void
set_steps (AssayChainBenchView *self, char *const *steps)
{
  note_change (self);           /* what was typed and not yet noted */
  fill_entries (self, steps);
  note_change (self);
}

/* --- answers ----------------------------------------------------------------------------------------------------------- */

static void
show_answer (AssayChainBenchView *self, const AssayChainAnswer *now, gint64 microseconds)
{
  gboolean is_edited = !g_strv_equal ((const char *const *) self->current, (const char *const *) self->written);
  g_autoptr (AssayFigure) figure = assay_reasoning_figure_answers (self->answer, self->before, is_edited ? now : NULL);
  const char *reading = assay_figure_get_reading (figure);
  g_autofree char *words = is_edited ? g_strdup_printf (_("%s Asked and answered in %.1f ms."), reading, (double) microseconds / 1000)
                                     : g_strdup_printf (_("%s Change a step and see."), reading);

  assay_chart_drawing_set_figure (self->answers, figure);
  gtk_label_set_text (self->reading, words);
}

static AssayChainAnswer *
copy_answer (const AssayChainAnswer *answer)
{
  AssayChainAnswer *copy = g_memdup2 (answer, sizeof *answer);

  copy->p = g_memdup2 (answer->p, (gsize) answer->A * sizeof (double));
  copy->tokens = g_memdup2 (answer->tokens, (gsize) answer->n_tokens * sizeof (gint32));
  return copy;
}

static void
answered (AssayChainBenchView *self, AssayChainAnswer *answer, const char *message, gint64 microseconds)
{
  g_autofree char *visible = message ? assay_text_escape (message, FALSE) : NULL;

  gtk_label_set_text (self->error, visible ? visible : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), visible != NULL);
  if (answer == NULL)
    gtk_label_set_text (self->reading, _("The bars are of the last chain that could be read."));
  else if (self->before != NULL)
    show_answer (self, answer, microseconds);
}

static void
answered_first (AssayChainBenchView *self, AssayChainAnswer *answer, const char *message, gint64 microseconds)
{
  if (answer == NULL)
    {
      answered (self, NULL, message, microseconds);
      return;
    }
  self->before = copy_answer (answer);
  ask (self);
}

/* --- edits ------------------------------------------------------------------------------------------------------------- */

static gboolean
read_value (AssayChainBenchView *self, const char *word, gint32 *token)
{
  g_autoptr (GArray) tokens = assay_chain_encode (&self->answer->organism, word, NULL);

  if (tokens == NULL || tokens->len != 1)
    return FALSE;
  *token = g_array_index (tokens, gint32, 0);
  return TRUE;
}

/* The steps behind j (from 0) as they follow from it, where prompt, chain and value are such that they can. */
static void
write_what_follows (AssayChainBenchView *self, guint j)
{
  g_autoptr (GArray) prompt = assay_chain_encode (&self->answer->organism, self->prompt_words, NULL);
  g_auto (GStrv) steps = read_steps (self);
  g_autofree char *chain = g_strjoinv (" ", self->written);
  g_autoptr (GArray) written = assay_chain_encode (&self->answer->organism, chain, NULL);
  g_autofree gint32 *follows = NULL;
  gint32 value;

  if (prompt == NULL || written == NULL || !read_value (self, steps[j], &value))
    return;
  follows = assay_chain_bench_follow (self->answer->bench, (const gint32 *) (gpointer) prompt->data, prompt->len, (const gint32 *) (gpointer) written->data,
                                      written->len, j + 1, value, NULL);
  for (guint k = j + 1; follows != NULL && k < self->entries->len; k++)
    {
      g_free (steps[k]);
      steps[k] = assay_organism_decode (&self->answer->organism, &follows[k], 1);
    }
  fill_entries (self, steps);
}

static gboolean
note_typed (gpointer data)
{
  AssayChainBenchView *self = data;

  self->noting = 0;
  if (gtk_check_button_get_active (self->follow))
    write_what_follows (self, self->changed_step);
  note_change (self);
  return G_SOURCE_REMOVE;
}

/* A word that replaces another goes and comes: both are one edit. */
static void
typed (GtkEditable *entry, AssayChainBenchView *self)
{
  if (self->is_filling || !g_ptr_array_find (self->entries, entry, &self->changed_step))
    return;
  if (self->noting == 0)
    self->noting = g_idle_add_full (G_PRIORITY_HIGH_IDLE, note_typed, self, NULL);
}

void
assay_chain_bench_view_edit (AssayChainBenchView *self, const char *words)
{
  g_auto (GStrv) steps = g_strsplit (words, " ", -1);

  if (self->answer != NULL)
    set_steps (self, words[0] != '\0' ? steps : (char *[]) { NULL });
}

/* What a menu does to step j of steps: in place, but for taking out. */
static void
change_step (const char *what, AssayChainBenchView *self, char **steps, guint j)
{
  gint32 fill = self->answer->layout.fill;
  char *kept;

  if (strcmp (what, "bench.take-out") == 0)
    {
      kept = steps[j];
      memmove (steps + j, steps + j + 1, (self->entries->len - j - 1) * sizeof *steps);
      steps[self->entries->len - 1] = g_strdup ("");
      g_free (kept);
    }
  else if (strcmp (what, "bench.swap") == 0 && j + 1 < self->entries->len)
    {
      kept = steps[j];
      steps[j] = steps[j + 1];
      steps[j + 1] = kept;
    }
  else if (strcmp (what, "bench.fill") == 0)
    {
      g_free (steps[j]);
      steps[j] = assay_organism_decode (&self->answer->organism, &fill, 1);
    }
  else if (strcmp (what, "bench.cut") == 0)
    for (guint k = j; k < self->entries->len; k++)
      steps[k][0] = '\0';
}

static void
act_change (GtkWidget *widget, const char *name, GVariant *value)
{
  AssayChainBenchView *self = ASSAY_CHAIN_BENCH_VIEW (widget);
  guint j = g_variant_get_uint32 (value);
  g_auto (GStrv) steps = NULL;

  if (self->answer == NULL || j >= self->entries->len)
    return;
  steps = read_steps (self);
  change_step (name, self, steps, j);
  set_steps (self, steps);
}

/* (s): the whole chain, for the page and for tests. */
static void
act_set (GtkWidget *widget, const char *name, GVariant *words)
{
  (void) name;
  assay_chain_bench_view_edit (ASSAY_CHAIN_BENCH_VIEW (widget), g_variant_get_string (words, NULL));
}

static void
act_undo (GtkWidget *widget, const char *name, GVariant *value)
{
  AssayChainBenchView *self = ASSAY_CHAIN_BENCH_VIEW (widget);

  (void) name;
  (void) value;
  if (self->answer != NULL)
    note_change (self);
  if (self->history->len == 0)
    return;
  g_strfreev (self->current);
  self->current = g_ptr_array_steal_index (self->history, self->history->len - 1);
  fill_entries (self, self->current);
  ask (self);
}

static void
act_reset (GtkWidget *widget, const char *name, GVariant *value)
{
  AssayChainBenchView *self = ASSAY_CHAIN_BENCH_VIEW (widget);

  (void) name;
  (void) value;
  if (self->answer != NULL)
    set_steps (self, self->written);
}

/* --- a chain ----------------------------------------------------------------------------------------------------------- */

static GMenu *
make_menu (guint j, guint n)
{
  static const struct { const char *words, *action; } items[] = {
    { N_("_Take This Step Out"), "bench.take-out" }, { N_("_Swap With the Next"), "bench.swap" }, { N_("_Fill With a Token Without Meaning"), "bench.fill" },
    { N_("_Cut the Chain Here"), "bench.cut" },
  };
  GMenu *menu = g_menu_new ();

  for (gsize k = 0; k < G_N_ELEMENTS (items); k++)
    {
      g_autofree char *action = g_strdup_printf ("%s(uint32 %u)", items[k].action, j);

      if (j + 1 < n || strcmp (items[k].action, "bench.swap") != 0)
        g_menu_append (menu, _(items[k].words), action);
    }
  return menu;
}

static void
add_step (AssayChainBenchView *self, guint j, guint n)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0), *entry = gtk_entry_new (), *button = gtk_menu_button_new ();
  g_autofree char *name = g_strdup_printf (_("Step %u of %u"), j + 1, n), *more = g_strdup_printf (_("Change step %u"), j + 1);
  g_autoptr (GMenu) menu = make_menu (j, n);

  gtk_editable_set_width_chars (GTK_EDITABLE (entry), 4);
  gtk_editable_set_max_width_chars (GTK_EDITABLE (entry), 6);
  gtk_editable_set_enable_undo (GTK_EDITABLE (entry), FALSE);       /* the bench has its own, over all steps */
  gtk_widget_add_css_class (entry, "monospace");
  gtk_widget_set_tooltip_text (entry, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_editable_get_delegate (GTK_EDITABLE (entry))), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  gtk_widget_set_tooltip_text (button, more);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, more, -1);
  gtk_box_append (GTK_BOX (box), entry);
  gtk_box_append (GTK_BOX (box), button);
  gtk_widget_add_css_class (box, "linked");
  gtk_flow_box_append (self->steps, box);
  gtk_widget_set_focusable (gtk_widget_get_parent (box), FALSE);    /* the entry is what the keyboard wants */
  g_ptr_array_add (self->entries, entry);
  g_signal_connect (entry, "changed", G_CALLBACK (typed), self);
}

static void
make_entries (AssayChainBenchView *self)
{
  guint n = g_strv_length (self->written);
  GtkWidget *child;

  if (self->entries->len == n)
    return;
  g_ptr_array_set_size (self->entries, 0);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->steps))) != NULL)
    gtk_flow_box_remove (self->steps, child);
  for (guint j = 0; j < n; j++)
    add_step (self, j, n);
}

static void
forget (AssayChainBenchView *self)
{
  g_clear_handle_id (&self->noting, g_source_remove);
  assay_chain_asker_forget (self->first);
  assay_chain_asker_forget (self->asker);
  g_ptr_array_set_size (self->history, 0);
  g_clear_pointer (&self->before, assay_chain_answer_free);
  g_clear_pointer (&self->current, g_strfreev);
  g_clear_pointer (&self->written, g_strfreev);
  g_clear_pointer (&self->prompt_words, g_free);
  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
}

void
assay_chain_bench_view_set_chain (AssayChainBenchView *self, AssayReasoningAnswer *answer, gint64 chain)
{
  if (answer != NULL)
    assay_reasoning_answer_ref (answer);
  forget (self);
  self->answer = answer;
  if (answer == NULL)
    return;
  self->prompt_words = assay_reasoning_answer_dup_prompt (answer, chain);
  self->written = assay_reasoning_answer_list_steps (answer, chain);
  self->current = g_strdupv (self->written);
  gtk_label_set_text (self->prompt, self->prompt_words);
  make_entries (self);
  fill_entries (self, self->written);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "bench.undo", FALSE);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "bench.reset", FALSE);
  ask_with (self, self->first, self->written);
}

/* --- the widget -------------------------------------------------------------------------------------------------------- */

static void
assay_chain_bench_view_dispose (GObject *object)
{
  AssayChainBenchView *self = ASSAY_CHAIN_BENCH_VIEW (object);

  if (self->asker != NULL)
    forget (self);
  g_clear_object (&self->first);
  g_clear_object (&self->asker);
  G_OBJECT_CLASS (assay_chain_bench_view_parent_class)->dispose (object);
}

static void
assay_chain_bench_view_finalize (GObject *object)
{
  AssayChainBenchView *self = ASSAY_CHAIN_BENCH_VIEW (object);

  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->history);
  G_OBJECT_CLASS (assay_chain_bench_view_parent_class)->finalize (object);
}

static void
assay_chain_bench_view_class_init (AssayChainBenchViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  static const char *const changes[] = { "bench.take-out", "bench.swap", "bench.fill", "bench.cut" };

  G_OBJECT_CLASS (klass)->dispose = assay_chain_bench_view_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_chain_bench_view_finalize;
  g_type_ensure (ASSAY_TYPE_CHART_DRAWING);
  for (gsize k = 0; k < G_N_ELEMENTS (changes); k++)
    gtk_widget_class_install_action (widget_class, changes[k], "u", act_change);
  gtk_widget_class_install_action (widget_class, "bench.set", "s", act_set);
  gtk_widget_class_install_action (widget_class, "bench.undo", NULL, act_undo);
  gtk_widget_class_install_action (widget_class, "bench.reset", NULL, act_reset);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_z, GDK_CONTROL_MASK, "bench.undo", NULL);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/chain_bench_view.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayChainBenchView, follow);
  gtk_widget_class_bind_template_child (widget_class, AssayChainBenchView, prompt);
  gtk_widget_class_bind_template_child (widget_class, AssayChainBenchView, steps);
  gtk_widget_class_bind_template_child (widget_class, AssayChainBenchView, error);
  gtk_widget_class_bind_template_child (widget_class, AssayChainBenchView, answers);
  gtk_widget_class_bind_template_child (widget_class, AssayChainBenchView, reading);
}

static void
assay_chain_bench_view_init (AssayChainBenchView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->entries = g_ptr_array_new ();
  self->history = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  self->first = assay_chain_asker_new ();
  self->asker = assay_chain_asker_new ();
  g_signal_connect_object (self->first, "answered", G_CALLBACK (answered_first), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->asker, "answered", G_CALLBACK (answered), self, G_CONNECT_SWAPPED);
}
