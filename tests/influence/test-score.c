/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-score.c: scores as JSON and in a case: nothing is lost, and nothing without unit, sign or damping gets in. */
#include "influence/score_store.h"

#include "base/error.h"
#include "influence/breakdown.h"
#include "influence/task.h"
#include "store/reader.h"
#include "toy.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

typedef struct {
  char *directory;
  AssayCase *cas;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  GError *error = NULL;

  (void) data;
  f->directory = g_dir_make_tmp ("assay-scores-XXXXXX", &error);
  g_assert_no_error (error);
  path = g_build_filename (f->directory, "toy.assay", NULL);
  f->cas = assay_case_create (path, &error);
  g_assert_no_error (error);
}

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
tear_down (Fixture *f, gconstpointer data)
{
  (void) data;
  assay_case_free (f->cas);
  remove_tree (f->directory);
  g_free (f->directory);
}

static void
save (Fixture *f, const Toy *toy, const AssayInfluenceScores *scores, const char *method, const char *name)
{
  g_autoptr (AssayValues) options = toy_options (assay_method_find (method, NULL), NULL);
  json_t *extra = json_pack ("{s:s}", "model", "digits");
  g_autoptr (AssayObject) object = NULL;
  GError *error = NULL;

  object = assay_influence_scores_save (f->cas, name, scores, &toy->task, method, options, extra, &error);
  g_assert_no_error (error);
  json_decref (extra);
  g_assert_cmpstr (json_string_value (json_object_get (object->meta, "model")), ==, "digits");
}

static void
assert_same (const double *a, const double *b, gint64 n)
{
  g_assert_true ((a == NULL) == (b == NULL));
  for (gint64 i = 0; a != NULL && i < n; i++)
    g_assert_true (a[i] == b[i] || (isnan (a[i]) && isnan (b[i])));
}

/* --- the case --------------------------------------------------------------------------------------------------------- */

/* A method's scores come back as they were, and the streamed top is that of the matrix in memory. Takes the scores. */
static void
assert_round_trip (Fixture *f, const AssayMethod *m, const Toy *toy, AssayInfluenceScores *own)
{
  g_autoptr (AssayInfluenceScores) scores = own, back = NULL;
  const char *method;
  GError *error = NULL;

  save (f, toy, scores, m->name, m->name);
  back = assay_influence_scores_load (f->cas, m->name, &method, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (method, ==, m->name);
  g_assert_cmpstr (back->unit, ==, scores->unit);
  g_assert_cmpstr (back->measure, ==, scores->measure);
  g_assert_cmpstr (back->counterfactual, ==, scores->counterfactual);
  g_assert_cmpstr (back->interval_reason, ==, scores->interval_reason);
  g_assert_cmpstr (back->notes->str, ==, scores->notes->str);
  g_assert_cmpint (back->interval_kind, ==, scores->interval_kind);
  g_assert_true (back->damping == scores->damping || (isnan (back->damping) && isnan (scores->damping)));
  g_assert_cmpfloat (back->l2, ==, scores->l2);
  assert_same (back->value, scores->value, 90);
  assert_same (back->lo, scores->lo, 90);
  assert_same (back->hi, scores->hi, 90);
  assert_same (back->se_sample, scores->se_sample, 90);
  assert_same (back->se_seed, scores->se_seed, 90);
  g_assert_true ((back->solves == NULL) == (scores->solves == NULL));
  for (gint64 q = 0; q < 3 && scores->solves != NULL; q++)
    {
      g_assert_cmpint (back->solves[q].reason, ==, scores->solves[q].reason);
      g_assert_cmpint (back->solves[q].iterations, ==, scores->solves[q].iterations);
      g_assert_cmpfloat (back->solves[q].true_residual, ==, scores->solves[q].true_residual);
    }
  for (gint64 q = 0; q < 3; q++)
    {
      g_autoptr (AssayTop) whole = assay_influence_scores_get_top (scores, q, 7);
      g_autoptr (AssayTop) streamed = assay_influence_scores_load_top (f->cas, m->name, q, 7, &error);
      gint64 n, k;
      const AssayTopEntry *a = assay_top_get (whole, &n), *b;

      g_assert_no_error (error);
      b = assay_top_get (streamed, &k);
      g_assert_cmpint (k, ==, n);
      for (gint64 i = 0; i < n; i++)
        {
          g_assert_cmpint (a[i].example, ==, b[i].example);
          assert_same (&a[i].score, &b[i].score, 3);
        }
    }
}

static void
test_round_trip (Fixture *f, gconstpointer data)
{
  g_autoptr (Toy) drawn = toy_new_logistic (30, 3, 3, 0.05, 4);

  (void) data;
  for (const AssayMethod *const *m = assay_method_list (); *m != NULL; m++)
    if (!((*m)->flags & ASSAY_METHOD_NEEDS_ROWS))
      {
        g_autoptr (Toy) toy = toy_new_for (*m, 30, 3, 4);

        assert_round_trip (f, *m, toy, toy_score (toy, (*m)->name, NULL));
      }
  assert_round_trip (f, assay_method_find ("cg", NULL), drawn, toy_score (drawn, "cg", "curvature-examples", "20", NULL));
  assert_round_trip (f, assay_method_find ("trak", NULL), drawn, toy_score (drawn, "trak", "projection", "2", "projection-seeds", "2", NULL));
}

/* Parts come back as they were, and stand beside the scores that they add up to in the document. */
static void
test_parts (Fixture *f, gconstpointer data)
{
  g_autoptr (Toy) toy = toy_new_tokens (30, 3, 6, 11, 4);
  g_autoptr (AssayInfluenceScores) scores = NULL, back = NULL;
  GError *error = NULL;
  json_t *answer, *first, *part;
  double sum = 0;
  gsize k;

  (void) data;
  toy->task.keep_directions = TRUE;
  scores = toy_score (toy, "dot", NULL);
  scores->parts = assay_breakdown_new (&toy->task, scores, "token", ASSAY_QUERY_BLOCK, NULL, &error);
  g_assert_no_error (error);
  save (f, toy, scores, "dot", "parts");
  back = assay_influence_scores_load (f->cas, "parts", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (back->parts->by, ==, "token");
  g_assert_cmpint (back->parts->n_parts, ==, 6);
  g_assert_cmpstr (back->parts->names[5], ==, "5");
  assert_same (back->parts->value, scores->parts->value, 3 * 30 * 6);
  answer = assay_influence_scores_to_json (back, &toy->task, "dot", 1, 4);
  first = json_array_get (json_object_get (answer, "scores"), 0);
  g_assert_cmpint (json_array_size (json_object_get (first, "parts")), ==, 6);
  json_array_foreach (json_object_get (first, "parts"), k, part)
    {
      sum += json_number_value (json_object_get (part, "score"));
      g_assert_nonnull (json_object_get (part, "target"));
    }
  g_assert_cmpfloat_with_epsilon (sum, json_number_value (json_object_get (first, "score")), 1e-12 * (1 + fabs (sum)));
  json_decref (answer);
}

static void
test_layout (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "method", "unit", "sign", "measure", "counterfactual", "interval_kind", "interval_words" };
  g_autoptr (Toy) toy = toy_new_logistic (30, 3, 3, 0.05, 4);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "cg", NULL);
  g_autoptr (AssayReader) reader = NULL;
  g_autofree gint64 *axis = g_new (gint64, 30);
  AssayArrayInfo info;
  double number;
  GError *error = NULL;

  (void) data;
  save (f, toy, scores, "cg", "layout");
  reader = assay_reader_open (f->cas, "scores", "layout", &error);
  g_assert_no_error (error);
  g_assert_true (assay_reader_describe (reader, "/scores/hi", &info, NULL));
  g_assert_cmpint (info.rank, ==, 2);
  g_assert_cmpstr (info.axes[0], ==, "query");
  g_assert_cmpstr (info.axes[1], ==, "example");
  g_assert_cmpstr (info.units, ==, ASSAY_UNIT_NATS);
  g_assert_true (assay_reader_read (reader, "/query", ASSAY_STORE_I64, axis, NULL));
  g_assert_cmpint (axis[2], ==, 32);                              /* queries come after the 30 training examples */
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *text = assay_reader_dup_text (reader, "/scores", names[k], &error);

      g_assert_no_error (error);
      g_assert_cmpint (strlen (text), >, 0);
    }
  g_assert_true (assay_reader_get_number (reader, "/scores", "damping", &number, NULL));
  g_assert_cmpfloat (number, ==, 0);
  g_assert_true (assay_reader_get_number (reader, "/scores", "l2", &number, NULL));
  g_assert_cmpfloat (number, ==, 0.05);
}

static void
test_no_query (Fixture *f, gconstpointer data)
{
  g_autoptr (Toy) toy = toy_new_logistic (30, 3, 3, 0.05, 4);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "dot", NULL);
  g_autoptr (GError) error = NULL;

  (void) data;
  save (f, toy, scores, "dot", "dot");
  g_assert_null (assay_influence_scores_load_top (f->cas, "dot", 3, 5, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (assay_influence_scores_load (f->cas, "nothing", NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
}

/* --- the validator ---------------------------------------------------------------------------------------------------- */

static void
test_refusals (void)
{
  static const char *const names[] = { "method", "unit", "sign", "measure", "damping", "l2", "counterfactual", "interval_kind",
                                       "interval_words" };
  g_autoptr (Toy) toy = toy_new_logistic (20, 2, 3, 0.05, 4);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "exact", NULL);
  json_t *whole = assay_score_attributes_new (scores, "exact");
  GError *error = NULL;

  g_assert_true (assay_score_attributes_check (whole, "here", &error));
  g_assert_no_error (error);
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    for (guint way = 0; way < 3; way++)
      {
        json_t *part = json_deep_copy (whole);

        if (way == 0)
          json_object_del (part, names[k]);
        else if (way == 1)
          json_object_set_new (part, names[k], json_null ());
        else
          json_object_set_new (part, names[k], json_is_string (json_object_get (whole,
                                                                                names[k])) ? json_string ("") : json_real (-1));
        g_assert_false (assay_score_attributes_check (part, "here", &error));
        g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
        g_assert_nonnull (strstr (error->message, names[k]));
        g_clear_error (&error);
        json_decref (part);
      }
  json_object_set_new (whole, "sign", json_string ("negative"));
  g_assert_false (assay_score_attributes_check (whole, "here", NULL));
  json_decref (whole);
}

/* Nothing of scores that the validator refuses is in the case. */
static void
test_not_saved (Fixture *f, gconstpointer data)
{
  g_autoptr (Toy) toy = toy_new_logistic (20, 2, 3, 0.05, 4);
  g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "exact", NULL);
  g_autoptr (GError) error = NULL;

  (void) data;
  scores->damping = NAN;
  g_assert_null (assay_influence_scores_save (f->cas, "refused", scores, &toy->task, "exact", NULL, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_nonnull (strstr (error->message, "damping"));
  g_assert_false (assay_case_has (f->cas, "scores", "refused"));
}

/* --- JSON ------------------------------------------------------------------------------------------------------------- */

static void
test_json (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (30, 3, 3, 0.05, 4);
  g_autoptr (AssayInfluenceScores) cg = toy_score (toy, "cg", NULL), dot = toy_score (toy, "dot", NULL);
  g_autoptr (AssayInfluenceScores) loo = toy_score (toy, "loo", "examples", "2-4", NULL);
  json_t *json = assay_influence_scores_to_json (cg, &toy->task, "cg", 1, 5), *list = json_object_get (json, "scores");
  double last = INFINITY;

  g_assert_cmpstr (json_string_value (json_object_get (json, "method")), ==, "cg");
  g_assert_cmpstr (json_string_value (json_object_get (json, "measure")), ==, "query loss");
  g_assert_cmpstr (json_string_value (json_object_get (json, "unit")), ==, "nats per removed example");
  g_assert_cmpstr (json_string_value (json_object_get (json, "interval_kind")), ==, "solve");
  g_assert_nonnull (strstr (json_string_value (json_object_get (json, "interval_words")), "not what retraining would give"));
  g_assert_cmpfloat (json_real_value (json_object_get (json, "damping")), ==, 0);
  g_assert_true (g_str_has_prefix (json_string_value (json_object_get (json_object_get (json, "solver"), "reason")), "converged"));
  g_assert_true (json_is_number (json_object_get (json_object_get (json, "solver"), "true_residual")));
  g_assert_cmpint (json_array_size (list), ==, 5);
  for (gsize i = 0; i < 5; i++)
    {
      json_t *entry = json_array_get (list, i);
      double score = json_real_value (json_object_get (entry, "score"));

      g_assert_cmpfloat (fabs (score), <=, last);
      last = fabs (score);
      g_assert_cmpfloat (score, ==, cg->value[30 + json_integer_value (json_object_get (entry, "example"))]);
      g_assert_cmpfloat (json_real_value (json_object_get (entry, "lo")), <=, score);
      g_assert_cmpfloat (json_real_value (json_object_get (entry, "hi")), >=, score);
      g_assert_true (json_is_null (json_object_get (entry, "id")));               /* made from arrays: no keys */
    }
  json_decref (json);
  json = assay_influence_scores_to_json (dot, &toy->task, "dot", 0, 3);
  g_assert_cmpstr (json_string_value (json_object_get (json, "unit")), ==, "relative");
  g_assert_true (json_is_null (json_object_get (json, "solver")));
  g_assert_true (json_is_null (json_object_get (json, "interval_kind")));
  g_assert_true (json_is_null (json_object_get (json, "damping")));
  g_assert_true (json_is_null (json_object_get (json_array_get (json_object_get (json, "scores"), 0), "lo")));
  json_decref (json);
  json = assay_influence_scores_to_json (loo, &toy->task, "loo", 0, -1);
  g_assert_cmpint (json_array_size (json_object_get (json, "scores")), ==, 3);    /* only what was left out */
  json_decref (json);
}

#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/score/scores of every method come back from a case as they were", test_round_trip);
  ADD ("/score/parts come back and add up in the document", test_parts);
  ADD ("/score/a case holds axes, units and attributes", test_layout);
  ADD ("/score/a query or an object that does not exist is refused", test_no_query);
  ADD ("/score/refused scores leave nothing in the case", test_not_saved);
  g_test_add_func ("/score/the validator refuses each missing attribute by name", test_refusals);
  g_test_add_func ("/score/the JSON form has the promised fields", test_json);
  return g_test_run ();
}
