/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wrap_box.c: a paragraph of widgets. */
#include "gui/wrap_box.h"

struct _AssayWrapBox {
  GtkWidget parent_instance;
  int spacing;
};

G_DEFINE_FINAL_TYPE (AssayWrapBox, assay_wrap_box, GTK_TYPE_WIDGET)

enum { PROP_0, PROP_SPACING, N_PROPS };
static GParamSpec *props[N_PROPS];

/* Places the children, or only counts; the height that they take. */
static int
lay_out (AssayWrapBox *self, int width, gboolean place)
{
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  int x = 0, y = 0, line = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self)); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkRequisition size;
      int w;

      if (!gtk_widget_should_layout (child))
        continue;
      gtk_widget_get_preferred_size (child, NULL, &size);
      w = MIN (size.width, MAX (width, 1));
      if (x > 0 && x + w > width)
        {
          x = 0;
          y += line + self->spacing;
          line = 0;
        }
      if (place)
        gtk_widget_size_allocate (child, &(GtkAllocation) { mirrored ? width - x - w : x, y, w, size.height }, -1);
      x += w + self->spacing;
      line = MAX (line, size.height);
    }
  return y + line;
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
  AssayWrapBox *self = ASSAY_WRAP_BOX (widget);
  int widest = 0, all = 0;

  *minimum_baseline = *natural_baseline = -1;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkRequisition size;

      if (!gtk_widget_should_layout (child))
        continue;
      gtk_widget_get_preferred_size (child, NULL, &size);
      widest = MAX (widest, size.width);
      all += size.width + (all > 0 ? self->spacing : 0);
    }
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = widest;
      *natural = all;
    }
  else
    *minimum = *natural = lay_out (self, for_size < 0 ? all : for_size, FALSE);
}

static void
size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  (void) height;
  (void) baseline;
  lay_out (ASSAY_WRAP_BOX (widget), width, TRUE);
}

static void
assay_wrap_box_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (assay_wrap_box_parent_class)->dispose (object);
}

static void
assay_wrap_box_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  if (id == PROP_SPACING)
    ASSAY_WRAP_BOX (object)->spacing = g_value_get_int (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

static void
assay_wrap_box_class_init (AssayWrapBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_wrap_box_dispose;
  G_OBJECT_CLASS (klass)->set_property = assay_wrap_box_set_property;
  props[PROP_SPACING] = g_param_spec_int ("spacing", NULL, NULL, 0, G_MAXINT16, 0, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, props);
  widget_class->get_request_mode = get_request_mode;
  widget_class->measure = measure;
  widget_class->size_allocate = size_allocate;
}

static void
assay_wrap_box_init (AssayWrapBox *self)
{
  (void) self;
}

AssayWrapBox *
assay_wrap_box_new (int spacing)
{
  return g_object_new (ASSAY_TYPE_WRAP_BOX, "spacing", spacing, NULL);
}

void
assay_wrap_box_append (AssayWrapBox *self, GtkWidget *child)
{
  gtk_widget_set_parent (child, GTK_WIDGET (self));
}
