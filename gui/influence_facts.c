/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_facts.c: what must stand beside a ranking for it to be read. */
#include "gui/influence_facts.h"

#include "base/text.h"
#include "job/view.h"

#include <glib/gi18n.h>

void
assay_influence_show_facts (const AssayInfluenceAnswer *answer, AssayFacts *facts)
{
  const AssayInfluenceQuestion *question = answer->question;
  g_autofree char *damping = assay_view_number (question->damping, 3), *l2 = assay_view_number (question->l2, 3);
  g_autofree char *residual = assay_view_number (answer->true_residual, 2), *examples = assay_view_count (answer->n);
  g_autofree char *damped = g_strdup_printf (_("Added to the curvature before it is inverted; l2 of the training: %s.%s%s"), l2,
                                             question->notes[0] ? "\n" : "", question->notes);
  g_autofree char *solve = g_strdup_printf ("%s, %s", answer->reason ? answer->reason : "", residual);
  g_autofree char *validity = NULL;

  if (answer->validity == NULL)
    validity = g_strdup (_("How well scores of this model and method follow retrainings has not been measured. They may be right; nobody has looked."));
  else
    validity = g_strdup_printf ("%s.\n%s", answer->validity, answer->validity_command ? answer->validity_command : "");
  assay_facts_clear (facts);
  assay_facts_add (facts, _("Method"), question->method, ASSAY_MARK_NONE, question->counterfactual[0] ? question->counterfactual : NULL);
  if (assay_influence_question_has_unit (question))
    assay_facts_add (facts, _("Damping"), damping, ASSAY_MARK_NONE, damped);
  assay_facts_add (facts, _("Unit"), question->unit, ASSAY_MARK_NONE, question->sign);
  assay_facts_add (facts, _("Ranked"), examples, ASSAY_MARK_NONE, _("Training examples that have a score."));
  if (answer->is_solved)
    assay_facts_add (facts, _("Solve, true residual"), solve, answer->has_converged ? ASSAY_MARK_PASSED : ASSAY_MARK_FAILED,
                     question->interval_words);
  assay_facts_add (facts, _("Correlation with retraining"), answer->correlation ? answer->correlation : _("not validated"),
                   answer->validity ? (answer->is_valid ? ASSAY_MARK_PASSED : ASSAY_MARK_FAILED) : ASSAY_MARK_UNKNOWN,
                   validity);
}

char *
assay_influence_describe_sign (const AssayInfluenceQuestion *question)
{
  g_autofree char *sign = assay_text_escape (question->sign, FALSE), *interval = assay_text_escape (question->interval_words, FALSE);

  sign[0] = g_ascii_toupper (sign[0]);
  return g_strdup_printf (interval[0] ? _("%s\nInterval (±): %s") : "%s", sign, interval);
}
