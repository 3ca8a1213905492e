/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer_momentum.c: gradient descent with heavy-ball momentum. */
#include "run/optimizer.h"

#include "run/backend_vector.h"

static void
size (const AssayValues *options, gint64 P, guint *n_state, guint *n_work, guint *n_scalars)
{
  (void) options;
  (void) P;
  *n_state = 1;
  *n_work = *n_scalars = 0;
}

static gboolean
step_momentum (AssayOptimizerStep *s, GError **error)
{
  return assay_backend_vector_scale (s->backend, s->dtype, s->P, assay_values_get_double (s->options, "momentum"), s->state, error)
         && assay_backend_vector_add (s->backend, s->dtype, s->P, 1, s->gradient, s->state, error)                    /* m <- mu m + g */
         && assay_backend_vector_add (s->backend, s->dtype, s->P, -s->rate, s->state, s->theta, error);               /* theta <- theta - eta m */
}

/* b <- a_m - eta a_theta,  v = b,  a_m <- mu b */
static void
reverse_momentum (const AssayOptimizerReverse *r)
{
  double momentum = assay_values_get_double (r->options, "momentum");

  for (gint64 p = 0; p < r->P; p++)
    {
      r->direction[p] = r->state_adjoint[p] - r->rate * r->theta_adjoint[p];
      r->state_adjoint[p] = momentum * r->direction[p];
    }
}

/* m -> g / (1 - mu) */
static double
scale_momentum (const AssayValues *options, AssayDtype dtype, gint64 P, gint64 step, const void *state, double *scale)
{
  (void) dtype;
  (void) step;
  (void) state;
  for (gint64 p = 0; p < P; p++)
    scale[p] = 1 / (1 - assay_values_get_double (options, "momentum"));
  return 0;
}

ASSAY_OPTIMIZER_DEFINE (momentum) = { .name = "momentum", .help = "gradient descent with heavy-ball momentum", .size = size,
                                      .step = step_momentum, .reverse = reverse_momentum, .scale = scale_momentum };
