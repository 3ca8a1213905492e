/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coefficients.c: names, estimates and standard errors of a regression. */
#include "job/coefficients.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "dataset/design.h"
#include "hessian/curvature.h"
#include "hessian/dense.h"
#include "hessian/gradient.h"
#include "job/identifiability.h"

#include <math.h>
#include <string.h>

#define MEMORY_LIMIT ((guint64) 4 << 30)
#define BATCH 256

gboolean
assay_coefficients_exist (const AssayModel *model, const AssayDataset *dataset)
{
  return strcmp (assay_model_get_block (model)->name, "linear") == 0 && assay_dataset_get_term_names (dataset) != NULL;
}

/* --- standard errors ----------------------------------------------------------------------------------------------- */

static gboolean
is_least_squares (const AssayRegression *r)
{
  return assay_dataset_get_target_kind (r->dataset) == ASSAY_TARGET_REAL;
}

static gint64
offset_of (const AssayModel *model, const char *suffix, gint64 *rows)
{
  g_autofree char *name = g_strconcat (assay_values_get_string (assay_model_get_config (model), "name"), suffix, NULL);
  AssayGraph *layout = assay_model_get_layout (model);
  guint value = assay_graph_find (layout, name);

  if (value == ASSAY_NO_VALUE)
    return -1;
  *rows = assay_graph_get_value (layout, value)->shape.dim[0];
  return assay_graph_get_value (layout, value)->offset;
}

/* 2 sum_i l_i / (N - P): the residual variance of least squares with l = residual^2 / 2. */
static gboolean
residual_variance (const AssayRegression *r, const AssayPoint *point, double *variance, GError **error)
{
  gint64 P = assay_model_get_n_params (r->model);
  g_autoptr (AssayBuffer) gradient = assay_mem_new (double, P, error);
  g_autoptr (AssayBuffer) loss = gradient ? assay_mem_new (double, r->n_train, error) : NULL;
  double sum = 0;

  if (loss == NULL || !assay_gradient_mean (point, gradient, loss, error))
    return FALSE;
  for (gint64 i = 0; i < r->n_train; i++)
    sum += ((double *) loss)[i];
  *variance = r->n_train > P ? 2 * sum / (double) (r->n_train - P) : (double) NAN;
  return TRUE;
}

/* matrix (P,P) <- S matrix S with ones on its diagonal, S = diag (scale); what has no curvature of its own becomes zeros. */
static void
scale_to_unit (gint64 P, double *matrix, double *scale)
{
  for (gint64 k = 0; k < P; k++)
    scale[k] = matrix[k * P + k] > 0 ? 1 / sqrt (matrix[k * P + k]) : 0;
  for (gint64 k = 0; k < P; k++)
    for (gint64 j = 0; j < P; j++)
      matrix[k * P + j] *= scale[k] * scale[j];
}

/* Says which terms a singular Hessian leaves open. matrix (P,P) has ones or zeros on its diagonal. */
static gboolean
note_singular (const AssayRegression *r, const double *matrix, json_t *notes, GError **error)
{
  const GPtrArray *terms = assay_dataset_get_term_names (r->dataset);
  gint64 P = assay_model_get_n_params (r->model), rows = 1, n = 0, weight = offset_of (r->model, ".weight", &rows);
  gint64 bias = offset_of (r->model, ".bias", &rows);
  g_autofree gint64 *order = g_new (gint64, P);
  g_autofree const char **names = g_new0 (const char *, P);
  g_autofree gboolean *mark = g_new0 (gboolean, P);
  g_autofree char *list = NULL, *text = NULL;
  g_autoptr (AssayBuffer) ordered = NULL;

  if (rows > 1)
    {
      text = g_strdup_printf ("a softmax over %" G_GINT64_FORMAT " classes stays the same when one vector is added to the coefficients of every class: "
                              "only differences between classes are determined; train with --l2 for standard errors", rows);
      json_array_append_new (notes, json_string (text));
      return TRUE;
    }
  if (bias >= 0)
    {
      order[n] = bias;
      names[n++] = ASSAY_TERM_INTERCEPT;
    }
  for (guint d = 0; d < terms->len; d++, n++)
    {
      order[n] = weight + d;
      names[n] = terms->pdata[d];
    }
  ordered = assay_mem_new (double, n * n, error);
  if (ordered == NULL)
    return FALSE;
  for (gint64 k = 0; k < n; k++)
    for (gint64 j = 0; j < n; j++)
      ((double *) ordered)[k * n + j] = matrix[order[k] * P + order[j]];
  if (!assay_identifiability_mark (n, ordered, mark, error))
    return FALSE;
  list = assay_identifiability_list (n, names, mark);
  text = g_strdup_printf ("the Hessian is singular: the data do not tell %s from what stands before; leave it out, or train with --l2 (the estimates are "
                          "one choice among equally good ones)", list);
  json_array_append_new (notes, json_string (text));
  return TRUE;
}

/* (N (H + l2 I))^-1, its diagonal; *reason says why there is none. Takes the matrix. Scaled first: a column of large numbers, or a term
 * that nearly separates the classes, makes a matrix badly scaled and not singular. */
static gboolean
invert (const AssayRegression *r, double *matrix, double *diagonal, const char **reason, json_t *notes, GError **error)
{
  static const char *const singular = "none: the Hessian of the total loss is singular";
  gint64 P = assay_model_get_n_params (r->model);
  g_autoptr (AssayBuffer) taken = matrix, column = assay_mem_new (double, P, error), scale = column ? assay_mem_new (double, P, error) : NULL;
  g_autoptr (AssayFactor) factor = NULL;
  double *x = column, *s = scale;

  if (scale == NULL)
    return FALSE;
  assay_dense_symmetrise (P, matrix);
  for (gint64 k = 0; k < P; k++)
    matrix[k * P + k] += r->l2;
  scale_to_unit (P, matrix, s);
  factor = assay_factor_new (NULL, "Hessian of the total loss", ASSAY_F64, P, g_steal_pointer (&taken), TRUE, error);
  if (factor == NULL)
    return FALSE;
  if (factor->is_singular || factor->n_negative > 0 || factor->reciprocal_condition < P * 0x1p-53)
    {
      *reason = singular;
      return note_singular (r, factor->original, notes, error);
    }
  for (gint64 k = 0; k < P; k++)
    {
      memset (x, 0, P * sizeof *x);
      x[k] = s[k];
      if (!assay_factor_solve (factor, 1, x, error))
        return FALSE;
      diagonal[k] = s[k] * x[k] / (double) r->n_train;
    }
  return TRUE;
}

static gboolean
standard_errors (const AssayRegression *r, double *std_error, const char **basis, json_t *notes, AssayProgress *progress, GError **error)
{
  AssayPoint point = { .model = r->model, .dataset = r->dataset, .examples = r->train, .n_examples = r->n_train, .dtype = ASSAY_F64,
                       .batch = BATCH, .memory = (gsize) 1 << 30, .backend = r->backend };
  g_autoptr (AssayLinop) hessian = assay_curvature_open ("hessian", &point, error);
  const char *reason = NULL;
  double *matrix, variance = 1;

  matrix = hessian ? assay_dense_assemble (hessian, 0, 2, MEMORY_LIMIT, progress, error) : NULL;
  if (matrix == NULL || !invert (r, matrix, std_error, &reason, notes, error) || (is_least_squares (r) && !residual_variance (r, &point, &variance, error)))
    return FALSE;
  *basis = reason ? reason
           : is_least_squares (r) ? "inverse Hessian of the total loss times the residual variance" : "inverse Hessian of the total loss";
  for (gint64 k = 0; k < assay_model_get_n_params (r->model); k++)
    std_error[k] = reason ? (double) NAN : sqrt (std_error[k] * variance);
  return TRUE;
}

/* --- table --------------------------------------------------------------------------------------------------------- */

typedef struct {
  const double *theta, *std_error;      /* (P) */
  gint64 weight, bias;          /* offsets; bias -1: no intercept */
  gint64 D, n_rows;             /* rows of the weight: 1, or one for each class */
  const GPtrArray *terms, *classes;
} Table;

static json_t *
make_row (const Table *t, const char *term, gint64 row, gint64 index)
{
  gint64 class = t->n_rows == 1 ? 1 : row;      /* of one logit: the class it speaks for */
  const char *name = t->classes && class < t->classes->len ? t->classes->pdata[class] : NULL;

  return json_pack ("{s:s, s:s?, s:o, s:o}", "term", term, "class", name, "estimate", assay_json_number (t->theta[index]),
                    "std_error", assay_json_number (t->std_error[index]));
}

static json_t *
make_rows (const Table *t)
{
  json_t *list = json_array ();

  for (gint64 row = 0; row < t->n_rows; row++)
    {
      if (t->bias >= 0)
        json_array_append_new (list, make_row (t, ASSAY_TERM_INTERCEPT, row, t->bias + row));
      for (gint64 d = 0; d < t->D; d++)
        json_array_append_new (list, make_row (t, t->terms->pdata[d], row, t->weight + row * t->D + d));
    }
  return list;
}

json_t *
assay_coefficients_to_json (const AssayRegression *r, gboolean with_errors, json_t *notes, AssayProgress *progress, GError **error)
{
  gint64 P = assay_model_get_n_params (r->model), rows;
  g_autoptr (AssayBuffer) theta = assay_mem_new (double, P, error);
  g_autoptr (AssayBuffer) std_error = theta ? assay_mem_new (double, P, error) : NULL;
  const char *basis = "none: not asked for";
  Table table = { .theta = theta, .std_error = std_error, .terms = assay_dataset_get_term_names (r->dataset),
                  .classes = assay_dataset_get_class_names (r->dataset) };

  if (std_error == NULL)
    return NULL;
  assay_model_read_theta (r->model, theta);
  for (gint64 k = 0; k < P; k++)
    ((double *) std_error)[k] = NAN;
  if (with_errors && !standard_errors (r, std_error, &basis, notes, progress, error))
    return NULL;
  table.D = table.terms->len;
  table.weight = offset_of (r->model, ".weight", &table.n_rows);
  table.bias = offset_of (r->model, ".bias", &rows);
  if (with_errors && table.classes != NULL && table.n_rows == 1 && r->l2 == 0 && !isnan (table.std_error[table.weight])
      && !assay_identifiability_note_separation (r, table.std_error + table.weight, notes, error))
    return NULL;
  return json_pack ("{s:o, s:s}", "coefficients", make_rows (&table), "std_error_basis", basis);
}
