/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_kernel.h: the loops that meet every recorded value of 16 bits, one function each per instruction set.
 *
 * A value of 16 bits becomes an ordered key, a gint16: keys compare as the numbers do, +0 and -0 both are key 0, and what is not finite lies
 * outside [ASSAY_KEY_LEAST_F16, ASSAY_KEY_MOST_F16] (or their BF16). Everything here is integer arithmetic: the same bits from every
 * instruction set.
 * Shape letters: n rows, W units. Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

#define ASSAY_KEY_BINS 65536
#define ASSAY_KEY_MOST_F16   0x7bff
#define ASSAY_KEY_LEAST_F16  (-0x7c00)
#define ASSAY_KEY_MOST_BF16  0x7f7f
#define ASSAY_KEY_LEAST_BF16 (-0x7f80)
#define ASSAY_KEY_MOST_ADDED 4096

/* Of the bits of a float16 or bfloat16, and back. */
static inline gint16
assay_key_of_bits (guint16 bits)
{
  gint16 s = (gint16) bits;

  s = (gint16) (s ^ ((s >> 15) & 0x7fff));
  return (gint16) (s + (s == -1));                                /* -0 is 0 */
}

static inline guint16
assay_key_get_bits (gint16 key)
{
  return (guint16) (key ^ ((key >> 15) & 0x7fff));
}

typedef struct {
  /* x (n, W...) with `stride` elements from row to row -> keys (W, n), `pitch` elements from unit to unit. */
  void  (*order)  (const guint16 *x, gint64 n, gint64 stride, gint64 W, gint16 *keys, gint64 pitch);
  /* table[key + 32768] += 1 for each; *least and *most widen to what was met. */
  void  (*count)  (const gint16 *keys, gint64 n, guint32 *table, gint16 *least, gint16 *most);
  /* The bins least .. most that are not empty, ascending; they are emptied. Returns how many. distinct and count hold most - least + 16. */
  gsize (*drain)  (guint32 *table, gint16 least, gint16 most, gint16 *distinct, guint32 *count);
  /* Rows from `from` on whose key is below lo or above hi, ascending, until `room` of them are found; *next: where to go on (n: done). */
  gsize (*find)   (const gint16 *keys, gint64 from, gint64 n, gint16 lo, gint16 hi, gint64 *row, gsize room, gint64 *next);
  /* bins[of[key + 32768]] += 1 for each. bins (256) */
  void  (*bin)    (const gint16 *keys, gint64 n, const guint8 *of, gint64 *bins);
  /* Exact sums of at most ASSAY_KEY_MOST_ADDED finite float16: of values in units of 2^-24, of squares in units of 2^-48, 2^-28 and 2^-8: each square is in
   * the sum whose unit it is a multiple of. Each is a whole number that a double holds. */
  void  (*add_up) (const gint16 *keys, gint64 n, gint64 *total, gint64 *squares);
} AssayUnitKernels;

extern const AssayUnitKernels assay_unit_kernels_baseline, assay_unit_kernels_x86_64_v3, assay_unit_kernels_x86_64_v4;

/* Those of the instruction set in use. */
const AssayUnitKernels *assay_unit_kernels_get (void);
