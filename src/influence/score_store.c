/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_store.c: writing, validating and reading scores. */
#include "influence/score_store.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "influence/breakdown.h"
#include "influence/task.h"
#include "store/reader.h"
#include "store/shard.h"

#include <math.h>
#include <string.h>

#define TOP_BLOCK 65536
#define PART_KIND ASSAY_SCORES_PART

/* --- attributes and their validator ----------------------------------------------------------------------------------- */

static const char *const units[] = { ASSAY_UNIT_NATS, ASSAY_UNIT_ACTIVATION, ASSAY_UNIT_PROBE, ASSAY_UNIT_RELATIVE, NULL };
static const char *const signs[] = { ASSAY_SIGN, ASSAY_SIGN_MEASURE, ASSAY_SIGN_SELF, NULL };
static const char *const kinds[] = { "solve", "sampling", "none", NULL };

static const struct {
  const char *name;
  gboolean is_number;
  const char *const *words;     /* NULL: any text that is not empty */
} attributes_table[] = {
  { "method", FALSE, NULL },
  { "unit", FALSE, units },
  { "sign", FALSE, signs },
  { "measure", FALSE, NULL },
  { "damping", TRUE, NULL },
  { "l2", TRUE, NULL },
  { "counterfactual", FALSE, NULL },
  { "interval_kind", FALSE, kinds },
  { "interval_words", FALSE, NULL },
};

static gboolean
refuse (const char *where, const char *name, const char *expected, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: scores: attribute %s: %s", where, name, expected);
  return FALSE;
}

static gboolean
check_text (const json_t *value, const char *const *words, const char *where, const char *name, GError **error)
{
  const char *text = json_string_value (value);
  g_autofree char *all = words ? g_strjoinv ("\" or \"", (char **) words) : NULL, *expected = NULL;

  if (text != NULL && text[0] != '\0' && (words == NULL || g_strv_contains (words, text)))
    return TRUE;
  expected = words ? g_strdup_printf ("\"%s\" expected, \"%s\" found", all, text ? text : "nothing")
                   : g_strdup_printf ("a text expected, %s found", text ? "an empty one" : "nothing");
  return refuse (where, name, expected, error);
}

gboolean
assay_score_attributes_check (const json_t *attributes, const char *where, GError **error)
{
  const char *unit = json_string_value (json_object_get (attributes, "unit"));
  const char *counterfactual = json_string_value (json_object_get (attributes, "counterfactual"));
  const char *method = json_string_value (json_object_get (attributes, "method"));
  gboolean may_lack = g_strcmp0 (unit, ASSAY_UNIT_RELATIVE) == 0 || g_strcmp0 (counterfactual, "retraining") == 0
                      || (method != NULL && g_str_has_prefix (method, "imported:"));

  for (gsize a = 0; a < G_N_ELEMENTS (attributes_table); a++)
    {
      const char *name = attributes_table[a].name;
      const json_t *value = json_object_get (attributes, name);

      if (!attributes_table[a].is_number)
        {
          if (!check_text (value, attributes_table[a].words, where, name, error))
            return FALSE;
        }
      else if (value == NULL || (json_is_null (value) && !may_lack))
        return refuse (where, name, "a number expected, nothing found", error);
      else if (!json_is_null (value) && !(json_is_number (value) && json_number_value (value) >= 0))
        return refuse (where, name, "a number of 0 or more expected", error);
    }
  return TRUE;
}

json_t *
assay_score_attributes_new (const AssayInfluenceScores *scores, const char *method)
{
  return json_pack ("{s:s?, s:s?, s:s, s:s?, s:o, s:o, s:s?, s:s, s:s?}", "method", method, "unit", scores->unit, "sign",
                    assay_influence_scores_get_sign (scores),
                    "measure", scores->measure, "damping", assay_json_number (scores->damping), "l2",
                    assay_json_number (scores->l2), "counterfactual",
                    scores->counterfactual, "interval_kind", assay_interval_kind_name (scores->interval_kind), "interval_words",
                    scores->interval_reason);
}

static gboolean
write_attributes (AssayShardWriter *writer, const json_t *attributes, GError **error)
{
  for (gsize a = 0; a < G_N_ELEMENTS (attributes_table); a++)
    {
      const char *name = attributes_table[a].name;
      const json_t *value = json_object_get (attributes, name);

      if (json_is_string (value) ? !assay_shard_writer_set_text (writer, "/scores", name, json_string_value (value), error)
                                 : !assay_shard_writer_set_number (writer, "/scores", name,
                                                                   json_is_null (value) ? NAN : json_number_value (value),
                                                                   error))
        return FALSE;
    }
  return TRUE;
}

/* --- solver's answers, one array each --------------------------------------------------------------------------------- */

#define FIELD(name, words, units) { #name, words, units, G_STRUCT_OFFSET (AssaySolveResult, name) }
static const struct { const char *name, *description, *units; gsize offset; } real_fields[] = {
  FIELD (true_residual, "||b - A x|| / ||b||, recomputed at the end", "1"),
  FIELD (right_hand_norm, "norm of the query's gradient", "nats"),
  FIELD (solution_norm, "norm of the solution", "1"),
  FIELD (smallest_curvature, "least p'Ap / p'p seen", "nats"),
  FIELD (condition_estimate, "estimate of the condition number", "1"),
};
static const struct { const char *name, *description, *units; gsize offset; } whole_fields[] = {
  FIELD (iterations, "iterations of the solve", "1"),
  FIELD (products, "vectors that the matrix was applied to", "1"),
};

/* Where each query is one example its axis names it; else the axis only counts, and the examples stand beside it. */
static const char *
name_rows (const AssayInfluenceTask *task)
{
  return assay_influence_task_get_query_size (task) == 1 ? "query" : "question";
}

static AssayArraySpec
solver_spec (const char *path, AssayStoreType type, const AssayInfluenceTask *task, const char *name, const char *units, const char *description)
{
  return (AssayArraySpec) { .path = path, .type = type, .rank = 1, .dims = { task->n_query }, .axes = { name_rows (task) }, .long_name = name,
                           .units = units,
                            .description = description };
}

static gboolean
write_solves (AssayShardWriter *writer, const AssayInfluenceScores *scores, const AssayInfluenceTask *task, GError **error)
{
  gint64 Q = scores->n_query;
  g_autofree double *real = g_new (double, Q);
  g_autofree gint64 *whole = g_new (gint64, Q);
  AssayArraySpec spec;

  for (gsize f = 0; f < G_N_ELEMENTS (real_fields); f++)
    {
      g_autofree char *path = g_strconcat ("/scores/solver/", real_fields[f].name, NULL);

      spec = solver_spec (path, ASSAY_STORE_F64, task, real_fields[f].name, real_fields[f].units, real_fields[f].description);
      for (gint64 q = 0; q < Q; q++)
        real[q] = G_STRUCT_MEMBER (double, &scores->solves[q], real_fields[f].offset);
      if (!assay_shard_writer_put (writer, &spec, ASSAY_STORE_F64, real, error))
        return FALSE;
    }
  for (gsize f = 0; f < G_N_ELEMENTS (whole_fields); f++)
    {
      g_autofree char *path = g_strconcat ("/scores/solver/", whole_fields[f].name, NULL);

      spec = solver_spec (path, ASSAY_STORE_I64, task, whole_fields[f].name, whole_fields[f].units, whole_fields[f].description);
      for (gint64 q = 0; q < Q; q++)
        whole[q] = G_STRUCT_MEMBER (gint64, &scores->solves[q], whole_fields[f].offset);
      if (!assay_shard_writer_put (writer, &spec, ASSAY_STORE_I64, whole, error))
        return FALSE;
    }
  spec = solver_spec ("/scores/solver/reason", ASSAY_STORE_I64, task, "reason", "1",
                      "why the solve ended: above 0 converged, below 0 stopped");
  for (gint64 q = 0; q < Q; q++)
    whole[q] = scores->solves[q].reason;
  return assay_shard_writer_put (writer, &spec, ASSAY_STORE_I64, whole, error);
}

static gboolean
read_solves (AssayReader *reader, AssayInfluenceScores *scores, GError **error)
{
  gint64 Q = scores->n_query;
  g_autofree double *real = g_new (double, Q);
  g_autofree gint64 *whole = g_new (gint64, Q);

  for (gsize f = 0; f < G_N_ELEMENTS (real_fields); f++)
    {
      g_autofree char *path = g_strconcat ("/scores/solver/", real_fields[f].name, NULL);

      if (!assay_reader_read (reader, path, ASSAY_STORE_F64, real, error))
        return FALSE;
      for (gint64 q = 0; q < Q; q++)
        G_STRUCT_MEMBER (double, &scores->solves[q], real_fields[f].offset) = real[q];
    }
  for (gsize f = 0; f < G_N_ELEMENTS (whole_fields); f++)
    {
      g_autofree char *path = g_strconcat ("/scores/solver/", whole_fields[f].name, NULL);

      if (!assay_reader_read (reader, path, ASSAY_STORE_I64, whole, error))
        return FALSE;
      for (gint64 q = 0; q < Q; q++)
        G_STRUCT_MEMBER (gint64, &scores->solves[q], whole_fields[f].offset) = whole[q];
    }
  if (!assay_reader_read (reader, "/scores/solver/reason", ASSAY_STORE_I64, whole, error))
    return FALSE;
  for (gint64 q = 0; q < Q; q++)
    scores->solves[q].reason = (AssaySolveReason) whole[q];
  return TRUE;
}

/* --- the object ------------------------------------------------------------------------------------------------------- */

static gboolean
put_axis (AssayShardWriter *writer, const char *path, const char *name, const gint64 *examples, gint64 n, GError **error)
{
  const AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_I64, .rank = 1, .dims = { n }, .long_name = name, .units = "1",
                                .description = "number of the example in the data set" };

  return assay_shard_writer_put_axis (writer, &spec, ASSAY_STORE_I64, examples, error);
}

static gboolean
put_queries (AssayShardWriter *writer, const AssayInfluenceTask *task, GError **error)
{
  gint64 Q = task->n_query, size = assay_influence_task_get_query_size (task);
  const AssayArraySpec axis = { .path = "/question", .type = ASSAY_STORE_I64, .rank = 1, .dims = { Q }, .long_name = "question", .units = "1",
                                .description = "number of the query; its loss is the mean over the examples of /question_examples" };
  const AssayArraySpec members = { .path = "/question_examples", .type = ASSAY_STORE_I64, .rank = 2, .dims = { Q, size },
                                   .axes = { "question", "member" }, .long_name = "examples of each query", .units = "1",
                                   .description = "number of the example in the data set" };
  g_autofree gint64 *number = g_new (gint64, Q);

  if (size == 1)
    return put_axis (writer, "/query", "query", task->query, Q, error);
  for (gint64 q = 0; q < Q; q++)
    number[q] = q;
  return assay_shard_writer_put_axis (writer, &axis, ASSAY_STORE_I64, number, error)
         && assay_shard_writer_put (writer, &members, ASSAY_STORE_I64, task->query, error);
}

static gboolean
put_matrix (AssayShardWriter *writer, const AssayInfluenceScores *scores, const AssayInfluenceTask *task, const char *path,
            const char *description, const double *values, GError **error)
{
  const AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_F64, .rank = 2, .dims = { scores->n_query, scores->n_train },
                                .axes = { name_rows (task), "example" }, .long_name = "influence", .units = scores->unit, .description = description };

  return values == NULL || assay_shard_writer_put (writer, &spec, ASSAY_STORE_F64, values, error);
}

/* /scores/parts (Q,N,M) with the parts' names as the axis. */
static gboolean
put_parts (AssayShardWriter *writer, const AssayInfluenceScores *scores, const AssayInfluenceTask *task, GError **error)
{
  const AssayBreakdown *parts = scores->parts;
  const AssayArraySpec axis = { .path = "/part", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { parts ? parts->n_parts : 0 }, .long_name = "part" };
  const AssayArraySpec spec = { .path = "/scores/parts", .type = ASSAY_STORE_F64, .rank = 3, .dims = { scores->n_query, scores->n_train, axis.dims[0] },
                                .axes = { name_rows (task), "example", "part" }, .long_name = "parts of scores", .units = scores->unit,
                                .description = "what each part adds to a score" };

  return parts == NULL || (assay_shard_writer_put_axis_text (writer, &axis, (const char *const *) parts->names, error)
                           && assay_shard_writer_put (writer, &spec, ASSAY_STORE_F64, parts->value, error)
                           && assay_shard_writer_set_text (writer, "/scores", "parts_by", parts->by, error));
}

static gboolean
read_parts (AssayReader *reader, AssayInfluenceScores *scores, GError **error)
{
  g_autoptr (AssayBreakdown) parts = g_new0 (AssayBreakdown, 1);
  g_autofree char *by = NULL;
  AssayArrayInfo info;

  if (!assay_reader_has (reader, "/scores/parts"))
    return TRUE;
  if ((by = assay_reader_dup_text (reader, "/scores", "parts_by", error)) == NULL || !assay_reader_describe (reader, "/scores/parts", &info, error)
      || (parts->names = assay_reader_read_text (reader, "/part", error)) == NULL
      || (parts->value = assay_mem_alloc_array (info.dims[0] * info.dims[1] * info.dims[2], sizeof (double), error)) == NULL
      || !assay_reader_read (reader, "/scores/parts", ASSAY_STORE_F64, parts->value, error))
    return FALSE;
  parts->by = g_intern_string (by);
  parts->n_query = info.dims[0];
  parts->n_train = info.dims[1];
  parts->n_parts = info.dims[2];
  scores->parts = g_steal_pointer (&parts);
  return TRUE;
}

static json_t *
metadata (const json_t *attributes, const AssayInfluenceScores *scores, const AssayValues *options, json_t *extra)
{
  json_t *meta = json_pack ("{s:O, s:s}", "attributes", attributes, "notes", scores->notes->str);

  if (options != NULL)
    json_object_set_new (meta, "options", assay_values_to_json (options));
  if (extra != NULL)
    json_object_update_missing (meta, extra);
  return meta;
}

static AssayObject *
save (AssayCase *cas, const char *kind, const char *name, const AssayInfluenceScores *scores, const AssayInfluenceTask *task, const char *method,
      const AssayValues *options, json_t *extra, GError **error)
{
  json_t *attributes = assay_score_attributes_new (scores, method), *meta;
  g_autoptr (AssayShardWriter) writer = NULL;
  AssayObject *object = NULL;

  if (assay_score_attributes_check (attributes, name, error))
    {
      meta = metadata (attributes, scores, options, extra);
      writer = assay_shard_writer_new (cas, kind, name, meta, error);
      json_decref (meta);
    }
  if (writer != NULL && put_queries (writer, task, error)
      && put_axis (writer, "/example", "training example", task->train, task->n_train, error)
      && put_matrix (writer, scores, task, "/scores/value", "score of each training example for each query; NaN: not scored",
                     scores->value, error)
      && put_matrix (writer, scores, task, "/scores/lo", "lower end of the interval", scores->lo, error)
      && put_matrix (writer, scores, task, "/scores/hi", "upper end of the interval", scores->hi, error)
      && put_matrix (writer, scores, task, "/scores/se_sample", "standard error from drawing examples for the curvature", scores->se_sample, error)
      && put_matrix (writer, scores, task, "/scores/se_seed", "standard error from drawing projections or models", scores->se_seed, error)
      && put_parts (writer, scores, task, error)
      && (scores->solves == NULL || write_solves (writer, scores, task, error)) && write_attributes (writer, attributes, error))
    object = assay_shard_writer_commit (writer, error);
  json_decref (attributes);
  return object;
}

AssayObject *
assay_influence_scores_save (AssayCase *cas, const char *name, const AssayInfluenceScores *scores, const AssayInfluenceTask *task,
                             const char *method, const AssayValues *options, json_t *extra, GError **error)
{
  return save (cas, "scores", name, scores, task, method, options, extra, error);
}

AssayObject *
assay_influence_scores_save_part (AssayCase *cas, const char *name, const AssayInfluenceScores *scores, const AssayInfluenceTask *task,
                                  const char *method, const AssayValues *options, json_t *extra, GError **error)
{
  return save (cas, PART_KIND, name, scores, task, method, options, extra, error);
}

/* The reader of a scores object whose attributes pass the validator. */
static AssayReader *
open_scores (AssayCase *cas, const char *kind, const char *name, const json_t **attributes, AssayArrayInfo *info, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, kind, name, error);

  if (reader == NULL)
    return NULL;
  *attributes = json_object_get (assay_reader_get_meta (reader), "attributes");
  if (!assay_score_attributes_check (*attributes, name, error) || !assay_reader_describe (reader, "/scores/value", info, error))
    return NULL;
  if (info->rank != 2)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE,
                   "%s: scores: /scores/value: two axes (query, example) expected, %u found", name,
                   info->rank);
      return NULL;
    }
  return g_steal_pointer (&reader);
}

static void
adopt_attributes (AssayInfluenceScores *scores, const json_t *attributes, const json_t *meta)
{
  const json_t *damping = json_object_get (attributes, "damping"), *l2 = json_object_get (attributes, "l2");

  scores->unit = g_intern_string (json_string_value (json_object_get (attributes, "unit")));
  scores->measure = g_intern_string (json_string_value (json_object_get (attributes, "measure")));
  scores->counterfactual = g_intern_string (json_string_value (json_object_get (attributes, "counterfactual")));
  scores->interval_reason = g_intern_string (json_string_value (json_object_get (attributes, "interval_words")));
  assay_interval_kind_parse (json_string_value (json_object_get (attributes, "interval_kind")), &scores->interval_kind);
  scores->damping = json_is_number (damping) ? json_number_value (damping) : NAN;
  scores->l2 = json_is_number (l2) ? json_number_value (l2) : NAN;
  g_string_append (scores->notes, json_string_value (json_object_get (meta, "notes")) ?: "");
}

/* A matrix that not all scores have. */
static gboolean
read_errors (AssayReader *reader, const char *path, const AssayInfluenceScores *scores, double **values, GError **error)
{
  if (!assay_reader_has (reader, path))
    return TRUE;
  *values = assay_mem_new (double, scores->n_query * scores->n_train, error);
  return *values != NULL && assay_reader_read (reader, path, ASSAY_STORE_F64, *values, error);
}

static AssayInfluenceScores *
load (AssayCase *cas, const char *kind, const char *name, const char **method, GError **error)
{
  const json_t *attributes;
  AssayArrayInfo info;
  g_autoptr (AssayReader) reader = open_scores (cas, kind, name, &attributes, &info, error);
  g_autoptr (AssayInfluenceScores) scores = NULL;

  if (reader == NULL)
    return NULL;
  scores = assay_influence_scores_new (info.dims[0], info.dims[1], assay_reader_has (reader, "/scores/lo"),
                                       assay_reader_has (reader, "/scores/solver/reason"), error);
  if (scores == NULL)
    return NULL;
  adopt_attributes (scores, attributes, assay_reader_get_meta (reader));
  if (!assay_reader_read (reader, "/scores/value", ASSAY_STORE_F64, scores->value, error)
      || (scores->lo != NULL && (!assay_reader_read (reader, "/scores/lo", ASSAY_STORE_F64, scores->lo, error)
                                 || !assay_reader_read (reader, "/scores/hi", ASSAY_STORE_F64, scores->hi, error)))
      || !read_errors (reader, "/scores/se_sample", scores, &scores->se_sample, error)
      || !read_errors (reader, "/scores/se_seed", scores, &scores->se_seed, error)
      || (scores->solves != NULL && !read_solves (reader, scores, error)) || !read_parts (reader, scores, error))
    return NULL;
  if (method != NULL)
    *method = g_intern_string (json_string_value (json_object_get (attributes, "method")));
  return g_steal_pointer (&scores);
}

AssayInfluenceScores *
assay_influence_scores_load (AssayCase *cas, const char *name, const char **method, GError **error)
{
  return load (cas, "scores", name, method, error);
}

AssayInfluenceScores *
assay_influence_scores_load_part (AssayCase *cas, const char *name, GError **error)
{
  return load (cas, PART_KIND, name, NULL, error);
}

GArray *
assay_influence_scores_load_asked (AssayCase *cas, const char *name, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "scores", name, error);
  const char *path = reader && assay_reader_has (reader, "/question_examples") ? "/question_examples" : "/query";
  g_autoptr (GArray) asked = g_array_new (FALSE, FALSE, sizeof (gint64));
  AssayArrayInfo info;

  if (reader == NULL || !assay_reader_describe (reader, path, &info, error))
    return NULL;
  g_array_set_size (asked, (guint) (info.rank == 2 ? info.dims[0] * info.dims[1] : info.dims[0]));
  return assay_reader_read (reader, path, ASSAY_STORE_I64, asked->data, error) ? g_steal_pointer (&asked) : NULL;
}

AssayTop *
assay_influence_scores_load_top (AssayCase *cas, const char *name, gint64 query, gint64 k, GError **error)
{
  static const char *const paths[] = { "/scores/value", "/scores/lo", "/scores/hi" };
  const json_t *attributes;
  AssayArrayInfo info;
  g_autoptr (AssayReader) reader = open_scores (cas, "scores", name, &attributes, &info, error);
  g_autoptr (AssayTop) top = assay_top_new (k);
  g_autofree double *block = g_new (double, G_N_ELEMENTS (paths) * TOP_BLOCK);

  if (reader == NULL)
    return NULL;
  if (query < 0 || query >= info.dims[0])
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND,
                   "%s: scores: a query from 0 to %" G_GINT64_FORMAT " expected, %" G_GINT64_FORMAT
                   " asked for", name, info.dims[0] - 1, query);
      return NULL;
    }
  for (gint64 first = 0; first < info.dims[1]; first += TOP_BLOCK)
    {
      gint64 n = MIN (TOP_BLOCK, info.dims[1] - first);

      for (gsize a = 0; a < G_N_ELEMENTS (paths); a++)
        if (!assay_reader_has (reader, paths[a]))
          for (gint64 i = 0; i < n; i++)
            block[a * TOP_BLOCK + i] = NAN;
        else if (!assay_reader_read_box (reader, paths[a], (gint64[]) { query, first }, (gint64[]) { 1, n }, ASSAY_STORE_F64,
                                         block + a * TOP_BLOCK, error))
          return NULL;
      for (gint64 i = 0; i < n; i++)
        assay_top_add (top, &(AssayTopEntry) { first + i, block[i], block[TOP_BLOCK + i], block[2 * TOP_BLOCK + i] });
    }
  return g_steal_pointer (&top);
}
