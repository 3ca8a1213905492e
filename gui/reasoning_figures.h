/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reasoning_figures.h: figures of one judged chain. Thread rule: pure functions. Ownership: figures belong to the caller. */
#pragma once

#include "gui/reasoning_answer.h"
#include "report/figure.h"

/* A number as the page writes it: two digits, no minus before zero, a dash for what is not there. Owns: the caller. */
char        *assay_reasoning_write (const json_t *object, const char *key);

/* The effect of a probe along its points: the mean, every single edit, and the control. whole: of assay_reasoning_answer_describe.
 * NULL: the probe has no curve here. */
AssayFigure *assay_reasoning_figure_curve (const AssayReasoningAnswer *answer, const json_t *whole, const char *probe);
/* The point of the curve that a datum of that figure belongs to. */
gint64       assay_reasoning_figure_get_point (const AssayReasoningAnswer *answer, const json_t *whole, const char *probe, guint series, gsize datum);

/* One bar for each step beside its text, with the control: what a probe that goes step by step finds. NULL: nothing to draw. */
AssayFigure *assay_reasoning_figure_steps (const AssayReasoningAnswer *answer, const json_t *whole, const char *probe);

/* The answers' probabilities, before and after an edit; now NULL: there was none. */
AssayFigure *assay_reasoning_figure_answers (const AssayReasoningAnswer *answer, const AssayChainAnswer *before, const AssayChainAnswer *now);
