/* SPDX-License-Identifier: GPL-3.0-or-later */
/* catalogue.h: which objects a case has: a pure function of its journal's records.
 *
 * Records that change it: {"action": "commit" | "adopt", "outputs": [part]} and {"action": "complete", "object": N}; all others pass.
 * A part is {kind, name, sequence, object, row_start, rows, bytes, file, sha256, content_root, complete, meta | layout}; "object" is
 * the sequence number of the object's first part, which alone carries meta and layout. Parts of a recording may come in any order of their rows; what an
 * object shows are those that follow each other from row 0.
 *
 * Thread rule: none; the case's mutex guards it. Internal to this floor.
 */
#pragma once

#include "store/case.h"

typedef struct _AssayCatalogue AssayCatalogue;

AssayCatalogue *assay_catalogue_new     (void);
void            assay_catalogue_free    (AssayCatalogue *self);

/* where names the record in messages. Errors: DAMAGED when the record contradicts those before it. */
gboolean        assay_catalogue_apply   (AssayCatalogue *self, json_t *payload, const char *where, GError **error);

guint64         assay_catalogue_get_last_sequence (AssayCatalogue *self);
/* Borrowed; NULL when there is none. */
AssayObject    *assay_catalogue_find    (AssayCatalogue *self, const char *kind, const char *name);
AssayObject    *assay_catalogue_find_sequence (AssayCatalogue *self, guint64 sequence);
gboolean        assay_catalogue_has_file (AssayCatalogue *self, const char *file);
/* All objects by sequence number; borrowed, an array of AssayObject. */
const GPtrArray *assay_catalogue_get_history (AssayCatalogue *self);
/* A digest of the arrays of a recording, or NULL for a single shard. */
const char     *assay_object_get_layout (const AssayObject *object);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCatalogue, assay_catalogue_free)
