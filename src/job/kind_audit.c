/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_audit.c: how good a yes or no is and for whom: of a model of the case, or of any column as the score of an outside model. */
#include "base/error.h"
#include "base/json.h"
#include "dataset/derive.h"
#include "dataset/rows.h"
#include "job/audit.h"
#include "job/audit_view.h"
#include "job/spec.h"
#include "stats/contrast.h"

#include <math.h>
#include <string.h>

static const AssayJobExample examples[] = {
  { "the newest model, and whether one question would do as well", "assay audit people.assay" },
  { "the same with a table of groups, compared with group b", "assay audit people.assay --group group --baseline group=b" },
  { "a column as the decision of an outside model, for groups and their intersections",
    "assay audit people.assay --score \"score in ('Medium', 'High')\" --outcome \"priors > 1\" --group group --group \"age < 25\"" },
  { "a number that ranks, with selection rates above the median and no outcome", "assay audit people.assay --score priors --group group" },
  { NULL, NULL }
};

static void
state_free (gpointer data)
{
  assay_audit_free (data);
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  context->free_state = state_free;
  context->state = assay_audit_open (job, context, error);
  return context->state != NULL;
}

static gint64
count_rows (const AssayAudit *audit)
{
  gint64 rows = 0;

  for (guint k = 0; k < audit->parts->len; k++)
    rows += ((const AssayAuditPart *) audit->parts->pdata[k])->n;
  return rows;
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const AssayAudit *audit = context->state;
  gint64 rows = count_rows (audit);

  (void) job;
  (void) error;
  if (audit->subject != NULL)
    {
      AssayShape shape = assay_dataset_get_shape (audit->subject->dataset);

      assay_job_plan_add (plan, 2.0 * (double) assay_model_get_n_params (audit->subject->model) * (double) rows, 16.0 * (double) rows, 0,
                          "predict %" G_GINT64_FORMAT " rows in %u %s", rows, audit->parts->len, audit->parts->len == 1 ? "part" : "parts");
      assay_job_plan_add (plan, 0, 8.0 * (double) audit->subject->n_train * (double) assay_shape_count (&shape), 0, "fit the challengers on %" G_GINT64_FORMAT
                          " rows", audit->subject->n_train);
    }
  assay_job_plan_add (plan, 0, 64.0 * (double) rows, 1 << 16, "count and measure %" G_GINT64_FORMAT " rows by %u groupings", rows, audit->groupings->len);
  return TRUE;
}

/* --- run ------------------------------------------------------------------------------------------------------------------- */

static json_t *
data_to_json (const AssayAudit *audit)
{
  json_t *files = json_array ();

  for (guint k = 0; k < assay_table_get_n_files (audit->table); k++)
    json_array_append_new (files, json_pack ("{s:s, s:s?}", "name", assay_table_get_file_name (audit->table, k), "sha256",
                                             assay_table_get_file_sha256 (audit->table, k)));
  return json_pack ("{s:s, s:I, s:I, s:o}", "name", audit->data->name, "sequence", (json_int_t) audit->data->sequence, "rows",
                    (json_int_t) assay_table_get_n_rows (audit->table), "files", files);
}

static json_t *
drops_to_json (const AssayAudit *audit)
{
  json_t *dropped = json_array ();

  for (guint k = 0; k < audit->drops->len; k++)
    {
      const AssayDrop *drop = &g_array_index (audit->drops, AssayDrop, k);

      json_array_append_new (dropped, json_pack ("{s:s, s:I}", "reason", drop->reason, "rows", (json_int_t) drop->n_rows));
    }
  return dropped;
}

static char *
join_columns (const json_t *columns)
{
  GString *text = g_string_new (NULL);
  gsize k, n = json_array_size (columns);
  json_t *column;

  json_array_foreach (columns, k, column)
    g_string_append_printf (text, "%s%s", k == 0 ? "" : k + 1 == n ? " and " : ", ", json_string_value (column));
  return g_string_free (text, FALSE);
}

/* The sentence that nobody can take one for the other by. */
static char *
state_subject (const AssayAudit *audit)
{
  const json_t *columns = json_object_get (audit->score, "columns");
  g_autofree char *names = join_columns (columns);

  if (audit->subject != NULL)
    return g_strdup_printf ("Model %s of this case, trained on split %s of data %s. Its score is the probability that it gives to class %s.",
                            audit->subject->object->name, audit->subject->train_split, audit->data->name, assay_json_get_text (audit->score, "class"));
  return g_strdup_printf ("An outside score, read from %s %s of data %s. It is not the score of a model of this case; how it was made is not known here.",
                          json_array_size (columns) == 1 ? "column" : "columns", names, audit->data->name);
}

static json_t *
measure_parts (const AssayAudit *audit, const AssayValues *options, AssayProgress *progress, GError **error)
{
  json_t *parts = json_array ();

  for (guint p = 0; p < audit->parts->len; p++)
    {
      const AssayAuditPart *part = audit->parts->pdata[p];
      json_t *object;

      if (assay_progress_is_cancelled (progress, error))
        {
          json_decref (parts);
          return NULL;
        }
      assay_progress_report (progress, "measuring", p, audit->parts->len, "parts", part->name);
      object = assay_audit_measure (audit, part, options);
      json_object_set_new (object, "groupings", assay_audit_measure_groups (audit, part, options));
      json_array_append_new (parts, object);
    }
  return parts;
}

static AssayEstimate
read_estimate (const json_t *object, const char *first, const char *second, double level)
{
  const json_t *e = second ? json_object_get (json_object_get (object, first), second) : json_object_get (object, first);

  return (AssayEstimate) { assay_json_get_number (e, "value"), assay_json_get_number (e, "lo"), assay_json_get_number (e, "hi"), level };
}

/* Held-out parts less the training part, which comes first: what the model lost on rows that it had not seen. */
static json_t *
compare_with_training (const json_t *parts, double level)
{
  static const struct { const char *name, *first, *second; } measures[] = {
    { "auroc", "discrimination", "auroc" }, { "brier", "brier", NULL }, { "log_loss", "log_loss", NULL }, { "accuracy", "rates", "accuracy" },
    { "calibration_error", "calibration", "error" },
  };
  const json_t *training = json_array_get (parts, 0);
  json_t *list = json_array ();

  for (gsize p = 1; p < json_array_size (parts); p++)
    {
      const json_t *part = json_array_get (parts, p);
      json_t *object = json_pack ("{s:O, s:O}", "name", json_object_get (part, "name"), "training", json_object_get (training, "name"));

      for (gsize k = 0; k < G_N_ELEMENTS (measures); k++)
        json_object_set_new (object, measures[k].name, assay_audit_estimate_to_json (assay_estimate_difference (
          read_estimate (part, measures[k].first, measures[k].second, level), read_estimate (training, measures[k].first, measures[k].second, level))));
      json_array_append_new (list, object);
    }
  return list;
}

static const char *
say_selected (const AssayAudit *audit, const char *favourable)
{
  if (audit->has_decisions)
    return strcmp (favourable, "true") == 0 ? "decided true" : "decided false";
  return strcmp (favourable, "true") == 0 ? "score above the median" : "score at or below the median";
}

/* Remarks that belong to the numbers. */
static json_t *
make_notes (const AssayAudit *audit)
{
  const AssayAuditPart *first = audit->parts->pdata[0];
  json_t *notes = json_array ();

  if (audit->subject != NULL && audit->parts->len == 1 && strcmp (first->role, "trained on") == 0)
    json_array_append_new (notes, json_string ("the data have no held-out split: every number is of rows that the model was trained on, and better than "
                                               "it would be on others"));
  if (!audit->has_decisions && !isnan (first->median))
    json_array_append_new (notes, json_string ("nobody decides by this score: selected means a score above the median; --threshold makes decisions"));
  if (!audit->has_outcomes)
    json_array_append_new (notes, json_string ("no --outcome was given: selection rates and impact ratios alone"));
  return notes;
}

static json_t *
describe (const AssayAudit *audit, const AssayJob *job, json_t *parts)
{
  const AssayValues *values = assay_job_get_values (job);
  g_autofree char *statement = state_subject (audit);
  const char *favourable = assay_values_get_string (values, "favourable");
  const char *filter = audit->subject != NULL ? json_string_value (json_object_get (json_object_get (audit->subject->described, "derive"), "filter"))
                                              : assay_values_get_string (assay_job_get_table (job, assay_derive_params), "filter");

  return json_pack ("{s:s, s:s, s:s?, s:o, s:O, s:O?, s:o, s:b, s:s?, s:o, s:s, s:s, s:f, s:f, s:I, s:o, s:o}",
                    "subject", audit->subject != NULL ? "model" : "outside score", "statement", statement, "model",
                    audit->subject != NULL ? audit->subject->object->name : NULL, "data", data_to_json (audit), "score", audit->score, "outcome",
                    audit->outcome, "threshold", assay_json_number (audit->threshold), "has_decisions", audit->has_decisions, "filter", filter, "dropped",
                    drops_to_json (audit), "favourable", favourable, "selected_means", say_selected (audit, favourable), "small_share",
                    assay_values_get_double (values, "small-group"), "level", assay_values_get_double (values, "level"), "bins",
                    (json_int_t) assay_values_get_int (values, "bins"), "parts", parts, "notes", make_notes (audit));
}

static json_t *
measure (const AssayAudit *audit, AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  json_t *parts = measure_parts (audit, values, context->progress, error), *document, *challengers;

  if (parts == NULL)
    return NULL;
  document = describe (audit, job, parts);
  if (audit->subject == NULL)
    return document;
  json_object_set_new (document, "against_training", compare_with_training (parts, assay_values_get_double (values, "level")));
  challengers = assay_audit_challenge (audit, values, context->progress, error);
  if (challengers == NULL)
    {
      json_decref (document);
      return NULL;
    }
  json_object_set_new (document, "challengers", challengers);
  return document;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  AssayAudit *audit = context->state;
  g_autofree char *identity = assay_job_get_identity (job), *name = NULL;
  json_t *document, *meta;
  AssayObject *object;

  if (audit->subject != NULL)
    {
      if (!assay_audit_predict (audit, context, error))
        return NULL;
      for (guint k = 0; k < audit->parts->len; k++)
        assay_audit_decide (audit, assay_job_get_values (job), audit->parts->pdata[k]);
    }
  document = measure (audit, job, context, error);
  if (document == NULL)
    return NULL;
  name = g_strdup_printf ("%s/%.12s", audit->subject != NULL ? audit->subject->object->name : "outside-score", identity);
  meta = json_pack ("{s:s, s:O, s:O, s:O, s:O?, s:o}", "job", identity, "audits", json_object_get (document, "subject"), "statement",
                    json_object_get (document, "statement"), "score", audit->score, "outcome", audit->outcome, "subject",
                    audit->subject != NULL ? assay_subject_to_json (audit->subject) : json_null ());
  object = assay_audit_save (context->cas, name, document, meta, error);
  json_decref (meta);
  if (object == NULL)
    {
      json_decref (document);
      return NULL;
    }
  assay_job_add_output (context, object);
  json_object_set_new (document, "audit_object", json_string (object->name));
  return document;
}

ASSAY_JOB_KIND_DEFINE (audit) = {
  .name = "audit", .group = ASSAY_JOB_GROUP_QUESTION, .help = "count errors and rates of a model or an outside score, for groups too",
  .description = "Without --score a model of the case is audited: on the split that it was trained on and on every other one, beside two challengers (the "
                 "base rate, and the best single question about one feature). With --score any column or expression is audited as the score of an "
                 "outside model, against --outcome; the answer says so and names the columns, so that it is never taken for a model of the case.\n\n"
                 "A condition is a decision. A number ranks, and decides where --threshold says from which score on; with --probability it is also held to "
                 "what it promises. Rows where score or outcome read a missing cell are counted apart and never taken for a no.\n\n"
                 "Every count is exact, every share stands beside its counts with Wilson's interval, areas have DeLong's, differences Newcombe's. Each "
                 "--group gives a table, several also their intersections. The impact ratio is a group's share of selected over that of the group where it "
                 "is highest; groups below --small-group are marked and never that group, and rows of no known group are counted without a ratio. Where "
                 "nobody decides, selected means a score above the median. Each interval stands alone: of 20 at 95 % one misses its truth on average.\n\n"
                 "The manual's page on audits has an equation for every number.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = assay_audit_params, .get_sections = assay_subject_sections,
  .resolve = resolve, .plan = plan, .run = run, .view = assay_audit_view,
};
