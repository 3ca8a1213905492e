/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_store.c: the numbers of an audit as arrays.
 *
 *   /parts/NAME (part), /parts/NAME (part,bound)                 counts and numbers; estimates
 *   /calibration/n, positives, mean_probability (part,bin), observed (part,bin,bound), from, to (bin)
 *   /groups_K/label (group_K,column_K), /groups_K/NAME (part,group_K), (part,group_K,bound)
 *
 * NAME is that of audit_columns.h; a count that was not made is -1, a number that was not NaN.
 */
#include "job/audit.h"

#include "base/json.h"
#include "report/audit_columns.h"
#include "store/shard.h"

#include <math.h>

static const char *const bounds[] = { "value", "lo", "hi" };
#define N_BOUNDS G_N_ELEMENTS (bounds)

typedef struct {
  AssayShardWriter *writer;
  const json_t *parts;          /* array of the document */
  gint64 n_parts;
} Store;

/* Objects of one column of numbers: of each part, or of each group of each part. */
typedef struct {
  const char *group;            /* "/parts" */
  const json_t **item;          /* (n), row-major over the axes */
  guint rank;
  gint64 dims[2];
  const char *axes[2];
} Items;

static gint64
count_items (const Items *items)
{
  return items->rank == 1 ? items->dims[0] : items->dims[0] * items->dims[1];
}

static gboolean
put_counts (const Store *store, const Items *items, const AssayAuditColumn *column, AssayArraySpec *spec, GError **error)
{
  gint64 n = count_items (items);
  g_autofree gint64 *values = g_new (gint64, MAX (n, 1));

  for (gint64 i = 0; i < n; i++)
    {
      const json_t *found = assay_audit_columns_find (items->item[i], column->path);

      values[i] = json_is_integer (found) ? json_integer_value (found) : -1;
    }
  spec->type = ASSAY_STORE_I64;
  return assay_shard_writer_put (store->writer, spec, ASSAY_STORE_I64, values, error);
}

static gboolean
put_numbers (const Store *store, const Items *items, const AssayAuditColumn *column, AssayArraySpec *spec, GError **error)
{
  gint64 n = count_items (items), width = column->type == ASSAY_AUDIT_COLUMN_ESTIMATE ? (gint64) N_BOUNDS : 1;
  g_autofree double *values = g_new (double, MAX (n * width, 1));

  for (gint64 i = 0; i < n; i++)
    {
      const json_t *found = assay_audit_columns_find (items->item[i], column->path);

      for (gint64 b = 0; b < width; b++)
        values[i * width + b] = width > 1 ? assay_json_get_number (found, bounds[b]) : found ? json_number_value (found) : (double) NAN;
    }
  spec->type = ASSAY_STORE_F64;
  if (width > 1)
    {
      spec->dims[spec->rank] = width;
      spec->axes[spec->rank++] = "bound";
    }
  return assay_shard_writer_put (store->writer, spec, ASSAY_STORE_F64, values, error);
}

static gboolean
put_columns (const Store *store, const Items *items, const AssayAuditColumn *columns, GError **error)
{
  for (; columns->name != NULL; columns++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%s", items->group, columns->name);
      AssayArraySpec spec = { .path = path, .rank = items->rank, .dims = { items->dims[0], items->dims[1] }, .axes = { items->axes[0], items->axes[1] },
                              .long_name = columns->title, .description = columns->description };

      if (!(columns->type == ASSAY_AUDIT_COLUMN_COUNT ? put_counts (store, items, columns, &spec, error)
                                                      : put_numbers (store, items, columns, &spec, error)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_parts (const Store *store, GError **error)
{
  g_autofree const json_t **item = g_new (const json_t *, store->n_parts);
  Items items = { "/parts", item, 1, { store->n_parts }, { "part" } };

  for (gint64 p = 0; p < store->n_parts; p++)
    item[p] = json_array_get (store->parts, p);
  return put_columns (store, &items, assay_audit_columns_of_part (), error);
}

/* --- groups ------------------------------------------------------------------------------------------------------------------ */

static gboolean
put_labels (const Store *store, const json_t *grouping, gint64 G, const char *group, const char *axis, const char *column_axis, GError **error)
{
  const json_t *columns = json_object_get (grouping, "columns");
  gint64 C = (gint64) json_array_size (columns);
  g_autofree const char **label = g_new (const char *, G * C), **name = g_new (const char *, C);
  g_autofree char *path = g_strconcat (group, "/label", NULL), *names = g_strconcat ("/", column_axis, NULL);
  const AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_TEXT, .rank = 2, .dims = { G, C }, .axes = { axis, column_axis },
                                .long_name = "group", .description = "value of each column; the last group is of rows where one is missing" };
  const AssayArraySpec named = { .path = names, .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { C }, .long_name = "column or expression" };

  for (gint64 c = 0; c < C; c++)
    name[c] = json_string_value (json_array_get (columns, c));
  for (gint64 g = 0; g < G; g++)
    for (gint64 c = 0; c < C; c++)
      label[g * C + c] = json_string_value (json_array_get (json_object_get (json_array_get (json_object_get (grouping, "groups"), g), "labels"), c));
  return assay_shard_writer_put_axis_text (store->writer, &named, name, error) && assay_shard_writer_put_text (store->writer, &spec, label, error);
}

static const json_t *
get_grouping (const Store *store, gint64 part, gsize k)
{
  return json_array_get (json_object_get (json_array_get (store->parts, part), "groupings"), k);
}

static gboolean
put_grouping (const Store *store, gsize k, GError **error)
{
  gint64 G = (gint64) json_array_size (json_object_get (get_grouping (store, 0, k), "groups"));
  g_autofree char *group = g_strdup_printf ("/groups_%" G_GSIZE_FORMAT, k), *axis = g_strdup_printf ("group_%" G_GSIZE_FORMAT, k);
  g_autofree char *column_axis = g_strdup_printf ("column_%" G_GSIZE_FORMAT, k);
  g_autofree const json_t **item = g_new (const json_t *, store->n_parts * G);
  Items items = { group, item, 2, { store->n_parts, G }, { "part", axis } };

  for (gint64 p = 0; p < store->n_parts; p++)
    for (gint64 g = 0; g < G; g++)
      item[p * G + g] = json_array_get (json_object_get (get_grouping (store, p, k), "groups"), g);
  return put_labels (store, get_grouping (store, 0, k), G, group, axis, column_axis, error)
         && put_columns (store, &items, assay_audit_columns_of_group (), error);
}

/* --- calibration -------------------------------------------------------------------------------------------------------------- */

static gboolean
put_calibration (const Store *store, GError **error)
{
  static const AssayAuditColumn columns[] = {
    { "n", "n", ASSAY_AUDIT_COLUMN_COUNT, "cases", "cases whose probability lies in the bin" },
    { "positives", "positives", ASSAY_AUDIT_COLUMN_COUNT, "positives", "of these, those that came true" },
    { "mean_probability", "mean_probability", ASSAY_AUDIT_COLUMN_NUMBER, "mean probability", "mean over the bin" },
    { "observed", "observed", ASSAY_AUDIT_COLUMN_ESTIMATE, "observed share", "share of the bin that came true; Wilson" },
    { "from", "from", ASSAY_AUDIT_COLUMN_NUMBER, "from", "lower edge, in the bin" },
    { "to", "to", ASSAY_AUDIT_COLUMN_NUMBER, "to", "upper edge, not in the bin but for the last" },
    { .name = NULL }
  };
  const json_t *first = assay_audit_columns_find (json_array_get (store->parts, 0), "calibration.bins");
  gint64 B = (gint64) json_array_size (first);
  g_autofree const json_t **item = g_new (const json_t *, MAX (store->n_parts * B, 1));
  Items items = { "/calibration", item, 2, { store->n_parts, B }, { "part", "bin" } };

  if (B == 0)
    return TRUE;
  for (gint64 p = 0; p < store->n_parts; p++)
    for (gint64 b = 0; b < B; b++)
      item[p * B + b] = json_array_get (assay_audit_columns_find (json_array_get (store->parts, p), "calibration.bins"), b);
  return put_columns (store, &items, columns, error);
}

static gboolean
put_axes (const Store *store, GError **error)
{
  g_autofree const char **name = g_new (const char *, store->n_parts);
  const AssayArraySpec part = { .path = "/part", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { store->n_parts }, .long_name = "rows measured together" };
  const AssayArraySpec bound = { .path = "/bound", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { N_BOUNDS },
                                 .long_name = "estimate and the ends of its interval" };

  for (gint64 p = 0; p < store->n_parts; p++)
    name[p] = json_string_value (json_object_get (json_array_get (store->parts, p), "name"));
  return assay_shard_writer_put_axis_text (store->writer, &part, name, error)
         && assay_shard_writer_put_axis_text (store->writer, &bound, bounds, error);
}

AssayObject *
assay_audit_save (AssayCase *cas, const char *name, const json_t *document, json_t *meta, GError **error)
{
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, "audit", name, meta, error);
  Store store = { writer, json_object_get (document, "parts"), (gint64) json_array_size (json_object_get (document, "parts")) };
  gsize n_groupings = json_array_size (json_object_get (json_array_get (store.parts, 0), "groupings"));

  if (writer == NULL || !put_axes (&store, error) || !put_parts (&store, error) || !put_calibration (&store, error))
    return NULL;
  for (gsize k = 0; k < n_groupings; k++)
    if (!put_grouping (&store, k, error))
      return NULL;
  return assay_shard_writer_commit (writer, error);
}
