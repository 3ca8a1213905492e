/* SPDX-License-Identifier: GPL-3.0-or-later */
/* share.h: what walks.c and factors.c share: the bound of their parity, failures as lines of results, and drawn numbers. Programs only. */
#pragma once

#include "base/rng.h"
#include "bench/case_dir.h"

#define PARITY 1e-4             /* of the largest entry: f32 on both sides, sums in other orders */

static gboolean has_failed;

static inline void
tell_failure (const char *what, GError **error)
{
  g_autofree char *text = g_strescape ((*error)->message, NULL);

  printf ("{\"what\": \"%s\", \"failed\": \"%s\"}\n", what, text);
  fflush (stdout);
  has_failed = TRUE;
  g_clear_error (error);
}

/* Of what the processor says, too. */
static inline void
tell_parity_with (const char *with, const char *job, const char *type, double relative_difference, double bound)
{
  printf ("{\"what\": \"parity\", \"with\": \"%s\", \"job\": \"%s\", \"type\": \"%s\", \"relative_difference\": %.4g, \"bound\": %.4g}\n", with, job, type, relative_difference, bound);
  fflush (stdout);
  has_failed |= !(relative_difference <= bound);
}

static inline void
tell_parity (const char *job, double relative_difference)
{
  tell_parity_with ("processor", job, "f32", relative_difference, PARITY);
}

static inline gint32 *
draw_indices (gint64 n, gint64 below, guint64 stream)
{
  GError *error = NULL;
  AssayRng rng = assay_rng_new (7, stream);
  gint32 *x = assay_mem_new (gint32, n, &error);

  fail_on (error);
  for (gint64 i = 0; i < n; i++)
    x[i] = (gint32) assay_rng_below (&rng, (guint64) below);
  return x;
}
