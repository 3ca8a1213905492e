/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_store.c: writing and reading factors. */
#include "influence/factors_store.h"

#include "base/error.h"
#include "base/mem.h"
#include "store/digest.h"
#include "store/reader.h"
#include "store/shard.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (1 << 20)   /* of content that a leaf of a digest holds */

/* --- identity --------------------------------------------------------------------------------------------------------------- */

const char *
assay_factors_basis_name (AssayFactorsBasis basis)
{
  static const char *const names[] = { [ASSAY_FACTORS_KRONECKER] = "kronecker", [ASSAY_FACTORS_SHAMPOO] = "shampoo",
                                       [ASSAY_FACTORS_IDENTITY] = "diagonal" };

  return names[basis];
}

static void
add_bytes (AssayMerkle *tree, gconstpointer bytes, gsize n)
{
  for (gsize first = 0; first < n; first += BLOCK_BYTES)
    {
      AssayDigest leaf = assay_digest_of_bytes ((const char *) bytes + first, MIN (BLOCK_BYTES, n - first));

      assay_merkle_add (tree, &leaf);
    }
}

static json_t *
finish_tree (AssayMerkle *tree)
{
  AssayDigest root = assay_merkle_root (tree);
  g_autofree char *hex = assay_digest_to_hex (&root);

  return json_string (hex);
}

static json_t *
identify_model (const AssayPoint *point)
{
  g_autoptr (AssayMerkle) tree = assay_merkle_new ();
  gint64 P = assay_model_get_n_params (point->model);
  g_autofree double *theta = g_new (double, P);
  json_t *spec = assay_model_get_spec (point->model);
  char *text = json_dumps (spec, JSON_SORT_KEYS | JSON_COMPACT);

  assay_point_read_theta (point, ASSAY_F64, theta);
  add_bytes (tree, text, strlen (text));
  add_bytes (tree, theta, P * sizeof *theta);
  free (text);
  json_decref (spec);
  return finish_tree (tree);
}

/* What a walk is given of every example, in the order of the point. */
static json_t *
identify_data (const AssayPoint *point)
{
  g_autoptr (AssayMerkle) tree = assay_merkle_new ();
  AssayShape shape = assay_dataset_get_shape (point->dataset);
  gint64 n = assay_shape_count (&shape);
  g_autofree gint32 *token = g_new (gint32, n), *target = g_new (gint32, n);
  g_autofree double *x = g_new (double, n);
  gint32 label = 0;
  double real = 0;
  AssayBatch batch = { .dtype = ASSAY_F64 };
  gboolean tokens = assay_dataset_get_kind (point->dataset) == ASSAY_DATASET_TOKENS;

  if (tokens)
    batch.token = token, batch.target = target, batch.weight = x;
  else if (assay_dataset_get_target_kind (point->dataset) == ASSAY_TARGET_REAL)
    batch.x = x, batch.real = &real;
  else
    batch.x = x, batch.label = &label;
  for (gint64 i = 0; i < point->n_examples; i++)
    {
      assay_dataset_fill (point->dataset, &point->examples[i], 1, &batch);
      add_bytes (tree, x, n * sizeof *x);
      if (tokens)
        {
          add_bytes (tree, token, n * sizeof *token);
          add_bytes (tree, target, n * sizeof *target);
        }
      add_bytes (tree, &label, sizeof label);
      add_bytes (tree, &real, sizeof real);
    }
  return finish_tree (tree);
}

/* One point's own digest, or that of all points' digests. */
static json_t *
identify_models (const AssayPoint *points, guint n_points)
{
  g_autoptr (AssayMerkle) tree = assay_merkle_new ();

  if (n_points == 1)
    return identify_model (points);
  for (guint k = 0; k < n_points; k++)
    {
      json_t *one = identify_model (&points[k]);

      add_bytes (tree, json_string_value (one), json_string_length (one));
      json_decref (one);
    }
  return finish_tree (tree);
}

json_t *
assay_factors_identity_mean (const AssayPoint *points, guint n_points, const AssayFactorsOptions *options)
{
  const AssayPoint *point = &points[0];
  json_t *identity = json_pack ("{s:o, s:o, s:{s:s, s:s, s:I, s:s}}", "model", identify_models (points, n_points), "data", identify_data (point), "options",
                                "basis", assay_factors_basis_name (options->basis), "fisher", options->is_empirical ? "empirical" : "true", "seed",
                                (json_int_t) (options->is_empirical ? 0 : options->seed), "precision", assay_dtype_name (point->dtype));
  g_autofree char *hex = NULL;
  AssayDigest digest;
  char *text;

  if (options->modules != NULL)
    json_object_set_new (json_object_get (identity, "options"), "modules", json_string (options->modules));
  if (options->compute != ASSAY_COMPUTE_FULL)                     /* full: as it was before there was a choice */
    json_object_set_new (json_object_get (identity, "options"), "compute", json_string (assay_compute_names[options->compute]));
  text = json_dumps (identity, JSON_SORT_KEYS | JSON_COMPACT);
  digest = assay_digest_of_bytes (text, strlen (text));
  hex = assay_digest_to_hex (&digest);
  free (text);
  json_object_set_new (identity, "digest", json_string (hex));
  return identity;
}

json_t *
assay_factors_identity (const AssayPoint *point, const AssayFactorsOptions *options)
{
  return assay_factors_identity_mean (point, 1, options);
}

/* --- arrays ------------------------------------------------------------------------------------------------------------------ */

/* The arrays of a module, by what they are called. */
typedef struct {
  const char *name, *description;
  double *values;               /* NULL: absent */
  guint rank;
  gint64 rows, columns;
} Array;

#define N_ARRAYS 7

static void
list_side (const AssayFactorsSide *side, Array *out, const char *moment, const char *values, const char *vectors)
{
  out[0] = (Array) { moment, "mean over positions of the outer product of a side; a vector holds its diagonal", side->moment,
                     side->is_dense ? 2 : 1, side->n, side->n };
  out[1] = (Array) { values, "eigenvalues of the side", side->values, 1, side->n, 1 };
  out[2] = (Array) { vectors, "eigenvectors of the side, one in each row", side->vectors, 2, side->n, side->n };
}

static void
list_arrays (const AssayModuleFactors *of, Array out[N_ARRAYS])
{
  list_side (&of->row, out, "S", "S_values", "S_vectors");
  list_side (&of->column, out + 3, "A", "A_values", "A_vectors");
  out[6] = (Array) { "Lambda", "mean square of the examples' gradients in the basis of the eigenvectors", of->lambda, 2, of->row.n, of->column.n };
}

/* How good the eigenvectors of a side are; nothing where it has none. */
static gboolean
put_check (AssayShardWriter *writer, const char *group, const char *letter, const AssayFactorsSide *side, GError **error)
{
  g_autofree char *residual = g_strconcat (letter, "_residual", NULL), *orthogonality = g_strconcat (letter, "_orthogonality", NULL);

  return side->vectors == NULL || (assay_shard_writer_set_number (writer, group, residual, side->check.residual, error)
                                   && assay_shard_writer_set_number (writer, group, orthogonality, side->check.orthogonality, error));
}

static gboolean
read_check (AssayReader *reader, const char *group, const char *letter, AssayFactorsSide *side, GError **error)
{
  g_autofree char *residual = g_strconcat (letter, "_residual", NULL), *orthogonality = g_strconcat (letter, "_orthogonality", NULL);

  return side->vectors == NULL || (assay_reader_get_number (reader, group, residual, &side->check.residual, error)
                                   && assay_reader_get_number (reader, group, orthogonality, &side->check.orthogonality, error));
}

static gboolean
put_module (AssayShardWriter *writer, const AssayModule *module, const AssayModuleFactors *of, GError **error)
{
  g_autofree char *group = g_strconcat ("/factors/", module->name, NULL);
  Array arrays[N_ARRAYS];

  list_arrays (of, arrays);
  for (gsize k = 0; k < N_ARRAYS; k++)
    {
      g_autofree char *path = g_strconcat (group, "/", arrays[k].name, NULL);
      const AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_F64, .rank = arrays[k].rank, .dims = { arrays[k].rows, arrays[k].columns },
                                    .description = arrays[k].description };

      if (arrays[k].values != NULL && !assay_shard_writer_put (writer, &spec, ASSAY_STORE_F64, arrays[k].values, error))
        return FALSE;
    }
  return put_check (writer, group, "S", &of->row, error) && put_check (writer, group, "A", &of->column, error)
         && assay_shard_writer_set_text (writer, group, "kind", module->kind, error)
         && assay_shard_writer_set_number (writer, group, "parameters", (double) module->n_params, error)
         && assay_shard_writer_set_number (writer, group, "positions", of->positions, error);
}

AssayObject *
assay_factors_save (AssayCase *cas, const char *name, const AssayFactors *factors, const json_t *identity, json_t *extra, GError **error)
{
  json_t *meta = json_pack ("{s:O, s:I}", "identity", identity, "examples", (json_int_t) factors->N);
  g_autoptr (AssayShardWriter) writer = NULL;

  if (extra != NULL)
    json_object_update_missing (meta, extra);
  writer = assay_shard_writer_new (cas, "factors", name, meta, error);
  json_decref (meta);
  if (writer == NULL)
    return NULL;
  for (guint m = 0; m < factors->modules->n; m++)
    if (!put_module (writer, &factors->modules->module[m], &factors->of[m], error))
      return NULL;
  return assay_shard_writer_commit (writer, error);
}

static gboolean
check_identity (const char *name, const json_t *found, const json_t *expected, gboolean exactly, GError **error)
{
  static const struct { const char *key, *what; } parts[] = {
    { "model", "fitted for another model: its parameters are not those of this one" },
    { "data", "fitted on other data: the examples are not those that this model was trained on" },
    { "options", "fitted with other options" },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (parts) - !exactly; k++)
    if (!json_equal (json_object_get (found, parts[k].key), json_object_get (expected, parts[k].key)))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "factors %s: %s; fit them again with assay factors", name, parts[k].what);
        return FALSE;
      }
  return TRUE;
}

static gboolean
read_options (const char *name, const json_t *identity, AssayFactorsOptions *options, AssayDtype *dtype, GError **error)
{
  const json_t *found = json_object_get (identity, "options");
  const char *basis = json_string_value (json_object_get (found, "basis")), *fisher = json_string_value (json_object_get (found, "fisher"));
  const char *precision = json_string_value (json_object_get (found, "precision"));

  if (basis == NULL || fisher == NULL || precision == NULL || !assay_dtype_from_name (precision, dtype, NULL))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "factors %s: identity.options: basis, fisher and precision expected in the metadata", name);
      return FALSE;
    }
  *options = (AssayFactorsOptions) { .basis = strcmp (basis, "diagonal") == 0  ? ASSAY_FACTORS_IDENTITY
                                              : strcmp (basis, "shampoo") == 0 ? ASSAY_FACTORS_SHAMPOO : ASSAY_FACTORS_KRONECKER,
                                     .is_empirical = strcmp (fisher, "empirical") == 0,
                                     .seed = (guint64) json_integer_value (json_object_get (found, "seed")),
                                     .modules = g_intern_string (json_string_value (json_object_get (found, "modules"))) };
  for (const char *compute = json_string_value (json_object_get (found, "compute")); compute != NULL && strcmp (compute, assay_compute_names[options->compute]) != 0;)
    if (assay_compute_names[++options->compute] == NULL)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "factors %s: identity.options.compute: full, bf16 or tf32 expected, %s found", name, compute);
        return FALSE;
      }
  return TRUE;
}

static gboolean
read_module (AssayReader *reader, const AssayModule *module, AssayModuleFactors *of, GError **error)
{
  g_autofree char *group = g_strconcat ("/factors/", module->name, NULL);
  Array arrays[N_ARRAYS];

  list_arrays (of, arrays);
  for (gsize k = 0; k < N_ARRAYS; k++)
    {
      g_autofree char *path = g_strconcat (group, "/", arrays[k].name, NULL);
      AssayArrayInfo info;

      if (arrays[k].values == NULL)
        continue;
      if (!assay_reader_describe (reader, path, &info, error))
        return FALSE;
      if (info.rank != arrays[k].rank || info.dims[0] != arrays[k].rows || (info.rank > 1 && info.dims[1] != arrays[k].columns))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "factors: %s: %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " expected", path, arrays[k].rows,
                       arrays[k].columns);
          return FALSE;
        }
      if (!assay_reader_read (reader, path, ASSAY_STORE_F64, arrays[k].values, error))
        return FALSE;
    }
  return read_check (reader, group, "S", &of->row, error) && read_check (reader, group, "A", &of->column, error)
         && assay_reader_get_number (reader, group, "positions", &of->positions, error);
}

AssayFactors *
assay_factors_load (AssayCase *cas, const char *name, const AssayModel *model, const json_t *identity, gboolean exactly, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "factors", name, error);
  g_autoptr (AssayFactors) factors = NULL;
  AssayFactorsOptions options;
  AssayDtype dtype;
  const json_t *found;

  if (reader == NULL)
    return NULL;
  found = json_object_get (assay_reader_get_meta (reader), "identity");
  if (!check_identity (name, found, identity, exactly, error) || !read_options (name, found, &options, &dtype, error))
    return NULL;
  factors = assay_factors_new (model, &options, error);
  if (factors == NULL)
    return NULL;
  factors->dtype = dtype;
  factors->N = json_integer_value (json_object_get (assay_reader_get_meta (reader), "examples"));
  for (guint m = 0; m < factors->modules->n; m++)
    if (!read_module (reader, &factors->modules->module[m], &factors->of[m], error))
      return NULL;
  return g_steal_pointer (&factors);
}
