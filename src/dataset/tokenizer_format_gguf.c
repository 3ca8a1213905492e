/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_format_gguf.c: vocabularies of GGUF files (tokenizer.ggml.*), of the kinds "llama", "t5" (both of SentencePiece), "gpt2" (byte-level pairs) and "bert".
 *
 * Special tokens in a text are found as such. How a byte-level vocabulary cuts a text is not in the file but a name for it; the names that are not in the table
 * below are refused.
 * Source: ggml-org/ggml, docs/gguf.md; what keys mean where they are absent: ggml-org/llama.cpp; patterns are those of the tokenizer.json of the models.
 */
#include "dataset/tokenizer_format.h"

#include "base/error.h"
#include "dataset/tokenizer_model.h"
#include "dataset/tokenizer_pieces.h"
#include "store/gguf.h"

#include <string.h>

#define MAX_TOKENS (1 << 24)
#define KEY(name) "tokenizer.ggml." name
#define MARK "\xe2\x96\x81"

typedef struct {
  const AssayGguf *values;
  const AssayGgufValue *tokens, *scores, *kinds;       /* scores, kinds: NULL where they are absent */
  gsize n;                      /* tokens */
  gint64 begin, end, unknown;
  gboolean adds_begin, adds_end;
} Vocabulary;

/* Each: the list of that key, NULL where there is no such key. */
static gboolean
find_texts (const AssayGguf *values, const char *key, const AssayGgufValue **list, GError **error)
{
  *list = NULL;
  return !assay_gguf_has (values, key) || (*list = assay_gguf_get_texts (values, key, error)) != NULL;
}

static gboolean
find_numbers (const AssayGguf *values, const char *key, const AssayGgufValue **list, GError **error)
{
  *list = NULL;
  return !assay_gguf_has (values, key) || (*list = assay_gguf_get_numbers (values, key, error)) != NULL;
}

/* --- what all have ----------------------------------------------------------------------------------------------------------------- */

static gboolean
check_length (const AssayGgufValue *array, gsize n, const char *key, GError **error)
{
  if (array == NULL || assay_gguf_list_get_n (array) >= n)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: one for each of %" G_GSIZE_FORMAT " tokens expected, %" G_GSIZE_FORMAT " found", key, n, assay_gguf_list_get_n (array));
  return FALSE;
}

/* The members hold what counts where a key is absent. */
static gboolean
read_vocabulary (Vocabulary *v, GError **error)
{
  gint64 n;

  if (!find_texts (v->values, KEY ("tokens"), &v->tokens, error) || !find_numbers (v->values, KEY ("scores"), &v->scores, error)
      || !find_numbers (v->values, KEY ("token_type"), &v->kinds, error))
    return FALSE;
  v->n = v->tokens ? assay_gguf_list_get_n (v->tokens) : 0;
  if (v->n == 0 || v->n > MAX_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("tokens") ": 1 to %d tokens expected, %" G_GSIZE_FORMAT " found", MAX_TOKENS, v->n);
      return FALSE;
    }
  if (!check_length (v->scores, v->n, KEY ("scores"), error) || !check_length (v->kinds, v->n, KEY ("token_type"), error)
      || !assay_gguf_get_integer_or (v->values, KEY ("bos_token_id"), v->begin, &v->begin, error)
      || !assay_gguf_get_integer_or (v->values, KEY ("eos_token_id"), v->end, &v->end, error)
      || !assay_gguf_get_integer_or (v->values, KEY ("unknown_token_id"), v->unknown, &v->unknown, error)
      || !assay_gguf_get_switch_or (v->values, KEY ("add_bos_token"), v->adds_begin, &v->adds_begin, error)
      || !assay_gguf_get_switch_or (v->values, KEY ("add_eos_token"), v->adds_end, &v->adds_end, error))
    return FALSE;
  n = (gint64) v->n;
  v->unknown = v->unknown < n ? v->unknown : -1;
  v->end = v->end < n ? v->end : -1;
  if ((!v->adds_begin || (v->begin >= 0 && v->begin < n)) && (!v->adds_end || v->end >= 0))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("bos_token_id") ", " KEY ("eos_token_id") ": tokens to put around a text expected, %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
               " of %" G_GINT64_FORMAT " found", v->begin, v->end, n);
  return FALSE;
}

static gint64
get_kind (const Vocabulary *v, gsize place)
{
  gint64 kind = v->kinds ? (gint64) assay_gguf_list_get_number (v->kinds, place) : ASSAY_TOKEN_NORMAL;

  return kind == 0 ? ASSAY_TOKEN_NORMAL : kind;                   /* 0: nothing is said */
}

/* --- of SentencePiece ---------------------------------------------------------------------------------------------------------------- */

static json_t *
describe_pieces (const Vocabulary *v, AssayTokenPieces *pieces, GError **error)
{
  gsize n;

  for (gsize k = 0; k < v->n; k++)
    {
      const char *token = assay_gguf_list_get_text (v->tokens, k, &n);

      if (!assay_token_pieces_add (pieces, token, n, v->scores ? assay_gguf_list_get_number (v->scores, k) : 0, get_kind (v, k), error))
        return NULL;
    }
  return assay_token_pieces_describe (pieces, error);
}

static json_t *
read_pieces (const AssayGguf *values, const char *model, Vocabulary *v, gboolean adds_space, GError **error)
{
  g_auto (AssayTokenPieces) pieces = { .model = model, .marks_spaces = TRUE, .falls_back = strcmp (model, "BPE") == 0, .finds_special = TRUE };
  const AssayGgufValue *charsmap;

  if (!read_vocabulary (v, error) || !assay_gguf_get_switch_or (values, KEY ("add_space_prefix"), adds_space, &pieces.adds_space, error)
      || !assay_gguf_get_switch_or (values, KEY ("remove_extra_whitespaces"), FALSE, &pieces.trims, error)
      || !find_numbers (values, KEY ("precompiled_charsmap"), &charsmap, error))
    return NULL;
  pieces.charsmap = charsmap ? assay_gguf_list_get_bytes (charsmap) : NULL;
  pieces.n_charsmap = charsmap ? assay_gguf_list_get_n (charsmap) : 0;
  if (charsmap != NULL && pieces.charsmap == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("precompiled_charsmap") ": an array of bytes expected, another one found");
      return NULL;
    }
  pieces.unknown = v->unknown;
  pieces.begin = v->begin < (gint64) v->n ? v->begin : -1;
  pieces.end = v->end;
  pieces.adds_begin = v->adds_begin;
  pieces.adds_end = v->adds_end;
  return describe_pieces (v, &pieces, error);
}

static json_t *
read_llama (const AssayGguf *values, GError **error)
{
  Vocabulary v = { .values = values, .begin = 1, .end = 2, .adds_begin = TRUE };

  return read_pieces (values, "BPE", &v, TRUE, error);
}

static json_t *
read_t5 (const AssayGguf *values, GError **error)
{
  Vocabulary v = { .values = values, .begin = -1, .end = 1, .unknown = 2, .adds_end = TRUE };

  return read_pieces (values, "Unigram", &v, FALSE, error);
}

/* --- byte-level pairs ---------------------------------------------------------------------------------------------------------------- */

#define GPT2 "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define LLAMA3 "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define TEKKEN "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+" \
  "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define GPT4O "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+" \
  "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define DEEPSEEK3 "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/* tokenizer.ggml.pre: what cuts a text, one pattern after the other, and what goes with it. */
static const struct {
  const char *name, *patterns[4];
  gboolean ignores_merges, adds_begin;
} cuts[] = {
  { "default", { "[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]" }, FALSE, FALSE },
  { "gpt-2", { GPT2 }, FALSE, FALSE }, { "phi-2", { GPT2 }, FALSE, FALSE }, { "olmo", { GPT2 }, FALSE, FALSE }, { "mpt", { GPT2 }, FALSE, FALSE },
  { "jais", { GPT2 }, FALSE, FALSE }, { "exaone4", { GPT2 }, FALSE, FALSE },
  { "starcoder", { "\\p{N}", GPT2 }, FALSE, FALSE }, { "refact", { "\\p{N}", GPT2 }, FALSE, FALSE }, { "command-r", { "\\p{N}", GPT2 }, FALSE, FALSE },
  { "smollm", { "\\p{N}", GPT2 }, FALSE, FALSE }, { "codeshell", { "\\p{N}", GPT2 }, FALSE, FALSE }, { "exaone", { "\\p{N}", GPT2 }, FALSE, FALSE },
  { "minerva-7b", { "\\p{N}", GPT2 }, FALSE, FALSE },
  { "falcon", { "[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9][0-9][0-9]" }, FALSE, FALSE },
  { "llama-bpe", { LLAMA3 }, TRUE, TRUE }, { "llama3", { LLAMA3 }, TRUE, TRUE }, { "llama-v3", { LLAMA3 }, TRUE, TRUE }, { "falcon3", { LLAMA3 }, TRUE, TRUE },
  { "pixtral", { LLAMA3 }, TRUE, TRUE }, { "lfm2", { LLAMA3 }, TRUE, TRUE },
  { "dbrx", { LLAMA3 }, FALSE, FALSE }, { "smaug-bpe", { LLAMA3 }, FALSE, FALSE }, { "glm4", { LLAMA3 }, FALSE, FALSE }, { "chatglm-bpe", { LLAMA3 }, FALSE, FALSE },
  { "qwen2", { ASSAY_TOKEN_PATTERN_QWEN2 }, FALSE, FALSE }, { "deepseek-r1-qwen", { ASSAY_TOKEN_PATTERN_QWEN2 }, FALSE, FALSE }, { "stablelm2", { ASSAY_TOKEN_PATTERN_QWEN2 }, FALSE, FALSE }, { "megrez", { ASSAY_TOKEN_PATTERN_QWEN2 }, FALSE, FALSE },
  { "hunyuan", { ASSAY_TOKEN_PATTERN_QWEN2 }, FALSE, FALSE },
  { "tekken", { TEKKEN }, TRUE, TRUE }, { "gpt-4o", { GPT4O }, FALSE, FALSE }, { "llama4", { GPT4O }, FALSE, FALSE },
  { "deepseek-v3", { "\\p{N}{1,3}", "[\xe4\xb8\x80-\xe9\xbe\xa5\xe3\x81\x80-\xe3\x82\x9f\xe3\x82\xa0-\xe3\x83\xbf]+", DEEPSEEK3 }, FALSE, FALSE },
};

/* -1: none. */
static int
find_cut (const char *name, GError **error)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (cuts); k++)
    {
      if (strcmp (cuts[k].name, name[0] != '\0' ? name : "default") == 0)
        return (int) k;
      g_string_append_printf (all, "%s%s", k > 0 ? ", " : "", cuts[k].name);
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, KEY ("pre") ": one of %s expected, \"%s\" found; the tokenizer.json of the model says how it cuts", all->str, name);
  return -1;
}

static json_t *
describe_cut (int cut)
{
  json_t *steps = json_array ();

  for (gsize k = 0; k < G_N_ELEMENTS (cuts[cut].patterns) && cuts[cut].patterns[k] != NULL; k++)
    json_array_append_new (steps, json_pack ("{s:s, s:{s:s}, s:s}", "type", "Split", "pattern", "Regex", cuts[cut].patterns[k], "behavior", "Isolated"));
  json_array_append_new (steps, json_pack ("{s:s, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 0, "use_regex", 0));
  return json_pack ("{s:s, s:o}", "type", "Sequence", "pretokenizers", steps);
}

static gboolean
refuse_token (gsize place, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("tokens") ": number %" G_GSIZE_FORMAT ": UTF-8 that no other token is expected, something else found", place);
  return FALSE;
}

/* Tokens by their spelling, and those that are found in a text as they are. */
static gboolean
describe_tokens (const Vocabulary *v, json_t *vocabulary, json_t *added, GError **error)
{
  gsize n;

  for (gsize k = 0; k < v->n; k++)
    {
      const char *token = assay_gguf_list_get_text (v->tokens, k, &n);
      gint64 kind = get_kind (v, k);
      gboolean is_special = kind == ASSAY_TOKEN_CONTROL || kind == ASSAY_TOKEN_DEFINED || kind == ASSAY_TOKEN_UNKNOWN;

      if (!g_utf8_validate_len (token, n, NULL) || json_object_getn (vocabulary, token, n) != NULL)
        return refuse_token (k, error);
      json_object_setn_new (vocabulary, token, n, json_integer ((json_int_t) k));
      if (is_special)
        json_array_append_new (added, assay_token_describe_added ((gint64) k, token, n));
    }
  return TRUE;
}

static json_t *
describe_merges (const AssayGgufValue *merges)
{
  json_t *list = json_array ();
  gsize n;

  for (gsize k = 0; k < assay_gguf_list_get_n (merges); k++)
    {
      const char *merge = assay_gguf_list_get_text (merges, k, &n);

      json_array_append_new (list, json_stringn (merge, n));
    }
  return list;
}

static json_t *
read_gpt2 (const AssayGguf *values, GError **error)
{
  Vocabulary v = { .values = values, .begin = -1, .end = -1, .unknown = -1 };
  json_auto_t *vocabulary = json_object (), *added = json_array (), *listed = NULL;
  const AssayGgufValue *merges;
  const char *name;
  int cut;

  if (!assay_gguf_get_text_or (values, KEY ("pre"), "", &name, error) || (cut = find_cut (name, error)) < 0)
    return NULL;
  v.adds_begin = cuts[cut].adds_begin;
  if (!read_vocabulary (&v, error) || !find_texts (values, KEY ("merges"), &merges, error) || !describe_tokens (&v, vocabulary, added, error))
    return NULL;
  if (merges == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("merges") ": an array of strings expected, none found");
      return NULL;
    }
  listed = describe_merges (merges);
  return json_pack ("{s:O, s:o, s:{s:s}, s:o, s:I, s:{s:s, s:b, s:O, s:O}}", "added_tokens", added, "pre_tokenizer", describe_cut (cut), "decoder", "type", "ByteLevel", "post_processor",
                    assay_token_describe_around (v.adds_begin ? v.begin : -1, v.adds_end ? v.end : -1), "end_token", (json_int_t) v.end, "model", "type", "BPE", "ignore_merges",
                    cuts[cut].ignores_merges, "vocab", vocabulary, "merges", listed);
}

/* --- words -------------------------------------------------------------------------------------------------------------------------- */

/* A mark in front says that a token begins a word; without it and not special it goes on with one. */
static gboolean
describe_words (const Vocabulary *v, json_t *vocabulary, json_t *added, GError **error)
{
  gsize n;

  for (gsize k = 0; k < v->n; k++)
    {
      const char *token = assay_gguf_list_get_text (v->tokens, k, &n);
      gboolean is_special = get_kind (v, k) == ASSAY_TOKEN_CONTROL || get_kind (v, k) == ASSAY_TOKEN_UNKNOWN || (token[0] == '[' && n > 2 && token[n - 1] == ']');
      gboolean begins = n > 3 && memcmp (token, MARK, 3) == 0;
      g_autoptr (GString) word = g_string_new (is_special || begins ? "" : "##");

      g_string_append_len (word, token + (begins ? 3 : 0), (gssize) (n - (begins ? 3 : 0)));
      if (!g_utf8_validate_len (word->str, word->len, NULL) || json_object_get (vocabulary, word->str) != NULL)
        return refuse_token (k, error);
      json_object_set_new (vocabulary, word->str, json_integer ((json_int_t) k));
      if (is_special)
        json_array_append_new (added, assay_token_describe_added ((gint64) k, word->str, word->len));
    }
  return TRUE;
}

static json_t *
read_bert (const AssayGguf *values, GError **error)
{
  Vocabulary v = { .values = values, .begin = 101, .end = -1, .unknown = 100, .adds_begin = TRUE };
  json_auto_t *vocabulary = json_object (), *added = json_array ();
  gint64 separator;
  gsize n = 0;
  const char *unknown = NULL;

  if (!assay_gguf_get_integer_or (values, KEY ("cls_token_id"), v.begin, &v.begin, error) || !read_vocabulary (&v, error)
      || !assay_gguf_get_integer_or (values, KEY ("seperator_token_id"), 102, &separator, error) || !describe_words (&v, vocabulary, added, error))
    return NULL;
  if (v.unknown >= 0)
    unknown = assay_gguf_list_get_text (v.tokens, (gsize) v.unknown, &n);
  if (separator >= (gint64) v.n)
    separator = -1;
  return json_pack ("{s:O, s:{s:s, s:b}, s:{s:s}, s:{s:s}, s:o, s:I, s:{s:s, s:s#, s:O}}", "added_tokens", added, "normalizer", "type", "BertNormalizer", "lowercase", 1, "pre_tokenizer", "type",
                    "BertPreTokenizer", "decoder", "type", "WordPiece", "post_processor", assay_token_describe_around (v.adds_begin ? v.begin : -1, separator), "end_token",
                    (json_int_t) v.end, "model", "type", "WordPiece", "unk_token", unknown ? unknown : "", n, "vocab", vocabulary);
}

/* --- which -------------------------------------------------------------------------------------------------------------------------- */

static const struct { const char *name; json_t *(*read) (const AssayGguf *values, GError **error); } readers[] = {
  { "llama", read_llama }, { "gpt2", read_gpt2 }, { "bert", read_bert }, { "t5", read_t5 },
};

static json_t *
read_values (const AssayGguf *values, GError **error)
{
  const char *model;

  if (!assay_gguf_get_text_or (values, KEY ("model"), "", &model, error))
    return NULL;
  for (gsize k = 0; k < G_N_ELEMENTS (readers); k++)
    if (strcmp (readers[k].name, model) == 0)
      return readers[k].read (values, error);
  g_set_error (error, ASSAY_ERROR, model[0] != '\0' ? ASSAY_ERROR_UNSUPPORTED : ASSAY_ERROR_INPUT, KEY ("model") ": llama, gpt2, bert or t5 expected, \"%s\" found", model);
  return NULL;
}

static gboolean
knows (const guint8 *bytes, gsize n)
{
  return n >= 4 && memcmp (bytes, ASSAY_GGUF_MAGIC, 4) == 0;
}

static json_t *
load (const char *path, GError **error)
{
  g_autoptr (AssayGguf) values = assay_gguf_open (path, error);
  json_t *document = values ? read_values (values, error) : NULL;

  if (document == NULL && values != NULL)
    g_prefix_error (error, "%s: ", path);
  return document;
}

ASSAY_TOKEN_FORMAT_DEFINE (gguf) = { .knows = knows, .load = load };
