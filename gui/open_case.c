/* SPDX-License-Identifier: GPL-3.0-or-later */
/* open_case.c: open, watch, look again. */
#include "gui/open_case.h"

#include <glib/gi18n.h>
#include <string.h>

#define MARKER "assay-case.json"
#define SHARDS "shards"
#define SETTLE_MSEC 250         /* a commit changes several files */

struct _AssayOpenCase {
  GObject parent_instance;
  char *path;
  AssayCaseReader *reader;
  AssayCaseExamples *examples;
  AssayCaseContents *contents;
  GError *fault;
  GFileMonitor *monitors[2];    /* of the case and of its files */
  GCancellable *cancellable;
  guint settle;
  gboolean is_asking, ask_again;
};

G_DEFINE_FINAL_TYPE (AssayOpenCase, assay_open_case, G_TYPE_OBJECT)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
assay_open_case_dispose (GObject *object)
{
  AssayOpenCase *self = ASSAY_OPEN_CASE (object);

  g_clear_handle_id (&self->settle, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  for (gsize k = 0; k < G_N_ELEMENTS (self->monitors); k++)
    {
      if (self->monitors[k] != NULL)
        g_file_monitor_cancel (self->monitors[k]);
      g_clear_object (&self->monitors[k]);
    }
  g_clear_object (&self->examples);
  g_clear_object (&self->reader);
  G_OBJECT_CLASS (assay_open_case_parent_class)->dispose (object);
}

static void
assay_open_case_finalize (GObject *object)
{
  AssayOpenCase *self = ASSAY_OPEN_CASE (object);

  g_object_unref (self->cancellable);
  assay_case_contents_unref (self->contents);
  g_clear_error (&self->fault);
  g_free (self->path);
  G_OBJECT_CLASS (assay_open_case_parent_class)->finalize (object);
}

static void
assay_open_case_class_init (AssayOpenCaseClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = assay_open_case_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_open_case_finalize;
  signals[CHANGED] = g_signal_new ("changed", ASSAY_TYPE_OPEN_CASE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
assay_open_case_init (AssayOpenCase *self)
{
  self->cancellable = g_cancellable_new ();
}

static gboolean
is_same (const AssayCaseContents *a, const AssayCaseContents *b)
{
  return a != NULL && a->last_sequence == b->last_sequence && a->objects->len == b->objects->len && a->bytes == b->bytes && a->on_disk == b->on_disk
         && g_strcmp0 (a->uuid, b->uuid) == 0;
}

static gboolean
is_another_case (const AssayCaseContents *a, const AssayCaseContents *b)
{
  return a != NULL && g_strcmp0 (a->uuid, b->uuid) != 0;
}

/* Whether an object of the kinds that examples are made of is another one. */
static gboolean
has_other_data (const AssayCaseContents *a, const AssayCaseContents *b)
{
  static const char *const kinds[] = { "data", "model" };

  if (is_another_case (a, b))
    return TRUE;

  for (gsize k = 0; a != NULL && k < G_N_ELEMENTS (kinds); k++)
    {
      const AssayObject *x = assay_case_contents_find (a, kinds[k], NULL), *y = assay_case_contents_find (b, kinds[k], NULL);

      if ((x ? x->sequence : 0) != (y ? y->sequence : 0))
        return TRUE;
    }
  return FALSE;
}

static void
take_contents (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayOpenCase) self = data;
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayCaseContents) contents = assay_case_reader_finish (ASSAY_CASE_READER (source), result, &fault);
  gboolean had_fault = self->fault != NULL;

  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->is_asking = FALSE;
  g_clear_error (&self->fault);
  self->fault = g_steal_pointer (&fault);
  if (contents != NULL && !is_same (self->contents, contents))
    {
      if (has_other_data (self->contents, contents))
        assay_case_examples_forget (self->examples);
      if (is_another_case (self->contents, contents))
        g_ptr_array_add (contents->notes, g_strdup (_("Another case lies here now than the one that was opened: what was seen before is not of this one.")));
      assay_case_contents_unref (self->contents);
      self->contents = g_steal_pointer (&contents);
      g_signal_emit (self, signals[CHANGED], 0);
    }
  else if (had_fault || self->fault != NULL)
    g_signal_emit (self, signals[CHANGED], 0);
  if (self->ask_again)
    assay_open_case_refresh (self);
}

void
assay_open_case_refresh (AssayOpenCase *self)
{
  self->ask_again = self->is_asking;
  if (self->is_asking)
    return;
  self->is_asking = TRUE;
  assay_case_reader_ask (self->reader, assay_case_contents_read, NULL, NULL, (GDestroyNotify) assay_case_contents_unref, self->cancellable,
                         take_contents, g_object_ref (self));
}

static gboolean
on_settled (gpointer data)
{
  AssayOpenCase *self = data;

  self->settle = 0;
  assay_open_case_refresh (self);
  return G_SOURCE_REMOVE;
}

static void
on_file_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, AssayOpenCase *self)
{
  (void) monitor;
  (void) file;
  (void) other;
  (void) event;
  if (self->settle == 0)
    self->settle = g_timeout_add (SETTLE_MSEC, on_settled, self);
}

AssayOpenCase *
assay_open_case_new (const char *path)
{
  AssayOpenCase *self = g_object_new (ASSAY_TYPE_OPEN_CASE, NULL);
  const char *folders[] = { ".", SHARDS };

  self->path = g_canonicalize_filename (path, NULL);
  self->reader = assay_case_reader_new (self->path);
  self->examples = assay_case_examples_new (self->reader);
  for (gsize k = 0; k < G_N_ELEMENTS (folders); k++)
    {
      g_autoptr (GFile) folder = g_file_new_build_filename (self->path, folders[k], NULL);

      self->monitors[k] = g_file_monitor_directory (folder, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
      if (self->monitors[k] != NULL)
        g_signal_connect (self->monitors[k], "changed", G_CALLBACK (on_file_changed), self);
    }
  assay_open_case_refresh (self);
  return self;
}

AssayCaseState
assay_open_case_get_state (AssayOpenCase *self)
{
  return self->contents != NULL ? ASSAY_CASE_OPEN : self->fault != NULL ? ASSAY_CASE_FAILED : ASSAY_CASE_OPENING;
}

const char *
assay_open_case_get_path (AssayOpenCase *self)
{
  return self->path;
}

AssayCaseReader *
assay_open_case_get_reader (AssayOpenCase *self)
{
  return self->reader;
}

AssayCaseExamples *
assay_open_case_get_examples (AssayOpenCase *self)
{
  return self->examples;
}

AssayCaseContents *
assay_open_case_get_contents (AssayOpenCase *self)
{
  return self->contents;
}

const GError *
assay_open_case_get_fault (AssayOpenCase *self)
{
  return self->fault;
}

char *
assay_case_path_from (const char *path)
{
  g_autofree char *whole = g_canonicalize_filename (path, NULL), *base = g_path_get_basename (whole), *folder = g_path_get_dirname (whole);
  g_autofree char *above = g_path_get_basename (folder);

  if (strcmp (base, MARKER) == 0)
    return g_steal_pointer (&folder);
  if (g_str_has_suffix (base, ".h5") && strcmp (above, SHARDS) == 0)
    return g_path_get_dirname (folder);
  return g_steal_pointer (&whole);
}

gboolean
assay_case_path_is_case (const char *path)
{
  g_autofree char *marker = g_build_filename (path, MARKER, NULL);

  return g_file_test (marker, G_FILE_TEST_EXISTS);
}
