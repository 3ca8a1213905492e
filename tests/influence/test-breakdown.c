/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-breakdown.c: parts of scores: that they add up, and that each is what its name says. */
#include "influence/breakdown.h"

#include "base/error.h"
#include "hessian/gradient.h"
#include "hessian/vector_f64.h"
#include "influence/parts.h"
#include "influence/score.h"
#include "influence/task.h"
#include "toy.h"

#include <math.h>
#include <string.h>

enum { N = 10, Q = 2, T = 6, V = 11, C = 8 };

static AssayBreakdown *
break_down (const Toy *toy, const AssayInfluenceScores *scores, const char *by)
{
  GError *error = NULL;
  AssayBreakdown *b = assay_breakdown_new (&toy->task, scores, by, ASSAY_QUERY_BLOCK, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (g_strv_length (b->names), ==, b->n_parts);
  return b;
}

/* Parts add up to the score, to rounding of their sum. */
static void
check_sums (const AssayBreakdown *b, const AssayInfluenceScores *scores)
{
  for (gint64 k = 0; k < scores->n_query * scores->n_train; k++)
    {
      double sum = 0, size = 0;

      for (gint64 m = 0; m < b->n_parts; m++)
        {
          sum += b->value[k * b->n_parts + m];
          size += fabs (b->value[k * b->n_parts + m]);
        }
      g_assert_cmpfloat_with_epsilon (sum, scores->value[k], 1e-12 * size);
    }
}

static void
test_sums (void)
{
  static const char *const methods[] = { "dot", "cg" };

  for (gsize k = 0; k < G_N_ELEMENTS (methods); k++)
    {
      g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
      g_autoptr (AssayInfluenceScores) scores = NULL;

      toy->task.keep_directions = TRUE;
      scores = toy_score (toy, methods[k], NULL);
      for (const char *const *by = assay_breakdown_choices + 1; *by != NULL; by++)
        {
          g_autoptr (AssayBreakdown) b = break_down (toy, scores, *by);

          check_sums (b, scores);
        }
    }
}

/* A position that does not count has exactly nothing; a module's part is the inner product over its slice. */
static void
test_parts (void)
{
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
  gint64 P = assay_model_get_n_params (toy->model);
  g_autofree double *rows = g_new (double, N * P);
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (AssayBreakdown) tokens = NULL, modules = NULL, heads = NULL;
  AssayPoint train = assay_influence_task_get_train (&toy->task);
  AssayGraph *layout = assay_model_get_layout (toy->model);
  const AssayGraphValue *qkv = assay_graph_get_value (layout, assay_graph_find (layout, "h.0.attn.c_attn.weight"));
  const AssayGraphValue *bias = assay_graph_get_value (layout, assay_graph_find (layout, "h.0.attn.c_attn.bias"));
  const AssayGraphValue *out = assay_graph_get_value (layout, assay_graph_find (layout, "h.0.attn.c_proj.weight"));
  gint64 D = C / 2, h = 1, n_zero = 0;

  toy->task.keep_directions = TRUE;
  scores = toy_score (toy, "dot", NULL);
  tokens = break_down (toy, scores, "token");
  modules = break_down (toy, scores, "module");
  heads = break_down (toy, scores, "head");
  g_assert_cmpint (heads->n_parts, ==, 3);
  g_assert_cmpstr (heads->names[0], ==, "rest");
  g_assert_cmpstr (heads->names[2], ==, "h.0.head.1");
  g_assert_true (assay_gradient_rows (&train, rows, NULL, NULL));
  for (gint64 i = 0; i < N; i++)
    {
      double weight[T], expected = 0;
      AssayBatch batch = { .dtype = ASSAY_F64, .weight = weight };

      assay_dataset_fill (toy->dataset, toy->task.train + i, 1, &batch);
      for (gint64 q = 0; q < Q; q++)
        for (gint64 t = 0; t < T; t++)
          if (weight[t] == 0)
            {
              g_assert_cmpfloat (tokens->value[(q * N + i) * T + t], ==, 0);
              n_zero++;
            }
      for (gint64 m = 0; m < modules->n_parts; m++)
        {
          double product = 0;

          for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
            {
              const AssayGraphValue *x = assay_graph_get_value (layout, v);

              if (x->role == ASSAY_VALUE_PARAM && g_str_has_prefix (x->name, modules->names[m]) && x->name[strlen (modules->names[m])] == '.'
                  && strchr (x->name + strlen (modules->names[m]) + 1, '.') == NULL)
                for (gint64 j = x->offset; j < x->offset + assay_shape_count (&x->shape); j++)
                  product += rows[i * P + j] * scores->direction[j];
            }
          g_assert_cmpfloat_with_epsilon (modules->value[i * modules->n_parts + m], product, 1e-12 * (1 + fabs (product)));
        }
      for (gint64 part = 0; part < 3; part++)                     /* rows h D .. of queries, keys, values; columns of the output */
        for (gint64 r = part * C + h * D; r < part * C + (h + 1) * D; r++)
          {
            for (gint64 c = 0; c < C; c++)
              expected += rows[i * P + qkv->offset + r * C + c] * scores->direction[qkv->offset + r * C + c];
            expected += rows[i * P + bias->offset + r] * scores->direction[bias->offset + r];
          }
      for (gint64 r = 0; r < C; r++)
        for (gint64 c = h * D; c < (h + 1) * D; c++)
          expected += rows[i * P + out->offset + r * C + c] * scores->direction[out->offset + r * C + c];
      g_assert_cmpfloat_with_epsilon (heads->value[i * 3 + 2], expected, 1e-12 * (1 + fabs (expected)));
    }
  g_assert_cmpint (n_zero, >, 0);
}

/* Every method that says so, in doubles and in single precision: parts add up to the score, and each is the inner product over its slice of a gradient that was formed.
 * A derivative is off by at most product_error times both norms, M of them along slices of one direction by root M times as much; a score was walked in the
 * factors' own type. */
static void
test_methods (gconstpointer data)
{
  const gboolean is_single = GPOINTER_TO_INT (data);
  guint n = 0;

  for (const AssayMethod *const *m = assay_method_list (); *m != NULL; m++)
    {
      g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
      gint64 P = assay_model_get_n_params (toy->model);
      g_autofree double *rows = g_new (double, N * P);
      g_autoptr (AssayParts) heads = assay_parts_new_heads (toy->model, NULL);
      const gboolean has_fit = ((*m)->flags & ASSAY_METHOD_CUTS_EXAMPLES) != 0 && strcmp ((*m)->name, "dot") != 0;
      g_autoptr (AssayInfluenceScores) scores = NULL;
      AssayPoint train;
      double error_of_walk;

      if (!((*m)->flags & ASSAY_METHOD_HAS_DIRECTION))
        continue;
      n++;
      train = assay_influence_task_get_train (&toy->task);
      g_assert_true (assay_gradient_rows (&train, rows, NULL, NULL));
      toy->task.keep_directions = TRUE;
      toy->task.is_single_precision = is_single;
      train = assay_influence_task_get_train (&toy->task);
      error_of_walk = assay_point_get_product_error (&train);
      scores = has_fit ? toy_score (toy, (*m)->name, "factor-precision", is_single ? "f32" : "f64", NULL) : toy_score (toy, (*m)->name, NULL);
      for (const char *const *by = assay_breakdown_choices + 1; *by != NULL; by++)
        {
          g_autoptr (AssayBreakdown) b = break_down (toy, scores, *by);

          for (gint64 k = 0; k < Q * N; k++)
            {
              const double *g = rows + k % N * P, *v = scores->direction + k / N * P;
              double sum = 0, tolerance = error_of_walk * assay_f64_norm (P, g) * assay_f64_norm (P, v);

              for (gint64 part = 0; part < b->n_parts; part++)
                {
                  double expected = 0, found = b->value[k * b->n_parts + part];

                  sum += found;
                  for (gint64 j = 0; j < P && strcmp (*by, "head") == 0; j++)
                    expected += heads->of[j] == part ? g[j] * v[j] : 0;
                  if (strcmp (*by, "head") == 0)
                    g_assert_cmpfloat_with_epsilon (found, expected, 2 * tolerance);               /* both walks: these rows were formed in doubles */
                }
              g_assert_cmpfloat_with_epsilon (sum, scores->value[k], (1 + sqrt ((double) b->n_parts)) * tolerance);
            }
        }
    }
  g_assert_cmpuint (n, >=, 11);
}

/* What has no one direction is refused with its name, and told who has. */
static void
test_refused_methods (void)
{
  for (const AssayMethod *const *m = assay_method_list (); *m != NULL; m++)
    {
      g_autoptr (GError) error = NULL;
      gboolean has_direction = ((*m)->flags & ASSAY_METHOD_HAS_DIRECTION) != 0;

      g_assert_true (assay_method_check_direction (*m, "head", &error) == has_direction);
      if (has_direction)
        continue;
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
      g_assert_nonnull (strstr (error->message, (*m)->name));
      g_assert_nonnull (strstr (error->message, "ekfac"));
    }
}

/* Shared key and value heads have parts of their own, through slices and rotations. */
static void
test_shared_heads (void)
{
  json_t *config = json_pack ("{s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:b}", "vocabulary", V, "context", T, "width", C, "heads", 4, "kv-heads", 2,
                              "layers", 1, "positions", "rotary", "names", "llama", "bias", 0);
  g_autoptr (AssayModel) model = assay_model_new ("transformer", config, ASSAY_F64, NULL);
  g_autoptr (AssayParts) parts = assay_parts_new_heads (model, NULL);
  AssayGraph *layout = assay_model_get_layout (model);
  const AssayGraphValue *k = assay_graph_get_value (layout, assay_graph_find (layout, "model.layers.0.self_attn.k_proj.weight"));
  const AssayGraphValue *q = assay_graph_get_value (layout, assay_graph_find (layout, "model.layers.0.self_attn.q_proj.weight"));

  json_decref (config);
  g_assert_cmpint (parts->n, ==, 1 + 4 + 2);
  g_assert_true (g_str_has_suffix (parts->names[parts->of[q->offset + 3 * 2 * C]], ".head.3"));      /* heads of 2 rows */
  g_assert_true (g_str_has_suffix (parts->names[parts->of[k->offset + 1 * 2 * C]], ".kv-head.1"));
}

static void
test_bad (void)
{
  g_autoptr (Toy) features = toy_new_mlp (N, Q, 3, 5);
  g_autoptr (AssayInfluenceScores) kept = NULL, plain = toy_score (features, "dot", NULL);

  features->task.keep_directions = TRUE;
  kept = toy_score (features, "dot", NULL);
  for (const char *const *by = assay_breakdown_choices + 1; *by != NULL; by++)
    {
      g_autoptr (GError) error = NULL, none = NULL;
      g_autoptr (AssayBreakdown) b = assay_breakdown_new (&features->task, kept, *by, ASSAY_QUERY_BLOCK, NULL, &error);

      g_assert_null (assay_breakdown_new (&features->task, plain, *by, ASSAY_QUERY_BLOCK, NULL, &none));
      g_assert_error (none, ASSAY_ERROR, ASSAY_ERROR_USAGE);
      if (strcmp (*by, "module") == 0)
        g_assert_nonnull (b);
      else
        g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/breakdown/parts add up to the score", test_sums);
  g_test_add_func ("/breakdown/each part is what its name says", test_parts);
  g_test_add_data_func ("/breakdown/of every method that can, in doubles", GINT_TO_POINTER (FALSE), test_methods);
  g_test_add_data_func ("/breakdown/of every method that can, in single precision", GINT_TO_POINTER (TRUE), test_methods);
  g_test_add_func ("/breakdown/methods without a direction are refused by name", test_refused_methods);
  g_test_add_func ("/breakdown/heads that share keys and values", test_shared_heads);
  g_test_add_func ("/breakdown/what cannot be broken down is refused", test_bad);
  return g_test_run ();
}
