/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts_model.c: what the model is: its parts, its numbers, where its first parameters came from, what makes it the same again. */
#include "report/facts_private.h"

#include "base/json.h"
#include "config.h"

#include <string.h>

static const json_t *
get_spec (const AssayFacts *facts)
{
  return json_object_get (facts->object->meta, "model");
}

static gboolean
fill_identity (const AssayFacts *facts, AssayField *field, GError **error)
{
  (void) error;
  if (!assay_facts_need_model (facts, field))
    return TRUE;
  assay_field_set_format (field, ASSAY_FIELD_MEASURED, "model/%s, object %" G_GUINT64_FORMAT " of the case, content root %s", facts->object->name,
                          facts->object->sequence, facts->object->parts[0]->content_root);
  assay_field_set_method (field, "SHA-256 tree over the values of all parameters (assay-merkle-1)", 1);
  assay_facts_cite (field, facts->object, facts->training ? facts->training->command : NULL);
  return TRUE;
}

static gboolean
fill_architecture (const AssayFacts *facts, AssayField *field, GError **error)
{
  g_autofree char *settings = NULL;

  (void) error;
  if (!assay_facts_need_model (facts, field))
    return TRUE;
  settings = assay_facts_describe_members (json_object_get (get_spec (facts), "config"));
  assay_field_set_format (field, ASSAY_FIELD_DERIVED, "%s: %s", assay_json_get_text (get_spec (facts), "architecture"), settings);
  assay_facts_cite (field, facts->object, NULL);
  return TRUE;
}

static gboolean
fill_parameters (const AssayFacts *facts, AssayField *field, GError **error)
{
  (void) error;
  if (!assay_facts_need_model (facts, field))
    return TRUE;
  assay_field_set_count (field, ASSAY_FIELD_MEASURED, assay_model_get_n_params (facts->model));
  assay_field_set_method (field, "elements of all parameter tensors, tied ones once", 1);
  assay_facts_cite (field, facts->object, NULL);
  return TRUE;
}

static gboolean
fill_layers (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "tensor", "tensor", NULL, ASSAY_VALUE_TEXT }, { "shape", "shape", NULL, ASSAY_VALUE_TEXT }, { "elements", "elements", NULL, ASSAY_VALUE_COUNT },
  };
  AssayGraph *layout;

  (void) error;
  if (!assay_facts_need_model (facts, field))
    return TRUE;
  layout = assay_model_get_layout (facts->model);
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  for (guint k = 0; k < assay_graph_get_n_values (layout); k++)
    {
      const AssayGraphValue *value = assay_graph_get_value (layout, k);
      g_autofree char *shape = NULL;

      if (value->role != ASSAY_VALUE_PARAM)
        continue;
      shape = assay_shape_to_string (&value->shape);
      assay_field_add_text (field, value->name);
      assay_field_add_text (field, shape);
      assay_field_add_count (field, assay_shape_count (&value->shape));
    }
  assay_facts_cite (field, facts->object, NULL);
  return TRUE;
}

/* "a vector of 3 numbers", "an image of 28 x 28 grey values". */
static char *
describe_input (const AssayFacts *facts)
{
  AssayShape shape = assay_dataset_get_shape (facts->dataset);

  if (assay_dataset_get_kind (facts->dataset) == ASSAY_DATASET_TOKENS)
    return g_strdup_printf ("a sequence of up to %" G_GINT64_FORMAT " tokens out of %" G_GINT64_FORMAT, shape.dim[0],
                            assay_dataset_get_n_classes (facts->dataset));
  if (shape.rank == 3)
    return g_strdup_printf ("an image of %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " grey values", shape.dim[1], shape.dim[2]);
  return g_strdup_printf ("a row of a table as %" G_GINT64_FORMAT " numbers", assay_shape_count (&shape));
}

static char *
describe_output (const AssayFacts *facts)
{
  if (assay_dataset_get_kind (facts->dataset) == ASSAY_DATASET_TOKENS)
    return g_strdup ("at every position, a probability for each token to be the next");
  if (assay_dataset_get_target_kind (facts->dataset) == ASSAY_TARGET_REAL)
    return g_strdup ("a number");
  return g_strdup_printf ("a probability for each of %" G_GINT64_FORMAT " classes", assay_dataset_get_n_classes (facts->dataset));
}

static gboolean
fill_modalities (const AssayFacts *facts, AssayField *field, GError **error)
{
  g_autofree char *input = NULL, *output = NULL;

  (void) error;
  if (!assay_facts_need_model (facts, field) || !assay_facts_need_dataset (facts, field))
    return TRUE;
  input = describe_input (facts);
  output = describe_output (facts);
  assay_field_set_format (field, ASSAY_FIELD_DERIVED, "input: %s; output: %s", input, output);
  assay_facts_cite (field, facts->object, NULL);
  assay_facts_cite (field, facts->data, NULL);
  return TRUE;
}

static gboolean
fill_input_sizes (const AssayFacts *facts, AssayField *field, GError **error)
{
  g_autofree char *input = NULL;

  (void) error;
  if (!assay_facts_need_model (facts, field) || !assay_facts_need_dataset (facts, field))
    return TRUE;
  input = describe_input (facts);
  assay_field_set_text (field, ASSAY_FIELD_DERIVED, input);
  assay_facts_cite (field, facts->object, NULL);
  return TRUE;
}

static gboolean
fill_dependencies (const AssayFacts *facts, AssayField *field, GError **error)
{
  g_autoptr (GPtrArray) stages = NULL;
  const AssayObject *first;
  const json_t *seed;

  if (!assay_facts_need_model (facts, field))
    return TRUE;
  if ((stages = assay_facts_list_stages (facts, error)) == NULL)
    return FALSE;
  first = stages->pdata[0];
  seed = json_object_get (json_object_get (first->meta, "start"), "seed");
  if (!json_is_integer (seed))
    assay_field_set_not_computed (field, "model %s was brought into the case; what it derives from is not in its files", first->name);
  else if (stages->len == 1)
    assay_field_set_format (field, ASSAY_FIELD_DERIVED, "none: the first parameters were drawn at random from seed %" JSON_INTEGER_FORMAT,
                            json_integer_value (seed));
  else
    assay_field_set_format (field, ASSAY_FIELD_DERIVED, "model/%s (object %" G_GUINT64_FORMAT "), whose parameters were the start of the training; the "
                            "first of its line was drawn at random from seed %" JSON_INTEGER_FORMAT,
                            ((const AssayObject *) stages->pdata[stages->len - 2])->name,
                            ((const AssayObject *) stages->pdata[stages->len - 2])->sequence, json_integer_value (seed));
  for (guint k = 0; k < stages->len; k++)
    assay_facts_cite (field, stages->pdata[k], NULL);
  return TRUE;
}

static gboolean
fill_precision (const AssayFacts *facts, AssayField *field, GError **error)
{
  AssayDtype dtype;

  (void) error;
  if (!assay_facts_need_model (facts, field))
    return TRUE;
  dtype = assay_model_get_dtype (facts->model);
  assay_field_set_format (field, ASSAY_FIELD_DERIVED, "%s (IEEE floating point of %d bits) in training, storage and evaluation; not quantised",
                          assay_dtype_name (dtype), (int) (8 * assay_dtype_width (dtype)));
  assay_facts_cite (field, facts->object, NULL);
  return TRUE;
}

/* --- what makes it the same again -------------------------------------------------------------------------------------- */

static gboolean
fill_determinism (const AssayFacts *facts, AssayField *field, GError **error)
{
  const json_t *training, *options;

  (void) error;
  if (!assay_facts_need_model (facts, field))
    return TRUE;
  training = json_object_get (facts->object->meta, "training");
  options = json_object_get (training, "options");
  if (options == NULL)
    {
      assay_field_set_not_computed (field, "model %s was not trained in this case", facts->object->name);
      return TRUE;
    }
  assay_field_set_format (field, ASSAY_FIELD_DERIVED, "seed %" JSON_INTEGER_FORMAT " of first parameters and order of batches; the same command gives the "
                          "same bits for any number of threads and after interruptions on instruction set %s; another instruction set may differ by rounding",
                          json_integer_value (json_object_get (options, "seed")), assay_json_get_text (training, "instruction_set"));
  assay_field_set_method (field, "all random numbers are counters of the seed, all sums have an order fixed by the data", 1);
  assay_facts_cite (field, facts->object, facts->training ? facts->training->command : NULL);
  return TRUE;
}

static void
add_version (AssayField *field, const char *part, const char *version)
{
  if (version == NULL || *version == 0)
    return;
  assay_field_add_text (field, part);
  assay_field_add_text (field, version);
}

static gboolean
fill_versions (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = { { "part", "part", NULL, ASSAY_VALUE_TEXT }, { "version", "version", NULL, ASSAY_VALUE_TEXT } };
  const json_t *provenance = facts->training ? json_object_get (facts->training->meta, "provenance") : NULL, *build = json_object_get (provenance, "build");
  g_autofree char *trainer = build ? g_strdup_printf ("%s %s", assay_json_get_text (build, "program"), assay_json_get_text (build, "version")) : NULL;

  (void) error;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  add_version (field, "this report", PACKAGE_NAME " " PACKAGE_VERSION);
  add_version (field, "training", trainer);
  add_version (field, "training: compiler", assay_json_get_text (build, "compiler"));
  add_version (field, "training: flags", assay_json_get_text (build, "flags"));
  add_version (field, "training: flags of the kernels", assay_json_get_text (build, "kernel_flags"));
  add_version (field, "training: instruction set", assay_json_get_text (provenance, "instruction_set"));
  add_version (field, "training: operating system", assay_json_get_text (json_object_get (provenance, "machine"), "system"));
  if (facts->training != NULL)
    assay_facts_cite_answer (field, facts->training);
  return TRUE;
}

const AssayFact assay_facts_of_model[] = {
  { "model.identity", fill_identity },
  { "model.architecture", fill_architecture },
  { "model.modalities", fill_modalities },
  { "model.parameters", fill_parameters },
  { "model.layers", fill_layers },
  { "model.input_sizes", fill_input_sizes },
  { "model.dependencies", fill_dependencies },
  { "model.precision", fill_precision },
  { "numerics.determinism", fill_determinism },
  { "software.versions", fill_versions },
  { NULL, NULL }
};
