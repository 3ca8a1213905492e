/* SPDX-License-Identifier: GPL-3.0-or-later */
/* error.c: the error domain and its table of exit statuses. */
#include "base/error.h"

#include <errno.h>

G_DEFINE_QUARK (assay-error-quark, assay_error)

static const struct { int status; const char *cause; } codes[ASSAY_ERROR_N_CODES] = {
  [ASSAY_ERROR_USAGE] = { 2, "usage" },
  [ASSAY_ERROR_NOT_FOUND] = { 3, "not-found" },
  [ASSAY_ERROR_INPUT] = { 3, "bad-input" },
  [ASSAY_ERROR_SHAPE] = { 3, "bad-shape" },
  [ASSAY_ERROR_VERSION] = { 3, "newer-format" },
  [ASSAY_ERROR_NAN] = { 3, "not-finite" },
  [ASSAY_ERROR_DAMAGED] = { 1, "damaged" },
  [ASSAY_ERROR_NOT_CONVERGED] = { 1, "not-converged" },
  [ASSAY_ERROR_CHECK_FAILED] = { 1, "check-failed" },
  [ASSAY_ERROR_IO] = { 4, "io" },
  [ASSAY_ERROR_NO_SPACE] = { 4, "no-space" },
  [ASSAY_ERROR_NO_MEMORY] = { 4, "no-memory" },
  [ASSAY_ERROR_PERMISSION] = { 4, "permission" },
  [ASSAY_ERROR_BUSY] = { 4, "busy" },
  [ASSAY_ERROR_NO_DEVICE] = { 4, "no-device" },
  [ASSAY_ERROR_UNSUPPORTED] = { 4, "unsupported" },
  [ASSAY_ERROR_INTERRUPTED] = { 130, "interrupted" },
  [ASSAY_ERROR_TERMINATED] = { 5, "terminated" },
};

int
assay_error_exit_status (const GError *error)
{
  if (error->domain != ASSAY_ERROR || error->code < 0 || error->code >= ASSAY_ERROR_N_CODES)
    return 4;
  return codes[error->code].status;
}

const char *
assay_error_cause (const GError *error)
{
  if (error->domain != ASSAY_ERROR || error->code < 0 || error->code >= ASSAY_ERROR_N_CODES)
    return "system";
  return codes[error->code].cause;
}

static AssayErrorCode
code_of_errno (int errnum)
{
  switch (errnum)
    {
    case ENOSPC: case EDQUOT: case EFBIG:
      return ASSAY_ERROR_NO_SPACE;
    case EACCES: case EPERM: case EROFS:
      return ASSAY_ERROR_PERMISSION;
    case ENOENT: case ENOTDIR:
      return ASSAY_ERROR_NOT_FOUND;
    case ENOMEM:
      return ASSAY_ERROR_NO_MEMORY;
    default:
      return ASSAY_ERROR_IO;
    }
}

void
assay_error_set_errno (GError **error, int errnum, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ASSAY_ERROR, code_of_errno (errnum), "%s: %s", text, g_strerror (errnum));
}
