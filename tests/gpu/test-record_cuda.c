/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activations that a device gathers and rounds: the bits of the processor's roundings of what the walk computed, for every tap of every architecture, in each stored
 * type; refusals in the same words; and with too little memory, or calls that fail, the same rows or none. On the host's stand-in for a device, whose memory can
 * be made smaller and whose calls can be made to fail. */
#include "world.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "run/record_walk.h"
#include "run/recording.h"
#include "tensor/op_call.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

#define ENOUGH ((gsize) 1 << 32)
#define OUT_OF_MEMORY 2
#define LAUNCH_FAILURE 719
#define MLP 3
#define GPT2 7

static void (*set_memory) (gsize bytes);
static void (*fail_at) (guint64 k, int error);
static guint64 (*get_calls) (void);
static gint64 (*get_live) (void);

static const AssayStoreType types[] = { ASSAY_STORE_F16, ASSAY_STORE_BF16, ASSAY_STORE_F32, ASSAY_STORE_F64 };

static AssayBackend *
open_device (void)
{
  GError *error = NULL;
  AssayBackend *device = assay_backend_cuda_new (CUDA_MODULE, 0, 1, &error);

  g_assert_no_error (error);
  return device;
}

/* --- roundings ------------------------------------------------------------------------------------------------------------------- */

#define CHANNELS 1024

static void
set_number (AssayDtype dtype, void *x, gint64 i, double number)
{
  if (dtype == ASSAY_F32)
    ((float *) x)[i] = (float) number;
  else
    ((double *) x)[i] = number;
}

/* Numbers around each place where a rounding to 16 bits changes, by the upper half of a float and what is below it. In f64 beside them, too. */
static gint64
make_numbers (AssayDtype dtype, void **numbers)
{
  static const guint16 lower[] = { 0, 1, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x7fff, 0x8000, 0x8001, 0xf000, 0xffff };
  const gint64 n = (gint64) G_N_ELEMENTS (lower) << 16;

  *numbers = assay_mem_alloc_array (n, assay_dtype_width (dtype), NULL);
  for (gint64 i = 0; i < n; i++)
    {
      const guint32 bits = (guint32) (i % 65536) << 16 | lower[i / 65536];
      float x;

      memcpy (&x, &bits, sizeof x);
      if (isnan (x))                                              /* recorded by nobody; which NaN becomes of it is the device's choice */
        x = 1;
      set_number (dtype, *numbers, i, i % 3 == 0 ? (double) x : (double) x * (1 + (i % 3 == 1 ? 0x1p-40 : -0x1p-40)));
    }
  return n;
}

typedef struct { char *y; gint32 *channel; char *number; } Rounded;

/* Of n numbers as rows of CHANNELS, in the order of at. */
static void
round_there (AssayBackend *device, AssayDtype dtype, guint type, const void *x, const gint64 *at, gint64 rows, Rounded *out)
{
  const gsize width = assay_dtype_width (dtype), bytes = (gsize) (rows * CHANNELS) * assay_store_type_width (types[type]);
  const AssayShape shape[] = { ASSAY_SHAPE (rows, CHANNELS), ASSAY_SHAPE (rows), ASSAY_SHAPE (rows) };
  const double code = type;
  gpointer there[5];
  AssayOpCall call = { .n_in = 2, .n_out = 3, .in_shape = shape, .out_shape = shape, .attr = &code };
  const gsize sizes[] = { (gsize) (rows * CHANNELS) * width, rows * sizeof *at, bytes, rows * sizeof (gint32), rows * width };

  for (guint k = 0; k < 5; k++)
    g_assert_nonnull (there[k] = device->alloc (device, sizes[k], NULL));
  g_assert_true (device->copy_in (device, there[0], x, sizes[0], NULL) && device->copy_in (device, there[1], at, sizes[1], NULL));
  call.x[0] = there[0];
  call.x[1] = there[1];
  for (guint k = 0; k < 3; k++)
    call.y[k] = there[2 + k];
  g_assert_true (device->run_op (device, "record_rows", ASSAY_FWD, dtype, &call, NULL));
  *out = (Rounded) { g_malloc (bytes), g_malloc (sizes[3]), g_malloc (sizes[4]) };
  g_assert_true (device->copy_out (device, out->y, there[2], bytes, NULL) && device->copy_out (device, out->channel, there[3], sizes[3], NULL)
                 && device->copy_out (device, out->number, there[4], sizes[4], NULL));
  for (guint k = 0; k < 5; k++)
    device->release (device, there[k]);
}

static void
test_roundings (gconstpointer data)
{
  const AssayDtype dtype = GPOINTER_TO_INT (data);
  const gsize width = assay_dtype_width (dtype);
  g_autoptr (AssayBackend) device = open_device ();
  void *x;
  const gint64 n = make_numbers (dtype, &x), rows = n / CHANNELS;
  g_autofree gint64 *at = g_new (gint64, rows);

  for (gint64 r = 0; r < rows; r++)
    at[r] = (r * 5 + 3) % rows;                                   /* all of them: 5 does not divide a multiple of 64 and 12 */
  for (guint type = 0; type < G_N_ELEMENTS (types); type++)
    {
      const gsize stored = CHANNELS * assay_store_type_width (types[type]);
      g_autofree char *expected = g_malloc (stored);
      Rounded got;
      gint64 refused = 0;

      round_there (device, dtype, type, x, at, rows, &got);
      for (gint64 r = 0; r < rows; r++)
        {
          const char *row = (const char *) x + (gsize) (at[r] * CHANNELS) * width;
          const gint64 unfit = assay_recording_find_unfit (dtype, row, CHANNELS, types[type]);

          g_assert_true (assay_store_convert (types[type], expected, dtype == ASSAY_F32 ? ASSAY_STORE_F32 : ASSAY_STORE_F64, row, CHANNELS, NULL));
          g_assert_cmpmem (got.y + (gsize) r * stored, stored, expected, stored);
          g_assert_cmpint (got.channel[r], ==, unfit);
          if (unfit >= 0)
            g_assert_cmpmem (got.number + (gsize) r * width, width, row + (gsize) unfit * width, width);
          refused += unfit >= 0;
        }
      g_assert_cmpint (refused, >, 0);
      g_assert_cmpint (refused, <, rows);
      g_free (got.y);
      g_free (got.channel);
      g_free (got.number);
    }
  assay_mem_free (x);
}

/* --- recordings ------------------------------------------------------------------------------------------------------------------ */

/* What a sink was given, as it would be stored: rows of each tap, one after another. */
typedef struct {
  AssayStoreType type;
  const GPtrArray *taps;
  GByteArray **rows;            /* (taps) */
  GArray *example, *position;
  guint n_rounded, n_fetched;   /* calls with rows that had the stored type, and that had not */
} Kept;

static gboolean
keep_index (gpointer data, const gint64 *example, const gint32 *position, gint64 n, GError **error)
{
  Kept *kept = data;

  (void) error;
  g_array_append_vals (kept->example, example, (guint) n);
  g_array_append_vals (kept->position, position, (guint) n);
  return TRUE;
}

static gboolean
keep_rows (gpointer data, guint k, AssayStoreType from, gconstpointer x, gint64 n, GError **error)
{
  Kept *kept = data;
  const gsize count = (gsize) (n * ((AssayRecordTap *) kept->taps->pdata[k])->C), bytes = count * assay_store_type_width (kept->type);
  const guint before = kept->rows[k]->len;

  *(from == kept->type ? &kept->n_rounded : &kept->n_fetched) += 1;
  g_byte_array_set_size (kept->rows[k], before + (guint) bytes);
  return assay_store_convert (kept->type, kept->rows[k]->data + before, from, x, count, error);
}

static gboolean
end_batch (gpointer data, GError **error)
{
  (void) data;
  (void) error;
  return TRUE;
}

static void
kept_init (Kept *kept, AssayStoreType type, const GPtrArray *taps)
{
  *kept = (Kept) { .type = type, .taps = taps, .rows = g_new (GByteArray *, taps->len), .example = g_array_new (FALSE, FALSE, sizeof (gint64)),
                   .position = g_array_new (FALSE, FALSE, sizeof (gint32)) };
  for (guint k = 0; k < taps->len; k++)
    kept->rows[k] = g_byte_array_new ();
}

static void
kept_clear (Kept *kept)
{
  for (guint k = 0; kept->rows != NULL && k < kept->taps->len; k++)
    g_byte_array_unref (kept->rows[k]);
  g_clear_pointer (&kept->rows, g_free);
  g_clear_pointer (&kept->example, g_array_unref);
  g_clear_pointer (&kept->position, g_array_unref);
}

static void
assert_same (const Kept *a, const Kept *b)
{
  g_assert_cmpmem (a->example->data, a->example->len * sizeof (gint64), b->example->data, b->example->len * sizeof (gint64));
  g_assert_cmpmem (a->position->data, a->position->len * sizeof (gint32), b->position->data, b->position->len * sizeof (gint32));
  for (guint k = 0; k < a->taps->len; k++)
    g_assert_cmpmem (a->rows[k]->data, a->rows[k]->len, b->rows[k]->data, b->rows[k]->len);
}

/* One recording under test. */
typedef struct {
  World *world;
  AssayModel *model;            /* in the type of its walks */
  AssayValues *options;
  AssayRecording recording;
  AssayRecordRows *rows;
  GPtrArray *taps;
} Bench;

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

static Bench *
bench_new (guint which, AssayDtype dtype, const char *options)
{
  Bench *b = g_new0 (Bench, 1);
  GError *error = NULL;

  b->world = world_new (&world_cases[which], 1);
  b->model = assay_model_copy (b->world->model, dtype, &error);
  g_assert_no_error (error);
  b->options = parse (options);
  b->recording = (AssayRecording) { .model = b->model, .dataset = b->world->dataset, .examples = b->world->examples, .N = b->world->N, .options = b->options };
  b->rows = assay_record_choose_rows (&b->recording, &error);
  g_assert_no_error (error);
  b->taps = assay_record_find_taps (b->model, assay_values_get_list (b->options, "taps"), &error);
  g_assert_no_error (error);
  return b;
}

static void
bench_free (Bench *b)
{
  g_ptr_array_unref (b->taps);
  assay_record_rows_free (b->rows);
  assay_values_free (b->options);
  assay_model_free (b->model);
  world_free (b->world);
  g_free (b);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Bench, bench_free)

/* In two runs, as where somebody else has done what lies between. */
static gboolean
record (Bench *b, AssayBackend *backend, AssayStoreType type, Kept *kept, GError **error)
{
  const AssayRecordSink sink = { type, keep_index, keep_rows, end_batch, kept };
  g_autoptr (AssayRecordWalk) walk = NULL;

  b->recording.backend = backend;
  kept_init (kept, type, b->taps);
  walk = assay_record_walk_new (&b->recording, b->rows, error);
  return walk != NULL && assay_record_walk_run (walk, 0, b->rows->n / 3, &sink, NULL, error)
         && assay_record_walk_run (walk, b->rows->n / 3, b->rows->n, &sink, NULL, error);
}

/* The same out of walks of single examples, whose values are fetched whole and rounded here. */
static void
expect (Bench *b, AssayBackend *device, AssayStoreType type, Kept *kept)
{
  const gint64 T = assay_record_get_positions (b->model);
  const AssayDtype dtype = assay_model_get_dtype (b->model);
  const gsize width = assay_dtype_width (dtype);
  g_autofree guint *keep = assay_record_list_kept (b->taps);
  g_autoptr (AssayPass) pass = assay_pass_new (b->model, b->world->dataset, ASSAY_WALK_FORWARD, dtype, 1, device, keep, NULL);
  g_autoptr (AssayBuffer) scratch = NULL, pattern = NULL;

  kept_init (kept, type, b->taps);
  for (gint64 i = 0; i < b->rows->N; i++)
    {
      AssayExec *exec = assay_pass_get_exec (pass);

      assay_pass_bind (pass, b->world->examples + i);
      g_assert_true (assay_exec_prepare (exec, assay_model_get_theta (b->model), NULL, NULL, FALSE, NULL));
      for (gint64 r = b->rows->offset[i]; r < b->rows->offset[i + 1]; r++)
        {
          const gint32 position = b->rows->position ? b->rows->position[r] : (gint32) (r - b->rows->offset[i]);

          keep_index (kept, &b->world->examples[i], &position, 1, NULL);
          for (guint k = 0; k < b->taps->len; k++)
            {
              const AssayRecordTap *tap = b->taps->pdata[k];
              const char *x = assay_exec_get_buffer (exec, ASSAY_PRIMAL, tap->value);

              if (tap->attention != NULL)
                {
                  g_autoptr (AssayBuffer) room = assay_mem_alloc (assay_record_pattern_scratch (tap, T), NULL);
                  g_autofree double *filled = g_new (double, T * tap->C);

                  assay_record_pattern_fill (tap, assay_model_get_layout (b->model), dtype, T, x, assay_exec_get_buffer (exec, ASSAY_PRIMAL, tap->keys), room, filled,
                                             device->workers);
                  g_assert_true (keep_rows (kept, k, ASSAY_STORE_F64, filled + position * tap->C, 1, NULL));
                }
              else
                g_assert_true (keep_rows (kept, k, dtype == ASSAY_F32 ? ASSAY_STORE_F32 : ASSAY_STORE_F64, x + (gsize) (position * tap->C) * width, 1, NULL));
            }
        }
    }
}

static void
check_recording (guint which, AssayDtype dtype, AssayStoreType type, const char *options)
{
  g_autoptr (AssayBackend) device = open_device ();
  g_autoptr (Bench) b = bench_new (which, dtype, options);
  Kept got, expected;
  GError *error = NULL;

  record (b, device, type, &got, &error);
  g_assert_no_error (error);
  expect (b, device, type, &expected);
  g_assert_cmpint (got.example->len, ==, b->rows->n);
  assert_same (&got, &expected);
  kept_clear (&got);
  kept_clear (&expected);
}

static void
test_architectures (gconstpointer data)
{
  const AssayDtype dtype = GPOINTER_TO_INT (data);

  for (guint which = 0; world_cases[which].name != NULL; which++)
    check_recording (which, dtype, ASSAY_STORE_F16, "{\"taps\": [\"*\"], \"batch\": 4}");
}

static void
test_types (void)
{
  for (guint k = 1; k < G_N_ELEMENTS (types); k++)
    {
      check_recording (GPT2, ASSAY_F32, types[k], "{\"taps\": [\"h.*\"], \"batch\": 4}");
      check_recording (GPT2, ASSAY_F64, types[k], "{\"taps\": [\"h.0.*\"], \"batch\": 3}");
    }
}

/* Some examples have none. */
static void
test_sampled (void)
{
  check_recording (GPT2, ASSAY_F32, ASSAY_STORE_F16, "{\"taps\": [\"h.*.mlp.act\", \"logits\"], \"batch\": 4, \"sample\": 13, \"sample-seed\": 2}");
  check_recording (GPT2, ASSAY_F32, ASSAY_STORE_F16, "{\"taps\": [\"logits\"], \"batch\": 2, \"sample\": 1}");
}

/* A copy is of what the buffer held when it was begun, whatever is done elsewhere meanwhile; a buffer that is written to too early is found out here, where copies
 * arrive when they are waited for. */
static void
test_beside (void)
{
  g_autoptr (AssayBackend) device = open_device ();
  double numbers[512], zeros[512] = { 0 };
  gpointer buffer = device->alloc (device, sizeof numbers, NULL), other = device->alloc (device, sizeof numbers, NULL);
  gpointer elsewhere = device->alloc (device, sizeof numbers, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    numbers[i] = i + 1;
  for (guint early = 0; early < 2; early++)
    {
      AssayCopy *copy[2] = { NULL, NULL };
      gconstpointer host[2];

      for (guint k = 0; k < 2; k++)                               /* each has memory of its own */
        {
          g_assert_true (device->copy_in (device, buffer, numbers, sizeof numbers, NULL) && device->copy_in (device, other, numbers, sizeof numbers, NULL));
          g_assert_true (device->copy_out_begin (device, k ? other : buffer, sizeof numbers, &copy[k], NULL));
        }
      g_assert_true (device->zero (device, early ? buffer : elsewhere, sizeof numbers, NULL) && device->sync (device, NULL));
      for (guint k = 0; k < 2; k++)
        g_assert_true (device->copy_out_end (device, copy[k], &host[k], NULL));
      g_assert_true (host[0] != host[1]);
      g_assert_cmpmem (host[0], sizeof numbers, early ? zeros : numbers, sizeof numbers);
      g_assert_cmpmem (host[1], sizeof numbers, numbers, sizeof numbers);
      device->copy_out_drop (device, copy[0]);
      device->copy_out_drop (device, copy[1]);
    }
  device->copy_out_drop (device, NULL);
  device->release (device, buffer);
  device->release (device, other);
  device->release (device, elsewhere);
}

/* --- what goes wrong ---------------------------------------------------------------------------------------------------------------- */

/* With so much memory; whether there was enough for walks, and *fetched: not for rows. What is recorded is `whole` in any case. */
static gboolean
try_memory (Bench *b, gsize bytes, const Kept *whole, gboolean *fetched)
{
  g_autoptr (AssayBackend) device = NULL;
  g_autoptr (GError) error = NULL;
  gboolean fits;
  Kept got;

  g_assert_cmpuint (bytes, <, ENOUGH);
  set_memory (bytes);
  device = open_device ();
  fits = record (b, device, whole->type, &got, &error);
  if (fits)
    assert_same (&got, whole);
  else
    g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  *fetched = got.n_fetched > 0;
  kept_clear (&got);
  set_memory (ENOUGH);
  return fits;
}

/* From the least memory that walks fit into, on to where their rows do. */
static void
test_memory (void)
{
  g_autoptr (Bench) b = bench_new (GPT2, ASSAY_F64, "{\"taps\": [\"h.*.mlp.*\", \"logits\"], \"batch\": 5}");
  gsize too_little = 1 << 14, enough = ENOUGH / 2;
  gboolean fetched;
  guint n_fetched = 0;
  Kept whole;

  {
    g_autoptr (AssayBackend) device = open_device ();

    g_assert_true (record (b, device, ASSAY_STORE_F32, &whole, NULL));
    g_assert_cmpuint (whole.n_fetched, ==, 0);
  }
  g_assert_false (try_memory (b, too_little, &whole, &fetched));
  while (enough - too_little > 1024)
    {
      const gsize between = too_little + (enough - too_little) / 2;

      *(try_memory (b, between, &whole, &fetched) ? &enough : &too_little) = between;
    }
  for (gsize bytes = enough; try_memory (b, bytes, &whole, &fetched) && fetched; bytes += 4096)
    n_fetched++;
  g_assert_false (fetched);
  g_assert_cmpuint (n_fetched, >, 0);
  kept_clear (&whole);
}

static void
fail_each (int with, AssayErrorCode expected)
{
  g_autoptr (Bench) b = bench_new (MLP, ASSAY_F32, "{\"taps\": [\"fc*\"], \"batch\": 4}");
  gint64 live = get_live ();
  guint failed = 0;
  guint64 n = 0, calls;
  Kept whole;

  {
    g_autoptr (AssayBackend) device = open_device ();

    calls = get_calls ();
    g_assert_true (record (b, device, ASSAY_STORE_F16, &whole, NULL));
    n = get_calls () - calls;
  }
  for (guint64 k = 1; k <= n; k += 3)                             /* each opens a device */
    {
      g_autoptr (GError) error = NULL;
      Kept got;

      {
        g_autoptr (AssayBackend) device = open_device ();

        fail_at (k, with);
        if (record (b, device, ASSAY_STORE_F16, &got, &error))
          assert_same (&got, &whole);
        else
          {
            failed++;
            g_assert_error (error, ASSAY_ERROR, (int) expected);
            for (guint j = 0; j < b->taps->len; j++)              /* what was handed over before is right */
              g_assert_cmpmem (got.rows[j]->data, got.rows[j]->len, whole.rows[j]->data, MIN (got.rows[j]->len, whole.rows[j]->len));
          }
        fail_at (0, 0);
      }
      kept_clear (&got);
      g_assert_cmpint (get_live (), ==, live);
    }
  g_assert_cmpuint (failed, >, n / 10);                           /* of a third; where memory lacks rows may still come whole */
  kept_clear (&whole);
}

static void
test_fails_anywhere (void)
{
  fail_each (LAUNCH_FAILURE, ASSAY_ERROR_IO);
  fail_each (OUT_OF_MEMORY, ASSAY_ERROR_NO_MEMORY);
}

/* What cannot be held is told as the processor tells it. fc1 is (7) of 6 inputs. */
static void
test_unfit (void)
{
  g_autoptr (AssayBackend) device = open_device (), here = assay_backend_cpu_new (1);
  g_autoptr (Bench) b = bench_new (MLP, ASSAY_F32, "{\"taps\": [\"fc1\"], \"batch\": 4}");
  float *theta = assay_model_get_theta (b->model);

  for (guint k = 0; k < 3; k++)
    {
      static const float size[] = { 65519.9f, -65520, 7e4f };
      GError *errors[2] = { NULL, NULL };

      memset (theta + 2 * 6, 0, 6 * sizeof *theta);
      theta[7 * 6 + 2] = size[k];
      for (guint j = 0; j < 2; j++)
        {
          Kept kept;

          g_assert_true (record (b, j ? device : here, ASSAY_STORE_F16, &kept, &errors[j]) == (k == 0));
          kept_clear (&kept);
        }
      if (k > 0)
        {
          g_assert_error (errors[1], ASSAY_ERROR, ASSAY_ERROR_NAN);
          g_assert_cmpstr (errors[1]->message, ==, errors[0]->message);
          g_assert_nonnull (strstr (errors[1]->message, "position 0 channel 2, which f16 cannot hold"));
        }
      g_clear_error (&errors[0]);
      g_clear_error (&errors[1]);
    }
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
  g_test_add_data_func ("/record/roundings of f32 have the processor's bits", GINT_TO_POINTER (ASSAY_F32), test_roundings);
  g_test_add_data_func ("/record/roundings of f64 have the processor's bits", GINT_TO_POINTER (ASSAY_F64), test_roundings);
  g_test_add_data_func ("/record/every tap of every architecture is what the walk computed, rounded once", GINT_TO_POINTER (ASSAY_F32), test_architectures);
  g_test_add_data_func ("/record/and in f64", GINT_TO_POINTER (ASSAY_F64), test_architectures);
  g_test_add_func ("/record/in every stored type", test_types);
  g_test_add_func ("/record/rows that were drawn come alone", test_sampled);
  g_test_add_func ("/record/a copy goes on beside other work, and a buffer that is reused too early shows", test_beside);
  g_test_add_func ("/record/with less memory rows are fetched whole, to the same bits", test_memory);
  g_test_add_func ("/record/whichever call fails, no wrong row is given and nothing is left behind", test_fails_anywhere);
  g_test_add_func ("/record/what a stored type cannot hold is told in the processor's words", test_unfit);
  return g_test_run ();
}
