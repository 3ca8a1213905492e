/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units.c: exact histograms, quantiles and top-100 of every unit of 1e8 recorded values in half precision, read from the shards of a case.
 *
 *   bench/units SCRATCH [--units 3072] [--rows 32552] [--threads 2] [--rounds 7]
 *
 * First the parity gate: for some units everything is found again by sorting, value by value. Then every round opens the case, compares its
 * parts with the journal (SHA-256), reads and measures; the files are in the page cache. Beside it the limits: reading the recording without
 * doing anything with it, and a plain copy of as many bytes. Prints one JSON document.
 */
#include "base/isa.h"
#include "base/rng.h"
#include "bench/case_dir.h"
#include "probes/units.h"
#include "store/recorder.h"

#include <math.h>

#define K 100
#define MOST_ROUNDS 100
#define BLOCK 1024

static gint64 C = 3072, R = 32552;

/* GELU of normal numbers of another width for each unit. */
static void
fill (float *x, gint64 row)
{
  AssayRng rng = assay_rng_new (1, assay_rng_stream ("bench.units", (guint64) row));

  for (gint64 u = 0; u < C; u++)
    {
      guint64 bits = assay_rng_u64 (&rng);
      float z = 0;

      for (guint k = 0; k < 8; k++)
        z += (float) (bits >> 8 * k & 0xff);
      z = (z - 1020) / 209 * (0.25f + (float) (u % 8) / 2);
      x[u] = u % 5 == 0 ? fmaxf (z, 0) : 0.5f * z * (1 + erff (z * 0.70710678f));
    }
}

static void
make_case (const char *path)
{
  const AssayArraySpec arrays[] = {
    { .path = "/activations/h.0.mlp.act", .type = ASSAY_STORE_F16, .rank = 2, .dims = { 0, C }, .axes = { "row", "unit" }, .bulk = TRUE },
    { .path = "/index/example", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" } },
    { .path = "/index/position", .type = ASSAY_STORE_I32, .rank = 1, .axes = { "row" } } };
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_create (path, &error);
  g_autoptr (AssayRecorder) recorder = cas ? assay_recorder_new (cas, "activations", "bench", NULL, arrays, 3, &error) : NULL;
  g_autofree float *x = g_new (float, BLOCK * C);

  fail_on (error);
  assay_recorder_set_limits (recorder, 16 << 20, 64 << 20);
  for (gint64 first = 0; first < R; first += BLOCK)
    {
      gint64 n = MIN (BLOCK, R - first), example[BLOCK];
      gint32 position[BLOCK];

      for (gint64 i = 0; i < n; i++)
        {
          fill (x + i * C, first + i);
          example[i] = (first + i) / 128;
          position[i] = (gint32) ((first + i) % 128);
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

typedef struct { double value; gint64 row; } Entry;

static int
from_largest (gconstpointer a, gconstpointer b)
{
  const Entry *x = a, *y = b;

  if (x->value != y->value)
    return x->value > y->value ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

static gboolean
agrees (const AssayUnit *unit, Entry *e)
{
  gint64 bins[ASSAY_UNIT_BINS] = { 0 };
  double mean = 0, variance = 0;

  qsort (e, (gsize) R, sizeof *e, from_largest);
  for (gint64 i = 0; i < R; i++)
    {
      bins[assay_unit_histogram_find (e[i].value)]++;
      mean += e[i].value / (double) R;
    }
  for (gint64 i = 0; i < R; i++)
    variance += (e[i].value - mean) * (e[i].value - mean) / (double) R;
  for (gint64 k = 0; k < MIN (K, R); k++)
    if (unit->largest[k].value != e[k].value || unit->largest[k].example * 128 + unit->largest[k].position != e[k].row)
      return FALSE;
  for (guint q = 0; q < ASSAY_UNIT_N_QUANTILES; q++)
    if (unit->s.quantile[q] != e[R - (gint64) ceil (assay_unit_quantiles[q] * (double) R - 1e-9)].value)
      return FALSE;
  return memcmp (bins, unit->s.count, sizeof bins) == 0 && fabs (mean - unit->s.mean) < 1e-12 && fabs (variance - unit->s.variance) < 1e-12;
}

static AssayUnits *
measure (const char *path, AssayWorkers *workers)
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (path, ASSAY_CASE_READ, &error);
  g_autoptr (AssayReader) reader = cas ? assay_reader_open (cas, "activations", "bench", &error) : NULL;
  g_autoptr (AssayValues) options = assay_values_new (assay_units_params);
  AssayUnits *units = NULL;

  assay_values_set_text (options, "top", "100", &error);
  assay_values_set_text (options, "similar", "0", &error);
  if (reader != NULL)
    units = assay_units_measure (reader, "h.0.mlp.act", options, ASSAY_UNITS_MEMORY, workers, NULL, &error);
  fail_on (error);
  return units;
}

static double
time_reading (const char *path, guint16 *values)
{
  double start = seconds (CLOCK_MONOTONIC);
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (path, ASSAY_CASE_READ, &error);
  g_autoptr (AssayReader) reader = cas ? assay_reader_open (cas, "activations", "bench", &error) : NULL;

  if (reader != NULL)
    assay_reader_read (reader, "/activations/h.0.mlp.act", ASSAY_STORE_F16, values, &error);
  fail_on (error);
  return seconds (CLOCK_MONOTONIC) - start;
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
check_parity (const AssayUnits *units, const guint16 *values)
{
  g_autofree Entry *e = g_new (Entry, R);
  g_autofree double *column = g_new (double, R);
  g_autofree guint16 *bits = g_new (guint16, R);

  for (gint64 u = 0; u < C; u += MAX (1, C / 24))
    {
      for (gint64 i = 0; i < R; i++)
        bits[i] = values[i * C + u];
      assay_store_convert (ASSAY_STORE_F64, column, ASSAY_STORE_F16, bits, (gsize) R, NULL);
      for (gint64 i = 0; i < R; i++)
        e[i] = (Entry) { column[i], i };
      if (!agrees (&units->unit[u], e))
        {
          fprintf (stderr, "bench: unit %" G_GINT64_FORMAT " differs from what sorting finds: nothing is timed\n", u);
          exit (1);
        }
    }
}

int
main (int argc, char **argv)
{
  gint64 threads = 2, rounds = 7;
  double wall[MOST_ROUNDS], cpu[MOST_ROUNDS], reading[MOST_ROUNDS], copying[MOST_ROUNDS];
  g_autofree char *path = NULL;
  g_autoptr (AssayWorkers) workers = NULL;
  g_autoptr (AssayUnits) first = NULL;
  g_autofree guint16 *values = NULL, *copy = NULL;

  for (int k = 2; k + 1 < argc; k += 2)
    *(strcmp (argv[k], "--units") == 0 ? &C : strcmp (argv[k], "--rows") == 0 ? &R : strcmp (argv[k], "--threads") == 0 ? &threads : &rounds)
      = g_ascii_strtoll (argv[k + 1], NULL, 10);
  if (argc < 2 || C < 1 || R < 1 || threads < 1 || rounds < 1 || rounds > MOST_ROUNDS)
    {
      fprintf (stderr, "usage: bench/units SCRATCH [--units N] [--rows N] [--threads N] [--rounds N]\n");
      return 2;
    }
  path = g_build_filename (argv[1], "units.assay", NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    make_case (path);
  workers = assay_workers_new ((guint) threads);
  values = g_new (guint16, R * C);
  copy = g_new0 (guint16, R * C);
  time_reading (path, values);
  first = measure (path, workers);
  check_parity (first, values);
  for (gint64 k = 0; k < rounds; k++)
    {
      double start = seconds (CLOCK_MONOTONIC), used = seconds (CLOCK_PROCESS_CPUTIME_ID);

      assay_units_free (measure (path, workers));
      wall[k] = seconds (CLOCK_MONOTONIC) - start;
      cpu[k] = seconds (CLOCK_PROCESS_CPUTIME_ID) - used;
      reading[k] = time_reading (path, values);
      start = seconds (CLOCK_MONOTONIC);
      memcpy (copy, values, (gsize) (R * C) * sizeof *copy);
      copying[k] = seconds (CLOCK_MONOTONIC) - start;
    }
  qsort (wall, (gsize) rounds, sizeof *wall, ascending);
  qsort (cpu, (gsize) rounds, sizeof *cpu, ascending);
  qsort (reading, (gsize) rounds, sizeof *reading, ascending);
  qsort (copying, (gsize) rounds, sizeof *copying, ascending);
  {
    double load[1] = { NAN };
    int n = getloadavg (load, 1);

    printf ("{\"values\": %" G_GINT64_FORMAT ", \"units\": %" G_GINT64_FORMAT ", \"rows\": %" G_GINT64_FORMAT ", \"type\": \"f16\", \"top\": %d, \"threads\": %"
            G_GINT64_FORMAT ", \"isa\": \"%s\", \"rounds\": %" G_GINT64_FORMAT ",\n \"parity\": \"histogram, quantiles, top rows, mean, variance: equal\",\n"
            " \"wall_median\": %.4f, \"wall_least\": %.4f, \"wall_most\": %.4f, \"cpu_median\": %.4f,\n"
            " \"reading_alone_median\": %.4f, \"copy_median\": %.4f, \"load\": %.2f}\n",
            R * C, C, R, K, threads, assay_isa_get_name (), rounds, wall[rounds / 2], wall[0], wall[rounds - 1], cpu[rounds / 2],
            reading[rounds / 2], copying[rounds / 2], n == 1 ? load[0] : -1);
  }
  return copy[0] == values[0] ? 0 : 1;
}
