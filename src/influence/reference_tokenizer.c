/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_tokenizer.c: numbers and texts, equal or not. */
#include "influence/reference_tokenizer.h"

#include "base/error.h"
#include "dataset/tokenizer.h"

#include <string.h>

enum { IDS, WITH_SPECIAL, DECODED, N_CHECKS };
static const char *const keys[N_CHECKS] = { "ids", "ids_with_special", "decoded" };

static gboolean
are_same (const GArray *tokens, const json_t *ids)
{
  if (json_array_size (ids) != tokens->len)
    return FALSE;
  for (guint k = 0; k < tokens->len; k++)
    if (json_integer_value (json_array_get (ids, k)) != g_array_index (tokens, AssayToken, k).id)
      return FALSE;
  return TRUE;
}

static gboolean
is_decoded (const AssayTokenizer *tokenizer, const GArray *tokens, const json_t *text)
{
  g_autofree gint32 *ids = g_new (gint32, tokens->len + 1);
  g_autofree char *decoded = NULL;
  gsize length;

  for (guint k = 0; k < tokens->len; k++)
    ids[k] = g_array_index (tokens, AssayToken, k).id;
  decoded = assay_tokenizer_decode (tokenizer, ids, tokens->len, &length);
  return json_is_string (text) && length == json_string_length (text) && memcmp (decoded, json_string_value (text), length) == 0;
}

/* agrees[check][k] of text k. */
static gboolean
check_text (const AssayReferenceFiles *c, AssayTokenizer *tokenizer, const json_t *item, gsize k, double *const *agrees, GError **error)
{
  const json_t *text = json_object_get (item, "text");
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken)), with = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  gsize n = json_string_length (text);

  if (!json_is_string (text))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tokenizer: number %" G_GSIZE_FORMAT ": a text expected", c->document_path, k);
      return FALSE;
    }
  if (!assay_tokenizer_encode (tokenizer, json_string_value (text), n, FALSE, tokens, error)
      || !assay_tokenizer_encode (tokenizer, json_string_value (text), n, TRUE, with, error))
    return FALSE;
  agrees[IDS][k] = are_same (tokens, json_object_get (item, keys[IDS]));
  agrees[WITH_SPECIAL][k] = are_same (with, json_object_get (item, keys[WITH_SPECIAL]));
  agrees[DECODED][k] = is_decoded (tokenizer, tokens, json_object_get (item, keys[DECODED]));
  return TRUE;
}

/* "tokenizer.ids", or "tokenizer.ids, text 3" where that is the first to differ. */
static void
compare (const AssayReferenceFiles *c, const char *key, gsize n, const double *agrees, const double *ones)
{
  g_autofree char *name = NULL;
  gsize k = 0;

  while (k < n && agrees[k] == 1)
    k++;
  name = k == n ? g_strdup_printf ("tokenizer.%s", key) : g_strdup_printf ("tokenizer.%s, text %" G_GSIZE_FORMAT, key, k);
  c->func (name, (gint64) n, agrees, ones, 0, c->data);
}

gboolean
assay_reference_check_tokenizer (const AssayReferenceFiles *c, GError **error)
{
  const json_t *list = json_object_get (c->document, "tokenizer");
  gsize n = json_array_size (list);
  g_autofree double *all = g_new (double, (N_CHECKS + 1) * n);
  double *const agrees[N_CHECKS] = { all, all + n, all + 2 * n }, *ones = all + N_CHECKS * n;
  g_autoptr (AssayTokenizer) tokenizer = n > 0 ? assay_tokenizer_open (c->directory, error) : NULL;

  if (n == 0)
    return TRUE;
  if (tokenizer == NULL)
    return FALSE;
  for (gsize k = 0; k < n; k++)
    {
      ones[k] = 1;
      if (!check_text (c, tokenizer, json_array_get (list, k), k, agrees, error))
        return FALSE;
    }
  for (guint check = 0; check < N_CHECKS; check++)
    compare (c, keys[check], n, agrees[check], ones);
  return TRUE;
}
