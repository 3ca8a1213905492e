/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strict.c: holds every claim of a document against the rules. */
#include "report/strict.h"

#include "base/json.h"

#include <string.h>

static void
refusal_free (gpointer data)
{
  AssayRefusal *refusal = data;

  g_free (refusal->where);
  g_free (refusal->text);
  g_free (refusal);
}

static void
refuse (GPtrArray *refusals, const char *rule, const char *where, const char *text)
{
  AssayRefusal *refusal = g_new0 (AssayRefusal, 1);

  refusal->rule = rule;
  refusal->where = g_strdup (where);
  refusal->text = g_strdup (text);
  g_ptr_array_add (refusals, refusal);
}

static gboolean
has (const AssayClaimCheck *check)
{
  return check->what != NULL && (check->value.table == NULL || assay_number_exists (&check->value));
}

static void
check_kind (GPtrArray *refusals, const AssayClaim *claim)
{
  switch (claim->kind)
    {
    case ASSAY_CLAIM_INFLUENCE:
      if (!has (&claim->validity))
        refuse (refusals, "influence-validity", claim->id, "scores of this model and method were never compared with retraining; run assay validate for it");
      if (claim->interval != NULL && !has (&claim->check))
        refuse (refusals, "influence-solve", claim->id, "the solve behind the score has no true residual");
      if (claim->stability == NULL)
        refuse (refusals, "stability", claim->id, "the ranking does not say how stable it is");
      break;
    case ASSAY_CLAIM_UNIT:
      if (!claim->is_description && !has (&claim->check))
        refuse (refusals, "unit-ablation", claim->id, "a claim about a unit needs an ablation with a control; run assay units with --ablate");
      break;
    case ASSAY_CLAIM_REASONING:
      if (!has (&claim->check))
        refuse (refusals, "reasoning-control", claim->id, "a claim about reasoning needs an intervention with a matched control; run assay cot");
      break;
    case ASSAY_CLAIM_DECISION:
      if (!has (&claim->validity))
        refuse (refusals, "decision-fidelity", claim->id, "an explanation of a decision needs a fidelity number; run assay explain");
      break;
    case ASSAY_CLAIM_PLAIN:
      break;
    }
}

static void
check_claim (GPtrArray *refusals, const AssayClaim *claim)
{
  const AssayClaimCheck *checks[] = { &claim->check, &claim->validity };
  gboolean has_value = claim->value.table != NULL && !claim->is_withheld && !claim->is_description;

  if (claim->is_withheld)
    return;
  check_kind (refusals, claim);
  if (has_value && !(assay_number_exists (&claim->lo) && assay_number_exists (&claim->hi)) && claim->reason == NULL
      && claim->strength != ASSAY_CLAIM_DECLARED)
    refuse (refusals, "interval", claim->id, "the number has no interval and does not say why");
  for (gsize k = 0; k < G_N_ELEMENTS (checks); k++)
    if (has_value && checks[k]->what != NULL && !checks[k]->passed)
      refuse (refusals, "check-passed", claim->id, "the value is printed although its check failed");
}

GPtrArray *
assay_strict_check (const AssayDocument *document)
{
  GPtrArray *refusals = g_ptr_array_new_with_free_func (refusal_free);
  g_autoptr (GPtrArray) claims = assay_document_list_claims (document);

  for (guint k = 0; k < document->warnings->len; k++)
    refuse (refusals, "first-page", "document", document->warnings->pdata[k]);
  for (guint k = 0; k < claims->len; k++)
    check_claim (refusals, claims->pdata[k]);
  return refusals;
}

/* --- a final report --------------------------------------------------------------------------------------------------- */

gboolean
assay_strict_has_drafts (const AssayDocument *document)
{
  gsize k;
  json_t *field;

  json_array_foreach (document->fields, k, field)
    if (json_is_true (json_object_get (field, "draft")))
      return TRUE;
  return FALSE;
}

void
assay_strict_add_final (GPtrArray *refusals, const AssayDocument *document)
{
  const json_t *approval = assay_document_find_field (document, "report.approved");
  gsize k;
  json_t *field;

  json_array_foreach (document->fields, k, field)
    if (json_is_true (json_object_get (field, "draft")))
      refuse (refusals, "draft-confirmed", assay_json_get_text (field, "id"),
              "the program drafted it and no person has confirmed it; assay coverage --form writes a file to confirm it in");
  if (strcmp (assay_json_get_text (approval, "state"), "declared") != 0)
    refuse (refusals, "approved", "report.approved", "nobody has stated who approved this report; state it with --fields");
  if (document->fingerprint == NULL)
    refuse (refusals, "signed", "document", "no key signs it; assay keygen makes one for --key");
}
