/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal.h: the append-only record of what was done to a case.
 *
 * A journal is a directory of files NNNNNNNN.journal. A file begins with the 16 bytes "assay-journal-1\n"; then records:
 *
 *   "Jrec" | u32 length | payload (JSON, UTF-8) | u32 CRC-32C of the rest | SHA-256 of the previous record
 *
 * (little-endian; "previous record" means all its bytes; zeros before the very first). Each writer begins a file of its own,
 * whose first record names the last good record before it, so nothing is ever appended behind a torn tail. A last record that
 * ends early is torn and ignored; a bad record that others follow is damage.
 *
 * Thread rule: one thread at a time per writer; reading is free of state.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

#include "store/digest.h"

#define ASSAY_JOURNAL_MAX_PAYLOAD (64u << 20)

typedef struct {
  guint       file;             /* number in the file's name */
  guint64     offset;           /* of the record in its file */
  guint64     end;              /* behind it */
  AssayDigest digest;           /* of the record's bytes */
  json_t     *payload;
} AssayJournalRecord;

typedef struct {
  guint       file;             /* the newest file, 0 before the first */
  guint64     end;              /* behind its last good record */
  guint       last_file;        /* where the last good record is (0: there is none); an empty file comes after it */
  guint64     last_offset;
  AssayDigest last;             /* digest of the last good record, zeros before the first */
  guint64     torn_bytes;       /* behind the last good record of the newest file */
  gboolean    whole_but_bad;    /* the torn record has its full length: not what a killed writer leaves */
} AssayJournalEnd;

/* FALSE stops the walk; set error to make it fail. */
typedef gboolean (*AssayJournalFunc) (const AssayJournalRecord *record, gpointer data, GError **error);

/* Walks all good records behind from (NULL: from the beginning) and says where the journal ends.
 * Torn tails of files that have a successor are normal too: the successor names the last good record.
 * damage: NULL, or an array of strings that receives what is damaged, one sentence each, while the walk goes on behind it.
 * Errors: DAMAGED with file and offset, when damage is NULL. */
gboolean assay_journal_walk  (const char *directory, const AssayJournalEnd *from, AssayJournalFunc func, gpointer data,
                              AssayJournalEnd *end, GPtrArray *damage, GError **error);
char    *assay_journal_dup_name (guint file);

typedef struct _AssayJournalWriter AssayJournalWriter;

/* Begins the file behind end with an "open" record. The directory is synced too. */
AssayJournalWriter *assay_journal_writer_new    (const char *directory, const AssayJournalEnd *end, json_t *open_payload,
                                                 GError **error);
/* Appends and syncs; the record is on disk for ever when this returns TRUE. *undone, after a failure: TRUE when nothing of the
 * record remains and the writer can go on (a full disk), FALSE when that cannot be known (a failed fsync): it refuses more. */
gboolean            assay_journal_writer_append (AssayJournalWriter *self, json_t *payload, gboolean *undone,
                                                 GError **error);
/* Where the journal ends after this writer's records. */
AssayJournalEnd     assay_journal_writer_get_end (AssayJournalWriter *self);
void                assay_journal_writer_free   (AssayJournalWriter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayJournalWriter, assay_journal_writer_free)
