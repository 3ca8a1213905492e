/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_program.c: where the program is, and how it is called. */
#include "gui/job_program.h"

#include "base/error.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

char *
assay_find_program (GError **error)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL), *folder = self ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = folder ? g_build_filename (folder, "assay", NULL) : NULL;
  char *found = beside && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer (&beside) : g_find_program_in_path ("assay");

  if (found == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, _("the program assay was expected beside this one or on the search path; install it there"));
  return found;
}

char **
assay_job_make_arguments (const char *command, const char *const *options, GError **error)
{
  g_auto (GStrv) words = NULL;
  g_autofree char *program = assay_find_program (error);
  GStrvBuilder *builder;
  char **all;

  if (program == NULL)
    return NULL;
  if (!g_shell_parse_argv (command, NULL, &words, NULL) || g_strcmp0 (words[0], "assay") != 0 || words[1] == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, _("a command that begins with assay expected, found: %s"), command);
      return NULL;
    }
  builder = g_strv_builder_new ();
  g_strv_builder_add (builder, program);
  g_strv_builder_addv (builder, (const char **) options);
  g_strv_builder_addv (builder, (const char **) words + 1);
  all = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return all;
}
