/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradient indexes of models: their answers are those of the methods themselves, bit for bit, at any damping; what is built, stopped and kept. */
#include "influence/index_influence.h"

#include "base/error.h"
#include "base/mem.h"
#include "influence/factored.h"
#include "influence/score.h"
#include "store/reader.h"
#include "toy.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define K 7

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
open_store (Room *room)
{
  GError *error = NULL;
  g_autofree char *path = NULL;

  room->directory = g_dir_make_tmp ("assay-index-XXXXXX", &error);
  g_assert_no_error (error);
  path = g_build_filename (room->directory, "toy.assay", NULL);
  room->store = assay_case_create (path, &error);
  g_assert_no_error (error);
  room->toy->task.store = room->store;
  room->toy->task.model_name = "toy";
}

static void
close_store (Room *room)
{
  assay_case_free (room->store);
  remove_tree (room->directory);
  g_free (room->directory);
}

static void
set_up (Room *room, gconstpointer data)
{
  (void) data;
  room->toy = toy_new_tokens (400, 3, 6, 11, 3);
  open_store (room);
}

static void
tear_down (Room *room, gconstpointer data)
{
  (void) data;
  close_store (room);
  toy_free (room->toy);
}

/* Factors by a method's defaults and a precision, and the index on them. */
static AssayObject *
build (const Room *room, AssayFactorsBasis basis, const char *precision, gint64 D, AssayProgress *progress, GError **error)
{
  const AssayInfluenceTask *task = &room->toy->task;
  g_autoptr (AssayValues) values = toy_options (assay_method_find ("ekfac", NULL), "factor-precision", precision, NULL);
  g_autofree char *factors_name = NULL, *name = NULL;
  g_autoptr (AssayFactors) factors = assay_factored_obtain (task, values, basis, NULL, &factors_name, NULL, NULL, error);
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, values, basis, &dtype);
  AssayPoint point = { .model = task->model, .dataset = task->dataset, .examples = task->train, .n_examples = task->n_train, .dtype = dtype };
  json_t *identity = assay_factors_identity (&point, &options);
  AssayObject *object;

  g_assert_nonnull (factors);
  name = assay_index_make_name ("toy", factors, identity, D);
  object = assay_index_build (task, factors, factors_name, identity, D, name, progress, error);
  json_decref (identity);
  return object;
}

static AssayStoredIndex *
load (const Room *room, const AssayObject *object)
{
  GError *error = NULL;
  AssayStoredIndex *index = assay_index_load (&room->toy->task, object, NULL, &error);

  g_assert_no_error (error);
  return index;
}

/* The method's own scores; its top by magnitude against the index's answer. */
static void
check_answer (const Room *room, const char *method, const char *precision, const char *damping, const AssayIndexAnswer *answer)
{
  g_autoptr (AssayInfluenceScores) scores = toy_score (room->toy, method, "factor-precision", precision, "damping", damping, NULL);

  for (gint64 q = 0; q < scores->n_query; q++)
    {
      g_autoptr (AssayTop) top = assay_influence_scores_get_top (scores, q, K);
      gint64 n;
      const AssayTopEntry *entry = assay_top_get (top, &n);

      g_assert_cmpint (n, ==, K);
      for (gint64 i = 0; i < K; i++)
        {
          const AssayIndexHit *hit = &answer->hit[q * K + i];

          g_assert_cmpint (hit->row, ==, entry[i].example);
          g_assert_cmpmem (&hit->value, sizeof (double), &entry[i].score, sizeof (double));
          g_assert_true (hit->lo <= hit->value && hit->value <= hit->hi);
        }
    }
}

/* Every training example's score within what the index alone says. */
static void
check_intervals (const Room *room, const AssayStoredIndex *index, const char *method, const char *precision, const char *damping,
                 AssayFactorsSpectrum spectrum)
{
  const AssayInfluenceTask *task = &room->toy->task;
  g_autoptr (AssayInfluenceScores) scores = toy_score (room->toy, method, "factor-precision", precision, "damping", damping, NULL);
  g_autofree double *rotated = g_new (double, index->factors->modules->P), *score = g_new (double, task->n_train), *bound = g_new (double, task->n_train);
  const AssayFactorsDamping at = { ASSAY_DAMPING_BLOCK, g_ascii_strtod (damping, NULL), task->l2 };

  for (gint64 q = 0; q < scores->n_query; q++)
    {
      g_assert_true (assay_index_rotate_query (task, index, q, rotated, NULL));
      g_assert_true (assay_index_rank (index, spectrum, &at, rotated, NULL, score, bound, NULL));
      for (gint64 i = 0; i < task->n_train; i++)
        g_assert_cmpfloat (fabs (scores->value[q * task->n_train + i] - score[i]), <=, bound[i]);
    }
}

static void
check_method (Room *room, const char *method, AssayFactorsBasis basis, AssayFactorsSpectrum spectrum, const char *precision, gint64 D)
{
  static const char *const dampings[] = { "0.1", "0.003", "4" };
  const double l2 = room->toy->task.l2;
  const AssayFactorsDamping at[] = { { ASSAY_DAMPING_BLOCK, 0.1, l2 }, { ASSAY_DAMPING_BLOCK, 0.003, l2 }, { ASSAY_DAMPING_BLOCK, 4, l2 } };
  GError *error = NULL;
  g_autoptr (AssayObject) object = build (room, basis, precision, D, NULL, &error);
  g_autoptr (AssayObject) found = assay_index_find (&room->toy->task, basis, object->name, &error);
  g_autoptr (AssayStoredIndex) index = load (room, found);
  AssayIndexAnswer *answers[3];

  g_assert_no_error (error);
  g_assert_true (assay_index_search (&room->toy->task, index, spectrum, 3, at, K, ASSAY_INDEX_MAGNITUDE, answers, NULL, &error));
  g_assert_no_error (error);
  for (guint d = 0; d < 3; d++)
    {
      check_answer (room, method, precision, dampings[d], answers[d]);
      check_intervals (room, index, method, precision, dampings[d], spectrum);
      g_assert_cmpint (answers[d]->n_exact, >=, K);
      assay_index_answer_free (answers[d]);
    }
}

static void
test_same_as_method (Room *room, gconstpointer data)
{
  (void) data;
  check_method (room, "ekfac", ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_FITTED, "f64", 300);
  check_method (room, "ekfac", ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_FITTED, "f32", 300);
  check_method (room, "ekfac", ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_FITTED, "f32", 1 << 20);
  check_method (room, "kfac", ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_KRONECKER, "f64", 600);
  check_method (room, "shampoo", ASSAY_FACTORS_SHAMPOO, ASSAY_SPECTRUM_FITTED, "f64", 300);
  check_method (room, "diagonal", ASSAY_FACTORS_IDENTITY, ASSAY_SPECTRUM_FITTED, "f64", 300);
}

/* Logistic regression has one module of as many coordinates as parameters: all are kept, and few examples are walked again. */
static void
test_few_walked (void)
{
  Room room = { .toy = toy_new_logistic (600, 4, 6, 0.05, 4) };
  const AssayFactorsDamping damping = { ASSAY_DAMPING_BLOCK, 0.1, 0.05 };
  AssayIndexAnswer *answer;

  open_store (&room);
  {
    g_autoptr (AssayObject) object = build (&room, ASSAY_FACTORS_KRONECKER, "f64", 4096, NULL, NULL);
    g_autoptr (AssayStoredIndex) index = load (&room, object);

    g_assert_cmpint (index->rows->n_groups, ==, 0);
    g_assert_true (assay_index_search (&room.toy->task, index, ASSAY_SPECTRUM_FITTED, 1, &damping, K, ASSAY_INDEX_MAGNITUDE, &answer, NULL, NULL));
    check_answer (&room, "ekfac", "f64", "0.1", answer);
    g_assert_cmpint (answer->n_exact, <, 200);
    assay_index_answer_free (answer);
  }
  close_store (&room);
  toy_free (room.toy);
}

typedef struct {
  AssayProgress *progress;
  guint64 at;
} Stop;

static void
stop_at (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Stop *stop = data;

  (void) total;
  (void) unit;
  (void) note;
  if (strcmp (stage, "gradient index") == 0 && done >= stop->at)
    assay_progress_cancel (stop->progress, ASSAY_ERROR_INTERRUPTED);
}

static void
assert_same_index (const AssayStoredIndex *a, const AssayStoredIndex *b)
{
  g_assert_cmpmem (a->rows->codes, a->rows->N * a->rows->n_blocks * ASSAY_INDEX_BLOCK, b->rows->codes, b->rows->N * b->rows->n_blocks * ASSAY_INDEX_BLOCK);
  g_assert_cmpmem (a->rows->features, a->rows->N * a->rows->n_features * sizeof (float), b->rows->features, b->rows->N * b->rows->n_features * sizeof (float));
}

/* A build that was stopped is refused until it is finished, and then is what one run gives; with any number of threads. */
static void
test_stopped (Room *room, gconstpointer data)
{
  Room other = { .toy = toy_new_tokens (400, 3, 6, 11, 3) };
  Stop stop = { .at = 170 };
  g_autoptr (GError) stopped = NULL, refused = NULL;
  GError *error = NULL;
  g_autoptr (AssayObject) unfinished = NULL, finished = NULL, again = NULL, whole = NULL;
  g_autoptr (AssayStoredIndex) in_steps = NULL, at_once = NULL;

  (void) data;
  open_store (&other);
  stop.progress = assay_progress_new (stop_at, &stop);
  g_assert_null (build (room, ASSAY_FACTORS_KRONECKER, "f64", 300, stop.progress, &stopped));
  g_assert_error (stopped, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
  assay_progress_free (stop.progress);
  unfinished = assay_index_find (&room->toy->task, ASSAY_FACTORS_KRONECKER, NULL, &refused);
  g_assert_null (unfinished);
  g_assert_error (refused, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_nonnull (strstr (refused->message, "stopped after 340 of 400"));
  finished = build (room, ASSAY_FACTORS_KRONECKER, "f64", 300, NULL, &error);
  g_assert_no_error (error);
  again = build (room, ASSAY_FACTORS_KRONECKER, "f64", 300, NULL, &error);
  g_assert_cmpuint (finished->sequence, ==, again->sequence);     /* nothing is built twice */
  g_assert_cmpint (finished->rows, ==, 400);

  assay_backend_free (other.toy->backend);
  other.toy->backend = assay_backend_cpu_new (1);
  other.toy->task.backend = other.toy->backend;
  whole = build (&other, ASSAY_FACTORS_KRONECKER, "f64", 300, NULL, &error);
  g_assert_no_error (error);
  in_steps = load (room, finished);
  at_once = load (&other, whole);
  assert_same_index (in_steps, at_once);
  close_store (&other);
  toy_free (other.toy);
}

static void
test_others (Room *room, gconstpointer data)
{
  AssayInfluenceTask *task = &room->toy->task;
  double *theta = assay_model_get_theta (room->toy->model);
  g_autoptr (GError) none = NULL, basis = NULL, of_data = NULL, of_model = NULL;
  g_autoptr (AssayObject) object = NULL;

  (void) data;
  g_assert_null (assay_index_find (task, ASSAY_FACTORS_KRONECKER, NULL, &none));
  g_assert_error (none, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
  object = build (room, ASSAY_FACTORS_KRONECKER, "f64", 300, NULL, NULL);
  g_assert_null (assay_index_find (task, ASSAY_FACTORS_SHAMPOO, object->name, &basis));
  g_assert_error (basis, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  task->n_train--;
  g_assert_null (assay_index_load (task, object, NULL, &of_data));
  g_assert_nonnull (strstr (of_data->message, "other data"));
  task->n_train++;
  theta[0] += 1;
  g_assert_null (assay_index_load (task, object, NULL, &of_model));
  g_assert_nonnull (strstr (of_model->message, "another model"));
}

static void
test_refusals (Room *room, gconstpointer data)
{
  AssayInfluenceTask task = room->toy->task;
  const AssayFactorsDamping damping = { ASSAY_DAMPING_BLOCK, 0.1, 0 }, zero = { ASSAY_DAMPING_BLOCK, 0, 0 };
  g_autoptr (AssayObject) object = build (room, ASSAY_FACTORS_KRONECKER, "f64", 300, NULL, NULL);
  g_autoptr (AssayStoredIndex) index = load (room, object);
  g_autoptr (GError) many = NULL, undamped = NULL;
  AssayIndexAnswer *answer = NULL;

  (void) data;
  g_assert_false (assay_index_search (&task, index, ASSAY_SPECTRUM_KRONECKER, 1, &damping, 401, ASSAY_INDEX_MAGNITUDE, &answer, NULL, &many));
  g_assert_error (many, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_false (assay_index_search (&task, index, ASSAY_SPECTRUM_KRONECKER, 1, &zero, K, ASSAY_INDEX_MAGNITUDE, &answer, NULL, &undamped));
  g_assert_error (undamped, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_null (answer);
}

#define ADD(name, func) g_test_add ("/index_influence/" name, Room, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("answers are those of the methods, bit for bit, at any damping, and every score is within its interval", test_same_as_method);
  g_test_add_func ("/index_influence/few examples are walked again where all coordinates are kept", test_few_walked);
  ADD ("a build that was stopped goes on, and ends with the same bits", test_stopped);
  ADD ("an index of something else is refused", test_others);
  ADD ("what cannot be asked is refused", test_refusals);
  return g_test_run ();
}
