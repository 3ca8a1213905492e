/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_part.c: members of many summaries as columns, and back. */
#include "probes/units_part.h"

#include "base/error.h"
#include "base/mem.h"
#include "store/reader.h"
#include "store/shard.h"

#include <math.h>
#include <string.h>

#define KIND "summary-part"

/* A writer or a reader; a member of all units and its array meet in `buffer`. */
typedef struct {
  AssayShardWriter *writer;     /* NULL: reading */
  AssayReader *reader;
  AssayUnitSummary *unit;
  gint64 C, k;
  char *buffer;                 /* (C) of the widest member */
} Door;

static gboolean
pass (Door *door, const char *path, AssayStoreType type, gint64 columns, const char *axis, const char *description, GError **error)
{
  const AssayArraySpec spec = { .path = path, .type = type, .rank = 2, .dims = { door->C, columns }, .axes = { "unit", axis },
                                .long_name = strrchr (path, '/') + 1, .units = "1", .description = description };
  AssayArrayInfo info;

  if (door->writer != NULL)
    return assay_shard_writer_put (door->writer, &spec, type, door->buffer, error);
  if (!assay_reader_describe (door->reader, path, &info, error))
    return FALSE;
  if (info.rank == 2 && info.dims[0] == door->C && info.dims[1] == columns)
    return assay_reader_read (door->reader, path, type, door->buffer, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s/%s: %s: its shape is not that of the units", KIND, assay_reader_get_object (door->reader)->name, path);
  return FALSE;
}

static gboolean
pass_counts (Door *door, GError **error)
{
  const gsize bytes = sizeof door->unit->count;

  for (gint64 u = 0; door->writer != NULL && u < door->C; u++)
    memcpy (door->buffer + (gsize) u * bytes, door->unit[u].count, bytes);
  if (!pass (door, "/count", ASSAY_STORE_I64, ASSAY_UNIT_BINS, "bin", "rows in each bin", error))
    return FALSE;
  for (gint64 u = 0; door->reader != NULL && u < door->C; u++)
    memcpy (door->unit[u].count, door->buffer + (gsize) u * bytes, bytes);
  return TRUE;
}

/* Digits with all carries done, which is what merging leaves. */
static gboolean
pass_sums (Door *door, const char *path, gsize offset, GError **error)
{
  const gsize bytes = sizeof ((AssayExactSum *) NULL)->digit;

  for (gint64 u = 0; door->writer != NULL && u < door->C; u++)
    {
      AssayExactSum carried = { .pending = 0 };

      assay_exact_sum_merge (&carried, (const AssayExactSum *) (const void *) ((const char *) &door->unit[u] + offset));
      memcpy (door->buffer + (gsize) u * bytes, carried.digit, bytes);
    }
  if (!pass (door, path, ASSAY_STORE_I64, ASSAY_EXACT_DIGITS, "digit", "digits of 32 bits of a sum without rounding, the least first", error))
    return FALSE;
  for (gint64 u = 0; door->reader != NULL && u < door->C; u++)
    {
      AssayExactSum read = { .pending = 1 };

      memcpy (read.digit, door->buffer + (gsize) u * bytes, bytes);
      assay_exact_sum_merge ((AssayExactSum *) (void *) ((char *) &door->unit[u] + offset), &read);
    }
  return TRUE;
}

typedef enum { VALUE, EXAMPLE, POSITION } Member;

/* Eight bytes of a row; places without a row hold NaN and -1. */
static void
put_member (const AssayUnitBest *best, gint64 at, Member member, char *out)
{
  const gboolean is_there = (gsize) at < best->n;
  const double value = is_there ? best->row[at].value : (double) NAN;
  const gint64 whole = !is_there ? -1 : member == EXAMPLE ? best->row[at].example : best->row[at].position;

  memcpy (out, member == VALUE ? (const void *) &value : &whole, 8);
}

static gboolean
pass_rows (Door *door, const char *group, gboolean largest, GError **error)
{
  static const char *const names[] = { "value", "example", "position" };
  g_autofree AssayUnitRow *rows = g_new0 (AssayUnitRow, door->C * door->k);

  for (Member member = VALUE; member <= POSITION; member++)
    {
      g_autofree char *path = g_strconcat ("/", group, "/", names[member], NULL);

      for (gint64 i = 0; door->writer != NULL && i < door->C * door->k; i++)
        put_member (largest ? &door->unit[i / door->k].largest : &door->unit[i / door->k].smallest, i % door->k, member, door->buffer + i * 8);
      if (!pass (door, path, member == VALUE ? ASSAY_STORE_F64 : ASSAY_STORE_I64, door->k, "rank", "the best rows so far", error))
        return FALSE;
      for (gint64 i = 0; door->reader != NULL && i < door->C * door->k; i++)
        {
          gint64 whole;

          memcpy (&whole, door->buffer + i * 8, 8);
          if (member == VALUE)
            memcpy (&rows[i].value, door->buffer + i * 8, 8);
          else if (member == EXAMPLE)
            rows[i].example = whole;
          else
            rows[i].position = (gint32) whole;
        }
    }
  for (gint64 i = 0; door->reader != NULL && i < door->C * door->k; i++)
    if (rows[i].example >= 0)
      assay_unit_best_offer (largest ? &door->unit[i / door->k].largest : &door->unit[i / door->k].smallest, &rows[i]);
  return TRUE;
}

static gboolean
pass_all (Door *door, GError **error)
{
  gsize widest = MAX (sizeof door->unit->count, MAX (sizeof ((AssayExactSum *) NULL)->digit, (gsize) door->k * 8));
  gboolean fine;

  door->buffer = assay_mem_alloc_array ((guint64) door->C, widest, error);
  fine = door->buffer != NULL && pass_counts (door, error) && pass_sums (door, "/sum", offsetof (AssayUnitSummary, sum), error)
         && pass_sums (door, "/square", offsetof (AssayUnitSummary, square), error) && pass_rows (door, "largest", TRUE, error)
         && pass_rows (door, "smallest", FALSE, error);
  g_clear_pointer (&door->buffer, assay_mem_free);
  return fine;
}

gboolean
assay_units_part_save (AssayCase *cas, const char *name, json_t *identity, AssayUnitSummary *unit, gint64 C, gint64 rows, GError **error)
{
  json_t *meta = json_pack ("{s:O, s:I}", "walked", identity, "rows", (json_int_t) rows);
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, KIND, name, meta, error);
  g_autoptr (AssayObject) object = NULL;
  Door door = { .writer = writer, .unit = unit, .C = C, .k = unit[0].largest.k };

  json_decref (meta);
  for (gint64 u = 0; u < C; u++)
    {
      assay_unit_best_cut (&unit[u].largest);
      assay_unit_best_cut (&unit[u].smallest);
    }
  if (writer == NULL || !pass_all (&door, error))
    return FALSE;
  assay_shard_writer_set_rows (writer, C);
  object = assay_shard_writer_commit (writer, error);
  return object != NULL;
}

gboolean
assay_units_part_load (AssayCase *cas, const char *name, const json_t *identity, AssayUnitSummary *unit, gint64 C, gint64 *rows, GError **error)
{
  g_autoptr (AssayObject) object = assay_case_lookup (cas, KIND, name, NULL);
  g_autoptr (AssayReader) reader = NULL;
  Door door = { .unit = unit, .C = C, .k = unit[0].largest.k };

  *rows = 0;
  if (object == NULL || !json_equal (json_object_get (object->meta, "walked"), identity))
    return TRUE;
  reader = door.reader = assay_reader_new (cas, object, error);
  if (reader == NULL || !pass_all (&door, error))
    return FALSE;
  *rows = json_integer_value (json_object_get (object->meta, "rows"));
  for (gint64 u = 0; u < C; u++)
    unit[u].n = *rows;
  return TRUE;
}
