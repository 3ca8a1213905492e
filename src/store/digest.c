/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digest.c: the leaves, nodes and descriptors of "assay-merkle-1". */
#include "store/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

/* --- one hash -------------------------------------------------------------------------------------------------------- */

/* Looked up once: fetching the algorithm anew for every leaf costs more than hashing it. */
static const EVP_MD *
sha256_algorithm (void)
{
  static gsize md;

  if (g_once_init_enter (&md))
    g_once_init_leave (&md, (gsize) EVP_MD_fetch (NULL, "SHA256", NULL));
  return (const EVP_MD *) md;
}

static EVP_MD_CTX *
hash_new (void)
{
  return EVP_MD_CTX_new ();
}

static void
hash_begin (EVP_MD_CTX *hash, guint8 tag)
{
  EVP_DigestInit_ex (hash, sha256_algorithm (), NULL);
  EVP_DigestUpdate (hash, &tag, 1);
}

static void
hash_u64 (EVP_MD_CTX *hash, guint64 value)
{
  guint64 le = GUINT64_TO_LE (value);

  EVP_DigestUpdate (hash, &le, 8);
}

static void
hash_lp (EVP_MD_CTX *hash, const char *text)
{
  gsize n = strlen (text);

  hash_u64 (hash, n);
  EVP_DigestUpdate (hash, text, n);
}

static void
hash_digest (EVP_MD_CTX *hash, const AssayDigest *digest)
{
  EVP_DigestUpdate (hash, digest->bytes, ASSAY_DIGEST_BYTES);
}

static AssayDigest
hash_end (EVP_MD_CTX *hash)
{
  AssayDigest digest;

  EVP_DigestFinal_ex (hash, digest.bytes, NULL);
  return digest;
}

AssayDigest
assay_digest_of_bytes (const void *bytes, gsize n)
{
  AssayDigest digest;

  EVP_Digest (bytes, n, digest.bytes, NULL, sha256_algorithm (), NULL);
  return digest;
}

char *
assay_digest_to_hex (const AssayDigest *digest)
{
  char *hex = g_malloc (2 * ASSAY_DIGEST_BYTES + 1);

  for (int i = 0; i < ASSAY_DIGEST_BYTES; i++)
    g_snprintf (hex + 2 * i, 3, "%02x", digest->bytes[i]);
  return hex;
}

static int
digit_value (char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

gboolean
assay_digest_from_hex (const char *hex, AssayDigest *digest)
{
  AssayDigest out;

  if (strlen (hex) != 2 * ASSAY_DIGEST_BYTES)
    return FALSE;
  for (int i = 0; i < ASSAY_DIGEST_BYTES; i++)
    {
      int high = digit_value (hex[2 * i]), low = digit_value (hex[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      out.bytes[i] = (guint8) (high << 4 | low);
    }
  *digest = out;
  return TRUE;
}

gboolean
assay_digest_equal (const AssayDigest *a, const AssayDigest *b)
{
  return memcmp (a->bytes, b->bytes, ASSAY_DIGEST_BYTES) == 0;
}

/* --- the pieces ------------------------------------------------------------------------------------------------------ */

static AssayDigest
hash_descriptor (EVP_MD_CTX *hash, const char *path, const char *type, guint rank, const gint64 *dims, guint64 leaf_elements, gsize n_salt)
{
  hash_begin (hash, 0x02);
  hash_lp (hash, path);
  hash_lp (hash, type);
  hash_u64 (hash, rank);
  for (guint k = 0; k < rank; k++)
    hash_u64 (hash, (guint64) dims[k]);
  hash_u64 (hash, leaf_elements);
  hash_u64 (hash, n_salt);
  return hash_end (hash);
}

static AssayDigest
hash_leaf (EVP_MD_CTX *hash, const AssayDigest *descriptor, guint64 k, const guint8 *salt, gsize n_salt, const void *bytes, gsize n)
{
  hash_begin (hash, 0x00);
  hash_digest (hash, descriptor);
  hash_u64 (hash, k);
  EVP_DigestUpdate (hash, salt, n_salt);
  EVP_DigestUpdate (hash, bytes, n);
  return hash_end (hash);
}

/* H(tag | a | b) */
static AssayDigest
hash_two (EVP_MD_CTX *hash, guint8 tag, const AssayDigest *a, const AssayDigest *b)
{
  hash_begin (hash, tag);
  hash_digest (hash, a);
  hash_digest (hash, b);
  return hash_end (hash);
}

static AssayDigest
hash_array (EVP_MD_CTX *hash, const AssayDigest *descriptor, const AssayDigest *tree, const AssayDigest *attributes)
{
  hash_begin (hash, 0x03);
  hash_digest (hash, descriptor);
  hash_digest (hash, tree);
  hash_digest (hash, attributes);
  return hash_end (hash);
}

static AssayDigest
hash_entry (EVP_MD_CTX *hash, const char *name, char kind, const AssayDigest *child)
{
  hash_begin (hash, 0x04);
  hash_lp (hash, name);
  EVP_DigestUpdate (hash, &kind, 1);
  hash_digest (hash, child);
  return hash_end (hash);
}

/* Takes the hash; for a digest that is wanted once. */
static AssayDigest
hash_free (EVP_MD_CTX *hash, AssayDigest digest)
{
  EVP_MD_CTX_free (hash);
  return digest;
}

AssayDigest
assay_digest_descriptor (const char *path, const char *type, guint rank, const gint64 *dims, guint64 leaf_elements, gsize n_salt)
{
  EVP_MD_CTX *hash = hash_new ();

  return hash_free (hash, hash_descriptor (hash, path, type, rank, dims, leaf_elements, n_salt));
}

AssayDigest
assay_digest_leaf (const AssayDigest *descriptor, guint64 k, const guint8 *salt, gsize n_salt, const void *bytes, gsize n)
{
  EVP_MD_CTX *hash = hash_new ();

  return hash_free (hash, hash_leaf (hash, descriptor, k, salt, n_salt, bytes, n));
}

AssayDigest
assay_digest_node (const AssayDigest *left, const AssayDigest *right)
{
  EVP_MD_CTX *hash = hash_new ();

  return hash_free (hash, hash_two (hash, 0x01, left, right));
}

AssayDigest
assay_digest_array (const AssayDigest *descriptor, const AssayDigest *tree, const AssayDigest *attributes)
{
  EVP_MD_CTX *hash = hash_new ();

  return hash_free (hash, hash_array (hash, descriptor, tree, attributes));
}

AssayDigest
assay_digest_entry (const char *name, char kind, const AssayDigest *child)
{
  EVP_MD_CTX *hash = hash_new ();

  return hash_free (hash, hash_entry (hash, name, kind, child));
}

AssayDigest
assay_digest_group (const AssayDigest *entries, const AssayDigest *attributes)
{
  EVP_MD_CTX *hash = hash_new ();

  return hash_free (hash, hash_two (hash, 0x05, entries, attributes));
}

guint64
assay_digest_leaf_elements (AssayStoreType type, guint rank, const gint64 *dims, gsize leaf_bytes)
{
  gsize width = assay_store_type_width (type);
  guint64 in_leaf, row = 1;

  if (width == 0)
    return 1;
  in_leaf = leaf_bytes / width;
  for (guint k = 1; k < rank; k++)
    if (dims[k] == 0 || (row *= (guint64) dims[k]) > in_leaf)
      return in_leaf;                   /* a row does not fit (or is empty): split anywhere */
  return in_leaf / row * row;
}

/* --- the tree -------------------------------------------------------------------------------------------------------- */

/* One pending root per level, as the binary digits of the leaf count: level k stands for 2^k leaves. */
struct _AssayMerkle {
  EVP_MD_CTX *hash;
  guint64     n;
  AssayDigest pending[64];
};

AssayMerkle *
assay_merkle_new (void)
{
  AssayMerkle *self = g_new0 (AssayMerkle, 1);

  self->hash = hash_new ();
  return self;
}

void
assay_merkle_free (AssayMerkle *self)
{
  if (self == NULL)
    return;
  EVP_MD_CTX_free (self->hash);
  g_free (self);
}

void
assay_merkle_add (AssayMerkle *self, const AssayDigest *leaf)
{
  AssayDigest carry = *leaf;
  guint level = 0;

  for (; (self->n >> level) & 1; level++)
    carry = hash_two (self->hash, 0x01, &self->pending[level], &carry);
  self->pending[level] = carry;
  self->n++;
}

AssayDigest
assay_merkle_root (AssayMerkle *self)
{
  AssayDigest root;
  gboolean have = FALSE;

  if (self->n == 0)
    return assay_digest_of_bytes ("", 0);
  for (guint level = 0; level < 64; level++)
    if ((self->n >> level) & 1)
      {
        root = have ? hash_two (self->hash, 0x01, &self->pending[level], &root) : self->pending[level];
        have = TRUE;
      }
  return root;
}

/* --- datasets and attributes ----------------------------------------------------------------------------------------- */

struct _AssayArrayDigest {
  EVP_MD_CTX  *hash;
  AssayMerkle *tree;
  AssayDigest  descriptor;
  GArray      *kept;            /* AssayDigest of each leaf, of whoever asked for them; or NULL */
  guint64      n;
  gboolean     salted;
  guint8       key[32];
};

AssayArrayDigest *
assay_array_digest_new (const char *path, const char *type, guint rank, const gint64 *dims, guint64 leaf_elements,
                        const guint8 *salt_key)
{
  AssayArrayDigest *self = g_new0 (AssayArrayDigest, 1);

  self->hash = hash_new ();
  self->tree = assay_merkle_new ();
  self->salted = salt_key != NULL;
  if (self->salted)
    memcpy (self->key, salt_key, sizeof self->key);
  self->descriptor = hash_descriptor (self->hash, path, type, rank, dims, leaf_elements, self->salted ? ASSAY_DIGEST_BYTES : 0);
  return self;
}

void
assay_array_digest_free (AssayArrayDigest *self)
{
  if (self == NULL)
    return;
  EVP_MD_CTX_free (self->hash);
  assay_merkle_free (self->tree);
  g_free (self);
}

void
assay_array_digest_keep (AssayArrayDigest *self, GArray *leaves)
{
  self->kept = leaves;
}

void
assay_digest_salt (const guint8 *key, const AssayDigest *descriptor, guint64 k, guint8 salt[ASSAY_DIGEST_BYTES])
{
  guint8 message[ASSAY_DIGEST_BYTES + 8];
  guint64 le = GUINT64_TO_LE (k);

  memcpy (message, descriptor->bytes, ASSAY_DIGEST_BYTES);
  memcpy (message + ASSAY_DIGEST_BYTES, &le, 8);
  HMAC (EVP_sha256 (), key, 32, message, sizeof message, salt, NULL);
}

void
assay_array_digest_leaf (AssayArrayDigest *self, const void *bytes, gsize n)
{
  guint8 salt[ASSAY_DIGEST_BYTES];
  AssayDigest leaf;

  if (self->salted)
    assay_digest_salt (self->key, &self->descriptor, self->n, salt);
  leaf = hash_leaf (self->hash, &self->descriptor, self->n, salt, self->salted ? sizeof salt : 0, bytes, n);
  assay_merkle_add (self->tree, &leaf);
  if (self->kept != NULL)
    g_array_append_val (self->kept, leaf);
  self->n++;
}

AssayDigest
assay_array_digest_root (AssayArrayDigest *self)
{
  return assay_merkle_root (self->tree);
}

AssayDigest
assay_array_digest_dataset (AssayArrayDigest *self, const AssayDigest *attribute_root)
{
  AssayDigest tree = assay_merkle_root (self->tree);

  return hash_array (self->hash, &self->descriptor, &tree, attribute_root);
}

/* --- groups ---------------------------------------------------------------------------------------------------------- */

typedef struct {
  char       *name;
  AssayDigest leaf;
} Entry;

struct _AssayGroupDigest {
  EVP_MD_CTX *hash;
  GArray     *entries;          /* of Entry */
};

static void
clear_entry (gpointer entry)
{
  g_free (((Entry *) entry)->name);
}

AssayGroupDigest *
assay_group_digest_new (void)
{
  AssayGroupDigest *self = g_new0 (AssayGroupDigest, 1);

  self->hash = hash_new ();
  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_array_set_clear_func (self->entries, clear_entry);
  return self;
}

void
assay_group_digest_free (AssayGroupDigest *self)
{
  if (self == NULL)
    return;
  EVP_MD_CTX_free (self->hash);
  g_array_unref (self->entries);
  g_free (self);
}

void
assay_group_digest_add (AssayGroupDigest *self, const char *name, char kind, const AssayDigest *child)
{
  Entry entry = { .name = g_strdup (name) };

  entry.leaf = hash_entry (self->hash, name, kind, child);
  g_array_append_val (self->entries, entry);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Entry *) a)->name, ((const Entry *) b)->name);
}

AssayDigest
assay_group_digest_root (AssayGroupDigest *self, const AssayDigest *attribute_root)
{
  g_autoptr (AssayMerkle) tree = assay_merkle_new ();
  AssayDigest entries;

  g_array_sort (self->entries, compare_entries);
  for (guint i = 0; i < self->entries->len; i++)
    assay_merkle_add (tree, &g_array_index (self->entries, Entry, i).leaf);
  entries = assay_merkle_root (tree);
  return hash_two (self->hash, 0x05, &entries, attribute_root);
}
