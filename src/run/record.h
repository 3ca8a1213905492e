/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record.h: activations at named taps, and gradients of single examples, recorded into a case while the model walks.
 *
 *   activations  NAME   /activations/TAP (rows,C), /index/example (rows), /index/position (rows)
 *   gradients    NAME   /gradients/GROUP (rows,p), /norms/GROUP (rows), /index/example (rows); of tokens also /index/position (rows)
 *
 * A tap is the name of a result of the model's graph ("h.0.mlp.act"), of states or of an attention pattern (record_taps.h); rows are the examples in
 * order, for models of tokens each example's positions in order, without padding (record_rows.h). A group is a pattern over parameter names; its columns are the matching parameters in theta's order.
 * The walking thread only converts; the store's thread writes. A recording that was stopped goes on behind its last committed row, and
 * one that is there already is not made again: its identity is a digest of model, theta, examples and options.
 * Shape letters: N examples, T positions, C channels, P parameters, p parameters of a group.
 * Thread rule: one recording at a time per name.
 */
#pragma once

#include "base/progress.h"
#include "run/pass.h"
#include "run/record_rows.h"
#include "run/record_taps.h"
#include "store/case.h"
#include "store/types.h"

/* taps, keep, top, sample, sample-seed, gradients, gradient-rows, norms, type, batch. keep and top are the caller's to heed, threshold is for sparse rows. */
extern const AssayParam assay_record_params[];

typedef struct {
  AssayModel *model;
  AssayDataset *dataset;
  const gint64 *examples;       /* (N) */
  gint64 N;
  const AssayValues *options;   /* of assay_record_params */
  AssayBackend *backend;
  AssayCase *store;
  const char *name;
  json_t *meta;                 /* object or NULL; borrowed */
} AssayRecording;

/* Positions of an example: rows that one without padding has in a recording of activations, or 1. */
gint64       assay_record_get_positions (const AssayModel *model);

/* The rows of activations that the options ask for. Owns: the caller. */
AssayRecordRows *assay_record_choose_rows (const AssayRecording *recording, GError **error);
/* A digest of model, parameters, examples and options: recordings with equal ones have the same bits. New reference. */
json_t      *assay_record_identify (const AssayRecording *recording);
/* What activations are stored as. */
AssayStoreType assay_record_get_type (const AssayRecording *recording);

/* Errors: NOT_FOUND (tap, parameter), those of the walk and of the store; INTERRUPTED or TERMINATED, with what was done committed.
 * Owns: the caller. */
AssayObject *assay_record_activations (const AssayRecording *recording, AssayProgress *progress, GError **error);
AssayObject *assay_record_gradients   (const AssayRecording *recording, AssayProgress *progress, GError **error);

/* Activations of at least the size `threshold`, as stored, by rows: "sparse" NAME has /index/example, /index/position and, of each tap, /end/TAP: how many
 * entries lie before the end of the row; these, /entries/unit and /entries/value, are "sparse-entries" NAME/TAP. Goes on where it was stopped or killed.
 * Errors: as above; USAGE for a threshold of 0. Owns: the caller. */
AssayObject *assay_record_sparse (const AssayRecording *recording, AssayProgress *progress, GError **error);

/* What one of several processes does, in a case that they share: the examples first .. end - 1. The object is complete when those of all are there. */
typedef struct {
  gint64 first, end;
  AssayObject *object;          /* out: the recording so far; NULL: nobody has a row yet. Owns: the caller */
  AssayRecordRows *rows;        /* out: those that it will have. Owns: the caller */
  gboolean is_last;             /* out: it is complete, and by this process or since before it began */
} AssayRecordShare;

void         assay_record_share_clear (AssayRecordShare *share);

gboolean     assay_record_activations_share (const AssayRecording *recording, AssayRecordShare *share, AssayProgress *progress, GError **error);
gboolean     assay_record_gradients_share   (const AssayRecording *recording, AssayRecordShare *share, AssayProgress *progress, GError **error);
