/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-measure.c: measures in the loss's place: their values from logits, their gradients from each other, what methods make of them. */
#include "model/measure.h"

#include "base/error.h"
#include "hessian/gradient.h"
#include "influence/query_values.h"
#include "influence/score.h"
#include "influence/task.h"
#include "toy.h"

#include <math.h>
#include <string.h>

enum { N = 12, Q = 3, T = 6, V = 11 };

static AssayModel *
measured (const Toy *toy, const char *text)
{
  GError *error = NULL;
  g_autoptr (AssayMeasure) measure = assay_measure_parse (text, &error);
  AssayModel *model;

  g_assert_no_error (error);
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
  for (gint64 i = 0; i < Q * 40; i++)
    {
      g_assert_cmpfloat_with_epsilon (of_log->value[i], -of_loss->value[i], 1e-13);
      if (i % 40 < 4)
        g_assert_cmpfloat_with_epsilon (loo_of_log->value[i], -loo_of_loss->value[i], 1e-9);
    }
}

static void
test_bad (void)
{
  static const char *const unread[] = { "", "los", "margin:1", "logit", "logit:", "logit:-1", "logit:1,2", "logit-difference:1", "logit-difference:1,2,3",
                                        "activation:h", "activation:[3]", "activation:h[x]", "activation:h[1", "losses" };
  static const char *const unfit[] = { "logit:2", "logit-difference:0,2", "activation:nothing[0]", "activation:act1[5]", "activation:x[0]" };
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
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/measure/classes: values from logits, gradients from each other", test_classes);
  g_test_add_func ("/measure/sequences: sums over what counts, or the last of it", test_tokens);
  g_test_add_func ("/measure/a log-probability is a sum where losses are means", test_token_mean);
  g_test_add_func ("/measure/methods and retraining measure the same", test_methods);
  g_test_add_func ("/measure/what cannot be measured is refused by name", test_bad);
  return g_test_run ();
}
