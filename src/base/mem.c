/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem.c: counted, aligned, fallible memory. A 64-byte header before each buffer holds its size. Large buffers are pages of their own, which are zero until
 * they are written: they take memory, and time, only then. */
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

typedef struct { gsize bytes, mapped; } Header;         /* mapped: bytes of the pages, 0 where there are none */

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

/* total bytes of zeros; NULL where there is no memory. */
static char *
get_block (gsize total, gsize *mapped)
{
  char *block;

#ifndef __SANITIZE_ADDRESS__    /* which sees only what malloc gives */
  if (total >= LARGE)
    {
      block = mmap (NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      *mapped = total;
      return block == MAP_FAILED ? NULL : block;
    }
#endif
  *mapped = 0;
  block = aligned_alloc (64, total);
  if (block != NULL)
    memset (block, 0, total);
  return block;
}

gpointer
assay_mem_alloc (gsize bytes, GError **error)
{
  Header header = { bytes, 0 };
  guint64 total;
  char *block = NULL;

  if (assay_size_add (bytes, HEADER, &total) && assay_size_align (total, 64, &total) && !must_fail ())
    block = get_block (total, &header.mapped);
  if (block == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY,
                   "memory: %" G_GSIZE_FORMAT " bytes asked for and not available; use a smaller batch or model", bytes);
      return NULL;
    }
  want_large_pages (block, total);
  memcpy (block, &header, sizeof header);
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
  Header header;

  if (buffer == NULL)
    return;
  memcpy (&header, (char *) buffer - HEADER, sizeof header);
  atomic_fetch_sub (&live, header.bytes);
  if (header.mapped > 0)
    munmap ((char *) buffer - HEADER, header.mapped);
  else
    free ((char *) buffer - HEADER);
}

void
assay_mem_give_back (gpointer first, gsize bytes)
{
  const guintptr page = (guintptr) sysconf (_SC_PAGESIZE), begin = ((guintptr) first + page - 1) / page * page, end = ((guintptr) first + bytes) / page * page;

  if (end > begin)
    (void) madvise ((void *) begin, end - begin, MADV_DONTNEED);          /* a wish */
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
