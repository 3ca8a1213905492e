/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_list.c: jobs in a list, and their records in a folder. */
#include "gui/job_list.h"

#include "gui/case_memory.h"

#include <glib/gstdio.h>

#define MAX_KEPT 30

struct _AssayJobList {
  GObject parent_instance;
  GListStore *store;
  char *folder;
};

static void list_model_init (GListModelInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (AssayJobList, assay_job_list, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

enum { CHANGED, ENDED, N_SIGNALS };
static guint signals[N_SIGNALS];

static GType
get_item_type (GListModel *model)
{
  (void) model;
  return ASSAY_TYPE_JOB_PROCESS;
}

static guint
get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (ASSAY_JOB_LIST (model)->store));
}

static gpointer
get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (ASSAY_JOB_LIST (model)->store), position);
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
on_changed (AssayJobProcess *process, AssayJobList *self)
{
  g_signal_emit (self, signals[CHANGED], 0, process);
}

static void
on_ended (AssayJobProcess *process, AssayJobList *self)
{
  g_signal_emit (self, signals[ENDED], 0, process);
}

static void
assay_job_list_dispose (GObject *object)
{
  AssayJobList *self = ASSAY_JOB_LIST (object);

  for (guint k = 0; self->store != NULL && k < get_n_items (G_LIST_MODEL (self)); k++)
    {
      g_autoptr (AssayJobProcess) process = get_item (G_LIST_MODEL (self), k);

      g_signal_handlers_disconnect_by_data (process, self);
    }
  g_clear_object (&self->store);
  g_clear_pointer (&self->folder, g_free);
  G_OBJECT_CLASS (assay_job_list_parent_class)->dispose (object);
}

static void
assay_job_list_class_init (AssayJobListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = assay_job_list_dispose;
  signals[CHANGED] = g_signal_new ("changed", ASSAY_TYPE_JOB_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, ASSAY_TYPE_JOB_PROCESS);
  signals[ENDED] = g_signal_new ("ended", ASSAY_TYPE_JOB_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, ASSAY_TYPE_JOB_PROCESS);
}

static void
on_items_changed (GListModel *store, guint position, guint removed, guint added, AssayJobList *self)
{
  (void) store;
  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
}

static void
assay_job_list_init (AssayJobList *self)
{
  self->store = g_list_store_new (ASSAY_TYPE_JOB_PROCESS);
  self->folder = assay_state_folder ("jobs");
  g_signal_connect (self->store, "items-changed", G_CALLBACK (on_items_changed), self);
}

static void
add (AssayJobList *self, AssayJobProcess *process)
{
  g_signal_connect (process, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect (process, "ended", G_CALLBACK (on_ended), self);
  g_list_store_insert (self->store, 0, process);
}

static int
compare_begins (gconstpointer a, gconstpointer b, gpointer unused)
{
  (void) unused;
  return g_strcmp0 (assay_job_process_get_utc (ASSAY_JOB_PROCESS ((gpointer) b)), assay_job_process_get_utc (ASSAY_JOB_PROCESS ((gpointer) a)));
}

/* Old records go, the oldest first. */
static void
forget_oldest (AssayJobList *self)
{
  for (guint k = get_n_items (G_LIST_MODEL (self)); k > MAX_KEPT; k--)
    {
      g_autoptr (AssayJobProcess) process = get_item (G_LIST_MODEL (self), k - 1);

      if (assay_job_process_is_over (process))
        assay_job_list_forget (self, process);
    }
}

AssayJobList *
assay_job_list_new (void)
{
  AssayJobList *self = g_object_new (ASSAY_TYPE_JOB_LIST, NULL);
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL; )
    {
      g_autofree char *file = g_build_filename (self->folder, name, NULL);
      g_autoptr (AssayJobProcess) process = g_str_has_suffix (name, ".jsonl") ? assay_job_process_adopt (file) : NULL;

      if (process != NULL)
        add (self, process);
    }
  g_list_store_sort (self->store, compare_begins, NULL);
  forget_oldest (self);
  return self;
}

AssayJobProcess *
assay_job_list_start (AssayJobList *self, const char *command, guint threads, GError **error)
{
  g_autoptr (AssayJobProcess) process = assay_job_process_start (command, threads, self->folder, error);

  if (process == NULL)
    return NULL;
  add (self, process);
  forget_oldest (self);
  return process;
}

guint
assay_job_list_count_running (AssayJobList *self)
{
  guint n = 0;

  for (guint k = 0; k < get_n_items (G_LIST_MODEL (self)); k++)
    {
      g_autoptr (AssayJobProcess) process = get_item (G_LIST_MODEL (self), k);

      n += !assay_job_process_is_over (process);
    }
  return n;
}

AssayJobProcess *
assay_job_list_find_running (AssayJobList *self, const char *path)
{
  for (guint k = 0; k < get_n_items (G_LIST_MODEL (self)); k++)
    {
      g_autoptr (AssayJobProcess) process = get_item (G_LIST_MODEL (self), k);

      if (!assay_job_process_is_over (process) && (path == NULL || g_strcmp0 (assay_job_process_get_case (process), path) == 0))
        return process;
    }
  return NULL;
}

void
assay_job_list_forget (AssayJobList *self, AssayJobProcess *process)
{
  guint position;

  if (!assay_job_process_is_over (process) || !g_list_store_find (self->store, process, &position))
    return;
  g_unlink (assay_job_process_get_file (process));
  g_signal_handlers_disconnect_by_data (process, self);
  g_list_store_remove (self->store, position);
}
