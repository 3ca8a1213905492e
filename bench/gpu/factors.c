/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors.c: EK-FAC of the model that `walks parity` left in DIR, on a device: parity, then times of the method that `assay influence --method ekfac` calls, end to end.
 * One JSON object a line.
 *
 *   factors parity MODULE DIR                     moments, spectrum and scores by the device and by the processor, in double precision. Leaves in DIR what a peer
 *                                                 scores, too (tokens.npy, targets.npy: training examples, then queries) and our scores (scores.npy)
 *   factors times MODULE DIR COMPUTE N Q ...      fit on N sequences and scores of Q queries, for each COMPUTE (full, tf32, bf16) in f32
 *
 * Modules are the linear layers of the blocks, tokens and targets are drawn. Not timed: reading the model, and what a case would keep. Eigenvectors of two
 * processes agree only where eigenvalues are apart, so the spectrum and the scores are compared in one basis, the device's, whose vectors are checked when they are made.
 * Exit status 1 when something failed or differs.
 */
#include "bench/gpu/share.h"
#include "hessian/factors_inverse.h"
#include "hessian/module_scores.h"
#include "influence/method.h"
#include "store/npy.h"
#include "tensor/backend.h"
#include "tensor/compare.h"

#define MODULES "h.*.attn.*,h.*.mlp.*"
#define MOMENTS "h.*.attn.c_proj"       /* whose moments the processor makes, too, eigenvectors included: of every block, and of sides that it is done with soon */

static const struct { const char *progress, *field; } stages[] = {
  { "curvature factors", "moments" }, { "eigenvectors", "eigenvectors" }, { "eigenvalues of the factors", "spectrum" }, { "vectors of queries", "queries" },
  { "scores", "scores" },
};

/* N training examples, then Q queries. */
typedef struct {
  AssayModel *model;
  AssayBackend *device;
  gint64 N, Q, T;
  gint32 *tokens, *targets;     /* (N+Q,T) */
  gint64 *examples;             /* (N+Q) */
  AssayDataset *dataset;
} Problem;

static void
problem_open (Problem *p, AssayModel *model, AssayBackend *device, gint64 N, gint64 Q, gint64 T)
{
  json_t *spec = assay_model_get_spec (model), *config = json_object_get (spec, "config");
  const gint64 V = json_integer_value (json_object_get (config, "vocabulary"));
  GError *error = NULL;

  *p = (Problem) { .model = model, .device = device, .N = N, .Q = Q, .T = MIN (T, json_integer_value (json_object_get (config, "context"))) };
  p->tokens = draw_indices ((N + Q) * p->T, V, 5);
  p->targets = draw_indices ((N + Q) * p->T, V, 6);
  p->dataset = assay_dataset_new_from_token_arrays (N + Q, p->T, V, p->tokens, p->targets, NULL, "train", 0, NULL, &error);
  fail_on (error);
  p->examples = g_new (gint64, N + Q);
  for (gint64 i = 0; i < N + Q; i++)
    p->examples[i] = i;
  json_decref (spec);
}

static void
problem_clear (Problem *p)
{
  assay_dataset_unref (p->dataset);
  assay_mem_free (p->tokens);
  assay_mem_free (p->targets);
  g_free (p->examples);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

/* What the command asks the method. */
static AssayInfluenceScores *
score (const Problem *p, const char *modules, const char *compute, const char *fisher, AssayProgress *progress, GError **error)
{
  const AssayMethod *method = assay_method_find ("ekfac", error);
  g_autoptr (AssayValues) options = assay_values_new (method->params);
  const AssayInfluenceTask task = { .model = p->model, .dataset = p->dataset, .train = p->examples, .n_train = p->N, .query = p->examples + p->N, .n_query = p->Q,
                                    .batch = 8, .is_single_precision = TRUE, .backend = p->device };

  return assay_values_set_text (options, "modules", modules, error) && assay_values_set_text (options, "compute", compute, error)
         && assay_values_set_text (options, "fisher", fisher, error) && assay_values_set_text (options, "factor-precision", "f32", error)
         ? method->score (&task, options, progress, error) : NULL;
}

/* --- parity --------------------------------------------------------------------------------------------------------------- */

static AssayPoint
get_point (const Problem *p, AssayBackend *backend, AssayDtype dtype, gint64 n)
{
  return (AssayPoint) { .model = p->model, .dataset = p->dataset, .examples = p->examples, .n_examples = n, .dtype = dtype, .batch = n, .backend = backend };
}

static gboolean
check_moments (const AssayPoint *there, const AssayPoint *here, GError **error)
{
  const AssayFactorsOptions options = { .basis = ASSAY_FACTORS_KRONECKER, .is_empirical = TRUE, .modules = MOMENTS };
  g_autoptr (AssayFactors) ours = assay_factors_fit (there, &options, NULL, error), theirs = ours ? assay_factors_fit (here, &options, NULL, error) : NULL;
  double apart = 0;

  if (theirs == NULL)
    return FALSE;
  for (guint m = 0; m < ours->modules->n; m++)
    {
      const AssayFactorsSide *a[] = { &ours->of[m].row, &ours->of[m].column }, *b[] = { &theirs->of[m].row, &theirs->of[m].column };

      for (guint k = 0; k < 2; k++)
        apart = MAX (apart, assay_compare (a[k]->moment, b[k]->moment, (gsize) (a[k]->n * a[k]->n)).relative);
    }
  tell_parity ("ekfac moments", apart);
  return TRUE;
}

/* The processor's spectrum takes the place of the device's. */
static gboolean
check_spectrum (AssayFactors *factors, const AssayPoint *here, GError **error)
{
  g_autofree double **ours = g_new0 (double *, factors->modules->n);
  double apart = 0;
  gboolean ok;

  for (guint m = 0; m < factors->modules->n; m++)
    ours[m] = g_memdup2 (factors->of[m].lambda, (gsize) (factors->modules->module[m].rows * factors->modules->module[m].columns) * sizeof (double));
  ok = assay_factors_fit_spectrum (factors, here, NULL, error);
  for (guint m = 0; m < factors->modules->n; m++)
    {
      const gsize n = (gsize) (factors->modules->module[m].rows * factors->modules->module[m].columns);

      if (ok)
        apart = MAX (apart, assay_compare (ours[m], factors->of[m].lambda, n).relative);
      g_free (ours[m]);
    }
  if (ok)
    tell_parity ("ekfac spectrum", apart);
  return ok;
}

/* Of the first examples as queries, so that the largest score is an example's with itself, sum over k of g_k^2 / (Lambda_k + lambda): one that no signs cancel in. */
static gboolean
check_scores (const AssayFactors *factors, const AssayPoint *there, const AssayPoint *here, GError **error)
{
  const AssayFactorsDamping damping = { .mode = ASSAY_DAMPING_BLOCK, .value = 0.1 };
  g_autoptr (AssayFactorsInverse) inverse = assay_factors_inverse_new (factors, ASSAY_SPECTRUM_FITTED, &damping, here->backend->workers, error);
  const gint64 N = here->n_examples;
  AssayPoint queries_there = *there, queries_here = *here;
  g_autofree double *ours = g_new (double, 2 * N), *theirs = g_new (double, 2 * N);

  queries_there.n_examples = queries_here.n_examples = 2;
  if (inverse == NULL || !assay_module_scores_of_queries (there, inverse, &queries_there, ASSAY_ROUTE_CHEAPER, ours, NULL, error)
      || !assay_module_scores_of_queries (here, inverse, &queries_here, ASSAY_ROUTE_CHEAPER, theirs, NULL, error))
    return FALSE;
  tell_parity ("ekfac scores", assay_compare (ours, theirs, (gsize) (2 * N)).relative);
  return TRUE;
}

/* What a peer is to find by itself, with the data's own labels, so that nothing is drawn. */
static gboolean
leave_scores (const Problem *p, const char *folder, GError **error)
{
  g_autofree char *tokens = g_build_filename (folder, "tokens.npy", NULL), *targets = g_build_filename (folder, "targets.npy", NULL),
                  *file = g_build_filename (folder, "scores.npy", NULL);
  g_autoptr (AssayInfluenceScores) scores = score (p, MODULES, "full", "empirical", NULL, error);
  const gint64 shape[] = { p->N + p->Q, p->T }, pairs[] = { p->Q, p->N };

  return scores != NULL && assay_npy_write (tokens, ASSAY_STORE_I32, 2, shape, p->tokens, error)
         && assay_npy_write (targets, ASSAY_STORE_I32, 2, shape, p->targets, error) && assay_npy_write (file, ASSAY_STORE_F64, 2, pairs, scores->value, error);
}

static void
check_parity (AssayModel *model, AssayBackend *device, const char *folder)
{
  const AssayFactorsOptions options = { .basis = ASSAY_FACTORS_KRONECKER, .is_empirical = TRUE, .modules = MODULES };
  g_autoptr (AssayBackend) processor = assay_backend_cpu_new (0);
  g_autoptr (AssayFactors) factors = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (Problem) p = { 0 };
  AssayPoint there, here;

  problem_open (&p, model, device, 64, 8, 128);
  there = get_point (&p, device, ASSAY_F32, 4);
  here = get_point (&p, processor, ASSAY_F64, 4);
  if (!check_moments (&there, &here, &error) || (factors = assay_factors_fit (&there, &options, NULL, &error)) == NULL
      || !check_scores (factors, &there, &here, &error) || !check_spectrum (factors, &here, &error) || !leave_scores (&p, folder, &error))
    tell_failure ("ekfac", &error);
}

/* --- times ---------------------------------------------------------------------------------------------------------------- */

/* Seconds between reports that name a stage and the next that names another. */
typedef struct {
  guint stage;
  double since, seconds[G_N_ELEMENTS (stages) + 1];     /* the last: before any */
} Clock;

static void
change_stage (Clock *clock, guint stage)
{
  const double now = seconds (CLOCK_MONOTONIC);

  clock->seconds[clock->stage] += now - clock->since;
  clock->since = now;
  clock->stage = stage;
}

static void
take_report (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  (void) done, (void) total, (void) unit, (void) note;
  for (guint k = 0; k < G_N_ELEMENTS (stages); k++)
    if (strcmp (stage, stages[k].progress) == 0)
      change_stage (data, k);
}

static void
measure (AssayModel *model, AssayBackend *device, const char *compute, gint64 N, gint64 Q)
{
  Clock clock = { .stage = G_N_ELEMENTS (stages) };
  g_autoptr (AssayProgress) progress = assay_progress_new (take_report, &clock);
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (Problem) p = { 0 };
  double start;

  problem_open (&p, model, device, N, Q, 512);
  start = clock.since = seconds (CLOCK_MONOTONIC);
  if ((scores = score (&p, MODULES, compute, "true", progress, &error)) == NULL)
    {
      tell_failure ("ekfac", &error);
      return;
    }
  change_stage (&clock, 0);
  printf ("{\"what\": \"ekfac\", \"compute\": \"%s\", \"N\": %" G_GINT64_FORMAT ", \"Q\": %" G_GINT64_FORMAT ", \"T\": %" G_GINT64_FORMAT ", \"seconds\": %.4f", compute, N, Q,
          p.T, clock.since - start);
  for (guint k = 0; k < G_N_ELEMENTS (stages); k++)
    printf (", \"%s_s\": %.4f", stages[k].field, clock.seconds[k]);
  printf ("}\n");
  fflush (stdout);
}

/* Libraries are loaded and handles made on the way of one example through one block. */
static void
warm (AssayModel *model, AssayBackend *device)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (Problem) p = { 0 };

  problem_open (&p, model, device, 1, 1, 512);
  if ((scores = score (&p, "h.0.attn.*,h.0.mlp.*", "full", "true", NULL, &error)) == NULL)
    tell_failure ("ekfac", &error);
}

int
main (int argc, char **argv)
{
  const gboolean is_parity = argc == 4 && strcmp (argv[1], "parity") == 0, is_times = argc > 4 && argc % 3 == 1 && strcmp (argv[1], "times") == 0;
  g_autoptr (AssayBackend) device = NULL;
  GError *error = NULL;
  AssayModel *model;

  if (!is_parity && !is_times)
    {
      fprintf (stderr, "usage: factors parity MODULE DIR | factors times MODULE DIR COMPUTE N Q ...\n");
      return 2;
    }
  device = assay_backend_cuda_new (argv[2], 0, 0, &error);
  fail_on (error);
  model = load_model (argv[3]);
  if (is_parity)
    check_parity (model, device, argv[3]);
  else
    {
      warm (model, device);
      for (int k = 4; k < argc; k += 3)
        measure (model, device, argv[k], g_ascii_strtoll (argv[k + 1], NULL, 10), g_ascii_strtoll (argv[k + 2], NULL, 10));
    }
  assay_model_free (model);
  return has_failed;
}
