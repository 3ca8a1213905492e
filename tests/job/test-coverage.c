/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-coverage.c: what the program says by itself about a small real case, and that it is never blank. */
#include "fixtures.h"

#include "report/coverage.h"
#include "report/facts.h"

#include <string.h>

static const char *
text_of (const json_t *object, const char *key)
{
  const char *text = json_string_value (json_object_get (object, key));

  return text ? text : "";
}

static const json_t *
find_field (const json_t *document, const char *id)
{
  gsize k;
  json_t *field;

  json_array_foreach (json_object_get (document, "fields"), k, field)
    if (strcmp (text_of (field, "id"), id) == 0)
      return field;
  g_error ("no field %s", id);
}

/* A cell of a value of rows. */
static const json_t *
get_cell (const json_t *document, const char *id, gsize row, const char *column)
{
  const json_t *value = json_object_get (find_field (document, id), "value");
  gsize k;
  json_t *about;

  json_array_foreach (json_object_get (value, "columns"), k, about)
    if (strcmp (text_of (about, "name"), column) == 0)
      return json_array_get (json_array_get (json_object_get (value, "rows"), row), k);
  g_error ("%s has no column %s", id, column);
}

/* A small case with every kind of answer that its tables read. */
static void
make_case (const Folder *folder)
{
  folder_train (folder, "small");
  json_decref (folder_answer (folder, "influence", "query", "train:2", "method", "exact", "model-name", "small", NULL));
  json_decref (folder_answer (folder, "validate", "query", "train:2", "query", "train:3", "method", "exact", "model-name", "small", "groups", "8", "leave-one-out",
                              "8", NULL));
  json_decref (folder_answer (folder, "retrain", "query", "train:2", "without", "train:5", "model-name", "small", NULL));
}

static void
assert_cell (const json_t *cell)
{
  if (json_is_object (cell))
    g_assert_cmpstr (text_of (cell, "not_computed"), !=, "");
  else if (json_is_string (cell))
    g_assert_cmpstr (json_string_value (cell), !=, "");
  else
    g_assert_true (json_is_number (cell));
}

static void
assert_not_blank (const json_t *field)
{
  const json_t *value = json_object_get (field, "value");
  const char *state = text_of (field, "state");
  gboolean has_value = strcmp (state, "measured") == 0 || strcmp (state, "derived") == 0 || strcmp (state, "declared") == 0;
  gsize r, k;
  json_t *row, *cell;

  g_test_message ("%s", text_of (field, "id"));
  g_assert_true (g_strv_contains (assay_field_state_words, state));
  g_assert_cmpint (has_value, ==, !json_is_null (value));
  g_assert_cmpint (has_value, ==, json_is_null (json_object_get (field, "reason")));
  if (!has_value)
    {
      g_assert_cmpstr (text_of (field, "reason"), !=, "");
      return;
    }
  g_assert_cmpstr (text_of (field, "author"), !=, "");
  if (!json_is_object (value))
    {
      assert_cell (value);
      return;
    }
  g_assert_cmpuint (json_array_size (json_object_get (value, "rows")), >, 0);
  json_array_foreach (json_object_get (value, "rows"), r, row)
    {
      g_assert_cmpuint (json_array_size (row), ==, json_array_size (json_object_get (value, "columns")));
      json_array_foreach (row, k, cell)
        assert_cell (cell);
    }
}

/* Over all packs: no field is blank, and the counts of each class and of all add up to the items. */
static void
assert_whole (const json_t *document)
{
  static const char *const classes[] = { "A", "S", "H" };
  gsize k;
  json_t *field, *regime;

  json_array_foreach (json_object_get (document, "fields"), k, field)
    assert_not_blank (field);
  g_assert_cmpuint (json_array_size (json_object_get (document, "regimes")), >=, 3);
  json_array_foreach (json_object_get (document, "regimes"), k, regime)
    {
      const json_t *all = json_object_get (regime, "all");
      json_int_t items = 0;

      for (gsize c = 0; c < G_N_ELEMENTS (classes); c++)
        {
          const json_t *counts = json_object_get (json_object_get (regime, "classes"), classes[c]);
          json_int_t sum = 0;

          for (guint s = 0; s < ASSAY_N_COVERAGES; s++)
            sum += json_integer_value (json_object_get (counts, assay_coverage_words[s]));
          g_assert_cmpint (sum, ==, json_integer_value (json_object_get (counts, "items")));
          items += sum;
        }
      g_assert_cmpint (items, ==, (json_int_t) json_array_size (json_object_get (regime, "items")));
      g_assert_cmpint (items, ==, json_integer_value (json_object_get (all, "items")));
    }
}

static void
test_case (Folder *folder, gconstpointer unused)
{
  json_t *document;

  (void) unused;
  make_case (folder);
  document = folder_answer (folder, "coverage", NULL);
  assert_whole (document);
  json_decref (document);
}

/* The program knows everything of class A but the energy, for which it has no meter. */
static void
test_automatic (Folder *folder, gconstpointer unused)
{
  json_t *document;
  gsize r, k;
  json_t *regime, *item;

  (void) unused;
  make_case (folder);
  document = folder_answer (folder, "coverage", NULL);
  json_array_foreach (json_object_get (document, "regimes"), r, regime)
    json_array_foreach (json_object_get (regime, "items"), k, item)
      if (strcmp (text_of (item, "class"), "A") == 0 && strcmp (text_of (item, "coverage"), "filled") != 0)
        {
          g_test_message ("%s", text_of (item, "citation"));
          g_assert_true (strstr (text_of (item, "citation"), "Energy") != NULL || strstr (text_of (item, "citation"), "risks") != NULL);
        }
  json_decref (document);
}

static void
test_values (Folder *folder, gconstpointer unused)
{
  json_t *document, *train;

  (void) unused;
  make_case (folder);
  document = folder_answer (folder, "coverage", NULL);
  train = folder_answer (folder, "train", "target", "score", "terms", "age,group", "l2", "0.01", "name", "small", NULL);
  g_assert_cmpint (json_integer_value (json_object_get (find_field (document, "model.parameters"), "value")), ==, 4);
  g_assert_cmpfloat (json_number_value (json_object_get (find_field (document, "compute.operations"), "value")), ==,
                     json_number_value (json_object_get (train, "operations")));
  g_assert_cmpint (json_integer_value (get_cell (document, "data.files", 0, "rows")), ==, 40);
  g_assert_cmpuint (strlen (json_string_value (get_cell (document, "data.files", 0, "sha256"))), ==, 64);
  g_assert_cmpint (json_integer_value (get_cell (document, "data.size", 0, "examples")), ==, 40);
  g_assert_cmpint (json_integer_value (get_cell (document, "data.size", 0, "elements")), ==, 120);
  g_assert_cmpint (json_integer_value (get_cell (document, "data.duplicates", 0, "examples")), ==, 40);
  g_assert_cmpstr (text_of (find_field (document, "data.overlap"), "state"), ==, "not-applicable");      /* there is one split */
  g_assert_cmpfloat (json_number_value (get_cell (document, "compute.duration", 0, "seconds")), >, 0);
  g_assert_cmpfloat (json_number_value (get_cell (document, "influence.validity", 0, "leave_one_out")), >, 0.5);
  json_decref (train);
  json_decref (document);
}

/* A case that holds nothing yet has no blank either. */
static void
test_empty (Folder *folder, gconstpointer unused)
{
  json_t *document;

  (void) unused;
  json_decref (folder_answer (folder, "new", NULL));
  document = folder_answer (folder, "coverage", NULL);
  assert_whole (document);
  g_assert_nonnull (strstr (text_of (find_field (document, "model.parameters"), "reason"), "holds no model"));
  json_decref (document);
}

/* Generated data, sequences, a certificate to come. */
static void
test_tokens (Folder *folder, gconstpointer unused)
{
  json_t *document;

  (void) unused;
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "dose", "modulus", "3", "steps", "2", NULL));
  json_decref (folder_answer (folder, "train", "model", "transformer", "width", "8", "steps", "3", NULL));
  document = folder_answer (folder, "coverage", NULL);
  assert_whole (document);
  g_assert_cmpstr (text_of (find_field (document, "data.languages"), "state"), ==, "not-applicable");
  g_assert_nonnull (strstr (text_of (find_field (document, "data.acquisition"), "value"), "generated"));
  g_assert_cmpint (json_integer_value (get_cell (document, "data.overlap", 0, "run")), >, 0);
  json_decref (document);
}

/* Every field that the program is to compute has a fact, and every fact a declared field that is not for people alone. */
static void
test_facts (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("ASSAY_SRCDIR"), "data", "regimes", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayRegimeSet) regimes = assay_regime_set_read (folder, &error);
  g_autoptr (AssayFieldSet) fields = regimes ? assay_regime_set_make_fields (regimes, &error) : NULL;
  g_autofree const char **facts = assay_facts_list ();

  g_assert_no_error (error);
  for (guint k = 0; k < assay_field_set_get_n (fields); k++)
    {
      const AssayFieldDeclaration *declaration = assay_field_set_get (fields, k)->declaration;

      g_test_message ("%s", declaration->id);
      if (declaration->klass == ASSAY_FIELD_AUTOMATIC)
        g_assert_true (g_strv_contains (facts, declaration->id));
    }
  for (const char **fact = facts; *fact != NULL; fact++)
    {
      const AssayField *field = assay_field_set_find (fields, *fact);

      g_test_message ("%s", *fact);
      g_assert_nonnull (field);
      g_assert_cmpint (field->declaration->klass, !=, ASSAY_FIELD_HUMAN);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/coverage/no field of a real case is blank, and counts add up", Folder, NULL, folder_set_up, test_case, folder_tear_down);
  g_test_add ("/coverage/all that the program is to know it knows, but what needs a meter or another job", Folder, NULL, folder_set_up, test_automatic,
              folder_tear_down);
  g_test_add ("/coverage/facts are those of the case", Folder, NULL, folder_set_up, test_values, folder_tear_down);
  g_test_add ("/coverage/an empty case has reasons", Folder, NULL, folder_set_up, test_empty, folder_tear_down);
  g_test_add ("/coverage/sequences and generated data have facts", Folder, NULL, folder_set_up, test_tokens, folder_tear_down);
  g_test_add_func ("/coverage/every automatic field has a fact", test_facts);
  return g_test_run ();
}
