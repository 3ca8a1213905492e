/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dose_certificate.h: does a trained model really use its chain to the degree it was trained to? Measured, exhaustively, on held-out prompts.
 *
 *   r_cert (mode) = mean over prompts and edits of [ p (a_clean | clean chain) - p (a_clean | edited chain) ]
 *
 * over all k (p-1) edits of every held-out prompt. The chains of all modes must be the same text, and right; else the organism is no
 * organism. A certificate says what was measured and whether it suffices; it never repairs.
 * Source: manual, "Model organisms". Shape letters: N examples.
 */
#pragma once

#include "base/progress.h"
#include "dataset/organism_dose.h"
#include "run/pass.h"

typedef struct {
  double rate;                  /* r that the mode was trained for */
  double measured;              /* r_cert */
  double lo, hi;                /* 95 %: normal, over prompts */
  double clean_accuracy;        /* share of prompts whose unedited answer is right */
  double exact_chain;           /* share of prompts whose whole chain and answer, written greedily, are right */
} AssayDoseMode;

typedef struct {
  AssayDoseMode mode[ASSAY_DOSE_N_MODES];
  gint64 n_prompts, n_edits;    /* held-out prompts; edits of each */
  double clean_accuracy;        /* over all modes */
  double worst_gap;             /* largest |r_cert - r| */
  gboolean same_chains;         /* all modes write the same chain on every prompt */
  gboolean accepted;            /* clean_accuracy >= 0.999, worst_gap <= 0.02, same_chains */
} AssayDoseCertificate;

/* dataset: of assay_dose_generate's table, with its splits "test" and "edited". Cost: one forward walk of both splits.
 * Errors: those of the walk; NOT_FOUND without the splits. */
gboolean assay_dose_certify     (AssayModel *model, AssayDataset *dataset, const AssayDose *dose, AssayBackend *backend,
                                 AssayProgress *progress, AssayDoseCertificate *certificate, GError **error);
/* New reference. */
json_t  *assay_dose_certificate_to_json (const AssayDoseCertificate *certificate);
