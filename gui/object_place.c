/* SPDX-License-Identifier: GPL-3.0-or-later */
/* object_place.c: kinds of objects, their groups and their pages. */
#include "gui/object_place.h"

#include "base/json.h"

#include <glib/gi18n.h>
#include <string.h>

static const struct { const char *kind; AssayObjectGroup group; const char *page; } kinds[] = {
  { "data", ASSAY_GROUP_DATA, "examples" },
  { "model", ASSAY_GROUP_MODELS, NULL },
  { "metrics", ASSAY_GROUP_RUNS, NULL },
  { "checkpoint", ASSAY_GROUP_RUNS, NULL },
  { "retraining", ASSAY_GROUP_RUNS, "influence" },
  { "bank", ASSAY_GROUP_RUNS, "influence" },
  { "activations", ASSAY_GROUP_RECORDINGS, "units" },
  { "summary", ASSAY_GROUP_RECORDINGS, "units" },
  { "summary-part", ASSAY_GROUP_RECORDINGS, "units" },
  { "sparse", ASSAY_GROUP_RECORDINGS, "units" },
  { "sparse-entries", ASSAY_GROUP_RECORDINGS, "units" },
  { "gradients", ASSAY_GROUP_RECORDINGS, NULL },
  { "scores", ASSAY_GROUP_SCORES, "influence" },
  { "validation", ASSAY_GROUP_SCORES, "influence" },
  { "units", ASSAY_GROUP_ANSWERS, "units" },
  { "ablations", ASSAY_GROUP_ANSWERS, "units" },
  { "cot", ASSAY_GROUP_ANSWERS, "reasoning" },
  { "audit", ASSAY_GROUP_ANSWERS, "report" },
  { "packet", ASSAY_GROUP_ANSWERS, "report" },
  { "pins", ASSAY_GROUP_ANSWERS, "report" },
  { "job", ASSAY_GROUP_ANSWERS, NULL },
};

/* Where the answer of a job is shown, by its kind. */
static const struct { const char *kind, *page; } jobs[] = {
  { "import", "examples" }, { "influence", "influence" }, { "validate", "influence" }, { "retrain", "influence" }, { "record", "units" },
  { "units", "units" }, { "certify", "reasoning" }, { "cot", "reasoning" }, { "audit", "report" }, { "explain", "report" },
};

AssayObjectGroup
assay_object_get_group (const AssayObject *object)
{
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    if (strcmp (object->kind, kinds[k].kind) == 0)
      return kinds[k].group;
  return ASSAY_GROUP_OTHER;
}

static const char *
page_of_job (const AssayObject *job)
{
  const char *kind = assay_json_get_text (json_object_get (job->meta, "job"), "kind");

  for (gsize k = 0; k < G_N_ELEMENTS (jobs); k++)
    if (strcmp (kind, jobs[k].kind) == 0)
      return jobs[k].page;
  return NULL;
}

AssayObjectPlace
assay_object_get_place (const AssayObject *object)
{
  AssayObjectPlace place = { NULL, NULL, NULL };

  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    if (strcmp (object->kind, kinds[k].kind) == 0)
      place.page = kinds[k].page;
  if (strcmp (object->kind, "job") == 0)
    place.page = page_of_job (object);
  if (strcmp (object->kind, "scores") == 0)
    {
      place.kind = "query";
      place.reference = g_strdup_printf ("%s#0", object->name);
    }
  return place;
}

const char *
assay_object_group_name (AssayObjectGroup group)
{
  static const char *const names[] = { N_("Data"), N_("Models"), N_("Runs"), N_("Recordings"), N_("Scores"), N_("Answers"), N_("Other") };

  return _(names[group]);
}
