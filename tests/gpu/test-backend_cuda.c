/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CUDA backend over the emulated module: what it computes, and what is left after each of its calls has failed. */
#include "base/error.h"
#include "base/mem.h"
#include "hessian/dense.h"
#include "tensor/backend.h"
#include "tensor/gemm.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define N 40
#define OUT_OF_MEMORY 2
#define LAUNCH_FAILURE 719

static void (*fail_at) (guint64 k, int error);
static guint64 (*get_calls) (void);
static void (*set_devices) (int n);
static void (*set_memory) (gsize bytes);
static gint64 (*get_live) (void);
static void (*spoil) (int spoil);

static void
find_switches (void)
{
  gpointer module = dlopen (EMULATED, RTLD_NOW | RTLD_LOCAL);

  g_assert_nonnull (module);
  *(gpointer *) &fail_at = dlsym (module, "emulation_fail_at");
  *(gpointer *) &get_calls = dlsym (module, "emulation_get_calls");
  *(gpointer *) &set_devices = dlsym (module, "emulation_set_devices");
  *(gpointer *) &set_memory = dlsym (module, "emulation_set_memory");
  *(gpointer *) &get_live = dlsym (module, "emulation_get_live");
  *(gpointer *) &spoil = dlsym (module, "emulation_spoil");
  g_assert_true (fail_at && get_calls && set_devices && set_memory && get_live && spoil);
}

static void
fill (double *A)
{
  for (guint i = 0; i < N; i++)
    for (guint j = 0; j < N; j++)
      A[i * N + j] = 1.0 / (1 + i + j) + (i == j);                /* Hilbert's, made definite */
}

typedef struct { double product[N * N], vectors[N * N], values[N], solution[N]; } Results;

static gboolean
compute (AssayBackend *b, const double *A, gpointer *buffer, Results *r, GError **error)
{
  double residual, orthogonality;
  gint64 pivot;

  return b->copy_in (b, buffer[0], A, N * N * 8, error)
         && b->gemm (b, ASSAY_F64, FALSE, TRUE, N, N, N, 1, buffer[0], N, buffer[0], N, FALSE, buffer[1], N, error)
         && b->copy_out (b, r->product, buffer[1], N * N * 8, error)
         && b->eigen (b, ASSAY_F64, N, buffer[0], buffer[2], &residual, &orthogonality, error)
         && b->copy_out (b, r->vectors, buffer[0], N * N * 8, error) && b->copy_out (b, r->values, buffer[2], N * 8, error)
         && b->copy_in (b, buffer[1], A, N * N * 8, error) && b->factor (b, ASSAY_F64, N, buffer[1], &pivot, error)
         && b->copy_in (b, buffer[2], A, N * 8, error) && b->solve (b, ASSAY_F64, N, 1, buffer[1], buffer[2], error)
         && b->copy_out (b, r->solution, buffer[2], N * 8, error) && b->sync (b, error);
}

/* From opening to closing; writes results only where all went well. */
static gboolean
run (Results *results, GError **error)
{
  g_autoptr (AssayBackend) b = assay_backend_cuda_new (EMULATED, 0, 1, error);
  g_autofree double *A = g_new (double, N * N);
  g_autofree Results *r = g_new0 (Results, 1);
  gpointer buffer[3] = { NULL, NULL, NULL };
  gboolean ok;

  fill (A);
  ok = b != NULL && (buffer[0] = b->alloc (b, N * N * 8, error)) != NULL && (buffer[1] = b->alloc (b, N * N * 8, error)) != NULL
       && (buffer[2] = b->alloc (b, N * 8, error)) != NULL && compute (b, A, buffer, r, error);
  for (guint k = 0; b != NULL && k < 3; k++)
    b->release (b, buffer[k]);
  if (ok)
    *results = *r;
  return ok;
}

static void
test_computes (void)
{
  g_autofree Results *r = g_new0 (Results, 1);
  g_autofree double *A = g_new (double, N * N), *expected = g_new (double, N * N);
  GError *error = NULL;

  run (r, &error);
  g_assert_no_error (error);
  fill (A);
  assay_gemm_f64 (NULL, FALSE, TRUE, N, N, N, 1, A, N, A, N, FALSE, expected, N);
  for (guint k = 0; k < N * N; k++)
    g_assert_cmpfloat (ABS (r->product[k] - expected[k]), <=, 2 * (N + 3) * 0x1p-53 * expected[k]);        /* all are positive */
  for (guint k = 1; k < N; k++)
    g_assert_cmpfloat (r->values[k - 1], <=, r->values[k]);
  g_assert_cmpfloat (r->solution[0], >, 0.99);                    /* the right-hand side was the first column */
  g_assert_cmpint (get_live (), ==, 0);
}

/* Each call in turn: the message says where, what was asked for is not given, nothing is left behind, and the next run has the same bits. */
static void
fail_each (int with, AssayErrorCode expected)
{
  g_autofree Results *whole = g_new0 (Results, 1), *got = g_new0 (Results, 1);
  guint64 calls = get_calls (), n;
  guint failed = 0;

  g_assert_true (run (whole, NULL));
  n = get_calls () - calls;
  g_assert_cmpuint (n, >, 60);
  for (guint64 k = 1; k <= n; k++)
    {
      g_autoptr (GError) error = NULL;
      gboolean ok;

      memset (got, 0xff, sizeof *got);
      fail_at (k, with);
      ok = run (got, &error);
      fail_at (0, 0);
      g_assert_true (ok == (error == NULL));
      if (ok)
        g_assert_cmpmem (got, sizeof *got, whole, sizeof *whole);
      else
        {
          failed++;
          g_assert_true (error->domain == ASSAY_ERROR && (error->code == (int) expected || error->code == ASSAY_ERROR_NO_DEVICE));
          for (guint j = 0; j < sizeof *got; j++)
            g_assert_cmpint (((guint8 *) got)[j], ==, 0xff);
        }
      g_assert_cmpint (get_live (), ==, 0);
    }
  g_assert_cmpuint (failed, >, n / 2);
  g_assert_true (run (got, NULL));
  g_assert_cmpmem (got, sizeof *got, whole, sizeof *whole);
}

static void
test_fails_anywhere (void)
{
  fail_each (LAUNCH_FAILURE, ASSAY_ERROR_IO);
  fail_each (OUT_OF_MEMORY, ASSAY_ERROR_NO_MEMORY);
}

static void
test_lost_device (void)
{
  g_autoptr (AssayBackend) b = assay_backend_cuda_new (EMULATED, 0, 1, NULL);
  g_autoptr (GError) first = NULL, later = NULL, allocation = NULL;
  gpointer buffer = b->alloc (b, 1000, NULL);
  char host[1000] = "unchanged";

  fail_at (2, LAUNCH_FAILURE);                                    /* the first is cudaSetDevice */
  g_assert_false (b->zero (b, buffer, 1000, &first));
  g_assert_error (first, ASSAY_ERROR, ASSAY_ERROR_IO);
  g_assert_nonnull (strstr (first->message, "cudaErrorLaunchFailure"));
  fail_at (0, 0);                                                 /* the device says that it is well, and is not believed */
  g_assert_false (b->copy_out (b, host, buffer, 1000, &later));
  g_assert_cmpstr (later->message, ==, first->message);
  g_assert_cmpstr (host, ==, "unchanged");
  g_assert_null (b->alloc (b, 10, &allocation));
  g_assert_cmpstr (allocation->message, ==, first->message);
  b->release (b, buffer);
}

static void
test_memory (void)
{
  g_autoptr (AssayBackend) b = NULL;
  g_autoptr (GError) error = NULL;
  gpointer first, second, again;
  gint64 live;

  set_memory ((gsize) 10 << 20);
  b = assay_backend_cuda_new (EMULATED, 0, 1, NULL);
  first = b->alloc (b, (gsize) 6 << 20, NULL);
  g_assert_nonnull (first);
  g_assert_null (b->alloc (b, (gsize) 6 << 20, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (error->message, "6291456 bytes"));
  second = b->alloc (b, (gsize) 3 << 20, NULL);                   /* it goes on */
  g_assert_nonnull (second);
  b->release (b, first);
  live = get_live ();
  again = b->alloc (b, (gsize) 6 << 20, NULL);                    /* out of the pool */
  g_assert_true (again == first);
  g_assert_cmpint (get_live (), ==, live);
  b->release (b, again);
  b->release (b, second);
  g_assert_nonnull (b->alloc (b, (gsize) 9 << 20, NULL));         /* what the pool kept makes room */
  set_memory ((gsize) 1 << 32);
}

static void
test_no_device (void)
{
  static const struct { int devices; const char *says; } cases[] = { { -1, "no NVIDIA driver is loaded" }, { 0, "no CUDA-capable device" }, { 1, "device 1: 1 found" } };
  AssayCudaFound found;

  for (guint k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (GError) error = NULL, opened = NULL;

      set_devices (cases[k].devices);
      g_assert_false (assay_backend_cuda_find (EMULATED, 1, &found, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE);
      g_assert_nonnull (strstr (error->message, cases[k].says));
      g_assert_null (assay_backend_cuda_new (EMULATED, 1, 1, &opened));
      g_assert_error (opened, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE);
    }
  set_devices (1);
  g_assert_true (assay_backend_cuda_find (EMULATED, 0, &found, NULL));
  g_assert_cmpstr (found.name, ==, "emulated device");
  g_assert_cmpint (found.driver, ==, 13000);
}

static void
test_no_module (void)
{
  g_autoptr (GError) missing = NULL, broken = NULL, other = NULL;

  g_assert_null (assay_backend_cuda_new ("/nowhere/assay-cuda.so", 0, 1, &missing));
  g_assert_error (missing, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE);
  g_assert_nonnull (strstr (missing->message, "/nowhere/assay-cuda.so is not there"));
  g_assert_null (assay_backend_cuda_new ("/proc/self/cmdline", 0, 1, &broken));
  g_assert_error (broken, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE);
  g_assert_null (assay_backend_cuda_new ("/proc/self/exe", 0, 1, &other));
  g_assert_error (other, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE);
}

static void
test_refuses_types (void)
{
  g_autoptr (AssayBackend) b = assay_backend_cuda_new (EMULATED, 0, 1, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (b->gemm (b, ASSAY_C128, FALSE, FALSE, 1, 1, 1, 1, NULL, 1, NULL, 1, FALSE, NULL, 1, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
  g_assert_true (b->sync (b, NULL));
}

/* --- through hessian/dense.h --- */

static gpointer
make (AssayDtype dtype)
{
  g_autofree double *A = g_new (double, N * N);
  gpointer matrix = assay_mem_alloc_array (N * N, assay_dtype_width (dtype), NULL);

  fill (A);
  assay_dtype_convert (ASSAY_F64, A, dtype, matrix, N * N);
  return matrix;
}

static void
test_decompositions (void)
{
  g_autoptr (AssayBackend) b = assay_backend_cuda_new (EMULATED, 0, 1, NULL);

  for (AssayDtype dtype = ASSAY_F32; dtype <= ASSAY_F64; dtype++)
    {
      gsize width = assay_dtype_width (dtype);
      g_autoptr (AssayBuffer) here = make (dtype), there = make (dtype), x = assay_mem_alloc_array (3 * N, width, NULL), y = assay_mem_alloc_array (3 * N, width, NULL);
      g_autofree char *values = g_malloc0 (2 * N * width);
      g_autoptr (AssayFactor) factor = NULL, on_host = NULL;
      AssayEigenCheck check;
      GError *error = NULL;

      g_assert_true (assay_dense_eigen (NULL, "Hilbert", dtype, N, here, values, NULL, NULL));
      assay_dense_eigen (b, "Hilbert", dtype, N, there, values + N * width, &check, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (check.residual, >, 0);
      g_assert_cmpmem (here, N * N * width, there, N * N * width);                                 /* LAPACK is behind both here: signs and order too */
      g_assert_cmpmem (values, N * width, values + N * width, N * width);
      factor = assay_factor_new (b, "Hilbert", dtype, N, make (dtype), TRUE, &error);
      g_assert_no_error (error);
      on_host = assay_factor_new (NULL, "Hilbert", dtype, N, make (dtype), TRUE, NULL);
      memcpy (x, here, 3 * N * width);
      memcpy (y, here, 3 * N * width);
      g_assert_true (assay_factor_solve (factor, 3, x, &error));
      g_assert_true (assay_factor_solve (on_host, 3, y, NULL));
      g_assert_cmpmem (x, 3 * N * width, y, 3 * N * width);
    }
}

static void
test_wrong_results (void)
{
  g_autoptr (AssayBackend) b = assay_backend_cuda_new (EMULATED, 0, 1, NULL);

  for (AssayDtype dtype = ASSAY_F32; dtype <= ASSAY_F64; dtype++)
    {
      g_autoptr (AssayBuffer) matrix = make (dtype), x = make (dtype), values = assay_mem_new (double, N, NULL), infinite = make (dtype);
      g_autoptr (AssayFactor) factor = assay_factor_new (b, "Hilbert", dtype, N, make (dtype), TRUE, NULL);
      g_autoptr (GError) eigen = NULL, solve = NULL, nan = NULL, indefinite = NULL;
      gpointer negative = make (dtype);
      const double minus = -1, inf = INFINITY;

      spoil (1);
      g_assert_false (assay_dense_eigen (b, "factor A of h.0", dtype, N, matrix, values, NULL, &eigen));
      g_assert_error (eigen, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED);
      g_assert_true (g_str_has_prefix (eigen->message, "factor A of h.0: "));
      g_assert_false (assay_factor_solve (factor, 2, x, &solve));
      g_assert_error (solve, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED);
      g_assert_true (g_str_has_prefix (solve->message, "Hilbert: solution 0, row "));
      spoil (0);
      assay_dtype_convert (ASSAY_F64, &inf, dtype, (char *) infinite + 3 * assay_dtype_width (dtype), 1);
      g_assert_false (assay_dense_eigen (b, "moment", dtype, N, infinite, values, NULL, &nan));
      g_assert_cmpstr (nan->message, ==, "moment: not finite at row 3, column 0");
      assay_dtype_convert (ASSAY_F64, &minus, dtype, negative, 1);
      g_assert_null (assay_factor_new (b, "moment", dtype, N, negative, TRUE, &indefinite));
      g_assert_error (indefinite, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
      g_assert_nonnull (strstr (indefinite->message, "moment: a positive definite matrix expected, and pivot 1 is not positive"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gpu/backend_cuda/a build without the module, or with another's, says so", test_no_module);
  if (access (EMULATED, R_OK) != 0)
    return g_test_run ();
  find_switches ();
  g_test_add_func ("/gpu/backend_cuda/products, eigenvectors and solves are those of the matrix", test_computes);
  g_test_add_func ("/gpu/backend_cuda/whichever call fails, no number is given and nothing is left behind", test_fails_anywhere);
  g_test_add_func ("/gpu/backend_cuda/a lost device stays lost, with its first message", test_lost_device);
  g_test_add_func ("/gpu/backend_cuda/memory that is not there is said, and the pool makes room", test_memory);
  g_test_add_func ("/gpu/backend_cuda/no driver, no device and too high a number are told apart", test_no_device);
  g_test_add_func ("/gpu/backend_cuda/other types than f32 and f64 are refused", test_refuses_types);
  g_test_add_func ("/gpu/backend_cuda/one interface decomposes here and on the device alike", test_decompositions);
  g_test_add_func ("/gpu/backend_cuda/a wrong vector, a wrong solution and what is not finite are found, and the matrix is named", test_wrong_results);
  return g_test_run ();
}
