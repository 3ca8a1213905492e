/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_store.c: a validation as JSON and as an object of a case. */
#include "influence/validate.h"
#include "influence/task.h"

#include "base/json.h"
#include "store/shard.h"

#include <math.h>
#include <string.h>

/* --- JSON ------------------------------------------------------------------------------------------------------------- */

static json_t *
estimate_to_json (AssayEstimate e)
{
  return json_pack ("{s:o, s:o, s:o}", "value", assay_json_number (e.value), "lo", assay_json_number (e.lo), "hi",
                    assay_json_number (e.hi));
}

static json_t *
limits_to_json (double value, double lo, double hi)
{
  return estimate_to_json ((AssayEstimate) { .value = value, .lo = lo, .hi = hi });
}

static json_t *
diverged_to_json (const GArray *diverged)
{
  json_t *list = json_array ();

  for (guint k = 0; diverged != NULL && k < diverged->len; k++)
    json_array_append_new (list, json_integer ((json_int_t) g_array_index (diverged, gint64, k)));
  return list;
}

static json_t *
queries_to_json (const AssayAgreement *a)
{
  json_t *queries = json_array ();

  for (gint64 q = 0; q < a->n_query; q++)
    json_array_append_new (queries, json_pack ("{s:o, s:o, s:o, s:o}", "spearman", limits_to_json (a->spearman[q], a->spearman_lo[q], a->spearman_hi[q]),
                                               "pearson", limits_to_json (a->pearson[q], a->pearson_lo[q], a->pearson_hi[q]), "p", assay_json_number (a->p[q]),
                                               "q", assay_json_number (a->adjusted[q])));
  return queries;
}

/* What both kinds of agreement say. */
static json_t *
agreement_to_json (const AssayAgreement *a)
{
  return json_pack ("{s:I, s:I, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:o}", "sets", (json_int_t) a->n_sets, "size", (json_int_t) a->size, "pearson",
                    estimate_to_json (a->mean_pearson), "spearman", estimate_to_json (a->mean_spearman), "control", "pearson",
                    estimate_to_json (a->control_pearson), "spearman", estimate_to_json (a->control_spearman), "other_query", estimate_to_json (a->other_spearman), "change",
                    assay_json_number (a->change), "band", assay_json_number (a->band), "slope", assay_json_number (a->slope), "diverged",
                    diverged_to_json (a->diverged), "per_query", queries_to_json (a));
}

static void
set_headline (json_t *object, const char *name, AssayEstimate e)
{
  json_object_set_new (object, name, assay_json_number (e.value));
  json_object_set_new (object, "lo", assay_json_number (e.lo));
  json_object_set_new (object, "hi", assay_json_number (e.hi));
}

static json_t *
loo_to_json (const AssayAgreement *a)
{
  json_t *object;

  if (a->n_sets == 0)
    return json_null ();
  object = agreement_to_json (a);
  set_headline (object, "correlation", a->mean_pearson);
  return object;
}

static json_t *
family_to_json (const AssayValidation *v, guint f)
{
  const AssayAgreement *a = &g_array_index (v->families, AssayAgreement, f);
  const AssayCeiling *ceiling = &g_array_index (v->ceilings, AssayCeiling, f);
  json_t *object, *more;

  if (a->n_sets == 0)
    return json_null ();
  object = agreement_to_json (a);
  set_headline (object, "estimate", a->mean_spearman);
  more = json_pack ("{s:s, s:f, s:o, s:o, s:o, s:o, s:i, s:s, s:I}", "name", a->name, "share", (double) a->size / (double) v->n_train, "ceiling",
                    assay_json_number (ceiling->value), "share_of_ceiling", assay_json_number (a->mean_spearman.value / ceiling->value), "rho_1",
                    assay_json_number (ceiling->rho_1), "signal_to_noise", assay_json_number (ceiling->signal_to_noise), "seeds", (int) ceiling->n_seeds,
                    "ceiling_reason", ceiling->reason, "significant_queries", (json_int_t) a->n_significant);
  json_object_update (object, more);
  json_decref (more);
  return object;
}

static json_t *
difference_to_json (const AssayLossDifference *d, gint64 n_train)
{
  json_t *queries, *object;

  if (d->n_random == 0)
    return json_null ();
  queries = json_array ();
  for (gint64 q = 0; q < d->n_query; q++)
    json_array_append_new (queries, json_pack ("{s:o, s:o, s:o, s:o}", "rise", assay_json_number (d->rise[q]), "random_rise",
                                               assay_json_number (d->random_mean[q]), "difference", assay_json_number (d->rise[q] - d->random_mean[q]), "p",
                                               assay_json_number (d->p[q])));
  object = json_pack ("{s:s, s:I, s:f, s:I, s:o, s:o, s:o}", "ranking", d->ranking == ASSAY_RANKING_OF_ALL ? "set" : "query", "size", (json_int_t) d->size,
                      "share", (double) d->size / (double) n_train, "random_groups", (json_int_t) d->n_random, "rise", estimate_to_json (d->mean_rise),
                      "random_rise", estimate_to_json (d->mean_random), "per_query", queries);
  set_headline (object, "estimate", d->estimate);
  return object;
}

/* Points of the curve, and of losses for each query with a ranking of its own the least number of examples without which the probability of its label falls below one half
 * (its loss, in nats, above log 2); null where it never did, or was below before. */
static json_t *
curve_to_json (const AssayValidation *v)
{
  json_t *points, *least, *object;
  const AssayLossDifference *first = v->curve->len > 0 ? &g_array_index (v->curve, AssayLossDifference, 0) : NULL;

  if (first == NULL)
    return json_null ();
  points = json_array ();
  for (guint k = 0; k < v->curve->len; k++)
    json_array_append_new (points, difference_to_json (&g_array_index (v->curve, AssayLossDifference, k), v->n_train));
  object = json_pack ("{s:o}", "points", points);
  if (first->ranking != ASSAY_RANKING_OF_EACH || strcmp (v->measure, "loss") != 0)
    return object;
  least = json_array ();
  for (gint64 q = 0; q < first->n_query; q++)
    {
      gint64 size = 0;

      for (guint k = 0; v->base[q] < log (2) && k < v->curve->len; k++)
        {
          const AssayLossDifference *d = &g_array_index (v->curve, AssayLossDifference, k);

          if (v->base[q] + d->rise[q] > log (2) && (size == 0 || d->size < size))
            size = d->size;
        }
      json_array_append_new (least, size > 0 ? json_integer ((json_int_t) size) : json_null ());
    }
  json_object_set_new (object, "brittleness", least);
  return object;
}

static json_t *
grade_to_json (const AssayGrade *grade)
{
  static const char *const abstentions[] = { "interval", "noise", "agreement", "residual" };
  const char letter[2] = { grade->letter, '\0' };
  json_t *reasons = json_array (), *why = json_array ();

  for (guint k = 0; k < grade->reasons->len; k++)
    json_array_append_new (reasons, json_string (grade->reasons->pdata[k]));
  for (guint k = 0; k < G_N_ELEMENTS (abstentions); k++)
    if (grade->abstentions & 1u << k)
      json_array_append_new (why, json_string (abstentions[k]));
  return json_pack ("{s:o, s:o, s:o}", "letter", grade->letter ? json_string (letter) : json_null (), "reasons", reasons, "abstentions", why);
}

json_t *
assay_validation_to_json (const AssayValidation *v)
{
  json_t *families = json_array (), *document, *lds;

  for (guint f = 0; f < v->families->len; f++)
    json_array_append_new (families, family_to_json (v, f));
  lds = json_array_get (families, 0);
  document = json_pack ("{s:s, s:s, s:O, s:O, s:O, s:o, s:o, s:o, s:o, s:o, s:i, s:f, s:i, s:I}", "measure", v->measure, "change_unit", v->change_unit, "lds", lds ? lds : json_null (), "ceiling",
                        json_is_object (lds) ? json_object_get (lds, "ceiling") : json_null (), "ceiling_reason",
                        json_is_object (lds) ? json_object_get (lds, "ceiling_reason") : json_null (), "qld", difference_to_json (&v->difference, v->n_train), "loo",
                        loo_to_json (&v->one), "families", families, "curve", curve_to_json (v), "grade", grade_to_json (&v->grade), "seeds", (int) v->n_seeds, "level", v->plan.level,
                        "draws", (int) v->plan.draws, "seed", (json_int_t) v->plan.seed);
  return document;
}

/* --- the object ------------------------------------------------------------------------------------------------------- */

static gboolean
put (AssayShardWriter *writer, const char *group, const char *name, const char *units, const char *description,
     const char *set_axis, gint64 S,
     gint64 Q, const double *values, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/validation/%s/%s", group, name);
  AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_F64, .rank = 1, .dims = { Q }, .axes = { "query" }, .long_name = name,
                          .units = units, .description = description };

  if (set_axis != NULL)
    {
      spec.rank = 2;
      spec.dims[0] = S;
      spec.dims[1] = Q;
      spec.axes[0] = set_axis;
      spec.axes[1] = "query";
    }
  return assay_shard_writer_put (writer, &spec, ASSAY_STORE_F64, values, error);
}

/* Numbers in the data set of the examples that each set leaves out. */
static gboolean
put_members (AssayShardWriter *writer, const char *group, const char *set_axis, const AssayAgreement *a, const AssayInfluenceTask *task,
             GError **error)
{
  g_autofree gint64 *example = g_new (gint64, a->n_sets * a->size);
  g_autofree char *path = g_strdup_printf ("/validation/%s/members", group), *member = g_strdup_printf ("%s_member", group);
  const AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_I64, .rank = 2, .dims = { a->n_sets, a->size },
                                .axes = { set_axis, member }, .long_name = "members", .units = "1",
                                .description = "numbers in the data set of the examples left out" };

  for (gint64 i = 0; i < a->n_sets * a->size; i++)
    example[i] = task->train[a->place[i]];
  return assay_shard_writer_put (writer, &spec, ASSAY_STORE_I64, example, error);
}

/* As a unit of an array: nats, or nothing that has a symbol. */
static const char *
get_change_unit (const AssayInfluenceTask *task)
{
  const char *unit = assay_influence_task_get_change_unit (task);

  return strcmp (unit, "nats") == 0 ? unit : "1";
}

static gboolean
put_agreement (AssayShardWriter *writer, const char *group, const char *unit, const AssayAgreement *a, const AssayInfluenceTask *task, GError **error)
{
  const struct { const char *name, *description; const double *values; } of_query[] = {
    { "pearson", "correlation of predicted and measured over the sets", a->pearson }, { "pearson_lo", "lower end of its interval", a->pearson_lo },
    { "pearson_hi", "upper end of its interval", a->pearson_hi }, { "spearman", "rank correlation of predicted and measured over the sets", a->spearman },
    { "spearman_lo", "lower end of its interval", a->spearman_lo }, { "spearman_hi", "upper end of its interval", a->spearman_hi },
    { "p", "of the rank correlation against none", a->p }, { "q", "p adjusted over the queries", a->adjusted } };
  g_autofree char *set_axis = g_strdup_printf ("%s_set", group);
  gboolean fine;

  if (a->n_sets == 0)
    return TRUE;
  fine = put (writer, group, "predicted", unit, "sum of the scores of the set's examples", set_axis, a->n_sets, a->n_query, a->predicted, error)
         && put (writer, group, "measured", get_change_unit (task), "what is measured of the query after retraining without the set, minus with all", set_axis, a->n_sets, a->n_query, a->measured,
                 error)
         && put_members (writer, group, set_axis, a, task, error);
  for (gsize k = 0; fine && k < G_N_ELEMENTS (of_query); k++)
    fine = put (writer, group, of_query[k].name, "1", of_query[k].description, NULL, 0, a->n_query, of_query[k].values, error);
  return fine;
}

/* The first family is the lds; others stand under their names. */
static gboolean
put_families (AssayShardWriter *writer, const AssayValidation *v, const char *unit, const AssayInfluenceTask *task, GError **error)
{
  for (guint f = 0; f < v->families->len; f++)
    {
      const AssayAgreement *a = &g_array_index (v->families, AssayAgreement, f);

      if (!put_agreement (writer, f == 0 ? "lds" : a->name, unit, a, task, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_difference (AssayShardWriter *writer, const AssayLossDifference *d, const AssayInfluenceTask *task, GError **error)
{
  return d->n_random == 0
         || (put (writer, "qld", "rise", get_change_unit (task), "what is measured of the query without what is ranked highest, minus with all", NULL, 0, d->n_query, d->rise, error)
             && put (writer, "qld", "random_rise", get_change_unit (task), "mean of the same over random groups", NULL, 0, d->n_query, d->random_mean, error)
             && put (writer, "qld", "p", "1", "share of random groups that raised it at least as much", NULL, 0, d->n_query, d->p, error));
}

AssayObject *
assay_validation_save (AssayCase *cas, const char *name, const AssayValidation *v, const AssayInfluenceTask *task,
                       const AssayInfluenceScores *scores, const char *method, const AssayValues *options, json_t *extra, GError **error)
{
  json_t *meta = json_pack ("{s:s, s:s, s:o}", "method", method, "unit", scores->unit, "result", assay_validation_to_json (v));
  const AssayArraySpec axis = { .path = "/query", .type = ASSAY_STORE_I64, .rank = 1, .dims = { task->n_query },
                               .long_name = "query",
                                .units = "1", .description = "number of the example in the data set" };
  const char *unit = g_str_equal (scores->unit, ASSAY_UNIT_RELATIVE) ? "1" : get_change_unit (task);
  g_autoptr (AssayShardWriter) writer = NULL;

  if (options != NULL)
    json_object_set_new (meta, "options", assay_values_to_json (options));
  if (extra != NULL)
    json_object_update_missing (meta, extra);
  writer = assay_shard_writer_new (cas, "validation", name, meta, error);
  json_decref (meta);
  if (writer == NULL || !assay_shard_writer_put_axis (writer, &axis, ASSAY_STORE_I64, task->query, error)
      || !put_agreement (writer, "loo", unit, &v->one, task, error) || !put_families (writer, v, unit, task, error)
      || !put_difference (writer, &v->difference, task, error))
    return NULL;
  return assay_shard_writer_commit (writer, error);
}
