/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cot_document.h: what `assay cot` says: of the instrument, of each mode, and of each instance.
 *
 * Ownership: new references belong to the caller. Thread rule: pure functions.
 */
#pragma once

#include "probes/cot.h"
#include "probes/cot_record.h"

#include <jansson.h>

/* {"is_calibrated", "reason", "certificate", "instances", "fused", "independent", "probes"}: what verdicts rest on. certificate: what is said of it, or NULL;
 * reason: why there is none, or NULL. */
json_t *assay_cot_describe_instrument (const AssayBattery *battery, const AssayCot *cot, json_t *certificate, const char *reason);

/* One entry for each mode of the data: counts of verdicts, mean use, mean value and control of each probe, answers right with and without the chain.
 * rate (n): of each instance; asked: the first so many instances count. */
json_t *assay_cot_describe_modes      (const AssayCotRecord *record, const AssayOrganism *organism, const double *rate, gint64 asked);

/* An instance: {"instance", "text", "answer", ..., "used", "independent", "disclosed", "probes"}. example: what is said of it; taken. */
json_t *assay_cot_describe_instance   (const AssayCotRecord *record, const AssayOrganism *organism, gint64 instance, json_t *example);

/* The same with the probes' curves and every edit. */
json_t *assay_cot_describe_whole      (const AssayCotRecord *record, const AssayOrganism *organism, gint64 instance, json_t *example);

/* A decorative chain and a used one of the same text but for the mode, and the same answer; of all such pairs the first with the most different words.
 * instances: of the document. Borrowed. FALSE: there is none. */
gboolean assay_cot_find_pair          (const json_t *instances, json_t **pair);
