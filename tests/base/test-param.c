/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-param.c: values of a declared table: defaults, text, JSON, ranges, choices, and refusals that name what is wrong. */
#include "base/error.h"
#include "base/param.h"

#include <math.h>
#include <string.h>

static const char *const solvers[] = { "cg", "dense", "lissa", NULL };

static const AssayParam table[] = {
  { .name = "verbose", .type = ASSAY_PARAM_BOOL, .help = "say more" },
  { .name = "max-iterations", .type = ASSAY_PARAM_INT, .def.i = 100, .min = 1, .max = 1e9, .unit = "steps", .help = "bound of a solve" },
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = -7, .help = "without a range" },
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.01, .min = 0, .max = INFINITY, .unit = "nats", .help = "added to the diagonal" },
  { .name = "limit", .type = ASSAY_PARAM_DOUBLE, .flags = ASSAY_PARAM_OPTIONAL, .min = -1, .max = 1, .help = "may be left unset" },
  { .name = "count", .type = ASSAY_PARAM_INT, .flags = ASSAY_PARAM_OPTIONAL, .help = "may be left unset" },
  { .name = "case", .type = ASSAY_PARAM_STRING, .flags = ASSAY_PARAM_REQUIRED | ASSAY_PARAM_POSITIONAL, .help = "directory of the case" },
  { .name = "solver", .type = ASSAY_PARAM_CHOICE, .def.s = "cg", .choices = solvers, .help = "how" },
  { .name = "reference", .type = ASSAY_PARAM_LIST, .help = "COLUMN=LEVEL" },
  { .name = "model", .type = ASSAY_PARAM_JSON, .help = "a nested document" },
  { .name = NULL }
};

static void
test_defaults (void)
{
  g_autoptr (AssayValues) v = assay_values_new (table);
  g_autoptr (GError) error = NULL;

  g_assert_true (assay_values_get_table (v) == table);
  g_assert_false (assay_values_get_bool (v, "verbose"));
  g_assert_cmpint (assay_values_get_int (v, "max-iterations"), ==, 100);
  g_assert_cmpint (assay_values_get_int (v, "seed"), ==, -7);
  g_assert_cmpfloat (assay_values_get_double (v, "damping"), ==, 0.01);
  g_assert_true (isnan (assay_values_get_double (v, "limit")));
  g_assert_cmpint (assay_values_get_int (v, "count"), ==, G_MININT64);
  g_assert_null (assay_values_get_string (v, "case"));
  g_assert_cmpstr (assay_values_get_string (v, "solver"), ==, "cg");
  g_assert_null (assay_values_get_list (v, "reference")[0]);
  g_assert_true (json_is_null (assay_values_get_json (v, "model")));
  for (const AssayParam *p = table; p->name; p++)
    g_assert_false (assay_values_is_set (v, p->name));
  g_assert_false (assay_values_check (v, "assay info", &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "assay info: case"));
}

static void
set (AssayValues *v, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;

  assay_values_set_text (v, name, text, &error);
  g_assert_no_error (error);
  g_assert_true (assay_values_is_set (v, name));
}

static void
test_text (void)
{
  g_autoptr (AssayValues) v = assay_values_new (table);
  const char *const *list;

  set (v, "verbose", "yes");
  g_assert_true (assay_values_get_bool (v, "verbose"));
  set (v, "verbose", "off");
  g_assert_false (assay_values_get_bool (v, "verbose"));
  set (v, "max-iterations", "1");
  g_assert_cmpint (assay_values_get_int (v, "max-iterations"), ==, 1);
  set (v, "seed", "-9223372036854775807");
  g_assert_cmpint (assay_values_get_int (v, "seed"), ==, -G_MAXINT64);
  set (v, "damping", "1e-3");
  g_assert_cmpfloat (assay_values_get_double (v, "damping"), ==, 1e-3);
  set (v, "limit", "-1");
  g_assert_cmpfloat (assay_values_get_double (v, "limit"), ==, -1);
  set (v, "solver", "lissa");
  g_assert_cmpstr (assay_values_get_string (v, "solver"), ==, "lissa");
  set (v, "case", "");
  g_assert_cmpstr (assay_values_get_string (v, "case"), ==, "");
  set (v, "reference", "race=Caucasian");
  set (v, "reference", "sex=Male");
  list = assay_values_get_list (v, "reference");
  g_assert_cmpuint (g_strv_length ((char **) list), ==, 2);
  g_assert_cmpstr (list[1], ==, "sex=Male");
  set (v, "model", "{\"layers\": [1, 2]}");
  g_assert_cmpint (json_integer_value (json_array_get (json_object_get (assay_values_get_json (v, "model"), "layers"), 1)), ==, 2);
  g_assert_true (assay_values_check (v, "x", NULL));
}

static void
refuse (const char *name, const char *text, const char *word)
{
  g_autoptr (AssayValues) v = assay_values_new (table);
  json_auto_t *before = assay_values_to_json (v), *after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_values_set_text (v, name, text, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, name));
  if (!strstr (error->message, word))
    g_error ("\"%s\" expected in: %s", word, error->message);
  after = assay_values_to_json (v);
  g_assert_true (json_equal (before, after));                     /* a refused value changes nothing */
  g_assert_false (assay_values_is_set (v, name));
}

static void
test_refused_text (void)
{
  refuse ("verbose", "maybe", "true or false");
  refuse ("max-iterations", "", "whole number");
  refuse ("max-iterations", "12x", "12x");
  refuse ("max-iterations", "1.5", "whole number");
  refuse ("max-iterations", "0", "from 1 to 1e+09");
  refuse ("max-iterations", "99999999999999999999", "whole number");
  refuse ("damping", "-0.5", "at least 0 nats");
  refuse ("damping", "nan", "finite");
  refuse ("damping", "inf", "finite");
  refuse ("damping", "1e999", "finite");
  refuse ("damping", "0.1,", "finite");
  refuse ("limit", "1.01", "from -1 to 1");
  refuse ("solver", "CG", "cg, dense, lissa");
  refuse ("model", "{\"a\": 1, \"a\": 2}", "JSON");
  refuse ("model", "{", "JSON");
  refuse ("case", "d\xff.csv", "UTF-8");                             /* it could not be written into a job file */
  refuse ("reference", "\xc3(", "UTF-8");
  refuse ("maxiterations", "3", "did you mean \"max-iterations\"");
  refuse ("dampin", "3", "did you mean \"damping\"");
}

static void
test_far_name (void)
{
  g_autoptr (AssayValues) v = assay_values_new (table);
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_values_set_text (v, "zzzzzz", "1", &error));
  g_assert_null (strstr (error->message, "did you mean"));
}

static AssayValues *
from_text (const char *text, GError **error)
{
  json_auto_t *json = json_loads (text, JSON_DECODE_ANY, NULL);

  g_assert_nonnull (json);
  return assay_values_from_json (table, json, "job.json", error);
}

static void
test_json (void)
{
  g_autoptr (AssayValues) v = from_text ("{\"case\": \"d\", \"max-iterations\": 5, \"damping\": 2, \"limit\": null, \"verbose\": true,"
                                         " \"reference\": [\"a=b\", \"c=d\"], \"model\": {\"k\": [1]}}", NULL);
  g_autoptr (AssayValues) again = NULL, copy = NULL;
  json_auto_t *first = NULL, *second = NULL, *third = NULL;

  g_assert_nonnull (v);
  g_assert_cmpint (assay_values_get_int (v, "max-iterations"), ==, 5);
  g_assert_cmpfloat (assay_values_get_double (v, "damping"), ==, 2);
  g_assert_true (isnan (assay_values_get_double (v, "limit")));
  g_assert_false (assay_values_is_set (v, "limit"));
  g_assert_true (assay_values_is_set (v, "damping"));
  first = assay_values_to_json (v);
  g_assert_cmpuint (json_object_size (first), ==, G_N_ELEMENTS (table) - 1);
  again = assay_values_from_json (table, first, "again", NULL);
  second = assay_values_to_json (again);
  g_assert_true (json_equal (first, second));
  for (const AssayParam *p = table; p->name != NULL; p++)         /* what was left out is still not given */
    g_assert_cmpint (assay_values_is_set (again, p->name), ==, assay_values_is_set (v, p->name));
  copy = assay_values_copy (v);
  set (v, "reference", "e=f");
  set (v, "case", "other");
  third = assay_values_to_json (copy);
  g_assert_true (json_equal (first, third));                      /* the copy is its own */
  g_assert_true (assay_values_is_set (copy, "damping"));
}

static void
refuse_json (const char *text, const char *word)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (from_text (text, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_true (g_str_has_prefix (error->message, "job.json: "));
  if (!strstr (error->message, word))
    g_error ("\"%s\" expected in: %s", word, error->message);
}

static void
test_refused_json (void)
{
  refuse_json ("[1]", "object");
  refuse_json ("{\"max-iterations\": 1.5}", "whole number");
  refuse_json ("{\"max-iterations\": \"5\"}", "whole number");
  refuse_json ("{\"max-iterations\": 0}", "from 1");
  refuse_json ("{\"damping\": \"0.1\"}", "a number");
  refuse_json ("{\"damping\": -1}", "-1 found");
  refuse_json ("{\"verbose\": 1}", "true or false");
  refuse_json ("{\"case\": 3}", "a string");
  refuse_json ("{\"solver\": \"qr\"}", "cg, dense, lissa");
  refuse_json ("{\"reference\": \"a\"}", "a list of strings");
  refuse_json ("{\"reference\": [\"a\", 1]}", "a list of strings");
  refuse_json ("{\"solvr\": \"cg\"}", "did you mean \"solver\"");
}

/* A list that is refused in the middle leaves the old one. */
static void
test_refused_list (void)
{
  g_autoptr (AssayValues) v = assay_values_new (table);
  json_auto_t *bad = json_pack ("[s, i]", "new", 1);

  set (v, "reference", "old");
  g_assert_false (assay_values_set_json (v, "reference", bad, NULL));
  g_assert_cmpstr (assay_values_get_list (v, "reference")[0], ==, "old");
}

static void
test_nearest (void)
{
  static const char *const names[] = { "train", "retrain", "influence", "info", NULL };

  g_assert_cmpstr (assay_param_nearest ("trian", names), ==, "train");
  g_assert_cmpstr (assay_param_nearest ("trai", names), ==, "train");
  g_assert_cmpstr (assay_param_nearest ("influense", names), ==, "influence");
  g_assert_cmpstr (assay_param_nearest ("inof", names), ==, "info");
  g_assert_cmpstr (assay_param_nearest ("inffo", names), ==, "info");
  g_assert_cmpstr (assay_param_nearest ("", names), ==, NULL);
}

/* Reading what the table does not declare is a mistake of the program. */
static void
test_undeclared (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (AssayValues) v = assay_values_new (table);

      assay_values_get_int (v, "damping");
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*param.c*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/param/a new set holds the declared defaults", test_defaults);
  g_test_add_func ("/param/text forms are read", test_text);
  g_test_add_func ("/param/bad text is refused by name and changes nothing", test_refused_text);
  g_test_add_func ("/param/a name like none of the table's gets no suggestion", test_far_name);
  g_test_add_func ("/param/values go to JSON and back", test_json);
  g_test_add_func ("/param/bad JSON is refused with the document's name", test_refused_json);
  g_test_add_func ("/param/a list refused in the middle leaves the old one", test_refused_list);
  g_test_add_func ("/param/the nearest name is found by edit distance", test_nearest);
  g_test_add_func ("/param/reading an undeclared value stops the program", test_undeclared);
  return g_test_run ();
}
