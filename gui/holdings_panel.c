/* SPDX-License-Identifier: GPL-3.0-or-later */
/* holdings_panel.c: groups of objects. Rows of a group are made when it is opened. */
#include "gui/holdings_panel.h"

#include "gui/action_rows.h"
#include "gui/object_place.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_ROWS 200            /* of a group; the table of the page's menu has all */

struct _AssayHoldingsPanel {
  AdwBin parent_instance;
  AssayCaseContents *contents;
  GtkWidget *groups[ASSAY_GROUP_N];     /* AdwExpanderRow, owned by their list, or NULL */
  gboolean is_filled[ASSAY_GROUP_N];
};

G_DEFINE_FINAL_TYPE (AssayHoldingsPanel, assay_holdings_panel, ADW_TYPE_BIN)

/* --- one object ---------------------------------------------------------------------------------------------------- */

static char *
describe_object (const AssayObject *object)
{
  g_autofree char *rows = assay_view_count (object->rows);
  GString *text = g_string_new (object->kind);

  if (object->rows > 0)
    g_string_append_printf (text, _(" · %s rows"), rows);
  if (object->n_parts > 1)
    g_string_append_printf (text, _(" · %u files"), object->n_parts);
  if (object->n_parts > 0)
    g_string_append_printf (text, " · %.16s", object->parts[object->n_parts - 1]->utc);
  if (!object->complete)
    g_string_append (text, _(" · unfinished"));
  return g_string_free (text, FALSE);
}

static GtkWidget *
make_row (const AssayObject *object)
{
  g_autofree char *subtitle = describe_object (object), *bytes = assay_view_bytes ((double) object->bytes), *whole = g_strconcat (object->kind, "/", object->name, NULL);
  GtkWidget *row = assay_action_row_new (object->name, subtitle);
  AssayObjectPlace place = assay_object_get_place (object);

  assay_action_row_add_value (row, NULL, bytes);
  assay_action_row_add_icon (row, "assay-origin-symbolic", _("Where does this come from?"), "win.provenance", g_variant_new_string (whole));
  if (place.page != NULL && place.kind != NULL)
    gtk_actionable_set_action_target (GTK_ACTIONABLE (row), "(sss)", place.page, place.kind, place.reference);
  else if (place.page != NULL)
    gtk_actionable_set_action_target (GTK_ACTIONABLE (row), "s", place.page);
  if (place.page != NULL)
    {
      gtk_actionable_set_action_name (GTK_ACTIONABLE (row), place.kind ? "win.follow" : "win.go");
      gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name ("go-next-symbolic"));
    }
  g_free (place.reference);
  return row;
}

/* --- a group ------------------------------------------------------------------------------------------------------- */

static void
fill (AssayHoldingsPanel *self, AssayObjectGroup group)
{
  guint n = 0;

  if (self->is_filled[group])
    return;
  self->is_filled[group] = TRUE;
  for (guint k = 0; k < self->contents->objects->len; k++)
    {
      const AssayObject *object = self->contents->objects->pdata[k];

      if (assay_object_get_group (object) == group && n++ < MAX_ROWS)
        adw_expander_row_add_row (ADW_EXPANDER_ROW (self->groups[group]), make_row (object));
    }
  if (n > MAX_ROWS)
    {
      g_autofree char *more = g_strdup_printf (_("and %u more"), n - MAX_ROWS);

      adw_expander_row_add_row (ADW_EXPANDER_ROW (self->groups[group]), assay_action_row_new (more, NULL));
    }
}

static void
on_expanded (GtkWidget *row, GParamSpec *spec, AssayHoldingsPanel *self)
{
  (void) spec;
  for (int group = 0; group < ASSAY_GROUP_N; group++)
    if (self->groups[group] == row && adw_expander_row_get_expanded (ADW_EXPANDER_ROW (row)))
      fill (self, group);
}

/* Kinds of a group, with how many where there is more than one: "2 scores, validation". Objects are sorted by kind. */
static char *
describe_group (const AssayCaseContents *contents, AssayObjectGroup group, guint *n, guint64 *bytes)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *last = NULL;
  guint same = 0;

  *n = 0;
  *bytes = 0;
  for (guint k = 0; k <= contents->objects->len; k++)
    {
      const AssayObject *object = k < contents->objects->len ? contents->objects->pdata[k] : NULL;

      if (object != NULL && assay_object_get_group (object) != group)
        continue;
      if (last != NULL && (object == NULL || strcmp (object->kind, last) != 0))
        {
          if (text->len > 0)
            g_string_append (text, ", ");
          if (same > 1)
            g_string_append_printf (text, "%u ", same);
          g_string_append (text, last);
          same = 0;
        }
      if (object == NULL)
        break;
      last = object->kind;
      same++;
      ++*n;
      *bytes += object->bytes;
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_group (AssayHoldingsPanel *self, AdwPreferencesGroup *list, AssayObjectGroup group, gboolean expanded)
{
  guint n;
  guint64 bytes;
  g_autofree char *subtitle = describe_group (self->contents, group, &n, &bytes), *size = assay_view_bytes ((double) bytes);
  GtkWidget *row, *label;

  self->groups[group] = NULL;
  self->is_filled[group] = FALSE;
  if (n == 0)
    return;
  row = adw_expander_row_new ();
  label = gtk_label_new (size);
  gtk_widget_add_css_class (label, "numeric");
  gtk_widget_add_css_class (label, "dim-label");
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), assay_object_group_name (group));
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (row), subtitle);
  adw_expander_row_add_action (ADW_EXPANDER_ROW (row), label);
  adw_preferences_group_add (list, row);
  self->groups[group] = row;
  g_signal_connect (row, "notify::expanded", G_CALLBACK (on_expanded), self);
  adw_expander_row_set_expanded (ADW_EXPANDER_ROW (row), expanded);
}

void
assay_holdings_panel_show (AssayHoldingsPanel *self, AssayCaseContents *contents)
{
  GtkWidget *list = adw_preferences_group_new ();
  g_autofree char *objects = assay_view_count (contents->objects->len), *bytes = assay_view_bytes ((double) contents->bytes);
  g_autofree char *description = g_strdup_printf (_("%s objects, %s. Nothing that was committed is ever changed."), objects, bytes);
  gboolean was_expanded[ASSAY_GROUP_N];

  for (int group = 0; group < ASSAY_GROUP_N; group++)
    was_expanded[group] = self->groups[group] ? adw_expander_row_get_expanded (ADW_EXPANDER_ROW (self->groups[group])) : FALSE;
  assay_case_contents_ref (contents);
  g_clear_pointer (&self->contents, assay_case_contents_unref);
  self->contents = contents;
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (list), _("In This Case"));
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (list), description);
  for (int group = 0; group < ASSAY_GROUP_N; group++)
    add_group (self, ADW_PREFERENCES_GROUP (list), group, was_expanded[group]);
  adw_bin_set_child (ADW_BIN (self), list);
}

static void
assay_holdings_panel_finalize (GObject *object)
{
  g_clear_pointer (&ASSAY_HOLDINGS_PANEL (object)->contents, assay_case_contents_unref);
  G_OBJECT_CLASS (assay_holdings_panel_parent_class)->finalize (object);
}

static void
assay_holdings_panel_class_init (AssayHoldingsPanelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_holdings_panel_finalize;
}

static void
assay_holdings_panel_init (AssayHoldingsPanel *self)
{
  (void) self;
}
