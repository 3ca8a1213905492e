/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_choice.c: two halves of the queries, and the candidates of every method. */
#include "job/validation_choice.h"

#include "base/error.h"
#include "base/json.h"
#include "base/rng.h"
#include "job/imported_scores.h"

#include <math.h>
#include <string.h>

#define LEAST_QUERIES 4         /* two of each half: intervals draw queries again */
#define MOST_CANDIDATES 1000
#define NO_GROUPS "choose: random groups to choose by expected, none are left out; give --groups above 0, or a bank that has some"

typedef struct {
  json_t *options;              /* what it sets; NULL: nothing */
  AssayJob *job;                /* of the choosing half; NULL: imported scores */
  char *refused;                /* why it cannot be asked */
} Candidate;

static void
candidate_free (gpointer data)
{
  Candidate *candidate = data;

  json_decref (candidate->options);
  assay_job_free (candidate->job);
  g_free (candidate->refused);
  g_free (candidate);
}

/* --- the grid ------------------------------------------------------------------------------------------------------------ */

typedef struct {
  char *name;
  char **values;
} Axis;

static void
axis_clear (gpointer data)
{
  g_free (((Axis *) data)->name);
  g_strfreev (((Axis *) data)->values);
}

static gboolean
add_axis (GArray *grid, const char *text, GError **error)
{
  const char *equals = strchr (text, '=');
  Axis axis;

  if (equals == NULL || equals == text || equals[1] == '\0')
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "choose: NAME=VALUE,VALUE expected, as in damping=0.001,0.01,0.1; found \"%s\"", text);
      return FALSE;
    }
  axis = (Axis) { g_strndup (text, equals - text), g_strsplit (equals + 1, ",", -1) };
  for (guint k = 0; k < grid->len; k++)
    if (strcmp (g_array_index (grid, Axis, k).name, axis.name) == 0)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "choose: %s is listed twice; list all of its values together", axis.name);
        axis_clear (&axis);
        return FALSE;
      }
  g_array_append_val (grid, axis);
  return TRUE;
}

/* Elements are Axis. */
static GArray *
read_grid (const char *const *texts, GError **error)
{
  g_autoptr (GArray) grid = g_array_new (FALSE, FALSE, sizeof (Axis));

  g_array_set_clear_func (grid, axis_clear);
  for (; *texts != NULL; texts++)
    if (!add_axis (grid, *texts, error))
      return NULL;
  return g_steal_pointer (&grid);
}

static const AssayParam *
find_param (const char *method, const char *name)
{
  const AssayMethod *of = assay_imported_scores_name (method) ? NULL : assay_method_find (method, NULL);
  const AssayParam *p = of ? of->params : NULL;

  while (p != NULL && p->name != NULL && strcmp (p->name, name) != 0)
    p++;
  return p != NULL && p->name != NULL && p->type != ASSAY_PARAM_LIST && p->type != ASSAY_PARAM_JSON ? p : NULL;
}

/* A name that no method knows chooses nothing. */
static gboolean
check_names (const GArray *grid, char *const *methods, GError **error)
{
  for (guint k = 0; k < grid->len; k++)
    {
      const char *name = g_array_index (grid, Axis, k).name;
      guint m = 0;

      while (methods[m] != NULL && find_param (methods[m], name) == NULL)
        m++;
      if (methods[m] != NULL)
        continue;
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "choose: an option of %s that takes one value expected, found %s; assay influence --help lists them",
                   methods[1] ? "one of the methods" : methods[0], name);
      return FALSE;
    }
  return TRUE;
}

/* {name: value}, of the parameter's type and within its range. */
static json_t *
read_value (const char *method, const char *name, const char *text, GError **error)
{
  g_autoptr (AssayValues) values = assay_values_new (assay_method_find (method, NULL)->params);
  json_t *all, *one;

  if (!assay_values_set_text (values, name, text, error))
    return NULL;
  all = assay_values_to_json (values);
  one = json_pack ("{s:O}", name, json_object_get (all, name));
  json_decref (all);
  return one;
}

/* Every option set so far with each value of an axis. */
static GPtrArray *
multiply (GPtrArray *sets, const char *method, const Axis *axis, GError **error)
{
  g_autoptr (GPtrArray) product = g_ptr_array_new_with_free_func ((GDestroyNotify) json_decref);

  for (guint k = 0; k < sets->len; k++)
    for (char **text = axis->values; *text != NULL; text++)
      {
        json_t *set = json_deep_copy (sets->pdata[k]), *value = read_value (method, axis->name, *text, error);

        g_ptr_array_add (product, set);
        if (value == NULL)
          return NULL;
        json_object_update (set, value);
        json_decref (value);
      }
  return g_steal_pointer (&product);
}

/* What a method's candidates set: at least one, which sets nothing where there is nothing to choose. Elements are json_t. */
static GPtrArray *
list_options (const GArray *grid, const char *method, GError **error)
{
  GPtrArray *sets = g_ptr_array_new_with_free_func ((GDestroyNotify) json_decref);

  g_ptr_array_add (sets, json_object ());
  for (guint k = 0; sets != NULL && k < grid->len; k++)
    {
      const Axis *axis = &g_array_index (grid, Axis, k);
      GPtrArray *product;

      if (find_param (method, axis->name) == NULL)
        continue;
      product = multiply (sets, method, axis, error);
      g_ptr_array_unref (sets);
      sets = product;
    }
  if (sets == NULL || sets->len <= MOST_CANDIDATES)
    return sets;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "choose: at most %d candidates expected, %u found; list fewer values", MOST_CANDIDATES, sets->len);
  g_ptr_array_unref (sets);
  return NULL;
}

/* --- halves -------------------------------------------------------------------------------------------------------------- */

static int
ascending (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static AssayJob *
make_job (const AssayJob *job, const AssayValidationQuestion *half, const json_t *options, GError **error)
{
  json_t *instead = json_pack ("{s:[]}", "query");
  AssayJob *related;

  for (char **reference = half->references; *reference != NULL; reference++)
    json_array_append_new (json_object_get (instead, "query"), json_string (*reference));
  if (options != NULL)
    json_object_update (instead, (json_t *) options);
  related = assay_job_new_related (job, assay_job_get_kind (job), instead, error);
  json_decref (instead);
  return related;
}

/* The queries at n places of a question's, as a question of its own that borrows what the whole has. Takes place. */
static AssayValidationQuestion *
half_new (const AssayValidationQuestion *whole, gint64 *place, gint64 n, const AssayJob *job, AssayJobContext *context, GError **error)
{
  AssayValidationQuestion *half = g_new0 (AssayValidationQuestion, 1);
  g_autoptr (AssayJob) own = assay_job_new_related (job, assay_job_get_kind (job), NULL, error);       /* inputs that the setup finds are there already */

  qsort (place, n, sizeof *place, ascending);
  half->whole = whole;
  half->place = place;
  half->subject = whole->subject;
  half->methods = g_strdupv (whole->methods);
  half->queries = g_array_new (FALSE, FALSE, sizeof (gint64));
  half->bank = whole->bank;
  half->bank_object = whole->bank_object;
  half->bank_query = whole->bank ? g_new (gint64, n) : NULL;
  for (gint64 k = 0; k < n; k++)
    {
      g_array_append_val (half->queries, g_array_index (whole->queries, gint64, place[k]));
      if (whole->bank != NULL)
        half->bank_query[k] = whole->bank_query[place[k]];
    }
  half->source = (AssayValidationSource) { whole->bank, half->bank_query, whole->source.sets_only };
  half->references = assay_subject_dup_references (whole->subject->dataset, (const gint64 *) half->queries->data, n);
  half->setup = own ? assay_influence_setup_new (own, context, whole->subject, (const gint64 *) half->queries->data, n, error) : NULL;
  half->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_job_free);
  g_ptr_array_set_size (half->jobs, (gint) whole->jobs->len);
  if (half->setup != NULL)
    return half;
  assay_validation_question_free (half);
  return NULL;
}

static gboolean
draw_halves (AssayValidationQuestion *question, const AssayJob *job, AssayJobContext *context, GError **error)
{
  gint64 Q = question->queries->len, n = Q / 2;
  g_autofree gint64 *order = g_new (gint64, Q);
  AssayRng rng = assay_rng_new ((guint64) assay_values_get_int (assay_job_get_table (job, assay_validate_params), "set-seed"),
                                assay_rng_stream ("queries that choose", 0));

  if (Q < LEAST_QUERIES)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "choose: at least %d queries expected, half of which choose, %" G_GINT64_FORMAT " found; ask about more "
                   "(--query SPLIT:FIRST-LAST)", LEAST_QUERIES, Q);
      return FALSE;
    }
  for (gint64 q = 0; q < Q; q++)
    order[q] = q;
  assay_rng_shuffle (&rng, order, Q);
  question->choosing = half_new (question, g_memdup2 (order, n * sizeof *order), n, job, context, error);
  question->held_out = question->choosing ? half_new (question, g_memdup2 (order + n, (Q - n) * sizeof *order), Q - n, job, context, error) : NULL;
  return question->held_out != NULL;
}

/* Into held_out's jobs. */
static gboolean
take_candidate (const AssayValidationQuestion *question, guint m, const Candidate *candidate, GError **error)
{
  AssayJob *chosen = candidate->job ? make_job (question->jobs->pdata[m], question->held_out, candidate->options, error) : NULL;

  assay_job_free (question->held_out->jobs->pdata[m]);
  question->held_out->jobs->pdata[m] = chosen;
  return chosen != NULL || candidate->job == NULL;
}

static gboolean
add_candidates (AssayValidationQuestion *question, const GArray *grid, guint m, GError **error)
{
  g_autoptr (GPtrArray) options = list_options (grid, question->methods[m], error);
  GPtrArray *candidates = g_ptr_array_new_with_free_func (candidate_free);

  g_ptr_array_add (question->candidates, candidates);
  for (guint k = 0; options != NULL && k < options->len; k++)
    {
      Candidate *candidate = g_new0 (Candidate, 1);

      candidate->options = json_incref (options->pdata[k]);
      g_ptr_array_add (candidates, candidate);
      if (question->jobs->pdata[m] != NULL
          && (candidate->job = make_job (question->jobs->pdata[m], question->choosing, candidate->options, error)) == NULL)
        return FALSE;
    }
  return options != NULL && (options->len > 1 || take_candidate (question, m, candidates->pdata[0], error));     /* one: nothing to choose */
}

gboolean
assay_validation_choice_open (AssayValidationQuestion *question, const AssayJob *job, AssayJobContext *context, GError **error)
{
  g_autoptr (GArray) grid = read_grid (assay_values_get_list (assay_job_get_values (job), "choose"), error);

  if (grid != NULL && question->bank == NULL && assay_values_get_int (assay_job_get_table (job, assay_validate_params), "groups") == 0)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, NO_GROUPS);
      return FALSE;
    }
  if (grid == NULL || !check_names (grid, question->methods, error) || !draw_halves (question, job, context, error))
    return FALSE;
  question->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  for (guint m = 0; question->methods[m] != NULL; m++)
    if (!add_candidates (question, grid, m, error))
      return FALSE;
  return TRUE;
}

/* --- choosing ------------------------------------------------------------------------------------------------------------ */

static gboolean
is_stopped (const GError *fault)
{
  return fault->code == ASSAY_ERROR_INTERRUPTED || fault->code == ASSAY_ERROR_TERMINATED;
}

gboolean
assay_validation_choice_score (const AssayValidationQuestion *question, guint m, AssayJobContext *context, GError **error)
{
  GPtrArray *candidates = question->candidates->pdata[m];
  guint n = 0;

  if (candidates->len < 2)
    return assay_validation_score_method (question->held_out, m, context, error);
  for (guint k = 0; k < candidates->len; k++)
    {
      Candidate *candidate = candidates->pdata[k];
      g_autoptr (AssayObject) object = NULL;
      g_autoptr (GError) fault = NULL;
      g_autoptr (AssayInfluenceScores) scores = assay_validation_find_scores (question->choosing, m, candidate->job, context, &object, &fault);

      if (scores != NULL)
        n++;
      else if (is_stopped (fault) || (n == 0 && k + 1 == candidates->len))
        {
          g_propagate_error (error, g_steal_pointer (&fault));
          return FALSE;
        }
      else
        candidate->refused = g_strdup (fault->message);
    }
  return TRUE;
}

static json_t *
measure_candidate (const AssayValidationQuestion *question, guint m, const Candidate *candidate, const AssayGroundTruth *truth, const AssayResamplingPlan *plan,
                   AssayJobContext *context, double *lds, GError **error)
{
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (AssayInfluenceScores) scores = NULL;
  AssayAgreement agreement;
  AssayEstimate e;

  *lds = NAN;
  if (candidate->refused != NULL)
    return json_pack ("{s:O, s:s}", "options", candidate->options, "refused", candidate->refused);
  scores = assay_validation_find_scores (question->choosing, m, candidate->job, context, &object, error);
  if (scores == NULL)
    return NULL;
  assay_agreement_init (&agreement, truth, ASSAY_REMOVAL_RANDOM, 0, scores, plan);
  e = agreement.n_sets > 0 ? agreement.mean_spearman : (AssayEstimate) { NAN, NAN, NAN, plan->level };
  assay_agreement_clear (&agreement);
  *lds = e.value;
  return json_pack ("{s:O, s:o, s:o, s:o}", "options", candidate->options, "estimate", assay_json_number (e.value), "lo", assay_json_number (e.lo), "hi",
                    assay_json_number (e.hi));
}

json_t *
assay_validation_choice_settle (const AssayValidationQuestion *question, guint m, const AssayGroundTruth *truth, const AssayJob *job, AssayJobContext *context,
                                GError **error)
{
  const AssayResamplingPlan plan = assay_validate_get_plan (assay_job_get_table (job, assay_validate_params));
  const GPtrArray *candidates = question->candidates->pdata[m];
  const Candidate *best = candidates->pdata[0];
  g_autoptr (AssayGroundTruth) half = NULL;
  json_t *list;
  double most = NAN;

  if (candidates->len < 2)
    return json_pack ("{s:n, s:[]}", "chosen", "candidates");
  if (truth->families->len == 0)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, NO_GROUPS);
      return NULL;
    }
  half = assay_ground_truth_pick (truth, question->choosing->place, question->choosing->queries->len, error);
  list = json_array ();
  for (guint k = 0; half != NULL && k < candidates->len; k++)
    {
      double lds;
      json_t *entry = measure_candidate (question, m, candidates->pdata[k], half, &plan, context, &lds, error);

      if (entry == NULL)
        g_clear_pointer (&half, assay_ground_truth_free);
      else
        json_array_append_new (list, entry);
      if (lds > most || (isnan (most) && !isnan (lds)))
        {
          most = lds;
          best = candidates->pdata[k];
        }
    }
  if (half != NULL && isnan (most))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "choose: %s: no candidate's lds is defined on the queries that choose; leave out more groups", question->methods[m]);
      g_clear_pointer (&half, assay_ground_truth_free);
    }
  if (half != NULL && take_candidate (question, m, best, error))
    return json_pack ("{s:O, s:o}", "chosen", best->options, "candidates", list);
  json_decref (list);
  return NULL;
}
