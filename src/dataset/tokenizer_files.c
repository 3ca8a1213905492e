/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_files.c: vocab.json with merges.txt, and vocab.txt, mean what the classes that wrote them do with them; a tokenizer.json says it. */
#include "dataset/tokenizer_files.h"

#include "base/error.h"
#include "base/json.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (1u << 30)

/* What Qwen2's class cuts by, where there is no tokenizer.json to say so. */
#define QWEN2_PATTERN "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static json_t *
read_document (const char *path, GError **error)
{
  return assay_file_read_json (path, MAX_BYTES, JSON_ALLOW_NUL, error);
}

/* The same where the file may be absent: NULL without an error then. FALSE: an error. */
static gboolean
read_beside (const char *directory, const char *name, json_t **document, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  *document = NULL;
  return !g_file_test (path, G_FILE_TEST_EXISTS) || (*document = read_document (path, error)) != NULL;
}

/* Lines of a file, without their ends; strings. */
static GPtrArray *
read_lines (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = assay_file_read (path, MAX_BYTES, error);
  GPtrArray *lines;
  const char *at, *end;

  if (bytes == NULL)
    return NULL;
  lines = g_ptr_array_new_with_free_func (g_free);
  at = g_bytes_get_data (bytes, NULL);
  for (end = at + g_bytes_get_size (bytes); at < end;)
    {
      const char *stop = memchr (at, '\n', (gsize) (end - at));
      gsize n = (gsize) ((stop ? stop : end) - at);

      g_ptr_array_add (lines, g_strndup (at, n > 0 && at[n - 1] == '\r' ? n - 1 : n));
      at += (stop ? stop : end) - at + 1;
    }
  return lines;
}

/* --- added tokens ----------------------------------------------------------------------------------------------------------- */

static void
add_token (json_t *list, json_int_t id, const char *content, const json_t *like)
{
  json_t *token = like ? json_deep_copy (like) : json_pack ("{s:b, s:b}", "special", 1, "normalized", 0);
  const json_t *item;
  size_t k;

  json_object_set_new (token, "id", json_integer (id));
  json_object_set_new (token, "content", json_string (content));
  json_array_foreach (list, k, item)
    if (json_integer_value (json_object_get (item, "id")) == id)
      {
        json_decref (token);
        return;
      }
  json_array_append_new (list, token);
}

/* Those that tokenizer_config.json describes, then the bare ones of added_tokens.json. New reference, NULL with an error. */
static json_t *
collect_added (const char *directory, const json_t *config, GError **error)
{
  json_t *list = json_array (), *bare, *value;
  const char *key;

  json_object_foreach (json_object_get (config, "added_tokens_decoder"), key, value)
    add_token (list, g_ascii_strtoll (key, NULL, 10), assay_json_get_text (value, "content"), value);
  if (!read_beside (directory, "added_tokens.json", &bare, error))
    {
      json_decref (list);
      return NULL;
    }
  json_object_foreach (bare, key, value)
    add_token (list, json_integer_value (value), key, NULL);
  json_decref (bare);
  return list;
}

/* --- vocab.json and merges.txt ------------------------------------------------------------------------------------------------ */

static json_t *
read_merges (const char *path, GError **error)
{
  g_autoptr (GPtrArray) lines = read_lines (path, error);
  json_t *merges;

  if (lines == NULL)
    return NULL;
  merges = json_array ();
  for (guint k = 0; k < lines->len; k++)
    if (((char *) lines->pdata[k])[0] != '\0' && !(k == 0 && g_str_has_prefix (lines->pdata[k], "#version")))
      {
        json_t *merge = json_string (lines->pdata[k]);

        if (merge == NULL)
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %u: UTF-8 expected", path, k + 1);
            json_decref (merges);
            return NULL;
          }
        json_array_append_new (merges, merge);
      }
  return merges;
}

static json_t *
describe_pieces (const json_t *config)
{
  int prefix = json_is_true (json_object_get (config, "add_prefix_space"));

  if (!g_str_has_prefix (assay_json_get_text (config, "tokenizer_class"), "Qwen2"))
    return json_pack ("{s:s, s:b}", "type", "ByteLevel", "add_prefix_space", prefix);
  return json_pack ("{s:s, s:[{s:s, s:{s:s}, s:s}, {s:s, s:b, s:b}]}", "type", "Sequence", "pretokenizers", "type", "Split", "pattern", "Regex", QWEN2_PATTERN, "behavior",
                    "Isolated", "type", "ByteLevel", "add_prefix_space", prefix, "use_regex", 0);
}

static json_t *
assemble_bpe (const char *directory, const char *vocabulary_path, const char *merges_path, const json_t *config, GError **error)
{
  json_t *vocabulary = read_document (vocabulary_path, error), *merges = vocabulary ? read_merges (merges_path, error) : NULL;
  json_t *added = merges ? collect_added (directory, config, error) : NULL;
  gboolean is_qwen = g_str_has_prefix (assay_json_get_text (config, "tokenizer_class"), "Qwen2");

  if (added == NULL)
    {
      json_decref (vocabulary);
      json_decref (merges);
      return NULL;
    }
  return json_pack ("{s:o, s:o, s:o, s:{s:s}, s:{s:s, s:o, s:o}}", "added_tokens", added, "normalizer", is_qwen ? json_pack ("{s:s}", "type", "NFC") : json_null (),
                    "pre_tokenizer", describe_pieces (config), "decoder", "type", "ByteLevel", "model", "type", "BPE", "vocab", vocabulary, "merges", merges);
}

/* --- vocab.txt ---------------------------------------------------------------------------------------------------------------- */

static json_t *
assemble_wordpiece (const char *directory, const char *path, const json_t *config, GError **error)
{
  g_autoptr (GPtrArray) lines = read_lines (path, error);
  const json_t *lower = json_object_get (config, "do_lower_case"), *accents = json_object_get (config, "strip_accents"), *chinese = json_object_get (config, "tokenize_chinese_chars");
  int is_lower = lower == NULL || json_is_true (lower);
  json_t *vocabulary, *added;

  added = lines ? collect_added (directory, config, error) : NULL;
  if (added == NULL)
    return NULL;
  vocabulary = json_object ();
  for (guint k = 0; k < lines->len; k++)
    {
      static const char *const special[] = { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", NULL };

      json_object_set_new (vocabulary, lines->pdata[k], json_integer (k));
      if (g_strv_contains (special, lines->pdata[k]))
        add_token (added, k, lines->pdata[k], NULL);
    }
  return json_pack ("{s:o, s:{s:s, s:b, s:b, s:b}, s:{s:s}, s:{s:s}, s:{s:s, s:[s, I], s:[s, I]}, s:{s:s, s:s, s:o}}", "added_tokens", added, "normalizer", "type",
                    "BertNormalizer", "lowercase", is_lower, "strip_accents", json_is_boolean (accents) ? json_is_true (accents) : is_lower, "handle_chinese_chars",
                    chinese == NULL || json_is_true (chinese), "pre_tokenizer", "type", "BertPreTokenizer", "decoder", "type", "WordPiece", "post_processor", "type",
                    "BertProcessing", "sep", "[SEP]", json_integer_value (json_object_get (vocabulary, "[SEP]")), "cls", "[CLS]",
                    json_integer_value (json_object_get (vocabulary, "[CLS]")), "model", "type", "WordPiece", "unk_token", "[UNK]", "vocab", vocabulary);
}

/* --- which --------------------------------------------------------------------------------------------------------------------- */

/* The first of the names that is a file of the directory; NULL: none. Owns: the caller. */
static char *
find_first (const char *directory, const char *const *names)
{
  for (; *names != NULL; names++)
    {
      g_autofree char *path = g_build_filename (directory, *names, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }
  return NULL;
}

json_t *
assay_token_files_read (const char *path, char **source, GError **error)
{
  static const char *const whole[] = { "tokenizer.json", NULL }, *const vocabularies[] = { "vocab.json", "encoder.json", NULL };
  static const char *const merges[] = { "merges.txt", "vocab.bpe", NULL }, *const words[] = { "vocab.txt", NULL };
  gboolean is_directory = g_file_test (path, G_FILE_TEST_IS_DIR);
  g_autofree char *directory = is_directory ? g_strdup (path) : g_path_get_dirname (path);
  g_autofree char *document = is_directory ? find_first (directory, whole) : g_str_has_suffix (path, "tokenizer.json") ? g_strdup (path) : NULL;
  g_autofree char *vocabulary = find_first (directory, vocabularies), *merged = find_first (directory, merges), *listed = find_first (directory, words);
  json_t *config = NULL, *result = NULL;

  if (document != NULL)
    {
      *source = g_strdup (document);
      return read_document (document, error);
    }
  if (!read_beside (directory, "tokenizer_config.json", &config, error))
    return NULL;
  if (vocabulary != NULL && merged != NULL && (is_directory || g_str_has_suffix (path, "vocab.json") || g_str_has_suffix (path, "encoder.json")))
    {
      *source = g_strdup (vocabulary);
      result = assemble_bpe (directory, vocabulary, merged, config, error);
    }
  else if (listed != NULL && (is_directory || g_str_has_suffix (path, "vocab.txt")))
    {
      *source = g_strdup (listed);
      result = assemble_wordpiece (directory, listed, config, error);
    }
  else if (!is_directory && g_file_test (path, G_FILE_TEST_EXISTS))
    {
      *source = g_strdup (path);
      result = read_document (path, error);
    }
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: tokenizer.json, or vocab.json and merges.txt, or vocab.txt expected, none of them found", path);
  json_decref (config);
  return result;
}
