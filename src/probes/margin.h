/* SPDX-License-Identifier: GPL-3.0-or-later */
/* margin.h: by how much a model of features decides, at any input, and how that changes with the input.
 *
 *   of classes a and b      m (x) = log p_a (x) - log p_b (x) - offset      the difference of two logits; above 0, a is likelier than the offset asks
 *   of a real number        m (x) = y (x) - offset
 *
 * Everything is computed in double, whatever the model was trained in. The derivative by the input needs no rule of its own: the input is
 * a parameter of the graph, and m is the difference of the losses of two labels.
 * Shape letters: n inputs, D features of an input, V logits.
 * Ownership: a margin copies the model's parameters and borrows the backend. Thread rule: one call at a time.
 */
#pragma once

#include "model/exec.h"
#include "model/model.h"

typedef struct _AssayMargin AssayMargin;

/* Of a model of classes: a against b; of a real number both are ignored. */
typedef struct {
  gint64 a, b;
  double offset;
} AssayMarginChoice;

/* Errors: USAGE for a model of tokens; NO_MEMORY. */
AssayMargin *assay_margin_new         (const AssayModel *model, AssayBackend *backend, GError **error);
void         assay_margin_free        (AssayMargin *margin);

gint64       assay_margin_get_size    (const AssayMargin *margin);        /* D */
gint64       assay_margin_get_width   (const AssayMargin *margin);        /* V */
gboolean     assay_margin_has_classes (const AssayMargin *margin);
/* Classes that the logits tell apart: 2 for one logit; 0 for a real number. */
gint64       assay_margin_get_n_classes (const AssayMargin *margin);

/* logits (n,V) at x (n,D). Cost: a forward walk of n inputs, in blocks. Errors: NAN; those of the walk. */
gboolean     assay_margin_logits      (AssayMargin *margin, const double *x, gint64 n, double *logits, GError **error);
double       assay_margin_of_logits   (const AssayMargin *margin, const AssayMarginChoice *choice, const double *logits);
gboolean     assay_margin_values      (AssayMargin *margin, const AssayMarginChoice *choice, const double *x, gint64 n, double *value, GError **error);
/* gradient (n,D) = dm/dx. Cost: a forward and a backward walk of 2 n inputs. */
gboolean     assay_margin_gradients   (AssayMargin *margin, const AssayMarginChoice *choice, const double *x, gint64 n, double *gradient, GError **error);

/* TRUE where m is affine in x by the model's construction: logits are one linear map of the input. weight (D) receives its slope. */
gboolean     assay_margin_get_slope   (const AssayMargin *margin, const AssayMarginChoice *choice, double *weight);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayMargin, assay_margin_free)
