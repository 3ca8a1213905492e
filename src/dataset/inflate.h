/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inflate.h: compressed bytes known by how they begin (gzip, zstd), and what is in them, bounded.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* What compressed bytes may always grow to, whatever they are in size: a small file cannot hurt. */
#define ASSAY_INFLATE_FREE ((guint64) 64 << 20)

/* "gzip", "zstd", or NULL for what is neither. */
const char *assay_inflate_recognise (const guint8 *bytes, guint64 size);

/* The content of compressed bytes, which may be several streams one behind the other, with one 0 byte behind it that *out_size does not count; from assay_mem.
 * most: how many times `size` it may grow; beyond that, and beyond ASSAY_INFLATE_FREE, it is refused before more is unpacked. name appears in messages.
 * Cost: O(content); memory of at most three times the content. Errors: INPUT with the byte that was reached, NO_MEMORY. */
guint8     *assay_inflate (const guint8 *bytes, guint64 size, guint64 most, const char *name, guint64 *out_size, GError **error);
