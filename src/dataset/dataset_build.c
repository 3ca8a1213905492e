/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset_build.c: datasets from designs, images, tokens and plain arrays. */
#include "dataset/dataset_private.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>
#include <string.h>

static void
clear_split (gpointer data)
{
  AssayDatasetSplit *split = data;

  g_free (split->name);
  assay_mem_free (split->example);
}

AssayDataset *
assay_dataset_alloc (AssayDatasetKind kind, gint64 n)
{
  AssayDataset *dataset = g_new0 (AssayDataset, 1);

  g_atomic_ref_count_init (&dataset->refs);
  dataset->kind = kind;
  dataset->n = n;
  dataset->target_kind = ASSAY_TARGET_NONE;
  dataset->divisor = 1;
  dataset->drops = assay_drops_new ();
  dataset->notes = g_ptr_array_new_with_free_func (g_free);
  dataset->splits = g_array_new (FALSE, TRUE, sizeof (AssayDatasetSplit));
  g_array_set_clear_func (dataset->splits, clear_split);
  return dataset;
}

static void
collect_ids (AssayDataset *dataset)
{
  dataset->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  for (gint64 i = 0; i < dataset->n; i++)
    {
      gpointer id = (gpointer) assay_dataset_get_id (dataset, i);

      g_hash_table_insert (dataset->by_id, id, g_hash_table_contains (dataset->by_id, id) ? NULL : GSIZE_TO_POINTER (i + 1));
    }
}

/* split_of is set before. */
gboolean
assay_dataset_finish (AssayDataset *dataset, const GPtrArray *split_names, GError **error)
{
  g_array_set_size (dataset->splits, split_names->len);
  for (guint k = 0; k < split_names->len; k++)
    g_array_index (dataset->splits, AssayDatasetSplit, k).name = g_strdup (split_names->pdata[k]);
  dataset->index_in_split = assay_mem_new (gint64, dataset->n, error);
  if (dataset->index_in_split == NULL)
    return FALSE;
  for (gint64 i = 0; i < dataset->n; i++)
    dataset->index_in_split[i] = g_array_index (dataset->splits, AssayDatasetSplit, dataset->split_of[i]).n++;
  for (guint k = 0; k < dataset->splits->len; k++)
    {
      AssayDatasetSplit *split = &g_array_index (dataset->splits, AssayDatasetSplit, k);

      split->example = assay_mem_new (gint64, split->n, error);
      if (split->example == NULL)
        return FALSE;
    }
  for (gint64 i = 0; i < dataset->n; i++)
    g_array_index (dataset->splits, AssayDatasetSplit, dataset->split_of[i]).example[dataset->index_in_split[i]] = i;
  if (dataset->table != NULL && assay_table_get_id_column (dataset->table) != NULL)
    collect_ids (dataset);
  return TRUE;
}

/* --- from a table ------------------------------------------------------------------------------------------------- */

/* The splits of the table's rows in dataset->row. */
static gboolean
finish_from_table (AssayDataset *dataset, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint k = 0; k < assay_table_get_n_splits (dataset->table); k++)
    g_ptr_array_add (names, (gpointer) assay_table_get_split_name (dataset->table, k));
  dataset->split_of = assay_mem_new (gint32, dataset->n, error);
  if (dataset->split_of == NULL)
    return FALSE;
  for (gint64 i = 0; i < dataset->n; i++)
    dataset->split_of[i] = assay_table_get_split (dataset->table, dataset->row[i]);
  return assay_dataset_finish (dataset, names, error);
}

static gboolean
copy_rows (AssayDataset *dataset, const GArray *rows, GError **error)
{
  dataset->row = assay_mem_new (gint64, rows->len, error);
  if (dataset->row != NULL)
    memcpy (dataset->row, rows->data, rows->len * sizeof (gint64));
  return dataset->row != NULL;
}

AssayDataset *
assay_dataset_new_from_design (AssayTable *table, AssayDesign *design, GError **error)
{
  g_autoptr (AssayDataset) dataset = assay_dataset_alloc (ASSAY_DATASET_FEATURES, design->n_examples);

  dataset->table = assay_table_ref (table);
  dataset->row = g_steal_pointer (&design->row);
  dataset->shape = ASSAY_SHAPE (design->n_terms);
  dataset->size = design->n_terms;
  dataset->x = g_steal_pointer (&design->x);
  dataset->target_kind = design->target_kind;
  dataset->n_classes = design->class_names ? design->class_names->len : 0;
  dataset->label = g_steal_pointer (&design->label);
  dataset->real = g_steal_pointer (&design->real);
  dataset->term_names = g_steal_pointer (&design->term_names);
  dataset->inputs = g_steal_pointer (&design->inputs);
  dataset->mean = g_steal_pointer (&design->mean);
  dataset->deviation = g_steal_pointer (&design->deviation);
  dataset->class_names = g_steal_pointer (&design->class_names);
  g_array_unref (dataset->drops);
  dataset->drops = g_steal_pointer (&design->drops);
  g_ptr_array_unref (dataset->notes);
  dataset->notes = g_steal_pointer (&design->notes);
  assay_design_free (design);
  return finish_from_table (dataset, error) ? g_steal_pointer (&dataset) : NULL;
}

/* Sums over pool x pool windows: at most 255 * 16^2, which 16 bits hold. */
static gboolean
pool_images (AssayDataset *dataset, const AssayColumn *column, gint64 pool, GError **error)
{
  gint64 height = column->height / pool, width = column->width / pool;
  guint64 count;

  if (!assay_size_mul (dataset->n, dataset->size, &count))
    count = G_MAXUINT64;                                          /* refused by the allocator in its words */
  dataset->pooled = assay_mem_new (guint16, count, error);
  if (dataset->pooled == NULL)
    return FALSE;
  for (gint64 i = 0; i < dataset->n; i++)
    {
      const guint8 *image = column->pixel + dataset->row[i] * column->height * column->width;
      guint16 *out = dataset->pooled + i * dataset->size;

      for (gint64 y = 0; y < height * pool; y++)
        for (gint64 x = 0; x < width * pool; x++)
          out[y / pool * width + x / pool] += image[y * column->width + x];
    }
  return TRUE;
}

AssayDataset *
assay_dataset_new_from_images (AssayTable *table, const GArray *rows, AssayTarget *target, gint64 pool, GError **error)
{
  const AssayColumn *column = assay_table_first_of (table, ASSAY_COLUMN_IMAGE);
  g_autoptr (AssayDataset) dataset = assay_dataset_alloc (ASSAY_DATASET_FEATURES, rows->len);

  dataset->table = assay_table_ref (table);
  if (target != NULL)
    {
      dataset->target_kind = target->kind;
      dataset->label = g_steal_pointer (&target->label);
      dataset->real = g_steal_pointer (&target->real);
      dataset->class_names = g_steal_pointer (&target->class_names);
      dataset->n_classes = dataset->class_names ? dataset->class_names->len : 0;
    }
  if (pool > 16 || column->height % pool != 0 || column->width % pool != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "pool: a divisor of the image's %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                   " pixels, at most 16, expected, %" G_GINT64_FORMAT " found", column->height, column->width, pool);
      return NULL;
    }
  dataset->shape = ASSAY_SHAPE (1, column->height / pool, column->width / pool);
  dataset->size = assay_shape_count (&dataset->shape);
  dataset->divisor = 255.0 * pool * pool;
  if (!copy_rows (dataset, rows, error))
    return NULL;
  if (pool == 1)
    dataset->pixel = column->pixel;
  else if (!pool_images (dataset, column, pool, error))
    return NULL;
  return finish_from_table (dataset, error) ? g_steal_pointer (&dataset) : NULL;
}

AssayDataset *
assay_dataset_new_from_tokens (AssayTable *table, const GArray *rows, GError **error)
{
  const AssayColumn *column = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  g_autoptr (AssayDataset) dataset = assay_dataset_alloc (ASSAY_DATASET_TOKENS, rows->len);

  dataset->table = assay_table_ref (table);
  dataset->shape = ASSAY_SHAPE (column->length);
  dataset->size = column->length;
  dataset->token = column->token;
  dataset->target = column->target;
  dataset->weight = column->weight;
  dataset->n_classes = column->levels->len;
  dataset->class_names = g_ptr_array_ref (column->levels);
  return copy_rows (dataset, rows, error) && finish_from_table (dataset, error) ? g_steal_pointer (&dataset) : NULL;
}

/* --- from arrays -------------------------------------------------------------------------------------------------- */

static gboolean
finish_from_arrays (AssayDataset *dataset, const char *name, gint64 n_second, const char *second_name, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  g_ptr_array_add (names, (gpointer) name);
  if (n_second > 0)
    g_ptr_array_add (names, (gpointer) second_name);
  dataset->split_of = assay_mem_new (gint32, dataset->n, error);
  if (dataset->split_of == NULL)
    return FALSE;
  for (gint64 i = MAX (dataset->n - n_second, 0); i < dataset->n; i++)
    dataset->split_of[i] = n_second > 0;
  return assay_dataset_finish (dataset, names, error);
}

/* A copy from assay_mem of n x size elements. */
static gpointer
copy_array (const void *source, gint64 n, gint64 size, gsize width, GError **error)
{
  guint64 count;
  gpointer copy;

  if (!assay_size_mul (n, size, &count))
    count = G_MAXUINT64;
  copy = assay_mem_alloc_array (count, width, error);
  if (copy != NULL && count > 0)
    memcpy (copy, source, count * width);
  return copy;
}

static gboolean
check_finite (const AssayDataset *dataset, const double *values, gint64 size, const char *what, GError **error)
{
  for (gint64 i = 0; i < dataset->n; i++)
    for (gint64 j = 0; j < size; j++)
      if (!isfinite (values[i * size + j]))
        {
          g_autofree char *where = assay_dataset_describe (dataset, i);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: %s: element %" G_GINT64_FORMAT " is %g; finite numbers expected", where, what, j,
                       values[i * size + j]);
          return FALSE;
        }
  return TRUE;
}

AssayDataset *
assay_dataset_new_from_arrays (const AssayShape *shape, gint64 n, const double *x, const gint32 *label, gint64 n_classes,
                               const double *real, const char *name, gint64 n_second, const char *second_name, GError **error)
{
  g_autoptr (AssayDataset) dataset = assay_dataset_alloc (ASSAY_DATASET_FEATURES, n);

  dataset->shape = *shape;
  dataset->size = assay_shape_count (shape);
  dataset->x = copy_array (x, n, dataset->size, sizeof (double), error);
  if (dataset->x == NULL)
    return NULL;
  if (label != NULL)
    {
      dataset->target_kind = ASSAY_TARGET_CLASS;
      dataset->n_classes = n_classes;
      dataset->label = copy_array (label, n, 1, sizeof (gint32), error);
      if (dataset->label == NULL)
        return NULL;
    }
  else
    {
      dataset->target_kind = ASSAY_TARGET_REAL;
      dataset->real = copy_array (real, n, 1, sizeof (double), error);
      if (dataset->real == NULL)
        return NULL;
    }
  if (!finish_from_arrays (dataset, name, n_second, second_name, error) || !check_finite (dataset, dataset->x, dataset->size, "x", error)
      || (label != NULL && !assay_dataset_check_classes (dataset, n_classes, error))
      || (real != NULL && label == NULL && !check_finite (dataset, dataset->real, 1, "y", error)))
    return NULL;
  return g_steal_pointer (&dataset);
}

AssayDataset *
assay_dataset_new_from_token_arrays (gint64 n, gint64 length, gint64 vocabulary, const gint32 *token, const gint32 *target,
                                     const float *weight, const char *name, gint64 n_second, const char *second_name, GError **error)
{
  g_autoptr (AssayDataset) dataset = assay_dataset_alloc (ASSAY_DATASET_TOKENS, n);

  dataset->shape = ASSAY_SHAPE (length);
  dataset->size = length;
  dataset->n_classes = vocabulary;
  dataset->own_token = copy_array (token, n, length, sizeof (gint32), error);
  if (dataset->own_token == NULL)
    return NULL;
  dataset->own_target = copy_array (target, n, length, sizeof (gint32), error);
  if (dataset->own_target == NULL)
    return NULL;
  dataset->token = dataset->own_token;
  dataset->target = dataset->own_target;
  if (weight != NULL)
    {
      dataset->own_weight = copy_array (weight, n, length, sizeof (float), error);
      if (dataset->own_weight == NULL)
        return NULL;
      dataset->weight = dataset->own_weight;
    }
  if (!finish_from_arrays (dataset, name, n_second, second_name, error) || !assay_dataset_check_classes (dataset, vocabulary, error))
    return NULL;
  return g_steal_pointer (&dataset);
}
