/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record.c: what recording costs: all MLP activations of benchmark model B in half precision beside the bare forward pass over the same
 * examples, interleaved; wall and CPU seconds; one JSON document.
 *
 *   bench/record DIRECTORY [EXAMPLES] [PAIRS] [THREADS]
 *
 * DIRECTORY gets a case for each run, which is removed again. One compute thread unless told otherwise; the store's thread needs a free
 * core for the wall time to mean anything: the load of the machine is printed.
 */
#include "base/mem.h"
#include "base/rng.h"
#include "run/record.h"
#include "tensor/gemm.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define T 256
#define V 4096
#define BATCH 4

typedef struct { double wall, cpu; } Time;

static Time
now (void)
{
  struct timespec wall, cpu;

  clock_gettime (CLOCK_MONOTONIC, &wall);
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &cpu);
  return (Time) { (double) wall.tv_sec + 1e-9 * (double) wall.tv_nsec, (double) cpu.tv_sec + 1e-9 * (double) cpu.tv_nsec };
}

static void
stop_on (GError *error)
{
  if (error == NULL)
    return;
  fprintf (stderr, "bench/record: %s\n", error->message);
  exit (1);
}

static AssayDataset *
make_tokens (gint64 n)
{
  g_autofree gint32 *token = g_new (gint32, n * T), *target = g_new (gint32, n * T);
  g_autofree float *weight = g_new (float, n * T);
  AssayRng rng = assay_rng_new (1, 0);
  GError *error = NULL;
  AssayDataset *dataset;

  for (gint64 i = 0; i < n * T; i++)
    {
      token[i] = (gint32) assay_rng_below (&rng, V);
      target[i] = (gint32) assay_rng_below (&rng, V);
      weight[i] = 1;
    }
  dataset = assay_dataset_new_from_token_arrays (n, T, V, token, target, weight, "train", 0, NULL, &error);
  stop_on (error);
  return dataset;
}

static Time
since (Time start)
{
  Time end = now ();

  return (Time) { end.wall - start.wall, end.cpu - start.cpu };
}

static Time
walk_bare (AssayFeed *feed, AssayModel *model, const gint64 *examples, gint64 N)
{
  Time start = now ();
  GError *error = NULL;

  for (gint64 done = 0; done < N; done += BATCH)
    {
      AssayPass *pass = assay_feed_bind (feed, examples + done, N - done, &error);

      stop_on (error);
      assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (model), NULL, NULL, FALSE, &error);
      stop_on (error);
    }
  return since (start);
}

static Time
record (AssayRecording *recording, const char *folder, guint run)
{
  g_autofree char *path = g_strdup_printf ("%s/bench-record-%u.assay", folder, run);
  g_autofree char *remove = g_strdup_printf ("rm -rf '%s'", path);
  GError *error = NULL;
  g_autoptr (AssayObject) object = NULL;
  Time start, taken;

  recording->store = assay_case_create (path, &error);
  stop_on (error);
  start = now ();
  object = assay_record_activations (recording, NULL, &error);
  stop_on (error);
  taken = since (start);
  assay_case_free (recording->store);
  g_spawn_command_line_sync (remove, NULL, NULL, NULL, NULL);
  return taken;
}

static int
ascending (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
median (double *x, guint n)
{
  qsort (x, n, sizeof *x, ascending);
  return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

int
main (int argc, char **argv)
{
  gint64 N = argc > 2 ? atoi (argv[2]) : 64, n;
  guint pairs = argc > 3 ? (guint) atoi (argv[3]) : 7, threads = argc > 4 ? (guint) atoi (argv[4]) : 1;
  json_t *config = json_pack ("{s:i, s:i, s:i, s:i, s:i}", "vocabulary", V, "context", T, "width", 256, "layers", 6, "heads", 8);
  g_autoptr (AssayValues) options = assay_values_new (assay_record_params);
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (threads);
  g_autoptr (AssayDataset) dataset = NULL;
  g_autoptr (AssayModel) model = NULL;
  g_autoptr (AssayFeed) feed = NULL;
  g_autofree double *bare_wall = g_new (double, pairs), *bare_cpu = g_new (double, pairs), *wall = g_new (double, pairs);
  g_autofree double *cpu = g_new (double, pairs), *overhead = g_new (double, pairs);
  AssayRecording recording;
  double load = 0;
  GError *error = NULL;

  if (argc < 2)
    {
      fprintf (stderr, "usage: bench/record DIRECTORY [EXAMPLES] [PAIRS] [THREADS]\n");
      return 2;
    }
  model = assay_model_new ("transformer", config, ASSAY_F32, &error);
  stop_on (error);
  assay_model_init (model, 1);
  dataset = make_tokens (N);
  assay_values_set_text (options, "taps", "h.*.mlp.act", &error);
  assay_values_set_json (options, "batch", json_integer (BATCH), &error);
  stop_on (error);
  feed = assay_feed_new (model, dataset, ASSAY_WALK_FORWARD, ASSAY_F32, BATCH, backend, NULL, &error);
  stop_on (error);
  recording = (AssayRecording) { .model = model, .dataset = dataset, .options = options, .backend = backend, .name = "bench" };
  recording.examples = assay_dataset_get_split (dataset, "train", &recording.N, &error);
  n = recording.N;
  walk_bare (feed, model, recording.examples, n);
  record (&recording, argv[1], 0);
  for (guint k = 0; k < pairs; k++)
    {
      Time bare = walk_bare (feed, model, recording.examples, n), with = record (&recording, argv[1], k + 1);

      bare_wall[k] = bare.wall;
      bare_cpu[k] = bare.cpu;
      wall[k] = with.wall;
      cpu[k] = with.cpu;
      overhead[k] = with.wall / bare.wall - 1;
    }
  (void) getloadavg (&load, 1);
  printf ("{\"schema\": \"assay-bench-record-1\", \"threads\": %u, \"isa\": \"%s\", \"blas_core\": \"%s\", \"tokens\": %" G_GINT64_FORMAT
          ", \"bytes\": %" G_GINT64_FORMAT ", \"pairs\": %u, \"load\": %.2f, \"bare_wall\": %.4f, \"bare_cpu\": %.4f, \"record_wall\": %.4f, "
          "\"record_cpu\": %.4f, \"overhead_median\": %.4f", threads, assay_op_isa_get (), assay_gemm_get_core_name (), n * T,
          n * T * 6 * 1024 * 2, pairs, load, median (bare_wall, pairs), median (bare_cpu, pairs), median (wall, pairs), median (cpu, pairs),
          median (overhead, pairs));
  printf (", \"overhead_min\": %.4f, \"overhead_max\": %.4f}\n", overhead[0], overhead[pairs - 1]);
  json_decref (config);
  return 0;
}
