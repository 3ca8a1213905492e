/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-record.c: what was recorded is what the walk computed, row by row, also when recording was stopped or killed on the way. */
#include "fixtures.h"

#include "../store/store_test.h"
#include "run/evaluate.h"
#include "run/record.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static AssayCase *
make_case (Room *room)
{
  GError *error = NULL;
  AssayCase *cas = assay_case_create (room->path, &error);

  g_assert_no_error (error);
  return cas;
}

static AssayValues *
parse (const char *text)
{
  json_t *json = json_loads (text, 0, NULL);
  GError *error = NULL;
  AssayValues *values = assay_values_from_json (assay_record_params, json, "options", &error);

  g_assert_no_error (error);
  json_decref (json);
  return values;
}

static AssayRecording
describe (Fixture *f, AssayCase *cas, const AssayValues *options)
{
  return (AssayRecording) { .model = f->model, .dataset = f->dataset, .examples = f->training.train, .N = f->training.N, .options = options,
                            .backend = f->backend, .store = cas, .name = "rec" };
}

static double *
read_all (AssayCase *cas, const char *kind, const char *path, gint64 rows, gint64 columns)
{
  GError *error = NULL;
  g_autoptr (AssayReader) reader = assay_reader_open (cas, kind, "rec", &error);
  double *values = g_new (double, rows * columns);
  AssayArrayInfo info;

  g_assert_no_error (error);
  g_assert_true (assay_reader_get_object (reader)->complete);
  assay_reader_describe (reader, path, &info, &error);
  g_assert_no_error (error);
  g_assert_cmpint (info.dims[0], ==, rows);
  if (info.rank > 1)
    g_assert_cmpint (info.dims[1], ==, columns);
  assay_reader_read (reader, path, ASSAY_STORE_F64, values, &error);
  g_assert_no_error (error);
  return values;
}

/* Walks example by example and compares; scale: what the stored type does to a number. */
static void
assert_activations (Fixture *f, AssayCase *cas, const char *tap, gint64 T, gint64 C, AssayStoreType type)
{
  g_autofree char *path = g_strconcat ("/activations/", tap, NULL);
  g_autofree double *recorded = read_all (cas, "activations", path, f->training.N * T, C);
  g_autofree double *example = read_all (cas, "activations", "/index/example", f->training.N * T, 1);
  g_autofree double *position = read_all (cas, "activations", "/index/position", f->training.N * T, 1);
  guint keep[] = { assay_graph_find (assay_model_get_layout (f->model), tap), ASSAY_NO_VALUE };
  GError *error = NULL;
  g_autoptr (AssayPass) pass = assay_pass_new (f->model, f->dataset, ASSAY_WALK_FORWARD, assay_model_get_dtype (f->model), 1, f->backend, keep,
                                               &error);
  g_autofree char *stored = g_malloc (T * C * 8);
  g_autofree double *expected = g_new (double, T * C);

  g_assert_no_error (error);
  for (gint64 i = 0; i < f->training.N; i++)
    {
      assay_pass_bind (pass, f->training.train + i);
      g_assert_true (assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (f->model), NULL, NULL, FALSE, NULL));
      g_assert_true (assay_store_convert (type, stored, ASSAY_STORE_F32, assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, keep[0]),
                                          T * C, NULL));
      g_assert_true (assay_store_convert (ASSAY_STORE_F64, expected, type, stored, T * C, NULL));
      g_assert_cmpmem (recorded + i * T * C, T * C * sizeof *recorded, expected, T * C * sizeof *expected);
      for (gint64 t = 0; t < T; t++)
        {
          g_assert_cmpfloat (example[i * T + t], ==, (double) f->training.train[i]);
          g_assert_cmpfloat (position[i * T + t], ==, (double) t);
        }
    }
}

static void
test_tokens (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (AssayValues) options = parse ("{\"taps\": [\"h.*.mlp.act\", \"logits\"], \"batch\": 5}");
  AssayRecording recording = describe (f, cas, options);
  g_autoptr (AssayObject) object = NULL, again = NULL;
  GError *error = NULL;

  (void) unused;
  object = assay_record_activations (&recording, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (object->rows, ==, f->training.N * 6);
  assert_activations (f, cas, "h.0.mlp.act", 6, 32, ASSAY_STORE_F16);
  assert_activations (f, cas, "logits", 6, 11, ASSAY_STORE_F16);
  again = assay_record_activations (&recording, NULL, &error);    /* it is there already */
  g_assert_no_error (error);
  g_assert_cmpuint (again->sequence, ==, object->sequence);
}

/* Texts of 1 to T tokens: behind them targets do not count. */
static Fixture *
make_padded (const char *architecture, const char *config)
{
  enum { N = 9, T = 6, V = 11 };
  gint32 token[N * T], target[N * T];
  float weight[N * T];
  AssayDataset *dataset;
  GError *error = NULL;

  for (gint64 i = 0; i < N * T; i++)
    {
      token[i] = (gint32) (i * 7 % V);
      target[i] = (gint32) (i * 3 % V);
      weight[i] = i % T < i / T % T;                              /* example i has i % T targets */
    }
  dataset = assay_dataset_new_from_token_arrays (N, T, V, token, target, weight, "train", 0, NULL, &error);
  g_assert_no_error (error);
  return fixture_new (dataset, architecture, config, "{}", 1);
}

static const char padded_config[] = "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 1, \"heads\": 2}";

static gint64
get_rows (const AssayObject *object, AssayCase *cas, gint64 **example, gint32 **position)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "activations", "rec", NULL);

  *example = g_new (gint64, object->rows);
  *position = g_new (gint32, object->rows);
  g_assert_true (assay_reader_read (reader, "/index/example", ASSAY_STORE_I64, *example, NULL));
  g_assert_true (assay_reader_read (reader, "/index/position", ASSAY_STORE_I32, *position, NULL));
  return object->rows;
}

/* What a walk of the example alone computes at a position. */
static void
assert_rows (Fixture *f, AssayCase *cas, const AssayObject *object, const char *tap, gint64 C)
{
  g_autofree gint64 *example = NULL;
  g_autofree gint32 *position = NULL;
  gint64 rows = get_rows (object, cas, &example, &position);
  g_autofree char *path = g_strconcat ("/activations/", tap, NULL);
  g_autofree double *recorded = read_all (cas, "activations", path, rows, C);
  guint keep[] = { assay_graph_find (assay_model_get_layout (f->model), tap), ASSAY_NO_VALUE };
  GError *error = NULL;
  g_autoptr (AssayPass) pass = assay_pass_new (f->model, f->dataset, ASSAY_WALK_FORWARD, ASSAY_F32, 1, f->backend, keep, &error);

  g_assert_no_error (error);
  for (gint64 r = 0; r < rows; r++)
    {
      const float *x;

      assay_pass_bind (pass, example + r);
      g_assert_true (assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (f->model), NULL, NULL, FALSE, NULL));
      x = (const float *) assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, keep[0]) + position[r] * C;
      for (gint64 c = 0; c < C; c++)
        g_assert_cmpfloat (recorded[r * C + c], ==, (double) x[c]);
    }
}

static void
test_padding (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = make_padded ("transformer", padded_config);
  g_autoptr (AssayValues) options = parse ("{\"taps\": [\"h.0.mlp.act\"], \"batch\": 2, \"type\": \"f32\"}");
  AssayRecording recording = describe (f, cas, options);
  g_autoptr (AssayObject) object = NULL;
  g_autofree gint64 *example = NULL;
  g_autofree gint32 *position = NULL;
  gint64 r = 0;
  GError *error = NULL;

  (void) unused;
  object = assay_record_activations (&recording, NULL, &error);
  g_assert_no_error (error);
  get_rows (object, cas, &example, &position);
  for (gint64 i = 0; i < f->training.N; i++)
    {
      gint64 targets = f->training.train[i] % 6, length = targets == 0 ? 6 : targets + 1;      /* without any target nothing is known to be padding */

      g_assert_cmpint (assay_dataset_get_length (f->dataset, f->training.train[i]), ==, length);
      for (gint64 t = 0; t < length; t++, r++)
        {
          g_assert_cmpint (example[r], ==, f->training.train[i]);
          g_assert_cmpint (position[r], ==, t);
        }
    }
  g_assert_cmpint (object->rows, ==, r);
  assert_rows (f, cas, object, "h.0.mlp.act", 32);
}

static AssayObject *
record_sample (AssayCase *cas, Fixture *f, const char *more)
{
  g_autofree char *text = g_strdup_printf ("{\"taps\": [\"h.0.mlp.act\"], \"type\": \"f32\", %s}", more);
  g_autoptr (AssayValues) options = parse (text);
  AssayRecording recording = describe (f, cas, options);
  GError *error = NULL;
  AssayObject *object = assay_record_activations (&recording, NULL, &error);

  g_assert_no_error (error);
  return object;
}

/* A larger draw holds the smaller one, whatever the batches. */
static void
test_sample (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = make_padded ("transformer", padded_config);
  g_autoptr (AssayObject) few = record_sample (cas, f, "\"sample\": 5, \"batch\": 2"), more = NULL, other = NULL, all = NULL;
  g_autofree gint64 *example = NULL, *of_more = NULL, *of_other = NULL;
  g_autofree gint32 *position = NULL, *at_more = NULL, *at_other = NULL;

  (void) unused;
  assert_rows (f, cas, few, "h.0.mlp.act", 32);
  g_assert_cmpint (get_rows (few, cas, &example, &position), ==, 5);
  more = record_sample (cas, f, "\"sample\": 12, \"batch\": 3");
  assert_rows (f, cas, more, "h.0.mlp.act", 32);
  g_assert_cmpint (get_rows (more, cas, &of_more, &at_more), ==, 12);
  for (gint64 r = 0; r < 5; r++)
    {
      gboolean is_there = FALSE;

      for (gint64 k = 0; k < 12; k++)
        is_there |= of_more[k] == example[r] && at_more[k] == position[r];
      g_assert_true (is_there);
    }
  for (gint64 r = 1; r < 12; r++)
    g_assert_true (of_more[r] > of_more[r - 1] || (of_more[r] == of_more[r - 1] && at_more[r] > at_more[r - 1]));
  other = record_sample (cas, f, "\"sample\": 12, \"sample-seed\": 1");
  get_rows (other, cas, &of_other, &at_other);
  g_assert_true (memcmp (of_other, of_more, 12 * sizeof *of_more) != 0 || memcmp (at_other, at_more, 12 * sizeof *at_more) != 0);
  all = record_sample (cas, f, "\"sample\": 1000");
  g_assert_cmpint (all->rows, ==, 37);
}

/* Rows of probabilities over what is seen, with which the values give what the attention computes. */
static void
test_patterns (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (AssayValues) options = parse ("{\"taps\": [\"h.0.attn.*\"], \"type\": \"f32\", \"batch\": 5}");
  AssayRecording recording = describe (f, cas, options);
  g_autoptr (AssayObject) object = NULL;
  g_autofree double *pattern = NULL, *qkv = NULL, *heads = NULL;
  gint64 rows = f->training.N * 6;
  GError *error = NULL;

  (void) unused;
  object = assay_record_activations (&recording, NULL, &error);
  g_assert_no_error (error);
  pattern = read_all (cas, "activations", "/activations/h.0.attn.heads.pattern", rows, 2 * 6);
  qkv = read_all (cas, "activations", "/activations/h.0.attn.c_attn", rows, 24);
  heads = read_all (cas, "activations", "/activations/h.0.attn.heads", rows, 8);
  for (gint64 r = 0; r < rows; r++)
    for (gint64 h = 0; h < 2; h++)
      {
        double sum = 0;

        for (gint64 s = 0; s < 6; s++)
          {
            sum += pattern[r * 12 + h * 6 + s];
            g_assert_true (s <= r % 6 ? pattern[r * 12 + h * 6 + s] > 0 : pattern[r * 12 + h * 6 + s] == 0);
          }
        g_assert_cmpfloat (fabs (sum - 1), <=, 6 * 0x1p-24);
        for (gint64 d = 0; d < 4; d++)
          {
            double y = 0;

            for (gint64 s = 0; s < 6; s++)
              y += pattern[r * 12 + h * 6 + s] * qkv[(r / 6 * 6 + s) * 24 + 16 + h * 4 + d];
            g_assert_cmpfloat (fabs (y - heads[r * 8 + h * 4 + d]), <=, 1e-5 * (1 + fabs (y)));
          }
      }
}

/* y_t = sum_s read_s h_s + D x: the recorded states, read out, are what the scan gives. */
static void
test_states (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = make_padded ("mamba", "{\"vocabulary\": 11, \"context\": 6, \"width\": 4, \"layers\": 1, \"state\": 3}");
  g_autoptr (AssayValues) options = parse ("{\"taps\": [\"*.scan\", \"*.scan.h\", \"*.act\", \"*.read\"], \"type\": \"f32\"}");
  AssayRecording recording = describe (f, cas, options);
  g_autoptr (AssayObject) object = NULL;
  g_autofree double *y = NULL, *h = NULL, *x = NULL, *read = NULL;
  const AssayGraphValue *skip = assay_graph_get_value (assay_model_get_layout (f->model), assay_graph_find (assay_model_get_layout (f->model), "layers.0.mixer.D"));
  const float *D = (const float *) assay_model_get_theta (f->model) + skip->offset;
  GError *error = NULL;

  (void) unused;
  object = assay_record_activations (&recording, NULL, &error);
  g_assert_no_error (error);
  y = read_all (cas, "activations", "/activations/layers.0.mixer.scan", 37, 8);
  h = read_all (cas, "activations", "/activations/layers.0.mixer.scan.h", 37, 24);
  x = read_all (cas, "activations", "/activations/layers.0.mixer.act", 37, 8);
  read = read_all (cas, "activations", "/activations/layers.0.mixer.read", 37, 3);
  for (gint64 r = 0; r < 37; r++)
    for (gint64 i = 0; i < 8; i++)
      {
        double sum = (double) D[i] * x[r * 8 + i];

        for (gint64 s = 0; s < 3; s++)
          sum += read[r * 3 + s] * h[r * 24 + i * 3 + s];
        g_assert_cmpfloat (fabs (sum - y[r * 8 + i]), <=, 1e-6 * (1 + fabs (sum)));
      }
}

/* m_t = m_(t-1) + p (v_t - m_(t-1)): the recorded means go on as values and keys say; rows of padding are none, so that examples are of different lengths. */
static void
test_means (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = make_padded ("rwkv", "{\"vocabulary\": 11, \"context\": 6, \"width\": 4, \"layers\": 1}");
  g_autoptr (AssayValues) options = parse ("{\"taps\": [\"*.wkv.m\", \"*.wkv.l\", \"*.attention.key\", \"*.attention.value\"], \"type\": \"f32\"}");
  AssayRecording recording = describe (f, cas, options);
  g_autoptr (AssayObject) object = NULL;
  g_autofree double *m = NULL, *l = NULL, *k = NULL, *v = NULL;
  GError *error = NULL;
  gint64 firsts = 0;

  (void) unused;
  object = assay_record_activations (&recording, NULL, &error);
  g_assert_no_error (error);
  m = read_all (cas, "activations", "/activations/blocks.0.attention.wkv.m", 37, 4);
  l = read_all (cas, "activations", "/activations/blocks.0.attention.wkv.l", 37, 4);
  k = read_all (cas, "activations", "/activations/blocks.0.attention.key", 37, 4);
  v = read_all (cas, "activations", "/activations/blocks.0.attention.value", 37, 4);
  for (gint64 r = 0; r < 37; r++)
    {
      gboolean is_first = memcmp (m + 4 * r, v + 4 * r, 4 * sizeof *m) == 0;

      firsts += is_first;
      for (gint64 i = 4 * r; i < 4 * r + 4; i++)
        {
          double taken = is_first ? 1 : exp (k[i] - l[i]), expected = is_first ? v[i] : m[i - 4] + taken * (v[i] - m[i - 4]);

          g_assert_cmpfloat (fabs (expected - m[i]), <=, 1e-6 * (1 + fabs (expected)));
        }
    }
  g_assert_cmpint (firsts, ==, 9);
}

typedef struct { AssayProgress *progress; guint left; gboolean by_kill; } Stop;

static void
count_down (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Stop *stop = data;

  (void) stage, (void) done, (void) total, (void) unit, (void) note;
  if (stop->left == 0 || --stop->left > 0)
    return;
  if (stop->by_kill)
    kill (getpid (), SIGKILL);
  assay_progress_cancel (stop->progress, ASSAY_ERROR_INTERRUPTED);
}

static AssayObject *
record_sparse (AssayCase *cas, guint batches, GError **error)
{
  g_autoptr (Fixture) f = make_padded ("transformer", padded_config);
  g_autoptr (AssayValues) options = parse ("{\"taps\": [\"h.0.mlp.act\", \"h.0.attn.heads.pattern\"], \"threshold\": 0.03, \"batch\": 2}");
  AssayRecording recording = describe (f, cas, options);
  Stop stop = { .left = batches };
  AssayObject *object;

  stop.progress = assay_progress_new (count_down, &stop);
  object = assay_record_sparse (&recording, stop.progress, error);
  assay_progress_free (stop.progress);
  return object;
}

/* Row by row those of all numbers that are as large, and none else. */
static void
assert_sparse (AssayCase *cas, const AssayObject *object, const char *tap, gint64 C)
{
  g_autofree char *name = g_strconcat ("rec/", tap, NULL), *path = g_strconcat ("/end/", tap, NULL), *of_rows = g_strconcat ("/activations/", tap, NULL);
  g_autofree double *rows = read_all (cas, "activations", of_rows, object->rows, C), *ends = read_all (cas, "sparse", path, object->rows, 1);
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "sparse-entries", name, NULL);
  gint64 n = assay_reader_get_object (reader)->rows, at = 0;
  g_autofree double *unit = g_new (double, n), *value = g_new (double, n);

  g_assert_true (assay_reader_read (reader, "/entries/unit", ASSAY_STORE_F64, unit, NULL));
  g_assert_true (assay_reader_read (reader, "/entries/value", ASSAY_STORE_F64, value, NULL));
  for (gint64 r = 0; r < object->rows; r++)
    {
      for (gint64 c = 0; c < C; c++)
        if (fabs (rows[r * C + c]) >= 0.03)
          {
            g_assert_cmpint (at, <, n);
            g_assert_cmpfloat (unit[at], ==, (double) c);
            g_assert_cmpfloat (value[at++], ==, rows[r * C + c]);
          }
      g_assert_cmpfloat (ends[r], ==, (double) at);
    }
  g_assert_cmpint (at, ==, n);
  g_assert_cmpint (at, >, 0);
  g_assert_cmpint (at, <, object->rows * C);
}

static void
test_sparse (Room *room, gconstpointer unused)
{
  (void) unused;
  for (guint stops = 0; stops < 4; stops++)
    {
      g_autofree char *path = g_strdup_printf ("%s.%u", room->path, stops);
      GError *error = NULL;
      g_autoptr (AssayCase) cas = assay_case_create (path, &error);
      g_autoptr (Fixture) f = make_padded ("transformer", padded_config);
      g_autoptr (AssayValues) options = parse ("{\"taps\": [\"h.0.mlp.act\", \"h.0.attn.heads.pattern\"], \"batch\": 2}");
      AssayRecording recording = describe (f, cas, options);
      g_autoptr (AssayObject) rows = assay_record_activations (&recording, NULL, &error), object = NULL;

      g_assert_no_error (error);
      for (guint k = 0; k < stops; k++)
        {
          g_autoptr (GError) fault = NULL;

          g_assert_null (record_sparse (cas, 1, &fault));         /* two more examples each time */
          g_assert_error (fault, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
        }
      object = record_sparse (cas, 0, &error);
      g_assert_no_error (error);
      g_assert_cmpint (object->rows, ==, rows->rows);
      assert_sparse (cas, object, "h.0.mlp.act", 32);
      assert_sparse (cas, object, "h.0.attn.heads.pattern", 12);
    }
}

static void
test_features (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_mlp ("{}", 1);
  g_autoptr (AssayValues) options = parse ("{\"taps\": [\"act1\"], \"type\": \"f32\"}");
  AssayRecording recording = describe (f, cas, options);
  g_autoptr (AssayObject) object = NULL;
  GError *error = NULL;

  (void) unused;
  object = assay_record_activations (&recording, NULL, &error);
  g_assert_no_error (error);
  assert_activations (f, cas, "act1", 1, 8, ASSAY_STORE_F32);
}

static void
test_gradients (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_mlp ("{\"dtype\": \"f64\"}", 1);
  g_autoptr (AssayValues) options = parse ("{\"gradients\": [\"*\", \"fc?.bias\"], \"type\": \"f64\"}");
  AssayRecording recording = describe (f, cas, options);
  g_autoptr (AssayObject) object = NULL;
  g_autofree double *all = NULL, *biases = NULL, *norms = NULL, *bias_norms = NULL;
  gint64 N = f->training.N, P = assay_model_get_n_params (f->model);
  g_autofree double *mean = g_new0 (double, P), *gradient = g_new (double, P);
  GError *error = NULL;
  AssayObjectiveSpec spec = { .model = f->model, .dataset = f->dataset, .dtype = ASSAY_F64, .backend = f->backend, .N = N };
  g_autoptr (AssayObjective) objective = NULL;
  AssayObjectiveValue value;

  (void) unused;
  object = assay_record_gradients (&recording, NULL, &error);
  g_assert_no_error (error);
  all = read_all (cas, "gradients", "/gradients/*", N, P);
  biases = read_all (cas, "gradients", "/gradients/fc?.bias", N, 11);
  norms = read_all (cas, "gradients", "/norms/*", N, 1);
  bias_norms = read_all (cas, "gradients", "/norms/fc?.bias", N, 1);
  for (gint64 i = 0; i < N; i++)
    {
      double sum = 0, bias_sum = 0;

      for (gint64 p = 0; p < P; p++)
        {
          mean[p] += all[i * P + p] / (double) N;
          sum += all[i * P + p] * all[i * P + p];
        }
      g_assert_cmpmem (biases + i * 11, 8 * sizeof *biases, all + i * P + 48, 8 * sizeof *all);
      g_assert_cmpmem (biases + i * 11 + 8, 3 * sizeof *biases, all + i * P + P - 3, 3 * sizeof *all);
      for (guint p = 0; p < 11; p++)
        bias_sum += biases[i * 11 + p] * biases[i * 11 + p];
      g_assert_cmpfloat (fabs (norms[i] - sum), <=, 1e-14 * sum);
      g_assert_cmpfloat (fabs (bias_norms[i] - bias_sum), <=, 1e-14 * bias_sum);
    }
  objective = assay_objective_new (&spec, &error);
  g_assert_no_error (error);
  assay_objective_set_examples (objective, f->training.train, NULL, (double) N);
  g_assert_true (assay_objective_evaluate (objective, assay_model_get_theta (f->model), gradient, &value, &error));
  for (gint64 p = 0; p < P; p++)
    g_assert_cmpfloat (fabs (mean[p] - gradient[p]), <=, 1e-14);
}

/* Rows of tokens are those of the targets that count, and add up to the example's; in a sum and in a mean over positions. */
static void
check_token_gradients (Room *room, const char *reduction)
{
  g_autofree char *config = g_strdup_printf ("{\"vocabulary\": 11, \"context\": 6, \"width\": 4, \"layers\": 1, \"heads\": 2, \"token-reduction\": \"%s\"}", reduction);
  GError *error = NULL;
  g_autofree char *path = g_strconcat (room->path, ".", reduction, NULL);
  g_autoptr (AssayCase) cas = assay_case_create (path, &error);
  g_autoptr (Fixture) f = make_padded ("transformer", config);
  g_autoptr (AssayValues) whole = parse ("{\"gradients\": [\"*\"], \"type\": \"f64\"}");
  g_autoptr (AssayValues) single = parse ("{\"gradients\": [\"*\"], \"type\": \"f64\", \"gradient-rows\": \"tokens\"}");
  AssayRecording recording = describe (f, cas, whole);
  g_autoptr (AssayObject) object = NULL, tokens = NULL;
  g_autofree double *all = NULL, *rows = NULL, *example = NULL, *position = NULL, *norms = NULL;
  gint64 N = f->training.N, P = assay_model_get_n_params (f->model), r = 0;

  object = assay_record_gradients (&recording, NULL, &error);
  g_assert_no_error (error);
  all = read_all (cas, "gradients", "/gradients/*", N, P);
  recording.options = single;
  tokens = assay_record_gradients (&recording, NULL, &error);
  g_assert_no_error (error);
  rows = read_all (cas, "gradients", "/gradients/*", tokens->rows, P);
  norms = read_all (cas, "gradients", "/norms/*", tokens->rows, 1);
  example = read_all (cas, "gradients", "/index/example", tokens->rows, 1);
  position = read_all (cas, "gradients", "/index/position", tokens->rows, 1);
  for (gint64 i = 0; i < N; i++)
    {
      g_autofree double *sum = g_new0 (double, P);
      gint64 n = f->training.train[i] % 6;

      for (gint64 t = 0; t < n; t++, r++)
        {
          double norm = 0;

          g_assert_true (example[r] == (double) f->training.train[i] && position[r] == (double) t);
          for (gint64 p = 0; p < P; p++)
            {
              sum[p] += rows[r * P + p];
              norm += rows[r * P + p] * rows[r * P + p];
            }
          g_assert_cmpfloat (fabs (norm - norms[r]), <=, 1e-6 * norm);
        }
      for (gint64 p = 0; p < P; p++)
        g_assert_cmpfloat (fabs (sum[p] - all[i * P + p]), <=, 2e-6 * (1 + fabs (all[i * P + p])));
    }
  g_assert_cmpint (tokens->rows, ==, r);
}

static void
test_token_gradients (Room *room, gconstpointer unused)
{
  (void) unused;
  check_token_gradients (room, "sum");
  check_token_gradients (room, "mean");
}

static void
test_norms_alone (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_mlp ("{}", 1);
  g_autoptr (AssayValues) options = parse ("{\"gradients\": [\"*\"], \"norms\": true}");
  AssayRecording recording = describe (f, cas, options);
  g_autoptr (AssayObject) object = assay_record_gradients (&recording, NULL, NULL);
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "gradients", "rec", NULL);

  (void) unused;
  g_assert_nonnull (object);
  g_assert_true (assay_reader_has (reader, "/norms/*"));
  g_assert_false (assay_reader_has (reader, "/gradients/*"));
}

/* --- stops ---------------------------------------------------------------------------------------------------------------- */

static AssayObject *
record_some (AssayCase *cas, guint batches, gboolean by_kill, GError **error)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (AssayValues) options = parse ("{\"taps\": [\"*.act\"], \"batch\": 4}");
  AssayRecording recording = describe (f, cas, options);
  Stop stop = { .left = batches, .by_kill = by_kill };
  AssayObject *object;

  stop.progress = assay_progress_new (count_down, &stop);
  object = assay_record_activations (&recording, stop.progress, error);
  assay_progress_free (stop.progress);
  return object;
}

static void
test_stopped (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayObject) object = NULL, part = NULL;

  (void) unused;
  g_assert_null (record_some (cas, 2, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
  part = assay_case_lookup (cas, "activations", "rec", NULL);
  g_assert_cmpint (part->rows, ==, 2 * 4 * 6);                    /* what was walked is committed */
  g_assert_false (part->complete);
  g_clear_error (&error);
  object = record_some (cas, 0, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (object->sequence, ==, part->sequence);
  assert_activations (f, cas, "h.0.mlp.act", 6, 32, ASSAY_STORE_F16);
}

static AssayObject *
record_gradients (Fixture *f, AssayCase *cas, guint examples, GError **error)
{
  g_autoptr (AssayValues) options = parse ("{\"gradients\": [\"*\"]}");
  AssayRecording recording = describe (f, cas, options);
  Stop stop = { .left = examples };
  AssayObject *object;

  stop.progress = assay_progress_new (count_down, &stop);
  object = assay_record_gradients (&recording, stop.progress, error);
  assay_progress_free (stop.progress);
  return object;
}

static void
test_gradients_stopped (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_mlp ("{}", 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayObject) object = NULL;
  g_autofree double *example = NULL;

  (void) unused;
  g_assert_null (record_gradients (f, cas, 11, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
  g_clear_error (&error);
  object = record_gradients (f, cas, 0, &error);
  g_assert_no_error (error);
  example = read_all (cas, "gradients", "/index/example", f->training.N, 1);
  for (gint64 i = 0; i < f->training.N; i++)
    g_assert_cmpfloat (example[i], ==, (double) f->training.train[i]);
}

static int
be_killed (const char *path, const char *batches)
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (path, ASSAY_CASE_WRITE, &error);
  g_autoptr (AssayObject) object = NULL;

  g_assert_no_error (error);
  object = record_some (cas, (guint) atoi (batches), TRUE, &error);
  g_assert_no_error (error);
  return 0;
}

static void
test_killed (Room *room, gconstpointer unused)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (AssayCase) cas = make_case (room);

  (void) unused;
  assay_case_free (g_steal_pointer (&cas));
  for (int batches = 1; batches <= 6; batches++)                  /* the fifth batch is the last: the sixth time nobody dies */
    {
      g_autofree char *count = g_strdup_printf ("%d", batches);
      char *argv[] = { "/proc/self/exe", "--be-killed", room->path, count, NULL };
      int status;

      g_assert_true (g_spawn_sync (NULL, argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL, &status, NULL));
      g_assert_true (batches == 6 ? status == 0 : WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
    }
  cas = assay_case_open (room->path, ASSAY_CASE_READ, NULL);
  g_assert_nonnull (cas);
  assert_activations (f, cas, "h.0.mlp.act", 6, 32, ASSAY_STORE_F16);
}

/* Parts are committed when they are full, wherever in a batch that is: 640 rows of 8 KiB make a first part of 512, batches have 60. */
#define WIDE_ROWS 640
#define WIDE_CHANNELS 4096

static Fixture *
make_wide (void)
{
  return fixture_new (fixture_features (WIDE_ROWS + 5, 6, 3), "mlp", "{\"widths\": [6, 4096, 3], \"activations\": [\"tanh\"]}", "{}", 1);
}

static void
die_behind_a_part (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  (void) stage, (void) total, (void) unit, (void) note;
  for (guint k = 0; done >= 600 && k < 1000; k++)
    {
      g_autoptr (AssayObject) object = assay_case_lookup (data, "activations", "rec", NULL);

      if (object != NULL && object->rows > 0)
        kill (getpid (), SIGKILL);
      g_usleep (10000);
    }
}

static AssayObject *
record_wide (AssayCase *cas, Fixture *f, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayValues) options = parse ("{\"taps\": [\"act1\"], \"batch\": 60}");
  AssayRecording recording = describe (f, cas, options);

  return assay_record_activations (&recording, progress, error);
}

static int
be_killed_behind_a_part (const char *path)
{
  g_autoptr (Fixture) f = make_wide ();
  g_autoptr (AssayCase) cas = assay_case_open (path, ASSAY_CASE_WRITE, NULL);
  g_autoptr (AssayProgress) progress = assay_progress_new (die_behind_a_part, cas);
  g_autoptr (AssayObject) object = record_wide (cas, f, progress, NULL);

  return 1;                                                       /* not reached */
}

static void
test_killed_within_a_batch (Room *room, gconstpointer unused)
{
  g_autoptr (Fixture) f = make_wide ();
  g_autoptr (AssayCase) cas = make_case (room);
  char *argv[] = { "/proc/self/exe", "--be-killed-behind-a-part", room->path, NULL };
  g_autoptr (AssayObject) part = NULL, object = NULL;
  GError *error = NULL;
  int status;

  (void) unused;
  assay_case_free (g_steal_pointer (&cas));
  g_assert_true (g_spawn_sync (NULL, argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL, &status, NULL));
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  cas = assay_case_open (room->path, ASSAY_CASE_WRITE, NULL);
  g_assert_nonnull (cas);
  part = assay_case_lookup (cas, "activations", "rec", NULL);
  g_assert_cmpint (part->rows, >, 0);
  g_assert_cmpint (part->rows % 60, !=, 0);
  object = record_wide (cas, f, NULL, &error);
  g_assert_no_error (error);
  assert_activations (f, cas, "act1", 1, WIDE_CHANNELS, ASSAY_STORE_F16);
}

static void
test_refusals (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = make_case (room);
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  static const struct { const char *options, *text; gboolean gradients; int code; } wrong[] = {
    { "{\"taps\": [\"h.0.mlp.acts\"]}", "there is for example h.0.mlp.act", FALSE, ASSAY_ERROR_NOT_FOUND },
    { "{\"taps\": [\"loss\"]}", "tap loss", FALSE, ASSAY_ERROR_NOT_FOUND },
    { "{}", "--taps", FALSE, ASSAY_ERROR_USAGE },
    { "{}", "--gradients", TRUE, ASSAY_ERROR_USAGE },
    { "{\"gradients\": [\"nothing\"]}", "there is for example wte.weight", TRUE, ASSAY_ERROR_NOT_FOUND },
    { "{\"gradients\": [\"a/b\"]}", "without /", TRUE, ASSAY_ERROR_USAGE },
  };

  (void) unused;
  for (guint k = 0; k < G_N_ELEMENTS (wrong); k++)
    {
      g_autoptr (AssayValues) options = parse (wrong[k].options);
      AssayRecording recording = describe (f, cas, options);
      g_autoptr (GError) error = NULL;

      g_assert_null (wrong[k].gradients ? assay_record_gradients (&recording, NULL, &error)
                                        : assay_record_activations (&recording, NULL, &error));
      g_assert_error (error, ASSAY_ERROR, wrong[k].code);
      if (strstr (error->message, wrong[k].text) == NULL)
        g_error ("expected \"%s\" in: %s", wrong[k].text, error->message);
    }
}

/* 65519 rounds to the largest half, 65520 to infinity, as of bf16 what lies half way between its largest and 2^128. */
static void
test_overflow (Room *room, gconstpointer unused)
{
  static const struct { float bias; const char *type, *text; } trials[] = {
    { 65519.9f, "f16", NULL }, { 65520.0f, "f16", "which f16 cannot hold; record as bf16 or f32" }, { -7e4f, "f16", "is -70000 at position 0 channel 2" },
    { 7e4f, "f32", NULL }, { 0x1.fefffep127f, "bf16", NULL }, { 0x1.ffp127f, "bf16", "which bf16 cannot hold; record as f32" } };

  (void) unused;
  for (guint k = 0; k < G_N_ELEMENTS (trials); k++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%u.assay", room->directory, k);
      g_autofree char *text = g_strdup_printf ("{\"taps\": [\"fc1\"], \"type\": \"%s\"}", trials[k].type);
      g_autoptr (AssayCase) cas = assay_case_create (path, NULL);
      g_autoptr (Fixture) f = fixture_mlp ("{}", 1);
      g_autoptr (AssayValues) options = parse (text);
      AssayRecording recording = describe (f, cas, options);
      g_autoptr (AssayObject) object = NULL;
      g_autoptr (GError) error = NULL;
      float *theta = assay_model_get_theta (f->model);

      for (guint d = 0; d < 6; d++)
        theta[2 * 6 + d] = 0;
      theta[48 + 2] = trials[k].bias;
      object = assay_record_activations (&recording, NULL, &error);
      if (trials[k].text == NULL)
        g_assert_no_error (error);
      else
        {
          g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
          g_assert_true (g_str_has_prefix (error->message, "recording: train:0"));
          if (strstr (error->message, trials[k].text) == NULL)
            g_error ("expected \"%s\" in: %s", trials[k].text, error->message);
        }
    }
}

static void
test_list (void)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (GPtrArray) taps = assay_record_list_taps (f->model);

  g_assert_true (g_ptr_array_find_with_equal_func (taps, "h.0.mlp.act (6,32)", g_str_equal, NULL));
  g_assert_true (g_ptr_array_find_with_equal_func (taps, "logits (6,11)", g_str_equal, NULL));
  g_assert_false (g_ptr_array_find_with_equal_func (taps, "loss ()", g_str_equal, NULL));
}

int
main (int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "--be-killed") == 0)
    return be_killed (argv[2], argv[3]);
  if (argc == 3 && strcmp (argv[1], "--be-killed-behind-a-part") == 0)
    return be_killed_behind_a_part (argv[2]);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/taps are listed with their shapes", test_list);
  ADD ("/record/activations of tokens are the walk's, in half precision, example by position", test_tokens);
  ADD ("/record/padding behind the end of a text is no row", test_padding);
  ADD ("/record/a sample is drawn by seed, example and position, and a larger one holds it", test_sample);
  ADD ("/record/attention patterns give, with the values, what the attention computes", test_patterns);
  ADD ("/record/states, read out, give what the scan computes", test_states);
  ADD ("/record/means of RWKV are those that keys and values make", test_means);
  ADD ("/record/sparse rows hold what is large and nothing else, also when they were stopped", test_sparse);
  ADD ("/record/activations of features are the walk's", test_features);
  ADD ("/record/gradients of examples average to the gradient and their norms are theirs", test_gradients);
  ADD ("/record/gradients of targets add up to the example's", test_token_gradients);
  ADD ("/record/norms can be recorded alone", test_norms_alone);
  ADD ("/record/a stopped recording has committed what was walked and goes on", test_stopped);
  ADD ("/record/a recording killed again and again ends complete and right", test_killed);
  ADD ("/record/killed where a part ended within a batch it goes on with the next row", test_killed_within_a_batch);
  ADD ("/record/a stopped recording of gradients goes on with the next example", test_gradients_stopped);
  ADD ("/record/what the stored type cannot hold is refused with its place", test_overflow);
  ADD ("/record/taps and groups that do not exist are refused with a name that does", test_refusals);
  return g_test_run ();
}
