/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompts.c: see prompts.h. */
#include "job/prompts.h"

#include "base/error.h"
#include "base/json.h"
#include "job/spec.h"
#include "store/file.h"

#include <string.h>

#define MAX_BYTES (1u << 30)

static gboolean
is_given (const AssayValues *values, const char *name)
{
  return assay_values_has (values, name) && assay_values_is_set (values, name);
}

gboolean
assay_prompts_are_given (const AssayValues *values)
{
  return is_given (values, "prompt") || is_given (values, "completion") || is_given (values, "queries");
}

/* One line of a file: an object with a completion, and a prompt unless that is empty; other members are the file's own. */
static gboolean
add_line (json_t *prompts, const char *path, guint line, const char *text, gsize n, GError **error)
{
  json_error_t fault;
  json_auto_t *object = json_loadb (text, n, JSON_REJECT_DUPLICATES, &fault);
  const json_t *prompt = json_object_get (object, "prompt"), *completion = json_object_get (object, "completion");

  if (object == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %u: %s", path, line, assay_json_show_fault (&fault));
  else if (!json_is_string (completion) || (prompt != NULL && !json_is_string (prompt)))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %u: {\"prompt\": TEXT, \"completion\": TEXT} expected, a member %s without text found", path, line,
                 json_is_string (completion) ? "\"prompt\"" : "\"completion\"");
  else
    {
      json_array_append_new (prompts, json_pack ("{s:s, s:s}", "prompt", prompt ? json_string_value (prompt) : "", "completion", json_string_value (completion)));
      return TRUE;
    }
  return FALSE;
}

static gboolean
add_file (AssayJob *job, json_t *prompts, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = assay_file_read (path, MAX_BYTES, error);
  g_autofree char *sha256 = bytes ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes) : NULL, *name = g_path_get_basename (path), *valid = g_utf8_make_valid (name, -1);
  const char *at, *end;
  guint line = 0;

  if (bytes == NULL)
    return FALSE;
  assay_job_add_input_file (job, "queries", valid, sha256);
  at = g_bytes_get_data (bytes, NULL);
  for (end = at + g_bytes_get_size (bytes); at < end;)
    {
      const char *mark = memchr (at, '\n', (gsize) (end - at)), *stop = mark ? mark : end, *word = at;

      line++;
      while (word < stop && g_ascii_isspace (*word))
        word++;
      if (word < stop && !add_line (prompts, path, line, at, (gsize) (stop - at), error))
        return FALSE;
      at = mark ? mark + 1 : end;
    }
  if (line > 0 && json_array_size (prompts) > 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: lines of {\"prompt\": TEXT, \"completion\": TEXT} expected, none found", path);
  return FALSE;
}

json_t *
assay_prompts_read (AssayJob *job, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  json_auto_t *prompts = json_array ();
  const char *prompt, *completion, *path;

  if (!assay_prompts_are_given (values))
    return g_steal_pointer (&prompts);
  prompt = assay_values_get_string (values, "prompt");
  completion = assay_values_get_string (values, "completion");
  path = assay_values_get_string (values, "queries");
  if (prompt != NULL && completion == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--completion TEXT is needed beside --prompt: what is asked about");
      return NULL;
    }
  if (completion != NULL)
    json_array_append_new (prompts, json_pack ("{s:s, s:s}", "prompt", prompt ? prompt : "", "completion", completion));
  return path == NULL || add_file (job, prompts, path, error) ? g_steal_pointer (&prompts) : NULL;
}
