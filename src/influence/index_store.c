/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_store.c: rows go to a recorder as they are made, and come back in boxes. */
#include "influence/index_store.h"

#include "base/error.h"
#include "base/isa.h"
#include "base/mem.h"
#include "hessian/module_pass.h"
#include "influence/task.h"
#include "store/digest.h"
#include "store/reader.h"
#include "store/recorder.h"

#include <stdlib.h>
#include <string.h>

#define KIND "index"
#define COORDINATES "index-coordinates"
#define PARTS 64                /* of an index, within the sizes that parts may have */
#define LEAST_PART (256 << 10)
#define LARGEST_PART (64 << 20)
#define BOX_ROWS 4096           /* rows that are read at once */

enum { CODES, SCALE, ERROR, NORM, LEFT_OUT, N_ARRAYS };

char *
assay_index_make_name (const char *model_name, const AssayFactors *factors, const json_t *identity, gint64 D)
{
  g_autofree char *text = g_strdup_printf ("%s %" G_GINT64_FORMAT, json_string_value (json_object_get (identity, "digest")), D);
  AssayDigest digest = assay_digest_of_bytes (text, strlen (text));
  g_autofree char *hex = assay_digest_to_hex (&digest);

  return g_strdup_printf ("%s/%s/%.12s", model_name, assay_factors_basis_name (factors->options.basis), hex);
}

/* --- coordinates ------------------------------------------------------------------------------------------------------------------- */

static gboolean
save_coordinates (AssayCase *cas, const char *name, json_t *meta, const AssayIndexCoordinates *c, GError **error)
{
  const AssayModules *modules = c->factors->modules;
  const AssayArraySpec slot = { .path = "/index/slot", .type = ASSAY_STORE_I32, .rank = 1, .dims = { modules->P }, .axes = { "coordinate" },
                                .description = "by module, row and column: the place among the coordinates that are kept, or -1 - the group that it is left out with" };
  const AssayArraySpec floor = { .path = "/index/floor", .type = ASSAY_STORE_F64, .rank = 1, .dims = { modules->n }, .axes = { "module" },
                                 .description = "what the metric adds to the eigenvalues of a module" };
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, COORDINATES, name, meta, error);
  g_autoptr (AssayObject) object = NULL;

  if (writer == NULL || !assay_shard_writer_put (writer, &slot, ASSAY_STORE_I32, c->slot, error)
      || !assay_shard_writer_put (writer, &floor, ASSAY_STORE_F64, c->floor, error))
    return FALSE;
  object = assay_shard_writer_commit (writer, error);
  return object != NULL;
}

/* A whole array of one axis of n. */
static gboolean
read_vector (AssayReader *reader, const char *path, gint64 n, AssayStoreType type, void *out, GError **error)
{
  AssayArrayInfo info;

  if (!assay_reader_describe (reader, path, &info, error))
    return FALSE;
  if (info.rank == 1 && info.dims[0] == n)
    return assay_reader_read (reader, path, type, out, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "gradient index: %s: %" G_GINT64_FORMAT " numbers expected", path, n);
  return FALSE;
}

static AssayIndexCoordinates *
load_coordinates (AssayCase *cas, const char *name, const AssayFactors *factors, gint64 D, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, COORDINATES, name, error);
  g_autoptr (AssayBuffer) slot = reader ? assay_mem_alloc_array (factors->modules->P, sizeof (gint32), error) : NULL;
  g_autofree double *floor = g_new (double, factors->modules->n);

  return slot != NULL && read_vector (reader, "/index/slot", factors->modules->P, ASSAY_STORE_I32, slot, error)
         && read_vector (reader, "/index/floor", factors->modules->n, ASSAY_STORE_F64, floor, error)
         ? assay_index_coordinates_restore (factors, D, slot, floor, error) : NULL;
}

/* Those that a build was begun with, or new ones. */
static AssayIndexCoordinates *
obtain_coordinates (const AssayInfluenceTask *task, AssayFactors *factors, const AssayPoint *point, const char *name, json_t *meta, gint64 D,
                    AssayProgress *progress, GError **error)
{
  g_autoptr (AssayObject) object = assay_case_has (task->store, COORDINATES, name) ? assay_case_lookup (task->store, COORDINATES, name, error) : NULL;
  g_autoptr (AssayIndexCoordinates) c = NULL;

  if (object != NULL && json_equal (object->meta, meta))
    return load_coordinates (task->store, name, factors, D, error);
  c = assay_index_coordinates_choose (factors, point, task->l2, D, progress, error);
  return c != NULL && save_coordinates (task->store, name, meta, c, error) ? g_steal_pointer (&c) : NULL;
}

/* --- building ---------------------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayRecorder *recorder;
  gint8 *codes;                 /* (B, blocks 256) */
  float *column;                /* (B, blocks + groups + 1) */
} Recording;

static AssayRecorder *
open_recorder (const AssayInfluenceTask *task, const char *name, json_t *meta, const AssayIndexCoordinates *c, GError **error)
{
  const gint64 blocks = (c->D + ASSAY_INDEX_BLOCK - 1) / ASSAY_INDEX_BLOCK;
  const AssayArraySpec arrays[N_ARRAYS] = {
    [CODES] = { .path = "/index/codes", .type = ASSAY_STORE_I8, .rank = 2, .dims = { 0, blocks * ASSAY_INDEX_BLOCK }, .axes = { "row", "coordinate" }, .bulk = TRUE,
                .long_name = "coordinates of the example's gradient", .description = "times the scale of their block; behind the last coordinate 0" },
    [SCALE] = { .path = "/index/scale", .type = ASSAY_STORE_F32, .rank = 2, .dims = { 0, blocks }, .axes = { "row", "block" }, .bulk = TRUE,
                .long_name = "scale of a block of 256 coordinates" },
    [ERROR] = { .path = "/index/error", .type = ASSAY_STORE_F32, .rank = 2, .dims = { 0, blocks }, .axes = { "row", "block" }, .bulk = TRUE,
                .long_name = "norm of what rounding to codes took off a block, rounded up" },
    [NORM] = { .path = "/index/norm", .type = ASSAY_STORE_F32, .rank = 2, .dims = { 0, blocks }, .axes = { "row", "block" }, .bulk = TRUE,
               .long_name = "norm of a block, rounded up" },
    [LEFT_OUT] = { .path = "/index/left_out", .type = ASSAY_STORE_F32, .rank = 2, .dims = { 0, (gint64) c->n_groups + 1 }, .axes = { "row", "group" }, .bulk = TRUE,
                   .long_name = "norm of each group of coordinates left out, rounded up; last what rounding is in proportion to" },
  };
  AssayRecorder *recorder = assay_recorder_new (task->store, KIND, name, meta, arrays, N_ARRAYS, error);

  if (recorder != NULL)
    assay_recorder_set_limits (recorder, (gsize) CLAMP (assay_gradient_index_get_bytes (task->n_train, c->D, c->n_groups) / PARTS, LEAST_PART, LARGEST_PART),
                               LARGEST_PART);
  return recorder;
}

static gboolean
append_features (Recording *r, const AssayGradientIndex *rows, guint array, guint first, guint n, GError **error)
{
  for (gint64 i = 0; i < rows->N; i++)
    for (guint k = 0; k < n; k++)
      r->column[i * n + k] = assay_gradient_index_features (rows, i)[first + k];
  return assay_recorder_append (r->recorder, array, ASSAY_STORE_F32, r->column, rows->N, error);
}

static gboolean
append_scales (Recording *r, const AssayGradientIndex *rows, GError **error)
{
  for (guint b = 0; b < rows->n_blocks; b++)
    for (gint64 i = 0; i < rows->N; i++)
      r->column[i * rows->n_blocks + b] = rows->scale[b * rows->N + i];
  return assay_recorder_append (r->recorder, SCALE, ASSAY_STORE_F32, r->column, rows->N, error);
}

static gboolean
append_rows (const AssayGradientIndex *rows, gpointer data, GError **error)
{
  Recording *r = data;
  const guint blocks = rows->n_blocks, bounds = assay_gradient_index_bounds (rows);

  for (guint b = 0; b < blocks; b++)
    for (gint64 i = 0; i < rows->N; i++)
      memcpy (r->codes + (i * blocks + b) * ASSAY_INDEX_BLOCK, assay_gradient_index_codes (rows, b, i), ASSAY_INDEX_BLOCK);
  return assay_recorder_append (r->recorder, CODES, ASSAY_STORE_I8, r->codes, rows->N, error)
         && append_scales (r, rows, error) && append_features (r, rows, ERROR, bounds, blocks, error)
         && append_features (r, rows, NORM, 0, blocks, error) && append_features (r, rows, LEFT_OUT, blocks, rows->n_groups + 1, error);
}

/* Rows behind those that are committed. */
static gboolean
record_rows (Recording *r, const AssayInfluenceTask *task, const AssayIndexCoordinates *c, const AssayPoint *train, AssayProgress *progress, GError **error)
{
  const gint64 done = assay_recorder_get_committed (r->recorder), blocks = (c->D + ASSAY_INDEX_BLOCK - 1) / ASSAY_INDEX_BLOCK;
  AssayPoint rest = *train;
  gint64 B;

  rest.examples += done;
  rest.n_examples -= done;
  if (rest.n_examples == 0)
    return TRUE;
  B = assay_module_pass_measure (task->model, c->factors->modules, train->backend, train->dtype, rest.n_examples, NULL, error);
  if (B == 0 || (r->codes = assay_mem_alloc_array (B * blocks, ASSAY_INDEX_BLOCK, error)) == NULL
      || (r->column = assay_mem_alloc_array (B * (blocks + c->n_groups + 1), sizeof (float), error)) == NULL)
    return FALSE;
  if (assay_index_build_rows (c, &rest, append_rows, r, progress, error))
    return TRUE;
  if (!assay_recorder_flush (r->recorder, NULL))
    g_prefix_error (error, "the rows made last could not be committed; ");
  return FALSE;
}

AssayObject *
assay_index_build (const AssayInfluenceTask *task, AssayFactors *factors, const char *factors_name, const json_t *identity, gint64 D, const char *name,
                   AssayProgress *progress, GError **error)
{
  g_autoptr (AssayObject) there = assay_case_has (task->store, KIND, name) ? assay_case_lookup (task->store, KIND, name, error) : NULL;
  g_autoptr (AssayIndexCoordinates) c = NULL;
  AssayPoint train = assay_influence_task_get_train (task);
  Recording r = { NULL };
  AssayObject *object = NULL;
  json_t *meta;

  D = MIN (D, factors->modules->P);
  train.dtype = factors->dtype;
  meta = json_pack ("{s:O, s:s, s:I, s:I, s:s}", "identity", identity, "factors", factors_name, "dimensions", (json_int_t) D, "examples",
                    (json_int_t) task->n_train, "instruction_set", assay_isa_get_name ());
  if (there != NULL && there->complete && json_equal (there->meta, meta))
    object = g_steal_pointer (&there);
  else if ((c = obtain_coordinates (task, factors, &train, name, meta, D, progress, error)) != NULL
           && (r.recorder = open_recorder (task, name, meta, c, error)) != NULL && record_rows (&r, task, c, &train, progress, error))
    object = assay_recorder_finish (r.recorder, error);
  assay_recorder_free (r.recorder);
  assay_mem_free (r.codes);
  assay_mem_free (r.column);
  json_decref (meta);
  return object;
}

/* --- reading ----------------------------------------------------------------------------------------------------------------------- */

static const char *
get_basis (const AssayObject *object)
{
  const json_t *options = json_object_get (json_object_get (object->meta, "identity"), "options");
  const char *basis = json_string_value (json_object_get (options, "basis"));

  return basis ? basis : "";
}

/* What an index of the model and the data at hand has of them in its identity. Owns: the caller. */
static json_t *
identify (const AssayInfluenceTask *task)
{
  const AssayPoint point = assay_influence_task_get_train (task);
  const AssayFactorsOptions options = { .basis = ASSAY_FACTORS_KRONECKER };     /* looked at for its model and data */

  return assay_factors_identity (&point, &options);
}

/* By its own parameters where it was given a name; else by the model's name, so that one of an earlier training is found, and refused in words. */
static gboolean
is_of_model (const AssayObject *object, const char *prefix, const json_t *expected)
{
  return g_str_has_prefix (object->name, prefix)
         || json_equal (json_object_get (json_object_get (object->meta, "identity"), "model"), json_object_get (expected, "model"));
}

AssayObject *
assay_index_find (const AssayInfluenceTask *task, AssayFactorsBasis basis, const char *given, GError **error)
{
  const char *wanted = assay_factors_basis_name (basis);
  g_autofree char *prefix = g_strconcat (task->model_name, "/", NULL);
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (AssayObject) found = NULL;

  if (given != NULL)
    found = assay_case_lookup (task->store, KIND, given, error);
  else
    {
      json_t *expected = identify (task);

      list = assay_case_list (task->store, KIND, NULL);
      for (guint i = 0; i < list->len; i++)
        {
          AssayObject *object = list->pdata[i];

          if (strcmp (get_basis (object), wanted) == 0 && is_of_model (object, prefix, expected) && (found == NULL || object->complete > found->complete
                                                            || (object->complete == found->complete && object->sequence > found->sequence)))
            {
              assay_object_unref (found);
              found = assay_object_ref (object);
            }
        }
      json_decref (expected);
      if (found == NULL)
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "no gradient index of model %s in the basis %s; make one with assay index --basis %s",
                     task->model_name, wanted, wanted);
    }
  if (found == NULL)
    return NULL;
  if (!found->complete)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "index %s: its build was stopped after %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                 " examples; the same assay index goes on with it", found->name, found->rows,
                 (gint64) json_integer_value (json_object_get (found->meta, "examples")));
  else if (strcmp (get_basis (found), wanted) != 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "index %s: in the basis %s; the method needs one in the basis %s: assay index --basis %s", found->name,
                 get_basis (found), wanted, wanted);
  else
    return g_steal_pointer (&found);
  return NULL;
}

/* Whether what the index was built for is what is at hand. */
static gboolean
check_identity (const AssayInfluenceTask *task, const AssayObject *object, GError **error)
{
  static const struct { const char *key, *what; } parts[] = {
    { "model", "of another model: its parameters are not those of this one" },
    { "data", "of other data: the examples are not those that this model was trained on" } };
  const json_t *identity = json_object_get (object->meta, "identity");
  json_t *expected = identify (task);
  gsize k = 0;

  while (k < G_N_ELEMENTS (parts) && json_equal (json_object_get (identity, parts[k].key), json_object_get (expected, parts[k].key)))
    k++;
  json_decref (expected);
  if (k < G_N_ELEMENTS (parts))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "index %s: %s; build it again with assay index", object->name, parts[k].what);
  return k == G_N_ELEMENTS (parts);
}

/* /index/NAME of rows first .. first+n-1, n_columns wide. */
static gboolean
read_rows (AssayReader *reader, const char *path, gint64 first, gint64 n, gint64 columns, AssayStoreType type, void *out, GError **error)
{
  return assay_reader_read_box (reader, path, (const gint64[]) { first, 0 }, (const gint64[]) { n, columns }, type, out, error);
}

static gboolean
check_shapes (AssayReader *reader, const AssayGradientIndex *rows, GError **error)
{
  const struct { const char *path; gint64 columns; } arrays[] = {
    { "/index/codes", (gint64) rows->n_blocks * ASSAY_INDEX_BLOCK }, { "/index/scale", rows->n_blocks }, { "/index/error", rows->n_blocks },
    { "/index/norm", rows->n_blocks }, { "/index/left_out", (gint64) rows->n_groups + 1 } };

  for (gsize k = 0; k < G_N_ELEMENTS (arrays); k++)
    {
      AssayArrayInfo info;

      if (!assay_reader_describe (reader, arrays[k].path, &info, error))
        return FALSE;
      if (info.rank != 2 || info.dims[0] != rows->N || info.dims[1] != arrays[k].columns)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "gradient index: %s: %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " expected", arrays[k].path, rows->N,
                       arrays[k].columns);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
read_features (AssayReader *reader, AssayGradientIndex *rows, const char *path, gint64 from, gint64 n, guint first, guint columns, float *room,
               GError **error)
{
  if (!read_rows (reader, path, from, n, columns, ASSAY_STORE_F32, room, error))
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    for (guint k = 0; k < columns; k++)
      assay_gradient_index_features (rows, from + i)[first + k] = room[i * columns + k];
  return TRUE;
}

static gboolean
load_rows (AssayReader *reader, AssayGradientIndex *rows, AssayProgress *progress, GError **error)
{
  const guint blocks = rows->n_blocks, bounds = assay_gradient_index_bounds (rows);
  const gint64 columns = (gint64) blocks * ASSAY_INDEX_BLOCK;
  g_autoptr (AssayBuffer) codes = assay_mem_alloc_array (BOX_ROWS * columns, 1, error);
  g_autoptr (AssayBuffer) room = codes ? assay_mem_alloc_array (BOX_ROWS * (blocks + rows->n_groups + 1), sizeof (float), error) : NULL;

  if (room == NULL || !check_shapes (reader, rows, error))
    return FALSE;
  for (gint64 first = 0; first < rows->N; first += BOX_ROWS)
    {
      gint64 n = MIN (BOX_ROWS, rows->N - first);

      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      assay_progress_report (progress, "reading the gradient index", first, rows->N, "examples", NULL);
      if (!read_rows (reader, "/index/codes", first, n, columns, ASSAY_STORE_I8, codes, error)
          || !read_features (reader, rows, "/index/error", first, n, bounds, blocks, room, error)
          || !read_features (reader, rows, "/index/norm", first, n, 0, blocks, room, error)
          || !read_features (reader, rows, "/index/left_out", first, n, blocks, rows->n_groups + 1, room, error)
          || !read_rows (reader, "/index/scale", first, n, blocks, ASSAY_STORE_F32, room, error))
        return FALSE;
      for (gint64 i = 0; i < n; i++)
        for (guint b = 0; b < blocks; b++)
          rows->scale[b * rows->N + first + i] = ((const float *) room)[i * blocks + b];
      for (gint64 i = 0; i < n; i++)
        for (guint b = 0; b < blocks; b++)
          memcpy (assay_gradient_index_codes (rows, b, first + i), (const gint8 *) codes + i * columns + b * ASSAY_INDEX_BLOCK, ASSAY_INDEX_BLOCK);
      assay_gradient_index_sum (rows, first, n);
    }
  return TRUE;
}

void
assay_stored_index_free (AssayStoredIndex *index)
{
  if (index == NULL)
    return;
  assay_gradient_index_free (index->rows);
  assay_index_coordinates_free (index->coordinates);
  assay_factors_free (index->factors);
  g_free (index);
}

AssayStoredIndex *
assay_index_load (const AssayInfluenceTask *task, const AssayObject *object, AssayProgress *progress, GError **error)
{
  const char *factors_name = json_string_value (json_object_get (object->meta, "factors"));
  const gint64 D = json_integer_value (json_object_get (object->meta, "dimensions")), N = json_integer_value (json_object_get (object->meta, "examples"));
  g_autoptr (AssayStoredIndex) index = g_new0 (AssayStoredIndex, 1);
  g_autoptr (AssayReader) reader = NULL;

  if (!check_identity (task, object, error))
    return NULL;
  if (factors_name == NULL || D < 1 || N != task->n_train || N != object->rows)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "index %s: factors, dimensions, and a row for each of %" G_GINT64_FORMAT
                   " training examples expected in its metadata; build it again with assay index", object->name, task->n_train);
      return NULL;
    }
  if ((index->factors = assay_factors_load (task->store, factors_name, task->model, json_object_get (object->meta, "identity"), TRUE, error)) == NULL
      || (index->coordinates = load_coordinates (task->store, object->name, index->factors, D, error)) == NULL
      || (index->rows = assay_gradient_index_new (N, D, index->coordinates->n_groups, error)) == NULL
      || (reader = assay_reader_open (task->store, KIND, object->name, error)) == NULL || !load_rows (reader, index->rows, progress, error))
    return NULL;
  return g_steal_pointer (&index);
}
