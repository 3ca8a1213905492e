/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_checkpoint.c: one long sequence, a few prompts and a batch of two, walked with the weights of a directory. */
#include "influence/reference_checkpoint.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "hessian/curvature.h"
#include "hessian/gradient.h"
#include "influence/reference.h"
#include "influence/reference_encoder.h"
#include "influence/reference_files.h"
#include "influence/reference_rounding.h"
#include "influence/reference_tokenizer.h"

#include <math.h>
#include <string.h>

/* --- a walk over one sequence --------------------------------------------------------------------------------------------- */

/* What the layers leave in the residual stream, what enters the first of them, and what enters the head. */
typedef struct {
  GArray *hidden;               /* (guint) values */
  guint logits, normed, loss;
} Taps;

static gboolean
is_residual (const AssayGraphValue *value)
{
  return value->role == ASSAY_VALUE_RESULT && g_str_has_suffix (value->name, ".residual_post");
}

static Taps
find_taps (AssayGraph *graph)
{
  Taps taps = { .hidden = g_array_new (FALSE, FALSE, sizeof (guint)), .logits = assay_graph_get_logits (graph), .loss = assay_graph_get_loss (graph) };
  guint first = assay_graph_find (graph, "embed_positions");

  if (first == ASSAY_NO_VALUE)
    first = assay_graph_find (graph, "embed");
  if (first != ASSAY_NO_VALUE)
    g_array_append_val (taps.hidden, first);
  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    if (is_residual (assay_graph_get_value (graph, v)))
      g_array_append_val (taps.hidden, v);
  taps.normed = assay_graph_get_node (graph, assay_graph_get_value (graph, taps.logits)->node)->in[0];
  return taps;
}

typedef struct {
  AssayModel *model;
  AssayGraph *graph;
  AssayExec *exec;
  Taps taps;
  gint64 T;
  gint32 *tokens, *targets;
  double *weight;
} Walk;

static void
walk_clear (Walk *w)
{
  g_clear_pointer (&w->exec, assay_exec_free);
  g_clear_pointer (&w->graph, assay_graph_unref);
  g_clear_pointer (&w->model, assay_model_free);
  g_clear_pointer (&w->taps.hidden, g_array_unref);
  g_free (w->tokens);
  g_free (w->targets);
  g_free (w->weight);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

/* Walks the sequence tokens (T), which are taken over; each position but the last predicts the next. */
static gboolean
walk (const AssayReferenceFiles *c, gint64 T, gint32 *tokens, Walk *w, GError **error)
{
  g_autoptr (GArray) keep = g_array_new (TRUE, TRUE, sizeof (guint));
  const guint end = ASSAY_NO_VALUE;
  gint64 V;

  *w = (Walk) { .T = T, .tokens = tokens, .targets = g_new0 (gint32, T), .weight = g_new0 (double, T) };
  w->model = assay_reference_files_load (c, T, error);
  w->graph = w->model ? assay_model_build (w->model, 1, error) : NULL;
  if (w->graph == NULL)
    return FALSE;
  w->taps = find_taps (w->graph);
  V = assay_values_get_int (assay_model_get_config (w->model), "vocabulary");
  for (gint64 t = 0; t < T; t++)
    if (tokens[t] < 0 || tokens[t] >= V)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: position %" G_GINT64_FORMAT ": a token from 0 to %" G_GINT64_FORMAT " expected, %d found",
                     c->document_path, t, V - 1, tokens[t]);
        return FALSE;
      }
  for (gint64 t = 0; t + 1 < T; t++)
    {
      w->targets[t] = tokens[t + 1];
      w->weight[t] = 1 / (double) (T - 1);                        /* the loss is the mean */
    }
  g_array_append_vals (keep, w->taps.hidden->data, w->taps.hidden->len);
  g_array_append_val (keep, w->taps.logits);
  g_array_append_val (keep, w->taps.normed);
  g_array_append_val (keep, end);
  w->exec = assay_exec_new (w->graph, ASSAY_WALK_FORWARD, ASSAY_F64, c->backend, (const guint *) (void *) keep->data, error);
  if (w->exec == NULL)
    return FALSE;
  assay_exec_set_input (w->exec, assay_graph_find (w->graph, "tokens"), w->tokens);
  assay_exec_set_input (w->exec, assay_graph_find (w->graph, "targets"), w->targets);
  assay_exec_set_input (w->exec, assay_graph_find (w->graph, "weight"), w->weight);
  return assay_exec_prepare (w->exec, assay_model_get_theta (w->model), NULL, NULL, FALSE, error);
}

static const double *
get (const Walk *w, guint value)
{
  return assay_exec_get_buffer (w->exec, ASSAY_PRIMAL, value);
}

/* What leaves the last layer, (T,C). */
static const double *
get_last (const Walk *w, gint64 *C)
{
  guint value = g_array_index (w->taps.hidden, guint, w->taps.hidden->len - 1);

  *C = assay_shape_last (&assay_graph_get_value (w->graph, value)->shape);
  return get (w, value);
}

/* --- the long sequence ---------------------------------------------------------------------------------------------------- */

static gboolean
check_long (const AssayReferenceFiles *c, GError **error)
{
  g_auto (Walk) w = { 0 };
  g_autofree double *stream = NULL;
  gint64 T, C, V;
  gint32 *tokens = assay_reference_files_read_tokens (c, "long.input_ids", &T, error);

  if (tokens == NULL || !walk (c, T, tokens, &w, error))
    return FALSE;
  get_last (&w, &C);
  V = assay_shape_last (&assay_graph_get_value (w.graph, w.taps.logits)->shape);
  stream = g_new (double, w.taps.hidden->len * T * C);
  for (guint l = 0; l < w.taps.hidden->len; l++)
    memcpy (stream + l * T * C, get (&w, g_array_index (w.taps.hidden, guint, l)), T * C * sizeof *stream);
  return assay_reference_files_compare (c, "long.logits", T * V, get (&w, w.taps.logits), ASSAY_REFERENCE_BOUND_PRODUCT, error)
         && assay_reference_files_compare (c, "long.hidden", (gint64) w.taps.hidden->len * T * C, stream, ASSAY_REFERENCE_BOUND_PRODUCT, error)
         && assay_reference_files_compare (c, "long.hidden_normed", T * C, get (&w, w.taps.normed), ASSAY_REFERENCE_BOUND_PRODUCT, error)
         && assay_reference_check_rounding (c, T, tokens, error);
}

/* --- prompts -------------------------------------------------------------------------------------------------------------- */

/* The mean over positions of what leaves the last layer. */
static gboolean
check_pooled (const AssayReferenceFiles *c, const char *prompt, const json_t *list, const Walk *w, GError **error)
{
  g_autofree char *name = g_strdup_printf ("prompts.%s.mean_pooled", prompt);
  gint64 C;
  const double *hidden = get_last (w, &C);
  g_autofree double *pooled = g_new0 (double, C), *theirs = g_new (double, C);

  if (!json_is_array (list))
    return TRUE;
  for (gint64 i = 0; i < w->T * C; i++)
    pooled[i % C] += hidden[i] / (double) w->T;
  if (!assay_reference_files_read_numbers (c, name, list, C, theirs, error))
    return FALSE;
  c->func (name, C, pooled, theirs, ASSAY_REFERENCE_BOUND_PRODUCT, c->data);
  return TRUE;
}

static gboolean
check_prompt (const AssayReferenceFiles *c, const char *name, const json_t *prompt, GError **error)
{
  const json_t *ids = json_object_get (prompt, "ids"), *last = json_object_get (prompt, "last_logits"), *loss = json_object_get (prompt, "mean_loss");
  gint64 T = (gint64) json_array_size (ids), V;
  g_autofree char *of_ids = g_strdup_printf ("prompts.%s.ids", name), *of_logits = g_strdup_printf ("prompts.%s.last_logits", name);
  g_autofree char *of_loss = g_strdup_printf ("prompts.%s.mean_loss", name);
  g_autofree double *numbers = g_new (double, MAX (1, T)), *theirs = NULL;
  g_auto (Walk) w = { 0 };
  gint32 *tokens = g_new (gint32, MAX (1, T));

  if (T == 0 || !assay_reference_files_read_numbers (c, of_ids, ids, T, numbers, error))
    {
      g_free (tokens);
      return T == 0;
    }
  for (gint64 t = 0; t < T; t++)
    tokens[t] = (gint32) CLAMP (numbers[t], -1, (double) G_MAXINT32);
  if (!walk (c, T, tokens, &w, error))
    return FALSE;
  V = assay_shape_last (&assay_graph_get_value (w.graph, w.taps.logits)->shape);
  theirs = g_new (double, V);
  if (json_is_array (last))
    {
      if (!assay_reference_files_read_numbers (c, of_logits, last, V, theirs, error))
        return FALSE;
      c->func (of_logits, V, get (&w, w.taps.logits) + (T - 1) * V, theirs, ASSAY_REFERENCE_BOUND_PRODUCT, c->data);
    }
  if (json_is_number (loss))
    {
      theirs[0] = json_number_value (loss);
      c->func (of_loss, 1, assay_exec_get_loss (w.exec), theirs, ASSAY_REFERENCE_BOUND_PRODUCT, c->data);
    }
  return check_pooled (c, name, json_object_get (prompt, "mean_pooled"), &w, error);
}

/* --- the batch ------------------------------------------------------------------------------------------------------------ */

/* Two or more sequences as one training set, each predicting its next tokens. */
static AssayDataset *
make_batch (const AssayReferenceFiles *c, gint64 V, gint64 B, gint64 T, const gint32 *tokens, GError **error)
{
  g_autofree gint32 *targets = g_new0 (gint32, B * T);
  g_autofree float *weight = g_new0 (float, B * T);

  for (gint64 i = 0; i < B * T; i++)
    {
      if (tokens[i] < 0 || tokens[i] >= V)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: batch.input_ids: a token from 0 to %" G_GINT64_FORMAT " expected, %d found", c->tensors_path,
                       V - 1, tokens[i]);
          return NULL;
        }
      if (i % T + 1 < T)
        {
          targets[i] = tokens[i + 1];
          weight[i] = 1;
        }
    }
  return assay_dataset_new_from_token_arrays (B, T, V, tokens, targets, weight, "train", 0, NULL, error);
}

static gboolean
check_products (const AssayReferenceFiles *c, const AssayPoint *point, double *product, GError **error)
{
  static const struct { const char *before, *curvature; } kinds[] = { { "Hv.", "hessian" }, { "Gv.", "gauss-newton" } };
  gint64 P = assay_model_get_n_params (point->model);
  g_autoptr (AssayBuffer) direction = assay_mem_new (double, P, error);

  if (direction == NULL || !assay_checkpoint_read_vector (point->model, c->directory, c->tensors, c->tensors_path, "v.", direction, error))
    return FALSE;
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (AssayLinop) op = assay_curvature_open (kinds[k].curvature, point, error);

      if (op == NULL || !assay_linop_apply (op, 1, direction, product, error)
          || !assay_reference_files_compare_vector (c, point->model, kinds[k].before, product, ASSAY_REFERENCE_BOUND_CHECKPOINT_PRODUCT, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_batch (const AssayReferenceFiles *c, GError **error)
{
  const AssaySafetensor *ids = assay_safetensors_find (c->tensors, "batch.input_ids");
  gint64 n, B, T, V;
  g_autofree gint32 *tokens = assay_reference_files_read_tokens (c, "batch.input_ids", &n, error);
  g_autoptr (AssayModel) model = NULL;
  g_autoptr (AssayDataset) dataset = NULL;
  g_autoptr (AssayBuffer) gradient = NULL;
  g_autofree gint64 *examples = NULL;
  AssayPoint point = { 0 };
  g_autofree double *losses = NULL;
  double loss = 0;

  if (tokens == NULL)
    return FALSE;
  if (ids->rank != 2)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: tensor batch.input_ids: two axes, sequences and positions, expected, %u found", c->tensors_path, ids->rank);
      return FALSE;
    }
  B = ids->dims[0];
  T = ids->dims[1];
  model = assay_reference_files_load (c, T, error);
  if (model == NULL)
    return FALSE;
  V = assay_shape_last (&assay_graph_get_value (assay_model_get_layout (model), assay_graph_get_logits (assay_model_get_layout (model)))->shape);
  dataset = make_batch (c, V, B, T, tokens, error);
  gradient = dataset ? assay_mem_new (double, assay_model_get_n_params (model), error) : NULL;
  if (gradient == NULL)
    return FALSE;
  examples = g_new (gint64, B);
  for (gint64 i = 0; i < B; i++)
    examples[i] = i;
  point = (AssayPoint) { .model = model, .dataset = dataset, .examples = examples, .n_examples = B, .dtype = ASSAY_F64, .batch = B, .backend = c->backend };
  losses = g_new (double, B);
  if (!assay_gradient_mean (&point, gradient, losses, error))
    return FALSE;
  for (gint64 i = 0; i < B; i++)
    loss += losses[i] / (double) B;
  if (!assay_reference_files_compare (c, "batch.loss", 1, &loss, ASSAY_REFERENCE_BOUND_PRODUCT, error)
      || !assay_reference_files_compare_vector (c, model, "grad.", gradient, ASSAY_REFERENCE_BOUND_PRODUCT, error))
    return FALSE;
  return check_products (c, &point, gradient, error);
}

gboolean
assay_reference_check_checkpoint (const char *directory, AssayReferenceCompareFunc func, gpointer data, AssayBackend *backend, AssayProgress *progress,
                                  GError **error)
{
  g_auto (AssayReferenceFiles) c = { .directory = directory, .func = func, .data = data, .backend = backend, .progress = progress };
  const char *name;
  json_t *prompt;

  if (!assay_reference_files_open (&c, error) || !check_long (&c, error))
    return FALSE;
  json_object_foreach (json_object_get (c.document, "prompts"), name, prompt)
    if (!check_prompt (&c, name, prompt, error))
      return FALSE;
  if (!assay_reference_check_tokenizer (&c, error))
    return FALSE;
  return assay_safetensors_find (c.tensors, "batch.attention_mask") ? assay_reference_check_encoder (&c, error) : check_batch (&c, error);
}
