/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-train.c: a training in a case: stopped anywhere it goes on to the same bits, and a finished one is answered from the case. */
#include "fixtures.h"

#include "../store/store_test.h"
#include "base/rng.h"
#include "model/checkpoint.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Cancels after so many reports. */
typedef struct { AssayProgress *progress; guint left, reports; int reason; } Stop;

static void
count_down (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Stop *stop = data;

  (void) stage, (void) done, (void) total, (void) unit, (void) note;
  stop->reports++;
  if (stop->left > 0 && --stop->left == 0)
    assay_progress_cancel (stop->progress, stop->reason);
}

static AssayCase *
make_case (Room *room)
{
  GError *error = NULL;
  AssayCase *cas = assay_case_create (room->path, &error);

  g_assert_no_error (error);
  return cas;
}

/* Runs until `left` steps are done (0: to the end). TRUE when it ended by itself. */
static gboolean
run (Fixture *f, AssayCase *cas, const char *name, guint left, guint *reports, AssayTrainResult *result)
{
  json_t *meta = json_pack ("{s:s}", "data", "a digest");
  AssayTrainPlace place = { .store = cas, .name = name, .meta = meta };
  Stop stop = { NULL, left, 0, ASSAY_ERROR_TERMINATED };
  g_autoptr (GError) error = NULL;
  gboolean done;

  stop.progress = assay_progress_new (count_down, &stop);
  fixture_rewind (f);
  done = assay_train (&f->training, &place, result, stop.progress, &error);
  if (!done)
    g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_TERMINATED);
  if (reports != NULL)
    *reports = stop.reports;
  assay_progress_free (stop.progress);
  json_decref (meta);
  return done;
}

static double *
read_log (AssayCase *cas, const char *name, const char *path, gint64 *n)
{
  GError *error = NULL;
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "metrics", name, &error);
  AssayArrayInfo info;
  double *log;

  g_assert_no_error (error);
  g_assert_true (assay_reader_get_object (reader)->complete);
  g_assert_true (assay_reader_describe (reader, path, &info, NULL));
  *n = info.dims[0];
  log = g_new (double, info.dims[0]);
  g_assert_true (assay_reader_read (reader, path, ASSAY_STORE_F64, log, NULL));
  return log;
}

static const struct { const char *name; Fixture *(*make) (const char *, guint); const char *options; } trainings[] = {
  { "adamw", fixture_mlp, "{\"steps\": 40, \"batch\": 7, \"schedule\": \"linear\", \"checkpoint-every\": 6, \"checkpoints\": 3}" },
  { "momentum", fixture_transformer, "{\"optimizer\": \"momentum\", \"steps\": 30, \"batch\": 5, \"checkpoint-every\": 4, \"learning-rate\": 0.05}" },
  { "sgd", fixture_mlp, "{\"optimizer\": \"sgd\", \"steps\": 20, \"batch\": 4, \"checkpoint-every\": 1, \"learning-rate\": 0.1}" },
  { "buckets", fixture_lengths, "{\"steps\": 30, \"batch\": 5, \"length-buckets\": 3, \"checkpoint-every\": 4}" },
  { "lbfgs", fixture_mlp, "{\"optimizer\": \"lbfgs\", \"l2\": 0.01, \"steps\": 25, \"checkpoint-every\": 5}" },
  { "newton", fixture_logistic, "{\"optimizer\": \"newton\", \"checkpoint-every\": 1}" },
};

static void
test_resume (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  AssayRng rng = assay_rng_new (1, assay_rng_stream ("interruptions", 0));

  (void) unused;
  for (guint k = 0; k < G_N_ELEMENTS (trainings); k++)
    {
      g_autoptr (Fixture) whole = trainings[k].make (trainings[k].options, 2);
      g_autofree char *straight = g_strconcat (trainings[k].name, "-straight", NULL);
      g_autofree double *truth = NULL;
      AssayTrainResult expected, result;
      gint64 n;

      g_assert_true (run (whole, cas, straight, 0, NULL, &expected));
      truth = read_log (cas, straight, "/metrics/loss", &n);
      g_assert_cmpint (n, ==, expected.steps);
      for (guint attempt = 0; attempt < 3; attempt++)
        {
          g_autofree char *name = g_strdup_printf ("%s-%u", trainings[k].name, attempt);
          g_autofree double *log = NULL;
          guint total = 0, reports = 0, stops = 0;
          gint64 m;

          for (;;)                                                /* stopped again and again, each time in a new process's place */
            {
              g_autoptr (Fixture) f = trainings[k].make (trainings[k].options, 1 + stops % 2);
              gboolean done = run (f, cas, name, 1 + (guint) assay_rng_below (&rng, 9), &reports, &result);

              total += reports;
              if (done)
                {
                  g_assert_cmpmem (assay_model_get_theta (f->model), f->theta_bytes, assay_model_get_theta (whole->model), f->theta_bytes);
                  break;
                }
              stops++;
            }
          g_assert_cmpuint (total, ==, expected.steps);           /* a stop saves its state: no step is made twice */
          g_assert_cmpint (result.reason, ==, expected.reason);
          g_assert_cmpint (result.steps, ==, expected.steps);
          g_assert_cmpfloat (result.loss, ==, expected.loss);
          g_assert_cmpfloat (result.gradient_norm, ==, expected.gradient_norm);
          g_assert_cmpfloat (result.operations, ==, expected.operations);
          g_assert_cmpfloat (result.seconds, >, 0);
          log = read_log (cas, name, "/metrics/loss", &m);
          g_assert_cmpmem (log, m * sizeof *log, truth, n * sizeof *truth);
        }
    }
}

/* A preconditioner that stops the training at a chosen call, in the middle of a step. */
typedef struct { AssayProgress *progress; guint left; } Interruption;

static gboolean
interrupt (gpointer data, const double *r, double *z, GError **error)
{
  Interruption *i = data;

  (void) error;
  memcpy (z, r, 5 * sizeof *z);
  if (i->left > 0 && --i->left == 0)
    assay_progress_cancel (i->progress, ASSAY_ERROR_INTERRUPTED);
  return TRUE;
}

static void
test_within_a_step (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) whole = fixture_logistic ("{\"optimizer\": \"newton\"}", 1), f = fixture_logistic ("{\"optimizer\": \"newton\"}", 1);
  Interruption never = { NULL, 0 };
  AssayTrainPlace place = { .store = cas, .name = "run" };
  AssayTrainResult result;
  guint stops = 0;

  (void) unused;
  whole->training.precondition = f->training.precondition = interrupt;
  whole->training.precondition_data = &never;
  g_assert_true (assay_train (&whole->training, NULL, &result, NULL, NULL));
  for (gboolean done = FALSE; !done; )
    {
      g_autoptr (AssayProgress) progress = assay_progress_new (NULL, NULL);
      Interruption soon = { progress, 7 };
      g_autoptr (GError) error = NULL;

      f->training.precondition_data = &soon;
      fixture_rewind (f);
      done = assay_train (&f->training, &place, &result, progress, &error);
      if (!done)
        g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
      stops += !done;
      g_assert_cmpuint (stops, <, 30);
    }
  g_assert_cmpuint (stops, >, 1);
  g_assert_cmpmem (assay_model_get_theta (f->model), f->theta_bytes, assay_model_get_theta (whole->model), f->theta_bytes);
}

/* A disk that takes the rows of the log but not the larger state: the log is then ahead of the state, as after a kill between the two. */
typedef struct { guint64 from; } Shortage;

static void
set_largest_file (rlim_t bytes)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = MIN (bytes, limit.rlim_max);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static void
run_short (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  const Shortage *shortage = data;

  (void) stage, (void) total, (void) unit, (void) note;
  if (done == shortage->from)
    set_largest_file (96 << 10);
}

static void
test_log_ahead (Room *room, gconstpointer unused)
{
  static const char options[] = "{\"steps\": 20, \"batch\": 7, \"checkpoint-every\": 5}", config[] = "{\"widths\": [6, 2000, 3]}";
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) whole = fixture_new (fixture_features (36, 6, 3), "mlp", config, options, 1);
  g_autoptr (Fixture) f = fixture_new (fixture_features (36, 6, 3), "mlp", config, options, 1);
  g_autofree double *truth = NULL, *log = NULL;
  Shortage shortage = { 7 };
  AssayProgress *progress = assay_progress_new (run_short, &shortage);
  AssayTrainPlace place = { .store = cas, .name = "run" };
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayObject) rows = NULL, state = NULL;
  AssayTrainResult result;
  gint64 n, m;

  (void) unused;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_true (run (whole, cas, "straight", 0, NULL, &result));
  truth = read_log (cas, "straight", "/metrics/loss", &n);
  g_assert_false (assay_train (&f->training, &place, &result, progress, &error));
  set_largest_file (RLIM_INFINITY);
  g_assert_nonnull (error);
  rows = assay_case_lookup (cas, "metrics", "run", NULL);
  state = assay_case_lookup (cas, "checkpoint", "run/state", NULL);
  g_assert_cmpint (rows->rows, ==, 10);
  g_assert_cmpint (json_integer_value (json_object_get (state->meta, "step")), ==, 5);
  g_clear_error (&error);

  fixture_rewind (f);
  assay_train (&f->training, &place, &result, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (assay_model_get_theta (f->model), f->theta_bytes, assay_model_get_theta (whole->model), f->theta_bytes);
  log = read_log (cas, "run", "/metrics/loss", &m);
  g_assert_cmpmem (log, m * sizeof *log, truth, n * sizeof *truth);
  assay_progress_free (progress);
}

/* --- kill -9 ------------------------------------------------------------------------------------------------------------ */

static void
die (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  guint *left = data;

  (void) stage, (void) done, (void) total, (void) unit, (void) note;
  if (*left > 0 && --*left == 0)
    kill (getpid (), SIGKILL);
}

/* The other process: trains in the case at path, and kills itself after so many steps. */
static int
be_killed (const char *path, const char *steps)
{
  guint left = (guint) atoi (steps);
  GError *error = NULL;
  g_autoptr (Fixture) f = fixture_mlp (trainings[0].options, 1);
  AssayTrainPlace place = { .store = assay_case_open (path, ASSAY_CASE_WRITE, &error), .name = "killed" };
  AssayProgress *progress = assay_progress_new (die, &left);
  AssayTrainResult result;

  g_assert_no_error (error);
  assay_train (&f->training, &place, &result, progress, &error);
  g_assert_no_error (error);
  assay_case_free (place.store);
  assay_progress_free (progress);
  return 0;
}

static void
test_killed (Room *room, gconstpointer unused)
{
  g_autoptr (Fixture) whole = fixture_mlp (trainings[0].options, 1);
  AssayRng rng = assay_rng_new (2, assay_rng_stream ("kills", 0));
  g_autofree double *truth = NULL, *log = NULL;
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (AssayModel) model = NULL;
  AssayTrainResult expected;
  gint64 n, m;
  guint kills = 0;
  int status;

  (void) unused;
  g_assert_true (run (whole, cas, "straight", 0, NULL, &expected));
  truth = read_log (cas, "straight", "/metrics/loss", &n);
  assay_case_free (g_steal_pointer (&cas));
  do
    {
      g_autofree char *steps = g_strdup_printf ("%d", 4 + (int) assay_rng_below (&rng, 10));
      char *argv[] = { "/proc/self/exe", "--be-killed", room->path, steps, NULL };

      g_assert_true (g_spawn_sync (NULL, argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL, &status, NULL));
      g_assert_true (status == 0 || (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL));
      g_assert_cmpuint (kills++, <, 40);
    }
  while (status != 0);
  g_assert_cmpuint (kills, >, 3);
  cas = assay_case_open (room->path, ASSAY_CASE_READ, NULL);
  g_assert_nonnull (cas);
  object = assay_case_lookup (cas, "model", "killed", NULL);
  g_assert_nonnull (object);
  model = assay_checkpoint_load_object (cas, object, NULL);
  g_assert_cmpmem (assay_model_get_theta (model), whole->theta_bytes, assay_model_get_theta (whole->model), whole->theta_bytes);
  log = read_log (cas, "killed", "/metrics/loss", &m);
  g_assert_cmpmem (log, m * sizeof *log, truth, n * sizeof *truth);
}

static void
test_finished (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_mlp ("{\"steps\": 10, \"batch\": 4}", 1), other = fixture_mlp ("{\"steps\": 11, \"batch\": 4}", 1);
  AssayTrainResult first, again;
  g_autofree char *theta = NULL;
  g_autoptr (AssayModel) stored = NULL;
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (GPtrArray) before = NULL, after = NULL;
  guint reports;

  (void) unused;
  g_assert_true (run (f, cas, "run", 0, &reports, &first));
  g_assert_cmpuint (reports, ==, 10);
  theta = g_memdup2 (assay_model_get_theta (f->model), f->theta_bytes);
  before = assay_case_list_history (cas);
  g_assert_true (run (f, cas, "run", 0, &reports, &again));
  g_assert_cmpuint (reports, ==, 0);
  g_assert_cmpmem (assay_model_get_theta (f->model), f->theta_bytes, theta, f->theta_bytes);
  g_assert_cmpint (again.steps, ==, first.steps);
  g_assert_cmpfloat (again.loss, ==, first.loss);
  g_assert_cmpfloat (again.operations, ==, first.operations);
  g_assert_true (isnan (again.seconds));                          /* nobody trained */
  after = assay_case_list_history (cas);
  g_assert_cmpuint (after->len, ==, before->len);

  object = assay_case_lookup (cas, "model", "run", NULL);
  stored = assay_checkpoint_load_object (cas, object, NULL);
  g_assert_cmpmem (assay_model_get_theta (stored), f->theta_bytes, theta, f->theta_bytes);
  g_assert_cmpstr (json_string_value (json_object_get (object->meta, "data")), ==, "a digest");

  g_assert_true (run (other, cas, "run", 0, &reports, &again));   /* other options: another run */
  g_assert_cmpuint (reports, ==, 11);
}

static void
test_trajectory (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_mlp ("{\"steps\": 10, \"batch\": 4, \"checkpoints\": 4, \"schedule\": \"linear\", \"learning-rate\": 0.01}", 1);
  g_autoptr (Fixture) plain = fixture_mlp ("{\"steps\": 10, \"batch\": 4}", 1);
  static const gint64 steps[] = { 3, 5, 8, 10 };                  /* 2.5, 5, 7.5, 10 rounded half up */
  AssayTrainResult result;
  g_autoptr (AssayTrajectory) t = NULL;
  g_autoptr (GError) error = NULL;
  double sum = 0;

  (void) unused;
  g_assert_true (run (f, cas, "run", 0, NULL, &result));
  t = assay_trajectory_load (cas, "run", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (t->n, ==, 4);
  for (guint k = 0; k < 4; k++)
    {
      g_assert_cmpint (t->step[k], ==, steps[k]);
      g_assert_cmpfloat (fabs (t->rate[k] - 0.01 * (1 - (double) (steps[k] - 1) / 10)), <=, 1e-15);
      sum += t->rate_sum[k];
    }
  g_assert_cmpfloat (fabs (sum - 0.01 * 5.5), <=, 1e-15);
  for (gint64 p = 0; p < t->P; p++)
    g_assert_cmpfloat (t->theta[3][p], ==, (double) ((float *) assay_model_get_theta (f->model))[p]);
  g_assert_true (run (plain, cas, "plain", 0, NULL, &result));
  g_assert_null (assay_trajectory_load (cas, "plain", &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
}

static void
test_fault (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_diverging ();
  AssayTrainPlace place = { .store = cas, .name = "run" };
  AssayTrainResult result;
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayObject) state = NULL;

  (void) unused;
  g_assert_false (assay_train (&f->training, &place, &result, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_false (assay_case_has (cas, "model", "run"));
  state = assay_case_lookup (cas, "checkpoint", "run/state", NULL);
  g_assert_nonnull (state);                                       /* of a step before */
}

int
main (int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "--be-killed") == 0)
    return be_killed (argv[2], argv[3]);
  g_test_init (&argc, &argv, NULL);
  ADD ("/train/stopped at any steps it ends with the bits of the uninterrupted run", test_resume);
  ADD ("/train/stopped within a step it goes on before that step", test_within_a_step);
  ADD ("/train/a state that could not be saved behind its log loses no row and doubles none", test_log_ahead);
  ADD ("/train/killed again and again it ends with the bits of the uninterrupted run", test_killed);
  ADD ("/train/a finished run is answered from the case", test_finished);
  ADD ("/train/checkpoints along the way have their steps and rates", test_trajectory);
  ADD ("/train/a divergence commits no model and keeps what was committed", test_fault);
  return g_test_run ();
}
