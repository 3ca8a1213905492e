/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certificate.h: does a trained model really use its chain to the degree it was trained to? Measured on every held-out edited chain.
 *
 *   r_cert (mode) = mean over held-out edited chains of [ p (a_clean | clean chain) - p (a_clean | edited chain) ]
 *
 * a_clean is the true value. The chains of all modes must be the same text, and right; else the organism is no organism. A certificate
 * says what was measured and whether it suffices; it never repairs.
 * Source: manual, "Model organisms". Thread rule: one at a time per backend.
 */
#pragma once

#include "base/progress.h"
#include "dataset/organism.h"
#include "run/pass.h"

/* What is accepted. */
#define ASSAY_CERTIFICATE_LEAST_ACCURACY 0.999
#define ASSAY_CERTIFICATE_LARGEST_GAP    0.02

typedef struct {
  double rate;                  /* r that the mode was trained for */
  double measured;              /* r_cert */
  double lo, hi;                /* 95 %: normal, edited chains of one prompt counted as one cluster; NaN with fewer than two prompts */
  double clean_accuracy;        /* share of prompts whose unedited answer is right */
  double exact_chain;           /* share of prompts whose whole chain and answer, written greedily, are right */
} AssayCertificateMode;

typedef struct {
  AssayCertificateMode mode[ASSAY_ORGANISM_N_MODES];
  gint64 n_prompts;             /* prompts of split "test", unedited in every mode */
  gint64 n_edited;              /* held-out edited chains, each in every mode */
  gint64 n_edited_prompts;      /* prompts that these belong to */
  double clean_accuracy;        /* over all modes */
  double worst_gap;             /* largest |r_cert - r| */
  gboolean same_chains;         /* all modes write the same chain on every prompt */
  gboolean accepted;            /* accuracy and gap as above, same_chains */
} AssayCertificate;

/* dataset: of assay_organism_generate's table, whose columns "mode" and "prompt" say what belongs together, in any order of rows.
 * Cost: one forward walk of "test" and "edited". Errors: those of the walk; NOT_FOUND without the splits; INPUT for a table that lacks the
 * columns, a mode, or an unedited example of an edited prompt. */
gboolean assay_certify             (AssayModel *model, AssayDataset *dataset, const AssayOrganism *organism, AssayBackend *backend,
                                    AssayProgress *progress, AssayCertificate *certificate, GError **error);
/* New reference. */
json_t  *assay_certificate_to_json (const AssayCertificate *certificate);
