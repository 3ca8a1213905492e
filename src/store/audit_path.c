/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_path.c: all levels of a Merkle tree, and the way up through them. */
#include "store/audit_path.h"

struct _AssayAuditTree {
  GPtrArray *levels;            /* of GArray of AssayDigest: the leaves first, the root last */
};

static GArray *
level_new (const AssayDigest *nodes, gsize n)
{
  GArray *level = g_array_sized_new (FALSE, FALSE, sizeof (AssayDigest), (guint) n);

  if (n > 0)
    g_array_append_vals (level, nodes, (guint) n);
  return level;
}

static GArray *
level_above (const GArray *below)
{
  GArray *level = level_new (NULL, 0);

  for (guint i = 0; i < below->len; i += 2)
    {
      const AssayDigest *left = &g_array_index (below, AssayDigest, i);
      AssayDigest node = i + 1 < below->len ? assay_digest_node (left, left + 1) : *left;

      g_array_append_val (level, node);
    }
  return level;
}

AssayAuditTree *
assay_audit_tree_new (const AssayDigest *leaves, gsize n)
{
  AssayAuditTree *self = g_new0 (AssayAuditTree, 1);
  GArray *level = level_new (leaves, n);

  self->levels = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_ptr_array_add (self->levels, level);
  for (; level->len > 1; g_ptr_array_add (self->levels, level))
    level = level_above (level);
  return self;
}

void
assay_audit_tree_free (AssayAuditTree *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->levels);
  g_free (self);
}

AssayDigest
assay_audit_tree_get_root (const AssayAuditTree *self)
{
  const GArray *top = self->levels->pdata[self->levels->len - 1];

  return top->len > 0 ? g_array_index (top, AssayDigest, 0) : assay_digest_of_bytes ("", 0);
}

GArray *
assay_audit_tree_get_path (const AssayAuditTree *self, gsize index)
{
  GArray *path = level_new (NULL, 0);

  for (guint k = 0; k + 1 < self->levels->len; k++, index /= 2)
    {
      const GArray *level = self->levels->pdata[k];
      gsize neighbour = index ^ 1;

      if (neighbour < level->len)
        g_array_append_val (path, g_array_index (level, AssayDigest, neighbour));
    }
  return path;
}

gboolean
assay_audit_path_follow (const AssayDigest *leaf, guint64 index, guint64 n, const AssayDigest *path, gsize n_path, AssayDigest *root)
{
  AssayDigest node = *leaf;
  gsize used = 0;

  if (index >= n)
    return FALSE;
  for (; n > 1; index /= 2, n = n / 2 + n % 2)
    {
      if ((index ^ 1) >= n)
        continue;                       /* the last one, without a neighbour */
      if (used == n_path)
        return FALSE;
      node = index % 2 == 0 ? assay_digest_node (&node, &path[used]) : assay_digest_node (&path[used], &node);
      used++;
    }
  if (used != n_path)
    return FALSE;
  *root = node;
  return TRUE;
}
