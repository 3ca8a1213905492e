/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oracle_case.c: see oracle_case.h. */
#include "oracle_case.h"

#include "base/rng.h"
#include "hessian/curvature.h"
#include "influence/reference_config.h"
#include "store/safetensors.h"

#include <complex.h>
#include <math.h>
#include <glib/gstdio.h>
#include <string.h>

#define STEP 1e-30
#define LAMBDA0 0.05
#define LAMBDA1 1.0
#define L2 0.05
#define SWEEPS 12

const OracleSpec oracle_specs[] = {
  { "logistic", "{\"in\": 4, \"classes\": 3, \"bias\": true}", NULL, 14, 3 },
  { "logistic", "{\"in\": 3, \"classes\": 4, \"bias\": false}", NULL, 11, 2 },
  { "mlp", "{\"widths\": [4, 5, 4, 3, 3], \"acts\": [\"tanh\", \"gelu\", \"silu\"], \"bias\": true}", NULL, 9, 2 },
  { "mlp", "{\"widths\": [3, 5, 4, 2], \"acts\": [\"relu\", \"none\"], \"bias\": false}", NULL, 9, 2 },
  { "cnn",
   "{\"input\": [2, 6, 6], \"conv\": [{\"in\": 2, \"out\": 2, \"kernel\": 3, \"stride\": 1, \"padding\": 1, \"act\": \"silu\","
    " \"pool\": {\"kind\": \"max\", \"kernel\": 2, \"stride\": 2}}, {\"in\": 2, \"out\": 3, \"kernel\": 2, \"stride\": 1, \"padding\": 1,"
    " \"act\": \"gelu_tanh\", \"pool\": {\"kind\": \"average\", \"kernel\": 2, \"stride\": 2}}], \"fc\": [12, 4, 3], \"fc_act\": \"tanh\","
    " \"bias\": true}", NULL, 7, 2 },
  { "cnn",
   "{\"input\": [1, 5, 5], \"conv\": [{\"in\": 1, \"out\": 2, \"kernel\": 3, \"stride\": 2, \"padding\": 0, \"act\": \"none\","
    " \"pool\": {\"kind\": \"none\"}}], \"fc\": [8, 3], \"fc_act\": \"none\", \"bias\": false}", NULL, 7, 2 },
  { "transformer_gpt2", "{\"d\": 4, \"layers\": 1, \"heads\": 2, \"ffn\": 6, \"eps\": 1e-5, \"V\": 7, \"T\": 5,"
    " \"bias\": true, \"tied\": true}", "mean", 6, 2 },
  { "transformer_llama",
   "{\"d\": 8, \"layers\": 1, \"heads\": 4, \"kv_heads\": 2, \"ffn\": 5, \"eps\": 1e-6, \"rope_theta\": 100.0,"
    " \"V\": 6, \"T\": 5, \"bias\": false, \"tied\": false}", "sum", 6, 2 },
  { "transformer_gpt2", "{\"d\": 4, \"layers\": 1, \"heads\": 1, \"ffn\": 3, \"eps\": 1e-3, \"V\": 5, \"T\": 1, \"act\": \"gelu\","
    " \"bias\": false, \"tied\": false}", "sum", 7, 2 },
  { .kind = NULL }
};

typedef struct {
  gint64 N, Q, T, P, V, C;      /* T 0: one prediction; V outputs of a prediction; C predictions of an example, max (T, 1) */
  double weight;                /* of a prediction in its example's loss */
  AssayBackend *backend;
  AssayModel *model;
  AssayDataset *dataset;
  double *theta;
  gint32 *target;               /* (N+Q,C) */
  gint64 *examples;             /* 0 .. N+Q-1 */
  GArray *tensors;              /* AssaySafetensor; names and data are owned */
} Oracle;

/* --- forward pass in complex numbers ---------------------------------------------------------------------------------- */

/* loss (N+Q), token_loss (N+Q,C), logits (N+Q,C,V); any NULL. theta + i h direction; direction NULL: e_j. */
static void
forward (const Oracle *o, const double *theta, const double *direction, gint64 j, double complex *loss, double complex *token_loss,
         double complex *logits)
{
  gint64 n = o->N + o->Q;
  guint keep[] = { assay_graph_get_logits (assay_model_get_layout (o->model)), ASSAY_NO_VALUE };
  GError *error = NULL;
  g_autoptr (AssayPass) pass = assay_pass_new (o->model, o->dataset, ASSAY_WALK_FORWARD, ASSAY_C128, n, o->backend, keep, &error);
  g_autofree double complex *z = g_new (double complex, o->P);
  AssayExec *exec = assay_pass_get_exec (pass);

  g_assert_no_error (error);
  for (gint64 k = 0; k < o->P; k++)
    z[k] = theta[k] + STEP * (direction ? direction[k] : k == j) * _Complex_I;
  assay_pass_bind (pass, o->examples);
  assay_exec_prepare (exec, z, NULL, NULL, FALSE, &error);
  g_assert_no_error (error);
  if (loss != NULL)
    memcpy (loss, assay_exec_get_loss (exec), n * sizeof *loss);
  if (token_loss != NULL)
    memcpy (token_loss, assay_exec_get_buffer (exec, ASSAY_PRIMAL, assay_graph_get_token_loss (assay_exec_get_graph (exec))),
            n * o->C * sizeof *token_loss);
  if (logits != NULL)
    memcpy (logits, assay_exec_get_buffer (exec, ASSAY_PRIMAL, keep[0]), n * o->C * o->V * sizeof *logits);
}

/* gradients (N+Q,P) of every loss, jacobian (P,N+Q,C,V) of every logit or NULL. */
static void
differentiate (const Oracle *o, const double *theta, double *gradients, double *jacobian)
{
  gint64 n = o->N + o->Q, L = n * o->C * o->V;
  g_autofree double complex *loss = g_new (double complex, n), *logits = g_new (double complex, L);

  for (gint64 j = 0; j < o->P; j++)
    {
      forward (o, theta, NULL, j, loss, NULL, logits);
      for (gint64 i = 0; i < n; i++)
        gradients[i * o->P + j] = cimag (loss[i]) / STEP;
      for (gint64 k = 0; jacobian != NULL && k < L; k++)
        jacobian[j * L + k] = cimag (logits[k]) / STEP;
    }
}

/* G = (1/N) sum J' w (diag p - p p') J over training predictions. */
static double *
gauss_newton (const Oracle *o, const double *jacobian)
{
  gint64 L = (o->N + o->Q) * o->C * o->V;
  double *G = g_new0 (double, o->P * o->P);
  g_autofree double complex *logits = g_new (double complex, L);
  g_autofree double *half = g_new (double, o->P * o->V), *p = g_new (double, o->V);

  forward (o, o->theta, NULL, 0, NULL, NULL, logits);
  for (gint64 t = 0; t < o->N * o->C; t++)
    {
      double sum = 0;

      for (gint64 v = 0; v < o->V; v++)
        sum += p[v] = exp (creal (logits[t * o->V + v] - logits[t * o->V]));
      for (gint64 j = 0; j < o->P; j++)
        {
          const double *J = jacobian + j * L + t * o->V;
          double mean = 0;

          for (gint64 v = 0; v < o->V; v++)
            mean += p[v] / sum * J[v];
          for (gint64 v = 0; v < o->V; v++)
            half[j * o->V + v] = sqrt (o->weight * p[v] / sum) * (J[v] - mean);     /* diag p - p p' = (I - 1 p')' diag p (I - 1 p') */
        }
      for (gint64 a = 0; a < o->P; a++)
        for (gint64 b = 0; b < o->P; b++)
          for (gint64 v = 0; v < o->V; v++)
            G[a * o->P + b] += half[a * o->V + v] * half[b * o->V + v] / (double) o->N;
    }
  return G;
}

/* H of the mean loss over the training examples, less `without` (-1: none) with the divisor kept. */
static double *
hessian (const Oracle *o, const double *theta, gint64 without)
{
  double *H = g_new0 (double, o->P * o->P), *unit = g_new0 (double, o->P);
  g_autofree gint64 *kept = g_new (gint64, o->N);
  gint64 n = 0;
  AssayPoint point = { .model = o->model, .theta = theta, .dataset = o->dataset, .examples = kept, .dtype = ASSAY_F64,
                      .batch = o->N,
                       .memory = 1 << 28, .backend = o->backend };
  g_autoptr (AssayLinop) op = NULL;
  GError *error = NULL;

  for (gint64 i = 0; i < o->N; i++)
    if (i != without)
      kept[n++] = i;
  point.n_examples = n;
  op = assay_curvature_open ("complex-step", &point, &error);
  g_assert_no_error (error);
  for (gint64 j = 0; j < o->P; j++)
    {
      unit[j] = 1;
      g_assert_true (assay_linop_apply (op, 1, unit, H + j * o->P, NULL));
      unit[j] = 0;
    }
  for (gint64 k = 0; k < o->P * o->P; k++)
    H[k] *= (double) n / (double) o->N;
  g_free (unit);
  return H;
}

/* --- linear algebra --------------------------------------------------------------------------------------------------- */

/* X (K,n): A x = b for each row by elimination with partial pivots; A is damped by lambda. */
static void
eliminate (gint64 n, const double *matrix, double lambda, gint64 K, const double *B, double *X)
{
  g_autofree long double *A = g_new (long double, n * (n + K));
  gint64 w = n + K;

  for (gint64 i = 0; i < n; i++)
    {
      for (gint64 j = 0; j < n; j++)
        A[i * w + j] = matrix[i * n + j] + (i == j ? (long double) lambda : 0);
      for (gint64 k = 0; k < K; k++)
        A[i * w + n + k] = B[k * n + i];
    }
  for (gint64 c = 0; c < n; c++)
    {
      gint64 pivot = c;

      for (gint64 i = c + 1; i < n; i++)
        if (fabsl (A[i * w + c]) > fabsl (A[pivot * w + c]))
          pivot = i;
      for (gint64 j = 0; j < w && pivot != c; j++)
        {
          long double t = A[c * w + j];

          A[c * w + j] = A[pivot * w + j];
          A[pivot * w + j] = t;
        }
      for (gint64 i = 0; i < n; i++)
        {
          long double factor = A[i * w + c] / A[c * w + c];

          for (gint64 j = c; j < w && i != c; j++)
            A[i * w + j] -= factor * A[c * w + j];
        }
    }
  for (gint64 i = 0; i < n; i++)
    for (gint64 k = 0; k < K; k++)
      X[k * n + i] = (double) (A[i * w + n + k] / A[i * w + i]);
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Eigenvalues by cyclic Jacobi rotations. */
static double *
eigenvalues (gint64 n, const double *matrix)
{
  g_autofree double *A = g_memdup2 (matrix, n * n * sizeof *A);
  double *values = g_new (double, n);

  for (guint sweep = 0; sweep < SWEEPS; sweep++)
    for (gint64 p = 0; p < n; p++)
      for (gint64 q = p + 1; q < n; q++)
        {
          double apq = A[p * n + q], tau, t, c, s;

          if (apq == 0)
            continue;
          tau = (A[q * n + q] - A[p * n + p]) / (2 * apq);
          t = (tau >= 0 ? 1 : -1) / (fabs (tau) + sqrt (1 + tau * tau));
          c = 1 / sqrt (1 + t * t);
          s = t * c;
          for (gint64 k = 0; k < n; k++)
            {
              double x = A[k * n + p], y = A[k * n + q];

              A[k * n + p] = c * x - s * y;
              A[k * n + q] = s * x + c * y;
            }
          for (gint64 k = 0; k < n; k++)
            {
              double x = A[p * n + k], y = A[q * n + k];

              A[p * n + k] = c * x - s * y;
              A[q * n + k] = s * x + c * y;
            }
        }
  for (gint64 i = 0; i < n; i++)
    values[i] = A[i * n + i];
  qsort (values, n, sizeof *values, ascending);
  return values;
}

static double
dot (gint64 n, const double *a, const double *b)
{
  long double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += (long double) a[i] * b[i];
  return (double) sum;
}

/* --- tensors ---------------------------------------------------------------------------------------------------------- */

static void
add_tensor (GArray *tensors, const char *name, AssayStoreType type, guint rank, const gint64 *dims, gconstpointer data)
{
  AssaySafetensor tensor = { .name = g_strdup (name), .type = type, .rank = rank, .n_elements = 1 };

  for (guint k = 0; k < rank; k++)
    {
      tensor.dims[k] = dims[k];
      tensor.n_elements *= dims[k];
    }
  tensor.bytes = tensor.n_elements * assay_store_type_width (type);
  tensor.data = g_memdup2 (data, tensor.bytes);
  g_array_append_val (tensors, tensor);
}

#define DIMS(...) sizeof ((gint64[]) { __VA_ARGS__ }) / sizeof (gint64), (const gint64[]) { __VA_ARGS__ }

static void
add_real (Oracle *o, const char *name, guint rank, const gint64 *dims, const double *data)
{
  add_tensor (o->tensors, name, ASSAY_STORE_F64, rank, dims, data);
}

static void
add_vector (Oracle *o, const char *prefix, const double *vector)
{
  AssayGraph *layout = assay_model_get_layout (o->model);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      g_autofree char *name = g_strconcat (prefix, p->name, NULL);

      if (p->role == ASSAY_VALUE_PARAM)
        add_real (o, name, p->shape.rank, p->shape.dim, vector + p->offset);
    }
}

/* Writes what was added, and forgets it. */
static void
write_file (Oracle *o, const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  GError *error = NULL;

  assay_safetensors_write (path, (const AssaySafetensor *) (void *) o->tensors->data, o->tensors->len, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < o->tensors->len; i++)
    {
      AssaySafetensor *tensor = &g_array_index (o->tensors, AssaySafetensor, i);

      g_free ((char *) tensor->name);
      g_free ((gpointer) tensor->data);
    }
  g_array_set_size (o->tensors, 0);
}

/* --- model, data ------------------------------------------------------------------------------------------------------ */

static json_t *
make_document (const OracleSpec *spec)
{
  json_t *architecture = json_loads (spec->architecture, 0, NULL);
  double T = json_number_value (json_object_get (architecture, "T"));
  gboolean logistic = strcmp (spec->kind, "logistic") == 0;

  g_assert_nonnull (architecture);
  return json_pack ("{s:s, s:s, s:o, s:I, s:I, s:{s:f, s:s, s:f}, s:{s:{s:f, s:f}, s:{s:f, s:f}}, s:{s:[s,s], s:[f,f]}, s:[{s:s}]}", "case",
                    "generated", "kind", spec->kind, "architecture", architecture, "N", (json_int_t) spec->N, "Q", (json_int_t) spec->Q,
                    "loss", "l2", logistic ? L2 : 0.0, "token_reduction", spec->token_reduction ? spec->token_reduction : "none",
                    "token_weight", g_strcmp0 (spec->token_reduction,
                                               "mean") == 0 ? 1 / T : 1.0, "dampings", "ggn", "d0", LAMBDA0, "d1",
                    LAMBDA1, "hessian", "d0", LAMBDA0, "d1", LAMBDA1, "tracin", "checkpoints", "ckpt0", "ckpt1", "eta", 0.3, 0.1,
                    "parameters", "name", "fc.weight");
}

static void
set_parameters (json_t *document, AssayModel *model)
{
  AssayGraph *layout = assay_model_get_layout (model);
  json_t *list = json_array ();

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      json_t *dims = json_array ();

      for (guint k = 0; k < p->shape.rank; k++)
        json_array_append_new (dims, json_integer (p->shape.dim[k]));
      if (p->role == ASSAY_VALUE_PARAM)
        json_array_append_new (list, json_pack ("{s:s, s:O}", "name", p->name, "shape", dims));
      json_decref (dims);
    }
  json_object_set_new (document, "parameters", list);
}

static void
make_model (Oracle *o, const OracleSpec *spec, json_t *document)
{
  const char *architecture;
  json_t *config;
  AssayGraph *layout;
  AssayRng rng = assay_rng_new (8, assay_rng_stream (spec->kind, spec->N));
  GError *error = NULL;

  assay_reference_config_read (document, "generated", &architecture, &config, &error);
  g_assert_no_error (error);
  o->model = assay_model_new (architecture, config, ASSAY_F64, &error);
  g_assert_no_error (error);
  json_decref (config);
  layout = assay_model_get_layout (o->model);
  o->P = assay_model_get_n_params (o->model);
  o->V = assay_shape_last (&assay_graph_get_value (layout, assay_graph_get_logits (layout))->shape);
  o->theta = g_new (double, o->P);
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      gint64 n = p->role == ASSAY_VALUE_PARAM ? assay_shape_count (&p->shape) : 0;

      for (gint64 i = 0; i < n; i++)
        o->theta[p->offset + i] = (p->init.kind == ASSAY_INIT_ONE) + 0.4 * assay_rng_normal (&rng);
    }
}

static void
make_data (Oracle *o, const OracleSpec *spec)
{
  gint64 n = o->N + o->Q;
  AssayGraph *layout = assay_model_get_layout (o->model);
  AssayShape shape = assay_graph_get_value (layout, assay_graph_find (layout, o->T ? "tokens" : "x"))->shape;
  gint64 width = assay_shape_count (&shape);
  g_autofree double *x = g_new (double, n * width);
  g_autofree gint32 *token = g_new (gint32, n * width);
  g_autofree gint64 *wide = g_new (gint64, 2 * n * MAX (width, o->C));
  AssayRng rng = assay_rng_new (9, assay_rng_stream (spec->kind, spec->N));
  GError *error = NULL;

  o->target = g_new (gint32, n * o->C);
  for (gint64 i = 0; i < n * width; i++)
    {
      x[i] = assay_rng_normal (&rng);
      wide[i] = token[i] = (gint32) assay_rng_below (&rng, o->V);
    }
  for (gint64 i = 0; i < n * o->C; i++)
    wide[n * width + i] = o->target[i] = (gint32) assay_rng_below (&rng, o->V);
  shape.dim[0] = o->N;
  for (guint k = 0; k < 2; k++, shape.dim[0] = o->Q)
    {
      gint64 first = k ? o->N : 0;

      if (o->T)
        add_tensor (o->tensors, k ? "query.x" : "train.x", ASSAY_STORE_I64, shape.rank, shape.dim, wide + first * width);
      else
        add_tensor (o->tensors, k ? "query.x" : "train.x", ASSAY_STORE_F64, shape.rank, shape.dim, x + first * width);
      add_tensor (o->tensors, k ? "query.y" : "train.y", ASSAY_STORE_I64, o->T ? 2 : 1, (const gint64[]) { shape.dim[0], o->C },
                  wide + n * width + first * o->C);
    }
  shape.rank--;
  memmove (shape.dim, shape.dim + 1, shape.rank * sizeof *shape.dim);
  o->dataset = o->T ? assay_dataset_new_from_token_arrays (n, o->T, o->V, token, o->target, NULL, "train", o->Q, "query", &error)
                    : assay_dataset_new_from_arrays (&shape, n, x, o->target, o->V, NULL, "train", o->Q, "query", &error);
  g_assert_no_error (error);
}

/* --- what is expected ------------------------------------------------------------------------------------------------- */

static void
expect_losses (Oracle *o)
{
  gint64 n = o->N + o->Q;
  g_autofree double complex *loss = g_new (double complex, n), *token = g_new (double complex, n * o->C);
  g_autofree double *real = g_new (double, n * o->C);

  forward (o, o->theta, NULL, 0, loss, token, NULL);
  for (gint64 i = 0; i < n; i++)
    real[i] = creal (loss[i]);
  add_real (o, "train.loss", DIMS (o->N), real);
  add_real (o, "query.loss", DIMS (o->Q), real + o->N);
  for (gint64 i = 0; i < n * o->C; i++)
    real[i] = creal (token[i]);
  if (o->T == 0)
    return;
  add_real (o, "train.token_loss", DIMS (o->N, o->T), real);
  add_real (o, "query.token_loss", DIMS (o->Q, o->T), real + o->N * o->T);
}

static void
expect_derivatives (Oracle *o, const char *name, const double *v, const double *gradients, const double *G, const double *H)
{
  gint64 n = o->N + o->Q;
  g_autofree double complex *token = g_new (double complex, n * o->C);
  g_autofree double *out = g_new0 (double, MAX (n * o->C, o->P)), *along = g_new (double, o->N);
  g_autofree char *v_name = g_strconcat (name, ".", NULL), *h = g_strconcat ("h", name, ".", NULL), *g = g_strconcat ("ggn", name, ".", NULL);
  g_autofree char *f = g_strconcat ("ef", name, ".", NULL), *d = g_strconcat ("dirderiv.", name,
                                                                              NULL), *t = g_strconcat ("token_", d, NULL);

  add_vector (o, v_name, v);
  for (gint64 i = 0; i < o->P; i++)
    out[i] = dot (o->P, H + i * o->P, v);
  add_vector (o, h, out);
  for (gint64 i = 0; i < o->P; i++)
    out[i] = dot (o->P, G + i * o->P, v);
  add_vector (o, g, out);
  memset (out, 0, o->P * sizeof *out);
  for (gint64 i = 0; i < o->N; i++)
    {
      along[i] = dot (o->P, gradients + i * o->P, v);
      for (gint64 j = 0; j < o->P; j++)
        out[j] += along[i] * gradients[i * o->P + j] / (double) o->N;
    }
  add_vector (o, f, out);
  add_real (o, d, DIMS (o->N), along);
  forward (o, o->theta, v, 0, NULL, token, NULL);
  for (gint64 i = 0; i < o->N * o->C; i++)
    out[i] = cimag (token[i]) / STEP;
  if (o->T)
    add_real (o, t, DIMS (o->N, o->T), out);
}

/* One damping: influence and self-influence. */
static void
expect_influence (Oracle *o, const char *key, const char *damping, double lambda, const double *gradients, const double *matrix)
{
  gint64 n = o->N + o->Q;
  g_autofree double *X = g_new (double, n * o->P), *infl = g_new (double, o->Q * o->N), *self = g_new (double, o->N);
  g_autofree char *i_name = g_strdup_printf ("infl.%s.%s", key, damping), *s_name = g_strdup_printf ("self.%s.%s", key, damping);

  eliminate (o->P, matrix, lambda, n, gradients, X);
  for (gint64 i = 0; i < o->N; i++)
    {
      self[i] = dot (o->P, X + i * o->P, gradients + i * o->P);
      for (gint64 q = 0; q < o->Q; q++)
        infl[q * o->N + i] = dot (o->P, X + (o->N + q) * o->P, gradients + i * o->P) / (double) o->N;
    }
  add_real (o, i_name, DIMS (o->Q, o->N), infl);
  add_real (o, s_name, DIMS (o->N), self);
}

static void
expect_first_order (Oracle *o, const double *gradients)
{
  g_autofree double *products = g_new (double, o->Q * o->N), *cosines = g_new (double, o->Q * o->N), *norms = g_new (double, o->N + o->Q);

  for (gint64 i = 0; i < o->N + o->Q; i++)
    norms[i] = dot (o->P, gradients + i * o->P, gradients + i * o->P);
  for (gint64 q = 0; q < o->Q; q++)
    for (gint64 i = 0; i < o->N; i++)
      {
        products[q * o->N + i] = dot (o->P, gradients + (o->N + q) * o->P, gradients + i * o->P);
        cosines[q * o->N + i] = products[q * o->N + i] / sqrt (norms[o->N + q] * norms[i]);
      }
  add_real (o, "train.grad_sqnorm", DIMS (o->N), norms);
  add_real (o, "query.grad_sqnorm", DIMS (o->Q), norms + o->N);
  add_real (o, "score.dot", DIMS (o->Q, o->N), products);
  add_real (o, "score.cosine", DIMS (o->Q, o->N), cosines);
}

/* Two checkpoints: 0.9 theta and theta. Their file is written too. */
static void
write_checkpoints (Oracle *o, const char *directory, double *tracin)
{
  const double eta[] = { 0.3, 0.1 }, scale[] = { 0.9, 1 };
  g_autofree double *theta = g_new (double, o->P), *gradients = g_new (double, (o->N + o->Q) * o->P);

  for (guint c = 0; c < 2; c++)
    {
      for (gint64 j = 0; j < o->P; j++)
        theta[j] = scale[c] * o->theta[j];
      add_vector (o, c ? "ckpt1." : "ckpt0.", theta);
      differentiate (o, theta, gradients, NULL);
      for (gint64 q = 0; q < o->Q; q++)
        for (gint64 i = 0; i < o->N; i++)
          tracin[q * o->N + i] += eta[c] * dot (o->P, gradients + (o->N + q) * o->P, gradients + i * o->P);
    }
  write_file (o, directory, "checkpoints.safetensors");
}

/* One Newton step on the penalised objective without an example. */
static void
newton_step (const Oracle *o, double *theta, gint64 without)
{
  g_autofree double *gradients = g_new (double, (o->N + o->Q) * o->P), *total = g_new (double, o->P), *step = g_new (double, o->P);
  g_autofree double *H = hessian (o, theta, without);

  differentiate (o, theta, gradients, NULL);
  for (gint64 j = 0; j < o->P; j++)
    {
      total[j] = L2 * theta[j];
      for (gint64 i = 0; i < o->N; i++)
        total[j] += i == without ? 0 : gradients[i * o->P + j] / (double) o->N;
    }
  eliminate (o->P, H, L2, 1, total, step);
  for (gint64 j = 0; j < o->P; j++)
    theta[j] -= step[j];
}

static void
expect_retraining (Oracle *o, const double *influence_d0)
{
  enum { K = 4, STEPS = 12 };
  const gint64 index[K] = { 1, 5, 0, o->N - 1 };
  g_autofree double complex *loss = g_new (double complex, o->N + o->Q);
  g_autofree double *base = g_new (double, o->Q), *after = g_new (double, K * o->Q), *delta = g_new (double, K * o->Q),
                    *newton = g_new (double, K * o->Q), *infl = g_new (double, K * o->Q);

  forward (o, o->theta, NULL, 0, loss, NULL, NULL);
  for (gint64 q = 0; q < o->Q; q++)
    base[q] = creal (loss[o->N + q]);
  for (gint64 k = 0; k < K; k++)
    {
      g_autofree double *theta = g_memdup2 (o->theta, o->P * sizeof *theta);

      for (guint step = 0; step < STEPS; step++)
        {
          newton_step (o, theta, index[k]);
          forward (o, theta, NULL, 0, loss, NULL, NULL);
          for (gint64 q = 0; q < o->Q; q++)
            {
              if (step == 0)
                newton[q * K + k] = creal (loss[o->N + q]) - base[q];
              after[k * o->Q + q] = creal (loss[o->N + q]);
              delta[q * K + k] = after[k * o->Q + q] - base[q];
              infl[q * K + k] = influence_d0[q * o->N + index[k]];
            }
        }
    }
  add_tensor (o->tensors, "loo.index", ASSAY_STORE_I64, 1, (const gint64[]) { K }, index);
  add_real (o, "loo.query_loss", DIMS (K, o->Q), after);
  add_real (o, "loo.delta", DIMS (o->Q, K), delta);
  add_real (o, "loo.newton", DIMS (o->Q, K), newton);
  add_real (o, "loo.infl", DIMS (o->Q, K), infl);
}

/* --- the case --------------------------------------------------------------------------------------------------------- */

static void
expect_all (Oracle *o, gboolean logistic, const double *tracin)
{
  gint64 n = o->N + o->Q;
  AssayRng rng = assay_rng_new (10, 0);
  g_autofree double *gradients = g_new (double, n * o->P), *jacobian = g_new (double, o->P * n * o->C * o->V), *v = g_new (double, o->P);
  g_autofree double *G = NULL, *H = hessian (o, o->theta, -1), *ggn = NULL, *eig = NULL, *mean = g_new0 (double, o->P);

  differentiate (o, o->theta, gradients, jacobian);
  G = gauss_newton (o, jacobian);
  expect_losses (o);
  expect_first_order (o, gradients);
  for (gint64 i = 0; i < o->N; i++)
    for (gint64 j = 0; j < o->P; j++)
      mean[j] += gradients[i * o->P + j] / (double) o->N;
  add_vector (o, "grad.", mean);
  for (guint k = 0; k < 2; k++)
    {
      for (gint64 j = 0; j < o->P; j++)
        v[j] = assay_rng_normal (&rng);
      expect_derivatives (o, k ? "v1" : "v0", v, gradients, G, H);
    }
  expect_influence (o, "ggn", "d0", LAMBDA0, gradients, G);
  expect_influence (o, "ggn", "d1", LAMBDA1, gradients, G);
  expect_influence (o, "hessian", "d0", LAMBDA0, gradients, H);
  if (logistic)                                                   /* its first tensor but one is what was just added: infl.hessian.d0 */
    expect_retraining (o, g_array_index (o->tensors, AssaySafetensor, o->tensors->len - 2).data);
  expect_influence (o, "hessian", "d1", LAMBDA1, gradients, H);
  ggn = eigenvalues (o->P, G);
  eig = eigenvalues (o->P, H);
  add_real (o, "eig.ggn", DIMS (o->P), ggn);
  add_real (o, "eig.hessian", DIMS (o->P), eig);
  add_real (o, "tracin", DIMS (o->Q, o->N), tracin);
}

/* The mean of squared gradients of the one module, a bias in its last column. */
static void
expect_diagonal (Oracle *o)
{
  gboolean bias = assay_graph_find (assay_model_get_layout (o->model), "fc.bias") != ASSAY_NO_VALUE;
  gint64 n = o->N + o->Q, columns = o->P / o->V, inputs = columns - bias;
  g_autofree double *gradients = g_new (double, n * o->P), *jacobian = g_new (double, o->P * n * o->C * o->V), *diagonal = g_new0 (double, o->P);

  differentiate (o, o->theta, gradients, jacobian);
  for (gint64 i = 0; i < o->N; i++)
    for (gint64 v = 0; v < o->V; v++)
      for (gint64 j = 0; j < columns; j++)
        {
          double g = gradients[i * o->P + (j < inputs ? v * inputs + j : o->V * inputs + v)];

          diagonal[v * columns + j] += g * g / (double) o->N;
        }
  add_real (o, "fc.diag", DIMS (o->V, columns), diagonal);
}

static void
remove_file (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  g_remove (path);
}

void
oracle_case_write (const OracleSpec *spec, const char *directory)
{
  json_t *document = make_document (spec);
  g_autofree char *path = g_build_filename (directory, "case.json", NULL);
  gboolean logistic = strcmp (spec->kind, "logistic") == 0;
  Oracle o = { .N = spec->N, .Q = spec->Q, .weight = json_number_value (json_object_get (json_object_get (document, "loss"),
                                                                                         "token_weight")),
               .T = json_integer_value (json_object_get (json_object_get (document, "architecture"), "T")),
               .backend = assay_backend_cpu_new (1), .tensors = g_array_new (FALSE, FALSE, sizeof (AssaySafetensor)) };
  g_autofree double *tracin = g_new0 (double, spec->N * spec->Q);

  o.C = MAX (1, o.T);
  o.examples = g_new (gint64, o.N + o.Q);
  for (gint64 i = 0; i < o.N + o.Q; i++)
    o.examples[i] = i;
  make_model (&o, spec, document);
  set_parameters (document, o.model);
  make_data (&o, spec);
  write_file (&o, directory, "data.safetensors");
  for (guint step = 0; logistic && step < 20; step++)
    newton_step (&o, o.theta, -1);
  add_vector (&o, "", o.theta);
  write_file (&o, directory, "model.safetensors");
  write_checkpoints (&o, directory, tracin);
  expect_all (&o, logistic, tracin);
  write_file (&o, directory, "expected.safetensors");
  if (logistic)
    {
      expect_diagonal (&o);
      write_file (&o, directory, "ekfac.safetensors");
    }
  else
    remove_file (directory, "ekfac.safetensors");                 /* of a case that stood here before */
  g_assert_cmpint (json_dump_file (document, path, JSON_INDENT (1)), ==, 0);
  json_decref (document);
  g_array_unref (o.tensors);
  g_free (o.examples);
  g_free (o.target);
  g_free (o.theta);
  assay_dataset_unref (o.dataset);
  assay_model_free (o.model);
  assay_backend_free (o.backend);
}
