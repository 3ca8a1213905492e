/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept_rows.c: an edit that changes nothing. */
#include "run/kept_rows.h"

#include "base/mem.h"

static void
keep_rows (const AssayGraphValue *value, void *data, gint64 position, gpointer user_data)
{
  AssayKeptRows *kept = user_data;

  if (!kept->is_whole)
    assay_dtype_convert (kept->dtype, data, ASSAY_F64, kept->rows + position * kept->width, value->shape.dim[1] * kept->width);
}

gboolean
assay_kept_rows_open (AssayKeptRows *kept, AssayDecoder *decoder, const char *name, gint64 n, GError **error)
{
  kept->dtype = assay_decoder_get_dtype (decoder);
  kept->width = assay_decoder_get_channels (decoder, name, error);
  return kept->width > 0 && (kept->rows = assay_mem_alloc_array (n * kept->width, sizeof (double), error)) != NULL;
}

gboolean
assay_kept_rows_watch (AssayKeptRows *kept, AssayDecoder *decoder, const char *name, gint64 n, GError **error)
{
  return assay_kept_rows_open (kept, decoder, name, n, error) && assay_decoder_set_edit (decoder, name, keep_rows, kept, error);
}

void
assay_kept_rows_clear (AssayKeptRows *kept)
{
  g_clear_pointer (&kept->rows, assay_mem_free);
}
