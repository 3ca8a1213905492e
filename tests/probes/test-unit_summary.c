/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-unit_summary.c: what fits into fixed memory is what the tally of all values says, however the rows were cut, ordered and merged; and a
 * stream beside the walk says the same as the recorded rows. */
#include "../run/fixtures.h"
#include "recordings.h"

#include "base/error.h"
#include "probes/unit_kernel.h"
#include "probes/unit_summary.h"
#include "probes/units_store.h"
#include "probes/units_stream.h"

#include <math.h>

#define ROWS 1000

static const AssayStoreType types[] = { ASSAY_STORE_F16, ASSAY_STORE_BF16, ASSAY_STORE_F32, ASSAY_STORE_F64 };

static void
add_rows (AssayUnitSummary *summary, const Numbers *numbers, gint64 first, gint64 n)
{
  g_autofree gint16 *keys = g_new (gint16, n);
  g_autofree guint16 *bits = g_new (guint16, n);
  AssayUnitBlock block = { n, numbers->example + first, numbers->position + first, TRUE };

  for (gint64 i = 1; i < n; i++)
    block.ascending &= block.example[i - 1] * 3 + block.position[i - 1] < block.example[i] * 3 + block.position[i];
  if (!assay_unit_tally_counts (numbers->type))
    {
      assay_unit_summary_add (summary, NULL, numbers->value + first, &block);
      return;
    }
  g_assert_true (assay_store_convert (numbers->type, bits, ASSAY_STORE_F64, numbers->value + first, (gsize) n, NULL));
  for (gint64 i = 0; i < n; i++)
    keys[i] = assay_key_of_bits (bits[i]);
  assay_unit_summary_add (summary, keys, NULL, &block);
}

static void
assert_rows_equal (const AssayUnitRow *a, const AssayUnitRow *b, guint n)
{
  for (guint k = 0; k < n; k++)
    {
      g_assert_cmpfloat (a[k].value, ==, b[k].value);
      g_assert_cmpint (a[k].example, ==, b[k].example);
      g_assert_cmpint (a[k].position, ==, b[k].position);
    }
}

/* By brute force; *s, where it holds rows already, has the same bits. */
static void
assert_summary (AssayUnitSummary *summary, const Numbers *numbers, guint k, AssayUnitStatistics *s)
{
  AssayUnitStatistics found;
  AssayUnit expected;
  double mean = 0, variance = 0, size = 0;

  numbers_measure (numbers, 0, k, 1, 0, &expected);
  assay_unit_summary_finish (summary, &found);
  g_assert_cmpint (found.n, ==, numbers->R);
  g_assert_cmpint (found.nonzero, ==, expected.s.nonzero);
  g_assert_cmpmem (found.count, sizeof found.count, expected.s.count, sizeof expected.s.count);
  g_assert_cmpfloat (found.least, ==, expected.s.least);
  g_assert_cmpfloat (found.most, ==, expected.s.most);
  assert_rows_equal (summary->largest.row, expected.largest, k);
  assert_rows_equal (summary->smallest.row, expected.smallest, k);
  for (gint64 i = 0; i < numbers->R; i++)
    {
      mean += numbers->value[i];
      size += fabs (numbers->value[i]);
    }
  mean /= (double) numbers->R;
  g_assert_cmpfloat (fabs (found.mean - mean), <=, 1e-13 * size);
  for (gint64 i = 0; i < numbers->R; i++)
    variance += (numbers->value[i] - found.mean) * (numbers->value[i] - found.mean) / (double) numbers->R;
  g_assert_cmpfloat (fabs (found.variance - variance), <=, 1e-12 * variance);
  if (s->n > 0)
    {
      g_assert_cmpmem (&s->mean, sizeof s->mean, &found.mean, sizeof s->mean);
      g_assert_cmpmem (&s->variance, sizeof s->variance, &found.variance, sizeof s->variance);
    }
  *s = found;
  unit_clear (&expected);
}

static void
test_blocks (void)
{
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    for (guint64 seed = 0; seed < 3; seed++)
      {
        g_autoptr (Numbers) numbers = numbers_new (ROWS, 1, types[t], seed);
        AssayUnitStatistics s = { .n = 0 };

        for (gint64 step = 1; step <= ROWS; step = step * 7 + 3)
          {
            g_auto (AssayUnitSummary) summary;

            assay_unit_summary_init (&summary, types[t], 40);
            for (gint64 first = 0; first < ROWS; first += step)
              add_rows (&summary, numbers, first, MIN (step, ROWS - first));
            assert_summary (&summary, numbers, 40, &s);
          }
        numbers_shuffle (numbers, seed);                          /* s holds the unshuffled bits */
        {
          g_auto (AssayUnitSummary) summary;

          assay_unit_summary_init (&summary, types[t], 40);
          for (gint64 first = 0; first < ROWS; first += 100)
            add_rows (&summary, numbers, first, 100);
          assert_summary (&summary, numbers, 40, &s);
        }
      }
}

static void
test_merge (void)
{
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    for (guint cut = 1; cut < 1000; cut += 333)
      {
        g_autoptr (Numbers) numbers = numbers_new (ROWS, 1, types[t], 5);
        g_auto (AssayUnitSummary) whole, a, b;
        AssayUnitStatistics s = { .n = 0 };

        assay_unit_summary_init (&whole, types[t], 30);
        assay_unit_summary_init (&a, types[t], 30);
        assay_unit_summary_init (&b, types[t], 30);
        add_rows (&whole, numbers, 0, ROWS);
        assert_summary (&whole, numbers, 30, &s);
        add_rows (&a, numbers, 0, cut);
        add_rows (&b, numbers, cut, ROWS - cut);
        assay_unit_summary_merge (&b, &a);                        /* the later part first */
        assert_summary (&b, numbers, 30, &s);
      }
}

/* The largest numbers of a type cancel, and what is left is small: nothing of it is lost. */
static void
test_cancelling (void)
{
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    {
      g_autoptr (Numbers) numbers = numbers_new (6000, 1, types[t], 3);
      g_auto (AssayUnitSummary) summary;
      AssayUnitStatistics s;

      for (gint64 i = 0; i < 6000; i++)
        numbers_set (numbers, i, 0, i % 3 == 0 ? 60 * 1024 : i % 3 == 1 ? -60 * 1024 : 0x1p-14);
      assay_unit_summary_init (&summary, types[t], 5);
      for (gint64 first = 0; first < 6000; first += 5000)
        add_rows (&summary, numbers, first, MIN (5000, 6000 - first));
      assay_unit_summary_finish (&summary, &s);
      g_assert_cmpfloat (s.mean, ==, 2000 * 0x1p-14 / 6000);
      for (gint64 i = 0; i < 6000; i++)
        numbers_set (numbers, i, 0, 32768 + 32 * (i % 2));        /* far from 0 and near each other: the variance is 16^2, exactly */
      assay_unit_summary_clear (&summary);
      assay_unit_summary_init (&summary, types[t], 5);
      if (types[t] == ASSAY_STORE_BF16)
        continue;
      add_rows (&summary, numbers, 0, 6000);
      assay_unit_summary_finish (&summary, &s);
      g_assert_cmpfloat (s.mean, ==, 32784);
      g_assert_cmpfloat (s.variance, ==, 256);
    }
}

/* --- beside the walk ------------------------------------------------------------------------------------------------------- */

static AssayValues *
values_of (const AssayParam *table, const char *text)
{
  json_t *json = json_loads (text, 0, NULL);
  GError *error = NULL;
  AssayValues *values = assay_values_from_json (table, json, "options", &error);

  g_assert_no_error (error);
  json_decref (json);
  return values;
}

static void
assert_same_units (const AssayUnits *found, const AssayUnits *expected)
{
  g_assert_cmpint (found->R, ==, expected->R);
  g_assert_cmpint (found->C, ==, expected->C);
  g_assert_cmpint (found->n_best, ==, expected->n_best);
  for (gint64 u = 0; u < found->C; u++)
    {
      const AssayUnit *a = &found->unit[u], *b = &expected->unit[u];

      g_assert_cmpmem (a->s.count, sizeof a->s.count, b->s.count, sizeof b->s.count);
      g_assert_cmpint (a->s.nonzero, ==, b->s.nonzero);
      g_assert_cmpfloat (fabs (a->s.mean - b->s.mean), <=, 1e-14 * (1 + fabs (b->s.mean)));
      g_assert_cmpfloat (fabs (a->s.variance - b->s.variance), <=, 1e-13 * b->s.variance);
      assert_rows_equal (a->largest, b->largest, found->n_best);
      assert_rows_equal (a->smallest, b->smallest, found->n_best);
    }
}

static void
test_stream (Room *room, gconstpointer data)
{
  static const char *const names[] = { "h.0.mlp.act", "h.0.attn.heads.pattern", "logits" };
  g_autofree char *text = g_strdup_printf ("{\"taps\": [\"h.0.mlp.act\", \"*.pattern\", \"logits\"], \"batch\": 4, \"type\": \"%s\"}", (const char *) data);
  g_autoptr (AssayValues) recorded = values_of (assay_record_params, text), options = values_of (assay_units_params, "{\"top\": 7, \"similar\": 0}");
  g_autoptr (Fixture) f = fixture_transformer ("{}", 2);
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_create (room->path, &error);
  const AssayRecording recording = { .model = f->model, .dataset = f->dataset, .examples = f->training.train, .N = f->training.N, .options = recorded,
                                     .backend = f->backend, .store = cas, .name = "rec" };
  g_autoptr (AssayObject) object = assay_record_activations (&recording, NULL, &error);
  g_autoptr (AssayReader) reader = object ? assay_reader_new (cas, object, &error) : NULL;
  g_autoptr (AssayUnitsStream) stream = NULL;

  g_assert_no_error (error);
  stream = assay_units_stream_run (&recording, 7, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (stream->taps->len, ==, 3);
  for (guint k = 0; k < 3; k++)
    {
      const AssayUnits *units = NULL;
      g_autoptr (AssayUnits) expected = assay_units_measure (reader, names[k], options, ASSAY_UNITS_MEMORY, NULL, NULL, &error);

      g_assert_no_error (error);
      for (guint j = 0; j < 3; j++)
        units = strcmp (((AssayUnits *) stream->taps->pdata[j])->tap, names[k]) == 0 ? stream->taps->pdata[j] : units;
      assert_same_units (units, expected);
    }
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

static AssayUnitsStream *
stream_some (AssayCase *cas, const char *type, guint batches, GError **error)
{
  g_autofree char *text = g_strdup_printf ("{\"taps\": [\"h.0.mlp.act\", \"logits\"], \"batch\": 4, \"type\": \"%s\"}", type);
  g_autoptr (AssayValues) recorded = values_of (assay_record_params, text);
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  const AssayRecording recording = { .model = f->model, .dataset = f->dataset, .examples = f->training.train, .N = f->training.N, .options = recorded,
                                     .backend = f->backend, .store = cas, .name = "rec" };
  Stop stop = { .left = batches };
  AssayUnitsStream *stream;

  stop.progress = assay_progress_new (count_down, &stop);
  stream = assay_units_stream_run (&recording, 7, stop.progress, error);
  assay_progress_free (stop.progress);
  return stream;
}

/* Every bit: what was counted before the stops is in it, once. */
static void
test_stopped (Room *room, gconstpointer data)
{
  GError *error = NULL;
  g_autofree char *other = g_strconcat (room->path, ".whole", NULL);
  g_autoptr (AssayCase) cas = assay_case_create (room->path, &error), whole = assay_case_create (other, &error);
  g_autoptr (AssayUnitsStream) at_once = stream_some (whole, data, 0, &error), stopped = NULL;

  g_assert_no_error (error);
  for (guint k = 0; k < 2; k++)
    {
      g_autoptr (GError) fault = NULL;

      g_assert_null (stream_some (cas, data, 2, &fault));
      g_assert_error (fault, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
    }
  stopped = stream_some (cas, data, 1000, &error);
  g_assert_no_error (error);
  for (guint k = 0; k < 2; k++)
    {
      const AssayUnits *a = at_once->taps->pdata[k], *b = stopped->taps->pdata[k];

      assert_same_units (b, a);
      for (gint64 u = 0; u < a->C; u++)
        g_assert_true (a->unit[u].s.mean == b->unit[u].s.mean && a->unit[u].s.variance == b->unit[u].s.variance);
    }
}

static void
test_kept (Room *room, gconstpointer unused)
{
  g_autoptr (AssayValues) recorded = values_of (assay_record_params, "{\"taps\": [\"h.0.mlp.act\"]}");
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_create (room->path, &error);
  const AssayRecording recording = { .model = f->model, .dataset = f->dataset, .examples = f->training.train, .N = f->training.N, .options = recorded,
                                     .backend = f->backend, .store = cas, .name = "rec" };
  g_autoptr (AssayUnitsStream) stream = assay_units_stream_run (&recording, 3, NULL, &error);
  g_autoptr (AssayTapUnits) tap = assay_tap_units_new (), loaded = NULL;
  g_autoptr (AssayObject) object = NULL;

  (void) unused;
  g_assert_no_error (error);
  tap->units = g_ptr_array_steal_index (stream->taps, 0);
  object = assay_tap_units_save (tap, cas, "summary", "rec/h.0.mlp.act", NULL, &error);
  g_assert_no_error (error);
  loaded = assay_tap_units_load (cas, object, &error);
  g_assert_no_error (error);
  assert_same_units (loaded->units, tap->units);
  g_assert_cmpuint (loaded->units->n_bands, ==, 0);
  g_assert_cmpint (loaded->units->unit[0].s.n_distinct, ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/summary/counts, best rows and moments are those of sorting, in any blocks and any order", test_blocks);
  g_test_add_func ("/summary/parts merged give the bits of the whole", test_merge);
  g_test_add_func ("/summary/sums that cancel lose nothing", test_cancelling);
  g_test_add ("/summary/a stream beside the walk says what the recorded rows say", Room, "f16", room_enter, test_stream, room_leave);
  g_test_add ("/summary/in brain floats", Room, "bf16", room_enter, test_stream, room_leave);
  g_test_add ("/summary/in single precision", Room, "f32", room_enter, test_stream, room_leave);
  g_test_add ("/summary/a stream that was stopped twice has the bits of one that was not", Room, "f16", room_enter, test_stopped, room_leave);
  g_test_add ("/summary/also in double precision", Room, "f64", room_enter, test_stopped, room_leave);
  g_test_add ("/summary/what was kept of it comes back", Room, NULL, room_enter, test_kept, room_leave);
  return g_test_run ();
}
