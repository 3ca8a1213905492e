/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gemm.c: the measurement behind the choice of matrix product: our own kernels in blocks, OpenBLAS with its own threads, and oneDNN's
 * sgemm where libdnnl can be opened; on the shapes of benchmark model B. Interleaved, the best wall time of each; one JSON document.
 *
 *   bench/gemm [THREADS]
 *
 * The factors are small whole numbers, so that every sum is exact in any order: all ways must give the same bits before anything is timed.
 * Exit status 1 when one does not.
 */
#include "base/mem.h"
#include "tensor/gemm.h"

#include <cblas.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern void openblas_set_num_threads (int n);

typedef int (*DnnlSgemm) (char ta, char tb, gint64 M, gint64 N, gint64 K, float alpha, const float *A, gint64 lda, const float *B,
                          gint64 ldb, float beta, float *C, gint64 ldc);

static const struct { const char *name; gboolean ta, tb; gint64 M, N, K; } shapes[] = {
  { "qkv forward", FALSE, TRUE, 1024, 768, 256 },      { "projection forward", FALSE, TRUE, 1024, 256, 256 },
  { "mlp up forward", FALSE, TRUE, 1024, 1024, 256 },  { "mlp down forward", FALSE, TRUE, 1024, 256, 1024 },
  { "head forward", FALSE, TRUE, 1024, 4096, 256 },    { "mlp up input gradient", FALSE, FALSE, 1024, 256, 1024 },
  { "head input gradient", FALSE, FALSE, 1024, 256, 4096 }, { "mlp up weight gradient", TRUE, FALSE, 1024, 256, 1024 },
  { "head weight gradient", TRUE, FALSE, 4096, 256, 1024 }, { "projection weight gradient", TRUE, FALSE, 256, 256, 1024 },
};

enum { OURS, OPENBLAS, ONEDNN, N_WAYS };
static const char *const ways[] = { "own", "openblas", "onednn" };

static double
now (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static AssayWorkers *workers;
static guint threads;
static DnnlSgemm onednn;

static void
multiply (int way, gsize s, const float *A, const float *B, float *C)
{
  gint64 M = shapes[s].M, N = shapes[s].N, K = shapes[s].K, lda = shapes[s].ta ? M : K, ldb = shapes[s].tb ? K : N;

  openblas_set_num_threads (way == OPENBLAS ? (int) threads : 1);
  if (way == OURS)
    assay_gemm_f32 (workers, shapes[s].ta, shapes[s].tb, M, N, K, 1, A, lda, B, ldb, FALSE, C, N);
  else if (way == OPENBLAS)
    cblas_sgemm (CblasRowMajor, shapes[s].ta ? CblasTrans : CblasNoTrans, shapes[s].tb ? CblasTrans : CblasNoTrans, M, N, K, 1, A, lda, B,
                 ldb, 0, C, N);
  else
    onednn (shapes[s].ta ? 'T' : 'N', shapes[s].tb ? 'T' : 'N', M, N, K, 1, A, lda, B, ldb, 0, C, N);
}

static void
check_parity (gsize s, const float *A, const float *B, float *C)
{
  gsize bytes = shapes[s].M * shapes[s].N * sizeof *C;
  float *expected = assay_mem_new (float, shapes[s].M * shapes[s].N, NULL);

  multiply (OPENBLAS, s, A, B, expected);
  for (int way = 0; way < N_WAYS; way++)
    if (way != ONEDNN || onednn != NULL)
      {
        memset (C, 0, bytes);
        multiply (way, s, A, B, C);
        if (memcmp (C, expected, bytes) != 0)
          {
            fprintf (stderr, "bench/gemm: %s and openblas differ on %s: nothing is timed\n", ways[way], shapes[s].name);
            exit (1);
          }
      }
  assay_mem_free (expected);
}

int
main (int argc, char **argv)
{
  void *library = dlopen ("libdnnl.so.2", RTLD_NOW);

  threads = argc > 1 ? (guint) atoi (argv[1]) : 1;
  workers = assay_workers_new (threads);
  if (library == NULL)
    library = dlopen ("libdnnl.so.3", RTLD_NOW);
  if (library != NULL)
    *(void **) &onednn = dlsym (library, "dnnl_sgemm");
  printf ("{\"schema\": \"assay-bench-gemm-1\", \"threads\": %u, \"blas_core\": \"%s\", \"onednn\": %s, \"shapes\": [", threads,
          assay_gemm_get_core_name (), onednn ? "true" : "false");
  for (gsize s = 0; s < G_N_ELEMENTS (shapes); s++)
    {
      gint64 M = shapes[s].M, N = shapes[s].N, K = shapes[s].K;
      float *A = assay_mem_new (float, M * K, NULL), *B = assay_mem_new (float, K * N, NULL), *C = assay_mem_new (float, M * N, NULL);
      double best[N_WAYS] = { INFINITY, INFINITY, INFINITY };
      int repeats = (int) (4e8 / (double) (M * N * K)) + 1;

      for (gint64 i = 0; i < M * K; i++)
        A[i] = (float) (i % 13) - 6;
      for (gint64 i = 0; i < K * N; i++)
        B[i] = (float) (i % 7) - 3;
      check_parity (s, A, B, C);
      for (int round = 0; round < 15; round++)
        for (int way = 0; way < N_WAYS; way++)
          {
            double start = now ();

            if (way == ONEDNN && onednn == NULL)
              continue;
            for (int r = 0; r < repeats; r++)
              multiply (way, s, A, B, C);
            best[way] = MIN (best[way], (now () - start) / repeats);
          }
      printf ("%s\n {\"shape\": \"%s\", \"M\": %ld, \"N\": %ld, \"K\": %ld", s ? "," : "", shapes[s].name, (long) M, (long) N, (long) K);
      for (int way = 0; way < N_WAYS; way++)
        if (way != ONEDNN || onednn != NULL)
          printf (", \"%s\": %.1f", ways[way], 2e-9 * (double) (M * N * K) / best[way]);
      printf ("}");
      assay_mem_free (A);
      assay_mem_free (B);
      assay_mem_free (C);
    }
  printf ("], \"unit\": \"GFLOP/s, best of 15 rounds\"}\n");
  assay_workers_free (workers);
  return 0;
}
