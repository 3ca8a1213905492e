/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrices.h: small matrices with a known spectrum, operators that misbehave, and options, for the tests of this floor. */
#pragma once

#include "base/param.h"
#include "base/rng.h"
#include "hessian/linop.h"
#include "hessian/solver.h"

/* x (n) of standard normal numbers from (seed). */
void     fill_normal   (guint64 seed, gint64 n, double *x);
/* A (n,n) = Q diag (values) Q' with Q a product of Householder reflections drawn from (seed); symmetric to the bit. */
double  *make_spectrum (guint64 seed, gint64 n, const double *values);
double  *make_hilbert  (gint64 n);

/* An operator whose every product is NaN in one element from the (after + 1)-th vector on. */
AssayLinop *make_nan_linop (AssayLinop *A, guint64 after);

/* A's matrix with its entries rounded to bf16, as a coarse operator of A; *rounded (n,n) is the caller's. */
AssayLinop *make_coarse_linop (gint64 n, const double *matrix, double **rounded);

/* Options of a solver: "name=value", ..., NULL. */
AssayValues *make_options (const AssaySolver *solver, ...) G_GNUC_NULL_TERMINATED;

/* |a - b| <= bound, with the numbers shown when not. */
#define assert_close(a, b, bound) g_assert_cmpfloat (fabs ((a) - (b)), <=, (bound))
