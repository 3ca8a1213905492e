/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-split.c: rules that share rows out. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/split.h"

#include <string.h>

static const char dates[] = "day,site,y\n2013-05-01,north,1\n2012-01-31,south,2\n2013-05-01 10:00,north,3\n2011-12-31,south,4\n2014-01-01,north,5\n";

/* The split names of all rows, first letters only. */
static char *
letters (const AssayTable *table)
{
  GString *text = g_string_new (NULL);

  for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
    g_string_append_c (text, *assay_table_get_split_name (table, assay_table_get_split (table, row)));
  return g_string_free (text, FALSE);
}

static void
expect (const char *rule, const char *wanted)
{
  g_autoptr (AssayTable) table = fixture_csv (dates);
  g_autofree char *found = NULL;
  GError *error = NULL;

  assay_split_apply (table, rule, 7, &error);
  g_assert_no_error (error);
  found = letters (table);
  g_assert_cmpstr (found, ==, wanted);
}

static void
test_rules (void)
{
  expect ("train", "ttttt");
  expect ("held", "hhhhh");
  expect ("order:train=3,query=rest", "tttqq");
  expect ("order:train=0.4,query=0.2,rest=rest", "ttqrr");
  expect ("column:site", "nsnsn");
  expect ("file", "ttttt");                                       /* table.csv */
  expect ("time:day<2013-01-01", "ttttt");                        /* train and test both begin with t: looked at below */
  expect ("time:day:early=0.4,late=0.6", "lelel");
  expect ("time:y:a=1,b=rest", "abbbb");
}

static void
test_threshold (void)
{
  g_autoptr (AssayTable) table = fixture_csv (dates);
  GError *error = NULL;

  assay_split_apply (table, "time:day<2013-01-01", 0, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (assay_table_get_split_name (table, assay_table_get_split (table, 0)), ==, "test");
  g_assert_cmpstr (assay_table_get_split_name (table, assay_table_get_split (table, 1)), ==, "train");
  assay_split_apply (table, "time:y<3", 0, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (assay_table_get_split_name (table, assay_table_get_split (table, 1)), ==, "train");
  g_assert_cmpstr (assay_table_get_split_name (table, assay_table_get_split (table, 2)), ==, "test");
}

static void
test_random (void)
{
  g_autoptr (AssayTable) table = assay_table_new (1000, ASSAY_ORIGIN_RECORD, NULL);
  g_autofree char *first = NULL, *again = NULL, *other = NULL;
  gint64 n[3] = { 0 };
  GError *error = NULL;

  assay_split_apply (table, "random:a=0.7,b=0.2,c=0.1", 1, &error);
  g_assert_no_error (error);
  for (gint64 row = 0; row < 1000; row++)
    n[assay_table_get_split (table, row)]++;
  g_assert_cmpint (n[0], ==, 700);
  g_assert_cmpint (n[1], ==, 200);
  g_assert_cmpint (n[2], ==, 100);
  first = letters (table);
  assay_split_apply (table, "random:a=0.7,b=0.2,c=0.1", 1, NULL);
  again = letters (table);
  assay_split_apply (table, "random:a=0.7,b=0.2,c=0.1", 2, NULL);
  other = letters (table);
  g_assert_cmpstr (first, ==, again);
  g_assert_cmpstr (first, !=, other);
}

static void
test_refusals (void)
{
  static const struct { const char *rule; int code; const char *fragments[2]; } bad[] = {
    { "random:train=0.5", ASSAY_ERROR_USAGE, { "fewer than the 5 rows", "rest" } },
    { "random:train=0.8,test=0.4", ASSAY_ERROR_USAGE, { "more than the 5 rows" } },
    { "order:train=6,test=0", ASSAY_ERROR_USAGE, { "more than the 5 rows" } },
    { "order:train=99999999999999999,test=99999999999999999", ASSAY_ERROR_USAGE, { "more than" } },
    { "order:a=rest,b=rest", ASSAY_ERROR_USAGE, { "both the rest" } },
    { "order:a=2,a=3", ASSAY_ERROR_USAGE, { "\"a\" is there twice" } },
    { "order:a=-1,b=rest", ASSAY_ERROR_USAGE, { "NAME=FRACTION" } },
    { "order:a,b", ASSAY_ERROR_USAGE, { "NAME=FRACTION" } },
    { "order:id=2,b=rest", ASSAY_ERROR_USAGE, { "\"id\"", "id:VALUE" } },
    { "id", ASSAY_ERROR_USAGE, { "\"id\"" } },
    { "", ASSAY_ERROR_USAGE, { "is empty" } },
    { "weekly:a=1", ASSAY_ERROR_USAGE, { "\"weekly:a=1\" is no rule", "random:PARTS" } },
    { "time:day", ASSAY_ERROR_USAGE, { "is no rule" } },
    { "column:place", ASSAY_ERROR_NOT_FOUND, { "no column \"place\"", "the columns are day, site, y" } },
    { "time:site:a=1,b=rest", ASSAY_ERROR_INPUT, { "table.csv line 2", "no date" } },
    { "time:y<x", ASSAY_ERROR_USAGE, { "needs a number" } },
    { "time:day<May", ASSAY_ERROR_USAGE, { "YYYY-MM-DD" } },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      g_autoptr (AssayTable) table = fixture_csv (dates);
      GError *error = NULL;

      if (assay_split_apply (table, bad[k].rule, 0, &error))
        g_error ("\"%s\" was accepted", bad[k].rule);
      fixture_refused (&error, bad[k].code, bad[k].fragments[0], bad[k].fragments[1], NULL);
    }
}

static void
assert_split (const char *text, const char *rule, const char *expected, const char *last_split)
{
  g_autoptr (AssayTable) table = fixture_csv (text);
  g_autoptr (GString) found = g_string_new (NULL);
  GError *error = NULL;

  g_assert_true (assay_split_apply (table, rule, 0, &error));
  g_assert_no_error (error);
  for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
    g_string_append_printf (found, "%d", assay_table_get_split (table, row));
  g_assert_cmpstr (found->str, ==, expected);
  g_assert_cmpstr (assay_table_get_split_name (table, assay_table_get_n_splits (table) - 1), ==, last_split);
}

static void
test_missing (void)
{
  static const char text[] = "s,x\na,1\n,2\nb,\na,3\nb,0\n";
  g_autoptr (AssayTable) noted = fixture_csv (text), odd = fixture_csv ("s,x\n\"a\nb\",1\n");
  GError *error = NULL;

  assert_split (text, "column:s", "02101", "(missing)");
  assert_split (text, "column:x", "01423", "(missing)");          /* named in the order of their rows */
  assert_split (text, "time:x<2", "01210", "(missing)");
  assert_split (text, "time:x:early=2,late=rest", "01210", "(missing)");
  assert_split (text, "random:a=5,b=0", "00000", "b");            /* of no column: no row lacks anything */
  g_assert_true (assay_split_apply (noted, "column:s", 0, &error));
  g_assert_cmpstr (assay_table_get_notes (noted)->pdata[assay_table_get_notes (noted)->len - 1], ==,
                   "column \"s\" is missing in 1 rows: they are the split (missing)");
  g_assert_false (assay_split_apply (odd, "column:s", 0, &error));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "\"a\\x0ab\" of table.csv line 2", "control characters", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/split/names, counts, fractions, columns, files and times share rows out", test_rules);
  g_test_add_func ("/split/a threshold puts earlier rows into train", test_threshold);
  g_test_add_func ("/split/random parts have exact sizes and depend on the seed alone", test_random);
  g_test_add_func ("/split/rules that cannot hold are refused", test_refusals);
  g_test_add_func ("/split/rows without a value are a split of their own, and counted", test_missing);
  return g_test_run ();
}
