/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_controls.c: the same scores again with something changed. */
#include "job/validation_controls.h"

#include "base/error.h"
#include "base/json.h"
#include "base/rng.h"
#include "influence/non_members.h"

#include <math.h>
#include <string.h>

#define FACTOR 3.0              /* by which damping is varied */
#define VARIANTS 3              /* seeds and checkpoints, the scores' own included */

typedef struct {
  const AssayValidationQuestion *question;
  guint method;
  AssayJobContext *context;
  json_t *variants, *overlaps, *refused;        /* words of what was varied, how much stayed, and words of what could not be */
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
  AssayTop *top = assay_influence_scores_get_top (scores, query, k);
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

/* Where least (Q) is kept, and what is told of each variant. */
typedef struct {
  const AssayInfluenceScores *scores;
  gint64 k;
  double *least;                /* (Q) overlap */
} Stability;

/* Lowers the least overlaps by those with a variant, which is taken; or tells why there is none. */
static gboolean
compare_variant (const Asking *asking, const Stability *stability, AssayInfluenceScores *variant, GError *own, const char *words, GError **error)
{
  g_autoptr (AssayInfluenceScores) other = variant;
  g_autoptr (GError) fault = own;
  double sum = 0;

  if (other == NULL && is_stopped (fault))
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  for (gint64 q = 0; other != NULL && q < stability->scores->n_query; q++)
    {
      double overlap = jaccard (stability->scores, other, q, stability->k);

      stability->least[q] = fmin (stability->least[q], overlap);
      sum += overlap;
    }
  if (other != NULL)
    json_array_append_new (asking->overlaps, assay_json_number (sum / (double) stability->scores->n_query));
  json_array_append_new (other ? asking->variants : asking->refused, other ? json_string (words) : json_sprintf ("%s: %s", words, fault->message));
  return TRUE;
}

static gboolean
vary_option (const Asking *asking, const Stability *stability, const char *name, json_t *value, const char *words, GError **error)
{
  GError *fault = NULL;
  AssayInfluenceScores *other = score_variant (asking, name, value, &fault);

  return compare_variant (asking, stability, other, fault, words, error);
}

static const AssayValues *
get_options (const Asking *asking)
{
  return assay_job_get_section (asking->question->jobs->pdata[asking->method], "method");
}

static gboolean
has_option (const AssayValues *options, const char *name, AssayParamType type)
{
  for (const AssayParam *p = options ? assay_values_get_table (options) : NULL; p != NULL && p->name != NULL; p++)
    if (strcmp (p->name, name) == 0)
      return p->type == type;
  return FALSE;
}

/* What the scores were damped by, where the method has an option for it. */
static double
get_damping (const Asking *asking, const AssayInfluenceScores *scores)
{
  const AssayValues *options = get_options (asking);
  double damping;

  if (!has_option (options, "damping", ASSAY_PARAM_DOUBLE))
    return NAN;
  damping = assay_values_get_double (options, "damping");
  return isnan (damping) ? scores->damping : damping;            /* one that was chosen */
}

static gboolean
vary_damping (const Asking *asking, const Stability *stability, GError **error)
{
  const double damping = get_damping (asking, stability->scores), dampings[] = { damping / FACTOR, damping * FACTOR };

  if (damping == 0)
    json_array_append_new (asking->refused, json_string ("damping: it is 0, and so are its multiples"));
  for (gsize d = 0; d < G_N_ELEMENTS (dampings) && damping > 0; d++)
    {
      g_autofree char *number = assay_view_number (dampings[d], 3), *words = g_strconcat ("damping ", number, NULL);

      if (!vary_option (asking, stability, "damping", json_real (dampings[d]), words, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
vary_precision (const Asking *asking, const Stability *stability, GError **error)
{
  const char *precision = assay_values_get_string (assay_job_get_values (asking->question->jobs->pdata[asking->method]), "precision");
  const char *other = strcmp (precision, "f64") == 0 ? "f32" : "f64";
  g_autofree char *words = g_strconcat ("precision ", other, NULL);

  return vary_option (asking, stability, "precision", json_string (other), words, error);
}

/* Two other seeds, behind `step` that belong to the scores already; 0: none. */
static gboolean
vary_seed (const Asking *asking, const Stability *stability, const char *name, gint64 step, GError **error)
{
  for (gint64 other = 1; other < VARIANTS && step > 0; other++)
    {
      gint64 seed = assay_values_get_int (get_options (asking), name) + other * step;
      g_autofree char *words = g_strdup_printf ("%s %" G_GINT64_FORMAT, name, seed);

      if (!vary_option (asking, stability, name, json_integer (seed), words, error))
        return FALSE;
    }
  return TRUE;
}

/* Of projections, of labels drawn from the model, of examples drawn for the curvature. */
static gboolean
vary_seeds (const Asking *asking, const Stability *stability, GError **error)
{
  const AssayValues *options = get_options (asking);
  gint64 projections = has_option (options, "projection-seeds", ASSAY_PARAM_INT) ? assay_values_get_int (options, "projection-seeds") : 0;
  gboolean labels = has_option (options, "fisher", ASSAY_PARAM_CHOICE) && strcmp (assay_values_get_string (options, "fisher"), "true") == 0;
  gboolean examples = has_option (options, "curvature-examples", ASSAY_PARAM_INT) && assay_values_get_int (options, "curvature-examples") > 0;

  return vary_seed (asking, stability, "seed", projections, error) && vary_seed (asking, stability, "fisher-seed", labels, error)
         && vary_seed (asking, stability, "curvature-seed", examples, error);
}

/* The same question at other parameters. */
typedef struct {
  AssayModel *model, *measured;
  AssayInfluenceTask task;
} Elsewhere;

static void
elsewhere_clear (Elsewhere *e)
{
  assay_model_free (e->model);
  assay_model_free (e->measured);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Elsewhere, elsewhere_clear)

/* At theta (P). What is fitted there is kept nowhere. */
static gboolean
elsewhere_open (const AssayInfluenceTask *task, const double *theta, Elsewhere *e, GError **error)
{
  e->model = assay_model_copy (task->model, assay_model_get_dtype (task->model), error);
  e->measured = e->model && task->measured ? assay_model_copy (task->measured, assay_model_get_dtype (task->measured), error) : NULL;
  if (e->model == NULL || (task->measured != NULL && e->measured == NULL))
    return FALSE;
  assay_model_write_theta (e->model, theta);
  if (e->measured != NULL)
    assay_model_write_theta (e->measured, theta);
  e->task = *task;
  e->task.model = e->model;
  e->task.measured = e->measured;
  e->task.store = NULL;
  return TRUE;
}

static AssayInfluenceScores *
score_checkpoint (const Asking *asking, const AssayMethod *method, guint c, GError **error)
{
  const AssayInfluenceTask *task = &asking->question->setup->task;
  g_auto (Elsewhere) e = { 0 };

  if (!elsewhere_open (task, task->checkpoint[c], &e, error))
    return NULL;
  e.task.n_checkpoints = c + 1;
  return method->score (&e.task, get_options (asking), asking->context->progress, error);
}

/* Checkpoints that are not the model itself. */
static guint
count_earlier (const AssayInfluenceTask *task)
{
  gint64 P = assay_model_get_n_params (task->model);
  g_autofree double *theta = g_new (double, P);
  guint n = task->n_checkpoints;

  assay_model_read_theta (task->model, theta);
  return n > 0 && memcmp (theta, task->checkpoint[n - 1], P * sizeof *theta) == 0 ? n - 1 : n;
}

static gboolean
vary_checkpoint (const Asking *asking, const Stability *stability, GError **error)
{
  const AssayInfluenceTask *task = &asking->question->setup->task;
  const AssayMethod *method = assay_method_find (asking->question->methods[asking->method], error);
  guint n = count_earlier (task);
  const char *fault = method->flags & ASSAY_METHOD_NEEDS_STEPS ? "the method follows the whole training" : n == 0 ? "the training kept none; train with --checkpoints" : NULL;

  if (fault != NULL)
    json_array_append_new (asking->refused, json_sprintf ("checkpoint: %s", fault));
  for (guint back = 1; back < VARIANTS && back <= n && fault == NULL; back++)
    {
      GError *own = NULL;
      AssayInfluenceScores *other = score_checkpoint (asking, method, n - back, &own);
      g_autofree char *words = g_strdup_printf ("checkpoint at step %" G_GINT64_FORMAT, asking->question->setup->trajectory->step[n - back]);

      if (!compare_variant (asking, stability, other, own, words, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_stability (json_t *document, Asking *asking, const AssayInfluenceScores *scores, gint64 k, GError **error)
{
  g_autofree double *least = g_new (double, scores->n_query);
  const Stability stability = { scores, MIN (k, scores->n_train), least };
  json_t *object, *queries = json_array ();
  double sum = 0;
  gboolean fine;

  for (gint64 q = 0; q < scores->n_query; q++)
    least[q] = 1;
  asking->variants = json_array ();
  asking->overlaps = json_array ();
  asking->refused = json_array ();
  fine = vary_damping (asking, &stability, error) && vary_precision (asking, &stability, error) && vary_seeds (asking, &stability, error)
         && vary_checkpoint (asking, &stability, error);
  for (gint64 q = 0; q < scores->n_query; q++)
    {
      sum += least[q];
      json_array_append_new (queries, assay_json_number (least[q]));
    }
  object = json_pack ("{s:I, s:o, s:o, s:o, s:o, s:o}", "top", (json_int_t) stability.k, "min_jaccard",
                      json_array_size (asking->variants) > 0 ? assay_json_number (sum / (double) scores->n_query) : json_null (), "variants", asking->variants, "overlaps", asking->overlaps,
                      "refused", asking->refused, "per_query", queries);
  if (fine)
    json_object_set (document, "stability", object);
  json_decref (object);
  return fine;
}

/* --- examples that the model never saw ------------------------------------------------------------------------------------- */

GArray *
assay_validation_find_non_members (const AssayValidationQuestion *question)
{
  const AssaySubject *subject = question->subject;
  gint64 n = assay_dataset_get_n (subject->dataset);
  g_autofree guint8 *seen = g_new0 (guint8, n);
  GArray *others = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 i = 0; i < subject->n_train; i++)
    seen[subject->train[i]] = 1;
  for (guint q = 0; q < question->queries->len; q++)
    seen[g_array_index (question->queries, gint64, q)] = 1;
  for (gint64 i = 0; i < n; i++)
    if (!seen[i])
      g_array_append_val (others, i);
  return others;
}

static json_t *
describe_non_members (const AssayNonMembers *control)
{
  json_t *queries = json_array ();
  gint64 significant = 0, any = 0;

  for (gint64 q = 0; q < control->n_query; q++)
    {
      significant += control->n_significant[q];
      any += control->n_significant[q] > 0;
      json_array_append_new (queries, json_pack ("{s:o, s:o, s:I}", "area", assay_json_number (control->area[q]), "first_q", assay_json_number (control->first_p[q]),
                                                 "significant_examples", (json_int_t) control->n_significant[q]));
    }
  return json_pack ("{s:I, s:o, s:o, s:o, s:f, s:f, s:I, s:o}", "examples", (json_int_t) control->n_outside, "area", assay_json_number (control->mean_area.value),
                    "lo", assay_json_number (control->mean_area.lo), "hi", assay_json_number (control->mean_area.hi), "least_p",
                    1 / (double) (control->n_outside + 1), "significant_examples", (double) significant / (double) control->n_query, "queries_with_significant",
                    (json_int_t) any, "per_query", queries);
}

static gboolean
add_non_members (json_t *document, const Asking *asking, const AssayInfluenceScores *scores, gint64 wanted, const AssayValues *options, GError **error)
{
  const AssayInfluenceTask *task = &asking->question->setup->task;
  g_autoptr (GArray) others = assay_validation_find_non_members (asking->question);
  AssayRng rng = assay_rng_new ((guint64) assay_values_get_int (options, "set-seed"), assay_rng_stream ("non-members", 0));
  gint64 M = MIN (wanted, (gint64) others->len);
  g_autofree double *value = g_new (double, scores->n_query * M);
  g_auto (AssayNonMembers) control = { 0 };
  GError *fault = NULL;

  assay_rng_shuffle (&rng, (gint64 *) others->data, others->len);
  if (assay_non_members_score (assay_method_find (asking->question->methods[asking->method], NULL), task, get_options (asking), (const gint64 *) others->data, M, value,
                               asking->context->progress, &fault))
    {
      assay_non_members_init (&control, scores, M, value, assay_values_get_double (options, "level"));
      json_object_set_new (document, "non_members", describe_non_members (&control));
      return TRUE;
    }
  if (is_stopped (fault))
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  json_object_set_new (document, "non_members", json_pack ("{s:s}", "refused", fault->message));
  g_error_free (fault);
  return TRUE;
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
  const AssayInfluenceTask *task = &question->setup->task;
  g_autoptr (AssayModel) untrained = assay_model_copy (task->model, assay_model_get_dtype (task->model), error);
  g_autofree double *theta = g_new (double, assay_model_get_n_params (task->model));
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_auto (Elsewhere) e = { 0 };
  g_autoptr (GError) fault = NULL;
  AssayAgreement lds;

  if (untrained == NULL || truth->families->len == 0)
    return untrained != NULL;
  assay_model_init (untrained, plan.seed + 1);
  assay_model_read_theta (untrained, theta);
  if (!elsewhere_open (task, theta, &e, error))
    return FALSE;
  e.task.n_checkpoints = 0;             /* they are of the training */
  scores = method->score (&e.task, get_options (asking), asking->context->progress, &fault);
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
  const AssayValues *options = assay_job_get_table (job, assay_validate_params);
  Asking asking = { .question = question, .method = method, .context = context };
  gint64 k = assay_values_get_int (values, "stability"), outside = assay_values_get_int (values, "non-members");

  if (question->jobs->pdata[method] == NULL)                      /* imported: nothing can be asked again */
    return TRUE;
  return (k == 0 || add_stability (document, &asking, scores, k, error))
         && (!assay_values_get_bool (values, "random-weights") || add_random_weights (document, &asking, truth, options, error))
         && (outside == 0 || add_non_members (document, &asking, scores, outside, options, error));
}
