/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_edit.h: small changes of a sequence of tokens, and which of the possible ones are drawn.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "base/rng.h"
#include "probes/chain.h"

/* Copies tokens (T) without the one at `at`; returns where the last one now stands. edited: (T). */
gint64 assay_chain_delete    (const AssayChainLayout *layout, const gint32 *tokens, gint64 at, gint32 *edited);
/* Copies tokens (T) with step j (from 1) replaced and later steps following from it. */
void   assay_chain_mistake   (const AssayOrganism *organism, const AssayChainLayout *layout, const gint32 *tokens, gint64 j, gint32 value, gint32 *edited);
/* A value from 0 to n-1 other than `not`. */
gint32 assay_chain_other     (AssayRng *rng, gint64 n, gint32 not);
/* `most` of the numbers 0 .. n-1, or all when there are no more, in ascending order; elements gint64. */
GArray *assay_chain_choose   (AssayRng *rng, gint64 n, gint64 most);
