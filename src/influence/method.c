/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method.c: the registry of influence methods, made from the list in local.mk. */
#include "influence/method.h"

#include "base/error.h"

#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayMethod assay_method_##name;
#include "influence/methods.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_method_##name,
static const AssayMethod *const methods[] = {
#include "influence/methods.def"
  NULL };
#undef ASSAY_REGISTER

const AssayMethod *const *
assay_method_list (void)
{
  return methods;
}

const AssayMethod *
assay_method_find (const char *name, GError **error)
{
  const char *names[G_N_ELEMENTS (methods)] = { NULL };
  g_autofree char *all = NULL;

  for (gsize i = 0; methods[i] != NULL; i++)
    {
      if (strcmp (methods[i]->name, name) == 0)
        return methods[i];
      names[i] = methods[i]->name;
    }
  all = g_strjoinv (", ", (char **) names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "method: one of %s expected, \"%s\" found", all, name);
  return NULL;
}
