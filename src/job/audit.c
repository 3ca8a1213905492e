/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit.c: parts of an audit, and which of the two kinds of score is asked for. */
#include "job/audit.h"

#include "base/error.h"
#include "dataset/rows.h"
#include "job/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const favourable_choices[] = { "true", "false", NULL };

const AssayParam assay_audit_params[] = {
  { "score", ASSAY_PARAM_STRING, .metavar = "EXPR",
    .help = "audit this column or expression as the score of an outside model; a condition is its decision, a number ranks" },
  { "outcome", ASSAY_PARAM_STRING, .metavar = "EXPR", .help = "outside scores: what came true, a condition or a column of 0 and 1" },
  { "threshold", ASSAY_PARAM_DOUBLE, .flags = ASSAY_PARAM_OPTIONAL, .min = -1e300, .max = 1e300,
    .help = "a score of this or more is a decision for yes (models: a probability; default: the likelier class)" },
  { "probability", ASSAY_PARAM_BOOL, .help = "outside scores: the number is a probability, so that it can be calibrated or not" },
  { "positive", ASSAY_PARAM_STRING, .metavar = "CLASS", .help = "models: the class that counts as yes (default: the second of two)" },
  { "group", ASSAY_PARAM_LIST, .metavar = "COLUMN", .names = "column", .help = "column or expression whose values are the groups; several also give their intersections" },
  { "baseline", ASSAY_PARAM_LIST, .metavar = "COLUMN=GROUP", .help = "group that the others are compared with (default: the largest)" },
  { "favourable", ASSAY_PARAM_CHOICE, .def.s = "true", .choices = favourable_choices, .help = "which decision counts as selected in impact ratios" },
  { "small-group", ASSAY_PARAM_DOUBLE, .def.d = 0.02, .min = 0, .max = 1, .unit = "share",
    .flags = ASSAY_PARAM_ADVANCED, .help = "a group below this share of everybody is marked, and is no yardstick of an impact ratio" },
  { "bins", ASSAY_PARAM_INT, .def.i = 10, .min = 1, .max = 1000, .flags = ASSAY_PARAM_ADVANCED, .help = "bins of equal width for calibration" },
  { "level", ASSAY_PARAM_DOUBLE, .def.d = 0.95, .min = 0.5, .max = 0.9999, .flags = ASSAY_PARAM_ADVANCED, .help = "of every interval" },
  { "seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .flags = ASSAY_PARAM_ADVANCED, .help = "of the draws behind the interval of the calibration error" },
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

static void
part_free (gpointer data)
{
  AssayAuditPart *part = data;

  g_free (part->row);
  g_free (part->score);
  g_free (part->decision);
  g_free (part->outcome);
  g_free (part->selected);
  g_free (part);
}

static void
grouping_free (gpointer data)
{
  AssayAuditGrouping *grouping = data;

  for (gint64 g = 0; g < grouping->G; g++)
    g_strfreev (grouping->labels[g]);
  g_free (grouping->labels);
  g_strfreev (grouping->columns);
  g_free (grouping->code);
  g_free (grouping);
}

void
assay_audit_free (AssayAudit *audit)
{
  if (audit == NULL)
    return;
  g_ptr_array_unref (audit->parts);
  g_ptr_array_unref (audit->groupings);
  g_array_unref (audit->drops);
  json_decref (audit->score);
  json_decref (audit->outcome);
  assay_table_unref (audit->table);
  g_clear_pointer (&audit->data, assay_object_unref);
  assay_subject_free (audit->subject);
  g_free (audit);
}

AssayAuditPart *
assay_audit_part_new (const char *name, const char *role, gint64 n)
{
  AssayAuditPart *part = g_new0 (AssayAuditPart, 1);

  part->name = name;
  part->role = role;
  part->n = n;
  part->row = g_new (gint64, n);
  part->score = g_new (double, n);
  part->decision = g_new (gint8, n);
  part->outcome = g_new (gint8, n);
  part->selected = g_new (gint8, n);
  part->median = NAN;
  for (gint64 i = 0; i < n; i++)
    {
      part->score[i] = NAN;
      part->decision[i] = part->outcome[i] = part->selected[i] = -1;
    }
  return part;
}

/* --- decisions ----------------------------------------------------------------------------------------------------------- */

static int
ascending (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Of the known scores; NaN where there are none. */
static double
find_median (const AssayAuditPart *part)
{
  g_autofree double *known = g_new (double, MAX (part->n, 1));
  gint64 n = 0;

  for (gint64 i = 0; i < part->n; i++)
    if (!isnan (part->score[i]))
      known[n++] = part->score[i];
  if (n == 0)
    return NAN;
  qsort (known, n, sizeof *known, ascending);
  return n % 2 == 1 ? known[n / 2] : (known[n / 2 - 1] + known[n / 2]) / 2;
}

void
assay_audit_decide (const AssayAudit *audit, const AssayValues *options, AssayAuditPart *part)
{
  gboolean favourable = strcmp (assay_values_get_string (options, "favourable"), "true") == 0;

  for (gint64 i = 0; !isnan (audit->threshold) && i < part->n; i++)
    part->decision[i] = isnan (part->score[i]) ? -1 : part->score[i] >= audit->threshold;
  if (!audit->has_decisions)
    part->median = find_median (part);
  for (gint64 i = 0; i < part->n; i++)
    {
      gint8 is_yes = audit->has_decisions ? part->decision[i] : isnan (part->score[i]) ? -1 : part->score[i] > part->median;

      part->selected[i] = is_yes < 0 ? -1 : is_yes == favourable;
    }
}

/* --- opening ----------------------------------------------------------------------------------------------------------- */

static gboolean
refuse_options (const AssayValues *values, const char *const *names, const char *why, GError **error)
{
  for (; *names != NULL; names++)
    if (assay_values_is_set (values, *names))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: %s", *names, why);
        return FALSE;
      }
  return TRUE;
}

AssayAudit *
assay_audit_open (AssayJob *job, AssayJobContext *context, GError **error)
{
  static const char *const of_models[] = { "positive", "model-name", "train-split", "l2", NULL };
  static const char *const of_scores[] = { "outcome", "probability", NULL };
  const AssayValues *values = assay_job_get_values (job);
  gboolean outside = assay_values_get_string (values, "score") != NULL;
  g_autoptr (AssayAudit) audit = g_new0 (AssayAudit, 1);

  audit->parts = g_ptr_array_new_with_free_func (part_free);
  audit->groupings = g_ptr_array_new_with_free_func (grouping_free);
  audit->drops = assay_drops_new ();
  audit->threshold = assay_values_get_double (values, "threshold");
  if (outside ? !refuse_options (values, of_models, "is for models of the case; --score audits an outside score", error)
              : !refuse_options (values, of_scores, "is for outside scores, which --score names", error))
    return NULL;
  if (!(outside ? assay_audit_open_score (audit, job, context, error) : assay_audit_open_model (audit, job, context, error))
      || !assay_audit_read_groups (audit, values, error))
    return NULL;
  return g_steal_pointer (&audit);
}
