/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-progress.c: reports arrive, stopping is heard, and a part hears it from its whole. */
#include "base/progress.h"

#include "base/error.h"

static void
count (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  g_assert_cmpstr (stage, ==, "walking");
  g_assert_cmpuint (done, ==, 3);
  g_assert_cmpuint (total, ==, 7);
  g_assert_cmpstr (unit, ==, "steps");
  g_assert_null (note);
  (*(guint *) data)++;
}

static void
test_report (void)
{
  guint heard = 0;
  g_autoptr (AssayProgress) progress = assay_progress_new (count, &heard);

  assay_progress_report (progress, "walking", 3, 7, "steps", NULL);
  assay_progress_report (NULL, "walking", 3, 7, "steps", NULL);
  g_assert_cmpuint (heard, ==, 1);
}

static void
test_stop (void)
{
  g_autoptr (AssayProgress) progress = assay_progress_new (NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_progress_is_cancelled (NULL, &error));
  g_assert_false (assay_progress_is_cancelled (progress, &error));
  g_assert_no_error (error);
  assay_progress_cancel (NULL, ASSAY_ERROR_INTERRUPTED);          /* nobody is there to stop */
  assay_progress_report (progress, "walking", 3, 7, "steps", NULL);
  assay_progress_cancel (progress, ASSAY_ERROR_TERMINATED);
  g_assert_true (assay_progress_is_cancelled (progress, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_TERMINATED);
}

static void
test_child (void)
{
  guint heard = 0;
  g_autoptr (AssayProgress) whole = assay_progress_new (NULL, NULL), part = assay_progress_new_child (whole, count, &heard);
  g_autoptr (AssayProgress) other = assay_progress_new_child (whole, NULL, NULL);
  g_autoptr (GError) error = NULL;

  assay_progress_report (part, "walking", 3, 7, "steps", NULL);
  g_assert_cmpuint (heard, ==, 1);
  assay_progress_cancel (other, ASSAY_ERROR_INTERRUPTED);         /* a part that is stopped stops nothing else */
  g_assert_false (assay_progress_is_cancelled (whole, NULL));
  g_assert_false (assay_progress_is_cancelled (part, NULL));
  assay_progress_cancel (whole, ASSAY_ERROR_TERMINATED);
  g_assert_true (assay_progress_is_cancelled (part, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_TERMINATED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/progress/a report arrives as it was made", test_report);
  g_test_add_func ("/progress/who asks learns that it should stop, and why", test_stop);
  g_test_add_func ("/progress/a part is stopped with its whole and not the other way round", test_child);
  return g_test_run ();
}
