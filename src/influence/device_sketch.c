/* SPDX-License-Identifier: GPL-3.0-or-later */
/* device_sketch.c: signs that are sent once, and calls of kernels/op_sketch.cu. */
#include "influence/device_sketch.h"

#include "base/mem.h"
#include "tensor/op_call.h"

#include <math.h>

/* +1 and -1 in place of sides (n,k) whose entries are these over sqrt k; an identity as it is. */
static void *
send_signs (AssayDeviceSketch *s, gint64 n, gint64 k, const double *side, GError **error)
{
  const gsize bytes = (gsize) (n * k) * assay_dtype_width (s->dtype);
  g_autoptr (AssayBuffer) memory = assay_mem_alloc (bytes, error);
  void *there = memory ? s->device->alloc (s->device, bytes, error) : NULL;

  if (there == NULL)
    return NULL;
  for (gint64 i = 0; i < n * k; i++)
    {
      const double sign = side[i] > 0 ? 1 : side[i] < 0 ? -1 : 0;

      if (s->dtype == ASSAY_F32)
        ((float *) memory)[i] = (float) sign;
      else
        ((double *) memory)[i] = sign;
    }
  if (s->device->copy_in (s->device, there, memory, bytes, error))
    return there;
  s->device->release (s->device, there);
  return NULL;
}

static double
get_scale (gint64 n, gint64 k)
{
  return k < n ? 1 / sqrt ((double) k) : 1;
}

static gboolean
send_sides (AssayDeviceSketch *s, guint m, gint64 *left, gint64 *right, GError **error)
{
  const AssayModule *module = &s->projection->modules->module[m];
  const AssaySides *sides = &s->projection->sides[m];

  s->scale[m] = get_scale (module->rows, sides->ko) * get_scale (module->columns, sides->ki);
  for (guint u = 0; u < module->n_uses; u++)
    {
      *left = MAX (*left, module->uses[u].positions * sides->ko);
      *right = MAX (*right, module->uses[u].positions * sides->ki);
    }
  return (s->row[m] = send_signs (s, module->rows, sides->ko, sides->row, error)) != NULL
         && (s->column[m] = send_signs (s, module->columns, sides->ki, sides->column, error)) != NULL;
}

gboolean
assay_device_sketch_open (AssayDeviceSketch *s, const AssaySideProjection *projection, const AssayPoint *point, gint64 B, const gboolean *marks, GError **error)
{
  const guint n = projection->modules->n;
  const gsize width = assay_dtype_width (point->dtype);
  AssayBackend *device = point->backend;
  gint64 left = 0, right = 0;

  *s = (AssayDeviceSketch) { .projection = projection, .dtype = point->dtype, .compute = point->compute };
  if (device->owns == NULL)
    return TRUE;
  s->device = device;
  s->row = g_new0 (void *, n);
  s->column = g_new0 (void *, n);
  s->scale = g_new0 (double, n);
  for (guint m = 0; m < n; m++)
    if (marks[m] && !send_sides (s, m, &left, &right, error))
      return FALSE;
  return (s->left = device->alloc (device, (gsize) MAX (1, B * left) * width, error)) != NULL
         && (s->right = device->alloc (device, (gsize) MAX (1, B * right) * width, error)) != NULL
         && (s->features = device->alloc (device, (gsize) (B * projection->F) * width, error)) != NULL
         && (s->fetched = assay_mem_alloc_array (B * projection->F, width, error)) != NULL;
}

void
assay_device_sketch_clear (AssayDeviceSketch *s)
{
  if (s->device == NULL)
    return;
  for (guint m = 0; m < s->projection->modules->n; m++)
    {
      s->device->release (s->device, s->row[m]);
      s->device->release (s->device, s->column[m]);
    }
  s->device->release (s->device, s->left);
  s->device->release (s->device, s->right);
  s->device->release (s->device, s->features);
  assay_mem_free (s->fetched);
  g_free (s->row);
  g_free (s->column);
  g_free (s->scale);
}

static gboolean
run (AssayDeviceSketch *s, const char *rule, const AssayShape *in, AssayShape out, const void *a, const void *b, void *y, double scale, gboolean adds, GError **error)
{
  const double attr[] = { scale, adds };
  AssayOpCall call = { .n_in = 2, .n_out = 1, .in_shape = in, .out_shape = &out, .attr = attr, .x = { a, b }, .y = { y }, .compute = s->compute };

  return s->device->run_op (s->device, rule, ASSAY_FWD, s->dtype, &call, error);
}

/* left (B n, ko) <- rows times their signs: those of one-hot rows are picked. *n_left: 1 where they are the same for every example, else B. */
static gboolean
project_rows (AssayDeviceSketch *s, const AssayModuleParts *parts, guint m, const void **left, gint64 *n_left, GError **error)
{
  const gint64 K = parts->B * parts->use->positions, ko = s->projection->sides[m].ko, rows = s->projection->modules->module[m].rows;

  *left = s->left;
  *n_left = parts->B;
  if (parts->row != NULL)
    return run (s, "sketch_side", (AssayShape[]) { ASSAY_SHAPE (K, rows), ASSAY_SHAPE (rows, ko) }, ASSAY_SHAPE (K, ko), parts->row, s->row[m], s->left, 1, FALSE, error);
  if (parts->index != NULL)
    return run (s, "embedding", (AssayShape[]) { ASSAY_SHAPE (rows, ko), ASSAY_SHAPE (K) }, ASSAY_SHAPE (K, ko), s->row[m], parts->index, s->left, 1, FALSE, error);
  *left = s->row[m];                                              /* row t is one-hot in t */
  *n_left = 1;
  return TRUE;
}

static gboolean
add_use (AssayDeviceSketch *s, const AssayModuleBatch *batch, guint u, void *G, GError **error)
{
  const AssayModuleParts *parts = &batch->parts[u];
  const guint m = batch->index;
  const AssaySides *sides = &s->projection->sides[m];
  const gint64 B = batch->B, n = parts->use->positions, K = B * n, used = parts->column_width + (parts->column_last != 0);
  const AssayShape features = ASSAY_SHAPE (B, s->projection->F);
  gint64 n_left;
  const void *left;

  if (parts->column == NULL)                                      /* one position and a column of 1 */
    return run (s, "sketch_side", (AssayShape[]) { ASSAY_SHAPE (B, batch->module->rows), ASSAY_SHAPE (batch->module->rows, sides->ko) }, features, parts->row,
                s->row[m], G, s->scale[m], u > 0, error);
  return project_rows (s, parts, m, &left, &n_left, error)
         && run (s, "sketch_side", (AssayShape[]) { ASSAY_SHAPE (K, parts->column_width), ASSAY_SHAPE (used, sides->ki) }, ASSAY_SHAPE (K, sides->ki), parts->column,
                 s->column[m], s->right, 1, FALSE, error)
         && run (s, "sketch_outer", (AssayShape[]) { ASSAY_SHAPE (n_left, n, sides->ko), ASSAY_SHAPE (B, n, sides->ki) }, features, left, s->right, G, s->scale[m], u > 0,
                 error);
}

gboolean
assay_device_sketch_add (AssayDeviceSketch *s, const AssayModuleBatch *batch, GError **error)
{
  char *G = (char *) s->features + s->projection->sides[batch->index].first * (gint64) assay_dtype_width (s->dtype);

  for (guint u = 0; u < batch->module->n_uses; u++)
    if (!add_use (s, batch, u, G, error))
      return FALSE;
  return TRUE;
}

gboolean
assay_device_sketch_fetch (AssayDeviceSketch *s, gint64 B, double *feature, GError **error)
{
  const gint64 F = s->projection->F;

  if (s->device == NULL)
    return TRUE;
  if (!s->device->copy_out (s->device, s->fetched, s->features, (gsize) (B * F) * assay_dtype_width (s->dtype), error))
    return FALSE;
  for (gint64 b = 0; b < B; b++)
    for (guint m = 0; m < s->projection->modules->n; m++)
      if (s->row[m] != NULL)
        {
          const AssaySides *sides = &s->projection->sides[m];
          const gint64 at = b * F + sides->first;

          assay_dtype_convert (s->dtype, (const char *) s->fetched + at * (gint64) assay_dtype_width (s->dtype), ASSAY_F64, feature + at, sides->ko * sides->ki);
        }
  return TRUE;
}
