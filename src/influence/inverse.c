/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inverse.c: see inverse.h. */
#include "influence/inverse.h"

#include "base/mem.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

static gboolean
has_entry (const AssayParam *table, const char *name)
{
  for (; table->name != NULL; table++)
    if (strcmp (table->name, name) == 0)
      return TRUE;
  return FALSE;
}

static AssayValues *
choose_options (const AssaySolver *solver, const AssayValues *options, const AssaySolvedScores *scores, GError **error)
{
  g_autoptr (AssayValues) values = assay_values_new (solver->params);
  json_t *given = assay_values_to_json (options), *value;
  double width = json_number_value (json_object_get (given, "width"));
  const char *key;
  gboolean ok = TRUE;

  if (width > 0)
    json_object_set_new (given, "width", json_real (scores->largest_norm > 0 ? width * (double) scores->task->n_train / scores->largest_norm : 0));
  json_object_foreach (given, key, value)
    ok = ok && (!has_entry (solver->params, key) || json_is_null (value) || assay_values_set_json (values, key, value, error));
  json_decref (given);
  return ok ? g_steal_pointer (&values) : NULL;
}

gboolean
assay_inverse_open (const AssaySolvedScores *scores, const char *solver, const AssayValues *options, AssayInverse *out, GError **error)
{
  AssayInverse self = { .solver = assay_solver_find (solver, error), .A = scores->matrix.damped };

  if (self.solver == NULL || (self.options = choose_options (self.solver, options, scores, error)) == NULL)
    return FALSE;
  *out = self;
  return TRUE;
}

void
assay_inverse_clear (AssayInverse *self)
{
  g_clear_pointer (&self->recycled, assay_recycled_free);
  g_clear_pointer (&self->M, assay_linop_unref);
  g_clear_pointer (&self->factors, assay_factors_free);
  g_clear_pointer (&self->options, assay_values_free);
}

/* M, an approximation of (C + lambda I)^-1 that is taken over, in the coordinates of the solve: (S A S)^-1 = S^-1 A^-1 S^-1. */
static gboolean
take (AssayInverse *self, const AssaySolvedScores *scores, AssayLinop *M, GError **error)
{
  g_autoptr (AssayLinop) taken = M;
  g_autoptr (AssayBuffer) inverse_scale = NULL;
  gint64 P = self->A->n;

  if (taken == NULL)
    return FALSE;
  if (scores->matrix.scale == NULL)
    {
      self->M = g_steal_pointer (&taken);
      return TRUE;
    }
  inverse_scale = assay_mem_alloc_array (P, sizeof (double), error);
  if (inverse_scale == NULL)
    return FALSE;
  for (gint64 i = 0; i < P; i++)
    ((double *) inverse_scale)[i] = 1 / scores->matrix.scale[i];
  self->M = assay_linop_congruence_new (taken, inverse_scale, -INFINITY, error);
  return self->M != NULL;
}

gboolean
assay_inverse_take_low_rank (AssayInverse *self, const AssaySolvedScores *scores, AssayLowRank *low_rank, gboolean as_preconditioner, GError **error)
{
  return take (self, scores, as_preconditioner ? assay_low_rank_preconditioner_new (low_rank, scores->matrix.lambda, error)
                                               : assay_low_rank_inverse_new (low_rank, scores->matrix.lambda, error), error);
}

gboolean
assay_inverse_take_ekfac (AssayInverse *self, const AssaySolvedScores *scores, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (scores->task);
  const AssayFactorsOptions options = { .basis = ASSAY_FACTORS_KRONECKER };
  const AssayFactorsDamping damping = { .mode = ASSAY_DAMPING_ABSOLUTE, .value = scores->matrix.damping, .l2 = scores->task->l2 };
  AssayFactorsInverse *inverse;

  self->factors = assay_factors_fit (&train, &options, progress, error);
  inverse = self->factors ? assay_factors_inverse_new (self->factors, ASSAY_SPECTRUM_FITTED, &damping, train.backend->workers, error) : NULL;
  return inverse != NULL && take (self, scores, assay_factors_inverse_to_linop (inverse), error);
}

gboolean
assay_inverse_recycle (AssayInverse *self, gint64 rank, GError **error)
{
  self->recycled = assay_recycled_new (self->A, rank, error);
  return self->recycled != NULL;
}

/* Nothing seen yet, or nothing that helps: M stays. */
static gboolean
take_recycled (AssayInverse *self, GError **error)
{
  AssayLinop *M;

  if (!assay_recycled_make_preconditioner (self->recycled, &M, error))
    return FALSE;
  if (M != NULL)
    {
      g_clear_pointer (&self->M, assay_linop_unref);
      self->M = M;
      self->n_recycled++;
    }
  return TRUE;
}

gboolean
assay_inverse_solve (gpointer data, gint64 K, const double *B, double *X, AssaySolveResult *results, AssayProgress *progress, GError **error)
{
  AssayInverse *self = data;

  if (self->recycled != NULL && !take_recycled (self, error))
    return FALSE;
  self->n_calls++;
  return self->solver->solve (self->recycled ? assay_recycled_get_linop (self->recycled) : self->A, self->M, self->options, K, B, X, results, progress, error);
}

AssayInfluenceScores *
assay_inverse_score_by_low_rank (const AssayInfluenceTask *task, const AssayValues *options, AssayLowRankFunc approximate, gboolean of_self,
                                 AssayProgress *progress, GError **error)
{
  g_auto (AssaySolvedScores) scores = { 0 };
  g_auto (AssayInverse) inverse = { 0 };
  AssayLowRank *low_rank;

  if (!assay_solved_scores_open (task, assay_values_get_string (options, "curvature"), assay_values_get_double (options, "damping"), &scores,
                                 progress, error)
      || !assay_inverse_open (&scores, "inverse", options, &inverse, error)
      || (low_rank = approximate (scores.matrix.curvature, options, progress, error)) == NULL)
    return NULL;
  g_string_append_printf (scores.scores->notes, "the curvature by %" G_GINT64_FORMAT " of its directions, from %" G_GINT64_FORMAT
                          " products; the eigenvalues kept go from %.3g to %.3g, and the damping stands for all others\n", low_rank->rank,
                          low_rank->products, low_rank->values[0], low_rank->values[low_rank->rank - 1]);
  if (!assay_inverse_take_low_rank (&inverse, &scores, low_rank, FALSE, error))
    return NULL;
  if (of_self ? !assay_solved_scores_run_self (&scores, assay_inverse_solve, &inverse, progress, error)
              : !assay_solved_scores_run (&scores, assay_inverse_solve, &inverse, progress, error))
    return NULL;
  return assay_solved_scores_steal (&scores);
}
