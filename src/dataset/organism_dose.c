/* SPDX-License-Identifier: GPL-3.0-or-later */
/* organism_dose.c: the running sum.
 *                                                     s_j = (s_{j-1} + a_j) mod p,  s_0 = 0,  prompt a_1 .. a_k
 * Prompts are numbers below p^k with a_1 the leading digit.
 */
#include "dataset/organism.h"

static const AssayParam params[] = {
  { "modulus", ASSAY_PARAM_INT, .def.i = 7, .min = 2, .max = 97, .help = "p: digits run from 0 to p-1 and sums are taken modulo p" },
  ASSAY_ORGANISM_PARAMS,
  { .name = NULL }
};

static gint32
count_terms (gint32 p, gint32 k)
{
  (void) p;
  return k;
}

static guint64
count_prompts (gint32 p, gint32 k)
{
  guint64 n = 1;

  for (gint32 i = 0; i < k && n <= ASSAY_ORGANISM_MAX_PROMPTS; i++)
    n *= p;                                                       /* at most 2^24 times 97 */
  return n;
}

static void
get_terms (const AssayOrganism *organism, gint64 prompt, gint32 *a)
{
  for (gint32 i = organism->k - 1; i >= 0; i--)
    {
      a[i] = prompt % organism->p;
      prompt /= organism->p;
    }
}

static gint32
follow (const AssayOrganism *organism, const gint32 *a, gint32 j, gint32 previous)
{
  return ((j > 1 ? previous : 0) + a[j - 1]) % organism->p;
}

ASSAY_ORGANISM_DEFINE (dose) = {
  .name = "dose", .help = "running sums with edited chains of reasoning",
  .params = params, .size = "modulus", .count_terms = count_terms, .count_prompts = count_prompts, .get_terms = get_terms, .follow = follow,
};
