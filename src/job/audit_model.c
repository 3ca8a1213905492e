/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_model.c: a model of the case as a score of one class against the others, on each split of its data. */
#include "job/audit.h"

#include "base/error.h"
#include "dataset/rows.h"
#include "job/spec.h"
#include "run/predict.h"

#include <math.h>
#include <string.h>

/* A logit of a yes or no stands for two classes. */
static gint64
count_classes (const AssaySubject *subject)
{
  return MAX (2, assay_predict_get_width (subject->model));
}

static gboolean
refuse_kind (const AssaySubject *subject, GError **error)
{
  gboolean tokens = assay_dataset_get_kind (subject->dataset) == ASSAY_DATASET_TOKENS;

  if (!tokens && assay_dataset_get_target_kind (subject->dataset) == ASSAY_TARGET_CLASS)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model %s predicts %s; a model of a yes or no, or of classes, can be audited",
               subject->object->name, tokens ? "the next token" : "a real number");
  return FALSE;
}

static gboolean
choose_positive (AssayAudit *audit, const char *wanted, GError **error)
{
  const AssaySubject *subject = audit->subject;
  gint64 n = count_classes (subject);
  g_autoptr (GString) list = g_string_new (NULL);

  audit->positive = 1;
  if (wanted == NULL && n == 2)
    return TRUE;
  for (gint64 c = 0; c < n; c++)
    {
      g_autofree char *name = assay_subject_name_class (subject, c);

      if (g_strcmp0 (name, wanted) == 0)
        {
          audit->positive = c;
          return TRUE;
        }
      if (c < 20)
        g_string_append_printf (list, "%s%s", c > 0 ? ", " : "", name);
    }
  if (wanted == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "positive: model %s tells %" G_GINT64_FORMAT " classes apart; name the one that is audited against "
                 "the others: %s%s", subject->object->name, n, list->str, n > 20 ? ", and more" : "");
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "positive: model %s has no class \"%s\"; its classes are %s%s", subject->object->name,
                 wanted, list->str, n > 20 ? ", and more" : "");
  return FALSE;
}

static gboolean
check_threshold (const AssayAudit *audit, GError **error)
{
  if (isnan (audit->threshold) || (audit->threshold >= 0 && audit->threshold <= 1))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "threshold: a model's score is a probability: 0 to 1 expected, %.15g found", audit->threshold);
  return FALSE;
}

static void
add_part (AssayAudit *audit, const char *name)
{
  const AssaySubject *subject = audit->subject;
  gint64 n;
  const gint64 *examples = assay_dataset_get_split (subject->dataset, name, &n, NULL);
  AssayAuditPart *part;

  if (n == 0)
    return;
  part = assay_audit_part_new (name, strcmp (name, subject->train_split) == 0 ? "trained on" : "held out", n);
  for (gint64 i = 0; i < n; i++)
    {
      part->row[i] = assay_dataset_get_row (subject->dataset, examples[i]);
      part->outcome[i] = assay_dataset_get_label (subject->dataset, examples[i]) == audit->positive;
    }
  g_ptr_array_add (audit->parts, part);
}

static void
describe (AssayAudit *audit)
{
  const AssaySubject *subject = audit->subject;
  g_autofree char *class = assay_subject_name_class (subject, audit->positive);
  const char *target = json_string_value (json_object_get (json_object_get (subject->described, "derive"), "target"));

  audit->score = json_pack ("{s:s, s:s, s:s}", "class", class, "kind", "probability", "words", "probability that the model gives to the class");
  audit->outcome = json_pack ("{s:s, s:s?}", "class", class, "target", target);
}

gboolean
assay_audit_open_model (AssayAudit *audit, AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  AssaySubject *subject = audit->subject = assay_subject_open (job, context, error);
  const GArray *drops;

  if (subject == NULL || !refuse_kind (subject, error) || !choose_positive (audit, assay_values_get_string (values, "positive"), error)
      || !check_threshold (audit, error))
    return FALSE;
  audit->data = assay_object_ref (subject->data);
  audit->table = assay_table_ref (subject->table);
  audit->kind = ASSAY_AUDIT_PROBABILITY;
  audit->has_decisions = audit->has_outcomes = TRUE;
  drops = assay_dataset_get_drops (subject->dataset);
  for (guint k = 0; k < drops->len; k++)
    assay_drops_count (audit->drops, g_array_index (drops, AssayDrop, k).n_rows, "%s", g_array_index (drops, AssayDrop, k).reason);
  add_part (audit, subject->train_split);
  for (guint k = 0; k < assay_dataset_get_n_splits (subject->dataset); k++)
    {
      const char *name = assay_dataset_get_split_name (subject->dataset, k);

      if (strcmp (name, subject->train_split) != 0)
        add_part (audit, name);
    }
  describe (audit);
  return TRUE;
}

/* The class whose logit is largest; of one logit, yes when it is above 0. */
static gboolean
decides_for (const double *logits, gint64 V, gint64 class)
{
  if (V == 1)
    return (logits[0] > 0) == (class == 1);
  for (gint64 v = 0; v < V; v++)
    if (logits[v] > logits[class] || (v < class && logits[v] == logits[class]))
      return FALSE;
  return TRUE;
}

gboolean
assay_audit_predict (AssayAudit *audit, AssayJobContext *context, GError **error)
{
  const AssaySubject *subject = audit->subject;
  gint64 V = assay_predict_get_width (subject->model);

  for (guint k = 0; k < audit->parts->len; k++)
    {
      AssayAuditPart *part = audit->parts->pdata[k];
      gint64 n;
      const gint64 *examples = assay_dataset_get_split (subject->dataset, part->name, &n, error);
      g_autofree double *logits = g_new (double, n * V);

      if (!assay_predict_logits (subject->model, subject->dataset, examples, n, context->backend, logits, context->progress, error))
        return FALSE;
      for (gint64 i = 0; i < n; i++)
        {
          part->score[i] = assay_predict_probability (logits + i * V, V, audit->positive);
          part->decision[i] = decides_for (logits + i * V, V, audit->positive);
        }
    }
  return TRUE;
}
