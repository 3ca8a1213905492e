/* SPDX-License-Identifier: GPL-3.0-or-later */
/* document_summary.c: one row for each finding. */
#include "gui/document_summary.h"

#include "base/json.h"
#include "base/text.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define CLAIM_KEY "claim"
#define LABEL_KEY "label"
#define LIST_KEY "list"
#define MAX_ROWS 60             /* on the screen; the report has them all */

char *
assay_claim_dup_check (const AssayClaimCheck *check)
{
  g_autofree char *display = check->value.table ? assay_number_dup_display (&check->value) : NULL;

  if (check->what == NULL)
    return NULL;
  return g_strconcat (check->what, display ? ": " : "", display ? display : "", check->threshold ? (check->passed ? ", passed: " : ", FAILED: ") : "",
                      check->threshold, NULL);
}

char *
assay_claim_dup_interval (const AssayClaim *claim)
{
  g_autofree char *lo = NULL, *hi = NULL;

  if (claim->is_withheld || !assay_number_exists (&claim->lo) || !assay_number_exists (&claim->hi))
    return NULL;
  lo = assay_number_dup_display (&claim->lo);
  hi = assay_number_dup_display (&claim->hi);
  return g_strdup_printf (_("%s to %s (%s)"), lo, hi, claim->interval ? claim->interval : "");
}

const char *
assay_document_summary_get_claim (GtkListBoxRow *row)
{
  return g_object_get_data (G_OBJECT (row), CLAIM_KEY);
}

/* The interval and the check of a claim, a line each. */
static char *
describe (const AssayClaim *claim)
{
  g_autofree char *interval = assay_claim_dup_interval (claim), *check = assay_claim_dup_check (&claim->check);
  const char *first = claim->is_withheld ? claim->reason : interval;

  return g_strconcat (first ? first : "", first && check ? "\n" : "", check ? check : "", NULL);
}

/* claim: NULL where the case no longer makes it. */
static void
add_row (GtkListBox *list, const AssayClaim *claim)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *sentence = claim ? assay_prose_dup_plain (claim->sentence) : g_strdup (_("The case no longer makes this claim"));
  g_autofree char *checks = claim ? describe (claim) : g_strdup (""), *title = assay_text_escape (sentence, FALSE), *subtitle = assay_text_escape (checks, TRUE);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  if (claim != NULL)
    {
      g_object_set_data_full (G_OBJECT (row), CLAIM_KEY, g_strdup (claim->id), g_free);
      gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
      gtk_widget_set_tooltip_text (row, _("Show where it stands in the report"));
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name ("go-next-symbolic"));
    }
  gtk_list_box_append (list, row);
}

GtkWidget *
assay_document_summary_new (GCallback activated, gpointer data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 14), *label = gtk_label_new (NULL), *list = gtk_list_box_new ();

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (list, "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Summary of findings"), -1);
  g_signal_connect (list, "row-activated", activated, data);
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), list);
  g_object_set_data (G_OBJECT (box), LABEL_KEY, label);
  g_object_set_data (G_OBJECT (box), LIST_KEY, list);
  return box;
}

void
assay_document_summary_show (GtkWidget *summary, const AssayReportDraft *draft)
{
  GtkListBox *list = g_object_get_data (G_OBJECT (summary), LIST_KEY);
  g_autoptr (GPtrArray) claims = assay_document_list_claims (draft->document);
  gsize n_pins = json_array_size (draft->pins), n = n_pins > 0 ? n_pins : claims->len;
  g_autofree char *more = n > MAX_ROWS ? g_strdup_printf (_(" The first %d of %d are shown here."), MAX_ROWS, (int) n) : NULL, *text = NULL;
  GtkListBoxRow *old;

  text = g_strconcat (n_pins > 0 ? _("The findings that are pinned, in their order.") : _("No finding is pinned, so all are listed, in the order of the sections."),
                      more, NULL);
  gtk_label_set_text (g_object_get_data (G_OBJECT (summary), LABEL_KEY), text);
  while ((old = gtk_list_box_get_row_at_index (list, 0)) != NULL)
    gtk_list_box_remove (list, GTK_WIDGET (old));
  for (gsize k = 0; k < MIN (n, MAX_ROWS); k++)
    add_row (list, n_pins > 0 ? assay_document_find_claim (draft->document, assay_json_get_text (json_array_get (draft->pins, k), "claim"))
                              : claims->pdata[k]);
}
