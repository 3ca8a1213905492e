/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_figures.h: what happened when examples were left out, beside what was predicted. Thread rule: pure functions. */
#pragma once

#include "gui/influence_answer.h"
#include "report/figure.h"

/* Sets that were left out: predicted and measured joined by a line. NULL: there was no such retraining. Owns: the caller. */
AssayFigure *assay_influence_figure_removals (const AssayInfluenceAnswer *answer);
/* Single examples that were left out at random in the validation, one point each. NULL: not validated. Owns: the caller. */
AssayFigure *assay_influence_figure_pairs    (const AssayInfluenceAnswer *answer);
