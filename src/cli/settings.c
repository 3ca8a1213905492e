/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings.c: reads settings files and the environment. */
#include "cli/settings.h"

#include "base/error.h"
#include "job/command.h"
#include "job/describe.h"

#include <string.h>

/* "ASSAY_" and the names in capitals: ASSAY_THREADS, ASSAY_INFLUENCE_MAX_ITERATIONS. */
static char *
variable_name (const char *command, const char *option)
{
  g_autofree char *joined = command ? g_strconcat ("ASSAY_", command, "_", option, NULL) : g_strconcat ("ASSAY_", option, NULL);
  char *name = g_ascii_strup (joined, -1);

  return g_strdelimit (name, "-", '_');
}

/* --- environment --------------------------------------------------------------------------------------------------- */

/* The texts of a parameter: several, separated by semicolons, for one that may be repeated. */
static char **
split_texts (const AssayParam *p, const char *text)
{
  const char *const one[] = { text, NULL };

  return p->type == ASSAY_PARAM_LIST ? g_strsplit (text, ";", -1) : g_strdupv ((char **) one);
}

static gboolean
set_entry (AssayCommandLine *line, gboolean global, const AssayParam *p, const char *text, GError **error)
{
  g_auto (GStrv) texts = split_texts (p, text);

  if (global)
    return assay_values_is_set (line->globals, p->name) || assay_values_set_text (line->globals, p->name, text, error);
  return assay_job_set_default (line->job, p->name, (const char *const *) texts, error);
}

static gboolean
apply_variable (AssayCommandLine *line, const char *command, const AssayParam *p, GError **error)
{
  g_autofree char *name = variable_name (command, p->name);
  const char *text = g_getenv (name);

  if (text == NULL || *text == '\0' || p->flags & ASSAY_PARAM_POSITIONAL)
    return TRUE;
  if (set_entry (line, command == NULL, p, text, error))
    return TRUE;
  g_prefix_error (error, "environment variable %s: ", name);
  return FALSE;
}

static gboolean
apply_environment (AssayCommandLine *line, GError **error)
{
  for (const AssayParam *p = assay_command_globals; p->name != NULL; p++)
    if (!apply_variable (line, NULL, p, error))
      return FALSE;
  if (line->command == NULL)
    return TRUE;
  for (const AssayParam *p = line->command->params; p->name != NULL; p++)
    if (!apply_variable (line, line->command->name, p, error))
      return FALSE;
  for (const AssayJobSection *s = assay_describe_sections (line->command); s->params != NULL; s++)
    for (const AssayParam *p = s->params; p->name != NULL; p++)
      if (!apply_variable (line, line->command->name, p, error))
        return FALSE;
  return TRUE;
}

/* --- files --------------------------------------------------------------------------------------------------------- */

static gboolean
apply_entry (AssayCommandLine *line, GKeyFile *file, const char *group, const char *key, gboolean global, GError **error)
{
  const AssayParam *p = NULL;
  g_autofree char *text = NULL;

  if (!global)
    p = assay_job_find_param (line->command, key);
  for (const AssayParam *q = assay_command_globals; global && q->name != NULL; q++)
    if (strcmp (q->name, key) == 0)
      p = q;
  if (p == NULL || p->flags & ASSAY_PARAM_POSITIONAL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "[%s] has no option %s", group, key);
      return FALSE;
    }
  text = g_key_file_get_string (file, group, key, error);
  return text != NULL && set_entry (line, global, p, text, error);
}

static gboolean
apply_group (AssayCommandLine *line, GKeyFile *file, const char *group, gboolean global, GError **error)
{
  g_auto (GStrv) keys = g_key_file_has_group (file, group) ? g_key_file_get_keys (file, group, NULL, NULL) : NULL;

  for (char **key = keys; keys != NULL && *key != NULL; key++)
    if (!apply_entry (line, file, group, *key, global, error))
      return FALSE;
  return TRUE;
}

/* A misspelt group would be passed over for ever. */
static gboolean
check_groups (GKeyFile *file, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

  for (char **group = groups; *group != NULL; group++)
    if (strcmp (*group, "general") != 0 && assay_command_find (*group, error) == NULL)
      {
        g_prefix_error (error, "[%s]: a group is general or a command: ", *group);
        return FALSE;
      }
  return TRUE;
}

static gboolean
apply_file (AssayCommandLine *line, const char *path, gboolean must_exist, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) fault = NULL;

  if (!must_exist && !g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &fault))
    {
      g_set_error (error, ASSAY_ERROR, g_error_matches (fault, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? ASSAY_ERROR_NOT_FOUND : ASSAY_ERROR_INPUT,
                   "settings file %s: %s", path, fault->message);
      return FALSE;
    }
  if (check_groups (file, error) && apply_group (line, file, "general", TRUE, error)
      && (line->command == NULL || apply_group (line, file, line->command->name, FALSE, error)))
    return TRUE;
  g_prefix_error (error, "settings file %s: ", path);
  return FALSE;
}

gboolean
assay_settings_apply (AssayCommandLine *line, GError **error)
{
  g_autofree char *home = g_build_filename (g_get_user_config_dir (), "assay", "assay.conf", NULL);
  const char *config;

  if (!apply_environment (line, error))
    return FALSE;
  config = assay_values_get_string (line->globals, "config");
  return (config == NULL || apply_file (line, config, TRUE, error)) && apply_file (line, home, FALSE, error);
}
