/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-field_answers.c: what a person answers becomes a file that the program accepts, and what was there stays. */
#include "gui/field_answers.h"

#include "base/json.h"

#include <glib.h>
#include <string.h>

static const char asked_text[] =
  "[{\"id\": \"purpose.intended\", \"title\": \"intended purpose\", \"asks\": \"?\", \"class\": \"H\", \"state\": \"not-computed\", \"is_draft\": false, \"shows\": \"\"},"
  " {\"id\": \"data.acquisition\", \"title\": \"acquisition\", \"asks\": \"?\", \"class\": \"S\", \"state\": \"derived\", \"is_draft\": true, \"digest\": \"0123456789abcdef\","
  "  \"shows\": \"generated\"},"
  " {\"id\": \"compute.power\", \"title\": \"power\", \"asks\": \"?\", \"class\": \"H\", \"unit\": \"watts\", \"state\": \"not-computed\", \"is_draft\": false, \"shows\": \"\"},"
  " {\"id\": \"data.files\", \"title\": \"files\", \"asks\": \"?\", \"class\": \"A\", \"state\": \"measured\", \"is_draft\": false, \"shows\": \"people.csv\"}]";

typedef enum { PURPOSE, ACQUISITION, POWER, FILES } Place;

static json_t *
parse (const char *text)
{
  json_t *value = json_loads (text, 0, NULL);

  g_assert_nonnull (value);
  return value;
}

static AssayFieldAnswers *
answers_of (const char *file)
{
  json_t *asked = parse (asked_text), *document = file ? parse (file) : NULL;
  AssayFieldAnswers *answers = assay_field_answers_new (asked, document);

  json_decref (asked);
  json_decref (document);
  return answers;
}

static void
assert_file (const AssayFieldAnswers *answers, const char *expected)
{
  json_t *file = assay_field_answers_make_file (answers), *other = parse (expected);

  g_assert_true (json_equal (file, other));
  json_decref (file);
  json_decref (other);
}

static void
answers_become_the_file (void)
{
  g_autoptr (AssayFieldAnswers) answers = answers_of (NULL);

  assay_field_answers_set_author (answers, "A. Person");
  assay_field_answers_set (answers, PURPOSE, ASSAY_ANSWER_STATED, "to rank \"people\"", NULL);
  assay_field_answers_set (answers, ACQUISITION, ASSAY_ANSWER_CONFIRMED, "", "2026-03-01T12:00:00Z");
  assay_field_answers_set (answers, POWER, ASSAY_ANSWER_STATED, " 12.5 ", NULL);
  assay_field_answers_set (answers, FILES, ASSAY_ANSWER_WITHHELD, "a contract", NULL);
  g_assert_null (assay_field_answers_dup_fault (answers));
  g_assert_true (assay_field_answers_is_changed (answers));
  assert_file (answers, "{\"schema\": \"assay.fields\", \"version\": 1, \"author\": \"A. Person\", \"fields\": ["
                        "{\"id\": \"purpose.intended\", \"value\": \"to rank \\\"people\\\"\"},"
                        "{\"id\": \"data.acquisition\", \"digest\": \"0123456789abcdef\", \"confirmed_by\": \"A. Person\", \"confirmed_utc\": \"2026-03-01T12:00:00Z\"},"
                        "{\"id\": \"compute.power\", \"value\": 12.5}, {\"id\": \"data.files\", \"withheld\": \"a contract\"}]}");
}

/* Evidence, authors of single answers and fields that this case does not ask for are somebody's work. */
static void
what_the_file_has_stays (void)
{
  const char *file = "{\"schema\": \"assay.fields\", \"version\": 1, \"author\": \"A. Person\", \"fields\": ["
                     "{\"id\": \"purpose.intended\", \"value\": \"x\", \"evidence\": [\"a.pdf\"], \"author\": \"B. Other\"},"
                     "{\"id\": \"compute.power\", \"value\": 12},"
                     "{\"id\": \"data.acquisition\", \"digest\": \"0123456789abcdef\", \"confirmed_by\": \"B. Other\", \"confirmed_utc\": \"2026-01-01T00:00:00Z\"},"
                     "{\"id\": \"of.another\", \"value\": \"y\"}]}";
  g_autoptr (AssayFieldAnswers) answers = answers_of (file);

  g_assert_cmpint (assay_field_answers_get_kind (answers, ACQUISITION), ==, ASSAY_ANSWER_CONFIRMED);
  g_assert_cmpstr (assay_field_answers_get_text (answers, POWER), ==, "12");
  assay_field_answers_set (answers, PURPOSE, ASSAY_ANSWER_STATED, "x", NULL);
  g_assert_false (assay_field_answers_is_changed (answers));
  assert_file (answers, "{\"schema\": \"assay.fields\", \"version\": 1, \"author\": \"A. Person\", \"fields\": ["
                        "{\"id\": \"purpose.intended\", \"value\": \"x\", \"evidence\": [\"a.pdf\"], \"author\": \"B. Other\"},"
                        "{\"id\": \"data.acquisition\", \"digest\": \"0123456789abcdef\", \"confirmed_by\": \"B. Other\", \"confirmed_utc\": \"2026-01-01T00:00:00Z\"},"
                        "{\"id\": \"compute.power\", \"value\": 12}, {\"id\": \"of.another\", \"value\": \"y\"}]}");
}

static void
an_answer_is_taken_back (void)
{
  g_autoptr (AssayFieldAnswers) answers = answers_of ("{\"author\": \"A. Person\", \"fields\": [{\"id\": \"purpose.intended\", \"value\": \"x\"}]}");

  assay_field_answers_set (answers, PURPOSE, ASSAY_ANSWER_NONE, "x", NULL);
  assert_file (answers, "{\"schema\": \"assay.fields\", \"version\": 1, \"author\": \"A. Person\", \"fields\": []}");
}

static void
a_draft_that_changed_since_is_not_confirmed (void)
{
  g_autoptr (AssayFieldAnswers) answers = answers_of ("{\"author\": \"A. Person\", \"fields\": [{\"id\": \"data.acquisition\", \"digest\": \"fedcba9876543210\","
                                                      "\"confirmed_by\": \"A. Person\", \"confirmed_utc\": \"2026-01-01T00:00:00Z\"}]}");

  g_assert_cmpint (assay_field_answers_get_kind (answers, ACQUISITION), ==, ASSAY_ANSWER_NONE);
  g_assert_true (assay_field_answers_is_changed (answers));
}

static void
what_would_be_refused_is_told_before (void)
{
  g_autoptr (AssayFieldAnswers) answers = answers_of (NULL);
  g_autofree char *nameless = NULL, *wordy = NULL;

  assay_field_answers_set (answers, PURPOSE, ASSAY_ANSWER_STATED, "x", NULL);
  nameless = assay_field_answers_dup_fault (answers);
  g_assert_nonnull (strstr (nameless, "who you are"));
  assay_field_answers_set_author (answers, "A. Person");
  assay_field_answers_set (answers, POWER, ASSAY_ANSWER_STATED, "12,5", NULL);
  wordy = assay_field_answers_dup_fault (answers);
  g_assert_nonnull (strstr (wordy, "a number of watts"));
}

static void
what_is_open_is_counted (void)
{
  json_t *asked = parse (asked_text);

  g_assert_cmpuint (assay_field_answers_count_open (asked), ==, 2);
  g_assert_cmpuint (assay_field_answers_count_drafts (asked), ==, 1);
  json_decref (asked);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/field-answers/answers become the file", answers_become_the_file);
  g_test_add_func ("/field-answers/what the file has stays", what_the_file_has_stays);
  g_test_add_func ("/field-answers/an answer is taken back", an_answer_is_taken_back);
  g_test_add_func ("/field-answers/a draft that changed since is not confirmed", a_draft_that_changed_since_is_not_confirmed);
  g_test_add_func ("/field-answers/what would be refused is told before", what_would_be_refused_is_told_before);
  g_test_add_func ("/field-answers/what is open is counted", what_is_open_is_counted);
  return g_test_run ();
}
