/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rng.c: Philox4x32-10 from Random123, and the few distributions that Assay draws from. */
#include "base/rng.h"

#include <Random123/philox.h>
#include <math.h>

AssayRng
assay_rng_new (guint64 seed, guint64 stream)
{
  return (AssayRng) { .seed = seed, .stream = stream };
}

guint32
assay_rng_u32 (AssayRng *rng)
{
  if (rng->left == 0)
    {
      philox4x32_ctr_t c = { { (guint32) rng->position, (guint32) (rng->position >> 32),
                               (guint32) rng->stream, (guint32) (rng->stream >> 32) } };
      philox4x32_key_t k = { { (guint32) rng->seed, (guint32) (rng->seed >> 32) } };

      c = philox4x32 (c, k);
      for (guint i = 0; i < 4; i++)
        rng->block[i] = c.v[i];
      rng->position++;
      rng->left = 4;
    }
  return rng->block[4 - rng->left--];
}

guint64
assay_rng_u64 (AssayRng *rng)
{
  guint64 low = assay_rng_u32 (rng);

  return low | (guint64) assay_rng_u32 (rng) << 32;
}

double
assay_rng_uniform (AssayRng *rng)
{
  return (double) (assay_rng_u64 (rng) >> 11) * 0x1p-53;
}

double
assay_rng_normal (AssayRng *rng)
{
  double u = 1 - assay_rng_uniform (rng);                         /* in (0, 1]: the logarithm is finite */
  double v = assay_rng_uniform (rng);

  return sqrt (-2 * log (u)) * cos (2 * G_PI * v);
}

guint64
assay_rng_below (AssayRng *rng, guint64 n)
{
  guint64 limit = G_MAXUINT64 - G_MAXUINT64 % n, r;

  do
    r = assay_rng_u64 (rng);
  while (r >= limit);
  return r % n;
}

void
assay_rng_shuffle (AssayRng *rng, gint64 *items, gsize n)
{
  for (gsize i = n; i > 1; i--)
    {
      gsize j = assay_rng_below (rng, i);
      gint64 swap = items[i - 1];

      items[i - 1] = items[j];
      items[j] = swap;
    }
}

guint64
assay_rng_stream (const char *purpose, guint64 index)
{
  guint64 h = 0xcbf29ce484222325u;                                /* FNV-1a over the words, then the number */

  for (const char *p = purpose; *p; p++)
    h = (h ^ (guchar) *p) * 0x100000001b3u;
  for (guint i = 0; i < 8; i++)
    h = (h ^ (index >> 8 * i & 0xff)) * 0x100000001b3u;
  return h;
}
