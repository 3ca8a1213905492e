/* SPDX-License-Identifier: GPL-3.0-or-later */
/* regime_choice.c: from options to packs. */
#include "job/regime_choice.h"

#include <string.h>

AssayRegimeSet *
assay_regime_choice_read (const AssayValues *values, GError **error)
{
  g_autoptr (AssayRegimeSet) regimes = assay_regime_set_read (assay_values_get_string (values, "regimes"), error);

  if (regimes == NULL || !assay_regime_set_choose (regimes, assay_values_get_list (values, "regime"), error))
    return NULL;
  return g_steal_pointer (&regimes);
}

AssayAudience
assay_regime_choice_get_audience (const AssayValues *values)
{
  const char *word = assay_values_get_string (values, "profile");
  guint k = 0;

  while (strcmp (assay_audience_words[k], word) != 0)
    k++;
  return (AssayAudience) k;
}
