/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decoder.c: walks of a few positions that share what the operations keep. */
#include "model/decoder.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

static const gint64 piece_sizes[] = { 256, 64, 8, 1 };       /* the last is 1: every stretch is a sum of these */
#define N_PIECES G_N_ELEMENTS (piece_sizes)

/* Walks of so many positions. */
typedef struct {
  AssayExec *exec;              /* NULL: not needed so far */
  guint logits;
  gint64 wanted;                /* rows of the logits that a walk computes */
  gint32 *tokens, *targets;
  void *weight;                 /* zeros: no loss is wanted */
} Piece;

typedef struct {
  char *name;
  AssayDecoderEdit func;
  gpointer user_data;
  const AssayDecoder *decoder;
} Edit;

struct _AssayDecoder {
  AssayModel *model;
  AssayBackend *backend;
  AssayDtype dtype;
  gint64 capacity, n, V;
  guint n_nodes;
  void **state;                 /* (nodes): NULL where a node keeps nothing */
  gsize *state_bytes;
  Piece piece[N_PIECES];
  GPtrArray *edits;             /* Edit */
  const AssayPackedWeights *packed;     /* NULL: theta's own */
};

static void
edit_free (gpointer data)
{
  g_free (((Edit *) data)->name);
  g_free (data);
}

static void
run_edit (const AssayGraphValue *value, void *data, gpointer user_data)
{
  const Edit *edit = user_data;

  edit->func (value, data, edit->decoder->n, edit->user_data);
}

/* A result with n positions; examples of such names are in the message. */
static guint
find_tap (AssayGraph *graph, const char *name, GError **error)
{
  guint value = assay_graph_find (graph, name), last = assay_graph_get_node (graph, assay_graph_get_n_nodes (graph) / 2)->out[0];
  const AssayGraphValue *v = value == ASSAY_NO_VALUE ? NULL : assay_graph_get_value (graph, value);

  if (v != NULL && v->role == ASSAY_VALUE_RESULT && !v->is_index && v->shape.rank >= 3)
    return value;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "tap %s: the name of something that the model computes at every position expected, as %s or %s are", name,
               assay_graph_get_value (graph, assay_graph_get_node (graph, 0)->out[0])->name, assay_graph_get_value (graph, last)->name);
  return ASSAY_NO_VALUE;
}

static gboolean
set_edit (AssayExec *exec, Edit *edit, GError **error)
{
  guint value = find_tap (assay_exec_get_graph (exec), edit->name, error);

  if (value == ASSAY_NO_VALUE)
    return FALSE;
  assay_exec_set_edit (exec, value, run_edit, edit);
  return TRUE;
}

/* --- walks of one size ------------------------------------------------------------------------------------------------------ */

static gboolean
open_piece (AssayDecoder *self, gsize k, GError **error)
{
  Piece *piece = &self->piece[k];
  const gint64 n = piece_sizes[k];
  g_autoptr (AssayGraph) graph = assay_model_build_sequences (self->model, 1, n, error);
  guint keep[2] = { 0, ASSAY_NO_VALUE };

  if (graph == NULL)
    return FALSE;
  keep[0] = piece->logits = assay_graph_get_logits (graph);
  if ((piece->tokens = assay_mem_new (gint32, n, error)) == NULL || (piece->targets = assay_mem_new (gint32, n, error)) == NULL
      || (piece->weight = assay_mem_alloc_array (n, assay_dtype_width (self->dtype), error)) == NULL
      || (piece->exec = assay_exec_new (graph, ASSAY_WALK_FORWARD, self->dtype, self->backend, keep, error)) == NULL
      || !assay_exec_set_packed (piece->exec, self->packed, error))
    return FALSE;
  piece->wanted = n;
  assay_exec_set_wanted (piece->exec, piece->logits, n);          /* and no loss */
  memset (piece->targets, 0, n * sizeof *piece->targets);
  memset (piece->weight, 0, n * assay_dtype_width (self->dtype));
  assay_exec_set_input (piece->exec, assay_graph_find (graph, "tokens"), piece->tokens);
  assay_exec_set_input (piece->exec, assay_graph_find (graph, "targets"), piece->targets);
  assay_exec_set_input (piece->exec, assay_graph_find (graph, "weight"), piece->weight);
  for (guint e = 0; e < self->edits->len; e++)
    if (!set_edit (piece->exec, self->edits->pdata[e], error))
      return FALSE;
  return TRUE;
}

static void
piece_clear (Piece *piece)
{
  assay_exec_free (piece->exec);
  assay_mem_free (piece->tokens);
  assay_mem_free (piece->targets);
  assay_mem_free (piece->weight);
}

/* --- life ------------------------------------------------------------------------------------------------------------------- */

/* One memory for each node that looks back. */
static gboolean
make_states (AssayDecoder *self, GError **error)
{
  g_autoptr (AssayGraph) graph = assay_model_build_sequences (self->model, 1, 1, error);

  if (graph == NULL)
    return FALSE;
  self->n_nodes = assay_graph_get_n_nodes (graph);
  self->state = g_new0 (void *, self->n_nodes);
  self->state_bytes = g_new0 (gsize, self->n_nodes);
  for (guint n = 0; n < self->n_nodes; n++)
    {
      const AssayGraphNode *node = assay_graph_get_node (graph, n);

      if (node->op->state == NULL)
        continue;
      self->state_bytes[n] = node->op->state (node->in_shape, node->attr, self->capacity, assay_dtype_width (self->dtype));
      if (self->state_bytes[n] == 0)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: its positions see those behind them, so it does not continue a text; give a language model",
                       assay_graph_get_value (graph, node->out[0])->name);
          return FALSE;
        }
      if ((self->state[n] = assay_mem_alloc (self->state_bytes[n], error)) == NULL)
        return FALSE;
    }
  self->V = assay_graph_get_value (graph, assay_graph_get_logits (graph))->shape.dim[2];
  return TRUE;
}

AssayDecoder *
assay_decoder_new (AssayModel *model, gint64 capacity, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayDecoder) self = g_new0 (AssayDecoder, 1);
  const gint64 context = assay_model_get_context (model);

  self->edits = g_ptr_array_new_with_free_func (edit_free);
  self->model = model;
  self->backend = backend;
  self->dtype = assay_model_get_dtype (model);
  self->packed = assay_model_get_packed (model);
  self->capacity = capacity;
  if (assay_model_get_block (model)->data != ASSAY_DATA_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "a model of tokens expected, %s found", assay_model_get_block (model)->name);
      return NULL;
    }
  if (capacity < 1 || capacity > context)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "1 to %" G_GINT64_FORMAT " tokens expected, as many as this model's context has; %" G_GINT64_FORMAT " found", context,
                   capacity);
      return NULL;
    }
  if (!make_states (self, error))
    return NULL;
  assay_decoder_reset (self);
  return g_steal_pointer (&self);
}

void
assay_decoder_free (AssayDecoder *self)
{
  if (self == NULL)
    return;
  for (gsize k = 0; k < N_PIECES; k++)
    piece_clear (&self->piece[k]);
  for (guint n = 0; self->state != NULL && n < self->n_nodes; n++)
    assay_mem_free (self->state[n]);
  g_free (self->state);
  g_free (self->state_bytes);
  g_ptr_array_unref (self->edits);
  g_free (self);
}

void
assay_decoder_reset (AssayDecoder *self)
{
  self->n = 0;
  for (guint n = 0; n < self->n_nodes; n++)
    if (self->state[n] != NULL)
      memset (self->state[n], 0, self->state_bytes[n]);
}

gint64
assay_decoder_get_n (const AssayDecoder *self)
{
  return self->n;
}

gint64
assay_decoder_get_capacity (const AssayDecoder *self)
{
  return self->capacity;
}

gint64
assay_decoder_get_size (const AssayDecoder *self)
{
  return self->V;
}

AssayDtype
assay_decoder_get_dtype (const AssayDecoder *self)
{
  return self->dtype;
}

gint64
assay_decoder_get_channels (AssayDecoder *self, const char *name, GError **error)
{
  const gsize one = N_PIECES - 1;
  AssayGraph *graph;
  guint value;

  if (self->piece[one].exec == NULL && !open_piece (self, one, error))
    return -1;
  graph = assay_exec_get_graph (self->piece[one].exec);
  value = find_tap (graph, name, error);
  return value == ASSAY_NO_VALUE ? -1 : assay_shape_count (&assay_graph_get_value (graph, value)->shape);
}

gboolean
assay_decoder_set_edit (AssayDecoder *self, const char *name, AssayDecoderEdit func, gpointer user_data, GError **error)
{
  const gsize one = N_PIECES - 1;
  Edit *edit = g_new0 (Edit, 1);

  *edit = (Edit) { g_strdup (name), func, user_data, self };
  g_ptr_array_add (self->edits, edit);
  if (self->piece[one].exec == NULL)                              /* opening it sets all edits */
    return open_piece (self, one, error);
  for (gsize k = 0; k < N_PIECES; k++)
    if (self->piece[k].exec != NULL && !set_edit (self->piece[k].exec, edit, error))
      return FALSE;
  return TRUE;
}

gboolean
assay_decoder_set_packed (AssayDecoder *self, const AssayPackedWeights *weights, GError **error)
{
  self->packed = weights ? weights : assay_model_get_packed (self->model);
  for (gsize k = 0; k < N_PIECES; k++)
    if (self->piece[k].exec != NULL && !assay_exec_set_packed (self->piece[k].exec, self->packed, error))
      return FALSE;
  return TRUE;
}

/* --- feeding ---------------------------------------------------------------------------------------------------------------- */

static gboolean
check (const AssayDecoder *self, const gint32 *tokens, gint64 n, GError **error)
{
  if (n > self->capacity - self->n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%" G_GINT64_FORMAT " tokens expected at most, %" G_GINT64_FORMAT " found", self->capacity, self->n + n);
      return FALSE;
    }
  for (gint64 t = 0; t < n; t++)
    if (tokens[t] < 0 || tokens[t] >= self->V)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "token %" G_GINT64_FORMAT ": 0 to %" G_GINT64_FORMAT " expected, as the model's vocabulary has, %d found; "
                     "the tokenizer is another model's", self->n + t, self->V - 1, tokens[t]);
        return FALSE;
      }
  return TRUE;
}

/* Edits may be of the logits, so that they see all of them. */
static void
set_wanted (const AssayDecoder *self, Piece *piece, gint64 size, gint64 rows)
{
  if (self->edits->len > 0)
    rows = size;
  if (piece->wanted != rows)
    assay_exec_set_wanted (piece->exec, piece->logits, rows);
  piece->wanted = rows;
}

/* The last `wanted` rows of a piece's logits. */
static void
read_logits (const AssayDecoder *self, const Piece *piece, gint64 size, gint64 wanted, double *logits)
{
  const char *all = assay_exec_get_buffer (piece->exec, ASSAY_PRIMAL, piece->logits);

  assay_dtype_convert (self->dtype, all + (size - wanted) * self->V * assay_dtype_width (self->dtype), ASSAY_F64, logits, wanted * self->V);
}

gboolean
assay_decoder_feed (AssayDecoder *self, const gint32 *tokens, gint64 n, gboolean all, double *logits, GError **error)
{
  gint64 done = 0;

  if (!check (self, tokens, n, error))
    return FALSE;
  for (gsize k = 0; k < N_PIECES; k++)
    for (const gint64 size = piece_sizes[k]; n - done >= size; done += size)
      {
        Piece *piece = &self->piece[k];

        if (piece->exec == NULL && !open_piece (self, k, error))
          return FALSE;
        set_wanted (self, piece, size, logits == NULL ? 0 : all ? size : done + size == n);
        memcpy (piece->tokens, tokens + done, size * sizeof *tokens);
        if (!assay_exec_continue (piece->exec, assay_model_get_theta (self->model), self->n, self->capacity, self->state, error))
          return FALSE;
        self->n += size;
        if (logits != NULL && all)
          read_logits (self, piece, size, size, logits + done * self->V);
        else if (logits != NULL && done + size == n)
          read_logits (self, piece, size, 1, logits);
      }
  return TRUE;
}
