/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_tokenizer.c: learns a tokenizer from texts. */
#include "base/error.h"
#include "base/json.h"
#include "dataset/source.h"
#include "dataset/tokenizer_train.h"
#include "job/spec.h"
#include "store/file.h"

#include <glib/gstdio.h>
#include <string.h>

static const AssayParam params[] = {
  { "file", ASSAY_PARAM_LIST, .metavar = "FILE", .flags = ASSAY_PARAM_POSITIONAL | ASSAY_PARAM_REQUIRED | ASSAY_PARAM_FILE, .help = "texts in UTF-8 to learn from" },
  { "size", ASSAY_PARAM_INT, .def.i = 4096, .min = 256, .max = 1 << 24, .unit = "tokens", .help = "the vocabulary at most, with the 256 bytes and the special tokens" },
  { "out", ASSAY_PARAM_STRING, .metavar = "DIR", .flags = ASSAY_PARAM_REQUIRED | ASSAY_PARAM_FILE | ASSAY_PARAM_WRITTEN, .help = "directory to write tokenizer.json into" },
  { "special", ASSAY_PARAM_LIST, .metavar = "TEXT", .help = "a token of its own wherever this stands in a text; the first one ends texts" },
  { "pattern", ASSAY_PARAM_CHOICE, .def.s = "gpt2", .choices = assay_token_trainer_patterns, .help = "how a text is cut into the pieces that no token goes across" },
  { "least", ASSAY_PARAM_INT, .def.i = 2, .min = 1, .max = 1e15, .flags = ASSAY_PARAM_ADVANCED, .unit = "times", .help = "how often a pair must occur to become a token" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "a small vocabulary of a text, for assay import --tokenizer own", "assay tokenizer sentence.txt --size 270 --out own" },
  { "with a token that ends documents", "assay tokenizer sentence.txt --size 270 --special \"<|endoftext|>\" --out own" },
  { NULL, NULL }
};

static gboolean
write_document (const char *directory, const char *name, const json_t *document, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL), *text = json_dumps (document, JSON_INDENT (1));

  return assay_file_write (path, text, strlen (text), error);
}

/* tokenizer.json, and what ends texts beside it. */
static gboolean
write_all (const char *directory, const json_t *document, const char *end, GError **error)
{
  json_auto_t *config = json_pack ("{s:s, s:s*}", "tokenizer_class", "PreTrainedTokenizerFast", "eos_token", end);

  if (g_mkdir_with_parents (directory, 0777) != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_PERMISSION, "%s: the directory cannot be made", directory);
      return FALSE;
    }
  return write_document (directory, "tokenizer.json", document, error) && write_document (directory, "tokenizer_config.json", config, error);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *const *files = assay_values_get_list (values, "file"), *const *special = assay_values_get_list (values, "special"), *out = assay_values_get_string (values, "out");
  g_autoptr (AssayTokenTrainer) trainer = assay_token_trainer_new (assay_values_get_string (values, "pattern"), special, error);
  json_auto_t *document = NULL;
  const json_t *model;
  gint64 bytes = 0;

  for (gsize k = 0; trainer != NULL && files[k] != NULL; k++)
    {
      g_autoptr (AssaySource) source = NULL;

      assay_progress_report (context->progress, "read", k, g_strv_length ((char **) files), "files", NULL);
      if ((source = assay_source_open (files[k], ASSAY_SOURCE_EXPANSION, error)) == NULL)
        return NULL;
      if (!assay_token_trainer_add (trainer, (const char *) source->bytes, source->size, error))
        {
          g_prefix_error (error, "%s: ", source->name);
          return NULL;
        }
      bytes += (gint64) source->size;
    }
  document = trainer ? assay_token_trainer_learn (trainer, assay_values_get_int (values, "size"), assay_values_get_int (values, "least"), context->progress, error) : NULL;
  if (document == NULL || !write_all (out, document, special[0], error))
    return NULL;
  model = json_object_get (document, "model");
  return json_pack ("{s:s, s:I, s:I, s:I, s:s}", "out", out, "vocabulary", (json_int_t) json_object_size (json_object_get (model, "vocab")), "merges",
                    (json_int_t) json_array_size (json_object_get (model, "merges")), "bytes", (json_int_t) bytes, "pattern", assay_values_get_string (values, "pattern"));
}

static void
view (const json_t *document, AssayView *view)
{
  g_autofree char *tokens = assay_view_count (json_integer_value (json_object_get (document, "vocabulary"))), *bytes = assay_view_bytes (assay_json_get_number (document, "bytes"));

  assay_view_add_text (view, "learnt %s tokens from %s of text: %s/tokenizer.json", tokens, bytes, assay_json_get_text (document, "out"));
}

ASSAY_JOB_KIND_DEFINE (tokenizer) = {
  .name = "tokenizer", .group = ASSAY_JOB_GROUP_CASE, .help = "learn a byte-pair tokenizer from texts",
  .description = "Texts are cut into pieces, every piece begins as its bytes, and the pair of neighbours that occurs most often becomes a token, until the vocabulary is "
                 "full or no pair occurs often enough. Equally frequent pairs are taken in the order of their numbers, so that the result is a function of the texts alone; "
                 "it is that of the tokenizers library for the same settings. Special tokens are never learnt across: text on either side of one is counted by itself.\n\n"
                 "DIR/tokenizer.json is read by assay import --tokenizer DIR, assay tokenize --model DIR, and by that library.",
  .examples = examples, .access = ASSAY_JOB_NO_CASE, .params = params, .run = run, .view = view,
};
