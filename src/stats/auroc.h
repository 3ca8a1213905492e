/* SPDX-License-Identifier: GPL-3.0-or-later */
/* auroc.h: how well a score tells two groups apart: the area under the receiver operating characteristic.
 *
 * It is the chance that a positive scores above a negative, ties counted one half. Undefined (an empty group, a NaN) is NaN.
 * Thread rule: pure functions.
 */
#pragma once

#include "stats/estimate.h"

/* Cost: O(n log n). Source: Mann & Whitney, Ann. Math. Stat. 18 (1947). */
double        assay_auroc          (const double *positive, gint64 n_positive, const double *negative, gint64 n_negative);

/* With DeLong's standard error, on the scale of the log odds so that the interval stays in [0, 1]. Where that error is 0 (the groups
 * are perfectly apart, or a group has one member) the interval is Newcombe's, which never closes.
 * Source: DeLong et al., Biometrics 44 (1988); Sun & Xu, IEEE Signal Proc. Lett. 21 (2014) for the ranks; Newcombe, Stat. Med. 25 (2006),
 * part 2, method 5. */
AssayEstimate assay_estimate_auroc (const double *positive, gint64 n_positive, const double *negative, gint64 n_negative, double level);
