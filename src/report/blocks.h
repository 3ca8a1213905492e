/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blocks.h: evidence/blocks.jsonl, the SHA-256 of every KiB of every file of a bundle, so that an alteration is found to the block.
 *
 * It also tells an altered container from a rewritten one: a file of which most blocks are where they were was altered; one of which hardly
 * any is was written anew.
 * Ownership: the caller. Thread rule: pure functions.
 */
#pragma once

#include "report/bundle.h"
#include "report/bundle_directory.h"

#define ASSAY_BLOCKS_FILE "evidence/blocks.jsonl"
#define ASSAY_BLOCK_BYTES 1024

typedef struct _AssayBlocks AssayBlocks;

/* Of all files that the bundle has now. Owns: the caller. */
char        *assay_blocks_of_bundle (const AssayBundle *bundle);
/* Errors: INPUT, naming the line. */
AssayBlocks *assay_blocks_parse     (GBytes *text, const char *label, GError **error);
void         assay_blocks_free      (AssayBlocks *self);

typedef struct {
  guint64  first, last;         /* bytes that the altered blocks span; first > last: none is altered */
  guint    n_altered;           /* blocks */
  guint64  bytes, expected_bytes;       /* of the file: now, and as it was written */
  gboolean is_rewritten;        /* fewer than half of the blocks that are not all zeros are where they were */
} AssayBlockDifference;

/* Compares a file of the directory with what was written. FALSE when nothing is known of that file. Errors: those of reading. */
gboolean     assay_blocks_compare   (const AssayBlocks *self, const AssayBundleDirectory *directory, const char *path, AssayBlockDifference *difference,
                                     GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBlocks, assay_blocks_free)
