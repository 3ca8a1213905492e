/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-field_prose.c: what a field says in a report is cited numbers and plain texts, and no blank. */
#include "packs.h"

#include "report/field_prose.h"

#include <math.h>
#include <string.h>

static const AssayValueColumn columns[] = {
  { "split", "split", NULL, ASSAY_VALUE_TEXT }, { "examples", "examples", NULL, ASSAY_VALUE_COUNT }, { "loss", "loss", "nats", ASSAY_VALUE_NUMBER },
};

typedef struct {
  Packs packs;
  AssayDocument *document;
  AssayFieldSet *fields;
} Setting;

static void
set_up (Setting *setting, gconstpointer unused)
{
  packs_set_up (&setting->packs, unused);
  setting->document = assay_document_new ("fields", "internal");
  setting->fields = packs_fields (&setting->packs);
}

static void
tear_down (Setting *setting, gconstpointer unused)
{
  assay_field_set_free (setting->fields);
  assay_document_free (setting->document);
  packs_tear_down (&setting->packs, unused);
}

static AssayField *
find (const Setting *setting, const char *id)
{
  AssayField *field = assay_field_set_find (setting->fields, id);

  g_assert_nonnull (field);
  return field;
}

static void
assert_says (const Setting *setting, const AssayField *field, const char *expected, guint n_numbers)
{
  g_autoptr (AssayProse) prose = assay_field_write (field, setting->document);
  g_autofree char *plain = assay_prose_dup_plain (prose);
  guint numbers = 0;

  for (guint k = 0; k < prose->spans->len; k++)
    numbers += g_array_index (prose->spans, AssaySpan, k).type == ASSAY_SPAN_NUMBER;
  g_assert_cmpstr (plain, ==, expected);
  g_assert_cmpuint (numbers, ==, n_numbers);
}

static void
fill_rows (AssayField *field)
{
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  assay_field_add_text (field, "train");
  assay_field_add_count (field, 94);
  assay_field_add_number (field, 0.50471981);
  assay_field_add_text (field, "test");
  assay_field_add_missing (field, "nobody counted");
  assay_field_add_number (field, NAN);
}

static void
test_scalars (Setting *setting, gconstpointer unused)
{
  AssayField *field = find (setting, "model.size");
  const AssayResultTable *table;

  (void) unused;
  assay_field_set_count (field, ASSAY_FIELD_MEASURED, 1234567);
  assert_says (setting, field, "1,234,567 parameters", 1);
  table = assay_results_find_table (setting->document->results, "fields/model-size");
  g_assert_nonnull (table);
  g_assert_true (assay_field_tabulate (field, setting->document->results) == table);    /* said twice, kept once */
  assay_field_set_number (find (setting, "model.speed"), ASSAY_FIELD_MEASURED, 0.0123456);
  assert_says (setting, find (setting, "model.speed"), "0.01235 s", 1);
}

static void
test_words (Setting *setting, gconstpointer unused)
{
  AssayField *field = find (setting, "purpose.use");

  (void) unused;
  assert_says (setting, field, "not computed: it is to be stated by a person", 0);
  assay_field_withhold (field, "a contract");
  assert_says (setting, field, "withheld: a contract", 0);
  assay_field_set_text (field, ASSAY_FIELD_DECLARED, "<b>12</b>");
  assert_says (setting, field, "<b>12</b>", 0);
  g_assert_null (assay_field_tabulate (field, setting->document->results));
  g_assert_cmpuint (assay_results_get_n_tables (setting->document->results), ==, 0);
}

static void
test_rows (Setting *setting, gconstpointer unused)
{
  AssayField *field = find (setting, "model.size");
  AssaySection *section = assay_document_add_section (setting->document, "fields", "Fields");
  const AssayBlock *block;
  g_autofree char *gap = NULL;

  (void) unused;
  fill_rows (field);
  assert_says (setting, field,
               "train: examples 94, loss 0.5047 nats; test: examples not computed (nobody counted), loss not computed (the value is not a number)", 2);
  assay_field_add_rows (field, section, "fields/model.size");
  block = section->blocks->pdata[0];
  g_assert_cmpint (assay_block_get_n_rows (block), ==, 2);
  gap = assay_prose_dup_plain (assay_block_get_cell (block, 1, 1));
  g_assert_nonnull (strstr (gap, "nobody counted"));
}

static void
assert_rests_on (const AssayField *field, const char *expected)
{
  g_autofree char *evidence = assay_field_dup_evidence (field);

  g_assert_cmpstr (evidence, ==, expected);
}

static void
test_evidence (Setting *setting, gconstpointer unused)
{
  AssayField *field = find (setting, "data.origin");

  (void) unused;
  assay_field_set_text (field, ASSAY_FIELD_DERIVED, "a.csv");
  assay_field_add_evidence (field, "data/main", 3, NULL, NULL);
  assay_field_add_evidence (field, "data/main", 4, NULL, NULL);
  assay_field_add_evidence (field, "job/train/0f3a", 5, NULL, NULL);
  assert_rests_on (field, "data/main, job train 0f3a");
  assay_field_confirm (field, "B. Person", "2026-03-01T12:00:00Z");
  assert_rests_on (field, "data/main, job train 0f3a; confirmed by B. Person, 2026-03-01T12:00:00Z");
  field = find (setting, "purpose.use");
  assay_field_set_text (field, ASSAY_FIELD_DECLARED, "play");
  assay_field_set_author (field, "A. Person");
  assert_rests_on (field, "A. Person");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/field_prose/counts and numbers are cited, once, with their units", Setting, NULL, set_up, test_scalars, tear_down);
  g_test_add ("/field_prose/texts and reasons stand as they are", Setting, NULL, set_up, test_words, tear_down);
  g_test_add ("/field_prose/rows are cited cell by cell, and gaps say why", Setting, NULL, set_up, test_rows, tear_down);
  g_test_add ("/field_prose/a field names what it rests on, each thing once", Setting, NULL, set_up, test_evidence, tear_down);
  return g_test_run ();
}
