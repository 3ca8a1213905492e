/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_progress.c: rates are counted from where a stage began in this run: a resumed one does not begin at nothing. */
#include "gui/job_progress.h"

#include "base/json.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define MOST_STAGES 1000

static void
stage_free (gpointer data)
{
  AssayJobStage *stage = data;

  g_free (stage->name);
  g_free (stage->reached);
  g_free (stage);
}

void
assay_job_progress_init (AssayJobProgress *self)
{
  *self = (AssayJobProgress) { .stages = g_ptr_array_new_with_free_func (stage_free), .fraction = -1, .remaining = NAN };
}

void
assay_job_progress_clear (AssayJobProgress *self)
{
  g_clear_pointer (&self->stages, g_ptr_array_unref);
}

/* The stage that a record is of; a new one begins with the first record that names it. Of very many only the last are kept. */
static AssayJobStage *
find_stage (AssayJobProgress *self, const char *name, double done)
{
  AssayJobStage *stage = self->stages->len > 0 ? self->stages->pdata[self->stages->len - 1] : NULL;

  if (stage != NULL && strcmp (stage->name, name) == 0)
    return stage;
  if (self->stages->len >= MOST_STAGES)
    g_ptr_array_remove_index (self->stages, 0);
  stage = g_new0 (AssayJobStage, 1);
  stage->name = g_strdup (name);
  stage->began = self->seconds;
  g_ptr_array_add (self->stages, stage);
  self->first = done;
  return stage;
}

/* What counted, its rate since the stage began in this run, and what that makes of the rest: nothing while there is too little to go by. */
static void
append_rate (AssayJobProgress *self, GString *words, const AssayJobStage *stage, double done, double total, gboolean has_unit)
{
  double seconds = self->seconds - stage->began, rate = (done - self->first) / seconds;
  g_autofree char *speed = NULL, *left = NULL;

  self->remaining = NAN;
  if (!(seconds > 1) || !(done > self->first))
    return;
  speed = rate < 100 ? assay_view_number (rate, 3) : assay_view_count ((gint64) rate);
  if (has_unit)
    g_string_append_printf (words, _(" · %s/s"), speed);
  if (!(total > done))
    return;
  self->remaining = (total - done) / rate;
  left = assay_view_seconds (self->remaining);
  g_string_append_printf (words, _(" · %s left"), left);
}

static char *
describe_reached (double done, double total, const char *unit, const char *note)
{
  g_autofree char *at = assay_view_count ((gint64) done), *of = assay_view_count ((gint64) total);

  if (unit != NULL && total > 0)
    return g_strdup_printf (_("%s of %s %s"), at, of, unit);
  return unit != NULL ? g_strdup_printf ("%s %s", at, unit) : g_strdup (note ? note : "");
}

char *
assay_job_progress_take (AssayJobProgress *self, const json_t *record)
{
  const char *unit = json_string_value (json_object_get (record, "unit")), *note = json_string_value (json_object_get (record, "note"));
  double done = assay_json_get_number (record, "done"), total = assay_json_get_number (record, "total");
  GString *words = g_string_new (NULL);
  AssayJobStage *stage;

  self->seconds = assay_json_get_number (record, "seconds");
  stage = find_stage (self, assay_json_get_text (record, "stage"), done);
  stage->ended = self->seconds;
  g_free (stage->reached);
  stage->reached = describe_reached (done, total, unit, note);
  self->fraction = total > 0 ? MIN (done, total) / total : -1;
  if (unit == NULL && note != NULL)
    g_string_append (words, note);
  else
    g_string_append_printf (words, stage->reached[0] != '\0' ? "%s, %s" : "%s%s", stage->name, stage->reached);
  append_rate (self, words, stage, done, total, unit != NULL);
  return g_string_free (words, FALSE);
}
