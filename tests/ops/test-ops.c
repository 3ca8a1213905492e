/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-ops.c: every op, on every case it declares, in every instruction set of this processor. An op that is added to the registry is
 * tested here by itself; -p /ops/baseline/add selects one. With CUDA_MODULE defined (tests/gpu) it is the device's kernels that are tested: all rules in f32 and
 * f64 run there, by that module or by the one that the environment's ASSAY_CUDA_MODULE names, and the oracle stays on the processor.
 */
#include "base/isa.h"
#include "checks.h"

#include "trial.h"

#include "base/error.h"

#include <string.h>

/* One set is enough for what runs elsewhere. */
#ifdef CUDA_MODULE
#define LAST_ISA(list) (list)
#define PLACE(isa) "cuda"
#else
#define LAST_ISA(list) ((list) + g_strv_length ((char **) (list)) - 1)
#define PLACE(isa) (isa)
#endif

typedef struct {
  const char *isa;
  const char *op;
  CheckFunc check;
} Walk;

static void
walk_cases (gconstpointer data)
{
  const Walk *walk = data;
  g_autoptr (GError) error = NULL;
  const AssayOp *op;

  assay_isa_set (walk->isa, &error);
  g_assert_no_error (error);
  op = assay_op_find (walk->op);
  g_assert_nonnull (op);
  for (const AssayOpCase *item = op->cases; item->name != NULL; item++)
    walk->check (op, item);
}

static void
check_op (gconstpointer data)
{
  const Walk *walk = data;
  g_autoptr (GError) error = NULL;
  const AssayOp *op;
  guint tangents;

  assay_isa_set (walk->isa, &error);
  g_assert_no_error (error);
  op = assay_op_find (walk->op);
  tangents = op->flags & ASSAY_OP_LINEAR ? 0 : 2;
  g_assert_true (op->name && op->help && op->infer && op->cost && op->cases && op->cases[0].name);
  g_assert_cmpuint (op->n_in, <=, ASSAY_OP_MAX_IN);
  g_assert_cmpuint (op->n_out, <=, ASSAY_OP_MAX_OUT);
  g_assert_true (op->min_in >= 1 && op->min_in <= op->n_in && op->n_out >= 1);
  for (guint i = 0; i < op->n_in; i++)
    g_assert_nonnull (op->in_names[i]);
  for (guint j = 0; j < op->n_out; j++)
    g_assert_nonnull (op->out_names[j]);
  for (AssayDtype d = 0; d < ASSAY_N_COMPUTE_DTYPES; d++)
    g_assert_true (op->cpu[ASSAY_FWD][d] && op->cpu[ASSAY_BWD][d]);
  for (AssayDtype d = ASSAY_F32; d <= ASSAY_F64; d++)
    {
      g_assert_true (!tangents || (op->cpu[ASSAY_RFWD][d] && op->cpu[ASSAY_RBWD][d]));
      g_assert_true (!(op->flags & ASSAY_OP_LOSS) || op->cpu[ASSAY_GGN][d]);
    }
  if (tangents)
    g_assert_null (op->cpu[ASSAY_RFWD][ASSAY_C128]);              /* the oracle knows nothing of the rules it judges */
}

static void
test_missing_rule (void)
{
  g_autoptr (AssayBackend) backend = assay_backend_cpu_new (1);
  const AssayOp *op = assay_op_find ("layernorm");
  g_autoptr (GError) error = NULL;
  AssayOpCall call = { 0 };

  g_assert_false (assay_op_run (op, ASSAY_RFWD, ASSAY_C128, backend, &call, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "layernorm"));
  g_assert_nonnull (strstr (error->message, "c128"));
}

static void
test_unknown_isa (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_isa_set ("vax", &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE);
  g_assert_nonnull (strstr (error->message, "baseline"));
  g_assert_null (assay_op_find ("no-such-op"));
}

#ifdef CUDA_MODULE
/* FALSE, and said in TAP's words, where there is none. */
static gboolean
open_device (void)
{
  const char *module = g_getenv ("ASSAY_CUDA_MODULE");
  g_autoptr (GError) error = NULL;
  AssayBackend *device = assay_backend_cuda_new (module ? module : CUDA_MODULE, 0, 1, &error);

  if (device == NULL)
    g_print ("1..0 # SKIP %s\n", error->message);
  trial_set_device (device);
  return device != NULL;
}
#endif

int
main (int argc, char **argv)
{
  static const struct { const char *sentence; CheckFunc check; } checks[] = {
    { "cost and attributes are declared for every case", check_declaration },
    { "value and adjoint are those of the oracle", check_value },
    { "tangent forward is the complex step of forward", check_rfwd },
    { "tangent backward is the complex step of backward", check_rbwd },
    { "backward is the adjoint of tangent forward", check_adjoint },
    { "the second-order rule is symmetric", check_symmetry },
    { "the remainder of the tangent is of second order", check_taylor },
    { "a zero tangent gives exactly zero", check_zero_tangent },
    { "float32 stays within its derived bound", check_f32 },
    { "NaN is never swallowed", check_nan },
    { "the bits are the same for every crew", check_crews },
    { "adjoints are added to, fresh ones overwritten", check_accumulation },
    { "an unwanted adjoint is left alone", check_unwanted },
    { "a missing tangent counts as zero", check_null_tangents },
    { "no rule reads what the op does not declare", check_declared_uses },
    { "the Gauss-Newton rule is the convex Hessian of the loss", check_gauss_newton },
    { "shapes that do not fit are refused in words", check_refusals },
  };

  g_test_init (&argc, &argv, NULL);
#ifdef CUDA_MODULE
  if (!open_device ())
    return 0;
#endif
  for (const char *const *list = assay_isa_list (), *const *isa = list; isa <= LAST_ISA (list); isa++)
    for (const AssayOp *const *op = assay_op_list (); *op != NULL; op++)
      {
        g_autofree char *path = g_strdup_printf ("/ops/%s/%s/every rule is there", PLACE (*isa), (*op)->name);
        Walk *walk = g_new (Walk, 1);

        *walk = (Walk) { .isa = *isa, .op = (*op)->name };
        g_test_add_data_func_full (path, walk, check_op, g_free);
        for (guint k = 0; k < G_N_ELEMENTS (checks); k++)
          {
            g_autofree char *case_path = g_strdup_printf ("/ops/%s/%s/%s", PLACE (*isa), (*op)->name, checks[k].sentence);

            walk = g_new (Walk, 1);
            *walk = (Walk) { *isa, (*op)->name, checks[k].check };
            g_test_add_data_func_full (case_path, walk, walk_cases, g_free);
          }
      }
  g_test_add_func ("/ops/a rule that a type lacks is an error in words", test_missing_rule);
  g_test_add_func ("/ops/an unknown instruction set or op is refused", test_unknown_isa);
  return g_test_run ();
}
