/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance_window.c: one group of rows for each step up. */
#include "gui/provenance_window.h"

#include "base/json.h"
#include "base/text.h"
#include "gui/action_rows.h"
#include "gui/facts.h"
#include "gui/provenance_walk.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <string.h>

/* "2026-11-26 03:14" of "2026-11-26T03:14:08Z". */
static char *
describe_when (const char *utc)
{
  g_autofree char *minutes = g_strndup (utc, 16);

  return g_strdelimit (g_steal_pointer (&minutes), "T", ' ');
}

/* --- is it still what it was? -------------------------------------------------------------------------------------- */

/* What the newest verification of this case found; NULL: nobody ran one. Owns: the caller; process keeps the document. */
static const json_t *
find_verification (AssayJobList *jobs, const char *path, AssayJobProcess **process)
{
  for (guint k = 0; k < g_list_model_get_n_items (G_LIST_MODEL (jobs)); k++)
    {
      g_autoptr (AssayJobProcess) one = g_list_model_get_item (G_LIST_MODEL (jobs), k);

      if (g_strcmp0 (assay_job_process_get_kind (one), "verify") == 0 && g_strcmp0 (assay_job_process_get_case (one), path) == 0
          && assay_job_process_is_over (one) && assay_job_process_get_document (one) != NULL)
        {
          *process = g_steal_pointer (&one);
          return assay_job_process_get_document (*process);
        }
    }
  return NULL;
}

/* What was found of the object itself, or NULL. */
static const char *
find_damage (const json_t *verification, const AssayObject *object)
{
  gsize k;
  json_t *finding;

  json_array_foreach (json_object_get (verification, "findings"), k, finding)
    if (strcmp (assay_json_get_text (finding, "level"), "damage") == 0 && strcmp (assay_json_get_text (finding, "kind"), object->kind) == 0
        && strcmp (assay_json_get_text (finding, "name"), object->name) == 0)
      return assay_json_get_text (finding, "text");
  return NULL;
}

static void
add_verification (AdwPreferencesGroup *group, const AssayObject *object, const json_t *verification, const char *utc)
{
  const char *damage = find_damage (verification, object);
  gboolean is_covered = verification != NULL && object->n_parts > 0 && strncmp (object->parts[object->n_parts - 1]->utc, utc, 19) <= 0;
  AssayMark mark = damage ? ASSAY_MARK_FAILED : is_covered ? ASSAY_MARK_PASSED : ASSAY_MARK_UNKNOWN;
  g_autofree char *when = describe_when (utc ? utc : ""), *passed = g_strdup_printf (_("Verified %s UTC: every byte and value is as it was committed"), when);
  GtkWidget *row = assay_action_row_new (damage ? damage : is_covered ? passed : _("Not verified since it was made"),
                                         mark == ASSAY_MARK_UNKNOWN ? _("The check “Everything committed is as it was” on the page Overview would do it.") : NULL);

  adw_action_row_add_prefix (ADW_ACTION_ROW (row), assay_mark_new (mark));
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_preferences_group_add (group, row);
}

/* --- one step ------------------------------------------------------------------------------------------------------ */

static void
add_digest (AdwPreferencesGroup *group, const AssayProvenanceStep *step)
{
  GtkWidget *row = assay_action_row_new (step->is_file ? _("SHA-256 of the file") : _("Digest of its values"), step->digest ? step->digest : _("not recorded"));

  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  if (step->object != NULL && step->object->n_parts > 1)
    {
      g_autofree char *parts = g_strdup_printf (_("first of %u files"), step->object->n_parts);

      assay_action_row_add_value (row, NULL, parts);
    }
  if (step->digest != NULL)
    assay_action_row_add_icon (row, "edit-copy-symbolic", _("Copy the digest"), "win.copy-text", g_variant_new_string (step->digest));
  adw_preferences_group_add (group, row);
}

/* "2026-11-26 03:14 UTC · took 51 s with 2 threads · Assay 0.1.0 on ..." */
static char *
describe_run (const json_t *provenance)
{
  const json_t *build = json_object_get (provenance, "build");
  const char *processor = assay_json_get_text (json_object_get (provenance, "machine"), "processor");
  g_autofree char *seconds = assay_view_seconds (assay_json_get_number (provenance, "seconds")), *when = describe_when (assay_json_get_text (provenance, "started_utc"));

  return g_strdup_printf (_("%s UTC · took %s with %d threads · %s %s%s%s"), when, seconds, (int) json_integer_value (json_object_get (provenance, "threads")),
                          assay_json_get_text (build, "program"), assay_json_get_text (build, "version"), processor[0] ? _(" on ") : "", processor);
}

static void
add_maker (AdwPreferencesGroup *group, const AssayProvenanceStep *step)
{
  g_autofree char *run = step->job ? describe_run (json_object_get (step->job->meta, "provenance")) : NULL;
  GtkWidget *row;

  if (step->is_file)
    return;
  row = assay_action_row_new (step->command ? step->command : _("No stored job says that it made this"),
                              step->command ? run : step->object ? _("The journal on the page Overview has the command under which it was committed.")
                              : _("The case has another object of that name now, or none."));
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  if (step->command != NULL)
    assay_action_row_add_icon (row, "edit-copy-symbolic", _("Copy as command"), "win.copy-text", g_variant_new_string (step->command));
  adw_preferences_group_add (group, row);
}

static GtkWidget *
make_group (const AssayProvenanceStep *step, const json_t *verification, const char *utc)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  g_autofree char *name = assay_text_escape (step->name, FALSE), *title = g_markup_escape_text (name, -1), *role = NULL, *words = NULL;

  role = assay_text_escape (step->role, FALSE);
  words = step->depth == 0 ? g_strdup (_("This result")) : step->is_file ? g_strdup (_("A file from outside"))
          : g_strdup_printf (_("%u step up; given as %s"), step->depth, role);
  adw_preferences_group_set_title (group, title);       /* a group's title is markup */
  g_free (role);
  role = g_markup_escape_text (words, -1);
  adw_preferences_group_set_description (group, role);
  add_maker (group, step);
  add_digest (group, step);
  if (step->object != NULL)
    add_verification (group, step->object, verification, utc);
  return GTK_WIDGET (group);
}

/* --- the window ---------------------------------------------------------------------------------------------------- */

static GtkWidget *
make_body (const GPtrArray *steps, const json_t *verification, const char *utc)
{
  GtkWidget *scrolled = gtk_scrolled_window_new (), *clamp = adw_clamp_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 24);

  for (guint k = 0; k < steps->len; k++)
    gtk_box_append (GTK_BOX (box), make_group (steps->pdata[k], verification, utc));
  gtk_widget_set_margin_top (box, 18);
  gtk_widget_set_margin_bottom (box, 24);
  gtk_widget_set_margin_start (box, 18);
  gtk_widget_set_margin_end (box, 18);
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), 760);
  adw_clamp_set_child (ADW_CLAMP (clamp), box);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), clamp);
  gtk_widget_set_vexpand (scrolled, TRUE);
  return scrolled;
}

/* Copying and the like are the window's behind it. */
static void
lend_actions (GtkWidget *window, GtkWindow *parent)
{
  gtk_widget_insert_action_group (window, "win", G_ACTION_GROUP (parent));
}

static void
close_on_escape (GtkWidget *window)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                        gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Escape, 0), gtk_named_action_new ("window.close")));
  gtk_widget_add_controller (window, controller);
}

GtkWidget *
assay_provenance_window_show (GtkWindow *parent, const AssayCaseContents *contents, AssayJobList *jobs, const char *object)
{
  const char *slash = strchr (object, '/');
  g_autofree char *kind = slash ? g_strndup (object, (gsize) (slash - object)) : NULL;
  g_autoptr (GPtrArray) steps = slash ? assay_provenance_walk (contents, kind, slash + 1) : NULL;
  g_autoptr (AssayJobProcess) process = NULL;
  const json_t *verification = find_verification (jobs, contents->path, &process);
  GtkWidget *window, *box, *bar;

  if (steps == NULL || steps->len == 0)
    return NULL;
  window = adw_window_new ();
  box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  bar = adw_header_bar_new ();
  gtk_window_set_title (GTK_WINDOW (window), _("Where Does This Come From?"));
  gtk_window_set_default_size (GTK_WINDOW (window), 680, 620);
  gtk_window_set_transient_for (GTK_WINDOW (window), parent);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (window), TRUE);
  lend_actions (window, parent);
  close_on_escape (window);
  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), make_body (steps, verification, process ? assay_job_process_get_utc (process) : NULL));
  adw_window_set_content (ADW_WINDOW (window), box);
  gtk_window_present (GTK_WINDOW (window));
  return window;
}
