/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units that a device counts: histograms and sums of odd numbers are the processor's; a summary beside the walk has every bit of one that is made of the rows of the
 * same device, whatever the order of the examples, with ties, stopped on the way, with little memory; and calls that fail give no other numbers. */
#include "world.h"

#include "../store/store_test.h"
#include "base/mem.h"
#include "probes/unit_kernel.h"
#include "probes/units_stream.h"
#include "probes/units_there.h"

#include <dlfcn.h>
#include <math.h>

#define ENOUGH ((gsize) 1 << 32)
#define OUT_OF_MEMORY 2
#define LAUNCH_FAILURE 719
#define MLP 3
#define GPT2 7
#define TOP 2

static void (*set_memory) (gsize bytes);
static void (*fail_at) (guint64 k, int error);
static guint64 (*get_calls) (void);
static gint64 (*get_live) (void);

static AssayBackend *
open_device (void)
{
  GError *error = NULL;
  AssayBackend *device = assay_backend_cuda_new (CUDA_MODULE, 0, 1, &error);

  g_assert_no_error (error);
  return device;
}

/* What units of n rows are, in the plainest way: one block of all. values (n,C) of float16. */
static void
summarise (AssayUnitSummary *unit, const guint16 *values, gint64 n, gint64 C, const gint64 *example, const gint32 *position)
{
  const AssayUnitBlock block = { n, example, position, FALSE };
  g_autofree gint16 *keys = g_new (gint16, n);

  for (gint64 u = 0; u < C; u++)
    {
      for (gint64 r = 0; r < n; r++)
        keys[r] = assay_key_of_bits (values[r * C + u]);
      assay_unit_summary_add (&unit[u], keys, NULL, &block);
    }
}

static void
assert_statistics (const AssayUnitStatistics *a, const AssayUnitStatistics *b)
{
  g_assert_cmpint (a->n, ==, b->n);
  g_assert_cmpint (a->nonzero, ==, b->nonzero);
  g_assert_cmpmem (a->count, sizeof a->count, b->count, sizeof b->count);
  g_assert_true (a->mean == b->mean && a->variance == b->variance && a->least == b->least && a->most == b->most);
}

static void
assert_rows (const AssayUnitRow *a, const AssayUnitRow *b, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    g_assert_true (a[i].value == b[i].value && a[i].example == b[i].example && a[i].position == b[i].position);
}

/* --- counting ------------------------------------------------------------------------------------------------------------------- */

/* All finite float16, and in f32 and f64 what rounds to them. (37,1771) of 65,527 numbers: units end within a strip; and a unit of equal ones, in several blocks of rows. */
static void
check_counts (AssayDtype dtype, gint64 N, gint64 C, gboolean equal)
{
  g_autoptr (AssayBackend) device = open_device ();
  const AssayRecordTap tap = { .name = (char *) "tap", .C = C };
  g_autoptr (GPtrArray) taps = g_ptr_array_new ();
  g_autoptr (AssayUnitsThere) there = NULL;
  g_autofree gint64 *at = g_new (gint64, N), *example = g_new0 (gint64, N);
  g_autofree gint32 *position = g_new (gint32, N);
  g_autofree guint16 *stored = g_new (guint16, N * C);
  g_autofree double *number = g_new (double, N * C);
  g_autofree float *single = g_new (float, N * C);
  g_autofree AssayUnitSummary *unit = g_new (AssayUnitSummary, C), *expected = g_new (AssayUnitSummary, C);
  const gsize bytes = (gsize) (N * C) * assay_dtype_width (dtype);
  gpointer value, rows;

  g_ptr_array_add (taps, (gpointer) &tap);
  for (gint64 i = 0; i < N * C; i++)
    {
      const guint16 bits = equal ? 0xfbff : (guint16) i;

      stored[i] = (bits & 0x7c00) == 0x7c00 ? 0x8000 : bits;      /* what is not finite: -0 */
    }
  g_assert_true (assay_store_convert (ASSAY_STORE_F64, number, ASSAY_STORE_F16, stored, (gsize) (N * C), NULL));
  for (gint64 i = 0; i < N * C; i++)
    single[i] = (float) (number[i] *= i % 3 == 0 || equal ? 1 : 1 + (i % 3 == 1 ? 0x1p-13 : -0x1p-13));
  g_assert_true (assay_store_convert (ASSAY_STORE_F16, stored, dtype == ASSAY_F32 ? ASSAY_STORE_F32 : ASSAY_STORE_F64, dtype == ASSAY_F32 ? (gconstpointer) single : number,
                                      (gsize) (N * C), NULL));
  for (gint64 r = 0; r < N; r++)
    {
      at[r] = r;
      position[r] = (gint32) r;
    }
  g_assert_nonnull (value = device->alloc (device, bytes, NULL));
  g_assert_nonnull (rows = device->alloc (device, (gsize) N * sizeof *at, NULL));
  g_assert_true (device->copy_in (device, value, dtype == ASSAY_F32 ? (gconstpointer) single : number, bytes, NULL)
                 && device->copy_in (device, rows, at, (gsize) N * sizeof *at, NULL));
  g_assert_nonnull (there = assay_units_there_new (device, taps, dtype, NULL));
  for (gint64 u = 0; u < C; u++)
    {
      assay_unit_summary_init (&unit[u], ASSAY_STORE_F16, TOP);
      assay_unit_summary_init (&expected[u], ASSAY_STORE_F16, TOP);
    }
  for (guint pass = 0; pass < 2; pass++)                          /* begun anew after each */
    {
      g_assert_true (assay_units_there_add (there, 0, value, rows, N, NULL) && assay_units_there_add (there, 0, value, rows, N / 2, NULL));
      g_assert_true (assay_units_there_collect (there, unit, NULL));
      summarise (expected, stored, N, C, example, position);
      summarise (expected, stored, N / 2, C, example, position);
    }
  g_assert_true (assay_units_there_has_room (there, N) && !assay_units_there_has_room (there, G_MAXINT32));
  for (gint64 u = 0; u < C; u++)
    {
      g_assert_cmpint (unit[u].n, ==, expected[u].n);
      g_assert_cmpmem (unit[u].count, sizeof unit[u].count, expected[u].count, sizeof expected[u].count);
      g_assert_true (assay_exact_sum_get (&unit[u].sum) == assay_exact_sum_get (&expected[u].sum)
                     && assay_exact_sum_get (&unit[u].square) == assay_exact_sum_get (&expected[u].square));
      assay_unit_summary_clear (&unit[u]);
      assay_unit_summary_clear (&expected[u]);
    }
  device->release (device, value);
  device->release (device, rows);
}

static void
test_counts (gconstpointer data)
{
  check_counts (GPOINTER_TO_INT (data), 1771, 37, FALSE);
  check_counts (GPOINTER_TO_INT (data), 2500, 1, TRUE);
}

/* --- summaries beside the walk ----------------------------------------------------------------------------------------------------- */

typedef struct {
  World *world;
  AssayModel *model;
  AssayValues *options;
  gint64 *examples;             /* (N) */
  AssayRecording recording;
} Bench;

typedef enum { FORWARD, BACKWARD, N_ORDERS } Order;

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

/* A few units are constant: ties at either end of all rows. */
static Bench *
bench_new (guint which, Order order, const char *options)
{
  Bench *b = g_new0 (Bench, 1);
  GError *error = NULL;

  b->world = world_new (&world_cases[which], 1);
  b->model = assay_model_copy (b->world->model, ASSAY_F32, &error);
  g_assert_no_error (error);
  if (which == MLP)
    memset (assay_model_get_theta (b->model), 0, 3 * 6 * sizeof (float));
  b->options = parse (options);
  b->examples = g_new (gint64, b->world->N);
  for (gint64 i = 0; i < b->world->N; i++)
    b->examples[i] = b->world->examples[order == FORWARD ? i : b->world->N - 1 - i];
  b->recording = (AssayRecording) { .model = b->model, .dataset = b->world->dataset, .examples = b->examples, .N = b->world->N, .options = b->options, .name = "rec" };
  return b;
}

static void
bench_free (Bench *b)
{
  g_free (b->examples);
  assay_values_free (b->options);
  assay_model_free (b->model);
  world_free (b->world);
  g_free (b);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Bench, bench_free)

/* The units of one tap of a recording. */
static void
assert_units (const AssayUnits *units, AssayReader *reader)
{
  g_autofree char *path = g_strconcat ("/activations/", units->tap, NULL);
  g_autofree guint16 *values = g_new (guint16, units->R * units->C);
  g_autofree gint64 *example = g_new (gint64, units->R);
  g_autofree gint32 *position = g_new (gint32, units->R);
  g_autofree AssayUnitSummary *expected = g_new (AssayUnitSummary, units->C);
  GError *error = NULL;

  assay_reader_read (reader, path, ASSAY_STORE_F16, values, &error);
  g_assert_no_error (error);
  g_assert_true (assay_reader_read (reader, "/index/example", ASSAY_STORE_I64, example, NULL)
                 && assay_reader_read (reader, "/index/position", ASSAY_STORE_I32, position, NULL));
  for (gint64 u = 0; u < units->C; u++)
    assay_unit_summary_init (&expected[u], ASSAY_STORE_F16, TOP);
  summarise (expected, values, units->R, units->C, example, position);
  for (gint64 u = 0; u < units->C; u++)
    {
      AssayUnitStatistics s;

      assay_unit_summary_finish (&expected[u], &s);
      assert_statistics (&units->unit[u].s, &s);
      assert_rows (units->unit[u].largest, expected[u].largest.row, TOP);
      assert_rows (units->unit[u].smallest, expected[u].smallest.row, TOP);
      assay_unit_summary_clear (&expected[u]);
    }
}

static void
assert_stream (const AssayUnitsStream *stream, AssayCase *cas)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "activations", "rec", NULL);

  for (guint k = 0; k < stream->taps->len; k++)
    assert_units (stream->taps->pdata[k], reader);
}

/* Rows of the device, in a case of their own. */
static AssayCase *
keep_rows (Bench *b, AssayBackend *device, const char *path)
{
  GError *error = NULL;
  AssayCase *cas = assay_case_create (path, &error);
  g_autoptr (AssayObject) object = NULL;

  g_assert_no_error (error);
  b->recording.backend = device;
  b->recording.store = cas;
  object = assay_record_activations (&b->recording, NULL, &error);
  g_assert_no_error (error);
  b->recording.store = NULL;
  return cas;
}

static void
check_summary (Room *room, guint which, Order order, const char *options)
{
  g_autoptr (AssayBackend) device = open_device ();
  g_autoptr (Bench) b = bench_new (which, order, options);
  g_autofree char *path = g_strdup_printf ("%s.%u.%u", room->path, which, order);
  g_autoptr (AssayCase) rows = keep_rows (b, device, path);
  GError *error = NULL;
  g_autoptr (AssayUnitsStream) stream = assay_units_stream_run (&b->recording, TOP, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (stream->R_there, >, 0);
  g_assert_cmpint (stream->R_there, <, stream->R);
  assert_stream (stream, rows);
}

static void
test_summaries (Room *room, gconstpointer unused)
{
  (void) unused;
  for (Order order = FORWARD; order < N_ORDERS; order++)
    {
      check_summary (room, GPT2, order, "{\"taps\": [\"h.0.*\", \"logits\"], \"batch\": 2}");
      check_summary (room, MLP, order, "{\"taps\": [\"fc*\"], \"batch\": 1}");
    }
}

/* Their sums have no whole numbers of 64 bits. */
static void
test_others (void)
{
  g_autoptr (AssayBackend) device = open_device ();
  g_autoptr (Bench) b = bench_new (GPT2, FORWARD, "{\"taps\": [\"logits\"], \"batch\": 2, \"type\": \"bf16\"}");
  GError *error = NULL;
  g_autoptr (AssayUnitsStream) stream = NULL;

  b->recording.backend = device;
  stream = assay_units_stream_run (&b->recording, TOP, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (stream->R_there, ==, 0);
}

typedef struct { AssayProgress *progress; guint left; } Stop;

static void
count_down (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Stop *stop = data;

  (void) stage, (void) done, (void) total, (void) unit, (void) note;
  if (stop->left > 0 && --stop->left == 0)
    assay_progress_cancel (stop->progress, ASSAY_ERROR_INTERRUPTED);
}

/* What a device had counted before a stop is in it, once. */
static void
test_stopped (Room *room, gconstpointer unused)
{
  g_autoptr (AssayBackend) device = open_device ();
  g_autoptr (Bench) b = bench_new (GPT2, FORWARD, "{\"taps\": [\"h.0.mlp.act\", \"h.0.attn.heads.pattern\"], \"batch\": 1}");
  g_autofree char *path = g_strconcat (room->path, ".rows", NULL);
  g_autoptr (AssayCase) rows = keep_rows (b, device, path), parts = NULL;
  g_autoptr (AssayUnitsStream) whole = NULL;
  GError *error = NULL;

  (void) unused;
  parts = b->recording.store = assay_case_create (room->path, &error);
  g_assert_no_error (error);
  for (guint stops = 0; stops < 3; stops++)
    {
      g_autoptr (GError) fault = NULL;
      Stop stop = { .left = stops == 0 ? 5 : 1 };

      stop.progress = assay_progress_new (count_down, &stop);
      g_assert_null (assay_units_stream_run (&b->recording, TOP, stop.progress, &fault));
      g_assert_error (fault, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
      assay_progress_free (stop.progress);
    }
  whole = assay_units_stream_run (&b->recording, TOP, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (whole->R_there, >, 0);
  assert_stream (whole, rows);
}

/* --- what goes wrong ---------------------------------------------------------------------------------------------------------------- */

#define SMALL "{\"taps\": [\"h.0.mlp.act\"], \"batch\": 2}"

/* Whether there was memory for walks. What comes is right in any case. */
static gboolean
try_memory (Bench *b, AssayCase *rows, gsize bytes, gint64 *there)
{
  g_autoptr (AssayBackend) device = NULL;
  g_autoptr (AssayUnitsStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  set_memory (bytes);
  b->recording.backend = device = open_device ();
  stream = assay_units_stream_run (&b->recording, TOP, NULL, &error);
  if (stream != NULL)
    assert_stream (stream, rows);
  else
    g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  *there = stream ? stream->R_there : 0;
  set_memory (ENOUGH);
  return stream != NULL;
}

/* From the least memory that walks fit into, on to where counts do. */
static void
test_memory (Room *room, gconstpointer unused)
{
  g_autoptr (Bench) b = bench_new (GPT2, FORWARD, SMALL);
  g_autoptr (AssayBackend) device = open_device ();
  g_autoptr (AssayCase) rows = keep_rows (b, device, room->path);
  gsize too_little = 1 << 14, enough = ENOUGH / 2;
  guint n_here = 0;
  gint64 there;

  (void) unused;
  g_assert_false (try_memory (b, rows, too_little, &there));
  while (enough - too_little > 8192)
    {
      const gsize between = too_little + (enough - too_little) / 2;

      *(try_memory (b, rows, between, &there) ? &enough : &too_little) = between;
    }
  for (gsize bytes = enough; try_memory (b, rows, bytes, &there) && there == 0; bytes += 16384)
    n_here++;
  g_assert_cmpint (there, >, 0);
  g_assert_cmpuint (n_here, >, 0);
}

static void
fail_each (Room *room, int with, AssayErrorCode expected)
{
  g_autoptr (Bench) b = bench_new (GPT2, FORWARD, SMALL);
  g_autofree char *path = g_strdup_printf ("%s.%d", room->path, with);
  g_autoptr (AssayCase) rows = NULL;
  gint64 live = get_live ();
  guint failed = 0;
  guint64 n, calls;

  {
    g_autoptr (AssayBackend) device = open_device ();
    g_autoptr (AssayUnitsStream) stream = NULL;

    rows = keep_rows (b, device, path);
    calls = get_calls ();
    stream = assay_units_stream_run (&b->recording, TOP, NULL, NULL);
    g_assert_nonnull (stream);
    n = get_calls () - calls;
  }
  for (guint64 k = 1; k <= n; k += 23)                            /* each opens a device */
    {
      g_autoptr (GError) error = NULL;

      {
        g_autoptr (AssayBackend) device = b->recording.backend = open_device ();
        g_autoptr (AssayUnitsStream) stream = NULL;

        fail_at (k, with);
        stream = assay_units_stream_run (&b->recording, TOP, NULL, &error);
        fail_at (0, 0);
        if (stream != NULL)
          assert_stream (stream, rows);
        else
          {
            failed++;
            g_assert_error (error, ASSAY_ERROR, (int) expected);
          }
      }
      g_assert_cmpint (get_live (), ==, live);
    }
  g_assert_cmpuint (failed, >, 0);
}

static void
test_fails_anywhere (Room *room, gconstpointer unused)
{
  (void) unused;
  fail_each (room, LAUNCH_FAILURE, ASSAY_ERROR_IO);
  fail_each (room, OUT_OF_MEMORY, ASSAY_ERROR_NO_MEMORY);
}

int
main (int argc, char **argv)
{
  gpointer module = dlopen (CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);

  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (module);
  *(gpointer *) &set_memory = dlsym (module, "emulation_set_memory");
  *(gpointer *) &fail_at = dlsym (module, "emulation_fail_at");
  *(gpointer *) &get_calls = dlsym (module, "emulation_get_calls");
  *(gpointer *) &get_live = dlsym (module, "emulation_get_live");
  g_assert_true (set_memory && fail_at && get_calls && get_live);
  g_test_add_data_func ("/units/counts and sums of every number of f32 are the processor's", GINT_TO_POINTER (ASSAY_F32), test_counts);
  g_test_add_data_func ("/units/and of f64", GINT_TO_POINTER (ASSAY_F64), test_counts);
  ADD ("/units/a summary has every bit of one of the rows, in any order of the examples, with ties", test_summaries);
  g_test_add_func ("/units/types that a device does not count are counted here", test_others);
  ADD ("/units/what was counted before a stop is in it once", test_stopped);
  ADD ("/units/with little memory the processor counts, to the same bits", test_memory);
  ADD ("/units/whichever call fails, no other number is given and nothing is left behind", test_fails_anywhere);
  return g_test_run ();
}
