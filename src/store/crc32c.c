/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crc32c.c: CRC-32C by one table of 256 entries; journals are small, so nothing faster is needed. */
#include "store/crc32c.h"

#define POLYNOMIAL 0x82f63b78u          /* 0x1edc6f41, bits reversed */

static const guint32 *
get_table (void)
{
  static guint32 table[256];
  static gsize ready;

  if (g_once_init_enter (&ready))
    {
      for (guint32 i = 0; i < 256; i++)
        {
          guint32 c = i;

          for (int bit = 0; bit < 8; bit++)
            c = (c >> 1) ^ (c & 1 ? POLYNOMIAL : 0);
          table[i] = c;
        }
      g_once_init_leave (&ready, 1);
    }
  return table;
}

guint32
assay_crc32c (guint32 crc, const void *bytes, gsize n)
{
  const guint32 *table = get_table ();
  const guint8 *p = bytes;

  crc = ~crc;
  for (gsize i = 0; i < n; i++)
    crc = table[(crc ^ p[i]) & 0xff] ^ (crc >> 8);
  return ~crc;
}
