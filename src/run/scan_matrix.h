/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scan_matrix.h: a selective scan as what it does to tokens: channel i of its output at position t is a sum over the positions s before it,
 *
 *   y_ti = sum_(s <= t) M_i(t,s) x_si + D_i x_ti      M_i(t,s) = sum_n read_tn prod_(k = s+1 .. t) exp (step_ki A_in) step_si write_sn
 *
 * like a pattern of attention, but with signs and rows that do not sum to 1. Internal to this floor: lens.h has it beside attention.
 * Shape letters: n positions, I channels, S states of a channel. Thread rule: pure functions.
 * Source: Ali, Zimerman and Wolf, arXiv 2403.01590; the scan is that of op_selective_scan.
 */
#pragma once

#include <glib.h>

typedef struct {
  gint64 n, I, S;
  const double *step;           /* (n,I) */
  const double *write, *read;   /* (n,S) */
  const double *a_log;          /* (I,S) */
} AssayScanMatrix;

/* out (n,n): M of channel i, 0 above the diagonal. Cost: S n^2 and S n exponentials. Memory: S n numbers meanwhile. Errors: memory. */
gboolean assay_scan_matrix_fill     (const AssayScanMatrix *scan, gint64 i, double *out, GError **error);
/* out (n,n): the mean size of M over all channels. */
gboolean assay_scan_matrix_fill_all (const AssayScanMatrix *scan, double *out, GError **error);
