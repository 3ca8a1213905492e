/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mutant.h: switches in copies of the ops' mathematics that mutate.awk made. The environment's ASSAY_MUTANT chooses the one mutant of a
 * run: its sign is flipped, or its call left out. Thread rule: constant after start.
 */
#pragma once

extern int assay_mutant;

#define MUTANT(n) (assay_mutant == (n) ? -1 : 1)
#define MUTANT_IS(n) (assay_mutant == (n))
