/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strict.h: the discipline of claims, for `assay report --strict`: what a report may not say without what stands beside it.
 *
 *   influence-validity   an influence number has a validity number: a correlation with retraining, or a retraining without the examples
 *   influence-solve      and a solver reason with the true residual, where its method solves
 *   unit-ablation        a claim about a unit has an ablation and its control; a description claims nothing
 *   reasoning-control    a claim about reasoning has an intervention and its control
 *   decision-fidelity    an explanation of a decision has a fidelity number
 *   interval             a number has an interval, or says why it has none
 *   check-passed         no value is printed whose check failed
 *   stability            a ranking says how stable it is
 *   first-page           nothing stands on the first page that a reader must be warned of
 *
 * and for `assay report --final` also
 *
 *   draft-confirmed      no field that the program drafted is without a confirmation
 *   approved             a person has stated who approved the report
 *   signed               a key signs it
 *
 * Thread rule: pure functions of the document.
 */
#pragma once

#include "report/document.h"

typedef struct {
  const char *rule;             /* a word of the list above */
  char *where;                  /* id of the claim, or "document" */
  char *text;                   /* one sentence: what is missing, and what to do */
} AssayRefusal;

/* Everything that the rules refuse, in the order of the document. Owns: the caller, an array of AssayRefusal that releases its members. */
GPtrArray *assay_strict_check (const AssayDocument *document);

/* What a final report needs beyond that: every draft confirmed, an approval that a person stated, a key that is to sign. Adds to the refusals; the
 * document has its fields and its fingerprint. */
void       assay_strict_add_final  (GPtrArray *refusals, const AssayDocument *document);
/* It holds fields that the program drafted and no person has confirmed. */
gboolean   assay_strict_has_drafts (const AssayDocument *document);
