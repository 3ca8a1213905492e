/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_values.h: what the checkpoint formats share: shapes and element types, and the card of what was read. Internal to this floor.
 *
 * Thread rule: as checkpoint.h.
 */
#pragma once

#include "model/model.h"
#include "store/types.h"

/* A card (assay_model_get_card) to fill in: nothing stored yet, nothing left out. written_for: the program whose files these are. New reference. */
json_t        *assay_checkpoint_card_new    (const char *format, const char *written_for);
/* Counts a stored tensor; type: its word. */
void           assay_checkpoint_card_add    (json_t *card, const char *type, guint64 bytes);
void           assay_checkpoint_card_leave_out (json_t *card, const char *tensor, const char *why);

/* The shape without its axes of size 1, which some formats leave out and others add. */
AssayShape     assay_checkpoint_without_ones (const AssayShape *shape);

/* How a model's parameters are stored. */
AssayStoreType assay_checkpoint_type        (AssayDtype dtype);
gboolean       assay_checkpoint_is_floating (AssayStoreType type);
