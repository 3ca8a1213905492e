/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content_tree.c: nodes of a content tree, and the tree as text. */
#include "store/content_tree.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/num.h"
#include "store/audit_path.h"

static void
clear_attribute (gpointer attribute)
{
  g_free (((AssayContentAttribute *) attribute)->name);
}

AssayContentNode *
assay_content_node_new (AssayContentNode *parent, const char *name, char kind)
{
  AssayContentNode *self = g_new0 (AssayContentNode, 1);

  self->path = parent != NULL ? g_strconcat (parent->path, "/", name, NULL) : g_strdup (name);
  self->name = parent != NULL ? self->path + strlen (parent->path) + 1 : self->path;
  self->kind = kind;
  self->parent = parent;
  self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_content_node_free);
  self->attributes = g_array_new (FALSE, FALSE, sizeof (AssayContentAttribute));
  g_array_set_clear_func (self->attributes, clear_attribute);
  self->leaves = g_array_new (FALSE, FALSE, sizeof (AssayDigest));
  if (parent != NULL)
    g_ptr_array_add (parent->children, self);
  return self;
}

void
assay_content_node_free (AssayContentNode *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->children);
  g_array_unref (self->attributes);
  g_array_unref (self->leaves);
  g_free (self->path);
  g_free (self);
}

void
assay_content_node_add_attribute (AssayContentNode *self, const char *name, const AssayDigest *leaf)
{
  AssayContentAttribute attribute = { g_strdup (name), *leaf };

  g_array_append_val (self->attributes, attribute);
}

AssayDigest
assay_content_node_get_attribute_root (const AssayContentNode *self)
{
  g_autoptr (AssayMerkle) tree = assay_merkle_new ();

  for (guint i = 0; i < self->attributes->len; i++)
    assay_merkle_add (tree, &g_array_index (self->attributes, AssayContentAttribute, i).leaf);
  return assay_merkle_root (tree);
}

const char *
assay_content_node_get_inner_path (const AssayContentNode *self)
{
  const AssayContentNode *root = self;

  while (root->parent != NULL)
    root = root->parent;
  return self == root ? "/" : self->path + strlen (root->path);
}

guint64
assay_content_node_get_n_elements (const AssayContentNode *self)
{
  guint64 n = 1;

  for (guint k = 0; k < self->rank; k++)
    n *= (guint64) self->dims[k];
  return n;
}

const AssayContentNode *
assay_content_tree_find (const AssayContentNode *root, const char *inner_path)
{
  if (strcmp (inner_path, assay_content_node_get_inner_path (root)) == 0)
    return root;
  for (guint i = 0; i < root->children->len; i++)
    {
      const AssayContentNode *child = root->children->pdata[i], *found;
      const char *path = assay_content_node_get_inner_path (child);
      gsize n = strlen (path);

      if (strncmp (inner_path, path, n) != 0 || (inner_path[n] != '\0' && inner_path[n] != '/'))
        continue;
      found = assay_content_tree_find (child, inner_path);
      if (found != NULL)
        return found;
    }
  return NULL;
}

/* --- digests --------------------------------------------------------------------------------------------------------- */

static void
compute_digest (AssayContentNode *self)
{
  g_autoptr (AssayMerkle) tree = assay_merkle_new ();
  AssayDigest attributes = assay_content_node_get_attribute_root (self), root, descriptor;

  for (guint i = 0; i < self->children->len; i++)
    {
      AssayContentNode *child = self->children->pdata[i];
      AssayDigest entry;

      compute_digest (child);
      entry = assay_digest_entry (child->name, child->kind, &child->digest);
      assay_merkle_add (tree, &entry);
    }
  for (guint i = 0; i < self->leaves->len; i++)
    assay_merkle_add (tree, &g_array_index (self->leaves, AssayDigest, i));
  root = assay_merkle_root (tree);
  if (self->kind == 'g')
    {
      self->digest = assay_digest_group (&root, &attributes);
      return;
    }
  descriptor = assay_digest_descriptor (self->path, assay_store_type_word (self->type), self->rank, self->dims, self->leaf_elements, self->n_salt);
  self->digest = assay_digest_array (&descriptor, &root, &attributes);
}

/* --- as text --------------------------------------------------------------------------------------------------------- */

static json_t *
hex_of (const AssayDigest *digest)
{
  g_autofree char *hex = assay_digest_to_hex (digest);

  return json_string (hex);
}

static void
append_node (GString *text, const AssayContentNode *node)
{
  json_t *attributes = json_object (), *row, *list;
  char *line;

  for (guint i = 0; i < node->attributes->len; i++)
    {
      const AssayContentAttribute *attribute = &g_array_index (node->attributes, AssayContentAttribute, i);

      json_object_set_new (attributes, attribute->name, hex_of (&attribute->leaf));
    }
  row = json_pack ("{s:s, s:s, s:o}", "path", node->path, "kind", node->kind == 'g' ? "group" : "array", "attributes", attributes);
  if (node->kind == 'd')
    {
      json_object_set_new (row, "type", json_string (assay_store_type_word (node->type)));
      json_object_set_new (row, "leaf_elements", json_integer ((json_int_t) node->leaf_elements));
      json_object_set_new (row, "salt_bytes", json_integer ((json_int_t) node->n_salt));
      json_object_set_new (row, "dims", list = json_array ());
      for (guint k = 0; k < node->rank; k++)
        json_array_append_new (list, json_integer (node->dims[k]));
      json_object_set_new (row, "leaves", list = json_array ());
      for (guint i = 0; i < node->leaves->len; i++)
        json_array_append_new (list, hex_of (&g_array_index (node->leaves, AssayDigest, i)));
    }
  line = json_dumps (row, JSON_SORT_KEYS | JSON_COMPACT);
  json_decref (row);
  g_string_append (text, line);
  g_string_append_c (text, '\n');
  free (line);
  for (guint i = 0; i < node->children->len; i++)
    append_node (text, node->children->pdata[i]);
}

char *
assay_content_tree_to_text (const AssayContentNode *root)
{
  GString *text = g_string_new (NULL);

  append_node (text, root);
  return g_string_free (text, FALSE);
}

static gboolean
take_digest (const json_t *value, AssayDigest *digest)
{
  return json_is_string (value) && assay_digest_from_hex (json_string_value (value), digest);
}

static int
compare_attributes (gconstpointer a, gconstpointer b)
{
  return strcmp (((const AssayContentAttribute *) a)->name, ((const AssayContentAttribute *) b)->name);
}

static gboolean
take_attributes (AssayContentNode *node, json_t *attributes)
{
  const char *name;
  json_t *value;

  if (!json_is_object (attributes))
    return FALSE;
  json_object_foreach (attributes, name, value)
    {
      AssayDigest leaf;

      if (!take_digest (value, &leaf))
        return FALSE;
      assay_content_node_add_attribute (node, name, &leaf);
    }
  g_array_sort (node->attributes, compare_attributes);
  return TRUE;
}

static gboolean
take_positive (const json_t *value, guint64 *out)
{
  if (!json_is_integer (value) || json_integer_value (value) < 1)
    return FALSE;
  *out = (guint64) json_integer_value (value);
  return TRUE;
}

/* Shape and leaves of an array; there are as many leaves as the shape needs. */
static gboolean
take_array (AssayContentNode *node, const json_t *row)
{
  const json_t *dims = json_object_get (row, "dims"), *leaves = json_object_get (row, "leaves"), *type = json_object_get (row, "type");
  const json_t *salt = json_object_get (row, "salt_bytes");
  guint64 n = 1;
  gsize k;
  json_t *value;

  if (!json_is_string (type) || !assay_store_type_parse (json_string_value (type), &node->type) || !json_is_array (dims)
      || json_array_size (dims) > ASSAY_STORE_MAX_RANK || !json_is_array (leaves) || !take_positive (json_object_get (row, "leaf_elements"), &node->leaf_elements)
      || !json_is_integer (salt) || (json_integer_value (salt) != 0 && json_integer_value (salt) != ASSAY_DIGEST_BYTES))
    return FALSE;
  node->n_salt = (gsize) json_integer_value (salt);
  json_array_foreach (dims, k, value)
    {
      if (!json_is_integer (value) || json_integer_value (value) < 0 || !assay_size_mul (n, (guint64) json_integer_value (value), &n))
        return FALSE;
      node->dims[node->rank++] = json_integer_value (value);
    }
  if (json_array_size (leaves) != n / node->leaf_elements + (n % node->leaf_elements != 0))
    return FALSE;
  json_array_foreach (leaves, k, value)
    {
      AssayDigest leaf;

      if (!take_digest (value, &leaf))
        return FALSE;
      g_array_append_val (node->leaves, leaf);
    }
  return TRUE;
}

/* The group that a path lies in: last is the node read before, so it is that one or one above it. */
static AssayContentNode *
parent_of (AssayContentNode *last, const char *path, guint *depth)
{
  gsize n = strrchr (path, '/') != NULL ? (gsize) (strrchr (path, '/') - path) : 0;
  AssayContentNode *node = last;

  while (node != NULL && (strlen (node->path) != n || strncmp (node->path, path, n) != 0))
    node = node->parent;
  *depth = 0;
  for (AssayContentNode *up = node; up != NULL; up = up->parent)
    (*depth)++;
  return node;
}

/* Adds the node of one line. *last: the node before, NULL at first. */
static gboolean
take_line (const json_t *row, AssayContentNode **root, AssayContentNode **last)
{
  const char *path = json_string_value (json_object_get (row, "path")), *kind = json_string_value (json_object_get (row, "kind"));
  AssayContentNode *parent = NULL, *node;
  gboolean is_group = g_strcmp0 (kind, "group") == 0;
  guint depth;

  if (path == NULL || (!is_group && g_strcmp0 (kind, "array") != 0))
    return FALSE;
  if (*root != NULL)
    {
      const AssayContentNode *before;

      parent = parent_of (*last, path, &depth);
      if (parent == NULL || parent->kind != 'g' || depth > ASSAY_CONTENT_MAX_DEPTH)
        return FALSE;
      before = parent->children->len > 0 ? parent->children->pdata[parent->children->len - 1] : NULL;
      if (before != NULL && strcmp (before->path, path) >= 0)
        return FALSE;
    }
  else if (!is_group)
    return FALSE;
  node = assay_content_node_new (parent, parent != NULL ? path + strlen (parent->path) + 1 : path, is_group ? 'g' : 'd');
  if (*root == NULL)
    *root = node;
  *last = node;
  return take_attributes (node, json_object_get (row, "attributes")) && (is_group || take_array (node, row));
}

AssayContentNode *
assay_content_tree_parse (const char *text, gsize n, const char *label, GError **error)
{
  g_autoptr (AssayContentNode) root = NULL;
  AssayContentNode *last = NULL;
  guint64 line = 0;

  for (const char *at = text, *end = text + n; at < end; at++)
    {
      const char *stop = memchr (at, '\n', (gsize) (end - at));
      json_t *row = stop != NULL ? json_loadb (at, (gsize) (stop - at), JSON_REJECT_DUPLICATES, NULL) : NULL;
      gboolean ok = row != NULL && take_line (row, &root, &last);

      line++;
      json_decref (row);
      if (!ok)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %" G_GUINT64_FORMAT ": not a line of a content tree", label, line);
          return NULL;
        }
      at = stop;
    }
  if (root == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: is empty; a content tree is expected", label);
      return NULL;
    }
  compute_digest (root);
  return g_steal_pointer (&root);
}
