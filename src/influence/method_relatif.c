/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_relatif.c: RelatIF: influence for its size: examples that move everything no longer come first for every query.
 *
 *   loss         score[q, i] = infl[q, i] / sqrt (self_i)                   unit: relative
 *   parameters   score[q, i] = infl[q, i] / (||A^-1 g_i|| / N)
 *
 * infl and self_i = g_i' A^-1 g_i / N are those of a method that defines both. An interval, where that method certifies one, is carried
 * through the division. 0 where an example influences not even itself.
 * Source: Barshan et al. 2020 (2003.11630), equations 5 and 8.
 */
#include "base/error.h"
#include "base/mem.h"
#include "influence/damped_curvature.h"
#include "influence/score.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

static const char *const relations[] = { "loss", "parameters", NULL };

static const AssayParam params[] = {
  ASSAY_DAMPED_CURVATURE_PARAMS,
  { .name = "of", .type = ASSAY_PARAM_STRING, .def.s = "exact", .metavar = "METHOD", .help = "method whose influence and self-influence are divided" },
  { .name = "relative-to", .type = ASSAY_PARAM_CHOICE, .def.s = "loss", .choices = relations,
    .help = "what removing the example would change: its own loss, or the parameters" },
  { .name = NULL }
};

/* The divided method with the options that both have; others at their defaults. */
static const AssayMethod *
open_divided (const AssayValues *options, AssayValues **of_divided, GError **error)
{
  const AssayMethod *method = assay_method_find (assay_values_get_string (options, "of"), error);
  gboolean ok = method != NULL;

  if (ok && (method->self == NULL || method->score == NULL || strcmp (method->name, "relatif") == 0))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "of: a method with a self-influence expected, \"%s\" has none", method->name);
      return NULL;
    }
  *of_divided = ok ? assay_values_new (method->params) : NULL;
  for (const AssayParam *p = ok ? method->params : params; ok && p->name != NULL; p++)
    if ((strcmp (p->name, "curvature") == 0 || strcmp (p->name, "damping") == 0) && assay_values_is_set (options, p->name))
      {
        g_auto (GStrv) texts = assay_values_dup_texts (options, p->name);

        ok = assay_values_set_text (*of_divided, p->name, texts[0], error);
      }
  return ok ? method : NULL;
}

/* The interval of a / b for a in [lo, hi] and b in [least, most], 0 < least, rounded outward. */
static void
divide_interval (double least, double most, double *lo, double *hi)
{
  double low = *lo < 0 ? *lo / least : *lo / most, high = *hi < 0 ? *hi / most : *hi / least;

  *lo = nextafter (low, -INFINITY);
  *hi = nextafter (high, INFINITY);
}

/* Divisor of example i and its ends. FALSE: there is nothing to divide by. */
static gboolean
divisor_of (const AssayInfluenceScores *self, gboolean by_loss, gint64 i, double *at, double *least, double *most)
{
  if (!by_loss)
    *at = self->solution_norm[i] / (double) self->n_train;
  else
    *at = sqrt (self->value[i]);
  *least = self->lo != NULL && by_loss ? nextafter (sqrt (self->lo[i]), 0) : NAN;
  *most = self->hi != NULL && by_loss ? nextafter (sqrt (self->hi[i]), INFINITY) : NAN;
  return *at > 0;
}

static void
divide (AssayInfluenceScores *scores, const AssayInfluenceScores *self, gboolean by_loss)
{
  gint64 n_zero = 0, N = scores->n_train;

  for (gint64 i = 0; i < N; i++)
    {
      double at, least, most;
      gboolean has_size = divisor_of (self, by_loss, i, &at, &least, &most);

      n_zero += !has_size;
      for (gint64 k = i; k < scores->n_query * N; k += N)
        {
          scores->value[k] = has_size ? scores->value[k] / at : 0;
          if (scores->lo != NULL && least > 0)
            divide_interval (least, most, &scores->lo[k], &scores->hi[k]);
          else if (scores->lo != NULL)                            /* anything: its size may be 0 */
            {
              scores->lo[k] = -INFINITY;
              scores->hi[k] = INFINITY;
            }
        }
    }
  if (n_zero > 0)
    g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " examples have score 0: their self-influence is not above 0\n", n_zero);
}

static AssayInfluenceScores *
score_relatif (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayValues) of_divided = NULL;
  const AssayMethod *method = open_divided (options, &of_divided, error);
  g_autoptr (AssayInfluenceScores) scores = NULL, self = NULL;
  gboolean by_loss = strcmp (assay_values_get_string (options, "relative-to"), "loss") == 0;
  AssayInfluenceTask plain = *task;

  plain.keep_directions = FALSE;                                  /* every example divides by a size of its own */
  if (method == NULL || (scores = method->score (&plain, of_divided, progress, error)) == NULL
      || (self = assay_method_score_self (method, task, of_divided, progress, error)) == NULL)
    return NULL;
  if (!by_loss && self->solution_norm == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "relative-to parameters: a method that solves (exact, cg) expected, %s found", method->name);
      return NULL;
    }
  if (!by_loss || self->lo == NULL)
    {
      g_clear_pointer (&scores->lo, assay_mem_free);
      g_clear_pointer (&scores->hi, assay_mem_free);
      scores->interval_kind = ASSAY_INTERVAL_NONE;
      scores->interval_reason = "the size that influence is divided by is not certified";
    }
  divide (scores, self, by_loss);
  scores->unit = ASSAY_UNIT_RELATIVE;
  if (scores->lo != NULL)
    scores->interval_reason = "the exact value of the quotient lies between lo and hi; this bounds both solves, not what retraining would give";
  g_string_append_printf (scores->notes, "scores of method %s over the change of %s that removing the example would make\n", method->name,
                          by_loss ? "its own loss" : "the parameters");
  return g_steal_pointer (&scores);
}

static void
cost_relatif (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  g_autoptr (AssayValues) of_divided = NULL;
  const AssayMethod *method = open_divided (options, &of_divided, NULL);
  double more = 0, most = 0;

  *flops = *bytes = 0;
  if (method == NULL)
    return;
  method->cost (task, of_divided, flops, bytes);
  assay_method_cost_self (method, task, of_divided, &more, &most);
  *flops += more;
  *bytes = MAX (*bytes, most);
}

static gint64
query_unit (const AssayInfluenceTask *task, const AssayValues *options)
{
  g_autoptr (AssayValues) of_divided = NULL;
  const AssayMethod *method = open_divided (options, &of_divided, NULL);

  return method != NULL && method->query_unit != NULL ? method->query_unit (task, of_divided) : ASSAY_QUERY_BLOCK;
}

ASSAY_METHOD_DEFINE (relatif) = { .name = "relatif", .help = "influence for its size: divided by what removing the example changes at all",
                                 .params = params, .query_unit = query_unit, .score = score_relatif, .cost = cost_relatif };
