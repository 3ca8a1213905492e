/* SPDX-License-Identifier: GPL-3.0-or-later */
/* walks.c: walks of GPT-2 on a device, and single rules of its operations: parity, then times beside what this card was seen to do. One JSON object a line.
 *
 *   walks parity MODULE DIR [tiny]     one batch, by the device and by the processor: every result within 1e-4 of the largest. Leaves in DIR what a
 *                                      peer needs to compute the same (config, order, model, batch) and what came out (JOB.npy)
 *   walks times MODULE [tiny]          products and memset of the device alone, rules, walks, projected gradients
 *   walks costs [tiny]                 FLOP and bytes of the rules; no device
 *
 * tiny is for hosts that stand in for a device. FLOP and bytes are the cost models of the operations (op.h); the vectors of a walk are the
 * device's. walk_bytes is a walk's arena, device_bytes all that is taken on the device by then, what the pool keeps included. Exit status 1 when something failed or differs.
 */
#include "base/error.h"
#include "bench/gpu/share.h"
#include "influence/side_projection.h"
#include "model/exec.h"
#include "ops/op.h"
#include "store/npy.h"

#include <math.h>

#define MOST_BUFFERS 32

typedef struct { gint64 V, T, C, L, H, tokens, parity_T, block, sketch_T, sketch_B; } Sizes;

static const Sizes gpt2 = { 50304, 4096, 768, 12, 12, 8192, 128, 16, 512, 64 }, tiny = { 61, 16, 8, 2, 2, 16, 8, 2, 8, 2 };
/* Projected gradients are timed of a model that launches bound, too. */
static const Sizes small = { .V = 50304, .C = 256, .L = 6, .H = 8, .sketch_T = 512, .sketch_B = 64 }, smaller = { .V = 61, .C = 8, .L = 1, .H = 2, .sketch_T = 8, .sketch_B = 2 };

/* What is multiplied, if anything: one direction, or a block of them at once, in walks of that part of the tokens. */
typedef enum { NONE, ONE, BLOCK } Directions;
static const struct { const char *name; AssayWalk walk; Directions directions; } jobs[] = {
  { "forward", ASSAY_WALK_FORWARD, NONE },             { "gradient", ASSAY_WALK_GRADIENT, NONE },         { "hessian", ASSAY_WALK_HESSIAN, ONE },
  { "hessian-cold", ASSAY_WALK_HESSIAN_COLD, ONE },    { "gauss-newton", ASSAY_WALK_GAUSS_NEWTON, ONE },  { "hessian-block", ASSAY_WALK_HESSIAN, BLOCK },
  { "gauss-newton-block", ASSAY_WALK_GAUSS_NEWTON, BLOCK },
};

static const char *const type_names[] = { [ASSAY_COMPUTE_FULL] = "f32", [ASSAY_COMPUTE_BF16] = "bf16", [ASSAY_COMPUTE_TF32] = "tf32" };

static const Sizes *sizes;
static const char *module;
static AssayBackend *device;
static gint64
count_directions (guint job)
{
  return jobs[job].directions == BLOCK ? sizes->block : 1;
}

static float *
draw (gint64 n, double scale, guint64 stream)
{
  GError *error = NULL;
  AssayRng rng = assay_rng_new (7, stream);
  float *x = assay_mem_new (float, n, &error);

  fail_on (error);
  for (gint64 i = 0; i < n; i++)
    x[i] = (float) (scale * assay_rng_normal (&rng));
  return x;
}

/* --- times ---------------------------------------------------------------------------------------------------------------- */

typedef gboolean (*Work) (gpointer data, GError **error);

/* Best and median seconds of one call. Short ones are queued together, so that the wait is shared. */
static gboolean
measure (Work work, gpointer data, double *best, double *median, GError **error)
{
  double times[7], start;
  int together = 1;

  for (int k = -1; k < (int) G_N_ELEMENTS (times); k++)
    {
      start = seconds (CLOCK_MONOTONIC);
      for (int i = 0; i < together; i++)
        if (!work (data, error))
          return FALSE;
      if (!device->sync (device, error))
        return FALSE;
      start = (seconds (CLOCK_MONOTONIC) - start) / together;
      if (k < 0)
        together = sizes == &tiny ? 1 : (int) CLAMP (0.02 / start, 1, 50);
      else
        times[k] = start;
    }
  for (guint i = 1; i < G_N_ELEMENTS (times); i++)
    for (guint k = i; k > 0 && times[k] < times[k - 1]; k--)
      {
        const double later = times[k];

        times[k] = times[k - 1];
        times[k - 1] = later;
      }
  *best = times[0];
  *median = times[G_N_ELEMENTS (times) / 2];
  return TRUE;
}

static void
tell_times (AssayCost cost, double best, double median)
{
  printf ("\"flops\": %.17g, \"bytes\": %.17g, \"best_ms\": %.4f, \"median_ms\": %.4f, \"tflop_per_s\": %.4g, \"gb_per_s\": %.4g", cost.flops, cost.bytes, best * 1e3,
          median * 1e3, cost.flops / best / 1e12, cost.bytes / best / 1e9);
}

/* --- what the card does --------------------------------------------------------------------------------------------------- */

typedef struct { AssayCompute compute; gint64 n; gpointer A, B, C; } Square;

static gboolean
multiply (gpointer data, GError **error)
{
  const Square *s = data;
  const AssayShape square = ASSAY_SHAPE (s->n, s->n), in[] = { square, square };
  AssayOpCall call = { .n_in = 2, .n_out = 1, .in_shape = in, .out_shape = &square, .x = { s->A, s->B }, .y = { s->C }, .compute = s->compute, .workers = device->workers };

  return assay_op_run (assay_op_find ("linear"), ASSAY_FWD, ASSAY_F32, device, &call, error);
}

static gboolean
multiply_doubles (gpointer data, GError **error)
{
  const Square *s = data;

  return device->gemm (device, ASSAY_F64, FALSE, TRUE, s->n, s->n, s->n, 1, s->A, s->n, s->B, s->n, FALSE, s->C, s->n, error);
}

static gboolean
set_zero (gpointer data, GError **error)
{
  const Square *s = data;

  return device->zero (device, s->A, (gsize) (s->n * s->n) * 8, error);
}

static void
measure_limits (void)
{
  static const struct { const char *name; Work work; AssayCompute compute; gsize width; } products[] = {
    { "f32", multiply, ASSAY_COMPUTE_FULL, 4 }, { "tf32", multiply, ASSAY_COMPUTE_TF32, 4 }, { "bf16", multiply, ASSAY_COMPUTE_BF16, 4 },
    { "f64", multiply_doubles, ASSAY_COMPUTE_FULL, 8 },
  };
  g_autoptr (GError) error = NULL;
  Square s = { .n = sizes == &tiny ? 32 : 8192 };
  const double n = (double) s.n;
  const gsize bytes = (gsize) (s.n * s.n) * 8;
  double best, median;

  if ((s.A = device->alloc (device, bytes, &error)) != NULL && (s.B = device->alloc (device, bytes, &error)) != NULL
      && (s.C = device->alloc (device, bytes, &error)) != NULL && measure (set_zero, &s, &best, &median, &error))
    {
      printf ("{\"what\": \"limit: memset\", ");
      tell_times ((AssayCost) { 0, (double) bytes }, best, median);
      printf ("}\n");
    }
  for (guint k = 0; error == NULL && k < G_N_ELEMENTS (products); k++)
    {
      s.compute = products[k].compute;
      if (!measure (products[k].work, &s, &best, &median, &error))
        break;
      printf ("{\"what\": \"limit: product\", \"type\": \"%s\", \"n\": %" G_GINT64_FORMAT ", ", products[k].name, s.n);
      tell_times ((AssayCost) { 2 * n * n * n, 3 * n * n * (double) products[k].width }, best, median);
      printf ("}\n");
    }
  if (error != NULL)
    tell_failure ("limit", &error);
  device->release (device, s.A);
  device->release (device, s.B);
  device->release (device, s.C);
  fflush (stdout);
}

/* --- rules ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssayOp *op;
  AssayRule rule;
  AssayOpCall call;
  AssayShape in[ASSAY_OP_MAX_IN], out[ASSAY_OP_MAX_OUT];
  double attr[ASSAY_OP_MAX_ATTRS];
  gpointer buffers[MOST_BUFFERS];
  guint n_buffers;
} Rule;

static gboolean
run_rule (gpointer data, GError **error)
{
  Rule *r = data;

  return assay_op_run (r->op, r->rule, ASSAY_F32, device, &r->call, error);
}

/* An array of the device, zeros or drawn. NULL with an error. */
static gpointer
get_array (Rule *r, const AssayShape *shape, double scale, gint64 below, GError **error)
{
  const gint64 n = assay_shape_count (shape);
  gpointer buffer = device->alloc (device, (gsize) n * 4, error), host;

  g_assert (r->n_buffers < MOST_BUFFERS);
  if (buffer == NULL)
    return NULL;
  r->buffers[r->n_buffers++] = buffer;
  if (scale <= 0 && below <= 0)
    return buffer;
  /* Drawn once and again from there: what is measured does not hang on the values. */
  host = below > 0 ? (gpointer) draw_indices (MIN (n, 1 << 20), below, r->n_buffers) : draw (MIN (n, 1 << 20), scale, r->n_buffers);
  for (gint64 at = 0; at < n; at += 1 << 20)
    if (!device->copy_in (device, (char *) buffer + at * 4, host, (gsize) MIN (n - at, 1 << 20) * 4, error))
      {
        assay_mem_free (host);
        return NULL;
      }
  assay_mem_free (host);
  return buffer;
}

#define IS(bits, i) (((bits) >> (i) & 1) != 0)

static gboolean
fill_call (Rule *r, guint n_in, gint64 below, GError **error)
{
  const AssayOp *op = r->op;
  AssayOpCall *c = &r->call;

  *c = (AssayOpCall) { .n_in = n_in, .n_out = op->n_out, .in_shape = r->in, .out_shape = r->out, .attr = r->attr, .workers = device->workers };
  for (guint i = 0; i < n_in; i++)
    {
      const gboolean is_index = IS (op->index_in, i), is_real = !is_index && !IS (op->data_in, i);

      if ((c->x[i] = get_array (r, &r->in[i], is_index ? 0 : 1, is_index ? below : 0, error)) == NULL
          || (is_real && ((c->rx[i] = get_array (r, &r->in[i], 1, 0, error)) == NULL || (c->dx[i] = get_array (r, &r->in[i], 0, 0, error)) == NULL
                          || (c->rdx[i] = get_array (r, &r->in[i], 0, 0, error)) == NULL)))
        return FALSE;
      if (is_real && (op->flags & ASSAY_OP_TAKES_FRESH) != 0)
        c->fresh |= 1u << i;
    }
  for (guint j = 0; j < op->n_out; j++)
    if ((c->y[j] = get_array (r, &r->out[j], 0, 0, error)) == NULL || (!IS (op->index_out, j) && (c->ry[j] = get_array (r, &r->out[j], 0, 0, error)) == NULL))
      return FALSE;
  return (c->dy = get_array (r, &r->out[0], 1, 0, error)) != NULL && (c->rdy = get_array (r, &r->out[0], 1, 0, error)) != NULL;
}

/* The four rules of an op, in f32; in has rank 0 behind the last input. Without a device: what they cost. */
static void
measure_rules (const char *name, const AssayShape *in, const double *attr, guint n_attr, gint64 below)
{
  static const struct { AssayRule rule; const char *name; } rules[] = {
    { ASSAY_FWD, "forward" }, { ASSAY_BWD, "backward" }, { ASSAY_RFWD, "tangent forward" }, { ASSAY_RBWD, "tangent backward" },
  };
  g_autoptr (GError) error = NULL;
  Rule r = { .op = assay_op_find (name) };
  guint n_in = 0;

  for (; n_in < r.op->n_in && in[n_in].rank > 0; n_in++)
    r.in[n_in] = in[n_in];
  for (guint k = 0; k < n_attr; k++)
    r.attr[k] = attr[k];
  if (r.op->infer (r.in, n_in, r.attr, r.out, &error) && (device == NULL || fill_call (&r, n_in, below, &error)))
    for (guint k = 0; k < G_N_ELEMENTS (rules) && error == NULL; k++)
      {
        g_autofree char *shape = assay_shape_to_string (&r.in[0]);
        const AssayCost cost = r.op->cost (rules[k].rule, r.in, r.out, r.attr, 4);
        double best, median;

        r.rule = rules[k].rule;
        if (device != NULL && !measure (run_rule, &r, &best, &median, &error))
          break;
        printf ("{\"what\": \"rule\", \"op\": \"%s\", \"rule\": \"%s\", \"shape\": \"%s\", ", name, rules[k].name, shape);
        if (device != NULL)
          tell_times (cost, best, median);
        else
          printf ("\"flops\": %.17g, \"bytes\": %.17g", cost.flops, cost.bytes);
        printf ("}\n");
        fflush (stdout);
      }
  if (error != NULL)
    tell_failure (name, &error);
  while (r.n_buffers > 0)
    device->release (device, r.buffers[--r.n_buffers]);
}

static void
measure_operations (void)
{
  const gint64 V = sizes->V, C = sizes->C, N = sizes == &tiny ? 16 : 16384, B = sizes == &tiny ? 2 : 64;
  const double heads[] = { (double) sizes->H, 0, TRUE, 0, 0 }, norm[] = { 1e-5, 1 };

  measure_rules ("xent", (AssayShape[]) { ASSAY_SHAPE (B, N / B, V), ASSAY_SHAPE (B, N / B), { 0 } }, NULL, 0, V);
  for (gint64 T = MIN (512, sizes->T); T <= sizes->T; T *= 2)
    measure_rules ("attention", (AssayShape[]) { ASSAY_SHAPE (MAX (sizes->tokens / T, 1), T, 3 * C), { 0 } }, heads, G_N_ELEMENTS (heads), 0);
  measure_rules ("layernorm", (AssayShape[]) { ASSAY_SHAPE (N, C), ASSAY_SHAPE (C), ASSAY_SHAPE (C) }, norm, G_N_ELEMENTS (norm), 0);
  measure_rules ("gelu", (AssayShape[]) { ASSAY_SHAPE (N, 4 * C), { 0 } }, NULL, 0, 0);
  measure_rules ("linear", (AssayShape[]) { ASSAY_SHAPE (N, C), ASSAY_SHAPE (4 * C, C), ASSAY_SHAPE (4 * C) }, NULL, 0, 0);
}

/* --- walks ---------------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayModel *model;
  gint64 P;
  float *direction, *result, *weight;
  gint32 *tokens, *targets;
  gpointer theta_there, directions_there, results_there;        /* the device's, of blocks where those are timed: a walk leaves them where they are */
} Batch;

static AssayModel *
make_model (const Sizes *of, gint64 context)
{
  GError *error = NULL;
  json_t *config = json_pack ("{s:I,s:I,s:I,s:I,s:I,s:f}", "vocabulary", (json_int_t) of->V, "context", (json_int_t) context, "width", (json_int_t) of->C,
                              "layers", (json_int_t) of->L, "heads", (json_int_t) of->H, "eps", 1e-5);
  AssayModel *model = assay_model_new ("transformer", config, ASSAY_F32, &error);

  json_decref (config);
  fail_on (error);
  assay_model_init (model, 7);
  return model;
}

static void
make_batch (Batch *b, gint64 block)
{
  GError *error = NULL;
  float *theta;
  gsize bytes;

  b->model = make_model (sizes, sizes->T);
  b->P = assay_model_get_n_params (b->model);
  bytes = (gsize) b->P * sizeof (float);
  /* Biases and gains away from 0 and 1, where mistakes in them would not be seen. */
  theta = assay_model_get_theta (b->model);
  b->direction = draw (b->P, 1, 1);
  for (gint64 i = 0; i < b->P; i++)
    theta[i] += 0.01f * b->direction[b->P - 1 - i];
  b->result = assay_mem_new (float, b->P, &error);
  fail_on (error);
  b->weight = draw (sizes->tokens, 0, 2);
  for (gint64 i = 0; i < sizes->tokens; i++)
    b->weight[i] = 1;
  b->tokens = draw_indices (sizes->tokens, sizes->V, 3);
  b->targets = draw_indices (sizes->tokens, sizes->V, 4);
  if ((b->theta_there = device->alloc (device, bytes, &error)) == NULL || (b->directions_there = device->alloc (device, (gsize) block * bytes, &error)) == NULL
      || (b->results_there = device->alloc (device, (gsize) block * bytes, &error)) == NULL || !device->copy_in (device, b->theta_there, theta, bytes, &error))
    fail_on (error);
  for (gint64 k = 0; k < block; k++)
    if (!device->copy_in (device, (char *) b->directions_there + (gsize) k * bytes, b->direction, bytes, &error))
      fail_on (error);
}

static AssayExec *
make_exec (const Batch *b, guint job, AssayCompute compute, gint64 examples, gint64 T, AssayBackend *backend, GError **error)
{
  const AssayWalkSpec spec = { .walk = jobs[job].walk, .dtype = ASSAY_F32, .K = count_directions (job), .compute = compute };
  g_autoptr (AssayGraph) graph = assay_model_build_sequences (b->model, examples, T, error);
  AssayExec *exec = graph ? assay_exec_new_walk (graph, &spec, backend, error) : NULL;

  if (exec == NULL)
    return NULL;
  assay_exec_set_input (exec, assay_graph_find (graph, "tokens"), b->tokens);
  assay_exec_set_input (exec, assay_graph_find (graph, "targets"), b->targets);
  assay_exec_set_input (exec, assay_graph_find (graph, "weight"), b->weight);
  return exec;
}

typedef struct {
  guint job;
  AssayExec *exec;
  gconstpointer theta, direction;
  gpointer result;
} Walk;

/* FALSE with an error. */
static gboolean
make_walk (Walk *w, const Batch *b, guint job, AssayCompute compute, gint64 examples, gint64 T, AssayBackend *backend, GError **error)
{
  *w = (Walk) { job, make_exec (b, job, compute, examples, T, backend, error), b->theta_there, b->directions_there, b->results_there };
  if (backend != device)
    {
      w->theta = assay_model_get_theta (b->model);
      w->direction = b->direction;
      w->result = b->result;
    }
  return w->exec != NULL;
}

static gboolean
prepare (const Walk *w, GError **error)
{
  return assay_exec_prepare (w->exec, w->theta, NULL, jobs[w->job].walk == ASSAY_WALK_GRADIENT ? w->result : NULL, FALSE, error);
}

static gboolean
walk_once (gpointer data, GError **error)
{
  const Walk *w = data;

  return jobs[w->job].directions != NONE ? assay_exec_apply_block (w->exec, count_directions (w->job), w->direction, w->result, FALSE, error) : prepare (w, error);
}

/* What the job's walk says, as a new vector of n numbers: P, or the loss of each example. */
static float *
compute (const Batch *b, guint job, AssayCompute compute, AssayBackend *backend, gint64 *n, GError **error)
{
  const gboolean is_loss = jobs[job].walk == ASSAY_WALK_FORWARD;
  float *result = NULL;
  Walk w;

  *n = is_loss ? 1 : b->P;
  if (make_walk (&w, b, job, compute, 1, sizes->parity_T, backend, error) && (jobs[job].directions == NONE || prepare (&w, error)) && walk_once (&w, error)
      && (is_loss || backend != device || device->copy_out (device, b->result, b->results_there, (gsize) b->P * 4, error)))
    result = assay_mem_new (float, *n, error);
  if (result != NULL)
    memcpy (result, is_loss ? assay_exec_get_loss (w.exec) : b->result, (gsize) *n * sizeof *result);
  assay_exec_free (w.exec);
  return result;
}

static void
write_case (const Batch *b, const char *folder)
{
  g_autofree char *config = g_build_filename (folder, "config.json", NULL), *order = g_build_filename (folder, "order.json", NULL),
                  *weights = g_build_filename (folder, "model.safetensors", NULL), *batch = g_build_filename (folder, "batch.safetensors", NULL);
  AssayGraph *layout = assay_model_get_layout (b->model);
  g_autofree AssaySafetensor *tensors = g_new0 (AssaySafetensor, assay_graph_get_n_values (layout));
  json_t *spec = assay_model_get_spec (b->model), *names = json_array ();
  const gint64 T = sizes->parity_T;
  const AssaySafetensor data[] = {
    { "tokens", ASSAY_STORE_I32, 2, { 1, T }, (guint64) T, b->tokens, (gsize) T * 4 }, { "targets", ASSAY_STORE_I32, 2, { 1, T }, (guint64) T, b->targets, (gsize) T * 4 },
    { "direction", ASSAY_STORE_F32, 1, { b->P }, (guint64) b->P, b->direction, (gsize) b->P * 4 },
  };
  GError *error = NULL;
  gsize n = 0;

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      const guint64 count = (guint64) assay_shape_count (&p->shape);

      if (p->role != ASSAY_VALUE_PARAM)
        continue;
      json_array_append_new (names, json_string (p->name));
      tensors[n] = (AssaySafetensor) { .name = p->name, .type = ASSAY_STORE_F32, .rank = p->shape.rank, .n_elements = count,
                                       .data = (const float *) assay_model_get_theta (b->model) + p->offset, .bytes = (gsize) count * 4 };
      memcpy (tensors[n++].dims, p->shape.dim, p->shape.rank * sizeof *p->shape.dim);
    }
  if (json_dump_file (spec, config, 0) != 0 || json_dump_file (names, order, 0) != 0)
    g_set_error (&error, ASSAY_ERROR, ASSAY_ERROR_IO, "%s: cannot be written", folder);
  fail_on (error);
  assay_safetensors_write (weights, tensors, n, NULL, &error);
  fail_on (error);
  assay_safetensors_write (batch, data, G_N_ELEMENTS (data), NULL, &error);
  fail_on (error);
  json_decref (spec);
  json_decref (names);
}

/* ours (n) beside theirs. */
static void
compare (const char *job, gint64 n, const float *ours, const float *theirs)
{
  double largest = 0, apart = 0;

  for (gint64 i = 0; i < n; i++)
    {
      const double difference = fabs ((double) ours[i] - theirs[i]);

      largest = MAX (largest, fabs ((double) theirs[i]));
      apart = difference <= apart ? apart : isfinite (difference) ? difference : DBL_MAX;
    }
  tell_parity (job, apart / largest);
}

/* Walks of rounded factors beside those in f32 (n): as far apart, by the norm, as each of their steps rounds, relatively, to first order. That is
 * loose for many steps: it keeps rubbish from being timed, and the difference that is told is what to look at; test-narrow_cuda holds the same to the bit. */
static void
compare_rounded (const Batch *b, guint job, gint64 n, const float *full)
{
  static const struct { AssayCompute compute; double unit; } types[] = { { ASSAY_COMPUTE_TF32, 0x1p-11 }, { ASSAY_COMPUTE_BF16, 0x1p-8 } };

  for (guint k = 0; k < G_N_ELEMENTS (types); k++)
    {
      g_autoptr (GError) error = NULL;
      float *rounded = compute (b, job, types[k].compute, device, &n, &error);
      double size = 0, apart = 0;

      for (gint64 i = 0; rounded != NULL && i < n; i++)
        {
          size += (double) full[i] * full[i];
          apart += ((double) rounded[i] - full[i]) * ((double) rounded[i] - full[i]);
        }
      if (rounded != NULL)
        tell_parity_with ("f32 on the device", jobs[job].name, type_names[types[k].compute], sqrt (apart / size),
                          types[k].unit * assay_graph_get_n_nodes (assay_model_get_layout (b->model)));
      else
        tell_failure (jobs[job].name, &error);
      assay_mem_free (rounded);
    }
}

static void
check_parity (const Batch *b, const char *folder)
{
  g_autoptr (AssayBackend) processor = assay_backend_cpu_new (0);

  write_case (b, folder);
  for (guint k = 0; k < G_N_ELEMENTS (jobs) && jobs[k].directions != BLOCK; k++)        /* a block has the bits of its directions alone: test-walks_cuda */
    {
      g_autofree char *name = g_strconcat (jobs[k].name, ".npy", NULL), *file = g_build_filename (folder, name, NULL);
      g_autoptr (GError) error = NULL;
      gint64 n;
      float *ours = compute (b, k, ASSAY_COMPUTE_FULL, device, &n, &error), *theirs = error == NULL ? compute (b, k, ASSAY_COMPUTE_FULL, processor, &n, &error) : NULL;

      if (ours != NULL && theirs != NULL && assay_npy_write (file, ASSAY_STORE_F32, 1, &n, ours, &error))
        {
          compare (jobs[k].name, n, ours, theirs);
          compare_rounded (b, k, n, ours);
        }
      else
        tell_failure (jobs[k].name, &error);
      assay_mem_free (ours);
      assay_mem_free (theirs);
    }
}

/* Blocks of more directions than a walk has tokens for are left out. */
static void
measure_walk (const Batch *b, guint job, AssayCompute compute, gint64 T)
{
  const gint64 K = count_directions (job), examples = MAX (1, sizes->tokens / T / K);
  g_autoptr (GError) error = NULL;
  AssayCudaFound found;
  AssayCost cost;
  double best, median;
  Walk w;

  if (examples * K * T > 2 * sizes->tokens)
    return;
  if (make_walk (&w, b, job, compute, examples, T, device, &error) && (jobs[job].directions == NONE || prepare (&w, &error))
      && measure (walk_once, &w, &best, &median, &error) && assay_backend_cuda_find (module, 0, &found, &error))
    {
      cost = assay_exec_get_cost (w.exec, jobs[job].directions != NONE);
      printf ("{\"what\": \"walk\", \"job\": \"%s\", \"type\": \"%s\", \"B\": %" G_GINT64_FORMAT ", \"T\": %" G_GINT64_FORMAT ", \"directions\": %" G_GINT64_FORMAT ", ",
              jobs[job].name, type_names[compute], examples, T, K);
      tell_times ((AssayCost) { .flops = (double) K * cost.flops, .bytes = (double) K * cost.bytes }, best, median);
      printf (", \"walk_bytes\": %" G_GSIZE_FORMAT ", \"device_bytes\": %" G_GUINT64_FORMAT "}\n", assay_exec_get_bytes (w.exec), found.memory - found.available);
    }
  else
    tell_failure (jobs[job].name, &error);
  fflush (stdout);
  assay_exec_free (w.exec);
}

/* All walks in f32, and with factors of less at one length. */
static void
measure_walks (const Batch *b)
{
  for (gint64 T = MIN (512, sizes->T); T <= sizes->T; T *= 2)
    for (AssayCompute compute = 0; compute < G_N_ELEMENTS (type_names); compute++)
      for (guint job = 0; job < G_N_ELEMENTS (jobs) && (compute == ASSAY_COMPUTE_FULL || T == MIN (1024, sizes->T)); job++)
        measure_walk (b, job, compute, T);
}

/* --- projected gradients --------------------------------------------------------------------------------------------------- */

static const AssayParam sketch_params[] = { ASSAY_SIDE_PROJECTION_PARAMS, { .name = NULL } };

typedef struct {
  gint64 F, warm, T;            /* examples that are not timed: their walks are made and captured */
  float *feature;               /* (N,F), or NULL */
  double start, end;
} Sketch;

static gboolean
take_sketch (gint64 example, const double *feature, gpointer data, GError **error)
{
  Sketch *s = data;

  (void) error;
  if (example + 1 == s->warm)
    s->start = seconds (CLOCK_MONOTONIC);
  s->end = seconds (CLOCK_MONOTONIC);
  for (gint64 f = 0; s->feature != NULL && f < s->F; f++)
    s->feature[example * s->F + f] = (float) feature[f];
  return TRUE;
}

/* N examples of T tokens, batch at once. With features of all: s->feature is theirs, owned by the caller. */
static gboolean
run_sketch (AssayModel *model, AssayBackend *backend, AssayCompute compute, gint64 N, gint64 batch, gboolean keeps, Sketch *s, GError **error)
{
  gint32 *tokens = draw_indices (N * s->T, sizes->V, 5), *targets = draw_indices (N * s->T, sizes->V, 6);
  AssayDataset *dataset = assay_dataset_new_from_token_arrays (N, s->T, sizes->V, tokens, targets, NULL, "train", 0, NULL, error);
  g_autofree gint64 *examples = g_new (gint64, N);
  const AssayInfluenceTask task = { .model = model, .dataset = dataset, .train = examples, .n_train = N, .query = examples, .n_query = 1, .batch = batch,
                                    .is_single_precision = TRUE, .backend = backend };
  g_autoptr (AssayValues) options = assay_values_new (sketch_params);
  g_auto (AssaySideProjection) projection = { 0 };
  gboolean ok;

  for (gint64 i = 0; i < N; i++)
    examples[i] = i;
  ok = dataset != NULL && assay_values_set_text (options, "compute", assay_compute_names[compute], error)
       && assay_side_projection_open (&projection, &task, options, error);
  s->F = projection.F;
  ok = ok && (!keeps || (s->feature = assay_mem_new (float, N * s->F, error)) != NULL)
       && assay_side_projection_collect (&projection, examples, N, take_sketch, s, NULL, error);
  assay_dataset_unref (dataset);
  assay_mem_free (tokens);
  assay_mem_free (targets);
  return ok;
}

static void
check_sketch (void)
{
  g_autoptr (AssayBackend) processor = assay_backend_cpu_new (0);
  g_autoptr (GError) error = NULL;
  AssayModel *model = make_model (sizes, sizes->parity_T);
  Sketch ours = { .T = sizes->parity_T }, theirs = ours;

  if (run_sketch (model, device, ASSAY_COMPUTE_FULL, 2, 2, TRUE, &ours, &error) && run_sketch (model, processor, ASSAY_COMPUTE_FULL, 2, 2, TRUE, &theirs, &error))
    compare ("sketch", 2 * ours.F, ours.feature, theirs.feature);
  else
    tell_failure ("sketch", &error);
  assay_mem_free (ours.feature);
  assay_mem_free (theirs.feature);
  assay_model_free (model);
}

static void
measure_sketch (const Sizes *of)
{
  const gint64 T = of->sketch_T, B = of->sketch_B, N = 6 * B;
  AssayModel *model = make_model (of, T);

  for (AssayCompute compute = ASSAY_COMPUTE_FULL; assay_compute_names[compute] != NULL; compute++)
    {
      g_autoptr (GError) error = NULL;
      Sketch s = { .T = T, .warm = 2 * B };

      if (run_sketch (model, device, compute, N, B, FALSE, &s, &error))
        printf ("{\"what\": \"sketch pass\", \"compute\": \"%s\", \"parameters\": %" G_GINT64_FORMAT ", \"width\": %" G_GINT64_FORMAT ", \"layers\": %" G_GINT64_FORMAT
                ", \"B\": %" G_GINT64_FORMAT ", \"T\": %" G_GINT64_FORMAT ", \"numbers\": %" G_GINT64_FORMAT ", \"batch_ms\": %.4f, \"tokens_per_s\": %.6g}\n",
                assay_compute_names[compute], assay_model_get_n_params (model), of->C, of->L, B, T, s.F, (s.end - s.start) * 1e3 / (double) (N / B - 2),
                (double) ((N - s.warm) * T) / (s.end - s.start));
      else
        tell_failure ("sketch pass", &error);
      fflush (stdout);
    }
  assay_model_free (model);
}

int
main (int argc, char **argv)
{
  const gboolean is_costs = argc > 1 && strcmp (argv[1], "costs") == 0, is_parity = argc > 3 && strcmp (argv[1], "parity") == 0, is_times = argc > 2 && strcmp (argv[1], "times") == 0;
  GError *error = NULL;
  AssayCudaFound found;
  Batch batch;

  if (!is_parity && !is_times && !is_costs)
    {
      fprintf (stderr, "usage: walks parity MODULE DIR [tiny] | walks times MODULE [tiny] | walks costs [tiny]\n");
      return 2;
    }
  sizes = strcmp (argv[argc - 1], "tiny") == 0 ? &tiny : &gpt2;
  if (is_costs)
    {
      measure_operations ();
      return has_failed;
    }
  module = argv[2];
  device = assay_backend_cuda_new (module, 0, 0, &error);
  fail_on (error);
  assay_backend_cuda_find (module, 0, &found, &error);
  fail_on (error);
  make_batch (&batch, is_parity ? 1 : sizes->block);
  printf ("{\"what\": \"walks of\", \"device\": \"%s\", \"parameters\": %" G_GINT64_FORMAT ", \"vocabulary\": %" G_GINT64_FORMAT ", \"width\": %" G_GINT64_FORMAT
          ", \"layers\": %" G_GINT64_FORMAT ", \"heads\": %" G_GINT64_FORMAT "}\n", found.name, batch.P, sizes->V, sizes->C, sizes->L, sizes->H);
  fflush (stdout);
  if (is_parity)
    {
      check_parity (&batch, argv[3]);
      check_sketch ();
    }
  else
    {
      measure_limits ();
      measure_operations ();
      measure_walks (&batch);
      measure_sketch (sizes);
      measure_sketch (sizes == &tiny ? &smaller : &small);
    }
  return has_failed;
}
