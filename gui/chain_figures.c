/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain_figures.c: four panels, two beside each other where there is room. */
#include "gui/chain_figures.h"

#include "base/json.h"
#include "gui/chart.h"
#include "gui/reasoning_figures.h"

#include <glib/gi18n.h>
#include <string.h>

#define N_CURVES 3

typedef struct {
  GtkWidget *box;
  AssayChart *chart;
  GtkLabel *reading;
} Panel;

struct _AssayChainFigures {
  AdwBin parent_instance;
  GtkFlowBox *flow;
  Panel curve[N_CURVES], steps;
  GtkDropDown *measure;         /* of the bars */
  GPtrArray *measures;          /* names of probes; strings */
  AssayReasoningAnswer *answer;
  json_t *whole;
  char *command;                /* that shows this chain */
  gboolean is_filling;
};

G_DEFINE_FINAL_TYPE (AssayChainFigures, assay_chain_figures, ADW_TYPE_BIN)

enum { POINT_CHOSEN, N_SIGNALS };
static guint signals[N_SIGNALS];

static const char *const curve_probes[N_CURVES] = { "early", "mistakes", "patch" };
/* Probes whose points are steps, in the order of the choice. */
static const char *const step_probes[] = { "mistakes", "follow", "delete", "swap", NULL };

static void
panel_show (AssayChainFigures *self, Panel *panel, AssayFigure *figure)
{
  gtk_widget_set_visible (gtk_widget_get_parent (panel->box), figure != NULL);
  if (figure == NULL)
    return;
  gtk_label_set_text (panel->reading, assay_figure_get_reading (figure));
  assay_chart_set_figure (panel->chart, figure);
  assay_chart_set_command (panel->chart, self->command);
}

static const char *
get_measure (AssayChainFigures *self)
{
  guint k = gtk_drop_down_get_selected (self->measure);

  return k < self->measures->len ? self->measures->pdata[k] : NULL;
}

static void
show_steps (AssayChainFigures *self)
{
  const char *probe = get_measure (self);
  g_autoptr (AssayFigure) figure = probe && self->whole ? assay_reasoning_figure_steps (self->answer, self->whole, probe) : NULL;

  if (!self->is_filling)
    panel_show (self, &self->steps, figure);
}

/* Those that say something of this chain; the choice stays where it can. */
static void
offer_measures (AssayChainFigures *self)
{
  g_autofree char *before = g_strdup (get_measure (self));
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);
  guint chosen = 0;

  self->is_filling = TRUE;
  g_ptr_array_set_size (self->measures, 0);
  for (const char *const *name = step_probes; *name != NULL; name++)
    {
      g_autoptr (AssayFigure) figure = assay_reasoning_figure_steps (self->answer, self->whole, *name);

      if (figure == NULL)
        continue;
      if (g_strcmp0 (before, *name) == 0)
        chosen = self->measures->len;
      g_ptr_array_add (self->measures, g_strdup (*name));
      gtk_string_list_append (titles, assay_probe_find (*name, NULL)->title);
    }
  gtk_drop_down_set_model (self->measure, G_LIST_MODEL (titles));
  gtk_drop_down_set_selected (self->measure, chosen);
  self->is_filling = FALSE;
}

void
assay_chain_figures_set_chain (AssayChainFigures *self, AssayReasoningAnswer *answer, json_t *whole)
{
  gint64 chain = json_integer_value (json_object_get (whole, "instance"));

  assay_reasoning_answer_ref (answer);
  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
  self->answer = answer;
  json_decref (self->whole);
  self->whole = json_incref (whole);
  g_free (self->command);
  self->command = assay_reasoning_answer_dup_command (answer, chain);
  for (guint k = 0; k < N_CURVES; k++)
    {
      g_autoptr (AssayFigure) figure = assay_reasoning_figure_curve (answer, whole, curve_probes[k]);

      panel_show (self, &self->curve[k], figure);
    }
  offer_measures (self);
  show_steps (self);
}

static void
curve_selected (AssayChart *chart, guint series, guint64 datum, AssayChainFigures *self)
{
  for (guint k = 0; k < N_CURVES; k++)
    if (self->curve[k].chart == chart)
      g_signal_emit (self, signals[POINT_CHOSEN], 0, curve_probes[k],
                     assay_reasoning_figure_get_point (self->answer, self->whole, curve_probes[k], series, (gsize) datum));
}

static void
step_selected (AssayChart *chart, guint series, guint64 datum, AssayChainFigures *self)
{
  (void) chart;
  (void) series;
  g_signal_emit (self, signals[POINT_CHOSEN], 0, get_measure (self), (gint64) datum + 1);
}

/* --- the widget ------------------------------------------------------------------------------------------------------ */

static void
panel_make (AssayChainFigures *self, Panel *panel, GCallback selected)
{
  GtkWidget *reading = gtk_label_new (NULL), *chart = g_object_new (ASSAY_TYPE_CHART, NULL);

  panel->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 8);
  panel->reading = GTK_LABEL (reading);
  panel->chart = ASSAY_CHART (chart);
  gtk_label_set_xalign (panel->reading, 0);
  gtk_label_set_yalign (panel->reading, 0);
  gtk_label_set_wrap (panel->reading, TRUE);
  gtk_label_set_max_width_chars (panel->reading, 44);   /* so that two panels fit beside each other */
  gtk_widget_add_css_class (reading, "dim-label");
  gtk_widget_add_css_class (reading, "caption");
  gtk_box_append (GTK_BOX (panel->box), chart);
  gtk_box_append (GTK_BOX (panel->box), reading);
  gtk_widget_add_css_class (panel->box, "card");
  gtk_widget_add_css_class (panel->box, "assay-figure-panel");
  g_signal_connect (chart, "selected", selected, self);
  gtk_widget_set_hexpand (panel->box, TRUE);
  gtk_flow_box_append (self->flow, panel->box);
  gtk_widget_set_focusable (gtk_widget_get_parent (panel->box), FALSE);
}

static void
assay_chain_figures_finalize (GObject *object)
{
  AssayChainFigures *self = ASSAY_CHAIN_FIGURES (object);

  g_ptr_array_unref (self->measures);
  g_clear_pointer (&self->answer, assay_reasoning_answer_unref);
  json_decref (self->whole);
  g_free (self->command);
  G_OBJECT_CLASS (assay_chain_figures_parent_class)->finalize (object);
}

static void
assay_chain_figures_class_init (AssayChainFiguresClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_chain_figures_finalize;
  signals[POINT_CHOSEN] = g_signal_new ("point-chosen", ASSAY_TYPE_CHAIN_FIGURES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING,
                                        G_TYPE_INT64);
}

static void
assay_chain_figures_init (AssayChainFigures *self)
{
  self->measures = g_ptr_array_new_with_free_func (g_free);
  self->flow = GTK_FLOW_BOX (gtk_flow_box_new ());
  gtk_flow_box_set_selection_mode (self->flow, GTK_SELECTION_NONE);
  gtk_flow_box_set_max_children_per_line (self->flow, 2);
  gtk_widget_add_css_class (GTK_WIDGET (self->flow), "assay-figures");
  gtk_flow_box_set_column_spacing (self->flow, 12);
  gtk_flow_box_set_row_spacing (self->flow, 12);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->flow), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Figures of this chain"), -1);
  for (guint k = 0; k < N_CURVES; k++)
    panel_make (self, &self->curve[k], G_CALLBACK (curve_selected));
  panel_make (self, &self->steps, G_CALLBACK (step_selected));
  self->measure = GTK_DROP_DOWN (gtk_drop_down_new (NULL, NULL));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->measure), _("What the bars show"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->measure), GTK_ACCESSIBLE_PROPERTY_LABEL, _("What the bars show"), -1);
  gtk_widget_set_halign (GTK_WIDGET (self->measure), GTK_ALIGN_START);
  g_signal_connect_object (self->measure, "notify::selected", G_CALLBACK (show_steps), self, G_CONNECT_SWAPPED);
  gtk_box_prepend (GTK_BOX (self->steps.box), GTK_WIDGET (self->measure));
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->flow));
}
