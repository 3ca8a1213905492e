/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_crosswalk.c: every item of the regimes: what is asked, which fields answer it, how far they are and what they rest on. */
#include "report/coverage.h"
#include "report/field_prose.h"
#include "report/section.h"

/* Where there is something, with what it rests on; where a person has yet to state it, the state of the item has said so. */
static void
add_state (AssayProse *text, const AssayField *field)
{
  g_autofree char *state = assay_field_describe_state (field), *evidence = assay_field_dup_evidence (field);

  if (assay_field_is_draft (field))
    assay_prose_add_format (text, ": draft, unconfirmed (%s)", evidence);
  else if (assay_field_is_filled (field))
    assay_prose_add_format (text, ": %s (%s)", state, evidence);
  else if (assay_coverage_of_field (field) == ASSAY_COVERAGE_PENDING)
    assay_prose_add (text, ": open");
  else
    assay_prose_add_format (text, ": %s", state);
}

static AssayProse *
write_fields (const AssayReport *report, const AssayRegimeItem *item)
{
  AssayProse *text = assay_prose_new ();

  for (char **id = item->fields; *id != NULL; id++)
    {
      const AssayField *field = assay_field_set_find (report->fields, *id);

      if (id != item->fields)
        assay_prose_add (text, "; ");
      if (field->type != ASSAY_VALUE_NONE || field->state == ASSAY_FIELD_NOT_APPLICABLE)
        assay_prose_add_reference (text, "fields/values", field->declaration->title);
      else
        assay_prose_add (text, field->declaration->title);
      add_state (text, field);
    }
  return text;
}

static void
add_crosswalk (const AssayReport *report, AssaySection *section, const AssayRegime *regime)
{
  static const char *const words[] = { "filled", "withheld", "draft", "not computed", "for a person" };
  g_autofree char *id = assay_regime_dup_path (regime, "items");
  AssayProse *caption = assay_prose_new_plain (regime->title);
  AssayBlock *block = assay_section_begin_table (section, id, caption, "item|what is asked|state|answered by");

  for (guint k = 0; k < regime->items->len; k++)
    {
      const AssayRegimeItem *item = regime->items->pdata[k];
      g_autofree char *name = g_strdup_printf ("%s%s", item->id, item->verified ? "" : " *");
      g_autofree char *asked = g_strdup_printf ("%s: %s", item->citation, item->text);
      g_autofree char *state = g_strdup_printf ("%s: %s", assay_field_class_words[item->klass],
                                                words[assay_coverage_of_item (item, report->fields, report->audience)]);

      assay_block_add_cell_plain (block, name);
      assay_block_add_cell_plain (block, asked);
      assay_block_add_cell_plain (block, state);
      assay_block_add_cell (block, write_fields (report, item));
    }
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  const GPtrArray *regimes;

  (void) error;
  if (report->regimes == NULL || report->fields == NULL)
    return TRUE;
  regimes = assay_regime_set_get_chosen (report->regimes);
  assay_section_add_paragraph (section, assay_prose_new_plain ("Each state follows the class of its item: A, computed by the program; S, drafted and for a person to "
                                                               "confirm; H, for a person to state. An item marked * : requirement text not verified. "
                                                               "A field that is \"open\" waits for a person."));
  for (guint k = 0; k < regimes->len; k++)
    add_crosswalk (report, section, regimes->pdata[k]);
  return TRUE;
}

ASSAY_SECTION_DEFINE (crosswalk) = { .name = "crosswalk", .title = "Regimes, item by item", .write = write_section };
