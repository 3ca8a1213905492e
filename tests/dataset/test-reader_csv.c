/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reader_csv.c: tables of text: what is read, and what is refused with which words. */
#include "fixture.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

static void
test_types (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("a,b,c\n1,x,-2.5e3\n,y,\n3,x,+.5\n");
  const AssayColumn *a = assay_table_peek_column (table, "a");

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 3);
  g_assert_cmpint (a->type, ==, ASSAY_COLUMN_NUMBER);
  g_assert_cmpint (a->n_missing, ==, 1);
  g_assert_true (assay_column_is_missing (a, 1) && isnan (a->number[1]));
  g_assert_cmpfloat (fixture_number (table, "c", 0), ==, -2500);
  g_assert_cmpfloat (fixture_number (table, "c", 2), ==, 0.5);
  g_assert_cmpstr (fixture_text (table, "b", 2), ==, "x");
  g_assert_cmpint (assay_table_peek_column (table, "b")->levels->len, ==, 2);
}

static void
test_quotes (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("\"a\",\"b, with comma\"\r\n\"say \"\"yes\"\"\",\"two\r\nlines\"\r\n plain , \"x\" \r\n\"\",\"\"\"\"\r\n");

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 3);
  g_assert_cmpstr (fixture_text (table, "a", 0), ==, "say \"yes\"");
  g_assert_cmpstr (fixture_text (table, "b, with comma", 0), ==, "two\r\nlines");
  g_assert_cmpstr (fixture_text (table, "a", 1), ==, "plain");
  g_assert_cmpstr (fixture_text (table, "b, with comma", 1), ==, "x");
  g_assert_cmpstr (fixture_text (table, "b, with comma", 2), ==, "\"");
  g_assert_true (assay_column_is_missing (assay_table_peek_column (table, "a"), 2));
}

static void
test_source_rows (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("a,b\n\"1\",\"x\ny\"\n2,z\n");

  g_assert_cmpint (assay_table_get_source_row (table, 0), ==, 2);
  g_assert_cmpint (assay_table_get_source_row (table, 1), ==, 4);
  g_assert_cmpstr (assay_table_get_file (table, 1), ==, "table.csv");
  g_assert_cmpint (assay_table_get_origin_unit (table), ==, ASSAY_ORIGIN_LINE);
}

static void
test_delimiters (void)
{
  g_autofree char *semicolon = fixture_write ("s.csv", "a;b\n1;\"x;y\"\n", -1), *tab = fixture_write ("t.tsv", "a\tb c\n1\t x y \n", -1);
  g_autofree char *space = fixture_write ("s.data", "A11   6 A34\nA12 48 A32 \n", -1), *one = fixture_write ("one.csv", "my column\n1\n2\n", -1);
  g_autoptr (AssayTable) s = fixture_import (semicolon, NULL), t = fixture_import (tab, NULL);
  g_autoptr (AssayTable) b = fixture_import (space, "header", "no", NULL), o = fixture_import (one, NULL);

  g_assert_cmpstr (fixture_text (s, "b", 0), ==, "x;y");
  g_assert_cmpstr (fixture_text (t, "b c", 0), ==, "x y");
  g_assert_cmpint (assay_table_get_n_columns (b), ==, 3);
  g_assert_cmpint (assay_table_get_n_rows (b), ==, 2);
  g_assert_cmpfloat (fixture_number (b, "c2", 1), ==, 48);
  g_assert_cmpfloat (fixture_number (o, "my column", 1), ==, 2);
}

static void
test_names (void)
{
  g_autofree char *bare = fixture_write ("bare.csv", "1,2\n3,4\n", -1), *mark = fixture_write ("mark.csv", "\xef\xbb\xbf" "a,\n1,2\n", -1);
  g_autoptr (AssayTable) given = fixture_import (bare, "columns", "x, y", NULL), none = fixture_import (bare, "header", "no", NULL);
  g_autoptr (AssayTable) marked = fixture_import (mark, NULL), named = fixture_import (bare, "header", "yes", "columns", "u,v", NULL);

  g_assert_cmpfloat (fixture_number (given, "y", 1), ==, 4);
  g_assert_cmpfloat (fixture_number (none, "c1", 0), ==, 1);
  g_assert_cmpfloat (fixture_number (marked, "a", 0), ==, 1);
  g_assert_cmpfloat (fixture_number (marked, "column_2", 0), ==, 2);
  g_assert_cmpint (assay_table_get_n_rows (named), ==, 1);
  g_assert_cmpfloat (fixture_number (named, "u", 0), ==, 3);
}

static void
test_several_files (void)
{
  g_autofree char *first = fixture_write ("first.csv", "a,b\n1,x\n", -1), *second = fixture_write ("second.csv", "a,b\n2,y\n3,x\n", -1);
  g_autofree char *other = fixture_write ("other.csv", "a,c\n2,y\n", -1);
  g_autoptr (AssayValues) options = assay_values_new (assay_import_params);
  const char *paths[] = { first, second, NULL }, *unlike[] = { first, other, NULL };
  GError *error = NULL;
  g_autoptr (AssayTable) table = assay_import (paths, options, &error);

  g_assert_no_error (error);
  g_assert_cmpint (assay_table_get_n_rows (table), ==, 3);
  g_assert_cmpstr (assay_table_get_file (table, 0), ==, "first.csv");
  g_assert_cmpstr (assay_table_get_file (table, 2), ==, "second.csv");
  g_assert_cmpint (assay_table_get_source_row (table, 2), ==, 3);
  g_assert_cmpstr (fixture_text (table, "b", 2), ==, "x");
  g_assert_null (assay_import (unlike, options, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "other.csv line 1", "column 2", "\"c\"", "first.csv", NULL);
}

static void
test_missing_marks (void)
{
  g_autofree char *path = fixture_write ("marks.csv", "a,b\n1,N/A\n-99,x\n?,y\n", -1);
  g_autoptr (AssayTable) usual = fixture_import (path, NULL), own = fixture_import (path, "missing-mark", "-99", "missing-mark", "?", NULL);

  g_assert_cmpint (assay_table_peek_column (usual, "a")->n_missing, ==, 1);
  g_assert_cmpint (assay_table_peek_column (usual, "b")->n_missing, ==, 1);
  g_assert_cmpstr (fixture_text (usual, "b", 0), ==, "N/A");      /* the spelling stays */
  g_assert_cmpint (assay_table_peek_column (own, "a")->n_missing, ==, 2);
  g_assert_cmpint (assay_table_peek_column (own, "b")->n_missing, ==, 0);
}

static void
test_mixed_columns (void)
{
  g_autofree char *mixed = fixture_write ("mixed.csv", "ticket,n\n24160,1\nPC 17601,2\nA/5,3\n113781,4\n", -1);
  g_autofree char *long_id = fixture_write ("long.csv", "key\n12345678901234567890\n1\n", -1);
  g_autofree char *forced = fixture_write ("forced.csv", "zip\n01234\n02345\n", -1);
  g_autoptr (AssayTable) m = fixture_import (mixed, NULL), l = fixture_import (long_id, NULL), f = fixture_import (forced, "text", "zip", NULL);

  g_assert_cmpstr (fixture_text (m, "ticket", 1), ==, "PC 17601");
  g_assert_cmpint (assay_table_get_notes (m)->len, ==, 1);        /* the import says that ticket is text, and why */
  g_assert_cmpstr (fixture_text (l, "key", 0), ==, "12345678901234567890");
  g_assert_cmpstr (fixture_text (f, "zip", 0), ==, "01234");
}

static void
test_ids (void)
{
  g_autofree char *path = fixture_write ("ids.csv", "key,x\n007,1\n008,2\n", -1), *gap = fixture_write ("gap.csv", "key,x\na,1\n,2\n", -1);
  g_autoptr (AssayTable) table = fixture_import (path, "id", "key", NULL);
  GError *error = NULL;

  g_assert_cmpstr (assay_table_get_id (table, 0), ==, "007");     /* as written, though the column holds numbers */
  g_assert_cmpstr (assay_table_get_id_column (table), ==, "key");
  g_assert_null (fixture_try (&error, gap, "id", "key", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "gap.csv line 3", "key column", NULL);
  g_assert_null (fixture_try (&error, path, "id", "keyy", NULL));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "--id", "did you mean \"key\"", NULL);
}

typedef struct {
  const char *sentence, *text;
  gssize n;                     /* 0: a string */
  const char *fragments[4];
} Refusal;

static const Refusal refusals[] = {
  { "a short row", "a,b,c\n1,2,3\n4,5\n", 0, { "bad.csv line 3", "3 cells expected", "2 found" } },
  { "a long row", "a,b\n1,2\n4,5,6\n", 0, { "bad.csv line 3", "2 cells expected", "3 found" } },
  { "a short row after a quoted line break", "a,b\n\"x\ny\",2\n4\n", 0, { "bad.csv line 4", "1 found" } },
  { "a word among numbers", "a,b\n1,2\n2,3\nx7,4\n", 0, { "bad.csv line 4", "column \"a\"", "\"x7\"", "is not a number" } },
  { "a number with two points", "a\n1\n2\n1.2.3\n", 0, { "line 4", "1.2.3" } },
  { "NaN spelled in a number column", "a\n1\n2\nNaN\n", 0, { "line 4", "\"NaN\"", "not a finite number" } },
  { "infinity spelled in a number column", "a\n1\n-inf\n2\n", 0, { "line 3", "\"-inf\"", "not a finite number" } },
  { "a number beyond a double", "a\n1\n1e400\n", 0, { "line 3", "1e400", "too large" } },
  { "a NUL byte", "a,b\n1,\0002\n", 9, { "bad.csv line 2", "NUL", "byte offset 6" } },
  { "bytes that are not UTF-8", "a,b\n1,caf\xe9\n", 0, { "line 2", "not UTF-8 at byte offset 9", "0xe9" } },
  { "two columns of one name", "a,b,a\n1,2,3\n", 0, { "columns 1 and 3", "\"a\"" } },
  { "a header only", "a,b\n", 0, { "bad.csv", "a header only" } },
  { "an empty file", "", 0, { "bad.csv", "empty" } },
  { "blank lines only", "\n\n", 0, { "bad.csv", "no data rows" } },
  { "a blank line inside", "a,b\n1,2\n\n3,4\n", 0, { "line 3", "empty line" } },
  { "a quote that never closes", "a,b\n1,\"x\n2,y\n", 0, { "line 2", "never closed" } },
  { "a quote inside a plain cell", "a,b\n1,5\"\n", 0, { "line 2", "a quote inside" } },
  { "text after a closing quote", "a,b\n1,\"x\"y\n", 0, { "line 2", "after the closing quote" } },
  { "lines that end in CR", "a,b\r1,2\r", 0, { "line 1", "carriage return" } },
  { "no header", "1,2\n3,4\n", 0, { "line 1", "--header no" } },
};

static void
test_refusal (gconstpointer data)
{
  const Refusal *r = data;
  g_autofree char *path = fixture_write ("bad.csv", r->text, r->n ? r->n : (gssize) strlen (r->text));
  GError *error = NULL;

  g_assert_null (fixture_try (&error, path, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, r->fragments[0], r->fragments[1], r->fragments[2], r->fragments[3], NULL);
}

static void
test_declared_numbers (void)
{
  g_autofree char *path = fixture_write ("declared.csv", "a,b\nx,1\ny,2\n", -1);
  GError *error = NULL;

  g_assert_null (fixture_try (&error, path, "number", "a", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "declared.csv line 2", "\"x\"", "declared to hold numbers", NULL);
  g_assert_null (fixture_try (&error, path, "text", "q", NULL));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "--text", "\"q\"", NULL);
}

static void
test_control_characters (void)
{
  g_autofree char *path = fixture_write ("control.csv", "a\n1\n2\n\033]52;c;x\007\n", -1);
  GError *error = NULL;

  g_assert_null (fixture_try (&error, path, NULL));
  g_assert_null (strchr (error->message, '\033'));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "line 4", "\\x1b", NULL);
}

static void
test_names_are_visible (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("\"a\nb\",c\033[1m\n1,2\n");

  g_assert_cmpstr (assay_table_get_column (table, 0)->name, ==, "a\\x0ab");
  g_assert_cmpstr (assay_table_get_column (table, 1)->name, ==, "c\\x1b[1m");
}

/* --- real data ---------------------------------------------------------------------------------------------------- */

static void
test_compas (void)
{
  g_autofree char *path = fixture_data ("tabular/compas_two_years_min.csv");
  g_autoptr (AssayTable) table = path ? fixture_import (path, "id", "id", NULL) : NULL;

  if (table == NULL)
    return;
  g_assert_cmpint (assay_table_get_n_rows (table), ==, 7214);
  g_assert_cmpint (assay_table_peek_column (table, "days_b_screening_arrest")->n_missing, ==, 307);
  g_assert_cmpint (assay_table_peek_column (table, "score_text")->levels->len, ==, 3);
  g_assert_cmpstr (assay_table_get_id (table, 0), ==, "1");
  g_assert_cmpint (assay_table_get_source_row (table, 0), ==, 2);
}

static void
test_german_adult_titanic (void)
{
  g_autofree char *german = fixture_data ("tabular/german.csv"), *adult = fixture_data ("tabular/adult.csv");
  g_autofree char *titanic = fixture_data ("tabular/titanic.csv");
  g_autoptr (AssayTable) g = german ? fixture_import (german, NULL) : NULL, a = adult ? fixture_import (adult, NULL) : NULL;
  g_autoptr (AssayTable) t = titanic ? fixture_import (titanic, NULL) : NULL;

  if (g == NULL || a == NULL || t == NULL)
    return;
  g_assert_cmpint (assay_table_get_n_rows (g), ==, 1000);
  g_assert_cmpint (assay_table_peek_column (g, "purpose")->levels->len, ==, 10);
  g_assert_cmpint (assay_table_get_n_rows (a), ==, 32561);
  g_assert_cmpint (assay_table_peek_column (a, "workclass")->n_missing, ==, 1836);
  g_assert_cmpint (assay_table_peek_column (a, "hours-per-week")->type, ==, ASSAY_COLUMN_NUMBER);
  g_assert_cmpint (assay_table_get_n_rows (t), ==, 1309);
  g_assert_cmpint (assay_table_peek_column (t, "age")->type, ==, ASSAY_COLUMN_NUMBER);
  g_assert_cmpint (assay_table_peek_column (t, "age")->n_missing, ==, 263);
  g_assert_cmpint (assay_table_peek_column (t, "boat")->type, ==, ASSAY_COLUMN_TEXT);
  g_assert_cmpstr (fixture_text (t, "name", 0), ==, "Allen, Miss. Elisabeth Walton");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reader_csv/columns are typed by their cells and missing cells are marked", test_types);
  g_test_add_func ("/reader_csv/quotes hold delimiters, line breaks and doubled quotes", test_quotes);
  g_test_add_func ("/reader_csv/every row keeps the line it began on", test_source_rows);
  g_test_add_func ("/reader_csv/semicolons, tabs and blanks are recognised", test_delimiters);
  g_test_add_func ("/reader_csv/names come from the header, from the options, or are numbered", test_names);
  g_test_add_func ("/reader_csv/several files with the same columns are one table", test_several_files);
  g_test_add_func ("/reader_csv/declared marks mean missing and text keeps its spelling", test_missing_marks);
  g_test_add_func ("/reader_csv/a column of words and numbers is text and the import says so", test_mixed_columns);
  g_test_add_func ("/reader_csv/keys are kept as written", test_ids);
  for (gsize k = 0; k < G_N_ELEMENTS (refusals); k++)
    {
      g_autofree char *name = g_strdup_printf ("/reader_csv/%s is refused with its place", refusals[k].sentence);

      g_test_add_data_func (name, &refusals[k], test_refusal);
    }
  g_test_add_func ("/reader_csv/a column declared to hold numbers refuses words", test_declared_numbers);
  g_test_add_func ("/reader_csv/control characters from a file are written out in messages", test_control_characters);
  g_test_add_func ("/reader_csv/control characters in names are written out", test_names_are_visible);
  g_test_add_func ("/reader_csv/the COMPAS table loads with its missing days", test_compas);
  g_test_add_func ("/reader_csv/German credit, Adult and Titanic load", test_german_adult_titanic);
  return g_test_run ();
}
