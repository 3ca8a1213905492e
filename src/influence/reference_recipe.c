/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_recipe.c: makes a fine-tuning again that another program made, and compares the losses of its queries: before, after, and after
 * the same training without the first few sets of examples that the other program left out.
 */
#include "influence/reference_recipe.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/derive.h"
#include "influence/reference.h"
#include "run/evaluate.h"
#include "run/recipe.h"
#include "run/retrain.h"

#define SETS_OF_A_BANK 2

typedef struct {
  const AssayRecipe *recipe;
  AssayDataset *dataset;
  const gint64 *train, *query;
  AssayBackend *backend;
  AssayProgress *progress;
  AssayReferenceCompareFunc compare;
  gpointer data;
} Run;

static void
compare (const Run *run, const char *name, gint64 n, const double *ours, const double *theirs)
{
  run->compare (name, n, ours, theirs, ASSAY_REFERENCE_BOUND_TRAINING, run->data);
}

static gboolean
compare_before (const Run *run, double *loss, GError **error)
{
  const AssayRecipe *recipe = run->recipe;
  AssayEvaluation evaluation;

  if (recipe->loss_before == NULL)
    return TRUE;
  if (!assay_evaluate (recipe->start, run->dataset, run->query, recipe->n_query, 0, run->backend, loss, &evaluation, run->progress, error))
    return FALSE;
  compare (run, "query_loss_init", recipe->n_query, loss, recipe->loss_before);
  return TRUE;
}

/* The sets of all banks in one list behind the empty one, so that they are retrained side by side. */
static GArray *
list_sets (const AssayRecipe *recipe)
{
  GArray *sets = g_array_new (FALSE, TRUE, sizeof (AssayRetrainSet));

  g_array_set_size (sets, 1);
  for (guint k = 0; k < recipe->banks->len; k++)
    {
      const AssayRecipeBank *bank = recipe->banks->pdata[k];

      for (gint64 s = 0; s < MIN (SETS_OF_A_BANK, bank->n_sets); s++)
        {
          AssayRetrainSet set = { bank->place + s * bank->size, bank->size };

          g_array_append_val (sets, set);
        }
    }
  return sets;
}

static void
compare_banks (const Run *run, const double *loss)
{
  for (guint k = 0; k < run->recipe->banks->len; k++)
    {
      const AssayRecipeBank *bank = run->recipe->banks->pdata[k];
      gint64 n = MIN (SETS_OF_A_BANK, bank->n_sets);
      g_autofree char *name = g_strdup_printf ("%s_query_loss, first %" G_GINT64_FORMAT " sets", bank->name, n);

      compare (run, name, n * bank->n_query, loss, bank->query_loss);
      loss += n * bank->n_query;
    }
}

static gboolean
compare_trainings (const Run *run, GError **error)
{
  const AssayRecipe *recipe = run->recipe;
  AssayTraining training = { .model = recipe->start, .dataset = run->dataset, .train = run->train, .N = recipe->n_train,
                             .options = recipe->options, .backend = run->backend, .order = recipe->order->place, .n_order = recipe->order->n };
  AssayRetraining spec = { .training = &training, .start = assay_model_get_theta (recipe->start), .query = run->query, .Q = recipe->n_query };
  g_autoptr (GArray) sets = list_sets (recipe);
  g_autoptr (AssayBuffer) buffer = assay_mem_alloc_array (sets->len * recipe->n_query, sizeof (double), error);
  double *loss = buffer;

  if (loss == NULL || !assay_retrain_bank (&spec, (const AssayRetrainSet *) (const void *) sets->data, sets->len, NULL, loss, run->progress, error))
    return FALSE;
  if (recipe->loss_after != NULL)
    compare (run, "query_loss_base", recipe->n_query, loss, recipe->loss_after);
  compare_banks (run, loss + recipe->n_query);
  return TRUE;
}

gboolean
assay_reference_check_recipe (const char *directory, AssayReferenceCompareFunc func, gpointer data, AssayBackend *backend,
                              AssayProgress *progress, GError **error)
{
  g_autoptr (AssayRecipe) recipe = assay_recipe_read (directory, error);
  g_autoptr (AssayValues) options = assay_values_new (assay_derive_params);
  g_autoptr (AssayDataset) dataset = recipe ? assay_dataset_derive (recipe->table, options, ASSAY_TARGET_AUTO, error) : NULL;
  Run run = { .recipe = recipe, .dataset = dataset, .backend = backend, .progress = progress, .compare = func, .data = data };
  g_autoptr (AssayBuffer) loss = NULL;
  gint64 n;

  if (dataset == NULL || (run.train = assay_dataset_get_split (dataset, "train", &n, error)) == NULL
      || (run.query = assay_dataset_get_split (dataset, "query", &n, error)) == NULL)
    return FALSE;
  loss = assay_mem_alloc_array (recipe->n_query, sizeof (double), error);
  return loss != NULL && compare_before (&run, loss, error) && compare_trainings (&run, error);
}
