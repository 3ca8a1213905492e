/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-retrain.c: retraining without examples is the training with their weight at 0, one after the other or side by side. */
#include "fixtures.h"

#include "../store/store_test.h"
#include "run/evaluate.h"
#include "run/retrain.h"

#include <math.h>

#define K 5
#define QUERIES 5

static const gint64 places[] = { 0, 3, 4, 9, 17, 18, 19 };
static const AssayRetrainSet sets[K] = { { places, 1 }, { places + 1, 2 }, { places + 3, 1 }, { places + 4, 3 }, { NULL, 0 } };

static const struct { const char *name; Fixture *(*make) (const char *, guint); const char *options; gboolean convex; } trainings[] = {
  { "newton", fixture_logistic, "{\"optimizer\": \"newton\", \"l2\": 0.01}", TRUE },
  { "adamw", fixture_mlp, "{\"steps\": 15, \"batch\": 6}", FALSE },
};

static AssayRetraining
describe (Fixture *f, gboolean convex)
{
  AssayRetraining spec = { .training = &f->training, .start = convex ? NULL : f->start };
  gint64 n;

  spec.query = assay_dataset_get_split (f->dataset, "test", &n, NULL);
  spec.Q = n;
  g_assert_cmpint (n, ==, QUERIES);
  return spec;
}

static void
train (Fixture *f)
{
  AssayTrainResult result;
  GError *error = NULL;

  assay_train (&f->training, NULL, &result, NULL, &error);
  g_assert_no_error (error);
}

/* From the first parameters, with weights by hand. */
static void
train_by_hand (guint which, const AssayRetrainSet *set, double *query_loss)
{
  g_autoptr (Fixture) f = trainings[which].make (trainings[which].options, 1);
  AssayEvaluation e;
  gint64 n;
  const gint64 *query = assay_dataset_get_split (f->dataset, "test", &n, NULL);

  f->training.weight = f->weight;
  for (gint64 k = 0; k < set->n; k++)
    f->weight[set->place[k]] = 0;
  train (f);
  g_assert_true (assay_evaluate (f->model, f->dataset, query, n, 0, f->backend, query_loss, &e, NULL, NULL));
}

static void
test_bank (void)
{
  for (guint which = 0; which < G_N_ELEMENTS (trainings); which++)
    {
      double serial[K * QUERIES], parallel[K * QUERIES], truth[QUERIES];
      GError *error = NULL;

      for (guint threads = 1; threads <= 3; threads += 2)
        {
          g_autoptr (Fixture) f = trainings[which].make (trainings[which].options, threads);
          AssayRetraining spec = describe (f, trainings[which].convex);
          g_autofree char *theta = NULL;

          train (f);
          theta = g_memdup2 (assay_model_get_theta (f->model), f->theta_bytes);
          assay_retrain_bank (&spec, sets, K, NULL, threads == 1 ? serial : parallel, NULL, &error);
          g_assert_no_error (error);
          g_assert_cmpmem (assay_model_get_theta (f->model), f->theta_bytes, theta, f->theta_bytes);
        }
      g_assert_cmpmem (serial, sizeof serial, parallel, sizeof parallel);
      for (guint k = 0; k < K; k++)
        {
          train_by_hand (which, &sets[k], truth);
          for (guint q = 0; q < QUERIES; q++)                           /* convex: both at the optimum, from different starts */
            g_assert_cmpfloat (fabs (serial[k * QUERIES + q] - truth[q]), <=, trainings[which].convex ? 1e-12 : 0);
        }
    }
}

static void
count_down (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  gpointer *stop = data;
  guint *left = stop[1];

  (void) stage, (void) done, (void) total, (void) unit, (void) note;
  if (*left > 0 && --*left == 0)
    assay_progress_cancel (stop[0], ASSAY_ERROR_INTERRUPTED);
}

static void
test_resume (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = assay_case_create (room->path, NULL);
  g_autoptr (Fixture) f = fixture_logistic (trainings[0].options, 2);
  AssayRetraining spec = describe (f, TRUE);
  AssayTrainPlace place = { .store = cas, .name = "bank" };
  double truth[K * QUERIES], losses[K * QUERIES] = { 0 };
  g_autoptr (GError) error = NULL;
  guint left = 2, rounds = 0;
  gpointer stop[2] = { NULL, &left };

  (void) unused;
  train (f);
  g_assert_true (assay_retrain_bank (&spec, sets, K, NULL, truth, NULL, NULL));
  for (gboolean done = FALSE; !done; rounds++)
    {
      AssayProgress *progress = assay_progress_new (count_down, stop);

      stop[0] = progress;
      left = 2;
      memset (losses, 0, sizeof losses);
      done = assay_retrain_bank (&spec, sets, K, &place, losses, progress, &error);
      if (!done)
        g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
      g_clear_error (&error);
      assay_progress_free (progress);
      g_assert_cmpuint (rounds, <, 10);
    }
  g_assert_cmpmem (losses, sizeof losses, truth, sizeof truth);
  memset (losses, 0, sizeof losses);
  g_assert_true (assay_retrain_bank (&spec, sets, K, &place, losses, NULL, &error));            /* read back */
  g_assert_cmpmem (losses, sizeof losses, truth, sizeof truth);
}

/* Sets that the case has are not trained again, in whatever list and order they stand: nothing is left to stop. */
static void
test_known (Room *room, gconstpointer unused)
{
  const AssayRetrainSet other[3] = { sets[3], sets[0], sets[2] }, more[2] = { sets[3], { places + 2, 1 } };
  g_autoptr (AssayCase) cas = assay_case_create (room->path, NULL);
  g_autoptr (Fixture) f = fixture_logistic (trainings[0].options, 2);
  g_autoptr (AssayProgress) stopped = assay_progress_new (NULL, NULL);
  AssayRetraining spec = describe (f, TRUE);
  AssayTrainPlace first = { .store = cas, .name = "first" }, second = { .store = cas, .name = "second" }, third = { .store = cas, .name = "third" };
  double losses[K * QUERIES], taken[3 * QUERIES];
  g_autoptr (GError) error = NULL;

  (void) unused;
  train (f);
  g_assert_true (assay_retrain_bank (&spec, sets, K, &first, losses, NULL, NULL));
  assay_progress_cancel (stopped, ASSAY_ERROR_INTERRUPTED);
  g_assert_true (assay_retrain_bank (&spec, other, 3, &second, taken, stopped, NULL));
  g_assert_cmpmem (taken, QUERIES * sizeof (double), losses + 3 * QUERIES, QUERIES * sizeof (double));
  g_assert_cmpmem (taken + QUERIES, QUERIES * sizeof (double), losses, QUERIES * sizeof (double));
  g_assert_false (assay_retrain_bank (&spec, more, 2, &third, taken, stopped, &error));   /* one of them is new */
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
}

/* A set whose training does not converge is marked where that is asked for; the training with all is not. */
static void
test_diverged (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = assay_case_create (room->path, NULL);
  g_autoptr (Fixture) f = fixture_logistic ("{\"optimizer\": \"newton\", \"steps\": 2}", 1);
  AssayRetraining spec = describe (f, TRUE);
  AssayTrainPlace place = { .store = cas, .name = "bank" };
  double losses[2 * QUERIES];
  g_autoptr (GError) whole = NULL;

  (void) unused;
  assay_model_init (f->model, 8);                                 /* far from trained */
  ((double *) assay_model_get_theta (f->model))[0] = 4;
  spec.mark_diverged = TRUE;
  g_assert_true (assay_retrain_bank (&spec, sets, 2, &place, losses, NULL, NULL));
  for (guint q = 0; q < 2 * QUERIES; q++)
    g_assert_true (isnan (losses[q]));
  g_assert_false (assay_retrain_bank (&spec, sets + K - 1, 1, NULL, losses, NULL, &whole));
  g_assert_error (whole, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED);
}

static void
stop_at_end (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  AssayProgress **progress = data;

  (void) stage, (void) unit, (void) note;
  if (done == total)
    assay_progress_cancel (*progress, ASSAY_ERROR_INTERRUPTED);
}

static void
test_stop_at_end (void)
{
  g_autoptr (Fixture) f = fixture_logistic (trainings[0].options, 1);
  AssayRetraining spec = describe (f, TRUE);
  double losses[K * QUERIES];
  g_autoptr (GError) error = NULL;
  AssayProgress *progress = assay_progress_new (stop_at_end, &progress);

  train (f);
  g_assert_false (assay_retrain_bank (&spec, sets, K, NULL, losses, progress, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
  assay_progress_free (progress);
}

static void
test_refusals (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"steps\": 3}", 1);
  AssayRetraining spec = describe (f, FALSE), nowhere = spec;
  g_autoptr (AssayRetrainer) retrainer = assay_retrainer_new (&spec, 1, NULL);
  g_autofree gint64 *all = g_new (gint64, f->training.N);
  g_autoptr (GError) outside = NULL, empty = NULL, start = NULL, bank = NULL;
  double losses[K * QUERIES];
  gint64 place = f->training.N;
  AssayRetrainSet bad[2] = { { places, 1 }, { &place, 1 } };

  nowhere.start = NULL;
  g_assert_null (assay_retrainer_new (&nowhere, 1, &start));
  g_assert_error (start, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_false (assay_retrainer_run (retrainer, &place, 1, losses, NULL, NULL, &outside));
  g_assert_error (outside, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  for (gint64 i = 0; i < f->training.N; i++)
    all[i] = i;
  g_assert_false (assay_retrainer_run (retrainer, all, f->training.N, losses, NULL, NULL, &empty));
  g_assert_error (empty, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_false (assay_retrain_bank (&spec, bad, 2, NULL, losses, NULL, &bank));
  g_assert_error (bank, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_true (g_str_has_prefix (bank->message, "set 1: "));
}

static void
test_not_converged (void)
{
  g_autoptr (Fixture) f = fixture_logistic ("{\"optimizer\": \"newton\", \"steps\": 2}", 1);
  AssayRetraining spec = describe (f, TRUE);
  g_autoptr (AssayRetrainer) retrainer = assay_retrainer_new (&spec, 1, NULL);
  g_autoptr (GError) error = NULL;
  double losses[QUERIES];

  assay_model_init (f->model, 8);                                 /* far from trained */
  ((double *) assay_model_get_theta (f->model))[0] = 4;
  g_assert_false (assay_retrainer_run (retrainer, places, 1, losses, NULL, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/retrain/a bank gives what training with weight 0 gives, serial and side by side to the bit", test_bank);
  ADD ("/retrain/a stopped bank goes on and a finished one is read back", test_resume);
  ADD ("/retrain/sets that the case has are taken from it, whatever list they stood in", test_known);
  ADD ("/retrain/a set whose training diverges is marked, and the others go on", test_diverged);
  g_test_add_func ("/retrain/a stop when the last set is done fails, with its error", test_stop_at_end);
  g_test_add_func ("/retrain/places outside, nothing left and no first parameters are refused", test_refusals);
  g_test_add_func ("/retrain/a retraining that does not converge says so", test_not_converged);
  return g_test_run ();
}
