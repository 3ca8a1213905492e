/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mislabel.c: other labels, another training, and a ranking. */
#include "influence/mislabel.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "influence/task.h"
#include "run/evaluate.h"
#include "run/train.h"
#include "stats/auroc.h"

#include <math.h>
#include <string.h>

const AssayParam assay_mislabel_params[] = {
  { .name = "share", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.1, .min = 1e-9, .max = 0.9, .help = "share of the training labels that is made wrong" },
  { .name = "mislabel-seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of which labels, and of what they become" },
  { .name = "level", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.95, .min = 0.5, .max = 0.9999, .help = "confidence level of intervals" },
  { .name = NULL }
};

void
assay_mislabel_free (AssayMislabelDetection *d)
{
  if (d == NULL)
    return;
  g_free (d->is_wrong);
  g_free (d->self);
  g_free (d->loss);
  g_free (d);
}

/* Chooses which labels are wrong, and draws another class for each. label (N). */
static void
mix_labels (AssayMislabelDetection *d, gint64 n_classes, guint64 seed, gint32 *label)
{
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("wrong labels", 0));
  g_autofree gint64 *order = g_new (gint64, d->n_train);

  for (gint64 i = 0; i < d->n_train; i++)
    order[i] = i;
  assay_rng_shuffle (&rng, order, d->n_train);
  for (gint64 k = 0; k < d->n_wrong; k++)
    {
      gint64 i = order[k];
      gint32 other = (gint32) assay_rng_below (&rng, (guint64) n_classes - 1);

      label[i] = other + (other >= label[i]);
      d->is_wrong[i] = TRUE;
    }
}

/* The training examples as a data set of their own, in their order, with wrong labels. */
static AssayDataset *
make_dataset (const AssayTraining *training, AssayMislabelDetection *d, guint64 seed, GError **error)
{
  const AssayDataset *dataset = training->dataset;
  AssayShape shape = assay_dataset_get_shape (dataset);
  gint64 N = training->N, C = assay_dataset_get_n_classes (dataset);
  g_autoptr (AssayBuffer) x = assay_mem_alloc_array (N * assay_shape_count (&shape), sizeof (double), error);
  g_autofree gint32 *label = g_new (gint32, N);
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x, .label = label };

  if (x == NULL)
    return NULL;
  assay_dataset_fill (dataset, training->train, N, &batch);
  mix_labels (d, C, seed, label);
  return assay_dataset_new_from_arrays (&shape, N, x, label, C, NULL, "train", 0, NULL, error);
}

static gboolean
check (const AssayTraining *training, gint64 n_wrong, GError **error)
{
  const AssayDataset *dataset = training->dataset;

  if (assay_dataset_get_kind (dataset) != ASSAY_DATASET_FEATURES || assay_dataset_get_target_kind (dataset) != ASSAY_TARGET_CLASS)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "mislabel: a model of classes expected, whose labels can be made wrong; this one's target is another");
  else if (n_wrong < 1 || n_wrong >= training->N)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "share: some of the %" G_GINT64_FORMAT " training labels expected, %" G_GINT64_FORMAT " found", training->N,
                 n_wrong);
  else
    return TRUE;
  return FALSE;
}

/* How well the key (N) tells wrong labels from right ones. */
static AssayEstimate
estimate (const AssayMislabelDetection *d, const double *key, double level)
{
  g_autofree double *wrong = g_new (double, d->n_train), *right = g_new (double, d->n_train);
  gint64 n_wrong = 0, n_right = 0;

  for (gint64 i = 0; i < d->n_train; i++)
    if (d->is_wrong[i])
      wrong[n_wrong++] = key[i];
    else
      right[n_right++] = key[i];
  return assay_estimate_auroc (wrong, n_wrong, right, n_right, level);
}

typedef struct { double key; gboolean is_wrong; gint64 place; } Ranked;

static int
highest_first (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;

  return x->key > y->key ? -1 : x->key < y->key ? 1 : x->place < y->place ? -1 : x->place > y->place;
}

double
assay_mislabel_found (const AssayMislabelDetection *d, const double *key, double inspected)
{
  g_autofree Ranked *ranked = g_new (Ranked, d->n_train);
  gint64 n = (gint64) ceil (inspected * (double) d->n_train), found = 0;

  for (gint64 i = 0; i < d->n_train; i++)
    ranked[i] = (Ranked) { key[i], d->is_wrong[i], i };
  qsort (ranked, d->n_train, sizeof *ranked, highest_first);
  for (gint64 i = 0; i < MIN (n, d->n_train); i++)
    found += ranked[i].is_wrong;
  return (double) found / (double) d->n_wrong;
}

static gboolean
rank (AssayMislabelDetection *d, const AssayTraining *training, const AssayMethod *method, const AssayValues *method_options, gint64 batch, gsize memory,
      AssayProgress *progress, GError **error)
{
  AssayInfluenceTask task = { .model = training->model, .dataset = training->dataset, .train = training->train, .n_train = training->N,
                              .l2 = assay_values_get_double (training->options, "l2"), .batch = batch, .memory = memory, .backend = training->backend };
  g_autoptr (AssayInfluenceScores) scores = NULL;
  AssayEvaluation evaluation;

  task.sum_batch = assay_influence_task_choose_sum_batch (&task);
  scores = assay_method_score_self (method, &task, method_options, progress, error);
  if (scores == NULL)
    return FALSE;
  d->self = g_memdup2 (scores->value, d->n_train * sizeof *scores->value);
  d->loss = g_new (double, d->n_train);
  return assay_evaluate (training->model, training->dataset, training->train, training->N, 0, training->backend, d->loss, &evaluation, progress, error);
}

AssayMislabelDetection *
assay_mislabel_detect (const AssayTraining *training, const AssayMethod *method, const AssayValues *method_options, const AssayValues *options, gint64 batch,
                       gsize memory, AssayProgress *progress, GError **error)
{
  gint64 n_wrong = (gint64) floor (assay_values_get_double (options, "share") * (double) training->N + 0.5);
  double level = assay_values_get_double (options, "level");
  g_autoptr (AssayMislabelDetection) d = NULL;
  g_autoptr (AssayDataset) dataset = NULL;
  g_autofree gint64 *train = g_new (gint64, training->N);
  AssayTraining again = *training;
  AssayTrainResult result;

  if (!check (training, n_wrong, error))
    return NULL;
  d = g_new0 (AssayMislabelDetection, 1);
  d->n_train = training->N;
  d->n_wrong = n_wrong;
  d->is_wrong = g_new0 (gboolean, training->N);
  dataset = make_dataset (training, d, (guint64) assay_values_get_int (options, "mislabel-seed"), error);
  if (dataset == NULL)
    return NULL;
  for (gint64 i = 0; i < training->N; i++)
    train[i] = i;
  again.dataset = dataset;
  again.train = train;
  if (!assay_train (&again, NULL, &result, progress, error) || !rank (d, &again, method, method_options, batch, memory, progress, error))
    return NULL;
  d->by_self = estimate (d, d->self, level);
  d->by_loss = estimate (d, d->loss, level);
  return g_steal_pointer (&d);
}
