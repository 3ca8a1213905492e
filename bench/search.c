/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search.c: certified searches in a synthetic gradient index, and the ranking of all its rows.
 *
 *   bench/search [--rows 1000000] [--dimensions 4096] [--exponent 1] [--threads 2] [--serve | --dump | --queries]
 *
 * Row i is r_i u, coordinate j of u normal with variance (1 + j / 64)^-exponent (exponent 0: flat, where nothing can be pruned), r_i log-normal: all from the row's
 * number alone, so that what a search recomputes is made again and not kept. Queries are drawn alike.
 * --serve answers lines: "time Q" (seconds of a search for the 100 largest of Q queries, and those of them that went into making the rows that are left again), "rank" (of all rows of one query), "top Q" (the rows found), "left Q" (what
 * each stage left, in the mean), "info"; --dump writes the rows as floats, --queries 100 queries.
 */
#include "base/isa.h"
#include "base/mem.h"
#include "base/rng.h"
#include "influence/index_search.h"
#include "tensor/gemm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define K 100
#define MOST_QUERIES 100
#define NORMALS 65536
#define FIRST_QUERY ((gint64) 1 << 40)

static gint64 N = 1000000, D = 4096;
static double exponent = 1;
static float *normal;           /* (NORMALS) */
static float *deviation;        /* (D) */

static inline guint64
mix (guint64 x)                 /* splitmix64 */
{
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

static void
make_row (gint64 i, float *x)
{
  const guint64 seed = mix ((guint64) i);
  const float size = expf (0.5f * normal[seed & 0xffff]);

  for (gint64 j = 0; j < D; j += 4)
    {
      guint64 bits = mix (seed + (guint64) j);

      for (gint64 k = j; k < MIN (j + 4, D); k++, bits >>= 16)
        x[k] = size * deviation[k] * normal[bits & 0xffff];
    }
}

static void
make_tables (void)
{
  AssayRng rng = assay_rng_new (1, assay_rng_stream ("bench.search", 0));

  normal = assay_mem_new (float, NORMALS, NULL);
  deviation = assay_mem_new (float, D, NULL);
  for (guint k = 0; k < NORMALS; k++)
    normal[k] = (float) assay_rng_normal (&rng);
  for (gint64 j = 0; j < D; j++)
    deviation[j] = (float) pow (1 + (double) j / 64, -exponent / 2);
}

typedef struct {
  AssayGradientIndex *index;
  AssayWorkers *workers;
  double *query;                /* (MOST_QUERIES,D) */
  AssayIndexQuery ask[MOST_QUERIES];
  gint64 Q;
  const gint64 *rows;           /* of recompute */
  gint64 n;
  double *scores;
  double recomputing;           /* seconds of the search under way */
} Bench;

#define BLOCK 256

static void
encode_block (gsize block, guint worker, gpointer data)
{
  Bench *b = data;
  g_autofree float *x = g_new (float, D);
  g_autofree double *y = g_new (double, D);

  (void) worker;
  for (gint64 i = (gint64) block * BLOCK; i < MIN (N, ((gint64) block + 1) * BLOCK); i++)
    {
      double squares = 0;

      make_row (i, x);
      for (gint64 j = 0; j < D; j++)
        {
          y[j] = x[j];
          squares += y[j] * y[j];
        }
      if (!assay_gradient_index_encode (b->index, i, y, NULL, sqrt (squares)))
        exit (4);
    }
}

static void
score_block (gsize block, guint worker, gpointer data)
{
  const Bench *b = data;
  const gint64 first = (gint64) block * BLOCK, n = MIN (BLOCK, b->n - first);
  g_autofree float *x = g_new (float, D);
  g_autofree double *y = g_new (double, n * D);

  (void) worker;
  for (gint64 c = 0; c < n; c++)
    {
      make_row (b->rows[first + c], x);
      for (gint64 j = 0; j < D; j++)
        y[c * D + j] = x[j];
    }
  /* scores (Q, rows) <- queries (Q,D) rows (n,D)' */
  assay_gemm_f64 (NULL, FALSE, TRUE, b->Q, n, D, 1, b->query, D, y, D, FALSE, b->scores + first, b->n);
}

static gboolean
recompute (gpointer data, gint64 n, const gint64 *rows, double *scores, GError **error)
{
  Bench *b = data;
  gint64 begin = g_get_monotonic_time ();

  (void) error;
  b->rows = rows;
  b->n = n;
  b->scores = scores;
  assay_workers_run (b->workers, (gsize) ((n + BLOCK - 1) / BLOCK), score_block, b);
  b->recomputing += 1e-6 * (double) (g_get_monotonic_time () - begin);
  return TRUE;
}

static AssayIndexAnswer *
search (Bench *b, gint64 Q)
{
  GError *error = NULL;
  AssayIndexAnswer *answer;

  b->Q = Q;
  b->recomputing = 0;
  answer = assay_gradient_index_search (b->index, NULL, b->workers, Q, b->ask, K, ASSAY_INDEX_MAGNITUDE, recompute, b, &error);
  if (answer != NULL)
    return answer;
  fprintf (stderr, "%s\n", error->message);
  exit (1);
}

static void
rank (Bench *b)
{
  g_autoptr (AssayBuffer) score = assay_mem_new (double, N, NULL), bound = assay_mem_new (double, N, NULL);
  gint64 begin = g_get_monotonic_time ();

  if (!assay_gradient_index_rank (b->index, b->workers, &b->ask[0], score, bound, NULL))
    exit (1);
  printf ("%.6f\n", 1e-6 * (double) (g_get_monotonic_time () - begin));
}

static void
answer_line (Bench *b, const char *line)
{
  gint64 Q = 0, begin = g_get_monotonic_time ();
  g_autoptr (AssayIndexAnswer) answer = NULL;

  if (strcmp (line, "info") == 0)
    {
      printf ("{\"kernels\": \"%s\", \"threads\": %u, \"rows\": %" G_GINT64_FORMAT ", \"dimensions\": %" G_GINT64_FORMAT ", \"exponent\": %g, \"bytes\": %.0f}\n",
              assay_index_kernels_get_name (), assay_workers_get_count (b->workers), N, D, exponent, assay_gradient_index_get_bytes (N, D, 0));
      return;
    }
  if (strcmp (line, "rank") == 0)
    {
      rank (b);
      return;
    }
  Q = CLAMP (g_ascii_strtoll (strchr (line, ' ') ? strchr (line, ' ') : " 1", NULL, 10), 1, MOST_QUERIES);
  answer = search (b, Q);
  if (g_str_has_prefix (line, "time"))
    printf ("%.6f %.6f\n", 1e-6 * (double) (g_get_monotonic_time () - begin), b->recomputing);
  else if (g_str_has_prefix (line, "top"))
    {
      for (gint64 i = 0; i < Q * K; i++)
        printf ("%" G_GINT64_FORMAT " ", answer->hit[i].row);
      printf ("\n");
    }
  else
    {
      double left[ASSAY_INDEX_STAGES] = { 0 };

      for (gint64 q = 0; q < Q; q++)
        for (guint s = 0; s < ASSAY_INDEX_STAGES; s++)
          left[s] += (double) answer->left[q][s] / (double) Q;
      printf ("{\"left\": [%.1f, %.1f, %.1f, %.1f], \"recomputed\": %" G_GINT64_FORMAT "}\n", left[0], left[1], left[2], left[3], answer->n_exact);
    }
}

static void
write_rows (gint64 first, gint64 n)
{
  g_autofree float *x = g_new (float, D);

  for (gint64 i = first; i < first + n; i++)
    {
      make_row (i, x);
      fwrite (x, sizeof *x, (gsize) D, stdout);
    }
}

int
main (int argc, char **argv)
{
  guint threads = 2;
  const char *mode = "--serve";
  Bench b = { NULL };
  char line[256];

  for (int a = 1; a < argc; a++)
    {
      const char *value = a + 1 < argc ? argv[a + 1] : "0";

      if (strcmp (argv[a], "--rows") == 0)
        N = g_ascii_strtoll (value, NULL, 10), a++;
      else if (strcmp (argv[a], "--dimensions") == 0)
        D = g_ascii_strtoll (value, NULL, 10), a++;
      else if (strcmp (argv[a], "--exponent") == 0)
        exponent = g_ascii_strtod (value, NULL), a++;
      else if (strcmp (argv[a], "--threads") == 0)
        threads = (guint) g_ascii_strtoull (value, NULL, 10), a++;
      else
        mode = argv[a];
    }
  make_tables ();
  if (strcmp (mode, "--serve") != 0)
    {
      write_rows (strcmp (mode, "--queries") == 0 ? FIRST_QUERY : 0, strcmp (mode, "--queries") == 0 ? MOST_QUERIES : N);
      return 0;
    }
  b.workers = assay_workers_new (threads);
  b.index = assay_gradient_index_new (N, D, 0, NULL);
  b.query = assay_mem_new (double, MOST_QUERIES * D, NULL);
  if (b.index == NULL || b.query == NULL)
    return 4;
  for (gint64 q = 0; q < MOST_QUERIES; q++)
    {
      g_autofree float *x = g_new (float, D);
      double squares = 0;

      make_row (FIRST_QUERY + q, x);
      for (gint64 j = 0; j < D; j++)
        {
          b.query[q * D + j] = x[j];
          squares += (double) x[j] * x[j];
        }
      /* Scores are sums of D products in double. */
      b.ask[q] = (AssayIndexQuery) { b.query + q * D, NULL, 2 * (double) D * 0x1p-53 * sqrt (squares) };
    }
  assay_workers_run (b.workers, (gsize) ((N + BLOCK - 1) / BLOCK), encode_block, &b);
  printf ("ready\n");
  fflush (stdout);
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      answer_line (&b, g_strchomp (line));
      fflush (stdout);
    }
  assay_workers_free (b.workers);
  assay_gradient_index_free (b.index);
  return 0;
}
