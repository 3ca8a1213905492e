/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import.c: the import's declared options, and its four steps. */
#include "dataset/import.h"

#include "base/error.h"
#include "dataset/cell.h"
#include "dataset/format_reader.h"
#include "dataset/split.h"

#include <string.h>

static const char *const formats[] = {
  "auto",
#define ASSAY_REGISTER(name) #name,
#include "dataset/readers.def"
#undef ASSAY_REGISTER
  NULL
};
static const char *const policies[] = { "drop", "level", "refuse", NULL };
static const char *const headers[] = { "auto", "yes", "no", NULL };
static const char *const delimiters[] = { "auto", "comma", "semicolon", "tab", "space", NULL };
static const char *const end_tokens[] = { "auto", "yes", "no", NULL };
static const char *const token_units[] = { "character", "byte", NULL };

const AssayParam assay_import_params[] = {
  { "format", ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = formats, .help = "format of the files (auto: by content, then by name)" },
  { "id", ASSAY_PARAM_STRING, .metavar = "COLUMN", .help = "key column: its text is shown beside every index, and id:VALUE finds it" },
  { "split", ASSAY_PARAM_STRING, .def.s = "train", .metavar = "RULE",
    .help = "NAME, random:train=0.8,test=0.2, order:train=5000,test=rest, time:COLUMN:train=0.8,test=0.2, time:COLUMN<VALUE, "
            "column:COLUMN or file; rows without a value of COLUMN are the split (missing)" },
  { "seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "seed of a random split" },
  { "missing", ASSAY_PARAM_CHOICE, .def.s = "drop", .choices = policies,
    .help = "rows with a missing value in a used column: leave out, give missing its own level, or refuse the file" },
  { "missing-mark", ASSAY_PARAM_LIST, .metavar = "TEXT",
    .help = "cell text that means missing (default: the empty cell, ?, NA and N/A)" },
  { "number", ASSAY_PARAM_LIST, .metavar = "COLUMN", .help = "column that must hold numbers" },
  { "text", ASSAY_PARAM_LIST, .metavar = "COLUMN", .help = "column to be read as text though it holds numbers" },
  { "delimiter", ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = delimiters, .help = "what separates the fields of a table" },
  { "header", ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = headers,
    .help = "does the first line of a table name the columns (auto: yes, unless --columns names them)" },
  { "columns", ASSAY_PARAM_STRING, .metavar = "LIST", .help = "names of the columns of a table without a header, separated by commas" },
  { "max-expansion", ASSAY_PARAM_INT, .def.i = ASSAY_SOURCE_EXPANSION, .min = 1, .max = 1e9, .unit = "times",
    .help = "how many times its size a compressed file may unpack to, where that is more than 64 MiB" },
  { "labels", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE,
    .help = "labels of an IDX image file (default: the file beside it with labels in its name)" },
  { "classes", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 256, .help = "number of classes of image labels (0: the largest label plus one)" },
  { "vocabulary", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE,
    .help = "tokenizer.json that names the token numbers of a NumPy array, or of uint16 and uint32 (default: their numbers)" },
  { "tokens", ASSAY_PARAM_CHOICE, .def.s = "character", .choices = token_units, .help = "what is one token of plain text" },
  { "context", ASSAY_PARAM_INT, .def.i = 64, .min = 1, .max = 1 << 20, .unit = "tokens", .help = "positions of a sequence of tokens" },
  { "stride", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1 << 20, .unit = "tokens",
    .help = "distance between the starts of windows (0: the context, no overlap)" },
  { "tokenizer", ASSAY_PARAM_STRING, .metavar = "PATH", .flags = ASSAY_PARAM_FILE, .help = "tokenizer of a checkpoint that cuts text, plain or in JSONL, into its tokens: what assay tokenize reads" },
  { "separator", ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "what stands between documents of plain text: each is an example of its own (default: windows across them)" },
  { "pack", ASSAY_PARAM_BOOL, .help = "put as many whole documents into one sequence as fit; what one would predict of the next does not count" },
  { "end-token", ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = end_tokens,
    .help = "whether the tokenizer's token that ends texts stands behind each document (auto: in JSONL and where documents are packed)" },
  { "prompt-field", ASSAY_PARAM_STRING, .def.s = "prompt", .metavar = "MEMBER", .help = "JSONL with --tokenizer: the text before a completion; its tokens are not predicted" },
  { "completion-field", ASSAY_PARAM_STRING, .def.s = "completion", .metavar = "MEMBER", .help = "JSONL with --tokenizer: the text that is predicted" },
  { "text-field", ASSAY_PARAM_STRING, .def.s = "text", .metavar = "MEMBER", .help = "JSONL with --tokenizer and without completions: a document, predicted as a whole" },
  { .name = NULL }
};

static GPtrArray *
open_sources (const char *const *paths, const AssayValues *options, GError **error)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_source_free);

  if (*paths == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "import: at least one file expected");
      return NULL;
    }
  for (; *paths != NULL; paths++)
    {
      AssaySource *source = assay_source_open (*paths, (guint64) assay_values_get_int (options, "max-expansion"), error);

      if (source == NULL)
        return NULL;
      g_ptr_array_add (sources, source);
    }
  return g_steal_pointer (&sources);
}

/* Parquet is read by programs that can write JSONL. */
static gboolean
refuse_parquet (const GPtrArray *sources, GError **error)
{
  for (guint k = 0; k < sources->len; k++)
    {
      const AssaySource *source = sources->pdata[k];

      if (source->size < 4 || memcmp (source->bytes, "PAR1", 4) != 0)
        continue;
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: JSONL, CSV, text or token numbers expected, Parquet found; make JSONL of it by: "
                   "python3 -c \"import pandas; pandas.read_parquet('FILE.parquet').to_json('FILE.jsonl', orient='records', lines=True)\"", source->name);
      return FALSE;
    }
  return TRUE;
}

static const AssayFormatReader *
choose_reader (const GPtrArray *sources, const char *format, GError **error)
{
  const AssayFormatReader *reader;

  if (strcmp (format, "auto") != 0)
    return assay_format_reader_find (format, error);
  reader = assay_format_reader_guess (sources->pdata[0], error);
  for (guint k = 1; reader != NULL && k < sources->len; k++)
    {
      const AssayFormatReader *other = assay_format_reader_guess (sources->pdata[k], error);

      if (other != NULL && other != reader)
        {
          const AssaySource *first = sources->pdata[0], *source = sources->pdata[k];

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s is %s and %s is %s: files of one import have one format; "
                       "import them one by one or say --format", first->name, reader->name, source->name, other->name);
          return NULL;
        }
      if (other == NULL)
        return NULL;
    }
  return reader;
}

static gboolean
refuse_missing (const AssayTable *table, GError **error)
{
  for (guint k = 0; k < assay_table_get_n_columns (table); k++)
    {
      const AssayColumn *column = assay_table_get_column (table, k);

      for (gint64 row = 0; column->n_missing > 0 && row < assay_table_get_n_rows (table); row++)
        if (column->missing[row])
          {
            g_autofree char *where = assay_table_describe_row (table, row);

            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: column \"%s\" is missing (%" G_GINT64_FORMAT " rows in all), and "
                         "the policy for missing values is refuse; use --missing drop or level", where, column->name, column->n_missing);
            return FALSE;
          }
    }
  return TRUE;
}

static void
note_repeated_ids (AssayTable *table)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 repeated = 0;
  const char *first = NULL;

  for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
    {
      const char *id = assay_table_get_id (table, row);

      if (!g_hash_table_add (seen, (gpointer) id))
        {
          repeated++;
          first = first ? first : id;
        }
    }
  if (repeated > 0)
    assay_table_add_note (table, "key column \"%s\" repeats a value in %" G_GINT64_FORMAT " rows (first \"%s\"): those rows cannot be "
                          "found by id:VALUE", assay_table_get_id_column (table), repeated, first);
}

/* The options with the marks that were in force. */
static void
record_options (AssayTable *table, const AssayValues *options)
{
  json_t *record = assay_values_to_json (options), *marks = json_array ();

  for (const char *const *mark = assay_cell_get_marks (options); *mark != NULL; mark++)
    json_array_append_new (marks, json_string (*mark));
  json_object_set_new (record, "missing-mark", marks);
  assay_table_take_options (table, record);
}

AssayTable *
assay_import (const char *const *paths, const AssayValues *options, GError **error)
{
  static const AssayMissingPolicy values[] = { ASSAY_MISSING_DROP, ASSAY_MISSING_LEVEL, ASSAY_MISSING_REFUSE };
  g_autoptr (GPtrArray) sources = open_sources (paths, options, error);
  g_autoptr (AssayTable) table = NULL;
  const char *policy = assay_values_get_string (options, "missing");
  const AssayFormatReader *reader;

  if (sources == NULL || !refuse_parquet (sources, error))
    return NULL;
  reader = choose_reader (sources, assay_values_get_string (options, "format"), error);
  if (reader == NULL)
    return NULL;
  table = reader->read (sources, options, error);
  if (table == NULL)
    return NULL;
  for (guint k = 0; policies[k] != NULL; k++)
    if (strcmp (policies[k], policy) == 0)
      assay_table_set_missing_policy (table, values[k]);
  if (assay_table_get_missing_policy (table) == ASSAY_MISSING_REFUSE && !refuse_missing (table, error))
    return NULL;
  if (!assay_split_apply (table, assay_values_get_string (options, "split"), assay_values_get_int (options, "seed"), error))
    return NULL;
  if (assay_table_get_id_column (table) != NULL)
    note_repeated_ids (table);
  record_options (table, options);
  return g_steal_pointer (&table);
}
