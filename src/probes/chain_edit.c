/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_edit.c: changes of a sequence, token by token. */
#include "probes/chain_edit.h"

#include <string.h>

gint64
assay_chain_delete (const AssayChainLayout *layout, const gint32 *tokens, gint64 at, gint32 *edited)
{
  memcpy (edited, tokens, (gsize) at * sizeof *tokens);
  memcpy (edited + at, tokens + at + 1, (gsize) (layout->T - at - 1) * sizeof *tokens);
  edited[layout->T - 1] = 0;
  return layout->answer - 1;
}

void
assay_chain_mistake (const AssayOrganism *organism, const AssayChainLayout *layout, const gint32 *tokens, gint64 j, gint32 value, gint32 *edited)
{
  const gint32 *terms = tokens + layout->prompt;
  gint32 *s = edited + layout->chain;

  memcpy (edited, tokens, (gsize) layout->T * sizeof *tokens);
  s[j - 1] = value;
  for (gint64 i = j; i < layout->n_steps; i++)
    s[i] = organism->family->follow (organism, terms, (gint32) i + 1, s[i - 1]);
}

gint32
assay_chain_other (AssayRng *rng, gint64 n, gint32 not)
{
  gint32 value = (gint32) assay_rng_below (rng, (guint64) (n - 1));

  return value + (value >= not);
}

GArray *
assay_chain_choose (AssayRng *rng, gint64 n, gint64 most)
{
  GArray *chosen = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 k = 0; k < n && chosen->len < most; k++)             /* Knuth, section 3.4.2, algorithm S */
    if (assay_rng_below (rng, (guint64) (n - k)) < (guint64) (most - chosen->len))
      g_array_append_val (chosen, k);
  return chosen;
}
