/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order_store.h: the order of a training's batches as an object of a case, for trainings that were made elsewhere.
 *
 * Object: kind "order", /order/place (n) int64: places in the training split, batch after batch.
 * Thread rule: any thread.
 */
#pragma once

#include "store/case.h"

typedef struct {
  gint64 n;
  gint64 *place;                /* (n) */
} AssayOrder;

/* From an integer .npy of rank 1. Errors: INPUT with the file. */
AssayOrder  *assay_order_read   (const char *path, GError **error);
AssayOrder  *assay_order_load   (AssayCase *store, AssayObject *object, GError **error);
/* Owns: the caller. */
AssayObject *assay_order_commit (const AssayOrder *order, AssayCase *store, const char *name, GError **error);
void         assay_order_free   (AssayOrder *order);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayOrder, assay_order_free)
