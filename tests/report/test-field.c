/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-field.c: a field is never blank, whatever it is given. */
#include "packs.h"

#include "report/coverage.h"

#include <math.h>
#include <string.h>

static const AssayValueColumn columns[] = {
  { "split", "split", NULL, ASSAY_VALUE_TEXT }, { "examples", "examples", NULL, ASSAY_VALUE_COUNT }, { "loss", "loss", "nats", ASSAY_VALUE_NUMBER },
};

static void
assert_display (const AssayField *field, const char *expected)
{
  g_autofree char *display = assay_field_dup_display (field, 4);

  g_assert_cmpstr (display, ==, expected);
}

static void
test_begins_with_reason (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = packs_fields (packs);

  (void) unused;
  for (guint k = 0; k < assay_field_set_get_n (set); k++)
    {
      const AssayField *field = assay_field_set_get (set, k);

      g_assert_cmpint (field->state, ==, ASSAY_FIELD_NOT_COMPUTED);
      g_assert_nonnull (field->reason);
      g_assert_false (assay_field_is_filled (field));
    }
}

static void
test_values (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = packs_fields (packs);
  AssayField *field = assay_field_set_find (set, "model.size");

  (void) unused;
  assay_field_set_count (field, ASSAY_FIELD_MEASURED, 770);
  assert_display (field, "770 parameters");
  assay_field_set_number (field, ASSAY_FIELD_DERIVED, 1e12);
  assert_display (field, "1e+12 parameters");
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  assay_field_add_text (field, "train");
  assay_field_add_count (field, 94);
  assay_field_add_number (field, 0.50471981);
  assay_field_add_text (field, "test");
  assay_field_add_count (field, 23);
  assay_field_add_number (field, NAN);
  g_assert_cmpint (assay_field_get_n_rows (field), ==, 2);
  assert_display (field, "train: examples 94, loss 0.5047 nats; test: examples 23, loss not computed (the value is not a number)");
  g_assert_true (assay_field_is_filled (field));
}

static void
test_not_finite (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = packs_fields (packs);
  AssayField *field = assay_field_set_find (set, "model.speed");
  json_t *record;

  (void) unused;
  assay_field_set_number (field, ASSAY_FIELD_MEASURED, NAN);
  assert_display (field, "not computed: the value is not a number");
  assay_field_set_number (field, ASSAY_FIELD_MEASURED, INFINITY);
  assert_display (field, "not computed: the value is infinite");
  record = assay_field_to_json (field);
  g_assert_true (json_is_null (json_object_get (record, "value")));
  g_assert_cmpstr (json_string_value (json_object_get (record, "state")), ==, "not-computed");
  json_decref (record);
}

static void
test_draft (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = packs_fields (packs);
  AssayField *field = assay_field_set_find (set, "data.origin");
  g_autofree char *before = NULL, *after = NULL;

  (void) unused;
  assay_field_set_text (field, ASSAY_FIELD_DERIVED, "read from a.csv");
  before = assay_field_describe_state (field);
  g_assert_cmpstr (before, ==, "draft, unconfirmed (derived)");
  g_assert_cmpuint (assay_field_set_count_drafts (set), ==, 1);
  assay_field_confirm (field, "A. Person", "2026-03-01T12:00:00Z");
  after = assay_field_describe_state (field);
  g_assert_cmpstr (after, ==, "derived");
  g_assert_cmpuint (assay_field_set_count_drafts (set), ==, 0);
  assay_field_set_not_applicable (assay_field_set_find (set, "model.speed"), "it does not run");
  g_assert_cmpuint (assay_field_set_count_drafts (set), ==, 0);   /* of class A */
}

/* What is withheld is gone: neither value nor evidence nor method is in the record. */
static void
test_withheld (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = packs_fields (packs);
  AssayField *field = assay_field_set_find (set, "purpose.picture");
  json_t *record;
  char *text;

  (void) unused;
  assay_field_set_text (field, ASSAY_FIELD_DECLARED, "the secret");
  assay_field_set_author (field, "A. Person");
  assay_field_set_method (field, "secretly", 1);
  assay_field_add_evidence_file (field, "secret.png", "secret");
  assay_field_set_narrow (set, ASSAY_AUDIENCE_REGULATOR);
  g_assert_cmpint (field->state, ==, ASSAY_FIELD_DECLARED);
  assay_field_set_narrow (set, ASSAY_AUDIENCE_PUBLIC);
  g_assert_cmpint (field->state, ==, ASSAY_FIELD_WITHHELD);
  record = assay_field_to_json (field);
  text = json_dumps (record, 0);
  g_assert_null (strstr (text, "secret"));
  g_assert_null (strstr (text, "Person"));
  g_assert_nonnull (strstr (text, "not for the audience"));
  free (text);
  json_decref (record);
}

static void
test_hostile_text (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = packs_fields (packs);
  AssayField *field = assay_field_set_find (set, "purpose.use");
  json_t *record;

  (void) unused;
  assay_field_set_text (field, ASSAY_FIELD_DERIVED, "<b>=1+1\xff\x1b[31m");
  record = assay_field_to_json (field);
  g_assert_nonnull (record);
  g_assert_cmpstr (json_string_value (json_object_get (record, "value")), ==, "<b>=1+1\xef\xbf\xbd\x1b[31m");
  json_decref (record);
}

/* --- coverage -------------------------------------------------------------------------------------------------------- */

static AssayCoverageCount
count (const Packs *packs, const AssayFieldSet *fields, AssayAudience audience, AssayFieldClass klass)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayRegimeSet) set = assay_regime_set_read (packs->folder, &error);

  g_assert_no_error (error);
  return assay_coverage_count (assay_regime_set_get (set, 0), fields, audience, klass);
}

static void
assert_count (AssayCoverageCount c, gint64 filled, gint64 withheld, gint64 draft, gint64 not_computed, gint64 pending)
{
  gint64 sum = 0;

  g_assert_cmpint (c.count[ASSAY_COVERAGE_FILLED], ==, filled);
  g_assert_cmpint (c.count[ASSAY_COVERAGE_WITHHELD], ==, withheld);
  g_assert_cmpint (c.count[ASSAY_COVERAGE_DRAFT], ==, draft);
  g_assert_cmpint (c.count[ASSAY_COVERAGE_NOT_COMPUTED], ==, not_computed);
  g_assert_cmpint (c.count[ASSAY_COVERAGE_PENDING], ==, pending);
  for (guint k = 0; k < ASSAY_N_COVERAGES; k++)
    sum += c.count[k];
  g_assert_cmpint (sum, ==, c.items);
}

static void
test_coverage (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) fields = packs_fields (packs);

  (void) unused;
  assert_count (count (packs, fields, ASSAY_AUDIENCE_INTERNAL, ASSAY_FIELD_N_CLASSES), 0, 0, 0, 1, 3);
  assay_field_set_count (assay_field_set_find (fields, "model.size"), ASSAY_FIELD_MEASURED, 3);
  assert_count (count (packs, fields, ASSAY_AUDIENCE_INTERNAL, ASSAY_FIELD_AUTOMATIC), 0, 0, 0, 1, 0);         /* one of two fields is not enough */
  assay_field_set_not_applicable (assay_field_set_find (fields, "model.speed"), "it does not run");
  assert_count (count (packs, fields, ASSAY_AUDIENCE_INTERNAL, ASSAY_FIELD_AUTOMATIC), 1, 0, 0, 0, 0);
  g_assert_cmpint (count (packs, fields, ASSAY_AUDIENCE_INTERNAL, ASSAY_FIELD_AUTOMATIC).not_applicable, ==, 1);
  assay_field_set_text (assay_field_set_find (fields, "data.origin"), ASSAY_FIELD_DERIVED, "a.csv");
  assert_count (count (packs, fields, ASSAY_AUDIENCE_INTERNAL, ASSAY_FIELD_ASSISTED), 0, 0, 1, 0, 0);
  assay_field_set_text (assay_field_set_find (fields, "purpose.use"), ASSAY_FIELD_DECLARED, "play");
  assert_count (count (packs, fields, ASSAY_AUDIENCE_INTERNAL, ASSAY_FIELD_HUMAN), 1, 0, 0, 0, 1);
  g_assert_cmpint (count (packs, fields, ASSAY_AUDIENCE_INTERNAL, ASSAY_FIELD_HUMAN).declared, ==, 1);
  assert_count (count (packs, fields, ASSAY_AUDIENCE_PUBLIC, ASSAY_FIELD_HUMAN), 1, 1, 0, 0, 0);               /* d is for regulators */
  assay_field_withhold (assay_field_set_find (fields, "model.size"), "a trade secret");
  assert_count (count (packs, fields, ASSAY_AUDIENCE_PUBLIC, ASSAY_FIELD_N_CLASSES), 1, 2, 1, 0, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/field/a new field says why it has no value", Packs, NULL, packs_set_up, test_begins_with_reason, packs_tear_down);
  g_test_add ("/field/values are shown with names and units", Packs, NULL, packs_set_up, test_values, packs_tear_down);
  g_test_add ("/field/a number that is none becomes a reason", Packs, NULL, packs_set_up, test_not_finite, packs_tear_down);
  g_test_add ("/field/an assisted field is a draft until somebody confirms it", Packs, NULL, packs_set_up, test_draft, packs_tear_down);
  g_test_add ("/field/what is withheld leaves no trace", Packs, NULL, packs_set_up, test_withheld, packs_tear_down);
  g_test_add ("/field/text of strangers stays text", Packs, NULL, packs_set_up, test_hostile_text, packs_tear_down);
  g_test_add ("/coverage/every item is counted once, as far as its least field", Packs, NULL, packs_set_up, test_coverage, packs_tear_down);
  return g_test_run ();
}
