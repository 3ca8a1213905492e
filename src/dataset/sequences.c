/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sequences.c: a row has T + 1 slots: its inputs are the first T, its targets the last T. */
#include "dataset/sequences.h"

#include "base/mem.h"

#include <string.h>

/* Beyond what the C library keeps for itself when it is given back; only what is written to takes memory. */
#define BLOCK_BYTES ((gint64) 40 << 20)

/* Some rows. */
typedef struct {
  gint64 n;
  gint32 *slot;                 /* (rows, T + 1) */
  guint8 *counts;               /* (rows, T + 1); NULL: all do */
  gint32 *file;                 /* (rows) */
  gint64 *place;                /* (rows) */
} Block;

struct _AssaySequences {
  AssaySequenceOptions o;
  gint64 slots, per_block;      /* T + 1, and rows */
  GPtrArray *blocks;
  gint64 n_rows;
  /* the row that is being filled */
  GArray *slot, *counts, *byte; /* gint32, guint8, gint64 */
  gint32 row_file;
  gint64 row_place, row_documents;
  /* the present text */
  GArray *text, *text_counts;   /* documents: gint32 and guint8, at most T + 1 of them */
  gint32 file;
  gint64 place, n_tokens, n_windows, skip;
  /* for notes */
  gint64 n_documents, n_cut, n_empty, n_left_out, n_filled, n_counted;
};

static void
block_free (gpointer data)
{
  Block *block = data;

  g_free (block->slot);
  g_free (block->counts);
  g_free (block->file);
  g_free (block->place);
  g_free (block);
}

AssaySequences *
assay_sequences_new (const AssaySequenceOptions *options)
{
  AssaySequences *self = g_new0 (AssaySequences, 1);

  self->o = *options;
  self->slots = options->T + 1;
  self->per_block = MAX (1, BLOCK_BYTES / (self->slots * (gint64) sizeof (gint32)));
  self->blocks = g_ptr_array_new_with_free_func (block_free);
  self->slot = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->counts = g_array_new (FALSE, FALSE, sizeof (guint8));
  self->byte = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->text = g_array_new (FALSE, FALSE, sizeof (gint32));
  self->text_counts = g_array_new (FALSE, FALSE, sizeof (guint8));
  return self;
}

void
assay_sequences_free (AssaySequences *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->blocks);
  g_array_unref (self->slot);
  g_array_unref (self->counts);
  g_array_unref (self->byte);
  g_array_unref (self->text);
  g_array_unref (self->text_counts);
  g_free (self);
}

static gboolean
is_windows (const AssaySequences *self)
{
  return self->o.layout == ASSAY_SEQUENCES_WINDOWS;
}

gint64
assay_sequences_get_span (const AssaySequences *self)
{
  return self->slots - (self->o.begin >= 0);
}

/* --- rows ----------------------------------------------------------------------------------------------------------------- */

static Block *
need_block (AssaySequences *self)
{
  Block *block = self->blocks->len > 0 ? self->blocks->pdata[self->blocks->len - 1] : NULL;

  if (block != NULL && block->n < self->per_block)
    return block;
  block = g_new0 (Block, 1);
  block->slot = g_new (gint32, self->per_block * self->slots);
  block->counts = is_windows (self) ? NULL : g_new (guint8, self->per_block * self->slots);
  block->file = g_new (gint32, self->per_block);
  block->place = g_new (gint64, self->per_block);
  g_ptr_array_add (self->blocks, block);
  return block;
}

/* Zeros behind the n slots that there are. */
static void
add_row (AssaySequences *self, gint64 lead, const gint32 *slot, const guint8 *counts, gint64 n, gint64 place)
{
  Block *block = need_block (self);
  gint32 *out = block->slot + block->n * self->slots;

  memset (out, 0, sizeof *out * (gsize) self->slots);
  for (gint64 k = 0; k < lead; k++)
    out[k] = self->o.begin;
  memcpy (out + lead, slot, sizeof *out * (gsize) n);
  if (block->counts != NULL)
    {
      guint8 *c = block->counts + block->n * self->slots;

      memset (c, 0, (gsize) self->slots);
      memcpy (c + lead, counts, (gsize) n);
      for (gint64 t = 1; t < self->slots; t++)
        self->n_counted += c[t];
    }
  block->file[block->n] = self->row_file;
  block->place[block->n++] = place;
  self->n_filled += lead + n;
  self->n_rows++;
}

/* Documents that wait for their row's end. */
static void
close_row (AssaySequences *self)
{
  if (self->row_documents > 0)
    add_row (self, 0, (const gint32 *) (void *) self->slot->data, (const guint8 *) self->counts->data, self->slot->len, self->row_place);
  g_array_set_size (self->slot, 0);
  g_array_set_size (self->counts, 0);
  self->row_documents = 0;
}

/* --- windows -------------------------------------------------------------------------------------------------------------- */

static void
add_to_window (AssaySequences *self, gint32 id, gint64 byte)
{
  gint64 span = assay_sequences_get_span (self);

  if (self->skip > 0)
    {
      self->skip--;
      return;
    }
  g_array_append_val (self->slot, id);
  g_array_append_val (self->byte, byte);
  if (self->slot->len < span)
    return;
  add_row (self, self->o.begin >= 0, (const gint32 *) (void *) self->slot->data, NULL, span, g_array_index (self->byte, gint64, 0) + 1);
  self->n_windows++;
  self->skip = MAX (0, self->o.stride - span);
  g_array_remove_range (self->slot, 0, (guint) MIN (self->o.stride, span));
  g_array_remove_range (self->byte, 0, (guint) MIN (self->o.stride, span));
}

/* --- documents ------------------------------------------------------------------------------------------------------------ */

static void
add_to_document (AssaySequences *self, gint32 id, gboolean counts)
{
  guint8 c = counts && self->text->len > 0;                       /* from nothing nothing is predicted */

  if (self->text->len == self->slots)
    return;
  g_array_append_val (self->text, id);
  g_array_append_val (self->text_counts, c);
}

static gboolean
has_counted (const GArray *counts)
{
  return counts->len > 0 && memchr (counts->data, 1, counts->len) != NULL;
}

static void
place_document (AssaySequences *self)
{
  if (self->slot->len + self->text->len > self->slots)
    close_row (self);
  if (self->row_documents++ == 0)
    {
      self->row_file = self->file;
      self->row_place = self->place;
    }
  g_array_append_vals (self->slot, self->text->data, self->text->len);
  g_array_append_vals (self->counts, self->text_counts->data, self->text_counts->len);
  if (self->o.layout == ASSAY_SEQUENCES_DOCUMENTS)
    close_row (self);
}

static void
finish_document (AssaySequences *self)
{
  gint64 whole = self->n_tokens + (self->o.begin >= 0) + (self->o.end >= 0);

  if (self->o.end >= 0)
    add_to_document (self, self->o.end, TRUE);
  self->n_documents++;
  self->n_cut += whole > self->slots;
  if (!has_counted (self->text_counts))
    {
      self->n_empty += self->o.keeps_all;
      self->n_left_out += !self->o.keeps_all;
      if (!self->o.keeps_all)
        return;
    }
  place_document (self);
}

/* --- one by one ----------------------------------------------------------------------------------------------------------- */

void
assay_sequences_begin (AssaySequences *self, gint32 file, gint64 place)
{
  self->file = file;
  self->place = place;
  self->n_tokens = self->n_windows = self->skip = 0;
  g_array_set_size (self->text, 0);
  g_array_set_size (self->text_counts, 0);
  if (is_windows (self))
    {
      self->row_file = file;
      g_array_set_size (self->slot, 0);
      g_array_set_size (self->byte, 0);
    }
  else if (self->o.begin >= 0)
    add_to_document (self, self->o.begin, FALSE);
}

void
assay_sequences_add (AssaySequences *self, gint32 id, gint64 byte, gboolean counts)
{
  self->n_tokens++;
  if (is_windows (self))
    add_to_window (self, id, byte);
  else
    add_to_document (self, id, counts);
}

void
assay_sequences_finish_text (AssaySequences *self)
{
  if (!is_windows (self))
    finish_document (self);
}

gint64
assay_sequences_get_n_rows (const AssaySequences *self)
{
  return self->n_rows + (self->row_documents > 0);
}

gint64
assay_sequences_get_n_tokens (const AssaySequences *self)
{
  return self->n_tokens;
}

gint64
assay_sequences_get_n_windows (const AssaySequences *self)
{
  return self->n_windows;
}

/* --- the table ------------------------------------------------------------------------------------------------------------ */

/* Everything but the targets. last (n_rows): the slot behind each row's inputs. */
static void
copy_row (const AssaySequences *self, const Block *block, gint64 k, AssayColumn *column, gint64 row, gint32 *last)
{
  const gint64 T = self->o.T;
  const gint32 *slot = block->slot + k * self->slots;

  memcpy (column->token + row * T, slot, sizeof *slot * (gsize) T);
  last[row] = slot[T];
  for (gint64 t = 0; block->counts != NULL && t < T; t++)
    column->weight[row * T + t] = block->counts[k * self->slots + t + 1];
}

/* The rows' blocks go away one by one, and targets come last: neither is there while the other is. */
static gboolean
fill_column (AssaySequences *self, AssayTable *table, AssayColumn *column, gboolean with_origin, GError **error)
{
  const gint64 T = self->o.T;
  const guint64 count = (guint64) self->n_rows * (guint64) T;
  g_autoptr (AssayBuffer) last = assay_mem_new (gint32, (guint64) self->n_rows, error);
  gint64 row = 0;

  if (last == NULL || (column->token = assay_mem_new (gint32, count, error)) == NULL
      || (!is_windows (self) && (column->weight = assay_mem_new (float, count, error)) == NULL))
    return FALSE;
  for (guint b = 0; b < self->blocks->len; b++)
    {
      Block *block = g_steal_pointer (&self->blocks->pdata[b]);

      for (gint64 k = 0; k < block->n; k++, row++)
        {
          copy_row (self, block, k, column, row, last);
          if (with_origin)
            assay_table_set_origin (table, row, block->file[k], block->place[k]);
        }
      block_free (block);
    }
  g_ptr_array_set_free_func (self->blocks, NULL);
  g_ptr_array_set_size (self->blocks, 0);
  if ((column->target = assay_mem_new (gint32, count, error)) == NULL)
    return FALSE;
  for (row = 0; row < self->n_rows; row++)
    {
      memcpy (column->target + row * T, column->token + row * T + 1, sizeof (gint32) * (gsize) (T - 1));
      column->target[row * T + T - 1] = ((const gint32 *) last)[row];
    }
  return TRUE;
}

static void
add_notes (const AssaySequences *self, AssayTable *table)
{
  const gint64 places = self->n_rows * self->o.T;

  if (self->n_cut > 0)
    assay_table_add_note (table, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " documents are longer than %" G_GINT64_FORMAT " tokens (--context) and are cut there", self->n_cut,
                          self->n_documents, self->o.T);
  if (self->n_left_out > 0)
    assay_table_add_note (table, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " documents have no token to predict and are left out", self->n_left_out, self->n_documents);
  if (self->n_empty > 0)
    assay_table_add_note (table, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " examples have nothing to predict within %" G_GINT64_FORMAT
                          " tokens (--context): they keep their row, with weight 0", self->n_empty, self->n_documents, self->o.T);
  if (self->o.layout == ASSAY_SEQUENCES_PACKED)
    assay_table_add_note (table, "%" G_GINT64_FORMAT " documents in %" G_GINT64_FORMAT " sequences: what the last token of one would say about the next has weight 0, but attention "
                          "sees the documents before it in the sequence, as in the training of GPT-2", self->n_documents - self->n_left_out, self->n_rows);
  if (!is_windows (self) && places > 0)
    assay_table_add_note (table, "%.3g %% of the positions are predicted: sequences have one length, so that batches are the same for any order; the rest has weight 0%s",
                          100.0 * (double) self->n_counted / (double) places, self->o.layout == ASSAY_SEQUENCES_PACKED ? "" : " (--pack and a smaller --context leave less)");
}

gboolean
assay_sequences_give (AssaySequences *self, AssayTable *table, GPtrArray *names, gboolean with_origin, GError **error)
{
  g_autoptr (AssayColumn) column = assay_column_new ("tokens", ASSAY_COLUMN_TOKENS);

  close_row (self);
  column->length = self->o.T;
  column->levels = g_ptr_array_ref (names);
  if (!fill_column (self, table, column, with_origin, error))
    return FALSE;
  add_notes (self, table);
  return assay_table_take_column (table, g_steal_pointer (&column), error);
}
