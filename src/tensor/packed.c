/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed.c: chooses the kernels, and shares panels or rows out to the workers. */
#include "config.h"

#include "tensor/packed.h"

#include "base/isa.h"
#include "base/mem.h"
#include "tensor/packed_kernel.h"

#include <string.h>

#define PANEL ASSAY_PACKED_PANEL
#define GROUP ASSAY_PACKED_GROUP
#define ROWS ASSAY_PACKED_ROWS
#define SMALL (1 << 16)         /* bytes of weights below which waking the crew costs more than it brings */
#define MANY (4 * ROWS)         /* rows that are shared out in place of panels: each is then rounded once */
#define PACKED_AT_ONCE 8        /* panels */

const char *const assay_packed_type_names[] = { "bf16", "int8", NULL };

struct _AssayPacked {
  AssayPackedType type;
  gint64 O, I;
  gsize panel_bytes;            /* of one panel */
  guint8 *panels;
  double lost, all;
};

static const struct { gsize group_bytes; } types[] = { [ASSAY_PACKED_BF16] = { ASSAY_PACKED_BYTES_BF16 }, [ASSAY_PACKED_INT8] = { ASSAY_PACKED_BYTES_INT8 } };

static const AssayPackedKernels *
get_kernels (void)
{
#ifdef ASSAY_HAVE_X86
  static const AssayPackedKernels *const of[ASSAY_N_ISAS] = { &assay_packed_kernels_baseline, &assay_packed_kernels_x86_64_v3, &assay_packed_kernels_x86_64_v4 };

  return assay_isa_has_dot_products () ? &assay_packed_kernels_x86_64_dot : of[assay_isa_get ()];
#else
  return &assay_packed_kernels_baseline;
#endif
}

const char *
assay_packed_get_core_name (void)
{
  return assay_isa_has_dot_products () ? "x86-64-v4 with vnni and bf16" : assay_isa_get_name ();
}

/* --- packing ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
  AssayPacked *packed;
  const float *W;
  AssayPackedPack pack;
  double (*squares)[2];         /* (blocks) */
} Packing;

static void
pack_block (gsize block, guint worker, gpointer data)
{
  const Packing *p = data;
  gint64 first = (gint64) block * PACKED_AT_ONCE * PANEL;

  (void) worker;
  p->pack (first, MIN (first + PACKED_AT_ONCE * PANEL, p->packed->O), p->packed->I, p->W, p->packed->panels, &p->squares[block][0], &p->squares[block][1]);
}

AssayPacked *
assay_packed_new (AssayPackedType type, const float *W, gint64 O, gint64 I, AssayWorkers *workers, GError **error)
{
  g_autoptr (AssayPacked) self = g_new0 (AssayPacked, 1);
  const gint64 panels = (O + PANEL - 1) / PANEL, blocks = (panels + PACKED_AT_ONCE - 1) / PACKED_AT_ONCE;
  Packing packing = { self, W, type == ASSAY_PACKED_INT8 ? get_kernels ()->pack_int8 : get_kernels ()->pack_bf16, g_malloc0_n (blocks, sizeof *packing.squares) };
  g_autofree double (*squares)[2] = packing.squares;

  *self = (AssayPacked) { .type = type, .O = O, .I = I, .panel_bytes = (gsize) ((I + GROUP - 1) / GROUP) * types[type].group_bytes };
  if ((self->panels = assay_mem_alloc_array (panels, self->panel_bytes, error)) == NULL)
    return NULL;
  assay_workers_run (workers, blocks, pack_block, &packing);
  for (gint64 b = 0; b < blocks; b++)
    {
      self->lost += squares[b][0];
      self->all += squares[b][1];
    }
  return g_steal_pointer (&self);
}

void
assay_packed_free (AssayPacked *self)
{
  if (self == NULL)
    return;
  assay_mem_free (self->panels);
  g_free (self);
}

gsize
assay_packed_get_bytes (const AssayPacked *self)
{
  return (gsize) ((self->O + PANEL - 1) / PANEL) * self->panel_bytes;
}

void
assay_packed_get_error (const AssayPacked *self, double *lost, double *all)
{
  *lost = self->lost;
  *all = self->all;
}

/* --- products ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
  const AssayPacked *packed;
  AssayPackedProduct product;
  gint64 N;
  const float *x, *bias;
  float *y;
  gint64 row_step, panel_step;
  gint64 across;                /* blocks of outputs for each block of rows */
} Product;

static void
multiply_block (gsize block, guint worker, gpointer data)
{
  const Product *p = data;
  const AssayPacked *w = p->packed;
  const gint64 first = (gint64) block / p->across * p->row_step, panel = (gint64) block % p->across * p->panel_step, o = panel * PANEL;
  const gint64 M = MIN (p->row_step, p->N - first), O = MIN (p->panel_step * PANEL, w->O - o);

  (void) worker;
  for (gint64 i = first; i < first + M; i++)
    if (p->bias != NULL)
      memcpy (p->y + i * w->O + o, p->bias + o, O * sizeof *p->y);
    else
      memset (p->y + i * w->O + o, 0, O * sizeof *p->y);
  p->product (M, w->I, O, w->panels + panel * w->panel_bytes, p->x + first * w->I, p->y + first * w->O + o, w->O);
}

void
assay_packed_multiply (const AssayPacked *w, AssayWorkers *workers, gint64 N, const float *x, const float *bias, float *y)
{
  const gint64 panels = (w->O + PANEL - 1) / PANEL, parts = 2 * assay_workers_get_count (workers);
  Product p = { .packed = w, .product = w->type == ASSAY_PACKED_INT8 ? get_kernels ()->int8 : get_kernels ()->bf16, .N = N, .x = x, .bias = bias, .y = y,
                .row_step = N, .panel_step = panels };

  if (N == 0 || w->O == 0)
    return;
  if (N >= MANY)
    p.row_step = MAX (1, N / parts / ROWS) * ROWS;
  else if (assay_packed_get_bytes (w) * (gsize) N > SMALL)
    p.panel_step = (panels + parts - 1) / parts;
  p.across = (panels + p.panel_step - 1) / p.panel_step;
  assay_workers_run (workers, (N + p.row_step - 1) / p.row_step * p.across, multiply_block, &p);
}
