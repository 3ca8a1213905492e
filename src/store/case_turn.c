/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_turn.c: several writers of one case take turns: each holds the lock for one commit, and first reads what the others committed. */
#include "store/case_private.h"

#define PATIENCE 600            /* seconds */

/* A journal file is one writer's: after records of another a new one is begun. */
static void
leave_journal (AssayCase *self)
{
  AssayJournalEnd own;

  if (self->journal == NULL)
    return;
  own = assay_journal_writer_get_end (self->journal);
  if (own.file == self->end.file && own.end == self->end.end && self->end.torn_bytes == 0)
    return;
  assay_journal_writer_free (self->journal);
  self->journal = NULL;
}

gboolean
assay_case_begin_turn (AssayCase *self, GError **error)
{
  gboolean fine;

  if (self->mode != ASSAY_CASE_SHARE)
    return TRUE;
  self->lock = assay_case_lock (self->path, PATIENCE, error);
  if (self->lock < 0)
    return FALSE;
  g_mutex_lock (&self->mutex);
  fine = assay_case_read_journal (self, error);
  g_mutex_unlock (&self->mutex);
  if (fine)
    leave_journal (self);
  else
    assay_case_end_turn (self);
  return fine;
}

void
assay_case_end_turn (AssayCase *self)
{
  if (self->mode == ASSAY_CASE_SHARE)
    assay_case_unlock (self);
}
