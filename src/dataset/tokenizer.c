/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer.c: the steps of a tokenizer in their order, and the tokens that were added to its model. */
#include "dataset/tokenizer.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "dataset/tokenizer_decode.h"
#include "dataset/tokenizer_model.h"
#include "dataset/tokenizer_parts.h"
#include "dataset/tokenizer_step.h"
#include "dataset/tokenizer_strings.h"
#include "dataset/vocabulary.h"

#include <string.h>

#define MAX_TOKENS (1 << 24)

#define ASSAY_REGISTER(name) extern const AssayTokenModel assay_token_model_##name;
#include "dataset/token_models.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_token_model_##name,
static const AssayTokenModel *const models[] = {
#include "dataset/token_models.def"
  NULL };
#undef ASSAY_REGISTER

typedef struct { gint32 id; gboolean takes_left, takes_right, is_word; } Added;

struct _AssayTokenizer {
  AssayTokenVocabulary vocabulary;
  GArray *added;                /* Added */
  AssayTokenStrings *strings[2];        /* places in `added` by what is looked for before and after the text is normalised */
  GArray *normalisers, *cutters, *decoders;
  const AssayTokenModel *model;
  gpointer data;
  GArray *before, *behind;      /* gint32: what is put around a text */
  gint32 end;                   /* -1: none */
  GArray *scratch;              /* AssayPieceToken */
};

const AssayTokenModel *
assay_token_model_find (const char *name, GError **error)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (gsize k = 0; models[k] != NULL; k++)
    {
      if (strcmp (models[k]->name, name) == 0)
        return models[k];
      g_string_append_printf (all, "%s%s", k > 0 ? ", " : "", models[k]->name);
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "model.type: one of %s expected, \"%s\" found", all->str, name);
  return NULL;
}

void
assay_token_find_bytes (const AssayTokenVocabulary *vocabulary, gint32 id[256])
{
  for (guint byte = 0; byte < 256; byte++)
    {
      char spelling[8];

      g_snprintf (spelling, sizeof spelling, "<0x%02X>", byte);
      id[byte] = assay_token_table_find (&vocabulary->table, spelling, strlen (spelling));
    }
}

AssayTokenKind
assay_token_get_kind (const AssayTokenVocabulary *vocabulary, gint32 id)
{
  return vocabulary->kind == NULL ? ASSAY_TOKEN_NORMAL : (gsize) id < vocabulary->n_kinds ? (AssayTokenKind) vocabulary->kind[id] : ASSAY_TOKEN_CONTROL;
}

/* Numbers may lack a token. */
static void
free_string (gpointer data)
{
  if (data != NULL)
    g_string_free (data, TRUE);
}

/* --- added tokens in a text ------------------------------------------------------------------------------------------------- */

static gboolean
is_word_character (gunichar c)
{
  return g_unichar_isalnum (c) || c == '_' || g_unichar_ismark (c);
}

static gboolean
stands_alone (const char *bytes, gsize n, gsize start, gsize end)
{
  return (start == 0 || !is_word_character (g_utf8_get_char (g_utf8_prev_char (bytes + start)))) && (end == n || !is_word_character (g_utf8_get_char (bytes + end)));
}

/* Where a search for added tokens is: what is before `done` is spoken for, and the next one begins at `next` or behind it. The white space that a token takes
 * may hold another, which is a token all the same, unless it takes white space before it and all was taken. */
typedef struct { gsize next, done, start, end; } AddedSearch;     /* begins as zeros; the last one found: start .. end - 1 */

/* The next added token, with the white space that it takes. */
static const Added *
find_added (const AssayTokenizer *self, gboolean is_normalised, const char *bytes, gsize n, AddedSearch *search)
{
  if (assay_token_strings_is_empty (self->strings[is_normalised]))
    return NULL;
  for (gsize at = search->next, length; at < n; at++)
    {
      gint32 place = assay_token_strings_find (self->strings[is_normalised], bytes + at, n - at, &length);
      const Added *a = place >= 0 ? &g_array_index (self->added, Added, place) : NULL;

      if (a == NULL)
        continue;
      if (a->is_word && !stands_alone (bytes, n, at, at + length))
        {
          at += length - 1;
          continue;
        }
      *search = (AddedSearch) { at + length, search->done, at, at + length };
      while (a->takes_left && search->start > search->done && assay_token_is_white (g_utf8_get_char (g_utf8_prev_char (bytes + search->start))))
        search->start = (gsize) (g_utf8_prev_char (bytes + search->start) - bytes);
      if (a->takes_left)
        search->start = MAX (search->start, search->done);
      while (a->takes_right && search->end < n && assay_token_is_white (g_utf8_get_char (bytes + search->end)))
        search->end += g_utf8_skip[(guchar) bytes[search->end]];
      if (search->start < search->end)
        return a;
    }
  return NULL;
}

/* --- encoding ---------------------------------------------------------------------------------------------------------------- */

static void
add_token (GArray *tokens, gint32 id, AssayTextSpan span)
{
  AssayToken token = { id, span.start, span.end };

  g_array_append_val (tokens, token);
}

/* A normalised stretch without added tokens: cut it, and let the model have the pieces. */
static void
encode_pieces (AssayTokenizer *self, AssayText *text, gboolean is_first, GArray *tokens)
{
  assay_token_steps_apply (self->cutters, text, is_first);
  for (guint k = 0; k < text->pieces->len; k++)
    {
      AssayTextPiece piece = g_array_index (text->pieces, AssayTextPiece, k);

      g_array_set_size (self->scratch, 0);
      self->model->encode (self->data, text->bytes->str + piece.start, piece.length, self->scratch);
      for (guint i = 0; i < self->scratch->len; i++)
        {
          const AssayPieceToken *t = &g_array_index (self->scratch, AssayPieceToken, i);

          add_token (tokens, t->id, assay_text_locate (text, piece.start + t->start, t->end - t->start));
        }
    }
}

static void
encode_part (AssayTokenizer *self, const AssayText *text, gsize start, gsize end, gboolean is_first, GArray *tokens)
{
  g_auto (AssayText) part = { 0 };
  AssayTextEdit edit;

  if (start >= end)
    return;
  assay_text_edit_begin (&edit);
  assay_text_edit_keep (&edit, text, start, end - start);
  assay_text_edit_end (&edit, &part);
  encode_pieces (self, &part, is_first, tokens);
}

/* A stretch of the text that was given, between added tokens that are looked for as they are. */
static void
encode_stretch (AssayTokenizer *self, const char *bytes, gsize n, gint64 base, GArray *tokens)
{
  g_auto (AssayText) text = { 0 };
  AddedSearch search = { 0 };
  const Added *a;

  if (n == 0)
    return;
  assay_text_init (&text, bytes, n, base);
  assay_token_steps_apply (self->normalisers, &text, base == 0);
  a = find_added (self, TRUE, text.bytes->str, text.bytes->len, &search);
  if (a == NULL)
    {
      encode_pieces (self, &text, base == 0, tokens);
      return;
    }
  for (; a != NULL; a = find_added (self, TRUE, text.bytes->str, text.bytes->len, &search))
    {
      encode_part (self, &text, search.done, search.start, base == 0 && search.done == 0, tokens);
      add_token (tokens, a->id, assay_text_locate (&text, search.start, search.end - search.start));
      search.done = search.end;
    }
  encode_part (self, &text, search.done, text.bytes->len, FALSE, tokens);
}

static void
add_around (const GArray *ids, GArray *tokens)
{
  for (guint k = 0; k < ids->len; k++)
    add_token (tokens, g_array_index (ids, gint32, k), (AssayTextSpan) { 0, 0 });
}

/* Bytes from .. to of the text, without what is put around it. */
static void
encode_range (AssayTokenizer *self, const char *text, gsize from, gsize to, GArray *tokens)
{
  const Added *a;
  AddedSearch search = { .next = from, .done = from };

  while ((a = find_added (self, FALSE, text, to, &search)) != NULL)
    {
      if (search.start > search.done)
        encode_stretch (self, text + search.done, search.start - search.done, (gint64) search.done, tokens);
      add_token (tokens, a->id, (AssayTextSpan) { (gint64) search.start, (gint64) search.end });
      search.done = search.end;
    }
  encode_stretch (self, text + search.done, to - search.done, (gint64) search.done, tokens);
}

/* A zero byte is a character like any other. */
static gboolean
check_text (const char *text, gsize n, GError **error)
{
  const char *at = text, *fault;

  while (!g_utf8_validate_len (at, n - (gsize) (at - text), &fault))
    {
      if (*fault != '\0')
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "text: UTF-8 expected, byte %" G_GSIZE_FORMAT " is 0x%02x", (gsize) (fault - text), (guint) (guchar) *fault);
          return FALSE;
        }
      at = fault + 1;
    }
  return TRUE;
}

static gboolean
check_steps (const AssayTokenizer *self, GError **error)
{
  return assay_token_steps_check (self->normalisers, error) && assay_token_steps_check (self->cutters, error);
}

gboolean
assay_tokenizer_encode (AssayTokenizer *self, const char *text, gsize n, gboolean with_special, GArray *tokens, GError **error)
{
  const guint before = tokens->len;

  if (!check_text (text, n, error))
    return FALSE;
  if (with_special)
    add_around (self->before, tokens);
  encode_range (self, text, 0, n, tokens);
  if (!check_steps (self, error))
    {
      g_array_set_size (tokens, before);
      return FALSE;
    }
  if (with_special)
    add_around (self->behind, tokens);
  return TRUE;
}

static void
encode_part_of_text (gpointer self, const char *text, gsize from, gsize to, GArray *tokens)
{
  encode_range (self, text, from, to, tokens);
}

gboolean
assay_tokenizer_encode_each (AssayTokenizer *self, const char *text, gsize n, AssayTokenFunc func, gpointer data, GError **error)
{
  if (!check_text (text, n, error))
    return FALSE;
  assay_token_parts_encode (text, n, encode_part_of_text, self, func, data);
  return check_steps (self, error);
}

/* --- decoding ---------------------------------------------------------------------------------------------------------------- */

/* How many bytes of what is no UTF-8 are shown as one mark: a beginning of a character that could have gone on. */
static gsize
count_bad (const guchar *p, gsize n)
{
  guchar low = 0x80, high = 0xbf;
  gsize wanted = p[0] >= 0xc2 && p[0] <= 0xdf ? 1 : p[0] >= 0xe0 && p[0] <= 0xef ? 2 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 3 : 0, k;

  if (p[0] == 0xe0)
    low = 0xa0;
  else if (p[0] == 0xed)
    high = 0x9f;
  else if (p[0] == 0xf0)
    low = 0x90;
  else if (p[0] == 0xf4)
    high = 0x8f;
  for (k = 1; k <= wanted && k < n && p[k] >= low && p[k] <= high; k++)
    {
      low = 0x80;
      high = 0xbf;
    }
  return k;
}

static GString *
make_valid (const char *bytes, gsize n)
{
  GString *valid = g_string_sized_new (n);

  while (n > 0)
    {
      const char *fault;
      gsize good, bad;

      if (g_utf8_validate_len (bytes, n, &fault))
        {
          g_string_append_len (valid, bytes, (gssize) n);
          break;
        }
      good = (gsize) (fault - bytes);
      if (*fault == '\0')                                         /* a zero byte is a character like any other */
        {
          g_string_append_len (valid, bytes, (gssize) good + 1);
          bad = 1;
        }
      else
        {
          g_string_append_len (valid, bytes, (gssize) good);
          g_string_append (valid, "\xef\xbf\xbd");
          bad = count_bad ((const guchar *) fault, n - good);
        }
      bytes = fault + bad;
      n -= good + bad;
    }
  return valid;
}

char *
assay_tokenizer_decode (const AssayTokenizer *self, const gint32 *ids, gsize n, gsize *length)
{
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (free_string);
  g_autoptr (GString) whole = g_string_new (NULL);
  GString *valid;

  for (gsize i = 0; i < n; i++)
    {
      gsize own;
      const char *spelling = assay_tokenizer_get_spelling (self, ids[i], &own);

      if (spelling != NULL)
        g_ptr_array_add (tokens, g_string_new_len (spelling, (gssize) own));
    }
  for (guint k = 0; k < self->decoders->len; k++)
    {
      const AssayDecodeStep *step = &g_array_index (self->decoders, AssayDecodeStep, k);

      step->apply (step, tokens);
    }
  for (guint k = 0; k < tokens->len; k++)
    {
      const GString *token = tokens->pdata[k];

      if (k > 0 && self->decoders->len == 0)
        g_string_append_c (whole, ' ');
      g_string_append_len (whole, token->str, (gssize) token->len);
    }
  valid = make_valid (whole->str, whole->len);
  *length = valid->len;
  return g_string_free (valid, FALSE);
}

/* --- what there is ----------------------------------------------------------------------------------------------------------- */

gint64
assay_tokenizer_get_size (const AssayTokenizer *self)
{
  return self->vocabulary.spelling->len;
}

const char *
assay_tokenizer_get_spelling (const AssayTokenizer *self, gint32 id, gsize *length)
{
  const GString *spelling = id >= 0 && (guint) id < self->vocabulary.spelling->len ? self->vocabulary.spelling->pdata[id] : NULL;

  if (spelling == NULL)
    return NULL;
  if (length != NULL)
    *length = spelling->len;
  return spelling->str;
}

char *
assay_tokenizer_dup_name (const AssayTokenizer *self, gint32 id)
{
  const gint32 twice[] = { id, id };
  gsize n, one, two;
  const char *spelling = assay_tokenizer_get_spelling (self, id, &n);
  g_autofree char *alone = NULL, *after = NULL;

  if (spelling == NULL)
    return g_strdup_printf ("<%d>", id);
  if (strnlen (spelling, n) < n || !g_utf8_validate (spelling, (gssize) n, NULL))
    return assay_text_escape_bytes (spelling, n, TRUE);
  alone = assay_tokenizer_decode (self, twice, 1, &one);
  after = assay_tokenizer_decode (self, twice, 2, &two);          /* the first of a text may lose the space in front of it */
  if (two <= one || strnlen (after, two) < two || strstr (after, "\xef\xbf\xbd") != NULL)
    {
      g_free (after);
      after = g_strndup (spelling, n);
    }
  else
    memmove (after, after + one, two - one + 1);
  if (id == assay_tokenizer_get_begin (self) || id == self->end)
    g_strstrip (after);                                           /* some are spelt with ends of lines around them */
  return g_steal_pointer (&after);
}

gint32
assay_tokenizer_get_begin (const AssayTokenizer *self)
{
  return self->before->len > 0 ? g_array_index (self->before, gint32, 0) : -1;
}

gint32
assay_tokenizer_get_end (const AssayTokenizer *self)
{
  return self->end;
}

const char *
assay_tokenizer_get_model (const AssayTokenizer *self)
{
  return self->model->name;
}

/* --- opening ----------------------------------------------------------------------------------------------------------------- */

/* TRUE: spellings are bytes, for the model and for the decoder. */
static gboolean
choose_bytes (AssayTokenizer *self, const json_t *decoder)
{
  const json_t *parts = json_object_get (decoder, "decoders"), *first = parts ? json_array_get (parts, 0) : decoder;

  self->vocabulary.is_bytes = assay_token_cutter_keep_bytes (self->cutters, strcmp (self->model->name, "BPE") == 0 && strcmp (assay_json_get_text (first, "type"), "ByteLevel") == 0);
  return self->vocabulary.is_bytes;
}

/* Gives a number its spelling, unless it has one. Owns: takes spelling. */
static gboolean
spell (AssayTokenizer *self, json_int_t id, GString *spelling, gboolean replaces, GError **error)
{
  GPtrArray *all = self->vocabulary.spelling;

  if (id < 0 || id >= MAX_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "token \"%s\": a number from 0 to %d expected, %" JSON_INTEGER_FORMAT " found", spelling->str, MAX_TOKENS - 1, id);
      g_string_free (spelling, TRUE);
      return FALSE;
    }
  if ((guint) id >= all->len)
    g_ptr_array_set_size (all, (gint) id + 1);
  if (all->pdata[id] != NULL && !replaces)
    g_string_free (spelling, TRUE);
  else
    {
      g_clear_pointer (&all->pdata[id], free_string);
      all->pdata[id] = spelling;
    }
  return TRUE;
}

static gboolean
add_spelling (AssayTokenizer *self, const char *key, gsize n, const json_t *id, GError **error)
{
  GString *spelling = g_string_new_len (key, (gssize) n);
  g_autoptr (GString) bytes = g_string_new (NULL);

  if (!json_is_integer (id))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model.vocab: token \"%s\": a number expected", key);
      g_string_free (spelling, TRUE);
      return FALSE;
    }
  if (self->vocabulary.is_bytes && strlen (key) == n && assay_vocabulary_decode (key, bytes))
    {
      g_string_truncate (spelling, 0);
      g_string_append_len (spelling, bytes->str, (gssize) bytes->len);
    }
  return spell (self, json_integer_value (id), spelling, TRUE, error);
}

/* What kinds of tokens there are, where it is said. */
static gboolean
read_kinds (AssayTokenVocabulary *vocabulary, const json_t *kinds, GError **error)
{
  const json_t *item;
  size_t k;

  if (!json_is_array (kinds))
    return TRUE;
  vocabulary->n_kinds = json_array_size (kinds);
  vocabulary->kind = g_new (guint8, MAX (1, vocabulary->n_kinds));
  json_array_foreach (kinds, k, item)
    {
      json_int_t kind = json_integer_value (item);

      if (kind < ASSAY_TOKEN_NORMAL || kind > ASSAY_TOKEN_BYTE)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model.kinds: number %" G_GSIZE_FORMAT ": %d to %d expected", k, ASSAY_TOKEN_NORMAL, ASSAY_TOKEN_BYTE);
          return FALSE;
        }
      vocabulary->kind[k] = (guint8) kind;
    }
  return TRUE;
}

static gboolean
read_vocabulary (AssayTokenizer *self, const json_t *document, GError **error)
{
  const json_t *model = json_object_get (document, "model"), *item;
  json_t *vocabulary = json_object_get (model, "vocab"), *id;
  const char *key;
  size_t k, n;

  if (json_is_array (vocabulary))
    json_array_foreach (vocabulary, k, item)
      {
        json_auto_t *place = json_integer ((json_int_t) k);
        const json_t *text = json_array_get (item, 0);

        if (!json_is_string (text) || !json_is_number (json_array_get (item, 1)))
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model.vocab: number %" G_GSIZE_FORMAT ": [string, number] expected", k);
            return FALSE;
          }
        if (!add_spelling (self, json_string_value (text), json_string_length (text), place, error))
          return FALSE;
      }
  else
    json_object_keylen_foreach (vocabulary, key, n, id)
      if (!add_spelling (self, key, n, id, error))
        return FALSE;
  if (!read_kinds (&self->vocabulary, json_object_get (model, "kinds"), error))
    return FALSE;
  if (self->vocabulary.spelling->len == 0)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model.vocab: tokens and their numbers expected");
      return FALSE;
    }
  for (k = 0; k < self->vocabulary.spelling->len; k++)
    {
      const GString *spelling = self->vocabulary.spelling->pdata[k];

      if (spelling != NULL)
        assay_token_table_add (&self->vocabulary.table, spelling->str, spelling->len, (gint32) k);
    }
  return TRUE;
}

/* How an added token is found in a normalised text. Owns: the caller. Errors: those of assay_token_steps_check. */
static char *
normalise (const AssayTokenizer *self, const char *content, gsize n, gsize *length, GError **error)
{
  g_auto (AssayText) text = { 0 };

  assay_text_init (&text, content, n, 0);
  assay_token_steps_apply (self->normalisers, &text, TRUE);
  if (!assay_token_steps_check (self->normalisers, error))
    return NULL;
  *length = text.bytes->len;
  return g_memdup2 (text.bytes->str, text.bytes->len + 1);
}

static gboolean
read_added (AssayTokenizer *self, const json_t *list, GError **error)
{
  const json_t *item;
  size_t k;

  json_array_foreach (list, k, item)
    {
      const json_t *content = json_object_get (item, "content"), *id = json_object_get (item, "id"), *normalised = json_object_get (item, "normalized");
      Added a = { .takes_left = json_is_true (json_object_get (item, "lstrip")), .takes_right = json_is_true (json_object_get (item, "rstrip")),
                  .is_word = json_is_true (json_object_get (item, "single_word")) };
      g_autoptr (GString) bytes = g_string_new (NULL);
      g_autofree char *changed = NULL;
      GString *spelling;
      gsize n;

      if (!json_is_string (content) || !json_is_integer (id))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "added_tokens: number %" G_GSIZE_FORMAT ": a content and an id expected", k);
          return FALSE;
        }
      n = json_string_length (content);
      if (json_is_true (normalised) && (changed = normalise (self, json_string_value (content), n, &n, error)) == NULL)
        return FALSE;
      assay_token_strings_add (self->strings[json_is_true (normalised)], changed ? changed : json_string_value (content), n, (gint32) self->added->len);
      a.id = (gint32) json_integer_value (id);
      g_array_append_val (self->added, a);
      spelling = g_string_new_len (json_string_value (content), (gssize) json_string_length (content));
      if (self->vocabulary.is_bytes && assay_vocabulary_decode (spelling->str, bytes))
        {
          g_string_truncate (spelling, 0);
          g_string_append_len (spelling, bytes->str, (gssize) bytes->len);
        }
      if (!spell (self, json_integer_value (id), spelling, FALSE, error))
        return FALSE;
    }
  assay_token_strings_sort (self->strings[FALSE]);
  assay_token_strings_sort (self->strings[TRUE]);
  return TRUE;
}

/* --- what is put around a text --- */

static gboolean
add_number (const json_t *number, const char *name, GArray *side, GError **error)
{
  gint32 id = (gint32) json_integer_value (number);

  if (!json_is_integer (number) || json_integer_value (number) < 0 || json_integer_value (number) >= MAX_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "post_processor: %s: numbers of tokens from 0 to %d expected", name, MAX_TOKENS - 1);
      return FALSE;
    }
  g_array_append_val (side, id);
  return TRUE;
}

static gboolean
add_special (const json_t *special, const char *name, GArray *side, GError **error)
{
  const json_t *ids = json_object_get (json_object_get (special, name), "ids"), *item;
  size_t k;

  if (json_array_size (ids) == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "post_processor.special_tokens: the numbers of %s expected", name);
      return FALSE;
    }
  json_array_foreach (ids, k, item)
    if (!add_number (item, name, side, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_template (AssayTokenizer *self, const json_t *processor, GError **error)
{
  GArray *side = self->before;
  const json_t *item;
  size_t k;

  json_array_foreach (json_object_get (processor, "single"), k, item)
    {
      const json_t *special = json_object_get (item, "SpecialToken");

      if (special == NULL)
        side = self->behind;
      else if (!add_special (json_object_get (processor, "special_tokens"), assay_json_get_text (special, "id"), side, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_processor (AssayTokenizer *self, const json_t *processor, GError **error)
{
  const char *type = assay_json_get_text (processor, "type");
  const json_t *item;
  size_t k;

  if (processor == NULL || json_is_null (processor) || strcmp (type, "ByteLevel") == 0)
    return TRUE;
  if (strcmp (type, "TemplateProcessing") == 0)
    return read_template (self, processor, error);
  if (strcmp (type, "BertProcessing") == 0 || strcmp (type, "RobertaProcessing") == 0)
    return add_number (json_array_get (json_object_get (processor, "cls"), 1), "cls", self->before, error)
           && add_number (json_array_get (json_object_get (processor, "sep"), 1), "sep", self->behind, error);
  if (strcmp (type, "Sequence") == 0)
    {
      json_array_foreach (json_object_get (processor, "processors"), k, item)
        if (!read_processor (self, item, error))
          return FALSE;
      return TRUE;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "post_processor: TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or Sequence expected, \"%s\" found", type);
  return FALSE;
}

static GArray *
new_steps (gsize size, GDestroyNotify clear)
{
  GArray *steps = g_array_new (FALSE, TRUE, (guint) size);

  g_array_set_clear_func (steps, clear);
  return steps;
}

static gboolean
read_document (AssayTokenizer *self, const json_t *document, GError **error)
{
  const json_t *model = json_object_get (document, "model"), *end = json_object_get (document, "end_token");
  const char *type = assay_json_get_text (model, "type");

  if (type[0] == '\0')                                            /* early files do not say it */
    type = json_object_get (model, "merges") ? "BPE" : json_is_array (json_object_get (model, "vocab")) ? "Unigram" : "WordPiece";
  self->end = json_is_integer (end) && json_integer_value (end) >= 0 && json_integer_value (end) < MAX_TOKENS ? (gint32) json_integer_value (end) : -1;
  return (self->model = assay_token_model_find (type, error)) != NULL && assay_token_normaliser_read (json_object_get (document, "normalizer"), self->normalisers, error)
         && assay_token_cutter_read (json_object_get (document, "pre_tokenizer"), self->cutters, error)
         && assay_token_decoder_read (json_object_get (document, "decoder"), choose_bytes (self, json_object_get (document, "decoder")), self->decoders, error) && read_vocabulary (self, document, error)
         && read_added (self, json_object_get (document, "added_tokens"), error) && read_processor (self, json_object_get (document, "post_processor"), error)
         && (self->data = self->model->load (model, &self->vocabulary, error)) != NULL;
}

/* Words of the document stand in what is said of it. */
static void
make_showable (GError **error)
{
  char *shown;

  if (error == NULL || *error == NULL)
    return;
  shown = assay_text_escape ((*error)->message, FALSE);
  g_free ((*error)->message);
  (*error)->message = shown;
}

AssayTokenizer *
assay_tokenizer_new (const json_t *document, const char *source, GError **error)
{
  g_autoptr (AssayTokenizer) self = g_new0 (AssayTokenizer, 1);

  self->vocabulary.spelling = g_ptr_array_new_with_free_func (free_string);
  self->added = g_array_new (FALSE, FALSE, sizeof (Added));
  self->strings[FALSE] = assay_token_strings_new ();
  self->strings[TRUE] = assay_token_strings_new ();
  self->normalisers = new_steps (sizeof (AssayTokenStep), (GDestroyNotify) assay_token_step_clear);
  self->cutters = new_steps (sizeof (AssayTokenStep), (GDestroyNotify) assay_token_step_clear);
  self->decoders = new_steps (sizeof (AssayDecodeStep), (GDestroyNotify) assay_token_decoder_clear);
  self->before = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->behind = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->scratch = g_array_new (FALSE, FALSE, sizeof (AssayPieceToken));
  if (!read_document (self, document, error))
    {
      make_showable (error);
      g_prefix_error (error, "%s: ", source);
      return NULL;
    }
  return g_steal_pointer (&self);
}

AssayTokenizer *
assay_tokenizer_open (const char *path, GError **error)
{
  g_autofree char *source = NULL;
  json_auto_t *document = assay_tokenizer_read (path, &source, error);

  return document ? assay_tokenizer_new (document, source, error) : NULL;
}

void
assay_tokenizer_free (AssayTokenizer *self)
{
  if (self == NULL)
    return;
  if (self->data != NULL)
    self->model->free (self->data);
  assay_token_table_clear (&self->vocabulary.table);
  g_ptr_array_unref (self->vocabulary.spelling);
  g_free (self->vocabulary.kind);
  g_array_unref (self->added);
  assay_token_strings_free (self->strings[FALSE]);
  assay_token_strings_free (self->strings[TRUE]);
  g_array_unref (self->normalisers);
  g_array_unref (self->cutters);
  g_array_unref (self->decoders);
  g_array_unref (self->before);
  g_array_unref (self->behind);
  g_array_unref (self->scratch);
  g_free (self);
}
