/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-workers.c: every block runs once, nested tasks run inline, and a crew without work sleeps. */
#include "base/workers.h"

#include <stdatomic.h>
#include <string.h>

#define MOST 1000

typedef struct {
  AssayWorkers *workers;
  guint n_threads;
  atomic_int runs[MOST];
  atomic_int strangers;         /* blocks with a worker number outside the crew, or two blocks of one worker at a time */
  atomic_int inside[8];
} Task;

static void
count_block (gsize block, guint worker, gpointer data)
{
  Task *task = data;

  if (worker >= task->n_threads || atomic_fetch_add (&task->inside[worker], 1) != 0)
    atomic_fetch_add (&task->strangers, 1);
  atomic_fetch_add (&task->runs[block], 1);
  atomic_fetch_sub (&task->inside[worker], 1);
}

static void
test_once (void)
{
  static const gsize sizes[] = { 0, 1, 2, 3, 7, 64, MOST };

  for (guint n_threads = 1; n_threads <= 6; n_threads++)
    {
      g_autoptr (AssayWorkers) workers = assay_workers_new (n_threads);

      g_assert_cmpuint (assay_workers_get_count (workers), ==, n_threads);
      for (gsize s = 0; s < G_N_ELEMENTS (sizes); s++)
        {
          g_autofree Task *task = g_new0 (Task, 1);

          task->n_threads = n_threads;
          assay_workers_run (workers, sizes[s], count_block, task);
          for (gsize block = 0; block < MOST; block++)
            g_assert_cmpint (task->runs[block], ==, block < sizes[s]);
          g_assert_cmpint (task->strangers, ==, 0);
        }
    }
}

/* Thousands of tiny tasks one after another: a helper that wakes late must not enter the next one with the last one's data. */
static void
test_many_small_tasks (void)
{
  g_autoptr (AssayWorkers) workers = assay_workers_new (5);
  g_autofree Task *tasks = g_new0 (Task, 2);

  for (guint k = 0; k < 20000; k++)
    {
      Task *task = &tasks[k % 2];

      task->n_threads = 5;
      assay_workers_run (workers, 3, count_block, task);
      for (gsize block = 0; block < 3; block++)
        g_assert_cmpint (task->runs[block], ==, k / 2 + 1);
      g_assert_cmpint (task->strangers, ==, 0);
    }
}

typedef struct {
  AssayWorkers *workers;
  atomic_int inner, elsewhere;
} Nest;

typedef struct { Nest *nest; GThread *caller; } Inner;

static void
run_inner (gsize block, guint worker, gpointer data)
{
  Inner *inner = data;

  (void) block;
  atomic_fetch_add (&inner->nest->inner, 1);
  if (g_thread_self () != inner->caller || worker != 0)
    atomic_fetch_add (&inner->nest->elsewhere, 1);
}

static void
run_outer (gsize block, guint worker, gpointer data)
{
  Nest *nest = data;
  Inner inner = { nest, g_thread_self () };

  (void) block;
  (void) worker;
  assay_workers_run (nest->workers, 10, run_inner, &inner);
}

static void
test_nested (void)
{
  g_autoptr (AssayWorkers) workers = assay_workers_new (3);
  Nest nest = { .workers = workers };

  assay_workers_run (workers, 20, run_outer, &nest);
  g_assert_cmpint (nest.inner, ==, 200);
  g_assert_cmpint (nest.elsewhere, ==, 0);
}

static void
test_no_crew (void)
{
  g_autofree Task *task = g_new0 (Task, 1);

  task->n_threads = 1;
  assay_workers_run (NULL, 17, count_block, task);
  for (gsize block = 0; block < 17; block++)
    g_assert_cmpint (task->runs[block], ==, 1);
  g_assert_cmpuint (assay_workers_get_count (NULL), ==, 1);
  assay_workers_free (NULL);
}

/* How many threads of this process, the caller apart, the kernel would run now; -1 where it does not say. */
static int
count_awake (void)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *id;
  int awake = 0;

  if (tasks == NULL)
    return -1;
  while ((id = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_strdup_printf ("/proc/self/task/%s/stat", id), *text = NULL;
      const char *state;

      if (g_file_get_contents (path, &text, NULL, NULL) && (state = strrchr (text, ')')) != NULL && state[2] == 'R')
        awake++;
    }
  return awake - 1;
}

static void
test_sleep (void)
{
  g_autoptr (AssayWorkers) workers = assay_workers_new (6);
  g_autofree Task *task = g_new0 (Task, 1);
  int awake;

  task->n_threads = 6;
  assay_workers_run (workers, MOST, count_block, task);
  awake = count_awake ();
  if (awake < 0)
    {
      g_test_skip ("/proc/self/task is not there");
      return;
    }
  for (guint tries = 0; awake > 0 && tries < 2000; tries++)       /* a thread that spins is never seen asleep */
    {
      g_usleep (5000);
      awake = count_awake ();
    }
  g_assert_cmpint (awake, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workers/every block runs exactly once, whatever the crew", test_once);
  g_test_add_func ("/workers/tasks in quick succession do not mix", test_many_small_tasks);
  g_test_add_func ("/workers/a task inside a block runs on the thread that calls it", test_nested);
  g_test_add_func ("/workers/without a crew the caller does all", test_no_crew);
  g_test_add_func ("/workers/a crew without work sleeps in the kernel", test_sleep);
  return g_test_run ();
}
