/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind.c: the registry of job kinds. */
#include "job/kind.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayJobKind assay_job_kind_##name;
#include "job/kinds.def"
#undef ASSAY_REGISTER

static const AssayJobKind *const kinds[] = {
#define ASSAY_REGISTER(name) &assay_job_kind_##name,
#include "job/kinds.def"
#undef ASSAY_REGISTER
  NULL
};

const AssayJobKind *const *
assay_job_kind_list (void)
{
  return kinds;
}

const AssayJobKind *
assay_job_kind_find (const char *name, GError **error)
{
  const char *names[G_N_ELEMENTS (kinds)] = { NULL }, *near;

  for (gsize k = 0; kinds[k] != NULL; k++)
    {
      if (strcmp (kinds[k]->name, name) == 0)
        return kinds[k];
      names[k] = kinds[k]->name;
    }
  near = assay_param_nearest (name, names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, near ? "no kind of job is called \"%s\"; did you mean \"%s\"?"
               : "no kind of job is called \"%s\"", name, near);
  return NULL;
}

const char *
assay_job_group_title (AssayJobGroup group)
{
  static const char *const titles[ASSAY_JOB_GROUP_N] = {
    [ASSAY_JOB_GROUP_CASE] = "Make and fill a case",
    [ASSAY_JOB_GROUP_MODEL] = "Train and record",
    [ASSAY_JOB_GROUP_QUESTION] = "Ask about a model",
    [ASSAY_JOB_GROUP_REPORT] = "Report and sign",
    [ASSAY_JOB_GROUP_CHECK] = "Look and check",
  };

  return titles[group];
}

void
assay_job_add_note (AssayJobContext *context, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (context->notes, g_strdup_vprintf (format, args));
  va_end (args);
}

gboolean
assay_job_confirm (const AssayJobContext *context, const char *format, ...)
{
  g_autofree char *question = NULL;
  va_list args;

  va_start (args, format);
  question = g_strdup_vprintf (format, args);
  va_end (args);
  return context->confirm != NULL && context->confirm (question, context->confirm_data);
}

void
assay_job_add_measured (AssayJobContext *context, const char *name, double value)
{
  if (context->measured == NULL)
    context->measured = json_object ();
  json_object_set_new (context->measured, name, assay_json_number (value));
}

void
assay_job_add_output (AssayJobContext *context, AssayObject *object)
{
  g_ptr_array_add (context->outputs, object);
}
