/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure_name.h: what is asked about, in the words of stored scores and of documents.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

#define ASSAY_MEASURE_LOSS   "query loss"
#define ASSAY_MEASURE_MEAN_LOSS "mean query loss"
#define ASSAY_MEASURE_SELF   "self-influence"

/* TRUE for the measures of losses of queries, single or in the mean. */
gboolean    assay_measure_is_loss (const char *measure);
/* A measure as --measure and validations name it: "loss" of any loss, also of each example's own; "margin" of "mean margin". Borrowed. */
const char *assay_measure_get_name (const char *measure);
