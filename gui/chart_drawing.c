/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chart_drawing.c: a widget with a figure in it. */
#include "gui/chart_drawing.h"

#include <math.h>

#define PIXELS_PER_POINT (96.0 / 72.0)
#define FALLBACK_WIDTH 320

struct _AssayChartDrawing {
  GtkWidget parent_instance;
  AssayFigure *figure;
  GskRenderNode *kept;          /* the drawing, of the size and look below */
  int kept_width, kept_height;
  AssayTheme kept_theme;
  gboolean is_pointing;
  guint series;                 /* of the datum that is pointed at */
  gsize datum;
};

G_DEFINE_FINAL_TYPE (AssayChartDrawing, assay_chart_drawing, GTK_TYPE_WIDGET)

enum { SELECTED, N_SIGNALS };
static guint signals[N_SIGNALS];

AssayFigureLook
assay_chart_drawing_get_look (AssayChartDrawing *self)
{
  AdwStyleManager *manager = adw_style_manager_get_default ();
  gboolean is_dark = adw_style_manager_get_dark (manager), is_high = adw_style_manager_get_high_contrast (manager);
  int dpi = 96 * 1024;

  g_object_get (gtk_widget_get_settings (GTK_WIDGET (self)), "gtk-xft-dpi", &dpi, NULL);
  return (AssayFigureLook) {
    .theme = is_high ? (is_dark ? ASSAY_THEME_DARK_CONTRAST : ASSAY_THEME_LIGHT_CONTRAST) : (is_dark ? ASSAY_THEME_DARK : ASSAY_THEME_LIGHT),
    .scale = PIXELS_PER_POINT * (dpi > 0 ? (double) dpi / (96 * 1024) : 1.0), .titled = FALSE,
  };
}

static void
forget_drawing (AssayChartDrawing *self)
{
  g_clear_pointer (&self->kept, gsk_render_node_unref);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* --- drawing ------------------------------------------------------------------------------------------------------- */

static void
draw_figure (AssayChartDrawing *self, int width, int height, const AssayFigureLook *look)
{
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));

  assay_figure_draw (self->figure, cr, width, height, look);
  cairo_destroy (cr);
  g_clear_pointer (&self->kept, gsk_render_node_unref);
  self->kept = gtk_snapshot_free_to_node (snapshot);
  self->kept_width = width;
  self->kept_height = height;
  self->kept_theme = look->theme;
}

static void
assay_chart_drawing_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  AssayChartDrawing *self = ASSAY_CHART_DRAWING (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  AssayFigureLook look = assay_chart_drawing_get_look (self);

  if (self->figure == NULL || width < 1 || height < 1)
    return;
  if (self->kept == NULL || self->kept_width != width || self->kept_height != height || self->kept_theme != look.theme)
    draw_figure (self, width, height, &look);
  if (self->kept != NULL)
    gtk_snapshot_append_node (snapshot, self->kept);
  if (self->is_pointing)
    {
      cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));

      assay_figure_draw_highlight (self->figure, cr, width, height, &look, self->series, self->datum);
      cairo_destroy (cr);
    }
}

static GtkSizeRequestMode
get_request_mode (GtkWidget *widget)
{
  (void) widget;
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
  AssayChartDrawing *self = ASSAY_CHART_DRAWING (widget);
  AssayFigureLook look = assay_chart_drawing_get_look (self);
  double least = 0, height = 0;

  *minimum_baseline = *natural_baseline = -1;
  *minimum = *natural = 0;
  if (self->figure == NULL)
    return;
  assay_figure_measure (self->figure, &look, for_size > 0 ? for_size : FALLBACK_WIDTH, &least, &height);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = (int) ceil (MIN (least, FALLBACK_WIDTH));
      *natural = (int) ceil (MAX (least, FALLBACK_WIDTH));
    }
  else
    *minimum = *natural = (int) ceil (height);
}

/* --- pointing ------------------------------------------------------------------------------------------------------ */

static void
point_at (AssayChartDrawing *self, gboolean is_pointing, guint series, gsize datum, const char *text)
{
  if (self->is_pointing == is_pointing && (!is_pointing || (self->series == series && self->datum == datum)))
    return;
  self->is_pointing = is_pointing;
  self->series = series;
  self->datum = datum;
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), text);
  if (text != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, AssayChartDrawing *self)
{
  AssayFigureLook look = assay_chart_drawing_get_look (self);
  AssayFigureHit hit = { 0 };

  (void) motion;
  if (self->figure != NULL
      && assay_figure_hit (self->figure, gtk_widget_get_width (GTK_WIDGET (self)), gtk_widget_get_height (GTK_WIDGET (self)), &look, x, y, &hit))
    point_at (self, TRUE, hit.series, hit.datum, hit.text);
  else
    point_at (self, FALSE, 0, 0, NULL);
  assay_figure_hit_clear (&hit);
}

static void
on_leave (GtkEventControllerMotion *motion, AssayChartDrawing *self)
{
  (void) motion;
  point_at (self, FALSE, 0, 0, NULL);
}

static void
on_click (GtkGestureClick *click, int n, double x, double y, AssayChartDrawing *self)
{
  (void) click;
  (void) n;
  on_motion (NULL, x, y, self);
  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (self->is_pointing)
    g_signal_emit (self, signals[SELECTED], 0, self->series, (guint64) self->datum);
}

/* Left and right through the data of a series, up and down between series. */
static void
step (AssayChartDrawing *self, int series, int data)
{
  AssayFigureLook look = assay_chart_drawing_get_look (self);
  guint n = assay_figure_get_n_series (self->figure), s = self->is_pointing ? (self->series + n + (guint) series) % n : 0;
  gsize n_data = assay_figure_get_n_data (self->figure, s), d;
  AssayFigureHit hit = { 0 };

  if (n_data == 0)
    return;
  d = self->is_pointing ? (MIN (self->datum, n_data - 1) + n_data + (gsize) data) % n_data : 0;
  assay_figure_locate (self->figure, gtk_widget_get_width (GTK_WIDGET (self)), gtk_widget_get_height (GTK_WIDGET (self)), &look, s, d, &hit);
  point_at (self, TRUE, s, d, hit.text);
  assay_figure_hit_clear (&hit);
}

static gboolean
on_key (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType modifiers, AssayChartDrawing *self)
{
  (void) controller;
  (void) code;
  if (self->figure == NULL || assay_figure_get_n_series (self->figure) == 0 || (modifiers & (GDK_CONTROL_MASK | GDK_ALT_MASK)))
    return GDK_EVENT_PROPAGATE;
  if (key == GDK_KEY_Right || key == GDK_KEY_Left)
    step (self, 0, key == GDK_KEY_Right ? 1 : -1);
  else if ((key == GDK_KEY_Down || key == GDK_KEY_Up) && assay_figure_get_n_series (self->figure) > 1)
    step (self, key == GDK_KEY_Down ? 1 : -1, 0);
  else if ((key == GDK_KEY_Return || key == GDK_KEY_KP_Enter) && self->is_pointing)
    g_signal_emit (self, signals[SELECTED], 0, self->series, (guint64) self->datum);
  else
    return GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

void
assay_chart_drawing_set_figure (AssayChartDrawing *self, AssayFigure *figure)
{
  g_clear_pointer (&self->figure, assay_figure_unref);
  self->figure = figure ? assay_figure_ref (figure) : NULL;
  self->is_pointing = FALSE;
  if (figure != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, assay_figure_get_reading (figure), -1);
  forget_drawing (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
assay_chart_drawing_dispose (GObject *object)
{
  AssayChartDrawing *self = ASSAY_CHART_DRAWING (object);

  g_clear_pointer (&self->figure, assay_figure_unref);
  g_clear_pointer (&self->kept, gsk_render_node_unref);
  G_OBJECT_CLASS (assay_chart_drawing_parent_class)->dispose (object);
}

static void
assay_chart_drawing_class_init (AssayChartDrawingClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_chart_drawing_dispose;
  widget_class->snapshot = assay_chart_drawing_snapshot;
  widget_class->get_request_mode = get_request_mode;
  widget_class->measure = measure;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "chart");
  signals[SELECTED] = g_signal_new ("selected", ASSAY_TYPE_CHART_DRAWING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT64);
}

static void
assay_chart_drawing_init (AssayChartDrawing *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new (), *keys = gtk_event_controller_key_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (click, "pressed", G_CALLBACK (on_click), self);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (forget_drawing), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::high-contrast", G_CALLBACK (forget_drawing), self, G_CONNECT_SWAPPED);
}
