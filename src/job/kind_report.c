/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_report.c: what a case shows, as a bundle that a stranger can check: the report in several formats, its evidence, a proof of every number. */
#include "base/error.h"
#include "base/json.h"
#include "job/provenance.h"
#include "job/regime_choice.h"
#include "job/report_document.h"
#include "job/spec.h"
#include "report/seal.h"
#include "report/strict.h"
#include "report/writer.h"

#include <string.h>

static const AssayParam params[] = {
  { "profile", ASSAY_PARAM_CHOICE, .def.s = "regulator", .choices = assay_audience_words,
    .help = "who reads it: people of the data and restricted fields are shown to internal readers only" },
  { "format", ASSAY_PARAM_STRING, .def.s = "html,pdf,json", .metavar = "LIST",
    .help = "formats, separated by commas: html, pdf, json, csv, markdown, notebook; json is always written" },
  { "out", ASSAY_PARAM_STRING, .metavar = "DIR", .flags = ASSAY_PARAM_FILE | ASSAY_PARAM_WRITTEN, .short_name = 'o',
    .help = "directory of the bundle; an older bundle there is replaced (default: CASE-report)" },
  { "key", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "private key that signs it (assay keygen); without it the bundle is unsigned" },
  { "passphrase-file", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "file or pipe whose first line opens the key" },
  { "title", ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "title of the report (default: from the case's name)" },
  ASSAY_REGIME_PARAMS,
  { "strict", ASSAY_PARAM_BOOL, .help = "write nothing if a claim lacks what must stand beside it, and name what is refused" },
  { "final", ASSAY_PARAM_BOOL, .help = "as --strict, and also nothing while a draft is unconfirmed, nobody has approved the report, or no key signs it" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "a report of everything the case shows, for readers outside", "assay report people.assay --format html,json --out people-report" },
  { "the same, but nothing if a claim lacks its check", "assay report people.assay --strict --dry-run" },
  { "with what people state, for one regime", "assay report people.assay --regime sr-26-2 --fields people-fields.json --out people-report" },
  { NULL, NULL }
};

typedef struct {
  GPtrArray *writers;           /* const AssayWriter, report.json's among them */
  AssaySigningKey *key;         /* NULL: unsigned */
  AssayRegimeSet *regimes;
  char *out;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  g_clear_pointer (&state->writers, g_ptr_array_unref);
  assay_signing_key_free (state->key);
  assay_regime_set_free (state->regimes);
  g_free (state->out);
  g_free (state);
}

static gboolean
add_writer (GPtrArray *writers, const char *name, GError **error)
{
  const AssayWriter *writer = assay_writer_find (name, error);

  if (writer == NULL)
    return FALSE;
  if (!g_ptr_array_find (writers, writer, NULL))
    g_ptr_array_add (writers, (gpointer) writer);
  return TRUE;
}

static gboolean
choose_writers (State *state, const AssayValues *values, GError **error)
{
  g_auto (GStrv) names = g_strsplit (assay_values_get_string (values, "format"), ",", -1);

  state->writers = g_ptr_array_new ();
  for (char **name = names; *name != NULL; name++)
    if (!add_writer (state->writers, g_strstrip (*name), error))
      return FALSE;
  return add_writer (state->writers, "json", error);
}

static gboolean
load_key (State *state, const AssayValues *values, GError **error)
{
  const char *file = assay_values_get_string (values, "key"), *words = assay_values_get_string (values, "passphrase-file");
  char *passphrase = NULL;

  if (file == NULL)
    return TRUE;
  if (words != NULL && (passphrase = assay_passphrase_read (words, error)) == NULL)
    return FALSE;
  state->key = assay_signing_key_load (file, passphrase, error);
  assay_passphrase_free (passphrase);
  return state->key != NULL;
}

static char *
choose_directory (AssayCase *cas, const AssayValues *values)
{
  g_autofree char *base = g_path_get_basename (assay_case_get_path (cas));

  if (assay_values_get_string (values, "out") != NULL)
    return g_strdup (assay_values_get_string (values, "out"));
  if (g_str_has_suffix (base, ".assay"))
    base[strlen (base) - strlen (".assay")] = '\0';
  return g_strconcat (base, "-report", NULL);
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  state->out = choose_directory (context->cas, values);
  state->regimes = assay_regime_choice_read (values, error);
  return state->regimes != NULL && choose_writers (state, values, error) && load_key (state, values, error);
}

/* --- what goes into the bundle --------------------------------------------------------------------------------------- */

static void
collect_number (const AssayNumber *number, gpointer data)
{
  g_array_append_val ((GArray *) data, *number);
}

/* Models and data of the case, by their names and content roots. */
static GArray *
list_inputs (AssayCase *cas, const AssayDocument *document, GPtrArray *objects)
{
  static const char *const kinds[] = { "data", "model" }, *const identities[] = { "data.identity", "model.identity" };
  GArray *inputs = g_array_new (FALSE, FALSE, sizeof (AssayStatementInput));

  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (GPtrArray) found = assay_case_list (cas, kinds[k], NULL);

      const char *state = assay_json_get_text (assay_document_find_field (document, identities[k]), "state");
      gboolean is_withheld = strcmp (state, assay_field_state_words[ASSAY_FIELD_WITHHELD]) == 0;

      for (guint i = 0; i < found->len && !is_withheld; i++)
        {
          AssayObject *object = found->pdata[i];
          AssayStatementInput input = { .role = object->kind, .name = object->name, .content_root = object->parts[0]->content_root };

          g_array_append_val (inputs, input);
          g_ptr_array_add (objects, assay_object_ref (object));
        }
    }
  return inputs;
}

static gboolean
add_renderings (AssayBundle *bundle, const State *state, const AssayDocument *document, AssayJobContext *context, GError **error)
{
  g_autoptr (GPtrArray) files = assay_written_files_new ();

  for (guint k = 0; k < state->writers->len; k++)
    {
      const AssayWriter *writer = state->writers->pdata[k];

      if (assay_progress_is_cancelled (context->progress, error))
        return FALSE;
      assay_progress_report (context->progress, "write the formats", k, state->writers->len, "formats", writer->name);
      if (!writer->write (document, files, error))
        return FALSE;
    }
  for (guint k = 0; k < files->len; k++)
    {
      const AssayWrittenFile *file = files->pdata[k];

      if (!assay_bundle_add (bundle, file->path, file->bytes, error))
        return FALSE;
    }
  return TRUE;
}

/* The packs go with the report, which is read with them for ever. */
static gboolean
add_packs (AssayBundle *bundle, const State *state, GError **error)
{
  const GPtrArray *chosen = assay_regime_set_get_chosen (state->regimes);

  for (guint k = 0; k < chosen->len; k++)
    {
      const AssayRegime *regime = chosen->pdata[k];
      g_autofree char *path = g_strconcat ("regimes/", regime->file, NULL);

      if (!assay_bundle_add (bundle, path, regime->bytes, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
seal (AssayBundle *bundle, const State *state, const AssayDocument *document, AssayEvidence *evidence, AssayJobContext *context, gsize *n_numbers,
      GError **error)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (AssayNumber)), inputs = NULL;
  g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_object_unref);
  json_t *build = assay_provenance_build ();
  gboolean ok;

  assay_document_foreach_number (document, collect_number, numbers);
  inputs = list_inputs (context->cas, document, objects);
  assay_progress_report (context->progress, "prove the numbers", 0, numbers->len, "numbers", NULL);
  ok = assay_bundle_seal (bundle, &(AssaySealInfo) { .evidence = evidence, .numbers = (const AssayNumber *) numbers->data, .n_numbers = numbers->len,
                                                     .report_id = document->report_id, .profile = document->profile, .utc = document->created_utc,
                                                     .build = build, .inputs = (const AssayStatementInput *) inputs->data, .n_inputs = inputs->len,
                                                     .key = state->key }, error);
  json_decref (build);
  *n_numbers = numbers->len;
  return ok;
}

/* --- running --------------------------------------------------------------------------------------------------------- */

static json_t *
refusals_to_json (const GPtrArray *refusals)
{
  json_t *list = json_array ();

  for (guint k = 0; k < refusals->len; k++)
    {
      const AssayRefusal *refusal = refusals->pdata[k];

      json_array_append_new (list, json_pack ("{s:s, s:s, s:s}", "rule", refusal->rule, "where", refusal->where, "text", refusal->text));
    }
  return list;
}

static json_t *
describe (const State *state, const AssayDocument *document, const AssayBundle *bundle, gsize n_numbers)
{
  g_autoptr (GPtrArray) claims = assay_document_list_claims (document);
  json_t *files = json_array (), *warnings = json_array ();

  for (guint k = 0; bundle != NULL && k < assay_bundle_get_n (bundle); k++)
    json_array_append_new (files, json_string (assay_bundle_get_path (bundle, k)));
  for (guint k = 0; k < document->warnings->len; k++)
    json_array_append_new (warnings, json_string (document->warnings->pdata[k]));
  return json_pack ("{s:s?, s:s, s:s?, s:s, s:s, s:o, s:o, s:I, s:I, s:s?, s:b, s:s?}", "out", bundle ? state->out : NULL, "title", document->title, "status", document->status, "profile",
                    document->profile, "report_id", document->report_id, "files", files, "warnings", warnings, "claims", (json_int_t) claims->len, "numbers",
                    (json_int_t) n_numbers, "evidence_root", document->evidence_root, "signed", bundle != NULL && state->key != NULL, "fingerprint",
                    document->fingerprint);
}

static json_t *
refuse (const State *state, const AssayDocument *document, const GPtrArray *refusals)
{
  json_t *answer = describe (state, document, NULL, 0);
  g_autofree char *finding = g_strdup_printf ("nothing was written: %u refused", refusals->len);

  json_object_set_new (answer, "refused", refusals_to_json (refusals));
  json_object_set_new (answer, ASSAY_JOB_FINDING, json_string (finding));
  return answer;
}

/* Draft or final, in words, for the first page. */
static char *
describe_status (const AssayDocument *document, gboolean is_final)
{
  const char *end = document->fingerprint ? "to be signed by the key below" : "unsigned";

  if (is_final)
    return g_strdup_printf ("final: every claim has what must stand beside it, every draft is confirmed, a person has approved it; %s", end);
  return g_strdup_printf ("%s; %s", assay_strict_has_drafts (document) ? "not final: it holds drafts of the program that no person has confirmed"
                                                                      : "not final: it was not held to the rules of a final report", end);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const State *state = context->state;
  AssayReportRequest request = { .title = assay_values_get_string (values, "title"), .audience = assay_regime_choice_get_audience (values),
                                 .regimes = state->regimes, .model = assay_values_get_string (values, "model-name"),
                                 .fields = assay_values_get_string (values, "fields") };
  g_autoptr (AssayDocument) document = NULL;
  g_autoptr (AssayEvidence) evidence = NULL;
  g_autoptr (AssayBundle) bundle = assay_bundle_new ();
  gboolean is_final = assay_values_get_bool (values, "final");
  gsize n_numbers = 0;

  document = assay_report_document_make (context, &request, error);
  if (document == NULL)
    return NULL;
  document->fingerprint = state->key ? g_strdup (assay_signing_key_get_fingerprint (state->key)) : NULL;
  document->status = describe_status (document, is_final);
  if (is_final || assay_values_get_bool (values, "strict"))
    {
      g_autoptr (GPtrArray) refusals = assay_strict_check (document);

      if (is_final)
        assay_strict_add_final (refusals, document);
      if (refusals->len > 0)
        return refuse (state, document, refusals);
    }
  evidence = assay_evidence_new (document->results, document->created_utc, error);
  if (evidence == NULL)
    return NULL;
  document->evidence_root = g_strdup (assay_evidence_get_root (evidence));
  document->results_sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, assay_evidence_get_file (evidence));
  if (!add_renderings (bundle, state, document, context, error) || !add_packs (bundle, state, error)
      || !seal (bundle, state, document, evidence, context, &n_numbers, error)
      || !assay_bundle_write (bundle, state->out, error))
    return NULL;
  return describe (state, document, bundle, n_numbers);
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *refused = json_object_get (document, "refused");
  const char *out = json_string_value (json_object_get (document, "out"));
  g_autofree char *quoted = out ? assay_job_quote_word (out) : NULL;
  gsize k;
  json_t *entry;

  json_array_foreach (json_object_get (document, "warnings"), k, entry)
    assay_view_add_text (view, "warning: %s", json_string_value (entry));
  json_array_foreach (refused, k, entry)
    assay_view_add_text (view, "refused (%s) %s: %s", json_string_value (json_object_get (entry, "rule")), json_string_value (json_object_get (entry, "where")),
                         json_string_value (json_object_get (entry, "text")));
  if (out == NULL)
    return;
  assay_view_add_field (view, "report", "%s", out);
  assay_view_add_field (view, "status", "%s", json_string_value (json_object_get (document, "status")));
  assay_view_add_field (view, "for", "%s", json_string_value (json_object_get (document, "profile")));
  assay_view_add_field (view, "claims", "%d", (int) json_integer_value (json_object_get (document, "claims")));
  assay_view_add_field (view, "numbers", "%d, each with a proof", (int) json_integer_value (json_object_get (document, "numbers")));
  assay_view_add_field (view, "evidence root", "%s", json_string_value (json_object_get (document, "evidence_root")));
  if (json_is_true (json_object_get (document, "signed")))
    assay_view_add_field (view, "signed by key", "%s", json_string_value (json_object_get (document, "fingerprint")));
  else
    assay_view_add_field (view, "signed", "no; assay sign %s --key FILE would", quoted);
  assay_view_add_text (view, "Check it, here or at the reader's: assay verify %s", quoted);
}

ASSAY_JOB_KIND_DEFINE (report) = {
  .name = "report", .group = ASSAY_JOB_GROUP_REPORT, .help = "write what the case shows as a report with evidence that a stranger can verify",
  .description = "Every section reads what the case's jobs found and makes claims: a sentence with its number, interval and check. What was not done, "
                 "failed its check or is withheld is listed, never left out in silence. The directory holds the report in the chosen formats, the numbers "
                 "it prints as HDF5 (evidence/results.h5), a proof of each of them (proofs.jsonl), digests of all files and, with --key, a "
                 "signature. The same case gives the same bytes, signatures apart.\n\n"
                 "The profile says who reads it. Outside the profile internal, people of the data appear as pseudonyms that only the holder of the case "
                 "can resolve.\n\n"
                 "With --strict nothing is written, and the exit status is 1, when a claim lacks what must stand beside it. With --final the same, and also "
                 "while a field that the program drafted is unconfirmed, while no person has stated report.approved, or without --key.",
  .examples = examples, .access = ASSAY_JOB_READS_CASE, .params = params, .resolve = resolve, .run = run, .view = view,
};
