/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_files.c: vocab.json with merges.txt, and vocab.txt, mean what the classes that wrote them do with them; a tokenizer.json says it. What is put
 * around a text, and what ends one, may be said by the configurations beside them.
 */
#include "dataset/tokenizer.h"

#include "base/error.h"
#include "base/json.h"
#include "dataset/tokenizer_format.h"
#include "dataset/tokenizer_pieces.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_BYTES (1u << 30)

#define ASSAY_REGISTER(name) extern const AssayTokenFormat assay_token_format_##name;
#include "dataset/token_formats.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_token_format_##name,
static const AssayTokenFormat *const formats[] = {
#include "dataset/token_formats.def"
  NULL };
#undef ASSAY_REGISTER

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
  return json_pack ("{s:s, s:[{s:s, s:{s:s}, s:s}, {s:s, s:b, s:b}]}", "type", "Sequence", "pretokenizers", "type", "Split", "pattern", "Regex", ASSAY_TOKEN_PATTERN_QWEN2, "behavior",
                    "Isolated", "type", "ByteLevel", "add_prefix_space", prefix, "use_regex", 0);
}

static json_t *
assemble_bpe (const char *directory, const char *path, const char *merges_path, const json_t *config, GError **error)
{
  json_t *vocabulary = read_document (path, error), *merges = vocabulary ? read_merges (merges_path, error) : NULL;
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
assemble_wordpiece (const char *directory, const char *path, const char *other, const json_t *config, GError **error)
{
  g_autoptr (GPtrArray) lines = read_lines (path, error);
  const json_t *lower = json_object_get (config, "do_lower_case"), *accents = json_object_get (config, "strip_accents"), *chinese = json_object_get (config, "tokenize_chinese_chars");
  int is_lower = lower == NULL || json_is_true (lower);
  json_t *vocabulary, *added;

  (void) other;
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

/* --- in one file ---------------------------------------------------------------------------------------------------------------- */

static json_t *
assemble_whole (const char *directory, const char *path, const char *other, const json_t *config, GError **error)
{
  (void) directory;
  (void) other;
  (void) config;
  return read_document (path, error);
}

/* A model of SentencePiece as its classes read it: tokens that were added to it are found in a text as they are, and the configuration says what is put around. */
static json_t *
assemble_sentencepiece (const char *directory, const char *path, const char *other, const json_t *config, GError **error)
{
  json_t *document = assay_token_format_sentencepiece.load (path, error), *added = document ? collect_added (directory, config, error) : NULL, *item;
  size_t k;

  (void) other;
  if (added == NULL)
    {
      json_decref (document);
      return NULL;
    }
  json_array_foreach (added, k, item)
    json_object_set_new (item, "normalized", json_false ());
  json_object_set_new (document, "added_tokens", added);
  if (config != NULL)
    json_object_del (document, "post_processor");
  return document;
}

/* --- what is put around a text, and what ends it ------------------------------------------------------------------------------ */

/* A step that says it, if only that nothing is. */
static gboolean
says_around (const json_t *processor)
{
  const char *type = assay_json_get_text (processor, "type");
  const json_t *item;
  size_t k;

  json_array_foreach (json_object_get (processor, "processors"), k, item)
    if (says_around (item))
      return TRUE;
  return type[0] != '\0' && strcmp (type, "ByteLevel") != 0 && strcmp (type, "Sequence") != 0;
}

/* The number of a token by its spelling, -1: none. */
static gint64
find_token (const json_t *document, const char *spelling)
{
  const json_t *vocabulary = json_object_get (json_object_get (document, "model"), "vocab"), *id = json_object_get (vocabulary, spelling), *item;
  size_t k;

  json_array_foreach (json_object_get (document, "added_tokens"), k, item)
    if (strcmp (assay_json_get_text (item, "content"), spelling) == 0)
      return json_integer_value (json_object_get (item, "id"));
  json_array_foreach (vocabulary, k, item)
    if (g_strcmp0 (json_string_value (json_array_get (item, 0)), spelling) == 0)
      return (gint64) k;
  return json_is_integer (id) ? json_integer_value (id) : -1;
}

/* A token that tokenizer_config.json names: "<s>", or an object with its content. "": none. */
static const char *
get_named (const json_t *config, const char *key)
{
  const json_t *token = json_object_get (config, key);

  return json_is_string (token) ? json_string_value (token) : assay_json_get_text (token, "content");
}

/* What classes put around a text unless the configuration says otherwise. */
static const struct { const char *type, *key, *spelling; } put_by_class[] = {
  { "LlamaTokenizer", "bos_token", "<s>" }, { "CodeLlamaTokenizer", "bos_token", "<s>" }, { "GemmaTokenizer", "bos_token", "<bos>" }, { "T5Tokenizer", "eos_token", "</s>" },
};

/* *id <- the token that is put on one side, -1: none. */
static gboolean
find_side (const char *directory, const json_t *document, const json_t *config, const char *adds, const char *key, gint64 *id, GError **error)
{
  const char *spelling = get_named (config, key), *type = assay_json_get_text (config, "tokenizer_class");
  gboolean puts = FALSE;

  for (gsize k = 0; k < G_N_ELEMENTS (put_by_class); k++)
    if (g_str_has_prefix (type, put_by_class[k].type) && strcmp (key, put_by_class[k].key) == 0)
      {
        puts = TRUE;
        spelling = spelling[0] != '\0' ? spelling : put_by_class[k].spelling;
      }
  *id = -1;
  if (!assay_json_get_switch (config, adds, puts))
    return TRUE;
  *id = find_token (document, spelling);
  if (*id >= 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s%ctokenizer_config.json: %s: a token of the vocabulary expected, as %s is true, \"%s\" found", directory, G_DIR_SEPARATOR, key, adds,
               spelling);
  return FALSE;
}

/* eos_token of tokenizer_config.json, or the first number that generation_config.json gives. */
static gboolean
find_end (const char *directory, const json_t *document, const json_t *config, gint64 *id, GError **error)
{
  const char *spelling = get_named (config, "eos_token");
  json_auto_t *generation = NULL;
  const json_t *number;

  *id = spelling[0] != '\0' ? find_token (document, spelling) : -1;
  if (*id >= 0)
    return TRUE;
  if (!read_beside (directory, "generation_config.json", &generation, error))
    return FALSE;
  number = json_object_get (generation, "eos_token_id");
  if (json_is_array (number))
    number = json_array_get (number, 0);
  *id = json_is_integer (number) ? json_integer_value (number) : -1;
  return TRUE;
}

/* The document with what the files beside it say. Takes and gives the reference; NULL with an error. */
static json_t *
complete (const char *directory, json_t *document, const json_t *config, GError **error)
{
  gint64 before = -1, behind = -1, end = -1;
  gboolean says = document != NULL && says_around (json_object_get (document, "post_processor"));

  if (document == NULL)
    return NULL;
  if ((!says && (!find_side (directory, document, config, "add_bos_token", "bos_token", &before, error) || !find_side (directory, document, config, "add_eos_token", "eos_token", &behind, error)))
      || !find_end (directory, document, config, &end, error))
    {
      json_decref (document);
      return NULL;
    }
  if (before >= 0 || behind >= 0)
    json_object_set_new (document, "post_processor", assay_token_describe_around (before, behind));
  if (end >= 0)
    json_object_set_new (document, "end_token", json_integer (end));
  return document;
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

/* *format <- the one that a file begins like, NULL: none, so that it is JSON or nothing. */
static gboolean
find_format (const char *path, const AssayTokenFormat **format, GError **error)
{
  guint8 bytes[ASSAY_TOKEN_FORMAT_BYTES];
  guint64 size;
  int fd = assay_file_open_regular (path, &size, error);
  gsize n = (gsize) MIN (size, sizeof bytes);
  gboolean ok = fd >= 0 && assay_file_read_at (fd, path, 0, bytes, n, error);

  if (fd >= 0)
    close (fd);
  *format = NULL;
  for (gsize k = 0; ok && *format == NULL && formats[k] != NULL; k++)
    if (formats[k]->knows (bytes, n))
      *format = formats[k];
  return ok;
}

static json_t *
read_alone (const char *path, GError **error)
{
  const AssayTokenFormat *format;

  if (!find_format (path, &format, error))
    return NULL;
  return format ? format->load (path, error) : read_document (path, error);
}

/* Where a tokenizer is, in the order in which it is looked for, and how it is read with the configuration beside it. */
static const struct {
  const char *names[3], *others[3];     /* of its file, and of one that must be beside that; no others for most */
  json_t *(*assemble) (const char *directory, const char *path, const char *other, const json_t *config, GError **error);
} places[] = {
  { { "tokenizer.json", NULL }, { NULL }, assemble_whole },
  { { "vocab.json", "encoder.json", NULL }, { "merges.txt", "vocab.bpe", NULL }, assemble_bpe },
  { { "tokenizer.model", NULL }, { NULL }, assemble_sentencepiece },
  { { "vocab.txt", NULL }, { NULL }, assemble_wordpiece },
};

static gboolean
is_named (const char *path, const char *const *names)
{
  for (; *names != NULL; names++)
    if (g_str_has_suffix (path, *names))
      return TRUE;
  return FALSE;
}

/* The place of a file by its name, or the first that a directory has; -1: none. *found, *other: its files; owns: the caller. */
static int
find_place (const char *path, const char *directory, char **found, char **other)
{
  gboolean is_directory = g_file_test (path, G_FILE_TEST_IS_DIR);

  for (gsize k = 0; k < G_N_ELEMENTS (places); k++)
    {
      g_autofree char *beside = find_first (directory, places[k].others), *file = is_directory ? find_first (directory, places[k].names) : NULL;

      if (!is_directory && is_named (path, places[k].names))
        file = g_strdup (path);
      if (file == NULL || (places[k].others[0] != NULL && beside == NULL))
        continue;
      *found = g_steal_pointer (&file);
      *other = g_steal_pointer (&beside);
      return (int) k;
    }
  return -1;
}

json_t *
assay_tokenizer_read (const char *path, char **source, GError **error)
{
  gboolean is_directory = g_file_test (path, G_FILE_TEST_IS_DIR);
  g_autofree char *directory = is_directory ? g_strdup (path) : g_path_get_dirname (path), *found = NULL, *other = NULL;
  json_auto_t *config = NULL;
  int place = find_place (path, directory, &found, &other);

  if (place < 0 && (is_directory || !g_file_test (path, G_FILE_TEST_EXISTS)))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: tokenizer.json, or vocab.json and merges.txt, or tokenizer.model, or vocab.txt expected, none of them found", path);
      return NULL;
    }
  *source = g_strdup (place < 0 ? path : found);
  if (place < 0)
    return read_alone (path, error);
  return read_beside (directory, "tokenizer_config.json", &config, error) ? complete (directory, places[place].assemble (directory, found, other, config, error), config, error) : NULL;
}

char **
assay_tokenizer_list_files (const char *path)
{
  static const char *const beside[] = { "tokenizer_config.json", "added_tokens.json", "generation_config.json" };
  g_autofree char *directory = g_file_test (path, G_FILE_TEST_IS_DIR) ? g_strdup (path) : g_path_get_dirname (path), *found = NULL, *other = NULL;
  GPtrArray *files = g_ptr_array_new ();
  gboolean has_place = find_place (path, directory, &found, &other) >= 0;

  g_ptr_array_add (files, has_place ? g_steal_pointer (&found) : g_strdup (path));
  if (other != NULL)
    g_ptr_array_add (files, g_steal_pointer (&other));
  for (gsize k = 0; has_place && k < G_N_ELEMENTS (beside); k++)
    {
      g_autofree char *file = g_build_filename (directory, beside[k], NULL);

      if (g_file_test (file, G_FILE_TEST_EXISTS))
        g_ptr_array_add (files, g_steal_pointer (&file));
    }
  g_ptr_array_add (files, NULL);
  return (char **) g_ptr_array_free (files, FALSE);
}
