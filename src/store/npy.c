/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy.c: magic, version, a header that is a Python dictionary literal, then the values. */
#include "store/npy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"
#include "store/file.h"

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6
#define MAX_HEADER 65536

static const struct { AssayStoreType type; const char *descr; } descriptions[] = {
  { ASSAY_STORE_BOOL, "|b1" }, { ASSAY_STORE_U8, "|u1" },  { ASSAY_STORE_I8, "|i1" },  { ASSAY_STORE_U16, "<u2" },
  { ASSAY_STORE_I16, "<i2" },  { ASSAY_STORE_U32, "<u4" }, { ASSAY_STORE_I32, "<i4" }, { ASSAY_STORE_U64, "<u8" },
  { ASSAY_STORE_I64, "<i8" },  { ASSAY_STORE_F16, "<f2" }, { ASSAY_STORE_F32, "<f4" }, { ASSAY_STORE_F64, "<f8" },
};

gboolean
assay_npy_write (const char *path, AssayStoreType type, guint rank, const gint64 *dims, const void *data, GError **error)
{
  const char *descr = NULL;
  g_autoptr (GString) header = g_string_new (NULL);
  g_autoptr (AssayFileWriter) writer = NULL;
  guint64 bytes = assay_store_type_width (type);
  guint8 prefix[MAGIC_BYTES + 4] = MAGIC "\1";

  for (gsize i = 0; i < G_N_ELEMENTS (descriptions); i++)
    if (descriptions[i].type == type)
      descr = descriptions[i].descr;
  if (descr == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: NumPy has no type for %s; convert to f32 first", path,
                   assay_store_type_word (type));
      return FALSE;
    }
  g_string_append_printf (header, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
  for (guint k = 0; k < rank; k++)
    {
      g_string_append_printf (header, "%" G_GINT64_FORMAT "%s", dims[k], rank == 1 ? "," : k + 1 < rank ? ", " : "");
      bytes *= (guint64) dims[k];
    }
  g_string_append (header, "), }");
  while ((sizeof prefix + header->len + 1) % 64 != 0)           /* NumPy aligns the values */
    g_string_append_c (header, ' ');
  g_string_append_c (header, '\n');
  prefix[MAGIC_BYTES + 2] = (guint8) (header->len & 0xff);
  prefix[MAGIC_BYTES + 3] = (guint8) (header->len >> 8);
  writer = assay_file_writer_new (path, error);
  return writer != NULL && assay_file_writer_add (writer, prefix, sizeof prefix, error)
         && assay_file_writer_add (writer, header->str, header->len, error)
         && assay_file_writer_add (writer, data, (gsize) bytes, error) && assay_file_writer_commit (writer, error);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

typedef struct {
  const char *path;
  const char *text;             /* zero-terminated */
  gsize       at;
  guint64     base;             /* offset of text in the file */
} Header;

#define refuse(header, error, ...) assay_file_refuse ((header)->path, (header)->base + (header)->at, (error), __VA_ARGS__)

static void
skip_spaces (Header *header)
{
  header->at += strspn (header->text + header->at, " \n");
}

static gboolean
accept (Header *header, const char *token)
{
  skip_spaces (header);
  if (strncmp (header->text + header->at, token, strlen (token)) != 0)
    return FALSE;
  header->at += strlen (token);
  return TRUE;
}

static gboolean
parse_descr (Header *header, AssayNpy *npy, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (descriptions); i++)
    {
      g_autofree char *quoted = g_strdup_printf ("'%s'", descriptions[i].descr);

      if (accept (header, quoted))
        {
          npy->type = descriptions[i].type;
          return TRUE;
        }
    }
  return refuse (header, error, "a little-endian numeric type such as '<f8' is expected");
}

static gboolean
parse_shape (Header *header, AssayNpy *npy, GError **error)
{
  if (!accept (header, "("))
    return refuse (header, error, "a shape such as (3, 4) is expected");
  while (!accept (header, ")"))
    {
      gsize digits;

      skip_spaces (header);
      digits = strspn (header->text + header->at, "0123456789");
      if (digits == 0 || digits > 18)
        return refuse (header, error, "a plain decimal length is expected");
      if (npy->rank == ASSAY_STORE_MAX_RANK)
        return refuse (header, error, "at most %d axes are accepted", ASSAY_STORE_MAX_RANK);
      npy->dims[npy->rank++] = strtoll (header->text + header->at, NULL, 10);
      header->at += digits;
      if (!accept (header, ",") && !accept (header, ")"))
        return refuse (header, error, "a comma or ) is expected");
      if (header->text[header->at - 1] == ')')
        break;
    }
  return TRUE;
}

static gboolean
parse_header (Header *header, AssayNpy *npy, GError **error)
{
  gboolean descr = FALSE, order = FALSE, shape = FALSE;

  if (!accept (header, "{"))
    return refuse (header, error, "a dictionary is expected");
  while (!accept (header, "}"))
    {
      gboolean fresh, ok = TRUE;

      if (accept (header, "'descr':"))
        {
          fresh = !descr;
          descr = TRUE;
          ok = parse_descr (header, npy, error);
        }
      else if (accept (header, "'fortran_order':"))
        {
          fresh = !order;
          order = TRUE;
          ok = accept (header, "False") || refuse (header, error, "C order (fortran_order False) is expected");
        }
      else if (accept (header, "'shape':"))
        {
          fresh = !shape;
          shape = TRUE;
          ok = parse_shape (header, npy, error);
        }
      else
        return refuse (header, error, "the keys descr, fortran_order and shape are expected");
      if (!ok)
        return FALSE;
      if (!fresh)
        return refuse (header, error, "a key is there twice");
      if (!accept (header, ",") && header->text[header->at] != '}')
        return refuse (header, error, "a comma or } is expected");
    }
  skip_spaces (header);
  if (!descr || !order || !shape || header->text[header->at] != '\0')
    return refuse (header, error, "descr, fortran_order and shape are expected once each, and nothing else");
  return TRUE;
}

static AssayNpy *
read_open (int fd, const char *path, guint64 size, GError **error)
{
  g_autoptr (AssayNpy) npy = g_new0 (AssayNpy, 1);
  g_autofree char *text = NULL;
  guint8 prefix[MAGIC_BYTES + 6];
  Header header = { .path = path };
  guint64 length, bytes;

  if (!assay_file_read_at (fd, path, 0, prefix, MAGIC_BYTES + 4, error))
    return NULL;
  if (memcmp (prefix, MAGIC, MAGIC_BYTES) != 0 || (prefix[6] != 1 && prefix[6] != 2) || prefix[7] != 0)
    {
      refuse (&header, error, "an .npy file of version 1.0 or 2.0 is expected");
      return NULL;
    }
  length = prefix[8] | (guint64) prefix[9] << 8;
  header.base = MAGIC_BYTES + 4;
  if (prefix[6] == 2)
    {
      if (!assay_file_read_at (fd, path, MAGIC_BYTES + 4, prefix + MAGIC_BYTES + 4, 2, error))
        return NULL;
      length |= (guint64) prefix[10] << 16 | (guint64) prefix[11] << 24;
      header.base += 2;
    }
  if (length > MAX_HEADER || length > size - header.base)
    {
      refuse (&header, error, "the header's length %" G_GUINT64_FORMAT " is beyond %s", length,
              length > MAX_HEADER ? "what is accepted" : "the end of the file");
      return NULL;
    }
  header.text = text = g_malloc0 (length + 1);
  if (!assay_file_read_at (fd, path, header.base, text, length, error) || !parse_header (&header, npy, error))
    return NULL;
  bytes = assay_store_type_width (npy->type);
  for (guint k = 0; k < npy->rank; k++)
    if (!assay_size_mul (bytes, (guint64) npy->dims[k], &bytes))
      bytes = G_MAXUINT64;
  if (bytes != size - header.base - length)
    {
      header.at = length;
      refuse (&header, error, "%" G_GUINT64_FORMAT " bytes of values are expected, %" G_GUINT64_FORMAT " are there", bytes,
              size - header.base - length);
      return NULL;
    }
  npy->n_elements = bytes / assay_store_type_width (npy->type);
  npy->data = assay_mem_alloc (MAX (bytes, 1), error);
  if (npy->data == NULL || !assay_file_read_at (fd, path, header.base + length, npy->data, bytes, error))
    return NULL;
  return g_steal_pointer (&npy);
}

AssayNpy *
assay_npy_read (const char *path, GError **error)
{
  guint64 size;
  int fd = assay_file_open_regular (path, &size, error);
  AssayNpy *npy;

  if (fd < 0)
    return NULL;
  npy = read_open (fd, path, size, error);
  close (fd);
  return npy;
}

void
assay_npy_free (AssayNpy *self)
{
  if (self == NULL)
    return;
  assay_mem_free (self->data);
  g_free (self);
}

/* --- elements ---------------------------------------------------------------------------------------------------------- */

gboolean
assay_npy_is_integer (const AssayNpy *self)
{
  return self->type != ASSAY_STORE_BOOL && self->type != ASSAY_STORE_F16 && self->type != ASSAY_STORE_F32 && self->type != ASSAY_STORE_F64;
}

gint64
assay_npy_get_integer (const AssayNpy *self, guint64 i)
{
  switch (self->type)
    {
    case ASSAY_STORE_U8:
      return ((const guint8 *) self->data)[i];
    case ASSAY_STORE_I8:
      return ((const gint8 *) self->data)[i];
    case ASSAY_STORE_U16:
      return ((const guint16 *) self->data)[i];
    case ASSAY_STORE_I16:
      return ((const gint16 *) self->data)[i];
    case ASSAY_STORE_U32:
      return ((const guint32 *) self->data)[i];
    case ASSAY_STORE_I32:
      return ((const gint32 *) self->data)[i];
    case ASSAY_STORE_U64:
      return (gint64) MIN (((const guint64 *) self->data)[i], (guint64) G_MAXINT64);
    default:
      return ((const gint64 *) self->data)[i];
    }
}
