/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grey_image.c: grey values to a texture, enlarged here because the scaling of textures blurs. */
#include "gui/grey_image.h"

GdkTexture *
assay_grey_image_new (const guint8 *pixels, gint64 height, gint64 width, guint scale)
{
  gsize w = (gsize) width * scale, h = (gsize) height * scale;
  guint8 *rgb = g_malloc (MAX (3 * w * h, 1));
  g_autoptr (GBytes) bytes = g_bytes_new_take (rgb, 3 * w * h);

  for (gsize y = 0; y < h; y++)
    for (gsize x = 0; x < w; x++)
      {
        guint8 grey = pixels[y / scale * (gsize) width + x / scale];
        guint8 *to = rgb + 3 * (y * w + x);

        to[0] = to[1] = to[2] = grey;
      }
  return gdk_memory_texture_new ((int) w, (int) h, GDK_MEMORY_R8G8B8, bytes, 3 * w);
}
