/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dtype.c: names, widths and conversions of element types. */
#include "tensor/dtype.h"

#include "base/error.h"

#include <complex.h>
#include <string.h>

static const struct { const char *name; gsize width; } dtypes[ASSAY_N_DTYPES] = {
  [ASSAY_F32] = { "f32", 4 }, [ASSAY_F64] = { "f64", 8 }, [ASSAY_C128] = { "c128", 16 }, [ASSAY_I32] = { "i32", 4 },
};

const char *const assay_compute_names[] = { "full", "bf16", "tf32", NULL };

gsize
assay_dtype_width (AssayDtype dtype)
{
  return dtypes[dtype].width;
}

const char *
assay_dtype_name (AssayDtype dtype)
{
  return dtypes[dtype].name;
}

gboolean
assay_dtype_from_name (const char *name, AssayDtype *dtype, GError **error)
{
  const char *names[ASSAY_N_DTYPES + 1] = { NULL };
  g_autofree char *all = NULL;

  for (AssayDtype d = 0; d < ASSAY_N_DTYPES; d++)
    {
      if (strcmp (dtypes[d].name, name) == 0)
        {
          *dtype = d;
          return TRUE;
        }
      names[d] = dtypes[d].name;
    }
  all = g_strjoinv (", ", (char **) names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "type: one of %s expected, \"%s\" found", all, name);
  return FALSE;
}

static double
load (AssayDtype from, const void *source, gsize i)
{
  switch (from)
    {
    case ASSAY_F32:
      return ((const float *) source)[i];
    case ASSAY_F64:
      return ((const double *) source)[i];
    case ASSAY_C128:
      return creal (((const double complex *) source)[i]);
    case ASSAY_I32:
      return ((const gint32 *) source)[i];
    default:
      g_assert_not_reached ();
    }
}

static void
save (AssayDtype to, void *target, gsize i, double v)
{
  switch (to)
    {
    case ASSAY_F32:
      ((float *) target)[i] = (float) v;
      break;
    case ASSAY_F64:
      ((double *) target)[i] = v;
      break;
    case ASSAY_C128:
      ((double complex *) target)[i] = v;
      break;
    case ASSAY_I32:
      ((gint32 *) target)[i] = (gint32) v;
      break;
    default:
      g_assert_not_reached ();
    }
}

void
assay_dtype_convert (AssayDtype from, const void *source, AssayDtype to, void *target, gsize n)
{
  if (from == to)
    memmove (target, source, n * dtypes[from].width);
  else if (from == ASSAY_F64 && to == ASSAY_F32)                  /* the pairs that run over whole parameter vectors */
    for (gsize i = 0; i < n; i++)
      ((float *) target)[i] = (float) ((const double *) source)[i];
  else if (from == ASSAY_F32 && to == ASSAY_F64)
    for (gsize i = 0; i < n; i++)
      ((double *) target)[i] = ((const float *) source)[i];
  else
    for (gsize i = 0; i < n; i++)
      save (to, target, i, load (from, source, i));
}
