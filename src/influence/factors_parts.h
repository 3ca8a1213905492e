/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_parts.h: a fit of curvature factors that several processes share: sums over stretches of the examples, kept in the case stage by stage.
 *
 * An object "factors-part" NAME/STAGE has /sums/total, a row for each stretch. Eigenvectors are computed by every process anew, so all must be of one
 * device and instruction set: their names are in the metadata, and other machines begin an object of their own.
 * Thread rule: one at a time.
 */
#pragma once

#include "hessian/factors.h"
#include "store/recorder.h"

#include <jansson.h>

typedef struct {
  AssayCase *cas;
  const char *name;             /* of the factors */
  const json_t *identity;       /* assay_factors_identity */
  const AssayRecorderShare *share;      /* NULL: this process sees to all */
  const AssayBackend *backend;  /* what the sums are computed on: those of one fit have the same rounding */
} AssayFactorsParts;

/* Whether the case has any. */
gboolean           assay_factors_parts_exist  (AssayCase *cas, const char *name);
/* Borrows parts. */
AssayFactorsSummer assay_factors_parts_summer (AssayFactorsParts *parts);
