/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content_compare.c: where two content trees differ, down to rows and attributes. */
#include "store/content_tree.h"

#include <string.h>

static void
difference_free (gpointer data)
{
  AssayContentDifference *difference = data;

  g_free (difference->path);
  g_free (difference->text);
  g_free (difference);
}

static void G_GNUC_PRINTF (5, 6)
add (GPtrArray *out, const AssayContentNode *node, gint64 first_row, gint64 last_row, const char *format, ...)
{
  AssayContentDifference *difference = g_new0 (AssayContentDifference, 1);
  va_list args;

  difference->path = g_strdup (assay_content_node_get_inner_path (node));
  difference->first_row = first_row;
  difference->last_row = last_row;
  va_start (args, format);
  difference->text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (out, difference);
}

static void
compare_attributes (GPtrArray *out, const AssayContentNode *expected, const AssayContentNode *found)
{
  guint i = 0, k = 0;

  while (i < expected->attributes->len || k < found->attributes->len)
    {
      const AssayContentAttribute *a = i < expected->attributes->len ? &g_array_index (expected->attributes, AssayContentAttribute, i) : NULL;
      const AssayContentAttribute *b = k < found->attributes->len ? &g_array_index (found->attributes, AssayContentAttribute, k) : NULL;
      int order = a == NULL ? 1 : b == NULL ? -1 : strcmp (a->name, b->name);

      if (order < 0)
        add (out, expected, -1, -1, "the attribute %s is missing", a->name);
      else if (order > 0)
        add (out, expected, -1, -1, "there is an attribute %s more", b->name);
      else if (!assay_digest_equal (&a->leaf, &b->leaf))
        add (out, expected, -1, -1, "the attribute %s has another value", a->name);
      i += order <= 0;
      k += order >= 0;
    }
}

/* Runs of leaves that differ, as rows. */
static void
compare_leaves (GPtrArray *out, const AssayContentNode *expected, const AssayContentNode *found)
{
  guint64 n = assay_content_node_get_n_elements (expected), row = 1;

  for (guint k = 1; k < expected->rank; k++)
    row *= (guint64) MAX (expected->dims[k], 1);
  for (guint i = 0; i < expected->leaves->len; i++)
    {
      guint end = i;
      guint64 first, last;

      while (end < expected->leaves->len && !assay_digest_equal (&g_array_index (expected->leaves, AssayDigest, end),
                                                                 &g_array_index (found->leaves, AssayDigest, end)))
        end++;
      if (end == i)
        continue;
      first = i * expected->leaf_elements;
      last = MIN (end * expected->leaf_elements, n) - 1;
      if (expected->rank == 0)
        add (out, expected, -1, -1, "the value is another");
      else if (first / row == last / row)
        add (out, expected, (gint64) (first / row), (gint64) (last / row), "row %" G_GUINT64_FORMAT " differs", first / row);
      else
        add (out, expected, (gint64) (first / row), (gint64) (last / row), "rows %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " differ: the altered "
             "element is among them", first / row, last / row);
      i = end;
    }
}

static gboolean
same_shape (const AssayContentNode *a, const AssayContentNode *b)
{
  return a->type == b->type && a->rank == b->rank && memcmp (a->dims, b->dims, a->rank * sizeof a->dims[0]) == 0
         && a->leaf_elements == b->leaf_elements && a->n_salt == b->n_salt;
}

static void
compare_nodes (GPtrArray *out, const AssayContentNode *expected, const AssayContentNode *found)
{
  guint i = 0, k = 0;

  if (assay_digest_equal (&expected->digest, &found->digest))
    return;
  if (expected->kind != found->kind || (expected->kind == 'd' && !same_shape (expected, found)))
    {
      add (out, expected, -1, -1, "has another kind, type or shape");
      return;
    }
  compare_attributes (out, expected, found);
  compare_leaves (out, expected, found);
  while (i < expected->children->len || k < found->children->len)
    {
      const AssayContentNode *a = i < expected->children->len ? expected->children->pdata[i] : NULL;
      const AssayContentNode *b = k < found->children->len ? found->children->pdata[k] : NULL;
      int order = a == NULL ? 1 : b == NULL ? -1 : strcmp (a->name, b->name);

      if (order < 0)
        add (out, a, -1, -1, "is missing");
      else if (order > 0)
        add (out, b, -1, -1, "is not part of what was written");
      else
        compare_nodes (out, a, b);
      i += order <= 0;
      k += order >= 0;
    }
}

GPtrArray *
assay_content_tree_compare (const AssayContentNode *expected, const AssayContentNode *found)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (difference_free);

  if (strcmp (expected->path, found->path) != 0)
    add (out, expected, -1, -1, "is %s, where %s was written", found->path, expected->path);
  compare_nodes (out, expected, found);
  return out;
}
