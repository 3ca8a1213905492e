/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case.h: a case is a directory NAME.assay that holds committed objects and the journal that lists them.
 *
 * An object has a kind (data, model, checkpoint, activations, gradients, scores, metrics, job, ... free words), a name and a
 * sequence number. A newer object of the same kind and name supersedes the older in look-ups; the older stays readable by its
 * number. An object consists of one or more parts, each an immutable HDF5 shard; parts follow each other along the rows.
 * The catalogue is a pure function of the directory's journal. doc/store-format.md has every byte.
 *
 * Ownership: an AssayObject is an immutable snapshot with a reference count; its strings and its JSON are borrowed from it
 * and are not to be changed.
 * Thread rule: a case may be used from any thread.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* The newest format this program reads and writes. */
#define ASSAY_CASE_FORMAT 1

typedef struct _AssayCase AssayCase;

typedef enum {
  ASSAY_CASE_READ,
  ASSAY_CASE_WRITE,             /* one writer at a time; a second one is refused with the pid and host of the first */
  ASSAY_CASE_SHARE              /* several processes, on one machine or on many, write at once: each commit takes the lock for itself, and waits for it. Look-ups
                                 * see what others committed until the last own commit or assay_case_refresh */
} AssayCaseMode;

typedef struct {
  guint64     sequence;
  gint64      row_start, rows;
  guint64     bytes;
  const char *file;             /* relative to the case directory */
  const char *sha256;           /* of the file's bytes, 64 hexadecimal digits */
  const char *content_root;     /* of the logical values (store/digest.h), 64 hexadecimal digits */
  const char *utc;              /* when it was committed, RFC 3339 */
} AssayPart;

typedef struct {
  const char *kind, *name;
  guint64     sequence;         /* of the first part; identifies the object */
  gint64      rows;             /* all parts together; 0 where the object has no rows */
  guint64     bytes;
  gboolean    complete;         /* FALSE: a recording that has not been finished (yet) */
  json_t     *meta;             /* a JSON object, never NULL */
  guint       n_parts;
  const AssayPart *const *parts;
} AssayObject;

/* Makes a new case and opens it for writing. An empty directory is taken; anything else that exists is refused. */
AssayCase   *assay_case_create   (const char *path, GError **error);

/* Opens an existing case. For writing, what an earlier crash left is put in order first; see assay_case_get_notes.
 * Errors: NOT_FOUND (no case there), VERSION (newer format), BUSY (another writer), DAMAGED (journal; file and offset named). */
AssayCase   *assay_case_open     (const char *path, AssayCaseMode mode, GError **error);
void         assay_case_free     (AssayCase *self);
/* Whether a case is at that path, readable or not. */
gboolean     assay_case_is_at    (const char *path);

const char  *assay_case_get_path (AssayCase *self);
gboolean     assay_case_is_writable (AssayCase *self);
/* What opening found and mended, or left alone: one sentence each, NULL-terminated. Owns: the case. */
const char *const *assay_case_get_notes (AssayCase *self);

/* Reads what other processes committed since. A writer's own commits are seen at once; only one with others beside it has anything to read. */
gboolean     assay_case_refresh  (AssayCase *self, GError **error);

/* The newest object of that kind and name. Errors: NOT_FOUND, naming what there is. Owns: the caller. */
AssayObject *assay_case_lookup   (AssayCase *self, const char *kind, const char *name, GError **error);
gboolean     assay_case_has      (AssayCase *self, const char *kind, const char *name);
/* Any object ever committed, superseded ones too. Errors: NOT_FOUND. Owns: the caller. */
AssayObject *assay_case_lookup_sequence (AssayCase *self, guint64 sequence, GError **error);

/* The newest object of each (kind, name), sorted by kind and name. kind NULL: all kinds; prefix NULL: all names.
 * Owns: the caller; an array of AssayObject that releases its members. */
GPtrArray   *assay_case_list     (AssayCase *self, const char *kind, const char *prefix);
/* All objects ever committed, by sequence number. Owns: the caller, as above. */
GPtrArray   *assay_case_list_history (AssayCase *self);

/* A name for somebody or something of the data that says nothing about it: the same text gives the same 16 digits in this case and others in another,
 * and only who has the case's salt.key can tell whose they are. NULL where the key is missing. Owns: the caller. */
char        *assay_case_dup_pseudonym (AssayCase *self, const char *text);

/* What every following record of this writer says about its maker. Without it: the program's name. */
void         assay_case_set_command_line (AssayCase *self, const char *command_line);
/* Adds an action to the journal that is not a commit (a started job, an edit of a report), and makes it durable.
 * body: a JSON object, borrowed. */
gboolean     assay_case_log      (AssayCase *self, const char *action, json_t *body, GError **error);

/* Narrows the rows *first .. *end - 1 down to the first run of them that the object, an unfinished recording or NULL, does not have, also behind what it
 * shows: parts of several writers come in any order. FALSE: it has them all. */
gboolean     assay_object_find_gap (const AssayObject *object, gint64 *first, gint64 *end);

AssayObject *assay_object_ref    (AssayObject *self);
void         assay_object_unref  (AssayObject *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCase, assay_case_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayObject, assay_object_unref)
