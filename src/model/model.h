/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model.h: an architecture with its configuration and its parameters theta, one flat vector.
 *
 * Ownership: the model owns theta; graphs built from it are reference-counted and do not hold the model.
 * Thread rule: read from any thread; theta is written by one (a trainer) at a time.
 */
#pragma once

#include "model/block.h"
#include "model/measure.h"

typedef struct _AssayModel AssayModel;
typedef struct _AssayPackedWeights AssayPackedWeights;

/* theta is zero: initialise it or load it. dtype: F32 or F64. */
AssayModel *assay_model_new       (const char *architecture, const json_t *config, AssayDtype dtype, GError **error);
/* P of such a model, without memory for it: for a configuration that a file claims. Errors: -1, as above. */
gint64      assay_model_count_params (const char *architecture, const json_t *config, GError **error);
/* The base's architecture with adapters (adapters.h), whose parameters are the model's, drawn as zeros; the rest is frozen. Errors: USAGE where no module has adapters. */
AssayModel *assay_model_new_adapted (const AssayModel *base, AssayAdapters *adapters, AssayDtype dtype, GError **error);
const AssayAdapters *assay_model_get_adapters (const AssayModel *model);       /* NULL: none */
/* From assay_model_get_spec's document: {"architecture": ..., "config": {...}, "dtype": "f32"}. */
AssayModel *assay_model_new_from_spec (const json_t *spec, GError **error);
/* The same parameters in another type. */
AssayModel *assay_model_copy      (const AssayModel *model, AssayDtype dtype, GError **error);
/* The same parameters and type with a measure in the place of the loss: walks of it give the measure's values and derivatives. Errors: those
 * of assay_measure_apply. */
AssayModel *assay_model_new_measured (const AssayModel *model, const AssayMeasure *measure, GError **error);
void        assay_model_free      (AssayModel *model);

json_t     *assay_model_get_spec  (const AssayModel *model);      /* new reference */
const AssayBlock *assay_model_get_block (const AssayModel *model);
const AssayValues *assay_model_get_config (const AssayModel *model);
AssayDtype  assay_model_get_dtype (const AssayModel *model);
gint64      assay_model_get_n_params (const AssayModel *model);   /* P */
void       *assay_model_get_theta (AssayModel *model);            /* (P) of the model's type */

/* The graph for one batch size; new reference. */
AssayGraph *assay_model_build     (const AssayModel *model, gint64 batch, GError **error);
/* The same for sequences of another length than the model's context, of which learned positions are the first. New reference. Errors: USAGE for a
 * model without a context. */
AssayGraph *assay_model_build_sequences (const AssayModel *model, gint64 batch, gint64 positions, GError **error);
/* Positions of a sequence that the model was made for, or 0: it does not read sequences. */
gint64      assay_model_get_context (const AssayModel *model);
/* The same with the input of that name (numbers, no indices) as a parameter more: derivatives by what a model is given. New reference. */
AssayGraph *assay_model_build_on_parameter (const AssayModel *model, gint64 batch, const char *input, GError **error);
/* A graph of batch 1: names, shapes and offsets of parameters. Borrowed. */
AssayGraph *assay_model_get_layout (const AssayModel *model);

/* What the model was read from, for people: {"format", "written_for", "model_type", "tensors", "stored_bytes", "stored_types": {type: tensors}, "left_out":
 * [{"tensor", "why"}]}, as far as its format knows them. NULL: it was not read from a file of others. */
const json_t *assay_model_get_card (const AssayModel *model);
void        assay_model_take_card (AssayModel *model, json_t *card);

/* Weights of linear layers in lower precision (packed_weights.h), NULL: theta is whole. Else theta has no numbers where they serve: decoders use them, and nothing
 * else may walk the model. */
const AssayPackedWeights *assay_model_get_packed (const AssayModel *model);
void        assay_model_take_packed (AssayModel *model, AssayPackedWeights *packed);

/* Draws theta from (seed, parameter name): the same whatever the order of the parameters. */
void        assay_model_init      (AssayModel *model, guint64 seed);

/* Takes a vector (P) of the model's type, from base/mem.h, in the place of theta. */
void        assay_model_take_theta  (AssayModel *model, void *theta);
/* Copies of theta as doubles, and back. */
void        assay_model_read_theta  (const AssayModel *model, double *theta);
void        assay_model_write_theta (AssayModel *model, const double *theta);

/* True where the loss of an example, or the measure in its place, is the mean over its counted positions. */
gboolean    assay_model_is_token_mean (const AssayModel *model);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayModel, assay_model_free)
