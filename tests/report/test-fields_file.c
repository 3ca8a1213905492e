/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-fields_file.c: statements of people are read without guessing. */
#include "packs.h"

#include "base/error.h"
#include "report/fields_file.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "{\"schema\": \"assay.fields\", \"version\": 1, \"author\": \"A. Person\", \"fields\": ["
#define TAIL "]}"

/* A set with one computed field and one draft. */
static AssayFieldSet *
make_set (const Packs *packs)
{
  AssayFieldSet *set = packs_fields (packs);

  assay_field_set_count (assay_field_set_find (set, "model.size"), ASSAY_FIELD_MEASURED, 770);
  assay_field_set_text (assay_field_set_find (set, "data.origin"), ASSAY_FIELD_DERIVED, "read from a.csv");
  return set;
}

static gboolean
apply (const Packs *packs, AssayFieldSet *set, const char *text, GError **error)
{
  packs_write (packs->file, text);
  return assay_fields_file_apply (set, packs->file, error);
}

static void
accept (const Packs *packs, AssayFieldSet *set, const char *text)
{
  g_autoptr (GError) error = NULL;

  apply (packs, set, text, &error);
  g_assert_no_error (error);
}

static void
refuse (const Packs *packs, const char *text, const char *parts)
{
  g_autoptr (AssayFieldSet) set = make_set (packs);
  g_autoptr (GError) error = NULL;

  g_assert_false (apply (packs, set, text, &error));
  packs_assert_error (error, parts);
}

static void
test_states (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = make_set (packs);
  const AssayField *use = assay_field_set_find (set, "purpose.use"), *picture = assay_field_set_find (set, "purpose.picture");
  const AssayField *power = assay_field_set_find (set, "purpose.power"), *size = assay_field_set_find (set, "model.size");
  const AssayField *speed = assay_field_set_find (set, "model.speed");

  (void) unused;
  accept (packs, set, HEAD
          "{\"id\": \"purpose.use\", \"value\": \"to play\", \"evidence\": [\"plan.odt\"]},"
          "{\"id\": \"purpose.picture\", \"not_applicable\": \"no product\", \"author\": \"B. Person\"},"
          "{\"id\": \"purpose.power\", \"value\": 65.5},"
          "{\"id\": \"model.size\", \"withheld\": \"a trade secret\"},"
          "{\"id\": \"model.speed\", \"value\": 2},"
          "{\"id\": \"data.origin\", \"value\": null}" TAIL);
  g_assert_cmpint (use->state, ==, ASSAY_FIELD_DECLARED);
  g_assert_cmpstr (use->text, ==, "to play");
  g_assert_cmpstr (use->author, ==, "A. Person");
  g_assert_cmpuint (use->evidence->len, ==, 1);
  g_assert_cmpint (picture->state, ==, ASSAY_FIELD_NOT_APPLICABLE);
  g_assert_cmpstr (picture->author, ==, "B. Person");
  g_assert_cmpfloat (power->number, ==, 65.5);
  g_assert_cmpint (size->state, ==, ASSAY_FIELD_WITHHELD);
  g_assert_cmpstr (size->reason, ==, "a trade secret");
  g_assert_cmpint (speed->state, ==, ASSAY_FIELD_DECLARED);       /* what the program has not computed may be stated */
  g_assert_true (assay_field_is_draft (assay_field_set_find (set, "data.origin")));
}

static void
test_refuses (Packs *packs, gconstpointer unused)
{
  (void) unused;
  refuse (packs, HEAD "{\"id\": \"purpose.usage\", \"value\": \"x\"}" TAIL, "statements.txt: field purpose.usage|did you mean \"purpose.use\"");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"vlaue\": \"x\"}" TAIL, "field purpose.use|\"vlaue\"|did you mean \"value\"");
  refuse (packs, HEAD "{\"value\": \"x\"}" TAIL, "field number 1|\"id\" is missing");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"value\": \"  \"}" TAIL, "field purpose.use|not empty");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"value\": 3}" TAIL, "field purpose.use|a text expected");
  refuse (packs, HEAD "{\"id\": \"purpose.power\", \"value\": \"65 W\"}" TAIL, "field purpose.power|a number of W expected");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"value\": \"x\", \"withheld\": \"y\"}" TAIL, "field purpose.use|2 found");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"value\": \"x\"}, {\"id\": \"purpose.use\", \"value\": \"y\"}" TAIL, "in the file twice");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"value\": \"x\", \"value\": \"y\"}" TAIL, "statements.txt|line 1|duplicate");
  refuse (packs, HEAD "{\"id\": \"model.size\", \"value\": 7}" TAIL, "field model.size|has computed it");
  refuse (packs, HEAD "{\"id\": \"model.size\", \"not_applicable\": \"x\"}" TAIL, "field model.size|has computed it");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"value\": \"x\", \"confirmed_by\": \"B\"}" TAIL, "belong together");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"value\": \"x\", \"confirmed_by\": \"B\", \"confirmed_utc\": \"yesterday\"}" TAIL, "2026-03-01T12:00:00Z");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"value\": \"x\", \"confirmed_by\": \"B\", \"confirmed_utc\": \"2026-13-01T12:00:00Z\"}" TAIL,
          "a time in UTC");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"value\": \"x\", \"evidence\": \"a\"}" TAIL, "\"evidence\"|an array");
  refuse (packs, "{\"schema\": \"assay.fields\", \"version\": 1, \"fields\": [{\"id\": \"purpose.use\", \"value\": \"x\"}]}", "who says so");
  refuse (packs, "{\"schema\": \"assay.fields\", \"version\": 2, \"fields\": []}", "version 2");
  refuse (packs, "{\"schema\": \"assay.job\", \"version\": 1, \"fields\": []}", "\"assay.fields\" expected");
  refuse (packs, "[]", "a JSON object expected");
  refuse (packs, HEAD "{\"id\": \"\\u001b[31mred\", \"value\": \"x\"}" TAIL, "\\x1b");
  refuse (packs, HEAD, "line 1");
}

static void
test_confirms (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = make_set (packs);
  AssayField *origin = assay_field_set_find (set, "data.origin");
  g_autofree char *digest = assay_fields_file_dup_digest (origin);
  g_autofree char *text = g_strdup_printf (HEAD "{\"id\": \"data.origin\", \"digest\": \"%s\", \"confirmed_by\": \"B. Person\", "
                                           "\"confirmed_utc\": \"2026-03-01T12:00:00Z\"}" TAIL, digest);

  (void) unused;
  accept (packs, set, text);
  g_assert_true (assay_field_is_filled (origin));
  g_assert_cmpint (origin->state, ==, ASSAY_FIELD_DERIVED);
  g_assert_cmpstr (origin->confirmed_by, ==, "B. Person");
  g_assert_null (assay_fields_file_dup_digest (origin));
}

/* A confirmation speaks of the draft that was read, not of a later one. */
static void
test_stale_confirmation (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = make_set (packs);
  AssayField *origin = assay_field_set_find (set, "data.origin");
  g_autofree char *digest = assay_fields_file_dup_digest (origin);
  g_autofree char *text = g_strdup_printf (HEAD "{\"id\": \"data.origin\", \"digest\": \"%s\", \"confirmed_by\": \"B. Person\", "
                                           "\"confirmed_utc\": \"2026-03-01T12:00:00Z\"}" TAIL, digest);
  g_autoptr (GError) error = NULL;

  (void) unused;
  assay_field_set_text (origin, ASSAY_FIELD_DERIVED, "read from b.csv");
  g_assert_false (apply (packs, set, text, &error));
  packs_assert_error (error, "field data.origin|another one now");
  refuse (packs, HEAD "{\"id\": \"purpose.use\", \"digest\": \"00\", \"confirmed_by\": \"B\", \"confirmed_utc\": \"2026-03-01T12:00:00Z\"}" TAIL,
          "drafted nothing");
  refuse (packs, HEAD "{\"id\": \"data.origin\", \"confirmed_by\": \"B\", \"confirmed_utc\": \"2026-03-01T12:00:00Z\"}" TAIL, "nothing to confirm");
}

/* The form asks for what is open, and is itself a valid file that answers nothing. */
static void
test_form (Packs *packs, gconstpointer unused)
{
  g_autoptr (AssayFieldSet) set = make_set (packs);
  json_t *form = assay_fields_file_make_form (set);
  char *text = json_dumps (form, JSON_INDENT (2));

  (void) unused;
  g_assert_cmpuint (json_array_size (json_object_get (form, "fields")), ==, 4);
  g_assert_nonnull (strstr (text, "read from a.csv"));
  g_assert_null (strstr (text, "model.size"));
  accept (packs, set, text);
  g_assert_cmpint (assay_field_set_find (set, "purpose.use")->state, ==, ASSAY_FIELD_NOT_COMPUTED);
  free (text);
  json_decref (form);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/fields/values, reasons and evidence reach their fields", Packs, NULL, packs_set_up, test_states, packs_tear_down);
  g_test_add ("/fields/a fault is refused with file and field", Packs, NULL, packs_set_up, test_refuses, packs_tear_down);
  g_test_add ("/fields/a draft is confirmed by its digest", Packs, NULL, packs_set_up, test_confirms, packs_tear_down);
  g_test_add ("/fields/a confirmation of another draft is refused", Packs, NULL, packs_set_up, test_stale_confirmation, packs_tear_down);
  g_test_add ("/fields/the form asks for what is open and is a valid file", Packs, NULL, packs_set_up, test_form, packs_tear_down);
  return g_test_run ();
}
