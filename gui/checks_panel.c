/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checks_panel.c: rows of checks. */
#include "gui/checks_panel.h"

#include "base/text.h"
#include "gui/action_rows.h"
#include "gui/gradually.h"
#include "gui/self_checks.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_ROWS 40             /* beyond them only what failed is shown */
#define ROWS_AT_A_TIME 4

/* Checks that a job makes. */
static const struct { const char *kind; AssaySelfCheck *(*make) (const json_t *document, gboolean is_older, const char *path); } demands[] = {
  { "verify", assay_self_check_of_verify }, { "check", assay_self_check_of_oracles },
};

struct _AssayChecksPanel {
  AdwBin parent_instance;
  AssayJobList *jobs;
  AssayCaseContents *contents;
  GPtrArray *stored;            /* AssaySelfCheck, of the case */
  GPtrArray *on_demand;         /* AssaySelfCheck */
  GtkLabel *progress[G_N_ELEMENTS (demands)];   /* of a check that runs now; owned by its row */
  AdwBin *urgent;               /* what failed, and what is checked on demand */
  AdwBin *others;
  guint n_listed, n_shown, listing;     /* stored checks that the others were taken from, rows of them; source, while there are more */
};

G_DEFINE_FINAL_TYPE (AssayChecksPanel, assay_checks_panel, ADW_TYPE_BIN)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- what was run -------------------------------------------------------------------------------------------------- */

/* The newest job of that kind about this case. Owns: the caller. */
static AssayJobProcess *
find_process (AssayChecksPanel *self, const char *kind)
{
  for (guint k = 0; self->jobs != NULL && k < g_list_model_get_n_items (G_LIST_MODEL (self->jobs)); k++)
    {
      g_autoptr (AssayJobProcess) process = g_list_model_get_item (G_LIST_MODEL (self->jobs), k);

      if (g_strcmp0 (assay_job_process_get_kind (process), kind) == 0 && g_strcmp0 (assay_job_process_get_case (process), self->contents->path) == 0)
        return g_steal_pointer (&process);
    }
  return NULL;
}

/* Whether something was committed after the job began; both times are ISO 8601, to the second. */
static gboolean
is_older (AssayChecksPanel *self, AssayJobProcess *process)
{
  const char *utc = assay_job_process_get_utc (process);

  for (guint k = 0; k < self->contents->objects->len; k++)
    {
      const AssayObject *object = self->contents->objects->pdata[k];

      if (object->n_parts > 0 && strncmp (object->parts[object->n_parts - 1]->utc, utc, 19) > 0)
        return TRUE;
    }
  return FALSE;
}

static AssaySelfCheck *
make_on_demand (AssayChecksPanel *self, gsize which)
{
  g_autoptr (AssayJobProcess) process = find_process (self, demands[which].kind);
  gboolean is_over = process != NULL && assay_job_process_is_over (process);
  const json_t *document = is_over ? assay_job_process_get_document (process) : NULL;
  AssaySelfCheck *check = demands[which].make (document, document != NULL && is_older (self, process), self->contents->path);

  if (is_over && document == NULL && assay_job_process_get_state (process) == ASSAY_JOB_FAILED)
    {
      check->mark = ASSAY_MARK_FAILED;
      g_free (check->found);
      check->found = g_strdup (assay_job_process_get_words (process));
    }
  return check;
}

/* --- rows ---------------------------------------------------------------------------------------------------------- */

static void
link_row (GtkWidget *row, const AssaySelfCheck *check)
{
  const char *slash = strchr (check->of, '/');

  if (slash != NULL)
    assay_action_row_add_icon (row, "assay-origin-symbolic", _("Where does this come from?"), "win.provenance", g_variant_new_string (check->of));
  if (check->page == NULL)
    return;
  if (check->reference != NULL)
    assay_action_row_add_icon (row, "go-next-symbolic", _("Show the numbers that this checks"), "win.follow",
                               g_variant_new ("(sss)", check->page, check->kind, check->reference));
  else
    assay_action_row_add_icon (row, "go-next-symbolic", _("Show the numbers that this checks"), "win.go", g_variant_new_string (check->page));
}

static GtkWidget *
make_row (const AssaySelfCheck *check)
{
  GtkWidget *row = assay_action_row_new (check->what, NULL);
  g_autofree char *below = check->of[0] ? g_strdup_printf ("%s\n%s", check->why, check->of) : g_strdup (check->why), *visible = NULL;

  visible = assay_text_escape (below, TRUE);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), visible);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), assay_mark_new (check->mark));
  return row;
}

static GtkWidget *
make_stored_row (const AssaySelfCheck *check)
{
  GtkWidget *row = make_row (check);

  assay_action_row_add_value (row, check->found[0] ? check->found : check->mark == ASSAY_MARK_UNKNOWN ? _("not checked") : NULL, check->bound);
  link_row (row, check);
  return row;
}

static GtkWidget *
make_demand_row (AssayChecksPanel *self, gsize which)
{
  const AssaySelfCheck *check = self->on_demand->pdata[which];
  g_autoptr (AssayJobProcess) process = find_process (self, demands[which].kind);
  GtkWidget *row = make_row (check), *spinner;

  self->progress[which] = NULL;
  if (process != NULL && !assay_job_process_is_over (process))
    {
      spinner = gtk_spinner_new ();
      gtk_spinner_start (GTK_SPINNER (spinner));
      self->progress[which] = GTK_LABEL (gtk_label_new (assay_job_process_get_words (process)));
      gtk_label_set_ellipsize (self->progress[which], PANGO_ELLIPSIZE_END);
      gtk_label_set_max_width_chars (self->progress[which], 34);
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), GTK_WIDGET (self->progress[which]));
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), spinner);
      return row;
    }
  assay_action_row_add_value (row, check->found[0] ? check->found : _("not checked"), check->bound);
  assay_action_row_add_button (row, process ? _("Check _Again") : _("_Check Now"), check->command, "win.run-quietly", g_variant_new_string (check->command));
  assay_action_row_add_icon (row, "edit-copy-symbolic", _("Copy as command"), "win.copy-text", g_variant_new_string (check->command));
  return row;
}

static void
show_urgent (AssayChecksPanel *self)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());

  g_ptr_array_set_size (self->on_demand, 0);
  for (gsize k = 0; k < G_N_ELEMENTS (demands); k++)
    g_ptr_array_add (self->on_demand, make_on_demand (self, k));
  adw_preferences_group_set_title (group, _("Self-Checks"));
  adw_preferences_group_set_description (group, _("What each number was held against. A number whose check fails is withheld where it would be shown."));
  for (guint k = 0; k < self->stored->len; k++)
    if (((const AssaySelfCheck *) self->stored->pdata[k])->mark == ASSAY_MARK_FAILED)
      adw_preferences_group_add (group, make_stored_row (self->stored->pdata[k]));
  for (gsize k = 0; k < G_N_ELEMENTS (demands); k++)
    adw_preferences_group_add (group, make_demand_row (self, k));
  adw_bin_set_child (self->urgent, GTK_WIDGET (group));
}

/* The rows of one frame. */
static gboolean
add_others (gpointer data)
{
  AssayChecksPanel *self = data;
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (adw_bin_get_child (self->others));
  guint left = 0;

  for (guint end = self->n_shown + ROWS_AT_A_TIME; self->n_listed < self->stored->len && self->n_shown < MIN (end, MAX_ROWS); self->n_listed++)
    if (((const AssaySelfCheck *) self->stored->pdata[self->n_listed])->mark != ASSAY_MARK_FAILED)
      {
        adw_preferences_group_add (group, make_stored_row (self->stored->pdata[self->n_listed]));
        self->n_shown++;
      }
  if (self->n_listed < self->stored->len && self->n_shown < MAX_ROWS)
    return TRUE;
  for (guint k = self->n_listed; k < self->stored->len; k++)
    left += ((const AssaySelfCheck *) self->stored->pdata[k])->mark != ASSAY_MARK_FAILED;
  if (left > 0)
    {
      g_autofree char *more = g_strdup_printf (_("%u more, none of them failed"), left);

      adw_preferences_group_add (group, assay_action_row_new (more, NULL));
    }
  return FALSE;
}

static void
show_others (AssayChecksPanel *self)
{
  adw_bin_set_child (self->others, adw_preferences_group_new ());
  self->n_listed = self->n_shown = 0;
  assay_gradually_begin (&self->listing, FALSE, add_others, self);
}

/* --- following the jobs -------------------------------------------------------------------------------------------- */

/* Place in demands of a job about this case, or -1. */
static int
find_demand (AssayChecksPanel *self, AssayJobProcess *process)
{
  for (gsize k = 0; self->contents != NULL && k < G_N_ELEMENTS (demands); k++)
    if (g_strcmp0 (assay_job_process_get_kind (process), demands[k].kind) == 0
        && g_strcmp0 (assay_job_process_get_case (process), self->contents->path) == 0)
      return (int) k;
  return -1;
}

static void
on_changed (AssayJobList *jobs, AssayJobProcess *process, AssayChecksPanel *self)
{
  int which = find_demand (self, process);

  (void) jobs;
  if (which >= 0 && self->progress[which] != NULL)
    gtk_label_set_text (self->progress[which], assay_job_process_get_words (process));
  else if (which >= 0 && !assay_job_process_is_over (process))
    show_urgent (self);
}

static void
on_ended (AssayJobList *jobs, AssayJobProcess *process, AssayChecksPanel *self)
{
  (void) jobs;
  if (find_demand (self, process) < 0)
    return;
  show_urgent (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

void
assay_checks_panel_set_jobs (AssayChecksPanel *self, AssayJobList *jobs)
{
  if (self->jobs == jobs)
    return;
  g_set_object (&self->jobs, jobs);
  g_signal_connect_object (jobs, "changed", G_CALLBACK (on_changed), self, 0);
  g_signal_connect_object (jobs, "ended", G_CALLBACK (on_ended), self, 0);
}

void
assay_checks_panel_show (AssayChecksPanel *self, AssayCaseContents *contents, GPtrArray *checks)
{
  assay_case_contents_ref (contents);
  g_clear_pointer (&self->contents, assay_case_contents_unref);
  self->contents = contents;
  g_ptr_array_ref (checks);
  g_clear_pointer (&self->stored, g_ptr_array_unref);
  self->stored = checks;
  show_urgent (self);
  show_others (self);
}

char *
assay_checks_panel_describe (AssayChecksPanel *self)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  g_ptr_array_extend (all, self->stored, NULL, NULL);
  g_ptr_array_extend (all, self->on_demand, NULL, NULL);
  return assay_self_checks_describe (all);
}

static void
assay_checks_panel_dispose (GObject *object)
{
  assay_gradually_stop (&ASSAY_CHECKS_PANEL (object)->listing);
  G_OBJECT_CLASS (assay_checks_panel_parent_class)->dispose (object);
}

static void
assay_checks_panel_finalize (GObject *object)
{
  AssayChecksPanel *self = ASSAY_CHECKS_PANEL (object);

  g_clear_object (&self->jobs);
  g_clear_pointer (&self->contents, assay_case_contents_unref);
  g_clear_pointer (&self->stored, g_ptr_array_unref);
  g_ptr_array_unref (self->on_demand);
  G_OBJECT_CLASS (assay_checks_panel_parent_class)->finalize (object);
}

static void
assay_checks_panel_class_init (AssayChecksPanelClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = assay_checks_panel_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_checks_panel_finalize;
  signals[CHANGED] = g_signal_new ("changed", ASSAY_TYPE_CHECKS_PANEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
assay_checks_panel_init (AssayChecksPanel *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);

  self->on_demand = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_self_check_free);
  self->urgent = ADW_BIN (adw_bin_new ());
  self->others = ADW_BIN (adw_bin_new ());
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->urgent));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->others));
  adw_bin_set_child (ADW_BIN (self), box);
}
