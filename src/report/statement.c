/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statement.c: the statement, written and read. */
#include "report/statement.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "report/evidence.h"
#include "report/number_proof.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE_TYPE "urn:assay:report-content:1"
#define FORMAT "assay-statement-1"

static json_t *
hex_of (const AssayDigest *digest)
{
  g_autofree char *hex = assay_digest_to_hex (digest);

  return json_string (hex);
}

/* The files that the statement is about; SHA256SUMS has them all. */
static json_t *
subjects_of (const AssayBundle *bundle, const AssayDigest *root)
{
  static const char *const names[] = { ASSAY_EVIDENCE_FILE, "proofs.jsonl", "report.json" };
  json_t *subjects = json_array ();

  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      GBytes *bytes = assay_bundle_get_bytes (bundle, names[k]);
      json_t *digests;
      AssayDigest sha256;

      if (bytes == NULL)
        continue;
      sha256 = assay_digest_of_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      digests = json_pack ("{s:o}", "sha256", hex_of (&sha256));
      if (strcmp (names[k], ASSAY_EVIDENCE_FILE) == 0)
        json_object_set_new (digests, "assayMerkle1", hex_of (root));
      json_array_append_new (subjects, json_pack ("{s:s, s:o}", "name", names[k], "digest", digests));
    }
  return subjects;
}

static json_t *
inputs_of (const AssayStatementFacts *facts)
{
  json_t *inputs = json_array ();

  for (gsize k = 0; k < facts->n_inputs; k++)
    json_array_append_new (inputs, json_pack ("{s:s, s:s, s:s}", "role", facts->inputs[k].role, "name", facts->inputs[k].name, "content_root",
                                              facts->inputs[k].content_root));
  return inputs;
}

char *
assay_statement_write (const AssayBundle *bundle, const AssayStatementFacts *facts)
{
  json_t *predicate = json_pack ("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:o}, s:I, s:{s:s, s:s}, s:o, s:O?}", "format", FORMAT, "report_id", facts->report_id,
                                 "profile", facts->profile, "evidence", "algorithm", "assay-merkle-1", "file", ASSAY_EVIDENCE_FILE, "path",
                                 ASSAY_EVIDENCE_PATH, "root", hex_of (facts->root), "numbers", (json_int_t) facts->n_numbers, "time", "utc", facts->utc,
                                 "basis", ASSAY_TIME_OPERATOR, "inputs", inputs_of (facts), "build", facts->build);
  json_t *document = json_pack ("{s:s, s:o, s:s, s:o}", "_type", STATEMENT_TYPE, "subject", subjects_of (bundle, facts->root), "predicateType",
                                PREDICATE_TYPE, "predicate", predicate);
  char *text = json_dumps (document, JSON_SORT_KEYS | JSON_INDENT (2)), *copy = g_strconcat (text, "\n", NULL);

  free (text);
  json_decref (document);
  return copy;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static gboolean
take_members (AssayStatement *self)
{
  const json_t *predicate = json_object_get (self->document, "predicate"), *evidence = json_object_get (predicate, "evidence");
  const json_t *time = json_object_get (predicate, "time"), *numbers = json_object_get (predicate, "numbers");

  self->utc = assay_json_get_text (time, "utc");
  self->basis = assay_json_get_text (time, "basis");
  self->report_id = assay_json_get_text (predicate, "report_id");
  self->profile = assay_json_get_text (predicate, "profile");
  self->n_numbers = json_integer_value (numbers);
  return strcmp (assay_json_get_text (self->document, "_type"), STATEMENT_TYPE) == 0
         && strcmp (assay_json_get_text (self->document, "predicateType"), PREDICATE_TYPE) == 0
         && strcmp (assay_json_get_text (predicate, "format"), FORMAT) == 0 && json_is_integer (numbers)
         && strcmp (assay_json_get_text (evidence, "algorithm"), "assay-merkle-1") == 0
         && strcmp (assay_json_get_text (evidence, "file"), ASSAY_EVIDENCE_FILE) == 0
         && strcmp (assay_json_get_text (evidence, "path"), ASSAY_EVIDENCE_PATH) == 0
         && assay_digest_from_hex (assay_json_get_text (evidence, "root"), &self->root);
}

AssayStatement *
assay_statement_parse (GBytes *text, const char *label, GError **error)
{
  g_autoptr (AssayStatement) self = g_new0 (AssayStatement, 1);

  self->document = json_loadb (g_bytes_get_data (text, NULL), g_bytes_get_size (text), JSON_REJECT_DUPLICATES, NULL);
  if (self->document != NULL && take_members (self))
    return g_steal_pointer (&self);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: an in-toto statement with a predicate \"" FORMAT "\" is expected", label);
  return NULL;
}

void
assay_statement_free (AssayStatement *self)
{
  if (self == NULL)
    return;
  json_decref (self->document);
  g_free (self);
}

const char *
assay_statement_get_subject (const AssayStatement *self, gsize k, AssayDigest *sha256)
{
  const json_t *subject = json_array_get (json_object_get (self->document, "subject"), k);
  const json_t *digest = json_object_get (subject, "digest");

  if (subject == NULL || !assay_digest_from_hex (assay_json_get_text (digest, "sha256"), sha256))
    return NULL;
  return assay_json_get_text (subject, "name");
}
