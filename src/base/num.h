/* SPDX-License-Identifier: GPL-3.0-or-later */
/* num.h: checked 64-bit size arithmetic. Every size that comes from a file or from a user goes through here.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* *out = a + b, or a * b. FALSE, and *out untouched, when the result leaves 64 bits. */
static inline gboolean
assay_size_add (guint64 a, guint64 b, guint64 *out)
{
  guint64 r;

  if (__builtin_add_overflow (a, b, &r))
    return FALSE;
  *out = r;
  return TRUE;
}

static inline gboolean
assay_size_mul (guint64 a, guint64 b, guint64 *out)
{
  guint64 r;

  if (__builtin_mul_overflow (a, b, &r))
    return FALSE;
  *out = r;
  return TRUE;
}

/* *out = a rounded up to a multiple of unit, a power of two. */
static inline gboolean
assay_size_align (guint64 a, guint64 unit, guint64 *out)
{
  guint64 r;

  if (!assay_size_add (a, unit - 1, &r))
    return FALSE;
  *out = r & ~(unit - 1);
  return TRUE;
}
