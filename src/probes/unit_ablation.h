/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_ablation.h: which units of a tap matter for the model's answers: each replaced by its mean over the recording, beside random other
 * units of the same tap.
 *
 * Chosen are the units whose activations vary most, those named, or all. Dead and constant units are their mean already, so they are neither
 * chosen nor controls. Controls are drawn by (seed, tap) among the others. Where several but not all units are chosen, they are also
 * replaced together, beside random sets of as many.
 * Shape letters: C units, N examples, A chosen units. Ownership: the caller. Thread rule: one at a time per case.
 */
#pragma once

#include "probes/ablation.h"
#include "probes/units.h"

/* ablate, ablate-units, ablate-examples, controls, control-seed. */
extern const AssayParam assay_unit_ablation_params[];

#define ASSAY_UNIT_ABLATION_LEVEL 0.95

/* The change by one set, and what random sets of as many units changed. */
typedef struct {
  gint64 unit;                  /* -1: all chosen units together */
  AssayEstimate loss, logit, accuracy;
  gint64 n_controls;
  AssayEstimate control_loss, control_logit, control_accuracy;  /* mean of the controls */
  double control_least, control_most;   /* change of loss */
  gint64 n_as_much;             /* controls whose loss changed at least as much in size */
  double p;                     /* (n_as_much + 1) / (n_controls + 1); NaN without controls */
} AssayUnitAblated;

typedef struct {
  gint64 N, n_recorded;         /* examples walked, of the recording */
  double loss, accuracy;        /* of the model as it is; accuracy NaN for real targets */
  gint64 n_predictions;
  GArray *controls;             /* gint64: the control units, where they are the same for all chosen */
  GArray *ablated;              /* AssayUnitAblated, by unit */
  gboolean has_together;
  AssayUnitAblated together;
  char *together_missing;       /* why not, or NULL */
} AssayUnitAblations;

/* What will be walked. */
typedef struct {
  gint64 n_sets, N;
  double flops;
} AssayUnitAblationCost;

/* Whether anything is to be ablated. */
gboolean            assay_unit_ablation_is_wanted (const AssayValues *options);
/* Errors: USAGE for a text of `ablate` that is neither none, top, all nor numbers of units of the tap. C: units of the tap. */
gboolean            assay_unit_ablation_check (const AssayValues *options, const char *tap, gint64 C, GError **error);
/* At most: before it is known which units live. */
AssayUnitAblationCost assay_unit_ablation_measure (AssayModel *model, const AssayValues *options, gint64 n_recorded, gint64 C);

/* spec: model, dataset, backend, store, name and meta as for assay_ablate; examples (N) are those recorded, of which so many are drawn;
 * tap, replacement and C are taken from units. */
AssayUnitAblations *assay_unit_ablation_run   (const AssayUnits *units, const AssayAblation *spec, const AssayValues *options, AssayProgress *progress,
                                               GError **error);
void                assay_unit_ablations_free (AssayUnitAblations *ablations);
/* NULL: the unit was not ablated. */
const AssayUnitAblated *assay_unit_ablations_find (const AssayUnitAblations *ablations, gint64 unit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayUnitAblations, assay_unit_ablations_free)
