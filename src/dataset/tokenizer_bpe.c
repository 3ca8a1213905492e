/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_bpe.c: byte-pair encoding: the pair of neighbours that was learnt first is joined first, the leftmost of equals, until none is left.
 * Pieces met before are remembered.
 * Source: Sennrich, Haddow and Birch, 1508.07909; byte level: Radford et al. 2019.
 */
#include "dataset/tokenizer_model.h"

#include "base/error.h"
#include "base/json.h"
#include "dataset/vocabulary.h"

#include <string.h>

#define SHORT 48                /* symbols of a piece whose pairs are looked through; more go through a heap */
#define REMEMBERED (1 << 16)    /* pieces */
#define LONGEST_REMEMBERED 64   /* bytes */

typedef struct { guint64 pair; gint32 rank, id; } Merge;         /* pair: left and right; id -1: free */

typedef struct {
  const char *bytes;            /* NULL: free */
  guint32 length, first, n;     /* tokens first .. first + n - 1 of `tokens` */
} Memory;

typedef struct {
  const AssayTokenVocabulary *vocabulary;
  Merge *merges;                /* n_slots, a power of two */
  gsize n_slots;
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
typedef struct { gint32 id; guint32 start, end; gint32 before, after; } Symbol;
typedef struct { gint32 rank, at, left, right; } Candidate;

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
  const char *text = json_string_value (item), *space = text ? strchr (text + 1, ' ') : NULL;

  if (json_is_array (item) && json_array_size (item) == 2 && json_is_string (json_array_get (item, 0)) && json_is_string (json_array_get (item, 1)))
    {
      g_string_assign (left, json_string_value (json_array_get (item, 0)));
      g_string_assign (right, json_string_value (json_array_get (item, 1)));
      return TRUE;
    }
  if (text == NULL || text[0] == '\0' || space == NULL)
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
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model.merges: number %" G_GSIZE_FORMAT ": two tokens of the vocabulary that make a third expected, \"%s\" and \"%s\" found",
                       rank, left->str, right->str);
          return FALSE;
        }
      slot = look (bpe, pair_of (ids[0], ids[1]));
      if (slot->id < 0)
        *slot = (Merge) { pair_of (ids[0], ids[1]), (gint32) rank, ids[2] };
    }
  return TRUE;
}

/* --- joining --------------------------------------------------------------------------------------------------------------- */

static gint32
rank_of (const Bpe *bpe, const Symbol *s, gint32 at)
{
  const Merge *merge;

  if (at < 0 || s[at].after < 0)
    return G_MAXINT32;
  merge = look (bpe, pair_of (s[at].id, s[s[at].after].id));
  return merge->id >= 0 ? merge->rank : G_MAXINT32;
}

static void
join (const Bpe *bpe, Symbol *s, gint32 at)
{
  gint32 gone = s[at].after;

  s[at].id = look (bpe, pair_of (s[at].id, s[gone].id))->id;
  s[at].end = s[gone].end;
  s[at].after = s[gone].after;
  s[gone].id = -1;
  if (s[at].after >= 0)
    s[s[at].after].before = at;
}

static void
join_short (const Bpe *bpe, Symbol *s, guint n)
{
  gint32 rank[SHORT];

  for (guint i = 0; i < n; i++)
    rank[i] = rank_of (bpe, s, (gint32) i);
  for (;;)
    {
      gint32 best = 0;

      for (gint32 i = s[0].after; i >= 0; i = s[i].after)
        if (rank[i] < rank[best])
          best = i;
      if (rank[best] == G_MAXINT32)
        return;
      join (bpe, s, best);
      rank[best] = rank_of (bpe, s, best);
      if (s[best].before >= 0)
        rank[s[best].before] = rank_of (bpe, s, s[best].before);
    }
}

static gboolean
is_before (const Candidate *a, const Candidate *b)
{
  return a->rank < b->rank || (a->rank == b->rank && a->at < b->at);
}

static void
push (Bpe *bpe, const Symbol *s, gint32 at)
{
  Candidate item = { rank_of (bpe, s, at), at, 0, 0 };
  guint i = bpe->heap->len;

  if (item.rank == G_MAXINT32)
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
join_long (Bpe *bpe, Symbol *s, guint n)
{
  g_array_set_size (bpe->heap, 0);
  for (guint i = 0; i < n; i++)
    push (bpe, s, (gint32) i);
  while (bpe->heap->len > 0)
    {
      Candidate top = pop (bpe);

      /* one of the two was joined to another since */
      if (s[top.at].id != top.left || s[top.at].after < 0 || s[s[top.at].after].id != top.right)
        continue;
      join (bpe, s, top.at);
      push (bpe, s, top.at);
      if (s[top.at].before >= 0)
        push (bpe, s, s[top.at].before);
    }
}

/* --- symbols --------------------------------------------------------------------------------------------------------------- */

static void
add_symbol (Bpe *bpe, gint32 id, gsize start, gsize end)
{
  gint32 at = (gint32) bpe->symbols->len;
  Symbol symbol = { id, (guint32) start, (guint32) end, at - 1, at + 1 };

  g_array_append_val (bpe->symbols, symbol);
}

/* A character that is no token: its bytes, or the unknown token, or nothing. */
static void
add_unknown (Bpe *bpe, const char *piece, gsize start, gsize n)
{
  Symbol *last = bpe->symbols->len > 0 ? &g_array_index (bpe->symbols, Symbol, bpe->symbols->len - 1) : NULL;
  gboolean has_bytes = bpe->falls_back;

  for (gsize i = 0; i < n; i++)
    has_bytes &= bpe->byte[(guchar) piece[start + i]] >= 0;
  for (gsize i = 0; has_bytes && i < n; i++)
    add_symbol (bpe, bpe->byte[(guchar) piece[start + i]], start, start + n);
  if (has_bytes || bpe->unknown < 0)
    return;
  if (bpe->fuses_unknown && last != NULL && last->id == bpe->unknown)
    last->end = (guint32) (start + n);
  else
    add_symbol (bpe, bpe->unknown, start, start + n);
}

static void
add_characters (Bpe *bpe, const char *piece, gsize n)
{
  for (gsize i = 0, length; i < n; i += length)
    {
      gboolean is_last;
      gint32 id;

      length = bpe->vocabulary->is_bytes ? 1 : g_utf8_skip[(guchar) piece[i]];
      is_last = i + length == n;
      if (bpe->vocabulary->is_bytes)
        id = bpe->byte[(guchar) piece[i]];
      else if ((i > 0 && bpe->prefix[0] != '\0') || (is_last && bpe->suffix[0] != '\0'))
        {
          g_autoptr (GString) spelling = g_string_new (i > 0 ? bpe->prefix : "");

          g_string_append_len (spelling, piece + i, (gssize) length);
          g_string_append (spelling, is_last ? bpe->suffix : "");
          id = find (bpe, spelling);
        }
      else
        id = assay_token_table_find (&bpe->vocabulary->table, piece + i, length);
      if (id >= 0)
        add_symbol (bpe, id, i, i + length);
      else
        add_unknown (bpe, piece, i, length);
    }
}

static void
encode_anew (Bpe *bpe, const char *piece, gsize n, GArray *tokens)
{
  gint32 whole = bpe->ignores_merges ? assay_token_table_find (&bpe->vocabulary->table, piece, n) : -1;
  Symbol *s;
  guint count;

  if (whole >= 0)
    {
      AssayPieceToken token = { whole, 0, (guint32) n };

      g_array_append_val (tokens, token);
      return;
    }
  g_array_set_size (bpe->symbols, 0);
  add_characters (bpe, piece, n);
  count = bpe->symbols->len;
  if (count == 0)
    return;
  s = (Symbol *) (void *) bpe->symbols->data;
  s[count - 1].after = -1;
  if (count <= SHORT)
    join_short (bpe, s, count);
  else
    join_long (bpe, s, count);
  for (gint32 i = 0; i >= 0; i = s[i].after)
    {
      AssayPieceToken token = { s[i].id, s[i].start, s[i].end };

      g_array_append_val (tokens, token);
    }
}

static void
encode (gpointer data, const char *piece, gsize n, GArray *tokens)
{
  Bpe *bpe = data;
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

/* --- reading --------------------------------------------------------------------------------------------------------------- */

static void
bpe_free (gpointer data)
{
  Bpe *bpe = data;

  g_free (bpe->merges);
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

static gpointer
load (const json_t *model, const AssayTokenVocabulary *vocabulary, GError **error)
{
  const char *unknown = json_string_value (json_object_get (model, "unk_token"));
  Bpe *bpe = g_new0 (Bpe, 1);

  bpe->vocabulary = vocabulary;
  bpe->unknown = unknown ? assay_token_table_find (&vocabulary->table, unknown, strlen (unknown)) : -1;
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
  if (load_merges (bpe, json_object_get (model, "merges"), error))
    return bpe;
  bpe_free (bpe);
  return NULL;
}

ASSAY_TOKEN_MODEL_DEFINE (bpe) = { .name = "BPE", .load = load, .free = bpe_free, .encode = encode };
