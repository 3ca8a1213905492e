/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-margin.c: margins against predictions, slopes against differences, whatever the model's shape and however many inputs. */
#include "decided.h"

#include "run/predict.h"

#include <math.h>

static const struct { const char *name, *architecture, *config; gint64 n_classes; gboolean affine; } models[] = {
  { "yes or no", "linear", "{\"inputs\": 6, \"loss\": \"logistic\"}", 2, TRUE },
  { "regression of classes", "linear", "{\"inputs\": 6, \"outputs\": 3}", 3, TRUE },
  { "a number", "linear", "{\"inputs\": 6, \"loss\": \"squared\"}", 0, TRUE },
  { "a smooth network", "mlp", "{\"widths\": [6, 8, 3], \"activations\": [\"tanh\"]}", 3, FALSE },
  { "a network with kinks", "mlp", "{\"widths\": [6, 8, 2], \"activations\": [\"relu\"]}", 2, FALSE },
  { "a network without a hidden layer", "mlp", "{\"widths\": [6, 3]}", 3, TRUE },
};

/* For more inputs than one block holds, values are those of the logits that a prediction gives. */
static void
test_values (gconstpointer data)
{
  guint m = GPOINTER_TO_UINT (data);
  Decided d = decided_new (600, 6, models[m].n_classes, models[m].architecture, models[m].config);
  const AssayMarginChoice choice = { models[m].n_classes > 2 ? 2 : 0, models[m].n_classes > 2 ? 0 : 1, 0.25 };
  g_autofree double *x = g_new (double, 600 * 6), *value = g_new (double, 600), *logits = NULL;
  gint64 V = assay_predict_get_width (d.fixture->model);
  g_autofree gint64 *all = g_new (gint64, 600);
  GError *error = NULL;

  logits = g_new (double, 600 * V);
  for (gint64 i = 0; i < 600; i++)
    {
      all[i] = i;
      decided_read (&d, i, x + i * 6);
    }
  g_assert_cmpint (assay_margin_get_size (d.margin), ==, 6);
  g_assert_cmpint (assay_margin_get_n_classes (d.margin), ==, models[m].n_classes);
  assay_margin_values (d.margin, &choice, x, 600, value, &error);
  g_assert_no_error (error);
  assay_predict_logits (d.fixture->model, d.fixture->dataset, all, 600, d.fixture->backend, logits, NULL, &error);
  g_assert_no_error (error);
  for (gint64 i = 0; i < 600; i++)
    {
      const double *z = logits + i * V;
      double expected = models[m].n_classes == 0 ? z[0] : V == 1 ? -z[0] : z[choice.a] - z[choice.b];

      g_assert_cmpfloat (value[i], ==, expected - 0.25);
      if (models[m].n_classes > 0)
        g_assert_cmpfloat (fabs (log (assay_predict_probability (z, V, choice.a) / assay_predict_probability (z, V, choice.b)) - value[i] - 0.25), <=,
                           1e-12 * (1 + fabs (value[i])));
    }
  decided_clear (&d);
}

/* Central differences of a smooth function err by h^2 and by rounding over h: both below 1e-8 here. Near a kink they say nothing. */
static void
test_slopes (gconstpointer data)
{
  guint m = GPOINTER_TO_UINT (data);
  Decided d = decided_new (80, 6, models[m].n_classes, models[m].architecture, models[m].config);
  const AssayMarginChoice choice = { 1, 0, 0.5 };
  const double h = 1e-5;
  g_autofree double *x = g_new (double, 70 * 6), *slope = g_new (double, 70 * 6);
  double weight[6];
  gint64 compared = 0;
  gboolean affine = assay_margin_get_slope (d.margin, &choice, weight);
  GError *error = NULL;

  g_assert_cmpint (affine, ==, models[m].affine);
  for (gint64 i = 0; i < 70; i++)
    decided_read (&d, i, x + i * 6);
  assay_margin_gradients (d.margin, &choice, x, 70, slope, &error);
  g_assert_no_error (error);
  for (gint64 i = 0; i < 70; i++)
    for (gint64 j = 0; j < 6; j++)
      {
        double at[18], v[3];

        for (gint64 k = 0; k < 18; k++)
          at[k] = x[i * 6 + k % 6] + (k % 6 == j ? h * (double) (k / 6 - 1) : 0);
        assay_margin_values (d.margin, &choice, at, 3, v, &error);
        if (fabs (v[0] - 2 * v[1] + v[2]) > 1e-8)                  /* a kink lies between */
          continue;
        compared++;
        g_assert_cmpfloat (fabs ((v[2] - v[0]) / (2 * h) - slope[i * 6 + j]), <=, 1e-7 * (1 + fabs (slope[i * 6 + j])));
        if (affine)
          g_assert_cmpfloat (fabs (weight[j] - slope[i * 6 + j]), <=, 1e-14 * (1 + fabs (weight[j])));
      }
  g_assert_cmpint (compared, >, 400);
  decided_clear (&d);
}

static void
test_images (void)
{
  g_autoptr (AssayModel) model = NULL;
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  g_autoptr (AssayMargin) margin = NULL;
  json_t *config = json_loads ("{\"input\": [1, 8, 8], \"conv\": [{\"out\": 4, \"kernel\": 3, \"pool\": {\"kind\": \"max\", \"kernel\": 2, \"stride\": 2}}], \"fc\": [3]}", 0, NULL);
  const AssayMarginChoice choice = { 2, 0, 0 };
  double x[64 * 3], slope[64], v[3];
  GError *error = NULL;

  model = assay_model_new ("cnn", config, ASSAY_F32, &error);
  json_decref (config);
  g_assert_no_error (error);
  assay_model_init (model, 1);
  margin = assay_margin_new (model, backend, &error);
  g_assert_no_error (error);
  g_assert_cmpint (assay_margin_get_size (margin), ==, 64);
  for (gint64 k = 0; k < 64; k++)
    x[k] = sin (3.7 * (double) k) / 2;
  assay_margin_gradients (margin, &choice, x, 1, slope, &error);
  g_assert_no_error (error);
  for (gint64 j = 0; j < 64; j++)
    {
      for (gint64 k = 0; k < 192; k++)
        x[k] = sin (3.7 * (double) (k % 64)) / 2 + (k % 64 == j ? 1e-6 * (double) (k / 64 - 1) : 0);
      assay_margin_values (margin, &choice, x, 3, v, &error);
      if (fabs (v[0] - 2 * v[1] + v[2]) <= 1e-12)
        g_assert_cmpfloat (fabs ((v[2] - v[0]) / 2e-6 - slope[j]), <=, 1e-7);
    }
}

static void
test_tokens (void)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_margin_new (f->model, f->backend, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint m = 0; m < G_N_ELEMENTS (models); m++)
    {
      g_autofree char *values = g_strconcat ("/probes/margin/values are those of predictions: ", models[m].name, NULL);
      g_autofree char *slopes = g_strconcat ("/probes/margin/slopes are those of differences: ", models[m].name, NULL);

      g_test_add_data_func (values, GUINT_TO_POINTER (m), test_values);
      g_test_add_data_func (slopes, GUINT_TO_POINTER (m), test_slopes);
    }
  g_test_add_func ("/probes/margin/the slope of a network of images", test_images);
  g_test_add_func ("/probes/margin/a model of tokens is refused", test_tokens);
  return g_test_run ();
}
