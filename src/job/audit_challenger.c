/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_challenger.c: is the model better than almost none? The base rate, and the best single question about one feature. */
#include "job/audit.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "job/spec.h"
#include "job/view.h"
#include "stats/auroc.h"
#include "stats/calibration.h"
#include "stats/discrimination.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 256               /* examples gathered at once */

/* At most, examples times features of the training split: a matrix of 1 GiB. */
#define MAX_VALUES ((gint64) 1 << 27)

/* One question: is feature j of the example at most `at`? Without a feature it is the base rate. */
typedef struct {
  gint64 feature;               /* -1: none */
  double at;
  gint64 n[2], positives[2];    /* of the training split: answer no (above), yes (at most); without a feature all are [0] */
  double probability[2];
} Rule;

/* The features of examples, (n,D) rows. */
static gboolean
gather (const AssaySubject *subject, const gint64 *examples, gint64 n, gint64 D, double *x, AssayProgress *progress, GError **error)
{
  for (gint64 done = 0; done < n; done += BLOCK)
    {
      AssayBatch batch = { .dtype = ASSAY_F64, .x = x + done * D };

      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      assay_dataset_fill (subject->dataset, examples + done, MIN (BLOCK, n - done), &batch);
    }
  return TRUE;
}

/* Of n cases with k positives the mean that Laplace's rule expects of the next: never 0 or 1. */
static double
laplace (gint64 k, gint64 n)
{
  return ((double) k + 1) / ((double) n + 2);
}

/* n times the entropy of a share, in nats. */
static double
entropy (gint64 k, gint64 n)
{
  double yes = (double) k, no = (double) (n - k), all = (double) n;

  return (k > 0 ? yes * log (all / yes) : 0) + (k < n ? no * log (all / no) : 0);
}

typedef struct { double x; guint8 y; } Case;

static int
by_feature (const void *a, const void *b)
{
  double x = ((const Case *) a)->x, y = ((const Case *) b)->x;

  return x < y ? -1 : x > y;
}

/* The cut of one feature that leaves the least entropy; *least and *rule change when it is better than what they hold. */
static void
try_feature (Case *cases, gint64 n, gint64 positives, gint64 feature, double *least, Rule *rule)
{
  gint64 k = 0;

  qsort (cases, n, sizeof *cases, by_feature);
  for (gint64 i = 0; i + 1 < n; i++)
    {
      double left;

      k += cases[i].y;
      if (cases[i].x == cases[i + 1].x)
        continue;
      left = entropy (k, i + 1) + entropy (positives - k, n - i - 1);
      if (!(left < *least * (1 - 1e-12)))                          /* equal cuts: the first feature, the smallest value */
        continue;
      *least = left;
      *rule = (Rule) { feature, cases[i].x + (cases[i + 1].x - cases[i].x) / 2, { n - i - 1, i + 1 }, { positives - k, k }, { 0 } };
    }
}

static gboolean
fit_rule (const double *x, const guint8 *y, gint64 n, gint64 D, Rule *rule, AssayProgress *progress, GError **error)
{
  g_autofree Case *cases = g_new (Case, n);
  gint64 positives = 0;
  double least;

  for (gint64 i = 0; i < n; i++)
    positives += y[i];
  least = entropy (positives, n);
  *rule = (Rule) { .feature = -1 };
  for (gint64 j = 0; j < D; j++)
    {
      for (gint64 i = 0; i < n; i++)
        cases[i] = (Case) { x[i * D + j], y[i] };
      try_feature (cases, n, positives, j, &least, rule);
      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      assay_progress_report (progress, "fitting the challenger", j + 1, D, "features", NULL);
    }
  for (guint side = 0; side < 2; side++)
    rule->probability[side] = laplace (rule->positives[side], rule->n[side]);
  return TRUE;
}

/* --- in words -------------------------------------------------------------------------------------------------------------- */

static char *
name_feature (const AssaySubject *subject, gint64 feature)
{
  const GPtrArray *names = assay_dataset_get_term_names (subject->dataset);
  AssayShape shape = assay_dataset_get_shape (subject->dataset);

  if (names != NULL)
    return g_strdup (names->pdata[feature]);
  if (shape.rank == 3)
    return g_strdup_printf ("pixel (%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")", feature / shape.dim[2] % shape.dim[1], feature % shape.dim[2]);
  return g_strdup_printf ("feature %" G_GINT64_FORMAT, feature);
}

static char *
describe_side (const Rule *rule, guint side)
{
  g_autofree char *probability = assay_view_number (rule->probability[side], 4);
  g_autofree char *n = assay_view_count (rule->n[side]), *k = assay_view_count (rule->positives[side]);

  return g_strdup_printf ("%s (%s of %s in training)", probability, k, n);
}

static char *
describe_rule (const AssaySubject *subject, const Rule *rule)
{
  g_autofree char *yes = describe_side (rule, 1), *no = describe_side (rule, 0), *at = NULL, *name = NULL;

  if (rule->feature < 0)
    return g_strdup_printf ("everybody: %s", no);
  at = assay_view_number (rule->at, 6);
  name = name_feature (subject, rule->feature);
  return g_strdup_printf ("%s at most %s: %s; above: %s", name, at, yes, no);
}

/* --- beside the model ---------------------------------------------------------------------------------------------------------- */

/* Scores in the order that paired areas take: positives first. */
static void
put_positives_first (const double *score, const guint8 *y, gint64 n, double *out)
{
  gint64 at = 0;

  for (guint wanted = 2; wanted-- > 0;)
    for (gint64 i = 0; i < n; i++)
      if (y[i] == wanted)
        out[at++] = score[i];
}

/* The mean by which a loss of the rule exceeds that of the model: positive, the model is better. */
static AssayEstimate
estimate_gain (const double *model, const double *rule, const guint8 *y, gint64 n, gboolean logarithmic, double level)
{
  g_autofree double *d = g_new (double, n);

  for (gint64 i = 0; i < n; i++)
    d[i] = logarithmic ? log ((y[i] ? model[i] : 1 - model[i]) / (y[i] ? rule[i] : 1 - rule[i]))
                       : (rule[i] - y[i]) * (rule[i] - y[i]) - (model[i] - y[i]) * (model[i] - y[i]);
  return assay_estimate_mean (d, n, level);
}

/* The share that it decides right, yes from one half on. */
static json_t *
accuracy_to_json (const double *score, const guint8 *y, gint64 n, double level)
{
  gint64 right = 0;
  json_t *object;

  for (gint64 i = 0; i < n; i++)
    right += (score[i] >= 0.5) == y[i];
  object = assay_audit_estimate_to_json (assay_estimate_proportion (right, n, level));
  json_object_set_new (object, "numerator", json_integer (right));
  json_object_set_new (object, "denominator", json_integer (n));
  return object;
}

static json_t *
measure_rule (const AssayAuditPart *part, const double *rule, double level)
{
  gint64 n = part->n, m = 0;
  g_autofree guint8 *y = g_new (guint8, n);
  g_autofree double *a = g_new (double, n), *b = g_new (double, n);
  json_t *object;

  for (gint64 i = 0; i < n; i++)
    {
      y[i] = part->outcome[i] == 1;
      m += y[i];
    }
  put_positives_first (part->score, y, n, a);
  put_positives_first (rule, y, n, b);
  object = json_pack ("{s:s, s:s, s:o, s:o, s:o}", "name", part->name, "role", part->role, "auroc",
                      assay_audit_estimate_to_json (assay_estimate_auroc (b, m, b + m, n - m, level)), "brier",
                      assay_audit_estimate_to_json (assay_estimate_brier (rule, y, n, level)), "log_loss",
                      assay_audit_estimate_to_json (assay_estimate_log_loss (rule, y, n, level)));
  json_object_set_new (object, "accuracy", accuracy_to_json (rule, y, n, level));
  json_object_set_new (object, "gain", json_pack ("{s:o, s:o, s:o}", "auroc", assay_audit_estimate_to_json (assay_estimate_auroc_gain (a, b, m, n - m, level)),
                                                  "brier", assay_audit_estimate_to_json (estimate_gain (part->score, rule, y, n, FALSE, level)),
                                                  "log_loss", assay_audit_estimate_to_json (estimate_gain (part->score, rule, y, n, TRUE, level))));
  return object;
}

static json_t *
apply_rule (const AssayAudit *audit, const Rule *rule, gint64 D, double level, AssayProgress *progress, GError **error)
{
  json_t *parts = json_array ();

  for (guint p = 0; p < audit->parts->len; p++)
    {
      const AssayAuditPart *part = audit->parts->pdata[p];
      gint64 n;
      const gint64 *examples = assay_dataset_get_split (audit->subject->dataset, part->name, &n, error);
      g_autofree double *score = g_new (double, n), *x = g_new (double, BLOCK * D);

      for (gint64 done = 0; done < n; done += BLOCK)
        {
          gint64 block = MIN (BLOCK, n - done);

          if (!gather (audit->subject, examples + done, block, D, x, progress, error))
            {
              json_decref (parts);
              return NULL;
            }
          for (gint64 i = 0; i < block; i++)
            score[done + i] = rule->probability[rule->feature >= 0 && x[i * D + rule->feature] <= rule->at];
        }
      json_array_append_new (parts, measure_rule (part, score, level));
    }
  return parts;
}

static json_t *
sides_to_json (const Rule *rule)
{
  static const char *const names[] = { "above", "at most" };
  json_t *sides = json_array ();

  for (guint side = 0; side < (rule->feature >= 0 ? 2 : 1); side++)
    json_array_append_new (sides, json_pack ("{s:s, s:I, s:I, s:f}", "side", rule->feature >= 0 ? names[side] : "everybody", "n",
                                             (json_int_t) rule->n[side], "positives", (json_int_t) rule->positives[side], "probability",
                                             rule->probability[side]));
  return sides;
}

static json_t *
rule_to_json (const AssayAudit *audit, const char *name, const Rule *rule, gint64 D, double level, AssayProgress *progress, GError **error)
{
  json_t *parts = apply_rule (audit, rule, D, level, progress, error);
  g_autofree char *words = describe_rule (audit->subject, rule);
  g_autofree char *feature = rule->feature >= 0 ? name_feature (audit->subject, rule->feature) : NULL;

  if (parts == NULL)
    return NULL;
  return json_pack ("{s:s, s:s, s:s?, s:o, s:o, s:o}", "name", name, "rule", words, "feature", feature, "at",
                    rule->feature >= 0 ? json_real (rule->at) : json_null (), "sides", sides_to_json (rule), "parts", parts);
}

json_t *
assay_audit_challenge (const AssayAudit *audit, const AssayValues *options, AssayProgress *progress, GError **error)
{
  const AssaySubject *subject = audit->subject;
  AssayShape shape = assay_dataset_get_shape (subject->dataset);
  gint64 D = assay_shape_count (&shape), n = subject->n_train;
  double level = assay_values_get_double (options, "level");
  g_autofree guint8 *y = g_new0 (guint8, MAX (n, 1));
  g_autoptr (AssayBuffer) x = NULL;
  Rule base = { .feature = -1, .n = { n } }, split;
  json_t *list = json_array (), *entry;

  for (gint64 i = 0; i < n; i++)
    {
      y[i] = assay_dataset_get_label (subject->dataset, subject->train[i]) == audit->positive;
      base.positives[0] += y[i];
    }
  base.probability[0] = laplace (base.positives[0], n);
  entry = rule_to_json (audit, "base rate", &base, D, level, progress, error);
  if (entry == NULL)
    goto failed;
  json_array_append_new (list, entry);
  if (n > MAX_VALUES / D)
    return list;
  x = assay_mem_new (double, n * D, error);
  if (x == NULL || !gather (subject, subject->train, n, D, x, progress, error) || !fit_rule (x, y, n, D, &split, progress, error))
    goto failed;
  if (split.feature < 0)
    return list;                                                  /* no question tells anything */
  entry = rule_to_json (audit, "one split", &split, D, level, progress, error);
  if (entry == NULL)
    goto failed;
  json_array_append_new (list, entry);
  return list;

failed:
  json_decref (list);
  return NULL;
}
