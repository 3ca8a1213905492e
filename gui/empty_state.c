/* SPDX-License-Identifier: GPL-3.0-or-later */
/* empty_state.c: an explanation, a command, two buttons. */
#include "gui/empty_state.h"

struct _AssayEmptyState {
  AdwBin parent_instance;
  AdwStatusPage *page;
  GtkWidget *offer;
  GtkLabel *command;
  GtkButton *run, *copy;
};

G_DEFINE_FINAL_TYPE (AssayEmptyState, assay_empty_state, ADW_TYPE_BIN)

enum { PROP_0, PROP_ICON_NAME, PROP_TITLE, PROP_DESCRIPTION, N_PROPS };
static GParamSpec *props[N_PROPS];

static void
assay_empty_state_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  AssayEmptyState *self = ASSAY_EMPTY_STATE (object);

  switch (id)
    {
    case PROP_ICON_NAME:
      adw_status_page_set_icon_name (self->page, g_value_get_string (value));
      break;
    case PROP_TITLE:
      adw_status_page_set_title (self->page, g_value_get_string (value));
      break;
    case PROP_DESCRIPTION:
      adw_status_page_set_description (self->page, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
assay_empty_state_class_init (AssayEmptyStateClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->set_property = assay_empty_state_set_property;
  props[PROP_ICON_NAME] = g_param_spec_string ("icon-name", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, props);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/empty_state.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayEmptyState, page);
  gtk_widget_class_bind_template_child (widget_class, AssayEmptyState, offer);
  gtk_widget_class_bind_template_child (widget_class, AssayEmptyState, command);
  gtk_widget_class_bind_template_child (widget_class, AssayEmptyState, run);
  gtk_widget_class_bind_template_child (widget_class, AssayEmptyState, copy);
}

static void
assay_empty_state_init (AssayEmptyState *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
assay_empty_state_set_command (AssayEmptyState *self, const char *command)
{
  gtk_widget_set_visible (self->offer, command != NULL);
  if (command == NULL)
    return;
  gtk_label_set_text (self->command, command);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->run), "s", command);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->copy), "s", command);
}
