/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_histogram.h: the 256 bins that activations are counted in, the same for every unit, recording and type, so that histograms add up.
 *
 * A bin is a quarter of an octave: magnitudes from 2^e (1 + j/4) to 2^e (1 + (j+1)/4), j = 0..3. In ascending order:
 *
 *   bin 0          below -1.75 * 2^15          bin 128        0 (excluded) to 1.5 * 2^-16
 *   bins 1..125    quarters of octaves         bins 129..254  quarters of octaves
 *   bin 126        -1.5 * 2^-16 to 0           bin 255        2^16 and above
 *   bin 127        exactly 0 (or -0)
 *
 * The end of a bin nearer to 0 belongs to it, the other one to its neighbour. Every edge is a number of float16, bfloat16, float32 and float64
 * alike, so a value's bin does not depend on what it was stored as beyond the value.
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

#define ASSAY_UNIT_BINS 256
#define ASSAY_UNIT_ZERO_BIN 127

/* The bin of a number that is not NaN. */
guint  assay_unit_histogram_find (double value);
/* Bin b lies between edges b and b+1, b = 0 .. 256; the first is minus, the last plus infinity. */
double assay_unit_histogram_edge (guint edge);
