/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch_order.h: which examples each training step sees: a pure function of (seed, step).
 *
 * The N training examples are shuffled anew for each epoch (Philox stream "batch order", epoch) and the shuffles are laid end to
 * end; step s takes places s B .. s B + B - 1. So every step has exactly B examples, every example comes once an epoch, and a
 * resumed run or one that gives some examples weight 0 sees the same batches. A batch of all N is not shuffled.
 * Groups change which examples of an epoch meet in a batch, and that a batch of all is in the order of its groups: an epoch's shuffle is sorted by group, cut
 * into batches, and those are shuffled.
 * An order that is given, by a training that was made elsewhere, takes the place of the shuffles.
 * Shape letters: N examples, B batch. Thread rule: one thread at a time.
 */
#pragma once

#include <glib.h>

typedef struct _AssayBatchOrder AssayBatchOrder;

/* 1 <= B <= N. */
AssayBatchOrder *assay_batch_order_new  (gint64 N, gint64 B, guint64 seed, GError **error);
/* Step s takes list[s B .. s B + B - 1]; the list (n) is borrowed. Errors: INPUT for a place outside 0 .. N-1, or fewer than B places. */
AssayBatchOrder *assay_batch_order_new_given (const gint64 *list, gint64 n, gint64 N, gint64 B, GError **error);
void             assay_batch_order_free (AssayBatchOrder *order);
/* Before the first batch, of shuffles: gathers places of one group in one batch, as far as groups come out even. group[place] (N), copied, is below n.
 * What fills a batch that two epochs share is drawn from all groups. Errors: NO_MEMORY. */
gboolean         assay_batch_order_group (AssayBatchOrder *order, const guint8 *group, guint n, GError **error);
/* Writes step's B places, each in 0 .. N-1; a given order must reach so far. Cost: O(B), and O(N) where an epoch begins. No allocation. */
void             assay_batch_order_get  (AssayBatchOrder *order, gint64 step, gint64 *places);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBatchOrder, assay_batch_order_free)
