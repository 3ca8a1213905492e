/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lens.c: walks whose last residual stream is an earlier one's, and patterns from queries and keys. */
#include "run/lens.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/kept_rows.h"
#include "run/sampler.h"
#include "run/scan_matrix.h"

#include <math.h>
#include <string.h>

#define MOST_KEPT 3             /* inputs of an attention or a scan */

/* --- the residual stream ---------------------------------------------------------------------------------------------------- */

/* user_data: whose rows are shown, NULL: the walk's own. */
static void
put_rows (const AssayGraphValue *value, void *data, gint64 position, gpointer user_data)
{
  const AssayKeptRows *kept = *(AssayKeptRows **) user_data;

  if (kept != NULL)
    assay_dtype_convert (ASSAY_F64, kept->rows + position * kept->width, kept->dtype, data, value->shape.dim[1] * kept->width);
}

static const AssayGraphNode *
get_maker (AssayGraph *graph, guint value)
{
  const AssayGraphValue *v = assay_graph_get_value (graph, value);

  return v->role == ASSAY_VALUE_RESULT ? assay_graph_get_node (graph, v->node) : NULL;
}

/* Values from the embedding to what the last norm reads: back from there, over what was added to. NULL: no such chain. */
static GArray *
find_stream (AssayGraph *graph)
{
  const AssayGraphNode *head = get_maker (graph, assay_graph_get_logits (graph));
  const AssayGraphNode *norm = head && strcmp (head->op->name, "linear") == 0 ? get_maker (graph, head->in[0]) : NULL;
  g_autoptr (GArray) back = g_array_new (FALSE, FALSE, sizeof (guint));
  GArray *stream;

  if (norm == NULL || g_strrstr (norm->op->name, "norm") == NULL)
    return NULL;
  for (guint value = norm->in[0];;)
    {
      const AssayGraphNode *maker = get_maker (graph, value);

      if (maker == NULL)
        return NULL;
      g_array_append_val (back, value);
      if (strcmp (maker->op->name, "add") != 0)
        break;
      value = maker->in[0];
    }
  stream = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint k = back->len; k-- > 0; )
    g_array_append_val (stream, g_array_index (back, guint, k));
  return stream;
}

static AssayLens *
lens_alloc (AssayGraph *graph, const GArray *stream, gint64 n, gint64 k, GError **error)
{
  g_autoptr (AssayLens) lens = g_new0 (AssayLens, 1);

  lens->D = stream->len;
  lens->n = n;
  lens->k = k;
  lens->tap = g_new0 (char *, stream->len + 1);
  for (guint d = 0; d < stream->len; d++)
    lens->tap[d] = g_strdup (assay_graph_get_value (graph, g_array_index (stream, guint, d))->name);
  lens->guess = assay_mem_alloc_array (lens->D * n * k, sizeof *lens->guess, error);
  lens->next = lens->guess ? assay_mem_alloc_array (lens->D * n, sizeof *lens->next, error) : NULL;
  return lens->next ? g_steal_pointer (&lens) : NULL;
}

void
assay_lens_free (AssayLens *lens)
{
  if (lens == NULL)
    return;
  g_strfreev (lens->tap);
  assay_mem_free (lens->guess);
  assay_mem_free (lens->next);
  g_free (lens);
}

/* The k likeliest, by insertion. */
static void
guess (gint64 V, const double *logits, gint64 k, AssayLensGuess *out)
{
  const double all = assay_sampling_log_sum (V, logits);
  gint64 n = 0;

  for (gint64 v = 0; v < V; v++)
    {
      gint64 at = n;

      if (n == k && !(logits[v] > logits[out[k - 1].token]))
        continue;
      n = MIN (n + 1, k);
      for (at = n - 1; at > 0 && logits[v] > logits[out[at - 1].token]; at--)
        out[at] = out[at - 1];
      out[at].token = (gint32) v;
    }
  for (gint64 i = 0; i < k; i++)
    out[i].probability = exp (logits[out[i].token] - all);
}

/* One depth: the walk again with that stream in the place of the last. */
static gboolean
look (AssayLens *lens, gint64 d, AssayDecoder *decoder, const gint32 *tokens, double *logits, GError **error)
{
  const gint64 V = assay_decoder_get_size (decoder);

  assay_decoder_reset (decoder);
  for (gint64 t = 0; t < lens->n; t++)
    {
      AssayLensGuess *out = lens->guess + (d * lens->n + t) * lens->k;

      if (!assay_decoder_feed (decoder, tokens + t, 1, FALSE, logits, error))
        return FALSE;
      guess (V, logits, lens->k, out);
      lens->next[d * lens->n + t] = t + 1 < lens->n ? exp (logits[tokens[t + 1]] - assay_sampling_log_sum (V, logits)) : NAN;
    }
  return TRUE;
}

static gboolean
keep_stream (AssayLens *lens, AssayKeptRows *kept, AssayKeptRows **shown, AssayDecoder *decoder, const gint32 *tokens, GError **error)
{
  for (gint64 d = 0; d < lens->D; d++)
    if (!assay_kept_rows_watch (&kept[d], decoder, lens->tap[d], lens->n, error))
      return FALSE;
  if (!assay_decoder_feed (decoder, tokens, lens->n, FALSE, NULL, error))
    return FALSE;
  for (gint64 d = 0; d < lens->D; d++)
    kept[d].is_whole = TRUE;
  return assay_decoder_set_edit (decoder, lens->tap[lens->D - 1], put_rows, shown, error);
}

static gboolean
look_at_all (AssayLens *lens, AssayKeptRows *kept, AssayDecoder *decoder, const gint32 *tokens, GError **error)
{
  g_autoptr (AssayBuffer) logits = assay_mem_alloc_array (assay_decoder_get_size (decoder), sizeof (double), error);
  AssayKeptRows *shown = NULL;
  gboolean ok = logits != NULL && keep_stream (lens, kept, &shown, decoder, tokens, error);

  for (gint64 d = 0; ok && d < lens->D; d++)
    {
      shown = &kept[d];
      ok = look (lens, d, decoder, tokens, logits, error);
    }
  return ok;
}

AssayLens *
assay_lens_new (const AssayModel *model, AssayDecoder *decoder, const gint32 *tokens, gint64 n, gint64 k, GError **error)
{
  AssayGraph *graph = assay_model_get_layout (model);
  g_autoptr (GArray) stream = find_stream (graph);
  g_autoptr (AssayLens) lens = NULL;
  AssayKeptRows *kept;
  gboolean ok;

  if (stream == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "lens: a head behind a norm of a residual stream expected, %s has none", assay_model_get_block (model)->name);
      return NULL;
    }
  lens = lens_alloc (graph, stream, n, MIN (k, assay_decoder_get_size (decoder)), error);
  if (lens == NULL)
    return NULL;
  kept = g_new0 (AssayKeptRows, lens->D);
  ok = look_at_all (lens, kept, decoder, tokens, error);
  for (gint64 d = 0; d < lens->D; d++)
    assay_kept_rows_clear (&kept[d]);
  g_free (kept);
  return ok ? g_steal_pointer (&lens) : NULL;
}

/* --- attention -------------------------------------------------------------------------------------------------------------- */

static gboolean
is_scan (const AssayGraphNode *node)
{
  return strcmp (node->op->name, "selective_scan") == 0;
}

char **
assay_attention_list (const AssayModel *model)
{
  AssayGraph *graph = assay_model_get_layout (model);
  GPtrArray *names = g_ptr_array_new ();

  for (guint k = 0; k < assay_graph_get_n_nodes (graph); k++)
    {
      const AssayGraphNode *node = assay_graph_get_node (graph, k);

      if (strcmp (node->op->name, "attention") == 0 || is_scan (node))
        g_ptr_array_add (names, g_strdup (assay_graph_get_value (graph, node->out[0])->name));
    }
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

/* "layers.0.mixer.scan[7]": the name, and which channel, or -1. */
static char *
read_name (const char *text, gint64 *channel)
{
  const char *bracket = strchr (text, '[');
  char *end = NULL;

  *channel = -1;
  if (bracket == NULL || !g_ascii_isdigit (bracket[1]))
    return g_strdup (text);
  *channel = g_ascii_strtoll (bracket + 1, &end, 10);
  return strcmp (end, "]") == 0 ? g_strndup (text, (gsize) (bracket - text)) : g_strdup (text);
}

static const AssayGraphNode *
find_attention (const AssayModel *model, const char *text, gint64 *channel, GError **error)
{
  AssayGraph *graph = assay_model_get_layout (model);
  g_autofree char *name = read_name (text, channel);
  guint value = assay_graph_find (graph, name);
  const AssayGraphNode *node = value != ASSAY_NO_VALUE ? get_maker (graph, value) : NULL;
  g_auto (GStrv) names = NULL;

  if (node != NULL && (*channel < 0 ? strcmp (node->op->name, "attention") == 0 || is_scan (node)
                                    : is_scan (node) && *channel < assay_shape_last (&assay_graph_get_value (graph, value)->shape)))
    return node;
  names = assay_attention_list (model);
  if (names[0] != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "attention %s: a name as %s expected, of a scan also with a channel of it, NAME[7]", text, names[0]);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "attention %s: this model has none", text);
  return NULL;
}

/* Row t of a head's pattern. q, k: its query and its first key, keys `stride` apart. */
static void
attend (const double *q, const double *k, gint64 stride, gint64 size, double scale, gint64 first, gint64 t, double *row)
{
  double most = -INFINITY, sum = 0;

  for (gint64 s = first; s <= t; s++)
    {
      double score = 0;

      for (gint64 d = 0; d < size; d++)
        score += q[d] * k[s * stride + d];
      row[s] = scale * score;
      most = fmax (most, row[s]);
    }
  for (gint64 s = first; s <= t; s++)
    sum += row[s] = exp (row[s] - most);
  for (gint64 s = first; s <= t; s++)
    row[s] /= sum;
}

/* queries, keys: rows of the op's first and second input; the same where all is packed in one. */
static void
fill_pattern (AssayAttention *attention, const AssayGraphNode *node, const AssayKeptRows *queries, const AssayKeptRows *keys)
{
  const gint64 H = attention->H, n = attention->n, G = node->attr[1] > 0 ? (gint64) node->attr[1] : H, window = (gint64) node->attr[4];
  const gboolean packed = node->n_in == 1;
  const gint64 size = queries->width / (packed ? H + 2 * G : H);
  const double scale = node->attr[3] > 0 ? node->attr[3] : 1 / sqrt ((double) size);

  memset (attention->pattern, 0, H * n * n * sizeof (double));
  for (gint64 h = 0; h < H; h++)
    for (gint64 t = 0; t < n; t++)
      attend (queries->rows + t * queries->width + h * size, keys->rows + (packed ? H * size : 0) + h / (H / G) * size, keys->width, size, scale,
              window > 0 ? MAX (0, t - window + 1) : 0, t, attention->pattern + (h * n + t) * n);
}

enum { SCAN_X, SCAN_STEP, SCAN_A_LOG, SCAN_WRITE, SCAN_READ };

/* What a walk has to keep of an attention, or of a scan. */
static guint
list_inputs (const AssayGraphNode *node, guint *input)
{
  guint n = 0;

  if (!is_scan (node))
    for (guint i = 0; i < MIN (node->n_in, 2); i++)
      input[n++] = node->in[i];
  else
    {
      input[n++] = node->in[SCAN_STEP];
      input[n++] = node->in[SCAN_WRITE];
      input[n++] = node->in[SCAN_READ];
    }
  return n;
}

/* kept: step, write, read. */
static gboolean
fill_scan (AssayAttention *attention, const AssayModel *model, const AssayGraphNode *node, gint64 channel, const AssayKeptRows *kept, GError **error)
{
  const AssayGraphValue *a = assay_graph_get_value (assay_model_get_layout (model), node->in[SCAN_A_LOG]);
  const gint64 n = assay_shape_count (&a->shape);
  g_autoptr (AssayBuffer) a_log = assay_mem_alloc_array ((guint64) n, sizeof (double), error);
  const char *theta = assay_model_get_theta ((AssayModel *) model);
  AssayScanMatrix scan = { .n = attention->n, .I = kept[0].width, .S = kept[1].width, .step = kept[0].rows, .write = kept[1].rows, .read = kept[2].rows, .a_log = a_log };

  if (a_log == NULL)
    return FALSE;
  assay_dtype_convert (assay_model_get_dtype (model), theta + (gsize) a->offset * assay_dtype_width (assay_model_get_dtype (model)), ASSAY_F64, a_log, (gsize) n);
  return channel >= 0 ? assay_scan_matrix_fill (&scan, channel, attention->pattern, error) : assay_scan_matrix_fill_all (&scan, attention->pattern, error);
}

static gboolean
fill (AssayAttention *attention, const AssayModel *model, const AssayGraphNode *node, gint64 channel, const AssayKeptRows *kept, guint n_kept, GError **error)
{
  if (is_scan (node))
    return fill_scan (attention, model, node, channel, kept, error);
  fill_pattern (attention, node, &kept[0], &kept[n_kept - 1]);
  return TRUE;
}

AssayAttention *
assay_attention_new (const AssayModel *model, AssayDecoder *decoder, const char *name, const gint32 *tokens, gint64 n, GError **error)
{
  AssayGraph *graph = assay_model_get_layout (model);
  gint64 channel;
  const AssayGraphNode *node = find_attention (model, name, &channel, error);
  g_autoptr (AssayAttention) attention = g_new0 (AssayAttention, 1);
  AssayKeptRows kept[MOST_KEPT] = { { .rows = NULL } };
  guint input[MOST_KEPT];
  const guint n_kept = node ? list_inputs (node, input) : 0;
  gboolean ok = node != NULL;

  for (guint i = 0; ok && i < n_kept; i++)
    ok = assay_kept_rows_watch (&kept[i], decoder, assay_graph_get_value (graph, input[i])->name, n, error);
  if (ok)
    {
      attention->is_scan = is_scan (node);
      attention->H = attention->is_scan ? 1 : (gint64) node->attr[0];
      attention->n = n;
      attention->pattern = assay_mem_alloc_array (attention->H * n * n, sizeof (double), error);
      ok = attention->pattern != NULL && assay_decoder_feed (decoder, tokens, n, FALSE, NULL, error) && fill (attention, model, node, channel, kept, n_kept, error);
    }
  for (guint i = 0; i < n_kept; i++)
    assay_kept_rows_clear (&kept[i]);
  return ok ? g_steal_pointer (&attention) : NULL;
}

void
assay_attention_free (AssayAttention *attention)
{
  if (attention == NULL)
    return;
  assay_mem_free (attention->pattern);
  g_free (attention);
}
