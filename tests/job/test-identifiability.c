/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terms that the data do not determine: marked in a matrix, named in a training's remarks. */
#include "fixtures.h"

#include "job/identifiability.h"

#include <math.h>
#include <string.h>

/* Columns 1, a, b, a + b on four rows, scaled to unit diagonal by the test. */
static void
fill_moments (gint64 n, double columns[][4], double *matrix)
{
  for (gint64 k = 0; k < n; k++)
    for (gint64 j = 0; j < n; j++)
      {
        double kj = 0, kk = 0, jj = 0;

        for (int i = 0; i < 4; i++)
          {
            kj += columns[k][i] * columns[j][i];
            kk += columns[k][i] * columns[k][i];
            jj += columns[j][i] * columns[j][i];
          }
        matrix[k * n + j] = kk > 0 && jj > 0 ? kj / sqrt (kk * jj) : 0;
      }
}

static void
test_sum (void)
{
  double columns[5][4] = { { 1, 1, 1, 1 }, { 1, 2, 3, 5 }, { 2, 1, 7, 1 }, { 3, 3, 10, 6 }, { 1, -4, 1, 2 } }, matrix[16], all[25];
  gboolean mark[5] = { FALSE };
  GError *error = NULL;

  fill_moments (4, columns, matrix);
  g_assert_true (assay_identifiability_mark (4, matrix, mark, &error));
  g_assert_no_error (error);
  g_assert_true (!mark[0] && !mark[1] && !mark[2] && mark[3]);
  fill_moments (5, columns, all);                                 /* five columns on four rows: what follows the sum still counts */
  g_assert_true (assay_identifiability_mark (5, all, mark, &error));
  g_assert_true (!mark[0] && !mark[1] && !mark[2] && mark[3] && !mark[4]);
}

static void
test_nothing (void)
{
  double columns[3][4] = { { 1, 1, 1, 1 }, { 0, 0, 0, 0 }, { 2, 1, 7, 1 } }, matrix[9];
  gboolean mark[3] = { FALSE };

  fill_moments (3, columns, matrix);
  g_assert_true (assay_identifiability_mark (3, matrix, mark, NULL));
  g_assert_true (!mark[0] && mark[1] && !mark[2]);
}

/* A caller who knows that the matrix is singular gets at least one name. */
static void
test_nearest (void)
{
  double columns[3][4] = { { 1, 1, 1, 1 }, { 1, 1, 1, 1.001 }, { 2, 1, 7, 1 } }, matrix[9];
  gboolean mark[3] = { FALSE };

  fill_moments (3, columns, matrix);
  g_assert_true (assay_identifiability_mark (3, matrix, mark, NULL));
  g_assert_true (!mark[0] && mark[1] && !mark[2]);
}

static void
assert_list (gint64 n, const char *expected)
{
  const char *const names[] = { "a", "b", "c", "d", "e" };
  const gboolean mark[] = { TRUE, TRUE, TRUE, TRUE, TRUE };
  g_autofree char *list = assay_identifiability_list (n, names, mark);

  g_assert_cmpstr (list, ==, expected);
}

static void
test_list (void)
{
  assert_list (0, NULL);
  assert_list (1, "term a");
  assert_list (2, "terms a and b");
  assert_list (3, "terms a, b and c");
  assert_list (5, "terms a, b, c and 2 more");
}

/* --- in a training ------------------------------------------------------------------------------------------------- */

/* Trains on such a table; the remark that holds the words, and that nothing but the remark goes to the errors. */
static void
assert_note (Folder *folder, const char *table, const char *target, const char *terms, gboolean has_errors, const char *words)
{
  gboolean found = FALSE;
  gsize k;
  json_t *document, *note;

  g_assert_true (g_file_set_contents (folder->table, table, -1, NULL));
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "data", "file", folder->table, NULL));
  document = folder_answer (folder, "train", "target", target, "terms", terms, NULL);
  json_array_foreach (json_object_get (document, "notes"), k, note)
    found = found || strstr (json_string_value (note), words) != NULL;
  if (!found)
    g_error ("no remark with \"%s\": %s", words, json_dumps (json_object_get (document, "notes"), 0));
  json_array_foreach (json_object_get (document, "coefficients"), k, note)
    g_assert_true (json_is_number (json_object_get (note, "std_error")) == has_errors);
  json_decref (document);
}

static void
test_collinear (Folder *folder, gconstpointer unused)
{
  (void) unused;
  assert_note (folder, "a,b,c,y\n1,2,3,0\n2,1,3,1\n3,5,8,1\n4,2,6,0\n5,9,14,1\n6,1,7,1\n7,2,9,0\n8,3,11,1\n", "y", "a,b,c", FALSE,
               "do not tell term c from what stands before");
}

static void
test_separated (Folder *folder, gconstpointer unused)
{
  (void) unused;
  assert_note (folder, "x,z,y\n1,5,n\n2,4,n\n3,6,n\n4,5,p\n5,4,p\n6,7,p\n", "y", "x,z", TRUE, "separate the classes without exception");
}

static void
test_one_class (Folder *folder, gconstpointer unused)
{
  (void) unused;
  assert_note (folder, "g,x,y\na,1,0\na,2,1\na,3,0\na,4,1\nb,1,0\nb,5,1\nb,6,0\nb,2,1\nc,2,1\nc,4,1\n", "y", "g,x", TRUE,
               "term g = c: in examples of one class alone");
}

static void
test_softmax (Folder *folder, gconstpointer unused)
{
  (void) unused;
  assert_note (folder, "x,y\n1,a\n2,b\n3,c\n4,a\n5,b\n6,c\n2,c\n4,b\n5,a\n", "y", "x", FALSE, "a softmax over 3 classes");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identifiability/the sum of two columns is marked, and what stands after it is not", test_sum);
  g_test_add_func ("/identifiability/a column of zeros is marked", test_nothing);
  g_test_add_func ("/identifiability/the nearest to a combination is marked where none is one", test_nearest);
  g_test_add_func ("/identifiability/terms are listed in words", test_list);
  g_test_add ("/identifiability/a collinear term is named", Folder, NULL, folder_set_up, test_collinear, folder_tear_down);
  g_test_add ("/identifiability/separated classes are told", Folder, NULL, folder_set_up, test_separated, folder_tear_down);
  g_test_add ("/identifiability/a level of one class is named", Folder, NULL, folder_set_up, test_one_class, folder_tear_down);
  g_test_add ("/identifiability/a softmax says why it has no standard errors", Folder, NULL, folder_set_up, test_softmax, folder_tear_down);
  return g_test_run ();
}
