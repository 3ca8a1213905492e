/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-values.c: is an op what its name says? The derivative rules are held against the forward pass, and this holds the forward pass
 * against the textbook: each definition is written out once more, entry by entry, with no thought of speed.
 *
 * Bound: condition and chain length as in the suite (judge.h), and 1e-13 of the largest entry for the definition's own rounding.
 */
#include "judge.h"

#include "base/rng.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

/* Writes the op's output 0 into y. x[i] are the inputs, index inputs as whole numbers. */
typedef void (*Definition) (const Trial *t, double *const *x, double *y);

typedef double (*Function) (double x);

static double identity (double x) { return x; }
static double normal_gate (double x) { return x * 0.5 * erfc (-x / sqrt (2)); }
static double quick_gate (double x) { return x * (0.5 + 0.5 * tanh (1.702 * x / 2)); }
static double tanh_gate (double x) { return 0.5 * x * (1 + tanh (sqrt (2 / G_PI) * (x + 0.044715 * x * x * x))); }
static double logistic (double x) { return 0.5 + 0.5 * tanh (x / 2); }
static double sigmoid_gate (double x) { return x * logistic (x); }
static double smooth_ramp (double x) { return log1p (exp (-fabs (x))) + fmax (x, 0); }
static double ramp (double x) { return x > 0 ? x : 0; }
static double squared_ramp (double x) { return x > 0 ? x * x : 0; }

static void
apply (const Trial *t, double *const *x, double *y, Function f)
{
  for (gint64 k = 0; k < assay_shape_count (&t->in[0]); k++)
    y[k] = f (x[0][k]);
}

static void define_gelu (const Trial *t, double *const *x, double *y) { apply (t, x, y, normal_gate); }
static void define_gelu_quick (const Trial *t, double *const *x, double *y) { apply (t, x, y, quick_gate); }
static void define_gelu_tanh (const Trial *t, double *const *x, double *y) { apply (t, x, y, tanh_gate); }
static void define_sigmoid (const Trial *t, double *const *x, double *y) { apply (t, x, y, logistic); }
static void define_silu (const Trial *t, double *const *x, double *y) { apply (t, x, y, sigmoid_gate); }
static void define_softplus (const Trial *t, double *const *x, double *y) { apply (t, x, y, smooth_ramp); }
static void define_relu (const Trial *t, double *const *x, double *y) { apply (t, x, y, ramp); }
static void define_relu_squared (const Trial *t, double *const *x, double *y) { apply (t, x, y, squared_ramp); }
static void define_tanh (const Trial *t, double *const *x, double *y) { apply (t, x, y, tanh); }
static void define_flatten (const Trial *t, double *const *x, double *y) { apply (t, x, y, identity); }

static void
define_add (const Trial *t, double *const *x, double *y)
{
  for (gint64 k = 0; k < assay_shape_count (&t->in[0]); k++)
    y[k] = x[0][k] + x[1][k];
}

static void
define_mul (const Trial *t, double *const *x, double *y)
{
  for (gint64 k = 0; k < assay_shape_count (&t->in[0]); k++)
    y[k] = x[0][k] * x[1][k];
}

static void
define_scale (const Trial *t, double *const *x, double *y)
{
  for (gint64 k = 0; k < assay_shape_count (&t->in[0]); k++)
    y[k] = t->attr[0] * x[0][k];
}

static void
define_linear (const Trial *t, double *const *x, double *y)
{
  gint64 N = assay_shape_rows (&t->in[0]), I = assay_shape_last (&t->in[0]), O = t->in[1].dim[0];

  for (gint64 n = 0; n < N; n++)
    for (gint64 o = 0; o < O; o++)
      {
        y[n * O + o] = t->n_in > 2 ? x[2][o] : 0;
        for (gint64 i = 0; i < I; i++)
          y[n * O + o] += x[1][o * I + i] * x[0][n * I + i];
      }
}

static void
define_matmul (const Trial *t, double *const *x, double *y)
{
  guint rank = t->in[0].rank;
  gint64 M = t->in[0].dim[rank - 2], K = t->in[0].dim[rank - 1], N = t->out[0].dim[rank - 1];

  for (gint64 b = 0; b < assay_shape_count (&t->in[0]) / (M * K); b++)
    for (gint64 m = 0; m < M; m++)
      for (gint64 n = 0; n < N; n++)
        {
          double sum = 0;

          for (gint64 k = 0; k < K; k++)
            sum += x[0][(b * M + m) * K + k] * x[1][b * K * N + (t->attr[0] != 0 ? n * K + k : k * N + n)];
          y[(b * M + m) * N + n] = sum;
        }
}

/* (x - mean) / sqrt (variance + eps), the variance that of a population; or without the mean. */
static void
define_norm (const Trial *t, double *const *x, double *y, gboolean centred)
{
  gint64 G = centred ? (gint64) t->attr[1] : 1, C = t->in[1].dim[0] / G, N = assay_shape_count (&t->in[0]) / C;

  for (gint64 n = 0; n < N; n++)
    {
      const double *row = x[0] + n * C, *gain = x[1] + n % G * C, *bias = centred ? x[2] + n % G * C : NULL;
      double mean = 0, square = 0;

      for (gint64 i = 0; centred && i < C; i++)
        mean += row[i] / C;
      for (gint64 i = 0; i < C; i++)
        square += (row[i] - mean) * (row[i] - mean) / C;
      for (gint64 i = 0; i < C; i++)
        y[n * C + i] = (row[i] - mean) / sqrt (square + t->attr[0]) * gain[i] + (centred ? bias[i] : 0);
    }
}

static void define_layernorm (const Trial *t, double *const *x, double *y) { define_norm (t, x, y, TRUE); }
static void define_rmsnorm (const Trial *t, double *const *x, double *y) { define_norm (t, x, y, FALSE); }

static void
define_conv2d (const Trial *t, double *const *x, double *y)
{
  const gint64 *X = t->in[0].dim, *W = t->in[1].dim, *Y = t->out[0].dim;
  gint64 stride = (gint64) t->attr[0], padding = (gint64) t->attr[1], groups = (gint64) t->attr[2];

  g_assert_cmpint (Y[2], ==, (X[2] + 2 * padding - W[2]) / stride + 1);
  for (gint64 b = 0; b < Y[0]; b++)
    for (gint64 o = 0; o < Y[1]; o++)
      for (gint64 i = 0; i < Y[2]; i++)
        for (gint64 j = 0; j < Y[3]; j++)
          {
            double sum = t->n_in > 2 ? x[2][o] : 0;

            for (gint64 c = 0; c < W[1]; c++)
              for (gint64 u = 0; u < W[2]; u++)
                for (gint64 v = 0; v < W[3]; v++)
                  {
                    gint64 h = i * stride + u - padding, w = j * stride + v - padding, channel = o / (Y[1] / groups) * W[1] + c;

                    if (h >= 0 && h < X[2] && w >= 0 && w < X[3])
                      sum += x[0][((b * X[1] + channel) * X[2] + h) * X[3] + w] * x[1][((o * W[1] + c) * W[2] + u) * W[3] + v];
                  }
            y[((b * Y[1] + o) * Y[2] + i) * Y[3] + j] = sum;
          }
}

static void
define_pool (const Trial *t, double *const *x, double *y, gboolean max)
{
  const gint64 *X = t->in[0].dim, *Y = t->out[0].dim;
  gint64 kernel = (gint64) t->attr[0], stride = (gint64) t->attr[1];

  for (gint64 p = 0; p < Y[0] * Y[1]; p++)
    for (gint64 i = 0; i < Y[2]; i++)
      for (gint64 j = 0; j < Y[3]; j++)
        {
          double best = -INFINITY, sum = 0;

          for (gint64 u = 0; u < kernel; u++)
            for (gint64 v = 0; v < kernel; v++)
              {
                double one = x[0][(p * X[2] + i * stride + u) * X[3] + j * stride + v];

                best = MAX (best, one);
                sum += one;
              }
          y[(p * Y[2] + i) * Y[3] + j] = max ? best : sum / (double) (kernel * kernel);
        }
}

static void define_max_pool (const Trial *t, double *const *x, double *y) { define_pool (t, x, y, TRUE); }
static void define_avg_pool (const Trial *t, double *const *x, double *y) { define_pool (t, x, y, FALSE); }

static void
define_slice (const Trial *t, double *const *x, double *y)
{
  gint64 C = assay_shape_last (&t->in[0]), L = assay_shape_last (&t->out[0]);

  g_assert_cmpint (L, ==, (gint64) t->attr[1]);
  for (gint64 n = 0; n < assay_shape_rows (&t->in[0]); n++)
    for (gint64 l = 0; l < L; l++)
      y[n * L + l] = x[0][n * C + (gint64) t->attr[0] + l];
}

static void
define_rows (const Trial *t, double *const *x, double *y)
{
  gint64 C = assay_shape_last (&t->in[0]);

  for (gint64 m = 0; m < assay_shape_count (&t->in[1]); m++)
    memcpy (y + m * C, x[0] + (gint64) x[1][m] * C, C * sizeof (double));
}

static void
define_position_embedding (const Trial *t, double *const *x, double *y)
{
  gint64 B = t->in[0].dim[0], n = t->in[0].dim[1] * t->in[0].dim[2];

  for (gint64 b = 0; b < B; b++)
    for (gint64 k = 0; k < n; k++)
      y[b * n + k] = x[0][b * n + k] + x[1][k];
}

/* Angle of pair i of n at position 1, by the length of its wave; attr as the op has them. */
static double
rope_frequency (gint64 i, gint64 n, const double *attr)
{
  double wave = 2 * G_PI * exp (2.0 * (double) i / (double) n * log (attr[1])), f = 2 * G_PI / wave, factor = attr[5], original = attr[8];

  if (attr[4] == 1)
    return f / factor;
  if (attr[4] == 2)
    {
      double smooth = (original / wave - attr[6]) / (attr[7] - attr[6]);

      return wave > original / attr[6] ? f / factor : wave < original / attr[7] ? f : (1 - smooth) * f / factor + smooth * f;
    }
  if (attr[4] >= 3)
    {
      double first = (double) n * log (original / (2 * G_PI * attr[7])) / log (attr[1]) / 2;
      double last = (double) n * log (original / (2 * G_PI * attr[6])) / log (attr[1]) / 2;
      double ramp;

      first = attr[4] == 3 ? floor (first) : first;
      last = attr[4] == 3 ? ceil (last) : last;
      ramp = ((double) i - MAX (first, 0)) / (MIN (last, (double) n - 1) - MAX (first, 0));

      return ramp <= 0 ? f : ramp >= 1 ? f / factor : f / factor * ramp + f * (1 - ramp);
    }
  return f;
}

static void
define_rope (const Trial *t, double *const *x, double *y)
{
  gint64 T = t->in[0].dim[1], H = (gint64) t->attr[0], D = t->in[0].dim[2] / H, n = t->attr[3] > 0 ? (gint64) t->attr[3] : D;

  for (gint64 r = 0; r < t->in[0].dim[0] * T * H; r++)
    {
      for (gint64 i = 0; i < n / 2; i++)
        {
          double angle = (double) (r / H % T) * rope_frequency (i, n, t->attr), m = t->attr[9];
          gint64 p = r * D + (t->attr[2] != 0 ? 2 * i : i), q = r * D + (t->attr[2] != 0 ? 2 * i + 1 : i + n / 2);

          y[p] = m * (cos (angle) * x[0][p] - sin (angle) * x[0][q]);
          y[q] = m * (sin (angle) * x[0][p] + cos (angle) * x[0][q]);
        }
      for (gint64 i = n; i < D; i++)
        y[r * D + i] = x[0][r * D + i];
    }
}

static double
log_sum_exp (const double *v, gint64 n)
{
  double top = -INFINITY, sum = 0;

  for (gint64 i = 0; i < n; i++)
    top = MAX (top, v[i]);
  for (gint64 i = 0; i < n; i++)
    sum += exp (v[i] - top);
  return top + log (sum);
}

static void
define_softmax (const Trial *t, double *const *x, double *y)
{
  gint64 V = assay_shape_last (&t->in[0]);

  for (gint64 k = 0; k < assay_shape_count (&t->in[0]); k++)
    y[k] = exp (x[0][k] - log_sum_exp (x[0] + k / V * V, V));
}

/* One softmax over the keys that a query sees, head by head. */
static void
define_attention (const Trial *t, double *const *x, double *y)
{
  gint64 T = t->in[0].dim[1], H = (gint64) t->attr[0], G = t->attr[1] > 0 ? (gint64) t->attr[1] : H, D = t->out[0].dim[2] / H;
  gint64 packed = (H + 2 * G) * D, q_row = t->n_in == 1 ? packed : H * D, kv_row = t->n_in == 1 ? packed : G * D;
  const double *q = x[0], *k = t->n_in == 1 ? x[0] + H * D : x[1], *v = t->n_in == 1 ? x[0] + (H + G) * D : x[2];
  double scale = t->attr[3] > 0 ? t->attr[3] : 1 / sqrt ((double) D);
  g_autofree double *score = g_new (double, T);

  for (gint64 b = 0; b < t->in[0].dim[0]; b++)
    for (gint64 h = 0; h < H; h++)
      for (gint64 i = 0; i < T; i++)
        {
          gint64 g = h / (H / G), seen = t->attr[2] != 0 ? i + 1 : T, from = t->attr[4] > 0 ? MAX (0, seen - (gint64) t->attr[4]) : 0;
          double *out = y + ((b * T + i) * H + h) * D, lse;

          for (gint64 j = from; j < seen; j++)
            {
              score[j] = 0;
              for (gint64 d = 0; d < D; d++)
                score[j] += scale * q[(b * T + i) * q_row + h * D + d] * k[(b * T + j) * kv_row + g * D + d];
            }
          lse = log_sum_exp (score + from, seen - from);
          for (gint64 d = 0; d < D; d++)
            {
              out[d] = 0;
              for (gint64 j = from; j < seen; j++)
                out[d] += exp (score[j] - lse) * v[(b * T + j) * kv_row + g * D + d];
            }
        }
}

static void
define_causal_conv (const Trial *t, double *const *x, double *y)
{
  gint64 T = t->in[0].dim[1], C = t->in[0].dim[2], K = t->in[1].dim[2];

  for (gint64 b = 0; b < t->in[0].dim[0]; b++)
    for (gint64 i = 0; i < T; i++)
      for (gint64 c = 0; c < C; c++)
        {
          double sum = t->n_in > 2 ? x[2][c] : 0;

          for (gint64 back = 0; back < K && back <= i; back++)
            sum += x[1][c * K + K - 1 - back] * x[0][(b * T + i - back) * C + c];
          y[(b * T + i) * C + c] = sum;
        }
}

/* What position j wrote, faded by the steps since, is read at position i: the scan as a sum over pairs of positions. */
static void
define_selective_scan (const Trial *t, double *const *x, double *y)
{
  gint64 T = t->in[0].dim[1], I = t->in[0].dim[2], S = t->in[2].dim[1];

  for (gint64 b = 0; b < t->in[0].dim[0]; b++)
    for (gint64 c = 0; c < I; c++)
      for (gint64 i = 0; i < T; i++)
        {
          double sum = x[5][c] * x[0][(b * T + i) * I + c], elapsed = 0;

          for (gint64 j = i; j >= 0; j--)
            {
              for (gint64 s = 0; s < S; s++)
                sum += x[4][(b * T + i) * S + s] * exp (-exp (x[2][c * S + s]) * elapsed) * x[1][(b * T + j) * I + c] * x[3][(b * T + j) * S + s]
                       * x[0][(b * T + j) * I + c];
              elapsed += x[1][(b * T + j) * I + c];
            }
          y[(b * T + i) * I + c] = sum;
        }
}

static void
define_token_shift (const Trial *t, double *const *x, double *y)
{
  gint64 T = t->in[0].dim[1], C = t->in[0].dim[2];

  for (gint64 n = 0; n < assay_shape_count (&t->in[0]); n++)
    y[n] = x[1][n % C] * x[0][n] + (n / C % T > 0 ? (1 - x[1][n % C]) * x[0][n - C] : 0);
}

/* A softmax over the positions so far, of keys that fade and the present one's bonus. */
static void
define_wkv (const Trial *t, double *const *x, double *y)
{
  gint64 T = t->in[0].dim[1], C = t->in[0].dim[2];
  g_autofree double *score = g_new (double, T);

  for (gint64 b = 0; b < t->in[0].dim[0]; b++)
    for (gint64 c = 0; c < C; c++)
      for (gint64 i = 0; i < T; i++)
        {
          double lse;

          for (gint64 j = 0; j <= i; j++)
            score[j] = x[0][(b * T + j) * C + c] + (j == i ? x[3][c] : -(double) (i - 1 - j) * exp (x[2][c]));
          lse = log_sum_exp (score, i + 1);
          y[(b * T + i) * C + c] = 0;
          for (gint64 j = 0; j <= i; j++)
            y[(b * T + i) * C + c] += exp (score[j] - lse) * x[1][(b * T + j) * C + c];
        }
}

/* What is received at position i meets the key of position j as often as that has faded, and takes its value. */
static void
define_wkv_matrix (const Trial *t, double *const *x, double *y)
{
  gint64 T = t->in[0].dim[1], C = t->in[0].dim[2], H = t->in[3].dim[0], D = C / H;

  for (gint64 b = 0; b < t->in[0].dim[0]; b++)
    for (gint64 h = 0; h < H; h++)
      for (gint64 i = 0; i < T; i++)
        for (gint64 d = 0; d < D; d++)
          {
            double sum = 0;

            for (gint64 j = 0; j <= i; j++)
              {
                double met = 0;

                for (gint64 e = 0; e < D; e++)
                  met += x[0][(b * T + i) * C + h * D + e] * x[1][(b * T + j) * C + h * D + e];
                sum += (j == i ? exp (x[4][h]) : exp (-(double) (i - 1 - j) * exp (x[3][h]))) * met * x[2][(b * T + j) * C + h * D + d];
              }
            y[(b * T + i) * C + h * D + d] = sum;
          }
}

static void
define_xent (const Trial *t, double *const *x, double *y)
{
  gint64 V = assay_shape_last (&t->in[0]), N = assay_shape_rows (&t->in[0]), B = t->in[0].dim[0];

  memset (y, 0, B * sizeof *y);
  for (gint64 n = 0; n < N; n++)
    y[n / (N / B)] += (t->n_in > 2 ? x[2][n] : 1) * (log_sum_exp (x[0] + n * V, V) - x[0][n * V + (gint64) x[1][n]]);
}

static void
define_logistic_loss (const Trial *t, double *const *x, double *y)
{
  for (gint64 b = 0; b < t->in[0].dim[0]; b++)
    y[b] = x[1][b] != 0 ? log_sum_exp ((double[]) { 0, -x[0][b] }, 2) : log_sum_exp ((double[]) { 0, x[0][b] }, 2);
}

static void
define_log_odds (const Trial *t, double *const *x, double *y)
{
  gint64 V = assay_shape_last (&t->in[0]), N = assay_shape_rows (&t->in[0]), B = t->in[0].dim[0];

  memset (y, 0, B * sizeof *y);
  for (gint64 n = 0; n < N; n++)
    {
      g_autofree double *held = g_new (double, V + 1);
      double answer = V > 1 ? x[0][n * V + (gint64) x[1][n]] : x[1][n] != 0 ? x[0][n] : 0;
      gint64 count = 0;

      for (gint64 i = 0; i < MAX (V, 2); i++)
        if (t->attr[0] == 0 || i != (gint64) x[1][n])
          held[count++] = V > 1 ? x[0][n * V + i] : i == 1 ? x[0][n] : 0;
      y[n / (N / B)] += (t->n_in > 2 ? x[2][n] : 1) * (answer - log_sum_exp (held, count));
    }
}

static void
define_entry (const Trial *t, double *const *x, double *y)
{
  gint64 B = t->in[0].dim[0], T = t->n_in > 1 ? t->in[0].dim[1] : 1, C = assay_shape_count (&t->in[0]) / B / T;

  for (gint64 b = 0; b < B; b++)
    {
      gint64 at = 0;

      for (gint64 p = 0; p < T; p++)
        if (t->n_in == 1 || x[1][b * T + p] != 0)
          at = (b * T + p) * C;
      y[b] = x[0][at + (gint64) t->attr[0]] - (t->attr[1] >= 0 ? x[0][at + (gint64) t->attr[1]] : 0);
    }
}

static void
define_probe (const Trial *t, double *const *x, double *y)
{
  gint64 B = t->in[0].dim[0], T = t->n_in > 2 ? t->in[0].dim[1] : 1, C = assay_shape_count (&t->in[1]);

  for (gint64 b = 0; b < B; b++)
    {
      double last = 0, sum = 0, weights = 0;

      for (gint64 p = 0; p < T; p++)
        {
          double value = t->attr[0], weight = t->n_in > 2 ? x[2][b * T + p] : 1;

          for (gint64 k = 0; k < C; k++)
            value += x[1][k] * x[0][(b * T + p) * C + k];
          last = weight != 0 ? value : last;
          sum += weight * value;
          weights += weight;
        }
      y[b] = t->n_in == 2 || t->attr[1] == 0 ? last : t->attr[1] == 2 ? sum : sum / weights;
    }
}

static void
define_squared_loss (const Trial *t, double *const *x, double *y)
{
  gint64 B = t->in[0].dim[0], D = assay_shape_count (&t->in[0]) / B;

  for (gint64 b = 0; b < B; b++)
    {
      y[b] = 0;
      for (gint64 i = b * D; i < (b + 1) * D; i++)
        y[b] += 0.5 * pow (x[0][i] - x[1][i], 2);
    }
}

static const struct { const char *op; Definition define; } definitions[] = {
  { "add", define_add }, { "attention", define_attention }, { "avg_pool", define_avg_pool }, { "causal_conv", define_causal_conv },
  { "conv2d", define_conv2d },
  { "embedding", define_rows }, { "entry", define_entry }, { "flatten", define_flatten }, { "gather", define_rows }, { "gelu", define_gelu },
  { "gelu_quick", define_gelu_quick }, { "gelu_tanh", define_gelu_tanh }, { "layernorm", define_layernorm }, { "linear", define_linear },
  { "log_odds", define_log_odds }, { "logistic_loss", define_logistic_loss }, { "matmul", define_matmul }, { "max_pool", define_max_pool }, { "mul", define_mul },
  { "position_embedding", define_position_embedding }, { "probe", define_probe }, { "relu", define_relu }, { "relu_squared", define_relu_squared }, { "rmsnorm", define_rmsnorm }, { "rope", define_rope },
  { "scale", define_scale }, { "selective_scan", define_selective_scan }, { "sigmoid", define_sigmoid }, { "silu", define_silu }, { "slice", define_slice },
  { "softmax", define_softmax }, { "softplus", define_softplus }, { "squared_loss", define_squared_loss }, { "tanh", define_tanh },
  { "token_shift", define_token_shift }, { "wkv", define_wkv }, { "wkv_matrix", define_wkv_matrix }, { "xent", define_xent },
};

static void
test_definition (gconstpointer data)
{
  gsize k = GPOINTER_TO_SIZE (data);
  const AssayOp *op = assay_op_find (definitions[k].op);

  g_assert_nonnull (op);
  for (const AssayOpCase *item = op->cases; item->name != NULL; item++)
    {
      g_autoptr (Trial) t = trial_new (op, item, ASSAY_F64);
      gint64 n = trial_count (t, TRIAL_Y, 0);
      g_autofree double *expected = g_new (double, n), *got = NULL;
      double *x[ASSAY_OP_MAX_IN] = { NULL }, errors[ASSAY_OP_MAX_IN];

      for (guint i = 0; i < t->n_in; i++)
        x[i] = trial_read (t, TRIAL_X, i);
      trial_run (t, ASSAY_FWD);
      trial_allow_errors (t, ASSAY_FWD, 1e-13, errors);
      definitions[k].define (t, x, expected);
      got = trial_read (t, TRIAL_Y, 0);
      trial_check_close (t, TRIAL_Y, 0, got, expected, errors[0]);
      for (guint i = 0; i < t->n_in; i++)
        g_free (x[i]);
    }
}

/* Among equal entries the first wins, and a NaN wins whatever stands before or after it. */
static void
test_winner (void)
{
  static const AssayOpCase item = { "a plane of equal entries", .in = { ASSAY_SHAPE (1, 1, 2, 4) } };
  static const struct { double x[8], y[2]; gint32 winner[2]; } planes[] = {
    { { 1, 1, 5, 7, 1, 1, 7, 7 }, { 1, 7 }, { 0, 3 } },
    { { -3, -2, -INFINITY, -INFINITY, -2, -2, -INFINITY, -INFINITY }, { -2, -INFINITY }, { 1, 2 } },
    { { NAN, 2, 3, 9, 4, 5, NAN, 4 }, { NAN, NAN }, { 0, 6 } },
  };
  const AssayOp *op = assay_op_find ("max_pool");

  for (gsize k = 0; k < G_N_ELEMENTS (planes); k++)
    {
      g_autoptr (Trial) t = trial_new (op, &item, ASSAY_F64);
      g_autofree double *y = NULL, *winner = NULL;

      trial_write (t, TRIAL_X, 0, planes[k].x);
      trial_run (t, ASSAY_FWD);
      y = trial_read (t, TRIAL_Y, 0);
      winner = trial_read (t, TRIAL_Y, 1);
      for (guint w = 0; w < 2; w++)
        {
          g_assert_true (y[w] == planes[k].y[w] || (isnan (y[w]) && isnan (planes[k].y[w])));
          g_assert_cmpfloat (winner[w], ==, planes[k].winner[w]);
        }
    }
}

/* Keys whose exponentials no float holds: a result is then one of the values, that of the key which is greatest with its bonus or its fading. */
static void
test_large_keys (void)
{
  enum { T = 5 };
  const AssayShape in[] = { ASSAY_SHAPE (1, T, 1), ASSAY_SHAPE (1, T, 1), ASSAY_SHAPE (1), ASSAY_SHAPE (1) }, out[] = { in[0], in[0], in[0] };
  const float k[T] = { 5000, 200, -3000, -8000, 5300 }, v[T] = { 1, 2, 3, 4, 5 }, w = 0, u = 10000, dy[T] = { 1, 1, 1, 1, 1 };
  const float result[T] = { 1, 2, 3, 1, 5 }, mean[T] = { 1, 1, 1, 1, 5 }, log_sum[T] = { 5000, 4999, 4998, 4997, 5300 }, of_values[T] = { 2, 1, 1, 0, 1 };
  float y[T], m[T], l[T], dk[T] = { 0 }, dv[T] = { 0 }, dw = 0, du = 0, scratch[16];
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  AssayOpCall call = { .n_in = 4, .n_out = 3, .in_shape = in, .out_shape = out, .x = { k, v, &w, &u }, .y = { y, m, l }, .dy = dy, .dx = { dk, dv, &dw, &du },
                       .scratch = (char *) scratch, .scratch_bytes = sizeof scratch };

  for (guint rule = ASSAY_FWD; rule <= ASSAY_BWD; rule++)
    g_assert_true (assay_op_run (assay_op_find ("wkv"), rule, ASSAY_F32, backend, &call, NULL));
  g_assert_cmpmem (y, sizeof y, result, sizeof result);
  g_assert_cmpmem (m, sizeof m, mean, sizeof mean);
  g_assert_cmpmem (l, sizeof l, log_sum, sizeof log_sum);
  g_assert_cmpmem (dv, sizeof dv, of_values, sizeof of_values);
  for (gint64 t = 0; t < T; t++)
    g_assert_cmpfloat (dk[t], ==, 0);
  g_assert_cmpfloat (dw, ==, 0);
  g_assert_cmpfloat (du, ==, 0);
}

/* Where a call asks for products in bf16, linear forms all three of its products so, and adds its bias as it is. */
static void
test_compute (void)
{
  enum { N = 9, I = 37, O = 21 };
  const AssayOp *op = assay_op_find ("linear");
  const AssayShape in[] = { ASSAY_SHAPE (N, I), ASSAY_SHAPE (O, I), ASSAY_SHAPE (O) }, out = ASSAY_SHAPE (N, O);
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  static float x[N * I], W[O * I], b[O], dy[N * O], y[N * O], dx[N * I], dW[O * I], db[O], expected[O * I], full[O * I];
  AssayRng rng = assay_rng_new (5, 0);
  float *drawn[] = { x, W, b, dy };
  const gint64 sizes[] = { N * I, O * I, O, N * O };
  AssayOpCall call = { .n_in = 3, .n_out = 1, .in_shape = in, .out_shape = &out, .x = { x, W, b }, .y = { y }, .dy = dy, .dx = { dx, dW, db }, .fresh = 7,
                       .compute = ASSAY_COMPUTE_BF16 };

  for (guint k = 0; k < G_N_ELEMENTS (drawn); k++)
    for (gint64 i = 0; i < sizes[k]; i++)
      drawn[k][i] = (float) assay_rng_normal (&rng);
  for (guint k = 0; k < 2; k++)
    g_assert_true (assay_op_run (op, k ? ASSAY_BWD : ASSAY_FWD, ASSAY_F32, backend, &call, NULL));
  for (gint64 i = 0; i < N * O; i++)
    full[i] = expected[i] = b[i % O];
  assay_gemm_bf16 (NULL, FALSE, TRUE, N, O, I, 1, x, I, W, I, TRUE, expected, O);
  assay_gemm_f32 (NULL, FALSE, TRUE, N, O, I, 1, x, I, W, I, TRUE, full, O);
  g_assert_cmpmem (y, sizeof y, expected, sizeof y);
  g_assert_cmpint (memcmp (y, full, sizeof y), !=, 0);
  assay_gemm_bf16 (NULL, FALSE, FALSE, N, I, O, 1, dy, O, W, I, FALSE, expected, I);
  g_assert_cmpmem (dx, sizeof dx, expected, sizeof dx);
  assay_gemm_bf16 (NULL, TRUE, FALSE, O, I, N, 1, dy, O, x, I, FALSE, expected, I);
  g_assert_cmpmem (dW, sizeof dW, expected, sizeof dW);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize k = 0; k < G_N_ELEMENTS (definitions); k++)
    {
      g_autofree char *path = g_strdup_printf ("/values/%s is what the textbook says", definitions[k].op);

      g_test_add_data_func (path, GSIZE_TO_POINTER (k), test_definition);
    }
  g_test_add_func ("/values/the first of equal entries wins its window, NaN always", test_winner);
  g_test_add_func ("/values/a fading mean of keys in thousands is one of its values", test_large_keys);
  g_test_add_func ("/values/linear forms its products in bf16 where it is asked to", test_compute);
  return g_test_run ();
}
