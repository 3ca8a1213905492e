/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_npy.c: token numbers from NumPy arrays (N,T): each row is one sequence, and each position's target is the next token of its row.
 *
 * The last position has nothing to predict and weight 0. Names of the tokens come from a tokenizer.json, where one is given.
 */
#include "dataset/format_reader.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/tokenizer.h"
#include "dataset/vocabulary.h"
#include "store/npy.h"

#include <string.h>

#define MAX_TOKEN (1 << 24)

static AssayRecognition
recognise (const AssaySource *source)
{
  if (source->size >= 6 && memcmp (source->bytes, "\x93NUMPY", 6) == 0)
    return ASSAY_RECOGNISE_CONTENT;
  return assay_source_has_extension (source, "npy") ? ASSAY_RECOGNISE_NAME : ASSAY_RECOGNISE_NO;
}

static gboolean
check (const AssayNpy *npy, const char *file, gint64 T, GError **error)
{
  if (!assay_npy_is_integer (npy) || npy->rank != 2 || npy->dims[0] < 1 || npy->dims[1] < 2)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: integer token numbers of shape (sequences, positions) with two positions or more expected, "
                 "%s of rank %u found", file, assay_store_type_word (npy->type), npy->rank);
  else if (T > 0 && npy->dims[1] != T)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: sequences of %" G_GINT64_FORMAT " tokens expected as in the first file, %" G_GINT64_FORMAT
                 " found", file, T, npy->dims[1]);
  else
    return TRUE;
  return FALSE;
}

/* Rows from `row` on; *largest grows. */
static gboolean
fill (const AssayNpy *npy, const char *file, AssayColumn *column, gint64 row, gint64 *largest, GError **error)
{
  gint64 T = column->length;

  for (gint64 n = 0; n < npy->dims[0]; n++, row++)
    for (gint64 t = 0; t < T; t++)
      {
        gint64 value = assay_npy_get_integer (npy, (guint64) (n * T + t));

        if (value < 0 || value >= MAX_TOKEN)
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: sequence %" G_GINT64_FORMAT ", position %" G_GINT64_FORMAT ": a token number from 0 to %d "
                         "expected, %" G_GINT64_FORMAT " found", file, n, t, MAX_TOKEN - 1, value);
            return FALSE;
          }
        *largest = MAX (*largest, value);
        column->token[row * T + t] = (gint32) value;
        if (t > 0)
          column->target[row * T + t - 1] = (gint32) value;
        column->weight[row * T + t] = t + 1 < T;
      }
  return TRUE;
}

static gboolean
name_tokens (AssayColumn *column, const AssayValues *options, gint64 n, GError **error)
{
  const char *path = assay_values_get_string (options, "vocabulary");

  column->levels = path ? assay_vocabulary_read (path, n, error) : assay_vocabulary_new_numbers (n);
  return column->levels != NULL;
}

/* A file of spellings that is a whole tokenizer is kept as that. */
static void
take_tokenizer (AssayTable *table, const AssayValues *options)
{
  const char *path = assay_values_get_string (options, "vocabulary");
  g_autofree char *source = NULL;
  json_auto_t *document = path ? assay_tokenizer_read (path, &source, NULL) : NULL;
  g_autoptr (AssayTokenizer) tokenizer = document ? assay_tokenizer_new (document, source, NULL) : NULL;

  if (tokenizer != NULL)
    assay_table_take_tokenizer (table, json_incref (document));
}

static AssayTable *
read_npy (const GPtrArray *sources, const AssayValues *options, GError **error)
{
  g_autoptr (GPtrArray) arrays = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_npy_free);
  g_autoptr (AssayColumn) column = assay_column_new ("tokens", ASSAY_COLUMN_TOKENS);
  g_autoptr (AssayTable) table = NULL;
  gint64 n_rows = 0, row = 0, largest = 0;

  for (guint k = 0; k < sources->len; k++)
    {
      const AssaySource *source = sources->pdata[k];
      AssayNpy *npy = assay_npy_read (source->path, error);

      if (npy == NULL)
        return NULL;
      g_ptr_array_add (arrays, npy);
      if (!check (npy, source->name, column->length, error))
        return NULL;
      column->length = npy->dims[1];
      n_rows += npy->dims[0];
    }
  table = assay_table_new (n_rows, ASSAY_ORIGIN_RECORD, error);
  if (table == NULL || !assay_column_allocate (column, n_rows, error)
      || (column->weight = assay_mem_alloc_array (n_rows * column->length, sizeof (float), error)) == NULL)
    return NULL;
  for (guint k = 0; k < sources->len; k++)
    {
      const AssaySource *source = sources->pdata[k];
      const AssayNpy *npy = arrays->pdata[k];
      gint32 file = assay_table_add_file (table, source->name, source->sha256);

      if (!fill (npy, source->name, column, row, &largest, error))
        return NULL;
      for (gint64 n = 0; n < npy->dims[0]; n++)
        assay_table_set_origin (table, row++, file, n + 1);
    }
  take_tokenizer (table, options);
  return name_tokens (column, options, largest + 1, error) && assay_table_take_column (table, g_steal_pointer (&column), error)
         ? g_steal_pointer (&table) : NULL;
}

const AssayFormatReader assay_format_reader_npy = {
  .name = "npy",
  .help = "token numbers (sequences, positions) as NumPy writes them, for language models",
  .recognise = recognise,
  .read = read_npy,
};
