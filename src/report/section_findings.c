/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_findings.c: the claims that a person pinned, in that order, or all there are; each with its number, interval and check. */
#include "report/section.h"
#include "report/withheld.h"

#include <string.h>

static void
add_interval (AssayProse *cell, const AssayClaim *claim)
{
  if (!assay_number_exists (&claim->lo) || !assay_number_exists (&claim->hi))
    {
      assay_prose_add (cell, claim->reason ? claim->reason : "no interval");
      return;
    }
  assay_prose_add_number (cell, claim->lo);
  assay_prose_add (cell, " to ");
  assay_prose_add_number (cell, claim->hi);
  if (claim->interval != NULL)
    assay_prose_add_format (cell, " (%s)", claim->interval);
}

static void
add_check (AssayProse *cell, const AssayClaimCheck *check, const char *otherwise)
{
  if (check->what == NULL)
    {
      assay_prose_add (cell, otherwise);
      return;
    }
  assay_prose_add (cell, check->what);
  if (check->value.table != NULL)
    {
      assay_prose_add (cell, ": ");
      assay_prose_add_number (cell, check->value);
    }
  if (check->threshold != NULL)
    assay_prose_add_format (cell, "%s%s (%s)", check->value.table ? ", " : ": ", check->passed ? "passed" : "FAILED", check->threshold);
}

static void
add_value (AssayProse *cell, const AssayClaim *claim)
{
  if (claim->is_withheld)
    assay_prose_add_format (cell, "withheld: %s", claim->reason ? claim->reason : "its check failed");
  else if (claim->is_description || claim->value.table == NULL)
    assay_prose_add (cell, claim->is_description ? "a description: nothing was intervened on" : "no number");
  else
    {
      assay_prose_add_number (cell, claim->value);
      if (claim->unit != NULL && claim->unit[0] != '\0')
        assay_prose_add_format (cell, " %s", claim->unit);
    }
}

/* The sentence, with its numbers, then what the person said to it. */
static void
copy_sentence (AssayProse *cell, const AssayClaim *claim)
{
  for (guint k = 0; k < claim->sentence->spans->len; k++)
    {
      const AssaySpan *span = &g_array_index (claim->sentence->spans, AssaySpan, k);

      if (span->type == ASSAY_SPAN_NUMBER)
        assay_prose_add_number (cell, span->number);
      else if (span->type == ASSAY_SPAN_CODE)
        assay_prose_add_code (cell, span->text);
      else
        assay_prose_add (cell, span->text);
    }
}

static void
add_row (AssayBlock *table, const AssayClaim *claim, const AssayReportPin *pin)
{
  AssayProse *sentence = assay_prose_new (), *value = assay_prose_new (), *interval = assay_prose_new (), *check = assay_prose_new (),
            *validity = assay_prose_new ();

  copy_sentence (sentence, claim);
  assay_prose_add (sentence, " ");
  assay_prose_add_reference (sentence, claim->id, "Where it stands");
  if (pin != NULL && pin->note != NULL)
    assay_prose_add_format (sentence, " Note by %s: %s", pin->author ? pin->author : "an unnamed person", pin->note);
  add_value (value, claim);
  add_interval (interval, claim);
  add_check (check, &claim->check, "none");
  add_check (validity, &claim->validity, claim->kind == ASSAY_CLAIM_INFLUENCE ? "not validated" : "does not apply");
  assay_block_add_cell (table, sentence);
  assay_block_add_cell (table, value);
  assay_block_add_cell (table, interval);
  assay_block_add_cell (table, check);
  assay_block_add_cell (table, validity);
}

/* The case may have moved on since the person looked. */
static void
compare_with_pin (AssayReport *report, const AssayReportPin *pin, const AssayClaim *claim)
{
  g_autofree char *display = claim->value.table ? assay_number_dup_display (&claim->value) : NULL;

  if (pin->display != NULL && g_strcmp0 (pin->display, display) != 0)
    assay_document_add_warning (report->document, "The case changed after claim %s was pinned: it read %s then and reads %s now.", pin->claim, pin->display,
                                display ? display : "nothing");
}

static void
add_pinned (AssayReport *report, AssayBlock *table)
{
  for (guint k = 0; k < report->source->pins->len; k++)
    {
      const AssayReportPin *pin = report->source->pins->pdata[k];
      const AssayClaim *claim = assay_document_find_claim (report->document, pin->claim);

      if (claim == NULL && assay_report_is_unsaid (report, pin->claim))
        {
          assay_report_add_not_done (report, "a pinned finding", "it stands in a section that is not for this reader", NULL);
          continue;
        }
      if (claim == NULL)
        {
          assay_document_add_warning (report->document, "Claim %s was pinned, and the case no longer makes it: what it rested on is missing or superseded.",
                                      pin->claim);
          continue;
        }
      compare_with_pin (report, pin, claim);
      add_row (table, claim, pin);
    }
}

static gboolean
finish (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) claims = assay_document_list_claims (report->document);
  gboolean is_pinned = report->source->pins->len > 0;
  AssayProse *text = assay_prose_new (), *caption = assay_prose_new_plain (is_pinned ? "Pinned findings" : "Findings");
  AssayBlock *table;

  (void) error;
  if (claims->len == 0 && !is_pinned)
    {
      assay_prose_free (caption);
      assay_prose_add (text, "This case makes no claim yet: it holds no scores, audits or probes. What could be done is listed at the end.");
      assay_section_add_paragraph (section, text);
      return TRUE;
    }
  assay_prose_add (text, is_pinned ? "The findings that were chosen for this summary, in the order in which they were put."
                                  : "No finding was pinned, so all are listed, in the order of the sections.");
  assay_prose_add (text, " Every number is an element of the evidence that comes with this report, and has a proof of its own.");
  assay_section_add_paragraph (section, text);
  table = assay_section_begin_table (section, "findings/table", caption, "finding|value|interval|check|validity");
  if (is_pinned)
    add_pinned (report, table);
  for (guint k = 0; !is_pinned && k < claims->len; k++)
    add_row (table, claims->pdata[k], NULL);
  return TRUE;
}

ASSAY_SECTION_DEFINE (findings) = { .name = "findings", .title = "Summary of findings", .finish = finish };
