/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rounded_weights.c: one vector for theta and one for directions, rounded whole: what is not multiplied with is little. */
#include "model/rounded_weights.h"

#include "tensor/op_call.h"

struct _AssayRoundedWeights {
  AssayBackend *backend;
  gint64 P, K;
  char *theta, *directions;     /* (P), (K,P) */
};

AssayRoundedWeights *
assay_rounded_weights_new (const AssayGraph *graph, gint64 K, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayRoundedWeights) weights = g_new0 (AssayRoundedWeights, 1);

  weights->backend = backend;
  weights->P = assay_graph_get_n_params (graph);
  weights->K = K;
  weights->theta = backend->alloc (backend, MAX (64, assay_rounded_weights_get_apart (weights)), error);
  if (weights->theta != NULL && K > 0)
    weights->directions = backend->alloc (backend, MAX (64, (gsize) K * assay_rounded_weights_get_apart (weights)), error);
  return weights->theta != NULL && (K == 0 || weights->directions != NULL) ? g_steal_pointer (&weights) : NULL;
}

void
assay_rounded_weights_free (AssayRoundedWeights *weights)
{
  if (weights == NULL)
    return;
  weights->backend->release (weights->backend, weights->theta);
  weights->backend->release (weights->backend, weights->directions);
  g_free (weights);
}

/* Of one direction: the next begins where products like their factors to. */
static gsize
get_bytes (gint64 P)
{
  return ((gsize) P * sizeof (guint16) + 15) & ~(gsize) 15;
}

static gboolean
round_vector (AssayRoundedWeights *weights, const void *from, char *to, GError **error)
{
  const AssayShape shape = ASSAY_SHAPE (weights->P);
  const AssayOpCall call = { .n_in = 1, .n_out = 1, .in_shape = &shape, .out_shape = &shape, .x = { from }, .y = { to } };

  return weights->backend->run_op (weights->backend, "vector_to_bf16", ASSAY_FWD, ASSAY_F32, &call, error);
}

gboolean
assay_rounded_weights_set_theta (AssayRoundedWeights *weights, const void *theta, GError **error)
{
  return round_vector (weights, theta, weights->theta, error);
}

gboolean
assay_rounded_weights_set_directions (AssayRoundedWeights *weights, gint64 n, const void *directions, GError **error)
{
  for (gint64 k = 0; k < n; k++)
    if (!round_vector (weights, (const float *) directions + k * weights->P, weights->directions + (gsize) k * get_bytes (weights->P), error))
      return FALSE;
  return TRUE;
}

const void *
assay_rounded_weights_get (const AssayRoundedWeights *weights, const AssayGraphValue *parameter)
{
  return weights->theta + (gsize) parameter->offset * sizeof (guint16);
}

const void *
assay_rounded_weights_get_direction (const AssayRoundedWeights *weights, const AssayGraphValue *parameter)
{
  return weights->directions + (gsize) parameter->offset * sizeof (guint16);
}

gsize
assay_rounded_weights_get_apart (const AssayRoundedWeights *weights)
{
  return get_bytes (weights->P);
}

gsize
assay_rounded_weights_measure (const AssayGraph *graph, gint64 K)
{
  return (gsize) (1 + K) * get_bytes (assay_graph_get_n_params (graph));
}
