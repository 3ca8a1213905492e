/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-error.c: exit statuses and causes of errors. */
#include "base/error.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

static int
status_of (int code)
{
  g_autoptr (GError) error = g_error_new_literal (ASSAY_ERROR, code, "x");

  return assay_error_exit_status (error);
}

static void
test_statuses (void)
{
  static const struct { AssayErrorCode code; int status; } documented[] = {
    { ASSAY_ERROR_USAGE, 2 }, { ASSAY_ERROR_NOT_FOUND, 3 }, { ASSAY_ERROR_INPUT, 3 }, { ASSAY_ERROR_SHAPE, 3 },
    { ASSAY_ERROR_VERSION, 3 }, { ASSAY_ERROR_NAN, 3 }, { ASSAY_ERROR_DAMAGED, 1 }, { ASSAY_ERROR_NOT_CONVERGED, 1 },
    { ASSAY_ERROR_CHECK_FAILED, 1 }, { ASSAY_ERROR_IO, 4 }, { ASSAY_ERROR_NO_SPACE, 4 }, { ASSAY_ERROR_NO_MEMORY, 4 },
    { ASSAY_ERROR_PERMISSION, 4 }, { ASSAY_ERROR_BUSY, 4 }, { ASSAY_ERROR_NO_DEVICE, 4 }, { ASSAY_ERROR_UNSUPPORTED, 4 },
    { ASSAY_ERROR_INTERRUPTED, 130 }, { ASSAY_ERROR_TERMINATED, 5 },
  };
  g_autoptr (GHashTable) causes = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "x");

  g_assert_cmpuint (G_N_ELEMENTS (documented), ==, ASSAY_ERROR_N_CODES);
  for (gsize k = 0; k < G_N_ELEMENTS (documented); k++)
    {
      g_autoptr (GError) error = g_error_new_literal (ASSAY_ERROR, documented[k].code, "x");

      g_assert_cmpint (status_of (documented[k].code), ==, documented[k].status);
      g_assert_true (g_hash_table_add (causes, (gpointer) assay_error_cause (error)));
    }
  g_assert_cmpint (assay_error_exit_status (foreign), ==, 4);
  g_assert_cmpint (status_of (ASSAY_ERROR_N_CODES), ==, 4);
  g_assert_cmpint (status_of (-1), ==, 4);
  g_assert_false (g_hash_table_contains (causes, assay_error_cause (foreign)));
}

static void
test_errno (void)
{
  static const struct { int errnum, code; } known[] = {
    { ENOSPC, ASSAY_ERROR_NO_SPACE }, { EDQUOT, ASSAY_ERROR_NO_SPACE }, { EACCES, ASSAY_ERROR_PERMISSION },
    { EPERM, ASSAY_ERROR_PERMISSION }, { EROFS, ASSAY_ERROR_PERMISSION }, { ENOENT, ASSAY_ERROR_NOT_FOUND },
    { ENOMEM, ASSAY_ERROR_NO_MEMORY }, { EIO, ASSAY_ERROR_IO }, { EINTR, ASSAY_ERROR_IO },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (known); k++)
    {
      g_autoptr (GError) error = NULL;

      assay_error_set_errno (&error, known[k].errnum, "%s: cannot write", "file.h5");
      g_assert_error (error, ASSAY_ERROR, known[k].code);
      g_assert_true (g_str_has_prefix (error->message, "file.h5: cannot write: "));
      g_assert_nonnull (strstr (error->message, g_strerror (known[k].errnum)));
    }
  assay_error_set_errno (NULL, EIO, "nobody listens");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/every code has its documented exit status and a cause of its own", test_statuses);
  g_test_add_func ("/error/what the system refuses becomes the right code", test_errno);
  return g_test_run ();
}
