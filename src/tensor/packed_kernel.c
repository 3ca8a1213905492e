/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_kernel.c: rounding, and the register tiles of weights in bf16 and int8. Compiled once for each instruction set with -DASSAY_ISA, and once
 * more with -DASSAY_PACKED_DOT for processors that add products of bytes and of bf16 in one instruction. */
#include "tensor/packed_kernel.h"

#include <stdlib.h>
#include <string.h>
#if defined (__SSE2__)
#include <immintrin.h>
#endif

#define PANEL ASSAY_PACKED_PANEL
#define GROUP ASSAY_PACKED_GROUP
#define ROWS ASSAY_PACKED_ROWS
#define DEPTH 16                /* groups between two visits of y: as much of a panel as the first-level cache holds */

#if defined (__AVX512F__)
#define VECTOR_BYTES 64
#define MR 6                    /* 24 of 32 registers hold sums */
#elif defined (__AVX2__)
#define VECTOR_BYTES 32
#define MR 2
#else
#define VECTOR_BYTES 16
#define MR 1
#endif
#define LANES (VECTOR_BYTES / 4)
#define PARTS (PANEL / LANES)   /* vectors side by side */

typedef float Floats __attribute__ ((vector_size (VECTOR_BYTES)));
typedef gint32 Ints __attribute__ ((vector_size (VECTOR_BYTES)));
typedef guint32 Bits __attribute__ ((vector_size (VECTOR_BYTES)));
typedef float FloatsHeld __attribute__ ((vector_size (VECTOR_BYTES), aligned (4), may_alias));      /* in memory */
typedef guint32 BitsHeld __attribute__ ((vector_size (VECTOR_BYTES), aligned (4), may_alias));

#define ALWAYS_INLINE inline __attribute__ ((always_inline))

/* x of ROWS rows, rounded. */
typedef struct {
  union { gint8 int8[ROWS][DEPTH * GROUP]; guint16 bf16[ROWS][DEPTH * GROUP]; } x;
  float scale[ROWS][DEPTH];
  gint32 correction[ROWS][DEPTH];       /* what codes are too high by, times x */
} Rounded;

static Rounded *
get_rounded (void)
{
  static GPrivate owner = G_PRIVATE_INIT (free);                  /* when the thread ends */
  static __thread Rounded *rounded;

  if (rounded == NULL)
    {
      rounded = aligned_alloc (64, (sizeof *rounded + 63) & ~(gsize) 63);
      g_private_set (&owner, rounded);
    }
  return rounded;
}

/* --- rounding ---------------------------------------------------------------------------------------------------------------- */

static inline guint32
bits_of (float x)
{
  guint32 bits;

  memcpy (&bits, &x, sizeof bits);
  return bits;
}

static inline float
float_of (guint32 bits)
{
  float x;

  memcpy (&x, &bits, sizeof x);
  return x;
}

#define MAGIC 12582912.0f       /* 1.5 2^23: a sum with it has the nearest whole number in its last bits */

/* Codes of x (GROUP), of which n are there; returns their scale: NaN where a number is not finite. */
static float
round_int8 (const float *restrict x, gint64 n, gint8 *restrict codes)
{
  float full[GROUP] = { 0 }, most, turn;
  guint32 top = 0;

  memcpy (full, x, n * sizeof *x);
  for (int k = 0; k < GROUP; k++)
    {
      guint32 size = bits_of (full[k]) & 0x7fffffff;              /* ordered as the numbers are, and NaN above all */

      top = size > top ? size : top;
    }
  most = float_of (top);
  memset (codes, 0, GROUP);
  if (top >= 0x7f800000)
    return most - most;
  if (most < 1e-36f)
    return 0;
  turn = 127 / most;
  for (int k = 0; k < GROUP; k++)
    codes[k] = (gint8) (gint32) (bits_of (full[k] * turn + MAGIC) - bits_of (MAGIC));
  return most / 127;
}

static inline guint16
round_bf16 (float x)
{
  guint32 bits = bits_of (x), near = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;

  return (guint16) (x == x ? near : (bits >> 16 | 0x40));
}

/* Groups first .. first + n - 1 of M rows. */
static void
round_rows_int8 (Rounded *r, const float *x, gint64 M, gint64 I, gint64 first, gint64 n)
{
  for (gint64 i = 0; i < M; i++)
    for (gint64 g = 0; g < n; g++)
      {
        gint64 k = (first + g) * GROUP;
        gint8 *codes = r->x.int8[i] + g * GROUP;
        gint32 sum = 0;

        r->scale[i][g] = round_int8 (x + i * I + k, MIN (GROUP, I - k), codes);
        for (int j = 0; j < GROUP; j++)
          sum += codes[j];
        r->correction[i][g] = -128 * sum;
      }
}

static void
round_rows_bf16 (Rounded *r, const float *x, gint64 M, gint64 I, gint64 first, gint64 n)
{
  for (gint64 i = 0; i < M; i++)
    {
      gint64 k = first * GROUP, some = MIN (n * GROUP, I - k);

      for (gint64 j = 0; j < some; j++)
        r->x.bf16[i][j] = round_bf16 (x[i * I + k + j]);
      memset (r->x.bf16[i] + some, 0, (n * GROUP - some) * sizeof (guint16));
    }
}

/* --- tiles: `rows` rows by one panel; rows is a constant where this is inlined ------------------------------------------------- */

#define ALL_LANES(x) ((Floats) { 0 } + (x))

/* dot += four products of a code with a byte of x in each lane. */
static ALWAYS_INLINE void
add_bytes (Ints *dot, const guint8 *codes, const gint8 *x)
{
#if defined (ASSAY_PACKED_DOT)
  gint32 four;

  memcpy (&four, x, sizeof four);
  *dot = (Ints) _mm512_dpbusd_epi32 ((__m512i) *dot, _mm512_loadu_si512 (codes), _mm512_set1_epi32 (four));
#elif defined (__SSE2__)
  const gint32 even = (gint32) ((guint16) x[0] | (guint32) (guint16) x[2] << 16), odd = (gint32) ((guint16) x[1] | (guint32) (guint16) x[3] << 16);
#if defined (__AVX512BW__)
  const __m512i c = _mm512_loadu_si512 (codes), low = _mm512_and_si512 (c, _mm512_set1_epi16 (0xff)), high = _mm512_srli_epi16 (c, 8);

  *dot += (Ints) _mm512_madd_epi16 (low, _mm512_set1_epi32 (even)) + (Ints) _mm512_madd_epi16 (high, _mm512_set1_epi32 (odd));
#elif defined (__AVX2__)
  const __m256i c = _mm256_loadu_si256 ((const __m256i *) (const void *) codes), low = _mm256_and_si256 (c, _mm256_set1_epi16 (0xff)), high = _mm256_srli_epi16 (c, 8);

  *dot += (Ints) _mm256_madd_epi16 (low, _mm256_set1_epi32 (even)) + (Ints) _mm256_madd_epi16 (high, _mm256_set1_epi32 (odd));
#else
  const __m128i c = _mm_loadu_si128 ((const __m128i *) (const void *) codes), low = _mm_and_si128 (c, _mm_set1_epi16 (0xff)), high = _mm_srli_epi16 (c, 8);

  *dot += (Ints) _mm_madd_epi16 (low, _mm_set1_epi32 (even)) + (Ints) _mm_madd_epi16 (high, _mm_set1_epi32 (odd));
#endif
#else
  for (int l = 0; l < LANES; l++)
    for (int j = 0; j < 4; j++)
      (*dot)[l] += codes[4 * l + j] * x[j];
#endif
}

static ALWAYS_INLINE void
tile_int8 (const int rows, gint64 groups, const guint8 *panel, const Rounded *r, gint64 first, float *y, gint64 ldy)
{
  const int chains = rows == 1 && PARTS == 2 ? 2 : 1;             /* one row alone would wait for its own sums */
  Floats sum[MR][PARTS];

#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
    for (int h = 0; h < PARTS; h++)
      sum[i][h] = *(const FloatsHeld *) (y + i * ldy + h * LANES);
  for (gint64 g = 0; g < groups; g++, panel += ASSAY_PACKED_BYTES_INT8)
    {
      const float *scale = (const void *) panel;
      const guint8 *codes = panel + PANEL * sizeof (float);
      Ints dot[MR][PARTS][2];

#pragma GCC unroll 8
      for (int i = 0; i < rows; i++)
        for (int h = 0; h < PARTS; h++)
          {
            dot[i][h][0] = (Ints) { 0 } + r->correction[first + i][g];
            dot[i][h][1] = (Ints) { 0 };
          }
      for (int k = 0; k < GROUP / 4; k += chains)
#pragma GCC unroll 2
        for (int c = 0; c < chains; c++)
#pragma GCC unroll 8
          for (int i = 0; i < rows; i++)
            for (int h = 0; h < PARTS; h++)
              add_bytes (&dot[i][h][c], codes + ((k + c) * PANEL + h * LANES) * 4, r->x.int8[first + i] + g * GROUP + 4 * (k + c));
#pragma GCC unroll 8
      for (int i = 0; i < rows; i++)
        for (int h = 0; h < PARTS; h++)
          {
            const Ints whole = dot[i][h][0] + dot[i][h][1];

            sum[i][h] += __builtin_convertvector (whole, Floats) * (*(const FloatsHeld *) (scale + h * LANES) * ALL_LANES (r->scale[first + i][g]));
          }
    }
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
    for (int h = 0; h < PARTS; h++)
      *(FloatsHeld *) (y + i * ldy + h * LANES) = sum[i][h];
}

/* sum += two products of bf16 in each lane. */
static ALWAYS_INLINE void
add_pairs (Floats *sum, const guint8 *pairs, const guint16 *x)
{
#if defined (ASSAY_PACKED_DOT)
  gint32 two;

  memcpy (&two, x, sizeof two);
  *sum = (Floats) _mm512_dpbf16_ps ((__m512) *sum, (__m512bh) _mm512_loadu_si512 (pairs), (__m512bh) _mm512_set1_epi32 (two));
#else
  const Bits both = *(const BitsHeld *) pairs;

  *sum += (Floats) (both << 16) * ALL_LANES (float_of ((guint32) x[0] << 16));
  *sum += (Floats) (both & 0xffff0000) * ALL_LANES (float_of ((guint32) x[1] << 16));
#endif
}

static ALWAYS_INLINE void
tile_bf16 (const int rows, gint64 groups, const guint8 *panel, const Rounded *r, gint64 first, float *y, gint64 ldy)
{
  Floats sum[MR][PARTS];

#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
    for (int h = 0; h < PARTS; h++)
      sum[i][h] = *(const FloatsHeld *) (y + i * ldy + h * LANES);
  for (gint64 k = 0; k < groups * GROUP; k += 2, panel += PANEL * 2 * sizeof (guint16))
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
      for (int h = 0; h < PARTS; h++)
        add_pairs (&sum[i][h], panel + h * VECTOR_BYTES, r->x.bf16[first + i] + k);
#pragma GCC unroll 8
  for (int i = 0; i < rows; i++)
    for (int h = 0; h < PARTS; h++)
      *(FloatsHeld *) (y + i * ldy + h * LANES) = sum[i][h];
}

#define TILES(type)                                                                                                     \
  static __attribute__ ((noipa)) void                                                                                   \
  tile_full_##type (gint64 groups, const guint8 *panel, const Rounded *r, gint64 first, float *y, gint64 ldy)           \
  {                                                                                                                     \
    tile_##type (MR, groups, panel, r, first, y, ldy);                                                                  \
  }                                                                                                                     \
                                                                                                                        \
  static __attribute__ ((noipa)) void                                                                                   \
  tile_row_##type (gint64 groups, const guint8 *panel, const Rounded *r, gint64 first, float *y, gint64 ldy)            \
  {                                                                                                                     \
    tile_##type (1, groups, panel, r, first, y, ldy);                                                                   \
  }                                                                                                                     \
                                                                                                                        \
  /* M rounded rows by one panel, of which n outputs are there. */                                                      \
  static void                                                                                                           \
  panel_##type (gint64 M, gint64 groups, const guint8 *panel, const Rounded *r, float *y, gint64 ldy, gint64 n)         \
  {                                                                                                                     \
    float edge[MR][PANEL] = { { 0 } };                                                                                  \
                                                                                                                        \
    for (gint64 i = 0, some; i < M; i += some)                                                                          \
      {                                                                                                                 \
        float *at = n < PANEL ? edge[0] : y + i * ldy;                                                                  \
        gint64 step = n < PANEL ? PANEL : ldy;                                                                          \
                                                                                                                        \
        some = M - i >= MR ? MR : 1;                                                                                    \
        for (gint64 k = 0; n < PANEL && k < some; k++)                                                                  \
          memcpy (edge[k], y + (i + k) * ldy, n * sizeof *y);                                                           \
        if (some == MR)                                                                                                 \
          tile_full_##type (groups, panel, r, i, at, step);                                                             \
        else                                                                                                            \
          tile_row_##type (groups, panel, r, i, at, step);                                                              \
        for (gint64 k = 0; n < PANEL && k < some; k++)                                                                  \
          memcpy (y + (i + k) * ldy, edge[k], n * sizeof *y);                                                           \
      }                                                                                                                 \
  }                                                                                                                     \
                                                                                                                        \
  static void                                                                                                           \
  product_##type (gint64 M, gint64 I, gint64 O, const guint8 *panels, const float *x, float *y, gint64 ldy)             \
  {                                                                                                                     \
    Rounded *r = get_rounded ();                                                                                        \
    const gint64 groups = (I + GROUP - 1) / GROUP;                                                                      \
                                                                                                                        \
    for (gint64 i = 0; i < M; i += ROWS)                                                                                \
      for (gint64 g = 0; g < groups; g += DEPTH)                                                                        \
        {                                                                                                               \
          gint64 m = MIN (ROWS, M - i), depth = MIN (DEPTH, groups - g);                                                \
                                                                                                                        \
          round_rows_##type (r, x + i * I, m, I, g, depth);                                                             \
          for (gint64 o = 0; o < O; o += PANEL)                                                                         \
            panel_##type (m, depth, panels + (o / PANEL * groups + g) * BYTES_##type, r, y + i * ldy + o, ldy, MIN (PANEL, O - o)); \
        }                                                                                                               \
  }

#define BYTES_int8 ASSAY_PACKED_BYTES_INT8
#define BYTES_bf16 ASSAY_PACKED_BYTES_BF16
TILES (int8)
TILES (bf16)

/* --- packing ------------------------------------------------------------------------------------------------------------------ */

#define SUMS 8                  /* sums side by side: one alone would wait for itself */

/* Squares of w (GROUP) and of what is lost by taking `near` in its place. */
static ALWAYS_INLINE void
add_squares (const float *restrict w, const double *restrict near, double *restrict lost, double *restrict all)
{
  for (int k = 0; k < GROUP; k += SUMS)
    for (int j = 0; j < SUMS; j++)
      {
        const double gone = w[k + j] - near[k + j];

        lost[j] += gone * gone;
        all[j] += (double) w[k + j] * w[k + j];
      }
}

static double
add_up (const double *sums)
{
  double sum = 0;

  for (int j = 0; j < SUMS; j++)
    sum += sums[j];
  return sum;
}

static ALWAYS_INLINE void
pack_group_int8 (const float *restrict w, gint64 l, guint8 *restrict group, double *lost, double *all)
{
  guint8 *codes = group + PANEL * sizeof (float);
  gint8 code[GROUP];
  double near[GROUP];
  const float scale = round_int8 (w, GROUP, code);

  memcpy (group + l * sizeof scale, &scale, sizeof scale);
  for (int k = 0; k < GROUP; k += 4)
    {
      const guint8 four[4] = { (guint8) (code[k] + 128), (guint8) (code[k + 1] + 128), (guint8) (code[k + 2] + 128), (guint8) (code[k + 3] + 128) };

      memcpy (codes + (k / 4 * PANEL + l) * 4, four, sizeof four);
    }
  for (int k = 0; k < GROUP; k++)
    near[k] = (double) scale * code[k];
  add_squares (w, near, lost, all);
}

static ALWAYS_INLINE void
pack_group_bf16 (const float *restrict w, gint64 l, guint8 *restrict group, double *lost, double *all)
{
  guint16 *pairs = (guint16 *) (void *) group, rounded[GROUP];
  double near[GROUP];

  for (int k = 0; k < GROUP; k++)
    rounded[k] = round_bf16 (w[k]);
  for (int k = 0; k < GROUP; k += 2)
    memcpy (pairs + (k / 2 * PANEL + l) * 2, rounded + k, 2 * sizeof *rounded);
  for (int k = 0; k < GROUP; k++)
    near[k] = float_of ((guint32) rounded[k] << 16);
  add_squares (w, near, lost, all);
}

/* A group of one panel at a time, which stays in the first-level cache. */
#define PACK(type)                                                                                                      \
  static void                                                                                                           \
  pack_##type (gint64 first, gint64 end, gint64 I, const float *W, guint8 *panels, double *lost, double *all)           \
  {                                                                                                                     \
    const gint64 groups = (I + GROUP - 1) / GROUP;                                                                      \
    double gone[SUMS] = { 0 }, there[SUMS] = { 0 };                                                                     \
                                                                                                                        \
    for (gint64 panel = first; panel < end; panel += PANEL)                                                             \
      for (gint64 g = 0; g < groups; g++)                                                                               \
        for (gint64 o = panel; o < MIN (panel + PANEL, end); o++)                                                       \
          {                                                                                                             \
            float w[GROUP] = { 0 };                                                                                     \
                                                                                                                        \
            memcpy (w, W + o * I + g * GROUP, (gsize) MIN (GROUP, I - g * GROUP) * sizeof *w);                          \
            pack_group_##type (w, o - panel, panels + (panel / PANEL * groups + g) * BYTES_##type, gone, there);        \
          }                                                                                                             \
    *lost += add_up (gone);                                                                                             \
    *all += add_up (there);                                                                                             \
  }

PACK (int8)
PACK (bf16)

#define PASTE(isa) assay_packed_kernels_##isa
#define EXPAND(isa) PASTE (isa)

const AssayPackedKernels EXPAND (ASSAY_ISA) = { .int8 = product_int8, .bf16 = product_bf16, .pack_int8 = pack_int8, .pack_bf16 = pack_bf16 };
