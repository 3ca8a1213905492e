/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_measure.c: counts first, then shares of counts, then what ranks and probabilities say; of all rows, and of each group. */
#include "job/audit.h"

#include "base/json.h"
#include "job/spec.h"
#include "stats/auroc.h"
#include "stats/calibration.h"
#include "stats/confusion.h"
#include "stats/contrast.h"
#include "stats/discrimination.h"
#include "stats/impact.h"

#include <math.h>

/* Some rows of a part, those of known score and outcome gathered. */
typedef struct {
  const AssayAudit *audit;
  const AssayAuditPart *part;
  double level;
  gint64 rows, missing_score, missing_outcome, scored, selected;
  gint64 n, positives;          /* score and outcome known */
  guint8 *decision, *outcome;   /* (n) */
  double *score;                /* (n) */
} Sample;

static void
sample_clear (Sample *s)
{
  g_free (s->decision);
  g_free (s->outcome);
  g_free (s->score);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sample, sample_clear)

static gboolean
has_score (const AssayAudit *audit, const AssayAuditPart *part, gint64 i)
{
  return audit->kind == ASSAY_AUDIT_DECISION ? part->decision[i] >= 0 : !isnan (part->score[i]);
}

/* members: rows of the part, NULL for all. */
static void
sample_init (Sample *s, const AssayAudit *audit, const AssayAuditPart *part, const AssayValues *options, const gint64 *members, gint64 n)
{
  *s = (Sample) { .audit = audit, .part = part, .level = assay_values_get_double (options, "level"), .rows = n };
  s->decision = g_new (guint8, MAX (n, 1));
  s->outcome = g_new (guint8, MAX (n, 1));
  s->score = g_new (double, MAX (n, 1));
  for (gint64 k = 0; k < n; k++)
    {
      gint64 i = members ? members[k] : k;
      gboolean scored = has_score (audit, part, i), known = !audit->has_outcomes || part->outcome[i] >= 0;

      s->missing_score += !scored;
      s->missing_outcome += !known;
      s->scored += scored;
      s->selected += scored && part->selected[i] == 1;
      if (!scored || !known)
        continue;
      s->decision[s->n] = part->decision[i] == 1;
      s->outcome[s->n] = part->outcome[i] == 1;
      s->score[s->n] = part->score[i];
      s->positives += s->outcome[s->n++];
    }
}

/* --- JSON ------------------------------------------------------------------------------------------------------------------ */

json_t *
assay_audit_estimate_to_json (AssayEstimate e)
{
  return json_pack ("{s:o, s:o, s:o}", "value", assay_json_number (e.value), "lo", assay_json_number (e.lo), "hi", assay_json_number (e.hi));
}

static json_t *
share_to_json (gint64 part, gint64 whole, AssayEstimate e)
{
  return json_pack ("{s:I, s:I, s:o, s:o, s:o}", "numerator", (json_int_t) part, "denominator", (json_int_t) whole, "value",
                    assay_json_number (e.value), "lo", assay_json_number (e.lo), "hi", assay_json_number (e.hi));
}

static void
put (json_t *object, const char *name, AssayEstimate e)
{
  json_object_set_new (object, name, assay_audit_estimate_to_json (e));
}

/* --- of one sample ----------------------------------------------------------------------------------------------------------- */

static AssayConfusion
count_confusion (const Sample *s)
{
  return assay_confusion_count (s->decision, s->outcome, s->n);
}

static json_t *
confusion_to_json (const AssayConfusion *c)
{
  return json_pack ("{s:I, s:I, s:I, s:I}", "true_positives", (json_int_t) c->true_positives, "false_positives", (json_int_t) c->false_positives,
                    "true_negatives", (json_int_t) c->true_negatives, "false_negatives", (json_int_t) c->false_negatives);
}

static json_t *
rates_to_json (const AssayConfusion *c, double level)
{
  json_t *rates = json_object ();

  for (AssayRate rate = 0; rate < ASSAY_N_RATES; rate++)
    {
      gint64 whole, part = assay_confusion_get_part (c, rate, &whole);

      json_object_set_new (rates, assay_rate_name (rate), share_to_json (part, whole, assay_confusion_get_rate (c, rate, level)));
    }
  return rates;
}

/* Scores of positives and of negatives, each in the order of the rows. */
static void
split_scores (const Sample *s, double *positive, double *negative)
{
  gint64 p = 0, n = 0;

  for (gint64 i = 0; i < s->n; i++)
    if (s->outcome[i])
      positive[p++] = s->score[i];
    else
      negative[n++] = s->score[i];
}

static AssayEstimate
estimate_auroc (const Sample *s)
{
  g_autofree double *positive = g_new (double, s->positives + 1), *negative = g_new (double, s->n - s->positives + 1);

  split_scores (s, positive, negative);
  return assay_estimate_auroc (positive, s->positives, negative, s->n - s->positives, s->level);
}

static json_t *
discrimination_to_json (const Sample *s, AssayEstimate auroc)
{
  g_autofree double *positive = g_new (double, s->positives + 1), *negative = g_new (double, s->n - s->positives + 1);
  json_t *object = json_object (), *distance;
  AssayEstimate e;
  double at;

  split_scores (s, positive, negative);
  put (object, "auroc", auroc);
  put (object, "gini", assay_estimate_gini (auroc));
  e = assay_estimate_kolmogorov_smirnov (positive, s->positives, negative, s->n - s->positives, s->level, &at);
  distance = assay_audit_estimate_to_json (e);
  json_object_set_new (distance, "threshold", assay_json_number (at));
  json_object_set_new (object, "kolmogorov_smirnov", distance);
  return object;
}

static AssayEstimate
estimate_excess (const Sample *s)
{
  g_autofree double *d = g_new (double, MAX (s->n, 1));

  for (gint64 i = 0; i < s->n; i++)
    d[i] = s->score[i] - s->outcome[i];
  return assay_estimate_mean (d, s->n, s->level);
}

static json_t *
bins_to_json (const AssayCalibration *c)
{
  json_t *bins = json_array ();

  for (gint64 b = 0; b < c->B; b++)
    {
      const AssayCalibrationBin *bin = &c->bin[b];

      json_array_append_new (bins, json_pack ("{s:f, s:f, s:I, s:I, s:o, s:o}", "from", bin->from, "to", bin->to, "n", (json_int_t) bin->n, "positives",
                                              (json_int_t) bin->positives, "mean_probability", assay_json_number (bin->mean_probability), "observed",
                                              assay_audit_estimate_to_json (bin->observed)));
    }
  return bins;
}

static json_t *
calibration_to_json (const Sample *s, const AssayValues *options)
{
  g_autoptr (AssayCalibration) c = assay_calibration_new (s->score, s->outcome, s->n, assay_values_get_int (options, "bins"), s->level,
                                                          (guint64) assay_values_get_int (options, "seed"));

  if (c == NULL)
    return json_null ();
  return json_pack ("{s:o, s:o, s:f, s:f, s:o, s:o, s:s?, s:o}", "error", assay_audit_estimate_to_json (c->error), "excess",
                    assay_audit_estimate_to_json (c->excess), "error_by_luck", c->error_by_luck, "error_by_luck_95", c->error_by_luck_95, "intercept",
                    assay_audit_estimate_to_json (c->intercept), "slope", assay_audit_estimate_to_json (c->slope), "line_reason", c->line_reason, "bins",
                    bins_to_json (c));
}

/* What a sample has in every case: counts, and the share of those selected. */
static json_t *
counts_to_json (const Sample *s)
{
  return json_pack ("{s:I, s:I, s:o, s:I, s:o, s:o}", "rows", (json_int_t) s->rows, "missing_score", (json_int_t) s->missing_score, "missing_outcome",
                    s->audit->has_outcomes ? json_integer (s->missing_outcome) : json_null (), "n", (json_int_t) s->n, "positives",
                    s->audit->has_outcomes ? json_integer (s->positives) : json_null (), "selection",
                    share_to_json (s->selected, s->scored, assay_estimate_proportion (s->selected, s->scored, s->level)));
}

static gboolean
has_confusion (const AssayAudit *audit)
{
  return audit->has_decisions && audit->has_outcomes;
}

static gboolean
has_ranking (const AssayAudit *audit)
{
  return audit->kind != ASSAY_AUDIT_DECISION && audit->has_outcomes;
}

static gboolean
has_probabilities (const AssayAudit *audit)
{
  return audit->kind == ASSAY_AUDIT_PROBABILITY && audit->has_outcomes;
}

static json_t *
sample_to_json (const Sample *s)
{
  json_t *object = counts_to_json (s);
  AssayConfusion c = count_confusion (s);

  json_object_set_new (object, "confusion", has_confusion (s->audit) ? confusion_to_json (&c) : json_null ());
  json_object_set_new (object, "rates", has_confusion (s->audit) ? rates_to_json (&c, s->level) : json_null ());
  return object;
}

json_t *
assay_audit_measure (const AssayAudit *audit, const AssayAuditPart *part, const AssayValues *options)
{
  g_auto (Sample) s = { 0 };
  json_t *object;

  sample_init (&s, audit, part, options, NULL, part->n);
  object = sample_to_json (&s);
  json_object_set_new (object, "name", json_string (part->name));
  json_object_set_new (object, "role", json_string (part->role));
  json_object_set_new (object, "median_score", assay_json_number (part->median));
  json_object_set_new (object, "discrimination", has_ranking (audit) ? discrimination_to_json (&s, estimate_auroc (&s)) : json_null ());
  if (has_probabilities (audit))
    {
      AssayEstimate loss = assay_estimate_log_loss (s.score, s.outcome, s.n, s.level);

      put (object, "brier", assay_estimate_brier (s.score, s.outcome, s.n, s.level));
      put (object, "log_loss", loss);
      json_object_set_new (object, "log_loss_reason", isinf (loss.value) ? json_string ("infinite: something came true whose probability was 0")
                                                                         : json_null ());
      json_object_set_new (object, "calibration", calibration_to_json (&s, options));
    }
  return object;
}

/* --- groups ------------------------------------------------------------------------------------------------------------------ */

/* Rows of the part by group; those of no known group last, as group G, which is there even when it has nobody: unknowns are counted. */
static GArray **
sort_members (const AssayAuditPart *part, const AssayAuditGrouping *grouping)
{
  GArray **members = g_new (GArray *, grouping->G + 1);

  for (gint64 g = 0; g <= grouping->G; g++)
    members[g] = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (gint64 i = 0; i < part->n; i++)
    {
      gint64 g = grouping->code[part->row[i]];

      g_array_append_val (members[g < 0 ? grouping->G : g], i);
    }
  return members;
}

static json_t *
labels_to_json (const AssayAuditGrouping *grouping, gint64 g)
{
  json_t *labels = json_array ();

  for (guint k = 0; k < grouping->n_columns; k++)
    json_array_append_new (labels, json_string (g < grouping->G ? grouping->labels[g][k] : ASSAY_LEVEL_MISSING));
  return labels;
}

static json_t *
impact_to_json (const AssayImpact *impact)
{
  json_t *object = assay_audit_estimate_to_json (impact->ratio);

  json_object_set_new (object, "is_small", json_boolean (impact->is_small));
  json_object_set_new (object, "is_highest", json_boolean (impact->is_highest));
  json_object_set_new (object, "is_below_four_fifths", json_boolean (impact->is_below_four_fifths));
  return object;
}

/* What of a group is set against the same of the baseline. */
typedef struct {
  AssayConfusion confusion;
  AssayEstimate auroc, brier, excess;
} Measures;

static Measures
measure (const Sample *s)
{
  const AssayEstimate none = { NAN, NAN, NAN, s->level };
  gboolean probabilities = has_probabilities (s->audit);

  return (Measures) { count_confusion (s), has_ranking (s->audit) ? estimate_auroc (s) : none,
                      probabilities ? assay_estimate_brier (s->score, s->outcome, s->n, s->level) : none, probabilities ? estimate_excess (s) : none };
}

static json_t *
differences_to_json (const AssayAudit *audit, const Measures *m, const Measures *baseline, double level)
{
  json_t *object = json_object ();

  for (AssayRate rate = 0; has_confusion (audit) && rate < ASSAY_N_RATES; rate++)
    put (object, assay_rate_name (rate), assay_estimate_difference (assay_confusion_get_rate (&m->confusion, rate, level),
                                                                    assay_confusion_get_rate (&baseline->confusion, rate, level)));
  if (has_ranking (audit))
    put (object, "auroc", assay_estimate_difference (m->auroc, baseline->auroc));
  if (has_probabilities (audit))
    {
      put (object, "brier", assay_estimate_difference (m->brier, baseline->brier));
      put (object, "excess", assay_estimate_difference (m->excess, baseline->excess));
    }
  return object;
}

static json_t *
group_to_json (const AssayAudit *audit, const Sample *s, const Measures *m)
{
  json_t *object = sample_to_json (s);

  if (has_ranking (audit))
    put (object, "auroc", m->auroc);
  if (has_probabilities (audit))
    {
      put (object, "brier", m->brier);
      put (object, "excess", m->excess);
    }
  return object;
}

static json_t *
measure_grouping (const AssayAudit *audit, const AssayAuditPart *part, const AssayAuditGrouping *grouping, const AssayValues *options)
{
  gint64 G = grouping->G, scored = 0, highest, baseline = grouping->baseline;
  GArray **members = sort_members (part, grouping);
  g_autofree Sample *sample = g_new0 (Sample, G + 1);
  g_autofree Measures *measures = g_new0 (Measures, G + 1);
  g_autofree AssayImpactGroup *counts = g_new0 (AssayImpactGroup, G + 1);
  g_autofree AssayImpact *impact = g_new0 (AssayImpact, G + 1);
  double small_share = assay_values_get_double (options, "small-group"), level = assay_values_get_double (options, "level");
  json_t *groups = json_array (), *columns = json_array ();

  for (gint64 g = 0; g <= G; g++)
    {
      sample_init (&sample[g], audit, part, options, (const gint64 *) (gconstpointer) members[g]->data, members[g]->len);
      measures[g] = measure (&sample[g]);
      counts[g] = (AssayImpactGroup) { sample[g].scored, sample[g].selected, g == G };
      scored += sample[g].scored;
    }
  highest = assay_impact_ratios (G + 1, counts, scored, small_share, level, impact);
  for (gint64 g = 0; g <= G; g++)
    {
      json_t *object = group_to_json (audit, &sample[g], &measures[g]);

      json_object_set_new (object, "labels", labels_to_json (grouping, g));
      json_object_set_new (object, "is_unknown", json_boolean (g == G));
      json_object_set_new (object, "is_baseline", json_boolean (g == baseline));
      json_object_set_new (object, "impact", impact_to_json (&impact[g]));
      json_object_set_new (object, "differences", baseline >= 0 && g < G && g != baseline
                           ? differences_to_json (audit, &measures[g], &measures[baseline], level) : json_null ());
      json_array_append_new (groups, object);
      sample_clear (&sample[g]);
      g_array_unref (members[g]);
    }
  g_free (members);
  for (guint k = 0; k < grouping->n_columns; k++)
    json_array_append_new (columns, json_string (grouping->columns[k]));
  return json_pack ("{s:o, s:o, s:o, s:o, s:I}", "columns", columns, "groups", groups, "highest", highest < 0 ? json_null () : json_integer (highest),
                    "baseline", baseline < 0 ? json_null () : json_integer (baseline), "empty_left_out", (json_int_t) grouping->n_left_out);
}

json_t *
assay_audit_measure_groups (const AssayAudit *audit, const AssayAuditPart *part, const AssayValues *options)
{
  json_t *list = json_array ();

  for (guint k = 0; k < audit->groupings->len; k++)
    json_array_append_new (list, measure_grouping (audit, part, audit->groupings->pdata[k], options));
  return list;
}
