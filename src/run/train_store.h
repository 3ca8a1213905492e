/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train_store.h: the objects of a training in its case. Internal to this floor.
 *
 * Order of commits, so that a kill between any two of them loses nothing: rows of the log, then the state behind them; at the end
 * rows of the log, the model, then the mark that the log is complete.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "run/train.h"

typedef struct _AssayTrainStore AssayTrainStore;

/* Looks for the run, brings the trainer to where it was, or theta and result to where it ended. */
AssayTrainStore *assay_train_store_open   (const AssayTraining *training, const AssayTrainPlace *place, AssayTrainer *trainer,
                                           gboolean *finished, AssayTrainResult *result, GError **error);
void             assay_train_store_free   (AssayTrainStore *self);

/* After each step: takes the row, keeps a checkpoint and saves the state where they are due. */
gboolean         assay_train_store_advance (AssayTrainStore *self, const AssayTrainRow *row, GError **error);
/* Saves the state now, unless it is saved already. */
gboolean         assay_train_store_save   (AssayTrainStore *self, GError **error);
/* What the steps took up to now, all runs of an interrupted training together; NaN: an earlier one did not say. */
double           assay_train_store_get_seconds (const AssayTrainStore *self);
gboolean         assay_train_store_finish (AssayTrainStore *self, const AssayTrainResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTrainStore, assay_train_store_free)
