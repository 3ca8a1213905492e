/* SPDX-License-Identifier: GPL-3.0-or-later */
/* number_proof.c: the line of a printed number, written, read and checked. */
#include "report/number_proof.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define MAX_DIGITS 17

void
assay_number_proof_free (AssayNumberProof *self)
{
  if (self == NULL)
    return;
  g_free (self->number_id);
  g_free (self->display);
  assay_proof_free (self->proof);
  g_free (self);
}

char *
assay_number_proof_to_line (const AssayNumberProof *self)
{
  json_t *row = assay_proof_to_json (self->proof);
  g_autofree char *root = assay_digest_to_hex (&self->root), *bits = g_strdup_printf ("%016" G_GINT64_MODIFIER "x", self->bits);
  char *line, *copy;

  json_object_set_new (row, "format", json_string (ASSAY_NUMBER_PROOF_FORMAT));
  json_object_set_new (row, "number_id", json_string (self->number_id));
  json_object_set_new (row, "display", json_string (self->display));
  json_object_set_new (row, "rounding", json_string (assay_number_format_word (self->rounding)));
  json_object_set_new (row, "digits", json_integer (self->digits));
  json_object_set_new (row, "value_bits", json_string (bits));
  json_object_set_new (row, "evidence_root", json_string (root));
  line = json_dumps (row, JSON_SORT_KEYS | JSON_COMPACT);
  copy = g_strdup (line);
  free (line);
  json_decref (row);
  return copy;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static gboolean
refuse (const char *where, const char *what, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s", where, what);
  return FALSE;
}

static gboolean
take_bits (const char *text, guint64 *bits)
{
  if (strlen (text) != 16 || strspn (text, "0123456789abcdef") != 16)
    return FALSE;
  *bits = g_ascii_strtoull (text, NULL, 16);
  return TRUE;
}

static gboolean
take_members (AssayNumberProof *self, const json_t *row, const char *where, GError **error)
{
  const json_t *digits = json_object_get (row, "digits");

  if (strcmp (assay_json_get_text (row, "format"), ASSAY_NUMBER_PROOF_FORMAT) != 0)
    return refuse (where, "format \"" ASSAY_NUMBER_PROOF_FORMAT "\" expected", error);
  self->number_id = g_strdup (assay_json_get_text (row, "number_id"));
  self->display = g_strdup (assay_json_get_text (row, "display"));
  if (!assay_number_format_parse (assay_json_get_text (row, "rounding"), &self->rounding))
    return refuse (where, "member \"rounding\": count, decimals, significant or percent expected", error);
  if (!json_is_integer (digits) || json_integer_value (digits) < 0 || json_integer_value (digits) > MAX_DIGITS
      || (self->rounding == ASSAY_NUMBER_SIGNIFICANT && json_integer_value (digits) == 0))
    return refuse (where, "member \"digits\": a number from 0 to 17 expected, from 1 on for significant digits", error);
  self->digits = (guint) json_integer_value (digits);
  if (!take_bits (assay_json_get_text (row, "value_bits"), &self->bits))
    return refuse (where, "member \"value_bits\": 16 hexadecimal digits expected", error);
  if (!assay_digest_from_hex (assay_json_get_text (row, "evidence_root"), &self->root))
    return refuse (where, "member \"evidence_root\": 64 hexadecimal digits expected", error);
  self->proof = assay_proof_from_json (row, where, error);
  return self->proof != NULL;
}

AssayNumberProof *
assay_number_proof_parse (const char *line, gsize n, const char *where, GError **error)
{
  g_autoptr (AssayNumberProof) self = g_new0 (AssayNumberProof, 1);
  json_t *row = json_loadb (line, n, JSON_REJECT_DUPLICATES, NULL);
  g_autofree char *again = NULL;
  gboolean ok;

  if (!json_is_object (row))
    {
      json_decref (row);
      refuse (where, "a JSON object expected", error);
      return NULL;
    }
  ok = take_members (self, row, where, error);
  json_decref (row);
  if (!ok)
    return NULL;
  again = assay_number_proof_to_line (self);
  if (strlen (again) == n && memcmp (again, line, n) == 0)
    return g_steal_pointer (&self);
  refuse (where, "is not spelled as Assay writes it", error);
  return NULL;
}

/* --- checking -------------------------------------------------------------------------------------------------------- */

static gboolean G_GNUC_PRINTF (3, 4)
fail (const AssayNumberProof *self, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED, "number %s: %s", self->number_id, text);
  return FALSE;
}

static gboolean
check_root (const AssayNumberProof *self, const AssayDigest *root, GError **error)
{
  g_autofree char *path = NULL;
  AssayDigest found;

  if (!assay_digest_equal (&self->root, root))
    return fail (self, error, "its proof speaks of another evidence root than the statement");
  if (!assay_proof_get_root (self->proof, &found, &path, error))
    return FALSE;
  if (!assay_digest_equal (&found, root))
    return fail (self, error, "its leaf, path and chain do not lead to the evidence root");
  if (strcmp (path, ASSAY_EVIDENCE_PATH) != 0)
    return fail (self, error, "its path %s is not below " ASSAY_EVIDENCE_PATH, self->proof->path);
  return TRUE;
}

static gboolean
check_id (const AssayNumberProof *self, GError **error)
{
  g_autofree char *id = g_strdup_printf ("%s[%" G_GUINT64_FORMAT "]", self->proof->path + strlen (ASSAY_EVIDENCE_PATH "/"), self->proof->index);

  return strcmp (id, self->number_id) == 0 || fail (self, error, "its proof is one of %s", id);
}

static gboolean
check_display (const AssayNumberProof *self, GError **error)
{
  g_autofree char *display = NULL;
  double value;

  if (self->proof->type == ASSAY_STORE_I64)
    {
      if (self->rounding != ASSAY_NUMBER_COUNT)
        return fail (self, error, "a count is not rounded");
      display = assay_number_display_count ((gint64) self->bits);
    }
  else if (self->proof->type == ASSAY_STORE_F64)
    {
      memcpy (&value, &self->bits, sizeof value);
      display = assay_number_display_number (value, self->rounding, self->digits);
    }
  else
    return fail (self, error, "elements of type %s are not printed as numbers", assay_store_type_word (self->proof->type));
  return strcmp (display, self->display) == 0 || fail (self, error, "is printed as %s; the element rounds to %s", self->display, display);
}

gboolean
assay_number_proof_check (const AssayNumberProof *self, const AssayDigest *root, GError **error)
{
  guint64 bits;

  if (!check_root (self, root, error) || !check_id (self, error) || !assay_proof_get_bits (self->proof, &bits, error))
    return FALSE;
  if (bits != self->bits)
    return fail (self, error, "value_bits are %016" G_GINT64_MODIFIER "x, the leaf has %016" G_GINT64_MODIFIER "x", self->bits, bits);
  return check_display (self, error);
}
