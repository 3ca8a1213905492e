/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overview_rows.c: lists whose rows have no life of their own. */
#include "gui/overview_rows.h"

#include "gui/action_rows.h"
#include "gui/case_proposals.h"

#include <glib/gi18n.h>
#include <string.h>

#define SHOWN_DEEDS 6            /* rows of the journal that are there at once */
#define MAX_DEEDS 200           /* that there are when the rest is asked for */
#define MAX_LOSSES 50

/* description NULL: none. */
static GtkWidget *
make_group (const char *title, const char *description)
{
  GtkWidget *group = adw_preferences_group_new ();

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), title);
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group), description);
  return group;
}

static void
add (GtkWidget *group, GtkWidget *row)
{
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
}

GtkWidget *
assay_overview_losses (const AssayCaseAccount *account)
{
  GtkWidget *group;

  if (account->losses->len == 0 && account->journal_fault == NULL)
    return NULL;
  group = make_group (_("Damaged"), _("Part of what was committed is missing or altered. The rest stays usable; restore the files from a copy, or make the objects again."));
  for (guint k = 0; k < MIN (account->losses->len, MAX_LOSSES); k++)
    {
      const AssayLoss *loss = account->losses->pdata[k];
      GtkWidget *row = assay_action_row_new (loss->object, loss->text);

      adw_action_row_add_prefix (ADW_ACTION_ROW (row), assay_mark_new (ASSAY_MARK_FAILED));
      if (loss->command != NULL)
        assay_action_row_add_button (row, _("_Make Again…"), loss->command, "win.propose", g_variant_new_string (loss->command));
      add (group, row);
    }
  if (account->losses->len > MAX_LOSSES)
    {
      g_autofree char *more = g_strdup_printf (_("and %u more"), account->losses->len - MAX_LOSSES);

      add (group, assay_action_row_new (more, NULL));
    }
  if (account->journal_fault != NULL)
    {
      GtkWidget *row = assay_action_row_new (_("The journal cannot be read to its end"), account->journal_fault);

      adw_action_row_add_prefix (ADW_ACTION_ROW (row), assay_mark_new (ASSAY_MARK_FAILED));
      add (group, row);
    }
  return group;
}

GtkWidget *
assay_overview_proposals (const AssayCaseContents *contents)
{
  g_autoptr (GPtrArray) proposals = assay_case_proposals_make (contents);
  GtkWidget *group;

  if (proposals->len == 0)
    return NULL;
  group = make_group (_("Not Done Yet"), _("What this case does not say, and what would make it say so. Each shows its form and cost before anything runs."));
  for (guint k = 0; k < proposals->len; k++)
    {
      const AssayProposal *proposal = proposals->pdata[k];
      GtkWidget *row = assay_action_row_new (proposal->what, proposal->why);

      assay_action_row_add_button (row, _("_Set Up…"), proposal->command, "win.propose", g_variant_new_string (proposal->command));
      assay_action_row_add_icon (row, "edit-copy-symbolic", _("Copy as command"), "win.copy-text", g_variant_new_string (proposal->command));
      add (group, row);
    }
  return group;
}

/* --- the journal --------------------------------------------------------------------------------------------------- */

/* "2026-11-26 03:14" of "2026-11-26T03:14:08.553907Z". */
static char *
describe_when (const char *utc)
{
  g_autofree char *minutes = g_strndup (utc, 16);

  return g_strdelimit (g_steal_pointer (&minutes), "T", ' ');
}

static GtkWidget *
make_deed (const AssayDeed *deed)
{
  g_autofree char *when = describe_when (deed->utc), *below = NULL, *title = NULL;
  gboolean is_plain = strcmp (deed->action, "open") == 0 || strcmp (deed->action, "commit") == 0;
  GtkWidget *row;

  title = deed->command[0] ? g_strdup (deed->command) : g_strdup (deed->action);
  below = g_strdup_printf ("%s UTC · %s%s%s%s%s", when, deed->actor[0] ? deed->actor : _("somebody"), is_plain ? "" : " · ", is_plain ? "" : deed->action,
                           deed->what[0] ? " · " : "", deed->what);
  row = assay_action_row_new (title, below);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 2);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  if (deed->command[0] != '\0')
    assay_action_row_add_icon (row, "edit-copy-symbolic", _("Copy as command"), "win.copy-text", g_variant_new_string (deed->command));
  return row;
}

typedef struct { AssayCaseAccount *account; gboolean is_filled; } Earlier;

static void
earlier_free (gpointer data, GClosure *unused)
{
  Earlier *earlier = data;

  (void) unused;
  assay_case_account_unref (earlier->account);
  g_free (earlier);
}

/* Rows that nobody looks at are not made. */
static void
on_expanded (AdwExpanderRow *row, GParamSpec *spec, Earlier *earlier)
{
  GPtrArray *deeds = earlier->account->deeds;

  (void) spec;
  if (earlier->is_filled || !adw_expander_row_get_expanded (row))
    return;
  earlier->is_filled = TRUE;
  for (guint k = SHOWN_DEEDS; k < MIN (deeds->len, MAX_DEEDS); k++)
    adw_expander_row_add_row (row, make_deed (deeds->pdata[k]));
  if (deeds->len > MAX_DEEDS)
    {
      g_autofree char *more = g_strdup_printf (_("and %u before them"), deeds->len - MAX_DEEDS);

      adw_expander_row_add_row (row, assay_action_row_new (more, NULL));
    }
}

GtkWidget *
assay_overview_journal (AssayCaseAccount *account)
{
  GtkWidget *group = make_group (_("Journal"), _("Who did what when, the newest first. The record is append-only and chained by its digests."));

  for (guint k = 0; k < MIN (account->deeds->len, SHOWN_DEEDS); k++)
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), make_deed (account->deeds->pdata[k]));
  if (account->deeds->len > SHOWN_DEEDS)
    {
      GtkWidget *row = adw_expander_row_new ();
      g_autofree char *title = g_strdup_printf (_("%u earlier"), account->deeds->len - SHOWN_DEEDS);
      Earlier *earlier = g_new0 (Earlier, 1);

      earlier->account = assay_case_account_ref (account);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
      g_signal_connect_data (row, "notify::expanded", G_CALLBACK (on_expanded), earlier, earlier_free, 0);
      adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
    }
  return group;
}
