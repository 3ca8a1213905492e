/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_choice.c: check buttons of formats and regimes. */
#include "gui/report_choice.h"

#include "base/json.h"
#include "base/text.h"

#include <glib/gi18n.h>
#include <string.h>

#define METER_WIDTH 64

static gboolean
is_checked (const GPtrArray *checks, guint k)
{
  return gtk_check_button_get_active (checks->pdata[k]);
}

char *
assay_report_choice_join (const GPtrArray *checks)
{
  GString *words = g_string_new (NULL);
  guint n = 0;

  for (guint k = 0; k < checks->len; k++)
    if (is_checked (checks, k))
      {
        g_string_append_printf (words, "%s%s", n > 0 ? "," : "", (const char *) g_object_get_data (checks->pdata[k], "assay-word"));
        n++;
      }
  if (n == checks->len)
    g_string_truncate (words, 0);
  return g_string_free (words, FALSE);
}

void
assay_report_choice_append (GString *command, const char *option, const GPtrArray *checks)
{
  g_autofree char *all = assay_report_choice_join (checks);

  for (guint k = 0; *all != '\0' && k < checks->len; k++)
    if (is_checked (checks, k))
      g_string_append_printf (command, " --%s %s", option, (const char *) g_object_get_data (checks->pdata[k], "assay-word"));
}

static GtkWidget *
make_check (GPtrArray *checks, const char *word, const char *title, gboolean is_active)
{
  GtkWidget *check = gtk_check_button_new ();

  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  g_object_set_data_full (G_OBJECT (check), "assay-word", g_strdup (word), g_free);
  g_object_set_data_full (G_OBJECT (check), "assay-title", g_strdup (title), g_free);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (check), is_active);
  g_ptr_array_add (checks, check);
  return check;
}

/* --- formats --------------------------------------------------------------------------------------------------------- */

/* The last one that is chosen stays so: a report is written somehow. */
static void
format_toggled (GtkCheckButton *check, const GPtrArray *checks)
{
  g_autoptr (GString) words = g_string_new (NULL);
  gboolean any = FALSE;

  for (guint k = 0; k < checks->len; k++)
    if (is_checked (checks, k))
      {
        g_string_append_printf (words, "%s%s", any ? ", " : "", (const char *) g_object_get_data (checks->pdata[k], "assay-title"));
        any = TRUE;
      }
  if (!any)
    gtk_check_button_set_active (check, TRUE);
  else
    adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (gtk_widget_get_ancestor (GTK_WIDGET (check), ADW_TYPE_EXPANDER_ROW)), words->str);
}

void
assay_report_choice_add_formats (AdwExpanderRow *expander, GPtrArray *checks)
{
  static const struct { const char *word, *title, *subtitle; gboolean is_usual; } formats[] = {
    { "html", "HTML", N_("one page, opens in any browser"), TRUE }, { "pdf", "PDF", N_("for print and for screen readers"), TRUE },
    { "json", "JSON", N_("for programs, with a schema"), TRUE }, { "csv", "CSV", N_("every table"), FALSE },
    { "markdown", "Markdown", N_("for wikis"), FALSE }, { "notebook", N_("Notebook"), N_("computes every number again from the evidence"), FALSE },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (formats); k++)
    {
      GtkWidget *row = adw_action_row_new (), *check = make_check (checks, formats[k].word, _(formats[k].title), formats[k].is_usual);

      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _(formats[k].title));
      adw_action_row_set_subtitle (ADW_ACTION_ROW (row), _(formats[k].subtitle));
      adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
      adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
      g_signal_connect (check, "toggled", G_CALLBACK (format_toggled), checks);
      adw_expander_row_add_row (expander, row);
    }
  format_toggled (checks->pdata[0], checks);
}

/* --- meters --------------------------------------------------------------------------------------------------------- */

static gint64
count (const json_t *meter, const char *what)
{
  return json_integer_value (json_object_get (json_object_get (meter, "all"), what));
}

static void
update_meter (GtkWidget *row, const json_t *meter)
{
  GtkLevelBar *bar = g_object_get_data (G_OBJECT (row), "assay-bar");
  gint64 answered = count (meter, "filled") + count (meter, "withheld");
  g_autofree char *words = g_strdup_printf (_("%d of %d answered, %d drafts, %d for a person, %d not computed"), (int) answered, (int) count (meter, "items"),
                                            (int) count (meter, "draft"), (int) count (meter, "human_pending"), (int) count (meter, "not_computed"));

  gtk_level_bar_set_max_value (bar, MAX (1, (double) count (meter, "items")));
  gtk_level_bar_set_value (bar, (double) answered);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), words);
}

static GtkWidget *
make_meter (const json_t *meter)
{
  g_autofree char *title = assay_text_escape (assay_json_get_text (meter, "title"), FALSE);
  GtkWidget *row = adw_action_row_new (), *bar = gtk_level_bar_new ();

  title[0] = g_ascii_toupper (title[0]);
  /* Full is good, and none is no alarm: one colour at every length. */
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar), GTK_LEVEL_BAR_OFFSET_LOW);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar), GTK_LEVEL_BAR_OFFSET_HIGH);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar), GTK_LEVEL_BAR_OFFSET_FULL);
  gtk_widget_set_valign (bar, GTK_ALIGN_CENTER);
  gtk_widget_set_size_request (bar, METER_WIDTH, -1);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 3);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 3);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), bar);
  g_object_set_data (G_OBJECT (row), "assay-bar", bar);
  update_meter (row, meter);
  return row;
}

static void
sum_up (AdwExpanderRow *expander, const json_t *meters)
{
  gint64 answered = 0, items = 0;
  gsize k;
  json_t *meter;
  g_autofree char *words = NULL;

  json_array_foreach (meters, k, meter)
    {
      answered += count (meter, "filled") + count (meter, "withheld");
      items += count (meter, "items");
    }
  words = g_strdup_printf (_("%d of %d items answered"), (int) answered, (int) items);
  adw_expander_row_set_subtitle (expander, words);
}

/* --- regimes --------------------------------------------------------------------------------------------------------- */

/* The last one that is chosen stays so: a report answers some regime. */
static void
regime_toggled (GtkCheckButton *check, const GPtrArray *checks)
{
  for (guint k = 0; k < checks->len; k++)
    if (is_checked (checks, k))
      return;
  gtk_check_button_set_active (check, TRUE);
}

void
assay_report_choice_show_regimes (AdwExpanderRow *expander, GPtrArray *checks, const json_t *meters)
{
  gsize k;
  json_t *meter;

  json_array_foreach (meters, k, meter)
    {
      GtkWidget *row, *check;

      if (k < checks->len)
        {
          update_meter (g_object_get_data (checks->pdata[k], "assay-row"), meter);
          continue;
        }
      row = make_meter (meter);
      check = make_check (checks, assay_json_get_text (meter, "id"), assay_json_get_text (meter, "title"), TRUE);
      g_object_set_data (G_OBJECT (check), "assay-row", row);
      adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
      adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
      g_signal_connect (check, "toggled", G_CALLBACK (regime_toggled), checks);
      adw_expander_row_add_row (expander, row);
    }
  sum_up (expander, meters);
}
