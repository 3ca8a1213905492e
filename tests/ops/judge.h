/* SPDX-License-Identifier: GPL-3.0-or-later */
/* judge.h: how a trial is judged: messages that say op, case and array, and how far a stable rule may be from the exact result.
 *
 * A judgement that fails ends the test. Thread rule: one thread.
 */
#pragma once

#include "trial.h"

#define RELATIVE 1e-12          /* f64 rules against the oracle */
#define SYMMETRY 1e-13
#define U32 0x1p-24
#define U64 0x1p-53

/* A trial with FWD, RFWD, BWD and RBWD run. */
Trial      *trial_new_run (const AssayOp *op, const AssayOpCase *item, AssayDtype dtype);

/* "rd weight" */
const char *trial_array_name (const Trial *t, TrialRole role, guint i);
G_NORETURN void trial_fail (const Trial *t, const char *format, ...) G_GNUC_PRINTF (2, 3);
double      trial_largest (const double *values, gint64 n);
/* Largest |got - expected| within bound; a NaN on one side only is infinitely far. */
void        trial_check_close (const Trial *t, TrialRole role, guint i, const double *got, const double *expected, double bound);
/* Equal numbers in both trials; what says when other's were got. */
void        trial_check_same (const Trial *t, TrialRole role, guint i, const Trial *other, const char *what);

/* gamma_n, n the roundings that may meet in one entry of array i that the rule writes. */
double      trial_gamma (const Trial *t, AssayRule rule, guint i, double roundoff);
/* How far each array that the rule writes may be from the exact result (errors has room for ASSAY_OP_MAX_IN), with that roundoff. */
void        trial_measure_errors (const Trial *f64, AssayRule rule, double roundoff, guint n_draws, double *errors);
/* The same for f64, and relative of each array's largest entry. The rule must have been run. */
void        trial_allow_errors (const Trial *f64, AssayRule rule, double relative, double *errors);
