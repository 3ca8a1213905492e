/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference.c: folders of cases, comparison of single tensors, and the result's JSON form. */
#include "influence/reference.h"

#include "base/error.h"
#include "base/mem.h"
#include "influence/reference_checkpoint.h"
#include "influence/reference_files.h"
#include "influence/reference_recipe.h"
#include "influence/reference_run.h"
#include "run/recipe.h"
#include "tensor/compare.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define POSITIONS_PER_BATCH 256   /* a walk of a small model then stays in the processor's cache */
#define CACHE_BYTES ((gsize) 1 << 30)

/* --- comparison ------------------------------------------------------------------------------------------------------- */

gboolean
assay_reference_run_wants (const AssayReferenceRun *run, const char *name)
{
  return g_hash_table_contains (run->found, name);
}

gboolean
assay_reference_run_wants_prefix (const AssayReferenceRun *run, const char *prefix)
{
  for (guint i = 0; i < run->result->quantities->len; i++)
    if (g_str_has_prefix (((AssayReferenceQuantity *) run->result->quantities->pdata[i])->name, prefix))
      return TRUE;
  return FALSE;
}

gboolean
assay_reference_run_compare (AssayReferenceRun *run, const AssaySafetensors *file, const char *name, double bound, AssayShape shape,
                             const double *values, GError **error)
{
  const AssaySafetensor *tensor = assay_safetensors_find (file ? file : run->source->expected, name);
  AssayReferenceQuantity *quantity = g_hash_table_lookup (run->found, name);
  gint64 n = assay_shape_count (&shape);
  g_autoptr (AssayBuffer) reference = NULL;
  AssayComparison c;

  if (tensor == NULL || quantity == NULL)
    return TRUE;
  reference = assay_mem_alloc_array (n, sizeof (double), error);
  if (reference == NULL || !assay_reference_case_read (run->source, file ? file : run->source->expected, name, shape, reference,
                                                       error))
    return FALSE;
  c = assay_compare (values, reference, n);
  quantity->is_compared = TRUE;
  quantity->relative_error = isfinite (c.relative) ? c.relative : DBL_MAX;
  quantity->bound = bound;
  quantity->passed = quantity->relative_error <= bound;
  return TRUE;
}

void
assay_reference_run_record (AssayReferenceRun *run, const char *name, double relative_error, double bound)
{
  AssayReferenceQuantity *quantity = g_hash_table_lookup (run->found, name);

  if (quantity == NULL)
    return;
  quantity->is_compared = TRUE;
  quantity->relative_error = isfinite (relative_error) ? relative_error : DBL_MAX;
  quantity->bound = bound;
  quantity->passed = quantity->relative_error <= bound;
}

gboolean
assay_reference_run_compare_vector (AssayReferenceRun *run, const char *prefix, double bound, const double *vector, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (run->source->model);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      g_autofree char *name = g_strconcat (prefix, p->name, NULL);

      if (p->role == ASSAY_VALUE_PARAM
          && !assay_reference_run_compare (run, NULL, name, bound, p->shape, vector + p->offset, error))
        return FALSE;
    }
  return TRUE;
}

/* --- one case --------------------------------------------------------------------------------------------------------- */

static void
quantity_free (gpointer data)
{
  AssayReferenceQuantity *quantity = data;

  g_free (quantity->name);
  g_free (quantity);
}

static void
result_free (gpointer data)
{
  AssayReferenceResult *result = data;

  g_free (result->name);
  g_free (result->path);
  g_ptr_array_unref (result->quantities);
  g_free (result);
}

/* Every tensor of a file becomes a quantity that is not compared yet. */
static void
list_tensors (AssayReferenceRun *run, const AssaySafetensors *file)
{
  for (gsize i = 0; file != NULL && i < assay_safetensors_get_n (file); i++)
    {
      AssayReferenceQuantity *quantity = g_new0 (AssayReferenceQuantity, 1);

      quantity->name = g_strdup (assay_safetensors_get (file, i)->name);
      g_ptr_array_add (run->result->quantities, quantity);
      g_hash_table_insert (run->found, quantity->name, quantity);
    }
}

static AssayReferenceResult *
new_result (GPtrArray *results, const char *name, const char *path)
{
  AssayReferenceResult *result = g_new0 (AssayReferenceResult, 1);

  g_ptr_array_add (results, result);
  result->name = g_strdup (name);
  result->path = g_strdup (path);
  result->quantities = g_ptr_array_new_with_free_func (quantity_free);
  return result;
}

static void
finish (AssayReferenceResult *result)
{
  result->passed = TRUE;
  for (guint i = 0; i < result->quantities->len; i++)
    {
      const AssayReferenceQuantity *quantity = result->quantities->pdata[i];

      result->n_compared += quantity->is_compared;
      result->passed &= !quantity->is_compared || quantity->passed;
    }
  result->passed &= result->n_compared > 0;
}

static gboolean
check_case (const char *path, AssayBackend *backend, GPtrArray *results, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayReferenceCase) source = assay_reference_case_open (path, error);
  g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);
  AssayReferenceRun run = { .source = source, .found = found, .backend = backend, .progress = progress };
  AssayReferenceResult *result;

  if (source == NULL)
    return FALSE;
  result = run.result = new_result (results, source->name, path);
  list_tensors (&run, source->expected);
  list_tensors (&run, source->ekfac);
  list_tensors (&run, source->dattri);
  run.task = (AssayInfluenceTask) { .model = source->model, .dataset = source->dataset, .l2 = source->l2,
                                    .batch = CLAMP (POSITIONS_PER_BATCH / MAX (1, source->T), 1, source->N), .memory = CACHE_BYTES,
                                    .backend = backend };
  run.task.train = assay_dataset_get_split (source->dataset, "train", &run.task.n_train, error);
  run.task.query = run.task.train ? assay_dataset_get_split (source->dataset, "query", &run.task.n_query, error) : NULL;
  if (run.task.query == NULL || !assay_reference_run_products (&run, error) || !assay_reference_run_scores (&run, error)
      || !assay_reference_run_retraining (&run, error) || !assay_reference_run_factors (&run, error))
    return FALSE;
  finish (result);
  return TRUE;
}

/* --- recipes and language models --------------------------------------------------------------------------------------------------------- */

static void
add_quantity (const char *name, gint64 n, const double *ours, const double *theirs, double bound, gpointer data)
{
  AssayReferenceResult *result = data;
  AssayReferenceQuantity *quantity = g_new0 (AssayReferenceQuantity, 1);
  AssayComparison c = assay_compare (ours, theirs, n);

  quantity->name = g_strdup (name);
  quantity->is_compared = TRUE;
  quantity->relative_error = isfinite (c.relative) ? c.relative : DBL_MAX;
  quantity->bound = bound;
  quantity->passed = quantity->relative_error <= bound;
  g_ptr_array_add (result->quantities, quantity);
}

typedef gboolean (*CheckFunc) (const char *directory, AssayReferenceCompareFunc func, gpointer data, AssayBackend *backend, AssayProgress *progress,
                               GError **error);

static gboolean
check_with (CheckFunc check, const char *path, AssayBackend *backend, GPtrArray *results, AssayProgress *progress, GError **error)
{
  g_autofree char *name = g_path_get_basename (path);
  AssayReferenceResult *result = new_result (results, name, path);

  if (!check (path, add_quantity, result, backend, progress, error))
    return FALSE;
  finish (result);
  return TRUE;
}

/* --- folders ---------------------------------------------------------------------------------------------------------- */

static gboolean
has_file (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* Any file of a case makes a folder one, so that a missing case.json is said and not passed over. */
static gboolean
looks_like_case (const char *path)
{
  return has_file (path, "case.json") || has_file (path, "expected.safetensors") || has_file (path, "model.safetensors")
         || has_file (path, ASSAY_RECIPE_FILE) || has_file (path, ASSAY_REFERENCE_CHECKPOINT_FILE);
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static GPtrArray *
list_cases (const char *directory, GError **error)
{
  g_autoptr (GPtrArray) cases = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GError) refused = NULL;
  const char *name;

  if (looks_like_case (directory))
    {
      g_ptr_array_add (cases, g_strdup (directory));
      return g_steal_pointer (&cases);
    }
  dir = g_dir_open (directory, 0, &refused);
  if (dir == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: a folder of reference cases expected: %s", directory,
                   refused->message);
      return NULL;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (looks_like_case (path))
        g_ptr_array_add (cases, g_steal_pointer (&path));
    }
  if (cases->len == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: case.json or recipe.json, or folders that hold one, expected, none found",
                   directory);
      return NULL;
    }
  g_ptr_array_sort (cases, by_name);
  return g_steal_pointer (&cases);
}

static gboolean
check_any (const char *path, AssayBackend *backend, GPtrArray *results, AssayProgress *progress, GError **error)
{
  if (has_file (path, ASSAY_RECIPE_FILE))
    return check_with (assay_reference_check_recipe, path, backend, results, progress, error);
  if (has_file (path, ASSAY_REFERENCE_CHECKPOINT_FILE))
    return check_with (assay_reference_check_checkpoint, path, backend, results, progress, error);
  return check_case (path, backend, results, progress, error);
}

GPtrArray *
assay_reference_check (const char *directory, AssayBackend *backend, AssayProgress *progress, GError **error)
{
  g_autoptr (GPtrArray) cases = list_cases (directory, error), results = g_ptr_array_new_with_free_func (result_free);

  for (guint i = 0; cases != NULL && i < cases->len; i++)
    {
      assay_progress_report (progress, "reference cases", i, cases->len, "cases", cases->pdata[i]);
      if (!check_any (cases->pdata[i], backend, results, progress, error))
        return NULL;
    }
  return cases ? g_steal_pointer (&results) : NULL;
}

gboolean
assay_reference_has_passed (const GPtrArray *results)
{
  for (guint i = 0; i < results->len; i++)
    if (!((const AssayReferenceResult *) results->pdata[i])->passed)
      return FALSE;
  return TRUE;
}

char *
assay_reference_describe_failure (const GPtrArray *results)
{
  const AssayReferenceQuantity *first = NULL;
  const char *where = NULL;
  guint n_failed = 0;

  for (guint i = 0; i < results->len; i++)
    {
      const AssayReferenceResult *result = results->pdata[i];

      if (result->n_compared == 0)
        return g_strdup_printf ("%s: nothing in this case could be compared", result->path);
      for (guint k = 0; k < result->quantities->len; k++)
        {
          const AssayReferenceQuantity *q = result->quantities->pdata[k];

          if (!q->is_compared || q->passed)
            continue;
          if (n_failed++ == 0)
            {
              first = q;
              where = result->path;
            }
        }
    }
  if (first == NULL)
    return NULL;
  return g_strdup_printf ("%s: %s differs from the reference by %.2g, its bound is %g (%u %s)", where, first->name,
                          first->relative_error, first->bound, n_failed, n_failed == 1 ? "quantity fails" : "quantities fail");
}

static json_t *
quantity_to_json (const AssayReferenceQuantity *q)
{
  if (!q->is_compared)
    return json_pack ("{s:s, s:n, s:n, s:n}", "name", q->name, "relative_error", "bound", "passed");
  return json_pack ("{s:s, s:f, s:f, s:b}", "name", q->name, "relative_error", q->relative_error, "bound", q->bound, "passed",
                    q->passed);
}

json_t *
assay_reference_to_json (const GPtrArray *results)
{
  json_t *cases = json_array ();

  for (guint i = 0; i < results->len; i++)
    {
      const AssayReferenceResult *r = results->pdata[i];
      json_t *quantities = json_array ();

      for (guint k = 0; k < r->quantities->len; k++)
        json_array_append_new (quantities, quantity_to_json (r->quantities->pdata[k]));
      json_array_append_new (cases, json_pack ("{s:s, s:s, s:b, s:i, s:o}", "name", r->name, "path", r->path, "passed", r->passed,
                                               "compared",
                                               (int) r->n_compared, "quantities", quantities));
    }
  return json_pack ("{s:b, s:o}", "passed", assay_reference_has_passed (results), "cases", cases);
}
