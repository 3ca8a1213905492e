/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_encoder.c: sentence by sentence, each in a graph of its length. */
#include "influence/reference_encoder.h"

#include "base/error.h"
#include "base/mem.h"
#include "influence/reference.h"
#include "model/exec.h"

#include <string.h>

#define NO_LABEL (-100)         /* of a position that is not predicted */

typedef struct {
  const AssayReferenceFiles *c;
  gint64 B, T, C, P;
  gint32 *tokens, *types;       /* (B,T) */
  gint64 *length;               /* (B) */
  gint64 visible;               /* positions of all sentences */
} Batch;

static void
batch_clear (Batch *b)
{
  g_free (b->tokens);
  g_free (b->types);
  g_free (b->length);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Batch, batch_clear)

/* Ones, and behind them zeros. */
static gboolean
read_lengths (Batch *b, GError **error)
{
  gint64 n;
  g_autofree gint32 *mask = assay_reference_files_read_tokens (b->c, "batch.attention_mask", &n, error);

  if (mask == NULL)
    return FALSE;
  b->length = g_new0 (gint64, b->B);
  for (gint64 i = 0; i < b->B && n == b->B * b->T; i++)
    {
      const gint32 *row = mask + i * b->T;

      while (b->length[i] < b->T && row[b->length[i]] == 1)
        b->length[i]++;
      for (gint64 t = b->length[i]; t < b->T; t++)
        n = row[t] == 0 ? n : 0;
      n = b->length[i] > 0 ? n : 0;
      b->visible += b->length[i];
    }
  if (n == b->B * b->T)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor batch.attention_mask: for each sequence of batch.input_ids ones and behind them zeros expected",
               b->c->tensors_path);
  return FALSE;
}

/* Every index must be that of a row of the model's tables. */
static gboolean
check_range (const Batch *b, const char *name, const gint32 *index, gint64 n, gint64 below, GError **error)
{
  for (gint64 i = 0; i < n; i++)
    if (index[i] < 0 || index[i] >= below)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s: numbers from 0 to %" G_GINT64_FORMAT " expected, %d found", b->c->tensors_path, name,
                     below - 1, index[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
batch_open (Batch *b, const AssayModel *model, GError **error)
{
  const AssaySafetensor *ids = assay_safetensors_find (b->c->tensors, "batch.input_ids");
  const AssayValues *config = assay_model_get_config (model);
  gint64 n, n_types;

  b->tokens = assay_reference_files_read_tokens (b->c, "batch.input_ids", &n, error);
  b->types = b->tokens ? assay_reference_files_read_tokens (b->c, "batch.token_type_ids", &n_types, error) : NULL;
  if (b->types == NULL)
    return FALSE;
  if (ids->rank != 2 || n_types != n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: tensors batch.input_ids and batch.token_type_ids: two axes, sequences and positions, expected",
                   b->c->tensors_path);
      return FALSE;
    }
  b->B = ids->dims[0];
  b->T = ids->dims[1];
  b->C = assay_values_get_int (config, "width");
  return read_lengths (b, error) && check_range (b, "batch.input_ids", b->tokens, n, assay_values_get_int (config, "vocabulary"), error)
         && check_range (b, "batch.token_type_ids", b->types, n, assay_values_get_int (config, "types"), error);
}

/* --- one sentence ------------------------------------------------------------------------------------------------------------ */

/* The model with another head and context; parameters that both have are the same. */
static AssayModel *
make_model (const AssayModel *from, const char *head, gint64 context, GError **error)
{
  json_t *spec = assay_model_get_spec (from), *config = json_object_get (spec, "config");
  AssayGraph *theirs = assay_model_get_layout (from), *ours;
  const double *theta = assay_model_get_theta ((AssayModel *) from);
  AssayModel *model;

  json_object_set_new (config, "head", json_string (head));
  json_object_set_new (config, "context", json_integer (context));
  model = assay_model_new_from_spec (spec, error);
  json_decref (spec);
  if (model == NULL)
    return NULL;
  ours = assay_model_get_layout (model);
  for (guint v = 0; v < assay_graph_get_n_values (ours); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (ours, v);
      guint same = assay_graph_find (theirs, p->name);

      if (p->role == ASSAY_VALUE_PARAM && same != ASSAY_NO_VALUE)
        memcpy ((double *) assay_model_get_theta (model) + p->offset, theta + assay_graph_get_value (theirs, same)->offset,
                assay_shape_count (&p->shape) * sizeof *theta);
    }
  return model;
}

/* A walk of one sentence; what is bound must live as long. */
static AssayExec *
open_walk (const Batch *b, AssayModel *model, gint64 sentence, AssayWalk walk, const gint32 *targets, const double *weight, const char *const *taps,
           GError **error)
{
  g_autoptr (AssayGraph) graph = assay_model_build (model, 1, error);
  guint keep[3] = { ASSAY_NO_VALUE, ASSAY_NO_VALUE, ASSAY_NO_VALUE };
  AssayExec *exec;

  if (graph == NULL)
    return NULL;
  for (guint k = 0; taps != NULL && taps[k] != NULL; k++)
    keep[k] = assay_graph_find (graph, taps[k]);
  exec = assay_exec_new (graph, walk, ASSAY_F64, b->c->backend, keep, error);
  if (exec == NULL)
    return NULL;
  assay_exec_set_input (exec, assay_graph_find (graph, "tokens"), b->tokens + sentence * b->T);
  assay_exec_set_input (exec, assay_graph_find (graph, "token_types"), b->types + sentence * b->T);
  assay_exec_set_input (exec, assay_graph_find (graph, "targets"), targets);
  assay_exec_set_input (exec, assay_graph_find (graph, "weight"), weight);
  return exec;
}

static const double *
get_tap (const AssayExec *exec, const char *name)
{
  return assay_exec_get_buffer (exec, ASSAY_PRIMAL, assay_graph_find (assay_exec_get_graph (exec), name));
}

/* --- the squares of the means ------------------------------------------------------------------------------------------------ */

/* Sums over sentences, and what the walks show on the way. */
typedef struct {
  double loss;
  AssayBuffer *gradient, *product, *direction;  /* (P) */
  double *pooled;               /* (B,C) */
  double *hidden;               /* (visible,C) */
} Pooled;

static void
pooled_clear (Pooled *p)
{
  assay_mem_free (p->gradient);
  assay_mem_free (p->product);
  assay_mem_free (p->direction);
  g_free (p->pooled);
  g_free (p->hidden);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pooled, pooled_clear)

/* What leaves the last layer. Owns: the caller. */
static char *
name_last (const AssayModel *model)
{
  gint64 layers = assay_values_get_int (assay_model_get_config (model), "layers");

  return layers > 0 ? g_strdup_printf ("encoder.layer.%" G_GINT64_FORMAT ".residual_post", layers - 1) : g_strdup ("embed");
}

static gboolean
add_sentence (const Batch *b, AssayModel *model, gint64 sentence, gint64 first, Pooled *p, GError **error)
{
  static const double twice = 2;                                  /* the loss is half the squared length */
  g_autofree char *last = name_last (model);
  const char *const taps[] = { last, "pooled", NULL };
  gint64 n = b->length[sentence];
  g_autofree double *weight = g_new (double, n);
  g_autoptr (AssayExec) exec = NULL;

  for (gint64 t = 0; t < n; t++)
    weight[t] = 1 / (double) n;
  exec = open_walk (b, model, sentence, ASSAY_WALK_HESSIAN, b->tokens, weight, taps, error);
  if (exec == NULL || !assay_exec_prepare (exec, assay_model_get_theta (model), &twice, p->gradient, sentence > 0, error))
    return FALSE;
  p->loss += twice * *(const double *) assay_exec_get_loss (exec);
  memcpy (p->pooled + sentence * b->C, get_tap (exec, "pooled"), b->C * sizeof *p->pooled);
  memcpy (p->hidden + first * b->C, get_tap (exec, last), n * b->C * sizeof *p->hidden);
  return assay_exec_apply (exec, p->direction, p->product, sentence > 0, error);
}

/* The rows of batch.last_hidden that no mask hides. */
static gboolean
compare_hidden (const Batch *b, double *hidden, GError **error)
{
  g_autofree double *theirs = NULL, *visible = g_new (double, b->visible * b->C);
  gint64 n = 0;

  if (assay_safetensors_find (b->c->tensors, "batch.last_hidden") == NULL)
    return TRUE;
  theirs = assay_reference_files_read (b->c, "batch.last_hidden", b->B * b->T * b->C, error);
  if (theirs == NULL)
    return FALSE;
  for (gint64 i = 0; i < b->B; n += b->length[i++])
    memcpy (visible + n * b->C, theirs + i * b->T * b->C, b->length[i] * b->C * sizeof *visible);
  b->c->func ("batch.last_hidden", n * b->C, hidden, visible, ASSAY_REFERENCE_BOUND_PRODUCT, b->c->data);
  return TRUE;
}

static gboolean
check_squares (const Batch *b, const AssayModel *whole, GError **error)
{
  g_auto (Pooled) p = { .pooled = g_new (double, b->B * b->C), .hidden = g_new (double, b->visible * b->C) };
  g_autoptr (AssayModel) model = NULL;
  gint64 P, first = 0;

  for (gint64 i = 0; i < b->B; first += b->length[i++])
    {
      g_clear_pointer (&model, assay_model_free);
      model = make_model (whole, "none", b->length[i], error);
      if (model == NULL)
        return FALSE;
      P = assay_model_get_n_params (model);
      if (i == 0 && ((p.gradient = assay_mem_new (double, P, error)) == NULL || (p.product = assay_mem_new (double, P, error)) == NULL
                     || (p.direction = assay_mem_new (double, P, error)) == NULL
                     || !assay_checkpoint_read_vector (model, b->c->directory, b->c->tensors, b->c->tensors_path, "v.", p.direction, error)))
        return FALSE;
      if (!add_sentence (b, model, i, first, &p, error))
        return FALSE;
    }
  return compare_hidden (b, p.hidden, error) && assay_reference_files_compare (b->c, "batch.mean_pooled", b->B * b->C, p.pooled, ASSAY_REFERENCE_BOUND_PRODUCT, error)
         && assay_reference_files_compare (b->c, "batch.loss", 1, &p.loss, ASSAY_REFERENCE_BOUND_PRODUCT, error)
         && assay_reference_files_compare_vector (b->c, model, "grad.", p.gradient, ASSAY_REFERENCE_BOUND_PRODUCT, error)
         && assay_reference_files_compare_vector (b->c, model, "Hv.", p.product, ASSAY_REFERENCE_BOUND_CHECKPOINT_PRODUCT, error);
}

/* --- masked tokens ------------------------------------------------------------------------------------------------------------ */

/* targets (B,T) and weight (B,T): 1 over the number of labels where there is one. */
static gboolean
read_labels (const Batch *b, const AssayModel *model, gint32 *targets, double *weight, GError **error)
{
  const json_t *rows = json_object_get (json_object_get (b->c->document, "batch"), "mlm_labels");
  g_autofree double *labels = g_new (double, b->B * b->T);
  gint64 n = 0, below = assay_values_get_int (assay_model_get_config (model), "vocabulary");

  for (gint64 i = 0; i < b->B; i++)
    if (!assay_reference_files_read_numbers (b->c, "batch.mlm_labels", json_array_get (rows, (size_t) i), b->T, labels + i * b->T, error))
      return FALSE;
  for (gint64 i = 0; i < b->B * b->T; i++)
    {
      gboolean is_label = labels[i] != NO_LABEL && i % b->T < b->length[i / b->T];

      targets[i] = is_label ? (gint32) CLAMP (labels[i], -1, (double) G_MAXINT32) : 0;
      weight[i] = is_label;
      n += is_label;
    }
  for (gint64 i = 0; i < b->B * b->T; i++)
    weight[i] /= (double) MAX (1, n);
  return check_range (b, "mlm_labels", targets, b->B * b->T, below, error);
}

static gboolean
check_masked (const Batch *b, const AssayModel *whole, GError **error)
{
  g_autofree gint32 *targets = g_new (gint32, b->B * b->T);
  g_autofree double *weight = g_new (double, b->B * b->T);
  g_autoptr (AssayBuffer) gradient = assay_mem_new (double, assay_model_get_n_params (whole), error);
  double loss = 0;

  if (gradient == NULL || !read_labels (b, whole, targets, weight, error))
    return FALSE;
  for (gint64 i = 0; i < b->B; i++)
    {
      g_autoptr (AssayModel) model = make_model (whole, "masked-lm", b->length[i], error);
      g_autoptr (AssayExec) exec = model ? open_walk (b, model, i, ASSAY_WALK_GRADIENT, targets + i * b->T, weight + i * b->T, NULL, error) : NULL;

      if (exec == NULL || !assay_exec_prepare (exec, assay_model_get_theta (model), NULL, gradient, i > 0, error))
        return FALSE;
      loss += *(const double *) assay_exec_get_loss (exec);
    }
  return assay_reference_files_compare (b->c, "batch.mlm_loss", 1, &loss, ASSAY_REFERENCE_BOUND_PRODUCT, error)
         && assay_reference_files_compare_vector (b->c, whole, "grad_mlm_loss.", gradient, ASSAY_REFERENCE_BOUND_PRODUCT, error);
}

gboolean
assay_reference_check_encoder (const AssayReferenceFiles *c, GError **error)
{
  g_auto (Batch) b = { .c = c };
  g_autoptr (AssayModel) model = assay_reference_files_load (c, 0, error);

  if (model == NULL)
    return FALSE;
  if (!assay_model_get_block (model)->looks_ahead)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor batch.attention_mask: expected of an encoder, the model is a %s", c->tensors_path,
                   assay_model_get_block (model)->name);
      return FALSE;
    }
  if (!batch_open (&b, model, error) || !check_squares (&b, model, error))
    return FALSE;
  return assay_safetensors_find (c->tensors, "batch.mlm_loss") == NULL || strcmp (assay_values_get_string (assay_model_get_config (model), "head"), "none") == 0
         || check_masked (&b, model, error);
}
