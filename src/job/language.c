/* SPDX-License-Identifier: GPL-3.0-or-later */
/* language.c: see language.h. */
#include "job/language.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "dataset/dataset_store.h"
#include "job/subject.h"

#include <math.h>
#include <string.h>

#define COMPARED 64             /* tokens */

const char *const assay_language_precisions[] = { "f32", "f64", NULL };
const char *const assay_language_weights[] = { "full", "bf16", "int8", NULL };

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
  g_autoptr (GArray) tokens = assay_tokenizer_encode_numbers (self->language->tokenizer, text, strlen (text), error);
  g_autoptr (AssayDecoder) decoder = tokens ? assay_decoder_new (self->language->model, MAX (1, tokens->len), context->backend, error) : NULL;

  if (decoder != NULL && assay_decoder_set_packed (decoder, self->packed, error)
      && assay_interventions_learn (self->interventions, decoder, (const gint32 *) (void *) tokens->data, tokens->len, error))
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
open_in_case (const AssayValues *values, const AssayCheckpointOptions *options, GError **error)
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
  if (stored != NULL && assay_model_get_dtype (stored) != options->dtype)
    model = assay_model_copy (stored, options->dtype, error);
  else
    model = g_steal_pointer (&stored);
  if (model != NULL && options->is_packed && !assay_checkpoint_settle (model, assay_model_get_theta (model), options, object->name, error))
    return NULL;
  tokenizer = model ? open_tokenizer (cas, object, assay_values_get_string (values, "tokenizer"), error) : NULL;
  return tokenizer ? assay_language_model_new (g_steal_pointer (&model), tokenizer, object->name, error) : NULL;
}

/* Rounded weights beside the model's own. */
static gboolean
round_beside (AssayLanguage *self, AssayPackedType type, AssayJobContext *context, GError **error)
{
  assay_progress_report (context->progress, "round the weights", 0, 0, "", NULL);
  self->packed = assay_packed_weights_new (self->language->model, type, context->backend->workers, error);
  return self->packed != NULL;
}

/* How a checkpoint is opened; *type: what its weights are rounded to, ASSAY_N_PACKED_TYPES where they are not. */
static gboolean
read_options (const AssayValues *values, AssayJobContext *context, AssayCheckpointOptions *options, AssayPackedType *type, GError **error)
{
  const char *weights = assay_values_get_string (values, "weights");
  const gboolean compares = assay_values_get_bool (values, "compare");

  for (*type = 0; *type < ASSAY_N_PACKED_TYPES && strcmp (assay_packed_type_names[*type], weights) != 0; )
    ++*type;
  *options = (AssayCheckpointOptions) { .has_dtype = TRUE, .dtype = strcmp (assay_values_get_string (values, "precision"), "f64") == 0 ? ASSAY_F64 : ASSAY_F32,
                                        .is_packed = *type < ASSAY_N_PACKED_TYPES && !compares, .packed = *type, .workers = context->backend->workers };
  if (!compares || *type < ASSAY_N_PACKED_TYPES)
    return TRUE;
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "compare: rounded weights expected (--weights bf16 or int8), to be compared with those of f32");
  return FALSE;
}

gboolean
assay_language_open (AssayLanguage *self, const AssayValues *values, AssayJobContext *context, GError **error)
{
  AssayCheckpointOptions options;
  AssayPackedType type;
  const char *path = assay_values_get_string (values, "model");

  if (!read_options (values, context, &options, &type, error))
    return FALSE;
  assay_progress_report (context->progress, "open the model", 0, 0, "", NULL);
  if (assay_case_is_at (path))
    self->language = open_in_case (values, &options, error);
  else if (assay_values_get_string (values, "model-name") != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model-name: %s is no case, and holds one model", path);
  else
    self->language = assay_language_model_open (path, assay_values_get_string (values, "tokenizer"), &options, error);
  return self->language != NULL && (!assay_values_get_bool (values, "compare") || round_beside (self, type, context, error))
         && (!assay_values_has (values, "ablate") || read_interventions (self, values, context, error));
}

void
assay_language_clear (AssayLanguage *self)
{
  g_clear_pointer (&self->language, assay_language_model_free);
  g_clear_pointer (&self->interventions, assay_interventions_free);
  g_clear_pointer (&self->packed, assay_packed_weights_free);
}

AssayDecoder *
assay_language_decode (AssayLanguage *self, gint64 capacity, AssayJobContext *context, GError **error)
{
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (self->language->model, capacity, context->backend, error);

  if (decoder == NULL || !assay_decoder_set_packed (decoder, self->packed, error)
      || (self->interventions != NULL && !assay_interventions_apply (self->interventions, decoder, error)))
    return NULL;
  return g_steal_pointer (&decoder);
}

/* --- what rounding changes ----------------------------------------------------------------------------------------------------- */

static double *
walk (AssayLanguage *self, const AssayPackedWeights *packed, const gint32 *tokens, gint64 n, AssayJobContext *context, GError **error)
{
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (self->language->model, n, context->backend, error);
  g_autoptr (AssayBuffer) logits = decoder ? assay_mem_alloc_array (n * assay_decoder_get_size (decoder), sizeof (double), error) : NULL;

  if (logits == NULL || !assay_decoder_set_packed (decoder, packed, error) || !assay_decoder_feed (decoder, tokens, n, TRUE, logits, error))
    return NULL;
  return g_steal_pointer (&logits);
}

static gint64
find_likeliest (gint64 V, const double *logits)
{
  gint64 best = 0;

  for (gint64 v = 1; v < V; v++)
    if (logits[v] > logits[best])
      best = v;
  return best;
}

static void
compare (AssayLanguage *self, gint64 n, gint64 V, const double *full, const double *rounded)
{
  double squares = 0, of_logits = 0;

  self->compared = n;
  self->largest = 0;
  self->same_choice = TRUE;
  for (gint64 t = 0; t < n; t++, full += V, rounded += V)
    {
      double mean = 0;

      for (gint64 v = 0; v < V; v++)
        mean += full[v] / (double) V;
      for (gint64 v = 0; v < V; v++)
        {
          const double difference = fabs (rounded[v] - full[v]);

          self->largest = !(difference <= self->largest) ? difference : self->largest;          /* a NaN stays */
          squares += difference * difference;
          of_logits += (full[v] - mean) * (full[v] - mean);
        }
      self->same_choice &= find_likeliest (V, full) == find_likeliest (V, rounded);
    }
  self->root_mean_square = sqrt (squares / (double) (n * V));
  self->spread = sqrt (of_logits / (double) (n * V));
}

gboolean
assay_language_compare (AssayLanguage *self, const gint32 *tokens, gint64 n, AssayJobContext *context, GError **error)
{
  const gint64 some = MIN (MIN (n, COMPARED), assay_model_get_context (self->language->model));
  g_autoptr (AssayBuffer) full = NULL, rounded = NULL;

  if (self->packed == NULL || some == 0)
    return TRUE;
  if ((full = walk (self, NULL, tokens, some, context, error)) == NULL || (rounded = walk (self, self->packed, tokens, some, context, error)) == NULL)
    return FALSE;
  compare (self, some, assay_values_get_int (assay_model_get_config (self->language->model), "vocabulary"), full, rounded);
  assay_job_add_note (context, "weights in %s: logits behind the first %" G_GINT64_FORMAT " tokens differ from those of f32 by %.2g in root mean square and %.2g at most, where they spread by %.2g; "
                      "the likeliest token is %s", assay_packed_weights_get_type_name (self->packed), some, self->root_mean_square, self->largest, self->spread,
                      self->same_choice ? "the same behind each" : "another one behind some");
  return TRUE;
}

static json_t *
describe_weights (const AssayLanguage *self, const AssayPackedWeights *packed)
{
  json_t *document = json_pack ("{s:s, s:I, s:f, s:s, s:I}", "type", assay_packed_weights_get_type_name (packed), "bytes",
                                (json_int_t) assay_packed_weights_get_bytes (packed), "relative_rounding", assay_packed_weights_get_error (packed), "kernels",
                                assay_packed_get_core_name (), "compared_tokens", (json_int_t) self->compared);

  if (self->compared > 0)
    {
      json_object_set_new (document, "logit_difference", assay_json_number (self->root_mean_square));
      json_object_set_new (document, "largest_logit_difference", assay_json_number (self->largest));
      json_object_set_new (document, "logit_spread", assay_json_number (self->spread));
      json_object_set_new (document, "same_choice", json_boolean (self->same_choice));
    }
  return document;
}

json_t *
assay_language_to_json (const AssayLanguage *self, const AssayValues *values)
{
  const AssayModel *model = self->language->model;
  const AssayPackedWeights *packed = self->packed ? self->packed : assay_model_get_packed (model);
  json_t *document = json_pack ("{s:s, s:s, s:I, s:I, s:I, s:s, s:b}", "path", assay_values_get_string (values, "model"), "architecture",
                                assay_model_get_block (model)->name, "parameters", (json_int_t) assay_model_get_n_params (model), "vocabulary",
                                (json_int_t) assay_values_get_int (assay_model_get_config (model), "vocabulary"), "context", (json_int_t) assay_model_get_context (model),
                                "precision", assay_dtype_name (assay_model_get_dtype (model)), "begins_texts", assay_tokenizer_get_begin (self->language->tokenizer) >= 0);

  if (packed != NULL)
    json_object_set_new (document, "weights", describe_weights (self, packed));
  return document;
}

char *
assay_language_spell (const AssayLanguage *self, gint32 token)
{
  gsize n;
  const char *spelling = assay_tokenizer_get_spelling (self->language->tokenizer, token, &n);

  return spelling ? assay_text_escape_bytes (spelling, n, FALSE) : g_strdup ("");
}
