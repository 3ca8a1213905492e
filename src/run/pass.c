/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pass.c: binding a data set's arrays to a graph's inputs by their fixed names. */
#include "run/pass.h"

#include "base/error.h"
#include "base/mem.h"
#include "model/rounded_weights.h"

#include <complex.h>
#include <math.h>
#include <string.h>

#define PASS_BYTES (256u << 20) /* of a pass whose size is chosen here */

struct _AssayPass {
  AssayDataset *dataset;
  AssayExec *exec;
  gint64 B;
  AssayBatch batch;             /* buffers, in the exec's type; its length is that of the walk */
  void *buffers[4];
  guint n_buffers;
  gboolean token_mean;
};

static gboolean
refuse (GError **error, const char *expected, const char *found)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "data set: %s expected by the model, %s found", expected, found);
  return FALSE;
}

/* Allocates one input's buffer and binds it. */
static gboolean
add_buffer (AssayPass *pass, const char *name, void **slot, GError **error)
{
  AssayGraph *graph = assay_exec_get_graph (pass->exec);
  guint value = assay_graph_find (graph, name);
  const AssayGraphValue *v = assay_graph_get_value (graph, value);
  gsize width = v->is_index ? sizeof (gint32) : assay_dtype_width (pass->batch.dtype);
  void *buffer = assay_mem_alloc_array (assay_shape_count (&v->shape), width, error);

  if (buffer == NULL)
    return FALSE;
  pass->buffers[pass->n_buffers++] = buffer;
  *slot = buffer;
  assay_exec_set_input (pass->exec, value, buffer);
  return TRUE;
}

static gboolean
fits (const AssayModel *model, AssayDataset *dataset, AssayGraph *graph, GError **error)
{
  gboolean tokens = assay_model_get_block (model)->data == ASSAY_DATA_TOKENS;
  const AssayGraphValue *x = assay_graph_get_value (graph, assay_graph_find (graph, tokens ? "tokens" : "x"));
  const AssayGraphValue *logits = assay_graph_get_value (graph, assay_graph_get_logits (graph));
  const AssayGraphNode *loss = assay_graph_get_node (graph, assay_graph_get_value (graph, assay_graph_get_own_loss (graph))->node);
  AssayShape shape = assay_dataset_get_shape (dataset), wanted = { .rank = x->shape.rank - 1 };
  g_autofree char *expected = NULL, *found = NULL;

  if (tokens != (assay_dataset_get_kind (dataset) == ASSAY_DATASET_TOKENS))
    return refuse (error, tokens ? "token sequences" : "features with a target", tokens ? "features" : "token sequences");
  memcpy (wanted.dim, x->shape.dim + 1, sizeof (gint64) * wanted.rank);
  if (tokens)
    wanted.dim[0] = assay_model_get_context (model);              /* of which a walk may be of the first positions */
  if (assay_shape_count (&shape) != assay_shape_count (&wanted))  /* an image may be read flat */
    {
      expected = assay_shape_to_string (&wanted);
      found = assay_shape_to_string (&shape);
      return refuse (error, expected, found);
    }
  if (tokens)
    return assay_dataset_check_classes (dataset, assay_values_get_int (assay_model_get_config (model), "vocabulary"), error);
  if (strcmp (loss->op->name, "squared_loss") == 0)
    return assay_dataset_get_target_kind (dataset) == ASSAY_TARGET_REAL ? TRUE : refuse (error, "a real target", "classes");
  if (assay_dataset_get_target_kind (dataset) != ASSAY_TARGET_CLASS)
    return refuse (error, "a class target", "a real target");
  return assay_dataset_check_classes (dataset, strcmp (loss->op->name, "xent") ? 2 : assay_shape_last (&logits->shape), error);
}

/* Takes the graph. */
static AssayPass *
bind_graph (AssayGraph *graph, const AssayModel *model, AssayDataset *dataset, const AssayWalkSpec *spec, gint64 batch, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayPass) pass = g_new0 (AssayPass, 1);
  g_autoptr (AssayGraph) owned = graph;
  gboolean built = FALSE;

  if (graph == NULL || !fits (model, dataset, graph, error))
    return NULL;
  pass->dataset = assay_dataset_ref (dataset);
  pass->B = batch;
  pass->batch.dtype = spec->dtype;
  pass->token_mean = assay_model_is_token_mean (model);
  pass->exec = assay_exec_new_walk (graph, spec, backend, error);
  if (pass->exec == NULL)
    return NULL;
  if (assay_dataset_get_kind (dataset) == ASSAY_DATASET_TOKENS)
    {
      pass->batch.length = assay_graph_get_value (graph, assay_graph_find (graph, "tokens"))->shape.dim[1];
      built = add_buffer (pass, "tokens", (void **) &pass->batch.token, error)
              && add_buffer (pass, "targets", (void **) &pass->batch.target, error)
              && add_buffer (pass, "weight", &pass->batch.weight, error);
    }
  else
    built = add_buffer (pass, "x", &pass->batch.x, error)
            && add_buffer (pass, "y", assay_dataset_get_target_kind (dataset) == ASSAY_TARGET_REAL ? &pass->batch.real
                                                                                                    : (void **) &pass->batch.label, error);
  return built ? g_steal_pointer (&pass) : NULL;
}

AssayPass *
assay_pass_new (const AssayModel *model, AssayDataset *dataset, AssayWalk walk, AssayDtype dtype, gint64 batch,
                AssayBackend *backend, const guint *keep, GError **error)
{
  return assay_pass_new_walk (model, dataset, &(AssayWalkSpec) { .walk = walk, .dtype = dtype, .keep = keep }, batch, 0, backend, error);
}

AssayPass *
assay_pass_new_walk (const AssayModel *model, AssayDataset *dataset, const AssayWalkSpec *spec, gint64 batch, gint64 positions, AssayBackend *backend, GError **error)
{
  AssayGraph *graph = positions > 0 ? assay_model_build_sequences (model, batch, positions, error) : assay_model_build (model, batch, error);

  return bind_graph (graph, model, dataset, spec, batch, backend, error);
}

void
assay_pass_free (AssayPass *pass)
{
  if (pass == NULL)
    return;
  for (guint i = 0; i < pass->n_buffers; i++)
    assay_mem_free (pass->buffers[i]);
  assay_exec_free (pass->exec);
  assay_dataset_unref (pass->dataset);
  g_free (pass);
}

/* Weights of an example's positions are divided by their sum, so that its loss is a mean. */
#define NORMALISE(type)                                                                                                 \
  for (gint64 b = 0; b < pass->B; b++)                                                                                  \
    {                                                                                                                   \
      type *w = (type *) pass->batch.weight + b * pass->batch.length, sum = 0;                                          \
                                                                                                                        \
      for (gint64 t = 0; t < pass->batch.length; t++)                                                                   \
        sum += w[t];                                                                                                    \
      for (gint64 t = 0; t < pass->batch.length && sum != 0; t++)                                                       \
        w[t] /= sum;                                                                                                    \
    }

void
assay_pass_bind (AssayPass *pass, const gint64 *examples)
{
  assay_dataset_fill (pass->dataset, examples, pass->B, &pass->batch);
  if (!pass->token_mean)
    return;
  if (pass->batch.dtype == ASSAY_F32)
    NORMALISE (float)
  else if (pass->batch.dtype == ASSAY_F64)
    NORMALISE (double)
  else
    NORMALISE (double complex)
}

void
assay_pass_single_out (AssayPass *pass, gint64 position)
{
  gsize width = assay_dtype_width (pass->batch.dtype);
  char *weight = pass->batch.weight;

  for (gint64 b = 0; b < pass->B; b++, weight += (gsize) pass->batch.length * width)
    {
      memset (weight, 0, (gsize) position * width);
      memset (weight + (gsize) (position + 1) * width, 0, (gsize) (pass->batch.length - position - 1) * width);
    }
}

AssayExec *
assay_pass_get_exec (AssayPass *pass)
{
  return pass->exec;
}

gint64
assay_pass_get_batch (const AssayPass *pass)
{
  return pass->B;
}

const AssayBatch *
assay_pass_get_data (const AssayPass *pass)
{
  return &pass->batch;
}

double
assay_pass_get_loss (const AssayPass *pass, gint64 b)
{
  const void *loss = assay_exec_get_loss (pass->exec);

  return pass->batch.dtype == ASSAY_F32 ? (double) ((const float *) loss)[b] : ((const double *) loss)[b];
}

gboolean
assay_pass_check_losses (const AssayPass *pass, const gint64 *examples, const char *doing, GError **error)
{
  for (gint64 b = 0; b < pass->B; b++)
    if (!isfinite (assay_pass_get_loss (pass, b)))
      {
        g_autofree char *example = assay_dataset_describe (pass->dataset, examples[b]);

        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: %s: the loss is not finite (%g)", doing, example, assay_pass_get_loss (pass, b));
        return FALSE;
      }
  return TRUE;
}

gboolean
assay_pass_measure_walk (const AssayModel *model, const AssayWalkSpec *spec, gint64 batch, const AssayBackend *backend, guint64 *bytes, GError **error)
{
  g_autoptr (AssayGraph) graph = assay_model_build (model, batch, error);
  g_autoptr (AssayPlan) plan = NULL;
  AssayWalkSpec planned = *spec;

  if (graph == NULL)
    return FALSE;
  planned.is_narrow = assay_walk_spec_is_narrow (spec, backend);
  plan = assay_plan_new_walk (graph, &planned);
  *bytes = assay_plan_get_bytes (plan) + (planned.is_narrow ? assay_rounded_weights_measure (graph, assay_plan_get_n_directions (plan)) : 0);
  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    {
      const AssayGraphValue *x = assay_graph_get_value (graph, v);

      if (x->role == ASSAY_VALUE_INPUT)
        *bytes += assay_shape_count (&x->shape) * (x->is_index ? sizeof (gint32) : assay_dtype_width (spec->dtype));
    }
  return TRUE;
}

gboolean
assay_pass_measure (const AssayModel *model, AssayWalk walk, AssayDtype dtype, gint64 batch, const guint *keep, guint64 *bytes,
                    GError **error)
{
  return assay_pass_measure_walk (model, &(AssayWalkSpec) { .walk = walk, .dtype = dtype, .keep = keep }, batch, NULL, bytes, error);
}

gint64
assay_pass_choose_batch (const AssayModel *model, AssayWalk walk, AssayDtype dtype, gint64 most, const guint *keep, GError **error)
{
  guint64 bytes;

  for (gint64 batch = most;; batch = (batch + 1) / 2)
    {
      if (!assay_pass_measure (model, walk, dtype, batch, keep, &bytes, error))
        return 0;
      if (bytes <= PASS_BYTES || batch <= 1)
        return batch;
    }
}

struct _AssayFeed {
  const AssayModel *model;
  AssayDataset *dataset;
  AssayWalkSpec spec;           /* its keep is the one below */
  gint64 batch;
  AssayBackend *backend;
  guint *keep;
  const AssayLengthBuckets *buckets;            /* NULL: all batches at the context */
  struct { AssayPass *full, *tail; } pass[ASSAY_LENGTH_BUCKETS_MOST];     /* of each bucket; the first without */
};

AssayFeed *
assay_feed_new_walk (const AssayModel *model, AssayDataset *dataset, const AssayWalkSpec *spec, gint64 batch, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayFeed) feed = g_new0 (AssayFeed, 1);
  gsize n = 0;

  while (spec->keep != NULL && spec->keep[n] != ASSAY_NO_VALUE)
    n++;
  feed->model = model;
  feed->dataset = assay_dataset_ref (dataset);
  feed->spec = *spec;
  feed->batch = batch;
  feed->backend = backend;
  feed->spec.keep = feed->keep = spec->keep ? g_memdup2 (spec->keep, (n + 1) * sizeof *spec->keep) : NULL;
  feed->pass[0].full = assay_pass_new_walk (model, dataset, &feed->spec, batch, 0, backend, error);
  return feed->pass[0].full ? g_steal_pointer (&feed) : NULL;
}

AssayFeed *
assay_feed_new (const AssayModel *model, AssayDataset *dataset, AssayWalk walk, AssayDtype dtype, gint64 batch,
                AssayBackend *backend, const guint *keep, GError **error)
{
  return assay_feed_new_walk (model, dataset, &(AssayWalkSpec) { .walk = walk, .dtype = dtype, .keep = keep }, batch, backend, error);
}

static void
drop_passes (AssayFeed *feed)
{
  for (guint k = 0; k < G_N_ELEMENTS (feed->pass); k++)
    {
      g_clear_pointer (&feed->pass[k].full, assay_pass_free);
      g_clear_pointer (&feed->pass[k].tail, assay_pass_free);
    }
}

void
assay_feed_set_buckets (AssayFeed *feed, const AssayLengthBuckets *buckets)
{
  drop_passes (feed);
  feed->buckets = buckets;
}

void
assay_feed_free (AssayFeed *feed)
{
  if (feed == NULL)
    return;
  drop_passes (feed);
  assay_dataset_unref (feed->dataset);
  g_free (feed->keep);
  g_free (feed);
}

static AssayPass *
make_pass (const AssayFeed *feed, gint64 n, guint bucket, GError **error)
{
  return assay_pass_new_walk (feed->model, feed->dataset, &feed->spec, n, feed->buckets ? feed->buckets->length[bucket] : 0, feed->backend, error);
}

AssayPass *
assay_feed_bind (AssayFeed *feed, const gint64 *examples, gint64 n, GError **error)
{
  gint64 size = MIN (n, feed->batch);
  guint bucket = feed->buckets ? assay_length_buckets_find (feed->buckets, feed->dataset, examples, size) : 0;
  AssayPass **pass = size < feed->batch ? &feed->pass[bucket].tail : &feed->pass[bucket].full;

  if (*pass == NULL || (*pass)->B != size)
    {
      g_clear_pointer (pass, assay_pass_free);
      *pass = make_pass (feed, size, bucket, error);
      if (*pass == NULL)
        return NULL;
    }
  assay_pass_bind (*pass, examples);
  return *pass;
}

gint64
assay_feed_get_batch (const AssayFeed *feed)
{
  return feed->batch;
}
