/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_pin.c: from scores to the claim that rests on them. */
#include "gui/influence_pin.h"

#include "base/error.h"
#include "gui/report_draft.h"
#include "hessian/solver.h"
#include "job/pins.h"
#include "store/reader.h"

#include <glib/gi18n.h>
#include <string.h>

/* Queries before this one whose solve gave scores: those that did not make no claim. */
static gboolean
count_claims_before (AssayCase *cas, const AssayInfluenceQuestion *question, gint64 *n, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "scores", question->scores, error);

  *n = question->query;
  if (reader == NULL)
    return FALSE;
  if (!assay_reader_has (reader, "/scores/solver/reason"))
    return TRUE;
  for (gint64 query = 0; query < question->query; query++)
    {
      gint64 reason, one = 1;

      if (!assay_reader_read_box (reader, "/scores/solver/reason", &query, &one, ASSAY_STORE_I64, &reason, error))
        return FALSE;
      if (!assay_solve_has_converged (reason))
        (*n)--;
    }
  return TRUE;
}

/* An AssayReadFunc of a question: the id of its claim, which is not pinned yet. */
static gpointer
find_claim (AssayCase *cas, gconstpointer data, GCancellable *cancellable, GError **error)
{
  const AssayInfluenceQuestion *question = data;
  g_autofree char *object = g_strconcat ("scores/", question->scores, NULL);
  g_autoptr (AssayReportDraft) draft = NULL;
  g_autoptr (GPtrArray) claims = NULL;
  gint64 n;

  if (!count_claims_before (cas, question, &n, error) || (draft = assay_report_draft_read (cas, NULL, cancellable, error)) == NULL)
    return NULL;
  claims = assay_document_list_claims (draft->document);
  for (guint k = 0; k < claims->len; k++)
    {
      const AssayClaim *claim = claims->pdata[k];

      if (claim->kind != ASSAY_CLAIM_INFLUENCE || g_strcmp0 (claim->object, object) != 0 || n-- != 0)
        continue;
      if (assay_pins_find (draft->pins, claim->id) < 0)
        return g_strdup (claim->id);
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, _("It is in the summary already"));   /* an undo would take out what somebody put in before */
      return NULL;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, _("%s: the report makes no claim of these scores; ask again to have them current"), object);
  return NULL;
}

static void
on_claim (GObject *reader, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayPage) page = data;
  g_autoptr (GError) fault = NULL;
  g_autofree char *claim = assay_case_reader_finish (ASSAY_CASE_READER (reader), result, &fault), *undo = NULL;

  if (claim == NULL)
    {
      assay_page_tell (page, "%s", fault->message);
      return;
    }
  undo = g_action_print_detailed_name ("win.unpin", g_variant_new_string (claim));
  gtk_widget_activate_action (GTK_WIDGET (page), "win.pin", "s", claim);
  gtk_widget_activate_action (GTK_WIDGET (page), "win.tell-undo", "(sss)", _("Pinned to the summary"), _("_Undo"), undo);
}

void
assay_influence_pin (AssayPage *page, AssayInfluenceQuestion *question)
{
  AssayCaseReader *reader = assay_page_get_reader (page);

  if (reader != NULL)
    assay_case_reader_ask (reader, find_claim, assay_influence_question_ref (question), (GDestroyNotify) assay_influence_question_unref, g_free, NULL,
                           on_claim, g_object_ref (page));
}
