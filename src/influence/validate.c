/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validate.c: which sets are left out, and what is made of what happened. */
#include "influence/validate.h"

#include "base/error.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

#define USUAL_SHARE 0.5

static const char *const rankings[] = { "none", "set", "query", NULL };         /* in the order of AssayRanking */

const AssayParam assay_validate_params[] = {
  { .name = "leave-one-out", .type = ASSAY_PARAM_INT, .def.i = 50, .min = 0, .max = 1e9, .unit = "retrainings",
    .help = "single examples, drawn at random, to leave out in turn" },
  { .name = "groups", .type = ASSAY_PARAM_INT, .def.i = 50, .min = 0, .max = 1e9, .unit = "retrainings",
    .help = "random groups of each size to leave out" },
  { .name = "group-share", .type = ASSAY_PARAM_LIST, .metavar = "SHARE",
    .help = "share of the training examples that a group has (default: 0.5); the first size is the one of the lds" },
  { .name = "group-size", .type = ASSAY_PARAM_LIST, .metavar = "EXAMPLES", .help = "the same in examples" },
  { .name = "seeds", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1000, .unit = "trainings",
    .help = "trainings of each set with different first parameters and order; several show what noise allows" },
  { .name = "qld", .type = ASSAY_PARAM_CHOICE, .def.s = "set", .choices = rankings,
    .help = "leave out what is ranked highest for all queries together (set), for each one (query), or not at all (none)" },
  { .name = "qld-share", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.01, .min = 1e-9, .max = 0.9, .help = "share of the training examples that is left out for that" },
  { .name = "qld-random", .type = ASSAY_PARAM_INT, .def.i = 20, .min = 1, .max = 1e6, .unit = "retrainings", .help = "random groups it is compared with" },
  { .name = "curve", .type = ASSAY_PARAM_LIST, .metavar = "EXAMPLES",
    .help = "leave out so many that are ranked highest, beside as many random ones; once for each point of the curve" },
  { .name = "set-seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15,
   .help = "of the random examples, groups and draws" },
  { .name = "draws", .type = ASSAY_PARAM_INT, .def.i = 2000, .min = 100, .max = 1e7, .help = "bootstrap draws of an interval" },
  { .name = "level", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.95, .min = 0.5, .max = 0.9999,
   .help = "confidence level of intervals" },
  { .name = NULL }
};

static void
clear_agreement (gpointer agreement)
{
  assay_agreement_clear (agreement);
}

static void
clear_difference (gpointer difference)
{
  assay_loss_difference_clear (difference);
}

void
assay_validation_free (AssayValidation *v)
{
  if (v == NULL)
    return;
  assay_agreement_clear (&v->one);
  g_array_unref (v->families);
  g_array_unref (v->ceilings);
  assay_loss_difference_clear (&v->difference);
  g_array_unref (v->curve);
  g_free (v->base);
  assay_grade_clear (&v->grade);
  g_free (v);
}

const AssayAgreement *
assay_validation_get_lds (const AssayValidation *v)
{
  return v->families->len > 0 ? &g_array_index (v->families, AssayAgreement, 0) : NULL;
}

/* --- what is asked -------------------------------------------------------------------------------------------------------- */

static gboolean
add_size (GArray *sizes, const char *option, const char *text, double value, gint64 N, GError **error)
{
  gint64 size = (gint64) fmax (1, floor (value + 0.5));

  if (!(value > 0) || size >= N)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: fewer than the %" G_GINT64_FORMAT " training examples expected, %s found", option, N, text);
      return FALSE;
    }
  g_array_append_val (sizes, size);
  return TRUE;
}

static gboolean
read_sizes (GArray *sizes, const AssayValues *options, const char *option, double unit, gint64 N, GError **error)
{
  for (const char *const *text = assay_values_get_list (options, option); *text != NULL; text++)
    {
      char *end;
      double value = g_ascii_strtod (*text, &end);

      if (end == *text || *end != '\0' || !isfinite (value))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a number expected, \"%s\" found", option, *text);
          return FALSE;
        }
      if (!add_size (sizes, option, *text, value * unit, N, error))
        return FALSE;
    }
  return TRUE;
}

/* Sizes of the families of groups that are to be drawn here. Elements are gint64. */
static GArray *
get_sizes (const AssayInfluenceTask *task, const AssayValues *options, const AssayValidationSource *source, GError **error)
{
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (source != NULL || assay_values_get_int (options, "groups") == 0)
    return g_steal_pointer (&sizes);
  if (!read_sizes (sizes, options, "group-share", (double) task->n_train, task->n_train, error)
      || !read_sizes (sizes, options, "group-size", 1, task->n_train, error)
      || (sizes->len == 0 && !add_size (sizes, "group-share", "half of them", USUAL_SHARE * (double) task->n_train, task->n_train, error)))
    return NULL;
  return g_steal_pointer (&sizes);
}

/* Sizes of the curve's points. Elements are gint64. */
static GArray *
get_points (const AssayInfluenceTask *task, const AssayValues *options, GError **error)
{
  g_autoptr (GArray) points = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (task->retrain == NULL || read_sizes (points, options, "curve", 1, task->n_train, error))
    return g_steal_pointer (&points);
  return NULL;
}

static gint64
count_ones (const AssayInfluenceTask *task, const AssayValues *options, const AssayValidationSource *source)
{
  return source != NULL && !source->sets_only ? 0 : MIN (assay_values_get_int (options, "leave-one-out"), task->n_train);
}

/* Sets are measured here, not taken from a bank. */
static gboolean
is_measured_here (const AssayValidationSource *source)
{
  return source == NULL || source->sets_only;
}

static AssayRanking
get_ranking (const AssayInfluenceTask *task, const AssayValues *options)
{
  const char *name = assay_values_get_string (options, "qld");
  AssayRanking ranking = ASSAY_RANKING_NONE;

  while (task->retrain != NULL && rankings[ranking] != NULL && strcmp (rankings[ranking], name) != 0)
    ranking++;
  return ranking;
}

/* Of the points of the curve, which are there without a difference too. */
static AssayRanking
get_curve_ranking (const AssayInfluenceTask *task, const AssayValues *options)
{
  return get_ranking (task, options) == ASSAY_RANKING_OF_EACH ? ASSAY_RANKING_OF_EACH : ASSAY_RANKING_OF_ALL;
}

static gint64
get_share_size (const AssayInfluenceTask *task, const AssayValues *options)
{
  return MAX (1, (gint64) floor (assay_values_get_double (options, "qld-share") * (double) task->n_train + 0.5));
}

guint
assay_validate_get_seeds (const AssayInfluenceTask *task, const AssayValues *options)
{
  return task->retrain_seed == NULL ? 1 : (guint) assay_values_get_int (options, "seeds");
}

gboolean
assay_validate_check (const AssayInfluenceTask *task, const AssayValues *options, const AssayValidationSource *source, GError **error)
{
  g_autoptr (GArray) sizes = get_sizes (task, options, source, error), points = sizes ? get_points (task, options, error) : NULL;

  if (points == NULL)
    return FALSE;
  if (task->retrain == NULL && is_measured_here (source))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                 "validation: a model whose training is known expected, this one's is not; train it here instead of importing it, or name a --bank");
  else if (source == NULL && count_ones (task, options, source) == 0 && sizes->len == 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "leave-one-out and groups are both 0: there is nothing to validate with");
  else if (task->n_train < 2 || get_share_size (task, options) >= task->n_train)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "validation: %" G_GINT64_FORMAT " training examples are too few to leave some out", task->n_train);
  else
    return TRUE;
  return FALSE;
}

gint64
assay_validate_count_common (const AssayInfluenceTask *task, const AssayValues *options, const AssayValidationSource *source)
{
  g_autoptr (GArray) sizes = get_sizes (task, options, source, NULL);
  gint64 sets = count_ones (task, options, source) + (sizes ? sizes->len * assay_values_get_int (options, "groups") : 0);

  for (guint f = 0; source != NULL && source->sets_only && f < source->bank->families->len; f++)
    sets += ((AssayBankFamily *) source->bank->families->pdata[f])->n_sets;
  return sets > 0 ? (1 + sets) * assay_validate_get_seeds (task, options) : 0;
}

gint64
assay_validate_count_of_method (const AssayInfluenceTask *task, const AssayValues *options)
{
  g_autoptr (GArray) points = get_points (task, options, NULL);
  gint64 n_random = assay_values_get_int (options, "qld-random");
  guint n_seeds = assay_validate_get_seeds (task, options);

  return assay_loss_difference_count (get_ranking (task, options), task->n_query, n_random, n_seeds)
         + (points ? points->len : 0) * assay_loss_difference_count (get_curve_ranking (task, options), task->n_query, n_random, n_seeds);
}

/* --- measuring ----------------------------------------------------------------------------------------------------------- */

AssayGroundTruth *
assay_validate_measure (const AssayInfluenceTask *task, const AssayValues *options, const AssayValidationSource *source, AssayProgress *progress,
                        GError **error)
{
  g_autoptr (AssayGroundTruth) truth = assay_ground_truth_new (task->n_query);
  guint64 seed = (guint64) assay_values_get_int (options, "set-seed");
  g_autoptr (GArray) sizes = NULL;

  if (!assay_validate_check (task, options, source, error) || (sizes = get_sizes (task, options, source, error)) == NULL)
    return NULL;
  assay_ground_truth_add_ones (truth, task->n_train, count_ones (task, options, source), seed);
  for (guint k = 0; k < sizes->len; k++)
    assay_ground_truth_add_groups (truth, task->n_train, assay_values_get_int (options, "groups"), g_array_index (sizes, gint64, k), seed);
  if (source != NULL)
    assay_ground_truth_add_bank (truth, source->bank);
  if (!is_measured_here (source))
    return assay_ground_truth_take_bank (truth, source->bank, source->query, error) ? g_steal_pointer (&truth) : NULL;
  truth->n_seeds = assay_validate_get_seeds (task, options);
  return assay_ground_truth_run (truth, task, progress, error) ? g_steal_pointer (&truth) : NULL;
}

/* --- comparing ----------------------------------------------------------------------------------------------------------- */

static gboolean
check_shape (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, GError **error)
{
  if (scores->n_query == task->n_query && scores->n_train == task->n_train)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE,
               "validation: scores (%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ") expected, (%"
               G_GINT64_FORMAT ",%" G_GINT64_FORMAT ") found", task->n_query, task->n_train, scores->n_query, scores->n_train);
  return FALSE;
}

static gboolean
measure_curve (AssayValidation *v, const AssayInfluenceTask *task, const AssayInfluenceScores *scores, const AssayValues *options, AssayProgress *progress,
               GError **error)
{
  g_autoptr (GArray) points = get_points (task, options, error);

  for (guint k = 0; points != NULL && k < points->len; k++)
    {
      AssayLossDifference difference;

      if (!assay_loss_difference_init (&difference, task, scores, get_curve_ranking (task, options), g_array_index (points, gint64, k),
                                       assay_values_get_int (options, "qld-random"), assay_validate_get_seeds (task, options), &v->plan, progress, error))
        return FALSE;
      g_array_append_val (v->curve, difference);
    }
  return points != NULL;
}

static void
grade (AssayValidation *v, const AssayInfluenceScores *scores)
{
  const AssayAgreement none = { .n_sets = 0 }, *lds = assay_validation_get_lds (v);
  const AssayCeiling *ceiling = v->ceilings->len > 0 ? &g_array_index (v->ceilings, AssayCeiling, 0) : NULL;

  assay_grade_init (&v->grade, scores, lds ? lds : &none, ceiling, &v->difference);
}

AssayResamplingPlan
assay_validate_get_plan (const AssayValues *options)
{
  return (AssayResamplingPlan) { (guint) assay_values_get_int (options, "draws"), assay_values_get_double (options, "level"),
                                 (guint64) assay_values_get_int (options, "set-seed") };
}

AssayValidation *
assay_validate (const AssayInfluenceTask *task, const AssayGroundTruth *truth, const AssayInfluenceScores *scores, const AssayValues *options,
                AssayProgress *progress, GError **error)
{
  g_autoptr (AssayValidation) v = g_new0 (AssayValidation, 1);
  AssayRanking ranking = get_ranking (task, options);

  v->families = g_array_new (FALSE, TRUE, sizeof (AssayAgreement));
  g_array_set_clear_func (v->families, clear_agreement);
  v->ceilings = g_array_new (FALSE, TRUE, sizeof (AssayCeiling));
  v->curve = g_array_new (FALSE, TRUE, sizeof (AssayLossDifference));
  g_array_set_clear_func (v->curve, clear_difference);
  v->base = g_memdup2 (truth->base, task->n_query * sizeof *truth->base);
  v->n_seeds = truth->n_seeds;
  v->n_train = task->n_train;
  v->plan = assay_validate_get_plan (options);
  v->measure = task->measure ? task->measure : "loss";
  v->change_unit = assay_influence_task_get_change_unit (task);
  if (!check_shape (task, scores, error))
    return NULL;
  assay_agreement_init (&v->one, truth, ASSAY_REMOVAL_ONE, 0, scores, &v->plan);
  for (guint f = 0; f < truth->families->len; f++)
    {
      AssayAgreement agreement;
      AssayCeiling ceiling = assay_ceiling_of (truth, ASSAY_REMOVAL_RANDOM, f);

      assay_agreement_init (&agreement, truth, ASSAY_REMOVAL_RANDOM, f, scores, &v->plan);
      g_array_append_val (v->families, agreement);
      g_array_append_val (v->ceilings, ceiling);
    }
  if (ranking != ASSAY_RANKING_NONE
      && !assay_loss_difference_init (&v->difference, task, scores, ranking, get_share_size (task, options), assay_values_get_int (options, "qld-random"),
                                      assay_validate_get_seeds (task, options), &v->plan, progress, error))
    return NULL;
  if (!measure_curve (v, task, scores, options, progress, error))
    return NULL;
  grade (v, scores);
  return g_steal_pointer (&v);
}
