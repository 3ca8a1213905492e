/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sequences.h: tokens that come one by one, as rows of T positions: each with its input, the token that follows, and the weight of that prediction.
 *
 *   windows      a text is cut into rows that start every `stride` tokens; what is left over at its end is counted
 *   documents    each is a row of its own, cut at T, or with weight 0 behind its end
 *   packed       as many whole documents in a row as fit, in their order; what the last token of one would say about the next has weight 0
 *
 * Rows are kept as the tokens they hold, so that what is built takes little more memory than what it becomes.
 * Shape letters: T positions of a row. Ownership: the builder owns its rows until they are a table's. Thread rule: one thread at a time.
 */
#pragma once

#include "dataset/table.h"

typedef enum { ASSAY_SEQUENCES_WINDOWS, ASSAY_SEQUENCES_DOCUMENTS, ASSAY_SEQUENCES_PACKED } AssaySequenceLayout;

typedef struct {
  AssaySequenceLayout layout;
  gint64 T, stride;             /* stride: of windows */
  gint32 begin, end;            /* before a document (of windows: before each), and behind it; -1: none */
  gboolean keeps_all;           /* documents: a row for each, also where there is nothing to predict */
} AssaySequenceOptions;

typedef struct _AssaySequences AssaySequences;

AssaySequences *assay_sequences_new   (const AssaySequenceOptions *options);
void            assay_sequences_free  (AssaySequences *self);

/* A text or document of a source, which was found there at `place` (line, record). */
void            assay_sequences_begin (AssaySequences *self, gint32 file, gint64 place);
/* Its next token. byte: where it starts, which becomes the place of a window that starts with it. counts: whether its prediction is trained on. */
void            assay_sequences_add   (AssaySequences *self, gint32 id, gint64 byte, gboolean counts);
void            assay_sequences_finish_text (AssaySequences *self);

gint64          assay_sequences_get_n_rows (const AssaySequences *self);
/* Of the text that was finished last: tokens, and windows. */
gint64          assay_sequences_get_n_tokens (const AssaySequences *self);
gint64          assay_sequences_get_n_windows (const AssaySequences *self);
/* Tokens that a whole window takes of a text. */
gint64          assay_sequences_get_span (const AssaySequences *self);

/* The rows, as the column "tokens" of a table that has so many rows; names: the vocabulary, referenced. with_origin: also where each row came from. Adds notes on what was
 * cut, left out and left empty. The builder is empty after that. Errors: NO_MEMORY. */
gboolean        assay_sequences_give  (AssaySequences *self, AssayTable *table, GPtrArray *names, gboolean with_origin, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySequences, assay_sequences_free)
