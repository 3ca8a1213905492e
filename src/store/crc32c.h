/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crc32c.h: the Castagnoli checksum that tells a torn journal record from a whole one. It is not evidence.
 *
 * Thread rule: pure function.
 */
#pragma once

#include <glib.h>

/* Start with crc = 0; feed the result back in to continue. */
guint32 assay_crc32c (guint32 crc, const void *bytes, gsize n);
