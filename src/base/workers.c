/* SPDX-License-Identifier: GPL-3.0-or-later */
/* workers.c: the crew. One mutex, one generation counter, an atomic next-block counter.
 *
 * Waking a thread that sleeps takes as long as a small task. So whoever waits looks for some microseconds first, where there is a processor for each of the
 * crew; then it sleeps.
 *
 * A task is published under the mutex by raising `generation`; workers take blocks from `next` until none is left, and the
 * last to leave wakes the caller. While a task is under way a late worker may find no block left: it just leaves.
 */
#include "config.h"

#include "base/workers.h"

#include <stdatomic.h>

struct _AssayWorkers {
  guint n_threads;
  GThread **threads;            /* n_threads - 1: the caller is the first worker */
  GMutex mutex;
  GCond work, idle;
  _Atomic guint64 generation;   /* written under the mutex */
  _Atomic guint busy;           /* helpers inside the present task; written under the mutex */
  guint asleep;                 /* helpers that must be woken */
  guint looks;                  /* before a thread that waits falls asleep */
  gboolean stopping;
  atomic_int running;           /* a task is under way: nested calls run inline */

  AssayBlockFunc func;
  gpointer data;
  gsize n_blocks;
  atomic_size_t next;
};

typedef struct { AssayWorkers *workers; guint index; } Helper;

#define LOOKS 1000              /* some 20 microseconds */

static inline void
pause_shortly (void)
{
#ifdef ASSAY_HAVE_X86
  __builtin_ia32_pause ();
#else
  atomic_signal_fence (memory_order_seq_cst);
#endif
}

static void
take_blocks (AssayWorkers *w, AssayBlockFunc func, gpointer data, gsize n_blocks, guint worker)
{
  gsize block;

  while ((block = atomic_fetch_add (&w->next, 1)) < n_blocks)
    func (block, worker, data);
}

static gpointer
helper_main (gpointer arg)
{
  Helper *self = arg;
  AssayWorkers *w = self->workers;
  guint64 seen = 0;

  g_mutex_lock (&w->mutex);
  for (;;)
    {
      if (w->generation == seen && w->looks > 0)
        {
          g_mutex_unlock (&w->mutex);
          for (guint k = 0; k < w->looks && atomic_load_explicit (&w->generation, memory_order_relaxed) == seen; k++)
            pause_shortly ();
          g_mutex_lock (&w->mutex);
        }
      w->asleep++;
      while (w->generation == seen && !w->stopping)
        g_cond_wait (&w->work, &w->mutex);
      w->asleep--;
      if (w->stopping)
        break;
      seen = w->generation;
      if (w->func == NULL)
        continue;                                                 /* woke after the task had ended */
      w->busy++;
      AssayBlockFunc func = w->func;
      gpointer data = w->data;
      gsize n_blocks = w->n_blocks;
      g_mutex_unlock (&w->mutex);

      take_blocks (w, func, data, n_blocks, self->index);

      g_mutex_lock (&w->mutex);
      if (--w->busy == 0)
        g_cond_signal (&w->idle);
    }
  g_mutex_unlock (&w->mutex);
  g_free (self);
  return NULL;
}

AssayWorkers *
assay_workers_new (guint n_threads)
{
  AssayWorkers *w = g_new0 (AssayWorkers, 1);

  w->n_threads = n_threads ? n_threads : g_get_num_processors ();
  w->looks = w->n_threads <= g_get_num_processors () ? LOOKS : 0;
  g_mutex_init (&w->mutex);
  g_cond_init (&w->work);
  g_cond_init (&w->idle);
  w->threads = g_new0 (GThread *, w->n_threads);
  for (guint i = 1; i < w->n_threads; i++)
    {
      Helper *helper = g_new (Helper, 1);

      *helper = (Helper) { w, i };
      w->threads[i] = g_thread_new ("assay-worker", helper_main, helper);
    }
  return w;
}

void
assay_workers_free (AssayWorkers *w)
{
  if (w == NULL)
    return;
  g_mutex_lock (&w->mutex);
  w->stopping = TRUE;
  g_cond_broadcast (&w->work);
  g_mutex_unlock (&w->mutex);
  for (guint i = 1; i < w->n_threads; i++)
    g_thread_join (w->threads[i]);
  g_free (w->threads);
  g_mutex_clear (&w->mutex);
  g_cond_clear (&w->work);
  g_cond_clear (&w->idle);
  g_free (w);
}

guint
assay_workers_get_count (const AssayWorkers *w)
{
  return w ? w->n_threads : 1;
}

void
assay_workers_run (AssayWorkers *w, gsize n_blocks, AssayBlockFunc func, gpointer data)
{
  int expected = 0;

  if (w == NULL || w->n_threads == 1 || n_blocks <= 1 || !atomic_compare_exchange_strong (&w->running, &expected, 1))
    {
      for (gsize block = 0; block < n_blocks; block++)
        func (block, 0, data);
      return;
    }

  g_mutex_lock (&w->mutex);
  w->func = func;
  w->data = data;
  w->n_blocks = n_blocks;
  atomic_store (&w->next, 0);
  w->generation++;
  if (w->asleep > 0)
    g_cond_broadcast (&w->work);
  g_mutex_unlock (&w->mutex);

  take_blocks (w, func, data, n_blocks, 0);

  for (guint k = 0; k < w->looks && atomic_load_explicit (&w->busy, memory_order_relaxed) > 0; k++)
    pause_shortly ();
  g_mutex_lock (&w->mutex);
  w->func = NULL;                                                 /* late wakers must not enter */
  while (w->busy > 0)
    g_cond_wait (&w->idle, &w->mutex);
  g_mutex_unlock (&w->mutex);
  atomic_store (&w->running, 0);
}
