/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decided.c: fixtures with parameters that are no zeros. */
#include "decided.h"

#include "base/rng.h"

static AssayDataset *
real_features (gint64 n, gint64 D)
{
  g_autofree double *x = g_new (double, n * D), *y = g_new (double, n);
  AssayShape shape = ASSAY_SHAPE (D);
  AssayRng rng = assay_rng_new (11, 0);

  for (gint64 i = 0; i < n * D; i++)
    x[i] = assay_rng_normal (&rng);
  for (gint64 i = 0; i < n; i++)
    y[i] = assay_rng_normal (&rng);
  return assay_dataset_new_from_arrays (&shape, n, x, NULL, 0, y, "train", 0, NULL, NULL);
}

Decided
decided_new (gint64 n, gint64 D, gint64 n_classes, const char *architecture, const char *config)
{
  Decided decided = { .D = D };
  AssayDataset *dataset = n_classes > 0 ? fixture_features (n, D, n_classes) : real_features (n, D);
  double *theta;
  AssayRng rng = assay_rng_new (12, 0);
  GError *error = NULL;

  decided.fixture = fixture_new (dataset, architecture, config, "{\"dtype\": \"f64\"}", 1);
  theta = assay_model_get_theta (decided.fixture->model);
  for (gint64 p = 0; p < assay_model_get_n_params (decided.fixture->model); p++)
    theta[p] = assay_rng_normal (&rng);
  decided.margin = assay_margin_new (decided.fixture->model, decided.fixture->backend, &error);
  g_assert_no_error (error);
  return decided;
}

void
decided_clear (Decided *decided)
{
  assay_margin_free (decided->margin);
  fixture_free (decided->fixture);
}

void
decided_read (const Decided *decided, gint64 example, double *x)
{
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x };

  assay_dataset_fill (decided->fixture->dataset, &example, 1, &batch);
}
