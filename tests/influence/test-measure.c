/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-measure.c: measures in the loss's place: their values from logits, their gradients from each other, what methods make of them. */
#include "model/measure.h"

#include "base/error.h"
#include "base/rng.h"
#include "hessian/curvature.h"
#include "hessian/gradient.h"
#include "hessian/vector_f64.h"
#include "influence/query_values.h"
#include "influence/score.h"
#include "influence/task.h"
#include "toy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 12, Q = 3, T = 6, V = 11 };

enum { LONGEST = 32 };          /* direction of a probe */

/* w[c] of the tests' probes, and their bias. */
static double
weight_of (gint64 c)
{
  return sin (1 + (double) c);
}

static const double bias = 0.375;

/* "probe:TAP:n:pool" stands for the tests' probe there. */
static AssayMeasure *
parse (const char *text)
{
  GError *error = NULL;
  AssayMeasure *measure = assay_measure_parse (text, &error);
  g_auto (GStrv) parts = g_strsplit (text, ":", -1);
  double direction[LONGEST];

  g_assert_no_error (error);
  if (measure->kind != ASSAY_MEASURE_KIND_PROBE)
    return measure;
  for (gint64 c = 0; c < LONGEST; c++)
    direction[c] = weight_of (c);
  assay_measure_set_probe (measure, parts[1], atoi (parts[2]), direction, bias, (AssayPool) atoi (parts[3]));
  return measure;
}

static AssayModel *
measured (const Toy *toy, const char *text)
{
  GError *error = NULL;
  g_autoptr (AssayMeasure) measure = parse (text);
  AssayModel *model;

  model = assay_model_new_measured (toy->model, measure, &error);
  g_assert_no_error (error);
  return model;
}

/* value (Q) and gradients (Q,P) of the queries. */
static void
measure_queries (const Toy *toy, const char *text, double *value, double *gradient)
{
  g_autoptr (AssayModel) model = measured (toy, text);
  AssayInfluenceTask task = toy->task;
  g_autoptr (AssayQueryValues) values = NULL;
  GError *error = NULL;

  task.measured = model;
  values = assay_query_values_new (&task, &error);
  g_assert_no_error (error);
  assay_query_values_run (values, assay_model_get_theta (toy->model), value, &error);
  g_assert_no_error (error);
  if (gradient != NULL)
    assay_influence_task_query_gradients (&task, NULL, 0, task.n_query, gradient, &error);
  g_assert_no_error (error);
}

/* A result of the graph for all queries, (Q,...): owned by the pass. */
static const double *
read_result (const Toy *toy, const char *name, AssayPass **pass)
{
  guint keep[] = { assay_graph_find (assay_model_get_layout (toy->model), name), ASSAY_NO_VALUE };
  GError *error = NULL;

  *pass = assay_pass_new (toy->model, toy->dataset, ASSAY_WALK_FORWARD, ASSAY_F64, toy->task.n_query, toy->backend, keep, &error);
  g_assert_no_error (error);
  assay_pass_bind (*pass, toy->task.query);
  g_assert_true (assay_exec_prepare (assay_pass_get_exec (*pass), assay_model_get_theta (toy->model), NULL, NULL, FALSE, &error));
  return assay_exec_get_buffer (assay_pass_get_exec (*pass), ASSAY_PRIMAL, keep[0]);
}

/* Two classes: the margin is the difference of the logits, its gradient that of the log-probability over 1 - p. */
static void
test_classes (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (N, Q, 3, 5);
  gint64 P = assay_model_get_n_params (toy->model);
  g_autofree double *of_loss = g_new (double, Q * P), *of_log = g_new (double, Q * P), *of_margin = g_new (double, Q * P);
  g_autofree double *of_difference = g_new (double, Q * P), *of_unit = g_new (double, Q * P);
  double loss[Q], log_probability[Q], margin[Q], difference[Q], unit[Q], logit[Q];
  g_autoptr (AssayPass) pass = NULL, hidden = NULL;
  const double *z = read_result (toy, "fc2", &pass), *h = read_result (toy, "act1", &hidden);
  const AssayGraphValue *late = NULL;

  measure_queries (toy, "loss", loss, of_loss);
  measure_queries (toy, "log-probability", log_probability, of_log);
  measure_queries (toy, "margin", margin, of_margin);
  measure_queries (toy, "logit-difference:1,0", difference, of_difference);
  measure_queries (toy, "logit:1", logit, NULL);
  measure_queries (toy, "activation:act1[3]", unit, of_unit);
  late = assay_graph_get_value (assay_model_get_layout (toy->model), assay_graph_find (assay_model_get_layout (toy->model), "fc2.weight"));
  for (gint64 q = 0; q < Q; q++)
    {
      double sign = assay_dataset_get_label (toy->dataset, toy->task.query[q]) == 1 ? 1 : -1, p = exp (-loss[q]);

      g_assert_cmpfloat_with_epsilon (log_probability[q], -loss[q], 1e-14);
      g_assert_cmpfloat_with_epsilon (difference[q], z[q * 2 + 1] - z[q * 2], 1e-14);
      g_assert_cmpfloat_with_epsilon (margin[q], sign * difference[q], 1e-13);
      g_assert_cmpfloat_with_epsilon (margin[q], log (p / (1 - p)), 1e-12);
      g_assert_cmpfloat (logit[q], ==, z[q * 2 + 1]);
      g_assert_cmpfloat (unit[q], ==, h[q * 5 + 3]);
      for (gint64 j = q * P; j < (q + 1) * P; j++)
        {
          g_assert_cmpfloat_with_epsilon (of_log[j], -of_loss[j], 1e-13);
          g_assert_cmpfloat_with_epsilon (of_margin[j], of_log[j] / (1 - p), 1e-12);
          g_assert_cmpfloat_with_epsilon (of_margin[j], sign * of_difference[j], 1e-12);
        }
      for (gint64 j = 0; j < assay_shape_count (&late->shape); j++)
        g_assert_cmpfloat (of_unit[q * P + late->offset + j], ==, 0);             /* nothing behind a unit moves it */
    }
}

/* Sequences: sums over the positions that count, or the last of them. */
static void
test_tokens (void)
{
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
  g_autoptr (AssayPass) pass = NULL, hidden = NULL;
  const double *z = read_result (toy, "logits", &pass), *h = read_result (toy, "h.0.mlp.act", &hidden);
  const AssayBatch *data = assay_pass_get_data (pass);
  const double *weight = data->weight;
  double log_probability[Q], margin[Q], logit[Q], unit[Q];
  gint64 F = 32;                                                  /* four times the width of the toy */

  measure_queries (toy, "log-probability", log_probability, NULL);
  measure_queries (toy, "margin", margin, NULL);
  measure_queries (toy, "logit:4", logit, NULL);
  measure_queries (toy, "activation:h.0.mlp.act[7]", unit, NULL);
  for (gint64 q = 0; q < Q; q++)
    {
      double logs = 0, margins = 0;
      gint64 last = 0;

      for (gint64 t = 0; t < T; t++)
        {
          const double *row = z + (q * T + t) * V;
          double all = 0, others = 0;
          gint32 y = data->target[q * T + t];

          for (gint64 v = 0; v < V; v++)
            {
              all += exp (row[v]);
              others += v == y ? 0 : exp (row[v]);
            }
          logs += weight[q * T + t] * (row[y] - log (all));
          margins += weight[q * T + t] * (row[y] - log (others));
          last = weight[q * T + t] != 0 ? t : last;
        }
      g_assert_cmpfloat_with_epsilon (log_probability[q], logs, 1e-12);
      g_assert_cmpfloat_with_epsilon (margin[q], margins, 1e-12);
      g_assert_cmpfloat (logit[q], ==, z[(q * T + last) * V + 4]);
      g_assert_cmpfloat (unit[q], ==, h[(q * T + last) * F + 7]);
    }
}

/* Of a model whose loss is a mean over positions the log-probability stays a sum, and the margin becomes a mean. */
static void
test_token_mean (void)
{
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
  json_t *spec = assay_model_get_spec (toy->model);
  double sum[Q], mean[Q], margin_sum[Q], margin_mean[Q];
  g_autofree double *theta = g_new (double, assay_model_get_n_params (toy->model));
  g_autoptr (AssayPass) pass = NULL;
  const double *weight;
  GError *error = NULL;

  measure_queries (toy, "log-probability", sum, NULL);
  measure_queries (toy, "margin", margin_sum, NULL);
  assay_model_read_theta (toy->model, theta);
  json_object_set_new (json_object_get (spec, "config"), "token-reduction", json_string ("mean"));
  assay_model_free (toy->model);
  toy->task.model = toy->model = assay_model_new_from_spec (spec, &error);
  g_assert_no_error (error);
  assay_model_write_theta (toy->model, theta);
  json_decref (spec);
  measure_queries (toy, "log-probability", mean, NULL);
  measure_queries (toy, "margin", margin_mean, NULL);
  read_result (toy, "logits", &pass);
  weight = assay_pass_get_data (pass)->weight;
  for (gint64 q = 0; q < Q; q++)
    {
      double counted = 0;

      for (gint64 t = 0; t < T; t++)
        counted += weight[q * T + t] != 0;
      g_assert_cmpfloat_with_epsilon (mean[q], sum[q], 1e-12);
      g_assert_cmpfloat_with_epsilon (margin_mean[q] * counted, margin_sum[q], 1e-12);
    }
}

/* Scores of the log-probability, which the task measures, are minus those of the loss, though queries are projected another way. */
static void
assert_turned (Toy *toy, const char *method)
{
  const AssayModel *model = toy->task.measured;
  g_autoptr (AssayInfluenceScores) of_log = toy_score (toy, method, "projection", "3", NULL), of_loss = NULL;
  double size = 0;

  toy->task.measured = NULL;
  of_loss = toy_score (toy, method, "projection", "3", NULL);
  toy->task.measured = model;
  for (gint64 i = 0; i < Q * 40; i++)
    size = MAX (size, fabs (of_loss->value[i]));
  g_assert_cmpfloat (size, >, 0);
  for (gint64 i = 0; i < Q * 40; i++)
    g_assert_cmpfloat_with_epsilon (of_log->value[i], -of_loss->value[i], 1e-12 * size);          /* products of gradients in another order */
}

/* Influence on a measure is linear in its gradient; what is measured after retraining is the same measure. */
static void
test_methods (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (40, Q, 3, 0.05, 11);
  g_autoptr (AssayModel) model = measured (toy, "log-probability");
  g_autoptr (AssayInfluenceScores) of_loss = toy_score (toy, "exact", NULL), loo_of_loss = toy_score (toy, "loo", "examples", "0-3", NULL);
  g_autoptr (AssayInfluenceScores) of_log = NULL, loo_of_log = NULL;

  toy->task.measured = model;
  toy->task.measure = "log-probability";
  toy->source.spec.measured = model;
  of_log = toy_score (toy, "exact", NULL);
  loo_of_log = toy_score (toy, "loo", "examples", "0-3", NULL);
  assert_turned (toy, "logra");
  assert_turned (toy, "lorif");
  for (gint64 i = 0; i < Q * 40; i++)
    {
      g_assert_cmpfloat_with_epsilon (of_log->value[i], -of_loss->value[i], 1e-13);
      if (i % 40 < 4)
        g_assert_cmpfloat_with_epsilon (loo_of_log->value[i], -loo_of_loss->value[i], 1e-9);
    }
}

/* A probe of one channel is that channel and the bias; of all channels of the logits, w' z + bias. Its gradient is the sum of the channels' gradients, and a bias
 * moves no gradient. Both sides are sums of C terms. */
static void
test_probe_classes (void)
{
  enum { C = 5 };
  g_autoptr (Toy) toy = toy_new_mlp (N, Q, 3, 5);
  gint64 P = assay_model_get_n_params (toy->model);
  g_autofree double *of_probe = g_new (double, Q * P), *of_unit = g_new (double, Q * P), *sum = g_new0 (double, Q * P), *size = g_new0 (double, Q * P);
  double probe[Q], unit[Q], expected[Q] = { bias, bias, bias }, largest[Q] = { bias, bias, bias };

  measure_queries (toy, "probe:act1:5:0", probe, of_probe);
  for (gint64 c = 0; c < C; c++)
    {
      g_autofree char *name = g_strdup_printf ("activation:act1[%" G_GINT64_FORMAT "]", c);

      measure_queries (toy, name, unit, of_unit);
      for (gint64 q = 0; q < Q; q++)
        {
          expected[q] += weight_of (c) * unit[q];
          largest[q] += fabs (weight_of (c) * unit[q]);
        }
      for (gint64 j = 0; j < Q * P; j++)
        {
          sum[j] += weight_of (c) * of_unit[j];
          size[j] += fabs (weight_of (c) * of_unit[j]);
        }
    }
  for (gint64 q = 0; q < Q; q++)
    g_assert_cmpfloat_with_epsilon (probe[q], expected[q], 2 * C * 0x1p-53 * largest[q]);
  /* what is under the tap adds over inputs and hidden units in another order: some tens of roundings */
  for (gint64 j = 0; j < Q * P; j++)
    g_assert_cmpfloat_with_epsilon (of_probe[j], sum[j], 64 * 0x1p-53 * size[j] + 0x1p-1000);
}

/* Of sequences: at the last position that counts, or the mean or the sum over positions by their weights, which here are not only 0 and 1. */
static void
test_probe_tokens (void)
{
  enum { F = 32 };
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
  g_autoptr (AssayPass) hidden = NULL;
  const double *h = read_result (toy, "h.0.mlp.act", &hidden), *weight = assay_pass_get_data (hidden)->weight;
  double last[Q], mean[Q], sum[Q];

  measure_queries (toy, "probe:h.0.mlp.act:32:0", last, NULL);
  measure_queries (toy, "probe:h.0.mlp.act:32:1", mean, NULL);
  measure_queries (toy, "probe:h.0.mlp.act:32:2", sum, NULL);
  for (gint64 q = 0; q < Q; q++)
    {
      double total = 0, weights = 0, at_last = 0, size = 0;

      for (gint64 t = 0; t < T; t++)
        {
          double value = bias, w = weight[q * T + t];

          for (gint64 c = 0; c < F; c++)
            {
              value += weight_of (c) * h[(q * T + t) * F + c];
              size += fabs (weight_of (c) * h[(q * T + t) * F + c]);
            }
          total += w * value;
          weights += w;
          at_last = w != 0 ? value : at_last;
        }
      g_assert_cmpfloat_with_epsilon (last[q], at_last, 2 * F * 0x1p-53 * (size + bias));
      g_assert_cmpfloat_with_epsilon (sum[q], total, 2 * (F + T) * 0x1p-53 * (size + T * bias));
      g_assert_cmpfloat_with_epsilon (mean[q], total / weights, 2 * (F + T) * 0x1p-53 * (size + T * bias));
    }
}

/* The value along theta + h v by the difference of two sides has an error of h^2 / 6 times the third derivative, and of the values' rounding over h; halving h must
 * bring the difference down four times towards the gradient's own product, which is what no wrong gradient does. */
static void
test_probe_differences (gconstpointer data)
{
  const char *text = data;
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
  gint64 P = assay_model_get_n_params (toy->model);
  g_autofree double *gradient = g_new (double, Q * P), *v = g_new (double, P), *theta = g_new (double, P), *moved = g_new (double, P);
  double value[Q], off[3][Q];
  AssayRng rng = assay_rng_new (4, assay_rng_stream ("test directions", 0));

  measure_queries (toy, text, value, gradient);
  assay_model_read_theta (toy->model, theta);
  for (gint64 j = 0; j < P; j++)
    v[j] = assay_rng_normal (&rng);
  for (guint level = 0; level < 3; level++)
    {
      double h = ldexp (1e-2, -(int) level), above[Q], below[Q];

      for (gint64 j = 0; j < P; j++)
        moved[j] = theta[j] + h * v[j];
      assay_model_write_theta (toy->model, moved);
      measure_queries (toy, text, above, NULL);
      for (gint64 j = 0; j < P; j++)
        moved[j] = theta[j] - h * v[j];
      assay_model_write_theta (toy->model, moved);
      measure_queries (toy, text, below, NULL);
      for (gint64 q = 0; q < Q; q++)
        off[level][q] = (above[q] - below[q]) / (2 * h) - assay_f64_dot (P, gradient + q * P, v);
    }
  for (gint64 q = 0; q < Q; q++)
    for (guint level = 1; level < 3; level++)
      {
        g_assert_cmpfloat (fabs (off[level][q]), >, 0);
        g_assert_cmpfloat_with_epsilon (off[level - 1][q] / off[level][q], 4, 0.25);               /* the next term, h^4, is a few percent here */
      }
}

/* The Hessian of what is measured by hand-written tangent rules against the complex step, which knows none of them. */
static void
test_probe_oracle (gconstpointer data)
{
  g_autoptr (Toy) toy = toy_new_tokens (N, Q, T, V, 3);
  g_autoptr (AssayModel) model = measured (toy, data);
  gint64 P = assay_model_get_n_params (model);
  AssayPoint point = assay_influence_task_get_point (&toy->task, NULL, toy->task.query, Q);
  g_autoptr (AssayLinop) hessian = NULL, oracle = NULL;
  g_autofree double *v = g_new (double, P), *a = g_new (double, P), *b = g_new (double, P);
  AssayRng rng = assay_rng_new (5, assay_rng_stream ("test directions", 0));
  double difference = 0;
  GError *error = NULL;

  point.model = model;
  hessian = assay_curvature_open ("hessian", &point, &error);
  g_assert_no_error (error);
  oracle = assay_curvature_open ("complex-step", &point, &error);
  g_assert_no_error (error);
  for (gint64 j = 0; j < P; j++)
    v[j] = assay_rng_normal (&rng);
  g_assert_true (assay_linop_apply (hessian, 1, v, a, &error));
  g_assert_true (assay_linop_apply (oracle, 1, v, b, &error));
  for (gint64 j = 0; j < P; j++)
    difference += (a[j] - b[j]) * (a[j] - b[j]);
  g_assert_cmpfloat (assay_f64_norm (P, b), >, 0);
  g_assert_cmpfloat (sqrt (difference), <=, assay_point_get_product_error (&point) * assay_f64_norm (P, b));
}

/* Scores are linear in the query's gradient, so a probe's are the sum of those of its channels, by any method that takes a gradient. */
static void
test_probe_methods (void)
{
  static const char *const methods[] = { "exact", "cg", "ekfac", "kfac", "dot", "datainf", "logra", "tracin", "trak" };
  enum { C = 5 };
  g_autoptr (Toy) toy = toy_new_mlp (30, Q, 3, 5);
  g_autoptr (AssayModel) probe = measured (toy, "probe:act1:5:0");
  g_autofree double *theta = g_new (double, assay_model_get_n_params (toy->model));
  const double *checkpoint[] = { theta };
  const double rate[] = { 0.5 };

  assay_model_read_theta (toy->model, theta);
  toy->task.checkpoint = checkpoint;
  toy->task.checkpoint_rate = rate;
  toy->task.n_checkpoints = 1;
  for (gsize m = 0; m < G_N_ELEMENTS (methods); m++)
    {
      const gboolean is_solved = m < 2;
      g_autoptr (AssayInfluenceScores) of_probe = NULL;
      double sum[Q * 30] = { 0 }, size[Q * 30] = { 0 }, width[Q * 30] = { 0 };

      for (gint64 c = 0; c < C; c++)
        {
          g_autofree char *name = g_strdup_printf ("activation:act1[%" G_GINT64_FORMAT "]", c);
          g_autoptr (AssayModel) model = measured (toy, name);
          g_autoptr (AssayInfluenceScores) one = NULL;

          toy->task.measured = model;
          toy->task.measure = g_intern_string (name);
          one = is_solved ? toy_score (toy, methods[m], "damping", "0.1", NULL) : toy_score (toy, methods[m], NULL);
          for (gint64 k = 0; k < Q * 30; k++)
            {
              sum[k] += weight_of (c) * one->value[k];
              size[k] += fabs (weight_of (c) * one->value[k]);
              width[k] += is_solved ? fabs (weight_of (c)) * (one->hi[k] - one->lo[k]) : 0;
            }
        }
      toy->task.measured = probe;
      toy->task.measure = "probe:test";
      of_probe = is_solved ? toy_score (toy, methods[m], "damping", "0.1", NULL) : toy_score (toy, methods[m], NULL);
      for (gint64 k = 0; k < Q * 30; k++)
        g_assert_cmpfloat_with_epsilon (of_probe->value[k], sum[k],
                                        is_solved ? width[k] + of_probe->hi[k] - of_probe->lo[k] : 1e-12 * size[k] + 0x1p-1000);       /* intervals hold either; else as products */
    }
}

static void
test_bad (void)
{
  static const char *const unread[] = { "", "los", "margin:1", "logit", "logit:", "logit:-1", "logit:1,2", "logit-difference:1", "logit-difference:1,2,3",
                                        "activation:h", "activation:[3]", "activation:h[x]", "activation:h[1", "losses", "probe", "probe:" };
  static const char *const unfit[] = { "logit:2", "logit-difference:0,2", "activation:nothing[0]", "activation:act1[5]", "activation:x[0]" };
  static const struct { const char *text; int code; const char *words; } probes[] = {
    { "probe:unset", ASSAY_ERROR_USAGE, "probe unset: a direction expected" }, { "probe:nothing:5:0", ASSAY_ERROR_NOT_FOUND, "\"nothing\"" },
    { "probe:act1:4:0", ASSAY_ERROR_SHAPE, "a direction of 5 numbers expected, 4 found" }, { "probe:x:3:0", ASSAY_ERROR_NOT_FOUND, "\"x\"" } };
  g_autoptr (Toy) toy = toy_new_mlp (N, Q, 3, 5);

  for (gsize k = 0; k < G_N_ELEMENTS (unread); k++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_measure_parse (unread[k], &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
    }
  for (gsize k = 0; k < G_N_ELEMENTS (unfit); k++)
    {
      g_autoptr (AssayMeasure) measure = assay_measure_parse (unfit[k], NULL);
      g_autoptr (GError) error = NULL;

      g_assert_nonnull (measure);
      g_assert_null (assay_model_new_measured (toy->model, measure, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
    }
  for (gsize k = 0; k < G_N_ELEMENTS (probes); k++)
    {
      g_autoptr (AssayMeasure) measure = k == 0 ? assay_measure_parse ("probe:unset", NULL) : parse (probes[k].text);
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_model_new_measured (toy->model, measure, &error));
      g_assert_error (error, ASSAY_ERROR, probes[k].code);
      g_assert_nonnull (strstr (error->message, probes[k].words));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/measure/classes: values from logits, gradients from each other", test_classes);
  g_test_add_func ("/measure/sequences: sums over what counts, or the last of it", test_tokens);
  g_test_add_func ("/measure/a log-probability is a sum where losses are means", test_token_mean);
  g_test_add_func ("/measure/methods and retraining measure the same", test_methods);
  g_test_add_func ("/measure/a probe is the sum of its channels", test_probe_classes);
  g_test_add_func ("/measure/a probe of sequences is pooled as declared", test_probe_tokens);
  g_test_add_data_func ("/measure/gradients of a probe are what differences go to: last", "probe:h.0.mlp.act:32:0", test_probe_differences);
  g_test_add_data_func ("/measure/gradients of a probe are what differences go to: mean", "probe:h.0.mlp.act:32:1", test_probe_differences);
  g_test_add_data_func ("/measure/gradients of a probe are what differences go to: sum", "probe:h.0.mlp.act:32:2", test_probe_differences);
  g_test_add_data_func ("/measure/second derivatives of a probe are those of the complex step: last", "probe:h.0.mlp.act:32:0", test_probe_oracle);
  g_test_add_data_func ("/measure/second derivatives of a probe are those of the complex step: mean", "probe:h.0.mlp.act:32:1", test_probe_oracle);
  g_test_add_func ("/measure/methods are linear in a probe", test_probe_methods);
  g_test_add_func ("/measure/what cannot be measured is refused by name", test_bad);
  return g_test_run ();
}
