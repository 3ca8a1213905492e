/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import_recipe.h: a fine-tuning that was made elsewhere (run/recipe.h), brought into a case with everything that it began with and came to.
 *
 * Thread rule: one thread at a time.
 */
#pragma once

#include "job/kind.h"

/* Commits "data" NAME with splits train and query, "model" NAME-init, "order" NAME and, where retrainings came with it, "bank" NAME. The
 * summary with the command of the training; new reference. Errors: those of assay_recipe_read; USAGE for a name that is taken. */
json_t *assay_import_recipe      (const char *directory, const char *name, AssayJobContext *context, GError **error);
void    assay_import_recipe_view (const json_t *document, AssayView *view);
