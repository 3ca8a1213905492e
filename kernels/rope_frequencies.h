/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rope_frequencies.h: how fast each pair of channels turns (src/ops/op_rope.c has the formulas and their sources); plain C, for both who turn them. */
#pragma once

#include <math.h>
#include <stdint.h>

enum { ROPE_HEADS, ROPE_THETA, ROPE_ADJACENT, ROPE_TURNED, ROPE_SCALING, ROPE_FACTOR, ROPE_LOW, ROPE_HIGH, ROPE_ORIGINAL, ROPE_MAGNITUDE };
enum { ROPE_PLAIN, ROPE_LINEAR, ROPE_LLAMA3, ROPE_YARN, ROPE_YARN_EXACT };

#define ROPE_TWO_PI 6.28318530717958647693

static inline double
rope_clamp (double x, double low, double high)
{
  return x < low ? low : x > high ? high : x;
}

/* The pair that turns so many times within the original context, as a real number. */
static inline double
rope_pair_of_turns (double turns, int64_t n, const double *attr)
{
  return (double) n * log (attr[ROPE_ORIGINAL] / (turns * ROPE_TWO_PI)) / (2 * log (attr[ROPE_THETA]));
}

/* How much of f / s is in the frequency of pair i; the rest is f. */
static inline double
rope_stretched_share (int64_t i, double f, int64_t n, const double *attr)
{
  double from, to;

  if (attr[ROPE_SCALING] == ROPE_LLAMA3)
    {
      double turns = attr[ROPE_ORIGINAL] * f / ROPE_TWO_PI;

      return rope_clamp ((attr[ROPE_HIGH] - turns) / (attr[ROPE_HIGH] - attr[ROPE_LOW]), 0, 1);
    }
  if (attr[ROPE_SCALING] < ROPE_YARN)
    return attr[ROPE_SCALING] == ROPE_LINEAR;
  from = rope_pair_of_turns (attr[ROPE_HIGH], n, attr);
  to = rope_pair_of_turns (attr[ROPE_LOW], n, attr);
  from = attr[ROPE_SCALING] == ROPE_YARN ? floor (from) : from;
  to = attr[ROPE_SCALING] == ROPE_YARN ? ceil (to) : to;
  from = from > 0 ? from : 0;
  to = to < (double) n - 1 ? to : (double) n - 1;
  return rope_clamp (((double) i - from) / (to == from ? 0.001 : to - from), 0, 1);
}

/* frequency (n/2) of the first n channels of a head. */
static inline void
rope_set_frequencies (int64_t n, const double *attr, double *frequency)
{
  for (int64_t i = 0; i < n / 2; i++)
    {
      double f = pow (attr[ROPE_THETA], -2.0 * (double) i / (double) n), share = rope_stretched_share (i, f, n, attr);

      frequency[i] = share > 0 ? share * f / attr[ROPE_FACTOR] + (1 - share) * f : f;
    }
}
