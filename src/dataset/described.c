/* SPDX-License-Identifier: GPL-3.0-or-later */
/* described.c: from data of a case to a description, and back to the data set. */
#include "dataset/described.h"

#include "base/error.h"
#include "dataset/dataset_store.h"
#include "dataset/prompts.h"

static json_t *
content_roots (const AssayObject *object)
{
  json_t *roots = json_array ();

  for (guint k = 0; k < object->n_parts; k++)
    json_array_append_new (roots, json_string (object->parts[k]->content_root));
  return roots;
}

static const char *
target_name (AssayTargetKind target)
{
  return target == ASSAY_TARGET_CLASS ? "class" : target == ASSAY_TARGET_REAL ? "real" : "auto";
}

json_t *
assay_described_new (const AssayObject *data, const AssayValues *derive, AssayTargetKind target, const char *split)
{
  json_t *all = assay_values_to_json (derive), *given = json_object ();

  for (const AssayParam *p = assay_derive_params; p->name != NULL; p++)
    if (assay_values_is_set (derive, p->name))
      json_object_set (given, p->name, json_object_get (all, p->name));
  json_decref (all);
  return json_pack ("{s:s, s:o, s:o, s:s, s:s}", "name", data->name, "content_roots", content_roots (data), "derive", given, "target",
                    target_name (target), "split", split);
}

static AssayTargetKind
described_target (const json_t *described)
{
  const char *name = json_string_value (json_object_get (described, "target"));

  for (AssayTargetKind k = ASSAY_TARGET_AUTO; k <= ASSAY_TARGET_REAL; k++)
    if (g_strcmp0 (name, target_name (k)) == 0)
      return k;
  return ASSAY_TARGET_AUTO;
}

/* The data must still be the same values. */
static AssayObject *
find_described (AssayCase *cas, const json_t *described, const char *where, GError **error)
{
  const char *name = json_string_value (json_object_get (described, "name"));
  AssayObject *data;
  json_t *roots;

  if (name == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s: its metadata do not name its data", where);
      return NULL;
    }
  data = assay_case_lookup (cas, "data", name, error);
  if (data == NULL)
    return NULL;
  roots = content_roots (data);
  if (!json_equal (roots, json_object_get (described, "content_roots")))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: data %s are not those that it was made of", where, data->name);
      g_clear_pointer (&data, assay_object_unref);
    }
  json_decref (roots);
  return data;
}

/* With the texts that were asked about. Takes dataset. */
static AssayDataset *
add_prompts (AssayDataset *dataset, AssayCase *cas, AssayObject *data, const json_t *prompts, const char *where, GError **error)
{
  g_autoptr (AssayDataset) own = dataset;
  g_autoptr (AssayTokenizer) tokenizer = NULL;
  AssayDataset *longer;

  if (own == NULL || json_array_size (prompts) == 0)
    return g_steal_pointer (&own);
  tokenizer = assay_table_load_tokenizer (cas, data, error);
  longer = tokenizer ? assay_dataset_add_prompts (own, tokenizer, prompts, error) : NULL;
  if (longer == NULL)
    g_prefix_error (error, "%s: ", where);
  return longer;
}

AssayDataset *
assay_described_load (AssayCase *cas, const json_t *described, const char *where, AssayObject **data, AssayTable **table, GError **error)
{
  g_autoptr (AssayObject) object = find_described (cas, described, where, error);
  g_autoptr (AssayTable) loaded = object ? assay_table_load (cas, object->name, error) : NULL;
  g_autoptr (AssayValues) derive = NULL;
  AssayDataset *dataset;

  if (loaded == NULL)
    return NULL;
  derive = assay_values_from_json (assay_derive_params, json_object_get (described, "derive"), where, error);
  dataset = derive ? assay_dataset_derive (loaded, derive, described_target (described), error) : NULL;
  dataset = add_prompts (dataset, cas, object, json_object_get (described, "prompts"), where, error);
  if (dataset == NULL)
    return NULL;
  if (data != NULL)
    *data = g_steal_pointer (&object);
  if (table != NULL)
    *table = assay_table_ref (assay_dataset_get_table (dataset));
  return dataset;
}
