/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain_store.c: packets as arrays; what names other people is redactable.
 *
 *   /packets/...         (packet)             decision, margin, check, fidelity
 *   /columns/...         (packet,column)      contribution, count of flips, smallest changes that flip
 *   /terms/contribution  (packet,term)
 *   /deletion/...        (packet,step)        deleted, claimed, measured, only, random_mean, random_lo, random_hi
 *   /nearest/...         (packet,neighbour)   example, distance
 *   /who/text            (packet)             the packet itself, as JSON
 */
#include "job/explain.h"

#include "base/json.h"
#include "store/shard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const AssayExplain *explain;
  AssayShardWriter *writer;
  const json_t *packets;
  gint64 Q;
} Store;

/* "check/residual": members joined by '/'. */
static const json_t *
find (const json_t *object, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);

  for (guint k = 0; names[k] != NULL && object != NULL; k++)
    object = json_object_get (object, names[k]);
  return object;
}

static double
get_number (const json_t *object, const char *path)
{
  const json_t *value = find (object, path);

  return json_is_number (value) ? json_number_value (value) : json_is_boolean (value) ? json_is_true (value) : (double) NAN;
}

static gboolean
put (const Store *store, const char *path, guint rank, gint64 n, const char *axis, const char *description, gboolean redactable, const double *values,
     GError **error)
{
  const AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_F64, .rank = rank, .dims = { store->Q, n }, .axes = { "packet", axis },
                                .long_name = strrchr (path, '/') + 1, .description = description, .redactable = redactable };

  return assay_shard_writer_put (store->writer, &spec, ASSAY_STORE_F64, values, error);
}

static gboolean
put_scalars (const Store *store, GError **error)
{
  static const struct { const char *name, *path, *description; } scalars[] = {
    { "margin", "decision/margin", "log odds of the class that the margin speaks of, less those of the threshold; or the number predicted" },
    { "probability", "decision/probability", "of the class that was decided; NaN where a number is predicted" },
    { "margin_at_reference", "check/at_reference", "the margin of the reference" },
    { "sum", "check/sum", "sum of the contributions" },
    { "residual", "check/residual", "|sum - (margin - margin of the reference)|" },
    { "tolerance", "check/tolerance", "what the residual must not exceed" },
    { "converged", "check/converged", "1: it does not" },
    { "gradients", "check/gradients", "gradients that the contributions took; 0: exact" },
    { "area", "fidelity/area", "mean drop of the margin when columns are deleted in the order of their contributions" },
    { "random_area", "fidelity/random_area", "the same over random orders, in the mean" },
    { "p", "fidelity/p", "share of random orders with at least this area" },
    { "best_area", "fidelity/best_area", "of the best order that a search finds" },
    { "worst_area", "fidelity/worst_area", "of the worst" },
    { "rescaled", "fidelity/rescaled", "(area - worst) / (best - worst)" },
    { "comprehensiveness", "fidelity/comprehensiveness", "mean loss of probability without the first columns" },
    { "sufficiency", "fidelity/sufficiency", "mean loss of probability with the first columns alone" },
    { "identical", "nearest/identical", "training examples that the model cannot tell from this one" },
  };
  g_autofree double *values = g_new (double, store->Q);

  for (gsize k = 0; k < G_N_ELEMENTS (scalars); k++)
    {
      g_autofree char *path = g_strconcat ("/packets/", scalars[k].name, NULL);

      for (gint64 q = 0; q < store->Q; q++)
        values[q] = get_number (json_array_get (store->packets, q), scalars[k].path);
      if (!put (store, path, 1, 0, NULL, scalars[k].description, FALSE, values, error))
        return FALSE;
    }
  return TRUE;
}

/* --- columns ------------------------------------------------------------------------------------------------------------------- */

static gboolean
put_column_axis (const Store *store, GError **error)
{
  const AssayExplain *explain = store->explain;
  const AssayArraySpec spec = { .path = "/column", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { explain->C }, .long_name = "column of the data, or pixel" };
  g_autofree const char **names = g_new (const char *, explain->C);

  for (gint64 c = 0; c < explain->C; c++)
    names[c] = explain->column[c].name;
  return assay_shard_writer_put_axis_text (store->writer, &spec, names, error);
}

static gboolean
put_contributions (const Store *store, const double *contribution, GError **error)
{
  const AssayExplain *explain = store->explain;
  const GPtrArray *names = assay_dataset_get_term_names (explain->subject->dataset);
  const AssayArraySpec terms = { .path = "/term", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { explain->D }, .long_name = "term of the model" };
  g_autofree double *sum = g_new0 (double, store->Q * explain->C);

  for (gint64 q = 0; q < store->Q; q++)
    for (gint64 c = 0; c < explain->C; c++)
      for (gint64 k = 0; k < explain->range[c].n; k++)
        sum[q * explain->C + c] += contribution[q * explain->D + explain->range[c].first + k];
  if (!put (store, "/columns/contribution", 2, explain->C, "column", "of all terms of the column, to the margin", FALSE, sum, error))
    return FALSE;
  return names == NULL
         || (assay_shard_writer_put_axis_text (store->writer, &terms, (const char *const *) names->pdata, error)
             && put (store, "/terms/contribution", 2, explain->D, "term", "to the margin", FALSE, contribution, error));
}

/* One number of every column's flips; NaN where the column has none. */
static gboolean
put_flips (const Store *store, const char *name, const char *path, const char *description, GError **error)
{
  const AssayExplain *explain = store->explain;
  g_autofree double *values = g_new (double, store->Q * explain->C);
  g_autofree char *array = g_strconcat ("/columns/", name, NULL);

  for (gint64 q = 0; q < store->Q; q++)
    for (gint64 c = 0; c < explain->C; c++)
      values[q * explain->C + c] = get_number (json_array_get (find (json_array_get (store->packets, q), "flips/columns"), c), path);
  return put (store, array, 2, explain->C, "column", description, FALSE, values, error);
}

static gboolean
put_columns (const Store *store, const double *contribution, GError **error)
{
  if (!put_column_axis (store, error) || !put_contributions (store, contribution, error))
    return FALSE;
  return find (json_array_get (store->packets, 0), "flips/columns") == NULL
         || (put_flips (store, "flips", "flips", "observed values of the column that decide otherwise", error)
             && put_flips (store, "flip_up", "up/change", "smallest increase to an observed value that decides otherwise", error)
             && put_flips (store, "flip_down", "down/change", "smallest decrease to an observed value that decides otherwise", error)
             && put_flips (store, "exact_change", "exact_change", "change at which a linear margin is 0", error));
}

/* --- lists ---------------------------------------------------------------------------------------------------------------------- */

/* An array of numbers from lists of equal meaning; a shorter list ends in NaN. */
static gboolean
put_list (const Store *store, const char *group, const char *list, gint64 n, const char *axis, const char *name, const char *description, gboolean redactable,
          GError **error)
{
  g_autofree double *values = g_new (double, store->Q * n);
  g_autofree char *path = g_strdup_printf ("/%s/%s", group, name);

  for (gint64 q = 0; q < store->Q; q++)
    for (gint64 k = 0; k < n; k++)
      values[q * n + k] = get_number (json_array_get (find (json_array_get (store->packets, q), list), k), name);
  return put (store, path, 2, n, axis, description, redactable, values, error);
}

static gint64
find_longest (const Store *store, const char *list)
{
  gsize longest = 0;

  for (gint64 q = 0; q < store->Q; q++)
    longest = MAX (longest, json_array_size (find (json_array_get (store->packets, q), list)));
  return (gint64) longest;
}

static gboolean
put_deletion (const Store *store, GError **error)
{
  static const struct { const char *name, *description; } fields[] = {
    { "deleted", "columns at their reference" }, { "claimed", "sum of their contributions toward the decision" },
    { "measured", "drop of the margin toward the decision" }, { "only", "that margin with these columns alone" },
    { "random_mean", "mean drop over random orders" }, { "random_lo", "2.5 % of random orders drop less" }, { "random_hi", "2.5 % drop more" },
  };
  gint64 n = find_longest (store, "fidelity/steps");

  for (gsize k = 0; n > 0 && k < G_N_ELEMENTS (fields); k++)
    if (!put_list (store, "deletion", "fidelity/steps", n, "step", fields[k].name, fields[k].description, FALSE, error))
      return FALSE;
  return TRUE;
}

static gboolean
put_nearest (const Store *store, GError **error)
{
  gint64 n = find_longest (store, "nearest/neighbours");

  return n == 0
         || (put_list (store, "nearest", "nearest/neighbours", n, "neighbour", "distance", "in the model's own features", FALSE, error)
             && put_list (store, "nearest", "nearest/neighbours", n, "neighbour", "example", "number of the example in the data set", TRUE, error));
}

static gboolean
put_texts (const Store *store, GError **error)
{
  const AssayArraySpec spec = { .path = "/who/text", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { store->Q }, .axes = { "packet" }, .long_name = "packet",
                                .description = "the whole packet as JSON, other people's names included", .redactable = TRUE };
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (free);

  for (gint64 q = 0; q < store->Q; q++)
    g_ptr_array_add (texts, json_dumps (json_array_get (store->packets, q), JSON_SORT_KEYS | JSON_REAL_PRECISION (17)));
  return assay_shard_writer_put_text (store->writer, &spec, (const char *const *) texts->pdata, error);
}

AssayObject *
assay_explain_save (const AssayExplain *explain, AssayCase *cas, const char *name, const json_t *packets, const double *contribution, json_t *meta,
                    GError **error)
{
  const AssayArraySpec axis = { .path = "/packet", .type = ASSAY_STORE_I64, .rank = 1, .dims = { explain->examples->len }, .long_name = "who it is about",
                                .description = "number of the example in the data set" };
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, "packet", name, meta, error);
  const Store store = { explain, writer, packets, explain->examples->len };

  if (writer == NULL || !assay_shard_writer_put_axis (writer, &axis, ASSAY_STORE_I64, explain->examples->data, error) || !put_scalars (&store, error)
      || !put_columns (&store, contribution, error) || !put_deletion (&store, error) || !put_nearest (&store, error) || !put_texts (&store, error))
    return NULL;
  return assay_shard_writer_commit (writer, error);
}
