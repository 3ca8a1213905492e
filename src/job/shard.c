/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard.c: the part of a job that one of several processes does. */
#include "job/shard.h"

#include "base/error.h"

#include <string.h>

#define MOST_SHARDS 1000000

/* Digits alone, so that nothing is read that is not there. */
static gboolean
read_number (const char *text, gint64 *number)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &value, NULL))
    return FALSE;
  *number = (gint64) value;
  return TRUE;
}

gboolean
assay_shard_parse (const char *text, AssayShard *shard, GError **error)
{
  g_auto (GStrv) sides = g_strsplit (text, "/", -1);
  gint64 index, count;

  if (g_strv_length (sides) == 2 && read_number (sides[0], &index) && read_number (sides[1], &count) && index >= 1 && index <= count
      && count <= MOST_SHARDS)
    {
      *shard = (AssayShard) { index - 1, count };
      return TRUE;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "shard: I/N with I from 1 to N expected, as in 3/7; \"%s\" found", text);
  return FALSE;
}

/* TRUE with what was given or, where it was not, with the usual number. */
static gboolean
read_variable (const char *name, gint64 usual, gint64 *number, GError **error)
{
  const char *text = g_getenv (name);

  *number = usual;
  if (text == NULL || read_number (text, number))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "environment variable %s: a number expected, \"%s\" found; --shard I/N says it without Slurm", name, text);
  return FALSE;
}

gboolean
assay_shard_from_environment (AssayShard *shard, GError **error)
{
  gint64 id, least, step, count;

  *shard = (AssayShard) { 0, 0 };
  if (g_getenv ("SLURM_ARRAY_TASK_ID") == NULL || g_getenv ("SLURM_ARRAY_TASK_COUNT") == NULL)
    return TRUE;
  if (!read_variable ("SLURM_ARRAY_TASK_ID", 0, &id, error) || !read_variable ("SLURM_ARRAY_TASK_MIN", 0, &least, error)
      || !read_variable ("SLURM_ARRAY_TASK_STEP", 1, &step, error) || !read_variable ("SLURM_ARRAY_TASK_COUNT", 1, &count, error))
    return FALSE;
  if (step < 1 || id < least || (id - least) % step != 0 || (id - least) / step >= count || count > MOST_SHARDS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "Slurm array: tasks numbered evenly expected (--array=1-N), task %" G_GINT64_FORMAT " of %"
                   G_GINT64_FORMAT " from %" G_GINT64_FORMAT " found; give --shard I/N", id, count, least);
      return FALSE;
    }
  *shard = (AssayShard) { (id - least) / step, count };
  return TRUE;
}

gboolean
assay_shard_of (const AssayValues *values, AssayShard *shard, GError **error)
{
  const char *text = assay_values_get_string (values, ASSAY_SHARD_OPTION);

  return text ? assay_shard_parse (text, shard, error) : assay_shard_from_environment (shard, error);
}

void
assay_shard_slice (const AssayShard *shard, gint64 n, gint64 unit, gint64 *first, gint64 *end)
{
  gint64 units = (n + unit - 1) / unit, count = MAX (shard->count, 1);

  *first = MIN (n, units * shard->index / count * unit);
  *end = MIN (n, units * (shard->index + 1) / count * unit);
}

AssayShare *
assay_share_new (const AssayShard *shard)
{
  AssayShare *share = g_new0 (AssayShare, 1);

  share->shard = *shard;
  share->missing = g_new0 (gboolean, MAX (shard->count, 1));
  share->is_last = TRUE;
  return share;
}

void
assay_share_free (AssayShare *share)
{
  if (share == NULL)
    return;
  g_free (share->missing);
  g_free (share);
}

void
assay_share_add (AssayShare *share, const AssayShareRun *missing, guint n_missing, gint64 n, gint64 unit, gboolean is_last)
{
  /* Whoever did this list did those before it, since this process looked at them. */
  if (n_missing == 0)
    memset (share->missing, 0, share->shard.count * sizeof *share->missing);
  for (gint64 i = 0; i < share->shard.count; i++)
    {
      const AssayShard shard = { i, share->shard.count };
      gint64 first, end;

      assay_shard_slice (&shard, n, unit, &first, &end);
      for (guint k = 0; k < n_missing; k++)
        share->missing[i] |= missing[k].first < end && missing[k].end > first;
    }
  share->is_last = is_last;
}

/* How many of the n items begin before the row. */
static gint64
count_items (const gint64 *offset, gint64 n, gint64 row)
{
  gint64 lo = 0, hi = n;

  while (offset != NULL && lo < hi)
    {
      gint64 middle = lo + (hi - lo) / 2;

      if (offset[middle] < row)
        lo = middle + 1;
      else
        hi = middle;
    }
  return offset != NULL ? lo : MIN (row, n);
}

void
assay_share_add_recording (AssayShare *share, const AssayObject *object, gint64 n, const gint64 *offset, gboolean is_last)
{
  g_autoptr (GArray) missing = g_array_new (FALSE, FALSE, sizeof (AssayShareRun));
  const gint64 n_rows = offset ? offset[n] : n;
  gint64 first = 0, end = n_rows;

  for (; assay_object_find_gap (object, &first, &end); first = end, end = n_rows)
    {
      const AssayShareRun run = { count_items (offset, n, first + 1) - 1, count_items (offset, n, end) };

      g_array_append_val (missing, run);
    }
  assay_share_add (share, (const AssayShareRun *) missing->data, missing->len, n, 1, is_last);
}

gint64
assay_share_count_missing (const AssayShare *share)
{
  gint64 n = 0;

  for (gint64 i = 0; i < share->shard.count; i++)
    n += share->missing[i];
  return n;
}

char *
assay_share_describe (const AssayShare *share)
{
  gint64 N = share->shard.count, n = assay_share_count_missing (share), next = 0;

  if (n == 0 && share->next_stage != NULL)
    return g_strdup_printf ("all %" G_GINT64_FORMAT " parts of this stage are here; the same command goes on with %s", N, share->next_stage);
  if (n == 0)
    return g_strdup_printf ("all %" G_GINT64_FORMAT " parts are here; another process completes the job", N);
  while (!share->missing[next])
    next++;
  return g_strdup_printf ("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " parts are here; run with --shard %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT
                          "%s, or with --shard 1/1 for all that is missing%s%s", N - n, N, next + 1, N, n > 1 ? " and the others that are missing" : "",
                          share->next_stage ? "; then the same command goes on with " : "", share->next_stage ? share->next_stage : "");
}
