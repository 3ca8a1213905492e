/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.c: schedules, lifetimes, and the packing of buffers into one arena (largest first, first gap that fits). */
#include "model/plan.h"

#include "base/error.h"

#include <string.h>

#define NEVER G_MAXUINT

typedef struct {
  guint first, last;            /* steps; first == NEVER: not needed */
  gsize apart, bytes, offset;   /* apart: of one direction to the next, 0: it has one for all */
} Buffer;

struct _AssayPlan {
  AssayGraph *graph;
  AssayDtype dtype;
  gint64 K;                     /* directions at once */
  gboolean *is_narrow;          /* (values) */
  GArray *steps;                /* AssayPlanStep */
  guint n_prepare;
  Buffer *buffers[ASSAY_N_PLANES];
  gsize bytes;
};

static const AssayGraphValue *
value_of (const AssayPlan *plan, guint value)
{
  return assay_graph_get_value (plan->graph, value);
}

gboolean
assay_walk_spec_is_narrow (const AssayWalkSpec *spec, const AssayBackend *backend)
{
  return backend != NULL && backend->owns != NULL && spec->dtype == ASSAY_F32 && spec->compute == ASSAY_COMPUTE_BF16;
}

gboolean
assay_walk_spec_check (const AssayWalkSpec *spec, const AssayBackend *backend, GError **error)
{
  const gboolean is_here = backend->owns == NULL, is_applied = spec->walk != ASSAY_WALK_FORWARD && spec->walk != ASSAY_WALK_GRADIENT;

  if (spec->compute == ASSAY_COMPUTE_FULL || (spec->dtype == ASSAY_F32 && (!is_here || (!is_applied && spec->compute != ASSAY_COMPUTE_TF32))))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "products in %s: %s expected, %s in %s on %s found; leave --compute out, or give --device cuda and f32", assay_compute_names[spec->compute],
               spec->compute == ASSAY_COMPUTE_TF32 ? "a walk in f32 on a CUDA device" : "losses and gradients in f32, or any walk in f32 on a CUDA device",
               is_applied ? "products with a curvature" : "a walk", assay_dtype_name (spec->dtype), backend->name);
  return FALSE;
}

/* --- the schedule ------------------------------------------------------------------------------------------------------- */

static void
push (AssayPlan *plan, AssayRule rule, guint node, gboolean gauss_newton)
{
  AssayPlanStep step = { .rule = rule, .node = node, .is_gauss_newton = gauss_newton };
  const AssayGraphValue *y = value_of (plan, assay_graph_get_node (plan->graph, node)->out[0]);

  if (rule != ASSAY_FWD && !y->is_active)
    return;
  if ((rule == ASSAY_BWD || rule == ASSAY_RBWD || rule == ASSAY_GGN) && !y->reaches_loss)
    return;
  g_array_append_val (plan->steps, step);
}

static void
schedule (AssayPlan *plan, AssayWalk walk)
{
  guint N = assay_graph_get_n_nodes (plan->graph), loss = value_of (plan, assay_graph_get_loss (plan->graph))->node;

  if (walk != ASSAY_WALK_HESSIAN_COLD)
    for (guint n = 0; n < N; n++)
      push (plan, ASSAY_FWD, n, FALSE);
  if (walk == ASSAY_WALK_GRADIENT || walk == ASSAY_WALK_HESSIAN)
    for (guint n = N; n-- > 0; )
      push (plan, ASSAY_BWD, n, FALSE);
  plan->n_prepare = plan->steps->len;
  switch (walk)
    {
    case ASSAY_WALK_FORWARD:
    case ASSAY_WALK_GRADIENT:
      break;
    case ASSAY_WALK_TANGENT:
      for (guint n = 0; n < N; n++)
        push (plan, ASSAY_RFWD, n, FALSE);
      break;
    case ASSAY_WALK_HESSIAN:
      for (guint n = 0; n < N; n++)
        push (plan, ASSAY_RFWD, n, FALSE);
      for (guint n = N; n-- > 0; )
        push (plan, ASSAY_RBWD, n, FALSE);
      break;
    case ASSAY_WALK_HESSIAN_COLD:
      for (guint n = 0; n < N; n++)
        {
          push (plan, ASSAY_FWD, n, FALSE);
          push (plan, ASSAY_RFWD, n, FALSE);
        }
      for (guint n = N; n-- > 0; )
        {
          push (plan, ASSAY_RBWD, n, FALSE);                      /* reads dy, which BWD of the same node reads too */
          push (plan, ASSAY_BWD, n, FALSE);
        }
      break;
    case ASSAY_WALK_GAUSS_NEWTON:
      for (guint n = 0; n < N; n++)
        if (n != loss)
          push (plan, ASSAY_RFWD, n, FALSE);
      push (plan, ASSAY_GGN, loss, TRUE);
      for (guint n = loss; n-- > 0; )
        push (plan, ASSAY_BWD, n, TRUE);
      break;
    }
}

/* --- what is stored in bf16 ----------------------------------------------------------------------------------------------- */

static void
find_narrow (AssayPlan *plan, const AssayWalkSpec *spec)
{
  for (guint n = 0; spec->is_narrow && n < assay_graph_get_n_nodes (plan->graph); n++)
    {
      const AssayGraphNode *node = assay_graph_get_node (plan->graph, n);

      for (guint j = 0; j < node->n_out; j++)
        plan->is_narrow[node->out[j]] = node->op->narrow_out >> j & 1;
      for (guint i = 0; i < node->n_in; i++)                      /* whoever made them came before */
        if (!(node->op->narrow_in >> i & 1))
          plan->is_narrow[node->in[i]] = FALSE;
    }
  for (const guint *keep = spec->keep; keep != NULL && *keep != ASSAY_NO_VALUE; keep++)
    plan->is_narrow[*keep & ~(1u << 31)] = FALSE;
}

/* --- lifetimes ---------------------------------------------------------------------------------------------------------- */

static void
touch (AssayPlan *plan, AssayPlane plane, guint value, guint step)
{
  const AssayGraphValue *v = value_of (plan, value);
  Buffer *b = &plan->buffers[plane][value];

  if (v->role == ASSAY_VALUE_PARAM || v->role == ASSAY_VALUE_INPUT)
    return;                                                       /* the caller's memory */
  if (plane != ASSAY_PRIMAL && !v->is_active)
    return;
  if (b->first == NEVER)
    {
      b->first = step;
      b->bytes = (assay_shape_count (&v->shape) * (v->is_index ? 4 : plan->is_narrow[value] ? 2 : assay_dtype_width (plan->dtype)) + 63) & ~(gsize) 63;
      b->apart = plane == ASSAY_TANGENT || plane == ASSAY_TANGENT_ADJOINT ? b->bytes : 0;
      if (b->apart > 0)
        b->bytes *= (gsize) plan->K;
    }
  b->last = MAX (b->last, step);
}

static gboolean
differentiable (const AssayPlan *plan, const AssayGraphNode *node, guint i)
{
  const AssayGraphValue *x = value_of (plan, node->in[i]);

  return x->is_active && x->reaches_loss && !((node->op->data_in | node->op->index_in) >> i & 1);
}

static void
touch_step (AssayPlan *plan, guint s)
{
  AssayPlanStep *step = &g_array_index (plan->steps, AssayPlanStep, s);
  const AssayGraphNode *node = assay_graph_get_node (plan->graph, step->node);
  const AssayOp *op = node->op;
  gboolean linear = op->flags & ASSAY_OP_LINEAR;
  AssayPlane adjoint = step->rule == ASSAY_RBWD || step->is_gauss_newton ? ASSAY_TANGENT_ADJOINT : ASSAY_ADJOINT;

  for (guint i = 0; i < node->n_in; i++)
    {
      if (step->rule == ASSAY_FWD || op->uses_in >> i & 1)
        touch (plan, ASSAY_PRIMAL, node->in[i], s);
      if (step->rule == ASSAY_RFWD || step->rule == ASSAY_GGN || (step->rule == ASSAY_RBWD && !linear && op->uses_in >> i & 1))
        touch (plan, ASSAY_TANGENT, node->in[i], s);
    }
  for (guint j = 0; j < node->n_out; j++)
    {
      if (step->rule == ASSAY_FWD || op->uses_out >> j & 1)
        touch (plan, ASSAY_PRIMAL, node->out[j], s);
      if (step->rule == ASSAY_RFWD || (step->rule == ASSAY_RBWD && !linear && op->uses_out >> j & 1))
        touch (plan, ASSAY_TANGENT, node->out[j], s);
    }
  if (step->rule == ASSAY_BWD || step->rule == ASSAY_RBWD || step->rule == ASSAY_GGN)
    {
      if (step->rule == ASSAY_GGN)
        touch (plan, ASSAY_ADJOINT, node->out[0], s);             /* the weights of the examples */
      else
        touch (plan, adjoint, node->out[0], s);
      if (step->rule == ASSAY_RBWD && !linear)
        touch (plan, ASSAY_ADJOINT, node->out[0], s);
      for (guint i = 0; i < node->n_in; i++)
        if (differentiable (plan, node, i))
          touch (plan, adjoint, node->in[i], s);
    }
}

/* Which inputs' adjoints a step defines: the first backward step, in walking order, that writes them. */
static void
mark_fresh (AssayPlan *plan)
{
  guint V = assay_graph_get_n_values (plan->graph);
  g_autofree gboolean *adjoints = g_new0 (gboolean, V), *tangent_adjoints = g_new0 (gboolean, V);

  for (guint s = 0; s < plan->steps->len; s++)
    {
      AssayPlanStep *step = &g_array_index (plan->steps, AssayPlanStep, s);
      const AssayGraphNode *node = assay_graph_get_node (plan->graph, step->node);
      gboolean *seen = step->rule == ASSAY_RBWD || step->is_gauss_newton ? tangent_adjoints : adjoints;

      if (step->rule == ASSAY_FWD || step->rule == ASSAY_RFWD)
        continue;
      for (guint i = 0; i < node->n_in; i++)
        if (differentiable (plan, node, i) && !seen[node->in[i]])
          {
            step->fresh |= 1u << i;
            seen[node->in[i]] = TRUE;
          }
    }
}

static void
extend_lives (AssayPlan *plan, const guint *keep)
{
  guint V = assay_graph_get_n_values (plan->graph), end = plan->steps->len;
  guint loss = assay_graph_get_loss (plan->graph), token_loss = assay_graph_get_token_loss (plan->graph);

  for (; keep != NULL && *keep != ASSAY_NO_VALUE; keep++)
    plan->buffers[*keep >> 31 ? ASSAY_ADJOINT : ASSAY_PRIMAL][*keep & ~(1u << 31)].last = end;
  for (AssayPlane plane = 0; plane < ASSAY_N_PLANES; plane++)
    for (guint v = 0; v < V; v++)
      {
        Buffer *b = &plan->buffers[plane][v];

        if (b->first == NEVER)
          continue;
        if (v == loss || v == token_loss)
          b->first = 0, b->last = end;                            /* read, or set, by the caller */
        else if (b->first < plan->n_prepare && b->last >= plan->n_prepare)
          b->last = end;                                          /* apply may run again */
      }
}

/* --- packing ------------------------------------------------------------------------------------------------------------ */

static int
larger_first (gconstpointer a, gconstpointer b)
{
  const Buffer *x = *(Buffer *const *) a, *y = *(Buffer *const *) b;

  if (x->bytes != y->bytes)
    return x->bytes < y->bytes ? 1 : -1;
  return x->first < y->first ? -1 : x->first > y->first;
}

static int
by_offset (gconstpointer a, gconstpointer b)
{
  const Buffer *x = *(Buffer *const *) a, *y = *(Buffer *const *) b;

  return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void
pack (AssayPlan *plan)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new (), meeting = g_ptr_array_new ();
  guint V = assay_graph_get_n_values (plan->graph);

  for (AssayPlane plane = 0; plane < ASSAY_N_PLANES; plane++)
    for (guint v = 0; v < V; v++)
      if (plan->buffers[plane][v].first != NEVER)
        g_ptr_array_add (all, &plan->buffers[plane][v]);
  g_ptr_array_sort (all, larger_first);
  for (guint k = 0; k < all->len; k++)
    {
      Buffer *b = all->pdata[k];
      gsize gap = 0;

      g_ptr_array_set_size (meeting, 0);
      for (guint m = 0; m < k; m++)
        {
          Buffer *other = all->pdata[m];

          if (other->first <= b->last && b->first <= other->last)
            g_ptr_array_add (meeting, other);
        }
      g_ptr_array_sort (meeting, by_offset);
      for (guint m = 0; m < meeting->len; m++)
        {
          Buffer *other = meeting->pdata[m];

          if (other->offset >= gap + b->bytes)
            break;
          gap = MAX (gap, other->offset + other->bytes);
        }
      b->offset = gap;
      plan->bytes = MAX (plan->bytes, gap + b->bytes);
    }
}

AssayPlan *
assay_plan_new (AssayGraph *graph, AssayWalk walk, AssayDtype dtype, const guint *keep)
{
  return assay_plan_new_walk (graph, &(AssayWalkSpec) { .walk = walk, .dtype = dtype, .keep = keep });
}

AssayPlan *
assay_plan_new_walk (AssayGraph *graph, const AssayWalkSpec *spec)
{
  AssayPlan *plan = g_new0 (AssayPlan, 1);
  guint V = assay_graph_get_n_values (graph);

  plan->graph = assay_graph_ref (graph);
  plan->dtype = spec->dtype;
  plan->K = MAX (1, spec->K);
  plan->is_narrow = g_new0 (gboolean, V);
  plan->steps = g_array_new (FALSE, TRUE, sizeof (AssayPlanStep));
  for (AssayPlane plane = 0; plane < ASSAY_N_PLANES; plane++)
    {
      plan->buffers[plane] = g_new0 (Buffer, V);
      for (guint v = 0; v < V; v++)
        plan->buffers[plane][v].first = NEVER;
    }
  find_narrow (plan, spec);
  schedule (plan, spec->walk);
  for (guint s = 0; s < plan->steps->len; s++)
    touch_step (plan, s);
  mark_fresh (plan);
  extend_lives (plan, spec->keep);
  pack (plan);
  return plan;
}

void
assay_plan_free (AssayPlan *plan)
{
  if (plan == NULL)
    return;
  for (AssayPlane plane = 0; plane < ASSAY_N_PLANES; plane++)
    g_free (plan->buffers[plane]);
  g_free (plan->is_narrow);
  g_array_unref (plan->steps);
  assay_graph_unref (plan->graph);
  g_free (plan);
}

const AssayPlanStep *
assay_plan_get_steps (const AssayPlan *plan, guint *n_prepare, guint *n_steps)
{
  *n_prepare = plan->n_prepare;
  *n_steps = plan->steps->len;
  return (const AssayPlanStep *) (void *) plan->steps->data;
}

gsize
assay_plan_get_bytes (const AssayPlan *plan)
{
  return plan->bytes;
}

gsize
assay_plan_get_offset (const AssayPlan *plan, AssayPlane plane, guint value)
{
  const Buffer *b = &plan->buffers[plane][value];

  return b->first == NEVER ? G_MAXSIZE : b->offset;
}

gsize
assay_plan_get_apart (const AssayPlan *plan, AssayPlane plane, guint value)
{
  return plan->buffers[plane][value].apart;
}

gint64
assay_plan_get_n_directions (const AssayPlan *plan)
{
  return plan->steps->len > plan->n_prepare ? plan->K : 0;
}

gboolean
assay_plan_is_narrow (const AssayPlan *plan, guint value)
{
  return plan->is_narrow[value];
}

AssayCost
assay_plan_get_cost (const AssayPlan *plan, gboolean apply)
{
  AssayCost total = { 0 };

  for (guint s = apply ? plan->n_prepare : 0; s < (apply ? plan->steps->len : plan->n_prepare); s++)
    {
      const AssayPlanStep *step = &g_array_index (plan->steps, AssayPlanStep, s);
      const AssayGraphNode *node = assay_graph_get_node (plan->graph, step->node);
      const gboolean is_narrow = plan->is_narrow[node->out[0]] || (node->n_in > 0 && plan->is_narrow[node->in[0]]);    /* most of what it moves */
      AssayCost c = node->op->cost (step->rule, node->in_shape, node->out_shape, node->attr, is_narrow ? sizeof (guint16) : assay_dtype_width (plan->dtype));

      total.flops += c.flops;
      total.bytes += c.bytes;
    }
  return total;
}
