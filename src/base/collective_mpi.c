/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collective_mpi.c: ranks of MPI, behind a module that is loaded where they are asked for: the program itself links no MPI. */
#include "base/collective.h"

#include "base/beside.h"
#include "base/error.h"
#include "mpi/world.h"

#include <dlfcn.h>

typedef struct {
  AssayCollective collective;
  const AssayMpiTable *mpi;
} MpiCollective;

#define ROOM 512                /* of a message */

static gboolean
look (int status, const char *message, GError **error)
{
  if (status != 0)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_IO, message);
  return status == 0;
}

static gboolean
send_mpi (AssayCollective *self, guint to, gconstpointer data, gsize bytes, GError **error)
{
  char message[ROOM];

  return look (((MpiCollective *) self)->mpi->send ((int) to, data, bytes, message, sizeof message), message, error);
}

static gboolean
receive_mpi (AssayCollective *self, guint from, gpointer data, gsize bytes, GError **error)
{
  char message[ROOM];

  return look (((MpiCollective *) self)->mpi->receive ((int) from, data, bytes, message, sizeof message), message, error);
}

static void
end_mpi (AssayCollective *self, int status)
{
  const AssayMpiTable *mpi = ((MpiCollective *) self)->mpi;

  if (self->is_broken)
    mpi->end_all (status);
  mpi->close ();
  g_free (self);
}

char *
assay_collective_find_mpi (void)
{
  return assay_beside_find_module ("mpi", "assay-mpi.so");
}

/* It stays loaded. Its symbols are everybody's, since MPI's own plug-ins look for them. */
static const AssayMpiTable *
load_module (const char *path, GError **error)
{
  const AssayMpiTable *mpi;
  AssayMpiEntry entry;
  gpointer module;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "MPI: %s is not there: this build has no MPI module, and its ranks cannot talk; build it where there "
                   "is an mpicc (libopenmpi-dev), or give each process its part with --ranks none --shard I/N", path);
      return NULL;
    }
  module = dlopen (path, RTLD_NOW | RTLD_GLOBAL);
  if (module == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "MPI: %s; install the MPI that the module was built with", dlerror ());
      return NULL;
    }
  *(gpointer *) &entry = dlsym (module, ASSAY_MPI_ENTRY);
  mpi = entry != NULL ? entry () : NULL;
  if (mpi == NULL || mpi->abi != ASSAY_MPI_ABI)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "MPI: %s belongs to another version of the program: interface %d expected, %d found", path,
                   ASSAY_MPI_ABI, mpi != NULL ? mpi->abi : 0);
      return NULL;
    }
  return mpi;
}

gboolean
assay_collective_open_mpi (const char *path, AssayCollective **out, GError **error)
{
  g_autofree char *own = path ? g_strdup (path) : assay_collective_find_mpi ();
  const AssayMpiTable *mpi = load_module (own, error);
  int rank, size, here;
  char message[ROOM];

  *out = NULL;
  if (mpi == NULL || !look (mpi->open (&rank, &size, &here, message, sizeof message), message, error))
    return FALSE;
  if (size == 1)
    mpi->close ();
  else
    {
      MpiCollective *self = g_new0 (MpiCollective, 1);

      self->mpi = mpi;
      self->collective = (AssayCollective) { .name = "mpi", .rank = (guint) rank, .size = (guint) size, .here = (guint) here, .send = send_mpi,
                                             .receive = receive_mpi, .end = end_mpi };
      *out = &self->collective;
    }
  return TRUE;
}
