/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_rules.c: rows of refusals. */
#include "gui/report_rules.h"

#include "base/json.h"
#include "base/text.h"
#include "report/strict.h"

#include <glib/gi18n.h>
#include <string.h>

#define MOST_ROWS 30

static void
add_row (AdwExpanderRow *expander, GPtrArray *rows, const char *title, const char *subtitle)
{
  g_autofree char *visible = assay_text_escape (title, FALSE), *below = assay_text_escape (subtitle, FALSE);
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), visible);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 4);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), below);
  adw_expander_row_add_row (expander, row);
  g_ptr_array_add (rows, row);
}

void
assay_report_rules_show (AdwExpanderRow *expander, GPtrArray *rows, const AssayReportDraft *draft, gboolean is_final, gboolean is_signed)
{
  guint n = 0;
  g_autofree char *words = NULL;

  for (guint k = 0; k < rows->len; k++)
    adw_expander_row_remove (expander, rows->pdata[k]);
  g_ptr_array_set_size (rows, 0);
  if (draft == NULL)
    return;
  for (guint k = 0; k < (is_final ? draft->refusals->len : draft->n_strict); k++)
    {
      const AssayRefusal *refusal = draft->refusals->pdata[k];

      if (is_signed && strcmp (refusal->rule, "signed") == 0)
        continue;
      if (n++ < MOST_ROWS)
        add_row (expander, rows, refusal->text, refusal->where);
    }
  words = n == 0 ? g_strdup (_("Nothing stands in its way"))
                 : g_strdup_printf (ngettext ("%u thing stands in its way", "%u things stand in its way", n), n);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (expander), words);
  adw_expander_row_set_enable_expansion (expander, n > 0);
  adw_expander_row_set_subtitle (expander, n > 0 ? _("As long as they do, nothing is written") : "");
}
