/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_directions.c: a walk over the graph for where the weights are, then products with them. */
#include "probes/unit_directions.h"

#include "base/error.h"
#include "base/mem.h"
#include "tensor/gemm.h"

#include <string.h>

static const char *const words[ASSAY_N_SIDES] = { "missing", "tokens", "input", "units", "output" };

const char *
assay_unit_side_get_word (AssayUnitSideKind kind)
{
  return words[kind];
}

/* --- the graph around a value ---------------------------------------------------------------------------------------- */

typedef struct {
  AssayGraph *graph;
  guint embedding;              /* parameter (V,d), or ASSAY_NO_VALUE: not a model of tokens */
  guint logits, head, final_norm;       /* value; nodes, or ASSAY_NO_VALUE: no stream of sums ends in the head, as with norms after each sum */
} Map;

static const AssayGraphNode *
producer (const Map *map, guint value, guint *node)
{
  const AssayGraphValue *v = assay_graph_get_value (map->graph, value);

  if (v->role != ASSAY_VALUE_RESULT)
    return NULL;
  *node = v->node;
  return assay_graph_get_node (map->graph, v->node);
}

static gboolean
is (const AssayGraphNode *node, const char *op)
{
  return node != NULL && strcmp (node->op->name, op) == 0;
}

static gboolean
is_norm (const AssayGraphNode *node)
{
  return is (node, "layernorm") || is (node, "rmsnorm");
}

/* One number in, one number out, in the same place. */
static gboolean
keeps_units (const AssayGraphNode *node)
{
  return node != NULL && (is (node, "flatten") || g_strv_contains (assay_block_activations, node->op->name));
}

static const char *
name_of (const Map *map, guint value)
{
  return assay_graph_get_value (map->graph, value)->name;
}

static gint64
units_of (const Map *map, guint value)
{
  const AssayShape *shape = &assay_graph_get_value (map->graph, value)->shape;

  return map->embedding != ASSAY_NO_VALUE ? assay_shape_last (shape) : assay_shape_count (shape) / shape->dim[0];
}

/* Whether the value is the residual stream: made by adding to it, or by the embedding. */
static gboolean
is_stream (const Map *map, guint value)
{
  guint node;
  const AssayGraphNode *made = producer (map, value, &node);

  return is (made, "add") || is (made, "embedding") || is (made, "position_embedding");
}

static void
map_init (Map *map, AssayGraph *graph)
{
  const AssayGraphNode *head;
  guint node;

  *map = (Map) { .graph = graph, .embedding = ASSAY_NO_VALUE, .head = ASSAY_NO_VALUE, .final_norm = ASSAY_NO_VALUE };
  for (guint n = 0; n < assay_graph_get_n_nodes (graph); n++)
    if (map->embedding == ASSAY_NO_VALUE && is (assay_graph_get_node (graph, n), "embedding"))
      map->embedding = assay_graph_get_node (graph, n)->in[0];
  map->logits = assay_graph_get_logits (graph);
  head = producer (map, map->logits, &node);
  if (!is (head, "linear"))
    return;
  map->head = node;
  head = producer (map, head->in[0], &node);
  if (is_norm (head) && is_stream (map, head->in[0]))
    map->final_norm = node;
}

static void
set_missing (AssayUnitSide *side, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
set_missing (AssayUnitSide *side, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  side->kind = ASSAY_SIDE_MISSING;
  side->reason = g_strdup_vprintf (format, args);
  va_end (args);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static void
find_source (const Map *map, AssayUnitSide *side, guint node)
{
  const AssayGraphNode *linear = assay_graph_get_node (map->graph, node), *before;
  guint x = linear->in[0], norm = 0;

  side->node = node;
  side->through = g_strdup (name_of (map, linear->in[1]));
  before = producer (map, x, &norm);
  if (assay_graph_get_value (map->graph, x)->role == ASSAY_VALUE_INPUT)
    {
      side->kind = ASSAY_SIDE_INPUT;
      side->n = units_of (map, x);
    }
  else if (map->embedding != ASSAY_NO_VALUE && map->final_norm != ASSAY_NO_VALUE && is_norm (before) && is_stream (map, before->in[0]))
    {
      side->kind = ASSAY_SIDE_TOKENS;
      side->norm_node = norm;
      side->norm = g_strdup (name_of (map, before->in[1]));
      side->centred = is (before, "layernorm");
      side->n = assay_graph_get_value (map->graph, map->embedding)->shape.dim[0];
    }
  else
    {
      side->kind = ASSAY_SIDE_UNITS;
      side->of = g_strdup (name_of (map, x));
      side->n = units_of (map, x);
    }
}

static void
find_reads (const Map *map, AssayUnitDirections *d, guint value)
{
  guint node;
  const AssayGraphNode *made = producer (map, value, &node);

  while (keeps_units (made))
    made = producer (map, made->in[0], &node);
  d->n_reads = 1;
  if (is (made, "linear") || is (made, "conv2d"))
    find_source (map, &d->reads[0], node);
  else if (is (made, "mul"))
    {
      guint ways[2] = { made->in[0], made->in[1] };

      d->n_reads = 2;
      for (guint k = 0; k < 2; k++)
        {
          made = producer (map, ways[k], &node);
          while (keeps_units (made))
            made = producer (map, made->in[0], &node);
          if (is (made, "linear"))
            find_source (map, &d->reads[k], node);
          else
            set_missing (&d->reads[k], "%s is not made by a linear map", name_of (map, ways[k]));
        }
    }
  else if (made == NULL)
    set_missing (&d->reads[0], "the model's input reads nothing");
  else
    set_missing (&d->reads[0], "%s is made by %s, where no row of weights belongs to one unit alone", name_of (map, value), made->op->name);
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

/* The only node that reads the value; NULL for none or several, counted. */
static const AssayGraphNode *
consumer (const Map *map, guint value, guint *node, guint *count)
{
  const AssayGraphNode *found = NULL;

  *count = 0;
  for (guint n = 0; n < assay_graph_get_n_nodes (map->graph); n++)
    for (guint i = 0; i < assay_graph_get_node (map->graph, n)->n_in; i++)
      if (assay_graph_get_node (map->graph, n)->in[i] == value)
        {
          found = assay_graph_get_node (map->graph, n);
          *node = n;
          (*count)++;
        }
  return *count == 1 ? found : NULL;
}

static void
find_target (const Map *map, AssayUnitSide *side, guint node)
{
  const AssayGraphNode *linear = assay_graph_get_node (map->graph, node), *next;
  guint y = linear->out[0], after, count;

  side->node = node;
  side->is_write = TRUE;
  side->through = g_strdup (name_of (map, linear->in[1]));
  next = consumer (map, y, &after, &count);
  if (y == map->logits)
    {
      side->kind = ASSAY_SIDE_OUTPUT;
      side->of = g_strdup (name_of (map, y));
      side->n = units_of (map, y);
    }
  else if (map->embedding != ASSAY_NO_VALUE && is (next, "add") && map->final_norm != ASSAY_NO_VALUE)
    {
      const AssayGraphNode *norm = assay_graph_get_node (map->graph, map->final_norm);

      side->kind = ASSAY_SIDE_TOKENS;
      side->norm_node = map->final_norm;
      side->norm = g_strdup (name_of (map, norm->in[1]));
      side->centred = is (norm, "layernorm");
      side->n = units_of (map, map->logits);
    }
  else
    {
      side->kind = ASSAY_SIDE_UNITS;
      side->of = g_strdup (name_of (map, y));
      side->n = units_of (map, y);
    }
}

static void
find_writes (const Map *map, AssayUnitDirections *d, guint value)
{
  guint node, count, at = value;
  const AssayGraphNode *next;

  if (value == map->logits)
    {
      set_missing (&d->writes, "%s is the model's output: each unit is one of its numbers", name_of (map, value));
      return;
    }
  next = consumer (map, at, &node, &count);
  while (keeps_units (next))
    {
      at = next->out[0];
      next = consumer (map, at, &node, &count);
    }
  if (is (next, "linear"))
    find_target (map, &d->writes, node);
  else if (is (next, "mul"))
    set_missing (&d->writes, "%s is multiplied by other units before it is written: look at %s", name_of (map, value), name_of (map, next->out[0]));
  else if (next == NULL)
    set_missing (&d->writes, count == 0 ? "nothing reads %s" : "several parts of the model read %s", name_of (map, value));
  else
    set_missing (&d->writes, "%s is read by %s, where no column of weights belongs to one unit alone", name_of (map, value), next->op->name);
}

AssayUnitDirections *
assay_unit_directions_new (AssayModel *model, const char *tap, GError **error)
{
  AssayGraph *graph = assay_model_get_layout (model);
  guint value = assay_graph_find (graph, tap);
  AssayUnitDirections *d;
  Map map;

  if (value == ASSAY_NO_VALUE || assay_graph_get_value (graph, value)->role != ASSAY_VALUE_RESULT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "tap %s: the model has no such result", tap);
      return NULL;
    }
  map_init (&map, graph);
  d = g_new0 (AssayUnitDirections, 1);
  d->model = model;
  d->C = units_of (&map, value);
  find_reads (&map, d, value);
  find_writes (&map, d, value);
  return d;
}

static void
side_clear (AssayUnitSide *side)
{
  g_free (side->reason);
  g_free (side->through);
  g_free (side->of);
  g_free (side->norm);
}

void
assay_unit_directions_free (AssayUnitDirections *d)
{
  if (d == NULL)
    return;
  side_clear (&d->reads[0]);
  side_clear (&d->reads[1]);
  side_clear (&d->writes);
  g_free (d);
}

/* --- weights --------------------------------------------------------------------------------------------------------- */

static double
param_at (const AssayUnitDirections *d, guint value, gint64 i)
{
  const void *theta = assay_model_get_theta (d->model);
  gint64 at = assay_graph_get_value (assay_model_get_layout (d->model), value)->offset + i;

  return assay_model_get_dtype (d->model) == ASSAY_F32 ? (double) ((const float *) theta)[at] : ((const double *) theta)[at];
}

/* t (d) of one unit: gamma w_in, or gamma_f w_out; centred where the norm takes the mean out. */
static void
fill_direction (const AssayUnitDirections *d, const AssayUnitSide *side, gint64 unit, double *t)
{
  AssayGraph *graph = assay_model_get_layout (d->model);
  const AssayGraphNode *linear = assay_graph_get_node (graph, side->node), *norm = assay_graph_get_node (graph, side->norm_node);
  const AssayShape *shape = &assay_graph_get_value (graph, linear->in[1])->shape;
  gint64 width = side->is_write ? shape->dim[0] : shape->dim[1];
  double mean = 0;

  for (gint64 j = 0; j < width; j++)
    {
      t[j] = side->is_write ? param_at (d, linear->in[1], j * shape->dim[1] + unit)
                            : param_at (d, linear->in[1], unit * shape->dim[1] + j) * param_at (d, norm->in[1], j);
      mean += t[j] / (double) width;
    }
  for (gint64 j = 0; j < width; j++)
    t[j] = (t[j] - (side->centred ? mean : 0)) * (side->is_write ? param_at (d, norm->in[1], j) : 1);
}

/* weight (units, V) = directions (units, d) table^T */
static gboolean
compute_tokens (const AssayUnitDirections *d, const AssayUnitSide *side, gint64 first, gint64 n_units, AssayWorkers *workers, double *weight,
                GError **error)
{
  AssayGraph *graph = assay_model_get_layout (d->model);
  Map map;
  guint table;
  gint64 width;
  g_autoptr (AssayBuffer) t = NULL, narrow = NULL;
  const void *theta = assay_model_get_theta (d->model);

  map_init (&map, graph);
  table = side->is_write ? assay_graph_get_node (graph, map.head)->in[1] : map.embedding;
  width = assay_graph_get_value (graph, table)->shape.dim[1];
  t = assay_mem_new (double, n_units * width, error);
  if (t == NULL)
    return FALSE;
  for (gint64 u = 0; u < n_units; u++)
    fill_direction (d, side, first + u, (double *) t + u * width);
  if (assay_model_get_dtype (d->model) == ASSAY_F64)
    {
      assay_gemm_f64 (workers, FALSE, TRUE, n_units, side->n, width, 1, t, width,
                      (const double *) theta + assay_graph_get_value (graph, table)->offset, width, FALSE, weight, side->n);
      return TRUE;
    }
  narrow = assay_mem_new (float, n_units * (width + side->n), error);
  if (narrow == NULL)
    return FALSE;
  for (gint64 i = 0; i < n_units * width; i++)
    ((float *) narrow)[i] = (float) ((double *) t)[i];
  assay_gemm_f32 (workers, FALSE, TRUE, n_units, side->n, width, 1, narrow, width,
                  (const float *) theta + assay_graph_get_value (graph, table)->offset, width, FALSE, (float *) narrow + n_units * width, side->n);
  for (gint64 i = 0; i < n_units * side->n; i++)
    weight[i] = (double) ((float *) narrow)[n_units * width + i];
  return TRUE;
}

/* The kernel of the unit's channel where it meets the input; 0 elsewhere. */
static void
place_kernel (const AssayUnitDirections *d, const AssayGraphNode *conv, gint64 unit, double *weight)
{
  AssayGraph *graph = assay_model_get_layout (d->model);
  const AssayShape *x = &conv->in_shape[0], *y = &conv->out_shape[0], *w = &assay_graph_get_value (graph, conv->in[1])->shape;
  gint64 stride = (gint64) conv->attr[0], padding = (gint64) conv->attr[1], H = x->dim[2], W = x->dim[3];
  gint64 channel = unit / (y->dim[2] * y->dim[3]), first = channel / (y->dim[1] / (gint64) conv->attr[2]) * w->dim[1], row = unit / y->dim[3] % y->dim[2], column = unit % y->dim[3];

  for (gint64 c = 0; c < w->dim[1]; c++)
    for (gint64 i = 0; i < w->dim[2]; i++)
      for (gint64 j = 0; j < w->dim[3]; j++)
        {
          gint64 h = row * stride - padding + i, v = column * stride - padding + j;

          if (h >= 0 && h < H && v >= 0 && v < W)
            weight[((first + c) * H + h) * W + v] = param_at (d, conv->in[1], ((channel * w->dim[1] + c) * w->dim[2] + i) * w->dim[3] + j);
        }
}

gboolean
assay_unit_side_compute (const AssayUnitDirections *d, const AssayUnitSide *side, gint64 first, gint64 n_units, AssayWorkers *workers,
                         double *weight, GError **error)
{
  const AssayGraphNode *node = assay_graph_get_node (assay_model_get_layout (d->model), side->node);
  const AssayShape *shape = &assay_graph_get_value (assay_model_get_layout (d->model), node->in[1])->shape;

  if (side->kind == ASSAY_SIDE_TOKENS)
    return compute_tokens (d, side, first, n_units, workers, weight, error);
  memset (weight, 0, (gsize) (n_units * side->n) * sizeof *weight);
  for (gint64 u = 0; u < n_units; u++)
    if (is (node, "conv2d"))
      place_kernel (d, node, first + u, weight + u * side->n);
    else
      for (gint64 i = 0; i < side->n; i++)
        weight[u * side->n + i] = param_at (d, node->in[1], side->is_write ? i * shape->dim[1] + first + u : (first + u) * shape->dim[1] + i);
  return TRUE;
}

/* --- the strongest --------------------------------------------------------------------------------------------------- */

/* Keeps list (k) sorted by sign * weight; n of them are filled. */
static void
insert (AssayUnitEffect *list, guint k, guint *n, AssayUnitEffect one, double sign)
{
  guint at = *n;

  if (k == 0 || (*n == k && sign * one.weight <= sign * list[k - 1].weight))
    return;
  if (*n == k)
    at--;
  else
    (*n)++;
  for (; at > 0 && sign * list[at - 1].weight < sign * one.weight; at--)
    list[at] = list[at - 1];
  list[at] = one;
}

void
assay_unit_side_top (const double *weight, gint64 n, guint k, AssayUnitEffect *positive, guint *n_positive, AssayUnitEffect *negative,
                     guint *n_negative)
{
  *n_positive = *n_negative = 0;
  for (gint64 i = 0; i < n; i++)
    if (weight[i] > 0)
      insert (positive, k, n_positive, (AssayUnitEffect) { i, weight[i] }, 1);
    else if (weight[i] < 0)
      insert (negative, k, n_negative, (AssayUnitEffect) { i, weight[i] }, -1);
}
