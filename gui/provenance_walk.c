/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance_walk.c: from an object to its makers. */
#include "gui/provenance_walk.h"

#include "base/json.h"
#include "job/spec.h"

#include <string.h>

#define MAX_STEPS 64

static void
step_free (gpointer data)
{
  AssayProvenanceStep *step = data;

  g_free (step->role);
  g_free (step->name);
  g_free (step->digest);
  g_free (step->command);
  g_clear_pointer (&step->object, assay_object_unref);
  g_clear_pointer (&step->job, assay_object_unref);
  g_free (step);
}

/* --- the maker ----------------------------------------------------------------------------------------------------- */

static gboolean
made (const AssayObject *job, const AssayObject *object)
{
  gsize k;
  json_t *output;

  json_array_foreach (json_object_get (job->meta, "outputs"), k, output)
    if ((guint64) json_integer_value (json_object_get (output, "sequence")) == object->sequence
        && strcmp (assay_json_get_text (output, "kind"), object->kind) == 0)
      return TRUE;
  return FALSE;
}

/* What is made on the way (a bank of retrainings, scores of a part) may name its job instead of being named by it. */
static gboolean
is_named_by (const AssayObject *job, const AssayObject *object)
{
  const char *identity = assay_json_get_text (job->meta, "identity");

  return identity[0] != '\0' && strcmp (assay_json_get_text (object->meta, "job"), identity) == 0;
}

const AssayObject *
assay_provenance_find_job (const AssayCaseContents *contents, const AssayObject *object)
{
  const AssayObject *found = NULL;

  for (guint k = 0; k < contents->objects->len; k++)
    {
      const AssayObject *job = contents->objects->pdata[k];

      if (strcmp (job->kind, "job") != 0)
        continue;
      if (job == object)
        return job;
      if ((made (job, object) || is_named_by (job, object)) && (found == NULL || job->sequence < found->sequence))
        found = job;            /* a job of jobs comes after its parts */
    }
  return found;
}

/* The case lies elsewhere today: the word that named it then is replaced. */
char *
assay_provenance_dup_command (const AssayObject *job, const char *path)
{
  const char *line = assay_json_get_text (json_object_get (job->meta, "provenance"), "command_line");
  const char *then = assay_json_get_text (json_object_get (job->meta, "job"), "case");
  g_autofree char *old = NULL, *now = NULL;
  g_auto (GStrv) parts = NULL;

  if (line[0] == '\0')
    return NULL;
  if (then[0] == '\0' || path == NULL)
    return g_strdup (line);
  old = assay_job_quote_word (then);
  now = assay_job_quote_word (path);
  parts = g_strsplit (line, old, 2);
  return g_strv_length (parts) == 2 ? g_strconcat (parts[0], now, parts[1], NULL) : g_strdup (line);
}

/* --- the walk ------------------------------------------------------------------------------------------------------ */

typedef struct {
  const AssayCaseContents *contents;
  GPtrArray *steps;
} Walk;

static gboolean
was_seen (const Walk *walk, const char *name, const char *digest)
{
  for (guint k = 0; k < walk->steps->len; k++)
    {
      const AssayProvenanceStep *step = walk->steps->pdata[k];

      if (strcmp (step->name, name) == 0 && g_strcmp0 (step->digest, digest) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
add (Walk *walk, guint depth, const char *role, const char *name, const char *digest, const AssayObject *object, gboolean is_file)
{
  const AssayObject *job = object ? assay_provenance_find_job (walk->contents, object) : NULL;
  AssayProvenanceStep *step;

  if (walk->steps->len >= MAX_STEPS || was_seen (walk, name, digest))
    return;
  step = g_new0 (AssayProvenanceStep, 1);
  *step = (AssayProvenanceStep) { .depth = depth, .role = g_strdup (role), .name = g_strdup (name), .digest = g_strdup (digest), .is_file = is_file,
                                  .object = object ? assay_object_ref ((AssayObject *) object) : NULL,
                                  .job = job ? assay_object_ref ((AssayObject *) job) : NULL,
                                  .command = job ? assay_provenance_dup_command (job, walk->contents->path) : NULL };
  g_ptr_array_add (walk->steps, step);
}

static const char *
get_root (const AssayObject *object)
{
  return object->n_parts > 0 ? object->parts[0]->content_root : NULL;
}

/* An input is named with the digests of its parts: the object of that name is the one that was given only while it has the same. */
static void
add_input (Walk *walk, guint depth, const json_t *input)
{
  const char *file = json_string_value (json_object_get (input, "file")), *kind = assay_json_get_text (input, "kind"), *name = assay_json_get_text (input, "name");
  const char *root = json_string_value (json_array_get (json_object_get (input, "content_roots"), 0));
  const AssayObject *object = file ? NULL : assay_case_contents_find (walk->contents, kind, name);
  g_autofree char *whole = file ? g_strdup (file) : g_strconcat (kind, "/", name, NULL);

  if (file != NULL)
    root = json_string_value (json_object_get (input, "sha256"));
  if (object != NULL && root != NULL && g_strcmp0 (get_root (object), root) != 0)
    object = NULL;
  add (walk, depth, assay_json_get_text (input, "role"), whole, root, object, file != NULL);
}

static void
add_above (Walk *walk, const AssayProvenanceStep *step)
{
  gsize k;
  json_t *input, *file;

  if (step->job != NULL)
    json_array_foreach (json_object_get (json_object_get (step->job->meta, "job"), "inputs"), k, input)
      add_input (walk, step->depth + 1, input);
  if (step->object != NULL && strcmp (step->object->kind, "data") == 0)
    json_array_foreach (json_object_get (step->object->meta, "files"), k, file)
      add (walk, step->depth + 1, "file", assay_json_get_text (file, "name"), json_string_value (json_object_get (file, "sha256")), NULL, TRUE);
}

GPtrArray *
assay_provenance_walk (const AssayCaseContents *contents, const char *kind, const char *name)
{
  const AssayObject *object = assay_case_contents_find (contents, kind, name);
  Walk walk = { contents, g_ptr_array_new_with_free_func (step_free) };
  g_autofree char *whole = g_strconcat (kind, "/", name, NULL);

  if (object != NULL)
    add (&walk, 0, "", whole, get_root (object), object, FALSE);
  for (guint k = 0; k < walk.steps->len; k++)
    add_above (&walk, walk.steps->pdata[k]);
  return walk.steps;
}
