/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain_packet.c: one person's decision: what contributed, whether that is faithful, and the principal reasons. */
#include "job/explain.h"

#include "base/json.h"
#include "job/spec.h"
#include "probes/deletion.h"
#include "run/predict.h"

#include <math.h>
#include <stdlib.h>

#define MAX_REASONS 4           /* what a statement of reasons holds in practice: 12 CFR 1002, supplement I, 9(b)(2) */
#define MAX_LISTED 100          /* contributions in the answer; the stored object has all */

typedef struct {
  AssayExplain *explain;
  gint64 example;
  const double *x;              /* (D) */
  AssayExplainDecision decision;
  double *feature, *column;     /* (D), (C): contributions */
  gint64 *rank;                 /* (C) columns, the largest contribution first */
} Person;

static void
person_clear (Person *person)
{
  g_free (person->feature);
  g_free (person->column);
  g_free (person->rank);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Person, person_clear)

/* --- contributions ------------------------------------------------------------------------------------------------------------- */

typedef struct { double size; gint64 column; } Ranked;

static int
largest_first (const void *a, const void *b)
{
  const Ranked *x = a, *y = b;

  if (x->size != y->size)
    return x->size > y->size ? -1 : 1;
  return x->column < y->column ? -1 : 1;
}

static void
sum_columns (Person *person)
{
  const AssayExplain *explain = person->explain;
  g_autofree Ranked *ranked = g_new (Ranked, MAX (explain->C, 1));

  person->column = g_new0 (double, explain->C);
  person->rank = g_new (gint64, explain->C);
  for (gint64 c = 0; c < explain->C; c++)
    {
      for (gint64 k = 0; k < explain->range[c].n; k++)
        person->column[c] += person->feature[explain->range[c].first + k];
      ranked[c] = (Ranked) { fabs (person->column[c]), c };
    }
  qsort (ranked, explain->C, sizeof *ranked, largest_first);
  for (gint64 c = 0; c < explain->C; c++)
    person->rank[c] = ranked[c].column;
}

static json_t *
terms_to_json (const Person *person, gint64 c)
{
  const AssayExplain *explain = person->explain;
  const GPtrArray *names = assay_dataset_get_term_names (explain->subject->dataset);
  json_t *terms = json_array ();

  for (gint64 k = 0; k < explain->range[c].n; k++)
    {
      gint64 d = explain->range[c].first + k;

      json_array_append_new (terms, json_pack ("{s:s, s:f, s:f, s:f}", "term", names->pdata[d], "value", person->x[d], "reference", explain->reference[d],
                                               "contribution", person->feature[d]));
    }
  return terms;
}

/* What a column holds here and in the reference, and what it contributes. */
static json_t *
column_to_json (const Person *person, gint64 c)
{
  const AssayExplain *explain = person->explain;
  double number, reference_number;
  g_autofree char *value = assay_explain_dup_value (explain, c, person->example, person->x, &number);
  g_autofree char *reference = assay_explain_dup_reference (explain, c, &reference_number);

  return json_pack ("{s:s, s:s, s:o, s:s, s:o, s:f}", "column", explain->column[c].name, "value", value, "value_number", assay_json_number (number),
                    "reference", reference, "reference_number", assay_json_number (reference_number), "contribution", person->column[c]);
}

static json_t *
contributions_to_json (const Person *person)
{
  json_t *list = json_array ();

  for (gint64 k = 0; k < person->explain->C && k < MAX_LISTED; k++)
    {
      json_t *entry = column_to_json (person, person->rank[k]);

      if (person->explain->is_table)
        json_object_set_new (entry, "terms", terms_to_json (person, person->rank[k]));
      json_array_append_new (list, entry);
    }
  return list;
}

static json_t *
check_to_json (const AssayAttribution *a)
{
  return json_pack ("{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:b, s:I, s:I}", "method", a->is_exact ? "exact: the margin is linear in the inputs"
                                                                                                 : "integrated gradients, adaptive Gauss-Legendre",
                    "at_input", a->at_input, "at_reference", a->at_reference, "change", a->change, "sum", a->sum, "residual", a->residual, "tolerance",
                    a->tolerance, "converged", a->converged, "gradients", (json_int_t) a->gradients, "panels", (json_int_t) a->panels);
}

/* --- reasons ------------------------------------------------------------------------------------------------------------------- */

/* The columns that speak for what was decided, the strongest first; their share is of all that speaks for it. */
static json_t *
reasons_to_json (const Person *person)
{
  const AssayExplain *explain = person->explain;
  json_t *list = json_array ();
  double all = 0;

  for (gint64 c = 0; c < explain->C; c++)
    all += fmax (0, person->decision.sign * person->column[c]);
  for (gint64 k = 0; k < explain->C && json_array_size (list) < MAX_REASONS; k++)
    {
      gint64 c = person->rank[k];
      double strength = person->decision.sign * person->column[c];
      json_t *entry;

      if (!(strength > 0))
        continue;
      entry = column_to_json (person, c);
      json_object_set_new (entry, "rank", json_integer ((json_int_t) json_array_size (list) + 1));
      json_object_set_new (entry, "strength", json_real (strength));
      json_object_set_new (entry, "share", json_real (strength / all));
      json_array_append_new (list, entry);
    }
  return list;
}

/* --- fidelity ------------------------------------------------------------------------------------------------------------------ */

static double
probability_of (const Person *person, const double *logits)
{
  return person->decision.decides ? assay_predict_probability (logits, person->explain->V, person->decision.decided) : (double) NAN;
}

static json_t *
names_between (const Person *person, const AssayDeletion *d, gint64 from, gint64 to)
{
  json_t *names = json_array ();

  for (gint64 c = from; c < to && c - from < 20; c++)
    json_array_append_new (names, json_string (person->explain->column[d->order[c]].name));
  return names;
}

static json_t *
steps_to_json (const Person *person, const AssayDeletion *d)
{
  json_t *steps = json_array ();
  gint64 V = person->explain->V;

  for (gint64 i = 0; i < d->K; i++)
    json_array_append_new (steps, json_pack ("{s:I, s:o, s:f, s:f, s:f, s:o, s:o, s:o, s:o, s:o}", "deleted", (json_int_t) d->k[i], "columns",
                                             names_between (person, d, i > 0 ? d->k[i - 1] : 0, d->k[i]), "claimed", d->claimed[i], "measured",
                                             d->measured[i], "only", d->only[i], "random_mean", assay_json_number (d->R > 0 ? d->random_mean[i] : NAN),
                                             "random_lo", assay_json_number (d->random_lo[i]), "random_hi", assay_json_number (d->random_hi[i]),
                                             "probability_without", assay_json_number (probability_of (person, d->without_logits + i * V)),
                                             "probability_only", assay_json_number (probability_of (person, d->only_logits + i * V))));
  return steps;
}

/* Comprehensiveness and sufficiency of the probability: means over the steps of what is lost without the first columns, and with them alone. */
static json_t *
fidelity_to_json (const Person *person, const AssayDeletion *d)
{
  double without = 0, only = 0, p = person->decision.probability;
  gint64 V = person->explain->V;

  for (gint64 i = 0; i < d->K; i++)
    {
      without += (p - probability_of (person, d->without_logits + i * V)) / (double) d->K;
      only += (p - probability_of (person, d->only_logits + i * V)) / (double) d->K;
    }
  return json_pack ("{s:I, s:f, s:o, s:f, s:o, s:o, s:o, s:f, s:o, s:o, s:o}", "random_orders", (json_int_t) d->R, "area", d->area, "random_area",
                    assay_json_number (d->R > 0 ? d->random_area : NAN), "p", d->p, "best_area", assay_json_number (d->best_area), "worst_area",
                    assay_json_number (d->worst_area), "rescaled", assay_json_number (d->rescaled), "largest_gap", d->largest_gap, "comprehensiveness",
                    assay_json_number (without), "sufficiency", assay_json_number (only), "steps", steps_to_json (person, d));
}

static json_t *
measure_fidelity (const Person *person, const AssayValues *options, AssayProgress *progress, GError **error)
{
  const AssayExplain *explain = person->explain;
  g_autoptr (AssayDeletion) d = assay_deletion_new (explain->margin, &person->decision.choice, person->decision.sign, person->x, explain->reference,
                                                    explain->range, explain->C, person->column, assay_values_get_int (options, "orders"),
                                                    (guint64) assay_values_get_int (options, "seed"), progress, error);

  return d ? fidelity_to_json (person, d) : NULL;
}

/* --- together ------------------------------------------------------------------------------------------------------------------ */

static json_t *
decision_to_json (const Person *person)
{
  const AssayExplainDecision *d = &person->decision;
  g_autofree char *decided = d->decides ? assay_subject_name_class (person->explain->subject, d->decided) : NULL;
  g_autofree char *against = d->decides ? assay_subject_name_class (person->explain->subject, d->against) : NULL;
  g_autofree char *toward = d->decides ? assay_subject_name_class (person->explain->subject, d->choice.a) : NULL;

  return json_pack ("{s:s?, s:s?, s:s?, s:o, s:f}", "class", decided, "against", against, "margin_toward", toward, "probability",
                    assay_json_number (d->probability), "margin", d->margin);
}

static json_t *
outcome_to_json (const Person *person)
{
  const AssaySubject *subject = person->explain->subject;
  g_autofree char *name = NULL;

  if (assay_dataset_get_target_kind (subject->dataset) != ASSAY_TARGET_CLASS)
    return assay_json_number (assay_dataset_get_real (subject->dataset, person->example));
  name = assay_subject_name_class (subject, assay_dataset_get_label (subject->dataset, person->example));
  return json_string (name);
}

/* The reference's own decision: with reasons against a reference that is decided alike a reader must know it. */
static gboolean
describe_reference (const AssayExplain *explain, json_t **reference, GError **error)
{
  g_autofree double *logits = g_new (double, explain->V);
  g_autofree char *class = NULL;
  gint64 decided;

  if (!assay_margin_logits (explain->margin, explain->reference, 1, logits, error))
    return FALSE;
  decided = assay_explain_get_class (explain, logits);
  class = decided >= 0 ? assay_subject_name_class (explain->subject, decided) : NULL;
  *reference = json_pack ("{s:s, s:s, s:s?, s:o}", "kind", explain->reference_kind, "words", explain->reference_words, "class", class, "probability",
                          assay_json_number (decided >= 0 ? assay_predict_probability (logits, explain->V, decided) : NAN));
  return TRUE;
}

static gboolean
add (json_t *packet, const char *name, json_t *part)
{
  if (part == NULL)
    return FALSE;
  json_object_set_new (packet, name, part);
  return TRUE;
}

json_t *
assay_explain_packet (AssayExplain *explain, gint64 q, const AssayValues *options, AssayJobContext *context, gboolean *converged, double *contribution,
                      GError **error)
{
  g_autofree double *x = g_new (double, explain->D), *logits = g_new (double, explain->V);
  g_auto (Person) person = { .explain = explain, .example = g_array_index (explain->examples, gint64, q), .x = x, .feature = g_new (double, explain->D) };
  AssayAttribution a;
  json_t *packet, *reference = NULL;

  assay_explain_read (explain, person.example, x);
  if (!assay_margin_logits (explain->margin, x, 1, logits, error))
    return NULL;
  person.decision = assay_explain_decide (explain, logits);
  if (!assay_attribute (explain->margin, &person.decision.choice, x, explain->reference, assay_values_get_int (options, "gradients"), person.feature, &a,
                        context->progress, error)
      || !describe_reference (explain, &reference, error))
    return NULL;
  *converged = a.converged;
  for (gint64 d = 0; d < explain->D; d++)
    contribution[d] = person.feature[d];
  sum_columns (&person);
  packet = json_pack ("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "example", assay_explain_identify (explain, context->cas, person.example), "decision",
                      decision_to_json (&person), "outcome", outcome_to_json (&person), "reference", reference, "contributions",
                      contributions_to_json (&person), "check", check_to_json (&a), "reasons",
                      explain->is_table && a.converged ? reasons_to_json (&person) : json_null ());
  if (add (packet, "fidelity", measure_fidelity (&person, options, context->progress, error))
      && add (packet, "flips", assay_explain_flips (explain, &person.decision, person.example, x, error))
      && add (packet, "nearest", assay_explain_nearest (explain, context->cas, q, person.decision.decided))
      && add (packet, "influence", assay_explain_influence (explain, context->cas, q, assay_values_get_int (options, "nearest"), error)))
    return packet;
  json_decref (packet);
  return NULL;
}
