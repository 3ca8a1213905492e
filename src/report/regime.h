/* SPDX-License-Identifier: GPL-3.0-or-later */
/* regime.h: what a regime asks for, read from versioned data files: data/regimes/ID-VERSION.json. No requirement stands in the program; a pack is
 * edited, added or replaced without building anything.
 *
 * A pack says whether its texts were checked against the source (`verified`, each item) and whether counsel has looked at it (`legal_review`).
 * An item names the fields (report/field_set.h) that answer it. The reader is strict: a key missing, unknown or twice, a field that is not
 * declared, a word that is not one of its kind is an error that names file and item.
 *
 * Ownership: a set of regimes owns its packs. Thread rule: immutable once read.
 */
#pragma once

#include "report/field_set.h"

typedef struct { char *title, *url, *date, *read_on; } AssayRegimeSource;

typedef struct {
  char *id;                     /* "2(g)" */
  char *citation, *text;
  AssayFieldClass klass;
  char **fields;                /* ids; at least one */
  char **evidence_kinds;
  guint audience;               /* bits 1 << AssayAudience: to whom the item is answered */
  gint64 words;                 /* most words of a text; 0: no limit */
  gint64 digits;                /* significant digits that a number is given with; 0: nothing said */
  GArray *bands;                /* double, ascending: limits between the classes that a number is given in; may be empty */
  gboolean verified;            /* the paraphrase was held to the source */
} AssayRegimeItem;

typedef struct {
  char *id, *title, *version, *status;
  char *supersedes, *applies_from, *retention;  /* NULL: nothing said */
  char *review_name, *review_date;      /* of counsel; NULL: not reviewed */
  GPtrArray *sources;           /* AssayRegimeSource */
  GPtrArray *items;             /* AssayRegimeItem */
  char *file;                   /* "fmti-2025-12.json" */
  GBytes *bytes;                /* the file as it is, for a bundle */
  char *sha256;
} AssayRegime;

/* "regimes/fmti-2025-12/items" for what "items": the id of what a report says of the pack, and the path of its numbers. Owns: the caller. */
char *assay_regime_dup_path (const AssayRegime *regime, const char *what);

typedef struct _AssayRegimeSet AssayRegimeSet;

/* The folder of the packs: of the build that this program stands in, of where it was moved to, or of the installation. Owns: the caller.
 * Errors: NOT_FOUND, naming where was looked. */
char              *assay_regime_find_folder (GError **error);

/* All packs of a folder and its field catalogue, fields.json. folder NULL: assay_regime_find_folder. Other files of the folder whose names do
 * not end in .json are passed over. */
AssayRegimeSet    *assay_regime_set_read (const char *folder, GError **error);
void               assay_regime_set_free (AssayRegimeSet *set);

/* Sorted by id, then version. */
guint              assay_regime_set_get_n (const AssayRegimeSet *set);
const AssayRegime *assay_regime_set_get (const AssayRegimeSet *set, guint k);
/* name: ID-VERSION, or ID for the newest version of it. Errors: NOT_FOUND, listing what there is. */
const AssayRegime *assay_regime_set_find (const AssayRegimeSet *set, const char *name, GError **error);
/* Which packs a report answers: those named (each as for assay_regime_set_find), in that order; none: the newest version of each id, which is also
 * the choice before this is called. Errors: NOT_FOUND; USAGE when one is named twice. */
gboolean           assay_regime_set_choose (AssayRegimeSet *set, const char *const *names, GError **error);
/* AssayRegime; borrowed. */
const GPtrArray   *assay_regime_set_get_chosen (const AssayRegimeSet *set);

/* A fresh set of the declared fields; reads the catalogue again. */
AssayFieldSet     *assay_regime_set_make_fields (const AssayRegimeSet *set, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRegimeSet, assay_regime_set_free)
