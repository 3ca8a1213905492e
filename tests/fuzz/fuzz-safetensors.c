/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-safetensors.c: the header of safetensors, and tensors converted. */
#include "fuzz.h"

#include "store/safetensors.h"

#include <string.h>

static const char *const words[] = { "\"a\":", "\"__metadata__\"", "\"dtype\":\"BF16\"", "\"shape\":[", "\"data_offsets\":[0,0]", "{}", "[]", "null", "\"\\u0000\"", ",", "}", "\"F64\"", "\"I8\"",
                                     "[18446744073709551615,2]", NULL };

static void
add_seed (GPtrArray *seeds, const char *header, gsize data)
{
  GByteArray *seed = g_byte_array_new ();
  guint64 n = GUINT64_TO_LE (strlen (header));
  const guint8 zero = 0;

  g_byte_array_append (seed, (const guint8 *) &n, sizeof n);
  g_byte_array_append (seed, (const guint8 *) header, (guint) strlen (header));
  for (gsize i = 0; i < data; i++)
    g_byte_array_append (seed, &zero, 1);
  g_ptr_array_add (seeds, seed);
}

static void
add_seeds (GPtrArray *seeds)
{
  add_seed (seeds, "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]}}", 32);
  add_seed (seeds, "{\"__metadata__\":{\"format\":\"pt\"},\"x.y\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[0,2]}, \"z\":{\"dtype\":\"I64\",\"shape\":[0,5],\"data_offsets\":[2,2]}}  ", 2);
  add_seed (seeds, "{}", 0);
}

/* The length of the header, as it became. */
static void
mend (GByteArray *input, AssayRng *rng)
{
  const guint8 *end = input->len > 8 ? memchr (input->data + 8, 0, input->len - 8) : NULL;
  guint64 n = GUINT64_TO_LE (end ? (guint64) (end - input->data) - 8 : input->len > 8 ? input->len - 8 : 0);

  (void) rng;
  if (input->len >= 8)
    memcpy (input->data, &n, sizeof n);
}

static void
run (const guint8 *bytes, gsize n, GError **error)
{
  g_autoptr (GBytes) whole = g_bytes_new (bytes, n);
  g_autoptr (AssaySafetensors) file = assay_safetensors_parse (whole, "input", error);

  for (gsize k = 0; file != NULL && k < assay_safetensors_get_n (file); k++)
    {
      const AssaySafetensor *tensor = assay_safetensors_get (file, k);
      g_autofree double *out = tensor->n_elements <= n ? g_new (double, tensor->n_elements + 1) : NULL;

      g_assert_true (assay_safetensors_find (file, tensor->name) == tensor);
      if (out != NULL)
        assay_safetensors_read (tensor, ASSAY_STORE_F64, out, NULL);
    }
}

const FuzzTarget fuzz_target = { .name = "safetensors", .words = words, .add_seeds = add_seeds, .mend = mend, .run = run };
