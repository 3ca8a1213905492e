/* SPDX-License-Identifier: GPL-3.0-or-later */
/* completion_view.h: how likely a model finds a completion, token by token: each with its probability below it, the likelier the darker.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include <adwaita.h>
#include <jansson.h>

#define ASSAY_TYPE_COMPLETION_VIEW (assay_completion_view_get_type ())
G_DECLARE_FINAL_TYPE (AssayCompletionView, assay_completion_view, ASSAY, COMPLETION_VIEW, AdwBin)

/* document: what assay loss --completion prints with --json. */
void    assay_completion_view_show (AssayCompletionView *self, const json_t *document);

/* {"columns", "rows"} as gui/table_export.h takes it. Pure. New reference. */
json_t *assay_completion_table     (const json_t *document);
/* Which of the shades a probability has, 0 the lightest. Pure. */
guint   assay_completion_shade     (double probability);
