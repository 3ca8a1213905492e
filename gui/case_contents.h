/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_contents.h: what a case holds, as of one moment: a list that the main thread may look at without waiting.
 *
 * Ownership: reference counted; objects and strings belong to it. Thread rule: immutable once made.
 */
#pragma once

#include "store/case.h"

#include <gio/gio.h>

typedef struct {
  gatomicrefcount count;
  char *path, *name;            /* name: of the directory, without .assay */
  char *uuid;                   /* NULL: the marker does not say */
  GPtrArray *objects;           /* AssayObject: the newest of each kind and name, sorted by kind and name */
  GPtrArray *notes;             /* strings: what opening found */
  guint64 bytes;                /* of the newest objects */
  guint64 on_disk;              /* what their files hold today: another number where one is missing or short */
  guint64 last_sequence;
} AssayCaseContents;

/* An AssayReadFunc without a question. */
gpointer           assay_case_contents_read  (AssayCase *cas, gconstpointer nothing, GCancellable *cancellable, GError **error);
AssayCaseContents *assay_case_contents_ref   (AssayCaseContents *self);
void               assay_case_contents_unref (AssayCaseContents *self);

guint              assay_case_contents_count (const AssayCaseContents *self, const char *kind);
/* The object that was made last among those of a kind and, where name is not NULL, of that name; or NULL. Owns: the contents. */
const AssayObject *assay_case_contents_find  (const AssayCaseContents *self, const char *kind, const char *name);

/* "demo" of "/tmp/demo.assay": how a case is called in a title. Owns: the caller. */
char              *assay_case_display_name   (const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCaseContents, assay_case_contents_unref)
