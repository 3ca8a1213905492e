/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_text.c: see tokenizer_text.h. */
#include "dataset/tokenizer_text.h"

void
assay_text_init (AssayText *text, const char *bytes, gsize n, gint64 base)
{
  AssayTextPiece whole = { 0, n };

  *text = (AssayText) { .bytes = g_string_new_len (bytes, (gssize) n), .base = base, .pieces = g_array_new (FALSE, FALSE, sizeof (AssayTextPiece)) };
  if (n > 0)
    g_array_append_val (text->pieces, whole);
}

void
assay_text_clear (AssayText *text)
{
  if (text->bytes != NULL)
    g_string_free (text->bytes, TRUE);
  g_clear_pointer (&text->from, g_array_unref);
  g_clear_pointer (&text->pieces, g_array_unref);
  text->bytes = NULL;
}

static AssayTextSpan
locate_byte (const AssayText *text, gsize i)
{
  if (text->from != NULL)
    return g_array_index (text->from, AssayTextSpan, i);
  return (AssayTextSpan) { text->base + (gint64) i, text->base + (gint64) i + 1 };
}

AssayTextSpan
assay_text_locate (const AssayText *text, gsize first, gsize n)
{
  gint64 end;

  if (n > 0)
    return (AssayTextSpan) { locate_byte (text, first).start, locate_byte (text, first + n - 1).end };
  end = first < text->bytes->len ? locate_byte (text, first).start : text->bytes->len > 0 ? locate_byte (text, text->bytes->len - 1).end : text->base;
  return (AssayTextSpan) { end, end };
}

void
assay_text_edit_begin (AssayTextEdit *edit)
{
  *edit = (AssayTextEdit) { .bytes = g_string_new (NULL), .from = g_array_new (FALSE, FALSE, sizeof (AssayTextSpan)),
                            .pieces = g_array_new (FALSE, FALSE, sizeof (AssayTextPiece)) };
}

void
assay_text_edit_add (AssayTextEdit *edit, const char *bytes, gsize n, AssayTextSpan from)
{
  g_string_append_len (edit->bytes, bytes, (gssize) n);
  for (gsize i = 0; i < n; i++)
    g_array_append_val (edit->from, from);
}

void
assay_text_edit_keep (AssayTextEdit *edit, const AssayText *text, gsize first, gsize n)
{
  g_string_append_len (edit->bytes, text->bytes->str + first, (gssize) n);
  if (text->from != NULL)
    g_array_append_vals (edit->from, &g_array_index (text->from, AssayTextSpan, first), (guint) n);
  for (gsize i = 0; text->from == NULL && i < n; i++)
    {
      AssayTextSpan span = locate_byte (text, first + i);

      g_array_append_val (edit->from, span);
    }
}

void
assay_text_edit_mark (AssayTextEdit *edit)
{
  const AssayTextPiece *last = edit->pieces->len > 0 ? &g_array_index (edit->pieces, AssayTextPiece, edit->pieces->len - 1) : NULL;
  gsize start = last ? last->start + last->length : 0;
  AssayTextPiece piece = { start, edit->bytes->len - start };

  if (piece.length > 0)
    g_array_append_val (edit->pieces, piece);
}

void
assay_text_edit_end (AssayTextEdit *edit, AssayText *text)
{
  assay_text_edit_mark (edit);
  assay_text_clear (text);
  *text = (AssayText) { .bytes = edit->bytes, .from = edit->from, .pieces = edit->pieces };
}
