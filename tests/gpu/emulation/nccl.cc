// SPDX-License-Identifier: GPL-3.0-or-later
/* nccl.cc: processes that send each other buffers through FIFOs of a folder that the id names.
 *
 * A device sends when its queue comes to it, whatever its process waits for. Here nobody goes through a queue meanwhile, so a transfer is made when it is
 * queued: of all times that a device may choose the first. It waits for the other, as the least generous device would.
 */
#include "nccl.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct ncclComm {
  int rank;
  std::vector<int> out, in;     /* files, by the other's rank; -1: none */
};

const char *
emulation_find_nccl (void)
{
  const char *wish = getenv ("ASSAY_EMULATED_NCCL");
  static Dl_info self;

  return (wish != nullptr && strcmp (wish, "none") == 0) || dladdr ((void *) emulation_find_nccl, &self) == 0 ? "none/libnccl.so" : self.dli_fname;
}

ncclResult_t
ncclGetVersion (int *version)
{
  *version = 22809;
  return ncclSuccess;
}

const char *
ncclGetErrorString (ncclResult_t result)
{
  return result == ncclUnhandledCudaError ? "unhandled cuda error" : result == ncclRemoteError ? "remote process exited or there was a network error"
         : result == ncclInvalidArgument ? "invalid argument" : "unhandled system error";
}

/* Counts as one of CUDA's calls, which tests make fail. */
static bool
may_go_on (void)
{
  int n;

  return cudaGetDeviceCount (&n) == cudaSuccess;
}

ncclResult_t
ncclGetUniqueId (ncclUniqueId *id)
{
  const char *folder = getenv ("TMPDIR");

  if (!may_go_on ())
    return ncclUnhandledCudaError;
  memset (id, 0, sizeof *id);
  snprintf (id->internal, sizeof id->internal, "%s/emulated-nccl-XXXXXX", folder != nullptr ? folder : "/tmp");
  return mkdtemp (id->internal) != nullptr ? ncclSuccess : ncclSystemError;
}

static std::string
name_pipe (const ncclUniqueId *id, int from, int to)
{
  return std::string (id->internal) + "/" + std::to_string (from) + "-" + std::to_string (to);
}

/* For both directions, so that opening it waits for nobody. */
static int
open_pipe (const std::string &name)
{
  return mkfifo (name.c_str (), 0600) == 0 || errno == EEXIST ? open (name.c_str (), O_RDWR | O_CLOEXEC) : -1;
}

/* Then for one, so that who reads learns that the other is gone. */
static int
narrow (int file, const std::string &name, int mode)
{
  const int narrowed = open (name.c_str (), mode | O_CLOEXEC);

  close (file);
  return narrowed;
}

static bool
write_all (int file, const char *bytes, size_t n)
{
  while (n > 0)
    {
      const ssize_t done = write (file, bytes, n);

      if (done <= 0 && errno != EINTR)
        return false;
      bytes += done > 0 ? done : 0;
      n -= done > 0 ? (size_t) done : 0;
    }
  return true;
}

static bool
read_all (int file, char *bytes, size_t n)
{
  while (n > 0)
    {
      const ssize_t done = read (file, bytes, n);

      if (done == 0 || (done < 0 && errno != EINTR))
        return false;
      bytes += done > 0 ? done : 0;
      n -= done > 0 ? (size_t) done : 0;
    }
  return true;
}

ncclResult_t
ncclCommInitRank (ncclComm_t *made, int size, ncclUniqueId id, int rank)
{
  ncclComm *comm;
  bool fine = true;
  char byte = 0;

  if (!may_go_on ())
    return ncclUnhandledCudaError;
  signal (SIGPIPE, SIG_IGN);
  comm = new ncclComm { rank, std::vector<int> (size, -1), std::vector<int> (size, -1) };
  for (int other = 0; other < size; other++)
    if (other != rank)
      {
        comm->out[other] = open_pipe (name_pipe (&id, rank, other));
        comm->in[other] = open_pipe (name_pipe (&id, other, rank));
        fine = fine && write_all (comm->out[other], &byte, 1);
      }
  for (int other = 0; other < size; other++)              /* who says something has opened all that it will */
    if (other != rank)
      fine = fine && read_all (comm->in[other], &byte, 1);
  for (int other = 0; other < size; other++)
    if (other != rank)
      {
        comm->in[other] = narrow (comm->in[other], name_pipe (&id, other, rank), O_RDONLY | O_NONBLOCK);
        fcntl (comm->in[other], F_SETFL, 0);
        fine = fine && comm->in[other] >= 0 && write_all (comm->out[other], &byte, 1);
      }
  for (int other = 0; other < size; other++)              /* and who says it again reads */
    if (other != rank)
      {
        fine = fine && read_all (comm->in[other], &byte, 1);
        comm->out[other] = narrow (comm->out[other], name_pipe (&id, rank, other), O_WRONLY);
        unlink (name_pipe (&id, rank, other).c_str ());
      }
  rmdir (id.internal);                                    /* the last one can */
  *made = comm;
  if (fine)
    return ncclSuccess;
  ncclCommAbort (comm);
  return ncclSystemError;
}

static ncclResult_t
begin (int peer, const ncclComm *comm, cudaStream_t stream)
{
  if (peer < 0 || peer >= (int) comm->out.size () || peer == comm->rank)
    return ncclInvalidArgument;
  return cudaStreamSynchronize (stream) == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

ncclResult_t
ncclSend (const void *buffer, size_t count, ncclDataType_t, int peer, ncclComm_t comm, cudaStream_t stream)
{
  const ncclResult_t begun = begin (peer, comm, stream);
  char byte;

  if (begun != ncclSuccess)
    return begun;
  return write_all (comm->out[peer], (const char *) &count, sizeof count) && write_all (comm->out[peer], (const char *) buffer, count)
         && read_all (comm->in[peer], &byte, 1) ? ncclSuccess : ncclRemoteError;
}

ncclResult_t
ncclRecv (void *buffer, size_t count, ncclDataType_t, int peer, ncclComm_t comm, cudaStream_t stream)
{
  const ncclResult_t begun = begin (peer, comm, stream);
  size_t sent;
  char byte = 0;

  if (begun != ncclSuccess)
    return begun;
  if (!read_all (comm->in[peer], (char *) &sent, sizeof sent))
    return ncclRemoteError;
  if (sent != count)
    {
      fprintf (stderr, "emulation: rank %d sends %zu bytes, rank %d wants %zu\n", peer, sent, comm->rank, count);
      abort ();
    }
  return read_all (comm->in[peer], (char *) buffer, count) && write_all (comm->out[peer], &byte, 1) ? ncclSuccess : ncclRemoteError;
}

ncclResult_t
ncclCommAbort (ncclComm_t comm)
{
  for (size_t other = 0; other < comm->out.size (); other++)
    {
      if (comm->out[other] >= 0)
        close (comm->out[other]);
      if (comm->in[other] >= 0)
        close (comm->in[other]);
    }
  delete comm;
  return ncclSuccess;
}
