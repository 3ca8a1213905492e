/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import_recipe.c: a fine-tuning's directory as objects of a case, and the command that makes it again. */
#include "job/import_recipe.h"

#include "base/error.h"
#include "base/json.h"
#include "dataset/dataset_store.h"
#include "dataset/derive.h"
#include "dataset/described.h"
#include "influence/bank.h"
#include "model/checkpoint.h"
#include "run/recipe.h"

/* The shortest decimal that reads back as the same number. */
static char *
shortest (const json_t *number)
{
  double value = json_number_value (number);

  if (json_is_integer (number))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (number));
  for (guint digits = 1; digits < 17; digits++)
    {
      g_autofree char *text = assay_view_number (value, digits);

      if (g_ascii_strtod (text, NULL) == value)
        return g_steal_pointer (&text);
    }
  return assay_view_number (value, 17);
}

/* The training that the recipe describes, as a command. */
static char *
make_train_command (const AssayRecipe *recipe, AssayCase *cas, const char *name)
{
  g_autoptr (AssayValues) unset = assay_values_new (assay_train_params);
  json_t *options = assay_values_to_json (recipe->options), *defaults = assay_values_to_json (unset), *value;
  GString *command = g_string_new (NULL);
  g_autofree char *path = g_shell_quote (assay_case_get_path (cas));
  const char *key;

  g_string_printf (command, "assay train %s --model %s-init --name %s --data %s --order %s", path, name, name, name, name);
  json_object_foreach (options, key, value)
    {
      g_autofree char *number = json_is_number (value) ? shortest (value) : NULL;

      if (!json_equal (value, json_object_get (defaults, key)))
        g_string_append_printf (command, " --%s %s", key, number ? number : json_string_value (value));
    }
  json_decref (options);
  json_decref (defaults);
  return g_string_free (command, FALSE);
}

static AssayObject *
commit_start (const AssayRecipe *recipe, AssayCase *cas, const char *name, GError **error)
{
  g_autofree char *start = g_strconcat (name, "-init", NULL);
  json_t *meta = json_pack ("{s:b}", "imported", TRUE);
  AssayObject *object = assay_checkpoint_commit (recipe->start, cas, "model", start, meta, error);

  json_decref (meta);
  return object;
}

/* The retrainings that came with it, all families in one bank. NULL without an error: there are none. */
static AssayObject *
commit_banks (const AssayRecipe *recipe, AssayCase *cas, const AssayObject *data, const char *name, GError **error)
{
  g_autoptr (AssayValues) derive = assay_values_new (assay_derive_params);
  g_autoptr (AssayDataset) dataset = assay_dataset_derive (recipe->table, derive, ASSAY_TARGET_AUTO, error);
  g_autoptr (AssayBank) bank = NULL;
  const gint64 *train, *query;
  gint64 N, Q;
  AssayObject *object;
  json_t *described;

  if (dataset == NULL || (train = assay_dataset_get_split (dataset, "train", &N, error)) == NULL
      || (query = assay_dataset_get_split (dataset, "query", &Q, error)) == NULL
      || (bank = assay_bank_new (train, N, query, Q, recipe->loss_after, 1, error)) == NULL)
    return NULL;
  for (guint k = 0; k < recipe->banks->len; k++)
    {
      const AssayRecipeBank *family = recipe->banks->pdata[k];

      if (!assay_bank_add_family (bank, family->name, family->place, family->n_sets, family->size, family->query_loss, error))
        return NULL;
    }
  described = assay_described_new (data, derive, ASSAY_TARGET_AUTO, "train");
  object = assay_bank_save (bank, cas, name, described, NULL, error);
  json_decref (described);
  return object;
}

/* TRUE, and the families' names, where the recipe holds retrainings that can be compared with. */
static gboolean
import_banks (const AssayRecipe *recipe, AssayJobContext *context, const AssayObject *data, const char *name, json_t *families, GError **error)
{
  AssayObject *object;

  if (recipe->banks->len == 0 || recipe->loss_after == NULL)
    return TRUE;
  object = commit_banks (recipe, context->cas, data, name, error);
  if (object == NULL)
    return FALSE;
  assay_job_add_output (context, object);
  for (guint k = 0; k < recipe->banks->len; k++)
    {
      const AssayRecipeBank *family = recipe->banks->pdata[k];

      json_array_append_new (families, json_pack ("{s:s, s:I, s:I}", "name", family->name, "sets", (json_int_t) family->n_sets, "size",
                                                  (json_int_t) family->size));
    }
  return TRUE;
}

json_t *
assay_import_recipe (const char *directory, const char *name, AssayJobContext *context, GError **error)
{
  g_autofree char *start = g_strconcat (name, "-init", NULL), *command = NULL;
  g_autoptr (AssayRecipe) recipe = NULL;
  AssayObject *object, *data;
  json_t *families;

  if (assay_case_has (context->cas, "model", start))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s has another model named \"%s\" already; choose another --name",
                   assay_case_get_path (context->cas), start);
      return NULL;
    }
  assay_progress_report (context->progress, "reading", 0, 0, NULL, NULL);
  recipe = assay_recipe_read (directory, error);
  if (recipe == NULL || (data = assay_table_save (recipe->table, context->cas, name, error)) == NULL)
    return NULL;
  assay_job_add_output (context, data);
  if ((object = commit_start (recipe, context->cas, name, error)) == NULL)
    return NULL;
  assay_job_add_output (context, object);
  if ((object = assay_order_commit (recipe->order, context->cas, name, error)) == NULL)
    return NULL;
  assay_job_add_output (context, object);
  families = json_array ();
  if (!import_banks (recipe, context, data, name, families, error))
    {
      json_decref (families);
      return NULL;
    }
  command = make_train_command (recipe, context->cas, name);
  return json_pack ("{s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:s}", "what", "recipe", "name", name, "model", start, "train_examples", (json_int_t) recipe->n_train,
                    "queries", (json_int_t) recipe->n_query, "parameters", (json_int_t) assay_model_get_n_params (recipe->start), "retrainings", families, "train_command", command);
}

void
assay_import_recipe_view (const json_t *document, AssayView *view)
{
  g_autofree char *train = assay_view_count (json_integer_value (json_object_get (document, "train_examples")));
  g_autofree char *query = assay_view_count (json_integer_value (json_object_get (document, "queries")));
  g_autofree char *count = assay_view_count (json_integer_value (json_object_get (document, "parameters")));
  gsize k;
  json_t *family;

  assay_view_add_text (view, "imported the recipe %s: %s training and %s query sequences, the model %s of %s parameters, the order of its batches",
                       assay_json_get_text (document, "name"), train, query, assay_json_get_text (document, "model"), count);
  json_array_foreach (json_object_get (document, "retrainings"), k, family)
    {
      g_autofree char *sets = assay_view_count (json_integer_value (json_object_get (family, "sets")));
      g_autofree char *size = assay_view_count (json_integer_value (json_object_get (family, "size")));

      assay_view_add_text (view, "and the losses of %s retrainings without %s examples each (%s), made elsewhere", sets, size,
                           assay_json_get_text (family, "name"));
    }
  assay_view_add_text (view, "next: %s", assay_json_get_text (document, "train_command"));
}
