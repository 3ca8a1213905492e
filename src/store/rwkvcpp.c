/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rwkvcpp.c: see rwkvcpp.h. */
#include "store/rwkvcpp.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/num.h"
#include "store/file.h"

#define WORD 4                  /* bytes of an int32 */
#define HEADER_WORDS 6
#define TENSOR_WORDS 3
#define LONGEST_NAME 1024
#define OLDEST 100
#define NEWEST 101

struct _AssayRwkvcpp {
  GBytes            *bytes;
  AssayRwkvcppHeader header;
  GArray            *tensors;   /* AssayRwkvcppTensor, as the file lists them */
  AssayRwkvcppTensor **by_name; /* sorted: names that a stranger chose may all fall into one place of a hash table */
};

typedef struct {
  const guint8 *bytes;
  gsize         n, at;
  const char   *file;
  GError      **error;
} Parser;

static const char *const type_names[] = { "F32", "F16", "Q4_0", "Q4_1", NULL, NULL, NULL, "Q5_0", "Q5_1", "Q8_0" };

static void
clear_tensor (gpointer data)
{
  g_free ((char *) ((AssayRwkvcppTensor *) data)->name);
}

void
assay_rwkvcpp_free (AssayRwkvcpp *self)
{
  if (self == NULL)
    return;
  g_free (self->by_name);
  g_array_unref (self->tensors);
  g_bytes_unref (self->bytes);
  g_free (self);
}

static gint32
read_word (const guint8 *bytes)
{
  guint32 value;

  memcpy (&value, bytes, WORD);
  return (gint32) GUINT32_FROM_LE (value);
}

gboolean
assay_rwkvcpp_knows (const guint8 *bytes, gsize n)
{
  return n >= 2 * WORD && (guint32) read_word (bytes) == ASSAY_RWKVCPP_MAGIC;
}

static gboolean G_GNUC_PRINTF (4, 5)
refuse (Parser *p, gsize at, AssayErrorCode code, const char *format, ...)
{
  va_list arguments;
  g_autofree char *words = NULL;

  va_start (arguments, format);
  words = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (p->error, ASSAY_ERROR, code, "%s: byte %" G_GSIZE_FORMAT ": %s", p->file, at, words);
  return FALSE;
}

/* The next n bytes, NULL with an error. */
static const guint8 *
take (Parser *p, guint64 n, const char *what)
{
  const guint8 *here = p->bytes + p->at;

  if (n <= p->n - p->at)
    {
      p->at += (gsize) n;
      return here;
    }
  refuse (p, p->at, ASSAY_ERROR_INPUT, "%s of %" G_GUINT64_FORMAT " bytes expected, %" G_GSIZE_FORMAT " to the end of the file found", what, n, p->n - p->at);
  return NULL;
}

static gboolean
read_header (Parser *p, AssayRwkvcppHeader *header)
{
  static const char *const names[] = { "vocabulary", "width", "layers" };
  const guint8 *words = take (p, HEADER_WORDS * WORD, "a header");
  gint32 *const sizes[] = { &header->vocabulary, &header->width, &header->layers };

  if (words == NULL)
    return FALSE;
  if ((guint32) read_word (words) != ASSAY_RWKVCPP_MAGIC)
    return refuse (p, 0, ASSAY_ERROR_INPUT, "the magic number of rwkv.cpp expected, 0x%08x found", (guint) read_word (words));
  header->version = read_word (words + WORD);
  if (header->version < OLDEST || header->version > NEWEST)
    return refuse (p, WORD, ASSAY_ERROR_VERSION, "version %d or %d of the format expected, %d found", OLDEST, NEWEST, header->version);
  for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
    {
      const gsize at = (2 + k) * WORD;

      *sizes[k] = read_word (words + at);
      if (*sizes[k] < 1)
        return refuse (p, at, ASSAY_ERROR_INPUT, "%s: a number from 1 on expected, %d found", names[k], *sizes[k]);
    }
  return TRUE;
}

/* n bytes of UTF-8 without control characters, so that a message is one line. A new string. */
static char *
read_name (Parser *p, gint32 n)
{
  const gsize at = p->at;
  const char *text = (const char *) take (p, (guint64) n, "a name"), *bad;
  gsize plain = 0;

  if (text == NULL)
    return NULL;
  g_utf8_validate_len (text, (gsize) n, &bad);
  while (text + plain < bad && !g_ascii_iscntrl (text[plain]))
    plain++;
  if (plain == (gsize) n)
    return g_strndup (text, (gsize) n);
  refuse (p, at + plain, ASSAY_ERROR_INPUT, "name of a tensor: UTF-8 without control characters expected");
  return NULL;
}

static gboolean
read_axes (Parser *p, gint32 rank, AssayRwkvcppTensor *tensor)
{
  const gsize at = p->at;
  const guint8 *words = take (p, (guint64) rank * WORD, "axes");

  if (words == NULL)
    return FALSE;
  tensor->rank = (guint) rank;
  tensor->n_elements = 1;
  for (gint32 k = 0; k < rank; k++)
    {
      const gint32 size = read_word (words + (gsize) k * WORD);

      if (size < 1 || !assay_size_mul (tensor->n_elements, (guint64) size, &tensor->n_elements))
        return refuse (p, at + (gsize) k * WORD, ASSAY_ERROR_INPUT, "axis %d of a tensor: a number from 1 on expected, of which 64 bits hold the product, %d found", k, size);
      tensor->dims[rank - 1 - k] = size;
    }
  return TRUE;
}

/* Which is then of one of the two types. */
static gboolean
check_type (Parser *p, gsize at, gint32 type, AssayRwkvcppTensor *tensor)
{
  tensor->type = type == 0 ? ASSAY_STORE_F32 : ASSAY_STORE_F16;
  if (type == 0 || type == 1)
    return TRUE;
  if (type > 0 && type < (gint32) G_N_ELEMENTS (type_names) && type_names[type] != NULL)
    return refuse (p, at, ASSAY_ERROR_UNSUPPORTED, "tensor %s: F32 or F16 expected, the quantised type %s found; convert the model without quantising it", tensor->name, type_names[type]);
  return refuse (p, at, ASSAY_ERROR_UNSUPPORTED, "tensor %s: F32 or F16 expected, the unknown type %d found", tensor->name, type);
}

static gboolean
read_tensor (Parser *p, AssayRwkvcpp *self)
{
  const gsize at = p->at;
  const guint8 *words = take (p, TENSOR_WORDS * WORD, "the header of a tensor");
  const gint32 rank = words ? read_word (words) : 0, length = words ? read_word (words + WORD) : 0, type = words ? read_word (words + 2 * WORD) : 0;
  AssayRwkvcppTensor tensor = { .rank = 0 }, *last;
  guint64 bytes = G_MAXUINT64;                                    /* more than any file has */

  if (words == NULL)
    return FALSE;
  if (rank < 1 || rank > ASSAY_RWKVCPP_MAX_RANK)
    return refuse (p, at, ASSAY_ERROR_INPUT, "1 to %d axes of a tensor expected, %d found", ASSAY_RWKVCPP_MAX_RANK, rank);
  if (length < 1 || length > LONGEST_NAME)
    return refuse (p, at + WORD, ASSAY_ERROR_INPUT, "a name of 1 to %d bytes expected, of %d found", LONGEST_NAME, length);
  if (!read_axes (p, rank, &tensor) || (tensor.name = read_name (p, length)) == NULL)
    return FALSE;
  g_array_append_val (self->tensors, tensor);
  last = &g_array_index (self->tensors, AssayRwkvcppTensor, self->tensors->len - 1);
  if (!check_type (p, at + 2 * WORD, type, last))
    return FALSE;
  (void) assay_size_mul (last->n_elements, assay_store_type_width (last->type), &bytes);
  last->data = take (p, bytes, last->name);
  last->bytes = (gsize) bytes;
  return last->data != NULL;
}

/* --- by name ---------------------------------------------------------------------------------------------------------------- */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(AssayRwkvcppTensor *const *) a)->name, (*(AssayRwkvcppTensor *const *) b)->name);
}

static gboolean
sort_names (Parser *p, AssayRwkvcpp *self)
{
  const gsize n = self->tensors->len;

  self->by_name = g_new (AssayRwkvcppTensor *, n + 1);
  for (gsize k = 0; k < n; k++)
    self->by_name[k] = &g_array_index (self->tensors, AssayRwkvcppTensor, k);
  qsort (self->by_name, n, sizeof *self->by_name, compare_names);
  for (gsize k = 1; k < n; k++)
    if (strcmp (self->by_name[k - 1]->name, self->by_name[k]->name) == 0)
      {
        const guint8 *later = MAX (self->by_name[k - 1]->data, self->by_name[k]->data);

        return refuse (p, (gsize) (later - p->bytes), ASSAY_ERROR_INPUT, "tensor %s: once expected, its numbers found a second time", self->by_name[k]->name);
      }
  return TRUE;
}

AssayRwkvcpp *
assay_rwkvcpp_parse (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (AssayRwkvcpp) self = g_new0 (AssayRwkvcpp, 1);
  GError *fault = NULL;
  Parser p = { .file = name, .error = &fault };
  gboolean ok;

  p.bytes = g_bytes_get_data (bytes, &p.n);
  self->bytes = g_bytes_ref (bytes);
  self->tensors = g_array_new (FALSE, FALSE, sizeof (AssayRwkvcppTensor));
  g_array_set_clear_func (self->tensors, clear_tensor);
  ok = read_header (&p, &self->header);
  while (ok && p.at < p.n)
    ok = read_tensor (&p, self);
  if (ok && sort_names (&p, self))
    return g_steal_pointer (&self);
  g_propagate_error (error, fault);
  return NULL;
}

AssayRwkvcpp *
assay_rwkvcpp_open (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = assay_file_map (path, error);

  return bytes != NULL ? assay_rwkvcpp_parse (bytes, path, error) : NULL;
}

const AssayRwkvcppHeader *
assay_rwkvcpp_get_header (const AssayRwkvcpp *self)
{
  return &self->header;
}

gsize
assay_rwkvcpp_get_n (const AssayRwkvcpp *self)
{
  return self->tensors->len;
}

const AssayRwkvcppTensor *
assay_rwkvcpp_get (const AssayRwkvcpp *self, gsize index)
{
  return &g_array_index (self->tensors, AssayRwkvcppTensor, index);
}

const AssayRwkvcppTensor *
assay_rwkvcpp_find (const AssayRwkvcpp *self, const char *name)
{
  const AssayRwkvcppTensor wanted = { .name = name }, *key = &wanted;
  AssayRwkvcppTensor *const *found = bsearch (&key, self->by_name, self->tensors->len, sizeof key, compare_names);

  return found != NULL ? *found : NULL;
}
