/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle.h: the files of one report, collected in memory and then written as a directory at once.
 *
 *   bundle = assay_bundle_new ();
 *   assay_bundle_add_text (bundle, "report.json", text, &error);
 *   assay_bundle_write (bundle, "report", &error);
 *
 * Paths are made of plain words, never of data: "figures/influence.svg". doc/evidence.md says what a whole bundle holds.
 *
 * Ownership: the bundle keeps a reference to the bytes that it is given. Thread rule: one thread at a time.
 */
#pragma once

#include <glib.h>

#define ASSAY_BUNDLE_SUMS "SHA256SUMS"
#define ASSAY_BUNDLE_SIGNATURES "signatures"

typedef struct _AssayBundle AssayBundle;

AssayBundle *assay_bundle_new       (void);
void         assay_bundle_free      (AssayBundle *self);

/* Errors: USAGE for a path that is no file name of a bundle, or that is there already. */
gboolean     assay_bundle_add       (AssayBundle *self, const char *path, GBytes *bytes, GError **error);
gboolean     assay_bundle_add_text  (AssayBundle *self, const char *path, const char *text, GError **error);
/* Sorted by the bytes of their names. Owns: the bundle. */
guint        assay_bundle_get_n     (const AssayBundle *self);
const char  *assay_bundle_get_path  (const AssayBundle *self, guint k);
/* NULL where there is no such file. Owns: the bundle. */
GBytes      *assay_bundle_get_bytes (const AssayBundle *self, const char *path);

/* One to eight words of letters, digits, '.', '_' and '-', joined by '/'; none begins with a '.' or '-'. */
gboolean     assay_bundle_path_is_plain (const char *path);

/* Writes everything beside the directory, then renames it into place; a bundle that is there already is replaced as a whole.
 * Errors: USAGE when something else is there, and nothing is touched; NO_SPACE, PERMISSION, IO. */
gboolean     assay_bundle_write     (const AssayBundle *self, const char *directory, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBundle, assay_bundle_free)
