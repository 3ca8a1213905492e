/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backend.h: where buffers live and who computes on them: a table of operations. The CPU backend is always there; the one on an NVIDIA device comes
 * out of a module that is loaded when it is asked for (backend_cuda.c).
 *
 * Operations run their own kernels on the CPU and the backend's elsewhere (run_op). A backend that lacks a kernel says so by an error; nothing
 * falls back to another device or precision in silence.
 * Ownership: a backend outlives every buffer made from it. Thread rule: one walk at a time per backend object.
 */
#pragma once

#include "base/workers.h"
#include "tensor/dtype.h"

typedef enum {
  ASSAY_BACKEND_CPU,
  ASSAY_BACKEND_CUDA,
  ASSAY_N_BACKENDS
} AssayBackendKind;

typedef enum { ASSAY_FWD, ASSAY_BWD, ASSAY_RFWD, ASSAY_RBWD, ASSAY_GGN, ASSAY_STEP, ASSAY_N_RULES } AssayRule;  /* of an operation: ops/op.h */

typedef struct _AssayBackend AssayBackend;
typedef struct _AssayCaptured AssayCaptured;    /* work that a device keeps */
typedef struct _AssayCopy AssayCopy;            /* one that goes on */
typedef struct _AssayOpCall AssayOpCall;        /* tensor/op_call.h */

#define ASSAY_BACKEND_CARD_ID 16        /* bytes */
#define ASSAY_BACKEND_RANKS_ID 128

struct _AssayBackend {
  AssayBackendKind kind;
  const char *name;
  char card[160];               /* of a device: what it is called, its capability and its driver; "" on the CPU */
  guint8 card_id[ASSAY_BACKEND_CARD_ID];        /* of a device: no other has it */
  guint64 memory;               /* of a device: bytes that were free when it was opened */
  guint ranks_library;          /* by which devices of several processes send to each other: 22809 is NCCL 2.28.9; 0: none */
  gboolean has_joined;
  AssayWorkers *workers;        /* the crew, also for what is done on the processor beside a device; owned */
  gpointer (*alloc)    (AssayBackend *backend, gsize bytes, GError **error);      /* zeroed */
  void     (*release)  (AssayBackend *backend, gpointer buffer);
  gboolean (*copy_in)  (AssayBackend *backend, gpointer device, gconstpointer host, gsize bytes, GError **error);
  gboolean (*copy_out) (AssayBackend *backend, gpointer host, gconstpointer device, gsize bytes, GError **error);
  /* NULL on the CPU. A copy that goes on beside what is queued later, of what the buffer holds when all before is done: until end nothing may write to the
   * buffer, nor may it be released. end waits, and has the bytes until drop, which takes NULL and waits too. All are dropped before the backend is closed. */
  gboolean (*copy_out_begin) (AssayBackend *backend, gconstpointer device, gsize bytes, AssayCopy **copy, GError **error);
  gboolean (*copy_out_end)   (AssayBackend *backend, AssayCopy *copy, gconstpointer *host, GError **error);
  void     (*copy_out_drop)  (AssayBackend *backend, AssayCopy *copy);
  gboolean (*zero)     (AssayBackend *backend, gpointer device, gsize bytes, GError **error);
  gboolean (*sync)     (AssayBackend *backend, GError **error);
  /* Whether the address lies in a buffer of alloc; NULL on the CPU, whose memory is the caller's too. */
  gboolean (*owns)     (AssayBackend *backend, gconstpointer address);

  /* Dense matrices on buffers, in f32 or f64 and no less; NULL on the CPU, where tensor/gemm.h and LAPACK do it. hessian/dense.c alone calls them.
   * gemm: C (M,N) <- alpha op(A) op(B) (+ C), arguments as tensor/gemm.h has them. Of symmetric matrices (n,n):
   * eigen: vector j replaces row j, ascending values (n), and how good they are (||AQ-QL||/||A||, ||Q'Q-I||). factor: Cholesky, in place; *pivot > 0
   * counts, from 1, the first that is not positive. solve: X (K,n) <- A^-1 X by that factor. */
  gboolean (*gemm)     (AssayBackend *backend, AssayDtype dtype, gboolean ta, gboolean tb, gint64 M, gint64 N, gint64 K, double alpha, gconstpointer A,
                        gint64 lda, gconstpointer B, gint64 ldb, gboolean accumulate, gpointer C, gint64 ldc, GError **error);
  gboolean (*eigen)    (AssayBackend *backend, AssayDtype dtype, gint64 n, gpointer matrix, gpointer values, double *residual, double *orthogonality,
                        GError **error);
  gboolean (*factor)   (AssayBackend *backend, AssayDtype dtype, gint64 n, gpointer matrix, gint64 *pivot, GError **error);
  gboolean (*solve)    (AssayBackend *backend, AssayDtype dtype, gint64 n, gint64 K, gconstpointer factor, gpointer X, GError **error);
  /* NULL on the CPU, whose kernels are in the op's own table. Queues a rule of the op of that name; ops/op.h calls it, and run/backend_vector.h for what
   * is done to flat vectors. Errors: UNSUPPORTED. */
  gboolean (*run_op)   (AssayBackend *backend, const char *op, AssayRule rule, AssayDtype dtype, const AssayOpCall *call, GError **error);
  /* NULL on the CPU. What is queued between begin and end is kept instead of done, to be queued again and again as one launch; end: FALSE on failure, and
   * *captured NULL where the device cannot keep it. All of it is dropped before the backend is closed. */
  gboolean (*capture_begin) (AssayBackend *backend, GError **error);
  gboolean (*capture_end)   (AssayBackend *backend, AssayCaptured **captured, GError **error);
  gboolean (*replay)        (AssayBackend *backend, AssayCaptured *captured, GError **error);
  void     (*drop)          (AssayBackend *backend, AssayCaptured *captured);
  /* Without a ranks_library NULL or UNSUPPORTED. Devices of several processes, each its own: one of them makes an id, which all join by, at the same time, once. Then
   * they send buffers of theirs, from one queue into the other's: a send is done when the other receives as many bytes. What fails there loses the device, and
   * the others have to be told by other ways. They part when the backend is closed. */
  gboolean (*make_ranks_id) (AssayBackend *backend, guint8 *id, GError **error);
  gboolean (*join)          (AssayBackend *backend, const guint8 *id, guint rank, guint size, GError **error);
  gboolean (*send)          (AssayBackend *backend, guint to, gconstpointer device, gsize bytes, GError **error);
  gboolean (*receive)       (AssayBackend *backend, guint from, gpointer device, gsize bytes, GError **error);
  void     (*close)    (AssayBackend *backend);
};

/* n_threads 0: all processors of this process. */
AssayBackend *assay_backend_cpu_new (guint n_threads);
void          assay_backend_free    (AssayBackend *backend);

/* The CUDA device of that number with a crew of n_threads (0: all processors), by the module of that path, or by the one that was built or installed with the program where path is NULL. Its work is
 * queued: what fails is told by the next operation that waits. A device that was lost fails everything from then on, with the first message.
 * Errors: NO_DEVICE (no module, driver or device: which of them, and what to do), NO_MEMORY. Operations: NO_MEMORY, after which it goes on; IO when the
 * device is lost; CHECK_FAILED when a decomposition did not end. */
AssayBackend *assay_backend_cuda_new (const char *path, guint device, guint n_threads, GError **error);

typedef struct {
  char name[128];
  char module[512];             /* the file */
  int major, minor;             /* compute capability */
  int driver, runtime;          /* 13000: CUDA 13.0 */
  guint processors;
  guint64 memory, available;    /* bytes */
  guint nccl;                   /* 22809: NCCL 2.28.9; 0: none */
} AssayCudaFound;

/* What is there, without opening it. Errors: as assay_backend_cuda_new. */
gboolean      assay_backend_cuda_find (const char *path, guint device, AssayCudaFound *found, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBackend, assay_backend_free)
