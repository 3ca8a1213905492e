/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_rounding.h: what the logits of a model in f32 may be off by. For the comparison with other implementations.
 *
 * To first order the error of a number z that a graph computes is the sum over all its roundings of the rounding's size times the derivative of z in
 * what was rounded. The derivatives in the results of all operations are the adjoints dy of one reverse walk in f64; within an operation they are
 * worked out by hand. A rounding is at most u times a bound m of the partial result that is rounded: in a product W x that is |W| |x|, not the product.
 * With roundings that are independent and of mean zero (the model of Higham and Mary) Hoeffding's inequality bounds the sum:
 *
 *   P (|error of z| >= lambda u sqrt (S)) <= 2 exp (-lambda^2 / 2)          S = sum over roundings of (derivative times m)^2
 *
 *   products, sums, functions   an element's n roundings reach z through the element: n (dy m)^2
 *   norms, rotations            what a rounding is shared by at a position adds up before it is squared: n (sum_e |dy_e| m_e)^2
 *   attention                   a score that is off by r moves z by r p_k (dy'v_k - dy'y); mixture and denominator as sums
 *   scan                        a state that is off by r moves z by r dh_t; the decay of a channel's state is rounded once for all steps
 *   fading mean                 a mean or logarithm that is off by r moves z by r times its adjoint; the rate of a channel is rounded once for all positions
 *   fading matrix               the same of its states, for the rate of a head
 *
 * lambda is 6: 3e-8. An exponential counts 24 roundings.
 * Source: Higham and Mary, SIAM J. Sci. Comput. 41 (2019) A2815, theorem 2.4; Higham, Accuracy and Stability of Numerical Algorithms, section 3.3
 * for running error bounds.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "influence/reference_files.h"

/* logits (T,V), in double, of a walk of all tokens (T) at once, in the model's type. Errors: those of the walk. */
gboolean assay_rounding_read_logits (AssayModel *model, gint64 T, const gint32 *tokens, AssayBackend *backend, double *logits, GError **error);
/* lambda sqrt (S) of logit `entry`, counted over (T,V): times 2^-24 or 2^-53 it is what the logit may be off by in f32 or f64. model: in f64.
 * Cost: a gradient walk. Errors: UNSUPPORTED for an operation whose roundings nobody has counted; those of the walk. */
gboolean assay_rounding_bound (const AssayModel *model, gint64 T, const gint32 *tokens, gint64 entry, AssayBackend *backend, double *bound, GError **error);

/* Compares the logits of tokens (T) in f32 with those in f64, of the weights in f32: quantity "long.logits in f32". Its bound is that of the logit that
 * differs most; others are not held to their own. A model without logits of tokens is not compared.
 * Cost: three walks. Errors: UNSUPPORTED for an operation whose roundings nobody has counted; those of the walks. */
gboolean assay_reference_check_rounding (const AssayReferenceFiles *c, gint64 T, const gint32 *tokens, GError **error);
