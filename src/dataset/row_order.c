/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row_order.c: filter to a list of rows, then sort it, digit by digit of a key that orders like the values.
 *
 * What is sorted is one word a row: as many of the key's differing bits as there is room for, above the row's place. A radix sort from the
 * lowest digit is stable and moves each word once for each digit in which any two differ. Where the key has more bits than there was
 * room for, neighbours whose words agree are few, and are put in order by their whole keys.
 */
#include "dataset/row_order.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/expression.h"

#include <string.h>

#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)
#define MAX_PASSES 6            /* of 64 bits */
#define SHORT_RUN 24            /* of words that agree, sorted by insertion */
#define MARK_ROWS 65536         /* between two looks at the cancellable */

void
assay_row_order_free (AssayRowOrder *order)
{
  if (order == NULL)
    return;
  assay_mem_free (order->row);
  g_free (order);
}

gboolean
assay_row_order_can_sort (const AssayColumn *column)
{
  return column->type == ASSAY_COLUMN_NUMBER || column->type == ASSAY_COLUMN_TEXT || column->type == ASSAY_COLUMN_LABEL;
}

gint64
assay_row_order_find (const AssayRowOrder *order, gint64 row)
{
  if (order->row == NULL)
    return row >= 0 && row < order->n ? row : -1;
  for (gint64 place = 0; place < order->n; place++)
    if (order->row[place] == row)
      return place;
  return -1;
}

/* --- filter -------------------------------------------------------------------------------------------------------- */

static gboolean
filter_rows (AssayRowOrder *order, AssayTable *table, const char *filter, GCancellable *cancellable, GError **error)
{
  g_autoptr (AssayExpression) expression = assay_expression_new (filter, table, error);
  g_autofree guint8 *state = g_malloc (MARK_ROWS);
  gint64 n = order->n, kept = 0;

  if (expression == NULL || (order->row = assay_mem_alloc (sizeof (guint32) * (gsize) MAX (n, 1), error)) == NULL)
    return FALSE;
  for (gint64 first = 0; first < n || first == 0; first += MARK_ROWS)
    {
      gint64 count = MIN (MARK_ROWS, n - first);

      if (g_cancellable_set_error_if_cancelled (cancellable, error) || !assay_expression_mark (expression, first, count, state, error))
        return FALSE;
      for (gint64 i = 0; i < count; i++)
        {
          order->row[kept] = (guint32) (first + i);
          kept += state[i] == ASSAY_EXPRESSION_TRUE;
          order->n_unknown += state[i] == ASSAY_EXPRESSION_UNKNOWN;
        }
    }
  order->n = kept;
  return TRUE;
}

/* --- keys ---------------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssayRowOrder *order;
  const AssayColumn *column;
  guint32 *rank;                /* of each level among the spellings; NULL: not of text */
  guint64 flip;                 /* all ones to sort from the largest */
} Keys;

/* Doubles as integers in the same order; -0 and 0 are the same. */
static inline guint64
key_of_number (double value)
{
  guint64 bits;

  value += 0.0;
  memcpy (&bits, &value, sizeof bits);
  return bits & G_GUINT64_CONSTANT (0x8000000000000000) ? ~bits : bits | G_GUINT64_CONSTANT (0x8000000000000000);
}

/* Missing values get a key above all others: NaN is no number here, and codes have 32 bits. */
static inline guint64
key_at (const Keys *keys, gint64 place)
{
  const AssayColumn *column = keys->column;
  gint64 row = assay_row_order_get (keys->order, place);

  if (column->type == ASSAY_COLUMN_NUMBER)
    return assay_column_is_missing (column, row) ? G_MAXUINT64 : key_of_number (column->number[row]) ^ keys->flip;
  if (assay_column_is_missing (column, row))
    return G_GUINT64_CONSTANT (1) << 32;
  return ((keys->rank != NULL ? keys->rank[column->code[row]] : (guint64) column->code[row]) ^ keys->flip) & G_MAXUINT32;
}

static int
compare_levels (gconstpointer a, gconstpointer b, gpointer levels)
{
  return strcmp (((GPtrArray *) levels)->pdata[*(const guint32 *) a], ((GPtrArray *) levels)->pdata[*(const guint32 *) b]);
}

/* Owns: the caller. */
static guint32 *
rank_levels (GPtrArray *levels)
{
  g_autofree guint32 *by_rank = g_new (guint32, levels->len + 1);
  guint32 *rank = g_new (guint32, levels->len + 1);

  for (guint k = 0; k < levels->len; k++)
    by_rank[k] = k;
  g_qsort_with_data (by_rank, (gint) levels->len, sizeof (guint32), compare_levels, levels);
  for (guint k = 0; k < levels->len; k++)
    rank[by_rank[k]] = k;
  return rank;
}

/* --- sort ---------------------------------------------------------------------------------------------------------- */

/* The words: how many bits are the place, and whether all that differs in the keys is in them. */
typedef struct {
  guint place_bits;
  gboolean is_whole;
} Layout;

static Layout
fill_words (guint64 *word, const Keys *keys)
{
  gint64 n = keys->order->n;
  guint64 first = n > 0 ? key_at (keys, 0) : 0, differs = 0;
  Layout layout = { .place_bits = (guint) g_bit_storage ((gulong) MAX (n, 1)) };
  guint above;

  for (gint64 place = 0; place < n; place++)
    {
      word[place] = key_at (keys, place);
      differs |= word[place] ^ first;
    }
  above = differs != 0 ? (guint) __builtin_clzll (differs) : 63;                          /* bits that all keys share */
  layout.is_whole = (differs << above << (64 - layout.place_bits)) == 0;
  for (gint64 place = 0; place < n; place++)
    word[place] = (word[place] << above >> layout.place_bits << layout.place_bits) | (guint64) place;
  return layout;
}

static void
scatter (guint64 *to, const guint64 *from, gint64 n, guint shift, guint32 *start)
{
  for (gint64 i = 0; i < n; i++)
    to[start[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

/* Counts of each digit, all passes in one walk. */
static void
count_digits (const guint64 *word, gint64 n, guint low, guint passes, guint32 count[MAX_PASSES][DIGITS])
{
  memset (count, 0, sizeof (guint32) * MAX_PASSES * DIGITS);
  for (gint64 i = 0; i < n; i++)
    for (guint pass = 0; pass < passes; pass++)
      count[pass][word[i] >> (low + pass * DIGIT_BITS) & (DIGITS - 1)]++;
}

/* Sorts word; room is of the same size. Returns the one of them that holds the result. */
static guint64 *
sort_words (guint64 *word, guint64 *room, gint64 n, guint low, GCancellable *cancellable)
{
  guint32 (*count)[DIGITS] = g_malloc (sizeof (guint32) * MAX_PASSES * DIGITS);
  guint passes = (64 - low + DIGIT_BITS - 1) / DIGIT_BITS;

  count_digits (word, n, low, passes, count);
  for (guint pass = 0; pass < passes && n > 0 && !g_cancellable_is_cancelled (cancellable); pass++)
    {
      guint shift = low + pass * DIGIT_BITS;
      guint64 *sorted = room;
      guint32 sum = 0;

      if (count[pass][word[0] >> shift & (DIGITS - 1)] == n)
        continue;
      for (guint d = 0; d < DIGITS; d++)
        {
          guint32 here = count[pass][d];

          count[pass][d] = sum;
          sum += here;
        }
      scatter (room, word, n, shift, count[pass]);
      room = word;
      word = sorted;
    }
  g_free (count);
  return word;
}

typedef struct { const Keys *keys; guint64 mask; } Runs;

static int
compare_whole (gconstpointer a, gconstpointer b, gpointer data)
{
  const Runs *runs = data;
  guint64 x = *(const guint64 *) a & runs->mask, y = *(const guint64 *) b & runs->mask;
  guint64 kx = key_at (runs->keys, (gint64) x), ky = key_at (runs->keys, (gint64) y);

  return kx != ky ? (kx > ky) - (kx < ky) : (x > y) - (x < y);
}

static void
sort_run (guint64 *word, gint64 n, Runs *runs)
{
  if (n > SHORT_RUN)
    {
      g_qsort_with_data (word, (gint) n, sizeof *word, compare_whole, runs);
      return;
    }
  for (gint64 i = 1; i < n; i++)
    for (gint64 j = i; j > 0 && compare_whole (&word[j - 1], &word[j], runs) > 0; j--)
      {
        guint64 swap = word[j];

        word[j] = word[j - 1];
        word[j - 1] = swap;
      }
}

/* The words agree above their places where the keys may still differ below. */
static void
sort_runs (guint64 *word, const Keys *keys, guint place_bits)
{
  Runs runs = { keys, (G_GUINT64_CONSTANT (1) << place_bits) - 1 };
  gint64 n = keys->order->n;

  for (gint64 begin = 0, end; begin < n; begin = end)
    {
      for (end = begin + 1; end < n && word[end] >> place_bits == word[begin] >> place_bits; end++)
        ;
      if (end - begin > 1)
        sort_run (word + begin, end - begin, &runs);
    }
}

static gboolean
sort_rows (AssayRowOrder *order, const AssayColumn *column, gboolean descending, GCancellable *cancellable, GError **error)
{
  gsize n = (gsize) MAX (order->n, 1);
  g_autofree guint32 *rank = column->levels != NULL ? rank_levels (column->levels) : NULL;
  Keys keys = { order, column, rank, descending ? G_MAXUINT64 : 0 };
  guint64 *words = assay_mem_new (guint64, 2 * n, error), *sorted;
  guint32 *row = words ? assay_mem_new (guint32, n, error) : NULL;
  Layout layout;

  if (row == NULL)
    {
      assay_mem_free (words);
      return FALSE;
    }
  layout = fill_words (words, &keys);
  sorted = sort_words (words, words + n, order->n, layout.place_bits, cancellable);
  if (!layout.is_whole && !g_cancellable_is_cancelled (cancellable))
    sort_runs (sorted, &keys, layout.place_bits);
  for (gint64 place = 0; place < order->n; place++)
    row[place] = (guint32) assay_row_order_get (order, (gint64) (sorted[place] & ((G_GUINT64_CONSTANT (1) << layout.place_bits) - 1)));
  assay_mem_free (words);
  assay_mem_free (order->row);
  order->row = row;
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

AssayRowOrder *
assay_row_order_new (AssayTable *table, const char *filter, const AssayColumn *column, gboolean descending, GCancellable *cancellable, GError **error)
{
  g_autoptr (AssayRowOrder) order = g_new0 (AssayRowOrder, 1);

  order->n = assay_table_get_n_rows (table);
  if (order->n > G_MAXUINT32)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "rows are listed up to %u, the table has %" G_GINT64_FORMAT, G_MAXUINT32, order->n);
      return NULL;
    }
  if (column != NULL && !assay_row_order_can_sort (column))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "column \"%s\": a number, text or label expected to sort by, it holds %s", column->name,
                   assay_column_type_name (column->type));
      return NULL;
    }
  if (filter != NULL && !filter_rows (order, table, filter, cancellable, error))
    return NULL;
  if (column != NULL && !sort_rows (order, column, descending, cancellable, error))
    return NULL;
  return g_steal_pointer (&order);
}
