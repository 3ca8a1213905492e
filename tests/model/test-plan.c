/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-plan.c: memory of planned walks, derived again from the schedule: what is alive together does not share bytes. */
#include "model/plan.h"
#include "base/error.h"
#include "models.h"

#include <string.h>

typedef struct { gsize offset, bytes; guint first, last; const char *name; AssayPlane plane; } Life;

static void
touch (GArray *lives, const AssayPlan *plan, AssayGraph *graph, AssayPlane plane, guint value, guint step)
{
  const AssayGraphValue *v = assay_graph_get_value (graph, value);
  gsize offset = assay_plan_get_offset (plan, plane, value);
  Life life = { offset, assay_shape_count (&v->shape) * (v->is_index ? 4 : 8), step, step, v->name, plane };

  if (offset == G_MAXSIZE)
    return;
  g_assert_cmpuint (offset % 64, ==, 0);
  g_assert_cmpuint (offset + life.bytes, <=, assay_plan_get_bytes (plan));
  for (guint i = 0; i < lives->len; i++)
    {
      Life *l = &g_array_index (lives, Life, i);

      if (l->plane == plane && l->name == v->name)
        {
          l->last = step;
          return;
        }
    }
  g_array_append_val (lives, life);
}

/* Every buffer that a step of this rule may read or write; more than it needs where it is linear, so only touched when planned. */
static void
touch_step (GArray *lives, const AssayPlan *plan, AssayGraph *graph, const AssayPlanStep *step, guint s)
{
  const AssayGraphNode *node = assay_graph_get_node (graph, step->node);
  gboolean linear = node->op->flags & ASSAY_OP_LINEAR;
  AssayPlane adjoint = step->rule == ASSAY_RBWD || step->is_gauss_newton ? ASSAY_TANGENT_ADJOINT : ASSAY_ADJOINT;

  for (guint k = 0; k < node->n_in + node->n_out; k++)
    {
      gboolean in = k < node->n_in;
      guint j = in ? k : k - node->n_in, value = in ? node->in[j] : node->out[j];
      gboolean used = (in ? node->op->uses_in : node->op->uses_out) >> j & 1;

      if (step->rule == ASSAY_FWD || used)
        touch (lives, plan, graph, ASSAY_PRIMAL, value, s);
      if (step->rule == ASSAY_RFWD || (step->rule == ASSAY_GGN && in) || (step->rule == ASSAY_RBWD && !linear && used))
        touch (lives, plan, graph, ASSAY_TANGENT, value, s);
      if (step->rule == ASSAY_FWD || step->rule == ASSAY_RFWD || (!in && j > 0))
        continue;
      if (step->rule != ASSAY_GGN || in)
        touch (lives, plan, graph, adjoint, value, s);
      if (!in && (step->rule == ASSAY_GGN || (step->rule == ASSAY_RBWD && !linear)))
        touch (lives, plan, graph, ASSAY_ADJOINT, value, s);
    }
}

static void
test_no_overlap (void)
{
  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    for (AssayWalk kind = ASSAY_WALK_FORWARD; kind <= ASSAY_WALK_GAUSS_NEWTON; kind++)
      {
        Sample *s = sample_new (c, 3);
        g_autoptr (AssayGraph) graph = assay_model_build (s->model, 3, NULL);
        g_autoptr (AssayPlan) plan = assay_plan_new (graph, kind, ASSAY_F64, NULL);
        g_autoptr (GArray) lives = g_array_new (FALSE, FALSE, sizeof (Life));
        guint n_prepare, n_steps;
        const AssayPlanStep *steps = assay_plan_get_steps (plan, &n_prepare, &n_steps);

        for (guint k = 0; k < n_steps; k++)
          touch_step (lives, plan, graph, &steps[k], k);
        for (guint i = 0; i < lives->len; i++)                    /* apply may run again: what prepare left stays */
          {
            Life *l = &g_array_index (lives, Life, i);

            if (l->first < n_prepare && l->last >= n_prepare)
              l->last = n_steps;
          }
        for (guint i = 0; i < lives->len; i++)
          for (guint k = 0; k < i; k++)
            {
              const Life *a = &g_array_index (lives, Life, i), *b = &g_array_index (lives, Life, k);

              if (a->first <= b->last && b->first <= a->last && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes)
                g_error ("%s, walk %d: %s (plane %d, steps %u-%u) and %s (plane %d, steps %u-%u) share bytes", c->name, kind, a->name,
                         a->plane, a->first, a->last, b->name, b->plane, b->first, b->last);
            }
        sample_free (s);
      }
}

static AssayModel *
new_deep (gint64 layers)
{
  json_t *config = json_pack ("{s:i, s:i, s:i, s:I, s:i}", "vocabulary", 64, "context", 32, "width", 32, "layers", (json_int_t) layers,
                              "heads", 2);
  AssayModel *model = assay_model_new ("transformer", config, ASSAY_F32, NULL);

  g_assert_nonnull (model);
  json_decref (config);
  return model;
}

static gsize
get_bytes (AssayModel *model, AssayWalk walk)
{
  g_autoptr (AssayGraph) graph = assay_model_build (model, 4, NULL);
  g_autoptr (AssayPlan) plan = assay_plan_new (graph, walk, ASSAY_F32, NULL);

  return assay_plan_get_bytes (plan);
}

static void
test_sizes (void)
{
  g_autoptr (AssayModel) shallow = new_deep (2), deep = new_deep (12);

  g_assert_cmpuint (get_bytes (deep, ASSAY_WALK_FORWARD), <=, get_bytes (shallow, ASSAY_WALK_FORWARD) * 11 / 10);
  g_assert_cmpuint (get_bytes (deep, ASSAY_WALK_HESSIAN_COLD), <=, 2 * get_bytes (deep, ASSAY_WALK_GRADIENT));
}

/* Sizes whose products leave 64 bits, in a parameter and in a batch. */
static void
test_vast (void)
{
  g_autoptr (AssayModel) model = new_deep (1);
  json_t *config = json_pack ("{s:[I, I]}", "widths", G_GINT64_CONSTANT (1) << 60, G_GINT64_CONSTANT (1) << 10);
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_model_new ("mlp", config, ASSAY_F32, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "1152921504606846976"));
  json_decref (config);
  g_clear_error (&error);
  g_assert_null (assay_model_build (model, G_GINT64_CONSTANT (1) << 58, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "elements expected"));
  g_clear_error (&error);
  g_assert_null (assay_model_build (model, 1 << 29, &error));     /* the tokens are few enough, what comes of them is not */
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
}

static void
test_cost (void)
{
  g_autoptr (AssayModel) model = new_deep (3);
  g_autoptr (AssayGraph) graph = assay_model_build (model, 4, NULL);
  g_autoptr (AssayPlan) gradient = assay_plan_new (graph, ASSAY_WALK_GRADIENT, ASSAY_F32, NULL);
  g_autoptr (AssayPlan) hessian = assay_plan_new (graph, ASSAY_WALK_HESSIAN, ASSAY_F32, NULL);
  g_autoptr (AssayPlan) gauss_newton = assay_plan_new (graph, ASSAY_WALK_GAUSS_NEWTON, ASSAY_F32, NULL);
  double unit = assay_plan_get_cost (gradient, FALSE).flops / 3;

  g_assert_cmpfloat (assay_plan_get_cost (hessian, TRUE).flops, <=, 6.3 * unit);
  g_assert_cmpfloat (assay_plan_get_cost (hessian, TRUE).flops, >=, 5.7 * unit);
  g_assert_cmpfloat (assay_plan_get_cost (gauss_newton, TRUE).flops, <=, 4.3 * unit);
  g_assert_cmpfloat (assay_plan_get_cost (gauss_newton, TRUE).flops, >=, 3.7 * unit);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/buffers whose lives meet do not share bytes", test_no_overlap);
  g_test_add_func ("/plan/a forward walk's memory does not grow with depth and a cold product takes at most twice the gradient's", test_sizes);
  g_test_add_func ("/plan/sizes that no machine holds are refused before anything is planned", test_vast);
  g_test_add_func ("/plan/a product with cached primals costs six forward passes and a Gauss-Newton product four", test_cost);
  return g_test_run ();
}
