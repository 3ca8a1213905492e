/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-dataset_store.c: what is saved comes back the same. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/dataset_store.h"
#include "dataset/organism.h"
#include "store/shard.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  char *folder;
  AssayCase *cas;
} Room;

static void
remove_tree (const char *path)
{
  GDir *dir = g_file_test (path, G_FILE_TEST_IS_DIR) ? g_dir_open (path, 0, NULL) : NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  if (dir != NULL)
    g_dir_close (dir);
  g_remove (path);
}

static void
enter (Room *room, gconstpointer unused)
{
  g_autofree char *path = NULL;
  GError *error = NULL;

  (void) unused;
  room->folder = g_dir_make_tmp ("assay-data-XXXXXX", &error);
  g_assert_no_error (error);
  path = g_build_filename (room->folder, "a.assay", NULL);
  room->cas = assay_case_create (path, &error);
  g_assert_no_error (error);
}

static void
leave (Room *room, gconstpointer unused)
{
  (void) unused;
  assay_case_free (room->cas);
  remove_tree (room->folder);
  g_free (room->folder);
}

static AssayTable *
there_and_back (Room *room, const AssayTable *table)
{
  GError *error = NULL;
  g_autoptr (AssayObject) object = assay_table_save (table, room->cas, "data", &error);
  AssayTable *loaded;

  g_assert_no_error (error);
  g_assert_cmpint (object->rows, ==, assay_table_get_n_rows (table));
  loaded = assay_table_load (room->cas, NULL, &error);
  g_assert_no_error (error);
  return loaded;
}

static void
same_strings (const GPtrArray *a, const GPtrArray *b)
{
  g_assert_true ((a == NULL) == (b == NULL));
  for (guint k = 0; a != NULL && k < MAX (a->len, b->len); k++)
    {
      g_assert_cmpint (a->len, ==, b->len);
      g_assert_cmpstr (a->pdata[k], ==, b->pdata[k]);
    }
}

static void
same_bytes (const void *a, const void *b, gsize n)
{
  g_assert_true ((a == NULL) == (b == NULL));
  if (a != NULL)
    g_assert_true (memcmp (a, b, n) == 0);
}

static void
same_column (const AssayColumn *a, const AssayColumn *b, gsize n)
{
  g_assert_cmpstr (a->name, ==, b->name);
  g_assert_cmpint (a->type, ==, b->type);
  g_assert_cmpint (a->n_missing, ==, b->n_missing);
  g_assert_cmpint (a->n_classes, ==, b->n_classes);
  same_bytes (a->missing, b->missing, n);
  same_bytes (a->number, b->number, n * sizeof (double));
  same_bytes (a->code, b->code, n * sizeof (gint32));
  same_bytes (a->pixel, b->pixel, n * a->height * a->width);
  same_bytes (a->token, b->token, n * a->length * sizeof (gint32));
  same_bytes (a->target, b->target, n * a->length * sizeof (gint32));
  same_bytes (a->weight, b->weight, n * a->length * sizeof (float));
  same_strings (a->levels, b->levels);
}

static void
same_table (const AssayTable *a, const AssayTable *b)
{
  gint64 n = assay_table_get_n_rows (a);

  g_assert_cmpint (n, ==, assay_table_get_n_rows (b));
  g_assert_cmpint (assay_table_get_n_columns (a), ==, assay_table_get_n_columns (b));
  for (guint k = 0; k < assay_table_get_n_columns (a); k++)
    same_column (assay_table_get_column (a, k), assay_table_get_column (b, k), n);
  for (gint64 row = 0; row < n; row++)
    {
      g_autofree char *x = assay_table_describe_row (a, row), *y = assay_table_describe_row (b, row);

      g_assert_cmpstr (x, ==, y);
      g_assert_cmpstr (assay_table_get_split_name (a, assay_table_get_split (a, row)), ==, assay_table_get_split_name (b, assay_table_get_split (b, row)));
    }
  same_strings (assay_table_get_notes (a), assay_table_get_notes (b));
  g_assert_cmpstr (assay_table_get_file_sha256 (a, 0), ==, assay_table_get_file_sha256 (b, 0));
  g_assert_cmpint (assay_table_get_missing_policy (a), ==, assay_table_get_missing_policy (b));
  g_assert_true (json_equal (assay_table_get_options (a), assay_table_get_options (b)));
}

static void
test_table (Room *room, gconstpointer unused)
{
  g_autofree char *path = fixture_write ("s.csv", "key,a,row,b/c,a.level,column_9,\xc3\xa9\nk1,1,x,?,1,u,p\nk2,NA,y,z,2,v,q\nk3,3,x,w,3,u,\n", -1);
  g_autoptr (AssayTable) table = fixture_import (path, "id", "key", "missing", "level", "split", "order:train=2,a b=1", NULL), back = NULL;

  (void) unused;
  back = there_and_back (room, table);
  same_table (table, back);
}

static void
test_images (Room *room, gconstpointer unused)
{
  static const guint8 images[] = { 0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6 }, labels[] = { 0, 0, 8, 1, 0, 0, 0, 2, 1, 0 };
  g_autofree char *x = fixture_write ("i.idx", images, sizeof images), *y = fixture_write ("l.idx", labels, sizeof labels);
  g_autoptr (AssayTable) table = fixture_import (x, "labels", y, NULL), back = there_and_back (room, table);

  (void) unused;
  same_table (table, back);
}

static void
test_tokens (Room *room, gconstpointer unused)
{
  g_autoptr (AssayValues) values = assay_values_new (assay_organism_find ("dose")->params);
  g_autoptr (AssayTable) table = NULL, back = NULL;
  AssayOrganism organism;
  GError *error = NULL;

  (void) unused;
  g_assert_true (assay_values_set_text (values, "modulus", "3", NULL));
  g_assert_true (assay_organism_init (&organism, assay_organism_find ("dose"), values, &error));
  table = assay_organism_generate (&organism, values, &error);
  g_assert_no_error (error);
  back = there_and_back (room, table);
  same_table (table, back);
}

/* A text's tokens are what the tokenizer that was kept makes of it. */
static void
check_kept (Room *room, const char *text, const char *tokens)
{
  g_autofree char *path = fixture_write ("kept.txt", text, -1);
  g_autoptr (AssayTable) table = fixture_import (path, "tokens", tokens, "context", "5", NULL), back = there_and_back (room, table);
  const AssayColumn *column = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  GError *error = NULL;
  g_autoptr (AssayObject) object = assay_case_lookup (room->cas, ASSAY_DATA_KIND, "data", NULL);
  g_autoptr (AssayTokenizer) tokenizer = assay_table_load_tokenizer (room->cas, object, &error);
  g_autoptr (GArray) ids = NULL;
  g_autofree char *again = NULL;
  gint64 first;
  gsize n;

  g_assert_no_error (error);
  g_assert_null (assay_table_get_tokenizer (back));
  ids = assay_tokenizer_encode_continuation (tokenizer, "", text, &first, &error);
  g_assert_no_error (error);
  g_assert_cmpint (first, ==, 0);
  g_assert_cmpmem (ids->data, 5 * sizeof (gint32), column->token, 5 * sizeof (gint32));
  again = assay_tokenizer_decode (tokenizer, (const gint32 *) (void *) ids->data, ids->len, &n);
  g_assert_cmpstr (again, ==, text);
}

static void
test_tokenizer (Room *room, gconstpointer unused)
{
  g_autoptr (AssayTable) table = fixture_csv ("a\n1\n");
  g_autoptr (AssayObject) object = NULL;
  GError *error = NULL;

  (void) unused;
  check_kept (room, "b\xc3\xa9" "a cb", "character");
  check_kept (room, "a \xc2\xad\x7f\n\xc3\xa9", "byte");
  object = assay_table_save (table, room->cas, "numbers", &error);
  g_assert_no_error (error);
  g_assert_null (assay_table_load_tokenizer (room->cas, object, &error));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "data numbers", "--tokenizer", NULL);
}

static void
test_newest (Room *room, gconstpointer unused)
{
  g_autoptr (AssayTable) first = fixture_csv ("a\n1\n"), second = fixture_csv ("a\n1\n2\n"), by_name = NULL, latest = NULL;
  g_autoptr (AssayObject) x = NULL, y = NULL;
  GError *error = NULL;

  (void) unused;
  g_assert_null (assay_table_load (room->cas, NULL, &error));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "a.assay", "holds no data", NULL);
  x = assay_table_save (first, room->cas, "one", &error);
  y = assay_table_save (second, room->cas, "two", &error);
  g_assert_no_error (error);
  by_name = assay_table_load (room->cas, "one", &error);
  latest = assay_table_load (room->cas, NULL, &error);
  g_assert_cmpint (assay_table_get_n_rows (by_name), ==, 1);
  g_assert_cmpint (assay_table_get_n_rows (latest), ==, 2);
  g_assert_null (assay_table_load (room->cas, "three", &error));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "three", NULL);
}

/* Objects of kind data that no Assay wrote. */
static void
put_object (Room *room, json_t *meta, const gint32 *code)
{
  GError *error = NULL;
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (room->cas, ASSAY_DATA_KIND, "odd", meta, &error);
  g_autoptr (AssayObject) object = NULL;
  AssayArraySpec spec = { .path = "/columns/s", .type = ASSAY_STORE_I32, .rank = 1, .dims = { 2 }, .axes = { "row" } };
  AssayArraySpec levels = { .path = "/levels/s", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { 1 } };
  static const char *const texts[] = { "x" };

  g_assert_no_error (error);
  json_decref (meta);
  assay_shard_writer_put (writer, &spec, ASSAY_STORE_I32, code, &error);
  assay_shard_writer_put_text (writer, &levels, texts, &error);
  object = assay_shard_writer_commit (writer, &error);
  g_assert_no_error (error);
}

static json_t *
odd_meta (int format, json_int_t rows)
{
  return json_pack ("{s:i, s:I, s:s, s:[{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i}]}", "table_format", format, "rows", rows, "unit", "line", "columns",
                    "name", "s", "type", "text", "array", "s", "missing", 0, "classes", 0, "height", 0, "width", 0, "length", 0);
}

static void
test_refusals (Room *room, gconstpointer unused)
{
  static const gint32 good[] = { 0, 0 }, wild[] = { 0, 7 };
  GError *error = NULL;

  (void) unused;
  put_object (room, odd_meta (2, 2), good);
  g_assert_null (assay_table_load (room->cas, "odd", &error));
  fixture_refused (&error, ASSAY_ERROR_VERSION, "\"odd\"", "table format 1 expected, 2 found", NULL);
  put_object (room, json_object (), good);
  g_assert_null (assay_table_load (room->cas, "odd", &error));
  fixture_refused (&error, ASSAY_ERROR_DAMAGED, "holds no table", NULL);
  put_object (room, odd_meta (1, 3), good);
  g_assert_null (assay_table_load (room->cas, "odd", &error));
  fixture_refused (&error, ASSAY_ERROR_DAMAGED, "/columns/s has 2 elements, 3 expected", NULL);
  put_object (room, odd_meta (1, 2), wild);
  g_assert_null (assay_table_load (room->cas, "odd", &error));
  fixture_refused (&error, ASSAY_ERROR_DAMAGED, "code 7, but 1 levels", NULL);
}

#define ADD(sentence, function) g_test_add ("/dataset_store/" sentence, Room, NULL, enter, function, leave)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a table with awkward names comes back the same", test_table);
  ADD ("images and labels come back the same", test_images);
  ADD ("tokens, targets and weights come back the same", test_tokens);
  ADD ("the tokenizer of a text is kept with its tokens", test_tokenizer);
  ADD ("the newest table is found without a name", test_newest);
  ADD ("objects that hold no sound table are refused", test_refusals);
  return g_test_run ();
}
