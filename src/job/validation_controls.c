/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_controls.c: the same scores again with something changed. */
#include "job/validation_controls.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

#define FACTOR 3.0              /* by which damping is varied */

typedef struct {
  const AssayValidationQuestion *question;
  guint method;
  AssayJobContext *context;
  json_t *variants, *refused;   /* words of what was varied, and of what could not be */
} Asking;

/* What was stopped is an error of the job; anything else is an answer. */
static gboolean
is_stopped (const GError *fault)
{
  return fault->code == ASSAY_ERROR_INTERRUPTED || fault->code == ASSAY_ERROR_TERMINATED;
}

/* --- stability of what is ranked first ---------------------------------------------------------------------------------- */

/* Places of the k scores of largest magnitude. Owns: the caller. */
static GHashTable *
get_first (const AssayInfluenceScores *scores, gint64 query, gint64 k)
{
  GHashTable *places = g_hash_table_new (g_direct_hash, g_direct_equal);
  AssayTop *top = assay_influence_scores_get_top (scores, query, MIN (k, scores->n_train));
  gint64 n;
  const AssayTopEntry *entry = assay_top_get (top, &n);

  for (gint64 i = 0; i < n; i++)
    g_hash_table_add (places, GSIZE_TO_POINTER ((gsize) entry[i].example));
  assay_top_free (top);
  return places;
}

static double
jaccard (const AssayInfluenceScores *one, const AssayInfluenceScores *other, gint64 query, gint64 k)
{
  g_autoptr (GHashTable) a = get_first (one, query, k), b = get_first (other, query, k);
  GHashTableIter iter;
  gpointer place;
  guint both = 0, all;

  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &place, NULL))
    both += g_hash_table_contains (b, place);
  all = g_hash_table_size (a) + g_hash_table_size (b) - both;
  return all > 0 ? (double) both / all : NAN;
}

static AssayInfluenceScores *
score_variant (const Asking *asking, const char *name, json_t *value, GError **error)
{
  const AssayValidationQuestion *question = asking->question;
  json_t *instead = json_pack ("{s:o}", name, value);
  g_autoptr (AssayJob) job = assay_job_new_related (question->jobs->pdata[asking->method], assay_job_kind_find ("influence", error), instead, error);
  g_autoptr (AssayObject) object = NULL;
  AssayInfluenceScores *scores = NULL;
  AssayInfluenceSetup *setup;

  json_decref (instead);
  if (job == NULL)
    return NULL;
  setup = assay_influence_setup_new (job, asking->context, question->subject, (const gint64 *) question->queries->data, question->queries->len, error);
  if (setup != NULL)
    scores = assay_influence_setup_score (setup, job, asking->context, question->subject, TRUE, &object, error);
  assay_influence_setup_free (setup);
  return scores;
}

/* Lowers least (Q) by the overlap with a variant. */
static gboolean
compare_variant (const Asking *asking, const AssayInfluenceScores *scores, const char *name, json_t *value, const char *words, gint64 k, double *least,
                 GError **error)
{
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayInfluenceScores) other = score_variant (asking, name, value, &fault);

  for (gint64 q = 0; other != NULL && q < scores->n_query; q++)
    least[q] = fmin (least[q], jaccard (scores, other, q, k));
  if (other == NULL && is_stopped (fault))
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  json_array_append_new (other ? asking->variants : asking->refused, other ? json_string (words) : json_sprintf ("%s: %s", words, fault->message));
  return TRUE;
}

/* The damping of the method's job; NaN where it has none that could be multiplied. */
static double
get_damping (const Asking *asking)
{
  const AssayValues *options = assay_job_get_section (asking->question->jobs->pdata[asking->method], "method");
  double damping;

  for (const AssayParam *p = options ? assay_values_get_table (options) : NULL; p != NULL && p->name != NULL; p++)
    if (strcmp (p->name, "damping") == 0 && p->type == ASSAY_PARAM_DOUBLE)
      {
        damping = assay_values_get_double (options, "damping");
        return damping > 0 ? damping : (double) NAN;
      }
  return NAN;
}

static gboolean
vary_damping (const Asking *asking, const AssayInfluenceScores *scores, gint64 k, double *least, GError **error)
{
  const double dampings[] = { get_damping (asking) / FACTOR, get_damping (asking) * FACTOR };

  for (gsize d = 0; d < G_N_ELEMENTS (dampings) && !isnan (dampings[d]); d++)
    {
      g_autofree char *number = assay_view_number (dampings[d], 3), *words = g_strconcat ("damping ", number, NULL);

      if (!compare_variant (asking, scores, "damping", json_real (dampings[d]), words, k, least, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
vary_precision (const Asking *asking, const AssayInfluenceScores *scores, gint64 k, double *least, GError **error)
{
  const char *precision = assay_values_get_string (assay_job_get_values (asking->question->jobs->pdata[asking->method]), "precision");
  const char *other = strcmp (precision, "f64") == 0 ? "f32" : "f64";
  g_autofree char *words = g_strconcat ("precision ", other, NULL);

  return compare_variant (asking, scores, "precision", json_string (other), words, k, least, error);
}

static gboolean
add_stability (json_t *document, Asking *asking, const AssayInfluenceScores *scores, gint64 k, GError **error)
{
  g_autofree double *least = g_new (double, scores->n_query);
  json_t *object, *queries = json_array ();
  double sum = 0;
  gboolean fine;

  for (gint64 q = 0; q < scores->n_query; q++)
    least[q] = 1;
  asking->variants = json_array ();
  asking->refused = json_array ();
  fine = vary_damping (asking, scores, k, least, error) && vary_precision (asking, scores, k, least, error);
  for (gint64 q = 0; q < scores->n_query; q++)
    {
      sum += least[q] / (double) scores->n_query;
      json_array_append_new (queries, assay_json_number (least[q]));
    }
  object = json_pack ("{s:I, s:o, s:o, s:o, s:o}", "top", (json_int_t) k, "min_jaccard",
                      json_array_size (asking->variants) > 0 ? assay_json_number (sum) : json_null (), "variants", asking->variants, "refused", asking->refused,
                      "per_query", queries);
  if (fine)
    json_object_set (document, "stability", object);
  json_decref (object);
  return fine;
}

/* --- an untrained model -------------------------------------------------------------------------------------------------- */

static json_t *
describe_control (const AssayAgreement *lds)
{
  json_t *queries = json_array ();

  for (gint64 q = 0; q < lds->n_query; q++)
    json_array_append_new (queries, json_pack ("{s:o, s:o, s:o}", "spearman", assay_json_number (lds->spearman[q]), "p", assay_json_number (lds->p[q]), "q",
                                               assay_json_number (lds->adjusted[q])));
  return json_pack ("{s:o, s:o, s:o, s:I, s:o}", "estimate", assay_json_number (lds->mean_spearman.value), "lo", assay_json_number (lds->mean_spearman.lo), "hi",
                    assay_json_number (lds->mean_spearman.hi), "significant_queries", (json_int_t) lds->n_significant, "per_query", queries);
}

static gboolean
add_random_weights (json_t *document, const Asking *asking, const AssayGroundTruth *truth, const AssayValues *options, GError **error)
{
  const AssayValidationQuestion *question = asking->question;
  const AssayMethod *method = assay_method_find (question->methods[asking->method], error);
  const AssayResamplingPlan plan = { (guint) assay_values_get_int (options, "draws"), assay_values_get_double (options, "level"),
                                     (guint64) assay_values_get_int (options, "set-seed") };
  AssayInfluenceTask task = question->setup->task;
  g_autoptr (AssayModel) untrained = assay_model_copy (task.model, assay_model_get_dtype (task.model), error);
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (GError) fault = NULL;
  AssayAgreement lds;

  if (untrained == NULL || truth->families->len == 0)
    return untrained != NULL;
  assay_model_init (untrained, plan.seed + 1);
  task.model = untrained;
  task.n_checkpoints = 0;               /* they are of the training */
  scores = method->score (&task, assay_job_get_section (question->jobs->pdata[asking->method], "method"), asking->context->progress, &fault);
  if (scores == NULL && is_stopped (fault))
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  if (scores == NULL)
    {
      json_object_set_new (document, "random_weights", json_pack ("{s:s}", "refused", fault->message));
      return TRUE;
    }
  assay_agreement_init (&lds, truth, ASSAY_REMOVAL_RANDOM, 0, scores, &plan);
  if (lds.n_sets > 0)
    json_object_set_new (document, "random_weights", describe_control (&lds));
  assay_agreement_clear (&lds);
  return TRUE;
}

gboolean
assay_validation_add_controls (json_t *document, const AssayValidationQuestion *question, guint method, const AssayGroundTruth *truth,
                               const AssayInfluenceScores *scores, const AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  Asking asking = { question, method, context, NULL, NULL };
  gint64 k = assay_values_get_int (values, "stability");

  if (question->jobs->pdata[method] == NULL)                      /* imported: nothing can be asked again */
    return TRUE;
  return (k == 0 || add_stability (document, &asking, scores, k, error))
         && (!assay_values_get_bool (values, "random-weights") || add_random_weights (document, &asking, truth, assay_job_get_table (job, assay_validate_params), error));
}
