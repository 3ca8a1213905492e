/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of linear layers on a device: the precision that was asked for, and rows whose bits do not follow how many there are.
 *
 * On a real device with ASSAY_CUDA_MODULE; else on the host's stand-in, whose library adds up few rows in another order than many.
 */
#include "base/rng.h"
#include "ops/op.h"
#include "tensor/gemm.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

#define I 200
#define O 48
#define MOST 150

static AssayBackend *device;
static void (*refuse) (int);            /* NULL on a real device */

typedef struct {
  double x[MOST * I], W[O * I], b[O], dy[MOST * O];
} Numbers;

static void
draw (Numbers *n)
{
  AssayRng rng = assay_rng_new (9, 0);

  for (gsize k = 0; k < sizeof *n / sizeof (double); k++)
    ((double *) n)[k] = (double) (float) assay_rng_normal (&rng);
}

/* n numbers of the type, on the device. */
static gpointer
send (AssayDtype dtype, const double *x, gint64 n)
{
  g_autofree gpointer host = g_malloc (n * assay_dtype_width (dtype));
  gpointer there = device->alloc (device, n * assay_dtype_width (dtype), NULL);

  g_assert_nonnull (there);
  assay_dtype_convert (ASSAY_F64, x, dtype, host, n);
  g_assert_true (device->copy_in (device, there, host, n * assay_dtype_width (dtype), NULL));
  return there;
}

static void
fetch (AssayDtype dtype, gpointer there, gint64 n, double *x)
{
  g_autofree gpointer host = g_malloc (n * assay_dtype_width (dtype));

  g_assert_true (device->copy_out (device, host, there, n * assay_dtype_width (dtype), NULL));
  assay_dtype_convert (dtype, host, ASSAY_F64, x, n);
  device->release (device, there);
}

typedef struct { double y[MOST * O], dx[MOST * I], dW[O * I]; } Results;

static gint64 offset;                   /* numbers before the bias: where parameters begin is anywhere */

/* Of the first M rows. */
static void
run (AssayDtype dtype, AssayCompute compute, gint64 M, const Numbers *n, Results *r)
{
  const AssayOp *op = assay_op_find ("linear");
  const AssayShape in[] = { ASSAY_SHAPE (M, I), ASSAY_SHAPE (O, I), ASSAY_SHAPE (O) }, out = ASSAY_SHAPE (M, O);
  gpointer x = send (dtype, n->x, M * I), W = send (dtype, n->W, O * I), b = send (dtype, n->b - offset, O + offset), dy = send (dtype, n->dy, M * O);
  gpointer y = send (dtype, n->dy, M * O), dx = send (dtype, n->x, M * I), dW = send (dtype, n->W, O * I), db = send (dtype, n->b, O);
  AssayOpCall call = { .n_in = 3, .n_out = 1, .in_shape = in, .out_shape = &out, .x = { x, W, b }, .y = { y }, .dy = dy, .dx = { dx, dW, db }, .fresh = 7,
                       .compute = compute };
  GError *error = NULL;

  call.x[2] = (char *) b + offset * (gint64) assay_dtype_width (dtype);
  for (guint k = 0; k < 2; k++)
    {
      assay_op_run (op, k ? ASSAY_BWD : ASSAY_FWD, dtype, device, &call, &error);
      g_assert_no_error (error);
    }
  fetch (dtype, y, M * O, r->y);
  fetch (dtype, dx, M * I, r->dx);
  fetch (dtype, dW, O * I, r->dW);
  device->release (device, x);
  device->release (device, W);
  device->release (device, b);
  device->release (device, dy);
  device->release (device, db);
}

/* |found - sum_k a_k b_k (- c)| <= bound sum_k |a_k b_k| (+ bound |c|) for entry (m,n), a_k at a + k da. */
static void
check_entry (double found, const double *a, gint64 da, const double *b, gint64 db, gint64 K, double c, double bound)
{
  double sum = c, size = fabs (c);

  for (gint64 k = 0; k < K; k++)
    {
      sum += a[k * da] * b[k * db];
      size += fabs (a[k * da] * b[k * db]);
    }
  g_assert_cmpfloat (fabs (found - sum), <=, bound * size);
}

static void
check_results (const Numbers *n, gint64 M, const Results *r, double factor, double unit)
{
  const double of_factors = factor * (2 + factor);                /* each off by that part */

  for (gint64 m = 0; m < M; m++)
    {
      for (gint64 o = 0; o < O; o++)
        check_entry (r->y[m * O + o], n->x + m * I, 1, n->W + o * I, 1, I, n->b[o], of_factors + (I + 2) * unit * (1 + of_factors));
      for (gint64 i = 0; i < I; i++)
        check_entry (r->dx[m * I + i], n->dy + m * O, 1, n->W + i, I, O, 0, of_factors + (O + 1) * unit * (1 + of_factors));
    }
  for (gint64 o = 0; o < O; o++)
    for (gint64 i = 0; i < I; i++)
      check_entry (r->dW[o * I + i], n->dy + o, O, n->x + i, I, M, 0, of_factors + ((double) M + 1) * unit * (1 + of_factors));
}

static const struct { const char *name; AssayDtype dtype; AssayCompute compute; double factor, unit; } precisions[] = {
  { "f64", ASSAY_F64, ASSAY_COMPUTE_FULL, 0, 0x1p-52 },           /* twice the unit: the sum that is compared with has it too */
  { "f32", ASSAY_F32, ASSAY_COMPUTE_FULL, 0, 0x1p-24 },
  { "tf32", ASSAY_F32, ASSAY_COMPUTE_TF32, 0x1p-10, 0x1p-24 },    /* rounded or cut off */
  { "bf16", ASSAY_F32, ASSAY_COMPUTE_BF16, 0x1p-8, 0x1p-24 },
};

static void
test_precision (gconstpointer data)
{
  const gsize p = GPOINTER_TO_SIZE (data);
  g_autofree Numbers *n = g_new (Numbers, 1);
  g_autofree Results *r = g_new (Results, 1), *full = g_new (Results, 1);

  draw (n);
  run (precisions[p].dtype, precisions[p].compute, 70, n, r);
  check_results (n, 70, r, precisions[p].factor, precisions[p].unit);
  offset = 1;
  run (precisions[p].dtype, precisions[p].compute, 70, n, full);
  offset = 0;
  check_results (n, 70, full, precisions[p].factor, precisions[p].unit);
  if (precisions[p].compute == ASSAY_COMPUTE_FULL)
    return;
  run (ASSAY_F32, ASSAY_COMPUTE_FULL, 70, n, full);
  g_assert_cmpint (memcmp (full->y, r->y, 70 * O * sizeof (double)), !=, 0);
  g_assert_cmpint (memcmp (full->dx, r->dx, 70 * I * sizeof (double)), !=, 0);
  g_assert_cmpint (memcmp (full->dW, r->dW, sizeof r->dW), !=, 0);
}

/* Factors in bf16 are rounded to nearest even: products of such factors are exact in f32, so that only the order of the sum can differ from the processor's. */
static void
test_bf16 (void)
{
  g_autofree Numbers *n = g_new (Numbers, 1), *rounded = g_new (Numbers, 1);
  g_autofree Results *r = g_new (Results, 1);

  draw (n);
  *rounded = *n;
  for (gsize k = 0; k < sizeof *n / sizeof (double); k++)
    {
      float value = (float) ((double *) n)[k];
      guint32 bits;

      memcpy (&bits, &value, sizeof bits);
      bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
      memcpy (&value, &bits, sizeof value);
      ((double *) rounded)[k] = (double) value;
    }
  memcpy (rounded->b, n->b, sizeof n->b);                         /* what is added is not rounded */
  run (ASSAY_F32, ASSAY_COMPUTE_BF16, 70, n, r);
  check_results (rounded, 70, r, 0, 0x1p-24);
}

static void
check_rows (const Numbers *n, AssayDtype dtype, AssayCompute compute)
{
  static const gint64 sizes[] = { 1, 3, 7, 16, 64, 149 };
  g_autofree Results *all = g_new (Results, 1), *some = g_new (Results, 1);

  run (dtype, compute, MOST, n, all);
  for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
    {
      run (dtype, compute, sizes[k], n, some);
      g_assert_cmpmem (some->y, sizes[k] * O * sizeof (double), all->y, sizes[k] * O * sizeof (double));
      g_assert_cmpmem (some->dx, sizes[k] * I * sizeof (double), all->dx, sizes[k] * I * sizeof (double));
    }
}

static void
test_rows (gconstpointer data)
{
  const gsize p = GPOINTER_TO_SIZE (data);
  g_autofree Numbers *n = g_new (Numbers, 1);

  draw (n);
  check_rows (n, precisions[p].dtype, precisions[p].compute);
}

#define K 3
#define M 20

/* Tangents of a block: of x one behind another, of W and b apart by a vector of parameters, which may begin anywhere. The rules write behind `results`. */
static void
run_block (AssayDtype dtype, AssayCompute compute, gint64 P, gint64 first, gint64 n, gpointer x, gpointer dy, gpointer vectors, gpointer tangents, gpointer results)
{
  const gsize width = assay_dtype_width (dtype);
  const AssayOp *op = assay_op_find ("linear");
  const AssayShape in[] = { ASSAY_SHAPE (M, I), ASSAY_SHAPE (O, I), ASSAY_SHAPE (O) }, out = ASSAY_SHAPE (M, O);
  char *rW = (char *) vectors + (gsize) ((first + 1) * P) * width, *written = (char *) results;
  char *rx = (char *) tangents + (gsize) (first * M * I) * width, *rdy = (char *) tangents + (gsize) (K * M * I + first * M * O) * width;
  char *ry = written + (gsize) (first * M * O) * width, *rdx = written + (gsize) (K * M * O + first * M * I) * width;
  char *rdW = written + (gsize) (K * M * (O + I) + first * P) * width;
  const AssayOpApart apart = { .rx = { M * I * width, P * width, P * width }, .ry = { M * O * width }, .rdx = { M * I * width, P * width, P * width }, .rdy = M * O * width };
  AssayOpCall call = { .n_in = 3, .n_out = 1, .in_shape = in, .out_shape = &out, .x = { x, vectors, (char *) vectors + O * I * width }, .dy = dy, .rx = { rx, rW, rW + O * I * width },
                       .ry = { ry }, .rdx = { rdx, rdW, rdW + O * I * width }, .rdy = rdy, .fresh = 7, .n_tangents = n, .apart = apart, .compute = compute };
  GError *error = NULL;

  for (guint k = 0; k < 2; k++)
    {
      assay_op_run (op, k ? ASSAY_RBWD : ASSAY_RFWD, dtype, device, &call, &error);
      g_assert_no_error (error);
    }
}

static void
test_blocks (gconstpointer data)
{
  const gsize p = GPOINTER_TO_SIZE (data);
  const AssayDtype dtype = precisions[p].dtype;
  const gint64 n_results = K * M * (O + I), n_tangents = K * M * (I + O);
  AssayRng rng = assay_rng_new (3, 0);

  for (gint64 P = O * I + O; P <= O * I + O + 1; P++)
    {
      const gint64 sizes[] = { M * I, M * O, (K + 1) * P, n_tangents }, n = n_results + K * P;
      g_autofree double *block = g_new0 (double, n), *alone = g_new0 (double, n);
      gpointer there[G_N_ELEMENTS (sizes)], together = send (dtype, block, n), one_by_one = send (dtype, alone, n);

      for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
        {
          g_autofree double *x = g_new (double, sizes[k]);

          for (gint64 i = 0; i < sizes[k]; i++)
            x[i] = assay_rng_normal (&rng);
          there[k] = send (dtype, x, sizes[k]);
        }
      run_block (dtype, precisions[p].compute, P, 0, K, there[0], there[1], there[2], there[3], together);
      for (gint64 k = 0; k < K; k++)
        run_block (dtype, precisions[p].compute, P, k, 1, there[0], there[1], there[2], there[3], one_by_one);
      fetch (dtype, together, n, block);
      fetch (dtype, one_by_one, n, alone);
      g_assert_cmpmem (block, n * sizeof *block, alone, n * sizeof *alone);
      for (gint64 i = 0; i < n_results; i++)
        g_assert_cmpfloat (block[i], !=, 0);
      for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
        device->release (device, there[k]);
    }
}

#undef K
#undef M

/* Where the library has no way there is a kernel of our own; for factors in bf16 there is none, and that is said. */
static void
test_own (void)
{
  g_autofree Numbers *n = g_new (Numbers, 1);
  g_autofree Results *r = g_new (Results, 1);
  AssayBackend *before = device;

  if (refuse == NULL)
    {
      g_test_skip ("the device's own library has ways");
      return;
    }
  device = assay_backend_cuda_new (CUDA_MODULE, 0, 1, NULL);      /* which keeps no ways yet */
  refuse (1);
  draw (n);
  for (gsize p = 0; p < 2; p++)
    {
      run (precisions[p].dtype, precisions[p].compute, 70, n, r);
      check_results (n, 70, r, precisions[p].factor, precisions[p].unit);
      check_rows (n, precisions[p].dtype, precisions[p].compute);
    }
  refuse (0);
  assay_backend_free (device);
  device = before;
}

int
main (int argc, char **argv)
{
  const char *module = g_getenv ("ASSAY_CUDA_MODULE");
  int status;

  g_test_init (&argc, &argv, NULL);
  if ((device = assay_backend_cuda_new (module ? module : CUDA_MODULE, 0, 1, NULL)) == NULL)
    return 77;
  if (module == NULL)
    *(gpointer *) &refuse = dlsym (dlopen (CUDA_MODULE, RTLD_NOW | RTLD_LOCAL), "emulation_refuse_products");
  for (gsize p = 0; p < G_N_ELEMENTS (precisions); p++)
    {
      g_autofree char *name = g_strdup_printf ("/products/%s is within what its factors and sums may be off by", precisions[p].name);
      g_autofree char *blocks = g_strdup_printf ("/products/tangents of a block in %s have the bits of one alone", precisions[p].name);
      g_autofree char *rows = g_strdup_printf ("/products/rows in %s have the same bits however many there are", precisions[p].name);

      g_test_add_data_func (name, GSIZE_TO_POINTER (p), test_precision);
      g_test_add_data_func (rows, GSIZE_TO_POINTER (p), test_rows);
      g_test_add_data_func (blocks, GSIZE_TO_POINTER (p), test_blocks);
    }
  g_test_add_func ("/products/factors in bf16 are the nearest ones", test_bf16);
  g_test_add_func ("/products/a kernel of our own makes what the library has no way for", test_own);
  status = g_test_run ();
  assay_backend_free (device);
  return status;
}
