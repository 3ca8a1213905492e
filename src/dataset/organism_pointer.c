/* SPDX-License-Identifier: GPL-3.0-or-later */
/* organism_pointer.c: the pointer chase.
 *                                                     x_j = f (x_{j-1}),  prompt f(0) .. f(p-1) x_0
 * f is any permutation of the p nodes: with other maps two chains could run into each other, and an edit would not change the answer.
 * Prompts are numbers below p! p: the permutation's place in the order of the dictionary, then the start.
 */
#include "dataset/organism.h"

static const AssayParam params[] = {
  { "nodes", ASSAY_PARAM_INT, .def.i = 4, .min = 2, .max = 9, .help = "p: the map printed in the prompt is a permutation of the numbers from 0 to p-1" },
  ASSAY_ORGANISM_PARAMS,
  { .name = NULL }
};

static gint32
count_terms (gint32 p, gint32 k)
{
  (void) k;
  return p + 1;
}

static guint64
count_prompts (gint32 p, gint32 k)
{
  guint64 n = p;

  (void) k;
  for (gint32 i = 2; i <= p; i++)
    n *= i;                                                       /* 9! 9 is below 2^24 */
  return n;
}

static void
get_terms (const AssayOrganism *organism, gint64 prompt, gint32 *terms)
{
  gint32 p = organism->p;
  gint64 order = prompt / p;
  gboolean taken[16] = { FALSE };

  for (gint32 i = p - 1, block = 1; i >= 0; i--, block *= p - 1 - i)     /* digits of the factorial number system, last first */
    terms[i] = (gint32) (order / block % (p - i));
  for (gint32 i = 0; i < p; i++)
    {
      gint32 value = 0;

      for (gint32 skip = terms[i]; taken[value] || skip > 0; value++)    /* the terms[i]-th of the values that are left */
        skip -= !taken[value];
      taken[value] = TRUE;
      terms[i] = value;
    }
  terms[p] = (gint32) (prompt % p);
}

static gint32
follow (const AssayOrganism *organism, const gint32 *terms, gint32 j, gint32 previous)
{
  return terms[j > 1 ? previous : terms[organism->p]];
}

ASSAY_ORGANISM_DEFINE (pointer) = {
  .name = "pointer", .help = "pointer chases with edited chains of reasoning",
  .params = params, .size = "nodes", .count_terms = count_terms, .count_prompts = count_prompts, .get_terms = get_terms, .follow = follow,
};
