/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_row.c: a line of a ranking. */
#include "gui/score_row.h"

#include "base/text.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <math.h>

#define THUMBNAIL 44

struct _AssayScoreRow {
  GtkListBoxRow parent_instance;
  char *reference;
};

G_DEFINE_FINAL_TYPE (AssayScoreRow, assay_score_row, GTK_TYPE_LIST_BOX_ROW)

const char *
assay_score_row_get_reference (AssayScoreRow *self)
{
  return self->reference;
}

static void
assay_score_row_finalize (GObject *object)
{
  g_free (ASSAY_SCORE_ROW (object)->reference);
  G_OBJECT_CLASS (assay_score_row_parent_class)->finalize (object);
}

static void
assay_score_row_class_init (AssayScoreRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_score_row_finalize;
}

static void
assay_score_row_init (AssayScoreRow *self)
{
  (void) self;
}

/* "-0.00483 ± 6e-07": half the interval's width beside the score. */
static char *
describe_score (double score, double lo, double hi)
{
  g_autofree char *value = assay_view_number (score, 4), *half = assay_view_number ((hi - lo) / 2, 2);
  const char *sign = score > 0 ? "+" : "";

  return isfinite (lo) && isfinite (hi) ? g_strdup_printf ("%s%s ± %s", sign, value, half) : g_strdup_printf ("%s%s", sign, value);
}

static GtkWidget *
put_beside (GdkPaintable *picture, GtkWidget *words)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *image = gtk_image_new_from_paintable (picture);

  gtk_image_set_pixel_size (GTK_IMAGE (image), THUMBNAIL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (image), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Picture of the example"), -1);
  gtk_widget_set_hexpand (words, TRUE);
  gtk_box_append (GTK_BOX (box), image);
  gtk_box_append (GTK_BOX (box), words);
  return box;
}

GtkWidget *
assay_score_row_new (const char *reference, const char *text, GdkPaintable *picture, double score, double lo, double hi, double share)
{
  AssayScoreRow *self = g_object_new (ASSAY_TYPE_SCORE_ROW, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3), *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *bar = gtk_level_bar_new ();
  g_autofree char *visible = assay_text_escape (text, FALSE), *number = describe_score (score, lo, hi), *name = assay_text_escape (reference, FALSE);
  g_autofree char *spoken = g_strdup_printf (_("%s, influence %s, %s"), name, number, visible);
  GtkWidget *left = gtk_label_new (name), *right = gtk_label_new (number), *below = gtk_label_new (visible);

  self->reference = g_strdup (reference);
  gtk_label_set_xalign (GTK_LABEL (left), 0);
  gtk_label_set_ellipsize (GTK_LABEL (left), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (left, TRUE);
  gtk_widget_add_css_class (left, "numeric");
  gtk_widget_add_css_class (right, "numeric");
  gtk_label_set_xalign (GTK_LABEL (below), 0);
  gtk_label_set_ellipsize (GTK_LABEL (below), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (below, "caption");
  gtk_widget_add_css_class (below, "dim-label");
  gtk_level_bar_set_value (GTK_LEVEL_BAR (bar), CLAMP (share, 0, 1));
  gtk_widget_add_css_class (bar, score > 0 ? "assay-raising" : "assay-lowering");
  gtk_accessible_update_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_LABEL, number, -1);
  gtk_box_append (GTK_BOX (line), left);
  gtk_box_append (GTK_BOX (line), right);
  gtk_box_append (GTK_BOX (box), line);
  if (visible[0] != '\0')
    gtk_box_append (GTK_BOX (box), below);
  gtk_box_append (GTK_BOX (box), bar);
  gtk_widget_add_css_class (GTK_WIDGET (self), "assay-score");
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), picture ? put_beside (picture, box) : box);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  return GTK_WIDGET (self);
}
