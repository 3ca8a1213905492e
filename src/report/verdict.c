/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.c: findings and verdicts, in words and as JSON. */
#include "report/verdict.h"

#define MAX_FINDINGS 100

static void
finding_free (gpointer data)
{
  AssayBundleFinding *finding = data;

  g_free (finding->file);
  g_free (finding->path);
  g_free (finding->number);
  g_free (finding->text);
  g_free (finding);
}

static void
signer_free (gpointer data)
{
  AssayBundleSigner *signer = data;

  g_free (signer->fingerprint);
  g_free (signer->time);
  g_free (signer->authority);
  g_free (signer);
}

AssayBundleVerdict *
assay_bundle_verdict_new (const char *directory)
{
  AssayBundleVerdict *self = g_new0 (AssayBundleVerdict, 1);

  self->directory = g_utf8_make_valid (directory, -1);
  self->findings = g_ptr_array_new_with_free_func (finding_free);
  self->signers = g_ptr_array_new_with_free_func (signer_free);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->displays = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
assay_bundle_verdict_free (AssayBundleVerdict *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->findings);
  g_ptr_array_unref (self->signers);
  g_ptr_array_unref (self->notes);
  g_ptr_array_unref (self->displays);
  g_free (self->directory);
  g_free (self->evidence_root);
  g_free (self->report_id);
  g_free (self->profile);
  g_free (self->utc);
  g_free (self->number_id);
  g_free (self);
}

AssayBundleFinding *
assay_bundle_verdict_add (AssayBundleVerdict *self, const char *what, const char *file, const char *format, ...)
{
  AssayBundleFinding *finding;
  va_list args;

  if (self->findings->len >= MAX_FINDINGS)
    {
      self->n_more++;
      return NULL;
    }
  finding = g_new0 (AssayBundleFinding, 1);
  finding->what = what;
  finding->file = file != NULL ? g_utf8_make_valid (file, -1) : NULL;
  finding->first_row = finding->last_row = finding->first_byte = finding->last_byte = -1;
  va_start (args, format);
  finding->text = g_strdup_vprintf (format, args);
  va_end (args);
  if (!g_utf8_validate (finding->text, -1, NULL))
    {
      char *valid = g_utf8_make_valid (finding->text, -1);

      g_free (finding->text);
      finding->text = valid;
    }
  g_ptr_array_add (self->findings, finding);
  return finding;
}

void
assay_bundle_verdict_note (AssayBundleVerdict *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (self->notes, g_strdup_vprintf (format, args));
  va_end (args);
}

/* --- verdicts -------------------------------------------------------------------------------------------------------- */

gboolean
assay_bundle_verdict_is_unaltered (const AssayBundleVerdict *self)
{
  return self->findings->len == 0;
}

gboolean
assay_bundle_verdict_is_known (const AssayBundleVerdict *self)
{
  for (guint k = 0; k < self->signers->len; k++)
    if (((const AssayBundleSigner *) self->signers->pdata[k])->is_known)
      return TRUE;
  return FALSE;
}

const AssayBundleSigner *
assay_bundle_verdict_get_stamped (const AssayBundleVerdict *self)
{
  for (guint k = 0; k < self->signers->len; k++)
    if (((const AssayBundleSigner *) self->signers->pdata[k])->authority != NULL)
      return self->signers->pdata[k];
  return NULL;
}

int
assay_bundle_verdict_get_exit_status (const AssayBundleVerdict *self)
{
  if (!assay_bundle_verdict_is_unaltered (self) || (self->key_was_given && !assay_bundle_verdict_is_known (self)))
    return 1;
  return self->signers->len > 0 ? 0 : 5;
}

char *
assay_bundle_verdict_dup_reason (const AssayBundleVerdict *self)
{
  if (!assay_bundle_verdict_is_unaltered (self))
    return g_strdup_printf ("%s: ALTERED: %s", self->directory, ((const AssayBundleFinding *) self->findings->pdata[0])->text);
  if (self->key_was_given && !assay_bundle_verdict_is_known (self))
    return g_strdup_printf ("%s: is not signed by the key that was given", self->directory);
  if (self->signers->len == 0)
    return g_strdup_printf ("%s: is unaltered, but unsigned: anybody can have written it", self->directory);
  return NULL;
}

/* --- in words -------------------------------------------------------------------------------------------------------- */

static void G_GNUC_PRINTF (2, 3)
say (GPtrArray *out, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (out, g_strdup_vprintf (format, args));
  va_end (args);
}

static void
say_integrity (const AssayBundleVerdict *self, GPtrArray *out)
{
  if (!assay_bundle_verdict_is_unaltered (self))
    say (out, "1. ALTERED: %s is not as it was written (%u %s above).", self->number_id != NULL ? "what was checked" : "the bundle",
         self->findings->len + self->n_more, self->findings->len + self->n_more == 1 ? "finding" : "findings");
  else if (self->number_id != NULL)
    say (out, "1. Unaltered: the number %s follows from the evidence root %s, by its proof alone.", self->number_id, self->evidence_root);
  else
    say (out, "1. Unaltered: %" G_GUINT64_FORMAT " files are as they were written, and %" G_GUINT64_FORMAT " printed numbers follow from the evidence root %s.",
         self->n_files, self->n_numbers, self->evidence_root);
}

static void
say_signers (const AssayBundleVerdict *self, GPtrArray *out)
{
  if (self->signers->len == 0)
    say (out, "2. Unsigned: anybody can have written it%s.", self->key_was_given ? ", and the key that was given signed nothing of it" : "");
  for (guint k = 0; k < self->signers->len; k++)
    {
      const AssayBundleSigner *signer = self->signers->pdata[k];

      if (signer->is_known)
        say (out, "2. Signer known: signed by the key that was given, fingerprint %s.", signer->fingerprint);
      else
        say (out, "2. Signer unknown: signed by the key with the fingerprint %s. Compare it with one that you have from the signer by another way, or give their "
             "public key by --key.", signer->fingerprint);
    }
  if (self->signers->len > 0 && self->key_was_given && !assay_bundle_verdict_is_known (self))
    say (out, "   NOT SIGNED BY THE KEY THAT WAS GIVEN.");
}

static void
say_time (const AssayBundleVerdict *self, GPtrArray *out)
{
  const AssayBundleSigner *stamped = assay_bundle_verdict_get_stamped (self);

  if (stamped != NULL)
    {
      say (out, "3. Time independent: %s vouches that it was there at %s (the operator says %s).", stamped->authority, stamped->time, self->utc);
      return;
    }
  say (out, "3. Time operator-attested: the operator says %s; nobody else vouches for it.", self->utc != NULL ? self->utc : "nothing that can be read");
  for (guint k = 0; k < self->signers->len; k++)
    if (((const AssayBundleSigner *) self->signers->pdata[k])->time != NULL)
      say (out, "   A time stamp of %s is there; give the authority's certificate by --tsa-certificate to check it.",
           ((const AssayBundleSigner *) self->signers->pdata[k])->time);
}

GPtrArray *
assay_bundle_verdict_list_sentences (const AssayBundleVerdict *self)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);

  for (guint k = 0; k < self->findings->len; k++)
    say (out, "altered: %s", ((const AssayBundleFinding *) self->findings->pdata[k])->text);
  if (self->n_more > 0)
    say (out, "altered: and %u findings more", self->n_more);
  for (guint k = 0; k < self->notes->len; k++)
    say (out, "note: %s", (const char *) self->notes->pdata[k]);
  for (guint k = 0; k < self->displays->len; k++)
    say (out, "%s is printed as %s.", self->number_id, (const char *) self->displays->pdata[k]);
  say_integrity (self, out);
  say_signers (self, out);
  say_time (self, out);
  say (out, "This does not show that the numbers are right: it shows that these are the numbers that were written, and who is answerable for them.");
  return out;
}

/* --- as JSON --------------------------------------------------------------------------------------------------------- */

static json_t *
range_or_null (gint64 first, gint64 last)
{
  return first < 0 ? json_null () : json_pack ("[I, I]", (json_int_t) first, (json_int_t) last);
}

static json_t *
finding_to_json (const AssayBundleFinding *finding)
{
  return json_pack ("{s:s, s:s?, s:s?, s:o, s:o, s:s?, s:s}", "what", finding->what, "file", finding->file, "path", finding->path, "rows",
                    range_or_null (finding->first_row, finding->last_row), "bytes", range_or_null (finding->first_byte, finding->last_byte), "number",
                    finding->number, "text", finding->text);
}

static json_t *
strings_to_json (const GPtrArray *strings)
{
  json_t *list = json_array ();

  for (guint k = 0; k < strings->len; k++)
    json_array_append_new (list, json_string (strings->pdata[k]));
  return list;
}

static json_t *
signers_to_json (const AssayBundleVerdict *self)
{
  json_t *list = json_array ();

  for (guint k = 0; k < self->signers->len; k++)
    {
      const AssayBundleSigner *signer = self->signers->pdata[k];

      json_array_append_new (list, json_pack ("{s:s, s:b, s:s?, s:s?}", "fingerprint", signer->fingerprint, "known", signer->is_known, "time_stamp",
                                              signer->time, "authority", signer->authority));
    }
  return list;
}

json_t *
assay_bundle_verdict_to_json (const AssayBundleVerdict *self)
{
  const AssayBundleSigner *stamped = assay_bundle_verdict_get_stamped (self);
  json_t *findings = json_array ();

  for (guint k = 0; k < self->findings->len; k++)
    json_array_append_new (findings, finding_to_json (self->findings->pdata[k]));
  return json_pack ("{s:s, s:b, s:s, s:s, s:s?, s:s?, s:I, s:I, s:I, s:s?, s:s?, s:s?, s:s?, s:o, s:b, s:o, s:o, s:i, s:o, s:s}",
                    "directory", self->directory, "unaltered", assay_bundle_verdict_is_unaltered (self),
                    "signer", self->signers->len == 0 ? "unsigned" : assay_bundle_verdict_is_known (self) ? "known" : "unknown",
                    "time", stamped != NULL ? "independent" : "operator-attested", "time_utc", stamped != NULL ? stamped->time : self->utc,
                    "time_authority", stamped != NULL ? stamped->authority : NULL, "files", (json_int_t) self->n_files, "bytes", (json_int_t) self->n_bytes,
                    "numbers", (json_int_t) self->n_numbers, "evidence_root", self->evidence_root, "report_id", self->report_id, "profile", self->profile,
                    "number", self->number_id, "displays", strings_to_json (self->displays), "container_rewritten", self->is_rewritten,
                    "signers", signers_to_json (self), "findings", findings, "findings_not_listed", (int) self->n_more, "remarks",
                    strings_to_json (self->notes), "shows", "that the numbers are as they were written, not that they are right");
}
