/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_format_gguf.c: vocabularies of GGUF files (tokenizer.ggml.*), of the kinds "llama", "t5" (both of SentencePiece), "gpt2" (byte-level pairs) and "bert".
 *
 * Special tokens in a text are found as such. How a byte-level vocabulary cuts a text is not in the file but a name for it; the names that are not in the table
 * below are refused.
 * Source: ggml-org/ggml, docs/gguf.md; what keys mean where they are absent: ggml-org/llama.cpp; patterns are those of the tokenizer.json of the models.
 */
#include "dataset/tokenizer_format.h"

#include "base/error.h"
#include "dataset/tokenizer_gguf_values.h"
#include "dataset/tokenizer_model.h"
#include "dataset/tokenizer_pieces.h"

#include <string.h>

#define MAX_TOKENS (1 << 24)
#define KEY(name) "tokenizer.ggml." name
#define MARK "\xe2\x96\x81"

typedef struct {
  const AssayTokenValues *values;
  const AssayTokenValue *tokens, *scores, *kinds;       /* scores, kinds: NULL where they are absent */
  gint64 begin, end, unknown;
  gboolean adds_begin, adds_end;
} Vocabulary;

/* --- what all have ----------------------------------------------------------------------------------------------------------------- */

static gboolean
check_length (const AssayTokenValue *array, guint64 n, const char *key, GError **error)
{
  if (array == NULL || array->n >= n)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: one for each of %" G_GUINT64_FORMAT " tokens expected, %" G_GUINT64_FORMAT " found", key, n, array->n);
  return FALSE;
}

/* The members hold what counts where a key is absent. */
static gboolean
read_vocabulary (Vocabulary *v, GError **error)
{
  gint64 n;

  if (!assay_token_values_get_texts (v->values, KEY ("tokens"), &v->tokens, error) || !assay_token_values_get_numbers (v->values, KEY ("scores"), &v->scores, error)
      || !assay_token_values_get_numbers (v->values, KEY ("token_type"), &v->kinds, error))
    return FALSE;
  if (v->tokens == NULL || v->tokens->n == 0 || v->tokens->n > MAX_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("tokens") ": 1 to %d tokens expected, %" G_GUINT64_FORMAT " found", MAX_TOKENS, v->tokens ? v->tokens->n : 0);
      return FALSE;
    }
  if (!check_length (v->scores, v->tokens->n, KEY ("scores"), error) || !check_length (v->kinds, v->tokens->n, KEY ("token_type"), error)
      || !assay_token_values_get_integer (v->values, KEY ("bos_token_id"), v->begin, &v->begin, error)
      || !assay_token_values_get_integer (v->values, KEY ("eos_token_id"), v->end, &v->end, error)
      || !assay_token_values_get_integer (v->values, KEY ("unknown_token_id"), v->unknown, &v->unknown, error)
      || !assay_token_values_get_switch (v->values, KEY ("add_bos_token"), v->adds_begin, &v->adds_begin, error)
      || !assay_token_values_get_switch (v->values, KEY ("add_eos_token"), v->adds_end, &v->adds_end, error))
    return FALSE;
  n = (gint64) v->tokens->n;
  v->unknown = v->unknown < n ? v->unknown : -1;
  v->end = v->end < n ? v->end : -1;
  if ((!v->adds_begin || (v->begin >= 0 && v->begin < n)) && (!v->adds_end || v->end >= 0))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("bos_token_id") ", " KEY ("eos_token_id") ": tokens to put around a text expected, %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
               " of %" G_GINT64_FORMAT " found", v->begin, v->end, n);
  return FALSE;
}

static gint64
get_kind (const Vocabulary *v, guint64 place)
{
  gint64 kind = v->kinds ? (gint64) assay_token_value_get_number (v->kinds, place) : ASSAY_TOKEN_NORMAL;

  return kind == 0 ? ASSAY_TOKEN_NORMAL : kind;                   /* 0: nothing is said */
}

/* --- of SentencePiece ---------------------------------------------------------------------------------------------------------------- */

static json_t *
describe_pieces (const Vocabulary *v, AssayTokenPieces *pieces, GError **error)
{
  gsize at = 0, n;

  for (guint64 k = 0; k < v->tokens->n; k++)
    {
      const char *token = assay_token_value_next_text (v->tokens, &at, &n);

      if (!assay_token_pieces_add (pieces, token, n, v->scores ? assay_token_value_get_number (v->scores, k) : 0, get_kind (v, k), error))
        return NULL;
    }
  return assay_token_pieces_describe (pieces, error);
}

static json_t *
read_pieces (const AssayTokenValues *values, const char *model, Vocabulary *v, gboolean adds_space, GError **error)
{
  g_auto (AssayTokenPieces) pieces = { .model = model, .marks_spaces = TRUE, .falls_back = strcmp (model, "BPE") == 0, .finds_special = TRUE };
  const AssayTokenValue *charsmap;

  if (!read_vocabulary (v, error) || !assay_token_values_get_switch (values, KEY ("add_space_prefix"), adds_space, &pieces.adds_space, error)
      || !assay_token_values_get_switch (values, KEY ("remove_extra_whitespaces"), FALSE, &pieces.trims, error)
      || !assay_token_values_get_numbers (values, KEY ("precompiled_charsmap"), &charsmap, error))
    return NULL;
  if (charsmap != NULL && charsmap->type > 1)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("precompiled_charsmap") ": an array of bytes expected, another one found");
      return NULL;
    }
  pieces.charsmap = charsmap ? charsmap->bytes : NULL;
  pieces.n_charsmap = charsmap ? (gsize) charsmap->n : 0;
  pieces.unknown = v->unknown;
  pieces.begin = v->begin < (gint64) v->tokens->n ? v->begin : -1;
  pieces.end = v->end;
  pieces.adds_begin = v->adds_begin;
  pieces.adds_end = v->adds_end;
  return describe_pieces (v, &pieces, error);
}

static json_t *
read_llama (const AssayTokenValues *values, GError **error)
{
  Vocabulary v = { .values = values, .begin = 1, .end = 2, .adds_begin = TRUE };

  return read_pieces (values, "BPE", &v, TRUE, error);
}

static json_t *
read_t5 (const AssayTokenValues *values, GError **error)
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
refuse_token (guint64 place, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("tokens") ": number %" G_GUINT64_FORMAT ": UTF-8 that no other token is expected, something else found", place);
  return FALSE;
}

/* Tokens by their spelling, and those that are found in a text as they are. */
static gboolean
describe_tokens (const Vocabulary *v, json_t *vocabulary, json_t *added, GError **error)
{
  gsize at = 0, n;

  for (guint64 k = 0; k < v->tokens->n; k++)
    {
      const char *token = assay_token_value_next_text (v->tokens, &at, &n);
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
describe_merges (const AssayTokenValue *merges, GError **error)
{
  json_t *list = json_array ();
  gsize at = 0, n;

  for (guint64 k = 0; k < merges->n; k++)
    {
      const char *merge = assay_token_value_next_text (merges, &at, &n);

      if (json_array_append_new (list, json_stringn (merge, n)) != 0)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("merges") ": number %" G_GUINT64_FORMAT ": UTF-8 expected", k);
          json_decref (list);
          return NULL;
        }
    }
  return list;
}

static json_t *
read_gpt2 (const AssayTokenValues *values, GError **error)
{
  Vocabulary v = { .values = values, .begin = -1, .end = -1, .unknown = -1 };
  json_auto_t *vocabulary = json_object (), *added = json_array (), *listed = NULL;
  const AssayTokenValue *merges;
  g_autofree char *name = NULL;
  int cut;

  if (!assay_token_values_dup_text (values, KEY ("pre"), &name, error) || (cut = find_cut (name, error)) < 0)
    return NULL;
  v.adds_begin = cuts[cut].adds_begin;
  if (!read_vocabulary (&v, error) || !assay_token_values_get_texts (values, KEY ("merges"), &merges, error) || !describe_tokens (&v, vocabulary, added, error))
    return NULL;
  if (merges == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, KEY ("merges") ": an array of strings expected, none found");
      return NULL;
    }
  listed = describe_merges (merges, error);
  if (listed == NULL)
    return NULL;
  return json_pack ("{s:O, s:o, s:{s:s}, s:o, s:I, s:{s:s, s:b, s:O, s:O}}", "added_tokens", added, "pre_tokenizer", describe_cut (cut), "decoder", "type", "ByteLevel", "post_processor",
                    assay_token_describe_around (v.adds_begin ? v.begin : -1, v.adds_end ? v.end : -1), "end_token", (json_int_t) v.end, "model", "type", "BPE", "ignore_merges",
                    cuts[cut].ignores_merges, "vocab", vocabulary, "merges", listed);
}

/* --- words -------------------------------------------------------------------------------------------------------------------------- */

/* A mark in front says that a token begins a word; without it and not special it goes on with one. */
static gboolean
describe_words (const Vocabulary *v, json_t *vocabulary, json_t *added, GError **error)
{
  gsize at = 0, n;

  for (guint64 k = 0; k < v->tokens->n; k++)
    {
      const char *token = assay_token_value_next_text (v->tokens, &at, &n);
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
read_bert (const AssayTokenValues *values, GError **error)
{
  Vocabulary v = { .values = values, .begin = 101, .end = -1, .unknown = 100, .adds_begin = TRUE };
  json_auto_t *vocabulary = json_object (), *added = json_array ();
  gint64 separator;
  gsize at = 0, n = 0;
  const char *unknown = NULL;

  if (!assay_token_values_get_integer (values, KEY ("cls_token_id"), v.begin, &v.begin, error) || !read_vocabulary (&v, error)
      || !assay_token_values_get_integer (values, KEY ("seperator_token_id"), 102, &separator, error) || !describe_words (&v, vocabulary, added, error))
    return NULL;
  for (gint64 k = 0; k <= v.unknown; k++)
    unknown = assay_token_value_next_text (v.tokens, &at, &n);
  if (separator >= (gint64) v.tokens->n)
    separator = -1;
  return json_pack ("{s:O, s:{s:s, s:b}, s:{s:s}, s:{s:s}, s:o, s:I, s:{s:s, s:s#, s:O}}", "added_tokens", added, "normalizer", "type", "BertNormalizer", "lowercase", 1, "pre_tokenizer", "type",
                    "BertPreTokenizer", "decoder", "type", "WordPiece", "post_processor", assay_token_describe_around (v.adds_begin ? v.begin : -1, separator), "end_token",
                    (json_int_t) v.end, "model", "type", "WordPiece", "unk_token", unknown ? unknown : "", n, "vocab", vocabulary);
}

/* --- which -------------------------------------------------------------------------------------------------------------------------- */

static const struct { const char *name; json_t *(*read) (const AssayTokenValues *values, GError **error); } readers[] = {
  { "llama", read_llama }, { "gpt2", read_gpt2 }, { "bert", read_bert }, { "t5", read_t5 },
};

static json_t *
read_values (const AssayTokenValues *values, GError **error)
{
  g_autofree char *model = NULL;

  if (!assay_token_values_dup_text (values, KEY ("model"), &model, error))
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
  return n >= 4 && memcmp (bytes, "GGUF", 4) == 0;
}

static json_t *
load (const char *path, GError **error)
{
  g_autoptr (AssayTokenValues) values = assay_token_values_open (path, error);
  json_t *document = values ? read_values (values, error) : NULL;

  if (document == NULL && values != NULL)
    g_prefix_error (error, "%s: ", path);
  return document;
}

ASSAY_TOKEN_FORMAT_DEFINE (gguf) = { .knows = knows, .load = load };
