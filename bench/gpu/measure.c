/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure.c: how long the CUDA module takes, by the device's clock, one JSON object a line. By its table and libc alone: see run.sh.
 *
 * Usage: measure MODULE [ROWS [profile|tiny]]. Every result is checked, and what was found stands beside its time: scores against the host's integers on sampled
 * pairs, products against a sum in closed form, eigenvectors by their residual and orthogonality. Exit status 1 when one was wrong or a call failed.
 * Best and median of the repetitions. ROWS: of the index, a million unless the device has less room. profile: each kernel of the index once, for a
 * profiler to look at. tiny: sizes for a host that stands in for a device.
 */
#include "launch.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define W ASSAY_CUDA_INDEX_BLOCK
#define BLOCKS 48                       /* 12,288 coordinates */

static const AssayCudaTable *cuda;
static AssayCudaContext *context;
static AssayCudaFailure failure;
static uint64_t state = 1;
static int is_profile, is_tiny, has_failed;

static uint64_t
draw (void)
{
  uint64_t x = state += 0x9e3779b97f4a7c15;

  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

static int
tell (const char *what)
{
  has_failed = 1;
  printf ("{\"what\": \"%s\", \"failed\": \"%s\"}\n", what, failure.message);
  fflush (stdout);
  return 0;
}

static int
compare (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

typedef struct { double best, median; } Times;

typedef int (*Work) (void *data);

/* A run or two to warm up, then each by itself. */
static int
measure (Work work, void *data, int repeats, Times *times)
{
  double each[64];

  if (is_profile || is_tiny)
    repeats = 1;
  for (int k = is_profile || is_tiny ? 0 : repeats > 3 ? -2 : -1; k < repeats; k++)
    {
      double milliseconds;

      if (!cuda->mark (context, 0, &failure) || !work (data) || !cuda->mark (context, 1, &failure) || !cuda->elapsed (context, &milliseconds, &failure))
        return 0;
      if (k >= 0)
        each[k] = milliseconds;
    }
  qsort (each, (size_t) repeats, sizeof *each, compare);
  *times = (Times) { each[0], each[repeats / 2] };
  return 1;
}

static int64_t
scale_size (int64_t n)
{
  return is_tiny ? (n + 255) / 256 : n;
}

static void *
get (size_t bytes)
{
  void *buffer = NULL;

  return cuda->alloc (context, bytes, &buffer, &failure) ? buffer : NULL;
}

/* --- search --- */

typedef struct {
  AssayCudaIndexWay way;
  AssayCudaIndexRows rows;
  AssayCudaIndexQueries queries;
  float *scores;
} Search;

static int
search (void *data)
{
  Search *s = data;

  return cuda->index_scores (context, s->way, &s->rows, &s->queries, s->scores, &failure);
}

/* Block b of row i is row i + 17 b of one table, and so with the scales: a host with little memory can hold it. */
static int
fill_rows (Search *s, const int8_t *codes, const float *scale)
{
  const int64_t n = s->rows.n;

  for (int64_t b = 0; b < BLOCKS; b++)
    {
      const int64_t turn = 17 * b % n;
      int8_t *to = (int8_t *) (uintptr_t) s->rows.codes + b * s->rows.stride * W;
      float *to_scale = (float *) (uintptr_t) s->rows.scale + b * s->rows.stride;

      if (!cuda->copy_in (context, to, codes + turn * W, (size_t) ((n - turn) * W), &failure)
          || !cuda->copy_in (context, to + (n - turn) * W, codes, (size_t) (turn * W), &failure)
          || !cuda->copy_in (context, to_scale, scale + turn, (size_t) (n - turn) * 4, &failure)
          || !cuda->copy_in (context, to_scale + (n - turn), scale, (size_t) turn * 4, &failure))
        return 0;
    }
  return cuda->sync (context, &failure);
}

/* Pairs whose bits differ from the host's, of 2,000. */
static int
count_wrong (const Search *s, const int8_t *codes, const float *scale, const int8_t *queries, const float *query_scale, const float *scores)
{
  const int64_t n = s->rows.n;
  int wrong = 0;

  for (int k = 0; k < 2000; k++)
    {
      const int64_t i = k == 0 ? n - 1 : (int64_t) (draw () % (uint64_t) n), q = (int64_t) (draw () % (uint64_t) s->queries.n);
      float sum = 0;

      for (int64_t b = 0; b < BLOCKS; b++)
        {
          const int64_t row = (i + 17 * b) % n;
          int dot = 0;
          float product;

          for (int c = 0; c < W; c++)
            dot += codes[row * W + c] * queries[(b * s->queries.stride + q) * W + c];
          product = query_scale[b * s->queries.stride + q] * (float) dot;
          product = scale[row] * product;
          sum = sum + product;
        }
      wrong += memcmp (&sum, &scores[i * s->queries.n + q], sizeof sum) != 0;
    }
  return wrong;
}

static void
print_search (const Search *s, const char *way, int wrong, const Times *times)
{
  const double bytes = (double) s->rows.n * BLOCKS * (W + 4) + (double) s->rows.n * s->queries.n * 4, operations = 2.0 * (double) s->rows.n * BLOCKS * W * s->queries.n;

  has_failed |= wrong > 0;
  printf ("{\"what\": \"index search\", \"rows\": %lld, \"coordinates\": %d, \"queries\": %d, \"way\": \"%s\", \"best_ms\": %.4f, \"median_ms\": %.4f, \"gb_per_s\": %.1f, "
          "\"tera_operations_per_s\": %.2f, \"pairs_with_other_bits\": %d}\n", (long long) s->rows.n, BLOCKS * W, s->queries.n, way, times->best, times->median,
          bytes / times->best / 1e6, operations / times->best / 1e9, wrong);
  fflush (stdout);
}

/* --- and which rows are left --- */

#define FEATURES (2 * BLOCKS + 9)       /* of a row: norms and errors of blocks, 8 groups, one more */
#define TOP 10                          /* the k largest magnitudes */
#define TOGETHER 32                     /* rows with one largest lower end */

typedef struct {
  Search search;
  double k, is_signed;
  void *features, *weights, *upper, *tops, *threshold, *bits, *counts;
} Selection;

static int
run_rule (const char *rule, AssayCudaOpCall call)
{
  call.rule = ASSAY_CUDA_FWD;
  call.type = ASSAY_CUDA_F32;
  return cuda->run_op (context, rule, &call, &failure);
}

static int
select_rows (void *data)
{
  Selection *l = data;
  const int64_t N = l->search.rows.n, Q = l->search.queries.n, tiles = (N + TOGETHER - 1) / TOGETHER;
  const AssayCudaShape scores = { 2, { N, Q } }, features = { 2, { N, FEATURES } }, weights = { 2, { FEATURES, Q } }, ends = { 2, { Q, N } }, tops = { 2, { Q, tiles } };
  const AssayCudaShape one = { 1, { Q } };

  return search (&l->search)
         && run_rule ("index_ends", (AssayCudaOpCall) { .n_in = 3, .n_out = 2, .in_shape = { scores, features, weights }, .out_shape = { ends, tops }, .attr = &l->is_signed,
                                                        .x = { l->search.scores, l->features, l->weights }, .y = { l->upper, l->tops } })
         && run_rule ("index_threshold", (AssayCudaOpCall) { .n_in = 1, .n_out = 1, .in_shape = { tops }, .out_shape = { one }, .attr = &l->k, .x = { l->tops },
                                                             .y = { l->threshold } })
         && run_rule ("index_mark", (AssayCudaOpCall) { .n_in = 2, .n_out = 2, .in_shape = { ends, one }, .out_shape = { tops, one }, .x = { l->upper, l->threshold },
                                                        .y = { l->bits, l->counts } });
}

static int
compare_floats (const void *a, const void *b)
{
  const float x = *(const float *) a, y = *(const float *) b;

  return (x < y) - (x > y);
}

/* Rows of query q that are left, on the host: features are zeros, so that a bound is the margin for underflow, which no magnitude here is moved by. */
static int64_t
count_left (const Search *s, int64_t q, const float *scores)
{
  const int64_t N = s->rows.n, Q = s->queries.n, tiles = (N + TOGETHER - 1) / TOGETHER;
  float *tops = calloc ((size_t) tiles, sizeof *tops), threshold;
  int64_t left = 0;

  if (tops == NULL)
    return -1;
  for (int64_t i = 0; i < N; i++)
    tops[i / TOGETHER] = fmaxf (tops[i / TOGETHER], fabsf (scores[i * Q + q]));
  qsort (tops, (size_t) tiles, sizeof *tops, compare_floats);
  threshold = nextafterf (tops[TOP - 1], 0);
  for (int64_t i = 0; i < N; i++)
    left += nextafterf (fabsf (scores[i * Q + q]), INFINITY) >= threshold;
  free (tops);
  return left;
}

static int
measure_selection (const Search *s, const float *scores)
{
  const size_t N = (size_t) s->rows.n, Q = (size_t) s->queries.n, tiles = (N + TOGETHER - 1) / TOGETHER, padded = (Q + 3) / 4 * 4;
  Selection l = { *s, TOP, 0, get (N * FEATURES * 4), get (FEATURES * padded * 4), get (N * Q * 4), get (Q * tiles * 4), get (Q * 4), get (Q * tiles * 4), get (Q * 4) };
  int32_t counts[112] = { 0 };
  int wrong = 0, ok;
  Times times;

  l.search.way = ASSAY_CUDA_INDEX_AUTO;
  ok = l.features && l.weights && l.upper && l.tops && l.threshold && l.bits && l.counts && measure (select_rows, &l, 15, &times)
       && cuda->copy_out (context, counts, l.counts, Q * 4, &failure);
  for (size_t q = 0; ok && q < Q; q += 7)
    wrong += counts[q] != count_left (s, (int64_t) q, scores);
  has_failed |= wrong > 0;
  if (ok)
    printf ("{\"what\": \"index search, rows that are left\", \"rows\": %zu, \"coordinates\": %d, \"queries\": %zu, \"k\": %d, \"best_ms\": %.4f, \"median_ms\": %.4f, "
            "\"left\": %d, \"queries_with_other_counts\": %d}\n", N, BLOCKS * W, Q, TOP, times.best, times.median, counts[0], wrong);
  fflush (stdout);
  cuda->release (context, l.features);
  cuda->release (context, l.weights);
  cuda->release (context, l.upper);
  cuda->release (context, l.tops);
  cuda->release (context, l.threshold);
  cuda->release (context, l.bits);
  cuda->release (context, l.counts);
  return ok;
}

static int
measure_queries (Search *s, int n_queries, const int8_t *codes, const float *scale, float *host_scores)
{
  static const struct { AssayCudaIndexWay way; const char *name; } ways[] = {
    { ASSAY_CUDA_INDEX_AUTO, "auto" }, { ASSAY_CUDA_INDEX_PLAIN, "plain" }, { ASSAY_CUDA_INDEX_DOTS, "dots" }, { ASSAY_CUDA_INDEX_MATRIX, "matrix" },
    { ASSAY_CUDA_INDEX_MATRIX_WIDE, "matrix wide" }, { ASSAY_CUDA_INDEX_MATRIX_TALL, "matrix tall" }, { ASSAY_CUDA_INDEX_MATRIX_SMALL, "matrix small" }
  };
  const int32_t stride = assay_cuda_index_stride (n_queries);
  const size_t bytes = (size_t) BLOCKS * (size_t) stride * W, scale_bytes = (size_t) BLOCKS * (size_t) stride * 4, score_bytes = (size_t) s->rows.n * (size_t) n_queries * 4;
  int8_t *queries = calloc (bytes, 1);
  float *query_scale = calloc (scale_bytes, 1);
  void *q = get (bytes), *t = get (scale_bytes), *scores = get (score_bytes);
  int ok = q && t && scores && queries && query_scale;

  for (int64_t k = 0; ok && k < (int64_t) BLOCKS * stride; k++)
    if (k % stride < n_queries)
      {
        query_scale[k] = (float) (draw () % 1000 + 1) / 1000;
        for (int c = 0; c < W; c++)
          queries[k * W + c] = (int8_t) ((int) (draw () % 255) - 127);
      }
  s->queries = (AssayCudaIndexQueries) { n_queries, stride, q, t };
  s->scores = scores;
  ok = ok && cuda->copy_in (context, q, queries, bytes, &failure) && cuda->copy_in (context, t, query_scale, scale_bytes, &failure);
  for (size_t k = 0; ok && k < sizeof ways / sizeof *ways; k++)
    {
      Times times;
      int is_slow = ways[k].way == ASSAY_CUDA_INDEX_PLAIN;

      s->way = ways[k].way;
      if (is_slow ? n_queries > 1 || is_profile : is_tiny && ways[k].way != ASSAY_CUDA_INDEX_AUTO)
        continue;
      if (!measure (search, s, is_slow ? 1 : 15, &times))
        {
          ok = failure.code == ASSAY_CUDA_BAD_CALL;               /* not for so many queries */
          continue;
        }
      ok = cuda->copy_out (context, host_scores, scores, score_bytes, &failure);
      if (ok)
        print_search (s, ways[k].name, count_wrong (s, codes, scale, queries, query_scale, host_scores), &times);
    }
  ok = ok && (is_profile || (n_queries != 1 && n_queries != 100) || measure_selection (s, host_scores));
  cuda->release (context, q);
  cuda->release (context, t);
  cuda->release (context, scores);
  free (queries);
  free (query_scale);
  return ok ? 1 : tell ("index search");
}

static void
measure_search (int64_t rows)
{
  static const int n_queries[] = { 1, 4, 8, 32, 64, 100, 112 };
  const int64_t n = rows, stride = (n + ASSAY_CUDA_INDEX_ROWS - 1) / ASSAY_CUDA_INDEX_ROWS * ASSAY_CUDA_INDEX_ROWS;
  int8_t *codes = malloc ((size_t) (n * W));
  float *scale = malloc ((size_t) n * 4), *host_scores = malloc ((size_t) n * 112 * 4);
  void *device_codes = get ((size_t) (BLOCKS * stride * W)), *device_scale = get ((size_t) (BLOCKS * stride) * 4);
  Search s = { .rows = { n, stride, BLOCKS, device_codes, device_scale } };

  if (!codes || !scale || !host_scores || !device_codes || !device_scale)
    tell ("index search");
  else
    {
      for (int64_t k = 0; k < n * W; k += 8)
        {
          uint64_t x = draw () & 0x7f7f7f7f7f7f7f7f;              /* 0 .. 127, and every second one negative */

          memcpy (codes + k, &x, 8);
          for (int c = 0; c < 8; c += 2)
            codes[k + c] = (int8_t) -codes[k + c];
        }
      for (int64_t k = 0; k < n; k++)
        scale[k] = (float) (draw () % 1000 + 1) / 1000;
      if (!fill_rows (&s, codes, scale))
        tell ("index search: the rows");
      else
        for (size_t k = 0; k < sizeof n_queries / sizeof *n_queries; k++)
          if (!(is_profile || is_tiny) || n_queries[k] == 1 || n_queries[k] == 100)
            measure_queries (&s, n_queries[k], codes, scale, host_scores);
    }
  cuda->release (context, device_codes);
  cuda->release (context, device_scale);
  cuda->trim (context, &failure);
  free (codes);
  free (scale);
  free (host_scores);
}

/* --- products --- */

typedef struct {
  AssayCudaType type;
  int64_t M, N, K;
  void *A, *B, *C;
} Product;

static int
multiply (void *data)
{
  Product *p = data;

  return cuda->gemm (context, p->type, 0, 0, p->M, p->N, p->K, 1, p->A, p->K, p->B, p->N, 0, p->C, p->N, &failure);
}

/* Rows of the left side are all x_k = 1 / (k + 1), and of the right one y_kj = 1 + j / N: C_ij = H (1 + j / N) with H the sum of 1 / (k + 1). */
static void
measure_product (AssayCudaType type, const char *what, int64_t M, int64_t N, int64_t K)
{
  const size_t width = type == ASSAY_CUDA_F64 ? 8 : 4;
  Product p = { type, M = scale_size (M), N = scale_size (N), K = scale_size (K), get ((size_t) (M * K) * width), get ((size_t) (K * N) * width), get ((size_t) (M * N) * width) };
  void *host = malloc ((size_t) (M * K + K * N + M * N) * width);
  Times times;
  double error = 0;
  int ok = p.A && p.B && p.C && host;

  if (ok)
    {
      for (int64_t k = 0; k < M * K + K * N; k++)
        {
          const double x = k < M * K ? 1.0 / (double) (k % K + 1) : 1 + (double) ((k - M * K) % N) / (double) N;

          if (type == ASSAY_CUDA_F64)
            ((double *) host)[k] = x;
          else
            ((float *) host)[k] = (float) x;
        }
      ok = cuda->copy_in (context, p.A, host, (size_t) (M * K) * width, &failure) && cuda->copy_in (context, p.B, (char *) host + (size_t) (M * K) * width, (size_t) (K * N) * width, &failure)
           && measure (multiply, &p, 7, &times) && cuda->copy_out (context, host, p.C, (size_t) (M * N) * width, &failure);
    }
  if (ok)
    {
      double H = 0;

      for (int64_t k = K; k > 0; k--)
        H += 1.0 / (double) k;
      for (int64_t k = 0; k < M * N; k += 997)
        {
          const double expected = H * (1 + (double) (k % N) / (double) N), got = type == ASSAY_CUDA_F64 ? ((double *) host)[k] : (double) ((float *) host)[k];

          error = fmax (error, isfinite (got) ? fabs (got / expected - 1) : 1);                    /* JSON has no infinity */
        }
      error /= (double) (K + 3) * (type == ASSAY_CUDA_F64 ? 0x1p-53 : 0x1p-24);
      has_failed |= error > 1;
      printf ("{\"what\": \"product\", \"for\": \"%s\", \"type\": \"%s\", \"M\": %lld, \"N\": %lld, \"K\": %lld, \"best_ms\": %.4f, \"median_ms\": %.4f, \"tflop_per_s\": %.2f, "
              "\"error_by_bound\": %.4f}\n", what, type == ASSAY_CUDA_F64 ? "f64" : "f32", (long long) M, (long long) N, (long long) K, times.best, times.median,
              2e-9 * (double) M * (double) N * (double) K / times.best, error);
      fflush (stdout);
    }
  else
    tell (what);
  cuda->release (context, p.A);
  cuda->release (context, p.B);
  cuda->release (context, p.C);
  free (host);
}

/* --- decompositions --- */

typedef struct {
  AssayCudaType type;
  AssayCudaEigenWay way;
  int64_t batch, n;
  void *matrix, *values;
  const void *host;
  double residual[64], orthogonality[64];
} Eigen;

/* The copy to the device is part of it: what is decomposed is overwritten. */
static int
decompose (void *data)
{
  Eigen *e = data;
  const size_t bytes = (size_t) (e->n * e->n) * (e->type == ASSAY_CUDA_F64 ? 8 : 4);

  for (int64_t k = 0; k < e->batch; k++)
    if (!cuda->copy_in (context, (char *) e->matrix + (size_t) k * bytes, e->host, bytes, &failure))
      return 0;
  return cuda->eigen (context, e->way, e->type, e->batch, e->n, e->matrix, e->values, e->residual, e->orthogonality, &failure);
}

/* Like a covariance: a smooth fall of eigenvalues over six orders, by A = D + (a sum of outer products). Returns the best time, or 0. */
static double
measure_eigen (AssayCudaType type, AssayCudaEigenWay way, int64_t batch, int64_t n, int repeats)
{
  const size_t width = type == ASSAY_CUDA_F64 ? 8 : 4;
  double *x = malloc ((size_t) (16 * (n = scale_size (n))) * 8), worst = 0;
  void *host = malloc ((size_t) (n * n) * width);
  Eigen e = { .type = type, .way = way, .batch = batch, .n = n, .matrix = get ((size_t) (batch * n * n) * width), .values = get ((size_t) (batch * n) * width), .host = host };
  Times times = { 0, 0 };

  if (!x || !host || !e.matrix || !e.values)
    return tell ("eigenvectors");
  for (int64_t k = 0; k < 16 * n; k++)
    x[k] = (double) (int64_t) draw () * 0x1p-63;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++)
      {
        double sum = i == j ? pow (10, -6.0 * (double) i / (double) n) : 0;

        for (int64_t k = 0; k < 16; k++)
          sum += x[k * n + i] * x[k * n + j] / (double) (k * k + 1);
        if (type == ASSAY_CUDA_F64)
          ((double *) host)[i * n + j] = sum;
        else
          ((float *) host)[i * n + j] = (float) sum;
      }
  if (!measure (decompose, &e, repeats, &times))
    tell ("eigenvectors");
  else
    {
      for (int64_t k = 0; k < batch; k++)
        worst = fmax (worst, isfinite (e.residual[k] + e.orthogonality[k]) ? fmax (e.residual[k], e.orthogonality[k]) : 1);
      worst /= 10 * (double) n * (type == ASSAY_CUDA_F64 ? 0x1p-53 : 0x1p-24);
      has_failed |= worst > 1;
      printf ("{\"what\": \"eigenvectors\", \"type\": \"%s\", \"n\": %lld, \"batch\": %lld, \"way\": \"%s\", \"best_ms\": %.3f, \"median_ms\": %.3f, \"check_by_bound\": %.4f}\n",
              type == ASSAY_CUDA_F64 ? "f64" : "f32", (long long) n, (long long) batch, way == ASSAY_CUDA_EIGEN_TOGETHER ? "together" : "in turn", times.best, times.median, worst);
      fflush (stdout);
    }
  cuda->release (context, e.matrix);
  cuda->release (context, e.values);
  free (x);
  free (host);
  return times.best;
}

static void
measure_factors (AssayCudaType type)
{
  const double small = measure_eigen (type, ASSAY_CUDA_EIGEN_EACH, 1, 768, 3), middle = measure_eigen (type, ASSAY_CUDA_EIGEN_EACH, 1, 2304, 2),
               large = measure_eigen (type, ASSAY_CUDA_EIGEN_EACH, 1, 3072, 2);

  if (small > 0 && middle > 0 && large > 0)
    printf ("{\"what\": \"eigenvectors of all factors of GPT-2, by their sum\", \"type\": \"%s\", \"seconds\": %.3f}\n", type == ASSAY_CUDA_F64 ? "f64" : "f32",
            (60 * small + 12 * middle + 24 * large) / 1e3);
  fflush (stdout);
}

/* --- copies --- */

typedef struct { void *device, *host; size_t bytes; int is_out; } Transfer;

static int
transfer (void *data)
{
  Transfer *t = data;

  return t->is_out ? cuda->copy_out (context, t->host, t->device, t->bytes, &failure) : cuda->copy_in (context, t->device, t->host, t->bytes, &failure);
}

static void
measure_copies (void)
{
  Transfer t = { .bytes = (size_t) scale_size (256 << 20) };
  Times times;

  t.device = get (t.bytes);
  t.host = malloc (t.bytes);
  if (t.device == NULL || t.host == NULL)
    return;
  memset (t.host, 1, t.bytes);
  for (t.is_out = 0; t.is_out < 2; t.is_out++)
    if (measure (transfer, &t, 3, &times))
      printf ("{\"what\": \"copy %s the device\", \"bytes\": %zu, \"best_ms\": %.3f, \"gb_per_s\": %.2f}\n", t.is_out ? "from" : "to", t.bytes, times.best, (double) t.bytes / times.best / 1e6);
    else
      tell ("copy");
  cuda->release (context, t.device);
  free (t.host);
}

int
main (int argc, char **argv)
{
  void *module = argc > 1 ? dlopen (argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  AssayCudaEntry entry = NULL;
  AssayCudaDevice device;
  int64_t rows = argc > 2 ? atoll (argv[2]) : 1000000;

  if (module != NULL)
    *(void **) &entry = dlsym (module, ASSAY_CUDA_ENTRY);
  if (entry == NULL)
    {
      printf ("{\"what\": \"module\", \"failed\": \"%s\"}\n", argc > 1 ? dlerror () : "usage: measure MODULE [ROWS]");
      return 1;
    }
  cuda = entry ();
  if (cuda->abi != ASSAY_CUDA_ABI || cuda->size != sizeof *cuda || !cuda->describe (0, &device, &failure) || !cuda->open (0, &context, &failure))
    return !tell ("device");
  printf ("{\"what\": \"device\", \"name\": \"%s\", \"capability\": \"%d.%d\", \"processors\": %d, \"driver\": %d, \"runtime\": %d, \"memory\": %zu, \"available\": %zu, \"level_two\": %zu}\n",
          device.name, device.major, device.minor, device.processors, device.driver, device.runtime, device.memory, device.available, device.level_two);
  fflush (stdout);
  while ((double) rows * BLOCKS * (W + 4) + (double) rows * 112 * 4 > 0.85 * (double) device.available)
    rows /= 2;
  is_profile = argc > 3 && strcmp (argv[3], "profile") == 0;
  is_tiny = argc > 3 && strcmp (argv[3], "tiny") == 0;
  if (is_profile)
    {
      measure_search (rows);
      cuda->close (context);
      return has_failed;
    }
  measure_copies ();
  measure_search (rows);
  measure_product (ASSAY_CUDA_F32, "square", 8192, 8192, 8192);
  measure_product (ASSAY_CUDA_F64, "square", 8192, 8192, 8192);
  measure_product (ASSAY_CUDA_F32, "rotation of a gradient, left", 768, 3072, 768);
  measure_product (ASSAY_CUDA_F32, "rotation of a gradient, right", 768, 3072, 3072);
  measure_product (ASSAY_CUDA_F32, "rotation of activations of 32 sequences", 16384, 3072, 3072);
  measure_factors (ASSAY_CUDA_F32);
  measure_factors (ASSAY_CUDA_F64);
  measure_eigen (ASSAY_CUDA_F64, ASSAY_CUDA_EIGEN_EACH, 12, 768, 1);
  measure_eigen (ASSAY_CUDA_F64, ASSAY_CUDA_EIGEN_TOGETHER, 12, 768, 1);
  measure_eigen (ASSAY_CUDA_F32, ASSAY_CUDA_EIGEN_EACH, 12, 768, 1);
  measure_eigen (ASSAY_CUDA_F32, ASSAY_CUDA_EIGEN_TOGETHER, 12, 768, 1);
  measure_eigen (ASSAY_CUDA_F64, ASSAY_CUDA_EIGEN_EACH, 64, 128, 2);
  measure_eigen (ASSAY_CUDA_F64, ASSAY_CUDA_EIGEN_TOGETHER, 64, 128, 2);
  cuda->close (context);
  return has_failed;
}
