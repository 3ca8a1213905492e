/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_list.h: the judged chains of a case, one row each: text, verdict, and the estimate with its interval.
 *
 * "picked" is emitted with the number of the chain when a person chooses one. Rows exist only for what is seen.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/reasoning_answer.h"

#include <adwaita.h>

#define ASSAY_TYPE_CHAIN_LIST (assay_chain_list_get_type ())
G_DECLARE_FINAL_TYPE (AssayChainList, assay_chain_list, ASSAY, CHAIN_LIST, AdwBin)

typedef enum {
  ASSAY_CHAINS_BY_TEXT,         /* chains of the same text stand together, by their use */
  ASSAY_CHAINS_LEAST_USED,
  ASSAY_CHAINS_MOST_USED
} AssayChainOrder;

/* NULL: none. */
void   assay_chain_list_set_answer (AssayChainList *self, AssayReasoningAnswer *answer);
void   assay_chain_list_set_order  (AssayChainList *self, AssayChainOrder order);
/* Without "picked". */
void   assay_chain_list_select     (AssayChainList *self, gint64 chain);
