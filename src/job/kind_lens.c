/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_lens.c: a language model looked into at every depth. */
#include "base/error.h"
#include "base/json.h"
#include "job/language.h"
#include "run/lens.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  ASSAY_LANGUAGE_PARAMS,
  { .name = "prompt", .type = ASSAY_PARAM_STRING, .metavar = "TEXT", .flags = ASSAY_PARAM_REQUIRED, .help = "the text" },
  { .name = "top", .type = ASSAY_PARAM_INT, .def.i = 5, .min = 1, .max = 1000, .unit = "tokens", .help = "guesses at each depth and position" },
  { .name = "position", .type = ASSAY_PARAM_INT, .flags = ASSAY_PARAM_OPTIONAL, .min = -1e9, .max = 1e9, .help = "token whose guesses are shown, from 0, or from the end if negative (default: the last)" },
  { .name = "attention", .type = ASSAY_PARAM_LIST, .metavar = "TAP", .help = "also the patterns of an attention, as h.0.attn.heads, or of a selective scan, as layers.0.mixer.scan, or of one channel, layers.0.mixer.scan[7]; all: of every one" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "what would be said at each depth behind a text", "assay lens --model story --prompt \"a word\"" },
  { "and where the heads of every layer look", "assay lens --model story --prompt \"a word\" --attention all" },
  { NULL, NULL }
};

typedef struct {
  AssayLanguage language;
  GArray *tokens;
  gint64 position;
} Question;

static void
question_clear (Question *q)
{
  assay_language_clear (&q->language);
  g_clear_pointer (&q->tokens, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Question, question_clear)

static gboolean
open_question (Question *q, const AssayValues *values, AssayJobContext *context, GError **error)
{
  const char *prompt = assay_values_get_string (values, "prompt");
  gint64 n;

  if (!assay_language_open (&q->language, values, context, error)
      || (q->tokens = assay_tokenizer_encode_numbers (q->language.language->tokenizer, prompt, strlen (prompt), error)) == NULL)
    return FALSE;
  n = q->tokens->len;
  q->position = assay_values_is_set (values, "position") ? assay_values_get_int (values, "position") : -1;
  if (q->position < 0)
    q->position += n;
  if (n > 0 && q->position >= 0 && q->position < n)
    return TRUE;
  if (n == 0)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, ASSAY_LANGUAGE_NO_PROMPT);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "position: 0 to %" G_GINT64_FORMAT " expected, the text's tokens, %" G_GINT64_FORMAT " found", n - 1, q->position);
  return FALSE;
}

static json_t *
list_guesses (const Question *q, const AssayLens *lens, const AssayLensGuess *guess)
{
  json_t *list = json_array ();

  for (gint64 i = 0; i < lens->k; i++)
    {
      g_autofree char *spelling = assay_language_spell (&q->language, guess[i].token);

      json_array_append_new (list, json_pack ("{s:i, s:s, s:o}", "token", (int) guess[i].token, "spelling", spelling, "probability", assay_json_number (guess[i].probability)));
    }
  return list;
}

static json_t *
list_depths (const Question *q, const AssayLens *lens)
{
  json_t *depths = json_array ();

  for (gint64 d = 0; d < lens->D; d++)
    {
      json_t *positions = json_array ();

      for (gint64 t = 0; t < lens->n; t++)
        json_array_append_new (positions, json_pack ("{s:o, s:o}", "next_probability", assay_json_number (lens->next[d * lens->n + t]), "top",
                                                     list_guesses (q, lens, lens->guess + (d * lens->n + t) * lens->k)));
      json_array_append_new (depths, json_pack ("{s:s, s:o}", "tap", lens->tap[d], "positions", positions));
    }
  return depths;
}

static json_t *
list_pattern (const AssayAttention *attention)
{
  json_t *heads = json_array ();

  for (gint64 h = 0; h < attention->H; h++)
    {
      json_t *rows = json_array ();

      for (gint64 t = 0; t < attention->n; t++)
        {
          json_t *row = json_array ();

          for (gint64 s = 0; s <= t; s++)
            json_array_append_new (row, assay_json_number (attention->pattern[(h * attention->n + t) * attention->n + s]));
          json_array_append_new (rows, row);
        }
      json_array_append_new (heads, rows);
    }
  return heads;
}

static gboolean
add_attentions (Question *q, const char *const *asked, AssayJobContext *context, json_t *list, GError **error)
{
  const AssayModel *model = q->language.language->model;
  g_auto (GStrv) all = assay_attention_list (model);

  if (asked[0] != NULL && strcmp (asked[0], "all") == 0)
    asked = (const char *const *) all;
  for (; *asked != NULL; asked++)
    {
      g_autoptr (AssayDecoder) decoder = assay_language_decode (&q->language, q->tokens->len, context, error);
      g_autoptr (AssayAttention) attention = decoder ? assay_attention_new (model, decoder, *asked, (const gint32 *) (void *) q->tokens->data, q->tokens->len, error) : NULL;

      if (attention == NULL)
        return FALSE;
      json_array_append_new (list, json_pack ("{s:s, s:b, s:o}", "tap", *asked, "scan", attention->is_scan, "heads", list_pattern (attention)));
    }
  return TRUE;
}

static json_t *
list_tokens (const Question *q)
{
  json_t *list = json_array ();

  for (guint k = 0; k < q->tokens->len; k++)
    {
      gint32 token = g_array_index (q->tokens, gint32, k);
      g_autofree char *spelling = assay_language_spell (&q->language, token);

      json_array_append_new (list, json_pack ("{s:i, s:s}", "token", (int) token, "spelling", spelling));
    }
  return list;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  g_auto (Question) q = { .tokens = NULL };
  g_autoptr (AssayDecoder) decoder = NULL;
  g_autoptr (AssayLens) lens = NULL;
  json_auto_t *attentions = json_array ();

  if (!open_question (&q, values, context, error))
    return NULL;
  if ((decoder = assay_language_decode (&q.language, q.tokens->len, context, error)) == NULL)
    {
      g_prefix_error (error, "prompt: ");
      return NULL;
    }
  if (!assay_language_compare (&q.language, (const gint32 *) (void *) q.tokens->data, q.tokens->len, context, error))
    return NULL;
  lens = assay_lens_new (q.language.language->model, decoder, (const gint32 *) (void *) q.tokens->data, q.tokens->len, assay_values_get_int (values, "top"), error);
  if (lens == NULL || !add_attentions (&q, assay_values_get_list (values, "attention"), context, attentions, error))
    return NULL;
  return json_pack ("{s:o, s:s, s:o, s:I, s:o, s:O}", "model", assay_language_to_json (&q.language, values), "prompt", assay_values_get_string (values, "prompt"), "tokens",
                    list_tokens (&q), "position", (json_int_t) q.position, "depths", list_depths (&q, lens), "attention", attentions);
}

/* --- for people --------------------------------------------------------------------------------------------------------------- */

static void
view_depths (const json_t *document, AssayView *view)
{
  const json_int_t position = json_integer_value (json_object_get (document, "position"));
  const json_t *depth, *guess;
  size_t d, k;

  assay_view_begin_table (view, "after|guess|>probability|others");
  json_array_foreach (json_object_get (document, "depths"), d, depth)
    {
      const json_t *top = json_object_get (json_array_get (json_object_get (depth, "positions"), (size_t) position), "top");
      g_autoptr (GString) others = g_string_new (NULL);

      json_array_foreach (top, k, guess)
        if (k > 0)
          g_string_append_printf (others, "%s%s", k > 1 ? "  " : "", json_string_value (json_object_get (guess, "spelling")));
      assay_view_add_cell (view, json_string_value (json_object_get (depth, "tap")));
      assay_view_add_cell (view, json_string_value (json_object_get (json_array_get (top, 0), "spelling")));
      assay_view_add_cell_number (view, json_number_value (json_object_get (json_array_get (top, 0), "probability")), 3);
      assay_view_add_cell (view, others->str);
    }
}

/* Where each head looks from the position that is shown. */
static void
view_attention (const json_t *document, const json_t *attention, AssayView *view)
{
  const json_int_t position = json_integer_value (json_object_get (document, "position"));
  const json_t *head;
  size_t h;

  assay_view_add_heading (view, "%s", json_string_value (json_object_get (attention, "tap")));
  assay_view_begin_table (view, json_is_true (json_object_get (attention, "scan")) ? ">scan|takes most from|>position|>weight" : ">head|looks most at|>position|>weight");
  json_array_foreach (json_object_get (attention, "heads"), h, head)
    {
      const json_t *row = json_array_get (head, (size_t) position);
      size_t best = 0;
      g_autofree char *number = g_strdup_printf ("%zu", h), *place = NULL;

      for (size_t s = 1; s < json_array_size (row); s++)
        if (fabs (json_number_value (json_array_get (row, s))) > fabs (json_number_value (json_array_get (row, best))))
          best = s;
      place = g_strdup_printf ("%zu", best);
      assay_view_add_cell (view, number);
      assay_view_add_cell (view, json_string_value (json_object_get (json_array_get (json_object_get (document, "tokens"), best), "spelling")));
      assay_view_add_cell (view, place);
      assay_view_add_cell_number (view, json_number_value (json_array_get (row, best)), 3);
    }
}

static void
view (const json_t *document, AssayView *view)
{
  const json_int_t position = json_integer_value (json_object_get (document, "position"));
  const json_t *token = json_array_get (json_object_get (document, "tokens"), (size_t) position), *attention;
  size_t k;

  assay_view_add_text (view, "Behind token %lld, \"%s\":", (long long) position, json_string_value (json_object_get (token, "spelling")));
  view_depths (document, view);
  json_array_foreach (json_object_get (document, "attention"), k, attention)
    view_attention (document, attention, view);
}

ASSAY_JOB_KIND_DEFINE (lens) = {
  .name = "lens", .group = ASSAY_JOB_GROUP_MODEL, .help = "what a language model would say at every depth, and where its heads look",
  .description = "Applies the model's last norm and head to its residual stream after every addition to it (the logit lens), for every token of a text. Printed are the guesses "
                 "behind one token; --json has those of all, with the probability of the token that does follow.\n\n"
                 "--attention adds the patterns of attention: which share each position takes from each before it, head by head. Of a "
                 "selective scan (Mamba) it is what the states carry from one position to another, M(t,s): with its sign for one channel, else the mean size over the channels.\n\n"
                 "An early guess is a reading of the stream by the last layer's eyes, not a proof that the model has decided.",
  .examples = examples, .access = ASSAY_JOB_NO_CASE, .params = params, .run = run, .view = view,
};
