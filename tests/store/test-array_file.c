/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-array_file.c: the same numbers from three formats, and files that hold no one array. */
#include "store_test.h"

#include "store/array_file.h"
#include "store/npy.h"
#include "store/safetensors.h"

static const gint64 dims[] = { 2, 3 };
static const float values[] = { 1, 2.5f, -3, 4, 5, 6 };

static char *
path_in (const Room *room, const char *name)
{
  return g_build_filename (room->directory, name, NULL);
}

static void
write_hdf5 (const char *path)
{
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new_file ("numbers", "numbers", NULL, NULL);
  AssayArraySpec spec = { .path = "/scores/value", .type = ASSAY_STORE_F32, .rank = 2, .dims = { 2, 3 } };
  GError *error = NULL;

  g_assert_true (assay_shard_writer_put (writer, &spec, ASSAY_STORE_F32, values, &error));
  g_assert_true (assay_shard_writer_write_file (writer, path, &error));
  g_assert_no_error (error);
}

static void
assert_same (const char *path, const char *name)
{
  GError *error = NULL;
  g_autoptr (AssayArrayFile) array = assay_array_file_read (path, name, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (array->rank, ==, 2);
  g_assert_cmpint (array->dims[0], ==, 2);
  g_assert_cmpint (array->dims[1], ==, 3);
  for (gsize k = 0; k < G_N_ELEMENTS (values); k++)
    g_assert_cmpfloat (array->values[k], ==, values[k]);
}

static void
test_formats (Room *room, gconstpointer unused)
{
  g_autofree char *npy = path_in (room, "a.npy"), *tensors = path_in (room, "a.safetensors"), *hdf5 = path_in (room, "a.h5");
  const AssaySafetensor tensor[] = {
    { .name = "scores", .type = ASSAY_STORE_F32, .rank = 2, .dims = { 2, 3 }, .n_elements = 6, .data = values, .bytes = sizeof values },
    { .name = "other", .type = ASSAY_STORE_F32, .rank = 1, .dims = { 6 }, .n_elements = 6, .data = values, .bytes = sizeof values } };
  g_autofree char *single = path_in (room, "one.safetensors");

  (void) unused;
  g_assert_true (assay_npy_write (npy, ASSAY_STORE_F32, 2, dims, values, NULL));
  g_assert_true (assay_safetensors_write (tensors, tensor, 2, NULL, NULL));
  g_assert_true (assay_safetensors_write (single, tensor, 1, NULL, NULL));
  write_hdf5 (hdf5);
  assert_same (npy, NULL);
  assert_same (single, NULL);
  assert_same (tensors, "scores");
  assert_same (hdf5, "scores/value");
  assert_same (hdf5, "/scores/value");
}

static void
assert_refused (const char *path, const char *name, int code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_array_file_read (path, name, &error));
  g_assert_error (error, ASSAY_ERROR, code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_null (strchr (error->message, '\n'));
}

static void
test_refusals (Room *room, gconstpointer unused)
{
  g_autofree char *tensors = path_in (room, "a.safetensors"), *hdf5 = path_in (room, "a.h5"), *text = path_in (room, "a.txt"), *none = path_in (room, "none");
  g_autofree char *empty = path_in (room, "empty");
  const AssaySafetensor tensor[] = {
    { .name = "a", .type = ASSAY_STORE_F32, .rank = 1, .dims = { 6 }, .n_elements = 6, .data = values, .bytes = sizeof values },
    { .name = "b", .type = ASSAY_STORE_F32, .rank = 1, .dims = { 6 }, .n_elements = 6, .data = values, .bytes = sizeof values } };

  (void) unused;
  g_assert_true (assay_safetensors_write (tensors, tensor, 2, NULL, NULL));
  g_assert_true (g_file_set_contents (text, "these are words and no numbers", -1, NULL));
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  write_hdf5 (hdf5);
  assert_refused (none, NULL, ASSAY_ERROR_NOT_FOUND, "cannot be opened");
  assert_refused (empty, NULL, ASSAY_ERROR_INPUT, "fewer than 8 bytes");
  assert_refused (text, NULL, ASSAY_ERROR_INPUT, "a.txt");
  assert_refused (tensors, NULL, ASSAY_ERROR_INPUT, "one array expected, 2 found");
  assert_refused (tensors, "c\n", ASSAY_ERROR_NOT_FOUND, "no tensor");
  assert_refused (hdf5, "/scores", ASSAY_ERROR_NOT_FOUND, "no array \"/scores\"");          /* a group */
  assert_refused (hdf5, "/scores/value/more", ASSAY_ERROR_NOT_FOUND, "no array");
  assert_refused (hdf5, "../scores/value", ASSAY_ERROR_NOT_FOUND, "no array");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/array_file/the same numbers come from every format", test_formats);
  ADD ("/array_file/what is not one array of numbers is refused in one line", test_refusals);
  return g_test_run ();
}
