/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-regime.c: packs are read without guessing, and the packs that come with the program are what they say. */
#include "packs.h"

#include "base/error.h"

#include <string.h>

static AssayRegimeSet *
read_shipped (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("ASSAY_SRCDIR"), "data", "regimes", NULL);
  g_autoptr (GError) error = NULL;
  AssayRegimeSet *set = assay_regime_set_read (folder, &error);

  g_assert_no_error (error);
  return set;
}

static const AssayRegime *
find (const AssayRegimeSet *set, const char *name)
{
  g_autoptr (GError) error = NULL;
  const AssayRegime *regime = assay_regime_set_find (set, name, &error);

  g_assert_no_error (error);
  return regime;
}

static guint
count_class (const AssayRegime *regime, AssayFieldClass klass)
{
  guint n = 0;

  for (guint k = 0; k < regime->items->len; k++)
    n += ((const AssayRegimeItem *) regime->items->pdata[k])->klass == klass;
  return n;
}

static void
test_reads (Packs *packs, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayRegimeSet) set = assay_regime_set_read (packs->folder, &error);
  const AssayRegime *regime;

  (void) unused;
  g_assert_no_error (error);
  g_assert_cmpuint (assay_regime_set_get_n (set), ==, 1);
  regime = find (set, "toy");
  g_assert_true (regime == find (set, "toy-1"));
  g_assert_cmpuint (regime->items->len, ==, 4);
  g_assert_cmpstr (regime->title, ==, "Toy rules");
  g_assert_null (regime->review_name);
  g_assert_cmpuint (strlen (regime->sha256), ==, 64);
}

static void
test_refuses (Packs *packs, gconstpointer unused)
{
  static const struct { const char *old, *with, *parts; } faults[] = {
    { "\"title\": \"Toy rules\", ", "", "toy-1.json|\"title\" is missing" },
    { "\"status\": \"draft\"", "\"status\": \"draft\", \"satus\": 1", "toy-1.json|no key \"satus\"|did you mean \"status\"" },
    { "\"status\": \"draft\"", "\"status\": \"draft\", \"status\": \"draft\"", "toy-1.json|line 1|duplicate" },
    { "\"status\": \"draft\"", "\"status\": \"drafty\"", "toy-1.json|\"status\"|in-force|\"drafty\" found" },
    { "\"title\": \"Toy rules\"", "\"title\": \" \\t\"", "toy-1.json|\"title\"|not empty" },
    { "\"version\": \"1\"", "\"version\": \"2\"", "toy-1.json|ID-VERSION.json" },
    { "\"date\": \"2026-01-31\"", "\"date\": \"2026-02-31\"", "source number 1|dates expected" },
    { "\"text\": \"Say it.\", ", "", "item a|\"text\" is missing" },
    { "\"verified\": false", "\"verified\": 0", "item a|\"verified\"|true or false" },
    { "\"verified\": false", "\"verifed\": false", "item a|\"verifed\"|did you mean \"verified\"" },
    { "\"class\": \"S\"", "\"class\": \"B\"", "item b|\"class\"|A, S, H|\"B\" found" },
    { "\"data.origin\"", "\"data.orgin\"", "item b|\"data.orgin\"|did you mean \"data.origin\"" },
    { "\"fields\": [\"data.origin\"]", "\"fields\": []", "item b|\"fields\"|at least one" },
    { "\"model.size\", \"model.speed\"", "\"model.size\", \"model.size\"", "item a|in it twice" },
    { "\"audience\": [\"public\"]", "\"audience\": [\"everybody\"]", "item a|\"audience\"|internal|\"everybody\"" },
    { "\"audience\": [\"public\"]", "\"audience\": []", "item a|\"audience\"|at least one" },
    { "\"id\": \"b\"", "\"id\": \"a\"", "item a|there twice" },
    { "\"limits\": null", "\"limits\": {\"words\": 0}", "item a|from 1" },
    { "\"limits\": null", "\"limits\": {\"bands\": [2, 1]}", "item a|ascending" },
    { "\"limits\": null", "\"limits\": {\"letters\": 3}", "item a|limits|\"letters\"" },
    { "\"legal_review\": null", "\"legal_review\": {\"name\": \"X\"}", "legal_review|\"date\" is missing" },
    { "]}\n", "]", "toy-1.json|line" },
  };

  (void) unused;
  for (gsize k = 0; k < G_N_ELEMENTS (faults); k++)
    {
      g_autofree char *content = NULL;

      g_assert_true (g_file_get_contents (packs->pack, &content, NULL, NULL));
      packs_replace (packs->pack, faults[k].old, faults[k].with);
      packs_refuses (packs, faults[k].parts);
      packs_write (packs->pack, content);
    }
}

static void
test_refuses_catalogue (Packs *packs, gconstpointer unused)
{
  static const struct { const char *old, *with, *parts; } faults[] = {
    { "\"asks\": \"How large?\"", "\"ask\": \"How large?\"", "fields.json|field model.size|\"ask\"|did you mean \"asks\"" },
    { "\"id\": \"model.speed\"", "\"id\": \"model.size\"", "field model.size|twice" },
    { "\"id\": \"model.speed\"", "\"id\": \"Speed\"", "field Speed|joined by dots" },
    { "\"version\": 1", "\"version\": 2", "fields.json|version 2" },
    { "assay.field-catalogue", "assay.fields", "fields.json|\"schema\"" },
  };

  (void) unused;
  for (gsize k = 0; k < G_N_ELEMENTS (faults); k++)
    {
      g_autofree char *content = NULL;

      g_assert_true (g_file_get_contents (packs->fields, &content, NULL, NULL));
      packs_replace (packs->fields, faults[k].old, faults[k].with);
      packs_refuses (packs, faults[k].parts);
      packs_write (packs->fields, content);
    }
}

static void
test_versions (Packs *packs, gconstpointer unused)
{
  g_autofree char *content = NULL, *newer = g_build_filename (packs->folder, "toy-10.json", NULL), *older = g_build_filename (packs->folder, "toy-9.json", NULL);
  g_autoptr (AssayRegimeSet) set = NULL;
  g_autoptr (GError) error = NULL;

  (void) unused;
  g_assert_true (g_file_get_contents (packs->pack, &content, NULL, NULL));
  packs_write (newer, content);
  packs_replace (newer, "\"version\": \"1\"", "\"version\": \"10\"");
  packs_write (older, content);
  packs_replace (older, "\"version\": \"1\"", "\"version\": \"9\"");
  set = assay_regime_set_read (packs->folder, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (find (set, "toy")->version, ==, "10");
  g_assert_cmpstr (find (set, "toy-1")->version, ==, "1");
  g_assert_cmpuint (assay_regime_set_get_chosen (set)->len, ==, 1);
  g_assert_true (assay_regime_set_choose (set, (const char *const[]) { "toy-1", "toy", NULL }, &error));
  g_assert_cmpuint (assay_regime_set_get_chosen (set)->len, ==, 2);
  g_assert_false (assay_regime_set_choose (set, (const char *const[]) { "toy-10", "toy", NULL }, &error));
  packs_assert_error (error, "\"toy\" is named twice");
  g_clear_error (&error);
  g_assert_null (assay_regime_set_find (set, "toy-2", &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
  packs_assert_error (error, "\"toy-2\"|toy-1, toy-9, toy-10");
}

static void
test_empty_folder (Packs *packs, gconstpointer unused)
{
  g_autofree char *other = g_build_filename (packs->folder, "none", NULL);
  g_autoptr (GError) error = NULL;

  (void) unused;
  g_assert_null (assay_regime_set_read (other, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
}

/* --- the packs that come with the program ---------------------------------------------------------------------------- */

static void
test_shipped (void)
{
  g_autoptr (AssayRegimeSet) set = read_shipped ();

  g_assert_cmpuint (assay_regime_set_get_n (set), >=, 3);
  g_assert_nonnull (find (set, "ai-act-annex-iv"));
  g_assert_nonnull (strstr (find (set, "sr-26-2")->title, "formerly SR 11-7"));
  for (guint k = 0; k < assay_regime_set_get_n (set); k++)
    {
      g_autofree char *lower = g_ascii_strdown (assay_regime_set_get (set, k)->title, -1);

      g_assert_null (strstr (lower, "complian"));
    }
}

/* An item of a class is answered by fields of that class, or of one that asks less of people. */
static void
test_classes (void)
{
  g_autoptr (AssayRegimeSet) set = read_shipped ();
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayFieldSet) fields = assay_regime_set_make_fields (set, &error);

  g_assert_no_error (error);
  for (guint r = 0; r < assay_regime_set_get_n (set); r++)
    for (guint k = 0; k < assay_regime_set_get (set, r)->items->len; k++)
      {
        const AssayRegimeItem *item = assay_regime_set_get (set, r)->items->pdata[k];
        gboolean has_own = FALSE;

        for (char **id = item->fields; *id != NULL; id++)
          {
            const AssayField *field = assay_field_set_find (fields, *id);

            g_assert_cmpint (field->declaration->klass, <=, item->klass);
            has_own = has_own || field->declaration->klass == item->klass;
          }
        g_assert_true (has_own);
      }
}

static void
test_fmti (void)
{
  g_autoptr (AssayRegimeSet) set = read_shipped ();
  const AssayRegime *fmti = find (set, "fmti");

  g_assert_cmpuint (fmti->items->len, ==, 100);
  g_assert_cmpuint (count_class (fmti, ASSAY_FIELD_AUTOMATIC), ==, 16);
  g_assert_cmpuint (count_class (fmti, ASSAY_FIELD_ASSISTED), ==, 22);
  g_assert_cmpuint (count_class (fmti, ASSAY_FIELD_HUMAN), ==, 62);
  g_assert_nonnull (strstr (fmti->title, "not an FMTI score"));
  g_assert_nonnull (strstr (((const AssayRegimeSource *) fmti->sources->pdata[0])->title, "CC BY 4.0"));
  for (guint k = 0; k < fmti->items->len; k++)
    {
      const AssayRegimeItem *item = fmti->items->pdata[k];

      g_assert_cmpint (g_ascii_strtoll (item->id, NULL, 10), ==, k + 1);
    }
}

/* The third field of a line of the table; a quoted one runs over commas. The names hold no quotation marks. */
static char *
third_field (const char *line)
{
  for (guint k = 0; k < 2; k++)
    line = strchr (line, ',') + 1;
  if (*line == '"')
    return g_strstrip (g_strndup (line + 1, strchr (line + 1, '"') - line - 1));
  return g_strstrip (g_strndup (line, strcspn (line, ",")));
}

/* Records of the table begin with one of three words at the beginning of a line. */
static void
test_fmti_names (void)
{
  const char *data = g_getenv ("ASSAY_TEST_DATA");
  g_autofree char *root = data ? g_strdup (data) : g_build_filename (g_getenv ("ASSAY_SRCDIR"), "..", "shared", "data", NULL);
  g_autofree char *path = g_build_filename (root, "fmti", "Dec2025_indicators.csv", NULL), *content = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (AssayRegimeSet) set = read_shipped ();
  const AssayRegime *fmti = find (set, "fmti");
  guint n = 0;

  if (!g_file_get_contents (path, &content, NULL, NULL))
    {
      g_test_skip (path);
      return;
    }
  lines = g_strsplit (content, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "Upstream,") || g_str_has_prefix (*line, "Model,") || g_str_has_prefix (*line, "Downstream,"))
      {
        g_autofree char *name = third_field (*line);

        g_assert_cmpuint (n, <, 100);
        g_assert_cmpstr (((const AssayRegimeItem *) fmti->items->pdata[n])->citation, ==, name);
        n++;
      }
  g_assert_cmpuint (n, ==, 100);
}

static void
test_path (void)
{
  const AssayRegime regime = { .id = (char *) "My Bank/\xc3\xa9", .version = (char *) "1.2" };
  g_autofree char *path = assay_regime_dup_path (&regime, "items");

  g_assert_cmpstr (path, ==, "regimes/_4dy_20_42ank_2f_c3_a9-1_2e2/items");
}

/* An uninstalled program finds its packs: this test stands two folders below the top of the build tree. */
static void
test_finds_folder (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = assay_regime_find_folder (&error);

  g_assert_no_error (error);
  g_assert_true (g_file_test (folder, G_FILE_TEST_IS_DIR));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/regime/a pack is read with its items and its digest", Packs, NULL, packs_set_up, test_reads, packs_tear_down);
  g_test_add ("/regime/a fault is refused with file, item and key", Packs, NULL, packs_set_up, test_refuses, packs_tear_down);
  g_test_add ("/regime/a fault of the catalogue of fields is refused", Packs, NULL, packs_set_up, test_refuses_catalogue, packs_tear_down);
  g_test_add ("/regime/an id alone means the newest version", Packs, NULL, packs_set_up, test_versions, packs_tear_down);
  g_test_add ("/regime/a folder without packs is refused", Packs, NULL, packs_set_up, test_empty_folder, packs_tear_down);
  g_test_add_func ("/regime/the packs of the program are read, and none promises compliance", test_shipped);
  g_test_add_func ("/regime/an item is answered by fields of its class or of one that asks less of people", test_classes);
  g_test_add_func ("/regime/fmti has a hundred indicators, 16 automatic, 22 assisted, 62 human", test_fmti);
  g_test_add_func ("/regime/fmti has the published names in the published order", test_fmti_names);
  g_test_add_func ("/regime/any name of a pack makes a path of numbers", test_path);
  g_test_add_func ("/regime/an uninstalled program finds its packs", test_finds_folder);
  return g_test_run ();
}
