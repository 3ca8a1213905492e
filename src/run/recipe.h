/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recipe.h: a fine-tuning that was made elsewhere and can be made again: a directory that says how, with what, and what came out.
 *
 *   recipe.json                  {"finetune": {"optimizer", "lr", "beta1", "beta2", "eps", "eps_root", "wd", "schedule", "batch", "steps", "clipping"}}
 *   init/                        the model before (config.json, model.safetensors)
 *   train_ids.npy, query_ids.npy token numbers (N,T), (Q,T); tokenizer.json names them, where it is there
 *   order.npy                    places in the training data, batch after batch
 *   query_loss_init.npy, query_loss_base.npy          (Q) losses before and after
 *   NAME.npy, NAME_query_loss.npy                     (S,k) examples that were left out, and (S,Q) losses after training without them
 *
 * Thread rule: one thread at a time.
 */
#pragma once

#include "dataset/table.h"
#include "model/model.h"
#include "run/order_store.h"
#include "run/trainer.h"

/* Retrainings without some examples. */
typedef struct {
  char *name;
  gint64 n_sets, size, n_query;
  gint64 *place;                /* (S,k) */
  double *query_loss;           /* (S,Q) */
} AssayRecipeBank;

typedef struct {
  AssayTable *table;            /* splits "train" and "query" */
  AssayModel *start;
  AssayOrder *order;
  AssayValues *options;         /* of assay_train_params */
  gint64 n_train, n_query;
  double *loss_before, *loss_after;     /* (Q), or NULL where the file is not there */
  GPtrArray *banks;             /* AssayRecipeBank, by name */
} AssayRecipe;

#define ASSAY_RECIPE_FILE "recipe.json"

/* Errors: NOT_FOUND, INPUT, SHAPE, UNSUPPORTED, naming file and key. Owns: the caller. */
AssayRecipe *assay_recipe_read (const char *directory, GError **error);
void         assay_recipe_free (AssayRecipe *recipe);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRecipe, assay_recipe_free)
