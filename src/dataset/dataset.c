/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset.c: looking into a dataset: splits, identity, targets, batches. */
#include "dataset/dataset.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/dataset_private.h"
#include "dataset/source.h"

#include <complex.h>
#include <string.h>

AssayDataset *
assay_dataset_ref (AssayDataset *dataset)
{
  g_atomic_ref_count_inc (&dataset->refs);
  return dataset;
}

void
assay_dataset_unref (AssayDataset *dataset)
{
  if (dataset == NULL || !g_atomic_ref_count_dec (&dataset->refs))
    return;
  assay_table_unref (dataset->table);
  assay_mem_free (dataset->row);
  assay_mem_free (dataset->x);
  assay_mem_free (dataset->pooled);
  assay_mem_free (dataset->label);
  assay_mem_free (dataset->real);
  assay_mem_free (dataset->own_token);
  assay_mem_free (dataset->own_target);
  assay_mem_free (dataset->own_weight);
  g_clear_pointer (&dataset->term_names, g_ptr_array_unref);
  g_clear_pointer (&dataset->inputs, g_array_unref);
  assay_mem_free (dataset->mean);
  assay_mem_free (dataset->deviation);
  g_clear_pointer (&dataset->class_names, g_ptr_array_unref);
  g_array_unref (dataset->drops);
  g_ptr_array_unref (dataset->notes);
  g_array_unref (dataset->splits);
  assay_mem_free (dataset->split_of);
  assay_mem_free (dataset->index_in_split);
  g_clear_pointer (&dataset->by_id, g_hash_table_unref);
  g_free (dataset);
}

AssayDatasetKind
assay_dataset_get_kind (const AssayDataset *dataset)
{
  return dataset->kind;
}

gint64
assay_dataset_get_n (const AssayDataset *dataset)
{
  return dataset->n;
}

AssayShape
assay_dataset_get_shape (const AssayDataset *dataset)
{
  return dataset->shape;
}

AssayTargetKind
assay_dataset_get_target_kind (const AssayDataset *dataset)
{
  return dataset->target_kind;
}

gint64
assay_dataset_get_n_classes (const AssayDataset *dataset)
{
  return dataset->n_classes;
}

const GPtrArray *
assay_dataset_get_term_names (const AssayDataset *dataset)
{
  return dataset->term_names;
}

const GPtrArray *
assay_dataset_get_class_names (const AssayDataset *dataset)
{
  return dataset->class_names;
}

const GArray *
assay_dataset_get_inputs (const AssayDataset *dataset)
{
  return dataset->inputs;
}

const double *
assay_dataset_get_scale (const AssayDataset *dataset, const double **deviation)
{
  *deviation = dataset->deviation;
  return dataset->mean;
}

AssayTable *
assay_dataset_get_table (const AssayDataset *dataset)
{
  return dataset->table;
}

const GArray *
assay_dataset_get_drops (const AssayDataset *dataset)
{
  return dataset->drops;
}

const GPtrArray *
assay_dataset_get_notes (const AssayDataset *dataset)
{
  return dataset->notes;
}

/* --- splits and identity ------------------------------------------------------------------------------------------ */

static const AssayDatasetSplit *
split_at (const AssayDataset *dataset, guint k)
{
  return &g_array_index (dataset->splits, AssayDatasetSplit, k);
}

guint
assay_dataset_get_n_splits (const AssayDataset *dataset)
{
  return dataset->splits->len;
}

const char *
assay_dataset_get_split_name (const AssayDataset *dataset, guint split)
{
  return split_at (dataset, split)->name;
}

const gint64 *
assay_dataset_get_split (const AssayDataset *dataset, const char *name, gint64 *n, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint k = 0; k < dataset->splits->len; k++)
    {
      const AssayDatasetSplit *split = split_at (dataset, k);

      if (strcmp (split->name, name) == 0)
        {
          *n = split->n;
          return split->example;
        }
      g_string_append_printf (names, "%s%s", k ? ", " : "", split->name);
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "no split \"%s\"; the splits are %s", name, names->str);
  return NULL;
}

gint64
assay_dataset_get_row (const AssayDataset *dataset, gint64 example)
{
  return dataset->row ? dataset->row[example] : example;
}

const char *
assay_dataset_get_id (const AssayDataset *dataset, gint64 example)
{
  return dataset->table ? assay_table_get_id (dataset->table, dataset->row[example]) : NULL;
}

const char *
assay_dataset_get_split_of (const AssayDataset *dataset, gint64 example, gint64 *index)
{
  *index = dataset->index_in_split[example];
  return split_at (dataset, dataset->split_of[example])->name;
}

char *
assay_dataset_describe (const AssayDataset *dataset, gint64 example)
{
  gint64 index, row;
  const char *split = assay_dataset_get_split_of (dataset, example, &index);
  g_autofree char *id = assay_dataset_get_id (dataset, example) ? assay_source_visible (assay_dataset_get_id (dataset, example)) : NULL;

  if (dataset->table == NULL)
    return g_strdup_printf ("%s:%" G_GINT64_FORMAT, split, index);
  row = dataset->row[example];
  return g_strdup_printf ("%s:%" G_GINT64_FORMAT " (%s%s%s%s %s %" G_GINT64_FORMAT ")", split, index, id ? "id " : "", id ? id : "", id ? ", " : "",
                          assay_table_get_file (dataset->table, row), assay_origin_unit_name (assay_table_get_origin_unit (dataset->table)),
                          assay_table_get_source_row (dataset->table, row));
}

static gboolean
find_id (const AssayDataset *dataset, const char *id, gint64 *example, GError **error)
{
  gpointer found;

  if (dataset->by_id == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "id:%s: the data have no key column; import them with --id COLUMN, or use SPLIT:INDEX", id);
      return FALSE;
    }
  if (!g_hash_table_lookup_extended (dataset->by_id, id, NULL, &found))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "id:%s: no example kept has this value in column \"%s\"", id,
                   assay_table_get_id_column (dataset->table));
      return FALSE;
    }
  if (GPOINTER_TO_SIZE (found) == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "id:%s: more than one example has this value in column \"%s\"; use SPLIT:INDEX", id,
                   assay_table_get_id_column (dataset->table));
      return FALSE;
    }
  *example = GPOINTER_TO_SIZE (found) - 1;
  return TRUE;
}

gboolean
assay_dataset_find (const AssayDataset *dataset, const char *reference, gint64 *example, GError **error)
{
  const char *colon = strchr (reference, ':'), *digits = colon ? colon + 1 : "";
  g_autofree char *name = colon ? g_strndup (reference, colon - reference) : NULL;
  const gint64 *examples;
  gint64 n;
  guint64 index;

  if (name != NULL && strcmp (name, "id") == 0)
    return find_id (dataset, digits, example, error);
  if (*digits == '\0' || strspn (digits, "0123456789") != strlen (digits))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "\"%s\": SPLIT:INDEX with a whole number from 0, or id:VALUE, expected", reference);
      return FALSE;
    }
  examples = assay_dataset_get_split (dataset, name, &n, error);
  if (examples == NULL)
    {
      g_prefix_error (error, "%s: ", reference);
      return FALSE;
    }
  index = g_ascii_strtoull (digits, NULL, 10);                    /* saturates, and is then out of range */
  if (index >= (guint64) n)
    {
      if (n > 0)
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: split \"%s\" has examples 0 to %" G_GINT64_FORMAT, reference, name, n - 1);
      else
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: no example of split \"%s\" was kept", reference, name);
      return FALSE;
    }
  *example = examples[index];
  return TRUE;
}

/* --- targets ------------------------------------------------------------------------------------------------------ */

gint32
assay_dataset_get_label (const AssayDataset *dataset, gint64 example)
{
  return dataset->label[example];
}

double
assay_dataset_get_real (const AssayDataset *dataset, gint64 example)
{
  return dataset->real[example];
}

/* Where the tokens of an example begin. */
static gint64
tokens_at (const AssayDataset *dataset, gint64 example)
{
  return (dataset->own_token == NULL ? dataset->row[example] : example) * dataset->size;
}

gint64
assay_dataset_get_length (const AssayDataset *dataset, gint64 example)
{
  const float *weight = dataset->weight ? dataset->weight + tokens_at (dataset, example) : NULL;
  gint64 n = dataset->size;

  while (weight != NULL && n > 0 && weight[n - 1] == 0)
    n--;
  return n == 0 ? dataset->size : MIN (n + 1, dataset->size);     /* the last target that counts is itself a token of the example */
}

float
assay_dataset_get_weight (const AssayDataset *dataset, gint64 example, gint64 position)
{
  return dataset->weight ? dataset->weight[tokens_at (dataset, example) + position] : 1;
}

static gboolean
refuse_class (const AssayDataset *dataset, gint64 example, const char *what, gint32 found, gint64 n_classes, GError **error)
{
  g_autofree char *where = assay_dataset_describe (dataset, example);

  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s from 0 to %" G_GINT64_FORMAT " expected, %d found", where, what, n_classes - 1, found);
  return FALSE;
}

gboolean
assay_dataset_check_classes (const AssayDataset *dataset, gint64 n_classes, GError **error)
{
  for (gint64 i = 0; dataset->kind == ASSAY_DATASET_FEATURES && dataset->label != NULL && i < dataset->n; i++)
    if (dataset->label[i] < 0 || dataset->label[i] >= n_classes)
      return refuse_class (dataset, i, "a class", dataset->label[i], n_classes, error);
  for (gint64 i = 0; dataset->kind == ASSAY_DATASET_TOKENS && i < dataset->n; i++)
    {
      const gint32 *token = dataset->token + tokens_at (dataset, i), *target = dataset->target + tokens_at (dataset, i);

      for (gint64 t = 0; t < dataset->size; t++)
        {
          if (token[t] < 0 || token[t] >= n_classes)
            return refuse_class (dataset, i, "a token", token[t], n_classes, error);
          if (target[t] < 0 || target[t] >= n_classes)
            return refuse_class (dataset, i, "a target token", target[t], n_classes, error);
        }
    }
  return TRUE;
}

/* --- batches ------------------------------------------------------------------------------------------------------ */

/* out[i] = (TYPE) in[i] / (TYPE) divisor, for the three floating types of a batch. */
#define CONVERT(dtype, out, in, n, divisor) \
  do \
    { \
      if ((dtype) == ASSAY_F32) \
        for (gint64 j_ = 0; j_ < (n); j_++) \
          ((float *) (out))[j_] = (float) (in)[j_] / (float) (divisor); \
      else if ((dtype) == ASSAY_F64) \
        for (gint64 j_ = 0; j_ < (n); j_++) \
          ((double *) (out))[j_] = (double) (in)[j_] / (divisor); \
      else \
        for (gint64 j_ = 0; j_ < (n); j_++) \
          ((double complex *) (out))[j_] = (double) (in)[j_] / (divisor); \
    } \
  while (0)

static void
fill_features (const AssayDataset *dataset, gint64 example, AssayDtype dtype, void *out)
{
  gint64 size = dataset->size;

  if (dataset->x != NULL)
    {
      const double *x = dataset->x + example * size;

      CONVERT (dtype, out, x, size, 1.0);
    }
  else if (dataset->pooled != NULL)
    {
      const guint16 *pooled = dataset->pooled + example * size;

      CONVERT (dtype, out, pooled, size, dataset->divisor);
    }
  else
    {
      const guint8 *pixel = dataset->pixel + dataset->row[example] * size;

      CONVERT (dtype, out, pixel, size, dataset->divisor);
    }
}

static void
fill_weights (const float *weight, gint64 n, AssayDtype dtype, void *out)
{
  static const float one = 1;

  if (weight != NULL)
    CONVERT (dtype, out, weight, n, 1.0);
  else
    for (gint64 j = 0; j < n; j++)
      {
        void *at = (char *) out + j * assay_dtype_width (dtype);

        CONVERT (dtype, at, &one, 1, 1.0);
      }
}

void
assay_dataset_fill (const AssayDataset *dataset, const gint64 *index, gint64 n, AssayBatch *batch)
{
  gsize width = assay_dtype_width (batch->dtype);
  gint64 size = dataset->size, T = batch->length > 0 ? batch->length : size;

  for (gint64 b = 0; b < n; b++)
    {
      gint64 i = index[b];

      if (batch->x != NULL && dataset->kind == ASSAY_DATASET_FEATURES)
        fill_features (dataset, i, batch->dtype, (char *) batch->x + b * size * width);
      if (batch->label != NULL && dataset->label != NULL)
        batch->label[b] = dataset->label[i];
      if (batch->real != NULL && dataset->real != NULL)
        CONVERT (batch->dtype, (char *) batch->real + b * width, dataset->real + i, 1, 1.0);
      if (dataset->kind == ASSAY_DATASET_FEATURES)
        continue;
      if (batch->token != NULL)
        memcpy (batch->token + b * T, dataset->token + tokens_at (dataset, i), T * sizeof (gint32));
      if (batch->target != NULL)
        memcpy (batch->target + b * T, dataset->target + tokens_at (dataset, i), T * sizeof (gint32));
      if (batch->weight != NULL)
        fill_weights (dataset->weight ? dataset->weight + tokens_at (dataset, i) : NULL, T, batch->dtype,
                      (char *) batch->weight + b * T * width);
    }
}
