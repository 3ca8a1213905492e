/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decoder.h: a language model fed one stretch of tokens after another. What its operations need of the past (keys and values, states) is
 * kept, so that a token more costs one position and not the whole sequence again.
 *
 * The graph is the model's own, built for a few positions: there is no second implementation of any architecture, and edits of values work
 * as they do in any walk. A stretch is cut into pieces of 256, 64, 8 and 1 positions. Numbers agree with a walk of the whole sequence up to
 * rounding, and do not depend on the number of threads.
 * Shape letters: n tokens, V vocabulary.
 * Ownership: a decoder holds its memory and borrows the model, whose parameters must not change while it goes on.
 * Thread rule: one thread at a time per decoder. Cost: a walk of n positions, and a look at all that were kept by each of them.
 */
#pragma once

#include "model/exec.h"
#include "model/model.h"

typedef struct _AssayDecoder AssayDecoder;

/* capacity: tokens that there is room for, at most the model's context. Errors: USAGE for a model that does not continue sequences, or for more
 * than its context; memory. */
AssayDecoder *assay_decoder_new       (AssayModel *model, gint64 capacity, AssayBackend *backend, GError **error);
void          assay_decoder_free      (AssayDecoder *self);

/* Linear layers multiply by these weights from here on, NULL: by the model's own, which are what assay_model_get_packed gives where that is something. weights stays the caller's. Errors: UNSUPPORTED for a model in another type
 * than f32. */
gboolean      assay_decoder_set_packed (AssayDecoder *self, const AssayPackedWeights *weights, GError **error);

/* Takes n tokens more. logits: (V) of the token behind the last one, (n,V) with all, or NULL; no others are computed. Errors: INPUT for a token outside the vocabulary;
 * USAGE when there is no more room. */
gboolean      assay_decoder_feed      (AssayDecoder *self, const gint32 *tokens, gint64 n, gboolean all, double *logits, GError **error);
/* Forgets everything: the next token is the first. */
void          assay_decoder_reset     (AssayDecoder *self);

gint64        assay_decoder_get_n     (const AssayDecoder *self);         /* tokens taken */
gint64        assay_decoder_get_capacity (const AssayDecoder *self);
gint64        assay_decoder_get_size  (const AssayDecoder *self);         /* V */
AssayDtype    assay_decoder_get_dtype (const AssayDecoder *self);         /* of the values that edits see */

/* Numbers that the value of that name has at a position. Errors: NOT_FOUND, -1, for a name that the model does not compute position by position. */
gint64        assay_decoder_get_channels (AssayDecoder *self, const char *name, GError **error);
/* Lets func change the value of that name (assay_exec_set_edit) in every walk from here on. position: that of the first row it sees; the
 * value holds (1, n, ...). One for each name. Errors: NOT_FOUND. */
typedef void (*AssayDecoderEdit) (const AssayGraphValue *value, void *data, gint64 position, gpointer user_data);
gboolean      assay_decoder_set_edit  (AssayDecoder *self, const char *name, AssayDecoderEdit func, gpointer user_data, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayDecoder, assay_decoder_free)
