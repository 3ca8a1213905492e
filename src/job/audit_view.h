/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_view.h: an audit for people: what was audited, then errors, ranking, calibration and groups of each part.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/view.h"

#include <jansson.h>

/* document: what kind "audit" answers. */
void assay_audit_view (const json_t *document, AssayView *view);
