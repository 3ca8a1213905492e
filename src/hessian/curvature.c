/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curvature.c: the registry of curvature matrices. */
#include "hessian/curvature.h"

#include "base/error.h"

#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayCurvature assay_curvature_##name;
#include "hessian/curvatures.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_curvature_##name,
static const AssayCurvature *const curvatures[] = {
#include "hessian/curvatures.def"
  NULL };
#undef ASSAY_REGISTER

const AssayCurvature *const *
assay_curvature_list (void)
{
  return curvatures;
}

const AssayCurvature *
assay_curvature_find (const char *name, GError **error)
{
  const char *names[G_N_ELEMENTS (curvatures)] = { NULL };
  g_autofree char *all = NULL;

  for (gsize i = 0; curvatures[i] != NULL; i++)
    {
      if (strcmp (curvatures[i]->name, name) == 0)
        return curvatures[i];
      names[i] = curvatures[i]->name;
    }
  all = g_strjoinv (", ", (char **) names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "curvature: one of %s expected, \"%s\" found", all, name);
  return NULL;
}

AssayLinop *
assay_curvature_open (const char *name, const AssayPoint *point, GError **error)
{
  const AssayCurvature *curvature = assay_curvature_find (name, error);

  return curvature ? curvature->open (point, error) : NULL;
}
