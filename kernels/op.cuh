/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op.cuh: how a rule of an operation is written, launched and found.
 *
 * An op is a struct with static templates over S (dual.cuh): forward<S> writes outputs, backward<S> adds to adjoints. With S a Dual the same text reads values
 * and tangents and writes tangents alone, which is RFWD out of FWD and RBWD out of BWD. What each may read is what src/ops declares; an op whose tangent must
 * do without its inputs gives tangent<T> as well (ASSAY_CUDA_OP_SAVED), and one that is linear in all its inputs needs no tangents (ASSAY_CUDA_OP_LINEAR).
 * A file is a family of ops; a new one is a file and a line in local.mk.
 *
 * In f32 an op that src/ops says so of takes inputs and results that are stored in bf16 (`narrow`): In, Out and Adjoint widen what they read and round what they write,
 * to nearest even, and everything between is in f32. What points at numbers without them must ask the call itself.
 *
 * Every element is written by one thread and every sum has an order that the shapes decide, so that bits do not depend on how many blocks there are; products of matrices are cuBLAS's.
 */
#pragma once

#include "platform.cuh"

#include "dual.cuh"
#include "numbers.cuh"

/* A rule under way. */
struct Scope {
  AssayCudaContext *context;
  const AssayCudaOpCall *call;
  AssayCudaFailure *failure;
};

typedef int (*AssayCudaRun) (const Scope &scope);

struct AssayCudaOp {
  const char *name;
  AssayCudaRun run[ASSAY_CUDA_N_RULES][ASSAY_CUDA_N_TYPES];
  AssayCudaOp *next;

  AssayCudaOp (const char *op, AssayCudaRun f32_fwd, AssayCudaRun f64_fwd, AssayCudaRun f32_bwd, AssayCudaRun f64_bwd, AssayCudaRun f32_rfwd,
               AssayCudaRun f64_rfwd, AssayCudaRun f32_rbwd, AssayCudaRun f64_rbwd, AssayCudaRun f32_ggn, AssayCudaRun f64_ggn);
};

/* The struct is in namespace rules, beside which C's functions may have the same names. */
#define ASSAY_CUDA_OP_ENTRY(op, rfwd32, rfwd64, rbwd32, rbwd64, ggn32, ggn64)                                                            \
  static const AssayCudaOp registered_##op (#op, rules::op::forward<float>, rules::op::forward<double>, rules::op::backward<float>,      \
                                            rules::op::backward<double>, rfwd32, rfwd64, rbwd32, rbwd64, ggn32, ggn64)
#define ASSAY_CUDA_OP_DUAL(op, ggn32, ggn64)                                                                                             \
  ASSAY_CUDA_OP_ENTRY (op, rules::op::forward<Dual<float>>, rules::op::forward<Dual<double>>, rules::op::backward<Dual<float>>,          \
                       rules::op::backward<Dual<double>>, ggn32, ggn64)
#define ASSAY_CUDA_OP_KEPT(op, ggn32, ggn64)                                                                                             \
  ASSAY_CUDA_OP_ENTRY (op, rules::op::tangent<float>, rules::op::tangent<double>, rules::op::backward<Dual<float>>,                      \
                       rules::op::backward<Dual<double>>, ggn32, ggn64)

#define ASSAY_CUDA_OP(op) ASSAY_CUDA_OP_DUAL (op, NULL, NULL)
#define ASSAY_CUDA_OP_SAVED(op) ASSAY_CUDA_OP_KEPT (op, NULL, NULL)
#define ASSAY_CUDA_OP_LINEAR(op) ASSAY_CUDA_OP_ENTRY (op, NULL, NULL, NULL, NULL, NULL, NULL)
/* Products give all four over plain types: forward, backward, tangent and tangent_backward. */
#define ASSAY_CUDA_OP_PLAIN(op, ggn32, ggn64)                                                                                            \
  ASSAY_CUDA_OP_ENTRY (op, rules::op::tangent<float>, rules::op::tangent<double>, rules::op::tangent_backward<float>,                    \
                       rules::op::tangent_backward<double>, ggn32, ggn64)
#define ASSAY_CUDA_OP_PRODUCT(op) ASSAY_CUDA_OP_PLAIN (op, NULL, NULL)
/* Losses give gauss_newton<T> too. */
#define ASSAY_CUDA_OP_LOSS_PRODUCT(op) ASSAY_CUDA_OP_PLAIN (op, rules::op::gauss_newton<float>, rules::op::gauss_newton<double>)
#define ASSAY_CUDA_OP_LOSS_LINEAR(op) ASSAY_CUDA_OP_ENTRY (op, NULL, NULL, NULL, NULL, rules::op::gauss_newton<float>, rules::op::gauss_newton<double>)
#define ASSAY_CUDA_OP_LOSS(op) ASSAY_CUDA_OP_DUAL (op, rules::op::gauss_newton<float>, rules::op::gauss_newton<double>)
#define ASSAY_CUDA_OP_LOSS_SAVED(op) ASSAY_CUDA_OP_KEPT (op, rules::op::gauss_newton<float>, rules::op::gauss_newton<double>)

/* --- what a rule reads and writes --- */

template <class T>
struct Made {
  static __device__ T of (T v, const T *, int64_t, bool) { return v; }
  static __device__ Pack<T> of (const Pack<T> &v, const T *, int64_t, bool) { return v; }
};
template <class T>
struct Made<Dual<T>> {
  static __device__ Pack<Dual<T>>
  of (const Pack<T> &v, const T *r, int64_t i, bool narrow)
  {
    const Pack<T> tangents = r != NULL ? load_pack (r, i, narrow) : Pack<T> {};
    Pack<Dual<T>> pack;

#pragma unroll
    for (int k = 0; k < Pack<T>::N; k++)
      pack.x[k] = Dual<T> (v.x[k], tangents.x[k]);
    return pack;
  }
  static __device__ Dual<T> of (T v, const T *r, int64_t i, bool narrow) { return Dual<T> (v, r != NULL ? load_number (r, i, narrow) : T (0)); }
};

/* No tangent counts as zero. */
template <class S>
struct In {
  const Base<S> *v, *r;
  bool narrow = false;

  __device__ S operator[] (int64_t i) const { return Made<S>::of (load_number (v, i, narrow), r, i, narrow); }
  __device__ Pack<S> pack (int64_t i) const { return Made<S>::of (load_pack (v, i, narrow), r, i, narrow); }
  bool takes_packs () const { return ::takes_packs (v) && ::takes_packs (r); }
};

static __device__ inline float tangent_or_value (float x) { return x; }
static __device__ inline double tangent_or_value (double x) { return x; }
template <class T> static __device__ inline T tangent_or_value (Dual<T> x) { return x.d; }
template <class S>
static __device__ inline Pack<Base<S>>
tangents_or_values (const Pack<S> &from)
{
  Pack<Base<S>> to;

#pragma unroll
  for (int k = 0; k < Pack<S>::N; k++)
    to.x[k] = tangent_or_value (from.x[k]);
  return to;
}

template <class S>
struct Out {
  static constexpr int PACK = Pack<S>::N;

  Base<S> *to;
  bool narrow = false;

  __device__ void put (int64_t i, S x) const { store_number (to, i, narrow, tangent_or_value (x)); }
  __device__ void put (int64_t i, const Pack<S> &x) const { store_pack (to, i, narrow, tangents_or_values (x)); }
  bool takes_packs () const { return ::takes_packs (to); }
};

/* An adjoint, or the tangent of one; `to` is NULL where nobody wants it, and holds nothing yet where it is fresh. */
template <class S>
struct Adjoint {
  static constexpr int PACK = Pack<S>::N;

  Base<S> *to;
  bool fresh, narrow = false;

  __device__ void
  add (int64_t i, S x) const
  {
    store_number (to, i, narrow, (fresh ? Base<S> (0) : load_number (to, i, narrow)) + tangent_or_value (x));
  }
  __device__ void
  add (int64_t i, const Pack<S> &x) const
  {
    Pack<Base<S>> sum = tangents_or_values (x);

    if (!fresh)
      {
        const Pack<Base<S>> before = load_pack (to, i, narrow);

#pragma unroll
        for (int k = 0; k < Pack<S>::N; k++)
          sum.x[k] = before.x[k] + sum.x[k];
      }
    store_pack (to, i, narrow, sum);
  }
  __device__ void put (int64_t i, S x) const { add (i, x); }
  __device__ void put (int64_t i, const Pack<S> &x) const { add (i, x); }
  bool takes_packs () const { return ::takes_packs (to); }
};

/* Numbers that one kernel of a rule leaves for the next ones, and their tangents where they have any. */
template <class S>
struct Scratch {
  Base<S> *v, *r;

  __device__ void
  put (int64_t i, S x) const
  {
    v[i] = value_of (x);
    if (BaseOf<S>::is_dual)
      r[i] = tangent_or_value (x);
  }
  __device__ S get (int64_t i) const { return Made<S>::of (v[i], r, i, false); }
  In<S> read () const { return { v, r, false }; }
};

/* n of them, out of the context's pool; what is given back serves the next one, whose work is queued behind this one's. */
template <class S>
static inline int
scratch_alloc (const Scope &scope, int64_t n, Scratch<S> *scratch)
{
  const size_t bytes = (size_t) n * sizeof (Base<S>);

  *scratch = { NULL, NULL };
  return assay_cuda_alloc (scope.context, bytes, (void **) &scratch->v, scope.failure)
         && (!BaseOf<S>::is_dual || assay_cuda_alloc (scope.context, bytes, (void **) &scratch->r, scope.failure));
}

template <class S>
static inline void
scratch_release (const Scope &scope, const Scratch<S> &scratch)
{
  assay_cuda_release (scope.context, scratch.v);
  assay_cuda_release (scope.context, scratch.r);
}

/* Bit i of what is stored in bf16. */
static inline bool
is_narrow (uint32_t bits, int i)
{
  return (bits >> i & 1) != 0;
}

template <class S>
static inline In<S>
input (const Scope &scope, int i)
{
  return { (const Base<S> *) scope.call->x[i], (const Base<S> *) scope.call->rx[i], is_narrow (scope.call->narrow_x, i) };
}

/* The tangent of input i, as numbers by themselves; v is NULL where it has none. */
template <class T>
static inline In<T>
input_tangent (const Scope &scope, int i)
{
  return { (const T *) scope.call->rx[i], NULL, is_narrow (scope.call->narrow_x, i) };
}

/* An output that FWD left for the other rules. */
template <class S>
static inline In<S>
saved (const Scope &scope, int j)
{
  return { (const Base<S> *) scope.call->y[j], (const Base<S> *) scope.call->ry[j], is_narrow (scope.call->narrow_y, j) };
}

template <class S>
static inline In<S>
seed (const Scope &scope)
{
  return { (const Base<S> *) scope.call->dy, (const Base<S> *) scope.call->rdy, is_narrow (scope.call->narrow_y, 0) };
}

template <class S>
static inline Out<S>
output (const Scope &scope, int j)
{
  return { (Base<S> *) (BaseOf<S>::is_dual ? scope.call->ry[j] : scope.call->y[j]), is_narrow (scope.call->narrow_y, j) };
}

/* The tangent of output j, as numbers by themselves. */
template <class T>
static inline Out<T>
output_tangent (const Scope &scope, int j)
{
  return { (T *) scope.call->ry[j], is_narrow (scope.call->narrow_y, j) };
}

/* Whether input i's adjoint holds nothing yet. */
static inline bool
is_fresh (const Scope &scope, int i)
{
  return (scope.call->fresh >> i & 1) != 0;
}

template <class S>
static inline Adjoint<S>
adjoint (const Scope &scope, int i)
{
  return { (Base<S> *) (BaseOf<S>::is_dual ? scope.call->rdx[i] : scope.call->dx[i]), is_fresh (scope, i), is_narrow (scope.call->narrow_dx, i) };
}

static inline const int32_t *
indices (const Scope &scope, int i)
{
  return (const int32_t *) scope.call->x[i];
}

static inline int64_t
count (const AssayCudaShape &shape)
{
  int64_t n = 1;

  for (uint32_t k = 0; k < shape.rank; k++)
    n *= shape.dim[k];
  return n;
}

static inline int64_t
last (const AssayCudaShape &shape)
{
  return shape.rank > 0 ? shape.dim[shape.rank - 1] : 1;
}

/* --- launches: a body is a struct whose operator () does one element, one row or one term --- */

#define ASSAY_OP_THREADS 256
#define ASSAY_OP_BLOCKS ((int64_t) 1 << 20)

static inline unsigned
blocks_for (int64_t n, int64_t each)
{
  const int64_t blocks = (n + each - 1) / each;

  return (unsigned) (blocks < ASSAY_OP_BLOCKS ? blocks : ASSAY_OP_BLOCKS);
}

template <class Body>
static __global__ void __launch_bounds__ (ASSAY_OP_THREADS)
each_element (int64_t n, Body body)
{
  const int64_t step = (int64_t) gridDim.x * blockDim.x;

  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step)
    body (i);
}

/* body (i) for 0 <= i < n, a thread each. */
template <class Body>
static int
run_elements (const Scope &scope, const char *name, int64_t n, Body body)
{
  if (n <= 0)
    return 1;
  ASSAY_LAUNCH (each_element<Body>, blocks_for (n, ASSAY_OP_THREADS), ASSAY_OP_THREADS, 0, scope.context->stream, n, body);
  return assay_cuda_check_launch (scope.context, name, scope.failure);
}

template <class F, class S>
static __device__ __forceinline__ Pack<S>
map_packs (F f, const Pack<S> &a)
{
  Pack<S> y;

#pragma unroll
  for (int k = 0; k < Pack<S>::N; k++)
    y.x[k] = f (a.x[k]);
  return y;
}

template <class F, class S>
static __device__ __forceinline__ Pack<S>
map_packs (F f, const Pack<S> &a, const Pack<S> &b)
{
  Pack<S> y;

#pragma unroll
  for (int k = 0; k < Pack<S>::N; k++)
    y.x[k] = f (a.x[k], b.x[k]);
  return y;
}

template <class To, class F, class... Inputs>
static __global__ void __launch_bounds__ (ASSAY_OP_THREADS)
each_pack (int64_t n, int64_t packs, To to, F f, Inputs... in)
{
  const int64_t first = (int64_t) blockIdx.x * blockDim.x + threadIdx.x, step = (int64_t) gridDim.x * blockDim.x;

  if constexpr (To::PACK > 1)
    for (int64_t p = first; p < packs; p += step)
      to.put (p * To::PACK, map_packs (f, in.pack (p * To::PACK)...));
  for (int64_t i = packs * To::PACK + first; i < n; i += step)
    to.put (i, f (in[i]...));
}

/* to[i] <- f (in[i], ...), or added to it where it is an adjoint, for 0 <= i < n. */
template <class To, class F, class... Inputs>
static int
run_map (const Scope &scope, const char *name, int64_t n, To to, F f, Inputs... in)
{
  const bool packed = To::PACK > 1 && to.takes_packs () && (in.takes_packs () && ...);
  const int64_t packs = packed ? n / To::PACK : 0;

  if (n <= 0)
    return 1;
  ASSAY_LAUNCH ((each_pack<To, F, Inputs...>), blocks_for (packs + (n - packs * To::PACK), ASSAY_OP_THREADS), ASSAY_OP_THREADS, 0, scope.context->stream, n, packs,
                to, f, in...);
  return assay_cuda_check_launch (scope.context, name, scope.failure);
}

/* sum (of doubles) += x, element by element. */
template <class T>
struct SumInDouble {
  const T *x;
  double *sum;

  __device__ void operator() (int64_t i) const { sum[i] += (double) x[i]; }
};

template <class T> static __device__ inline T from_lane (T x, int other) { return __shfl_xor_sync (0xffffffffu, x, other); }
template <class T> static __device__ inline Dual<T> from_lane (Dual<T> x, int other) { return Dual<T> (from_lane (x.v, other), from_lane (x.d, other)); }

/* The sum over a warp, in a tree; every lane gets it. */
template <class S>
static __device__ inline S
warp_sum (S x)
{
  for (int other = 16; other > 0; other /= 2)
    x = x + from_lane (x, other);
  return x;
}

/* The largest, NaN where there is one. */
template <class T>
static __device__ inline T
warp_max (T x)
{
  for (int other = 16; other > 0; other /= 2)
    {
      const T y = from_lane (x, other);

      x = y > x || y != y ? y : x;
    }
  return x;
}

template <class Body>
static __global__ void __launch_bounds__ (ASSAY_OP_THREADS)
each_row (int64_t n, Body body)
{
  const int64_t step = (int64_t) gridDim.x * (blockDim.x / 32);

  for (int64_t row = (int64_t) blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; row < n; row += step)
    body (row, (int) (threadIdx.x % 32));
}

/* body (row, lane) for 0 <= row < n, a warp each. */
template <class Body>
static int
run_rows (const Scope &scope, const char *name, int64_t n, Body body)
{
  if (n <= 0)
    return 1;
  ASSAY_LAUNCH (each_row<Body>, blocks_for (n, ASSAY_OP_THREADS / 32), ASSAY_OP_THREADS, 0, scope.context->stream, n, body);
  return assay_cuda_check_launch (scope.context, name, scope.failure);
}

#define ASSAY_OP_GROUPS (ASSAY_OP_THREADS / 32)
#define ASSAY_OP_PART_ROWS 256

/* A block has 32 columns of a part of the rows; each of its warps adds up every eighth of these, then the warps' sums are added in their order. of_part: NULL where there
 * is one part, or (parts,C). */
template <class S, class Body>
static __global__ void __launch_bounds__ (ASSAY_OP_THREADS)
each_column (int64_t N, int64_t C, Adjoint<S> sums, Base<S> *of_part, Body body)
{
  __shared__ Base<S> of_group[ASSAY_OP_GROUPS][32];
  const int group = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int64_t across = (C + 31) / 32, part = blockIdx.x / across, i = blockIdx.x % across * 32 + lane;
  const int64_t first = part * ASSAY_OP_PART_ROWS, end = first + ASSAY_OP_PART_ROWS < N ? first + ASSAY_OP_PART_ROWS : N;
  Base<S> sum = 0;

  if (i < C)
    for (int64_t n = first + group; n < end; n += ASSAY_OP_GROUPS)
      sum += tangent_or_value (body (n, i));
  of_group[group][lane] = sum;
  __syncthreads ();
  if (group == 0 && i < C)
    {
      for (int g = 1; g < ASSAY_OP_GROUPS; g++)
        sum += of_group[g][lane];
      if (of_part != NULL)
        of_part[part * C + i] = sum;
      else
        sums.to[i] = (sums.fresh ? Base<S> (0) : sums.to[i]) + sum;
    }
}

/* The parts' sums, in their order. */
template <class T>
struct SumParts {
  int64_t parts, C;
  const T *of_part;             /* (parts,C) */
  Adjoint<T> sums;

  __device__ void
  operator() (int64_t i) const
  {
    T sum = 0;

    for (int64_t p = 0; p < parts; p++)
      sum += of_part[p * C + i];
    sums.add (i, sum);
  }
};

/* sums[i] += sum over n of body (n, i), an S, for N rows and C columns; nothing where nobody wants the sums, which are of parameters and never narrow.
 * Rows in parts, since the columns of a layer alone would leave most of a device idle. */
template <class S, class Body>
static int
run_columns (const Scope &scope, const char *name, int64_t N, int64_t C, Adjoint<S> sums, Body body)
{
  const int64_t parts = N <= ASSAY_OP_PART_ROWS ? 1 : (N + ASSAY_OP_PART_ROWS - 1) / ASSAY_OP_PART_ROWS, blocks = (C + 31) / 32 * parts;
  void *of_part = NULL;
  int ok;

  if (sums.to == NULL || C <= 0)
    return 1;
  if (blocks > INT32_MAX)
    return assay_cuda_fail (scope.failure, ASSAY_CUDA_BAD_CALL, "%s: at most %d blocks of rows and columns expected, %lld found", name, INT32_MAX, (long long) blocks);
  if (parts > 1 && !assay_cuda_alloc (scope.context, (size_t) (parts * C) * sizeof (Base<S>), &of_part, scope.failure))
    return 0;
  ASSAY_LAUNCH ((each_column<S, Body>), (unsigned) blocks, ASSAY_OP_THREADS, 0, scope.context->stream, N, C, sums, (Base<S> *) of_part, body);
  ok = assay_cuda_check_launch (scope.context, name, scope.failure)
       && (parts == 1 || run_elements (scope, name, C, SumParts<Base<S>> { parts, C, (const Base<S> *) of_part, Adjoint<Base<S>> { sums.to, sums.fresh, false } }));
  assay_cuda_release (scope.context, of_part);
  return ok;
}

/* One plain product, C (M,N) (+)= op(A) op(B), as launch.h has it. */
static inline AssayCudaProduct
product_of_type (AssayCudaType type, bool ta, bool tb, int64_t M, int64_t N, int64_t K, const void *A, int64_t lda, const void *B, int64_t ldb, bool accumulate, void *C,
                 int64_t ldc)
{
  AssayCudaProduct p = {};

  p.type = type;
  p.ta = ta;
  p.tb = tb;
  p.batch = 1;
  p.M = M;
  p.N = N;
  p.K = K;
  p.alpha = 1;
  p.beta = accumulate ? 1 : 0;
  p.A = A;
  p.B = B;
  p.C = C;
  p.lda = lda;
  p.ldb = ldb;
  p.ldc = ldc;
  return p;
}

/* Of the call's type. */
template <class T>
static inline AssayCudaProduct
product (bool ta, bool tb, int64_t M, int64_t N, int64_t K, const T *A, int64_t lda, const T *B, int64_t ldb, bool accumulate, T *C, int64_t ldc)
{
  return product_of_type (sizeof (T) == 8 ? ASSAY_CUDA_F64 : ASSAY_CUDA_F32, ta, tb, M, N, K, A, lda, B, ldb, accumulate, C, ldc);
}

static inline int
multiply (const Scope &scope, const AssayCudaProduct &p)
{
  return assay_cuda_multiply (scope.context, &p, scope.failure);
}

template <class T>
static inline int
multiply_each (const Scope &scope, int64_t batch, bool ta, bool tb, int64_t M, int64_t N, int64_t K, const T *A, int64_t lda, int64_t apart_A, const T *B,
               int64_t ldb, int64_t apart_B, bool accumulate, T *C, int64_t ldc, int64_t apart_C)
{
  AssayCudaProduct p = product (ta, tb, M, N, K, A, lda, B, ldb, accumulate, C, ldc);

  p.batch = batch;
  p.batch_is_free = true;
  p.apart_A = apart_A;
  p.apart_B = apart_B;
  p.apart_C = apart_C;
  return multiply (scope, p);
}

static inline int
clear (const Scope &scope, void *buffer, size_t bytes)
{
  return assay_cuda_check (scope.context, cudaMemsetAsync (buffer, 0, bytes, scope.context->stream), "cudaMemset", scope.failure);
}
