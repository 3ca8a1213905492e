/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_rounding.c: what roundings do to a logit, one rule for each operation, and the walks. */
#include "influence/reference_rounding.h"

#include "base/error.h"
#include "model/exec.h"

#include <math.h>
#include <string.h>

#define LAMBDA 6.0
#define UNIT 0x1p-24            /* of f32 */
#define OF_FUNCTION 24          /* roundings of an exponential or error function and what is around it */
#define TILE 64                 /* keys between which a mixture in attention may be scaled anew */

/* A node of the walk in f64: its inputs, result and adjoint, and how many elements these have. */
typedef struct {
  const AssayGraphNode *node;
  const double *x[ASSAY_OP_MAX_IN], *y, *dy;
  gint64 n, C;                  /* elements of the result, of its last axis */
} Place;

/* The node's part of S. */
typedef double (*SumFunc) (const Place *p);

static double
square (double x)
{
  return x * x;
}

/* --- elements of their own ------------------------------------------------------------------------------------------------- */

static double
sum_none (const Place *p)
{
  (void) p;
  return 0;
}

static double
sum_result (const Place *p)
{
  double sum = 0;

  for (gint64 e = 0; e < p->n; e++)
    sum += square (p->dy[e] * p->y[e]);
  return sum;
}

/* f (x (1 + u)) is off by f' x u, and no f' here is above 1.13. */
static double
sum_function (const Place *p)
{
  double sum = 0;

  for (gint64 e = 0; e < p->n; e++)
    sum += OF_FUNCTION * square (p->dy[e] * (fabs (p->y[e]) + 1.13 * fabs (p->x[0][e])));
  return sum;
}

/* Partial sums are at most |W| |x| + |b|. */
static double
sum_linear (const Place *p)
{
  gint64 K = assay_shape_last (&p->node->in_shape[0]);
  double sum = 0;

  for (gint64 e = 0; e < p->n; e++)
    {
      const double *x = p->x[0] + e / p->C * K, *w = p->x[1] + e % p->C * K;
      double most = p->node->n_in > 2 ? fabs (p->x[2][e % p->C]) : 0;

      for (gint64 k = 0; k < K && p->dy[e] != 0; k++)
        most += fabs (w[k] * x[k]);
      sum += (2 * (double) K + 1) * square (p->dy[e] * most);
    }
  return sum;
}

static double
sum_causal_conv (const Place *p)
{
  gint64 T = p->node->in_shape[0].dim[1], C = p->C, K = p->node->in_shape[1].dim[2];
  double sum = 0;

  for (gint64 e = 0; e < p->n; e++)
    {
      gint64 t = e / C % T, i = e % C;
      double most = p->node->n_in > 2 ? fabs (p->x[2][i]) : 0;

      for (gint64 k = MAX (0, K - 1 - t); k < K; k++)
        most += fabs (p->x[1][i * K + k] * p->x[0][e + (k - K + 1) * C]);
      sum += (2 * (double) K + 1) * square (p->dy[e] * most);
    }
  return sum;
}

/* 1 - m is rounded, then two products and their sum. */
static double
sum_token_shift (const Place *p)
{
  gint64 T = p->node->in_shape[0].dim[1], C = p->C;
  double sum = 0;

  for (gint64 e = 0; e < p->n; e++)
    {
      double m = p->x[1][e % C], before = e / C % T > 0 ? (1 - m) * p->x[0][e - C] : 0;

      sum += square (p->dy[e]) * (square (m * p->x[0][e]) + 2 * square (before) + square (p->y[e]));
    }
  return sum;
}

/* --- shared within a position ------------------------------------------------------------------------------------------------ */

/* A product with the cosine is at most |x| + |y|; cosine and sine are rounded, too, once for all heads. */
static double
sum_rope (const Place *p)
{
  double sum = 0;

  for (gint64 first = 0; first < p->n; first += p->C)
    {
      double all = 0;

      for (gint64 e = first; e < first + p->C; e++)
        all += fabs (p->dy[e]) * (fabs (p->y[e]) + fabs (p->x[0][e]));
      sum += 5 * square (all);
    }
  return sum;
}

/* The mean is off by u mean |x|, what is divided by the deviation by the division and what the deviation is off by. */
static double
sum_layernorm (const Place *p)
{
  gint64 G = (gint64) p->node->attr[1], C = p->C / G;
  double sum = 0;

  for (gint64 first = 0; first < p->n; first += C)
    {
      const double *x = p->x[0] + first, *y = p->y + first, *dy = p->dy + first, *gain = p->x[1] + first / C % G * C;
      double mean = 0, size = 0, variance = 0, all = 0, s;

      for (gint64 i = 0; i < C; i++)
        {
          mean += x[i] / (double) C;
          size += fabs (x[i]) / (double) C;
        }
      for (gint64 i = 0; i < C; i++)
        variance += square (x[i] - mean) / (double) C;
      s = sqrt (variance + p->node->attr[0]);
      for (gint64 i = 0; i < C; i++)
        all += fabs (dy[i]) * (fabs (gain[i]) * (size + fabs (x[i] - mean)) / s + fabs (y[i]));
      sum += (2 * (double) C + 8) * square (all);
    }
  return sum;
}

static double
sum_rmsnorm (const Place *p)
{
  double sum = 0;

  for (gint64 first = 0; first < p->n; first += p->C)
    {
      double all = 0;

      for (gint64 e = first; e < first + p->C; e++)
        all += fabs (p->dy[e] * p->y[e]);
      sum += (2 * (double) p->C + 4) * square (all);
    }
  return sum;
}

/* --- attention --------------------------------------------------------------------------------------------------------------- */

/* One head of an example; position t of a role at x + t stride. */
typedef struct {
  const double *q, *k, *v, *y, *dy;
  gint64 q_stride, k_stride, C, T, D;
  double scale, *score, *size;  /* (T): of the keys of a query, and |q| |k| */
} Head;

/* Scores of query t, their sizes, and the largest; keys first .. end - 1. */
static double
fill_scores (const Head *h, gint64 t, gint64 first, gint64 end)
{
  double most = -INFINITY;

  for (gint64 k = first; k < end; k++)
    {
      h->score[k] = h->size[k] = 0;
      for (gint64 d = 0; d < h->D; d++)
        {
          double part = h->scale * h->q[t * h->q_stride + d] * h->k[k * h->k_stride + d];

          h->score[k] += part;
          h->size[k] += fabs (part);
        }
      most = MAX (most, h->score[k]);
    }
  return most;
}

/* Of query t: a score that is off by r moves z by r p (dy'v - dy'y); products, sums and the denominator by what they hold. */
static double
sum_query (const Head *h, gint64 t, gint64 first, gint64 end)
{
  const double *y = h->y + t * h->C, *dy = h->dy + t * h->C;
  double most = fill_scores (h, t, first, end), denominator = 0, along = 0, sum = 0, mixed = 0, n = (double) (end - first);

  for (gint64 k = first; k < end; k++)
    denominator += exp (h->score[k] - most);
  for (gint64 d = 0; d < h->D; d++)
    along += dy[d] * y[d];
  for (gint64 k = first; k < end; k++)
    {
      double p = exp (h->score[k] - most) / denominator, moved = -along;

      for (gint64 d = 0; d < h->D; d++)
        moved += dy[d] * h->v[k * h->k_stride + d];
      sum += (2 * (double) h->D + OF_FUNCTION) * square (p * moved * (h->size[k] + most - h->score[k] + 1));
    }
  for (gint64 d = 0; d < h->D; d++)
    {
      double held = 0;

      for (gint64 k = first; k < end; k++)
        held += exp (h->score[k] - most) / denominator * fabs (h->v[k * h->k_stride + d]);
      sum += 2 * n * square (dy[d] * held);
      mixed += fabs (dy[d]) * held;
    }
  return sum + n * square (along) + OF_FUNCTION * (n / TILE + 1) * square (mixed);
}

static double
sum_attention (const Place *p)
{
  const AssayShape *in = p->node->in_shape;
  gint64 B = in[0].dim[0], T = in[0].dim[1], H = (gint64) p->node->attr[0], G = p->node->attr[1] > 0 ? (gint64) p->node->attr[1] : H, D = p->C / H;
  gboolean packed = p->node->n_in == 1, causal = p->node->attr[2] != 0;
  gint64 q_stride = packed ? (H + 2 * G) * D : H * D, k_stride = packed ? q_stride : G * D, window = causal && p->node->attr[4] > 0 ? (gint64) p->node->attr[4] : T;
  const double *keys = packed ? p->x[0] + H * D : p->x[1], *values = packed ? p->x[0] + (H + G) * D : p->x[2];
  g_autofree double *room = g_new (double, 2 * T);
  double sum = 0;

  for (gint64 b = 0; b < B; b++)
    for (gint64 j = 0; j < H; j++)
      {
        gint64 of_keys = b * T * k_stride + j / (H / G) * D, of_result = b * T * p->C + j * D;
        Head h = { .q = p->x[0] + b * T * q_stride + j * D, .k = keys + of_keys, .v = values + of_keys, .y = p->y + of_result, .dy = p->dy + of_result,
                   .q_stride = q_stride, .k_stride = k_stride, .C = p->C, .T = T, .D = D, .scale = p->node->attr[3] > 0 ? p->node->attr[3] : 1 / sqrt ((double) D),
                   .score = room, .size = room + T };

        for (gint64 t = 0; t < T; t++)
          sum += sum_query (&h, t, MAX (0, t - window + 1), causal ? t + 1 : T);
      }
  return sum;
}

/* --- the scan ---------------------------------------------------------------------------------------------------------------- */

enum { X, STEP, A_LOG, WRITE, READ, SKIP };             /* inputs of the operation */

/* States of one channel and state of an example, and their adjoints: what step t rounds moves z by dh_t times it; A is rounded once for all steps. */
static double
sum_state (const Place *p, gint64 b, gint64 i, gint64 s, double *h, double *held)
{
  gint64 T = p->node->in_shape[X].dim[1], I = p->C, S = p->node->in_shape[A_LOG].dim[1];
  double A = exp (p->x[A_LOG][i * S + s]), carry = 0, of_A = 0, sum = 0;

  for (gint64 t = 0; t < T; t++)
    {
      gint64 at = (b * T + t) * I + i;

      h[t] = (t > 0 ? exp (-p->x[STEP][at] * A) * h[t - 1] : 0) + p->x[STEP][at] * p->x[WRITE][(b * T + t) * S + s] * p->x[X][at];
      held[t] += fabs (p->x[READ][(b * T + t) * S + s] * h[t]);
    }
  for (gint64 t = T - 1; t >= 0; t--)
    {
      gint64 at = (b * T + t) * I + i;
      double d = p->x[STEP][at], e = exp (-d * A), kept = t > 0 ? e * h[t - 1] : 0, dh = carry + p->x[READ][(b * T + t) * S + s] * p->dy[at];

      of_A += dh * d * A * kept;
      sum += OF_FUNCTION * square (dh * kept * (1 + d * A)) + 3 * square (dh * (h[t] - kept)) + square (dh * h[t]);
      carry = e * dh;
    }
  return sum + OF_FUNCTION * square (of_A) * square (1 + fabs (p->x[A_LOG][i * S + s]));
}

static double
sum_scan (const Place *p)
{
  gint64 T = p->node->in_shape[X].dim[1], I = p->C, S = p->node->in_shape[A_LOG].dim[1], B = p->n / (T * I);
  g_autofree double *h = g_new (double, T), *held = g_new (double, T);
  double sum = 0;

  for (gint64 b = 0; b < B; b++)
    for (gint64 i = 0; i < I; i++)
      {
        for (gint64 t = 0; t < T; t++)
          held[t] = fabs (p->x[SKIP][i] * p->x[X][(b * T + t) * I + i]);
        for (gint64 s = 0; s < S; s++)
          sum += sum_state (p, b, i, s, h, held);
        for (gint64 t = 0; t < T; t++)
          sum += (2 * (double) S + 2) * square (p->dy[(b * T + t) * I + i] * held[t]);
      }
  return sum;
}

/* --- the fading mean --------------------------------------------------------------------------------------------------------- */

enum { KEY, VALUE, RATE, BONUS };                       /* inputs of the operation */

static double
logistic (double z)
{
  return 1 / (1 + exp (-z));
}

/* One channel of an example. m, l: room for T means and logarithms. What position t rounds moves z by dy_t, or by the adjoints M and L of the mean and of the
 * logarithm behind it; a share is off by its derivative times what its argument is off by. */
static double
sum_fading (const Place *p, gint64 b, gint64 i, double *m, double *l)
{
  gint64 T = p->node->in_shape[KEY].dim[1], C = p->C;
  double d = exp (p->x[RATE][i]), u = p->x[BONUS][i], M = 0, L = 0, of_d = 0, sum = 0;

  for (gint64 t = 0; t < T; t++)
    {
      double k = p->x[KEY][(b * T + t) * C + i], v = p->x[VALUE][(b * T + t) * C + i], taken = t > 0 ? logistic (k - l[t - 1] + d) : 1;

      m[t] = t > 0 ? (1 - taken) * m[t - 1] + taken * v : v;
      l[t] = t > 0 ? fmax (k, l[t - 1] - d) + log1p (exp (-fabs (k - l[t - 1] + d))) : k;
    }
  for (gint64 t = T - 1; t > 0; t--)
    {
      double k = p->x[KEY][(b * T + t) * C + i], v = p->x[VALUE][(b * T + t) * C + i], dy = p->dy[(b * T + t) * C + i], x = v - m[t - 1];
      double g = logistic (u + k - l[t - 1]), taken = logistic (k - l[t - 1] + d), size = fabs (k) + fabs (l[t - 1]);
      double of_g = g * (1 - g) * x * dy, of_taken = taken * (1 - taken) * x * M;

      sum += OF_FUNCTION * square (of_g) * square (1 + fabs (u) + size) + 3 * square (dy) * square ((1 - g) * fabs (m[t - 1]) + g * fabs (v));
      sum += OF_FUNCTION * square (of_taken) * square (1 + d + size) + 3 * square (M) * square ((1 - taken) * fabs (m[t - 1]) + taken * fabs (v));
      sum += OF_FUNCTION * square (L) * square (fabs (l[t]) + d + size);
      of_d += of_taken - (1 - taken) * L;
      L = (1 - taken) * L - of_g - of_taken;
      M = (1 - g) * dy + (1 - taken) * M;
    }
  return sum + OF_FUNCTION * square (of_d * d * (1 + fabs (p->x[RATE][i])));
}

static double
sum_wkv (const Place *p)
{
  gint64 T = p->node->in_shape[KEY].dim[1], B = p->n / (T * p->C);
  g_autofree double *m = g_new (double, T), *l = g_new (double, T);
  double sum = 0;

  for (gint64 b = 0; b < B; b++)
    for (gint64 i = 0; i < p->C; i++)
      sum += sum_fading (p, b, i, m, l);
  return sum;
}

/* --- the fading matrix ------------------------------------------------------------------------------------------------------- */

enum { RECEPTANCE, HEAD_KEY, HEAD_VALUE, HEAD_RATE, HEAD_BONUS };     /* inputs of the operation */

static double
dot (gint64 n, const double *a, const double *b)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

/* One position of a head. S: the state before it, next: behind it; G: the adjoint of next, that of S when done. of_f, of_b: what these move z by. */
static double
sum_received (const Place *p, gint64 at, gint64 D, double f, double bonus, const double *S, const double *next, double *G, double *of_f, double *of_b)
{
  const double *r = p->x[RECEPTANCE] + at, *k = p->x[HEAD_KEY] + at, *v = p->x[HEAD_VALUE] + at, *dy = p->dy + at;
  double q = dot (D, dy, v), met = 0, sum = 0;

  for (gint64 i = 0; i < D; i++)
    met += fabs (r[i] * k[i]);
  for (gint64 j = 0; j < D; j++)
    {
      double held = bonus * met * fabs (v[j]);

      for (gint64 i = 0; i < D; i++)
        held += fabs (r[i] * S[i * D + j]);
      sum += (2 * (double) D + 3) * square (dy[j] * held);
    }
  for (gint64 i = 0; i < D; i++)
    for (gint64 j = 0; j < D; j++)
      {
        double *g = G + i * D + j, before = S[i * D + j];

        sum += square (*g) * (square (f * before) + square (k[i] * v[j]) + square (next[i * D + j]));
        *of_f += *g * before;
        *g = f * *g + r[i] * dy[j];
      }
  *of_b += q * dot (D, r, k);
  return sum + 2 * (double) D * square (bonus * q * met);
}

/* What a head of an example rounds. S: room for T + 1 states, G for one. */
static double
sum_head (const Place *p, gint64 b, gint64 h, double *S, double *G)
{
  gint64 T = p->node->in_shape[RECEPTANCE].dim[1], D = p->C / p->node->in_shape[HEAD_RATE].dim[0], first = b * T * p->C + h * D;
  double w = p->x[HEAD_RATE][h], u = p->x[HEAD_BONUS][h], f = exp (-exp (w)), of_f = 0, of_b = 0, sum = 0;

  memset (S, 0, D * D * sizeof *S);
  memset (G, 0, D * D * sizeof *G);
  for (gint64 t = 0; t < T; t++)
    for (gint64 i = 0; i < D; i++)
      for (gint64 j = 0; j < D; j++)
        S[((t + 1) * D + i) * D + j] = f * S[(t * D + i) * D + j] + p->x[HEAD_KEY][first + t * p->C + i] * p->x[HEAD_VALUE][first + t * p->C + j];
  for (gint64 t = T - 1; t >= 0; t--)
    sum += sum_received (p, first + t * p->C, D, f, exp (u), S + t * D * D, S + (t + 1) * D * D, G, &of_f, &of_b);
  return sum + OF_FUNCTION * square (of_f * f * (1 + exp (w) * (1 + fabs (w)))) + OF_FUNCTION * square (of_b * exp (u) * (1 + fabs (u)));
}

static double
sum_wkv_matrix (const Place *p)
{
  gint64 T = p->node->in_shape[RECEPTANCE].dim[1], H = p->node->in_shape[HEAD_RATE].dim[0], D = p->C / H, B = p->n / (T * p->C);
  g_autofree double *S = g_new (double, (T + 1) * D * D), *G = g_new (double, D * D);
  double sum = 0;

  for (gint64 b = 0; b < B; b++)
    for (gint64 h = 0; h < H; h++)
      sum += sum_head (p, b, h, S, G);
  return sum;
}

static const struct { const char *op; SumFunc sum; } rules[] = {
  { "embedding", sum_none }, { "slice", sum_none }, { "relu", sum_none }, { "add", sum_result }, { "mul", sum_result }, { "position_embedding", sum_result },
  { "tanh", sum_function }, { "sigmoid", sum_function }, { "gelu", sum_function }, { "gelu_tanh", sum_function }, { "gelu_quick", sum_function },
  { "silu", sum_function }, { "relu_squared", sum_function },  { "softplus", sum_function }, { "linear", sum_linear }, { "causal_conv", sum_causal_conv }, { "rope", sum_rope }, { "layernorm", sum_layernorm },
  { "rmsnorm", sum_rmsnorm }, { "attention", sum_attention }, { "selective_scan", sum_scan }, { "token_shift", sum_token_shift },
  { "wkv", sum_wkv }, { "wkv_matrix", sum_wkv_matrix },
};

/* --- the bound ------------------------------------------------------------------------------------------------------------- */

/* *sum += the part of one node. */
static gboolean
add_node (const AssayExec *exec, const double *theta, const AssayGraphNode *node, double *sum, GError **error)
{
  AssayGraph *graph = assay_exec_get_graph (exec);
  const AssayGraphValue *y = assay_graph_get_value (graph, node->out[0]);
  Place p = { .node = node, .y = assay_exec_get_buffer (exec, ASSAY_PRIMAL, node->out[0]), .dy = assay_exec_get_buffer (exec, ASSAY_ADJOINT, node->out[0]),
              .n = assay_shape_count (&y->shape), .C = assay_shape_last (&y->shape) };

  if (!y->reaches_loss || node->op->flags & ASSAY_OP_LOSS)
    return TRUE;
  for (guint i = 0; i < node->n_in; i++)
    {
      const AssayGraphValue *x = assay_graph_get_value (graph, node->in[i]);

      p.x[i] = x->role == ASSAY_VALUE_PARAM ? theta + x->offset : assay_exec_get_buffer (exec, ASSAY_PRIMAL, node->in[i]);
    }
  for (gsize k = 0; k < G_N_ELEMENTS (rules); k++)
    if (strcmp (rules[k].op, node->op->name) == 0)
      {
        *sum += rules[k].sum (&p);
        return TRUE;
      }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "roundings in f32: %s: nobody has counted those of operation %s", y->name, node->op->name);
  return FALSE;
}

/* Everything that the rules read: results and their adjoints. */
static guint *
collect_keep (AssayGraph *graph)
{
  GArray *keep = g_array_new (FALSE, FALSE, sizeof (guint));
  guint end = ASSAY_NO_VALUE;

  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    {
      const AssayGraphValue *value = assay_graph_get_value (graph, v);
      guint adjoint = ASSAY_KEEP_ADJOINT (v);

      if (value->role != ASSAY_VALUE_RESULT || !value->reaches_loss)
        continue;
      g_array_append_val (keep, v);
      g_array_append_val (keep, adjoint);
    }
  g_array_append_val (keep, end);
  return (guint *) (void *) g_array_free (keep, FALSE);
}

/* Buffers that a walk reads; no loss is wanted of it. */
typedef struct {
  gint64 T;
  const gint32 *tokens;
  gint32 *targets;
  void *weight;                 /* (T) of the walk's type */
} Inputs;

static AssayExec *
walk (const AssayModel *model, AssayWalk kind, const guint *keep, const Inputs *inputs, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayGraph) graph = assay_model_get_context (model) == inputs->T ? assay_model_build (model, 1, error) : assay_model_build_sequences (model, 1, inputs->T, error);
  g_autofree guint *all = graph != NULL && keep == NULL ? collect_keep (graph) : NULL;
  g_autoptr (AssayExec) exec = graph ? assay_exec_new (graph, kind, assay_model_get_dtype (model), backend, keep ? keep : all, error) : NULL;

  if (exec == NULL)
    return NULL;
  assay_exec_set_input (exec, assay_graph_find (graph, "tokens"), inputs->tokens);
  assay_exec_set_input (exec, assay_graph_find (graph, "targets"), inputs->targets);
  assay_exec_set_input (exec, assay_graph_find (graph, "weight"), inputs->weight);
  return g_steal_pointer (&exec);
}

gboolean
assay_rounding_bound (const AssayModel *model, gint64 T, const gint32 *tokens, gint64 entry, AssayBackend *backend, double *bound, GError **error)
{
  const gint64 V = assay_values_get_int (assay_model_get_config (model), "vocabulary");
  g_autofree char *name = g_strdup_printf ("logit:%" G_GINT64_FORMAT, entry % V);
  g_autofree gint32 *targets = g_new0 (gint32, T);
  g_autofree double *weight = g_new0 (double, T);
  const Inputs inputs = { T, tokens, targets, weight };
  g_autoptr (AssayMeasure) measure = assay_measure_parse (name, error);
  g_autoptr (AssayModel) measured = measure ? assay_model_new_measured (model, measure, error) : NULL;
  g_autoptr (AssayExec) exec = NULL;
  double sum = 0;

  if (measured == NULL)
    return FALSE;
  weight[entry / V] = 1;                                          /* the last position that counts is looked at */
  exec = walk (measured, ASSAY_WALK_GRADIENT, NULL, &inputs, backend, error);
  if (exec == NULL || !assay_exec_prepare (exec, assay_model_get_theta (measured), NULL, NULL, FALSE, error))
    return FALSE;
  for (guint n = 0; n < assay_graph_get_n_nodes (assay_exec_get_graph (exec)); n++)
    if (!add_node (exec, assay_model_get_theta (measured), assay_graph_get_node (assay_exec_get_graph (exec), n), &sum, error))
      return FALSE;
  *bound = LAMBDA * sqrt (sum);
  return TRUE;
}

gboolean
assay_rounding_read_logits (AssayModel *model, gint64 T, const gint32 *tokens, AssayBackend *backend, double *logits, GError **error)
{
  const gint64 V = assay_values_get_int (assay_model_get_config (model), "vocabulary");
  const guint logits_value = assay_graph_get_logits (assay_model_get_layout (model)), keep[] = { logits_value, ASSAY_NO_VALUE };
  g_autofree gint32 *targets = g_new0 (gint32, T);
  g_autofree double *weight = g_new0 (double, T);                 /* zeros in either type */
  const Inputs inputs = { T, tokens, targets, weight };
  g_autoptr (AssayExec) exec = walk (model, ASSAY_WALK_FORWARD, keep, &inputs, backend, error);

  if (exec == NULL || !assay_exec_prepare (exec, assay_model_get_theta (model), NULL, NULL, FALSE, error))
    return FALSE;
  assay_dtype_convert (assay_model_get_dtype (model), assay_exec_get_buffer (exec, ASSAY_PRIMAL, logits_value), ASSAY_F64, logits, (gsize) (T * V));
  return TRUE;
}

static gboolean
has_token_logits (const AssayModel *model)
{
  AssayGraph *layout = assay_model_get_layout (model);

  return strcmp (assay_graph_get_node (layout, assay_graph_get_value (layout, assay_graph_get_own_loss (layout))->node)->op->name, "xent") == 0;
}

gboolean
assay_reference_check_rounding (const AssayReferenceFiles *c, gint64 T, const gint32 *tokens, GError **error)
{
  const AssayCheckpointOptions options = { .has_dtype = TRUE, .dtype = ASSAY_F32, .context = T };
  g_autoptr (AssayModel) narrow = assay_checkpoint_load_directory (c->directory, &options, error);
  g_autoptr (AssayModel) wide = narrow ? assay_model_copy (narrow, ASSAY_F64, error) : NULL;
  g_autofree double *ours = NULL, *exact = NULL;
  gint64 V, n, worst = 0;
  double bound, largest = 0;

  if (wide == NULL || !has_token_logits (wide))
    return wide != NULL;
  V = assay_values_get_int (assay_model_get_config (wide), "vocabulary");
  n = T * V;
  ours = g_new (double, n);
  exact = g_new (double, n);
  if (!assay_rounding_read_logits (narrow, T, tokens, c->backend, ours, error) || !assay_rounding_read_logits (wide, T, tokens, c->backend, exact, error))
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    {
      largest = MAX (largest, fabs (exact[i]));
      worst = fabs (ours[i] - exact[i]) > fabs (ours[worst] - exact[worst]) ? i : worst;
    }
  if (!assay_rounding_bound (wide, T, tokens, worst, c->backend, &bound, error))
    return FALSE;
  c->func ("long.logits in f32", n, ours, exact, UNIT * bound / largest, c->data);
  return TRUE;
}
