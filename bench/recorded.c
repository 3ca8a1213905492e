/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorded.c: one unit at every row, and one example at every unit, read from a recording in half precision whose files are in the page cache.
 *
 *   bench/recorded SCRATCH [--units 3072] [--rows 65536] [--rounds 50]
 *
 * First the parity gate: units and examples read are what the numbers were made of. Each round reads a unit of another column of tiles, and an example
 * of another part, so that nothing is answered from what was read before; the parts were compared with the journal once, as when a case is opened. Beside
 * it the limit: touching as many bytes as lie in the way. Prints one JSON document.
 */
#include "base/rng.h"
#include "bench/case_dir.h"
#include "run/recorded.h"
#include "store/recorder.h"

#include <math.h>

#define BLOCK 1024
#define POSITIONS 512           /* of an example */
#define MOST_ROUNDS 1000
#define TAP "h.0.mlp.act"

static gint64 C = 3072, R = 65536, rounds = 50;

/* A number that f16 holds, of row and unit. */
static float
number_of (gint64 row, gint64 unit)
{
  guint64 mixed = ((guint64) row * 3079 + (guint64) unit) * 0x9e3779b97f4a7c15u;

  return (float) ((gint64) (mixed >> 53) - 1024) / 512.0f;
}

static void
make_case (const char *path)
{
  const AssayArraySpec arrays[] = {
    { .path = "/activations/" TAP, .type = ASSAY_STORE_F16, .rank = 2, .dims = { 0, C }, .axes = { "row", "unit" }, .bulk = TRUE },
    { .path = "/index/example", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" } },
    { .path = "/index/position", .type = ASSAY_STORE_I32, .rank = 1, .axes = { "row" } } };
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_create (path, &error);
  g_autoptr (AssayRecorder) recorder = cas ? assay_recorder_new (cas, "activations", "bench", NULL, arrays, 3, &error) : NULL;
  g_autofree float *x = g_new (float, BLOCK * C);

  fail_on (error);
  assay_recorder_set_limits (recorder, CLAMP ((gsize) (R * C) * 2 / 16, 4u << 20, 64u << 20), 64 << 20);        /* as a recording of activations has them */
  for (gint64 first = 0; first < R; first += BLOCK)
    {
      gint64 n = MIN (BLOCK, R - first), example[BLOCK];
      gint32 position[BLOCK];

      for (gint64 i = 0; i < n; i++)
        {
          for (gint64 u = 0; u < C; u++)
            x[i * C + u] = number_of (first + i, u);
          example[i] = (first + i) / POSITIONS;
          position[i] = (gint32) ((first + i) % POSITIONS);
        }
      assay_recorder_append (recorder, 0, ASSAY_STORE_F32, x, n, &error);
      fail_on (error);
      assay_recorder_append (recorder, 1, ASSAY_STORE_I64, example, n, &error);
      fail_on (error);
      assay_recorder_append (recorder, 2, ASSAY_STORE_I32, position, n, &error);
      fail_on (error);
    }
  assay_object_unref (assay_recorder_finish (recorder, &error));
  fail_on (error);
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
read_unit (AssayRecorded *recorded, gint64 unit, float *out)
{
  GError *error = NULL;

  assay_recorded_read_unit (recorded, TAP, unit, ASSAY_STORE_F32, out, &error);
  fail_on (error);
}

static gint64
read_example (AssayRecorded *recorded, gint64 example, float *out)
{
  GError *error = NULL;
  gint64 first = 0, n = 0;

  assay_recorded_find_example (recorded, example, &first, &n, &error);
  fail_on (error);
  assay_recorded_read_rows (recorded, TAP, first, n, ASSAY_STORE_F32, out, &error);
  fail_on (error);
  return n;
}

static void
check_parity (AssayRecorded *recorded, float *unit, float *example)
{
  gint64 examples = R / POSITIONS;

  for (gint64 k = 0; k < 8; k++)
    {
      gint64 u = k * (C - 1) / 7, e = k * (examples - 1) / 7, n = read_example (recorded, e, example);
      gboolean fine = n == POSITIONS;

      read_unit (recorded, u, unit);
      for (gint64 r = 0; r < R; r++)
        fine &= unit[r] == number_of (r, u);
      for (gint64 i = 0; i < n * C; i++)
        fine &= example[i] == number_of (e * POSITIONS + i / C, i % C);
      if (fine)
        continue;
      fprintf (stderr, "bench: unit %" G_GINT64_FORMAT " or example %" G_GINT64_FORMAT " is not what was recorded: nothing is timed\n", u, e);
      exit (1);
    }
}

int
main (int argc, char **argv)
{
  double of_unit[MOST_ROUNDS], of_example[MOST_ROUNDS], cpu;
  g_autofree char *path = NULL;
  g_autofree float *unit = NULL, *example = NULL;
  g_autoptr (AssayCase) cas = NULL;
  g_autoptr (AssayReader) reader = NULL;
  g_autoptr (AssayRecorded) recorded = NULL;
  GError *error = NULL;
  double load[1] = { NAN };

  for (int k = 2; k + 1 < argc; k += 2)
    *(strcmp (argv[k], "--units") == 0 ? &C : strcmp (argv[k], "--rows") == 0 ? &R : &rounds) = g_ascii_strtoll (argv[k + 1], NULL, 10);
  if (argc < 2 || C < 1 || R < POSITIONS || rounds < 1 || rounds > MOST_ROUNDS)
    {
      fprintf (stderr, "usage: bench/recorded SCRATCH [--units N] [--rows N] [--rounds N]\n");
      return 2;
    }
  path = g_build_filename (argv[1], "recorded.assay", NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    make_case (path);
  cas = assay_case_open (path, ASSAY_CASE_READ, &error);
  fail_on (error);
  reader = assay_reader_open (cas, "activations", "bench", &error);
  fail_on (error);
  recorded = assay_recorded_open (reader, &error);
  fail_on (error);
  unit = g_new (float, R);
  example = g_new (float, POSITIONS * C);
  check_parity (recorded, unit, example);
  cpu = seconds (CLOCK_PROCESS_CPUTIME_ID);
  for (gint64 k = 0; k < rounds; k++)
    {
      double start = seconds (CLOCK_MONOTONIC);

      read_unit (recorded, (k * 257 + k / 12) % C, unit);
      of_unit[k] = seconds (CLOCK_MONOTONIC) - start;
      start = seconds (CLOCK_MONOTONIC);
      read_example (recorded, (k * 37) % (R / POSITIONS), example);
      of_example[k] = seconds (CLOCK_MONOTONIC) - start;
    }
  cpu = seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu;
  qsort (of_unit, (gsize) rounds, sizeof *of_unit, ascending);
  qsort (of_example, (gsize) rounds, sizeof *of_example, ascending);
  if (getloadavg (load, 1) != 1)
    load[0] = -1;
  printf ("{\"rows\": %" G_GINT64_FORMAT ", \"units\": %" G_GINT64_FORMAT ", \"type\": \"f16\", \"positions\": %d, \"rounds\": %" G_GINT64_FORMAT ",\n"
          " \"parity\": \"every number equal\",\n"
          " \"unit_ms_median\": %.3f, \"unit_ms_least\": %.3f, \"example_ms_median\": %.3f, \"example_ms_least\": %.3f, \"cpu_ms_of_both\": %.3f, \"load\": %.2f}\n",
          R, C, POSITIONS, rounds, 1e3 * of_unit[rounds / 2], 1e3 * of_unit[0], 1e3 * of_example[rounds / 2], 1e3 * of_example[0], 1e3 * cpu / (double) rounds, load[0]);
  return 0;
}
