/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_text.h: a text on its way to tokens: its bytes, where each came from, and the pieces that it is cut into. Internal to the tokenizer.
 *
 * Ownership: the caller clears a text. Thread rule: one thread at a time.
 */
#pragma once

#include <glib.h>

typedef struct { gint64 start, end; } AssayTextSpan;    /* of the text that was given */
typedef struct { gsize start, length; } AssayTextPiece;

typedef struct {
  GString *bytes;
  GArray *from;                 /* AssayTextSpan of each byte; NULL while byte i came from base + i */
  gint64 base;
  GArray *pieces;               /* AssayTextPiece */
} AssayText;

/* A copy of n bytes that began at `base`, one piece. */
void          assay_text_init   (AssayText *text, const char *bytes, gsize n, gint64 base);
void          assay_text_clear  (AssayText *text);
/* Where bytes first .. first + n - 1 came from; for n 0, between them. */
AssayTextSpan assay_text_locate (const AssayText *text, gsize first, gsize n);

/* A changed text takes the place of the old one: bytes are added in order, then the whole replaces it. The pieces follow the marks. */
typedef struct { GString *bytes; GArray *from, *pieces; } AssayTextEdit;
void          assay_text_edit_begin (AssayTextEdit *edit);
/* n bytes that came from there. */
void          assay_text_edit_add   (AssayTextEdit *edit, const char *bytes, gsize n, AssayTextSpan from);
/* Bytes first .. first + n - 1 of the text as they are. */
void          assay_text_edit_keep  (AssayTextEdit *edit, const AssayText *text, gsize first, gsize n);
/* What was added since the last mark is a piece, unless it is empty. */
void          assay_text_edit_mark  (AssayTextEdit *edit);
void          assay_text_edit_end   (AssayTextEdit *edit, AssayText *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayText, assay_text_clear)
