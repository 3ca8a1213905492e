/* SPDX-License-Identifier: GPL-3.0-or-later */
/* device_index.c: what is sent, and calls of kernels/index_candidates.cu. */
#include "influence/device_index.h"

#include "base/mem.h"
#include "tensor/op_call.h"

#include <string.h>

#define W ASSAY_INDEX_BLOCK
#define TILE ASSAY_INDEX_TILE
#define ROWS 256                /* the kernels like them in multiples of this */
#define TOP 32                  /* rows with one largest lower end */
#define QUERIES 112             /* that one pass over the rows takes */

struct _AssayDeviceIndex {
  AssayBackend *device;
  gint64 N, stride;
  guint n_blocks, n_features;
  void *codes, *scale, *features;       /* (n_blocks,stride,W), (n_blocks,stride), (N,n_features) */
};

static gboolean
send (AssayDeviceIndex *self, const AssayGradientIndex *index, GError **error)
{
  AssayBackend *device = self->device;
  const gint64 N = self->N, stride = self->stride;

  for (guint b = 0; b < self->n_blocks; b++)
    if (!device->copy_in (device, (char *) self->codes + b * stride * W, index->codes + b * N * W, (gsize) (N * W), error)
        || !device->copy_in (device, (float *) self->scale + b * stride, index->scale + b * N, (gsize) N * sizeof (float), error))
      return FALSE;
  return device->copy_in (device, self->features, index->features, (gsize) (N * self->n_features) * sizeof (float), error);
}

AssayDeviceIndex *
assay_device_index_new (const AssayGradientIndex *index, AssayBackend *device, GError **error)
{
  g_autoptr (AssayDeviceIndex) self = g_new0 (AssayDeviceIndex, 1);
  const gint64 stride = (index->N + ROWS - 1) / ROWS * ROWS, B = index->n_blocks;

  self->device = device;
  self->N = index->N;
  self->stride = stride;
  self->n_blocks = index->n_blocks;
  self->n_features = index->n_features;
  return (self->codes = device->alloc (device, (gsize) (B * stride * W), error)) != NULL
         && (self->scale = device->alloc (device, (gsize) (B * stride) * sizeof (float), error)) != NULL
         && (self->features = device->alloc (device, (gsize) (index->N * index->n_features) * sizeof (float), error)) != NULL && send (self, index, error)
         ? g_steal_pointer (&self) : NULL;
}

void
assay_device_index_free (AssayDeviceIndex *self)
{
  if (self == NULL)
    return;
  self->device->release (self->device, self->codes);
  self->device->release (self->device, self->scale);
  self->device->release (self->device, self->features);
  g_free (self);
}

/* What a pass over the rows needs there: of Q queries. */
typedef enum { CODES, SCALE, WEIGHTS, SCORES, UPPER, TOPS, THRESHOLD, BITS, COUNTS, FIRST, FOUND, N_ARRAYS } Array;

typedef struct {
  AssayDeviceIndex *self;
  gint64 Q, k, room;
  gboolean is_signed;
  void *there[N_ARRAYS];
} Finding;

static gboolean
make (Finding *f, Array which, gint64 bytes, const void *from, GError **error)
{
  AssayBackend *device = f->self->device;

  return (f->there[which] = device->alloc (device, (gsize) MAX (1, bytes), error)) != NULL
         && (from == NULL || device->copy_in (device, f->there[which], from, (gsize) bytes, error));
}

static void
finding_clear (Finding *f)
{
  for (guint a = 0; f->self != NULL && a < N_ARRAYS; a++)
    f->self->device->release (f->self->device, f->there[a]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Finding, finding_clear)

static gboolean
run (const Finding *f, const char *rule, AssayOpCall call, const AssayShape *in, guint n_in, const AssayShape *out, guint n_out, GError **error)
{
  call.in_shape = in;
  call.out_shape = out;
  call.n_in = n_in;
  call.n_out = n_out;
  return f->self->device->run_op (f->self->device, rule, ASSAY_FWD, ASSAY_F32, &call, error);
}

/* Queries first .. first + Q - 1 as bytes (n_blocks,Q,W), their scales (n_blocks,Q), and weights (n_features, Q padded to fours). */
static gboolean
send_queries (Finding *f, gint64 first, AssayIndexTile *const *tiles, GError **error)
{
  const AssayDeviceIndex *self = f->self;
  const gint64 Q = f->Q, B = self->n_blocks, F = self->n_features, padded = (Q + 3) / 4 * 4;
  g_autoptr (AssayBuffer) codes = assay_mem_alloc_array (B * Q, W, error), scale = assay_mem_alloc_array (B * Q + F * padded, sizeof (float), error);
  float *t = scale, *weights = t + B * Q;

  if (codes == NULL || scale == NULL)
    return FALSE;
  memset (weights, 0, F * padded * sizeof *weights);
  for (gint64 q = 0; q < Q; q++)
    {
      const AssayIndexTile *tile = tiles[(first + q) / TILE];
      const gint64 at = (first + q) % TILE;

      for (gint64 b = 0; b < B; b++)
        {
          memcpy ((gint8 *) codes + (b * Q + q) * W, tile->block[b].plain[at], W);
          t[b * Q + q] = tile->t[b * TILE + at];
        }
      for (gint64 k = 0; k < F; k++)
        weights[k * padded + q] = tile->weight[at * F + k];
    }
  return make (f, CODES, B * Q * W, codes, error) && make (f, SCALE, B * Q * (gint64) sizeof (float), t, error)
         && make (f, WEIGHTS, F * padded * (gint64) sizeof (float), weights, error);
}

/* A bit for each row and query, and how many of each query; counts (Q). */
static gboolean
mark (Finding *f, gint32 *counts, GError **error)
{
  const AssayDeviceIndex *self = f->self;
  const gint64 N = self->N, Q = f->Q, B = self->n_blocks, F = self->n_features, tiles = (N + TOP - 1) / TOP;
  const AssayShape rows = ASSAY_SHAPE (B, self->stride), queries = ASSAY_SHAPE (B, Q), scores = ASSAY_SHAPE (N, Q), features = ASSAY_SHAPE (N, F);
  const AssayShape ends = ASSAY_SHAPE (Q, N), tops = ASSAY_SHAPE (Q, tiles), one = ASSAY_SHAPE (Q);
  const double is_signed = f->is_signed, k = (double) f->k;
  void **there = f->there;

  return make (f, SCORES, N * Q * (gint64) sizeof (float), NULL, error) && make (f, UPPER, N * Q * (gint64) sizeof (float), NULL, error)
         && make (f, TOPS, Q * tiles * (gint64) sizeof (float), NULL, error) && make (f, THRESHOLD, Q * (gint64) sizeof (float), NULL, error)
         && make (f, BITS, Q * tiles * (gint64) sizeof (guint32), NULL, error) && make (f, COUNTS, Q * (gint64) sizeof (gint32), NULL, error)
         && run (f, "index_scores", (AssayOpCall) { .x = { self->codes, self->scale, there[CODES], there[SCALE] }, .y = { there[SCORES] } },
                 (AssayShape[]) { rows, rows, queries, queries }, 4, &scores, 1, error)
         && run (f, "index_ends", (AssayOpCall) { .attr = &is_signed, .x = { there[SCORES], self->features, there[WEIGHTS] }, .y = { there[UPPER], there[TOPS] } },
                 (AssayShape[]) { scores, features, queries }, 3, (AssayShape[]) { ends, tops }, 2, error)
         && run (f, "index_threshold", (AssayOpCall) { .attr = &k, .x = { there[TOPS] }, .y = { there[THRESHOLD] } }, &tops, 1, &one, 1, error)
         && run (f, "index_mark", (AssayOpCall) { .x = { there[UPPER], there[THRESHOLD] }, .y = { there[BITS], there[COUNTS] } }, (AssayShape[]) { ends, one }, 2,
                 (AssayShape[]) { tops, one }, 2, error)
         && self->device->copy_out (self->device, counts, there[COUNTS], (gsize) Q * sizeof *counts, error);
}

/* Numbers of what was marked: first (Q+1) in rows, sums and bounds, one after the other in found (3, first[Q]). */
static gboolean
list (Finding *f, const gint64 *first, gint32 *found, GError **error)
{
  const AssayDeviceIndex *self = f->self;
  const gint64 n = first[f->Q], Q = f->Q, tiles = (self->N + TOP - 1) / TOP;
  const AssayShape in[] = { ASSAY_SHAPE (self->N, Q), ASSAY_SHAPE (self->N, self->n_features), ASSAY_SHAPE (self->n_features, Q), ASSAY_SHAPE (Q, tiles), ASSAY_SHAPE (Q + 1) };
  const AssayShape each = ASSAY_SHAPE (n), out[] = { each, each, each };
  gint32 *to;

  if (n == 0)
    return TRUE;
  if (!make (f, FIRST, (Q + 1) * (gint64) sizeof *first, first, error) || !make (f, FOUND, 3 * n * (gint64) sizeof *found, NULL, error))
    return FALSE;
  to = f->there[FOUND];
  return run (f, "index_list", (AssayOpCall) { .x = { f->there[SCORES], self->features, f->there[WEIGHTS], f->there[BITS], f->there[FIRST] }, .y = { to, to + n, to + 2 * n } },
              in, G_N_ELEMENTS (in), out, G_N_ELEMENTS (out), error)
         && self->device->copy_out (self->device, found, to, (gsize) (3 * n) * sizeof *found, error);
}

static gboolean
find_some (Finding *f, gint64 first_query, AssayIndexTile *const *tiles, AssayDeviceIndexFunc func, gpointer data, GError **error)
{
  gint32 counts[QUERIES];
  gint64 first[QUERIES + 1] = { 0 }, n;
  g_autoptr (AssayBuffer) memory = NULL;
  gint32 *found;

  if (!send_queries (f, first_query, tiles, error) || !mark (f, counts, error))
    return FALSE;
  for (gint64 q = 0; q < f->Q; q++)
    first[q + 1] = first[q] + (counts[q] <= f->room ? counts[q] : 0);
  n = first[f->Q];
  if ((memory = assay_mem_alloc_array (MAX (1, 3 * n), sizeof *found, error)) == NULL || !list (f, first, memory, error))
    return FALSE;
  found = memory;
  for (gint64 q = 0; q < f->Q; q++)
    if (counts[q] <= f->room)
      func (first_query + q, counts[q], found + first[q], (float *) (void *) (found + n) + first[q], (float *) (void *) (found + 2 * n) + first[q], data);
    else
      func (first_query + q, counts[q], NULL, NULL, NULL, data);
  return TRUE;
}

gboolean
assay_device_index_find (AssayDeviceIndex *self, gint64 Q, AssayIndexTile *const *tiles, gint64 k, gboolean is_signed, gint64 room, AssayDeviceIndexFunc func,
                         gpointer data, GError **error)
{
  for (gint64 q = 0; q < Q; q += QUERIES)
    {
      g_auto (Finding) finding = { .self = self, .Q = MIN (QUERIES, Q - q), .k = k, .room = room, .is_signed = is_signed };

      if (!find_some (&finding, q, tiles, func, data, error))
        return FALSE;
    }
  return TRUE;
}
