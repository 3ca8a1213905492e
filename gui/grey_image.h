/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grey_image.h: pixels of an example as something to show. Thread rule: pure functions. */
#pragma once

#include <gdk/gdk.h>

/* Each of the (height, width) grey values becomes a square of scale x scale pixels with sharp edges. Owns: the caller. */
GdkTexture *assay_grey_image_new (const guint8 *pixels, gint64 height, gint64 width, guint scale);
