/* SPDX-License-Identifier: GPL-3.0-or-later */
/* architecture.h: from the words of a person and the shape of the data to a new model.
 *
 * `model` names logistic (one affine layer with the logistic or softmax loss), linear (least squares), or an architecture of the registry.
 * What the data decide (inputs, classes, vocabulary, context) is no option; everything else that an architecture declares is, under its
 * own name, or as BLOCK-NAME where a training or a data option has that name already.
 * Thread rule: the sections are constants once made.
 */
#pragma once

#include "dataset/dataset.h"
#include "job/kind.h"
#include "model/model.h"

/* Entries { "model", NAME, help, params } for everything that can be built; ends with NULL params. */
const AssayJobSection *assay_architecture_list (void);
gboolean        assay_architecture_exists (const char *name);

/* What the target must be: CLASS for logistic, REAL for linear, else AUTO. */
AssayTargetKind assay_architecture_get_target (const char *name);
/* The same for a model that is there already, by its loss. */
AssayTargetKind assay_architecture_get_model_target (const AssayModel *model);
/* TRUE for logistic and linear: the objective is convex, so that newton finds its minimum. */
gboolean        assay_architecture_is_convex (const char *name);

/* A model for these data with the section's options; theta is zero. Errors: USAGE for a text that cannot be read or an unknown name; SHAPE
 * when the data are of the wrong kind. */
AssayModel     *assay_architecture_new    (const char *name, const AssayValues *options, AssayDataset *dataset, AssayDtype dtype, GError **error);
