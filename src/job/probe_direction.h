/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_direction.h: a linear probe as an object of the case: a direction w at a result of a model, with a bias, and how its values at the positions become one.
 *
 * An object of kind "probe": /probe/direction (channel) in f64; "tap", "bias" and "pool" in the metadata. Its name is taken once, so that a measure
 * probe:NAME keeps meaning what it meant.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "job/subject.h"
#include "model/measure.h"

extern const AssayParam assay_import_probe_params[];

/* From one file with an array of as many numbers as the tap has channels. Commits "probe" NAME. The summary; new reference. Errors: NOT_FOUND for a tap that is not there,
 * SHAPE for another length, INPUT for what is not finite or nothing but zeros: with file and place. */
json_t      *assay_import_probe (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error);

/* Completes a measure of kind PROBE from the case; the object, the caller's. Errors: NOT_FOUND with the probes there are; those of the store. */
AssayObject *assay_probe_direction_load (AssayCase *cas, AssayMeasure *measure, GError **error);
