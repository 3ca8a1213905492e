/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-results.c: how cited numbers are named and rounded. */
#include "report/results.h"

#include <locale.h>
#include <math.h>

static void
check_display (double value, AssayNumberFormat format, guint digits, const char *expected)
{
  g_autoptr (AssayResults) results = assay_results_new ();
  AssayResultTable *table = assay_results_add_table (results, "t", "T", 1, NULL);
  guint column = assay_result_table_add_numbers (table, &(AssayResultColumn) { .name = "x" }, &value);
  AssayNumber number = assay_number_new (table, column, 0, format, digits);
  g_autofree char *display = assay_number_dup_display (&number);

  g_assert_cmpstr (display, ==, expected);
}

static void
test_rounding (void)
{
  check_display (0.25, ASSAY_NUMBER_DECIMALS, 3, "0.250");
  check_display (0.125, ASSAY_NUMBER_DECIMALS, 2, "0.12");         /* a true tie: to even */
  check_display (0.375, ASSAY_NUMBER_DECIMALS, 2, "0.38");
  check_display (1.005, ASSAY_NUMBER_DECIMALS, 2, "1.00");         /* the binary value is below the tie */
  check_display (-0.0001, ASSAY_NUMBER_DECIMALS, 2, "0.00");
  check_display (1234567.5, ASSAY_NUMBER_DECIMALS, 1, "1,234,567.5");
  check_display (0.44847, ASSAY_NUMBER_PERCENT, 1, "44.8 %");
  check_display (0.29, ASSAY_NUMBER_PERCENT, 0, "29 %");
  check_display (0.00123456, ASSAY_NUMBER_SIGNIFICANT, 3, "0.00123");
  check_display (1.23456e-9, ASSAY_NUMBER_SIGNIFICANT, 3, "1.23e-9");
  check_display (123456, ASSAY_NUMBER_SIGNIFICANT, 3, "1.23e5");
  check_display (99.96, ASSAY_NUMBER_SIGNIFICANT, 3, "100");
  check_display (0, ASSAY_NUMBER_SIGNIFICANT, 3, "0");
  check_display (-0.5, ASSAY_NUMBER_SIGNIFICANT, 2, "-0.50");
  check_display (NAN, ASSAY_NUMBER_DECIMALS, 3, "not computed");
  check_display (-1234, ASSAY_NUMBER_COUNT, 0, "-1,234");
}

static void
test_locales (void)
{
  static const char *const names[] = { "de_DE.UTF-8", "fa_IR.UTF-8", "C" };

  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    if (setlocale (LC_ALL, names[k]) != NULL)
      check_display (1234.5, ASSAY_NUMBER_DECIMALS, 2, "1,234.50");
  setlocale (LC_ALL, "C");
}

static void
test_elements (void)
{
  g_autoptr (AssayResults) results = assay_results_new ();
  AssayResultTable *table = assay_results_add_table (results, "subgroups/race", "By race", 2, &(AssayResultSource) { .object = "audit/x" });
  const gint64 counts[] = { 805, 9007199254740993 };
  const double rates[] = { 0.5, NAN };
  const char *const names[] = { "a", NULL };
  guint c = assay_result_table_add_counts (table, &(AssayResultColumn) { .name = "false_positives", .long_name = "false positives" }, counts);
  guint r = assay_result_table_add_numbers (table, &(AssayResultColumn) { .name = "rate" }, rates);
  guint t = assay_result_table_add_texts (table, &(AssayResultColumn) { .name = "group" }, names);
  AssayNumber count = assay_number_new (table, c, 1, ASSAY_NUMBER_DECIMALS, 3), rate = assay_number_new (table, r, 1, ASSAY_NUMBER_PERCENT, 1);
  g_autofree char *id = assay_number_dup_id (&count), *display = assay_number_dup_display (&count);

  g_assert_cmpstr (id, ==, "subgroups/race/false_positives[1]");
  g_assert_cmpstr (display, ==, "9,007,199,254,740,993");         /* above 2^53: not by way of a double */
  g_assert_false (assay_number_exists (&rate));
  g_assert_null (assay_result_table_get_reason (table, r, 1));
  assay_result_table_set_reason (table, r, 1, "nobody in the group");
  g_assert_cmpstr (assay_result_table_get_reason (table, r, 1), ==, "nobody in the group");
  g_assert_null (assay_result_table_get_counts (table, r));
  g_assert_cmpstr (assay_result_table_get_texts (table, t)[1], ==, "");
  g_assert_cmpstr (assay_result_table_get_source (table)->object, ==, "audit/x");
  g_assert_cmpstr (assay_result_table_get_column (table, r)->long_name, ==, "rate");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/results/a display is the correct rounding of the binary value", test_rounding);
  g_test_add_func ("/results/no locale changes a digit", test_locales);
  g_test_add_func ("/results/elements have ids, exact counts and reasons", test_elements);
  return g_test_run ();
}
