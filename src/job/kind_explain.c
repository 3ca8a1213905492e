/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_explain.c: why a model decided as it did about single people: packets that carry the checks of every number in them. */
#include "base/error.h"
#include "dataset/derive.h"
#include "job/explain.h"
#include "job/explain_view.h"
#include "job/spec.h"
#include "probes/deletion.h"

static const AssayJobExample examples[] = {
  { "the first person's decision by the newest model", "assay explain people.assay --example train:0" },
  { "two people named by key, measured from the reference levels", "assay explain people.assay --example id:17 --example id:23 --against base" },
  { "everybody of a kind, decided from a probability of 0.3 on, as one JSON document",
    "assay explain people.assay --example \"train:where priors >= 4\" --threshold 0.3 --json" },
  { "one person beside another", "assay explain people.assay --example id:17 --against id:23" },
  { NULL, NULL }
};

static void
state_free (gpointer data)
{
  assay_explain_free (data);
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  context->free_state = state_free;
  context->state = assay_explain_open (job, context, error);
  return context->state != NULL;
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const AssayExplain *explain = context->state;
  const AssayValues *values = assay_job_get_values (job);
  const AssaySubject *subject = explain->subject;
  double walk = 2.0 * (double) assay_model_get_n_params (subject->model), Q = explain->examples->len;
  gint64 orders = assay_values_get_int (values, "orders");
  g_autofree double *weight = g_new (double, explain->D);
  const AssayMarginChoice choice = { 1, 0, 0 };

  (void) error;
  if (!assay_margin_get_slope (explain->margin, &choice, weight))
    assay_job_plan_add (plan, 6 * walk * Q * (double) assay_values_get_int (values, "gradients"), 1 << 20, 0,
                        "integrate contributions of %u %s, by at most %" G_GINT64_FORMAT " gradients each", explain->examples->len,
                        explain->examples->len == 1 ? "person" : "people", assay_values_get_int (values, "gradients"));
  assay_job_plan_add (plan, walk * Q * (double) (orders * MIN (explain->C, ASSAY_DELETION_ALL)), 1 << 20, 0, "delete columns in %" G_GINT64_FORMAT
                      " random orders", orders);
  if (explain->is_table && assay_margin_has_classes (explain->margin))
    assay_job_plan_add (plan, walk * Q * (double) (explain->C * subject->n_train), 8.0 * (double) explain->D * (double) subject->n_train, 0,
                        "try every observed value of %" G_GINT64_FORMAT " columns (at most)", explain->C);
  if (assay_values_get_int (values, "nearest") > 0)
    assay_job_plan_add (plan, 2 * walk * (double) subject->n_train, 1 << 20, 0, "look for neighbours among %" G_GINT64_FORMAT " training examples",
                        subject->n_train);
  return TRUE;
}

/* --- run ----------------------------------------------------------------------------------------------------------------------- */

static json_t *
make_packets (AssayExplain *explain, const AssayValues *options, AssayJobContext *context, double *contribution, gint64 *failed, GError **error)
{
  json_t *packets = json_array ();

  *failed = 0;
  for (guint q = 0; q < explain->examples->len; q++)
    {
      gboolean converged;
      json_t *packet;

      assay_progress_report (context->progress, "explaining", q, explain->examples->len, "people", NULL);
      packet = assay_explain_packet (explain, q, options, context, &converged, contribution + (gint64) q * explain->D, error);
      if (packet == NULL)
        {
          json_decref (packets);
          return NULL;
        }
      *failed += !converged;
      json_array_append_new (packets, packet);
    }
  return packets;
}

/* Other people are named in the answer for whoever holds the case. A report shows the names to its profile internal alone. */
static json_t *
privacy_to_json (void)
{
  return json_pack ("{s:s, s:[s], s:s}", "other_people", "named, and under pseudonyms", "names_for", "internal", "elsewhere",
                    "counts and pseudonyms, which the holder of the case can resolve");
}

static json_t *
summarise (const AssayExplain *explain, json_t *packets, gint64 failed, const AssayObject *object)
{
  json_t *summary = json_pack ("{s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:O}", "model", explain->subject->object->name, "data", explain->subject->data->name,
                               "packet_object", object->name, "reference_kind", explain->reference_kind, "reference", explain->reference_words,
                               "is_table", explain->is_table, "columns", json_integer (explain->C), "privacy", privacy_to_json (), "packets", packets);

  if (failed > 0)
    {
      g_autofree char *finding = g_strdup_printf ("the contributions of %" G_GINT64_FORMAT " of %u decisions did not converge and give no reasons; "
                                                  "--gradients allows more", failed, explain->examples->len);

      json_object_set_new (summary, ASSAY_JOB_FINDING, json_string (finding));
    }
  return summary;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  AssayExplain *explain = context->state;
  const AssayValues *values = assay_job_get_values (job);
  g_autofree char *identity = assay_job_get_identity (job), *name = g_strdup_printf ("%s/%.12s", explain->subject->object->name, identity);
  g_autofree double *contribution = g_new (double, explain->examples->len * explain->D);
  gint64 failed;
  json_t *packets, *meta, *summary;
  AssayObject *object;

  if (!assay_explain_prepare (explain, values, context, error))
    return NULL;
  packets = make_packets (explain, values, context, contribution, &failed, error);
  if (packets == NULL)
    return NULL;
  meta = json_pack ("{s:s, s:o, s:s, s:s}", "job", identity, "subject", assay_subject_to_json (explain->subject), "reference", explain->reference_words,
                    "reference_kind", explain->reference_kind);
  object = assay_explain_save (explain, context->cas, name, packets, contribution, meta, error);
  json_decref (meta);
  if (object == NULL)
    {
      json_decref (packets);
      return NULL;
    }
  assay_job_add_output (context, object);
  summary = summarise (explain, packets, failed, object);
  json_decref (packets);
  return summary;
}

ASSAY_JOB_KIND_DEFINE (explain) = {
  .name = "explain", .group = ASSAY_JOB_GROUP_QUESTION, .help = "explain single decisions of a model: contributions, flips, fidelity, evidence",
  .description = "For each person a packet: what was decided and by what margin (log odds); what every column contributed to that margin, measured from a "
                 "reference that is stated; the columns that speak for the decision, at most four, as principal reasons; which single change of one "
                 "column, to a value that somebody in the training split has, decides otherwise; and the training examples that the model sees as most "
                 "alike, beside the influence scores that the case has about this person.\n\n"
                 "Contributions add up to the difference of the margin and that of the reference. Of a linear margin they are exact, of others integrated "
                 "along a line until they add up to 1e-6; what does not is marked, gives no reasons, and the exit status is 1. Terms of one column count "
                 "together and are listed apart.\n\n"
                 "Whether contributions tell what matters is measured: columns are set to the reference in their order, and the drop of the margin is set "
                 "beside what was claimed, beside random orders, and between the best and the worst order that a search finds.\n\n"
                 "Other people stand in the answer under their names and under pseudonyms; a report shows the names to its internal readers alone. Images "
                 "are explained by pixel, without flips and reasons. The manual's page on audits has an equation for every number.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = assay_explain_params, .get_sections = assay_subject_sections,
  .resolve = resolve, .plan = plan, .run = run, .view = assay_explain_view,
};
