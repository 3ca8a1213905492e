/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ground_truth.c: sets of examples, and the bank that retrains without them. */
#include "influence/ground_truth.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

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
  truth->n_seeds = 1;
  truth->families = g_ptr_array_new_with_free_func (g_free);
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
  g_ptr_array_unref (truth->families);
  assay_mem_free (truth->base);
  assay_mem_free (truth->change);
  assay_mem_free (truth->seed_change);
  g_free (truth);
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static void
add (AssayGroundTruth *truth, AssayRemovalKind kind, gint64 query, guint family, const gint64 *place, gint64 n)
{
  AssayRemoval removal = { .kind = kind, .query = query, .family = family, .place = g_memdup2 (place, n * sizeof *place), .n = n };

  qsort (removal.place, n, sizeof *place, ascending);
  g_array_append_val (truth->removals, removal);
}

void
assay_ground_truth_add (AssayGroundTruth *truth, AssayRemovalKind kind, gint64 query, const gint64 *place, gint64 n)
{
  add (truth, kind, query, 0, place, n);
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

static guint
add_family (AssayGroundTruth *truth, char *name)
{
  g_ptr_array_add (truth->families, name);
  return truth->families->len - 1;
}

guint
assay_ground_truth_add_groups (AssayGroundTruth *truth, gint64 N, gint64 count, gint64 size, guint64 seed)
{
  g_autofree char *purpose = g_strdup_printf ("removed group of %" G_GINT64_FORMAT, size);
  guint family = add_family (truth, g_strdup_printf ("random-%" G_GINT64_FORMAT, size));

  for (gint64 k = 0; k < count; k++)
    {
      g_autofree gint64 *order = shuffled (N, seed, purpose, k);

      add (truth, ASSAY_REMOVAL_RANDOM, -1, family, order, MIN (size, N));
    }
  return family;
}

void
assay_ground_truth_add_bank (AssayGroundTruth *truth, const AssayBank *bank)
{
  for (guint f = 0; f < bank->families->len; f++)
    {
      const AssayBankFamily *family = bank->families->pdata[f];
      guint number = family->size > 1 ? add_family (truth, g_strdup (family->name)) : 0;

      for (gint64 s = 0; s < family->n_sets; s++)
        add (truth, family->size > 1 ? ASSAY_REMOVAL_RANDOM : ASSAY_REMOVAL_ONE, -1, number, family->place + s * family->size, family->size);
    }
}

/* --- results ------------------------------------------------------------------------------------------------------------- */

typedef struct { double *base, *change, *seed_change; } Results;

static void
results_clear (Results *results)
{
  assay_mem_free (results->base);
  assay_mem_free (results->change);
  assay_mem_free (results->seed_change);
}

static gboolean
results_init (Results *results, gint64 R, gint64 S, gint64 Q, GError **error)
{
  *results = (Results) { NULL };
  if ((results->base = assay_mem_new (double, Q, error)) != NULL
      && (results->change = assay_mem_alloc_array (S * Q, sizeof (double), error)) != NULL
      && (results->seed_change = assay_mem_alloc_array (R * S * Q, sizeof (double), error)) != NULL)
    return TRUE;
  results_clear (results);
  return FALSE;
}

/* Takes them, with the means over the seeds that ended well. */
static void
adopt (AssayGroundTruth *truth, Results *results)
{
  gint64 R = truth->n_seeds, SQ = truth->removals->len * truth->n_query;

  for (gint64 i = 0; i < SQ; i++)
    {
      double sum = 0;
      gint64 n = 0;

      for (gint64 r = 0; r < R; r++)
        if (!isnan (results->seed_change[r * SQ + i]))
          {
            sum += results->seed_change[r * SQ + i];
            n++;
          }
      results->change[i] = n > 0 ? sum / (double) n : NAN;
    }
  assay_mem_free (truth->base);
  assay_mem_free (truth->change);
  assay_mem_free (truth->seed_change);
  truth->base = results->base;
  truth->change = results->change;
  truth->seed_change = results->seed_change;
}

gboolean
assay_ground_truth_take_bank (AssayGroundTruth *truth, const AssayBank *bank, const gint64 *query, GError **error)
{
  gint64 R = bank->n_seeds, S = truth->removals->len, Q = truth->n_query, BQ = bank->n_query, set = 0;
  Results results;

  if (!results_init (&results, R, S, Q, error))
    return FALSE;
  for (guint f = 0; f < bank->families->len; f++)
    {
      const AssayBankFamily *family = bank->families->pdata[f];

      for (gint64 s = 0; s < family->n_sets; s++, set++)
        for (gint64 r = 0; r < R; r++)
          for (gint64 q = 0; q < Q; q++)
            results.seed_change[(r * S + set) * Q + q] = family->loss[(s * R + r) * BQ + query[q]] - bank->base[r * BQ + query[q]];
    }
  for (gint64 q = 0; q < Q; q++)
    for (gint64 r = 0; r < R; r++)
      results.base[q] += bank->base[r * BQ + query[q]] / (double) R;
  truth->n_seeds = (guint) R;
  adopt (truth, &results);
  return TRUE;
}

AssayGroundTruth *
assay_ground_truth_pick (const AssayGroundTruth *truth, const gint64 *query, gint64 n_query, GError **error)
{
  g_autoptr (AssayGroundTruth) part = assay_ground_truth_new (n_query);
  gint64 R = truth->n_seeds, S = truth->removals->len, Q = truth->n_query;
  Results results;

  part->n_seeds = truth->n_seeds;
  for (guint f = 0; f < truth->families->len; f++)
    add_family (part, g_strdup (truth->families->pdata[f]));
  for (guint s = 0; s < S; s++)
    {
      const AssayRemoval *removal = &g_array_index (truth->removals, AssayRemoval, s);

      add (part, removal->kind, removal->query, removal->family, removal->place, removal->n);
    }
  if (!results_init (&results, R, S, n_query, error))
    return NULL;
  for (gint64 q = 0; q < n_query; q++)
    {
      results.base[q] = truth->base[query[q]];
      for (gint64 i = 0; i < R * S; i++)
        results.seed_change[i * n_query + q] = truth->seed_change[i * Q + query[q]];
    }
  adopt (part, &results);
  return g_steal_pointer (&part);
}

/* --- retraining ---------------------------------------------------------------------------------------------------------- */

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

static gboolean
check_training (const AssayGroundTruth *truth, const AssayInfluenceTask *task, GError **error)
{
  if (task->retrain == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                 "retraining: a training that can be repeated expected, none is known for this model; "
                 "train it here instead of importing it");
  else if (truth->n_seeds > 1 && task->retrain_seed == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "retraining: one seed expected, %u found: another seed changes nothing in this training",
                 truth->n_seeds);
  else
    return TRUE;
  return FALSE;
}

static gboolean
retrain (const AssayInfluenceTask *task, guint seed, const AssayRetrainSet *sets, gint64 K, double *loss, AssayProgress *progress, GError **error)
{
  return seed == 0 ? task->retrain (task->retrain_data, sets, K, loss, progress, error)
                   : task->retrain_seed (task->retrain_data, seed, sets, K, loss, progress, error);
}

gboolean
assay_ground_truth_run (AssayGroundTruth *truth, const AssayInfluenceTask *task, AssayProgress *progress, GError **error)
{
  gint64 S = truth->removals->len, Q = truth->n_query;
  g_autofree AssayRetrainSet *sets = list_sets (truth);
  g_autoptr (AssayBuffer) memory = NULL;
  Results results;
  double *loss;

  if (!check_training (truth, task, error) || (memory = assay_mem_alloc_array ((S + 1) * Q, sizeof (double), error)) == NULL
      || !results_init (&results, truth->n_seeds, S, Q, error))
    return FALSE;
  loss = memory;
  for (guint r = 0; r < truth->n_seeds; r++)
    {
      if (!retrain (task, r, sets, S + 1, loss, progress, error))
        {
          results_clear (&results);
          return FALSE;
        }
      for (gint64 q = 0; q < Q; q++)
        results.base[q] += loss[q] / (double) truth->n_seeds;
      for (gint64 i = 0; i < S * Q; i++)
        results.seed_change[r * S * Q + i] = loss[Q + i] - loss[i % Q];
    }
  adopt (truth, &results);
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

/* suffix: appended to the name under which the retrainings are kept. */
static gboolean
run_bank (const AssayRetrainSource *source, const AssayRetraining *spec, const char *suffix, const AssayRetrainSet *sets, gint64 K, double *query_loss,
          AssayProgress *progress, GError **error)
{
  g_autofree char *list = source->place ? name_of (source->place->name, sets, K) : NULL, *name = g_strconcat (list ? list : "", suffix, NULL);
  AssayTrainPlace place;

  if (source->place == NULL)
    return assay_retrain_bank (spec, sets, K, NULL, query_loss, progress, error);
  place = *source->place;
  place.name = name;
  return assay_retrain_bank (spec, sets, K, &place, query_loss, progress, error);
}

gboolean
assay_ground_truth_retrain (gpointer data, const AssayRetrainSet *sets, gint64 K, double *query_loss, AssayProgress *progress,
                            GError **error)
{
  const AssayRetrainSource *source = data;

  return run_bank (source, &source->spec, "", sets, K, query_loss, progress, error);
}

gboolean
assay_ground_truth_retrain_seed (gpointer data, guint seed, const AssayRetrainSet *sets, gint64 K, double *query_loss, AssayProgress *progress,
                                 GError **error)
{
  const AssayRetrainSource *source = data;
  AssayTraining training = *source->spec.training;
  AssayRetraining spec = source->spec;
  g_autoptr (AssayValues) options = assay_values_copy (training.options);
  g_autoptr (AssayModel) start = NULL;
  g_autofree char *raised = g_strdup_printf ("%" G_GINT64_FORMAT, assay_values_get_int (options, "seed") + seed);
  g_autofree char *suffix = g_strdup_printf ("/seed-%u", seed);

  if (!assay_values_set_text (options, "seed", raised, error))
    return FALSE;
  training.options = options;
  spec.training = &training;
  if (source->start_is_drawn && spec.start != NULL)
    {
      start = assay_model_copy (training.model, assay_model_get_dtype (training.model), error);
      if (start == NULL)
        return FALSE;
      assay_model_init (start, source->start_seed + seed);
      spec.start = assay_model_get_theta (start);
    }
  return run_bank (source, &spec, suffix, sets, K, query_loss, progress, error);
}
