/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_panel.c: a model's card. */
#include "gui/model_panel.h"

#include "base/text.h"
#include "gui/chart.h"
#include "gui/facts.h"
#include "gui/model_card.h"

#include <glib/gi18n.h>
#include <string.h>

struct _AssayModelPanel {
  AdwBin parent_instance;
  GtkLabel *name, *sentence, *trouble;
  GtkDropDown *choice;
  AssayFacts *facts;
  AssayChart *curve;
  GtkButton *copy, *origin;
  GPtrArray *models;            /* AssayModelCard */
  gboolean is_quiet;
};

G_DEFINE_FINAL_TYPE (AssayModelPanel, assay_model_panel, ADW_TYPE_BIN)

static void
show_card (AssayModelPanel *self, const AssayModelCard *card)
{
  g_autofree char *name = assay_text_escape (card->name, FALSE), *trouble = card->trouble ? assay_text_escape (card->trouble, FALSE) : NULL;
  g_autofree char *sentence = assay_text_escape (card->sentence, FALSE), *object = g_strconcat ("model/", card->name, NULL);

  gtk_label_set_text (self->name, name);
  gtk_label_set_text (self->sentence, sentence);
  gtk_label_set_text (self->trouble, trouble ? trouble : "");
  gtk_widget_set_visible (GTK_WIDGET (self->trouble), trouble != NULL);
  assay_facts_clear (self->facts);
  for (guint k = 0; k < card->facts->len; k++)
    {
      const AssayModelFact *fact = card->facts->pdata[k];

      assay_facts_add (self->facts, fact->name, fact->value, ASSAY_MARK_NONE, fact->why);
    }
  assay_chart_set_figure (self->curve, card->curve);
  assay_chart_set_command (self->curve, card->command);
  gtk_widget_set_visible (GTK_WIDGET (self->curve), card->curve != NULL);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->copy), "s", card->command ? card->command : "");
  gtk_widget_set_visible (GTK_WIDGET (self->copy), card->command != NULL);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->origin), "s", object);
}

static void
on_chosen (AssayModelPanel *self)
{
  guint position = gtk_drop_down_get_selected (self->choice);

  if (!self->is_quiet && self->models != NULL && position < self->models->len)
    show_card (self, self->models->pdata[position]);
}

/* Position of the model that was shown last, else the first. */
static guint
find_shown (AssayModelPanel *self, const GPtrArray *models)
{
  guint position = gtk_drop_down_get_selected (self->choice);
  const AssayModelCard *shown = self->models && position < self->models->len ? self->models->pdata[position] : NULL;

  for (guint k = 0; shown != NULL && k < models->len; k++)
    if (strcmp (((AssayModelCard *) models->pdata[k])->name, shown->name) == 0)
      return k;
  return 0;
}

void
assay_model_panel_show (AssayModelPanel *self, GPtrArray *models)
{
  guint position = find_shown (self, models);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  for (guint k = 0; k < models->len; k++)
    {
      g_autofree char *name = assay_text_escape (((AssayModelCard *) models->pdata[k])->name, FALSE);

      gtk_string_list_append (names, name);
    }
  g_ptr_array_ref (models);
  g_clear_pointer (&self->models, g_ptr_array_unref);
  self->models = models;
  self->is_quiet = TRUE;
  gtk_drop_down_set_model (self->choice, G_LIST_MODEL (names));
  if (models->len > 0)
    gtk_drop_down_set_selected (self->choice, position);
  self->is_quiet = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self->choice), models->len > 1);
  gtk_widget_set_visible (GTK_WIDGET (self), models->len > 0);
  if (models->len > 0)
    show_card (self, models->pdata[position]);
}

char *
assay_model_panel_dup_object (AssayModelPanel *self)
{
  guint position = gtk_drop_down_get_selected (self->choice);

  return self->models != NULL && position < self->models->len
         ? g_strconcat ("model/", ((AssayModelCard *) self->models->pdata[position])->name, NULL) : NULL;
}

static void
assay_model_panel_finalize (GObject *object)
{
  g_clear_pointer (&ASSAY_MODEL_PANEL (object)->models, g_ptr_array_unref);
  G_OBJECT_CLASS (assay_model_panel_parent_class)->finalize (object);
}

static void
assay_model_panel_class_init (AssayModelPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = assay_model_panel_finalize;
  g_type_ensure (ASSAY_TYPE_CHART);
  g_type_ensure (ASSAY_TYPE_FACTS);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/model_panel.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayModelPanel, name);
  gtk_widget_class_bind_template_child (widget_class, AssayModelPanel, sentence);
  gtk_widget_class_bind_template_child (widget_class, AssayModelPanel, trouble);
  gtk_widget_class_bind_template_child (widget_class, AssayModelPanel, choice);
  gtk_widget_class_bind_template_child (widget_class, AssayModelPanel, facts);
  gtk_widget_class_bind_template_child (widget_class, AssayModelPanel, curve);
  gtk_widget_class_bind_template_child (widget_class, AssayModelPanel, copy);
  gtk_widget_class_bind_template_child (widget_class, AssayModelPanel, origin);
  gtk_widget_class_bind_template_callback (widget_class, on_chosen);
}

static void
assay_model_panel_init (AssayModelPanel *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
