/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_case.c: files and tensors of a reference case, checked against each other before anything is computed. */
#include "influence/reference_case.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "influence/reference_config.h"
#include "store/file.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define MAX_DOCUMENT (64u << 20)
#define MAX_L2 1e9               /* that of retraining */

void
assay_reference_case_free (AssayReferenceCase *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->path);
  g_free (self->document_path);
  json_decref (self->document);
  assay_model_free (self->model);
  assay_dataset_unref (self->dataset);
  assay_safetensors_free (self->model_file);
  assay_safetensors_free (self->data_file);
  assay_safetensors_free (self->expected);
  assay_safetensors_free (self->ekfac);
  assay_safetensors_free (self->dattri);
  assay_safetensors_free (self->checkpoints);
  g_free (self);
}

/* --- documents -------------------------------------------------------------------------------------------------------- */

static json_t *
read_document (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = assay_file_read (path, MAX_DOCUMENT, error);
  json_error_t fault;
  json_t *document;

  if (bytes == NULL)
    return NULL;
  document = json_loadb (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), JSON_REJECT_DUPLICATES, &fault);
  if (document == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: line %d, column %d: valid JSON expected: %s", path, fault.line,
                 fault.column,
                 assay_json_show_fault (&fault));
  else if (!json_is_object (document))
    {
      assay_reference_config_refuse (path, "document", "an object", document, error);
      json_decref (document);
      return NULL;
    }
  return document;
}

gboolean
assay_reference_case_get_number (const AssayReferenceCase *self, double *value, GError **error, ...)
{
  const json_t *node = self->document;
  g_autoptr (GString) path = g_string_new (NULL);
  va_list keys;
  const char *key;

  va_start (keys, error);
  while ((key = va_arg (keys, const char *)) != NULL)
    {
      node = json_object_get (node, key);
      g_string_append_printf (path, "%s%s", path->len ? "." : "", key);
    }
  va_end (keys);
  if (!json_is_number (node))
    return assay_reference_config_refuse (self->document_path, path->str, "a number", node, error);
  *value = json_number_value (node);
  return TRUE;
}

/* --- tensors ---------------------------------------------------------------------------------------------------------- */

static char *
dims_to_string (guint rank, const gint64 *dims)
{
  GString *text = g_string_new ("(");

  for (guint k = 0; k < rank; k++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, k ? "," : "", dims[k]);
  g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

static gboolean
dims_equal (const AssaySafetensor *tensor, const AssayShape *shape)
{
  if (tensor->rank != shape->rank)
    return FALSE;
  for (guint k = 0; k < shape->rank; k++)
    if (tensor->dims[k] != shape->dim[k])
      return FALSE;
  return TRUE;
}

/* For messages: where a file of this case is. */
static char *
path_of (const AssayReferenceCase *self, const AssaySafetensors *file)
{
  const struct { const AssaySafetensors *file; const char *name; } files[] = {
    { self->model_file, "model" }, { self->data_file, "data" }, { self->expected, "expected" },
    { self->ekfac, "ekfac" }, { self->dattri, "dattri" }, { self->checkpoints, "checkpoints" } };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    if (files[i].file == file)
      {
        g_autofree char *name = g_strconcat (files[i].name, ".safetensors", NULL);

        return g_build_filename (self->path, name, NULL);
      }
  return g_strdup (self->path);
}

/* The tensor of that name and shape; NULL with an error. */
static const AssaySafetensor *
want_tensor (const AssayReferenceCase *self, const AssaySafetensors *file, const char *name, const AssayShape *shape,
             GError **error)
{
  const AssaySafetensor *tensor = assay_safetensors_find (file, name);
  g_autofree char *expected = assay_shape_to_string (shape), *found = NULL, *path = path_of (self, file);

  if (tensor == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: tensor %s of shape %s expected, none of that name found", path,
                   name,
                   expected);
      return NULL;
    }
  if (!dims_equal (tensor, shape))
    {
      found = dims_to_string (tensor->rank, tensor->dims);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: tensor %s: shape %s expected, %s found", path, name, expected,
                   found);
      return NULL;
    }
  return tensor;
}

/* Numbers are F64 and nothing narrower: a value that was rounded once agrees with nobody to 1e-11. Whole numbers may have any width. */
static gboolean
type_fits (const AssaySafetensor *tensor, AssayStoreType as)
{
  return as == ASSAY_STORE_F64 ? tensor->type == ASSAY_STORE_F64 : tensor->type >= ASSAY_STORE_U8 && tensor->type <= ASSAY_STORE_I64;
}

static gboolean
read_tensor (const AssayReferenceCase *self, const AssaySafetensors *file, const AssaySafetensor *tensor, AssayStoreType as,
             void *out,
             GError **error)
{
  g_autofree char *path = NULL;

  if (!type_fits (tensor, as))
    {
      path = path_of (self, file);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s: elements of type %s expected, %s found", path, tensor->name,
                   assay_store_type_word (as), assay_store_type_word (tensor->type));
      return FALSE;
    }
  if (assay_safetensors_read (tensor, as, out, error))
    return TRUE;
  path = path_of (self, file);
  g_prefix_error (error, "%s: tensor %s: ", path, tensor->name);
  return FALSE;
}

gboolean
assay_reference_case_read (const AssayReferenceCase *self, const AssaySafetensors *file, const char *name, AssayShape shape,
                           double *values,
                           GError **error)
{
  const AssaySafetensor *tensor = want_tensor (self, file, name, &shape, error);

  return tensor != NULL && read_tensor (self, file, tensor, ASSAY_STORE_F64, values, error);
}

/* The same for what is computed with: said here, where file and tensor are known. */
static gboolean
read_finite (const AssayReferenceCase *self, const AssaySafetensors *file, const char *name, AssayShape shape, double *values, GError **error)
{
  gint64 n = assay_shape_count (&shape);
  g_autofree char *path = NULL;

  if (!assay_reference_case_read (self, file, name, shape, values, error))
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    if (!isfinite (values[i]))
      {
        path = path_of (self, file);
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: tensor %s: element %" G_GINT64_FORMAT ": a finite number expected, %g found",
                     path, name, i, values[i]);
        return FALSE;
      }
  return TRUE;
}

gboolean
assay_reference_case_refuse_missing (const AssayReferenceCase *self, const char *file_name, const char *prefix, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s/%s: tensors \"%s<parameter>\" expected, none found", self->path,
               file_name,
               prefix);
  return FALSE;
}

static gboolean
has_any (AssayGraph *layout, const AssaySafetensors *file, const char *prefix)
{
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      g_autofree char *name = g_strconcat (prefix, p->name, NULL);

      if (p->role == ASSAY_VALUE_PARAM && assay_safetensors_find (file, name) != NULL)
        return TRUE;
    }
  return FALSE;
}

gboolean
assay_reference_case_read_vector (const AssayReferenceCase *self, const AssaySafetensors *file, const char *prefix, double *vector,
                                  gboolean *present, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (self->model);

  *present = has_any (layout, file, prefix);
  for (guint v = 0; *present && v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      g_autofree char *name = g_strconcat (prefix, p->name, NULL);

      if (p->role == ASSAY_VALUE_PARAM && !read_finite (self, file, name, p->shape, vector + p->offset, error))
        return FALSE;
    }
  return TRUE;
}

/* --- the model -------------------------------------------------------------------------------------------------------- */

/* parameters[] of case.json must be exactly those of our model: else the architecture was misread, by them or by us. */
static gboolean
check_parameters (const AssayReferenceCase *self, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (self->model);
  json_t *list = json_object_get (self->document, "parameters");
  guint n = 0;

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    n += assay_graph_get_value (layout, v)->role == ASSAY_VALUE_PARAM;
  if (json_array_size (list) != n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT,
                   "%s: parameters: %u expected from the architecture, %" G_GSIZE_FORMAT " found",
                   self->document_path, n, json_array_size (list));
      return FALSE;
    }
  for (gsize i = 0; i < n; i++)
    {
      json_t *item = json_array_get (list, i), *dims = json_object_get (item, "shape");
      const char *name = json_string_value (json_object_get (item, "name"));
      guint value = name ? assay_graph_find (layout, name) : ASSAY_NO_VALUE;
      g_autofree char *key = g_strdup_printf ("parameters[%" G_GSIZE_FORMAT "]", i), *expected = NULL;
      const AssayShape *shape;
      gboolean equal;

      if (value == ASSAY_NO_VALUE || assay_graph_get_value (layout, value)->role != ASSAY_VALUE_PARAM)
        return assay_reference_config_refuse (self->document_path, key, "a parameter of the architecture", item, error);
      shape = &assay_graph_get_value (layout, value)->shape;
      equal = json_array_size (dims) == shape->rank;
      for (guint k = 0; equal && k < shape->rank; k++)
        equal = json_integer_value (json_array_get (dims, k)) == shape->dim[k];
      if (equal)
        continue;
      expected = assay_shape_to_string (shape);
      return assay_reference_config_refuse (self->document_path, key, expected, item, error);
    }
  return TRUE;
}

static gboolean
read_model (AssayReferenceCase *self, GError **error)
{
  const char *architecture;
  json_t *config;
  gboolean present;
  GError *refused = NULL;

  if (!assay_reference_config_read (self->document, self->document_path, &architecture, &config, error))
    return FALSE;
  self->model = assay_model_new (architecture, config, ASSAY_F64, &refused);
  json_decref (config);
  if (self->model == NULL)
    {
      if (g_error_matches (refused, ASSAY_ERROR, ASSAY_ERROR_USAGE))
        refused->code = ASSAY_ERROR_INPUT;                        /* the file asks for it, not the caller */
      g_propagate_prefixed_error (error, refused, "%s: architecture: ", self->document_path);
      return FALSE;
    }
  self->P = assay_model_get_n_params (self->model);
  if (!check_parameters (self, error)
      || !assay_reference_case_read_vector (self, self->model_file, "", assay_model_get_theta (self->model), &present, error))
    return FALSE;
  return present || assay_reference_case_refuse_missing (self, "model.safetensors", "", error);
}

/* --- the data --------------------------------------------------------------------------------------------------------- */

gboolean
assay_reference_case_read_indices (const AssayReferenceCase *self, const AssaySafetensors *file, const char *name, AssayShape shape,
                                   gint64 below, gint32 *values, GError **error)
{
  const AssaySafetensor *tensor = want_tensor (self, file, name, &shape, error);
  gint64 n = assay_shape_count (&shape);
  g_autofree gint64 *wide = tensor ? g_new (gint64, n) : NULL;

  if (tensor == NULL || !read_tensor (self, file, tensor, ASSAY_STORE_I64, wide, error))
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    {
      if (wide[i] < 0 || wide[i] >= below)
        {
          g_autofree char *path = path_of (self, file);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s: element %" G_GINT64_FORMAT ": 0 to %" G_GINT64_FORMAT
                       " expected, %" G_GINT64_FORMAT " found", path, name, i, below - 1, wide[i]);
          return FALSE;
        }
      values[i] = (gint32) wide[i];
    }
  return TRUE;
}

/* What an architecture wants of "train.x" and the like. */
static AssayShape
input_shape (const AssayReferenceCase *self, gint64 n)
{
  AssayGraph *layout = assay_model_get_layout (self->model);
  AssayShape shape = assay_graph_get_value (layout, assay_graph_find (layout, self->T ? "tokens" : "x"))->shape;

  shape.dim[0] = n;
  return shape;
}

/* Before anything is allocated: the file bounds what case.json may claim. */
static gboolean
check_shapes (const AssayReferenceCase *self, GError **error)
{
  const struct { const char *x, *y; gint64 n; } parts[] = { { "train.x", "train.y", self->N }, { "query.x", "query.y", self->Q } };

  for (guint k = 0; k < G_N_ELEMENTS (parts); k++)
    {
      AssayShape x = input_shape (self, parts[k].n), y = self->T ? x : ASSAY_SHAPE (parts[k].n);

      if (!want_tensor (self, self->data_file, parts[k].x, &x, error) || !want_tensor (self, self->data_file, parts[k].y, &y,
                                                                                       error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_features (AssayReferenceCase *self, gint64 classes, GError **error)
{
  const gint64 counts[] = { self->N, self->Q };
  const char *const x_names[] = { "train.x", "query.x" }, *const y_names[] = { "train.y", "query.y" };
  AssayShape one = input_shape (self, 1), all = input_shape (self, self->N + self->Q);
  g_autoptr (AssayBuffer) x = assay_mem_alloc_array (assay_shape_count (&all), sizeof (double), error);
  g_autofree gint32 *y = g_new (gint32, self->N + self->Q);

  if (x == NULL)
    return FALSE;
  for (guint k = 0; k < 2; k++)
    {
      gint64 first = k ? self->N : 0;

      if (!read_finite (self, self->data_file, x_names[k], input_shape (self, counts[k]),
                        (double *) x + first * assay_shape_count (&one), error)
          || !assay_reference_case_read_indices (self, self->data_file, y_names[k], ASSAY_SHAPE (counts[k]), classes, y + first,
                                                 error))
        return FALSE;
    }
  one.rank--;                                                     /* of an example, without the batch axis */
  memmove (one.dim, one.dim + 1, sizeof *one.dim * one.rank);
  self->dataset = assay_dataset_new_from_arrays (&one, self->N + self->Q, x, y, classes, NULL, "train", self->Q, "query", error);
  return self->dataset != NULL;
}

static gboolean
read_tokens (AssayReferenceCase *self, gint64 vocabulary, GError **error)
{
  const gint64 counts[] = { self->N, self->Q };
  const char *const names[2][2] = { { "train.x", "train.y" }, { "query.x", "query.y" } };
  g_autofree gint32 *tokens = g_new (gint32, (self->N + self->Q) * self->T), *targets = g_new (gint32, (self->N + self->Q) * self->T);
  gint32 *const arrays[] = { tokens, targets };

  for (guint k = 0; k < 2; k++)
    for (guint a = 0; a < 2; a++)
      if (!assay_reference_case_read_indices (self, self->data_file, names[k][a], input_shape (self, counts[k]), vocabulary,
                                              arrays[a] + (k ? self->N : 0) * self->T, error))
        return FALSE;
  self->dataset = assay_dataset_new_from_token_arrays (self->N + self->Q, self->T, vocabulary, tokens, targets, NULL, "train",
                                                       self->Q,
                                                       "query", error);
  return self->dataset != NULL;
}

static gboolean
read_data (AssayReferenceCase *self, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (self->model);
  gboolean tokens = assay_model_get_block (self->model)->data == ASSAY_DATA_TOKENS;
  gint64 classes = assay_shape_last (&assay_graph_get_value (layout, assay_graph_get_logits (layout))->shape);

  if (!assay_reference_config_get_int (self->document, self->document_path, NULL, "N", &self->N, error)
      || !assay_reference_config_get_int (self->document, self->document_path, NULL, "Q", &self->Q, error)
      || (tokens && !assay_reference_config_get_int (self->document, self->document_path, "architecture", "T", &self->T, error))
      || !assay_reference_case_get_number (self, &self->l2, error, "loss", "l2", NULL))
    return FALSE;
  if (!(self->l2 >= 0) || self->l2 > MAX_L2 || self->N > G_MAXINT32 || self->Q > G_MAXINT32)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: N, Q, loss.l2: counts below 2^31 and an l2 from 0 to 1e9 expected",
                   self->document_path);
      return FALSE;
    }
  if (!check_shapes (self, error))
    return FALSE;
  return tokens ? read_tokens (self, classes, error) : read_features (self, classes, error);
}

/* --- the case --------------------------------------------------------------------------------------------------------- */

static gboolean
open_file (const AssayReferenceCase *self, const char *name, gboolean is_optional, AssaySafetensors **file, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, name, NULL);

  if (is_optional && !g_file_test (path, G_FILE_TEST_EXISTS) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    return TRUE;                                                  /* a link that leads nowhere is said */
  *file = assay_safetensors_open (path, error);
  return *file != NULL;
}

AssayReferenceCase *
assay_reference_case_open (const char *path, GError **error)
{
  g_autoptr (AssayReferenceCase) self = g_new0 (AssayReferenceCase, 1);
  const char *name;

  self->path = g_strdup (path);
  self->document_path = g_build_filename (path, "case.json", NULL);
  self->document = read_document (self->document_path, error);
  if (self->document == NULL)
    return NULL;
  name = json_string_value (json_object_get (self->document, "case"));
  self->name = name ? g_strdup (name) : g_path_get_basename (path);
  if (!open_file (self, "model.safetensors", FALSE, &self->model_file, error)
      || !open_file (self, "data.safetensors", FALSE, &self->data_file, error)
      || !open_file (self, "expected.safetensors", FALSE, &self->expected, error)
      || !open_file (self, "ekfac.safetensors", TRUE, &self->ekfac, error)
      || !open_file (self, "dattri.safetensors", TRUE, &self->dattri, error)
      || !open_file (self, "checkpoints.safetensors", TRUE, &self->checkpoints, error) || !read_model (self, error)
      || !read_data (self, error))
    return NULL;
  return g_steal_pointer (&self);
}
