/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_srgb.c: the colour space that the pages are meant in, as an ICC profile of version 2: a matrix and one curve (IEC 61966-2-1). */
#include "report/pdf_finish.h"

#include <math.h>
#include <string.h>

#define N_TAGS 9
#define N_CURVE 1024

static void
put16 (GByteArray *out, guint16 value)
{
  guint8 bytes[2] = { (guint8) (value >> 8), (guint8) value };

  g_byte_array_append (out, bytes, 2);
}

static void
put32 (GByteArray *out, guint32 value)
{
  put16 (out, (guint16) (value >> 16));
  put16 (out, (guint16) value);
}

static void
put_word (GByteArray *out, const char *four)
{
  g_byte_array_append (out, (const guint8 *) four, 4);
}

static void
put_fixed (GByteArray *out, double value)
{
  put32 (out, (guint32) (gint32) lround (value * 65536));
}

static void
put_xyz (GByteArray *out, double x, double y, double z)
{
  put_word (out, "XYZ ");
  put32 (out, 0);
  put_fixed (out, x);
  put_fixed (out, y);
  put_fixed (out, z);
}

static void
put_text (GByteArray *out, const char *text)
{
  put_word (out, "text");
  put32 (out, 0);
  g_byte_array_append (out, (const guint8 *) text, (guint) strlen (text) + 1);
}

static void
put_description (GByteArray *out, const char *text)
{
  static const guint8 no_other_scripts[4 + 4 + 2 + 1 + 67];

  put_word (out, "desc");
  put32 (out, 0);
  put32 (out, (guint32) strlen (text) + 1);
  g_byte_array_append (out, (const guint8 *) text, (guint) strlen (text) + 1);
  g_byte_array_append (out, no_other_scripts, sizeof no_other_scripts);
}

static void
put_curve (GByteArray *out)
{
  put_word (out, "curv");
  put32 (out, 0);
  put32 (out, N_CURVE);
  for (guint k = 0; k < N_CURVE; k++)
    {
      double v = (double) k / (N_CURVE - 1);

      put16 (out, (guint16) lround (65535 * (v <= 0.04045 ? v / 12.92 : pow ((v + 0.055) / 1.055, 2.4))));
    }
}

static void
put_header (GByteArray *out, guint32 size)
{
  static const guint8 zeros[44];

  put32 (out, size);
  put32 (out, 0);
  put32 (out, 0x02100000);
  put_word (out, "mntr");
  put_word (out, "RGB ");
  put_word (out, "XYZ ");
  put16 (out, 2000);            /* when: the same in every file */
  put16 (out, 1);
  put16 (out, 1);
  put16 (out, 0);
  put16 (out, 0);
  put16 (out, 0);
  put_word (out, "acsp");
  g_byte_array_append (out, zeros, 28);
  put_fixed (out, 0.9642);      /* D50 */
  put_fixed (out, 1);
  put_fixed (out, 0.8249);
  g_byte_array_append (out, zeros, 48 - 4);
  put32 (out, 0);
}

GByteArray *
assay_pdf_srgb_profile (void)
{
  static const char names[N_TAGS][5] = { "desc", "cprt", "wtpt", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC" };
  g_autoptr (GByteArray) data = g_byte_array_new ();
  GByteArray *profile = g_byte_array_new ();
  guint32 from[N_TAGS], size[N_TAGS], base = 128 + 4 + 12 * N_TAGS;

  for (guint k = 0; k < N_TAGS; k++)
    {
      from[k] = data->len;
      switch (k)
        {
        case 0: put_description (data, "sRGB IEC61966-2-1"); break;
        case 1: put_text (data, "No copyright, use freely"); break;
        case 2: put_xyz (data, 0.9642, 1, 0.8249); break;
        case 3: put_xyz (data, 0.43607, 0.22249, 0.01392); break;
        case 4: put_xyz (data, 0.38515, 0.71687, 0.09708); break;
        case 5: put_xyz (data, 0.14307, 0.06061, 0.71410); break;
        case 6: put_curve (data); break;
        default: from[k] = from[6]; break;      /* one curve for all */
        }
      size[k] = k > 6 ? size[6] : data->len - from[k];
      while (data->len % 4 != 0)
        g_byte_array_append (data, (const guint8 *) "", 1);
    }
  put_header (profile, base + data->len);
  put32 (profile, N_TAGS);
  for (guint k = 0; k < N_TAGS; k++)
    {
      put_word (profile, names[k]);
      put32 (profile, base + from[k]);
      put32 (profile, size[k]);
    }
  g_byte_array_append (profile, data->data, data->len);
  return profile;
}
