/* SPDX-License-Identifier: GPL-3.0-or-later */
/* language.c: a language model opened, fed a prompt, and gone on with token by token; driven line by line from standard input; our side of language.py.
 *
 *   bench/language CASE_DIR --threads N --weights full|bf16|int8
 *
 * CASE_DIR holds config.json, model.safetensors and batch.safetensors (tokens). Commands: `time prompt N`, `time decode N`, `logits N FILE` (behind N tokens, flat
 * float32 .npy), `info`, `quit`. A decode is of N tokens, each the likeliest behind those before it, behind one token.
 */
#include "base/isa.h"
#include "bench/case_dir.h"
#include "model/checkpoint.h"
#include "model/decoder.h"
#include "store/npy.h"
#include "tensor/gemm.h"

#include <sys/resource.h>

#define READ_BYTES (512 << 20)

typedef struct {
  AssayBackend *backend;
  AssayModel *model;
  AssayPackedWeights *packed;
  AssayDecoder *decoder;
  const char *weights;
  gint32 *tokens;
  double *logits;
  double open_wall, open_cpu;
  gsize open_rss;
} Bench;

static gsize
get_peak_rss (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (gsize) usage.ru_maxrss * 1024;
}

static void
open_model (Bench *b, const char *folder)
{
  GError *error = NULL;
  double wall = seconds (CLOCK_MONOTONIC), cpu = seconds (CLOCK_PROCESS_CPUTIME_ID);

  b->model = assay_checkpoint_load_path (folder, NULL, &error);
  fail_on (error);
  b->open_wall = seconds (CLOCK_MONOTONIC) - wall;
  b->open_cpu = seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu;
  b->open_rss = get_peak_rss ();
  for (AssayPackedType type = 0; type < ASSAY_N_PACKED_TYPES; type++)
    if (strcmp (assay_packed_type_names[type], b->weights) == 0)
      b->packed = assay_packed_weights_new (b->model, type, b->backend->workers, &error);
  fail_on (error);
  b->decoder = assay_decoder_new (b->model, assay_model_get_context (b->model), b->backend, &error);
  fail_on (error);
  assay_decoder_set_packed (b->decoder, b->packed, &error);
  fail_on (error);
  b->tokens = load_tensor (folder, "tokens", ASSAY_STORE_I32, NULL);
  b->logits = g_new (double, assay_decoder_get_size (b->decoder));
}

static void
feed (Bench *b, const gint32 *tokens, gint64 n)
{
  GError *error = NULL;

  assay_decoder_feed (b->decoder, tokens, n, FALSE, b->logits, &error);
  fail_on (error);
}

static gint32
choose (const Bench *b)
{
  gint32 best = 0;

  for (gint32 v = 1; v < (gint32) assay_decoder_get_size (b->decoder); v++)
    if (b->logits[v] > b->logits[best])
      best = v;
  return best;
}

static void
time_job (Bench *b, const char *job, gint64 n)
{
  double wall, cpu;

  assay_decoder_reset (b->decoder);
  if (strcmp (job, "decode") == 0)
    feed (b, b->tokens, 1);
  wall = seconds (CLOCK_MONOTONIC);
  cpu = seconds (CLOCK_PROCESS_CPUTIME_ID);
  if (strcmp (job, "decode") != 0)
    feed (b, b->tokens, n);
  for (gint64 t = 0; strcmp (job, "decode") == 0 && t < n; t++)
    {
      gint32 token = choose (b);

      feed (b, &token, 1);
    }
  printf ("{\"wall\": %.9g, \"cpu\": %.9g, \"peak_rss\": %" G_GSIZE_FORMAT "}\n", seconds (CLOCK_MONOTONIC) - wall, seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu, get_peak_rss ());
  fflush (stdout);
}

static void
write_logits (Bench *b, gint64 n, const char *file)
{
  const gint64 V = assay_decoder_get_size (b->decoder);
  g_autofree float *narrow = g_new (float, V);
  GError *error = NULL;

  assay_decoder_reset (b->decoder);
  feed (b, b->tokens, n);
  for (gint64 v = 0; v < V; v++)
    narrow[v] = (float) b->logits[v];
  assay_npy_write (file, ASSAY_STORE_F32, 1, &V, narrow, &error);
  fail_on (error);
  printf ("{}\n");
  fflush (stdout);
}

/* --- the limit ---------------------------------------------------------------------------------------------------------------- */

typedef struct { const guint64 *numbers; guint64 *sums; gsize n, step; } Reading;

static void
read_block (gsize block, guint worker, gpointer data)
{
  const Reading *r = data;
  guint64 sum[8] = { 0 };

  (void) worker;
  for (gsize i = block * r->step; i < MIN ((block + 1) * r->step, r->n); i += 8)
    for (int k = 0; k < 8; k++)
      sum[k] += r->numbers[i + k];
  for (int k = 0; k < 8; k++)
    r->sums[block] += sum[k];
}

/* Bytes a second that the crew reads from memory, the best of some rounds. */
static double
measure_reading (AssayWorkers *workers)
{
  GError *error = NULL;
  const gsize n = READ_BYTES / sizeof (guint64), blocks = 64;
  g_autoptr (AssayBuffer) numbers = assay_mem_alloc (READ_BYTES, &error);
  g_autofree guint64 *sums = g_new0 (guint64, blocks);
  Reading r = { numbers, sums, n, n / blocks };
  double best = 0;

  fail_on (error);
  memset (numbers, 1, READ_BYTES);
  for (int round = 0; round < 7; round++)
    {
      double wall = seconds (CLOCK_MONOTONIC);

      assay_workers_run (workers, blocks, read_block, &r);
      best = MAX (best, READ_BYTES / (seconds (CLOCK_MONOTONIC) - wall));
    }
  return sums[0] == 1 ? 0 : best;       /* uses the sums */
}

static void
print_info (const Bench *b)
{
  printf ("{\"program\": \"assay\", \"blas_core\": \"%s\", \"isa\": \"%s\", \"kernels\": \"%s\", \"threads\": %u, \"weights\": \"%s\", \"weight_bytes\": %" G_GSIZE_FORMAT
          ", \"parameter_bytes\": %" G_GSIZE_FORMAT ", \"open_wall\": %.9g, \"open_cpu\": %.9g, \"open_peak_rss\": %" G_GSIZE_FORMAT ", \"read_bytes_per_second\": %.4g}\n",
          assay_gemm_get_core_name (), assay_isa_get_name (), assay_packed_get_core_name (), assay_workers_get_count (b->backend->workers), b->weights,
          b->packed ? assay_packed_weights_get_bytes (b->packed) : 0, (gsize) assay_model_get_n_params (b->model) * sizeof (float), b->open_wall, b->open_cpu, b->open_rss,
          measure_reading (b->backend->workers));
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  Bench b = { .weights = argc > 5 ? argv[5] : "full" };
  char line[4096], word[64], name[64], file[3900];
  gint64 n;

  if (argc < 2)
    {
      fprintf (stderr, "usage: bench/language CASE_DIR [--threads N [--weights full|bf16|int8]]\n");
      return 2;
    }
  b.backend = assay_backend_cpu_new (argc > 3 ? (guint) atoi (argv[3]) : 1);
  open_model (&b, argv[1]);
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      if (sscanf (line, "time %63s %" G_GINT64_FORMAT, name, &n) == 2)
        time_job (&b, name, n);
      else if (sscanf (line, "logits %" G_GINT64_FORMAT " %3899s", &n, file) == 2)
        write_logits (&b, n, file);
      else if (sscanf (line, "%63s", word) == 1 && strcmp (word, "info") == 0)
        print_info (&b);
      else
        break;
    }
  return 0;
}
