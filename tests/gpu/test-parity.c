/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-parity.c: everything that the CUDA module does against the simplest C, by its table and libc alone, so that it runs wherever there is a C compiler.
 *
 * Usage: test-parity [MODULE small|full|scores]; the emulated module otherwise. Prints TAP; beside each comparison the largest error as a part of its bound.
 * `small` is for the emulation and for compute-sanitizer, `scores` is the part of it that multiplies bytes. Bounds are a-priori ones: gamma_k = k u / (1 - k u) of Higham, "Accuracy and Stability", 2nd ed., section 3.1.
 */
#include "launch.h"

#include <dlfcn.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef EMULATED
#define EMULATED "emulated-cuda.so"
#endif
#define W ASSAY_CUDA_INDEX_BLOCK
#define BEHIND ((int64_t) ASSAY_CUDA_INDEX_ROWS)        /* rows of scores that nobody asked for */

static const AssayCudaTable *cuda;
static AssayCudaContext *context;
static AssayCudaFailure failure;
static int n_tests, n_failed;
static uint64_t state = 1;

/* --- a test's tools --- */

static void
report (int is_ok, const char *format, ...)
{
  va_list list;

  printf ("%sok %d - ", is_ok ? "" : "not ", ++n_tests);
  n_failed += !is_ok;
  va_start (list, format);
  vprintf (format, list);
  va_end (list);
  printf ("\n");
  fflush (stdout);
}

/* What must work for the test to mean anything. */
static void
must (int is_ok, const char *what)
{
  if (is_ok)
    return;
  printf ("Bail out! %s: %s\n", what, failure.message);
  exit (1);
}

static uint64_t
draw (void)
{
  uint64_t x = state += 0x9e3779b97f4a7c15;

  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

static double
draw_number (void)
{
  return (double) (int64_t) draw () * 0x1p-63;
}

static double
draw_value (AssayCudaType type)
{
  double x = draw_number ();

  return type == ASSAY_CUDA_F64 ? x : (double) (float) x;
}

static size_t
width (AssayCudaType type)
{
  return type == ASSAY_CUDA_F64 ? 8 : 4;
}

static double
unit (AssayCudaType type)
{
  return type == ASSAY_CUDA_F64 ? 0x1p-53 : 0x1p-24;
}

static const char *
name_of (AssayCudaType type)
{
  return type == ASSAY_CUDA_F64 ? "f64" : "f32";
}

static void *
get_memory (size_t bytes)
{
  void *memory = calloc (bytes > 0 ? bytes : 1, 1);

  if (memory == NULL)
    exit (1);
  return memory;
}

/* n doubles to the device as `type`, or back. */
static void *
send (AssayCudaType type, int64_t n, const double *x)
{
  void *buffer, *host = get_memory ((size_t) n * width (type));

  for (int64_t i = 0; i < n; i++)
    if (type == ASSAY_CUDA_F64)
      ((double *) host)[i] = x[i];
    else
      ((float *) host)[i] = (float) x[i];
  must (cuda->alloc (context, (size_t) n * width (type), &buffer, &failure), "alloc");
  must (cuda->copy_in (context, buffer, host, (size_t) n * width (type), &failure), "copy_in");
  free (host);
  return buffer;
}

static void
fetch (AssayCudaType type, int64_t n, const void *buffer, double *x)
{
  void *host = get_memory ((size_t) n * width (type));

  must (cuda->copy_out (context, host, buffer, (size_t) n * width (type), &failure), "copy_out");
  for (int64_t i = 0; i < n; i++)
    x[i] = type == ASSAY_CUDA_F64 ? ((double *) host)[i] : (double) ((float *) host)[i];
  free (host);
}

/* --- memory --- */

static void
test_copies (int is_full)
{
  const size_t most = is_full ? ((size_t) 40 << 20) + 3 : ((size_t) 17 << 20) + 3, sizes[] = { 0, 1, 511, (size_t) 8 << 20, ((size_t) 8 << 20) + 1, most };
  unsigned char *there = get_memory (most), *back = get_memory (most);
  void *buffer;
  int same = 1, zeros = 1;

  for (size_t k = 0; k < most; k++)
    there[k] = (unsigned char) (k * 2654435761u >> 24);
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    {
      memset (back, 0xee, most);
      must (cuda->alloc (context, sizes[s], &buffer, &failure), "alloc");
      must (cuda->copy_in (context, buffer, there, sizes[s], &failure), "copy_in");
      must (cuda->copy_out (context, back, buffer, sizes[s], &failure), "copy_out");
      same &= memcmp (there, back, sizes[s]) == 0;
      cuda->release (context, buffer);
      must (cuda->alloc (context, sizes[s], &buffer, &failure), "alloc");                          /* the same memory again */
      must (cuda->copy_out (context, back, buffer, sizes[s], &failure), "copy_out");
      for (size_t k = 0; k < sizes[s]; k++)
        zeros &= back[k] == 0;
      cuda->release (context, buffer);
    }
  must (cuda->trim (context, &failure), "trim");
  report (same, "what is copied to the device and back is the same, for up to %zu bytes", most);
  report (zeros, "memory comes zeroed, also when it was used before");
  free (there);
  free (back);
}

/* --- products --- */

/* The largest error as a part of gamma_(K+3) (|alpha| |A| |B| + |beta| |C|). */
static double
compare_product (AssayCudaType type, int ta, int tb, int64_t M, int64_t N, int64_t K, double alpha, double beta)
{
  const int64_t lda = (ta ? M : K) + 3, ldb = (tb ? K : N) + 1, ldc = N + 2, na = (ta ? K : M) * lda, nb = (tb ? N : K) * ldb, nc = M * ldc;
  double *A = get_memory ((size_t) na * 8), *B = get_memory ((size_t) nb * 8), *C = get_memory ((size_t) nc * 8), *got = get_memory ((size_t) nc * 8), worst = 0;
  void *a, *b, *c;

  for (int64_t k = 0; k < na; k++)
    A[k] = draw_value (type);
  for (int64_t k = 0; k < nb; k++)
    B[k] = draw_value (type);
  for (int64_t k = 0; k < nc; k++)
    C[k] = draw_value (type);
  a = send (type, na, A);
  b = send (type, nb, B);
  c = send (type, nc, C);
  must (cuda->gemm (context, type, ta, tb, M, N, K, alpha, a, lda, b, ldb, beta, c, ldc, &failure), "gemm");
  fetch (type, nc, c, got);
  for (int64_t i = 0; i < M; i++)
    for (int64_t j = 0; j < ldc; j++)
      {
        long double sum = 0, size = 0;
        double bound, error;

        if (j >= N)                                               /* between the rows nothing is touched */
          {
            worst = got[i * ldc + j] != C[i * ldc + j] ? INFINITY : worst;
            continue;
          }
        for (int64_t k = 0; k < K; k++)
          {
            long double x = (long double) (ta ? A[k * lda + i] : A[i * lda + k]) * (tb ? B[j * ldb + k] : B[k * ldb + j]);

            sum += x;
            size += fabsl (x);
          }
        bound = (double) (K + 3) * unit (type) * (double) (fabs (alpha) * size + fabs (beta * C[i * ldc + j])) * (1 + 1e-3);
        error = (double) fabsl (alpha * sum + beta * C[i * ldc + j] - got[i * ldc + j]);
        worst = fmax (worst, error > 0 ? error / bound : 0);
        worst = isfinite (got[i * ldc + j]) ? worst : INFINITY;
      }
  cuda->release (context, a);
  cuda->release (context, b);
  cuda->release (context, c);
  free (A);
  free (B);
  free (C);
  free (got);
  return worst;
}

static void
test_products (AssayCudaType type, int is_full)
{
  static const int64_t sizes[][3] = { { 1, 1, 1 }, { 7, 5, 9 }, { 33, 65, 129 }, { 64, 128, 32 }, { 300, 200, 700 } };

  for (int s = 0; s < (is_full ? 5 : 4); s++)
    {
      double worst = 0;

      for (int t = 0; t < 4; t++)
        worst = fmax (worst, compare_product (type, t & 1, t >> 1, sizes[s][0], sizes[s][1], sizes[s][2], 1.5, t == 2 ? -0.5 : 0));
      report (worst <= 1, "%s product (%lld,%lld) of %lld, plain and transposed: error / bound = %.2f", name_of (type), (long long) sizes[s][0], (long long) sizes[s][1],
              (long long) sizes[s][2], worst);
    }
}

/* --- decompositions --- */

/* B B' / n without B's last column, which leaves one eigenvalue of zero, plus shift. */
static void
fill_symmetric (AssayCudaType type, int64_t n, double shift, double *A)
{
  double *B = get_memory ((size_t) (n * n) * 8);

  for (int64_t k = 0; k < n * n; k++)
    B[k] = draw_number ();
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++)
      {
        double sum = 0;

        for (int64_t k = 0; k + 1 < n || k == 0; k++)
          sum += B[i * n + k] * B[j * n + k];
        sum = sum / (double) n + (i == j ? shift : 0);
        A[i * n + j] = A[j * n + i] = type == ASSAY_CUDA_F64 ? sum : (double) (float) sum;
      }
  free (B);
}

static void
test_eigen (AssayCudaType type, AssayCudaEigenWay way, int64_t batch, int64_t n)
{
  double *A = get_memory ((size_t) (batch * n * n) * 8), *Q = get_memory ((size_t) (batch * n * n) * 8), *values = get_memory ((size_t) (batch * n) * 8);
  double residual[8], orthogonality[8], worst = 0, ours = 0, far = 0;
  const double bound = 10 * (double) n * unit (type);
  void *matrix, *w;

  for (int64_t k = 0; k < batch; k++)
    fill_symmetric (type, n, 0, A + k * n * n);
  matrix = send (type, batch * n * n, A);
  w = send (type, batch * n, values);
  must (cuda->eigen (context, way, type, batch, n, matrix, w, residual, orthogonality, &failure), "eigen");
  fetch (type, batch * n * n, matrix, Q);
  fetch (type, batch * n, w, values);
  for (int64_t k = 0; k < batch; k++)
    {
      const double *a = A + k * n * n, *q = Q + k * n * n, *l = values + k * n;
      double squares = 0, norm = 0, products = 0;

      for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < n; i++)
          {
            double sum = -l[j] * q[j * n + i], product = i == j ? -1 : 0;

            for (int64_t r = 0; r < n; r++)
              {
                sum += a[i * n + r] * q[j * n + r];
                product += q[i * n + r] * q[j * n + r];
              }
            squares += sum * sum;
            products += product * product;
            norm += a[i * n + j] * a[i * n + j];
          }
      for (int64_t j = 1; j < n; j++)
        worst = l[j] < l[j - 1] ? INFINITY : worst;               /* not ascending */
      squares = sqrt (squares / (norm > 0 ? norm : 1));
      products = sqrt (products);
      worst = fmax (worst, fmax (residual[k], orthogonality[k]) / bound);
      ours = fmax (ours, fmax (squares, products) / bound);
      /* What the device says of its vectors differs from the truth by the rounding of its own products: n u ||A|| ||Q|| in norm, with ||Q||_F = sqrt n. */
      far = fmax (far, fmax (fabs (squares - residual[k]), fabs (products - orthogonality[k])) / ((double) (n + 4) * sqrt ((double) n) * unit (type)));
    }
  report (worst <= 1 && ours <= 1, "%s eigenvectors, %lld of %lld rows, %s: residual and orthogonality / bound = %.3f by the device, %.3f by the host", name_of (type),
          (long long) batch, (long long) n, way == ASSAY_CUDA_EIGEN_TOGETHER ? "together" : "in turn", worst, ours);
  report (far <= 1, "%s eigenvectors of %lld rows: the device's check says what the host's does: difference / bound = %.3f", name_of (type), (long long) n, far);
  cuda->release (context, matrix);
  cuda->release (context, w);
  free (A);
  free (Q);
  free (values);
}

/* |b - A x|_i <= (gamma_(3n+1) + gamma_(n+1)) sqrt(a_ii) sum_j sqrt(a_jj) |x_j|: Higham, theorem 10.4, with |R'||R| bounded by the diagonal. */
static void
test_cholesky (AssayCudaType type, int64_t n, int64_t K)
{
  double *A = get_memory ((size_t) (n * n) * 8), *B = get_memory ((size_t) (K * n) * 8), *X = get_memory ((size_t) (K * n) * 8), worst = 0;
  void *factor, *x;
  int64_t pivot = -1;

  fill_symmetric (type, n, 0.5, A);
  for (int64_t k = 0; k < K * n; k++)
    B[k] = draw_value (type);
  factor = send (type, n * n, A);
  x = send (type, K * n, B);
  must (cuda->factor (context, type, n, factor, &pivot, &failure), "factor");
  must (cuda->solve (context, type, n, K, factor, x, &failure), "solve");
  fetch (type, K * n, x, X);
  for (int64_t k = 0; k < K; k++)
    {
      double reach = 0;

      for (int64_t j = 0; j < n; j++)
        reach += sqrt (A[j * n + j]) * fabs (X[k * n + j]);
      for (int64_t i = 0; i < n; i++)
        {
          long double sum = B[k * n + i];

          for (int64_t j = 0; j < n; j++)
            sum -= (long double) A[i * n + j] * X[k * n + j];
          worst = fmax (worst, (double) fabsl (sum) / ((double) (4 * n + 2) * unit (type) * (sqrt (A[i * n + i]) * reach + fabs (B[k * n + i]))));
        }
    }
  report (pivot == 0 && worst <= 1, "%s Cholesky solve, %lld rows, %lld right-hand sides: residual / bound = %.4f", name_of (type), (long long) n, (long long) K, worst);
  cuda->release (context, factor);
  A[0] = -1;
  factor = send (type, n * n, A);
  must (cuda->factor (context, type, n, factor, &pivot, &failure), "factor");
  report (pivot == 1, "%s Cholesky factor: the pivot that is not positive is named", name_of (type));
  cuda->release (context, factor);
  cuda->release (context, x);
  free (A);
  free (B);
  free (X);
}

/* --- index --- */

typedef struct {
  int64_t n, stride;
  int32_t B, Q, q_stride;
  int8_t *codes, *q_codes;
  float *scale, *q_scale, *expected;
  void *device[5];
} Index;

static int8_t
draw_code (void)
{
  static const int8_t extreme[] = { -127, 127, 0, -1 };
  uint64_t x = draw ();

  return x % 8 == 0 ? extreme[x / 8 % 4] : (int8_t) ((int) (x >> 8 & 0xff) - 128 == -128 ? -127 : (int) (x >> 8 & 0xff) - 128);
}

static void *
put (const void *host, size_t bytes)
{
  void *buffer;

  must (cuda->alloc (context, bytes, &buffer, &failure), "alloc");
  must (cuda->copy_in (context, buffer, host, bytes, &failure), "copy_in");
  return buffer;
}

static void
make_index (Index *x, int64_t n, int32_t B, int32_t Q)
{
  *x = (Index) { .n = n, .stride = (n + ASSAY_CUDA_INDEX_ROWS - 1) / ASSAY_CUDA_INDEX_ROWS * ASSAY_CUDA_INDEX_ROWS, .B = B, .Q = Q, .q_stride = assay_cuda_index_stride (Q) };
  x->codes = get_memory ((size_t) (B * x->stride * W));
  x->scale = get_memory ((size_t) (B * x->stride) * 4);
  x->q_codes = get_memory ((size_t) B * (size_t) x->q_stride * W);
  x->q_scale = get_memory ((size_t) B * (size_t) x->q_stride * 4);
  x->expected = get_memory ((size_t) (n * Q) * 4);
  for (int32_t b = 0; b < B; b++)
    {
      for (int64_t i = 0; i < n; i++)
        {
          x->scale[b * x->stride + i] = (float) exp (3 * draw_number ());
          for (int k = 0; k < W; k++)
            x->codes[(b * x->stride + i) * W + k] = i == 0 ? 127 : draw_code ();                   /* row 0: the largest integers */
        }
      for (int32_t q = 0; q < Q; q++)
        {
          x->q_scale[b * x->q_stride + q] = (float) exp (3 * draw_number ());
          for (int k = 0; k < W; k++)
            x->q_codes[((int64_t) b * x->q_stride + q) * W + k] = q == 0 ? -127 : draw_code ();
        }
    }
  for (int64_t i = 0; i < n; i++)
    for (int32_t q = 0; q < Q; q++)
      {
        float sum = 0;

        for (int32_t b = 0; b < B; b++)
          {
            int dot = 0;
            float product;

            for (int k = 0; k < W; k++)
              dot += x->codes[(b * x->stride + i) * W + k] * x->q_codes[((int64_t) b * x->q_stride + q) * W + k];
            product = x->q_scale[b * x->q_stride + q] * (float) dot;
            product = x->scale[b * x->stride + i] * product;
            sum = sum + product;
          }
        x->expected[i * Q + q] = sum;
      }
  x->device[0] = put (x->codes, (size_t) (B * x->stride * W));
  x->device[1] = put (x->scale, (size_t) (B * x->stride) * 4);
  x->device[2] = put (x->q_codes, (size_t) B * (size_t) x->q_stride * W);
  x->device[3] = put (x->q_scale, (size_t) B * (size_t) x->q_stride * 4);
  must (cuda->alloc (context, (size_t) ((n + BEHIND) * Q) * 4, &x->device[4], &failure), "alloc");
}

static void
free_index (Index *x)
{
  for (int k = 0; k < 5; k++)
    cuda->release (context, x->device[k]);
  free (x->codes);
  free (x->scale);
  free (x->q_codes);
  free (x->q_scale);
  free (x->expected);
}

/* Whether this way gives the same bits, and writes nothing behind them; -1: it takes no such number of queries. */
static int
compare_scores (const Index *x, AssayCudaIndexWay way)
{
  const AssayCudaIndexRows rows = { x->n, x->stride, x->B, x->device[0], x->device[1] };
  const AssayCudaIndexQueries queries = { x->Q, x->q_stride, x->device[2], x->device[3] };
  const size_t bytes = (size_t) (x->n * x->Q) * 4, behind = (size_t) (BEHIND * x->Q) * 4;
  unsigned char *got = get_memory (bytes + behind);
  int same;

  memset (got, 0xff, bytes + behind);
  must (cuda->copy_in (context, x->device[4], got, bytes + behind, &failure), "copy_in");
  if (!cuda->index_scores (context, way, &rows, &queries, x->device[4], &failure))
    {
      free (got);
      must (failure.code == ASSAY_CUDA_BAD_CALL, "index_scores");
      return -1;
    }
  must (cuda->copy_out (context, got, x->device[4], bytes + behind, &failure), "copy_out");
  same = memcmp (got, x->expected, bytes) == 0;
  for (size_t k = bytes; k < bytes + behind; k++)
    same &= got[k] == 0xff;
  free (got);
  return same;
}

static void
test_scores (int64_t n, int32_t B, int32_t Q)
{
  static const char *const names[] = { "auto", "plain", "dots", "matrix", "matrix wide", "matrix tall", "matrix small" };
  Index x;

  make_index (&x, n, B, Q);
  for (AssayCudaIndexWay way = ASSAY_CUDA_INDEX_AUTO; way < ASSAY_CUDA_N_INDEX_WAYS; way++)
    {
      int same = compare_scores (&x, way);

      if (same >= 0)
        report (same, "index scores by %s, %lld rows of %d blocks, %d queries: the bits of the reference", names[way], (long long) n, B, Q);
      else
        must (way != ASSAY_CUDA_INDEX_AUTO, "index_scores");
    }
  free_index (&x);
}

static void
test_refusals (void)
{
  const AssayCudaIndexRows rows = { 5, 5, 1, NULL, NULL };
  const AssayCudaIndexRows long_rows = { 5, ASSAY_CUDA_INDEX_ROWS, 100000, NULL, NULL };
  const AssayCudaIndexQueries queries = { 1, 1, NULL, NULL };
  double residual, orthogonality;

  report (!cuda->index_scores (context, ASSAY_CUDA_INDEX_AUTO, &rows, &queries, NULL, &failure) && failure.code == ASSAY_CUDA_BAD_CALL,
          "rows that are not padded are refused: %s", failure.message);
  report (!cuda->index_scores (context, ASSAY_CUDA_INDEX_DOTS, &long_rows, &queries, NULL, &failure) && failure.code == ASSAY_CUDA_BAD_CALL,
          "queries that shared memory cannot hold are refused");
  report (!cuda->eigen (context, ASSAY_CUDA_EIGEN_AUTO, ASSAY_CUDA_F64, 1, 0, NULL, NULL, &residual, &orthogonality, &failure) && failure.code == ASSAY_CUDA_BAD_CALL,
          "a matrix without rows is refused");
  report (cuda->sync (context, &failure), "and the context goes on");
}

/* --- attention: the tiles against the first rung --- */

typedef struct {
  int64_t B, T, H, G, D;
  int causal;
  int64_t window;               /* 0: none */
} Heads;

/* What a call of the op reads and writes, on the device: q k v, y lse, and d and r of them. */
typedef struct {
  AssayCudaOpCall call;
  double attr[5];
  int64_t of_in[3], of_out[2];
  int64_t group;
} Attention;

/* Numbers in (-1, 1); of BF16 such that rounding leaves them as they are. */
static void *
send_drawn (AssayCudaType type, AssayCudaCompute compute, int64_t n)
{
  double *x = get_memory ((size_t) n * 8);
  void *buffer;

  for (int64_t k = 0; k < n; k++)
    x[k] = compute == ASSAY_CUDA_BF16 ? trunc (draw_number () * 128) / 128 : draw_value (type);
  buffer = send (type, n, x);
  free (x);
  return buffer;
}

static void *
get_buffer (AssayCudaType type, int64_t n)
{
  void *buffer;

  must (cuda->alloc (context, (size_t) n * width (type), &buffer, &failure), "alloc");
  return buffer;
}

static void
make_attention (Attention *a, AssayCudaType type, AssayCudaCompute compute, const Heads *s)
{
  const int64_t channels[3] = { s->H * s->D, s->G * s->D, s->G * s->D };

  *a = (Attention) { .attr = { (double) s->H, (double) s->G, s->causal, 0, (double) s->window }, .group = s->H / s->G };
  a->call = (AssayCudaOpCall) { .type = type, .n_in = 3, .n_out = 2, .attr = a->attr, .fresh = 7 };
  for (int i = 0; i < 3; i++)
    {
      a->of_in[i] = s->B * s->T * channels[i];
      a->call.in_shape[i] = (AssayCudaShape) { 3, { s->B, s->T, channels[i] } };
      a->call.x[i] = send_drawn (type, compute, a->of_in[i]);
      a->call.rx[i] = send_drawn (type, compute, a->of_in[i]);
      a->call.dx[i] = get_buffer (type, a->of_in[i]);
      a->call.rdx[i] = get_buffer (type, a->of_in[i]);
    }
  a->of_out[0] = s->B * s->T * channels[0];
  a->of_out[1] = s->B * s->H * s->T;
  a->call.out_shape[0] = a->call.in_shape[0];
  a->call.out_shape[1] = (AssayCudaShape) { 3, { s->B, s->H, s->T } };
  a->call.dy = send_drawn (type, compute, a->of_out[0]);
  a->call.rdy = send_drawn (type, compute, a->of_out[0]);
  for (int j = 0; j < 2; j++)
    {
      a->call.y[j] = get_buffer (type, a->of_out[j]);
      a->call.ry[j] = get_buffer (type, a->of_out[j]);
    }
}

static void
free_attention (Attention *a)
{
  for (int i = 0; i < 3; i++)
    {
      cuda->release (context, (void *) (uintptr_t) a->call.x[i]);
      cuda->release (context, (void *) (uintptr_t) a->call.rx[i]);
      cuda->release (context, a->call.dx[i]);
      cuda->release (context, a->call.rdx[i]);
    }
  for (int j = 0; j < 2; j++)
    {
      cuda->release (context, a->call.y[j]);
      cuda->release (context, a->call.ry[j]);
    }
  cuda->release (context, (void *) (uintptr_t) a->call.dy);
  cuda->release (context, (void *) (uintptr_t) a->call.rdy);
}

/* What a rule writes, and of how many numbers. */
static int
get_results (Attention *a, AssayCudaRule rule, void ***results, const int64_t **counts)
{
  void **written[] = { a->call.y, a->call.dx, a->call.ry, a->call.rdx };
  const int is_forward = rule == ASSAY_CUDA_FWD || rule == ASSAY_CUDA_RFWD;

  *results = written[rule];
  *counts = is_forward ? a->of_out : a->of_in;
  return is_forward ? 2 : 3;
}

/* How far a result of one kernel may be from the exact one, in the order of get_results, for numbers in (-1, 1): the first-order terms of the rounding
 * errors, each gamma_n of the sum it is made in, and of BF16 the rounding of p, ds and their tangents besides; the matrix units' sums may be cut off rather than rounded. With a >= |s| and sum p = 1 over keys, `mass` at most over
 * the `all` queries that may see a key:
 *   s: a gamma   p: relatively what s has, and the exponential   dp, delta: D gamma   ds: p X   dq: scale X   dk: mass scale X, and the same for tangents. */
static void
bound_attention (AssayCudaType type, AssayCudaCompute compute, const Heads *s, AssayCudaRule rule, double mass, double *bound)
{
  const double of_weight = compute == ASSAY_CUDA_BF16 ? 0x1p-8 : 0, u = unit (type) * (of_weight > 0 ? 4 : 1), D = (double) s->D, T = (double) s->T, scale = 1 / sqrt (D), a = scale * D, all = T * (double) (s->H / s->G), keys = T + 8;
  const double of_s = a * (D + 3) * u, of_rs = 2 * a * (2 * D + 4) * u;
  const double running = of_s + (4 * a + 5 * (T / 8 + 1) + 8) * u, of_p = 2 * running + 2 * keys * u;                       /* with the largest score so far */
  const double of_rlse = 2 * a * 2 * of_p + of_rs;
  const double p = of_s + (2 * a + log (T) + 5) * u;                                                            /* with the sum that was saved   */
  const double rp = 4 * a * p + of_rs + 8 * a * u;
  const double ds = 2 * D * p + 2 * (D + 8) * D * u, size_ds = 2 * D;
  const double size_rds = D * (12 * a + 4);
  const double rds = 2 * D * rp + 4 * a * 2 * (D + 8) * D * u + D * (4 * a + 4) * p + 2 * D * (2 * D + 2) * u + D * (4 * a + 2) * (2 * D + 8) * u + 4 * size_rds * u;

  switch (rule)
    {
    case ASSAY_CUDA_FWD:
      bound[0] = of_p + of_weight;
      bound[1] = running + keys * u + 4 * (a + log (T) + 1) * u;
      break;
    case ASSAY_CUDA_BWD:
      bound[0] = scale * (ds + size_ds * (keys * u + of_weight));
      bound[1] = mass * scale * (ds + size_ds * ((all + 8) * u + of_weight));
      bound[2] = mass * (p + (all + 8) * u + of_weight);
      break;
    case ASSAY_CUDA_RFWD:
      bound[0] = (4 * a + 1) * (3 * of_p + 4 * keys * u + of_weight) + 2 * of_rs + of_rlse + 16 * a * u;
      bound[1] = of_rlse;
      break;
    default:
      bound[0] = scale * (rds + ds + (size_rds + size_ds) * (2 * keys * u + of_weight));
      bound[1] = mass * scale * (rds + ds + (size_rds + size_ds) * (2 * (all + 8) * u + of_weight));
      bound[2] = mass * (rp + p + (4 * a + 1) * (2 * (all + 8) * u + of_weight));
      break;
    }
}

/* The largest sum of p over the queries of a key: dv of an adjoint of ones, by the first rung. */
static double
get_mass (const Attention *a, AssayCudaType type)
{
  double *ones = get_memory ((size_t) a->of_out[0] * 8), *dv = get_memory ((size_t) a->of_in[2] * 8), mass = 0;
  AssayCudaOpCall call = a->call;

  for (int64_t k = 0; k < a->of_out[0]; k++)
    ones[k] = 1;
  call.rule = ASSAY_CUDA_BWD;
  call.dy = send (type, a->of_out[0], ones);
  must (cuda->run_op (context, "attention_plain", &call, &failure), "attention_plain");
  fetch (type, a->of_in[2], call.dx[2], dv);
  for (int64_t k = 0; k < a->of_in[2]; k++)
    mass = fmax (mass, dv[k]);
  cuda->release (context, (void *) (uintptr_t) call.dy);
  free (ones);
  free (dv);
  return mass;
}

/* Of each rule the largest difference, as a part of what two such errors make; what both read is the first rung's. */
static void
test_attention (AssayCudaType type, AssayCudaCompute compute, Heads s)
{
  static const char *const names[] = { "forward", "backward", "tangent forward", "tangent backward" };
  static const AssayCudaRule rules[] = { ASSAY_CUDA_FWD, ASSAY_CUDA_RFWD, ASSAY_CUDA_BWD, ASSAY_CUDA_RBWD };
  Attention a;
  double mass = 0;

  make_attention (&a, type, compute, &s);
  for (int r = 0; r < 4; r++)
    {
      void **results;
      const int64_t *counts;
      const int n = get_results (&a, rules[r], &results, &counts);
      double *got[3], bound[3], worst = 0;

      a.call.rule = rules[r];
      a.call.compute = compute;
      must (cuda->run_op (context, "attention", &a.call, &failure), "attention");
      for (int k = 0; k < n; k++)
        fetch (type, counts[k], results[k], got[k] = get_memory ((size_t) counts[k] * 8));
      must (cuda->run_op (context, "attention_plain", &a.call, &failure), "attention_plain");
      mass = r == 0 ? get_mass (&a, type) : mass;                 /* with the lse that was just saved */
      bound_attention (type, compute, &s, rules[r], mass, bound);
      for (int k = 0; k < n; k++)
        {
          double *expected = get_memory ((size_t) counts[k] * 8);

          fetch (type, counts[k], results[k], expected);
          for (int64_t i = 0; i < counts[k]; i++)
            {
              const double error = fabs (got[k][i] - expected[i]) / (2 * bound[k] * (1 + 1e-2));

              worst = error > worst || isnan (error) ? error : worst;
            }
          free (expected);
          free (got[k]);
        }
      report (worst <= 1, "%s%s attention by tiles, %s, T %lld, H %lld, G %lld, D %lld, window %lld%s: difference from the first rung / bound = %.2g", name_of (type),
              compute == ASSAY_CUDA_BF16 ? " of bf16" : "", names[rules[r]], (long long) s.T, (long long) s.H, (long long) s.G, (long long) s.D, (long long) s.window, s.causal ? "" : ", full", worst);
    }
  free_attention (&a);
}

/* --- convolutions --- */

typedef struct { int64_t B, C, down, across, O, kernel, stride, padding, groups; } Pictures;

/* Of each rule the largest difference between conv2d by tiles and its first rung, as a part of what two sums of n products of numbers in (-1, 1), rounded in any
 * order, may be apart: twice n gamma_n. A tangent has twice the products. */
static void
test_convolution (AssayCudaType type, Pictures s)
{
  static const char *const names[] = { "forward", "backward", "tangent forward", "tangent backward" };
  const int64_t oh = (s.down + 2 * s.padding - s.kernel) / s.stride + 1, ow = (s.across + 2 * s.padding - s.kernel) / s.stride + 1, patch = s.kernel * s.kernel;
  const int64_t of_in[3] = { s.B * s.C * s.down * s.across, s.O * s.C / s.groups * patch, s.O }, of_out = s.B * s.O * oh * ow;
  const int64_t terms[3] = { s.O / s.groups * patch, s.B * oh * ow, s.B * oh * ow }, of_result = s.C / s.groups * patch + 1;
  const double attr[3] = { (double) s.stride, (double) s.padding, (double) s.groups };
  AssayCudaOpCall call = { .type = type, .n_in = 3, .n_out = 1, .attr = attr, .fresh = 5 };       /* the weight's adjoint is added to */

  call.in_shape[0] = (AssayCudaShape) { 4, { s.B, s.C, s.down, s.across } };
  call.in_shape[1] = (AssayCudaShape) { 4, { s.O, s.C / s.groups, s.kernel, s.kernel } };
  call.in_shape[2] = (AssayCudaShape) { 1, { s.O } };
  call.out_shape[0] = (AssayCudaShape) { 4, { s.B, s.O, oh, ow } };
  for (int i = 0; i < 3; i++)
    {
      call.x[i] = send_drawn (type, ASSAY_CUDA_FULL, of_in[i]);
      call.rx[i] = send_drawn (type, ASSAY_CUDA_FULL, of_in[i]);
    }
  call.dy = send_drawn (type, ASSAY_CUDA_FULL, of_out);
  call.rdy = send_drawn (type, ASSAY_CUDA_FULL, of_out);
  for (AssayCudaRule rule = ASSAY_CUDA_FWD; rule <= ASSAY_CUDA_RBWD; rule++)
    {
      const int is_forward = rule == ASSAY_CUDA_FWD || rule == ASSAY_CUDA_RFWD, is_tangent = rule == ASSAY_CUDA_RFWD || rule == ASSAY_CUDA_RBWD;
      double worst = 0;

      for (int i = 0; i < (is_forward ? 1 : 3); i++)
        {
          const int64_t n = is_forward ? of_out : of_in[i];
          const double products = (double) ((is_tangent ? 2 : 1) * (is_forward ? of_result : terms[i]) + 1);
          double *got[2], bound = 2 * products * products * unit (type) * (1 + 1e-2);

          for (int k = 0; k < 2; k++)
            {
              void **written = is_forward ? (is_tangent ? call.ry : call.y) : &(is_tangent ? call.rdx : call.dx)[i];

              memset (call.dx, 0, sizeof call.dx);
              memset (call.rdx, 0, sizeof call.rdx);
              *written = get_buffer (type, n);                    /* of zeros */
              call.rule = rule;
              must (cuda->run_op (context, k == 0 ? "conv2d" : "conv2d_plain", &call, &failure), "conv2d");
              fetch (type, n, *written, got[k] = get_memory ((size_t) n * 8));
              cuda->release (context, *written);
            }
          for (int64_t k = 0; k < n; k++)
            {
              const double error = fabs (got[0][k] - got[1][k]) / bound;

              worst = error > worst || isnan (error) ? error : worst;
            }
          free (got[0]);
          free (got[1]);
        }
      report (worst <= 1, "%s convolution by tiles, %s, B %lld, C %lld, %lld x %lld, O %lld, kernel %lld, stride %lld, padding %lld, groups %lld: difference from the first rung / bound = %.2g",
              name_of (type), names[rule], (long long) s.B, (long long) s.C, (long long) s.down, (long long) s.across, (long long) s.O,
              (long long) s.kernel, (long long) s.stride, (long long) s.padding, (long long) s.groups, worst);
    }
  for (int i = 0; i < 3; i++)
    {
      cuda->release (context, (void *) (uintptr_t) call.x[i]);
      cuda->release (context, (void *) (uintptr_t) call.rx[i]);
    }
  cuda->release (context, (void *) (uintptr_t) call.dy);
  cuda->release (context, (void *) (uintptr_t) call.rdy);
}

/* --- repeated runs --- */

static void
test_repeats (AssayCudaType type, int64_t n)
{
  const size_t bytes = (size_t) (n * n) * 8;
  double *A = get_memory (bytes), *first = get_memory (2 * bytes), *again = get_memory (2 * bytes), residual, orthogonality;
  int same = 1;

  fill_symmetric (type, n, 1, A);
  for (int k = 0; k < 3; k++)
    {
      void *a = send (type, n * n, A), *w = send (type, n, A), *c = send (type, n * n, A);

      must (cuda->gemm (context, type, 0, 1, n, n, n, 1, a, n, a, n, 0, c, n, &failure), "gemm");
      must (cuda->eigen (context, ASSAY_CUDA_EIGEN_AUTO, type, 1, n, a, w, &residual, &orthogonality, &failure), "eigen");
      fetch (type, n * n, c, again);
      fetch (type, n * n, a, again + n * n);
      if (k == 0)
        memcpy (first, again, 2 * bytes);
      else
        same &= memcmp (first, again, 2 * bytes) == 0;
      cuda->release (context, a);
      cuda->release (context, w);
      cuda->release (context, c);
    }
  report (same, "%s products and eigenvectors of %lld rows: three runs, the same bits", name_of (type), (long long) n);
  free (A);
  free (first);
  free (again);
}

/* --- all --- */

static int
load (const char *path)
{
  void *module = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  AssayCudaEntry entry;

  if (module == NULL)
    {
      printf ("Bail out! %s\n", dlerror ());
      return 0;
    }
  *(void **) &entry = dlsym (module, ASSAY_CUDA_ENTRY);
  cuda = entry != NULL ? entry () : NULL;
  if (cuda == NULL || cuda->abi != ASSAY_CUDA_ABI || cuda->size != sizeof *cuda)
    {
      printf ("Bail out! %s is not the module of this build\n", path);
      return 0;
    }
  return 1;
}

int
main (int argc, char **argv)
{
  static const int32_t queries[] = { 1, 2, 3, 4, 5, 8, 9, 31, 33, 64, 65, 100, 112, 113, 300 };
  const int is_full = argc > 2 && strcmp (argv[2], "full") == 0, only_scores = argc > 2 && strcmp (argv[2], "scores") == 0, is_emulated = argc < 2 || argv[1][0] == '-';
  AssayCudaDevice device;

  if (is_emulated && access (EMULATED, R_OK) != 0)
    {
      printf ("1..0 # SKIP the kernels were not built for the host: there is no C++ compiler\n");
      return 0;
    }
  if (!load (is_emulated ? EMULATED : argv[1]))
    return 1;
  if (!cuda->describe (0, &device, &failure) || !cuda->open (0, &context, &failure))
    {
      if (failure.code == ASSAY_CUDA_NO_DEVICE)
        printf ("1..0 # SKIP no CUDA device: %s\n", failure.message);
      else
        printf ("Bail out! open: %s\n", failure.message);
      return failure.code == ASSAY_CUDA_NO_DEVICE ? 0 : 1;
    }
  printf ("# %s, compute capability %d.%d, driver for CUDA %d.%d, run-time %d.%d\n", device.name, device.major, device.minor, device.driver / 1000, device.driver % 1000 / 10,
          device.runtime / 1000, device.runtime % 1000 / 10);
  if (!only_scores)
    test_copies (is_full);
  for (AssayCudaType type = ASSAY_CUDA_F32; !only_scores && type <= ASSAY_CUDA_F64; type++)
    {
      test_products (type, is_full);
      test_eigen (type, ASSAY_CUDA_EIGEN_EACH, 1, 1);
      test_eigen (type, ASSAY_CUDA_EIGEN_EACH, 2, 33);
      test_eigen (type, ASSAY_CUDA_EIGEN_TOGETHER, 3, 40);
      test_cholesky (type, 50, 3);
      if (is_full)
        {
          test_eigen (type, ASSAY_CUDA_EIGEN_EACH, 1, 600);
          test_eigen (type, ASSAY_CUDA_EIGEN_TOGETHER, 4, 200);
          test_cholesky (type, 700, 20);
        }
      test_attention (type, ASSAY_CUDA_FULL, (Heads) { 1, 70, 2, 1, 40, 1, 20 });
      if (type == ASSAY_CUDA_F32)
        {
          test_attention (type, ASSAY_CUDA_BF16, (Heads) { 1, 70, 2, 1, 40, 1, 20 });
          test_attention (type, ASSAY_CUDA_BF16, (Heads) { 2, 67, 1, 1, 128, 0, 0 });
          test_attention (type, ASSAY_CUDA_BF16, (Heads) { 1, 133, 2, 1, 32, 1, 0 });
        }
      if (is_full)
        {
          test_attention (type, ASSAY_CUDA_FULL, (Heads) { 2, 300, 4, 2, 64, 1, 0 });
          test_attention (type, ASSAY_CUDA_FULL, (Heads) { 1, 300, 3, 3, 128, 0, 0 });
          test_attention (type, ASSAY_CUDA_FULL, (Heads) { 1, 200, 2, 2, 256, 1, 100 });
          test_attention (type, ASSAY_CUDA_FULL, (Heads) { 3, 190, 2, 1, 32, 1, 70 });
        }
      test_convolution (type, (Pictures) { 2, 20, 9, 8, 24, 3, 2, 1, 1 });
      test_convolution (type, (Pictures) { 1, 2, 33, 33, 2, 3, 1, 1, 2 });
      if (is_full)
        {
          test_convolution (type, (Pictures) { 8, 64, 28, 28, 96, 3, 1, 1, 1 });
          test_convolution (type, (Pictures) { 4, 8, 60, 60, 24, 5, 1, 2, 2 });
        }
      test_repeats (type, is_full ? 512 : 40);
    }
  if (is_full)
    for (size_t k = 0; k < sizeof queries / sizeof *queries; k++)
      for (int32_t B = 1; B <= 7; B += 3)
        test_scores (B == 4 ? 1000 : 3, B, queries[k]);
  else
    {
      test_scores (3, 2, 1);
      test_scores (70, 3, 4);
      test_scores (130, 1, 5);
      test_scores (20, 2, 33);
      test_scores (130, 3, 100);
      test_scores (2, 1, 113);
    }
  test_refusals ();
  cuda->close (context);
  printf ("1..%d\n", n_tests);
  return n_failed > 0;
}
