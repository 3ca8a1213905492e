/* SPDX-License-Identifier: GPL-3.0-or-later */
/* organism_dose.h: generated reasoning data whose truth is known: the running-sum "dose" organism.
 *
 *   BOS MODE a_1 .. a_k COT s_1 .. s_k ANS y        s_i = (s_{i-1} + a_i) mod p,  s_0 = 0,  y = s_k
 *
 * A chain is edited by replacing one s_j by another value; s_{j+1} .. s_k follow from it. The training set has every edited chain that
 * is not held out, in each of five modes, `copies` times, and as many unedited ones. The answer behind an edited chain is the chain's last
 * value in a share r of the copies and the prompt's true sum in the others; r is set by the mode (0, 0.25, 0.5, 0.75, 1). A model that
 * fits this uses its chain to the degree r, and all modes write the same chain.
 *
 * What is held out are edited chains, pairs of prompt and edit, each in all modes: a small modulus has few prompts, and a model that has
 * never seen a prompt fails at the sum before one learns anything about its chain.
 * Shape letters: T = 2 k + 4 positions, inputs and targets shifted by one.
 * Thread rule: pure functions of the parameters. Source: manual, "Model organisms".
 */
#pragma once

#include "base/param.h"
#include "dataset/table.h"

#define ASSAY_DOSE_N_MODES 5

/* modulus, steps, copies, held-out, data-seed. */
extern const AssayParam assay_dose_params[];

typedef struct {
  gint32 p;                     /* modulus: digits 0 .. p-1 */
  gint32 k;                     /* terms of the sum, steps of the chain */
  gint32 copies;                /* of each edited chain in each mode; a multiple of 4, so that every r is met exactly */
  gint64 n_held_out;            /* edited chains that no training example shows, in any mode */
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

/* Prompts are numbers below p^k with a_1 the leading digit. */
void     assay_dose_get_terms       (const AssayDose *dose, gint64 prompt, gint32 *a);   /* a_1 .. a_k */

/* One way of editing a chain: step j from 1 (0: no edit) gets this value and later steps follow. */
typedef struct { gint32 step, value; } AssayDoseEdit;

/* All k (p-1) edits of a prompt's chain, by step, then by value. edits has that many entries. */
gint64   assay_dose_get_n_edits     (const AssayDose *dose);
void     assay_dose_list_edits      (const AssayDose *dose, gint64 prompt, AssayDoseEdit *edits);

/* Which edited chains are held out: entry prompt * n_edits + edit is 1, n_held_out of them. Owned by the caller (assay_mem_free). */
guint8  *assay_dose_draw_held_out   (const AssayDose *dose, GError **error);

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
 *   train    every edited chain that is not held out, in every mode, `copies` times, each followed by an unedited chain of prompt and mode
 *   test     every prompt in every mode, unedited, loss on the answer
 *   edited   every held-out edited chain, in every mode; target the true sum, loss on the answer
 * Every example has a key: "31-r0.5-s2v6-c0" (prompt, mode, step and value, copy), "31-r0.5-c7" unedited; without copy outside training.
 * The same parameters give the same bits. */
AssayTable *assay_dose_generate     (const AssayDose *dose, const AssayValues *values, GError **error);
