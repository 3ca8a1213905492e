/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_directory.c: a language model as the transformers library keeps one: config.json, model.safetensors, and the tokenizer that its data were made with. */
#include "job/export.h"

#include "base/error.h"
#include "dataset/dataset_store.h"
#include "job/language.h"
#include "model/checkpoint.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

static gboolean
write_json (const char *directory, const char *name, const json_t *document, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  char *text = json_dumps (document, JSON_INDENT (2));
  gboolean ok = assay_file_write (path, text, strlen (text), error);

  free (text);
  return ok;
}

static void
name_token (json_t *config, const char *key, const AssayTokenizer *tokenizer, gint32 id)
{
  gsize n;
  const char *spelling = id >= 0 ? assay_tokenizer_get_spelling (tokenizer, id, &n) : NULL;

  if (spelling != NULL && strlen (spelling) == n && g_utf8_validate (spelling, (gssize) n, NULL))
    json_object_set_new (config, key, json_string (spelling));
}

/* Null where there is none: a member that is missing has a value of the library's own. New reference. */
static json_t *
number_token (gint32 id)
{
  return id >= 0 ? json_integer (id) : json_null ();
}

/* Members that the library asks for, also where they say nothing; our own word for what stands in tokenizer_config.json is none of it. */
static void
complete (json_t *document)
{
  static const char *const empty[] = { "truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder" };

  json_object_del (document, "end_token");
  if (json_object_get (document, "version") == NULL)
    json_object_set_new (document, "version", json_string ("1.0"));
  if (json_object_get (document, "added_tokens") == NULL)
    json_object_set_new (document, "added_tokens", json_array ());
  for (gsize k = 0; k < G_N_ELEMENTS (empty); k++)
    if (json_object_get (document, empty[k]) == NULL)
      json_object_set_new (document, empty[k], json_null ());
}

/* tokenizer.json, and beside it what that library looks for in another file. */
static gboolean
write_tokenizer (json_t *document, const AssayTokenizer *tokenizer, gint64 context, const char *directory, GError **error)
{
  json_auto_t *config = json_pack ("{s:s, s:b, s:I}", "tokenizer_class", "PreTrainedTokenizerFast", "clean_up_tokenization_spaces", 0, "model_max_length", (json_int_t) context);

  name_token (config, "bos_token", tokenizer, assay_tokenizer_get_begin (tokenizer));
  name_token (config, "eos_token", tokenizer, assay_tokenizer_get_end (tokenizer));
  complete (document);
  return write_json (directory, "tokenizer.json", document, error) && write_json (directory, "tokenizer_config.json", config, error);
}

gboolean
assay_export_directory (const AssayExport *source, const char *directory, json_t *told, GError **error)
{
  g_autoptr (AssayModel) model = assay_export_load_model (source, error);
  g_autoptr (AssayObject) data = assay_language_find_data (source->cas, source->object);
  g_autoptr (GError) fault = NULL;
  json_auto_t *document = data ? assay_table_load_tokenizer_document (source->cas, data, &fault) : NULL, *more = json_object ();
  g_autoptr (AssayTokenizer) tokenizer = NULL;
  const char *family;

  if (fault != NULL && !g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  if (model == NULL || (document != NULL && (tokenizer = assay_tokenizer_new (document, data->name, error)) == NULL))
    return FALSE;
  json_object_set_new (more, "bos_token_id", number_token (tokenizer ? assay_tokenizer_get_begin (tokenizer) : -1));
  json_object_set_new (more, "eos_token_id", number_token (tokenizer ? assay_tokenizer_get_end (tokenizer) : -1));
  if (!assay_checkpoint_export_directory (model, directory, more, &family, error)
      || (tokenizer != NULL && !write_tokenizer (document, tokenizer, assay_model_get_context (model), directory, error)))
    return FALSE;
  json_object_set_new (told, "family", json_string (family));
  json_object_set_new (told, "tokenizer", document ? json_string (data->name) : json_null ());
  return TRUE;
}
