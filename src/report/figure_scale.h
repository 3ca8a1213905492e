/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_scale.h: from values to places on the drawing, and the round values that an axis names.
 *
 * Thread rule: pure functions; ticks belong to whoever made them.
 */
#pragma once

#include "report/figure.h"

typedef struct {
  AssayScaleKind kind;
  double lo, hi;                /* values at the ends; categories k cover [k - 1/2, k + 1/2] */
  double from, to;              /* places of lo and hi */
} AssayScale;

typedef struct {
  double value;
  char *label;
} AssayTick;

typedef struct {
  GArray *ticks;                /* AssayTick, ascending */
  int exponent;                 /* labels are values divided by 10^exponent, which the axis' name then says */
} AssayTickList;

/* NaN where a log scale has no place for the value. */
double assay_scale_place        (const AssayScale *scale, double value);
/* Room of one category, or of one unit on a linear scale. */
double assay_scale_step         (const AssayScale *scale);
gboolean assay_scale_holds      (const AssayScale *scale, double value);
/* Extends [lo, hi] to ends that suit the kind: a little air, never an empty range. with_zero: zero is one of the values that count. */
void   assay_scale_fit          (AssayScale *scale, AssayTicks style, double lo, double hi, gboolean with_zero);

/* About `wanted` round values of the scale. */
void   assay_tick_list_make     (AssayTickList *list, const AssayScale *scale, AssayTicks style, guint wanted);
/* The two ends in their place, and zero between them where asked for. */
void   assay_tick_list_make_ends (AssayTickList *list, const AssayScale *scale, gboolean with_zero);
void   assay_tick_list_clear    (AssayTickList *list);

/* A number for people: a real minus sign, thousands separated, `digits` significant ones, powers of ten as 1.2×10⁻⁷. Owns: the caller. */
char  *assay_figure_number      (double value, guint digits);
/* With that many digits behind the point; powers of ten where it would be very long. Owns: the caller. */
char  *assay_figure_decimals    (double value, guint decimals);
/* A value with the unit and style of an axis: "25 %", "0.31 nats". Owns: the caller. */
char  *assay_figure_quantity    (double value, AssayTicks style, const char *unit);
