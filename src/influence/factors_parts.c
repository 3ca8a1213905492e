/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_parts.c: sums of stretches in a recording, and their total in order. */
#include "influence/factors_parts.h"

#include "base/isa.h"
#include "base/mem.h"
#include "store/reader.h"

#define KIND "factors-part"
#define PATH "/sums/total"

static const char *const stages[] = { "moments", "spectrum" };

gboolean
assay_factors_parts_exist (AssayCase *cas, const char *name)
{
  gboolean exist = FALSE;

  for (gsize k = 0; k < G_N_ELEMENTS (stages); k++)
    {
      g_autofree char *part = g_strconcat (name, "/", stages[k], NULL);

      exist = exist || assay_case_has (cas, KIND, part);
    }
  return exist;
}

static AssayRecorder *
open_recorder (const AssayFactorsParts *parts, const char *name, gint64 n, gint64 width, GError **error)
{
  const AssayArraySpec array = { .path = PATH, .type = ASSAY_STORE_F64, .rank = 2, .dims = { 0, width }, .axes = { "stretch", "sum" },
                                 .long_name = "sums over a stretch of the examples" };
  json_t *meta = json_pack ("{s:O, s:s, s:s, s:I}", "identity", parts->identity, "device", parts->backend->name, "isa", assay_isa_get_name (), "stretches", (json_int_t) n);
  AssayRecorder *recorder = assay_recorder_new (parts->cas, KIND, name, meta, &array, 1, error);

  json_decref (meta);
  return recorder;
}

static gboolean
record (AssayRecorder *recorder, gint64 first, gint64 last, AssayFactorsCompute compute, gpointer data, double *sums, GError **error)
{
  gboolean found = TRUE;

  for (gint64 end = last; found; end = last)
    {
      if (!assay_recorder_move (recorder, &first, &end, &found, error))
        return FALSE;
      for (; found && first < end; first++)
        if (!compute (data, first, sums, error) || !assay_recorder_append (recorder, 0, ASSAY_STORE_F64, sums, 1, error)
            || !assay_recorder_flush (recorder, error))           /* a stretch takes long: a kill costs no more than one */
          return FALSE;
    }
  return TRUE;
}

static gboolean
add_up (AssayCase *cas, AssayObject *object, gint64 n, gint64 width, double *sums, double *total, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_new (cas, object, error);

  for (gint64 i = 0; i < width; i++)
    total[i] = 0;
  for (gint64 k = 0; k < n; k++)
    {
      const gint64 start[2] = { k, 0 }, count[2] = { 1, width };

      if (reader == NULL || !assay_reader_read_box (reader, PATH, start, count, ASSAY_STORE_F64, sums, error))
        return FALSE;
      for (gint64 i = 0; i < width; i++)
        total[i] += sums[i];
    }
  return TRUE;
}

static gboolean
sum (gpointer self, const char *stage, gint64 n, gint64 width, AssayFactorsCompute compute, gpointer data, double *total, gboolean *whole, GError **error)
{
  const AssayFactorsParts *parts = self;
  g_autofree char *name = g_strconcat (parts->name, "/", stage, NULL);
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (width, sizeof (double), error);
  g_autoptr (AssayRecorder) recorder = memory ? open_recorder (parts, name, n, width, error) : NULL;
  g_autoptr (AssayObject) object = NULL;
  gint64 first = 0, end = n;
  gboolean is_last;

  if (parts->share != NULL)
    parts->share->choose (parts->share->data, n, &first, &end);
  if (recorder == NULL || !record (recorder, first, end, compute, data, memory, error)
      || !assay_recorder_end_share (recorder, n, &object, &is_last, error))
    return FALSE;
  *whole = object != NULL && object->complete;
  if (parts->share != NULL)
    parts->share->done (parts->share->data, object, n, is_last);
  return !*whole || add_up (parts->cas, object, n, width, memory, total, error);
}

AssayFactorsSummer
assay_factors_parts_summer (AssayFactorsParts *parts)
{
  return (AssayFactorsSummer) { .sum = sum, .data = parts };
}
