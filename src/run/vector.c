/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vector.c: blocked sums and updates. */
#include "run/vector.h"

#include <math.h>

#define MAX_BLOCKS 256          /* partial sums live on the stack */
#define MIN_BLOCK 16384
#define LANES 8

static gint64
get_block (gint64 n)
{
  return MAX (MIN_BLOCK, ((n + MAX_BLOCKS - 1) / MAX_BLOCKS + 63) / 64 * 64);
}

typedef struct {
  gint64 n, block;
  AssayVectorFunc func;
  gpointer data;
} Run;

static void
run_block (gsize block, guint worker, gpointer data)
{
  const Run *run = data;
  gint64 first = (gint64) block * run->block;

  (void) worker;
  run->func (first, MIN (first + run->block, run->n), run->data);
}

void
assay_vector_run (AssayWorkers *workers, gint64 n, AssayVectorFunc func, gpointer data)
{
  Run run = { n, get_block (n), func, data };

  assay_workers_run (workers, (n + run.block - 1) / run.block, run_block, &run);
}

typedef struct {
  const void *a, *b;
  gint64 block;
  double partial[MAX_BLOCKS];
} Dot;

#define DOT_BLOCK(name, type)                                                                                           \
  static void                                                                                                           \
  name (gint64 first, gint64 end, gpointer data)                                                                        \
  {                                                                                                                     \
    Dot *dot = data;                                                                                                    \
    const type *a = dot->a, *b = dot->b;                                                                                \
    double lane[LANES] = { 0 }, sum = 0;                                                                                \
    gint64 i = first;                                                                                                   \
                                                                                                                        \
    for (; i + LANES <= end; i += LANES)                                                                                \
      for (guint k = 0; k < LANES; k++)                                                                                 \
        lane[k] += (double) a[i + k] * (double) b[i + k];                                                               \
    for (; i < end; i++)                                                                                                \
      lane[0] += (double) a[i] * (double) b[i];                                                                         \
    for (guint k = 0; k < LANES; k++)                                                                                   \
      sum += lane[k];                                                                                                   \
    dot->partial[first / dot->block] = sum;                                                                             \
  }

DOT_BLOCK (dot_f32, float)
DOT_BLOCK (dot_f64, double)

double
assay_vector_dot (AssayWorkers *workers, AssayDtype dtype, gint64 n, const void *a, const void *b)
{
  Dot dot = { .a = a, .b = b, .block = get_block (n) };
  double sum = 0;

  assay_vector_run (workers, n, dtype == ASSAY_F32 ? dot_f32 : dot_f64, &dot);
  for (gint64 k = 0; k * dot.block < n; k++)
    sum += dot.partial[k];
  return sum;
}

double
assay_vector_norm (AssayWorkers *workers, AssayDtype dtype, gint64 n, const void *a)
{
  return sqrt (assay_vector_dot (workers, dtype, n, a, a));
}

typedef struct {
  double alpha;
  const void *x;
  void *y;
} Update;

#define ADD_BLOCK(name, type)                                                                                           \
  static void                                                                                                           \
  name (gint64 first, gint64 end, gpointer data)                                                                        \
  {                                                                                                                     \
    const Update *u = data;                                                                                             \
    const type *restrict x = u->x;                                                                                      \
    type *restrict y = u->y, alpha = (type) u->alpha;                                                                   \
                                                                                                                        \
    for (gint64 i = first; i < end; i++)                                                                                \
      y[i] += alpha * x[i];                                                                                             \
  }

ADD_BLOCK (add_f32, float)
ADD_BLOCK (add_f64, double)

void
assay_vector_add (AssayWorkers *workers, AssayDtype dtype, gint64 n, double alpha, const void *x, void *y)
{
  Update update = { alpha, x, y };

  assay_vector_run (workers, n, dtype == ASSAY_F32 ? add_f32 : add_f64, &update);
}

#define SCALE_BLOCK(name, type)                                                                                         \
  static void                                                                                                           \
  name (gint64 first, gint64 end, gpointer data)                                                                        \
  {                                                                                                                     \
    const Update *u = data;                                                                                             \
    type *y = u->y, alpha = (type) u->alpha;                                                                            \
                                                                                                                        \
    for (gint64 i = first; i < end; i++)                                                                                \
      y[i] *= alpha;                                                                                                    \
  }

SCALE_BLOCK (scale_f32, float)
SCALE_BLOCK (scale_f64, double)

void
assay_vector_scale (AssayWorkers *workers, AssayDtype dtype, gint64 n, double alpha, void *y)
{
  Update update = { alpha, NULL, y };

  assay_vector_run (workers, n, dtype == ASSAY_F32 ? scale_f32 : scale_f64, &update);
}
