/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_check.c: the properties that an operator must have, measured. */
#include "hessian/linop_check.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "hessian/gradient.h"
#include "hessian/vector_f64.h"
#include "tensor/compare.h"

#include <float.h>

#define N_DIRECTIONS 2
#define DIFFERENCE_STEP 1e-7    /* along a unit direction, relative to |theta|: small enough to cross few kinks */

/* --- the table ------------------------------------------------------------------------------------------------------------ */

static void
check_free (gpointer data)
{
  AssayCheck *check = data;

  g_free (check->name);
  g_free (check->meaning);
  g_free (check);
}

GPtrArray *
assay_check_table_new (void)
{
  return g_ptr_array_new_with_free_func (check_free);
}

void
assay_check_table_add (GPtrArray *table, const char *name, const char *meaning, double value, double bound)
{
  AssayCheck *check = g_new0 (AssayCheck, 1);

  *check = (AssayCheck) { g_strdup (name), g_strdup (meaning), value, bound, value <= bound };
  g_ptr_array_add (table, check);
}

json_t *
assay_check_table_to_json (const GPtrArray *table)
{
  json_t *list = json_array ();

  for (guint k = 0; k < table->len; k++)
    {
      const AssayCheck *check = table->pdata[k];

      json_array_append_new (list, json_pack ("{s:s, s:s, s:o, s:o, s:b}", "name", check->name, "meaning", check->meaning, "value", assay_json_number (check->value), "bound",
                                              assay_json_number (check->bound), "passed", check->passed));
    }
  return list;
}

gboolean
assay_check_table_has_passed (const GPtrArray *table)
{
  for (guint i = 0; i < table->len; i++)
    if (!((const AssayCheck *) table->pdata[i])->passed)
      return FALSE;
  return table->len > 0;
}

static void
add_row (GPtrArray *table, const char *of, const char *what, const char *meaning, double value, double bound)
{
  g_autofree char *name = g_strdup_printf ("%s: %s", of, what);

  assay_check_table_add (table, name, meaning, value, bound);
}

/* The worse of two values, where NaN is worst. */
static double
worse (double a, double b)
{
  return isnan (a) || a > b ? a : b;
}

/* --- any operator --------------------------------------------------------------------------------------------------------- */

static void
draw (guint64 seed, const char *purpose, guint index, gint64 n, double *x)
{
  AssayRng rng = assay_rng_new (seed, assay_rng_stream (purpose, index));

  for (gint64 i = 0; i < n; i++)
    x[i] = assay_rng_normal (&rng);
}

typedef struct { double linear, symmetric, semidefinite; } Properties;

/* u, v, w and their products, X and Y (3,n); w = a u + b v. */
static void
measure (gint64 n, double a, double b, const double *X, const double *Y, Properties *worst)
{
  const double *u = X, *v = X + n, *Au = Y, *Av = Y + n, *Aw = Y + 2 * n;
  double Au_norm = assay_f64_norm (n, Au), Av_norm = assay_f64_norm (n, Av), difference = 0;
  double size = fabs (a) * Au_norm + fabs (b) * Av_norm, uAv = assay_f64_dot (n, u, Av), vAu = assay_f64_dot (n, v, Au);
  double u_norm = assay_f64_norm (n, u), v_norm = assay_f64_norm (n, v);

  for (gint64 i = 0; i < n; i++)
    {
      double d = Aw[i] - a * Au[i] - b * Av[i];

      difference += d * d;
    }
  if (size != 0)                                                  /* true for NaN, which must show */
    worst->linear = worse (sqrt (difference) / size, worst->linear);
  if (Au_norm != 0 && Av_norm != 0)
    {
      worst->symmetric = worse (fabs (uAv - vAu) / MAX (u_norm * Av_norm, v_norm * Au_norm), worst->symmetric);
      worst->semidefinite = worse (-assay_f64_dot (n, u, Au) / (u_norm * Au_norm), worst->semidefinite);
      worst->semidefinite = worse (-assay_f64_dot (n, v, Av) / (v_norm * Av_norm), worst->semidefinite);
    }
}

gboolean
assay_linop_check (AssayLinop *op, gboolean is_semidefinite, guint64 seed, guint n_directions, GPtrArray *table, GError **error)
{
  gint64 n = op->n;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (6 * n, sizeof (double), error);
  double *X = memory, *Y = X + 3 * n, least = 10 * DBL_EPSILON;
  Properties worst = { 0 };

  if (memory == NULL)
    return FALSE;
  for (guint d = 0; d < n_directions; d++)
    {
      AssayRng rng = assay_rng_new (seed, assay_rng_stream ("check: combination", d));
      double a = assay_rng_normal (&rng), b = assay_rng_normal (&rng);

      draw (seed, "check: u", d, n, X);
      draw (seed, "check: v", d, n, X + n);
      for (gint64 i = 0; i < n; i++)
        X[2 * n + i] = a * X[i] + b * X[n + i];
      if (!assay_linop_apply (op, 3, X, Y, error))
        return FALSE;
      measure (n, a, b, X, Y, &worst);
    }
  add_row (table, op->name, "linear", "|A(au+bv) - aAu - bAv| / (|aAu| + |bAv|)", worst.linear, MAX (10 * op->product_error, least));
  if (op->is_symmetric)
    add_row (table, op->name, "symmetric", "|u'Av - v'Au| / (|u||Av|)", worst.symmetric, MAX (op->product_error / 10, least));
  if (is_semidefinite)
    add_row (table, op->name, "positive semi-definite", "-v'Av / (|v||Av|)", worst.semidefinite, MAX (op->product_error, least));
  return TRUE;
}

gboolean
assay_linop_check_against (AssayLinop *op, AssayLinop *other, double bound, guint64 seed, guint n_directions, GPtrArray *table,
                           GError **error)
{
  gint64 n = op->n;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (3 * n, sizeof (double), error);
  g_autofree char *what = g_strdup_printf ("equals %s", other->name);
  double *x = memory, *y = x + n, *z = y + n, worst = 0;

  g_return_val_if_fail (op->n == other->n, FALSE);
  if (memory == NULL)
    return FALSE;
  for (guint d = 0; d < n_directions; d++)
    {
      draw (seed, "check: against", d, n, x);
      if (!assay_linop_apply (op, 1, x, y, error) || !assay_linop_apply (other, 1, x, z, error))
        return FALSE;
      worst = worse (assay_compare (y, z, n).relative, worst);
    }
  add_row (table, op->name, what, "max |Av - Bv| / max |Bv|", worst, bound);
  return TRUE;
}

/* --- a model -------------------------------------------------------------------------------------------------------------- */

/* What differences are taken of, at theta + step v. */
typedef struct {
  AssayPoint point;             /* in f64; its theta is moved */
  gint64 P, N;
  double *theta, *moved;        /* (P) */
  double *v;                    /* (P), of norm 1 */
  double *gradient;             /* (P) at theta */
  double *loss;                 /* (N) at moved */
  double *forward, *backward;   /* (P) gradients at theta + h v, theta - h v */
  double *coarse, *fine;        /* (P) differences of gradients with step h and h / 2 */
  double *product;              /* (P) H v */
  double *along;                /* (N) g_i'v */
  double *row_norm;             /* (N) |g_i| */
  double *fisher;               /* (P) (1/N) sum_i (g_i'v) g_i */
  double typical;               /* root mean square of |g_i| */
} Bench;

static double
mean (gint64 n, const double *x)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += x[i];
  return sum / n;
}

/* gradient and mean loss at theta + step v. */
static gboolean
evaluate (Bench *bench, double step, double *gradient, double *loss, GError **error)
{
  for (gint64 i = 0; i < bench->P; i++)
    bench->moved[i] = bench->theta[i] + step * bench->v[i];
  if (!assay_gradient_mean (&bench->point, gradient, bench->loss, error))
    return FALSE;
  *loss = mean (bench->N, bench->loss);
  return TRUE;
}

/* Central differences of gradients, difference (P), and of losses, *slope. */
static gboolean
differentiate (Bench *bench, double step, double *difference, double *slope, GError **error)
{
  double ahead, behind;

  if (!evaluate (bench, step, bench->forward, &ahead, error) || !evaluate (bench, -step, bench->backward, &behind, error))
    return FALSE;
  for (gint64 i = 0; i < bench->P; i++)
    difference[i] = (bench->forward[i] - bench->backward[i]) / (2 * step);
  *slope = (ahead - behind) / (2 * step);
  return TRUE;
}

static double
distance (gint64 n, const double *a, const double *b)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt (sum);
}

static gboolean
take_gradient (gint64 i, double loss, const double *gradient, gpointer data, GError **error)
{
  Bench *bench = data;
  double along = assay_f64_dot (bench->P, gradient, bench->v);

  (void) loss;
  (void) error;
  bench->row_norm[i] = assay_f64_norm (bench->P, gradient);
  assay_f64_add (bench->P, along / bench->N, gradient, bench->fisher);
  return TRUE;
}

static gboolean
check_differences (Bench *bench, GPtrArray *table, GError **error)
{
  double step = DIFFERENCE_STEP * MAX (1, assay_f64_norm (bench->P, bench->theta)), coarse_slope, fine_slope, loss, exact, rounding;
  g_autoptr (AssayLinop) H = NULL;

  bench->point.theta = bench->moved;
  if (!differentiate (bench, step, bench->coarse, &coarse_slope, error) || !differentiate (bench, step / 2, bench->fine, &fine_slope, error)
      || !evaluate (bench, 0, bench->gradient, &loss, error))
    return FALSE;
  H = assay_curvature_open ("hessian", &bench->point, error);     /* moved is theta now */
  if (H == NULL || !assay_linop_apply (H, 1, bench->v, bench->product, error))
    return FALSE;
  exact = assay_f64_dot (bench->P, bench->gradient, bench->v);
  rounding = 100 * DBL_EPSILON * (loss + bench->typical) / step;
  assay_check_table_add (table, "gradient: differences of losses", "|(l(t+hv) - l(t-hv)) / 2h - g'v| / rms |g_i|",
                         fabs (fine_slope - exact) / bench->typical, (fabs (coarse_slope - fine_slope) + rounding) / bench->typical);
  assay_check_table_add (table, "Hessian: differences of gradients", "|(g(t+hv) - g(t-hv)) / 2h - Hv| / rms |g_i|",
                         distance (bench->P, bench->fine, bench->product) / bench->typical,
                         (distance (bench->P, bench->coarse, bench->fine) + rounding) / bench->typical);
  return TRUE;
}

/* Against gradients of single examples, in the point's own type. */
static gboolean
check_against_rows (Bench *bench, const AssayPoint *point, GPtrArray *table, AssayProgress *progress, GError **error)
{
  double bound = assay_point_get_product_error (point), size = 0, squares = 0;
  g_autoptr (AssayLinop) F = assay_curvature_open ("fisher", point, error);

  if (F == NULL || !assay_gradient_each (point, take_gradient, bench, progress, error)
      || !assay_linop_apply (F, 1, bench->v, bench->product, error)
      || !assay_gradient_along (point, 1, bench->v, bench->along, progress, error)
      || !assay_gradient_mean (point, bench->gradient, NULL, error))
    return FALSE;
  for (gint64 i = 0; i < bench->N; i++)
    {
      size += fabs (bench->along[i]) * bench->row_norm[i] / bench->N;
      squares += bench->row_norm[i] * bench->row_norm[i] / bench->N;
    }
  bench->typical = squares > 0 ? sqrt (squares) : 1;
  assay_check_table_add (table, "Fisher: equals single gradients", "|Fv - mean (g_i'v) g_i| / mean |g_i'v||g_i|",
                         size > 0 ? distance (bench->P, bench->product, bench->fisher) / size : 0, bound);
  assay_check_table_add (table, "directional derivatives: equal the gradient", "|mean g_i'v - g'v| / rms |g_i|",
                         fabs (mean (bench->N, bench->along) - assay_f64_dot (bench->P, bench->gradient, bench->v)) / bench->typical, bound);
  return TRUE;
}

static gboolean
check_operators (const AssayPoint *point, guint64 seed, GPtrArray *table, AssayProgress *progress, GError **error)
{
  const AssayCurvature *const *all = assay_curvature_list ();
  double bound = assay_point_get_product_error (point);
  g_autoptr (AssayLinop) hessian = NULL, oracle = NULL;

  for (guint c = 0; all[c] != NULL; c++)
    {
      g_autoptr (AssayLinop) op = NULL;

      if (g_str_equal (all[c]->name, "complex-step"))             /* the oracle is what others are held against */
        continue;
      assay_progress_report (progress, "checking operators", table->len, 0, "checks", all[c]->name);
      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      op = all[c]->open (point, error);
      if (op == NULL || !assay_linop_check (op, all[c]->is_semidefinite, seed, N_DIRECTIONS, table, error))
        return FALSE;
    }
  hessian = assay_curvature_open ("hessian", point, error);
  oracle = hessian ? assay_curvature_open ("complex-step", point, error) : NULL;
  return oracle != NULL && assay_linop_check_against (hessian, oracle, bound, seed, N_DIRECTIONS, table, error);
}

gboolean
assay_curvature_check (const AssayPoint *point, guint64 seed, GPtrArray *table, AssayProgress *progress, GError **error)
{
  gint64 P = assay_model_get_n_params (point->model), N = point->n_examples;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (10 * P + 3 * N, sizeof (double), error);
  Bench bench = { .point = *point, .P = P, .N = N };
  double *next = memory, norm;
  double **vectors[] = { &bench.theta, &bench.moved, &bench.v, &bench.gradient, &bench.forward, &bench.backward, &bench.coarse, &bench.fine,
                         &bench.product, &bench.fisher };

  if (memory == NULL || !check_operators (point, seed, table, progress, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++, next += P)
    *vectors[i] = next;
  bench.loss = next;
  bench.along = next + N;
  bench.row_norm = next + 2 * N;
  bench.point.dtype = ASSAY_F64;
  assay_point_read_theta (point, ASSAY_F64, bench.theta);
  draw (seed, "check: direction", 0, P, bench.v);
  norm = assay_f64_norm (P, bench.v);
  assay_f64_scale (P, 1 / norm, bench.v);
  return check_against_rows (&bench, point, table, progress, error) && check_differences (&bench, table, error);
}
