/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_logits.c: what a language model expects behind a text. */
#include "base/error.h"
#include "base/mem.h"
#include "job/language.h"
#include "run/sampler.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  ASSAY_LANGUAGE_PARAMS,
  { .name = "prompt", .type = ASSAY_PARAM_STRING, .def.s = "", .metavar = "TEXT", .help = "the text" },
  { .name = "top", .type = ASSAY_PARAM_INT, .def.i = 10, .min = 1, .max = 1e6, .unit = "tokens", .help = "likeliest tokens that are shown" },
  ASSAY_LANGUAGE_EDIT_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "the likeliest next tokens", "assay logits --model story --prompt \"a word\"" },
  { "all logits, in double precision, for another program", "assay logits --model story --prompt \"a word\" --precision f64 --json --quiet" },
  { NULL, NULL }
};

/* The number of the likeliest token that is not among those before it. */
static gint64
find_next (gint64 V, const double *logits, gint64 last)
{
  gint64 best = -1;

  for (gint64 v = 0; v < V; v++)
    if ((last < 0 || logits[v] < logits[last] || (logits[v] == logits[last] && v > last)) && (best < 0 || logits[v] > logits[best]))
      best = v;
  return best;
}

static json_t *
list_likeliest (const AssayLanguage *language, gint64 V, const double *logits, gint64 n)
{
  const double all = assay_sampling_log_sum (V, logits);
  json_t *list = json_array ();

  for (gint64 k = 0, v = -1; k < MIN (n, V) && (v = find_next (V, logits, v)) >= 0; k++)
    {
      g_autofree char *spelling = assay_language_spell (language, (gint32) v);

      json_array_append_new (list, json_pack ("{s:I, s:s, s:f, s:f}", "token", (json_int_t) v, "spelling", spelling, "logit", logits[v], "probability", exp (logits[v] - all)));
    }
  return list;
}

static json_t *
make_document (const AssayLanguage *language, const AssayValues *values, const GArray *tokens, gint64 V, const double *logits, GError **error)
{
  json_t *ids = json_array (), *numbers = json_array ();

  for (guint k = 0; k < tokens->len; k++)
    json_array_append_new (ids, json_integer (g_array_index (tokens, gint32, k)));
  for (gint64 v = 0; v < V; v++)
    if (json_array_append_new (numbers, json_real (logits[v])) != 0)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "the logit of token %" G_GINT64_FORMAT " is not finite: the model's numbers overflow in this type; try --precision f64", v);
        json_decref (ids);
        json_decref (numbers);
        return NULL;
      }
  return json_pack ("{s:o, s:s, s:o, s:o, s:o}", "model", assay_language_to_json (language, values), "prompt", assay_values_get_string (values, "prompt"), "tokens", ids,
                    "logits", numbers, "top", list_likeliest (language, V, logits, assay_values_get_int (values, "top")));
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *prompt = assay_values_get_string (values, "prompt");
  g_auto (AssayLanguage) language = { 0 };
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (AssayDecoder) decoder = NULL;
  g_autoptr (AssayBuffer) logits = NULL;

  if (!assay_language_open (&language, values, context, error)
      || (tokens = assay_tokenizer_encode_numbers (language.language->tokenizer, prompt, strlen (prompt), error)) == NULL)
    return NULL;
  if (tokens->len == 0)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, ASSAY_LANGUAGE_NO_PROMPT);
      return NULL;
    }
  if ((decoder = assay_language_decode (&language, tokens->len, context, error)) == NULL
      || !assay_language_compare (&language, (const gint32 *) (void *) tokens->data, tokens->len, context, error))
    {
      g_prefix_error (error, "prompt: ");
      return NULL;
    }
  logits = assay_mem_alloc_array (assay_decoder_get_size (decoder), sizeof (double), error);
  if (logits == NULL || !assay_decoder_feed (decoder, (const gint32 *) (void *) tokens->data, tokens->len, FALSE, logits, error))
    return NULL;
  return make_document (&language, values, tokens, assay_decoder_get_size (decoder), logits, error);
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *item;
  size_t k;

  assay_view_add_text (view, "Behind these %d tokens:", (int) json_array_size (json_object_get (document, "tokens")));
  assay_view_begin_table (view, ">token|spelling|>logit|>probability");
  json_array_foreach (json_object_get (document, "top"), k, item)
    {
      g_autofree char *id = g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (json_object_get (item, "token")));

      assay_view_add_cell (view, id);
      assay_view_add_cell (view, json_string_value (json_object_get (item, "spelling")));
      assay_view_add_cell_number (view, json_number_value (json_object_get (item, "logit")), 6);
      assay_view_add_cell_number (view, json_number_value (json_object_get (item, "probability")), 4);
    }
}

ASSAY_JOB_KIND_DEFINE (logits) = {
  .name = "logits", .group = ASSAY_JOB_GROUP_MODEL, .help = "what a language model expects behind a text",
  .description = "Prints the likeliest next tokens; --json gives the logits of all of them (\"logits\", in the order of the vocabulary) and the tokens of the text, which begin "
                 "with the token that the tokenizer puts before texts, where it has one.\n\n"
                 "--precision f64 computes everything in double precision, for comparison with another program.",
  .examples = examples, .access = ASSAY_JOB_NO_CASE, .params = params, .run = run, .view = view,
};
