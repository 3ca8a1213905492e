/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exec.c: the walker. Each step turns a planned (rule, node) into one op call by resolving where every buffer is. */
#include "model/exec.h"

#include "base/error.h"
#include "model/repeated_steps.h"
#include "model/rounded_weights.h"
#include "model/staging.h"

#include <complex.h>
#include <math.h>
#include <string.h>

struct _AssayExec {
  AssayGraph *graph;
  AssayPlan *plan;
  AssayDtype dtype;
  gsize width;
  AssayBackend *backend;
  char *arena, *scratch, *zeros;
  char *ones;                                   /* (B): weights of a walk that was given none */
  gsize scratch_bytes, zeros_bytes;             /* scratch of one worker */
  const void **inputs;                          /* per value, the backend's */
  AssayStaging *staging;                        /* NULL: the backend's memory is the caller's */
  GPtrArray *constants;                         /* in the walk's type */
  void **constants_here;                        /* (values): copies of them for who reads inputs; NULL: they are here themselves */
  const AssayPlanStep *steps;
  guint n_prepare, n_steps;
  gboolean check;
  gint64 K, n;                                  /* directions that there is room for, and of the walk under way */
  gint64 fault;                                 /* example of the first number that was not finite */
  GArray *edits;                                /* Edit; NULL: none was ever set */
  const AssayPacked **packed;                   /* (nodes): what takes the place of a linear layer's weight; NULL: no weight has one */
  AssayCompute compute;
  AssayRoundedWeights *rounded;                 /* NULL: values are not stored in bf16 */
  gboolean *skipped;                            /* (nodes): those that follow from the wanted value; NULL: all values are wanted */
  guint wanted;
  gint64 wanted_rows;

  gint64 position, capacity;                    /* of a walk that goes on behind others */
  void *const *state;                           /* (nodes); NULL: a walk of whole sequences */

  AssayRepeatedSteps phase[2][2];               /* prepare and apply, each writing or adding: on a device */
  const char *theta, *direction;                /* of the walk under way */
  char *gradient, *product;
  gboolean accumulate;
};

#define MAX_READS 4

typedef struct { guint value; AssayExecEdit func; gpointer user_data; guint n_reads, reads[MAX_READS]; } Edit;

static void
measure (AssayExec *exec)
{
  for (guint n = 0; n < assay_graph_get_n_nodes (exec->graph); n++)
    {
      const AssayGraphNode *node = assay_graph_get_node (exec->graph, n);

      if (node->op->scratch != NULL)
        exec->scratch_bytes = MAX (exec->scratch_bytes, node->op->scratch (node->in_shape, node->attr, exec->width));
      if (!(node->op->flags & ASSAY_OP_NULL_TANGENT))
        for (guint i = 0; i < node->n_in; i++)
          if (!assay_graph_get_value (exec->graph, node->in[i])->is_active
              && !((node->op->index_in | node->op->data_in) >> i & 1))
            exec->zeros_bytes = MAX (exec->zeros_bytes, assay_shape_count (&node->in_shape[i]) * exec->width);
    }
  exec->scratch_bytes = (exec->scratch_bytes + 63) & ~(gsize) 63;
}

/* Room for a constant of that many bytes, as input v; NULL with an error. */
static void *
add_constant (AssayExec *exec, guint v, gsize bytes, GError **error)
{
  void *numbers = exec->backend->alloc (exec->backend, MAX (64, bytes), error);

  if (numbers != NULL)
    g_ptr_array_add (exec->constants, numbers);
  exec->inputs[v] = numbers;
  return numbers;
}

/* Constants of the graph in the walk's type, as inputs. */
static gboolean
set_constants (AssayExec *exec, GError **error)
{
  exec->constants = g_ptr_array_new ();
  for (guint v = 0; v < assay_graph_get_n_values (exec->graph); v++)
    {
      const AssayGraphValue *value = assay_graph_get_value (exec->graph, v);
      gsize n = (gsize) assay_shape_count (&value->shape), bytes = n * (value->is_index ? sizeof (gint32) : exec->width);
      g_autofree char *host = value->constant || value->is_zero ? g_malloc0 (MAX (1, bytes)) : NULL;
      void *numbers = host ? add_constant (exec, v, bytes, error) : NULL;

      if (host == NULL)
        continue;
      if (numbers == NULL)
        return FALSE;
      if (value->constant != NULL)
        assay_dtype_convert (ASSAY_F64, value->constant, value->is_index ? ASSAY_I32 : exec->dtype, host, n);
      if (!exec->backend->copy_in (exec->backend, numbers, host, bytes, error))
        return FALSE;
      if (exec->constants_here != NULL)
        exec->constants_here[v] = g_steal_pointer (&host);
    }
  return TRUE;
}

static void
make_ones (AssayExec *exec)
{
  gint64 B = assay_graph_get_value (exec->graph, assay_graph_get_loss (exec->graph))->shape.dim[0];

  exec->ones = g_malloc0 (B * exec->width);
  for (gint64 b = 0; b < B; b++)
    if (exec->dtype == ASSAY_F32)
      ((float *) (void *) exec->ones)[b] = 1;
    else
      *(double *) (void *) (exec->ones + b * exec->width) = 1;    /* the real part of a complex number comes first */
}

AssayExec *
assay_exec_new (AssayGraph *graph, AssayWalk walk, AssayDtype dtype, AssayBackend *backend, const guint *keep, GError **error)
{
  return assay_exec_new_walk (graph, &(AssayWalkSpec) { .walk = walk, .dtype = dtype, .keep = keep }, backend, error);
}

AssayExec *
assay_exec_new_walk (AssayGraph *graph, const AssayWalkSpec *spec, AssayBackend *backend, GError **error)
{
  g_autoptr (AssayExec) exec = NULL;
  AssayWalkSpec planned = *spec;

  if (!assay_walk_spec_check (spec, backend, error))
    return NULL;
  planned.is_narrow = assay_walk_spec_is_narrow (spec, backend);
  exec = g_new0 (AssayExec, 1);
  exec->graph = assay_graph_ref (graph);
  exec->dtype = spec->dtype;
  exec->width = assay_dtype_width (spec->dtype);
  exec->backend = backend;
  exec->K = MAX (1, spec->K);
  exec->n = 1;
  exec->compute = spec->compute;
  exec->plan = assay_plan_new_walk (graph, &planned);
  exec->steps = assay_plan_get_steps (exec->plan, &exec->n_prepare, &exec->n_steps);
  exec->inputs = g_new0 (const void *, assay_graph_get_n_values (graph));
  exec->constants_here = backend->owns ? g_new0 (void *, assay_graph_get_n_values (graph)) : NULL;
  measure (exec);
  make_ones (exec);
  if (!set_constants (exec, error))
    return NULL;
  exec->arena = backend->alloc (backend, MAX (64, assay_plan_get_bytes (exec->plan)), error);
  if (exec->arena == NULL)
    return NULL;
  if (backend->kind != ASSAY_BACKEND_CPU)                         /* whose kernels have scratch of their own */
    {
      exec->staging = assay_staging_new (graph, exec->plan, spec->dtype, exec->K, backend, spec->keep);
      exec->scratch_bytes = 0;
    }
  if (planned.is_narrow
      && (exec->rounded = assay_rounded_weights_new (graph, assay_plan_get_n_directions (exec->plan), backend, error)) == NULL)
    return NULL;
  exec->scratch = backend->alloc (backend, MAX (64, exec->scratch_bytes * assay_workers_get_count (backend->workers)), error);
  if (exec->scratch == NULL)
    return NULL;
  exec->zeros = backend->alloc (backend, MAX (64, exec->zeros_bytes), error);
  return exec->zeros ? g_steal_pointer (&exec) : NULL;
}

/* What was captured is not what will be run. */
static void
forget (AssayExec *exec)
{
  for (guint k = 0; k < 4; k++)
    assay_repeated_steps_forget (&exec->phase[k / 2][k % 2], exec->backend);
}

void
assay_exec_free (AssayExec *exec)
{
  if (exec == NULL)
    return;
  forget (exec);
  exec->backend->release (exec->backend, exec->arena);
  exec->backend->release (exec->backend, exec->scratch);
  exec->backend->release (exec->backend, exec->zeros);
  assay_rounded_weights_free (exec->rounded);
  for (guint k = 0; exec->constants != NULL && k < exec->constants->len; k++)
    exec->backend->release (exec->backend, exec->constants->pdata[k]);
  g_clear_pointer (&exec->constants, g_ptr_array_unref);
  for (guint v = 0; exec->constants_here != NULL && v < assay_graph_get_n_values (exec->graph); v++)
    g_free (exec->constants_here[v]);
  g_free (exec->constants_here);
  g_free (exec->inputs);
  g_free (exec->ones);
  assay_staging_free (exec->staging);
  g_clear_pointer (&exec->edits, g_array_unref);
  g_free (exec->packed);
  g_free (exec->skipped);
  assay_plan_free (exec->plan);
  assay_graph_unref (exec->graph);
  g_free (exec);
}

AssayGraph *
assay_exec_get_graph (const AssayExec *exec)
{
  return exec->graph;
}

void
assay_exec_set_input (AssayExec *exec, guint value, const void *data)
{
  if (exec->staging != NULL && (data == NULL) != (assay_staging_get_input (exec->staging, value) == NULL))
    forget (exec);                                                /* it lies elsewhere from here on, as where data take the place of a constant */
  if (exec->staging != NULL)
    assay_staging_set_input (exec->staging, value, data);
  if (exec->staging == NULL || data == NULL)
    exec->inputs[value] = data;
}

void
assay_exec_set_check (AssayExec *exec, gboolean check)
{
  exec->check = check;
}

void
assay_exec_set_edit (AssayExec *exec, guint value, AssayExecEdit func, gpointer user_data)
{
  const Edit edit = { .value = value, .func = func, .user_data = user_data };

  g_return_if_fail (!assay_plan_is_narrow (exec->plan, value));
  if (exec->edits == NULL)
    exec->edits = g_array_new (FALSE, FALSE, sizeof (Edit));
  for (guint k = 0; k < exec->edits->len; k++)
    if (g_array_index (exec->edits, Edit, k).value == value)
      {
        g_array_remove_index (exec->edits, k);
        break;
      }
  if (func != NULL)
    g_array_append_val (exec->edits, edit);
}

void
assay_exec_set_edit_reads (AssayExec *exec, guint value, const guint *reads)
{
  for (guint k = 0; exec->staging != NULL && k < exec->edits->len; k++)
    {
      Edit *edit = &g_array_index (exec->edits, Edit, k);

      for (guint i = 0; edit->value == value && reads[i] != ASSAY_NO_VALUE; i++)
        {
          g_return_if_fail (i < MAX_READS && !assay_plan_is_narrow (exec->plan, reads[i]));
          edit->reads[i] = reads[i];
          edit->n_reads = i + 1;
          assay_staging_offer (exec->staging, exec->plan, reads[i]);
        }
    }
}

gboolean
assay_exec_set_packed (AssayExec *exec, const AssayPackedWeights *weights, GError **error)
{
  const guint N = assay_graph_get_n_nodes (exec->graph);

  g_clear_pointer (&exec->packed, g_free);
  if (weights == NULL)
    return TRUE;
  if (exec->n_steps != N || exec->dtype != ASSAY_F32 || exec->staging != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "weights in %s: a forward walk in f32 on the processor expected, %s in %s on %s found; derivatives are of the weights as they are",
                   assay_packed_weights_get_type_name (weights), exec->n_steps != N ? "derivatives" : "a walk", assay_dtype_name (exec->dtype), exec->backend->name);
      return FALSE;
    }
  exec->packed = g_new0 (const AssayPacked *, N);
  for (guint n = 0; n < N; n++)
    {
      const AssayGraphNode *node = assay_graph_get_node (exec->graph, n);

      if (strcmp (node->op->name, "linear") == 0)
        exec->packed[n] = assay_packed_weights_find (weights, assay_graph_get_value (exec->graph, node->in[1]));
    }
  return TRUE;
}

void
assay_exec_set_wanted (AssayExec *exec, guint value, gint64 rows)
{
  const guint N = assay_graph_get_n_nodes (exec->graph);
  g_autofree gboolean *follows = g_new0 (gboolean, assay_graph_get_n_values (exec->graph));

  forget (exec);
  exec->wanted = value;
  exec->wanted_rows = rows;
  if (exec->skipped == NULL)
    exec->skipped = g_new0 (gboolean, N);
  follows[value] = TRUE;
  for (guint n = 0; n < N; n++)
    {
      const AssayGraphNode *node = assay_graph_get_node (exec->graph, n);

      exec->skipped[n] = rows == 0 && node->out[0] == value;
      for (guint i = 0; i < node->n_in; i++)
        exec->skipped[n] |= follows[node->in[i]];
      for (guint j = 0; exec->skipped[n] && j < node->n_out; j++)
        follows[node->out[j]] = TRUE;
    }
}

/* Of one number of a value between operations. */
static gsize
get_width (const AssayExec *exec, guint value)
{
  return assay_graph_get_value (exec->graph, value)->is_index ? sizeof (gint32) : assay_plan_is_narrow (exec->plan, value) ? sizeof (guint16) : exec->width;
}

/* Makes a call of "linear", of that node, one of its last rows. shape: room for its inputs. */
static void
shorten (const AssayExec *exec, const AssayGraphNode *node, AssayOpCall *call, AssayShape *shape)
{
  const gint64 n = assay_shape_rows (&call->in_shape[0]), gone = n - MIN (n, exec->wanted_rows);

  for (guint i = 0; i < call->n_in; i++)
    shape[i] = call->in_shape[i];
  call->x[0] = (const char *) call->x[0] + gone * assay_shape_last (&shape[0]) * get_width (exec, node->in[0]);
  call->y[0] = (char *) call->y[0] + gone * assay_shape_last (&call->out_shape[0]) * get_width (exec, node->out[0]);
  shape[0] = ASSAY_SHAPE (n - gone, assay_shape_last (&shape[0]));
  call->in_shape = shape;
}

static gsize
count_bytes (const AssayExec *exec, guint value)
{
  const AssayGraphValue *v = assay_graph_get_value (exec->graph, value);

  return (gsize) assay_shape_count (&v->shape) * get_width (exec, value);
}

/* Numbers of bf16 as floats. Owns: the caller. */
static gpointer
widen (const guint16 *from, gsize n)
{
  guint32 *bits = g_new (guint32, MAX (1, n));

  for (gsize i = 0; i < n; i++)
    bits[i] = (guint32) from[i] << 16;
  return bits;
}

/* Numbers of a value at `data`, of which host is a copy on a device's walk. Owns: the caller, through *copy. */
static void *
get_host (const AssayExec *exec, guint value, const void *data, gpointer *copy, GError **error)
{
  const gsize bytes = count_bytes (exec, value);
  g_autofree gpointer stored = NULL;

  *copy = NULL;
  if (exec->staging == NULL)
    return (void *) data;
  stored = g_malloc (MAX (1, bytes));
  if (!exec->backend->copy_out (exec->backend, stored, data, bytes, error))
    return NULL;
  *copy = assay_plan_is_narrow (exec->plan, value) ? widen (stored, bytes / sizeof (guint16)) : g_steal_pointer (&stored);
  return *copy;
}

/* What an edit does to the caller's inputs, as where labels are drawn by the logits, is for the rest of the walk. */
static gboolean
apply_edit (AssayExec *exec, guint value, void *data, GError **error)
{
  const AssayGraphValue *v = assay_graph_get_value (exec->graph, value);

  for (guint k = 0; k < exec->edits->len; k++)
    {
      const Edit *edit = &g_array_index (exec->edits, Edit, k);
      g_autofree gpointer copy = NULL;
      void *host;

      if (edit->value != value)
        continue;
      if ((host = get_host (exec, value, data, &copy, error)) == NULL)
        return FALSE;
      for (guint i = 0; i < edit->n_reads; i++)
        if (!assay_staging_fetch_one (exec->staging, edit->reads[i], exec->arena, error))
          return FALSE;
      edit->func (v, host, edit->user_data);
      if (exec->staging != NULL && (!exec->backend->copy_in (exec->backend, data, host, count_bytes (exec, value), error)
                                    || !assay_staging_send_inputs (exec->staging, exec->inputs, error)))
        return FALSE;
    }
  return TRUE;
}

static void *
locate (const AssayExec *exec, AssayPlane plane, guint value)
{
  const AssayGraphValue *v = assay_graph_get_value (exec->graph, value);
  const char *vectors[] = { exec->theta, exec->gradient, exec->direction, exec->product };
  gsize offset;

  switch (v->role)
    {
    case ASSAY_VALUE_PARAM:
      return vectors[plane] ? (char *) vectors[plane] + v->offset * exec->width : NULL;
    case ASSAY_VALUE_INPUT:
      return plane == ASSAY_PRIMAL ? (void *) exec->inputs[value] : NULL;
    default:
      offset = assay_plan_get_offset (exec->plan, plane, value);
      return offset == G_MAXSIZE ? NULL : exec->arena + offset;
    }
}

/* Bytes from what one direction of a block has of a value to what the next has. */
static gsize
get_apart (const AssayExec *exec, AssayPlane plane, guint value)
{
  if (plane != ASSAY_TANGENT && plane != ASSAY_TANGENT_ADJOINT)
    return 0;
  if (assay_graph_get_value (exec->graph, value)->role == ASSAY_VALUE_PARAM)
    return (gsize) assay_graph_get_n_params (exec->graph) * exec->width;
  return assay_plan_get_apart (exec->plan, plane, value);
}

/* n buffers, those that lie one behind another at once. */
static gboolean
clear_each (const AssayExec *exec, gint64 n, char *data, gsize bytes, gsize apart, GError **error)
{
  if (apart == bytes)
    return exec->backend->zero (exec->backend, data, (gsize) n * bytes, error);
  for (gint64 k = 0; k < n; k++)
    if (!exec->backend->zero (exec->backend, data + (gsize) k * apart, bytes, error))
      return FALSE;
  return TRUE;
}

/* Clears what a step is the first to write, for n directions, unless the op overwrites it. */
static gboolean
make_fresh (AssayExec *exec, const AssayGraphNode *node, guint fresh, gint64 n, void **adjoints, const gsize *apart, guint *passed, GError **error)
{
  *passed = 0;
  for (guint i = 0; i < node->n_in; i++)
    {
      gboolean twice = FALSE;

      if (!(fresh >> i & 1) || adjoints[i] == NULL
          || (exec->accumulate && assay_graph_get_value (exec->graph, node->in[i])->role == ASSAY_VALUE_PARAM))
        continue;
      for (guint k = 0; k < node->n_in; k++)
        twice |= k != i && node->in[k] == node->in[i];
      if (node->op->flags & ASSAY_OP_TAKES_FRESH && !twice)
        *passed |= 1u << i;
      else if (!clear_each (exec, n, adjoints[i], assay_shape_count (&node->in_shape[i]) * get_width (exec, node->in[i]), apart[i], error))
        return FALSE;
    }
  return TRUE;
}

gint64
assay_exec_get_fault (const AssayExec *exec)
{
  return exec->fault;
}

static gboolean
is_finite (AssayDtype dtype, const void *data, gint64 i)
{
  switch (dtype)
    {
    case ASSAY_F32:
      return isfinite (((const float *) data)[i]);
    case ASSAY_F64:
      return isfinite (((const double *) data)[i]);
    default:
      return isfinite (creal (((const double complex *) data)[i])) && isfinite (cimag (((const double complex *) data)[i]));
    }
}

static gboolean
check_buffer (AssayExec *exec, const char *what, guint value, const void *data, GError **error)
{
  const AssayGraphValue *v = assay_graph_get_value (exec->graph, value);
  gint64 n = assay_shape_count (&v->shape), B = assay_graph_get_value (exec->graph, assay_graph_get_loss (exec->graph))->shape.dim[0];
  g_autofree gpointer copy = NULL;
  const void *host;

  if (data == NULL || v->is_index)
    return TRUE;
  if ((host = get_host (exec, value, data, &copy, error)) == NULL)
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    if (!is_finite (exec->dtype, host, i))
      {
        exec->fault = v->role == ASSAY_VALUE_PARAM || n % B != 0 ? -1 : i / (n / B);
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s of %s is not finite at element %" G_GINT64_FORMAT "%s", what, v->name,
                     exec->fault < 0 ? i : i % (n / B), exec->fault < 0 ? "" : " of the example");
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_call (AssayExec *exec, const AssayPlanStep *step, const AssayGraphNode *node, const AssayOpCall *call, GError **error)
{
  switch (step->rule)
    {
    case ASSAY_FWD:
      for (guint i = 0; i < node->n_in; i++)                      /* data and parameters are looked at where they enter */
        if (assay_graph_get_value (exec->graph, node->in[i])->role <= ASSAY_VALUE_INPUT
            && !check_buffer (exec, "value", node->in[i], call->x[i], error))
          return FALSE;
      return check_buffer (exec, "value", node->out[0], call->y[0], error);
    case ASSAY_RFWD:
      return check_buffer (exec, "tangent", node->out[0], call->ry[0], error);
    default:
      for (guint i = 0; i < node->n_in; i++)
        if (!check_buffer (exec, "adjoint", node->in[i], step->rule == ASSAY_RBWD ? call->rdx[i] : call->dx[i], error))
          return FALSE;
      return TRUE;
    }
}

static gboolean
check_step (AssayExec *exec, const AssayPlanStep *step, const AssayGraphNode *node, const AssayOpCall *call, GError **error)
{
  for (gint64 k = 0; k < MAX (1, call->n_tangents); k++)
    {
      const AssayOpCall one = assay_op_call_of_tangent (call, k);

      if (!check_call (exec, step, node, &one, error))
        return FALSE;
    }
  return TRUE;
}

/* Whether the op reads that parameter rounded: matrices, and what is added to results that are. */
static gboolean
is_rounded (const AssayExec *exec, const AssayGraphNode *node, guint i)
{
  return exec->rounded != NULL && assay_graph_get_value (exec->graph, node->in[i])->role == ASSAY_VALUE_PARAM && node->op->narrow_in >> i & 1
         && (node->in_shape[i].rank > 1 || assay_plan_is_narrow (exec->plan, node->out[0]));
}

/* What the call reads and writes in bf16. */
static void
set_narrow (const AssayExec *exec, const AssayGraphNode *node, AssayOpCall *call)
{
  for (guint i = 0; i < node->n_in; i++)
    {
      const AssayGraphValue *x = assay_graph_get_value (exec->graph, node->in[i]);
      const gboolean is_narrow = assay_plan_is_narrow (exec->plan, node->in[i]), is_parameter = is_rounded (exec, node, i);

      call->narrow_x |= (guint) (is_narrow || is_parameter) << i;
      call->narrow_dx |= (guint) is_narrow << i;
      if (is_parameter)
        call->x[i] = assay_rounded_weights_get (exec->rounded, x);
      if (is_parameter && call->rx[i] != NULL && call->rx[i] != exec->zeros)
        {
          call->rx[i] = assay_rounded_weights_get_direction (exec->rounded, x);
          call->apart.rx[i] = assay_rounded_weights_get_apart (exec->rounded);
        }
    }
  for (guint j = 0; j < node->n_out; j++)
    call->narrow_y |= (guint) assay_plan_is_narrow (exec->plan, node->out[j]) << j;
}

static gboolean
run_step (AssayExec *exec, const AssayPlanStep *step, GError **error)
{
  const AssayGraphNode *node = assay_graph_get_node (exec->graph, step->node);
  const AssayOp *op = node->op;
  AssayOpCall call = { .n_in = node->n_in, .n_out = node->n_out, .in_shape = node->in_shape, .out_shape = node->out_shape,
                       .attr = node->attr, .workers = exec->backend->workers, .scratch = exec->scratch,
                       .scratch_bytes = exec->scratch_bytes, .position = exec->position, .capacity = exec->capacity,
                       .state = exec->state ? exec->state[step->node] : NULL, .packed = exec->packed ? exec->packed[step->node] : NULL,
                       .compute = exec->compute };
  AssayShape shortened[ASSAY_OP_MAX_IN];
  AssayRule rule = call.state ? ASSAY_STEP : step->rule;
  AssayPlane adjoint = step->is_gauss_newton ? ASSAY_TANGENT_ADJOINT : ASSAY_ADJOINT;
  gboolean tangents = step->rule == ASSAY_RFWD || step->rule == ASSAY_RBWD || step->rule == ASSAY_GGN;
  gboolean backwards = step->rule == ASSAY_BWD || step->rule == ASSAY_RBWD || step->rule == ASSAY_GGN;

  if (exec->skipped != NULL && exec->skipped[step->node])
    return TRUE;
  call.n_tangents = tangents || step->is_gauss_newton ? exec->n : 1;
  for (guint i = 0; i < node->n_in; i++)
    {
      const AssayGraphValue *x = assay_graph_get_value (exec->graph, node->in[i]);
      gboolean data = (op->index_in | op->data_in) >> i & 1;

      call.x[i] = locate (exec, ASSAY_PRIMAL, node->in[i]);
      if (tangents && !data)
        {
          call.rx[i] = x->is_active ? locate (exec, ASSAY_TANGENT, node->in[i]) : NULL;
          call.apart.rx[i] = x->is_active ? get_apart (exec, ASSAY_TANGENT, node->in[i]) : 0;
          if (!x->is_active && !(op->flags & ASSAY_OP_NULL_TANGENT))
            call.rx[i] = exec->zeros;
        }
      if (backwards && !data && x->is_active && x->reaches_loss)
        {
          if (step->rule == ASSAY_RBWD)
            {
              call.rdx[i] = locate (exec, ASSAY_TANGENT_ADJOINT, node->in[i]);
              call.apart.rdx[i] = get_apart (exec, ASSAY_TANGENT_ADJOINT, node->in[i]);
            }
          else
            {
              call.dx[i] = locate (exec, adjoint, node->in[i]);
              call.apart.dx[i] = get_apart (exec, adjoint, node->in[i]);
            }
        }
    }
  for (guint j = 0; j < node->n_out; j++)
    {
      call.y[j] = locate (exec, ASSAY_PRIMAL, node->out[j]);
      if (tangents)
        {
          call.ry[j] = locate (exec, ASSAY_TANGENT, node->out[j]);
          call.apart.ry[j] = get_apart (exec, ASSAY_TANGENT, node->out[j]);
        }
    }
  if (backwards)
    {
      const AssayPlane given = step->rule == ASSAY_GGN || step->rule == ASSAY_RBWD ? ASSAY_ADJOINT : adjoint;
      const gboolean is_tangent = step->rule == ASSAY_RBWD;

      call.dy = locate (exec, given, node->out[0]);
      call.apart.dy = get_apart (exec, given, node->out[0]);
      call.rdy = is_tangent ? locate (exec, ASSAY_TANGENT_ADJOINT, node->out[0]) : NULL;
      call.apart.rdy = is_tangent ? get_apart (exec, ASSAY_TANGENT_ADJOINT, node->out[0]) : 0;
      if (!make_fresh (exec, node, step->fresh, call.n_tangents, is_tangent ? call.rdx : call.dx, is_tangent ? call.apart.rdx : call.apart.dx, &call.fresh, error))
        return FALSE;
    }
  if (exec->rounded != NULL)
    set_narrow (exec, node, &call);
  if (exec->skipped != NULL && node->out[0] == exec->wanted && strcmp (op->name, "linear") == 0)
    shorten (exec, node, &call, shortened);
  if (!assay_op_run (op, rule, exec->dtype, exec->backend, &call, error))
    return FALSE;
  for (guint j = 0; step->rule == ASSAY_FWD && exec->edits != NULL && j < node->n_out; j++)
    if (!apply_edit (exec, node->out[j], locate (exec, ASSAY_PRIMAL, node->out[j]), error))
      return FALSE;
  return !exec->check || check_step (exec, step, node, &call, error);
}

/* Clears the slices of parameters that no step writes, of each of the walk's n vectors. */
static gboolean
clear_unused (AssayExec *exec, char *vector, GError **error)
{
  const gsize apart = (gsize) assay_graph_get_n_params (exec->graph) * exec->width;

  for (guint v = 0; v < assay_graph_get_n_values (exec->graph); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (exec->graph, v);

      if (p->role == ASSAY_VALUE_PARAM && !p->reaches_loss
          && !clear_each (exec, exec->n, vector + p->offset * exec->width, assay_shape_count (&p->shape) * exec->width, apart, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
queue_steps (AssayExec *exec, guint first, guint end, GError **error)
{
  for (guint s = first; s < end; s++)
    if (!run_step (exec, &exec->steps[s], error))
      return FALSE;
  return TRUE;
}

typedef struct { AssayExec *exec; guint first, end; } Range;

static gboolean
queue_range (gpointer data, GError **error)
{
  const Range *range = data;

  return queue_steps (range->exec, range->first, range->end, error);
}

static gboolean
run_steps (AssayExec *exec, guint first, guint end, GError **error)
{
  const gboolean is_watched = exec->check || (exec->edits != NULL && exec->edits->len > 0);      /* somebody looks into it as it goes */
  const void *array[ASSAY_REPEATED_ARRAYS] = { exec->theta, exec->direction, exec->gradient, exec->product };
  Range range = { exec, first, end };

  if (exec->staging != NULL && !is_watched
      ? !assay_repeated_steps_run (&exec->phase[first > 0][exec->accumulate], exec->backend, array, exec->n, queue_range, &range, error)
      : !queue_steps (exec, first, end, error))
    return FALSE;
  return exec->backend->sync (exec->backend, error);
}

static gboolean
set_weights (AssayExec *exec, const void *weights, GError **error)
{
  guint loss = assay_graph_get_loss (exec->graph);
  gint64 B = assay_graph_get_value (exec->graph, loss)->shape.dim[0];
  char *dloss = locate (exec, ASSAY_ADJOINT, loss);

  return dloss == NULL || exec->backend->copy_in (exec->backend, dloss, weights != NULL ? weights : exec->ones, B * exec->width, error);
}

gboolean
assay_exec_continue (AssayExec *exec, const void *theta, gint64 position, gint64 capacity, void *const *state, GError **error)
{
  gboolean ok;

  if (exec->staging != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "texts are continued on the processor; leave --device %s out", exec->backend->name);
      return FALSE;
    }
  exec->position = position;
  exec->capacity = capacity;
  exec->state = state;
  ok = assay_exec_prepare (exec, theta, NULL, NULL, FALSE, error);
  exec->position = 0;
  exec->state = NULL;
  return ok;
}

/* Points the walk at the vectors, n of each, or at what the device has of them: `read` goes there, `written` too when it is added to. */
static gboolean
set_vectors (AssayExec *exec, gint64 n, AssayVector read, const void *from, AssayVector written, void *to, gboolean accumulate, GError **error)
{
  void *there[ASSAY_N_VECTORS] = { [ASSAY_VECTOR_THETA] = (void *) exec->theta };

  there[read] = (void *) from;
  there[written] = to;
  if (exec->staging != NULL
      && (!assay_staging_send (exec->staging, read, n, from, FALSE, &there[read], error)
          || !assay_staging_send (exec->staging, written, n, to, !accumulate, &there[written], error)))
    return FALSE;
  exec->theta = there[ASSAY_VECTOR_THETA];
  exec->direction = there[ASSAY_VECTOR_DIRECTION];
  exec->gradient = there[ASSAY_VECTOR_GRADIENT];
  exec->product = there[ASSAY_VECTOR_PRODUCT];
  exec->accumulate = accumulate;
  exec->n = n;
  exec->fault = -1;
  return to == NULL || accumulate || clear_unused (exec, there[written], error);
}

/* Brings back what a walk on a device has written. */
static gboolean
finish (AssayExec *exec, AssayVector written, void *to, GError **error)
{
  return exec->staging == NULL || (assay_staging_fetch (exec->staging, written, exec->n, to, error) && assay_staging_fetch_all (exec->staging, exec->arena, error));
}

gboolean
assay_exec_prepare (AssayExec *exec, const void *theta, const void *weights, void *gradient, gboolean accumulate, GError **error)
{
  return (exec->staging == NULL || assay_staging_send_inputs (exec->staging, exec->inputs, error))
         && set_vectors (exec, 1, ASSAY_VECTOR_THETA, theta, ASSAY_VECTOR_GRADIENT, gradient, accumulate, error)
         && (exec->rounded == NULL || assay_rounded_weights_set_theta (exec->rounded, exec->theta, error)) && set_weights (exec, weights, error)
         && run_steps (exec, 0, exec->n_prepare, error) && finish (exec, ASSAY_VECTOR_GRADIENT, gradient, error);
}

gboolean
assay_exec_apply (AssayExec *exec, const void *direction, void *product, gboolean accumulate, GError **error)
{
  return assay_exec_apply_block (exec, 1, direction, product, accumulate, error);
}

gboolean
assay_exec_apply_block (AssayExec *exec, gint64 n, const void *directions, void *products, gboolean accumulate, GError **error)
{
  g_return_val_if_fail (exec->theta != NULL, FALSE);              /* prepare comes first, also for a cold walk */
  g_return_val_if_fail (n >= 1 && n <= exec->K, FALSE);
  return (exec->staging == NULL || assay_staging_send_inputs (exec->staging, exec->inputs, error))
         && set_vectors (exec, n, ASSAY_VECTOR_DIRECTION, directions, ASSAY_VECTOR_PRODUCT, products, accumulate, error)
         && (exec->rounded == NULL || assay_rounded_weights_set_directions (exec->rounded, n, exec->direction, error))
         && run_steps (exec, exec->n_prepare, exec->n_steps, error) && finish (exec, ASSAY_VECTOR_PRODUCT, products, error);
}

const void *
assay_exec_get_buffer (const AssayExec *exec, AssayPlane plane, guint value)
{
  gsize offset = assay_plan_get_offset (exec->plan, plane, value);
  gboolean is_input = plane == ASSAY_PRIMAL && assay_graph_get_value (exec->graph, value)->role == ASSAY_VALUE_INPUT;

  if (exec->staging != NULL)
    {
      const void *bound = is_input ? assay_staging_get_input (exec->staging, value) : assay_staging_get (exec->staging, plane, value);

      return is_input && bound == NULL ? exec->constants_here[value] : bound;
    }
  if (is_input)
    return exec->inputs[value];
  return offset == G_MAXSIZE ? NULL : exec->arena + offset;
}

void
assay_exec_leave (AssayExec *exec, AssayPlane plane, guint value)
{
  assay_staging_leave (exec->staging, plane, value);
}

const void *
assay_exec_get_there (const AssayExec *exec, AssayPlane plane, guint value)
{
  return locate (exec, plane, value);
}

const void *
assay_exec_get_loss (const AssayExec *exec)
{
  return assay_exec_get_buffer (exec, ASSAY_PRIMAL, assay_graph_get_loss (exec->graph));
}

const void *
assay_exec_get_loss_tangent (const AssayExec *exec)
{
  return assay_exec_get_buffer (exec, ASSAY_TANGENT, assay_graph_get_loss (exec->graph));
}

const void *
assay_exec_get_tangent (const AssayExec *exec, gint64 k, guint value)
{
  const char *first = assay_exec_get_buffer (exec, ASSAY_TANGENT, value);

  return first ? first + (gsize) k * get_apart (exec, ASSAY_TANGENT, value) : NULL;
}

gsize
assay_exec_get_bytes (const AssayExec *exec)
{
  return assay_plan_get_bytes (exec->plan) + exec->scratch_bytes * assay_workers_get_count (exec->backend->workers)
         + exec->zeros_bytes + (exec->rounded ? assay_rounded_weights_measure (exec->graph, assay_plan_get_n_directions (exec->plan)) : 0);
}

AssayCost
assay_exec_get_cost (const AssayExec *exec, gboolean apply)
{
  return assay_plan_get_cost (exec->plan, apply);
}
