/* SPDX-License-Identifier: GPL-3.0-or-later */
/* integrated_gradients.c: adaptive Gauss-Legendre along a line. */
#include "probes/integrated_gradients.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

#define POINTS 8
#define NARROWEST 0x1p-40       /* a panel that is not cut any more */

typedef struct {
  double from, to;              /* of t */
  double m_from, m_to;
  double miss;                  /* |sum of its contributions - (m_to - m_from)| */
  double *part;                 /* (D) its contributions */
} Panel;

typedef struct {
  AssayMargin *margin;
  const AssayMarginChoice *choice;
  const double *x, *reference;
  gint64 D;
  double node[POINTS], weight[POINTS];  /* on [0, 1] */
  GArray *panels;               /* Panel */
} Line;

static void
clear_panel (gpointer data)
{
  g_free (((Panel *) data)->part);
}

/* Roots of the Legendre polynomial by Newton's method from Chebyshev's points; weights 2 / ((1 - z^2) P'(z)^2), halved. */
static void
find_points (Line *line)
{
  for (guint k = 0; k < POINTS; k++)
    {
      double z = cos (G_PI * (k + 0.75) / (POINTS + 0.5)), slope = 0;

      for (guint step = 0; step < 20; step++)
        {
          double p = 1, before = 0;

          for (guint n = 1; n <= POINTS; n++)                     /* n P_n = (2 n - 1) z P_n-1 - (n - 1) P_n-2 */
            {
              double next = ((2 * n - 1) * z * p - (n - 1) * before) / n;

              before = p;
              p = next;
            }
          slope = POINTS * (z * p - before) / (z * z - 1);
          z -= p / slope;
        }
      line->node[k] = (1 - z) / 2;
      line->weight[k] = 1 / ((1 - z * z) * slope * slope);
    }
}

static void
put_point (const Line *line, double t, double *out)
{
  for (gint64 d = 0; d < line->D; d++)
    out[d] = line->reference[d] + t * (line->x[d] - line->reference[d]);
}

/* Contributions of the panels from `first` on, whose ends are known. */
static gboolean
integrate (Line *line, guint first, GError **error)
{
  gint64 D = line->D, n = (gint64) (line->panels->len - first);
  g_autofree double *points = g_new (double, n * POINTS * D), *gradient = g_new (double, n * POINTS * D);

  for (gint64 p = 0; p < n; p++)
    {
      const Panel *panel = &g_array_index (line->panels, Panel, first + p);

      for (guint k = 0; k < POINTS; k++)
        put_point (line, panel->from + line->node[k] * (panel->to - panel->from), points + (p * POINTS + k) * D);
    }
  if (!assay_margin_gradients (line->margin, line->choice, points, n * POINTS, gradient, error))
    return FALSE;
  for (gint64 p = 0; p < n; p++)
    {
      Panel *panel = &g_array_index (line->panels, Panel, first + p);
      double sum = 0;

      panel->part = g_new0 (double, D);
      for (guint k = 0; k < POINTS; k++)
        for (gint64 d = 0; d < D; d++)
          panel->part[d] += line->weight[k] * gradient[(p * POINTS + k) * D + d];
      for (gint64 d = 0; d < D; d++)
        sum += panel->part[d] *= (panel->to - panel->from) * (line->x[d] - line->reference[d]);
      panel->miss = fabs (sum - (panel->m_to - panel->m_from));
    }
  return TRUE;
}

static double
add_misses (const Line *line)
{
  double sum = 0;

  for (guint p = 0; p < line->panels->len; p++)
    sum += g_array_index (line->panels, Panel, p).miss;
  return sum;
}

/* Cuts every panel that misses more than its share. Returns how many were cut, or -1 with an error. */
static gint64
refine (Line *line, double tolerance, gint64 may_cut, GError **error)
{
  guint n = line->panels->len, cut = 0;
  double share = tolerance / (2.0 * n);
  g_autofree guint *chosen = g_new (guint, n);
  g_autofree double *points = NULL, *value = NULL;

  for (guint p = 0; p < n; p++)
    {
      const Panel *panel = &g_array_index (line->panels, Panel, p);

      if (panel->miss > share && panel->to - panel->from > NARROWEST && (gint64) cut < may_cut)
        chosen[cut++] = p;
    }
  if (cut == 0)
    return 0;
  points = g_new (double, cut * line->D);
  value = g_new (double, cut);
  for (guint k = 0; k < cut; k++)
    {
      const Panel *panel = &g_array_index (line->panels, Panel, chosen[k]);

      put_point (line, (panel->from + panel->to) / 2, points + k * line->D);
    }
  if (!assay_margin_values (line->margin, line->choice, points, cut, value, error))
    return -1;
  for (guint k = 0; k < cut; k++)
    {
      Panel whole = g_array_index (line->panels, Panel, chosen[k]);
      double middle = (whole.from + whole.to) / 2;
      Panel left = { whole.from, middle, whole.m_from, value[k], 0, NULL }, right = { middle, whole.to, value[k], whole.m_to, 0, NULL };

      g_array_append_val (line->panels, left);
      g_array_append_val (line->panels, right);
    }
  for (guint k = cut; k-- > 0;)                                   /* from the end: earlier places keep their meaning */
    g_array_remove_index (line->panels, chosen[k]);
  return integrate (line, n - cut, error) ? (gint64) cut : -1;
}

static int
by_place (gconstpointer a, gconstpointer b)
{
  double x = ((const Panel *) a)->from, y = ((const Panel *) b)->from;

  return (x > y) - (x < y);
}

static gboolean
follow_line (Line *line, gint64 most, double *contribution, AssayAttribution *result, AssayProgress *progress, GError **error)
{
  Panel whole = { 0, 1, result->at_reference, result->at_input, 0, NULL };
  gint64 cut;

  g_array_append_val (line->panels, whole);
  result->gradients = POINTS;
  if (!integrate (line, 0, error))
    return FALSE;
  while (add_misses (line) > result->tolerance)
    {
      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      cut = refine (line, result->tolerance, (most - result->gradients) / (2 * POINTS), error);
      if (cut < 0)
        return FALSE;
      if (cut == 0)
        break;
      result->gradients += 2 * POINTS * cut;
    }
  result->converged = add_misses (line) <= result->tolerance;
  result->panels = line->panels->len;
  g_array_sort (line->panels, by_place);
  for (gint64 d = 0; d < line->D; d++)
    {
      contribution[d] = 0;
      for (guint p = 0; p < line->panels->len; p++)
        contribution[d] += g_array_index (line->panels, Panel, p).part[d];
    }
  return TRUE;
}

/* Without a line: w (x - r). */
static gboolean
take_slope (AssayMargin *margin, const AssayMarginChoice *choice, const double *x, const double *reference, double *contribution)
{
  gint64 D = assay_margin_get_size (margin);

  if (!assay_margin_get_slope (margin, choice, contribution))
    return FALSE;
  for (gint64 d = 0; d < D; d++)
    contribution[d] *= x[d] - reference[d];
  return TRUE;
}

gboolean
assay_attribute (AssayMargin *margin, const AssayMarginChoice *choice, const double *x, const double *reference, gint64 most,
                 double *contribution, AssayAttribution *attribution, AssayProgress *progress, GError **error)
{
  AssayAttribution result = { 0 };
  Line line = { .margin = margin, .choice = choice, .x = x, .reference = reference, .D = assay_margin_get_size (margin) };
  gboolean ok = TRUE;

  if (!assay_margin_values (margin, choice, x, 1, &result.at_input, error)
      || !assay_margin_values (margin, choice, reference, 1, &result.at_reference, error))
    return FALSE;
  result.change = result.at_input - result.at_reference;
  result.tolerance = ASSAY_ATTRIBUTION_TOLERANCE * fmax (1, fabs (result.change));
  result.is_exact = take_slope (margin, choice, x, reference, contribution);
  if (!result.is_exact)
    {
      find_points (&line);
      line.panels = g_array_new (FALSE, FALSE, sizeof (Panel));
      g_array_set_clear_func (line.panels, clear_panel);
      ok = follow_line (&line, most, contribution, &result, progress, error);
      g_array_unref (line.panels);
    }
  if (!ok)
    return FALSE;
  for (gint64 d = 0; d < line.D; d++)
    result.sum += contribution[d];
  result.residual = fabs (result.sum - result.change);
  result.converged = (result.is_exact || result.converged) && result.residual <= result.tolerance;
  *attribution = result;
  return TRUE;
}
