/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_bpe.c: byte-pair encoding: the pair of neighbours that was learnt first is joined first, the leftmost of equals, until none is left.
 * When a pair was learnt is said by a list of merges, or, as in SentencePiece, by the score of what the two make: any two neighbours that make a
 * token are joined then, and what is no token may still become a part of one, so that it is unknown only at the end.
 * Pieces met before are remembered.
 * Source: Sennrich, Haddow and Birch, 1508.07909; byte level: Radford et al. 2019; by scores: Kudo and Richardson, 1808.06226.
 */
#include "dataset/tokenizer_model.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "dataset/tokenizer_strings.h"
#include "dataset/vocabulary.h"

#include <string.h>

#define SHORT 48                /* symbols of a piece whose pairs are looked through; more go through a heap */
#define GONE -1                 /* a symbol that was joined to the one before it */
#define NO_TOKEN -2             /* a character that no token is spelt like, by scores */
#define NEVER G_MAXINT32        /* the rank of what is not joined */
#define REMEMBERED (1 << 16)    /* pieces */
#define LONGEST_REMEMBERED 64   /* bytes */

typedef struct { guint64 pair; gint32 rank, id; } Merge;         /* pair: left and right; id -1: free */

typedef struct {
  const char *bytes;            /* NULL: free */
  guint32 length, first, n;     /* tokens first .. first + n - 1 of `tokens` */
} Memory;

typedef struct {
  const AssayTokenVocabulary *vocabulary;
  Merge *merges;                /* n_slots, a power of two; NULL: by scores */
  gsize n_slots;
  gint32 *rank;                 /* (size) by token, of its score; NULL: by merges */
  AssayTokenStrings *defined;   /* what a text is never cut or joined across; NULL: by merges */
  const char *mark;             /* what words begin with, where no token goes on into a next word; NULL: pieces are left whole */
  gint32 byte[256];             /* by raw byte, or what falls back to a byte */
  gint32 unknown;               /* -1: none, and unknown characters are left out */
  gboolean fuses_unknown, falls_back, ignores_merges;
  char *prefix;                 /* before what continues a word, "" for most */
  char *suffix;                 /* behind what ends one */
  Memory *memory;               /* REMEMBERED */
  GArray *tokens;               /* AssayPieceToken */
  GStringChunk *chunk;
  gsize n_remembered;
  GArray *symbols, *heap;
} Bpe;

/* A stretch of the piece; the list is linked by positions. */
typedef struct { gint32 id; guint32 start, end; gint32 before, after; gboolean is_fixed; } Symbol;
typedef struct { gint32 rank, id; } Joint;                        /* what a symbol and the one behind it make */
typedef struct { Joint joint; gint32 at, left, right; } Candidate;

/* --- merges ---------------------------------------------------------------------------------------------------------------- */

static guint64
pair_of (gint32 left, gint32 right)
{
  return (guint64) (guint32) left << 32 | (guint32) right;
}

static Merge *
look (const Bpe *bpe, guint64 pair)
{
  gsize mask = bpe->n_slots - 1, at = (pair * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) >> 20) & mask;

  while (bpe->merges[at].id >= 0 && bpe->merges[at].pair != pair)
    at = (at + 1) & mask;
  return &bpe->merges[at];
}

/* How a merge is written: "left right", or [left, right]. FALSE: neither. */
static gboolean
split_merge (const json_t *item, GString *left, GString *right)
{
  const char *text = json_string_value (item), *space = text && text[0] != '\0' ? strchr (text + 1, ' ') : NULL;

  if (json_is_array (item) && json_array_size (item) == 2 && json_is_string (json_array_get (item, 0)) && json_is_string (json_array_get (item, 1)))
    {
      g_string_assign (left, json_string_value (json_array_get (item, 0)));
      g_string_assign (right, json_string_value (json_array_get (item, 1)));
      return TRUE;
    }
  if (space == NULL)
    return FALSE;
  g_string_truncate (left, 0);
  g_string_append_len (left, text, space - text);
  g_string_assign (right, space + 1);
  return TRUE;
}

/* Byte-level spellings become their bytes; one that is not of the alphabet stays. */
static void
spell_in_bytes (GString *spelling)
{
  g_autoptr (GString) bytes = g_string_new (NULL);

  if (assay_vocabulary_decode (spelling->str, bytes))
    {
      g_string_truncate (spelling, 0);
      g_string_append_len (spelling, bytes->str, (gssize) bytes->len);
    }
}

static gint32
find (const Bpe *bpe, const GString *spelling)
{
  return assay_token_table_find (&bpe->vocabulary->table, spelling->str, spelling->len);
}

/* TRUE where the two and what they make are in the vocabulary. */
static gboolean
resolve (const Bpe *bpe, GString *left, GString *right, GString *whole, gint32 *ids)
{
  gsize skip = bpe->prefix[0] != '\0' && g_str_has_prefix (right->str, bpe->prefix) ? strlen (bpe->prefix) : 0;

  if (bpe->vocabulary->is_bytes)
    {
      spell_in_bytes (left);
      spell_in_bytes (right);
    }
  g_string_truncate (whole, 0);
  g_string_append_len (whole, left->str, (gssize) left->len);
  g_string_append_len (whole, right->str + skip, (gssize) (right->len - skip));
  ids[0] = find (bpe, left);
  ids[1] = find (bpe, right);
  ids[2] = find (bpe, whole);
  return ids[0] >= 0 && ids[1] >= 0 && ids[2] >= 0;
}

static gboolean
load_merges (Bpe *bpe, const json_t *merges, GError **error)
{
  gsize n = json_array_size (merges);
  g_autoptr (GString) left = g_string_new (NULL), right = g_string_new (NULL), whole = g_string_new (NULL);

  for (bpe->n_slots = 1024; bpe->n_slots < 2 * n; bpe->n_slots *= 2)
    ;
  bpe->merges = g_new (Merge, bpe->n_slots);
  for (gsize i = 0; i < bpe->n_slots; i++)
    bpe->merges[i].id = -1;
  for (gsize rank = 0; rank < n; rank++)
    {
      gint32 ids[3];
      Merge *slot;

      if (!split_merge (json_array_get (merges, rank), left, right) || !resolve (bpe, left, right, whole, ids))
        {
          g_autofree char *one = assay_text_escape_bytes (left->str, left->len, FALSE), *other = assay_text_escape_bytes (right->str, right->len, FALSE);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model.merges: number %" G_GSIZE_FORMAT ": two tokens of the vocabulary that make a third expected, \"%s\" and \"%s\" found",
                       rank, one, other);
          return FALSE;
        }
      slot = look (bpe, pair_of (ids[0], ids[1]));
      if (slot->id < 0)
        *slot = (Merge) { pair_of (ids[0], ids[1]), (gint32) rank, ids[2] };
    }
  return TRUE;
}

/* --- scores ---------------------------------------------------------------------------------------------------------------- */

typedef struct { double score; gint32 id; } Scored;

static int
compare_scores (gconstpointer x, gconstpointer y)
{
  const Scored *a = x, *b = y;

  return (a->score < b->score) - (a->score > b->score);           /* the highest first */
}

/* Equal scores have one rank, so that place decides between them. */
static void
load_scores (Bpe *bpe, const json_t *pieces)
{
  const AssayTokenVocabulary *vocabulary = bpe->vocabulary;
  g_autoptr (GArray) scored = g_array_sized_new (FALSE, FALSE, sizeof (Scored), (guint) json_array_size (pieces));
  gint32 rank = 0;

  bpe->rank = g_new (gint32, vocabulary->spelling->len);
  bpe->defined = assay_token_strings_new ();
  for (guint id = 0; id < vocabulary->spelling->len; id++)
    {
      const GString *spelling = vocabulary->spelling->pdata[id];
      AssayTokenKind kind = spelling ? assay_token_get_kind (vocabulary, (gint32) id) : ASSAY_TOKEN_UNUSED;
      Scored item = { json_number_value (json_array_get (json_array_get (pieces, id), 1)), (gint32) id };

      bpe->rank[id] = NEVER;
      if (kind == ASSAY_TOKEN_DEFINED)
        assay_token_strings_add (bpe->defined, spelling->str, spelling->len, (gint32) id);
      if (kind == ASSAY_TOKEN_NORMAL)
        g_array_append_val (scored, item);
    }
  assay_token_strings_sort (bpe->defined);
  g_array_sort (scored, compare_scores);
  for (guint k = 0; k < scored->len; k++)
    {
      const Scored *item = &g_array_index (scored, Scored, k);

      rank += k > 0 && item->score < item[-1].score;
      bpe->rank[item->id] = rank;
    }
}

/* The token that bytes make, where a text can have it. */
static gint32
find_normal (const Bpe *bpe, const char *bytes, gsize n)
{
  gint32 id = assay_token_table_find (&bpe->vocabulary->table, bytes, n);

  return id >= 0 && bpe->rank[id] != NEVER ? id : NO_TOKEN;
}

/* --- joining --------------------------------------------------------------------------------------------------------------- */

static Joint
find_joint (const Bpe *bpe, const char *piece, const Symbol *s, gint32 at)
{
  const Symbol *left = &s[at], *right;
  const Merge *merge;

  if (left->after < 0)
    return (Joint) { NEVER, GONE };
  right = &s[left->after];
  if (bpe->rank != NULL)
    {
      gint32 id = left->is_fixed || right->is_fixed ? NO_TOKEN : find_normal (bpe, piece + left->start, right->end - left->start);

      return id >= 0 ? (Joint) { bpe->rank[id], id } : (Joint) { NEVER, GONE };
    }
  merge = look (bpe, pair_of (left->id, right->id));
  return merge->id >= 0 ? (Joint) { merge->rank, merge->id } : (Joint) { NEVER, GONE };
}

static void
join (Symbol *s, gint32 at, gint32 id)
{
  gint32 gone = s[at].after;

  s[at].id = id;
  s[at].end = s[gone].end;
  s[at].after = s[gone].after;
  s[gone].id = GONE;
  if (s[at].after >= 0)
    s[s[at].after].before = at;
}

static void
join_short (const Bpe *bpe, const char *piece, Symbol *s, guint n)
{
  Joint joint[SHORT];

  for (guint i = 0; i < n; i++)
    joint[i] = find_joint (bpe, piece, s, (gint32) i);
  for (;;)
    {
      gint32 best = 0;

      for (gint32 i = s[0].after; i >= 0; i = s[i].after)
        if (joint[i].rank < joint[best].rank)
          best = i;
      if (joint[best].rank == NEVER)
        return;
      join (s, best, joint[best].id);
      joint[best] = find_joint (bpe, piece, s, best);
      if (s[best].before >= 0)
        joint[s[best].before] = find_joint (bpe, piece, s, s[best].before);
    }
}

static gboolean
is_before (const Candidate *a, const Candidate *b)
{
  return a->joint.rank < b->joint.rank || (a->joint.rank == b->joint.rank && a->at < b->at);
}

static void
push (Bpe *bpe, const char *piece, const Symbol *s, gint32 at)
{
  Candidate item = { find_joint (bpe, piece, s, at), at, 0, 0 };
  guint i = bpe->heap->len;

  if (item.joint.rank == NEVER)
    return;
  item.left = s[at].id;
  item.right = s[s[at].after].id;
  g_array_append_val (bpe->heap, item);
  for (; i > 0; i = (i - 1) / 2)
    {
      Candidate *child = &g_array_index (bpe->heap, Candidate, i), *parent = &g_array_index (bpe->heap, Candidate, (i - 1) / 2), t = *parent;

      if (!is_before (child, parent))
        break;
      *parent = *child;
      *child = t;
    }
}

static Candidate
pop (Bpe *bpe)
{
  Candidate *heap = (Candidate *) (void *) bpe->heap->data, top = heap[0];
  guint n = bpe->heap->len - 1, i = 0;

  heap[0] = heap[n];
  g_array_set_size (bpe->heap, n);
  for (guint child; (child = 2 * i + 1) < n; i = child)
    {
      Candidate t = heap[i];

      if (child + 1 < n && is_before (&heap[child + 1], &heap[child]))
        child++;
      if (!is_before (&heap[child], &heap[i]))
        break;
      heap[i] = heap[child];
      heap[child] = t;
    }
  return top;
}

static void
join_long (Bpe *bpe, const char *piece, Symbol *s, guint n)
{
  g_array_set_size (bpe->heap, 0);
  for (guint i = 0; i < n; i++)
    push (bpe, piece, s, (gint32) i);
  while (bpe->heap->len > 0)
    {
      Candidate top = pop (bpe);

      /* one of the two was joined to another since */
      if (s[top.at].id != top.left || s[top.at].after < 0 || s[s[top.at].after].id != top.right)
        continue;
      join (s, top.at, top.joint.id);
      push (bpe, piece, s, top.at);
      if (s[top.at].before >= 0)
        push (bpe, piece, s, s[top.at].before);
    }
}

/* --- symbols --------------------------------------------------------------------------------------------------------------- */

static void
add_symbol (Bpe *bpe, gint32 id, gsize start, gsize end)
{
  gint32 at = (gint32) bpe->symbols->len;
  Symbol symbol = { id, (guint32) start, (guint32) end, at - 1, at + 1, FALSE };

  g_array_append_val (bpe->symbols, symbol);
}

/* Every byte has a token that stands for it. */
static gboolean
has_bytes (const Bpe *bpe, const char *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (bpe->byte[(guchar) bytes[i]] < 0)
      return FALSE;
  return bpe->falls_back;
}

/* A character that is no token: the bytes of how it is spelt, or the unknown token, or nothing. */
static void
add_unknown (Bpe *bpe, const char *spelling, gsize spelt, gsize start, gsize n)
{
  Symbol *last = bpe->symbols->len > 0 ? &g_array_index (bpe->symbols, Symbol, bpe->symbols->len - 1) : NULL;
  gboolean falls_back = has_bytes (bpe, spelling, spelt);

  for (gsize i = 0; falls_back && i < spelt; i++)
    add_symbol (bpe, bpe->byte[(guchar) spelling[i]], start, start + n);
  if (falls_back || bpe->unknown < 0)
    return;
  if (bpe->fuses_unknown && last != NULL && last->id == bpe->unknown)
    last->end = (guint32) (start + n);
  else
    add_symbol (bpe, bpe->unknown, start, start + n);
}

/* With what is put before all but the first and behind the last. */
static void
add_marked_character (Bpe *bpe, const char *piece, gsize start, gsize n, gboolean is_last)
{
  g_autoptr (GString) spelling = g_string_new (start > 0 ? bpe->prefix : "");
  gint32 id;

  g_string_append_len (spelling, piece + start, (gssize) n);
  g_string_append (spelling, is_last ? bpe->suffix : "");
  id = find (bpe, spelling);
  if (id >= 0)
    add_symbol (bpe, id, start, start + n);
  else
    add_unknown (bpe, spelling->str, spelling->len, start, n);
}

static void
add_characters (Bpe *bpe, const char *piece, gsize n)
{
  for (gsize i = 0, length; i < n; i += length)
    {
      gint32 id;

      length = bpe->vocabulary->is_bytes ? 1 : g_utf8_skip[(guchar) piece[i]];
      if (!bpe->vocabulary->is_bytes && ((i > 0 && bpe->prefix[0] != '\0') || (i + length == n && bpe->suffix[0] != '\0')))
        {
          add_marked_character (bpe, piece, i, length, i + length == n);
          continue;
        }
      id = bpe->vocabulary->is_bytes ? bpe->byte[(guchar) piece[i]] : assay_token_table_find (&bpe->vocabulary->table, piece + i, length);
      if (id >= 0)
        add_symbol (bpe, id, i, i + length);
      else
        add_unknown (bpe, piece + i, length, i, length);
    }
}

/* By scores: what the user defined stays whole, and a character may be no token until it is joined. */
static void
add_parts (Bpe *bpe, const char *piece, gsize n)
{
  for (gsize i = 0, length; i < n; i += length)
    {
      gint32 id = assay_token_strings_find (bpe->defined, piece + i, n - i, &length);

      if (id < 0)
        length = MIN (n - i, (gsize) g_utf8_skip[(guchar) piece[i]]);
      add_symbol (bpe, id >= 0 ? id : find_normal (bpe, piece + i, length), i, i + length);
      g_array_index (bpe->symbols, Symbol, bpe->symbols->len - 1).is_fixed = id >= 0;
    }
}

/* What is no token at the end: the tokens of its bytes, or the unknown token, one for a run of them, or nothing. */
static void
emit_unknown (const Bpe *bpe, const char *piece, const Symbol *s, guint first, GArray *tokens)
{
  AssayPieceToken *last = tokens->len > first ? &g_array_index (tokens, AssayPieceToken, tokens->len - 1) : NULL, token = { bpe->unknown, s->start, s->end };
  gboolean falls_back = has_bytes (bpe, piece + s->start, s->end - s->start);

  for (guint32 i = s->start; falls_back && i < s->end; i++)
    {
      token.id = bpe->byte[(guchar) piece[i]];
      g_array_append_val (tokens, token);
    }
  if (falls_back || bpe->unknown < 0)
    return;
  if (bpe->fuses_unknown && last != NULL && last->id == bpe->unknown)
    last->end = s->end;
  else
    g_array_append_val (tokens, token);
}

static void
encode_anew (Bpe *bpe, const char *piece, gsize n, GArray *tokens)
{
  gint32 whole = bpe->ignores_merges ? assay_token_table_find (&bpe->vocabulary->table, piece, n) : -1;
  Symbol *s;
  guint count, first = tokens->len;

  if (whole >= 0)
    {
      AssayPieceToken token = { whole, 0, (guint32) n };

      g_array_append_val (tokens, token);
      return;
    }
  g_array_set_size (bpe->symbols, 0);
  if (bpe->rank != NULL)
    add_parts (bpe, piece, n);
  else
    add_characters (bpe, piece, n);
  count = bpe->symbols->len;
  if (count == 0)
    return;
  s = (Symbol *) (void *) bpe->symbols->data;
  s[count - 1].after = -1;
  if (count <= SHORT)
    join_short (bpe, piece, s, count);
  else
    join_long (bpe, piece, s, count);
  for (gint32 i = 0; i >= 0; i = s[i].after)
    {
      AssayPieceToken token = { s[i].id, s[i].start, s[i].end };

      if (s[i].id == NO_TOKEN)
        emit_unknown (bpe, piece, &s[i], first, tokens);
      else
        g_array_append_val (tokens, token);
    }
}

static void
encode_word (Bpe *bpe, const char *piece, gsize n, GArray *tokens)
{
  gsize at = assay_token_hash (piece, n) & (REMEMBERED - 1);
  Memory *memory;
  guint first = tokens->len;

  if (n > LONGEST_REMEMBERED)
    {
      encode_anew (bpe, piece, n, tokens);
      return;
    }
  for (; (memory = &bpe->memory[at])->bytes != NULL; at = (at + 1) & (REMEMBERED - 1))
    if (memory->length == n && memcmp (memory->bytes, piece, n) == 0)
      {
        g_array_append_vals (tokens, &g_array_index (bpe->tokens, AssayPieceToken, memory->first), memory->n);
        return;
      }
  encode_anew (bpe, piece, n, tokens);
  if (2 * bpe->n_remembered >= REMEMBERED)
    return;
  *memory = (Memory) { g_string_chunk_insert_len (bpe->chunk, piece, (gssize) n), (guint32) n, bpe->tokens->len, tokens->len - first };
  g_array_append_vals (bpe->tokens, &g_array_index (tokens, AssayPieceToken, first), tokens->len - first);
  bpe->n_remembered++;
}

/* Where the next word begins: behind the marks at the start, before the mark that follows. */
static gsize
find_word_end (const char *mark, const char *piece, gsize n, gsize start)
{
  gsize length = strlen (mark), at = start;

  while (at + length <= n && memcmp (piece + at, mark, length) == 0)
    at += length;
  while (at < n && (at + length > n || memcmp (piece + at, mark, length) != 0))
    at++;
  return at;
}

/* Nothing is joined across the beginning of a word where no token goes over one: then words are short and met again, and a whole text is not. */
static void
encode (gpointer data, const char *piece, gsize n, GArray *tokens)
{
  Bpe *bpe = data;

  for (gsize start = 0, end; start < n; start = end)
    {
      guint first = tokens->len;

      end = bpe->mark ? find_word_end (bpe->mark, piece, n, start) : n;
      encode_word (bpe, piece + start, end - start, tokens);
      for (guint k = first; start > 0 && k < tokens->len; k++)
        {
          g_array_index (tokens, AssayPieceToken, k).start += (guint32) start;
          g_array_index (tokens, AssayPieceToken, k).end += (guint32) start;
        }
    }
}

/* --- reading --------------------------------------------------------------------------------------------------------------- */

static void
bpe_free (gpointer data)
{
  Bpe *bpe = data;

  g_free (bpe->merges);
  g_free (bpe->rank);
  assay_token_strings_free (bpe->defined);
  g_free (bpe->prefix);
  g_free (bpe->suffix);
  g_free (bpe->memory);
  g_array_unref (bpe->tokens);
  g_array_unref (bpe->symbols);
  g_array_unref (bpe->heap);
  g_string_chunk_free (bpe->chunk);
  g_free (bpe);
}

static void
find_single_bytes (Bpe *bpe)
{
  for (guint byte = 0; byte < 256; byte++)
    {
      char c = (char) byte;

      bpe->byte[byte] = assay_token_table_find (&bpe->vocabulary->table, &c, 1);
    }
}

/* A token that a text can have, with a mark behind what is none. */
static gboolean
goes_over (const AssayTokenVocabulary *vocabulary, guint id, const char *mark)
{
  const GString *spelling = vocabulary->spelling->pdata[id];
  AssayTokenKind kind = assay_token_get_kind (vocabulary, (gint32) id);

  return spelling != NULL && (kind == ASSAY_TOKEN_NORMAL || kind == ASSAY_TOKEN_DEFINED) && find_word_end (mark, spelling->str, spelling->len, 0) < spelling->len;
}

static const char *
find_mark (const Bpe *bpe)
{
  static const char *const marks[] = { "\xe2\x96\x81", " " };
  const AssayTokenVocabulary *vocabulary = bpe->vocabulary;

  if (vocabulary->is_bytes || bpe->ignores_merges || bpe->prefix[0] != '\0' || bpe->suffix[0] != '\0')
    return NULL;
  for (gsize k = 0; k < G_N_ELEMENTS (marks); k++)
    {
      gint32 id = assay_token_table_find (&vocabulary->table, marks[k], strlen (marks[k]));
      gboolean is_apart = id >= 0 && assay_token_get_kind (vocabulary, id) == ASSAY_TOKEN_NORMAL;

      for (guint i = 0; is_apart && i < vocabulary->spelling->len; i++)
        is_apart = !goes_over (vocabulary, i, marks[k]);
      if (is_apart)
        return marks[k];
    }
  return NULL;
}

static gint32
find_unknown (const json_t *model, const AssayTokenVocabulary *vocabulary)
{
  const json_t *id = json_object_get (model, "unk_id");
  const char *unknown = json_string_value (json_object_get (model, "unk_token"));

  if (json_is_integer (id) && json_integer_value (id) >= 0 && json_integer_value (id) < vocabulary->spelling->len)
    return (gint32) json_integer_value (id);
  return unknown ? assay_token_table_find (&vocabulary->table, unknown, strlen (unknown)) : -1;
}

static gpointer
load (const json_t *model, const AssayTokenVocabulary *vocabulary, GError **error)
{
  const json_t *dropout = json_object_get (model, "dropout");
  Bpe *bpe;

  if (dropout != NULL && !json_is_null (dropout) && json_number_value (dropout) != 0)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "model.dropout: null or 0 expected: with another value the same text has other tokens each time");
      return NULL;
    }
  bpe = g_new0 (Bpe, 1);
  bpe->vocabulary = vocabulary;
  bpe->unknown = find_unknown (model, vocabulary);
  bpe->fuses_unknown = json_is_true (json_object_get (model, "fuse_unk"));
  bpe->falls_back = json_is_true (json_object_get (model, "byte_fallback"));
  bpe->ignores_merges = json_is_true (json_object_get (model, "ignore_merges"));
  bpe->prefix = g_strdup (assay_json_get_text (model, "continuing_subword_prefix"));
  bpe->suffix = g_strdup (assay_json_get_text (model, "end_of_word_suffix"));
  bpe->memory = g_new0 (Memory, REMEMBERED);
  bpe->tokens = g_array_new (FALSE, FALSE, sizeof (AssayPieceToken));
  bpe->symbols = g_array_new (FALSE, FALSE, sizeof (Symbol));
  bpe->heap = g_array_new (FALSE, FALSE, sizeof (Candidate));
  bpe->chunk = g_string_chunk_new (1 << 16);
  if (vocabulary->is_bytes)
    find_single_bytes (bpe);
  else
    assay_token_find_bytes (vocabulary, bpe->byte);
  bpe->mark = find_mark (bpe);
  if (json_is_array (json_object_get (model, "vocab")))
    load_scores (bpe, json_object_get (model, "vocab"));
  else if (!load_merges (bpe, json_object_get (model, "merges"), error))
    {
      bpe_free (bpe);
      return NULL;
    }
  return bpe;
}

ASSAY_TOKEN_MODEL_DEFINE (bpe) = { .name = "BPE", .load = load, .free = bpe_free, .encode = encode };
