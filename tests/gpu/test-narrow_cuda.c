/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What walks in bf16 on a device store in bf16: every rule of every op that takes such arrays gives the rounding of what it gives in f32 of the same numbers; whole
 * walks are walks in f32 whose values are rounded one after another.
 *
 * On a real device with ASSAY_CUDA_MODULE; else on the host's stand-in.
 */
#include "base/error.h"
#include "models.h"
#include "run/pass.h"
#include "trial.h"

#include <math.h>
#include <string.h>

#define BATCH 3
#define UNIT 0x1p-8                     /* relative error of a rounding to bf16 */
#define MOST 6000                       /* elements of a case that is tried here */

static AssayBackend *device;

/* --- ops ------------------------------------------------------------------------------------------------------------------ */

/* Inputs that are parameters of a model: read rounded, with adjoints in f32. */
static guint
get_parameters (const AssayOp *op)
{
  return strcmp (op->name, "linear") == 0 ? 1 << 1 | 1 << 2 : 0;
}

static void
round_array (Trial *t, TrialRole role, guint i, guint bits)
{
  g_autofree double *values = NULL;

  if (!(bits >> i & 1) || t->at[role][i] == NULL)
    return;
  values = trial_read (t, role, i);
  for (gint64 k = 0; k < trial_count (t, role, i); k++)
    values[k] = trial_round_to_bf16 ((float) values[k]);
  trial_write (t, role, i, values);
}

/* A copy of the trial whose weight and bias have no tangent: what the first of a tangent's two products leaves, where both are stored one after the other. */
static Trial *
get_first (const Trial *t, AssayRule rule)
{
  Trial *first;

  if (strcmp (t->op->name, "linear") != 0 || (rule != ASSAY_RFWD && rule != ASSAY_RBWD))
    return NULL;
  first = trial_new (t->op, t->item, t->dtype);
  first->compute = t->compute;
  for (TrialRole role = 0; role < TRIAL_N_ROLES; role++)
    trial_copy (first, t, role);
  for (guint i = 1; i < first->n_in; i++)
    memset (first->at[TRIAL_RX][i], 0, trial_count (first, TRIAL_RX, i) * sizeof (float));
  return first;
}

/* What the plain trial has, rounded where the narrow one stores it so, is what that one has: to the last bit, or, where it was stored twice, within the two roundings. Leaves it to
 * the plain one, so that later rules of both read the same numbers. */
static void
check_same (Trial *plain, const Trial *first, const Trial *low, AssayRule rule, guint bits)
{
  const TrialRole role = trial_written_by (rule);

  for (guint i = 0; i < trial_count_arrays (low, role); i++)
    {
      g_autofree double *expected = NULL, *found = NULL, *stored = NULL;
      const gboolean is_twice = first != NULL && i == 0 && (bits & 1) != 0;

      if (!trial_writes (low, rule, i))
        continue;
      if (!is_twice)
        round_array (plain, role, i, bits);
      expected = trial_read (plain, role, i);
      found = trial_read (low, role, i);
      stored = is_twice ? trial_read (first, role, i) : NULL;
      for (gint64 k = 0; k < trial_count (low, role, i); k++)
        if (!(isnan (expected[k]) && isnan (found[k]))
            && (is_twice ? fabs (expected[k] - found[k]) > UNIT * (fabs (expected[k]) + 1.01 * fabs (stored[k])) + 1e-6 : expected[k] != found[k]))
          g_error ("%s, case \"%s\", rule %d: number %" G_GINT64_FORMAT " of array %u is %.9g, in f32 and then rounded %.9g", low->op->name, low->item->name, (int) rule, k, i,
                   found[k], expected[k]);
      trial_write (plain, role, i, found);
    }
}

static void
run_both (Trial *plain, Trial *low, AssayRule rule, gboolean keep)
{
  const guint bits = rule == ASSAY_FWD || rule == ASSAY_RFWD ? low->narrow_y : low->narrow_dx;
  Trial *first = get_first (plain, rule);

  if (first != NULL)
    trial_run_on (first, rule, keep);
  trial_run_on (plain, rule, keep);
  trial_run_on (low, rule, keep);
  check_same (plain, first, low, rule, bits);
  if (first != NULL)
    trial_free (first);
}

/* in, out: which of the arrays that may be narrow are. */
static void
try_case (const AssayOp *op, const AssayOpCase *item, guint in, guint out)
{
  static const AssayRule rules[] = { ASSAY_FWD, ASSAY_RFWD, ASSAY_BWD, ASSAY_RBWD, ASSAY_GGN };
  g_autoptr (Trial) plain = trial_new (op, item, ASSAY_F32), low = trial_new (op, item, ASSAY_F32);

  low->narrow_y = op->narrow_out & out;
  low->narrow_x = op->narrow_in & in;
  low->narrow_dx = op->narrow_in & in & ~get_parameters (op);
  if (strcmp (op->name, "linear") == 0)                           /* as walks have it: a bias is of its result's type */
    low->narrow_x = (low->narrow_x & ~(1u << 2)) | (low->narrow_y & 1) << 2;
  plain->compute = low->compute = ASSAY_COMPUTE_BF16;
  for (guint i = 0; i < plain->n_in; i++)
    {
      round_array (plain, TRIAL_X, i, low->narrow_x);
      round_array (plain, TRIAL_RX, i, low->narrow_x);
    }
  round_array (plain, TRIAL_DY, 0, low->narrow_y);
  round_array (plain, TRIAL_RDY, 0, low->narrow_y);
  for (TrialRole role = 0; role < TRIAL_N_ROLES; role++)
    trial_copy (low, plain, role);
  for (guint r = 0; r < G_N_ELEMENTS (rules); r++)
    {
      const AssayRule rule = rules[r];

      if (rule == ASSAY_GGN && !(op->flags & ASSAY_OP_LOSS))
        continue;
      run_both (plain, low, rule, FALSE);
      if (rule == ASSAY_BWD || rule == ASSAY_RBWD)
        run_both (plain, low, rule, TRUE);                        /* once more, added */
    }
}

static gboolean
is_small (const AssayOp *op, const AssayOpCase *item)
{
  const gint64 most = strcmp (op->name, "attention") == 0 ? MOST / 12 : MOST;    /* threads that wait for each other take their time on the stand-in */
  gint64 n = 0;

  for (guint i = 0; i < trial_count_inputs (op, item); i++)
    n += assay_shape_count (&item->in[i]);
  return n <= most;
}

static void
test_op (gconstpointer data)
{
  const AssayOp *op = data;
  guint n = 0;

  for (const AssayOpCase *item = op->cases; item->name != NULL; item++)
    if (is_small (op, item))
      {
        try_case (op, item, G_MAXUINT, G_MAXUINT);
        try_case (op, item, G_MAXUINT, 0);
        try_case (op, item, 0, G_MAXUINT);
        n++;
      }
  g_assert_cmpuint (n, >, 0);
}

/* --- walks ---------------------------------------------------------------------------------------------------------------- */

/* Heads of 32 channels are read where they lie. */
static const ModelCase wide = { "transformer, heads of 32", "transformer", "{\"vocabulary\": 23, \"context\": 20, \"width\": 64, \"layers\": 2, \"heads\": 2}" };
static const char *const names[] = { "transformer, heads of 32", "transformer, gpt2", "transformer, llama", "mamba", "encoder", "transformer, llama, adapters of everything" };

/* Parameters are numbers of bf16: biases are read rounded only where what they are added to is. */
static Sample *
make_sample (const char *name, gint64 batch)
{
  const ModelCase *c = strcmp (name, wide.name) == 0 ? &wide : model_cases;
  Sample *s;

  while (strcmp (c->name, name) != 0)
    c++;
  s = sample_new (c, batch);
  for (gint64 i = 0; i < s->P; i++)
    s->theta[i] = trial_round_to_bf16 ((float) s->theta[i]);
  return s;
}

/* All values that ops make, kept: none of them is then narrow. */
static guint *
keep_all (AssayGraph *graph)
{
  GArray *keep = g_array_new (TRUE, TRUE, sizeof (guint));
  const guint end = ASSAY_NO_VALUE;

  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    if (assay_graph_get_value (graph, v)->role > ASSAY_VALUE_INPUT)
      g_array_append_val (keep, v);
  g_array_append_val (keep, end);
  return (guint *) (void *) g_array_free (keep, FALSE);
}

static void
round_value (const AssayGraphValue *value, void *data, gpointer user_data)
{
  float *x = data;

  (void) user_data;
  for (gint64 i = 0; i < assay_shape_count (&value->shape); i++)
    x[i] = trial_round_to_bf16 (x[i]);
}

static double
compare (const float *found, const float *expected, gint64 n)
{
  double error = 0, size = 0;

  for (gint64 i = 0; i < n; i++)
    {
      error += ((double) found[i] - expected[i]) * ((double) found[i] - expected[i]);
      size += (double) expected[i] * expected[i];
    }
  return sqrt (error / size);
}

/* Losses are those of a walk that stores everything in f32, each value rounded right after it was made. Adjoints are rounded too, once a step, so that a gradient is as far from
 * that walk's as there are steps between it and the loss, in units of a rounding, to first order. */
static void
test_walk (gconstpointer data)
{
  Sample *s = make_sample (data, BATCH);
  g_autoptr (AssayGraph) graph = assay_model_build (s->model, BATCH, NULL);
  const AssayWalkSpec spec = { .walk = ASSAY_WALK_GRADIENT, .dtype = ASSAY_F32, .compute = ASSAY_COMPUTE_BF16 }, planned = { .walk = ASSAY_WALK_GRADIENT, .dtype = ASSAY_F32, .is_narrow = TRUE };
  g_autofree guint *keep = keep_all (graph);
  AssayWalkSpec kept = spec;
  g_autoptr (AssayPlan) plan = assay_plan_new_walk (graph, &planned);
  g_autofree float *found = g_new0 (float, s->P), *expected = g_new0 (float, s->P);
  const guint n_steps = assay_graph_get_n_nodes (graph);
  Walk *low = walk_new_spec (s, &spec, device), *plain;
  guint n = 0;
  double difference;

  kept.keep = keep;
  plain = walk_new_spec (s, &kept, device);
  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    if (assay_plan_is_narrow (plan, v))
      {
        assay_exec_set_edit (plain->exec, v, round_value, NULL);
        n++;
      }
  g_assert_cmpuint (n, >, 0);
  for (guint again = 0; again < 3; again++)                       /* run, captured, replayed */
    {
      walk_prepare (low, s, NULL, 0, found);
      walk_prepare (plain, s, NULL, 0, expected);
      g_assert_cmpmem (assay_exec_get_loss (low->exec), BATCH * sizeof (float), assay_exec_get_loss (plain->exec), BATCH * sizeof (float));
    }
  difference = compare (found, expected, s->P);
  g_test_message ("%u narrow values, %u steps: gradients differ by %.2g of a bound of %.2g", n, n_steps, difference, n_steps * UNIT);
  g_assert_cmpfloat (difference, >, 0);
  g_assert_cmpfloat (difference, <, n_steps * UNIT);
  walk_free (low);
  walk_free (plain);
  sample_free (s);
}

/* Products of a walk with its own adjoints are what the same point gives in f32, as far as two roundings a step go. */
static void
test_products (gconstpointer data)
{
  static const AssayWalk kinds[] = { ASSAY_WALK_GAUSS_NEWTON, ASSAY_WALK_HESSIAN };
  Sample *s = make_sample (data, BATCH);
  g_autofree double *found = g_new (double, s->P), *expected = g_new (double, s->P);

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      Walk *low = walk_new_spec (s, &(AssayWalkSpec) { .walk = kinds[k], .dtype = ASSAY_F32, .compute = ASSAY_COMPUTE_BF16 }, device);
      Walk *plain = walk_new (s, kinds[k], ASSAY_F32, device, NULL);
      double along = 0, error = 0, size = 0;

      walk_prepare (low, s, NULL, 0, NULL);
      walk_prepare (plain, s, NULL, 0, NULL);
      walk_apply (low, s, s->direction, found);
      walk_apply (plain, s, s->direction, expected);
      for (gint64 i = 0; i < s->P; i++)
        {
          along += s->direction[i] * found[i];
          error += (found[i] - expected[i]) * (found[i] - expected[i]);
          size += expected[i] * expected[i];
        }
      g_test_message ("walk %d: products differ by %.2g", (int) kinds[k], sqrt (error / size));
      g_assert_cmpfloat (sqrt (error / size), <, 2 * assay_graph_get_n_nodes (assay_exec_get_graph (low->exec)) * UNIT);
      if (kinds[k] == ASSAY_WALK_GAUSS_NEWTON)
        g_assert_cmpfloat (along, >, 0);
      walk_free (low);
      walk_free (plain);
    }
  sample_free (s);
}

/* An example's loss, and its derivative along a direction, have the bits that they have alone. */
static void
test_batches (gconstpointer data)
{
  float kept[2] = { 0, 0 };

  for (gint64 B = 9; B >= 1; B -= 4)                              /* 9, 5, 1: the first example is the same in all */
    {
      Sample *s = make_sample (data, B);
      Walk *walk = walk_new_spec (s, &(AssayWalkSpec) { .walk = ASSAY_WALK_TANGENT, .dtype = ASSAY_F32, .compute = ASSAY_COMPUTE_BF16 }, device);
      g_autofree float *direction = g_new (float, s->P);
      const float *found[2];

      assay_dtype_convert (ASSAY_F64, s->direction, ASSAY_F32, direction, s->P);
      walk_prepare (walk, s, NULL, 0, NULL);
      g_assert_true (assay_exec_apply (walk->exec, direction, NULL, FALSE, NULL));
      found[0] = assay_exec_get_loss (walk->exec);
      found[1] = assay_exec_get_loss_tangent (walk->exec);
      for (guint k = 0; k < 2; k++)
        {
          kept[k] = B == 9 ? found[k][0] : kept[k];
          g_assert_cmpmem (found[k], sizeof (float), &kept[k], sizeof (float));
        }
      walk_free (walk);
      sample_free (s);
    }
}

static void
test_blocks (gconstpointer data)
{
  Sample *s = make_sample (data, BATCH);

  walk_check_blocks (s, data, ASSAY_WALK_HESSIAN, ASSAY_F32, ASSAY_COMPUTE_BF16, device);
  sample_free (s);
}

/* What is kept is in f32, what is not takes half: all but what the norms, the softmax and the loss save. */
static void
test_memory (void)
{
  Sample *s = make_sample (wide.name, BATCH);
  g_autoptr (AssayGraph) graph = assay_model_build (s->model, BATCH, NULL);
  const guint logits = assay_graph_get_logits (graph), keep[] = { logits, ASSAY_NO_VALUE };
  const AssayWalkSpec whole = { .walk = ASSAY_WALK_HESSIAN, .dtype = ASSAY_F32 }, narrow = { .walk = ASSAY_WALK_HESSIAN, .dtype = ASSAY_F32, .is_narrow = TRUE };
  const AssayWalkSpec kept = { .walk = ASSAY_WALK_HESSIAN, .dtype = ASSAY_F32, .is_narrow = TRUE, .keep = keep };
  g_autoptr (AssayPlan) of_wide = assay_plan_new_walk (graph, &whole), of_narrow = assay_plan_new_walk (graph, &narrow), of_kept = assay_plan_new_walk (graph, &kept);
  const AssayWalkSpec block = { .walk = ASSAY_WALK_HESSIAN, .dtype = ASSAY_F32, .K = 2, .compute = ASSAY_COMPUTE_BF16 };
  Walk *walk = walk_new_spec (s, &block, device);
  guint64 measured;

  g_test_message ("%zu bytes in f32, %zu in bf16", assay_plan_get_bytes (of_wide), assay_plan_get_bytes (of_narrow));
  g_assert_cmpuint (assay_plan_get_bytes (of_narrow), <, assay_plan_get_bytes (of_wide) * 6 / 10);
  g_assert_true (assay_plan_is_narrow (of_narrow, logits) && !assay_plan_is_narrow (of_kept, logits) && !assay_plan_is_narrow (of_wide, logits));
  g_assert_true (assay_pass_measure_walk (s->model, &block, BATCH, device, &measured, NULL));
  g_assert_cmpuint (measured, >=, assay_exec_get_bytes (walk->exec));                           /* data, too, and the rounded parameters of theta and of each direction */
  g_assert_cmpuint (assay_exec_get_bytes (walk->exec), >=, assay_plan_get_bytes (of_narrow) + 3 * (guint64) s->P * sizeof (guint16));
  walk_free (walk);
  sample_free (s);
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  if (!g_file_test (g_getenv ("ASSAY_CUDA_MODULE") ? g_getenv ("ASSAY_CUDA_MODULE") : CUDA_MODULE, G_FILE_TEST_EXISTS))
    {
      g_print ("1..0 # SKIP the kernels were not built for the host: there is no C++ compiler\n");
      return 0;
    }
  device = assay_backend_cuda_new (g_getenv ("ASSAY_CUDA_MODULE") ? g_getenv ("ASSAY_CUDA_MODULE") : CUDA_MODULE, 0, 1, &error);
  g_assert_no_error (error);
  trial_set_device (device);
  for (const AssayOp *const *op = assay_op_list (); *op != NULL; op++)
    if ((*op)->narrow_in != 0 || (*op)->narrow_out != 0)
      {
        g_autofree char *path = g_strdup_printf ("/narrow/%s", (*op)->name);

        g_test_add_data_func (path, *op, test_op);
      }
  for (guint k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *walk = g_strdup_printf ("/narrow/%s/losses are those of rounded values", names[k]);
      g_autofree char *products = g_strdup_printf ("/narrow/%s/products are near those in f32", names[k]);
      g_autofree char *batches = g_strdup_printf ("/narrow/%s/an example alone and in a batch", names[k]);
      g_autofree char *blocks = g_strdup_printf ("/narrow/%s/directions alone and in blocks", names[k]);

      g_test_add_data_func (walk, names[k], test_walk);
      g_test_add_data_func (products, names[k], test_products);
      g_test_add_data_func (batches, names[k], test_batches);
      if (strcmp (names[k], "transformer, llama") == 0)
        g_test_add_data_func (blocks, names[k], test_blocks);
    }
  g_test_add_func ("/narrow/half the memory", test_memory);
  status = g_test_run ();
  assay_backend_free (device);
  return status;
}
