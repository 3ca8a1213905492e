/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_checkpoint.c: one long sequence, a few prompts and a batch of two, walked with the weights of a directory. */
#include "influence/reference_checkpoint.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "hessian/curvature.h"
#include "hessian/gradient.h"
#include "influence/reference.h"
#include "model/checkpoint.h"
#include "store/file.h"

#include <math.h>
#include <string.h>

#define DOCUMENT_BYTES (64u << 20)
#define SMALL 1e-3              /* of the largest tensor of a vector: what a tensor's error is relative to at least */

typedef struct {
  const char *directory;
  char *document_path, *tensors_path;
  json_t *document;
  AssaySafetensors *tensors;
  AssayReferenceCompareFunc func;
  gpointer data;
  AssayBackend *backend;
  AssayProgress *progress;
} Check;

static void
check_clear (Check *c)
{
  g_free (c->document_path);
  g_free (c->tensors_path);
  json_decref (c->document);
  assay_safetensors_free (c->tensors);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Check, check_clear)

static gboolean
open_files (Check *c, GError **error)
{
  c->document_path = g_build_filename (c->directory, ASSAY_REFERENCE_CHECKPOINT_FILE, NULL);
  c->tensors_path = g_build_filename (c->directory, "expected.safetensors", NULL);
  c->document = assay_file_read_json (c->document_path, DOCUMENT_BYTES, JSON_REJECT_DUPLICATES, error);
  if (c->document == NULL)
    return FALSE;
  c->tensors = assay_safetensors_open (c->tensors_path, error);
  return c->tensors != NULL;
}

static AssayModel *
load (const Check *c, gint64 context, GError **error)
{
  const AssayCheckpointOptions options = { .has_dtype = TRUE, .dtype = ASSAY_F64, .context = context };

  return assay_checkpoint_load_directory (c->directory, &options, error);
}

/* Compares with the tensor of that name, where there is one; n is how many numbers it must have. */
static gboolean
compare_tensor (const Check *c, const char *name, gint64 n, const double *ours, double bound, GError **error)
{
  const AssaySafetensor *tensor = assay_safetensors_find (c->tensors, name);
  g_autoptr (AssayBuffer) theirs = NULL;

  if (tensor == NULL)
    return TRUE;
  if (tensor->n_elements != (guint64) n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: tensor %s: %" G_GINT64_FORMAT " numbers expected, %" G_GUINT64_FORMAT " found", c->tensors_path, name,
                   n, tensor->n_elements);
      return FALSE;
    }
  theirs = assay_mem_new (double, n, error);
  if (theirs == NULL || !assay_safetensors_read (tensor, ASSAY_STORE_F64, theirs, error))
    return FALSE;
  c->func (name, n, ours, theirs, bound, c->data);
  return TRUE;
}

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
walk (const Check *c, gint64 T, gint32 *tokens, Walk *w, GError **error)
{
  g_autoptr (GArray) keep = g_array_new (TRUE, TRUE, sizeof (guint));
  const guint end = ASSAY_NO_VALUE;
  gint64 V;

  *w = (Walk) { .T = T, .tokens = tokens, .targets = g_new0 (gint32, T), .weight = g_new0 (double, T) };
  w->model = load (c, T, error);
  w->graph = w->model ? assay_model_build (w->model, 1, error) : NULL;
  if (w->graph == NULL)
    return FALSE;
  w->taps = find_taps (w->graph);
  V = assay_shape_last (&assay_graph_get_value (w->graph, w->taps.logits)->shape);
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

/* --- the long sequence ---------------------------------------------------------------------------------------------------- */

/* Token numbers of a tensor; *n of them. Owns: the caller. */
static gint32 *
read_tokens (const Check *c, const char *name, gint64 *n, GError **error)
{
  const AssaySafetensor *tensor = assay_safetensors_find (c->tensors, name);
  g_autofree gint64 *wide = NULL;
  gint32 *tokens;

  if (tensor == NULL || tensor->type != ASSAY_STORE_I64 || tensor->n_elements == 0 || tensor->n_elements > 1 << 24)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s: token numbers in i64 expected, %s found", c->tensors_path, name,
                   tensor ? assay_store_type_word (tensor->type) : "none of that name");
      return NULL;
    }
  *n = (gint64) tensor->n_elements;
  wide = g_new (gint64, *n);
  tokens = g_new (gint32, *n);
  memcpy (wide, tensor->data, tensor->bytes);
  for (gint64 i = 0; i < *n; i++)
    tokens[i] = (gint32) CLAMP (wide[i], -1, G_MAXINT32);
  return tokens;
}

static gboolean
check_long (const Check *c, GError **error)
{
  g_auto (Walk) w = { 0 };
  g_autofree double *stream = NULL;
  gint64 T, C, V;
  gint32 *tokens = read_tokens (c, "long.input_ids", &T, error);

  if (tokens == NULL || !walk (c, T, tokens, &w, error))
    return FALSE;
  C = assay_shape_last (&assay_graph_get_value (w.graph, w.taps.normed)->shape);
  V = assay_shape_last (&assay_graph_get_value (w.graph, w.taps.logits)->shape);
  stream = g_new (double, w.taps.hidden->len * T * C);
  for (guint l = 0; l < w.taps.hidden->len; l++)
    memcpy (stream + l * T * C, get (&w, g_array_index (w.taps.hidden, guint, l)), T * C * sizeof *stream);
  return compare_tensor (c, "long.logits", T * V, get (&w, w.taps.logits), ASSAY_REFERENCE_BOUND_PRODUCT, error)
         && compare_tensor (c, "long.hidden", (gint64) w.taps.hidden->len * T * C, stream, ASSAY_REFERENCE_BOUND_PRODUCT, error)
         && compare_tensor (c, "long.hidden_normed", T * C, get (&w, w.taps.normed), ASSAY_REFERENCE_BOUND_PRODUCT, error);
}

/* --- prompts -------------------------------------------------------------------------------------------------------------- */

static gboolean
read_numbers (const Check *c, const char *prompt, const json_t *list, gint64 n, double *values, GError **error)
{
  for (gint64 i = 0; i < n; i++)
    {
      const json_t *item = json_array_get (list, (size_t) i);

      if (!json_is_number (item))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: prompts.%s: %" G_GINT64_FORMAT " numbers expected, %" G_GSIZE_FORMAT " found", c->document_path,
                       prompt, n, json_array_size (list));
          return FALSE;
        }
      values[i] = json_number_value (item);
    }
  return TRUE;
}

static gboolean
check_prompt (const Check *c, const char *name, const json_t *prompt, GError **error)
{
  const json_t *ids = json_object_get (prompt, "ids"), *last = json_object_get (prompt, "last_logits"), *loss = json_object_get (prompt, "mean_loss");
  gint64 T = (gint64) json_array_size (ids), V;
  g_autofree char *of_logits = g_strdup_printf ("prompts.%s.last_logits", name), *of_loss = g_strdup_printf ("prompts.%s.mean_loss", name);
  g_autofree double *numbers = g_new (double, MAX (1, T)), *theirs = NULL;
  g_auto (Walk) w = { 0 };
  gint32 *tokens = g_new (gint32, MAX (1, T));

  if (T == 0 || !read_numbers (c, name, ids, T, numbers, error))
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
      if (!read_numbers (c, name, last, V, theirs, error))
        return FALSE;
      c->func (of_logits, V, get (&w, w.taps.logits) + (T - 1) * V, theirs, ASSAY_REFERENCE_BOUND_PRODUCT, c->data);
    }
  if (json_is_number (loss))
    {
      theirs[0] = json_number_value (loss);
      c->func (of_loss, 1, assay_exec_get_loss (w.exec), theirs, ASSAY_REFERENCE_BOUND_PRODUCT, c->data);
    }
  return TRUE;
}

/* --- the batch ------------------------------------------------------------------------------------------------------------ */

/* Compares a vector (P) with the tensors `before` and the names of the weights. */
static gboolean
compare_vector (const Check *c, const AssayModel *model, const char *before, const double *ours, double bound, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  gint64 P = assay_model_get_n_params (model);
  g_autoptr (AssayBuffer) memory = assay_mem_new (double, P, error);
  double *theirs = memory, largest = 0;

  if (theirs == NULL || !assay_checkpoint_read_vector (model, c->directory, c->tensors, c->tensors_path, before, theirs, error))
    return FALSE;
  for (gint64 i = 0; i < P; i++)
    largest = MAX (largest, fabs (theirs[i]));
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      gint64 n = assay_shape_count (&p->shape);
      double own = 0;
      g_autofree char *name = NULL;

      if (p->role != ASSAY_VALUE_PARAM)
        continue;
      for (gint64 i = 0; i < n; i++)
        own = MAX (own, fabs (theirs[p->offset + i]));
      name = g_strconcat (before, p->name, NULL);
      /* relative to its own largest entry, or to SMALL of the whole's: the bound is stretched by what its own lacks */
      c->func (name, n, ours + p->offset, theirs + p->offset, own > 0 ? bound * MAX (1, SMALL * largest / own) : bound, c->data);
    }
  return TRUE;
}

/* Two or more sequences as one training set, each predicting its next tokens. */
static AssayDataset *
make_batch (const Check *c, gint64 V, gint64 B, gint64 T, const gint32 *tokens, GError **error)
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
check_products (const Check *c, const AssayPoint *point, double *product, GError **error)
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
          || !compare_vector (c, point->model, kinds[k].before, product, ASSAY_REFERENCE_BOUND_CHECKPOINT_PRODUCT, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_batch (const Check *c, GError **error)
{
  const AssaySafetensor *ids = assay_safetensors_find (c->tensors, "batch.input_ids");
  gint64 n, B, T, V;
  g_autofree gint32 *tokens = read_tokens (c, "batch.input_ids", &n, error);
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
  model = load (c, T, error);
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
  if (!compare_tensor (c, "batch.loss", 1, &loss, ASSAY_REFERENCE_BOUND_PRODUCT, error)
      || !compare_vector (c, model, "grad.", gradient, ASSAY_REFERENCE_BOUND_PRODUCT, error))
    return FALSE;
  return check_products (c, &point, gradient, error);
}

gboolean
assay_reference_check_checkpoint (const char *directory, AssayReferenceCompareFunc func, gpointer data, AssayBackend *backend, AssayProgress *progress,
                                  GError **error)
{
  g_auto (Check) c = { .directory = directory, .func = func, .data = data, .backend = backend, .progress = progress };
  const char *name;
  json_t *prompt;

  if (!open_files (&c, error) || !check_long (&c, error))
    return FALSE;
  json_object_foreach (json_object_get (c.document, "prompts"), name, prompt)
    if (!check_prompt (&c, name, prompt, error))
      return FALSE;
  return check_batch (&c, error);
}
