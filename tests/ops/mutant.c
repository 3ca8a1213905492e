/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mutant.c: reads which mutant a run is, before main. */
#include "mutant.h"

#include <stdlib.h>

int assay_mutant;

__attribute__ ((constructor))
static void
choose_mutant (void)
{
  const char *text = getenv ("ASSAY_MUTANT");

  assay_mutant = text ? atoi (text) : 0;
}
