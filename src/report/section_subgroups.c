/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_subgroups.c: for whom the case's models err and whom they select: exact counts, rates, impact ratios. */
#include "report/audit_groups.h"

#include "base/json.h"

static gboolean
write_audit (AssayReport *report, AssaySection *section, const AssayReportAnswer *answer, const char *id)
{
  const AssayAuditTelling telling = { report, section, answer, id };
  const json_t *first = json_array_get (json_object_get (answer->document, "parts"), 0);
  AssayProse *text;

  if (json_array_size (json_object_get (first, "groupings")) == 0)
    return FALSE;
  text = assay_prose_new_plain (assay_json_get_text (answer->document, "statement"));
  assay_prose_add_format (text, " Selected means: %s. Groups that hold too few are marked and never the one that others are compared with; who belongs to no known "
                          "group is counted apart. Each interval stands alone: of many, some miss their truth by chance.",
                          assay_json_get_text (answer->document, "selected_means"));
  assay_section_add_paragraph (section, text);
  return assay_audit_tell_groups (&telling);
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) audits = assay_audit_list (report, TRUE);
  gboolean any = FALSE;

  (void) error;
  for (guint k = 0; k < audits->len; k++)
    {
      g_autofree char *id = g_strdup_printf ("subgroups/%u", k + 1);

      any = write_audit (report, section, audits->pdata[k], id) || any;
    }
  if (audits->len > 0 && !any)
    assay_report_add_not_done (report, "errors and selection by group", "no audit of a model names groups", "assay audit CASE --group COLUMN");
  return TRUE;
}

ASSAY_SECTION_DEFINE (subgroups) = {
  .name = "subgroups", .title = "Subgroups and impact ratios", .tells = "evaluation.metrics", .write = write_section
};
