/* SPDX-License-Identifier: GPL-3.0-or-later */
/* io_thread.c: the queue in front of the store's thread. */
#include "store/io_thread.h"

#include <signal.h>

#include "store/hdf5_door.h"

typedef struct {
  AssayStoreFunc call;          /* somebody waits */
  void         (*post) (gpointer data);
  gpointer       data;
  GError       **error;
  gboolean       result, done;
} Task;

static struct {
  GMutex   mutex;
  GCond    work;                /* a task has come */
  GCond    finished;            /* a call has ended */
  GQueue   tasks;
  GThread *thread;
} store;

static gpointer
serve (gpointer unused)
{
  (void) unused;
  assay_hdf5_open_library ();
  g_mutex_lock (&store.mutex);
  for (;;)
    {
      Task *task = g_queue_pop_head (&store.tasks);

      if (task == NULL)
        {
          g_cond_wait (&store.work, &store.mutex);
          continue;
        }
      g_mutex_unlock (&store.mutex);
      if (task->post != NULL)
        {
          task->post (task->data);
          g_free (task);
          g_mutex_lock (&store.mutex);
          continue;
        }
      task->result = task->call (task->data, task->error);
      g_mutex_lock (&store.mutex);
      task->done = TRUE;                /* from here on the task is the caller's again */
      g_cond_broadcast (&store.finished);
    }
  return NULL;
}

/* Signals belong to the program's own threads. Holds the mutex. */
static void
ensure_thread (void)
{
  sigset_t all, before;

  if (store.thread != NULL)
    return;
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  store.thread = g_thread_new ("assay-store", serve, NULL);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
}

gboolean
assay_store_call (AssayStoreFunc func, gpointer data, GError **error)
{
  Task task = { .call = func, .data = data, .error = error };

  g_mutex_lock (&store.mutex);
  ensure_thread ();
  if (store.thread == g_thread_self ())
    {
      g_mutex_unlock (&store.mutex);
      return func (data, error);
    }
  g_queue_push_tail (&store.tasks, &task);
  g_cond_signal (&store.work);
  while (!task.done)
    g_cond_wait (&store.finished, &store.mutex);
  g_mutex_unlock (&store.mutex);
  return task.result;
}

void
assay_store_post (void (*func) (gpointer data), gpointer data)
{
  Task *task = g_new0 (Task, 1);

  task->post = func;
  task->data = data;
  g_mutex_lock (&store.mutex);
  ensure_thread ();
  g_queue_push_tail (&store.tasks, task);
  g_cond_signal (&store.work);
  g_mutex_unlock (&store.mutex);
}
