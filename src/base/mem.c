/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem.c: counted, aligned, fallible memory. A 64-byte header before each buffer holds its size. */
#include "base/mem.h"

#include "base/error.h"
#include "base/num.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER 64
#define LARGE (16 << 20)        /* from here on large pages are asked for: reading rows here and there costs fewer misses of addresses */

static atomic_size_t live, peak;
static _Atomic guint64 count, fail_at;
static atomic_int forbidden;

static void
raise_peak (gsize now)
{
  gsize seen = atomic_load (&peak);

  while (now > seen && !atomic_compare_exchange_weak (&peak, &seen, now))
    ;
}

static void
want_large_pages (char *block, gsize n)
{
#ifdef MADV_HUGEPAGE
  const gsize page = (gsize) sysconf (_SC_PAGESIZE), off = (page - (guintptr) block % page) % page;

  if (n >= LARGE)
    (void) madvise (block + off, n - off, MADV_HUGEPAGE);                 /* a wish: where it is not granted all is as before */
#else
  (void) block, (void) n;
#endif
}

static gboolean
must_fail (void)
{
  guint64 left = atomic_load (&fail_at);

  if (atomic_load (&forbidden))
    return TRUE;
  while (left > 0)
    if (atomic_compare_exchange_weak (&fail_at, &left, left - 1))
      return left == 1;
  return FALSE;
}

gpointer
assay_mem_alloc (gsize bytes, GError **error)
{
  guint64 total;
  char *block = NULL;

  if (assay_size_add (bytes, HEADER, &total) && assay_size_align (total, 64, &total) && !must_fail ())
    block = aligned_alloc (64, total);
  if (block == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY,
                   "memory: %" G_GSIZE_FORMAT " bytes asked for and not available; use a smaller batch or model", bytes);
      return NULL;
    }
  want_large_pages (block, total);
  memset (block, 0, total);
  memcpy (block, &bytes, sizeof bytes);
  atomic_fetch_add (&count, 1);
  raise_peak (atomic_fetch_add (&live, bytes) + bytes);
  return block + HEADER;
}

gpointer
assay_mem_alloc_array (guint64 n, gsize width, GError **error)
{
  guint64 bytes = G_MAXUINT64;

  if (!assay_size_mul (n, width, &bytes))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "memory: %" G_GUINT64_FORMAT " items of %" G_GSIZE_FORMAT
                   " bytes are more than 64 bits can count", n, width);
      return NULL;
    }
  return assay_mem_alloc (bytes, error);
}

void
assay_mem_free (gpointer buffer)
{
  gsize bytes;

  if (buffer == NULL)
    return;
  memcpy (&bytes, (char *) buffer - HEADER, sizeof bytes);
  atomic_fetch_sub (&live, bytes);
  free ((char *) buffer - HEADER);
}

gsize
assay_mem_get_live (void)
{
  return atomic_load (&live);
}

gsize
assay_mem_get_peak (void)
{
  return atomic_load (&peak);
}

void
assay_mem_reset_peak (void)
{
  atomic_store (&peak, atomic_load (&live));
}

guint64
assay_mem_get_count (void)
{
  return atomic_load (&count);
}

void
assay_mem_fail_at (guint64 n)
{
  atomic_store (&fail_at, n);
}

void
assay_mem_forbid (gboolean forbid)
{
  atomic_store (&forbidden, forbid);
}
