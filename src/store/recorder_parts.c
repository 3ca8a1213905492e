/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_parts.c: the storing side of a recorder: blocks into tiles, tiles into parts, parts into the case. */
#include <string.h>

#include "base/error.h"
#include "store/case_private.h"
#include "store/recorder_private.h"
#include "store/shard_writer_private.h"

/* --- parts ----------------------------------------------------------------------------------------------------------- */

static gboolean
begin_part (AssayRecorder *self, GError **error)
{
  for (guint a = 0; !self->begun && a < self->n_arrays; a++)
    if (!assay_row_tiles_set_limit (&self->streams[a].tiles, self->part_rows, error))
      return FALSE;
  self->begun = TRUE;
  if (self->file == NULL)
    self->file = assay_shard_file_new (self->label, error);
  return self->file != NULL;
}

static void
drop_part (AssayRecorder *self)
{
  for (guint a = 0; a < self->n_arrays; a++)
    assay_row_tiles_drop (&self->streams[a].tiles);
  g_clear_pointer (&self->file, assay_shard_file_free);
}

/* The part as it stands becomes committed rows. All arrays are equally long. */
static gboolean
commit_part (AssayRecorder *self, GError **error)
{
  AssayShardIdentity identity = { .kind = self->kind, .name = self->name, .rows = self->streams[0].tiles.rows,
                                  .row_start = assay_recorder_get_committed (self), .layout = self->layout,
                                  .meta = self->meta };
  AssayObject *object = NULL;
  gboolean ok = TRUE;

  for (guint a = 0; ok && a < self->n_arrays; a++)
    ok = assay_row_tiles_end (&self->streams[a].tiles, self->file, identity.row_start, error);
  ok = ok && assay_shard_file_publish (self->file, self->cas, &identity, self->object, &object, error);
  if (ok)
    {
      self->object = object->sequence;
      assay_object_unref (object);
      g_mutex_lock (&self->mutex);
      self->committed += identity.rows;
      g_mutex_unlock (&self->mutex);
    }
  drop_part (self);
  return ok;
}

/* --- blocks ---------------------------------------------------------------------------------------------------------- */

static void
park (AssayRecorder *self, AssayBlock *block)
{
  g_queue_push_tail (&self->streams[block->a].parked, block);
  g_mutex_lock (&self->mutex);
  self->n_parked++;
  g_cond_signal (&self->returned);      /* one more may be made in its place */
  g_mutex_unlock (&self->mutex);
}

static AssayBlock *
unpark (AssayRecorder *self, guint a)
{
  AssayBlock *block = g_queue_pop_head (&self->streams[a].parked);

  g_mutex_lock (&self->mutex);
  self->n_parked--;
  g_mutex_unlock (&self->mutex);
  return block;
}

/* Back to the other side, or away when parking has made more of them than the queue may have. */
static void
recycle (AssayRecorder *self, AssayBlock *block)
{
  gboolean surplus;

  g_mutex_lock (&self->mutex);
  surplus = self->n_blocks - self->n_parked > self->max_blocks;
  if (surplus)
    self->n_blocks--;
  g_mutex_unlock (&self->mutex);
  if (surplus)
    g_free (block);
  else
    assay_recorder_return_block (self, block);
}

/* Takes what fits into the part; *rest is TRUE when the block goes on in the next one. */
static gboolean
take (AssayRecorder *self, AssayBlock *block, gboolean *rest, GError **error)
{
  AssayRowTiles *tiles = &self->streams[block->a].tiles;
  gsize taken;

  if (!begin_part (self, error)
      || !assay_row_tiles_add (tiles, self->file, block->bytes + block->done * tiles->width, block->n - block->done, &taken,
                               error))
    return FALSE;
  block->done += taken;
  *rest = block->done < block->n;
  return TRUE;
}

static gboolean
is_part_full (const AssayRecorder *self)
{
  for (guint a = 0; a < self->n_arrays; a++)
    if (self->streams[a].tiles.rows < self->part_rows)
      return FALSE;
  return TRUE;
}

/* Blocks that waited for a new part. */
static gboolean
take_parked (AssayRecorder *self, GError **error)
{
  for (guint a = 0; a < self->n_arrays; a++)
    while (!g_queue_is_empty (&self->streams[a].parked))
      {
        AssayBlock *block = g_queue_peek_head (&self->streams[a].parked);
        gboolean rest;

        if (!take (self, block, &rest, error))
          return FALSE;
        if (rest)
          break;
        recycle (self, unpark (self, a));
      }
  return TRUE;
}

static gboolean
store_block (AssayRecorder *self, AssayBlock *block, GError **error)
{
  gboolean rest = TRUE;

  if (g_queue_is_empty (&self->streams[block->a].parked) && !take (self, block, &rest, error))
    {
      recycle (self, block);
      return FALSE;
    }
  if (rest)
    park (self, block);
  else
    recycle (self, block);
  while (is_part_full (self))
    if (!commit_part (self, error) || !take_parked (self, error))
      return FALSE;
  return TRUE;
}

void
assay_recorder_store_block (gpointer data)
{
  AssayBlock *block = data;
  AssayRecorder *self = block->recorder;
  GError *error = NULL;
  gboolean failed;

  g_mutex_lock (&self->mutex);
  failed = self->error != NULL;
  g_mutex_unlock (&self->mutex);
  if (failed)
    recycle (self, block);
  else if (!store_block (self, block, &error))
    {
      drop_part (self);
      g_mutex_lock (&self->mutex);
      self->error = error;
      g_cond_signal (&self->returned);
      g_mutex_unlock (&self->mutex);
    }
}

/* --- ends ------------------------------------------------------------------------------------------------------------ */

static gboolean
report_earlier (AssayRecorder *self, GError **error)
{
  gboolean failed;

  g_mutex_lock (&self->mutex);
  failed = self->error != NULL;
  if (failed && error != NULL)
    *error = g_error_copy (self->error);
  g_mutex_unlock (&self->mutex);
  return failed;
}

gboolean
assay_recorder_close_part (gpointer data, GError **error)
{
  AssayRecorder *self = data;

  if (report_earlier (self, error))
    return FALSE;
  if (self->file == NULL || self->streams[0].tiles.rows == 0)
    return TRUE;
  return commit_part (self, error);
}

gboolean
assay_recorder_close_object (gpointer data, GError **error)
{
  AssayRecorder *self = data;

  if (!assay_recorder_close_part (self, error))
    return FALSE;
  if (self->object == 0 && !(begin_part (self, error) && commit_part (self, error)))
    return FALSE;
  return assay_case_complete (self->cas, self->object, NULL, error);
}

gboolean
assay_recorder_drop (gpointer data, GError **error)
{
  AssayRecorder *self = data;

  (void) error;
  drop_part (self);
  for (guint a = 0; a < self->n_arrays; a++)
    {
      AssayBlock *block;

      while ((block = g_queue_pop_head (&self->streams[a].parked)) != NULL)
        g_free (block);
      assay_row_tiles_clear (&self->streams[a].tiles);
    }
  return TRUE;
}
