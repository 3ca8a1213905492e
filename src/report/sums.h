/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sums.h: SHA256SUMS as `sha256sum` writes and checks it: the digest of every file of a bundle, sorted by name.
 *
 * The form is strict (64 lower-case digits, two spaces, a plain path, a newline), so that each list has one spelling.
 * Ownership: the caller. Thread rule: pure functions.
 */
#pragma once

#include "report/bundle.h"
#include "store/digest.h"

#define ASSAY_SUMS_MAX_BYTES ((guint64) 64 << 20)

typedef struct _AssaySums AssaySums;

typedef struct {
  char       *path;
  AssayDigest digest;
  guint       line;             /* from 1 */
} AssaySum;

/* All files of the bundle as they are now. Owns: the caller. */
char           *assay_sums_of_bundle (const AssayBundle *bundle);
/* Errors: INPUT, naming the line. label appears in messages. */
AssaySums      *assay_sums_parse     (GBytes *text, const char *label, GError **error);
void            assay_sums_free      (AssaySums *self);
guint           assay_sums_get_n     (const AssaySums *self);
const AssaySum *assay_sums_get       (const AssaySums *self, guint k);
const AssaySum *assay_sums_find      (const AssaySums *self, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySums, assay_sums_free)
