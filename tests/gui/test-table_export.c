/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-table_export.c: a table in a file says what the page said, and nothing in it becomes a formula. */
#include "gui/command_palette.h"
#include "gui/table_export.h"

static json_t *
make_table (void)
{
  return json_pack ("{s:[s, s, s], s:[[s, f, n], [s, I, b], [s, n, n]]}", "columns", "name", "value", "more", "rows", "a,\"b\"\nc", 0.1,
                    "=HYPERLINK(\"x\")", (json_int_t) G_MAXINT64, 1, "plain");
}

static void
test_csv (void)
{
  json_t *table = make_table ();
  g_autofree char *csv = assay_table_export_to_csv (table);

  g_assert_cmpstr (csv, ==, "name,value,more\r\n\"a,\"\"b\"\"\nc\",0.10000000000000001,\r\n"
                   "\"'=HYPERLINK(\"\"x\"\")\",9223372036854775807,true\r\nplain,,\r\n");
  json_decref (table);
}

static void
test_json (void)
{
  json_t *table = make_table (), *back;
  g_autofree char *text = assay_table_export_to_json (table);

  back = json_loads (text, JSON_REJECT_DUPLICATES, NULL);
  g_assert_cmpuint (json_array_size (back), ==, 3);
  g_assert_cmpstr (json_string_value (json_object_get (json_array_get (back, 1), "name")), ==, "=HYPERLINK(\"x\")");
  g_assert_true (json_integer_value (json_object_get (json_array_get (back, 1), "value")) == G_MAXINT64);
  g_assert_cmpfloat (json_real_value (json_object_get (json_array_get (back, 0), "value")), ==, 0.1);
  g_assert_true (json_is_null (json_object_get (json_array_get (back, 2), "more")));
  json_decref (back);
  json_decref (table);
}

static void
test_palette (void)
{
  g_assert_cmpuint (assay_command_palette_score ("Copy as Command", "zz"), ==, 0);
  g_assert_cmpuint (assay_command_palette_score ("Copy as Command", "copy zz"), ==, 0);
  g_assert_cmpuint (assay_command_palette_score ("Copy as Command", ""), >, 0);
  g_assert_cmpuint (assay_command_palette_score ("Copy as Command", "copy"), >, assay_command_palette_score ("A photocopy", "copy"));
  g_assert_cmpuint (assay_command_palette_score ("Copy as Command", "command"), >, assay_command_palette_score ("Copy as Command", "mmand"));
  g_assert_cmpuint (assay_command_palette_score ("STRASSE Ä", "ä"), >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/export/CSV is quoted, exact, and marks what a spreadsheet would calculate", test_csv);
  g_test_add_func ("/export/JSON has one object for each row", test_json);
  g_test_add_func ("/palette/every word must fit, and beginnings fit best", test_palette);
  return g_test_run ();
}
