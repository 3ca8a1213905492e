/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_private.h: the inside of a case, shared by the files that open, mend, write and check one. Internal to this floor.
 *
 * Thread rule: what never changes after opening (path, mode, salt key, lock) needs no mutex. "writing" is held while something is
 * published, fsync and all; "mutex" only for moments, around the catalogue and the verified files, so looking never waits for a disk.
 * Who needs both takes "writing" first.
 */
#pragma once

#include "store/case.h"
#include "store/catalogue.h"
#include "store/digest.h"
#include "store/journal.h"

#define ASSAY_CASE_MARKER "assay-case.json"
#define ASSAY_CASE_SALT "salt.key"
#define ASSAY_CASE_SALT_BYTES 32

struct _AssayCase {
  char               *path;
  AssayCaseMode       mode;
  int                 lock;             /* descriptor, -1 for a reader, and for one of several writers while it writes nothing */
  guint8              salt_key[ASSAY_CASE_SALT_BYTES];
  gboolean            has_salt_key;
  GPtrArray          *notes;            /* NULL-terminated */
  GMutex              writing;
  AssayJournalWriter *journal;          /* begun with the first record */
  char               *command_line;
  GMutex              mutex;
  AssayJournalEnd     end;
  AssayCatalogue     *catalogue;
  GHashTable         *verified;         /* files that were compared with the journal */
};

/* --- case_lock.c --- */

/* Takes the writer's lock, or says who has it; patience: after so many seconds of trying. Returns a descriptor or -1. */
int      assay_case_lock        (const char *path, guint patience, GError **error);

void     assay_case_unlock      (AssayCase *self);

/* --- case_turn.c --- */

/* Around whatever is written; "writing" is held. One of several writers takes the lock here and reads what the others committed. Patience is long: a part
 * that was computed for an hour can wait. */
gboolean assay_case_begin_turn  (AssayCase *self, GError **error);
void     assay_case_end_turn    (AssayCase *self);
/* Reads the journal behind self->end. "mutex" is held, or nobody else knows the case yet. */
gboolean assay_case_read_journal (AssayCase *self, GError **error);

/* --- case_marker.c --- */

/* Writes assay-case.json and salt.key: the last step of making a case. */
gboolean assay_case_write_marker (const char *path, GError **error);
/* Errors: NOT_FOUND (no case), VERSION (newer format), INPUT (malformed). */
gboolean assay_case_check_marker (const char *path, GError **error);
/* FALSE and no error where there is none. */
gboolean assay_case_read_salt   (const char *path, guint8 key[ASSAY_CASE_SALT_BYTES]);

/* --- case_publish.c --- */

typedef struct {
  const char  *kind, *name;
  gint64       rows, row_start;
  guint64      object;          /* sequence number of the object's first part; 0: this is the first */
  const char  *layout;          /* of a recording, else NULL */
  gboolean     complete;
  json_t      *meta;
  const void  *bytes;           /* the shard */
  gsize        n;
  AssayDigest  content_root;
} AssayPublication;

/* File, fsync, rename, fsync, journal, fsync. *object, where wanted: the object as it is now. Any thread. */
gboolean assay_case_publish     (AssayCase *self, const AssayPublication *publication, AssayObject **object, GError **error);
/* A record of that action; body's members are added to it. *undone, after a failure: whether nothing of the record remains. Called with
 * "writing" held. */
gboolean assay_case_append      (AssayCase *self, const char *action, json_t *body, gboolean *undone, GError **error);
/* Marks a recording complete. *here, where wanted: FALSE when another writer did before. */
gboolean assay_case_complete    (AssayCase *self, guint64 object, gboolean *here, GError **error);

/* Whether the publication is a part of that object, an unfinished recording of the same making; and whether none of its rows are there yet. */
gboolean assay_case_continues   (const AssayObject *object, const AssayPublication *publication);
gboolean assay_case_has_room    (const AssayObject *object, const AssayPublication *publication);
/* The JSON of one part for a record. */
json_t  *assay_case_part_json   (const AssayPublication *publication, guint64 sequence, const char *file, const char *sha256);

/* --- case_recover.c --- */

/* Only the writer: temporary files go, a finished shard without a record is adopted or set aside. */
gboolean assay_case_recover     (AssayCase *self, GError **error);
/* TRUE for "NNNNNNNN-hhhhhhhhhhhhhhhh.h5". */
gboolean assay_shard_name_parse (const char *name, guint64 *sequence, char hash[17]);
gboolean assay_is_temporary_name (const char *name);

/* --- case_check.c --- */

/* Compares a part's file with the journal, once per open case. Any thread. Errors: DAMAGED, naming the file. */
gboolean assay_case_check_part  (AssayCase *self, const AssayPart *part, GError **error);

void     assay_case_add_note    (AssayCase *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
