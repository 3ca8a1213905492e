/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-units.c: units of recordings in many parts, by any crew and instruction set, in memory or not; planted twins; recordings that are wrong. */
#include "recordings.h"

#include "base/isa.h"

#include <math.h>

#define ROWS 700                   /* rows: more than two tiles */
#define UNITS 300                   /* units: more than a stripe */

static AssayValues *
options_of (const char *text)
{
  json_t *json = json_loads (text, 0, NULL);
  GError *error = NULL;
  AssayValues *values = assay_values_from_json (assay_units_params, json, "options", &error);

  g_assert_no_error (error);
  json_decref (json);
  return values;
}

static AssayUnits *
measure (AssayCase *cas, const char *name, const char *options_text, gsize memory, guint threads, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "activations", name, error);
  g_autoptr (AssayWorkers) workers = assay_workers_new (threads);
  g_autoptr (AssayValues) options = options_of (options_text);

  return reader ? assay_units_measure (reader, "h.0.mlp.act", options, memory, workers, NULL, error) : NULL;
}

static AssayUnits *
measure_well (AssayCase *cas, const char *name, const char *options, gsize memory, guint threads)
{
  GError *error = NULL;
  AssayUnits *units = measure (cas, name, options, memory, threads, &error);

  g_assert_no_error (error);
  return units;
}

static void
test_oracle (Room *room, gconstpointer unused)
{
  static const AssayStoreType types[] = { ASSAY_STORE_F16, ASSAY_STORE_BF16, ASSAY_STORE_F32, ASSAY_STORE_F64 };
  g_autoptr (AssayCase) cas = new_case (room);

  (void) unused;
  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    {
      g_autoptr (Numbers) numbers = numbers_new (ROWS, UNITS, types[t], t);
      g_autoptr (AssayUnits) units = NULL;
      const char *name = assay_store_type_word (types[t]);

      numbers_record (numbers, cas, name, 270);
      units = measure_well (cas, name, "{\"top\": 25, \"bands\": 6, \"band-examples\": 3, \"similar\": 0}", ASSAY_UNITS_MEMORY, 2);
      g_assert_cmpint (units->C, ==, UNITS);
      for (gint64 u = 0; u < UNITS; u += 13)
        {
          AssayUnit expected;

          numbers_measure (numbers, u, 25, 6, 3, &expected);
          assert_unit (&units->unit[u], &expected, 25, 6, 3);
          unit_clear (&expected);
        }
    }
}

/* Plants what the search for equals must find: 20 = 10, 40 = -10, 50 = 3 * 10, 60 nearly 10, 70 dead, 80 constant, 90 = 70. */
static void
plant (Numbers *numbers)
{
  for (gint64 i = 0; i < numbers->R; i++)
    {
      double x = numbers->value[i * UNITS + 10] / 4;                  /* thrice it still fits */

      numbers_set (numbers, i, 10, x);
      numbers_set (numbers, i, 20, numbers->value[i * UNITS + 10]);
      numbers_set (numbers, i, 40, -numbers->value[i * UNITS + 10]);
      numbers_set (numbers, i, 60, numbers->value[i * UNITS + 10] + (i == 300 ? 0.25 : 0));
      numbers_set (numbers, i, 50, 2 * numbers->value[i * UNITS + 10]);
      numbers_set (numbers, i, 70, i % 2 ? 0.0 : -0.0);
      numbers_set (numbers, i, 80, 0.5);
      numbers_set (numbers, i, 90, 0);
    }
}

static void
test_same_bits (Room *room, gconstpointer unused)
{
  const char *options = "{\"top\": 20, \"similar\": 0.9}";
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Numbers) numbers = numbers_new (ROWS, UNITS, ASSAY_STORE_F16, 3), wide = numbers_new (ROWS, UNITS, ASSAY_STORE_F32, 3);
  g_autoptr (AssayUnits) first = NULL, first_wide = NULL;
  const char *isa = assay_isa_get_name ();

  (void) unused;
  plant (numbers);
  plant (wide);
  numbers_record (numbers, cas, "in order", ROWS);
  numbers_record (wide, cas, "wide", ROWS);
  first = measure_well (cas, "in order", options, ASSAY_UNITS_MEMORY, 1);
  first_wide = measure_well (cas, "wide", options, ASSAY_UNITS_MEMORY, 1);
  for (guint64 seed = 1; seed <= 3; seed++)
    {
      g_autofree char *name = g_strdup_printf ("shuffled %d", (int) seed), *name_wide = g_strconcat (name, " wide", NULL);

      numbers_shuffle (numbers, seed);
      numbers_shuffle (wide, seed);
      numbers_record (numbers, cas, name, 64 * (gint64) seed + 5);
      numbers_record (wide, cas, name_wide, 64 * (gint64) seed + 5);
      for (guint threads = 1; threads <= 3; threads++)
        {
          g_autoptr (AssayUnits) again = measure_well (cas, name, options, ASSAY_UNITS_MEMORY, threads);
          g_autoptr (AssayUnits) blocks = measure_well (cas, name, options, 100 * 256 * 2, threads);        /* 100 rows at a time */
          g_autoptr (AssayUnits) again_wide = measure_well (cas, name_wide, options, 8 * ROWS * 40, threads);  /* 40 units at a time */

          assert_same (again, first);
          assert_same (blocks, first);
          assert_same (again_wide, first_wide);
        }
    }
  for (const char *const *other = assay_isa_list (); *other != NULL; other++)
    {
      g_autoptr (AssayUnits) again = NULL;

      g_assert_true (assay_isa_set (*other, NULL));
      again = measure_well (cas, "in order", options, ASSAY_UNITS_MEMORY, 2);
      assert_same (again, first);
    }
  g_assert_true (assay_isa_set (isa, NULL));
}

static const AssayUnitPair *
find_pair (const AssayUnits *units, gint64 unit, gint64 other)
{
  for (guint k = 0; k < units->pairs->len; k++)
    {
      const AssayUnitPair *pair = &g_array_index (units->pairs, AssayUnitPair, k);

      if (pair->unit == unit && pair->other == other)
        return pair;
    }
  return NULL;
}

static double
cosine (const Numbers *numbers, gint64 a, gint64 b)
{
  double ab = 0, aa = 0, bb = 0;

  for (gint64 i = 0; i < numbers->R; i++)
    {
      double x = numbers->value[i * numbers->C + a], y = numbers->value[i * numbers->C + b];

      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
  return ab / sqrt (aa * bb);
}

static void
test_planted (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Numbers) numbers = numbers_new (ROWS, UNITS, ASSAY_STORE_F16, 4);
  g_autoptr (AssayUnits) units = NULL, without = NULL;
  guint n = 0;

  (void) unused;
  plant (numbers);
  numbers_record (numbers, cas, "rec", 256);
  units = measure_well (cas, "rec", "{\"top\": 3, \"similar\": 0.9}", ASSAY_UNITS_MEMORY, 2);
  g_assert_null (units->similar_missing);
  for (gint64 u = 0; u < UNITS; u++)
    {
      g_assert_cmpint (units->unit[u].twin, ==, u == 20 ? 10 : -1);
      g_assert_cmpint (assay_unit_is_dead (&units->unit[u]), ==, u == 70 || u == 90);
      g_assert_cmpint (assay_unit_is_constant (&units->unit[u]), ==, u == 80);
    }
  for (gint64 a = 0; a < UNITS; a++)                                  /* every pair, by the definition */
    for (gint64 b = a + 1; b < UNITS; b++)
      {
        gboolean counts = a != 20 && b != 20 && a != 70 && b != 70 && a != 80 && b != 80 && a != 90 && b != 90;
        double expected = counts ? cosine (numbers, a, b) : 0;
        const AssayUnitPair *pair = find_pair (units, a, b);

        g_assert_cmpint (pair != NULL, ==, fabs (expected) >= 0.9);
        if (pair != NULL)
          g_assert_cmpfloat (fabs (pair->cosine - expected), <=, 1e-13);
        n += pair != NULL;
      }
  g_assert_cmpuint (n, ==, units->pairs->len);
  g_assert_cmpfloat (find_pair (units, 10, 40)->cosine, ==, -1);
  g_assert_cmpfloat (find_pair (units, 10, 50)->cosine, ==, 1);
  g_assert_nonnull (find_pair (units, 10, 60));
  without = measure_well (cas, "rec", "{\"top\": 3, \"similar\": 0}", ASSAY_UNITS_MEMORY, 1);
  g_assert_cmpuint (without->pairs->len, ==, 0);
  g_assert_cmpint (without->unit[20].twin, ==, 10);
}

/* Units with the same multiset of values in another order are no twins; of three with it, two that agree are found. */
static void
test_false_twins (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Numbers) numbers = numbers_new (ROWS, UNITS, ASSAY_STORE_F16, 6);
  g_autoptr (AssayUnits) units = NULL;

  (void) unused;
  for (gint64 i = 0; i < ROWS; i++)
    {
      numbers_set (numbers, i, 7, numbers->value[(ROWS - 1 - i) * UNITS + 5]);
      numbers_set (numbers, i, 9, numbers->value[(ROWS - 1 - i) * UNITS + 5]);
    }
  numbers_record (numbers, cas, "rec", ROWS);
  units = measure_well (cas, "rec", "{\"top\": 1, \"similar\": 0.9}", ASSAY_UNITS_MEMORY, 1);
  g_assert_cmpint (units->unit[7].twin, ==, -1);
  g_assert_cmpint (units->unit[9].twin, ==, 7);
}

/* --- what is wrong --------------------------------------------------------------------------------------------------- */

static void
test_refusals (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Numbers) numbers = numbers_new (ROWS, UNITS, ASSAY_STORE_F16, 4);
  g_autoptr (AssayReader) reader = NULL;
  g_autoptr (AssayValues) options = options_of ("{}");
  GError *error = NULL;

  (void) unused;
  numbers_record (numbers, cas, "good", ROWS);
  reader = assay_reader_open (cas, "activations", "good", NULL);
  g_assert_null (assay_units_measure (reader, "h.0.mlp.acts", options, ASSAY_UNITS_MEMORY, NULL, NULL, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "no tap h.0.mlp.acts", "did you mean h.0.mlp.act?");
  g_assert_null (measure (cas, "bad", "{}", ASSAY_UNITS_MEMORY, 1, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "bad", "good");
  numbers_set (numbers, 650, 270, NAN);
  numbers_set (numbers, 500, 299, INFINITY);
  numbers_set (numbers, 500, 298, NAN);
  numbers_record (numbers, cas, "nan", 128);
  for (guint threads = 1; threads <= 2; threads++)
    for (gsize memory = 200 * 512; memory <= ASSAY_UNITS_MEMORY; memory *= 5000)
      {
        g_assert_null (measure (cas, "nan", "{}", memory, threads, &error));
        expect_error (&error, ASSAY_ERROR_NAN, "recording nan", "example 337 position 2 unit 298 is not a finite number");
      }
}

static void
test_damaged_part (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Numbers) numbers = numbers_new (ROWS, UNITS, ASSAY_STORE_F16, 4);
  g_autoptr (AssayObject) object = NULL;
  g_autofree char *file = NULL, *path = NULL, *bytes = NULL;
  GError *error = NULL;
  gsize n;

  (void) unused;
  numbers_record (numbers, cas, "rec", 256);
  object = assay_case_lookup (cas, "activations", "rec", NULL);
  file = g_strdup (object->parts[1]->file);
  path = path_in_case (room, file);
  g_clear_pointer (&cas, assay_case_free);
  load (path, &bytes, &n);
  bytes[n / 2] ^= 1;
  g_chmod (path, 0644);
  save (path, bytes, n);
  cas = open_case (room, ASSAY_CASE_READ);
  g_assert_null (measure (cas, "rec", "{}", ASSAY_UNITS_MEMORY, 1, &error));
  expect_error (&error, ASSAY_ERROR_DAMAGED, file, "SHA-256");
}

static void
stop_at_once (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  (void) stage, (void) done, (void) total, (void) unit, (void) note;
  assay_progress_cancel (*(AssayProgress **) data, ASSAY_ERROR_INTERRUPTED);
}

static void
test_stopped (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Numbers) numbers = numbers_new (ROWS, UNITS, ASSAY_STORE_F16, 4);
  g_autoptr (AssayReader) reader = NULL;
  g_autoptr (AssayValues) options = options_of ("{}");
  AssayProgress *progress = NULL;
  GError *error = NULL;

  (void) unused;
  numbers_record (numbers, cas, "rec", ROWS);
  reader = assay_reader_open (cas, "activations", "rec", NULL);
  progress = assay_progress_new (stop_at_once, &progress);
  g_assert_null (assay_units_measure (reader, "h.0.mlp.act", options, ASSAY_UNITS_MEMORY, NULL, progress, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
  g_clear_error (&error);
  assay_progress_free (progress);
}

static void
test_taps (Room *room, gconstpointer unused)
{
  static const char *const names[] = { "h.10.mlp.act", "h.2.mlp.act", "h.02.mlp.act", "act" }, *const sorted[] = { "act", "h.02.mlp.act", "h.2.mlp.act",
                                                                                                              "h.10.mlp.act" };
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, "activations", "rec", NULL, NULL);
  g_autoptr (AssayReader) reader = NULL;
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (GPtrArray) taps = NULL;
  GError *error = NULL;

  (void) unused;
  for (guint k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *path = g_strconcat ("/activations/", names[k], NULL);

      assay_shard_writer_put (writer, &(AssayArraySpec) { .path = path, .type = ASSAY_STORE_F32, .rank = 2, .dims = { 1, 1 } }, ASSAY_STORE_F32,
                              (float[]) { 1 }, &error);
      g_assert_no_error (error);
    }
  object = assay_shard_writer_commit (writer, &error);
  g_assert_no_error (error);
  reader = assay_reader_new (cas, object, &error);
  taps = assay_units_list_taps (reader);
  g_assert_cmpuint (taps->len, ==, G_N_ELEMENTS (sorted));
  for (guint k = 0; k < taps->len; k++)
    g_assert_cmpstr (taps->pdata[k], ==, sorted[k]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/units/statistics, best rows and draws are those of brute force, for every stored type", test_oracle);
  ADD ("/units/the same bits for any order, parts, threads, memory and instruction set", test_same_bits);
  ADD ("/units/planted twins, opposites, dead and constant units are found, and no others", test_planted);
  ADD ("/units/equal statistics do not make a twin", test_false_twins);
  ADD ("/units/what cannot be measured is refused by name", test_refusals);
  ADD ("/units/a damaged part is named", test_damaged_part);
  ADD ("/units/a measurement can be stopped", test_stopped);
  ADD ("/units/taps are listed with numbers in their order", test_taps);
  return g_test_run ();
}
