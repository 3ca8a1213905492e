/* SPDX-License-Identifier: GPL-3.0-or-later */
/* self_checks_influence.c: was the system solved, and do the scores say what retraining does? */
#include "gui/self_checks_private.h"

#include "base/json.h"
#include "hessian/solver.h"
#include "job/view.h"
#include "store/reader.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define REASON "/scores/solver/reason"
#define RESIDUAL "/scores/solver/true_residual"

/* Reasons and true residuals of all queries. n receives their number. Owns: the caller, both. */
static gboolean
read_solves (AssayReader *reader, gint64 **reason, double **residual, gint64 *n, GError **error)
{
  AssayArrayInfo info;

  if (!assay_reader_describe (reader, REASON, &info, error))
    return FALSE;
  *n = info.dims[0];
  *reason = g_new0 (gint64, (gsize) MAX (*n, 1));
  *residual = g_new0 (double, (gsize) MAX (*n, 1));
  return assay_reader_read (reader, REASON, ASSAY_STORE_I64, *reason, error) && assay_reader_read (reader, RESIDUAL, ASSAY_STORE_F64, *residual, error);
}

static void
add_solves (AssayCheckReading *reading, const char *of, const AssayObject *scores, const gint64 *reason, const double *residual, gint64 n)
{
  double tolerance = assay_json_get_number (json_object_get (scores->meta, "options"), "tolerance"), worst = 0;
  g_autofree char *reference = g_strdup_printf ("%s#0", scores->name), *number = NULL, *bound = assay_view_number (tolerance, 2), *all = assay_view_count (n);
  gint64 stopped = 0;
  AssaySelfCheck *check;

  for (gint64 q = 0; q < n; q++)
    {
      worst = fmax (worst, isfinite (residual[q]) ? residual[q] : INFINITY);
      stopped += !assay_solve_has_converged (reason[q]);
    }
  number = assay_view_number (worst, 2);
  check = assay_self_check_add (reading->checks, _("Solve behind the influence scores"), of, stopped > 0 ? ASSAY_MARK_FAILED : ASSAY_MARK_PASSED,
                                stopped > 0 ? _("The solve did not converge: its scores are withheld. A larger damping or more iterations may mend that.")
                                : _("The true residual of the damped system, computed anew from the solution. It bounds the solve, not what retraining would give."));
  assay_self_check_measured (check, stopped > 0 ? g_strdup_printf (_("%d of %s stopped, residual %s"), (int) stopped, all, number)
                             : n > 1 ? g_strdup_printf (_("worst residual of %s: %s"), all, number) : g_strdup_printf (_("residual %s"), number),
                             isfinite (tolerance) ? g_strdup_printf (_("at most %s"), bound) : g_strdup (""));
  assay_self_check_link (check, "influence", "query", reference);
}

/* --- against retraining -------------------------------------------------------------------------------------------- */

static const AssayObject *
find_validation (const AssayCaseContents *contents, const char *method, const char *model)
{
  const AssayObject *newest = NULL;

  for (guint k = 0; k < contents->objects->len; k++)
    {
      const AssayObject *object = contents->objects->pdata[k];

      if (strcmp (object->kind, "validation") == 0 && strcmp (assay_json_get_text (object->meta, "method"), method) == 0
          && strcmp (assay_json_get_text (json_object_get (object->meta, "subject"), "model"), model) == 0
          && (newest == NULL || object->sequence > newest->sequence))
        newest = object;
    }
  return newest;
}

/* One check for a method and a model, however many scores they gave. */
static gboolean
is_there (const AssayCheckReading *reading, const char *what, const char *of)
{
  for (guint k = 0; k < reading->checks->len; k++)
    {
      const AssaySelfCheck *check = reading->checks->pdata[k];

      if (strcmp (check->what, what) == 0 && strcmp (check->of, of) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
add_validation (AssayCheckReading *reading, const AssayObject *scores)
{
  const char *method = assay_json_get_text (json_object_get (scores->meta, "attributes"), "method");
  const char *model = assay_json_get_text (json_object_get (scores->meta, "subject"), "model"), *what = _("Influence scores against retraining");
  const AssayObject *validation = find_validation (reading->contents, method, model);
  const json_t *result = validation ? json_object_get (validation->meta, "result") : NULL, *one = json_object_get (result, "loo");
  const json_t *agreement = json_is_object (one) ? one : json_object_get (result, "lds"), *pearson = json_object_get (agreement, "pearson");
  double value = assay_json_get_number (pearson, "value"), lo = assay_json_get_number (pearson, "lo"), hi = assay_json_get_number (pearson, "hi");
  g_autofree char *of = validation ? g_strconcat ("validation/", validation->name, NULL) : g_strdup_printf ("model/%s", model);
  g_autofree char *reference = g_strdup_printf ("%s#0", scores->name), *r = assay_view_number (value, 4), *low = assay_view_number (lo, 4), *high = assay_view_number (hi, 4);
  AssayMark mark = !isfinite (value) ? ASSAY_MARK_UNKNOWN : lo > 0 ? ASSAY_MARK_PASSED : ASSAY_MARK_FAILED;
  g_autofree char *why = !isfinite (value) ? g_strdup_printf (_("Nobody has looked whether scores of method %s on model %s follow real retrainings. They may be right."), method, model)
                         : g_strdup_printf (_("Correlation of predicted with measured changes for method %s on model %s, over %d retrainings."), method, model,
                                            (int) json_integer_value (json_object_get (agreement, "sets")));
  AssaySelfCheck *check;

  if (is_there (reading, what, of))
    return;
  check = assay_self_check_add (reading->checks, what, of, mark, why);
  if (isfinite (value))
    assay_self_check_measured (check, g_strdup_printf (_("%s, 95 %% interval %s to %s"), r, low, high), g_strdup (_("interval above 0")));
  assay_self_check_link (check, "influence", "query", reference);
}

void
assay_self_checks_of_scores (AssayCheckReading *reading, AssayObject *scores)
{
  g_autofree char *of = g_strconcat ("scores/", scores->name, NULL);
  g_autofree gint64 *reason = NULL;
  g_autofree double *residual = NULL;
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayReader) reader = assay_reader_new (reading->cas, scores, &fault);
  gint64 n = 0;

  if (reader != NULL && assay_reader_has (reader, REASON) && read_solves (reader, &reason, &residual, &n, &fault))
    add_solves (reading, of, scores, reason, residual, n);
  if (fault != NULL)
    assay_self_check_add_unreadable (reading->checks, _("Solve behind the influence scores"), of, fault);
  add_validation (reading, scores);
}
