/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record.c: recording all MLP activations of a transformer in half precision, summarising them, and the bare forward pass over the same examples, timed
 * and driven line by line from standard input; our side of record.py.
 *
 *   bench/record CASE_DIR SCRATCH [--threads N]
 *
 * CASE_DIR as compare.py makes it, with any number of examples. Commands: `time bare`, `time record`, `time summary`, `dump TAP FILE` (the last recording's
 * rows as float32 .npy), `info`, `quit`. A recording ends when its last shard is committed: written, synced, renamed and journalled.
 */
#include "base/isa.h"
#include "bench/case_dir.h"
#include "probes/units_stream.h"
#include "run/record.h"
#include "store/npy.h"
#include "store/reader.h"
#include "tensor/gemm.h"

#include <glib/gstdio.h>

#define BATCH 4

static AssayModel *model;
static AssayDataset *dataset;
static AssayFeed *feed;
static AssayRecording recording;
static char *case_path;

static void
remove_case (void)
{
  const char *argv[] = { "rm", "-rf", case_path, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

static void
walk_bare (void)
{
  GError *error = NULL;

  for (gint64 done = 0; done < recording.N; done += BATCH)
    {
      AssayPass *pass = assay_feed_bind (feed, recording.examples + done, recording.N - done, &error);

      fail_on (error);
      assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (model), NULL, NULL, FALSE, &error);
      fail_on (error);
    }
}

static void
record_all (void)
{
  GError *error = NULL;

  assay_object_unref (assay_record_activations (&recording, NULL, &error));
  fail_on (error);
}

static void
summarise_all (void)
{
  GError *error = NULL;

  assay_units_stream_free (assay_units_stream_run (&recording, 20, NULL, &error));
  fail_on (error);
}

static void
time_job (const char *name)
{
  GError *error = NULL;
  gboolean record = strcmp (name, "record") == 0;
  double wall, cpu;

  if (record)
    {
      remove_case ();
      recording.store = assay_case_create (case_path, &error);
      fail_on (error);
    }
  wall = seconds (CLOCK_MONOTONIC);
  cpu = seconds (CLOCK_PROCESS_CPUTIME_ID);
  if (record)
    record_all ();
  else if (strcmp (name, "summary") == 0)
    summarise_all ();
  else
    walk_bare ();
  wall = seconds (CLOCK_MONOTONIC) - wall;
  cpu = seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu;
  if (record)
    g_clear_pointer (&recording.store, assay_case_free);
  printf ("{\"wall\": %.9g, \"cpu\": %.9g}\n", wall, cpu);
  fflush (stdout);
}

static void
dump (const char *tap, const char *file)
{
  GError *error = NULL;
  g_autofree char *path = g_strconcat ("/activations/", tap, NULL);
  g_autoptr (AssayCase) cas = assay_case_open (case_path, ASSAY_CASE_READ, &error);
  g_autoptr (AssayReader) reader = cas ? assay_reader_open (cas, "activations", recording.name, &error) : NULL;
  AssayArrayInfo info;
  g_autofree float *values = NULL;

  fail_on (error);
  assay_reader_describe (reader, path, &info, &error);
  fail_on (error);
  values = g_new (float, info.dims[0] * info.dims[1]);
  assay_reader_read (reader, path, ASSAY_STORE_F32, values, &error);
  fail_on (error);
  assay_npy_write (file, ASSAY_STORE_F32, 2, info.dims, values, &error);
  fail_on (error);
  printf ("{\"rows\": %" G_GINT64_FORMAT "}\n", info.dims[0]);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  char line[4096], word[64], name[256], file[3700];
  g_autoptr (AssayBackend) backend = NULL;
  g_autoptr (AssayValues) options = assay_values_new (assay_record_params);
  gint64 dims[2];
  gint32 *tokens, *targets;
  float *weight;
  GError *error = NULL;

  if (argc < 3)
    {
      fprintf (stderr, "usage: bench/record CASE_DIR SCRATCH [--threads N]\n");
      return 2;
    }
  backend = assay_backend_cpu_new (argc > 4 ? (guint) atoi (argv[4]) : 1);
  case_path = g_build_filename (argv[2], "record.assay", NULL);
  model = load_model (argv[1]);
  tokens = load_tensor (argv[1], "tokens", ASSAY_STORE_I32, dims);
  targets = load_tensor (argv[1], "targets", ASSAY_STORE_I32, NULL);
  weight = assay_mem_new (float, dims[0] * dims[1], &error);
  fail_on (error);
  for (gint64 i = 0; i < dims[0] * dims[1]; i++)
    weight[i] = 1;
  dataset = assay_dataset_new_from_token_arrays (dims[0], dims[1], assay_values_get_int (assay_model_get_config (model), "vocabulary"), tokens,
                                                 targets, weight, "train", 0, NULL, &error);
  fail_on (error);
  assay_values_set_text (options, "taps", "h.*.mlp.act", &error);
  assay_values_set_json (options, "batch", json_integer (BATCH), &error);
  fail_on (error);
  feed = assay_feed_new (model, dataset, ASSAY_WALK_FORWARD, ASSAY_F32, BATCH, backend, NULL, &error);
  fail_on (error);
  recording = (AssayRecording) { .model = model, .dataset = dataset, .options = options, .backend = backend, .name = "bench" };
  recording.examples = assay_dataset_get_split (dataset, "train", &recording.N, &error);
  fail_on (error);
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      int n = sscanf (line, "%63s %255s %3699s", word, name, file);

      if (n < 1 || strcmp (word, "quit") == 0)
        break;
      if (strcmp (word, "info") == 0)
        {
          printf ("{\"program\": \"assay\", \"blas_core\": \"%s\", \"isa\": \"%s\", \"threads\": %u}\n", assay_gemm_get_core_name (),
                  assay_isa_get_name (), assay_workers_get_count (backend->workers));
          fflush (stdout);
        }
      else if (strcmp (word, "time") == 0 && n == 2)
        time_job (name);
      else if (strcmp (word, "dump") == 0 && n == 3)
        dump (name, file);
    }
  remove_case ();
  return 0;
}
