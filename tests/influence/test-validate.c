/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-validate.c: correlation with real retraining, its controls, and where it is kept. */
#include "influence/validate.h"

#include "base/error.h"
#include "store/reader.h"
#include "toy.h"

#include <glib/gstdio.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 80, Q = 4, ONES = 40, GROUPS = 30, SIZE = 4, RANDOM = 25 };

static AssayValues *
options_of (const char *first, ...)
{
  AssayValues *options = assay_values_new (assay_validate_params);
  va_list list;

  g_assert_true (assay_values_set_text (options, "leave-one-out", "40", NULL) && assay_values_set_text (options, "groups", "30", NULL)
                 && assay_values_set_text (options, "draws", "500", NULL));
  g_assert_true (assay_values_set_text (options, "qld", "query", NULL) && assay_values_set_text (options, "qld-share", "0.05", NULL)
                 && assay_values_set_text (options, "qld-random", "25", NULL));
  va_start (list, first);
  for (const char *name = first; name != NULL; name = va_arg (list, const char *))
    g_assert_true (assay_values_set_text (options, name, va_arg (list, const char *), NULL));
  va_end (list);
  if (!assay_values_is_set (options, "group-size"))
    g_assert_true (assay_values_set_text (options, "group-size", "4", NULL));
  return options;
}

static AssayValidation *
validate (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, const AssayValues *options, GError **error)
{
  g_autoptr (AssayGroundTruth) truth = assay_validate_measure (task, options, NULL, NULL, error);

  return truth ? assay_validate (task, truth, scores, options, NULL, error) : NULL;
}

static void
assert_holds (AssayEstimate e)
{
  g_assert_cmpfloat (e.lo, <=, e.value);
  g_assert_cmpfloat (e.value, <=, e.hi);
}

/* Exact influence on a convex model: both correlations are high with an interval, dealt-out scores correlate with nothing, and the groups
 * ranked most helpful raise the loss more than random ones. */
static void
test_convex (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, 3, 0.05, 31);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "exact", NULL);
  g_autoptr (AssayValues) options = options_of (NULL, NULL);
  g_autoptr (AssayValidation) v = NULL;
  const AssayAgreement *lds;
  GError *error = NULL;

  v = validate (&toy->task, scores, options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (v->one.n_sets, ==, ONES);
  lds = assay_validation_get_lds (v);
  g_assert_cmpint (lds->n_sets, ==, GROUPS);
  g_assert_cmpfloat (v->one.mean_pearson.value, >, 0.95);
  g_assert_cmpfloat (lds->mean_pearson.value, >, 0.95);
  g_assert_cmpfloat (v->one.mean_spearman.lo, >, 0.5);
  assert_holds (v->one.mean_pearson);
  assert_holds (lds->mean_spearman);
  g_assert_cmpfloat (v->one.control_pearson.lo, <, 0);
  g_assert_cmpfloat (v->one.control_pearson.hi, >, 0);
  g_assert_cmpfloat (v->one.slope, >, 0.8);                       /* the scale is right too: retraining moves a little further */
  g_assert_cmpfloat (v->one.slope, <, 1.5);
  g_assert_cmpfloat (v->one.band, >, 0);
  g_assert_cmpfloat (v->difference.estimate.lo, >, 0);
  for (gint64 q = 0; q < Q; q++)
    {
      g_assert_cmpfloat (v->one.pearson[q], >, 0.9);
      g_assert_cmpfloat (v->one.pearson_lo[q], <, v->one.pearson[q]);
      g_assert_cmpfloat (v->one.pearson_hi[q], >, v->one.pearson[q]);
      g_assert_cmpfloat (v->difference.p[q], ==, 1.0 / (RANDOM + 1));    /* above every random group */
    }
  for (gint64 i = 0; i < ONES * Q; i++)
    g_assert_cmpfloat (fabs (v->one.measured[i]), >, 0);
}

/* What is measured is what the loo method measures, example by example. */
static void
test_same_truth (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (30, 2, 3, 0.05, 8);
  g_autoptr (AssayInfluenceScores) loo = toy_score (toy, "loo", NULL);
  g_autoptr (AssayValues) options = options_of ("leave-one-out", "1000", "groups", "0", "qld", "none", NULL);      /* all there are */
  g_autoptr (AssayValidation) v = validate (&toy->task, loo, options, NULL);

  g_assert_cmpint (v->one.n_sets, ==, 30);
  g_assert_null (assay_validation_get_lds (v));
  g_assert_cmpint (v->grade.letter, ==, 0);
  g_assert_cmpint (v->difference.n_random, ==, 0);
  g_assert_cmpmem (v->one.measured, 60 * sizeof (double), v->one.predicted, 60 * sizeof (double));
  g_assert_cmpfloat_with_epsilon (v->one.mean_pearson.value, 1, 3 * DBL_EPSILON);        /* x / (sqrt x sqrt x), of two queries: five roundings at most */
  g_assert_cmpfloat (v->one.band, ==, 0);
  g_assert_cmpfloat_with_epsilon (v->one.slope, 1, 1e-14);
}

/* Scores of the wrong sign correlate negatively, and what they rank first lowers the loss. */
static void
test_wrong_sign (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, 3, 0.05, 31);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "exact", NULL);
  g_autoptr (AssayValues) options = options_of (NULL, NULL);
  g_autoptr (AssayValidation) v = NULL;

  for (gint64 i = 0; i < N * Q; i++)
    scores->value[i] = -scores->value[i];
  v = validate (&toy->task, scores, options, NULL);
  g_assert_cmpfloat (v->one.mean_pearson.hi, <, 0);
  g_assert_cmpfloat (v->difference.estimate.hi, <, 0);
  for (gint64 q = 0; q < Q; q++)
    g_assert_cmpfloat (v->difference.p[q], ==, 1);
}

/* Scores without a unit are ranked like any other, but have no scale to be held to. */
static void
test_relative (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, 3, 0.05, 31);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "dot", NULL);
  g_autoptr (AssayValues) options = options_of ("groups", "0", "qld", "none", NULL);
  g_autoptr (AssayValidation) v = validate (&toy->task, scores, options, NULL);
  json_t *json = assay_validation_to_json (v), *one = json_object_get (json, "loo");

  g_assert_cmpfloat (v->one.mean_pearson.value, >, 0);
  g_assert_true (isnan (v->one.band) && isnan (v->one.slope));
  g_assert_true (json_is_null (json_object_get (one, "band")));
  g_assert_true (json_is_number (json_object_get (json_object_get (one, "pearson"), "value")));
  g_assert_true (json_is_null (json_object_get (json, "lds")));
  g_assert_true (json_is_null (json_object_get (json, "qld")));
  json_decref (json);
}

/* Examples that were not scored make the sets that hold them undefined, and say so by null. */
static void
test_unscored (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (30, 2, 3, 0.05, 8);
  g_autoptr (AssayInfluenceScores) some = toy_score (toy, "loo", "examples", "0-3", NULL);
  g_autoptr (AssayValues) options = options_of ("groups", "0", "qld", "none", NULL);
  g_autoptr (AssayValidation) v = validate (&toy->task, some, options, NULL);
  json_t *json = assay_validation_to_json (v);

  g_assert_true (isnan (v->one.mean_pearson.value) && isnan (v->one.band));
  g_assert_nonnull (json);
  json_decref (json);
}

static void
test_refusals (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (30, 2, 3, 0.05, 8), other = toy_new_logistic (20, 2, 3, 0.05, 8), mlp = toy_new_mlp (30, 2, 3, 1);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "dot", NULL), smaller = toy_score (other, "dot", NULL);
  g_autoptr (AssayInfluenceScores) unknown = toy_score (mlp, "dot", NULL);
  g_autoptr (AssayValues) options = options_of (NULL, NULL), large = options_of ("group-size", "30", NULL);
  g_autoptr (AssayValues) nothing = options_of ("leave-one-out", "0", "groups", "0", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (validate (&toy->task, scores, large, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_null (validate (&toy->task, smaller, options, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_null (validate (&mlp->task, unknown, options, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_false (assay_validate_check (&toy->task, nothing, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

/* Every set is there with its members, and as many retrainings are made as were announced. */
static gint64 n_retrained;

static gboolean
count_sets (gpointer data, const AssayRetrainSet *sets, gint64 K, double *query_loss, AssayProgress *progress, GError **error)
{
  n_retrained += K;
  return assay_ground_truth_retrain (data, sets, K, query_loss, progress, error);
}

static void
test_counted (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (30, 2, 3, 0.05, 8);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "dot", NULL);
  g_autoptr (AssayValues) options = options_of ("leave-one-out", "1000", "groups", "6", NULL);
  g_autoptr (AssayValidation) v = NULL;
  const AssayAgreement *lds;
  gboolean seen[30] = { FALSE };

  toy->task.retrain = count_sets;
  n_retrained = 0;
  v = validate (&toy->task, scores, options, NULL);
  g_assert_cmpint (n_retrained, ==, assay_validate_count_common (&toy->task, options, NULL) + assay_validate_count_of_method (&toy->task, options));
  g_assert_cmpint (n_retrained, ==, 1 + 30 + 6 + 1 + 2 + RANDOM);
  g_assert_cmpint (v->one.size, ==, 1);
  lds = assay_validation_get_lds (v);
  g_assert_cmpint (lds->size, ==, SIZE);
  for (gint64 s = 0; s < v->one.n_sets; s++)
    seen[v->one.place[s]] = TRUE;
  for (gint64 i = 0; i < 30; i++)
    g_assert_true (seen[i]);
  for (gint64 s = 0; s < lds->n_sets; s++)
    for (gint64 k = 1; k < SIZE; k++)
      g_assert_cmpint (lds->place[s * SIZE + k], >, lds->place[s * SIZE + k - 1]);
}

/* --- in a case -------------------------------------------------------------------------------------------------------- */

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

static guint
count_objects (AssayCase *cas, const char *kind)
{
  g_autoptr (GPtrArray) history = assay_case_list_history (cas);
  guint n = 0;

  for (guint i = 0; i < history->len; i++)
    n += strcmp (((AssayObject *) history->pdata[i])->kind, kind) == 0;
  return n;
}

/* The validation is committed whole; its retrainings are kept, and a second method is held to the same ones without training again. */
static void
test_kept (void)
{
  g_autofree char *directory = g_dir_make_tmp ("assay-validate-XXXXXX", NULL), *path = g_build_filename (directory, "toy.assay", NULL);
  GError *error = NULL;
  AssayCase *cas = assay_case_create (path, &error);
  g_autoptr (Toy) toy = toy_new_logistic (30, 2, 3, 0.05, 8);
  g_autoptr (AssayInfluenceScores) exact = toy_score (toy, "exact", NULL), cg = toy_score (toy, "cg", "tolerance", "1e-12", NULL);
  g_autoptr (AssayValues) options = options_of ("leave-one-out", "10", "groups", "8", "group-size", "2", NULL);
  AssayTrainPlace place = { .store = cas, .name = "digits" };
  g_autoptr (AssayValidation) first = NULL, second = NULL;
  g_autoptr (AssayObject) object = NULL;
  g_autofree double *measured = g_new (double, 20);

  toy->source.place = &place;
  first = validate (&toy->task, exact, options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (count_objects (cas, "retraining"), ==, 2);     /* the common bank, and the most helpful groups */
  second = validate (&toy->task, cg, options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (count_objects (cas, "retraining"), ==, 2);     /* the same sets, the same ranking */
  g_assert_cmpmem (first->one.measured, 20 * sizeof (double), second->one.measured, 20 * sizeof (double));
  object = assay_validation_save (cas, "digits/exact", first, &toy->task, exact, "exact", options, NULL, &error);
  g_assert_no_error (error);
  {
    g_autoptr (AssayReader) reader = assay_reader_open (cas, "validation", "digits/exact", &error);
    json_t *result = json_object_get (assay_reader_get_meta (reader), "result");

    g_assert_no_error (error);
    g_assert_true (assay_reader_read (reader, "/validation/loo/measured", ASSAY_STORE_F64, measured, NULL));
    g_assert_cmpmem (measured, 20 * sizeof (double), first->one.measured, 20 * sizeof (double));
    g_assert_true (assay_reader_has (reader, "/validation/lds/predicted"));
    g_assert_true (assay_reader_has (reader, "/validation/qld/p"));
    g_assert_cmpint (json_integer_value (json_object_get (json_object_get (result, "lds"), "sets")), ==, 8);
  }
  assay_case_free (cas);
  remove_tree (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/validate/exact influence of a convex model correlates, and its controls do not", test_convex);
  g_test_add_func ("/validate/what is measured is what leaving one out measures", test_same_truth);
  g_test_add_func ("/validate/scores of the wrong sign are found out", test_wrong_sign);
  g_test_add_func ("/validate/scores without a unit have no band", test_relative);
  g_test_add_func ("/validate/what was not scored is undefined, not zero", test_unscored);
  g_test_add_func ("/validate/sizes that do not fit and unknown trainings are refused", test_refusals);
  g_test_add_func ("/validate/as many retrainings are made as were announced, of the sets that are told", test_counted);
  g_test_add_func ("/validate/retrainings are kept and shared by methods", test_kept);
  return g_test_run ();
}
