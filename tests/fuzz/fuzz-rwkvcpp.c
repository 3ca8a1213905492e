/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-rwkvcpp.c: the headers of files of rwkv.cpp and of their tensors. */
#include "fuzz.h"

#include "../store/rwkvcpp_writer.h"
#include "store/rwkvcpp.h"

static const char *const words[] = { "fmgg", "\x65\x00\x00\x00", "emb.weight", "blocks.0.att.key.weight", "\xff\xff\xff\x7f", NULL };

static void
add_seeds (GPtrArray *seeds)
{
  const float numbers[12] = { 1, 2, 3 };
  const gint64 matrix[] = { 3, 4 }, heads[] = { 2, 1, 1 };

  for (gint32 type = RWKVCPP_F32; type <= RWKVCPP_F16; type++)
    {
      GByteArray *seed = rwkvcpp_begin (100 + type, 3, 4, 1);

      rwkvcpp_add (seed, "emb.weight", 2, matrix, type, numbers);
      rwkvcpp_add (seed, "blocks.0.att.time_decay", 3, heads, RWKVCPP_F32, numbers);
      rwkvcpp_add (seed, "ln_out.weight", 1, matrix + 1, RWKVCPP_F32, numbers);
      g_ptr_array_add (seeds, seed);
    }
}

static void
run (const guint8 *bytes, gsize n, GError **error)
{
  g_autoptr (GBytes) whole = g_bytes_new (bytes, n);
  g_autoptr (AssayRwkvcpp) file = assay_rwkvcpp_parse (whole, "input", error);

  for (gsize k = 0; file != NULL && k < assay_rwkvcpp_get_n (file); k++)
    {
      const AssayRwkvcppTensor *tensor = assay_rwkvcpp_get (file, k);
      g_autofree float *out = g_new (float, tensor->n_elements);          /* which lie in the input */

      g_assert_true (assay_rwkvcpp_find (file, tensor->name) == tensor);
      assay_store_convert (ASSAY_STORE_F32, out, tensor->type, tensor->data, tensor->n_elements, NULL);
    }
}

const FuzzTarget fuzz_target = { .name = "rwkvcpp", .words = words, .add_seeds = add_seeds, .run = run };
