/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-oracle.c: whole models against the complex step: with h = 1e-30, Im (f (theta + i h v)) / h is the derivative of f along v to
 * rounding, whatever f is. With CUDA_MODULE defined (tests/gpu) the walks in question are a device's; the oracle stays on the processor. */
#include "base/mem.h"
#include "model/adapters.h"
#include "models.h"
#include "tensor/compare.h"

#include <complex.h>
#include <math.h>
#include <string.h>

#define H 1e-30
#define BATCH 3
#define BOUND 1e-12             /* of products in f64 */

static AssayBackend *processor, *backend;       /* the oracle's, and that of the walks in question */

static double *
new_vector (gint64 n)
{
  double *x = assay_mem_new (double, n, NULL);

  g_assert_nonnull (x);
  return x;
}

static double
dot (gint64 n, const double *a, const double *b)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

#define assert_near(a, b, n, bound)                                                                                     \
  G_STMT_START                                                                                                          \
  {                                                                                                                     \
    AssayComparison compared = assay_compare ((a), (b), (n));                                                           \
    if (!(compared.relative <= (bound)))                                                                                \
      g_error ("%s against %s: relative error %.3g at %" G_GSIZE_FORMAT ", at most %.3g expected", #a, #b, compared.relative,  \
               compared.worst, (double) (bound));                                                                       \
  }                                                                                                                     \
  G_STMT_END

/* Im (gradient (theta + i h v)) / h, and the oracle's derivatives of the losses. */
static void
ask_oracle (const Sample *s, const double *v, double *product, double *loss_tangent)
{
  Walk *oracle = walk_new (s, ASSAY_WALK_GRADIENT, ASSAY_C128, processor, NULL);
  double *g = new_vector (2 * s->P);

  walk_prepare (oracle, s, v, H, g);
  for (gint64 p = 0; p < s->P; p++)
    product[p] = g[2 * p + 1] / H;
  for (gint64 b = 0; b < BATCH; b++)
    loss_tangent[b] = ((const double *) assay_exec_get_loss (oracle->exec))[2 * b + 1] / H;
  assay_mem_free (g);
  walk_free (oracle);
}

static void
test_gradient (gconstpointer data)
{
  Sample *s = sample_new (data, BATCH);
  Walk *gradient = walk_new (s, ASSAY_WALK_GRADIENT, ASSAY_F64, backend, NULL);
  Walk *tangent = walk_new (s, ASSAY_WALK_TANGENT, ASSAY_F64, backend, NULL);
  double *g = new_vector (s->P), *Hv = new_vector (s->P), loss_tangent[BATCH], along, sum = 0;
  GError *error = NULL;

  walk_prepare (gradient, s, NULL, 0, g);
  ask_oracle (s, s->direction, Hv, loss_tangent);
  for (gint64 b = 0; b < BATCH; b++)
    sum += s->weights[b] * loss_tangent[b];
  along = dot (s->P, g, s->direction);
  g_assert_cmpfloat (fabs (along - sum), <=, BOUND * sqrt (dot (s->P, g, g) * dot (s->P, s->direction, s->direction)));

  walk_prepare (tangent, s, NULL, 0, NULL);
  assay_exec_apply (tangent->exec, s->direction, NULL, FALSE, &error);
  g_assert_no_error (error);
  assert_near ((const double *) assay_exec_get_loss_tangent (tangent->exec), loss_tangent, BATCH, BOUND);
  assay_mem_free (g);
  assay_mem_free (Hv);
  walk_free (gradient);
  walk_free (tangent);
  sample_free (s);
}

static void
test_hessian (gconstpointer data)
{
  Sample *s = sample_new (data, BATCH);
  Walk *cached = walk_new (s, ASSAY_WALK_HESSIAN, ASSAY_F64, backend, NULL);
  Walk *cold = walk_new (s, ASSAY_WALK_HESSIAN_COLD, ASSAY_F64, backend, NULL);
  double *truth = new_vector (s->P), *Hv = new_vector (s->P), *Hw = new_vector (s->P), *again = new_vector (s->P), loss_tangent[BATCH];

  ask_oracle (s, s->direction, truth, loss_tangent);
  walk_prepare (cached, s, NULL, 0, NULL);
  walk_apply (cached, s, s->direction, Hv);
  assert_near (Hv, truth, s->P, BOUND);
  walk_apply (cached, s, s->second, Hw);
  g_assert_cmpfloat (fabs (dot (s->P, s->second, Hv) - dot (s->P, s->direction, Hw)), <=,
                     1e-13 * sqrt (dot (s->P, s->second, s->second) * dot (s->P, Hv, Hv)));
  walk_apply (cached, s, s->direction, again);
  g_assert_cmpmem (again, s->P * sizeof (double), Hv, s->P * sizeof (double));
  walk_prepare (cold, s, NULL, 0, NULL);
  walk_apply (cold, s, s->direction, again);
  g_assert_cmpmem (again, s->P * sizeof (double), Hv, s->P * sizeof (double));
  assay_mem_free (truth);
  assay_mem_free (Hv);
  assay_mem_free (Hw);
  assay_mem_free (again);
  walk_free (cached);
  walk_free (cold);
  sample_free (s);
}

/* J v by the complex step: logits along a direction; also the logits themselves. */
static gint64
step_logits (const Sample *s, const double *v, double **logits, double **tangent)
{
  g_autoptr (AssayGraph) graph = assay_model_build (s->model, s->B, NULL);
  guint keep[] = { assay_graph_get_logits (graph), ASSAY_NO_VALUE };
  Walk *oracle = walk_new (s, ASSAY_WALK_FORWARD, ASSAY_C128, processor, keep);
  gint64 n = assay_shape_count (&assay_graph_get_value (graph, keep[0])->shape);
  const double *z;

  walk_prepare (oracle, s, v, H, NULL);
  z = assay_exec_get_buffer (oracle->exec, ASSAY_PRIMAL, keep[0]);
  *logits = new_vector (n);
  *tangent = new_vector (n);
  for (gint64 i = 0; i < n; i++)
    {
      (*logits)[i] = z[2 * i];
      (*tangent)[i] = z[2 * i + 1] / H;
    }
  walk_free (oracle);
  return n;
}

/* a' (d2 loss / d logits2) b of one row of logits. */
static double
curve (const char *loss, gint64 V, const double *z, const double *a, const double *b)
{
  double top = -INFINITY, sum = 0, pa = 0, pb = 0, pab = 0;

  if (strcmp (loss, "squared_loss") == 0)
    return dot (V, a, b);
  if (strcmp (loss, "logistic_loss") == 0)
    return a[0] * b[0] / (2 + exp (z[0]) + exp (-z[0]));
  for (gint64 v = 0; v < V; v++)
    top = MAX (top, z[v]);
  for (gint64 v = 0; v < V; v++)
    sum += exp (z[v] - top);
  for (gint64 v = 0; v < V; v++)
    {
      double p = exp (z[v] - top) / sum;

      pa += p * a[v];
      pb += p * b[v];
      pab += p * a[v] * b[v];
    }
  return pab - pa * pb;
}

static void
test_gauss_newton (gconstpointer data)
{
  Sample *s = sample_new (data, BATCH);
  Walk *walk = walk_new (s, ASSAY_WALK_GAUSS_NEWTON, ASSAY_F64, backend, NULL);
  AssayGraph *graph = assay_exec_get_graph (walk->exec);
  const AssayGraphNode *loss = assay_graph_get_node (graph, assay_graph_get_value (graph, assay_graph_get_loss (graph))->node);
  guint weight = assay_graph_find (graph, "weight");
  double *Gv = new_vector (s->P), *Gw = new_vector (s->P), *z, *Jv, *Jw, truth = 0, size = 0;
  gint64 n, V, rows;

  for (gint64 b = 0; b < BATCH; b++)
    s->weights[b] = fabs (s->weights[b]);                         /* positive weights: the product is positive semi-definite */
  assay_dtype_convert (ASSAY_F64, s->weights, ASSAY_F64, walk->weights, BATCH);
  walk_prepare (walk, s, NULL, 0, NULL);
  walk_apply (walk, s, s->direction, Gv);
  walk_apply (walk, s, s->second, Gw);
  g_assert_cmpfloat (fabs (dot (s->P, s->second, Gv) - dot (s->P, s->direction, Gw)), <=,
                     1e-13 * sqrt (dot (s->P, s->second, s->second) * dot (s->P, Gv, Gv)));
  g_assert_cmpfloat (dot (s->P, s->direction, Gv), >=, 0);

  n = step_logits (s, s->direction, &z, &Jv);
  assay_mem_free (z);
  step_logits (s, s->second, &z, &Jw);
  V = strcmp (loss->op->name, "logistic_loss") ? assay_shape_last (&loss->in_shape[0]) : 1;
  rows = n / V;
  for (gint64 r = 0; r < rows; r++)
    {
      double w = s->weights[r / (rows / BATCH)];

      if (weight != ASSAY_NO_VALUE && strcmp (loss->op->name, "xent") == 0)
        w *= r % 4 == 2 ? 0 : 0.5 + (double) (r % 3) / 4;         /* as models.c fills it */
      truth += w * curve (loss->op->name, V, z + r * V, Jw + r * V, Jv + r * V);
      size += w * sqrt (curve (loss->op->name, V, z + r * V, Jw + r * V, Jw + r * V) * curve (loss->op->name, V, z + r * V, Jv + r * V, Jv + r * V));
    }
  g_assert_cmpfloat (fabs (dot (s->P, s->second, Gv) - truth), <=, BOUND * size);
  assay_mem_free (z);
  assay_mem_free (Jv);
  assay_mem_free (Jw);
  assay_mem_free (Gv);
  assay_mem_free (Gw);
  walk_free (walk);
  sample_free (s);
}

/* The f32 walk against the f64 one: products of a few thousand roundings of 2^-24 stay below 1e-5 of the largest entry. */
static void
test_single (gconstpointer data)
{
  Sample *s = sample_new (data, BATCH);
  static const AssayWalk walks[] = { ASSAY_WALK_HESSIAN, ASSAY_WALK_GAUSS_NEWTON };

  for (guint k = 0; k < G_N_ELEMENTS (walks); k++)
    {
      Walk *wide = walk_new (s, walks[k], ASSAY_F64, backend, NULL), *narrow = walk_new (s, walks[k], ASSAY_F32, backend, NULL);
      double *truth = new_vector (s->P), *product = new_vector (s->P);

      walk_prepare (wide, s, NULL, 0, NULL);
      walk_prepare (narrow, s, NULL, 0, NULL);
      walk_apply (wide, s, s->direction, truth);
      walk_apply (narrow, s, s->direction, product);
      assert_near (product, truth, s->P, 1e-5);
      assay_mem_free (truth);
      assay_mem_free (product);
      walk_free (wide);
      walk_free (narrow);
    }
  sample_free (s);
}

/* Adapters that are added to the weights leave the losses as they are. */
static void
test_merge (void)
{
  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    {
      Sample *s = sample_new (c, BATCH), merged = *s;
      GError *error = NULL;
      Walk *own, *other;

      if (assay_model_get_adapters (s->model) == NULL)
        {
          sample_free (s);
          continue;
        }
      merged.model = assay_adapters_merge (s->model, &error);
      g_assert_no_error (error);
      g_assert_null (assay_model_get_adapters (merged.model));
      merged.P = assay_model_get_n_params (merged.model);
      merged.theta = new_vector (merged.P);
      assay_model_read_theta (merged.model, merged.theta);
      own = walk_new (s, ASSAY_WALK_FORWARD, ASSAY_F64, backend, NULL);
      other = walk_new (&merged, ASSAY_WALK_FORWARD, ASSAY_F64, backend, NULL);
      walk_prepare (own, s, NULL, 0, NULL);
      walk_prepare (other, &merged, NULL, 0, NULL);
      assert_near ((const double *) assay_exec_get_loss (own->exec), (const double *) assay_exec_get_loss (other->exec), BATCH, BOUND);
      walk_free (own);
      walk_free (other);
      assay_mem_free (merged.theta);
      assay_model_free (merged.model);
      sample_free (s);
    }
}

#ifdef CUDA_MODULE
/* FALSE, and said in TAP's words, where there is none. */
static gboolean
open_device (void)
{
  const char *module = g_getenv ("ASSAY_CUDA_MODULE");
  g_autoptr (GError) error = NULL;

  backend = assay_backend_cuda_new (module ? module : CUDA_MODULE, 0, 1, &error);
  if (backend == NULL)
    g_print ("1..0 # SKIP %s\n", error->message);
  return backend != NULL;
}
#endif

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  processor = backend = assay_backend_cpu_new (2);
#ifdef CUDA_MODULE
  if (!open_device ())
    return 0;
#endif
  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    {
      static const struct { const char *sentence; GTestDataFunc func; } tests[] = {
        { "gradient and tangent agree with the complex step", test_gradient },
        { "Hessian products agree with the complex step, cached and cold, and are symmetric", test_hessian },
        { "Gauss-Newton products agree with J' H J of the complex step", test_gauss_newton },
        { "products in f32 stay near those in f64", test_single },
      };

      for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
        {
          g_autofree char *path = g_strdup_printf ("/oracle/%s/%s", c->name, tests[t].sentence);

          g_test_add_data_func (path, c, tests[t].func);
        }
    }
  g_test_add_func ("/oracle/adapters that are merged into the weights are the same function", test_merge);
  status = g_test_run ();
  if (backend != processor)
    assay_backend_free (backend);
  assay_backend_free (processor);
  return status;
}
