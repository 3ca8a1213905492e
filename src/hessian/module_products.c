/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_products.c: moments and outer products of a micro-batch, shared out in blocks of the result. */
#include "hessian/module_products.h"

#include <string.h>

#define PANEL 128               /* columns of a moment made at once: the triangle below is not computed */

typedef struct {
  AssayDtype dtype;
  gint64 B, rows, columns;
  guint n_uses;
  const AssayModuleOuter *uses;
  void *D;
  double *sum;
} Forming;

#define REAL float
#define FN(name) name##_f32
#include "hessian/module_products.inc"
#undef REAL
#undef FN
#define REAL double
#define FN(name) name##_f64
#include "hessian/module_products.inc"
#undef REAL
#undef FN

void
assay_module_add_moment (AssayDtype dtype, AssayWorkers *workers, gint64 n, gint64 K, const void *X, void *work, double *sum)
{
  gsize width = assay_dtype_width (dtype);

  for (gint64 i = 0; i < n; i += PANEL)
    assay_module_multiply (dtype, workers, TRUE, FALSE, MIN (PANEL, n - i), n - i, K, (const char *) X + i * width, n, (const char *) X + i * width,
                           n, FALSE, (char *) work + (i * n + i) * width, n);
  if (dtype == ASSAY_F32)
    add_upper_f32 (n, work, sum);
  else
    add_upper_f64 (n, work, sum);
}

void
assay_module_add_squares (AssayDtype dtype, gint64 n, gint64 K, const void *X, double *sum)
{
  if (dtype == ASSAY_F32)
    add_squares_f32 (n, K, X, sum);
  else
    add_squares_f64 (n, K, X, sum);
}

void
assay_module_form (AssayDtype dtype, AssayWorkers *workers, gint64 B, gint64 rows, gint64 columns, guint n_uses, const AssayModuleOuter *uses,
                   void *D)
{
  Forming f = { .dtype = dtype, .B = B, .rows = rows, .columns = columns, .n_uses = n_uses, .uses = uses, .D = D };

  assay_workers_run (workers, B, dtype == ASSAY_F32 ? form_example_f32 : form_example_f64, &f);
}

void
assay_module_add_squared (AssayDtype dtype, AssayWorkers *workers, gint64 B, gint64 rows, gint64 columns, guint n_uses,
                          const AssayModuleOuter *uses, void *scratch, double *sum)
{
  Forming f = { .dtype = dtype, .B = B, .rows = rows, .columns = columns, .n_uses = n_uses, .uses = uses, .D = scratch, .sum = sum };

  if (n_uses == 1 && uses[0].index != NULL)
    {
      if (dtype == ASSAY_F32)
        square_lookup_f32 (&f);
      else
        square_lookup_f64 (&f);
      return;
    }
  assay_workers_run (workers, (rows + ASSAY_MODULE_SLAB - 1) / ASSAY_MODULE_SLAB, dtype == ASSAY_F32 ? square_slab_f32 : square_slab_f64, &f);
}
