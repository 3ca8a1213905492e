/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_store.c: a validation as JSON and as an object of a case. */
#include "influence/validate.h"
#include "base/json.h"
#include "store/shard.h"


/* --- JSON ------------------------------------------------------------------------------------------------------------- */

static json_t *
estimate_to_json (AssayEstimate e)
{
  return json_pack ("{s:o, s:o, s:o}", "value", assay_json_number (e.value), "lo", assay_json_number (e.lo), "hi",
                    assay_json_number (e.hi));
}

static json_t *
agreement_to_json (const AssayAgreement *a)
{
  json_t *queries;

  if (a->n_sets == 0)
    return json_null ();
  queries = json_array ();
  for (gint64 q = 0; q < a->n_query; q++)
    json_array_append_new (queries, json_pack ("{s:{s:o, s:o, s:o}, s:o}", "pearson", "value", assay_json_number (a->pearson[q]),
                                               "lo", assay_json_number (a->pearson_lo[q]), "hi", assay_json_number (a->pearson_hi[q]),
                                               "spearman", assay_json_number (a->spearman[q])));
  return json_pack ("{s:I, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:o}", "sets", (json_int_t) a->n_sets, "pearson",
                    estimate_to_json (a->mean_pearson), "spearman", estimate_to_json (a->mean_spearman), "control", "pearson",
                    estimate_to_json (a->control_pearson), "spearman", estimate_to_json (a->control_spearman), "change",
                    assay_json_number (a->change), "band", assay_json_number (a->band), "slope", assay_json_number (a->slope), "per_query", queries);
}

static json_t *
top_to_json (const AssayTopRemoval *t)
{
  json_t *queries;

  if (t->n_random == 0)
    return json_null ();
  queries = json_array ();
  for (gint64 q = 0; q < t->n_query; q++)
    json_array_append_new (queries, json_pack ("{s:o, s:o, s:o}", "change", assay_json_number (t->change[q]), "random_change",
                                               assay_json_number (t->random_mean[q]), "p", assay_json_number (t->p[q])));
  return json_pack ("{s:I, s:o, s:o, s:o, s:o}", "random_groups", (json_int_t) t->n_random, "change",
                    estimate_to_json (t->mean_change), "random_change", estimate_to_json (t->mean_random), "difference",
                    estimate_to_json (t->mean_difference), "per_query", queries);
}

json_t *
assay_validation_to_json (const AssayValidation *v)
{
  return json_pack ("{s:o, s:o, s:o, s:I, s:f, s:i, s:I}", "leave_one_out", agreement_to_json (&v->one), "groups",
                    agreement_to_json (&v->group), "top_removal", top_to_json (&v->top), "group_size", (json_int_t) v->group_size, "level",
                    v->level, "draws", (int) v->draws, "seed", (json_int_t) v->seed);
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
  g_autofree char *path = g_strdup_printf ("/validation/%s/members", group);
  const AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_I64, .rank = 2, .dims = { a->n_sets, a->size },
                                .axes = { set_axis, a->size > 1 ? "member" : "single" }, .long_name = "members", .units = "1",
                                .description = "numbers in the data set of the examples left out" };

  for (gint64 i = 0; i < a->n_sets * a->size; i++)
    example[i] = task->train[a->place[i]];
  return assay_shard_writer_put (writer, &spec, ASSAY_STORE_I64, example, error);
}

static gboolean
put_agreement (AssayShardWriter *writer, const char *group, const char *set_axis, const char *unit, const AssayAgreement *a,
               const AssayInfluenceTask *task, GError **error)
{
  return a->n_sets == 0
         || (put (writer, group, "predicted", unit, "sum of the scores of the set's examples", set_axis, a->n_sets, a->n_query,
                  a->predicted, error)
             && put (writer, group, "measured", "nats", "query loss after retraining without the set, minus with all", set_axis,
                     a->n_sets, a->n_query, a->measured, error)
             && put_members (writer, group, set_axis, a, task, error)
             && put (writer, group, "pearson", "1", "correlation of predicted and measured over the sets", NULL, 0, a->n_query,
                     a->pearson, error)
             && put (writer, group, "pearson_lo", "1", "lower end of its interval", NULL, 0, a->n_query, a->pearson_lo, error)
             && put (writer, group, "pearson_hi", "1", "upper end of its interval", NULL, 0, a->n_query, a->pearson_hi, error)
             && put (writer, group, "spearman", "1", "rank correlation of predicted and measured over the sets", NULL, 0,
                     a->n_query, a->spearman, error));
}

static gboolean
put_top (AssayShardWriter *writer, const AssayTopRemoval *t, GError **error)
{
  return t->n_random == 0
         || (put (writer, "top", "change", "nats", "query loss without the query's most helpful group, minus with all", NULL, 0,
                  t->n_query,
                  t->change, error)
             && put (writer, "top", "random_change", "nats", "mean of the same over random groups", NULL, 0, t->n_query,
                     t->random_mean, error)
             && put (writer, "top", "p", "1", "share of random groups that raised the loss at least as much", NULL, 0, t->n_query,
                     t->p, error));
}

AssayObject *
assay_validation_save (AssayCase *cas, const char *name, const AssayValidation *v, const AssayInfluenceTask *task,
                       const AssayInfluenceScores *scores, const char *method, const AssayValues *options, json_t *extra, GError **error)
{
  json_t *meta = json_pack ("{s:s, s:s, s:o}", "method", method, "unit", scores->unit, "result", assay_validation_to_json (v));
  const AssayArraySpec axis = { .path = "/query", .type = ASSAY_STORE_I64, .rank = 1, .dims = { task->n_query },
                               .long_name = "query",
                                .units = "1", .description = "number of the example in the data set" };
  const char *unit = g_str_equal (scores->unit, ASSAY_UNIT_NATS) ? "nats" : "1";
  g_autoptr (AssayShardWriter) writer = NULL;

  if (options != NULL)
    json_object_set_new (meta, "options", assay_values_to_json (options));
  if (extra != NULL)
    json_object_update_missing (meta, extra);
  writer = assay_shard_writer_new (cas, "validation", name, meta, error);
  json_decref (meta);
  if (writer == NULL || !assay_shard_writer_put_axis (writer, &axis, ASSAY_STORE_I64, task->query, error)
      || !put_agreement (writer, "leave_one_out", "left_out", unit, &v->one, task, error)
      || !put_agreement (writer, "groups", "group", unit, &v->group, task, error) || !put_top (writer, &v->top, error))
    return NULL;
  return assay_shard_writer_commit (writer, error);
}
