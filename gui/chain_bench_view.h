/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_bench_view.h: the bench: the steps of a chain in entries, and what the model answers behind them, while one types.
 *
 * Every change is asked of the model beside the window; the newest question counts. Each change can be undone.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/reasoning_answer.h"

#include <adwaita.h>

#define ASSAY_TYPE_CHAIN_BENCH_VIEW (assay_chain_bench_view_get_type ())
G_DECLARE_FINAL_TYPE (AssayChainBenchView, assay_chain_bench_view, ASSAY, CHAIN_BENCH_VIEW, AdwBin)

/* Puts a judged chain on the bench as it was written. answer NULL: none. */
void assay_chain_bench_view_set_chain (AssayChainBenchView *self, AssayReasoningAnswer *answer, gint64 chain);
/* An edit of it: words separated by spaces. Can be undone. */
void assay_chain_bench_view_edit      (AssayChainBenchView *self, const char *steps);
