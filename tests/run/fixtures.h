/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixtures.h: small data sets, models and trainings for the tests of this floor.
 *
 * Numbers are drawn from fixed seeds. A fixture owns everything that its training refers to: declare it before what uses it.
 */
#pragma once

#include "base/error.h"
#include "base/mem.h"
#include "run/train.h"

/* n examples of D normal features whose class depends on a noisy linear rule; splits "train" (all but the last 5) and "test". */
AssayDataset *fixture_features (gint64 n, gint64 D, gint64 n_classes);
/* n sequences of T tokens, targets shifted, some positions without weight; splits as above. */
AssayDataset *fixture_tokens   (gint64 n, gint64 T, gint64 V);

/* n sequences of 1 to T tokens, every third of them short, each target but some at the front counting, and nothing behind the end; splits as above. */
AssayDataset *fixture_sequences (gint64 n, gint64 T, gint64 V);

typedef struct {
  AssayTraining training;
  AssayDataset *dataset;
  AssayModel *model;
  AssayValues *options;
  AssayBackend *backend;
  double *weight;               /* (N), ones; training.weight is NULL until a test sets it */
  void *start;                  /* (P) first parameters */
  gsize theta_bytes;
} Fixture;

/* config and options: JSON. The model gets the type that the options compute in, and parameters from seed 3. */
Fixture *fixture_new  (AssayDataset *dataset, const char *architecture, const char *config, const char *options, guint threads);
void     fixture_free (Fixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fixture, fixture_free)
/* theta back to the start. */
void     fixture_rewind (Fixture *fixture);
/* Ready-made: an MLP on features, and a transformer on tokens; options are merged over defaults (30 steps, batch 4, ...). */
Fixture *fixture_mlp         (const char *options, guint threads);
Fixture *fixture_transformer (const char *options, guint threads);
/* A transformer on sequences of 1 to 12 tokens. */
Fixture *fixture_lengths     (const char *options, guint threads);
Fixture *fixture_logistic    (const char *options, guint threads);
/* A linear network whose steps are so long that its parameters overflow f32 after a few. */
Fixture *fixture_diverging   (void);
