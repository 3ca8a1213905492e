/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_outside_score.c: scores that were not made here: columns of the data that an outside model left, held against what came. It says so
 * before anything else, so that none is taken for a model of the case. */
#include "report/audit_groups.h"
#include "report/audit_measures.h"

#include "base/json.h"

static void
write_audit (AssayReport *report, AssaySection *section, const AssayReportAnswer *answer, const char *id)
{
  const AssayAuditTelling telling = { report, section, answer, id };
  const json_t *score = json_object_get (answer->document, "score");
  AssayProse *warning = assay_prose_new_plain (assay_json_get_text (answer->document, "statement"));
  g_autofree char *heading = g_strconcat ("Outside score ", assay_json_get_text (score, "expression"), NULL);

  assay_prose_add (warning, " Training, influence and explanations elsewhere in this report are of models of the case, and do not say how this score was made.");
  assay_section_add_heading (section, heading);
  assay_section_add_callout (section, ASSAY_CALLOUT_WARNING, warning);
  assay_audit_tell_rows (&telling);
  assay_audit_tell_measures (&telling);
  assay_audit_tell_groups (&telling);
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) audits = assay_audit_list (report, FALSE);

  (void) error;
  for (guint k = 0; k < audits->len; k++)
    {
      g_autofree char *id = g_strdup_printf ("outside-score/%u", k + 1);

      write_audit (report, section, audits->pdata[k], id);
    }
  return TRUE;
}

ASSAY_SECTION_DEFINE (outside_score) = { .name = "outside-score", .title = "Outside score (not a model of this case)", .write = write_section };
