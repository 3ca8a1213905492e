/* SPDX-License-Identifier: GPL-3.0-or-later */
/* self_checks_answers.c: checks that stored answers carry: one function for each kind of job that has any. */
#include "gui/self_checks_private.h"

#include "base/json.h"
#include "job/runner.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* --- the certificate of an organism -------------------------------------------------------------------------------- */

static void
check_certificate (AssayCheckReading *reading, const char *of, const json_t *summary)
{
  const json_t *needed = json_object_get (summary, "accepted_when");
  gboolean accepted = json_is_true (json_object_get (summary, "accepted"));
  g_autofree char *gap = assay_view_number (assay_json_get_number (summary, "worst_gap"), 2);
  g_autofree char *bound = assay_view_number (assay_json_get_number (needed, "worst_gap_at_most"), 2);
  AssaySelfCheck *check = assay_self_check_add (reading->checks, _("Certificate: the chain is used as often as it was built to be"), of,
                                                accepted ? ASSAY_MARK_PASSED : ASSAY_MARK_FAILED,
                                                accepted ? _("Measured by editing chains, in each mode. What probes say of this model can be held against it.")
                                                : _("The model does not do what it was built for: nothing may be calibrated on it."));

  assay_self_check_measured (check, g_strdup_printf (_("largest gap %s"), gap), g_strdup_printf (_("at most %s"), bound));
  assay_self_check_link (check, "reasoning", NULL, NULL);
}

/* --- verdicts on chains of thought --------------------------------------------------------------------------------- */

static void
check_calibration (AssayCheckReading *reading, const char *of, const json_t *summary)
{
  const json_t *instrument = json_object_get (summary, "instrument");
  gboolean is = json_is_true (json_object_get (instrument, "is_calibrated"));
  const char *reason = assay_json_get_text (instrument, "reason");
  g_autofree char *n = assay_view_count (json_integer_value (json_object_get (instrument, "instances")));
  AssaySelfCheck *check;

  if (!json_is_object (instrument))
    return;
  check = assay_self_check_add (reading->checks, _("Calibration of the reasoning battery"), of, is ? ASSAY_MARK_PASSED : ASSAY_MARK_UNKNOWN,
                                is ? _("Verdicts rest on a certified model of which the use of the chain is known.")
                                : reason[0] ? reason : _("No certified model was there to calibrate on: every verdict reads “cannot tell”."));
  assay_self_check_measured (check, is ? g_strdup_printf (_("on %s certified chains"), n) : g_strdup (_("not calibrated")), g_strdup (""));
  assay_self_check_link (check, "reasoning", NULL, NULL);
}

/* --- what leaving examples out really did ---------------------------------------------------------------------------- */

/* The named examples must move the loss the way that was predicted, and further than every random group did. */
static void
check_removal (AssayCheckReading *reading, const char *of, const json_t *summary)
{
  g_autofree char *reference = g_strdup_printf ("%s#0", assay_json_get_text (summary, "scores_object")), *said = NULL, *was = NULL, *luck = NULL;
  double predicted = NAN, measured = NAN, chance = 0;
  gsize k;
  gboolean passed;
  json_t *set;
  AssaySelfCheck *check;

  json_array_foreach (json_object_get (summary, "sets"), k, set)
    if (strcmp (assay_json_get_text (set, "kind"), "control") == 0)
      chance = fmax (chance, fabs (assay_json_get_number (set, "measured")));
    else if (isnan (measured))
      {
        predicted = assay_json_get_number (set, "predicted");
        measured = assay_json_get_number (set, "measured");
      }
  if (!isfinite (measured) || !isfinite (predicted))
    return;
  passed = measured * predicted > 0 && fabs (measured) > chance;
  said = assay_view_number (predicted, 3);
  was = assay_view_number (measured, 3);
  luck = assay_view_number (chance, 3);
  check = assay_self_check_add (reading->checks, _("The examples named, left out and trained again"), of, passed ? ASSAY_MARK_PASSED : ASSAY_MARK_FAILED,
                                passed ? _("The loss moved as predicted, and further than without as many examples at random.")
                                : _("The loss did not move as predicted, or no further than without as many examples at random: the ranking is not borne out."));
  assay_self_check_measured (check, g_strdup_printf (_("predicted %s, measured %s"), said, was), g_strdup_printf (_("at random up to %s"), luck));
  assay_self_check_link (check, "influence", "query", reference);
}

/* --- explained decisions ------------------------------------------------------------------------------------------- */

typedef struct {
  gsize n, broken;              /* packets; those whose contributions do not add up */
  double share, residual, tolerance;    /* of the packet nearest to its tolerance, or furthest above it */
  gsize tried, by_chance;       /* packets with a deletion test; those no better than a random order */
  double gap;                   /* largest between claimed and measured drop */
} Decisions;

static void
look_at_packet (Decisions *d, const json_t *packet)
{
  const json_t *check = json_object_get (packet, "check"), *fidelity = json_object_get (packet, "fidelity");
  double residual = assay_json_get_number (check, "residual"), tolerance = assay_json_get_number (check, "tolerance");
  double p = assay_json_get_number (fidelity, "p"), gap = assay_json_get_number (fidelity, "largest_gap");
  gboolean is_broken = !(residual <= tolerance) || !json_is_true (json_object_get (check, "converged"));
  double share = is_broken ? INFINITY : tolerance > 0 ? residual / tolerance : 0;

  d->broken += is_broken;
  if (d->n++ == 0 || share > d->share)
    {
      d->share = share;
      d->residual = residual;
      d->tolerance = tolerance;
    }
  if (!isfinite (p))
    return;
  d->tried++;
  d->by_chance += p > 0.05;
  if (isfinite (gap))
    d->gap = fmax (d->gap, gap);
}

static void
check_decisions (AssayCheckReading *reading, const char *of, const json_t *summary)
{
  const json_t *packets = json_object_get (summary, "packets");
  Decisions d = { 0 };
  g_autofree char *residual = NULL, *tolerance = NULL, *gap = NULL;
  AssaySelfCheck *check;
  gsize k;
  json_t *packet;

  json_array_foreach (packets, k, packet)
    look_at_packet (&d, packet);
  if (d.n == 0)
    return;
  residual = assay_view_number (d.residual, 2);
  tolerance = assay_view_number (d.tolerance, 2);
  gap = assay_view_number (d.gap, 2);
  check = assay_self_check_add (reading->checks, _("Contributions add up to the decision"), of, d.broken > 0 ? ASSAY_MARK_FAILED : ASSAY_MARK_PASSED,
                                d.broken > 0 ? _("Where they do not, the report withholds the contributions.")
                                : _("What the columns contribute sums to the change of the margin against the reference."));
  assay_self_check_measured (check, d.broken > 0 ? g_strdup_printf (_("%d of %d do not, residual %s"), (int) d.broken, (int) d.n, residual)
                             : g_strdup_printf (_("worst residual of %d: %s"), (int) d.n, residual), g_strdup_printf (_("at most %s"), tolerance));
  if (d.tried == 0)
    return;
  check = assay_self_check_add (reading->checks, _("Deleting what contributes most moves the decision most"), of,
                                d.by_chance > 0 ? ASSAY_MARK_FAILED : ASSAY_MARK_PASSED,
                                _("Against random orders of deletion, for each decision: p of at most 0.05. Where it is larger, the order of the contributions says little."));
  assay_self_check_measured (check, d.by_chance > 0 ? g_strdup_printf (_("%d of %d no better than chance"), (int) d.by_chance, (int) d.tried)
                             : g_strdup_printf (_("all %d; largest gap to what was claimed %s"), (int) d.tried, gap), g_strdup (_("p at most 0.05")));
}

/* --- any stored answer --------------------------------------------------------------------------------------------- */

void
assay_self_checks_of_job (AssayCheckReading *reading, AssayObject *job)
{
  static const struct { const char *kind, *what; void (*check) (AssayCheckReading *reading, const char *of, const json_t *summary); } kinds[] = {
    { "certify", N_("Certificate"), check_certificate }, { "cot", N_("Calibration of the reasoning battery"), check_calibration },
    { "explain", N_("Explained decisions"), check_decisions }, { "retrain", N_("The examples named, left out and trained again"), check_removal },
  };
  const char *kind = assay_json_get_text (json_object_get (job->meta, "job"), "kind");
  g_autofree char *of = g_strconcat ("job/", job->name, NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (GError) fault = NULL;
      json_t *summary;

      if (strcmp (kind, kinds[k].kind) != 0)
        continue;
      summary = assay_job_read_summary (reading->cas, job, &fault);
      if (summary == NULL)
        assay_self_check_add_unreadable (reading->checks, _(kinds[k].what), of, fault);
      else
        kinds[k].check (reading, of, summary);
      json_decref (summary);
    }
}
