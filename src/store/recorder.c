/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder.c: the appending side of a recorder. Blocks of converted elements travel to the store's thread and come back empty;
 * recorder_parts.c is the other side. */
#include "store/recorder.h"

#include <string.h>

#include "base/error.h"
#include "store/case_private.h"
#include "store/io_thread.h"
#include "store/recorder_private.h"
#include "store/shard_writer_private.h"

#define DEFAULT_BYTES ((gsize) 64 << 20)
#define MAX_BLOCK ((gsize) 1 << 20)     /* small enough to stay in a core's cache between the two threads */
#define MIN_BLOCK ((gsize) 1 << 16)
#define TILE 256
#define MAX_PARKED 4            /* times the queue: how far arrays may run apart in memory */

/* --- beginning ------------------------------------------------------------------------------------------------------- */

static gboolean
check_arrays (const char *label, const AssayArraySpec *arrays, guint n, GError **error)
{
  if (n == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a recording needs at least one array", label);
      return FALSE;
    }
  for (guint a = 0; a < n; a++)
    {
      const AssayArraySpec *spec = &arrays[a];
      AssayArraySpec row = *spec;

      row.dims[0] = 0;
      if (!assay_array_spec_check (&row, label, error))
        return FALSE;
      if (spec->rank < 1 || spec->rank > 2 || spec->type == ASSAY_STORE_TEXT || (spec->rank == 2 && spec->dims[1] < 1)
          || spec->redactable || g_strcmp0 (spec->axes[0], arrays[0].axes[0]) != 0)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                       "%s %s: a recorded array is numeric, of shape (N) or (N,C) with C >= 1, and shares its first axis", label,
                       spec->path);
          return FALSE;
        }
    }
  return TRUE;
}

/* Two recorders with the same digest write the same arrays. */
static char *
digest_arrays (const AssayArraySpec *arrays, guint n)
{
  g_autoptr (GString) text = g_string_new (NULL);
  AssayDigest digest;
  char *hex;

  for (guint a = 0; a < n; a++)
    g_string_append_printf (text, "%s\n%s\n%" G_GINT64_FORMAT "\n", arrays[a].path, assay_store_type_word (arrays[a].type),
                            arrays[a].rank > 1 ? arrays[a].dims[1] : 0);
  digest = assay_digest_of_bytes (text->str, text->len);
  hex = assay_digest_to_hex (&digest);
  hex[16] = '\0';
  return hex;
}

/* An unfinished object of the same making is continued. */
static void
find_begun (AssayRecorder *self)
{
  g_autoptr (AssayObject) object = assay_case_lookup (self->cas, self->kind, self->name, NULL);

  if (object == NULL || object->complete || g_strcmp0 (assay_object_get_layout (object), self->layout) != 0
      || !json_equal (object->meta, self->meta))
    return;
  self->object = object->sequence;
  self->committed = object->rows;
}

/* What everybody has committed, as far as this process knows; NULL: nothing. */
static AssayObject *
get_begun (AssayRecorder *self)
{
  if (self->object == 0)
    find_begun (self);
  return self->object != 0 ? assay_case_lookup_sequence (self->cas, self->object, NULL) : NULL;
}

AssayRecorder *
assay_recorder_new (AssayCase *cas, const char *kind, const char *name, json_t *meta, const AssayArraySpec *arrays,
                    guint n_arrays, GError **error)
{
  g_autofree char *label = g_strdup_printf ("%s/%s", kind, name);
  AssayRecorder *self;

  if (!assay_case_check_writable (cas, error) || !assay_object_name_check (kind, name, error)
      || !check_arrays (label, arrays, n_arrays, error))
    return NULL;
  self = g_new0 (AssayRecorder, 1);
  self->cas = cas;
  self->kind = g_strdup (kind);
  self->name = g_strdup (name);
  self->label = g_steal_pointer (&label);
  self->layout = digest_arrays (arrays, n_arrays);
  self->meta = meta != NULL ? json_deep_copy (meta) : json_object ();
  self->n_arrays = n_arrays;
  self->streams = g_new0 (AssayStream, n_arrays);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->returned);
  for (guint a = 0; a < n_arrays; a++)
    {
      assay_row_tiles_init (&self->streams[a].tiles, &arrays[a]);
      self->row_bytes += (gsize) self->streams[a].tiles.columns * self->streams[a].tiles.width;
    }
  assay_recorder_set_limits (self, DEFAULT_BYTES, DEFAULT_BYTES);
  find_begun (self);
  return self;
}

void
assay_recorder_free (AssayRecorder *self)
{
  AssayBlock *block;

  if (self == NULL)
    return;
  assay_store_call (assay_recorder_drop, self, NULL);   /* behind all that is queued */
  for (guint a = 0; a < self->n_arrays; a++)
    g_free (self->streams[a].begun);
  while ((block = g_queue_pop_head (&self->empty)) != NULL)
    g_free (block);
  g_free (self->streams);
  g_clear_error (&self->error);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->returned);
  json_decref (self->meta);
  g_free (self->kind);
  g_free (self->name);
  g_free (self->label);
  g_free (self->layout);
  g_free (self);
}

/* Whole tiles where a part holds as many rows, else a power of two of rows, so that equal parts follow each other. */
static gint64
choose_part_rows (gsize part_bytes, gsize row_bytes)
{
  gint64 rows = (gint64) MAX (part_bytes / row_bytes, 1), power = 1;

  if (rows >= TILE)
    return rows - rows % TILE;
  while (2 * power <= rows)
    power *= 2;
  return power;
}

/* Each array fills a block of its own, so there are always some more of them than arrays. */
void
assay_recorder_set_limits (AssayRecorder *self, gsize part_bytes, gsize queue_bytes)
{
  self->part_rows = choose_part_rows (part_bytes, self->row_bytes);
  self->block_bytes = CLAMP (queue_bytes / (4 * self->n_arrays), MIN_BLOCK, MAX_BLOCK);
  self->max_blocks = MAX (queue_bytes / self->block_bytes, self->n_arrays + 2);
}

/* --- blocks ---------------------------------------------------------------------------------------------------------- */

void
assay_recorder_return_block (AssayRecorder *self, AssayBlock *block)
{
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->empty, block);
  g_cond_signal (&self->returned);
  g_mutex_unlock (&self->mutex);
}

static gboolean
take_stored_error (AssayRecorder *self, GError **error)
{
  if (self->error == NULL)
    return FALSE;
  if (error != NULL)
    *error = g_error_copy (self->error);
  self->ended = TRUE;
  return TRUE;
}

/* An empty block; sleeps while all are on their way. */
static AssayBlock *
take_block (AssayRecorder *self, guint a, GError **error)
{
  AssayBlock *block = NULL;

  g_mutex_lock (&self->mutex);
  while (!take_stored_error (self, error))
    {
      block = g_queue_pop_head (&self->empty);
      if (block == NULL && self->n_blocks - self->n_parked < self->max_blocks)
        {
          block = g_try_malloc (sizeof *block + self->block_bytes);
          if (block == NULL)
            {
              g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s: no memory for a block of %" G_GSIZE_FORMAT " bytes",
                           self->label, self->block_bytes);
              break;
            }
          self->n_blocks++;
        }
      if (block != NULL)
        break;
      if (self->n_parked > MAX_PARKED * self->max_blocks)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                       "%s: the arrays have run apart by %" G_GSIZE_FORMAT " blocks; append their rows together", self->label,
                       self->n_parked);
          self->ended = TRUE;
          break;
        }
      g_cond_wait (&self->returned, &self->mutex);
    }
  g_mutex_unlock (&self->mutex);
  if (block != NULL)
    {
      block->recorder = self;
      block->a = a;
      block->n = block->done = 0;
    }
  return block;
}

static void
post_begun (AssayStream *stream)
{
  if (stream->begun != NULL && stream->begun->n > 0)
    assay_store_post (assay_recorder_store_block, g_steal_pointer (&stream->begun));
}

/* --- appending ------------------------------------------------------------------------------------------------------- */

static gboolean
check_alive (AssayRecorder *self, GError **error)
{
  gboolean failed;

  g_mutex_lock (&self->mutex);
  failed = take_stored_error (self, error);
  g_mutex_unlock (&self->mutex);
  if (failed)
    return FALSE;
  if (self->ended)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: this recording has ended", self->label);
  return !self->ended;
}

gboolean
assay_recorder_append (AssayRecorder *self, guint a, AssayStoreType from, const void *rows, gint64 n_rows, GError **error)
{
  AssayStream *stream;
  const guint8 *at = rows;
  gsize all, left, width, room;

  if (!check_alive (self, error))
    return FALSE;
  if (a >= self->n_arrays || n_rows < 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: array %u of %u was appended to", self->label, a, self->n_arrays);
      return FALSE;
    }
  stream = &self->streams[a];
  width = stream->tiles.width;
  room = self->block_bytes / width;
  all = left = (gsize) n_rows * (gsize) stream->tiles.columns;
  while (left > 0)
    {
      gsize n = 0;

      if (stream->begun == NULL)
        stream->begun = take_block (self, a, error);
      if (stream->begun != NULL)
        n = MIN (left, room - stream->begun->n);
      if (n == 0 || !assay_store_convert (stream->tiles.spec.type, stream->begun->bytes + stream->begun->n * width, from, at, n, error))
        {
          self->ended |= left < all;            /* some elements were taken: what came next would not follow */
          return FALSE;
        }
      stream->begun->n += n;
      at += n * assay_store_type_width (from);
      left -= n;
      if (stream->begun->n == room)
        post_begun (stream);
    }
  stream->appended += n_rows;
  stream->in_part += n_rows;
  if (stream->in_part >= self->part_rows)       /* a part must not wait for a block that fills slowly */
    {
      post_begun (stream);
      stream->in_part %= self->part_rows;
    }
  return TRUE;
}

gint64
assay_recorder_get_committed (AssayRecorder *self)
{
  gint64 rows;

  g_mutex_lock (&self->mutex);
  rows = self->committed;
  g_mutex_unlock (&self->mutex);
  return rows;
}

guint64
assay_recorder_get_object (AssayRecorder *self)
{
  return self->object;
}

/* All arrays equally long, and on their way to the store's thread. */
static gboolean
post_all (AssayRecorder *self, GError **error)
{
  for (guint a = 1; a < self->n_arrays; a++)
    if (self->streams[a].appended != self->streams[0].appended)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                     "%s: array %s has %" G_GINT64_FORMAT " rows, array %s has %" G_GINT64_FORMAT "; a part needs equally many",
                     self->label, self->streams[a].tiles.spec.path, self->streams[a].appended,
                     self->streams[0].tiles.spec.path, self->streams[0].appended);
        return FALSE;
      }
  for (guint a = 0; a < self->n_arrays; a++)
    {
      post_begun (&self->streams[a]);
      self->streams[a].in_part = 0;
    }
  return TRUE;
}

gboolean
assay_recorder_flush (AssayRecorder *self, GError **error)
{
  if (!check_alive (self, error) || !post_all (self, error))
    return FALSE;
  if (assay_store_call (assay_recorder_close_part, self, error))
    return TRUE;
  self->ended = TRUE;           /* rows were lost: what came next would not follow what is committed */
  return FALSE;
}

AssayObject *
assay_recorder_finish (AssayRecorder *self, GError **error)
{
  if (!check_alive (self, error) || !post_all (self, error))
    return NULL;
  self->ended = TRUE;
  if (!assay_store_call (assay_recorder_close_object, self, error))
    return NULL;
  return assay_case_lookup_sequence (self->cas, self->object, error);
}

gboolean
assay_recorder_move (AssayRecorder *self, gint64 *first, gint64 *end, gboolean *found, GError **error)
{
  g_autoptr (AssayObject) object = NULL;

  if (!assay_recorder_flush (self, error) || !assay_case_refresh (self->cas, error))
    return FALSE;
  object = get_begun (self);
  *found = assay_object_find_gap (object, first, end);
  g_mutex_lock (&self->mutex);
  self->committed = *first;
  g_mutex_unlock (&self->mutex);
  return TRUE;
}

gboolean
assay_recorder_end_share (AssayRecorder *self, gint64 n_rows, AssayObject **object, gboolean *here, GError **error)
{
  gint64 first = 0, end = n_rows;

  *here = FALSE;
  *object = NULL;
  if (!assay_recorder_flush (self, error))
    return FALSE;
  self->ended = TRUE;
  *object = get_begun (self);
  if (*object == NULL || (*object)->complete || assay_object_find_gap (*object, &first, &end))
    return TRUE;
  g_clear_pointer (object, assay_object_unref);
  if (!assay_case_complete (self->cas, self->object, here, error))
    return FALSE;
  *object = assay_case_lookup_sequence (self->cas, self->object, error);
  return *object != NULL;
}
