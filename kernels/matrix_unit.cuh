/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matrix_unit.cuh: the instructions that have no C of their own: asynchronous copies into shared memory, fragments out of it, and the matrix units'
 * products of bytes and of bf16. tests/gpu/emulation/emulation.h has the host twins, which keep the same rules (a copy is there only once it was waited for).
 *
 * A warp's product: C (16,8) += A (16,32) B (8,32)', signed bytes into 32-bit integers. Lane l has of C rows l/4 and l/4 + 8, columns 2 (l%4) and the
 * next one; of A and B as load_fragments leaves them. Of bf16 likewise: C (16,8) += A (16,16) B (8,16)', in f32. Source: PTX ISA, mma.m16n8k32, mma.m16n8k16,
 * ldmatrix, cp.async.
 */
#pragma once

#ifndef ASSAY_EMULATED
/* 16 bytes from global into shared memory, past the first cache. */
static __device__ __forceinline__ void
copy_async (void *shared, const void *global)
{
  asm volatile ("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((unsigned) __cvta_generic_to_shared (shared)), "l"(global) : "memory");
}

/* A number of 4 or 8 bytes, or zero where there is none; global is not read then. */
template <class T>
static __device__ __forceinline__ void
copy_number_async (T *shared, const T *global, bool is_there)
{
  asm volatile ("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"((unsigned) __cvta_generic_to_shared (shared)), "l"(global), "n"(sizeof (T)),
                "r"(is_there ? (unsigned) sizeof (T) : 0u)
                : "memory");
}

/* 16 bytes, or zeros where there are none. */
static __device__ __forceinline__ void
copy_pack_async (void *shared, const void *global, bool is_there)
{
  asm volatile ("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"((unsigned) __cvta_generic_to_shared (shared)), "l"(global), "r"(is_there ? 16u : 0u) : "memory");
}

/* What was asked for since the last commit is one group. */
static __device__ __forceinline__ void
copy_commit (void)
{
  asm volatile ("cp.async.commit_group;" ::: "memory");
}

/* All but the last N groups of this thread are there. */
template <int N>
static __device__ __forceinline__ void
copy_wait (void)
{
  asm volatile ("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

/* Four 8 x 16-byte pieces; lane l gives the address of row l%8 of piece l/8 and gets bytes 4 (l%4) .. of row l/4 of each. */
static __device__ __forceinline__ void
load_fragments (unsigned (&x)[4], const void *shared)
{
  asm volatile ("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                : "r"((unsigned) __cvta_generic_to_shared (shared))
                : "memory");
}

/* The same of 8 x 8 numbers of 16 bits each, transposed: lane l gets rows 2 (l%4) and the next one of column l/4. */
static __device__ __forceinline__ void
load_fragments_transposed (unsigned (&x)[4], const void *shared)
{
  asm volatile ("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                : "r"((unsigned) __cvta_generic_to_shared (shared))
                : "memory");
}

/* Both rounded to nearest, ties to even; the first in the lower half. */
static __device__ __forceinline__ unsigned
round_to_bf16 (float low, float high)
{
  unsigned pair;

  asm ("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

/* What nobody reads is left out. c0, c1: row l/4, columns 2 (l%4) and the next one; c2, c3: row l/4 + 8. */
static __device__ __forceinline__ void
multiply_bf16 (float &c0, float &c1, float &c2, float &c3, const unsigned (&a)[4], unsigned b0, unsigned b1)
{
  asm ("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
       : "+f"(c0), "+f"(c1), "+f"(c2), "+f"(c3)
       : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

static __device__ __forceinline__ void
multiply_bytes (int (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1)
{
  asm volatile ("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
                : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#endif
