/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-validate.c: the numbers of a validation against those that other commands give, what is shared and resumed, and what is refused. */
#include "fixtures.h"

#include "base/error.h"
#include "job/view.h"
#include "model/checkpoint.h"
#include "stats/bootstrap.h"
#include "store/reader.h"

#include <math.h>
#include <string.h>

#define N 40                    /* people of the fixture */
#define ROUNDING 1e-13          /* 40 terms summed in two orders, and a quotient: a few hundred times 2^-53 */

static double
number_at (const json_t *object, const char *key)
{
  g_assert_true (json_is_number (json_object_get (object, key)));
  return json_number_value (json_object_get (object, key));
}

static const char *
text_at (const json_t *object, const char *key)
{
  return json_string_value (json_object_get (object, key));
}

static double
value_of (const json_t *agreement, const char *estimate)
{
  return number_at (json_object_get (agreement, estimate), "value");
}

/* How many objects of a kind were ever committed. */
static guint
count_objects (const Folder *folder, const char *kind)
{
  g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_READ, NULL);
  g_autoptr (GPtrArray) history = assay_case_list_history (cas);
  guint n = 0;

  for (guint k = 0; k < history->len; k++)
    n += strcmp (((AssayObject *) history->pdata[k])->kind, kind) == 0;
  return n;
}

/* A two-pass Pearson correlation, and the slope through the origin, without the program's own. */
static double
correlate (const double *x, const double *y, guint n, double *slope)
{
  double mx = 0, my = 0, xx = 0, yy = 0, xy = 0, x0 = 0, xy0 = 0;

  for (guint i = 0; i < n; i++)
    {
      mx += x[i] / n;
      my += y[i] / n;
      x0 += x[i] * x[i];
      xy0 += x[i] * y[i];
    }
  for (guint i = 0; i < n; i++)
    {
      xx += (x[i] - mx) * (x[i] - mx);
      yy += (y[i] - my) * (y[i] - my);
      xy += (x[i] - mx) * (y[i] - my);
    }
  *slope = xy0 / x0;
  return xy / sqrt (xx * yy);
}

/* Scores of train:2 by a method, by example. */
static void
read_scores (const Folder *folder, const char *method, double *score)
{
  json_t *answer = folder_answer (folder, "influence", "query", "train:2", "method", method, "top", "0", NULL), *entry;
  gsize k;

  g_assert_cmpuint (json_array_size (json_object_get (answer, "scores")), ==, N);
  json_array_foreach (json_object_get (answer, "scores"), k, entry)
    score[json_integer_value (json_object_get (entry, "example"))] = number_at (entry, "score");
  json_decref (answer);
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Leaving everybody out in turn is what method loo does; so its scores beside those of the exact method give all the numbers. */
static void
test_leave_one_out (Folder *folder, gconstpointer unused)
{
  double predicted[N], measured[N], miss[N], pearson, slope;
  json_t *document;
  const json_t *one, *query;

  (void) unused;
  folder_train (folder, "m");
  read_scores (folder, "exact", predicted);
  read_scores (folder, "loo", measured);
  pearson = correlate (predicted, measured, N, &slope);
  for (guint i = 0; i < N; i++)
    miss[i] = fabs (predicted[i] - measured[i]);
  qsort (miss, N, sizeof *miss, ascending);
  document = folder_answer (folder, "validate", "query", "train:2", "method", "exact", "leave-one-out", "1000", "groups", "0", "qld", "none", NULL);
  one = json_object_get (document, "loo");
  g_assert_cmpint (json_integer_value (json_object_get (one, "sets")), ==, N);
  g_assert_cmpfloat_with_epsilon (value_of (one, "pearson"), pearson, ROUNDING);
  g_assert_cmpfloat_with_epsilon (number_at (one, "slope"), slope, ROUNDING);
  g_assert_cmpfloat_with_epsilon (number_at (one, "band"), assay_quantile_sorted (miss, N, 0.95), ROUNDING);
  g_assert_cmpfloat (pearson, >, 0.9);
  query = json_object_get (json_array_get (json_object_get (one, "per_query"), 0), "pearson");
  g_assert_cmpfloat (number_at (query, "value"), ==, value_of (one, "pearson"));
  g_assert_cmpfloat (number_at (query, "lo"), <, pearson);
  g_assert_cmpfloat (number_at (query, "hi"), >, pearson);
  g_assert_true (json_is_null (json_object_get (document, "lds")));
  g_assert_true (json_is_null (json_object_get (document, "qld")));
  g_assert_cmpfloat (number_at (one, "correlation"), ==, value_of (one, "pearson"));
  g_assert_cmpint (json_integer_value (json_object_get (document, "retrainings")), ==, N + 1);
  g_assert_cmpstr (text_at (document, "unit"), ==, "nats per removed example");
  json_decref (document);
}

/* A group's members, prediction and measurement are in the case: the prediction is the sum of its scores, the measurement what retraining
 * without these people gives. */
static void
test_groups (Folder *folder, gconstpointer unused)
{
  enum { SETS = 5, SIZE = 3 };
  double score[N], predicted[SETS], measured[SETS];
  gint64 member[SETS * SIZE];
  json_t *document, *retrained;

  (void) unused;
  folder_train (folder, "m");
  read_scores (folder, "exact", score);
  document = folder_answer (folder, "validate", "query", "train:2", "method", "exact", "leave-one-out", "0", "groups", "5", "group-size", "3", NULL);
  {
    g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_READ, NULL);
    g_autoptr (AssayReader) reader = assay_reader_open (cas, "validation", text_at (document, "validation_object"), NULL);

    g_assert_true (assay_reader_read (reader, "/validation/lds/predicted", ASSAY_STORE_F64, predicted, NULL));
    g_assert_true (assay_reader_read (reader, "/validation/lds/measured", ASSAY_STORE_F64, measured, NULL));
    g_assert_true (assay_reader_read (reader, "/validation/lds/members", ASSAY_STORE_I64, member, NULL));
  }
  for (guint s = 0; s < SETS; s++)
    {
      char *names[SIZE];
      double sum = 0;

      for (guint k = 0; k < SIZE; k++)
        {
          sum += score[member[s * SIZE + k]];
          names[k] = g_strdup_printf ("train:%d", (int) member[s * SIZE + k]);
        }
      g_assert_cmpfloat_with_epsilon (predicted[s], sum, ROUNDING);
      retrained = folder_answer (folder, "retrain", "query", "train:2", "without", names[0], "without", names[1], "without", names[2], NULL);
      g_assert_cmpfloat (number_at (json_array_get (json_object_get (retrained, "sets"), 0), "mean_change"), ==, measured[s]);
      json_decref (retrained);
      for (guint k = 0; k < SIZE; k++)
        g_free (names[k]);
    }
  g_assert_true (json_is_null (json_object_get (document, "loo")));
  g_assert_cmpint (json_integer_value (json_object_get (json_object_get (document, "lds"), "size")), ==, SIZE);
  g_assert_cmpint (json_integer_value (json_object_get (json_object_get (document, "qld"), "random_groups")), ==, 20);
  g_assert_cmpint (json_integer_value (json_object_get (document, "retrainings")), ==, 1 + SETS + 1 + 1 + 20);
  g_assert_cmpfloat (number_at (document, "ceiling"), ==, 1);
  g_assert_nonnull (strstr (text_at (document, "ceiling_reason"), "one seed counts"));
  g_assert_cmpfloat (number_at (json_object_get (document, "cost"), "seconds"), >, 0);
  json_decref (document);
}

/* Scores that the case has are taken from it, and a second method is held to the same retrainings. */
static void
test_shared (Folder *folder, gconstpointer unused)
{
  json_t *exact, *dot;

  (void) unused;
  folder_train (folder, "m");
  json_decref (folder_answer (folder, "influence", "query", "train:0-2", "method", "exact", NULL));
  exact = folder_answer (folder, "validate", "query", "train:0-2", "method", "exact", "leave-one-out", "8", "groups", "0", "qld", "none", NULL);
  g_assert_cmpuint (count_objects (folder, "scores"), ==, 1);
  g_assert_cmpuint (count_objects (folder, "retraining"), ==, 1);
  dot = folder_answer (folder, "validate", "query", "train:0-2", "method", "dot", "leave-one-out", "8", "groups", "0", "qld", "none", NULL);
  g_assert_cmpuint (count_objects (folder, "scores"), ==, 2);
  g_assert_cmpuint (count_objects (folder, "retraining"), ==, 1);
  g_assert_cmpuint (count_objects (folder, "validation"), ==, 2);
  g_assert_cmpfloat (number_at (json_object_get (exact, "loo"), "change"), ==, number_at (json_object_get (dot, "loo"), "change"));
  g_assert_true (json_is_null (json_object_get (json_object_get (dot, "loo"), "band")));     /* relative scores have no scale */
  g_assert_true (json_is_null (json_object_get (dot, "solver")));
  g_assert_cmpuint (json_array_size (json_object_get (dot, "queries")), ==, 3);
  json_decref (exact);
  json_decref (dot);
}

static char *
text_of_view (const json_t *document)
{
  g_autoptr (AssayView) view = assay_view_new ();
  g_autoptr (GString) text = g_string_new (NULL);

  assay_job_kind_find ("validate", NULL)->view (document, view);
  for (guint k = 0; k < assay_view_get_n_blocks (view); k++)
    {
      const AssayViewBlock *block = assay_view_get_block (view, k);

      g_string_append_printf (text, "%s: %s\n", block->name ? block->name : "", block->text ? block->text : "");
      for (guint c = 0; block->cells != NULL && c < block->cells->len; c++)
        g_string_append_printf (text, "%s|", (const char *) block->cells->pdata[c]);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* --- more protocols ------------------------------------------------------------------------------------------------ */

/* Two sizes are two families; the first is the lds. Points of the curve are differences of their own, and those of equal size are equal. */
static void
test_protocols (Folder *folder, gconstpointer unused)
{
  json_t *document, *point, *families, *stability, *control;

  (void) unused;
  folder_train (folder, "m");
  document = folder_answer (folder, "validate", "query", "train:0-3", "method", "cg", "damping", "0.01", "leave-one-out", "0", "groups", "12", "group-share", "0.25",
                            "group-size", "4", "qld", "query", "qld-share", "0.05", "qld-random", "6", "curve", "1", "curve", "2", "curve", "12", "stability", "5",
                            "random-weights", "yes", "draws", "200", NULL);
  families = json_object_get (document, "families");
  g_assert_cmpuint (json_array_size (families), ==, 2);
  g_assert_true (json_equal (json_array_get (families, 0), json_object_get (document, "lds")));
  g_assert_cmpint (json_integer_value (json_object_get (json_array_get (families, 0), "size")), ==, 10);
  g_assert_cmpint (json_integer_value (json_object_get (json_array_get (families, 1), "size")), ==, 4);
  point = json_array_get (json_object_get (json_object_get (document, "curve"), "points"), 1);
  g_assert_true (json_equal (point, json_object_get (document, "qld")));                  /* 0.05 of 40 are 2 */
  g_assert_cmpuint (json_array_size (json_object_get (json_object_get (document, "curve"), "brittleness")), ==, 4);
  g_assert_cmpfloat (number_at (json_array_get (json_object_get (json_object_get (document, "curve"), "points"), 2), "estimate"), >, number_at (point, "estimate"));
  stability = json_object_get (document, "stability");
  g_assert_cmpuint (json_array_size (json_object_get (stability, "variants")), ==, 3);
  g_assert_cmpuint (json_array_size (json_object_get (stability, "refused")), ==, 1);             /* a training to the optimum has no checkpoints */
  g_assert_cmpfloat (number_at (stability, "min_jaccard"), >, 0.5);
  g_assert_cmpfloat (number_at (stability, "min_jaccard"), <=, 1);
  control = json_object_get (document, "random_weights");
  g_assert_cmpuint (json_array_size (json_object_get (control, "per_query")), ==, 4);
  g_assert_cmpfloat (number_at (control, "estimate"), <, number_at (json_object_get (document, "lds"), "estimate"));
  json_decref (document);
  document = folder_answer (folder, "validate", "query", "train:0-2", "method", "cg", "damping", "0", "leave-one-out", "4", "groups", "0", "qld", "none", "stability",
                            "500", "draws", "100", NULL);
  stability = json_object_get (document, "stability");
  g_assert_cmpint (json_integer_value (json_object_get (stability, "top")), ==, 40);              /* as many as there are */
  g_assert_cmpuint (json_array_size (json_object_get (stability, "variants")), ==, 1);
  g_assert_cmpuint (json_array_size (json_object_get (stability, "refused")), ==, 2);             /* a damping of 0 has no multiples */
  g_assert_true (g_str_has_prefix (json_string_value (json_array_get (json_object_get (stability, "refused"), 0)), "damping: "));
  g_assert_cmpfloat (number_at (stability, "min_jaccard"), ==, 1);                                /* and no more, by rounding */
  json_decref (document);
}

/* What a training by steps leaves can be varied further: labels drawn, projections, and the checkpoint. Each variant is told with its overlap, of which the
 * least of each query counts. */
static void
test_variants (Folder *folder, gconstpointer unused)
{
  static const struct { const char *method; const char *variants[8]; } cases[] = {
    { "ekfac", { "damping 0.0333", "damping 0.3", "precision f32", "fisher-seed 1", "fisher-seed 2", "checkpoint at step 20", "checkpoint at step 10" } },
    { "logra", { "damping 0.0333", "damping 0.3", "precision f32", "seed 1", "seed 2", "checkpoint at step 20", "checkpoint at step 10" } },
    { "dot", { "precision f32", "checkpoint at step 20", "checkpoint at step 10" } },
    { "magic", { "precision f32" } } };

  (void) unused;
  folder_train (folder, "m");
  json_decref (folder_answer (folder, "train", "name", "steps", "target", "score", "terms", "age,group", "optimizer", "sgd", "steps", "30", "batch", "8", "learning-rate",
                              "0.0005", "checkpoints", "3", NULL));
  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      json_t *document = folder_answer (folder, "validate", "model-name", "steps", "query", "train:0-3", "method", cases[k].method, "leave-one-out", "4", "groups", "0",
                                        "qld", "none", "stability", "5", "draws", "100", NULL);
      json_t *stability = json_object_get (document, "stability"), *variants = json_object_get (stability, "variants"), *overlaps = json_object_get (stability, "overlaps");
      json_t *refused = json_object_get (stability, "refused");
      double least = 1;

      g_assert_cmpuint (json_array_size (variants), ==, g_strv_length ((char **) cases[k].variants));
      g_assert_cmpuint (json_array_size (overlaps), ==, json_array_size (variants));
      for (gsize v = 0; v < json_array_size (variants); v++)
        {
          g_assert_cmpstr (json_string_value (json_array_get (variants, v)), ==, cases[k].variants[v]);
          least = MIN (least, json_number_value (json_array_get (overlaps, v)));
        }
      g_assert_cmpfloat (number_at (stability, "min_jaccard"), <=, least);
      g_assert_cmpfloat (number_at (stability, "min_jaccard"), >, 0);
      g_assert_cmpuint (json_array_size (refused), ==, strcmp (cases[k].method, "magic") == 0);
      if (json_array_size (refused) > 0)
        g_assert_nonnull (strstr (json_string_value (json_array_get (refused, 0)), "follows the whole training"));
      json_decref (document);
    }
}

/* A method that can score them does, one that cannot says so, and a model that was trained on all there is has none. */
static void
test_non_members (Folder *folder, gconstpointer unused)
{
  json_t *document, *control;
  g_autoptr (AssayJob) none = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  (void) unused;
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "data", "file", folder->table, "id", "id", "split", "order:train=24,test=rest", NULL));
  json_decref (folder_answer (folder, "train", "name", "m", "target", "score", "terms", "age,group", "l2", "0.01", NULL));
  document = folder_answer (folder, "validate", "model-name", "m", "query", "test:0-3", "method", "cg", "leave-one-out", "0", "groups", "8", "group-size", "6", "qld", "none",
                            "non-members", "100", "draws", "200", NULL);
  control = json_object_get (document, "non_members");
  g_assert_cmpint (json_integer_value (json_object_get (control, "examples")), ==, 12);          /* 16 are tests, 4 of them are asked about */
  g_assert_cmpfloat_with_epsilon (number_at (control, "least_p"), 1.0 / 13, 0x1p-50);
  g_assert_cmpuint (json_array_size (json_object_get (control, "per_query")), ==, 4);
  g_assert_cmpfloat (number_at (control, "lo"), <, number_at (control, "area"));
  g_assert_cmpfloat (number_at (control, "area"), <, number_at (control, "hi"));
  text = text_of_view (document);
  g_assert_nonnull (strstr (text, "than one of 12 that the model never saw"));
  g_assert_nonnull (strstr (text, "of 4 queries any"));
  control = json_object_get (json_object_get (document, "lds"), "other_query");
  g_assert_cmpfloat (number_at (control, "value"), <, number_at (json_object_get (document, "lds"), "estimate"));
  json_decref (document);
  document = folder_answer (folder, "validate", "model-name", "m", "query", "test:0-3", "method", "rescaled", "leave-one-out", "0", "groups", "8", "group-size", "6", "qld",
                            "none", "non-members", "100", "draws", "200", NULL);
  g_assert_nonnull (strstr (text_at (json_object_get (document, "non_members"), "refused"), "method rescaled scores only"));
  json_decref (document);
  none = folder_job (folder, "validate", "model-name", "m", "query", "test:0-15", "method", "cg", "non-members", "10", NULL);
  g_assert_null (folder_run (none, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "none found"));
}

/* A first-order training has seeds that count: every set is trained with each, and the ceiling comes from how far they agree. A whole-batch one has one. */
static void
test_seeds (Folder *folder, gconstpointer unused)
{
  json_t *several, *one;

  (void) unused;
  folder_train (folder, "m");
  json_decref (folder_answer (folder, "train", "name", "sgd", "target", "score", "terms", "age,group", "l2", "0.01", "optimizer", "sgd", "steps", "40", "batch", "8",
                              "learning-rate", "0.1", NULL));
  several = folder_answer (folder, "validate", "model-name", "sgd", "query", "train:0-3", "method", "dot", "leave-one-out", "0", "groups", "8", "group-size", "10",
                           "qld", "none", "seeds", "3", "draws", "200", NULL);
  g_assert_cmpint (json_integer_value (json_object_get (several, "seeds")), ==, 3);
  g_assert_cmpint (json_integer_value (json_object_get (several, "retrainings")), ==, 3 * (8 + 1));
  g_assert_cmpuint (count_objects (folder, "retraining"), ==, 3);
  g_assert_cmpfloat (number_at (several, "ceiling"), <, 1);
  g_assert_cmpfloat (number_at (json_object_get (several, "lds"), "rho_1"), <, 1);
  g_assert_cmpfloat (number_at (json_object_get (several, "lds"), "signal_to_noise"), >, 0);
  one = folder_answer (folder, "validate", "model-name", "m", "query", "train:0-3", "method", "dot", "leave-one-out", "0", "groups", "8", "group-size", "10", "qld",
                       "none", "seeds", "3", "draws", "200", NULL);
  g_assert_cmpint (json_integer_value (json_object_get (one, "seeds")), ==, 1);
  g_assert_cmpfloat (number_at (one, "ceiling"), ==, 1);
  json_decref (several);
  json_decref (one);
}

/* --- interrupted --------------------------------------------------------------------------------------------------- */

typedef struct { AssayProgress *progress; guint left; } Stop;

static void
count_down (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Stop *stop = data;

  (void) done, (void) total, (void) note;
  if (strcmp (stage, "retraining") == 0 && strcmp (unit, "sets") == 0 && stop->left > 0 && --stop->left == 0)
    assay_progress_cancel (stop->progress, ASSAY_ERROR_INTERRUPTED);
}

static AssayJob *
resumable_job (const Folder *folder)
{
  return folder_job (folder, "validate", "query", "train:0-1", "leave-one-out", "6", "groups", "6", "qld-random", "4", NULL);
}

/* Stopped after every third retraining and started again until it ends, it says what an undisturbed one says. */
static void
test_resume (Folder *folder, gconstpointer unused)
{
  Folder other;
  json_t *once, *agreed;
  guint rounds = 0;

  folder_set_up (&other, NULL);
  folder_train (folder, "m");
  folder_train (&other, "m");
  once = folder_answer (&other, "validate", "query", "train:0-1", "leave-one-out", "6", "groups", "6", "qld-random", "4", NULL);
  for (gboolean done = FALSE; !done; rounds++)
    {
      Stop stop = { .left = 3 };
      g_autoptr (AssayProgress) progress = assay_progress_new (count_down, &stop);
      g_autoptr (AssayJob) job = resumable_job (folder);
      g_autoptr (AssayJobOutcome) outcome = NULL;
      g_autoptr (GError) error = NULL;
      AssayJobOptions options = { .threads = 1, .progress = progress };

      g_assert_cmpuint (rounds, <, 10);                           /* 19 retrainings, three or more in each round */
      stop.progress = progress;
      g_assert_true (assay_job_freeze (job, NULL));
      outcome = assay_job_run (job, &options, &error);
      done = outcome != NULL;
      if (!done)
        {
          g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
          continue;
        }
      agreed = outcome->document;
      for (guint k = 0; k < 3; k++)
        {
          static const char *const parts[] = { "loo", "lds", "qld" };

          g_assert_true (json_is_object (json_object_get (agreed, parts[k])));
          g_assert_true (json_equal (json_object_get (agreed, parts[k]), json_object_get (once, parts[k])));
        }
    }
  g_assert_cmpuint (rounds, >, 2);
  g_assert_cmpuint (count_objects (folder, "scores"), ==, 1);     /* not scored again */
  json_decref (once);
  folder_tear_down (&other, unused);
}

/* --- what is found, shown and refused ------------------------------------------------------------------------------ */

static AssayJobOutcome *
outcome_of (AssayJob *job)
{
  GError *error = NULL;
  AssayJobOutcome *outcome = folder_run (job, FALSE, &error);

  g_assert_no_error (error);
  return outcome;
}

static void
test_findings (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) stopped = NULL, tiny = NULL, well = NULL;
  g_autoptr (AssayJobOutcome) of_stopped = NULL, of_tiny = NULL, of_well = NULL;

  (void) unused;
  folder_train (folder, "m");
  stopped = folder_job (folder, "validate", "query", "train:2", "max-iterations", "1", "leave-one-out", "10", "groups", "0", "qld", "none", NULL);
  of_stopped = outcome_of (stopped);
  g_assert_nonnull (strstr (of_stopped->finding, "did not converge"));
  g_assert_cmpint (json_integer_value (json_object_get (of_stopped->document, "exit_status")), ==, 1);
  tiny = folder_job (folder, "validate", "query", "train:2", "leave-one-out", "1", "groups", "0", "qld", "none", NULL);
  of_tiny = outcome_of (tiny);
  g_assert_nonnull (strstr (of_tiny->finding, "not shown to follow retraining"));
  g_assert_true (json_is_null (json_object_get (json_object_get (json_object_get (of_tiny->document, "loo"), "pearson"), "value")));
  well = folder_job (folder, "validate", "query", "train:2", "leave-one-out", "20", "groups", "20", NULL);
  of_well = outcome_of (well);
  g_assert_null (of_well->finding);
}

static void
test_view (Folder *folder, gconstpointer unused)
{
  static const char *const told[] = { "predictions follow retraining", "mean correlation: 0.9", "over 2 queries", "dealt out to the examples at random",
                                      "examples ranked highest", "lds: 0.9", "deterministic training, one seed counts", "Grade ", "cost of scoring", "train:1", "2 of 2 converged", "measured of another query",
                                      "at the worst of 3 variants", "with precision f32", "not varied: checkpoint" };
  json_t *document, *relative;
  g_autofree char *text = NULL, *without_unit = NULL;

  (void) unused;
  folder_train (folder, "m");
  document = folder_answer (folder, "validate", "query", "train:0-1", "leave-one-out", "20", "groups", "10", "damping", "0.01", "stability", "3", NULL);
  text = text_of_view (document);
  for (gsize k = 0; k < G_N_ELEMENTS (told); k++)
    {
      g_test_message ("%s", told[k]);
      g_assert_nonnull (strstr (text, told[k]));
    }
  relative = folder_answer (folder, "validate", "query", "train:0-1", "method", "dot", "leave-one-out", "20", "groups", "0", "qld", "none", NULL);
  without_unit = text_of_view (relative);
  g_assert_nonnull (strstr (without_unit, "no band"));
  g_assert_null (strstr (without_unit, "ranked highest"));
  json_decref (document);
  json_decref (relative);
}

static void
test_dry_run (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) job = NULL;
  g_autoptr (AssayJobOutcome) outcome = NULL;
  AssayJobOptions options = { .threads = 1 };
  GError *error = NULL;
  const json_t *plan;
  guint before;

  (void) unused;
  folder_train (folder, "m");
  before = count_objects (folder, "job");
  job = folder_job (folder, "validate", "query", "train:0-1", "leave-one-out", "20", "groups", "10", NULL);
  g_assert_true (assay_job_freeze (job, &error));
  outcome = assay_job_dry_run (job, &options, &error);
  g_assert_no_error (error);
  plan = json_object_get (outcome->document, "plan");
  g_assert_nonnull (strstr (text_at (json_array_get (json_object_get (plan, "steps"), 1), "what"), "train 53 times"));
  g_assert_cmpfloat (number_at (plan, "seconds"), >, 0);
  g_assert_cmpuint (count_objects (folder, "job"), ==, before);
  g_assert_cmpuint (count_objects (folder, "scores") + count_objects (folder, "retraining"), ==, 0);
}

static void
test_refusals (Folder *folder, gconstpointer unused)
{
  static const struct { const char *name, *value; int code; } wrong[] = {
    { "query", "train:40", ASSAY_ERROR_NOT_FOUND }, { "query", "id:7", ASSAY_ERROR_NOT_FOUND }, { "method", "exakt", ASSAY_ERROR_USAGE },
    { "method", "tracin", ASSAY_ERROR_USAGE },  { "group-size", "40", ASSAY_ERROR_USAGE }, { "l2", "0.5", ASSAY_ERROR_USAGE },
    { "model-name", "other", ASSAY_ERROR_NOT_FOUND } };
  g_autoptr (AssayJob) nothing = NULL;
  g_autoptr (GError) none = NULL;

  (void) unused;
  folder_train (folder, "m");
  for (gsize k = 0; k < G_N_ELEMENTS (wrong); k++)
    {
      g_autoptr (AssayJob) job = folder_job (folder, "validate", "query", "train:0", wrong[k].name, wrong[k].value, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (folder_run (job, FALSE, &error));
      g_assert_error (error, ASSAY_ERROR, wrong[k].code);
      g_assert_null (strchr (error->message, '\n'));
    }
  nothing = folder_job (folder, "validate", "query", "train:0", "leave-one-out", "0", "groups", "0", NULL);
  g_assert_null (folder_run (nothing, FALSE, &none));
  g_assert_error (none, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_cmpuint (count_objects (folder, "scores") + count_objects (folder, "retraining"), ==, 0);
}

/* The same model from outside: nobody knows how it was trained. */
static void
test_imported (Folder *folder, gconstpointer unused)
{
  g_autofree char *directory = g_build_filename (folder->folder, "outside", NULL);
  g_autoptr (AssayJob) job = NULL;
  g_autoptr (GError) error = NULL;

  (void) unused;
  folder_train (folder, "m");
  {
    g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_READ, NULL);
    g_autoptr (AssayObject) object = assay_case_lookup (cas, "model", "m", NULL);
    g_autoptr (AssayModel) model = assay_checkpoint_load_object (cas, object, NULL);

    g_assert_true (assay_checkpoint_save_directory (model, directory, NULL));
  }
  json_decref (folder_answer (folder, "import", "what", "model", "file", directory, "name", "outside", NULL));
  job = folder_job (folder, "validate", "model-name", "outside", "query", "train:0", "target", "score", "terms", "age,group", NULL);
  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "a model whose training is known expected"));
  g_assert_cmpuint (count_objects (folder, "scores"), ==, 0);
}

#define ADD(sentence, func) g_test_add ("/validate/" sentence, Folder, NULL, folder_set_up, func, folder_tear_down)

/* The validation of those queries alone, by a damping. */
static json_t *
validate_alone (const Folder *folder, const json_t *queries, double damping)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_autoptr (AssayJob) job = folder_job (folder, "validate", "method", "exact", "damping", g_ascii_dtostr (text, sizeof text, damping), "groups", "15",
                                         "leave-one-out", "4", NULL);
  g_autoptr (AssayJobOutcome) outcome = NULL;
  gsize k;
  json_t *query;

  json_array_foreach (queries, k, query)
    {
      g_autofree char *reference = g_strdup_printf ("train:%d", (int) json_integer_value (json_object_get (query, "index")));

      g_assert_true (assay_job_set_text (job, "query", reference, NULL));
    }
  outcome = folder_run (job, FALSE, NULL);
  g_assert_nonnull (outcome);
  return json_incref (outcome->document);
}

/* Numbers of the queries that had no say are those of a validation that was never asked about the others, and so are those that chose. */
static void
test_choice (Folder *folder, gconstpointer unused)
{
  json_t *document, *other, *candidate, *alone;
  const json_t *choosing, *told;
  double most = -INFINITY, chosen = NAN, damping;
  gsize k;

  (void) unused;
  folder_train (folder, "m");
  document = folder_answer (folder, "validate", "query", "train:0-8", "method", "exact", "groups", "15", "leave-one-out", "4", "choose", "damping=3,0.0001,0.05", NULL);
  choosing = json_object_get (json_object_get (document, "choosing"), "queries");
  told = json_object_get (document, "queries");
  g_assert_cmpuint (json_array_size (choosing), ==, 4);
  g_assert_cmpuint (json_array_size (told), ==, 5);
  for (int index = 0; index < 9; index++)
    {
      guint times = 0;

      json_array_foreach (choosing, k, candidate)
        times += json_integer_value (json_object_get (candidate, "index")) == index;
      json_array_foreach (told, k, candidate)
        times += json_integer_value (json_object_get (candidate, "index")) == index;
      g_assert_cmpuint (times, ==, 1);
    }
  json_array_foreach (json_object_get (document, "candidates"), k, candidate)
    {
      damping = number_at (json_object_get (candidate, "options"), "damping");
      alone = validate_alone (folder, choosing, damping);
      g_assert_cmpfloat (number_at (candidate, "estimate"), ==, number_at (json_object_get (alone, "lds"), "estimate"));
      g_assert_cmpfloat (number_at (candidate, "lo"), ==, number_at (json_object_get (alone, "lds"), "lo"));
      if (number_at (candidate, "estimate") > most)
        {
          most = number_at (candidate, "estimate");
          chosen = damping;
        }
      json_decref (alone);
    }
  g_assert_cmpuint (k, ==, 3);
  g_assert_cmpfloat (number_at (json_object_get (document, "chosen"), "damping"), ==, chosen);
  alone = validate_alone (folder, told, chosen);
  g_assert_true (json_equal (json_object_get (document, "families"), json_object_get (alone, "families")));
  g_assert_true (json_equal (json_object_get (document, "loo"), json_object_get (alone, "loo")));
  g_assert_true (json_equal (json_object_get (document, "qld"), json_object_get (alone, "qld")));
  other = folder_answer (folder, "validate", "query", "train:0-8", "method", "exact", "groups", "15", "leave-one-out", "4", "choose", "damping=3,0.0001,0.05",
                         "set-seed", "1", NULL);
  g_assert_false (json_equal (told, json_object_get (other, "queries")));
  json_decref (other);
  json_decref (alone);
  json_decref (document);
}

/* A method without the option is held to the same queries; several options are combined. */
static void
test_choice_of_several (Folder *folder, gconstpointer unused)
{
  json_t *document;
  const json_t *first, *second;
  g_autoptr (AssayView) view = assay_view_new ();

  (void) unused;
  folder_train (folder, "m");
  document = folder_answer (folder, "validate", "query", "train:0-5", "method", "ekfac,dot", "groups", "12", "leave-one-out", "0", "qld", "none", "choose",
                            "damping=0.01,1", "choose", "damping-mode=block,absolute,global", NULL);
  first = json_array_get (json_object_get (document, "methods"), 0);
  second = json_array_get (json_object_get (document, "methods"), 1);
  g_assert_cmpuint (json_array_size (json_object_get (first, "candidates")), ==, 6);
  g_assert_cmpuint (json_object_size (json_object_get (first, "chosen")), ==, 2);
  g_assert_true (json_is_null (json_object_get (second, "chosen")));
  g_assert_cmpuint (json_array_size (json_object_get (json_object_get (first, "lds"), "per_query")), ==, 3);
  g_assert_cmpuint (json_array_size (json_object_get (json_object_get (second, "lds"), "per_query")), ==, 3);
  g_assert_cmpuint (count_objects (folder, "factors"), ==, 1);
  assay_job_kind_find ("validate", NULL)->view (document, view);
  json_decref (document);
}

static void
test_no_choice (Folder *folder, gconstpointer unused)
{
  static const struct { const char *query, *groups, *choose, *found; } cases[] = {
    { "train:0-8", "9", "damping", "found \"damping\"" }, { "train:0-8", "9", "dampin=1,2", "found dampin" }, { "train:0-8", "9", "damping=1,two", "found" },
    { "train:0-8", "9", "damping=-1,2", "-1 found" }, { "train:0-2", "9", "damping=1,2", "3 found" }, { "train:0-8", "0", "damping=1,2", "give --groups above 0" } };

  (void) unused;
  folder_train (folder, "m");
  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (AssayJob) job = folder_job (folder, "validate", "query", cases[k].query, "groups", cases[k].groups, "method", "exact", "choose", cases[k].choose, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (folder_run (job, FALSE, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
      g_assert_nonnull (strstr (error->message, cases[k].found));
    }
  g_assert_cmpuint (count_objects (folder, "retraining"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("leave-one-out agrees with the method that leaves everybody out", test_leave_one_out);
  ADD ("groups are predicted by their scores and measured by retraining", test_groups);
  ADD ("scores and retrainings of the case are used", test_shared);
  ADD ("several sizes, a curve, stability and an untrained model stand beside the lds", test_protocols);
  ADD ("what is drawn and the checkpoint can be varied too", test_variants);
  ADD ("examples that the model never saw stand beside those that it did", test_non_members);
  ADD ("several seeds give the ceiling where they count", test_seeds);
  ADD ("an interrupted validation goes on and says the same", test_resume);
  ADD ("what does not hold is a finding", test_findings);
  ADD ("a person reads correlation, control and queries", test_view);
  ADD ("a dry run counts the retrainings and makes none", test_dry_run);
  ADD ("what cannot be validated is refused before any work", test_refusals);
  ADD ("a model from outside cannot be trained again", test_imported);
  g_test_add ("/validate/an option chosen on half of the queries: each half is told what it would be told alone", Folder, NULL, folder_set_up, test_choice,
              folder_tear_down);
  g_test_add ("/validate/options are combined, factors fitted once, and methods without them held to the same queries", Folder, NULL, folder_set_up,
              test_choice_of_several, folder_tear_down);
  g_test_add ("/validate/what is no choice is refused before anything is retrained", Folder, NULL, folder_set_up, test_no_choice, folder_tear_down);
  return g_test_run ();
}
