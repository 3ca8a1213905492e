/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intervention.h: what a model computes, changed on the way: parts of it put to zero, taken from another text, or pushed.
 *
 *   TAP[INDEX]@POSITIONS=NUMBER         TAP the name of a value ("h.0.mlp.act"), INDEX channels of it ("3,8-11"; left out: all), POSITIONS
 *                                       tokens from 0 ("2-5"; left out: all), NUMBER as the kind needs it
 *
 *   ablate  x <- 0       steer  x <- x + NUMBER       patch  x <- NUMBER, or what it was at that position of another text
 *
 * They act in the order in which they were given. Everything computed later in the walk follows.
 * Ownership: a set owns what it holds and must outlive the decoders that it acts on. Thread rule: one thread at a time.
 */
#pragma once

#include "model/decoder.h"

typedef enum { ASSAY_INTERVENTION_ABLATE, ASSAY_INTERVENTION_PATCH, ASSAY_INTERVENTION_STEER } AssayInterventionKind;

typedef struct _AssayInterventions AssayInterventions;

AssayInterventions *assay_interventions_new   (void);
void                assay_interventions_free  (AssayInterventions *self);
guint               assay_interventions_get_n (const AssayInterventions *self);
/* Errors: USAGE with the form that is expected. */
gboolean            assay_interventions_add   (AssayInterventions *self, AssayInterventionKind kind, const char *text, GError **error);
/* TRUE when a patch wants another text. */
gboolean            assay_interventions_need_text (const AssayInterventions *self);
/* Keeps what those patches need of n tokens, which source, a decoder that nothing was fed to, walks. Memory: channels of their taps for each position. */
gboolean            assay_interventions_learn (AssayInterventions *self, AssayDecoder *source, const gint32 *tokens, gint64 n, GError **error);
/* From here on they act on the decoder. Errors: NOT_FOUND for a tap; USAGE for an index that it does not have. */
gboolean            assay_interventions_apply (AssayInterventions *self, AssayDecoder *decoder, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayInterventions, assay_interventions_free)
