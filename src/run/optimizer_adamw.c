/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer_adamw.c: Adam with decoupled weight decay on every parameter.
 *
 *   m <- b1 m + (1 - b1) g           u <- b2 u + (1 - b2) g^2
 *   theta <- theta - eta (m / c1) / (sqrt (u / c2 + eps_root) + eps) - eta gamma theta        c_k = 1 - b_k^t
 *
 * Source: Loshchilov & Hutter 2019, algorithm 2; eps_root smooths the map from data to theta (0 gives the paper's form).
 */
#include "run/optimizer.h"

#include "run/backend_vector.h"

#include <math.h>

typedef struct {
  void *theta, *m, *u;
  const void *g;
  double b1, b2, c1, c2, eps, eps_root, rate, decay;
} Update;

static void
size (const AssayValues *options, gint64 P, guint *n_state, guint *n_work, guint *n_scalars)
{
  (void) options;
  (void) P;
  *n_state = 2;
  *n_work = *n_scalars = 0;
}

#define UPDATE(name, type, root)                                                                                        \
  static void                                                                                                           \
  name (gint64 first, gint64 end, gpointer data)                                                                        \
  {                                                                                                                     \
    const Update *p = data;                                                                                             \
    type *restrict theta = p->theta, *restrict m = p->m, *restrict u = p->u;                                            \
    const type *restrict g = p->g;                                                                                      \
    type b1 = (type) p->b1, b2 = (type) p->b2, a1 = (type) (1 - p->b1), a2 = (type) (1 - p->b2);                        \
    type per_c1 = (type) (p->rate / p->c1), per_c2 = (type) (1 / p->c2), eps = (type) p->eps;                           \
    type eps_root = (type) p->eps_root, decay = (type) (p->rate * p->decay);                                            \
                                                                                                                        \
    for (gint64 i = first; i < end; i++)                                                                                \
      {                                                                                                                 \
        m[i] = b1 * m[i] + a1 * g[i];                                                                                   \
        u[i] = b2 * u[i] + a2 * g[i] * g[i];                                                                            \
        theta[i] -= per_c1 * m[i] / (root (u[i] * per_c2 + eps_root) + eps) + decay * theta[i];                         \
      }                                                                                                                 \
  }

UPDATE (update_f32, float, sqrtf)
UPDATE (update_f64, double, sqrt)

static gboolean
step_adamw (AssayOptimizerStep *s, GError **error)
{
  double b1 = assay_values_get_double (s->options, "beta1"), b2 = assay_values_get_double (s->options, "beta2");
  Update update = { .theta = s->theta, .g = s->gradient, .m = s->state, .u = (char *) s->state + s->P * assay_dtype_width (s->dtype),
                    .b1 = b1, .b2 = b2, .c1 = 1 - pow (b1, (double) s->step), .c2 = 1 - pow (b2, (double) s->step),
                    .eps = assay_values_get_double (s->options, "eps"), .eps_root = assay_values_get_double (s->options, "eps-root"),
                    .rate = s->rate, .decay = assay_values_get_double (s->options, "weight-decay") };

  if (assay_backend_vector_is_there (s->backend, s->theta))
    {
      const double attr[] = { b1, b2, s->rate / update.c1, 1 / update.c2, update.eps, update.eps_root, s->rate * update.decay };
      void *const y[] = { s->theta, update.m, update.u };

      return assay_backend_vector_run (s->backend, "step_adamw", s->dtype, s->P, attr, 1, &update.g, G_N_ELEMENTS (y), y, error);
    }
  assay_vector_run (s->backend->workers, s->P, s->dtype == ASSAY_F32 ? update_f32 : update_f64, &update);
  return TRUE;
}

/* With D = sqrt (u / c2 + eps_root), all of m, u behind the step:
 *   b_m = a_m - eta / (c1 (D + eps)) a_theta         b_u = a_u + eta (m / c1) / ((D + eps)^2 2 D c2) a_theta
 *   v = (1 - b1) b_m + 2 (1 - b2) g b_u              a_theta <- (1 - eta gamma) a_theta,  a_m <- b1 b_m,  a_u <- b2 b_u
 * Where D is 0 no gradient was ever there, and u's part of the derivative is left out.
 * Source: influence chapter, section 8.2. */
static void
reverse_adamw (const AssayOptimizerReverse *r)
{
  double b1 = assay_values_get_double (r->options, "beta1"), b2 = assay_values_get_double (r->options, "beta2");
  double c1 = 1 - pow (b1, (double) r->step), c2 = 1 - pow (b2, (double) r->step), eps = assay_values_get_double (r->options, "eps");
  double eps_root = assay_values_get_double (r->options, "eps-root"), decay = assay_values_get_double (r->options, "weight-decay");
  double *a_m = r->state_adjoint, *a_u = r->state_adjoint + r->P;

  for (gint64 p = 0; p < r->P; p++)
    {
      double m = r->dtype == ASSAY_F32 ? (double) ((const float *) r->state)[p] : ((const double *) r->state)[p];
      double u = r->dtype == ASSAY_F32 ? (double) ((const float *) r->state)[r->P + p] : ((const double *) r->state)[r->P + p];
      double D = sqrt (u / c2 + eps_root), a = r->theta_adjoint[p], denominator = D + eps;
      double b_m = a_m[p] - r->rate / (c1 * denominator) * a;
      double b_u = a_u[p] + (D > 0 ? r->rate * (m / c1) / (denominator * denominator * 2 * D * c2) * a : 0);

      r->direction[p] = (1 - b1) * b_m + 2 * (1 - b2) * r->gradient[p] * b_u;
      r->theta_adjoint[p] = (1 - r->rate * decay) * a;
      a_m[p] = b1 * b_m;
      a_u[p] = b2 * b_u;
    }
}

/* 1 / (sqrt (u / c2 + eps_root) + eps), and gamma: m / c1 is a mean, which is g */
static double
scale_adamw (const AssayValues *options, AssayDtype dtype, gint64 P, gint64 step, const void *state, double *scale)
{
  double c2 = 1 - pow (assay_values_get_double (options, "beta2"), (double) step), eps = assay_values_get_double (options, "eps");
  double eps_root = assay_values_get_double (options, "eps-root");

  for (gint64 p = 0; p < P; p++)
    {
      double u = dtype == ASSAY_F32 ? (double) ((const float *) state)[P + p] : ((const double *) state)[P + p];

      scale[p] = 1 / (sqrt (u / c2 + eps_root) + eps);
    }
  return assay_values_get_double (options, "weight-decay");
}

ASSAY_OPTIMIZER_DEFINE (adamw) = { .name = "adamw", .help = "Adam with decoupled weight decay", .size = size, .step = step_adamw,
                                   .reverse = reverse_adamw, .scale = scale_adamw };
