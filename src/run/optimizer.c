/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer.c: the registry of optimizers. */
#include "run/optimizer.h"

#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayOptimizer assay_optimizer_##name;
#include "run/optimizers.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_optimizer_##name,
static const AssayOptimizer *const optimizers[] = {
#include "run/optimizers.def"
  NULL };
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) #name,
const char *const assay_optimizer_names[] = {
#include "run/optimizers.def"
  NULL };
#undef ASSAY_REGISTER

const AssayOptimizer *
assay_optimizer_find (const char *name)
{
  for (gsize i = 0; optimizers[i] != NULL; i++)
    if (strcmp (optimizers[i]->name, name) == 0)
      return optimizers[i];
  return NULL;
}
