/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_generate.c: how a language model goes on with a text. */
#include "base/error.h"
#include "job/language.h"
#include "run/sampler.h"

#include <string.h>

static const AssayParam params[] = {
  ASSAY_LANGUAGE_PARAMS,
  { .name = "prompt", .type = ASSAY_PARAM_STRING, .def.s = "", .metavar = "TEXT", .help = "the text to go on with" },
  { .name = "max-tokens", .type = ASSAY_PARAM_INT, .def.i = 200, .min = 1, .max = 1e9, .unit = "tokens", .help = "at most so many more" },
  { .name = "temperature", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e6, .help = "0: always the likeliest token; 1: as the model says; more: flatter" },
  { .name = "top-k", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "tokens", .help = "draw among the k likeliest; 0: among all" },
  { .name = "top-p", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 0, .max = 1, .help = "draw among the fewest likeliest that have this probability together" },
  { .name = "min-p", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1, .help = "draw among tokens with at least this share of the likeliest one's probability" },
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the draws: the same seed gives the same text" },
  { .name = "stop", .type = ASSAY_PARAM_LIST, .metavar = "TEXT", .help = "end before this text" },
  { .name = "ignore-end", .type = ASSAY_PARAM_BOOL, .help = "go on behind the token that ends texts" },
  ASSAY_LANGUAGE_EDIT_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "go on with a sentence, by the checkpoint in a folder", "assay generate --model story --prompt \"a word\" --max-tokens 8" },
  { "draw among the likeliest tokens; the same seed draws the same", "assay generate --model story --prompt \"a word\" --max-tokens 8 --temperature 0.8 --top-p 0.9 --seed 1" },
  { "with weights rounded to bytes, and how far that moves the logits", "assay generate --model story --prompt \"a word\" --max-tokens 8 --weights int8 --compare" },
  { NULL, NULL }
};

typedef struct {
  AssayJobContext *context;
  const char *const *stops;
  GString *text;                /* all of it */
  gsize given;                  /* bytes that are out */
  gboolean is_stopped;          /* at a stop, where text ends */
} Writer;

static void
give (Writer *w, gsize until)
{
  if (until > w->given && w->context->emit != NULL)
    w->context->emit (w->text->str + w->given, until - w->given, w->context->emit_data);
  w->given = MAX (w->given, until);
}

/* Bytes at the end of the text that a stop may begin with. */
static gsize
measure_held (const Writer *w)
{
  gsize held = 0;

  for (const char *const *stop = w->stops; *stop != NULL; stop++)
    for (gsize n = MIN (strlen (*stop), w->text->len); n > held; n--)
      if (memcmp (w->text->str + w->text->len - n, *stop, n) == 0)
        held = n;
  return held;
}

/* From where a stop can be that was not there before. */
static void
write_more (Writer *w, const char *more, gsize n)
{
  const gsize before = w->given;
  gsize end = G_MAXSIZE;

  g_string_append_len (w->text, more, (gssize) n);
  for (const char *const *stop = w->stops; *stop != NULL; stop++)
    {
      const char *at = memmem (w->text->str + before, w->text->len - before, *stop, strlen (*stop));

      if (at != NULL && **stop != '\0')
        end = MIN (end, (gsize) (at - w->text->str));
    }
  w->is_stopped = end != G_MAXSIZE;
  if (w->is_stopped)
    g_string_truncate (w->text, end);
  give (w, w->text->len - (w->is_stopped ? 0 : measure_held (w)));
}

typedef struct {
  AssayLanguage language;
  AssayDecoder *decoder;
  AssayTextStream *stream;
  AssaySampling sampling;
  GArray *tokens;               /* the prompt's, then those that were chosen */
  guint n_prompt;
  double *logits, log_probability;
  Writer writer;
  const char *finish;
} Generation;

static void
generation_clear (Generation *g)
{
  assay_language_clear (&g->language);
  assay_decoder_free (g->decoder);
  assay_text_stream_free (g->stream);
  g_clear_pointer (&g->tokens, g_array_unref);
  g_free (g->logits);
  if (g->writer.text != NULL)
    g_string_free (g->writer.text, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Generation, generation_clear)

static gboolean
begin (Generation *g, const AssayValues *values, AssayJobContext *context, GError **error)
{
  const char *prompt = assay_values_get_string (values, "prompt");
  const gint64 most = assay_values_get_int (values, "max-tokens");
  gint64 T;

  if (!assay_language_open (&g->language, values, context, error)
      || (g->tokens = assay_tokenizer_encode_numbers (g->language.language->tokenizer, prompt, strlen (prompt), error)) == NULL)
    return FALSE;
  T = assay_model_get_context (g->language.language->model);
  g->n_prompt = g->tokens->len;
  if (g->n_prompt == 0)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, ASSAY_LANGUAGE_NO_PROMPT);
  else if (g->n_prompt > T)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "prompt: at most %" G_GINT64_FORMAT " tokens expected, the model's context, %u found", T, g->n_prompt);
  if (g->n_prompt == 0 || g->n_prompt > T || !assay_language_compare (&g->language, (const gint32 *) (void *) g->tokens->data, g->n_prompt, context, error))
    return FALSE;
  g->decoder = assay_language_decode (&g->language, MIN (T, (gint64) g->n_prompt + most), context, error);
  if (g->decoder == NULL)
    return FALSE;
  g->logits = g_new (double, assay_decoder_get_size (g->decoder));
  g->stream = assay_text_stream_new (g->language.language->tokenizer, (const gint32 *) (void *) g->tokens->data, g->n_prompt);
  g->sampling = (AssaySampling) { assay_values_get_double (values, "temperature"), assay_values_get_int (values, "top-k"), assay_values_get_double (values, "top-p"),
                                  assay_values_get_double (values, "min-p"), (guint64) assay_values_get_int (values, "seed") };
  g->writer = (Writer) { .context = context, .stops = assay_values_get_list (values, "stop"), .text = g_string_new (NULL) };
  return TRUE;
}

/* One token more, FALSE with an error. */
static gboolean
go_on (Generation *g, gboolean ignore_end, GError **error)
{
  const gint64 V = assay_decoder_get_size (g->decoder);
  g_autofree char *more = NULL;
  gint32 token;
  gsize n;

  if (!assay_sampling_choose (&g->sampling, V, g->logits, g->tokens->len, &token, error))
    return FALSE;
  g->log_probability += g->logits[token] - assay_sampling_log_sum (V, g->logits);
  if (!ignore_end && token == assay_tokenizer_get_end (g->language.language->tokenizer))
    {
      g->finish = "end";
      return TRUE;
    }
  g_array_append_val (g->tokens, token);
  more = assay_text_stream_add (g->stream, token, &n);
  write_more (&g->writer, more, n);
  if (g->writer.is_stopped)
    g->finish = "stop";
  return TRUE;
}

static gboolean
generate (Generation *g, const AssayValues *values, AssayJobContext *context, GError **error)
{
  const gint64 most = assay_values_get_int (values, "max-tokens");
  const gint32 *prompt = (const gint32 *) (void *) g->tokens->data;

  if (!assay_decoder_feed (g->decoder, prompt, g->n_prompt, FALSE, g->logits, error))
    return FALSE;
  while (g->finish == NULL)
    {
      gint64 made;

      if (assay_progress_is_cancelled (context->progress, error) || !go_on (g, assay_values_get_bool (values, "ignore-end"), error))
        return FALSE;
      made = (gint64) (g->tokens->len - g->n_prompt);
      assay_progress_report (context->progress, "generate", (guint64) made, (guint64) most, "tokens", NULL);
      if (g->finish == NULL && (made == most || assay_decoder_get_n (g->decoder) == assay_decoder_get_capacity (g->decoder)))
        g->finish = made == most ? "length" : "context";
      if (g->finish == NULL
          && !assay_decoder_feed (g->decoder, &g_array_index (g->tokens, gint32, g->tokens->len - 1), 1, FALSE, g->logits, error))
        return FALSE;
    }
  return TRUE;
}

static json_t *
list_tokens (const GArray *tokens, guint first, guint end)
{
  json_t *list = json_array ();

  for (guint k = first; k < end; k++)
    json_array_append_new (list, json_integer (g_array_index (tokens, gint32, k)));
  return list;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  g_auto (Generation) g = { .finish = NULL };
  g_autofree char *rest = NULL;
  gint64 start;
  double seconds;
  gsize n;

  if (!begin (&g, values, context, error))
    return NULL;
  start = g_get_monotonic_time ();
  if (!generate (&g, values, context, error))
    return NULL;
  seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  rest = assay_text_stream_end (g.stream, &n);
  if (!g.writer.is_stopped)
    write_more (&g.writer, rest, n);
  give (&g.writer, g.writer.text->len);
  if (strcmp (g.finish, "context") == 0)
    assay_job_add_note (context, "ended where the model's context of %" G_GINT64_FORMAT " tokens is full", assay_model_get_context (g.language.language->model));
  assay_job_add_measured (context, "tokens_per_second", (double) (g.tokens->len - g.n_prompt) / MAX (seconds, 1e-9));
  return json_pack ("{s:o, s:s, s:o, s:o, s:s%, s:s, s:f}", "model", assay_language_to_json (&g.language, values), "prompt", assay_values_get_string (values, "prompt"),
                    "prompt_tokens", list_tokens (g.tokens, 0, g.n_prompt), "tokens", list_tokens (g.tokens, g.n_prompt, g.tokens->len), "text", g.writer.text->str,
                    g.writer.text->len, "finish", g.finish, "log_probability", g.log_probability);
}

static void
view (const json_t *document, AssayView *view)
{
  assay_view_add_text (view, "%s", json_string_value (json_object_get (document, "text")));
}

ASSAY_JOB_KIND_DEFINE (generate) = {
  .name = "generate", .group = ASSAY_JOB_GROUP_MODEL, .help = "let a language model go on with a text",
  .description = "Prints what a checkpoint's model writes behind a text, as it is written, and nothing else; --json gives text, tokens and how it ended: \"length\", "
                 "\"end\" (the token that ends texts), \"stop\" or \"context\".\n\n"
                 "The text's tokens begin with the token that the tokenizer puts before texts, where it has one. Draws are counted, not remembered: the same seed gives the "
                 "same text for any number of threads.\n\n"
                 "--ablate, --patch and --steer change what the model computes on the way, at any value that has a name; a name that there is not is answered with some that there are.",
  .examples = examples, .access = ASSAY_JOB_NO_CASE, .streams_text = TRUE, .params = params, .run = run, .view = view,
};
