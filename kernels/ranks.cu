// SPDX-License-Identifier: GPL-3.0-or-later
/* ranks.cu: devices of several processes that send each other buffers, by NCCL. It is loaded where it is, and where its header was not there when this was
 * compiled nobody asks. Sends and receives alone: what NCCL adds up by itself it adds up in an order of its own.
 */
#include "platform.cuh"

#include <dlfcn.h>
#include <string.h>

#if __has_include (<nccl.h>)
#include <nccl.h>

#ifndef ASSAY_EMULATED
#define ASSAY_NCCL_LIBRARY "libnccl.so.2"
#endif

static_assert (sizeof (ncclUniqueId) == ASSAY_CUDA_RANKS_ID, "an id as launch.h has it");

namespace {

struct Nccl {
  int version;                  /* 0: not there */
  decltype (&ncclGetErrorString) get_error;
  decltype (&ncclGetUniqueId) make_id;
  decltype (&ncclCommInitRank) join;
  decltype (&ncclSend) send;
  decltype (&ncclRecv) receive;
  decltype (&ncclCommAbort) leave;
};

template <class F>
bool
find (void *library, const char *name, F *function)
{
  *function = (F) dlsym (library, name);
  return *function != nullptr;
}

/* It stays loaded. */
Nccl
load (void)
{
  Nccl nccl = {};
  void *library = dlopen (ASSAY_NCCL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  decltype (&ncclGetVersion) get_version;

  if (library == nullptr || !find (library, "ncclGetVersion", &get_version) || !find (library, "ncclGetErrorString", &nccl.get_error)
      || !find (library, "ncclGetUniqueId", &nccl.make_id) || !find (library, "ncclCommInitRank", &nccl.join) || !find (library, "ncclSend", &nccl.send)
      || !find (library, "ncclRecv", &nccl.receive) || !find (library, "ncclCommAbort", &nccl.leave) || get_version (&nccl.version) != ncclSuccess)
    nccl.version = 0;
  return nccl;
}

const Nccl *
get (void)
{
  static const Nccl nccl = load ();

  return &nccl;
}

int
refuse (ncclResult_t status, const char *what, AssayCudaFailure *failure)
{
  cudaGetLastError ();
  return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "NCCL, %s: %s; NCCL_DEBUG=WARN in the environment says more, --ranks none with --shard I/N does without it",
                          what, get ()->get_error (status));
}

int
check (AssayCudaContext *context, ncclResult_t status, const char *what, AssayCudaFailure *failure)
{
  if (status == ncclSuccess)
    return 1;
  cudaGetLastError ();
  return assay_cuda_lose (context, failure, what, "NCCL", get ()->get_error (status));
}

int
look_whether_joined (AssayCudaContext *context, const char *what, AssayCudaFailure *failure)
{
  if (!assay_cuda_enter (context, failure))
    return 0;
  return context->ranks != nullptr || assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "%s: ranks that have joined expected, one alone found", what);
}

}

int
assay_cuda_find_nccl (void)
{
  return get ()->version;
}

int
assay_cuda_make_ranks_id (uint8_t *id, AssayCudaFailure *failure)
{
  ncclUniqueId made;
  ncclResult_t status;

  if (get ()->version == 0)
    return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "NCCL: libnccl.so.2 is not there");
  status = get ()->make_id (&made);
  if (status != ncclSuccess)
    return refuse (status, "an id for ranks", failure);
  memcpy (id, &made, sizeof made);
  return 1;
}

int
assay_cuda_join (AssayCudaContext *context, const uint8_t *id, int rank, int size, AssayCudaFailure *failure)
{
  ncclUniqueId given;
  ncclResult_t status;

  if (!assay_cuda_enter (context, failure))
    return 0;
  if (get ()->version == 0 || context->ranks != nullptr)
    return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, get ()->version == 0 ? "NCCL: libnccl.so.2 is not there" : "a context joins once");
  memcpy (&given, id, sizeof given);
  status = get ()->join (&context->ranks, size, given, rank);
  if (status == ncclSuccess)
    return 1;
  context->ranks = nullptr;
  return refuse (status, "ranks that join", failure);
}

int
assay_cuda_send (AssayCudaContext *context, int to, const void *buffer, size_t bytes, AssayCudaFailure *failure)
{
  return look_whether_joined (context, "send", failure)
         && check (context, get ()->send (buffer, bytes, ncclUint8, to, context->ranks, context->stream), "send to another device", failure);
}

int
assay_cuda_receive (AssayCudaContext *context, int from, void *buffer, size_t bytes, AssayCudaFailure *failure)
{
  return look_whether_joined (context, "receive", failure)
         && check (context, get ()->receive (buffer, bytes, ncclUint8, from, context->ranks, context->stream), "receive from another device", failure);
}

/* Not ncclCommDestroy, which waits for the others, who may be gone: what they were to have has arrived, or nobody wants it any more. */
void
assay_cuda_leave (AssayCudaContext *context)
{
  if (context->ranks != nullptr)
    get ()->leave (context->ranks);
  context->ranks = nullptr;
}

#else

static int
refuse (AssayCudaFailure *failure)
{
  return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "NCCL: this module was built without it");
}

int assay_cuda_find_nccl (void) { return 0; }
int assay_cuda_make_ranks_id (uint8_t *, AssayCudaFailure *failure) { return refuse (failure); }
int assay_cuda_join (AssayCudaContext *, const uint8_t *, int, int, AssayCudaFailure *failure) { return refuse (failure); }
int assay_cuda_send (AssayCudaContext *, int, const void *, size_t, AssayCudaFailure *failure) { return refuse (failure); }
int assay_cuda_receive (AssayCudaContext *, int, void *, size_t, AssayCudaFailure *failure) { return refuse (failure); }
void assay_cuda_leave (AssayCudaContext *) { }

#endif
