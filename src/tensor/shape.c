/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shape.c: counts, comparison and words for shapes. */
#include "tensor/shape.h"

#include "base/error.h"
#include "base/num.h"

gint64
assay_shape_count (const AssayShape *shape)
{
  gint64 n = 1;

  for (guint i = 0; i < shape->rank; i++)
    n *= shape->dim[i];
  return n;
}

gboolean
assay_shape_count_checked (const AssayShape *shape, guint64 *count)
{
  guint64 n = 1;

  for (guint i = 0; i < shape->rank; i++)
    if (shape->dim[i] < 0 || !assay_size_mul (n, shape->dim[i], &n) || n > G_MAXINT64)
      return FALSE;
  *count = n;
  return TRUE;
}

gint64
assay_shape_last (const AssayShape *shape)
{
  return shape->rank ? shape->dim[shape->rank - 1] : 1;
}

gint64
assay_shape_rows (const AssayShape *shape)
{
  gint64 n = 1;

  for (guint i = 0; i + 1 < shape->rank; i++)
    n *= shape->dim[i];
  return n;
}

AssayShape
assay_shape_drop_last (const AssayShape *shape)
{
  AssayShape s = *shape;

  if (s.rank > 0)
    s.dim[--s.rank] = 0;
  return s;
}

AssayShape
assay_shape_with_last (const AssayShape *shape, gint64 last)
{
  AssayShape s = *shape;

  s.rank = MAX (s.rank, 1);
  s.dim[s.rank - 1] = last;
  return s;
}

gboolean
assay_shape_equal (const AssayShape *a, const AssayShape *b)
{
  if (a->rank != b->rank)
    return FALSE;
  for (guint i = 0; i < a->rank; i++)
    if (a->dim[i] != b->dim[i])
      return FALSE;
  return TRUE;
}

char *
assay_shape_to_string (const AssayShape *shape)
{
  GString *text = g_string_new ("(");

  for (guint i = 0; i < shape->rank; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? "," : "", shape->dim[i]);
  return g_string_free (g_string_append_c (text, ')'), FALSE);
}

gboolean
assay_shape_expect (const AssayShape *got, const char *what, AssayShape expected, GError **error)
{
  g_autofree char *wanted = NULL, *found = NULL;

  if (assay_shape_equal (got, &expected))
    return TRUE;
  wanted = assay_shape_to_string (&expected);
  found = assay_shape_to_string (got);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: %s expected, got %s", what, wanted, found);
  return FALSE;
}
