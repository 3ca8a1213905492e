/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model.c: walks of one transformer, timed, driven line by line from standard input; our side of compare.py.
 *
 *   bench/model CASE_DIR --threads N
 *
 * CASE_DIR holds config.json, model.safetensors and batch.safetensors (tokens, targets, direction). Commands: `time JOB`, `dump JOB FILE`
 * (flat float32 .npy), `info`, `quit`. Jobs: forward, gradient, hessian (primals cached), hessian-cold, gauss-newton.
 */
#include "base/isa.h"
#include "bench/case_dir.h"
#include "bench/peak.h"
#include "model/exec.h"
#include "store/npy.h"
#include "tensor/gemm.h"

#include <sys/resource.h>

typedef struct {
  const char *name;
  AssayWalk walk;
  AssayExec *exec;
  gboolean prepared;
} Job;

static Job jobs[] = {
  { "forward", ASSAY_WALK_FORWARD, NULL, FALSE },          { "gradient", ASSAY_WALK_GRADIENT, NULL, FALSE },
  { "hessian", ASSAY_WALK_HESSIAN, NULL, FALSE },          { "hessian-cold", ASSAY_WALK_HESSIAN_COLD, NULL, FALSE },
  { "gauss-newton", ASSAY_WALK_GAUSS_NEWTON, NULL, FALSE },
};

static AssayModel *model;
static AssayBackend *backend;
static gint32 *tokens, *targets;
static float *weight, *direction, *result;
static gint64 B, T;

static void
load (const char *folder)
{
  GError *error = NULL;
  gint64 dims[2];

  model = load_model (folder);
  tokens = load_tensor (folder, "tokens", ASSAY_STORE_I32, dims);
  targets = load_tensor (folder, "targets", ASSAY_STORE_I32, NULL);
  direction = load_tensor (folder, "direction", ASSAY_STORE_F32, NULL);
  B = dims[0];
  T = dims[1];
  weight = assay_mem_new (float, B * T, &error);
  result = assay_mem_new (float, assay_model_get_n_params (model), &error);
  fail_on (error);
  for (gint64 i = 0; i < B * T; i++)
    weight[i] = 1;
}

static Job *
get_job (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (jobs); i++)
    if (strcmp (jobs[i].name, name) == 0)
      {
        if (jobs[i].exec == NULL)
          {
            GError *error = NULL;
            g_autoptr (AssayGraph) graph = assay_model_build (model, B, &error);

            fail_on (error);
            jobs[i].exec = assay_exec_new (graph, jobs[i].walk, ASSAY_F32, backend, NULL, &error);
            fail_on (error);
            assay_exec_set_input (jobs[i].exec, assay_graph_find (graph, "tokens"), tokens);
            assay_exec_set_input (jobs[i].exec, assay_graph_find (graph, "targets"), targets);
            assay_exec_set_input (jobs[i].exec, assay_graph_find (graph, "weight"), weight);
          }
        return &jobs[i];
      }
  fprintf (stderr, "bench/model: no job \"%s\"\n", name);
  exit (2);
}

static void
run_job (Job *job)
{
  GError *error = NULL;
  gboolean second = job->walk != ASSAY_WALK_FORWARD && job->walk != ASSAY_WALK_GRADIENT;
  gboolean cached = job->walk == ASSAY_WALK_HESSIAN || job->walk == ASSAY_WALK_GAUSS_NEWTON;
  double wall, cpu;
  struct rusage usage;

  if (second && !job->prepared)
    assay_exec_prepare (job->exec, assay_model_get_theta (model), NULL, NULL, FALSE, &error);
  fail_on (error);
  job->prepared = TRUE;
  wall = seconds (CLOCK_MONOTONIC);
  cpu = seconds (CLOCK_PROCESS_CPUTIME_ID);
  if (second)
    assay_exec_apply (job->exec, direction, result, FALSE, &error);
  else
    assay_exec_prepare (job->exec, assay_model_get_theta (model), NULL, job->walk == ASSAY_WALK_GRADIENT ? result : NULL, FALSE, &error);
  fail_on (error);
  wall = seconds (CLOCK_MONOTONIC) - wall;
  cpu = seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu;
  getrusage (RUSAGE_SELF, &usage);
  printf ("{\"wall\": %.9g, \"cpu\": %.9g, \"flops\": %.17g, \"walk_bytes\": %" G_GSIZE_FORMAT ", \"peak_rss\": %ld, \"cached\": %s}\n", wall, cpu,
          assay_exec_get_cost (job->exec, second).flops, assay_exec_get_bytes (job->exec), usage.ru_maxrss * 1024, cached ? "true" : "false");
  fflush (stdout);
}

static void
dump (const char *name, const char *file)
{
  GError *error = NULL;
  Job *job = get_job (name);
  float total = 0;
  gint64 P = assay_model_get_n_params (model);

  run_job (job);
  if (job->walk == ASSAY_WALK_FORWARD)
    {
      double sum = 0;

      for (gint64 b = 0; b < B; b++)
        sum += ((const float *) assay_exec_get_loss (job->exec))[b];
      total = (float) sum;
      P = 1;
    }
  assay_npy_write (file, ASSAY_STORE_F32, 1, &P, job->walk == ASSAY_WALK_FORWARD ? &total : result, &error);
  fail_on (error);
}

int
main (int argc, char **argv)
{
  char line[4096], word[64], name[64], file[3900];

  if (argc < 2)
    {
      fprintf (stderr, "usage: bench/model CASE_DIR [--threads N]\n");
      return 2;
    }
  backend = assay_backend_cpu_new (argc > 3 && strcmp (argv[2], "--threads") == 0 ? (guint) atoi (argv[3]) : 1);
  load (argv[1]);
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      int n = sscanf (line, "%63s %63s %3899s", word, name, file);

      if (n < 1 || strcmp (word, "quit") == 0)
        break;
      if (strcmp (word, "info") == 0)
        {
          printf ("{\"program\": \"assay\", \"blas_core\": \"%s\", \"isa\": \"%s\", \"threads\": %u, \"peak_gflops\": %.1f}\n",
                  assay_gemm_get_core_name (), assay_isa_get_name (), assay_workers_get_count (backend->workers), measure_peak ());
          fflush (stdout);
        }
      else if (strcmp (word, "time") == 0 && n == 2)
        run_job (get_job (name));
      else if (strcmp (word, "dump") == 0 && n == 3)
        dump (name, file);
    }
  return 0;
}
