/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_tokenize.c: what a checkpoint's tokenizer makes of a text. */
#include "base/error.h"
#include "base/text.h"
#include "dataset/tokenizer.h"
#include "job/spec.h"
#include "store/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_BYTES (G_GINT64_CONSTANT (1) << 30)
#define SHOWN 100               /* tokens of a table */

static const AssayParam params[] = {
  { "model", ASSAY_PARAM_STRING, .metavar = "PATH", .flags = ASSAY_PARAM_REQUIRED | ASSAY_PARAM_FILE,
    .help = "directory of a checkpoint, or its tokenizer.json, vocab.json (with merges.txt beside it), vocab.txt or tokenizer.model, or a GGUF file, or a tokenizer of llama2.c, or a model of rwkv.cpp over bytes" },
  { "text", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "text in UTF-8 (default: standard input)" },
  { "special", ASSAY_PARAM_BOOL, .help = "also the tokens that the tokenizer puts around a text" },
  { "places", ASSAY_PARAM_BOOL, .help = "with --json: where every token stands in the text and how it is spelt, not of the first hundred alone" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "a sentence, by the tokenizer of a checkpoint in a folder", "assay tokenize --model there --text sentence.txt" },
  { "what the tokenizer puts around a text, too", "assay tokenize --model there --text sentence.txt --special" },
  { "the numbers alone, for another program", "assay tokenize --model there/tokenizer.json --json --quiet" },
  { NULL, NULL }
};

static GBytes *
read_input (GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 block[65536];
  gsize n;

  while ((n = fread (block, 1, sizeof block, stdin)) > 0)
    {
      g_byte_array_append (bytes, block, (guint) n);
      if ((gint64) bytes->len > MAX_BYTES)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "standard input: at most %" G_GINT64_FORMAT " bytes of text expected", MAX_BYTES);
          return NULL;
        }
    }
  if (ferror (stdin))
    {
      assay_error_set_errno (error, errno, "standard input: cannot be read");
      return NULL;
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

/* How a token is shown: its spelling, with what does not print written out. Owns: the caller. */
static char *
show (const AssayTokenizer *tokenizer, gint32 id)
{
  gsize n;
  const char *spelling = assay_tokenizer_get_spelling (tokenizer, id, &n);

  return spelling ? assay_text_escape_bytes (spelling, n, FALSE) : g_strdup ("");
}

static json_t *
describe_places (const AssayTokenizer *tokenizer, const GArray *tokens, guint n)
{
  json_t *places = json_array ();

  for (guint k = 0; k < n; k++)
    {
      const AssayToken *t = &g_array_index (tokens, AssayToken, k);
      g_autofree char *spelling = show (tokenizer, t->id);

      json_array_append_new (places, json_pack ("{s:i, s:I, s:I, s:s}", "token", (int) t->id, "start", (json_int_t) t->start, "end", (json_int_t) t->end, "spelling", spelling));
    }
  return places;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *file = assay_values_get_string (values, "text");
  g_autoptr (AssayTokenizer) tokenizer = assay_tokenizer_open (assay_values_get_string (values, "model"), error);
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  json_t *document, *ids;

  (void) context;
  if (tokenizer == NULL || (text = file && strcmp (file, "-") != 0 ? assay_file_read (file, MAX_BYTES, error) : read_input (error)) == NULL)
    return NULL;
  if (!assay_tokenizer_encode (tokenizer, g_bytes_get_size (text) > 0 ? g_bytes_get_data (text, NULL) : "", g_bytes_get_size (text),
                               assay_values_get_bool (values, "special"), tokens, error))
    {
      g_prefix_error (error, "%s: ", file ? file : "standard input");
      return NULL;
    }
  ids = json_array ();
  for (guint k = 0; k < tokens->len; k++)
    json_array_append_new (ids, json_integer (g_array_index (tokens, AssayToken, k).id));
  document = json_pack ("{s:s, s:I, s:I, s:I, s:o}", "tokenizer", assay_tokenizer_get_model (tokenizer), "vocabulary", (json_int_t) assay_tokenizer_get_size (tokenizer), "bytes",
                        (json_int_t) g_bytes_get_size (text), "count", (json_int_t) tokens->len, "tokens", ids);
  json_object_set_new (document, "places", describe_places (tokenizer, tokens, assay_values_get_bool (values, "places") ? tokens->len : MIN (tokens->len, SHOWN)));
  return document;
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *places = json_object_get (document, "places"), *item;
  json_int_t count = json_integer_value (json_object_get (document, "count"));
  g_autofree char *tokens = assay_view_count (count), *bytes = assay_view_count (json_integer_value (json_object_get (document, "bytes"))),
                  *vocabulary = assay_view_count (json_integer_value (json_object_get (document, "vocabulary")));
  size_t k;

  assay_view_add_text (view, "%s tokens from %s bytes, by a %s tokenizer of %s tokens.", tokens, bytes, json_string_value (json_object_get (document, "tokenizer")), vocabulary);
  assay_view_begin_table (view, "bytes|>token|spelling");
  json_array_foreach (places, k, item)
    {
      g_autofree char *place = g_strdup_printf ("%" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT, json_integer_value (json_object_get (item, "start")),
                                                json_integer_value (json_object_get (item, "end")));
      g_autofree char *id = g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (json_object_get (item, "token")));

      assay_view_add_cell (view, place);
      assay_view_add_cell (view, id);
      assay_view_add_cell (view, json_string_value (json_object_get (item, "spelling")));
    }
  if (count > (json_int_t) json_array_size (places))
    assay_view_add_text (view, "The first %d; --json has all.", SHOWN);
}

ASSAY_JOB_KIND_DEFINE (tokenize) = {
  .name = "tokenize", .group = ASSAY_JOB_GROUP_MODEL, .help = "cut a text into the tokens of a checkpoint's tokenizer",
  .description = "Reads a text in UTF-8 and prints the numbers that a language model would see, with the bytes of the text that each stands for. No special tokens are "
                 "added around it unless --special asks for those that the tokenizer itself adds.\n\n"
                 "Read are tokenizer.json of the tokenizers library (byte-level and SentencePiece-like BPE, WordPiece, unigram), vocab.json with merges.txt, vocab.txt, "
                 "models of SentencePiece (.model; BPE and unigram), vocabularies of GGUF files (llama, gpt2, bert, t5) and the tokenizers of llama2.c. What --special adds is what the files say: the post_processor of "
                 "tokenizer.json, else add_bos_token and add_eos_token of tokenizer_config.json beside it; a GGUF file says it itself; llama2.c begins every text; a model of SentencePiece by itself adds nothing. A model of rwkv.cpp with 256 tokens reads bytes; another of that program needs the tokenizer that it was trained with.",
  .examples = examples, .access = ASSAY_JOB_NO_CASE, .params = params, .run = run, .view = view,
};
