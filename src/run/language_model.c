/* SPDX-License-Identifier: GPL-3.0-or-later */
/* language_model.c: texts in, tokens through, texts out. */
#include "run/language_model.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/sampler.h"

#include <math.h>
#include <string.h>

gboolean
assay_language_model_check_tokenizer (const AssayTokenizer *tokenizer, gint64 V, const char *where, GError **error)
{
  if (assay_tokenizer_get_size (tokenizer) <= V)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: the tokenizer of this model expected, of at most %" G_GINT64_FORMAT " tokens; one of %" G_GINT64_FORMAT
               " found", where, V, assay_tokenizer_get_size (tokenizer));
  return FALSE;
}

AssayLanguageModel *
assay_language_model_new (AssayModel *model, AssayTokenizer *tokenizer, const char *where, GError **error)
{
  g_autoptr (AssayLanguageModel) self = g_new0 (AssayLanguageModel, 1);
  gint64 V;

  self->model = model;
  self->tokenizer = tokenizer;
  if (assay_model_get_block (model)->data != ASSAY_DATA_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a language model expected, %s found", where, assay_model_get_block (model)->name);
      return NULL;
    }
  V = assay_values_get_int (assay_model_get_config (model), "vocabulary");
  return assay_language_model_check_tokenizer (tokenizer, V, where, error) ? g_steal_pointer (&self) : NULL;
}

AssayLanguageModel *
assay_language_model_open (const char *path, const char *tokenizer_path, const AssayCheckpointOptions *options, GError **error)
{
  g_autoptr (AssayModel) model = assay_checkpoint_load_path (path, options, error);
  AssayTokenizer *tokenizer = model ? assay_tokenizer_open (tokenizer_path ? tokenizer_path : path, error) : NULL;

  if (tokenizer != NULL)
    return assay_language_model_new (g_steal_pointer (&model), tokenizer, tokenizer_path ? tokenizer_path : path, error);
  if (model != NULL && tokenizer_path == NULL)
    g_prefix_error (error, "no tokenizer comes with this model; name one with --tokenizer: ");
  return NULL;
}

void
assay_language_model_free (AssayLanguageModel *self)
{
  if (self == NULL)
    return;
  assay_model_free (self->model);
  assay_tokenizer_free (self->tokenizer);
  g_free (self);
}

/* --- scores ----------------------------------------------------------------------------------------------------------------- */

#define STRETCH 64              /* positions whose logits are held at a time */

/* One window: n tokens, of which those from 1 on are predicted. nats (n - 1), or NULL. */
static gboolean
score_window (AssayDecoder *decoder, const gint32 *tokens, gint64 n, double *logits, double *sum, double *nats, GError **error)
{
  const gint64 V = assay_decoder_get_size (decoder);

  assay_decoder_reset (decoder);
  for (gint64 first = 0, some; first < n - 1; first += some)
    {
      some = MIN (STRETCH, n - 1 - first);
      if (!assay_decoder_feed (decoder, tokens + first, some, TRUE, logits, error))
        return FALSE;
      for (gint64 t = 0; t < some; t++)
        {
          const double loss = assay_sampling_log_sum (V, logits + t * V) - logits[t * V + tokens[first + t + 1]];

          *sum += loss;
          if (nats != NULL)
            nats[first + t] = loss;
        }
    }
  return TRUE;
}

static gboolean
check_answers (const gint32 *tokens, gint64 n, gint64 V, GError **error)
{
  for (gint64 t = 0; t < n; t++)
    if (tokens[t] < 0 || tokens[t] >= V)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "token %" G_GINT64_FORMAT ": 0 to %" G_GINT64_FORMAT " expected, %d found", t, V - 1, tokens[t]);
        return FALSE;
      }
  return TRUE;
}

gboolean
assay_language_model_score (AssayDecoder *decoder, gint32 begin, const gint32 *tokens, gint64 n, double *sum, gint64 *count, double *nats, GError **error)
{
  const gint64 T = assay_decoder_get_capacity (decoder), V = assay_decoder_get_size (decoder), lead = begin >= 0;
  g_autofree gint32 *window = g_new (gint32, T);
  g_autoptr (AssayBuffer) logits = assay_mem_alloc_array (STRETCH * V, sizeof (double), error);

  if (logits == NULL || !check_answers (tokens, n, V, error))
    return FALSE;
  if (T < 2)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "a context of two tokens or more expected, where one predicts the next, %" G_GINT64_FORMAT " found", T);
      return FALSE;
    }
  *sum = 0;
  *count = 0;
  for (gint64 t = 0; nats != NULL && t < n; t++)
    nats[t] = NAN;
  for (gint64 first = 0, some; first < n; first += some)
    {
      some = MIN (T - lead, n - first);
      if (lead)
        window[0] = begin;
      memcpy (window + lead, tokens + first, some * sizeof *tokens);
      if (!score_window (decoder, window, some + lead, logits, sum, nats ? nats + first + 1 - lead : NULL, error))
        return FALSE;
      *count += some + lead - 1;
    }
  return TRUE;
}

/* --- text ------------------------------------------------------------------------------------------------------------------- */

#define REPLACEMENT "\357\277\275"

struct _AssayTextStream {
  const AssayTokenizer *tokenizer;
  GArray *ids;                  /* gint32: from the last place where characters were whole */
  gsize given;                  /* bytes of their text that are out already */
};

AssayTextStream *
assay_text_stream_new (const AssayTokenizer *tokenizer, const gint32 *context, gsize n)
{
  AssayTextStream *self = g_new0 (AssayTextStream, 1);

  self->tokenizer = tokenizer;
  self->ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_array_append_vals (self->ids, context, (guint) n);
  g_free (assay_tokenizer_decode (tokenizer, context, n, &self->given));
  return self;
}

void
assay_text_stream_free (AssayTextStream *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->ids);
  g_free (self);
}

/* How a token is spelt can hang on the ones before it (a space that begins a text), so a few stay. */
#define KEPT 8
#define MOST 64

static void
forget (AssayTextStream *self)
{
  if (self->ids->len <= MOST)
    return;
  g_array_remove_range (self->ids, 0, self->ids->len - KEPT);
  g_free (assay_tokenizer_decode (self->tokenizer, (const gint32 *) (void *) self->ids->data, self->ids->len, &self->given));
}

static char *
give (AssayTextStream *self, const char *text, gsize n, gsize *length)
{
  char *more = g_strndup (text + MIN (self->given, n), n - MIN (self->given, n));

  *length = n - MIN (self->given, n);
  self->given = MAX (self->given, n);
  return more;
}

char *
assay_text_stream_add (AssayTextStream *self, gint32 token, gsize *length)
{
  gsize n;
  g_autofree char *text = NULL;
  char *more;

  g_array_append_val (self->ids, token);
  text = assay_tokenizer_decode (self->tokenizer, (const gint32 *) (void *) self->ids->data, self->ids->len, &n);
  if (n >= 3 && memcmp (text + n - 3, REPLACEMENT, 3) == 0)       /* maybe the beginning of a character */
    {
      *length = 0;
      return g_strdup ("");
    }
  more = give (self, text, n, length);
  forget (self);
  return more;
}

char *
assay_text_stream_end (AssayTextStream *self, gsize *length)
{
  gsize n;
  g_autofree char *text = assay_tokenizer_decode (self->tokenizer, (const gint32 *) (void *) self->ids->data, self->ids->len, &n);

  return give (self, text, n, length);
}
