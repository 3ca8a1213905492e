/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_figures.c: two figures of predicted against measured. */
#include "gui/influence_figures.h"

#include <glib/gi18n.h>
#include <string.h>

/* What a change is in: "nats" where scores are "nats per removed example". Relative scores are held to changes of the loss. */
static char *
dup_change_unit (const AssayInfluenceQuestion *question)
{
  const char *end = strstr (question->unit, " per removed example");

  return end ? g_strndup (question->unit, end - question->unit) : g_strdup ("nats");
}

AssayFigure *
assay_influence_figure_removals (const AssayInfluenceAnswer *answer)
{
  guint n = answer->removals->len;
  g_autofree const char **names = g_new0 (const char *, n + 1);
  g_autofree double *place = g_new (double, n), *predicted = g_new (double, n), *measured = g_new (double, n);
  g_autofree char *unit = dup_change_unit (answer->question);
  const char *reading = assay_influence_question_is_of_loss (answer->question)
                        ? _("For every set that was left out, the change of the loss that the scores predicted and the one that a retraining gave.")
                        : _("For every set that was left out, the change that the scores predicted and the one that a retraining gave.");
  AssayFigure *figure;

  if (n == 0)
    return NULL;
  for (guint k = 0; k < n; k++)
    {
      const AssayInfluenceRemoval *removal = answer->removals->pdata[k];

      names[k] = removal->what;
      place[k] = k;
      predicted[k] = removal->predicted;
      measured[k] = removal->measured;
    }
  figure = assay_figure_new ("influence/removals", _("Trained again without them: predicted and measured"));
  assay_figure_set_categories (figure, ASSAY_AXIS_Y, n, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR,
                         assay_influence_question_is_of_loss (answer->question) ? _("change of the loss") : _("change"), unit);
  assay_figure_add_rule (figure, NULL, ASSAY_ROLE_REFERENCE, ASSAY_AXIS_X, 0);
  assay_figure_add_dumbbells (figure, NULL, ASSAY_ROLE_MAIN, n, place, predicted, measured);
  assay_figure_set_reading (figure, reading);
  assay_figure_set_note (figure, answer->question->n_queries > 1 ? _("One retraining for each set; the mean over all queries of the question.")
                                                                 : _("One retraining for each set."));
  return figure;
}

AssayFigure *
assay_influence_figure_pairs (const AssayInfluenceAnswer *answer)
{
  guint n = answer->predicted->len;
  const double *predicted = (const double *) answer->predicted->data;
  g_autofree char *unit = dup_change_unit (answer->question);
  double ends[2] = { 0, 0 };
  AssayFigure *figure;

  if (n == 0)
    return NULL;
  for (guint k = 0; k < n; k++)
    {
      ends[0] = MIN (ends[0], predicted[k]);
      ends[1] = MAX (ends[1], predicted[k]);
    }
  figure = assay_figure_new ("influence/validation", _("Validation of this model and method: what leaving out was predicted to do, and did"));
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, _("predicted change"), unit);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, _("measured change"), unit);
  assay_figure_add_line (figure, _("equal"), ASSAY_ROLE_REFERENCE, 2, ends, ends);
  assay_figure_add_points (figure, _("one retraining and query"), ASSAY_ROLE_MAIN, n, predicted, (const double *) answer->measured->data);
  assay_figure_set_reading (figure, answer->validity);
  assay_figure_set_note (figure, answer->validity);
  return figure;
}
