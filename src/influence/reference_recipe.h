/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_recipe.h: one stage of the comparison with other implementations: a training that can be made again. Internal to it.
 *
 * Thread rule: one thread at a time.
 */
#pragma once

#include "base/progress.h"
#include "tensor/backend.h"

typedef void (*AssayReferenceCompareFunc) (const char *name, gint64 n, const double *ours, const double *theirs, double bound, gpointer data);

/* Calls func for each quantity that the directory (run/recipe.h) holds. Cost: one training, and two more for each bank of retrainings.
 * Errors: those of the files and of the training. */
gboolean assay_reference_check_recipe (const char *directory, AssayReferenceCompareFunc func, gpointer data, AssayBackend *backend,
                                       AssayProgress *progress, GError **error);
