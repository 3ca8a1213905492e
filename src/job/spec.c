/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spec.c: values of a kind's table and of the sections they choose, their JSON, and the identity made of it. */
#include "job/spec.h"

#include "base/error.h"
#include "config.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  char *name;
  char **texts;
  json_t *json;                 /* instead of texts */
  gboolean is_default;          /* yields to what was given, and to the absence of its section */
} Pending;

struct _AssayJob {
  const AssayJobKind *kind;
  char *case_path;
  AssayValues *values;
  GPtrArray *pending;           /* parameters of sections, until frozen */
  GPtrArray *chosen;            /* const AssayJobSection, borrowed */
  GPtrArray *section_values;    /* AssayValues, as chosen */
  json_t *inputs;
  json_t *pinned;               /* inputs that a job file asks for, or NULL */
  gboolean frozen;
};

static void
pending_free (gpointer data)
{
  Pending *pending = data;

  g_free (pending->name);
  g_strfreev (pending->texts);
  json_decref (pending->json);
  g_free (pending);
}

AssayJob *
assay_job_new (const AssayJobKind *kind)
{
  AssayJob *job = g_new0 (AssayJob, 1);

  job->kind = kind;
  job->values = assay_values_new (kind->params);
  job->pending = g_ptr_array_new_with_free_func (pending_free);
  job->chosen = g_ptr_array_new ();
  job->section_values = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_values_free);
  job->inputs = json_array ();
  return job;
}

void
assay_job_free (AssayJob *job)
{
  if (job == NULL)
    return;
  g_free (job->case_path);
  assay_values_free (job->values);
  g_ptr_array_unref (job->pending);
  g_ptr_array_unref (job->chosen);
  g_ptr_array_unref (job->section_values);
  json_decref (job->inputs);
  json_decref (job->pinned);
  g_free (job);
}

static const AssayJobSection *
get_sections (const AssayJobKind *kind)
{
  static const AssayJobSection none[] = { { .params = NULL } };

  return kind->get_sections ? kind->get_sections () : none;
}

static const AssayParam *
find_in (const AssayParam *table, const char *name)
{
  for (; table->name != NULL; table++)
    if (strcmp (table->name, name) == 0)
      return table;
  return NULL;
}

const AssayParam *
assay_job_find_param (const AssayJobKind *kind, const char *name)
{
  const AssayParam *param = find_in (kind->params, name);

  for (const AssayJobSection *s = get_sections (kind); param == NULL && s->params != NULL; s++)
    param = find_in (s->params, name);
  return param;
}

gboolean
assay_job_hides (const AssayJobKind *kind, const AssayParam *param)
{
  const AssayParam *own = find_in (kind->params, param->name);

  return own != NULL && own != param;
}

const char *
assay_job_nearest_param (const AssayJobKind *kind, const char *word)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (const AssayParam *p = kind->params; p->name != NULL; p++)
    g_ptr_array_add (names, (gpointer) p->name);
  for (const AssayJobSection *s = get_sections (kind); s->params != NULL; s++)
    for (const AssayParam *p = s->params; p->name != NULL; p++)
      g_ptr_array_add (names, (gpointer) p->name);
  g_ptr_array_add (names, NULL);
  return assay_param_nearest (word, (const char *const *) names->pdata);
}

void
assay_job_set_case (AssayJob *job, const char *path)
{
  g_free (job->case_path);
  job->case_path = g_strdup (path);
}

static gboolean
no_such_param (const AssayJob *job, const char *name, GError **error)
{
  const char *near = assay_job_nearest_param (job->kind, name);

  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, near ? "%s: %s has no such parameter; did you mean \"%s\"?"
               : "%s: %s has no such parameter", name, job->kind->name, near);
  return FALSE;
}

static Pending *
add_pending (AssayJob *job, const char *name)
{
  Pending *pending = g_new0 (Pending, 1);

  pending->name = g_strdup (name);
  g_ptr_array_add (job->pending, pending);
  return pending;
}

static gboolean
set_texts (AssayValues *values, const char *name, const char *const *texts, GError **error)
{
  for (; *texts != NULL; texts++)
    if (!assay_values_set_text (values, name, *texts, error))
      return FALSE;
  return TRUE;
}

gboolean
assay_job_set_text (AssayJob *job, const char *name, const char *text, GError **error)
{
  const char *const texts[] = { text, NULL };

  g_return_val_if_fail (!job->frozen, FALSE);
  if (find_in (job->kind->params, name) != NULL)
    return set_texts (job->values, name, texts, error);
  if (assay_job_find_param (job->kind, name) == NULL)
    return no_such_param (job, name, error);
  add_pending (job, name)->texts = g_strdupv ((char **) texts);
  return TRUE;
}

gboolean
assay_job_set_default (AssayJob *job, const char *name, const char *const *texts, GError **error)
{
  Pending *pending;

  g_return_val_if_fail (!job->frozen, FALSE);
  if (find_in (job->kind->params, name) != NULL)
    return assay_values_is_set (job->values, name) || set_texts (job->values, name, texts, error);
  if (assay_job_find_param (job->kind, name) == NULL)
    return no_such_param (job, name, error);
  pending = add_pending (job, name);
  pending->texts = g_strdupv ((char **) texts);
  pending->is_default = TRUE;
  return TRUE;
}

char **
assay_job_dup_given (const AssayJob *job, const char *name)
{
  const AssayParam *param = assay_job_find_param (job->kind, name);
  GStrvBuilder *texts;
  char **all = NULL;

  if (param == NULL || find_in (job->kind->params, name) != NULL)
    return param ? assay_values_dup_texts (job->values, name) : NULL;
  for (guint k = 0; k < job->section_values->len && all == NULL; k++)
    all = assay_values_dup_texts (job->section_values->pdata[k], name);
  if (all != NULL)
    return all;
  texts = g_strv_builder_new ();
  for (guint k = 0; k < job->pending->len; k++)
    {
      const Pending *pending = job->pending->pdata[k];

      if (strcmp (pending->name, name) != 0 || pending->texts == NULL || pending->is_default)
        continue;
      if (param->type != ASSAY_PARAM_LIST)
        g_clear_pointer (&texts, g_strv_builder_unref);
      texts = texts ? texts : g_strv_builder_new ();
      g_strv_builder_addv (texts, (const char **) pending->texts);
    }
  all = g_strv_builder_end (texts);
  g_strv_builder_unref (texts);
  if (all[0] == NULL)
    g_clear_pointer (&all, g_strfreev);
  return all;
}

static gboolean
set_json (AssayJob *job, const char *name, const json_t *value, GError **error)
{
  if (find_in (job->kind->params, name) != NULL)
    return assay_values_set_json (job->values, name, value, error);
  if (assay_job_find_param (job->kind, name) == NULL)
    return no_such_param (job, name, error);
  add_pending (job, name)->json = json_deep_copy (value);
  return TRUE;
}

/* Says which value of which parameter would bring the name in. */
static gboolean
not_chosen (const AssayJob *job, const char *name, GError **error)
{
  g_autoptr (GString) values = g_string_new (NULL);
  const char *chooser = NULL, *value;

  for (const AssayJobSection *s = get_sections (job->kind); s->params != NULL; s++)
    if (s->chooser != NULL && find_in (s->params, name) != NULL && (chooser == NULL || strcmp (chooser, s->chooser) == 0))
      {
        chooser = s->chooser;
        g_string_append_printf (values, "%s%s", values->len > 0 ? " or " : "", s->value);
      }
  value = assay_values_get_string (job->values, chooser);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, value ? "%s: belongs to %s %s, not to %s" : "%s: belongs to %s %s", name, chooser,
               values->str, value);
  return FALSE;
}

static gboolean
set_pending (AssayValues *values, const Pending *pending, GError **error)
{
  if (pending->is_default && assay_values_is_set (values, pending->name))
    return TRUE;
  return pending->json ? assay_values_set_json (values, pending->name, pending->json, error)
                       : set_texts (values, pending->name, (const char *const *) pending->texts, error);
}

/* In every chosen section that has it. */
static gboolean
apply_pending (AssayJob *job, const Pending *pending, GError **error)
{
  gboolean found = FALSE;

  for (guint k = 0; k < job->chosen->len; k++)
    {
      if (find_in (((const AssayJobSection *) job->chosen->pdata[k])->params, pending->name) == NULL)
        continue;
      found = TRUE;
      if (!set_pending (job->section_values->pdata[k], pending, error))
        return FALSE;
    }
  return found || pending->is_default || not_chosen (job, pending->name, error);
}

/* Several values, with commas between them, choose a section each. */
static gboolean
is_chosen (const AssayJob *job, const AssayJobSection *section)
{
  const char *value = section->chooser ? assay_values_get_string (job->values, section->chooser) : NULL;
  g_auto (GStrv) values = value ? g_strsplit (value, ",", -1) : NULL;

  return section->chooser == NULL || (values != NULL && g_strv_contains ((const char *const *) values, section->value));
}

static gboolean
check_needed (const AssayValues *values, GError **error)
{
  for (const AssayParam *p = assay_values_get_table (values); p->name != NULL; p++)
    if (p->flags & ASSAY_PARAM_REQUIRED && !assay_values_is_set (values, p->name))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s%s is needed: %s", p->flags & ASSAY_PARAM_POSITIONAL ? "" : "--",
                     p->flags & ASSAY_PARAM_POSITIONAL && p->metavar ? p->metavar : p->name, p->help);
        return FALSE;
      }
  return TRUE;
}

gboolean
assay_job_freeze (AssayJob *job, GError **error)
{
  g_return_val_if_fail (!job->frozen, FALSE);
  if (job->kind->complete != NULL && !job->kind->complete (job, error))
    return FALSE;
  for (const AssayJobSection *s = get_sections (job->kind); s->params != NULL; s++)
    if (is_chosen (job, s))
      {
        g_ptr_array_add (job->chosen, (gpointer) s);
        g_ptr_array_add (job->section_values, assay_values_new (s->params));
      }
  for (guint k = 0; k < job->pending->len; k++)
    if (!apply_pending (job, job->pending->pdata[k], error))
      return FALSE;
  g_ptr_array_set_size (job->pending, 0);
  if (job->kind->access != ASSAY_JOB_NO_CASE && !job->kind->case_is_optional && job->case_path == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "CASE is needed: the directory of the case");
      return FALSE;
    }
  if (!check_needed (job->values, error))
    return FALSE;
  for (guint k = 0; k < job->chosen->len; k++)
    if (!check_needed (job->section_values->pdata[k], error))
      return FALSE;
  job->frozen = TRUE;
  return TRUE;
}

const AssayJobKind *
assay_job_get_kind (const AssayJob *job)
{
  return job->kind;
}

const char *
assay_job_get_case (const AssayJob *job)
{
  return job->case_path;
}

const AssayValues *
assay_job_get_values (const AssayJob *job)
{
  return job->values;
}

const AssayValues *
assay_job_get_section (const AssayJob *job, const char *chooser)
{
  for (guint k = 0; k < job->chosen->len; k++)
    if (g_strcmp0 (((const AssayJobSection *) job->chosen->pdata[k])->chooser, chooser) == 0)
      return job->section_values->pdata[k];
  return NULL;
}

const AssayValues *
assay_job_get_table (const AssayJob *job, const AssayParam *table)
{
  for (guint k = 0; k < job->chosen->len; k++)
    if (((const AssayJobSection *) job->chosen->pdata[k])->params == table)
      return job->section_values->pdata[k];
  return NULL;
}

void
assay_job_add_input_object (AssayJob *job, const char *role, const AssayObject *object)
{
  json_t *roots = json_array ();

  for (guint k = 0; k < object->n_parts; k++)
    json_array_append_new (roots, json_string (object->parts[k]->content_root));
  json_array_append_new (job->inputs, json_pack ("{s:s, s:s, s:s, s:o}", "role", role, "kind", object->kind, "name", object->name,
                                                 "content_roots", roots));
}

void
assay_job_add_input_file (AssayJob *job, const char *role, const char *name, const char *sha256)
{
  json_array_append_new (job->inputs, json_pack ("{s:s, s:s, s:s}", "role", role, "file", name, "sha256", sha256));
}

gboolean
assay_job_check_inputs (const AssayJob *job, GError **error)
{
  gsize k;
  json_t *wanted;

  json_array_foreach (job->pinned, k, wanted)
    {
      const json_t *found = json_array_get (job->inputs, k);
      const char *role = json_string_value (json_object_get (wanted, "role"));

      if (!json_equal (wanted, found))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "the job file pins input %" G_GSIZE_FORMAT " (%s) to other content than "
                       "there is now; take \"inputs\" out of the file to run it on what is there", k, role ? role : "unnamed");
          return FALSE;
        }
    }
  return TRUE;
}

/* Whether another chosen section has an entry of that name with another default: then what was not given has no one value. */
static gboolean
is_ambiguous (const AssayJob *job, guint section, const char *name)
{
  const AssayParam *own = find_in (((const AssayJobSection *) job->chosen->pdata[section])->params, name);

  for (guint k = 0; k < job->chosen->len; k++)
    {
      const AssayParam *other = find_in (((const AssayJobSection *) job->chosen->pdata[k])->params, name);

      if (other != NULL && memcmp (&other->def, &own->def, sizeof own->def) != 0)
        return TRUE;
    }
  return FALSE;
}

static json_t *
parameters_to_json (const AssayJob *job)
{
  json_t *object = assay_values_to_json (job->values);

  for (guint k = 0; k < job->section_values->len; k++)
    {
      const AssayValues *values = job->section_values->pdata[k];
      json_t *more = assay_values_to_json (values);

      for (const AssayParam *p = assay_values_get_table (values); p->name != NULL; p++)
        if (!assay_values_is_set (values, p->name) && is_ambiguous (job, k, p->name))
          json_object_del (more, p->name);
      json_object_update_missing (object, more);
      json_decref (more);
    }
  return object;
}

json_t *
assay_job_to_json (const AssayJob *job)
{
  return json_pack ("{s:s, s:i, s:s, s:s?, s:o, s:O}", "schema", ASSAY_JOB_SCHEMA, "version", ASSAY_JOB_VERSION, "kind", job->kind->name,
                    "case", job->case_path, "parameters", parameters_to_json (job), "inputs", job->inputs);
}

char *
assay_job_get_identity (const AssayJob *job)
{
  json_t *parameters = parameters_to_json (job), *document;
  g_autofree char *identity = NULL;
  char *text;

  for (const char *const *name = job->kind->outside_identity; name != NULL && *name != NULL; name++)
    json_object_del (parameters, *name);
  document = json_pack ("{s:s, s:i, s:s, s:o, s:O, s:s}", "schema", ASSAY_JOB_SCHEMA, "version", ASSAY_JOB_VERSION, "kind",
                        job->kind->name, "parameters", parameters, "inputs", job->inputs, "program", PACKAGE_VERSION);
  text = json_dumps (document, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION (17));
  identity = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  free (text);
  json_decref (document);
  return g_steal_pointer (&identity);
}

/* --- job files ----------------------------------------------------------------------------------------------------- */

static gboolean
check_keys (const json_t *spec, const char *where, GError **error)
{
  static const char *const known[] = { "schema", "version", "kind", "case", "parameters", "inputs", NULL };
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *) spec, key, value)
    if (!g_strv_contains (known, key))
      {
        const char *near = assay_param_nearest (key, known);

        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, near ? "%s: a job has no member \"%s\"; did you mean \"%s\"?"
                     : "%s: a job has no member \"%s\"", where, key, near);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_header (const json_t *spec, const char *where, GError **error)
{
  const char *schema = json_string_value (json_object_get (spec, "schema"));
  gint64 version = json_integer_value (json_object_get (spec, "version"));

  if (g_strcmp0 (schema, ASSAY_JOB_SCHEMA) != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a job file with \"schema\": \"" ASSAY_JOB_SCHEMA "\" expected, %s found", where,
                   schema ? schema : "no schema");
      return FALSE;
    }
  if (version > ASSAY_JOB_VERSION)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_VERSION, "%s: version %" G_GINT64_FORMAT " of the job file is newer than this program "
                   "(%d); use a newer Assay", where, version, ASSAY_JOB_VERSION);
      return FALSE;
    }
  if (version < 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a job file with \"version\": %d expected", where, ASSAY_JOB_VERSION);
      return FALSE;
    }
  return check_keys (spec, where, error);
}

static gboolean
fill_from_json (AssayJob *job, const json_t *spec, const char *where, GError **error)
{
  const json_t *parameters = json_object_get (spec, "parameters"), *cas = json_object_get (spec, "case");
  const json_t *inputs = json_object_get (spec, "inputs");
  const char *key;
  json_t *value;

  if ((cas != NULL && !json_is_string (cas) && !json_is_null (cas)) || (parameters != NULL && !json_is_object (parameters))
      || (inputs != NULL && !json_is_array (inputs)))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: \"case\" must be a string, \"parameters\" an object and \"inputs\" an array",
                   where);
      return FALSE;
    }
  assay_job_set_case (job, json_string_value (cas));
  json_object_foreach ((json_t *) parameters, key, value)
    if (!set_json (job, key, value, error))
      {
        g_prefix_error (error, "%s: ", where);
        return FALSE;
      }
  job->pinned = json_array_size (inputs) > 0 ? json_deep_copy (inputs) : NULL;
  return TRUE;
}

AssayJob *
assay_job_from_json (const json_t *document, const char *where, GError **error)
{
  const json_t *inner = json_object_get (document, "job"), *spec = json_is_object (inner) ? inner : document;
  g_autoptr (AssayJob) job = NULL;
  const AssayJobKind *kind;
  const char *name;

  if (!check_header (spec, where, error))
    return NULL;
  name = json_string_value (json_object_get (spec, "kind"));
  kind = assay_job_kind_find (name ? name : "", error);
  if (kind == NULL)
    {
      g_prefix_error (error, "%s: ", where);
      return NULL;
    }
  job = assay_job_new (kind);
  if (!fill_from_json (job, spec, where, error) || !assay_job_freeze (job, error))
    return NULL;
  return g_steal_pointer (&job);
}

AssayJob *
assay_job_new_stored (AssayCase *cas, const AssayObject *object, GError **error)
{
  json_t *meta = json_deep_copy (object->meta);
  AssayJob *job;

  json_object_del (json_object_get (meta, "job"), "inputs");
  job = assay_job_from_json (meta, object->name, error);
  if (job != NULL)
    assay_job_set_case (job, assay_case_get_path (cas));
  json_decref (meta);
  return job;
}

AssayJob *
assay_job_new_related (const AssayJob *job, const AssayJobKind *kind, const json_t *instead, GError **error)
{
  g_autoptr (AssayJob) related = assay_job_new (kind);
  json_t *parameters = parameters_to_json (job);
  const char *name;
  json_t *value;
  gboolean fine = TRUE;

  assay_job_set_case (related, job->case_path);
  if (instead != NULL)
    json_object_update (parameters, (json_t *) instead);
  json_object_foreach (parameters, name, value)
    if (fine && find_in (kind->params, name) != NULL)
      fine = assay_values_set_json (related->values, name, value, error);
    else if (fine && assay_job_find_param (kind, name) != NULL)
      {
        Pending *pending = add_pending (related, name);

        pending->json = json_deep_copy (value);
        pending->is_default = TRUE;     /* of a section that is not chosen there, it is passed over */
      }
  json_decref (parameters);
  json_array_extend (related->inputs, job->inputs);
  return fine && assay_job_freeze (related, error) ? g_steal_pointer (&related) : NULL;
}
