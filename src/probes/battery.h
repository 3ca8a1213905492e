/* SPDX-License-Identifier: GPL-3.0-or-later */
/* battery.h: several probes over the same instances, and what of their numbers a calibration sees.
 *
 * A feature is the soft value of a probe less its control; a probe whose points are features gives one for each point of its curve instead. NaN where
 * either is missing.
 * Shape letters: n instances, P probes, F features. Thread rule: one thread at a time.
 */
#pragma once

#include "probes/chain_calibration.h"
#include "probes/probe.h"

typedef struct {
  const AssayProbe *probe;
  gint64 point;                 /* -1: the probe's value */
  char *name;                   /* "swap", "patch layer 1" */
} AssayBatteryFeature;

typedef struct {
  AssayChainTask *task;
  guint P, F;
  AssayProbeResult **result;    /* (P) */
  AssayBatteryFeature *feature; /* (F) */
  double *x;                    /* (n,F) */
} AssayBattery;

/* probes: NULL-terminated. Takes the task, also on error. Errors: those of the probes; cancelled. */
AssayBattery *assay_battery_run  (AssayChainTask *task, const AssayProbe *const *probes, AssayProgress *progress, GError **error);
void          assay_battery_free (AssayBattery *battery);

/* Tokens that an instance costs with these probes, about: for a plan. */
double        assay_battery_estimate_tokens (const AssayChainLayout *layout, const AssayProbe *const *probes, guint n_layers, gint64 budget);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBattery, assay_battery_free)
