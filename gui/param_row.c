/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param_row.c: the control of a parameter, made from its declaration. */
#include "gui/param_row.h"

#include "base/text.h"
#include "gui/job_form.h"
#include "job/describe.h"

#include <glib/gi18n.h>
#include <string.h>

#define CONTROL_WIDTH 230               /* the same in all rows that have room for words */
#define LARGEST_STEP_VALUE 9e15         /* whole numbers up to here are exact in a spin button */

struct _AssayParamRow {
  AdwActionRow parent_instance;
  const AssayParam *param;
  AssayParamOffer offer;
  gpointer data;
  GtkWidget *control;           /* a GtkSwitch, GtkDropDown or GtkSpinButton; NULL: text */
  GtkBox *lines;                /* of text, or NULL */
  GtkWidget *reset;
  gboolean is_setting;
};

G_DEFINE_FINAL_TYPE (AssayParamRow, assay_param_row, ADW_TYPE_ACTION_ROW)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void add_line (AssayParamRow *self, const char *text);

/* --- the value ----------------------------------------------------------------------------------------------------- */

static GtkEditable *
line_entry (GtkWidget *line)
{
  return assay_param_entry_get_editable (ASSAY_PARAM_ENTRY (line));
}

/* Of a menu of choices without a default the first line chooses nothing. */
static guint
first_choice (const AssayParam *p)
{
  return p->def.s == NULL ? 1 : 0;
}

static guint
choice_position (const AssayParam *p, const char *text)
{
  for (guint k = 0; p->choices[k] != NULL; k++)
    if (g_strcmp0 (p->choices[k], text) == 0)
      return k + first_choice (p);
  return 0;
}

/* What is typed counts before the button makes a number of it. */
static const char *
spin_text (AssayParamRow *self)
{
  return gtk_editable_get_text (GTK_EDITABLE (self->control));
}

static char *
control_text (AssayParamRow *self)
{
  const AssayParam *p = self->param;
  g_autofree char *by_default = NULL;
  guint selected;

  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      return gtk_switch_get_active (GTK_SWITCH (self->control)) == p->def.b ? NULL : g_strdup (p->def.b ? "false" : "true");
    case ASSAY_PARAM_CHOICE:
      selected = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->control));
      if (selected < first_choice (p) || (p->def.s != NULL && selected == choice_position (p, p->def.s)))
        return NULL;
      return g_strdup (p->choices[selected - first_choice (p)]);
    case ASSAY_PARAM_INT:
      by_default = g_strdup_printf ("%" G_GINT64_FORMAT, p->def.i);
      return strcmp (spin_text (self), "") == 0 || strcmp (spin_text (self), by_default) == 0 ? NULL : g_strdup (spin_text (self));
    case ASSAY_PARAM_DOUBLE:
    case ASSAY_PARAM_STRING:
    case ASSAY_PARAM_LIST:
    case ASSAY_PARAM_JSON:
      break;
    }
  return NULL;
}

char **
assay_param_row_dup_texts (AssayParamRow *self)
{
  GStrvBuilder *texts = g_strv_builder_new ();
  char **all;

  if (self->control != NULL)
    {
      g_autofree char *text = control_text (self);

      if (text != NULL)
        g_strv_builder_add (texts, text);
    }
  else
    for (GtkWidget *line = gtk_widget_get_first_child (GTK_WIDGET (self->lines)); line != NULL; line = gtk_widget_get_next_sibling (line))
      if (gtk_editable_get_text (line_entry (line))[0] != '\0')
        g_strv_builder_add (texts, gtk_editable_get_text (line_entry (line)));
  all = g_strv_builder_end (texts);
  g_strv_builder_unref (texts);
  if (all[0] == NULL)
    g_clear_pointer (&all, g_strfreev);
  return all;
}

static void
set_control (AssayParamRow *self, const char *text)
{
  const AssayParam *p = self->param;

  if (p->type == ASSAY_PARAM_BOOL)
    gtk_switch_set_active (GTK_SWITCH (self->control), text ? strcmp (text, "true") == 0 : p->def.b);
  else if (p->type == ASSAY_PARAM_CHOICE)
    gtk_drop_down_set_selected (GTK_DROP_DOWN (self->control), choice_position (p, text ? text : p->def.s));
  else
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (self->control), text ? g_ascii_strtod (text, NULL) : (double) p->def.i);
}

/* As many lines as texts; a list has one more. What stands there already is left alone, and with it the cursor. */
static void
set_lines (AssayParamRow *self, const char *const *texts)
{
  GtkWidget *line = gtk_widget_get_first_child (GTK_WIDGET (self->lines)), *next;
  guint n = 0;

  for (; texts != NULL && texts[n] != NULL; n++)
    if (line == NULL)
      add_line (self, texts[n]);
    else
      {
        if (strcmp (gtk_editable_get_text (line_entry (line)), texts[n]) != 0)
          gtk_editable_set_text (line_entry (line), texts[n]);
        line = gtk_widget_get_next_sibling (line);
      }
  if (n == 0 || self->param->type == ASSAY_PARAM_LIST)
    {
      if (line == NULL)
        add_line (self, "");
      else
        {
          gtk_editable_set_text (line_entry (line), "");
          line = gtk_widget_get_next_sibling (line);
        }
    }
  for (; line != NULL; line = next)
    {
      next = gtk_widget_get_next_sibling (line);
      gtk_box_remove (self->lines, line);
    }
}

static void
show_reset (AssayParamRow *self, gboolean is_given)
{
  gtk_widget_set_opacity (self->reset, is_given ? 1 : 0);
  gtk_widget_set_sensitive (self->reset, is_given);
}

void
assay_param_row_set_texts (AssayParamRow *self, const char *const *texts)
{
  self->is_setting = TRUE;
  if (self->control != NULL)
    set_control (self, texts ? texts[0] : NULL);
  else
    set_lines (self, texts);
  show_reset (self, texts != NULL);
  self->is_setting = FALSE;
}

static void
changed (AssayParamRow *self)
{
  g_auto (GStrv) texts = NULL;
  GtkWidget *last = self->lines ? gtk_widget_get_last_child (GTK_WIDGET (self->lines)) : NULL;

  if (self->is_setting)
    return;
  if (self->param->type == ASSAY_PARAM_LIST && gtk_editable_get_text (line_entry (last))[0] != '\0')
    add_line (self, "");
  texts = assay_param_row_dup_texts (self);
  show_reset (self, texts != NULL);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_reset (AssayParamRow *self)
{
  assay_param_row_set_texts (self, NULL);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- controls ------------------------------------------------------------------------------------------------------ */

static void
name_control (AssayParamRow *self, GtkWidget *control)
{
  g_autofree char *title = assay_job_form_title (self->param->name);

  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_LABEL, title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, self->param->help,
                                  GTK_ACCESSIBLE_PROPERTY_REQUIRED, (self->param->flags & ASSAY_PARAM_REQUIRED) != 0, -1);
}

static void
add_line (AssayParamRow *self, const char *text)
{
  GtkWidget *line = assay_param_entry_new (self->param, text, self->offer, self->data);

  name_control (self, GTK_WIDGET (line_entry (line)));
  g_signal_connect_swapped (line_entry (line), "changed", G_CALLBACK (changed), self);
  gtk_box_append (self->lines, line);
}

static GtkWidget *
make_drop_down (const AssayParam *p)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  if (first_choice (p) == 1)
    gtk_string_list_append (names, p->flags & ASSAY_PARAM_REQUIRED ? _("choose…") : _("not chosen"));
  for (guint k = 0; p->choices[k] != NULL; k++)
    gtk_string_list_append (names, p->choices[k]);
  return gtk_drop_down_new (G_LIST_MODEL (g_steal_pointer (&names)), NULL);
}

/* A form is scrolled through with the pointer over it: that changes no number. */
static void
ignore_scrolling (GtkWidget *widget)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint k = 0; k < g_list_model_get_n_items (controllers); k++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, k);

      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_NONE);
    }
}

static GtkWidget *
make_spin (const AssayParam *p)
{
  gboolean has_range = p->min < p->max;
  GtkWidget *spin = gtk_spin_button_new_with_range (has_range ? p->min : -LARGEST_STEP_VALUE, has_range ? MIN (p->max, LARGEST_STEP_VALUE) : LARGEST_STEP_VALUE, 1);

  gtk_spin_button_set_numeric (GTK_SPIN_BUTTON (spin), TRUE);
  gtk_editable_set_width_chars (GTK_EDITABLE (spin), 9);
  gtk_editable_set_max_width_chars (GTK_EDITABLE (spin), 9);
  ignore_scrolling (spin);
  return spin;
}

static void
make_control (AssayParamRow *self)
{
  const AssayParam *p = self->param;
  const char *signal = NULL;

  if (p->type == ASSAY_PARAM_BOOL)
    {
      self->control = gtk_switch_new ();
      signal = "notify::active";
      adw_action_row_set_activatable_widget (ADW_ACTION_ROW (self), self->control);
    }
  else if (p->type == ASSAY_PARAM_CHOICE)
    {
      self->control = make_drop_down (p);
      signal = "notify::selected";
    }
  else if (p->type == ASSAY_PARAM_INT && !(p->flags & (ASSAY_PARAM_OPTIONAL | ASSAY_PARAM_REQUIRED)))
    {
      self->control = make_spin (p);
      signal = "changed";
    }
  if (self->control == NULL)
    {
      self->lines = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 6));
      gtk_widget_set_valign (GTK_WIDGET (self->lines), GTK_ALIGN_CENTER);
      gtk_widget_set_size_request (GTK_WIDGET (self->lines), CONTROL_WIDTH, -1);
      gtk_widget_set_hexpand (GTK_WIDGET (self->lines), FALSE);         /* though the entries within would */
      gtk_widget_set_margin_top (GTK_WIDGET (self->lines), 6);
      gtk_widget_set_margin_bottom (GTK_WIDGET (self->lines), 6);
      adw_action_row_add_suffix (ADW_ACTION_ROW (self), GTK_WIDGET (self->lines));
      return;
    }
  name_control (self, self->control);
  gtk_widget_set_valign (self->control, GTK_ALIGN_CENTER);
  g_signal_connect_swapped (self->control, signal, G_CALLBACK (changed), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (self), self->control);
}

static void
make_reset (AssayParamRow *self)
{
  g_autofree char *title = assay_job_form_title (self->param->name), *label = g_strdup_printf (_("Back to the default: %s"), title);

  self->reset = gtk_button_new_from_icon_name ("edit-undo-symbolic");
  gtk_widget_set_valign (self->reset, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (self->reset, "flat");
  gtk_widget_add_css_class (self->reset, "circular");
  gtk_widget_set_tooltip_text (self->reset, _("Back to the default"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->reset), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_signal_connect_swapped (self->reset, "clicked", G_CALLBACK (on_reset), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (self), self->reset);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

static void
assay_param_row_class_init (AssayParamRowClass *klass)
{
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
assay_param_row_init (AssayParamRow *self)
{
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self), FALSE);
  gtk_widget_add_css_class (GTK_WIDGET (self), "assay-param");
}

void
assay_param_row_set_fault (AssayParamRow *self, const char *fault)
{
  g_autofree char *visible = fault ? assay_text_escape (fault, FALSE) : NULL, *text = assay_job_form_sentence (visible ? visible : self->param->help);

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), text);
  if (fault != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self), "assay-wrong");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "assay-wrong");
}

const AssayParam *
assay_param_row_get_param (AssayParamRow *self)
{
  return self->param;
}

GtkWidget *
assay_param_row_new (const AssayParam *param, AssayParamOffer offer, gpointer data)
{
  AssayParamRow *self = g_object_new (ASSAY_TYPE_PARAM_ROW, NULL);
  g_autofree char *title = assay_job_form_title (param->name), *help = assay_describe_param (param), *explained = assay_job_form_sentence (help);
  g_autofree char *tooltip = param->flags & ASSAY_PARAM_POSITIONAL ? g_strdup (explained) : g_strdup_printf ("--%s\n%s", param->name, explained);

  self->param = param;
  self->offer = offer;
  self->data = data;
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), tooltip);
  make_control (self);
  make_reset (self);
  assay_param_row_set_fault (self, NULL);
  assay_param_row_set_texts (self, NULL);
  return GTK_WIDGET (self);
}
