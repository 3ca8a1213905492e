/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.c: whole results to standard output, messages to standard error. */
#include "cli/output.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
assay_output_prepare (void)
{
  struct sigaction ignore = { .sa_handler = SIG_IGN };

  /* A closed descriptor becomes one that cannot be used the way it is meant to be: writing to 1 fails with EBADF as before. */
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl (fd, F_GETFD) < 0 && errno == EBADF)
      {
        int opened = open ("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);

        if (opened >= 0 && opened != fd)
          close (opened);
      }
  sigaction (SIGPIPE, &ignore, NULL);
}

gboolean
assay_output_text (const char *text, GError **error)
{
  gsize left = strlen (text);

  while (left > 0)
    {
      gssize n = write (STDOUT_FILENO, text, left);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && (errno == EPIPE || errno == EBADF))
        return TRUE;
      if (n < 0)
        {
          assay_error_set_errno (error, errno, "standard output");
          return FALSE;
        }
      text += n;
      left -= n;
    }
  return TRUE;
}

static gboolean
print_json (const json_t *document, gsize flags, GError **error)
{
  char *dumped = json_dumps (document, JSON_SORT_KEYS | flags | JSON_REAL_PRECISION (17));
  g_autofree char *safe = assay_text_escape_json (dumped), *line = g_strconcat (safe, "\n", NULL);

  free (dumped);
  return assay_output_text (line, error);
}

gboolean
assay_output_json (const json_t *document, GError **error)
{
  return print_json (document, JSON_INDENT (2), error);
}

gboolean
assay_output_json_line (const json_t *document, GError **error)
{
  return print_json (document, JSON_COMPACT, error);
}

void
assay_output_message (const char *command, const char *format, ...)
{
  g_autofree char *text = NULL, *safe = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  safe = assay_text_escape (text, FALSE);
  fprintf (stderr, "assay%s%s: %s\n", command ? " " : "", command ? command : "", safe);
}
