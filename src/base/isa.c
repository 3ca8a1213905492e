/* SPDX-License-Identifier: GPL-3.0-or-later */
/* isa.c: asks the processor once. */
#include "config.h"

#include "base/isa.h"

#include "base/error.h"

#include <string.h>

static const char *const names[ASSAY_N_ISAS] = { "baseline", "x86-64-v3", "x86-64-v4" };
static gint chosen = -1;         /* atomic: the first kernels may run on several threads */

static gboolean
runs (AssayIsa isa)
{
#ifdef ASSAY_HAVE_X86
  gboolean v3 = __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") && __builtin_cpu_supports ("bmi2");

  if (isa == ASSAY_ISA_X86_64_V3)
    return v3;
  if (isa == ASSAY_ISA_X86_64_V4)
    return v3 && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512cd")
           && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl");
#endif
  return isa == ASSAY_ISA_BASELINE;
}

AssayIsa
assay_isa_get (void)
{
  gint isa = g_atomic_int_get (&chosen);

  if (isa < 0)
    {
      for (isa = ASSAY_N_ISAS - 1; !runs (isa); isa--)
        ;
      g_atomic_int_set (&chosen, isa);
    }
  return isa;
}

const char *
assay_isa_get_name (void)
{
  return names[assay_isa_get ()];
}

gboolean
assay_isa_has_dot_products (void)
{
#ifdef ASSAY_HAVE_X86
  return assay_isa_get () == ASSAY_ISA_X86_64_V4 && __builtin_cpu_supports ("avx512vnni") && __builtin_cpu_supports ("avx512bf16");
#else
  return FALSE;
#endif
}

const char *const *
assay_isa_list (void)
{
  static const char *list[ASSAY_N_ISAS + 1];
  gsize n = 0;

  for (int isa = ASSAY_N_ISAS - 1; isa >= 0; isa--)
    if (runs (isa))
      list[n++] = names[isa];
  list[n] = NULL;
  return list;
}

gboolean
assay_isa_set (const char *name, GError **error)
{
  g_autofree char *all = NULL;

  for (AssayIsa isa = 0; isa < ASSAY_N_ISAS; isa++)
    if (strcmp (names[isa], name) == 0 && runs (isa))
      {
        g_atomic_int_set (&chosen, isa);
        return TRUE;
      }
  all = g_strjoinv (", ", (char **) assay_isa_list ());
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE, "instruction set: one of %s expected, \"%s\" found", all, name);
  return FALSE;
}
