/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-import_measured.c: scores and banks of another program: the same numbers have the same validation, and what does not fit is refused. */
#include "fixtures.h"

#include "base/error.h"
#include "job/view.h"
#include "store/npy.h"

#include <math.h>
#include <string.h>

enum { N = 40, Q = 3, SETS = 8, SIZE = 4 };

static char *
path_in (const Folder *folder, const char *name)
{
  return g_build_filename (folder->folder, name, NULL);
}

static void
write_array (const Folder *folder, const char *name, guint rank, gint64 first, gint64 second, const double *values)
{
  g_autofree char *path = path_in (folder, name);
  const gint64 dims[] = { first, second };

  g_assert_true (assay_npy_write (path, ASSAY_STORE_F64, rank, dims, values, NULL));
}

/* Scores (Q,N) of a method for train:0-2. */
static void
read_scores (const Folder *folder, const char *method, double *score)
{
  json_t *answer = folder_answer (folder, "influence", "query", "train:0-2", "method", method, "top", "0", NULL), *entry;
  gsize k;

  for (guint q = 0; q < Q; q++)
    json_array_foreach (json_object_get (json_array_get (json_object_get (answer, "queries"), q), "scores"), k, entry)
      score[q * N + json_integer_value (json_object_get (entry, "example"))] = json_number_value (json_object_get (entry, "score"));
  json_decref (answer);
}

static void
import_scores (const Folder *folder, const char *file, const char *name, const char *axes, const char *sign, const char *unit)
{
  g_autofree char *path = path_in (folder, file);

  json_decref (folder_answer (folder, "import", "what", "scores", "file", path, "name", name, "query", "train:0-2", "axes", axes, "sign", sign, "unit", unit,
                              NULL));
}

static json_t *
validate (const Folder *folder, const char *method)
{
  return folder_answer (folder, "validate", "query", "train:0-2", "method", method, "leave-one-out", "8", "groups", "12", "qld-random", "5", "draws", "200", NULL);
}

/* The numbers of a method, come in from a file, are validated as the method is; turned round they are the same when they are said to be. */
static void
test_scores (Folder *folder, gconstpointer unused)
{
  static const char *const same[] = { "lds", "ceiling", "qld", "loo" };
  double score[Q * N], turned[N * Q];
  json_t *own, *imported, *other, *both;

  (void) unused;
  folder_train (folder, "m");
  read_scores (folder, "exact", score);
  for (gint64 q = 0; q < Q; q++)
    for (gint64 i = 0; i < N; i++)
      turned[i * Q + q] = -score[q * N + i];
  write_array (folder, "scores.npy", 2, Q, N, score);
  write_array (folder, "turned.npy", 2, N, Q, turned);
  import_scores (folder, "scores.npy", "peer", "query,train", "helpful", "nats");
  import_scores (folder, "turned.npy", "other", "train,query", "harmful", "nats");
  own = validate (folder, "exact");
  imported = validate (folder, "imported:peer");
  other = validate (folder, "imported:other");
  for (gsize k = 0; k < G_N_ELEMENTS (same); k++)
    {
      g_test_message ("%s", same[k]);
      g_assert_true (json_equal (json_object_get (imported, same[k]), json_object_get (own, same[k])));
      g_assert_true (json_equal (json_object_get (other, same[k]), json_object_get (own, same[k])));
    }
  g_assert_true (json_is_true (json_object_get (imported, "imported")));
  g_assert_true (json_is_false (json_object_get (own, "imported")));
  g_assert_true (json_is_null (json_object_get (imported, "cost")));
  both = validate (folder, "exact,imported:peer,tracin");
  g_assert_cmpuint (json_array_size (json_object_get (both, "methods")), ==, 3);
  g_assert_true (json_equal (json_object_get (json_array_get (json_object_get (both, "methods"), 1), "lds"), json_object_get (own, "lds")));
  g_assert_nonnull (strstr (json_string_value (json_object_get (json_array_get (json_object_get (both, "methods"), 2), "refused")), "checkpoints"));
  json_decref (own);
  json_decref (imported);
  json_decref (other);
  json_decref (both);
}

static void
assert_refused (AssayJob *job, int code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_null (strchr (error->message, '\n'));
  assay_job_free (job);
}

static void
test_refused_scores (Folder *folder, gconstpointer unused)
{
  g_autofree char *path = path_in (folder, "scores.npy"), *broken = path_in (folder, "broken.npy");
  double score[Q * N] = { 0 };

  (void) unused;
  folder_train (folder, "m");
  write_array (folder, "scores.npy", 2, Q, N, score);
  score[N + 5] = NAN;
  write_array (folder, "broken.npy", 2, Q, N, score);
  assert_refused (folder_job (folder, "import", "what", "scores", "file", path, "query", "train:0-2", NULL), ASSAY_ERROR_USAGE, "--name is needed");
  assert_refused (folder_job (folder, "import", "what", "scores", "file", path, "name", "a", "query", "train:0-3", NULL), ASSAY_ERROR_SHAPE,
                  "axis 0: scores of 4 queries (--query) expected, 3 found");
  assert_refused (folder_job (folder, "import", "what", "scores", "file", path, "name", "a", "query", "train:0-2", "axes", "train,query", NULL), ASSAY_ERROR_SHAPE,
                  "axis 0: scores of 40 training examples expected, 3 found");
  assert_refused (folder_job (folder, "import", "what", "scores", "file", path, "name", "a", "query", "train:0-2", "axes", "query,query", NULL), ASSAY_ERROR_USAGE,
                  "\"query\" and \"train\" once each");
  assert_refused (folder_job (folder, "import", "what", "scores", "file", broken, "name", "a", "query", "train:0-2", NULL), ASSAY_ERROR_INPUT,
                  "query 1, training example 5: a finite number expected");
  assert_refused (folder_job (folder, "import", "what", "scores", "file", path, "name", "a", "query", "train:90", NULL), ASSAY_ERROR_NOT_FOUND, "train");
  import_scores (folder, "scores.npy", "a", "query,train", "helpful", "relative");
  assert_refused (folder_job (folder, "import", "what", "scores", "file", path, "name", "a", "query", "train:0-1", NULL), ASSAY_ERROR_USAGE, "choose another --name");
  assert_refused (folder_job (folder, "validate", "method", "imported:b", NULL), ASSAY_ERROR_NOT_FOUND, "imported/b");
  assert_refused (folder_job (folder, "validate", "method", "imported:a", "query", "train:7", NULL), ASSAY_ERROR_NOT_FOUND, "no scores for the query train:7");
}

/* A bank whose losses are those of our own retrainings gives what retraining gives, without any. */
static void
test_bank (Folder *folder, gconstpointer unused)
{
  g_autofree char *base_path = path_in (folder, "base.npy"), *sets_path = path_in (folder, "drop four.npy"), *loss_path = path_in (folder, "loss.npy");
  double base[Q], sets[SETS * SIZE], loss[SETS * Q];
  json_t *there, *here;

  (void) unused;
  folder_train (folder, "m");
  for (gint64 s = 0; s < SETS; s++)
    {
      g_autofree char *first = g_strdup_printf ("train:%d-%d", (int) (s * SIZE), (int) (s * SIZE + SIZE - 1));
      json_t *answer = folder_answer (folder, "retrain", "query", "train:0-2", "without", first, NULL), *set = json_array_get (json_object_get (answer, "sets"), 0);

      for (gint64 k = 0; k < SIZE; k++)
        sets[s * SIZE + k] = (double) (s * SIZE + k);
      for (gint64 q = 0; q < Q; q++)
        {
          base[q] = json_number_value (json_object_get (json_array_get (json_object_get (answer, "queries"), q), "loss"));
          loss[s * Q + q] = base[q] + json_number_value (json_array_get (json_object_get (set, "change"), q));
        }
      json_decref (answer);
    }
  write_array (folder, "base.npy", 1, Q, 0, base);
  write_array (folder, "drop four.npy", 2, SETS, SIZE, sets);
  write_array (folder, "loss.npy", 2, SETS, Q, loss);
  json_decref (folder_answer (folder, "import", "what", "bank", "file", base_path, "file", sets_path, "file", loss_path, "name", "b", "query", "train:0-2", NULL));
  there = folder_answer (folder, "validate", "method", "exact", "bank", "b", "qld", "none", NULL);
  here = folder_answer (folder, "validate", "method", "exact", "bank", "b", "measured", "here", "qld", "none", "leave-one-out", "0", NULL);
  g_assert_cmpstr (json_string_value (json_object_get (there, "measured")), ==, "imported, not computed here");
  g_assert_cmpstr (json_string_value (json_object_get (json_object_get (there, "lds"), "name")), ==, "drop-four");
  g_assert_cmpint (json_integer_value (json_object_get (there, "retrainings")), ==, 0);
  g_assert_cmpint (json_integer_value (json_object_get (here, "retrainings")), ==, SETS + 1);
  g_assert_cmpfloat_with_epsilon (json_number_value (json_object_get (json_object_get (there, "lds"), "estimate")),
                                  json_number_value (json_object_get (json_object_get (here, "lds"), "estimate")), 1e-12);
  g_assert_cmpfloat (json_number_value (json_object_get (json_object_get (there, "lds"), "estimate")), >, 0.8);
  assert_refused (folder_job (folder, "validate", "bank", "b", "query", "train:9", NULL), ASSAY_ERROR_NOT_FOUND, "bank b: no losses of the query train:9");
  assert_refused (folder_job (folder, "validate", "measured", "here", NULL), ASSAY_ERROR_USAGE, "needs --bank");
  assert_refused (folder_job (folder, "validate", "bank", "none", NULL), ASSAY_ERROR_NOT_FOUND, "none");
  json_decref (there);
  json_decref (here);
}

static void
test_refused_banks (Folder *folder, gconstpointer unused)
{
  g_autofree char *base = path_in (folder, "base.npy"), *sets = path_in (folder, "sets.npy"), *loss = path_in (folder, "loss.npy"), *fewer = path_in (folder, "fewer.npy");
  g_autofree char *outside = path_in (folder, "outside.npy"), *broken = path_in (folder, "broken.npy");
  double zero[SETS * Q] = { 0 }, places[SETS] = { 0, 1, 2, 3, 4, 5, 6, 7 }, half[SETS] = { 0, 1, 2, 3, 4, 5, 6, 0.5 }, beyond[SETS] = { 0, 1, 2, 3, 4, 5, 6, N };

  (void) unused;
  folder_train (folder, "m");
  write_array (folder, "base.npy", 1, Q, 0, zero);
  write_array (folder, "sets.npy", 2, SETS, 1, places);
  write_array (folder, "broken.npy", 2, SETS, 1, half);
  write_array (folder, "outside.npy", 2, SETS, 1, beyond);
  write_array (folder, "loss.npy", 2, SETS, Q, zero);
  write_array (folder, "fewer.npy", 2, SETS - 1, Q, zero);
#define BANK(sets, loss, query) folder_job (folder, "import", "what", "bank", "file", base, "file", sets, "file", loss, "name", "b", "query", query, NULL)
  assert_refused (BANK (sets, loss, "train:0-3"), ASSAY_ERROR_SHAPE, "losses of 4 queries (--query)");
  assert_refused (BANK (sets, fewer, "train:0-2"), ASSAY_ERROR_SHAPE, "losses of 8 sets and 1 seeds expected");
  assert_refused (BANK (broken, loss, "train:0-2"), ASSAY_ERROR_INPUT, "set 7: numbers of training examples expected, 0.5 found");
  assert_refused (BANK (outside, loss, "train:0-2"), ASSAY_ERROR_INPUT, "40 is none");
  assert_refused (folder_job (folder, "import", "what", "bank", "file", base, "file", sets, "name", "b", "query", "train:0-2", NULL), ASSAY_ERROR_USAGE, "pairs of sets");
#undef BANK
}

/* --- probes ----------------------------------------------------------------------------------------------------------------- */

static json_t *
ask (const Folder *folder, const char *measure)
{
  return folder_answer (folder, "influence", "query", "train:0-1", "method", "exact", "measure", measure, "top", "0", NULL);
}

static json_t *
validate_measure (const Folder *folder, const char *measure)
{
  return folder_answer (folder, "validate", "query", "train:0-2", "method", "exact", "measure", measure, "leave-one-out", "8", "groups", "12", "qld-random", "5", "draws",
                        "200", NULL);
}

/* 2 z - 1 of the one logit z: scores are twice those of the logit, and what is measured after retraining is too, so that every correlation is the same. */
static void
test_probe (Folder *folder, gconstpointer unused)
{
  static const char *const same[] = { "estimate", "lo", "hi", "slope" };
  g_autofree char *path = path_in (folder, "w.npy");
  const double two = 2;
  json_t *imported, *probe, *logit, *of_probe, *of_logit;
  g_autoptr (AssayView) view = assay_view_new ();
  gboolean told = FALSE;

  (void) unused;
  folder_train (folder, "m");
  write_array (folder, "w.npy", 1, 1, 0, &two);
  imported = folder_answer (folder, "import", "what", "probe", "file", path, "name", "truth", "tap", "fc", "bias", "-1", "program", "a fit", NULL);
  g_assert_cmpstr (json_string_value (json_object_get (imported, "tap")), ==, "fc");
  probe = ask (folder, "probe:truth");
  logit = ask (folder, "logit:0");
  for (guint q = 0; q < 2; q++)
    {
      json_t *a = json_array_get (json_object_get (probe, "queries"), q), *b = json_array_get (json_object_get (logit, "queries"), q);

      g_assert_cmpstr (json_string_value (json_object_get (a, "measure")), ==, "probe:truth");
      g_assert_cmpstr (json_string_value (json_object_get (a, "unit")), ==, "probe value per removed example");
      for (gsize k = 0; k < N; k++)                               /* both are ranked alike: powers of two round nothing */
        g_assert_cmpfloat (json_number_value (json_object_get (json_array_get (json_object_get (a, "scores"), k), "score")), ==,
                           2 * json_number_value (json_object_get (json_array_get (json_object_get (b, "scores"), k), "score")));
    }
  of_probe = validate_measure (folder, "probe:truth");
  of_logit = validate_measure (folder, "logit:0");
  g_assert_cmpstr (json_string_value (json_object_get (of_probe, "measure")), ==, "probe:truth");
  g_assert_cmpstr (json_string_value (json_object_get (of_probe, "change_unit")), ==, "probe value");
  g_assert_cmpstr (json_string_value (json_object_get (of_logit, "change_unit")), ==, "nats");
  for (gsize k = 0; k < G_N_ELEMENTS (same); k++)
    g_assert_cmpfloat_with_epsilon (json_number_value (json_object_get (json_object_get (of_probe, "lds"), same[k])),
                                    json_number_value (json_object_get (json_object_get (of_logit, "lds"), same[k])), 1e-9);
  assay_job_kind_find ("validate", NULL)->view (of_probe, view);
  for (guint k = 0; k < assay_view_get_n_blocks (view); k++)
    {
      const AssayViewBlock *block = assay_view_get_block (view, k);

      told = told || (block->text != NULL && strstr (block->text, "did to the probe:truth of 3 queries") != NULL);
      g_assert_true (block->text == NULL || (strstr (block->text, "loss") == NULL && strstr (block->text, "nats") == NULL));       /* nothing here is a loss */
    }
  g_assert_true (told);
  json_decref (imported);
  json_decref (probe);
  json_decref (logit);
  json_decref (of_probe);
  json_decref (of_logit);
}

static void
test_refused_probes (Folder *folder, gconstpointer unused)
{
  g_autofree char *path = path_in (folder, "w.npy"), *broken = path_in (folder, "broken.npy"), *zero = path_in (folder, "zero.npy"), *wide = path_in (folder, "wide.npy");
  g_autofree char *square = path_in (folder, "square.npy");
  const double numbers[] = { 2, 3, 4, 5 }, nothing[] = { 0, 0 }, no_number[] = { NAN };

  (void) unused;
  folder_train (folder, "m");
  write_array (folder, "w.npy", 1, 1, 0, numbers);
  write_array (folder, "broken.npy", 1, 1, 0, no_number);
  write_array (folder, "zero.npy", 1, 1, 0, nothing);
  write_array (folder, "wide.npy", 1, 2, 0, numbers);
  write_array (folder, "square.npy", 2, 2, 2, numbers);
#define PROBE(file_, tap_) folder_job (folder, "import", "what", "probe", "file", file_, "name", "p", "tap", tap_, NULL)
  assert_refused (PROBE (path, "nothing"), ASSAY_ERROR_NOT_FOUND, "no result of the model is called \"nothing\"");
  assert_refused (PROBE (path, "x"), ASSAY_ERROR_NOT_FOUND, "no result of the model is called \"x\"");
  assert_refused (PROBE (wide, "fc"), ASSAY_ERROR_SHAPE, "a direction of 1 numbers expected, 2 found");
  assert_refused (PROBE (square, "fc"), ASSAY_ERROR_SHAPE, "one direction, an array with one axis, expected");
  assert_refused (PROBE (broken, "fc"), ASSAY_ERROR_INPUT, "number 0: a finite number expected");
  assert_refused (PROBE (zero, "fc"), ASSAY_ERROR_INPUT, "nothing but zeros found");
  assert_refused (folder_job (folder, "influence", "query", "train:0", "method", "exact", "measure", "probe:p", NULL), ASSAY_ERROR_NOT_FOUND, "there is none");
  json_decref (folder_answer (folder, "import", "what", "probe", "file", path, "name", "p", "tap", "fc", NULL));
  assert_refused (folder_job (folder, "import", "what", "probe", "file", path, "name", "p", "tap", "fc", "bias", "1", NULL), ASSAY_ERROR_USAGE, "choose another --name");
  assert_refused (folder_job (folder, "influence", "query", "train:0", "method", "exact", "measure", "probe:q", NULL), ASSAY_ERROR_NOT_FOUND, "expected (p), probe:q found");
  assert_refused (folder_job (folder, "influence", "query", "train:0", "method", "exact", "measure", "probe:", NULL), ASSAY_ERROR_USAGE, "or probe:NAME expected");
#undef PROBE
}

#define ADD(sentence, func) g_test_add ("/import_measured/" sentence, Folder, NULL, folder_set_up, func, folder_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("scores from a file are validated as those of a method", test_scores);
  ADD ("scores that do not fit are refused in one line", test_refused_scores);
  ADD ("a bank from elsewhere is what retraining would have been", test_bank);
  ADD ("banks that do not fit are refused in one line", test_refused_banks);
  ADD ("the value of a probe is measured like any other", test_probe);
  ADD ("probes that do not fit are refused in one line", test_refused_probes);
  return g_test_run ();
}
