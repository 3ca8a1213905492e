/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ground_truth.c: sets of examples, and the bank that retrains without them. */
#include "influence/ground_truth.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"

static void
removal_clear (gpointer data)
{
  g_free (((AssayRemoval *) data)->place);
}

AssayGroundTruth *
assay_ground_truth_new (gint64 n_query)
{
  AssayGroundTruth *truth = g_new0 (AssayGroundTruth, 1);

  truth->n_query = n_query;
  truth->removals = g_array_new (FALSE, FALSE, sizeof (AssayRemoval));
  g_array_set_clear_func (truth->removals, removal_clear);
  return truth;
}

void
assay_ground_truth_free (AssayGroundTruth *truth)
{
  if (truth == NULL)
    return;
  g_array_unref (truth->removals);
  assay_mem_free (truth->base);
  assay_mem_free (truth->change);
  g_free (truth);
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

void
assay_ground_truth_add (AssayGroundTruth *truth, AssayRemovalKind kind, gint64 query, const gint64 *place, gint64 n)
{
  AssayRemoval removal = { .kind = kind, .query = query, .place = g_memdup2 (place, n * sizeof *place), .n = n };

  qsort (removal.place, n, sizeof *place, ascending);
  g_array_append_val (truth->removals, removal);
}

/* A random order of 0 .. N-1. */
static gint64 *
shuffled (gint64 N, guint64 seed, const char *purpose, gint64 index)
{
  AssayRng rng = assay_rng_new (seed, assay_rng_stream (purpose, index));
  gint64 *order = g_new (gint64, N);

  for (gint64 i = 0; i < N; i++)
    order[i] = i;
  assay_rng_shuffle (&rng, order, N);
  return order;
}

void
assay_ground_truth_add_ones (AssayGroundTruth *truth, gint64 N, gint64 count, guint64 seed)
{
  g_autofree gint64 *order = shuffled (N, seed, "leave-one-out", 0);

  for (gint64 k = 0; k < MIN (count, N); k++)
    assay_ground_truth_add (truth, ASSAY_REMOVAL_ONE, -1, order + k, 1);
}

void
assay_ground_truth_add_groups (AssayGroundTruth *truth, gint64 N, gint64 count, gint64 size, guint64 seed)
{
  for (gint64 k = 0; k < count; k++)
    {
      g_autofree gint64 *order = shuffled (N, seed, "removed group", k);

      assay_ground_truth_add (truth, ASSAY_REMOVAL_RANDOM, -1, order, MIN (size, N));
    }
}

/* (S+1): set 0 leaves nothing out. Places are borrowed. */
static AssayRetrainSet *
list_sets (const AssayGroundTruth *truth)
{
  AssayRetrainSet *sets = g_new0 (AssayRetrainSet, truth->removals->len + 1);

  for (guint s = 0; s < truth->removals->len; s++)
    {
      const AssayRemoval *removal = &g_array_index (truth->removals, AssayRemoval, s);

      sets[s + 1] = (AssayRetrainSet) { removal->place, removal->n };
    }
  return sets;
}

gboolean
assay_ground_truth_run (AssayGroundTruth *truth, const AssayInfluenceTask *task, AssayProgress *progress, GError **error)
{
  gint64 S = truth->removals->len, Q = truth->n_query;
  g_autofree AssayRetrainSet *sets = list_sets (truth);
  g_autoptr (AssayBuffer) memory = NULL, change = NULL, base = NULL;
  double *loss;

  if (task->retrain == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                   "retraining: a training that can be repeated expected, none is known for this model; "
                   "train it here instead of importing it");
      return FALSE;
    }
  if ((memory = assay_mem_alloc_array ((S + 1) * Q, sizeof (double), error)) == NULL
      || (change = assay_mem_alloc_array (S * Q, sizeof (double), error)) == NULL || (base = assay_mem_new (double, Q, error)) == NULL)
    return FALSE;
  loss = memory;
  if (!task->retrain (task->retrain_data, sets, S + 1, loss, progress, error))
    return FALSE;
  assay_mem_free (truth->base);
  assay_mem_free (truth->change);
  truth->base = g_steal_pointer (&base);
  truth->change = g_steal_pointer (&change);
  for (gint64 q = 0; q < Q; q++)
    truth->base[q] = loss[q];
  for (gint64 i = 0; i < S * Q; i++)
    truth->change[i] = loss[Q + i] - truth->base[i % Q];
  return TRUE;
}

static char *
name_of (const char *name, const AssayRetrainSet *sets, gint64 K)
{
  g_autoptr (GChecksum) digest = g_checksum_new (G_CHECKSUM_SHA256);

  for (gint64 k = 0; k < K; k++)
    {
      g_checksum_update (digest, (const guchar *) &sets[k].n, sizeof sets[k].n);
      g_checksum_update (digest, (const guchar *) sets[k].place, sets[k].n * sizeof *sets[k].place);
    }
  return g_strdup_printf ("%s/%.12s", name, g_checksum_get_string (digest));
}

char *
assay_ground_truth_dup_kept_name (const AssayGroundTruth *truth, const AssayTrainPlace *place)
{
  g_autofree AssayRetrainSet *sets = list_sets (truth);

  return name_of (place->name, sets, truth->removals->len + 1);
}

gboolean
assay_ground_truth_retrain (gpointer data, const AssayRetrainSet *sets, gint64 K, double *query_loss, AssayProgress *progress,
                            GError **error)
{
  const AssayRetrainSource *source = data;
  g_autofree char *name = source->place ? name_of (source->place->name, sets, K) : NULL;
  AssayTrainPlace place;

  if (source->place == NULL)
    return assay_retrain_bank (&source->spec, sets, K, NULL, query_loss, progress, error);
  place = *source->place;
  place.name = name;
  return assay_retrain_bank (&source->spec, sets, K, &place, query_loss, progress, error);
}
