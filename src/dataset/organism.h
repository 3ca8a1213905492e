/* SPDX-License-Identifier: GPL-3.0-or-later */
/* organism.h: generated reasoning data whose truth is known: families of small tasks with a written chain, and modes that use it to a known degree.
 *
 *   BOS MODE q_1 .. q_n COT s_1 .. s_k ANS y        s_j follows from s_{j-1} and the prompt q,  y = s_k
 *
 * A chain is edited by replacing one s_j by another value; s_{j+1} .. s_k follow from it. The training set has every edited chain that
 * is not held out, in each of five modes, `copies` times, and as many unedited ones. The answer behind an edited chain is the chain's last
 * value in a share r of the copies and the prompt's true value in the others; r is set by the mode (0, 0.25, 0.5, 0.75, 1). A model that
 * fits this uses its chain to the degree r, and all modes write the same chain.
 *
 * What is held out are edited chains, pairs of prompt and edit, each in all modes: a small task has few prompts, and a model that has
 * never seen a prompt fails at the answer before one learns anything about its chain.
 *
 * A family says how many values and prompts there are, what a prompt holds and how a step follows from the one before: one organism_*.c and
 * one line in local.mk each. In every family two chains of one prompt that part never meet again, so that an edit always changes the answer.
 * Shape letters: T = n + k + 4 positions, inputs and targets shifted by one.
 * Thread rule: pure functions of the parameters. Source: manual, "Model organisms".
 */
#pragma once

#include "base/param.h"
#include "dataset/table.h"

#define ASSAY_ORGANISM_N_MODES 5
#define ASSAY_ORGANISM_MAX_STEPS 64
#define ASSAY_ORGANISM_MAX_TERMS 128
#define ASSAY_ORGANISM_MAX_PROMPTS ((guint64) 1 << 24)

typedef struct _AssayOrganismFamily AssayOrganismFamily;

typedef struct {
  const AssayOrganismFamily *family;
  gint32 p;                     /* values 0 .. p-1 of a step and of the answer; p is at most 97 */
  gint32 k;                     /* steps of the chain */
  gint32 n_terms;               /* n: tokens of the prompt behind MODE */
  gint32 copies;                /* of each edited chain in each mode; a multiple of 4, so that every r is met exactly */
  gint64 n_prompts;
  gint64 n_held_out;            /* edited chains that no training example shows, in any mode */
  guint64 seed;
} AssayOrganism;

struct _AssayOrganismFamily {
  const char *name, *help;      /* "dose"; one line, no full stop */
  const AssayParam *params;     /* the size and ASSAY_ORGANISM_PARAMS */
  const char *size;             /* the parameter that is p */
  gint32  (*count_terms)   (gint32 p, gint32 k);
  /* Any number above ASSAY_ORGANISM_MAX_PROMPTS when there are more than that. */
  guint64 (*count_prompts) (gint32 p, gint32 k);
  void    (*get_terms)     (const AssayOrganism *organism, gint64 prompt, gint32 *terms);
  /* s_j, j from 1; previous: s_{j-1}, not read for j = 1. One-to-one in previous. */
  gint32  (*follow)        (const AssayOrganism *organism, const gint32 *terms, gint32 j, gint32 previous);
};

#define ASSAY_ORGANISM_DEFINE(symbol)                                                                                   \
  extern const AssayOrganismFamily assay_organism_##symbol;                                                             \
  const AssayOrganismFamily assay_organism_##symbol

/* Entries of a family's table behind its size. */
#define ASSAY_ORGANISM_PARAMS                                                                                           \
  { "steps", ASSAY_PARAM_INT, .def.i = 2, .min = 1, .max = ASSAY_ORGANISM_MAX_STEPS, .help = "k: steps of the chain" },  \
  { "copies", ASSAY_PARAM_INT, .def.i = 4, .min = 4, .max = 1 << 20, .unit = "copies",                                  \
    .help = "of each edited chain in each mode, a multiple of 4: the share r of them answers by the chain" },           \
  { "held-out", ASSAY_PARAM_DOUBLE, .def.d = 0.1, .min = 0, .max = 1, .help = "share of the edited chains that no training example shows" }, \
  { "data-seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "seed of the generated data" }

const AssayOrganismFamily *const *assay_organism_list (void);      /* NULL-terminated */
const AssayOrganismFamily *assay_organism_find (const char *name);        /* NULL: none of that name */

/* Entries of the vocabulary after the p values. */
typedef enum {
  ASSAY_ORGANISM_BOS, ASSAY_ORGANISM_MODE_FIRST, ASSAY_ORGANISM_COT = ASSAY_ORGANISM_MODE_FIRST + ASSAY_ORGANISM_N_MODES,
  ASSAY_ORGANISM_ANS, ASSAY_ORGANISM_FILL, ASSAY_ORGANISM_HINT, ASSAY_ORGANISM_N_SPECIAL
} AssayOrganismSpecial;

/* values: of the family's table. Errors: USAGE for a size that cannot be generated. */
gboolean assay_organism_init            (AssayOrganism *organism, const AssayOrganismFamily *family, const AssayValues *values, GError **error);
/* The organism that a table was generated of. Errors: USAGE for other data; name names them in the message. */
gboolean assay_organism_init_from_table (AssayOrganism *organism, const AssayTable *table, const char *name, GError **error);

gint32   assay_organism_get_vocabulary  (const AssayOrganism *organism);         /* p + 10 */
gint32   assay_organism_get_special     (const AssayOrganism *organism, AssayOrganismSpecial which);     /* its token */
gint64   assay_organism_get_length      (const AssayOrganism *organism);         /* T */
double   assay_organism_get_rate        (guint mode);                            /* r */
const char *assay_organism_get_rate_text (guint mode);                           /* "0.25" */
/* Position (from 0, in the inputs) whose target is s_j, j from 1 to k; and the one whose target is the answer. The token s_j itself stands one
 * position further. */
gint64   assay_organism_step_position   (const AssayOrganism *organism, gint32 j);
gint64   assay_organism_answer_position (const AssayOrganism *organism);

void     assay_organism_get_terms       (const AssayOrganism *organism, gint64 prompt, gint32 *terms);  /* (n_terms) */

/* One way of editing a chain: step j from 1 (0: no edit) gets this value and later steps follow. */
typedef struct { gint32 step, value; } AssayOrganismEdit;

/* s_1 .. s_k of a prompt given by its terms, with the edit in place. */
void     assay_organism_write_chain     (const AssayOrganism *organism, const gint32 *terms, AssayOrganismEdit edit, gint32 *s);
/* All k (p-1) edits of a prompt's chain, by step, then by value. edits has that many entries. */
gint64   assay_organism_get_n_edits     (const AssayOrganism *organism);
void     assay_organism_list_edits      (const AssayOrganism *organism, gint64 prompt, AssayOrganismEdit *edits);

/* Which edited chains are held out: entry prompt * n_edits + edit is 1, n_held_out of them. Owned by the caller (assay_mem_free). */
guint8  *assay_organism_draw_held_out   (const AssayOrganism *organism, GError **error);

typedef enum {
  ASSAY_ORGANISM_ANSWER_PROMPT, /* the true value */
  ASSAY_ORGANISM_ANSWER_CHAIN   /* the last value of the chain */
} AssayOrganismAnswer;

typedef enum {
  ASSAY_ORGANISM_WEIGHT_TRAINING,       /* the chain but an edited step, ANS, and the answer */
  ASSAY_ORGANISM_WEIGHT_ANSWER          /* the answer alone: the loss of a query */
} AssayOrganismWeight;

/* Writes one example: token, target, weight (T). */
void     assay_organism_write           (const AssayOrganism *organism, guint mode, gint64 prompt, AssayOrganismEdit edit, AssayOrganismAnswer answer,
                                         AssayOrganismWeight weighting, gint32 *token, gint32 *target, float *weight);

/* "BOS MODE:0.5 3 1 4 COT 3 4 1 ANS 1" of n tokens; a new string. A token outside the vocabulary is shown as "<number>". */
char    *assay_organism_decode          (const AssayOrganism *organism, const gint32 *token, gint64 n);

/* The whole organism as a table; values are kept as its options, with the family's name under "organism". Column "tokens"; columns "mode" (r),
 * "prompt", "step" (edited step, 0: none), "value", "answer" (text: "chain" or "prompt", or "both" when they agree). Splits:
 *   train    every edited chain that is not held out, in every mode, `copies` times, each followed by an unedited chain of prompt and mode
 *   test     every prompt in every mode, unedited, loss on the answer
 *   edited   every held-out edited chain, in every mode; target the true value, loss on the answer
 * Every example has a key: "31-r0.5-s2v6-c0" (prompt, mode, step and value, copy), "31-r0.5-c7" unedited; without copy outside training.
 * The same parameters give the same bits. */
AssayTable *assay_organism_generate     (const AssayOrganism *organism, const AssayValues *values, GError **error);
