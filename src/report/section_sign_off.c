/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_sign_off.c: who answers for the report: roles that people state, each with who says so. The program signs nobody off. */
#include "report/field_prose.h"
#include "report/section.h"

/* Fields of the catalogue; one that a catalogue does not declare has no row. */
static const char *const roles[] = { "report.prepared", "report.reviewed", "report.approved", "governance.sign_off" };

static void
add_role (const AssayField *field, const AssayDocument *document, AssayBlock *block)
{
  g_autofree char *evidence = assay_field_dup_evidence (field);

  assay_block_add_cell_plain (block, field->declaration->title);
  assay_block_add_cell (block, field->state == ASSAY_FIELD_NOT_COMPUTED ? assay_prose_new_plain (field->reason) : assay_field_write (field, document));
  assay_block_add_cell_plain (block, field->type == ASSAY_VALUE_NONE && field->author == NULL ? "nobody yet" : evidence);
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  AssayBlock *block = NULL;

  (void) error;
  if (report->fields == NULL)
    return TRUE;
  for (guint k = 0; k < G_N_ELEMENTS (roles); k++)
    {
      const AssayField *field = assay_field_set_find (report->fields, roles[k]);

      if (field == NULL)
        continue;
      if (block == NULL)
        {
          assay_section_add_paragraph (section, assay_prose_new_plain ("Roles are stated by people and not checked by the program. A signature over the files says which "
                                                                       "key sealed them: compare its fingerprint with one that you have from elsewhere."));
          block = assay_section_begin_table (section, "sign-off/roles", assay_prose_new_plain ("Roles"), "role|who and when|stated by");
        }
      add_role (field, report->document, block);
    }
  return TRUE;
}

ASSAY_SECTION_DEFINE (sign_off) = { .name = "sign-off", .title = "Sign-off", .write = write_section };
