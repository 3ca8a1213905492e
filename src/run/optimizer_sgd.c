/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer_sgd.c: gradient descent on batches. */
#include "run/optimizer.h"

#include "run/backend_vector.h"

static void
size (const AssayValues *options, gint64 P, guint *n_state, guint *n_work, guint *n_scalars)
{
  (void) options;
  (void) P;
  *n_state = *n_work = *n_scalars = 0;
}

static gboolean
step_sgd (AssayOptimizerStep *s, GError **error)
{
  return assay_backend_vector_add (s->backend, s->dtype, s->P, -s->rate, s->gradient, s->theta, error);    /* theta <- theta - eta g */
}

static void
reverse_sgd (const AssayOptimizerReverse *r)
{
  for (gint64 p = 0; p < r->P; p++)
    r->direction[p] = -r->rate * r->theta_adjoint[p];
}

ASSAY_OPTIMIZER_DEFINE (sgd) = { .name = "sgd", .help = "gradient descent", .size = size, .step = step_sgd, .reverse = reverse_sgd };
