/* SPDX-License-Identifier: GPL-3.0-or-later */
/* top.c: a heap whose root is the least of the entries kept. */
#include "influence/top.h"

#include <math.h>

struct _AssayTop {
  gint64 k;
  GArray *heap;                 /* AssayTopEntry; entry i is outranked by its children 2i+1, 2i+2 */
  GArray *sorted;
};

AssayTop *
assay_top_new (gint64 k)
{
  AssayTop *top = g_new0 (AssayTop, 1);

  top->k = k < 0 ? G_MAXINT64 : k;
  top->heap = g_array_new (FALSE, FALSE, sizeof (AssayTopEntry));
  top->sorted = g_array_new (FALSE, FALSE, sizeof (AssayTopEntry));
  return top;
}

void
assay_top_free (AssayTop *top)
{
  if (top == NULL)
    return;
  g_array_unref (top->heap);
  g_array_unref (top->sorted);
  g_free (top);
}

static gboolean
outranks (const AssayTopEntry *a, const AssayTopEntry *b)
{
  double x = fabs (a->score), y = fabs (b->score);

  return x > y || (x == y && a->example < b->example);
}

static AssayTopEntry *
at (AssayTop *top, guint i)
{
  return &g_array_index (top->heap, AssayTopEntry, i);
}

static void
swap (AssayTopEntry *a, AssayTopEntry *b)
{
  AssayTopEntry t = *a;

  *a = *b;
  *b = t;
}

static void
sift_down (AssayTop *top)
{
  for (guint i = 0, child; (child = 2 * i + 1) < top->heap->len; i = child)
    {
      if (child + 1 < top->heap->len && outranks (at (top, child), at (top, child + 1)))
        child++;
      if (!outranks (at (top, i), at (top, child)))
        return;
      swap (at (top, i), at (top, child));
    }
}

void
assay_top_add (AssayTop *top, const AssayTopEntry *entry)
{
  if (isnan (entry->score) || top->k == 0)
    return;
  if (top->heap->len == top->k)
    {
      if (!outranks (entry, at (top, 0)))
        return;
      *at (top, 0) = *entry;
      sift_down (top);
      return;
    }
  g_array_append_vals (top->heap, entry, 1);
  for (guint i = top->heap->len - 1; i > 0 && outranks (at (top, (i - 1) / 2), at (top, i)); i = (i - 1) / 2)
    swap (at (top, i), at (top, (i - 1) / 2));
}

static int
by_rank (gconstpointer a, gconstpointer b)
{
  return outranks (a, b) ? -1 : outranks (b, a);
}

const AssayTopEntry *
assay_top_get (AssayTop *top, gint64 *n)
{
  g_array_set_size (top->sorted, 0);
  g_array_append_vals (top->sorted, top->heap->data, top->heap->len);
  g_array_sort (top->sorted, by_rank);
  *n = top->sorted->len;
  return (const AssayTopEntry *) (void *) top->sorted->data;
}
