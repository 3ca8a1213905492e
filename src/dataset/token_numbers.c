/* SPDX-License-Identifier: GPL-3.0-or-later */
/* token_numbers.c: files of token numbers, each cut into windows by itself. */
#include "dataset/token_numbers.h"

#include "base/error.h"
#include "dataset/sequences.h"
#include "dataset/vocabulary.h"

#include <string.h>

#define MAX_TOKEN (1 << 24)

static guint32
get_number (const guint8 *bytes, gsize width)
{
  guint16 narrow;
  guint32 wide;

  if (width == sizeof narrow)
    {
      memcpy (&narrow, bytes, sizeof narrow);
      return GUINT16_FROM_LE (narrow);
    }
  memcpy (&wide, bytes, sizeof wide);
  return GUINT32_FROM_LE (wide);
}

static gboolean
add_file (AssaySequences *rows, const AssaySource *source, guint file, gsize width, guint32 most, guint32 *largest, GError **error)
{
  if (source->size % width != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: numbers of %" G_GSIZE_FORMAT " bytes expected, %" G_GSIZE_FORMAT " bytes found at the end, at byte %" G_GSIZE_FORMAT,
                   source->name, width, source->size % width, source->size - source->size % width);
      return FALSE;
    }
  assay_sequences_begin (rows, (gint32) file, 1);
  for (gsize at = 0; at < source->size; at += width)
    {
      guint32 number = get_number (source->bytes + at, width);

      if (number > most)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: byte %" G_GSIZE_FORMAT ": a token number from 0 to %u expected, %u found; are these numbers of %" G_GSIZE_FORMAT
                       " bytes, and is the vocabulary theirs?", source->name, at, most, number, width);
          return FALSE;
        }
      *largest = MAX (*largest, number);
      assay_sequences_add (rows, (gint32) number, (gint64) at, TRUE);
    }
  assay_sequences_finish_text (rows);
  if (assay_sequences_get_n_windows (rows) > 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %" G_GINT64_FORMAT " tokens found, at least %" G_GINT64_FORMAT " (--context and one target) expected; use a smaller --context",
               source->name, assay_sequences_get_n_tokens (rows), assay_sequences_get_span (rows));
  return FALSE;
}

/* *most: the largest number that may be; *document: of the tokenizer, where one is named. NULL without an error: whatever is found. */
static GPtrArray *
read_names (const AssayValues *options, guint32 *most, json_t **document, GError **error)
{
  const char *path = assay_values_get_string (options, "tokenizer"), *file = assay_values_get_string (options, "vocabulary");
  g_autofree char *source = NULL;
  json_t *read = path ? assay_tokenizer_read (path, &source, error) : NULL;
  g_autoptr (AssayTokenizer) tokenizer = read ? assay_tokenizer_new (read, source, error) : NULL;
  GPtrArray *names;

  *document = read;
  *most = MAX_TOKEN - 1;
  if (path == NULL && file == NULL)
    return NULL;
  names = tokenizer ? assay_vocabulary_new_of (tokenizer) : path ? NULL : assay_vocabulary_read (file, 1, error);
  if (names != NULL)
    *most = names->len - 1;
  return names;
}

static gboolean
check_options (const AssayValues *options, GError **error)
{
  static const char *const others[] = { "id", "separator" };

  for (gsize k = 0; k < G_N_ELEMENTS (others); k++)
    if (assay_values_get_string (options, others[k]) != NULL)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: does not apply to token numbers, which are cut into windows", others[k]);
        return FALSE;
      }
  return TRUE;
}

AssayTable *
assay_token_numbers_read (const GPtrArray *sources, const AssayValues *options, gsize width, GError **error)
{
  const gint64 T = assay_values_get_int (options, "context"), stride = assay_values_get_int (options, "stride");
  const AssaySequenceOptions layout = { .layout = ASSAY_SEQUENCES_WINDOWS, .T = T, .stride = stride ? stride : T, .begin = -1, .end = -1 };
  g_autoptr (AssaySequences) rows = assay_sequences_new (&layout);
  g_autoptr (AssayTable) table = NULL;
  g_autoptr (GPtrArray) names = NULL;
  guint32 most, largest = 0;
  GError *fault = NULL;
  json_auto_t *document = NULL;

  if (!check_options (options, error))
    return NULL;
  names = read_names (options, &most, &document, &fault);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return NULL;
    }
  for (guint k = 0; k < sources->len; k++)
    if (!add_file (rows, sources->pdata[k], k, width, most, &largest, error))
      return NULL;
  if (names == NULL)
    names = assay_vocabulary_new_numbers ((gint64) largest + 1);
  table = assay_table_new (assay_sequences_get_n_rows (rows), ASSAY_ORIGIN_BYTE, error);
  if (table != NULL && document != NULL)
    assay_table_take_tokenizer (table, json_incref (document));
  for (guint k = 0; table != NULL && k < sources->len; k++)
    assay_table_add_file (table, ((const AssaySource *) sources->pdata[k])->name, ((const AssaySource *) sources->pdata[k])->sha256);
  return table != NULL && assay_sequences_give (rows, table, names, TRUE, error) ? g_steal_pointer (&table) : NULL;
}
