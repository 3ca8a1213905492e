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
 *   probe:NAME              w' h + bias at a result h of the graph, for a direction w that whoever reads the name sets; of sequences at the last
 *                           position that counts, or the mean or the sum over positions by their weight
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
  ASSAY_MEASURE_KIND_ACTIVATION,
  ASSAY_MEASURE_KIND_PROBE
} AssayMeasureKind;

/* How a probe's values at the positions become one; as op_probe's attribute. */
typedef enum { ASSAY_POOL_LAST, ASSAY_POOL_MEAN, ASSAY_POOL_SUM } AssayPool;
extern const char *const assay_pools[];         /* their names; NULL-terminated */


typedef struct {
  AssayMeasureKind kind;
  gint64 first, second;         /* of logits or of a tap; second -1: none */
  char *tap;
  char *probe;                  /* PROBE: its name */
  gint64 n;                     /* numbers of its direction; 0: not set yet */
  double *direction, bias;
  AssayPool pool;
} AssayMeasure;

/* Errors: USAGE with the forms there are. */
AssayMeasure *assay_measure_parse (const char *text, GError **error);
AssayMeasure *assay_measure_copy  (const AssayMeasure *measure);
void          assay_measure_free  (AssayMeasure *measure);

/* What a probe reads, and how; direction (n), copied. */
void          assay_measure_set_probe (AssayMeasure *measure, const char *tap, gint64 n, const double *direction, double bias, AssayPool pool);

/* Puts the measure in the place of the loss of a graph that is being built. Errors: USAGE (a margin of a real target), NOT_FOUND (a tap that
 * is not there), SHAPE (a direction of another length); those of the operation stick to the graph. */
gboolean      assay_measure_apply (const AssayMeasure *measure, AssayGraph *graph, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayMeasure, assay_measure_free)
