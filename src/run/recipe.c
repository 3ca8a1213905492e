/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recipe.c: reads a fine-tuning's directory. */
#include "run/recipe.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "dataset/import.h"
#include "model/checkpoint.h"
#include "store/array_file.h"
#include "store/file.h"
#include "store/npy.h"

#include <string.h>

#define MAX_DOCUMENT (1u << 20)
#define LOSS_SUFFIX "_query_loss.npy"

static void
bank_free (gpointer data)
{
  AssayRecipeBank *bank = data;

  g_free (bank->name);
  assay_mem_free (bank->place);
  assay_mem_free (bank->query_loss);
  g_free (bank);
}

void
assay_recipe_free (AssayRecipe *recipe)
{
  if (recipe == NULL)
    return;
  assay_table_unref (recipe->table);
  assay_model_free (recipe->start);
  assay_order_free (recipe->order);
  assay_values_free (recipe->options);
  assay_mem_free (recipe->loss_before);
  assay_mem_free (recipe->loss_after);
  g_ptr_array_unref (recipe->banks);
  g_free (recipe);
}

/* --- training -------------------------------------------------------------------------------------------------------- */

static const struct { const char *theirs, *ours; } numbers[] = {
  { "lr", "learning-rate" }, { "beta1", "beta1" }, { "beta2", "beta2" }, { "eps", "eps" }, { "eps_root", "eps-root" }, { "wd", "weight-decay" },
  { "batch", "batch" }, { "steps", "steps" }, { "momentum", "momentum" }, { "clipping", "clip" },
};

/* The first word of a description such as "linear: lr_t = ...", in lower case. */
static char *
first_word (const json_t *object, const char *key)
{
  const char *text = assay_json_get_text (object, key);

  return g_ascii_strdown (text, (gssize) strcspn (text, " :,;"));
}

static gboolean
set (AssayValues *options, const char *key, json_t *value, GError **error)
{
  gboolean ok = assay_values_set_json (options, key, value, error);

  json_decref (value);
  return ok;
}

static gboolean
read_training (AssayRecipe *recipe, const json_t *finetune, GError **error)
{
  g_autofree char *optimizer = first_word (finetune, "optimizer"), *schedule = first_word (finetune, "schedule");

  if (!json_is_object (finetune))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "key finetune: an object expected");
      return FALSE;
    }
  recipe->options = assay_values_new (assay_train_params);
  for (gsize k = 0; k < G_N_ELEMENTS (numbers); k++)
    {
      json_t *value = json_object_get (finetune, numbers[k].theirs);

      if (value == NULL || json_is_null (value))
        continue;
      if (!json_is_number (value))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "key finetune.%s: a number expected", numbers[k].theirs);
          return FALSE;
        }
      if (!assay_values_set_json (recipe->options, numbers[k].ours, value, error))
        return FALSE;
    }
  return (optimizer[0] == '\0' || set (recipe->options, "optimizer", json_string (optimizer), error))
         && (schedule[0] == '\0' || set (recipe->options, "schedule", json_string (schedule), error));
}

static gboolean
read_document (AssayRecipe *recipe, const char *directory, GError **error)
{
  g_autofree char *path = g_build_filename (directory, ASSAY_RECIPE_FILE, NULL);
  g_autoptr (GBytes) bytes = assay_file_read (path, MAX_DOCUMENT, error);
  json_error_t where;
  json_t *document;
  gboolean ok;

  if (bytes == NULL)
    return FALSE;
  document = json_loadb (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), JSON_REJECT_DUPLICATES, &where);
  if (document == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %d column %d: %s", path, where.line, where.column, where.text);
      return FALSE;
    }
  ok = read_training (recipe, json_object_get (document, "finetune"), error);
  if (!ok)
    g_prefix_error (error, "%s: ", path);
  json_decref (document);
  return ok;
}

/* --- data ------------------------------------------------------------------------------------------------------------ */

static gint64
count_split (const AssayTable *table, const char *name)
{
  gint64 n = 0;

  for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
    n += strcmp (assay_table_get_split_name (table, assay_table_get_split (table, row)), name) == 0;
  return n;
}

static gboolean
read_data (AssayRecipe *recipe, const char *directory, GError **error)
{
  g_autofree char *train = g_build_filename (directory, "train_ids.npy", NULL), *query = g_build_filename (directory, "query_ids.npy", NULL);
  g_autofree char *names = g_build_filename (directory, "tokenizer.json", NULL), *rule = NULL;
  const char *const files[] = { train, query, NULL };
  g_autoptr (AssayValues) options = assay_values_new (assay_import_params);
  g_autoptr (AssayNpy) first = assay_npy_read (train, error);

  if (first == NULL)
    return FALSE;
  rule = g_strdup_printf ("order:train=%" G_GINT64_FORMAT ",query=rest", first->rank > 0 ? first->dims[0] : 0);
  if (!set (options, "split", json_string (rule), error)
      || (g_file_test (names, G_FILE_TEST_EXISTS) && !set (options, "vocabulary", json_string (names), error)))
    return FALSE;
  recipe->table = assay_import (files, options, error);
  if (recipe->table == NULL)
    return FALSE;
  recipe->n_train = count_split (recipe->table, "train");
  recipe->n_query = count_split (recipe->table, "query");
  return TRUE;
}

/* --- what came out ----------------------------------------------------------------------------------------------------- */

/* Numbers of shape (rows, cols), rows < 0: any; rank 1 where cols is 0. */
static double *
read_numbers (const char *path, gint64 *rows, gint64 cols, GError **error)
{
  g_autoptr (AssayArrayFile) array = assay_array_file_read (path, NULL, error);
  guint rank = cols > 0 ? 2 : 1;

  if (array == NULL)
    return NULL;
  if (array->rank != rank || (*rows >= 0 && array->dims[0] != *rows) || (rank == 2 && array->dims[1] != cols))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: losses of %s%" G_GINT64_FORMAT " queries expected, an array of rank %u found",
                   path, rank == 2 ? "sets and " : "", rank == 2 ? cols : *rows, array->rank);
      return NULL;
    }
  *rows = array->dims[0];
  return g_steal_pointer (&array->values);
}

/* *out stays NULL where the file is not there. */
static gboolean
read_losses (const AssayRecipe *recipe, const char *directory, const char *name, double **out, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  gint64 rows = recipe->n_query;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  *out = read_numbers (path, &rows, 0, error);
  return *out != NULL;
}

static gboolean
read_places (AssayRecipeBank *bank, const char *path, gint64 N, GError **error)
{
  g_autoptr (AssayNpy) npy = assay_npy_read (path, error);

  if (npy == NULL)
    return FALSE;
  if (npy->rank != 2 || npy->dims[0] != bank->n_sets || npy->dims[1] < 1 || !assay_npy_is_integer (npy))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: integers, places, of shape (%" G_GINT64_FORMAT ", examples) expected, %s of rank %u found",
                   path, bank->n_sets, assay_store_type_word (npy->type), npy->rank);
      return FALSE;
    }
  bank->size = npy->dims[1];
  bank->place = assay_mem_new (gint64, bank->n_sets * bank->size, error);
  if (bank->place == NULL)
    return FALSE;
  for (guint64 k = 0; k < npy->n_elements; k++)
    {
      gint64 place = assay_npy_get_integer (npy, k);

      if (place < 0 || place >= N)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s, entry %" G_GUINT64_FORMAT ": a training example from 0 to %" G_GINT64_FORMAT
                       " expected, %" G_GINT64_FORMAT " found", path, k, N - 1, place);
          return FALSE;
        }
      bank->place[k] = place;
    }
  return TRUE;
}

static gboolean
read_bank (AssayRecipe *recipe, const char *directory, const char *file, GError **error)
{
  AssayRecipeBank *bank = g_new0 (AssayRecipeBank, 1);
  g_autofree char *losses = g_build_filename (directory, file, NULL), *sets = NULL, *sets_file = NULL;

  g_ptr_array_add (recipe->banks, bank);
  bank->name = g_strndup (file, strlen (file) - strlen (LOSS_SUFFIX));
  sets_file = g_strconcat (bank->name, ".npy", NULL);
  sets = g_build_filename (directory, sets_file, NULL);
  bank->n_query = recipe->n_query;
  bank->n_sets = -1;
  bank->query_loss = read_numbers (losses, &bank->n_sets, recipe->n_query, error);
  return bank->query_loss != NULL && read_places (bank, sets, recipe->n_train, error);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* In the order of their names. */
static gboolean
read_banks (AssayRecipe *recipe, const char *directory, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (file, LOSS_SUFFIX) && strlen (file) > strlen (LOSS_SUFFIX))
      g_ptr_array_add (files, g_strdup (file));
  g_ptr_array_sort (files, compare_names);
  for (guint k = 0; k < files->len; k++)
    if (!read_bank (recipe, directory, files->pdata[k], error))
      return FALSE;
  return TRUE;
}

AssayRecipe *
assay_recipe_read (const char *directory, GError **error)
{
  g_autoptr (AssayRecipe) recipe = g_new0 (AssayRecipe, 1);
  g_autofree char *start = g_build_filename (directory, "init", NULL), *order = g_build_filename (directory, "order.npy", NULL);

  recipe->banks = g_ptr_array_new_with_free_func (bank_free);
  if (!read_document (recipe, directory, error) || !read_data (recipe, directory, error)
      || (recipe->start = assay_checkpoint_load_directory (start, NULL, error)) == NULL || (recipe->order = assay_order_read (order, error)) == NULL
      || !read_losses (recipe, directory, "query_loss_init.npy", &recipe->loss_before, error)
      || !read_losses (recipe, directory, "query_loss_base.npy", &recipe->loss_after, error) || !read_banks (recipe, directory, error))
    return NULL;
  return g_steal_pointer (&recipe);
}
