/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_loss.c: how well a language model expects a text. */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "job/language.h"
#include "store/file.h"

#include <math.h>
#include <string.h>

#define WINDOWS 16              /* between two reports of progress */
#define MAX_BYTES ((guint64) 1 << 30)

static const AssayParam params[] = {
  ASSAY_LANGUAGE_PARAMS,
  { .name = "text", .type = ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "text in UTF-8, walked in windows of the whole context" },
  { .name = "separator", .type = ASSAY_PARAM_STRING, .metavar = "TEXT",
    .help = "what stands between documents: each is walked by itself, without the space around it, as far as its first window goes" },
  { .name = "prompt", .type = ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "a text that is given, with --completion" },
  { .name = "completion", .type = ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "what is looked at behind it, token by token" },
  ASSAY_LANGUAGE_EDIT_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "the mean loss over a text", "assay loss --model story --text sentence.txt" },
  { "the log-probability of one continuation, token by token", "assay loss --model story --prompt \"a word\" --completion \" and\"" },
  { NULL, NULL }
};

typedef struct {
  AssayLanguage language;
  AssayDecoder *decoder;
  AssayJobContext *context;
  double sum;
  gint64 count, tokens, bytes, documents;
} Loss;

static void
loss_clear (Loss *loss)
{
  assay_decoder_free (loss->decoder);
  assay_language_clear (&loss->language);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loss, loss_clear)

/* --- a file ------------------------------------------------------------------------------------------------------------------ */

static gboolean
add_text (Loss *loss, const char *text, gsize n, gboolean first_window, GError **error)
{
  AssayLanguageModel *model = loss->language.language;
  const gint64 T = assay_decoder_get_capacity (loss->decoder), lead = assay_tokenizer_get_begin (model->tokenizer) >= 0;
  g_autoptr (GArray) tokens = assay_tokenizer_encode_numbers (model->tokenizer, text, n, error);
  gint64 step, left;

  if (tokens == NULL
      || (loss->documents == 0 && !assay_language_compare (&loss->language, (const gint32 *) (void *) tokens->data, tokens->len, loss->context, error)))
    return FALSE;
  left = (gint64) tokens->len - lead;
  if (first_window)
    left = MIN (left, T - lead);
  loss->tokens += left;
  loss->bytes += (gint64) n;
  loss->documents++;
  step = WINDOWS * MAX (1, T - lead);
  for (const gint32 *at = (const gint32 *) (void *) tokens->data + lead; left > 0; at += step, left -= step)
    {
      double sum;
      gint64 count;

      if (assay_progress_is_cancelled (loss->context->progress, error)
          || !assay_language_model_score (loss->decoder, assay_tokenizer_get_begin (model->tokenizer), at, MIN (step, left), &sum, &count, NULL, error))
        return FALSE;
      loss->sum += sum;
      loss->count += count;
      assay_progress_report (loss->context->progress, "loss", (guint64) loss->count, (guint64) (loss->count + left), "tokens", NULL);
    }
  return TRUE;
}

/* Between the separators; documents of nothing but space are none. */
static gboolean
add_documents (Loss *loss, const char *text, const char *separator, GError **error)
{
  g_auto (GStrv) each = g_strsplit (text, separator, -1);

  for (guint k = 0; each[k] != NULL; k++)
    {
      g_strstrip (each[k]);
      if (each[k][0] != '\0' && !add_text (loss, each[k], strlen (each[k]), TRUE, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_file (Loss *loss, const char *path, const char *separator, GError **error)
{
  g_autoptr (GBytes) bytes = assay_file_read (path, MAX_BYTES, error);
  gsize n = 0;
  const char *text = bytes ? g_bytes_get_data (bytes, &n) : NULL;
  g_autofree char *whole = NULL;
  gboolean ok;

  if (bytes == NULL)
    return FALSE;
  if (separator == NULL)
    ok = add_text (loss, text ? text : "", n, FALSE, error);
  else
    ok = add_documents (loss, whole = g_strndup (text ? text : "", n), separator, error);
  if (!ok)
    g_prefix_error (error, "%s: ", path);
  return ok;
}

static json_t *
score_file (Loss *loss, const AssayValues *values, GError **error)
{
  const gint64 V = assay_decoder_get_size (loss->decoder);
  double mean;

  if (!read_file (loss, assay_values_get_string (values, "text"), assay_values_get_string (values, "separator"), error))
    return NULL;
  if (loss->count == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a text of two tokens or more expected, %" G_GINT64_FORMAT " found; nothing in it is predicted",
                   assay_values_get_string (values, "text"), loss->tokens);
      return NULL;
    }
  mean = loss->sum / (double) loss->count;
  if (!(mean < log ((double) V)))
    assay_job_add_note (loss->context, "this loss is no better than that of a model that knows nothing (%.4g nats, even odds for all %" G_GINT64_FORMAT
                        " tokens): the model, its tokenizer and the text do not belong together", log ((double) V), V);
  return json_pack ("{s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:f, s:o}", "model", assay_language_to_json (&loss->language, values), "text",
                    assay_values_get_string (values, "text"), "mean_nats", assay_json_number (mean), "predictions", (json_int_t) loss->count, "tokens", (json_int_t) loss->tokens,
                    "documents", (json_int_t) loss->documents, "bytes", (json_int_t) loss->bytes, "perplexity", assay_json_number (exp (mean)), "uniform_nats", log ((double) V),
                    "bits_per_byte", assay_json_number (loss->sum / G_LN2 / (double) MAX (1, loss->bytes)));
}

/* --- one continuation --------------------------------------------------------------------------------------------------------- */

static json_t *
list_parts (const Loss *loss, const gint32 *tokens, const double *nats, gint64 first, gint64 end)
{
  json_t *list = json_array ();

  for (gint64 t = first; t < end; t++)
    {
      g_autofree char *spelling = assay_language_spell (&loss->language, tokens[t]);

      json_array_append_new (list, json_pack ("{s:i, s:s, s:o}", "token", (int) tokens[t], "spelling", spelling, "log_probability", assay_json_number (-nats[t])));
    }
  return list;
}

static json_t *
score_completion (Loss *loss, const AssayValues *values, GError **error)
{
  AssayLanguageModel *model = loss->language.language;
  const char *prompt = assay_values_get_string (values, "prompt") ? assay_values_get_string (values, "prompt") : "";
  const char *completion = assay_values_get_string (values, "completion");
  const gint64 lead = assay_tokenizer_get_begin (model->tokenizer) >= 0, T = assay_decoder_get_capacity (loss->decoder);
  gint64 first = 0, n;
  g_autoptr (GArray) all = assay_tokenizer_encode_continuation (model->tokenizer, prompt, completion, &first, error);
  g_autofree double *nats = all ? g_new (double, all->len + 1) : NULL;
  const gint32 *tokens = all ? (const gint32 *) (void *) all->data : NULL;
  double sum = 0;

  if (all == NULL)
    return NULL;
  n = (gint64) all->len;
  first = MAX (first, 1);
  if (first >= n)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "completion: a token to predict expected, none found among %" G_GINT64_FORMAT " of both texts", n);
  else if (n > T)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "prompt and completion: at most %" G_GINT64_FORMAT " tokens expected, the model's context, %" G_GINT64_FORMAT " found", T, n);
  if (first >= n || n > T)
    return NULL;
  if (!assay_language_compare (&loss->language, tokens, n, loss->context, error)
      || !assay_language_model_score (loss->decoder, assay_tokenizer_get_begin (model->tokenizer), tokens + lead, n - lead, &loss->sum, &loss->count, nats + lead, error))
    return NULL;
  for (gint64 t = first; t < n; t++)
    sum += nats[t];
  return json_pack ("{s:o, s:s, s:s, s:o, s:o, s:I, s:o}", "model", assay_language_to_json (&loss->language, values), "prompt", prompt, "completion", completion,
                    "log_probability", assay_json_number (-sum), "mean_nats", assay_json_number (sum / (double) (n - first)), "predictions", (json_int_t) (n - first), "tokens",
                    list_parts (loss, tokens, nats, first, n));
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const gboolean has_text = assay_values_get_string (values, "text") != NULL, has_completion = assay_values_get_string (values, "completion") != NULL;
  g_auto (Loss) loss = { .context = context };

  if (has_text == has_completion)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "either --text FILE or --completion TEXT expected, with --prompt TEXT before it");
      return NULL;
    }
  if (!assay_language_open (&loss.language, values, context, error)
      || (loss.decoder = assay_language_decode (&loss.language, assay_model_get_context (loss.language.language->model), context, error)) == NULL)
    return NULL;
  return has_text ? score_file (&loss, values, error) : score_completion (&loss, values, error);
}

/* --- for people --------------------------------------------------------------------------------------------------------------- */

static void
view_completion (const json_t *document, AssayView *view)
{
  g_autofree char *sum = assay_view_number (json_number_value (json_object_get (document, "log_probability")), 6);
  const json_t *item;
  size_t k;

  assay_view_add_field (view, "log-probability", "%s nats, over %d tokens", sum, (int) json_integer_value (json_object_get (document, "predictions")));
  assay_view_begin_table (view, ">token|spelling|>log-probability");
  json_array_foreach (json_object_get (document, "tokens"), k, item)
    {
      g_autofree char *id = g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (json_object_get (item, "token")));

      assay_view_add_cell (view, id);
      assay_view_add_cell (view, json_string_value (json_object_get (item, "spelling")));
      assay_view_add_cell_number (view, json_number_value (json_object_get (item, "log_probability")), 6);
    }
}

static void
view (const json_t *document, AssayView *view)
{
  g_autofree char *mean = assay_view_number (json_number_value (json_object_get (document, "mean_nats")), 7);
  g_autofree char *perplexity = assay_view_number (json_number_value (json_object_get (document, "perplexity")), 5);
  g_autofree char *bits = assay_view_number (json_number_value (json_object_get (document, "bits_per_byte")), 5);
  g_autofree char *uniform = assay_view_number (json_number_value (json_object_get (document, "uniform_nats")), 5);
  g_autofree char *predictions = assay_view_count (json_integer_value (json_object_get (document, "predictions")));
  g_autofree char *bytes = assay_view_count (json_integer_value (json_object_get (document, "bytes")));

  if (json_object_get (document, "completion") != NULL)
    {
      view_completion (document, view);
      return;
    }
  assay_view_add_field (view, "mean loss", "%s nats a token, over %s predictions", mean, predictions);
  assay_view_add_field (view, "perplexity", "%s", perplexity);
  assay_view_add_field (view, "bits", "%s a byte, of %s bytes", bits, bytes);
  assay_view_add_field (view, "even odds", "%s nats: what a model that knows nothing has", uniform);
}

ASSAY_JOB_KIND_DEFINE (loss) = {
  .name = "loss", .group = ASSAY_JOB_GROUP_MODEL, .help = "how well a language model expects a text",
  .description = "Prints the mean loss over a text in nats a token. The text is walked in windows of the model's whole context, each beginning with the token that the tokenizer "
                 "puts before texts; where it has none, the first token of a window is not predicted. With --separator documents are walked one by one.\n\n"
                 "With --completion it prints the log-probability of every token of one continuation.\n\n"
                 "A loss that is no better than even odds over the vocabulary says that weights, tokenizer and text do not belong together, and a note says so.",
  .examples = examples, .access = ASSAY_JOB_NO_CASE, .params = params, .run = run, .view = view,
};
