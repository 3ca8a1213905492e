/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backend_cpu.c: host memory and our own workers. */
#include "tensor/backend.h"

#include "base/mem.h"

#include <string.h>

static gpointer
cpu_alloc (AssayBackend *backend, gsize bytes, GError **error)
{
  (void) backend;
  return assay_mem_alloc (bytes, error);
}

static void
cpu_release (AssayBackend *backend, gpointer buffer)
{
  (void) backend;
  assay_mem_free (buffer);
}

static gboolean
cpu_copy (AssayBackend *backend, gpointer to, gconstpointer from, gsize bytes, GError **error)
{
  (void) backend;
  (void) error;
  if (to != from)
    memcpy (to, from, bytes);
  return TRUE;
}

static gboolean
cpu_zero (AssayBackend *backend, gpointer buffer, gsize bytes, GError **error)
{
  (void) backend;
  (void) error;
  memset (buffer, 0, bytes);
  return TRUE;
}

static gboolean
cpu_sync (AssayBackend *backend, GError **error)
{
  (void) backend;
  (void) error;
  return TRUE;
}

static void
cpu_close (AssayBackend *backend)
{
  assay_workers_free (backend->workers);
  g_free (backend);
}

AssayBackend *
assay_backend_cpu_new (guint n_threads)
{
  AssayBackend *backend = g_new0 (AssayBackend, 1);

  *backend = (AssayBackend) { .kind = ASSAY_BACKEND_CPU, .name = "cpu", .workers = assay_workers_new (n_threads),
                              .alloc = cpu_alloc, .release = cpu_release, .copy_in = cpu_copy, .copy_out = cpu_copy,
                              .zero = cpu_zero, .sync = cpu_sync, .close = cpu_close };
  return backend;
}

void
assay_backend_free (AssayBackend *backend)
{
  if (backend != NULL)
    backend->close (backend);
}
