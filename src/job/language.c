/* SPDX-License-Identifier: GPL-3.0-or-later */
/* language.c: see language.h. */
#include "job/language.h"

#include "base/error.h"
#include "base/text.h"
#include "dataset/dataset_store.h"
#include "job/subject.h"

#include <string.h>

const char *const assay_language_precisions[] = { "f32", "f64", NULL };

static gboolean
add_all (AssayInterventions *interventions, AssayInterventionKind kind, const AssayValues *values, const char *name, GError **error)
{
  for (const char *const *text = assay_values_get_list (values, name); *text != NULL; text++)
    if (!assay_interventions_add (interventions, kind, *text, error))
      return FALSE;
  return TRUE;
}

/* Walks the other text with a decoder of its own. */
static gboolean
learn (AssayLanguage *self, const char *text, AssayJobContext *context, GError **error)
{
  g_autoptr (GArray) tokens = assay_language_model_encode (self->language, text, strlen (text), error);
  g_autoptr (AssayDecoder) decoder = tokens ? assay_decoder_new (self->language->model, MAX (1, tokens->len), context->backend, error) : NULL;

  if (decoder != NULL && assay_interventions_learn (self->interventions, decoder, (const gint32 *) (void *) tokens->data, tokens->len, error))
    return TRUE;
  g_prefix_error (error, "patch-prompt: ");
  return FALSE;
}

static gboolean
read_interventions (AssayLanguage *self, const AssayValues *values, AssayJobContext *context, GError **error)
{
  const char *other = assay_values_get_string (values, "patch-prompt");

  self->interventions = assay_interventions_new ();
  if (!add_all (self->interventions, ASSAY_INTERVENTION_ABLATE, values, "ablate", error)
      || !add_all (self->interventions, ASSAY_INTERVENTION_PATCH, values, "patch", error)
      || !add_all (self->interventions, ASSAY_INTERVENTION_STEER, values, "steer", error))
    return FALSE;
  if (assay_interventions_need_text (self->interventions) != (other != NULL))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, other ? "--patch-prompt is read by --patch TAP[INDEX], which was not given"
                                                                : "--patch without a number takes values from another text: --patch-prompt expected");
      return FALSE;
    }
  return other == NULL || learn (self, other, context, error);
}

AssayObject *
assay_language_find_data (AssayCase *cas, const AssayObject *model)
{
  const char *name = json_string_value (json_object_get (json_object_get (model->meta, "data"), "name"));

  return name && assay_case_has (cas, ASSAY_DATA_KIND, name) ? assay_case_lookup (cas, ASSAY_DATA_KIND, name, NULL) : NULL;
}

/* The tokenizer of a model of a case: the one that is named, or that of the data it was trained on; of an imported one that of the case's data. */
static AssayTokenizer *
open_tokenizer (AssayCase *cas, const AssayObject *object, const char *path, GError **error)
{
  g_autoptr (AssayObject) data = path ? NULL : assay_language_find_data (cas, object);
  AssayTokenizer *tokenizer;

  if (path != NULL)
    return assay_tokenizer_open (path, error);
  if (data == NULL && (data = assay_subject_find_data (cas, NULL, error)) == NULL)
    return NULL;
  tokenizer = assay_table_load_tokenizer (cas, data, error);
  if (tokenizer == NULL)
    g_prefix_error (error, "model %s: what cut its texts into tokens is not known; name it with --tokenizer: ", object->name);
  return tokenizer;
}

static AssayLanguageModel *
open_in_case (const AssayValues *values, AssayDtype dtype, GError **error)
{
  const char *path = assay_values_get_string (values, "model"), *name = assay_values_get_string (values, "model-name");
  g_autoptr (AssayCase) cas = assay_case_open (path, ASSAY_CASE_READ, error);
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (AssayModel) stored = NULL, model = NULL;
  AssayTokenizer *tokenizer;

  if (cas == NULL)
    return NULL;
  object = name ? assay_case_lookup (cas, "model", name, error) : assay_subject_find_newest (cas, "model");
  if (object == NULL && name == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s holds no model; next: assay train %s", path, path);
  stored = object ? assay_checkpoint_load_object (cas, object, error) : NULL;
  model = stored ? assay_model_copy (stored, dtype, error) : NULL;
  tokenizer = model ? open_tokenizer (cas, object, assay_values_get_string (values, "tokenizer"), error) : NULL;
  return tokenizer ? assay_language_model_new (g_steal_pointer (&model), tokenizer, object->name, error) : NULL;
}

gboolean
assay_language_open (AssayLanguage *self, const AssayValues *values, AssayJobContext *context, GError **error)
{
  const AssayCheckpointOptions options = { .has_dtype = TRUE,
                                           .dtype = strcmp (assay_values_get_string (values, "precision"), "f64") == 0 ? ASSAY_F64 : ASSAY_F32 };
  const char *path = assay_values_get_string (values, "model");

  assay_progress_report (context->progress, "open the model", 0, 0, "", NULL);
  if (assay_case_is_at (path))
    self->language = open_in_case (values, options.dtype, error);
  else if (assay_values_get_string (values, "model-name") != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model-name: %s is no case, and holds one model", path);
  else
    self->language = assay_language_model_open (path, assay_values_get_string (values, "tokenizer"), &options, error);
  return self->language != NULL && (!assay_values_has (values, "ablate") || read_interventions (self, values, context, error));
}

void
assay_language_clear (AssayLanguage *self)
{
  g_clear_pointer (&self->language, assay_language_model_free);
  g_clear_pointer (&self->interventions, assay_interventions_free);
}

AssayDecoder *
assay_language_decode (AssayLanguage *self, gint64 capacity, AssayJobContext *context, GError **error)
{
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (self->language->model, capacity, context->backend, error);

  if (decoder == NULL || (self->interventions != NULL && !assay_interventions_apply (self->interventions, decoder, error)))
    return NULL;
  return g_steal_pointer (&decoder);
}

json_t *
assay_language_to_json (const AssayLanguage *self, const AssayValues *values)
{
  const AssayModel *model = self->language->model;

  return json_pack ("{s:s, s:s, s:I, s:I, s:I, s:s, s:b}", "path", assay_values_get_string (values, "model"), "architecture", assay_model_get_block (model)->name,
                    "parameters", (json_int_t) assay_model_get_n_params (model), "vocabulary",
                    (json_int_t) assay_values_get_int (assay_model_get_config (model), "vocabulary"), "context", (json_int_t) assay_model_get_context (model), "precision",
                    assay_dtype_name (assay_model_get_dtype (model)), "begins_texts", self->language->begin >= 0);
}

char *
assay_language_spell (const AssayLanguage *self, gint32 token)
{
  gsize n;
  const char *spelling = assay_tokenizer_get_spelling (self->language->tokenizer, token, &n);

  return spelling ? assay_text_escape_bytes (spelling, n, FALSE) : g_strdup ("");
}
