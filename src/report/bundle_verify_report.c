/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_verify_report.c: whether the numbers that report.json and report.html print are the proved ones, digit for digit. */
#include "report/bundle_verify_private.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "report/number_proof.h"

#define JSON_FILE "report.json"
#define HTML_FILE "report.html"

/* --- one printed number ---------------------------------------------------------------------------------------------- */

static void
refuse (AssayBundleVerification *self, const char *file, const char *id, const char *why)
{
  AssayBundleFinding *finding = assay_bundle_verdict_add (self->verdict, "number", file, "%s: number %s: %s", file, id, why);

  if (finding != NULL)
    finding->number = g_utf8_make_valid (id, -1);
}

static gboolean
is_value (const AssayNumberProof *proof, const json_t *value)
{
  double number;

  if (proof->proof->type == ASSAY_STORE_I64)
    return json_is_integer (value) && json_integer_value (value) == (json_int_t) proof->bits;
  memcpy (&number, &proof->bits, sizeof number);
  if (!isfinite (number))
    return json_is_null (value);
  return json_is_number (value) && json_number_value (value) == number;
}

/* display, with more text behind it allowed where may_continue. value NULL: not stated. */
static void
check_number (AssayBundleVerification *self, const char *file, const char *id, const char *display, gboolean may_continue, const json_t *value)
{
  const GPtrArray *proofs = g_hash_table_lookup (self->proved, id);
  gboolean printed = FALSE;

  for (guint k = 0; proofs != NULL && k < proofs->len && !printed; k++)
    {
      const AssayNumberProof *proof = proofs->pdata[k];

      printed = strcmp (display, proof->display) == 0 || (may_continue && g_str_has_prefix (display, proof->display)
                                                          && g_str_has_prefix (display + strlen (proof->display), " ("));
      if (printed && value != NULL && !is_value (proof, value))
        refuse (self, file, id, "states another value than its proof");
    }
  if (proofs == NULL)
    refuse (self, file, id, "has no proof that holds");
  else if (!printed)
    {
      const AssayNumberProof *proof = proofs->pdata[0];
      g_autofree char *shown = g_strndup (display, 40), *why = g_strdup_printf ("is printed as %s, its proof says %s", shown, proof->display);

      refuse (self, file, id, why);
    }
}

/* --- report.json ----------------------------------------------------------------------------------------------------- */

/* A number is an object with the texts "number", its id, and "display". */
static void
walk_json (AssayBundleVerification *self, const json_t *node, guint64 *n)
{
  const char *key;
  json_t *child;
  gsize k;

  if (json_is_object (node))
    {
      const json_t *id = json_object_get (node, "number"), *display = json_object_get (node, "display");

      if (json_is_string (id) && json_is_string (display))
        {
          check_number (self, JSON_FILE, json_string_value (id), json_string_value (display), FALSE, json_object_get (node, "value"));
          (*n)++;
        }
      json_object_foreach ((json_t *) node, key, child)
        walk_json (self, child, n);
    }
  json_array_foreach (node, k, child)
    walk_json (self, child, n);
}

static void
check_front (AssayBundleVerification *self, const json_t *document)
{
  const json_t *root = json_object_get (document, "evidence_root");

  if (root != NULL && g_strcmp0 (json_string_value (root), self->verdict->evidence_root) != 0)
    assay_bundle_verdict_add (self->verdict, "report", JSON_FILE, JSON_FILE ": speaks of another evidence root than " ASSAY_STATEMENT_FILE);
}

static void
check_json (AssayBundleVerification *self)
{
  g_autoptr (GBytes) text = assay_verify_read (self, JSON_FILE);
  json_t *document = text != NULL ? json_loadb (g_bytes_get_data (text, NULL), g_bytes_get_size (text), JSON_REJECT_DUPLICATES, NULL) : NULL;
  guint64 n = 0;

  if (text != NULL && document == NULL)
    assay_bundle_verdict_add (self->verdict, "report", JSON_FILE, JSON_FILE ": is not JSON");
  if (document != NULL)
    {
      check_front (self, document);
      walk_json (self, document, &n);
    }
  if (document != NULL && n == 0 && g_hash_table_size (self->proved) > 0)
    assay_bundle_verdict_add (self->verdict, "report", JSON_FILE, JSON_FILE ": prints none of the numbers that are proved");
  json_decref (document);
}

/* --- report.html ----------------------------------------------------------------------------------------------------- */

/* The writer's own spelling: <data value="..." title="ID">DISPLAY</data>; elsewhere '<' is a reference. */
static void
check_html (AssayBundleVerification *self)
{
  g_autoptr (GBytes) text = assay_verify_read (self, HTML_FILE);
  g_autoptr (GRegex) pattern = g_regex_new ("<data value=\"([^\"<>]*)\" title=\"([^\"<>]*)\">([^<]*)</data>", G_REGEX_OPTIMIZE | G_REGEX_RAW, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  guint64 n = 0, tags = 0;
  const char *bytes;
  gsize length;

  if (text == NULL)
    return;
  bytes = g_bytes_get_data (text, &length);
  for (const char *at = bytes; (at = g_strstr_len (at, (gssize) (bytes + length - at), "<data")) != NULL; at += 5)
    tags++;
  g_regex_match_full (pattern, bytes, (gssize) length, 0, 0, &match, NULL);
  for (; g_match_info_matches (match); g_match_info_next (match, NULL), n++)
    {
      g_autofree char *id = g_match_info_fetch (match, 2), *display = g_match_info_fetch (match, 3);

      check_number (self, HTML_FILE, id, display, TRUE, NULL);
    }
  if (n != tags)
    assay_bundle_verdict_add (self->verdict, "report", HTML_FILE, HTML_FILE ": has %" G_GUINT64_FORMAT " numbers, %" G_GUINT64_FORMAT " of which can be read", tags,
                              n);
}

gboolean
assay_verify_report (AssayBundleVerification *self, GError **error)
{
  if (self->proved == NULL)
    return TRUE;
  if (assay_progress_is_cancelled (self->check->progress, error))
    return FALSE;
  if (assay_bundle_directory_find (self->directory, JSON_FILE) != NULL)
    check_json (self);
  if (assay_bundle_directory_find (self->directory, HTML_FILE) != NULL)
    check_html (self);
  return TRUE;
}
