/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factored.h: what methods on Kronecker factors share: fit or find the factors, choose the damping, score all queries in one pass.
 *
 *   infl[q, i] = (1/N) g_q' A^-1 g_i        A block-diagonal: one block for each module, diagonal in the factors' basis, + lambda
 *
 * Factors that were fitted before for the same model, data and options are taken from the task's case; else they are fitted and kept there.
 * So another damping, another method on the same factors, or another query does not fit again.
 * Shape letters: Q queries, N training examples, P parameters. Ownership: the caller frees. Thread rule: one at a time.
 */
#pragma once

#include "base/collective.h"
#include "hessian/factors_inverse.h"
#include "influence/method.h"
#include "store/recorder.h"

extern const char *const assay_factored_fishers[], *const assay_factored_precisions[];

/* Entries about the fit. */
#define ASSAY_FACTORS_FIT_PARAMS                                                                                        \
  { .name = "fisher", .type = ASSAY_PARAM_CHOICE, .def.s = "true", .choices = assay_factored_fishers,                   \
    .help = "answers drawn from the model, whose mean is the Gauss-Newton matrix; or the data's own (empirical)" },      \
  { .name = "fisher-seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .flags = ASSAY_PARAM_ADVANCED,   \
    .help = "stream that answers are drawn from" },                                                                     \
  { .name = "factor-precision", .type = ASSAY_PARAM_CHOICE, .def.s = "model", .choices = assay_factored_precisions, .flags = ASSAY_PARAM_ADVANCED, \
    .help = "what examples are walked in: the model's own type, f32 or f64; eigenvectors are always f64" }

#define ASSAY_FACTORS_COMPUTE_PARAM                                                                                     \
  { .name = "compute", .type = ASSAY_PARAM_CHOICE, .def.s = "full", .choices = assay_compute_names, .flags = ASSAY_PARAM_ADVANCED, \
    .help = "what walks in f32 on a CUDA device, of the fit and of the examples that are scored, round: nothing (full), factors of products (tf32), or these and " \
            "what lies between operations (bf16); products with gradients that are scored, too" }

#define ASSAY_FACTORED_DAMPING_PARAMS                                                                                   \
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.1, .min = 0, .max = 1e300,                                \
    .help = "added to l2 on the eigenvalues, in the unit that damping-mode says" },                                     \
  { .name = "damping-mode", .type = ASSAY_PARAM_CHOICE, .def.s = "block", .choices = assay_damping_modes,               \
    .help = "damping times the mean eigenvalue of each block, or of all (global), or damping itself (absolute)" }

/* Of those that can do with a part of the model. */
#define ASSAY_FACTORED_MODULES_PARAM                                                                                    \
  { .name = "modules", .type = ASSAY_PARAM_STRING, .metavar = "PATTERNS",                                               \
    .help = "only modules of such names, as in \"h.*.attn.*,h.*.mlp.*\" (default: all, so that every parameter counts)" }

/* Entries of a method. */
#define ASSAY_FACTORED_PARAMS                                                                                           \
  ASSAY_FACTORED_DAMPING_PARAMS,                                                                                        \
  { .name = "factors", .type = ASSAY_PARAM_STRING, .metavar = "NAME", .help = "factors of the case to use (default: those that belong, fitted where there are none)" }, \
  ASSAY_FACTORS_FIT_PARAMS,                                                                                             \
  ASSAY_FACTORS_COMPUTE_PARAM,                                                                                          \
  ASSAY_FACTORED_MODULES_PARAM

/* The methods that score by factors, with the basis and the eigenvalues of each; ends with a NULL name. */
typedef struct { const char *name; AssayFactorsBasis basis; AssayFactorsSpectrum spectrum; } AssayFactoredMethod;
extern const AssayFactoredMethod assay_factored_methods[];
/* NULL: the method is none of them. */
const AssayFactoredMethod *assay_factored_find_method (const char *name);

/* The fit's options as they were given: values hold ASSAY_FACTORS_FIT_PARAMS. dtype: what walks compute in. */
AssayFactorsOptions assay_factored_read_options (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, AssayDtype *dtype);

/* The damping as it was given: values hold ASSAY_FACTORED_DAMPING_PARAMS. */
AssayFactorsDamping assay_factored_read_damping (const AssayInfluenceTask *task, const AssayValues *values);

/* Queries whose vectors are held at a time: as many as the memory for walks allows, two for each. */
gint64 assay_factored_choose_block (const AssayInfluenceTask *task);
/* Of methods that take these blocks, for AssayMethod. */
gint64 assay_factored_query_unit   (const AssayInfluenceTask *task, const AssayValues *options);

/* What the inverse was damped by into scores and their notes. */
void assay_factored_note_damping (const AssayFactors *factors, const AssayFactorsInverse *inverse, double l2, AssayInfluenceScores *scores);

/* Factors of the task's model and training examples: those named, those kept, or new ones, which are kept. values: ASSAY_FACTORS_FIT_PARAMS.
 * given: what they are called in the case, or NULL. name (may be NULL) receives what they are called there, NULL without a case: the caller's.
 * Errors: those of the fit; of the store; INPUT for named factors that do not belong. */
AssayFactors *assay_factored_obtain (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, const char *given, char **name,
                                     GString *notes, AssayProgress *progress, GError **error);

/* Factors in the mean over several points of the task's training examples, for a method that has points of its own: those kept, or new ones, which are kept. */
AssayFactors *assay_factored_obtain_mean (const AssayInfluenceTask *task, const AssayPoint *points, guint n_points, const AssayFactorsOptions *options,
                                          const char *method, AssayProgress *progress, GError **error);

/* A process' share of the fit that would otherwise be made. *whole: TRUE when nothing is missing of any stage, and
 * assay_factored_obtain or assay_factored_fit makes the factors of what is there. name: what they are to be called, or NULL. */
gboolean      assay_factored_share (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, const char *name,
                                    const AssayRecorderShare *share, gboolean *whole, AssayProgress *progress, GError **error);

/* The fit by all ranks together: each walks over its examples, and the first keeps the factors where assay_factored_obtain finds them. Those that the case has are
 * left as they are, unless anew or given, which is what they are to be called. All ranks call it, or none. Numerics: the bits of one process. */
gboolean      assay_factored_fit_together (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, const char *given, gboolean anew,
                                           AssayCollective *collective, AssayProgress *progress, GError **error);

/* Fits in any case, and keeps them: as they are called (given), or as assay_factored_obtain finds them (NULL); name receives which. Sums that processes
 * have shared count, unless anew. */
AssayFactors *assay_factored_fit (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, const char *given, gboolean anew,
                                  char **name, AssayProgress *progress, GError **error);

/* value (K, train's examples) of the queries first .. first+K-1, for some or all of the task's training examples: an example's score has the same bits
 * whatever others are asked for with it. X (K,P) receives A^-1 g_q. */
gboolean assay_factored_score_block (const AssayInfluenceTask *task, const AssayPoint *train, AssayFactorsInverse *inverse, const AssayModules *modules,
                                     gint64 first, gint64 K, double *X, double *value, AssayProgress *progress, GError **error);

/* A method's answer. */
AssayInfluenceScores *assay_factored_score (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis,
                                            AssayFactorsSpectrum spectrum, AssayProgress *progress, GError **error);
/* A method's self-influence: one pass over the training examples. */
AssayInfluenceScores *assay_factored_score_self (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis,
                                                 AssayFactorsSpectrum spectrum, AssayProgress *progress, GError **error);
void          assay_factored_cost_self (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, double *flops, double *bytes);
void          assay_factored_cost (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, double *flops, double *bytes);
