/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_reader.c: requests on their way to one thread and back. */
#include "gui/case_reader.h"

#include <glib/gstdio.h>

#define MARKER "assay-case.json"

/* Which marker lies in the directory: another one, and be it of the same number, was made at another time. */
typedef struct {
  dev_t device;
  ino_t number;
  struct timespec changed;
} Marker;

/* What lives on the reader's thread; the last request that knows it closes the case there. */
typedef struct {
  gatomicrefcount count;
  char *path;
  AssayCase *cas;
  Marker marker;                /* of cas */
} Door;

struct _AssayCaseReader {
  GObject parent_instance;
  Door *door;
};

typedef struct {
  Door *door;
  AssayReadFunc func;
  gpointer question;
  GDestroyNotify free_question, free_answer;
} Request;

G_DEFINE_FINAL_TYPE (AssayCaseReader, assay_case_reader, G_TYPE_OBJECT)

static void
door_unref (Door *door)
{
  if (!g_atomic_ref_count_dec (&door->count))
    return;
  assay_case_free (door->cas);
  g_free (door->path);
  g_free (door);
}

static void
request_free (gpointer data)
{
  Request *request = data;

  if (request->free_question != NULL)
    request->free_question (request->question);
  g_free (request);
}

static Marker
read_marker (const char *path)
{
  g_autofree char *file = g_build_filename (path, MARKER, NULL);
  GStatBuf status;

  return g_stat (file, &status) == 0 ? (Marker) { status.st_dev, status.st_ino, status.st_ctim } : (Marker) { 0, 0, { 0, 0 } };
}

static gboolean
is_same (const Marker *a, const Marker *b)
{
  return a->device == b->device && a->number == b->number && a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* A case that went away may come back; one that another case took the place of does not. */
static gboolean
open_door (Door *door, GError **error)
{
  Marker marker = read_marker (door->path);

  if (door->cas != NULL && (marker.number == 0 || is_same (&marker, &door->marker)))
    return assay_case_refresh (door->cas, error);
  g_clear_pointer (&door->cas, assay_case_free);
  door->cas = assay_case_open (door->path, ASSAY_CASE_READ, error);
  door->marker = marker;
  return door->cas != NULL;
}

/* item: a GTask, or the Door of a reader that went away. */
typedef struct { GTask *task; Door *door; } Item;

static void
serve (gpointer data, gpointer unused)
{
  Item *item = data;
  GError *fault = NULL;

  (void) unused;
  if (item->task != NULL && !g_task_return_error_if_cancelled (item->task))
    {
      Request *request = g_task_get_task_data (item->task);
      gpointer answer = open_door (item->door, &fault)
                        ? request->func (item->door->cas, request->question, g_task_get_cancellable (item->task), &fault) : NULL;

      if (fault != NULL)
        g_task_return_error (item->task, fault);
      else
        g_task_return_pointer (item->task, answer, request->free_answer);
    }
  g_clear_object (&item->task);
  door_unref (item->door);
  g_free (item);
}

/* One thread for all readers: HDF5 has one lock anyway. */
static GThreadPool *
get_pool (void)
{
  static gsize pool;

  if (g_once_init_enter (&pool))
    g_once_init_leave (&pool, (gsize) g_thread_pool_new (serve, NULL, 1, FALSE, NULL));
  return (GThreadPool *) pool;
}

static void
push (GTask *task, Door *door)
{
  Item *item = g_new0 (Item, 1);

  item->task = task;
  item->door = door;
  g_thread_pool_push (get_pool (), item, NULL);
}

static void
assay_case_reader_finalize (GObject *object)
{
  push (NULL, ASSAY_CASE_READER (object)->door);
  G_OBJECT_CLASS (assay_case_reader_parent_class)->finalize (object);
}

static void
assay_case_reader_class_init (AssayCaseReaderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_case_reader_finalize;
}

static void
assay_case_reader_init (AssayCaseReader *self)
{
  self->door = g_new0 (Door, 1);
  g_atomic_ref_count_init (&self->door->count);
}

AssayCaseReader *
assay_case_reader_new (const char *path)
{
  AssayCaseReader *self = g_object_new (ASSAY_TYPE_CASE_READER, NULL);

  self->door->path = g_strdup (path);
  return self;
}

const char *
assay_case_reader_get_path (AssayCaseReader *self)
{
  return self->door->path;
}

void
assay_case_reader_ask (AssayCaseReader *self, AssayReadFunc func, gpointer question, GDestroyNotify free_question, GDestroyNotify free_answer,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);
  Request *request = g_new0 (Request, 1);

  request->func = func;
  request->question = question;
  request->free_question = free_question;
  request->free_answer = free_answer;
  g_task_set_task_data (task, request, request_free);
  g_task_set_source_tag (task, assay_case_reader_ask);
  g_atomic_ref_count_inc (&self->door->count);
  push (task, self->door);
}

gpointer
assay_case_reader_finish (AssayCaseReader *self, GAsyncResult *result, GError **error)
{
  g_assert (g_task_is_valid (result, self));
  return g_task_propagate_pointer (G_TASK (result), error);
}
