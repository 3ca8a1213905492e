/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_asker.c: one question under way and at most one that waits. */
#include "gui/chain_asker.h"

#include <gio/gio.h>

typedef struct {
  AssayReasoningAnswer *of;
  char *prompt, *chain;
  guint64 serial;
  gint64 asked;                 /* monotonic time */
} Question;

struct _AssayChainAsker {
  GObject parent_instance;
  Question *waiting;            /* NULL: none */
  gboolean is_busy;
  guint64 serial;               /* of the newest question */
};

G_DEFINE_FINAL_TYPE (AssayChainAsker, assay_chain_asker, G_TYPE_OBJECT)

enum { ANSWERED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
question_free (gpointer data)
{
  Question *question = data;

  if (question == NULL)
    return;
  assay_reasoning_answer_unref (question->of);
  g_free (question->prompt);
  g_free (question->chain);
  g_free (question);
}

/* On a thread of the pool. */
static void
answer_question (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Question *question = data;
  GError *error = NULL;
  AssayChainAnswer *answer = assay_chain_bench_ask_text (question->of->bench, question->prompt, question->chain, &error);

  (void) source;
  (void) cancellable;
  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) assay_chain_answer_free);
  else
    g_task_return_error (task, error);
}

static void ask_next (AssayChainAsker *self);

static void
answered (GObject *source, GAsyncResult *result, gpointer data)
{
  AssayChainAsker *self = ASSAY_CHAIN_ASKER (source);
  const Question *question = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayChainAnswer) answer = g_task_propagate_pointer (G_TASK (result), &error);

  (void) data;
  self->is_busy = FALSE;
  if (question->serial == self->serial)
    g_signal_emit (self, signals[ANSWERED], 0, answer, error ? error->message : NULL, g_get_monotonic_time () - question->asked);
  ask_next (self);
}

static void
ask_next (AssayChainAsker *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->is_busy || self->waiting == NULL)
    return;
  self->is_busy = TRUE;
  task = g_task_new (self, NULL, answered, NULL);
  g_task_set_task_data (task, g_steal_pointer (&self->waiting), question_free);
  g_task_run_in_thread (task, answer_question);
}

void
assay_chain_asker_ask (AssayChainAsker *self, AssayReasoningAnswer *of, const char *prompt, const char *chain)
{
  Question *question = g_new0 (Question, 1);

  *question = (Question) { assay_reasoning_answer_ref (of), g_strdup (prompt), g_strdup (chain), ++self->serial, g_get_monotonic_time () };
  question_free (self->waiting);
  self->waiting = question;
  ask_next (self);
}

void
assay_chain_asker_forget (AssayChainAsker *self)
{
  self->serial++;
  g_clear_pointer (&self->waiting, question_free);
}

AssayChainAsker *
assay_chain_asker_new (void)
{
  return g_object_new (ASSAY_TYPE_CHAIN_ASKER, NULL);
}

static void
assay_chain_asker_finalize (GObject *object)
{
  g_clear_pointer (&ASSAY_CHAIN_ASKER (object)->waiting, question_free);
  G_OBJECT_CLASS (assay_chain_asker_parent_class)->finalize (object);
}

static void
assay_chain_asker_class_init (AssayChainAskerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_chain_asker_finalize;
  signals[ANSWERED] = g_signal_new ("answered", ASSAY_TYPE_CHAIN_ASKER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3, G_TYPE_POINTER, G_TYPE_STRING,
                                    G_TYPE_INT64);
}

static void
assay_chain_asker_init (AssayChainAsker *self)
{
  (void) self;
}
