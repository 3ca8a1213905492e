/* SPDX-License-Identifier: GPL-3.0-or-later */
/* error.h: the one error domain of Assay, and how a code becomes an exit status.
 *
 * A message is written once, where the fault is first seen, and says what, where, expected, found and what to do.
 * Programs print it unchanged; they never add a second cause. Thread rule: none needed, everything here is constant.
 */
#pragma once

#include <glib.h>

#define ASSAY_ERROR (assay_error_quark ())

/* The groups are those of the exit status (manual, "Exit status"). */
typedef enum {
  ASSAY_ERROR_USAGE,            /* 2  the command or job asks for something that cannot be asked */
  ASSAY_ERROR_NOT_FOUND,        /* 3  file, object, split, column, query that does not exist */
  ASSAY_ERROR_INPUT,            /* 3  malformed input: file, row or byte is named */
  ASSAY_ERROR_SHAPE,            /* 3  shapes that do not fit each other */
  ASSAY_ERROR_VERSION,          /* 3  written by a newer format than this program knows */
  ASSAY_ERROR_NAN,              /* 3  a NaN or infinity, with the first tensor, example and step */
  ASSAY_ERROR_DAMAGED,          /* 1  committed data whose digest no longer fits */
  ASSAY_ERROR_NOT_CONVERGED,    /* 1  a solve stopped before its tolerance */
  ASSAY_ERROR_CHECK_FAILED,     /* 1  a self-check or comparison found a difference */
  ASSAY_ERROR_IO,               /* 4  the system refused a read or write */
  ASSAY_ERROR_NO_SPACE,         /* 4 */
  ASSAY_ERROR_NO_MEMORY,        /* 4 */
  ASSAY_ERROR_PERMISSION,       /* 4 */
  ASSAY_ERROR_BUSY,             /* 4  another process holds the case */
  ASSAY_ERROR_NO_DEVICE,        /* 4  no such backend or instruction set here */
  ASSAY_ERROR_UNSUPPORTED,      /* 4  this build or backend has no such kernel */
  ASSAY_ERROR_INTERRUPTED,      /* 130 stopped by the user after a checkpoint */
  ASSAY_ERROR_TERMINATED,       /* 5  stopped by SIGTERM or SIGUSR1 after a checkpoint: resumable */
  ASSAY_ERROR_N_CODES
} AssayErrorCode;

GQuark      assay_error_quark       (void);

/* The exit status a program ends with after this error: 1, 2, 3, 4, 5 or 130. Errors of other domains count as 4. */
int         assay_error_exit_status (const GError *error);

/* The machine-readable word of the cause: "usage", "not-found", "no-space", ... */
const char *assay_error_cause       (const GError *error);

/* Sets an error from errno: ENOSPC, EDQUOT -> NO_SPACE, EACCES, EPERM, EROFS -> PERMISSION, ENOENT -> NOT_FOUND,
 * ENOMEM -> NO_MEMORY, else IO. The text is the formatted one, then ": " and strerror. */
void        assay_error_set_errno   (GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF (3, 4);
