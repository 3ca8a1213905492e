/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks on a device beside their numbers, which test-oracle_cuda holds to the complex step: vectors that stay there, work that is captured and replayed,
 * examples that do not follow their batch, and what is left when a call fails.
 *
 * On a real device with ASSAY_CUDA_MODULE; else on the host's stand-in, whose calls can be made to fail.
 */
#include "base/error.h"
#include "base/mem.h"
#include "models.h"

#include <dlfcn.h>
#include <string.h>

#define BATCH 3
#define OUT_OF_MEMORY 2
#define LAUNCH_FAILURE 719

static const char *module;
static void (*fail_at) (guint64 k, int error);  /* these are NULL on a real device */
static guint64 (*get_calls) (void), (*get_replays) (void);
static gint64 (*get_live) (void);
static void (*refuse_captures) (int refuse);

static AssayBackend *
open_device (void)
{
  GError *error = NULL;
  AssayBackend *device = assay_backend_cuda_new (module, 0, 1, &error);

  g_assert_no_error (error);
  return device;
}

static const ModelCase *
find_case (const char *name)
{
  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    if (strcmp (c->name, name) == 0)
      return c;
  g_assert_not_reached ();
}

static gpointer
send (AssayBackend *device, const double *x, gint64 n)
{
  gpointer there = device->alloc (device, (gsize) n * sizeof *x, NULL);

  g_assert_true (there != NULL && device->owns (device, there) && !device->owns (device, x));
  if (x != NULL)
    g_assert_true (device->copy_in (device, there, x, (gsize) n * sizeof *x, NULL));
  return there;
}

typedef struct { double *gradient, *product, *other; } Vectors;

static void
vectors_init (Vectors *v, gint64 P)
{
  *v = (Vectors) { assay_mem_new (double, P, NULL), assay_mem_new (double, P, NULL), assay_mem_new (double, P, NULL) };
}

static void
vectors_clear (Vectors *v)
{
  assay_mem_free (v->gradient);
  assay_mem_free (v->product);
  assay_mem_free (v->other);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Vectors, vectors_clear)

/* The same bits from vectors of the host, and from ones that are kept there and never fetched between prepare and apply. */
static void
test_resident (void)
{
  g_autoptr (AssayBackend) device = open_device ();
  Sample *s = sample_new (find_case ("transformer, gpt2"), BATCH);
  Walk *walk = walk_new (s, ASSAY_WALK_HESSIAN, ASSAY_F64, device, NULL);
  g_auto (Vectors) here = { 0 }, there = { 0 };
  gpointer theta = send (device, s->theta, s->P), direction = send (device, s->direction, s->P), gradient = send (device, NULL, s->P);
  gpointer product = send (device, NULL, s->P);
  GError *error = NULL;

  vectors_init (&here, s->P);
  vectors_init (&there, s->P);
  walk_prepare (walk, s, NULL, 0, here.gradient);
  walk_apply (walk, s, s->direction, here.product);
  for (guint k = 0; k < 4; k++)                                   /* plain, captured, replayed, replayed */
    {
      memset (there.gradient, 0, s->P * sizeof (double));
      g_assert_true (device->zero (device, gradient, s->P * sizeof (double), NULL) && device->zero (device, product, s->P * sizeof (double), NULL));
      g_assert_true (assay_exec_prepare (walk->exec, theta, walk->weights, gradient, FALSE, &error) && assay_exec_apply (walk->exec, direction, product, FALSE, &error));
      g_assert_no_error (error);
      g_assert_true (device->copy_out (device, there.gradient, gradient, s->P * sizeof (double), NULL));
      g_assert_true (device->copy_out (device, there.product, product, s->P * sizeof (double), NULL));
      g_assert_cmpmem (there.gradient, s->P * sizeof (double), here.gradient, s->P * sizeof (double));
      g_assert_cmpmem (there.product, s->P * sizeof (double), here.product, s->P * sizeof (double));
    }
  device->release (device, theta);
  device->release (device, direction);
  device->release (device, gradient);
  device->release (device, product);
  walk_free (walk);
  sample_free (s);
}

/* What is replayed is the walk of what lies in the arrays now: other parameters and directions give what a walk of their own gives. */
static void
test_captured (gconstpointer data)
{
  const gboolean refuses = GPOINTER_TO_INT (data);
  g_autoptr (AssayBackend) device = open_device ();
  Sample *s = sample_new (find_case ("transformer, llama"), BATCH);
  guint64 before = get_replays ? get_replays () : 0;
  g_auto (Vectors) v = { 0 };
  Walk *again;

  if (refuses && refuse_captures == NULL)
    {
      g_test_skip ("a real device keeps what it captures");
      sample_free (s);
      return;
    }
  if (refuses)
    refuse_captures (1);
  vectors_init (&v, s->P);
  again = walk_new (s, ASSAY_WALK_HESSIAN, ASSAY_F64, device, NULL);
  for (guint k = 0; k < 4; k++)
    {
      Walk *fresh = walk_new (s, ASSAY_WALK_HESSIAN, ASSAY_F64, device, NULL);
      const double *direction = k % 2 ? s->second : s->direction;

      walk_prepare (fresh, s, NULL, 0, v.gradient);
      walk_apply (fresh, s, direction, v.product);
      walk_prepare (again, s, NULL, 0, v.other);
      g_assert_cmpmem (v.other, s->P * sizeof (double), v.gradient, s->P * sizeof (double));
      walk_apply (again, s, direction, v.other);
      g_assert_cmpmem (v.other, s->P * sizeof (double), v.product, s->P * sizeof (double));
      g_assert_cmpmem (assay_exec_get_loss (again->exec), BATCH * sizeof (double), assay_exec_get_loss (fresh->exec), BATCH * sizeof (double));
      walk_free (fresh);
      for (gint64 p = 0; p < s->P; p++)
        s->theta[p] *= 0.99;
    }
  if (get_replays != NULL)
    g_assert_cmpuint (get_replays () - before, ==, refuses ? 0 : 6);
  walk_free (again);
  if (refuses)
    refuse_captures (0);
  sample_free (s);
}

/* Losses and what each example says along a direction, alone and with others. */
static void
test_batches (gconstpointer data)
{
  const AssayDtype dtype = GPOINTER_TO_INT (data);
  const gsize width = assay_dtype_width (dtype);
  g_autoptr (AssayBackend) device = open_device ();
  GError *error = NULL;
  char kept[2][8];

  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    for (gint64 B = 9; B >= 1; B -= 4)                            /* 9, 5, 1: the first example is the same in all */
      {
        Sample *s = sample_new (c, B);
        Walk *walk = walk_new (s, ASSAY_WALK_TANGENT, dtype, device, NULL);
        g_autofree char *direction = g_malloc (s->P * width);

        assay_dtype_convert (ASSAY_F64, s->direction, dtype, direction, s->P);
        walk_prepare (walk, s, NULL, 0, NULL);
        assay_exec_apply (walk->exec, direction, NULL, FALSE, &error);
        g_assert_no_error (error);
        if (B == 9)
          {
            memcpy (kept[0], assay_exec_get_loss (walk->exec), width);
            memcpy (kept[1], assay_exec_get_loss_tangent (walk->exec), width);
          }
        else if (memcmp (kept[0], assay_exec_get_loss (walk->exec), width) != 0 || memcmp (kept[1], assay_exec_get_loss_tangent (walk->exec), width) != 0)
          g_error ("%s: the first of %d examples has other bits than of 9", c->name, (int) B);
        walk_free (walk);
        sample_free (s);
      }
}

static void
test_blocks (gconstpointer data)
{
  static const AssayWalk kinds[] = { ASSAY_WALK_TANGENT, ASSAY_WALK_HESSIAN, ASSAY_WALK_HESSIAN_COLD, ASSAY_WALK_GAUSS_NEWTON };
  const AssayDtype dtype = GPOINTER_TO_INT (data);
  g_autoptr (AssayBackend) device = open_device ();
  guint which = 0;

  for (const ModelCase *c = model_cases; c->name != NULL; c++)
    {
      Sample *s = sample_new (c, BATCH);

      walk_check_blocks (s, c->name, kinds[which++ % G_N_ELEMENTS (kinds)], dtype, ASSAY_COMPUTE_FULL, device);
      sample_free (s);
    }
}

/* A device opened, a walk made, prepared and applied three times, so that the last is replayed. Writes results only where all went well. */
static gboolean
run_whole (const Sample *s, Vectors *v, GError **error)
{
  g_autoptr (AssayBackend) device = assay_backend_cuda_new (module, 0, 1, error);
  g_autoptr (AssayGraph) graph = assay_model_build (s->model, s->B, NULL);
  g_autoptr (AssayExec) exec = device ? assay_exec_new (graph, ASSAY_WALK_GAUSS_NEWTON, ASSAY_F64, device, NULL, error) : NULL;
  g_autofree double *product = g_new (double, s->P);
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func (g_free);

  if (exec == NULL)
    return FALSE;
  for (guint value = 0; value < assay_graph_get_n_values (graph); value++)
    {
      const AssayGraphValue *input = assay_graph_get_value (graph, value);

      if (input->role == ASSAY_VALUE_INPUT && input->constant == NULL && !input->is_zero)
        {
          gpointer zeros = g_malloc0 (assay_shape_count (&input->shape) * 8);

          g_ptr_array_add (inputs, zeros);
          assay_exec_set_input (exec, value, zeros);
        }
    }
  for (guint k = 0; k < 3; k++)
    if (!assay_exec_prepare (exec, s->theta, NULL, NULL, FALSE, error) || !assay_exec_apply (exec, s->direction, product, FALSE, error))
      return FALSE;
  memcpy (v->product, product, s->P * sizeof (double));
  return TRUE;
}

/* Each call in turn. */
static void
fail_each (int with, AssayErrorCode expected)
{
  Sample *s = sample_new (find_case ("transformer, gpt2"), BATCH);
  g_auto (Vectors) whole = { 0 }, got = { 0 };
  guint64 before = get_calls (), n;
  GError *error = NULL;

  vectors_init (&whole, s->P);
  vectors_init (&got, s->P);
  run_whole (s, &whole, &error);
  g_assert_no_error (error);
  n = get_calls () - before;
  g_assert_cmpuint (n, >, 300);
  for (guint64 k = 1; k <= n; k += k < 40 || k + 60 > n ? 1 : 7)
    {
      g_autoptr (GError) fault = NULL;
      gint64 live = get_live ();
      gboolean ok;

      memset (got.product, 0, s->P * sizeof (double));
      fail_at (k, with);
      ok = run_whole (s, &got, &fault);
      fail_at (0, 0);
      if (ok)                                                     /* closing, or what can be done without: the pool was emptied, nothing was captured */
        g_assert_cmpmem (got.product, s->P * sizeof (double), whole.product, s->P * sizeof (double));
      else
        {
          if (fault->code != (int) expected && fault->code != ASSAY_ERROR_NO_DEVICE)
            g_error ("call %" G_GUINT64_FORMAT ": %s", k, fault->message);
          g_assert_null (strchr (fault->message, '\n'));
          for (gint64 p = 0; p < s->P; p++)
            g_assert_cmpfloat (got.product[p], ==, 0);
        }
      g_assert_cmpint (get_live (), ==, live);
    }
  g_assert_true (run_whole (s, &got, NULL));
  g_assert_cmpmem (got.product, s->P * sizeof (double), whole.product, s->P * sizeof (double));
  sample_free (s);
}

static void
test_no_memory (void)
{
  if (fail_at == NULL)
    g_test_skip ("a real device does not fail when it is told to");
  else
    fail_each (OUT_OF_MEMORY, ASSAY_ERROR_NO_MEMORY);
}

static void
test_lost (void)
{
  if (fail_at == NULL)
    g_test_skip ("a real device does not fail when it is told to");
  else
    fail_each (LAUNCH_FAILURE, ASSAY_ERROR_IO);
}

int
main (int argc, char **argv)
{
  AssayBackend *device;

  g_test_init (&argc, &argv, NULL);
  module = g_getenv ("ASSAY_CUDA_MODULE");
  if (module == NULL)
    {
      gpointer emulated = dlopen (module = CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);

      g_assert_nonnull (emulated);
      *(gpointer *) &fail_at = dlsym (emulated, "emulation_fail_at");
      *(gpointer *) &get_calls = dlsym (emulated, "emulation_get_calls");
      *(gpointer *) &get_replays = dlsym (emulated, "emulation_get_replays");
      *(gpointer *) &get_live = dlsym (emulated, "emulation_get_live");
      *(gpointer *) &refuse_captures = dlsym (emulated, "emulation_refuse_captures");
      g_assert_true (fail_at && get_calls && get_replays && get_live && refuse_captures);
    }
  if ((device = assay_backend_cuda_new (module, 0, 1, NULL)) == NULL)
    return 77;
  assay_backend_free (device);
  g_test_add_func ("/walks/vectors that stay there give the bits of vectors of the host", test_resident);
  g_test_add_data_func ("/walks/captured work is the walk of what lies in its arrays", GINT_TO_POINTER (FALSE), test_captured);
  g_test_add_data_func ("/walks/where nothing can be captured every launch is made", GINT_TO_POINTER (TRUE), test_captured);
  g_test_add_data_func ("/walks/an example in f32 has the same bits in a batch of any size", GINT_TO_POINTER (ASSAY_F32), test_batches);
  g_test_add_data_func ("/walks/an example in f64 has the same bits in a batch of any size", GINT_TO_POINTER (ASSAY_F64), test_batches);
  g_test_add_data_func ("/walks/directions of a block in f32 have the bits of one alone", GINT_TO_POINTER (ASSAY_F32), test_blocks);
  g_test_add_data_func ("/walks/directions of a block in f64 have the bits of one alone", GINT_TO_POINTER (ASSAY_F64), test_blocks);
  g_test_add_func ("/walks/every call that finds no memory ends in words, and nothing is left behind", test_no_memory);
  g_test_add_func ("/walks/every call at which the device is lost ends in words, and nothing is left behind", test_lost);
  return g_test_run ();
}
