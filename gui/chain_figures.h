/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_figures.h: what probes find along a chain: curves of early answering, mistakes and patching with controls, and a bar for each step.
 *
 * "point-chosen" is emitted with the probe and the point (step, layer) when a datum is clicked or chosen by key.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/reasoning_answer.h"

#include <adwaita.h>

#define ASSAY_TYPE_CHAIN_FIGURES (assay_chain_figures_get_type ())
G_DECLARE_FINAL_TYPE (AssayChainFigures, assay_chain_figures, ASSAY, CHAIN_FIGURES, AdwBin)

/* whole: of assay_reasoning_answer_describe; a reference is taken. */
void assay_chain_figures_set_chain (AssayChainFigures *self, AssayReasoningAnswer *answer, json_t *whole);
