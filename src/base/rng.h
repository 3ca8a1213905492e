/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rng.h: counter-based random numbers (Philox4x32-10 of Random123): the n-th number of a stream is a pure function of
 * (seed, stream, position), so a resumed run, another thread count or a GPU draws the same ones.
 *
 * Thread rule: a generator is a plain value; each thread copies or makes its own.
 */
#pragma once

#include <glib.h>

typedef struct {
  guint64 seed, stream, position;
  guint32 block[4];
  guint   left;                 /* numbers still unused in block */
} AssayRng;

/* A generator at the start of a stream. Name streams by what they serve, for example (seed, step) or (seed, example). */
AssayRng assay_rng_new     (guint64 seed, guint64 stream);
guint32  assay_rng_u32     (AssayRng *rng);
guint64  assay_rng_u64     (AssayRng *rng);
double   assay_rng_uniform (AssayRng *rng);                       /* in [0, 1), 53 bits */
double   assay_rng_normal  (AssayRng *rng);                       /* mean 0, variance 1 (Box-Muller) */
guint64  assay_rng_below   (AssayRng *rng, guint64 n);            /* in 0 .. n-1 without bias; n > 0 */
void     assay_rng_shuffle (AssayRng *rng, gint64 *items, gsize n);   /* Fisher-Yates */

/* A 64-bit key for a stream named by words and numbers. */
guint64  assay_rng_stream  (const char *purpose, guint64 index);
