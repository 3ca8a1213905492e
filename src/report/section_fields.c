/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_fields.c: what is stated about the model, field by field: by the program with evidence, by people with their names. */
#include "report/field_prose.h"
#include "report/section.h"

#include <string.h>

#define SHORT_ROWS 12           /* that are told in words, */
#define SHORT_BYTES 200         /* in so many of them */

/* Those that wait for a person and those that are withheld stand in the regimes' tables, with their reasons. */
static gboolean
is_shown (const AssayField *field)
{
  return field->type != ASSAY_VALUE_NONE || field->state == ASSAY_FIELD_NOT_APPLICABLE;
}

/* Long ones have a table of their own. */
static gboolean
has_table (const AssayField *field)
{
  g_autofree char *line = field->type == ASSAY_VALUE_ROWS ? assay_field_dup_display (field, 4) : NULL;

  return line != NULL && (strlen (line) > SHORT_BYTES || assay_field_get_n_rows (field) > SHORT_ROWS);
}

static void
add_value_cell (const AssayReport *report, const AssayField *field, AssayBlock *block)
{
  if (has_table (field))
    {
      g_autofree char *id = g_strconcat ("fields/", field->declaration->id, NULL);
      AssayProse *cell = assay_prose_new ();

      assay_prose_add_reference (cell, id, "table below");
      assay_block_add_cell (block, cell);
    }
  else if (field->type == ASSAY_VALUE_NONE)
    assay_block_add_cell_plain (block, field->reason);
  else
    assay_block_add_cell (block, assay_field_write (field, report->document));
}

static void
add_table (const AssayReport *report, AssaySection *section)
{
  AssayBlock *block = assay_section_begin_table (section, "fields/values", assay_prose_new_plain ("Fields with a value, and those that do not apply"),
                                                 "field|value|state, and what it rests on");

  for (guint k = 0; k < assay_field_set_get_n (report->fields); k++)
    {
      const AssayField *field = assay_field_set_get (report->fields, k);
      g_autofree char *evidence = assay_field_dup_evidence (field), *state = NULL;
      const char *word = assay_field_is_draft (field) ? "draft, unconfirmed"
                         : field->state == ASSAY_FIELD_NOT_APPLICABLE ? "not applicable" : assay_field_state_words[field->state];

      if (!is_shown (field))
        continue;
      state = g_strdup_printf ("%s: %s (%s)", assay_field_class_words[field->declaration->klass], word, evidence);
      assay_block_add_cell_plain (block, field->declaration->title);
      add_value_cell (report, field, block);
      assay_block_add_cell_plain (block, state);
    }
}

static void
add_rows (const AssayReport *report, AssaySection *section)
{
  for (guint k = 0; k < assay_field_set_get_n (report->fields); k++)
    {
      const AssayField *field = assay_field_set_get (report->fields, k);
      g_autofree char *id = g_strconcat ("fields/", field->declaration->id, NULL);

      if (has_table (field))
        assay_field_add_rows (field, section, id);
    }
}

/* What the program could know and does not, and what this reader could be told and is not, stand by name among what was not done. */
static void
list_missing (AssayReport *report)
{
  for (guint k = 0; k < assay_field_set_get_n (report->fields); k++)
    {
      const AssayField *field = assay_field_set_get (report->fields, k);
      gboolean is_unknown = field->state == ASSAY_FIELD_NOT_COMPUTED && field->declaration->klass == ASSAY_FIELD_AUTOMATIC;
      gboolean is_kept = field->state == ASSAY_FIELD_WITHHELD && (field->declaration->audience & 1u << report->audience) != 0;
      g_autofree char *why = is_kept ? g_strdup_printf ("withheld: %s", field->reason) : g_strdup (field->reason);

      if (is_unknown || is_kept)
        assay_report_add_not_done (report, field->declaration->title, why, NULL);
    }
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  (void) error;
  if (report->fields == NULL)
    return TRUE;
  assay_section_add_paragraph (section, assay_prose_new_plain ("A field is measured, derived or declared, or it says why it is not. Class A: computed by the program "
                                                               "from the case. Class S: drafted by the program; it stands when a named person has "
                                                               "confirmed it. Class H: stated by a person."));
  add_table (report, section);
  add_rows (report, section);
  list_missing (report);
  return TRUE;
}

ASSAY_SECTION_DEFINE (fields) = { .name = "fields", .title = "What is stated about the model", .write = write_section };
