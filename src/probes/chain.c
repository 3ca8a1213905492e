/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain.c: batches of sequences through one forward plan, with hooks at the residuals and at the attention.
 *
 * A batch with patches is walked twice: first the donors, whose residuals are kept, then the sequences, into which they are written. A cut is
 * made by computing the attention of one query again, over the keys that it is left with; the heads of all other positions stay the kernel's.
 */
#include "probes/chain.h"

#include "base/error.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

#define MOST_BATCH 256
#define STATE_BYTES ((gsize) 64 << 20)          /* what the kept residuals may take */

typedef struct {
  AssayChainReader *reader;
  guint value;                  /* the heads' output */
  guint layer;
} Attention;

struct _AssayChainReader {
  AssayModel *model;
  AssayChainLayout layout;
  AssayExec *exec;
  AssayGraph *graph;            /* of the exec */
  AssayDtype dtype;
  gint64 B, T, V, C;
  guint n_layers, logits;
  guint *residual;              /* (n_layers + 1) values */
  Attention *attention;         /* (n_layers) */
  gint32 *tokens, *targets;     /* (B,T) */
  void *weight;                 /* (B,T) zeros: no loss is wanted */
  char *kept;                   /* (n_layers,B,T,C) residuals of donors */
  double *row;                  /* (V) */
  gint64 n_tokens;
  /* of the batch under way */
  const AssayChainWalk *walks;
  gint64 n;
  gint64 *donor;                /* (B) which of the kept runs, -1: none */
  gboolean is_donors;           /* the walk that keeps */
  double *state;                /* (n,C) or NULL */
};

void
assay_chain_layout_init (AssayChainLayout *layout, const AssayOrganism *organism)
{
  *layout = (AssayChainLayout) {
    .T = assay_organism_get_length (organism), .prompt = 2, .n_prompt = organism->n_terms, .chain = assay_organism_step_position (organism, 1) + 1,
    .n_steps = organism->k, .answer = assay_organism_answer_position (organism), .n_answers = organism->p,
    .fill = assay_organism_get_special (organism, ASSAY_ORGANISM_FILL), .hint = assay_organism_get_special (organism, ASSAY_ORGANISM_HINT),
    .ans = assay_organism_get_special (organism, ASSAY_ORGANISM_ANS),
  };
}

gint32
assay_chain_likeliest (const double *answer, gint64 A)
{
  gint32 best = 0;

  for (gint64 a = 1; a < A; a++)
    if (answer[a] > answer[best])
      best = (gint32) a;
  return best;
}

/* --- the model's parts ------------------------------------------------------------------------------------------------ */

static guint
find_embedding (AssayGraph *graph)
{
  guint value = assay_graph_find (graph, "embed_positions");

  return value != ASSAY_NO_VALUE ? value : assay_graph_find (graph, "embed");
}

/* Residuals by their names, attention by its operation, both in the order of the layers. */
static gboolean
find_parts (AssayChainReader *r, GError **error)
{
  g_autoptr (GArray) residuals = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GArray) heads = g_array_new (FALSE, FALSE, sizeof (guint));
  guint embedded = find_embedding (r->graph);

  g_array_append_val (residuals, embedded);
  for (guint node = 0; node < assay_graph_get_n_nodes (r->graph); node++)
    {
      const AssayGraphNode *at = assay_graph_get_node (r->graph, node);

      if (strcmp (at->op->name, "attention") == 0)
        g_array_append_val (heads, at->out[0]);
      if (g_str_has_suffix (assay_graph_get_value (r->graph, at->out[0])->name, ".residual_post"))
        g_array_append_val (residuals, at->out[0]);
    }
  if (embedded == ASSAY_NO_VALUE || heads->len == 0 || residuals->len != heads->len + 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "chain: a transformer expected, %s found", assay_model_get_block (r->model)->name);
      return FALSE;
    }
  r->n_layers = heads->len;
  r->residual = g_new (guint, r->n_layers + 1);
  r->attention = g_new0 (Attention, r->n_layers);
  memcpy (r->residual, residuals->data, (r->n_layers + 1) * sizeof (guint));
  for (guint l = 0; l < r->n_layers; l++)
    r->attention[l] = (Attention) { r, g_array_index (heads, guint, l), l };
  r->C = assay_shape_last (&assay_graph_get_value (r->graph, embedded)->shape);
  return TRUE;
}

/* --- hooks ------------------------------------------------------------------------------------------------------------ */

static char *
kept_at (const AssayChainReader *r, guint layer, gint64 run, gint64 position)
{
  return r->kept + (((gint64) layer * r->B + run) * r->T + position) * r->C * (gint64) assay_dtype_width (r->dtype);
}

/* The residual that enters a layer, or leaves the last one. */
static void
at_residual (const AssayGraphValue *value, void *data, gpointer user_data)
{
  AssayChainReader *r = user_data;
  gsize width = assay_dtype_width (r->dtype);
  char *rows = data;                                              /* (B,T,C) */
  guint layer = 0;

  while (assay_graph_get_value (r->graph, r->residual[layer]) != value)
    layer++;
  if (r->is_donors && layer < r->n_layers)
    memcpy (kept_at (r, layer, 0, 0), rows, (gsize) (r->B * r->T * r->C) * width);
  for (gint64 b = 0; b < r->n && !r->is_donors; b++)
    {
      const AssayChainWalk *walk = &r->walks[b];

      if (r->donor[b] >= 0 && walk->layer == layer)
        memcpy (rows + (gsize) ((b * r->T + walk->first) * r->C) * width, kept_at (r, layer, r->donor[b], walk->first),
                (gsize) (walk->count * r->C) * width);
      if (layer == r->n_layers && r->state != NULL)
        assay_dtype_convert (r->dtype, rows + (gsize) ((b * r->T + walk->read) * r->C) * width, ASSAY_F64, r->state + b * r->C, r->C);
    }
}

/* Where queries, keys and values of an attention node lie. */
typedef struct {
  gint64 H, G, D;
  struct { const char *rows; gint64 stride, first; } part[3];
  double scale;
} Heads;

static Heads
find_heads (const AssayChainReader *r, const AssayGraphNode *node)
{
  gboolean packed = node->n_in == 1;
  Heads h = { .H = (gint64) node->attr[0], .G = node->attr[1] > 0 ? (gint64) node->attr[1] : (gint64) node->attr[0] };

  h.D = node->out_shape[0].dim[2] / h.H;
  h.scale = node->attr[3] > 0 ? node->attr[3] : 1 / sqrt ((double) h.D);
  for (int k = 0; k < 3; k++)
    {
      h.part[k].rows = assay_exec_get_buffer (r->exec, ASSAY_PRIMAL, node->in[packed ? 0 : k]);
      h.part[k].stride = packed ? (h.H + 2 * h.G) * h.D : (k == 0 ? h.H : h.G) * h.D;
      h.part[k].first = !packed || k == 0 ? 0 : k == 1 ? h.H * h.D : (h.H + h.G) * h.D;
    }
  return h;
}

static double
number_at (const AssayChainReader *r, const Heads *h, int part, gint64 b, gint64 t, gint64 head, gint64 d)
{
  gint64 at = (b * r->T + t) * h->part[part].stride + h->part[part].first + head * h->D + d;

  return r->dtype == ASSAY_F32 ? (double) ((const float *) h->part[part].rows)[at] : ((const double *) h->part[part].rows)[at];
}

/* y (D) of one head for the query at `read`, over the keys that the walk leaves it.
 *                                                                 w_t = exp (scale q' k_t),  y = sum_t w_t v_t / sum_t w_t */
static void
attend (const AssayChainReader *r, const Heads *h, gint64 b, gint64 head, double *y)
{
  const AssayChainWalk *walk = &r->walks[b];
  gint64 shared = head / (h->H / h->G);
  double top = -INFINITY, sum = 0;

  for (int pass = 0; pass < 2; pass++)                            /* the largest first, so that nothing overflows */
    for (gint64 t = 0; t <= walk->read; t++)
      {
        double s = 0;

        if (t >= walk->first && t < walk->first + walk->count)
          continue;
        for (gint64 d = 0; d < h->D; d++)
          s += number_at (r, h, 0, b, walk->read, head, d) * number_at (r, h, 1, b, t, shared, d);
        if (pass == 0)
          top = fmax (top, h->scale * s);
        else
          {
            double w = exp (h->scale * s - top);

            sum += w;
            for (gint64 d = 0; d < h->D; d++)
              y[d] += w * number_at (r, h, 2, b, t, shared, d);
          }
      }
  for (gint64 d = 0; d < h->D; d++)
    y[d] /= sum;
}

static void
at_heads (const AssayGraphValue *value, void *data, gpointer user_data)
{
  const Attention *attention = user_data;
  const AssayChainReader *r = attention->reader;
  Heads h;

  if (r->is_donors)
    return;
  h = find_heads (r, assay_graph_get_node (r->graph, value->node));
  for (gint64 b = 0; b < r->n; b++)
    for (gint64 head = 0; head < h.H && r->walks[b].intervention == ASSAY_CHAIN_CUT && r->walks[b].count > 0; head++)
      {
        g_autofree double *y = g_new0 (double, h.D);
        gint64 first = (b * r->T + r->walks[b].read) * h.H * h.D + head * h.D;

        attend (r, &h, b, head, y);
        for (gint64 d = 0; d < h.D; d++)
          if (r->dtype == ASSAY_F32)
            ((float *) data)[first + d] = (float) y[d];
          else
            ((double *) data)[first + d] = y[d];
      }
}

/* --- making ----------------------------------------------------------------------------------------------------------- */

static gint64
choose_batch (const AssayModel *model, const AssayChainLayout *layout)
{
  const AssayGraph *graph = assay_model_get_layout (model);
  guint embedded = find_embedding ((AssayGraph *) graph);
  gsize C = embedded != ASSAY_NO_VALUE ? (gsize) assay_shape_last (&assay_graph_get_value (graph, embedded)->shape) : 1, layers = 1;
  gint64 B = MOST_BATCH;

  for (guint node = 0; node < assay_graph_get_n_nodes (graph); node++)
    layers += strcmp (assay_graph_get_node (graph, node)->op->name, "attention") == 0;
  while (B > 1 && (gsize) (B * layout->T) * layers * C * sizeof (double) > STATE_BYTES)
    B /= 2;
  return B;
}

static gboolean
check_fits (const AssayChainReader *r, GError **error)
{
  if (r->T == r->layout.T && r->layout.n_answers <= r->V && r->layout.fill < r->V && r->layout.hint < r->V)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "chain: a model of %" G_GINT64_FORMAT " positions with at least %d tokens expected, %" G_GINT64_FORMAT
               " positions and %" G_GINT64_FORMAT " tokens found", r->layout.T, MAX (r->layout.fill, r->layout.hint) + 1, r->T, r->V);
  return FALSE;
}

static gboolean
allocate (AssayChainReader *r, GError **error)
{
  gsize width = assay_dtype_width (r->dtype);

  return (r->tokens = assay_mem_new (gint32, r->B * r->T, error)) != NULL && (r->targets = assay_mem_new (gint32, r->B * r->T, error)) != NULL
         && (r->weight = assay_mem_alloc_array (r->B * r->T, width, error)) != NULL
         && (r->kept = assay_mem_alloc_array ((gsize) r->n_layers * r->B * r->T * r->C, width, error)) != NULL
         && (r->row = assay_mem_new (double, r->V, error)) != NULL && (r->donor = assay_mem_new (gint64, r->B, error)) != NULL;
}

static void
watch_heads (AssayChainReader *r, Attention *attention)
{
  const AssayGraphNode *node = assay_graph_get_node (r->graph, assay_graph_get_value (r->graph, attention->value)->node);
  guint reads[ASSAY_OP_MAX_IN + 1];

  for (guint i = 0; i < node->n_in; i++)
    reads[i] = node->in[i];
  reads[node->n_in] = ASSAY_NO_VALUE;
  assay_exec_set_edit (r->exec, attention->value, at_heads, attention);
  assay_exec_set_edit_reads (r->exec, attention->value, reads);
}

AssayChainReader *
assay_chain_reader_new (AssayModel *model, const AssayChainLayout *layout, gint64 batch, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayChainReader) r = g_new0 (AssayChainReader, 1);
  guint keep[2] = { ASSAY_NO_VALUE, ASSAY_NO_VALUE };
  AssayShape shape;

  r->model = model;
  r->layout = *layout;
  r->dtype = assay_model_get_dtype (model);
  if (assay_model_get_block (model)->data != ASSAY_DATA_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "chain: a model of tokens expected, %s found", assay_model_get_block (model)->name);
      return NULL;
    }
  if (assay_model_get_block (model)->looks_ahead)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "chain: a model whose positions see only what is before them expected, %s found",
                   assay_model_get_block (model)->name);
      return NULL;
    }
  r->graph = assay_model_build (model, batch > 0 ? batch : choose_batch (model, layout), error);
  if (r->graph == NULL || !find_parts (r, error))
    return NULL;
  keep[0] = r->logits = assay_graph_get_logits (r->graph);
  shape = assay_graph_get_value (r->graph, r->logits)->shape;
  r->B = shape.dim[0];
  r->T = shape.dim[1];
  r->V = shape.dim[2];
  if (!check_fits (r, error) || (r->exec = assay_exec_new (r->graph, ASSAY_WALK_FORWARD, r->dtype, backend, keep, error)) == NULL || !allocate (r, error))
    return NULL;
  assay_exec_set_input (r->exec, assay_graph_find (r->graph, "tokens"), r->tokens);
  assay_exec_set_input (r->exec, assay_graph_find (r->graph, "targets"), r->targets);
  assay_exec_set_input (r->exec, assay_graph_find (r->graph, "weight"), r->weight);
  for (guint l = 0; l <= r->n_layers; l++)
    assay_exec_set_edit (r->exec, r->residual[l], at_residual, r);
  for (guint l = 0; l < r->n_layers; l++)
    watch_heads (r, &r->attention[l]);
  return g_steal_pointer (&r);
}

void
assay_chain_reader_free (AssayChainReader *r)
{
  if (r == NULL)
    return;
  assay_exec_free (r->exec);
  assay_graph_unref (r->graph);
  g_free (r->residual);
  g_free (r->attention);
  assay_mem_free (r->tokens);
  assay_mem_free (r->targets);
  assay_mem_free (r->weight);
  assay_mem_free (r->kept);
  assay_mem_free (r->row);
  assay_mem_free (r->donor);
  g_free (r);
}

const AssayChainLayout *
assay_chain_reader_get_layout (const AssayChainReader *r)
{
  return &r->layout;
}

guint
assay_chain_reader_get_n_layers (const AssayChainReader *r)
{
  return r->n_layers;
}

gint64
assay_chain_reader_get_width (const AssayChainReader *r)
{
  return r->C;
}

gint64
assay_chain_reader_get_tokens (const AssayChainReader *r)
{
  return r->n_tokens;
}

/* --- walking ---------------------------------------------------------------------------------------------------------- */

static gboolean
check_tokens (const AssayChainReader *r, const gint32 *tokens, gint64 walk, GError **error)
{
  for (gint64 t = 0; t < r->T; t++)
    if (tokens[t] < 0 || tokens[t] >= r->V)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "chain: sequence %" G_GINT64_FORMAT " position %" G_GINT64_FORMAT ": a token from 0 to %"
                     G_GINT64_FORMAT " expected, %d found", walk, t, r->V - 1, tokens[t]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_walk (const AssayChainReader *r, const AssayChainWalk *walk, gint64 number, GError **error)
{
  gboolean plain = walk->intervention == ASSAY_CHAIN_PLAIN, cut = walk->intervention == ASSAY_CHAIN_CUT;
  gint64 end = cut ? walk->read : r->T;                           /* a query always sees itself */

  if (!check_tokens (r, walk->tokens, number, error) || (walk->intervention == ASSAY_CHAIN_PATCH && !check_tokens (r, walk->donor, number, error)))
    return FALSE;
  if (walk->read >= 0 && walk->read < r->T && (plain || (walk->first >= 0 && walk->count >= 0 && walk->first <= end && walk->count <= end - walk->first))
      && (walk->intervention != ASSAY_CHAIN_PATCH || walk->layer < r->n_layers))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "chain: sequence %" G_GINT64_FORMAT ": reads behind position %" G_GINT64_FORMAT " and changes %"
               G_GINT64_FORMAT " positions from %" G_GINT64_FORMAT " on, residual %u; positions below %" G_GINT64_FORMAT " and residuals below %u expected",
               number, walk->read, plain ? 0 : walk->count, plain ? 0 : walk->first, walk->layer, r->T, r->n_layers);
  return FALSE;
}

static gboolean
prepare (AssayChainReader *r, GError **error)
{
  return assay_exec_prepare (r->exec, assay_model_get_theta (r->model), NULL, NULL, FALSE, error);
}

/* Walks each donor once; neighbours share it. */
static gboolean
keep_donors (AssayChainReader *r, GError **error)
{
  const gint32 *last = NULL;
  gint64 n = 0;
  gboolean ok = TRUE;

  for (gint64 b = 0; b < r->n; b++)
    {
      const gint32 *donor = r->walks[b].intervention == ASSAY_CHAIN_PATCH ? r->walks[b].donor : NULL;

      r->donor[b] = -1;
      if (donor == NULL)
        continue;
      if (donor != last)
        memcpy (r->tokens + n++ * r->T, donor, r->T * sizeof (gint32));
      last = donor;
      r->donor[b] = n - 1;
    }
  r->is_donors = TRUE;
  if (n > 0)
    ok = prepare (r, error);
  r->is_donors = FALSE;
  r->n_tokens += n * r->T;
  return ok;
}

static void
read_answers (AssayChainReader *r, double *answer)
{
  const char *logits = assay_exec_get_buffer (r->exec, ASSAY_PRIMAL, r->logits);
  gint64 A = r->layout.n_answers;

  for (gint64 b = 0; b < r->n; b++)
    {
      double *p = answer + b * A, top = -INFINITY, sum = 0;

      assay_dtype_convert (r->dtype, logits + (b * r->T + r->walks[b].read) * r->V * (gint64) assay_dtype_width (r->dtype), ASSAY_F64, p, A);
      for (gint64 a = 0; a < A; a++)
        top = fmax (top, p[a]);
      for (gint64 a = 0; a < A; a++)
        sum += p[a] = exp (p[a] - top);                           /* p_a = exp (l_a) / sum_a' exp (l_a') */
      for (gint64 a = 0; a < A; a++)
        p[a] /= sum;
    }
}

gboolean
assay_chain_reader_run (AssayChainReader *r, const AssayChainWalk *walks, gint64 n, double *answer, double *state, GError **error)
{
  for (gint64 i = 0; i < n; i++)
    if (!check_walk (r, &walks[i], i, error))
      return FALSE;
  for (gint64 done = 0; done < n; done += r->B)
    {
      r->walks = walks + done;
      r->n = MIN (r->B, n - done);
      r->state = state ? state + done * r->C : NULL;
      if (!keep_donors (r, error))
        return FALSE;
      for (gint64 b = 0; b < r->n; b++)                           /* the rows behind keep old tokens: nobody sees them */
        memcpy (r->tokens + b * r->T, r->walks[b].tokens, r->T * sizeof (gint32));
      if (!prepare (r, error))
        return FALSE;
      if (answer != NULL)
        read_answers (r, answer + done * r->layout.n_answers);
      r->n_tokens += r->n * r->T;
    }
  return TRUE;
}
