/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-spectrum.c: what assay spectrum tells of a regression's curvature, all directions of which its few steps reach. */
#include "fixtures.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>

static double
estimate_of (const json_t *object, const char *key)
{
  return assay_json_get_number (json_object_get (object, key), "estimate");
}

static void
test_document (Folder *folder, gconstpointer unused)
{
  json_t *document, *row;
  double parameters, largest, smallest, count = 0, last = INFINITY;
  gsize k;

  (void) unused;
  folder_train (folder, "people");
  document = folder_answer (folder, "spectrum", "probes", "3", NULL);
  parameters = assay_json_get_number (document, "parameters");
  largest = assay_json_get_number (json_object_get (document, "largest"), "ritz_value");
  smallest = assay_json_get_number (json_object_get (document, "smallest"), "ritz_value");
  g_assert_true (json_is_true (json_object_get (document, "is_semidefinite")));
  g_assert_cmpfloat (smallest, >=, -1e-12 * largest);
  g_assert_cmpfloat (estimate_of (document, "trace"), >=, largest * (1 - 1e-12));     /* signs and a matrix of few rows: no eigenvector is missed */
  g_assert_cmpfloat (fabs (assay_json_get_number (document, "mean_eigenvalue") * parameters - estimate_of (document, "trace")), <=, 1e-9 * largest);
  g_assert_cmpfloat (fabs (assay_json_get_number (document, "advised_damping") - largest / 400), <=, 1e-12 * largest);
  json_array_foreach (json_object_get (document, "dampings"), k, row)
    {
      double d = estimate_of (row, "effective_dimension"), lambda = assay_json_get_number (row, "damping");

      g_assert_cmpfloat (lambda, <, last);
      g_assert_cmpfloat (d, <=, parameters * (1 + 1e-12));
      g_assert_cmpfloat (d, >=, k == 0 ? 0 : estimate_of (json_array_get (json_object_get (document, "dampings"), k - 1), "effective_dimension"));
      last = lambda;
    }
  g_assert_cmpuint (k, ==, 9);
  json_array_foreach (json_object_get (document, "density"), k, row)
    count += assay_json_get_number (row, "count");
  g_assert_cmpfloat (fabs (count - parameters), <=, 1e-9 * parameters);
  json_decref (document);
}

static void
test_view (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayView) view = assay_view_new ();
  guint tables = 0;
  json_t *document;

  (void) unused;
  folder_train (folder, "people");
  document = folder_answer (folder, "spectrum", "curvature", "hessian", NULL);
  assay_job_kind_find ("spectrum", NULL)->view (document, view);
  for (guint k = 0; k < assay_view_get_n_blocks (view); k++)
    tables += assay_view_get_block (view, k)->type == ASSAY_VIEW_TABLE;
  g_assert_cmpuint (tables, ==, 2);
  json_decref (document);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/spectrum/the document's numbers agree with each other", Folder, NULL, folder_set_up, test_document, folder_tear_down);
  g_test_add ("/spectrum/people see the dampings and the density", Folder, NULL, folder_set_up, test_view, folder_tear_down);
  return g_test_run ();
}
