/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_proposals.c: a table of what can be done next. */
#include "gui/case_proposals.h"

#include "base/json.h"
#include "gui/provenance_walk.h"
#include "job/kind.h"
#include "job/spec.h"

#include <glib/gi18n.h>
#include <string.h>

static void
proposal_free (gpointer data)
{
  AssayProposal *proposal = data;

  g_free (proposal->what);
  g_free (proposal->why);
  g_free (proposal->command);
  g_free (proposal);
}

/* --- what is there ------------------------------------------------------------------------------------------------- */

static gboolean
has (const AssayCaseContents *contents, const char *kind)
{
  return assay_case_contents_find (contents, kind, NULL) != NULL;
}

static gboolean
has_job (const AssayCaseContents *contents, const char *kind)
{
  for (guint k = 0; k < contents->objects->len; k++)
    {
      const AssayObject *object = contents->objects->pdata[k];

      if (strcmp (object->kind, "job") == 0 && strcmp (assay_json_get_text (json_object_get (object->meta, "job"), "kind"), kind) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Whether a column of the newest data is of that type. */
static gboolean
has_column (const AssayCaseContents *contents, const char *type)
{
  const AssayObject *data = assay_case_contents_find (contents, "data", NULL);
  gsize k;
  json_t *column;

  if (data != NULL)
    json_array_foreach (json_object_get (data->meta, "columns"), k, column)
      if (strcmp (assay_json_get_text (column, "type"), type) == 0)
        return TRUE;
  return FALSE;
}

static gboolean
lacks_data (const AssayCaseContents *contents)
{
  return !has (contents, "data");
}

static gboolean
lacks_model (const AssayCaseContents *contents)
{
  return has (contents, "data") && !has (contents, "model");
}

static gboolean
lacks_scores (const AssayCaseContents *contents)
{
  return has (contents, "model") && !has (contents, "scores");
}

static gboolean
lacks_validation (const AssayCaseContents *contents)
{
  return has (contents, "scores") && !has (contents, "validation");
}

/* A regression has no units to look at. */
static gboolean
lacks_recording (const AssayCaseContents *contents)
{
  const AssayObject *model = assay_case_contents_find (contents, "model", NULL);

  return model != NULL && strcmp (assay_json_get_text (json_object_get (model->meta, "model"), "architecture"), "linear") != 0
         && !has (contents, "activations") && !has (contents, "summary");
}

static gboolean
lacks_units (const AssayCaseContents *contents)
{
  return (has (contents, "activations") || has (contents, "summary")) && !has (contents, "units");
}

static gboolean
lacks_verdicts (const AssayCaseContents *contents)
{
  return has_job (contents, "certify") && !has_job (contents, "cot");
}

/* A table with a target, not images and not text. */
static gboolean
is_tabular (const AssayCaseContents *contents)
{
  return has (contents, "model") && !has_column (contents, "tokens") && !has_column (contents, "image");
}

static gboolean
lacks_audit (const AssayCaseContents *contents)
{
  return is_tabular (contents) && !has_job (contents, "audit");
}

static gboolean
lacks_packets (const AssayCaseContents *contents)
{
  return is_tabular (contents) && !has_job (contents, "explain");
}

/* --- what the command needs to know -------------------------------------------------------------------------------- */

/* The method and the queries of the newest scores, so that those are what is held against retraining. Owns: the caller. */
static char *
ask_the_same (const AssayCaseContents *contents)
{
  const AssayObject *scores = assay_case_contents_find (contents, "scores", NULL), *job = scores ? assay_provenance_find_job (contents, scores) : NULL;
  const json_t *parameters = job ? json_object_get (json_object_get (job->meta, "job"), "parameters") : NULL, *queries = json_object_get (parameters, "query");
  const char *method = assay_json_get_text (parameters, "method");
  GString *arguments = g_string_new (NULL);
  gsize k;
  json_t *query;

  if (method[0] != '\0')
    g_string_append_printf (arguments, " --method %s", method);
  json_array_foreach (queries, k, query)
    {
      g_autofree char *word = assay_job_quote_word (json_is_string (query) ? json_string_value (query) : "");

      g_string_append_printf (arguments, " --query %s", word);
    }
  if (json_array_size (queries) == 0)
    g_string_append (arguments, " --query train:0");
  return g_string_free (arguments, FALSE);
}

/* --- the list ------------------------------------------------------------------------------------------------------ */

static const struct {
  const char *kind;             /* of the job */
  gboolean (*applies) (const AssayCaseContents *contents);
  const char *arguments;        /* behind the case; a form asks for the rest */
  char *(*make_arguments) (const AssayCaseContents *contents);  /* more of them, or NULL */
  const char *what, *why;
} entries[] = {
  { "import", lacks_data, " data FILE", NULL, N_("Data"), N_("Nothing can be trained, ranked or audited without data.") },
  { "train", lacks_model, " --model logistic", NULL, N_("A model"), N_("Influence, units and reports are about a model: train one, or import its weights.") },
  { "influence", lacks_scores, " --query train:0", NULL, N_("Influence scores"), N_("Which training examples caused a behaviour has not been asked.") },
  { "validate", lacks_validation, "", ask_the_same, N_("Influence held against retraining"),
    N_("How far the scores can be trusted is not measured: a report prints them as not validated.") },
  { "record", lacks_recording, " --taps \"*act*\"", NULL, N_("Recorded activations"), N_("What single units do cannot be looked at.") },
  { "units", lacks_units, "", NULL, N_("Units"), N_("Activations are recorded, but nobody has looked what each unit responds to.") },
  { "cot", lacks_verdicts, "", NULL, N_("Was the written reasoning used?"), N_("A certified model is here, but its chains have not been tried.") },
  { "audit", lacks_audit, "", NULL, N_("Performance by group"), N_("Error rates, calibration and their differences between groups are not measured.") },
  { "explain", lacks_packets, " --example train:0", NULL, N_("Single decisions explained"), N_("No person's decision has been taken apart yet.") },
};

GPtrArray *
assay_case_proposals_make (const AssayCaseContents *contents)
{
  GPtrArray *proposals = g_ptr_array_new_with_free_func (proposal_free);
  g_autofree char *quoted = assay_job_quote_word (contents->path);

  for (gsize k = 0; k < G_N_ELEMENTS (entries); k++)
    {
      g_autofree char *more = NULL;
      AssayProposal *proposal;

      if (assay_job_kind_find (entries[k].kind, NULL) == NULL || !entries[k].applies (contents))
        continue;
      more = entries[k].make_arguments ? entries[k].make_arguments (contents) : NULL;
      proposal = g_new0 (AssayProposal, 1);
      *proposal = (AssayProposal) { g_strdup (_(entries[k].what)), g_strdup (_(entries[k].why)),
                                    g_strdup_printf ("assay %s %s%s%s", entries[k].kind, quoted, entries[k].arguments, more ? more : "") };
      g_ptr_array_add (proposals, proposal);
    }
  return proposals;
}
