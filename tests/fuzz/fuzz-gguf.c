/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-gguf.c: the header of GGUF: values of every type, lists, tensors. */
#include "fuzz.h"

#include "store/gguf.h"

#include <string.h>

static const char *const words[] = { "GGUF", "general.alignment", "general.architecture", "tokenizer.ggml.tokens", "llama", "\x09", "\x08\x00\x00\x00", "\x04\x00\x00\x00\x00\x00\x00", NULL };

static void
put (GByteArray *to, guint64 number, guint width)
{
  guint64 little = GUINT64_TO_LE (number);

  g_byte_array_append (to, (const guint8 *) &little, width);
}

static void
put_text (GByteArray *to, const char *text)
{
  put (to, strlen (text), 8);
  g_byte_array_append (to, (const guint8 *) text, (guint) strlen (text));
}

static void
add_tensor (GByteArray *to, const char *name, guint rank, guint64 dim, guint32 type, guint64 offset)
{
  put_text (to, name);
  put (to, rank, 4);
  for (guint k = 0; k < rank; k++)
    put (to, dim, 8);
  put (to, type, 4);
  put (to, offset, 8);
}

static void
add_seeds (GPtrArray *seeds)
{
  for (guint version = 2; version <= 3; version++)
    {
      GByteArray *seed = g_byte_array_new ();

      g_byte_array_append (seed, (const guint8 *) "GGUF", 4);
      put (seed, version, 4);
      put (seed, 2, 8);
      put (seed, 5, 8);
      put_text (seed, "general.architecture");
      put (seed, 8, 4);
      put_text (seed, "llama");
      put_text (seed, "general.alignment");
      put (seed, 4, 4);
      put (seed, 32, 4);
      put_text (seed, "a.number");
      put (seed, 6, 4);
      put (seed, 0x3f800000, 4);
      put_text (seed, "a.list");
      put (seed, 9, 4);
      put (seed, 8, 4);
      put (seed, 2, 8);
      put_text (seed, "one");
      put_text (seed, "two");
      put_text (seed, "nested");
      put (seed, 9, 4);
      put (seed, 9, 4);
      put (seed, 1, 8);
      put (seed, 5, 4);
      put (seed, 2, 8);
      put (seed, 7, 4);
      put (seed, 8, 4);
      add_tensor (seed, "w", 2, 4, 0, 0);
      add_tensor (seed, "q", 1, 32, 8, 64);
      while (seed->len % 32 != 0)
        put (seed, 0, 1);
      for (guint k = 0; k < 64 + 34; k++)
        put (seed, k, 1);
      g_ptr_array_add (seeds, seed);
    }
}

static void
run (const guint8 *bytes, gsize n, GError **error)
{
  g_autoptr (GBytes) whole = g_bytes_new (bytes, n);
  g_autoptr (AssayGguf) file = assay_gguf_parse (whole, "input", error);

  for (gsize k = 0; file != NULL && k < assay_gguf_get_n_keys (file); k++)
    {
      const char *key = assay_gguf_get_key (file, k);
      const AssayGgufValue *list = assay_gguf_get_texts (file, key, NULL);
      gint64 integer;
      gsize length;

      assay_gguf_get_integer (file, key, &integer, NULL);
      assay_gguf_get_text (file, key, NULL);
      for (gsize i = 0; list != NULL && i < assay_gguf_list_get_n (list); i++)
        assay_gguf_list_get_text (list, i, &length);
    }
  for (gsize k = 0; file != NULL && k < assay_gguf_get_n (file); k++)
    {
      const AssayGgufTensor *tensor = assay_gguf_get (file, k);
      g_autofree float *out = tensor->n_elements <= 64 * n ? g_new (float, tensor->n_elements + 1) : NULL;

      if (out != NULL)
        assay_gguf_read (tensor, ASSAY_STORE_F32, out, NULL);
    }
}

const FuzzTarget fuzz_target = { .name = "gguf", .words = words, .add_seeds = add_seeds, .run = run };
