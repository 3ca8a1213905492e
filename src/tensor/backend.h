/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backend.h: where buffers live and who computes on them: a table of operations. The CPU backend is always there.
 *
 * Operations find their kernels by the backend's kind (ops/op.h). A backend that lacks a kernel says so by an error; nothing
 * falls back to another device or precision in silence.
 * Ownership: a backend outlives every buffer made from it. Thread rule: one walk at a time per backend object.
 */
#pragma once

#include "base/workers.h"

typedef enum {
  ASSAY_BACKEND_CPU,
  ASSAY_BACKEND_CUDA,
  ASSAY_N_BACKENDS
} AssayBackendKind;

typedef struct _AssayBackend AssayBackend;

struct _AssayBackend {
  AssayBackendKind kind;
  const char *name;
  AssayWorkers *workers;        /* CPU: the crew; owned */
  gpointer (*alloc)    (AssayBackend *backend, gsize bytes, GError **error);      /* zeroed */
  void     (*release)  (AssayBackend *backend, gpointer buffer);
  gboolean (*copy_in)  (AssayBackend *backend, gpointer device, gconstpointer host, gsize bytes, GError **error);
  gboolean (*copy_out) (AssayBackend *backend, gpointer host, gconstpointer device, gsize bytes, GError **error);
  gboolean (*zero)     (AssayBackend *backend, gpointer device, gsize bytes, GError **error);
  gboolean (*sync)     (AssayBackend *backend, GError **error);
  void     (*close)    (AssayBackend *backend);
};

/* n_threads 0: all processors of this process. */
AssayBackend *assay_backend_cpu_new (guint n_threads);
void          assay_backend_free    (AssayBackend *backend);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBackend, assay_backend_free)
