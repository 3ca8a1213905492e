/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.c: whole training steps of one transformer, timed, driven line by line from standard input; our side of train.py.
 *
 *   bench/train CASE_DIR --threads N --options JSON
 *
 * CASE_DIR holds config.json, model.safetensors and batch.safetensors (tokens, targets (N,T)); JSON has the options of the training (optimizer, rate, batch, ...).
 * Step s sees sequences B s .. B s + B - 1, counted round the data. Commands: `losses STEPS` begins anew and answers with the loss of each step, before it;
 * `time STEPS` goes on and times them; `info`; `quit`.
 */
#include "base/isa.h"
#include "bench/case_dir.h"
#include "bench/peak.h"
#include "run/trainer.h"
#include "tensor/gemm.h"

#include <sys/resource.h>

#define MOST_STEPS 10000

static AssayModel *model;
static AssayTrainer *trainer;
static float *start;            /* (P) theta before the first step */

static void
make_trainer (const char *folder, guint threads, const char *options)
{
  GError *error = NULL;
  gint64 dims[2], *train, *order, B, P;
  json_t *given = json_loads (options, 0, NULL);
  gint32 *tokens = load_tensor (folder, "tokens", ASSAY_STORE_I32, dims), *targets = load_tensor (folder, "targets", ASSAY_STORE_I32, NULL);
  float *weight = assay_mem_new (float, dims[0] * dims[1], &error);
  AssayTraining training = { .backend = assay_backend_cpu_new (threads), .N = dims[0] };

  fail_on (error);
  training.model = model = load_model (folder);
  for (gint64 i = 0; i < dims[0] * dims[1]; i++)
    weight[i] = 1;
  training.dataset = assay_dataset_new_from_token_arrays (dims[0], dims[1], assay_values_get_int (assay_model_get_config (model), "vocabulary"), tokens, targets,
                                                          weight, "train", 0, NULL, &error);
  fail_on (error);
  training.options = assay_values_from_json (assay_train_params, given, "--options", &error);
  fail_on (error);
  json_decref (given);
  B = assay_values_get_int (training.options, "batch");
  training.train = train = g_new (gint64, dims[0]);
  for (gint64 i = 0; i < dims[0]; i++)
    train[i] = i;
  training.n_order = MOST_STEPS * B;
  training.order = order = g_new (gint64, training.n_order);
  for (gint64 i = 0; i < training.n_order; i++)
    order[i] = i % dims[0];
  trainer = assay_trainer_new (&training, &error);
  fail_on (error);
  P = assay_model_get_n_params (model);
  start = assay_mem_new (float, P, &error);
  fail_on (error);
  memcpy (start, assay_model_get_theta (model), P * sizeof *start);
}

static double
step (void)
{
  GError *error = NULL;
  AssayTrainRow row;

  assay_trainer_step (trainer, &row, &error);
  fail_on (error);
  return row.loss;
}

static void
print_losses (int n)
{
  memcpy (assay_model_get_theta (model), start, assay_model_get_n_params (model) * sizeof *start);
  assay_trainer_restart (trainer);
  printf ("{\"losses\": [");
  for (int s = 0; s < n; s++)
    printf ("%s%.9g", s ? ", " : "", step ());
  printf ("]}\n");
}

static void
print_times (int n)
{
  GError *error = NULL;
  AssayTrainResult before, after;
  struct rusage usage;
  double wall, cpu;

  assay_trainer_get_result (trainer, &before, &error);
  wall = seconds (CLOCK_MONOTONIC);
  cpu = seconds (CLOCK_PROCESS_CPUTIME_ID);
  for (int s = 0; s < n; s++)
    step ();
  wall = seconds (CLOCK_MONOTONIC) - wall;
  cpu = seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu;
  assay_trainer_get_result (trainer, &after, &error);
  getrusage (RUSAGE_SELF, &usage);
  printf ("{\"wall\": %.9g, \"cpu\": %.9g, \"flops\": %.17g, \"peak_rss\": %ld}\n", wall / n, cpu / n, (after.operations - before.operations) / n, usage.ru_maxrss * 1024);
}

int
main (int argc, char **argv)
{
  char line[256], word[64];
  guint threads;

  if (argc != 6 || strcmp (argv[2], "--threads") != 0 || strcmp (argv[4], "--options") != 0)
    {
      fprintf (stderr, "usage: bench/train CASE_DIR --threads N --options JSON\n");
      return 2;
    }
  threads = (guint) atoi (argv[3]);
  make_trainer (argv[1], threads, argv[5]);
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      int n = 1, read = sscanf (line, "%63s %d", word, &n);

      if (read < 1 || strcmp (word, "quit") == 0)
        break;
      if (strcmp (word, "info") == 0)
        printf ("{\"program\": \"assay\", \"blas_core\": \"%s\", \"isa\": \"%s\", \"threads\": %u, \"parameters\": %" G_GINT64_FORMAT ", \"peak_gflops\": %.1f}\n",
                assay_gemm_get_core_name (), assay_isa_get_name (), threads, assay_model_get_n_params (model), measure_peak ());
      else if (strcmp (word, "losses") == 0)
        print_losses (n);
      else if (strcmp (word, "time") == 0)
        print_times (n);
      fflush (stdout);
    }
  return 0;
}
