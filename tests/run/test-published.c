/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-published.c: logistic regressions on real tables, trained as a user would, against published coefficients. */
#include "fixtures.h"

#include "dataset/derive.h"
#include "dataset/import.h"

#include <math.h>
#include <string.h>

static char *
find_data (const char *name)
{
  const char *given = g_getenv ("ASSAY_TEST_DATA");
  g_autofree char *beside = g_test_build_filename (G_TEST_DIST, "..", "shared", "data", NULL);
  char *path = g_build_filename (given ? given : beside, name, NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return path;
  g_test_skip (path);
  g_free (path);
  return NULL;
}

static AssayDataset *
load (const char *path, const char *derive)
{
  const char *paths[] = { path, NULL };
  json_t *json = json_loads (derive, 0, NULL);
  GError *error = NULL;
  g_autoptr (AssayValues) import = assay_values_new (assay_import_params), values = NULL;
  g_autoptr (AssayTable) table = NULL;
  AssayDataset *dataset;

  g_assert_nonnull (json);
  table = assay_import (paths, import, &error);
  g_assert_no_error (error);
  values = assay_values_from_json (assay_derive_params, json, "derive", &error);
  g_assert_no_error (error);
  dataset = assay_dataset_derive (table, values, ASSAY_TARGET_CLASS, &error);
  g_assert_no_error (error);
  json_decref (json);
  return dataset;
}

static Fixture *
train (AssayDataset *dataset, const char *options, AssayTrainResult *result)
{
  AssayShape shape = assay_dataset_get_shape (dataset);
  g_autofree char *config = g_strdup_printf ("{\"inputs\": %" G_GINT64_FORMAT ", \"loss\": \"logistic\"}", shape.dim[0]);
  Fixture *f = fixture_new (dataset, "linear", config, options, 2);
  GError *error = NULL;

  assay_train (&f->training, NULL, result, NULL, &error);
  g_assert_no_error (error);
  return f;
}

static void
test_compas (void)
{
  static const struct { const char *term; double estimate; } published[] = {
    { "sex = Female", 0.22127 }, { "age_cat = Greater than 45", -1.35563 }, { "age_cat = Less than 25", 1.30839 },
    { "race = African-American", 0.47721 }, { "race = Asian", -0.25441 }, { "race = Hispanic", -0.42839 },
    { "race = Native American", 1.39421 }, { "race = Other", -0.82635 }, { "priors_count", 0.26895 },
    { "c_charge_degree = M", -0.31124 }, { "two_year_recid", 0.68586 } };
  g_autofree char *path = find_data ("tabular/compas_two_years_min.csv");
  AssayTrainResult result;
  const GPtrArray *names;
  const double *theta;
  g_autoptr (Fixture) f = NULL;

  if (path == NULL)
    return;
  f = train (load (path, "{\"filter\": \"days_b_screening_arrest <= 30 and days_b_screening_arrest >= -30 and is_recid != -1 and"
                         " c_charge_degree != 'O' and score_text != 'N/A'\", \"target\": \"score_text in ('Medium', 'High')\","
                         " \"terms\": \"sex, age_cat, race, priors_count, c_charge_degree, two_year_recid\","
                         " \"reference\": [\"sex=Male\", \"age_cat=25 - 45\", \"race=Caucasian\", \"c_charge_degree=F\"]}"),
             "{\"optimizer\": \"newton\"}", &result);
  g_assert_cmpint (f->training.N, ==, 6172);
  g_assert_cmpint (result.reason, ==, ASSAY_TRAIN_CONVERGED);
  g_assert_cmpint (result.steps, <=, 8);
  g_assert_cmpfloat (result.gradient_norm, <=, 1e-13);
  names = assay_dataset_get_term_names (f->dataset);
  theta = assay_model_get_theta (f->model);
  g_assert_cmpuint (names->len, ==, G_N_ELEMENTS (published));
  for (guint d = 0; d < names->len; d++)
    {
      g_assert_cmpstr (names->pdata[d], ==, published[d].term);
      g_assert_cmpfloat (fabs (theta[d] - published[d].estimate), <=, 0.5e-5);                 /* half of the last printed digit */
    }
  g_assert_cmpfloat (fabs (theta[names->len] + 1.52554), <=, 0.5e-5);
}

/* Raw columns in units from 0/1 to 1e5 and dozens of levels: the optimum is reached all the same, and lbfgs finds it with scaled columns. */
static void
test_wide_tables (void)
{
  static const struct { const char *file, *derive; gint64 rows; } tables[] = {
    { "tabular/german.csv", "{\"target\": \"credit == 1\"}", 1000 },
    { "tabular/adult.csv", "{\"target\": \"income-per-year\", \"limit\": 8000}", 8000 } };

  for (guint k = 0; k < G_N_ELEMENTS (tables); k++)
    {
      g_autofree char *path = find_data (tables[k].file);
      AssayTrainResult result;
      g_autoptr (Fixture) f = NULL;

      if (path == NULL)
        return;
      f = train (load (path, tables[k].derive), "{\"optimizer\": \"newton\", \"l2\": 1e-4}", &result);
      g_assert_cmpint (f->training.N, ==, tables[k].rows);
      g_assert_cmpint (result.reason, !=, ASSAY_TRAIN_STEPS_DONE);
      g_assert_cmpfloat (result.decrement, <=, 1e-10);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/published/COMPAS gives the published coefficients to every printed digit", test_compas);
  g_test_add_func ("/published/German credit and Adult reach their optimum in their own units", test_wide_tables);
  return g_test_run ();
}
