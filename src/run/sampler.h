/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sampler.h: which token comes next.
 *
 *   p_v ~ exp (logit_v / temperature)  over the tokens that top_k, then top_p, then min_p leave in
 *
 * A draw is a pure function of seed and position: the same seed gives the same text, whatever the number of threads and however often a
 * generation was cut into calls.
 * Thread rule: pure functions.
 */
#pragma once

#include "base/error.h"

typedef struct {
  double temperature;           /* 0: the likeliest token, the lowest number among equals */
  gint64 top_k;                 /* the k likeliest tokens; 0: all */
  double top_p;                 /* the fewest likeliest tokens that have this probability together; 1: all */
  double min_p;                 /* tokens at least this share of the likeliest one's probability; 0: all */
  guint64 seed;
} AssaySampling;

/* logits (n); position: tokens before this one. Cost: n, and log n for each token that a draw or a limit looks at. Errors: NAN for a logit that is no number; memory. */
gboolean assay_sampling_choose (const AssaySampling *sampling, gint64 n, const double *logits, gint64 position, gint32 *token, GError **error);

/* log sum_v exp logit_v. */
double   assay_sampling_log_sum (gint64 n, const double *logits);
