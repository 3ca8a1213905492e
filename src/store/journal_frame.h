/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_frame.h: the fixed bytes of a journal file, shared by its reader and its writer only. */
#pragma once

#include "store/crc32c.h"
#include "store/digest.h"

#define JOURNAL_HEADER "assay-journal-1\n"
#define JOURNAL_HEADER_BYTES 16
#define JOURNAL_MARK "Jrec"
/* Bytes of a record beside its payload: mark, length, CRC-32C, link. */
#define JOURNAL_FRAME (4 + 4 + 4 + ASSAY_DIGEST_BYTES)

/* Of the record at p: everything but the checksum itself. */
static inline guint32
journal_checksum (const guint8 *p, gsize payload)
{
  return assay_crc32c (assay_crc32c (0, p, 8 + payload), p + 8 + payload + 4, ASSAY_DIGEST_BYTES);
}
