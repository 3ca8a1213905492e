/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset_private.h: what is inside a dataset, and how one is built. Inside the dataset floor only.
 *
 * Thread rule: one thread builds; immutable after assay_dataset_finish.
 */
#pragma once

#include "dataset/dataset.h"
#include "dataset/design_target.h"

typedef struct {
  char *name;
  gint64 n;
  gint64 *example;              /* (n) ascending */
} AssayDatasetSplit;

struct _AssayDataset {
  gatomicrefcount refs;
  AssayDatasetKind kind;
  gint64 n;
  AssayShape shape;
  gint64 size;                  /* elements of shape */
  AssayTable *table;            /* NULL: made from arrays */
  gint64 *row;                  /* (N) in the table; NULL: made from arrays */

  /* Features: exactly one of the three. */
  double *x;                    /* (N,size) */
  const guint8 *pixel;          /* the table's images: example i is at row[i] */
  guint16 *pooled;              /* (N,size) sums over pooling windows */
  double divisor;               /* of pixel and pooled */

  AssayTargetKind target_kind;
  gint64 n_classes;
  gint32 *label;                /* (N) */
  double *real;                 /* (N) */

  /* Tokens of example i: at row[i] in the table's column, or at i in own arrays. */
  const gint32 *token, *target; /* (rows,T) */
  const float *weight;          /* NULL: all 1 */
  gpointer own_token, own_target, own_weight;

  GPtrArray *term_names, *class_names;
  GArray *inputs;               /* AssayDesignInput, of terms */
  double *mean, *deviation;     /* (size) of standardised terms */
  GArray *drops;
  GPtrArray *notes;

  GArray *splits;               /* AssayDatasetSplit */
  gint32 *split_of;             /* (N) */
  gint64 *index_in_split;       /* (N) */
  GHashTable *by_id;            /* key -> example + 1, or 0 when two examples have it; NULL: no keys */
};

AssayDataset *assay_dataset_alloc (AssayDatasetKind kind, gint64 n);

/* Numbers the examples inside their splits and collects the keys. names and split_of are taken. */
gboolean assay_dataset_finish     (AssayDataset *dataset, const GPtrArray *split_names, GError **error);

/* From a table by way of a design; takes the design. */
AssayDataset *assay_dataset_new_from_design (AssayTable *table, AssayDesign *design, GError **error);

/* From the image column of a table at the rows; target (may be NULL) is taken. Grey values are divided by 255 after mean
 * pooling over pool x pool windows, which must divide the image. */
AssayDataset *assay_dataset_new_from_images (AssayTable *table, const GArray *rows, AssayTarget *target, gint64 pool, GError **error);

/* From the token column of a table at the rows. */
AssayDataset *assay_dataset_new_from_tokens (AssayTable *table, const GArray *rows, GError **error);
