/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset.h: what a model trains on: examples with targets, splits as index lists, batches gathered into the caller's buffers.
 *
 * Examples are numbered from 0 over everything that was kept, in table order; a split is an ascending list of those numbers,
 * and SPLIT:INDEX counts from 0 inside the split. Behind each example stands a row of the table with source and key.
 * Shape letters: N examples, B batch, T time, V vocabulary.
 * Ownership: reference counted; a dataset holds its table. Thread rule: immutable, so any thread may fill its own batch.
 */
#pragma once

#include "dataset/design.h"
#include "dataset/table.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

typedef enum {
  ASSAY_DATASET_FEATURES,       /* x (N, shape...) with a class or a real target */
  ASSAY_DATASET_TOKENS          /* tokens, targets and weights (N,T) */
} AssayDatasetKind;

typedef struct _AssayDataset AssayDataset;

AssayDataset *assay_dataset_ref   (AssayDataset *dataset);
void          assay_dataset_unref (AssayDataset *dataset);

AssayDatasetKind assay_dataset_get_kind  (const AssayDataset *dataset);
gint64        assay_dataset_get_n        (const AssayDataset *dataset);
/* Of one example: (D) for terms, (1,height,width) for images, (T) for tokens. */
AssayShape    assay_dataset_get_shape    (const AssayDataset *dataset);
/* Positions of an example of tokens that hold something: behind the last target that counts there is only padding. All T where no target counts. */
gint64        assay_dataset_get_length   (const AssayDataset *dataset, gint64 example);
/* The weight of a target of tokens in the loss. */
float         assay_dataset_get_weight   (const AssayDataset *dataset, gint64 example, gint64 position);
AssayTargetKind assay_dataset_get_target_kind (const AssayDataset *dataset);
/* Classes of a class target, entries of the vocabulary of tokens; 0 for a real target. */
gint64        assay_dataset_get_n_classes (const AssayDataset *dataset);
/* Names of terms, classes or vocabulary; NULL where there are none. Elements are strings. */
const GPtrArray *assay_dataset_get_term_names  (const AssayDataset *dataset);
const GPtrArray *assay_dataset_get_class_names (const AssayDataset *dataset);
/* Which column of the table each block of terms comes from, in order; NULL for other features. Elements are AssayDesignInput. */
const GArray *assay_dataset_get_inputs   (const AssayDataset *dataset);
/* (D) of standardised terms: x = (raw - mean) / deviation; NULL where they are raw. */
const double *assay_dataset_get_scale    (const AssayDataset *dataset, const double **deviation);
AssayTable   *assay_dataset_get_table    (const AssayDataset *dataset);           /* NULL: made from arrays */
/* What was left out and why, and remarks (AssayDrop, strings). Never NULL. */
const GArray    *assay_dataset_get_drops (const AssayDataset *dataset);
const GPtrArray *assay_dataset_get_notes (const AssayDataset *dataset);

/* Splits. */
guint         assay_dataset_get_n_splits   (const AssayDataset *dataset);
const char   *assay_dataset_get_split_name (const AssayDataset *dataset, guint split);
/* The ascending examples of a split. NULL, with the names there are, when there is no such split. */
const gint64 *assay_dataset_get_split      (const AssayDataset *dataset, const char *name, gint64 *n, GError **error);

/* Identity of an example. */
gint64        assay_dataset_get_row        (const AssayDataset *dataset, gint64 example);  /* in the table */
const char   *assay_dataset_get_id         (const AssayDataset *dataset, gint64 example);  /* NULL: no key column */
const char   *assay_dataset_get_split_of   (const AssayDataset *dataset, gint64 example, gint64 *index);
/* "train:17 (id 4711, compas.csv line 18)"; a new string. */
char         *assay_dataset_describe       (const AssayDataset *dataset, gint64 example);
/* Reads SPLIT:INDEX or id:VALUE. Errors: USAGE (form), NOT_FOUND (split, index with its range, key), INPUT (two examples with that key). */
gboolean      assay_dataset_find           (const AssayDataset *dataset, const char *reference, gint64 *example, GError **error);

/* Targets. */
gint32        assay_dataset_get_label      (const AssayDataset *dataset, gint64 example);  /* class target */
double        assay_dataset_get_real       (const AssayDataset *dataset, gint64 example);  /* real target */
/* FALSE, with the first example, when a class or token is not below n_classes (what a model was built for). */
gboolean      assay_dataset_check_classes  (const AssayDataset *dataset, gint64 n_classes, GError **error);

/* Buffers of a batch of at least n examples; NULL members are not filled. Floating members have type dtype
 * (F32, F64, or C128 with imaginary part 0). */
typedef struct {
  AssayDtype dtype;
  void *x;                      /* FEATURES (B, shape...) */
  gint32 *label;                /* class target (B) */
  void *real;                   /* real target (B) */
  gint64 length;                /* T of what follows: an example's first positions; 0: all */
  gint32 *token;                /* TOKENS (B,T) */
  gint32 *target;               /* TOKENS (B,T) */
  void *weight;                 /* TOKENS (B,T): of each target's loss; 0 where nothing is to be predicted */
} AssayBatch;

/* Gathers the n examples named by index into the batch.
 * Numerics: each value is rounded once. Cost: O(n elements), no allocation. */
void          assay_dataset_fill           (const AssayDataset *dataset, const gint64 *index, gint64 n, AssayBatch *batch);

/* --- making; from a table by assay_dataset_derive ----------------------------------------------------------- */

/* From arrays in memory, all copied; one split "name" holds everything unless n_second > 0: then the last n_second examples
 * are split second_name. x (N, shape...). Exactly one of label and real is given. NaN or infinity is refused by example. */
AssayDataset *assay_dataset_new_from_arrays (const AssayShape *shape, gint64 n, const double *x, const gint32 *label, gint64 n_classes,
                                             const double *real, const char *name, gint64 n_second, const char *second_name,
                                             GError **error);
AssayDataset *assay_dataset_new_from_token_arrays (gint64 n, gint64 length, gint64 vocabulary, const gint32 *token, const gint32 *target,
                                             const float *weight, const char *name, gint64 n_second, const char *second_name,
                                             GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayDataset, assay_dataset_unref)
