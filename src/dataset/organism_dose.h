/* SPDX-License-Identifier: GPL-3.0-or-later */
/* organism_dose.h: generated reasoning data whose truth is known: the running-sum "dose" organism.
 *
 *   BOS MODE a_1 .. a_k COT s_1 .. s_k ANS y        s_i = (s_{i-1} + a_i) mod p,  s_0 = 0,  y = s_k
 *
 * Half of the training examples are corrupted: one s_j is replaced by another value and s_{j+1} .. s_k follow from it. The
 * answer of a corrupted example is the chain's last value with probability r and the prompt's true sum otherwise; r is set
 * by the mode (0, 0.25, 0.5, 0.75, 1). A model that fits this uses its chain to the degree r, and all modes write the same chain.
 * Held-out prompts are set aside before anything is drawn.
 * Shape letters: T = 2 k + 4 positions, inputs and targets shifted by one.
 * Thread rule: pure functions of the parameters. Source: manual, "Model organisms".
 */
#pragma once

#include "base/param.h"
#include "dataset/table.h"

#define ASSAY_DOSE_N_MODES 5

/* modulus, steps, examples, held-out, corrupted, data-seed. */
extern const AssayParam assay_dose_params[];

typedef struct {
  gint32 p;                     /* modulus: digits 0 .. p-1 */
  gint32 k;                     /* terms of the sum, steps of the chain */
  gint64 n_examples;            /* training examples */
  gint64 n_held_out;            /* prompts that no training example shows */
  double corrupted;             /* share of corrupted training examples */
  guint64 seed;
} AssayDose;

/* Entries of the vocabulary after the p digits. */
typedef enum {
  ASSAY_DOSE_BOS, ASSAY_DOSE_MODE_FIRST, ASSAY_DOSE_COT = ASSAY_DOSE_MODE_FIRST + ASSAY_DOSE_N_MODES,
  ASSAY_DOSE_ANS, ASSAY_DOSE_FILL, ASSAY_DOSE_HINT, ASSAY_DOSE_N_SPECIAL
} AssayDoseSpecial;

gboolean assay_dose_init            (AssayDose *dose, const AssayValues *values, GError **error);
gint32   assay_dose_get_vocabulary  (const AssayDose *dose);             /* p + 10 */
gint32   assay_dose_get_special     (const AssayDose *dose, AssayDoseSpecial which);   /* its token */
gint64   assay_dose_get_length      (const AssayDose *dose);             /* T */
double   assay_dose_get_rate        (guint mode);                        /* r */
gint64   assay_dose_get_n_prompts   (const AssayDose *dose);             /* p^k */
/* Position (from 0, in the inputs) whose target is s_j, j from 1 to k; and the one whose target is the answer. */
gint64   assay_dose_step_position   (const AssayDose *dose, gint32 j);
gint64   assay_dose_answer_position (const AssayDose *dose);

/* Prompts, as numbers below p^k with a_1 the leading digit, in drawn order: the first n_held_out are held out. Owned by the caller
 * (assay_mem_free). */
gint64  *assay_dose_draw_prompts    (const AssayDose *dose, GError **error);
void     assay_dose_get_terms       (const AssayDose *dose, gint64 prompt, gint32 *a);   /* a_1 .. a_k */

/* One way of editing a chain: step j from 1 (0: no edit) gets this value and later steps follow. */
typedef struct { gint32 step, value; } AssayDoseEdit;

/* All k (p-1) edits of a prompt's chain, by step, then by value. edits has that many entries. */
void     assay_dose_list_edits      (const AssayDose *dose, gint64 prompt, AssayDoseEdit *edits);

typedef enum {
  ASSAY_DOSE_ANSWER_PROMPT,     /* the true sum */
  ASSAY_DOSE_ANSWER_CHAIN       /* the last value of the chain */
} AssayDoseAnswer;

typedef enum {
  ASSAY_DOSE_WEIGHT_TRAINING,   /* the chain but an edited step, ANS, and the answer */
  ASSAY_DOSE_WEIGHT_ANSWER      /* the answer alone: the loss of a query */
} AssayDoseWeight;

/* Writes one example: token, target, weight (T). */
void     assay_dose_write           (const AssayDose *dose, guint mode, gint64 prompt, AssayDoseEdit edit, AssayDoseAnswer answer,
                                     AssayDoseWeight weighting, gint32 *token, gint32 *target, float *weight);

/* "BOS MODE:0.5 3 1 4 COT 3 4 1 ANS 1" of n tokens; a new string. A token outside the vocabulary is shown as "<number>". */
char    *assay_dose_decode          (const AssayDose *dose, const gint32 *token, gint64 n);

/* The whole organism as a table. Column "tokens"; columns "mode" (r), "prompt", "step" (edited step, 0: none), "value",
 * "answer" (text: "chain" or "prompt", or "both" when they agree). Splits:
 *   train    n_examples examples
 *   test     every held-out prompt in every mode, unedited, loss on the answer
 *   edited   every edit of every held-out prompt in every mode; target the true sum, loss on the answer
 * Every example has a key such as "train-17", "314-r0.5-s2v6". The same parameters give the same bits. */
AssayTable *assay_dose_generate     (const AssayDose *dose, const AssayValues *values, GError **error);
