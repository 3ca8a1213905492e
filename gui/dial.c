/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dial.c: an arc from 0 (left) to 1 (right); words say all that it shows. */
#include "gui/dial.h"

#include <glib/gi18n.h>
#include <math.h>

#define WIDTH 132
#define HEIGHT 76
#define TRACK 12.0

struct _AssayDial {
  AdwBin parent_instance;
  char *question;
  GtkLabel *title, *number, *word, *basis;
  GtkWidget *arc;
  double estimate, lo, hi;
};

G_DEFINE_FINAL_TYPE (AssayDial, assay_dial, ADW_TYPE_BIN)

enum { PROP_QUESTION = 1, N_PROPERTIES };
static GParamSpec *properties[N_PROPERTIES];

static void
draw_arc (cairo_t *cr, double x, double y, double radius, double from, double to)
{
  cairo_new_path (cr);
  cairo_arc (cr, x, y, radius, G_PI * (1 + CLAMP (from, 0, 1)), G_PI * (1 + CLAMP (to, 0, 1)));
  cairo_stroke (cr);
}

static void
draw (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  AssayDial *self = data;
  double x = width / 2.0, y = height - 4.0, radius = MIN (x, y) - TRACK / 2 - 2, angle;
  GdkRGBA ink, accent;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (area)), &ink);
  if (!gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (area)), "accent_color", &accent))
    accent = ink;
  cairo_set_line_width (cr, TRACK);
  cairo_set_source_rgba (cr, ink.red, ink.green, ink.blue, 0.12);
  draw_arc (cr, x, y, radius, 0, 1);
  if (!isfinite (self->estimate))
    return;
  cairo_set_source_rgba (cr, accent.red, accent.green, accent.blue, 0.45);
  draw_arc (cr, x, y, radius, self->lo, MAX (self->hi, self->lo + 0.01));
  angle = G_PI * (1 + CLAMP (self->estimate, 0, 1));
  cairo_set_source_rgba (cr, ink.red, ink.green, ink.blue, ink.alpha);
  cairo_set_line_width (cr, 3);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_move_to (cr, x + (radius - TRACK / 2 - 2) * cos (angle), y + (radius - TRACK / 2 - 2) * sin (angle));
  cairo_line_to (cr, x + (radius + TRACK / 2 + 1) * cos (angle), y + (radius + TRACK / 2 + 1) * sin (angle));
  cairo_stroke (cr);
}

void
assay_dial_set (AssayDial *self, double estimate, double lo, double hi, const char *word, const char *basis)
{
  g_autofree char *number = isfinite (estimate) ? g_strdup_printf (_("%.2f, 95 %% interval %.2f to %.2f"), estimate, lo, hi) : NULL;
  g_autofree char *spoken = g_strdup_printf ("%s %s%s%s; %s", self->question, word, number ? ", " : "", number ? number : "", basis);

  self->estimate = estimate;
  self->lo = isfinite (lo) ? lo : estimate;
  self->hi = isfinite (hi) ? hi : estimate;
  gtk_label_set_text (self->word, word);
  gtk_label_set_text (self->number, number ? number : "");
  gtk_widget_set_visible (GTK_WIDGET (self->number), number != NULL);
  gtk_label_set_text (self->basis, basis);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->arc), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_widget_queue_draw (self->arc);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  AssayDial *self = ASSAY_DIAL (object);

  if (id == PROP_QUESTION)
    {
      g_free (self->question);
      self->question = g_value_dup_string (value);
      gtk_label_set_text (self->title, self->question ? self->question : "");
    }
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

static void
assay_dial_finalize (GObject *object)
{
  g_free (ASSAY_DIAL (object)->question);
  G_OBJECT_CLASS (assay_dial_parent_class)->finalize (object);
}

static void
assay_dial_class_init (AssayDialClass *klass)
{
  G_OBJECT_CLASS (klass)->set_property = set_property;
  G_OBJECT_CLASS (klass)->finalize = assay_dial_finalize;
  properties[PROP_QUESTION] = g_param_spec_string ("question", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);
}

static GtkLabel *
add_label (GtkWidget *box, const char *css_class)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, css_class);
  gtk_box_append (GTK_BOX (box), label);
  return GTK_LABEL (label);
}

static void
assay_dial_init (AssayDial *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 18), *words = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);

  self->estimate = self->lo = self->hi = (double) NAN;
  self->arc = g_object_new (GTK_TYPE_DRAWING_AREA, "content-width", WIDTH, "content-height", HEIGHT, "valign", GTK_ALIGN_CENTER, "accessible-role",
                            GTK_ACCESSIBLE_ROLE_IMG, NULL);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->arc), draw, self, NULL);
  gtk_box_append (GTK_BOX (box), self->arc);
  self->title = add_label (words, "dim-label");
  self->word = add_label (words, "title-2");
  self->number = add_label (words, "numeric");
  self->basis = add_label (words, "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->basis), "dim-label");
  gtk_widget_set_hexpand (words, TRUE);
  gtk_widget_set_valign (words, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (box), words);
  adw_bin_set_child (ADW_BIN (self), box);
}
