/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_train.c: counts of pairs are kept up to date piece by piece; the most frequent one comes off a heap whose counts may be too large, and goes back with the
 * right one then.
 */
#include "dataset/tokenizer_train.h"

#include "base/error.h"
#include "dataset/tokenizer_pieces.h"
#include "dataset/tokenizer_step.h"
#include "dataset/tokenizer_strings.h"
#include "dataset/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK ((gsize) 1 << 20) /* bytes of a text that are cut at a time, and a little */
#define MOST_TOKENS (1 << 24)

#define PATTERN_LLAMA3 "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

const char *const assay_token_trainer_patterns[] = { "gpt2", "llama3", "qwen2", NULL };

typedef struct { const char *bytes; gsize length; gint64 count; } Piece;
typedef struct { gint64 count; gsize first, n; } Word;           /* symbols first .. first + n - 1 */
typedef struct { guint64 key; gint64 count; GArray *words; } Pair;       /* key: left and right; words: guint32, where it is or was */
typedef struct { guint64 key; gint64 count; } Entry;

struct _AssayTokenTrainer {
  json_t *cutting;              /* "pre_tokenizer" */
  GArray *cutters;              /* AssayTokenStep */
  GPtrArray *special;           /* strings */
  AssayTokenStrings *strings;   /* of them */
  GHashTable *pieces;           /* Piece */
  GStringChunk *chunk;          /* their bytes */
  GArray *words;                /* Word */
  gint32 *symbols;
  GHashTable *pairs;            /* key of a Pair -> it */
  GArray *heap;                 /* Entry */
  GPtrArray *spelling;          /* GBytes by number, without the special ones: NULL there */
  GHashTable *numbers;          /* GBytes -> number + 1 */
  json_t *merges;
};

/* --- pieces ----------------------------------------------------------------------------------------------------------------- */

static guint
hash_piece (gconstpointer data)
{
  const Piece *piece = data;
  guint32 h = 2166136261u;

  for (gsize i = 0; i < piece->length; i++)
    h = (h ^ (guchar) piece->bytes[i]) * 16777619u;
  return h;
}

static gboolean
equal_pieces (gconstpointer a, gconstpointer b)
{
  const Piece *x = a, *y = b;

  return x->length == y->length && memcmp (x->bytes, y->bytes, x->length) == 0;
}

static void
count_piece (AssayTokenTrainer *self, const char *bytes, gsize length)
{
  Piece key = { bytes, length, 1 }, *piece = g_hash_table_lookup (self->pieces, &key);

  if (piece != NULL)
    {
      piece->count++;
      return;
    }
  key.bytes = g_string_chunk_insert_len (self->chunk, bytes, (gssize) length);
  piece = g_memdup2 (&key, sizeof key);
  g_hash_table_add (self->pieces, piece);
}

static void
count_text (AssayTokenTrainer *self, const char *bytes, gsize n)
{
  g_auto (AssayText) text = { 0 };

  assay_text_init (&text, bytes, n, 0);
  assay_token_steps_apply (self->cutters, &text, TRUE);
  for (guint k = 0; k < text.pieces->len; k++)
    {
      AssayTextPiece piece = g_array_index (text.pieces, AssayTextPiece, k);

      count_piece (self, text.bytes->str + piece.start, piece.length);
    }
}

/* No pattern goes on from a letter or a digit into the end of its line. */
static gsize
find_chunk (const char *bytes, gsize n)
{
  for (gsize at = CHUNK; at + 1 < n; at++)
    if (bytes[at] == '\n' && g_ascii_isalnum (bytes[at - 1]))
      return at;
  return n;
}

static void
count_stretch (AssayTokenTrainer *self, const char *bytes, gsize n)
{
  while (n > 0)
    {
      gsize some = find_chunk (bytes, n);

      count_text (self, bytes, some);
      bytes += some;
      n -= some;
    }
}

gboolean
assay_token_trainer_add (AssayTokenTrainer *self, const char *text, gsize n, GError **error)
{
  const char *fault;
  gsize done = 0;

  if (!g_utf8_validate_len (text, n, &fault) && *fault != '\0')
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "UTF-8 expected, byte %" G_GSIZE_FORMAT " is 0x%02x", (gsize) (fault - text), (guint) (guchar) *fault);
      return FALSE;
    }
  for (gsize at = 0, length; at < n && !assay_token_strings_is_empty (self->strings); at++)
    if (assay_token_strings_find (self->strings, text + at, n - at, &length) >= 0)
      {
        count_stretch (self, text + done, at - done);
        done = at + length;
        at = done - 1;
      }
  count_stretch (self, text + done, n - done);
  return assay_token_steps_check (self->cutters, error);
}

/* --- pairs ------------------------------------------------------------------------------------------------------------------ */

static guint64
key_of (gint32 left, gint32 right)
{
  return (guint64) (guint32) left << 32 | (guint32) right;
}

static void
pair_free (gpointer data)
{
  Pair *pair = data;

  g_array_unref (pair->words);
  g_free (pair);
}

/* Whether a comes before b: more often, or of smaller numbers. */
static gboolean
is_before (const Entry *a, const Entry *b)
{
  return a->count != b->count ? a->count > b->count : a->key < b->key;
}

static void
push (GArray *heap, Entry entry)
{
  guint at = heap->len;

  g_array_append_val (heap, entry);
  for (; at > 0 && is_before (&entry, &g_array_index (heap, Entry, (at - 1) / 2)); at = (at - 1) / 2)
    g_array_index (heap, Entry, at) = g_array_index (heap, Entry, (at - 1) / 2);
  g_array_index (heap, Entry, at) = entry;
}

static Entry
pop (GArray *heap)
{
  const Entry first = g_array_index (heap, Entry, 0), last = g_array_index (heap, Entry, heap->len - 1);
  guint at = 0, child;

  g_array_set_size (heap, heap->len - 1);
  for (; (child = 2 * at + 1) < heap->len; at = child)
    {
      if (child + 1 < heap->len && is_before (&g_array_index (heap, Entry, child + 1), &g_array_index (heap, Entry, child)))
        child++;
      if (!is_before (&g_array_index (heap, Entry, child), &last))
        break;
      g_array_index (heap, Entry, at) = g_array_index (heap, Entry, child);
    }
  if (heap->len > 0)
    g_array_index (heap, Entry, at) = last;
  return first;
}

/* The word has it: once in its list for every time that it is met new. */
static Pair *
change_pair (AssayTokenTrainer *self, gint32 left, gint32 right, gint64 by, guint32 word)
{
  const guint64 key = key_of (left, right);
  Pair *pair = g_hash_table_lookup (self->pairs, &key);

  if (pair == NULL)
    {
      pair = g_new0 (Pair, 1);
      pair->key = key;
      pair->words = g_array_new (FALSE, FALSE, sizeof (guint32));
      g_hash_table_insert (self->pairs, &pair->key, pair);
    }
  pair->count += by;
  if (by > 0 && (pair->words->len == 0 || g_array_index (pair->words, guint32, pair->words->len - 1) != word))
    g_array_append_val (pair->words, word);
  return pair;
}

/* Joins the pair wherever the word has it, and keeps the counts of its neighbours. touched: pairs of the new token, to be looked at again. */
static void
join_in (AssayTokenTrainer *self, guint32 index, gint32 left, gint32 right, gint32 joined, GHashTable *touched)
{
  Word *word = &g_array_index (self->words, Word, index);
  gint32 *s = self->symbols + word->first;
  gsize to = 0;

  for (gsize from = 0; from < word->n; from++)
    {
      if (from + 1 >= word->n || s[from] != left || s[from + 1] != right)
        {
          s[to++] = s[from];
          continue;
        }
      if (to > 0)
        {
          change_pair (self, s[to - 1], left, -word->count, index);
          g_hash_table_add (touched, change_pair (self, s[to - 1], joined, word->count, index));
        }
      if (from + 2 < word->n)
        {
          change_pair (self, right, s[from + 2], -word->count, index);
          g_hash_table_add (touched, change_pair (self, joined, s[from + 2], word->count, index));
        }
      s[to++] = joined;
      from++;
    }
  word->n = to;
}

/* --- vocabulary ------------------------------------------------------------------------------------------------------------- */

/* The number of these bytes, a new one where they have none. Takes bytes. */
static gint32
number_of (AssayTokenTrainer *self, GBytes *bytes)
{
  gint32 number = GPOINTER_TO_INT (g_hash_table_lookup (self->numbers, bytes)) - 1;

  if (number >= 0)
    {
      g_bytes_unref (bytes);
      return number;
    }
  g_ptr_array_add (self->spelling, bytes);
  g_hash_table_insert (self->numbers, bytes, GINT_TO_POINTER (self->spelling->len));
  return (gint32) self->spelling->len - 1;
}

static char *
spell (const AssayTokenTrainer *self, gint32 number)
{
  gsize n;
  const guint8 *bytes = g_bytes_get_data (self->spelling->pdata[number], &n);
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    g_string_append_unichar (out, assay_vocabulary_spell_byte (bytes[i]));
  return g_string_free (out, FALSE);
}

static void
add_merge (AssayTokenTrainer *self, gint32 left, gint32 right)
{
  g_autofree char *one = spell (self, left), *other = spell (self, right), *both = g_strconcat (one, " ", other, NULL);

  json_array_append_new (self->merges, json_string (both));
}

static gint32
join_numbers (AssayTokenTrainer *self, gint32 left, gint32 right)
{
  gsize n, m;
  const guint8 *one = g_bytes_get_data (self->spelling->pdata[left], &n), *other = g_bytes_get_data (self->spelling->pdata[right], &m);
  guint8 *both = g_malloc (n + m);

  memcpy (both, one, n);
  memcpy (both + n, other, m);
  return number_of (self, g_bytes_new_take (both, n + m));
}

static int
by_character (gconstpointer a, gconstpointer b)
{
  gunichar x = assay_vocabulary_spell_byte (*(const guint8 *) a), y = assay_vocabulary_spell_byte (*(const guint8 *) b);

  return (x > y) - (x < y);
}

/* Special tokens, then the bytes; number[byte]. */
static void
begin_vocabulary (AssayTokenTrainer *self, gint32 number[256])
{
  guint8 bytes[256];

  g_ptr_array_set_size (self->spelling, (gint) self->special->len);
  for (guint b = 0; b < 256; b++)
    bytes[b] = (guint8) b;
  qsort (bytes, 256, 1, by_character);
  for (guint b = 0; b < 256; b++)
    number[bytes[b]] = number_of (self, g_bytes_new (&bytes[b], 1));
}

/* --- learning --------------------------------------------------------------------------------------------------------------- */

static int
by_bytes (gconstpointer a, gconstpointer b)
{
  const Piece *x = *(Piece *const *) a, *y = *(Piece *const *) b;
  int order = memcmp (x->bytes, y->bytes, MIN (x->length, y->length));

  return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

/* Every piece as symbols, with the pairs in it. */
static void
make_words (AssayTokenTrainer *self, const gint32 number[256])
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;
  gsize n = 0;

  g_hash_table_iter_init (&iter, self->pieces);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      g_ptr_array_add (sorted, key);
      n += ((const Piece *) key)->length;
    }
  g_ptr_array_sort (sorted, by_bytes);
  self->symbols = g_new (gint32, MAX (n, 1));
  n = 0;
  for (guint k = 0; k < sorted->len; k++)
    {
      const Piece *piece = sorted->pdata[k];
      Word word = { piece->count, n, piece->length };

      for (gsize i = 0; i < piece->length; i++)
        self->symbols[n++] = number[(guchar) piece->bytes[i]];
      g_array_append_val (self->words, word);
      for (gsize i = 0; i + 1 < word.n; i++)
        change_pair (self, self->symbols[word.first + i], self->symbols[word.first + i + 1], word.count, k);
    }
  g_hash_table_remove_all (self->pieces);
  g_hash_table_iter_init (&iter, self->pairs);
  while (g_hash_table_iter_next (&iter, NULL, &key))
    push (self->heap, (Entry) { ((const Pair *) key)->key, ((const Pair *) key)->count });
}

static int
by_key (gconstpointer a, gconstpointer b)
{
  const Pair *x = *(Pair *const *) a, *y = *(Pair *const *) b;

  return (x->key > y->key) - (x->key < y->key);
}

static void
join (AssayTokenTrainer *self, Pair *pair)
{
  const gint32 left = (gint32) (pair->key >> 32), right = (gint32) (pair->key & G_MAXUINT32);
  g_autoptr (GHashTable) touched = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) words = pair->words;
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;
  const gint32 joined = join_numbers (self, left, right);

  add_merge (self, left, right);
  pair->words = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint k = 0; k < words->len; k++)
    join_in (self, g_array_index (words, guint32, k), left, right, joined, touched);
  pair->count = 0;
  g_hash_table_iter_init (&iter, touched);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (sorted, key);
  g_ptr_array_sort (sorted, by_key);
  for (guint k = 0; k < sorted->len; k++)
    {
      const Pair *other = sorted->pdata[k];

      if (other->count > 0)
        push (self->heap, (Entry) { other->key, other->count });
    }
}

static gboolean
learn_pairs (AssayTokenTrainer *self, gint64 size, gint64 least, AssayProgress *progress, GError **error)
{
  while ((gint64) self->spelling->len < size && self->heap->len > 0)
    {
      Entry entry = pop (self->heap);
      Pair *pair = g_hash_table_lookup (self->pairs, &entry.key);

      if (pair->count <= 0 || pair->count > entry.count)
        continue;                                                 /* gone, or in the heap once more with its right count */
      if (pair->count < entry.count)
        {
          push (self->heap, (Entry) { entry.key, pair->count });
          continue;
        }
      if (pair->count < least)
        break;
      join (self, pair);
      assay_progress_report (progress, "learn", (guint64) self->spelling->len, (guint64) size, "tokens", NULL);
      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
    }
  return TRUE;
}

static json_t *
describe (AssayTokenTrainer *self)
{
  json_t *vocabulary = json_object (), *added = json_array ();

  for (guint k = 0; k < self->special->len; k++)
    {
      json_array_append_new (added, assay_token_describe_added (k, self->special->pdata[k], strlen (self->special->pdata[k])));
      json_object_set_new (vocabulary, self->special->pdata[k], json_integer (k));
    }
  for (guint k = self->special->len; k < self->spelling->len; k++)
    {
      g_autofree char *spelling = spell (self, (gint32) k);

      json_object_set_new (vocabulary, spelling, json_integer (k));
    }
  return json_pack ("{s:s, s:o, s:n, s:O, s:n, s:{s:s, s:b, s:b, s:b}, s:{s:s, s:n, s:n, s:n, s:n, s:b, s:b, s:b, s:o, s:O}}", "version", "1.0", "added_tokens", added, "normalizer",
                    "pre_tokenizer", self->cutting, "post_processor", "decoder", "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets", 1, "use_regex", 1, "model", "type",
                    "BPE", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", 0, "byte_fallback", 0, "ignore_merges", 0, "vocab", vocabulary,
                    "merges", self->merges);
}

json_t *
assay_token_trainer_learn (AssayTokenTrainer *self, gint64 size, gint64 least, AssayProgress *progress, GError **error)
{
  const gint64 fewest = 256 + (gint64) self->special->len;
  gint32 number[256];

  if (size < fewest || size > MOST_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "size: %" G_GINT64_FORMAT " (the bytes and the special tokens) to %d tokens expected, %" G_GINT64_FORMAT " found", fewest,
                   MOST_TOKENS, size);
      return NULL;
    }
  begin_vocabulary (self, number);
  make_words (self, number);
  return learn_pairs (self, size, MAX (least, 1), progress, error) ? describe (self) : NULL;
}

/* --- the trainer ------------------------------------------------------------------------------------------------------------ */

static json_t *
describe_cutting (const char *pattern)
{
  const char *text = strcmp (pattern, "llama3") == 0 ? PATTERN_LLAMA3 : ASSAY_TOKEN_PATTERN_QWEN2;

  if (strcmp (pattern, "gpt2") == 0)
    return json_pack ("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets", 1, "use_regex", 1);
  return json_pack ("{s:s, s:[{s:s, s:{s:s}, s:s, s:b}, {s:s, s:b, s:b, s:b}]}", "type", "Sequence", "pretokenizers", "type", "Split", "pattern", "Regex", text, "behavior", "Isolated",
                    "invert", 0, "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets", 1, "use_regex", 0);
}

static void
bytes_unref (gpointer data)
{
  if (data != NULL)
    g_bytes_unref (data);
}

/* Whether a text is what the vocabulary calls a byte: one key cannot name two tokens. */
static gboolean
spells_byte (const char *text)
{
  for (guint b = 0; b < 256 && g_utf8_strlen (text, -1) == 1; b++)
    if (g_utf8_get_char (text) == assay_vocabulary_spell_byte ((guchar) b))
      return TRUE;
  return FALSE;
}

AssayTokenTrainer *
assay_token_trainer_new (const char *pattern, const char *const *special, GError **error)
{
  g_autoptr (AssayTokenTrainer) self = g_new0 (AssayTokenTrainer, 1);

  self->cutters = g_array_new (FALSE, TRUE, sizeof (AssayTokenStep));
  g_array_set_clear_func (self->cutters, (GDestroyNotify) assay_token_step_clear);
  self->special = g_ptr_array_new_with_free_func (g_free);
  self->strings = assay_token_strings_new ();
  self->pieces = g_hash_table_new_full (hash_piece, equal_pieces, g_free, NULL);
  self->chunk = g_string_chunk_new (1 << 16);
  self->words = g_array_new (FALSE, FALSE, sizeof (Word));
  self->pairs = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, pair_free);
  self->heap = g_array_new (FALSE, FALSE, sizeof (Entry));
  self->spelling = g_ptr_array_new_with_free_func (bytes_unref);
  self->numbers = g_hash_table_new (g_bytes_hash, g_bytes_equal);
  self->merges = json_array ();
  if (!g_strv_contains (assay_token_trainer_patterns, pattern))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "pattern: gpt2, llama3 or qwen2 expected, \"%s\" found", pattern);
      return NULL;
    }
  self->cutting = describe_cutting (pattern);
  for (gsize k = 0; special != NULL && special[k] != NULL; k++)
    {
      if (special[k][0] == '\0' || g_ptr_array_find_with_equal_func (self->special, special[k], g_str_equal, NULL))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "special: texts that differ expected, \"%s\" found %s", special[k], special[k][0] == '\0' ? "" : "twice");
          return NULL;
        }
      if (!g_utf8_validate (special[k], -1, NULL) || spells_byte (special[k]))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "special: UTF-8 of several characters expected, number %" G_GSIZE_FORMAT " is %s", k,
                       g_utf8_validate (special[k], -1, NULL) ? "the spelling of a byte, which is a token already" : "no UTF-8");
          return NULL;
        }
      g_ptr_array_add (self->special, g_strdup (special[k]));
      assay_token_strings_add (self->strings, special[k], strlen (special[k]), (gint32) k);
    }
  assay_token_strings_sort (self->strings);
  return assay_token_cutter_read (self->cutting, self->cutters, error) ? g_steal_pointer (&self) : NULL;
}

void
assay_token_trainer_free (AssayTokenTrainer *self)
{
  if (self == NULL)
    return;
  json_decref (self->cutting);
  g_array_unref (self->cutters);
  g_ptr_array_unref (self->special);
  assay_token_strings_free (self->strings);
  g_hash_table_unref (self->pieces);
  g_string_chunk_free (self->chunk);
  g_array_unref (self->words);
  g_free (self->symbols);
  g_hash_table_unref (self->pairs);
  g_array_unref (self->heap);
  g_hash_table_unref (self->numbers);
  g_ptr_array_unref (self->spelling);
  json_decref (self->merges);
  g_free (self);
}
