/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_taps.c: values of the graph by name, and patterns worked out from two of them. */
#include "run/record_taps.h"

#include "base/error.h"
#include "run/record.h"

#include <math.h>
#include <string.h>

gint64
assay_record_get_positions (const AssayModel *model)
{
  AssayGraph *layout = assay_model_get_layout (model);

  return assay_model_get_block (model)->data == ASSAY_DATA_TOKENS
         ? assay_graph_get_value (layout, assay_graph_find (layout, "tokens"))->shape.dim[1] : 1;
}

static const AssayGraphNode *
get_maker (const AssayGraph *graph, const AssayGraphValue *value)
{
  return value->role == ASSAY_VALUE_RESULT || value->role == ASSAY_VALUE_SAVED ? assay_graph_get_node (graph, value->node) : NULL;
}

/* Operations that save their states for their derivatives. */
static gboolean
saves_states (const AssayGraphNode *node)
{
  static const char *const ops[] = { "selective_scan", "wkv", NULL };

  return g_strv_contains (ops, node->op->name);
}

/* A result of a full axis of rows: (1,T,...) for tokens, (1,...) for features; or states. */
static gboolean
can_tap (const AssayGraph *graph, const AssayGraphValue *v, gint64 T)
{
  gboolean is_wanted = v->role == ASSAY_VALUE_RESULT || (v->role == ASSAY_VALUE_SAVED && saves_states (get_maker (graph, v)));

  return is_wanted && v->shape.rank >= 2 && v->shape.dim[0] == 1 && (T == 1 || v->shape.dim[1] == T);
}

static void
free_tap (gpointer data)
{
  AssayRecordTap *tap = data;

  g_free (tap->name);
  g_free (tap);
}

static void
add_tap (GPtrArray *taps, const char *name, gint64 C, guint value, guint keys, const AssayGraphNode *attention)
{
  AssayRecordTap *tap = g_new0 (AssayRecordTap, 1);

  *tap = (AssayRecordTap) { .name = g_strdup (name), .C = C, .value = value, .keys = keys, .attention = attention };
  g_ptr_array_add (taps, tap);
}

/* All there are, patterns behind what their attention computes. */
static GPtrArray *
list_all (const AssayModel *model)
{
  AssayGraph *graph = assay_model_get_layout (model);
  GPtrArray *taps = g_ptr_array_new_with_free_func (free_tap);
  gint64 T = assay_record_get_positions (model);

  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    {
      const AssayGraphValue *x = assay_graph_get_value (graph, v);
      const AssayGraphNode *maker = get_maker (graph, x);

      if (!can_tap (graph, x, T))
        continue;
      add_tap (taps, x->name, assay_shape_count (&x->shape) / T, v, ASSAY_NO_VALUE, NULL);
      if (T > 1 && strcmp (maker->op->name, "attention") == 0)
        {
          g_autofree char *name = g_strconcat (x->name, ".pattern", NULL);

          add_tap (taps, name, (gint64) maker->attr[0] * T, maker->in[0], maker->in[maker->n_in > 1], maker);
        }
    }
  return taps;
}

GPtrArray *
assay_record_list_taps (const AssayModel *model)
{
  AssayGraph *graph = assay_model_get_layout (model);
  g_autoptr (GPtrArray) all = list_all (model);
  GPtrArray *taps = g_ptr_array_new_with_free_func (g_free);

  for (guint k = 0; k < all->len; k++)
    {
      const AssayRecordTap *tap = all->pdata[k];
      const AssayShape *whole = &assay_graph_get_value (graph, tap->value)->shape;
      AssayShape shape = { .rank = whole->rank - 1 };
      g_autofree char *words = NULL;

      memcpy (shape.dim, whole->dim + 1, sizeof (gint64) * shape.rank);
      if (tap->attention != NULL)
        shape = ASSAY_SHAPE (whole->dim[1], (gint64) tap->attention->attr[0], whole->dim[1]);
      words = assay_shape_to_string (&shape);
      g_ptr_array_add (taps, g_strdup_printf ("%s %s", tap->name, words));
    }
  return taps;
}

static gboolean
refuse_pattern (const GPtrArray *all, const char *pattern, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  const char *nearest;

  for (guint k = 0; k < all->len; k++)
    g_ptr_array_add (names, ((AssayRecordTap *) all->pdata[k])->name);
  g_ptr_array_add (names, NULL);
  nearest = assay_param_nearest (pattern, (const char *const *) names->pdata);
  if (nearest == NULL)
    nearest = names->pdata[0];
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "tap %s: no result of the model has such a name; there is for example %s", pattern,
               nearest ? nearest : "none");
  return FALSE;
}

GPtrArray *
assay_record_find_taps (const AssayModel *model, const char *const *patterns, GError **error)
{
  g_autoptr (GPtrArray) all = list_all (model);
  g_autofree gboolean *wanted = g_new0 (gboolean, all->len + 1);

  for (; *patterns != NULL; patterns++)
    {
      gboolean found = FALSE;

      for (guint k = 0; k < all->len; k++)
        if (g_pattern_match_simple (*patterns, ((AssayRecordTap *) all->pdata[k])->name))
          wanted[k] = found = TRUE;
      if (!found && !refuse_pattern (all, *patterns, error))
        return NULL;
    }
  for (guint k = all->len; k-- > 0; )
    if (!wanted[k])
      g_ptr_array_remove_index (all, k);
  return g_steal_pointer (&all);
}

guint *
assay_record_list_kept (const GPtrArray *taps)
{
  guint *kept = g_new (guint, 2 * taps->len + 1), n = 0;

  for (guint k = 0; k < taps->len; k++)
    {
      const AssayRecordTap *tap = taps->pdata[k];
      const guint wanted[] = { tap->value, tap->keys };

      for (guint j = 0; j < 2; j++)
        {
          gboolean is_there = wanted[j] == ASSAY_NO_VALUE;

          for (guint i = 0; i < n; i++)
            is_there |= kept[i] == wanted[j];
          if (!is_there)
            kept[n++] = wanted[j];
        }
    }
  kept[n] = ASSAY_NO_VALUE;
  return kept;
}

/* --- patterns -------------------------------------------------------------------------------------------------------------- */

typedef struct {
  gint64 T, H, G, D, window, q_stride, k_stride, k_first;
  double scale;
  gboolean is_causal;
  const double *q;              /* (T, q_stride) */
  double *k;                    /* (G, D, T): the keys of a head, one dimension after another */
  double *pattern;              /* (T, H, T) */
} Pattern;

static gint64
get_width (const AssayGraph *graph, guint value)
{
  return assay_shape_last (&assay_graph_get_value (graph, value)->shape);
}

/* Attributes as op_attention has them: heads, heads of keys, causal, scale, window. */
static Pattern
pattern_of (const AssayRecordTap *tap, const AssayGraph *graph, gint64 T)
{
  const AssayGraphNode *node = tap->attention;
  const gboolean is_packed = node->n_in == 1;
  Pattern p = { .T = T, .H = (gint64) node->attr[0], .is_causal = node->attr[2] != 0, .window = (gint64) node->attr[4] };

  p.G = node->attr[1] > 0 ? (gint64) node->attr[1] : p.H;
  p.q_stride = get_width (graph, tap->value);
  p.k_stride = get_width (graph, tap->keys);
  p.D = p.q_stride / (is_packed ? p.H + 2 * p.G : p.H);
  p.k_first = is_packed ? p.H * p.D : 0;
  p.scale = node->attr[3] > 0 ? node->attr[3] : 1 / sqrt ((double) p.D);
  return p;
}

gsize
assay_record_pattern_scratch (const AssayRecordTap *tap, gint64 T)
{
  return (gsize) T * (gsize) (assay_shape_last (&tap->attention->in_shape[0]) + 2 * assay_shape_last (&tap->attention->in_shape[tap->attention->n_in > 1])) * sizeof (double);
}

/* Position t of a head: its query times all keys that it sees, dimension by dimension, and the softmax. */
static void
attend (const Pattern *p, gint64 h, gint64 t)
{
  gint64 first = p->is_causal && p->window > 0 ? MAX (0, t - p->window + 1) : 0, end = p->is_causal ? t + 1 : p->T;
  const double *restrict q = p->q + t * p->q_stride + h * p->D, *restrict k = p->k + h / (p->H / p->G) * p->D * p->T;
  double *restrict row = p->pattern + (t * p->H + h) * p->T;
  double most = -INFINITY, sum = 0;

  memset (row, 0, (gsize) p->T * sizeof *row);
  for (gint64 d = 0; d < p->D; d++)
    for (gint64 s = first; s < end; s++)
      row[s] += q[d] * k[d * p->T + s];
  for (gint64 s = first; s < end; s++)
    most = fmax (most, row[s]);
  for (gint64 s = first; s < end; s++)
    sum += row[s] = exp (p->scale * (row[s] - most));
  for (gint64 s = first; s < end; s++)
    row[s] /= sum;
}

static void
attend_head (gsize h, guint worker, gpointer data)
{
  const Pattern *p = data;

  (void) worker;
  for (gint64 t = 0; t < p->T; t++)
    attend (p, (gint64) h, t);
}

void
assay_record_pattern_fill (const AssayRecordTap *tap, const AssayGraph *graph, AssayDtype dtype, gint64 T, gconstpointer queries, gconstpointer keys, gpointer scratch,
                           double *pattern, AssayWorkers *workers)
{
  Pattern p = pattern_of (tap, graph, T);
  double *q = scratch, *rows = q + T * p.q_stride, *k = rows + T * p.k_stride;

  assay_dtype_convert (dtype, queries, ASSAY_F64, q, T * p.q_stride);
  assay_dtype_convert (dtype, keys, ASSAY_F64, rows, T * p.k_stride);
  for (gint64 t = 0; t < T; t++)
    for (gint64 c = 0; c < p.G * p.D; c++)
      k[c * T + t] = rows[t * p.k_stride + p.k_first + c];
  p.q = q;
  p.k = k;
  p.pattern = pattern;
  assay_workers_run (workers, (gsize) p.H, attend_head, &p);
}
