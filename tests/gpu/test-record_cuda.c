/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activations that a device gathers and rounds: the bits of the processor's roundings of what the walk computed, for every tap of every architecture, in each stored
 * type; entries that are those of the rows; refusals in the same words; and with too little memory, or calls that fail, the same rows or none. On the host's stand-in for a device, whose memory can
 * be made smaller and whose calls can be made to fail. */
#include "world.h"

#include "../store/store_test.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "run/record_walk.h"
#include "run/recording.h"
#include "store/reader.h"
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

typedef struct { AssayProgress *progress; guint left; } Stop;

static void
count_down (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Stop *stop = data;

  (void) stage, (void) done, (void) total, (void) unit, (void) note;
  if (stop->left > 0 && --stop->left == 0)
    assay_progress_cancel (stop->progress, ASSAY_ERROR_INTERRUPTED);
}

/* --- recordings ------------------------------------------------------------------------------------------------------------------ */

/* What a sink was given, as it would be stored: rows of each tap, one after another. */
typedef struct {
  AssayStoreType type;
  const GPtrArray *taps;
  const AssayRecordBounds *bounds;      /* (taps) NULL: rows; else what lies outside, as Entry */
  GByteArray **rows;            /* (taps) */
  gint64 *n;                    /* (taps) rows so far */
  GArray *example, *position;
  guint n_rounded, n_fetched, n_listed; /* calls with rows that had the stored type, that had not, and with entries */
} Kept;

typedef struct { gint64 row, channel; guint8 value[8]; } Entry;

static gboolean
keep_index (gpointer data, const gint64 *example, const gint32 *position, gint64 n, GError **error)
{
  Kept *kept = data;

  (void) error;
  g_array_append_vals (kept->example, example, (guint) n);
  g_array_append_vals (kept->position, position, (guint) n);
  return TRUE;
}

static void
keep_entry (Kept *kept, guint k, gint64 row, gint64 channel, const void *value)
{
  Entry entry = { row, channel, { 0 } };

  memcpy (entry.value, value, assay_store_type_width (kept->type));
  g_byte_array_append (kept->rows[k], (const guint8 *) &entry, sizeof entry);
}

/* Rows (n,C) as stored: what lies outside the bounds, in the plainest way. */
static void
keep_outside (Kept *kept, guint k, const char *rows, gint64 n)
{
  const gint64 C = ((AssayRecordTap *) kept->taps->pdata[k])->C;
  const AssayRecordBounds *bounds = &kept->bounds[k];

  for (gint64 i = 0; i < n * C; i++)
    {
      const char *value = rows + (gsize) i * assay_store_type_width (kept->type);
      double number;

      g_assert_true (assay_store_convert (ASSAY_STORE_F64, &number, kept->type, value, 1, NULL));
      if (number <= bounds->lo[i % C] || number >= bounds->hi[i % C])
        keep_entry (kept, k, kept->n[k] + i / C, i % C, value);
    }
  kept->n[k] += n;
}

static gboolean
keep_entries (gpointer data, guint k, const AssayRecordEntries *entries, GError **error)
{
  Kept *kept = data;
  const char *value = entries->value;
  gint64 i = 0;

  kept->n_listed++;
  for (gint64 r = 0; r < entries->n; r++)
    for (; i < entries->end[r] - entries->before; i++)
      {
        guint8 stored[8];

        if (!assay_store_convert (kept->type, stored, entries->type, value + (gsize) i * assay_store_type_width (entries->type), 1, error))
          return FALSE;
        keep_entry (kept, k, kept->n[k] + r, entries->channel[i], stored);
      }
  kept->n[k] += entries->n;
  return TRUE;
}

static const AssayRecordBounds *
get_bounds (gpointer data)
{
  return ((const Kept *) data)->bounds;
}

static gboolean
keep_rows (gpointer data, guint k, AssayStoreType from, gconstpointer x, gint64 n, GError **error)
{
  Kept *kept = data;
  const gsize count = (gsize) (n * ((AssayRecordTap *) kept->taps->pdata[k])->C), bytes = count * assay_store_type_width (kept->type);
  const guint before = kept->rows[k]->len;

  *(from == kept->type ? &kept->n_rounded : &kept->n_fetched) += 1;
  if (kept->bounds != NULL)
    {
      g_autofree char *stored = g_malloc (bytes);

      g_assert_true (assay_store_convert (kept->type, stored, from, x, count, error));
      keep_outside (kept, k, stored, n);
      return TRUE;
    }
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
  *kept = (Kept) { .type = type, .taps = taps, .rows = g_new (GByteArray *, taps->len), .n = g_new0 (gint64, taps->len), .example = g_array_new (FALSE, FALSE, sizeof (gint64)),
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
  g_clear_pointer (&kept->n, g_free);
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
  AssayRecordBounds *bounds;    /* (taps) NULL: rows are kept */
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
  for (guint k = 0; b->bounds != NULL && k < b->taps->len; k++)
    {
      g_free ((double *) b->bounds[k].lo);
      g_free ((double *) b->bounds[k].hi);
    }
  g_free (b->bounds);
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
  const AssayRecordSink sink = { .type = type, .index = keep_index, .rows = keep_rows, .batch = end_batch, .bounds = b->bounds ? get_bounds : NULL,
                                 .entries = keep_entries, .data = kept };
  g_autoptr (AssayRecordWalk) walk = NULL;

  b->recording.backend = backend;
  kept_init (kept, type, b->taps);
  kept->bounds = b->bounds;
  walk = assay_record_walk_new (&b->recording, b->rows, error);
  return walk != NULL && assay_record_walk_run (walk, 0, b->rows->n / 3, &sink, NULL, error)
         && assay_record_walk_run (walk, b->rows->n / 3, b->rows->n, &sink, NULL, error);
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Bounds that leave a share of each tap's numbers outside at either end, and are numbers that occur; of every fourth channel nothing is wanted, of others one end. */
static void
bound (Bench *b, AssayBackend *device, AssayStoreType type, double share)
{
  Kept all;

  g_assert_true (record (b, device, type, &all, NULL));
  b->bounds = g_new0 (AssayRecordBounds, b->taps->len);
  for (guint k = 0; k < b->taps->len; k++)
    {
      const gint64 C = ((AssayRecordTap *) b->taps->pdata[k])->C, n = all.rows[k]->len / assay_store_type_width (type);
      g_autofree double *number = g_new (double, n);
      double *lo = g_new (double, C), *hi = g_new (double, C);

      g_assert_true (assay_store_convert (ASSAY_STORE_F64, number, type, all.rows[k]->data, (gsize) n, NULL));
      qsort (number, (gsize) n, sizeof *number, compare_numbers);
      for (gint64 c = 0; c < C; c++)
        {
          lo[c] = c % 4 == 0 || c % 4 == 1 ? -(double) INFINITY : number[(gint64) (share * (double) (n - 1))];
          hi[c] = c % 4 == 0 || c % 4 == 2 ? (double) INFINITY : number[n - 1 - (gint64) (share * (double) (n - 1))];
        }
      b->bounds[k] = (AssayRecordBounds) { lo, hi };
    }
  kept_clear (&all);
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
  kept->bounds = b->bounds;
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

/* --- entries --------------------------------------------------------------------------------------------------------------------- */

static void
check_entries (guint which, AssayDtype dtype, AssayStoreType type, const char *options, double share)
{
  g_autoptr (AssayBackend) device = open_device ();
  g_autoptr (Bench) b = bench_new (which, dtype, options);
  GError *error = NULL;
  guint outside = 0;
  Kept got, expected;

  bound (b, device, type, share);
  record (b, device, type, &got, &error);
  g_assert_no_error (error);
  expect (b, device, type, &expected);
  assert_same (&got, &expected);
  g_assert_true ((share < 0.5) == (got.n_listed > 0));            /* where there are too many, rows came */
  for (guint k = 0; k < b->taps->len; k++)
    {
      g_assert_cmpint (got.n[k], ==, b->rows->n);
      outside += got.rows[k]->len;
    }
  g_assert_cmpuint (outside, >, 0);
  kept_clear (&got);
  kept_clear (&expected);
}

static void
test_entries (void)
{
  for (guint k = 0; k < G_N_ELEMENTS (types); k++)
    {
      check_entries (GPT2, ASSAY_F32, types[k], "{\"taps\": [\"h.*\"], \"batch\": 4}", 0.04);
      check_entries (GPT2, ASSAY_F64, types[k], "{\"taps\": [\"h.0.mlp.*\", \"logits\"], \"batch\": 3}", 0.02);
    }
  check_entries (GPT2, ASSAY_F32, ASSAY_STORE_F16, "{\"taps\": [\"h.0.mlp.*\"], \"batch\": 4}", 1);
  check_entries (MLP, ASSAY_F32, ASSAY_STORE_F16, "{\"taps\": [\"fc*\"], \"batch\": 4}", 0.05);
}

#define LISTED 70               /* channels: no whole number of words */

/* Numbers that no walk gives, or seldom. */
static void
list_there (AssayBackend *device, AssayDtype dtype, guint type, const void *x, gint64 rows, const double *lo, const double *hi, gint64 before, gint64 room, char *value,
            gint32 *channel, gint64 *end)
{
  const gint64 words = (LISTED + 31) / 32;
  const gsize width = assay_dtype_width (dtype), stored = assay_store_type_width (types[type]);
  const gsize sizes[] = { (gsize) (rows * LISTED) * width, (gsize) rows * 8, LISTED * sizeof (double), LISTED * sizeof (double), 8,
                          (gsize) (rows * words) * 4, (gsize) rows * 8, (gsize) rows * 4, (gsize) rows * width, (gsize) room * stored, (gsize) room * 4 };
  const AssayShape row = ASSAY_SHAPE (rows), all = ASSAY_SHAPE (rows, LISTED), bounds = ASSAY_SHAPE (LISTED), mask = ASSAY_SHAPE (rows, words), entries = ASSAY_SHAPE (room);
  const AssayShape find_in[] = { all, row, bounds, bounds }, find_out[] = { mask, row, row, row }, list_in[] = { all, row, mask, ASSAY_SHAPE (1) }, list_out[] = { entries, entries, row };
  const double code = type;
  g_autofree gint64 *at = g_new (gint64, rows);
  gpointer there[G_N_ELEMENTS (sizes)];
  const void *here[] = { x, at, lo, hi, &before };

  for (gint64 r = 0; r < rows; r++)
    at[r] = rows - 1 - r;
  for (guint k = 0; k < G_N_ELEMENTS (sizes); k++)
    {
      g_assert_nonnull (there[k] = device->alloc (device, sizes[k], NULL));
      g_assert_true (k >= G_N_ELEMENTS (here) || device->copy_in (device, there[k], here[k], sizes[k], NULL));
    }
  {
    AssayOpCall find = { .n_in = 4, .n_out = 4, .in_shape = find_in, .out_shape = find_out, .attr = &code, .x = { there[0], there[1], there[2], there[3] },
                         .y = { there[5], there[6], there[7], there[8] } };
    AssayOpCall list = { .n_in = 4, .n_out = 3, .in_shape = list_in, .out_shape = list_out, .attr = &code, .x = { there[0], there[1], there[5], there[4] },
                         .y = { there[9], there[10], there[6] } };

    g_assert_true (device->run_op (device, "record_mask", ASSAY_FWD, dtype, &find, NULL) && device->run_op (device, "record_entries", ASSAY_FWD, dtype, &list, NULL));
  }
  g_assert_true (device->copy_out (device, end, there[6], sizes[6], NULL) && device->copy_out (device, value, there[9], sizes[9], NULL)
                 && device->copy_out (device, channel, there[10], sizes[10], NULL));
  for (guint k = 0; k < G_N_ELEMENTS (sizes); k++)
    device->release (device, there[k]);
}

/* Zeros of both signs, the least and the largest of each type, what rounds to the bound from either side, infinities and NaN; and entries behind the room are counted alone. */
static void
test_edges (gconstpointer data)
{
  static const double numbers[] = { 0, -0.0, 1, -1, 0x1p-24, -0x1p-24, 0x1p-133, 65504, -65504, 1 + 0x1p-11, 1 - 0x1p-12, 1 + 0x1.8p-11, 1 + 0x1p-8, -1 - 0x1p-9,
                                    0x1p-60, 3e38, INFINITY, -INFINITY, NAN, 0.5 };
  static const double bounds[] = { 0, -0.0, 1, -1, 0x1p-24, 65504, INFINITY, -INFINITY, 1 + 0x1p-10, NAN };
  const AssayDtype dtype = GPOINTER_TO_INT (data);
  enum { ROWS = 67, BEFORE = 5 };
  g_autoptr (AssayBackend) device = open_device ();
  g_autofree char *x = g_malloc (ROWS * LISTED * sizeof (double));
  double lo[LISTED], hi[LISTED];

  for (gint64 i = 0; i < ROWS * LISTED; i++)
    set_number (dtype, x, i, numbers[(i * 7 + i / LISTED) % (gint64) G_N_ELEMENTS (numbers)]);
  for (guint c = 0; c < LISTED; c++)
    {
      lo[c] = c % 3 == 0 ? -(double) INFINITY : -bounds[c % G_N_ELEMENTS (bounds)];
      hi[c] = c % 3 == 1 ? (double) INFINITY : bounds[(c / 2) % G_N_ELEMENTS (bounds)];
    }
  for (guint type = 0; type < G_N_ELEMENTS (types); type++)
    {
      const gsize stored = assay_store_type_width (types[type]);
      const gint64 room = 900;
      g_autofree char *value = g_malloc0 ((gsize) room * stored), *expected = g_malloc (LISTED * stored);
      g_autofree gint32 *channel = g_new0 (gint32, room);
      gint64 end[ROWS], n = BEFORE;

      list_there (device, dtype, type, x, ROWS, lo, hi, BEFORE, room, value, channel, end);
      for (gint64 r = 0; r < ROWS; r++)
        {
          double number[LISTED];

          g_assert_true (assay_store_convert (types[type], expected, dtype == ASSAY_F32 ? ASSAY_STORE_F32 : ASSAY_STORE_F64,
                                              x + (gsize) ((ROWS - 1 - r) * LISTED) * assay_dtype_width (dtype), LISTED, NULL)
                         && assay_store_convert (ASSAY_STORE_F64, number, types[type], expected, LISTED, NULL));
          for (gint64 c = 0; c < LISTED; c++)
            if (number[c] <= lo[c] || number[c] >= hi[c])
              {
                if (n < room)
                  {
                    g_assert_cmpint (channel[n], ==, c);
                    g_assert_cmpmem (value + (gsize) n * stored, stored, expected + (gsize) c * stored, stored);
                  }
                n++;
              }
          g_assert_cmpint (end[r], ==, n);
        }
      g_assert_cmpint (n, >, room);
    }
}

static AssayObject *
keep_sparse (Bench *b, AssayCase *cas, guint batches, GError **error)
{
  Stop stop = { .left = batches };
  AssayObject *object;

  b->recording.store = cas;
  b->recording.name = "rec";
  stop.progress = assay_progress_new (count_down, &stop);
  object = assay_record_sparse (&b->recording, stop.progress, error);
  assay_progress_free (stop.progress);
  return object;
}

static double *
read_numbers (AssayCase *cas, const char *kind, const char *name, const char *path, gint64 *n)
{
  GError *error = NULL;
  g_autoptr (AssayReader) reader = assay_reader_open (cas, kind, name, &error);
  double *numbers;

  g_assert_no_error (error);
  *n = assay_reader_get_object (reader)->rows;
  numbers = g_new (double, *n);
  g_assert_true (assay_reader_read (reader, path, ASSAY_STORE_F64, numbers, NULL));
  return numbers;
}

/* What is in the case is what the device's rows have, also where it was stopped on the way. */
static void
test_sparse (Room *room, gconstpointer unused)
{
  const double threshold = 0.5;
  g_autoptr (AssayBackend) device = open_device ();
  g_autoptr (Bench) b = bench_new (GPT2, ASSAY_F32, "{\"taps\": [\"h.0.attn.heads.pattern\", \"h.*.mlp.act\", \"logits\"], \"batch\": 2, \"threshold\": 0.5}");
  Kept all;

  (void) unused;
  g_assert_true (record (b, device, ASSAY_STORE_F16, &all, NULL));
  for (guint stops = 0; stops < 3; stops++)
    {
      g_autofree char *path = g_strdup_printf ("%s.%u", room->path, stops);
      GError *error = NULL;
      g_autoptr (AssayCase) cas = assay_case_create (path, &error);
      g_autoptr (AssayObject) object = NULL;

      for (guint k = 0; k < stops; k++)
        {
          g_autoptr (GError) fault = NULL;

          g_assert_null (keep_sparse (b, cas, 1, &fault));
          g_assert_error (fault, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
        }
      object = keep_sparse (b, cas, 0, &error);
      g_assert_no_error (error);
      g_assert_cmpint (object->rows, ==, b->rows->n);
      for (guint k = 0; k < b->taps->len; k++)
        {
          const AssayRecordTap *tap = b->taps->pdata[k];
          g_autofree char *name = g_strconcat ("rec/", tap->name, NULL), *end = g_strconcat ("/end/", tap->name, NULL);
          gint64 n, rows, at = 0;
          g_autofree double *ends = read_numbers (cas, "sparse", "rec", end, &rows), *value = read_numbers (cas, "sparse-entries", name, "/entries/value", &n);
          g_autofree double *unit = read_numbers (cas, "sparse-entries", name, "/entries/unit", &n), *number = g_new (double, rows * tap->C);

          g_assert_true (assay_store_convert (ASSAY_STORE_F64, number, ASSAY_STORE_F16, all.rows[k]->data, (gsize) (rows * tap->C), NULL));
          for (gint64 i = 0; i < rows * tap->C; i++)
            {
              if (fabs (number[i]) >= threshold)
                {
                  g_assert_cmpint (at, <, n);
                  g_assert_true (unit[at] == (double) (i % tap->C) && value[at] == number[i]);
                  at++;
                }
              if (i % tap->C == tap->C - 1)
                g_assert_cmpfloat (ends[i / tap->C], ==, (double) at);
            }
          g_assert_cmpint (at, ==, n);
          g_assert_cmpint (n, >, 0);
        }
    }
  kept_clear (&all);
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
test_memory (gconstpointer bounded)
{
  g_autoptr (Bench) b = bench_new (GPT2, ASSAY_F64, bounded ? "{\"taps\": [\"h.0.mlp.act\"], \"batch\": 5}" : "{\"taps\": [\"h.*.mlp.*\", \"logits\"], \"batch\": 5}");
  gsize too_little = 1 << 14, enough = ENOUGH / 2;
  gboolean fetched;
  guint n_fetched = 0;
  Kept whole;

  {
    g_autoptr (AssayBackend) device = open_device ();

    if (bounded)
      bound (b, device, ASSAY_STORE_F32, 0.02);
    g_assert_true (record (b, device, ASSAY_STORE_F32, &whole, NULL));
    g_assert_cmpuint (whole.n_fetched, ==, 0);
    g_assert_true ((whole.n_listed > 0) == (bounded != NULL));
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
fail_each (int with, AssayErrorCode expected, gboolean bounded)
{
  g_autoptr (Bench) b = bench_new (MLP, ASSAY_F32, "{\"taps\": [\"fc*\"], \"batch\": 4}");
  gint64 live = get_live ();
  guint failed = 0, tried = 0;
  guint64 n = 0, calls;
  Kept whole;

  {
    g_autoptr (AssayBackend) device = open_device ();

    if (bounded)
      bound (b, device, ASSAY_STORE_F16, 0.05);
    calls = get_calls ();
    g_assert_true (record (b, device, ASSAY_STORE_F16, &whole, NULL));
    n = get_calls () - calls;
  }
  for (guint64 k = 1; k <= n; k += bounded ? 11 : 3)               /* each opens a device */
    {
      g_autoptr (GError) error = NULL;
      Kept got;

      {
        g_autoptr (AssayBackend) device = open_device ();

        tried++;
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
  g_assert_cmpuint (failed, >, with == OUT_OF_MEMORY ? 0 : tried / 2);    /* where memory lacks rows may still come whole */
  kept_clear (&whole);
}

static void
test_fails_anywhere (gconstpointer bounded)
{
  fail_each (LAUNCH_FAILURE, ASSAY_ERROR_IO, bounded != NULL);
  fail_each (OUT_OF_MEMORY, ASSAY_ERROR_NO_MEMORY, bounded != NULL);
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
  g_test_add_func ("/record/entries are what lies outside the bounds, or rows come where these are many", test_entries);
  g_test_add_data_func ("/record/entries of odd numbers of f32 are the processor's", GINT_TO_POINTER (ASSAY_F32), test_edges);
  g_test_add_data_func ("/record/and of f64", GINT_TO_POINTER (ASSAY_F64), test_edges);
  g_test_add ("/record/sparse rows of a device are what its rows have, also when they were stopped", Room, NULL, room_enter, test_sparse, room_leave);
  g_test_add_data_func ("/record/with less memory rows are fetched whole, to the same bits", NULL, test_memory);
  g_test_add_data_func ("/record/and so are entries", GINT_TO_POINTER (TRUE), test_memory);
  g_test_add_data_func ("/record/whichever call fails, no wrong row is given and nothing is left behind", NULL, test_fails_anywhere);
  g_test_add_data_func ("/record/nor a wrong entry", GINT_TO_POINTER (TRUE), test_fails_anywhere);
  g_test_add_func ("/record/what a stored type cannot hold is told in the processor's words", test_unfit);
  return g_test_run ();
}
