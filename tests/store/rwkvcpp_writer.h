/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rwkvcpp_writer.h: files of rwkv.cpp as tests need them, right or wrong.
 *
 * Ownership: what is returned is the caller's.
 */
#pragma once

#include <glib.h>
#include <string.h>

#include "store/types.h"

enum { RWKVCPP_F32, RWKVCPP_F16, RWKVCPP_Q4_0, RWKVCPP_Q8_0 = 9 };

static inline void
rwkvcpp_put (GByteArray *to, gint64 value)
{
  const guint32 le = GUINT32_TO_LE ((guint32) value);

  g_byte_array_append (to, (const guint8 *) &le, sizeof le);
}

static inline GByteArray *
rwkvcpp_begin (gint32 version, gint32 vocabulary, gint32 width, gint32 layers)
{
  GByteArray *to = g_byte_array_new ();

  rwkvcpp_put (to, 0x67676d66);
  rwkvcpp_put (to, version);
  rwkvcpp_put (to, vocabulary);
  rwkvcpp_put (to, width);
  rwkvcpp_put (to, layers);
  rwkvcpp_put (to, RWKVCPP_F32);
  return to;
}

/* dims: the slowest axis first. values: numbers in f32, which are stored as type says. */
static inline void
rwkvcpp_add (GByteArray *to, const char *name, guint rank, const gint64 *dims, gint32 type, const float *values)
{
  gsize n = 1;
  g_autofree guint16 *half = NULL;

  rwkvcpp_put (to, rank);
  rwkvcpp_put (to, (gint64) strlen (name));
  rwkvcpp_put (to, type);
  for (guint k = rank; k-- > 0; n *= (gsize) dims[k])
    rwkvcpp_put (to, dims[k]);
  g_byte_array_append (to, (const guint8 *) name, (guint) strlen (name));
  half = g_new (guint16, n);
  g_assert_true (assay_store_convert (ASSAY_STORE_F16, half, ASSAY_STORE_F32, values, n, NULL));
  g_byte_array_append (to, type == RWKVCPP_F16 ? (const guint8 *) half : (const guint8 *) values, (guint) (n * (type == RWKVCPP_F16 ? 2 : 4)));
}
