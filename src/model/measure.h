/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure.h: what is measured of a model instead of its loss: a scalar of each example that stands in the loss's place, so that gradients,
 * products and values of it are walks like any other.
 *
 *   loss                    the example's loss, in nats
 *   log-probability         of the right answer, summed over the positions that count
 *   margin                  log (p / (1 - p)) of the right answer: does not saturate where the loss does; over positions as the loss
 *   logit:K                 one logit; of token sequences at the last position that counts
 *   logit-difference:A,B    one less another
 *   activation:TAP[INDEX]   one number of a result of the graph ("h.0.mlp.act[17]"), of sequences at the last position that counts
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "model/graph.h"

typedef enum {
  ASSAY_MEASURE_KIND_LOSS,
  ASSAY_MEASURE_KIND_LOG_PROBABILITY,
  ASSAY_MEASURE_KIND_MARGIN,
  ASSAY_MEASURE_KIND_LOGIT,
  ASSAY_MEASURE_KIND_LOGIT_DIFFERENCE,
  ASSAY_MEASURE_KIND_ACTIVATION
} AssayMeasureKind;

typedef struct {
  AssayMeasureKind kind;
  gint64 first, second;         /* of logits or of a tap; second -1: none */
  char *tap;
} AssayMeasure;

/* Errors: USAGE with the forms there are. */
AssayMeasure *assay_measure_parse (const char *text, GError **error);
AssayMeasure *assay_measure_copy  (const AssayMeasure *measure);
void          assay_measure_free  (AssayMeasure *measure);

/* Puts the measure in the place of the loss of a graph that is being built. Errors: USAGE (a margin of a real target), NOT_FOUND (a tap that
 * is not there); those of the operation stick to the graph. */
gboolean      assay_measure_apply (const AssayMeasure *measure, AssayGraph *graph, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayMeasure, assay_measure_free)
