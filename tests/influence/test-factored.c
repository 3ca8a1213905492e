/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Methods on factors: scores against the definition, factors kept in a case, and factors that do not belong. */
#include "influence/factored.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/gradient.h"
#include "influence/factors_store.h"
#include "influence/score.h"
#include "influence/task.h"
#include "tensor/compare.h"
#include "toy.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

typedef struct {
  Toy *toy;
  char *directory;
  AssayCase *store;
} Room;

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static void
set_up (Room *room, gconstpointer data)
{
  GError *error = NULL;
  g_autofree char *path = NULL;

  (void) data;
  room->toy = toy_new_tokens (12, 3, 5, 9, 3);
  room->directory = g_dir_make_tmp ("assay-factored-XXXXXX", &error);
  g_assert_no_error (error);
  path = g_build_filename (room->directory, "toy.assay", NULL);
  room->store = assay_case_create (path, &error);
  g_assert_no_error (error);
  room->toy->task.store = room->store;
  room->toy->task.model_name = "toy";
}

static void
tear_down (Room *room, gconstpointer data)
{
  (void) data;
  assay_case_free (room->store);
  remove_tree (room->directory);
  g_free (room->directory);
  toy_free (room->toy);
}

static AssayFactors *
obtain (const Room *room, const char *given, GString *notes, GError **error)
{
  g_autoptr (AssayValues) values = toy_options (assay_method_find ("ekfac", NULL), NULL);

  return assay_factored_obtain (&room->toy->task, values, ASSAY_FACTORS_KRONECKER, given, NULL, notes, NULL, error);
}

/* (1/N) g_q' A^-1 g_i from gradients of single examples, for factors fitted here. */
static void
test_definition (Room *room, gconstpointer data)
{
  static const struct { const char *method; AssayFactorsBasis basis; AssayFactorsSpectrum spectrum; } methods[] = {
    { "ekfac", ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_FITTED }, { "kfac", ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_KRONECKER },
    { "shampoo", ASSAY_FACTORS_SHAMPOO, ASSAY_SPECTRUM_FITTED }, { "diagonal", ASSAY_FACTORS_IDENTITY, ASSAY_SPECTRUM_FITTED } };
  const AssayInfluenceTask *task = &room->toy->task;
  AssayPoint train = assay_influence_task_get_train (task);
  gint64 P = assay_model_get_n_params (task->model), Q = task->n_query, N = task->n_train;
  g_autoptr (AssayBuffer) rows = assay_mem_new (double, N * P, NULL), queries = assay_mem_new (double, Q * P, NULL);
  const AssayFactorsDamping damping = { ASSAY_DAMPING_BLOCK, 0.1, task->l2 };

  (void) data;
  g_assert_true (assay_gradient_rows (&train, rows, NULL, NULL));
  for (gsize k = 0; k < G_N_ELEMENTS (methods); k++)
    {
      g_autoptr (AssayInfluenceScores) scores = toy_score (room->toy, methods[k].method, NULL);
      g_autoptr (AssayFactors) factors = assay_factors_fit (&train, &(AssayFactorsOptions) { .basis = methods[k].basis }, NULL, NULL);
      g_autoptr (AssayFactorsInverse) inverse = assay_factors_inverse_new (factors, methods[k].spectrum, &damping, NULL, NULL);
      g_autofree double *expected = g_new0 (double, Q * N);

      g_assert_true (assay_influence_task_query_gradients (task, NULL, 0, Q, queries, NULL));
      assay_factors_inverse_apply (inverse, Q, queries, queries);
      for (gint64 q = 0; q < Q; q++)
        for (gint64 i = 0; i < N; i++)
          for (gint64 p = 0; p < P; p++)
            expected[q * N + i] += ((double *) queries)[q * P + p] * ((double *) rows)[i * P + p] / (double) N;
      g_assert_cmpfloat (assay_compare (scores->value, expected, Q * N).relative, <=, 1e-12);
      g_assert_cmpstr (scores->unit, ==, ASSAY_UNIT_NATS);
      g_assert_cmpfloat (scores->damping, >, 0);
      g_assert_null (scores->lo);
    }
}

/* Another damping from kept factors is what a fresh fit gives, and fits nothing. */
static void
test_another_damping (Room *room, gconstpointer data)
{
  g_autoptr (AssayInfluenceScores) first = toy_score (room->toy, "ekfac", NULL), second = toy_score (room->toy, "ekfac", "damping", "0.7", NULL), fresh = NULL;

  (void) data;
  g_assert_nonnull (strstr (first->notes->str, "fitted now and kept"));
  g_assert_nonnull (strstr (second->notes->str, "as they were kept"));
  g_assert_nonnull (strstr (second->notes->str, "coverage 100 %"));
  room->toy->task.store = NULL;
  fresh = toy_score (room->toy, "ekfac", "damping", "0.7", NULL);
  g_assert_cmpmem (second->value, 36 * sizeof (double), fresh->value, 36 * sizeof (double));
}

static void
test_kept (Room *room, gconstpointer data)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (AssayFactors) fitted = obtain (room, NULL, NULL, NULL), read = obtain (room, NULL, notes, NULL);

  (void) data;
  g_assert_nonnull (strstr (notes->str, "as they were kept"));
  g_assert_cmpint (read->N, ==, fitted->N);
  for (guint m = 0; m < fitted->modules->n; m++)
    {
      const AssayModuleFactors *a = &fitted->of[m], *b = &read->of[m];

      g_assert_cmpmem (a->lambda, a->row.n * a->column.n * sizeof (double), b->lambda, b->row.n * b->column.n * sizeof (double));
      g_assert_cmpmem (a->row.values, a->row.n * sizeof (double), b->row.values, b->row.n * sizeof (double));
      g_assert_cmpfloat (a->positions, ==, b->positions);
      g_assert_cmpfloat (a->row.check.residual, ==, b->row.check.residual);
      if (a->row.vectors != NULL)
        g_assert_cmpmem (a->row.vectors, a->row.n * a->row.n * sizeof (double), b->row.vectors, b->row.n * b->row.n * sizeof (double));
    }
}

static void
test_others (Room *room, gconstpointer data)
{
  GPtrArray *kept;
  g_autofree char *name = NULL;
  double *theta = assay_model_get_theta (room->toy->model);
  g_autoptr (GError) of_data = NULL, of_model = NULL, absent = NULL;

  (void) data;
  assay_factors_free (obtain (room, NULL, NULL, NULL));
  kept = assay_case_list (room->store, "factors", NULL);
  g_assert_cmpuint (kept->len, ==, 1);
  name = g_strdup (((AssayObject *) kept->pdata[0])->name);
  g_ptr_array_unref (kept);
  assay_factors_free (obtain (room, name, NULL, NULL));           /* by name, where they belong */
  room->toy->task.n_train--;
  g_assert_null (obtain (room, name, NULL, &of_data));
  g_assert_error (of_data, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_nonnull (strstr (of_data->message, "other data"));
  room->toy->task.n_train++;
  theta[0] += 1;
  g_assert_null (obtain (room, name, NULL, &of_model));
  g_assert_nonnull (strstr (of_model->message, "another model"));
  g_assert_null (obtain (room, "nothing", NULL, &absent));
  g_assert_error (absent, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
}

static void
test_zero (Room *room, gconstpointer data)
{
  const AssayMethod *method = assay_method_find ("kfac", NULL);
  g_autoptr (AssayValues) options = toy_options (method, "damping", "0", NULL);
  g_autoptr (GError) error = NULL;

  (void) data;
  room->toy->task.l2 = 0;
  g_assert_null (method->score (&room->toy->task, options, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "damping above 0"));
}

/* Blocks stand alone: the scores of single modules add up to those of all of them. */
static void
test_modules (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (9, 4, 3, 5);
  g_autoptr (AssayModules) modules = assay_modules_new (toy->task.model, NULL);
  g_autoptr (AssayInfluenceScores) all = toy_score (toy, "ekfac", NULL);
  const AssayMethod *method = assay_method_find ("ekfac", NULL);
  g_autoptr (AssayValues) unknown = toy_options (method, "modules", "nothing*", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree double *sum = g_new0 (double, 36);

  g_assert_cmpuint (modules->n, >, 1);
  toy->task.keep_directions = TRUE;
  for (guint m = 0; m < modules->n; m++)
    {
      g_autoptr (AssayInfluenceScores) part = toy_score (toy, "ekfac", "modules", modules->module[m].name, NULL);
      gint64 outside = 0;

      for (gint64 k = 0; k < 36; k++)
        sum[k] += part->value[k];
      for (gint64 p = 0; p < modules->P; p++)
        outside += part->direction[p] == 0;
      g_assert_cmpint (outside, >=, modules->P - modules->module[m].n_params);
      g_assert_nonnull (strstr (part->notes->str, "in the 1 modules that were named"));
    }
  g_assert_cmpfloat (assay_compare (sum, all->value, 36).relative, <=, 1e-12);
  g_assert_null (method->score (&toy->task, unknown, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
}

/* An index is of every parameter: kept factors of some are not taken for it. */
static void
test_partial (void)
{
  g_autoptr (Toy) toy = toy_new_mlp (9, 4, 3, 5);
  g_autoptr (AssayModules) modules = assay_modules_new (toy->task.model, NULL);
  g_autofree char *directory = g_dir_make_tmp ("assay-XXXXXX", NULL), *path = g_build_filename (directory, "case", NULL), *name = NULL;
  g_autoptr (AssayCase) store = assay_case_create (path, NULL);
  g_autoptr (AssayValues) part = toy_options (assay_method_find ("ekfac", NULL), "modules", modules->module[0].name, NULL);
  g_autoptr (AssayValues) whole = toy_options (assay_method_find ("source", NULL), NULL);
  g_autoptr (AssayFactors) fitted = NULL;
  g_autoptr (GError) error = NULL;

  toy->task.store = store;
  toy->task.model_name = "toy";
  fitted = assay_factored_obtain (&toy->task, part, ASSAY_FACTORS_KRONECKER, NULL, &name, NULL, NULL, NULL);
  g_assert_nonnull (fitted);
  assay_factors_free (assay_factored_obtain (&toy->task, part, ASSAY_FACTORS_KRONECKER, name, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_null (assay_factored_obtain (&toy->task, whole, ASSAY_FACTORS_KRONECKER, name, NULL, NULL, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  remove_tree (directory);
}

#define ADD(name, func) g_test_add ("/factored/" name, Room, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("scores are the definition's", test_definition);
  ADD ("another damping fits nothing again", test_another_damping);
  ADD ("what is kept is what was fitted", test_kept);
  ADD ("factors of another model or other data are refused", test_others);
  ADD ("nothing is divided by 0", test_zero);
  g_test_add_func ("/factored/modules that are named add up to all", test_modules);
  g_test_add_func ("/factored/factors of some modules are not taken for all", test_partial);
  return g_test_run ();
}
