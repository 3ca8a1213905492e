/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field_spread.c: which fields tell what another one says. */
#include "report/field_set.h"

/* The numbers or names of the first stand in the second, too, or follow from it. */
static const struct { const char *field, *told_by; } tells[] = {
  { "data.files", "data.composition" },
  { "data.files", "data.public_sources" },
  { "data.files", "data.acquisition" },
  { "data.files", "data.replicability" },
  { "data.size", "data.composition" },
  { "data.size", "data.public_sources" },
  { "data.size", "data.target" },
  { "data.size", "data.dropped" },
  { "data.size", "data.duplicates" },
  { "data.size", "data.overlap" },
  { "data.size", "evaluation.metrics" },
  { "data.columns", "data.missing" },
  { "model.parameters", "model.layers" },
  { "model.layers", "model.parameters" },
  { "evaluation.metrics", "capabilities.evaluation" },
  { "evaluation.metrics", "performance.limits" },
  { "evaluation.metrics", "training.result" },
  { "training.result", "evaluation.metrics" },
  { "capabilities.evaluation", "evaluation.metrics" },
  { "performance.limits", "evaluation.metrics" },
  { "evaluation.reproduction", "risks.reproduction" },
  { "evaluation.reproduction", "explanation.means" },
  { "training.configuration", "evaluation.reproduction" },
  { "training.configuration", "explanation.means" },
  { "training.configuration", "release.code" },
  { "release.change_log", "model.identity" },
  { "release.change_log", "release.versioning" },
  { "model.identity", "release.change_log" },
  { "model.identity", "release.versioning" },
  { "compute.power", "compute.energy" },
  { "compute.grid_intensity", "compute.emissions" },
  { "compute.energy", "compute.emissions" },
  { "compute.duration", "compute.energy" },
};

static gboolean
spread_once (AssayFieldSet *set)
{
  gboolean any = FALSE;

  for (gsize k = 0; k < G_N_ELEMENTS (tells); k++)
    {
      const AssayField *field = assay_field_set_find (set, tells[k].field);
      AssayField *other = assay_field_set_find (set, tells[k].told_by);

      if (!assay_field_is_withheld (field) || other == NULL || other->type == ASSAY_VALUE_NONE)
        continue;
      assay_field_withhold (other, "it would tell \"%s\", which is withheld: %s", field->declaration->title, field->reason);
      any = TRUE;
    }
  return any;
}

void
assay_field_set_spread (AssayFieldSet *set)
{
  while (spread_once (set))
    ;
}
