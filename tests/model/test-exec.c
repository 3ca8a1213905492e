/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-exec.c: what the walker promises beside its numbers: accumulation, untouched and shared parameters, kept buffers, faults named,
 * no allocation, the same bits for any crew. */
#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "models.h"

#include <math.h>
#include <string.h>

#define BATCH 3

static const ModelCase *
find_case (const char *name)
{
  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    if (strcmp (c->name, name) == 0)
      return c;
  g_assert_not_reached ();
}

static double *
new_vector (gint64 n)
{
  double *x = assay_mem_new (double, n, NULL);

  g_assert_nonnull (x);
  return x;
}

static void
test_accumulate (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  Sample *s = sample_new (find_case ("transformer, gpt2"), BATCH);
  Walk *gradient = walk_new (s, ASSAY_WALK_GRADIENT, ASSAY_F64, backend, NULL);
  Walk *hessian = walk_new (s, ASSAY_WALK_HESSIAN, ASSAY_F64, backend, NULL);
  double *once = new_vector (s->P), *twice = new_vector (s->P);
  GError *error = NULL;

  for (guint k = 0; k < 2; k++)
    {
      for (gint64 p = 0; p < s->P; p++)
        twice[p] = 1e3;
      if (k == 0)
        {
          walk_prepare (gradient, s, NULL, 0, once);
          assay_exec_prepare (gradient->exec, gradient->theta, gradient->weights, twice, TRUE, &error);
        }
      else
        {
          walk_prepare (hessian, s, NULL, 0, NULL);
          walk_apply (hessian, s, s->direction, once);
          assay_exec_apply (hessian->exec, s->direction, twice, TRUE, &error);
        }
      g_assert_no_error (error);
      for (gint64 p = 0; p < s->P; p++)                           /* one rounding at 1e3 for each of the few uses of a parameter */
        g_assert_cmpfloat (fabs (twice[p] - 1e3 - once[p]), <=, 16 * 1e3 * 0x1p-53);
    }
  assay_mem_free (once);
  assay_mem_free (twice);
  walk_free (gradient);
  walk_free (hessian);
  sample_free (s);
}

static void
test_gradient_of_hessian_walk (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);

  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    {
      Sample *s = sample_new (c, BATCH);
      Walk *gradient = walk_new (s, ASSAY_WALK_GRADIENT, ASSAY_F64, backend, NULL);
      Walk *hessian = walk_new (s, ASSAY_WALK_HESSIAN, ASSAY_F64, backend, NULL);
      double *g = new_vector (s->P), *h = new_vector (s->P);

      walk_prepare (gradient, s, NULL, 0, g);
      walk_prepare (hessian, s, NULL, 0, h);
      g_assert_cmpmem (g, s->P * sizeof *g, h, s->P * sizeof *h);
      assay_mem_free (g);
      assay_mem_free (h);
      walk_free (gradient);
      walk_free (hessian);
      sample_free (s);
    }
}

/* y = x w, loss of y: `unused` enters nothing, `shared` enters twice. */
static AssayGraph *
build_by_hand (void)
{
  g_autoptr (AssayGraph) graph = assay_graph_new ();
  AssayInit zero = { 0 };
  guint x = assay_graph_add_input (graph, "x", FALSE, ASSAY_SHAPE (2, 3)), y = assay_graph_add_input (graph, "y", FALSE, ASSAY_SHAPE (2, 3));
  guint shared, h;
  GError *error = NULL;

  assay_graph_add_param (graph, "unused", ASSAY_SHAPE (4), zero);
  shared = assay_graph_add_param (graph, "shared", ASSAY_SHAPE (3, 3), zero);
  h = assay_graph_add_node (graph, "linear", "first", ASSAY_IN (x, shared), ASSAY_NO_ATTRS);
  h = assay_graph_add_node (graph, "linear", "second", ASSAY_IN (h, shared), ASSAY_NO_ATTRS);
  assay_graph_set_loss (graph, assay_graph_add_node (graph, "squared_loss", "loss", ASSAY_IN (h, y), ASSAY_NO_ATTRS));
  assay_graph_finish (graph, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&graph);
}

static void
make_zero (const AssayGraphValue *value, void *data, gpointer user_data)
{
  guint *calls = user_data;

  g_assert_cmpstr (value->name, ==, "first");
  memset (data, 0, (gsize) assay_shape_count (&value->shape) * sizeof (double));
  (*calls)++;
}

/* With the hidden value put to zero the output is zero, and the loss that of y alone. */
static void
test_edit (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  g_autoptr (AssayGraph) graph = build_by_hand ();
  g_autoptr (AssayExec) exec = NULL;
  double x[6] = { 1, -2, 0.5, 0, 1, 3 }, y[6] = { 0, 1, 2, -1, 0, 1 }, theta[13], plain[2];
  guint first = ASSAY_NO_VALUE, calls = 0;
  GError *error = NULL;

  for (guint p = 0; p < 13; p++)
    theta[p] = 0.25 * p - 1;
  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    if (strcmp (assay_graph_get_value (graph, v)->name, "first") == 0)
      first = v;
  exec = assay_exec_new (graph, ASSAY_WALK_FORWARD, ASSAY_F64, backend, NULL, &error);
  g_assert_no_error (error);
  assay_exec_set_input (exec, 0, x);
  assay_exec_set_input (exec, 1, y);
  assay_exec_prepare (exec, theta, NULL, NULL, FALSE, &error);
  g_assert_no_error (error);
  memcpy (plain, assay_exec_get_loss (exec), sizeof plain);

  assay_exec_set_edit (exec, first, make_zero, &calls);
  assay_exec_prepare (exec, theta, NULL, NULL, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (calls, ==, 1);
  for (guint b = 0; b < 2; b++)
    {
      double expected = 0;

      for (guint c = 0; c < 3; c++)
        expected += 0.5 * y[3 * b + c] * y[3 * b + c];
      g_assert_cmpfloat (((const double *) assay_exec_get_loss (exec))[b], ==, expected);
      g_assert_cmpfloat (plain[b], !=, expected);
    }

  assay_exec_set_edit (exec, first, NULL, NULL);
  assay_exec_prepare (exec, theta, NULL, NULL, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (calls, ==, 1);
  g_assert_cmpmem (plain, sizeof plain, assay_exec_get_loss (exec), sizeof plain);
}

static void
test_unused_and_shared (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  g_autoptr (AssayGraph) graph = build_by_hand ();
  g_autoptr (AssayExec) exec = NULL;
  double x[6] = { 1, -2, 0.5, 0, 1, 3 }, y[6] = { 0, 1, 2, -1, 0, 1 }, theta[13], g[13], Hv[13], v[13], base[2] = { 0 };
  GError *error = NULL;

  for (guint p = 0; p < 13; p++)
    {
      theta[p] = 0.1 * p - 0.4;
      v[p] = 1;
    }
  exec = assay_exec_new (graph, ASSAY_WALK_HESSIAN, ASSAY_F64, backend, NULL, &error);
  g_assert_no_error (error);
  assay_exec_set_input (exec, assay_graph_find (graph, "x"), x);
  assay_exec_set_input (exec, assay_graph_find (graph, "y"), y);
  memset (g, 0xff, sizeof g);
  memset (Hv, 0xff, sizeof Hv);
  g_assert_true (assay_exec_prepare (exec, theta, NULL, g, FALSE, &error));
  g_assert_true (assay_exec_apply (exec, v, Hv, FALSE, &error));
  for (guint p = 0; p < 4; p++)
    {
      g_assert_cmpfloat (g[p], ==, 0);
      g_assert_cmpfloat (Hv[p], ==, 0);
    }
  /* loss = sum |W W x - y|^2 / 2 by hand: its derivative along v = ones is (W (V x) + V (W x)) . r */
  for (guint b = 0; b < 2; b++)
    {
      double h[3] = { 0 }, z[3] = { 0 }, vx = 0, vh = 0;

      for (guint i = 0; i < 3; i++)
        for (guint k = 0; k < 3; k++)
          h[i] += theta[4 + 3 * i + k] * x[3 * b + k];
      for (guint i = 0; i < 3; i++)
        for (guint k = 0; k < 3; k++)
          z[i] += theta[4 + 3 * i + k] * h[k];
      for (guint k = 0; k < 3; k++)
        {
          vx += x[3 * b + k];
          vh += h[k];
        }
      for (guint i = 0; i < 3; i++)
        for (guint k = 0; k < 3; k++)
          base[0] += (z[i] - y[3 * b + i]) * (theta[4 + 3 * i + k] * vx + vh / 3);
    }
  for (guint p = 4; p < 13; p++)
    base[1] += g[p];
  g_assert_cmpfloat (fabs (base[0] - base[1]), <=, 1e-13 * fabs (base[0]) + 1e-13);
}

static void
test_keep (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  Sample *s = sample_new (find_case ("transformer, llama"), BATCH);
  g_autoptr (AssayGraph) graph = assay_model_build (s->model, BATCH, NULL);
  g_autoptr (GArray) keep = g_array_new (FALSE, FALSE, sizeof (guint));
  guint end = ASSAY_NO_VALUE;
  Walk *all, *one;

  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    if (assay_graph_get_value (graph, v)->role == ASSAY_VALUE_RESULT)
      g_array_append_val (keep, v);
  g_array_append_val (keep, end);
  all = walk_new (s, ASSAY_WALK_FORWARD, ASSAY_F64, backend, (guint *) (void *) keep->data);
  walk_prepare (all, s, NULL, 0, NULL);
  for (guint k = 0; k + 1 < keep->len; k++)
    {
      guint value = g_array_index (keep, guint, k), alone[] = { value, ASSAY_NO_VALUE };
      gsize bytes = assay_shape_count (&assay_graph_get_value (graph, value)->shape) * sizeof (double);

      one = walk_new (s, ASSAY_WALK_FORWARD, ASSAY_F64, backend, alone);
      walk_prepare (one, s, NULL, 0, NULL);
      g_assert_cmpmem (assay_exec_get_buffer (all->exec, ASSAY_PRIMAL, value), bytes,
                       assay_exec_get_buffer (one->exec, ASSAY_PRIMAL, value), bytes);
      walk_free (one);
    }
  walk_free (all);
  sample_free (s);
}

/* Without gradients of parameters, as for what looks at adjoints of values. */
static void
test_keep_adjoints (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  Sample *s = sample_new (find_case ("transformer, llama"), BATCH);
  g_autoptr (AssayGraph) graph = assay_model_build (s->model, BATCH, NULL);
  g_autoptr (GArray) keep = g_array_new (FALSE, FALSE, sizeof (guint));
  guint end = ASSAY_NO_VALUE;
  Walk *all, *one;

  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    if (assay_graph_get_value (graph, v)->role == ASSAY_VALUE_RESULT && assay_graph_get_value (graph, v)->is_active)
      {
        guint adjoint = ASSAY_KEEP_ADJOINT (v);

        g_array_append_val (keep, adjoint);
      }
  g_array_append_val (keep, end);
  all = walk_new (s, ASSAY_WALK_GRADIENT, ASSAY_F64, backend, (guint *) (void *) keep->data);
  walk_prepare (all, s, NULL, 0, NULL);
  for (guint k = 0; k + 1 < keep->len; k++)
    {
      guint alone[] = { g_array_index (keep, guint, k), ASSAY_NO_VALUE }, value = alone[0] & ~(1u << 31);
      gsize bytes = assay_shape_count (&assay_graph_get_value (graph, value)->shape) * sizeof (double);

      one = walk_new (s, ASSAY_WALK_GRADIENT, ASSAY_F64, backend, alone);
      walk_prepare (one, s, NULL, 0, NULL);
      g_assert_cmpmem (assay_exec_get_buffer (all->exec, ASSAY_ADJOINT, value), bytes,
                       assay_exec_get_buffer (one->exec, ASSAY_ADJOINT, value), bytes);
      walk_free (one);
    }
  walk_free (all);
  sample_free (s);
}

static void
test_faults (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  Sample *s = sample_new (find_case ("mlp, tanh and relu"), BATCH);
  Walk *walk = walk_new (s, ASSAY_WALK_GRADIENT, ASSAY_F64, backend, NULL);
  double *x = walk->inputs->pdata[0], *g = new_vector (s->P), keep = x[2 * 6 + 4];
  g_autoptr (GError) error = NULL;

  assay_exec_set_check (walk->exec, TRUE);
  walk_prepare (walk, s, NULL, 0, g);                             /* all is well */
  x[2 * 6 + 4] = NAN;
  g_assert_false (assay_exec_prepare (walk->exec, walk->theta, walk->weights, g, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_cmpstr (error->message, ==, "value of x is not finite at element 4 of the example");
  g_assert_cmpint (assay_exec_get_fault (walk->exec), ==, 2);
  g_clear_error (&error);
  x[2 * 6 + 4] = keep;

  ((double *) walk->theta)[3] = INFINITY;
  g_assert_false (assay_exec_prepare (walk->exec, walk->theta, walk->weights, g, FALSE, &error));
  g_assert_cmpstr (error->message, ==, "value of fc1.weight is not finite at element 3");
  g_assert_cmpint (assay_exec_get_fault (walk->exec), ==, -1);
  g_clear_error (&error);

  walk_prepare (walk, s, NULL, 0, g);
  for (guint j = 0; j < 5; j++)
    x[6 + j] = 1e200;                                             /* finite, until it is multiplied by parameters of 1e200 */
  for (guint p = 0; p < 42; p++)
    ((double *) walk->theta)[p] = 1e200;
  g_assert_false (assay_exec_prepare (walk->exec, walk->theta, walk->weights, g, FALSE, &error));
  g_assert_nonnull (strstr (error->message, "value of fc1 is not finite"));
  g_assert_cmpint (assay_exec_get_fault (walk->exec), ==, 1);
  assay_mem_free (g);
  walk_free (walk);
  sample_free (s);
}

static void
test_no_allocation (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (2);

  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    for (AssayWalk kind = ASSAY_WALK_FORWARD; kind <= ASSAY_WALK_GAUSS_NEWTON; kind++)
      {
        Sample *s = sample_new (c, BATCH);
        Walk *walk = walk_new (s, kind, ASSAY_F64, backend, NULL);
        double *out = new_vector (s->P);
        guint64 count = assay_mem_get_count ();
        GError *error = NULL;

        assay_mem_forbid (TRUE);
        assay_exec_prepare (walk->exec, walk->theta, walk->weights, kind == ASSAY_WALK_GRADIENT ? out : NULL, FALSE, &error);
        g_assert_no_error (error);
        if (kind > ASSAY_WALK_GRADIENT)
          assay_exec_apply (walk->exec, s->direction, kind == ASSAY_WALK_TANGENT ? NULL : out, FALSE, &error);
        assay_mem_forbid (FALSE);
        g_assert_no_error (error);
        g_assert_cmpuint (assay_mem_get_count (), ==, count);
        assay_mem_free (out);
        walk_free (walk);
        sample_free (s);
      }
}

static void
test_crews (void)
{
  static const ModelCase wide = { "wide", "transformer",
                                  "{\"vocabulary\": 300, \"context\": 40, \"width\": 96, \"layers\": 2, \"heads\": 4}" };
  static const AssayDtype dtypes[] = { ASSAY_F32, ASSAY_F64 };

  for (guint t = 0; t < G_N_ELEMENTS (dtypes); t++)
    {
      Sample *s = sample_new (&wide, BATCH);
      gsize bytes = s->P * assay_dtype_width (dtypes[t]);
      g_autofree char *first = g_malloc0 (bytes), *g = g_malloc0 (bytes);
      double *first_product = new_vector (s->P), *product = new_vector (s->P);

      for (guint crew = 1; crew <= 3; crew++)
        {
          g_autoptr (AssayBackend) backend = assay_backend_cpu_new (crew);
          Walk *walk = walk_new (s, ASSAY_WALK_HESSIAN, dtypes[t], backend, NULL);

          walk_prepare (walk, s, NULL, 0, crew == 1 ? first : g);
          walk_apply (walk, s, s->direction, crew == 1 ? first_product : product);
          if (crew > 1)
            {
              g_assert_cmpmem (g, bytes, first, bytes);
              g_assert_cmpmem (product, s->P * sizeof (double), first_product, s->P * sizeof (double));
            }
          walk_free (walk);
        }
      assay_mem_free (first_product);
      assay_mem_free (product);
      sample_free (s);
    }
}

/* Products in bf16 are other products, with the same bits for any crew. */
static void
test_compute (void)
{
  Sample *s = sample_new (find_case ("transformer, gpt2"), BATCH);
  gsize bytes = s->P * sizeof (float);
  g_autofree char *full = g_malloc0 (bytes), *low = g_malloc0 (bytes), *again = g_malloc0 (bytes);

  for (guint crew = 1; crew <= 3; crew++)
    {
      g_autoptr (AssayBackend) backend = assay_backend_cpu_new (crew);
      Walk *walk = walk_new (s, ASSAY_WALK_GRADIENT, ASSAY_F32, backend, NULL);
      Walk *walk_low = walk_new_spec (s, &(AssayWalkSpec) { .walk = ASSAY_WALK_GRADIENT, .dtype = ASSAY_F32, .compute = ASSAY_COMPUTE_BF16 }, backend);

      walk_prepare (walk, s, NULL, 0, full);
      walk_prepare (walk_low, s, NULL, 0, crew == 1 ? low : again);
      g_assert_cmpint (memcmp (low, full, bytes), !=, 0);
      if (crew > 1)
        g_assert_cmpmem (again, bytes, low, bytes);
      walk_free (walk);
      walk_free (walk_low);
    }
  sample_free (s);
}

static void
test_compute_refused (void)
{
  static const struct { AssayWalk walk; AssayDtype dtype; } wrong[] = { { ASSAY_WALK_HESSIAN, ASSAY_F32 }, { ASSAY_WALK_TANGENT, ASSAY_F32 }, { ASSAY_WALK_GRADIENT, ASSAY_F64 } };
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  Sample *s = sample_new (find_case ("transformer, gpt2"), BATCH);

  for (gsize k = 0; k < G_N_ELEMENTS (wrong); k++)
    {
      const AssayWalkSpec spec = { .walk = wrong[k].walk, .dtype = wrong[k].dtype, .compute = ASSAY_COMPUTE_BF16 };
      g_autoptr (AssayGraph) graph = assay_model_build (s->model, s->B, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_exec_new_walk (graph, &spec, backend, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
    }
  sample_free (s);
}

static void
test_blocks (void)
{
  static const AssayWalk kinds[] = { ASSAY_WALK_TANGENT, ASSAY_WALK_HESSIAN, ASSAY_WALK_HESSIAN_COLD, ASSAY_WALK_GAUSS_NEWTON };
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (2);

  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    {
      Sample *s = sample_new (c, BATCH);

      for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
        {
          walk_check_blocks (s, c->name, kinds[k], ASSAY_F32, ASSAY_COMPUTE_FULL, backend);
          walk_check_blocks (s, c->name, kinds[k], ASSAY_F64, ASSAY_COMPUTE_FULL, backend);
        }
      sample_free (s);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exec/accumulation adds to gradient and product", test_accumulate);
  g_test_add_func ("/exec/the Hessian walk gives the gradient too, to the bit", test_gradient_of_hessian_walk);
  g_test_add_func ("/exec/directions of a block have the bits of one alone", test_blocks);
  g_test_add_func ("/exec/an unused parameter gets zeros and a shared one the sum of its uses", test_unused_and_shared);
  g_test_add_func ("/exec/an edited value is what the rest of the walk sees, until the edit is taken away", test_edit);
  g_test_add_func ("/exec/kept values are those of a walk that keeps them alone", test_keep);
  g_test_add_func ("/exec/kept adjoints are those of a walk that keeps them alone", test_keep_adjoints);
  g_test_add_func ("/exec/the first number that is not finite is named", test_faults);
  g_test_add_func ("/exec/a walk allocates nothing", test_no_allocation);
  g_test_add_func ("/exec/gradient and product have the same bits for one, two and three threads", test_crews);
  g_test_add_func ("/exec/products in bf16 have the same bits for any crew and are left again", test_compute);
  g_test_add_func ("/exec/products in bf16 are refused where there are none", test_compute_refused);
  return g_test_run ();
}
