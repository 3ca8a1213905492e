/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-unit_directions.c: what the weights say a unit reads and writes is what walks of the model do. */
#include "../run/fixtures.h"

#include "base/rng.h"
#include "probes/unit_effects.h"

#include <math.h>
#include <string.h>

#define TOKENS 11               /* of the fixture's vocabulary */
#define TOLERANCE 1e-11         /* f64: a few hundred terms of size near 1 */

static AssayUnitDirections *
directions_of (Fixture *f, const char *tap)
{
  GError *error = NULL;
  AssayUnitDirections *d = assay_unit_directions_new (f->model, tap, &error);

  g_assert_no_error (error);
  return d;
}

static double *
weights_of (const AssayUnitDirections *d, const AssayUnitSide *side, gint64 unit)
{
  double *weight = g_new (double, side->n), *together = g_new (double, 2 * side->n);
  GError *error = NULL;

  assay_unit_side_compute (d, side, unit, 1, NULL, weight, &error);
  g_assert_no_error (error);
  assay_unit_side_compute (d, side, unit > 0 ? unit - 1 : unit, 2, NULL, together, &error);     /* the same among others */
  g_assert_no_error (error);
  g_assert_cmpmem (weight, side->n * sizeof *weight, together + (unit > 0 ? side->n : 0), side->n * sizeof *weight);
  g_free (together);
  return weight;
}

/* --- models of tokens -------------------------------------------------------------------------------------------------- */

/* One layer whose parameters are all drawn, so that no norm is the identity. */
static Fixture *
make_transformer (const char *more)
{
  g_autofree char *config = g_strconcat ("{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 2, ", more, "}", NULL);
  Fixture *f = fixture_new (fixture_tokens (23, 6, TOKENS), "transformer", config, "{\"dtype\": \"f64\"}", 1);
  AssayRng rng = assay_rng_new (8, assay_rng_stream ("weights", 0));
  double *theta = assay_model_get_theta (f->model);

  for (gint64 p = 0; p < assay_model_get_n_params (f->model); p++)
    theta[p] = 0.4 * assay_rng_normal (&rng);
  return f;
}

static double *
find_param (Fixture *f, const char *name)
{
  AssayGraph *layout = assay_model_get_layout (f->model);

  return (double *) assay_model_get_theta (f->model) + assay_graph_get_value (layout, assay_graph_find (layout, name))->offset;
}

static void
zero_param (Fixture *f, const char *name)
{
  AssayGraph *layout = assay_model_get_layout (f->model);
  guint value = assay_graph_find (layout, name);

  if (value != ASSAY_NO_VALUE)
    memset (find_param (f, name), 0, assay_shape_count (&assay_graph_get_value (layout, value)->shape) * sizeof (double));
}

typedef struct { gint64 unit, C; double step; } Push;

static void
push (const AssayGraphValue *value, void *data, gpointer user_data)
{
  const Push *p = user_data;

  for (gint64 i = p->unit; i < assay_shape_count (&value->shape); i += p->C)
    ((double *) data)[i] += p->step;
}

/* Walks the first example; edit NULL: none. The buffers live until the next walk of the pass. */
static const double *
walk (Fixture *f, AssayPass *pass, guint tap, Push *edit, guint wanted)
{
  GError *error = NULL;

  assay_pass_bind (pass, f->training.train);
  assay_exec_set_edit (assay_pass_get_exec (pass), tap, edit ? push : NULL, edit);
  assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (f->model), NULL, NULL, FALSE, &error);
  g_assert_no_error (error);
  return assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, wanted);
}

static double
scale_of (const double *x, gint64 d, gboolean layernorm, double eps)
{
  double mean = 0, square = 0;

  for (gint64 j = 0; layernorm && j < d; j++)
    mean += x[j] / (double) d;
  for (gint64 j = 0; j < d; j++)
    square += (x[j] - mean) * (x[j] - mean) / (double) d;
  return sqrt (square + eps);
}

/* With sigma the final norm's divisor at a position: sigma' logit' - sigma logit = step * write, for the weight of the norm alone. */
static void
check_writes (const char *more, const char *tap, const char *stream, const char *final_bias, gboolean layernorm)
{
  g_autoptr (Fixture) f = make_transformer (more);
  AssayGraph *layout = assay_model_get_layout (f->model);
  guint at = assay_graph_find (layout, tap), logits = assay_graph_get_logits (layout), residual = assay_graph_find (layout, stream);
  guint keep[] = { logits, residual, ASSAY_NO_VALUE };
  g_autoptr (AssayUnitDirections) d = directions_of (f, tap);
  g_autoptr (AssayPass) pass = NULL;
  GError *error = NULL;

  zero_param (f, final_bias);
  pass = assay_pass_new (f->model, f->dataset, ASSAY_WALK_FORWARD, ASSAY_F64, 1, f->backend, keep, &error);
  g_assert_no_error (error);
  g_assert_cmpint (d->writes.kind, ==, ASSAY_SIDE_TOKENS);
  g_assert_cmpint (d->writes.n, ==, TOKENS);
  g_assert_cmpint (d->writes.centred, ==, layernorm);
  for (gint64 unit = 0; unit < d->C; unit += 5)
    {
      g_autofree double *weight = weights_of (d, &d->writes, unit), *before = NULL;
      Push edit = { unit, d->C, 0.7 };
      const double *after, *x;
      double sigma[6];

      before = g_memdup2 (walk (f, pass, at, NULL, logits), 6 * TOKENS * sizeof (double));
      x = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, residual);
      for (gint64 t = 0; t < 6; t++)
        sigma[t] = scale_of (x + t * 8, 8, layernorm, 1e-5);
      after = walk (f, pass, at, &edit, logits);
      x = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, residual);
      for (gint64 t = 0; t < 6; t++)
        for (gint64 v = 0; v < TOKENS; v++)
          g_assert_cmpfloat (fabs (scale_of (x + t * 8, 8, layernorm, 1e-5) * after[t * TOKENS + v] - sigma[t] * before[t * TOKENS + v] - 0.7 * weight[v]), <=,
                             TOLERANCE);
    }
}

static void
test_writes (void)
{
  check_writes ("\"norm\": \"rmsnorm\"", "h.1.mlp.act", "h.1.residual_post", "ln_f.bias", FALSE);
  check_writes ("\"tied\": false", "h.1.mlp.act", "h.1.residual_post", "ln_f.bias", TRUE);
  check_writes ("\"norm\": \"rmsnorm\", \"gated\": true, \"names\": \"llama\", \"positions\": \"rotary\", \"bias\": false", "model.layers.1.mlp.gated",
                "model.layers.1.residual_post", "none", FALSE);
}

/* Without attention and positions the stream before the first MLP is the token's embedding: what reaches the unit's linear map, times sigma, is
 * what the unit reads of the token. */
static void
check_reads (const char *more, gboolean layernorm)
{
  g_autofree char *all = g_strconcat ("\"positions\": \"none\"", more, NULL);
  g_autoptr (Fixture) f = make_transformer (all);
  AssayGraph *layout = assay_model_get_layout (f->model);
  guint fc = assay_graph_find (layout, "h.0.mlp.c_fc"), stream = assay_graph_find (layout, "h.0.residual_mid");
  guint keep[] = { fc, stream, ASSAY_NO_VALUE };
  g_autoptr (AssayUnitDirections) d = directions_of (f, "h.0.mlp.act");
  g_autofree gint32 *token = g_new (gint32, 6);
  g_autoptr (AssayPass) pass = NULL;
  GError *error = NULL;

  zero_param (f, "h.0.attn.c_proj.weight");
  zero_param (f, "h.0.attn.c_proj.bias");
  zero_param (f, "h.0.ln_2.bias");
  zero_param (f, "h.0.mlp.c_fc.bias");
  pass = assay_pass_new (f->model, f->dataset, ASSAY_WALK_FORWARD, ASSAY_F64, 1, f->backend, keep, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (d->n_reads, ==, 1);
  g_assert_cmpint (d->reads[0].kind, ==, ASSAY_SIDE_TOKENS);
  g_assert_cmpint (d->reads[0].centred, ==, layernorm);
  g_assert_cmpstr (d->reads[0].through, ==, "h.0.mlp.c_fc.weight");
  g_assert_cmpstr (d->reads[0].norm, ==, "h.0.ln_2.weight");
  memcpy (token, (walk (f, pass, fc, NULL, fc), assay_pass_get_data (pass)->token), 6 * sizeof *token);
  for (gint64 unit = 0; unit < d->C; unit += 5)
    {
      g_autofree double *weight = weights_of (d, &d->reads[0], unit);
      const double *value = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, fc);
      const double *x = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, stream);

      for (gint64 t = 0; t < 6; t++)
        g_assert_cmpfloat (fabs (value[t * d->C + unit] * scale_of (x + t * 8, 8, layernorm, 1e-5) - weight[token[t]]), <=, TOLERANCE);
    }
}

static void
test_reads (void)
{
  check_reads (", \"norm\": \"rmsnorm\"", FALSE);
  check_reads ("", TRUE);
}

/* --- tables and images ------------------------------------------------------------------------------------------------- */

static void
test_features (void)
{
  g_autoptr (Fixture) f = fixture_new (fixture_features (36, 6, 3), "mlp", "{\"widths\": [6, 8, 5, 3], \"activations\": [\"tanh\"]}", "{\"dtype\": \"f64\"}", 1);
  g_autoptr (AssayUnitDirections) first = directions_of (f, "act1"), second = directions_of (f, "act2"), logits = directions_of (f, "fc3");
  g_autofree double *read = NULL, *write = NULL;

  g_assert_cmpint (first->reads[0].kind, ==, ASSAY_SIDE_INPUT);
  g_assert_cmpint (first->reads[0].n, ==, 6);
  read = weights_of (first, &first->reads[0], 3);
  g_assert_cmpmem (read, 6 * sizeof (double), find_param (f, "fc1.weight") + 3 * 6, 6 * sizeof (double));
  g_assert_cmpint (first->writes.kind, ==, ASSAY_SIDE_UNITS);
  g_assert_cmpstr (first->writes.of, ==, "fc2");
  g_assert_cmpint (second->reads[0].kind, ==, ASSAY_SIDE_UNITS);
  g_assert_cmpstr (second->reads[0].of, ==, "act1");
  g_assert_cmpint (second->writes.kind, ==, ASSAY_SIDE_OUTPUT);
  write = weights_of (second, &second->writes, 4);
  for (gint64 k = 0; k < 3; k++)
    g_assert_cmpfloat (write[k], ==, find_param (f, "fc3.weight")[k * 5 + 4]);
  g_assert_cmpint (logits->writes.kind, ==, ASSAY_SIDE_MISSING);
  g_assert_nonnull (strstr (logits->writes.reason, "output"));
}

/* A convolution is linear: a unit before its bias is the sum of its map times the image. */
static void
test_images (void)
{
  const AssayShape shape = ASSAY_SHAPE (2, 7, 6);
  AssayRng rng = assay_rng_new (4, assay_rng_stream ("images", 0));
  g_autofree double *x = g_new (double, 10 * 84);
  gint32 label[10];
  g_autoptr (Fixture) f = NULL;
  g_autoptr (AssayUnitDirections) conv = NULL, fc = NULL;
  g_autoptr (AssayPass) pass = NULL;
  GError *error = NULL;
  guint keep[2] = { 0, ASSAY_NO_VALUE };

  for (gint64 i = 0; i < 10 * 84; i++)
    x[i] = assay_rng_normal (&rng);
  for (gint32 i = 0; i < 10; i++)
    label[i] = i % 3;
  f = fixture_new (assay_dataset_new_from_arrays (&shape, 10, x, label, 3, NULL, "train", 2, "test", NULL), "cnn",
                   "{\"input\": [2, 7, 6], \"conv\": [{\"out\": 3, \"kernel\": 3, \"stride\": 2, \"padding\": 1}], \"fc\": [4, 3]}",
                   "{\"dtype\": \"f64\"}", 1);
  memset (find_param (f, "conv1.bias"), 0, 3 * sizeof (double));
  keep[0] = assay_graph_find (assay_model_get_layout (f->model), "conv1");
  pass = assay_pass_new (f->model, f->dataset, ASSAY_WALK_FORWARD, ASSAY_F64, 1, f->backend, keep, &error);
  g_assert_no_error (error);
  walk (f, pass, keep[0], NULL, keep[0]);
  conv = directions_of (f, "conv1.act");
  g_assert_cmpint (conv->C, ==, 3 * 4 * 3);
  g_assert_cmpint (conv->reads[0].kind, ==, ASSAY_SIDE_INPUT);
  for (gint64 unit = 0; unit < conv->C; unit++)
    {
      g_autofree double *map = weights_of (conv, &conv->reads[0], unit);
      const double *value = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, keep[0]);
      double sum = 0;

      for (gint64 i = 0; i < 84; i++)
        sum += map[i] * x[f->training.train[0] * 84 + i];
      g_assert_cmpfloat (fabs (sum - value[unit]), <=, TOLERANCE);
    }
  g_assert_cmpint (conv->writes.kind, ==, ASSAY_SIDE_UNITS);     /* flattening keeps units: fc1 reads them */
  g_assert_cmpstr (conv->writes.of, ==, "fc1");
  fc = directions_of (f, "fc1.act");
  g_assert_cmpstr (fc->reads[0].of, ==, "flatten");
  g_assert_cmpint (fc->reads[0].n, ==, 36);
}

/* --- what has no row of weights ---------------------------------------------------------------------------------------- */

static void
test_missing (void)
{
  g_autoptr (Fixture) gpt = make_transformer ("\"norm\": \"rmsnorm\""), llama = make_transformer ("\"gated\": true, \"names\": \"llama\", \"bias\": false");
  g_autoptr (AssayUnitDirections) heads = directions_of (gpt, "h.0.attn.heads"), stream = directions_of (gpt, "h.0.residual_post");
  g_autoptr (AssayUnitDirections) gate = directions_of (llama, "model.layers.0.mlp.act"), gated = directions_of (llama, "model.layers.0.mlp.gated");
  GError *error = NULL;

  g_assert_cmpint (heads->reads[0].kind, ==, ASSAY_SIDE_MISSING);
  g_assert_nonnull (strstr (heads->reads[0].reason, "attention"));
  g_assert_cmpint (heads->writes.kind, ==, ASSAY_SIDE_TOKENS);
  g_assert_cmpint (stream->reads[0].kind, ==, ASSAY_SIDE_MISSING);
  g_assert_nonnull (strstr (stream->writes.reason, "several parts"));
  g_assert_cmpint (gate->reads[0].kind, ==, ASSAY_SIDE_TOKENS);
  g_assert_nonnull (strstr (gate->writes.reason, "look at model.layers.0.mlp.gated"));
  g_assert_cmpuint (gated->n_reads, ==, 2);
  g_assert_cmpstr (gated->reads[0].through, ==, "model.layers.0.mlp.gate_proj.weight");
  g_assert_cmpstr (gated->reads[1].through, ==, "model.layers.0.mlp.up_proj.weight");
  g_assert_cmpint (gated->writes.kind, ==, ASSAY_SIDE_TOKENS);
  g_assert_null (assay_unit_directions_new (gpt->model, "h.7.mlp.act", &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
  g_clear_error (&error);
}

/* --- extremes ---------------------------------------------------------------------------------------------------------- */

static void
test_top (void)
{
  static const double weight[] = { 0, 3, -1, 3, -1, 0.5, -2, 7 };
  AssayUnitEffect positive[4], negative[4];
  guint n_positive, n_negative;

  assay_unit_side_top (weight, G_N_ELEMENTS (weight), 3, positive, &n_positive, negative, &n_negative);
  g_assert_cmpuint (n_positive, ==, 3);
  g_assert_true (positive[0].index == 7 && positive[1].index == 1 && positive[2].index == 3);
  g_assert_cmpuint (n_negative, ==, 3);
  g_assert_true (negative[0].index == 6 && negative[1].index == 2 && negative[2].index == 4);
  assay_unit_side_top (weight, 1, 4, positive, &n_positive, negative, &n_negative);
  g_assert_cmpuint (n_positive + n_negative, ==, 0);
}

/* The lists of all units are the extremes of each unit's weights. */
static void
test_effects (void)
{
  g_autoptr (Fixture) f = make_transformer ("\"norm\": \"rmsnorm\"");
  g_autoptr (AssayUnitDirections) d = directions_of (f, "h.0.mlp.act");
  GError *error = NULL;
  g_autoptr (AssayUnitEffects) e = assay_unit_effects_find (d, &d->writes, 4, f->backend->workers, NULL, &error);

  g_assert_no_error (error);
  for (gint64 unit = 0; unit < d->C; unit++)
    {
      g_autofree double *weight = weights_of (d, &d->writes, unit);
      AssayUnitEffect positive[4], negative[4];
      guint n_positive, n_negative;

      assay_unit_side_top (weight, TOKENS, 4, positive, &n_positive, negative, &n_negative);
      g_assert_cmpuint (e->n_positive[unit], ==, n_positive);
      g_assert_cmpuint (e->n_negative[unit], ==, n_negative);
      for (guint k = 0; k < n_positive; k++)
        g_assert_true (e->positive[unit * 4 + k].index == positive[k].index && e->positive[unit * 4 + k].weight == positive[k].weight);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/directions/a push of a unit moves the logits by what it writes, times sigma", test_writes);
  g_test_add_func ("/directions/a token moves a unit by what the unit reads of it, times sigma", test_reads);
  g_test_add_func ("/directions/units of a table's model read columns, then units, and write classes", test_features);
  g_test_add_func ("/directions/a convolution's map times the image is the unit", test_images);
  g_test_add_func ("/directions/what no row of weights decides is missing, with the reason", test_missing);
  g_test_add_func ("/directions/the extremes come in order, equal ones by index", test_top);
  g_test_add_func ("/directions/lists of all units are those of each", test_effects);
  return g_test_run ();
}
