/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_check.c: see model_check.h. */
#include "job/model_check.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "hessian/linop_check.h"
#include "influence/reference_rounding.h"
#include "job/model_card.h"
#include "run/language_model.h"
#include "store/file.h"
#include "store/npy.h"
#include "tensor/compare.h"

#include <math.h>
#include <string.h>

#define MAX_BYTES ((guint64) 1 << 30)
#define WALKED 32               /* tokens of the text that the checks walk where no prompt is given */
#define MOST_ROUNDED 3e8        /* parameters of a model whose roundings are followed: that takes three copies of it */
#define OTHERS_DOUBLE 1e-11     /* of the largest logit, for numbers that were computed elsewhere in double precision */

/* Read where nobody names a text. */
static const char paragraph[] =
  "The river comes down from the hills in spring and runs past the mill, the bridge and the old school. In the morning a woman walks along it with her dog, and on most days "
  "she meets a man who sells bread from a cart. They talk about the weather, about their children and about the price of flour. Last year the water rose so high that the "
  "bridge was closed for a week, and everybody had to take the long way round. When it fell again the mill had lost its wheel, and the school had fish in the garden.";

typedef struct {
  AssayJobContext *context;
  const AssayValues *values;
  const char *path;
  AssayModel *model;            /* in f64 */
  AssayTokenizer *tokenizer;    /* NULL: none */
  GArray *text;                 /* gint32: tokens of the text whose loss is told, behind the one that begins texts; NULL without a tokenizer */
  GArray *tokens;               /* gint32: that are walked */
  double *logits;               /* (T,V) of a walk of them */
  gint64 T, V;
  GPtrArray *table;             /* AssayCheck */
} Check;

static void
check_clear (Check *check)
{
  assay_model_free (check->model);
  assay_tokenizer_free (check->tokenizer);
  g_clear_pointer (&check->text, g_array_unref);
  g_clear_pointer (&check->tokens, g_array_unref);
  assay_mem_free (check->logits);
  g_clear_pointer (&check->table, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Check, check_clear)

gboolean
assay_model_check_is_asked (AssayJob *job)
{
  g_autofree char *path = g_strdup (assay_job_get_case (job)), *config = path ? g_build_filename (path, "config.json", NULL) : NULL;

  if (path != NULL && !assay_case_is_at (path) && (g_file_test (config, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_REGULAR)))
    {
      assay_job_set_case (job, NULL);
      assay_job_set_text (job, "model", path, NULL);
    }
  return assay_values_get_string (assay_job_get_values (job), "model") != NULL;
}

/* --- opening ---------------------------------------------------------------------------------------------------------------- */

static gboolean
open_tokenizer (Check *check, GError **error)
{
  const char *given = assay_values_get_string (check->values, "tokenizer");
  g_autoptr (GError) fault = NULL;

  check->tokenizer = assay_tokenizer_open (given ? given : check->path, &fault);
  if (check->tokenizer != NULL)
    return assay_language_model_check_tokenizer (check->tokenizer, check->V, given ? given : check->path, error);
  if (given == NULL && (g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND) || g_file_test (check->path, G_FILE_TEST_IS_REGULAR)))
    {
      assay_job_add_note (check->context, "no tokenizer was found with the model: its loss on a text is not told, and the tokens walked are numbers that mean nothing");
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&fault));
  return FALSE;
}

static gboolean
read_text (Check *check, GError **error)
{
  const char *path = assay_values_get_string (check->values, "text");
  g_autoptr (GBytes) bytes = path ? assay_file_read (path, MAX_BYTES, error) : g_bytes_new_static (paragraph, strlen (paragraph));

  if (bytes == NULL || check->tokenizer == NULL)
    return bytes != NULL;
  check->text = assay_tokenizer_encode_numbers (check->tokenizer, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  if (check->text == NULL)
    g_prefix_error (error, "%s: ", path ? path : "the paragraph of English");
  return check->text != NULL;
}

static gboolean
open_all (Check *check, GError **error)
{
  const AssayCheckpointOptions options = { .has_dtype = TRUE, .dtype = ASSAY_F64 };

  assay_progress_report (check->context->progress, "open the model", 0, 0, "", NULL);
  if ((check->model = assay_checkpoint_load_path (check->path, &options, error)) == NULL || assay_model_get_block (check->model)->data != ASSAY_DATA_TOKENS)
    return check->model != NULL;
  check->V = assay_values_get_int (assay_model_get_config (check->model), "vocabulary");
  return open_tokenizer (check, error) && read_text (check, error);
}

/* --- which tokens ----------------------------------------------------------------------------------------------------------- */

/* Those that a file of reference logits brings. */
static gboolean
read_own_tokens (Check *check, const json_t *document, const char *path, GError **error)
{
  const json_t *list = json_object_get (document, "tokens"), *item;
  size_t k;

  json_array_foreach (list, k, item)
    {
      gint32 id = (gint32) json_integer_value (json_is_object (item) ? json_object_get (item, "token") : item);

      if (id < 0 || id >= check->V)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tokens: number %" G_GSIZE_FORMAT ": 0 to %" G_GINT64_FORMAT " expected", path, k, check->V - 1);
          return FALSE;
        }
      g_array_append_val (check->tokens, id);
    }
  return TRUE;
}

static gboolean
choose_tokens (Check *check, const json_t *reference, GError **error)
{
  const char *prompt = assay_values_get_string (check->values, "prompt");
  const gint64 context = assay_model_get_context (check->model);

  if (json_object_get (reference, "tokens") != NULL)
    {
      check->tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
      if (!read_own_tokens (check, reference, assay_values_get_string (check->values, "logits"), error))
        return FALSE;
    }
  else if (check->tokenizer != NULL)
    {
      check->tokens = prompt ? assay_tokenizer_encode_numbers (check->tokenizer, prompt, strlen (prompt), error) : g_array_copy (check->text);
      if (prompt == NULL)
        g_array_set_size (check->tokens, MIN (check->tokens->len, WALKED));
    }
  else
    {
      check->tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
      for (gint64 t = 0; t < MIN (WALKED, context); t++)
        {
          gint32 id = (gint32) ((7919 * t + 11) % check->V);

          g_array_append_val (check->tokens, id);
        }
    }
  if (check->tokens == NULL)
    return FALSE;
  if (prompt == NULL && reference == NULL)
    g_array_set_size (check->tokens, (guint) MIN (check->tokens->len, context));
  check->T = check->tokens->len;
  if (check->T >= 2 && check->T <= context)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "prompt: 2 to %" G_GINT64_FORMAT " tokens expected, as many as the model takes; %" G_GINT64_FORMAT " found", context, check->T);
  return FALSE;
}

/* --- checks ----------------------------------------------------------------------------------------------------------------- */

static double
largest (const double *x, gint64 n)
{
  double most = 0;

  for (gint64 i = 0; i < n; i++)
    most = fabs (x[i]) > most ? fabs (x[i]) : most;
  return most;
}

/* Adds the largest difference of two sets of logits, first .. first + n - 1 of (T,V), beside what `roundings` of unit u allow where it is. */
static gboolean
add_rounded (Check *check, const char *name, const char *meaning, const double *one, const double *other, gint64 first, gint64 n, double u, double times, GError **error)
{
  const double most = largest (other + first, n), scale = most > 0 ? most : 1;
  gint64 worst = first;
  double bound;

  for (gint64 i = first; i < first + n; i++)
    if (!(fabs (one[i] - other[i]) <= fabs (one[worst] - other[worst])))
      worst = i;
  if (!assay_rounding_bound (check->model, check->T, (const gint32 *) (void *) check->tokens->data, worst, check->context->backend, &bound, error))
    return FALSE;
  assay_check_table_add (check->table, name, meaning, fabs (one[worst] - other[worst]) / scale, times * u * bound / scale);
  return TRUE;
}

static gboolean
check_decoder (Check *check, double *other, GError **error)
{
  g_autoptr (AssayDecoder) decoder = assay_decoder_new (check->model, check->T, check->context->backend, error);

  for (gint64 t = 0; t < check->T; t++)
    if (decoder == NULL || !assay_decoder_feed (decoder, &g_array_index (check->tokens, gint32, t), 1, FALSE, other + t * check->V, error))
      return FALSE;
  return add_rounded (check, "token by token", "largest difference from a walk of all tokens at once, of the largest logit", other, check->logits, 0, check->T * check->V,
                      ldexp (1, -53), 2, error);
}

static gboolean
check_causality (Check *check, double *other, GError **error)
{
  gint32 *last = &g_array_index (check->tokens, gint32, check->T - 1), kept = *last;
  const gint64 n = (check->T - 1) * check->V;
  gboolean ok;

  *last = (gint32) ((kept + 1) % check->V);
  ok = assay_rounding_read_logits (check->model, check->T, (const gint32 *) (void *) check->tokens->data, check->context->backend, other, error);
  *last = kept;
  return ok && add_rounded (check, "causality", "largest change of earlier logits by another last token, of the largest logit", other, check->logits, 0, n, ldexp (1, -53), 2, error);
}

/* The weights as f32 has them, walked in both precisions. */
static gboolean
check_rounding (Check *check, double *other, GError **error)
{
  const gint32 *tokens = (const gint32 *) (void *) check->tokens->data;
  g_autoptr (AssayModel) narrow = NULL, wide = NULL;
  g_autoptr (AssayBuffer) exact = NULL;

  if ((double) assay_model_get_n_params (check->model) > MOST_ROUNDED)
    {
      assay_job_add_note (check->context, "f32 was not compared with f64: the model has more than %g parameters", MOST_ROUNDED);
      return TRUE;
    }
  return (narrow = assay_model_copy (check->model, ASSAY_F32, error)) != NULL && (wide = assay_model_copy (narrow, ASSAY_F64, error)) != NULL
         && (exact = assay_mem_new (double, check->T * check->V, error)) != NULL && assay_rounding_read_logits (narrow, check->T, tokens, check->context->backend, other, error)
         && assay_rounding_read_logits (wide, check->T, tokens, check->context->backend, exact, error)
         && add_rounded (check, "f32 against f64", "largest difference of logits, of the largest", other, exact, 0, check->T * check->V, ldexp (1, -24), 1, error);
}

/* --- numbers of others ------------------------------------------------------------------------------------------------------ */

typedef struct {
  double *logits;               /* (rows,V) of the last rows of the tokens */
  gint64 rows;
  gboolean is_double;
} Reference;

static void
reference_clear (Reference *reference)
{
  assay_mem_free (reference->logits);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reference, reference_clear)

static gboolean
refuse_shape (const char *path, gint64 V, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: logits (V) or (tokens, V) with V = %" G_GINT64_FORMAT " expected, in f32 or f64", path, V);
  return FALSE;
}

static gboolean
read_array (const char *path, gint64 V, Reference *reference, GError **error)
{
  g_autoptr (AssayNpy) npy = assay_npy_read (path, error);

  if (npy == NULL)
    return FALSE;
  if (npy->rank < 1 || npy->rank > 2 || npy->dims[npy->rank - 1] != V || (npy->type != ASSAY_STORE_F32 && npy->type != ASSAY_STORE_F64))
    return refuse_shape (path, V, error);
  reference->rows = npy->rank == 2 ? npy->dims[0] : 1;
  reference->is_double = npy->type == ASSAY_STORE_F64;
  reference->logits = assay_mem_new (double, npy->n_elements, error);
  if (reference->logits == NULL)
    return FALSE;
  for (guint64 i = 0; i < npy->n_elements; i++)
    reference->logits[i] = reference->is_double ? ((const double *) npy->data)[i] : ((const float *) npy->data)[i];
  return TRUE;
}

/* Of the last token. Numbers that f32 holds were computed in it. */
static gboolean
read_document (const json_t *document, const char *path, gint64 V, Reference *reference, GError **error)
{
  const json_t *list = json_object_get (document, "logits"), *item;
  size_t k;

  if ((gint64) json_array_size (list) != V)
    return refuse_shape (path, V, error);
  reference->rows = 1;
  reference->logits = assay_mem_new (double, V, error);
  if (reference->logits == NULL)
    return FALSE;
  json_array_foreach (list, k, item)
    {
      if (!json_is_number (item))
        return refuse_shape (path, V, error);
      reference->logits[k] = json_number_value (item);
      reference->is_double |= reference->logits[k] != (double) (float) reference->logits[k];
    }
  return TRUE;
}

static gboolean
check_reference (Check *check, const json_t *document, GError **error)
{
  const char *path = assay_values_get_string (check->values, "logits");
  g_auto (Reference) reference = { 0 };
  const double *ours;
  AssayComparison comparison;
  gint64 n;

  if (document ? !read_document (document, path, check->V, &reference, error) : !read_array (path, check->V, &reference, error))
    return FALSE;
  if (reference.rows > check->T)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: logits of at most %" G_GINT64_FORMAT " tokens expected, as the prompt has with what begins it; %" G_GINT64_FORMAT " found", path,
                   check->T, reference.rows);
      return FALSE;
    }
  n = reference.rows * check->V;
  ours = check->logits + check->T * check->V - n;
  if (!reference.is_double)
    {
      g_autofree double *theirs = g_memdup2 (check->logits, (gsize) (check->T * check->V) * sizeof (double));

      memcpy (theirs + check->T * check->V - n, reference.logits, (gsize) n * sizeof (double));
      return add_rounded (check, "logits of the reference", "largest difference from theirs in f32, of the largest", theirs, check->logits, check->T * check->V - n, n, ldexp (1, -24), 1, error);
    }
  comparison = assay_compare (ours, reference.logits, (gsize) n);
  assay_check_table_add (check->table, "logits of the reference", "largest difference from theirs, of the largest", comparison.relative, OTHERS_DOUBLE);
  return TRUE;
}

/* --- the whole -------------------------------------------------------------------------------------------------------------- */

static gboolean
walk_all (Check *check, GError **error)
{
  const char *path = assay_values_get_string (check->values, "logits");
  json_auto_t *document = path && g_str_has_suffix (path, ".json") ? assay_file_read_json (path, MAX_BYTES, 0, error) : NULL;
  g_autoptr (AssayBuffer) other = NULL;

  if (path != NULL && g_str_has_suffix (path, ".json") && document == NULL)
    return FALSE;
  if (!choose_tokens (check, document, error) || (check->logits = assay_mem_new (double, check->T * check->V, error)) == NULL
      || (other = assay_mem_new (double, check->T * check->V, error)) == NULL)
    return FALSE;
  assay_progress_report (check->context->progress, "check", 0, 0, "", NULL);
  return assay_rounding_read_logits (check->model, check->T, (const gint32 *) (void *) check->tokens->data, check->context->backend, check->logits, error)
         && (path == NULL || check_reference (check, document, error)) && check_decoder (check, other, error) && check_causality (check, other, error)
         && check_rounding (check, other, error);
}

/* {"source", "mean_nats", "uniform_nats", "predictions"}; null without a tokenizer. NULL with an error. */
static json_t *
tell_loss (Check *check, GError **error)
{
  const char *path = assay_values_get_string (check->values, "text");
  const double even = log ((double) check->V);
  g_autoptr (AssayDecoder) decoder = NULL;
  gint32 begin;
  gint64 lead, count;
  double sum;

  if (check->tokenizer == NULL)
    return json_null ();
  begin = assay_tokenizer_get_begin (check->tokenizer);
  lead = begin >= 0;
  assay_progress_report (check->context->progress, "loss", 0, 0, "", NULL);
  decoder = assay_decoder_new (check->model, MIN (assay_model_get_context (check->model), MAX (2, check->text->len)), check->context->backend, error);
  if (decoder == NULL
      || !assay_language_model_score (decoder, begin, (const gint32 *) (void *) check->text->data + lead, check->text->len - lead, &sum, &count, NULL, error))
    {
      g_prefix_error (error, "%s: ", path ? path : "the paragraph of English");
      return NULL;
    }
  if (count == 0)
    return json_null ();
  if (!(sum / (double) count < even))
    assay_job_add_note (check->context, "the loss of %s is no better than even odds over the vocabulary give (%.4g nats): the weights, the tokenizer and the text do not belong together", path ? path :
                        "a paragraph of English", even);
  return json_pack ("{s:s?, s:f, s:f, s:I}", "source", path, "mean_nats", sum / (double) count, "uniform_nats", even, "predictions", (json_int_t) count);
}

json_t *
assay_model_check_run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *tokenizer = assay_values_get_string (values, "tokenizer");
  g_auto (Check) check = { .context = context, .values = values, .path = assay_values_get_string (values, "model"), .table = assay_check_table_new () };
  json_auto_t *card = NULL, *loss = NULL;
  json_t *summary;
  gboolean passed;

  if (!open_all (&check, error))
    return NULL;
  assay_progress_report (context->progress, "digests of the files", 0, 0, "", NULL);
  card = assay_model_card_new (check.model, check.path, check.tokenizer, tokenizer ? tokenizer : check.path, error);
  if (card == NULL)
    return NULL;
  if (assay_model_get_context (check.model) > 1 && !assay_model_get_block (check.model)->looks_ahead)
    {
      if (!walk_all (&check, error) || (loss = tell_loss (&check, error)) == NULL)
        return NULL;
    }
  else
    assay_job_add_note (context, "nothing was walked: only models that go on with a text are checked by themselves; --reference compares others with numbers of their makers");
  passed = check.table->len == 0 || assay_check_table_has_passed (check.table);
  summary = json_pack ("{s:O, s:b, s:o, s:O?}", "card", card, "passed", passed, "checks", assay_check_table_to_json (check.table), "text", loss);
  if (!passed)
    json_object_set_new (summary, ASSAY_JOB_FINDING, json_string ("the model is not computed as it should be: see the checks"));
  return summary;
}

void
assay_model_check_view (const json_t *document, AssayView *view)
{
  const json_t *text = json_object_get (document, "text"), *checks = json_object_get (document, "checks"), *check;
  gsize k;

  assay_model_card_view (json_object_get (document, "card"), view);
  if (json_is_object (text))
    assay_view_add_text (view, "Mean loss of %s: %.4f nats over %" G_GINT64_FORMAT " predictions; even odds over the vocabulary: %.4f.",
                         json_is_string (json_object_get (text, "source")) ? assay_json_get_text (text, "source") : "a paragraph of English", assay_json_get_number (text, "mean_nats"),
                         (gint64) json_integer_value (json_object_get (text, "predictions")), assay_json_get_number (text, "uniform_nats"));
  if (json_array_size (checks) == 0)
    return;
  assay_view_begin_table (view, "check|>found|>bound||what is compared");
  json_array_foreach (checks, k, check)
    {
      assay_view_add_cell (view, assay_json_get_text (check, "name"));
      assay_view_add_cell_number (view, assay_json_get_number (check, "value"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (check, "bound"), 3);
      assay_view_add_cell (view, json_is_true (json_object_get (check, "passed")) ? "passed" : "FAILED");
      assay_view_add_cell (view, assay_json_get_text (check, "meaning"));
    }
}
