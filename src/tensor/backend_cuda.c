/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backend_cuda.c: the module of kernels/ found and loaded, and its table behind ours. Nothing of CUDA is linked or included here, so that one program
 * runs with and without it. */
#include "tensor/backend.h"

#include "base/beside.h"
#include "base/error.h"
#include "kernels/launch.h"
#include "tensor/op_call.h"

#include <dlfcn.h>
#include <string.h>

typedef struct {
  AssayBackend backend;
  const AssayCudaTable *cuda;
  AssayCudaContext *context;
} CudaBackend;

/* --- the module ----------------------------------------------------------------------------------------------------------- */

static char *
find_module (void)
{
  return assay_beside_find_module ("kernels", "assay-cuda.so");
}

/* It stays loaded: CUDA's libraries do not like to go. */
static const AssayCudaTable *
load_module (const char *path, GError **error)
{
  const AssayCudaTable *cuda;
  AssayCudaEntry entry;
  gpointer module;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE, "CUDA: %s is not there: this build has no CUDA module; everything else works", path);
      return NULL;
    }
  module = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  if (module == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE, "CUDA: %s; install the CUDA run-time with cuBLAS and cuSOLVER, or go without", dlerror ());
      return NULL;
    }
  *(gpointer *) &entry = dlsym (module, ASSAY_CUDA_ENTRY);
  cuda = entry != NULL ? entry () : NULL;
  if (cuda == NULL || cuda->abi != ASSAY_CUDA_ABI || cuda->size != sizeof *cuda)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE, "CUDA: %s belongs to another version of the program: interface %d expected, %d found", path,
                   ASSAY_CUDA_ABI, cuda != NULL ? (int) cuda->abi : 0);
      return NULL;
    }
  return cuda;
}

/* FALSE with what the module says. */
static gboolean
look (gboolean ok, const AssayCudaFailure *failure, GError **error)
{
  static const AssayErrorCode codes[] = {
    [ASSAY_CUDA_NO_DEVICE] = ASSAY_ERROR_NO_DEVICE, [ASSAY_CUDA_NO_MEMORY] = ASSAY_ERROR_NO_MEMORY, [ASSAY_CUDA_BAD_CALL] = ASSAY_ERROR_UNSUPPORTED,
    [ASSAY_CUDA_NOT_CONVERGED] = ASSAY_ERROR_CHECK_FAILED, [ASSAY_CUDA_LOST] = ASSAY_ERROR_IO
  };

  if (!ok)
    g_set_error (error, ASSAY_ERROR, codes[failure->code], "%s%s", failure->code == ASSAY_CUDA_NO_DEVICE ? "CUDA: " : "", failure->message);
  return ok;
}

gboolean
assay_backend_cuda_find (const char *path, guint device, AssayCudaFound *found, GError **error)
{
  g_autofree char *module = path ? g_strdup (path) : find_module ();
  const AssayCudaTable *cuda = load_module (module, error);
  AssayCudaFailure failure;
  AssayCudaDevice d;

  if (cuda == NULL || !look (cuda->describe ((int) device, &d, &failure), &failure, error))
    return FALSE;
  *found = (AssayCudaFound) { .major = d.major, .minor = d.minor, .driver = d.driver, .runtime = d.runtime, .processors = (guint) d.processors,
                              .memory = d.memory, .available = d.available, .nccl = (guint) d.nccl };
  g_strlcpy (found->name, d.name, sizeof found->name);
  g_strlcpy (found->module, module, sizeof found->module);
  return TRUE;
}

/* --- the table ------------------------------------------------------------------------------------------------------------ */

static gpointer
cuda_alloc (AssayBackend *backend, gsize bytes, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;
  gpointer buffer;

  return look (self->cuda->alloc (self->context, bytes, &buffer, &failure), &failure, error) ? buffer : NULL;
}

static void
cuda_release (AssayBackend *backend, gpointer buffer)
{
  CudaBackend *self = (CudaBackend *) backend;

  self->cuda->release (self->context, buffer);
}

static gboolean
cuda_copy_in (AssayBackend *backend, gpointer device, gconstpointer host, gsize bytes, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->copy_in (self->context, device, host, bytes, &failure), &failure, error);
}

static gboolean
cuda_copy_out (AssayBackend *backend, gpointer host, gconstpointer device, gsize bytes, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->copy_out (self->context, host, device, bytes, &failure), &failure, error);
}

static gboolean
cuda_copy_out_begin (AssayBackend *backend, gconstpointer device, gsize bytes, AssayCopy **copy, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->copy_out_begin (self->context, device, bytes, (AssayCudaCopy **) copy, &failure), &failure, error);
}

static gboolean
cuda_copy_out_end (AssayBackend *backend, AssayCopy *copy, gconstpointer *host, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->copy_out_end (self->context, (AssayCudaCopy *) copy, host, &failure), &failure, error);
}

static void
cuda_copy_out_drop (AssayBackend *backend, AssayCopy *copy)
{
  CudaBackend *self = (CudaBackend *) backend;

  self->cuda->copy_out_drop (self->context, (AssayCudaCopy *) copy);
}

static gboolean
cuda_zero (AssayBackend *backend, gpointer device, gsize bytes, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->zero (self->context, device, bytes, &failure), &failure, error);
}

static gboolean
cuda_sync (AssayBackend *backend, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->sync (self->context, &failure), &failure, error);
}

static gboolean
cuda_owns (AssayBackend *backend, gconstpointer address)
{
  CudaBackend *self = (CudaBackend *) backend;

  return self->cuda->owns (self->context, address);
}

static gboolean
get_type (AssayDtype dtype, AssayCudaType *type, GError **error)
{
  if (dtype != ASSAY_F32 && dtype != ASSAY_F64)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "dense matrices on cuda: f32 or f64 expected, %s found", assay_dtype_name (dtype));
      return FALSE;
    }
  *type = dtype == ASSAY_F64 ? ASSAY_CUDA_F64 : ASSAY_CUDA_F32;
  return TRUE;
}

static gboolean
cuda_gemm (AssayBackend *backend, AssayDtype dtype, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha, gconstpointer A, gint64 lda,
           gconstpointer B, gint64 ldb, gboolean accumulate, gpointer C, gint64 ldc, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;
  AssayCudaType type;

  return get_type (dtype, &type, error)
         && look (self->cuda->gemm (self->context, type, ta, tb, M, N, K, alpha, A, lda, B, ldb, accumulate ? 1 : 0, C, ldc, &failure), &failure, error);
}

static gboolean
cuda_eigen (AssayBackend *backend, AssayDtype dtype, gint64 n, gpointer matrix, gpointer values, double *residual, double *orthogonality, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;
  AssayCudaType type;

  return get_type (dtype, &type, error)
         && look (self->cuda->eigen (self->context, ASSAY_CUDA_EIGEN_AUTO, type, 1, n, matrix, values, residual, orthogonality, &failure), &failure, error);
}

static gboolean
cuda_factor (AssayBackend *backend, AssayDtype dtype, gint64 n, gpointer matrix, gint64 *pivot, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;
  AssayCudaType type;
  gint64 found;

  if (!get_type (dtype, &type, error) || !look (self->cuda->factor (self->context, type, n, matrix, &found, &failure), &failure, error))
    return FALSE;
  *pivot = found;
  return TRUE;
}

static gboolean
cuda_solve (AssayBackend *backend, AssayDtype dtype, gint64 n, gint64 K, gconstpointer factor, gpointer X, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;
  AssayCudaType type;

  return get_type (dtype, &type, error) && look (self->cuda->solve (self->context, type, n, K, factor, X, &failure), &failure, error);
}

G_STATIC_ASSERT (ASSAY_CUDA_MAX_RANK == ASSAY_MAX_RANK);
G_STATIC_ASSERT (ASSAY_CUDA_MAX_IN == ASSAY_OP_MAX_IN);
G_STATIC_ASSERT (ASSAY_CUDA_MAX_OUT == ASSAY_OP_MAX_OUT);
G_STATIC_ASSERT ((int) ASSAY_CUDA_FULL == (int) ASSAY_COMPUTE_FULL && (int) ASSAY_CUDA_BF16 == (int) ASSAY_COMPUTE_BF16 && (int) ASSAY_CUDA_TF32 == (int) ASSAY_COMPUTE_TF32);

static void
set_shapes (AssayCudaShape *to, const AssayShape *from, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      to[i].rank = from[i].rank;
      for (guint k = 0; k < from[i].rank; k++)
        to[i].dim[k] = from[i].dim[k];
    }
}

static gboolean
cuda_run_op (AssayBackend *backend, const char *op, AssayRule rule, AssayDtype dtype, const AssayOpCall *call, GError **error)
{
  static const AssayCudaRule rules[] = { [ASSAY_FWD] = ASSAY_CUDA_FWD, [ASSAY_BWD] = ASSAY_CUDA_BWD, [ASSAY_RFWD] = ASSAY_CUDA_RFWD,
                                         [ASSAY_RBWD] = ASSAY_CUDA_RBWD, [ASSAY_GGN] = ASSAY_CUDA_GGN };
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaOpCall c = { .n_in = (int) call->n_in, .n_out = (int) call->n_out, .attr = call->attr, .dy = call->dy, .rdy = call->rdy, .fresh = call->fresh,
                        .narrow_x = call->narrow_x, .narrow_dx = call->narrow_dx, .narrow_y = call->narrow_y,
                        .n_tangents = call->n_tangents, .position = call->position, .compute = (AssayCudaCompute) call->compute };
  AssayCudaFailure failure;

  if (rule >= G_N_ELEMENTS (rules) || (dtype != ASSAY_F32 && dtype != ASSAY_F64) || call->packed != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s on cuda: one of the four rules in f32 or f64, of weights as they are, expected, %s found; leave --device out", op, assay_dtype_name (dtype));
      return FALSE;
    }
  c.rule = rules[rule];
  c.type = dtype == ASSAY_F64 ? ASSAY_CUDA_F64 : ASSAY_CUDA_F32;
  set_shapes (c.in_shape, call->in_shape, call->n_in);
  set_shapes (c.out_shape, call->out_shape, call->n_out);
  for (guint i = 0; i < call->n_in; i++)
    {
      c.x[i] = call->x[i];
      c.dx[i] = call->dx[i];
      c.rx[i] = call->rx[i];
      c.rdx[i] = call->rdx[i];
      c.apart.rx[i] = call->apart.rx[i];
      c.apart.dx[i] = call->apart.dx[i];
      c.apart.rdx[i] = call->apart.rdx[i];
    }
  for (guint j = 0; j < call->n_out; j++)
    {
      c.y[j] = call->y[j];
      c.ry[j] = call->ry[j];
      c.apart.ry[j] = call->apart.ry[j];
    }
  c.apart.dy = call->apart.dy;
  c.apart.rdy = call->apart.rdy;
  return look (self->cuda->run_op (self->context, op, &c, &failure), &failure, error);
}

static gboolean
cuda_capture_begin (AssayBackend *backend, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->capture_begin (self->context, &failure), &failure, error);
}

static gboolean
cuda_capture_end (AssayBackend *backend, AssayCaptured **captured, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->capture_end (self->context, (AssayCudaCaptured **) captured, &failure), &failure, error);
}

static gboolean
cuda_replay (AssayBackend *backend, AssayCaptured *captured, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->replay (self->context, (AssayCudaCaptured *) captured, &failure), &failure, error);
}

static void
cuda_drop (AssayBackend *backend, AssayCaptured *captured)
{
  CudaBackend *self = (CudaBackend *) backend;

  self->cuda->drop (self->context, (AssayCudaCaptured *) captured);
}

G_STATIC_ASSERT (ASSAY_BACKEND_CARD_ID == ASSAY_CUDA_CARD_ID && ASSAY_BACKEND_RANKS_ID == ASSAY_CUDA_RANKS_ID);

static gboolean
cuda_make_ranks_id (AssayBackend *backend, guint8 *id, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->make_ranks_id (id, &failure), &failure, error);
}

static gboolean
cuda_join (AssayBackend *backend, const guint8 *id, guint rank, guint size, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  backend->has_joined = look (self->cuda->join (self->context, id, (int) rank, (int) size, &failure), &failure, error);
  return backend->has_joined;
}

static gboolean
cuda_send (AssayBackend *backend, guint to, gconstpointer device, gsize bytes, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->send (self->context, (int) to, device, bytes, &failure), &failure, error);
}

static gboolean
cuda_receive (AssayBackend *backend, guint from, gpointer device, gsize bytes, GError **error)
{
  CudaBackend *self = (CudaBackend *) backend;
  AssayCudaFailure failure;

  return look (self->cuda->receive (self->context, (int) from, device, bytes, &failure), &failure, error);
}

static void
cuda_close (AssayBackend *backend)
{
  CudaBackend *self = (CudaBackend *) backend;

  self->cuda->close (self->context);
  assay_workers_free (backend->workers);
  g_free (self);
}

AssayBackend *
assay_backend_cuda_new (const char *path, guint device, guint n_threads, GError **error)
{
  g_autofree char *module = path ? g_strdup (path) : find_module ();
  const AssayCudaTable *cuda = load_module (module, error);
  AssayCudaContext *context;
  AssayCudaFailure failure;
  AssayCudaDevice found;
  CudaBackend *self;

  if (cuda == NULL || !look (cuda->describe ((int) device, &found, &failure), &failure, error)
      || !look (cuda->open ((int) device, &context, &failure), &failure, error))
    return NULL;
  self = g_new0 (CudaBackend, 1);
  *self = (CudaBackend) {
    .backend = { .kind = ASSAY_BACKEND_CUDA, .name = "cuda", .workers = assay_workers_new (n_threads), .alloc = cuda_alloc, .release = cuda_release,
                 .copy_in = cuda_copy_in, .copy_out = cuda_copy_out, .copy_out_begin = cuda_copy_out_begin, .copy_out_end = cuda_copy_out_end,
                 .copy_out_drop = cuda_copy_out_drop, .zero = cuda_zero, .sync = cuda_sync, .owns = cuda_owns, .gemm = cuda_gemm, .eigen = cuda_eigen,
                 .factor = cuda_factor, .solve = cuda_solve,
                 .run_op = cuda_run_op, .capture_begin = cuda_capture_begin, .capture_end = cuda_capture_end, .replay = cuda_replay, .drop = cuda_drop,
                 .make_ranks_id = cuda_make_ranks_id, .join = cuda_join, .send = cuda_send, .receive = cuda_receive, .close = cuda_close },
    .cuda = cuda, .context = context
  };
  self->backend.memory = found.available;
  self->backend.ranks_library = (guint) found.nccl;
  memcpy (self->backend.card_id, found.card, sizeof found.card);
  g_snprintf (self->backend.card, sizeof self->backend.card, "%s, compute capability %d.%d, driver %d.%d", found.name, found.major, found.minor, found.driver / 1000,
              found.driver % 1000 / 10);
  return &self->backend;
}
