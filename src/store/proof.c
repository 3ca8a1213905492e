/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proof.c: from a proof to the root that it leads to, and proofs as JSON. No file is read here. */
#include "store/proof.h"

#include <string.h>

#include "base/error.h"
#include "base/num.h"
#include "store/audit_path.h"

static void
link_free (gpointer data)
{
  AssayProofLink *link = data;

  g_free (link->name);
  g_clear_pointer (&link->steps, g_array_unref);
  g_free (link);
}

AssayProof *
assay_proof_new (void)
{
  AssayProof *self = g_new0 (AssayProof, 1);

  self->chain = g_ptr_array_new_with_free_func (link_free);
  return self;
}

void
assay_proof_free (AssayProof *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_clear_pointer (&self->leaf, g_bytes_unref);
  g_clear_pointer (&self->audit_path, g_array_unref);
  g_ptr_array_unref (self->chain);
  g_free (self);
}

static gboolean G_GNUC_PRINTF (3, 4)
contradict (const AssayProof *self, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "proof of element %" G_GUINT64_FORMAT " of %s: %s", self->index, self->path, text);
  return FALSE;
}

/* --- the way up ------------------------------------------------------------------------------------------------------ */

/* Elements of the array, and that the leaf is the one with the element and of the right length. */
static gboolean
check_place (const AssayProof *self, guint64 *n, GError **error)
{
  gsize width = assay_store_type_width (self->type);
  guint64 first, last;

  *n = 1;
  for (guint k = 0; k < self->rank; k++)
    if (!assay_size_mul (*n, (guint64) self->dims[k], n))
      return contradict (self, error, "its dims leave 64 bits");
  if (self->index >= *n)
    return contradict (self, error, "the array has only %" G_GUINT64_FORMAT " elements", *n);
  if (self->leaf_index != self->index / self->leaf_elements)
    return contradict (self, error, "it is not in leaf %" G_GUINT64_FORMAT, self->leaf_index);
  first = self->leaf_index * self->leaf_elements;
  last = first + MIN (self->leaf_elements, *n - first);
  if (width > 0 && g_bytes_get_size (self->leaf) / width != last - first)
    return contradict (self, error, "the leaf should have %" G_GUINT64_FORMAT " elements", last - first);
  if (width > 0 && g_bytes_get_size (self->leaf) % width != 0)
    return contradict (self, error, "the leaf ends within an element");
  return TRUE;
}

static gboolean
get_array (const AssayProof *self, AssayDigest *array, GError **error)
{
  gsize n_bytes;
  const void *bytes = g_bytes_get_data (self->leaf, &n_bytes);
  AssayDigest descriptor, leaf, tree;
  guint64 n;

  if (!check_place (self, &n, error))
    return FALSE;
  descriptor = assay_digest_descriptor (self->path, assay_store_type_word (self->type), self->rank, self->dims, self->leaf_elements, self->n_salt);
  leaf = assay_digest_leaf (&descriptor, self->leaf_index, self->salt, self->n_salt, bytes, n_bytes);
  if (!assay_audit_path_follow (&leaf, self->leaf_index, (n - 1) / self->leaf_elements + 1, (const AssayDigest *) (void *) self->audit_path->data,
                                self->audit_path->len, &tree))
    return contradict (self, error, "its audit path has the wrong length");
  *array = assay_digest_array (&descriptor, &tree, &self->attributes);
  return TRUE;
}

/* From an entry to the tree over all entries. */
static AssayDigest
follow_steps (AssayDigest node, const GArray *steps)
{
  for (guint i = 0; i < steps->len; i++)
    {
      const AssayProofStep *step = &g_array_index (steps, AssayProofStep, i);

      node = step->is_left ? assay_digest_node (&step->digest, &node) : assay_digest_node (&node, &step->digest);
    }
  return node;
}

/* Cuts "/name" off the end of path. */
static gboolean
cut_name (char *path, const char *name)
{
  char *slash = strrchr (path, '/');

  if (slash == NULL || strcmp (slash + 1, name) != 0)
    return FALSE;
  *slash = '\0';
  return TRUE;
}

gboolean
assay_proof_get_root (const AssayProof *self, AssayDigest *root, char **root_path, GError **error)
{
  g_autofree char *path = g_strdup (self->path);
  AssayDigest node;

  if (!get_array (self, &node, error))
    return FALSE;
  if (self->chain->len == 0)
    return contradict (self, error, "the chain is empty");
  for (guint i = 0; i < self->chain->len; i++)
    {
      const AssayProofLink *link = self->chain->pdata[i];
      AssayDigest entries;

      if (link->kind != (i == 0 ? 'd' : 'g') || !cut_name (path, link->name))
        return contradict (self, error, "link %u of the chain is not the next part of the path", i);
      entries = follow_steps (assay_digest_entry (link->name, link->kind, &node), link->steps);
      node = assay_digest_group (&entries, &link->attributes);
    }
  *root = node;
  *root_path = g_steal_pointer (&path);
  return TRUE;
}

gboolean
assay_proof_get_bits (const AssayProof *self, guint64 *bits, GError **error)
{
  gsize width = assay_store_type_width (self->type);
  const guint8 *bytes = g_bytes_get_data (self->leaf, NULL);
  guint64 n, value = 0;

  if (!check_place (self, &n, error))
    return FALSE;
  if (width == 0)
    return contradict (self, error, "a text has no bits of its own");
  bytes += (self->index % self->leaf_elements) * width;
  for (gsize i = width; i-- > 0;)
    value = value << 8 | bytes[i];
  *bits = value;
  return TRUE;
}

/* --- as JSON --------------------------------------------------------------------------------------------------------- */

static json_t *
hex_of (const AssayDigest *digest)
{
  g_autofree char *hex = assay_digest_to_hex (digest);

  return json_string (hex);
}

static json_t *
path_to_json (const GArray *path)
{
  json_t *list = json_array ();

  for (guint i = 0; i < path->len; i++)
    json_array_append_new (list, hex_of (&g_array_index (path, AssayDigest, i)));
  return list;
}

static json_t *
link_to_json (const AssayProofLink *link)
{
  json_t *steps = json_array ();

  for (guint i = 0; i < link->steps->len; i++)
    {
      const AssayProofStep *step = &g_array_index (link->steps, AssayProofStep, i);

      json_array_append_new (steps, json_pack ("{s:o}", step->is_left ? "left" : "right", hex_of (&step->digest)));
    }
  return json_pack ("{s:s, s:s, s:o, s:o}", "name", link->name, "kind", link->kind == 'd' ? "array" : "group", "steps", steps,
                    "attribute_root", hex_of (&link->attributes));
}

json_t *
assay_proof_to_json (const AssayProof *self)
{
  gsize n;
  const guint8 *bytes = g_bytes_get_data (self->leaf, &n);
  g_autofree char *leaf = g_base64_encode (bytes, n), *salt = g_base64_encode (self->salt, self->n_salt);
  json_t *dims = json_array (), *chain = json_array ();

  for (guint k = 0; k < self->rank; k++)
    json_array_append_new (dims, json_integer (self->dims[k]));
  for (guint i = 0; i < self->chain->len; i++)
    json_array_append_new (chain, link_to_json (self->chain->pdata[i]));
  return json_pack ("{s:s, s:s, s:o, s:I, s:I, s:I, s:s, s:s, s:o, s:o, s:o}", "path", self->path, "type", assay_store_type_word (self->type),
                    "dims", dims, "leaf_elems", (json_int_t) self->leaf_elements, "index", (json_int_t) self->index, "leaf_index",
                    (json_int_t) self->leaf_index, "leaf_bytes", leaf, "salt", salt, "audit_path", path_to_json (self->audit_path),
                    "attribute_root", hex_of (&self->attributes), "chain", chain);
}

typedef struct {
  const json_t *document;
  const char   *where;
  GError      **error;
} Taker;

static gboolean
refuse (const Taker *taker, const char *key, const char *expected)
{
  g_set_error (taker->error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: member \"%s\": %s expected", taker->where, key, expected);
  return FALSE;
}

static gboolean
take_text (const Taker *taker, const char *key, char **out)
{
  const json_t *value = json_object_get (taker->document, key);

  if (!json_is_string (value))
    return refuse (taker, key, "a text");
  *out = g_strdup (json_string_value (value));
  return TRUE;
}

static gboolean
take_count (const Taker *taker, const char *key, guint64 *out)
{
  const json_t *value = json_object_get (taker->document, key);

  if (!json_is_integer (value) || json_integer_value (value) < 0)
    return refuse (taker, key, "a whole number");
  *out = (guint64) json_integer_value (value);
  return TRUE;
}

/* The one spelling of each sequence of bytes, so that no character is free. */
static gboolean
take_bytes (const Taker *taker, const char *key, GBytes **out)
{
  const char *text = json_string_value (json_object_get (taker->document, key));
  g_autofree guchar *bytes = NULL;
  g_autofree char *again = NULL;
  gsize n = 0;

  if (text == NULL)
    return refuse (taker, key, "base64");
  bytes = *text != '\0' ? g_base64_decode (text, &n) : NULL;
  again = g_base64_encode (bytes, n);
  if (strcmp (again, text) != 0)
    return refuse (taker, key, "base64");
  *out = g_bytes_new (bytes, n);
  return TRUE;
}

static gboolean
take_digest (const Taker *taker, const char *key, AssayDigest *out)
{
  const char *hex = json_string_value (json_object_get (taker->document, key));

  return (hex != NULL && assay_digest_from_hex (hex, out)) || refuse (taker, key, "64 hexadecimal digits");
}

static gboolean
take_path (const Taker *taker, const char *key, GArray **out)
{
  const json_t *list = json_object_get (taker->document, key);
  g_autoptr (GArray) path = g_array_new (FALSE, FALSE, sizeof (AssayDigest));
  gsize k;
  json_t *value;

  if (!json_is_array (list) || json_array_size (list) > 64)
    return refuse (taker, key, "a list of at most 64 digests");
  json_array_foreach (list, k, value)
    {
      AssayDigest digest;

      if (!json_is_string (value) || !assay_digest_from_hex (json_string_value (value), &digest))
        return refuse (taker, key, "a list of digests in hexadecimal digits");
      g_array_append_val (path, digest);
    }
  *out = g_steal_pointer (&path);
  return TRUE;
}

static gboolean
take_steps (const Taker *taker, GArray **out)
{
  const json_t *list = json_object_get (taker->document, "steps");
  g_autoptr (GArray) steps = g_array_new (FALSE, FALSE, sizeof (AssayProofStep));
  gsize k;
  json_t *value;

  if (!json_is_array (list) || json_array_size (list) > 64)
    return refuse (taker, "steps", "a list of at most 64 steps");
  json_array_foreach (list, k, value)
    {
      AssayProofStep step = { .is_left = json_object_get (value, "left") != NULL };
      const char *hex = json_string_value (json_object_get (value, step.is_left ? "left" : "right"));

      if (json_object_size (value) != 1 || hex == NULL || !assay_digest_from_hex (hex, &step.digest))
        return refuse (taker, "steps", "a list of {\"left\": DIGEST} and {\"right\": DIGEST}");
      g_array_append_val (steps, step);
    }
  *out = g_steal_pointer (&steps);
  return TRUE;
}

static gboolean
take_shape (const Taker *taker, AssayProof *self)
{
  const json_t *dims = json_object_get (taker->document, "dims");
  const char *type = json_string_value (json_object_get (taker->document, "type"));
  gsize k;
  json_t *value;

  if (type == NULL || !assay_store_type_parse (type, &self->type))
    return refuse (taker, "type", "the word of a stored type");
  if (!json_is_array (dims) || json_array_size (dims) > ASSAY_STORE_MAX_RANK)
    return refuse (taker, "dims", "a list of at most 8 numbers");
  json_array_foreach (dims, k, value)
    {
      if (!json_is_integer (value) || json_integer_value (value) < 0)
        return refuse (taker, "dims", "whole numbers");
      self->dims[self->rank++] = json_integer_value (value);
    }
  if (!take_count (taker, "leaf_elems", &self->leaf_elements))
    return FALSE;
  return self->leaf_elements > 0 || refuse (taker, "leaf_elems", "a number above 0");
}

static gboolean
take_salt (const Taker *taker, AssayProof *self)
{
  g_autoptr (GBytes) salt = NULL;

  if (!take_bytes (taker, "salt", &salt))
    return FALSE;
  self->n_salt = g_bytes_get_size (salt);
  if (self->n_salt != 0 && self->n_salt != ASSAY_DIGEST_BYTES)
    return refuse (taker, "salt", "nothing or 32 bytes");
  if (self->n_salt > 0)
    memcpy (self->salt, g_bytes_get_data (salt, NULL), self->n_salt);
  return TRUE;
}

static gboolean
take_link (const Taker *taker, GPtrArray *chain)
{
  AssayProofLink *link = g_new0 (AssayProofLink, 1);
  g_autofree char *kind = NULL;

  g_ptr_array_add (chain, link);
  if (!take_text (taker, "name", &link->name) || !take_text (taker, "kind", &kind) || !take_steps (taker, &link->steps)
      || !take_digest (taker, "attribute_root", &link->attributes))
    return FALSE;
  link->kind = strcmp (kind, "array") == 0 ? 'd' : 'g';
  return link->kind == 'd' || strcmp (kind, "group") == 0 || refuse (taker, "kind", "array or group");
}

AssayProof *
assay_proof_from_json (const json_t *document, const char *where, GError **error)
{
  g_autoptr (AssayProof) self = assay_proof_new ();
  const json_t *chain = json_object_get (document, "chain");
  Taker taker = { document, where, error };
  gsize k;
  json_t *value;

  if (!take_text (&taker, "path", &self->path) || !take_shape (&taker, self) || !take_count (&taker, "index", &self->index)
      || !take_count (&taker, "leaf_index", &self->leaf_index) || !take_bytes (&taker, "leaf_bytes", &self->leaf) || !take_salt (&taker, self)
      || !take_path (&taker, "audit_path", &self->audit_path) || !take_digest (&taker, "attribute_root", &self->attributes))
    return NULL;
  if (!json_is_array (chain) || json_array_size (chain) > ASSAY_CONTENT_MAX_DEPTH + 1)
    {
      refuse (&taker, "chain", "a list of groups");
      return NULL;
    }
  json_array_foreach (chain, k, value)
    {
      g_autofree char *place = g_strdup_printf ("%s: chain[%" G_GSIZE_FORMAT "]", where, k);

      if (!take_link (&(Taker) { value, place, error }, self->chain))
        return NULL;
    }
  return g_steal_pointer (&self);
}
