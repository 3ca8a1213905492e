/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reference.c: comparison with reference cases, on tiny ones made here by other means, and on ones that were spoilt. */
#include "influence/reference.h"

#include "base/error.h"
#include "oracle_case.h"
#include "store/safetensors.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  char *directory;
  AssayBackend *backend;
} Room;

static void
enter (Room *room, gconstpointer data)
{
  GError *error = NULL;

  (void) data;
  room->directory = g_dir_make_tmp ("assay-reference-XXXXXX", &error);
  g_assert_no_error (error);
  room->backend = assay_backend_cpu_new (2);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static void
leave (Room *room, gconstpointer data)
{
  (void) data;
  remove_tree (room->directory);
  g_free (room->directory);
  assay_backend_free (room->backend);
}

/* --- cases that fit --------------------------------------------------------------------------------------------------- */

static gboolean
is_input (const char *name)
{
  return g_str_has_prefix (name, "v0.") || g_str_has_prefix (name, "v1.") || strcmp (name, "loo.index") == 0;
}

static void
test_generated (Room *room, gconstpointer data)
{
  const AssayReferenceResult *result;
  g_autoptr (GPtrArray) results = NULL;
  double worst = 0;
  GError *error = NULL;

  oracle_case_write (data, room->directory);
  results = assay_reference_check (room->directory, room->backend, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (results->len, ==, 1);
  result = results->pdata[0];
  for (guint i = 0; i < result->quantities->len; i++)
    {
      const AssayReferenceQuantity *q = result->quantities->pdata[i];

      if (is_input (q->name))
        {
          g_assert_false (q->is_compared);
          continue;
        }
      if (!q->is_compared || !q->passed)
        g_test_message ("%s: compared %d, error %g, bound %g", q->name, q->is_compared, q->relative_error, q->bound);
      g_assert_true (q->is_compared && q->passed);
      g_assert_cmpfloat (q->bound, <=, g_str_has_prefix (q->name, "infl.") || g_str_has_prefix (q->name, "self.")
                                       || g_str_has_prefix (q->name, "loo.") ? 1e-9 : 1e-11);
      worst = MAX (worst, q->relative_error);
    }
  g_test_message ("largest relative error %.2g in %u quantities", worst, result->n_compared);
  g_assert_true (result->passed);
  g_assert_true (assay_reference_has_passed (results));
}

static void
test_folder (Room *room, gconstpointer data)
{
  static const char *const names[] = { "b", "a" };
  g_autofree char *other = g_build_filename (room->directory, "notes", NULL);
  g_autoptr (GPtrArray) results = NULL;
  json_t *json, *first, *quantity;
  gboolean seen_null = FALSE;
  gsize i;
  GError *error = NULL;

  (void) data;
  for (guint k = 0; k < 2; k++)
    {
      g_autofree char *path = g_build_filename (room->directory, names[k], NULL);

      g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
      oracle_case_write (&oracle_specs[k], path);
    }
  g_assert_cmpint (g_mkdir (other, 0700), ==, 0);                 /* not a case: passed over */
  results = assay_reference_check (room->directory, room->backend, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (results->len, ==, 2);
  json = assay_reference_to_json (results);
  g_assert_true (json_is_true (json_object_get (json, "passed")));
  first = json_array_get (json_object_get (json, "cases"), 0);
  g_assert_true (g_str_has_suffix (json_string_value (json_object_get (first, "path")), "/a"));       /* by name */
  g_assert_cmpstr (json_string_value (json_object_get (first, "name")), ==, "generated");
  g_assert_true (json_is_true (json_object_get (first, "passed")));
  json_array_foreach (json_object_get (first, "quantities"), i, quantity)
    {
      gboolean null = json_is_null (json_object_get (quantity, "relative_error"));

      g_assert_true (json_is_string (json_object_get (quantity, "name")));
      g_assert_true (null || json_is_number (json_object_get (quantity, "relative_error")));
      g_assert_true (null ? json_is_null (json_object_get (quantity, "passed")) : json_is_true (json_object_get (quantity, "passed")));
      seen_null |= null;
    }
  g_assert_true (seen_null);
  json_decref (json);
}

/* --- cases that do not ------------------------------------------------------------------------------------------------ */

/* Copies a safetensors file with one tensor changed: dropped, reshaped to one axis less its last element, its largest element moved,
 * halved to F32, or its whole numbers called F64. */
typedef enum { DROP, SHORTEN, MOVE, OUT_OF_RANGE, NOT_A_NUMBER, NARROW, CALL_DOUBLE } Change;

static gsize
largest_of (const char *bytes, gsize n)
{
  gsize best = 0;
  double most = -1;

  for (gsize i = 0; i < n; i++)
    {
      double value;

      memcpy (&value, bytes + i * sizeof value, sizeof value);
      if (fabs (value) > most)
        {
          most = fabs (value);
          best = i;
        }
    }
  return best;
}

static void
spoil (const char *path, const char *name, Change change)
{
  GError *error = NULL;
  g_autoptr (AssaySafetensors) file = assay_safetensors_open (path, &error);
  g_autofree AssaySafetensor *tensors = g_new (AssaySafetensor, assay_safetensors_get_n (file));
  g_autofree char *bytes = NULL;
  gsize n = 0;

  g_assert_no_error (error);
  for (gsize i = 0; i < assay_safetensors_get_n (file); i++)
    {
      AssaySafetensor t = *assay_safetensors_get (file, i);

      if (strcmp (t.name, name) == 0 || (g_str_has_suffix (name, ".") && g_str_has_prefix (t.name, name)))
        {
          double value;
          gint64 whole = 1 << 20;
          char *where;

          if (change == DROP)
            continue;
          bytes = g_memdup2 (t.data, t.bytes);
          where = bytes + largest_of (bytes, t.n_elements) * sizeof value;
          memcpy (&value, where, sizeof value);
          value = change == NOT_A_NUMBER ? (double) NAN : value * (1 + 1e-6);
          t.data = bytes;
          if (change == OUT_OF_RANGE)
            memcpy (bytes, &whole, sizeof whole);
          else if (change == MOVE || change == NOT_A_NUMBER)
            memcpy (where, &value, sizeof value);
          for (gsize e = 0; change == NARROW && e < t.n_elements; e++)
            {
              float narrow;

              memcpy (&value, bytes + e * sizeof value, sizeof value);
              narrow = (float) value;
              memcpy (bytes + e * sizeof narrow, &narrow, sizeof narrow);
            }
          if (change == NARROW)
            {
              t.type = ASSAY_STORE_F32;
              t.bytes /= 2;
            }
          if (change == CALL_DOUBLE)
            t.type = ASSAY_STORE_F64;
          if (change == SHORTEN)
            {
              t.rank = 1;
              t.dims[0] = --t.n_elements;
              t.bytes -= 8;
            }
        }
      tensors[n++] = t;
    }
  assay_safetensors_write (path, tensors, n, NULL, &error);
  g_assert_no_error (error);
}

/* One entry of one tensor is off by a millionth: that quantity fails, alone. */
static void
test_notices (Room *room, gconstpointer data)
{
  static const char *const names[] = { "train.loss", "grad.fc.bias", "hv0.fc.weight", "efv1.fc.weight", "dirderiv.v0",
                                      "score.cosine",
                                       "infl.hessian.d0", "self.ggn.d1", "eig.hessian", "tracin", "loo.newton", "loo.delta" };
  g_autofree char *path = g_build_filename (room->directory, "expected.safetensors", NULL);

  (void) data;
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autoptr (GPtrArray) results = NULL;
      const AssayReferenceResult *result;
      g_autofree char *failure = NULL;
      GError *error = NULL;

      oracle_case_write (&oracle_specs[0], room->directory);
      spoil (path, names[k], MOVE);
      results = assay_reference_check (room->directory, room->backend, NULL, &error);
      g_assert_no_error (error);
      result = results->pdata[0];
      failure = assay_reference_describe_failure (results);
      g_assert_false (result->passed);
      g_assert_false (assay_reference_has_passed (results));
      g_assert_nonnull (strstr (failure, names[k]));
      for (guint i = 0; i < result->quantities->len; i++)
        {
          const AssayReferenceQuantity *q = result->quantities->pdata[i];

          g_assert_true (!q->is_compared || q->passed == (strcmp (q->name, names[k]) != 0));
        }
    }
}

static void
test_not_a_number (Room *room, gconstpointer data)
{
  g_autofree char *path = g_build_filename (room->directory, "expected.safetensors", NULL);
  g_autoptr (GPtrArray) results = NULL;
  json_t *json;
  GError *error = NULL;

  (void) data;
  oracle_case_write (&oracle_specs[0], room->directory);
  spoil (path, "score.dot", NOT_A_NUMBER);
  results = assay_reference_check (room->directory, room->backend, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (assay_reference_has_passed (results));
  json = assay_reference_to_json (results);
  g_assert_nonnull (json);                                        /* a number that JSON can say */
  json_decref (json);
}

static void
assert_refused (Room *room, int code, const char *file, const char *key)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_reference_check (room->directory, room->backend, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, code);
  if (strstr (error->message, file) == NULL || strstr (error->message, key) == NULL)
    g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, file));
  g_assert_nonnull (strstr (error->message, key));
  g_assert_null (strchr (error->message, '\n'));
}

static void
test_bad_tensors (Room *room, gconstpointer data)
{
  static const struct { guint spec; const char *file, *tensor; Change change; int code; } cases[] = {
    { 0, "model.safetensors", "fc.bias", DROP, ASSAY_ERROR_NOT_FOUND },
    { 0, "model.safetensors", "fc.weight", SHORTEN, ASSAY_ERROR_SHAPE },
    { 0, "data.safetensors", "train.x", DROP, ASSAY_ERROR_NOT_FOUND },
    { 0, "data.safetensors", "query.x", SHORTEN, ASSAY_ERROR_SHAPE },
    { 0, "data.safetensors", "train.y", SHORTEN, ASSAY_ERROR_SHAPE },
    { 0, "data.safetensors", "query.y", OUT_OF_RANGE, ASSAY_ERROR_INPUT },
    { 0, "expected.safetensors", "infl.ggn.d0", SHORTEN, ASSAY_ERROR_SHAPE },
    { 0, "expected.safetensors", "v0.fc.weight", DROP, ASSAY_ERROR_NOT_FOUND },
    { 0, "expected.safetensors", "loo.index", OUT_OF_RANGE, ASSAY_ERROR_INPUT },
    { 1, "expected.safetensors", "v0.", DROP, ASSAY_ERROR_NOT_FOUND },              /* the whole direction: products stay behind */
    { 0, "model.safetensors", "fc.weight", NOT_A_NUMBER, ASSAY_ERROR_NAN },
    { 0, "data.safetensors", "train.x", NOT_A_NUMBER, ASSAY_ERROR_NAN },
    { 0, "expected.safetensors", "v1.fc.bias", NOT_A_NUMBER, ASSAY_ERROR_NAN },
    { 0, "checkpoints.safetensors", "ckpt0.fc.bias", NOT_A_NUMBER, ASSAY_ERROR_NAN },
    { 0, "model.safetensors", "fc.weight", NARROW, ASSAY_ERROR_INPUT },
    { 0, "data.safetensors", "query.x", NARROW, ASSAY_ERROR_INPUT },
    { 0, "expected.safetensors", "train.loss", NARROW, ASSAY_ERROR_INPUT },
    { 0, "expected.safetensors", "score.dot", NARROW, ASSAY_ERROR_INPUT },
    { 0, "data.safetensors", "train.y", CALL_DOUBLE, ASSAY_ERROR_INPUT },
    { 0, "expected.safetensors", "loo.index", CALL_DOUBLE, ASSAY_ERROR_INPUT },
  };

  (void) data;
  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autofree char *path = g_build_filename (room->directory, cases[k].file, NULL);

      oracle_case_write (&oracle_specs[cases[k].spec], room->directory);
      spoil (path, cases[k].tensor, cases[k].change);
      assert_refused (room, cases[k].code, cases[k].file, cases[k].tensor);
    }
}

static void
test_missing_files (Room *room, gconstpointer data)
{
  static const char *const names[] = { "case.json", "model.safetensors", "data.safetensors", "expected.safetensors",
                                      "checkpoints.safetensors" };
  g_autoptr (GError) error = NULL;
  g_autofree char *nowhere = g_build_filename (room->directory, "nowhere", NULL);

  (void) data;
  g_assert_null (assay_reference_check (room->directory, room->backend, NULL, &error));     /* an empty folder */
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (assay_reference_check (nowhere, room->backend, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *path = g_build_filename (room->directory, names[k], NULL);

      oracle_case_write (&oracle_specs[0], room->directory);
      g_assert_cmpint (g_remove (path), ==, 0);
      assert_refused (room, ASSAY_ERROR_NOT_FOUND, names[k], "");
    }
}

/* Sets section.key (section NULL: top level) of case.json to a JSON text; "" deletes it. */
static void
edit (Room *room, const char *section, const char *key, const char *text)
{
  g_autofree char *path = g_build_filename (room->directory, "case.json", NULL);
  json_t *document = json_load_file (path, 0, NULL), *object = section ? json_object_get (document, section) : document;

  if (text[0] == '\0')
    json_object_del (object, key);
  else
    json_object_set_new (object, key, json_loads (text, JSON_DECODE_ANY, NULL));
  g_assert_cmpint (json_dump_file (document, path, 0), ==, 0);
  json_decref (document);
}

#define CONV(kernel, in, stride, pool)                                                                                          \
  "[{\"in\": " in ", \"out\": 2, \"kernel\": " kernel ", \"stride\": 2, \"padding\": 0, \"act\": \"none\","                                \
  " \"pool\": {\"kind\": " pool ", \"kernel\": 2, \"stride\": " stride "}}]"

static void
test_bad_documents (Room *room, gconstpointer data)
{
  static const struct { guint spec; const char *section, *key, *text, *named; } cases[] = {
    { 0, NULL, "kind", "\"forest\"", "kind" },
    { 0, NULL, "kind", "", "kind" },
    { 0, NULL, "architecture", "[]", "architecture" },
    { 0, "architecture", "in", "", "architecture.in" },
    { 0, "architecture", "in", "\"four\"", "architecture.in" },
    { 0, "architecture", "in", "-4", "architecture.in" },
    { 0, "architecture", "classes", "4", "parameters[0]" },
    { 0, "architecture", "bias", "1", "architecture.bias" },
    { 0, NULL, "parameters", "[]", "parameters" },
    { 0, NULL, "N", "13", "train.x" },
    { 0, NULL, "N", "0", "N" },
    { 0, NULL, "Q", "2.5", "Q" },
    { 0, NULL, "N", "9000000000", "N" },
    { 0, "loss", "l2", "\"none\"", "loss.l2" },
    { 0, "loss", "l2", "-1", "loss.l2" },
    { 0, "loss", "l2", "1e300", "loss.l2" },
    { 0, "dampings", "ggn", "{\"d0\": null, \"d1\": 1.0}", "dampings.ggn.d0" },
    { 0, "tracin", "eta", "[1]", "tracin.eta" },
    { 0, "tracin", "checkpoints", "[\"ckpt0\", \"ckpt7\"]", "ckpt7" },
    { 0, "dampings", "ggn", "{\"d0\": 0.05}", "dampings.ggn.d1" },
    { 0, NULL, "dampings", "", "dampings.ggn." },
    { 2, "architecture", "acts", "[\"tanh\"]", "architecture.acts" },
    { 2, "architecture", "acts", "[\"tanh\", \"swish\", \"tanh\"]", "architecture.acts" },
    { 2, "architecture", "acts", "[\"tanh\", \"softmax\", \"tanh\"]", "softmax" },
    { 2, "architecture", "widths", "[4, 5.5, 4, 3, 3]", "architecture.widths" },
    { 4, "architecture", "conv", "{}", "architecture.conv" },
    { 4, "architecture", "fc", "[12, 4, 5]", "parameters" },
    { 4, "architecture", "fc", "[13, 4, 3]", "architecture.fc" },
    { 4, "architecture", "fc_act", "\"swish\"", "architecture.fc_act" },
    { 5, "architecture", "conv", CONV ("1.5", "1", "2", "\"max\""), "conv[].kernel" },
    { 5, "architecture", "conv", CONV ("3", "2", "2", "\"max\""), "conv[].in" },
    { 5, "architecture", "conv", CONV ("3", "1", "\"two\"", "\"max\""), "pool.stride" },
    { 5, "architecture", "conv", CONV ("3", "1", "0", "\"average\""), "pool.stride" },
    { 5, "architecture", "conv", CONV ("3", "1", "2", "\"sum\""), "pool.kind" },
    { 4, "architecture", "input", "[2, 6]", "architecture.input" },
    { 6, "loss", "token_reduction", "\"max\"", "loss.token_reduction" },
    { 6, "loss", "token_weight", "0.5", "loss.token_weight" },
    { 6, "architecture", "heads", "3", "architecture" },
    { 7, "architecture", "rope_theta", "", "architecture.rope_theta" },
  };

  (void) data;
  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (GError) error = NULL;

      oracle_case_write (&oracle_specs[cases[k].spec], room->directory);
      edit (room, cases[k].section, cases[k].key, cases[k].text);
      g_assert_null (assay_reference_check (room->directory, room->backend, NULL, &error));
      g_assert_nonnull (error);
      if (error->domain != ASSAY_ERROR || assay_error_exit_status (error) != 3 || strstr (error->message, cases[k].named) == NULL
          || strstr (error->message, room->directory) == NULL)
        g_test_message ("%s = %s: %s", cases[k].key, cases[k].text, error->message);
      g_assert_true (error->domain == ASSAY_ERROR && assay_error_exit_status (error) == 3);
      g_assert_nonnull (strstr (error->message, cases[k].named));
      g_assert_nonnull (strstr (error->message, room->directory));
    }
}

/* Keys that the list of parameters answers may be left out: then it decides, whatever is usual for the kind. */
static void
test_defaults (Room *room, gconstpointer data)
{
  static const char *const keys[] = { "bias", "tied" };

  (void) data;
  for (guint spec = 0; oracle_specs[spec].kind != NULL; spec++)
    {
      g_autoptr (GPtrArray) results = NULL;
      GError *error = NULL;

      oracle_case_write (&oracle_specs[spec], room->directory);
      for (guint k = 0; k < G_N_ELEMENTS (keys); k++)
        edit (room, "architecture", keys[k], "");
      results = assay_reference_check (room->directory, room->backend, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (assay_reference_has_passed (results));
      g_assert_null (assay_reference_describe_failure (results));
    }
}

static void
test_nothing_to_compare (Room *room, gconstpointer data)
{
  g_autofree char *path = g_build_filename (room->directory, "expected.safetensors", NULL), *failure = NULL;
  g_autoptr (GPtrArray) results = NULL;
  const double one = 1;
  const AssaySafetensor strange = { .name = "strange", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 1 }, .n_elements = 1, .data = &one,
                                    .bytes = sizeof one };
  GError *error = NULL;

  (void) data;
  oracle_case_write (&oracle_specs[2], room->directory);
  g_assert_true (assay_safetensors_write (path, &strange, 1, NULL, &error));
  results = assay_reference_check (room->directory, room->backend, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (assay_reference_has_passed (results));
  failure = assay_reference_describe_failure (results);
  g_assert_nonnull (strstr (failure, "nothing"));
}

static void
test_dangling_link (Room *room, gconstpointer data)
{
  g_autofree char *path = g_build_filename (room->directory, "ekfac.safetensors", NULL);

  (void) data;
  oracle_case_write (&oracle_specs[0], room->directory);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (symlink ("nowhere.safetensors", path), ==, 0);
  assert_refused (room, ASSAY_ERROR_NOT_FOUND, "ekfac.safetensors", "");
}

static void
test_bad_json (Room *room, gconstpointer data)
{
  g_autofree char *path = g_build_filename (room->directory, "case.json", NULL);

  (void) data;
  oracle_case_write (&oracle_specs[0], room->directory);
  g_assert_true (g_file_set_contents (path, "{\"case\": \"x\",\n \"kind\" \"mlp\"}", -1, NULL));
  assert_refused (room, ASSAY_ERROR_INPUT, "case.json", "line 2");
  g_assert_true (g_file_set_contents (path, "[1]", -1, NULL));
  assert_refused (room, ASSAY_ERROR_INPUT, "case.json", "an object");
  g_assert_true (g_file_set_contents (path, "{\"kind\": \"mlp\", \"kind\": \"cnn\"}", -1, NULL));
  assert_refused (room, ASSAY_ERROR_INPUT, "case.json", "duplicate");
}

#define ADD(name, data, func) g_test_add (name, Room, data, enter, func, leave)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (const OracleSpec *spec = oracle_specs; spec->kind != NULL; spec++)
    {
      g_autofree char *path = g_strdup_printf ("/reference/%s case %d made by complex steps passes in every quantity", spec->kind,
                                               (int) (spec - oracle_specs));

      ADD (path, spec, test_generated);
    }
  ADD ("/reference/a folder of cases is walked by name, and its JSON has the promised fields", NULL, test_folder);
  ADD ("/reference/a millionth in one entry fails that quantity alone", NULL, test_notices);
  ADD ("/reference/a NaN fails and is still valid JSON", NULL, test_not_a_number);
  ADD ("/reference/spoilt tensors are refused by file and name", NULL, test_bad_tensors);
  ADD ("/reference/missing files are refused by name", NULL, test_missing_files);
  ADD ("/reference/spoilt documents are refused by file and key", NULL, test_bad_documents);
  ADD ("/reference/what architecture leaves out is read from the list of parameters", NULL, test_defaults);
  ADD ("/reference/a case in which nothing could be compared has not passed", NULL, test_nothing_to_compare);
  ADD ("/reference/a link that leads nowhere is no absent file", NULL, test_dangling_link);
  ADD ("/reference/what is no JSON is refused by line", NULL, test_bad_json);
  return g_test_run ();
}
