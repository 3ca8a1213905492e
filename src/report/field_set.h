/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field_set.h: every field that can be reported, with its value for one case: declared in a file (data/regimes/fields.json), filled by the
 * program (report/facts.h) and by people (report/fields_file.h), then narrowed to one audience.
 *
 * Ownership: the set owns declarations and fields. Thread rule: one thread while it is filled, then immutable.
 */
#pragma once

#include "report/field.h"

typedef struct _AssayFieldSet AssayFieldSet;

/* Declares the fields of the file; each is "not computed" until something fills it.
 * Errors: NOT_FOUND; INPUT naming file and field: a key missing, unknown or twice, an id twice or of another form. */
AssayFieldSet *assay_field_set_read (const char *path, GError **error);
void           assay_field_set_free (AssayFieldSet *set);

guint          assay_field_set_get_n (const AssayFieldSet *set);
AssayField    *assay_field_set_get   (const AssayFieldSet *set, guint k);           /* in the order of the file */
/* NULL where there is none of that id. */
AssayField    *assay_field_set_find  (const AssayFieldSet *set, const char *id);
/* The nearest id, or NULL: for "did you mean". */
const char    *assay_field_set_nearest (const AssayFieldSet *set, const char *id);

/* A field that is not for this audience is withheld and says so. */
void           assay_field_set_narrow (AssayFieldSet *set, AssayAudience audience);
/* Withholds fields that tell what a withheld one says: the number of rows of each file where the files are. Once the set has been narrowed. */
void           assay_field_set_spread (AssayFieldSet *set);
/* Drafts that nobody has confirmed: while there is one, a report is not final. */
guint          assay_field_set_count_drafts (const AssayFieldSet *set);

/* Letters, digits, _ and dots between words: "data.overlap". */
gboolean       assay_field_id_is_valid (const char *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayFieldSet, assay_field_set_free)
